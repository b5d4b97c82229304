package exchange

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// The columns that hold no fact.
const (
	fieldHousehold     = "household" // the key
	fieldVillage       = "village"
	fieldDoubtful      = "doubtful"
	fieldCollective    = "collective"
	fieldAllSupporters = "all_supporters"
	fieldPersons       = "persons"
	fieldSupporters    = "supporters"
	fieldEvents        = "events"
	fieldPerson        = "person" // what finds a person again: the identity number or anything that stands for it
	fieldCounts        = "counts"

	prefixFact     = "fact_"
	prefixHeld     = "held_"
	prefixComplete = "complete_"
)

// places of columns in the struct of a table.
type tableSchema struct {
	columns []column
	events  []column // of its events; nil: it has none
}

// column is a column of facts: how it stands in a batch and in a stream.
type column struct {
	name string
	kind kind
	slot int
	typ  pack.Type
	list *pack.CodeList
}

type kind uint8

const (
	factColumn kind = iota
	heldColumn
	completeColumn
)

// schema is that of a policy's people.
type schema struct {
	household, person, supporter tableSchema
	arrow                        *arrow.Schema
}

func newSchema(policy *rules.Policy) *schema {
	s := &schema{
		household: newTable(policy, pack.Household, true), person: newTable(policy, pack.Person, true), supporter: newTable(policy, pack.Person, false),
	}
	text, flag := arrow.BinaryTypes.String, arrow.FixedWidthTypes.Boolean
	fields := []arrow.Field{
		{Name: fieldHousehold, Type: text}, {Name: fieldVillage, Type: text, Nullable: true},
		{Name: fieldDoubtful, Type: flag}, {Name: fieldCollective, Type: flag}, {Name: fieldAllSupporters, Type: flag},
	}
	fields = append(fields, arrowFields(s.household.columns)...)
	persons := []arrow.Field{{Name: fieldPerson, Type: text}, {Name: fieldCounts, Type: flag}}
	persons = append(append(persons, arrowFields(s.person.columns)...), arrow.Field{Name: fieldEvents, Type: listOf(arrowFields(s.person.events))})
	fields = append(fields,
		arrow.Field{Name: fieldPersons, Type: listOf(persons)},
		arrow.Field{Name: fieldSupporters, Type: listOf(arrowFields(s.supporter.columns))},
		arrow.Field{Name: fieldEvents, Type: listOf(arrowFields(s.household.events))})
	s.arrow = arrow.NewSchema(fields, nil)
	return s
}

// Schema is the schema of a policy's people as a stream has it.
func Schema(policy *rules.Policy) *arrow.Schema { return newSchema(policy).arrow }

func listOf(fields []arrow.Field) arrow.DataType {
	return arrow.ListOfNonNullable(arrow.StructOf(fields...))
}

func newTable(policy *rules.Policy, unit pack.Unit, whole bool) tableSchema {
	p, layout := policy.Pack(), policy.Layout()
	var t tableSchema
	for slot, f := range layout.Facts(unit) {
		t.columns = append(t.columns, column{prefixFact + f.Name, factColumn, slot, f.Type, p.Codes[f.Codes]})
	}
	for i, q := range p.Programmes {
		t.columns = append(t.columns, column{prefixHeld + q.ID, heldColumn, i, pack.Bool, nil})
	}
	kinds := layout.EventKinds(unit)
	if !whole || kinds == nil {
		return t
	}
	for i, k := range kinds.Codes {
		t.columns = append(t.columns, column{prefixComplete + k.ID, completeColumn, i, pack.Bool, nil})
	}
	t.events = []column{
		{"kind", factColumn, rules.EventKind, pack.CodeOf, kinds}, {"from", factColumn, rules.EventFrom, pack.Date, nil},
		{"to", factColumn, rules.EventTo, pack.Date, nil},
	}
	for _, e := range p.Events {
		if e.Unit != unit {
			continue
		}
		for _, f := range e.Fields {
			slot, _ := layout.EventField(unit, f.Name)
			t.events = append(t.events, column{prefixFact + f.Name, factColumn, slot, f.Type, p.Codes[f.Codes]})
		}
	}
	return t
}

func arrowFields(columns []column) []arrow.Field {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: arrowType(c.typ), Nullable: c.kind != completeColumn}
	}
	return fields
}

// decimalType is an exact amount or rate: 18 digits, six of them of the fraction.
var decimalType = &arrow.Decimal128Type{Precision: 18, Scale: 6}

func arrowType(typ pack.Type) arrow.DataType {
	switch typ {
	case pack.Bool:
		return arrow.FixedWidthTypes.Boolean
	case pack.Int:
		return arrow.PrimitiveTypes.Int64
	case pack.Date:
		return arrow.FixedWidthTypes.Date32
	case pack.Decimal:
		return decimalType
	}
	return arrow.BinaryTypes.String // a code's id; of a set the ids with commas
}

// unlike is the first difference between the schema that is wanted and one that was found: the path of a column, what it should be
// and what it is, "" where it is lacking.
func unlike(want, got []arrow.Field, path string) (at, expected, found string) {
	for _, w := range want {
		i := slices.IndexFunc(got, func(g arrow.Field) bool { return g.Name == w.Name })
		if i < 0 {
			return path + w.Name, w.Type.String(), ""
		}
		if at, expected, found = unlikeType(w.Type, got[i].Type, path+w.Name); at != "" {
			return at, expected, found
		}
	}
	for _, g := range got {
		if !slices.ContainsFunc(want, func(w arrow.Field) bool { return w.Name == g.Name }) {
			return path + g.Name, "", g.Type.String()
		}
	}
	return "", "", ""
}

func unlikeType(want, got arrow.DataType, path string) (at, expected, found string) {
	list, isList := want.(*arrow.ListType)
	if !isList {
		if arrow.TypeEqual(want, got) {
			return "", "", ""
		}
		return path, want.String(), got.String()
	}
	other, ok := got.(*arrow.ListType)
	if !ok {
		return path, "list", got.String()
	}
	inside, ok := other.Elem().(*arrow.StructType)
	if !ok {
		return path, "list of structs", got.String()
	}
	return unlike(list.Elem().(*arrow.StructType).Fields(), inside.Fields(), path+".")
}
