package cases

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html
var pages embed.FS

// Deps are what the pages stand on.
type Deps struct {
	DB       *postgres.DB
	Pack     *pack.Pack
	Casework *casework.Casework
	Registry *registry.Registry
	Means    *means.Checks
	Explain  func(ctx context.Context, household int64, on calendar.Date) (*discovery.Explanation, error) // nil: without explanation
	Notes    *notification.Notifications                                                                  // nil: nobody is told
	Contact  string                                                                                       // whom residents call; "" is 12345
}

// Pages are the pages of casework.
type Pages struct {
	Deps
	templates *web.Templates
}

// New reads the templates and returns the pages.
func New(d Deps) (*Pages, error) {
	if d.Contact == "" {
		d.Contact = "12345"
	}
	t, err := web.ParseTemplates(pages, functions)
	if err != nil {
		return nil, err
	}
	return &Pages{d, t}, nil
}

var (
	sees      = web.May(access.SeeOwnFile, access.SeeFile)
	handles   = web.May(access.FileFor, access.HandleFiling, access.Decide, access.HandleItem, access.Supervise)
	supervise = web.May(access.Supervise)
	answers   = web.May(access.HandleFiling, access.Decide, access.HandleItem, access.Supervise)
	oversees  = web.May(access.SeeCity)
	files     = web.May(access.TakeRequest, access.Supervise) // a resident has no household in the record yet to file for
	staff     = web.May(access.SeeFile)
)

// Routes are all pages of casework, and who may call them. Whose cases somebody sees is row-level security's.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /cases", Who: sees, Do: p.queue, List: true},
		{Pattern: "GET /cases/new", Who: files, Do: p.newPage},
		{Pattern: "POST /cases/new", Who: files, Do: p.newFiling},
		{Pattern: "GET /cases/{id}", Who: sees, Do: p.item},
		{Pattern: "POST /cases/{id}/do/{step}", Who: handles, Do: p.do},
		{Pattern: "POST /cases/{id}/happen/{kind}", Who: handles, Do: p.happen},
		{Pattern: "POST /cases/{id}/object", Who: handles, Do: p.object},
		{Pattern: "POST /cases/{id}/answer/{objection}", Who: answers, Do: p.answer},
		{Pattern: "POST /cases/{id}/appeal", Who: handles, Do: p.appeal},
		{Pattern: "POST /cases/{id}/appealed/{appeal}", Who: answers, Do: p.appealed},
		{Pattern: "POST /cases/{id}/reviewed/{review}", Who: answers, Do: p.reviewed},
		{Pattern: "POST /cases/{id}/end", Who: answers, Do: p.end},
		{Pattern: "POST /cases/{id}/paper", Who: handles, Do: p.paper},
		{Pattern: "POST /cases/{id}/survey", Who: web.May(access.Survey), Do: p.planSurvey},
		{Pattern: "POST /cases/{id}/check", Who: web.May(access.CheckMeans), Do: p.requestCheck},
		{Pattern: "POST /cases/{id}/photograph/{posting}", Who: answers, Do: p.photograph},
		{Pattern: "POST /cases/{id}/archive", Who: answers, Do: p.archive},
		{Pattern: "GET /cases/{id}/print/{what}", Who: sees, Do: p.print},
		{Pattern: "POST /cases/{id}/look", Who: supervise, Do: p.look},
		{Pattern: "GET /supervision", Who: oversees, Do: p.supervision},
		{Pattern: "GET /supervision/times", Who: oversees, Do: p.times},
		{Pattern: "POST /supervision/{id}/{kind}", Who: answers, Do: p.supervised},
		{Pattern: "GET /meetings", Who: staff, Do: p.meetings},
		{Pattern: "GET /meetings/new", Who: supervise, Do: p.convenePage},
		{Pattern: "POST /meetings", Who: supervise, Do: p.convene},
		{Pattern: "GET /meetings/{id}", Who: staff, Do: p.meeting},
		{Pattern: "POST /meetings/{id}", Who: supervise, Do: p.hold},
		{Pattern: "GET /reviews", Who: staff, Do: p.reviews},
		{Pattern: "GET /registers", Who: staff, Do: p.register},
		{Pattern: "GET /registers/month", Who: staff, Do: p.month},
		{Pattern: "GET /notifications", Who: web.Ready, Do: p.notifications},
		{Pattern: "POST /notifications", Who: web.Ready, Do: p.readNotifications},
		{Pattern: "POST /notifications/arrivals", Who: web.Anybody, Do: p.arrivals, Largest: 256 << 10}, // an SMS operator shows its token
		{Pattern: "POST /notifications/preference", Who: web.Ready, Do: p.prefer},
	}
}

