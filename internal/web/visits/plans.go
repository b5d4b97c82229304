package visits

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// plans is the planned visits of an area, and who may be sent.
type plans struct {
	Rows       []row
	Colleagues []access.Colleague
	First      string // path of the first page, "" on it
	Next       string
	Wrong      []wrong
}

const mostPlans = 50

func (p *Pages) plans(v *web.Visit) error { return p.showPlans(v, http.StatusOK, nil) }

// showPlans shows the planned visits, those that are due first before the others, from after the one that the address names.
func (p *Pages) showPlans(v *web.Visit, status int, faults []wrong) error {
	after, err := afterOf(v)
	if err != nil {
		return err
	}
	page := plans{Wrong: faults}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Visits.Planned(ctx, tx, after, mostPlans+1)
		if err != nil {
			return err
		}
		if len(all) > mostPlans {
			all = all[:mostPlans]
			last := all[mostPlans-1]
			page.Next = "/visit-plans?" + url.Values{"due": {last.Due.String()}, "id": {strconv.FormatInt(last.ID, 10)}}.Encode()
		}
		for _, one := range all {
			page.Rows = append(page.Rows, rowOf(v, one))
		}
		page.Colleagues, err = access.Colleagues(ctx, tx, v.Today())
		return err
	})
	if err != nil {
		return err
	}
	if after.ID != 0 {
		page.First = "/visit-plans"
	}
	return v.Render(status, p.templates, "plans", page)
}

// afterOf is the visit after which the page begins.
func afterOf(v *web.Visit) (after visit.Visit, err error) {
	q := v.R.URL.Query()
	if q.Get("id") == "" || v.R.Method != http.MethodGet {
		return after, nil
	}
	if after.Due, err = calendar.Parse(q.Get("due")); err == nil {
		after.ID, err = strconv.ParseInt(q.Get("id"), 10, 64)
	}
	if err != nil {
		return after, fault.New(fault.NotFound, noPage, nil)
	}
	return after, nil
}

// replan gives a planned visit to others, or calls it off.
func (p *Pages) replan(v *web.Visit) error {
	number, err := id(v, "visit")
	if err != nil {
		return err
	}
	err = v.Act(access.ForVisit, func(ctx context.Context, tx pgx.Tx) (string, error) {
		if v.R.PostFormValue("do") == "cancel" {
			return "/visit-plans", visit.Cancel(ctx, tx, number, v.R.PostFormValue("reason"))
		}
		due, err := calendar.Parse(v.R.PostFormValue("due"))
		if err != nil {
			return "", err
		}
		var to []int64
		for _, written := range v.R.PostForm["to"] {
			if account, err := strconv.ParseInt(written, 10, 64); err == nil {
				to = append(to, account)
			}
		}
		return "/visit-plans", visit.Reassign(ctx, tx, number, to, due)
	})
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	status, message := v.Explain(err)
	return p.showPlans(v, status, []wrong{{fmt.Sprintf("visit-%d", number), message}})
}
