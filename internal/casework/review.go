package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// reviewOn is the rule by which a programme, or a status, is looked at again, nil if none is.
func (c *Casework) reviewOn(programme string, recognises bool, on calendar.Date) *pack.ReviewVersion {
	if c.pack.Workflow == nil {
		return nil
	}
	for _, r := range c.pack.Workflow.Reviews {
		named := r.Programmes
		if recognises {
			named = r.Categories
		}
		if !slices.Contains(named, programme) {
			continue
		}
		for _, v := range r.Versions {
			if v.Span.Contains(on) {
				return v
			}
		}
	}
	return nil
}

// later is the day that comes a period after another, of a period in days, months or years.
func later(from calendar.Date, p pack.Period) calendar.Date {
	switch p.Unit {
	case "months":
		return from.AddMonths(p.Count)
	case "years":
		return from.AddMonths(12 * p.Count)
	}
	return from.AddDays(p.Count)
}

// Review is a review of help or of a status, due on a day.
type Review struct {
	ID, Item, Household, Person int64
	Filing                      int64
	Area                        area.Code
	Department                  string
	Programme                   string
	Recognises                  bool
	Name                        pack.Text
	Called                      string
	Due                         calendar.Date
	Result                      string // "": not yet; continue, change, end, exit
	Found                       string
	Until                       calendar.Date // of an exit: the first day without help
	Done                        time.Time
	By                          int64
}

