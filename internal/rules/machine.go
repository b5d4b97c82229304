package rules

import (
	"math/bits"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// machine evaluates a plan over one batch after the other. It is not safe for concurrent use; each worker has its own.
type machine struct {
	plan    *Plan
	batch   *Batch
	narrow  bool // stop where the answer is decided; off for explanations
	lanes   [relations]int
	vectors []vector
	free    [relations][]Bits // selections for reuse
	results []programmeLanes
	sizes   [relations]int // lanes for which vectors have room
}

// newMachine makes a machine with room for nothing yet.
func newMachine(p *Plan, narrow bool) *machine {
	return &machine{plan: p, narrow: narrow, vectors: make([]vector, len(p.nodes)), results: make([]programmeLanes, len(p.programmes))}
}

// load makes the machine ready for a batch.
func (m *machine) load(b *Batch) {
	b.link()
	m.batch = b
	m.lanes = [relations]int{
		scalar: 1, households: b.Household.N, persons: b.Person.N, supporters: b.Supporter.N,
		householdEvents: b.HouseholdEvent.N, personEvents: b.PersonEvent.N, feedRows: b.PersonEvent.N,
	}
	m.grow()
	for i := range m.vectors {
		n := &m.plan.nodes[i]
		v := &m.vectors[i]
		switch {
		case n.rel == scalar:
		case n.op == opLift && m.plan.nodes[n.args[0]].rel == scalar:
		case n.op == opFact || n.op == opHolds:
			m.point(n, v)
		case n.op == opVariable:
		default:
			v.reset()
		}
	}
	for i := range m.results {
		m.results[i].reset(m.plan.programmes[i], m.lanes[m.plan.programmes[i].rel])
	}
}

// grow gives every vector room for the batch; rooms only grow.
func (m *machine) grow() {
	for rel := scalar; rel < relations; rel++ {
		if m.lanes[rel] <= m.sizes[rel] {
			continue
		}
		m.sizes[rel] = max(m.lanes[rel], m.sizes[rel]*5/4)
		m.free[rel] = nil
		for i := range m.vectors {
			if n := &m.plan.nodes[i]; n.rel == rel && n.op != opFact && n.op != opHolds && n.op != opVariable {
				m.vectors[i] = newVector(n, m.sizes[rel])
			}
		}
	}
}

func newVector(n *node, lanes int) vector {
	v := vector{known: NewBits(lanes), err: NewBits(lanes), lapsed: NewBits(lanes), done: NewBits(lanes)}
	if n.typ == pack.Bool {
		v.isTrue = NewBits(lanes)
	} else {
		v.num = make([]int64, lanes)
	}
	for t := range taints {
		if n.taints[t] {
			v.taints[t] = NewBits(lanes)
		}
	}
	return v
}

// point lets a fact's vector be the batch's column; nothing is copied but the truth of a bool.
func (m *machine) point(n *node, v *vector) {
	column := m.column(n)
	if column.Same {
		column = column.spread(m.lanes[n.rel])
	}
	v.num, v.known = column.Num, column.Known
	v.odd = false
	if n.typ != pack.Bool {
		return
	}
	words := len(column.Known)
	if cap(v.isTrue) < words {
		v.isTrue = make(Bits, words)
	}
	v.isTrue = v.isTrue[:words]
	for w, known := range column.Known {
		truth := uint64(0)
		for rest := known; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			truth |= uint64(column.Num[w<<6+i]&1) << i
		}
		v.isTrue[w] = truth
	}
}

func (m *machine) column(n *node) *Column {
	t := m.table(n.rel)
	if n.op == opHolds {
		return &t.Held[n.term.prog.index]
	}
	return &t.Facts[n.num]
}

func (m *machine) table(rel relation) *Table {
	switch rel {
	case households:
		return &m.batch.Household
	case persons:
		return &m.batch.Person
	case supporters:
		return &m.batch.Supporter
	case householdEvents:
		return &m.batch.HouseholdEvent.Table
	}
	return &m.batch.PersonEvent.Table
}

