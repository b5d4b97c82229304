package exchange

import (
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

var (
	noStream = fault.Text{Key: "exchange.no-stream",
		Zh: "输入不是 Arrow 数据流，或数据流中断：{why}", En: "the input is no stream of Arrow, or the stream breaks off: {why}"}
	missingColumn = fault.Text{Key: "exchange.missing-column",
		Zh: "数据流缺少列“{column}”（{expected}）；不知道的值请写空值，列不能少", En: `the stream lacks the column "{column}" ({expected}); what is not known is null, but its column has to be there`}
	extraColumn = fault.Text{Key: "exchange.extra-column",
		Zh: "数据流多出列“{column}”（{found}），政策包里没有", En: `the stream has a column "{column}" ({found}) that the pack does not have`}
	otherType = fault.Text{Key: "exchange.other-type",
		Zh: "数据流的列“{column}”应是 {expected}，而是 {found}", En: `the column "{column}" of the stream should be {expected} and is {found}`}
	badCell = fault.Text{Key: "exchange.bad-cell",
		Zh: "从第{row}户起的“{column}”：{why}", En: `from household {row} on, "{column}": {why}`}
)

// Reader reads people from a stream, batch by batch.
type Reader struct {
	policy *rules.Policy
	schema *schema
	stream *ipc.Reader
	record arrow.RecordBatch
	row    int // of the record: the next household
	before int // households of the records before
}

// NewReader begins to read a stream. The error is a fault about its schema, or that it is none.
func NewReader(policy *rules.Policy, r io.Reader) (_ *Reader, err error) {
	defer recovered(&err)
	stream, err := ipc.NewReader(r)
	if err != nil {
		return nil, broken(err)
	}
	s := newSchema(policy)
	if at, expected, found := unlike(s.arrow.Fields(), stream.Schema().Fields(), ""); at != "" {
		return nil, unlikeFault(at, expected, found)
	}
	return &Reader{policy: policy, schema: s, stream: stream}, nil
}

func unlikeFault(at, expected, found string) error {
	args := fault.Args{"column": at, "expected": expected, "found": fault.Excerpt(found)}
	switch {
	case found == "":
		return fault.New(fault.Invalid, missingColumn, args)
	case expected == "":
		return fault.New(fault.Invalid, extraColumn, args)
	}
	return fault.New(fault.Invalid, otherType, args)
}

func broken(err error) error {
	return fault.New(fault.Invalid, noStream, fault.Args{"why": fault.Excerpt(err.Error())}).Because(err)
}

// recovered turns a panic of the library over bytes that make no sense into a fault.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = broken(fmt.Errorf("%v", p))
	}
}

// personsAtOnce is about how many persons a batch has.
const personsAtOnce = 1000

// Next is the next households as a batch, and who they are; [io.EOF] where there are no more.
func (r *Reader) Next() (b *rules.Batch, who []population.Household, err error) {
	defer recovered(&err)
	for r.record == nil || r.row == int(r.record.NumRows()) {
		if r.record != nil {
			r.before += int(r.record.NumRows())
		}
		if !r.stream.Next() {
			if err := r.stream.Err(); err != nil {
				return nil, nil, broken(err)
			}
			return nil, nil, io.EOF
		}
		r.record, r.row = r.stream.RecordBatch(), 0
	}
	persons := r.list(fieldPersons)
	from, to := r.row, r.row+1
	first, _ := persons.ValueOffsets(from)
	for to < int(r.record.NumRows()) {
		if _, end := persons.ValueOffsets(to); end-first > personsAtOnce {
			break
		}
		to++
	}
	r.row = to
	return r.batch(from, to)
}

func (r *Reader) column(name string) arrow.Array {
	return r.record.Column(r.record.Schema().FieldIndices(name)[0])
}

func (r *Reader) list(name string) *array.List { return r.column(name).(*array.List) }

// rows is a run of rows of a list's structs.
type rows struct {
	of       *array.Struct
	typ      *arrow.StructType
	from, to int
}

// below is what the lists of some rows hold together.
func below(list *array.List, from, to int) rows {
	values := list.ListValues().(*array.Struct)
	rs := rows{of: values, typ: values.DataType().(*arrow.StructType)}
	if from < to {
		first, _ := list.ValueOffsets(from)
		_, last := list.ValueOffsets(to - 1)
		rs.from, rs.to = int(first), int(last)
	}
	return rs
}

func (rs rows) len() int { return rs.to - rs.from }

func (rs rows) field(name string) arrow.Array {
	i, _ := rs.typ.FieldIdx(name)
	return rs.of.Field(i)
}

func (r *Reader) batch(from, to int) (*rules.Batch, []population.Household, error) {
	persons, supporters := below(r.list(fieldPersons), from, to), below(r.list(fieldSupporters), from, to)
	events := below(r.list(fieldEvents), from, to)
	personEvents := below(persons.field(fieldEvents).(*array.List), persons.from, persons.to)
	b := r.policy.Layout().NewBatch(to-from, persons.len(), supporters.len(), events.len(), personEvents.len())
	p := &placer{reader: r, household: r.before + from + 1}
	top := func(name string) arrow.Array { return r.column(name) }
	p.table(&b.Household, r.schema.household.columns, top, from)
	p.table(&b.Person, r.schema.person.columns, persons.field, persons.from)
	p.table(&b.Supporter, r.schema.supporter.columns, supporters.field, supporters.from)
	p.table(&b.HouseholdEvent.Table, r.schema.household.events, events.field, events.from)
	p.table(&b.PersonEvent.Table, r.schema.person.events, personEvents.field, personEvents.from)
	starts(b.MemberStart, r.list(fieldPersons), from)
	starts(b.SupporterStart, r.list(fieldSupporters), from)
	starts(b.HouseholdEvent.Start, r.list(fieldEvents), from)
	starts(b.PersonEvent.Start, persons.field(fieldEvents).(*array.List), persons.from)
	p.count(b, persons)
	p.flags(b, from)
	who := p.who(b, persons, from)
	if p.err != nil {
		return nil, nil, p.err
	}
	return b, who, nil
}

