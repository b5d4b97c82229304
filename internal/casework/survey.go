package casework

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
)

// PlanSurvey sends people to the home of an item's household for its survey, as many as the procedure asks for, by the day on which it is due. The
// survey is done with [Doing.Visit] once they were there.
func (c *Casework) PlanSurvey(ctx context.Context, tx pgx.Tx, item int64, visitors []int64, note string, now time.Time, key string) (id int64, err error) {
	id, _, err = once(ctx, tx, key, func() (int64, error) {
		i, err := c.itemFor(ctx, tx, item)
		if err != nil {
			return 0, err
		}
		s := i.procedure.giving("survey")
		if s == nil || s.Ord <= i.position || i.household == 0 {
			return 0, fault.New(fault.Conflict, notNow, nil)
		}
		return visit.Plan(ctx, tx, visit.Task{Household: i.household, Purpose: visit.Survey, Item: item, Visitors: visitors, People: s.People, BothSign: s.BothSign,
			Due: c.surveyDue(i, now), Note: note})
	})
	return id, err
}

// surveyDue is the last day on which an item's next limit is kept, a week from now where none runs.
func (c *Casework) surveyDue(i *subject, now time.Time) calendar.Date {
	l := i.limits(c.pack.Calendar, i.procedure)
	if l.due == nil {
		return dayOf(now).AddDays(7)
	}
	return max(dayOf(now), dayOf(l.due.Add(-time.Second)))
}
