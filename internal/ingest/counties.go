package ingest

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/feed"
)

// registered is a query over the rows of the register of persons that count.
const registered = `with` + liveFiles + ` select %s from %s r join live on live.id = r._place >> 32
	where not exists (select from row_aside a where a.place = r._place)`

// Counties is the counties in which somebody is registered, in the order of their codes; 0 is of those whose village is not told.
func (r *Record) Counties(ctx context.Context, tx pgx.Tx) ([]area.Code, error) {
	f := r.roleOf(feed.RolePersons)
	if f == nil {
		return nil, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(registered+" group by 1 order by 1", "r._area / 1000000 * 1000000", tableOf(f).quoted()), f.ID)
	if err != nil {
		return nil, fmt.Errorf("finding the counties: %w", err)
	}
	counties, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("finding the counties: %w", err)
	}
	all := make([]area.Code, len(counties))
	for i, c := range counties {
		all[i] = area.Code(c)
	}
	return all, nil
}

// Registered is how many persons are registered.
func (r *Record) Registered(ctx context.Context, tx pgx.Tx) (n int64, err error) {
	f := r.roleOf(feed.RolePersons)
	if f == nil {
		return 0, nil
	}
	if err := tx.QueryRow(ctx, fmt.Sprintf(registered, "count(distinct r."+quoted(f.IDNo)+")", tableOf(f).quoted()), f.ID).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting who is registered: %w", err)
	}
	return n, nil
}

// Simulated reports whether some of what is in use is invented.
func (r *Record) Simulated(ctx context.Context, tx pgx.Tx) (simulated bool, err error) {
	if err := tx.QueryRow(ctx, "select exists(select from batch where simulated and state = 'promoted')").Scan(&simulated); err != nil {
		return false, fmt.Errorf("asking whether the record is simulated: %w", err)
	}
	return simulated, nil
}
