package synth

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// csvSink writes lines with commas, in UTF-8 or GB18030.
type csvSink struct {
	t *table
	w *csv.Writer
}

func newCSV(t *table) (sink, error) {
	if t.mark {
		if _, err := t.out.WriteString("\ufeff"); err != nil {
			return nil, err
		}
	}
	out := io.Writer(t.out)
	if t.encoding == "gb18030" {
		out = simplifiedchinese.GB18030.NewEncoder().Writer(out)
	}
	s := csvSink{t, csv.NewWriter(out)}
	s.w.UseCRLF = true
	return s, s.w.Write(t.header())
}

func (s csvSink) write(row []string) error { return s.w.Write(s.t.told(row)) }

func (s csvSink) close() error {
	s.w.Flush()
	return s.w.Error()
}

// xlsxSink writes a workbook. What is large of it lies in a temporary file until it is closed.
type xlsxSink struct {
	t     *table
	book  *excelize.File
	sheet *excelize.StreamWriter
	rows  int
}

func newXLSX(t *table) (sink, error) {
	s := &xlsxSink{t: t, book: excelize.NewFile()}
	var err error
	if s.sheet, err = s.book.NewStreamWriter("Sheet1"); err != nil {
		return nil, err
	}
	return s, s.put(t.header())
}

// mostRows is how many rows a sheet holds, its header among them.
const mostRows = 1_048_576

func (s *xlsxSink) put(cells []string) error {
	if s.rows == mostRows {
		return fmt.Errorf("a sheet holds no more than %d rows", mostRows)
	}
	s.rows++
	values := make([]any, len(cells))
	for i, c := range cells {
		values[i] = c
	}
	cell, err := excelize.CoordinatesToCellName(1, s.rows)
	if err != nil {
		return err
	}
	return s.sheet.SetRow(cell, values)
}

func (s *xlsxSink) write(row []string) error { return s.put(s.t.told(row)) }

func (s *xlsxSink) close() error {
	defer s.book.Close()
	if err := s.sheet.Flush(); err != nil {
		return err
	}
	return s.book.Write(s.t.out)
}

// jsonSink writes an object a line, its keys in the feed's order; numbers and booleans are such.
type jsonSink struct {
	t    *table
	line []byte
}

func (s *jsonSink) write(row []string) error {
	line := append(s.line[:0], '{')
	for i, c := range s.t.feed.Columns {
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
	s.line = append(line, '}', '\n')
	_, err := s.t.out.Write(s.line)
	return err
}

func (s *jsonSink) close() error { return nil }

// rowGroup is how many rows of a Parquet file are held until they are written.
const rowGroup = 50_000

// parquetSink writes typed columns: dates, decimals of two places, booleans, texts.
type parquetSink struct {
	t     *table
	names []string
	w     *parquet.Writer
	rows  int
}

func newParquet(t *table) sink {
	s := &parquetSink{t: t}
	group := parquet.Group{}
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
		s.names = append(s.names, c.Name)
	}
	slices.Sort(s.names) // the order of a group's columns
	s.w = parquet.NewWriter(t.out, parquet.NewSchema(t.feed.ID, group))
	return s
}

func (s *parquetSink) write(row []string) error {
	values := make(parquet.Row, len(s.names))
	for at, name := range s.names {
		c := s.t.feed.Columns[s.t.places[name]]
		v, err := parquetValue(c, row[s.t.places[name]])
		if err != nil {
			return fmt.Errorf("row %d, %s: %w", s.rows+1, name, err)
		}
		defined := 0
		if !c.Required && !v.IsNull() {
			defined = 1
		}
		values[at] = v.Level(0, defined, at)
	}
	if _, err := s.w.WriteRows([]parquet.Row{values}); err != nil {
		return err
	}
	if s.rows++; s.rows%rowGroup == 0 {
		return s.w.Flush()
	}
	return nil
}

func (s *parquetSink) close() error { return s.w.Close() }

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
