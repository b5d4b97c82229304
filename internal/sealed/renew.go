package sealed

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Column is where the sealed values of a field stand, for the walk after a key was added.
type Column struct {
	Table  string
	Key    string // the table's bigint primary key
	Sealed string
	Digest string // "" where the field is not searched for
	Field  string
}

// renewAtOnce is how many rows a transaction of the walk holds.
const renewAtOnce = 1000

// Renew walks a column, seals anew what is not under the newest key, and writes each digest that is not the newest key's anew. It returns how
// many rows changed. work runs a transaction; the walk is many, each whole, so it may be stopped and begun again, beside other work.
// A value that does not open stops it with the row's key: nothing may be dropped before it is mended.
func (k *Keys) Renew(ctx context.Context, work func(context.Context, func(pgx.Tx) error) error, c Column) (changed int64, err error) {
	for after, more := int64(0), true; more; {
		err := work(ctx, func(tx pgx.Tx) error {
			rows, err := c.read(ctx, tx, after)
			if err != nil {
				return err
			}
			n, err := k.renewRows(ctx, tx, c, rows)
			if err != nil {
				return err
			}
			changed += n
			if more = len(rows) == renewAtOnce; more {
				after = rows[len(rows)-1].key
			}
			return nil
		})
		if err != nil {
			return changed, fmt.Errorf("sealing %s.%s anew: %w", c.Table, c.Sealed, err)
		}
	}
	return changed, nil
}

type sealedRow struct {
	key            int64
	sealed, digest []byte
}

// name quotes one of the column's names.
func name(s string) string { return pgx.Identifier{s}.Sanitize() }

// read is the next rows after a key, held until the transaction's end.
func (c Column) read(ctx context.Context, tx pgx.Tx, after int64) ([]sealedRow, error) {
	digest := "null::bytea"
	if c.Digest != "" {
		digest = name(c.Digest)
	}
	query := fmt.Sprintf("select %[1]s, %[2]s, %[3]s from %[4]s where %[1]s > $1 and %[2]s is not null order by %[1]s limit %[5]d for update",
		name(c.Key), name(c.Sealed), digest, name(c.Table), renewAtOnce)
	rows, err := tx.Query(ctx, query, after)
	if err != nil {
		return nil, fmt.Errorf("reading sealed values: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (s sealedRow, err error) { return s, r.Scan(&s.key, &s.sealed, &s.digest) })
}

// renewRows writes what changes of some rows.
func (k *Keys) renewRows(ctx context.Context, tx pgx.Tx, c Column, rows []sealedRow) (changed int64, err error) {
	batch := &pgx.Batch{}
	for _, r := range rows {
		plain, err := k.Open(c.Field, r.sealed)
		if err != nil {
			return 0, fmt.Errorf("row %d: %w", r.key, err)
		}
		sealed, digest := r.sealed, r.digest
		if !k.Current(sealed) {
			sealed = k.Seal(c.Field, plain)
		}
		if c.Digest != "" {
			digest = k.Digest(c.Field, plain)
		}
		if bytes.Equal(sealed, r.sealed) && bytes.Equal(digest, r.digest) {
			continue
		}
		set, args := fmt.Sprintf("%s = $2", name(c.Sealed)), []any{r.key, sealed}
		if c.Digest != "" {
			set, args = set+fmt.Sprintf(", %s = $3", name(c.Digest)), append(args, digest)
		}
		batch.Queue(fmt.Sprintf("update %s set %s where %s = $1", name(c.Table), set, name(c.Key)), args...)
		changed++
	}
	return changed, tx.SendBatch(ctx, batch).Close()
}
