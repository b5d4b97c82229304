package screening

import "dajiuzhu/internal/pack"

// Magnitude is what a programme reaches beside what the pack expects of so many people.
type Magnitude struct {
	Expected int // units, of as many people as were screened
	Reached  int
	Note     pack.Text // why they differ; empty if the pack does not say
}

// Below few units nothing can be said of an order of magnitude.
const few = 3

// Differs reports whether one is more than twice the other, and not merely by a few.
func (m Magnitude) Differs() bool {
	less, more := min(m.Expected, m.Reached), max(m.Expected, m.Reached)
	return more > few && more > 2*less
}

// Magnitude holds a programme's tally against the pack's magnitude; false if the pack expects nothing of it.
func (r *Result) Magnitude(t Tally) (Magnitude, bool) {
	all := r.Policy.Pack().Magnitudes
	of := all.Of(t.Programme.ID)
	if of == nil {
		return Magnitude{}, false
	}
	scaled := (of.Units*r.People + all.People/2) / all.People
	return Magnitude{Expected: scaled, Reached: t.Reached, Note: of.Note}, true
}
