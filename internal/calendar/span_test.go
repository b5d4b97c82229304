package calendar_test

import (
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/calendar"
)

func span(from, to string) calendar.Span { return calendar.Span{From: must(from), To: must(to)} }

func TestSpanContains(t *testing.T) {
	year := span("2024-01-01", "2025-01-01")
	for _, c := range []struct {
		name string
		span calendar.Span
		day  string
		want bool
	}{
		{"the first day is in", year, "2024-01-01", true},
		{"the last day is in", year, "2024-12-31", true},
		{"the end is not", year, "2025-01-01", false},
		{"the day before is not", year, "2023-12-31", false},
		{"without an end", calendar.Since(must("2024-01-01")), "2199-12-31", true},
		{"without an end, before", calendar.Since(must("2024-01-01")), "2023-12-31", false},
		{"without a beginning", calendar.Until(must("2024-01-01")), "1800-01-01", true},
		{"without a beginning, the end", calendar.Until(must("2024-01-01")), "2024-01-01", false},
		{"always", calendar.Always(), "2026-11-01", true},
		{"the zero value holds no day", calendar.Span{}, "1970-01-01", false},
		{"nor does a span the wrong way round", span("2025-01-01", "2024-01-01"), "2024-06-01", false},
	} {
		if got := c.span.Contains(must(c.day)); got != c.want {
			t.Errorf("%s: %v contains %s: %v", c.name, c.span, c.day, got)
		}
	}
}

func TestSpanForPeople(t *testing.T) {
	for _, c := range []struct {
		name     string
		span     calendar.Span
		text, zh string
	}{
		{"first and last day", span("2024-01-01", "2025-01-01"), "2024-01-01 – 2024-12-31", "2024年1月1日至2024年12月31日"},
		{"one day", span("2024-02-29", "2024-03-01"), "2024-02-29", "2024年2月29日"},
		{"no end", calendar.Since(must("2021-07-01")), "2021-07-01 –", "2021年7月1日起"},
		{"no beginning", calendar.Until(must("2021-07-01")), "– 2021-06-30", "截至2021年6月30日"},
		{"always", calendar.Always(), "always", "长期"},
		{"the zero value", calendar.Span{}, "never", "无"},
		{"the wrong way round", span("2025-01-01", "2024-01-01"), "never", "无"},
	} {
		if got := c.span.String(); got != c.text {
			t.Errorf("%s: String = %q, want %q", c.name, got, c.text)
		}
		if got := c.span.Zh(); got != c.zh {
			t.Errorf("%s: Zh = %q, want %q", c.name, got, c.zh)
		}
	}
}

func TestLastDayOfSpan(t *testing.T) {
	if got := span("2024-02-01", "2024-03-01").Last(); got != must("2024-02-29") {
		t.Errorf("Last = %v", got)
	}
	if got := calendar.Since(0).Last(); got != calendar.Forever {
		t.Errorf("Last of a span without an end = %v", got)
	}
}

// Overlaps and Empty against their meaning, day by day, over short spans.
func TestSpansAgainstTheirDays(t *testing.T) {
	const days = 6
	ends := rapid.SampledFrom([]calendar.Date{calendar.Beginning, 0, 1, 2, 3, 4, 5, calendar.Forever})
	rapid.Check(t, func(t *rapid.T) {
		a := calendar.Span{From: ends.Draw(t, "a.from"), To: ends.Draw(t, "a.to")}
		b := calendar.Span{From: ends.Draw(t, "b.from"), To: ends.Draw(t, "b.to")}
		inA, inBoth := false, false
		for d := calendar.Date(-1); d <= days; d++ {
			inA = inA || a.Contains(d)
			inBoth = inBoth || a.Contains(d) && b.Contains(d)
		}
		if a.Empty() == inA {
			t.Fatalf("%v: Empty is %v", a, a.Empty())
		}
		if a.Overlaps(b) != inBoth || b.Overlaps(a) != inBoth {
			t.Fatalf("%v and %v: Overlaps is %v and %v, want %v", a, b, a.Overlaps(b), b.Overlaps(a), inBoth)
		}
	})
}
