package warning

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
)

// Filter says which rounds an inbox shows. What is empty leaves nothing out; without States it shows those that wait for somebody.
type Filter struct {
	Within     area.Code // a village, township or county
	Levels     []string
	Mechanisms []string
	Rules      []string
	States     []State
	Route      string // where they lie
	Account    int64  // who has them
	Unclaimed  bool   // nobody has them
	Overdue    bool
	Ended      bool // the engine has closed them, and they are still worked on
	Nobody     bool // reports of which no household is found yet
	Today      calendar.Date
	After      After
	Most       int // 50 if 0
}

// After is where a page ends and the next begins; the zero value is before all.
type After struct {
	Rank int
	Due  calendar.Date
	ID   int64
}

// Item is a round as the inbox shows it.
type Item struct {
	ID        int64
	Warning   int64 // of discovery; 0 of reports alone
	Rule      string
	Mechanism string
	Level     string
	Household int64 // 0: nobody found yet
	Person    int64 // 0: of the household as a whole
	Area      area.Code
	Route     string
	Raised    calendar.Date
	Due       calendar.Date // [calendar.Forever] without
	Overdue   bool
	State     State
	Account   int64
	Worker    string // the account's name
	Finding   Finding
	Reason    string
	Reports   int
	Escalated bool
	Ended     bool
	Again     bool // there was a round before
	Quiet     calendar.Date
	Head      string // of the household, "" if not known
	Of        string // the person whom it is about
	Members   int
	Address   string
	Score     string // the difficulty index, "" if not assessed
}

// List is a page of an inbox, the gravest and then what is due first.
type List struct {
	Items []Item
	More  bool
	Next  After
}

const mostAtOnce = 200

// Inbox is the rounds that the transaction's principal may see and that the filter leaves, in one query.
func (w *Warnings) Inbox(ctx context.Context, tx pgx.Tx, f Filter) (List, error) {
	most := f.Most
	if most <= 0 || most > mostAtOnce {
		most = 50
	}
	items, err := w.items(ctx, tx, "where id = any(array(select warning_page("+pageArguments+")))", f.arguments(most+1), f.Today)
	if err != nil {
		return List{}, err
	}
	l := List{Items: items}
	if len(items) > most {
		last := items[most-1]
		l.Items, l.More, l.Next = items[:most], true, After{rankOf(last.Level), last.Due, last.ID}
	}
	return l, nil
}

// Count is how many rounds a filter leaves, counted up to one more than most, which is ten thousand at most.
func (w *Warnings) Count(ctx context.Context, tx pgx.Tx, f Filter, most int) (n int, err error) {
	f.After = After{}
	if err := tx.QueryRow(ctx, "select count(*)::int from warning_page("+pageArguments+")", f.arguments(most+1)...).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting an inbox: %w", err)
	}
	return n, nil
}

const pageArguments = "$1, $2, $3::smallint[], $4::text[], $5::text[], $6::text[], $7, $8, $9, $10::date, $11, $12, $13::int, $14::date, $15, $16"

// arguments are those of warning_page.
func (f *Filter) arguments(most int) []any {
	from, to := f.Within.Range()
	if f.Within == 0 {
		from, to = 0, math.MaxInt64
	}
	var ranks []int16
	for _, level := range f.Levels {
		ranks = append(ranks, int16(rankOf(level)))
	}
	var before *string
	if f.Overdue {
		day := f.Today.String()
		before = &day
	}
	return []any{int64(from), int64(to), ranks, orNull(f.Mechanisms), orNull(f.Rules), orNull(texts(f.States)), f.Route, f.Account, f.Unclaimed, before, f.Ended, f.Nobody,
		f.After.Rank, dayText(f.After.Due), f.After.ID, most}
}

// orNull is nil of an empty list, which leaves nothing out.
func orNull(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	return all
}

// items reads rounds, with names, in one query.
func (w *Warnings) items(ctx context.Context, tx pgx.Tx, which string, args []any, today calendar.Date) ([]Item, error) {
	rows, err := tx.Query(ctx, `
		with page as materialized (select * from warning_handling `+which+`)
		select h.id, coalesce(h.warning, 0), h.rule, h.mechanism, h.level, coalesce(h.household, 0), coalesce(h.person, 0), h.area, h.route, h.raised_on,
			nullif(h.due_on, 'infinity'), h.state, coalesce(h.account, 0), coalesce(staff_name(h.account), ''), h.finding, h.reason, h.reports,
			h.escalated_at is not null, h.ended_at is not null, h.prior is not null, h.quiet_until,
			coalesce(p.head, ''), coalesce(p.person, ''), coalesce(p.members, 0), coalesce(p.address, ''), coalesce(f.score::text, '')
		from page h
		left join warning_people(array(select id from page)) p on p.handling = h.id
		left join finding f on f.household = h.household
		order by h.rank, h.due_on, h.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading an inbox: %w", err)
	}
	items, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (i Item, err error) {
		var raised time.Time
		var due, quiet *time.Time
		err = r.Scan(&i.ID, &i.Warning, &i.Rule, &i.Mechanism, &i.Level, &i.Household, &i.Person, &i.Area, &i.Route, &raised, &due, &i.State, &i.Account, &i.Worker,
			&i.Finding, &i.Reason, &i.Reports, &i.Escalated, &i.Ended, &i.Again, &quiet, &i.Head, &i.Of, &i.Members, &i.Address, &i.Score)
		i.Raised, i.Due, i.Quiet = dateOf(&raised), dateOf(due), dateOf(quiet)
		i.Overdue = i.State.Open() && i.Due < today
		return i, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading an inbox: %w", err)
	}
	return items, nil
}

func texts[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return texts
}

// levels are those of warnings, the gravest first.
var levels = []string{"red", "orange", "yellow", "blue"}

func rankOf(level string) int {
	for i, l := range levels {
		if l == level {
			return i + 1
		}
	}
	return len(levels)
}

// dateOf is a day of the database, [calendar.Forever] of none.
func dateOf(t *time.Time) calendar.Date {
	if t == nil {
		return calendar.Forever
	}
	year, month, day := t.Date()
	d, ok := calendar.Of(year, month, day)
	if !ok {
		return calendar.Forever
	}
	return d
}

// dayText is a day as the database reads it.
func dayText(d calendar.Date) string {
	if d == calendar.Forever {
		return "infinity"
	}
	return d.String()
}
