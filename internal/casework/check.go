package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/means"
)

// RequestCheck asks for a check of the means of an item's household, for its members who count and are grown up, all of whom have authorised it.
// Its report, which package means takes, is what the item's check rests on.
func (c *Casework) RequestCheck(ctx context.Context, tx pgx.Tx, checks *means.Checks, item int64, now time.Time) (check int64, err error) {
	i, err := c.itemFor(ctx, tx, item)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `select m.person from membership m join person p on p.id = m.person
		where m.household = $1 and m.to_date is null and m.counted and p.died_on is null and (p.birth is null or p.birth + interval '18 years' <= $2::date
			or exists (select from authorisation a where a.person = m.person and a.revoked_on is null and a.from_date <= $2::date and $2::date < a.to_date)) order by 1`,
		i.household, dayOf(now).String())
	if err != nil {
		return 0, fmt.Errorf("looking for whom a check covers: %w", err)
	}
	persons, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("looking for whom a check covers: %w", err)
	}
	d := means.Draft{Household: i.household, Reason: fmt.Sprintf("%s（事项%d）", c.nameOf(i.programme, i.recognises).Zh, item)}
	for _, p := range persons {
		d.Scope = append(d.Scope, means.Covered{Person: p, Role: means.Member})
	}
	id, err := checks.Draft(ctx, tx, d)
	if err != nil {
		return 0, err
	}
	return id, checks.Request(ctx, tx, id, dayOf(now))
}
