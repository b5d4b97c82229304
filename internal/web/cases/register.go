package cases

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"

	"dajiuzhu/internal/fault"
)

// registerPage is a register (台账): who receives something, or has a status, on a day.
type registerPage struct {
	Programmes []choice
	Townships  []choice
	Name       string
	On         calendar.Date
	Rows       []registered
	First      int // the number of the first row
	More       string
	Unit       string // who keeps it
	Query      url.Values
}

type registered struct {
	casework.Registered
	Place string
}

// perRegister is rows of a page of a register: it is printed.
const perRegister = 200

// askedRegister is which register is asked for; without a programme none is.
type askedRegister struct {
	want casework.Want
	in   area.Code // 0 is all of the visitor's
	on   calendar.Date
}

// registerAsked is the register that the address asks for.
func (p *Pages) registerAsked(v *web.Visit) (a askedRegister, err error) {
	q := v.R.URL.Query()
	a.want.Programme, a.on = q.Get("programme"), dayOf(v.Now())
	for _, c := range p.categories(v.Lang) {
		a.want.Recognises = a.want.Recognises || c.Value == a.want.Programme
	}
	if on, err := date(v, "on"); err != nil {
		return a, err
	} else if on != 0 {
		a.on = on
	}
	if s := q.Get("area"); s != "" {
		a.in, err = area.Parse(s)
	}
	return a, err
}

func (p *Pages) register(v *web.Visit) error {
	q := v.R.URL.Query()
	asked, err := p.registerAsked(v)
	if err != nil {
		return err
	}
	page := &registerPage{On: asked.on, First: 1, Unit: v.Place(v.Session.Posting.Area), Query: url.Values{}}
	page.Programmes = p.programmes(v.Lang, asked.want.Programme)
	if asked.in != 0 {
		page.Unit = v.Place(asked.in)
	}
	page.Townships = p.below(v, asked.in)
	for _, name := range []string{"programme", "area", "on"} {
		if s := q.Get(name); s != "" {
			page.Query.Set(name, s)
		}
	}
	if asked.want.Programme == "" {
		return v.Render(http.StatusOK, p.templates, "register", page)
	}
	for _, c := range page.Programmes {
		if c.Chosen {
			page.Name = c.Name
		}
	}
	page.First += int(number(q.Get("n")))
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Casework.Register(ctx, tx, asked.want, asked.in, asked.on, number(q.Get("after")), perRegister+1)
		for n, r := range all {
			if n == perRegister {
				page.More = "/registers?" + web.With(web.With(page.Query, "after", fmt.Sprint(all[n-1].ID)), "n", fmt.Sprint(page.First-1+perRegister)).Encode()
				break
			}
			page.Rows = append(page.Rows, registered{r, p.short(r.Area)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "register", page)
}

// monthPage is a monthly report.
type monthPage struct {
	Month     string // 2026-11
	Rows      []casework.Month
	Sum       casework.Month
	Unit      string
	Townships []choice
	Made      calendar.Date
	By        string
}

var notAMonth = fault.Text{Key: "cases.not-a-month", Zh: "“{found}”不是月份，应写作 2026-11", En: `"{found}" is no month; write 2026-11`}

func (p *Pages) month(v *web.Visit) error {
	page := &monthPage{Month: v.R.FormValue("month"), Unit: v.Place(v.Session.Posting.Area), Made: dayOf(v.Now()), By: v.Session.Name}
	if page.Month == "" {
		page.Month = v.Now().In(zone).Format("2006-01")
	}
	t, err := time.ParseInLocation("2006-01", page.Month, zone)
	if err != nil {
		return fault.New(fault.Invalid, notAMonth, fault.Args{"found": fault.Excerpt(page.Month)})
	}
	var in area.Code
	if s := v.R.FormValue("area"); s != "" {
		if in, err = area.Parse(s); err != nil {
			return err
		}
		page.Unit = v.Place(in)
	}
	page.Townships = p.below(v, in)
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		page.Rows, err = p.Casework.Monthly(ctx, tx, dayOf(t), in)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range page.Rows {
		page.Sum.Filed, page.Sum.Granted, page.Sum.Refused = page.Sum.Filed+r.Filed, page.Sum.Granted+r.Granted, page.Sum.Refused+r.Refused
		page.Sum.Withdrawn, page.Sum.OtherEnds, page.Sum.Open, page.Sum.Against = page.Sum.Withdrawn+r.Withdrawn, page.Sum.OtherEnds+r.OtherEnds, page.Sum.Open+r.Open, page.Sum.Against+r.Against
		page.Sum.Granting = sum(page.Sum.Granting, r.Granting)
	}
	return v.Render(http.StatusOK, p.templates, "month", page)
}

func sum(a, b *money.Decimal) *money.Decimal {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	if total, ok := a.Add(*b); ok {
		return &total
	}
	return nil
}

// notificationsPage is what somebody was told.
type notificationsPage struct {
	Rows       []notification.Entry
	Unread     int
	Newest     int64
	More       string
	Forms      form
	Preference notification.Preference
	Address    string // of e-mail, masked
}

func (p *Pages) notifications(v *web.Visit) error {
	return p.showNotifications(v, http.StatusOK, newForm())
}

func (p *Pages) showNotifications(v *web.Visit, status int, f form) error {
	page := &notificationsPage{Forms: f}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if page.Rows, err = notification.List(ctx, tx, number(v.R.URL.Query().Get("after")), perPage+1); err != nil {
			return err
		}
		if page.Unread, err = notification.Unread(ctx, tx, v.Now()); err != nil || p.Notes == nil {
			return err
		}
		page.Preference, err = p.Notes.PreferenceOf(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	if len(page.Rows) > perPage {
		page.Rows = page.Rows[:perPage]
		page.More = fmt.Sprint("/notifications?after=", page.Rows[perPage-1].ID)
	}
	if len(page.Rows) > 0 {
		page.Newest = page.Rows[0].ID
	}
	page.Address = page.Preference.Address.Masked()
	return v.Render(status, p.templates, "notifications", page)
}

func (p *Pages) readNotifications(v *web.Visit) error {
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		return "/notifications", notification.Read(ctx, tx, number(v.R.PostFormValue("newest")))
	})
}

func (p *Pages) prefer(v *web.Visit) error {
	if p.Notes == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	q := notification.Preference{SMS: text(v, "sms") != "", Email: text(v, "email-on") != "", Address: sealed.NewSecret(sealed.Other, text(v, "email")), Lang: fault.Zh}
	if text(v, "lang") == "en" {
		q.Lang = fault.En
	}
	err := v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		return "/notifications", p.Notes.SetPreference(ctx, tx, q)
	})
	if !comesBack(err) {
		return err
	}
	f, status := again(v, err)
	return p.showNotifications(v, status, f)
}

// arrivals takes in what the SMS operator tells of what arrived.
func (p *Pages) arrivals(v *web.Visit) error {
	if p.Notes == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	gateway, ok := p.Notes.SMS.(*notification.Gateway)
	if !ok {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	text, err := io.ReadAll(v.R.Body)
	if err != nil {
		return fault.New(fault.Invalid, badArrivals, nil).Because(err)
	}
	all, err := gateway.ReadReport(v.R.Header.Get("Authorization"), text)
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := p.Notes.Report(v.R.Context(), a.Reference, a.Arrived, a.Reason); err != nil {
			return err
		}
	}
	v.W.WriteHeader(http.StatusNoContent)
	return nil
}

var badArrivals = fault.Text{Key: "cases.bad-arrivals", Zh: "回执没有收完整", En: "the report was not received whole"}
