package warnings

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// tab is a part of the inbox.
type tab struct {
	ID     string
	Zh, En string
	Empty  pack.Text
}

var tabs = []tab{
	{"open", "全部未办", "All open", pack.Text{Zh: "这里没有未办的预警。平台发现新情况、有人扫码或打热线，会出现在这里。", En: "No warning waits here. What the platform finds, and what people report, appears here."}},
	{"desk", "本岗待办", "At my desk", pack.Text{Zh: "没有派到本岗的预警。派给您的岗位、或超期升级上来的，会出现在这里。", En: "Nothing lies at your desk. What is sent there, or was left too long elsewhere, appears here."}},
	{"mine", "我的", "Mine", pack.Text{Zh: "您还没有认领预警。在“全部未办”里选中后点“认领”。", En: "You have claimed none. Select some under “All open” and claim them."}},
	{"verified", "待确认", "To confirm", pack.Text{Zh: "没有等镇街确认的预警。协理员核实以后会出现在这里。", En: "Nothing waits to be confirmed. What assistants have verified appears here."}},
	{"overdue", "超期", "Overdue", pack.Text{Zh: "没有超期的预警。", En: "Nothing is overdue."}},
	{"nobody", "找不到人的报告", "Nobody found yet", pack.Text{Zh: "没有还没找到是哪一户的报告。", En: "Every report has its household."}},
	{"ended", "平台已不再提示", "No longer warned of", pack.Text{Zh: "没有办到一半、平台已不再提示的预警。", En: "The engine has closed nothing that somebody works on."}},
	{"quiet", "静默中", "Quiet", pack.Text{Zh: "没有静默中的预警。答复过的预警，静默期内再次触发会收在这里。", En: "Nothing is quiet. What is raised again within the quiet days of an answer is kept here."}},
	{"answered", "已答复", "Answered", pack.Text{Zh: "还没有答复过的预警。", En: "None was answered yet."}},
}

// row is a round in the list.
type row struct {
	warning.Item
	Name   string
	Head   string // masked
	Of     string // masked, "" of the household as a whole
	Where  string
	Days   int
	HasDue bool
	At     string // the desk
	Why    string // the reason of a "no", given or proposed
}

// inboxPage is a page of the inbox.
type inboxPage struct {
	Tabs       []tab
	Tab        tab
	Rows       []row
	Query      url.Values // the filters, without the place in the list
	Count      string
	First      string
	Next       string
	Levels     []choice
	Mechanisms []choice
	Rules      []choice
	Places     []choice
	Workers    []choice
	Reasons    []*pack.Reason
	May        offers
	Wrong      string
	Done       string
	Reason     string // kept when something was wrong
	Picked     map[string]bool
}

// offers is what the visitor may do.
type offers struct{ Claim, Assign, Visit, Confirm, Dismiss, Reopen, Match, File bool }

func offersTo(s access.Session) offers {
	r := s.Posting.Role
	manages := s.May(access.ConfirmWarning)
	works := manages || s.May(access.Visit) || r == access.Department
	return offers{Claim: works, Assign: manages, Visit: manages || s.May(access.Visit), Confirm: manages || r == access.Department, Dismiss: works, Reopen: manages,
		Match: manages || s.May(access.Visit), File: s.May(access.SeeFile) && r != access.Department} // a department reads no register
}

const (
	perPage = 50
	counted = 10_000
)

func (p *Pages) inbox(v *web.Visit) error {
	page, f := p.asked(v)
	return p.showInbox(v, http.StatusOK, page, f)
}

