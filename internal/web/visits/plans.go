package visits

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// option is a choice of a filter or a form.
type option struct{ Code, Name string }

// plans is the planned visits of an area.
type plans struct {
	Rows     []row
	Filter   map[string]string // as the address has it
	Filtered bool
	Purposes []option
	Visitors []option
	Areas    []option
	Dues     []option
	First    string // path of the first page, "" on it
	Next     string
}

const mostPlans = 50

// plans shows the planned visits, those that are due first before the others, from after the one that the address names.
func (p *Pages) plans(v *web.Visit) error {
	q := v.R.URL.Query()
	after, err := afterOf(q.Get("after"))
	if err != nil {
		return err
	}
	page := plans{Filter: map[string]string{}, Purposes: purposes(v), Areas: p.below(v),
		Dues: []option{{"over", v.Say("已超期", "overdue")}, {"today", v.Say("到今天为止", "by today")}, {"week", v.Say("7天内", "within 7 days")}}}
	kept := url.Values{}
	for _, name := range []string{"purpose", "visitor", "area", "due"} {
		if value := q.Get(name); value != "" {
			page.Filter[name], page.Filtered = value, true
			kept.Set(name, value)
		}
	}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Visits.Planned(ctx, tx, filterOf(v, q), after, mostPlans+1)
		if err != nil {
			return err
		}
		if len(all) > mostPlans {
			all = all[:mostPlans]
			last := all[mostPlans-1]
			kept.Set("after", placeOf(last))
			page.Next = "/visit-plans?" + kept.Encode()
		}
		for _, one := range all {
			page.Rows = append(page.Rows, rowOf(v, one))
		}
		page.Visitors, err = colleagues(ctx, tx, v)
		return err
	})
	if err != nil {
		return err
	}
	if after.ID != 0 {
		kept.Del("after")
		page.First = "/visit-plans?" + kept.Encode()
	}
	return v.Render(http.StatusOK, p.templates, "plans", page)
}

// exportedPlans gives the planned visits as a file.
func (p *Pages) exportedPlans() *web.Export {
	return &web.Export{Zh: "走访安排", En: "Visits planned", Personal: true,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("编号", "No."), v.Say("最迟", "Due"), v.Say("户主", "Household of"), v.Say("地方", "Place"), v.Say("目的", "Purpose"), v.Say("预警", "Warnings"), v.Say("走访人", "Visitors"),
				v.Say("看什么", "What to look at")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			q := v.R.URL.Query()
			after, err := afterOf(q.Get("after"))
			if err != nil {
				return nil, "", err
			}
			all, err := p.Visits.Planned(ctx, tx, filterOf(v, q), after, web.ExportPage)
			for _, one := range all {
				r, why := rowOf(v, one), []string{}
				for _, w := range one.Why {
					why = append(why, w.Name.In(v.Lang))
				}
				rows = append(rows, []string{strconv.FormatInt(one.ID, 10), one.Due.String(), r.Name, v.Place(one.Area), one.Purpose.Name(v.Lang), strings.Join(why, v.Say("、", ", ")),
					strings.Join(r.Who, v.Say("、", ", ")), one.Note})
			}
			if len(all) == web.ExportPage {
				next = placeOf(all[len(all)-1])
			}
			return rows, next, err
		}}
}

// filterOf reads the filters of an address; what is none filters nothing.
func filterOf(v *web.Visit, q url.Values) visit.Filter {
	f := visit.Filter{Purpose: visit.Purpose(q.Get("purpose"))}
	f.Visitor, _ = strconv.ParseInt(q.Get("visitor"), 10, 64)
	f.Area, _ = area.Parse(q.Get("area"))
	switch q.Get("due") {
	case "over":
		f.DueBy = v.Today() - 1
	case "today":
		f.DueBy = v.Today()
	case "week":
		f.DueBy = v.Today().AddDays(7)
	}
	return f
}

func purposes(v *web.Visit) []option {
	var all []option
	for _, purpose := range visit.Purposes() {
		all = append(all, option{string(purpose), purpose.Name(v.Lang)})
	}
	return all
}

// below are the places directly below the visitor's own.
func (p *Pages) below(v *web.Visit) []option {
	var all []option
	for _, c := range p.Areas.Children(v.Session.Posting.Area) {
		all = append(all, option{c.String(), p.Areas.Short(c)})
	}
	return all
}

// colleagues are who may be sent, each with the role.
func colleagues(ctx context.Context, tx pgx.Tx, v *web.Visit) ([]option, error) {
	all, err := access.Colleagues(ctx, tx, v.Today())
	if err != nil {
		return nil, err
	}
	var named []option
	for _, c := range all {
		named = append(named, option{strconv.FormatInt(c.Account, 10), c.Name + v.Say("（", " (") + c.Role.Name(v.Lang) + v.Say("）", ")")})
	}
	return named, nil
}

// placeOf is a visit's place in the list.
func placeOf(one visit.Visit) string { return fmt.Sprintf("%s.%d", one.Due, one.ID) }

