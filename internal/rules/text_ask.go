package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// Wanted is something that has to be known of a household, and the programmes that it can still decide.
type Wanted struct {
	MissingReport
	Programmes []*ProgrammeHead
}

// Wanted is every missing fact of what is still open, each once and in the order of a visit: first who and where the household is, then its
// persons in their order, then those outside it, and last what is left to ask of the household. The pack is the determination's own.
func (d *Determination) Wanted(p *pack.Pack) []Wanted {
	all, _ := d.wanted(p, newReasoner(d.account))
	return all
}

// wanted is the missing facts, and the programmes that want them in the order of the outcomes.
func (d *Determination) wanted(p *pack.Pack, r *reasoner) (all []Wanted, programmes []*ProgrammeHead) {
	type key struct {
		unit UnitReference
		fact string
	}
	at := map[key]int{}
	for _, o := range d.Outcomes {
		missing := o.Missing.by(r)
		if len(missing) > 0 && !slices.Contains(programmes, o.ProgrammeHead) {
			programmes = append(programmes, o.ProgrammeHead)
		}
		for _, m := range missing {
			k := key{m.Unit, m.Fact}
			if _, seen := at[k]; !seen {
				at[k] = len(all)
				all = append(all, Wanted{MissingReport: m})
			}
			if of := &all[at[k]].Programmes; !slices.Contains(*of, o.ProgrammeHead) {
				*of = append(*of, o.ProgrammeHead)
			}
		}
	}
	place := map[string]int{}
	for i, f := range p.Facts {
		place[f.Path()] = i
	}
	slices.SortStableFunc(all, func(a, b Wanted) int {
		return cmp.Or(cmp.Compare(d.turn(p, a.MissingReport), d.turn(p, b.MissingReport)), strings.Compare(a.Unit.Name, b.Unit.Name), cmp.Compare(place[a.Fact], place[b.Fact]))
	})
	return all, programmes
}

// turn is when something is asked.
func (d *Determination) turn(p *pack.Pack, m MissingReport) int {
	persons := slices.Concat(d.Household.Members, d.Household.Registered)
	isFact := p.Fact(m.Fact) != nil
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

// questions lists once whatever the open programmes want to know: what to ask, person by person and each in the order in
// which the pack lists its facts; and then what is awaited.
func (w *writer) questions() {
	all, open := w.d.wanted(w.pack, w.reasoner)
	if len(all) == 0 {
		return
	}
	var programmes []string
	for _, p := range open {
		if name := w.in(p.Name); !slices.Contains(programmes, name) {
			programmes = append(programmes, name)
		}
	}
	w.section("要核实的情况", "What has to be known")
	w.line("  %s%s", w.say("弄清后可以判定：", "It settles: "), w.list(programmes))
	number, last := 0, MissingReport{}
	for _, m := range all {
		if m.Ask == nil {
			continue
		}
		if number == 0 || m.Unit != last.Unit || w.turn(m.MissingReport) != w.turn(last) {
			w.line("  %s", w.whom(m.MissingReport, number == 0))
		}
		number, last = number+1, m.MissingReport
		w.line("    %d. %s", number, w.in(*m.Ask))
	}
	w.awaited(all)
}

func (w *writer) turn(m MissingReport) int { return w.d.turn(w.pack, m) }

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
func (w *writer) awaited(all []Wanted) {
	var sources []string
	facts := map[string][]string{}
	units := map[string][]UnitReference{}
	for _, m := range all {
		if m.Ask != nil {
			continue
		}
		source, fact := w.sourceOf(m.MissingReport), w.in(m.Name)
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
