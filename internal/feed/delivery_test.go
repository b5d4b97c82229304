package feed_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

func TestManifest(t *testing.T) {
	const good = `{"feed":"medical","delivered":"2026-11-05","from":"2025-01-01","to":"2026-11-01","areas":["371424"],
		"files":[{"name":"medical.csv","format":"csv","encoding":"utf-8","rows":3,"sums":{"own":"1235734.661234","days":"2"}}]}`
	for _, test := range []struct {
		name, from, to string // replaced in the good manifest
		field, want    string // "" for a manifest without faults
	}{
		{"good", "", "", "", ""},
		{"a key that it does not have", `"delivered"`, `"deliverd"`, "deliverd", `a manifest has no "deliverd"; the nearest is "delivered"`},
		{"a key of a file", `"encoding"`, `"encodng"`, "files[0].encodng", `the nearest is "encoding"`},
		{"no JSON", `{"feed"`, `{feed`, "", "the manifest is not valid JSON"},
		{"something after it", `}]}`, `}]} {}`, "", "the manifest is not valid JSON"},
		{"unknown feed", `"medical",`, `"medcal",`, "feed", `the pack has no feed "medcal"; the nearest is "medical"`},
		{"no such day", "2026-11-05", "2026-02-30", "delivered", "there is no day"},
		{"a period that runs backwards", `"from":"2025-01-01"`, `"from":"2026-11-01"`, "from", "it must begin before it ends"},
		{"no areas", `["371424"]`, `[]`, "areas", "names no areas"},
		{"not an area", `["371424"]`, `["Linyi"]`, "areas[0]", `"Linyi" is not an area code`},
		{"up and away", `"medical.csv"`, `"../medical.csv"`, "files[0].name", "leads elsewhere"},
		{"an absolute path", `"medical.csv"`, `"/etc/passwd"`, "files[0].name", "leads elsewhere"},
		{"a path of Windows", `"medical.csv"`, `"..\\medical.csv"`, "files[0].name", "leads elsewhere"},
		{"a deeper folder", `"medical.csv"`, `"a/medical.csv"`, "files[0].name", "leads elsewhere"},
		{"a format", `"format":"csv"`, `"format":"dbf"`, "files[0].format", `the format "dbf" is none of`},
		{"an encoding", `"utf-8"`, `"big5"`, "files[0].encoding", `the encoding "big5" is neither`},
		{"rows that are a text", `"rows":3`, `"rows":"3"`, "files[0].rows", "this should be a number of rows"},
		{"rows missing", `"rows":3,`, ``, "files[0]", `the manifest has no "rows"`},
		{"a sum of a text column", `"days":"2"`, `"name":"2"`, "files[0].sums.name", `the column "name" holds no numbers`},
		{"a sum of no column", `"days":"2"`, `"dys":"2"`, "files[0].sums.dys", `has no column "dys"; the nearest is "days"`},
		{"a sum that is a float", `"days":"2"`, `"days":2`, "files[0].sums", "written as texts"},
		{"a sum that is no number", `"days":"2"`, `"days":"two"`, "files[0].sums.days", "two"},
	} {
		t.Run(test.name, func(t *testing.T) {
			content := good
			if test.from != "" {
				content = strings.Replace(good, test.from, test.to, 1)
			}
			set := read(t, medical(), fstest.MapFS{"medical.manifest.json": {Data: []byte(content)}, "medical.csv": {Data: csvOf(names, rows())}})
			if test.want == "" {
				if len(set.Faults) > 0 || len(set.Deliveries) != 1 || !set.Deliveries[0].Whole || set.Files[0].Used != 3 {
					t.Errorf("faults %v, deliveries %+v", set.Faults, set.Deliveries)
				}
				return
			}
			if set.Table("medical").Len() > 0 || len(set.Deliveries) > 0 {
				t.Error("a file of a faulty manifest was used")
			}
			if !slices.ContainsFunc(set.Faults, func(f *fault.Error) bool {
				return f.At.File == "medical.manifest.json" && f.At.Field == test.field && strings.Contains(f.Message(fault.En), test.want)
			}) {
				t.Errorf("got %v", set.Faults)
			}
		})
	}
}

