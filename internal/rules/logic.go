package rules

import (
	"math/bits"

	"dajiuzhu/internal/pack"
)

// frame is the bitmaps that a connective or a programme needs while it looks at one operand after the other.
type frame struct {
	open, decided, firm, unknown, failed, lapsed Bits
	odd                                          bool // something failed or is not in force
	room, used                                   Bits // all of them lie in one piece
}

// frame borrows an empty frame; keep gives it back.
func (m *machine) frame(rel relation) *frame {
	words := (m.lanes[rel] + 63) / 64
	free := m.frames[rel]
	if len(free) == 0 {
		f := &frame{room: make(Bits, 6*((m.sizes[rel]+63)/64))}
		f.cut(words)
		return f
	}
	f := free[len(free)-1]
	m.frames[rel] = free[:len(free)-1]
	if len(f.open) != words {
		f.cut(words)
	}
	clear(f.used)
	f.odd = false
	return f
}

func (f *frame) cut(words int) {
	f.used = f.room[:6*words]
	for i, b := range [...]*Bits{&f.open, &f.decided, &f.firm, &f.unknown, &f.failed, &f.lapsed} {
		*b = f.used[i*words : (i+1)*words : (i+1)*words]
	}
}

func (m *machine) keep(rel relation, f *frame) { m.frames[rel] = append(m.frames[rel], f) }

// narrow leaves open the lanes that nothing has decided for good: a decision that rests on something may yet be made by one
// that does not. It reports whether there are any.
func (f *frame) narrow() bool {
	some := uint64(0)
	open, firm := f.open, f.firm[:len(f.open)]
	for w := range open {
		open[w] &^= firm[w]
		some |= open[w]
	}
	return some != 0
}

// note takes in an operand of which absorbing decides.
func (f *frame) note(a *vector, absorbing bool) {
	flip := uint64(0)
	if !absorbing {
		flip = ^uint64(0)
	}
	n := len(f.open)
	open, known, truth := f.open, a.known[:n], a.isTrue[:n]
	decided, firm, unknown := f.decided[:n], f.firm[:n], f.unknown[:n]
	if !a.odd && !a.rests {
		for w := range open {
			absorbed := known[w] & (truth[w] ^ flip) & open[w]
			decided[w] |= absorbed
			firm[w] |= absorbed
			unknown[w] |= open[w] &^ known[w]
		}
		return
	}
	f.odd = f.odd || a.odd
	for w := range open {
		s := a.states(w)
		absorbed := s.known & (truth[w] ^ flip) & open[w]
		decided[w] |= absorbed
		firm[w] |= absorbed &^ a.anyTaint(w)
		unknown[w] |= open[w] & s.unknown()
		f.failed[w] |= s.err & open[w]
		f.lapsed[w] |= s.lapsed & open[w]
	}
}

// connective is && (absorbing false) or || (absorbing true). With narrowing, an operand is computed only where the
// former have not decided for good.
func (m *machine) connective(n *node, v *vector, want Bits, absorbing bool) {
	f := m.frame(n.rel)
	defer m.keep(n.rel, f)
	copy(f.open, want)
	base := len(m.stack)
	for _, id := range n.args {
		if m.narrow && !f.narrow() {
			break
		}
		a := m.need(id, f.open)
		switch {
		case a.decides(absorbing):
			m.stack = m.stack[:base]
			v.fill(stateKnown, boolNum(absorbing))
			return
		case a.decides(!absorbing):
		default:
			f.note(a, absorbing)
			m.stack = append(m.stack, a)
		}
	}
	operands := m.stack[base:]
	m.stack = m.stack[:base]
	if len(operands) == 0 {
		v.fill(stateKnown, boolNum(!absorbing))
		return
	}
	v.concludeConnective(f, want, absorbing)
	connectiveTaints(v, want, f.firm, operands)
}

// concludeConnective: what decides wins, then unknown before error before not in force.
func (v *vector) concludeConnective(f *frame, want Bits, absorbing bool) {
	flip := uint64(0)
	if !absorbing {
		flip = ^uint64(0)
	}
	if f.odd || v.odd {
		v.concludeOdd(f, want, flip)
		return
	}
	n := len(want)
	decided, unknown, known, truth := f.decided[:n], f.unknown[:n], v.known[:n], v.isTrue[:n]
	for w, lanes := range want {
		sure := lanes &^ (unknown[w] &^ decided[w])
		known[w] = known[w]&^lanes | sure
		truth[w] = truth[w]&^lanes | (decided[w]^flip)&sure
	}
}

func (v *vector) concludeOdd(f *frame, want Bits, flip uint64) {
	for w, lanes := range want {
		unsure := f.unknown[w] &^ f.decided[w]
		s := states{err: f.failed[w] &^ f.decided[w] &^ unsure}
		s.lapsed = f.lapsed[w] &^ f.decided[w] &^ unsure &^ s.err
		s.known = lanes &^ unsure &^ s.err &^ s.lapsed
		v.putBool(w, lanes, s, f.decided[w]^flip)
	}
}

