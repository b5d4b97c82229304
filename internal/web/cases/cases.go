package cases

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
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
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
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
	Visits   *visit.Visits                                                                                // nil: without what visits found
	Notes    *notification.Notifications                                                                  // nil: nobody is told
	Telling  *telling.Telling                                                                             // nil: nobody is told
	Contact  string                                                                                       // whom residents call; "" is 12345
	Site     string                                                                                       // where residents find the platform; "" is not said
	Access   *access.Access                                                                               // ties residents' accounts to who they are
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
	sees      = web.May(access.SeeFile)
	handles   = web.May(access.FileFor, access.HandleFiling, access.Decide, access.HandleItem, access.Supervise)
	adds      = web.May(access.SeeOwnFile, access.FileFor, access.HandleFiling, access.Decide, access.HandleItem, access.Supervise)
	supervise = web.May(access.Supervise)
	answers   = web.May(access.HandleFiling, access.Decide, access.HandleItem, access.Supervise)
	oversees  = web.May(access.SeeCity)
	files     = web.May(access.TakeRequest, access.Supervise)
	own       = web.May(access.SeeOwnFile)
	applies   = web.May(access.ApplyOwn)
	ties      = web.May(access.TieResidents)
	takes     = web.May(access.TakeAtWindow)
	staff     = web.May(access.SeeFile)
	resends   = web.May(access.HandleFiling, access.Supervise, access.Operate)
)

// Routes are all pages of casework, and who may call them. Whose cases somebody sees is row-level security's.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /cases", Who: sees, Do: p.queue, List: true, Export: p.exportedQueue()},
		{Pattern: "GET /cases/new", Who: files, Do: p.newPage},
		{Pattern: "POST /cases/new", Who: files, Do: p.newFiling},
		{Pattern: "GET /cases/{id}", Who: web.May(access.SeeFile, access.SeeOwnFile), Do: p.item}, // what residents were told of leads there
		{Pattern: "POST /cases/{id}/open/{person}", Who: staff, Do: p.openValue},
		{Pattern: "POST /cases/{id}/do/{step}", Who: handles, Do: p.do},
		{Pattern: "POST /cases/{id}/happen/{kind}", Who: handles, Do: p.happen},
		{Pattern: "POST /cases/{id}/object", Who: handles, Do: p.object},
		{Pattern: "POST /cases/{id}/answer/{objection}", Who: answers, Do: p.answer},
		{Pattern: "POST /cases/{id}/appeal", Who: handles, Do: p.appeal},
		{Pattern: "POST /cases/{id}/appealed/{appeal}", Who: answers, Do: p.appealed},
		{Pattern: "POST /cases/{id}/reviewed/{review}", Who: answers, Do: p.reviewed},
		{Pattern: "POST /cases/{id}/end", Who: answers, Do: p.end},
		{Pattern: "POST /cases/{id}/paper", Who: adds, Do: p.paper, Largest: largestPapers},
		{Pattern: "GET /cases/{id}/papers/{paper}", Who: sees, Do: p.openPaper},
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
		{Pattern: "GET /registers", Who: staff, Do: p.register, List: true, Export: p.exportedRegister()},
		{Pattern: "GET /registers/month", Who: staff, Do: p.month},
		{Pattern: "GET /notifications", Who: web.Ready, Do: p.notifications, Export: p.exportedNotifications()},
		{Pattern: "POST /notifications", Who: web.Ready, Do: p.readNotifications},
		{Pattern: "GET /messages", Who: resends, Do: p.messages},
		{Pattern: "GET /messages/{id}", Who: resends, Do: p.message},
		{Pattern: "POST /messages/{id}", Who: resends, Do: p.resend},
		{Pattern: "POST /notifications/arrivals", Who: web.Anybody, Do: p.arrivals, Largest: 256 << 10, Keyless: "of an SMS operator; a receipt that comes again is the same receipt"}, // an SMS operator shows its token
		{Pattern: "POST /notifications/preference", Who: web.Ready, Do: p.prefer},
		{Pattern: "GET /my", Who: own, Do: p.home},
		{Pattern: "GET /my/help", Who: own, Do: p.help},
		{Pattern: "GET /my/apply", Who: applies, Do: p.applyPage},
		{Pattern: "POST /my/apply", Who: applies, Do: p.apply},
		{Pattern: "GET /my/sign", Who: applies, Do: p.signPage},
		{Pattern: "POST /my/sign", Who: applies, Do: p.sign},
		{Pattern: "GET /my/matters/{id}", Who: own, Do: p.matter},
		{Pattern: "POST /my/matters/{id}/{act}", Who: applies, Do: p.ownAct},
		{Pattern: "GET /window", Who: takes, Do: p.window},
		{Pattern: "POST /window/call", Who: takes, Do: p.callAtWindow},
		{Pattern: "GET /window/{person}", Who: takes, Do: p.takingPage},
		{Pattern: "POST /window/{person}", Who: takes, Do: p.take},
		{Pattern: "GET /residents/{person}", Who: ties, Do: p.residentPage},
		{Pattern: "POST /residents/{person}/{act}", Who: ties, Do: p.residentAct},
	}
}