// selection borrows an empty bitmap of a relation; release gives it back.
func (m *machine) selection(rel relation) Bits {
	words := (m.lanes[rel] + 63) / 64
	if free := m.free[rel]; len(free) > 0 {
		b := free[len(free)-1][:words]
		m.free[rel] = free[:len(free)-1]
		clear(b)
		return b
	}
	return make(Bits, words, (m.sizes[rel]+63)/64)
}

func (m *machine) release(rel relation, b Bits) { m.free[rel] = append(m.free[rel], b) }

// everything selects all lanes of a relation.
func (m *machine) everything(rel relation) Bits {
	b := m.selection(rel)
	fillBits(b, m.lanes[rel])
	return b
}

func fillBits(b Bits, n int) {
	for w := range b {
		b[w] = ^uint64(0)
	}
	if rest := n & 63; rest != 0 {
		b[len(b)-1] = 1<<rest - 1
	}
}

// need makes a node's wanted lanes done and returns its vector.
func (m *machine) need(id int32, want Bits) *vector {
	n := &m.plan.nodes[id]
	switch n.op {
	case opFact, opHolds:
		return &m.vectors[id]
	case opVariable:
		return m.need(n.args[0], want)
	}
	v := &m.vectors[id]
	missing := m.selection(n.rel)
	some := uint64(0)
	for w := range missing {
		missing[w] = want[w] &^ v.done[w]
		some |= missing[w]
	}
	if some != 0 {
		m.compute(n, v, missing)
		for w := range missing {
			v.done[w] |= missing[w]
		}
	}
	m.release(n.rel, missing)
	return v
}

func (m *machine) compute(n *node, v *vector, want Bits) {
	switch n.op {
	case opConst:
		m.constant(n, v)
	case opNotInForce:
		v.put(0, 1, states{lapsed: 1})
	case opPlace:
		m.place(v, want)
	case opParam:
		m.param(n, v, want)
	case opParamTable:
		m.paramTable(n, v, want)
	case opParamBand:
		m.paramBand(n, v, want)
	case opEligible, opAmount, opOutcome:
		m.programmeValue(n, v, want)
	case opAnd:
		m.connective(n, v, want, false)
	case opOr:
		m.connective(n, v, want, true)
	case opNot:
		a := m.need(n.args[0], want)
		for w := range want {
			if want[w] != 0 {
				v.putBool(w, want[w], a.states(w), ^a.isTrue[w])
			}
		}
		v.inheritTaints(want, a)
	case opCond:
		m.conditional(n, v, want)
	case opEqual, opLess, opLessEqual:
		m.comparison(n, v, want)
	case opInSet:
		m.inSet(n, v, want)
	case opHasCode:
		m.hasCode(n, v, want)
	case opKnown:
		m.knownTest(n, v, want)
	case opDefault:
		m.orDefault(n, v, want)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		m.fold(n, v, want)
	case opLift:
		m.lift(n, v, want)
	default:
		m.arithmetic(n, v, want)
	}
}

func (m *machine) constant(n *node, v *vector) {
	if n.typ == pack.Bool {
		v.putBool(0, 1, states{known: 1}, uint64(n.num))
		return
	}
	v.num[0] = n.num
	v.put(0, 1, states{known: 1})
}

func (m *machine) place(v *vector, want Bits) {
	p := m.plan.places
	each(want, func(h int) {
		residence, known := 0, false
		if p.fact >= 0 {
			column := &m.batch.Household.Facts[p.fact]
			residence, known = int(column.Num[h]), column.Known.Has(h)
		}
		v.num[h] = int64(p.of(m.batch.Area[h], residence, known))
	})
	for w := range want {
		v.put(w, want[w], states{known: want[w]})
	}
}

// each calls f for every lane of a selection.
func each(b Bits, f func(lane int)) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			f(w<<6 + bits.TrailingZeros64(word))
		}
	}
}

func (v *vector) setCell(lane int, c cell) {
	switch c.state {
	case cellKnown:
		v.num[lane] = c.num
		v.known.Set(lane)
	case cellNotInForce:
		v.odd = true
		v.lapsed.Set(lane)
	}
}

