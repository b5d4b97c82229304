package warning

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"

	"dajiuzhu/internal/calendar"
)

// Round is one round of work with all that belongs to it.
type Round struct {
	Item
	Evidence []Evidence
	Steps    []Step // the earliest first
	Said     []Told
	Before   []Before // earlier rounds, the latest first
	Others   []Item   // other open rounds of the household
	JoinedTo int64    // where its reports go on
	Answered time.Time
	EndedAt  time.Time
	EndedWhy string // no-longer, household-gone
	Visit    int64
}

// Evidence is a value on which the engine rests a warning, as the pack writes it: a canonical value, or "unknown".
type Evidence struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Step is something that was done to a round.
type Step struct {
	Kind  string
	State State
	Who   string // the account's name; "" of the platform itself or of the public
	Role  string
	At    time.Time
	Other int64
	To    string // the name of whom it was given to
	Word  string
	Note  string
}

// Before is an earlier round of the same.
type Before struct {
	ID       int64
	State    State
	Reason   string
	Answered time.Time
	Quiet    calendar.Date
}

// Round reads one round.
func (w *Warnings) Round(ctx context.Context, tx pgx.Tx, id int64, today calendar.Date) (*Round, error) {
	items, err := w.items(ctx, tx, "where id = $1", []any{id}, today)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fault.New(fault.NotFound, noRound, nil)
	}
	r := &Round{Item: items[0]}
	var evidence []byte
	var answered, ended *time.Time
	err = tx.QueryRow(ctx, "select evidence, coalesce(joined_to, 0), answered_at, ended_at, coalesce(ended_why, ''), coalesce(visit, 0) from warning_handling where id = $1", id).
		Scan(&evidence, &r.JoinedTo, &answered, &ended, &r.EndedWhy, &r.Visit)
	if err != nil {
		return nil, refused("reading a warning", err)
	}
	r.Answered, r.EndedAt = timeOf(answered), timeOf(ended)
	if err := json.Unmarshal(evidence, &r.Evidence); err != nil {
		return nil, fmt.Errorf("reading a warning's evidence: %w", err)
	}
	if r.Steps, err = steps(ctx, tx, id); err != nil {
		return nil, err
	}
	if r.Said, err = w.told(ctx, tx, id); err != nil {
		return nil, err
	}
	if r.Before, err = before(ctx, tx, id); err != nil {
		return nil, err
	}
	if r.Household != 0 {
		r.Others, err = w.items(ctx, tx, "where open and household = $1 and id <> $2 order by rank, due_on, id limit 50", []any{r.Household, id}, today)
	}
	return r, err
}

// Of is the open rounds of a household, the gravest first.
func (w *Warnings) Of(ctx context.Context, tx pgx.Tx, household int64, today calendar.Date) ([]Item, error) {
	return w.items(ctx, tx, "where open and household = $1 order by rank, due_on, id limit 200", []any{household}, today)
}

// Find is the newest round of a warning of discovery.
func (w *Warnings) Find(ctx context.Context, tx pgx.Tx, warning int64) (id int64, err error) {
	err = tx.QueryRow(ctx, "select id from warning_handling where warning = $1 order by id desc limit 1", warning).Scan(&id)
	if err != nil {
		return 0, refused("looking up a warning", err)
	}
	return id, nil
}

func steps(ctx context.Context, tx pgx.Tx, id int64) ([]Step, error) {
	rows, err := tx.Query(ctx, `select kind, state, coalesce(staff_name(account), ''), role, at, coalesce(other, 0),
			case when kind = 'assign' then coalesce(staff_name(other), '') else '' end, word, note
		from warning_step where handling = $1 order by id`, id)
	if err != nil {
		return nil, fmt.Errorf("reading a warning's history: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Step])
	if err != nil {
		return nil, fmt.Errorf("reading a warning's history: %w", err)
	}
	return all, nil
}

func (w *Warnings) told(ctx context.Context, tx pgx.Tx, id int64) ([]Told, error) {
	rows, err := tx.Query(ctx, "select id, receipt, source, name, place, what, organisation, contact_sealed, at from report where handling = $1 order by id", id)
	if err != nil {
		return nil, fmt.Errorf("reading reports: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t Told, err error) {
		var contact []byte
		if err := r.Scan(&t.ID, &t.Receipt, &t.Source, &t.Name, &t.Place, &t.What, &t.Organisation, &contact, &t.At); err != nil {
			return t, err
		}
		t.Contact, err = w.keys.Secret(sealed.Phone, ContactField, contact)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading reports: %w", err)
	}
	return all, nil
}

// before is the earlier rounds, along the line.
func before(ctx context.Context, tx pgx.Tx, id int64) ([]Before, error) {
	rows, err := tx.Query(ctx, `
		with recursive line as (
			select h.prior, 0 as depth from warning_handling h where h.id = $1
			union all
			select h.prior, l.depth + 1 from line l join warning_handling h on h.id = l.prior where l.depth < 20)
		select h.id, h.state, h.reason, h.answered_at, h.quiet_until from line l join warning_handling h on h.id = l.prior order by h.id desc`, id)
	if err != nil {
		return nil, fmt.Errorf("reading earlier rounds: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (b Before, err error) {
		var answered, quiet *time.Time
		err = r.Scan(&b.ID, &b.State, &b.Reason, &answered, &quiet)
		b.Answered, b.Quiet = timeOf(answered), dateOf(quiet)
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading earlier rounds: %w", err)
	}
	return all, nil
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
