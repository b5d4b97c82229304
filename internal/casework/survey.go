package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
)

// PlanSurvey sends people to the home of an item's household for its survey, as many as the procedure asks for, by the day on which it is due. The
// survey is done with [Doing.Visit] once they were there.
func (c *Casework) PlanSurvey(ctx context.Context, tx pgx.Tx, item int64, visitors []int64, note string, now time.Time) (id int64, err error) {
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
}

// surveyDue is the last day on which an item's next limit is kept, a week from now where none runs.
func (c *Casework) surveyDue(i *subject, now time.Time) calendar.Date {
	l := i.limits(c.pack.Calendar, i.procedure)
	if l.due == nil {
		return dayOf(now).AddDays(7)
	}
	return max(dayOf(now), dayOf(l.due.Add(-time.Second)))
}

// Surveys are the visits by which an item's survey can be written down: those to its household since the filing at which so many met the family and
// both sides signed, where the procedure has them sign.
func (c *Casework) Surveys(ctx context.Context, tx pgx.Tx, item *ItemFile, s *Step) ([]visit.Made, error) {
	if item.Household == 0 {
		return nil, nil
	}
	all, err := visit.MadeTo(ctx, tx, item.Household, item.Opened, s.People)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m visit.Made) bool {
		signed := 0
		for _, who := range m.Visitors {
			if m.Signed(who.Account) {
				signed++
			}
		}
		return s.BothSign && (m.Family() == "" || signed < s.People)
	}), nil
}

var noSurvey = fault.Text{Key: "casework.no-such-survey", Zh: "没有这次走访，或没有见到家里人。请重新选择", En: "there is no such visit, or the family was not met: choose again"}

// surveyed makes a survey that of those who went on a visit, signed as the family signed there, unless it is said otherwise.
func (c *Casework) surveyed(ctx context.Context, tx pgx.Tx, d *Doing) (*visit.Made, error) {
	all, err := visit.MadeOf(ctx, tx, d.Visit)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, noSurvey, nil).In(fault.At{Field: "visit"})
	}
	var me int64
	if err := tx.QueryRow(ctx, "select acting_account()").Scan(&me); err != nil {
		return nil, fmt.Errorf("asking who acts: %w", err)
	}
	d.With = nil
	for _, who := range all[0].Visitors {
		if who.Account != me {
			d.With = append(d.With, who.Account)
		}
	}
	if family := all[0].Family(); d.Signer == "" && family != "" {
		d.Signer, d.Signature = family, keptAtVisit(d.Visit)
	}
	return &all[0], nil
}
