package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/web"
)

// windowPage is a department's window: whoever stands before it is looked up by the number on their card.
type windowPage struct {
	Forms form
	Taken []row // what this window took and is not closed
}

func (p *Pages) window(v *web.Visit) error { return p.showWindow(v, http.StatusOK, newForm()) }

func (p *Pages) showWindow(v *web.Visit, status int, f form) error {
	page := &windowPage{Forms: f}
	page.Forms.Del("number") // it stands on no page again
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		items, err := p.Casework.Queue(ctx, tx, casework.Filter{View: casework.Taken, Area: casework.Named(v.Session.Posting.Area), Now: v.Now(), Most: perPage})
		for _, q := range items {
			page.Taken = append(page.Taken, p.row(v, q, nil))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "window", page)
}

func (p *Pages) callAtWindow(v *web.Visit) error {
	err := v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		c, err := p.Registry.CallAtWindow(ctx, tx, text(v, "number"))
		return fmt.Sprint("/window/", c.Person), err
	})
	if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.NotFound && kind != fault.Conflict {
		return err
	}
	f, status := again(v, err)
	return p.showWindow(v, status, f)
}

// takingPage is an application that a department's window takes.
type takingPage struct {
	Forms      form
	Caller     registry.Caller
	Offers     []chance
	Others     []choice
	Problem    string
	Department string
}

func (p *Pages) takingPage(v *web.Visit) error { return p.showTaking(v, http.StatusOK, newForm()) }

func (p *Pages) showTaking(v *web.Visit, status int, f form) error {
	id, err := pathID(v, "person")
	if err != nil {
		return err
	}
	page := &takingPage{Forms: f, Department: p.department(v, v.Session.Posting.Department)}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if page.Caller, err = p.Registry.Called(ctx, tx, id); err != nil {
			return err
		}
		all, err := p.chances(ctx, tx, v, page.Caller.Household)
		if err != nil {
			return err
		}
		page.Problem = all.Problem
		for _, group := range [][]chance{all.Due, all.Open, all.Not} {
			for _, c := range group {
				if !p.takes(v, c) {
					continue
				}
				if c.Outcome == "ineligible" {
					page.Others = append(page.Others, choice{Value: c.Value, Name: c.Name + " " + c.Called, Chosen: f.Has("want", c.Value)})
					continue
				}
				c.Propose = f.Has("want", c.Value) || v.R.Method == http.MethodGet && c.Propose
				page.Offers = append(page.Offers, c)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "taking", page)
}

// takes reports whether the visitor's window takes a programme: one of the own department's that is applied for.
func (p *Pages) takes(v *web.Visit, c chance) bool {
	for _, q := range p.Pack.Programmes {
		if q.ID == c.Want.Programme && !c.Want.Recognises {
			return q.Department == v.Session.Posting.Department && !c.Automatic
		}
	}
	return false
}

func (p *Pages) take(v *web.Visit) error {
	id, err := pathID(v, "person")
	if err != nil {
		return err
	}
	if err = texts(v); err == nil {
		err = v.Act(access.ForItem, func(ctx context.Context, tx pgx.Tx) (string, error) { return p.takeAtWindow(ctx, tx, v, id) })
	}
	if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.Conflict && kind != fault.Forbidden {
		return err
	}
	f, status := again(v, err)
	return p.showTaking(v, status, f)
}

// takeAtWindow files for somebody who stands before the window, for its own programmes, and does the step that the application is.
func (p *Pages) takeAtWindow(ctx context.Context, tx pgx.Tx, v *web.Visit, person int64) (to string, err error) {
	c, err := p.Registry.Called(ctx, tx, person)
	if err != nil {
		return "", err
	}
	kept, err := needed(v, "signature", "申请书存放处", "where the signed application is kept")
	if err != nil {
		return "", err
	}
	chances, err := p.chances(ctx, tx, v, c.Household)
	if err != nil {
		return "", err
	}
	f := casework.Filing{Household: c.Household, Applicant: c.Person, Occasion: casework.Application, Channel: "window"}
	for _, s := range wantedOf(v) {
		want, ok := chances.known[s]
		if !ok {
			return "", fault.New(fault.Invalid, unknownWish, nil).In(fault.At{Field: "want"})
		}
		f.Items = append(f.Items, want)
	}
	if len(f.Items) == 0 {
		return "", fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("要申请的项目", "what is applied for")}).In(fault.At{Field: "want"})
	}
	filed, err := p.Casework.File(ctx, tx, f, v.Now())
	if err != nil {
		return "", err
	}
	signer := text(v, "signer")
	if signer == "" {
		signer = c.Name
	}
	for _, item := range filed.Items {
		if err := p.applyAtWindow(ctx, tx, v, item, casework.Doing{Signer: signer, Signature: kept, Detail: map[string]any{}}); err != nil {
			return "", err
		}
	}
	return fmt.Sprint("/cases/", filed.Items[0]), p.tellOfFiling(ctx, tx, v, f, filed)
}

// applyAtWindow does the first step of an item where that is the application, or the offer which who comes by themselves has taken, and the
// application after it.
func (p *Pages) applyAtWindow(ctx context.Context, tx pgx.Tx, v *web.Visit, item int64, d casework.Doing) error {
	for {
		next, err := p.Casework.Next(ctx, tx, item, v.Principal(""), v.Now())
		if err != nil {
			return err
		}
		at := slices.IndexFunc(next, func(n casework.Possible) bool { return n.May && (offers(n) || n.Gives == "application") })
		if at < 0 {
			return nil
		}
		if _, err := p.Casework.Do(ctx, tx, item, next[at].ID, d, v.Now()); err != nil || !offers(next[at]) {
			return err
		}
	}
}
