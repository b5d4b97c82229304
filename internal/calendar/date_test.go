package calendar_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dajiuzhu/internal/calendar"
)

var (
	firstDay = calendar.Must(1800, time.January, 1)
	lastDay  = calendar.Must(2199, time.December, 31)
)

// must reads a date of a table.
func must(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func anyDate() *rapid.Generator[calendar.Date] {
	return rapid.Map(rapid.Int32Range(int32(firstDay), int32(lastDay)), func(n int32) calendar.Date { return calendar.Date(n) })
}

// The standard library's date at midnight UTC.
func stdlib(d calendar.Date) time.Time { return time.Unix(int64(d)*86_400, 0).UTC() }

// The whole range, day by day.
func TestEveryDayAgainstTime(t *testing.T) {
	for d := firstDay; d <= lastDay; d++ {
		want := stdlib(d)
		year, month, day := want.Date()
		if got, ok := calendar.Of(year, month, day); !ok || got != d {
			t.Fatalf("Of(%v) = %d, %v, want %d", want, int32(got), ok, int32(d))
		}
		if y, m, dd := d.YMD(); y != year || m != month || dd != day {
			t.Fatalf("YMD of %v = %d-%d-%d", want, y, m, dd)
		}
		if d.Weekday() != want.Weekday() {
			t.Fatalf("Weekday of %v = %v", want, d.Weekday())
		}
		if got := d.String(); got != want.Format(time.DateOnly) {
			t.Fatalf("String of %v = %q", want, got)
		}
		if got, err := calendar.Parse(d.String()); err != nil || got != d {
			t.Fatalf("Parse(%q) = %v, %v", d, got, err)
		}
	}
}

// YMD also answers for days that Of never returns: the sentinels and their like must not go astray.
func TestYMDBeyondTheYears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := calendar.Date(rapid.Int32().Draw(t, "day"))
		year, month, day := stdlib(d).Date()
		if y, m, dd := d.YMD(); y != year || m != month || dd != day {
			t.Fatalf("YMD of day %d = %d-%d-%d, want %d-%d-%d", int32(d), y, m, dd, year, month, day)
		}
		if d.Weekday() != stdlib(d).Weekday() {
			t.Fatalf("Weekday of day %d = %v", int32(d), d.Weekday())
		}
	})
}

func TestNoSuchDay(t *testing.T) {
	for name, c := range map[string]struct {
		year  int
		month time.Month
		day   int
	}{
		"29 February in a common year":      {2025, time.February, 29},
		"1900 was no leap year":             {1900, time.February, 29},
		"30 February":                       {2024, time.February, 30},
		"31 April":                          {2024, time.April, 31},
		"day 0":                             {2024, time.April, 0},
		"month 0":                           {2024, 0, 1},
		"month 13":                          {2024, 13, 1},
		"before the years that a date has":  {1799, time.December, 31},
		"after them":                        {2200, time.January, 1},
		"a day that would wrap as a number": {2024, time.April, math.MaxInt},
	} {
		if d, ok := calendar.Of(c.year, c.month, c.day); ok {
			t.Errorf("%s: Of gives %v", name, d)
		}
	}
	if _, ok := calendar.Of(2000, time.February, 29); !ok {
		t.Error("2000 was a leap year")
	}
}

