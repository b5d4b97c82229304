package population_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// smallTown is a population with something in every table.
func smallTown(t *testing.T) *population.Columns {
	t.Helper()
	p := newPeople(t)
	for i := range 30 {
		father := fmt.Sprintf("F%d", i)
		p.add(father, "1950-01-01", fmt.Sprintf("H%02d", i), "head")
		p.add(fmt.Sprintf("S%d", i), "1980-01-01", fmt.Sprintf("G%02d", i), "head", "father_id="+father)
		p.add(fmt.Sprintf("C%d", i), "2015-01-01", fmt.Sprintf("G%02d", i), "child", fmt.Sprintf("father_id=S%d", i), "mother_id="+id("1985-05-05", 2*i))
	}
	p.w.deliver("disasters", delivery{}, "no=1 id_no="+p.ids["F7"]+" kind=fire day=2026-10-01 loss=500")
	return p.build().Columns
}

func saved(t *testing.T, c *population.Columns) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "371424")
	if err := c.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sameColumns holds what was loaded to what was saved, lane by lane.
func sameColumns(t *testing.T, want, got *population.Columns) {
	t.Helper()
	if got.On != want.On || got.Simulated != want.Simulated || got.Chunks() != want.Chunks() || got.Households() != want.Households() || got.Persons() != want.Persons() {
		t.Fatalf("of %v %v: %d chunks, %d households, %d persons", got.On, got.Simulated, got.Chunks(), got.Households(), got.Persons())
	}
	x, y := &rules.Batch{}, &rules.Batch{}
	for chunk := range want.Chunks() {
		want.Fill(chunk, x)
		got.Fill(chunk, y)
		for h := range x.Household.N {
			if diff := cmp.Diff(lanesOf(x, h), lanesOf(y, h)); diff != "" {
				t.Fatalf("chunk %d household %d, saved − and loaded +:\n%s", chunk, h, diff)
			}
		}
	}
	names, err := want.Names()
	if err != nil {
		t.Fatal(err)
	}
	again, err := got.Names()
	if err != nil {
		t.Fatal(err)
	}
	for h := range want.Households() {
		numbers := cmp.Comparer(func(x, y idno.Number) bool { return x == y })
		if diff := cmp.Diff(names.Household(h), again.Household(h), numbers); diff != "" {
			t.Fatalf("household %d by name:\n%s", h, diff)
		}
		if diff := cmp.Diff(names.Supporters(h), again.Supporters(h), numbers); diff != "" {
			t.Fatalf("supporters of household %d:\n%s", h, diff)
		}
	}
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	s := sampleCounty(t)
	loaded, err := population.Load(s.policy, saved(t, s.people.Columns))
	if err != nil {
		t.Fatal(err)
	}
	sameColumns(t, s.people.Columns, loaded)
	if len(loaded.Checksum) != 64 {
		t.Errorf("checksum %q", loaded.Checksum)
	}
	town := smallTown(t)
	loaded, err = population.Load(cityPolicy, saved(t, town))
	if err != nil {
		t.Fatal(err)
	}
	sameColumns(t, town, loaded)
}

// What was loaded and is saved again is the same bytes.
func TestSavingIsTheSameBytes(t *testing.T) {
	s := sampleCounty(t)
	first := saved(t, s.people.Columns)
	loaded, err := population.Load(s.policy, first)
	if err != nil {
		t.Fatal(err)
	}
	second := saved(t, loaded)
	for _, name := range filesOf(t, first) {
		if !bytes.Equal(content(t, filepath.Join(first, name)), content(t, filepath.Join(second, name))) {
			t.Errorf("%s differs", name)
		}
	}
}

func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Other programs read the tables as what they are: dates, decimals, codes by their ids, and who belongs to whom.
func TestTablesForOthers(t *testing.T) {
	dir := saved(t, smallTown(t))
	persons := content(t, filepath.Join(dir, "persons.parquet"))
	file, err := parquet.OpenFile(bytes.NewReader(persons), int64(len(persons)))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, c := range file.Root().Columns() {
		types[c.Name()] = c.Type().String()
	}
	for name, want := range map[string]string{"household": "INT(32,true)", "counts": "BOOLEAN", "fact_birth": "DATE"} {
		if types[name] != want {
			t.Errorf("%s is %q, want %q", name, types[name], want)
		}
	}
	on, _ := file.Lookup("dajiuzhu.on")
	simulated, _ := file.Lookup("dajiuzhu.simulated")
	if on != "2026-11-01" || simulated != "false" {
		t.Errorf("on %q, simulated %q", on, simulated)
	}
	disasters := content(t, filepath.Join(dir, "household-events.parquet"))
	rows, err := parquet.Read[struct {
		Household int32   `parquet:"household"`
		Kind      *string `parquet:"kind"`
		From      *int32  `parquet:"from"`
	}](bytes.NewReader(disasters), int64(len(disasters)))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Kind == nil || *rows[0].Kind != "fire" || rows[0].From == nil || *rows[0].From != int32(day("2026-10-01")) {
		t.Errorf("events: %+v", rows)
	}
}

