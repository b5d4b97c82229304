package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
)

// limits are the limits of an item that run.
type limits struct {
	due     *time.Time // the earliest of a step: the first moment that is late
	step    string     // whose
	whole   *time.Time // of the whole
	unknown bool       // one runs into a year of which the calendar knows nothing
}

// end is the first moment after a period from a moment; the day of that moment is not counted. It is false where the calendar does not reach.
func end(work *calendar.Work, from time.Time, p Period) (time.Time, bool) {
	day := dayOf(from)
	switch p.Unit {
	case "hours":
		return from.Add(time.Duration(p.Count) * time.Hour), true
	case "working-days":
		last, err := work.Add(day, p.Count)
		return beginOf(last.AddDays(1)), err == nil
	case "months":
		return beginOf(day.AddMonths(p.Count).AddDays(1)), true
	case "years":
		return beginOf(day.AddMonths(12 * p.Count).AddDays(1)), true
	}
	return beginOf(day.AddDays(p.Count + 1)), true
}

// end is the end of a limit that counts from a moment, put off by the days for which the item was suspended since.
func (s *standing) end(work *calendar.Work, from time.Time, p Period) (time.Time, bool) {
	until, known := end(work, from, p)
	for _, stop := range s.stops {
		if !stop.from.Before(from) {
			until = until.AddDate(0, 0, calendar.Days(dayOf(stop.from), dayOf(stop.to)))
		}
	}
	return until, known
}

// from is the moment from which a limit from a step counts, false while the step is not done. A notice is through when it has stood its time.
func (s *standing) from(p *Procedure, id string) (time.Time, bool) {
	at, ok := s.done[id]
	if step := p.Step(id); ok && step != nil && step.Gives == "notice" && !s.noticeUntil.IsZero() {
		return s.noticeUntil.AddDate(0, 0, -1), true
	}
	return at, ok
}

// limits works out what limits run for an item as it stands: of all steps that are still to be done and of the whole.
func (s *standing) limits(work *calendar.Work, p *Procedure) (l limits) {
	for _, step := range p.Steps[s.position:] {
		if step.Within == nil || s.certainlyOut(step) {
			continue
		}
		from, begun := s.from(p, step.From)
		if !begun {
			continue
		}
		due, known := s.end(work, from, *step.Within)
		if !known {
			l.unknown = true
			continue
		}
		if l.due == nil || due.Before(*l.due) {
			l.due, l.step = &due, step.ID
		}
	}
	s.whole(work, p, &l)
	return l
}

// certainlyOut reports whether a step is known to be left out. Whether help is granted is open until it is decided: a limit for giving it runs.
func (s *standing) certainlyOut(step *Step) bool {
	if step.OnlyIf == "granted" && s.decision == "" {
		return false
	}
	return s.leftOut(step)
}

func (s *standing) whole(work *calendar.Work, p *Procedure, l *limits) {
	if p.Total == nil {
		return
	}
	to := p.Step(p.Total.To)
	from, begun := s.from(p, p.Total.From)
	if !begun || to == nil || to.Ord <= s.position || s.certainlyOut(to) {
		return
	}
	period := p.Total.Period
	if s.extended && p.Total.AtMost > 0 {
		period.Count = p.Total.AtMost
	}
	if until, known := s.end(work, from, period); known {
		l.whole = &until
	} else {
		l.unknown = true
	}
}

// recount counts the limits that ran into a year without a calendar, once there is one, and returns of how many items it now knows them.
func (c *Casework) recount(ctx context.Context, tx pgx.Tx) (counted int, err error) {
	if c.recounted.Load() {
		return 0, nil
	}
	rows, err := tx.Query(ctx, "select id from item where state in ('open', 'returned') and due_unknown order by id")
	if err != nil {
		return 0, fmt.Errorf("looking for limits that are not known: %w", err)
	}
	items, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("looking for limits that are not known: %w", err)
	}
	for _, item := range items {
		i, err := c.itemFor(ctx, tx, item)
		if err != nil {
			return counted, err
		}
		l := i.limits(c.pack.Calendar, i.procedure)
		if l.unknown {
			continue
		}
		_, err = tx.Exec(ctx, "update item set due_at = $2, due_step = $3, limit_at = $4, due_unknown = false where id = $1 and due_unknown", item, l.due, l.step, l.whole)
		if err != nil {
			return counted, refused("counting a limit", noItem, err)
		}
		counted++
	}
	c.recounted.Store(counted == 0) // another calendar comes with another pack, and so with another casework
	return counted, nil
}
