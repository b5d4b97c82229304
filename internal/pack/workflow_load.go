package pack

import (
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
)

var (
	noProcedure = fault.Text{Key: "pack.no-procedure",
		Zh: "项目“{found}”没有办理程序，请写进 workflow.yaml 里某个程序的 programmes", En: `the programme "{found}" follows no procedure: name it under "programmes" of one in workflow.yaml`}
	twoProcedures = fault.Text{Key: "pack.two-procedures",
		Zh: "项目“{found}”已按“{other}”办理，只能有一个办理程序", En: `the programme "{found}" already follows "{other}"; it can have only one procedure`}
	surveyorDecides = fault.Text{Key: "pack.surveyor-decides",
		Zh: "谁调查的谁不能决定，这一环节要写 not_by，并包含：{expected}", En: `nobody decides what they surveyed: this step needs "not_by" with: {expected}`}
	otherDecides = fault.Text{Key: "pack.other-decides",
		Zh: "决定只能由 decider 作出（由谁决定写在审批机关里），不能写“{found}”", En: `a decision is taken by "decider", whom the authority names; found "{found}"`}
	stepPublicity = fault.Text{Key: "pack.step-publicity",
		Zh: "公示方式“{found}”（第 {line} 行）有这一项，程序里却没有相应环节：{expected}", En: `the publicity regime "{found}" (line {line}) has what no step of this procedure does: {expected}`}
	needlessStep = fault.Text{Key: "pack.needless-publicity",
		Zh: "公示方式“{found}”（第 {line} 行）没有这一项，不能有这个环节", En: `the publicity regime "{found}" (line {line}) has no such thing; leave the step out`}
	neverPosted = fault.Text{Key: "pack.never-posted",
		Zh: "写了 never 就什么都不能张贴，请去掉 notice、publication 和 minors", En: `"never" leaves nothing to post: take away "notice", "publication" and "minors"`}
	notThroughout = fault.Text{Key: "pack.not-throughout",
		Zh: "{kindZh}“{found}”在 {on} 没有规定，而这个程序当日有效", En: `the {kind} "{found}" says nothing of {on}, when this procedure is in force`}
	limitPair = fault.Text{Key: "pack.limit-pair",
		Zh: "up_to 和 above 要一起写", En: `"up_to" and "above" go together`}
	aboveItself = fault.Text{Key: "pack.above-itself",
		Zh: "“{found}”不能把超过限额的交给自己", En: `"{found}" cannot pass on to itself what lies above its limit`}
	factOrQuestion = fault.Text{Key: "pack.fact-or-question",
		Zh: "清单的一项要么写 fact，要么写 ask 和 type", En: `an entry of a checklist has either "fact", or "ask" and "type"`}
	notForVisit = fault.Text{Key: "pack.not-for-visit",
		Zh: "“{found}”不是走访能回答的家庭事实（trust 里要有 visit）；个人的事实由系统按缺项来问", En: `"{found}" is no fact of a household that a visit answers ("trust" needs visit); facts of persons are asked where they are missing`}
	otherQuestion = fault.Text{Key: "pack.other-question",
		Zh: "“{found}”在第 {line} 行已是另一个问题，请换一个 id", En: `"{found}" is another question already (line {line}); choose another id`}
	shorterTotal = fault.Text{Key: "pack.shorter-total",
		Zh: "at_most（{found}）应比 count（{count}）大", En: `"at_most" ({found}) must be more than "count" ({count})`}
)

func (l *loader) workflow(o node) {
	w := &Workflow{Routes: l.codes(o, "routes"), Categories: o.string("categories"), Baseline: optionalPeriod(o, "baseline"), Pos: o.pos()}
	l.pack.Workflow = w
	l.refers(o, "categories", toCodeLists)
	seen := map[string]map[string]Pos{}
	each := func(key, id string, read func(node)) {
		seen[key] = map[string]Pos{}
		for _, e := range o.objects(key) {
			l.distinct(seen[key], e, id)
			read(e)
		}
	}
	each("procedures", "procedure", func(e node) { w.Procedures = append(w.Procedures, l.procedure(w, e)) })
	each("authorities", "authority", func(e node) { w.Authorities = append(w.Authorities, l.authority(w, e)) })
	each("publicity", "publicity", func(e node) { w.Publicity = append(w.Publicity, l.publicity(e)) })
	each("sampling", "sampling", func(e node) { w.Sampling = append(w.Sampling, l.sampling(e)) })
	each("reviews", "review", func(e node) { w.Reviews = append(w.Reviews, l.review(w, e)) })
	each("objections", "objection", func(e node) { w.Objections = append(w.Objections, l.objection(e)) })
	each("retention", "retention", func(e node) { w.Retention = append(w.Retention, l.retention(e)) })
	each("checklists", "checklist", func(e node) { w.Checklists = append(w.Checklists, l.checklist(e)) })
	l.asked(w)
	if len(w.Procedures) > 0 { // a pack that has no casework needs none
		l.afterwards(func() { l.everyProgramme(w) })
	}
}

