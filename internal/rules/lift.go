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

// expand is, for a word of lanes, the bits of the lanes above them. These ascend, and mostly lie so close that one word holds
// all of them, in which they are often all alike.
func expand(b Bits, of []int32, w int, lanes uint64) uint64 {
	above := of[w<<6 : min(len(of), w<<6+64)]
	if lanes == 0 || len(above) == 0 {
		return 0
	}
	first, last := above[0], above[len(above)-1]
	if last-first >= 64 {
		return expandFar(b, above, lanes)
	}
	window, span := b.from(int(first)), ^uint64(0)>>(63-(last-first))
	switch window & span {
	case 0:
		return 0
	case span:
		return lanes
	}
	if len(above) == 64 && dense(lanes) {
		return expandNear(window, above, first) & lanes
	}
	word := uint64(0)
	for rest := lanes; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		word |= window >> ((above[i] - first) & 63) & 1 << i
	}
	return word
}

// expandNear expands a whole word of lanes, eight at a time: the shifts to their places are then constants.
func expandNear(window uint64, above []int32, first int32) uint64 {
	word := uint64(0)
	for i := 0; i < 64; i += 8 {
		x := above[i : i+8 : i+8]
		word |= (window>>((x[0]-first)&63)&1 | window>>((x[1]-first)&63)&1<<1 |
			window>>((x[2]-first)&63)&1<<2 | window>>((x[3]-first)&63)&1<<3 |
			window>>((x[4]-first)&63)&1<<4 | window>>((x[5]-first)&63)&1<<5 |
			window>>((x[6]-first)&63)&1<<6 | window>>((x[7]-first)&63)&1<<7) << i
	}
	return word
}

// from is 64 bits from a lane on.
func (b Bits) from(lane int) uint64 {
	w, shift := lane>>6, lane&63
	word := b[w] >> shift
	if shift > 0 && w+1 < len(b) {
		word |= b[w+1] << (64 - shift)
	}
	return word
}

// expandFar looks each lane's bit up.
func expandFar(b Bits, above []int32, lanes uint64) uint64 {
	word := uint64(0)
	for ; lanes != 0; lanes &= lanes - 1 {
		i := bits.TrailingZeros64(lanes)
		word |= b[above[i]>>6] >> (above[i] & 63) & 1 << i
	}
	return word
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
