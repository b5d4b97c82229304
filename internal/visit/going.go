package visit

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

// Going is who goes to a home, why and by when: what whoever is sent has to be told. The zero value is nobody.
type Going struct {
	ID       int64
	Area     area.Code
	Purpose  Purpose
	Due      calendar.Date // the last day
	State    State
	Visitors []int64 // accounts, in order
}

// GoingOf is who goes on a visit as it stands.
func GoingOf(ctx context.Context, tx pgx.Tx, visit int64) (Going, error) {
	all, err := goings(ctx, tx, "id = $1", visit)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, noVisit, nil)
	}
	if err != nil {
		return Going{}, err
	}
	return all[0], nil
}

// Missed are the planned visits whose last day went by within some days before a day, in the order of their ids.
func Missed(ctx context.Context, tx pgx.Tx, on calendar.Date, days int) ([]Going, error) {
	return goings(ctx, tx, "state = 'planned' and due < $1 and due >= $2 order by id", day(on), day(on.AddDays(-days)))
}

func goings(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Going, error) {
	rows, err := tx.Query(ctx, "select id, area, purpose, due, state, visitors from visit where "+which, args...)
	if err != nil {
		return nil, failed("reading who visits", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (g Going, err error) {
		var due pgtype.Date
		err = r.Scan(&g.ID, (*int64)(&g.Area), &g.Purpose, &due, &g.State, &g.Visitors)
		g.Due = dayOf(due)
		return g, err
	})
	return all, failed("reading who visits", err)
}

// Contested is how many answers of a bundle contradict what another device said, so that a person has to decide.
func (r Received) Contested() (n int) {
	for _, a := range r.Answers {
		if a.State == conflict {
			n++
		}
	}
	return n
}

// SetAside reports whether a bundle, or an answer of it, could not be taken and waits for the township.
func (r Received) SetAside() bool {
	return r.State == aside || slices.ContainsFunc(r.Answers, func(a Taken) bool { return a.State == aside })
}
