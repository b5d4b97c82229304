package calendar

import (
	"fmt"
	"math"
	"time"
)

// Date is a day, counted from 1970-01-01, in the years 1800 to 2199. The zero value is 1970-01-01.
type Date int32

// Beginning and Forever are before and after every date. They stand for the ends that a [Span] lacks and are no
// dates themselves.
const (
	Beginning Date = math.MinInt32
	Forever   Date = math.MaxInt32
)

const (
	firstYear, lastYear = 1800, 2199

	first Date = -62091 // 1800-01-01
	last  Date = 84005  // 2199-12-31
)

// Of returns a date, false if there is no such day.
func Of(year int, month time.Month, day int) (Date, bool) {
	if year < firstYear || year > lastYear || month < time.January || month > time.December {
		return 0, false
	}
	if day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return fromCivil(year, month, day), true
}

// Must is Of for dates written in code; it panics if there is no such day.
func Must(year int, month time.Month, day int) Date {
	d, ok := Of(year, month, day)
	if !ok {
		panic(fmt.Sprintf("calendar: no such day: %d-%d-%d", year, month, day))
	}
	return d
}

// valid reports whether d is a date that Of can return.
func (d Date) valid() bool { return first <= d && d <= last }

// YMD is the date's year, month and day.
func (d Date) YMD() (int, time.Month, int) {
	// Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2023). The calendar
	// repeats every 400 years of 146,097 days; adding enough of these keeps every int32 positive.
	const cycles, toMarchOfYear0 = 14_700, 719_468
	n := uint64(int64(d) + toMarchOfYear0 + cycles*146_097)
	inCentury := 4*n + 3
	century := inCentury / 146_097
	inYear := (inCentury%146_097/4)*4 + 3
	product := 2_939_745 * inYear
	yearOfCentury := product >> 32
	dayOfYear := uint64(uint32(product)) / 2_939_745 / 4 // from 1 March
	monthAndDay := 2_141*dayOfYear + 197_913
	year := int(100*century+yearOfCentury) - 400*cycles
	month := time.Month(monthAndDay >> 16)
	day := int(monthAndDay&0xffff)/2_141 + 1
	if dayOfYear >= 306 { // January and February end the year that began in March
		return year + 1, month - 12, day
	}
	return year, month, day
}

// fromCivil is the inverse of YMD.
func fromCivil(year int, month time.Month, day int) Date {
	if month <= time.February {
		year--
		month += 12
	}
	century := year / 100
	dayOfYear := (979*int(month) - 2_919) >> 5 // of the first of the month, from 1 March
	return Date(1_461*year/4 - century + century/4 + dayOfYear + day - 1 - 719_468)
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

// Year is the date's year.
func (d Date) Year() int {
	year, _, _ := d.YMD()
	return year
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	// 1970-01-01 was a Thursday.
	return time.Weekday(((int64(d)+int64(time.Thursday))%7 + 7) % 7)
}

// AddDays is n days later. What lies outside the years that a Date has is [Beginning] or [Forever], and these stay
// what they are.
func (d Date) AddDays(n int) Date {
	if d == Beginning || d == Forever {
		return d
	}
	switch {
	case n > int(last)-int(d):
		return Forever
	case n < int(first)-int(d):
		return Beginning
	}
	return d + Date(n)
}

// AddMonths is n months later, on the same day or, where the month lacks it, on the month's last day. Its ends are those
// of AddDays.
func (d Date) AddMonths(n int) Date {
	const most = 12 * (lastYear - firstYear + 1)
	if d == Beginning || d == Forever {
		return d
	}
	if n > most {
		return Forever
	}
	if n < -most {
		return Beginning
	}
	year, month, day := d.YMD()
	months := year*12 + int(month-time.January) + n
	year, month = months/12, time.January+time.Month(months%12)
	if year > lastYear {
		return Forever
	}
	if year < firstYear {
		return Beginning
	}
	return fromCivil(year, month, min(day, daysIn(year, month)))
}

// Years is the full years from one date to another: the age on the day to of someone born on the day from (周岁, reached
// on the birthday itself). Born on 29 February, the age is reached on 1 March of a common year. If to is the earlier
// date, the result is that of the dates exchanged, negative.
func Years(from, to Date) int {
	if to < from {
		return -Years(to, from)
	}
	y1, m1, d1 := from.YMD()
	y2, m2, d2 := to.YMD()
	if m2 < m1 || m2 == m1 && d2 < d1 {
		return y2 - y1 - 1
	}
	return y2 - y1
}

// Months is the full months from one date to another, by the rule of [Years]: a month after 31 January is full on
// 1 March.
func Months(from, to Date) int {
	if to < from {
		return -Months(to, from)
	}
	y1, m1, d1 := from.YMD()
	y2, m2, d2 := to.YMD()
	months := (y2-y1)*12 + int(m2-m1)
	if d2 < d1 {
		return months - 1
	}
	return months
}

// Days is the days from one date to another.
func Days(from, to Date) int { return int(to) - int(from) }
