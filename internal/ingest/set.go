package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// Set is the record as what a folder would have delivered: the same rows in use, in the same order, the same rejects, the same deliveries.
//
// With persons it is of them alone: their rows, and those that may be theirs, beside all deliveries, so that what a delivery says by its
// silence of one of them is the same. Its files do not balance, since most rows are not in it.
func (r *Record) Set(ctx context.Context, tx pgx.Tx, persons ...int64) (*feed.Set, error) {
	g, err := r.newGiver(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(persons) > 0 {
		err = g.some(ctx, persons)
	} else {
		err = g.all(ctx)
	}
	if err != nil {
		return nil, err
	}
	g.set.Sort()
	return g.set, nil
}

// all gives back everything.
func (g *giver) all(ctx context.Context) error {
	for _, t := range g.set.Tables {
		if err := g.table(ctx, t); err != nil {
			return err
		}
	}
	return g.rejects(ctx, "")
}

// table gives back the rows of a feed, file by file in the order read, and sets aside those that are not used.
func (g *giver) table(ctx context.Context, t *feed.Table) error {
	d := newDecoder(g.Record, t)
	places := map[int64]int{} // of rows that may be set aside
	asides, err := g.asides(ctx, t.Feed)
	if err != nil {
		return err
	}
	for _, id := range g.filesOf(t.Feed) {
		file := g.files[id]
		query := fmt.Sprintf("select %s from %s where _place >= %d and _place < %d order by _place",
			columnsOut(t.Feed), tableOf(t.Feed).quoted(), placeOf(id, 0), placeOf(id+1, 0))
		err := d.copyOut(ctx, g.tx, query, func(place int64) {
			row := t.AddLine(file, rowOf(place), d.line)
			if _, aside := asides[place]; aside {
				places[place] = row
			}
		})
		if err != nil {
			return fmt.Errorf("reading rows of %s: %w", file.Name, err)
		}
	}
	g.setAside(t, asides, places)
	return nil
}

// aside is why a row is not used.
type aside struct {
	overlap feed.Overlap
	beside  int64
}

func (g *giver) asides(ctx context.Context, f *pack.Feed) (map[int64]aside, error) {
	rows, err := g.tx.Query(ctx, `select a.place, a.overlap, a.beside from batch b join batch_file f on f.batch = b.id
		join row_aside a on a.place >= f.id::bigint << 32 and a.place < (f.id::bigint + 1) << 32
		where b.feed = $1 and b.state = 'promoted' and b.replaced_by is null`, f.ID)
	if err != nil {
		return nil, fmt.Errorf("reading which rows of feed %s are not used: %w", f.ID, err)
	}
	return collectAsides(rows)
}

func collectAsides(rows pgx.Rows) (map[int64]aside, error) {
	asides := map[int64]aside{}
	var place int64
	var a aside
	if _, err := pgx.ForEachRow(rows, []any{&place, &a.overlap, &a.beside}, func() error { asides[place] = a; return nil }); err != nil {
		return nil, fmt.Errorf("reading which rows are not used: %w", err)
	}
	return asides, nil
}

func (g *giver) setAside(t *feed.Table, asides map[int64]aside, places map[int64]int) {
	order := make([]int64, 0, len(places))
	for place := range places {
		order = append(order, place)
	}
	slices.SortFunc(order, func(a, b int64) int { return places[a] - places[b] })
	for _, place := range order {
		a := asides[place]
		name := ""
		if f := g.files[fileOf(a.beside)]; f != nil {
			name = f.Name
		}
		g.set.SetBeside(t, places[place], a.overlap, name, rowOf(a.beside))
	}
}

// rejects gives back the rows that were set aside when they were read, all or those of a condition.
func (g *giver) rejects(ctx context.Context, where string, args ...any) error {
	rows, err := g.tx.Query(ctx, "select q.file, q.row, q.faults, q.persons, q.unplaced, q.cells from quarantine q where q.closed_by is null"+where, args...)
	if err != nil {
		return fmt.Errorf("reading the rows that were set aside: %w", err)
	}
	var id int32
	var row int
	var faults, sealed []byte
	var persons []int64
	var unplaced bool
	_, err = pgx.ForEachRow(rows, []any{&id, &row, &faults, &persons, &unplaced, &sealed}, func() error {
		file := g.files[id]
		if file == nil {
			return nil
		}
		why, err := faultsOf(faults, fault.At{File: file.Name, Row: row})
		if err != nil {
			return err
		}
		cells, err := g.openCells(placeOf(id, row), sealed)
		if err != nil {
			return err
		}
		numbers, err := g.numbers(persons)
		if err != nil {
			return err
		}
		g.set.AddReject(&feed.Reject{File: file, Row: row, Faults: why, Persons: numbers, Unplaced: unplaced}, cells)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the rows that were set aside: %w", err)
	}
	return nil
}

func (r *Record) numbers(persons []int64) ([]idno.Number, error) {
	var numbers []idno.Number
	for _, p := range persons {
		n, ok := r.people.Number(p)
		if !ok {
			return nil, fmt.Errorf("the record names person %d, who is not there", p)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
