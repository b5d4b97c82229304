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

// noWitness stands where no condition decided.
const noWitness = 255

// programmeLanes is a programme's result in every lane of its unit.
type programmeLanes struct {
	done    Bits
	outcome []Outcome
	witness []uint8 // index of the first false condition, of the first open one, or noWitness
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

func (p *programmeLanes) reset(plan *programmePlan, lanes int) {
	words := (lanes + 63) / 64
	if len(p.outcome) < lanes {
		p.outcome = make([]Outcome, lanes)
		p.witness = make([]uint8, lanes)
	}
	p.done = resized(p.done, words)
	for t := range taints {
		p.taints[t] = resized(p.taints[t], words)
	}
	if plan.version == nil {
		return
	}
	if p.amounts == nil {
		p.amounts = make([]amountLanes, len(plan.version.decl.Components))
		for i := range p.amounts {
			p.amounts[i].money = plan.amounts[i] >= 0
		}
	}
	for i := range p.amounts {
		a := &p.amounts[i]
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
	sel := m.selection(p.rel)
	some := uint64(0)
	for w := range sel {
		sel[w] = want[w] &^ r.done[w]
		some |= sel[w]
	}
	if some != 0 {
		m.decideLanes(p, r, sel)
		for w := range sel {
			r.done[w] |= sel[w]
		}
	}
	m.release(p.rel, sel)
	return r
}

// tally is what the conditions of a programme came to, lane by lane.
type tally struct {
	refused, unknown, consent, failed, lapsed Bits

	tainted     [taints]Bits // some condition rests on something
	firmRefusal Bits         // some condition that rests on nothing refuses
}

func (m *machine) decideLanes(p *programmePlan, r *programmeLanes, want Bits) {
	if p.version == nil {
		each(want, func(lane int) { r.outcome[lane], r.witness[lane] = NotInForce, noWitness })
		m.skip(p, r, want)
		return
	}
	var t tally
	parts := []*Bits{&t.refused, &t.unknown, &t.consent, &t.failed, &t.lapsed,
		&t.tainted[assumed], &t.tainted[doubted], &t.firmRefusal}
	for _, b := range parts {
		*b = m.selection(p.rel)
	}
	each(want, func(lane int) { r.witness[lane] = noWitness })
	open := m.selection(p.rel)
	copy(open, want)
	for i, id := range p.conditions {
		if m.narrow {
			for w := range open {
				open[w] = want[w] &^ t.firmRefusal[w]
			}
		}
		m.tallyCondition(&t, r, i, p.version.decl.Conditions[i].OnConsent, m.need(id, open), open)
	}
	m.conclude(p, r, &t, want)
	for w := range open {
		open[w] = want[w] &^ t.refused[w]
	}
	m.components(p, r, open)
	m.skip(p, r, want)
	m.release(p.rel, open)
	for _, b := range parts {
		m.release(p.rel, *b)
	}
}

func (m *machine) tallyCondition(t *tally, r *programmeLanes, index int, onConsent bool, v *vector, open Bits) {
	for w := range open {
		if open[w] == 0 {
			continue
		}
		s := v.states(w)
		no := s.known &^ v.isTrue[w] & open[w]
		unknown := s.unknown() & open[w]
		witness(r, w, no&^t.refused[w], index)
		t.refused[w] |= no
		if onConsent {
			t.consent[w] |= unknown
		} else {
			t.unknown[w] |= unknown
		}
		t.failed[w] |= s.err & open[w]
		t.lapsed[w] |= s.lapsed & open[w]
		t.firmRefusal[w] |= no &^ (v.tainted(assumed, w) | v.tainted(doubted, w))
		for k := range taints {
			t.tainted[k][w] |= v.tainted(k, w) & open[w]
		}
	}
}

// witness keeps the first false condition.
func witness(r *programmeLanes, w int, lanes uint64, index int) {
	for ; lanes != 0; lanes &= lanes - 1 {
		r.witness[w<<6+bits.TrailingZeros64(lanes)] = uint8(index)
	}
}

// conclude applies the order of decision: any false, else error, else not in force, else open, else eligible. A household
// whose composition is doubtful is at most possible, and so is a person whose outcome rests on such a composition.
func (m *machine) conclude(p *programmePlan, r *programmeLanes, t *tally, want Bits) {
	for w := range want {
		for k := range taints {
			r.taints[k][w] |= want[w] & t.tainted[k][w] &^ t.firmRefusal[w]
		}
	}
	each(want, func(lane int) {
		o := Eligible
		switch {
		case t.refused.Has(lane):
			o = Ineligible
		case t.failed.Has(lane):
			o = Failed
		case t.lapsed.Has(lane):
			o = NotInForce
		case t.unknown.Has(lane):
			o = Possible
		case t.consent.Has(lane):
			o = Likely
		}
		if o > Possible && (r.taints[doubted].Has(lane) || p.rel == households && m.doubtful(lane)) {
			o = Possible
		}
		r.outcome[lane] = o
	})
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
		if id := p.amounts[i]; id >= 0 {
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
		r.failLanes(w, given[w]&s.err)
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

func (r *programmeLanes) failLanes(w int, lanes uint64) {
	for ; lanes != 0; lanes &= lanes - 1 {
		r.outcome[w<<6+bits.TrailingZeros64(lanes)] = Failed
	}
}

func (m *machine) componentAmount(r *programmeLanes, a *amountLanes, c *pack.Component, v *vector, given Bits) {
	for w := range given {
		s := v.states(w)
		a.lapsed[w] |= given[w] & s.lapsed
		r.failLanes(w, given[w]&s.err)
		r.rest(w, given[w], v)
		for lanes := given[w] & s.known; lanes != 0; lanes &= lanes - 1 {
			lane := w<<6 + bits.TrailingZeros64(lanes)
			amount, ok := rounded(c.Rounding, money.Decimal(v.num[lane]))
			if !ok {
				r.outcome[lane] = Failed
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
	for w := range want {
		for lanes := want[w] & out[w]; lanes != 0; lanes &= lanes - 1 {
			r.outcome[w<<6+bits.TrailingZeros64(lanes)] = NotAssessed
		}
	}
}

// programmeValue is eligible, amount or outcome of a programme, as another formula reads it.
func (m *machine) programmeValue(n *node, v *vector, want Bits) {
	r := m.decide(n.prog, want)
	v.forget(want)
	each(want, func(lane int) {
		switch n.op {
		case opOutcome:
			v.num[lane] = int64(r.outcome[lane])
			v.known.Set(lane)
		case opEligible:
			r.readEligible(v, lane)
		default:
			r.readAmount(v, lane)
		}
	})
	for w := range want {
		for k := range taints {
			v.taint(k, w, want[w]&r.taints[k][w])
		}
	}
}

func (r *programmeLanes) readEligible(v *vector, lane int) {
	switch r.outcome[lane] {
	case Eligible:
		v.setBool(lane, true)
	case Ineligible:
		v.setBool(lane, false)
	case Failed:
		v.fail(lane)
	case NotInForce:
		v.odd = true
		v.lapsed.Set(lane)
	}
}

// readAmount is the sum of the components of an eligible unit, nothing for an ineligible one. A component that is not in
// force adds nothing.
func (r *programmeLanes) readAmount(v *vector, lane int) {
	switch r.outcome[lane] {
	case Ineligible:
		v.num[lane] = 0
		v.known.Set(lane)
		return
	case Failed:
		v.fail(lane)
		return
	case NotInForce:
		v.odd = true
		v.lapsed.Set(lane)
		return
	case Possible, Likely, NotAssessed:
		return
	}
	sum, state := r.total(lane)
	switch state {
	case totalKnown:
		v.num[lane] = int64(sum)
		v.known.Set(lane)
	case totalOverflow:
		v.fail(lane)
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
