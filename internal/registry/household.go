package registry

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Together is some persons with everybody who is in a household with one of them.
func (r *Registry) Together(ctx context.Context, tx pgx.Tx, persons []int64) ([]int64, error) {
	return ids(ctx, tx, `
		select unnest($1::bigint[]) union
		select person from membership where to_date is null and household in
			(select household from membership where to_date is null and person = any($1)) order by 1`, persons)
}

// Households is the households in which some persons are.
func (r *Registry) Households(ctx context.Context, tx pgx.Tx, persons []int64) ([]int64, error) {
	return ids(ctx, tx, "select distinct household from membership where to_date is null and person = any($1) order by 1", persons)
}

// HouseholdsOf is the household in which each of some persons is; who is in none that may be seen is missing.
func (r *Registry) HouseholdsOf(ctx context.Context, tx pgx.Tx, persons []int64) (map[int64]int64, error) {
	rows, err := tx.Query(ctx, `select m.person, m.household from membership m join household h on h.id = m.household
		where m.to_date is null and h.to_date is null and m.person = any($1) order by m.counted, m.household`, persons)
	if err != nil {
		return nil, failed("reading the households of persons", err)
	}
	of := map[int64]int64{}
	var person, household int64
	if _, err := pgx.ForEachRow(rows, []any{&person, &household}, func() error { of[person] = household; return nil }); err != nil {
		return nil, failed("reading the households of persons", err)
	}
	return of, nil
}

// Members is the persons of some households.
func (r *Registry) Members(ctx context.Context, tx pgx.Tx, households []int64) ([]int64, error) {
	return ids(ctx, tx, "select person from membership where to_date is null and household = any($1) order by 1", households)
}

// Composed is the key of a household that lasts, its member of reference and all its persons, in order; "" if there is no such household, or no more.
func (r *Registry) Composed(ctx context.Context, tx pgx.Tx, household int64) (key string, head int64, persons []int64, err error) {
	err = tx.QueryRow(ctx, `select h.key, coalesce(max(m.person) filter (where m.head), 0), coalesce(array_agg(m.person order by m.person) filter (where m.person is not null), '{}')
		from household h left join membership m on m.household = h.id and m.to_date is null where h.id = $1 and h.to_date is null group by h.key`, household).
		Scan(&key, &head, &persons)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", 0, nil, nil
	}
	if err != nil {
		return "", 0, nil, failed("reading a household", err)
	}
	return key, head, persons, nil
}

// Heads is the member of reference of each of some households that last.
func (r *Registry) Heads(ctx context.Context, tx pgx.Tx, households []int64) (map[int64]int64, error) {
	rows, err := tx.Query(ctx, "select household, person from membership where to_date is null and head and household = any($1)", households)
	if err != nil {
		return nil, failed("reading heads of households", err)
	}
	heads := map[int64]int64{}
	var household, person int64
	if _, err := pgx.ForEachRow(rows, []any{&household, &person}, func() error { heads[household] = person; return nil }); err != nil {
		return nil, failed("reading heads of households", err)
	}
	return heads, nil
}
