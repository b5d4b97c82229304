package casework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// View is which items a queue shows.
type View string

// The views. All but Ended show items that are not closed, the earliest deadline first; Ended shows the latest first.
const (
	Mine        View = "mine"     // the next step, or the answer for which the decision waits, is for the role of whoever asks, and nothing that they did keeps them from it
	Due         View = "due"      // a limit ends within the soon of the filter
	OverdueView View = "overdue"  // a limit is over
	Returned    View = "returned" // for mending
	Emergencies View = "emergencies"
	Suspended   View = "suspended"
	Under       View = "under" // all that are under way
	Taken       View = "taken" // what whoever asks took in
	Ended       View = "ended"
)

// Filter is what a queue is to show.
type Filter struct {
	View      View
	Now       time.Time
	Soon      time.Duration // how far Due looks ahead; 0 is three days
	Programme string        // or the category; "" is all
	Procedure string
	Area      area.Code // within the area of whoever asks; 0 is all of it, which takes longer for whoever has a county or less ([Named])
	Household int64
	Called    string   // a part of the name of whom it is for
	NearKin   bool     // only those
	Newest    bool     // what was filed last comes first, instead of what is due first
	Gives     []string // what the next step gives; none is any
	After     After
	Most      int // 0 is 50
}

// Named is the area that a filter names for somebody who is posted to an area and wants all of it: none where that is a city, whose items are
// read in the order of their limits.
func Named(posted area.Code) area.Code {
	if posted.Level() < area.County {
		return 0
	}
	return posted
}

// After is where a page of a queue begins: after the item with this deadline and id. The zero value is the beginning.
type After struct {
	Deadline time.Time // zero stands for no deadline
	ID       int64
}

// Queued is an item in a queue.
type Queued struct {
	ID, Filing, Household, Person int64
	Area                          area.Code
	Department                    string
	Programme                     string
	Recognises                    bool
	Name                          pack.Text // of the programme or the category
	Called                        string    // whom it is for
	Occasion                      Occasion
	State                         string // open, returned, suspended, ended
	EndedWhy                      string // done, withdrawn, not-wished, died, moved
	Decision                      string // granted, refused, ""
	Outcome                       string // what the engine came to at filing
	Amount                        *money.Decimal
	Next                          *Step     // nil: closed
	NextRank                      string    // of the authority, where a decider is next; reserve where the township pays out of its own
	Deadline                      time.Time // the earliest limit that runs: the first moment that is late; zero is none
	Due                           time.Time // of a step
	DueStep                       *Step
	Limit                         time.Time // of the whole
	DueUnknown                    bool      // a limit runs into a year of which the calendar knows nothing
	NearKin, OverLimit, Drawn     bool
	Taker                         string // the role of the window that took it in: officer, or department
	Objected                      bool   // an objection is open
	Opened, Last, Ended           time.Time
}

// Overdue reports whether a limit of an item is over.
func (q *Queued) Overdue(now time.Time) bool { return !q.Deadline.IsZero() && !now.Before(q.Deadline) }

// Held reports whether the decision is next and waits for an open objection's answer.
func (q *Queued) Held() bool { return q.Objected && q.Next != nil && q.Next.Gives == "confirmation" }

var answerIt = pack.Text{Zh: "答复异议", En: "Answer the objection"}

// Comes is what is to be done next, and the actor who does it: the next step, or the answer for which the decision waits, which the database gives to
// the same (casework_follow). Of a closed item both are empty.
func (q *Queued) Comes() (what pack.Text, by string) {
	switch {
	case q.Next == nil:
		return pack.Text{}, ""
	case !q.Held():
		return q.Next.Name, q.Next.By
	case q.NextRank == "department" || q.NextRank == "fund":
		return answerIt, "department-officer"
	}
	return answerIt, "township-officer"
}

// Place is where the page after an item begins.
func (q *Queued) Place() After { return After{q.Deadline, q.ID} }

const queuedColumns = `i.id, i.filing, coalesce(i.household, 0), coalesce(i.person, 0), i.area, i.department, i.programme, i.recognises, i.called, i.occasion, i.state,
	coalesce(i.ended_why, ''), coalesce(i.decision, ''), i.outcome, i.amount::text, i.version, coalesce(i.next_ord, 0), i.next_rank,
	nullif(i.deadline, 'infinity'), i.due_at, i.due_step, i.limit_at, i.due_unknown, i.near_kin, i.over_limit, i.drawn, casework_taker(i.filing),
	exists (select from objection o where o.item = i.id and not exists (select from objection_answer a where a.objection = o.id)), i.opened_at, i.last_at, i.ended_at`

