package feed

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

var (
	unknownColumn = fault.Text{Key: "feed.unknown-column",
		Zh: "数据来源“{feed}”没有列“{found}”；最接近的是“{nearest}”", En: `the feed "{feed}" has no column "{found}"; the nearest is "{nearest}"`}
	columnTwice = fault.Text{Key: "feed.column-twice",
		Zh: "列“{found}”出现两次", En: `the column "{found}" is there twice`}
	columnMissing = fault.Text{Key: "feed.column-missing",
		Zh: "缺少必需的列：{found}", En: "these columns are needed and missing: {found}"}
	cellMissing = fault.Text{Key: "feed.cell-missing",
		Zh: "必填项为空", En: "it must not be empty"}
	notABool = fault.Text{Key: "feed.not-a-bool",
		Zh: "“{found}”应为 是/否、true/false 或 1/0", En: `"{found}" is none of true/false, 1/0, 是/否`}
	notAnInt = fault.Text{Key: "feed.not-an-int",
		Zh: "“{found}”应为整数", En: `"{found}" is not a whole number`}
	notACode = fault.Text{Key: "feed.not-a-code",
		Zh: "“{found}”不在代码表“{list}”中；最接近的是“{nearest}”", En: `"{found}" is not in the code list "{list}"; the nearest is "{nearest}"`}
	notAnArea = fault.Text{Key: "feed.not-an-area",
		Zh: "区划“{found}”不在政策包的区划表中", En: `the area "{found}" is not in the pack's list of areas`}
	belowMin = fault.Text{Key: "feed.below-min",
		Zh: "“{found}”小于最小值{limit}", En: `"{found}" is below the least value, {limit}`}
	aboveMax = fault.Text{Key: "feed.above-max",
		Zh: "“{found}”大于最大值{limit}", En: `"{found}" is above the greatest value, {limit}`}
	numberedID = fault.Text{Key: "feed.id-as-number",
		Zh: "身份证号被表格软件存成了数字，末几位已丢失：请把该列设为文本后重新填写",
		En: "the identity number was stored as a number and lost its last digits: make the column text and enter it again"}
)

// mapped is how the cells of a file stand for a feed's columns.
type mapped struct {
	pack   *pack.Pack
	feed   *pack.Feed
	cellOf []int              // by column: its cell, -1 for none
	codes  []map[string]int64 // by column
	sheet  *xlsxSource        // numbers and dates are as a workbook stores them; nil of other files
}

// mapHeader finds the feed's columns in a file's header. A column that the feed does not have, one that stands there
// twice, and a missing one that rows need are faults; missing holds those that rows can do without.
func mapHeader(p *pack.Pack, f *pack.Feed, header []string) (m *mapped, missing []string, faults fault.List) {
	m = &mapped{pack: p, feed: f, cellOf: slices.Repeat([]int{-1}, len(f.Columns)), codes: make([]map[string]int64, len(f.Columns))}
	for cell, name := range header {
		i := columnNamed(f, name)
		switch {
		case i < 0:
			faults = append(faults, unknownHeader(f, name))
		case m.cellOf[i] >= 0:
			faults = append(faults, fault.New(fault.Invalid, columnTwice, fault.Args{"found": fault.Excerpt(name)}))
		default:
			m.cellOf[i] = cell
		}
	}
	var needed []string
	for i, c := range f.Columns {
		m.codes[i] = codeValues(p.Codes[c.Codes])
		if m.cellOf[i] >= 0 {
			continue
		}
		missing = append(missing, c.Name)
		if needs(f, c) {
			needed = append(needed, c.Name)
		}
	}
	if len(needed) > 0 {
		faults = append(faults, fault.New(fault.Invalid, columnMissing, fault.Args{"found": strings.Join(needed, ", ")}))
	}
	return m, missing, faults
}

// needs reports whether every row must fill a column: it is declared so, or the rows cannot be told apart or given to
// people without it.
func needs(f *pack.Feed, c *pack.Column) bool { return c.Required || c.Key || c.Name == f.IDNo }

func unknownHeader(f *pack.Feed, name string) *fault.Error {
	var names []string
	for _, c := range f.Columns {
		names = append(names, c.Name, c.Label.Zh)
	}
	return fault.New(fault.Invalid, unknownColumn,
		fault.Args{"feed": f.ID, "found": fault.Excerpt(name), "nearest": fault.Nearest(name, names)})
}

// trimHeader is a header's names without spaces around them and without the empty ones at its end.
func trimHeader(header []string) []string {
	names := make([]string, len(header))
	for i, name := range header {
		names[i] = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
	}
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	return names
}

func codeValues(l *pack.CodeList) map[string]int64 {
	if l == nil {
		return nil
	}
	values := map[string]int64{}
	for i, c := range l.Codes {
		values[c.Name.Zh] = int64(i)
	}
	for i, c := range l.Codes { // an id stands over another code's name
		values[c.ID] = int64(i)
	}
	return values
}