// datedVersions reads what holds of an entry by date.
func datedVersions[V interface{ dated() *Dated }](l *loader, entry node, read func(node, Dated) V) []V {
	var all []V
	var v versions
	for _, item := range entry.objects("versions") {
		version := read(item, Dated{l.span(item), l.source(item, nil), item.pos()})
		all = append(all, version)
		v.add(&version.dated().Span, item)
	}
	l.succeed(&v)
	return all
}

func (l *loader) procedure(w *Workflow, o node) *Procedure {
	p := &Procedure{ID: o.string("procedure"), Name: o.text("name"), Programmes: o.strings("programmes"), Recognises: o.strings("recognises"),
		Authority: o.string("authority"), Publicity: o.string("publicity"), Pos: o.pos()}
	l.refers(o, "programmes", toProgrammes)
	l.oneProcedure(w, p, o)
	l.categories(w, o, "recognises")
	items := o.objects("versions")
	p.Versions = datedVersions(l, o, l.procedureVersion)
	l.afterwards(func() {
		if l.refer(anAuthority, p.Authority, idsOf(w.Authorities, func(a *Authority) string { return a.ID }), o.posOf("authority")) {
			of := w.Authority(p.Authority)
			l.throughout(p, datedOf(of.Versions), anAuthority, of.ID, o.posOf("authority"))
		}
		if l.refer(aPublicity, p.Publicity, idsOf(w.Publicity, func(q *Publicity) string { return q.ID }), o.posOf("publicity")) {
			of := w.PublicityOf(p.Publicity)
			l.throughout(p, datedOf(of.Versions), aPublicity, of.ID, o.posOf("publicity"))
			for i, v := range p.Versions {
				l.posts(of, v, items[i])
			}
		}
	})
	return p
}

// throughout refuses days on which a procedure is in force and what it rests on is not.
func (l *loader) throughout(p *Procedure, rests []Dated, kind Text, id string, at Pos) {
	for _, v := range p.Versions {
		day := v.Span.From
		for i := 0; i < len(rests) && day < v.Span.To; i++ {
			if at := slices.IndexFunc(rests, func(r Dated) bool { return r.Span.Contains(day) }); at >= 0 {
				day = rests[at].Span.To
			}
		}
		if day < v.Span.To && !v.Span.Empty() {
			l.fail(at, notThroughout, fault.Args{"kind": kind.En, "kindZh": kind.Zh, "found": id, "on": day})
			return
		}
	}
}

// oneProcedure refuses a programme that stands in two procedures, or twice in one.
func (l *loader) oneProcedure(w *Workflow, p *Procedure, o node) {
	for i, n := range o.scalars("programmes") {
		other := w.ProcedureOf(n.Value)
		if slices.Contains(p.Programmes[:min(i, len(p.Programmes))], n.Value) {
			other = p
		}
		if other != nil {
			l.fail(o.f.pos(n), twoProcedures, fault.Args{"found": n.Value, "other": other.ID})
		}
	}
}

// everyProgramme refuses a programme that no procedure names: nobody would know how to decide it.
func (l *loader) everyProgramme(w *Workflow) {
	for _, q := range l.pack.Programmes {
		if w.ProcedureOf(q.ID) == nil {
			l.fail(q.Pos, noProcedure, fault.Args{"found": q.ID})
		}
	}
}

// categories checks that each text of a list is a code of the workflow's list.
func (l *loader) categories(w *Workflow, o node, key string) {
	for _, n := range o.scalars(key) {
		l.afterwards(func() {
			var names []string
			if list := l.pack.Codes[w.Categories]; list != nil {
				names = list.IDs()
			}
			l.refer(aCode, n.Value, names, o.f.pos(n))
		})
	}
}

func (l *loader) procedureVersion(o node, d Dated) *ProcedureVersion {
	v := &ProcedureVersion{Dated: d}
	seen := map[string]Pos{}
	for _, item := range o.objects("steps") {
		l.distinct(seen, item, "id")
		v.Steps = append(v.Steps, l.step(v, item))
	}
	if o.has("total") {
		v.Total = l.wholeLimit(v, o.object("total"))
	}
	return v
}

func (l *loader) step(v *ProcedureVersion, o node) *Step {
	s := &Step{ID: o.string("id"), Name: o.text("name"), By: o.string("by"), People: o.count("people"), BothSign: o.bool("both_sign"),
		NotBy: o.strings("not_by"), OnlyIf: o.string("only_if"), Gives: o.string("gives"), Note: o.text("note"), Source: l.source(o, &v.Source), Pos: o.pos()}
	earlier := idsOf(v.Steps, func(s *Step) string { return s.ID })
	for _, n := range o.scalars("not_by") {
		l.refer(aStep, n.Value, earlier, o.f.pos(n))
	}
	if within := o.object("within"); within.n != nil {
		s.Within = &Limit{period(within), within.string("from")}
		l.referStep(within, "from", earlier)
	}
	l.decision(v, s, o)
	return s
}

