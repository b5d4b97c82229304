package synth

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// table is the rows of one feed on their way to its file. Cells are canonical: ids of codes, true and false, ISO dates.
type table struct {
	feed    *pack.Feed
	lists   map[string]*pack.CodeList
	places  map[string]int
	county  string
	rows    [][]string // of the place in hand
	made    int        // rows made, copies not counted
	written int
	spoiled map[string]int // rows by kind of dirt
	totals  []money.Decimal
	err     error // the first column that the pack does not have

	path string
	shipment
	file *os.File
	out  *bufio.Writer
	sink sink
}

// sink writes rows in a format.
type sink interface {
	write(row []string) error
	close() error
}

// openTable begins a feed's file in its folder.
func (m *maker) openTable(dir string, f *pack.Feed) (*table, error) {
	t := &table{feed: f, lists: m.pack.Codes, places: map[string]int{}, county: m.plan.code.String(), shipment: shipments[f.ID],
		spoiled: map[string]int{}, totals: make([]money.Decimal, len(f.Columns))}
	for i, c := range f.Columns {
		t.places[c.Name] = i
	}
	into, err := folder(dir, f.ID)
	if err != nil {
		return nil, err
	}
	t.path = filepath.Join(into, fmt.Sprintf("%s-%s.%s", f.ID, m.ago(t.daysBefore), t.format))
	if t.file, err = os.Create(t.path); err != nil {
		return nil, fmt.Errorf("writing %s: %w", f.ID, err)
	}
	t.out = bufio.NewWriterSize(t.file, 64<<10)
	if t.sink, err = t.newSink(); err != nil {
		t.abandon()
		return nil, fmt.Errorf("writing %s: %w", f.ID, err)
	}
	return t, nil
}

func (t *table) newSink() (sink, error) {
	switch t.format {
	case "xlsx":
		return newXLSX(t)
	case "jsonl":
		return &jsonSink{t: t}, nil
	case "parquet":
		return newParquet(t), nil
	}
	return newCSV(t)
}

// number is a department's own number of the next row.
func (t *table) number(prefix string) string {
	return fmt.Sprintf("%s%s%07d", prefix, t.county, t.made+1)
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
	t.made++
}

// column is the place of a column of a type, -1 for none.
func (t *table) column(kind string) int {
	return slices.IndexFunc(t.feed.Columns, func(c *pack.Column) bool { return c.Type == kind })
}

// dirtKinds are what a row may be on purpose: with a wrong check digit, a day that does not exist, a code of no list, an exact copy,
// reversed, or of a death that the register of persons has not heard of.
var dirtKinds = []string{"digit", "day", "code", "copied", "reversed", "late"}

// flush writes the rows of the place in hand, the stated few of them made bad. Nobody in kept is touched.
func (t *table) flush(root die, d dirt, kept map[string]bool) error {
	if t.err != nil {
		return t.err
	}
	person, about := t.places[t.feed.IDNo]
	for _, row := range t.rows {
		copies := 1
		if about && d != (dirt{}) && !kept[row[person]] {
			copies = t.spoil(root, d, row, person)
		}
		for range copies {
			if err := t.put(row); err != nil {
				return fmt.Errorf("writing %s: %w", t.feed.ID, err)
			}
		}
	}
	t.rows = t.rows[:0]
	return nil
}

// spoil makes a row bad or says that it comes twice, by what stands in it and not by where it stands.
func (t *table) spoil(root die, d dirt, row []string, person int) (copies int) {
	r := root.of("dirt "+t.feed.ID, int(t.content(row)))
	kind := ""
	switch draw := r.unit("dirt"); {
	case draw < d.Digit:
		kind, row[person] = "digit", wrongDigit(row[person])
	case draw < d.Digit+d.Day:
		kind, row[t.column("date")] = "day", "2026-02-30"
	case draw < d.Digit+d.Day+d.Code:
		kind, row[t.column("code")] = "code", "不详"
	case draw < d.Digit+d.Day+d.Code+d.Copied:
		t.spoiled["copied"]++
		return 2
	default:
		return 1
	}
	t.spoiled[kind]++
	return 1
}

// content is a hash of a row without its own number.
func (t *table) content(row []string) uint64 {
	h := uint64(0)
	for i, c := range t.feed.Columns {
		if !c.Key {
			h = mix(h ^ hash(row[i]))
		}
	}
	return h
}

// put writes a row and adds it to the sums.
func (t *table) put(row []string) error {
	t.written++
	for i, c := range t.feed.Columns {
		if c.Type != string(pack.Decimal) || row[i] == "" {
			continue
		}
		n, err := money.Parse(row[i])
		if err != nil {
			return fmt.Errorf("adding up %s: %w", c.Name, err)
		}
		total, ok := t.totals[i].Add(n)
		if !ok {
			return fmt.Errorf("adding up %s: the sum is too large", c.Name)
		}
		t.totals[i] = total
	}
	return t.sink.write(row)
}

// close ends the file and writes its manifest.
func (t *table) close(m *maker) (File, error) {
	delivered := m.ago(t.daysBefore)
	name := filepath.Base(t.path)
	file := File{Feed: t.feed.ID, Path: t.feed.ID + "/" + name, Format: t.format, Encoding: t.encoding, Rows: t.written,
		Bad: t.spoiled["digit"] + t.spoiled["day"] + t.spoiled["code"], Copies: t.spoiled["copied"]}
	err := errors.Join(t.sink.close(), t.out.Flush())
	err = errors.Join(err, t.file.Close())
	t.file = nil
	if err != nil {
		return file, fmt.Errorf("writing %s: %w", t.feed.ID, err)
	}
	sums := map[string]string{}
	for i, c := range t.feed.Columns {
		if c.Type == string(pack.Decimal) {
			sums[c.Name] = t.totals[i].String()
		}
	}
	return file, manifest{
		Feed: t.feed.ID, Delivered: delivered, From: m.period(t.shipment), To: delivered.AddDays(1), Areas: []string{m.plan.code.String()}, Simulated: true,
		Files: []manifestEntry{{Name: name, Format: t.format, Encoding: t.encoding, Rows: t.written, Sums: sums}},
	}.write(strings.TrimSuffix(t.path, "."+t.format) + ".manifest.json")
}

// abandon closes a file that is not whole.
func (t *table) abandon() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
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

// style is how a department writes its files.
type style struct {
	format   string // csv, xlsx, jsonl, parquet
	encoding string // utf-8, gb18030; of csv
	mark     bool   // a byte order mark
	slashes  bool   // 2026/11/1
}

// header is the columns' Chinese names.
func (t *table) header() []string {
	header := make([]string, len(t.feed.Columns))
	for i, c := range t.feed.Columns {
		header[i] = c.Label.Zh
	}
	return header
}

// told is a row as an officer writes it: names of codes, 是 and 否.
func (t *table) told(row []string) []string {
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
		case c.Type == string(pack.Date) && t.slashes:
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
