package library

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// authority writes who decides by date, under which letter and seal, and what can be done against it.
func (w *writer) authority(a *pack.Authority) {
	w.entry("authority "+a.ID, a.Name)
	for _, v := range slices.Backward(a.Versions) {
		w.heading(4, w.versionTitle(v.Span))
		w.line("- %s%s%s", w.say("由谁决定：", "Who decides: "), w.word("rank", v.Rank), w.brackets(w.word("basis", v.Basis)))
		if v.UpTo != nil {
			above := w.pack.Workflow.Authority(v.Above)
			link := w.ruleLink("authority "+above.ID, above.Name)
			amount := w.measured(*v.UpTo, "yuan")
			w.line("- %s", w.say("限额："+amount+"以内；超过的由"+link+"决定", "Limit: up to "+amount+"; above it, "+link))
		}
		w.line("- %s%s", w.say("给予的文书：", "Letter that grants: "), w.in(v.Letter))
		w.line("- %s%s", w.say("不给予的文书：", "Letter that refuses: "), w.in(v.Refusal))
		w.line("- %s%s", w.say("用印：", "Seal: "), w.in(v.Seal))
		w.remedies(v)
		w.sourceLines(v.Source, 0)
		w.line("")
	}
}

func (w *writer) remedies(v *pack.AuthorityVersion) {
	if len(v.Remedies) == 0 {
		w.line("- %s", w.say("不服决定的救济途径：没有写明", "Remedies against the decision: none is said"))
		return
	}
	w.line("- %s", w.say("不服决定的，从知道之日起：", "Remedies against the decision, from when it is known:"))
	for _, r := range v.Remedies {
		w.line("  - %s", w.say(w.word("remedy", r.Kind)+"："+w.period(r.Within)+"内向"+w.in(r.To)+"提出", w.word("remedy", r.Kind)+": within "+w.period(r.Within)+", to: "+w.in(r.To)))
		if !sameSource(r.Source, v.Source) {
			w.sourceLines(r.Source, 4)
		}
	}
}

// publicity writes what is posted by date.
func (w *writer) publicity(p *pack.Publicity) {
	w.entry("publicity "+p.ID, p.Name)
	for _, v := range slices.Backward(p.Versions) {
		w.heading(4, w.versionTitle(v.Span))
		for _, text := range w.postings(v) {
			w.line("- %s", text)
		}
		w.sourceLines(v.Source, 0)
		w.line("")
	}
}

// postings tell what a regime has posted, and what never is.
func (w *writer) postings(v *pack.PublicityVersion) []string {
	switch {
	case v.Never:
		return []string{w.say("不公示：任何时候都不得张贴", "nothing is posted, and nothing may ever be")}
	case v.Notice == nil && v.Publication == nil:
		return []string{w.say("不公示", "nothing is posted")}
	}
	var all []string
	if v.Notice != nil {
		all = append(all, w.say("决定前公示", "notice before the decision")+w.posting(v.Notice))
	}
	if v.Publication != nil {
		all = append(all, w.say("救助后公布", "publication after help was given")+w.posting(v.Publication))
	}
	if v.Photograph {
		all = append(all, w.say("每次张贴都拍照，照片有日期", "each posting is photographed, with its date"))
	}
	if v.Minors {
		return append(all, w.say("申请人是未成年人的也张贴", "a minor may be shown as the applicant"))
	}
	return append(all, w.say("未成年人不作为申请人张贴", "a minor is never shown as the applicant"))
}

func (w *writer) posting(p *pack.Posting) string {
	long := w.say("（张贴多久没有写明）", " (for how long is not said)")
	if p.For != nil {
		long = w.say(w.period(*p.For), " for "+w.period(*p.For))
	}
	return long + w.say("，写明", ", with ") + w.list(w.wordsOf("shows", p.Shows))
}

// afterwards writes what is looked at again once something was decided or doubted.
func (w *writer) afterwards() {
	f := w.pack.Workflow
	w.section("县级抽查", "What the county samples", len(f.Sampling))
	for _, s := range f.Sampling {
		w.sampling(s)
	}
	w.section("定期核查、有效期和渐退", "Reviews, validity and gradual exit", len(f.Reviews))
	for _, r := range f.Reviews {
		w.review(r)
	}
	w.section("对公示、调查、核对有异议", "Objections", len(f.Objections))
	for _, o := range f.Objections {
		w.objection(o)
	}
	w.section("档案保存多久", "For how long files are kept", len(f.Retention))
	for _, r := range f.Retention {
		w.retention(r)
	}
	w.section("走访时必看必问", "What visits look at and ask", len(f.Checklists))
	for _, c := range f.Checklists {
		w.checklist(c)
	}
}

// procedureLinks name the procedures that a rule is about.
func (w *writer) procedureLinks(ids []string) string {
	var links []string
	for _, p := range w.pack.Workflow.Procedures {
		if slices.Contains(ids, p.ID) {
			links = append(links, w.ruleLink("procedure "+p.ID, p.Name))
		}
	}
	return w.list(links)
}

