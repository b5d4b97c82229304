package calendar_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

// noticeYear is a year of testdata/holidays.json: a State Council notice, and the working days counted out of it by
// other hands.
type noticeYear struct {
	Year   int
	Notice string
	Off    []struct {
		Name        string
		First, Last calendar.Date
		Days        int
	}
	Working     []calendar.Date
	WorkingDays int   `json:"working_days"`
	ByMonth     []int `json:"working_days_by_month"`
}

func (n noticeYear) year() calendar.Year {
	y := calendar.Year{Notice: n.Notice, Working: n.Working}
	for _, o := range n.Off {
		for d := o.First; d <= o.Last; d++ {
			y.Off = append(y.Off, d)
		}
	}
	return y
}

// term is an entry of testdata/terms.json: a procedure's steps, each at its last day.
type term struct {
	Rule, Case string
	From       calendar.Date
	Steps      []struct {
		What         string
		Working      int // either working days
		Days         int // or calendar days
		First, By    calendar.Date
		Undetermined int            // the year without data into which the step runs
		WeekdaysOnly *calendar.Date `json:"weekdays_only"` // what Monday to Friday would give
		Difference   int
	}
	WorkingDays  *int   `json:"working_days"`
	CalendarDays *int   `json:"calendar_days"`
	PaidFrom     string `json:"first_payment_month"`
}

