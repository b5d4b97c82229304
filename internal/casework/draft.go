package casework

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Explainer tells what the policy comes to for a household of the record on a day, after the caller has seen to it that it may see the household.
type Explainer interface {
	Explain(ctx context.Context, household int64, on calendar.Date) (*Explained, error)
}

// Explained is what the policy comes to for a household, with all that a decision keeps of it.
type Explained struct {
	On       calendar.Date
	Pack     string // digest of the pack
	Engine   string // version of the engine
	Inputs   []byte // the facts that the engine read, as JSON
	Outcomes []Outcome
}

// Outcome is what a programme comes to for a household or one of its persons, or whether the household is of a category.
type Outcome struct {
	Programme  string // or the category
	Recognises bool
	Name       pack.Text
	Person     int64 // 0: the household as a whole
	Called     string
	Outcome    string // of package rules
	Held       bool   // it is received now
	Open       bool   // something is missing that can still decide
	Grants     []Grant
	Missing    []Missing // the questions that can still decide, of what is possible or likely
	Report     any       // what is kept of it beside a decision, as JSON: with its reasons; nil is nothing
}

// Missing is a question that can still decide.
type Missing struct {
	Of     string // the person, "" of the household
	Ask    pack.Text
	Person int64      // 0 of the household
	Fact   *pack.Fact // nil: the answer is no fact
}

// Grant is something that is given: a component of a programme.
type Grant struct {
	Component string         `json:"component"`
	Amount    *money.Decimal `json:"amount"` // yuan; null of what is no money, or not known
	Per       string         `json:"per"`    // month, year, once …; "" as the programme says
}

// of is the outcome of what is wanted; nil if the engine says nothing of it.
func (e *Explained) of(w Want) *Outcome {
	if e == nil {
		return nil
	}
	for i := range e.Outcomes {
		if o := &e.Outcomes[i]; o.Programme == w.Programme && o.Recognises == w.Recognises && o.Person == w.Person {
			return o
		}
	}
	return nil
}

// sum is what grants come to in money, nil if nothing of them is money.
func sum(grants []Grant) *money.Decimal {
	var total *money.Decimal
	for _, g := range grants {
		if g.Amount == nil {
			continue
		}
		if total == nil {
			total = new(money.Decimal)
		}
		if more, ok := total.Add(*g.Amount); ok {
			*total = more
		}
	}
	return total
}

// Want is something that is asked for: a programme for a person or for the household as a whole, or a recognition of the household.
type Want struct {
	Programme  string // or the category
	Recognises bool
	Person     int64 // 0: the household as a whole
	Outcome    string
	Amount     *money.Decimal
}

// Draft is a filing as the platform would make it of what it knows.
type Draft struct {
	Household int64
	On        calendar.Date
	Explained *Explained
	Items     []Drafted
}

// Drafted is an item of a draft.
type Drafted struct {
	Want
	Name     pack.Text
	Called   string // the person's name
	Grants   []Grant
	Open     bool // a question can still decide
	Held     bool
	Running  int64 // the item that asks for the same already, 0 if none
	Declined bool  // the household signed within a year that it does not wish it
	Papers   []pack.Document
}

// Wanted is what a draft proposes to file: what the household is, is likely to be or may be entitled to, and neither has, asked for nor declined.
func (d *Draft) Wanted() []Want {
	var all []Want
	for _, i := range d.Items {
		if !i.Held && i.Running == 0 && !i.Declined {
			all = append(all, i.Want)
		}
	}
	return all
}

// Draft drafts a filing of a household that the transaction may see, is a resident's own, or was called to the window.
func (c *Casework) Draft(ctx context.Context, tx pgx.Tx, household int64, on calendar.Date) (*Draft, error) {
	if err := seesHousehold(ctx, tx, household); err != nil {
		return nil, err
	}
	e, err := c.explain.Explain(ctx, household, on)
	if err != nil {
		return nil, fmt.Errorf("explaining household %d: %w", household, err)
	}
	running, err := runningItems(ctx, tx, household)
	if err != nil {
		return nil, err
	}
	unwished, err := declined(ctx, tx, household, on)
	if err != nil {
		return nil, err
	}
	papers := map[string][]pack.Document{}
	for _, p := range c.pack.Programmes {
		papers[p.ID] = p.Documents
	}
	statuses, err := statusesOf(ctx, tx, household, on)
	if err != nil {
		return nil, err
	}
	d := &Draft{Household: household, On: on, Explained: e}
	for _, o := range e.Outcomes {
		if !o.proposed() {
			continue
		}
		w := Want{Programme: o.Programme, Recognises: o.Recognises, Person: o.Person, Outcome: o.Outcome, Amount: sum(o.Grants)}
		key := wanted{o.Programme, o.Recognises, o.Person}
		d.Items = append(d.Items, Drafted{Want: w, Name: o.Name, Called: o.Called, Grants: o.Grants, Open: o.Open, Held: o.Held || statuses[key],
			Running: running[key], Declined: unwished[key], Papers: papers[o.Programme]})
	}
	return d, nil
}

// proposed reports whether a draft proposes an outcome: what may still come of a programme, and a category that the household is known to be of.
func (o *Outcome) proposed() bool {
	switch o.Outcome {
	case rules.Eligible.String():
		return true
	case rules.Likely.String(), rules.Possible.String():
		return !o.Recognises
	}
	return false
}

// wanted is what may be asked for once at a time.
type wanted struct {
	programme  string
	recognises bool
	person     int64
}

// statusesOf are the statuses that a household has been recognised in and has on a day.
func statusesOf(ctx context.Context, tx pgx.Tx, household int64, on calendar.Date) (map[wanted]bool, error) {
	rows, err := tx.Query(ctx, `select a.programme from award a left join award_end e on e.award = a.id
		where a.household = $1 and a.recognises and a.from_date <= $2::date and (a.to_date is null or a.to_date > $2::date) and (e.award is null or e.on_date > $2::date)`,
		household, on.String())
	if err != nil {
		return nil, fmt.Errorf("looking for a household's statuses: %w", err)
	}
	all := map[wanted]bool{}
	var category string
	if _, err := pgx.ForEachRow(rows, []any{&category}, func() error { all[wanted{category, true, 0}] = true; return nil }); err != nil {
		return nil, fmt.Errorf("looking for a household's statuses: %w", err)
	}
	return all, nil
}

// runningItems are the items of a household that are not closed.
func runningItems(ctx context.Context, tx pgx.Tx, household int64) (map[wanted]int64, error) {
	rows, err := tx.Query(ctx, "select programme, recognises, coalesce(person, 0), id from item where household = $1 and state <> 'ended'", household)
	if err != nil {
		return nil, fmt.Errorf("looking for items under way: %w", err)
	}
	all := map[wanted]int64{}
	var w wanted
	var id int64
	if _, err := pgx.ForEachRow(rows, []any{&w.programme, &w.recognises, &w.person, &id}, func() error { all[w] = id; return nil }); err != nil {
		return nil, fmt.Errorf("looking for items under way: %w", err)
	}
	return all, nil
}

func seesHousehold(ctx context.Context, tx pgx.Tx, household int64) error {
	var sees bool
	if err := tx.QueryRow(ctx, "select exists (select from household where id = $1) or coalesce($1 = acting_household(), false) or acting_window($1)", household).Scan(&sees); err != nil {
		return fmt.Errorf("looking for household %d: %w", household, err)
	}
	if !sees {
		return refused("looking for a household", noFiling, pgx.ErrNoRows)
	}
	return nil
}
