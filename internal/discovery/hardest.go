package discovery

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
)

// Hard is a household with its difficulty index.
type Hard struct {
	Household int64
	Area      area.Code
	Score     money.Decimal
}

// Hardest is a page of the households in an area by their difficulty index, the hardest first and of equals the one registered earlier: those after
// one, the zero value for the first page. It orders work and says of nobody that they get nothing; who is not assessed as a family is not among them.
func Hardest(ctx context.Context, tx pgx.Tx, in area.Code, after Hard, most int) ([]Hard, error) {
	lo, hi := in.Range()
	var from *string
	if after.Household != 0 {
		s := after.Score.String()
		from = &s
	}
	query := "select household, area, score::text from hardest_of_all($1, $2, $3, $4, $5)"
	if in.Level() >= area.Township { // they are few, and sorted: by their score the households of all other townships would be read too
		query = `select f.household, f.area, f.score::text from finding f where f.score is not null and f.area >= $1 and f.area < $2
			and ($3::numeric is null or f.score <= $3 and (f.score < $3 or f.household > $4)) order by f.score + 0 desc, f.household limit $5`
	}
	rows, err := tx.Query(ctx, query, int64(lo), int64(hi), from, after.Household, most)
	if err != nil {
		return nil, fmt.Errorf("reading the hardest households: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (h Hard, err error) {
		var score string
		if err = r.Scan(&h.Household, (*int64)(&h.Area), &score); err == nil {
			h.Score, err = money.Parse(score)
		}
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the hardest households: %w", err)
	}
	return all, nil
}
