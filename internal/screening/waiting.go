package screening

import (
	"encoding/binary"

	"dajiuzhu/internal/rules"
)

// waiting is what the open outcomes of a chunk wait for: of each programme the distinct sets of leaves, and the set of each open
// lane. It is read only when it is asked for.
type waiting struct {
	content    []byte
	programmes []programmeWaiting
}

// programmeWaiting is that of one programme.
type programmeWaiting struct {
	leaves []int32 // of all sets, one set after the other: places in the legend's leaves
	ends   []int32 // of each set
	codes  column  // by open lane, in order: 0 for nothing, else one more than the set's place
}

// keepWaiting keeps what open outcomes wait for, behind its length.
func (k *keeper) keepWaiting(r *rules.Results) {
	k.section = k.section[:0]
	for p := range k.legend.Programmes {
		k.keepSets(p, &r.Programmes[p])
	}
	k.content = binary.AppendUvarint(k.content, uint64(len(k.section)))
	k.content = append(k.content, k.section...)
}

// keepSets keeps a programme's sets that open lanes wait for, in the order of their first lanes. Sets that only amounts wait for
// stand among them.
func (k *keeper) keepSets(p int, r *rules.ProgrammeResult) {
	missing := k.evaluator.Missing(p)
	k.section = binary.AppendUvarint(k.section, uint64(len(missing.Sets)))
	for _, set := range missing.Sets {
		k.section = binary.AppendUvarint(k.section, uint64(len(set)))
		last := int32(0)
		for _, leaf := range set {
			k.section = binary.AppendUvarint(k.section, uint64(leaf-last))
			last = leaf
		}
	}
	k.numbers, k.lacking = k.numbers[:0], append(k.lacking[:0], r.Of[rules.Possible]...)
	for w, likely := range r.Of[rules.Likely] {
		k.lacking[w] |= likely
	}
	k.lacking.Each(func(lane int) {
		code := int64(0)
		if missing.Lanes.Has(lane) {
			code = int64(missing.Of[lane]) + 1
		}
		k.numbers = append(k.numbers, code)
	})
	if len(k.numbers) > 0 {
		k.section = k.packer.append(k.section, k.numbers)
	}
}

// readWaiting reads what the open outcomes of a chunk that was read wait for.
func (c *chunk) readWaiting(l *legend) error {
	r := &reader{rest: c.waiting.content}
	if len(c.waiting.programmes) != len(l.Programmes) {
		c.waiting.programmes = make([]programmeWaiting, len(l.Programmes))
	}
	for p := range l.Programmes {
		of := &c.waiting.programmes[p]
		of.readSets(r, len(l.Leaves))
		of.codes = column{palette: of.codes.palette[:0]}
		if open := c.openLanes(p); open > 0 {
			r.column(&of.codes, open)
		}
		if r.err == nil && !of.sound() {
			r.fail()
		}
	}
	if r.err == nil && len(r.rest) > 0 {
		return errTruncated
	}
	return r.err
}

// mustReadWaiting is readWaiting of a chunk that was checked.
func (c *chunk) mustReadWaiting(l *legend) {
	if err := c.readWaiting(l); err != nil {
		panic("screening: a chunk that was checked cannot be read")
	}
}

func (w *programmeWaiting) readSets(r *reader, leaves int) {
	w.leaves, w.ends = w.leaves[:0], w.ends[:0]
	for range r.count(lanesMost) {
		leaf := 0
		for range r.count(leaves) {
			leaf += r.count(leaves)
			if leaf >= leaves {
				r.fail()
				return
			}
			w.leaves = append(w.leaves, int32(leaf))
		}
		if r.err != nil {
			return
		}
		w.ends = append(w.ends, int32(len(w.leaves)))
	}
}

// sound reports whether every code names a set.
func (w *programmeWaiting) sound() bool {
	for lane := range w.codes.n {
		if code := w.codes.at(lane); code < 0 || code > int64(len(w.ends)) {
			return false
		}
	}
	return true
}

// openLanes is how many outcomes of a programme are open.
func (c *chunk) openLanes(p int) int {
	open := 0
	c.verdicts[p].tally(func(number int64, lanes int) {
		if isOpen(Verdict(number).Outcome()) {
			open += lanes
		}
	})
	return open
}

// waitingOf tells what a programme's open outcomes wait for, in the order of lanes.
func (c *chunk) waitingOf(p int) *waitingLanes { return &waitingLanes{of: &c.waiting.programmes[p]} }

type waitingLanes struct {
	of *programmeWaiting
	at int
}

// next is the leaves that the next open outcome waits for.
func (w *waitingLanes) next() []int32 {
	code := w.of.codes.at(w.at)
	w.at++
	if code == 0 {
		return nil
	}
	from := int32(0)
	if code > 1 {
		from = w.of.ends[code-2]
	}
	return w.of.leaves[from:w.of.ends[code-1]]
}