// Nav is where casework is done.
func (p *Pages) Nav() []web.Link {
	return []web.Link{
		{Path: "/my", Zh: "我家的救助", En: "My household", Who: own},
		{Path: "/window", Zh: "窗口受理", En: "Window", Who: takes},
		{Path: "/cases", Zh: "事项办理", En: "Cases", Who: sees},
		{Path: "/supervision", Zh: "县级监管", En: "Supervision", Who: oversees},
		{Path: "/meetings", Zh: "一事一议", En: "Conferences", Aside: true, Who: web.May(access.Supervise, access.HandleItem, access.HandleFiling, access.Decide)},
		{Path: "/reviews", Zh: "定期核查", En: "Reviews", Aside: true, Who: web.May(access.HandleFiling, access.Supervise, access.HandleItem)},
		{Path: "/registers", Zh: "台账月报", En: "Registers", Aside: true, Who: web.May(access.HandleFiling, access.Decide, access.Supervise, access.HandleItem, access.SeeCity)},
		{Path: "/notifications", Zh: "通知", En: "Notifications", Who: web.Ready},
		{Path: "/messages", Zh: "短信邮件", En: "SMS and e-mail", Who: resends},
	}
}

// as runs something in the visitor's name.
func (p *Pages) as(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	return p.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error { return do(v.R.Context(), tx) })
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
	Wrong string // the fault, "" for none
	Field string // where it lies
	Other string // which of a page's other forms it is, "" of the main one
}

// Anchor is the field in which the fault lies, on a page of several forms.
func (f form) Anchor() string { return f.ID(f.Field) }

// ID is a field's on the page.
func (f form) ID(field string) string {
	if f.Other != "" {
		return "b-" + f.Other + "-" + field
	}
	return "f-" + field
}

// newForm is an empty form with values to begin with.
func newForm(pairs ...string) form {
	f := form{Values: url.Values{}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// again is what was sent, with the fault for which it comes back.
func again(v *web.Visit, err error) (form, int) {
	f := form{Values: v.R.PostForm}
	if e, ok := asFault(err); ok {
		f.Field = e.At.Field
		err = e.In(fault.At{}) // the message leads to the field, whose name says nothing to people
	}
	status, message := v.Explain(err)
	f.Wrong = message
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
	"longday": func(lang fault.Lang, t time.Time) string { // as sentences name it
		if t.IsZero() {
			return ""
		}
		return web.LongDate(lang, dayOf(t))
	},
	"longlast": func(lang fault.Lang, deadline time.Time) string {
		if deadline.IsZero() {
			return ""
		}
		return web.LongDate(lang, dayOf(deadline.Add(-time.Nanosecond)))
	},
	"within": func(lang fault.Lang, count int, unit string) string {
		return lang.Say(fmt.Sprintf("%d%s", count, word("unit", unit, lang)), fmt.Sprintf("%d %s", count, word("unit", unit, lang)))
	},
	"colon":  func(lang fault.Lang) string { return lang.Say("：", ": ") },
	"word":   word,
	"keptat": keptAt,
	"list":   func(s ...string) []string { return s },
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
	"sentence":  sentence,
	"add":       func(a, b int) int { return a + b },
	"args":      func(page *itemPage, s *casework.Possible) stepForm { return stepForm{page, s} },
	"aboutLink": telling.Link,
}
