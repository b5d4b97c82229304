package feed

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

var (
	badParquet = fault.Text{Key: "feed.bad-parquet",
		Zh: "Parquet文件已损坏或不完整，请重新导出", En: "the Parquet file is damaged or cut off: export it again"}
	nestedColumn = fault.Text{Key: "feed.nested-column",
		Zh: "列“{found}”有嵌套结构，这里只接受平表", En: `the column "{found}" is nested: only flat tables are read`}
	columnTypeUnread = fault.Text{Key: "feed.column-type-unread",
		Zh: "列“{found}”的类型{type}不能读取", En: `the column "{found}" has the type {type}, which is not read`}
)

// parquetSource reads the rows of a Parquet file.
type parquetSource struct {
	groups []parquet.RowGroup
	rows   parquet.Rows
	names  []string
	text   []func(parquet.Value) string
	buffer []parquet.Row
	ready  []parquet.Row // read and not yet given
	ended  bool          // the current group has no more
}

func newParquet(in io.ReaderAt, size int64) (s *parquetSource, defect *fault.Error) {
	defer func() {
		if r := recover(); r != nil {
			s, defect = nil, fault.New(fault.Invalid, badParquet, nil).Because(fmt.Errorf("%v", r))
		}
	}()
	file, err := parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fault.New(fault.Invalid, badParquet, nil).Because(err)
	}
	s = &parquetSource{groups: file.RowGroups(), buffer: make([]parquet.Row, 256), ended: true}
	for _, c := range file.Root().Columns() {
		if !c.Leaf() || c.Repeated() {
			return nil, fault.New(fault.Invalid, nestedColumn, fault.Args{"found": fault.Excerpt(c.Name())})
		}
		text := textOf(c.Type())
		if text == nil {
			return nil, fault.New(fault.Invalid, columnTypeUnread,
				fault.Args{"found": fault.Excerpt(c.Name()), "type": fault.Excerpt(c.Type().String())})
		}
		s.names = append(s.names, c.Name())
		s.text = append(s.text, text)
	}
	return s, nil
}

func (s *parquetSource) header() []string { return s.names }

func (s *parquetSource) next() (cells []string, defect *fault.Error, err error) {
	defer recovered(&err)
	for len(s.ready) == 0 {
		if err := s.fill(); err != nil {
			return nil, nil, err
		}
	}
	row := s.ready[0]
	s.ready = s.ready[1:]
	cells = make([]string, len(s.names))
	for _, v := range row {
		if i := v.Column(); i >= 0 && i < len(cells) && !v.IsNull() {
			cells[i] = s.text[i](v)
		}
	}
	return cells, nil, nil
}

// fill reads the next rows, of the next group where one has ended.
func (s *parquetSource) fill() error {
	if s.ended {
		s.close()
		if len(s.groups) == 0 {
			return io.EOF
		}
		s.rows, s.groups, s.ended = s.groups[0].Rows(), s.groups[1:], false
	}
	n, err := s.rows.ReadRows(s.buffer)
	s.ready = s.buffer[:n]
	s.ended = errors.Is(err, io.EOF)
	if err != nil && !s.ended {
		return fmt.Errorf("reading rows: %w", err)
	}
	return nil
}

func (s *parquetSource) close() {
	if s.rows != nil {
		_ = s.rows.Close()
		s.rows = nil
	}
}

// textOf writes a type's values as text, nil for a type that no column can hold.
func textOf(t parquet.Type) func(parquet.Value) string {
	if l := t.LogicalType(); l != nil {
		switch logical := l.Value.(type) {
		case *format.DateType:
			return func(v parquet.Value) string { return calendar.Date(v.Int32()).String() }
		case *format.DecimalType:
			return decimalText(t.Kind(), int(logical.Scale))
		case *format.TimestampType:
			return timestampText(logical.Unit)
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }
	case parquet.Int32:
		return func(v parquet.Value) string { return formatInt(int64(v.Int32())) }
	case parquet.Int64:
		return func(v parquet.Value) string { return formatInt(v.Int64()) }
	case parquet.Float:
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32) }
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'f', -1, 64) }
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return func(v parquet.Value) string { return string(v.ByteArray()) }
	}
	return nil
}

// decimalText writes an unscaled number with its point.
func decimalText(kind parquet.Kind, scale int) func(parquet.Value) string {
	return func(v parquet.Value) string {
		unscaled := new(big.Int)
		switch kind {
		case parquet.Int32:
			unscaled.SetInt64(int64(v.Int32()))
		case parquet.Int64:
			unscaled.SetInt64(v.Int64())
		default:
			b := v.ByteArray()
			unscaled.SetBytes(b)
			if len(b) > 0 && b[0]&0x80 != 0 { // two's complement
				unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
		}
		return point(unscaled, scale)
	}
}

// point sets the point; zeros at the end say how the column is declared and not how exact a number is.
func point(unscaled *big.Int, scale int) string {
	sign := ""
	if unscaled.Sign() < 0 {
		sign = "-"
	}
	digits := new(big.Int).Abs(unscaled).String()
	if scale <= 0 || scale > 38 {
		return sign + digits
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	whole, fraction := digits[:len(digits)-scale], strings.TrimRight(digits[len(digits)-scale:], "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// timestampText writes a moment at midnight as the day, any other with its time, which no date column takes.
func timestampText(unit format.TimeUnit) func(parquet.Value) string {
	per := int64(1_000)
	switch unit.Value.(type) {
	case *format.MicroSeconds:
		per = 1_000_000
	case *format.NanoSeconds:
		per = 1_000_000_000
	}
	return func(v parquet.Value) string {
		n := v.Int64()
		moment := time.Unix(n/per, n%per*(1_000_000_000/per)).UTC()
		if moment.Equal(moment.Truncate(24 * time.Hour)) {
			return moment.Format(time.DateOnly)
		}
		return moment.Format(time.DateTime)
	}
}
