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
	badBy = fault.Text{Key: "pack.by",
		Zh: "by 里的代码表只能有一个，也不能和 bands 一起写", En: `"by" has at most one list of codes, and none beside "bands"`}
	oneValue = fault.Text{Key: "pack.one-value",
		Zh: "按这个参数的 by，这里要写“{expected}”，而且只写这一种", En: `by the parameter's "by", this needs "{expected}" and nothing in its place`}
	bandsOrder = fault.Text{Key: "pack.bands-order",
		Zh: "upto 应比上一档的 {previous} 大", En: `"upto" must be more than {previous}, that of the band before`}
	bandsEnd = fault.Text{Key: "pack.bands-end",
		Zh: "最后一档不写 upto，这样再大的数也有值", En: `the last band goes without "upto", so that every amount has a value`}
	bandsGap = fault.Text{Key: "pack.bands-gap",
		Zh: "只有最后一档可以不写 upto", En: `only the last band goes without "upto"`}
	notTotal = fault.Text{Key: "pack.not-total",
		Zh: "代码表“{list}”里的这些代码没有值：{found}", En: `the table has no value for these codes of the list "{list}": {found}`}
	notWhole = fault.Text{Key: "pack.not-whole",
		Zh: "参数的类型是 int，“{found}”不是整数", En: `the parameter is an int, and {found} is not a whole number`}
	notByResidence = fault.Text{Key: "pack.not-by-residence",
		Zh: "这个参数不分城乡；要分，请在 by 里写 residence", En: `this parameter does not differ by residence; if it does, "by" must say so`}
	noResidence = fault.Text{Key: "pack.no-residence",
		Zh: "pack.yaml 没有用 residence 写明按家庭的哪个事实来分城乡", En: `pack.yaml does not say, as "residence", by which fact of the household this differs`}
	areaOutside = fault.Text{Key: "pack.area-outside",
		Zh: "区划“{found}”不在 areas.csv 里", En: `the area "{found}" is not in areas.csv`}
)

func (l *loader) parameter(o node) {
	p := &Parameter{Name: o.string("parameter"), Label: o.text("name"), Type: Type(o.string("type")), Measure: o.string("unit"), Pos: o.pos()}
	l.by(p, o)
	values := o.objects("values")
	for _, v := range values {
		p.Values = append(p.Values, l.parameterValue(p, v))
	}
	l.succeedPlaces(p, values)
	l.notReserved(p.Name, nil, o.posOf("parameter"))
	l.unique(o, "parameter", "parameter")
	l.pack.Parameters = append(l.pack.Parameters, p)
}

// by reads what a parameter's values differ by.
func (l *loader) by(p *Parameter, o node) {
	for _, item := range o.scalars("by") {
		switch by := item.Value; {
		case by == "residence":
			p.Residence = true
			l.needsResidence(o.f.pos(item))
		case by != "bands" && p.Codes != "", by != "bands" && p.Bands, by == "bands" && p.Codes != "":
			l.fail(o.f.pos(item), badBy, nil)
		case by == "bands":
			p.Bands = true
		default:
			p.Codes = by
			l.afterwards(func() { l.referTo(toCodeLists, by, o.f.pos(item)) })
		}
	}
}

// needsResidence refuses to tell residences apart in a pack that does not say by which fact.
func (l *loader) needsResidence(at Pos) {
	if l.pack.Residence == "" && !l.lost[headFile] {
		l.fail(at, noResidence, nil)
	}
}

func (l *loader) parameterValue(p *Parameter, o node) *ParameterValue {
	v := &ParameterValue{Area: l.pack.Area, Residence: o.string("residence"), Span: l.span(o), Published: o.date("published"), Source: l.source(o, nil), Pos: o.pos()}
	if o.has("area") {
		v.Area = o.area("area")
		l.refersArea(o, "area")
	}
	l.residence(p, o)
	expected := p.form()
	for _, key := range []string{"value", "table", "bands"} {
		if o.has(key) != (key == expected) {
			l.fail(o.posOf(key), oneValue, fault.Args{"expected": expected})
			return v
		}
	}
	l.figures(p, v, o)
	return v
}

// form is the key under which a parameter's values stand.
func (p *Parameter) form() string {
	switch {
	case p.Bands:
		return "bands"
	case p.Codes != "":
		return "table"
	}
	return "value"
}

// figures reads the number, the table or the bands of a value.
func (l *loader) figures(p *Parameter, v *ParameterValue, o node) {
	switch p.form() {
	case "bands":
		v.Bands = l.bands(p, o)
	case "table":
		v.Table = l.table(p, o)
	default:
		v.Value = l.figure(p, o, "value")
	}
}

// figure is a number, whole if the parameter is.
func (l *loader) figure(p *Parameter, o node, key string) money.Decimal {
	d := o.number(key)
	if p.Type == Int && d%money.Scale != 0 {
		l.fail(o.posOf(key), notWhole, fault.Args{"found": d})
	}
	return d
}

