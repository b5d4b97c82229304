package ingest

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// catalogue is what deliveries there are and what their files came to, kept while the record does not change.
type catalogue struct {
	mu      sync.Mutex
	version int64
	read    bool
	batches []*Batch
	files   []listed // in the order in which [feed.Read] has them
}

// listed is a file of the record.
type listed struct {
	id       int32
	batch    int64
	file     feed.File
	header   []string
	unplaced int // rows of which nobody can tell whose they are: set aside when read, or about strangers
}

// catalogue reads what deliveries there are, unless nothing changed since it last did.
func (r *Record) catalogue(ctx context.Context, tx pgx.Tx) (batches []*Batch, files []listed, err error) {
	version, err := versionOf(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	c := &r.cached
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read && c.version == version {
		return c.batches, c.files, nil
	}
	if batches, err = r.live(ctx, tx, ""); err != nil {
		return nil, nil, err
	}
	if files, err = r.listFiles(ctx, tx); err != nil {
		return nil, nil, err
	}
	c.version, c.read, c.batches, c.files = version, true, batches, files
	return batches, files, nil
}

// listFiles lists the files that count, feed by feed in the pack's order, those first that belong to none.
func (r *Record) listFiles(ctx context.Context, tx pgx.Tx) ([]listed, error) {
	rows, err := tx.Query(ctx, `select coalesce(b.feed, ''), f.id, f.batch, f.name, f.header, f.rows, f.used, f.rejected, f.formulas, f.missing, f.refused,
			(select count(*) from quarantine q where q.file = f.id and q.unplaced and q.closed_by is null)
			+ (select count(distinct s.place) from stranger s where s.place >= f.id::bigint << 32 and s.place < (f.id::bigint + 1) << 32)
		from batch b join batch_file f on f.batch = b.id
		where b.state in ('promoted', 'stopped') and b.replaced_by is null
		order by b.delivered desc nulls last, f.name collate "C", f.id`)
	if err != nil {
		return nil, fmt.Errorf("reading the files of the record: %w", err)
	}
	byFeed := map[string][]listed{}
	for rows.Next() {
		var l listed
		var of string
		var refused []byte
		f := &l.file
		err := rows.Scan(&of, &l.id, &l.batch, &f.Name, &l.header, &f.Rows, &f.Used, &f.Rejected, &f.Formulas, &f.Missing, &refused, &l.unplaced)
		if err != nil {
			return nil, fmt.Errorf("reading the files of the record: %w", err)
		}
		if refused != nil {
			faults, err := faultsOf(refused, fault.At{File: f.Name})
			if err != nil {
				return nil, err
			}
			f.Refused, f.Used, f.Rejected = faults[0], 0, f.Rows
		}
		f.Feed = r.feedOf(of)
		byFeed[of] = append(byFeed[of], l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the files of the record: %w", err)
	}
	files := byFeed[""]
	for _, f := range r.pack.Feeds {
		files = append(files, byFeed[f.ID]...)
	}
	return files, nil
}

// giver makes a set of what the record has.
type giver struct {
	*Record
	tx       pgx.Tx
	set      *feed.Set
	files    map[int32]*feed.File // those whose rows count
	order    []int32              // the same, in the order read
	place    map[int32]int        // in the order
	unplaced map[*feed.Delivery]int
}

// newGiver begins a set with the deliveries and the files.
func (r *Record) newGiver(ctx context.Context, tx pgx.Tx) (*giver, error) {
	batches, files, err := r.catalogue(ctx, tx)
	if err != nil {
		return nil, err
	}
	g := &giver{Record: r, tx: tx, set: feed.NewSet(r.pack), files: map[int32]*feed.File{}, place: map[int32]int{}, unplaced: map[*feed.Delivery]int{}}
	deliveries := map[int64]*feed.Delivery{}
	for _, b := range batches {
		if b.Delivery != nil {
			d := *b.Delivery
			deliveries[b.ID] = &d
			g.set.Deliveries = append(g.set.Deliveries, &d)
		}
	}
	for _, b := range batches {
		if d := deliveries[b.ID]; d != nil {
			d.Replaced = deliveries[b.ReplacedBy]
		}
	}
	for i := range files {
		g.addFile(&files[i], deliveries[files[i].batch])
	}
	return g, nil
}

func (g *giver) addFile(l *listed, d *feed.Delivery) {
	f := l.file
	g.set.AddFile(&f, l.header)
	if f.Delivery = d; d != nil {
		d.Files = append(d.Files, &f)
		g.unplaced[d] += l.unplaced
	}
	if f.Refused == nil && f.Feed != nil {
		g.files[l.id] = &f
		g.place[l.id] = len(g.order)
		g.order = append(g.order, l.id)
	}
}

// filesOf is the files of a feed whose rows count, in the order read.
func (g *giver) filesOf(f *pack.Feed) []int32 {
	var ids []int32
	for _, id := range g.order {
		if g.files[id].Feed == f {
			ids = append(ids, id)
		}
	}
	return ids
}
