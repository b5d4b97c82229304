package visits

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// open is what waits for a decision: disagreements, or what could not be taken as it came.
type open struct {
	Kind      string // "" of disagreements, "aside"
	Conflicts []visit.Contested
	Aside     []visit.Set
	Roles     map[int64]string // of who answered, where they are posted in the area
	Filter    map[string]string
	Filtered  bool
	Visitors  []option
	Areas     []option
	First     string // path of the first page, "" on it
	Next      string
	Wrong     []wrong
	Of        string // the conflict or the bundle that the form was about
	Reason    string // as it was written
	Answer    int64  // as it was chosen
}

// Chose reports whether an answer was chosen for a conflict before.
func (o open) Chose(of, answer int64) bool {
	return o.Of == strconv.FormatInt(of, 10) && o.Answer == answer
}

// Wrote is the reason as it was written for a conflict or a bundle.
func (o open) Wrote(of any) string {
	if n, ok := of.(int64); ok {
		of = strconv.FormatInt(n, 10)
	}
	if of == o.Of {
		return o.Reason
	}
	return ""
}

const mostOpen = 20

func (p *Pages) open(v *web.Visit) error {
	return p.showOpen(v, http.StatusOK, v.R.URL.Query(), open{Answer: -1})
}

// showOpen shows the list as a query asks for it.
func (p *Pages) showOpen(v *web.Visit, status int, q url.Values, o open) error {
	o.Filter, o.Areas = map[string]string{}, p.below(v)
	kept := url.Values{}
	for _, name := range []string{"kind", "visitor", "area"} {
		if value := q.Get(name); value != "" {
			o.Filter[name] = value
			o.Filtered = o.Filtered || name != "kind"
			kept.Set(name, value)
		}
	}
	if q.Get("kind") == "aside" {
		o.Kind = "aside"
	}
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		last, more, err := p.readOpen(ctx, tx, q, after, &o)
		if err != nil {
			return err
		}
		if more {
			kept.Set("after", strconv.FormatInt(last, 10))
			o.Next = "/visit-conflicts?" + kept.Encode()
		}
		return o.readRoles(ctx, tx, v)
	})
	if err != nil {
		return err
	}
	if after > 0 {
		kept.Del("after")
		o.First = "/visit-conflicts?" + kept.Encode()
	}
	return v.Render(status, p.templates, "open", o)
}

// readOpen reads a page, and tells its last number and whether there are more.
func (p *Pages) readOpen(ctx context.Context, tx pgx.Tx, q url.Values, after int64, o *open) (last int64, more bool, err error) {
	var w visit.Wanted
	w.Account, _ = strconv.ParseInt(q.Get("visitor"), 10, 64)
	w.Area, _ = area.Parse(q.Get("area"))
	if o.Kind == "aside" {
		if o.Aside, err = p.Visits.Aside(ctx, tx, w, after, mostOpen+1); err != nil || len(o.Aside) <= mostOpen {
			return 0, false, err
		}
		o.Aside = o.Aside[:mostOpen]
		return o.Aside[mostOpen-1].N, true, nil
	}
	if o.Conflicts, err = p.Visits.Conflicts(ctx, tx, w, after, mostOpen+1); err != nil || len(o.Conflicts) <= mostOpen {
		return 0, false, err
	}
	o.Conflicts = o.Conflicts[:mostOpen]
	return o.Conflicts[mostOpen-1].ID, true, nil
}

// readRoles reads in which role everybody visits, for the list and its filter.
func (o *open) readRoles(ctx context.Context, tx pgx.Tx, v *web.Visit) error {
	all, err := access.Colleagues(ctx, tx, v.Today())
	if err != nil {
		return err
	}
	o.Roles = map[int64]string{}
	for _, c := range all {
		o.Roles[c.Account] = c.Role.Name(v.Lang)
		o.Visitors = append(o.Visitors, option{strconv.FormatInt(c.Account, 10), c.Name + v.Say("（", " (") + c.Role.Name(v.Lang) + v.Say("）", ")")})
	}
	return nil
}

var choose = fault.Text{Key: "visits.choose", Zh: "请选择以哪个为准", En: "choose which of them counts"}

func (p *Pages) decide(v *web.Visit) error {
	conflict, err := id(v, "conflict")
	if err != nil {
		return err
	}
	answer, err := strconv.ParseInt(v.R.PostFormValue("answer"), 10, 64)
	if err != nil {
		answer = -1
	}
	return p.act(v, v.R.PathValue("conflict"), answer, func(ctx context.Context, tx pgx.Tx) error {
		if answer < 0 {
			return fault.New(fault.Invalid, choose, nil)
		}
		return p.Visits.Decide(ctx, tx, conflict, answer, v.R.PostFormValue("reason"))
	})
}

func (p *Pages) settle(v *web.Visit) error {
	return p.act(v, v.R.PathValue("bundle"), -1, func(ctx context.Context, tx pgx.Tx) error {
		_, err := p.Visits.Settle(ctx, tx, v.R.PathValue("bundle"), v.R.PostFormValue("do") == "take", v.R.PostFormValue("reason"), v.Today())
		return err
	})
}

// act does once what a form decides, and goes on with the list that it stood in; what is wrong with it is shown with what was written.
func (p *Pages) act(v *web.Visit, of string, answer int64, do func(context.Context, pgx.Tx) error) error {
	list, err := url.ParseQuery(v.R.PostFormValue("list"))
	if err != nil {
		list = nil
	}
	err = v.Act(access.ForVisit, func(ctx context.Context, tx pgx.Tx) (string, error) {
		return "/visit-conflicts?" + list.Encode(), do(ctx, tx)
	})
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	status, message := v.Explain(err)
	return p.showOpen(v, status, list, open{Wrong: []wrong{{"", message}}, Of: of, Reason: v.R.PostFormValue("reason"), Answer: answer})
}
