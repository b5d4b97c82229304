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
	unknownReferenceAlone = fault.Text{Key: "pack.unknown-reference-alone",
		Zh: "没有{kindZh}“{found}”，现有的是：{expectedZh}", En: `there is no {kind} "{found}"; there are: {expected}`}
)

// category is a kind of things that a pack's files name.
type category struct {
	name Text
	list func(*Pack) []string
}

var (
	toCodeLists   = &category{Text{"代码表", "list of codes"}, func(p *Pack) []string { return sortedKeys(p.Codes) }}
	toDepartments = &category{Text{"部门", "department"}, func(p *Pack) []string { return idsOf(p.Departments, func(d *Department) string { return d.ID }) }}
	toFacts       = &category{Text{"事实", "fact"}, func(p *Pack) []string { return idsOf(p.Facts, (*Fact).Path) }}
	toValues      = &category{Text{"事实或变量", "fact or variable"}, func(p *Pack) []string {
		return append(idsOf(p.Facts, (*Fact).Path), idsOf(p.Variables, (*Variable).Path)...)
	}}
	toFeeds      = &category{Text{"数据", "feed"}, func(p *Pack) []string { return idsOf(p.Feeds, func(f *Feed) string { return f.ID }) }}
	toParameters = &category{Text{"参数", "parameter"}, func(p *Pack) []string { return idsOf(p.Parameters, func(q *Parameter) string { return q.Name }) }}
	toProgrammes = &category{Text{"项目", "programme"}, func(p *Pack) []string { return idsOf(p.Programmes, func(q *Programme) string { return q.ID }) }}
	toExcludable = &category{Text{"项目或其组成部分", "programme or component"}, excludableIDs}
	toRoutes     = &category{Text{"流转去向", "route"}, routeIDs}
	toWarnings   = &category{Text{"预警规则", "warning rule"}, warningIDs}
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
		l.afterwards(func() { l.refer(to.name, n.Value, l.all(to), o.f.pos(n)) })
	}
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
	args := fault.Args{"kind": kind.En, "kindZh": kind.Zh, "found": fault.Excerpt(found), "nearest": nearest(found, names)}
	if args["nearest"] != "" {
		l.fail(at, unknownReference, args)
		return false
	}
	args["expected"], args["expectedZh"] = listed(names, "none"), listed(names, "（无）")
	l.fail(at, unknownReferenceAlone, args)
	return false
}

// listed are names for a message: the first few.
func listed(names []string, none string) string {
	const few = 12
	switch {
	case len(names) == 0:
		return none
	case len(names) > few:
		return strings.Join(names[:few], ", ") + ", …"
	}
	return strings.Join(names, ", ")
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
