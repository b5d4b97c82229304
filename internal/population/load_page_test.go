package population

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// drawnColumn is a column as somebody wrote it, with the bounds of its values.
type drawnColumn struct {
	form   savedForm
	bitmap bool
	num    []int64
	known  []bool
}

func drawColumn(t *rapid.T) drawnColumn {
	list := &pack.CodeList{ID: "list", Codes: []pack.Code{{ID: "a"}, {ID: "b"}, {ID: "c"}}}
	forms := []struct {
		form savedForm
		most int64
	}{
		{formOf(pack.Bool, nil), 1}, {formOf(pack.Int, nil), 1 << 40}, {formOf(pack.Date, nil), 30_000}, {formOf(pack.Decimal, nil), 1 << 50},
		{formOf(pack.CodeOf, list), 2}, {formOf(pack.CodesOf, list), 7}, {flag(), 1}, {savedForm{node: ordinal()}, 1 << 30},
	}
	which := rapid.SampledFrom(forms).Draw(t, "form")
	c := drawnColumn{form: which.form, bitmap: which.form.node.Required() && which.most == 1}
	if c.form.write == nil {
		c.form.write = func(v int64) parquet.Value { return parquet.Int32Value(int32(v)) }
	}
	for range rapid.IntRange(0, 12).Draw(t, "runs") {
		// Runs, as registers have them: of one value, of several, of nothing known.
		n, values := rapid.IntRange(1, 150).Draw(t, "lanes"), rapid.Int64Range(0, which.most).Draw(t, "values")
		unknown := c.form.node.Optional() && rapid.Bool().Draw(t, "some unknown")
		for i := range n {
			v := values
			if rapid.IntRange(0, 3).Draw(t, "differs") == 0 && n%2 == 0 {
				v = rapid.Int64Range(0, which.most).Draw(t, "value")
			}
			c.num = append(c.num, v)
			c.known = append(c.known, !unknown || n%3 != 0 && i%5 != 0)
		}
	}
	return c
}

// write writes the column in pages and groups of any size.
func (c *drawnColumn) write(t *rapid.T) *savedRows {
	var content bytes.Buffer
	schema := parquet.NewSchema("table", parquet.Group{"column": c.form.node})
	w := parquet.NewGenericWriter[any](&content, schema, parquet.PageBufferSize(rapid.SampledFrom([]int{16, 100, 1000}).Draw(t, "page")))
	column := savedColumn{"column", c.form.node, func(write func([]parquet.Value) error) error {
		for i := range c.num {
			v := parquet.NullValue()
			if c.known[i] {
				v = c.form.write(c.num[i])
			}
			if err := write([]parquet.Value{v}); err != nil {
				return err
			}
		}
		return nil
	}}
	if err := column.save(w.ColumnWriters()[0], 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(content.Bytes()), int64(content.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return &savedRows{path: "table", rows: len(c.num), file: file}
}

// However pages and chunks fall, every lane is read as it was written.
func TestPagesAndChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawColumn(t)
		rows := c.write(t)
		starts := []int32{0}
		for int(starts[len(starts)-1]) < len(c.num) {
			left := len(c.num) - int(starts[len(starts)-1])
			starts = append(starts, starts[len(starts)-1]+int32(rapid.IntRange(0, left).Draw(t, "chunk")))
		}
		var got narrow.Column
		if err := rows.chunks(field{name: "column", form: c.form, column: &got, bitmap: c.bitmap}, starts); err != nil {
			t.Fatal(err)
		}
		var every column
		if err := rows.whole(field{name: "column", form: c.form}, &every); err != nil {
			t.Fatal(err)
		}
		if got.Chunks() != len(starts)-1 {
			t.Fatalf("%d chunks of %d", got.Chunks(), len(starts)-1)
		}
		for chunk := range got.Chunks() {
			for at := starts[chunk]; at < starts[chunk+1]; at++ {
				c.check(t, &got, &every, chunk, int(at-starts[chunk]), int(at))
			}
		}
		short := append(starts[:len(starts):len(starts)], starts[len(starts)-1]+1)
		if rows.chunks(field{name: "column", form: c.form, column: &narrow.Column{}, bitmap: c.bitmap}, short) == nil {
			t.Fatal("a chunk for which there are no values")
		}
		if n := len(starts); n > 1 && starts[n-1] > starts[n-2] &&
			rows.chunks(field{name: "column", form: c.form, column: &narrow.Column{}, bitmap: c.bitmap}, starts[:n-1]) == nil {
			t.Fatal("values for which there is no chunk")
		}
	})
}

func (c *drawnColumn) check(t *rapid.T, got *narrow.Column, whole *column, chunk, lane, at int) {
	if c.bitmap {
		set := rules.NewBits(got.Lanes(chunk))
		got.ReadBits(chunk, set)
		if set.Has(lane) != (c.num[at] != 0) {
			t.Fatalf("row %d: %v", at, set.Has(lane))
		}
	} else if v, known := got.At(chunk, lane); known != c.known[at] || known && v != c.num[at] {
		t.Fatalf("row %d: %d %v, want %d %v", at, v, known, c.num[at], c.known[at])
	}
	if known := whole.known.Has(at); known != c.known[at] || known && whole.num[at] != c.num[at] {
		t.Fatalf("row %d, whole: %d %v, want %d %v", at, whole.num[at], known, c.num[at], c.known[at])
	}
}
