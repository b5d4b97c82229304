package ingest

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// Change is how a row of a batch differs from what is in use.
type Change string

// The changes of a sample.
const (
	Added   Change = "new"     // nothing in use has its key
	Changed Change = "changed" // what is in use with its key has other content
	Removed Change = "gone"    // it is in use, and would no longer be
)

// Sampled is a row that would change, masked: cells in the order of the feed's columns.
type Sampled struct {
	Change Change
	Before []string // nil of one that is added
	After  []string // nil of one that is removed
	Differ []bool   // of one that is changed: by column, also where that is hidden
}

// Sample is some rows that a batch would change, the first of each change in an area, masked. It is asked of the record by the platform itself, for
// somebody of whom it is known that the batch is theirs to see.
func (r *Record) Sample(ctx context.Context, tx pgx.Tx, batch int64, in area.Code, most int) ([]Sampled, error) {
	b, err := r.Batch(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	f := r.feedOf(b.Feed)
	if f == nil {
		return nil, nil
	}
	replaced, err := r.wouldReplace(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	lo, hi := in.Range()
	rows, err := tx.Query(ctx, compared(f, b.Rows, `, numbered as (
			select kind, this, that, row_number() over (partition by kind order by coalesce(this, that)) as n from compared
			where kind in ('new', 'changed', 'gone') and area >= $4 and area < $5
		)
		select kind, coalesce(this, 0), coalesce(that, 0) from numbered where n <= $6
		order by array_position(array['changed', 'gone', 'new'], kind), n`), b.Feed, batch, replaced, int64(lo), int64(hi), most)
	if err != nil {
		return nil, fmt.Errorf("sampling batch %d: %w", batch, err)
	}
	type pair struct {
		change     Change
		this, that int64
	}
	pairs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p pair, err error) { return p, row.Scan(&p.change, &p.this, &p.that) })
	if err != nil {
		return nil, fmt.Errorf("sampling batch %d: %w", batch, err)
	}
	var places []int64
	for _, p := range pairs {
		places = append(places, p.this, p.that)
	}
	cells, err := r.masked(ctx, tx, f, places)
	if err != nil {
		return nil, err
	}
	sample := make([]Sampled, len(pairs))
	for i, p := range pairs {
		before, after := cells[p.that], cells[p.this]
		sample[i] = Sampled{Change: p.change, Before: before.masked, After: after.masked}
		if p.change != Changed {
			continue
		}
		for k := range before.plain {
			sample[i].Differ = append(sample[i].Differ, before.plain[k] != after.plain[k])
		}
	}
	return sample, nil
}

// shownRow is a row's cells, and as they are shown.
type shownRow struct{ plain, masked []string }

// masked is rows at some places, masked.
func (r *Record) masked(ctx context.Context, tx pgx.Tx, f *pack.Feed, places []int64) (map[int64]shownRow, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf("select %s from %s where _place = any($1)", columnsOut(f), tableOf(f).quoted()), places)
	if err != nil {
		return nil, fmt.Errorf("reading rows of feed %s: %w", f.ID, err)
	}
	defer rows.Close()
	set := feed.NewSet(r.pack)
	t := set.Table(f.ID)
	d := newDecoder(r, t)
	file := &feed.File{Feed: f}
	set.AddFile(file, nil)
	masked := map[int64]shownRow{}
	for rows.Next() {
		raw := rows.RawValues()
		place := int64(binary.BigEndian.Uint64(raw[0]))
		d.line.Clear()
		for i, cell := range raw[1:] {
			if cell == nil {
				continue
			}
			if err := d.put(place, i, cell); err != nil {
				return nil, err
			}
		}
		row := t.AddLine(file, rowOf(place), d.line)
		masked[place] = shownRow{t.Cells(row), maskedCells(t, row)}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading rows of feed %s: %w", f.ID, err)
	}
	return masked, nil
}

// maskedCells is the cells of a row with what shows who somebody is hidden: numbers but for their ends, texts but for their first character, and
// what is kept sealed wholly.
func maskedCells(t *feed.Table, row int) []string {
	cells := t.Cells(row)
	for i, c := range t.Feed.Columns {
		cells[i] = maskedCell(c, t.ID(i, row), cells[i])
	}
	return cells
}

func maskedCell(c *pack.Column, id idno.Number, cell string) string {
	switch {
	case cell == "":
		return ""
	case c.Sealed:
		return "******"
	case c.Type == "id_no":
		return id.Masked()
	case c.Type == "text":
		return fault.HideNumbers(string([]rune(cell)[:1])) + "**"
	}
	return cell
}
