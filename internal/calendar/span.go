package calendar

// Span is the days from From up to, but not including, To. From is [Beginning] in a span without a beginning, To is
// [Forever] in one without an end. The zero value is empty: a span that nobody has set is never in force.
type Span struct{ From, To Date }

// Always is the span of all dates.
func Always() Span { return Span{From: Beginning, To: Forever} }

// Since is the span from a day on.
func Since(from Date) Span { return Span{From: from, To: Forever} }

// Until is the span of all days before a day.
func Until(to Date) Span { return Span{From: Beginning, To: to} }

// Contains reports whether the day is in the span.
func (s Span) Contains(d Date) bool { return s.From <= d && d < s.To }

// Overlaps reports whether the spans have a day in common.
func (s Span) Overlaps(o Span) bool { return max(s.From, o.From) < min(s.To, o.To) }

// Empty reports whether the span has no day.
func (s Span) Empty() bool { return s.From >= s.To }

// Last is the last day of the span, Forever if it has no end. An empty span has none, and the result means nothing.
func (s Span) Last() Date { return s.To.AddDays(-1) }

// String shows the first and the last day: "2024-01-01 – 2024-12-31", "2024-01-01 –", "– 2024-12-31"; a span of one day
// is that day.
func (s Span) String() string {
	switch {
	case s.Empty():
		return "never"
	case s == Always():
		return "always"
	case s.To == Forever:
		return s.From.String() + " –"
	case s.From == Beginning:
		return "– " + s.Last().String()
	case s.From == s.Last():
		return s.From.String()
	}
	return s.From.String() + " – " + s.Last().String()
}

// Zh shows the first and the last day in Chinese: "2024年1月1日至2024年12月31日", "2024年1月1日起", "截至2024年12月31日".
func (s Span) Zh() string {
	switch {
	case s.Empty():
		return "无"
	case s == Always():
		return "长期"
	case s.To == Forever:
		return s.From.Zh() + "起"
	case s.From == Beginning:
		return "截至" + s.Last().Zh()
	case s.From == s.Last():
		return s.From.Zh()
	}
	return s.From.Zh() + "至" + s.Last().Zh()
}
