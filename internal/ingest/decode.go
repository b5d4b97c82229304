package ingest

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// decoder turns PostgreSQL's binary form back into rows of a feed.
type decoder struct {
	*Record
	table *feed.Table
	line  *feed.Line
	codes []map[string]int64 // by column
	cell  []byte
}

func newDecoder(r *Record, t *feed.Table) *decoder {
	d := &decoder{Record: r, table: t, line: t.Line()}
	for _, c := range t.Feed.Columns {
		var values map[string]int64
		if l := r.pack.Codes[c.Codes]; l != nil {
			values = map[string]int64{}
			for i, id := range l.IDs() {
				values[id] = int64(i)
			}
		}
		d.codes = append(d.codes, values)
	}
	return d
}

// columnsOut are the columns that a row is made of again, the place first.
func columnsOut(f *pack.Feed) string {
	names := []string{"_place"}
	for _, c := range f.Columns {
		names = append(names, quoted(c.Name))
	}
	return strings.Join(names, ", ")
}

// copyOut runs a query by COPY and gives each row's place, its cells being in the line.
func (d *decoder) copyOut(ctx context.Context, tx pgx.Tx, query string, row func(place int64)) error {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := tx.Conn().PgConn().CopyTo(ctx, w, "copy ("+query+") to stdout (format binary)")
		w.CloseWithError(err) // nil is the end
		done <- err
	}()
	err := d.readCopy(bufio.NewReaderSize(r, 1<<16), row)
	r.CloseWithError(errors.New("reading was broken off"))
	return errors.Join(<-done, err)
}

func (d *decoder) readCopy(r *bufio.Reader, row func(place int64)) error {
	if _, err := r.Discard(len(copyHead)); err != nil {
		return fmt.Errorf("reading rows: %w", err)
	}
	columns := 1 + len(d.table.Feed.Columns)
	for {
		n, err := r.Peek(2)
		if err != nil {
			return fmt.Errorf("reading rows: %w", err)
		}
		count := int16(binary.BigEndian.Uint16(n))
		if _, err := r.Discard(2); err != nil || count == -1 {
			_, rest := io.Copy(io.Discard, r)
			return errors.Join(err, rest)
		}
		if int(count) != columns {
			return fmt.Errorf("reading rows: %d columns instead of %d", count, columns)
		}
		place, err := d.readRow(r)
		if err != nil {
			return err
		}
		row(place)
	}
}

func (d *decoder) readRow(r *bufio.Reader) (place int64, err error) {
	d.line.Clear()
	for i := range 1 + len(d.table.Feed.Columns) {
		cell, err := d.next(r)
		switch {
		case err != nil:
			return 0, fmt.Errorf("reading rows: %w", err)
		case cell == nil:
		case i == 0:
			place = int64(binary.BigEndian.Uint64(cell))
		default:
			if err := d.put(place, i-1, cell); err != nil {
				return 0, err
			}
		}
	}
	return place, nil
}

// next is the next cell, nil for null; it holds until the next call.
func (d *decoder) next(r *bufio.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int32(binary.BigEndian.Uint32(head[:]))
	if n < 0 {
		return nil, nil
	}
	if cap(d.cell) < int(n) || d.cell == nil {
		d.cell = make([]byte, max(int(n), 256))
	}
	d.cell = d.cell[:n]
	_, err := io.ReadFull(r, d.cell)
	return d.cell, err
}

// put puts a cell that is not null into the line.
func (d *decoder) put(place int64, i int, cell []byte) error {
	c := d.table.Feed.Columns[i]
	if c.Sealed {
		return d.unseal(place, i, c, cell)
	}
	switch c.Type {
	case "text":
		d.line.PutText(i, string(cell))
	case "id_no":
		n, ok := d.people.Number(int64(binary.BigEndian.Uint64(cell)))
		if !ok {
			return fmt.Errorf("column %s names person %d, who is not there", c.Name, binary.BigEndian.Uint64(cell))
		}
		d.line.PutID(i, n)
	case string(pack.Bool):
		d.line.PutNum(i, int64(cell[0]))
	case string(pack.Date):
		d.line.PutNum(i, int64(int32(binary.BigEndian.Uint32(cell)))+dateShift)
	case string(pack.Decimal):
		d.line.PutNum(i, millionths(cell))
	case string(pack.CodeOf):
		n, ok := d.codes[i][string(cell)]
		if !ok {
			return fmt.Errorf("column %s holds the code %q, which the pack no longer has", c.Name, cell)
		}
		d.line.PutNum(i, n)
	default:
		d.line.PutNum(i, int64(binary.BigEndian.Uint64(cell)))
	}
	return nil
}

// unseal opens a sealed cell, whose text is as a file would have it.
func (d *decoder) unseal(place int64, i int, c *pack.Column, cell []byte) error {
	text, err := d.keys.Open(sealed.In(sealedField(d.table.Feed, c), place), cell)
	if err != nil {
		return fmt.Errorf("opening column %s: %w", c.Name, err)
	}
	return d.line.PutCell(i, text)
}

// millionths is PostgreSQL's numeric with at most six digits of fraction.
func millionths(cell []byte) int64 {
	digits := int(binary.BigEndian.Uint16(cell))
	weight := int(int16(binary.BigEndian.Uint16(cell[2:])))
	n := int64(0)
	// The value of digit i is digit × 10000^(weight-i); counted in hundred-millionths the last place is 10000^-2.
	for i := range digits {
		d := int64(binary.BigEndian.Uint16(cell[8+2*i:]))
		switch at := weight - i; {
		case at >= 0:
			for range at {
				d *= 10_000
			}
			n += d * 1_000_000
		case at == -1:
			n += d * 100
		case at == -2:
			n += d / 100
		}
	}
	if binary.BigEndian.Uint16(cell[4:]) == 0x4000 {
		return -n
	}
	return n
}

// openCells opens the cells of the row at a place, in quarantine.
func (r *Record) openCells(place int64, cells []byte) ([]string, error) {
	plain, err := r.keys.Open(sealed.In(cellsField, place), cells)
	if err != nil {
		return nil, fmt.Errorf("opening a row that was set aside: %w", err)
	}
	var texts []string
	if err := json.Unmarshal([]byte(plain), &texts); err != nil {
		return nil, fmt.Errorf("reading a row that was set aside: %w", err)
	}
	return texts, nil
}
