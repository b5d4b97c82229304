package pack

import (
	"slices"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

// Handling is how warnings and reports are worked on: who works where they are sent, to whom what waits too long goes, for which reasons one is
// answered with "no", and what wakes it before its quiet period is over. Package warning carries it out.
type Handling struct {
	Desks    []*Desk
	Material Material
	Reasons  []*Reason
	Reports  []*ReportKind
	Source   Source
	Pos      Pos
}

// Desk is who works on what is sent along a route.
type Desk struct {
	Route string // each route of the workflow has one desk
	By    string // village-assistant, township-officer, county-supervisor or department-officer
	Then  string // the route to which goes what waits too long; "" stays
	After int    // working days past the day on which it was due
	Due   int    // working days that the next desk has
	Pos   Pos
}

// Material says when the evidence of a warning that was answered has changed so much that it is to be looked at again.
type Material struct {
	Share money.Decimal // a number counts as changed from this share of what it was
	Never []string      // paths of facts and variables whose change alone wakes nothing
}

// Reason is a reason for which a warning is answered with "no".
type Reason struct {
	ID    string
	Name  Text
	Tells string   // of the warning: wrong, right (though nothing is to be done), neither
	Quiet *int     // days of silence; nil: those of the warning's rule
	Alone []string // routes whose desk gives it without the township's confirming
	Note  bool     // a note has to be given
	Pos   Pos
}

// ReportKind says as which warning a report from somewhere is worked on.
type ReportKind struct {
	Source  string // qr, hotline, organisation or village
	Warning string
	Pos     Pos
}

// DeskOf is the desk of a route, nil if there is none.
func (h *Handling) DeskOf(route string) *Desk {
	for _, d := range h.Desks {
		if d.Route == route {
			return d
		}
	}
	return nil
}

// Reason is a reason by its code, nil if there is none.
func (h *Handling) Reason(id string) *Reason {
	for _, r := range h.Reasons {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// The closed sets of words of handling.yaml. Package warning has code for each of them, and for no other.
var (
	deskActors    = []string{"village-assistant", "township-officer", "county-supervisor", "department-officer"}
	reasonTells   = []string{"wrong", "right", "neither"}
	reportSources = []string{"qr", "hotline", "organisation", "village"}
)

var (
	deskShape = named("经办", "a desk",
		need(key("route", kindID)), need(enum("by", deskActors)), key("then", kindID), key("after", kindCount), key("due", kindCount))

	materialShape = named("“material”", `"material"`, need(key("share", kindShare)), listOf("never", kindPath))

	reasonShape = named("不予处理的理由", "a reason",
		need(key("code", kindID)), need(key("name", kindText)), need(enum("tells", reasonTells)), key("quiet", kindCount),
		listOf("alone", kindID), key("note", kindBool))

	reportKindShape = named("来源", "a kind of report", need(enum("source", reportSources)), need(key("warning", kindID)))

	handlingShape = named("预警办理", "handling.yaml", sourced(
		need(some(objects("desks", deskShape))), need(object("material", materialShape)), need(some(objects("reasons", reasonShape))),
		objects("reports", reportKindShape))...)
)

var (
	nobodyHandles = fault.Text{Key: "pack.nobody-handles",
		Zh: "流转去向“{found}”没有写由谁经办，请在 desks 里补上", En: `nobody works on what is sent to "{found}": add it to "desks"`}
	passedInCircle = fault.Text{Key: "pack.passed-in-circle",
		Zh: "“{found}”超期以后又转回自己，没有人会收到", En: `what waits too long at "{found}" comes back to itself, and reaches nobody`}
	whoseDepartment = fault.Text{Key: "pack.whose-department",
		Zh: "“{found}”由部门经办，这条规则要写明是哪个部门（department）", En: `a department works on "{found}": say which ("department")`}
	noDepartmentWorks = fault.Text{Key: "pack.no-department-works",
		Zh: "“{found}”不由部门经办，不能写 department", En: `no department works on "{found}": leave "department" out`}
)

func (l *loader) handling(o node) {
	h := &Handling{Source: l.source(o, nil), Pos: o.pos()}
	l.pack.Handling = h
	seen := map[string]Pos{}
	for _, d := range o.objects("desks") {
		l.distinct(seen, d, "route")
		l.refers(d, "route", toRoutes)
		h.Desks = append(h.Desks, l.desk(h, d))
	}
	m := o.object("material")
	h.Material = Material{m.number("share"), m.strings("never")}
	l.refers(m, "never", toValues)
	seen = map[string]Pos{}
	for _, r := range o.objects("reasons") {
		l.distinct(seen, r, "code")
		l.refers(r, "alone", toRoutes)
		h.Reasons = append(h.Reasons, reasonOf(r))
	}
	seen = map[string]Pos{}
	for _, r := range o.objects("reports") {
		l.distinct(seen, r, "source")
		l.refers(r, "warning", toWarnings)
		h.Reports = append(h.Reports, &ReportKind{r.string("source"), r.string("warning"), r.pos()})
	}
	l.afterwards(func() { l.everyRoute(h) })
}

func reasonOf(o node) *Reason {
	r := &Reason{ID: o.string("code"), Name: o.text("name"), Tells: o.string("tells"), Alone: o.strings("alone"), Note: o.bool("note"), Pos: o.pos()}
	if o.has("quiet") {
		days := o.count("quiet")
		r.Quiet = &days
	}
	return r
}

func (l *loader) desk(h *Handling, o node) *Desk {
	d := &Desk{Route: o.string("route"), By: o.string("by"), Then: o.string("then"), After: o.count("after"), Due: o.count("due"), Pos: o.pos()}
	l.refers(o, "then", toRoutes)
	l.afterwards(func() {
		next := d
		for range h.Desks {
			if next = h.DeskOf(next.Then); next == nil {
				return
			}
		}
		l.fail(o.posOf("then"), passedInCircle, fault.Args{"found": d.Route})
	})
	return d
}

// everyRoute refuses a route on which nobody works, and holds the rules' departments to the desks.
func (l *loader) everyRoute(h *Handling) {
	if l.pack.Workflow != nil {
		for _, r := range l.pack.Workflow.Routes {
			if h.DeskOf(r.ID) == nil {
				l.fail(r.Pos, nobodyHandles, fault.Args{"found": r.ID})
			}
		}
	}
	for _, m := range l.pack.Mechanisms {
		for _, w := range m.Rules {
			desk := h.DeskOf(w.Route)
			works := desk != nil && desk.By == "department-officer"
			switch {
			case works && w.Department == "":
				l.fail(w.Pos, whoseDepartment, fault.Args{"found": w.Route})
			case desk != nil && !works && w.Department != "":
				l.fail(w.Pos, noDepartmentWorks, fault.Args{"found": w.Route})
			}
		}
	}
}

// AloneAt reports whether the desk of a route gives a reason without anybody's confirming.
func (r *Reason) AloneAt(route string) bool { return slices.Contains(r.Alone, route) }
