package population

import (
	"strings"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// savedColumn gives its values in order, a few at a time.
type savedColumn struct {
	name string
	node parquet.Node
	each func(write func([]parquet.Value) error) error
}

// valuesAtOnce is how many values are given to a writer at a time.
const valuesAtOnce = 4096

// values is a column of n values that are computed one by one.
func values(name string, node parquet.Node, n int, at func(i int) parquet.Value) savedColumn {
	return savedColumn{name, node, func(write func([]parquet.Value) error) error {
		some := make([]parquet.Value, 0, valuesAtOnce)
		for i := range n {
			some = append(some, at(i))
			if len(some) < valuesAtOnce && i < n-1 {
				continue
			}
			if err := write(some); err != nil {
				return err
			}
			some = some[:0]
		}
		return nil
	}}
}

// numbered is each row's own number, by which other tables name it. We count rows ourselves; other programs may not.
func numbered(name string, n int) savedColumn {
	return values(name, ordinal(), n, func(row int) parquet.Value { return parquet.Int32Value(int32(row)) })
}

// owners says of each row whose it is.
func owners(name string, start []int32) savedColumn {
	owner := int32(0)
	return values(name, ordinal(), int(start[len(start)-1]), func(row int) parquet.Value {
		for start[owner+1] <= int32(row) {
			owner++
		}
		return parquet.Int32Value(owner)
	})
}

func (c *Columns) countsColumn() savedColumn {
	household := 0
	return values(fieldCounts, flag().node, c.Persons(), func(person int) parquet.Value {
		for c.memberStart[household+1] <= int32(person) {
			household++
		}
		return parquet.BooleanValue(int32(person)-c.memberStart[household] < c.counted[household])
	})
}

func (c *Columns) supportersColumn() savedColumn {
	return values(fieldPerson, ordinal(), len(c.supporterPerson), func(i int) parquet.Value { return parquet.Int32Value(c.supporterPerson[i]) })
}

func (c *Columns) areaColumn() savedColumn {
	form := areaForm()
	return values(fieldArea, form.node, c.Households(), func(h int) parquet.Value {
		if c.area[h] == 0 {
			return parquet.NullValue()
		}
		return form.write(int64(c.area[h]))
	})
}

func (c *Columns) savedColumns(fields []field) []savedColumn {
	all := make([]savedColumn, len(fields))
	for i, f := range fields {
		all[i] = savedColumn{f.name, f.form.node, f.values}
	}
	return all
}

// values gives a column's values chunk by chunk.
func (f *field) values(write func([]parquet.Value) error) error {
	var column rules.Column
	var some []parquet.Value
	for chunk := range f.column.Chunks() {
		n := f.column.Lanes(chunk)
		some = some[:0]
		if f.bitmap {
			column.Known = readBits(f.column, chunk, column.Known, n)
			for i := range n {
				some = append(some, parquet.BooleanValue(column.Known.Has(i)))
			}
		} else {
			fillColumn(f.column, chunk, &column, n)
			some = f.form.append(some, &column, n)
		}
		if err := write(some); err != nil {
			return err
		}
	}
	return nil
}

// append makes values of lanes; equal neighbours are one value.
func (f *savedForm) append(to []parquet.Value, column *rules.Column, n int) []parquet.Value {
	null := parquet.NullValue()
	last, value := int64(0), null
	for i := range n {
		v, known := column.At(i)
		switch {
		case !known:
			to = append(to, null)
			continue
		case v != last || value.IsNull():
			last, value = v, f.write(v)
		}
		to = append(to, value)
	}
	return to
}

func (n *Names) householdColumns() []savedColumn {
	doubts := func(name string, say func(pack.Text) string) savedColumn {
		return values(name, textForm().node, len(n.keys), func(h int) parquet.Value {
			var texts []string
			for _, d := range n.Doubts(h) {
				texts = append(texts, say(d))
			}
			return textValue(strings.Join(texts, "\n"))
		})
	}
	return []savedColumn{
		numbered(fieldHousehold, len(n.keys)),
		values(fieldKey, parquet.String(), len(n.keys), func(h int) parquet.Value { return textValue(n.keys[h]) }),
		doubts(fieldDoubtsZh, func(t pack.Text) string { return t.Zh }),
		doubts(fieldDoubtsEn, func(t pack.Text) string { return t.En }),
	}
}

func (n *Names) personColumns() []savedColumn {
	return []savedColumn{
		numbered(fieldPerson, len(n.number)),
		values(fieldName, textForm().node, len(n.name), func(p int) parquet.Value { return textValue(n.text[n.name[p]]) }),
		values(fieldNumber, parquet.String(), len(n.number), func(p int) parquet.Value { return textValue(n.number[p].Plain()) }),
	}
}

func textValue(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) }
