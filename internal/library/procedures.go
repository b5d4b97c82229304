package library

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// rulesOfWorkflow are what the workflow holds by date; a pack without casework has none.
func (b *book) rulesOfWorkflow() []pack.VersionedRule {
	if b.pack.Workflow == nil {
		return nil
	}
	return b.pack.Workflow.Rules()
}

// procedures writes the page of how things are done: who does what, by when, who decides, and what is looked at later.
func (w *writer) procedures() {
	w.head(w.say("怎样办", "How it is done"))
	w.paragraph("%s", w.say("每个项目按且只按一个程序办理。这一页写明每个程序的环节、谁来办、时限、由谁决定、公示什么，以及抽查、复核、异议和档案怎样办。时限从所写环节的次日起算；没有自己时限的环节写“—”，只受总时限约束。",
		"Each programme follows exactly one procedure. Here stand its steps, who takes them and by when, who decides, what is posted, and what becomes of sampling, reviews, objections and files. A limit counts from the day after the step it names; a step without one has “—” and is bound by the limit of the whole only."))
	f := w.pack.Workflow
	w.section("办理程序", "Procedures", len(f.Procedures))
	for _, p := range f.Procedures {
		w.procedure(p)
	}
	w.section("由谁决定", "Who decides", len(f.Authorities))
	for _, a := range f.Authorities {
		w.authority(a)
	}
	w.section("公示和公布", "Notices and publication", len(f.Publicity))
	for _, p := range f.Publicity {
		w.publicity(p)
	}
	w.afterwards()
}

// section begins a part of the page, unless it would be empty.
func (w *writer) section(zh, en string, entries int) {
	if entries > 0 {
		w.heading(2, w.say(zh, en))
	}
}

// entry begins what a rule of the workflow says; the heading is where links to it lead.
func (w *writer) entry(rule string, name pack.Text) {
	w.heading(3, w.title(name, rule, w.lang, w.labels("procedures", w.lang)))
}

func (w *writer) procedure(p *pack.Procedure) {
	w.entry("procedure "+p.ID, p.Name)
	w.procedureCard(p)
	for _, v := range slices.Backward(p.Versions) {
		w.heading(4, w.versionTitle(v.Span))
		w.paragraph("%s%s", w.say("依据：", "Source: "), w.versionSource(v.Source))
		w.steps(p, v)
		w.paragraph("%s%s%s", w.say("总时限：", "Limit of the whole: "), w.total(v), w.say("。", "."))
		w.stepSources(v)
	}
}

// versionTitle tells when a version holds, seen from the day.
func (w *writer) versionTitle(s calendar.Span) string {
	switch {
	case s == calendar.Always():
		return w.say("一直如此", "Always so")
	case s.Contains(w.on):
		return w.say("现行（"+w.span(s)+"）", "In force ("+w.span(s)+")")
	case s.From > w.on:
		return w.say("将要施行（"+w.span(s)+"）", "To come ("+w.span(s)+")")
	}
	return w.say("以前（"+w.span(s)+"）", "Formerly ("+w.span(s)+")")
}

func (w *writer) procedureCard(p *pack.Procedure) {
	var rows [][]string
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{name, text})
		}
	}
	add(w.say("办哪些项目", "Programmes"), w.list(w.programmeLinks(p.Programmes)))
	add(w.say("认定哪些身份", "Recognises"), w.list(w.categoryNames(p.Recognises)))
	a, q := w.pack.Workflow.Authority(p.Authority), w.pack.Workflow.PublicityOf(p.Publicity)
	add(w.say("由谁决定", "Who decides"), w.ruleLink("authority "+a.ID, a.Name)+"<br>"+strings.Join(w.deciders(a, throughout(p)), "<br>"))
	var posted []string
	for _, v := range slices.Backward(q.Versions) {
		posted = append(posted, w.dated(v.Span, len(q.Versions), strings.Join(w.postings(v), w.say("；", "; "))))
	}
	add(w.say("公示", "Posted"), w.ruleLink("publicity "+q.ID, q.Name)+"<br>"+strings.Join(posted, "<br>"))
	w.table([]string{w.say("事项", "Point"), w.say("内容", "What it is")}, rows)
}

// ruleLink links a rule of the workflow to where it is told.
func (w *writer) ruleLink(rule string, name pack.Text) string {
	return w.linkTo("procedures", w.in(name), rule)
}

func (w *writer) programmeLinks(ids []string) []string {
	var links []string
	for _, id := range ids {
		links = append(links, w.programmeLink(w.programmes[id]))
	}
	return links
}

func (w *writer) categoryNames(ids []string) []string {
	l := w.pack.Codes[w.pack.Workflow.Categories]
	var names []string
	for _, id := range ids {
		names = append(names, w.in(l.Codes[l.Index(id)].Name))
	}
	return names
}

// dated puts a version's span before its words, unless it is the only version and always holds.
func (w *writer) dated(s calendar.Span, versions int, text string) string {
	if versions == 1 && s == calendar.Always() {
		return text
	}
	return "**" + w.span(s) + "** " + text
}

