package pack

import (
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
)

var (
	needsCodes = fault.Text{Key: "pack.needs-codes",
		Zh: "类型是 {type}，要用 codes 指明代码表", En: `the type is {type}: it needs "codes"`}
	needlessCodes = fault.Text{Key: "pack.needless-codes",
		Zh: "类型是 {type}，不用代码表；只有 code 和 codes 类型才写 codes", En: `the type is {type}: only code and codes have "codes"`}
	manyCodes = fault.Text{Key: "pack.many-codes",
		Zh: "代码表“{found}”有 {count} 项；codes 类型的代码表不能超过 {limit} 项", En: `the list "{found}" has {count} codes; one of type codes has at most {limit}`}
	noAsk = fault.Text{Key: "pack.no-ask",
		Zh: "走访或申报能回答的事实，要用 ask 写明怎样问", En: `a visit or a declaration answers this fact: it needs "ask"`}
	consentFeed = fault.Text{Key: "pack.consent-feed",
		Zh: "须经授权核对的事实不能由部门数据整批提供；请去掉“{found}”或 consent", En: `a fact that needs the household's consent never comes as a city feed: leave out "{found}" or "consent"`}
	needlessAsk = fault.Text{Key: "pack.needless-ask",
		Zh: "trust 里没有 visit 或 declared，这个问题没有人来答", En: `"trust" has neither visit nor declared: nobody will answer this question`}
	needlessLimits = fault.Text{Key: "pack.needless-limits",
		Zh: "类型是 {type}，没有大小；min 和 max 只用于 int 和 decimal", En: `the type is {type}: only int and decimal have "min" and "max"`}
	badLimits = fault.Text{Key: "pack.limits",
		Zh: "min（{min}）大于 max（{max}）", En: `"min" ({min}) is more than "max" ({max})`}
	reservedName = fault.Text{Key: "pack.reserved-name",
		Zh: "“{found}”在这里另有含义，请换一个名称", En: `"{found}" already means something here; choose another name`}
)

// maxSet is how many codes a list has at most whose codes stand together as a set of bits.
const maxSet = 63

// keywords are what a formula cannot write after a point.
var keywords = []string{"true", "false", "null", "in"}

// The names that a unit has apart from its facts, and an event apart from its fields.
var (
	personKeys    = []string{"name", "id_no", "events", "holds", "counts"}
	householdKeys = []string{"members", "supporters", "events", "holds"}
	eventKeys     = []string{"kind", "from", "to"}
)

func (l *loader) department(o node) {
	d := &Department{ID: o.string("department"), Supplier: o.bool("supplier"), Pos: o.pos()}
	l.unique(o, "department", "department")
	names := o.objects("names")
	d.Names = make([]DatedText, len(names))
	var v versions
	for i, n := range names {
		d.Names[i] = DatedText{l.span(n), n.text("name")}
		v.add(&d.Names[i].Span, n)
	}
	l.succeed(&v)
	l.pack.Departments = append(l.pack.Departments, d)
}

func (l *loader) codeList(o node) {
	c := &CodeList{ID: o.string("codes"), Name: o.text("name"), Codes: l.codes(o, "list"), Pos: o.pos()}
	if l.unique(o, "codes", "codes") {
		l.pack.Codes[c.ID] = c
	}
}

// codes reads a list of codes, each of them once.
func (l *loader) codes(o node, key string) []Code {
	var all []Code
	seen := map[string]Pos{}
	for _, item := range o.objects(key) {
		l.distinct(seen, item, "code")
		all = append(all, Code{item.string("code"), item.text("name"), item.pos()})
	}
	return all
}

// path splits "person.birth" and refuses a name that the unit has already.
func (l *loader) path(o node, key string) (Unit, string) {
	path := o.string(key)
	if !pathRegexp.MatchString(path) {
		return Person, path // reported when the shape was checked
	}
	unit, name, _ := strings.Cut(path, ".")
	keys := personKeys
	if Unit(unit) == Household {
		keys = householdKeys
	}
	l.notReserved(name, keys, o.posOf(key))
	l.unique(o, key, "fact")
	return Unit(unit), name
}

