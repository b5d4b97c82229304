package rules

import "math/bits"

// comparison compares numbers or truths. A word of lanes is compared at once.
func (m *machine) comparison(n *node, v *vector, want Bits) {
	if m.isOutcome(n, v, want) {
		return
	}
	a, b := m.need(n.args[0], want), m.need(n.args[1], want)
	if a.same && b.same {
		want = m.all[n.rel]
	}
	if a.isTrue != nil {
		for w, lanes := range want {
			v.putBool(w, lanes, strict(a.states(w), b.states(w)), ^(a.isTrue[w] ^ b.isTrue[w]))
		}
		v.inheritFrom(want, a, b)
		return
	}
	if a.same && b.same {
		v.fillStrict(a, b, boolNum(compare(n.op, a.num[0], b.num[0])))
		v.inheritFrom(want, a, b)
		return
	}
	a.spread(&m.left, m.lanes[n.rel])
	b.spread(&m.right, m.lanes[n.rel])
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		s := strict(a.states(w), b.states(w))
		truth := uint64(0)
		if known := s.known & lanes; known != 0 {
			truth = compareWord(n.op, a.word(w, &m.left), b.word(w, &m.right), known)
		}
		v.putBool(w, lanes, s, truth)
	}
	v.inheritFrom(want, a, b)
}

func (v *vector) inheritFrom(want Bits, a, b *vector) {
	v.inheritTaints(want, a)
	if b != a {
		v.inheritTaints(want, b)
	}
}

// fillStrict makes every lane a value that needs two operands which are the same everywhere.
func (v *vector) fillStrict(a, b *vector, num int64) {
	v.fill(strictState(a.state(0), b.state(0)), num)
}

// strictState is the state of what needs two operands: unknown before error before not in force.
func strictState(a, b laneState) laneState {
	for _, s := range [...]laneState{stateUnknown, stateError, stateLapsed} {
		if a == s || b == s {
			return s
		}
	}
	return stateKnown
}

func compare(o op, a, b int64) bool {
	switch o {
	case opEqual:
		return a == b
	case opLess:
		return a < b
	}
	return a <= b
}

func compareWord(o op, a, b []int64, lanes uint64) uint64 {
	truth := uint64(0)
	if !dense(lanes) {
		for rest := lanes; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			if compare(o, a[i], b[i]) {
				truth |= 1 << i
			}
		}
		return truth
	}
	switch o {
	case opEqual:
		truth = equalWord(a, b)
	case opLess:
		truth = lessWord(a, b)
	default:
		truth = ^lessWord(b, a)
	}
	return truth & lanes
}

// lessWord compares a whole word of lanes, eight at a time: the shifts within are then constants.
func lessWord(a, b []int64) uint64 {
	truth := uint64(0)
	for i := 0; i < 64; i += 8 {
		x, y := a[i:i+8:i+8], b[i:i+8:i+8]
		truth |= (bit(x[0] < y[0]) | bit(x[1] < y[1])<<1 | bit(x[2] < y[2])<<2 | bit(x[3] < y[3])<<3 |
			bit(x[4] < y[4])<<4 | bit(x[5] < y[5])<<5 | bit(x[6] < y[6])<<6 | bit(x[7] < y[7])<<7) << i
	}
	return truth
}

// equalWord is lessWord for equality.
func equalWord(a, b []int64) uint64 {
	truth := uint64(0)
	for i := 0; i < 64; i += 8 {
		x, y := a[i:i+8:i+8], b[i:i+8:i+8]
		truth |= (bit(x[0] == y[0]) | bit(x[1] == y[1])<<1 | bit(x[2] == y[2])<<2 | bit(x[3] == y[3])<<3 |
			bit(x[4] == y[4])<<4 | bit(x[5] == y[5])<<5 | bit(x[6] == y[6])<<6 | bit(x[7] == y[7])<<7) << i
	}
	return truth
}

// bit is 1 for true; the compiler makes no jump of it.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// isOutcome compares a programme's outcome with one that is written out; it reports whether the node does. The lanes that
// come to it are a bitmap already.
func (m *machine) isOutcome(n *node, v *vector, want Bits) bool {
	if n.op != opEqual {
		return false
	}
	first, second := m.plan.nodes[n.args[0]], m.plan.nodes[n.args[1]]
	if first.op != opOutcome || second.op != opLift || m.plan.nodes[second.args[0]].op != opConst {
		return false
	}
	m.outcomes(v, first.prog, want, func(o int) bool { return int64(o) == m.plan.nodes[second.args[0]].num })
	return true
}

// outcomes is true where a programme comes to an outcome that is asked for.
func (m *machine) outcomes(v *vector, p *programmePlan, want Bits, asked func(outcome int) bool) {
	r := m.decide(p, want)
	for w, lanes := range want {
		truth := uint64(0)
		for o := range r.of {
			if asked(o) {
				truth |= r.of[o][w]
			}
		}
		for k := range taints {
			v.taint(k, w, lanes&r.taints[k][w])
		}
		v.putBool(w, lanes, states{known: lanes}, truth)
	}
}

func (m *machine) inSet(n *node, v *vector, want Bits) {
	if of := &m.plan.nodes[n.args[0]]; of.op == opOutcome {
		m.outcomes(v, of.prog, want, n.set.Has)
		return
	}
	a := m.need(n.args[0], want)
	if a.same {
		v.fill(a.state(0), boolNum(a.state(0) == stateKnown && n.set.Has(int(a.num[0]))))
		v.inheritTaints(m.all[n.rel], a)
		return
	}
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		s := a.states(w)
		v.putBool(w, lanes, s, inSetWord(n.set, a.num[w<<6:w<<6+64], s.known&lanes))
	}
	v.inheritTaints(want, a)
}

func (m *machine) hasCode(n *node, v *vector, want Bits) {
	code, set := m.need(n.args[0], want), m.need(n.args[1], want)
	if code.same && set.same {
		v.fillStrict(code, set, set.num[0]>>(code.num[0]&63)&1)
		v.inheritFrom(m.all[n.rel], code, set)
		return
	}
	code.spread(&m.left, m.lanes[n.rel])
	set.spread(&m.right, m.lanes[n.rel])
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		s := strict(code.states(w), set.states(w))
		truth := uint64(0)
		codes, sets := code.word(w, &m.left), set.word(w, &m.right)
		for rest := s.known & lanes; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			truth |= uint64(sets[i]>>codes[i]&1) << i
		}
		v.putBool(w, lanes, s, truth)
	}
	v.inheritFrom(want, code, set)
}

func inSetWord(set Bits, nums []int64, lanes uint64) uint64 {
	truth := uint64(0)
	if len(set) == 1 && dense(lanes) {
		for i, num := range nums[:64] {
			truth |= set[0] >> (num & 63) & 1 << i
		}
		return truth & lanes
	}
	for ; lanes != 0; lanes &= lanes - 1 {
		i := bits.TrailingZeros64(lanes)
		truth |= bit(set.Has(int(nums[i]))) << i
	}
	return truth
}