// afterOf is the visit after which a page begins, written as its last day and its number.
func afterOf(written string) (after visit.Visit, err error) {
	if written == "" {
		return after, nil
	}
	due, number, _ := strings.Cut(written, ".")
	if after.Due, err = calendar.Parse(due); err == nil {
		after.ID, err = strconv.ParseInt(number, 10, 64)
	}
	if err != nil {
		return after, fault.New(fault.NotFound, noPage, nil)
	}
	return after, nil
}

// planned is a visit that is planned, to be given to others, put off or called off.
type planned struct {
	row
	Form  url.Values
	Who   []sent
	Wrong []wrong
	Seen  string // how the visit stood when the form was shown
}

// sent is a colleague who may be sent.
type sent struct {
	Account   int64
	Name      string
	Role      string
	Place     string
	Suggested bool // posted at the household's village or above
	On        bool
}

func (p *Pages) onePlan(v *web.Visit) error { return p.showPlan(v, http.StatusOK, planned{}) }

func (p *Pages) showPlan(v *web.Visit, status int, page planned) error {
	number, err := id(v, "visit")
	if err != nil {
		return err
	}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		one, err := p.Visits.One(ctx, tx, number)
		if err != nil {
			return err
		}
		going, err := visit.GoingOf(ctx, tx, number)
		if err != nil {
			return err
		}
		page.row, page.Seen = rowOf(v, one), stands(going)
		if page.Form == nil {
			page.Form = url.Values{"due": {one.Due.String()}}
			for _, who := range one.Visitors {
				page.Form.Add("to", strconv.FormatInt(who.Account, 10))
			}
		}
		page.Who, err = p.mayBeSent(ctx, tx, v, one.Area, page.Form["to"])
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "plan", page)
}

// stands says who goes by when, so that a form that was written over an older state is known.
func stands(g visit.Going) string { return fmt.Sprint(g.State, g.Due, g.Visitors) }

// mayBeSent are the colleagues of a household's township, and those above it: first who is posted at its village.
func (p *Pages) mayBeSent(ctx context.Context, tx pgx.Tx, v *web.Visit, village area.Code, chosen []string) ([]sent, error) {
	all, err := access.Colleagues(ctx, tx, v.Today())
	if err != nil {
		return nil, err
	}
	township := village.At(area.Township)
	var who []sent
	for _, c := range all {
		on := slices.Contains(chosen, strconv.FormatInt(c.Account, 10))
		if !on && !c.Area.Contains(village) && !township.Contains(c.Area) {
			continue
		}
		who = append(who, sent{c.Account, c.Name, c.Role.Name(v.Lang), v.Place(c.Area), c.Area.Contains(village), on})
	}
	slices.SortStableFunc(who, func(a, b sent) int {
		if a.Suggested == b.Suggested {
			return 0
		}
		if a.Suggested {
			return -1
		}
		return 1
	})
	return who, nil
}

var outOfDate = fault.Text{Key: "visits.out-of-date", Zh: "这次走访已经改过，请按现在的安排再定", En: "this visit has been changed meanwhile: decide by how it stands now"}

// replan gives a planned visit to others, or calls it off.
func (p *Pages) replan(v *web.Visit) error {
	number, err := id(v, "visit")
	if err != nil {
		return err
	}
	f := v.R.PostForm
	err = v.Act(access.ForVisit, func(ctx context.Context, tx pgx.Tx) (string, error) {
		before, err := visit.GoingOf(ctx, tx, number)
		if err != nil {
			return "", err
		}
		if f.Get("seen") != stands(before) {
			return "", fault.New(fault.Conflict, outOfDate, nil)
		}
		if err := p.change(ctx, tx, v, number); err != nil {
			return "", err
		}
		after, err := visit.GoingOf(ctx, tx, number)
		if err != nil {
			return "", err
		}
		return "/visit-plans", p.Telling.VisitChanged(ctx, tx, before, after, v.Key())
	})
	if err == nil || fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.NotFound {
		return err
	}
	status, message := v.Explain(err)
	page := planned{Wrong: []wrong{{"", message}}, Form: f}
	if fault.KindOf(err) == fault.Conflict { // what stands now is what is to be changed; the reason is kept
		page.Form = nil
	}
	return p.showPlan(v, status, page)
}

// accounts reads the accounts that a form chose.
func accounts(written []string) []int64 {
	var all []int64
	for _, w := range written {
		if account, err := strconv.ParseInt(w, 10, 64); err == nil {
			all = append(all, account)
		}
	}
	return all
}

// change does what a form asks for to a planned visit.
func (p *Pages) change(ctx context.Context, tx pgx.Tx, v *web.Visit, number int64) error {
	if v.R.PostFormValue("do") == "cancel" {
		return visit.Cancel(ctx, tx, number, v.R.PostFormValue("reason"))
	}
	due, err := calendar.Parse(v.R.PostFormValue("due"))
	if err != nil {
		return err
	}
	return visit.Reassign(ctx, tx, number, accounts(v.R.PostForm["to"]), due, v.Today())
}
