package screening_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/reform"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"github.com/google/go-cmp/cmp"
)

// TestKeptIsWhatWasEvaluated holds every outcome that is read back against the evaluation of its batch, unit by unit.
func TestKeptIsWhatWasEvaluated(t *testing.T) {
	c := newCounty(t, 3000)
	next, stop := iterPull(c.screen(t))
	defer stop()
	evaluator := c.plan.NewEvaluator()
	seen := map[rules.Outcome]int{}
	people := screening.Built{Population: c.people}
	for chunk := range people.Chunks() {
		b := people.Batch(chunk, &rules.Batch{})
		r := evaluator.Evaluate(b)
		for p, programme := range c.policy.Pack().Programmes {
			table := &b.Person
			if programme.Unit == pack.Household {
				table = &b.Household
			}
			for lane := range table.N {
				o, ok := next()
				if !ok {
					t.Fatal("outcomes are lacking")
				}
				want := evaluated(c, p, &r.Programmes[p], table, lane)
				got := fmt.Sprint(o.Programme.ID, " ", o.Outcome, o.Held, o.Assumed, ids(o))
				if got != want {
					t.Fatalf("chunk %d lane %d: kept %s, evaluated %s", chunk, lane, got, want)
				}
				seen[o.Outcome]++
			}
		}
	}
	if _, more := next(); more {
		t.Error("there are more outcomes than units")
	}
	for _, o := range []rules.Outcome{rules.NotAssessed, rules.Ineligible, rules.Possible, rules.Eligible} {
		if seen[o] == 0 {
			t.Errorf("nobody is %s, so the test tells less", o)
		}
	}
}

func iterPull(r *screening.Result) (func() (screening.Outcome, bool), func()) {
	all := slices.Collect(r.Outcomes())
	at := 0
	return func() (screening.Outcome, bool) {
		if at == len(all) {
			return screening.Outcome{}, false
		}
		at++
		return all[at-1], true
	}, func() {}
}

// evaluated is a lane as Evaluate has it, as ids tells an outcome that was kept.
func evaluated(c *county, p int, r *rules.ProgrammeResult, table *rules.Table, lane int) string {
	programme := c.policy.Pack().Programmes[p]
	o := screening.Outcome{Programme: programme, Outcome: r.Outcome(lane), Assumed: r.Assumed.Has(lane)}
	now, known := table.Held[p].At(lane)
	o.Held = known && now != 0
	if version := c.plan.Version(programme); version != nil {
		if i, ok := r.Witness(lane); ok {
			o.Witness = version.Conditions[i]
		}
		for i, condition := range version.Conditions {
			if open(o.Outcome) && r.Open[i].Has(lane) {
				o.Open = append(o.Open, condition)
			}
		}
		for i, component := range version.Components {
			if amount, ok := r.Amounts[i].At(lane); ok && o.Outcome > rules.NotInForce {
				o.Amounts = append(o.Amounts, screening.ComponentAmount{Component: component, Amount: amount})
			}
		}
	}
	return fmt.Sprint(programme.ID, " ", o.Outcome, o.Held, o.Assumed, ids(o))
}

func ids(o screening.Outcome) string {
	var text strings.Builder
	if o.Witness != nil {
		fmt.Fprint(&text, " fails ", o.Witness.ID)
	}
	for _, c := range o.Open {
		fmt.Fprint(&text, " open ", c.ID)
	}
	for _, a := range o.Amounts {
		fmt.Fprint(&text, " ", a.Component.ID, "=", a.Amount)
	}
	return text.String()
}

