package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Done is an act as whoever may see it reads it in a list: who did what, and to what; not its detail.
type Done struct {
	ID      int64
	At      time.Time
	Account int64 // 0 is nobody signed in, or the platform itself
	Role    string
	Kind    string
	Subject string
}

// Acts is a page of the acts that whoever the transaction is of may see, the newest first: of a kind, "" of all, from before an id, 0 from the newest.
func Acts(ctx context.Context, tx pgx.Tx, kind string, before int64, most int) ([]Done, error) {
	rows, err := tx.Query(ctx, `select id, at, account, role, kind, subject from act where ($1 = '' or kind = $1) and ($2 = 0 or id < $2) order by id desc limit $3`,
		kind, before, most)
	if err != nil {
		return nil, fmt.Errorf("listing acts: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Done])
	if err != nil {
		return nil, fmt.Errorf("listing acts: %w", err)
	}
	return all, nil
}

// Kinds is of how many acts since a time there are of each kind, the most first, among up to most acts that whoever the transaction is of may see.
func Kinds(ctx context.Context, tx pgx.Tx, since time.Time, most int) (kinds []KindCount, err error) {
	rows, err := tx.Query(ctx, `select kind, count(*) from (select kind from act where at >= $1 limit $2) a group by kind order by count(*) desc, kind`, since, most)
	if err != nil {
		return nil, fmt.Errorf("counting acts: %w", err)
	}
	if kinds, err = pgx.CollectRows(rows, pgx.RowToStructByPos[KindCount]); err != nil {
		return nil, fmt.Errorf("counting acts: %w", err)
	}
	return kinds, nil
}

// KindCount is how many acts there are of a kind.
type KindCount struct {
	Kind string
	Acts int
}
