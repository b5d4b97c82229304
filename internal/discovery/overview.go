package discovery

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
)

// Overview is what was found, as far as whoever asks may see it.
type Overview struct {
	Screened   bool             // there was a run
	On         calendar.Date    // the day for which the current run determined
	Households int64            // in all
	Persons    int64            // who were registered then
	Warnings   map[string]int64 // open ones in the area of who asks, by level
}

// Overview reads it in the name of the transaction's principal.
func (d *Discovery) Overview(ctx context.Context, tx pgx.Tx) (Overview, error) {
	o := Overview{Warnings: map[string]int64{}}
	var day int32
	err := tx.QueryRow(ctx, "select on_date - date '1970-01-01', households, persons from screening_run where state = 'current'").
		Scan(&day, &o.Households, &o.Persons)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return o, fmt.Errorf("reading the current run: %w", err)
	}
	o.Screened, o.On = err == nil, calendar.Date(day)
	rows, err := tx.Query(ctx, "select level, count(*) from warning where state <> 'closed' group by level")
	if err != nil {
		return o, fmt.Errorf("counting warnings: %w", err)
	}
	var level string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&level, &n}, func() error { o.Warnings[level] = n; return nil }); err != nil {
		return o, fmt.Errorf("counting warnings: %w", err)
	}
	return o, nil
}
