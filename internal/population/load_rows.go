package population

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/area"
)

// savedRows is one file, opened.
type savedRows struct {
	path string
	rows int
	file *parquet.File
}

func (l *loader) opening(name string, to **savedRows) func() error {
	return func() (err error) {
		*to, err = l.open(name)
		return err
	}
}

func (l *loader) open(name string) (*savedRows, error) {
	content, rows, err := l.list.read(l.dir, name)
	if err != nil {
		return nil, err
	}
	r := &savedRows{path: filepath.Join(l.dir, name), rows: rows}
	return r, r.guarded(func() (err error) {
		r.file, err = parquet.OpenFile(bytes.NewReader(content), int64(len(content)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err == nil && r.file.NumRows() != int64(rows) {
			err = fmt.Errorf("%d rows, %d are listed", r.file.NumRows(), rows)
		}
		return err
	})
}

// guarded turns whatever goes wrong inside a file, a panic of the reading library too, into a fault that names it.
func (r *savedRows) guarded(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged(r.path, fmt.Errorf("%v", p))
		}
	}()
	if err := read(); err != nil {
		return damaged(r.path, err)
	}
	return nil
}

// pages calls f for every page of a column, in order.
func (r *savedRows) pages(name string, node parquet.Node, f func(parquet.Page) error) error {
	leaf, ok := r.file.Schema().Lookup(name)
	if !ok || leaf.Node.Type().Kind() != node.Type().Kind() || leaf.Node.Optional() != node.Optional() || leaf.Node.Repeated() {
		return fmt.Errorf("the column %q is missing or of another type", name)
	}
	for _, group := range r.file.RowGroups() {
		if err := eachPage(group.ColumnChunks()[leaf.ColumnIndex], f); err != nil {
			return fmt.Errorf("the column %q: %w", name, err)
		}
	}
	return nil
}

func eachPage(chunk parquet.ColumnChunk, f func(parquet.Page) error) error {
	pages := chunk.Pages()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return pages.Close()
		}
		if err == nil {
			err = f(page)
			parquet.Release(page)
		}
		if err != nil {
			return errors.Join(err, pages.Close())
		}
	}
}

// chunks reads a column into its narrow one, cut where chunks begin.
func (r *savedRows) chunks(f field, starts []int32) error {
	return r.guarded(func() error {
		cut := &cutter{to: f.column, bitmap: f.bitmap, starts: starts}
		f.column.Expect(len(starts) - 1)
		v := &pageValues{form: f.form}
		err := r.pages(f.name, f.form.node, func(page parquet.Page) error {
			if err := v.read(page); err != nil {
				return err
			}
			return cut.add(v)
		})
		if err != nil {
			return err
		}
		return cut.end()
	})
}

// whole reads a column whole.
func (r *savedRows) whole(f field, to *column) error {
	return r.guarded(func() error {
		*to = newColumn(r.rows)
		v, row := &pageValues{form: f.form}, 0
		err := r.pages(f.name, f.form.node, func(page parquet.Page) error {
			if err := v.read(page); err != nil {
				return err
			}
			if row+v.n > r.rows {
				return errTooMany
			}
			v.copy(0, v.n, to.num, to.known, row)
			row += v.n
			return nil
		})
		if err == nil && row < r.rows {
			err = errTooFew
		}
		return err
	})
}

var (
	errTooMany = errors.New("there are more values than rows")
	errTooFew  = errors.New("there are fewer values than rows")
)

// starting reads whose each row is into where the rows of each owner begin.
func starting(r *savedRows, name string, owners int, to *[]int32) func() error {
	return func() error {
		var of column
		if err := r.whole(field{name: name, form: savedForm{node: ordinal()}}, &of); err != nil {
			return err
		}
		start := make([]int32, owners+1)
		row := 0
		for owner := range owners {
			for row < len(of.num) && of.num[row] == int64(owner) {
				row++
			}
			start[owner+1] = int32(row)
		}
		if row < len(of.num) {
			return damaged(r.path, fmt.Errorf("row %d belongs to nobody, or rows are out of order", row))
		}
		*to = start
		return nil
	}
}

// placing reads which person each supporter is.
func (r *savedRows) placing(persons int, to *[]int32) func() error {
	return func() error {
		var of column
		if err := r.whole(field{name: fieldPerson, form: savedForm{node: ordinal()}}, &of); err != nil {
			return err
		}
		*to = make([]int32, r.rows)
		for i, person := range of.num {
			if person < elsewhere || person >= int64(persons) {
				return damaged(r.path, fmt.Errorf("row %d is no person", i))
			}
			(*to)[i] = int32(person)
		}
		return nil
	}
}

func (r *savedRows) areas(to *[]area.Code) error {
	var of column
	if err := r.whole(field{name: fieldArea, form: areaForm()}, &of); err != nil {
		return err
	}
	*to = make([]area.Code, r.rows)
	for i := range *to {
		if of.known.Has(i) {
			(*to)[i] = area.Code(of.num[i])
		}
	}
	return nil
}
