package synth_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/synth"
)

func TestAllot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, 1000), 1, 30).Draw(t, "weights")
		total := rapid.IntRange(0, 100_000).Draw(t, "total")
		all := 0.0
		for _, w := range weights {
			all += w
		}
		parts, sum := synth.Allot(total, weights), 0
		for i, n := range parts {
			sum += n
			if exact := float64(total) * weights[i] / all; all > 0 && math.Abs(float64(n)-exact) > 1+1e-6 {
				t.Errorf("%d for %.4f", n, exact)
			}
		}
		if all > 0 && sum != total {
			t.Errorf("%d given of %d", sum, total)
		}
	})
}

// TestHouseholdsFitPeople: every place has a household for its people and none more than it has people.
func TestHouseholdsFitPeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.IntRange(0, 400), 1, 30).Draw(t, "people")
		least, most := 0, 0
		for _, n := range people {
			least += (n + 8) / 9
			most += n
		}
		households := rapid.IntRange(least, most).Draw(t, "households")
		sum := 0
		for i, n := range synth.SettleHouseholds(households, people) {
			sum += n
			if n > people[i] || 9*n < people[i] {
				t.Errorf("%d households for %d people", n, people[i])
			}
		}
		if sum != households {
			t.Errorf("%d households of %d", sum, households)
		}
	})
}
