package checks

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html
var pages embed.FS

// Deps are what the pages stand on.
type Deps struct {
	DB       *postgres.DB
	Pack     *pack.Pack
	Means    *means.Checks
	Registry *registry.Registry
	Telling  *telling.Telling // nil: nobody is told
}

// Pages are the pages on checks of means.
type Pages struct {
	Deps
	templates *web.Templates
}

// New reads the templates and returns the pages.
func New(d Deps) (*Pages, error) {
	t, err := web.ParseTemplates(pages)
	if err != nil {
		return nil, err
	}
	return &Pages{d, t}, nil
}

// sees is who has to do with checks of means; what each sees is row-level security's.
var sees = web.May(access.CheckMeans, access.Decide, access.SeeOpenings)

// Routes are the pages, and who may call each.
func (p *Pages) Routes() []web.Route {
	does := web.May(access.CheckMeans)
	return []web.Route{
		{Pattern: "GET /checks", Who: sees, Do: p.list, List: true, Export: p.exported()},
		{Pattern: "GET /checks/new", Who: does, Do: p.newPage},
		{Pattern: "POST /checks/new", Who: does, Do: p.draft},
		{Pattern: "GET /checks/{id}", Who: sees, Do: p.check},
		{Pattern: "POST /checks/{id}/{act}", Who: does, Do: p.act},
	}
}

// Nav are the places of work that the pages offer.
func (p *Pages) Nav() []web.Link {
	return []web.Link{{Path: "/checks", Zh: "核对", En: "Means checks", Who: sees}}
}

var noSuchPage = fault.Text{Key: "checks.no-such-page", Zh: "没有这个页面", En: "there is no such page"}

// as runs something in the visitor's name.
func (p *Pages) as(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	return p.DB.As(v.R.Context(), v.Principal(access.ForMeans), func(tx pgx.Tx) error { return do(v.R.Context(), tx) })
}

func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.NotFound, noSuchPage, nil)
	}
	return n, nil
}

// stateNames are what the states of a check are called, and how they are shown.
var stateNames = map[means.State][3]string{
	means.Drafted: {"待发起", "drafted", "due"}, means.Requested: {"已发起，等报告", "requested", "due"}, means.Reported: {"已有报告", "reported", "good"},
	means.Objected: {"有异议", "objected to", "bad"}, means.Superseded: {"已由复核取代", "superseded", ""}, means.Expired: {"已到期", "expired", ""}, means.Cancelled: {"已取消", "cancelled", ""},
}

type checkLine struct {
	ID, Household                int64
	Place, Reason                string
	State, Class                 string
	Requested, Reported, Expires calendar.Date
	Recheck                      bool
}

func line(v *web.Visit, c *means.Check) checkLine {
	name := stateNames[c.State]
	return checkLine{ID: c.ID, Household: c.Household, Place: v.Place(c.Area), Reason: c.Reason, State: v.Say(name[0], name[1]), Class: name[2],
		Requested: c.Requested, Reported: c.Reported, Expires: c.Expires, Recheck: c.RecheckOf > 0}
}

type signedLine struct {
	means.Signed
	Who   string
	State string
	Class string
	Left  int // days until it ends
}

func signed(v *web.Visit, s means.Signed, who string) signedLine {
	l := signedLine{Signed: s, Who: who, State: v.Say("有效", "valid"), Class: "good", Left: calendar.Days(v.Today(), s.Holds.To)}
	switch {
	case s.Revoked != calendar.Forever:
		l.State, l.Class = v.Say("已撤销", "revoked"), "bad"
	case v.Today() < s.Holds.From:
		l.State, l.Class = v.Say("尚未开始", "not begun"), "due"
	case !s.Valid(v.Today()):
		l.State, l.Class = v.Say("已到期", "ended"), "bad"
	}
	return l
}

type tab struct {
	Path, Name string
	At         bool
}

type listPage struct {
	Tabs     []tab
	Checks   []checkLine
	Expiring []signedLine
	Next     string
	MayDraft bool
}

const (
	checksShown  = 50
	expiringDays = 30
)

// list shows the checks of the visitor's area, and the authorisations that end soon.
func (p *Pages) list(v *web.Visit) error {
	state := means.State(v.R.FormValue("state"))
	before, _ := strconv.ParseInt(v.R.FormValue("before"), 10, 64)
	page := listPage{MayDraft: v.Session.May(access.CheckMeans), Tabs: []tab{{"/checks", v.Say("全部", "All"), state == ""}}}
	for _, s := range []means.State{means.Drafted, means.Requested, means.Objected, means.Reported} {
		page.Tabs = append(page.Tabs, tab{"/checks?state=" + string(s), v.Say(stateNames[s][0], stateNames[s][1]), state == s})
	}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Means.List(ctx, tx, state, before, checksShown+1)
		if err != nil {
			return err
		}
		if len(all) > checksShown {
			all = all[:checksShown]
			page.Next = "/checks?" + url.Values{"state": {string(state)}, "before": {strconv.FormatInt(all[checksShown-1].ID, 10)}}.Encode()
		}
		for i := range all {
			page.Checks = append(page.Checks, line(v, &all[i]))
		}
		soon, err := p.Means.Expiring(ctx, tx, v.Today(), expiringDays, checksShown)
		for _, s := range soon {
			page.Expiring = append(page.Expiring, signed(v, s, ""))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "checks", page)
}

