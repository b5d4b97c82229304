package cases

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/web"
)

// tab is a part of the queue.
type tab struct {
	ID     string
	Zh, En string
	view   casework.View
	gives  []string
	Empty  pack.Text
}

var tabs = []tab{
	{"mine", "待我办", "For me", casework.Mine, nil, pack.Text{Zh: "现在没有等您办的事项。到了您这一步的会出现在这里。", En: "Nothing waits for you now. What comes to your step appears here."}},
	{"verify", "核实", "Verify", casework.Under, []string{"application", "authorisation", "acceptance", "check", "survey", "visit", "opinion", "review", "papers"},
		pack.Text{Zh: "没有正在受理、核对、调查的事项。", En: "Nothing is being accepted, checked or surveyed."}},
	{"notice", "公示公布", "Notices", casework.Under, []string{"notice", "publication"}, pack.Text{Zh: "没有要公示、公布的事项。", En: "Nothing is to be posted."}},
	{"decide", "决定", "Decide", casework.Under, []string{"confirmation", "meeting"}, pack.Text{Zh: "没有等待决定的事项。", En: "Nothing waits for a decision."}},
	{"due", "三天内到期", "Due in three days", casework.Due, nil, pack.Text{Zh: "三天内没有到期的事项。", En: "Nothing is due within three days."}},
	{"returned", "退回", "Returned", casework.Returned, nil, pack.Text{Zh: "没有退回更正的事项。", En: "Nothing has been returned for mending."}},
	{"emergencies", "急难", "Emergencies", casework.Emergencies, nil, pack.Text{Zh: "没有急难事项。", En: "There is no emergency."}},
	{"overdue", "超期", "Overdue", casework.OverdueView, nil, pack.Text{Zh: "没有超期的事项。", En: "Nothing is overdue."}},
	{"under", "全部在办", "All under way", casework.Under, nil, pack.Text{Zh: "没有在办的事项。从家庭档案或预警可以发起申报。", En: "Nothing is under way. A filing begins at a household's file or at a warning."}},
	{"suspended", "已叫停", "Suspended", casework.Suspended, nil, pack.Text{Zh: "没有叫停的事项。", En: "Nothing is suspended."}},
	{"ended", "已办结", "Closed", casework.Ended, nil, pack.Text{Zh: "没有办结的事项。", En: "Nothing is closed."}},
}

// queuePage is a page of the queue.
type queuePage struct {
	Tabs       []tab
	Tab        tab
	Rows       []row
	Query      url.Values // the filters, without the place in the list
	Count      string
	First      string // the address of the first page, "" of that itself
	More       string // the address of the page after, "" of the last
	Programmes []choice
	Townships  []choice
	MayFile    bool
}

// choice is something to choose from.
type choice struct {
	Value, Name string
	Chosen      bool
}

// row is an item in a list.
type row struct {
	*casework.Queued
	Left     left
	Place    string
	Link     string
	What, By string // what comes next, and who does it
}

// left is how much time something has.
type left struct {
	Text       string
	Late, Soon bool
	Now, Max   int // working days left of a bar's; Max 0 is no bar
}

// perPage is items of a page of a list.
const perPage = 40

// countedTo is up to which a list is counted.
const countedTo = 10_000

func (p *Pages) queue(v *web.Visit) error {
	f, page, err := p.filter(v)
	if err != nil {
		return err
	}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		items, err := p.Casework.Queue(ctx, tx, f)
		if err != nil {
			return err
		}
		if len(items) > perPage {
			items = items[:perPage]
			page.More = "/cases?" + web.With(page.Query, "after", placeText(items[perPage-1].Place())).Encode()
		}
		for _, q := range items {
			page.Rows = append(page.Rows, p.row(v, q, page.Query))
		}
		n, err := p.Casework.Count(ctx, tx, f, countedTo+1)
		page.Count = v.Counted(n, countedTo)
		return err
	})
	if err != nil {
		return err
	}
	if f.After.ID != 0 {
		page.First = "/cases?" + page.Query.Encode()
	}
	return v.Render(http.StatusOK, p.templates, "queue", page)
}

// filter is what the address asks the queue for.
func (p *Pages) filter(v *web.Visit) (casework.Filter, *queuePage, error) {
	q := v.R.URL.Query()
	page := &queuePage{Tabs: tabs, Tab: tabs[0], Query: url.Values{}, MayFile: files.Admits(v.Session)}
	if !handles.Admits(v.Session) {
		page.Tab = tabs[slices.IndexFunc(tabs, func(t tab) bool { return t.ID == "under" })]
	}
	for _, t := range tabs {
		if t.ID == q.Get("view") {
			page.Tab = t
		}
	}
	page.Query.Set("view", page.Tab.ID)
	f := casework.Filter{View: page.Tab.view, Area: casework.Named(v.Session.Posting.Area), Gives: page.Tab.gives, Now: v.Now(), Most: perPage + 1}
	for _, name := range []string{"programme", "area", "kin", "called", "sort"} {
		if q.Get(name) != "" {
			page.Query.Set(name, q.Get(name))
		}
	}
	f.Programme, f.NearKin, f.Called, f.Newest = q.Get("programme"), q.Get("kin") != "", strings.TrimSpace(q.Get("called")), q.Get("sort") == "new"
	if s := q.Get("area"); s != "" {
		code, err := area.Parse(s)
		if err != nil {
			return f, nil, err
		}
		f.Area = code
	}
	after, err := parsePlace(q.Get("after"))
	if err != nil {
		return f, nil, err
	}
	f.After = after
	page.Programmes = p.programmes(v.Lang, f.Programme)
	page.Townships = p.below(v, f.Area)
	return f, page, nil
}

