package visits

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// newPlan is a visit that somebody plans of their own accord: first the household is searched, then the rest is said.
type newPlan struct {
	Wanted   string
	Found    []foundHome
	Asked    bool
	More     bool
	Home     *registry.Home
	Before   []visit.Visit // that are planned for the household already
	Purposes []visit.Purpose
	Form     url.Values
	Who      []sent
	AtLeast  string
	Wrong    []wrong
}

// foundHome is somebody who was found, with the household.
type foundHome struct {
	registry.Hit
	Household int64
}

// mostFound is how many people a search shows.
const mostFound = 20

// newPlanFor is the form of a visit to the household that the path names.
func (p *Pages) newPlanFor(v *web.Visit) error {
	f := url.Values{"household": {v.R.PathValue("household")}, "due": {v.Today().AddDays(7).String()}}
	return p.showNew(v, http.StatusOK, newPlan{Form: f})
}

// newPlan is the search for the household that is to be visited.
func (p *Pages) newPlan(v *web.Visit) error {
	page := newPlan{Wanted: strings.TrimSpace(v.R.URL.Query().Get("q"))}
	status := http.StatusOK
	if page.Wanted != "" {
		if err := p.find(v, &page); err != nil {
			if fault.KindOf(err) != fault.Invalid {
				return err
			}
			var message string
			status, message = v.Explain(err)
			page.Wrong = []wrong{{"q", message}}
		}
	}
	return v.Render(status, p.templates, "newplan", page)
}

// find searches for people of the visitor's area. That somebody searched is an act, with what by and how many were found, and never for whom.
func (p *Pages) find(v *web.Visit, page *newPlan) error {
	page.Asked = true
	return p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		by := registry.Guess(page.Wanted)
		hits, err := p.Registry.Search(ctx, tx, by, page.Wanted, registry.After{}, mostFound)
		if err != nil {
			return err
		}
		var persons []int64
		for _, h := range hits.Hits {
			persons = append(persons, h.Person)
		}
		households, err := p.Registry.HouseholdsOf(ctx, tx, persons)
		if err != nil {
			return err
		}
		for _, h := range hits.Hits {
			page.Found = append(page.Found, foundHome{h, households[h.Person]})
		}
		page.More = hits.More
		_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "people.search", Subject: "people", Detail: map[string]any{"by": string(by), "found": len(hits.Hits)}})
		return err
	})
}

var noHousehold = fault.Text{Key: "visits.no-household", Zh: "没有这一户，或不在您的辖区", En: "there is no such household, or not in your area"}

// showNew shows the form of a visit to a household.
func (p *Pages) showNew(v *web.Visit, status int, page newPlan) error {
	household, err := strconv.ParseInt(page.Form.Get("household"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, noHousehold, nil)
	}
	page.Purposes, page.AtLeast = visit.ByHand(v.Session.May(access.Supervise)), v.Today().String()
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		homes, err := p.Registry.Homes(ctx, tx, []int64{household})
		if err != nil {
			return err
		}
		home, ok := homes[household]
		if !ok {
			return fault.New(fault.NotFound, noHousehold, nil)
		}
		page.Home = &home
		before, err := p.Visits.Of(ctx, tx, household)
		if err != nil {
			return err
		}
		for _, one := range before {
			if one.State == visit.Planned {
				page.Before = append(page.Before, one)
			}
		}
		page.Who, err = p.mayBeSent(ctx, tx, v, home.Area, page.Form["to"])
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "newplan", page)
}

// makePlan plans the visit that the form says.
func (p *Pages) makePlan(v *web.Visit) error {
	f := v.R.PostForm
	err := v.Act(access.ForVisit, func(ctx context.Context, tx pgx.Tx) (string, error) {
		household, err := strconv.ParseInt(f.Get("household"), 10, 64)
		if err != nil {
			return "", fault.New(fault.NotFound, noHousehold, nil)
		}
		due, err := dueOf(f.Get("due"))
		if err != nil {
			return "", err
		}
		number, err := visit.PlanByHand(ctx, tx, visit.Task{Household: household, Purpose: visit.Purpose(f.Get("purpose")), Visitors: accounts(f["to"]), Due: due,
			Note: strings.TrimSpace(f.Get("note"))}, v.Today())
		if err != nil {
			return "", err
		}
		planned, err := visit.GoingOf(ctx, tx, number)
		if err != nil {
			return "", err
		}
		return "/visit-plans", p.Telling.VisitChanged(ctx, tx, visit.Going{}, planned, "planned")
	})
	if err == nil || fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.NotFound {
		return err
	}
	status, message := v.Explain(err)
	return p.showNew(v, status, newPlan{Form: f, Wrong: []wrong{{fieldOf(err), message}}})
}

// dueOf is a last day, 0 where none was written: the plan says that it lacks.
func dueOf(written string) (calendar.Date, error) {
	if written == "" {
		return 0, nil
	}
	return calendar.Parse(written)
}

// fieldOf is the field of the form that a fault is about.
func fieldOf(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	switch key := f.Text.Key; key {
	case "visit.few-visitors", "visit.no-staff":
		return "to"
	case "visit.long-note":
		return "note"
	case "visit.no-purpose", "visit.not-by-hand", "visit.only-county":
		return "purpose"
	}
	return "due"
}
