package check_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/packs"
)

var on = calendar.Must(2026, 11, 1)

// dezhou is Dezhou's pack with texts of its files replaced.
func dezhou(t *testing.T, replace map[string][2]string) *rules.Policy {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(packs.Dezhou(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(packs.Dezhou(), name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range replace {
		before := string(files[name].Data)
		if !strings.Contains(before, r[0]) {
			t.Fatalf("%s does not hold %q", name, r[0])
		}
		files[name] = &fstest.MapFile{Data: []byte(strings.Replace(before, r[0], r[1], 1))}
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

// withCases is a policy left with the cases of some files: to run all of them takes seconds.
func withCases(policy *rules.Policy, files ...string) *rules.Policy {
	p := policy.Pack()
	p.Cases = slices.DeleteFunc(p.Cases, func(c *pack.Case) bool { return !slices.Contains(files, c.Pos.File) })
	return policy
}

func TestDezhouDoesWhatItsCasesSay(t *testing.T) {
	r := check.Run(dezhou(t, nil), on)
	if len(r.Failures) > 0 {
		t.Error(r.Failures)
	}
	for _, c := range r.Programmes {
		if len(c.Lacks) > 0 {
			t.Errorf("%s has no case of %v", c.Programme.ID, c.Lacks)
		}
	}
	for _, w := range r.Warnings {
		t.Error(w)
	}
	for _, w := range r.Thin { // each warning has a case in which it fires, and one in which it does not
		t.Error(w.Message(fault.En))
	}
	if len(r.Unused) > 0 {
		t.Errorf("nothing reads %v", r.Unused)
	}
}

func TestCasesBite(t *testing.T) {
	const dibao, declaration = "cases/civil-affairs/dibao.yaml", "cases/warnings/declaration.yaml"
	for _, c := range []struct {
		why, file, from, to, want string
	}{
		{"a wrong amount", dibao, "difference: 799.20", "difference: 799.21", "difference of dibao should be 799.21, came to 799.2"},
		{"a wrong total", dibao, "amount: 799.20", "amount: 800.00", "amount of dibao should be 800, came to 799.2"},
		{"a wrong outcome", dibao, "{programme: dibao, outcome: eligible, components", "{programme: dibao, outcome: possible, components", `dibao should be "possible", came to "eligible"`},
		{"a wrong failure", dibao, "outcome: ineligible, failed: [income]", "outcome: ineligible, failed: [homes]", "failed of dibao should hold homes, found income"},
		{"a wrong value", dibao, "household.category: dibao", "household.category: edge", "household.category should be edge, came to dibao"},
		{"a wrong warning", declaration, `warnings: ["-medical-shock-settlement"]`, "warnings: [medical-shock-settlement]", "warning medical-shock-settlement should fire"},
		{"a fact that does not exist", dibao, "hukou_local: true", "hukou_locale: true", `there is no fact "hukou_locale"; the nearest is "hukou_local"`},
		{"a formula that changed", "variables/household.yaml", "household.members.count(m, true)", "household.members.count(m, m.age > 17)", "should be"},
	} {
		r := check.Run(withCases(dezhou(t, map[string][2]string{c.file: {c.from, c.to}}), dibao, declaration), on)
		if len(r.Failures) == 0 {
			t.Errorf("%s: no failure", c.why)
			continue
		}
		if got := r.Failures.Error(); !strings.Contains(got, c.want) || !strings.Contains(got, "cases/") {
			t.Errorf("%s:\n got %s\nwant a failure with %q and its place", c.why, got, c.want)
		}
	}
}

// TestLapses: what ends within ninety days and has nothing after it is told, with its last day.
func TestLapses(t *testing.T) {
	policy := withCases(dezhou(t, nil))
	for _, c := range []struct {
		on   calendar.Date
		want bool
	}{
		{calendar.Must(2026, 10, 2), false}, // ninety-one days before the first day without a value
		{calendar.Must(2026, 10, 3), true},
		{calendar.Must(2026, 12, 31), true},
		{calendar.Must(2027, 1, 1), false}, // it has lapsed
	} {
		told := false
		for _, l := range check.Run(policy, c.on).Lapses {
			if l.Name == "param.dibao_standard[rural]@371400" {
				told = true
				if l.Last != calendar.Must(2026, 12, 31) || l.Days != calendar.Days(c.on, calendar.Must(2027, 1, 1)) {
					t.Errorf("on %s: last day %s in %d days", c.on, l.Last, l.Days)
				}
			}
		}
		if told != c.want {
			t.Errorf("on %s the standard's lapse is told: %v, want %v", c.on, told, c.want)
		}
	}
}

func TestEveryFigureIsCounted(t *testing.T) {
	p := dezhou(t, nil).Pack()
	values, rows := 0, 0
	for _, q := range p.Parameters {
		values += len(q.Values)
	}
	for _, v := range p.Variables {
		rows += len(v.Versions)
	}
	for _, q := range p.Programmes {
		rows += len(q.Versions)
	}
	for _, m := range p.Mechanisms {
		rows += len(m.Rules)
	}
	for _, rule := range p.Workflow.Rules() {
		rows += len(rule.Versions)
	}
	rows += 2 // the index, and how warnings are worked on
	r := check.Survey(p)
	gotValues, gotRules, firm := 0, 0, 0
	for _, s := range r.Statuses {
		gotValues, gotRules = gotValues+s.Values, gotRules+s.Rules
		if s.Status == pack.Found {
			firm = s.Values + s.Rules
		}
	}
	if gotValues != values || gotRules != rows {
		t.Errorf("%d values and %d rules counted, the pack has %d and %d", gotValues, gotRules, values, rows)
	}
	if len(r.Assumed) != values+rows-firm {
		t.Errorf("%d figures listed as not found, want %d", len(r.Assumed), values+rows-firm)
	}
}