func (l *loader) referStep(o node, key string, steps []string) {
	if found := o.string(key); found != "" {
		l.refer(aStep, found, steps, o.posOf(key))
	}
}

// decision refuses a decision that is not left to the authority, or that those who surveyed may take: 民发〔2021〕57号 keeps
// survey and confirmation apart.
func (l *loader) decision(v *ProcedureVersion, s *Step, o node) {
	if s.Gives != "confirmation" {
		return
	}
	if s.By != "decider" && slices.Contains(actors, s.By) {
		l.fail(o.posOf("by"), otherDecides, fault.Args{"found": s.By})
	}
	var lacking []string
	for _, other := range v.Steps {
		if other.Gives == "survey" && !slices.Contains(s.NotBy, other.ID) {
			lacking = append(lacking, other.ID)
		}
	}
	if len(lacking) > 0 {
		l.fail(o.posOf("not_by"), surveyorDecides, fault.Args{"expected": strings.Join(lacking, ", ")})
	}
}

func (l *loader) wholeLimit(v *ProcedureVersion, o node) *Total {
	t := &Total{Period: period(o), From: o.string("from"), To: o.string("to"), AtMost: o.count("at_most")}
	steps := idsOf(v.Steps, func(s *Step) string { return s.ID })
	l.referStep(o, "from", steps)
	if i := slices.Index(steps, t.From); i >= 0 {
		steps = steps[i+1:]
	}
	if to := o.string("to"); to != "" {
		l.refer(aLaterStep, to, steps, o.posOf("to"))
	}
	if o.has("at_most") && o.fits("at_most", kindCount) && t.AtMost <= t.Count {
		l.fail(o.posOf("at_most"), shorterTotal, fault.Args{"found": t.AtMost, "count": t.Count})
	}
	return t
}

// posts holds a procedure's steps to its publicity regime on the days that they share.
func (l *loader) posts(of *Publicity, v *ProcedureVersion, o node) {
	for _, regime := range of.Versions {
		if !regime.Span.Overlaps(v.Span) {
			continue
		}
		l.post(v, o, of.ID, regime, "notice", regime.Notice != nil)
		l.post(v, o, of.ID, regime, "publication", regime.Publication != nil)
	}
}

func (l *loader) post(v *ProcedureVersion, o node, name string, regime *PublicityVersion, what string, wanted bool) {
	i := slices.IndexFunc(v.Steps, func(s *Step) bool { return s.Gives == what })
	args := fault.Args{"found": name, "line": regime.Pos.Line, "expected": what}
	switch {
	case wanted && i < 0:
		l.fail(o.posOf("steps"), stepPublicity, args)
	case !wanted && i >= 0:
		l.fail(v.Steps[i].Pos, needlessStep, args)
	}
}

func (l *loader) authority(w *Workflow, o node) *Authority {
	a := &Authority{ID: o.string("authority"), Name: o.text("name"), Pos: o.pos()}
	a.Versions = datedVersions(l, o, func(item node, d Dated) *AuthorityVersion { return l.authorityVersion(w, a, item, d) })
	return a
}

func (l *loader) authorityVersion(w *Workflow, a *Authority, o node, d Dated) *AuthorityVersion {
	v := &AuthorityVersion{Dated: d, Rank: o.string("rank"), Basis: o.string("basis"), Letter: o.text("letter"), Refusal: o.text("refusal"),
		Seal: o.text("seal"), UpTo: o.optionalNumber("up_to"), Above: o.string("above")}
	for _, r := range o.objects("remedies") {
		v.Remedies = append(v.Remedies, &Remedy{r.string("remedy"), period(r.object("within")), r.text("to"), l.source(r, &d.Source)})
	}
	if o.has("up_to") != o.has("above") {
		l.fail(o.pos(), limitPair, nil)
	}
	if v.Above == a.ID && v.Above != "" {
		l.fail(o.posOf("above"), aboveItself, fault.Args{"found": a.ID})
	}
	if v.Above != "" {
		l.afterwards(func() {
			l.refer(anAuthority, v.Above, idsOf(w.Authorities, func(a *Authority) string { return a.ID }), o.posOf("above"))
		})
	}
	return v
}

func (l *loader) publicity(o node) *Publicity {
	return &Publicity{o.string("publicity"), o.text("name"), datedVersions(l, o, l.publicityVersion), o.pos()}
}

