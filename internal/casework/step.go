package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/visit"
)

// Doing is how a step is done.
type Doing struct {
	With      []int64 // accounts of the others who did it
	Signer    string  // who of the family signed
	Signature string  // where the signed paper is kept
	Result    string  // of a decision: granted or refused
	Grants    []Grant // proposed by an opinion, given by a decision; nil at a decision: what the engine comes to
	Reason    string
	Detail    map[string]any // what else the step gave
	Meeting   int64          // of a case conference
	Visit     int64          // of a survey: the visit that it writes down; who went did it, and what they brought back is among the papers; 0 is none
	Checked   int64          // of a means check: the check whose report it rests on; 0 is the last of the household, if one was reported
	Place     string         // of a posting: where it hangs
	Papers    []Paper
}

// Do does a step of an item, and returns its row. The database refuses one that is not allowed now, or not to whoever acts.
func (c *Casework) Do(ctx context.Context, tx pgx.Tx, item int64, step string, d Doing, now time.Time) (int64, error) {
	i, err := c.itemFor(ctx, tx, item)
	if err != nil {
		return 0, err
	}
	if err := i.takeVersionOf(ctx, tx, step, now); err != nil {
		return 0, err
	}
	s := i.procedure.Step(step)
	if s == nil {
		return 0, fault.New(fault.Conflict, notNow, nil)
	}
	var e *Explained
	if s.Gives == "confirmation" {
		if e, err = c.explained(ctx, i, now); err != nil {
			return 0, err
		}
		d.Grants = i.granted(d, e)
	}
	var made *visit.Made
	if d.Visit != 0 {
		if made, err = c.surveyed(ctx, tx, &d); err != nil {
			return 0, err
		}
	}
	id, err := c.insertStep(ctx, tx, i, s, d, now)
	if err != nil {
		return 0, err
	}
	if s.Gives == "confirmation" {
		if err := c.decide(ctx, tx, i, id, d, e, now); err != nil {
			return 0, err
		}
	}
	if s.Gives == "notice" || s.Gives == "publication" {
		if err := c.post(ctx, tx, i, id, s.Gives, d, now); err != nil {
			return 0, err
		}
	}
	for _, p := range append(d.Papers, broughtBack(made)...) {
		if _, err := c.addPaper(ctx, tx, i.filing, item, p, dayOf(now)); err != nil {
			return 0, err
		}
	}
	return id, record(ctx, tx, "casework."+s.Gives, "item", item, map[string]any{"step": s.ID, "row": id, "result": d.Result, "with": d.With, "visit": d.Visit})
}

// statusComponent is what a recognition gives.
const statusComponent = "status"

// granted is what a decision gives: what whoever decides says, otherwise what the engine comes to.
func (i *subject) granted(d Doing, e *Explained) []Grant {
	switch o := e.of(i.want()); {
	case d.Result != "granted":
		return nil
	case d.Grants != nil:
		return d.Grants
	case i.recognises:
		return []Grant{{Component: statusComponent}}
	case o != nil:
		return o.Grants
	}
	return nil
}

// subject is an item as an act on it begins.
type subject struct {
	standing
	id, filing, household, person int64
	programme                     string
	recognises                    bool
	version                       int64
	procedure                     *Procedure
	amount                        *money.Decimal
	stoppedAt                     time.Time // when it was suspended last
}

// want is what an item asks for.
func (i *subject) want() Want {
	return Want{Programme: i.programme, Recognises: i.recognises, Person: i.person}
}

// itemFor reads an item that is to be acted on, and keeps others from acting on it.
func (c *Casework) itemFor(ctx context.Context, tx pgx.Tx, item int64) (*subject, error) {
	i := &subject{id: item}
	var until *time.Time
	var amount *string
	err := tx.QueryRow(ctx, `select filing, coalesce(household, 0), coalesce(person, 0), programme, recognises, version, position, near_kin, over_limit, drawn,
			coalesce(decision, ''), extended, notice_until, amount::text,
			exists (select from objection o where o.item = item.id and not exists (select from objection_answer a where a.objection = o.id))
		from item where id = $1`, item).Scan(&i.filing, &i.household, &i.person, &i.programme, &i.recognises, &i.version, &i.position, &i.nearKin, &i.overLimit,
		&i.drawn, &i.decision, &i.extended, &until, &amount, &i.objected)
	if err != nil {
		return nil, refused("looking up an item", noItem, err)
	}
	if until != nil {
		i.noticeUntil = *until
	}
	if i.amount, err = readAmount(amount); err != nil {
		return nil, err
	}
	if i.procedure, err = c.procedureOf(ctx, tx, i.version); err != nil {
		return nil, err
	}
	if i.done, err = doneOf(ctx, tx, item, i.position); err != nil {
		return nil, err
	}
	return i, i.readStops(ctx, tx)
}

