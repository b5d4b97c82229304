package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// mostOwn is how many items of one household are listed: more than any has.
const mostOwn = 200

// Own are the items of the household of the resident whose transaction it is, whoever filed them, and those that they filed themselves: what is under
// way first, then the latest.
func (c *Casework) Own(ctx context.Context, tx pgx.Tx) ([]*Queued, error) {
	rows, err := tx.Query(ctx, "select "+queuedColumns+` from item i where i.household = (select acting_household()) or i.resident = (select acting_account())
		order by i.state = 'ended', i.id desc limit $1`, mostOwn)
	if err != nil {
		return nil, fmt.Errorf("reading a household's own items: %w", err)
	}
	return c.queued(ctx, tx, rows)
}

// Applied reports whether the resident whose transaction it is applied for an item, and not another member of the household.
func Applied(ctx context.Context, tx pgx.Tx, item int64) (applied bool, err error) {
	if err := tx.QueryRow(ctx, "select acting_applied($1)", item).Scan(&applied); err != nil {
		return false, fmt.Errorf("asking who applied: %w", err)
	}
	return applied, nil
}

// LackingAnswer is what an applicant answered to the one notice of what lacks.
type LackingAnswer struct {
	ID   int64
	Step int64 // the notice's
	Said string
	At   time.Time
}

// AnswerLacking writes down what the applicant answers to the notice of what lacks, which is a step of the item.
func (c *Casework) AnswerLacking(ctx context.Context, tx pgx.Tx, item, step int64, said string, now time.Time) error {
	var id int64
	err := tx.QueryRow(ctx, "insert into item_answer (item, step, said, at) values ($1, $2, $3, $4) returning id", item, step, said, now).Scan(&id)
	if err != nil {
		return refused("answering a notice of what lacks", noItem, err)
	}
	return record(ctx, tx, "casework.answer", "item", item, map[string]any{"answer": id, "step": step})
}

// LackingAnswers are what the applicant answered, in order.
func (c *Casework) LackingAnswers(ctx context.Context, tx pgx.Tx, item int64) ([]LackingAnswer, error) {
	rows, err := tx.Query(ctx, "select id, step, said, at from item_answer where item = $1 order by id", item)
	if err != nil {
		return nil, fmt.Errorf("reading an applicant's answers: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LackingAnswer])
	if err != nil {
		return nil, fmt.Errorf("reading an applicant's answers: %w", err)
	}
	return all, nil
}

// RemedyUntil is a way against a decision, and until when it is open.
type RemedyUntil struct {
	RemedyOpen
	Until   time.Time // the first moment that is late
	Unknown bool      // the calendar does not reach so far
}

// Remedies are the ways against the decision on an item that stands, none where there is none. They count from when a letter told of it.
func (c *Casework) Remedies(f *ItemFile) []RemedyUntil {
	if len(f.Decisions) == 0 {
		return nil
	}
	d := f.Decisions[len(f.Decisions)-1]
	var known time.Time
	for _, s := range f.Steps {
		if s.ID == d.Step || s.ID > d.Step && s.Gives == "letter" {
			known = s.At
		}
		if s.ID > d.Step && s.Gives == "letter" {
			break
		}
	}
	var all []RemedyUntil
	for _, r := range d.Authority.Remedies {
		until, reached := end(c.pack.Calendar, known, r.Within)
		all = append(all, RemedyUntil{r, until, !reached})
	}
	return all
}
