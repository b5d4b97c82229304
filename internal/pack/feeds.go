package pack

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	noPerson = fault.Text{Key: "pack.no-person",
		Zh: "要用 person 指明身份证号所在的列，才能知道每一行说的是谁", En: `it needs "person", the column that says whom a row is about`}
	wrongColumn = fault.Text{Key: "pack.wrong-column",
		Zh: "“{found}”列的类型是 {type}，这里要用 {expected} 型的列", En: `the column "{found}" is of type {type}; this needs one of type {expected}`}
	distrusted = fault.Text{Key: "pack.distrusted",
		Zh: "事实“{found}”的 trust 里没有“feed:{feed}”，从这里取的值不会被采用", En: `"{found}" does not name "feed:{feed}" in its "trust": what is derived here would never be used`}
	windowNeedsBy = fault.Text{Key: "pack.window-by",
		Zh: "写了 window，就要用 by 指明按哪个日期列算", En: `a "window" needs "by", the date column by which it counts`}
	needlessBy = fault.Text{Key: "pack.needless-by",
		Zh: "by 是 window 用的日期列，这里没有 window", En: `"by" is the date column of a "window", and there is none`}
	badAbsent = fault.Text{Key: "pack.absent",
		Zh: "“{found}”不是 {type} 型的值，不能作为没有记录时的值", En: `"{found}" is not a value of type {type}, and cannot be that of no record`}
	oneKind = fault.Text{Key: "pack.one-kind",
		Zh: "事件的种类写 kind（固定），或写 kind_of（由一列给出），只写一个", En: `an event has "kind", or "kind_of" for a column that tells it, and only one of them`}
	kindsWhole = fault.Text{Key: "pack.kinds",
		Zh: "kinds 说明哪些种类是全的，只和 kind_of 一起写", En: `"kinds" says of which kinds a column's events are complete: it goes with "kind_of" only`}
	wrongField = fault.Text{Key: "pack.wrong-field",
		Zh: "事件字段“{field}”的类型是 {type}，不能取自 {found} 型的列“{column}”", En: `the field "{field}" is of type {type} and cannot come from "{column}", a column of type {found}`}
)

func (l *loader) feed(o node) {
	f := &Feed{ID: o.string("feed"), Name: o.text("name"), Department: o.string("department"), Role: o.string("role"), Covers: o.expr("covers"),
		IDNo: o.string("person"), MaxAge: o.count("max_age"), MaxRejects: o.number("max_rejects"), Pos: o.pos()}
	r := &feedReader{loader: l, feed: f}
	for _, e := range o.entries("columns") {
		f.Columns = append(f.Columns, r.column(e))
	}
	for _, e := range o.entries("facts") {
		f.Facts = append(f.Facts, r.fact(e))
	}
	for _, e := range o.objects("events") {
		f.Events = append(f.Events, r.event(e))
	}
	r.person(o)
	l.unique(o, "feed", "feed")
	l.refers(o, "department", toDepartments)
	l.pack.Feeds = append(l.pack.Feeds, f)
}

// feedReader reads the parts of a feed, which name its columns.
type feedReader struct {
	*loader
	feed *Feed
}

func (r *feedReader) column(e entry) *Column {
	v := e.value
	r.name(e.at, "columns", nil)
	r.coded(v)
	r.limits(v)
	return &Column{Name: e.key, Label: v.text("name"), Type: v.string("type"), Codes: v.string("codes"), Key: v.bool("key"),
		Required: v.bool("required"), Sealed: v.bool("sealed"), Min: v.optionalNumber("min"), Max: v.optionalNumber("max"), Pos: e.at.pos()}
}

// columnOf is the column that a key names; nil, and reported, if there is none or it is of another type.
func (r *feedReader) columnOf(o node, key, want string) *Column {
	name, at := o.string(key), o.posOf(key)
	if name == "" || !r.refer(aColumn, name, idsOf(r.feed.Columns, func(c *Column) string { return c.Name }), at) {
		return nil
	}
	i := slices.IndexFunc(r.feed.Columns, func(c *Column) bool { return c.Name == name })
	c := r.feed.Columns[i]
	if want != "" && c.Type != "" && c.Type != want {
		r.fail(at, wrongColumn, fault.Args{"found": name, "type": c.Type, "expected": want})
		return nil
	}
	return c
}

// person checks the column that says whom a row is about; without it nothing can be derived.
func (r *feedReader) person(o node) {
	if !o.has("person") {
		if len(r.feed.Facts) > 0 || len(r.feed.Events) > 0 || r.feed.Role != "" {
			r.fail(o.pos(), noPerson, nil)
		}
		return
	}
	r.columnOf(o, "person", "id_no")
}