// wantFault loads and wants a fault that names a file in both languages, and no columns.
func wantFault(t *testing.T, policy *rules.Policy, dir, key, names string) {
	t.Helper()
	c, err := population.Load(policy, dir)
	if c != nil {
		t.Errorf("columns of a folder that is refused")
	}
	checkFault(t, err, key, names)
}

func checkFault(t *testing.T, err error, key, names string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("%v is no fault", err)
	}
	if f.Text.Key != key || !strings.Contains(f.Message(fault.Zh), names) || !strings.Contains(f.Message(fault.En), names) {
		t.Errorf("%s: %s; want %s naming %s", f.Text.Key, f.Message(fault.Zh), key, names)
	}
}

const damagedKey = "population.saved-damaged"

func TestDamagedFiles(t *testing.T) {
	dir := saved(t, smallTown(t))
	for _, name := range filesOf(t, dir) {
		path := filepath.Join(dir, name)
		whole := content(t, path)
		names := strings.Contains(name, "-names")
		refused := func(what string, damaged []byte) {
			t.Helper()
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if !names {
				wantFault(t, cityPolicy, dir, damagedKey, name)
				return
			}
			c, err := population.Load(cityPolicy, dir)
			if err != nil {
				t.Fatalf("%s of %s: facts need no names: %v", what, name, err)
			}
			_, err = c.Names()
			checkFault(t, err, damagedKey, name)
		}
		for at := 0; at < len(whole); at += max(1, len(whole)/40) {
			flipped := slices.Clone(whole)
			flipped[at] ^= 0x10
			refused(fmt.Sprint("byte ", at), flipped)
			refused(fmt.Sprint("cut at ", at), whole[:at])
		}
		refused("one byte more", append(slices.Clone(whole), 0))
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := population.Load(cityPolicy, dir); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestMissingFiles(t *testing.T) {
	dir := saved(t, smallTown(t))
	wantFault(t, cityPolicy, filepath.Join(dir, "nowhere"), "population.not-saved", "nowhere")
	for _, name := range filesOf(t, dir) {
		path := filepath.Join(dir, name)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		switch {
		case name == "columns.json":
			wantFault(t, cityPolicy, dir, "population.not-saved", dir)
		case strings.Contains(name, "-names"):
			c, err := population.Load(cityPolicy, dir)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Names()
			checkFault(t, err, "population.saved-file-missing", name)
		default:
			wantFault(t, cityPolicy, dir, "population.saved-file-missing", name)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
}

// list is columns.json as documented, for tests that write it anew.
type list struct {
	Format    int        `json:"format"`
	Pack      string     `json:"pack"`
	Hash      string     `json:"hash"`
	Layout    string     `json:"layout"`
	On        string     `json:"on"`
	Simulated bool       `json:"simulated"`
	Files     []listFile `json:"files"`
	Checksum  string     `json:"checksum"`
}

type listFile struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// relist changes columns.json and makes its checksum right again.
func relist(t testing.TB, dir string, change func(*list)) {
	path := filepath.Join(dir, "columns.json")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var l list
	if err := json.Unmarshal(content, &l); err != nil {
		t.Fatal(err)
	}
	change(&l)
	write := func() []byte {
		content, err := json.MarshalIndent(l, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return append(content, '\n')
	}
	l.Checksum = ""
	l.Checksum = sum(write())
	if err := os.WriteFile(path, write(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFilesOfAnother(t *testing.T) {
	dir := saved(t, smallTown(t))
	p := cityPack()
	p.Facts = slices.Delete(p.Facts, 1, 2)
	for _, f := range p.Feeds {
		f.Facts, f.Covers = nil, pack.Expr{}
	}
	p.Household = nil
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	wantFault(t, policy, dir, "population.saved-other-pack", "columns.json")
	relist(t, dir, func(l *list) { l.Format = 2 })
	wantFault(t, cityPolicy, dir, "population.saved-other-format", "columns.json")
	relist(t, dir, func(l *list) { l.Format, l.On = 1, "2026-13-01" })
	wantFault(t, cityPolicy, dir, damagedKey, "columns.json")
	relist(t, dir, func(l *list) { l.On, l.Files = "2026-11-01", l.Files[1:] })
	wantFault(t, cityPolicy, dir, damagedKey, "columns.json")
}

// Tables that are each whole and do not belong together are found out.
func TestTablesThatDisagree(t *testing.T) {
	dir, other := saved(t, smallTown(t)), saved(t, newPeople(t).add("Ann", "1960-01-01", "1", "head").build().Columns)
	for _, name := range filesOf(t, dir) {
		if !strings.HasSuffix(name, ".parquet") {
			continue
		}
		whole, before := content(t, filepath.Join(dir, name)), content(t, filepath.Join(dir, "columns.json"))
		stranger := content(t, filepath.Join(other, name))
		if bytes.Equal(whole, stranger) {
			continue // neither has rows
		}
		replace(t, dir, name, stranger)
		c, err := population.Load(cityPolicy, dir)
		if err == nil {
			_, err = c.Names()
		}
		checkFault(t, err, damagedKey, ".parquet")
		for path, content := range map[string][]byte{name: whole, "columns.json": before} {
			if err := os.WriteFile(filepath.Join(dir, path), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// replace puts other bytes in the place of a table and lists them.
func replace(t testing.TB, dir, name string, content []byte) {
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	relist(t, dir, func(l *list) {
		for i := range l.Files {
			if l.Files[i].Name == name {
				l.Files[i].Bytes, l.Files[i].SHA256 = int64(len(content)), sum(content)
			}
		}
	})
}

// full is a disk with room for so many bytes.
type full struct {
	io.WriteCloser
	room *int
}

var errFull = errors.New("no space left on device")

func (f full) Write(p []byte) (int, error) {
	if *f.room -= len(p); *f.room < 0 {
		return 0, errFull
	}
	return f.WriteCloser.Write(p)
}

// A disk that fills up at any moment leaves the former folder as it was, and nothing beside it.
func TestFullDisk(t *testing.T) {
	former := newPeople(t).add("Ann", "1960-01-01", "1", "head").build().Columns
	dir := saved(t, former)
	want := content(t, filepath.Join(dir, "columns.json"))
	town := smallTown(t)
	size, elsewhere := 0, saved(t, town)
	for _, name := range filesOf(t, elsewhere) {
		size += len(content(t, filepath.Join(elsewhere, name)))
	}
	for _, room := range []int{0, 100, size / 4, size / 2, size - 1000, size - 1} {
		left := room
		err := town.SaveThrough(dir, func(path string) (io.WriteCloser, error) {
			f, err := os.Create(path)
			return full{f, &left}, err
		})
		if !errors.Is(err, errFull) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if entries := filesOf(t, filepath.Dir(dir)); !slices.Equal(entries, []string{"371424"}) {
			t.Errorf("left behind: %v", entries)
		}
		if got := content(t, filepath.Join(dir, "columns.json")); !bytes.Equal(got, want) {
			t.Error("the former folder has changed")
		}
	}
	if err := town.Save(dir); err != nil {
		t.Fatal(err)
	}
	loaded, err := population.Load(cityPolicy, dir)
	if err != nil {
		t.Fatal(err)
	}
	sameColumns(t, town, loaded)
}

// A folder of something else is left alone, whatever it holds beside columns.
func TestFoldersOfOthers(t *testing.T) {
	town := smallTown(t)
	dir := saved(t, town)
	if err := os.WriteFile(filepath.Join(dir, "rejects.csv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := town.Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notes.txt", "persons.parquet.bak"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		checkFault(t, town.Save(dir), "population.not-our-folder", name)
		if string(content(t, path)) != "mine" {
			t.Errorf("%s has changed", name)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "rejects.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	checkFault(t, town.Save(dir), "population.not-our-folder", "rejects.csv")
}

// Only the owner may read what is saved.
func TestSavedForTheOwnerAlone(t *testing.T) {
	dir := saved(t, smallTown(t))
	for _, path := range append([]string{"."}, filesOf(t, dir)...) {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
	}
}
