package pack

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

var (
	badSpan = fault.Text{Key: "pack.span",
		Zh: "“to”（{to}）应晚于“from”（{from}）", En: `"to" ({to}) must be after "from" ({from})`}
	overlappingSpans = fault.Text{Key: "pack.overlap",
		Zh: "与另一版本（{other}）的日期重叠", En: "its dates overlap those of another version ({other})"}
	noWhy = fault.Text{Key: "pack.no-why",
		Zh: "状态是“{status}”，要写明原因 why", En: `the status is "{status}": it needs a "why"`}
	noCite = fault.Text{Key: "pack.no-cite",
		Zh: "没有出处 cite，也没有注明 status", En: `there is no "cite", and no "status" saying why`}
	foundWithoutCite = fault.Text{Key: "pack.found-without-cite",
		Zh: "状态是“found”，要有出处 cite", En: `the status is "found": it needs a "cite"`}
	doubleID = fault.Text{Key: "pack.double-id",
		Zh: "“{found}”已在 {other} 定义", En: `"{found}" is already defined at {other}`}
	unitPrefix = fault.Text{Key: "pack.unit-prefix",
		Zh: "“{found}”应以 person. 或 household. 开头", En: `"{found}" must begin with "person." or "household."`}
	oneValue = fault.Text{Key: "pack.one-value",
		Zh: "这里应写“{expected}”，而且只写这一种", En: `this needs "{expected}", and nothing else in its place`}
	bandsOrder = fault.Text{Key: "pack.bands",
		Zh: "各档的 upto 应递增，而且只有最后一档不写 upto", En: `the bands' "upto" must rise, and only the last band goes without`}
	notTotal = fault.Text{Key: "pack.not-total",
		Zh: "代码表“{list}”里的“{found}”没有值", En: `the table has no value for "{found}" of the list "{list}"`}
	bothValues = fault.Text{Key: "pack.value-or-versions",
		Zh: "“value”与“versions”写其中一个", En: `write either "value" or "versions"`}
)

// span reads from and to; an absent end is open.
func (l *loader) span(o node) calendar.Span {
	s := calendar.Always()
	if o.has("from") {
		s.From = o.date("from")
	}
	if o.has("to") {
		s.To = o.date("to")
	}
	if s.Empty() {
		l.fail(o.posOf("to"), badSpan, fault.Args{"from": s.From, "to": s.To})
	}
	return s
}

// close ends each version without an end where the next one begins, and refuses overlaps.
func (l *loader) close(spans []*calendar.Span, places []Pos) {
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(spans[a].From) - int(spans[b].From) })
	for k := 0; k+1 < len(order); k++ {
		this, next := spans[order[k]], spans[order[k+1]]
		if this.To == calendar.Forever && next.From > this.From {
			this.To = next.From
		}
		if this.Overlaps(*next) {
			l.fail(places[order[k+1]], overlappingSpans, fault.Args{"other": this.String()})
		}
	}
}

// source reads status, why and cite; without them the outer source holds.
func (l *loader) source(o node, outer *Source) Source {
	s := Source{Status: Status(o.string("status")), Why: o.text("why")}
	for _, c := range o.list("cite") {
		s.Cites = append(s.Cites, Cite{c.string("document"), c.string("article"), c.string("url"), c.string("note")})
	}
	switch {
	case s.Status == "" && len(s.Cites) > 0:
		s.Status = Found
	case s.Status == "" && outer != nil:
		return *outer
	case s.Status == "":
		l.fail(o.pos(), noCite, nil)
	case s.Status == Found && len(s.Cites) == 0:
		l.fail(o.posOf("status"), foundWithoutCite, nil)
	case s.Status != Found && s.Why.Zh == "":
		l.fail(o.posOf("status"), noWhy, fault.Args{"status": s.Status})
	}
	return s
}

// unique refuses a second definition of a name.
func (l *loader) unique(kind, id string, at Pos) bool {
	key := kind + "/" + id
	if other, ok := l.pack.defined[key]; ok {
		l.fail(at, doubleID, fault.Args{"found": id, "other": other.At().String()})
		return false
	}
	if l.pack.defined == nil {
		l.pack.defined = map[string]Pos{}
	}
	l.pack.defined[key] = at
	return true
}

