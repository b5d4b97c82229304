package feed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// medical is a pack with one feed that has a column of every type.
func medical() *pack.Pack {
	least := money.Decimal(0)
	text := func(zh string) pack.Text { return pack.Text{Zh: zh, En: zh} }
	return &pack.Pack{
		Codes: map[string]*pack.CodeList{"kind": {ID: "kind", Codes: []pack.Code{
			{ID: "inpatient", Name: text("住院")}, {ID: "outpatient", Name: text("门诊")},
		}}},
		Feeds: []*pack.Feed{
			{ID: "medical", IDNo: "id_no", Columns: []*pack.Column{
				{Name: "no", Label: text("结算单号"), Type: "text", Key: true},
				{Name: "id_no", Label: text("身份证号"), Type: "id_no", Required: true},
				{Name: "name", Label: text("姓名"), Type: "text"},
				{Name: "settled_on", Label: text("结算日期"), Type: "date", Required: true},
				{Name: "own", Label: text("自付"), Type: "decimal", Min: &least},
				{Name: "days", Label: text("天数"), Type: "int"},
				{Name: "remote", Label: text("异地"), Type: "bool"},
				{Name: "kind", Label: text("类别"), Type: "code", Codes: "kind"},
				{Name: "village", Label: text("村"), Type: "area"},
			}},
			{ID: "medical-extra", IDNo: "id_no", Columns: []*pack.Column{
				{Name: "id_no", Label: text("身份证号"), Type: "id_no"},
				{Name: "amount", Label: text("金额"), Type: "decimal"},
			}},
		},
	}
}

// person makes an invented identity number.
func person(n int) string {
	id, ok := idno.Make("371499", calendar.Must(1960, 1, 1), n)
	if !ok {
		panic("no such number")
	}
	return id.Plain()
}

var names = []string{"no", "id_no", "name", "settled_on", "own", "days", "remote", "kind", "village"}

// rows are good rows in the columns' order, as text.
func rows() [][]string {
	return [][]string{
		{"A1", person(1), "张三", "2026-10-01", "1166.67", "3", "true", "inpatient", "371424100281"},
		{"A2", person(2), "李,四\n的\"弟弟\"", "2026-10-02", "0.1", "", "false", "outpatient", ""},
		{"A3", person(3), "", "2026-02-28", "1234567.891234", "-1", "", "", "371424"},
	}
}

