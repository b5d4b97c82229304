package visits

import (
	"context"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// open is what waits for the township's decision, and what was wrong with the last one.
type open struct {
	Conflicts []visit.Contested
	Aside     []visit.Set
	More      bool
	Wrong     []wrong
	Of        string // the conflict or the bundle that the form was about
	Reason    string // as it was written
	Answer    int64  // as it was chosen
}

// Chose reports whether a candidate had been chosen on the form.
func (o open) Chose(of, answer int64) bool {
	return o.Of == strconv.FormatInt(of, 10) && o.Answer == answer
}

// Wrote is the reason that had been written.
func (o open) Wrote(of any) string {
	if n, ok := of.(int64); ok {
		of = strconv.FormatInt(n, 10)
	}
	if of == o.Of {
		return o.Reason
	}
	return ""
}

const mostOpen = 50

func (p *Pages) open(v *web.Visit) error { return p.showOpen(v, http.StatusOK, open{Answer: -1}) }

func (p *Pages) showOpen(v *web.Visit, status int, o open) error {
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if o.Conflicts, err = p.Visits.Conflicts(ctx, tx, 0, 0, mostOpen); err != nil {
			return err
		}
		o.Aside, err = p.Visits.Aside(ctx, tx, mostOpen)
		return err
	})
	if err != nil {
		return err
	}
	o.More = len(o.Conflicts) == mostOpen || len(o.Aside) == mostOpen
	return v.Render(status, p.templates, "open", o)
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

// act does once what a form decides; what is wrong with it is shown with what was written.
func (p *Pages) act(v *web.Visit, of string, answer int64, do func(context.Context, pgx.Tx) error) error {
	err := v.Act(access.ForVisit, func(ctx context.Context, tx pgx.Tx) (string, error) { return "/visit-conflicts", do(ctx, tx) })
	if err == nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	status, message := v.Explain(err)
	return p.showOpen(v, status, open{Wrong: []wrong{{"", message}}, Of: of, Reason: v.R.PostFormValue("reason"), Answer: answer})
}
