package rules

import (
	"cmp"
	"slices"
	"strconv"

	"dajiuzhu/internal/money"
)

// standards lists once the figures that the reasons rest on, by their full names: their span, how sure they are, and the
// document.
func (w *writer) standards() {
	if len(w.figures) == 0 {
		return
	}
	w.section("用到的标准和比例", "Figures relied on")
	for _, r := range w.figures {
		text := w.in(*r.Label) + " " + w.value(r)
		if r.InForce != "" {
			text += w.say("：", ": ") + w.span(r.InForce)
		}
		if name := w.statusName(r.Status); name != "" {
			text += w.say("，", ", ") + name
		}
		if c := w.citations(r.Cites); c != "" {
			text += w.say("；", "; ") + c
		}
		w.line("  · %s", text)
		if w.full && r.Why != nil {
			w.line("      %s", w.in(*r.Why))
		}
	}
}

func (w *writer) index() {
	i := w.d.Index
	if i == nil {
		return
	}
	w.section("困难指数（只用于排先后，不影响资格）", "Difficulty index (it orders the work and refuses nobody)")
	w.line(w.say("  现在 %s 分，帮扶前 %s 分；信息完整度 %s", "  now %s, before aid %s; coverage %s"), fixed(i.Score), fixed(i.Before), percent(i.Coverage))
	var rows [][]string
	for _, p := range i.Parts {
		note := ""
		if !p.Known {
			note = w.say("信息不足，按中间值", "not known: the neutral score")
		}
		points, _ := p.Score.Mul(p.Weight)
		rows = append(rows, []string{w.in(p.Name), fixed(p.Score) + w.say(" 分", ""), "×", percent(p.Weight), "=", fixed(points), note})
	}
	w.table("    ", rows)
	if !w.full {
		return
	}
	for _, p := range i.Parts {
		w.line("")
		w.line("    %s%s%s", w.in(p.Name), w.say("：", ": "), w.in(p.Why))
		w.printStep(w.step(p.Tree.by(w.reasoner)), 3)
	}
}

// levels are the levels of warnings, the gravest first.
var levels = []struct {
	id   string
	name Label
}{
	{"red", Label{Zh: "红色", En: "red"}}, {"orange", Label{Zh: "橙色", En: "orange"}},
	{"yellow", Label{Zh: "黄色", En: "yellow"}}, {"blue", Label{Zh: "蓝色", En: "blue"}},
}

func (w *writer) warnings() {
	if len(w.d.Warnings) == 0 {
		return
	}
	w.section("预警", "Warnings")
	rank := func(r WarningReport) int {
		return slices.IndexFunc(levels, func(l struct {
			id   string
			name Label
		}) bool {
			return l.id == r.Level
		})
	}
	sorted := slices.Clone(w.d.Warnings)
	slices.SortStableFunc(sorted, func(a, b WarningReport) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Due, b.Due)) })
	for _, x := range sorted {
		level := x.Level
		if r := rank(x); r >= 0 {
			level = w.in(levels[r].name)
		}
		w.line("  %s%s%s%s%s", w.say("〔"+level+"〕", "["+level+"] "), w.in(x.Name), w.brackets(x.Unit.Name), w.say("，", ", "), w.dueText(x))
		if text := w.evidence(x); text != "" {
			w.line("    %s", text)
		}
	}
}

func (w *writer) dueText(x WarningReport) string {
	route := x.Route
	if w.pack.Workflow != nil {
		for _, r := range w.pack.Workflow.Routes {
			if r.ID == x.Route {
				route = r.Name.In(w.lang)
			}
		}
	}
	days := strconv.Itoa(x.Due)
	return w.say(route+days+"个工作日内核实", "to be verified within "+days+" working days by: "+lowered(route))
}

// evidence is what a warning shows: the values that are known, and of a household's members only those who have some.
func (w *writer) evidence(x WarningReport) string {
	var all []clause
	for _, r := range x.Evidence.by(w.reasoner) {
		if r.State != "known" || x.Unit.Name == "" && r.Of != "" && isNothing(r) {
			continue
		}
		all = append(all, w.plainClause(r))
	}
	return w.clauseTexts(mergeClauses(all), personNames(x.Unit))
}

// isNothing reports whether a value is none, no, or zero.
func isNothing(r *Reason) bool {
	if r.Value == "" || r.Value == "none" || r.Value == "false" {
		return true
	}
	a, err := money.Parse(r.Value)
	return err == nil && a == 0
}
