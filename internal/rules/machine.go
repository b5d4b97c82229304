package rules

import (
	"math/bits"

	"dajiuzhu/internal/pack"
)

// machine evaluates a plan over one batch after the other. It is not safe for concurrent use; each worker has its own.
type machine struct {
	plan    *Plan
	batch   *Batch
	number  uint64 // of the batch
	narrow  bool   // stop where the answer is decided; off for explanations
	lanes   [relations]int
	all     [relations]Bits // every lane
	counted Bits            // persons who count as members
	unsure  Bits            // households whose composition is not settled
	vectors []vector
	free    [relations][]Bits // selections for reuse
	results []programmeLanes
	sizes   [relations]int // lanes for which vectors have room
	fired   []Bits
	frames  [relations][]*frame
	stack   []*vector // operands of the connectives under way
	places  placeMemory
	former  *machine  // of another plan, evaluated beside this one; nil without one
	shared  []int32   // of each node: the former's that computes the same; -1 for none
	left    [64]int64 // an operand that is the same in all lanes, for a word of lanes
	right   [64]int64
}

// newMachine makes a machine with room for nothing yet.
func newMachine(p *Plan, narrow bool) *machine {
	return &machine{plan: p, narrow: narrow, vectors: make([]vector, len(p.nodes)), results: make([]programmeLanes, len(p.programmes))}
}

// load makes the machine ready for a batch. Vectors forget the batch before when they are first asked.
func (m *machine) load(b *Batch) {
	b.link()
	m.batch = b
	m.number++
	m.lanes = [relations]int{
		scalar: 1, households: b.Household.N, persons: b.Person.N, supporters: b.Supporter.N,
		householdEvents: b.HouseholdEvent.N, personEvents: b.PersonEvent.N, feedRows: b.PersonEvent.N,
	}
	m.grow()
	for rel, n := range m.lanes {
		m.all[rel] = sizedBits(m.all[rel], n)
		fillBits(m.all[rel], n)
	}
	m.counted = sizedBits(m.counted, b.Person.N)
	for w := range m.counted {
		m.counted[w] = m.all[persons][w] &^ b.uncounted[w]
	}
	m.unsure = sizedBits(m.unsure, b.Household.N)
	for w := range m.unsure {
		m.unsure[w] = lookUpWord(b.Doubtful, w) | lookUpWord(b.Collective, w)
	}
}

// lookUpWord is a word of a bitmap that may be absent.
func lookUpWord(b Bits, w int) uint64 {
	if b == nil {
		return 0
	}
	return b[w]
}

func sizedBits(b Bits, lanes int) Bits {
	words := (lanes + 63) / 64
	if cap(b) < words {
		return make(Bits, words, words*5/4)
	}
	return b[:words]
}

// grow gives every vector room for the batch; rooms only grow.
func (m *machine) grow() {
	var grown [relations]bool
	some := false
	for rel := scalar; rel < relations; rel++ {
		if m.lanes[rel] <= m.sizes[rel] {
			continue
		}
		grown[rel], some = true, true
		m.sizes[rel] = max(m.lanes[rel], m.sizes[rel]*5/4)
		m.free[rel], m.frames[rel] = nil, nil
	}
	if !some {
		return
	}
	var r room
	for i := range m.vectors {
		if n := &m.plan.nodes[i]; grown[n.rel] && n.op != opVariable {
			m.vectors[i] = r.vector(n, m.sizes[n.rel])
		}
	}
}

// point lets a fact's vector be the batch's column; nothing is copied but the truth of a bool.
func (m *machine) point(n *node, v *vector) {
	v.batch, v.full, v.same = m.number, true, false
	v.known, v.num = v.ownKnown, v.ownNum
	column, lanes := m.column(n), m.lanes[n.rel]
	switch {
	case lanes == 0:
	case column.Same:
		v.takeSame(column)
	case n.typ == pack.Bool:
		copy(v.known, column.Known)
		v.readTruth(column)
		v.settle(m.all[n.rel])
	default:
		v.known = column.Known
		v.num = m.wholeWords(v, column.Num, lanes)
	}
}

func (v *vector) takeSame(c *Column) {
	num, known := c.At(0)
	if !known {
		v.fill(stateUnknown, 0)
		return
	}
	v.fill(stateKnown, num)
}

// wholeWords is a column's numbers up to a whole word of lanes; they are copied if there is no room behind them.
func (m *machine) wholeWords(v *vector, num []int64, lanes int) []int64 {
	whole := (lanes + 63) &^ 63
	if cap(num) >= whole {
		return num[:whole]
	}
	copy(v.ownNum, num)
	return v.ownNum[:whole]
}