// TestUndeterminedIsWhatTheExplanationCallsOpen: an amount that may be due and is not known is neither none nor zero.
func TestUndeterminedIsWhatTheExplanationCallsOpen(t *testing.T) {
	c := newCounty(t, 600)
	want := map[string]bool{}
	explained := map[string]bool{}
	for h := range c.screen(t).Ranking() {
		family, _ := c.people.Household(h.Key)
		for _, o := range c.plan.Explain(family.Subject()).Outcomes {
			if o.Unit.Kind != pack.Household || o.Outcome == "ineligible" {
				continue
			}
			for _, component := range o.Components {
				explained[h.Key+o.Programme+component.ID] = true
				want[h.Key+o.Programme+component.ID] = component.State == "open"
			}
		}
	}
	compared := 0
	for o := range c.screen(t).Outcomes() {
		if o.Programme.Unit != pack.Household || o.Outcome < rules.Possible {
			continue
		}
		for _, component := range c.plan.Version(o.Programme).Components {
			key := o.Household.Key + o.Programme.ID + component.ID
			got := slices.Contains(o.Undetermined, component)
			if explained[key] && got != want[key] {
				t.Errorf("%s: undetermined %v, explained as open %v", key, got, want[key])
			}
			compared += one(got)
		}
	}
	if compared == 0 {
		t.Error("no amount is undetermined, so the test tells nothing")
	}
}

func TestSavedIsLoaded(t *testing.T) {
	c := newCounty(t, 1000)
	kept := c.screen(t).Kept
	path := filepath.Join(t.TempDir(), "screening.kept")
	if err := kept.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := screening.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(collect(kept, loaded), []screening.Change(nil)); diff != "" {
		t.Errorf("what is loaded is otherwise:\n%s", diff)
	}
	again := screening.NewResult(c.plan, screening.Built{Population: c.people}, loaded)
	if diff := cmp.Diff(c.screen(t).Summary(), again.Summary()); diff != "" {
		t.Errorf("computed −, loaded +:\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the mode %v", info.Mode().Perm())
	}
}

// TestDamageIsNoticed: whatever byte is changed and wherever the file ends, it is refused, and the fault names it.
func TestDamageIsNoticed(t *testing.T) {
	kept := newCounty(t, 300).screen(t).Kept
	path := filepath.Join(t.TempDir(), "screening.kept")
	if err := kept.Save(path); err != nil {
		t.Fatal(err)
	}
	whole := read(t, path)
	for at := 0; at < len(whole); at += 997 {
		broken := []byte(whole)
		broken[at] ^= 0x40
		wantDamaged(t, path, broken)
		wantDamaged(t, path, []byte(whole)[:at])
	}
}

func wantDamaged(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := screening.Load(path)
	if err == nil {
		t.Fatalf("a damaged file of %d bytes is loaded", len(content))
	}
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), path) {
		t.Fatalf("the fault is %v", err)
	}
}

