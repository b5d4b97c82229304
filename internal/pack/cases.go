package pack

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	whichMember = fault.Text{Key: "pack.which-member",
		Zh: "“{found}”属于个人，案例里有几名成员，要用 {key} 写明是谁", En: `"{found}" is of a person, and the case has several members: say which with {key}`}
	needlessMember = fault.Text{Key: "pack.needless-member",
		Zh: "“{found}”属于家庭，不用写成员", En: `"{found}" is of the household, not of a member`}
)

func (l *loader) caseOf(o node) {
	c := &Case{ID: o.string("case"), Name: o.text("name"), Tags: o.strings("tags"), Programmes: o.strings("programmes"), Source: l.source(o, nil),
		Facts: dossier(o), Pos: o.pos()}
	l.unique(o, "case", "case")
	l.refers(o, "programmes", toProgrammes)
	for _, e := range o.entries("parameters") {
		l.afterwards(func() { l.ownParameter(c, e) })
	}
	c.Expect = l.expectation(c, o.object("expect"))
	l.pack.Cases = append(l.pack.Cases, c)
}

func (l *loader) expectation(c *Case, o node) *Expectation {
	x := &Expectation{Warnings: o.strings("warnings")}
	if o.n != nil {
		x.Pos = o.pos()
	}
	for _, item := range o.objects("outcomes") {
		x.Outcomes = append(x.Outcomes, l.expectedOutcome(c, item))
	}
	for _, e := range o.entries("values") {
		x.Values = append(x.Values, l.expectedValue(c, e))
	}
	for _, n := range o.scalars("warnings") {
		l.afterwards(func() { l.referTo(toWarnings, strings.TrimPrefix(n.Value, "-"), o.f.pos(n)) })
	}
	return x
}

func (l *loader) expectedOutcome(c *Case, o node) ExpectedOutcome {
	out := ExpectedOutcome{Programme: o.string("programme"), Unit: o.string("unit"), Outcome: o.string("outcome"),
		Amount: o.optionalNumber("amount"), Failed: o.strings("failed"), Missing: o.strings("missing"), Pos: o.pos()}
	for _, e := range o.entries("components") {
		out.Components = append(out.Components, ExpectedComponent{e.key, decimal(e.value.n.Value)})
	}
	l.refers(o, "programme", toProgrammes)
	l.afterwards(func() { l.outcomeReferences(c, out, o) })
	return out
}

// outcomeReferences checks what an expected outcome names of its programme.
func (l *loader) outcomeReferences(c *Case, out ExpectedOutcome, o node) {
	i := slices.IndexFunc(l.pack.Programmes, func(p *Programme) bool { return p.ID == out.Programme })
	if i < 0 {
		return // reported as a reference
	}
	p := l.pack.Programmes[i]
	l.member(c, p.Unit, out.Programme, out.Unit, "unit", o.posOf("unit"))
	conditions, components := p.parts()
	for _, n := range o.scalars("failed") {
		l.refer(aCondition, n.Value, conditions, o.f.pos(n))
	}
	for _, e := range o.entries("components") {
		l.refer(aComponent, e.key, components, e.at.pos())
	}
	for _, n := range o.scalars("missing") {
		path, name, named := strings.Cut(n.Value, "@")
		l.referTo(toFacts, path, o.f.pos(n))
		if named {
			l.refer(aMember, name, c.people(), o.f.pos(n))
		}
	}
}

// parts are the conditions and components of all a programme's versions.
func (p *Programme) parts() (conditions, components []string) {
	for _, v := range p.Versions {
		conditions = append(conditions, idsOf(v.Conditions, func(c *Condition) string { return c.ID })...)
		components = append(components, idsOf(v.Components, func(c *Component) string { return c.ID })...)
	}
	return conditions, components
}

// member checks who is meant: a member by name where something is of a person and there are several, nobody where it is
// of the household.
func (l *loader) member(c *Case, of Unit, found, name, key string, at Pos) {
	switch {
	case of == Household && name != "":
		l.fail(at, needlessMember, fault.Args{"found": found})
	case of == Person && name == "" && len(c.Facts.Members) > 1:
		l.fail(at, whichMember, fault.Args{"found": found, "key": key})
	case name != "":
		l.refer(aMember, name, c.people(), at)
	}
}

// people are the names of a case's members.
func (c *Case) people() []string {
	var names []string
	for _, m := range c.Facts.Members {
		if name, ok := m["name"].(string); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// expectedValue is "person.age@name: 66".
func (l *loader) expectedValue(c *Case, e entry) ExpectedValue {
	path, name, _ := strings.Cut(e.key, "@")
	l.afterwards(func() {
		if l.referTo(toValues, path, e.at.pos()) {
			unit, _, _ := strings.Cut(path, ".")
			l.member(c, Unit(unit), path, name, path+"@…", e.at.pos())
		}
	})
	return ExpectedValue{path, name, e.value.literal(), e.at.pos()}
}

// dossier reads on, area and facts.
func dossier(o node) *Dossier {
	facts := o.object("facts")
	d := &Dossier{On: o.date("on"), Area: o.area("area"), Doubtful: facts.bool("doubtful"), Pos: o.pos(), Places: map[string]Pos{"area": o.posOf("area")}}
	if h, ok := facts.get("household"); ok {
		d.Household, _ = d.value(o.f, "household", h).(map[string]any)
	}
	d.Members = d.persons(facts, "members")
	if facts.has("supporters") {
		d.Supporters = append([]map[string]any{}, d.persons(facts, "supporters")...)
	}
	return d
}

func (d *Dossier) persons(facts node, key string) []map[string]any {
	var all []map[string]any
	for i, item := range facts.list(key) {
		person, _ := d.value(facts.f, fmt.Sprintf("%s[%d]", key, i), item.n).(map[string]any)
		all = append(all, person)
	}
	return all
}

// value is a node as it is written, its place kept.
func (d *Dossier) value(f *file, path string, n *yaml.Node) any {
	d.Places[path] = f.pos(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			m[name] = d.value(f, path+"."+name, n.Content[i+1])
			d.Places[path+"."+name] = f.pos(n.Content[i])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = d.value(f, fmt.Sprintf("%s[%d]", path, i), item)
		}
		return list
	}
	if isNull(n) || n.Value == "unknown" {
		return nil
	}
	return n.Value
}

// ReadDossier reads a household that somebody wrote down, in YAML or JSON: the same shape as a case's date, area and facts.
// The file may also be a whole case; of several the first is read. It reports every fault at once; the dossier is nil when
// there is one.
func ReadDossier(name string, content []byte) (*Dossier, fault.List) {
	l := newLoader()
	if len(content) > maxFile {
		l.failAt(fault.At{File: name}, tooLarge, fault.Args{"limit": maxFile >> 20})
		return nil, l.faults
	}
	f, documents := l.onlyDocuments(name, content, false)
	if len(documents) > 0 {
		f.checkWhole(documents[0], shapeOfDossier(node{f, documents[0]}))
	}
	if len(l.faults) > 0 {
		l.faults.Sort()
		return nil, l.faults
	}
	return dossier(node{f, documents[0]}), nil
}

func shapeOfDossier(o node) *shape {
	if o.has("case") {
		return caseShape
	}
	return dossierShape
}