// Nav is where casework is done.
func (p *Pages) Nav() []web.Link {
	return []web.Link{
		{Path: "/cases", Zh: "事项办理", En: "Cases", Who: sees},
		{Path: "/supervision", Zh: "县级监管", En: "Supervision", Who: oversees},
		{Path: "/meetings", Zh: "一事一议", En: "Conferences", Who: web.May(access.Supervise, access.HandleItem, access.HandleFiling, access.Decide)},
		{Path: "/reviews", Zh: "定期核查", En: "Reviews", Who: web.May(access.HandleFiling, access.Supervise, access.HandleItem)},
		{Path: "/registers", Zh: "台账月报", En: "Registers", Who: web.May(access.HandleFiling, access.Decide, access.Supervise, access.HandleItem, access.SeeCity)},
		{Path: "/notifications", Zh: "通知", En: "Notifications", Who: web.Ready},
	}
}

// as runs something in the visitor's name.
func (p *Pages) as(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	return p.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error { return do(v.R.Context(), tx) })
}

// newKey makes what a form is known by: sent twice, it is done once.
func newKey() string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

var noSuchThing = fault.Text{Key: "cases.no-such-thing", Zh: "没有这个页面，或不在您的辖区", En: "there is no such page, or not in your area"}

// pathID is a number in a page's address.
func pathID(v *web.Visit, name string) (int64, error) {
	id, err := strconv.ParseInt(v.R.PathValue(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.New(fault.NotFound, noSuchThing, nil)
	}
	return id, nil
}

// number is a number in a form or an address, 0 for none.
func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// form is what somebody wrote, so that it is there again when the page comes back with a fault.
type form struct {
	url.Values
	Key   string
	Wrong string // the fault, "" for none
	Field string // where it lies
	Other string // which of a page's other forms it is, "" of the main one
}

// Anchor is the field in which the fault lies, on a page of several forms.
func (f form) Anchor() string {
	if f.Other != "" {
		return "b-" + f.Other + "-" + f.Field
	}
	return "f-" + f.Field
}

// newForm is an empty form with values to begin with.
func newForm(pairs ...string) form {
	f := form{Values: url.Values{}, Key: newKey()}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// again is what was sent, with the fault for which it comes back. Nothing was done, so it keeps its key.
func again(v *web.Visit, err error) (form, int) {
	status, message := v.Explain(err)
	f := form{Values: v.R.PostForm, Key: v.R.PostFormValue("key"), Wrong: message}
	if e, ok := asFault(err); ok {
		f.Field = e.At.Field
	}
	return f, status
}

// Has reports whether a value is among those of a name.
func (f form) Has(name, value string) bool {
	for _, s := range f.Values[name] {
		if s == value {
			return true
		}
	}
	return false
}

var zone = time.FixedZone("Asia/Shanghai", 8*60*60)

// dayOf is the day of a moment, where the platform is.
func dayOf(t time.Time) calendar.Date {
	y, m, d := t.In(zone).Date()
	return calendar.Must(y, m, d)
}

// functions are what this package's templates call beside the frame's.
var functions = template.FuncMap{
	"amount": func(a *money.Decimal) string {
		if a == nil {
			return ""
		}
		return a.Text()
	},
	"day": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return dayOf(t).String()
	},
	"lastday": func(deadline time.Time) string { // of a first moment that is late
		if deadline.IsZero() {
			return ""
		}
		return dayOf(deadline.Add(-time.Nanosecond)).String()
	},
	"moment": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format("2006-01-02 15:04")
	},
	"on": func(d calendar.Date) string {
		if d == 0 || d >= calendar.Forever {
			return ""
		}
		return d.String()
	},
	"word": word,
	"list": func(s ...string) []string { return s },
	"join": func(lang fault.Lang, s []string) string {
		out := ""
		for i, x := range s {
			if i > 0 {
				out += lang.Say("、", ", ")
			}
			out += x
		}
		return out
	},
	"add":       func(a, b int) int { return a + b },
	"args":      func(page *itemPage, s *casework.Possible) stepForm { return stepForm{page, s} },
	"aboutLink": aboutLink,
}

// aboutLink is the page of what a notification is about, "" for none that casework shows.
func aboutLink(about string) string {
	kind, id, _ := strings.Cut(about, ":")
	if number(id) == 0 {
		return ""
	}
	switch kind {
	case "item":
		return "/cases/" + id
	case "meeting":
		return "/meetings/" + id
	case "warning":
		return "/warnings/" + id
	}
	return ""
}
