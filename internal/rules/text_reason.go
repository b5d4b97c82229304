package rules

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// block is a programme's outcome for those to whom it came the same way.
type block struct {
	outcomes []*OutcomeReport
	key      string
}

func (b *block) first() *OutcomeReport { return b.outcomes[0] }

// names are the persons of the block.
func (b *block) names() []string {
	var units []UnitReference
	for _, o := range b.outcomes {
		units = append(units, o.Unit)
	}
	return personNames(units...)
}

// reasons tells why: first what is due, then what is open, then what is not, and in a line each what plainly does not
// concern somebody.
func (w *writer) reasons() {
	w.section("理由", "Reasons")
	var apart []*OutcomeReport
	for _, outcome := range []Outcome{Eligible, Likely, Possible, Failed, Ineligible} {
		var blocks []*block
		for i := range w.d.Outcomes {
			o := &w.d.Outcomes[i]
			switch {
			case o.Outcome != outcome.String():
			case outcome == Ineligible && w.plainly(o) != nil:
				apart = append(apart, o)
			default:
				blocks = join(blocks, o)
			}
		}
		if outcome == Ineligible {
			w.refusals(blocks)
			continue
		}
		for _, b := range blocks {
			w.block(b)
		}
	}
	w.notInForce()
	w.apart(apart)
	w.notAssessed()
}

// join adds an outcome to the block that came the same way.
func join(blocks []*block, o *OutcomeReport) []*block {
	key := o.Programme + "|" + fmt.Sprint(o.Assumed)
	for _, c := range o.Reasons.Tell() {
		if o.Outcome != Ineligible.String() || c.State == "false" {
			key += "|" + c.Condition + c.State
		}
	}
	for _, b := range blocks {
		if b.key == key {
			b.outcomes = append(b.outcomes, o)
			return blocks
		}
	}
	return append(blocks, &block{[]*OutcomeReport{o}, key})
}

func (w *writer) block(b *block) {
	o := b.first()
	w.line("")
	w.line("  %s%s%s", w.say("【"+w.in(o.Name)+"】", w.in(o.Name)+": "), w.outcomeName(o.Outcome), w.brackets(w.list(b.names())))
	switch o.Outcome {
	case Eligible.String():
		w.conditions(b, "true")
		w.amounts(b)
	case Ineligible.String():
		w.conditions(b, "false")
	case Failed.String():
		w.conditions(b, "error")
	default:
		w.conditions(b, "unknown")
		w.satisfied(b)
		w.amounts(b)
	}
	if o.Assumed {
		w.line("    %s", w.say("※ 部分情况按默认值推定，需核实。", "※ Rests in part on defaults, to be verified."))
	}
	w.setAside(b)
	w.basis(b)
	if w.full {
		w.trees(b)
	}
}

// refusals tells what is not given; programmes that fail for the same reasons of the same persons are told together.
func (w *writer) refusals(blocks []*block) {
	var order []string
	alike := map[string][]*block{}
	for _, b := range blocks {
		key := w.aside(func() { w.conditions(b, "false") }) + strings.Join(b.names(), "|") + fmt.Sprint(b.first().Assumed)
		if alike[key] == nil {
			order = append(order, key)
		}
		alike[key] = append(alike[key], b)
	}
	for _, key := range order {
		if all := alike[key]; len(all) > 1 && !w.full {
			w.refusedTogether(all)
			continue
		}
		for _, b := range alike[key] {
			w.block(b)
		}
	}
}

// aside is what a function writes, kept out of the text.
func (w *writer) aside(write func()) string {
	before := w.b
	w.b = &strings.Builder{}
	write()
	written := w.b.String()
	w.b = before
	return written
}

func (w *writer) refusedTogether(blocks []*block) {
	var names []string
	var cites []Citation
	for _, b := range blocks {
		names = append(names, w.in(b.first().Name))
		cites = append(cites, refusalCites(b.first())...)
	}
	w.line("")
	title := w.say("【"+strings.Join(names, "】【")+"】", strings.Join(names, ", ")+": ")
	w.line("  %s%s%s", title, w.outcomeName(Ineligible.String()), w.brackets(w.list(blocks[0].names())))
	w.conditions(blocks[0], "false")
	if text := w.citations(cites); text != "" {
		w.line("    %s%s", w.say("依据：", "Source: "), text)
	}
}

