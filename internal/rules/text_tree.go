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
		for _, c := range o.Reasons.by(w.reasoner) {
			text := w.in(c.Say)
			if cites := w.citations(c.Cites); cites != "" {
				text += w.say("〔"+cites+"〕", " ["+cites+"]")
			}
			w.line("      %s %s%s", marks[c.State], text, w.doubt(c.Status, c.Why))
			w.tree(c.Tree.by(w.reasoner), 4)
		}
		for _, c := range o.Components {
			if !c.Reason.None() {
				w.line("      = %s", w.in(c.Name))
				w.tree(c.Reason.by(w.reasoner), 4)
			}
		}
	}
}

// tree writes a reason and what it was made of. A variable is opened where it first stands in the text.
func (w *writer) tree(r *Reason, indent int) {
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
	w.line("%s%s", strings.Repeat("  ", indent), w.treeLine(r, parts))
	var told []string
	for _, p := range parts {
		line := w.treeLine(p, nil)
		if w.toldAbove(r, p) || slices.Contains(told, line) {
			continue
		}
		told = append(told, line)
		w.tree(p, indent+1)
	}
}

// toldAbove reports whether a part adds nothing to the line above it: a constant, unless it is the key of a table, or a
// fact that was compared.
func (w *writer) toldAbove(r, p *Reason) bool {
	if p.Kind == "constant" {
		return r.Kind != "parameter"
	}
	return r.Kind == "compare" && (p.Kind == "fact" || p.Kind == "holds")
}

// treeLine is one step in words.
func (w *writer) treeLine(r *Reason, parts []*Reason) string {
	switch r.Kind {
	case "and", "or":
		return w.connective(r)
	case "not":
		return w.say("反之：", "not: ") + w.value(r)
	case "compare":
		return w.clauseText(w.comparison(r), nil) + w.say("——", " – ") + w.truth(r)
	case "arithmetic":
		return w.operation(r) + " = " + w.value(r)
	case "choice":
		return w.say("按情形取：", "by the case: ") + w.value(r)
	case "fold":
		return w.fold(r)
	case "known":
		return w.say("是否已查明：", "is known: ") + w.value(r)
	case "default":
		return w.say("不知道时取默认值：", "or the default: ") + w.value(r)
	case "constant":
		return w.value(r)
	}
	return w.leaf(r, parts)
}

// leaf is a named value with where it comes from.
func (w *writer) leaf(r *Reason, parts []*Reason) string {
	c := clause{label: w.label(r), of: []holding{{w.who(r), w.value(r)}}, word: !isNumber(r)}
	text := w.clauseText(c, nil) + w.origin(r)
	var notes []string
	if r.InForce != "" && r.Kind == "parameter" {
		notes = append(notes, w.span(r.InForce))
	}
	if cites := w.citations(r.Cites); cites != "" && (r.Kind == "parameter" || len(parts) > 0) {
		notes = append(notes, cites)
	}
	if doubt := w.statusName(r.Status); doubt != "" && (r.Kind == "parameter" || len(parts) > 0) {
		if r.Why != nil {
			doubt += w.say("：", ": ") + w.in(*r.Why)
		}
		notes = append(notes, doubt)
	}
	if len(notes) > 0 {
		text += w.say("〔"+w.statements(notes)+"〕", " ["+w.statements(notes)+"]")
	}
	if r.Kind == "variable" && len(parts) == 0 && w.open(r) != nil {
		text += w.say("（见上）", " (see above)")
	}
	return text
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
