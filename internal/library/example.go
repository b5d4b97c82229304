package library

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// exampleRows is how many rows an example file has.
const exampleRows = 3

// invented is the area of the identity numbers of examples: it was never assigned to anybody.
const invented = "371499"

// examples are a file for each feed as a department writes it: UTF-8 with a byte order mark, Chinese headers, lines that end
// as Windows ends them.
func (b *book) examples() ([]Page, error) {
	var pages []Page
	for _, f := range b.pack.Feeds {
		content, err := b.example(f)
		if err != nil {
			return nil, err
		}
		pages = append(pages, Page{"feeds/examples/" + f.ID + ".csv", content})
	}
	return pages, nil
}

func (b *book) example(f *pack.Feed) ([]byte, error) {
	out := bytes.NewBuffer([]byte("\uFEFF"))
	w := csv.NewWriter(out)
	w.UseCRLF = true
	header := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		header[i] = c.Label.Zh
	}
	rows := [][]string{header}
	for row := range exampleRows {
		cells, err := b.exampleRow(f, row)
		if err != nil {
			return nil, err
		}
		rows = append(rows, cells)
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("writing the example of %s: %w", f.ID, err)
	}
	return out.Bytes(), nil
}

// invention is a person whom nobody is.
type invention struct {
	name  string
	birth calendar.Date
	woman bool
}

// people are those whom the rows of an example are about; feeds about children, students, couples and women have their own.
var people = [exampleRows]invention{
	{"张建国", calendar.Must(1958, 3, 12), false},
	{"李秀兰", calendar.Must(1983, 7, 5), true},
	{"王雨晨", calendar.Must(2008, 10, 21), false},
}

// audiences are the persons of feeds about somebody in particular, the first that fits.
var audiences = []struct {
	of     *regexp.Regexp // the feed's name or a column's
	people [exampleRows]invention
}{
	{regexp.MustCompile("录取"), [exampleRows]invention{
		{"张浩然", calendar.Must(2008, 3, 12), false}, {"李思雨", calendar.Must(2008, 7, 5), true}, {"王雨晨", calendar.Must(2007, 10, 21), false}}},
	{regexp.MustCompile("儿童|孤儿|学籍|就读|学生"), [exampleRows]invention{
		{"张一诺", calendar.Must(2021, 3, 12), true}, {"李子涵", calendar.Must(2017, 7, 5), true}, {"王雨晨", calendar.Must(2012, 10, 21), false}}},
	{regexp.MustCompile("婚姻|男方"), [exampleRows]invention{
		{"张建国", calendar.Must(1958, 3, 12), false}, {"李志强", calendar.Must(1975, 7, 5), false}, {"王海涛", calendar.Must(1986, 10, 21), false}}},
	{regexp.MustCompile("妇女"), [exampleRows]invention{
		{"张桂英", calendar.Must(1968, 3, 12), true}, {"李秀兰", calendar.Must(1983, 7, 5), true}, {"王丽华", calendar.Must(1979, 10, 21), true}}},
}

// peopleOf are the persons of a feed's example.
func peopleOf(f *pack.Feed) [exampleRows]invention {
	names := f.Name.Zh
	for _, c := range f.Columns {
		names += " " + c.Label.Zh
	}
	for _, s := range audiences {
		if s.of.MatchString(names) {
			return s.people
		}
	}
	return people
}

// identity is the number of the person in a column of a row; nobody has it. Who stands beside the person is a generation
// older, as parents are; of a couple both are grown.
func (e *exampler) identity(place int) (idno.Number, error) {
	birth, sequence := e.people[e.row].birth, 100+20*place
	switch {
	case place > 0 && e.feed.Role == "marriages":
		birth = birth.AddMonths(7 * place)
	case place > 0:
		birth = birth.AddMonths(-12 * 26).AddDays(31 * place)
		sequence += place % 2
	case !e.people[e.row].woman:
		sequence++
	}
	n, ok := idno.Make(invented, birth, sequence)
	if !ok {
		return idno.Number{}, fmt.Errorf("inventing an identity number: %s, %d", birth, sequence)
	}
	return n, nil
}

func (b *book) exampleRow(f *pack.Feed, row int) ([]string, error) {
	e := &exampler{book: b, feed: f, row: row, people: peopleOf(f)}
	cells := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		cell, err := e.cell(c)
		if err != nil {
			return nil, err
		}
		cells[i] = cell
	}
	return cells, nil
}

// exampler fills the cells of one row.
type exampler struct {
	*book
	feed                   *pack.Feed
	row                    int
	people                 [exampleRows]invention
	dates, numbers, others int
}