// forget makes lanes unknown before they are set one by one.
func (v *vector) forget(want Bits) {
	for w := range want {
		v.put(w, want[w], states{})
	}
}

func (m *machine) param(n *node, v *vector, want Bits) {
	v.forget(want)
	if n.rel == scalar {
		v.setCell(0, n.cells[0])
		return
	}
	at := m.need(n.args[0], want)
	each(want, func(lane int) { v.setCell(lane, n.cells[at.num[lane]]) })
}

func (m *machine) paramTable(n *node, v *vector, want Bits) {
	m.lookUp(n, v, want, func(place, key int64) cell { return n.rows[place][key] }, func(place int64) cellState { return n.rows[place][0].state })
}

func (m *machine) paramBand(n *node, v *vector, want Bits) {
	value := func(place, amount int64) cell {
		s := n.scales[place]
		if s.state != cellKnown {
			return cell{state: s.state}
		}
		return cell{num: int64(s.band(money.Decimal(amount))), state: cellKnown}
	}
	m.lookUp(n, v, want, value, func(place int64) cellState { return n.scales[place].state })
}

// lookUp needs the key and the place: unknown before error before not in force.
func (m *machine) lookUp(n *node, v *vector, want Bits, value func(place, key int64) cell, at func(place int64) cellState) {
	v.forget(want)
	key, place := m.need(n.args[0], want), m.need(n.args[1], want)
	each(want, func(lane int) {
		state := key.state(lane)
		switch {
		case state == stateKnown:
			v.setCell(lane, value(place.num[lane], key.num[lane]))
		case state == stateUnknown || at(place.num[lane]) == cellUnknown:
		case state == stateError:
			v.fail(lane)
		default:
			v.setCell(lane, cell{state: cellNotInForce})
		}
	})
	v.inheritTaints(want, key)
}

// connective is && (absorbing false) or || (absorbing true). With narrowing, an operand is computed only where the
// former have not decided for good: a decision that rests on something may yet be made by one that does not.
func (m *machine) connective(n *node, v *vector, want Bits, absorbing bool) {
	open := m.selection(n.rel)
	copy(open, want)
	decided, firm, unknown := m.selection(n.rel), m.selection(n.rel), m.selection(n.rel)
	failed, lapsed := m.selection(n.rel), m.selection(n.rel)
	defer func() {
		for _, b := range []Bits{open, decided, firm, unknown, failed, lapsed} {
			m.release(n.rel, b)
		}
	}()
	operands := make([]*vector, 0, 8)
	for _, id := range n.args {
		if m.narrow {
			for w := range open {
				open[w] = want[w] &^ firm[w]
			}
		}
		a := m.need(id, open)
		operands = append(operands, a)
		for w := range open {
			s := a.states(w)
			absorbed := s.known & a.isTrue[w]
			if !absorbing {
				absorbed = s.known &^ a.isTrue[w]
			}
			decided[w] |= absorbed & open[w]
			firm[w] |= absorbed & open[w] &^ (a.tainted(assumed, w) | a.tainted(doubted, w))
			unknown[w] |= s.unknown() & open[w]
			failed[w] |= s.err & open[w]
			lapsed[w] |= s.lapsed & open[w]
		}
	}
	for w := range want {
		if want[w] == 0 {
			continue
		}
		unsure := unknown[w] &^ decided[w]
		err := failed[w] &^ decided[w] &^ unsure
		late := lapsed[w] &^ decided[w] &^ unsure &^ err
		known := want[w] &^ unsure &^ err &^ late
		truth := decided[w]
		if !absorbing {
			truth = known &^ decided[w]
		}
		v.putBool(w, want[w], states{known, err, late}, truth)
	}
	connectiveTaints(v, want, firm, operands)
}

