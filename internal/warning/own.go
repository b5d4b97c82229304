package warning

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
)

// Own is a report that somebody took for others, with what became of it: nothing of whom it is about.
type Own struct {
	Progress
	Receipt string
	Area    area.Code
}

// OwnReports are the newest reports that whoever acts took for others, at most so many.
func (w *Warnings) OwnReports(ctx context.Context, tx pgx.Tx, most int) ([]Own, error) {
	rows, err := tx.Query(ctx, "select receipt, area, on_day, state, done_on from own_reports($1)", most)
	if err != nil {
		return nil, fmt.Errorf("reading what became of one's reports: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o Own, err error) {
		var on time.Time
		var done *time.Time
		err = r.Scan(&o.Receipt, (*int64)(&o.Area), &on, &o.State, &done)
		o.On, o.Done = dateOf(&on), dateOf(done)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what became of one's reports: %w", err)
	}
	return all, nil
}
