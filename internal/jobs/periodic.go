package jobs

import (
	"time"

	"github.com/riverqueue/river"
)

// Zone is where the platform's days begin.
var Zone = time.FixedZone("UTC+8", 8*60*60)

// Periodic is a job that is due again and again.
type Periodic struct {
	Name string
	When Schedule
	Make func(due time.Time) Args // of the time at which it was due, in the city's zone; the same for every program that asks
}

// Schedule is when something is due.
type Schedule interface {
	Next(after time.Time) time.Time    // the first time at which it is due after one
	Last(notAfter time.Time) time.Time // the last at which it was
}

// Daily is due once a day, by the city's clock.
func Daily(hour, minute int) Schedule { return daily{hour, minute} }

type daily struct{ hour, minute int }

func (d daily) Last(t time.Time) time.Time {
	t = t.In(Zone)
	at := time.Date(t.Year(), t.Month(), t.Day(), d.hour, d.minute, 0, 0, Zone)
	if at.After(t) {
		return at.AddDate(0, 0, -1)
	}
	return at
}

func (d daily) Next(t time.Time) time.Time { return d.Last(t).AddDate(0, 0, 1) }

// Every is due at each whole multiple of a span of time.
func Every(span time.Duration) Schedule { return every(span) }

type every time.Duration

func (e every) Last(t time.Time) time.Time { return t.In(Zone).Truncate(time.Duration(e)) }
func (e every) Next(t time.Time) time.Time { return e.Last(t).Add(time.Duration(e)) }

// job is the periodic job as River wants it. A program that starts adds what was due last: if it was done, it is not done again.
func (p Periodic) job(clock func() time.Time) *river.PeriodicJob {
	return river.NewPeriodicJob(p.When, func() (river.JobArgs, *river.InsertOpts) {
		return p.Make(p.When.Last(clock())), onceOnly()
	}, &river.PeriodicJobOpts{RunOnStart: true})
}
