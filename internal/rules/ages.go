package rules

import (
	"math/bits"
	"sync"

	"dajiuzhu/internal/calendar"
)

// ages holds the full years and months from each day of a long life to the plan's date: the age of everybody is asked, and
// there are far fewer birthdays than people.
type ages struct {
	once   sync.Once
	years  []uint8
	months []uint16
}

const longestLife = 45_000 // days: 123 years

func (t *ages) make(on calendar.Date) {
	t.years, t.months = make([]uint8, longestLife), make([]uint16, longestLife)
	for i := range longestLife {
		from := on - calendar.Date(i)
		t.years[i], t.months[i] = uint8(calendar.Years(from, on)), uint16(calendar.Months(from, on))
	}
}

// word computes the years or months up to the date for a word of lanes.
func (t *ages) word(o op, on calendar.Date, to, from []int64, lanes uint64) {
	t.once.Do(func() { t.make(on) })
	for ; lanes != 0; lanes &= lanes - 1 {
		i := bits.TrailingZeros64(lanes)
		ago := uint64(int64(on) - from[i])
		switch {
		case ago < longestLife && o == opYears:
			to[i] = int64(t.years[ago])
		case ago < longestLife:
			to[i] = int64(t.months[ago])
		case o == opYears:
			to[i] = int64(calendar.Years(calendar.Date(from[i]), on))
		default:
			to[i] = int64(calendar.Months(calendar.Date(from[i]), on))
		}
	}
}
