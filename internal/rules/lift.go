package rules

import (
	"math/bits"

	"dajiuzhu/internal/pack"
)

// lift gives each lane the value of its lane above.
func (m *machine) lift(n *node, v *vector, want Bits) {
	from := m.plan.nodes[n.args[0]].rel
	a, of := m.needAbove(n.args[0], from, n.rel, want), m.owners(n.rel)
	if a.same {
		v.fillSame(a)
		want = m.all[n.rel]
		if from == scalar {
			v.fillTaints(a)
			return
		}
	} else {
		m.liftValues(n, v, a, from, want)
	}
	if !a.rests {
		return
	}
	for t := range taints {
		if !a.taints[t].Any() {
			continue
		}
		for w, lanes := range want {
			v.taint(t, w, expand(a.taints[t], of, w, lanes))
		}
	}
}

// needAbove computes the lanes above the wanted ones. Where most lanes are wanted all above are computed, which costs
// less than to look which.
func (m *machine) needAbove(id int32, from, rel relation, want Bits) *vector {
	if from == scalar || 2*want.Count() >= m.lanes[rel] {
		return m.need(id, m.all[from])
	}
	above := m.selection(from)
	defer m.release(from, above)
	of := m.owners(rel)
	for w, lanes := range want {
		for ; lanes != 0; lanes &= lanes - 1 {
			above.Set(int(of[w<<6+bits.TrailingZeros64(lanes)]))
		}
	}
	return m.need(id, above)
}

// fillTaints lets every lane rest on what a scalar rests on.
func (v *vector) fillTaints(a *vector) {
	for t := range taints {
		if v.taints[t] != nil && a.tainted(t, 0)&1 != 0 {
			fillAll(v.taints[t], true)
			v.rests = true
		}
	}
}

func (m *machine) liftValues(n *node, v, a *vector, from relation, want Bits) {
	of := m.owners(n.rel)
	all := !a.odd && m.covers(a.known, from)
	few := n.typ == pack.Bool && m.liftFew(n, v, a, want)
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		s := states{known: lanes}
		if !all {
			s.known = expand(a.known, of, w, lanes)
		}
		if a.odd {
			s.err, s.lapsed = expand(a.err, of, w, lanes), expand(a.lapsed, of, w, lanes)
		}
		switch {
		case few:
			v.put(w, lanes, s)
		case n.typ == pack.Bool:
			v.putBool(w, lanes, s, expand(a.isTrue, of, w, lanes))
		default:
			v.put(w, lanes, s)
			gather(v.num[w<<6:], a.num, of[w<<6:], lanes)
		}
	}
}

func (m *machine) covers(b Bits, rel relation) bool {
	for w, lanes := range m.all[rel] {
		if b[w]&lanes != lanes {
			return false
		}
	}
	return true
}

// liftFew writes the truth of a bool that is true in few of the lanes above; it reports whether it did.
func (m *machine) liftFew(n *node, v, a *vector, want Bits) bool {
	if n.rel == personEvents || n.rel == feedRows || 8*a.isTrue.Count() > m.lanes[n.rel.parent()] {
		return false
	}
	for w, lanes := range want {
		v.isTrue[w] &^= lanes
	}
	start := m.starts(n.rel)
	for w := range m.all[households] {
		for lanes := a.isTrue[w] & a.known[w] & m.all[households][w]; lanes != 0; lanes &= lanes - 1 {
			above := w<<6 + bits.TrailingZeros64(lanes)
			for lane := start[above]; lane < start[above+1]; lane++ {
				v.isTrue[lane>>6] |= 1 << (lane & 63) & want[lane>>6]
			}
		}
	}
	return true
}

// starts is the first row of each household in a relation below it, and one more.
func (m *machine) starts(rel relation) []int32 {
	switch rel {
	case persons:
		return m.batch.MemberStart
	case supporters:
		return m.batch.SupporterStart
	}
	return m.batch.HouseholdEvent.Start
}

// expand is, for a word of lanes, the bits of the lanes above them.
func expand(b Bits, of []int32, w int, lanes uint64) uint64 {
	word := uint64(0)
	if !dense(lanes) {
		for rest := lanes; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			above := of[w<<6+i]
			word |= b[above>>6] >> (above & 63) & 1 << i
		}
		return word
	}
	for i, above := range of[w<<6 : min(len(of), w<<6+64)] {
		word |= b[above>>6] >> (above & 63) & 1 << i
	}
	return word & lanes
}

// gather copies, for a word of lanes, the numbers of the lanes above them.
func gather(to, from []int64, of []int32, lanes uint64) {
	if !dense(lanes) {
		for ; lanes != 0; lanes &= lanes - 1 {
			i := bits.TrailingZeros64(lanes)
			to[i] = from[of[i]]
		}
		return
	}
	for i, above := range of[:min(len(of), 64)] {
		to[i] = from[above]
	}
}

// dense reports whether it is cheaper to compute all lanes of a word than to look for the wanted ones.
func dense(lanes uint64) bool { return bits.OnesCount64(lanes) >= 20 }
