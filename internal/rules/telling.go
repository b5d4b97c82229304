package rules

import (
	"slices"

	"dajiuzhu/internal/pack"
)

// telling is what explanations say whatever the household is: it is made once a plan, and every determination shares it.
type telling struct {
	steps      []stepTelling         // by node
	kept       [relations][]keptNode // the nodes whose values explanations can show, by relation
	place      []int32               // of a kept node among those of its relation
	programmes []programmeTelling    // by the pack's order
	evidence   [][]shownValue        // by warning
}

// keptNode is a node whose values are kept where some programme of a mask is not refused to everybody.
type keptNode struct {
	id   int32
	mask uint64
}

// stepTelling is what a node's reasons say in every lane.
type stepTelling struct {
	kind, operator, path string
	label                *Label
	typ, measure         string
	source               *pack.Source // of a formula in force
}

// programmeTelling is what a programme's reports say of every unit.
type programmeTelling struct {
	ProgrammeHead
	Sourced
	inForce    string
	conditions []conditionTelling
	components []componentTelling
}

type conditionTelling struct {
	ConditionHead
	ConditionNote
}

type componentTelling struct {
	ComponentHead
	ComponentNote
}

// shownValue is a fact or a variable that a warning shows.
type shownValue struct {
	node     int32
	ofPerson bool
	fact     *pack.Fact     // nil of a variable
	variable *pack.Variable // nil of a fact
	slot     int            // of a fact
}

func newTelling(p *Plan) *telling {
	t := &telling{steps: make([]stepTelling, len(p.nodes)), place: make([]int32, len(p.nodes))}
	for i := range p.nodes {
		t.steps[i] = p.step(int32(i))
	}
	for _, q := range p.programmes {
		t.programmes = append(t.programmes, newProgrammeTelling(q))
	}
	for _, w := range p.warnings {
		var all []shownValue
		for _, path := range w.warning.decl.Evidence {
			all = append(all, p.shown[path])
		}
		t.evidence = append(t.evidence, all)
	}
	t.keep(p)
	return t
}

// keptAlways is the mask of what is kept whatever a household comes to.
const keptAlways = ^uint64(0)

// maskOf is a programme's bit. Programmes that share one are kept together.
func maskOf(programme int) uint64 { return 1 << (programme & 63) }

// keep finds the nodes that explanations can come to: from the conditions of the programmes in force, from the dimensions of
// the index, and from what warnings show; and, where a programme is not refused to everybody, from its amounts. What is only
// lifted stands with the lanes above.
func (t *telling) keep(p *Plan) {
	masks := make([]uint64, len(p.nodes))
	var visit func(id int32, mask uint64)
	visit = func(id int32, mask uint64) {
		if id < 0 || masks[id]|mask == masks[id] {
			return
		}
		masks[id] |= mask
		for _, a := range p.nodes[id].args {
			visit(a, mask)
		}
	}
	for _, q := range p.programmes {
		for _, id := range q.conditions {
			visit(id, keptAlways)
		}
		for i := range q.whens {
			visit(q.whens[i], maskOf(q.index))
			visit(q.amounts[i], maskOf(q.index))
		}
	}
	for _, d := range p.dimensions {
		visit(d.score, keptAlways)
	}
	for _, all := range t.evidence {
		for _, s := range all {
			visit(s.node, keptAlways)
		}
	}
	for i := range p.nodes {
		if n := &p.nodes[i]; masks[i] != 0 && n.op != opLift {
			t.place[i] = int32(len(t.kept[n.rel]))
			t.kept[n.rel] = append(t.kept[n.rel], keptNode{int32(i), masks[i]})
		}
	}
}

func newProgrammeTelling(q *programmePlan) programmeTelling {
	decl := q.programme.decl
	t := programmeTelling{ProgrammeHead: ProgrammeHead{Programme: decl.ID, Number: decl.Number, PathOf: decl.PathOf, Name: decl.Name,
		Department: decl.Department, Aid: decl.Aid, Entitlement: decl.Entitlement}}
	if q.version == nil {
		return t
	}
	version := q.version.decl
	t.Sourced, t.inForce = sourced(&version.Source), version.Span.String()
	for _, c := range version.Conditions {
		t.conditions = append(t.conditions, conditionTelling{ConditionHead{c.ID, c.Say}, ConditionNote{c.OnConsent, c.About, sourced(&c.Source)}})
	}
	for _, c := range version.Components {
		t.components = append(t.components, componentTelling{ComponentHead{c.ID, c.Name}, ComponentNote{c.Per, sourced(&c.Source)}})
	}
	return t
}