// ReviewsDue opens the reviews that come due up to a day, of all help that goes on, as a job, and returns their items in order.
func (c *Casework) ReviewsDue(ctx context.Context, tx pgx.Tx, upTo calendar.Date) ([]int64, error) {
	rows, err := tx.Query(ctx, `select a.item, a.programme, a.recognises, greatest(min(a.from_date), max(casework_day(d.at)))::text
		from award a left join review r on r.item = a.item left join review_done d on d.review = r.id
		where not exists (select from award_end e where e.award = a.id) and (a.to_date is null or a.to_date > $1::date)
			and not exists (select from review o where o.item = a.item and not exists (select from review_done x where x.review = o.id))
		group by a.item, a.programme, a.recognises order by a.item`, upTo.String())
	if err != nil {
		return nil, refused("looking for help that goes on", noItem, err)
	}
	type going struct {
		item       int64
		programme  string
		recognises bool
		last       calendar.Date
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g going, err error) {
		var last *string
		err = row.Scan(&g.item, &g.programme, &g.recognises, &last)
		g.last = dateOf(last)
		return g, err
	})
	if err != nil {
		return nil, refused("looking for help that goes on", noItem, err)
	}
	var opened []int64
	for _, g := range all {
		v := c.reviewOn(g.programme, g.recognises, upTo)
		if v == nil || v.Every == nil {
			continue
		}
		due := later(g.last, *v.Every)
		if due > upTo {
			continue
		}
		tag, err := tx.Exec(ctx, "insert into review (item, due_on) values ($1, $2::date) on conflict do nothing", g.item, due.String())
		if err != nil {
			return nil, refused("opening a review", noItem, err)
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		opened = append(opened, g.item)
		if err := record(ctx, tx, "review.open", "item", g.item, map[string]any{"due": due}); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

// Reviews is a page of the reviews that are not done, the earliest due first: those after a day and an id, zero for the first page.
func (c *Casework) Reviews(ctx context.Context, tx pgx.Tx, after calendar.Date, afterID int64, most int) ([]Review, error) {
	return c.reviews(ctx, tx, `d.review is null and ($1 = 0 or (r.due_on, r.id) > ($2::date, $1)) order by r.due_on, r.id limit $3`, afterID, after.String(), most)
}

// ReviewsMissed are the reviews that are not done and whose day went by within some days before a day, in the order of their days.
func (c *Casework) ReviewsMissed(ctx context.Context, tx pgx.Tx, on calendar.Date, days int) ([]Review, error) {
	return c.reviews(ctx, tx, "d.review is null and r.due_on < $1::date and r.due_on >= $2::date order by r.due_on, r.id", on.String(), on.AddDays(-days).String())
}

// ReviewsOf are the reviews of an item, in order.
func (c *Casework) ReviewsOf(ctx context.Context, tx pgx.Tx, item int64) ([]Review, error) {
	return c.reviews(ctx, tx, "r.item = $1 order by r.id", item)
}

func (c *Casework) reviews(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]Review, error) {
	rows, err := tx.Query(ctx, `select r.id, r.item, i.filing, coalesce(i.household, 0), coalesce(i.person, 0), r.area, r.department, i.programme, i.recognises, i.called, r.due_on::text,
			coalesce(d.result, ''), coalesce(d.found, ''), d.until::text, d.at, coalesce(d.account, 0)
		from review r join item i on i.id = r.item left join review_done d on d.review = r.id where `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading reviews: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Review, err error) {
		var due, until *string
		var done *time.Time
		err = row.Scan(&r.ID, &r.Item, &r.Filing, &r.Household, &r.Person, (*int64)(&r.Area), &r.Department, &r.Programme, &r.Recognises, &r.Called, &due, &r.Result, &r.Found,
			&until, &done, &r.By)
		r.Name, r.Due, r.Until, r.Done = c.nameOf(r.Programme, r.Recognises), dateOf(due), dateOf(until), timeOf(done)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading reviews: %w", err)
	}
	return all, nil
}

var noExit = fault.Text{Key: "casework.no-exit", Zh: "这个项目没有规定渐退期", En: "there is no gradual exit from this programme"}

// Reviewed writes down what a review came to: continue, change, end, or exit, by which help goes on for the time that the workflow gives. What
// ends the help is [Casework.EndAwards], by somebody who decides; what changes it is a new filing.
func (c *Casework) Reviewed(ctx context.Context, tx pgx.Tx, review int64, result, found string, now time.Time) error {
	var item int64
	var programme string
	var recognises bool
	err := tx.QueryRow(ctx, "select i.id, i.programme, i.recognises from review r join item i on i.id = r.item where r.id = $1", review).Scan(&item, &programme, &recognises)
	if err != nil {
		return refused("looking up a review", noItem, err)
	}
	var until *string
	if result == "exit" {
		v := c.reviewOn(programme, recognises, dayOf(now))
		if v == nil || v.Exit == nil {
			return fault.New(fault.Conflict, noExit, nil)
		}
		s := later(dayOf(now), *v.Exit).String()
		until = &s
	}
	if _, err := tx.Exec(ctx, "insert into review_done (review, result, found, until, at) values ($1, $2, $3, $4::date, $5)", review, result, found, until, now); err != nil {
		return refused("writing down a review", noItem, err)
	}
	return record(ctx, tx, "review.done", "item", item, map[string]any{"review": review, "result": result})
}

// Ending is how help ends.
type Ending struct {
	On     calendar.Date // the first day without it
	Why    string        // review, exit, died, moved, own-wish, revoked, appeal
	Reason string
	Review int64 // of review and exit
}

var noHelp = fault.Text{Key: "casework.no-help", Zh: "这个事项没有还在进行的救助，可能刚被停止。请刷新后查看", En: "no help of this item goes on; it may just have been ended: load the page again"}

// EndAwards ends all that was awarded by an item and still goes on, and returns how many awards that were.
func (c *Casework) EndAwards(ctx context.Context, tx pgx.Tx, item int64, e Ending) (int, error) {
	tag, err := tx.Exec(ctx, `insert into award_end (award, on_date, why, reason, review)
		select a.id, $2::date, $3, $4, nullif($5, 0) from award a where a.item = $1 and not exists (select from award_end e where e.award = a.id) order by a.id`,
		item, e.On.String(), e.Why, e.Reason, e.Review)
	if err != nil {
		return 0, refused("ending help", noItem, err)
	}
	if tag.RowsAffected() == 0 {
		return 0, fault.New(fault.Conflict, noHelp, nil)
	}
	return int(tag.RowsAffected()), record(ctx, tx, "award.end", "item", item, map[string]any{"on": e.On, "why": e.Why, "reason": e.Reason})
}
