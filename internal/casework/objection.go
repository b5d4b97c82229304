package casework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Objection is an objection to something that was done of an item, with its answer if there is one.
type Objection struct {
	ID       int64
	Item     int64
	Against  string // notice, survey, means-check
	Who      string // "" never: of somebody who wishes to stay unnamed, how they are called
	Said     string
	At       time.Time
	Due      time.Time // the first moment at which an answer is late; zero is no limit
	By       int64
	Answer   string // "" is open; re-survey, community-review, new-check, correction, not-taken
	Upheld   *bool  // nil: shown by what is done anew
	Found    string
	Present  []string
	Answered time.Time
}

// Answer is how an objection is answered.
type Answer struct {
	Kind    string   // one of those that the workflow has for the objection, or not-taken of what is none
	Upheld  *bool    // nil of what is done anew
	Found   string   // what came out, or why it is not taken
	Present []string // who sat at a community review
}

var noSuchAnswer = fault.Text{Key: "casework.no-such-answer", Zh: "对这种异议不能这样处理", En: "an objection of this kind is not answered that way"}

// Object writes down an objection. While it is open, nothing is decided.
func (c *Casework) Object(ctx context.Context, tx pgx.Tx, item int64, against, who, said string, now time.Time) (id int64, err error) {
	var due *time.Time
	unknown := false
	if v := c.objectionOn(against, now); v != nil && v.Within != nil {
		t, known := end(c.pack.Calendar, now, periodOf(*v.Within))
		due, unknown = &t, !known
		if !known {
			due = nil
		}
	}
	err = tx.QueryRow(ctx, "insert into objection (item, against, who, said, at, due_at, due_unknown) values ($1, $2, $3, $4, $5, $6, $7) returning id",
		item, against, who, said, now, due, unknown).Scan(&id)
	if err != nil {
		return 0, refused("writing down an objection", noItem, err)
	}
	return id, record(ctx, tx, "casework.object", "item", item, map[string]any{"objection": id, "against": against})
}

func (c *Casework) objectionOn(against string, now time.Time) *pack.ObjectionVersion {
	if c.pack.Workflow == nil {
		return nil
	}
	for _, o := range c.pack.Workflow.Objections {
		if o.Against != against {
			continue
		}
		for _, v := range o.Versions {
			if v.Span.Contains(dayOf(now)) {
				return v
			}
		}
	}
	return nil
}

// notTaken answers what is no objection.
const notTaken = "not-taken"

// AnswersTo are the kinds of answer to an objection against something.
func (c *Casework) AnswersTo(against string, now time.Time) []string {
	if v := c.objectionOn(against, now); v != nil {
		return append(slices.Clone(v.Answers), notTaken)
	}
	return []string{notTaken}
}

// Answer answers an objection. Where the item's procedure has a step for it that can be done now, it is done with it; a survey that is to be made
// again takes the item back to its survey, which others make.
func (c *Casework) Answer(ctx context.Context, tx pgx.Tx, objection int64, a Answer, now time.Time) error {
	var item int64
	var against string
	if err := tx.QueryRow(ctx, "select item, against from objection where id = $1", objection).Scan(&item, &against); err != nil {
		return refused("looking up an objection", noItem, err)
	}
	if !slices.Contains(c.AnswersTo(against, now), a.Kind) {
		return fault.New(fault.Invalid, noSuchAnswer, nil)
	}
	if err := c.stepOfObjection(ctx, tx, item, a, now); err != nil {
		return err
	}
	present := append([]string{}, a.Present...)
	_, err := tx.Exec(ctx, "insert into objection_answer (objection, answer, upheld, found, present, at) values ($1, $2, $3, $4, $5, $6)",
		objection, a.Kind, a.Upheld, a.Found, present, now)
	if err != nil {
		return refused("answering an objection", noItem, err)
	}
	if err := record(ctx, tx, "casework.answer", "item", item, map[string]any{"objection": objection, "answer": a.Kind}); err != nil {
		return err
	}
	return c.doneAnew(ctx, tx, item, a, now)
}

// stepOfObjection does the step that answers an objection, where the procedure has one that comes now.
func (c *Casework) stepOfObjection(ctx context.Context, tx pgx.Tx, item int64, a Answer, now time.Time) error {
	i, err := c.itemFor(ctx, tx, item)
	if err != nil {
		return err
	}
	for _, s := range i.procedure.Steps {
		if s.OnlyIf != "objection" || s.Ord <= i.position {
			continue
		}
		for _, between := range i.procedure.Steps[i.position : s.Ord-1] {
			if !i.leftOut(between) {
				return nil
			}
		}
		_, err := c.Do(ctx, tx, item, s.ID, Doing{Result: a.Kind, Detail: map[string]any{"found": a.Found, "present": a.Present}}, now)
		return err
	}
	return nil
}

// doneAnew takes an item back to what an answer has done again.
func (c *Casework) doneAnew(ctx context.Context, tx pgx.Tx, item int64, a Answer, now time.Time) error {
	gives := map[string]string{"re-survey": "survey", "new-check": "check", "correction": "check"}[a.Kind]
	if gives == "" {
		return nil
	}
	i, err := c.itemFor(ctx, tx, item)
	if err != nil {
		return err
	}
	s := i.procedure.giving(gives)
	if s == nil || s.Ord > i.position {
		return nil
	}
	return c.Return(ctx, tx, item, s.ID, a.Found, now)
}

func (f *ItemFile) readObjections(ctx context.Context, tx pgx.Tx) (err error) {
	rows, err := tx.Query(ctx, `select o.id, o.item, o.against, o.who, o.said, o.at, o.due_at, o.account, coalesce(a.answer, ''), a.upheld, coalesce(a.found, ''), coalesce(a.present, '{}'), a.at
		from objection o left join objection_answer a on a.objection = o.id where o.item = $1 order by o.id`, f.ID)
	if err != nil {
		return fmt.Errorf("reading the objections to an item: %w", err)
	}
	f.Objections, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Objection, err error) {
		var due, answered *time.Time
		err = row.Scan(&o.ID, &o.Item, &o.Against, &o.Who, &o.Said, &o.At, &due, &o.By, &o.Answer, &o.Upheld, &o.Found, &o.Present, &answered)
		o.Due, o.Answered = timeOf(due), timeOf(answered)
		return o, err
	})
	if err != nil {
		return fmt.Errorf("reading the objections to an item: %w", err)
	}
	return nil
}
