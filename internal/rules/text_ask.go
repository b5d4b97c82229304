package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// questions lists once whatever the open programmes want to know: what to ask, person by person and each in the order in
// which the pack lists its facts; and then what is awaited.
func (w *writer) questions() {
	all, programmes := w.wanted()
	if len(all) == 0 {
		return
	}
	w.section("要核实的情况", "What has to be known")
	w.line("  %s%s", w.say("弄清后可以判定：", "It settles: "), w.list(programmes))
	number, last := 0, MissingReport{}
	for _, m := range all {
		if m.Ask == nil {
			continue
		}
		if number == 0 || m.Unit != last.Unit || w.turn(m) != w.turn(last) {
			w.line("  %s", w.whom(m, number == 0))
		}
		number, last = number+1, m
		w.line("    %d. %s", number, w.in(*m.Ask))
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
		missing := o.Missing.by(w.reasoner)
		if len(missing) > 0 && !slices.Contains(programmes, w.in(o.Name)) {
			programmes = append(programmes, w.in(o.Name))
		}
		for _, m := range missing {
			if k := (key{m.Unit, m.Fact}); !seen[k] {
				seen[k] = true
				all = append(all, m)
			}
		}
	}
	place := map[string]int{}
	for i, f := range w.pack.Facts {
		place[f.Path()] = i
	}
	slices.SortStableFunc(all, func(a, b MissingReport) int {
		return cmp.Or(cmp.Compare(w.turn(a), w.turn(b)), strings.Compare(a.Unit.Name, b.Unit.Name), cmp.Compare(place[a.Fact], place[b.Fact]))
	})
	return all, programmes
}

// turn is when something is asked: first who and where the household is, then its persons in their order, then those
// outside it, and last what is left to ask of the household, such as whether there is any other income.
func (w *writer) turn(m MissingReport) int {
	persons := slices.Concat(w.d.Household.Members, w.d.Household.Registered)
	isFact := slices.ContainsFunc(w.pack.Facts, func(f *pack.Fact) bool { return f.Path() == m.Fact })
	switch at := slices.Index(persons, m.Unit.Name); {
	case m.Unit.Kind == pack.Household && !isFact:
		return -1
	case m.Unit.Kind == pack.Household:
		return len(persons) + 1
	case m.Unit.Supporter || at < 0:
		return len(persons)
	default:
		return at
	}
}

func (w *writer) whom(m MissingReport, first bool) string {
	switch {
	case m.Unit.Kind == pack.Household && (first || w.turn(m) < 0):
		return w.say("问全家：", "Of the household:")
	case m.Unit.Kind == pack.Household:
		return w.say("最后问全家：", "Last, of the household:")
	case m.Unit.Supporter:
		return fmt.Sprintf(w.say("问%s（赡养人）：", "Of %s, who owes support:"), m.Unit.Name)
	}
	return fmt.Sprintf(w.say("问%s：", "Of %s:"), m.Unit.Name)
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