func read(t testing.TB, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func notices(t testing.TB) []noticeYear {
	t.Helper()
	var all []noticeYear
	read(t, "testdata/holidays.json", &all)
	if len(all) != 3 {
		t.Fatalf("%d years, want 2024 to 2026", len(all))
	}
	return all
}

func work(t testing.TB) *calendar.Work {
	t.Helper()
	years := map[int]calendar.Year{}
	for _, n := range notices(t) {
		years[n.Year] = n.year()
	}
	return calendar.NewWork(years)
}

func TestNoticesAreSound(t *testing.T) {
	for _, n := range notices(t) {
		if err := n.year().Check(n.Year).Err(); err != nil {
			t.Errorf("%d: %v", n.Year, err)
		}
		for _, o := range n.Off {
			if got := calendar.Days(o.First, o.Last) + 1; got != o.Days {
				t.Errorf("%d %s: %d days, the notice says %d", n.Year, o.Name, got, o.Days)
			}
		}
	}
}

func TestWorkingDaysOfYearsAndMonths(t *testing.T) {
	w := work(t)
	for _, n := range notices(t) {
		first := calendar.Must(n.Year, time.January, 1)
		got, err := w.Between(first-1, first.AddMonths(12)-1)
		if err != nil || got != n.WorkingDays {
			t.Errorf("%d has %d working days, %v, want %d", n.Year, got, err, n.WorkingDays)
		}
		for i, want := range n.ByMonth {
			month := first.AddMonths(i)
			got, err := w.Between(month-1, month.AddMonths(1)-1)
			if err != nil || got != want {
				t.Errorf("%d-%02d has %d working days, %v, want %d", n.Year, i+1, got, err, want)
			}
		}
		if notice, ok := w.Notice(n.Year); !ok || notice != n.Notice {
			t.Errorf("Notice(%d) = %q, %v", n.Year, notice, ok)
		}
	}
}

func TestIsWorking(t *testing.T) {
	w := work(t)
	for _, c := range []struct {
		name, day string
		want      bool
	}{
		{"an ordinary Monday", "2026-03-09", true},
		{"an ordinary Saturday", "2026-03-14", false},
		{"a holiday on a weekday", "2026-10-01", false},
		{"a Saturday that makes up", "2026-10-10", true},
		{"a Sunday that makes up", "2025-09-28", true},
		{"the eve of the lunar year 2024 was no day off", "2024-02-09", true},
		{"the eve of the lunar year 2025 was one", "2025-01-28", false},
		{"a Saturday within a holiday", "2026-02-21", false},
	} {
		if got, err := w.IsWorking(must(c.day)); err != nil || got != c.want {
			t.Errorf("%s: %s works: %v, %v", c.name, c.day, got, err)
		}
	}
}

func TestTerms(t *testing.T) {
	var terms []term
	read(t, "testdata/terms.json", &terms)
	if len(terms) != 15 {
		t.Fatalf("%d terms, want 15", len(terms))
	}
	for _, term := range terms {
		t.Run(term.From.String()+" "+term.Rule, func(t *testing.T) { runTerm(t, term) })
	}
}

func runTerm(t *testing.T, term term) {
	w := work(t)
	day := term.From
	for _, step := range term.Steps {
		if step.WeekdaysOnly != nil {
			if got := addWeekdays(day, step.Working); got != *step.WeekdaysOnly {
				t.Errorf("%s by weekdays only is %v, want %v", step.What, got, *step.WeekdaysOnly)
			}
		}
		if step.Undetermined != 0 {
			got, err := w.Add(day, step.Working)
			wantUndetermined(t, err, step.Undetermined)
			if got != 0 {
				t.Errorf("%s is %v although undetermined", step.What, got)
			}
			return
		}
		started := day
		if step.Working > 0 {
			var err error
			if day, err = w.Add(started, step.Working); err != nil {
				t.Fatalf("%s: %v", step.What, err)
			}
		} else {
			day = started.AddDays(step.Days)
			if started+1 != step.First {
				t.Errorf("%s is posted on %v, want %v", step.What, started+1, step.First)
			}
		}
		if day != step.By {
			t.Fatalf("%s by %v, want %v", step.What, day, step.By)
		}
		if step.WeekdaysOnly != nil && calendar.Days(*step.WeekdaysOnly, day) != step.Difference {
			t.Errorf("%s is %d days from the count by weekdays, want %d", step.What, calendar.Days(*step.WeekdaysOnly, day), step.Difference)
		}
	}
	if got, err := w.Between(term.From, day); term.WorkingDays != nil && (err != nil || got != *term.WorkingDays) {
		t.Errorf("%d working days in all, %v, want %d", got, err, *term.WorkingDays)
	}
	if got := calendar.Days(term.From, day); term.CalendarDays != nil && got != *term.CalendarDays {
		t.Errorf("%d calendar days in all, want %d", got, *term.CalendarDays)
	}
	if got := day.AddMonths(1).String()[:len("2026-01")]; term.PaidFrom != "" && got != term.PaidFrom {
		t.Errorf("paid from %s, want %s", got, term.PaidFrom)
	}
}

// addWeekdays is the guess that the package refuses to make: Monday to Friday.
func addWeekdays(d calendar.Date, n int) calendar.Date {
	for n > 0 {
		d++
		if day := d.Weekday(); day != time.Saturday && day != time.Sunday {
			n--
		}
	}
	return d
}

func wantUndetermined(t *testing.T, err error, year int) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unready {
		t.Fatalf("error is %v, want a fault of kind Unready", err)
	}
	if diff := cmp.Diff(fault.Args{"year": year}, f.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestUndetermined(t *testing.T) {
	w := work(t)
	for _, c := range []struct {
		name string
		year int
		err  func() error
	}{
		{"a day of a year without data", 2027, func() error { _, err := w.IsWorking(must("2027-01-04")); return err }},
		{"a term into the next year", 2027, func() error { _, err := w.Add(must("2026-12-18"), 10); return err }},
		{"a term back into the year before", 2023, func() error { _, err := w.Add(must("2024-01-02"), -1); return err }},
		{"a count that ends beyond", 2027, func() error { _, err := w.Between(must("2026-12-31"), must("2027-01-01")); return err }},
		{"the same count backwards", 2027, func() error { _, err := w.Between(must("2027-01-01"), must("2026-12-31")); return err }},
		{"a term that never ends", 2027, func() error { _, err := w.Add(must("2026-12-18"), math.MaxInt); return err }},
		{"one that never ends backwards", 2023, func() error { _, err := w.Add(must("2026-12-18"), math.MinInt); return err }},
		{"nobody gave holidays", 2026, func() error { _, err := (*calendar.Work)(nil).Add(must("2026-12-18"), 1); return err }},
		{"the zero value", 2026, func() error { _, err := new(calendar.Work).Add(must("2026-12-18"), 1); return err }},
	} {
		t.Run(c.name, func(t *testing.T) { wantUndetermined(t, c.err(), c.year) })
	}
	_, err := w.Add(must("2026-12-18"), 10)
	if got, want := err.Error(), "undetermined: no holiday data for 2027"; got != want {
		t.Errorf("the message is %q, want %q", got, want)
	}
	var f *fault.Error
	if errors.As(err, &f); f.Message(fault.Zh) != "无法确定：没有2027年的节假日安排" {
		t.Errorf("the Chinese message is %q", f.Message(fault.Zh))
	}
	if _, ok := w.Notice(2027); ok {
		t.Error("there is a notice for 2027")
	}
}

func TestNoTermNeedsNoData(t *testing.T) {
	if got, err := work(t).Add(must("2030-01-01"), 0); err != nil || got != must("2030-01-01") {
		t.Errorf("Add(d, 0) = %v, %v", got, err)
	}
	// The start day is not counted, so its year need not be known.
	if got, err := work(t).Add(must("2023-12-31"), 1); err != nil || got != must("2024-01-02") {
		t.Errorf("Add = %v, %v", got, err)
	}
}

// Add and Between against IsWorking, which the tables above hold.
func TestAddAgainstDayByDay(t *testing.T) {
	w := work(t)
	first, last := must("2024-01-01"), must("2026-12-31")
	rapid.Check(t, func(t *rapid.T) {
		from := calendar.Date(rapid.Int32Range(int32(first), int32(last)).Draw(t, "from"))
		n := rapid.IntRange(-60, 60).Draw(t, "n")
		got, err := w.Add(from, n)
		if err != nil {
			wantYear := 2027
			if n < 0 {
				wantYear = 2023
			}
			if !strings.Contains(err.Error(), time.Date(wantYear, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")) {
				t.Fatalf("Add(%v, %d): %v", from, n, err)
			}
			return
		}
		if works, _ := w.IsWorking(got); n != 0 && !works {
			t.Fatalf("Add(%v, %d) = %v, which is no working day", from, n, got)
		}
		count := 0
		for d := min(from, got); d <= max(from, got); d++ {
			if works, _ := w.IsWorking(d); works && d != from {
				count++
			}
		}
		if count != max(n, -n) {
			t.Fatalf("Add(%v, %d) = %v with %d working days between", from, n, got, count)
		}
		if n < 0 {
			return
		}
		if between, err := w.Between(from, got); err != nil || between != n {
			t.Fatalf("Between(%v, %v) = %d, %v, want %d", from, got, between, err, n)
		}
		if back, err := w.Between(got, from); err != nil || back != -n {
			t.Fatalf("Between(%v, %v) = %d, %v, want %d", got, from, back, err, -n)
		}
	})
}

func TestCheckOfYear(t *testing.T) {
	days := func(s ...string) []calendar.Date {
		var all []calendar.Date
		for _, d := range s {
			all = append(all, must(d))
		}
		return all
	}
	for _, c := range []struct {
		name string
		year calendar.Year
		want []string
	}{
		{"nothing listed", calendar.Year{}, nil},
		{"New Year began in December before", calendar.Year{Off: days("2025-12-31", "2026-01-01")}, nil},
		{"a day of November before", calendar.Year{Off: days("2025-11-30")}, []string{"calendar.other-year"}},
		{"a day of the year after", calendar.Year{Off: days("2027-01-01")}, []string{"calendar.other-year"}},
		{"a working day of another year", calendar.Year{Working: days("2024-02-04")}, []string{"calendar.other-year"}},
		{"a Monday that makes up", calendar.Year{Working: days("2026-03-09")}, []string{"calendar.not-weekend"}},
		{"off and working", calendar.Year{Off: days("2026-02-14"), Working: days("2026-02-14")}, []string{"calendar.off-and-working"}},
		{"two at once, in the order listed", calendar.Year{Off: days("2030-01-01"), Working: days("2026-03-09")}, []string{"calendar.other-year", "calendar.not-weekend"}},
	} {
		var got []string
		for _, f := range c.year.Check(2026) {
			got = append(got, f.Text.Key)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestDecemberDaysOfTheNextNotice(t *testing.T) {
	w := calendar.NewWork(map[int]calendar.Year{
		2022: {},
		2023: {Off: []calendar.Date{must("2022-12-30"), must("2022-12-31"), must("2023-01-01"), must("2023-01-02")}},
	})
	if works, err := w.IsWorking(must("2022-12-30")); err != nil || works {
		t.Errorf("a Friday that the next year's notice frees works: %v, %v", works, err)
	}
}

func BenchmarkAdd(b *testing.B) {
	w := work(b)
	from := must("2026-02-11")
	for b.Loop() {
		if _, err := w.Add(from, 10); err != nil {
			b.Fatal(err)
		}
	}
}
