package pack

import (
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

var (
	unknownReference = fault.Text{Key: "pack.unknown-reference",
		Zh: "没有{kindZh}“{found}”；最接近的是“{nearest}”", En: `there is no {kind} "{found}"; the nearest is "{nearest}"`}
	needsCodes = fault.Text{Key: "pack.needs-codes",
		Zh: "类型是 {type}，要用 codes 指明代码表", En: `the type is {type}: it needs "codes"`}
	manyCodes = fault.Text{Key: "pack.many-codes",
		Zh: "代码表“{found}”超过 64 项，不能用于 codes 类型", En: `the list "{found}" has more than 64 codes and cannot be a set`}
	noAsk = fault.Text{Key: "pack.no-ask",
		Zh: "走访或申报能回答的事实要写 ask（怎样问）", En: `a fact that a visit or a declaration answers needs "ask"`}
	noWeight = fault.Text{Key: "pack.no-weight",
		Zh: "指数各维度的权重之和应大于零", En: "the weights of the index must add up to more than zero"}
	neutralRange = fault.Text{Key: "pack.neutral",
		Zh: "中间值应在 0 到 100 之间", En: "the neutral score must lie between 0 and 100"}
	areaOutside = fault.Text{Key: "pack.area-outside",
		Zh: "区划“{found}”不在区划表中", En: `the area "{found}" is not in the table of areas`}
	numberTwice = fault.Text{Key: "pack.number-twice",
		Zh: "编号 {found} 已用于“{other}”", En: `number {found} is already that of "{other}"`}
	windowNeedsBy = fault.Text{Key: "pack.window-by",
		Zh: "写了 window 就要用 by 指明日期列", En: `a "window" needs "by", the date column it is counted on`}
	badAbsent = fault.Text{Key: "pack.absent",
		Zh: "absent 的值“{found}”不是类型 {type} 的值", En: `the value "{found}" of "absent" is not of type {type}`}
)

// kindNames of what can be referred to.
var referenceKinds = map[string]Text{
	"codes": {"代码表", "list of codes"}, "department": {"部门", "department"}, "feed": {"数据", "feed"}, "fact": {"事实", "fact"}, "programme": {"项目", "programme"},
	"component": {"项目或其组成部分", "programme or component"}, "column": {"列", "column"}, "code": {"代码", "code"}, "route": {"流转去向", "route"}, "source": {"来源", "source"},
	"field": {"事件字段", "event field"}, "unit": {"成员", "member"}, "warning": {"预警规则", "warning rule"},
}

// references checks that every name means something, once everything has been read.
func (l *loader) references() {
	l.codeReferences()
	l.parameterReferences()
	l.programmeReferences()
	l.indexReferences()
	l.warningReferences()
	for _, f := range l.pack.Feeds {
		l.feedReferences(f)
	}
	for _, c := range l.pack.Cases {
		l.caseReferences(c)
	}
	if l.pack.Residence != "" {
		l.refer("fact", l.pack.Residence, l.factPaths(), Pos{File: "pack.yaml", Line: 1})
	}
}

func (l *loader) refer(kind, found string, names []string, at Pos) bool {
	if slices.Contains(names, found) {
		return true
	}
	k := referenceKinds[kind]
	l.fail(at, unknownReference, fault.Args{"kind": k.En, "kindZh": k.Zh, "found": fault.Excerpt(found), "nearest": fault.Nearest(found, names)})
	return false
}

func (l *loader) factPaths() []string {
	var paths []string
	for _, f := range l.pack.Facts {
		paths = append(paths, f.Path())
	}
	return paths
}

func (l *loader) programmeIDs() []string {
	var ids []string
	for _, p := range l.pack.Programmes {
		ids = append(ids, p.ID)
	}
	return ids
}

func (l *loader) feedIDs() []string {
	var ids []string
	for _, f := range l.pack.Feeds {
		ids = append(ids, f.ID)
	}
	return ids
}

func (l *loader) departmentIDs() []string {
	var ids []string
	for _, d := range l.pack.Departments {
		ids = append(ids, d.ID)
	}
	return ids
}

// coded checks that a code or a set has its list, and nothing else has one.
func (l *loader) coded(t Type, codes string, at Pos) {
	if t != CodeOf && t != CodesOf {
		return
	}
	if codes == "" {
		l.fail(at, needsCodes, fault.Args{"type": t})
		return
	}
	if l.refer("codes", codes, sortedKeys(l.pack.Codes), at) && t == CodesOf && len(l.pack.Codes[codes].Codes) > 63 {
		l.fail(at, manyCodes, fault.Args{"found": codes})
	}
}

func (l *loader) codeReferences() {
	for _, f := range l.pack.Facts {
		l.coded(f.Type, f.Codes, f.Pos)
		answered := false
		for _, source := range f.Trust {
			feed, ok := strings.CutPrefix(source, "feed:")
			switch {
			case ok:
				l.refer("feed", feed, l.feedIDs(), f.Pos)
			case l.refer("source", source, []string{"visit", "declared"}, f.Pos):
				answered = true
			}
		}
		if answered && f.Ask.Zh == "" {
			l.fail(f.Pos, noAsk, nil)
		}
	}
	for _, v := range l.pack.Variables {
		l.coded(v.Type, v.Codes, v.Pos)
	}
	for _, e := range l.pack.Events {
		l.refer("codes", e.Kinds, sortedKeys(l.pack.Codes), e.Pos)
		for _, f := range e.Fields {
			l.coded(f.Type, f.Codes, f.Pos)
		}
	}
}

func (l *loader) parameterReferences() {
	for _, p := range l.pack.Parameters {
		if p.Codes != "" && !l.refer("codes", p.Codes, sortedKeys(l.pack.Codes), p.Pos) {
			continue
		}
		for _, v := range p.Values {
			l.total(p, v)
			l.parameterPlace(p, v)
		}
	}
}

func (l *loader) parameterPlace(p *Parameter, v *ParameterValue) {
	if l.pack.Areas != nil && !l.pack.Areas.Has(v.Area) {
		l.fail(v.Pos, areaOutside, fault.Args{"found": v.Area})
	}
	if v.Residence != "" {
		l.refer("code", v.Residence, l.residences(), v.Pos)
	}
}

// residences are the codes by which parameters differ.
func (l *loader) residences() []string {
	for _, f := range l.pack.Facts {
		if f.Path() == l.pack.Residence && l.pack.Codes[f.Codes] != nil {
			return l.pack.Codes[f.Codes].IDs()
		}
	}
	return nil
}

// total checks that a table has a value for each code of its list and for nothing else.
func (l *loader) total(p *Parameter, v *ParameterValue) {
	list := l.pack.Codes[p.Codes]
	if p.Codes == "" || list == nil || v.Table == nil {
		return
	}
	for _, c := range list.Codes {
		if _, ok := v.Table[c.ID]; !ok {
			l.fail(v.Pos, notTotal, fault.Args{"list": list.ID, "found": c.ID})
		}
	}
	for _, code := range sortedKeys(v.Table) {
		l.refer("code", code, list.IDs(), v.Pos)
	}
}

func (l *loader) programmeReferences() {
	numbers := map[int]string{}
	for _, p := range l.pack.Programmes {
		l.refer("department", p.Department, l.departmentIDs(), p.Pos)
		if p.PathOf != "" {
			l.refer("programme", p.PathOf, l.programmeIDs(), p.Pos)
		}
		if other, ok := numbers[p.Number]; ok && p.Number > 0 {
			l.fail(p.Pos, numberTwice, fault.Args{"found": p.Number, "other": other})
		}
		numbers[p.Number] = p.ID
		for _, id := range p.Choice {
			l.refer("programme", id, l.programmeIDs(), p.Pos)
		}
		l.excludes(p.Excludes, p.Pos)
		for _, v := range p.Versions {
			for _, c := range v.Components {
				l.excludes(c.Excludes, c.Pos)
			}
		}
		if county, ok := strings.CutPrefix(p.DecidedBy, "county:"); ok {
			l.refer("department", county, l.departmentIDs(), p.Pos)
		}
		for _, d := range p.Documents {
			if d.Held != "" {
				l.refer("feed", d.Held, l.feedIDs(), d.Pos)
			}
		}
	}
}

// excludes checks names of programmes and of programme.component.
func (l *loader) excludes(ids []string, at Pos) {
	if len(ids) == 0 {
		return
	}
	names := l.programmeIDs()
	for _, p := range l.pack.Programmes {
		for _, v := range p.Versions {
			for _, c := range v.Components {
				names = append(names, p.ID+"."+c.ID)
			}
		}
	}
	for _, id := range ids {
		l.refer("component", id, names, at)
	}
}

func (l *loader) indexReferences() {
	x := l.pack.Index
	if x == nil {
		return
	}
	sum := money.Decimal(0)
	for _, d := range x.Dimensions {
		sum += d.Weight
		if d.Neutral < 0 || d.Neutral > 100*money.Scale {
			l.fail(d.Pos, neutralRange, nil)
		}
	}
	if sum <= 0 {
		l.fail(x.Pos, noWeight, nil)
	}
}

func (l *loader) warningReferences() {
	var routes []string
	if l.pack.Workflow != nil {
		for _, r := range l.pack.Workflow.Routes {
			routes = append(routes, r.ID)
		}
	}
	for _, m := range l.pack.Mechanisms {
		for _, w := range m.Rules {
			l.refer("route", w.Route, routes, w.Pos)
		}
	}
}

func (l *loader) feedReferences(f *Feed) {
	l.refer("department", f.Department, l.departmentIDs(), f.Pos)
	var columns []string
	for _, c := range f.Columns {
		columns = append(columns, c.Name)
		if c.Type == string(CodeOf) {
			l.coded(CodeOf, c.Codes, c.Pos)
		}
	}
	if f.IDNo != "" {
		l.refer("column", f.IDNo, columns, f.Pos)
	}
	for _, d := range f.Facts {
		l.feedFact(f, d, columns)
	}
	for _, e := range f.Events {
		l.feedEvent(e, columns)
	}
}

func (l *loader) feedFact(f *Feed, d *FeedFact, columns []string) {
	if !l.refer("fact", d.Fact, l.factPaths(), d.Pos) {
		return
	}
	for _, c := range []string{d.Latest, d.By} {
		if c != "" {
			l.refer("column", c, columns, d.Pos)
		}
	}
	if d.Window > 0 && d.By == "" {
		l.fail(d.Pos, windowNeedsBy, nil)
	}
	for _, fact := range l.pack.Facts {
		if fact.Path() == d.Fact && d.Absent != "" && !l.isValue(fact, d.Absent) {
			l.fail(d.Pos, badAbsent, fault.Args{"found": fault.Excerpt(d.Absent), "type": fact.Type})
		}
	}
}

// isValue reports whether a text is a value of a fact.
func (l *loader) isValue(f *Fact, text string) bool {
	list := l.pack.Codes[f.Codes]
	switch f.Type {
	case Bool:
		return scalarFits(kindBool, text)
	case Int:
		return scalarFits(kindInt, text)
	case Date:
		return scalarFits(kindDate, text)
	case Decimal:
		return scalarFits(kindNumber, text)
	case CodeOf:
		return list == nil || list.Index(text) >= 0
	}
	if text == "[]" || list == nil {
		return true
	}
	return !slices.ContainsFunc(strings.Split(text, ","), func(id string) bool { return list.Index(id) < 0 })
}

func (l *loader) feedEvent(e *FeedEvent, columns []string) {
	var of *EventType
	for _, t := range l.pack.Events {
		if t.Unit == e.Unit {
			of = t
		}
	}
	if of == nil {
		l.refer("fact", string(e.Unit)+".events", l.factPaths(), e.Pos)
		return
	}
	if list := l.pack.Codes[of.Kinds]; list != nil {
		for _, k := range append(slices.Clone(e.Kinds), e.Kind) {
			if k != "" {
				l.refer("code", k, list.IDs(), e.Pos)
			}
		}
	}
	for _, c := range []string{e.KindOf, e.From, e.To} {
		if c != "" {
			l.refer("column", c, columns, e.Pos)
		}
	}
	var fields []string
	for _, f := range of.Fields {
		fields = append(fields, f.Name)
	}
	for _, field := range sortedKeys(e.Fields) {
		l.refer("field", field, fields, e.Pos)
		l.refer("column", e.Fields[field], columns, e.Pos)
	}
}

func (l *loader) caseReferences(c *Case) {
	l.ownParameters(c)
	for _, id := range c.Programmes {
		l.refer("programme", id, l.programmeIDs(), c.Pos)
	}
	members := []string{""}
	for _, m := range c.Facts.Members {
		if name, ok := m["name"].(string); ok {
			members = append(members, name)
		}
	}
	paths := l.factPaths()
	for _, v := range l.pack.Variables {
		paths = append(paths, v.Path())
	}
	for _, o := range c.Expect.Outcomes {
		l.refer("programme", o.Programme, l.programmeIDs(), o.Pos)
		l.refer("unit", o.Unit, members, o.Pos)
	}
	for _, v := range c.Expect.Values {
		l.refer("fact", v.Path, paths, v.Pos)
		l.refer("unit", v.Unit, members, v.Pos)
	}
	var warnings []string
	for _, m := range l.pack.Mechanisms {
		for _, w := range m.Rules {
			warnings = append(warnings, w.ID)
		}
	}
	for _, w := range c.Expect.Warnings {
		l.refer("warning", strings.TrimPrefix(w, "-"), warnings, c.Expect.Pos)
	}
}