// readStops reads for how long an item was suspended.
func (i *subject) readStops(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, "select kind, at from item_event where item = $1 and kind in ('suspend', 'resume') order by id", i.id)
	if err != nil {
		return fmt.Errorf("reading when an item was suspended: %w", err)
	}
	var kind string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&kind, &at}, func() error {
		if kind == "suspend" {
			i.stoppedAt = at
		} else {
			i.stops = append(i.stops, stop{i.stoppedAt, at})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading when an item was suspended: %w", err)
	}
	return nil
}

// doneOf is when each step of an item that counts was done last.
func doneOf(ctx context.Context, tx pgx.Tx, item int64, position int) (map[string]time.Time, error) {
	rows, err := tx.Query(ctx, "select step, at from item_step where item = $1 and ord <= $2 order by id", item, position)
	if err != nil {
		return nil, fmt.Errorf("reading the steps of an item: %w", err)
	}
	done := map[string]time.Time{}
	var step string
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&step, &at}, func() error { done[step] = at; return nil }); err != nil {
		return nil, fmt.Errorf("reading the steps of an item: %w", err)
	}
	return done, nil
}

// takeVersionOf makes an item that is accepted go by the version of its procedure of that day, as the database does.
func (i *subject) takeVersionOf(ctx context.Context, tx pgx.Tx, step string, now time.Time) error {
	s := i.procedure.Step(step)
	if s == nil || s.Gives != "acceptance" {
		return nil
	}
	if accepted := i.procedure.giving("acceptance"); accepted == nil || !i.done[accepted.ID].IsZero() {
		return nil
	}
	version, p, err := versionOn(ctx, tx, i.want(), dayOf(now))
	if err != nil || version == i.version {
		return nil // the version that it has goes on
	}
	i.version, i.procedure, i.position = version, p, 0
	for _, s := range p.Steps {
		if _, ok := i.done[s.ID]; ok {
			i.position = s.Ord
		}
	}
	return nil
}

// after is how an item stands once a step was done.
func (i *subject) after(ctx context.Context, tx pgx.Tx, s *Step, d Doing, now time.Time) (standing, error) {
	next := i.standing
	next.position = s.Ord
	next.done = map[string]time.Time{s.ID: now}
	for id, at := range i.done {
		if id != s.ID {
			next.done[id] = at
		}
	}
	if s.Gives == "confirmation" {
		next.decision = d.Result
	}
	if s.Gives != "notice" {
		return next, nil
	}
	var days int
	err := tx.QueryRow(ctx, `select coalesce((select p.notice_days from workflow_publicity p join workflow_procedure v on v.id = $1 and v.publicity = p.publicity
		where p.from_date <= $2::date and $2::date < p.to_date order by p.current desc, p.id desc limit 1), 0)`, i.version, dayOf(now).String()).Scan(&days)
	if err != nil {
		return next, fmt.Errorf("looking for how long a notice stands: %w", err)
	}
	next.noticeUntil = beginOf(dayOf(now).AddDays(days + 1))
	return next, nil
}

func (c *Casework) insertStep(ctx context.Context, tx pgx.Tx, i *subject, s *Step, d Doing, now time.Time) (id int64, err error) {
	next, err := i.after(ctx, tx, s, d, now)
	if err != nil {
		return 0, err
	}
	l := next.limits(c.pack.Calendar, i.procedure)
	amount := writeAmount(sum(d.Grants))
	if d.Detail == nil {
		d.Detail = map[string]any{}
	}
	if s.Gives == "opinion" && d.Grants != nil {
		d.Detail["grants"] = d.Grants
	}
	detail, err := json.Marshal(d.Detail)
	if err != nil {
		return 0, fmt.Errorf("writing what a step gave: %w", err)
	}
	err = tx.QueryRow(ctx, `insert into item_step (item, step, at, people, signer, signature, result, amount, reason, detail, meeting, checked, visit, due_at, due_step, limit_at, due_unknown)
		values ($1, $2, $3, array_prepend(acting_account(), $4::bigint[]), $5, $6, $7, $8::numeric, $9, $10, nullif($11, 0), nullif($12, 0), nullif($13, 0), $14, $15, $16, $17) returning id`,
		i.id, s.ID, now, append([]int64{}, d.With...), d.Signer, d.Signature, d.Result, amount, d.Reason, string(detail), d.Meeting, d.Checked, d.Visit,
		l.due, l.step, l.whole, l.unknown).Scan(&id)
	if err != nil {
		return 0, refused("doing a step", noItem, err)
	}
	return id, nil
}

