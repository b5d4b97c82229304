package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
)

// Reported is an emergency that a hotline wrote down, with how far it is: nothing of who works on it or of what was found.
type Reported struct {
	Item  int64
	About string // as it was written down
	Area  area.Code
	Filed time.Time
	State string // received, decided, paid, closed
	By    string // whose step is next, as the pack names them: "township-officer", "decider"; "" once it is closed
	Rank  string // of a decider: township, county, department
	Last  time.Time
}

// OwnEmergencies are the newest emergencies that whoever acts wrote down at the hotline, at most so many.
func (c *Casework) OwnEmergencies(ctx context.Context, tx pgx.Tx, most int) ([]Reported, error) {
	rows, err := tx.Query(ctx, "select item, about, area, filed_at, state, by_whom, rank, last_at from own_emergencies($1)", most)
	if err != nil {
		return nil, fmt.Errorf("reading what became of one's emergencies: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Reported, err error) {
		return r, row.Scan(&r.Item, &r.About, (*int64)(&r.Area), &r.Filed, &r.State, &r.By, &r.Rank, &r.Last)
	})
	if err != nil {
		return nil, fmt.Errorf("reading what became of one's emergencies: %w", err)
	}
	return all, nil
}
