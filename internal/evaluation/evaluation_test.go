package evaluation_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/evaluation"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/packs"
)

var on = calendar.Must(2026, 11, 1)

// smallPolicy is the small pack of package pack, with its own evaluation.yaml or another.
func smallPolicy(t *testing.T, measures string) *rules.Policy {
	t.Helper()
	files := fstest.MapFS{}
	good := os.DirFS("../pack/testdata/good")
	err := fs.WalkDir(good, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(good, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if measures != "" {
		files["evaluation.yaml"] = &fstest.MapFile{Data: []byte(measures)}
	}
	p, faults := pack.Load(files)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return policy
}

// village is households that were written down by hand: each is a chunk.
type village struct {
	families   []*population.Family
	households []population.Household
}

func (v *village) Chunks() int                                  { return len(v.families) }
func (v *village) Batch(chunk int, _ *rules.Batch) *rules.Batch { return v.families[chunk].Batch }
func (v *village) At(chunk, _ int) population.Household         { return v.households[chunk] }
func (v *village) Who(chunk int, into *screening.Who)           { into.Add(v.households[chunk]) }
func (v *village) Subject(chunk, _ int) rules.Subject           { return v.families[chunk].Subject() }
func (v *village) Checksum() string                             { return "" }

// number is the identity number of the n-th person.
func number(n int) idno.Number {
	id, ok := idno.Make("371499", calendar.Must(1980, 1, 1), n)
	if !ok {
		panic("a number that is none")
	}
	return id
}

// add writes a household down; its members are numbered from first.
func (v *village) add(t *testing.T, policy *rules.Policy, key string, first int, facts string) {
	t.Helper()
	dossier, faults := pack.ReadDossier(key+".yaml", []byte("on: 2026-11-01\narea: \"379901100200\"\nfacts:\n"+facts))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	family, faults := population.FromDossier(policy.Pack(), policy.Layout(), dossier)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	h := population.Household{Key: key, Village: area.Code(379901100200)}
	for i, m := range family.Members {
		m.ID = number(first + i)
		h.Members = append(h.Members, m)
	}
	v.families, v.households = append(v.families, family), append(v.households, h)
}

// newVillage is the village of the exact test.
//
//	A 1 person, gravely ill, no income: index 100, eligible, not held      → needs it, missed
//	B 1 person with a good wage: index 0, refused by the income            → missed, and a fire long ago
//	C 1 person without income, holds it: index 60                          → needs it, answered
//	D 1 person without income, does not hold it: index 60                  → no label
//	E 2 persons, wages unknown: index 30                                   → missed by both
//	F 1 person with a good wage, a fire last month: index 0; one who died  → fire
func newVillage(t *testing.T, policy *rules.Policy) *village {
	v := &village{}
	v.add(t, policy, "A", 1, `
  household: {residence: rural, deposits: 0.00, holds: [], events: []}
  members: [{name: 甲, local: true, wage_month: 0.00, diagnoses: [leukaemia]}]`)
	v.add(t, policy, "B", 2, `
  household: {residence: rural, deposits: 0.00, holds: [], events: []}
  members: [{name: 乙, local: true, wage_month: 2000.00, diagnoses: []}]`)
	v.add(t, policy, "C", 3, `
  household: {residence: rural, deposits: 0.00, holds: [minimum], events: []}
  members: [{name: 丙, local: true, wage_month: 0.00, diagnoses: []}]`)
	v.add(t, policy, "D", 4, `
  household: {residence: rural, deposits: 0.00, holds: [], events: []}
  members: [{name: 丁, local: true, wage_month: 0.00, diagnoses: []}]`)
	v.add(t, policy, "E-2", 5, `
  household: {residence: rural, holds: [], events: []}
  members: [{name: 戊, local: true, diagnoses: []}, {name: 己, local: true, diagnoses: []}]`)
	v.add(t, policy, "F", 7, `
  household: {residence: rural, deposits: 0.00, holds: [], events: [{kind: fire, from: 2026-10-01}]}
  members: [{name: 庚, local: true, wage_month: 3000.00, diagnoses: []}, {name: 辛, counts: false, local: true, diagnoses: []}]`)
	return v
}

// line is a line of a file of labels; a person below 1 is none.
func line(household string, person int, rest string) string {
	id := ""
	if person > 0 {
		id = number(person).Plain()
	}
	return "379901," + household + "," + id + "," + rest + "\n"
}

const head = "county,household,person,label,programme,mechanism,severity,since,note\n"

func read(t *testing.T, lines ...string) []evaluation.Label {
	t.Helper()
	labels, err := evaluation.ReadLabels(strings.NewReader(head+strings.Join(lines, "")), "labels.csv")
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

func report(t *testing.T, policy *rules.Policy, v *village, labels []evaluation.Label) *evaluation.Report {
	t.Helper()
	plan := policy.On(on, nil)
	result, err := screening.Run(t.Context(), plan, v, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := evaluation.New(plan)
	if err != nil {
		t.Fatal(err)
	}
	e.Add(result, v, labels)
	return e.Report()
}

var villageLabels = []string{
	line("A", 1, "need,minimum,illness,80,2026-01-01,"),
	line("A", 1, "missed-need,minimum,illness,80,2026-01-01,"),
	line("B", 2, "missed-need,minimum,low-income,50,2026-01-01,"),
	line("B", 2, "shock,,fire,50,2026-01-01,long ago"),
	line("C", 3, "need,minimum,low-income,40,2026-01-01,"),
	line("E", 5, "missed-need,minimum,low-income,60,2026-01-01,"),
	line("E", 6, "missed-need,minimum,low-income,60,2026-01-01,"),
	line("F", 0, "shock,,fire,10,2026-10-01,of the household as a whole"),
	line("F", 8, "wrong-receipt,medical,died,10,2026-10-01,"),
	line("F", 99, "need,minimum,low-income,10,,nobody has this number"),
	line("Z", 98, "need,minimum,low-income,10,,nor this booklet"),
	line("A", 1, "need,rent,low-income,80,,no measure names it"),
}

func TestVillageIsMeasuredExactly(t *testing.T) {
	policy := smallPolicy(t, "")
	r := report(t, policy, newVillage(t, policy), read(t, villageLabels...))

	t.Run("labels in are labels matched and set aside", func(t *testing.T) {
		equal(t, []evaluation.LabelCount{
			{Kind: evaluation.Need, In: 5, Matched: 3, UnknownPerson: 1, UnknownHousehold: 1},
			{Kind: evaluation.MissedNeed, In: 4, Matched: 4},
			{Kind: evaluation.WrongReceipt, In: 1, Matched: 1, NotCounted: 1},
			{Kind: evaluation.Contradiction},
			{Kind: evaluation.Shock, In: 2, Matched: 2},
		}, r.Labels)
	})
	t.Run("the ranking", func(t *testing.T) {
		one := func(share int) evaluation.Reach {
			return evaluation.Reach{Share: share, Households: evaluation.Ratio{Found: 1, Of: 3}, Persons: evaluation.Ratio{Found: 1, Of: 4}}
		}
		// By the index A > C > E > B = F, by severity A > E > B > C > F: C–E and C–B disagree, B–F are level.
		want := evaluation.AreaReport{
			Code: 379901000000, Name: "东县", Share: money.Must("0.03"), Households: 6, People: 7,
			Reach:   []evaluation.Reach{one(1), one(2), one(3), one(5), one(10)},
			Hardest: evaluation.Filling{Households: 1, Missed: 1},
			Rank:    evaluation.Rank{Households: 5, Hardest: evaluation.Ratio{Found: 1, Of: 1}, Concordant: 7, Discordant: 2, TauB: money.Must("0.527")},
		}
		equal(t, []evaluation.AreaReport{want}, r.Counties)
		want.Code, want.Name = 379900000000, "示例市"
		equal(t, want, r.City)
	})
	t.Run("the warnings", func(t *testing.T) {
		equal(t, []evaluation.RuleReport{
			{ID: "not-applied", Name: pack.Text{Zh: "符合未申请", En: "Eligible and not applied"}, Mechanism: "declaration", Unit: pack.Household, Raised: 2, Right: 1, Pool: evaluation.Ratio{Found: 1, Of: 3}},
			{ID: "fire", Name: pack.Text{Zh: "失火", En: "Fire"}, Mechanism: "linkage", Unit: pack.Household, Raised: 1, Right: 1, Pool: evaluation.Ratio{Found: 1, Of: 1}},
		}, r.Rules)
		equal(t, []evaluation.MechanismReport{
			{ID: "declaration", Name: pack.Text{Zh: "申报预警", En: "Declaration"}, Raised: 2, Right: 1, Pool: evaluation.Ratio{Found: 1, Of: 3}},
			{ID: "linkage", Name: pack.Text{Zh: "联动预警", En: "Linkage"}, Raised: 1, Right: 1, Pool: evaluation.Ratio{Found: 1, Of: 1}},
		}, r.Mechanisms)
	})
	t.Run("the needs", func(t *testing.T) {
		income := evaluation.Refusal{Condition: "income", Say: pack.Text{Zh: "人均收入低于标准", En: "Income a head is below the standard"}, Units: 1}
		deposits := evaluation.Refusal{Condition: "deposits", Say: pack.Text{Zh: "存款在限额以内", En: "Deposits within the limit"}, Units: 1}
		want := evaluation.NeedReport{Need: "minimum", Name: pack.Text{Zh: "最低生活保障", En: "Minimum living allowance"}, Unit: pack.Household,
			All:    evaluation.Answers{Units: 2, Eligible: 2},
			Missed: evaluation.Answers{Units: 3, Eligible: 1, Possible: 1, Ineligible: 1, Refusals: []evaluation.Refusal{income}, Open: []evaluation.Refusal{deposits, income}},
		}
		equal(t, want, r.Needs[0])
		equal(t, []evaluation.UnneededReport{{Need: "rent", Labels: 1}}, r.Unneeded)
	})
	t.Run("what is found of each kind", func(t *testing.T) {
		ratio := func(found, of int) evaluation.Ratio { return evaluation.Ratio{Found: found, Of: of} }
		equal(t, []evaluation.GroupReport{
			{Kind: evaluation.Need, Programme: "minimum", Cause: "illness", Found: ratio(0, 1), Warned: 1},
			{Kind: evaluation.Need, Programme: "minimum", Cause: "low-income", Found: ratio(0, 1)},
			{Kind: evaluation.Need, Programme: "rent", Cause: "low-income", Found: ratio(0, 1), Warned: 1},
			{Kind: evaluation.MissedNeed, Programme: "minimum", Cause: "illness", Found: ratio(1, 1), Warned: 1},
			{Kind: evaluation.MissedNeed, Programme: "minimum", Cause: "low-income", Found: ratio(0, 2)},
			{Kind: evaluation.WrongReceipt, Programme: "medical", Cause: "died", Found: ratio(0, 1), Warned: 1},
			{Kind: evaluation.Shock, Cause: "fire", Found: ratio(1, 2), Warned: 1},
		}, r.Groups)
	})
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want −, got +:\n%s", diff)
	}
}

// TestStatusIsAnsweredByItsVariable: a need of no programme is answered by a yes or no of the household, and a rule that no label can
// measure is named with the reason.
func TestStatusIsAnsweredByItsVariable(t *testing.T) {
	policy := smallPolicy(t, `
needs: [{need: burnt, variable: household.burnt, parts: [household.burnt]}]
rules: [{warning: fire, unmeasured: {zh: 没有标签, en: No label}}]
`)
	r := report(t, policy, newVillage(t, policy), read(t,
		line("F", 7, "need,burnt,fire,10,2026-10-01,"),
		line("A", 1, "need,burnt,fire,10,2026-10-01,"),
		line("A", 1, "missed-need,burnt,fire,10,2026-10-01,")))
	no := evaluation.Refusal{Condition: "household.burnt", Say: pack.Text{Zh: "近期失火", En: "Fire not long ago"}, Units: 1}
	equal(t, []evaluation.NeedReport{{Need: "burnt", Name: no.Say, Unit: pack.Household,
		All:    evaluation.Answers{Units: 2, Eligible: 1, Ineligible: 1, Refusals: []evaluation.Refusal{no}},
		Missed: evaluation.Answers{Units: 1, Ineligible: 1, Refusals: []evaluation.Refusal{no}},
	}}, r.Needs)
	if why := r.Rules[1].Why; why == nil || why.En != "No label" {
		t.Errorf("the rule of fires: not measurable because %v", why)
	}
	if why := r.Rules[0].Why; why == nil || !strings.Contains(why.En, "does not say") {
		t.Errorf("a rule that evaluation.yaml does not name: not measurable because %v", why)
	}
	equal(t, 1, r.Mechanisms[1].Unmeasured)
}

// TestCountiesAddUp: the city is all counties together, in whatever order they come.
func TestCountiesAddUp(t *testing.T) {
	policy := smallPolicy(t, "")
	plan := policy.On(on, nil)
	v, labels := newVillage(t, policy), read(t, villageLabels...)
	result, err := screening.Run(t.Context(), plan, v, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := evaluation.New(plan)
	if err != nil {
		t.Fatal(err)
	}
	e.Add(result, v, labels)
	e.Add(result, v, labels)
	r := e.Report()
	equal(t, evaluation.Ratio{Found: 2, Of: 6}, r.City.Reach[0].Households)
	equal(t, 12, r.City.Households)
	equal(t, 10, r.Labels[0].In)
}

func TestBrokenLabelsAreNamedByLineAndColumn(t *testing.T) {
	good := line("A", 1, "need,minimum,illness,80,2026-01-01,")
	for _, c := range []struct{ name, text, zh, en string }{
		{"no header", good, "labels.csv:1: 标签文件的第一行应为", "labels.csv:1: the first line of a file of labels must be"},
		{"nothing", "", "labels.csv:1: 标签文件的第一行应为", "labels.csv:1: the first line"},
		{"a column too few", head + good + "379901,A,,need\n", "labels.csv:3:1: 这一行读不了", "labels.csv:3:1: the line cannot be read"},
		{"an open quotation mark", head + "379901,\"A,,need,x,y,1,,\n", "labels.csv:2", "labels.csv:2"},
		{"a kind that is none", head + line("A", 1, "needs,minimum,illness,80,,"), "labels.csv:2:29 字段label: 没有标签种类“needs”", `labels.csv:2:29 field label: there is no kind of label "needs"`},
		{"a severity above 100", head + line("A", 1, "need,minimum,illness,101,,"), "labels.csv:2:50 字段severity: 困难程度应为", "labels.csv:2:50 field severity: the severity is"},
		{"a day that no calendar has", head + line("A", 0, "need,minimum,illness,1,2026-02-30,"), "labels.csv:2:34 字段since", "labels.csv:2:34 field since"},
		{"a wrong check digit", head + "379901,A," + number(1).Plain()[:17] + "Z,need,minimum,illness,1,,\n", "labels.csv:2:10 字段person", "labels.csv:2:10 field person"},
		{"no household", head + "379901,,,need,minimum,illness,1,,\n", "没有户口簿号", "the booklet's number is missing"},
		{"a need of nothing", head + "379901,A,,need,,illness,1,,\n", "“need”标签要写明是哪个项目", `a label "need" must name its programme`},
		{"a county that is none", head + "abc,A,,need,x,illness,1,,\n", "labels.csv:2:1 字段county", "labels.csv:2:1 field county"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := evaluation.ReadLabels(strings.NewReader(c.text), "labels.csv")
			f, ok := errors.AsType[*fault.Error](err)
			if !ok {
				t.Fatalf("the error is %v, no fault", err)
			}
			if zh, en := f.Message(fault.Zh), f.Message(fault.En); !strings.Contains(zh, c.zh) || !strings.Contains(en, c.en) {
				t.Errorf("%s\n%s", zh, en)
			}
		})
	}
}

// TestEveryRuleOfDezhouSaysWhatItFinds: of each rule stands what it is meant to find, or why nobody can tell.
func TestEveryRuleOfDezhouSaysWhatItFinds(t *testing.T) {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	measured := map[string]bool{}
	for _, r := range p.Evaluation.Rules {
		measured[r.Warning] = true
	}
	for _, m := range p.Mechanisms {
		for _, rule := range m.Rules {
			if !measured[rule.ID] {
				t.Errorf("evaluation.yaml does not name %s", rule.ID)
			}
		}
	}
}

func TestPackWithoutMeasures(t *testing.T) {
	policy := smallPolicy(t, "")
	policy.Pack().Evaluation = nil
	if _, err := evaluation.New(policy.On(on, nil)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the error is %v", err)
	}
}

// TestRanksAgreeWithCountingPairs holds the counts of pairs against a count pair by pair.
func TestRanksAgreeWithCountingPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "households")
		scores, severities := make([]int, n), make([]int, n)
		for i := range n {
			scores[i], severities[i] = rapid.IntRange(0, 8).Draw(t, "score"), rapid.IntRange(0, 8).Draw(t, "severity")
		}
		concordant, discordant, alike := int64(0), int64(0), [2]int64{}
		for i := range n {
			for j := range i {
				switch d := (scores[i] - scores[j]) * (severities[i] - severities[j]); {
				case d > 0:
					concordant++
				case d < 0:
					discordant++
				}
				if scores[i] != scores[j] {
					alike[0]++
				}
				if severities[i] != severities[j] {
					alike[1]++
				}
			}
		}
		got := evaluation.RankOf(scores, severities)
		if got.Concordant != concordant || got.Discordant != discordant {
			t.Fatalf("%d agree and %d do not, want %d and %d", got.Concordant, got.Discordant, concordant, discordant)
		}
		// |tau| in thousandths is the greatest whole number whose square times both counts does not exceed the square of the difference.
		tau, difference := int64(got.TauB)/(money.Scale/1000), concordant-discordant
		if product := alike[0] * alike[1]; product > 0 {
			if tau*tau*product > difference*difference*1_000_000 || (abs(tau)+1)*(abs(tau)+1)*product <= difference*difference*1_000_000 || tau*difference < 0 {
				t.Fatalf("tau %d/1000 of %d over √%d", tau, difference, product)
			}
		}
	})
}