func (p *Pages) showInbox(v *web.Visit, status int, page *inboxPage, f warning.Filter) error {
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		list, err := p.Warnings.Inbox(ctx, tx, f)
		if err != nil {
			return err
		}
		n, err := p.Warnings.Count(ctx, tx, f, counted)
		if err != nil {
			return err
		}
		page.Count = v.Counted(n, counted)
		for _, i := range list.Items {
			page.Rows = append(page.Rows, p.row(v, i))
		}
		if list.More {
			page.Next = "/warnings?" + web.With(page.Query, "after", afterText(list.Next)).Encode()
		}
		if page.May.Assign {
			page.Workers, err = p.workers(ctx, tx, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	if f.After.ID != 0 {
		page.First = "/warnings?" + page.Query.Encode()
	}
	return v.Render(status, p.templates, "inbox", page)
}

func (p *Pages) workers(ctx context.Context, tx pgx.Tx, v *web.Visit) ([]choice, error) {
	all, err := warning.Workers(ctx, tx, v.Today())
	if err != nil {
		return nil, err
	}
	var choices []choice
	for _, c := range all {
		choices = append(choices, choice{c.Account, fmt.Sprintf("%s · %s %s", c.Name, p.place(v, c.Area), c.Role.Name(v.Lang))})
	}
	return choices, nil
}

func (p *Pages) row(v *web.Visit, i warning.Item) row {
	r := row{Item: i, Name: p.ruleName(i.Rule, v.Lang), Head: web.MaskedName(i.Head), Of: web.MaskedName(i.Of), Where: p.place(v, i.Area), At: p.routeName(i.Route, v.Lang)}
	if i.Reason != "" {
		r.Why = p.reasonName(i.Reason, v.Lang)
	}
	if i.State.Open() {
		r.Days, r.HasDue = p.left(i.Due, v.Today())
	}
	return r
}

// asked is what the address asks the inbox for. What it says wrongly is left out.
func (p *Pages) asked(v *web.Visit) (*inboxPage, warning.Filter) {
	q := v.R.URL.Query()
	if v.R.Method == http.MethodPost { // the filters of the list that was sent
		q, _ = url.ParseQuery(v.R.PostFormValue("query"))
	}
	page := &inboxPage{Tabs: p.tabsOf(v), Query: url.Values{}, May: offersTo(v.Session), Reasons: withoutNote(p.Warnings.Reasons()), Picked: map[string]bool{}}
	page.Tab = page.Tabs[0]
	for _, t := range page.Tabs {
		if t.ID == q.Get("view") {
			page.Tab = t
		}
	}
	page.Query.Set("view", page.Tab.ID)
	f := warning.Filter{Today: v.Today(), Most: perPage}
	p.byTab(v, page.Tab.ID, &f)
	keep := func(name, value string, ok bool) bool {
		if ok = ok && value != ""; ok {
			page.Query.Set(name, value)
		}
		return ok
	}
	for _, level := range []string{"red", "orange", "yellow", "blue"} {
		page.Levels = append(page.Levels, choice{level, levelName(v, level)})
	}
	if l := q.Get("level"); keep("level", l, slices.Contains([]string{"red", "orange", "yellow", "blue"}, l)) {
		f.Levels = []string{l}
	}
	for _, m := range p.Pack.Mechanisms {
		page.Mechanisms = append(page.Mechanisms, choice{m.ID, m.Name.In(v.Lang)})
		if q.Get("mechanism") == m.ID && keep("mechanism", m.ID, true) {
			f.Mechanisms = []string{m.ID}
		}
		for _, r := range m.Rules {
			if f.Mechanisms == nil || f.Mechanisms[0] == m.ID {
				page.Rules = append(page.Rules, choice{r.ID, r.Name.In(v.Lang)})
			}
			if q.Get("rule") == r.ID && keep("rule", r.ID, true) {
				f.Rules = []string{r.ID}
			}
		}
	}
	if at := codeOf(q.Get("place")); keep("place", q.Get("place"), at != 0 && v.Session.Posting.Area.Contains(at)) {
		f.Within = at
	}
	page.Places, page.Done = p.places(v, f.Within), told(v)
	f.After = parseAfter(q.Get("after"))
	return page, f
}

// withoutNote are the reasons that need no word of their own, and so can be given of many at once.
func withoutNote(all []*pack.Reason) []*pack.Reason {
	return slices.DeleteFunc(slices.Clone(all), func(r *pack.Reason) bool { return r.Note })
}

// Filtered reports whether the list is narrowed.
func (p *inboxPage) Filtered() bool { return len(p.Query) > 1 }

// tabsOf are the parts of the inbox that the visitor has a use for, the first of which is where they land.
func (p *Pages) tabsOf(v *web.Visit) []tab {
	role := v.Session.Posting.Role
	var all []tab
	for _, t := range tabs {
		switch {
		case t.ID == "desk" && p.desk(role) == "", t.ID == "mine" && !offersTo(v.Session).Claim, t.ID == "nobody" && role == access.Department:
			continue
		case t.ID == "desk" && (role == access.Supervisor || role == access.Department):
			all = append([]tab{t}, all...)
		default:
			all = append(all, t)
		}
	}
	return all
}

func (p *Pages) byTab(v *web.Visit, id string, f *warning.Filter) {
	switch id {
	case "desk":
		f.Route = p.desk(v.Session.Posting.Role)
	case "mine":
		f.Account = v.Session.Account
	case "verified":
		f.States = []warning.State{warning.Verified}
	case "overdue":
		f.Overdue = true
	case "nobody":
		f.Nobody = true
	case "ended":
		f.Ended = true
	case "quiet":
		f.States = []warning.State{warning.Quiet}
	case "answered":
		f.States = []warning.State{warning.Helped, warning.Dismissed}
	}
}

// places are those below the one chosen, or below the visitor's own.
func (p *Pages) places(v *web.Visit, chosen area.Code) []choice {
	at := v.Session.Posting.Area
	if chosen != 0 && chosen.Level() < area.Village {
		at = chosen
	} else if chosen != 0 {
		at = chosen.Parent()
	}
	var all []choice
	if at != v.Session.Posting.Area && v.Session.Posting.Area.Contains(at) {
		all = append(all, choice{at.String(), p.place(v, at)})
	}
	for _, c := range p.Pack.Areas.Children(at) {
		all = append(all, choice{c.String(), p.Pack.Areas.Name(c)})
	}
	return all
}

func afterText(a warning.After) string { return fmt.Sprintf("%d_%d_%d", a.Rank, a.Due, a.ID) }

func parseAfter(text string) warning.After {
	var a warning.After
	if _, err := fmt.Sscanf(text, "%d_%d_%d", &a.Rank, &a.Due, &a.ID); err != nil || a.ID <= 0 {
		return warning.After{}
	}
	return a
}

// many does an act to the rounds that were selected.
func (p *Pages) many(v *web.Visit) error {
	var ids []int64
	for _, text := range v.R.PostForm["id"] {
		if id := atoi(text); id > 0 {
			ids = append(ids, id)
		}
	}
	page, f := p.asked(v)
	err := v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		done, err := p.doAct(ctx, tx, v, ids)
		return "/warnings?" + web.With(web.With(page.Query, "done", strconv.Itoa(len(done.Done)+len(done.Already))), "refused", strconv.Itoa(len(done.Refused))).Encode(), err
	})
	if err == nil {
		return nil
	}
	status, message := v.Explain(err)
	page.Wrong, page.Reason = message, v.R.PostFormValue("reason")
	for _, id := range ids {
		page.Picked[strconv.FormatInt(id, 10)] = true
	}
	return p.showInbox(v, status, page, f)
}

