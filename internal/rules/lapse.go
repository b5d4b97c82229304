package rules

import (
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// LapseReport is a rule or a figure that the date does not have: the last day on which it had one before, and the first
// day on which it has one again.
type LapseReport struct {
	Kind  string `json:"kind"` // programme, variable, parameter
	Path  string `json:"path"`
	Name  Label  `json:"name"`
	Until string `json:"until,omitempty"`
	Since string `json:"since,omitempty"`
}

// lapses collects what is not in force below the nodes that it is given.
type lapses struct {
	*reasoner
	seen Bits // by place
	list []LapseReport
}

// lapsesOf is what the date lacks for a unit's programme: its rule, or what a condition or a component reads.
func (t *reasoner) lapsesOf(programme int32, lane int) []LapseReport {
	q, u := t.plan.programmes[programme], t.unitResult(programme, lane)
	l := &lapses{reasoner: t}
	if q.version == nil {
		l.programme(q, lane)
		return l.list
	}
	parts := t.partsOf(programme, lane)
	if u.outcome != NotInForce && !slices.Contains(parts, partLapsed) {
		return nil
	}
	l.seen = t.cleared()
	if u.outcome == NotInForce {
		l.any(q.conditions, lane)
	}
	for i, part := range parts {
		if part == partLapsed {
			l.any([]int32{q.whens[i], q.amounts[i]}, lane)
		}
	}
	return l.list
}

// any adds what makes some nodes' lanes not in force; -1 is no node.
func (l *lapses) any(ids []int32, lane int) {
	for _, id := range ids {
		if id >= 0 {
			l.of(id, lane)
		}
	}
}

// of adds what makes a node's lane not in force.
func (l *lapses) of(id int32, lane int) {
	n := &l.plan.nodes[id]
	if n.op == opLift {
		l.of(n.args[0], l.aboveOf(n, lane))
		return
	}
	at := l.place(id, lane)
	if l.states[at] != stateLapsed || l.seen.Has(at) {
		return
	}
	l.seen.Set(at)
	switch n.op {
	case opNotInForce:
		decl := n.term.vari.decl
		l.add("variable", decl.Path(), decl.Label, variableSpans(decl))
	case opParam, opParamTable, opParamBand:
		l.parameter(n, lane)
	case opEligible, opAmount, opOutcome:
		l.programme(n.prog, lane)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		from, to := l.segment(n.over, lane)
		for row := from; row < to; row++ {
			l.of(n.args[0], row)
		}
	default:
		for _, a := range n.args {
			l.of(a, lane)
		}
	}
}

// programme adds a programme without a version on the date, or what its version lacks.
func (l *lapses) programme(q *programmePlan, lane int) {
	if q.version == nil {
		decl := q.programme.decl
		l.add("programme", decl.ID, decl.Name, programmeSpans(decl))
		return
	}
	for _, ids := range [][]int32{q.conditions, q.whens, q.amounts} {
		l.any(ids, lane)
	}
}

// parameter adds a parameter that the date does not have, or the key of its table.
func (l *lapses) parameter(n *node, lane int) {
	if n.op != opParam {
		l.of(n.args[0], lane)
	}
	in, residence := l.area, l.residence
	var spans []calendar.Span
	for _, v := range n.term.param.Values {
		if in != 0 && !v.Area.Contains(in) || residence != "" && v.Residence != "" && v.Residence != residence {
			continue
		}
		spans = append(spans, v.Span)
	}
	for _, s := range spans {
		if s.Contains(l.plan.on) {
			return // the key of the table is what is missing
		}
	}
	l.add("parameter", "param."+n.term.param.Name, n.term.param.Label, spans)
}

func (l *lapses) add(kind, path string, name Label, spans []calendar.Span) {
	for _, r := range l.list {
		if r.Path == path {
			return
		}
	}
	r := LapseReport{Kind: kind, Path: path, Name: name}
	on := l.plan.on
	until, since := calendar.Beginning, calendar.Forever
	for _, s := range spans {
		if s.To <= on {
			until = max(until, s.To)
		}
		if s.From > on {
			since = min(since, s.From)
		}
	}
	if until != calendar.Beginning {
		r.Until = until.AddDays(-1).String()
	}
	if since != calendar.Forever {
		r.Since = since.String()
	}
	l.list = append(l.list, r)
}

func programmeSpans(p *pack.Programme) []calendar.Span {
	var spans []calendar.Span
	for _, v := range p.Versions {
		spans = append(spans, v.Span)
	}
	return spans
}

func variableSpans(v *pack.Variable) []calendar.Span {
	var spans []calendar.Span
	for _, version := range v.Versions {
		spans = append(spans, version.Span)
	}
	return spans
}