func csvOf(header []string, rows [][]string) []byte {
	var b bytes.Buffer
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			if strings.ContainsAny(cell, ",\"\n") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			b.WriteString(cell)
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func gb(t *testing.T, utf8 []byte) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes(utf8)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func xlsxOf(t testing.TB, header []string, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for r, row := range append([][]string{header}, rows...) {
		for c, cell := range row {
			at, err := excelize.CoordinatesToCellName(c+1, r+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStr("Sheet1", at, cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jsonOf(t testing.TB, header []string, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, row := range rows {
		o := map[string]any{}
		for i, cell := range row {
			switch {
			case cell == "":
				o[header[i]] = nil
			case header[i] == "own" || header[i] == "days":
				o[header[i]] = json.Number(cell)
			case cell == "true" || cell == "false":
				o[header[i]] = cell == "true"
			default:
				o[header[i]] = cell
			}
		}
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// settlement is a row as a program that knows types writes it to Parquet.
type settlement struct {
	No        string  `parquet:"no"`
	ID        string  `parquet:"id_no"`
	Name      *string `parquet:"name,optional"`
	SettledOn int32   `parquet:"settled_on,date"`
	Own       *int64  `parquet:"own,decimal(6:18),optional"`
	Days      *int32  `parquet:"days,optional"`
	Remote    *bool   `parquet:"remote,optional"`
	Kind      *string `parquet:"kind,optional"`
	Village   *string `parquet:"village,optional"`
}

func parquetOf(t testing.TB, rows [][]string) []byte {
	t.Helper()
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	var all []settlement
	for _, row := range rows {
		d, err := calendar.Parse(row[3])
		if err != nil {
			t.Fatal(err)
		}
		s := settlement{No: row[0], ID: row[1], Name: text(row[2]), SettledOn: int32(d), Kind: text(row[7]), Village: text(row[8])}
		own := int64(money.Must(row[4]))
		s.Own = &own
		if row[5] != "" {
			n := int32(money.Must(row[5]) / money.Scale)
			s.Days = &n
		}
		if row[6] != "" {
			remote := row[6] == "true"
			s.Remote = &remote
		}
		all = append(all, s)
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, p *pack.Pack, files fstest.MapFS) *feed.Set {
	t.Helper()
	set, err := feed.Read(t.Context(), p, files, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Fatal(err)
	}
	return set
}

func folder(name string, content []byte) fstest.MapFS {
	return fstest.MapFS{name: {Data: content}}
}

// cells are the used rows of a table.
func cells(t *feed.Table) [][]string {
	var all [][]string
	for row := range t.Len() {
		if t.Used(row) {
			all = append(all, t.Cells(row))
		}
	}
	return all
}

func TestAllFormatsGiveTheSameRows(t *testing.T) {
	zh := []string{"结算单号", "身份证号", "姓名", "结算日期", "自付", "天数", "异地", "类别", "村"}
	plain := csvOf(names, rows())
	for _, test := range []struct {
		name, file string
		content    []byte
	}{
		{"UTF-8", "medical.csv", plain},
		{"UTF-8 with a byte order mark", "medical.csv", append([]byte("\xef\xbb\xbf"), plain...)},
		{"GB18030", "medical.csv", gb(t, plain)},
		{"Chinese header", "medical.csv", csvOf(zh, rows())},
		{"Chinese header in GB18030", "medical.csv", gb(t, csvOf(zh, rows()))},
		{"lines end in \\n alone and the last in nothing", "medical.csv", bytes.TrimSuffix(bytes.ReplaceAll(plain, []byte("\r\n"), []byte("\n")), []byte("\n"))},
		{"XLSX", "medical.xlsx", xlsxOf(t, names, rows())},
		{"XLSX with Chinese header", "medical.xlsx", xlsxOf(t, zh, rows())},
		{"JSON lines", "medical.jsonl", jsonOf(t, names, rows())},
		{"JSON lines with Chinese keys", "medical.jsonl", jsonOf(t, zh, rows())},
		{"Parquet", "medical.parquet", parquetOf(t, rows())},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := read(t, medical(), folder(test.file, test.content))
			if len(set.Faults) > 0 || len(set.Rejects) > 0 {
				t.Fatal(set.Faults, set.Rejects)
			}
			if diff := cmp.Diff(rows(), cells(set.Table("medical"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWorkbookCells(t *testing.T) {
	f := excelize.NewFile()
	set := func(cell string, v any) {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range names {
		at, _ := excelize.CoordinatesToCellName(i+1, 1)
		set(at, name)
	}
	set("A2", "A1")
	set("B2", person(1))
	set("D2", 46296) // 2026-10-01 as a workbook counts days
	set("E2", 1166.67)
	set("F2", 3.0)
	set("G2", true)
	if err := f.SetCellFormula("Sheet1", "C2", `HYPERLINK("http://example.com")`); err != nil {
		t.Fatal(err)
	}
	set("A4", "A2") // row 3 is empty
	set("B4", person(2))
	set("D4", 46296.75)
	set("E4", 0.1+0.2) // stored as 0.30000000000000004
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	got := read(t, medical(), folder("medical.xlsx", b.Bytes()))
	want := [][]string{
		{"A1", person(1), "", "2026-10-01", "1166.67", "3", "true", "", ""},
		{"A2", person(2), "", "2026-10-01", "0.3", "", "", "", ""},
	}
	if diff := cmp.Diff(want, cells(got.Table("medical"))); diff != "" {
		t.Error(diff, got.Rejects)
	}
	if got.Files[0].Formulas != 1 {
		t.Errorf("%d formulas counted", got.Files[0].Formulas)
	}
}

func TestParquetTypes(t *testing.T) {
	type row struct {
		No   string    `parquet:"no"`
		ID   string    `parquet:"id_no"`
		Day  time.Time `parquet:"settled_on,timestamp"`
		Own  [16]byte  `parquet:"own,decimal(8:38)"`
		Days int64     `parquet:"days"`
	}
	wide := func(n int64) (b [16]byte) {
		v := big.NewInt(n)
		if n < 0 {
			v.Add(v, new(big.Int).Lsh(big.NewInt(1), 128))
		}
		v.FillBytes(b[:])
		return b
	}
	midnight := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	if err := parquet.Write(&b, []row{
		{"A1", person(1), midnight, wide(116667000000), 3},
		{"A2", person(2), midnight.Add(time.Hour), wide(0), 0},
		{"A3", person(3), midnight, wide(-100000000), 0},
		{"A4", person(4), midnight, wide(1), 0},
	}); err != nil {
		t.Fatal(err)
	}
	set := read(t, medical(), folder("medical.parquet", b.Bytes()))
	want := [][]string{{"A1", person(1), "", "2026-10-01", "1166.67", "3", "", "", ""}}
	if diff := cmp.Diff(want, cells(set.Table("medical"))); diff != "" {
		t.Error(diff, set.Faults)
	}
	for i, want := range []string{`"2026-10-01 01:00:00" is not a date`, `"-1" is below the least value`, "0.00000001"} {
		if i >= len(set.Rejects) || !strings.Contains(set.Rejects[i].String(), want) {
			t.Errorf("want %q among %v", want, set.Rejects)
		}
	}
}

func TestIdentityNumberStoredAsNumber(t *testing.T) {
	f := excelize.NewFile()
	for i, v := range []any{"A1", 371499196001010016.0, "", "2026-10-01"} {
		header, _ := excelize.CoordinatesToCellName(i+1, 1)
		at, _ := excelize.CoordinatesToCellName(i+1, 2)
		if err := f.SetCellValue("Sheet1", header, names[i]); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellValue("Sheet1", at, v); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	set := read(t, medical(), folder("medical.xlsx", b.Bytes()))
	if len(set.Rejects) != 1 || !strings.Contains(set.Rejects[0].String(), "identity number") {
		t.Error(set.Rejects)
	}
}

func TestBadRowsAreSetAsideAndGoodOnesGoIn(t *testing.T) {
	good := strings.Join(rows()[0], ",")
	wrongDigit := person(4)[:17] + "0"
	if wrongDigit == person(4) {
		wrongDigit = person(4)[:17] + "1"
	}
	for _, test := range []struct {
		name, row string
		want      []string // of each reason: field and a piece of the message
	}{
		{"wrong check digit", "B," + wrongDigit + ",,2026-10-01,1,,,,", []string{"id_no: the identity number 371499********"}},
		{"several reasons at once", "B,,,2026-13-01,1,,,,", []string{"id_no: it must not be empty", "settled_on: there is no day"}},
		{"thousands commas", `B,` + person(4) + `,,2026-10-01,"1,166.67",,,,`, []string{"own: "}},
		{"below the least", "B," + person(4) + ",,2026-10-01,-1,,,,", []string{`own: "-1" is below the least value, 0`}},
		{"not a code", "B," + person(4) + ",,2026-10-01,1,,,inpatent,", []string{`kind: "inpatent" is not in the code list "kind"; the nearest is "inpatient"`}},
		{"not a bool", "B," + person(4) + ",,2026-10-01,1,,perhaps,,", []string{`remote: "perhaps" is none of`}},
		{"not whole", "B," + person(4) + ",,2026-10-01,1,1.5,,,", []string{`days: "1.5" is not a whole number`}},
		{"not an area", "B," + person(4) + ",,2026-10-01,1,,,,12", []string{`village: "12" is not an area code`}},
		{"without a key", "," + person(4) + ",,2026-10-01,1,,,,", []string{"no: it must not be empty"}},
		{"too few cells", "B," + person(4), []string{": the row has 2 columns, the header 9"}},
		{"too many cells", "B," + person(4) + ",,2026-10-01,1,,,,,", []string{": the row has 10 columns"}},
		{"text after a quote", `B,` + person(4) + `,"a"b,2026-10-01,1,,,,`, []string{": in column 3 text follows"}},
		{"a NUL byte", "B," + person(4) + ",a\x00b,2026-10-01,1,,,,", []string{"name: it holds a NUL"}},
		{"GB18030 in the midst of UTF-8", "B," + person(4) + "," + string(gb(t, []byte("王五"))) + ",2026-10-01,1,,,,",
			[]string{`name: this is not UTF-8 but reads as GB18030, "王五"`}},
		{"damaged before", "B," + person(4) + ",王\ufffd,2026-10-01,1,,,,", []string{"name: the text was damaged"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := fstest.MapFS{
				"medical.csv": {Data: []byte(strings.Join(names, ",") + "\n" + good + "\n" + test.row + "\n" + strings.Join(rows()[2], ",") + "\n")},
			}
			set := read(t, medical(), declared(files, "medical", "medical.csv", 3, nil))
			if diff := cmp.Diff([][]string{rows()[0], rows()[2]}, cells(set.Table("medical"))); diff != "" {
				t.Error(diff)
			}
			if len(set.Rejects) != 1 || len(set.Rejects[0].Faults) != len(test.want) {
				t.Fatalf("rejects %v", set.Rejects)
			}
			r := set.Rejects[0]
			if r.Row != 2 || r.File.Name != "medical.csv" {
				t.Errorf("at %s row %d", r.File.Name, r.Row)
			}
			for i, want := range test.want {
				field, message, _ := strings.Cut(want, ": ")
				if f := r.Faults[i]; f.At.Field != field || !strings.Contains(f.Message(fault.En), message) || f.At.Row != 2 {
					t.Errorf("got %q at %v, want %q", f.Message(fault.En), f.At, want)
				}
			}
			if c := set.Counts(); c.Rows != 3 || c.Used != 2 || c.Rejected != 1 || !c.Balanced() {
				t.Errorf("%+v", c)
			}
		})
	}
}

// declared adds a manifest for a file.
func declared(files fstest.MapFS, id, name string, rows int, sums map[string]string) fstest.MapFS {
	return delivered(files, "m.manifest.json", "2026-11-05", "2025-01-01", id, name, rows, sums)
}

func delivered(files fstest.MapFS, manifest, on, from, id, name string, rows int, sums map[string]string) fstest.MapFS {
	content, err := json.Marshal(map[string]any{
		"feed": id, "delivered": on, "from": from, "to": "2026-11-01", "areas": []string{"371424"},
		"files": []any{map[string]any{"name": name, "rows": rows, "sums": sums}},
	})
	if err != nil {
		panic(err)
	}
	files[manifest] = &fstest.MapFile{Data: content}
	return files
}

func TestRejectKeepsTheRow(t *testing.T) {
	row := []string{"B", person(4), "王五", "soon", "1", "", "", "", ""}
	set := read(t, medical(), folder("medical.csv", csvOf([]string{"结算单号", "id_no", "name", "settled_on", "own", "days", "remote", "kind", "village"}, [][]string{row})))
	r := set.Rejects[0]
	if diff := cmp.Diff(row, r.Cells()); diff != "" {
		t.Error(diff)
	}
	if no, ok := r.Cell("no"); !ok || no != "B" {
		t.Errorf("cell %q: a Chinese header names the column too", no)
	}
	if len(r.Persons) != 1 || r.Persons[0].Plain() != person(4) || r.Unplaced {
		t.Error("the person of the row could be read")
	}
	if s := fmt.Sprintf("%v %+v %s", r, r, r.Message(fault.Zh)); strings.Contains(s, person(4)) || strings.Contains(s, "王五") {
		t.Errorf("a reject prints its row: %s", s)
	}
}

func TestFormulasAreText(t *testing.T) {
	evil := `=HYPERLINK("http://example.com")`
	row := rows()[0]
	row[2] = evil
	set := read(t, medical(), folder("medical.csv", csvOf(names, [][]string{row})))
	if got := cells(set.Table("medical"))[0][2]; got != evil || set.Files[0].Formulas != 1 {
		t.Errorf("%q, %d counted", got, set.Files[0].Formulas)
	}
}

func TestFilesRefusedWhole(t *testing.T) {
	plain := csvOf(names, rows())
	book := xlsxOf(t, names, rows())
	columns := parquetOf(t, rows())
	for _, test := range []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"empty", "medical.csv", nil, "the file is empty"},
		{"UTF-16", "medical.csv", []byte("\xff\xfen\x00o\x00"), "the file is UTF-16"},
		{"a column that is not there", "medical.csv", csvOf(append([]string{"nope"}, names[1:]...), nil), `the feed "medical" has no column "nope"`},
		{"a column twice, under both names", "medical.csv", csvOf(append([]string{"自付"}, names...), nil), `the column "own" is there twice`},
		{"needed columns missing", "medical.csv", csvOf([]string{"name", "own"}, nil), "these columns are needed and missing: no, id_no, settled_on"},
		{"a header in the wrong encoding", "medical.csv", append([]byte("\xef\xbb\xbf"), gb(t, []byte("结算单号,身份证号\n"))...), `this is not UTF-8 but reads as GB18030`},
		{"a workbook cut off", "medical.xlsx", book[:len(book)/2], "the XLSX file is damaged or cut off"},
		{"a workbook that is none", "medical.xlsx", plain, "the XLSX file is damaged or cut off"},
		{"a Parquet file cut off", "medical.parquet", columns[:len(columns)-20], "the Parquet file is damaged or cut off"},
		{"a Parquet file that is none", "medical.parquet", plain, "the Parquet file is damaged or cut off"},
		{"a name of no feed", "medicine.csv", plain, `its name begins with no feed's id; the nearest is "medical"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := read(t, medical(), folder(test.file, test.content))
			if len(set.Files) != 1 || set.Files[0].Refused == nil || set.Table("medical").Len() > 0 {
				t.Fatalf("files %+v", set.Files)
			}
			message := set.Files[0].Refused.Message(fault.En)
			if !strings.Contains(message, test.want) || !strings.HasPrefix(message, test.file) {
				t.Errorf("got %q", message)
			}
		})
	}
}

func TestFolderWithoutFiles(t *testing.T) {
	_, err := feed.Open(t.Context(), medical(), t.TempDir(), feed.Options{})
	if fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	_, err = feed.Open(t.Context(), medical(), t.TempDir()+"/nowhere", feed.Options{})
	if fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestOptionalColumnMissing(t *testing.T) {
	set := read(t, medical(), folder("medical.csv", csvOf([]string{"no", "id_no", "settled_on"}, [][]string{{"A", person(1), "2026-10-01"}})))
	if len(set.Faults) > 0 || set.Files[0].Used != 1 {
		t.Fatal(set.Faults, set.Rejects)
	}
	if diff := cmp.Diff([]string{"name", "own", "days", "remote", "kind", "village"}, set.Files[0].Missing); diff != "" {
		t.Error(diff)
	}
}
