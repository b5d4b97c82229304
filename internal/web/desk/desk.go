package desk

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html
var pages embed.FS

// Deps are what the desk is filled from.
type Deps struct {
	DB       *postgres.DB
	Pack     *pack.Pack
	Record   *ingest.Record
	Warnings *warning.Warnings
	Visits   *visit.Visits
	Casework *casework.Casework
}

// Pages is the first page.
type Pages struct {
	Deps
	templates *web.Templates
}

// New reads the template and returns the page.
func New(d Deps) (*Pages, error) {
	t, err := web.ParseTemplates(pages)
	if err != nil {
		return nil, err
	}
	return &Pages{d, t}, nil
}

// Routes is the first page.
func (p *Pages) Routes() []web.Route {
	return []web.Route{{Pattern: "GET /{$}", Who: web.Ready, Do: p.first}}
}

// Nav is where it is.
func (p *Pages) Nav() []web.Link {
	return []web.Link{{Path: "/", Zh: "工作台", En: "Desk", Who: web.Ready}}
}

// page is what a desk shows.
type page struct {
	Figures []figure
	Parts   []part
	Actions []action
	Search  bool // a box to look somebody up
}

// figure is a count that leads to a list.
type figure struct {
	Count string
	Name  string
	To    string
	Grave bool // something is over its limit
}

// part is a list's first rows.
type part struct {
	Title string
	Rows  []row
	To    string // the whole list, "" if this is all
	Empty string
	How   string // how something gets here
}

// row is one thing to do.
type row struct {
	To     string
	Title  string
	Detail string
	Level  string // of a warning
	Mark   string
	When   string
	Late   bool
	Soon   bool
}

// action is what the role begins most often.
type action struct{ To, Name string }

// on is a visit's desk as it is being filled.
type on struct {
	*web.Visit
	page page
}

// fill adds to a desk what concerns one kind of work.
type fill func(p *Pages, ctx context.Context, tx pgx.Tx, d *on) error

// desks is what stands on the desk of each role, in order.
var desks = map[access.Role][]fill{
	access.Assistant:     {(*Pages).visits, (*Pages).warnings, (*Pages).cases, (*Pages).unread},
	access.Officer:       {(*Pages).cases, (*Pages).warnings, (*Pages).visits, (*Pages).reviews, (*Pages).unread},
	access.Decider:       {(*Pages).cases, (*Pages).unread},
	access.Supervisor:    {(*Pages).supervision, (*Pages).cases, (*Pages).warnings, (*Pages).unread},
	access.Department:    {(*Pages).cases, (*Pages).warnings, (*Pages).feeds, (*Pages).unread},
	access.Administrator: {(*Pages).warnings, (*Pages).supervision, (*Pages).feeds, (*Pages).unread},
	access.Inspector:     {(*Pages).supervision, (*Pages).unread},
	access.Hotline:       {(*Pages).search, (*Pages).unread},
	access.Organisation:  {(*Pages).unread},
	access.Resident:      {(*Pages).own, (*Pages).unread},
}

