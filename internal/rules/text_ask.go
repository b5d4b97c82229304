package rules

import (
	"cmp"
	"fmt"
	"slices"

	"dajiuzhu/internal/pack"
)

// questions lists once whatever the open programmes want to know: what to ask, of the household and then person by
// person, each in the order in which the pack lists its facts; and then what is awaited.
func (w *writer) questions() {
	all, programmes := w.wanted()
	if len(all) == 0 {
		return
	}
	w.section("要核实的情况", "What has to be known")
	w.line("  %s%s", w.say("弄清后可以判定：", "It settles: "), w.list(programmes))
	number := 0
	for _, u := range unitsOf(all) {
		var asks []MissingReport
		for _, m := range all {
			if m.Unit == u && m.Ask != nil {
				asks = append(asks, m)
			}
		}
		if len(asks) == 0 {
			continue
		}
		w.line("  %s", w.whom(u))
		for _, m := range asks {
			number++
			w.line("    %d. %s", number, w.in(*m.Ask))
		}
	}
	w.awaited(all)
}

// wanted is every missing fact of what is still open, each once and in the order of a visit, and the programmes that want
// them.
func (w *writer) wanted() (all []MissingReport, programmes []string) {
	type key struct {
		unit UnitReference
		fact string
	}
	seen := map[key]bool{}
	for _, o := range w.d.Outcomes {
		if len(o.Missing) > 0 && !slices.Contains(programmes, w.in(o.Name)) {
			programmes = append(programmes, w.in(o.Name))
		}
		for _, m := range o.Missing {
			if k := (key{m.Unit, m.Fact}); !seen[k] {
				seen[k] = true
				all = append(all, m)
			}
		}
	}
	place := map[string]int{}
	for i, f := range w.pack.Facts {
		place[f.Path()] = i + 1 // what is no fact, such as who belongs to the household, comes first
	}
	slices.SortStableFunc(all, func(a, b MissingReport) int {
		return cmp.Or(cmp.Compare(w.turn(a.Unit), w.turn(b.Unit)), cmp.Compare(place[a.Fact], place[b.Fact]))
	})
	return all, programmes
}

// turn is when a unit is asked: the household first, then its persons in their order, then those outside it.
func (w *writer) turn(u UnitReference) int {
	if u.Kind == pack.Household {
		return 0
	}
	persons := slices.Concat(w.d.Household.Members, w.d.Household.Registered)
	if i := slices.Index(persons, u.Name); i >= 0 && !u.Supporter {
		return i + 1
	}
	return len(persons) + 1
}

func unitsOf(all []MissingReport) []UnitReference {
	var units []UnitReference
	for _, m := range all {
		if !slices.Contains(units, m.Unit) {
			units = append(units, m.Unit)
		}
	}
	return units
}

func (w *writer) whom(u UnitReference) string {
	switch {
	case u.Kind == pack.Household:
		return w.say("问全家：", "Of the household:")
	case u.Supporter:
		return fmt.Sprintf(w.say("问%s（赡养人）：", "Of %s, who owes support:"), u.Name)
	}
	return fmt.Sprintf(w.say("问%s：", "Of %s:"), u.Name)
}

// awaited lists what no visit can answer, by where it will come from.
func (w *writer) awaited(all []MissingReport) {
	var sources []string
	facts := map[string][]string{}
	units := map[string][]UnitReference{}
	for _, m := range all {
		if m.Ask != nil {
			continue
		}
		source, fact := w.sourceOf(m), w.in(m.Name)
		if !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
		if !slices.Contains(facts[source], fact) {
			facts[source] = append(facts[source], fact)
		}
		units[source+fact] = append(units[source+fact], m.Unit)
	}
	for _, source := range sources {
		var texts []string
		for _, fact := range facts[source] {
			texts = append(texts, fact+w.brackets(w.list(personNames(units[source+fact]...))))
		}
		w.line("  %s%s", source, w.statements(texts))
	}
}

func (w *writer) sourceOf(m MissingReport) string {
	switch {
	case m.OnConsent:
		return w.say("签核对授权书后查：", "By the consented means check: ")
	case len(m.Awaits) > 0:
		return fmt.Sprintf(w.say("等部门数据（%s）：", "Awaited from departments (%s): "), w.feedNames(m.Awaits))
	}
	return w.say("没有来源，人工核实：", "Without a source, to be looked into: ")
}