// starts is where each row's list begins, counted from the first of them.
func starts(into []int32, list *array.List, from int) {
	if len(into) == 1 {
		return
	}
	first, _ := list.ValueOffsets(from)
	for i := range len(into) - 1 {
		_, end := list.ValueOffsets(from + i)
		into[i+1] = int32(end - first)
	}
}

// placer puts cells into a batch; the first fault stays.
type placer struct {
	reader    *Reader
	household int // the batch's first, counted from 1 over the stream
	err       error
}

func (p *placer) fail(row int, column, why string) {
	if p.err == nil {
		p.err = fault.New(fault.Invalid, badCell, fault.Args{"row": p.household + row, "column": column, "why": fault.Excerpt(why)})
	}
}

func (p *placer) table(t *rules.Table, columns []column, of func(name string) arrow.Array, from int) {
	for _, c := range columns {
		cells := of(c.name)
		for row := range t.N {
			if cells.IsNull(from + row) {
				continue
			}
			v, err := c.read(cells, from+row)
			switch {
			case err != nil:
				p.fail(0, c.name, err.Error())
			case c.kind == factColumn:
				t.Facts[c.slot].Set(row, v)
			case c.kind == heldColumn:
				t.Held[c.slot].Set(row, v)
			case v != 0:
				t.Complete[c.slot].Set(row)
			}
		}
	}
}

// read is a cell as a batch holds it.
func (c *column) read(cells arrow.Array, row int) (int64, error) {
	switch a := cells.(type) {
	case *array.Boolean:
		if a.Value(row) {
			return 1, nil
		}
		return 0, nil
	case *array.Int64:
		return a.Value(row), nil
	case *array.Date32:
		return int64(a.Value(row)), nil
	case *array.Decimal128:
		return exact(a, row)
	case *array.String:
		return c.code(a.Value(row))
	}
	return 0, fmt.Errorf("a column of the type %s", cells.DataType())
}

// exact is an amount in millionths.
func exact(a *array.Decimal128, row int) (int64, error) {
	n := a.Value(row)
	v := int64(n.LowBits())
	if n.HighBits() != v>>63 {
		return 0, fmt.Errorf("%s is out of range", n.ToString(6))
	}
	return v, nil
}

func (c *column) code(text string) (int64, error) {
	if c.typ == pack.CodeOf {
		return c.one(text)
	}
	set := int64(0)
	if text == "" {
		return set, nil
	}
	for id := range strings.SplitSeq(text, ",") {
		code, err := c.one(id)
		if err != nil {
			return 0, err
		}
		set |= 1 << code
	}
	return set, nil
}

func (c *column) one(id string) (int64, error) {
	i := c.list.Index(id)
	if i < 0 {
		return 0, fmt.Errorf("the list %s has no code %q", c.list.ID, id)
	}
	return int64(i), nil
}

// count learns who counts: they come first in each household.
func (p *placer) count(b *rules.Batch, persons rows) {
	counts := persons.field(fieldCounts).(*array.Boolean)
	for h := range b.Household.N {
		others := false
		for lane := b.MemberStart[h]; lane < b.MemberStart[h+1]; lane++ {
			switch counting := counts.Value(persons.from + int(lane)); {
			case counting && others:
				p.fail(h, fieldPersons+"."+fieldCounts, "who counts comes before who does not")
			case counting:
				b.Counted[h]++
			default:
				others = true
			}
		}
	}
}

func (p *placer) flags(b *rules.Batch, from int) {
	for name, bits := range map[string]rules.Bits{fieldDoubtful: b.Doubtful, fieldCollective: b.Collective, fieldAllSupporters: b.AllSupporters} {
		cells := p.reader.column(name).(*array.Boolean)
		for h := range b.Household.N {
			if cells.Value(from + h) {
				bits.Set(h)
			}
		}
	}
}

// who is the households by key and their members by what finds them again.
func (p *placer) who(b *rules.Batch, persons rows, from int) []population.Household {
	keys, villages := p.reader.column(fieldHousehold).(*array.String), p.reader.column(fieldVillage).(*array.String)
	names := persons.field(fieldPerson).(*array.String)
	all := make([]population.Household, b.Household.N)
	for h := range all {
		all[h].Key = strings.Clone(keys.Value(from + h))
		if !villages.IsNull(from + h) {
			code, err := area.Parse(villages.Value(from + h))
			if err != nil {
				p.fail(h, fieldVillage, err.Error())
			}
			b.Area[h], all[h].Village = code, code
		}
		for lane := b.MemberStart[h]; lane < b.MemberStart[h+1]; lane++ {
			m := member(names.Value(persons.from + int(lane)))
			m.Counts = lane < b.MemberStart[h]+b.Counted[h]
			all[h].Members = append(all[h].Members, m)
		}
	}
	return all
}

// member is a person by the identity number or, where the stream gives anything else that stands for it, by that.
func member(found string) population.Member {
	if id, err := idno.Parse(found); err == nil {
		return population.Member{ID: id}
	}
	return population.Member{Name: strings.Clone(found)}
}
