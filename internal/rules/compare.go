package rules

import "math/bits"

// comparison compares numbers or truths. A word of lanes is compared at once.
func (m *machine) comparison(n *node, v *vector, want Bits) {
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
	a, b = a[:64], b[:64]
	switch o {
	case opEqual:
		for i := range 64 {
			truth |= bit(a[i] == b[i]) << i
		}
	case opLess:
		for i := range 64 {
			truth |= bit(a[i] < b[i]) << i
		}
	default:
		for i := range 64 {
			truth |= bit(a[i] <= b[i]) << i
		}
	}
	return truth & lanes
}

// bit is 1 for true; the compiler makes no jump of it.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (m *machine) inSet(n *node, v *vector, want Bits) {
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
		truth := uint64(0)
		for rest := s.known & lanes; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			truth |= bit(n.set.Has(int(a.num[w<<6+i]))) << i
		}
		v.putBool(w, lanes, s, truth)
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