// path splits "person.birth".
func (l *loader) path(o node, key string) (Unit, string) {
	unit, name, ok := strings.Cut(o.string(key), ".")
	if !ok || unit != "person" && unit != "household" || name == "" || strings.Contains(name, ".") {
		l.fail(o.posOf(key), unitPrefix, fault.Args{"found": fault.Excerpt(o.string(key))})
	}
	return Unit(unit), name
}

func (l *loader) department(o node) {
	d := &Department{ID: o.string("department"), Supplier: o.bool("supplier"), Pos: o.pos()}
	l.unique("department", d.ID, o.posOf("department"))
	var spans []*calendar.Span
	var places []Pos
	for _, n := range o.list("names") {
		d.Names = append(d.Names, DatedText{l.span(n), n.text("name")})
		places = append(places, n.pos())
	}
	for i := range d.Names {
		spans = append(spans, &d.Names[i].Span)
	}
	l.close(spans, places)
	l.pack.Departments = append(l.pack.Departments, d)
}

func (l *loader) codeList(o node) {
	c := &CodeList{ID: o.string("codes"), Name: o.text("name"), Pos: o.pos()}
	for _, item := range o.list("list") {
		code := Code{item.string("code"), item.text("name"), item.pos()}
		if c.Index(code.ID) >= 0 {
			l.fail(item.posOf("code"), doubleKey, fault.Args{"found": code.ID})
			continue
		}
		c.Codes = append(c.Codes, code)
	}
	if l.unique("codes", c.ID, o.posOf("codes")) {
		l.pack.Codes[c.ID] = c
	}
}

func (l *loader) fact(o node) {
	f := &Fact{Label: o.text("name"), Type: Type(o.string("type")), Codes: o.string("codes"), Measure: o.string("unit"),
		Trust: o.strings("trust"), Sensitive: o.string("sensitive"), Consent: o.bool("consent"), Ask: o.text("ask"),
		Min: o.optionalNumber("min"), Max: o.optionalNumber("max"), Pos: o.pos()}
	f.Unit, f.Name = l.path(o, "fact")
	l.unique("fact", f.Path(), o.posOf("fact"))
	l.pack.Facts = append(l.pack.Facts, f)
}

func (l *loader) eventType(o node) {
	e := &EventType{Unit: Unit(o.string("events")), Kinds: o.string("kinds"), Pos: o.pos()}
	for _, f := range o.entries("fields") {
		e.Fields = append(e.Fields, &EventField{f.key, f.value.text("name"), Type(f.value.string("type")), f.value.string("codes"), f.at.pos()})
	}
	l.unique("events", string(e.Unit), o.posOf("events"))
	l.pack.Events = append(l.pack.Events, e)
}

func (l *loader) parameter(o node) {
	p := &Parameter{Name: o.string("parameter"), Label: o.text("name"), Type: Type(o.string("type")), Measure: o.string("unit"), Pos: o.pos()}
	for _, by := range o.strings("by") {
		switch by {
		case "residence":
			p.Residence = true
		case "bands":
			p.Bands = true
		default:
			p.Codes = by
		}
	}
	for _, v := range o.list("values") {
		p.Values = append(p.Values, l.parameterValue(p, v))
	}
	l.closeValues(p)
	l.unique("parameter", p.Name, o.posOf("parameter"))
	l.pack.Parameters = append(l.pack.Parameters, p)
}

func (l *loader) parameterValue(p *Parameter, o node) *ParameterValue {
	v := &ParameterValue{Area: l.pack.Area, Residence: o.string("residence"), Span: l.span(o), Published: o.date("published"), Source: l.source(o, nil), Pos: o.pos()}
	if o.has("area") {
		v.Area, _ = area.Parse(o.string("area"))
	}
	expected := "value"
	switch {
	case p.Bands:
		expected = "bands"
		v.Bands = l.bands(o)
	case p.Codes != "":
		expected = "table"
		v.Table = map[string]money.Decimal{}
		for _, e := range o.entries("table") {
			v.Table[e.key], _ = money.Parse(e.value.n.Value)
		}
	default:
		v.Value = o.number("value")
	}
	for _, key := range []string{"value", "table", "bands"} {
		if o.has(key) != (key == expected) {
			l.fail(o.posOf(key), oneValue, fault.Args{"expected": expected})
			break
		}
	}
	return v
}

func (l *loader) bands(o node) []Band {
	var bands []Band
	list := o.list("bands")
	for i, b := range list {
		band := Band{UpTo: b.number("upto"), Last: !b.has("upto"), Value: b.number("value")}
		if band.Last != (i == len(list)-1) || i > 0 && !band.Last && band.UpTo <= bands[i-1].UpTo {
			l.fail(b.pos(), bandsOrder, nil)
		}
		bands = append(bands, band)
	}
	return bands
}

