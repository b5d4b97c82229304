package warning

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
)

// Swept is what a look at the clock came to.
type Swept struct {
	Escalated int64 // passed on for lying too long
	Woken     int64 // whose quiet days are over, while the engine still warns
}

// Passed is to where some rounds of a township were passed on.
type Passed struct {
	To         string    // the route
	Department string    // of what goes to a department's desk, "" of the others
	Area       area.Code // the township, or the place where it is larger
	Rounds     int
}

// Sweep passes on, as a job on a day, what lay too long at a desk, and wakes what was quiet long enough. Twice on a day is the same as once. It
// also tells to where it passed them on.
func (w *Warnings) Sweep(ctx context.Context, tx pgx.Tx, on calendar.Date) (s Swept, to []Passed, err error) {
	if err := w.giveDays(ctx, tx); err != nil {
		return s, nil, err
	}
	if to, err = w.Escalate(ctx, tx, on); err != nil {
		return s, nil, err
	}
	for _, p := range to {
		s.Escalated += int64(p.Rounds)
	}
	if s.Woken, err = w.wake(ctx, tx, on); err != nil {
		return s, nil, err
	}
	if _, err := tx.Exec(ctx, "delete from report_rate where hour < now() - interval '1 day'"); err != nil {
		return s, nil, fmt.Errorf("forgetting where reports came from: %w", err)
	}
	return s, to, nil
}

// Escalate passes on what lay too long at a desk, each round by one desk, and returns to where, in the order in which they were raised.
func (w *Warnings) Escalate(ctx context.Context, tx pgx.Tx, on calendar.Date) ([]Passed, error) {
	if w.pack.Handling == nil {
		return nil, nil
	}
	var terms []term
	for _, d := range w.pack.Handling.Desks {
		if d.Then == "" {
			continue
		}
		t, err := w.termOf(d, on)
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	var all []passed
	for _, t := range terms { // all are looked up before any is passed on, so that none goes by two desks at once
		some, err := late(ctx, tx, t)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return pass(ctx, tx, all)
}

// term is until when what lies at a desk had to be done by now, and when it is due at the next.
type term struct {
	desk   *pack.Desk
	before calendar.Date
	due    calendar.Date
}

// termOf counts in working days. Where the calendar does not reach, the fault says so, and nothing is passed on by guess.
func (w *Warnings) termOf(d *pack.Desk, on calendar.Date) (term, error) {
	before, err := w.pack.Calendar.Add(on, -d.After)
	if err != nil {
		return term{}, fmt.Errorf("counting working days back: %w", err)
	}
	due, err := w.pack.Calendar.Add(on, d.Due)
	if err != nil { // it is passed on all the same, and has its day once the calendar reaches it
		due = calendar.Forever
	}
	return term{d, before, due}, nil
}

// undated are rounds whose day the calendar did not reach when they were raised or passed on.
type undated struct {
	rule, route string
	since       time.Time
	passedOn    bool
}

// giveDays gives those rounds their day once the calendar reaches it.
func (w *Warnings) giveDays(ctx context.Context, tx pgx.Tx) error {
	const since = "coalesce((escalated_at at time zone 'Asia/Shanghai')::date, raised_on)"
	rows, err := tx.Query(ctx, "select distinct rule, route, "+since+", escalated_at is not null from warning_handling where open and due_on = 'infinity' order by 1, 2, 3")
	if err != nil {
		return fmt.Errorf("looking for rounds without a day: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (u undated, err error) {
		return u, r.Scan(&u.rule, &u.route, &u.since, &u.passedOn)
	})
	if err != nil {
		return fmt.Errorf("looking for rounds without a day: %w", err)
	}
	for _, u := range all {
		due, ok := w.dayOf(u)
		if !ok {
			continue
		}
		_, err := tx.Exec(ctx, `update warning_handling set due_on = $1::date where open and due_on = 'infinity' and rule = $2 and route = $3
			and `+since+` = $4::date and (escalated_at is not null) = $5`, due.String(), u.rule, u.route, u.since, u.passedOn)
		if err != nil {
			return refused("giving rounds their day", err)
		}
	}
	return nil
}

func (w *Warnings) dayOf(u undated) (calendar.Date, bool) {
	days := 0
	if r := w.rules[u.rule]; r != nil {
		days = r.Due
	}
	if u.passedOn {
		days = -1
		for _, d := range w.pack.Handling.Desks {
			if d.Then == u.route && (days < 0 || d.Due < days) { // by which desk it came is not kept: the shortest
				days = d.Due
			}
		}
	}
	due, err := w.pack.Calendar.Add(dateOf(&u.since), days)
	return due, err == nil
}

// passed is a round that is passed on.
type passed struct {
	id         int64
	area       area.Code
	department string
	to         string
	due        calendar.Date
}

func late(ctx context.Context, tx pgx.Tx, t term) ([]passed, error) {
	rows, err := tx.Query(ctx, `select id, area, department from warning_handling where open and route = $1 and due_on < $2::date and state <> 'confirmed'
		order by id for no key update`, t.desk.Route, t.before.String())
	if err != nil {
		return nil, fmt.Errorf("looking for what lies too long: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (passed, error) {
		p := passed{to: t.desk.Then, due: t.due}
		return p, r.Scan(&p.id, &p.area, &p.department)
	})
	if err != nil {
		return nil, fmt.Errorf("looking for what lies too long: %w", err)
	}
	return all, nil
}

// pass passes rounds on, and returns to where: one entry for a township, and for a desk and a department there.
func pass(ctx context.Context, tx pgx.Tx, all []passed) ([]Passed, error) {
	ids, routes, dues := make([]int64, len(all)), make([]string, len(all)), make([]string, len(all))
	of := map[Passed][]int64{}
	var order []Passed
	for i, p := range all {
		ids[i], routes[i], dues[i] = p.id, p.to, dayText(p.due)
		t := Passed{To: p.to, Department: p.department, Area: cmp.Or(p.area.At(area.Township), p.area)}
		if of[t] == nil {
			order = append(order, t)
		}
		of[t] = append(of[t], p.id)
	}
	_, err := tx.Exec(ctx, `
		with late as (select * from unnest($1::bigint[], $2::text[], $3::text[]) l(id, route, due)),
		moved as (update warning_handling h set route = l.route, due_on = l.due::date, escalated_at = clock_timestamp() from late l where h.id = l.id
			returning h.id, h.state, h.route)
		insert into warning_step (handling, kind, state, word) select id, 'escalate', state, route from moved order by id`, ids, routes, dues)
	if err != nil {
		return nil, refused("passing on what lies too long", err)
	}
	to := make([]Passed, 0, len(order))
	for _, t := range order { // one act each
		_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "warning.escalate", Subject: "area:" + t.Area.String(), Detail: map[string]any{"to": t.To, "rounds": of[t]}})
		if err != nil {
			return nil, err
		}
		t.Rounds = len(of[t])
		to = append(to, t)
	}
	return to, nil
}