// exported gives the checks as a file.
func (p *Pages) exported() *web.Export {
	return &web.Export{Zh: "家庭经济状况核对", En: "Checks of means", Personal: true, As: access.ForMeans,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("编号", "No."), v.Say("住址", "Place"), v.Say("户号", "Household"), v.Say("事由", "For"), v.Say("状态", "State"), v.Say("发起", "Requested"),
				v.Say("报告", "Reported"), v.Say("到期", "Until")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			q := v.R.URL.Query()
			before, _ := strconv.ParseInt(q.Get("after"), 10, 64)
			all, err := p.Means.List(ctx, tx, means.State(q.Get("state")), before, web.ExportPage)
			for i := range all {
				l := line(v, &all[i])
				rows = append(rows, []string{strconv.FormatInt(l.ID, 10), l.Place, strconv.FormatInt(l.Household, 10), l.Reason, l.State, day(l.Requested), day(l.Reported), day(l.Expires)})
			}
			if len(all) == web.ExportPage {
				next = strconv.FormatInt(all[len(all)-1].ID, 10)
			}
			return rows, next, err
		}}
}

func day(d calendar.Date) string {
	if d == 0 || d == calendar.Forever {
		return ""
	}
	return d.String()
}

type memberLine struct {
	ID        int64
	Name      string
	Number    string // masked
	Counted   bool
	Role      means.Role // "" of who is not covered
	Signed    []signedLine
	Covered   bool
	Valid     bool // has an authorisation today
	Facts     []factField
	Supporter bool
}

type factField struct{ Name, Label, Unit, Value string }

type newPage struct {
	Household int64
	Place     string
	Members   []memberLine
	Form      url.Values
	Wrong     string
}

// newPage asks whom a check is to cover.
func (p *Pages) newPage(v *web.Visit) error { return p.showNew(v, http.StatusOK, nil) }

func (p *Pages) showNew(v *web.Visit, status int, wrong error) error {
	page := newPage{Form: v.R.Form}
	if household, err := number(v.R.FormValue("household")); err == nil {
		err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
			f, err := p.Registry.File(ctx, tx, household)
			if err != nil {
				return err
			}
			page.Household, page.Place, page.Members = household, v.Place(f.Area), members(v, f)
			return nil
		})
		if err != nil && wrong == nil {
			wrong = err
		}
	}
	if wrong != nil {
		status, page.Wrong = v.Explain(wrong)
		if status >= http.StatusInternalServerError {
			return wrong
		}
	}
	return v.Render(status, p.templates, "new", page)
}

// members are who belongs to a household on the day.
func members(v *web.Visit, f *registry.File) []memberLine {
	var all []memberLine
	for _, person := range f.Persons {
		i := slices.IndexFunc(person.Belongs, func(b registry.Belonging) bool { return b.Lasts.Contains(v.Today()) })
		if i < 0 {
			continue
		}
		all = append(all, memberLine{ID: person.ID, Name: person.Name, Number: person.Number.String(), Counted: person.Belongs[i].Counted})
	}
	return all
}

var noNumber = fault.Text{Key: "checks.no-number", Zh: "“{found}”不是人员编号", En: "“{found}” is no number of a person"}

var nobodyChosen = fault.Text{Key: "checks.nobody-chosen", Zh: "请选择核对谁，并写明事由", En: "choose whom the check covers, and say what it is for"}

// draft begins a check.
func (p *Pages) draft(v *web.Visit) error {
	household, err := number(v.R.PostFormValue("household"))
	if err != nil {
		return err
	}
	d := means.Draft{Household: household, Reason: v.R.PostFormValue("reason")}
	for _, chosen := range v.R.PostForm["covers"] {
		person, err := number(chosen)
		if err != nil {
			return err
		}
		d.Scope = append(d.Scope, means.Covered{Person: person, Role: means.Member})
	}
	if supporter := strings.TrimSpace(v.R.PostFormValue("supporter")); supporter != "" {
		person, err := number(supporter)
		if err != nil {
			return p.showNew(v, 0, fault.New(fault.Invalid, noNumber, fault.Args{"found": fault.Excerpt(supporter)}))
		}
		d.Scope = append(d.Scope, means.Covered{Person: person, Role: means.Supporter})
	}
	if len(d.Scope) == 0 || d.Reason == "" {
		return p.showNew(v, http.StatusUnprocessableEntity, fault.New(fault.Invalid, nobodyChosen, nil))
	}
	err = v.Act(access.ForMeans, func(ctx context.Context, tx pgx.Tx) (string, error) {
		id, err := p.Means.Draft(ctx, tx, d)
		return fmt.Sprintf("/checks/%d", id), err
	})
	if err != nil {
		return p.showNew(v, 0, err)
	}
	return nil
}