func (l *loader) publicityVersion(o node, d Dated) *PublicityVersion {
	v := &PublicityVersion{Dated: d, Notice: posting(o, "notice"), Publication: posting(o, "publication"),
		Photograph: o.bool("photograph"), Minors: o.bool("minors"), Never: o.bool("never")}
	if v.Never && (v.Notice != nil || v.Publication != nil || v.Minors) {
		l.fail(o.posOf("never"), neverPosted, nil)
	}
	return v
}

func posting(o node, key string) *Posting {
	if !o.has(key) {
		return nil
	}
	p := o.object(key)
	return &Posting{optionalPeriod(p, "for"), p.strings("shows")}
}

func (l *loader) sampling(o node) *Sampling {
	l.refers(o, "procedures", toProcedures)
	read := func(item node, d Dated) *SamplingVersion {
		return &SamplingVersion{d, item.number("share"), item.string("every"), item.strings("always"), item.text("note")}
	}
	return &Sampling{o.string("sampling"), o.text("name"), o.strings("procedures"),
		datedVersions(l, o, read), o.pos()}
}

func (l *loader) review(w *Workflow, o node) *Review {
	l.refers(o, "programmes", toProgrammes)
	l.categories(w, o, "categories")
	read := func(item node, d Dated) *ReviewVersion {
		return &ReviewVersion{d, optionalPeriod(item, "every"), optionalPeriod(item, "valid"), optionalPeriod(item, "authorisation"), optionalPeriod(item, "exit")}
	}
	return &Review{o.string("review"), o.text("name"), o.strings("programmes"), o.strings("categories"),
		datedVersions(l, o, read), o.pos()}
}

func (l *loader) objection(o node) *Objection {
	read := func(item node, d Dated) *ObjectionVersion {
		return &ObjectionVersion{d, item.strings("answers"), optionalPeriod(item, "within")}
	}
	return &Objection{o.string("objection"), o.text("name"), o.string("against"),
		datedVersions(l, o, read), o.pos()}
}

func (l *loader) retention(o node) *Retention {
	l.refers(o, "procedures", toProcedures)
	read := func(item node, d Dated) *RetentionVersion { return &RetentionVersion{d, period(item.object("keep"))} }
	return &Retention{o.string("retention"), o.text("name"), o.strings("procedures"),
		datedVersions(l, o, read), o.pos()}
}

func (l *loader) checklist(o node) *Checklist {
	read := func(item node, d Dated) *ChecklistVersion {
		v := &ChecklistVersion{Dated: d}
		seen := map[string]Pos{}
		for _, q := range item.objects("questions") {
			l.distinct(seen, q, "id")
			v.Questions = append(v.Questions, l.checklistQuestion(q))
		}
		return v
	}
	return &Checklist{o.string("checklist"), o.text("name"), o.strings("purposes"), datedVersions(l, o, read), o.pos()}
}

func (l *loader) checklistQuestion(o node) ChecklistQuestion {
	q := ChecklistQuestion{ID: o.string("id"), Fact: o.string("fact"), Ask: o.text("ask"), Type: Type(o.string("type")), Codes: o.string("codes"), Pos: o.pos()}
	switch {
	case o.has("fact") == o.has("ask"), o.has("ask") != o.has("type"):
		l.fail(o.pos(), factOrQuestion, nil)
	case o.has("fact"):
		l.refers(o, "fact", toFacts)
		l.afterwards(func() { l.visitAnswers(o, q.Fact) })
	case q.Type != "text":
		l.coded(o)
	case o.has("codes"):
		l.fail(o.posOf("codes"), needlessCodes, fault.Args{"type": q.Type})
	}
	return q
}

// visitAnswers checks that a checklist's fact is the household's and that a visit can answer it.
func (l *loader) visitAnswers(o node, path string) {
	for _, f := range l.pack.Facts {
		if f.Path() == path && (f.Unit != Household || !slices.Contains(f.Trust, "visit")) {
			l.fail(o.posOf("fact"), notForVisit, fault.Args{"found": path})
		}
	}
}

// asked checks that an id is one question in all checklists, since an answer names no more than the id.
func (l *loader) asked(w *Workflow) {
	first := map[string]ChecklistQuestion{}
	for _, c := range w.Checklists {
		for _, v := range c.Versions {
			for _, q := range v.Questions {
				other, seen := first[q.ID]
				if seen && (other.Type != q.Type || other.Codes != q.Codes || other.Fact != q.Fact) {
					l.fail(q.Pos, otherQuestion, fault.Args{"found": q.ID, "line": other.Pos.Line})
				}
				if !seen {
					first[q.ID] = q
				}
			}
		}
	}
}

func period(o node) Period { return Period{o.count("count"), o.string("unit")} }

func optionalPeriod(o node, key string) *Period {
	if !o.has(key) {
		return nil
	}
	p := period(o.object(key))
	return &p
}
