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
		v.liftValues(n, a, of, want)
	}
	for t := range taints {
		if v.taints[t] == nil || !a.taints[t].Any() {
			continue
		}
		for w, lanes := range want {
			v.taints[t][w] |= expand(a.taints[t], of, w, lanes)
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
		}
	}
}

func (v *vector) liftValues(n *node, a *vector, of []int32, want Bits) {
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		s := states{known: expand(a.known, of, w, lanes)}
		if a.odd {
			s.err, s.lapsed = expand(a.err, of, w, lanes), expand(a.lapsed, of, w, lanes)
		}
		if n.typ == pack.Bool {
			v.putBool(w, lanes, s, expand(a.isTrue, of, w, lanes))
			continue
		}
		v.put(w, lanes, s)
		gather(v.num[w<<6:], a.num, of[w<<6:], lanes)
	}
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
