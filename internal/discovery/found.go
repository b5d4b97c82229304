package discovery

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/money"
)

// Raised is a warning as it stands.
type Raised struct {
	ID        int64
	Rule      string // of the pack
	Level     string
	Household int64
	Person    int64 // 0 of the household as a whole
	Open      bool
}

// Scores are the difficulty indices of some households that may be seen; those that have none are left out.
func Scores(ctx context.Context, tx pgx.Tx, households []int64) (map[int64]money.Decimal, error) {
	rows, err := tx.Query(ctx, "select household, score::text from finding where household = any($1) and score is not null", households)
	if err != nil {
		return nil, fmt.Errorf("reading indices: %w", err)
	}
	scores := make(map[int64]money.Decimal, len(households))
	var household int64
	var written string
	if _, err := pgx.ForEachRow(rows, []any{&household, &written}, func() error {
		score, err := money.Parse(written)
		scores[household] = score
		return err
	}); err != nil {
		return nil, fmt.Errorf("reading indices: %w", err)
	}
	return scores, nil
}

// WarningsByID are some warnings that may be seen.
func WarningsByID(ctx context.Context, tx pgx.Tx, ids []int64) (map[int64]Raised, error) {
	rows, err := tx.Query(ctx, "select id, rule, level, household, coalesce(person, 0), state <> 'closed' from warning where id = any($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("reading warnings: %w", err)
	}
	all := make(map[int64]Raised, len(ids))
	var w Raised
	if _, err := pgx.ForEachRow(rows, []any{&w.ID, &w.Rule, &w.Level, &w.Household, &w.Person, &w.Open}, func() error {
		all[w.ID] = w
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading warnings: %w", err)
	}
	return all, nil
}
