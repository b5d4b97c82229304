package calendar_test

import (
	"testing"
	"time"

	"dajiuzhu/internal/calendar"
)

// The whole range, day by day, against the standard library.
func TestEveryDayAgainstTime(t *testing.T) {
	day := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)
	epoch := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for ; day.Year() < 2200; day = day.AddDate(0, 0, 1) {
		year, month, dom := day.Date()
		d, ok := calendar.Of(year, month, dom)
		if !ok {
			t.Fatalf("Of(%v) is no day", day)
		}
		if want := calendar.Date(day.Sub(epoch) / (24 * time.Hour)); d != want {
			t.Fatalf("Of(%v) = %d, want %d", day, int32(d), int32(want))
		}
		if y, m, dd := d.YMD(); y != year || m != month || dd != dom {
			t.Fatalf("YMD of %v = %d-%d-%d", day, y, m, dd)
		}
		if d.Weekday() != day.Weekday() {
			t.Fatalf("Weekday of %v = %v", day, d.Weekday())
		}
		if got, want := d.String(), day.Format(time.DateOnly); got != want {
			t.Fatalf("String = %q, want %q", got, want)
		}
	}
}
