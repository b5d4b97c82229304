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

func (p *Pages) register(v *web.Visit) error {
	q := v.R.URL.Query()
	page := &registerPage{On: dayOf(v.Now()), First: 1, Unit: v.Place(v.Session.Posting.Area), Query: url.Values{}}
	programme := q.Get("programme")
	page.Programmes = p.programmes(v.Lang, programme)
	if on, err := date(v, "on"); err != nil {
		return err
	} else if on != 0 {
		page.On = on
	}
	var in area.Code
	if s := q.Get("area"); s != "" {
		var err error
		if in, err = area.Parse(s); err != nil {
			return err
		}
		page.Unit = v.Place(in)
	}
	page.Townships = p.below(v, in)
	for _, name := range []string{"programme", "area", "on"} {
		if s := q.Get(name); s != "" {
			page.Query.Set(name, s)
		}
	}
	if programme == "" {
		return v.Render(http.StatusOK, p.templates, "register", page)
	}
	w := casework.Want{Programme: programme}
	for _, c := range page.Programmes {
		if c.Chosen {
			page.Name = c.Name
		}
	}
	for _, c := range p.categories(v.Lang) {
		w.Recognises = w.Recognises || c.Value == programme
	}
	page.First += int(number(q.Get("n")))
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Casework.Register(ctx, tx, w, in, page.On, number(q.Get("after")), perRegister+1)
		for n, r := range all {
			if n == perRegister {
				page.More = "/registers?" + with(with(page.Query, "after", fmt.Sprint(all[n-1].ID)), "n", fmt.Sprint(page.First-1+perRegister)).Encode()
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
		if page.Rows, err = notification.List(ctx, tx, number(v.R.URL.Query().Get("before")), perPage+1); err != nil {
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
		page.More = fmt.Sprint("/notifications?before=", page.Rows[perPage-1].ID)
	}
	if len(page.Rows) > 0 {
		page.Newest = page.Rows[0].ID
	}
	page.Address = page.Preference.Address.Masked()
	return v.Render(status, p.templates, "notifications", page)
}

func (p *Pages) readNotifications(v *web.Visit) error {
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		return notification.Read(ctx, tx, number(v.R.PostFormValue("newest")))
	})
	if err != nil {
		return err
	}
	return v.Redirect("/notifications")
}

func (p *Pages) prefer(v *web.Visit) error {
	if p.Notes == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	q := notification.Preference{SMS: text(v, "sms") != "", Email: text(v, "email-on") != "", Address: sealed.NewSecret(sealed.Other, text(v, "email")), Lang: fault.Zh}
	if text(v, "lang") == "en" {
		q.Lang = fault.En
	}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error { return p.Notes.SetPreference(ctx, tx, q) })
	if fault.KindOf(err) == fault.Invalid {
		f, status := again(v, err)
		return p.showNotifications(v, status, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/notifications")
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
