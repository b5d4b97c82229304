package feed

import (
	"bytes"
	"cmp"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// The types of columns beside those of facts.
const (
	typeText = "text"
	typeIDNo = "id_no"
	typeArea = "area"
)

// The roles that a feed can have for the composition of households.
const (
	RolePersons   = "persons"
	RoleMarriages = "marriages"
	RoleHoldings  = "holdings"
)

// The columns of the feed of persons by which they are told apart and belong together. A pack's feed names its columns so; what it lacks is not
// known of anybody. Other feeds have the name under the same id.
const (
	ColumnName       = "name"
	ColumnBooklet    = "hukou_no"
	ColumnCollective = "collective"
	ColumnVillage    = "village"
	ColumnFather     = "father_id"
	ColumnMother     = "mother_id"
)

// The columns of a feed of holdings: what somebody receives, since when and until when, and how much.
const (
	ColumnProgramme = "programme"
	ColumnGranted   = "granted_on"
	ColumnEnded     = "ended_on"
	ColumnAmount    = "amount"
)

// Table is the rows of one feed, column by column. Rows stay in the order in which they were read; a row that was set
// aside after it was read keeps its place and is no longer Used.
type Table struct {
	Feed *pack.Feed

	columns []column
	names   map[string]int
	about   []int
	codes   []*pack.CodeList // by column
	files   []*File          // by row
	rows    []uint32         // by row: its number in the file
	aside   bitmap
}

// column holds one column's cells in the slice that suits its type.
type column struct {
	typ   string
	num   []int64 // bool, int, date, decimal, code, area
	known bitmap
	id    []idno.Number
	text  arena
}

// value is one cell.
type value struct {
	num   int64
	known bool
	id    idno.Number
	text  string
}

func newTable(p *pack.Pack, f *pack.Feed) *Table {
	t := &Table{Feed: f, names: map[string]int{}}
	for i, c := range f.Columns {
		t.columns = append(t.columns, column{typ: c.Type})
		t.codes = append(t.codes, p.Codes[c.Codes])
		t.names[c.Name] = i
	}
	t.about = About(f)
	return t
}

// About is the columns with the numbers of those whom a row is about: the feed's person, and of marriages both.
func About(f *pack.Feed) []int {
	var about []int
	for i, c := range f.Columns {
		if c.Name == f.IDNo || f.Role == RoleMarriages && c.Type == typeIDNo {
			about = append(about, i)
		}
	}
	return about
}

// About is the columns with the numbers of those whom a row is about; none in a feed that is not about persons.
func (t *Table) About() []int { return t.about }

// Len is the number of rows, those set aside included.
func (t *Table) Len() int { return len(t.rows) }

// Used reports whether a row is in use.
func (t *Table) Used(row int) bool { return !t.aside.has(row) }

// Column finds a column by its id.
func (t *Table) Column(name string) (int, bool) {
	i, ok := t.names[name]
	return i, ok
}

// Num is a cell of a column that is no text and no identity number: a bool is 0 or 1, a date its days, a decimal its
// millionths, a code its index, an area its code. False if the cell is empty.
func (t *Table) Num(column, row int) (int64, bool) {
	c := &t.columns[column]
	if len(c.num) == 0 || !c.known.has(row) {
		return 0, false
	}
	return c.num[row], true
}

// Text is a cell of a text column, "" if empty.
func (t *Table) Text(column, row int) string {
	if t.columns[column].typ != typeText {
		return ""
	}
	return t.columns[column].text.at(row)
}

// ID is a cell of a column of identity numbers, no number if empty.
func (t *Table) ID(column, row int) idno.Number {
	if t.columns[column].typ != typeIDNo {
		return idno.Number{}
	}
	return t.columns[column].id[row]
}

// File is the file that a row came in, and its number there.
func (t *Table) File(row int) (*File, int) { return t.files[row], int(t.rows[row]) }

// Cells are a row's cells as text, in the feed's order. They hold identity numbers in full.
func (t *Table) Cells(row int) []string {
	cells := make([]string, len(t.columns))
	for i := range t.columns {
		cells[i] = t.cell(i, row)
	}
	return cells
}

// Cell is one cell as text, as [Table.Cells] has it.
func (t *Table) Cell(column, row int) string { return t.cell(column, row) }

func (t *Table) cell(i, row int) string {
	c := &t.columns[i]
	switch c.typ {
	case typeText:
		return c.text.at(row)
	case typeIDNo:
		return c.id[row].Plain()
	}
	if !c.known.has(row) {
		return ""
	}
	n := c.num[row]
	switch c.typ {
	case string(pack.Bool):
		if n == 1 {
			return "true"
		}
		return "false"
	case string(pack.Date):
		return calendar.Date(n).String()
	case string(pack.Decimal):
		return money.Decimal(n).String()
	case string(pack.CodeOf):
		return t.codes[i].Codes[n].ID
	case typeArea:
		return area.Code(n).String()
	}
	return formatInt(n)
}

func (t *Table) append(file *File, row int, values []value) {
	at := len(t.rows)
	for i, v := range values {
		c := &t.columns[i]
		switch c.typ {
		case typeText:
			c.text.add(v.text)
		case typeIDNo:
			c.id = append(c.id, v.id)
		default:
			c.num = append(c.num, v.num)
			c.known.put(at, v.known)
		}
	}
	t.files = append(t.files, file)
	t.rows = append(t.rows, uint32(row))
	t.aside.put(at, false)
}

// truncate takes back what a refused file added.
func (t *Table) truncate(n int) {
	for i := range t.columns {
		c := &t.columns[i]
		switch c.typ {
		case typeText:
			c.text.truncate(n)
		case typeIDNo:
			c.id = c.id[:n]
		default:
			c.num = c.num[:n]
			c.known.truncate(n)
		}
	}
	t.files, t.rows = t.files[:n], t.rows[:n]
	t.aside.truncate(n)
}

// compare orders two rows by some columns.
func (t *Table) compare(columns []int, a, b int) int {
	for _, i := range columns {
		c := &t.columns[i]
		order := 0
		switch c.typ {
		case typeText:
			order = bytes.Compare(c.text.raw(a), c.text.raw(b))
		case typeIDNo:
			order = c.id[a].Compare(c.id[b])
		default:
			order = cmp.Or(cmp.Compare(truth(c.known.has(a)), truth(c.known.has(b))), cmp.Compare(c.num[a], c.num[b]))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bitmap is a growing row of bits.
type bitmap []uint64

func (b bitmap) has(i int) bool { return i>>6 < len(b) && b[i>>6]>>(i&63)&1 != 0 }

func (b *bitmap) put(i int, v bool) {
	for len(*b) <= i>>6 {
		*b = append(*b, 0)
	}
	if v {
		(*b)[i>>6] |= 1 << (i & 63)
	} else {
		(*b)[i>>6] &^= 1 << (i & 63)
	}
}

// truncate keeps the first n bits. What is left above them in the last word is overwritten by put.
func (b *bitmap) truncate(n int) { *b = (*b)[:min(len(*b), (n+63)/64)] }

// arena holds many short texts in one piece of memory.
type arena struct {
	bytes []byte
	ends  []int
}

func (a *arena) add(s string) {
	a.bytes = append(a.bytes, s...)
	a.ends = append(a.ends, len(a.bytes))
}

func (a *arena) at(i int) string { return string(a.raw(i)) }

// raw is a text's place in the arena.
func (a *arena) raw(i int) []byte {
	from := 0
	if i > 0 {
		from = a.ends[i-1]
	}
	return a.bytes[from:a.ends[i]]
}

func (a *arena) truncate(n int) {
	a.ends = a.ends[:n]
	length := 0
	if n > 0 {
		length = a.ends[n-1]
	}
	a.bytes = a.bytes[:length]
}

// duplicates are the groups of used rows with equal keys, each in the order read, the groups by their first row.
func (t *Table) duplicates(keys []int) [][]int {
	order := make([]int, 0, t.Len())
	for row := range t.Len() {
		if t.Used(row) {
			order = append(order, row)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(t.compare(keys, a, b), cmp.Compare(a, b)) })
	var groups [][]int
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && t.compare(keys, order[from], order[to]) == 0 {
			to++
		}
		if to-from > 1 {
			groups = append(groups, order[from:to])
		}
		from = to
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return groups
}
