package synth

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// reading is the files of one feed in a county's folder, read again as they were written, a row at a time.
type reading struct {
	pack *pack.Pack
	feed *pack.Feed
	dir  string
	seen map[string]int // files by how they are written
}

// rows calls f with the wanted columns of every row: codes by their ids, days as ISO dates. It fails if there are not as many rows
// as the manifest says. The cells are valid during the call.
func (r reading) rows(want []string, f func(cells []string) error) error {
	manifests, err := filepath.Glob(filepath.Join(r.dir, r.feed.ID, "*.manifest.json"))
	if err != nil || len(manifests) == 0 {
		return errors.Join(err, fmt.Errorf("there is no manifest of %s in %s", r.feed.ID, r.dir))
	}
	columns := make([]*pack.Column, len(want))
	for i, name := range want {
		for _, c := range r.feed.Columns {
			if c.Name == name {
				columns[i] = c
			}
		}
		if columns[i] == nil {
			return fmt.Errorf("the feed %s of the pack has no column %s", r.feed.ID, name)
		}
	}
	for _, path := range manifests {
		if err := r.delivery(path, columns, f); err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
	}
	return nil
}

func (r reading) delivery(path string, columns []*pack.Column, f func([]string) error) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m manifest
	if err := json.Unmarshal(content, &m); err != nil {
		return err
	}
	if !m.Simulated {
		return errors.New("the manifest does not say that the data are simulated")
	}
	for _, entry := range m.Files {
		rows := 0
		r.seen[strings.TrimSpace(entry.Format+" "+entry.Encoding)]++
		count := func(cells []string) error {
			rows++
			return f(cells)
		}
		if err := r.file(filepath.Join(filepath.Dir(path), entry.Name), entry, columns, count); err != nil {
			return err
		}
		if rows != entry.Rows {
			return fmt.Errorf("%s has %d rows, its manifest says %d", entry.Name, rows, entry.Rows)
		}
	}
	return nil
}

func (r reading) file(path string, entry manifestEntry, columns []*pack.Column, f func([]string) error) error {
	switch entry.Format {
	case "xlsx":
		return r.xlsx(path, columns, f)
	case "parquet":
		return r.parquet(path, columns, f)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if entry.Format == "jsonl" {
		return r.json(file, columns, f)
	}
	return r.csv(file, entry.Encoding, columns, f)
}

// headed finds the wanted columns in a header, and tells rows under it by their ids.
func (r reading) headed(header []string, columns []*pack.Column, f func([]string) error) (func(cells []string) error, error) {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = -1
		for j, name := range header {
			if name == c.Label.Zh {
				at[i] = j
			}
		}
		if at[i] < 0 {
			return nil, fmt.Errorf("there is no column %s", c.Label.Zh)
		}
	}
	ids := make([]map[string]string, len(columns))
	for i, c := range columns {
		ids[i] = r.words(c)
	}
	told := make([]string, len(columns))
	return func(cells []string) error {
		for i := range columns {
			told[i] = ""
			if at[i] < len(cells) {
				told[i] = cells[at[i]]
			}
			if id, ok := ids[i][told[i]]; ok {
				told[i] = id
			}
		}
		return f(told)
	}, nil
}

// words are the ids of what officers write in a column.
func (r reading) words(c *pack.Column) map[string]string {
	switch c.Type {
	case string(pack.Bool):
		return map[string]string{"是": "true", "否": "false"}
	case string(pack.CodeOf):
		ids := map[string]string{}
		for _, code := range r.pack.Codes[c.Codes].Codes {
			ids[code.Name.Zh] = code.ID
		}
		return ids
	}
	return nil
}

func (r reading) csv(file io.Reader, encoding string, columns []*pack.Column, f func([]string) error) error {
	buffered := bufio.NewReaderSize(file, 256<<10)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = buffered.Discard(3)
	}
	in := io.Reader(buffered)
	if encoding == "gb18030" {
		in = simplifiedchinese.GB18030.NewDecoder().Reader(in)
	}
	lines := csv.NewReader(in)
	lines.ReuseRecord = true
	header, err := lines.Read()
	if err != nil {
		return err
	}
	row, err := r.headed(header, columns, f)
	if err != nil {
		return err
	}
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := row(cells); err != nil {
			return err
		}
	}
}

func (r reading) xlsx(path string, columns []*pack.Column, f func([]string) error) error {
	book, err := excelize.OpenFile(path)
	if err != nil {
		return err
	}
	defer book.Close()
	lines, err := book.Rows("Sheet1")
	if err != nil {
		return err
	}
	defer lines.Close()
	var row func([]string) error
	for lines.Next() {
		cells, err := lines.Columns()
		if err != nil {
			return err
		}
		if row == nil {
			if row, err = r.headed(cells, columns, f); err != nil {
				return err
			}
			continue
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	return lines.Error()
}

func (r reading) json(file io.Reader, columns []*pack.Column, f func([]string) error) error {
	decoder := json.NewDecoder(bufio.NewReaderSize(file, 256<<10))
	decoder.UseNumber()
	cells := make([]string, len(columns))
	for {
		var object map[string]any
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for i, c := range columns {
			cells[i] = ""
			if v, ok := object[c.Name]; ok {
				cells[i] = fmt.Sprint(v)
			}
		}
		if err := f(cells); err != nil {
			return err
		}
	}
}

func (r reading) parquet(path string, columns []*pack.Column, f func([]string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	opened, err := parquet.OpenFile(file, info.Size())
	if err != nil {
		return err
	}
	at := make([]int, len(columns))
	for i, c := range columns {
		leaf, ok := opened.Schema().Lookup(c.Name)
		if !ok {
			return fmt.Errorf("there is no column %s", c.Name)
		}
		at[i] = leaf.ColumnIndex
	}
	for _, group := range opened.RowGroups() {
		if err := parquetGroup(group, columns, at, f); err != nil {
			return err
		}
	}
	return nil
}

func parquetGroup(group parquet.RowGroup, columns []*pack.Column, at []int, f func([]string) error) error {
	rows := group.Rows()
	defer rows.Close()
	batch, cells := make([]parquet.Row, 512), make([]string, len(columns))
	for {
		n, err := rows.ReadRows(batch)
		for _, row := range batch[:n] {
			for i, c := range columns {
				cells[i] = parquetCell(c, row[at[i]])
			}
			if err := f(cells); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func parquetCell(c *pack.Column, v parquet.Value) string {
	switch {
	case v.IsNull():
		return ""
	case c.Type == string(pack.Date):
		return calendar.Date(v.Int32()).String()
	case c.Type == string(pack.Decimal):
		return money.Decimal(v.Int64() * (money.Scale / 100)).String()
	case c.Type == string(pack.Int):
		return strconv.FormatInt(v.Int64(), 10)
	case c.Type == string(pack.Bool):
		return strconv.FormatBool(v.Boolean())
	}
	return string(v.ByteArray())
}