// notReserved refuses a name that stands for something else where it is used, or that a formula cannot write.
func (l *loader) notReserved(name string, reserved []string, at Pos) {
	if slices.Contains(reserved, name) || slices.Contains(keywords, name) {
		l.fail(at, reservedName, fault.Args{"found": name})
	}
}

func (l *loader) fact(o node) {
	f := &Fact{Label: o.text("name"), Type: Type(o.string("type")), Codes: o.string("codes"), Measure: o.string("unit"),
		Trust: o.strings("trust"), Sensitive: o.string("sensitive"), Consent: o.bool("consent"), Ask: o.text("ask"),
		Min: o.optionalNumber("min"), Max: o.optionalNumber("max"), Pos: o.pos()}
	f.Unit, f.Name = l.path(o, "fact")
	l.coded(o)
	l.limits(o)
	l.trust(o)
	l.pack.Facts = append(l.pack.Facts, f)
}

// coded checks that a code or a set of codes has its list, and nothing else has one.
func (l *loader) coded(o node) {
	t := Type(o.string("type"))
	switch {
	case t == "" || !slices.Contains(types, string(t)) && !slices.Contains(columnTypes, string(t)):
		return // reported when the shape was checked
	case t != CodeOf && t != CodesOf && o.has("codes"):
		l.fail(o.posOf("codes"), needlessCodes, fault.Args{"type": t})
		return
	case t != CodeOf && t != CodesOf:
		return
	case !o.has("codes"):
		l.fail(o.pos(), needsCodes, fault.Args{"type": t})
		return
	}
	l.refers(o, "codes", toCodeLists)
	l.afterwards(func() {
		list := l.pack.Codes[o.string("codes")]
		if t == CodesOf && list != nil && len(list.Codes) > maxSet {
			l.fail(o.posOf("codes"), manyCodes, fault.Args{"found": list.ID, "count": len(list.Codes), "limit": maxSet})
		}
	})
}

// limits checks min and max.
func (l *loader) limits(o node) {
	for _, key := range []string{"min", "max"} {
		t := o.string("type")
		if o.has(key) && t != string(Int) && t != string(Decimal) {
			l.fail(o.posOf(key), needlessLimits, fault.Args{"type": t})
			return
		}
	}
	if o.has("min") && o.has("max") && o.number("min") > o.number("max") {
		l.fail(o.posOf("min"), badLimits, fault.Args{"min": o.number("min"), "max": o.number("max")})
	}
}

// trust checks a fact's sources: departments' data, a visit, a declaration.
func (l *loader) trust(o node) {
	answered := false
	for _, item := range o.scalars("trust") {
		feed, ok := strings.CutPrefix(item.Value, "feed:")
		switch {
		case ok && o.bool("consent"):
			l.fail(o.f.pos(item), consentFeed, fault.Args{"found": item.Value})
		case ok:
			l.afterwards(func() { l.referTo(toFeeds, feed, o.f.pos(item)) })
		case l.refer(aSource, item.Value, []string{"visit", "declared", "feed:…"}, o.f.pos(item)):
			answered = true
		}
	}
	switch {
	case answered && !o.has("ask"):
		l.fail(o.pos(), noAsk, nil)
	case !answered && o.has("ask"):
		l.fail(o.posOf("ask"), needlessAsk, nil)
	}
}

func (l *loader) eventType(o node) {
	e := &EventType{Unit: Unit(o.string("events")), Kinds: o.string("kinds"), Pos: o.pos()}
	for _, f := range o.entries("fields") {
		l.name(f.at, "fields", eventKeys)
		l.coded(f.value)
		e.Fields = append(e.Fields, &EventField{f.key, f.value.text("name"), Type(f.value.string("type")), f.value.string("codes"), f.at.pos()})
	}
	l.unique(o, "events", "events")
	l.refers(o, "kinds", toCodeLists)
	l.pack.Events = append(l.pack.Events, e)
}

// name checks a key that formulas will write as a name.
func (l *loader) name(key node, what string, reserved []string) {
	if !nameRegexp.MatchString(key.n.Value) {
		key.f.wrong(key.n, &field{key: what, kind: kindName, each: true})
		return
	}
	l.notReserved(key.n.Value, reserved, key.pos())
}
