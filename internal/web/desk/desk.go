package desk

import (
	"cmp"
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
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/telling"
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
	Registry *registry.Registry
	Warnings *warning.Warnings
	Visits   *visit.Visits
	Casework *casework.Casework
	Queue    *jobs.Queue // nil: nothing is said of jobs
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
	return []web.Link{{Path: "/", Zh: "工作台", En: "Desk", Who: web.Ready.But(access.SeeOwnFile)}}
}

// page is what a desk shows.
type page struct {
	Figures []figure
	Parts   []part
	Quiet   []part // those in which there is nothing, while there is something in others
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

// tab is a part of a list, and how many stand there.
type tab struct{ To, Name, Count string }

// part is a list's first rows.
type part struct {
	Tabs  []tab // kinds of work in the list, each with its own
	Title string
	Rows  []row
	To    string // the whole list, "" if this is all
	Empty string
	How   string // how something gets here
}

// full reports whether there is something in a part.
func (s part) full() bool { return len(s.Rows)+len(s.Tabs) > 0 }

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
	access.Supervisor:    {(*Pages).supervision, (*Pages).times, (*Pages).cases, (*Pages).warnings, (*Pages).unread},
	access.Department:    {(*Pages).cases, (*Pages).warnings, (*Pages).feeds, (*Pages).unread},
	access.Administrator: {(*Pages).hardest, (*Pages).times, (*Pages).warned, (*Pages).supervised, (*Pages).lapses, (*Pages).feeds, (*Pages).jobs, (*Pages).unread},
	access.Inspector:     {(*Pages).supervision, (*Pages).opened, (*Pages).trail, (*Pages).proof, (*Pages).unread},
	access.Hotline:       {(*Pages).search, (*Pages).emergencies, (*Pages).reported, (*Pages).unread},
	access.Organisation:  {(*Pages).offering, (*Pages).reported, (*Pages).unread},
}

// ownDesk is where a resident begins: a page of casework, since nothing else concerns them.
const ownDesk = "/my"

func (p *Pages) first(v *web.Visit) error {
	if v.Session.Posting.Role == access.Resident {
		return v.Redirect(ownDesk)
	}
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
	d.page.settle()
	return v.Render(http.StatusOK, p.templates, "desk", d.page)
}

// settle puts parts in which there is nothing aside, so that the others have the room; of a desk with nothing on it the first stays.
func (p *page) settle() {
	full := slices.ContainsFunc(p.Parts, part.full)
	var kept []part
	for n, s := range p.Parts {
		if s.full() || !full && n == 0 {
			kept = append(kept, s)
		} else {
			p.Quiet = append(p.Quiet, s)
		}
	}
	p.Parts = kept
}

const (
	most    = 10_000 // up to which things are counted
	rowsOf  = 6      // rows of a part
	rowsOf1 = 12     // of the first part, which is what the role is there for
)

// count is a number as it is shown: exact below most.
func (d *on) count(n int) string {
	if n >= most {
		return d.Say("约1万以上", "over 10,000")
	}
	return strconv.Itoa(n)
}

// figure adds a count, unless there is nothing to count.
func (d *on) figure(n int, zh, en, to string) {
	if n > 0 {
		d.page.Figures = append(d.page.Figures, figure{Count: d.count(n), Name: d.Say(zh, en), To: to})
	}
}

// late puts what is over its limit before all other counts.
func (d *on) late(n int, zh, en, to string) {
	if n > 0 {
		d.page.Figures = slices.Insert(d.page.Figures, d.page.graves(), figure{d.count(n), d.Say(zh, en), to, true})
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
		r := row{To: cmp.Or(telling.Link(e.About), "/notifications"), Title: e.Title.In(d.Lang), Detail: e.Text.In(d.Lang), When: web.View{Visit: d.Visit}.Moment(e.At), Soon: e.Urgent}
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

// queues are the parts of the queue as its own page has them, with those that do each kind of work.
var queues = []struct {
	view, zh, en string
	filter       casework.Filter
}{
	{"verify", "核实", "Verify", casework.Filter{View: casework.Under, Gives: []string{"application", "authorisation", "acceptance", "check", "survey", "visit", "opinion", "review", "papers"}}},
	{"decide", "决定", "Decide", casework.Filter{View: casework.Under, Gives: []string{"confirmation", "meeting"}}},
	{"notice", "公示公布", "Notices", casework.Filter{View: casework.Under, Gives: []string{"notice", "publication"}}},
	{"returned", "退回", "Returned", casework.Filter{View: casework.Returned}},
	{"emergencies", "急难", "Emergencies", casework.Filter{View: casework.Emergencies}},
}

// cases is the queue: what is due first, and how much there is of each kind of work.
func (p *Pages) cases(ctx context.Context, tx pgx.Tx, d *on) error {
	first := len(d.page.Parts) == 0
	in := casework.Named(d.Session.Posting.Area)
	all, err := p.Casework.Queue(ctx, tx, casework.Filter{View: casework.Mine, Area: in, Now: d.Now(), Most: rowsOf1})
	if err != nil {
		return err
	}
	counted := []casework.Filter{{View: casework.Mine}, {View: casework.Due}, {View: casework.OverdueView}}
	if first {
		for _, q := range queues {
			counted = append(counted, q.filter)
		}
	}
	for n := range counted {
		counted[n].Now = d.Now()
	}
	counts, err := p.Casework.Counts(ctx, tx, in, counted)
	if err != nil {
		return err
	}
	d.figure(counts[0], "待我办的事项", "Cases for me", "/cases?view=mine")
	d.figure(counts[1], "三天内到期", "Due in three days", "/cases?view=due")
	d.late(counts[2], "超期事项", "Cases overdue", "/cases?view=overdue")
	var kinds []tab
	for n, count := range counts[3:] {
		if count > 0 {
			kinds = append(kinds, tab{"/cases?view=" + queues[n].view, d.Say(queues[n].zh, queues[n].en), d.count(count)})
		}
	}
	d.add(part{Tabs: kinds, Title: d.Say("待我办的事项", "Cases that wait for me"), To: "/cases?view=mine", Rows: p.items(d, all),
		Empty: d.Say("没有等您办的事项", "No case waits for you"), How: d.Say("到了您这一步的事项会按期限排在这里", "Cases that come to your step appear here by their limits")})
	return nil
}

// items are cases as rows.
func (p *Pages) items(d *on, all []*casework.Queued) (rows []row) {
	for _, q := range all {
		r := row{To: fmt.Sprintf("/cases/%d", q.ID), Title: q.Name.In(d.Lang), Detail: join(web.MaskedName(q.Called), p.short(q.Area)), Late: q.Overdue(d.Now())}
		if q.Next != nil {
			what, _ := q.Comes()
			r.Mark = what.In(d.Lang)
		}
		if !q.Deadline.IsZero() {
			r.When, r.Soon = p.until(d, q.Deadline), q.Deadline.Sub(d.Now()) <= soonest
		}
		rows = append(rows, r)
	}
	return rows
}

func (p *Pages) reviews(ctx context.Context, tx pgx.Tx, d *on) error {
	open, over, err := p.Casework.ReviewCounts(ctx, tx, d.Today(), most)
	if err != nil {
		return err
	}
	d.figure(open, "定期核查待办", "Reviews to be done", "/reviews")
	d.late(over, "核查超期", "Reviews overdue", "/reviews") // they stand first there
	return nil
}