// Queue is a page of the items that whoever runs the transaction may see.
func (c *Casework) Queue(ctx context.Context, tx pgx.Tx, f Filter) ([]*Queued, error) {
	if f.Most <= 0 {
		f.Most = 50
	}
	var q conditions
	order := f.conditions(&q)
	query := fmt.Sprintf("select %s from item i where %s order by %s limit %d", queuedColumns, strings.Join(q.all, " and "), order, f.Most)
	rows, err := tx.Query(ctx, query, q.args...)
	if err != nil {
		return nil, fmt.Errorf("reading a queue of items: %w", err)
	}
	return c.queued(ctx, tx, rows)
}

// conditions adds a filter's, and gives the order of its view.
func (f Filter) conditions(q *conditions) (order string) {
	if f.Soon <= 0 {
		f.Soon = 3 * 24 * time.Hour
	}
	order = q.view(f)
	if f.Programme != "" {
		q.add("i.programme = %s", f.Programme)
	}
	if f.Procedure != "" {
		q.add("i.version in (select p.id from workflow_procedure p where p.procedure = %s)", f.Procedure)
	}
	q.within(f.Area)
	if f.Household != 0 {
		q.add("i.household = %s", f.Household)
	}
	if f.Called != "" {
		q.add("position(%s in i.called) > 0", f.Called)
	}
	if f.NearKin {
		q.add("i.near_kin")
	}
	if len(f.Gives) > 0 {
		q.add("(i.version, i.next_ord) in (select w.version, w.ord from workflow_step w where w.gives = any(%s))", f.Gives)
	}
	return order
}

// NoticesOver are the items whose notice ended after a moment and up to another, and which can be decided: nothing is objected and nothing stops them.
func (c *Casework) NoticesOver(ctx context.Context, tx pgx.Tx, after, now time.Time) ([]*Queued, error) {
	rows, err := tx.Query(ctx, "select "+queuedColumns+` from item i where i.notice_until > $1 and i.notice_until <= $2 and i.state = 'open'
		and (i.version, i.next_ord) in (select w.version, w.ord from workflow_step w where w.gives in ('confirmation', 'visit', 'meeting'))
		and not exists (select from objection o where o.item = i.id and not exists (select from objection_answer a where a.objection = o.id)) order by i.id`, after, now)
	if err != nil {
		return nil, fmt.Errorf("looking for notices that are over: %w", err)
	}
	return c.queued(ctx, tx, rows)
}

// conditions are a query's, with what stands in them.
type conditions struct {
	all  []string
	args []any
}

// add adds a condition with a place, %s, for each value.
func (q *conditions) add(condition string, values ...any) {
	places := make([]any, len(values))
	for n, v := range values {
		q.args = append(q.args, v)
		places[n] = fmt.Sprintf("$%d", len(q.args))
	}
	q.all = append(q.all, fmt.Sprintf(condition, places...))
}

// within adds that an item is of an area, if that is one.
func (q *conditions) within(in area.Code) {
	if in == 0 {
		return
	}
	lo, hi := in.Range()
	q.add("i.area >= %s", int64(lo))
	q.add("i.area < %s", int64(hi))
}

// mine is the steps that the role of whoever acts may do, and nothing that they did keeps them from it.
const mine = `i.state in ('open', 'returned') and i.next_by || ' ' || i.next_rank = any (array( -- found once, not for each item
		select w.by_whom || ' ' || r.rank from (select distinct by_whom from workflow_step) w, (values (''), ('township'), ('county'), ('department'), ('fund'), ('reserve')) r(rank)
		where casework_may(w.by_whom, '', r.rank, r.rank = 'reserve', (select acting_role()), true)))
	and (i.next_by <> 'window' or casework_taker(i.filing) = (select acting_role()))
	and not exists (select from workflow_step w join item_step d on d.item = i.id and (select acting_account()) = any(d.people)
		where w.version = i.version and w.ord = i.next_ord and w.by_whom = i.next_by and (d.step = any(w.not_by) or w.gives = 'confirmation' and i.next_rank <> 'fund' and d.gives in ('survey', 'opinion')))`

