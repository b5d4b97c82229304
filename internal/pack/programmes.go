package pack

import (
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

var (
	bothValues = fault.Text{Key: "pack.value-or-versions",
		Zh: "“value”和“versions”要写一个，只写一个", En: `write "value" or "versions", and only one of them`}
	amountKeys = fault.Text{Key: "pack.amount-keys",
		Zh: "amount、per 和 rounding 要一起写，这里缺少：{expected}", En: `"amount", "per" and "rounding" go together; lacking: {expected}`}
	excludesItself = fault.Text{Key: "pack.excludes-itself",
		Zh: "“{found}”不能排斥自己", En: `"{found}" cannot exclude itself`}
	pathOfPath = fault.Text{Key: "pack.path-of-path",
		Zh: "path_of 要写项目，“{found}”自己也是通往别的项目的路径", En: `"path_of" names a programme, and "{found}" is itself a path into one`}
	numberTwice = fault.Text{Key: "pack.number-twice",
		Zh: "编号 {found} 已用于“{other}”", En: `number {found} is already that of "{other}"`}
	noWeight = fault.Text{Key: "pack.no-weight",
		Zh: "指数各维度的权重之和应大于零", En: "the weights of the index must add up to more than zero"}
	nobodyLives = fault.Text{Key: "pack.nobody-lives",
		Zh: "people 是全市人口，应大于零", En: `"people" is how many live in the city: more than zero`}
	neutralRange = fault.Text{Key: "pack.neutral",
		Zh: "中间值应在 0 到 100 之间，写的是 {found}", En: "the neutral score must lie between 0 and 100; found {found}"}
)

func (l *loader) variable(o node) {
	v := &Variable{Label: o.text("name"), Type: Type(o.string("type")), Codes: o.string("codes"), Measure: o.string("unit"), Pos: o.pos()}
	v.Unit, v.Name = l.path(o, "variable")
	l.coded(o)
	v.Versions = l.formulaVersions(o)
	l.pack.Variables = append(l.pack.Variables, v)
}

// formulaVersions are a variable's formulas: one that always holds, or those of its versions, for which the variable's
// own source stands where they have none.
func (l *loader) formulaVersions(o node) []*VariableVersion {
	if o.has("value") == o.has("versions") {
		l.fail(o.pos(), bothValues, nil)
		return nil
	}
	if o.has("value") {
		return []*VariableVersion{{calendar.Always(), o.expr("value"), l.source(o, nil), o.pos()}}
	}
	var outer *Source
	if o.has("status") || o.has("cite") {
		s := l.source(o, nil)
		outer = &s
	}
	var all []*VariableVersion
	var v versions
	for _, item := range o.objects("versions") {
		version := &VariableVersion{l.span(item), item.expr("value"), l.source(item, outer), item.pos()}
		all = append(all, version)
		v.add(&version.Span, item)
	}
	l.succeed(&v)
	return all
}

func (l *loader) programme(o node) {
	p := &Programme{ID: o.string("programme"), Number: o.count("number"), PathOf: o.string("path_of"), Name: o.text("name"), Department: o.string("department"),
		Unit: Unit(o.string("unit")), Uncounted: o.bool("uncounted"), Aid: o.string("aid"), Entitlement: o.bool("entitlement"), Excludes: o.strings("excludes"), Choice: o.strings("choice"),
		DecidedBy: o.string("decided_by"), Pos: o.pos()}
	for _, d := range o.objects("documents") {
		p.Documents = append(p.Documents, Document{d.text("name"), d.string("held"), d.pos()})
		l.refers(d, "held", toFeeds)
	}
	var v versions
	for _, item := range o.objects("versions") {
		version := l.programmeVersion(p, item)
		p.Versions = append(p.Versions, version)
		v.add(&version.Span, item)
	}
	l.succeed(&v)
	l.unique(o, "programme", "programme")
	l.numbered(o)
	l.refers(o, "department", toDepartments)
	l.pathOf(p, o)
	l.refers(o, "choice", toProgrammes)
	l.excludes(p.ID, o)
	l.decidedBy(o)
	l.pack.Programmes = append(l.pack.Programmes, p)
}

// numbered refuses a number of the catalogue that another programme has.
func (l *loader) numbered(o node) {
	number := o.count("number")
	for _, other := range l.pack.Programmes {
		if number > 0 && other.Number == number {
			l.fail(o.posOf("number"), numberTwice, fault.Args{"found": number, "other": other.ID})
		}
	}
}

// pathOf checks that a path leads into a programme and not into a path.
func (l *loader) pathOf(p *Programme, o node) {
	l.refers(o, "path_of", toProgrammes)
	l.afterwards(func() {
		for _, other := range l.pack.Programmes {
			if other.ID == p.PathOf && other.PathOf != "" {
				l.fail(o.posOf("path_of"), pathOfPath, fault.Args{"found": other.ID})
			}
		}
	})
}

func (l *loader) excludes(self string, o node) {
	l.refers(o, "excludes", toExcludable)
	for _, item := range o.scalars("excludes") {
		if item.Value == self {
			l.fail(o.f.pos(item), excludesItself, fault.Args{"found": self})
		}
	}
}

// decidedBy checks who decides: the township, a fund, or a department of the county.
func (l *loader) decidedBy(o node) {
	by, at := o.string("decided_by"), o.posOf("decided_by")
	if department, ok := strings.CutPrefix(by, "county:"); ok {
		l.afterwards(func() { l.referTo(toDepartments, department, at) })
		return
	}
	if by != "" {
		l.refer(anAuthority, by, []string{"township", "fund", "county:…"}, at)
	}
}

func (l *loader) programmeVersion(p *Programme, o node) *ProgrammeVersion {
	v := &ProgrammeVersion{Span: l.span(o), Source: l.source(o, nil), Pos: o.pos()}
	seen := map[string]Pos{}
	for _, c := range o.objects("conditions") {
		l.distinct(seen, c, "id")
		v.Conditions = append(v.Conditions, &Condition{ID: c.string("id"), Say: c.text("say"), When: c.expr("when"),
			About: c.bool("about"), OnConsent: c.has("verify"), Source: l.source(c, &v.Source), Pos: c.pos()})
	}
	for _, c := range o.objects("components") {
		l.distinct(seen, c, "id")
		v.Components = append(v.Components, l.component(p, c, &v.Source))
	}
	return v
}

func (l *loader) component(p *Programme, o node, outer *Source) *Component {
	c := &Component{ID: o.string("id"), Name: o.text("name"), When: o.expr("when"), Amount: o.expr("amount"),
		Per: o.string("per"), Rounding: o.string("rounding"), Excludes: o.strings("excludes"), Source: l.source(o, outer), Pos: o.pos()}
	l.amountKeys(o)
	l.excludes(p.ID+"."+c.ID, o)
	return c
}

// amountKeys checks that an amount says over which period it is paid and how it is rounded.
func (l *loader) amountKeys(o node) {
	keys := []string{"amount", "per", "rounding"}
	var lacking []string
	for _, key := range keys {
		if !o.has(key) {
			lacking = append(lacking, key)
		}
	}
	if len(lacking) > 0 && len(lacking) < len(keys) {
		l.fail(o.pos(), amountKeys, fault.Args{"expected": strings.Join(lacking, ", ")})
	}
}

func (l *loader) index(o node) {
	x := &Index{Name: o.text("name"), Source: l.source(o, nil), Pos: o.pos()}
	seen := map[string]Pos{}
	weighty := false
	for _, d := range o.objects("dimensions") {
		l.distinct(seen, d, "id")
		x.Dimensions = append(x.Dimensions, &Dimension{ID: d.string("id"), Name: d.text("name"), Weight: d.number("weight"),
			Score: d.expr("score"), Before: d.expr("before"), Neutral: d.number("neutral"), Why: d.text("why"), Pos: d.pos()})
		weighty = weighty || d.number("weight") > 0 || !d.fits("weight", kindAmount)
		if n := d.number("neutral"); n < 0 || n > 100*money.Scale {
			l.fail(d.posOf("neutral"), neutralRange, fault.Args{"found": n})
		}
	}
	if !weighty && len(x.Dimensions) > 0 {
		l.fail(o.posOf("dimensions"), noWeight, nil)
	}
	hardest := o.object("hardest")
	x.Hardest.Share = hardest.number("share")
	x.Hardest.Level, _ = area.ParseLevel(hardest.string("within"))
	l.pack.Index = x
}

var lacksAnother = fault.Text{Key: "pack.lacks-another",
	Zh: "“{found}”和这条预警不是同一单位（一个按户，一个按人），lacks 不能写它", En: `"{found}" is not of the unit of this warning, household or person: "lacks" cannot name it`}

// lacksOfItsUnit refuses a warning of another unit than the programme that it says is not had.
func (l *loader) lacksOfItsUnit(w *Warning) {
	for _, p := range l.pack.Programmes {
		if p.ID == w.Lacks && p.Unit != w.Unit {
			l.fail(w.Pos, lacksAnother, fault.Args{"found": w.Lacks})
		}
	}
}

func (l *loader) mechanism(o node) {
	m := &Mechanism{ID: o.string("mechanism"), Name: o.text("name"), Pos: o.pos()}
	for _, r := range o.objects("rules") {
		l.unique(r, "warning", "warning")
		l.refers(r, "route", toRoutes)
		l.refers(r, "department", toDepartments)
		l.refers(r, "evidence", toValues)
		l.refers(r, "lacks", toProgrammes)
		m.Rules = append(m.Rules, &Warning{ID: r.string("warning"), Name: r.text("name"), Unit: Unit(r.string("unit")), When: r.expr("when"), Level: r.string("level"),
			Route: r.string("route"), Department: r.string("department"), Lacks: r.string("lacks"), Due: r.count("due"), Quiet: r.count("quiet"), Evidence: r.strings("evidence"), Source: l.source(r, nil), Pos: r.pos()})
		last := m.Rules[len(m.Rules)-1]
		l.afterwards(func() { l.lacksOfItsUnit(last) })
	}
	l.unique(o, "mechanism", "mechanism")
	l.pack.Mechanisms = append(l.pack.Mechanisms, m)
}

func (l *loader) household(o node) {
	if o.has("status") || o.has("cite") || o.has("why") {
		l.source(o, nil)
	}
	l.pack.Household = &Composition{Joins: l.links(o, "joins"), Counts: o.expr("counts"), Supporters: l.links(o, "supporters"), Pos: o.pos()}
}

func (l *loader) links(o node, key string) []*Link {
	var links []*Link
	seen := map[string]Pos{}
	for _, k := range o.objects(key) {
		l.distinct(seen, k, "id")
		links = append(links, &Link{ID: k.string("id"), Say: k.text("say"), Via: k.string("via"), When: k.expr("when"), Doubt: k.bool("doubt"), Pos: k.pos()})
	}
	return links
}

func (l *loader) magnitudes(o node) {
	m := &Magnitudes{People: o.count("people"), Source: l.source(o, nil), Pos: o.pos()}
	if m.People == 0 && o.fits("people", kindCount) {
		l.fail(o.posOf("people"), nobodyLives, nil)
	}
	for _, item := range o.objects("programmes") {
		l.unique(item, "programme", "magnitude")
		l.refers(item, "programme", toProgrammes)
		m.Programmes = append(m.Programmes, &Magnitude{Programme: item.string("programme"), Units: item.count("units"), Note: item.text("note"),
			Source: l.source(item, &m.Source), Pos: item.pos()})
	}
	l.pack.Magnitudes = m
}