// connectiveTaints lets a lane rest on what its operands rest on, unless one of them decides it and rests on nothing.
func connectiveTaints(v *vector, want, firm Bits, operands []*vector) {
	for t := range taints {
		if v.taints[t] == nil {
			continue
		}
		for w := range want {
			any := uint64(0)
			for _, a := range operands {
				any |= a.tainted(t, w)
			}
			v.taints[t][w] |= want[w] & any &^ firm[w]
		}
	}
}

func (m *machine) conditional(n *node, v *vector, want Bits) {
	test := m.need(n.args[0], want)
	yes, no := m.selection(n.rel), m.selection(n.rel)
	for w := range want {
		yes[w] = want[w] & test.known[w] & test.isTrue[w]
		no[w] = want[w] & test.known[w] &^ test.isTrue[w]
		if !m.narrow {
			unsure := want[w] & test.states(w).unknown()
			yes[w] |= unsure
			no[w] |= unsure
		}
	}
	a, b := m.need(n.args[1], yes), m.need(n.args[2], no)
	for w := range want {
		if want[w] == 0 {
			continue
		}
		t := test.states(w)
		chosen := t.known & test.isTrue[w]
		other := t.known &^ test.isTrue[w]
		sa, sb := a.states(w), b.states(w)
		s := states{
			known:  sa.known&chosen | sb.known&other,
			err:    sa.err&chosen | sb.err&other | t.err,
			lapsed: sa.lapsed&chosen | sb.lapsed&other | t.lapsed,
		}
		if n.typ == pack.Bool {
			v.putBool(w, want[w], s, a.isTrue[w]&chosen|b.isTrue[w]&other)
		} else {
			pick(v.num, a.num, w, chosen&want[w])
			pick(v.num, b.num, w, other&want[w])
			v.put(w, want[w], s)
		}
	}
	for w := range want {
		yes[w] &= test.known[w] // what an unknown test leaves open rests on the test alone
		no[w] &= test.known[w]
	}
	v.inheritTaints(want, test)
	v.inheritTaints(yes, a)
	v.inheritTaints(no, b)
	m.release(n.rel, yes)
	m.release(n.rel, no)
}

func pick(to, from []int64, w int, lanes uint64) {
	for ; lanes != 0; lanes &= lanes - 1 {
		i := w<<6 + bits.TrailingZeros64(lanes)
		to[i] = from[i]
	}
}

func (m *machine) comparison(n *node, v *vector, want Bits) {
	a, b := m.need(n.args[0], want), m.need(n.args[1], want)
	boolean := m.plan.nodes[n.args[0]].typ == pack.Bool
	for w := range want {
		if want[w] == 0 {
			continue
		}
		s := strict(a.states(w), b.states(w))
		lanes := s.known & want[w]
		var truth uint64
		switch {
		case boolean:
			truth = ^(a.isTrue[w] ^ b.isTrue[w])
		case n.op == opEqual:
			truth = compareWord(a.num, b.num, w, lanes, func(x, y int64) bool { return x == y })
		case n.op == opLess:
			truth = compareWord(a.num, b.num, w, lanes, func(x, y int64) bool { return x < y })
		default:
			truth = compareWord(a.num, b.num, w, lanes, func(x, y int64) bool { return x <= y })
		}
		v.putBool(w, want[w], s, truth)
	}
	v.inheritTaints(want, a, b)
}

func compareWord(a, b []int64, w int, lanes uint64, holds func(x, y int64) bool) uint64 {
	truth := uint64(0)
	for ; lanes != 0; lanes &= lanes - 1 {
		i := bits.TrailingZeros64(lanes)
		if holds(a[w<<6+i], b[w<<6+i]) {
			truth |= 1 << i
		}
	}
	return truth
}

func (m *machine) inSet(n *node, v *vector, want Bits) {
	a := m.need(n.args[0], want)
	for w := range want {
		if want[w] == 0 {
			continue
		}
		s := a.states(w)
		truth := uint64(0)
		for lanes := s.known & want[w]; lanes != 0; lanes &= lanes - 1 {
			i := bits.TrailingZeros64(lanes)
			if n.set.Has(int(a.num[w<<6+i])) {
				truth |= 1 << i
			}
		}
		v.putBool(w, want[w], s, truth)
	}
	v.inheritTaints(want, a)
}