// told is what the last act on several came to, as the address says it.
func told(v *web.Visit) string {
	q := v.R.URL.Query()
	done, refused := atoi(q.Get("done")), atoi(q.Get("refused"))
	switch {
	case q.Get("done") == "":
		return ""
	case refused > 0:
		return v.Say(fmt.Sprintf("办好%d条；另有%d条没有办成：已有人办过，或不由您的岗位办。", done, refused), fmt.Sprintf("%d done; %d were not: somebody else had dealt with them, or they are not for your post.", done, refused))
	}
	return v.Say(fmt.Sprintf("办好%d条。", done), fmt.Sprintf("%d done.", done))
}

// exported gives the list as a file, names masked as on the page.
func (p *Pages) exported() *web.Export {
	return &web.Export{Zh: "预警", En: "Warnings", Personal: true,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("编号", "Number"), v.Say("级别", "Level"), v.Say("预警", "Warning"), v.Say("户主", "Head"), v.Say("当事人", "Person"), v.Say("村、社区", "Village"),
				v.Say("期限", "Due"), v.Say("状态", "State"), v.Say("所在岗位", "Desk"), v.Say("经办人", "Who"), v.Say("理由", "Reason")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			_, f := p.asked(v)
			f.Most = web.ExportPage
			list, err := p.Warnings.Inbox(ctx, tx, f)
			if err != nil {
				return nil, "", err
			}
			for _, i := range list.Items {
				r, due := p.row(v, i), ""
				if r.HasDue {
					due = r.Due.String()
				}
				rows = append(rows, []string{strconv.FormatInt(r.ID, 10), levelName(v, r.Level), r.Name, r.Head, r.Of, r.Where, due, r.State.Name(v.Lang), r.At, r.Worker, r.Why})
			}
			if list.More {
				next = afterText(list.Next)
			}
			return rows, next, nil
		}}
}

func levelName(v *web.Visit, level string) string {
	return v.Say(map[string]string{"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色"}[level], level)
}

// of leads from a warning of discovery to the round in which it is worked on.
func (p *Pages) of(v *web.Visit) error {
	id, err := number(v, "warning")
	if err != nil {
		return err
	}
	var round int64
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		round, err = p.Warnings.Find(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect(fmt.Sprintf("/warnings/%d", round))
}

var noSuchAct = fault.Text{Key: "warnings.no-such-act", Zh: "没有这种办法。请从页面上的按钮里选", En: "there is no such act: use one of the buttons"}