// deciders tell who decides over a span, the latest first.
func (w *writer) deciders(a *pack.Authority, over calendar.Span) []string {
	var all []string
	for _, v := range slices.Backward(a.Versions) {
		if v.Span.Overlaps(over) {
			all = append(all, w.dated(v.Span, len(a.Versions), w.word("rank", v.Rank)+w.brackets(w.word("basis", v.Basis))+w.papers(v)))
		}
	}
	return all
}

// papers are the letters of a decision and the seal that they bear.
func (w *writer) papers(v *pack.AuthorityVersion) string {
	letter, refusal, seal := w.in(v.Letter), w.in(v.Refusal), w.in(v.Seal)
	return w.say("：出具"+letter+"或"+refusal+"，用印："+seal, ": "+letter+", or "+refusal+"; seal: "+seal)
}

// throughout is from the first day of a procedure's first version to the last of its last.
func throughout(p *pack.Procedure) calendar.Span {
	span := calendar.Span{From: calendar.Forever, To: calendar.Beginning}
	for _, v := range p.Versions {
		span.From, span.To = min(span.From, v.Span.From), max(span.To, v.Span.To)
	}
	return span
}

func (w *writer) steps(p *pack.Procedure, v *pack.ProcedureVersion) {
	var rows [][]string
	for i, s := range v.Steps {
		rows = append(rows, []string{strconv.Itoa(i + 1), "**" + w.in(s.Name) + "**" + w.brackets(w.in(s.Note)), w.whoDoes(p, s, v), orDash(w.limit(s.Within, v)),
			w.occasion(s), w.word("gives", s.Gives), orDash(w.notBy(s, v))})
	}
	w.table([]string{w.say("次序", "Order"), w.say("环节", "Step"), w.say("谁来办", "Who does it"), w.say("时限", "Limit"), w.say("什么时候办", "When"),
		w.say("办出什么", "What comes of it"), w.say("谁不能办", "Who may not")}, rows)
}

func (w *writer) occasion(s *pack.Step) string {
	if s.OnlyIf == "" {
		return w.say("都办", "always")
	}
	return w.word("only_if", s.OnlyIf)
}

// whoDoes tells who takes a step, how many they are and who signs.
func (w *writer) whoDoes(p *pack.Procedure, s *pack.Step, v *pack.ProcedureVersion) string {
	var more []string
	if s.People > 1 {
		more = append(more, fmt.Sprintf(w.say("%d人以上", "%d at least"), s.People))
	}
	if s.BothSign {
		more = append(more, w.say("办的人和家庭都签字", "they and the family sign"))
	}
	return w.actor(p, s, v) + w.brackets(strings.Join(more, w.say("，", ", ")))
}

func (w *writer) actor(p *pack.Procedure, s *pack.Step, v *pack.ProcedureVersion) string {
	if s.By != "decider" {
		return w.word("by", s.By)
	}
	var ranks []string
	versions := slices.DeleteFunc(slices.Clone(w.pack.Workflow.Authority(p.Authority).Versions), func(a *pack.AuthorityVersion) bool { return !a.Span.Overlaps(v.Span) })
	for _, a := range slices.Backward(versions) {
		rank := w.word("rank", a.Rank)
		if len(versions) > 1 {
			rank += w.brackets(w.span(a.Span))
		}
		ranks = append(ranks, rank)
	}
	return w.say("决定机关：", "who decides: ") + w.statements(ranks)
}

// notBy tells whose earlier part in the case keeps them from a step.
func (w *writer) notBy(s *pack.Step, v *pack.ProcedureVersion) string {
	var names []string
	for _, id := range s.NotBy {
		names = append(names, w.stepName(id, v))
	}
	if len(names) == 0 {
		return ""
	}
	return w.say("办过"+strings.Join(names, "")+"的人", "whoever did "+strings.Join(names, " or "))
}

// stepSources writes the sources of the steps that have their own.
func (w *writer) stepSources(v *pack.ProcedureVersion) {
	own := slices.DeleteFunc(slices.Clone(v.Steps), func(s *pack.Step) bool { return sameSource(s.Source, v.Source) })
	if len(own) == 0 {
		return
	}
	w.paragraph("%s", w.say("另有依据的环节：", "Steps with a source of their own:"))
	for _, s := range own {
		w.line("- %s%s%s", w.stepName(s.ID, v), w.say("：", ": "), w.source(s.Source))
	}
	w.line("")
}

// doneBy is a programme's procedure in a line: where it is told, and how long it takes.
func (w *writer) doneBy(q *pack.Programme) string {
	if w.pack.Workflow == nil {
		return ""
	}
	p := w.pack.Workflow.ProcedureOf(q.ID)
	if p == nil {
		return ""
	}
	link := w.ruleLink("procedure "+p.ID, p.Name)
	for _, v := range p.Versions {
		if v.Span.Contains(w.on) {
			return link + w.say("；总时限：", "; limit of the whole: ") + w.total(v)
		}
	}
	return link + w.say("（当日没有规定）", " (no rule on the day)")
}