func TestManifestThatDoesNotBalance(t *testing.T) {
	for _, test := range []struct {
		name string
		rows int
		sums map[string]string
		want string
	}{
		{"a row less", 4, nil, "the manifest says 4 rows and the file has 3"},
		{"a sum too large", 3, map[string]string{"own": "1235734.67"}, "medical.csv field own: the manifest says the sum is 1,235,734.67 and the file's is 1,235,734.661234"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := declared(folder("medical.csv", csvOf(names, rows())), "medical", "medical.csv", test.rows, test.sums)
			set := read(t, medical(), files)
			if set.Table("medical").Len() != 0 || len(set.Rejects) != 0 || set.Deliveries[0].Whole {
				t.Error("a file that does not balance was used")
			}
			if c := set.Counts(); c.Rows != 3 || c.Rejected != 3 {
				t.Errorf("%+v", c)
			}
			if len(set.Faults) != 1 || !strings.Contains(set.Faults[0].Message(fault.En), test.want) {
				t.Errorf("got %v", set.Faults)
			}
		})
	}
}

// A sum cannot be compared where a cell of the column could not be read; the row says why.
func TestSumOverUnreadableCell(t *testing.T) {
	bad := append(rows(), []string{"B", person(4), "", "2026-10-01", "1,000.00", "", "", "", ""})
	files := declared(folder("medical.csv", csvOf(names, bad)), "medical", "medical.csv", 4, map[string]string{"own": "1236734.661234"})
	set := read(t, medical(), files)
	if len(set.Faults) > 0 || set.Files[0].Used != 3 || len(set.Rejects) != 1 {
		t.Errorf("faults %v, rejects %v", set.Faults, set.Rejects)
	}
}

// Sums are over all rows, used or not.
func TestSumOverRejectedRow(t *testing.T) {
	bad := append(rows(), []string{"B", "", "", "2026-10-01", "1000", "", "", "", ""})
	files := declared(folder("medical.csv", csvOf(names, bad)), "medical", "medical.csv", 4, map[string]string{"own": "1236734.661234"})
	set := read(t, medical(), files)
	if len(set.Faults) > 0 || set.Files[0].Used != 3 {
		t.Errorf("faults %v, rejects %v", set.Faults, set.Rejects)
	}
}

func TestFilesAndManifests(t *testing.T) {
	t.Run("a file that is not there", func(t *testing.T) {
		set := read(t, medical(), declared(fstest.MapFS{}, "medical", "medical.csv", 3, nil))
		if len(set.Faults) != 1 || !strings.Contains(set.Faults[0].Error(), "it is not there") || set.Deliveries[0].Whole {
			t.Error(set.Faults)
		}
	})
	t.Run("two manifests for a file", func(t *testing.T) {
		files := declared(folder("medical.csv", csvOf(names, rows())), "medical", "medical.csv", 3, nil)
		files["z.manifest.json"] = files["m.manifest.json"]
		set := read(t, medical(), files)
		if len(set.Faults) != 1 || !strings.Contains(set.Faults[0].Error(), "names this file already") || set.Files[0].Used != 3 {
			t.Error(set.Faults)
		}
	})
	t.Run("the longest id wins", func(t *testing.T) {
		set := read(t, medical(), folder("medical-extra-2026.csv", csvOf([]string{"id_no", "amount"}, [][]string{{person(1), "1"}})))
		if set.Table("medical-extra").Len() != 1 || len(set.Faults) > 0 {
			t.Error(set.Faults)
		}
	})
	t.Run("what is no data is left alone and listed", func(t *testing.T) {
		files := folder("medical.csv", csvOf(names, rows()))
		for _, name := range []string{"README.txt", "~$medical.xlsx", ".git/config", ".medical.csv"} {
			files[name] = &fstest.MapFile{}
		}
		set := read(t, medical(), files)
		if !slices.Equal(set.Ignored, []string{".medical.csv", "README.txt", "~$medical.xlsx"}) || len(set.Faults) > 0 {
			t.Error(set.Ignored, set.Faults)
		}
	})
}