// closeValues orders the spans of the values of one area and residence.
func (l *loader) closeValues(p *Parameter) {
	type at struct {
		area      area.Code
		residence string
	}
	groups := map[at][]*ParameterValue{}
	var order []at
	for _, v := range p.Values {
		key := at{v.Area, v.Residence}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], v)
	}
	for _, key := range order {
		var spans []*calendar.Span
		var places []Pos
		for _, v := range groups[key] {
			spans, places = append(spans, &v.Span), append(places, v.Pos)
		}
		l.close(spans, places)
	}
}

func (l *loader) variable(o node) {
	v := &Variable{Label: o.text("name"), Type: Type(o.string("type")), Codes: o.string("codes"), Measure: o.string("unit"), Pos: o.pos()}
	v.Unit, v.Name = l.path(o, "variable")
	if o.has("value") == o.has("versions") {
		l.fail(o.pos(), bothValues, nil)
	}
	if o.has("value") {
		v.Versions = append(v.Versions, &VariableVersion{calendar.Always(), o.expr("value"), l.source(o, nil), o.pos()})
	}
	var outer *Source
	if o.has("status") || o.has("cite") {
		s := l.source(o, nil)
		outer = &s
	}
	var spans []*calendar.Span
	var places []Pos
	for _, item := range o.list("versions") {
		version := &VariableVersion{l.span(item), item.expr("value"), l.source(item, outer), item.pos()}
		v.Versions = append(v.Versions, version)
		spans, places = append(spans, &version.Span), append(places, item.pos())
	}
	l.close(spans, places)
	l.unique("fact", v.Path(), o.posOf("variable"))
	l.pack.Variables = append(l.pack.Variables, v)
}

func (l *loader) programme(o node) {
	p := &Programme{ID: o.string("programme"), Number: o.int("number"), PathOf: o.string("path_of"), Name: o.text("name"), Department: o.string("department"),
		Unit: Unit(o.string("unit")), Aid: o.string("aid"), Excludes: o.strings("excludes"), Choice: o.strings("choice"),
		DecidedBy: o.string("decided_by"), Pos: o.pos()}
	p.Entitlement, _ = boolean(o.string("entitlement"))
	for _, d := range o.list("documents") {
		p.Documents = append(p.Documents, Document{d.text("name"), d.string("held"), d.pos()})
	}
	var spans []*calendar.Span
	var places []Pos
	for _, item := range o.list("versions") {
		v := l.programmeVersion(item)
		p.Versions = append(p.Versions, v)
		spans, places = append(spans, &v.Span), append(places, item.pos())
	}
	l.close(spans, places)
	l.unique("programme", p.ID, o.posOf("programme"))
	l.pack.Programmes = append(l.pack.Programmes, p)
}

func (l *loader) programmeVersion(o node) *ProgrammeVersion {
	v := &ProgrammeVersion{Span: l.span(o), Source: l.source(o, nil), Pos: o.pos()}
	ids := map[string]bool{}
	for _, c := range o.list("conditions") {
		l.uniqueIn(ids, c, "id")
		v.Conditions = append(v.Conditions, &Condition{ID: c.string("id"), Say: c.text("say"), When: c.expr("when"),
			OnConsent: c.has("verify"), Source: l.source(c, &v.Source), Pos: c.pos()})
	}
	for _, c := range o.list("components") {
		l.uniqueIn(ids, c, "id")
		v.Components = append(v.Components, &Component{ID: c.string("id"), Name: c.text("name"), When: c.expr("when"), Amount: c.expr("amount"),
			Per: c.string("per"), Rounding: c.string("rounding"), Excludes: c.strings("excludes"), Source: l.source(c, &v.Source), Pos: c.pos()})
		if c.has("amount") && (!c.has("per") || !c.has("rounding")) {
			l.fail(c.posOf("amount"), missingKey, fault.Args{"in": "component", "expected": "per, rounding"})
		}
	}
	return v
}

func (l *loader) uniqueIn(seen map[string]bool, o node, key string) {
	id := o.string(key)
	if seen[id] {
		l.fail(o.posOf(key), doubleKey, fault.Args{"found": id})
	}
	seen[id] = true
}