// refusalCites are the documents of the conditions that failed, or the programme's own where those name none.
func refusalCites(o *OutcomeReport) []Citation {
	var cites []Citation
	for _, c := range o.Reasons.Tell() {
		if c.State == "false" {
			cites = append(cites, c.Cites...)
		}
	}
	if len(cites) == 0 {
		return o.Cites
	}
	return cites
}

// setAside says that the plan leaves out an outcome for a better one.
func (w *writer) setAside(b *block) {
	var better []string
	for _, g := range w.d.Plan.GivenUp {
		id, _, _ := strings.Cut(g.For, ".")
		aside := slices.ContainsFunc(b.outcomes, func(o *OutcomeReport) bool { return o.Programme == g.Item.Programme && o.Unit == g.Item.Unit })
		if name := w.programmeName(id); aside && id != g.Item.Programme && !slices.Contains(better, name) {
			better = append(better, name)
		}
	}
	if len(better) > 0 {
		w.line(w.say("    ※ 不能与%s同时享受，没有列入方案。", "    ※ Not to be had together with %s: left out of the plan."), w.list(better))
	}
}

var marks = map[string]string{"true": "✓", "false": "✗", "unknown": "？", "error": "！", "not-in-force": "–"}

// conditions tells the conditions that came to a state, each with what decided.
func (w *writer) conditions(b *block, state string) {
	for i, c := range b.first().Reasons.by(w.reasoner) {
		if c.State != state {
			continue
		}
		text := w.in(c.Say)
		if why := w.why(b, i); why != "" {
			text += w.say(" —— ", " — ") + why
		}
		w.line("    %s %s", marks[state], text)
	}
}

// why is what decided a condition, of all the block's units together.
func (w *writer) why(b *block, i int) string {
	c := b.first().Reasons.by(w.reasoner)[i]
	if c.State == "unknown" {
		return w.lacking(b, i)
	}
	if c.State == "error" {
		return w.say("数值超出范围或除以零", "a number is out of range or divided by zero")
	}
	var all []clause
	for _, o := range b.outcomes {
		w.far, w.decisive = nil, nil
		for _, f := range o.Failed.by(w.reasoner) {
			if f.Condition == c.Condition {
				w.far = f.Distances.by(w.reasoner)
			}
		}
		all = append(all, w.clauses(o.Reasons.by(w.reasoner)[i].Tree.by(w.reasoner), 0, mostClauses)...)
	}
	return w.clauseTexts(mergeClauses(all), b.names())
}

// lacking is what an open condition lacks.
func (w *writer) lacking(b *block, i int) string {
	c := b.first().Reasons.by(w.reasoner)[i]
	if c.OnConsent {
		return w.say("签核对授权书后查", "by the consented means check")
	}
	var lacks []string
	for _, o := range b.outcomes {
		w.unknowns(o.Reasons.by(w.reasoner)[i].Tree.by(w.reasoner), &lacks, map[*Reason]bool{})
	}
	if len(lacks) == 0 {
		return ""
	}
	more := ""
	if len(lacks) > mostClauses {
		more = fmt.Sprintf(w.say("等%d项", " and others, %d in all"), len(lacks))
		lacks = lacks[:mostClauses]
	}
	return w.say("还不知道", "not known: ") + w.list(lacks) + more
}

// unknowns collects the names of the unknown facts in a tree, each once.
func (w *writer) unknowns(r *Reason, into *[]string, seen map[*Reason]bool) {
	if r.State != "unknown" || seen[r] {
		return
	}
	seen[r] = true
	if r.Kind == "fact" || r.Kind == "holds" {
		if name := w.label(r); !slices.Contains(*into, name) {
			*into = append(*into, name)
		}
		return
	}
	if open := w.open(r); open != nil {
		w.unknowns(open, into, seen)
	}
	for _, p := range r.Parts {
		w.unknowns(p, into, seen)
	}
}

// satisfied names the conditions that an open outcome has met already.
func (w *writer) satisfied(b *block) {
	var met []string
	for _, c := range b.first().Reasons.by(w.reasoner) {
		if c.State == "true" {
			met = append(met, w.in(c.Say))
		}
	}
	if len(met) > 0 {
		w.line("    %s %s%s", marks["true"], w.say("已符合：", "met: "), w.statements(met))
	}
}

