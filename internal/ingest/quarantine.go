package ingest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// mostRejects is how many rows of one delivery are set aside one by one. With more of them the delivery is not what it says it is, and stops.
var mostRejects = 1_000_000

var tooManyRejects = fault.Text{
	Key: "ingest.too-many-rejects",
	Zh:  "超过{limit}行有误，整批停止。第一处：{first}",
	En:  "more than {limit} rows are wrong: the whole delivery is stopped. The first: {first}",
}

// cellsField is the name to which the sealed cells of a row are bound.
const cellsField = "quarantine.cells"

const quarantineCopy = "copy quarantine (file, row, area, faults, persons, unplaced, cells, traces) from stdin (format binary)"

// rejects counts what is set aside of a delivery.
type rejects struct {
	count int
	first string
	out   []byte
}

// quarantine keeps rows that were set aside when they were read.
func (w *writer) quarantine(ctx context.Context, set []*feed.Reject) error {
	if len(set) == 0 {
		return nil
	}
	if w.rejects.count == 0 {
		w.rejects.first = set[0].Message(fault.Zh)
	}
	w.rejects.count += len(set)
	if w.rejects.count > mostRejects {
		w.file.Refused = fault.New(fault.Invalid, tooManyRejects, fault.Args{"limit": mostRejects, "first": w.rejects.first}).
			In(fault.At{File: w.file.Name})
		w.parcel.Faults = append(w.parcel.Faults, w.file.Refused)
		return errRefused
	}
	e := &encoder{out: append(w.rejects.out[:0], copyHead...)}
	for _, r := range set {
		if err := w.reject(e, r); err != nil {
			return err
		}
	}
	w.rejects.out = e.end()
	if err := copyIn(ctx, w.tx, quarantineCopy, w.rejects.out); err != nil {
		return fmt.Errorf("copying rows of %s that are set aside: %w", w.file.Name, err)
	}
	return nil
}

func (w *writer) reject(e *encoder, r *feed.Reject) error {
	cells, err := w.sealCells(placeOf(w.id, r.Row), r.Cells())
	if err != nil {
		return err
	}
	e.out = binary.BigEndian.AppendUint16(e.out, 8)
	e.int32(w.id)
	e.int32(int32(r.Row))
	e.int64(int64(w.home))
	e.jsonb(wordsOf(r.Faults))
	e.int64s(w.personsOf(r))
	e.bool(r.Unplaced)
	e.bytes(cells)
	e.int64s(w.tracesOf(w.file.Feed, r))
	return nil
}

// sealCells seals the cells of the row at a place as they were delivered.
func (r *Record) sealCells(place int64, cells []string) ([]byte, error) {
	content, err := json.Marshal(cells)
	if err != nil {
		return nil, fmt.Errorf("writing down a row that is set aside: %w", err)
	}
	return r.keys.Seal(sealed.In(cellsField, place), string(content)), nil
}

// personsOf is whom a row that was set aside is about, so far as that could be read.
func (r *Record) personsOf(reject *feed.Reject) []int64 {
	persons := []int64{}
	for _, n := range reject.Persons {
		if p, ok := r.people.Find(n); ok && !slices.Contains(persons, p) {
			persons = append(persons, p)
		}
	}
	return persons
}

// tracesOf is keyed digests of what may tell about whom a row is: the name, and each written number without one of its characters, which
// it has in common with every number that is one slip of the pen away.
func (r *Record) tracesOf(f *pack.Feed, reject *feed.Reject) []int64 {
	traces := []int64{}
	if !reject.Unplaced {
		return traces
	}
	if name, ok := reject.Cell(feed.ColumnName); ok {
		traces = append(traces, r.nameTrace(name))
	}
	for _, i := range feed.About(f) {
		if written, ok := reject.Cell(f.Columns[i].Name); ok {
			traces = append(traces, r.numberTraces(written)...)
		}
	}
	return traces
}

func (r *Record) nameTrace(name string) int64 { return r.trace("name", feed.PlainName(name)) }

func (r *Record) numberTraces(written string) []int64 {
	runes := []rune(strings.ToUpper(narrowed(feed.PlainName(written))))
	if len(runes) < 17 || len(runes) > 19 {
		return nil
	}
	traces := []int64{r.trace("number", string(runes))}
	for i := range runes {
		traces = append(traces, r.trace("number", string(slices.Delete(slices.Clone(runes), i, i+1))))
	}
	return traces
}

// narrowed writes full-width letters and digits as plain ones, as identity numbers are read.
func narrowed(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= 'ｚ' {
			return r - ('０' - '0')
		}
		return r
	}, s)
}

func sortNumbers(numbers []idno.Number) { slices.SortFunc(numbers, idno.Number.Compare) }

func (e *encoder) int32(n int32) {
	e.out = binary.BigEndian.AppendUint32(e.out, 4)
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(n))
}

func (e *encoder) bool(b bool) {
	e.out = binary.BigEndian.AppendUint32(e.out, 1)
	if b {
		e.out = append(e.out, 1)
		return
	}
	e.out = append(e.out, 0)
}

func (e *encoder) jsonb(content []byte) {
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(len(content)+1))
	e.out = append(e.out, 1) // the form of jsonb
	e.out = append(e.out, content...)
}

// int64s encodes an array of bigint.
func (e *encoder) int64s(numbers []int64) {
	const bigintType = 20
	dimensions := 1
	if len(numbers) == 0 {
		dimensions = 0
	}
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(12+8*dimensions+12*len(numbers)))
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(dimensions))
	e.out = binary.BigEndian.AppendUint32(e.out, 0)
	e.out = binary.BigEndian.AppendUint32(e.out, bigintType)
	if dimensions == 1 {
		e.out = binary.BigEndian.AppendUint32(e.out, uint32(len(numbers)))
		e.out = binary.BigEndian.AppendUint32(e.out, 1)
	}
	for _, n := range numbers {
		e.int64(n)
	}
}