func (e *exampler) cell(c *pack.Column) (string, error) {
	switch c.Type {
	case "id_no":
		place := 0
		if c.Name != e.feed.IDNo {
			e.others++
			place = e.others
		}
		n, err := e.identity(place)
		return n.Plain(), err
	case "date":
		return e.date(c), nil
	case "decimal":
		return e.decimal(c), nil
	case "int":
		return e.integer(c), nil
	case "bool":
		if e.row == 1 && c.Required {
			return "是", nil
		}
		return "否", nil
	case "code":
		return e.code(c), nil
	case "area":
		return e.village(), nil
	}
	return e.text(c), nil
}

// gives reports whether a column is a fact of the person as it stands.
func (e *exampler) gives(c *pack.Column, fact string) bool {
	return slices.ContainsFunc(e.feed.Facts, func(g *pack.FeedFact) bool { return g.Fact == fact && g.Value.Source == "row."+c.Name })
}

// date is a day of the year before the library's; a later column holds a later day. A day that need not be there is
// there in one row alone: most such days end something.
func (e *exampler) date(c *pack.Column) string {
	if e.gives(c, "person.birth") {
		return e.people[e.row].birth.String()
	}
	e.dates++
	if !c.Required && e.row != 1 {
		return ""
	}
	return e.on.AddMonths(-10).AddDays(12 + 37*e.row + 31*(e.dates-1)).String()
}

// amounts are the example's sums of money: the first column of a row holds the whole, later ones parts of it.
var amounts = [...]string{"12860.50", "6430.25", "1286.05", "3215.12", "5144.20"}

// decimal is a number within the column's limits, smaller from row to row.
func (e *exampler) decimal(c *pack.Column) string {
	amount := money.Must(amounts[e.numbers%len(amounts)])
	e.numbers++
	switch {
	case strings.Contains(c.Label.Zh, "面积"):
		amount = money.Must("96.50")
	case strings.HasPrefix(c.Label.Zh, "月") || strings.Contains(c.Label.Zh, "月工资") || strings.HasPrefix(c.Label.Zh, "月发"):
		amount = money.Must("2860.00")
	}
	parts, _ := money.FromInt(int64(e.row + 1))
	amount, _ = amount.Quo(parts)
	amount, _ = amount.Round(2)
	return strings.ReplaceAll(limited(c, amount).Text(), ",", "")
}

func limited(c *pack.Column, n money.Decimal) money.Decimal {
	if c.Min != nil {
		n = max(n, *c.Min)
	}
	if c.Max != nil {
		n = min(n, *c.Max)
	}
	return n
}

// integer is a small count, or the year where the column starts with years.
func (e *exampler) integer(c *pack.Column) string {
	n := money.Decimal(0)
	if c.Required {
		n, _ = money.FromInt(int64(e.row + 1))
	}
	if c.Min != nil && *c.Min >= money.Must("1900") {
		n, _ = money.FromInt(int64(e.on.Year()))
	}
	return limited(c, n).String()
}

// code is another entry of the list in each row, the person's own sex where the column gives it.
func (e *exampler) code(c *pack.Column) string {
	codes := e.codes(c)
	at := e.row
	if e.gives(c, "person.sex") {
		at = 0
		if e.people[e.row].woman {
			at = 1
		}
	}
	return codes[at%len(codes)].Name.Zh
}

// codes are the entries of a column's list that say something: not those that stand for having no row.
func (e *exampler) codes(c *pack.Column) []pack.Code {
	all := e.pack.Codes[c.Codes].Codes
	telling := slices.DeleteFunc(slices.Clone(all), func(code pack.Code) bool {
		return slices.ContainsFunc(e.feed.Facts, func(g *pack.FeedFact) bool {
			return e.facts[g.Fact].Codes == c.Codes && g.Absent == code.ID
		})
	})
	if len(telling) == 0 {
		return all
	}
	return telling
}

// village is a village of the pack's area.
func (e *exampler) village() string {
	if e.pack.Areas == nil {
		return e.pack.Area.String()
	}
	villages := e.pack.Areas.Villages(e.pack.Area)
	if len(villages) == 0 {
		return e.pack.Area.String()
	}
	return villages[e.row*len(villages)/exampleRows].String()
}

// text is a number where the column names one, a person's name, or a word that says itself an example.
func (e *exampler) text(c *pack.Column) string {
	switch {
	case strings.HasSuffix(c.Label.Zh, "姓名"):
		return e.people[e.row].name
	case c.Key || strings.HasSuffix(c.Name, "_no") || strings.HasSuffix(c.Label.Zh, "号") || strings.HasSuffix(c.Label.Zh, "代码"):
		return invented + strconv.Itoa(e.on.Year()) + fmt.Sprintf("%04d", e.row+1)
	}
	return c.Label.Zh + "（示例）"
}
