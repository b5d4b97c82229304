package library

import (
	"fmt"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// openPoints lists what of a programme is not found: its own rules, and what they rest on.
func (w *writer) openPoints(q *pack.Programme) {
	own, rests := w.unfound(q), w.restsOn(q)
	if len(own)+len(rests) == 0 {
		return
	}
	w.heading(2, w.say("尚未查实的", "What is not found yet"))
	if len(own) > 0 {
		w.unfoundTable(own)
	}
	if len(rests) > 0 {
		w.paragraph("%s", w.say("本项目还用到下面这些尚未查实的公式和标准，原因见链接：", "It also rests on these formulas and figures that are not found; the reasons stand where the links lead:"))
		for _, r := range rests {
			w.line("- %s", r)
		}
		w.line("")
	}
}

func (w *writer) unfoundTable(rows [][]string) {
	w.table([]string{w.say("哪一条", "Which"), w.say("期间", "Over"), w.say("可靠程度", "Standing"), w.say("为什么这样定", "Why so")}, rows)
}

// unfound is a programme's own rules that are not found, a row each; what several share in wording stands once.
func (w *writer) unfound(q *pack.Programme) [][]string {
	var rows [][]string
	add := func(which string, span calendar.Span, s pack.Source) {
		if isFound(s) {
			return
		}
		row := []string{which, w.span(span), w.status(s.Status), w.in(s.Why)}
		if last := len(rows) - 1; last >= 0 && slices.Equal(rows[last][1:], row[1:]) {
			rows[last][0] += "<br>" + which
			return
		}
		rows = append(rows, row)
	}
	for _, v := range slices.Backward(q.Versions) {
		add(w.say("整个规定", "The rule as a whole"), v.Span, v.Source)
		for _, c := range v.Conditions {
			if !sameStanding(c.Source, v.Source) {
				add(w.say("条件：", "Condition: ")+w.in(c.Say), v.Span, c.Source)
			}
		}
		for _, c := range v.Components {
			if !sameStanding(c.Source, v.Source) {
				add(w.say("待遇：", "Aid: ")+w.in(c.Name), v.Span, c.Source)
			}
		}
	}
	return rows
}

// sameStanding reports whether a part of a version is as sure as the version, and for the same reason.
func sameStanding(a, b pack.Source) bool { return a.Status == b.Status && a.Why == b.Why }

// sameSource reports whether a part has nothing but its version's source: its standing and its documents.
func sameSource(a, b pack.Source) bool { return sameStanding(a, b) && slices.Equal(a.Cites, b.Cites) }

// restsOn names the formulas and figures below a programme that are not found, by how sure they are.
func (w *writer) restsOn(q *pack.Programme) []string {
	r := w.reached[q.ID]
	byStatus := map[pack.Status][]string{}
	note := func(name string, sources []pack.Source) {
		for _, s := range weak {
			if slices.ContainsFunc(sources, func(x pack.Source) bool { return x.Status == s }) {
				byStatus[s] = append(byStatus[s], name)
				return
			}
		}
	}
	for _, v := range r.variables {
		var sources []pack.Source
		for _, version := range v.Versions {
			sources = append(sources, version.Source)
		}
		note(w.linkTo("variables", w.in(v.Label), v.Path()), sources)
	}
	for _, p := range r.parameters {
		var sources []pack.Source
		for _, v := range p.Values {
			sources = append(sources, v.Source)
		}
		note(w.linkTo("figures", w.in(p.Label), "param."+p.Name), sources)
	}
	var all []string
	for _, s := range weak {
		if names := byStatus[s]; len(names) > 0 {
			all = append(all, fmt.Sprintf(w.say("**%s**（%d项）：%s", "**%s** (%d): %s"), w.status(s), len(names), w.list(names)))
		}
	}
	return all
}

// weak are the standings short of found, the weakest first.
var weak = []pack.Status{pack.Assumed, pack.Proxy, pack.Interpolated}
