package synth

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// table is the rows of one feed before they are written. Cells are canonical: ids of codes, true and false, ISO dates.
type table struct {
	feed   *pack.Feed
	lists  map[string]*pack.CodeList
	places map[string]int
	rows   [][]string
	err    error // the first column that the pack does not have
}

func newTable(p *pack.Pack, f *pack.Feed) *table {
	t := &table{feed: f, lists: p.Codes, places: map[string]int{}}
	for i, c := range f.Columns {
		t.places[c.Name] = i
	}
	return t
}

// add appends a row of names and cells in pairs.
func (t *table) add(pairs ...string) {
	row := make([]string, len(t.feed.Columns))
	for i := 0; i < len(pairs); i += 2 {
		at, ok := t.places[pairs[i]]
		if !ok {
			t.err = errors.Join(t.err, fmt.Errorf("synth: the feed %s of the pack has no column %s", t.feed.ID, pairs[i]))
			return
		}
		row[at] = pairs[i+1]
	}
	t.rows = append(t.rows, row)
}

// column is the place of a column of a type, -1 for none.
func (t *table) column(kind string) int {
	return slices.IndexFunc(t.feed.Columns, func(c *pack.Column) bool { return c.Type == kind })
}

// spoil makes the stated few rows bad: a wrong check digit, a day that does not exist, a code of no list, and exact copies.
// Nobody in kept is touched.
func (t *table) spoil(root die, d dirt, kept map[string]bool) (bad, copies int) {
	person, ok := t.places[t.feed.IDNo]
	if !ok {
		return 0, 0
	}
	var rows [][]string
	for i, row := range t.rows {
		rows = append(rows, row)
		r := root.of(t.feed.ID, i)
		if kept[row[person]] {
			continue
		}
		switch draw := r.unit("dirt"); {
		case draw < d.digit:
			row[person] = wrongDigit(row[person])
			bad++
		case draw < d.digit+d.day:
			row[t.column("date")] = "2026-02-30"
			bad++
		case draw < d.digit+d.day+d.code:
			row[t.column("code")] = "不详"
			bad++
		case draw < d.digit+d.day+d.code+d.copied:
			rows = append(rows, slices.Clone(row))
			copies++
		}
	}
	t.rows = rows
	return bad, copies
}

// wrongDigit changes the check digit of an identity number, as a typing error would.
func wrongDigit(id string) string {
	first17 := id[:len(id)-1]
	for _, c := range "0123456789X" {
		if byte(c) != idno.CheckDigit(first17) {
			return first17 + string(c)
		}
	}
	return id
}

// sums adds up the columns with money and measures.
func (t *table) sums() (map[string]string, error) {
	sums := map[string]string{}
	for i, c := range t.feed.Columns {
		if c.Type != string(pack.Decimal) {
			continue
		}
		var total money.Decimal
		for _, row := range t.rows {
			if row[i] == "" {
				continue
			}
			n, err := money.Parse(row[i])
			if err != nil {
				return nil, fmt.Errorf("adding up %s of %s: %w", c.Name, t.feed.ID, err)
			}
			sum, ok := total.Add(n)
			if !ok {
				return nil, fmt.Errorf("adding up %s of %s: the sum is too large", c.Name, t.feed.ID)
			}
			total = sum
		}
		sums[c.Name] = total.String()
	}
	return sums, nil
}

// style is how a department writes its files.
type style struct {
	format   string // csv, xlsx, jsonl, parquet
	encoding string // utf-8, gb18030; of csv
	mark     bool   // a byte order mark
	slashes  bool   // 2026/11/1
}

// write writes the rows to a file.
func (t *table) write(ctx context.Context, path string, s style) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing %s: %w", t.feed.ID, err)
	}
	defer func() {
		if closing := file.Close(); err == nil && closing != nil {
			err = fmt.Errorf("writing %s: %w", t.feed.ID, closing)
		}
	}()
	out := bufio.NewWriterSize(file, 256<<10)
	switch s.format {
	case "xlsx":
		err = t.writeXLSX(out)
	case "jsonl":
		err = t.writeJSON(out)
	case "parquet":
		err = t.writeParquet(out)
	default:
		err = t.writeCSV(out, s)
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", t.feed.ID, err)
	}
	return ctx.Err()
}

// header is the columns' Chinese names.
func (t *table) header() []string {
	header := make([]string, len(t.feed.Columns))
	for i, c := range t.feed.Columns {
		header[i] = c.Label.Zh
	}
	return header
}

// written is a row as an officer writes it: names of codes, 是 and 否.
func (t *table) written(row []string, s style) []string {
	cells := slices.Clone(row)
	for i, c := range t.feed.Columns {
		switch {
		case cells[i] == "":
		case c.Type == string(pack.CodeOf):
			list := t.lists[c.Codes]
			if at := list.Index(cells[i]); at >= 0 {
				cells[i] = list.Codes[at].Name.Zh
			}
		case c.Type == string(pack.Bool):
			cells[i] = map[string]string{"true": "是", "false": "否"}[cells[i]]
		case c.Type == string(pack.Date) && s.slashes:
			cells[i] = slashed(cells[i])
		}
	}
	return cells
}

