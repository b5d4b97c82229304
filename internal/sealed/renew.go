package sealed

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// Column is where the sealed values of a field stand, for the walk after a key was added. Key and Row are expressions of SQL.
type Column struct {
	Table    string
	Key      string // the table's primary key, a bigint: "id"
	Sealed   string
	Digest   string // "" where the field is not searched for
	Field    string
	Row      string // the row's number to which values are bound by [In]; "" where they are bound to the field alone
	Fleeting bool   // values end by themselves within minutes, and are not walked
}

// Name is the column as people and the ledger are told of it.
func (c Column) Name() string { return c.Table + "." + c.Sealed }

// renewAtOnce is how many rows a transaction of the walk holds.
const renewAtOnce = 1000

var strayDigest = fault.Text{
	Key: "sealed.stray-digest",
	Zh:  "{column}第{row}行的密文与旁边的摘要不是同一个值：有一个被换过。请查明并从备份恢复",
	En:  "in row {row} of {column} the sealed value and the digest beside it are not of one text: one of them was exchanged; find out, and restore it from a backup",
}

// Renew walks a column, seals anew what is not under the newest key, and writes each digest that is not the newest key's anew. It returns how
// many rows changed, and tells progress after each transaction how many it was since the last. work runs a transaction; the walk is many, each
// whole, so it may be stopped and begun again, beside other work. A value that does not open, or is not its digest's, stops it with the row's
// key: nothing may be dropped before it is mended.
func (k *Keys) Renew(ctx context.Context, work func(context.Context, func(pgx.Tx) error) error, c Column, progress func(rows int64)) (changed int64, err error) {
	if c.Fleeting {
		return 0, nil
	}
	for after, more := int64(-1), true; more; {
		n := int64(0)
		err := work(ctx, func(tx pgx.Tx) error {
			rows, err := k.outdated(ctx, tx, c, after)
			if err != nil {
				return err
			}
			if more = len(rows) == renewAtOnce; more {
				after = rows[len(rows)-1].key
			}
			n, err = k.renewRows(ctx, tx, c, rows)
			return err
		})
		if err != nil {
			return changed, fmt.Errorf("sealing %s anew: %w", c.Name(), err)
		}
		changed += n
		progress(n)
	}
	return changed, nil
}

// Left is how many values of a column are sealed with a key, or, of the key 0, with any but the newest.
func (k *Keys) Left(ctx context.Context, tx pgx.Tx, c Column, key uint32) (rows int64, err error) {
	compare, id := "=", key
	if key == 0 {
		compare, id = "<>", k.Newest()
	}
	query := fmt.Sprintf("select count(*) from %s where substr(%s, 1, %d) %s $1", name(c.Table), name(c.Sealed), headSize, compare)
	if err := tx.QueryRow(ctx, query, headOf(id)).Scan(&rows); err != nil {
		return 0, fmt.Errorf("counting what is sealed in %s: %w", c.Name(), err)
	}
	return rows, nil
}

// headOf is how a value begins that a key sealed.
func headOf(key uint32) []byte { return binary.BigEndian.AppendUint32([]byte{form}, key) }

type sealedRow struct {
	key, row       int64
	sealed, digest []byte
}

// name quotes one of the column's names.
func name(s string) string { return pgx.Identifier{s}.Sanitize() }

// outdated is the next rows after a key that may have to be changed, held until the transaction's end.
func (k *Keys) outdated(ctx context.Context, tx pgx.Tx, c Column, after int64) ([]sealedRow, error) {
	digest, row := "null::bytea", "0"
	if c.Digest != "" {
		digest = name(c.Digest)
	}
	if c.Row != "" {
		row = c.Row
	}
	query := fmt.Sprintf("select %[1]s, %[2]s, %[3]s, %[4]s from %[5]s where %[1]s > $1 and %[3]s is not null and (substr(%[3]s, 1, %[6]d) <> $2 or $3) order by %[1]s limit %[7]d for update",
		c.Key, row, name(c.Sealed), digest, name(c.Table), headSize, renewAtOnce)
	rows, err := tx.Query(ctx, query, after, headOf(k.Newest()), c.Digest != "" && len(k.digests) > 1)
	if err != nil {
		return nil, fmt.Errorf("reading sealed values: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (s sealedRow, err error) {
		return s, r.Scan(&s.key, &s.row, &s.sealed, &s.digest)
	})
}

// renewRows writes what changes of some rows.
func (k *Keys) renewRows(ctx context.Context, tx pgx.Tx, c Column, rows []sealedRow) (changed int64, err error) {
	var keys []int64
	var sealed, digests [][]byte
	for _, r := range rows {
		fresh, err := k.renewed(c, r)
		if err != nil {
			return 0, fmt.Errorf("row %d: %w", r.key, err)
		}
		if bytes.Equal(fresh.sealed, r.sealed) && bytes.Equal(fresh.digest, r.digest) {
			continue
		}
		keys, sealed, digests = append(keys, r.key), append(sealed, fresh.sealed), append(digests, fresh.digest)
	}
	if len(keys) == 0 {
		return 0, nil
	}
	set := fmt.Sprintf("%s = fresh.sealed", name(c.Sealed))
	if c.Digest != "" {
		set += fmt.Sprintf(", %s = fresh.digest", name(c.Digest))
	}
	tag, err := tx.Exec(ctx, fmt.Sprintf("update %s set %s from unnest($1::bigint[], $2::bytea[], $3::bytea[]) as fresh (key, sealed, digest) where %s = fresh.key",
		name(c.Table), set, c.Key), keys, sealed, digests)
	return tag.RowsAffected(), err
}

// renewed is a row as it should be.
func (k *Keys) renewed(c Column, r sealedRow) (sealedRow, error) {
	field := c.Field
	if c.Row != "" {
		field = In(field, r.row)
	}
	plain, err := k.Open(field, r.sealed)
	if err != nil {
		return r, err
	}
	if c.Digest != "" {
		if !slices.ContainsFunc(k.Digests(c.Field, plain), func(d []byte) bool { return bytes.Equal(d, r.digest) }) {
			return r, fault.New(fault.Internal, strayDigest, fault.Args{"column": c.Name(), "row": r.key})
		}
		r.digest = k.Digest(c.Field, plain)
	}
	if !k.Current(r.sealed) {
		r.sealed = k.Seal(field, plain)
	}
	return r, nil
}
