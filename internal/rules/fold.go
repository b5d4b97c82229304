package rules

import "math/bits"

// fold computes a fold of each wanted lane over the rows below it. Members that do not count are left out. Supporters or
// events that are not known completely stand as one more, unknown row.
//
// What is rare is looked for in the bitmaps of the rows: one true row decides an exists, and a row without a value leaves
// its lane without one. Only sums and extremes go from row to row.
func (m *machine) fold(n *node, v *vector, want Bits) {
	rows, borrowed := m.rowsBelow(n.over, n.rel, want)
	body := m.need(n.args[0], rows)
	m.foldRows(n, v, body, rows, want)
	m.foldTaints(n, v, body, rows, want)
	if borrowed {
		m.release(n.over, rows)
	}
}

// rowsBelow is the rows below the wanted lanes, and whether they were borrowed.
func (m *machine) rowsBelow(over, rel relation, want Bits) (Bits, bool) {
	if m.wantsAll(rel, want) {
		if over == persons {
			return m.counted, false
		}
		return m.all[over], false
	}
	rows := m.selection(over)
	for w, lanes := range want {
		for ; lanes != 0; lanes &= lanes - 1 {
			from, to := m.segment(over, w<<6+bits.TrailingZeros64(lanes))
			for row := from; row < to; row++ {
				rows.Set(row)
			}
		}
	}
	return rows, true
}

func (m *machine) wantsAll(rel relation, want Bits) bool {
	for w, lanes := range m.all[rel] {
		if want[w] != lanes {
			return false
		}
	}
	return true
}

func (m *machine) foldRows(n *node, v *vector, body *vector, rows, want Bits) {
	f := m.frame(n.rel)
	defer m.keep(n.rel, f)
	m.openLanes(n, f, body, rows, want)
	switch n.op {
	case opExists, opAll:
		m.quantify(n, v, f, body, rows, want)
	case opCount:
		m.count(n, v, body, rows, want)
	case opSum:
		m.sum(n, v, f, body, want)
	default:
		m.extreme(n, v, f, body, want)
	}
	for w, lanes := range want {
		s := states{known: lanes &^ (f.unknown[w] &^ f.decided[w])}
		if f.odd {
			s.err = f.failed[w] &^ f.decided[w] &^ f.unknown[w]
			s.lapsed = f.lapsed[w] &^ f.decided[w] &^ f.unknown[w] &^ s.err
			s.known &^= s.err | s.lapsed
		}
		v.put(w, lanes, s)
		if v.isTrue != nil {
			v.isTrue[w] &^= lanes &^ s.known
		}
	}
	if v.isTrue == nil {
		m.settleNumbers(n, v, want)
	}
}

// openLanes finds the lanes that not every row's value decides: unknown before error before not in force.
func (m *machine) openLanes(n *node, f *frame, body *vector, rows, want Bits) {
	of := m.owners(n.over)
	for w, lanes := range rows {
		mark(f.unknown, of, w, lanes&body.states(w).unknown())
	}
	if body.odd {
		f.odd = true
		for w, lanes := range rows {
			mark(f.failed, of, w, lanes&body.err[w])
			mark(f.lapsed, of, w, lanes&body.lapsed[w])
		}
	}
	if n.over == supporters {
		f.unknownUnless(m.batch.AllSupporters, want)
	}
	t := m.table(n.over.parent())
	for _, kind := range n.kinds {
		f.unknownUnless(t.Complete[kind], want)
	}
}

func (f *frame) unknownUnless(complete, want Bits) {
	for w, lanes := range want {
		f.unknown[w] |= lanes &^ complete[w]
	}
}

// mark sets the owners of a word of rows. Those of neighbours mostly lie in one word.
func mark(b Bits, of []int32, w int, rows uint64) {
	if rows == 0 {
		return
	}
	at, set := of[w<<6+bits.TrailingZeros64(rows)]>>6, uint64(0)
	for ; rows != 0; rows &= rows - 1 {
		owner := of[w<<6+bits.TrailingZeros64(rows)]
		if owner>>6 != at {
			b[at] |= set
			at, set = owner>>6, 0
		}
		set |= 1 << (owner & 63)
	}
	b[at] |= set
}

// quantify decides exists by one true row and all by one false one.
func (m *machine) quantify(n *node, v *vector, f *frame, body *vector, rows, want Bits) {
	of, flip := m.owners(n.over), uint64(0)
	if n.op == opAll {
		flip = ^uint64(0)
	}
	for w, lanes := range rows {
		mark(f.decided, of, w, lanes&body.known[w]&(body.isTrue[w]^flip))
	}
	for w, lanes := range want {
		v.isTrue[w] = v.isTrue[w]&^lanes | (f.decided[w]^flip)&lanes
	}
}

func (m *machine) count(n *node, v *vector, body *vector, rows, want Bits) {
	v.zero(want)
	of := m.owners(n.over)
	for w, lanes := range rows {
		for lanes &= body.isTrue[w] & body.known[w]; lanes != 0; lanes &= lanes - 1 {
			v.num[of[w<<6+bits.TrailingZeros64(lanes)]]++
		}
	}
}

