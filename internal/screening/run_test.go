package screening_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/internal/synth"
	"dajiuzhu/packs"
)

// county is a small invented county, screened.
type county struct {
	policy *rules.Policy
	people *population.Population
	plan   *rules.Plan
}

var on = calendar.Must(2026, 11, 1)

func newCounty(t *testing.T, people int) *county {
	t.Helper()
	return countyOf(t, synth.Options{People: people, Seed: 7, On: on})
}

// dezhou is the built-in pack, compiled once for all tests.
var dezhou = sync.OnceValues(func() (*rules.Policy, error) {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		return nil, faults
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		return nil, faults
	}
	return policy, nil
})

func countyOf(t *testing.T, o synth.Options) *county {
	t.Helper()
	policy, err := dezhou()
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Pack()
	dir := t.TempDir()
	if _, err := synth.Write(t.Context(), p, dir, o); err != nil {
		t.Fatal(err)
	}
	set, err := feed.Open(t.Context(), p, dir, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	crowd, err := population.Build(policy, set, on)
	if err != nil {
		t.Fatal(err)
	}
	return &county{policy, crowd, policy.On(on, nil)}
}

func (c *county) screen(t *testing.T) *screening.Result {
	t.Helper()
	r, err := screening.Run(t.Context(), c.plan, screening.Built{Population: c.people}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEverybodyIsCounted(t *testing.T) {
	c := newCounty(t, 3000)
	r := c.screen(t)
	if got := r.Households() + r.Collective; got != c.people.Households() {
		t.Errorf("%d households ranked or set aside, %d registered", got, c.people.Households())
	}
	if r.People != c.people.Persons() {
		t.Errorf("%d people screened, %d registered", r.People, c.people.Persons())
	}
	for _, tally := range r.Programmes {
		want := c.people.Persons()
		if tally.Programme.Unit == pack.Household {
			want = c.people.Households()
		}
		got := 0
		for _, n := range tally.Outcomes {
			got += n
		}
		if got != want {
			t.Errorf("%s has %d outcomes for %d units", tally.Programme.ID, got, want)
		}
	}
	warnings := 0
	for _, m := range r.Mechanisms {
		warnings += m.Total
	}
	if all := slices.Collect(r.Warnings()); warnings != len(all) {
		t.Errorf("%d warnings by mechanism, %d in all", warnings, len(all))
	}
}

// TestNobodyIsLostOrDoubled: every person and every household has each programme's outcome once, and every household that is
// assessed stands in the ranking once, with as many members as count in it.
func TestNobodyIsLostOrDoubled(t *testing.T) {
	c := newCounty(t, 3000)
	r := c.screen(t)
	want, got := map[string]int{}, map[string]int{}
	for batch := range c.people.Chunks() {
		b := c.people.Batch(batch, &rules.Batch{})
		for lane := range b.Household.N {
			h := c.people.At(batch, lane)
			if !b.Collective.Has(lane) {
				want[fmt.Sprint("ranked ", h.Key, " ", h.Village, " ", b.Counted[lane])]++
			}
			for _, p := range c.policy.Pack().Programmes {
				if p.Unit == pack.Household {
					want[fmt.Sprint(p.ID, " ", h.Key, " ", h.Village)]++
					continue
				}
				for _, m := range h.Members {
					want[fmt.Sprint(p.ID, " ", h.Key, " ", h.Village, " ", m.Name, " ", m.ID.Masked())]++
				}
			}
		}
	}
	for h := range r.Ranking() {
		got[fmt.Sprint("ranked ", h.Key, " ", h.Area, " ", h.Members)]++
	}
	for o := range r.Outcomes() {
		line := fmt.Sprint(o.Programme.ID, " ", o.Household.Key, " ", o.Household.Area)
		if o.Programme.Unit == pack.Person {
			line += fmt.Sprint(" ", o.Person.Name, " ", o.Person.Masked)
		}
		got[line]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("registered −, screened +:\n%s", diff)
	}
	fired := map[string]int{}
	for w := range r.Warnings() {
		fired[fmt.Sprint(w.Rule.ID, " ", w.Household.Key, " ", w.Person.Name, " ", w.Person.Masked)]++
	}
	explained := map[string]int{}
	for h := range r.Ranking() {
		family, ok := c.people.Household(h.Key)
		if !ok {
			t.Fatalf("no household %s", h.Key)
		}
		of := map[string]string{"": ""}
		for _, m := range family.Members {
			of[m.Name] = m.ID.Masked()
		}
		for _, w := range c.plan.Explain(family.Subject()).Warnings {
			explained[fmt.Sprint(w.ID, " ", h.Key, " ", w.Unit.Name, " ", of[w.Unit.Name])]++
		}
	}
	for line, n := range explained {
		if fired[line] != n {
			t.Errorf("%s fires %d times explained, %d times in the screening", line, n, fired[line])
		}
	}
	for line, n := range fired {
		if key := strings.Fields(line)[1]; explained[line] != n && !collective(c, key) {
			t.Errorf("%s fires %d times in the screening, %d times explained", line, n, explained[line])
		}
	}
}

func collective(c *county, key string) bool {
	batch, lane, ok := c.people.Lane(key)
	return ok && c.people.Batch(batch, &rules.Batch{}).Collective.Has(lane)
}

func TestRanking(t *testing.T) {
	r := newCounty(t, 3000).screen(t)
	levels := map[area.Level]func(screening.Ranks) int{
		area.Village: func(k screening.Ranks) int { return k.Village }, area.Township: func(k screening.Ranks) int { return k.Township },
		area.County: func(k screening.Ranks) int { return k.County }, area.City: func(k screening.Ranks) int { return k.City },
	}
	for level, rank := range levels {
		all := slices.Collect(r.Ranking())
		for i, h := range all {
			harder := 0
			for _, other := range all {
				if other.Area.At(level) == h.Area.At(level) && other.Score > h.Score {
					harder++
				}
			}
			if got := rank(h.Ranks); got != harder+1 {
				t.Fatalf("household %d of the ranking has place %d in its %s; %d are harder", i, got, level, harder)
			}
		}
	}
}

// TestHardest: the marked households come from the top, hold at least 3% of the people, and would hold less without those
// that share the last score.
func TestHardest(t *testing.T) {
	r := newCounty(t, 3000).screen(t)
	people, marked, above := 0, 0, 0
	var last money.Decimal
	all := slices.Collect(r.Ranking())
	for i, h := range all {
		people += h.Members
		if h.Hardest {
			marked += h.Members
			last = h.Score
			if i > 0 && !all[i-1].Hardest {
				t.Fatalf("household %d is marked and the harder one before it is not", i)
			}
		}
	}
	for h := range r.Ranking() {
		if h.Score > last {
			above += h.Members
		}
		if h.Score == last && !h.Hardest {
			t.Errorf("a household with the last score %s is not marked", last)
		}
	}
	if marked*100 < people*3 || above*100 >= people*3 {
		t.Errorf("of %d people %d are marked, %d above the last score", people, marked, above)
	}
}

func TestNumberOfProcessorsChangesNothing(t *testing.T) {
	c := newCounty(t, 4000)
	dir := t.TempDir()
	for _, n := range []string{"1", "4"} {
		before := runtime.GOMAXPROCS(map[string]int{"1": 1, "4": 4}[n])
		_, err := c.screen(t).Write(filepath.Join(dir, n), screening.Everybody)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ranking.csv", "ranking.parquet", "outcomes.csv", "outcomes.parquet", "warnings.csv", "warnings.parquet", "summary.json"} {
		one, four := read(t, filepath.Join(dir, "1", name)), read(t, filepath.Join(dir, "4", name))
		if one != four {
			t.Errorf("%s differs between one processor and four", name)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestExplanationAgrees: whoever is explained came to the same outcome in the screening.
func TestExplanationAgrees(t *testing.T) {
	c := newCounty(t, 1500)
	r := c.screen(t)
	type key struct{ programme, household, person, id string }
	screened := map[key][]string{}
	for o := range r.Outcomes() {
		k := key{o.Programme.ID, o.Household.Key, o.Person.Name, o.Person.Masked}
		screened[k] = append(screened[k], o.Outcome.String())
	}
	compared := 0
	for h := range r.Ranking() {
		family, ok := c.people.Household(h.Key)
		if !ok {
			t.Fatalf("no household %s", h.Key)
		}
		ids := map[string]string{}
		for _, m := range family.Members {
			ids[m.Name] = m.ID.Masked()
		}
		told := c.plan.Explain(family.Subject())
		if told.Index.Score != h.Score {
			t.Errorf("household %s: index %s explained, %s screened", h.Key, told.Index.Score, h.Score)
		}
		for _, o := range told.Outcomes {
			k := key{o.Programme, h.Key, o.Unit.Name, ids[o.Unit.Name]}
			if got := screened[k]; len(got) == 1 && got[0] != o.Outcome {
				t.Errorf("%s of %s in %s: %s explained, %s screened", o.Programme, o.Unit.Name, h.Key, o.Outcome, got[0])
			}
			compared++
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestKeysAreNoFormulas: a booklet's number comes from a file, and a spreadsheet must not take it for a formula.
func TestKeysAreNoFormulas(t *testing.T) {
	c := newCounty(t, 500)
	r, err := screening.Run(t.Context(), c.plan, formulaKeys{screening.Built{Population: c.people}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := r.Write(dir, screening.Everybody); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ranking", "outcomes", "warnings"} {
		if content := read(t, filepath.Join(dir, name+".csv")); !strings.Contains(content, "'=1+1") || strings.Contains(content, ",=1+1") || strings.Contains(content, "\n=1+1") {
			t.Errorf("%s.csv has a formula", name)
		}
	}
}

// formulaKeys is a population whose households have formulas for keys.
type formulaKeys struct{ screening.Built }

func (p formulaKeys) At(chunk, lane int) population.Household {
	h := p.Built.At(chunk, lane)
	h.Key = "=1+1"
	return h
}

func TestFilesHoldTheSame(t *testing.T) {
	r := newCounty(t, 1000).screen(t)
	dir := t.TempDir()
	if _, err := r.Write(dir, screening.Everybody); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"ranking": r.Households(), "outcomes": len(slices.Collect(r.Outcomes())), "warnings": len(slices.Collect(r.Warnings()))} {
		rows, err := csv.NewReader(strings.NewReader(read(t, filepath.Join(dir, name+".csv")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := len(rows) - 1; got != want {
			t.Errorf("%s.csv has %d rows, want %d", name, got, want)
		}
		if got := parquetRows(t, filepath.Join(dir, name+".parquet")); got != want {
			t.Errorf("%s.parquet has %d rows, want %d", name, got, want)
		}
	}
	var summary screening.Summary
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "summary.json"))), &summary); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Summary(), summary); diff != "" {
		t.Errorf("summary.json differs from the summary: %s", diff)
	}
}

func parquetRows(t *testing.T, path string) int {
	t.Helper()
	content := read(t, path)
	f, err := parquet.OpenFile(strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return int(f.NumRows())
}

func TestIdentityNumbersStayMasked(t *testing.T) {
	c := newCounty(t, 800)
	dir := t.TempDir()
	if _, err := c.screen(t).Write(dir, screening.Everybody); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".parquet") {
			continue // compressed; it holds the rows of the CSV
		}
		content := read(t, filepath.Join(dir, f.Name()))
		for batch := range c.people.Chunks() {
			b := c.people.Batch(batch, &rules.Batch{})
			for lane := range b.Household.N {
				for _, m := range c.people.At(batch, lane).Members {
					if strings.Contains(content, m.ID.Plain()) {
						t.Fatalf("%s shows an identity number", f.Name())
					}
				}
			}
		}
	}
}

// TestFailedWriteLeavesTheFormerResult: the folder's place is taken by a file that cannot be replaced.
func TestFailedWriteLeavesTheFormerResult(t *testing.T) {
	r := newCounty(t, 500).screen(t)
	dir := t.TempDir()
	if _, err := r.Write(dir, screening.Everybody); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(dir, "ranking.csv"))
	if err := os.Remove(filepath.Join(dir, "outcomes.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "outcomes.csv", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write(dir, screening.Everybody); err == nil {
		t.Fatal("writing over a folder succeeded")
	}
	if read(t, filepath.Join(dir, "ranking.csv")) != before {
		t.Error("the former ranking is gone")
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("unfinished files are left: %v", left)
	}
}

func TestStopped(t *testing.T) {
	c := newCounty(t, 500)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := screening.Run(ctx, c.plan, screening.Built{Population: c.people}, nil); !errors.Is(err, ctx.Err()) {
		t.Errorf("a stopped screening returned %v", err)
	}
}
