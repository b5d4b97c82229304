package warnings

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html static/page.css
var files embed.FS

// Explainer tells what a household comes to, and why. Package discovery does.
type Explainer interface {
	Explain(ctx context.Context, household int64, on calendar.Date) (*discovery.Explanation, error)
}

// Config is what the pages need.
type Config struct {
	DB       *postgres.DB
	Warnings *warning.Warnings
	Registry *registry.Registry
	Pack     *pack.Pack
	Explain  Explainer                                // nil: evidence stands as it was when the warning was raised, without its sources
	Hides    func(access.Role) func(path string) bool // which values a role does not see; nil hides whatever is sensitive
	Telling  *telling.Telling                         // nil: nobody is told
	Site     string                                   // under which the public comes: "https://dajiuzhu.example"
}

// Pages is the pages.
type Pages struct {
	Config
	templates *web.Templates
}

// New returns the pages.
func New(c Config) (*Pages, error) {
	p := &Pages{Config: c}
	var err error
	if p.templates, err = web.ParseTemplates(files, template.FuncMap{"join": strings.Join}); err != nil {
		return nil, err
	}
	return p, nil
}

var (
	sees    = web.May(access.SeeWarnings)
	tells   = web.May(access.TakeRequest, access.OfferResources) // who takes reports for others
	figures = web.May(access.SeeCity, access.ConfirmWarning)
)

// Routes are the pages and what their forms are sent to.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /warnings", Who: sees, Do: p.inbox, List: true, Export: p.exported()},
		{Pattern: "POST /warnings", Who: sees, Do: p.many},
		{Pattern: "GET /warnings/{id}", Who: sees, Do: p.one},
		{Pattern: "POST /warnings/{id}", Who: sees, Do: p.act},
		{Pattern: "GET /warnings/{id}/match", Who: sees, Do: p.matchPage},
		{Pattern: "POST /warnings/{id}/match", Who: sees, Do: p.match},
		{Pattern: "POST /warnings/{id}/open", Who: sees, Do: p.open, Keyless: "shows, and is recorded each time"},
		{Pattern: "GET /warning-of/{warning}", Who: sees, Do: p.of},
		{Pattern: "GET /warning-figures", Who: figures, Do: p.figures},
		{Pattern: "GET /static/warnings/page.css", Who: web.Anybody, Do: p.style},
		{Pattern: "GET /report", Who: web.Anybody, Do: p.reportPage},
		{Pattern: "POST /report", Who: web.Anybody, Do: p.report, Keyless: "of anybody: the report itself is known by the key of its form"},
		{Pattern: "GET /report/receipt", Who: web.Anybody, Do: p.receipt},
		{Pattern: "GET /reports/new", Who: tells, Do: p.takePage},
		{Pattern: "POST /reports/new", Who: tells, Do: p.take},
		{Pattern: "GET /reports/code", Who: sees, Do: p.code},
		{Pattern: "GET /reports/code.png", Who: sees, Do: p.codeImage},
	}
}

// Nav are the places of work.
func (p *Pages) Nav() []web.Link {
	return []web.Link{
		{Path: "/warnings", Zh: "预警", En: "Warnings", Who: sees},
		{Path: "/warning-figures", Zh: "预警核实率", En: "Precision", Aside: true, Who: figures},
		{Path: "/reports/new", Zh: "登记求助", En: "Take a report", Who: tells},
	}
}

// style is the one style sheet of these pages beside the frame's.
func (p *Pages) style(v *web.Visit) error {
	v.W.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(v.W, v.R, files, "static/page.css")
	return nil
}

// as asks the database in the visitor's name.
func (p *Pages) as(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	ctx := v.R.Context()
	return p.DB.As(ctx, v.Principal(""), func(tx pgx.Tx) error { return do(ctx, tx) })
}

var noSuchWarning = fault.Text{Key: "warnings.no-such", Zh: "没有这条预警", En: "there is no such warning"}

// number is an id in the address.
func number(v *web.Visit, name string) (int64, error) {
	id, err := strconv.ParseInt(v.R.PathValue(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.New(fault.NotFound, noSuchWarning, nil)
	}
	return id, nil
}

// desk is the route on which the visitor's role works, "" of roles that only look.
func (p *Pages) desk(role access.Role) string {
	by := map[access.Role]string{access.Assistant: "village-assistant", access.Officer: "township-officer", access.Supervisor: "county-supervisor",
		access.Department: "department-officer"}[role]
	if p.Pack.Handling == nil || by == "" {
		return ""
	}
	for _, d := range p.Pack.Handling.Desks {
		if d.By == by {
			return d.Route
		}
	}
	return ""
}

// routeName is what a route is called.
func (p *Pages) routeName(route string, lang fault.Lang) string {
	for _, r := range p.Pack.Workflow.Routes {
		if r.ID == route {
			return r.Name.In(lang)
		}
	}
	return route
}

// ruleName is what a rule is called; of one that the pack has no longer its code.
func (p *Pages) ruleName(rule string, lang fault.Lang) string {
	if r := p.Warnings.Rule(rule); r != nil {
		return r.Name.In(lang)
	}
	return rule
}

func (p *Pages) mechanismName(id string, lang fault.Lang) string {
	for _, m := range p.Pack.Mechanisms {
		if m.ID == id {
			return m.Name.In(lang)
		}
	}
	return id
}

// reasonName is what a reason for a "no" is called.
func (p *Pages) reasonName(id string, lang fault.Lang) string {
	for _, r := range p.Warnings.Reasons() {
		if r.ID == id {
			return r.Name.In(lang)
		}
	}
	return id
}

// left is the working days left until a day, negative when it is over; ok is false where the calendar does not reach or there is no day.
func (p *Pages) left(due, today calendar.Date) (days int, ok bool) {
	if due == calendar.Forever || p.Pack.Calendar == nil {
		return 0, false
	}
	days, err := p.Pack.Calendar.Between(today, due)
	return days, err == nil
}

// place is a place as lists show it: from below the visitor's own area down, since names of villages are used more than once.
func (p *Pages) place(v *web.Visit, code area.Code) string {
	var b strings.Builder
	for _, level := range []area.Level{area.County, area.Township, area.Village} {
		if level > v.Session.Posting.Area.Level() || code.Level() <= level && b.Len() == 0 {
			b.WriteString(p.Pack.Areas.Short(code.At(level)))
		}
	}
	if b.Len() == 0 {
		return v.Place(code)
	}
	return b.String()
}

// choice is something to choose from.
type choice struct {
	Code any
	Name string
}

// codeOf is an area of the address; of what is none, none.
func codeOf(text string) area.Code {
	if text == "" {
		return 0
	}
	code, err := area.Parse(text)
	if err != nil {
		return 0
	}
	return code
}

func atoi(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func dayOf(text string) calendar.Date {
	d, err := calendar.Parse(text)
	if err != nil {
		return calendar.Forever
	}
	return d
}
