package calendar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"canonical", "2026-11-01", "2026-11-01"},
		{"as GB/T 7408 without separators", "20261101", "2026-11-01"},
		{"as spreadsheets show it", "2026/11/1", "2026-11-01"},
		{"slashes, two digits", "2026/01/09", "2026-01-09"},
		{"short with hyphens", "2026-1-9", "2026-01-09"},
		{"as papers write it", "2026年11月1日", "2026-11-01"},
		{"as papers write it, two digits", "2026年01月09日", "2026-01-09"},
		{"leap day", "2024-02-29", "2024-02-29"},
		{"first day", "1800-01-01", "1800-01-01"},
		{"last day", "2199-12-31", "2199-12-31"},
	} {
		got, err := calendar.Parse(c.in)
		if err != nil || got.String() != c.want {
			t.Errorf("%s: Parse(%q) = %v, %v, want %s", c.name, c.in, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, key string }{
		{"nothing", "", "calendar.not-a-date"},
		{"a word", "昨天", "calendar.not-a-date"},
		{"a month", "2026-11", "calendar.not-a-date"},
		{"a spreadsheet's serial number", "46327", "calendar.not-a-date"},
		{"two separators", "2026-11/01", "calendar.not-a-date"},
		{"the day first", "01-11-2026", "calendar.not-a-date"},
		{"two digits of a year", "26-11-01", "calendar.not-a-date"},
		{"with a time", "2026-11-01 00:00:00", "calendar.not-a-date"},
		{"spaces around", " 2026-11-01", "calendar.not-a-date"},
		{"seven digits", "2026111", "calendar.not-a-date"},
		{"nine digits", "202611011", "calendar.not-a-date"},
		{"a sign", "2026-+1-01", "calendar.not-a-date"},
		{"an empty day", "2026-11---", "calendar.not-a-date"},
		{"three digits of a day", "2026-11-001", "calendar.not-a-date"},
		{"half a Chinese date", "2026年11月1", "calendar.not-a-date"},
		{"full-width digits", "２０２６-11-01", "calendar.not-a-date"},
		{"common year", "2025-02-29", "calendar.no-such-day"},
		{"31 June", "20260631", "calendar.no-such-day"},
		{"month 13", "2026/13/1", "calendar.no-such-day"},
		{"month 0", "2026-00-10", "calendar.no-such-day"},
		{"the year zero", "0000-01-01", "calendar.year-beyond"},
		{"a placeholder for never", "9999-12-31", "calendar.year-beyond"},
		{"a day before the first", "1799-12-31", "calendar.year-beyond"},
	} {
		got, err := calendar.Parse(c.in)
		var f *fault.Error
		if !errors.As(err, &f) || f.Text.Key != c.key || f.Kind != fault.Invalid {
			t.Errorf("%s: Parse(%q) = %v, %v, want the fault %s", c.name, c.in, got, err, c.key)
			continue
		}
		if !strings.Contains(f.Message(fault.Zh), c.in) || !strings.Contains(f.Message(fault.En), c.in) {
			t.Errorf("%s: the messages do not show %q: %s / %s", c.name, c.in, f.Message(fault.Zh), f.Message(fault.En))
		}
	}
}

func TestDateForPeople(t *testing.T) {
	for _, c := range []struct {
		name             string
		date             calendar.Date
		wantZh, wantText string
	}{
		{"no zeros in Chinese", must("2026-01-09"), "2026年1月9日", "2026-01-09"},
		{"the zero value", 0, "1970年1月1日", "1970-01-01"},
		{"no beginning", calendar.Beginning, "…", "…"},
		{"no end", calendar.Forever, "…", "…"},
		{"beyond the years", lastDay + 1, "…", "…"},
	} {
		if got := c.date.Zh(); got != c.wantZh {
			t.Errorf("%s: Zh = %q, want %q", c.name, got, c.wantZh)
		}
		if got := c.date.String(); got != c.wantText {
			t.Errorf("%s: String = %q, want %q", c.name, got, c.wantText)
		}
	}
}

func TestDateInJSON(t *testing.T) {
	type paper struct{ On calendar.Date }
	out, err := json.Marshal(paper{must("2026-11-01")})
	if err != nil || string(out) != `{"On":"2026-11-01"}` {
		t.Errorf("Marshal = %s, %v", out, err)
	}
	var back paper
	if err := json.Unmarshal(out, &back); err != nil || back.On != must("2026-11-01") {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"On":"2026-02-30"}`), &back); err == nil {
		t.Error("Unmarshal takes 30 February")
	}
	if _, err := json.Marshal(paper{calendar.Forever}); err == nil {
		t.Error("Marshal writes a date for Forever")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-11-01", "20261101", "2026/1/1", "2026年11月1日", "2025-02-29", "9999-99-99", "", "年月日", "2026年年月日"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.Parse(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("Parse(%q) fails with %v", s, err)
			}
			return
		}
		for _, written := range []string{d.String(), d.Zh(), strings.ReplaceAll(d.String(), "-", ""), strings.ReplaceAll(d.String(), "-", "/")} {
			if again, err := calendar.Parse(written); err != nil || again != d {
				t.Fatalf("Parse(%q) = %v, but Parse(%q) = %v, %v", s, d, written, again, err)
			}
		}
	})
}
