package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// TestNarrowingChangesNothing draws households of which much is unknown and holds the batch and the explanation together:
// the same outcome, amounts and assumptions, and the witness of a refusal among the failures.
func TestNarrowingChangesNothing(t *testing.T) {
	policy, faults := Compile(dezhou(t))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	plan := policy.On(mustDate("2026-11-01"), nil)
	setChecks(t, "1500")
	rapid.Check(t, func(r *rapid.T) {
		b := drawHousehold(r, policy.world, plan.on)
		forget(r, &b.Household)
		forget(r, &b.Person)
		forget(r, &b.Supporter)
		if rapid.IntRange(0, 2).Draw(r, "doubtful") == 0 {
			b.Doubtful.Set(0)
		}
		results := plan.NewEvaluator().Evaluate(b)
		told := plan.Explain(Subject{Batch: b, Persons: numbered(b.Person.N), Supporters: numbered(b.Supporter.N)})
		lane := map[string]int{}
		for _, o := range told.Outcomes {
			i, _ := policy.Layout().Programme(o.Programme)
			compareOutcome(r, &results.Programmes[i], lane[o.Programme], o)
			lane[o.Programme]++
		}
		if told.Index.Score != results.Index.Score[0] || told.Index.Coverage != results.Index.Coverage[0] {
			r.Fatalf("index %s (%s) explained, %s (%s) in the batch", told.Index.Score, told.Index.Coverage, results.Index.Score[0], results.Index.Coverage[0])
		}
	})
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}

func forget(r *rapid.T, t *Table) {
	for lane := range t.N {
		for i := range t.Facts {
			if rapid.IntRange(0, 3).Draw(r, "forget") == 0 {
				t.Facts[i].Known.Clear(lane)
			}
		}
		for i := range t.Held {
			if rapid.IntRange(0, 9).Draw(r, "forget holding") == 0 {
				t.Held[i].Known.Clear(lane)
			}
		}
		for _, complete := range t.Complete {
			if rapid.IntRange(0, 3).Draw(r, "forget events") == 0 {
				complete.Clear(lane)
			}
		}
	}
}

func compareOutcome(r *rapid.T, batch *ProgrammeResult, lane int, o OutcomeReport) {
	if got := batch.Outcome(lane).String(); got != o.Outcome || batch.Assumed.Has(lane) != o.Assumed {
		r.Fatalf("%s of %s: %s (assumed %v) in the batch, %s (assumed %v) explained", o.Programme, o.Unit.Name, got, batch.Assumed.Has(lane), o.Outcome, o.Assumed)
	}
	for i, c := range o.Components {
		amount, ok := batch.Amounts[i].At(lane)
		if ok != (c.Amount != nil) || ok && amount != *c.Amount {
			r.Fatalf("%s.%s of %s: %s in the batch, %v explained", o.Programme, c.ID, o.Unit.Name, amount, c.Amount)
		}
	}
	if batch.Outcome(lane) != Ineligible {
		return
	}
	first, _ := batch.Witness(lane)
	witness := o.Reasons.Tell()[first].Condition
	if !slices.ContainsFunc(o.Failed.Tell(), func(f FailureReport) bool { return f.Condition == witness }) {
		r.Fatalf("%s of %s: the witness %s is not among the failures", o.Programme, o.Unit.Name, witness)
	}
}

// programmes of a tiny pack: "family" reads the household's members, "own" only the person, "either" is decided by the
// person where it can be.
func doubtPack() *pack.Pack {
	p := tinyPack()
	for _, q := range []struct {
		id   string
		unit pack.Unit
		when string
	}{
		{"house", pack.Household, "household.a"},
		{"family", pack.Person, "household.members.count(m, true) > 0"},
		{"own", pack.Person, "person.a"},
		{"either", pack.Person, "person.a || household.members.count(m, true) > 0"},
	} {
		p.Programmes = append(p.Programmes, &pack.Programme{ID: q.id, Unit: q.unit, Entitlement: true, Versions: []*pack.ProgrammeVersion{{
			Span: calendar.Always(), Conditions: []*pack.Condition{{ID: "test", When: pack.Expr{Source: q.when}}}}}})
	}
	return p
}

func TestDoubtfulCompositionCapsWhatRestsOnIt(t *testing.T) {
	policy, faults := Compile(doubtPack())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	plan := policy.On(mustDate("2026-11-01"), nil)
	for _, c := range []struct {
		why                  string
		doubtful, collective bool
		want                 []Outcome // house, family, own, either
	}{
		{"a settled household", false, false, []Outcome{Eligible, Eligible, Eligible, Eligible}},
		{"a doubtful one: what rests on it is at most possible", true, false, []Outcome{Possible, Possible, Eligible, Eligible}},
		{"a dormitory: not assessed as a family", false, true, []Outcome{NotAssessed, Possible, Eligible, Eligible}},
	} {
		b := tinyBatch(t, policy.world, "a=true", []string{"a=true"})
		if c.doubtful {
			b.Doubtful.Set(0)
		}
		if c.collective {
			b.Collective.Set(0)
		}
		results := plan.NewEvaluator().Evaluate(b)
		told := plan.Explain(Subject{Batch: b, Persons: []string{"a"}})
		for i, want := range c.want {
			if got := results.Programmes[i].Outcome(0); got != want {
				t.Errorf("%s: %s is %s, want %s", c.why, policy.Pack().Programmes[i].ID, got, want)
			}
			asked := slices.ContainsFunc(told.Outcomes[i].Missing.Tell(), func(m MissingReport) bool { return m.Fact == "household.composition" })
			if asked != (want == Possible) {
				t.Errorf("%s: composition asked for %s: %v", c.why, policy.Pack().Programmes[i].ID, asked)
			}
		}
	}
}

