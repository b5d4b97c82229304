package screening

import (
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// chooser selects whom a change can reach in a chunk.
type chooser struct {
	*simulation
	evaluator *rules.Contraster
	c         *chunk
	within    rules.Bits // households in the area of the change, and those of which too little is known to say
	differ    rules.Bits // room: those of them for whom a programme may come to something else

	parts     rules.Parts
	anyOpen   []bool       // by programme: somebody in the chunk is not refused by a condition that stays
	lanes     []rules.Bits // by programme: whom to compute anew
	undecided []rules.Bits // by programme that a changed figure enters: whom it does not refuse
	granted   rules.Bits   // room
	evaluated int
}

func newChooser(s *simulation, c *chunk) chooser {
	n := len(s.difference.Parts.Programmes)
	return chooser{simulation: s, evaluator: s.contrast.NewEvaluator(), c: c, parts: rules.Parts{Programmes: make([]bool, n)},
		anyOpen: make([]bool, n), lanes: make([]rules.Bits, n), undecided: make([]rules.Bits, n)}
}

// mayChange reports whether anybody of the chunk is where a change can reach, and whom verdicts leave open.
func (w *chooser) mayChange() bool {
	return w.reach() && w.findOpen()
}

// reach finds the households within; false if there are none.
func (w *chooser) reach() bool {
	w.within = emptied(w.within, w.c.households)
	some := false
	for h := range w.c.households {
		if at := w.c.area(h); w.in == 0 || at == 0 || w.in.Contains(at) || at.Contains(w.in) {
			w.within.Set(h)
			some = true
		}
	}
	return some
}

// emptied is an empty bitmap for n lanes in the room of another.
func emptied(b rules.Bits, n int) rules.Bits {
	words := (n + 63) / 64
	if cap(b) < words {
		return make(rules.Bits, words)
	}
	b = b[:words]
	clear(b)
	return b
}

// findOpen finds of which programmes somebody is open; false if of none.
func (w *chooser) findOpen() bool {
	some := false
	for p, reached := range w.difference.Parts.Programmes {
		of := &w.c.verdicts[p]
		w.anyOpen[p] = reached && (of.palette == nil || w.anyOpenCode(p, of))
		some = some || w.anyOpen[p]
	}
	return some
}

// AnyOpen reports whether somebody of the chunk is not refused a programme by a condition that stays.
func (w *chooser) AnyOpen(p int) bool { return w.anyOpen[p] }

// KeepOpen leaves the households of which somebody is not.
func (w *chooser) KeepOpen(p int, households rules.Bits) {
	of := &w.c.verdicts[p]
	households.Each(func(h int) {
		for from, to := w.units(p, h); from < to; from++ {
			if w.open(p, Verdict(of.at(from))) {
				return
			}
		}
		households.Clear(h)
	})
}

// units is the lanes of a programme that belong to a household.
func (w *chooser) units(p, household int) (from, to int) {
	if w.result.Policy.Pack().Programmes[p].Unit == pack.Person {
		return int(w.c.start[household]), int(w.c.start[household+1])
	}
	return household, household + 1
}

func (w *chooser) anyOpenCode(p int, of *column) bool {
	for _, v := range of.palette {
		if w.open(p, Verdict(v)) {
			return true
		}
	}
	return false
}

// open reports whether a verdict may become another: it was not refused by a condition that stays.
func (w *chooser) open(p int, v Verdict) bool {
	if v.Outcome() == rules.NotAssessed {
		return w.result.Policy.Pack().Programmes[p].Uncounted != w.other.Policy().Pack().Programmes[p].Uncounted
	}
	condition, refused := v.Witness()
	return !refused || !w.difference.Conditions[p][condition]
}

// Undecided is the lanes that a programme does not refuse.
func (w *chooser) Undecided(p int) rules.Bits {
	w.undecided[p] = emptied(w.undecided[p], w.c.verdicts[p].n)
	w.mark(p, w.undecided[p], func(v Verdict) bool { return v.Outcome() > rules.Ineligible })
	return w.undecided[p]
}

// mark sets the lanes within whose verdict is taken.
func (w *chooser) mark(p int, lanes rules.Bits, take func(Verdict) bool) {
	w.c.verdicts[p].mark(lanes, func(number int64) bool { return take(Verdict(number)) })
	if w.in == 0 {
		return
	}
	unit := w.result.Policy.Pack().Programmes[p].Unit
	lanes.Each(func(lane int) {
		if !w.within.Has(w.c.household(unit, lane)) {
			lanes.Clear(lane)
		}
	})
}

// choose selects the lanes to be computed anew, once it is known which households differ; false if there are none.
func (w *chooser) choose() bool {
	some := false
	for p, reached := range w.difference.Parts.Programmes {
		if !reached {
			continue
		}
		w.lanes[p] = emptied(w.lanes[p], w.c.verdicts[p].n)
		if w.contrast.Apart(p) {
			w.mark(p, w.lanes[p], func(v Verdict) bool { return w.open(p, v) })
		} else {
			w.chooseDiffering(p)
		}
		chosen := w.lanes[p].Count()
		w.parts.Programmes[p] = chosen > 0
		w.evaluated += chosen
		some = some || chosen > 0
	}
	return some
}

// chooseDiffering selects whom seams tell of, and who gets a changed amount.
func (w *chooser) chooseDiffering(p int) {
	w.chooseGranted(p)
	of, lanes := &w.c.verdicts[p], w.lanes[p]
	w.differ = emptied(w.differ, w.c.households)
	w.evaluator.Differing(p, w.differ)
	w.differ.Each(func(h int) {
		for from, to := w.units(p, h); from < to; from++ {
			if w.open(p, Verdict(of.at(from))) {
				lanes.Set(from)
			}
		}
	})
}

// chooseGranted selects who gets a programme now: all where a changed figure enters an amount, else those of whom an amount that
// the change can reach is not known, for they are counted.
func (w *chooser) chooseGranted(p int) {
	lanes := w.lanes[p]
	get := func(v Verdict) bool { return granted(v.Outcome(), v.Held()) }
	if w.contrast.Enters(p) {
		w.mark(p, lanes, get)
		return
	}
	for _, c := range w.pairs[p] {
		if !c.alike {
			w.c.amounts[p][c.former].given.mark(lanes, func(number int64) bool { return number == amountOpen })
		}
	}
	if !lanes.Any() {
		return
	}
	w.granted = emptied(w.granted, w.c.verdicts[p].n)
	w.mark(p, w.granted, get)
	for i := range lanes {
		lanes[i] &= w.granted[i]
	}
}

// mark sets the lanes whose number is taken. Of a palette each number is looked at once.
func (c *column) mark(lanes rules.Bits, take func(number int64) bool) {
	if c.palette == nil {
		for lane := range c.n {
			if take(c.at(lane)) {
				lanes.Set(lane)
			}
		}
		return
	}
	var taken [paletteMost]uint64
	some := uint64(0)
	for code, number := range c.palette {
		if take(number) {
			taken[code], some = 1, 1
		}
	}
	if some == 0 {
		return
	}
	for lane := range c.n {
		lanes[lane>>6] |= taken[c.code(lane)] << (lane & 63)
	}
}