func (w *writer) sampling(s *pack.Sampling) {
	w.entry("sampling "+s.ID, s.Name)
	if links := w.procedureLinks(s.Procedures); links != "" {
		w.paragraph("%s%s", w.say("抽查的程序：", "Of what these procedures decided: "), links)
	}
	for _, v := range slices.Backward(s.Versions) {
		share := w.measured(v.Share, "share")
		text := w.say(w.word("every", v.Every)+"抽查"+share, share+" of the cases "+w.word("every", v.Every))
		if len(v.Always) > 0 {
			text += w.say("；必须入户的：", "; always visited: ") + w.list(w.wordsOf("always", v.Always))
		}
		w.line("- %s", w.dated(v.Span, len(s.Versions), text))
		if note := w.in(v.Note); note != "" {
			w.line("  - %s", note)
		}
		w.sourceLines(v.Source, 2)
	}
	w.line("")
}

func (w *writer) review(r *pack.Review) {
	w.entry("review "+r.ID, r.Name)
	if len(r.Programmes) > 0 {
		w.paragraph("%s%s", w.say("项目：", "Programmes: "), w.list(w.programmeLinks(r.Programmes)))
	}
	if len(r.Categories) > 0 {
		w.paragraph("%s%s", w.say("身份：", "Statuses: "), w.list(w.categoryNames(r.Categories)))
	}
	for _, v := range slices.Backward(r.Versions) {
		var parts []string
		add := func(p *pack.Period, zh, en string) {
			if p != nil {
				parts = append(parts, fmt.Sprintf(w.say(zh, en), w.period(*p)))
			}
		}
		add(v.Every, "每%s核查一次", "looked at again every %s")
		add(v.Valid, "身份有效%s，期满重新申请", "a status lasts %s and is applied for anew")
		add(v.Authorisation, "核对授权%s内可用来复核", "an authorisation may be used for checks again for %s")
		add(v.Exit, "因就业收入超过标准的渐退%s，其间照发", "who rises above the line by work keeps the help for another %s (gradual exit)")
		if len(parts) == 0 {
			parts = []string{w.say("没有写明期限", "no period is said")}
		}
		w.line("- %s", w.dated(v.Span, len(r.Versions), w.statements(parts)))
		w.sourceLines(v.Source, 2)
	}
	w.line("")
}

func (w *writer) objection(o *pack.Objection) {
	w.entry("objection "+o.ID, o.Name)
	for _, v := range slices.Backward(o.Versions) {
		answers := w.wordsOf("answers", v.Answers)
		text := w.say("有人对"+w.word("against", o.Against)+"提出异议才办："+strings.Join(answers, "或者"),
			"only where somebody objects to "+w.word("against", o.Against)+": "+strings.Join(answers, " or "))
		if v.Within != nil {
			text += w.say("，"+w.period(*v.Within)+"内办完", ", within "+w.period(*v.Within))
		} else {
			text += w.say("，期限没有写明", "; no limit is said")
		}
		w.line("- %s", w.dated(v.Span, len(o.Versions), text))
		w.sourceLines(v.Source, 2)
	}
	w.line("")
}

func (w *writer) retention(r *pack.Retention) {
	w.entry("retention "+r.ID, r.Name)
	of := w.procedureLinks(r.Procedures)
	if of == "" {
		of = w.say("全部", "all")
	}
	w.paragraph("%s%s", w.say("程序：", "Procedures: "), of)
	for _, v := range slices.Backward(r.Versions) {
		w.line("- %s", w.dated(v.Span, len(r.Versions), w.say("保存"+w.period(v.Keep), "kept for "+w.period(v.Keep))))
		w.sourceLines(v.Source, 2)
	}
	w.line("")
}

func (w *writer) checklist(c *pack.Checklist) {
	w.entry("checklist "+c.ID, c.Name)
	visits := w.say("每次走访", "every visit")
	if len(c.Purposes) > 0 {
		visits = w.list(w.wordsOf("purposes", c.Purposes))
	}
	w.paragraph("%s%s", w.say("何时：", "When: "), visits)
	for _, v := range slices.Backward(c.Versions) {
		w.line("- %s", w.dated(v.Span, len(c.Versions), w.say("逐项看、问，除此之外还问系统缺的：", "one by one, beside what the engine finds missing:")))
		for _, q := range v.Questions {
			w.line("  - %s", w.in(w.asked(q)))
		}
		w.sourceLines(v.Source, 2)
	}
	w.line("")
}

// asked is how a checklist's question is put: a fact's as the fact puts it.
func (w *writer) asked(q pack.ChecklistQuestion) pack.Text {
	if f := w.pack.Fact(q.Fact); f != nil {
		return f.Ask
	}
	return q.Ask
}
