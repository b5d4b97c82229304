// Package notice keeps what the platform has to tell those who look after it: that a figure of the policy lapses soon, and the like.
//
//	opened, closed, err := notice.Keep(ctx, tx, "policy.lapse", notices) // all of a kind as they stand today
//	open, err := notice.Open(ctx, tx, 100)                               // as an administrator sees them
//
// A notice is told again when it comes nearer, and closes by itself when it no longer holds.
package notice

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/ledger"
)

// Notice is something to be told. It holds nothing about anybody.
type Notice struct {
	Kind    string // "policy.lapse"
	Subject string // of what; of a kind and a subject one is open at a time
	Step    int    // how near it is, in days: a smaller one is told anew
	Due     calendar.Date
	Zh, En  string
	Raised  time.Time // as it was read
}

// Keep brings the open notices of a kind to those that hold now: others are closed, and one that came to a nearer step replaces the one before. Done
// twice it does nothing more.
func Keep(ctx context.Context, tx pgx.Tx, kind string, now []Notice) (opened, closed int64, err error) {
	subjects, steps := []string{}, []int{}
	for _, n := range now {
		subjects, steps = append(subjects, n.Subject), append(steps, n.Step)
	}
	tag, err := tx.Exec(ctx, `update notice n set closed_at = now() where kind = $1 and closed_at is null
		and not exists (select from unnest($2::text[], $3::int[]) holds (subject, step) where holds.subject = n.subject and holds.step >= n.step)`, kind, subjects, steps)
	if err != nil {
		return 0, 0, fmt.Errorf("closing notices: %w", err)
	}
	closed = tag.RowsAffected()
	for _, n := range now {
		tag, err := tx.Exec(ctx, `insert into notice (kind, subject, step, due_on, zh, en) select $1, $2, $3, $4::date, $5, $6
				where not exists (select from notice where kind = $1 and subject = $2 and closed_at is null)
			on conflict (kind, subject, step) do update set closed_at = null`,
			kind, n.Subject, n.Step, n.Due.String(), n.Zh, n.En)
		if err != nil {
			return 0, 0, fmt.Errorf("raising a notice: %w", err)
		}
		opened += tag.RowsAffected()
	}
	if opened+closed == 0 {
		return 0, 0, nil
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "notice.keep", Subject: "notice:" + kind, Detail: map[string]any{"opened": opened, "closed": closed}})
	return opened, closed, err
}

// Open is the open notices that the transaction's principal may see, the most pressing first.
func Open(ctx context.Context, tx pgx.Tx, most int) ([]Notice, error) {
	rows, err := tx.Query(ctx, `select kind, subject, step, coalesce(due_on - date '1970-01-01', 0), zh, en, raised_at from notice where closed_at is null
		order by due_on nulls last, kind, subject limit $1`, most)
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Notice])
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	return all, nil
}

// Count is how many notices are open, as far as the transaction's principal may see.
func Count(ctx context.Context, tx pgx.Tx) (n int, err error) {
	if err := tx.QueryRow(ctx, "select count(*) from notice where closed_at is null").Scan(&n); err != nil {
		return 0, fmt.Errorf("counting notices: %w", err)
	}
	return n, nil
}
