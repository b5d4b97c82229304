package casework

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// Granted is help or a status that a household was granted.
type Granted struct {
	Award
	Name  pack.Text     // of the programme, or of the status
	Ended calendar.Date // first day without it, where it was ended; 0 where it was not
}

// Granted is what a household was granted, as far as whoever asks sees it: at most so many, the newest first.
func (c *Casework) Granted(ctx context.Context, tx pgx.Tx, household int64, most int) ([]Granted, error) {
	rows, err := tx.Query(ctx, `select a.id, a.item, coalesce(a.person, 0), a.programme, a.recognises, a.component, a.amount::text, a.per, a.from_date::text, a.to_date::text, e.on_date::text
		from award a left join award_end e on e.award = a.id where a.household = $1 order by a.id desc limit $2`, household, most)
	if err != nil {
		return nil, fmt.Errorf("reading what a household was granted: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g Granted, err error) {
		var amount, from, to, ended *string
		if err := row.Scan(&g.ID, &g.Item, &g.Person, &g.Programme, &g.Recognises, &g.Component, &amount, &g.Per, &from, &to, &ended); err != nil {
			return g, err
		}
		g.Household, g.Name, g.From, g.To, g.Ended = household, c.nameOf(g.Programme, g.Recognises), dateOf(from), dateOf(to), dateOf(ended)
		g.Amount, err = readAmount(amount)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what a household was granted: %w", err)
	}
	return all, nil
}
