package synth_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/synth"
)

var on = calendar.Must(2026, 11, 1)

// sources is the part of Dezhou's pack that says what departments deliver: its rules are no business of this package.
func sources(t testing.TB) *pack.Pack {
	t.Helper()
	dezhou := os.DirFS("../../packs/dezhou")
	part := fstest.MapFS{}
	for _, pattern := range []string{"pack.yaml", "areas.csv", "calendar.yaml", "departments.yaml", "codes.yaml",
		"facts/*.yaml", "feeds/*.yaml"} {
		names, err := fs.Glob(dezhou, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := fs.ReadFile(dezhou, name)
			if err != nil {
				t.Fatal(err)
			}
			part[name] = &fstest.MapFile{Data: content}
		}
	}
	p, faults := pack.Load(part)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func write(t testing.TB, p *pack.Pack, o synth.Options) (string, synth.Summary) {
	t.Helper()
	dir := t.TempDir()
	s, err := synth.Write(t.Context(), p, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// tree is every file of a folder.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestSameOptionsSameBytes(t *testing.T) {
	p := sources(t)
	o := synth.Options{People: 1500, Seed: 7, On: on}
	first, one := write(t, p, o)
	second, two := write(t, p, o)
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
	a, b := tree(t, first), tree(t, second)
	if len(a) != len(b) || len(a) != 2*len(p.Feeds)+1 {
		t.Errorf("%d and %d files", len(a), len(b))
	}
	for name, content := range a {
		if !bytes.Equal(content, b[name]) {
			t.Errorf("%s differs", name)
		}
	}
	o.Seed = 8
	third, _ := write(t, p, o)
	for name, content := range tree(t, third) {
		if strings.HasPrefix(name, "population") && !strings.HasSuffix(name, ".json") && bytes.Equal(content, a[name]) {
			t.Errorf("another seed gives the same %s", name)
		}
	}
}

func TestVillageStandsAlone(t *testing.T) {
	p := sources(t)
	o := synth.Options{People: 5000, Seed: 3, On: on}
	const village area.Code = 371424_104_000 // any: the first of the township that the county has
	code := p.Areas.Villages(village.At(area.Township))[0]
	for _, c := range p.Areas.Villages(village.At(area.Township)) {
		if _, people := synth.VillageAmong(p, o, c); people > 0 {
			code = c
			break
		}
	}
	among, people := synth.VillageAmong(p, o, code)
	if people < 20 {
		t.Fatalf("%s has %d people", p.Areas.Name(code), people)
	}
	if diff := cmp.Diff(among, synth.Village(p, o, code)); diff != "" {
		t.Errorf("a village is another one when made alone: %s", diff)
	}
}

func TestIdentityNumbers(t *testing.T) {
	p := sources(t)
	dir, s := write(t, p, synth.Options{People: 4000, On: on})
	seen := map[string]bool{}
	rows := records(t, dir, s, "population")
	for _, r := range rows {
		id := r["公民身份号码"]
		n, err := idno.Parse(id)
		if err != nil {
			t.Fatal(err)
		}
		if n.Area() != "371499" {
			t.Errorf("area %s was assigned", n.Area())
		}
		if seen[id] {
			t.Errorf("%s twice", n)
		}
		seen[id] = true
		if n.Birth().String() != r["出生日期"] || n.Female() != (r["性别"] == "女") {
			t.Errorf("%s disagrees with %s, %s", n, r["出生日期"], r["性别"])
		}
		for _, parent := range []string{r["父亲公民身份号码"], r["母亲公民身份号码"]} {
			if parent == "" {
				continue
			}
			if of, err := idno.Parse(parent); err != nil || calendar.Years(of.Birth(), n.Birth()) < 16 {
				t.Errorf("parent of %s: %s, %v", n, of, err)
			}
		}
	}
	if len(rows) != s.People+s.Dead {
		t.Errorf("%d rows for %d living and %d dead", len(rows), s.People, s.Dead)
	}
}

// records reads a CSV file of the folder under its Chinese header.
func records(t *testing.T, dir string, s synth.Summary, id string) []map[string]string {
	t.Helper()
	at := slices.IndexFunc(s.Files, func(f synth.File) bool { return f.Feed == id })
	content, err := os.ReadFile(filepath.Join(dir, s.Files[at].Path))
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	header, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, name := range header {
			row[name] = cells[i]
		}
		all = append(all, row)
	}
}

func TestDeliveriesAreReadWhole(t *testing.T) {
	p := sources(t)
	dir, s := write(t, p, synth.Options{People: 6000, Seed: 1, On: on})
	set, err := feed.Open(t.Context(), p, dir, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Faults) > 0 {
		t.Fatal(set.Faults)
	}
	if diff := cmp.Diff([]string{"模拟数据.txt"}, set.Ignored); diff != "" {
		t.Error(diff)
	}
	if len(set.Deliveries) != len(p.Feeds) || len(s.Files) != len(p.Feeds) {
		t.Errorf("%d deliveries and %d files for %d feeds", len(set.Deliveries), len(s.Files), len(p.Feeds))
	}
	for _, d := range set.Deliveries {
		if !d.Simulated || !d.Whole || d.Delivered >= on || d.Period.To > on {
			t.Errorf("%s: simulated %v, whole %v, delivered %s, period %s", d.Manifest, d.Simulated, d.Whole, d.Delivered, d.Period)
		}
	}
	formats := map[string]int{}
	bad := 0
	for _, f := range s.Files {
		formats[f.Format+" "+f.Encoding]++
		read := set.Files[slices.IndexFunc(set.Files, func(r *feed.File) bool { return r.Name == f.Path })]
		if read.Rows != f.Rows || read.Rejected != f.Bad+f.Copies {
			t.Errorf("%s: %d rows, %d rejected; made with %d rows, %d bad, %d copies", f.Path, read.Rows, read.Rejected, f.Rows, f.Bad, f.Copies)
		}
		bad += f.Bad
	}
	if bad == 0 {
		t.Error("no row is bad")
	}
	for _, want := range []string{"csv utf-8", "csv gb18030", "xlsx ", "jsonl ", "parquet "} {
		if formats[want] == 0 {
			t.Errorf("no file is %s", want)
		}
	}
	if err := set.Check(); err != nil {
		t.Error(err)
	}
}

func TestCounty(t *testing.T) {
	p := sources(t)
	dir, s := write(t, p, synth.Options{On: on})
	if s.People != 20_000 {
		t.Errorf("%d people", s.People)
	}
	rows := records(t, dir, s, "population")
	var young, old, men float64
	townships, booklets := map[area.Code]bool{}, map[string]bool{}
	living := 0.0
	for _, r := range rows {
		code, err := area.Parse(r["村居代码"])
		if err != nil || !p.Areas.Has(code) {
			t.Fatalf("%s is no place: %v", r["村居代码"], err)
		}
		townships[code.At(area.Township)] = true
		booklets[r["户口簿号"]] = true
		birth, err := calendar.Parse(r["出生日期"])
		if err != nil {
			t.Fatal(err)
		}
		if r["死亡注销日期"] != "" {
			continue
		}
		living++
		switch age := calendar.Years(birth, on); {
		case age < 15:
			young++
		case age >= 60:
			old++
		}
		if r["性别"] == "男" {
			men++
		}
	}
	if len(townships) != 12 || len(booklets) != s.Households {
		t.Errorf("%d townships, %d booklets for %d households", len(townships), len(booklets), s.Households)
	}
	held := map[string]float64{}
	for _, b := range s.Benefits {
		held[b.Of] = float64(b.N)
	}
	for _, share := range []struct {
		name      string
		got       float64
		low, high float64
	}{
		{"under 15, of the census 19.5 %", young / living, 0.175, 0.215},
		{"60 and older, of the census 20.7 %", old / living, 0.19, 0.23},
		{"men to a hundred women, of the census 101.1", 100 * men / (living - men), 98, 105},
		{"in town, half of the county", float64(s.Urban) / living, 0.44, 0.52},
		{"people a booklet, of the census 2.82", float64(s.People) / float64(s.Households), 2.7, 2.95},
		{"on dibao, about 1.4 %", held["dibao"] / living, 0.007, 0.02},
		{"on tekun, about 0.3 %", held["tekun"] / living, 0.001, 0.005},
		{"people in need who never asked, of those in need, about a fifth", count(s.Labels, "missed-need") / count(s.Labels, "need"), 0.1, 0.35},
	} {
		if share.got < share.low || share.got > share.high {
			t.Errorf("%s: %.4f is not between %.4f and %.4f", share.name, share.got, share.low, share.high)
		}
	}
	if count(s.Labels, "wrong-receipt") == 0 || s.Dead == 0 || s.Collective == 0 {
		t.Errorf("nobody to find: %+v", s)
	}
}

func count(all []synth.Count, of string) float64 {
	at := slices.IndexFunc(all, func(c synth.Count) bool { return c.Of == of })
	return float64(all[at].N)
}

func TestGuozhaiFamily(t *testing.T) {
	p := sources(t)
	for _, date := range []calendar.Date{on, calendar.Must(2025, 8, 31), calendar.Must(2026, 3, 1)} {
		t.Run(date.String(), func(t *testing.T) { testFamily(t, p, date) })
	}
}

func testFamily(t *testing.T, p *pack.Pack, date calendar.Date) {
	dir, s := write(t, p, synth.Options{People: 800, Seed: 5, On: date})
	if s.Village.String() != "371424100281" {
		t.Errorf("the family lives in %s", s.Village)
	}
	set, err := feed.Open(t.Context(), p, dir, feed.Options{})
	if err != nil || len(set.Faults) > 0 {
		t.Fatal(err, set.Faults)
	}
	family := map[idno.Number]map[string]string{}
	for _, row := range rowsOf(set, "population") {
		if row["hukou_no"] == s.Booklet {
			n, err := idno.Parse(row["id_no"])
			if err != nil {
				t.Fatal(err)
			}
			family[n] = row
		}
	}
	if len(family) != 4 {
		t.Fatalf("%d people", len(family))
	}
	of := func(feed string) []map[string]string {
		return slices.DeleteFunc(rowsOf(set, feed), func(row map[string]string) bool {
			n, err := idno.Parse(row["id_no"])
			return err != nil || family[n] == nil
		})
	}
	if rows := of("holdings"); len(rows) > 0 {
		t.Errorf("the family is helped: %v", rows)
	}
	stages := []string{}
	for _, row := range of("schools") {
		stages = append(stages, row["stage"])
	}
	if diff := cmp.Diff([]string{"primary", "primary"}, stages); diff != "" {
		t.Error(diff)
	}
	sum, largest := 0, 0
	for _, row := range of("medical-settlement") {
		settled, _ := calendar.Parse(row["settled_on"])
		if row["diagnosis"] != "leukaemia" || settled < date.AddMonths(-12) || settled >= date {
			t.Errorf("settled %v", row)
		}
		whole, _, _ := strings.Cut(row["own_in_policy"], ".")
		n := 0
		for _, c := range whole {
			n = n*10 + int(c-'0')
		}
		sum, largest = sum+n, max(largest, n)
	}
	if sum <= 120_000 || largest <= 50_000 {
		t.Errorf("own cost %d, at once %d", sum, largest)
	}
	wages := 0
	for _, row := range of("social-insurance") {
		if row["wage"] != "" {
			wages++
		}
	}
	if wages != 1 || len(of("vehicles")) != 1 || len(of("disability")) != 0 || len(of("deaths")) != 0 {
		t.Errorf("%d wages; %v; %v; %v", wages, of("vehicles"), of("disability"), of("deaths"))
	}
}

func rowsOf(set *feed.Set, id string) []map[string]string {
	table := set.Table(id)
	var all []map[string]string
	for i := range table.Len() {
		row := map[string]string{}
		for at, cell := range table.Cells(i) {
			row[table.Feed.Columns[at].Name] = cell
		}
		all = append(all, row)
	}
	return all
}

func TestWriteRefuses(t *testing.T) {
	p := sources(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		o    synth.Options
		dir  string
		want func(error) bool
	}{
		{"too few people", t.Context(), synth.Options{People: 20}, t.TempDir(), func(err error) bool { return fault.KindOf(err) == fault.Invalid }},
		{"too many people", t.Context(), synth.Options{People: 3_000_000}, t.TempDir(), func(err error) bool { return fault.KindOf(err) == fault.Invalid }},
		{"cancelled", cancelled, synth.Options{People: 200}, t.TempDir(), func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"no folder can be made", t.Context(), synth.Options{People: 200}, "/dev/null/county", func(err error) bool { return err != nil }},
	} {
		if _, err := synth.Write(c.ctx, p, c.dir, c.o); !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	lacking := *p
	lacking.Feeds = p.Feeds[1:]
	if _, err := synth.Write(t.Context(), &lacking, t.TempDir(), synth.Options{People: 200}); err == nil {
		t.Error("a pack without a feed is written for all the same")
	}
}

func TestSaysThatItIsSimulated(t *testing.T) {
	dir, _ := write(t, sources(t), synth.Options{People: 200})
	notice, err := os.ReadFile(filepath.Join(dir, "模拟数据.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"虚构", "371499", "invented", "不得引用"} {
		if !strings.Contains(string(notice), word) {
			t.Errorf("the notice does not say %s", word)
		}
	}
}

func TestProgressEnds(t *testing.T) {
	last, total := 0, -1
	_, _ = write(t, sources(t), synth.Options{People: 300, Progress: func(done, all int) {
		if done != last+1 || total >= 0 && all != total {
			t.Errorf("%d of %d after %d of %d", done, all, last, total)
		}
		last, total = done, all
	}})
	if last != total {
		t.Errorf("ended at %d of %d", last, total)
	}
}

func BenchmarkWrite(b *testing.B) {
	p := sources(b)
	for b.Loop() {
		if _, err := synth.Write(b.Context(), p, b.TempDir(), synth.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
