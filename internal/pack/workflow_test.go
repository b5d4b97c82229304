package pack_test

import (
	"slices"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
	"dajiuzhu/packs"
)

func dezhouWorkflow(t *testing.T) *pack.Workflow {
	t.Helper()
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p.Workflow
}

// inForce is the version of a procedure on a day.
func inForce(t *testing.T, p *pack.Procedure, on calendar.Date) *pack.ProcedureVersion {
	t.Helper()
	i := slices.IndexFunc(p.Versions, func(v *pack.ProcedureVersion) bool { return v.Span.Contains(on) })
	if i < 0 {
		t.Fatalf("%s has no version on %s", p.ID, on)
	}
	return p.Versions[i]
}

// The village's review was a step of every case until 民发〔2021〕57号, and since then answers an objection only.
func TestReviewIsNoDefaultStep(t *testing.T) {
	p := dezhouWorkflow(t).ProcedureOf("dibao-alone")
	reviews := func(on calendar.Date) (only []string) {
		for _, s := range inForce(t, p, on).Steps {
			if s.Gives == "review" {
				only = append(only, s.OnlyIf)
			}
		}
		return only
	}
	if got := reviews(calendar.Must(2021, 6, 30)); !slices.Equal(got, []string{""}) {
		t.Errorf("before: %q", got)
	}
	if got := reviews(calendar.Must(2021, 7, 1)); !slices.Equal(got, []string{"objection"}) {
		t.Errorf("after: %q", got)
	}
}

func TestWorkflowReadsWhole(t *testing.T) {
	w := dezhouWorkflow(t)
	v := inForce(t, w.ProcedureOf("dibao"), calendar.Must(2026, 11, 1))
	survey, confirm := v.Step("survey"), v.Step("confirm")
	if survey.People != 2 || !survey.BothSign || *survey.Within != (pack.Limit{Period: pack.Period{Count: 3, Unit: "working-days"}, From: "check"}) {
		t.Errorf("survey: %+v", survey)
	}
	if confirm.By != "decider" || !slices.Contains(confirm.NotBy, "survey") {
		t.Errorf("confirm: %+v", confirm)
	}
	if v.Total.Count != 30 || v.Total.AtMost != 45 {
		t.Errorf("total: %+v", v.Total)
	}
	for _, a := range w.Authorities {
		last := a.Versions[len(a.Versions)-1]
		if a.ID == "temporary-aid" && (last.UpTo.String() != "3000" || last.Above != "county-civil-affairs") {
			t.Errorf("the township's limit: %+v", last)
		}
		if a.ID == "civil-affairs" && (last.Basis != "entrusted" || len(last.Remedies) != 2 || last.Remedies[0].Within != (pack.Period{Count: 60, Unit: "days"})) {
			t.Errorf("who confirms: %+v", last)
		}
	}
	if rules := w.Rules(); len(rules) < 20 {
		t.Errorf("%d rules with versions", len(rules))
	}
}

// A posting about a child could never be taken back: what concerns children is posted on no occasion.
func TestChildrenAreNeverPosted(t *testing.T) {
	w := dezhouWorkflow(t)
	never := map[string]bool{}
	for _, q := range w.Publicity {
		never[q.ID] = q.Versions[0].Never
	}
	for _, p := range w.Procedures {
		if slices.Contains([]string{"children", "pupils-item", "fund-application"}, p.ID) && !never[p.Publicity] {
			t.Errorf("%s is posted as %s", p.ID, p.Publicity)
		}
	}
}
