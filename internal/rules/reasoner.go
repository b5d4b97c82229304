package rules

import (
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Asked is a part of a determination that is made when somebody asks for it, from values that the determination keeps. It
// may be asked at any time, by several at once, and says the same each time; each time it is made anew. The texts and the
// JSON of a determination make each part once.
type Asked[T any] struct {
	account *account // nil: nothing is told
	tell    func(t *reasoner, what int32, lane int) T
	what    int32 // a node, a programme or a warning
	lane    int32
}

func asked[T any](a *account, tell func(*reasoner, int32, int) T, what, lane int) Asked[T] {
	return Asked[T]{a, tell, int32(what), int32(lane)}
}

// None reports whether there is nothing to tell.
func (a Asked[T]) None() bool { return a.account == nil }

// Tell makes the part.
func (a Asked[T]) Tell() T { return a.by(nil) }

// by makes the part by a reasoner that has made others, so that they share what they have in common.
func (a Asked[T]) by(t *reasoner) (told T) {
	if a.account == nil {
		return told
	}
	if t == nil {
		t = newReasoner(a.account)
	}
	return a.tell(t, a.what, int(a.lane))
}

// reasoner makes the reasons of one household from its values, each once.
type reasoner struct {
	*account
	told   []*Reason // by place; they share their parts
	opened Bits      // by place: variables that stand in values
	values []*Reason
	all    bool               // everything was told
	missed map[int][]Distance // by place
	places Bits               // for reuse
	fresh  []Reason           // room for reasons, made a block at a time
}

func newReasoner(a *account) *reasoner {
	return &reasoner{account: a, values: []*Reason{}, missed: map[int][]Distance{}}
}

// cleared is an empty bitmap of places.
func (t *reasoner) cleared() Bits {
	if t.places == nil {
		t.places = NewBits(len(t.nums))
	}
	clear(t.places)
	return t.places
}

// reasonsAtOnce is how many reasons are allocated together.
const reasonsAtOnce = 128

func (t *reasoner) newReason() *Reason {
	if len(t.fresh) == 0 {
		t.fresh = make([]Reason, reasonsAtOnce)
	}
	r := &t.fresh[0]
	t.fresh = t.fresh[1:]
	return r
}

// copyOf is a reason to be changed, apart from the one that others share.
func (t *reasoner) copyOf(r *Reason) *Reason {
	c := t.newReason()
	*c = *r
	c.written = stretch{}
	return c
}

// everyValue tells everything that the determination shows, in its order, and returns the variables that were named.
func (t *reasoner) everyValue(int32, int) []*Reason {
	if t.all {
		return t.values
	}
	t.all = true
	for i, q := range t.plan.programmes {
		for lane := range t.lanes[q.rel] {
			t.outcome(q, int32(i), lane)
		}
	}
	if !t.collective {
		for _, d := range t.plan.dimensions {
			t.reason(d.score, 0)
		}
	}
	for _, w := range t.fired {
		t.evidence(w.rule, int(w.lane))
	}
	return t.values
}

func (t *reasoner) outcome(q *programmePlan, programme int32, lane int) {
	if q.version == nil {
		return
	}
	for _, id := range q.conditions {
		t.reason(id, lane)
		if t.is(id, lane, false) {
			t.distances(id, lane)
		}
	}
	for i, part := range t.partsOf(programme, lane) {
		if q.amounts[i] >= 0 && (part == partKnown || part == partOpen) {
			t.reason(q.amounts[i], lane)
		}
	}
}

// conditionsOf is the conditions of a unit's programme with what they came to.
func (t *reasoner) conditionsOf(programme int32, lane int) []ConditionReport {
	q, told := t.plan.programmes[programme], t.account.told.programmes[programme].conditions
	all := make([]ConditionReport, len(told))
	for i := range told {
		id := q.conditions[i]
		state := t.state(id, lane).String()
		if t.state(id, lane) == stateKnown {
			state = truthText(t.num(id, lane))
		}
		all[i] = ConditionReport{&told[i].ConditionHead, state, &told[i].ConditionNote, asked(t.account, (*reasoner).reason, int(id), lane)}
	}
	return all
}

// failuresOf is the false conditions of a unit's programme.
func (t *reasoner) failuresOf(programme int32, lane int) []FailureReport {
	q, told := t.plan.programmes[programme], t.account.told.programmes[programme].conditions
	failed := []FailureReport{}
	for i, id := range q.conditions {
		if t.is(id, lane, false) {
			failed = append(failed, FailureReport{&told[i].ConditionHead, asked(t.account, (*reasoner).distances, int(id), lane)})
		}
	}
	return failed
}

// reason explains a node's value in a lane.
func (t *reasoner) reason(id int32, lane int) *Reason {
	n := &t.plan.nodes[id]
	for n.op == opLift || n.op == opDecimal {
		if n.op == opLift {
			lane = t.aboveOf(n, lane)
		}
		id = n.args[0]
		n = &t.plan.nodes[id]
	}
	if t.told == nil {
		t.told, t.opened = make([]*Reason, len(t.nums)), NewBits(len(t.nums))
	}
	at := t.place(id, lane)
	if r := t.told[at]; r != nil {
		return r
	}
	s := &t.account.told.steps[id]
	r := t.newReason()
	r.Kind, r.Operator, r.Path, r.Label, r.Type, r.Measure = s.kind, s.operator, s.path, s.label, s.typ, s.measure
	r.State = t.states[at].String()
	if t.states[at] == stateKnown {
		r.Value, r.Means = Canonical(n.typ, n.list, t.nums[at])
	}
	t.describe(r, at, n, lane)
	t.told[at] = r
	return r
}

func (t *reasoner) describe(r *Reason, at int, n *node, lane int) {
	switch n.op {
	case opConst:
	case opFact:
		t.describeFact(r, n, lane)
	case opHolds, opEligible, opAmount, opOutcome:
		r.Of = t.of(n.rel, lane)
	case opVariable, opNotInForce:
		t.describeVariable(r, at, n, lane)
	case opParam, opParamTable, opParamBand:
		t.describeParameter(r, n, lane)
	case opAnd, opOr:
		r.Parts = t.deciding(at, n, lane)
	case opCond:
		r.Parts = t.chosen(n, lane)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		r.Parts = t.folded(at, n, lane)
	case opEqual, opLess, opLessEqual, opInSet, opHasCode:
		r.Parts = t.sides(n, lane)
	default:
		r.Parts = t.made(n, lane)
	}
}

func (t *reasoner) describeFact(r *Reason, n *node, lane int) {
	r.Of = t.of(n.rel, lane)
	if f := n.term.fact.fact; f != nil && r.Value != "" {
		t.origin(r, f.Unit, n.rel == supporters, lane, int(n.num))
	}
}

// origin says where a fact comes from.
func (t *reasoner) origin(r *Reason, unit pack.Unit, supporter bool, lane, slot int) {
	if t.subject.Origin == nil {
		return
	}
	origin := t.subject.Origin(unit, supporter, lane, slot)
	r.Source = origin.Source
	if origin.Dated {
		r.Date = origin.Date.String()
	}
}

func (t *reasoner) describeVariable(r *Reason, at int, n *node, lane int) {
	r.Of = t.of(n.rel, lane)
	if n.version == nil {
		return
	}
	source := &n.version.decl.Source
	r.Cites = source.Cites
	if source.Status != pack.Found {
		r.Status, r.Why = string(source.Status), &source.Why
	}
	t.openVariable(r, at, n.args[0], lane)
}

// openVariable keeps what a variable was made of, once.
func (t *reasoner) openVariable(r *Reason, at int, body int32, lane int) {
	if t.opened.Has(at) {
		return
	}
	t.opened.Set(at)
	if inner := t.reason(body, lane); inner.Kind != "constant" {
		open := t.copyOf(r)
		open.Parts = []*Reason{inner}
		t.values = append(t.values, open)
	}
}

func (t *reasoner) describeParameter(r *Reason, n *node, lane int) {
	value := t.parameterValue(n, lane)
	if n.op != opParam {
		r.Parts = []*Reason{t.reason(n.args[0], lane)}
	}
	if value == nil {
		return
	}
	source := sourced(&value.Source)
	r.InForce, r.Status, r.Why, r.Cites = value.Span.String(), source.Status, source.Why, source.Cites
}

// parameterValue is the entry of the pack that a look-up found.
func (a *account) parameterValue(n *node, lane int) *pack.ParameterValue {
	if n.rel == scalar {
		return n.cells[0].value
	}
	at := a.num(n.args[len(n.args)-1], lane)
	switch n.op {
	case opParam:
		return n.cells[at].value
	case opParamTable:
		return n.rows[at][0].value
	}
	return n.scales[at].value
}

func (t *reasoner) made(n *node, lane int) []*Reason {
	parts := make([]*Reason, len(n.args), len(n.args)+1)
	for i, id := range n.args {
		parts[i] = t.reason(id, lane)
	}
	return parts
}

// deciding is the operands of && or || that decided: of a true || one cause, of a false && all failures, else all; of an
// open one those that leave it open.
func (t *reasoner) deciding(at int, n *node, lane int) []*Reason {
	state, truth := t.states[at], t.nums[at]
	var parts []*Reason
	for _, id := range n.args {
		operand := t.place(id, lane)
		if t.states[operand] != state || state == stateKnown && t.nums[operand] != truth {
			continue
		}
		parts = append(parts, t.reason(id, lane))
		if n.op == opOr && state == stateKnown && truth != 0 {
			break
		}
	}
	return parts
}

func (t *reasoner) chosen(n *node, lane int) []*Reason {
	parts := []*Reason{t.reason(n.args[0], lane)}
	switch {
	case t.state(n.args[0], lane) == stateUnknown:
		return append(parts, t.reason(n.args[1], lane), t.reason(n.args[2], lane))
	case t.is(n.args[0], lane, true):
		return append(parts, t.reason(n.args[1], lane))
	case t.is(n.args[0], lane, false):
		return append(parts, t.reason(n.args[2], lane))
	}
	return parts
}

// folded is the rows that decided a fold: of a true exists one, of a false all the failures, of a sum those that add.
func (t *reasoner) folded(at int, n *node, lane int) []*Reason {
	from, to := t.segment(n.over, lane)
	var parts []*Reason
	for row := from; row < to; row++ {
		if !t.foldCauses(n, at, row) {
			continue
		}
		part := t.reason(n.args[0], row)
		if name := t.of(n.over, row); part.Of == "" && name != "" {
			part = t.copyOf(part)
			part.Of = name
		}
		parts = append(parts, part)
		if n.op == opExists && t.states[at] == stateKnown && t.nums[at] != 0 {
			break
		}
	}
	return parts
}

// foldCauses reports whether a row belongs to the reasons of a fold's value.
func (t *reasoner) foldCauses(n *node, at, row int) bool {
	body := t.place(n.args[0], row)
	if t.states[at] != stateKnown {
		return t.states[body] == t.states[at]
	}
	switch n.op {
	case opExists, opAll:
		return t.states[body] == stateKnown && t.nums[body] == t.nums[at]
	case opCount, opSum:
		return t.nums[body] != 0
	}
	return t.nums[body] == t.nums[at]
}

// sides is the two sides in the order in which the pack has them.
func (t *reasoner) sides(n *node, lane int) []*Reason {
	parts := t.made(n, lane)
	if n.op == opInSet {
		parts = append(parts, t.listOf(n))
	}
	if n.num == writtenReversed {
		slices.Reverse(parts)
	}
	return parts
}

func (t *reasoner) listOf(n *node) *Reason {
	list := t.plan.nodes[n.args[0]].list
	var ids, zh, en []string
	for _, k := range setMembers(n.set) {
		ids, zh, en = append(ids, list.Codes[k].ID), append(zh, list.Codes[k].Name.Zh), append(en, list.Codes[k].Name.En)
	}
	return &Reason{Kind: "constant", State: "known", Type: "codes", Value: strings.Join(ids, ","),
		Means: &Label{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}}
}

// Canonical is a value as text that is the same everywhere: "1166.67", "2026-11-01", "true", a code's id, codes joined by
// commas; and what a code means.
func Canonical(typ pack.Type, list *pack.CodeList, num int64) (string, *Label) {
	switch typ {
	case pack.Bool:
		return strconv.FormatBool(num != 0), nil
	case pack.Int:
		return strconv.FormatInt(num, 10), nil
	case pack.Date:
		return calendar.Date(num).String(), nil
	case pack.Decimal:
		return money.Decimal(num).String(), nil
	case pack.CodeOf:
		return list.Codes[num].ID, &list.Codes[num].Name
	}
	var ids, zh, en []string
	for k, c := range list.Codes {
		if num>>k&1 != 0 {
			ids, zh, en = append(ids, c.ID), append(zh, c.Name.Zh), append(en, c.Name.En)
		}
	}
	return strings.Join(ids, ","), &Label{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// evidence is the values that a warning shows: the unit's own, the household's, or those of each member.
func (t *reasoner) evidence(rule int32, lane int) []*Reason {
	all := []*Reason{}
	rel := t.plan.warnings[rule].rel
	for i := range t.account.told.evidence[rule] {
		s := &t.account.told.evidence[rule][i]
		switch {
		case s.ofPerson && rel == households:
			for row := range t.counted {
				all = append(all, t.value(s, row))
			}
		case s.ofPerson:
			all = append(all, t.value(s, lane))
		default:
			all = append(all, t.value(s, 0))
		}
	}
	return all
}

func (t *reasoner) value(s *shownValue, lane int) *Reason {
	if s.variable != nil {
		r := t.copyOf(t.reason(s.node, lane))
		r.Kind, r.Path, r.Label, r.Parts = "variable", s.variable.Path(), &s.variable.Label, nil
		if s.ofPerson {
			r.Of = t.of(persons, lane)
		}
		return r
	}
	f, at := s.fact, t.place(s.node, lane)
	r := &Reason{Kind: "fact", Path: f.Path(), Label: &f.Label, Measure: f.Measure, Type: string(f.Type), State: t.states[at].String()}
	if s.ofPerson {
		r.Of = t.of(persons, lane)
	}
	if t.states[at] == stateKnown {
		r.Value, r.Means = Canonical(f.Type, t.plan.nodes[s.node].list, t.nums[at])
		t.origin(r, f.Unit, false, lane, s.slot)
	}
	return r
}
