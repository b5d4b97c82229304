package screening_test

import (
	"testing"

	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/internal/synth"
)

func TestMagnitudesDifferByMoreThanTwice(t *testing.T) {
	for _, c := range []struct {
		expected, reached int
		want              bool
	}{
		{100, 100, false}, {100, 200, false}, {100, 201, true}, {201, 100, true}, {0, 3, false}, {0, 4, true}, {3, 0, false}, {1, 3, false},
	} {
		m := screening.Magnitude{Expected: c.expected, Reached: c.reached}
		if got := m.Differs(); got != c.want {
			t.Errorf("%d reached of %d expected: differs %v, want %v", c.reached, c.expected, got, c.want)
		}
	}
}

// TestReachedCountsEachUnitOnce: who holds a programme and is eligible too is one, and the expected number grows with the people.
func TestReachedCountsEachUnitOnce(t *testing.T) {
	c := newCounty(t, 3000)
	r := c.screen(t)
	held, reached := map[string]int{}, map[string]int{}
	for o := range r.Outcomes() {
		if o.Held {
			held[o.Programme.ID]++
		}
		if o.Held || o.Outcome >= rules.Likely {
			reached[o.Programme.ID]++
		}
	}
	if held["dibao"] == 0 {
		t.Error("nobody holds dibao, so the test tells nothing")
	}
	for _, tally := range r.Programmes {
		if tally.Held != held[tally.Programme.ID] || tally.Reached != reached[tally.Programme.ID] {
			t.Errorf("%s: %d hold it and %d are reached, want %d and %d", tally.Programme.ID, tally.Held, tally.Reached, held[tally.Programme.ID], reached[tally.Programme.ID])
		}
		m, ok := r.Magnitude(tally)
		of := c.policy.Pack().Magnitudes.Of(tally.Programme.ID)
		if ok != (of != nil) {
			t.Errorf("%s: a magnitude %v, the pack has one %v", tally.Programme.ID, ok, of != nil)
		}
		if ok && m.Expected != (of.Units*r.People+2805597)/5611194 {
			t.Errorf("%s: %d expected of %d people", tally.Programme.ID, m.Expected, r.People)
		}
	}
}

// TestSampleCountyHasTheExpectedMagnitudes: of every programme of the catalogue the pack says how many it reaches, and where
// the sample county is more than twice off it says why.
func TestSampleCountyHasTheExpectedMagnitudes(t *testing.T) {
	r := countyOf(t, synth.Options{Seed: 1, On: on}).screen(t)
	compared := 0
	for _, tally := range r.Programmes {
		m, ok := r.Magnitude(tally)
		switch {
		case !ok && tally.Programme.Number > 0:
			t.Errorf("%s has no magnitude", tally.Programme.ID)
		case ok && m.Differs() && m.Note.Zh == "":
			t.Errorf("%s: %d reached and %d expected, and nothing says why", tally.Programme.ID, m.Reached, m.Expected)
		case ok && !m.Differs() && m.Reached > 10:
			compared++
		}
	}
	if compared < 10 {
		t.Errorf("only %d programmes come to the expected order", compared)
	}
}
