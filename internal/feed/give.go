package feed

import (
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// NewSet is a set without rows, for whoever kept what was read and gives it back: files first, then rows and rejects, in the order in
// which [Read] has them.
func NewSet(p *pack.Pack) *Set {
	s := &Set{}
	for _, f := range p.Feeds {
		s.Tables = append(s.Tables, newTable(p, f))
	}
	return s
}

// AddFile adds a file with the header that it had.
func (s *Set) AddFile(f *File, header []string) {
	f.header = header
	s.Files = append(s.Files, f)
}

// AddReject adds a row that was set aside when it was read, with its cells as they were delivered.
func (s *Set) AddReject(r *Reject, cells []string) {
	r.cells = cells
	r.count()
	s.Rejects = append(s.Rejects, r)
}

// Line is a row in the making, whose cells are empty until they are put.
type Line struct {
	table  *Table
	values []value
}

// Line begins a row of the table. It can be used for one row after another.
func (t *Table) Line() *Line { return &Line{t, make([]value, len(t.columns))} }

// Clear empties all cells.
func (l *Line) Clear() { clear(l.values) }

// PutNum puts a cell as [Table.Num] gives it.
func (l *Line) PutNum(column int, n int64) { l.values[column] = value{num: n, known: true} }

// PutText puts a cell of a text column.
func (l *Line) PutText(column int, text string) { l.values[column] = value{text: text} }

// PutID puts a cell of a column of identity numbers.
func (l *Line) PutID(column int, id idno.Number) { l.values[column] = value{id: id} }

// PutCell puts a cell from its text as [Table.Cells] gives it.
func (l *Line) PutCell(column int, text string) error {
	c := l.table.Feed.Columns[column]
	if c.Type == string(pack.CodeOf) {
		n := l.table.codes[column].Index(text)
		if n < 0 {
			return fault.New(fault.Conflict, notACode, fault.Args{"found": fault.Excerpt(text), "list": c.Codes, "nearest": ""})
		}
		l.PutNum(column, int64(n))
		return nil
	}
	anyValue := *c
	anyValue.Min, anyValue.Max = nil, nil // the limits were others when it was delivered
	v, wrong := (&mapped{pack: &pack.Pack{}}).value(column, &anyValue, text)
	if wrong != nil {
		return wrong
	}
	l.values[column] = v
	return nil
}

// AddLine adds the row to its table as a file's row of a number, and returns where it stands.
func (t *Table) AddLine(f *File, number int, l *Line) int {
	t.append(f, number, l.values)
	return t.Len() - 1
}

// Overlap is why a row is not used that stands beside others with its key.
type Overlap uint8

// The overlaps of rows with one key.
const (
	SameAgain    Overlap = iota + 1 // another row with the same content is used
	Newer                           // a row delivered later is used
	Contradicted                    // rows delivered last have different contents: none is used
)

// Fault is the reason in words; the other row is named by its file and its number there.
func (o Overlap) Fault(file string, number int) *fault.Error {
	text := map[Overlap]fault.Text{SameAgain: sameRowAgain, Newer: newerRow, Contradicted: contradicted}[o]
	return fault.New(fault.Conflict, text, fault.Args{"file": file, "row": number})
}

// SetBeside takes a row out of use because of another with its key.
func (s *Set) SetBeside(t *Table, row int, o Overlap, file string, number int) {
	s.setAside(t, row, o.Fault(file, number), o != Contradicted)
}

// Sort puts the rejects in the order of files and rows.
func (s *Set) Sort() { s.sort() }

// DeliveredOn is the day on which a file was delivered, before all days if no manifest tells.
func (f *File) DeliveredOn() calendar.Date { return f.delivered() }

// Header is the file's names of columns.
func (f *File) Header() []string { return f.header }

// PlainName is a name as it is compared: without spaces, and with one dot for all those of minority names.
func PlainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '　', '\u00a0', '\t':
			return -1
		case '•', '・', '．', '.', '‧', '∙':
			return '·'
		}
		return r
	}, s)
}
