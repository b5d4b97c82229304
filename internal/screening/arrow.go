package screening

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// exactType is an exact amount or figure: 18 digits, six of them of the fraction.
var exactType = &arrow.Decimal128Type{Precision: 18, Scale: 6}

// arrowSchema is a stream of results: a household a row, with what every programme comes to for it and its members.
var arrowSchema = arrow.NewSchema([]arrow.Field{
	{Name: "household", Type: arrow.BinaryTypes.String},
	{Name: "village", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "members", Type: arrow.PrimitiveTypes.Int32},
	{Name: "assessed", Type: arrow.FixedWidthTypes.Boolean},
	{Name: "doubtful", Type: arrow.FixedWidthTypes.Boolean},
	{Name: "score", Type: exactType, Nullable: true},
	{Name: "before", Type: exactType, Nullable: true},
	{Name: "coverage", Type: exactType, Nullable: true},
	{Name: "rank_village", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "rank_township", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "rank_county", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "hardest", Type: arrow.FixedWidthTypes.Boolean},
	{Name: "parts", Type: structs(
		arrow.Field{Name: "dimension", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "score", Type: exactType}, arrow.Field{Name: "known", Type: arrow.FixedWidthTypes.Boolean})},
	{Name: "outcomes", Type: structs(
		arrow.Field{Name: "programme", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "member", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		arrow.Field{Name: "outcome", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "held", Type: arrow.FixedWidthTypes.Boolean},
		arrow.Field{Name: "assumed", Type: arrow.FixedWidthTypes.Boolean}, arrow.Field{Name: "failed", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "open", Type: arrow.ListOfNonNullable(arrow.BinaryTypes.String)},
		arrow.Field{Name: "amounts", Type: structs(
			arrow.Field{Name: "component", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "amount", Type: exactType, Nullable: true}, arrow.Field{Name: "per", Type: arrow.BinaryTypes.String})})},
	{Name: "warnings", Type: structs(
		arrow.Field{Name: "warning", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "member", Type: arrow.PrimitiveTypes.Int32, Nullable: true})},
}, nil)

func structs(fields ...arrow.Field) arrow.DataType {
	return arrow.ListOfNonNullable(arrow.StructOf(fields...))
}

// WriteArrow writes the results as a stream of Arrow, a household a row in the order of the people and a chunk a record. Places in the
// city are not among them: the people may be those of one county.
func (r *Result) WriteArrow(w io.Writer) error {
	stream := ipc.NewWriter(w, ipc.WithSchema(arrowSchema))
	a := &arrowRows{result: r, legend: &r.Kept.legend, builder: array.NewRecordBuilder(memory.DefaultAllocator, arrowSchema)}
	defer a.builder.Release()
	for i := range r.Kept.chunks {
		r.Kept.open(i, &a.c)
		for h := range a.c.households {
			a.household(h)
		}
		record := a.builder.NewRecordBatch()
		err := stream.Write(record)
		record.Release()
		if err != nil {
			return fmt.Errorf("writing results as a stream: %w", err)
		}
	}
	if err := stream.Close(); err != nil {
		return fmt.Errorf("ending the stream of results: %w", err)
	}
	return nil
}

// arrowRows appends households to a record.
type arrowRows struct {
	result  *Result
	legend  *legend
	builder *array.RecordBuilder
	c       chunk
	ranked  int32 // households of the field that were written
}

// arrowCells are builders, taken one after the other in the order of the schema.
type arrowCells struct {
	at   func(i int) array.Builder
	next int
}

func (f *arrowCells) take() array.Builder {
	f.next++
	return f.at(f.next - 1)
}

func (f *arrowCells) text(s string) { f.take().(*array.StringBuilder).Append(s) }

func (f *arrowCells) textOrNull(s string) {
	b := f.take().(*array.StringBuilder)
	if s == "" {
		b.AppendNull()
		return
	}
	b.Append(s)
}

func (f *arrowCells) flag(v bool) { f.take().(*array.BooleanBuilder).Append(v) }

func (f *arrowCells) count(n int, known bool) {
	b := f.take().(*array.Int32Builder)
	if !known {
		b.AppendNull()
		return
	}
	b.Append(int32(n))
}

func (f *arrowCells) exact(d money.Decimal, known bool) {
	b := f.take().(*array.Decimal128Builder)
	if !known {
		b.AppendNull()
		return
	}
	b.Append(decimal128.FromI64(int64(d)))
}

// list begins a list; item appends one of its structs.
func (f *arrowCells) list() (item func() *arrowCells) {
	list := f.take().(*array.ListBuilder)
	list.Append(true)
	of := list.ValueBuilder().(*array.StructBuilder)
	return func() *arrowCells {
		of.Append(true)
		return &arrowCells{at: of.FieldBuilder}
	}
}

func (a *arrowRows) household(h int) {
	f := &arrowCells{at: a.builder.Field}
	assessed := !a.c.collective(h)
	f.text(a.c.key(h))
	f.textOrNull(a.c.area(h).String())
	f.count(int(a.c.counted.at(h)), true)
	f.flag(assessed)
	f.flag(a.c.marks.at(h)&markDoubtful != 0)
	f.exact(money.Decimal(a.c.score.at(h)), assessed)
	f.exact(money.Decimal(a.c.before.at(h)), assessed)
	f.exact(money.Decimal(a.c.coverage.at(h)), assessed)
	ranks, hardest := a.places(assessed)
	f.count(ranks.Village, assessed)
	f.count(ranks.Township, assessed)
	f.count(ranks.County, assessed)
	f.flag(hardest)
	a.parts(f, h, assessed)
	a.outcomes(f, h)
	a.warnings(f, h)
}

// places is the next household's place in the ranking.
func (a *arrowRows) places(assessed bool) (Ranks, bool) {
	if !assessed {
		return Ranks{}, false
	}
	a.ranked++
	return a.result.ranking.ranks(a.ranked - 1), a.result.ranking.hardest.Has(int(a.ranked - 1))
}

func (a *arrowRows) parts(f *arrowCells, h int, assessed bool) {
	item := f.list()
	for d, name := range a.legend.Dimensions {
		if !assessed {
			break
		}
		of := item()
		of.text(name)
		of.exact(money.Decimal(a.c.parts[d].at(h)), true)
		of.flag(a.c.known.at(h)>>d&1 != 0)
	}
}

func (a *arrowRows) outcomes(f *arrowCells, h int) {
	item := f.list()
	for p := range a.legend.Programmes {
		if a.legend.Programmes[p].Unit == pack.Household {
			a.outcome(item(), p, h, -1)
			continue
		}
		for lane := a.c.start[h]; lane < a.c.start[h+1]; lane++ {
			a.outcome(item(), p, int(lane), int(lane-a.c.start[h]))
		}
	}
}

func (a *arrowRows) outcome(f *arrowCells, p, lane, member int) {
	l := &a.legend.Programmes[p]
	v := Verdict(a.c.verdicts[p].at(lane))
	f.text(l.ID)
	f.count(member, member >= 0)
	f.text(v.Outcome().String())
	f.flag(v.Held())
	f.flag(v.Assumed())
	failed := ""
	if condition, ok := v.Witness(); ok {
		failed = l.Conditions[condition]
	}
	f.textOrNull(failed)
	unknown := f.take().(*array.ListBuilder)
	unknown.Append(true)
	for i, condition := range l.Conditions {
		if v.Open()>>min(i, openMost)&1 != 0 {
			unknown.ValueBuilder().(*array.StringBuilder).Append(condition)
		}
	}
	amounts := f.list()
	for k, component := range l.Components {
		amount := a.c.amounts[p][k].at(lane)
		if amount == none {
			continue
		}
		of := amounts()
		of.text(component.ID)
		of.exact(amount, amount != open)
		of.text(component.Per)
	}
}

func (a *arrowRows) warnings(f *arrowCells, h int) {
	item := f.list()
	for _, fired := range a.c.fired {
		rule := a.legend.Warnings[fired.rule]
		for _, lane := range fired.lanes {
			if a.c.household(rule.Unit, int(lane)) != h {
				continue
			}
			of := item()
			of.text(rule.ID)
			of.count(int(lane)-int(a.c.start[h]), rule.Unit == pack.Person)
		}
	}
}
