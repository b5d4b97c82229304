package casework_test

import (
	"os"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// What a decision keeps of the facts comes to the same again, programme by programme and amount by amount.
func TestADecisionIsMadeAgainFromWhatItKeeps(t *testing.T) {
	policy, faults := rules.Compile(dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	family := household(t, policy, "guozhai")
	on := calendar.Must(2026, 11, 1)
	first := policy.On(on, nil).Explain(family.Subject())
	kept, err := casework.FactsOf(family.Subject())
	if err != nil {
		t.Fatal(err)
	}
	decision := &casework.Decision{Pack: dezhou().Hash, Engine: first.Engine, On: on, Inputs: string(kept)}
	again, err := casework.Replay(policy, decision)
	if err != nil {
		t.Fatal(err)
	}
	decided := 0
	for n, o := range first.Outcomes {
		other := again.Outcomes[n]
		if o.Programme != other.Programme || o.Outcome != other.Outcome || len(o.Components) != len(other.Components) {
			t.Errorf("%s comes to %s, then to %s", o.Programme, o.Outcome, other.Outcome)
		}
		for i, c := range o.Components {
			if c.Amount != nil && (other.Components[i].Amount == nil || *c.Amount != *other.Components[i].Amount) {
				t.Errorf("%s gives %v, then %v", o.Programme, c.Amount, other.Components[i].Amount)
			}
		}
		if o.Outcome == "eligible" {
			decided++
		}
	}
	if decided < 3 {
		t.Errorf("only %d programmes are decided: the example shows nothing", decided)
	}
	decision.Pack = "another"
	if _, err := casework.Replay(policy, decision); fault.KindOf(err) != fault.Conflict {
		t.Errorf("under another pack: %v", err)
	}
}

// A household is of the category that its own variable says; where the variable is not known, every category is open.
func TestCategoriesComeOfTheHouseholdsVariable(t *testing.T) {
	policy, faults := rules.Compile(dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	plan := policy.On(calendar.Must(2026, 11, 1), nil)
	of := func(example string) func(string) string {
		family := household(t, policy, example)
		evaluator := plan.NewEvaluator()
		evaluator.Evaluate(family.Batch)
		return func(path string) string { return evaluator.Value(path, 0) }
	}
	for _, c := range []struct {
		what  string
		value func(path string) string
		want  string
		rigid string // of that one category: what it comes to, and of which the household is
	}{
		{"income between the standard and half as much again", of("guozhai"), "edge eligible, rigid ineligible, ", "ineligible edge"},
		{"nothing needed", of("well-off"), "edge ineligible, rigid ineligible, ", "ineligible "},
		{"not known", func(string) string { return "unknown" }, "edge possible, rigid possible, ", "possible "},
	} {
		if outcome, is := casework.StatusOf(dezhou(), c.value, "rigid"); outcome+" "+is != c.rigid {
			t.Errorf("%s: %s %s, want %s", c.what, outcome, is, c.rigid)
		}
		got := ""
		for _, o := range casework.CategoriesOf(dezhou(), c.value) {
			got += o.Programme + " " + o.Outcome + ", "
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

// household is an example's.
func household(t *testing.T, policy *rules.Policy, example string) *population.Family {
	t.Helper()
	text, err := os.ReadFile("../../examples/" + example + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	dossier, faults := pack.ReadDossier(example, text)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	family, faults := population.FromDossier(dezhou(), policy.Layout(), dossier)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return family
}
