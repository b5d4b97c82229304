package rules

// vector is a node's value in every lane of its relation. A lane is in one of four states: known, in error, not in force,
// or, in none of these bitmaps, unknown. A lane means something only once it is done.
type vector struct {
	num    []int64 // all types but bool
	isTrue Bits    // bool: the known true lanes
	known  Bits
	err    Bits
	lapsed Bits // not in force
	done   Bits
	taints [taints]Bits // what a value rests on; nil where it cannot
	odd    bool         // some lane is in error or not in force
}

// taint is something that a value can rest on and that every outcome it reaches has to tell.
type taint int

const (
	assumed taint = iota // a default stood in for something unknown
	doubted              // who belongs to the household is not settled
	taints
)

// tainted is the lanes of a word that rest on t.
func (v *vector) tainted(t taint, w int) uint64 {
	if v.taints[t] == nil {
		return 0
	}
	return v.taints[t][w]
}

// taint marks lanes of a word as resting on t.
func (v *vector) taint(t taint, w int, lanes uint64) {
	if v.taints[t] != nil {
		v.taints[t][w] |= lanes
	}
}

// inheritTaints lets the wanted lanes rest on what the operands rest on.
func (v *vector) inheritTaints(want Bits, from ...*vector) {
	for t := range taints {
		if v.taints[t] == nil {
			continue
		}
		for _, a := range from {
			if a.taints[t] == nil {
				continue
			}
			for w := range want {
				v.taints[t][w] |= a.taints[t][w] & want[w]
			}
		}
	}
}

// inheritLane does the same from one lane to another.
func (v *vector) inheritLane(lane int, from *vector, source int) {
	for t := range taints {
		if v.taints[t] != nil && from.taints[t] != nil && from.taints[t].Has(source) {
			v.taints[t].Set(lane)
		}
	}
}

// states is the state of 64 lanes.
type states struct{ known, err, lapsed uint64 }

func (v *vector) states(w int) states {
	if !v.odd {
		return states{known: v.known[w]}
	}
	return states{v.known[w], v.err[w], v.lapsed[w]}
}

func (s states) unknown() uint64 { return ^(s.known | s.err | s.lapsed) }

// strict combines operands of which each is needed: unknown before error before not in force.
func strict(a, b states) states {
	known := a.known & b.known
	if a.err|b.err|a.lapsed|b.lapsed == 0 {
		return states{known: known}
	}
	unknown := a.unknown() | b.unknown()
	err := (a.err | b.err) &^ unknown
	return states{known: known, err: err, lapsed: (a.lapsed | b.lapsed) &^ unknown &^ err}
}

// put records the state of the wanted lanes of a word.
func (v *vector) put(w int, want uint64, s states) {
	v.known[w] = v.known[w]&^want | s.known&want
	if (s.err|s.lapsed)&want != 0 {
		v.odd = true
	}
	if v.odd {
		v.err[w] = v.err[w]&^want | s.err&want
		v.lapsed[w] = v.lapsed[w]&^want | s.lapsed&want
	}
}

// putBool records the state and the truth of the wanted lanes of a word.
func (v *vector) putBool(w int, want uint64, s states, truth uint64) {
	v.put(w, want, s)
	v.isTrue[w] = v.isTrue[w]&^want | truth&s.known&want
}

// fail marks a lane as in error.
func (v *vector) fail(lane int) {
	v.odd = true
	v.known.Clear(lane)
	v.err.Set(lane)
}

// reset forgets everything, for n lanes.
func (v *vector) reset() {
	clear(v.done)
	if v.odd {
		clear(v.err)
		clear(v.lapsed)
		v.odd = false
	}
	for t := range taints {
		clear(v.taints[t])
	}
}