func TestYears(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to string
		want     int
	}{
		{"the day of birth", "1960-06-15", "1960-06-15", 0},
		{"the day before the birthday", "1960-06-15", "2020-06-14", 59},
		{"the birthday itself", "1960-06-15", "2020-06-15", 60},
		{"born on New Year's Eve", "2007-12-31", "2026-12-30", 18},
		{"born 29 February, common year, 28 February: not yet", "2008-02-29", "2026-02-28", 17},
		{"born 29 February, common year, 1 March: reached", "2008-02-29", "2026-03-01", 18},
		{"born 29 February, leap year, 28 February: not yet", "2008-02-29", "2028-02-28", 19},
		{"born 29 February, leap year, the day itself", "2008-02-29", "2028-02-29", 20},
		{"born 28 February is untouched by leap years", "2007-02-28", "2028-02-28", 21},
		{"born 1 March is untouched by leap years", "2007-03-01", "2028-02-29", 20},
		{"1900 had no 29 February", "1896-02-29", "1900-02-28", 3},
		{"1900 had no 29 February, reached on 1 March", "1896-02-29", "1900-03-01", 4},
		{"mirrored: the earlier date second", "2020-06-15", "1960-06-15", -60},
		{"mirrored: a day short", "2020-06-14", "1960-06-15", -59},
		{"not yet born", "2026-11-02", "2026-11-01", 0},
	} {
		if got := calendar.Years(must(c.from), must(c.to)); got != c.want {
			t.Errorf("%s: Years(%s, %s) = %d, want %d", c.name, c.from, c.to, got, c.want)
		}
	}
}

func TestMonths(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to string
		want     int
	}{
		{"same day", "2026-01-15", "2026-01-15", 0},
		{"the day before", "2026-01-15", "2026-02-14", 0},
		{"the day", "2026-01-15", "2026-02-15", 1},
		{"31 January to the end of February: not full", "2026-01-31", "2026-02-28", 0},
		{"31 January is full on 1 March", "2026-01-31", "2026-03-01", 1},
		{"30 January in a leap year, 29 February: not full", "2024-01-30", "2024-02-29", 0},
		{"31 March to 30 April: not full", "2026-03-31", "2026-04-30", 0},
		{"31 March to 1 May", "2026-03-31", "2026-05-01", 1},
		{"month end to a longer month", "2026-02-28", "2026-03-28", 1},
		{"over the year", "2025-11-30", "2026-11-29", 11},
		{"a whole year", "2025-11-30", "2026-11-30", 12},
		{"29 February, a year on", "2024-02-29", "2025-02-28", 11},
		{"29 February, a year on, 1 March", "2024-02-29", "2025-03-01", 12},
		{"mirrored", "2026-03-01", "2026-01-31", -1},
	} {
		if got := calendar.Months(must(c.from), must(c.to)); got != c.want {
			t.Errorf("%s: Months(%s, %s) = %d, want %d", c.name, c.from, c.to, got, c.want)
		}
	}
}

// anniversary is the day on which n months after d are full, by way of the standard library.
func anniversary(d calendar.Date, n int) time.Time {
	start := stdlib(d)
	month := time.Date(start.Year(), start.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	reached := month.AddDate(0, 0, start.Day()-1)
	if reached.Month() != month.Month() {
		return month.AddDate(0, 1, 0)
	}
	return reached
}

func TestYearsAndMonthsAgainstTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := anyDate().Draw(t, "from"), anyDate().Draw(t, "to")
		years, months := calendar.Years(from, to), calendar.Months(from, to)
		if mirrored := calendar.Years(to, from); mirrored != -years {
			t.Fatalf("Years is %d one way and %d the other", years, mirrored)
		}
		if mirrored := calendar.Months(to, from); mirrored != -months {
			t.Fatalf("Months is %d one way and %d the other", months, mirrored)
		}
		if to < from {
			from, to, years, months = to, from, -years, -months
		}
		end := stdlib(to)
		if anniversary(from, months).After(end) || !anniversary(from, months+1).After(end) {
			t.Fatalf("%d months from %v to %v", months, from, to)
		}
		if anniversary(from, 12*years).After(end) || !anniversary(from, 12*(years+1)).After(end) {
			t.Fatalf("%d years from %v to %v", years, from, to)
		}
	})
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		name string
		from string
		n    int
		want string
	}{
		{"the same day", "2026-01-15", 1, "2026-02-15"},
		{"a month that lacks the day ends first", "2026-01-31", 1, "2026-02-28"},
		{"in a leap year", "2024-01-31", 1, "2024-02-29"},
		{"the day is not remembered", "2026-02-28", 1, "2026-03-28"},
		{"31 March to April", "2026-03-31", 1, "2026-04-30"},
		{"a year from 29 February", "2024-02-29", 12, "2025-02-28"},
		{"four years from 29 February", "2024-02-29", 48, "2028-02-29"},
		{"back over New Year", "2026-01-31", -2, "2025-11-30"},
		{"twelve months back: the window of a feed", "2026-11-01", -12, "2025-11-01"},
		{"none", "2026-01-31", 0, "2026-01-31"},
	} {
		if got := must(c.from).AddMonths(c.n); got != must(c.want) {
			t.Errorf("%s: %s + %d months = %v, want %s", c.name, c.from, c.n, got, c.want)
		}
	}
}

func TestAddMonthsAgainstTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate().Draw(t, "date"), rapid.IntRange(-5000, 5000).Draw(t, "months")
		start := stdlib(d)
		month := time.Date(start.Year(), start.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		want := month.AddDate(0, 1, -1)
		if want.Day() > start.Day() {
			want = month.AddDate(0, 0, start.Day()-1)
		}
		got := d.AddMonths(n)
		switch {
		case want.Year() > 2199:
			if got != calendar.Forever {
				t.Fatalf("%v + %d months = %v, want Forever", d, n, got)
			}
		case want.Year() < 1800:
			if got != calendar.Beginning {
				t.Fatalf("%v + %d months = %v, want Beginning", d, n, got)
			}
		case !stdlib(got).Equal(want):
			t.Fatalf("%v + %d months = %v, want %v", d, n, got, want)
		}
	})
}

func TestAddDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate().Draw(t, "date"), rapid.IntRange(-200_000, 200_000).Draw(t, "days")
		got := d.AddDays(n)
		want := stdlib(d).AddDate(0, 0, n)
		switch {
		case want.Year() > 2199:
			if got != calendar.Forever {
				t.Fatalf("%v + %d days = %v, want Forever", d, n, got)
			}
		case want.Year() < 1800:
			if got != calendar.Beginning {
				t.Fatalf("%v + %d days = %v, want Beginning", d, n, got)
			}
		case !stdlib(got).Equal(want) || calendar.Days(d, got) != n:
			t.Fatalf("%v + %d days = %v, want %v", d, n, got, want)
		}
	})
}

func TestTheEndsStay(t *testing.T) {
	for _, end := range []calendar.Date{calendar.Beginning, calendar.Forever} {
		for _, n := range []int{math.MinInt, -1, 0, 1, math.MaxInt} {
			if got := end.AddDays(n); got != end {
				t.Errorf("%v + %d days = %d", end, n, int32(got))
			}
			if got := end.AddMonths(n); got != end {
				t.Errorf("%v + %d months = %d", end, n, int32(got))
			}
		}
	}
	for _, n := range []int{math.MaxInt, 200_000} {
		if got := must("2026-11-01").AddDays(n); got != calendar.Forever {
			t.Errorf("+ %d days = %v", n, got)
		}
		if got := must("2026-11-01").AddDays(-n); got != calendar.Beginning {
			t.Errorf("- %d days = %v", n, got)
		}
		if got := must("2026-11-01").AddMonths(n); got != calendar.Forever {
			t.Errorf("+ %d months = %v", n, got)
		}
		if got := must("2026-11-01").AddMonths(-n); got != calendar.Beginning {
			t.Errorf("- %d months = %v", n, got)
		}
	}
	for _, d := range []calendar.Date{firstDay, lastDay} {
		if d <= calendar.Beginning || d >= calendar.Forever {
			t.Errorf("%v is not between the ends", d)
		}
	}
}

func TestMustPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Must returned from 30 February")
		}
	}()
	calendar.Must(2026, time.February, 30)
}

func BenchmarkYears(b *testing.B) {
	from, to := must("1960-06-15"), must("2026-11-01")
	n := 0
	for i := range b.N {
		n += calendar.Years(from+calendar.Date(i&1023), to)
	}
	_ = n
}
