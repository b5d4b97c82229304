package exchange

import (
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// People is what is written: chunks of whole households.
type People interface {
	Chunks() int
	Batch(chunk int, into *rules.Batch) *rules.Batch
	At(chunk, lane int) population.Household
}

// WritePeople writes people as a stream, a chunk a record. Persons are told by name, as of what finds them again: a number that is
// known stands in full, so the stream is for its owner alone.
func WritePeople(w io.Writer, policy *rules.Policy, people People) error {
	s := newSchema(policy)
	stream := ipc.NewWriter(w, ipc.WithSchema(s.arrow))
	builder := array.NewRecordBuilder(memory.DefaultAllocator, s.arrow)
	defer builder.Release()
	b := &rules.Batch{}
	for chunk := range people.Chunks() {
		b = people.Batch(chunk, b)
		t := &table{builder: builder, schema: s, batch: b}
		for h := range b.Household.N {
			t.household(h, people.At(chunk, h))
		}
		record := builder.NewRecordBatch()
		err := stream.Write(record)
		record.Release()
		if err != nil {
			return fmt.Errorf("writing people as a stream: %w", err)
		}
	}
	if err := stream.Close(); err != nil {
		return fmt.Errorf("ending the stream of people: %w", err)
	}
	return nil
}

// table appends households to a record.
type table struct {
	builder *array.RecordBuilder
	schema  *schema
	batch   *rules.Batch
}

// fields are builders, taken one after the other in the order of the schema.
type fields struct {
	at   func(i int) array.Builder
	next int
}

func (f *fields) take() array.Builder {
	f.next++
	return f.at(f.next - 1)
}

func (f *fields) text(s string) { f.take().(*array.StringBuilder).Append(s) }

func (f *fields) flag(b bool) { f.take().(*array.BooleanBuilder).Append(b) }

// list begins a row's list, whose structs are appended by item.
func (f *fields) list(n int, item func(i int, of *fields)) {
	list := f.take().(*array.ListBuilder)
	list.Append(true)
	structs := list.ValueBuilder().(*array.StructBuilder)
	for i := range n {
		structs.Append(true)
		item(i, &fields{at: structs.FieldBuilder})
	}
}

func (t *table) household(h int, who population.Household) {
	b := t.batch
	f := &fields{at: t.builder.Field}
	f.text(who.Key)
	village := f.take().(*array.StringBuilder)
	if b.Area[h] == 0 {
		village.AppendNull()
	} else {
		village.Append(b.Area[h].String())
	}
	f.flag(b.Doubtful.Has(h))
	f.flag(b.Collective.Has(h))
	f.flag(b.AllSupporters.Has(h))
	f.row(&b.Household, t.schema.household.columns, h)
	first := int(b.MemberStart[h])
	f.list(int(b.MemberStart[h+1])-first, func(i int, of *fields) { t.person(of, first+i, i < int(b.Counted[h]), who.Members[i]) })
	supporter := int(b.SupporterStart[h])
	f.list(int(b.SupporterStart[h+1])-supporter, func(i int, of *fields) { of.row(&b.Supporter, t.schema.supporter.columns, supporter+i) })
	t.events(f, &b.HouseholdEvent, t.schema.household.events, h)
}

func (t *table) person(f *fields, lane int, counts bool, m population.Member) {
	if m.ID.IsZero() {
		f.text(m.Name)
	} else {
		f.text(m.ID.Plain())
	}
	f.flag(counts)
	f.row(&t.batch.Person, t.schema.person.columns, lane)
	t.events(f, &t.batch.PersonEvent, t.schema.person.events, lane)
}

func (t *table) events(f *fields, e *rules.Events, columns []column, owner int) {
	first := int(e.Start[owner])
	f.list(int(e.Start[owner+1])-first, func(i int, of *fields) { of.row(&e.Table, columns, first+i) })
}

// row appends a row's columns.
func (f *fields) row(t *rules.Table, columns []column, row int) {
	for i := range columns {
		columns[i].write(f.take(), t, row)
	}
}

func (c *column) write(to array.Builder, t *rules.Table, row int) {
	var v int64
	known := true
	switch c.kind {
	case factColumn:
		v, known = t.Facts[c.slot].At(row)
	case heldColumn:
		v, known = t.Held[c.slot].At(row)
	case completeColumn:
		to.(*array.BooleanBuilder).Append(t.Complete[c.slot].Has(row))
		return
	}
	if !known {
		to.AppendNull()
		return
	}
	switch b := to.(type) {
	case *array.BooleanBuilder:
		b.Append(v != 0)
	case *array.Int64Builder:
		b.Append(v)
	case *array.Date32Builder:
		b.Append(arrow.Date32(v))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(v))
	case *array.StringBuilder:
		b.Append(c.text(v))
	}
}

// text is a code's id, of a set the ids with commas.
func (c *column) text(v int64) string {
	if c.typ == pack.CodeOf {
		return c.list.Codes[v].ID
	}
	var ids []string
	for i, code := range c.list.Codes {
		if v>>i&1 != 0 {
			ids = append(ids, code.ID)
		}
	}
	return strings.Join(ids, ",")
}