// explained is what the engine comes to for an item's household, nil for somebody who is not in the record.
func (c *Casework) explained(ctx context.Context, i *subject, now time.Time) (*Explained, error) {
	if i.household == 0 {
		return nil, nil
	}
	e, err := c.explain.Explain(ctx, i.household, dayOf(now))
	if err != nil {
		return nil, fmt.Errorf("explaining household %d: %w", i.household, err)
	}
	return e, nil
}

// decide keeps what a decision rests on, and awards what it grants.
func (c *Casework) decide(ctx context.Context, tx pgx.Tx, i *subject, step int64, d Doing, e *Explained, now time.Time) error {
	rests := Explained{Pack: c.pack.Hash}
	var facts []byte
	var outcome string
	computed := []Grant{}
	if e != nil {
		rests = *e
		digest := FactsDigest(e.Inputs)
		facts = digest[:]
	}
	explanation := ""
	if o := e.of(i.want()); o != nil {
		outcome, computed = o.Outcome, append(computed, o.Grants...)
		text, err := json.Marshal(o.Report)
		if err != nil {
			return fmt.Errorf("writing why: %w", err)
		}
		explanation = string(text)
	}
	given, err := json.Marshal(append([]Grant{}, d.Grants...))
	if err != nil {
		return fmt.Errorf("writing what is granted: %w", err)
	}
	comes, err := json.Marshal(computed)
	if err != nil {
		return fmt.Errorf("writing what is computed: %w", err)
	}
	var decision int64
	err = tx.QueryRow(ctx, `insert into decision (item, step, result, grants, computed, outcome, reason, facts, inputs, pack, engine, on_date, explanation)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::date, $13) returning id`,
		i.id, step, d.Result, string(given), string(comes), outcome, d.Reason, facts, string(rests.Inputs), rests.Pack, rests.Engine, dayOf(now).String(),
		explanation).Scan(&decision)
	if err != nil {
		return refused("keeping a decision", noItem, err)
	}
	from, to := c.spanOf(i, dayOf(now))
	for _, g := range d.Grants {
		_, err := tx.Exec(ctx, "insert into award (decision, component, amount, per, from_date, to_date) values ($1, $2, $3::numeric, $4, $5::date, $6::date)",
			decision, g.Component, writeAmount(g.Amount), g.Per, from.String(), to)
		if err != nil {
			return refused("awarding what was granted", noItem, err)
		}
	}
	if d.Result != "granted" || i.household == 0 || c.warnings == nil {
		return nil
	}
	_, err = c.warnings.HelpedBy(ctx, tx, i.id, dayOf(now))
	return err
}

// spanOf is from when help that was granted on a day is given, and until when if its review says how long it is valid.
func (c *Casework) spanOf(i *subject, on calendar.Date) (from calendar.Date, to *string) {
	from = on
	if pay := i.procedure.giving("payment"); pay != nil && pay.Within != nil && pay.Within.Unit == "months" {
		y, m, _ := on.YMD()
		from = calendar.Must(y, m, 1).AddMonths(pay.Within.Count)
	}
	if v := c.reviewOn(i.programme, i.recognises, on); v != nil && v.Valid != nil {
		until := later(from, *v.Valid).String()
		to = &until
	}
	return from, to
}

func writeAmount(a *money.Decimal) *string {
	if a == nil {
		return nil
	}
	s := a.String()
	return &s
}

func readAmount(s *string) (*money.Decimal, error) {
	if s == nil {
		return nil, nil
	}
	a, err := money.Parse(*s)
	if err != nil {
		return nil, fmt.Errorf("reading an amount: %w", err)
	}
	return &a, nil
}