func (v *vector) readTruth(c *Column) {
	for w, known := range c.Known {
		truth := uint64(0)
		for i, num := range c.Num[w<<6 : min(len(c.Num), w<<6+64)] {
			truth |= uint64(num&1) << i
		}
		v.isTrue[w] = truth & known
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

// everything selects all lanes of a relation, for the caller to change.
func (m *machine) everything(rel relation) Bits {
	b := m.selection(rel)
	copy(b, m.all[rel])
	return b
}

func fillBits(b Bits, n int) {
	fillAll(b, true)
	if rest := n & 63; rest != 0 {
		b[len(b)-1] = 1<<rest - 1
	}
}

// need makes a node's wanted lanes done and returns its vector.
func (m *machine) need(id int32, want Bits) *vector {
	id = m.plan.bodies[id]
	if m.shared != nil && m.shared[id] >= 0 {
		return m.former.need(m.shared[id], want)
	}
	v := &m.vectors[id]
	switch {
	case v.batch != m.number:
		m.first(&m.plan.nodes[id], v, want)
	case !v.full:
		m.rest(&m.plan.nodes[id], v, want)
	}
	return v
}

// first makes a vector be about the batch.
func (m *machine) first(n *node, v *vector, want Bits) {
	switch {
	case n.op == opFact || n.op == opHolds:
		m.point(n, v)
	case n.constant && v.same:
		v.batch = m.number
	default:
		v.begin(m.number)
		if v.full = m.lanes[n.rel] == 0; !v.full {
			m.fresh(n, v, want)
		}
	}
}

// most is the part of the lanes, one in so many, above which all are computed at once: a node that several formulas ask for
// one group of lanes after the other costs more than one that is done.
const most = 16

// fresh computes the first lanes of a vector.
func (m *machine) fresh(n *node, v *vector, want Bits) {
	some := want.Count()
	if some == 0 {
		return
	}
	if some*most >= m.lanes[n.rel] {
		want = m.all[n.rel]
	}
	m.compute(n, v, want)
	if !v.full {
		copy(v.done, want)
		m.finish(n, v)
	}
}

// rest computes the wanted lanes of a vector that are not done yet.
func (m *machine) rest(n *node, v *vector, want Bits) {
	missing := m.selection(n.rel)
	defer m.release(n.rel, missing)
	some := 0
	for w := range missing {
		missing[w] = want[w] &^ v.done[w]
		some += bits.OnesCount64(missing[w])
	}
	if some == 0 {
		return
	}
	if some*most >= m.lanes[n.rel] {
		for w, all := range m.all[n.rel] {
			missing[w] = all &^ v.done[w]
		}
	}
	m.compute(n, v, missing)
	for w := range missing {
		v.done[w] |= missing[w]
	}
	m.finish(n, v)
}

// finish notices that all lanes are done.
func (m *machine) finish(n *node, v *vector) {
	if v.full {
		return
	}
	all := m.all[n.rel]
	for w := range all {
		if v.done[w] != all[w] {
			return
		}
	}
	v.full = true
	switch {
	case n.rel == scalar:
		v.fill(v.state(0), v.number(0))
	case n.typ == pack.Bool:
		v.settle(all)
	}
}

func (m *machine) compute(n *node, v *vector, want Bits) {
	switch n.op {
	case opConst:
		v.fill(stateKnown, n.num)
	case opNotInForce:
		v.fill(stateLapsed, 0)
	case opPlace:
		m.place(v)
	case opParam:
		m.param(n, v, want)
	case opParamTable, opParamBand:
		m.lookUp(n, v, want)
	case opEligible, opAmount, opOutcome:
		m.programmeValue(n, v, want)
	case opAnd:
		m.connective(n, v, want, false)
	case opOr:
		m.connective(n, v, want, true)
	case opNot:
		m.not(n, v, want)
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

// each calls f for every lane of a selection.
func each(b Bits, f func(lane int)) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			f(w<<6 + bits.TrailingZeros64(word))
		}
	}
}

// above is the lane above a lane.
func (m *machine) above(rel relation, lane int) int { return int(m.owners(rel)[lane]) }

// owners is the lane above each lane of a relation.
func (m *machine) owners(rel relation) []int32 {
	switch rel {
	case persons:
		return m.batch.householdOf
	case supporters:
		return m.batch.supporterOf
	case householdEvents:
		return m.batch.HouseholdEvent.of
	}
	return m.batch.PersonEvent.of
}

// word is 64 lanes of an operand's numbers.
func (v *vector) word(w int, spread *[64]int64) []int64 {
	if v.same {
		return spread[:]
	}
	return v.num[w<<6 : w<<6+64]
}

// spread writes an operand that is the same in all lanes to a word of them.
func (v *vector) spread(to *[64]int64, lanes int) {
	if !v.same {
		return
	}
	for i := range min(lanes, len(to)) {
		to[i] = v.num[0]
	}
}