func (m *machine) hasCode(n *node, v *vector, want Bits) {
	code, set := m.need(n.args[0], want), m.need(n.args[1], want)
	for w := range want {
		if want[w] == 0 {
			continue
		}
		s := strict(code.states(w), set.states(w))
		truth := compareWord(code.num, set.num, w, s.known&want[w], func(c, members int64) bool { return members>>c&1 != 0 })
		v.putBool(w, want[w], s, truth)
	}
	v.inheritTaints(want, code, set)
}

func (m *machine) knownTest(n *node, v *vector, want Bits) {
	a := m.need(n.args[0], want)
	for w := range want {
		s := a.states(w)
		v.putBool(w, want[w], states{known: ^(s.err | s.lapsed), err: s.err, lapsed: s.lapsed}, s.known)
	}
	v.inheritTaints(want, a)
}

func (m *machine) orDefault(n *node, v *vector, want Bits) {
	a := m.need(n.args[0], want)
	open := m.selection(n.rel)
	for w := range want {
		open[w] = want[w] & a.states(w).unknown()
	}
	d := m.need(n.args[1], open)
	for w := range want {
		if want[w] == 0 {
			continue
		}
		sa, sd := a.states(w), d.states(w)
		s := states{sa.known | sd.known&open[w], sa.err | sd.err&open[w], sa.lapsed | sd.lapsed&open[w]}
		if n.typ == pack.Bool {
			v.putBool(w, want[w], s, a.isTrue[w]&sa.known|d.isTrue[w]&open[w])
		} else {
			pick(v.num, a.num, w, want[w]&^open[w])
			pick(v.num, d.num, w, open[w])
			v.put(w, want[w], s)
		}
		v.taint(assumed, w, open[w]&(sd.known|sd.err|sd.lapsed))
	}
	v.inheritTaints(want, a)
	v.inheritTaints(open, d)
	m.release(n.rel, open)
}

// lift gives each lane the value of its lane above.
func (m *machine) lift(n *node, v *vector, want Bits) {
	from := m.plan.nodes[n.args[0]].rel
	if from == scalar {
		m.broadcast(n, v)
		return
	}
	above := m.selection(from)
	each(want, func(lane int) { above.Set(m.above(n.rel, lane)) })
	a := m.need(n.args[0], above)
	m.release(from, above)
	v.forget(want)
	boolean := n.typ == pack.Bool
	each(want, func(lane int) {
		p := m.above(n.rel, lane)
		switch {
		case a.known.Has(p) && boolean:
			v.known.Set(lane)
			v.isTrue.Clear(lane)
			if a.isTrue.Has(p) {
				v.isTrue.Set(lane)
			}
		case a.known.Has(p):
			v.known.Set(lane)
			v.num[lane] = a.num[p]
		case a.odd && a.err.Has(p):
			v.fail(lane)
		case a.odd && a.lapsed.Has(p):
			v.odd = true
			v.lapsed.Set(lane)
		}
		v.inheritLane(lane, a, p)
	})
}

// broadcast fills every lane that there is room for with a scalar, once.
func (m *machine) broadcast(n *node, v *vector) {
	one := m.selection(scalar)
	one.Set(0)
	a := m.need(n.args[0], one)
	m.release(scalar, one)
	s := a.states(0)
	for w := range v.done {
		all := ^uint64(0)
		v.done[w] = all
		truth := uint64(0)
		if n.typ == pack.Bool {
			truth = -(a.isTrue[0] & 1)
			v.putBool(w, all, states{-(s.known & 1), -(s.err & 1), -(s.lapsed & 1)}, truth)
			continue
		}
		v.put(w, all, states{-(s.known & 1), -(s.err & 1), -(s.lapsed & 1)})
	}
	for i := range v.num {
		v.num[i] = a.num[0]
	}
	for t := range taints {
		if v.taints[t] != nil && a.tainted(t, 0) != 0 {
			fillBits(v.taints[t], len(v.taints[t])*64)
		}
	}
}

