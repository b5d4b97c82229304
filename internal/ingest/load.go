package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// largeLoad is how many bytes of files fill an empty table with its indexes made afterwards, which is several times faster.
var largeLoad int64 = 8 << 20

// load is the first filling of a feed's table by many rows. Its indexes are made when all are there, and which keys are there more than once
// is found here, since the database could find it only row by row.
type load struct {
	feed *pack.Feed
	keys []uint64 // the first eight bytes of each row's key
}

// note notes a row's key.
func (l *load) note(key *[16]byte) {
	if l != nil {
		l.keys = append(l.keys, binary.BigEndian.Uint64(key[:]))
	}
}

// twice is the beginnings of keys that are there more than once.
func (l *load) twice() []uint64 {
	slices.Sort(l.keys)
	var twice []uint64
	for i := 1; i < len(l.keys); i++ {
		if l.keys[i] == l.keys[i-1] && (len(twice) == 0 || twice[len(twice)-1] != l.keys[i]) {
			twice = append(twice, l.keys[i])
		}
	}
	return twice
}

// sizeOf is the bytes of the files of deliveries.
func sizeOf(all []*arrival) (size int64) {
	for _, a := range all {
		for _, f := range a.Files {
			if info, err := fs.Stat(a.fsys, f.Name); err == nil {
				size += info.Size()
			}
		}
	}
	return size
}

// beginLoad takes the indexes off an empty table; nil if the table is not empty, or if it is the register's and rows of other feeds would have
// to follow it.
func (r *Record) beginLoad(ctx context.Context, f *pack.Feed) (*load, error) {
	empty := false
	err := pgx.BeginFunc(ctx, r.db.Own(), func(tx pgx.Tx) error {
		table := tableOf(f).quoted()
		if _, err := tx.Exec(ctx, "lock table "+table+" in access exclusive mode nowait"); err != nil {
			return fmt.Errorf("locking its table: %w", err)
		}
		if err := tx.QueryRow(ctx, "select not exists (select from "+table+") and not ($1 and exists (select from batch where state = 'promoted'))",
			f.Role == feed.RolePersons).Scan(&empty); err != nil || !empty {
			return err
		}
		for _, i := range indexesOf(f) {
			if _, err := tx.Exec(ctx, "drop index if exists "+i.name); err != nil {
				return fmt.Errorf("taking off index %s: %w", i.name, err)
			}
		}
		return nil
	})
	switch {
	case busy(err) || err == nil && !empty:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("preparing to load feed %s: %w", f.ID, err)
	}
	return &load{feed: f}, nil
}

// busy reports whether somebody else holds a lock.
func busy(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "55P03" // lock_not_available
}

// endLoad makes the indexes and promotes what was staged, in one transaction.
func (r *Record) endLoad(ctx context.Context, l *load, account int64, outcomes []Outcome) error {
	err := pgx.BeginFunc(ctx, r.db.Own(), func(tx pgx.Tx) error {
		if err := makeIndexes(ctx, tx, l.feed); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "analyze "+tableOf(l.feed).quoted())
		return err
	})
	if err != nil {
		return fmt.Errorf("ending the load of feed %s: %w", l.feed.ID, err)
	}
	twice := l.twice()
	l.keys = nil
	return r.act(ctx, account, func(tx pgx.Tx) error { return r.promoteLoad(ctx, tx, l.feed, twice, outcomes) })
}

// promoteLoad promotes what was loaded. Where somebody else promoted something in the meantime, each batch is settled as any other is.
func (r *Record) promoteLoad(ctx context.Context, tx pgx.Tx, f *pack.Feed, twice []uint64, outcomes []Outcome) error {
	var batches []*Batch
	for i, o := range outcomes {
		if o.State != Staged {
			continue
		}
		b, err := r.lock(ctx, tx, o.Batch, Staged)
		if err != nil {
			return err
		}
		batches = append(batches, b)
		outcomes[i].State, outcomes[i].Known = Promoted, false
	}
	alone := true
	err := tx.QueryRow(ctx, "select not exists (select from batch where feed = $1 and state = 'promoted')", f.ID).Scan(&alone)
	if err != nil {
		return fmt.Errorf("asking for other batches of feed %s: %w", f.ID, err)
	}
	for _, b := range batches {
		if err := errors.Join(r.touchAreas(ctx, tx, b), r.bringIntoUse(ctx, tx, b), r.countPromotion(ctx, tx, b)); err != nil {
			return err
		}
		if alone {
			continue
		}
		if err := r.settleWith(ctx, tx, b); err != nil {
			return err
		}
	}
	if !alone || len(batches) == 0 {
		return nil
	}
	if _, err := r.replace(ctx, tx, f.ID); err != nil {
		return err
	}
	return r.settleTwice(ctx, tx, f, twice)
}

// remakeIndexes makes the indexes that a load took off and did not come to make again.
func (r *Record) remakeIndexes(ctx context.Context) error {
	rows, err := r.db.Own().Query(ctx, "select indexname from pg_indexes where schemaname = current_schema and tablename like 'feed\\_%'")
	if err != nil {
		return fmt.Errorf("looking for the indexes of feeds: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("looking for the indexes of feeds: %w", err)
	}
	has := map[string]bool{}
	for _, name := range names {
		has[quoted(name)] = true
	}
	for _, f := range r.pack.Feeds {
		for _, i := range indexesOf(f) {
			if has[i.name] {
				continue
			}
			if _, err := r.db.Own().Exec(ctx, i.create); err != nil {
				return fmt.Errorf("making index %s again: %w", i.name, err)
			}
		}
	}
	return nil
}

// settleTwice settles the keys that begin with any of some bytes.
func (r *Record) settleTwice(ctx context.Context, tx pgx.Tx, f *pack.Feed, beginnings []uint64) error {
	from, to := make([][16]byte, len(beginnings)), make([][16]byte, len(beginnings))
	for i, b := range beginnings {
		binary.BigEndian.PutUint64(from[i][:], b)
		binary.BigEndian.PutUint64(to[i][:], b)
		binary.BigEndian.PutUint64(to[i][8:], ^uint64(0))
	}
	fill := fmt.Sprintf(`insert into settling select distinct r._key from unnest($1::uuid[], $2::uuid[]) as k (lo, hi)
		join %s r on r._key >= k.lo and r._key <= k.hi`, tableOf(f).quoted())
	return settleKeys(ctx, tx, f, fill, from, to)
}