// table reads a value for each code of a list, and checks later that none is lacking or too many.
func (l *loader) table(p *Parameter, o node) map[string]money.Decimal {
	table := map[string]money.Decimal{}
	entries := o.object("table")
	for _, e := range entries.all() {
		table[e.key] = l.figure(p, entries, e.key)
	}
	l.afterwards(func() { l.total(l.pack.Codes[p.Codes], entries) })
	return table
}

// total checks that a table has a value for each code of its list and for nothing else.
func (l *loader) total(list *CodeList, table node) {
	if list == nil {
		return
	}
	var lacking []string
	for _, id := range list.IDs() {
		if !table.has(id) {
			lacking = append(lacking, id)
		}
	}
	if len(lacking) > 0 {
		l.fail(table.pos(), notTotal, fault.Args{"list": list.ID, "found": strings.Join(lacking, ", ")})
	}
	for _, e := range table.all() {
		l.refer(aCode, e.key, list.IDs(), e.at.pos())
	}
}

// bands reads the bands of a value: they rise, and the last one has no end.
func (l *loader) bands(p *Parameter, o node) []Band {
	var bands []Band
	list := o.objects("bands")
	for i, b := range list {
		band := Band{UpTo: b.number("upto"), Last: !b.has("upto"), Value: l.figure(p, b, "value")}
		last := i == len(list)-1
		switch {
		case last && !band.Last:
			l.fail(b.posOf("upto"), bandsEnd, nil)
		case band.Last && !last:
			l.fail(b.pos(), bandsGap, nil)
		case i > 0 && !band.Last && band.UpTo <= bands[i-1].UpTo:
			l.fail(b.posOf("upto"), bandsOrder, fault.Args{"previous": bands[i-1].UpTo})
		}
		bands = append(bands, band)
	}
	return bands
}

// succeedPlaces orders the spans of the values of one area and residence.
func (l *loader) succeedPlaces(p *Parameter, values []node) {
	type at struct {
		area      area.Code
		residence string
	}
	groups := map[at]*versions{}
	var order []at
	for i, v := range p.Values {
		key := at{v.Area, v.Residence}
		if groups[key] == nil {
			groups[key], order = &versions{}, append(order, key)
		}
		groups[key].add(&v.Span, values[i])
	}
	for _, key := range order {
		l.succeed(groups[key])
	}
}

// refersArea says that a key's text is an area of the pack.
func (l *loader) refersArea(o node, key string) {
	code := o.area(key)
	if code == 0 {
		return // reported when the shape was checked
	}
	if l.pack.Areas != nil && !l.lost[areasFile] && !l.pack.Areas.Has(code) {
		l.fail(o.posOf(key), areaOutside, fault.Args{"found": o.string(key)})
	}
}

// residence checks that a value names a residence only where the parameter differs by it.
func (l *loader) residence(p *Parameter, o node) {
	if !o.has("residence") {
		return
	}
	if !p.Residence {
		l.fail(o.posOf("residence"), notByResidence, nil)
		return
	}
	l.afterwards(func() { l.refersResidence(o.string("residence"), o.posOf("residence")) })
}

// refersResidence reports whether a text is a code by which parameters differ; where these codes are not known, which
// has been reported, any text is.
func (l *loader) refersResidence(found string, at Pos) bool {
	f := l.factOf(l.pack.Residence)
	if f == nil || f.Unit != Household || l.pack.Codes[f.Codes] == nil {
		return true
	}
	return l.refer(aCode, found, l.pack.Codes[f.Codes].IDs(), at)
}

// ownParameter makes a case's own value into a parameter that holds always and everywhere.
func (l *loader) ownParameter(c *Case, e entry) {
	if !l.referTo(toParameters, e.key, e.at.pos()) {
		return
	}
	own := *l.pack.Parameter(e.key)
	own.Values = nil
	if !l.differs(&own, e.value) {
		l.ownValue(&own, e, "")
		c.Parameters = append(c.Parameters, &own)
		return
	}
	for _, v := range e.value.all() {
		if l.refersResidence(v.key, v.at.pos()) {
			l.ownValue(&own, v, v.key)
		}
	}
	c.Parameters = append(c.Parameters, &own)
}

// differs reports whether a case writes a value for each residence, and not one for all.
func (l *loader) differs(p *Parameter, value node) bool {
	if !p.Residence || value.n.Kind != yaml.MappingNode {
		return false
	}
	return p.form() != "table" || slices.ContainsFunc(value.all(), func(e entry) bool { return e.value.n.Kind == yaml.MappingNode })
}

// ownValue reads a case's own value, which has the form of the parameter's.
func (l *loader) ownValue(p *Parameter, e entry, residence string) {
	form := p.form()
	of := *parameterValueShape.field(form)
	of.key = e.key
	if !e.value.f.check(e.value.n, &of) {
		return
	}
	v := &ParameterValue{Area: l.pack.Area, Residence: residence, Span: calendar.Always(), Pos: e.at.pos(),
		Source: Source{Status: Assumed, Why: Text{"本例自带的标准", "The case's own figure"}}}
	l.figures(p, v, e.at.pair(form, e.value))
	p.Values = append(p.Values, v)
}