func TestTheSameRowAgain(t *testing.T) {
	a, b, changed := rows()[0], rows()[1], rows()[0]
	changed[4] = "2000"
	reversal := rows()[0]
	reversal[0], reversal[4] = "A1-R", "5"
	for _, test := range []struct {
		name           string
		first, second  [][]string // delivered on 1 and on firstDay+gap
		gap            int
		used           []string // keys
		again, refused int
	}{
		{"within a file", [][]string{a, b, a}, nil, 0, []string{"A1", "A2"}, 1, 0},
		{"the same file twice changes nothing", [][]string{a, b}, [][]string{a, b}, 0, []string{"A1", "A2"}, 2, 0},
		{"the same file sent again later", [][]string{a, b}, [][]string{a, b}, 3, []string{"A1", "A2"}, 2, 0},
		{"a later delivery corrects", [][]string{a, b}, [][]string{changed}, 3, []string{"A1", "A2"}, 1, 0},
		{"a contradiction within a file", [][]string{a, b, changed}, nil, 0, []string{"A2"}, 0, 2},
		{"a contradiction of one day", [][]string{a, b}, [][]string{changed}, 0, []string{"A2"}, 0, 2},
		{"a contradiction of the later day", [][]string{a, b}, [][]string{changed, a}, 3, []string{"A2"}, 0, 3},
		{"another key is another row", [][]string{a, reversal}, nil, 0, []string{"A1", "A1-R"}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := folder("1.csv", csvOf(names, test.first))
			delivered(files, "1.manifest.json", "2026-11-01", "2026-10-01", "medical", "1.csv", len(test.first), nil)
			if test.second != nil {
				files["2.csv"] = &fstest.MapFile{Data: csvOf(names, test.second)}
				on := time.Date(2026, 11, 1+test.gap, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
				delivered(files, "2.manifest.json", on, "2026-10-15", "medical", "2.csv", len(test.second), nil)
			}
			set := read(t, medical(), files)
			var used []string
			for _, row := range cells(set.Table("medical")) {
				used = append(used, row[0])
			}
			slices.Sort(used)
			again := 0
			for _, r := range set.Rejects {
				if r.Again {
					again++
				}
			}
			if !slices.Equal(used, test.used) || again != test.again || len(set.Rejects) != test.again+test.refused {
				t.Errorf("used %v, rejects %v", used, set.Rejects)
			}
		})
	}
}

func TestTheLaterVersionStays(t *testing.T) {
	changed := rows()[0]
	changed[4] = "2000"
	files := folder("1.csv", csvOf(names, rows()[:1]))
	delivered(files, "1.manifest.json", "2026-11-01", "2026-10-01", "medical", "1.csv", 1, nil)
	files["2.csv"] = &fstest.MapFile{Data: csvOf(names, [][]string{changed})}
	delivered(files, "2.manifest.json", "2026-11-02", "2026-10-15", "medical", "2.csv", 1, nil)
	set := read(t, medical(), files)
	if got := cells(set.Table("medical")); len(got) != 1 || got[0][4] != "2000" {
		t.Error(got)
	}
	if !strings.Contains(set.Rejects[0].String(), "a later delivery, 2.csv, has this row anew in row 1") {
		t.Error(set.Rejects)
	}
}

// A delivery that covers all areas and days of an earlier one stands in its place: what the department left out is gone.
func TestReplacedDelivery(t *testing.T) {
	whole := func(rows int) (fstest.MapFS, string) {
		files := folder("1.csv", csvOf(names, [][]string{{"gone", person(1), "", "2026-10-01", "", "", "", "", ""}}))
		delivered(files, "1.manifest.json", "2026-11-01", "2026-01-01", "medical", "1.csv", 1, nil)
		files["2.csv"] = &fstest.MapFile{Data: csvOf(names, [][]string{{"here", person(2), "", "2026-10-01", "", "", "", "", ""}})}
		delivered(files, "2.manifest.json", "2026-11-05", "2025-01-01", "medical", "2.csv", rows, nil)
		set := read(t, medical(), files)
		return files, cells(set.Table("medical"))[0][0]
	}
	if _, got := whole(1); got != "here" {
		t.Errorf("%q is used", got)
	}
	if _, got := whole(7); got != "gone" {
		t.Errorf("%q is used: the later delivery was refused and replaces nothing", got)
	}
}

func TestRowsWithoutKeys(t *testing.T) {
	set := read(t, medical(), folder("medical-extra.csv", csvOf([]string{"id_no", "amount"}, [][]string{
		{person(1), "1"}, {person(1), "2"}, {person(1), "1.00"},
	})))
	if got := cells(set.Table("medical-extra")); len(got) != 2 || len(set.Rejects) != 1 {
		t.Errorf("used %v: without a key rows are the same if they are equal throughout", got)
	}
}

var filler = bytes.Repeat([]byte("x"), 1<<20)

// long is a file system with one file that is made while it is read.
type long struct {
	size int64
	head string
}

type longFile struct {
	long
	read int64
}

func (l long) Open(name string) (fs.File, error) {
	if name == "medical.csv" || name == "medical.jsonl" {
		return &longFile{long: l}, nil
	}
	return fstest.MapFS{"medical.csv": {}}.Open(name)
}

