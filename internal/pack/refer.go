package pack

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	unknownReference = fault.Text{Key: "pack.unknown-reference",
		Zh: "没有{kindZh}“{found}”，最接近的是“{nearest}”", En: `there is no {kind} "{found}"; the nearest is "{nearest}"`}
	unknownReferenceFar = fault.Text{Key: "pack.unknown-reference-far",
		Zh: "没有{kindZh}“{found}”，也没有相近的", En: `there is no {kind} "{found}", nor any like it`}
	unknownReferenceAlone = fault.Text{Key: "pack.unknown-reference-alone",
		Zh: "没有{kindZh}“{found}”，现有的是：{expected}", En: `there is no {kind} "{found}"; there are: {expected}`}
)

// category is a kind of things that a pack's files name.
type category struct {
	name   Text
	places []string // where they are defined
	list   func(*Pack) []string
	paths  bool // they are named with their unit
}

var (
	toCodeLists = &category{name: Text{"代码表", "list of codes"}, places: []string{"codes.yaml"},
		list: func(p *Pack) []string { return sortedKeys(p.Codes) }}
	toDepartments = &category{name: Text{"部门", "department"}, places: []string{"departments.yaml"},
		list: func(p *Pack) []string { return idsOf(p.Departments, func(d *Department) string { return d.ID }) }}
	toFacts = &category{name: Text{"事实", "fact"}, places: []string{"facts/"}, paths: true,
		list: func(p *Pack) []string { return idsOf(p.Facts, (*Fact).Path) }}
	toValues = &category{name: Text{"事实或变量", "fact or variable"}, places: []string{"facts/", "variables/"}, paths: true,
		list: func(p *Pack) []string {
			return append(idsOf(p.Facts, (*Fact).Path), idsOf(p.Variables, (*Variable).Path)...)
		}}
	toFeeds = &category{name: Text{"数据", "feed"}, places: []string{"feeds/"},
		list: func(p *Pack) []string { return idsOf(p.Feeds, func(f *Feed) string { return f.ID }) }}
	toParameters = &category{name: Text{"参数", "parameter"}, places: []string{"parameters/"},
		list: func(p *Pack) []string { return idsOf(p.Parameters, func(q *Parameter) string { return q.Name }) }}
	toProgrammes = &category{name: Text{"项目", "programme"}, places: []string{"programmes/"},
		list: func(p *Pack) []string { return idsOf(p.Programmes, func(q *Programme) string { return q.ID }) }}
	toExcludable = &category{name: Text{"项目或其组成部分", "programme or component"}, places: []string{"programmes/"}, list: excludableIDs}
	toRoutes     = &category{name: Text{"流转去向", "route"}, places: []string{"workflow.yaml"}, list: routeIDs}
	toProcedures = &category{name: Text{"办理程序", "procedure"}, places: []string{"workflow.yaml"}, list: procedureIDs}
	toWarnings   = &category{name: Text{"预警规则", "warning rule"}, places: []string{"warnings/"}, list: warningIDs}
)

// What is named only within one file has no list for the whole pack.
var (
	aCode        = Text{"代码", "code"}
	aColumn      = Text{"数据列", "column"}
	anEventField = Text{"事件字段", "field of events"}
	anEventType  = Text{"事件", "type of events"}
	aSource      = Text{"来源", "source"}
	aMember      = Text{"家庭成员", "member"}
	aCondition   = Text{"条件", "condition"}
	aComponent   = Text{"组成部分", "component"}
	anAuthority  = Text{"审批机关", "deciding authority"}
	aStep        = Text{"前面的环节", "earlier step"}
	aLaterStep   = Text{"后面的环节", "later step"}
	aPublicity   = Text{"公示方式", "publicity regime"}
)

func idsOf[T any](all []T, id func(T) string) []string {
	ids := make([]string, len(all))
	for i, item := range all {
		ids[i] = id(item)
	}
	return ids
}

func excludableIDs(p *Pack) []string {
	ids := toProgrammes.list(p)
	for _, q := range p.Programmes {
		for _, v := range q.Versions {
			for _, c := range v.Components {
				ids = append(ids, q.ID+"."+c.ID)
			}
		}
	}
	return ids
}

func routeIDs(p *Pack) []string {
	if p.Workflow == nil {
		return nil
	}
	return idsOf(p.Workflow.Routes, func(c Code) string { return c.ID })
}

func procedureIDs(p *Pack) []string {
	if p.Workflow == nil {
		return nil
	}
	return idsOf(p.Workflow.Procedures, func(q *Procedure) string { return q.ID })
}

func warningIDs(p *Pack) []string {
	var ids []string
	for _, m := range p.Mechanisms {
		ids = append(ids, idsOf(m.Rules, func(w *Warning) string { return w.ID })...)
	}
	return ids
}

// all are the names of a category; only once everything has been read.
func (l *loader) all(c *category) []string {
	names, ok := l.names[c]
	if !ok {
		names = c.list(l.pack)
		l.names[c] = names
	}
	return names
}

// refers says that a key's text, or each text of its list, names something of a category.
func (l *loader) refers(o node, key string, to *category) {
	for _, n := range o.scalars(key) {
		l.afterwards(func() { l.referTo(to, n.Value, o.f.pos(n)) })
	}
}

// referTo reports whether a name is one of a category; only once everything has been read. Where a file that could have
// defined it was not read, which has been reported, it may be.
func (l *loader) referTo(to *category, found string, at Pos) bool {
	names := l.all(to)
	if slices.Contains(names, found) {
		return true
	}
	if l.lostAny(to.places) {
		return false
	}
	near := nearest
	if to.paths {
		near = nearestPath
	}
	l.unknown(to.name, found, near(found, names), names, at)
	return false
}

// lostAny reports whether a file of some places was not read.
func (l *loader) lostAny(places []string) bool {
	for name := range l.lost {
		for _, p := range places {
			if name == p || strings.HasSuffix(p, "/") && strings.HasPrefix(name, p) {
				return true
			}
		}
	}
	return false
}

// scalars are the texts under a key, one or those of a list.
func (o node) scalars(key string) []*yaml.Node {
	v, ok := o.get(key)
	switch {
	case !ok:
		return nil
	case v.Kind == yaml.ScalarNode && v.Value != "":
		return []*yaml.Node{v}
	}
	var all []*yaml.Node
	for _, item := range o.list(key) {
		if item.n.Kind == yaml.ScalarNode {
			all = append(all, item.n)
		}
	}
	return all
}

// refer reports whether a name is among those that there are, and refuses it with the nearest of them.
func (l *loader) refer(kind Text, found string, names []string, at Pos) bool {
	if slices.Contains(names, found) {
		return true
	}
	l.unknown(kind, found, nearest(found, names), names, at)
	return false
}

// unknown refuses a name, with the nearest, or with all where they are few.
func (l *loader) unknown(kind Text, found, near string, names []string, at Pos) {
	const few = 12
	args := fault.Args{"kind": kind.En, "kindZh": kind.Zh, "found": fault.Excerpt(found), "nearest": near, "expected": strings.Join(names, ", ")}
	switch {
	case near != "":
		l.fail(at, unknownReference, args)
	case len(names) == 0 || len(names) > few:
		l.fail(at, unknownReferenceFar, args)
	default:
		l.fail(at, unknownReferenceAlone, args)
	}
}

// factOf is a fact by its path, nil if there is none.
func (l *loader) factOf(path string) *Fact {
	for _, f := range l.pack.Facts {
		if f.Path() == path {
			return f
		}
	}
	return nil
}