// connectiveTaints lets a lane rest on what its operands rest on, unless one of them decides it and rests on nothing.
func connectiveTaints(v *vector, want, firm Bits, operands []*vector) {
	for _, a := range operands {
		if !a.rests {
			continue
		}
		for t := range taints {
			if a.taints[t] == nil || v.taints[t] == nil {
				continue
			}
			some, from, to := uint64(0), a.taints[t][:len(want)], v.taints[t][:len(want)]
			for w, lanes := range want {
				lanes &= from[w] &^ firm[w]
				to[w] |= lanes
				some |= lanes
			}
			v.rests = v.rests || some != 0
		}
	}
}

func (m *machine) not(n *node, v *vector, want Bits) {
	a := m.need(n.args[0], want)
	if a.same {
		v.fill(a.state(0), 1-a.number(0))
		v.inheritTaints(m.all[n.rel], a)
		return
	}
	for w, lanes := range want {
		v.putBool(w, lanes, a.states(w), ^a.isTrue[w])
	}
	v.inheritTaints(want, a)
}

func (m *machine) conditional(n *node, v *vector, want Bits) {
	test := m.need(n.args[0], want)
	if test.same && m.narrow {
		m.chosen(n, v, want, test)
		return
	}
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
			v.choose(a, b, w, chosen&want[w], other&want[w], m.all[n.rel][w]&^want[w] == 0)
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

// chosen is a conditional whose test comes to the same everywhere: one arm, or none.
func (m *machine) chosen(n *node, v *vector, want Bits, test *vector) {
	if state := test.state(0); state != stateKnown {
		v.fill(state, 0)
		v.inheritTaints(m.all[n.rel], test)
		return
	}
	arm := n.args[2]
	if test.isTrue.Has(0) {
		arm = n.args[1]
	}
	v.copyFrom(m, n, m.need(arm, want), want)
	v.inheritTaints(want, test)
	if v.same {
		v.inheritTaints(m.all[n.rel], test)
	}
}

// copyFrom gives the wanted lanes the values of another vector, and what they rest on.
func (v *vector) copyFrom(m *machine, n *node, a *vector, want Bits) {
	if a.same {
		v.fillSame(a)
		v.inheritTaints(m.all[n.rel], a)
		return
	}
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		if n.typ == pack.Bool {
			v.putBool(w, lanes, a.states(w), a.isTrue[w])
			continue
		}
		v.put(w, lanes, a.states(w))
		v.pick(a, w, lanes)
	}
	v.inheritTaints(want, a)
}

// choose takes the numbers of a word of lanes from two vectors. Where all lanes of the word are wanted, those of the one that more
// are taken from are copied together, and what is not its own is then overwritten or means nothing.
func (v *vector) choose(a, b *vector, w int, fromA, fromB uint64, whole bool) {
	if bits.OnesCount64(fromA) < bits.OnesCount64(fromB) {
		a, b, fromA, fromB = b, a, fromB, fromA
	}
	if whole && dense(fromA) {
		fromA = ^uint64(0)
	}
	v.pick(a, w, fromA)
	v.pick(b, w, fromB)
}

// pick copies numbers of a word of lanes.
func (v *vector) pick(from *vector, w int, lanes uint64) {
	switch {
	case lanes == 0:
	case from.same && lanes == ^uint64(0):
		to, num := v.num[w<<6:w<<6+64], from.num[0]
		for i := range to {
			to[i] = num
		}
	case from.same:
		for ; lanes != 0; lanes &= lanes - 1 {
			v.num[w<<6+bits.TrailingZeros64(lanes)] = from.num[0]
		}
	case lanes == ^uint64(0):
		copy(v.num[w<<6:w<<6+64], from.num[w<<6:])
	default:
		for ; lanes != 0; lanes &= lanes - 1 {
			i := w<<6 + bits.TrailingZeros64(lanes)
			v.num[i] = from.num[i]
		}
	}
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
	defer m.release(n.rel, open)
	some := uint64(0)
	for w := range want {
		open[w] = want[w] & a.states(w).unknown()
		some |= open[w]
	}
	if some == 0 {
		v.copyFrom(m, n, a, want)
		return
	}
	d := m.need(n.args[1], open)
	if a.same && d.same {
		v.fillSame(d)
		open = append(open[:0], m.all[n.rel]...)
		want = m.all[n.rel]
	} else {
		v.fillOpen(n, a, d, want, open)
	}
	for w := range open {
		s := d.states(w)
		v.taint(assumed, w, open[w]&(s.known|s.err|s.lapsed))
	}
	v.inheritTaints(want, a)
	v.inheritTaints(open, d)
}

// fillOpen takes the open lanes from the default and the others from the value.
func (v *vector) fillOpen(n *node, a, d *vector, want, open Bits) {
	for w := range want {
		if want[w] == 0 {
			continue
		}
		sa, sd := a.states(w), d.states(w)
		s := states{sa.known | sd.known&open[w], sa.err | sd.err&open[w], sa.lapsed | sd.lapsed&open[w]}
		if n.typ == pack.Bool {
			v.putBool(w, want[w], s, a.isTrue[w]&sa.known|d.isTrue[w]&open[w])
			continue
		}
		v.pick(a, w, want[w]&^open[w])
		v.pick(d, w, open[w])
		v.put(w, want[w], s)
	}
}
