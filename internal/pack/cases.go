package pack

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

func (l *loader) caseOf(o node) {
	c := &Case{ID: o.string("case"), Name: o.text("name"), Tags: o.strings("tags"), Programmes: o.strings("programmes"), Source: l.source(o, nil),
		Facts: dossier(o), Pos: o.pos()}
	for _, e := range o.entries("parameters") {
		c.overrides = append(c.overrides, e)
	}
	c.Expect = l.expectation(o.object("expect"))
	l.unique("case", c.ID, o.posOf("case"))
	l.pack.Cases = append(l.pack.Cases, c)
}

func (l *loader) expectation(o node) *Expectation {
	x := &Expectation{Warnings: o.strings("warnings")}
	if o.n != nil {
		x.Pos = o.pos()
	}
	for _, item := range o.list("outcomes") {
		out := ExpectedOutcome{Programme: item.string("programme"), Unit: item.string("unit"), Outcome: item.string("outcome"),
			Amount: item.optionalNumber("amount"), Failed: item.strings("failed"), Missing: item.strings("missing"), Pos: item.pos()}
		for _, c := range item.entries("components") {
			amount, _ := money.Parse(c.value.n.Value)
			out.Components = append(out.Components, ExpectedComponent{c.key, amount})
		}
		x.Outcomes = append(x.Outcomes, out)
	}
	for _, v := range o.entries("values") {
		path, unit := v.key, ""
		for i := range path {
			if path[i] == '@' {
				path, unit = path[:i], path[i+1:]
				break
			}
		}
		x.Values = append(x.Values, ExpectedValue{path, unit, scalarText(v.value.n), v.at.pos()})
	}
	return x
}

// scalarText is a scalar as it is written, a list's items with commas; nothing is unknown.
func scalarText(n *yaml.Node) string {
	if n.Tag == "!!null" {
		return "unknown"
	}
	if n.Kind != yaml.SequenceNode {
		return n.Value
	}
	text := ""
	for i, item := range n.Content {
		if i > 0 {
			text += ","
		}
		text += item.Value
	}
	return text
}

// dossier reads on, area and facts.
func dossier(o node) *Dossier {
	facts := o.object("facts")
	d := &Dossier{On: o.date("on"), Doubtful: facts.bool("doubtful"), Pos: o.pos(), Places: map[string]Pos{"area": o.posOf("area")}}
	d.Area, _ = area.Parse(o.string("area"))
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
	n = deref(n)
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
	if n.Tag == "!!null" || n.Value == "unknown" {
		return nil
	}
	return n.Value
}

// ReadDossier reads a household that somebody wrote down, in YAML or JSON: the same shape as a case's date, area and facts.
// The file may also be a whole case; of several the first is read.
func ReadDossier(name string, content []byte) (*Dossier, fault.List) {
	l := &loader{pack: &Pack{}}
	if len(content) > maxFile {
		l.failAt(fault.At{File: name}, tooLarge, fault.Args{"limit": maxFile >> 20})
		return nil, l.faults
	}
	f, documents := l.documents(name, content)
	if len(documents) == 0 {
		if len(l.faults) == 0 {
			l.failAt(fault.At{File: name}, emptyText, fault.Args{"key": name})
		}
		return nil, l.faults
	}
	shape := dossierShape
	if (node{f, documents[0]}).has("case") {
		shape = caseShape
	}
	ok := f.checkObject(documents[0], shape)
	if !ok || len(l.faults) > 0 {
		l.faults.Sort()
		return nil, l.faults
	}
	return dossier(node{f, documents[0]}), nil
}

var (
	unknownParameter = fault.Text{Key: "pack.unknown-parameter",
		Zh: "没有参数“{found}”；最接近的是“{nearest}”", En: `there is no parameter "{found}"; the nearest is "{nearest}"`}
	badOverride = fault.Text{Key: "pack.override",
		Zh: "参数“{key}”的替代值应为{expected}", En: `the case's own value of "{key}" must be {expectedEn}`}
)

// ownParameters makes a case's own values into parameters that hold always and everywhere.
func (l *loader) ownParameters(c *Case) {
	for _, e := range c.overrides {
		original := l.pack.Parameter(e.key)
		if original == nil {
			l.fail(e.at.pos(), unknownParameter, fault.Args{"found": e.key, "nearest": fault.Nearest(e.key, l.pack.parameterNames())})
			continue
		}
		own := *original
		own.Values = l.ownValues(original, e)
		c.Parameters = append(c.Parameters, &own)
	}
	c.overrides = nil
}

// ownValues are one value for all, or one for each residence.
func (l *loader) ownValues(p *Parameter, e entry) []*ParameterValue {
	o := node{e.at.f, &yaml.Node{Kind: yaml.MappingNode, Line: e.at.n.Line, Column: e.at.n.Column}}
	put := func(key string, n *yaml.Node) {
		o.n.Content = append(o.n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, n)
	}
	v := e.value.n
	switch {
	case p.Bands && v.Kind == yaml.SequenceNode:
		put("bands", v)
	case p.Codes != "" && v.Kind == yaml.MappingNode:
		put("table", v)
	case !p.Bands && p.Codes == "" && v.Kind == yaml.ScalarNode && scalarFits(kindNumber, v.Value):
		put("value", v)
	case p.Residence && !p.Bands && p.Codes == "" && v.Kind == yaml.MappingNode:
		return l.byResidence(p, e)
	default:
		l.fail(e.value.pos(), badOverride, fault.Args{"key": e.key, "expected": "与参数形状一致的数字、表或各档", "expectedEn": "a number, a table or bands, as the parameter itself has"})
		return nil
	}
	return []*ParameterValue{l.ownValue(p, o, "")}
}

func (l *loader) ownValue(p *Parameter, o node, residence string) *ParameterValue {
	v := &ParameterValue{Area: l.pack.Area, Residence: residence, Span: calendar.Always(), Pos: o.pos(),
		Source: Source{Status: Assumed, Why: Text{"本例自带的标准", "The case's own figure"}}}
	switch {
	case p.Bands:
		v.Bands = l.bands(o)
	case p.Codes != "":
		v.Table = map[string]money.Decimal{}
		for _, e := range o.entries("table") {
			v.Table[e.key], _ = money.Parse(e.value.n.Value)
		}
		l.total(p, v)
	default:
		v.Value = o.number("value")
	}
	return v
}

func (l *loader) byResidence(p *Parameter, e entry) []*ParameterValue {
	var values []*ParameterValue
	v := e.value.n
	for i := 0; i+1 < len(v.Content); i += 2 {
		o := node{e.at.f, &yaml.Node{Kind: yaml.MappingNode, Line: v.Content[i].Line, Column: v.Content[i].Column,
			Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "value"}, v.Content[i+1]}}}
		values = append(values, l.ownValue(p, o, v.Content[i].Value))
	}
	return values
}

// Parameter is a parameter by name, nil if there is none.
func (p *Pack) Parameter(name string) *Parameter {
	for _, q := range p.Parameters {
		if q.Name == name {
			return q
		}
	}
	return nil
}

func (p *Pack) parameterNames() []string {
	var names []string
	for _, q := range p.Parameters {
		names = append(names, q.Name)
	}
	return names
}