func (p *Pages) first(v *web.Visit) error {
	d := &on{Visit: v}
	err := p.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error {
		d.page = page{}
		for _, fill := range desks[v.Session.Posting.Role] {
			if err := fill(p, v.R.Context(), tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "desk", d.page)
}

const (
	most    = 100 // up to which things are counted
	rowsOf  = 6   // rows of a part
	rowsOf1 = 12  // of the first part, which is what the role is there for
)

// count is a number as it is shown, 99+ from most on.
func count(n int) string {
	if n >= most {
		return strconv.Itoa(most-1) + "+"
	}
	return strconv.Itoa(n)
}

// figure adds a count, unless there is nothing to count.
func (d *on) figure(n int, zh, en, to string) {
	if n > 0 {
		d.page.Figures = append(d.page.Figures, figure{Count: count(n), Name: d.Say(zh, en), To: to})
	}
}

// late puts what is over its limit before all other counts.
func (d *on) late(n int, zh, en, to string) {
	if n > 0 {
		d.page.Figures = slices.Insert(d.page.Figures, d.page.graves(), figure{count(n), d.Say(zh, en), to, true})
	}
}

// graves is how many counts are of what is over its limit.
func (p *page) graves() (n int) {
	for n < len(p.Figures) && p.Figures[n].Grave {
		n++
	}
	return n
}

// add adds a part with its first rows.
func (d *on) add(s part) {
	limit := rowsOf
	if len(d.page.Parts) == 0 {
		limit = rowsOf1
	}
	s.Rows = s.Rows[:min(len(s.Rows), limit)]
	d.page.Parts = append(d.page.Parts, s)
}

func (p *Pages) unread(ctx context.Context, tx pgx.Tx, d *on) error {
	n, err := notification.Unread(ctx, tx, d.Now())
	if err != nil {
		return err
	}
	d.figure(n, "未读通知", "Unread notifications", "/notifications")
	if n == 0 && len(d.page.Parts) > 0 {
		return nil
	}
	list, err := notification.List(ctx, tx, 0, rowsOf)
	if err != nil {
		return err
	}
	s := part{Title: d.Say("通知", "Notifications"), To: "/notifications", Empty: d.Say("没有通知", "No notifications"),
		How: d.Say("和您有关的事情有了变化，会在这里告诉您", "You are told here when something that concerns you changes")}
	for _, e := range list {
		if e.Read && len(d.page.Parts) > 0 {
			continue
		}
		r := row{To: "/notifications", Title: e.Title.In(d.Lang), Detail: e.Text.In(d.Lang), When: web.View{Visit: d.Visit}.Moment(e.At), Soon: e.Urgent}
		if !e.Read {
			r.Mark = d.Say("未读", "unread")
		}
		s.Rows = append(s.Rows, r)
	}
	d.add(s)
	return nil
}

// search is the desk of whoever answers calls.
func (p *Pages) search(_ context.Context, _ pgx.Tx, d *on) error {
	d.page.Search = true
	d.page.Actions = append(d.page.Actions, action{"/reports/new", d.Say("登记求助", "Take a report of need")})
	if d.Session.May(access.TakeRequest) {
		d.page.Actions = append(d.page.Actions, action{"/cases/new", d.Say("登记急难", "Record an emergency")})
	}
	return nil
}

// own is what a resident has going on.
func (p *Pages) own(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Casework.Queue(ctx, tx, casework.Filter{View: casework.Under, Now: d.Now(), Most: most})
	if err != nil {
		return err
	}
	d.figure(len(all), "正在办的事", "Under way", "/cases")
	d.add(part{Title: d.Say("我的事项", "My matters"), To: "/cases", Rows: p.items(d, all), Empty: d.Say("没有正在办的事项", "Nothing is under way"),
		How: d.Say("需要帮助时，请找村（社区）或镇街，或拨打12345", "If you need help, go to your village or township, or call 12345")})
	return nil
}

func (p *Pages) cases(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Casework.Queue(ctx, tx, casework.Filter{View: casework.Mine, Now: d.Now(), Most: most})
	if err != nil {
		return err
	}
	over, err := p.Casework.Queue(ctx, tx, casework.Filter{View: casework.OverdueView, Now: d.Now(), Most: most})
	if err != nil {
		return err
	}
	soon := 0
	for _, q := range all {
		if !q.Deadline.IsZero() && !q.Overdue(d.Now()) && q.Deadline.Sub(d.Now()) <= soonest {
			soon++
		}
	}
	d.figure(len(all), "待我办的事项", "Cases for me", "/cases?view=mine")
	d.figure(soon, "三天内到期", "Due in three days", "/cases?view=mine")
	d.late(len(over), "超期事项", "Cases overdue", "/cases?view=overdue")
	d.add(part{Title: d.Say("待我办的事项", "Cases that wait for me"), To: "/cases?view=mine", Rows: p.items(d, all),
		Empty: d.Say("没有等您办的事项", "No case waits for you"), How: d.Say("到了您这一步的事项会按期限排在这里", "Cases that come to your step appear here by their limits")})
	return nil
}

// items are cases as rows.
func (p *Pages) items(d *on, all []*casework.Queued) (rows []row) {
	for _, q := range all {
		r := row{To: fmt.Sprintf("/cases/%d", q.ID), Title: q.Name.In(d.Lang), Detail: join(web.MaskedName(q.Called), p.short(q.Area)), Late: q.Overdue(d.Now())}
		if q.Next != nil {
			r.Mark = q.Next.Name.In(d.Lang)
		}
		if !q.Deadline.IsZero() {
			r.When, r.Soon = p.until(d, q.Deadline), q.Deadline.Sub(d.Now()) <= soonest
		}
		rows = append(rows, r)
	}
	return rows
}

func (p *Pages) reviews(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Casework.Reviews(ctx, tx, 0, 0, most)
	if err != nil {
		return err
	}
	over := 0
	for _, r := range all {
		if r.Due < d.Today() {
			over++
		}
	}
	d.figure(len(all), "定期核查待办", "Reviews to be done", "/reviews")
	d.late(over, "核查超期", "Reviews overdue", "/reviews")
	return nil
}