// wake brings back what was quiet long enough, while the engine still warns.
func (w *Warnings) wake(ctx context.Context, tx pgx.Tx, on calendar.Date) (n int64, err error) {
	var rules []string
	var dues []*string
	for _, m := range w.pack.Mechanisms {
		for _, r := range m.Rules {
			rules, dues = append(rules, r.ID), append(dues, w.dueText(r.ID, on))
		}
	}
	tag, err := tx.Exec(ctx, `
		with due as (select * from unnest($1::text[], $2::text[]) d(rule, due)),
		quiet as (
			update warning_handling h set state = 'new', raised_on = $3::date, due_on = coalesce((select d.due::date from due d where d.rule = h.rule), 'infinity')
			where h.state = 'quiet' and h.quiet_until <= $3::date returning h.id, h.prior),
		over as (
			update warning_handling h set watched = false where h.watched and h.quiet_until <= $3::date returning h.*),
		anew as (
			insert into warning_handling (warning, prior, rule, mechanism, level, household, person, area, route, department, evidence, raised_on, due_on)
			select o.warning, o.id, o.rule, o.mechanism, coalesce(v.level, o.level), o.household, o.person, coalesce(v.area, o.area), coalesce(v.route, o.route), o.department,
				coalesce(v.evidence, o.evidence), $3::date, coalesce((select d.due::date from due d where d.rule = o.rule), 'infinity')
			from over o left join warning v on v.id = o.warning order by o.id returning id, prior)
		insert into warning_step (handling, kind, state, other) select id, 'wake', 'new', prior from (select * from quiet union all select * from anew) w order by id`,
		rules, dues, on.String())
	if err != nil {
		return 0, refused("waking what was quiet long enough", err)
	}
	if tag.RowsAffected() == 0 {
		return 0, nil
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "warning.wake", Subject: "day:" + on.String(), Detail: map[string]any{"rounds": tag.RowsAffected()}})
	return tag.RowsAffected(), err
}