func (l *loader) index(o node) {
	x := &Index{Name: o.text("name"), Source: l.source(o, nil), Pos: o.pos()}
	ids := map[string]bool{}
	for _, d := range o.list("dimensions") {
		l.uniqueIn(ids, d, "id")
		x.Dimensions = append(x.Dimensions, &Dimension{ID: d.string("id"), Name: d.text("name"), Weight: d.number("weight"),
			Score: d.expr("score"), Before: d.expr("before"), Neutral: d.number("neutral"), Why: d.text("why"), Pos: d.pos()})
	}
	hardest := o.object("hardest")
	x.Hardest.Share = hardest.number("share")
	x.Hardest.Level, _ = area.ParseLevel(hardest.string("within"))
	l.pack.Index = x
}

func (l *loader) mechanism(o node) {
	m := &Mechanism{ID: o.string("mechanism"), Name: o.text("name"), Pos: o.pos()}
	for _, r := range o.list("rules") {
		w := &Warning{ID: r.string("warning"), Name: r.text("name"), Unit: Unit(r.string("unit")), When: r.expr("when"), Level: r.string("level"),
			Route: r.string("route"), Due: r.int("due"), Quiet: r.int("quiet"), Evidence: r.strings("evidence"), Source: l.source(r, nil), Pos: r.pos()}
		l.unique("warning", w.ID, r.posOf("warning"))
		m.Rules = append(m.Rules, w)
	}
	l.unique("mechanism", m.ID, o.posOf("mechanism"))
	l.pack.Mechanisms = append(l.pack.Mechanisms, m)
}

func (l *loader) feed(o node) {
	f := &Feed{ID: o.string("feed"), Name: o.text("name"), Department: o.string("department"), Role: o.string("role"), Covers: o.expr("covers"),
		IDNo: o.string("person"), MaxAge: o.int("max_age"), MaxRejects: o.number("max_rejects"), Pos: o.pos()}
	for _, c := range o.entries("columns") {
		v := c.value
		f.Columns = append(f.Columns, &Column{Name: c.key, Label: v.text("name"), Type: v.string("type"), Codes: v.string("codes"), Key: v.bool("key"),
			Required: v.bool("required"), Min: v.optionalNumber("min"), Max: v.optionalNumber("max"), Pos: c.at.pos()})
	}
	for _, e := range o.entries("facts") {
		v := e.value
		f.Facts = append(f.Facts, &FeedFact{Fact: e.key, Value: v.expr("value"), Latest: v.string("latest"), Window: v.int("window"), By: v.string("by"),
			Absent: absent(v), Pos: e.at.pos()})
	}
	for _, e := range o.list("events") {
		event := &FeedEvent{Unit: Unit(e.string("unit")), Kind: e.string("kind"), KindOf: e.string("kind_of"), Kinds: e.strings("kinds"), From: e.string("from"), To: e.string("to"), Fields: map[string]string{}, Pos: e.pos()}
		if event.Unit == "" {
			event.Unit = Person
		}
		for _, field := range e.entries("fields") {
			event.Fields[field.key] = field.value.n.Value
		}
		f.Events = append(f.Events, event)
	}
	l.unique("feed", f.ID, o.posOf("feed"))
	l.pack.Feeds = append(l.pack.Feeds, f)
}

// absent is the value of "none"; for a set of codes its codes with commas, "[]" for the empty set.
func absent(o node) string {
	v, ok := o.get("absent")
	switch {
	case !ok || v.Kind != yaml.SequenceNode:
		return o.string("absent")
	case len(v.Content) == 0:
		return "[]"
	}
	return strings.Join(o.strings("absent"), ",")
}

func (l *loader) household(o node) {
	l.pack.Household = &Composition{Joins: l.links(o, "joins"), Counts: o.expr("counts"), Supporters: l.links(o, "supporters"), Pos: o.pos()}
}

func (l *loader) links(o node, key string) []*Link {
	var links []*Link
	ids := map[string]bool{}
	for _, k := range o.list(key) {
		l.uniqueIn(ids, k, "id")
		links = append(links, &Link{ID: k.string("id"), Say: k.text("say"), Via: k.string("via"), When: k.expr("when"), Doubt: k.bool("doubt"), Pos: k.pos()})
	}
	return links
}

func (l *loader) workflow(o node) {
	w := &Workflow{Pos: o.pos()}
	for _, r := range o.list("routes") {
		w.Routes = append(w.Routes, Code{r.string("code"), r.text("name"), r.pos()})
	}
	l.pack.Workflow = w
}
