package rules

import (
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// trees opens the conditions and amounts of a block, unit by unit.
func (w *writer) trees(b *block) {
	for _, o := range b.outcomes {
		if len(b.outcomes) > 1 {
			w.line("    ── %s", o.Unit.Name)
		}
		for _, s := range w.stepsOf(o) {
			w.printStep(s, 3)
		}
	}
}

// stepsOf is the conditions of an outcome and then its amounts, each opened.
func (w *writer) stepsOf(o *OutcomeReport) []Step {
	var all []Step
	for _, c := range o.Reasons.by(w.reasoner) {
		s := Step{Mark: marks[c.State], Text: w.in(c.Say), Cites: c.Cites, Parts: []Step{w.step(c.Tree.by(w.reasoner))}}
		if doubt := w.doubtText(c.Status, c.Why); doubt != "" {
			s.Notes = []string{doubt}
		}
		all = append(all, s)
	}
	for _, c := range o.Components {
		if !c.Reason.None() {
			all = append(all, Step{Mark: "=", Text: w.in(c.Name), Parts: []Step{w.step(c.Reason.by(w.reasoner))}})
		}
	}
	return all
}

// printStep writes a step and what it was made of.
func (w *writer) printStep(s Step, indent int) {
	w.line("%s%s", strings.Repeat("  ", indent), w.stepText(s))
	for _, p := range s.Parts {
		w.printStep(p, indent+1)
	}
}

// stepText is a step in a line: of a condition its documents stand apart from what is doubtful about it.
func (w *writer) stepText(s Step) string {
	text := s.Text + w.inBrackets(s.Origin)
	if s.Mark != "" {
		return s.Mark + " " + text + w.inBrackets(w.citations(s.Cites)) + w.inBrackets(w.statements(s.Notes))
	}
	notes := s.Notes
	if cites := w.citations(s.Cites); cites != "" {
		at := 0
		if s.since {
			at = 1
		}
		notes = slices.Insert(slices.Clone(notes), at, cites)
	}
	text += w.inBrackets(w.statements(notes))
	if s.Above {
		text += w.say("（见上）", " (see above)")
	}
	return text
}

// step is a reason with what it was made of. A variable is opened where it first stands in the text.
func (w *writer) step(r *Reason) Step {
	parts := r.Parts
	if r.Kind == "variable" {
		parts = nil
		at := opening{r.Path, r.Of}
		if open := w.open(r); open != nil && !w.told[at] {
			if w.told == nil {
				w.told = map[opening]bool{}
			}
			w.told[at] = true
			parts = []*Reason{open}
		}
	}
	s := w.bare(r, parts)
	var told []string
	for _, p := range parts {
		line := w.stepText(w.bare(p, nil))
		if w.toldAbove(r, p) || slices.Contains(told, line) {
			continue
		}
		told = append(told, line)
		s.Parts = append(s.Parts, w.step(p))
	}
	return s
}

// toldAbove reports whether a part adds nothing to the line above it: a constant, unless it is the key of a table, or a
// fact that was compared.
func (w *writer) toldAbove(r, p *Reason) bool {
	if p.Kind == "constant" {
		return r.Kind != "parameter"
	}
	return r.Kind == "compare" && (p.Kind == "fact" || p.Kind == "holds")
}

// bare is one step in words, without what it was made of.
func (w *writer) bare(r *Reason, parts []*Reason) Step {
	if text, ok := w.operationText(r); ok {
		return Step{Text: text}
	}
	return w.leaf(r, parts)
}

// operationText is a step that has no name of its own.
func (w *writer) operationText(r *Reason) (string, bool) {
	switch r.Kind {
	case "and", "or":
		return w.connective(r), true
	case "not":
		return w.say("反之：", "not: ") + w.value(r), true
	case "compare":
		return w.clauseText(w.comparison(r), nil) + w.say("——", " – ") + w.truth(r), true
	case "arithmetic":
		return w.operation(r) + " = " + w.value(r), true
	case "choice":
		return w.say("按情形取：", "by the case: ") + w.value(r), true
	case "fold":
		return w.fold(r), true
	case "known":
		return w.say("是否已查明：", "is known: ") + w.value(r), true
	case "default":
		return w.say("不知道时取默认值：", "or the default: ") + w.value(r), true
	case "constant":
		return w.value(r), true
	}
	return "", false
}

// leaf is a named value with where it comes from.
func (w *writer) leaf(r *Reason, parts []*Reason) Step {
	c := clause{label: w.label(r), of: []holding{{w.who(r), w.value(r)}}, word: !isNumber(r)}
	s := Step{Text: w.clauseText(c, nil), Origin: w.originText(r)}
	figure := r.Kind == "parameter"
	if figure && r.InForce != "" {
		s.Notes, s.since = append(s.Notes, w.span(r.InForce)), true
	}
	if figure || len(parts) > 0 {
		s.Cites = r.Cites
		if doubt := w.doubtText(r.Status, r.Why); doubt != "" {
			s.Notes = append(s.Notes, doubt)
		}
	}
	s.Above = r.Kind == "variable" && len(parts) == 0 && w.open(r) != nil
	return s
}

func (w *writer) truth(r *Reason) string {
	switch {
	case r.State != "known":
		return w.value(r)
	case r.Value == "true":
		return w.say("符合", "met")
	}
	return w.say("不符合", "not met")
}

func (w *writer) connective(r *Reason) string {
	and := r.Kind == "and"
	switch {
	case r.State == "unknown":
		return w.say("还不能定：", "open:")
	case r.State != "known":
		return w.value(r)
	case and && r.Value == "true":
		return w.say("同时符合：", "all of:")
	case and:
		return w.say("不符合的有：", "of several, not met:")
	case r.Value == "true":
		return w.say("有一项符合：", "one suffices:")
	}
	return w.say("各项都不符合：", "none of:")
}

func (w *writer) operation(r *Reason) string {
	switch r.Operator {
	case "years", "months", "days":
		return w.say("两个日期之间", "between two dates")
	case "least":
		return w.say("取较小的", "the lesser")
	case "greatest":
		return w.say("取较大的", "the greater")
	case "round", "floor", "ceil":
		return w.say("取整", "rounded")
	case "negate":
		return w.say("取负", "negated")
	}
	var sides []string
	for _, p := range r.Parts {
		sides = append(sides, w.value(p))
	}
	return strings.Join(sides, " "+signs[r.Operator]+" ")
}

var foldNames = map[string]Label{
	"exists": {Zh: "其中有一个", En: "one of them"}, "all": {Zh: "每一个都", En: "every one of them"}, "count": {Zh: "个数", En: "how many"},
	"sum": {Zh: "合计", En: "the sum"}, "max": {Zh: "最大的", En: "the greatest"}, "min": {Zh: "最小的", En: "the least"},
}

func (w *writer) fold(r *Reason) string {
	text := w.in(foldNames[r.Operator]) + w.say("：", ": ") + w.value(r)
	if len(r.Parts) == 0 && r.State == "known" && r.Type != string(pack.Bool) {
		return text + w.say("（没有一项计入）", " (none counts)")
	}
	return text
}