// zero makes numbers nothing.
func (v *vector) zero(want Bits) {
	for w, lanes := range want {
		if lanes == ^uint64(0) {
			clear(v.num[w<<6 : w<<6+64])
			continue
		}
		for ; lanes != 0; lanes &= lanes - 1 {
			v.num[w<<6+bits.TrailingZeros64(lanes)] = 0
		}
	}
}

func (m *machine) sum(n *node, v *vector, f *frame, body *vector, want Bits) {
	if body.same && body.num[0] == 0 {
		v.zero(want)
		return
	}
	start, counted := m.segments(n.over)
	for w, lanes := range want {
		for lanes &^= f.unknown[w] | f.failed[w] | f.lapsed[w]; lanes != 0; lanes &= lanes - 1 {
			lane := w<<6 + bits.TrailingZeros64(lanes)
			from, to := start[lane], start[lane+1]
			if counted != nil {
				to = from + counted[lane]
			}
			sum, ok := int64(0), true
			switch {
			case body.same:
				sum, ok = sumSame(n, body.num[0], to-from)
			case to-from == 1:
				sum = body.num[from]
			default:
				sum, ok = sumOf(n, body.num[from:to])
			}
			v.num[lane] = sum
			if !ok {
				f.odd = true
				f.failed.Set(lane)
			}
		}
	}
}

func sumSame(n *node, num int64, times int32) (sum int64, ok bool) {
	ok = true
	for i := int32(0); i < times && ok; i++ {
		sum, ok = add(n.typ, sum, num)
	}
	return sum, ok
}

// sumOf adds numbers up. Small ones cannot overflow together.
func sumOf(n *node, nums []int64) (sum int64, ok bool) {
	const small = 1 << 52
	size := int64(0)
	for _, num := range nums {
		sum += num
		size |= num ^ num>>63
	}
	if size < small && len(nums) < 1<<10 {
		return sum, true
	}
	sum, ok = 0, true
	for _, num := range nums {
		if sum, ok = add(n.typ, sum, num); !ok {
			return sum, false
		}
	}
	return sum, true
}

// extreme is max or min; of no rows it is an error.
func (m *machine) extreme(n *node, v *vector, f *frame, body *vector, want Bits) {
	for w, lanes := range want {
		for lanes &^= f.unknown[w] | f.failed[w] | f.lapsed[w]; lanes != 0; lanes &= lanes - 1 {
			lane := w<<6 + bits.TrailingZeros64(lanes)
			from, to := m.segment(n.over, lane)
			if from == to {
				f.odd = true
				f.failed.Set(lane)
				continue
			}
			best := body.number(from)
			for row := from + 1; row < to; row++ {
				if n.op == opMax {
					best = max(best, body.number(row))
				} else {
					best = min(best, body.number(row))
				}
			}
			v.num[lane] = best
		}
	}
}

// settleNumbers notices that a fold came to the same number everywhere, as sums of what is rare do.
func (m *machine) settleNumbers(n *node, v *vector, want Bits) {
	if v.odd || !m.wantsAll(n.rel, want) {
		return
	}
	for w, lanes := range want {
		if v.known[w]&lanes != lanes {
			return
		}
	}
	for _, num := range v.num[:m.lanes[n.rel]] {
		if num != v.num[0] {
			return
		}
	}
	v.same, v.full = true, true
	fillAll(v.known, true)
}

// foldTaints lets a lane that has a value rest on what its rows rest on, and a fold over people on who belongs together.
func (m *machine) foldTaints(n *node, v *vector, body *vector, rows, want Bits) {
	for t := range taints {
		if body.rests && body.taints[t].Any() {
			m.foldTaint(n, v, t, body.taints[t], rows)
		}
	}
	if n.over == persons || n.over == supporters {
		for w, lanes := range want {
			v.taint(doubted, w, lanes&m.unsure[w])
		}
	}
}

func (m *machine) foldTaint(n *node, v *vector, t taint, tainted, rows Bits) {
	of := m.owners(n.over)
	for w, lanes := range rows {
		for lanes &= tainted[w]; lanes != 0; lanes &= lanes - 1 {
			if lane := int(of[w<<6+bits.TrailingZeros64(lanes)]); v.known.Has(lane) {
				v.taint(t, lane>>6, 1<<(lane&63))
			}
		}
	}
}

// doubtful reports whether who belongs to a household is not settled. In a dormitory or an institution nobody is known to
// be anybody's family.
func (m *machine) doubtful(household int) bool { return m.unsure.Has(household) }

// segment is the rows below a lane.
func (m *machine) segment(over relation, lane int) (from, to int) {
	start, counted := m.segments(over)
	if counted != nil {
		return int(start[lane]), int(start[lane] + counted[lane])
	}
	return int(start[lane]), int(start[lane+1])
}

// segments is where the rows below each lane start, and of persons how many of them count.
func (m *machine) segments(over relation) (start, counted []int32) {
	switch over {
	case persons:
		return m.batch.MemberStart, m.batch.Counted
	case supporters:
		return m.batch.SupporterStart, nil
	case householdEvents:
		return m.batch.HouseholdEvent.Start, nil
	}
	return m.batch.PersonEvent.Start, nil
}