// above is the lane above a lane.
func (m *machine) above(rel relation, lane int) int {
	switch rel {
	case persons:
		return int(m.batch.householdOf[lane])
	case supporters:
		return int(m.batch.supporterOf[lane])
	case householdEvents:
		return int(m.batch.HouseholdEvent.of[lane])
	}
	return int(m.batch.PersonEvent.of[lane])
}

// arithmetic is every operator that needs all its operands and computes a number.
func (m *machine) arithmetic(n *node, v *vector, want Bits) {
	a := m.need(n.args[0], want)
	b := a
	if len(n.args) > 1 {
		b = m.need(n.args[1], want)
	}
	f := arithmeticOf(n)
	for w := range want {
		if want[w] == 0 {
			continue
		}
		s := strict(a.states(w), b.states(w))
		failed := uint64(0)
		for lanes := s.known & want[w]; lanes != 0; lanes &= lanes - 1 {
			bit := bits.TrailingZeros64(lanes)
			i := w<<6 + bit
			result, ok := f(a.num[i], b.num[i])
			if !ok {
				failed |= 1 << bit
			}
			v.num[i] = result
		}
		s.known &^= failed
		s.err |= failed
		v.put(w, want[w], s)
	}
	v.inheritTaints(want, a, b)
}

// arithmeticOf is a node's operator on one lane; false is an error: overflow or division by zero.
func arithmeticOf(n *node) func(a, b int64) (int64, bool) {
	switch n.op {
	case opAdd:
		if n.typ == pack.Decimal {
			return decimalOp(money.Decimal.Add)
		}
		return addInt
	case opSubtract:
		if n.typ == pack.Decimal {
			return decimalOp(money.Decimal.Sub)
		}
		return subtractInt
	case opMultiplyInt:
		return multiplyInt
	case opMultiply:
		return decimalOp(money.Decimal.Mul)
	case opDivide:
		return decimalOp(money.Decimal.Quo)
	case opNegate:
		return func(a, _ int64) (int64, bool) { return subtractInt(0, a) }
	case opDecimal:
		return func(a, _ int64) (int64, bool) { d, ok := money.FromInt(a); return int64(d), ok }
	case opYears:
		return dateOp(calendar.Years)
	case opMonths:
		return dateOp(calendar.Months)
	case opDays:
		return dateOp(calendar.Days)
	case opRound:
		return func(a, _ int64) (int64, bool) { d, ok := money.Decimal(a).Round(int(n.num)); return int64(d), ok }
	case opFloor:
		return func(a, _ int64) (int64, bool) { d, ok := money.Decimal(a).Floor(); return int64(d), ok }
	case opCeil:
		return func(a, _ int64) (int64, bool) { d, ok := money.Decimal(a).Ceil(); return int64(d), ok }
	case opLeast:
		return func(a, b int64) (int64, bool) { return min(a, b), true }
	case opGreatest:
		return func(a, b int64) (int64, bool) { return max(a, b), true }
	}
	panic("rules: no arithmetic for an operator")
}

func decimalOp(f func(a, b money.Decimal) (money.Decimal, bool)) func(a, b int64) (int64, bool) {
	return func(a, b int64) (int64, bool) {
		d, ok := f(money.Decimal(a), money.Decimal(b))
		return int64(d), ok
	}
}

func dateOp(f func(a, b calendar.Date) int) func(a, b int64) (int64, bool) {
	return func(a, b int64) (int64, bool) { return int64(f(calendar.Date(a), calendar.Date(b))), true }
}

func addInt(a, b int64) (int64, bool) {
	s := a + b
	return s, (s^a)&(s^b) >= 0
}

func subtractInt(a, b int64) (int64, bool) {
	d := a - b
	return d, (a^b)&(a^d) >= 0
}

func multiplyInt(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	return p, p/b == a && !(a == -1 && b == -1<<63) && !(b == -1 && a == -1<<63)
}
