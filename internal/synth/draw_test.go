package synth_test

import (
	"testing"

	"dajiuzhu/internal/synth"
)

func TestNamesAndDraws(t *testing.T) {
	for _, s := range synth.Draws(1, 20_000) {
		if s.Got < s.Low || s.Got > s.High {
			t.Errorf("%s: %.4f is not between %.4f and %.4f", s.Name, s.Got, s.Low, s.High)
		}
	}
}