// TestDamagedBaselineIsMadeAnew: the result is whole, the notice names the file, and the file is mended.
func TestDamagedBaselineIsMadeAnew(t *testing.T) {
	c := newCounty(t, 300)
	dir := t.TempDir()
	people := screening.Built{Population: c.people, Sum: "these"}
	baseline := func() (*screening.Result, error) {
		r, notice, err := screening.Baseline(t.Context(), c.plan, people, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r, notice
	}
	first, notice := baseline()
	if notice != nil {
		t.Fatal(notice)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, notice := baseline()
	if notice == nil || !strings.Contains(notice.Error(), files[0]) {
		t.Errorf("the notice is %v", notice)
	}
	if _, notice := baseline(); notice != nil {
		t.Errorf("the file was not mended: %v", notice)
	}
	if diff := cmp.Diff(first.Summary(), second.Summary()); diff != "" {
		t.Error(diff)
	}
	other := people
	other.Sum = "others"
	if _, _, err := screening.Baseline(t.Context(), c.plan, other, dir, nil); err != nil {
		t.Fatal(err)
	}
	if files, _ = filepath.Glob(filepath.Join(dir, "*")); len(files) != 2 {
		t.Errorf("other facts are kept under the same name: %v", files)
	}
}

func collect(present, former *screening.Kept) []screening.Change {
	return slices.Collect(present.Diff(former))
}

// told is everything that a screening says, unit by unit: programme, index and warnings.
func told(r *screening.Result) map[string]string {
	all := map[string]string{}
	for o := range r.Outcomes() {
		key := fmt.Sprint("programme ", o.Programme.ID, " ", o.Household.Key, " ", o.Person.Name, o.Person.Masked)
		all[key] += fmt.Sprint(o.Outcome, o.Held, o.Assumed, ids(o), len(o.Undetermined), "|")
	}
	for h := range r.Ranking() {
		all["index  "+h.Key+" "] = fmt.Sprint(h.Score, h.Before, h.Coverage, h.Parts)
	}
	for w := range r.Warnings() {
		all[fmt.Sprint("warning ", w.Rule.ID, " ", w.Household.Key, " ", w.Person.Name, w.Person.Masked)] += "fires"
	}
	return all
}

// TestDiffIsComplete: whatever figures change, exactly the units that come to something else are told, and the same run tells none.
func TestDiffIsComplete(t *testing.T) {
	c := newCounty(t, 500)
	former := c.screen(t)
	before := told(former)
	if same := collect(c.screen(t).Kept, former.Kept); len(same) > 0 {
		t.Fatalf("the same screening changes: %+v", same[0])
	}
	parameters := []string{"dibao_standard", "elder_hardship", "resident_premium", "disabled_living", "edge_multiple", "warn_medical_12m", "med_second_share"}
	for i := range 2 * len(parameters) {
		text := parameters[i/2] + []string{"=-30%", "=+50%"}[i%2]
		changes, err := reform.Parse([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		overlay, err := reform.Overlay(c.policy.Pack(), changes, reform.Scope{From: calendar.Beginning})
		if err != nil {
			t.Fatal(err)
		}
		present, err := screening.Run(t.Context(), c.policy.On(on, overlay), screening.Built{Population: c.people}, nil)
		if err != nil {
			t.Fatal(err)
		}
		after := told(present)
		want := map[string]bool{}
		for key := range before {
			want[key] = before[key] != after[key]
		}
		for key := range after {
			want[key] = before[key] != after[key]
		}
		got := map[string]bool{}
		for _, change := range collect(present.Kept, former.Kept) {
			who := present.Who(change)
			got[fmt.Sprint(change.What, " ", change.Of, " ", change.Household, " ", who.Name, who.Masked)] = true
		}
		for key, changes := range want {
			if got[key] != changes {
				t.Fatalf("%s: %q changes: %v, told: %v", text, key, changes, got[key])
			}
			delete(got, key)
		}
		if len(got) > 0 {
			t.Fatalf("%s: these are told and do not change: %v", text, got)
		}
	}
}

// moved is a population in which the first households are gone and the others are cut into chunks otherwise.
type moved struct {
	screening.Built
	gone int
}

func (p moved) Chunks() int { return p.Built.Chunks() - p.gone }

func (p moved) Batch(chunk int, into *rules.Batch) *rules.Batch {
	return p.Built.Batch(chunk+p.gone, into)
}

func (p moved) At(chunk, lane int) population.Household { return p.Built.At(chunk+p.gone, lane) }

func (p moved) Who(chunk int, into *screening.Who) { p.Built.Who(chunk+p.gone, into) }

// TestDiffFindsUnitsAgain: who is in another chunk is the same, who is gone comes to nothing, and who is new came from nothing.
func TestDiffFindsUnitsAgain(t *testing.T) {
	c := newCounty(t, 4000)
	all := screening.Built{Population: c.people}
	whole, err := screening.Keep(t.Context(), c.plan, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	less, err := screening.Keep(t.Context(), c.plan, moved{all, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := c.people.Batch(0, &rules.Batch{})
	for _, side := range []struct {
		present, former *screening.Kept
		gone            bool
	}{{less, whole, true}, {whole, less, false}} {
		units := map[string]bool{}
		for _, change := range collect(side.present, side.former) {
			if change.Gone != side.gone || (change.To == screening.Told{}) != side.gone || (change.From == screening.Told{}) == side.gone {
				t.Fatalf("%+v", change)
			}
			units[fmt.Sprint(change.Unit, change.Chunk, " ", change.Lane)] = true
		}
		if want := first.Household.N + first.Person.N; len(units) != want {
			t.Errorf("%d units change, want the %d of the first chunk", len(units), want)
		}
	}
}
