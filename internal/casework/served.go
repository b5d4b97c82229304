package casework

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// ServedAid is help that a household gets by a decision of any department, as a department's officer is told who has an item there: not how much.
type ServedAid struct {
	Department string
	Programme  string
	Recognises bool
	Name       pack.Text
	Person     int64 // 0: the household
	From       calendar.Date
	To         calendar.Date // exclusive; 0: until it is ended
}

// ServedAid is the help that goes on on a day for a household that the department of who asks serves; nothing of any other.
func (c *Casework) ServedAid(ctx context.Context, tx pgx.Tx, household int64, on calendar.Date) ([]ServedAid, error) {
	rows, err := tx.Query(ctx, "select department, programme, recognises, coalesce(person, 0), from_date::text, to_date::text from served_aid($1, $2::date)", household, on.String())
	if err != nil {
		return nil, fmt.Errorf("reading what a household gets: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a ServedAid, err error) {
		var from, to *string
		err = row.Scan(&a.Department, &a.Programme, &a.Recognises, &a.Person, &from, &to)
		a.Name, a.From, a.To = c.nameOf(a.Programme, a.Recognises), dateOf(from), dateOf(to)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what a household gets: %w", err)
	}
	return all, nil
}