func (f *longFile) Read(b []byte) (int, error) {
	n := copy(b, f.head[min(int64(len(f.head)), f.read):])
	n += copy(b[n:min(int64(len(b)), int64(n)+max(0, f.size-f.read-int64(n)))], filler)
	f.read += int64(n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (f *longFile) Close() error               { return nil }
func (f *longFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

// A line of a gigabyte is read to its end and never held.
func TestGigabyteLine(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() {
		size = 64 << 20
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, head := range []string{strings.Join(names, ",") + "\n" + strings.Join(rows()[0], ",") + "\nA9,", `no,id_no,settled_on` + "\n" + `"`} {
		set, err := feed.Read(t.Context(), medical(), long{size: size, head: head}, feed.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := set.Check(); err != nil {
			t.Fatal(err)
		}
		if len(set.Rejects) != 1 || !strings.Contains(set.Rejects[0].String(), "longer than 1048576 bytes") {
			t.Errorf("rejects %v, faults %v", set.Rejects, set.Faults)
		}
		if held := len(set.Rejects[0].Cells()[0]); held > 4096 {
			t.Errorf("%d bytes of the line are kept", held)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("%d bytes allocated for two long lines", grown)
	}
}

func TestLongLineLosesNoOther(t *testing.T) {
	for _, test := range []struct {
		file    string
		content []byte
	}{
		{"medical.csv", csvOf(names, [][]string{rows()[0], {strings.Repeat("x", 3000), "", "", "", "", "", "", "", ""}, rows()[1]})},
		{"medical.jsonl", jsonOf(t, names, [][]string{rows()[0], {strings.Repeat("x", 3000), "", "", "", "", "", "", "", ""}, rows()[1]})},
	} {
		set, err := feed.Read(t.Context(), medical(), folder(test.file, test.content), feed.Options{Row: 2048})
		if err != nil {
			t.Fatal(err)
		}
		if got := cells(set.Table("medical")); len(got) != 2 || len(set.Rejects) != 1 || set.Rejects[0].Row != 2 {
			t.Errorf("%s: used %v, rejects %v", test.file, got, set.Rejects)
		}
	}
}

func TestZipBomb(t *testing.T) {
	book := xlsxOf(t, names, rows())
	in, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	bomb := func(part string) []byte {
		var b bytes.Buffer
		out := zip.NewWriter(&b)
		for _, f := range in.File {
			if f.Name == part {
				continue
			}
			if err := out.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
		w, err := out.Create(part)
		if err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range 80 {
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, part := range []string{"xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/media/image1.png"} {
		content := bomb(part)
		set, err := feed.Read(t.Context(), medical(), folder("medical.xlsx", content), feed.Options{Unzipped: 72 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Faults) != 1 || !strings.Contains(set.Faults[0].Error(), "unpacks to more than") {
			t.Errorf("%s of 80 MB in %d bytes: %v", part, len(content), set.Faults)
		}
	}
}

func TestWorkbookWithBrokenSheet(t *testing.T) {
	book := xlsxOf(t, names, rows())
	in, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		if f.Name != "xl/worksheets/sheet1.xml" {
			if err := out.Copy(f); err != nil {
				t.Fatal(err)
			}
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(sheet[:len(sheet)*2/3]); err != nil { // the archive is whole, the sheet in it is not
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	set := read(t, medical(), folder("medical.xlsx", b.Bytes()))
	if set.Table("medical").Len() != 0 || len(set.Faults) != 1 {
		t.Errorf("%d rows used, faults %v", set.Table("medical").Len(), set.Faults)
	}
}

func TestSetAside(t *testing.T) {
	set := read(t, medical(), folder("medical.csv", csvOf(names, rows())))
	table := set.Table("medical")
	reason := fault.New(fault.Invalid, fault.Text{Key: "x", En: "nobody of that number"}, nil)
	for range 2 { // twice is once
		set.SetAside(table, map[int]*fault.Error{2: reason, 0: reason}, true)
	}
	if err := set.Check(); err != nil {
		t.Error(err)
	}
	if c := set.Counts(); c.Used != 1 || c.Rejected != 2 || set.Rejects[0].Row != 1 || set.Rejects[1].Row != 3 {
		t.Errorf("%+v %v", c, set.Rejects)
	}
	if got := set.Rejects[0].Cells(); got[1] != person(1) || got[4] != "1166.67" {
		t.Errorf("the row is lost: %v", got)
	}
}

func TestReadingTwiceGivesTheSame(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 5 {
		name := fmt.Sprintf("medical-%d.csv", i)
		files[name] = &fstest.MapFile{Data: csvOf(names, append(rows(), []string{"bad", "", "", "", "", "", "", "", ""}))}
		delivered(files, fmt.Sprintf("%d.manifest.json", i), "2026-11-05", "2026-01-01", "medical", name, 4, nil)
	}
	describe := func() string {
		set := read(t, medical(), maps.Clone(files))
		s := fmt.Sprint(cells(set.Table("medical")), set.Rejects, set.Faults)
		for _, f := range set.Files {
			s += fmt.Sprint(f.Name, f.Rows, f.Used, f.Rejected)
		}
		return s
	}
	first := describe()
	for range 5 {
		if again := describe(); again != first {
			t.Fatalf("%s\nand then\n%s", first, again)
		}
	}
}