// read turns a row's cells into values by column and reports every cell that is wrong. A column whose cell is wrong has
// the zero value.
func (m *mapped) read(cells []string, values []value) fault.List {
	var faults fault.List
	for i, c := range m.feed.Columns {
		values[i] = value{}
		cell := ""
		if at := m.cellOf[i]; at >= 0 && at < len(cells) {
			cell = strings.TrimSpace(cells[at])
		}
		if cell == "" {
			if needs(m.feed, c) {
				faults = append(faults, fault.New(fault.Invalid, cellMissing, nil).In(fault.At{Field: c.Name}))
			}
			continue
		}
		v, wrong := m.value(i, c, cell)
		if wrong != nil {
			faults = append(faults, wrong.In(fault.At{Field: c.Name}))
			continue
		}
		values[i] = v
	}
	return faults
}

func (m *mapped) value(i int, c *pack.Column, cell string) (value, *fault.Error) {
	switch c.Type {
	case typeText:
		return textValue(cell)
	case typeIDNo:
		return idValue(cell)
	case typeArea:
		return m.areaValue(cell)
	case string(pack.Bool):
		return boolValue(cell)
	case string(pack.CodeOf):
		return m.codeValue(i, c, cell)
	case string(pack.Date):
		if m.sheet != nil {
			cell = m.sheet.serialDate(cell)
		}
		d, err := calendar.Parse(cell)
		return value{num: int64(d), known: true}, asFault(err)
	case string(pack.Int):
		return m.intValue(c, cell)
	}
	return m.decimalValue(c, cell)
}

func textValue(cell string) (value, *fault.Error) {
	switch {
	case strings.ContainsRune(cell, 0):
		return value{}, fault.New(fault.Invalid, hasNUL, nil)
	case !utf8.ValidString(cell):
		return value{}, fault.New(fault.Invalid, notUTF8, nil)
	case strings.ContainsRune(cell, utf8.RuneError):
		return value{}, fault.New(fault.Invalid, damaged, nil)
	}
	return value{text: cell}, nil
}

func idValue(cell string) (value, *fault.Error) {
	id, err := idno.Parse(cell)
	if err == nil {
		return value{id: id}, nil
	}
	if f, exponent := strconv.ParseFloat(cell, 64); exponent == nil && f > 1e14 && strings.ContainsAny(cell, "eE") {
		return value{}, fault.New(fault.Invalid, numberedID, nil)
	}
	return value{}, asFault(err)
}

func (m *mapped) areaValue(cell string) (value, *fault.Error) {
	code, err := area.Parse(cell)
	if err != nil {
		return value{}, asFault(err)
	}
	if m.pack.Areas != nil && !m.pack.Areas.Has(code) {
		return value{}, fault.New(fault.Invalid, notAnArea, fault.Args{"found": code})
	}
	return value{num: int64(code), known: true}, nil
}

func boolValue(cell string) (value, *fault.Error) {
	switch strings.ToLower(cell) {
	case "true", "1", "y", "yes", "是":
		return value{num: 1, known: true}, nil
	case "false", "0", "n", "no", "否":
		return value{num: 0, known: true}, nil
	}
	return value{}, fault.New(fault.Invalid, notABool, fault.Args{"found": fault.Excerpt(cell)})
}

func (m *mapped) codeValue(i int, c *pack.Column, cell string) (value, *fault.Error) {
	if n, ok := m.codes[i][cell]; ok {
		return value{num: n, known: true}, nil
	}
	var names []string
	for _, code := range m.pack.Codes[c.Codes].Codes {
		names = append(names, code.ID, code.Name.Zh)
	}
	return value{}, fault.New(fault.Invalid, notACode,
		fault.Args{"found": fault.Excerpt(cell), "list": c.Codes, "nearest": fault.Nearest(cell, names)})
}

func (m *mapped) intValue(c *pack.Column, cell string) (value, *fault.Error) {
	if m.sheet != nil {
		cell = m.sheet.number(cell)
	}
	n, err := strconv.ParseInt(cell, 10, 64)
	if err != nil {
		return value{}, fault.New(fault.Invalid, notAnInt, fault.Args{"found": fault.Excerpt(cell)})
	}
	d, ok := money.FromInt(n)
	if !ok {
		return value{}, fault.New(fault.Invalid, notAnInt, fault.Args{"found": fault.Excerpt(cell)})
	}
	return value{num: n, known: true}, within(c, d, cell)
}

func (m *mapped) decimalValue(c *pack.Column, cell string) (value, *fault.Error) {
	if m.sheet != nil {
		cell = m.sheet.number(cell)
	}
	d, err := money.Parse(cell)
	if err != nil {
		return value{}, asFault(err)
	}
	return value{num: int64(d), known: true}, within(c, d, cell)
}

func within(c *pack.Column, d money.Decimal, cell string) *fault.Error {
	if c.Min != nil && d < *c.Min {
		return fault.New(fault.Invalid, belowMin, fault.Args{"found": fault.Excerpt(cell), "limit": c.Min.String()})
	}
	if c.Max != nil && d > *c.Max {
		return fault.New(fault.Invalid, aboveMax, fault.Args{"found": fault.Excerpt(cell), "limit": c.Max.String()})
	}
	return nil
}

// asFault is the fault that a leaf package returned.
func asFault(err error) *fault.Error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return unreadable(err)
}

var notRead = fault.Text{Key: "feed.not-read",
	Zh: "文件不能读取", En: "the file cannot be read"}

// unreadable is a failing disk or a defect of ours.
func unreadable(err error) *fault.Error { return fault.New(fault.Internal, notRead, nil).Because(err) }