// slashed writes a day as spreadsheets do: 2026/11/1.
func slashed(s string) string {
	parts := strings.Split(s, "-")
	for i := range parts {
		parts[i] = strings.TrimPrefix(parts[i], "0")
	}
	return strings.Join(parts, "/")
}

func (t *table) writeCSV(out io.Writer, s style) error {
	if s.mark {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return err
		}
	}
	if s.encoding == "gb18030" {
		encoded := simplifiedchinese.GB18030.NewEncoder().Writer(out)
		out = encoded
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(t.header()); err != nil {
		return err
	}
	for _, row := range t.rows {
		if err := w.Write(t.written(row, s)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func (t *table) writeXLSX(out io.Writer) error {
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	put := func(number int, cells []string) error {
		values := make([]any, len(cells))
		for i, c := range cells {
			values[i] = c
		}
		cell, err := excelize.CoordinatesToCellName(1, number)
		if err != nil {
			return err
		}
		return sheet.SetRow(cell, values)
	}
	if err := put(1, t.header()); err != nil {
		return err
	}
	for i, row := range t.rows {
		if err := put(i+2, t.written(row, style{})); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return book.Write(out)
}

// writeJSON writes an object a line, its keys in the feed's order; numbers and booleans are such.
func (t *table) writeJSON(out io.Writer) error {
	var line []byte
	for _, row := range t.rows {
		line = append(line[:0], '{')
		for i, c := range t.feed.Columns {
			if row[i] == "" {
				continue
			}
			if len(line) > 1 {
				line = append(line, ',')
			}
			line = append(append(append(line, '"'), c.Name...), '"', ':')
			switch c.Type {
			case "int", "bool":
				line = append(line, row[i]...)
			default:
				text, err := json.Marshal(row[i])
				if err != nil {
					return err
				}
				line = append(line, text...)
			}
		}
		line = append(line, '}', '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// writeParquet writes typed columns: dates, decimals of two places, booleans, texts.
func (t *table) writeParquet(out io.Writer) error {
	group := parquet.Group{}
	var names []string
	for _, c := range t.feed.Columns {
		node := parquet.String()
		switch pack.Type(c.Type) {
		case pack.Date:
			node = parquet.Date()
		case pack.Decimal:
			node = parquet.Decimal(2, 18, parquet.Int64Type)
		case pack.Int:
			node = parquet.Int(64)
		case pack.Bool:
			node = parquet.Leaf(parquet.BooleanType)
		}
		if !c.Required {
			node = parquet.Optional(node)
		}
		group[c.Name] = parquet.Compressed(node, &parquet.Snappy)
		names = append(names, c.Name)
	}
	slices.Sort(names) // the order of a group's columns
	w := parquet.NewWriter(out, parquet.NewSchema(t.feed.ID, group))
	for i, row := range t.rows {
		values := make(parquet.Row, len(names))
		for at, name := range names {
			c := t.feed.Columns[t.places[name]]
			v, err := parquetValue(c, row[t.places[name]])
			if err != nil {
				return fmt.Errorf("row %d, %s: %w", i+1, name, err)
			}
			defined := 0
			if !c.Required && !v.IsNull() {
				defined = 1
			}
			values[at] = v.Level(0, defined, at)
		}
		if _, err := w.WriteRows([]parquet.Row{values}); err != nil {
			return err
		}
	}
	return w.Close()
}

func parquetValue(c *pack.Column, cell string) (parquet.Value, error) {
	if cell == "" {
		return parquet.NullValue(), nil
	}
	switch pack.Type(c.Type) {
	case pack.Date:
		d, err := calendar.Parse(cell)
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.Int32Value(int32(d)), nil
	case pack.Decimal:
		n, err := money.Parse(cell)
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.Int64Value(int64(n) / (money.Scale / 100)), nil
	case pack.Int:
		n, err := money.Parse(cell)
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.Int64Value(int64(n) / money.Scale), nil
	case pack.Bool:
		return parquet.BooleanValue(cell == "true"), nil
	}
	return parquet.ByteArrayValue([]byte(cell)), nil
}

// manifest is what is delivered beside the files.
type manifest struct {
	Feed      string          `json:"feed"`
	Delivered calendar.Date   `json:"delivered"`
	From      calendar.Date   `json:"from"`
	To        calendar.Date   `json:"to"`
	Areas     []string        `json:"areas"`
	Files     []manifestEntry `json:"files"`
	Simulated bool            `json:"simulated"`
}

type manifestEntry struct {
	Name     string            `json:"name"`
	Format   string            `json:"format"`
	Encoding string            `json:"encoding,omitempty"`
	Rows     int               `json:"rows"`
	Sums     map[string]string `json:"sums"`
}

func (m manifest) write(path string) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", m.Feed, err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", m.Feed, err)
	}
	return nil
}

func folder(dir, feed string) (string, error) {
	path := filepath.Join(dir, feed)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("making the folder of %s: %w", feed, err)
	}
	return path, nil
}
