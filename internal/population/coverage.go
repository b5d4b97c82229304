package population

import (
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// eventMonths is how far back the deliveries of a feed must reach for its events to be known as all there were.
const eventMonths = 12

// coverage answers where a feed's silence means "none".
type coverage struct {
	feed       *pack.Feed
	on         calendar.Date
	deliveries []*feed.Delivery // those that can close the world
	known      map[coverageKey]bool
}

type coverageKey struct {
	place  area.Code
	months int
}

// newCoverage takes the deliveries of a feed that are whole and in which nearly every row could be given to somebody:
// above the feed's limit, a row that is missing may be one of those that could not.
func newCoverage(f *pack.Feed, set *feed.Set, on calendar.Date) *coverage {
	c := &coverage{feed: f, on: on, known: map[coverageKey]bool{}}
	for _, d := range set.Deliveries {
		if d.Feed == f && d.Whole && d.Replaced == nil && !tooMany(d.Unplaced, d.Rows(), f.MaxRejects) {
			c.deliveries = append(c.deliveries, d)
		}
	}
	return c
}

// tooMany reports whether more than a share of the rows is lost.
func tooMany(lost, rows int, share money.Decimal) bool {
	l, ok := money.FromInt(int64(lost))
	if !ok {
		return true
	}
	r, ok := money.FromInt(int64(rows))
	if !ok {
		return true
	}
	limit, ok := r.Mul(share)
	return !ok || l > limit
}

// closed reports whether a person of a place about whom the feed says nothing has nothing there: somewhere in the months
// before the date, or at the date with 0 months.
func (c *coverage) closed(place area.Code, months int) bool {
	key := coverageKey{place, months}
	if known, ok := c.known[key]; ok {
		return known
	}
	closed := c.decide(place, months)
	c.known[key] = closed
	return closed
}

func (c *coverage) decide(place area.Code, months int) bool {
	oldest := c.on.AddDays(-c.feed.MaxAge)
	var periods []calendar.Span
	fresh, end := false, calendar.Beginning
	for _, d := range c.deliveries {
		if !d.Covers(place) || d.Period.From > c.on {
			continue
		}
		fresh = fresh || d.Delivered >= oldest
		end = max(end, d.Period.To)
		periods = append(periods, d.Period)
	}
	if !fresh || end < oldest {
		return false
	}
	if months == 0 {
		return true
	}
	return gapless(periods, calendar.Span{From: c.on.AddMonths(-months), To: min(c.on, end)})
}

// gapless reports whether the periods together hold every day of a span.
func gapless(periods []calendar.Span, span calendar.Span) bool {
	slices.SortFunc(periods, func(a, b calendar.Span) int { return int(a.From) - int(b.From) })
	reached := span.From
	for _, p := range periods {
		if p.From > reached {
			return false
		}
		reached = max(reached, p.To)
		if reached >= span.To {
			return true
		}
	}
	return reached >= span.To
}

// latest is the day of the newest delivery, false if there is none.
func (c *coverage) latest() (calendar.Date, bool) {
	day, ok := calendar.Beginning, false
	for _, d := range c.deliveries {
		day, ok = max(day, d.Delivered), true
	}
	return day, ok
}

// stale reports whether the feed's newest usable delivery is too old to say "none".
func (c *coverage) stale() bool {
	day, ok := c.latest()
	return ok && day < c.on.AddDays(-c.feed.MaxAge)
}