// amounts tells how each amount was reached; nothing is said of parts that come to nothing.
func (w *writer) amounts(b *block) {
	var told []string
	for _, o := range b.outcomes {
		several := 0
		for _, c := range o.Components {
			if c.Amount != nil && *c.Amount != 0 {
				several++
			}
		}
		for _, c := range o.Components {
			if c.Amount == nil || *c.Amount == 0 || c.Reason.None() {
				continue
			}
			var of []string
			if len(b.outcomes) > 1 {
				of = append(of, o.Unit.Name)
			}
			if several > 1 {
				of = append(of, w.in(c.Name))
			}
			told = append(told, w.brackets(w.list(of))+w.say("：", ": ")+w.amountText(c)+w.doubt(c.Status, c.Why))
		}
	}
	title := w.say("金额", "Amount")
	if b.first().Outcome != Eligible.String() {
		title = w.say("如果符合，金额", "Amount, if so")
	}
	for _, text := range told {
		w.line("    %s%s", title, text)
	}
	w.lapsedParts(b)
}

// lapsedParts names the parts of an amount for which there is no rule that day.
func (w *writer) lapsedParts(b *block) {
	o := b.first()
	for _, c := range o.Components {
		if c.State == "not-in-force" {
			w.line("    – %s%s%s", w.in(c.Name), w.say("：当日无生效规定", ": not in force"), w.lapseText(o, true))
		}
	}
}

// doubt tells that a rule was not found, and what stands in for it, in brackets.
func (w *writer) doubt(status string, why *Label) string {
	return w.inBrackets(w.doubtText(status, why))
}

func (w *writer) doubtText(status string, why *Label) string {
	text := w.statusName(status)
	if text != "" && why != nil {
		text += w.say("：", ": ") + w.in(*why)
	}
	return text
}

// basis is the documents that the block rests on: of a refusal those of the conditions that failed.
func (w *writer) basis(b *block) {
	o := b.first()
	cites := refusalCites(o)
	if o.Outcome != Ineligible.String() {
		cites = slices.Clone(o.Cites)
		for _, c := range o.Reasons.by(w.reasoner) {
			cites = append(cites, c.Cites...)
		}
		for _, c := range o.Components {
			if c.Amount != nil && *c.Amount != 0 {
				cites = append(cites, c.Cites...)
			}
		}
	}
	text := w.citations(cites)
	if text == "" && o.Why == nil {
		return
	}
	if o.InForce != "" {
		text += w.brackets(w.say("规定有效期：", "in force ") + w.span(o.InForce))
	}
	w.line("    %s%s%s", w.say("依据：", "Source: "), text, w.doubt(o.Status, o.Why))
}

// notInForce says of each programme without a rule since when there is one, or until when there was.
func (w *writer) notInForce() {
	var blocks []*block
	for i := range w.d.Outcomes {
		if o := &w.d.Outcomes[i]; o.Outcome == NotInForce.String() {
			blocks = join(blocks, o)
		}
	}
	if len(blocks) == 0 {
		return
	}
	w.line("")
	w.line("  %s", w.say("当日没有生效规定的：", "Not in force on that day:"))
	for _, b := range blocks {
		who := b.names()
		if sameNames(who, slices.Concat(w.d.Household.Members, w.d.Household.Registered)) {
			who = nil
		}
		w.line("    %s %s%s", marks["not-in-force"], w.ofUnits(b.first().Programme, who), w.lapseText(b.first(), false))
	}
}

