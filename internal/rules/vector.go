package rules

import "dajiuzhu/internal/pack"

// vector is a node's value in every lane of its relation. A lane is in one of four states: known, in error, not in force,
// or, in none of these bitmaps, unknown. A lane means something only once it is done.
//
// Where a vector is same, all lanes are done and their state and value are those of lane 0: its bitmaps say so of every
// lane, and of the numbers only the first is there. Most of what registers say is the same of nearly everybody, and so is
// what follows from it. What lanes rest on may differ all the same.
type vector struct {
	batch  uint64 // the batch that all this is about, by its number
	full   bool   // every lane is done
	same   bool
	odd    bool // some lane is in error or not in force
	rests  bool // some lane rests on something
	known  Bits
	num    []int64 // all types but bool
	isTrue Bits    // bool: the known true lanes
	done   Bits
	taints [taints]Bits // what a value rests on; nil where it cannot
	err    Bits
	lapsed Bits // not in force

	ownNum   []int64 // room of a fact's vector, which mostly shows the batch's column
	ownKnown Bits
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
	if !v.rests || v.taints[t] == nil {
		return 0
	}
	return v.taints[t][w]
}

// anyTaint is the lanes of a word that rest on something.
func (v *vector) anyTaint(w int) uint64 {
	if !v.rests {
		return 0
	}
	return v.tainted(assumed, w) | v.tainted(doubted, w)
}

// taint marks lanes of a word as resting on t.
func (v *vector) taint(t taint, w int, lanes uint64) {
	if lanes != 0 && v.taints[t] != nil {
		v.taints[t][w] |= lanes
		v.rests = true
	}
}

// inheritTaints lets the wanted lanes rest on what an operand rests on.
func (v *vector) inheritTaints(want Bits, a *vector) {
	if !a.rests {
		return
	}
	for t := range taints {
		if a.taints[t] == nil {
			continue
		}
		for w, lanes := range want {
			v.taint(t, w, a.taints[t][w]&lanes)
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

// forget makes lanes unknown before they are set one by one.
func (v *vector) forget(want Bits) {
	for w, lanes := range want {
		v.known[w] &^= lanes
	}
	if v.odd {
		for w, lanes := range want {
			v.err[w] &^= lanes
			v.lapsed[w] &^= lanes
		}
	}
}

// fail marks a lane as in error.
func (v *vector) fail(lane int) {
	v.odd = true
	v.known.Clear(lane)
	v.err.Set(lane)
}

// lapse marks a lane as not in force.
func (v *vector) lapse(lane int) {
	v.odd = true
	v.lapsed.Set(lane)
}

// fill makes every lane one value, and the vector same.
func (v *vector) fill(state laneState, num int64) {
	v.same, v.full = true, true
	fillAll(v.known, state == stateKnown)
	if v.odd = v.odd || state == stateError || state == stateLapsed; v.odd {
		fillAll(v.err, state == stateError)
		fillAll(v.lapsed, state == stateLapsed)
	}
	if v.isTrue != nil {
		fillAll(v.isTrue, state == stateKnown && num != 0)
		return
	}
	v.num[0] = num
}

// fillSame makes every lane the value of a vector that is same.
func (v *vector) fillSame(a *vector) { v.fill(a.state(0), a.number(0)) }

// clean reports whether no lane rests on anything.
func (v *vector) clean() bool {
	return !v.rests || !v.taints[assumed].Any() && !v.taints[doubted].Any()
}

// decides reports whether every lane is known to be the given truth and rests on nothing.
func (v *vector) decides(truth bool) bool {
	return v.same && v.state(0) == stateKnown && v.isTrue.Has(0) == truth && v.clean()
}

func fillAll(b Bits, set bool) {
	word := uint64(0)
	if set {
		word = ^uint64(0)
	}
	for w := range b {
		b[w] = word
	}
}

// settle notices that the lanes of a bool that is done turned out all alike.
func (v *vector) settle(all Bits) {
	if v.odd || len(all) == 0 {
		return
	}
	alike, truth := true, v.isTrue[0]&1 != 0
	for w, lanes := range all {
		t := v.isTrue[w] & lanes
		alike = alike && v.known[w]&lanes == lanes && (t == lanes && truth || t == 0 && !truth)
	}
	if alike {
		v.same = true
		fillAll(v.known, true)
		fillAll(v.isTrue, truth)
	}
}

// number is a known lane as a column holds it.
func (v *vector) number(lane int) int64 {
	switch {
	case v.isTrue != nil:
		return boolNum(v.isTrue.Has(lane))
	case v.same:
		return v.num[0]
	}
	return v.num[lane]
}

// begin forgets the batch before.
func (v *vector) begin(batch uint64) {
	v.batch, v.same, v.full = batch, false, false
	clear(v.done)
	if v.odd {
		clear(v.err)
		clear(v.lapsed)
		v.odd = false
	}
	if v.rests {
		for t := range taints {
			clear(v.taints[t])
		}
		v.rests = false
	}
}

// room cuts vectors from few large pieces. What is read in every batch lies together, apart from what is rarely there: the
// vectors of a plan are more than the processor's near memory holds.
type room struct {
	near, far piece[uint64]
	nums      piece[int64]
}

// vector makes one with room for so many lanes.
func (r *room) vector(n *node, lanes int) vector {
	words := (lanes + 63) / 64
	v := vector{known: r.near.cut(words), done: r.near.cut(words)}
	if n.typ == pack.Bool {
		v.isTrue = r.near.cut(words)
	} else {
		v.num = r.nums.cut(words * 64) // whole words, so that kernels need not look where the lanes end
	}
	v.err, v.lapsed = r.far.cut(words), r.far.cut(words)
	for t := range taints {
		if n.taints[t] {
			v.taints[t] = r.far.cut(words)
		}
	}
	v.ownNum, v.ownKnown = v.num, v.known
	return v
}

// piece is memory that slices are cut from.
type piece[T any] []T

func (p *piece[T]) cut(n int) []T {
	if len(*p) < n {
		*p = make([]T, max(n, 1<<12))
	}
	s := (*p)[:n:n]
	*p = (*p)[n:]
	return s
}
