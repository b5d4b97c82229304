package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// OpeningsSince are the openings since a time that whoever the transaction is of may see, of an account or, with 0, of all, the newest first, at
// most so many.
func OpeningsSince(ctx context.Context, tx pgx.Tx, since time.Time, account int64, most int) ([]Opening, error) {
	rows, err := tx.Query(ctx, `select at, account, coalesce(staff_name(account), ''), role, purpose, field, subject from opening
		where at >= $1 and ($2 = 0 or account = $2) order by at desc, id desc limit $3`, since, account, most)
	if err != nil {
		return nil, fmt.Errorf("listing openings: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Opening])
	if err != nil {
		return nil, fmt.Errorf("listing openings: %w", err)
	}
	return all, nil
}
