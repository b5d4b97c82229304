package ingest

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// resealedAtOnce is how many rows are sealed anew in one transaction.
const resealedAtOnce = 10_000

// Reseal seals everything of the record anew that is not under the newest key, some rows at a time, and returns how many values that were.
// Broken off, it is begun again.
func (r *Record) Reseal(ctx context.Context) (n int64, err error) {
	type sealedColumn struct{ table, id, column, field string }
	columns := []sealedColumn{{"row_key", "one::int", "sealed", rowKeyField}, {"quarantine", "id", "cells", cellsField}}
	for _, f := range r.pack.Feeds {
		for _, c := range f.Columns {
			if c.Sealed {
				columns = append(columns, sealedColumn{tableOf(f).quoted(), "_place", quoted(c.Name), sealedField(f, c)})
			}
		}
	}
	for _, c := range columns {
		for last, more := int64(-1), true; more; {
			err := r.db.Work(ctx, func(tx pgx.Tx) (err error) {
				var done int64
				done, last, more, err = r.resealSome(ctx, tx, c.table, c.id, c.column, c.field, last)
				n += done
				return err
			})
			if err != nil {
				return n, fmt.Errorf("sealing %s of %s anew: %w", c.column, c.table, err)
			}
		}
	}
	return n, nil
}

// resealSome seals the next rows of a column anew; more says that there may be others.
func (r *Record) resealSome(ctx context.Context, tx pgx.Tx, table, id, column, field string, after int64) (n, last int64, more bool, err error) {
	rows, err := tx.Query(ctx, fmt.Sprintf("select %[2]s, %[3]s from %[1]s where %[2]s > $1 order by %[2]s limit %[4]d", table, id, column, resealedAtOnce), after)
	if err != nil {
		return 0, 0, false, err
	}
	var ids []int64
	var values [][]byte
	var sealed []byte
	read := 0
	_, err = pgx.ForEachRow(rows, []any{&last, &sealed}, func() error {
		read++
		if sealed == nil || r.keys.Current(sealed) {
			return nil
		}
		again, err := r.keys.Reseal(field, sealed)
		ids, values = append(ids, last), append(values, again)
		return err
	})
	if err != nil {
		return 0, 0, false, err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("update %[1]s t set %[3]s = v.value from unnest($1::bigint[], $2::bytea[]) as v (id, value) where t.%[2]s = v.id", table, id, column), ids, values)
	return int64(len(ids)), last, read == resealedAtOnce, err
}