// view adds a view's conditions, and gives its order.
func (q *conditions) view(f Filter) (order string) {
	order = "i.deadline, i.id"
	if f.View == Ended || f.Newest {
		order = "i.id desc"
	}
	switch {
	case f.After.ID == 0:
	case order == "i.id desc":
		q.add("i.id < %s", f.After.ID)
	default:
		q.add("(i.deadline, i.id) > (%s::timestamptz, %s)", deadlineText(f.After.Deadline), f.After.ID)
	}
	if f.View == Ended {
		q.add("i.state = 'ended'")
		return order
	}
	q.add("i.state <> 'ended'")
	switch f.View {
	case Mine:
		q.all = append(q.all, mine)
	case Due:
		q.add("i.deadline > %s", f.Now)
		q.add("i.deadline <= %s", f.Now.Add(f.Soon))
	case OverdueView:
		q.add("i.deadline <= %s", f.Now)
	case Returned, Suspended:
		q.add("i.state = '" + string(f.View) + "'")
	case Taken:
		q.all = append(q.all, "i.filing in (select f.id from filing f where f.account = (select acting_account()))")
	case Emergencies:
		q.add("i.occasion = 'emergency'")
	}
	return order
}

// deadlineText is a deadline as the database reads it, none being the last of all.
func deadlineText(t time.Time) string {
	if t.IsZero() {
		return "infinity"
	}
	return t.Format(time.RFC3339Nano)
}

// queued reads rows of queuedColumns.
func (c *Casework) queued(ctx context.Context, tx pgx.Tx, rows pgx.Rows) ([]*Queued, error) {
	type versioned struct {
		*Queued
		version int64
		ord     int
		dueStep string
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v versioned, err error) {
		q := &Queued{}
		v.Queued = q
		var deadline, due, limit, ended *time.Time
		var amount *string
		err = row.Scan(&q.ID, &q.Filing, &q.Household, &q.Person, (*int64)(&q.Area), &q.Department, &q.Programme, &q.Recognises, &q.Called, &q.Occasion, &q.State,
			&q.EndedWhy, &q.Decision, &q.Outcome, &amount, &v.version, &v.ord, &q.NextRank, &deadline, &due, &v.dueStep, &limit, &q.DueUnknown,
			&q.NearKin, &q.OverLimit, &q.Drawn, &q.Taker, &q.Objected, &q.Opened, &q.Last, &ended)
		if err != nil {
			return v, err
		}
		q.Deadline, q.Due, q.Limit, q.Ended = timeOf(deadline), timeOf(due), timeOf(limit), timeOf(ended)
		q.Name = c.nameOf(q.Programme, q.Recognises)
		q.Amount, err = readAmount(amount)
		return v, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading items: %w", err)
	}
	procedures := map[int64]*Procedure{}
	items := make([]*Queued, len(all))
	for n, v := range all {
		p := procedures[v.version]
		if p == nil { // a pack has some ten of them
			if p, err = c.procedureOf(ctx, tx, v.version); err != nil {
				return nil, err
			}
			procedures[v.version] = p
		}
		if v.ord > 0 {
			v.Next = p.Steps[v.ord-1]
		}
		v.DueStep = p.Step(v.dueStep)
		items[n] = v.Queued
	}
	return items, nil
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.In(place)
}

// nameOf is what a programme or a category is called.
func (c *Casework) nameOf(programme string, recognises bool) pack.Text {
	if recognises {
		return categoryName(c.pack, programme)
	}
	for _, p := range c.pack.Programmes {
		if p.ID == programme {
			return p.Name
		}
	}
	return pack.Text{Zh: programme, En: programme}
}

// categoryName is what a category is called, its code if the pack has none such any more.
func categoryName(p *pack.Pack, category string) pack.Text {
	if p.Workflow != nil && p.Codes[p.Workflow.Categories] != nil {
		list := p.Codes[p.Workflow.Categories]
		if at := list.Index(category); at >= 0 {
			return list.Codes[at].Name
		}
	}
	return pack.Text{Zh: category, En: category}
}

// dateOf is a day that the database wrote as text, 0 for none.
func dateOf(s *string) calendar.Date {
	d, _ := readDate(s)
	return d
}