// sourced is what a rule or a figure rests on; why is told of one that was not found.
func sourced(s *pack.Source) Sourced {
	told := Sourced{Status: string(s.Status), Cites: s.Cites}
	if s.Status != pack.Found && s.Status != "" {
		told.Why = &s.Why
	}
	return told
}

// stepTelling is what a node's reasons say in every lane.
func (p *Plan) step(id int32) stepTelling {
	n := &p.nodes[id]
	s := stepTelling{typ: string(n.typ), measure: p.measures[id]}
	switch n.op {
	case opConst:
		s.kind = "constant"
	case opFact:
		s.kind, s.path, s.label = "fact", n.term.fact.path, &n.term.fact.name
	case opHolds:
		s.kind, s.path, s.label = "holds", n.term.prog.name, &n.term.prog.decl.Name
	case opVariable, opNotInForce:
		s.kind, s.path, s.label = "variable", n.term.vari.name, &n.term.vari.decl.Label
		if n.version != nil {
			s.source = &n.version.decl.Source
		}
	case opParam, opParamTable, opParamBand:
		s.kind, s.path, s.label = "parameter", "param."+n.term.param.Name, &n.term.param.Label
	case opEligible, opAmount, opOutcome:
		s.kind, s.operator, s.path, s.label = "programme", programmeOperator[n.op], n.prog.programme.name, &n.prog.programme.decl.Name
	case opAnd:
		s.kind = "and"
	case opOr:
		s.kind = "or"
	case opNot:
		s.kind = "not"
	case opCond:
		s.kind = "choice"
	case opKnown:
		s.kind = "known"
	case opDefault:
		s.kind = "default"
	case opExists, opAll, opCount, opSum, opMax, opMin:
		s.kind, s.operator = "fold", foldOperator[n.op]
	case opEqual, opLess, opLessEqual, opInSet, opHasCode:
		s.kind, s.operator = "compare", comparisonOperator(n)
	default:
		s.kind, s.operator = "arithmetic", arithmeticOperator[n.op]
	}
	return s
}

var programmeOperator = map[op]string{opEligible: "eligible", opAmount: "amount", opOutcome: "outcome"}

var foldOperator = map[op]string{opExists: "exists", opAll: "all", opCount: "count", opSum: "sum", opMax: "max", opMin: "min"}

var arithmeticOperator = map[op]string{
	opAdd: "+", opSubtract: "-", opMultiply: "*", opMultiplyInt: "*", opDivide: "/", opNegate: "negate", opYears: "years", opMonths: "months",
	opDays: "days", opRound: "round", opFloor: "floor", opCeil: "ceil", opLeast: "least", opGreatest: "greatest",
}

func comparisonOperator(n *node) string {
	reversed := n.num == writtenReversed
	switch {
	case n.op == opEqual:
		return "="
	case n.op == opInSet || n.op == opHasCode:
		return "in"
	case n.op == opLess && reversed:
		return ">"
	case n.op == opLess:
		return "<"
	case reversed:
		return ">="
	}
	return "<="
}

// evidence builds a node for each fact and variable that some warning shows.
func (g *grapher) evidence() {
	g.plan.shown = map[string]shownValue{}
	for _, w := range g.plan.warnings {
		for _, path := range w.warning.decl.Evidence {
			if _, ok := g.plan.shown[path]; !ok {
				g.plan.shown[path] = g.shownAt(path)
			}
		}
	}
}

func (g *grapher) shownAt(path string) shownValue {
	if id, ok := g.plan.variables[path]; ok {
		decl := g.world.variables[path].decl
		return shownValue{node: id, ofPerson: decl.Unit == pack.Person, variable: decl}
	}
	for _, u := range []pack.Unit{pack.Household, pack.Person} {
		facts := g.world.layout.Facts(u)
		if slot := slices.IndexFunc(facts, func(f *pack.Fact) bool { return f.Path() == path }); slot >= 0 {
			f := facts[slot]
			t := &term{op: opFact, typ: f.Type, list: g.world.pack.Codes[f.Codes], rel: relationOf(u), num: int64(slot), fact: &factRef{path: path, name: f.Label, fact: f}}
			return shownValue{node: g.build(t, false), ofPerson: u == pack.Person, fact: f, slot: slot}
		}
	}
	panic("rules: a warning shows what is neither a fact nor a variable: " + path)
}