// TestWhoDoesNotCountIsNotAssessed: the dead and prisoners stand with their household's values, which are not theirs.
func TestWhoDoesNotCountIsNotAssessed(t *testing.T) {
	p := tinyPack()
	for _, id := range []string{"own", "funeral"} {
		p.Programmes = append(p.Programmes, &pack.Programme{ID: id, Unit: pack.Person, Uncounted: id == "funeral", Versions: []*pack.ProgrammeVersion{{
			Span: calendar.Always(), Conditions: []*pack.Condition{{ID: "test", When: pack.Expr{Source: "person.a"}}}}}})
	}
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	plan := policy.On(mustDate("2026-11-01"), nil)
	b := tinyBatch(t, policy.world, "a=true", []string{"a=true", "a=true"})
	b.Counted[0] = 1
	results := plan.NewEvaluator().Evaluate(b)
	told := plan.Explain(Subject{Batch: b, Persons: []string{"a", "b"}})
	want := [][]Outcome{{Eligible, NotAssessed}, {Eligible, Eligible}}
	for i, lanes := range want {
		for lane, outcome := range lanes {
			if got := results.Programmes[i].Outcome(lane); got != outcome {
				t.Errorf("%s, person %d: %s, want %s", p.Programmes[i].ID, lane, got, outcome)
			}
			if got := told.Outcomes[2*i+lane].Outcome; got != outcome.String() {
				t.Errorf("%s, person %d explained: %s, want %s", p.Programmes[i].ID, lane, got, outcome)
			}
		}
	}
	if text := told.Text(policy.Pack(), fault.En); !strings.Contains(text, "not counted in the household and not assessed: b") {
		t.Errorf("who is not assessed is not told:\n%s", text)
	}
}

// TestAssumptionsAreToldWhereTheyDecide: a default marks an outcome only if nothing firm decides it, whatever comes first.
func TestAssumptionsAreToldWhereTheyDecide(t *testing.T) {
	for _, c := range []struct {
		why, when, facts string
		want             bool
	}{
		{"a default decides", "household.a.or(true)", "", true},
		{"a known fact needs no default", "household.a.or(true)", "a=true", false},
		{"true through a default and a fact", "household.a.or(true) && household.b", "b=true", true},
		{"false by a default, and firmly false after it", "household.a.or(false) && !household.b", "b=true", false},
		{"firmly false before a default", "household.b && household.a.or(false)", "b=false", false},
		{"false by a default alone", "household.a.or(false) && household.b", "b=true", true},
		{"true by a default, and firmly true after it", "household.a.or(true) || household.b", "b=true", false},
		{"an amount that rests on a default", "household.x.or(1.0) > 0.0", "", true},
	} {
		p := tinyPack()
		p.Programmes = []*pack.Programme{{ID: "test", Unit: pack.Household, Versions: []*pack.ProgrammeVersion{{
			Span: calendar.Always(), Conditions: []*pack.Condition{{ID: "test", When: pack.Expr{Source: c.when}}}}}}}
		policy, faults := Compile(p)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		plan := policy.On(mustDate("2026-11-01"), nil)
		b := tinyBatch(t, policy.world, c.facts, nil)
		if got := plan.NewEvaluator().Evaluate(b).Programmes[0].Assumed.Has(0); got != c.want {
			t.Errorf("%s: %s in a batch assumed %v, want %v", c.why, c.when, got, c.want)
		}
		if got := plan.Explain(Subject{Batch: b}).Outcomes[0].Assumed; got != c.want {
			t.Errorf("%s: %s explained assumed %v, want %v", c.why, c.when, got, c.want)
		}
	}
}

// TestSupportersThatNobodyNamed: a register knows only those who live in its area, so no supporter on file is not none.
func TestSupportersThatNobodyNamed(t *testing.T) {
	for _, c := range []struct {
		why, expression string
		all             bool
		want            string
	}{
		{"none, and all are known", "household.supporters.all(s, s.a)", true, "true"},
		{"none on file", "household.supporters.all(s, s.a)", false, "unknown"},
		{"a sum of none on file", "household.supporters.count(s, s.a) == 0", false, "unknown"},
	} {
		p := tinyPack()
		p.Variables = []*pack.Variable{{Unit: pack.Household, Name: "result", Type: pack.Bool,
			Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: c.expression}}}}}
		policy, faults := Compile(p)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		b := tinyBatch(t, policy.world, "", nil)
		if c.all {
			b.AllSupporters.Set(0)
		}
		e := policy.On(mustDate("2026-11-01"), nil).NewEvaluator()
		e.Evaluate(b)
		if got := e.Value("household.result", 0); got != c.want {
			t.Errorf("%s: %s = %s, want %s", c.why, c.expression, got, c.want)
		}
	}
}
