package population

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// The tables in which columns are saved.
const (
	savedHouseholds      = "households.parquet"
	savedPersons         = "persons.parquet"
	savedSupporters      = "supporters.parquet"
	savedHouseholdEvents = "household-events.parquet"
	savedPersonEvents    = "person-events.parquet"
	savedHouseholdNames  = "household-names.parquet"
	savedPersonNames     = "person-names.parquet"
)

// The columns that hold no fact. Those with facts have a prefix, so that no pack's name can be one of these.
const (
	fieldArea          = "area"
	fieldDoubtful      = "doubtful"
	fieldCollective    = "collective"
	fieldAllSupporters = "all_supporters"
	fieldHousehold     = "household"
	fieldPerson        = "person"
	fieldCounts        = "counts"
	fieldKey           = "key"
	fieldDoubtsZh      = "doubts_zh"
	fieldDoubtsEn      = "doubts_en"
	fieldName          = "name"
	fieldNumber        = "id_no"

	prefixFact     = "fact_"
	prefixHeld     = "held_"
	prefixComplete = "complete_"
)

// field is a column as it is saved: its name, and how its values are written in the file.
type field struct {
	name   string
	form   savedForm
	column *narrow.Column
	bitmap bool // the column is a bitmap
}

// savedForm is how values stand in a file: as the types that other programs know, so that nobody needs our code to read them.
type savedForm struct {
	node  parquet.Node
	write func(v int64) parquet.Value
	parse func(text string) (int64, error) // of a form of texts
}

func integers() savedForm {
	return savedForm{node: optional(parquet.Int(64)), write: parquet.Int64Value}
}

func formOf(typ pack.Type, codes *pack.CodeList) savedForm {
	switch typ {
	case pack.Bool:
		return savedForm{node: parquet.Optional(parquet.Leaf(parquet.BooleanType)), write: func(v int64) parquet.Value { return parquet.BooleanValue(v != 0) }}
	case pack.Date:
		return savedForm{node: optional(parquet.Date()), write: func(v int64) parquet.Value { return parquet.Int32Value(int32(v)) }}
	case pack.Decimal:
		return savedForm{node: optional(parquet.Decimal(decimalDigits, 18, parquet.Int64Type)), write: parquet.Int64Value}
	case pack.CodeOf:
		return codeForm(codes)
	case pack.CodesOf:
		return codesForm(codes)
	}
	return integers()
}

// decimalDigits is the fraction digits of money.Scale.
const decimalDigits = 6

func codeForm(l *pack.CodeList) savedForm {
	f := textForm()
	f.write = func(v int64) parquet.Value { return parquet.ByteArrayValue([]byte(l.Codes[v].ID)) }
	f.parse = func(text string) (int64, error) {
		if i := l.Index(text); i >= 0 {
			return int64(i), nil
		}
		return 0, fmt.Errorf("the code %q is not in the list %s", text, l.ID)
	}
	return f
}

// codesForm writes a set of codes as their ids with commas; the empty set, which is known, as the empty text.
func codesForm(l *pack.CodeList) savedForm {
	one, f := codeForm(l), textForm()
	f.write = func(v int64) parquet.Value {
		var ids []string
		for i, c := range l.Codes {
			if v>>i&1 != 0 {
				ids = append(ids, c.ID)
			}
		}
		return parquet.ByteArrayValue([]byte(strings.Join(ids, ",")))
	}
	f.parse = func(text string) (int64, error) {
		set := int64(0)
		if text == "" {
			return set, nil
		}
		for id := range strings.SplitSeq(text, ",") {
			code, err := one.parse(id)
			if err != nil {
				return 0, err
			}
			set |= 1 << code
		}
		return set, nil
	}
	return f
}

func areaForm() savedForm {
	f := textForm()
	f.write = func(v int64) parquet.Value { return parquet.ByteArrayValue([]byte(area.Code(v).String())) }
	f.parse = func(text string) (int64, error) {
		code, err := area.Parse(text)
		return int64(code), err
	}
	return f
}

func textForm() savedForm { return savedForm{node: optional(parquet.String())} }

// optional is a column of values that may be unknown and mostly repeat.
func optional(n parquet.Node) parquet.Node {
	return parquet.Optional(parquet.Encoded(n, &parquet.RLEDictionary))
}

// ordinal is a column of numbers of rows: they mostly rise.
func ordinal() parquet.Node { return parquet.Encoded(parquet.Int(32), &parquet.DeltaBinaryPacked) }

func flag() savedForm {
	return savedForm{node: parquet.Required(parquet.Leaf(parquet.BooleanType)), write: func(v int64) parquet.Value { return parquet.BooleanValue(v != 0) }}
}

// fields are a table's columns as they are saved; those of supporters say nothing of events.
func (c *Columns) fields(unit pack.Unit, t *table, events bool) []field {
	var all []field
	for slot, f := range c.layout.Facts(unit) {
		all = append(all, field{name: prefixFact + f.Name, form: formOf(f.Type, c.pack.Codes[f.Codes]), column: &t.facts[slot]})
	}
	for i, p := range c.pack.Programmes {
		all = append(all, field{name: prefixHeld + p.ID, form: formOf(pack.Bool, nil), column: &t.held[i]})
	}
	if kinds := c.layout.EventKinds(unit); events && kinds != nil {
		for i, kind := range kinds.Codes {
			all = append(all, field{name: prefixComplete + kind.ID, form: flag(), column: &t.complete[i], bitmap: true})
		}
	}
	return all
}

func (c *Columns) states() []field {
	return []field{
		{name: fieldDoubtful, form: flag(), column: &c.doubtful, bitmap: true},
		{name: fieldCollective, form: flag(), column: &c.collective, bitmap: true},
		{name: fieldAllSupporters, form: flag(), column: &c.allSupporters, bitmap: true},
	}
}

// eventFields are the columns of a unit's events.
func (c *Columns) eventFields(unit pack.Unit, columns []narrow.Column) []field {
	kinds := c.layout.EventKinds(unit)
	if kinds == nil {
		return nil
	}
	all := []field{
		{name: "kind", form: codeForm(kinds), column: &columns[rules.EventKind]},
		{name: "from", form: formOf(pack.Date, nil), column: &columns[rules.EventFrom]},
		{name: "to", form: formOf(pack.Date, nil), column: &columns[rules.EventTo]},
	}
	for _, e := range c.pack.Events {
		if e.Unit != unit {
			continue
		}
		for _, f := range e.Fields {
			slot, _ := c.layout.EventField(unit, f.Name)
			all = append(all, field{name: prefixFact + f.Name, form: formOf(f.Type, c.pack.Codes[f.Codes]), column: &columns[slot]})
		}
	}
	return all
}
