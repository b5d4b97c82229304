package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
)

// Supervision is something that the county is to look at.
type Supervision struct {
	ID    int64
	Kind  string // overdue, overridden, returned, near-kin, drawn, reconsideration, complaint, asked
	About string // of overdue the step that is late; "decision:3", "event:7", "appeal:2"
	At    time.Time
	State string // open, asked, answered, closed
	Item  *Queued
	Acts  []SupervisionAct // filled by [Casework.Supervised]
}

// SupervisionAct is what was said about something that the county looks at.
type SupervisionAct struct {
	Kind string // ask, answer, close
	Said string
	At   time.Time
	By   int64
	Role string
}

// SupervisionFilter is what a queue of supervision shows.
type SupervisionFilter struct {
	Kind  string // "" is all
	State string // "" is all that is not closed
	Area  area.Code
	After int64 // the last id of the page before, 0 of the first
	Most  int   // 0 is 50
}

// Supervisions is a page of what the county looks at, the latest first.
func (c *Casework) Supervisions(ctx context.Context, tx pgx.Tx, f SupervisionFilter) ([]*Supervision, error) {
	if f.Most <= 0 {
		f.Most = 50
	}
	lo, hi := f.Area.Range()
	return c.supervisions(ctx, tx, `($1 = '' or s.kind = $1) and ($2 = '' and s.state <> 'closed' or s.state = $2) and ($3::bigint = 0 or s.area >= $3 and s.area < $4)
		and ($5::bigint = 0 or s.id < $5) order by s.id desc limit $6`, f.Kind, f.State, int64(lo), int64(hi), f.After, f.Most)
}

func (c *Casework) supervisions(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]*Supervision, error) {
	rows, err := tx.Query(ctx, "select s.id, s.kind, s.about, s.at, s.state, s.item from supervision s where "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading what the county looks at: %w", err)
	}
	var items []int64
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Supervision, error) {
		s := &Supervision{}
		var item int64
		err := row.Scan(&s.ID, &s.Kind, &s.About, &s.At, &s.State, &item)
		items = append(items, item)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what the county looks at: %w", err)
	}
	rows, err = tx.Query(ctx, "select "+queuedColumns+" from item i where i.id = any($1)", items)
	if err != nil {
		return nil, fmt.Errorf("reading the items that the county looks at: %w", err)
	}
	found, err := c.queued(ctx, tx, rows)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*Queued{}
	for _, q := range found {
		byID[q.ID] = q
	}
	for n, s := range all {
		s.Item = byID[items[n]]
	}
	return all, nil
}

// Supervised reads something that the county looks at, with what was said about it.
func (c *Casework) Supervised(ctx context.Context, tx pgx.Tx, id int64) (*Supervision, error) {
	all, err := c.supervisions(ctx, tx, "s.id = $1", id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, refused("reading what the county looks at", noItem, pgx.ErrNoRows)
	}
	s := all[0]
	rows, err := tx.Query(ctx, "select kind, said, at, account, role from supervision_act where supervision = $1 order by id", id)
	if err != nil {
		return nil, fmt.Errorf("reading what was said about a case: %w", err)
	}
	s.Acts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[SupervisionAct])
	if err != nil {
		return nil, fmt.Errorf("reading what was said about a case: %w", err)
	}
	return s, nil
}

// SupervisionsOf are what the county looks at of an item, in order, with what was said.
func (c *Casework) SupervisionsOf(ctx context.Context, tx pgx.Tx, item int64) ([]*Supervision, error) {
	all, err := c.supervisions(ctx, tx, "s.item = $1 order by s.id", item)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select a.supervision, a.kind, a.said, a.at, a.account, a.role from supervision_act a join supervision s on s.id = a.supervision
		where s.item = $1 order by a.id`, item)
	if err != nil {
		return nil, fmt.Errorf("reading what was said about a case: %w", err)
	}
	var of int64
	var a SupervisionAct
	_, err = pgx.ForEachRow(rows, []any{&of, &a.Kind, &a.Said, &a.At, &a.By, &a.Role}, func() error {
		for _, s := range all {
			if s.ID == of {
				s.Acts = append(s.Acts, a)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was said about a case: %w", err)
	}
	return all, nil
}

// Look has the county look at an item for a reason of its own: complaint, or asked.
func (c *Casework) Look(ctx context.Context, tx pgx.Tx, item int64, kind string, now time.Time) (id int64, err error) {
	err = tx.QueryRow(ctx, `insert into supervision (item, kind, about, at) values ($1, $2, 'at:' || extract(epoch from $3::timestamptz), $3) returning id`, item, kind, now).Scan(&id)
	if err != nil {
		return 0, refused("looking at an item", noItem, err)
	}
	return id, record(ctx, tx, "casework.look", "item", item, map[string]any{"supervision": id, "kind": kind})
}

// Ask asks those who handle a case about it, for the county.
func (c *Casework) Ask(ctx context.Context, tx pgx.Tx, supervision int64, said string, now time.Time) error {
	return c.supervise(ctx, tx, supervision, "ask", said, now)
}

// AnswerAsked answers what the county asked.
func (c *Casework) AnswerAsked(ctx context.Context, tx pgx.Tx, supervision int64, said string, now time.Time) error {
	return c.supervise(ctx, tx, supervision, "answer", said, now)
}

// CloseSupervision ends the county's looking at something, saying what came out.
func (c *Casework) CloseSupervision(ctx context.Context, tx pgx.Tx, supervision int64, said string, now time.Time) error {
	return c.supervise(ctx, tx, supervision, "close", said, now)
}

func (c *Casework) supervise(ctx context.Context, tx pgx.Tx, supervision int64, kind, said string, now time.Time) error {
	var id int64
	err := tx.QueryRow(ctx, "insert into supervision_act (supervision, kind, said, at) values ($1, $2, $3, $4) returning id", supervision, kind, said, now).Scan(&id)
	if err != nil {
		return refused("supervising a case", noItem, err)
	}
	return record(ctx, tx, "supervision."+kind, "supervision", supervision, map[string]any{"row": id})
}

// Overdue puts every item of which a limit is over before the county, once for each step that is late, as a job. It returns how many it found. Limits
// that ran into a year without a calendar are counted first, if there is one by now.
func (c *Casework) Overdue(ctx context.Context, tx pgx.Tx, now time.Time) (int, error) {
	if _, err := c.recount(ctx, tx); err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `insert into supervision (item, kind, about, at)
		select i.id, 'overdue', case when i.due_at = i.deadline then i.due_step else 'whole' end, $1 from item i
		where i.state in ('open', 'returned') and i.deadline <= $1
		on conflict do nothing returning item`, now)
	if err != nil {
		return 0, refused("looking for what is overdue", noItem, err)
	}
	items, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, refused("looking for what is overdue", noItem, err)
	}
	for _, item := range items {
		if err := record(ctx, tx, "casework.overdue", "item", item, nil); err != nil {
			return 0, err
		}
	}
	return len(items), nil
}