func abs(n int64) int64 { return max(n, -n) }

func TestPercentRounds(t *testing.T) {
	for _, c := range []struct {
		found, of int
		want      string
	}{{1, 3, "33.3"}, {2, 3, "66.7"}, {1, 8, "12.5"}, {1, 2000, "0.1"}, {1, 2001, "0"}, {5, 5, "100"}} {
		if got, ok := (evaluation.Ratio{Found: c.found, Of: c.of}).Percent(); !ok || got.String() != c.want {
			t.Errorf("%d of %d: %s, want %s", c.found, c.of, got, c.want)
		}
	}
	if _, ok := (evaluation.Ratio{}).Percent(); ok {
		t.Error("a share of nothing")
	}
}

// FuzzReadLabels: a file of labels is read or refused with its place.
func FuzzReadLabels(f *testing.F) {
	f.Add(head + line("A", 1, "need,minimum,illness,80,2026-01-01,"))
	f.Add("\ufeff" + head + "379901,A,,shock,,fire,0,,\"a \"\"note\"\"\"\n")
	f.Add(head + "379901,\"A\n")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := evaluation.ReadLabels(strings.NewReader(text), "labels.csv")
		if err == nil {
			for _, l := range labels {
				_ = fmt.Sprint(l)
			}
			return
		}
		if place, ok := errors.AsType[*fault.Error](err); !ok || place.At.File == "" || place.At.Line == 0 {
			t.Errorf("the error has no place: %v", err)
		}
	})
}