func (r *feedReader) fact(e entry) *FeedFact {
	v := e.value
	f := &FeedFact{Fact: e.key, Value: v.expr("value"), Latest: v.string("latest"), Window: v.count("window"), By: v.string("by"),
		Absent: absent(v), Pos: e.at.pos()}
	r.columnOf(v, "latest", "date")
	r.columnOf(v, "by", "date")
	switch {
	case f.Window > 0 && f.By == "":
		r.fail(v.posOf("window"), windowNeedsBy, nil)
	case f.Window == 0 && f.By != "":
		r.fail(v.posOf("by"), needlessBy, nil)
	}
	r.afterwards(func() { r.given(f, e) })
	return f
}

// given checks that the fact which a feed gives is one, trusts the feed, and can have the value of no record.
func (r *feedReader) given(f *FeedFact, e entry) {
	if !r.referTo(toFacts, f.Fact, f.Pos) {
		return
	}
	fact := r.factOf(f.Fact)
	if !slices.Contains(fact.Trust, "feed:"+r.feed.ID) {
		r.fail(f.Pos, distrusted, fault.Args{"found": f.Fact, "feed": r.feed.ID})
	}
	if f.Absent != "" && !r.isValue(fact, f.Absent) {
		r.fail(e.value.posOf("absent"), badAbsent, fault.Args{"found": fault.Excerpt(f.Absent), "type": fact.Type})
	}
}

// absent is the value of no record; of a set its codes with commas, "[]" for the empty set.
func absent(o node) string {
	v, ok := o.get("absent")
	switch {
	case !ok || isNull(v):
		return ""
	case v.Kind == yaml.SequenceNode && len(v.Content) == 0:
		return "[]"
	}
	return node{o.f, v}.literal()
}

// isValue reports whether a text is a value of a fact.
func (l *loader) isValue(f *Fact, text string) bool {
	list := l.pack.Codes[f.Codes]
	switch f.Type {
	case Bool:
		return scalarFits[kindBool](text)
	case Int:
		return isWhole(text)
	case Date:
		return isDate(text)
	case Decimal:
		return scalarFits[kindNumber](text)
	case CodeOf:
		return list == nil || list.Index(text) >= 0
	}
	if text == "[]" || list == nil {
		return true
	}
	return !slices.ContainsFunc(strings.Split(text, ","), func(id string) bool { return list.Index(id) < 0 })
}

func (r *feedReader) event(o node) *FeedEvent {
	e := &FeedEvent{Unit: Unit(o.string("unit")), Kind: o.string("kind"), KindOf: o.string("kind_of"), Kinds: o.strings("kinds"),
		From: o.string("from"), To: o.string("to"), Fields: map[string]string{}, Pos: o.pos()}
	if e.Unit == "" {
		e.Unit = Person
	}
	for _, field := range o.entries("fields") {
		e.Fields[field.key] = field.value.n.Value
	}
	switch {
	case o.has("kind") == o.has("kind_of"):
		r.fail(o.pos(), oneKind, nil)
	case o.has("kinds") && o.has("kind"):
		r.fail(o.posOf("kinds"), kindsWhole, nil)
	}
	r.columnOf(o, "kind_of", "code")
	r.columnOf(o, "from", "date")
	r.columnOf(o, "to", "date")
	r.afterwards(func() { r.eventReferences(e, o) })
	return e
}

func (r *feedReader) eventReferences(e *FeedEvent, o node) {
	of := r.eventOf(e.Unit)
	if of == nil {
		r.refer(anEventType, string(e.Unit), idsOf(r.pack.Events, func(t *EventType) string { return string(t.Unit) }), o.posOf("unit"))
		return
	}
	if list := r.pack.Codes[of.Kinds]; list != nil {
		for _, n := range append(o.scalars("kind"), o.scalars("kinds")...) {
			r.refer(aCode, n.Value, list.IDs(), o.f.pos(n))
		}
	}
	fields := o.object("fields")
	for _, entry := range fields.all() {
		r.eventField(of, fields, entry)
	}
}

// eventOf is a unit's type of events, nil if it has none.
func (l *loader) eventOf(u Unit) *EventType {
	for _, t := range l.pack.Events {
		if t.Unit == u {
			return t
		}
	}
	return nil
}

// eventField checks that a field and the column from which it comes are there and of one type.
func (r *feedReader) eventField(of *EventType, fields node, e entry) {
	column := r.columnOf(fields, e.key, "")
	if !r.refer(anEventField, e.key, idsOf(of.Fields, func(f *EventField) string { return f.Name }), e.at.pos()) || column == nil {
		return
	}
	i := slices.IndexFunc(of.Fields, func(f *EventField) bool { return f.Name == e.key })
	if field := of.Fields[i]; string(field.Type) != column.Type {
		r.fail(e.value.pos(), wrongField, fault.Args{"field": field.Name, "type": field.Type, "column": column.Name, "found": column.Type})
	}
}