var badPlace = fault.Text{Key: "cases.bad-place", Zh: "翻页的位置读不了，请从列表开头看起", En: "the place in the list cannot be read; begin at its beginning"}

func placeText(a casework.After) string {
	if a.Deadline.IsZero() {
		return fmt.Sprint("-.", a.ID)
	}
	return fmt.Sprint(a.Deadline.UnixMicro(), ".", a.ID)
}

func parsePlace(s string) (a casework.After, err error) {
	if s == "" {
		return a, nil
	}
	var micro string
	for i := range s {
		if s[i] == '.' {
			micro, s = s[:i], s[i+1:]
			break
		}
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || micro == "" {
		return a, fault.New(fault.Invalid, badPlace, nil)
	}
	a.ID = id
	if micro == "-" {
		return a, nil
	}
	n, err := strconv.ParseInt(micro, 10, 64)
	if err != nil {
		return a, fault.New(fault.Invalid, badPlace, nil)
	}
	a.Deadline = time.UnixMicro(n)
	return a, nil
}

// programmes are what a list can be narrowed to.
func (p *Pages) programmes(lang fault.Lang, chosen string) []choice {
	var all []choice
	for _, q := range p.Pack.Programmes {
		if p.Pack.Workflow.ProcedureOf(q.ID) != nil {
			all = append(all, choice{q.ID, q.Name.In(lang), q.ID == chosen})
		}
	}
	for _, c := range p.categories(lang) {
		c.Chosen = c.Value == chosen
		all = append(all, c)
	}
	return all
}

// categories are the statuses that casework recognises.
func (p *Pages) categories(lang fault.Lang) []choice {
	var all []choice
	for _, q := range p.Pack.Workflow.Procedures {
		for _, id := range q.Recognises {
			all = append(all, choice{Value: id, Name: p.categoryName(id).In(lang)})
		}
	}
	return all
}

func (p *Pages) categoryName(id string) pack.Text {
	if list := p.Pack.Codes[p.Pack.Workflow.Categories]; list != nil {
		for _, c := range list.Codes {
			if c.ID == id {
				return c.Name
			}
		}
	}
	return pack.Text{Zh: id, En: id}
}

// below are the places directly in the visitor's area, by which a list is narrowed.
func (p *Pages) below(v *web.Visit, chosen area.Code) []choice {
	t := p.Pack.Areas
	if t == nil || v.Session.Posting.Area == 0 {
		return nil
	}
	var all []choice
	for _, c := range t.Children(v.Session.Posting.Area) {
		all = append(all, choice{c.String(), t.Name(c), c == chosen})
	}
	return all
}

func (p *Pages) row(v *web.Visit, q *casework.Queued, query url.Values) row {
	link := fmt.Sprintf("/cases/%d", q.ID)
	if len(query) > 0 {
		link += "?" + query.Encode()
	}
	what, by := q.Comes()
	return row{q, p.left(v, q), p.short(q.Area), link, what.In(v.Lang), word("actor", by, v.Lang)}
}

// short is a place as it is told among its neighbours.
func (p *Pages) short(c area.Code) string {
	if p.Pack.Areas == nil || !p.Pack.Areas.Has(c) {
		return c.String()
	}
	return p.Pack.Areas.Short(c)
}

// barDays is working days of the bar that shows how many are left.
const barDays = 10

// left is how much time an item has, in working days where the calendar knows them.
func (p *Pages) left(v *web.Visit, q *casework.Queued) left {
	now := v.Now()
	switch {
	case q.State == "ended":
		return left{}
	case q.State == "suspended":
		return left{Text: v.Say("停计", "stopped")}
	case q.Deadline.IsZero() && q.DueUnknown:
		return left{Text: v.Say("期限未定：没有当年节假日安排", "not known: no holidays of that year")}
	case q.Deadline.IsZero():
		return left{Text: v.Say("无期限", "no limit")}
	}
	late := q.Overdue(now)
	if hours := int(q.Deadline.Sub(now).Hours()); !late && hours < 24 && q.Occasion == casework.Emergency {
		return left{Text: v.Say(fmt.Sprintf("剩%d小时", hours), web.Plural(hours, "hour")+" left"), Soon: true}
	}
	today, last := dayOf(now), dayOf(q.Deadline.Add(-time.Nanosecond))
	n, err := p.Pack.Calendar.Between(today, last)
	unitZh, unitEn := "个工作日", "working day"
	var f *fault.Error
	if errors.As(err, &f) {
		n, unitZh, unitEn = calendar.Days(today, last), "天", "day"
	}
	switch {
	case late:
		return left{Text: v.Say(fmt.Sprintf("超期%d%s", max(-n, 1), unitZh), web.Plural(max(-n, 1), unitEn)+" late"), Late: true, Max: barDays}
	case n <= 0:
		return left{Text: v.Say("今天到期", "due today"), Soon: true, Max: barDays}
	}
	return left{Text: v.Say(fmt.Sprintf("剩%d%s", n, unitZh), web.Plural(n, unitEn)+" left"), Soon: n <= 2, Now: min(n, barDays), Max: barDays}
}
