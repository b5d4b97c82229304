package screening_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// TestKeptOutcomesNameWhatIsMissing holds what was kept of every open outcome of a county against the household's explanation.
func TestKeptOutcomesNameWhatIsMissing(t *testing.T) {
	c := newCounty(t, 3000)
	people := screening.Built{Population: c.people}
	want, got := map[string][]string{}, map[string][]string{}
	for chunk := range people.Chunks() {
		for lane := range people.Batch(chunk, &rules.Batch{}).Household.N {
			explainMissing(c.plan, people, chunk, lane, want)
		}
	}
	open := 0
	for o := range c.screen(t).Outcomes() {
		var missing []string
		for _, leaf := range o.Missing {
			missing = append(missing, leaf.String())
		}
		if len(missing) > 0 {
			open++
		}
		key := o.Programme.ID + " of " + o.Household.Key
		got[key] = append(got[key], sortedText(missing))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("explained −, kept +:\n%s", diff)
	}
	if open < 1000 {
		t.Errorf("only %d outcomes miss something", open)
	}
}

// explainMissing adds what a household's open outcomes miss, by programme and household, member by member.
func explainMissing(plan *rules.Plan, people screening.People, chunk, lane int, to map[string][]string) {
	s := people.Subject(chunk, lane)
	for i := range s.Persons {
		s.Persons[i] = "person " + strconv.Itoa(i) // nobody bears another's name
	}
	for i := range s.Supporters {
		s.Supporters[i] = "supporter " + strconv.Itoa(i)
	}
	for _, o := range plan.Explain(s).Outcomes {
		var missing []string
		for _, m := range o.Missing.Tell() {
			leaf := rules.Leaf{Fact: m.Fact, Supporter: m.Unit.Supporter}
			if o.Outcome != rules.Eligible.String() {
				missing = append(missing, leaf.String())
			}
		}
		key := o.Programme + " of " + people.At(chunk, lane).Key
		to[key] = append(to[key], sortedText(missing))
	}
}

// sortedText is leaves as one text, each once.
func sortedText(leaves []string) string {
	slices.Sort(leaves)
	text := ""
	for _, leaf := range slices.Compact(leaves) {
		text += leaf + " "
	}
	return text
}
