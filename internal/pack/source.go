package pack

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

var (
	badSpan = fault.Text{Key: "pack.span",
		Zh: "“to”（{to}）应晚于“from”（{from}）：to 是不再有效的第一天", En: `"to" ({to}) must be after "from" ({from}): it is the first day no longer in force`}
	overlappingSpans = fault.Text{Key: "pack.overlap",
		Zh: "与第 {line} 行的一段（{spanZh}）日期重叠", En: "its dates overlap those of line {line} ({span})"}
	noSource = fault.Text{Key: "pack.no-source",
		Zh: "要写出处 cite；没有出处的，写 status（proxy、interpolated 或 assumed）和原因 why",
		En: `it needs a "cite", or a "status" (proxy, interpolated, assumed) with its "why"`}
	noWhy = fault.Text{Key: "pack.no-why",
		Zh: "status 是“{status}”，要用 why 写明原因", En: `the status is "{status}": it needs a "why"`}
	foundWithoutCite = fault.Text{Key: "pack.found-without-cite",
		Zh: "status 是“found”，要有出处 cite", En: `the status is "found": it needs a "cite"`}
	doubleID = fault.Text{Key: "pack.double-id",
		Zh: "“{found}”已在 {other} 定义", En: `"{found}" is already defined at {other}`}
)

// span reads from and to; an absent end is open.
func (l *loader) span(o node) calendar.Span {
	s := calendar.Always()
	if isDate(o.string("from")) {
		s.From = o.date("from")
	}
	if isDate(o.string("to")) {
		s.To = o.date("to")
	}
	if s.Empty() {
		l.fail(o.posOf("to"), badSpan, fault.Args{"from": s.From, "to": s.To})
	}
	return s
}

// versions are the spans of what follows one another, with their places.
type versions struct {
	spans  []*calendar.Span
	places []Pos
}

// add adds a version; one whose dates could not be read, which has been reported, follows nothing.
func (v *versions) add(span *calendar.Span, o node) {
	if o.fits("from", kindDate) && o.fits("to", kindDate) {
		v.spans, v.places = append(v.spans, span), append(v.places, o.pos())
	}
}

// succeed ends each version without an end where the next one begins, and refuses overlaps.
func (l *loader) succeed(v *versions) {
	order := make([]int, len(v.spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(v.spans[a].From) - int(v.spans[b].From) })
	longest := -1 // the version that has reached furthest so far
	for k, i := range order {
		this := v.spans[i]
		if k+1 < len(order) && this.To == calendar.Forever {
			if next := v.spans[order[k+1]]; next.From > this.From {
				this.To = next.From
			}
		}
		if longest >= 0 && this.Overlaps(*v.spans[longest]) {
			other := v.spans[longest]
			l.fail(v.places[i], overlappingSpans, fault.Args{"line": v.places[longest].Line, "span": other, "spanZh": other.Zh()})
		}
		if longest < 0 || this.To > v.spans[longest].To {
			longest = i
		}
	}
}

// source reads status, why and cite; without them the outer source holds.
func (l *loader) source(o node, outer *Source) Source {
	s := Source{Status: Status(o.string("status")), Why: o.text("why")}
	for _, c := range o.objects("cite") {
		s.Cites = append(s.Cites, Cite{c.string("document"), c.string("article"), c.string("url"), c.string("note")})
	}
	cited := o.cites()
	switch {
	case s.Status == "" && cited:
		s.Status = Found
	case s.Status == "" && outer != nil && !o.has("why"):
		return *outer
	case s.Status == "":
		l.fail(o.pos(), noSource, nil)
	case s.Status == Found && !cited:
		l.fail(o.posOf("status"), foundWithoutCite, nil)
	case s.Status != Found && slices.Contains(statuses, string(s.Status)) && !o.has("why"):
		l.fail(o.posOf("status"), noWhy, fault.Args{"status": s.Status})
	}
	return s
}

// cites reports whether anything stands under cite, even if it could not be read, which has been reported.
func (o node) cites() bool {
	v, ok := o.get("cite")
	return ok && (v.Kind != yaml.SequenceNode || len(v.Content) > 0)
}

// unique refuses a second definition of a name.
func (l *loader) unique(o node, key, kind string) bool {
	id, at := o.string(key), o.posOf(key)
	if id == "" {
		return false // reported when the shape was checked
	}
	name := kind + "/" + id
	if other, ok := l.defined[name]; ok {
		l.fail(at, doubleID, fault.Args{"found": fault.Excerpt(id), "other": other.At()})
		return false
	}
	l.defined[name] = at
	return true
}

// distinct refuses a name that stands twice among its neighbours.
func (l *loader) distinct(seen map[string]Pos, o node, key string) {
	id, at := o.string(key), o.posOf(key)
	if other, ok := seen[id]; ok && id != "" {
		l.fail(at, doubleKey, fault.Args{"found": fault.Excerpt(id), "line": other.Line})
		return
	}
	seen[id] = at
}
