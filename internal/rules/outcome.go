package rules

import (
	"math/bits"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Outcome is what a programme comes to for a unit.
type Outcome uint8

// The outcomes, in the order of decision from the top.
const (
	NotAssessed Outcome = iota // a collective household as a family, or who does not count in the household
	Ineligible                 // a condition is false
	Failed                     // an error reaches the outcome
	NotInForce                 // no rule or parameter on the date
	Possible                   // nothing is false, something is unknown
	Likely                     // only what a consented means check shows is open
	Eligible                   // every condition is true
)

// OutcomeCount is how many outcomes there are.
const OutcomeCount = int(Eligible) + 1

var outcomeList = &pack.CodeList{
	ID:   "outcome",
	Name: pack.Text{Zh: "预判结果", En: "Outcome"},
	Codes: []pack.Code{
		{ID: "not-assessed", Name: pack.Text{Zh: "不作评估", En: "not assessed"}},
		{ID: "ineligible", Name: pack.Text{Zh: "不符合", En: "ineligible"}},
		{ID: "error", Name: pack.Text{Zh: "无法计算", En: "error"}},
		{ID: "not-in-force", Name: pack.Text{Zh: "当日无生效规定", En: "not in force"}},
		{ID: "possible", Name: pack.Text{Zh: "可能符合", En: "possible"}},
		{ID: "likely", Name: pack.Text{Zh: "很可能符合", En: "likely"}},
		{ID: "eligible", Name: pack.Text{Zh: "符合", En: "eligible"}},
	},
}

// Outcomes is the closed list of outcomes.
func Outcomes() *pack.CodeList { return outcomeList }

// String is the outcome's code.
func (o Outcome) String() string { return outcomeList.Codes[o].ID }

// Name is the outcome as people read it.
func (o Outcome) Name() pack.Text { return outcomeList.Codes[o].Name }

// programmeLanes is a programme's result in every lane of its unit, as bitmaps: nearly everybody is refused by the first
// condition.
type programmeLanes struct {
	batch   uint64 // the batch that all this is about, by its number
	full    bool   // every lane is done
	done    Bits
	of      [OutcomeCount]Bits // the lanes that come to each outcome
	refused []Bits             // by condition: the ineligible lanes of which it is the first false condition
	open    []Bits             // by condition: lanes that are not refused and in which it is unknown
	taints  [taints]Bits
	amounts []amountLanes // by component
}

// amountLanes is a component's rounded amount. A lane that is not known has no amount: it is open, or not in force.
type amountLanes struct {
	money  bool // the component is money
	num    []int64
	known  Bits
	lapsed Bits // the component's rule is not in force
	none   Bits // the component's own condition is false
}

// at is the outcome of a lane that is done.
func (p *programmeLanes) at(lane int) Outcome {
	for o := range p.of {
		if p.of[o].Has(lane) {
			return Outcome(o)
		}
	}
	panic("rules: the outcome of a lane that was not computed")
}

func (p *programmeLanes) begin(plan *programmePlan, batch uint64, lanes int) {
	p.batch, p.full = batch, false
	words := (lanes + 63) / 64
	p.done = resized(p.done, words)
	for o := range p.of {
		p.of[o] = resized(p.of[o], words)
	}
	for t := range taints {
		p.taints[t] = resized(p.taints[t], words)
	}
	if plan.version == nil {
		return
	}
	if p.amounts == nil {
		p.amounts = make([]amountLanes, len(plan.amounts))
		p.refused, p.open = make([]Bits, len(plan.conditions)), make([]Bits, len(plan.conditions))
	}
	for i := range p.refused {
		p.refused[i], p.open[i] = resized(p.refused[i], words), resized(p.open[i], words)
	}
	for i := range p.amounts {
		a := &p.amounts[i]
		a.money = plan.amounts[i] >= 0
		if len(a.num) < lanes {
			a.num = make([]int64, lanes)
		}
		a.known, a.lapsed, a.none = resized(a.known, words), resized(a.lapsed, words), resized(a.none, words)
	}
}

func resized(b Bits, words int) Bits {
	if cap(b) < words {
		return make(Bits, words)
	}
	b = b[:words]
	clear(b)
	return b
}

// decide makes the wanted lanes of a programme done.
func (m *machine) decide(p *programmePlan, want Bits) *programmeLanes {
	r := &m.results[p.index]
	if r.batch != m.number {
		r.begin(p, m.number, m.lanes[p.rel])
	}
	if r.full {
		return r
	}
	sel := m.selection(p.rel)
	some, left := uint64(0), uint64(0)
	for w, all := range m.all[p.rel] {
		sel[w] = want[w] &^ r.done[w]
		some |= sel[w]
		left |= all &^ r.done[w] &^ want[w]
	}
	if some != 0 {
		m.decideLanes(p, r, sel)
		for w := range sel {
			r.done[w] |= sel[w]
		}
	}
	r.full = left == 0
	m.release(p.rel, sel)
	return r
}

// tally is what the conditions of a programme came to, lane by lane.
type tally struct {
	*frame               // decided: refused; firm: refused by a condition that rests on nothing; unknown without the consent
	consent Bits         // unknown, and shown only by a means check with consent
	tainted [taints]Bits // some condition rests on something
}

func (m *machine) decideLanes(p *programmePlan, r *programmeLanes, want Bits) {
	if p.version == nil {
		for w, lanes := range want {
			r.of[NotInForce][w] |= lanes
		}
		m.skip(p, r, want)
		return
	}
	t := tally{frame: m.frame(p.rel), consent: m.selection(p.rel)}
	for k := range taints {
		t.tainted[k] = m.selection(p.rel)
	}
	copy(t.frame.open, want)
	for i, id := range p.conditions {
		if m.narrow && !t.narrow() {
			break
		}
		v := m.need(id, t.frame.open)
		if !v.decides(true) {
			t.note(r, i, p.version.decl.Conditions[i].OnConsent, v)
		}
	}
	m.conclude(p, r, &t, want)
	given := t.frame.open
	some := uint64(0)
	for w := range given {
		given[w] = want[w] &^ t.decided[w]
		some |= given[w]
	}
	for i := range r.open {
		for w := range want {
			r.open[i][w] &^= want[w] & t.decided[w]
		}
	}
	if some != 0 {
		m.components(p, r, given)
	}
	m.skip(p, r, want)
	for k := range taints {
		m.release(p.rel, t.tainted[k])
	}
	m.release(p.rel, t.consent)
	m.keep(p.rel, t.frame)
}

// note takes in a condition. The first false one of a lane is kept.
func (t *tally) note(r *programmeLanes, index int, onConsent bool, v *vector) {
	for w, open := range t.frame.open {
		if open == 0 {
			continue
		}
		s := v.states(w)
		no := s.known &^ v.isTrue[w] & open
		unknown := s.unknown() & open
		r.refused[index][w] |= no &^ t.decided[w]
		r.open[index][w] |= unknown
		t.decided[w] |= no
		t.firm[w] |= no &^ v.anyTaint(w)
		if onConsent {
			t.consent[w] |= unknown
		} else {
			t.unknown[w] |= unknown
		}
		t.failed[w] |= s.err & open
		t.lapsed[w] |= s.lapsed & open
		for k := range taints {
			t.tainted[k][w] |= v.tainted(k, w) & open
		}
	}
}

// conclude applies the order of decision: any false, else error, else not in force, else open, else eligible. A household
// whose composition is doubtful is at most possible, and so is a person whose outcome rests on such a composition.
func (m *machine) conclude(p *programmePlan, r *programmeLanes, t *tally, want Bits) {
	for w, lanes := range want {
		for k := range taints {
			r.taints[k][w] |= lanes & t.tainted[k][w] &^ t.firm[w]
		}
		unsure := r.taints[doubted][w]
		if p.rel == households {
			unsure |= m.unsure[w]
		}
		r.take(Ineligible, w, &lanes, t.decided[w])
		r.take(Failed, w, &lanes, t.failed[w])
		r.take(NotInForce, w, &lanes, t.lapsed[w])
		r.take(Possible, w, &lanes, t.unknown[w]|unsure)
		r.take(Likely, w, &lanes, t.consent[w])
		r.take(Eligible, w, &lanes, lanes)
	}
}

// take gives an outcome to those of the lanes left that have it.
func (p *programmeLanes) take(o Outcome, w int, left *uint64, have uint64) {
	p.of[o][w] |= *left & have
	*left &^= have
}

// move gives lanes of a word another outcome.
func (p *programmeLanes) move(to Outcome, w int, lanes uint64) {
	if lanes == 0 {
		return
	}
	for o := range p.of {
		p.of[o][w] &^= lanes
	}
	p.of[to][w] |= lanes
}

// components computes what the programme gives. An error in an amount is the outcome's error.
func (m *machine) components(p *programmePlan, r *programmeLanes, open Bits) {
	for i, component := range p.version.decl.Components {
		a := &r.amounts[i]
		given := m.selection(p.rel)
		copy(given, open)
		if id := p.whens[i]; id >= 0 {
			m.componentWhen(r, a, m.need(id, open), given)
		}
		if id := p.amounts[i]; id >= 0 && given.Any() {
			m.componentAmount(r, a, component, m.need(id, given), given)
		}
		m.release(p.rel, given)
	}
}

func (m *machine) componentWhen(r *programmeLanes, a *amountLanes, when *vector, given Bits) {
	for w := range given {
		s := when.states(w)
		a.none[w] |= given[w] & s.known &^ when.isTrue[w]
		a.lapsed[w] |= given[w] & s.lapsed
		r.move(Failed, w, given[w]&s.err)
		r.rest(w, given[w], when)
		given[w] &= s.known & when.isTrue[w]
	}
}

// rest lets lanes of a word rest on what an amount rests on.
func (r *programmeLanes) rest(w int, lanes uint64, on *vector) {
	for k := range taints {
		r.taints[k][w] |= lanes & on.tainted(k, w)
	}
}

func (m *machine) componentAmount(r *programmeLanes, a *amountLanes, c *pack.Component, v *vector, given Bits) {
	for w := range given {
		s := v.states(w)
		a.lapsed[w] |= given[w] & s.lapsed
		r.move(Failed, w, given[w]&s.err)
		r.rest(w, given[w], v)
		for lanes := given[w] & s.known; lanes != 0; lanes &= lanes - 1 {
			lane := w<<6 + bits.TrailingZeros64(lanes)
			amount, ok := rounded(c.Rounding, money.Decimal(v.number(lane)))
			if !ok {
				r.move(Failed, w, lanes&-lanes)
				continue
			}
			a.num[lane] = int64(amount)
			a.known.Set(lane)
		}
	}
}

func rounded(how string, a money.Decimal) (money.Decimal, bool) {
	switch how {
	case "fen-half-up":
		return a.Round(2)
	case "yuan-half-up":
		return a.Round(0)
	case "yuan-up":
		return a.Ceil()
	case "fen-up":
		hundred := money.Decimal(100 * money.Scale)
		fen, ok := a.Mul(hundred)
		if !ok {
			return 0, false
		}
		if fen, ok = fen.Ceil(); !ok {
			return 0, false
		}
		return fen.Quo(hundred)
	}
	return a, true
}

// skip leaves out whom a programme does not judge: a collective household as a family, and a person who is registered with
// a household but does not count in it, whose own means the household's values do not tell.
func (m *machine) skip(p *programmePlan, r *programmeLanes, want Bits) {
	out := m.batch.uncounted
	switch {
	case p.rel == households:
		out = m.batch.Collective
	case p.programme.decl.Uncounted:
		return
	}
	for w, lanes := range want {
		if lanes &= out[w]; lanes == 0 {
			continue
		}
		r.move(NotAssessed, w, lanes)
		for i := range r.refused {
			r.refused[i][w] &^= lanes
			r.open[i][w] &^= lanes
		}
	}
}

// programmeValue is eligible, amount or outcome of a programme, as another formula reads it.
func (m *machine) programmeValue(n *node, v *vector, want Bits) {
	r := m.decide(n.prog, want)
	for w, lanes := range want {
		for k := range taints {
			v.taint(k, w, lanes&r.taints[k][w])
		}
		s := states{known: r.of[Eligible][w] | r.of[Ineligible][w], err: r.of[Failed][w], lapsed: r.of[NotInForce][w]}
		switch n.op {
		case opEligible:
			v.putBool(w, lanes, s, r.of[Eligible][w])
		case opOutcome:
			v.put(w, lanes, states{known: lanes})
			r.readOutcomes(v, w, lanes)
		default:
			v.put(w, lanes, s)
			r.readAmounts(v, w, lanes)
		}
	}
}

func (r *programmeLanes) readOutcomes(v *vector, w int, lanes uint64) {
	for o := range r.of {
		for rest := r.of[o][w] & lanes; rest != 0; rest &= rest - 1 {
			v.num[w<<6+bits.TrailingZeros64(rest)] = int64(o)
		}
	}
}

// readAmounts is the sum of the components of the eligible, nothing for the ineligible. A component that is not in force
// adds nothing.
func (r *programmeLanes) readAmounts(v *vector, w int, lanes uint64) {
	for rest := r.of[Ineligible][w] & lanes; rest != 0; rest &= rest - 1 {
		v.num[w<<6+bits.TrailingZeros64(rest)] = 0
	}
	for rest := r.of[Eligible][w] & lanes; rest != 0; rest &= rest - 1 {
		lane := w<<6 + bits.TrailingZeros64(rest)
		sum, state := r.total(lane)
		v.num[lane] = int64(sum)
		switch state {
		case totalOpen:
			v.known.Clear(lane)
		case totalOverflow:
			v.fail(lane)
		}
	}
}

type totalState uint8

const (
	totalKnown totalState = iota
	totalOpen
	totalOverflow
)

// total is the sum of a lane's components that are money.
func (r *programmeLanes) total(lane int) (money.Decimal, totalState) {
	sum := money.Decimal(0)
	for i := range r.amounts {
		a := &r.amounts[i]
		if !a.money || a.none.Has(lane) || a.lapsed.Has(lane) {
			continue
		}
		if !a.known.Has(lane) {
			return 0, totalOpen
		}
		var ok bool
		if sum, ok = sum.Add(money.Decimal(a.num[lane])); !ok {
			return 0, totalOverflow
		}
	}
	return sum, totalKnown
}