// lapseText is what is not in force, and when it was or will be.
func (w *writer) lapseText(o *OutcomeReport, named bool) string {
	var texts []string
	for _, l := range o.NotInForce.by(w.reasoner) {
		text := w.lapseDates(l)
		if l.Path != o.Programme || named {
			text = w.in(l.Name) + " " + text
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return ""
	}
	return w.say("：", ": ") + w.statements(texts)
}

func (w *writer) lapseDates(l LapseReport) string {
	switch {
	case l.Until != "" && l.Since != "":
		return fmt.Sprintf(w.say("原规定到%s为止，新规定%s起", "the former rule ended on %s, the next begins on %s"), w.date(l.Until), w.date(l.Since))
	case l.Since != "":
		return fmt.Sprintf(w.say("%s起才有规定", "there is a rule from %s on"), w.date(l.Since))
	case l.Until != "":
		return fmt.Sprintf(w.say("规定到%s为止", "the rule ended on %s"), w.date(l.Until))
	}
	return w.say("没有查到规定", "no rule was found")
}

// apart names the programmes that plainly concern nobody of the household; of those that concern somebody, the reasons
// were told. What is plain is told in full only where every reason is.
func (w *writer) apart(outcomes []*OutcomeReport) {
	concerned := map[string]bool{}
	for i := range w.d.Outcomes {
		o := &w.d.Outcomes[i]
		if o.Outcome != NotAssessed.String() && !slices.Contains(outcomes, o) {
			concerned[o.Programme] = true
		}
	}
	var names []string
	for _, o := range outcomes {
		if name := w.in(o.Name); !concerned[o.Programme] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		w.line("")
		w.line(w.say("  明显不涉及的%d项：%s", "  What plainly does not concern them, %d in all: %s"), len(names), w.list(names))
	}
	if !w.full {
		return
	}
	for _, o := range outcomes {
		w.line("")
		w.line("  %s%s", w.say("【"+w.in(o.Name)+"】", w.in(o.Name)+": "), o.Unit.Name)
		w.trees(&block{outcomes: []*OutcomeReport{o}})
	}
}

// notAssessed names what is not judged: the household's programmes in a dormitory, and those registered here who do not
// count in the household.
func (w *writer) notAssessed() {
	var programmes, persons []string
	for _, o := range w.d.Outcomes {
		switch {
		case o.Outcome != NotAssessed.String():
		case o.Unit.Kind == pack.Household:
			programmes = append(programmes, w.in(o.Name))
		case !slices.Contains(persons, o.Unit.Name):
			persons = append(persons, o.Unit.Name)
		}
	}
	if len(programmes)+len(persons) > 0 {
		w.line("")
	}
	if len(programmes) > 0 {
		w.line("  %s%s", w.say("不按家庭评估：", "Not assessed as a family: "), w.list(programmes))
	}
	if len(persons) > 0 {
		w.line("  %s%s", w.say("登记在一起、不计入家庭成员，不作预判：", "Registered here, not counted in the household and not assessed: "), w.list(persons))
	}
}

// plainly is the failed condition that shows that a programme does not concern a unit: one that says whom the programme is
// about, or that a person's own age, health, schooling and the like decide, whatever the money. It is nil if there is none.
func (w *writer) plainly(o *OutcomeReport) *ConditionReport {
	for _, c := range o.Reasons.by(w.reasoner) {
		if c.State == "false" && (c.About || o.Unit.Kind == pack.Person && w.personal(c.Tree.by(w.reasoner), o.Unit.Name)) {
			return &c
		}
	}
	return nil
}

// personal reports whether a person's own attributes suffice for a value that was explained.
func (w *writer) personal(r *Reason, own string) bool {
	all := func(parts []*Reason) bool {
		return len(parts) > 0 && !slices.ContainsFunc(parts, func(p *Reason) bool { return !w.personal(p, own) })
	}
	switch r.Kind {
	case "and":
		if r.Value == "false" {
			return slices.ContainsFunc(r.Parts, func(p *Reason) bool { return w.personal(p, own) })
		}
		return all(r.Parts)
	case "or", "not":
		return all(r.Parts)
	case "variable":
		if open := w.open(r); open != nil && r.Type == string(pack.Bool) {
			return w.personal(open, own)
		}
	}
	return w.ownValue(r, own)
}

// ownValue reports whether a value is made of a person's own facts alone, none of them money but what is nothing.
func (w *writer) ownValue(r *Reason, own string) bool {
	switch r.Kind {
	case "constant", "parameter":
		return true
	case "fact", "holds":
		return r.Of == own && !isMoney(r.Measure)
	case "fold":
		return false
	case "variable":
		open := w.open(r)
		return r.Of == own && !isMoney(r.Measure) && (open == nil || w.ownValue(open, own))
	case "compare":
		if slices.ContainsFunc(r.Parts, func(p *Reason) bool { return p.Of == own && isNothing(p) }) {
			return true
		}
	}
	return !slices.ContainsFunc(r.Parts, func(p *Reason) bool { return !w.ownValue(p, own) })
}
