package ingest

import (
	"context"
	"maps"
	"slices"

	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// People knows everybody's identity number. It is safe for concurrent use.
type People interface {
	Find(n idno.Number) (person int64, ok bool)
	Add(ctx context.Context, db *postgres.DB, numbers []idno.Number) error // makes persons of those never seen, in a transaction of its own
	Number(person int64) (idno.Number, bool)
}

// Record takes in what departments deliver and gives it back. It is safe for concurrent use; the pack must have been applied.
type Record struct {
	db     *postgres.DB
	pack   *pack.Pack
	people People
	keys   *sealed.Keys
	digest rowKey
	homes  homes
	cached catalogue
}

// New is the record of a database to which the pack was applied ([ApplyPack]).
func New(db *postgres.DB, p *pack.Pack, people People, keys *sealed.Keys) *Record {
	return &Record{db: db, pack: p, people: people, keys: keys}
}

// placeOf is where a row of a file stands.
func placeOf(file int32, row int) int64 { return int64(file)<<32 | int64(row) }

func fileOf(place int64) int32 { return int32(place >> 32) }

func rowOf(place int64) int { return int(place & 0xffff_ffff) }

// feedOf is a feed of the pack by its id, nil if there is none.
func (r *Record) feedOf(id string) *pack.Feed {
	i := slices.IndexFunc(r.pack.Feeds, func(f *pack.Feed) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return r.pack.Feeds[i]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
