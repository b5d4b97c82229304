package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

const accountsOnPage = 50

// accountsNav is where administrators find the accounts.
var accountsNav = Link{Path: "/accounts", Zh: "账号", En: "Accounts", Who: May(access.ManageAccounts)}

// accountsPage is a page of the accounts that somebody manages.
type accountsPage struct {
	Find     string
	Accounts []access.Account
	First    string // the address of the first page, "" on it
	Next     string // the address of the next page, "" on the last
}

func (s *Site) accounts(v *Visit) error {
	q := v.R.URL.Query()
	p := accountsPage{Find: q.Get("find")}
	err := s.DB.As(v.R.Context(), v.Session.Principal(""), func(tx pgx.Tx) (err error) {
		p.Accounts, err = access.Accounts(v.R.Context(), tx, p.Find, q.Get("after"), accountsOnPage+1)
		return err
	})
	if err != nil {
		return err
	}
	page := url.Values{}
	if p.Find != "" {
		page.Set("find", p.Find)
	}
	if q.Get("after") != "" {
		p.First = "/accounts?" + page.Encode()
	}
	if len(p.Accounts) > accountsOnPage {
		p.Accounts = p.Accounts[:accountsOnPage]
		page.Set("after", p.Accounts[accountsOnPage-1].Login)
		p.Next = "/accounts?" + page.Encode()
	}
	return s.render(v, http.StatusOK, "accounts", p)
}

// newAccountPage is the form of a new account.
type newAccountPage struct {
	Wrong string
	Form  url.Values
}

func (s *Site) newAccountPage(v *Visit) error {
	return s.render(v, http.StatusOK, "newaccount", newAccountPage{Form: url.Values{"area": {v.Session.Posting.Area.String()}, "staff": {"yes"}}})
}

// firstPage shows a first password, this once.
type firstPage struct {
	ID       int64
	Login    string
	Password sealed.Secret
}

func (s *Site) newAccount(v *Visit) error {
	f := v.R.PostForm
	again := func(err error) error {
		if access.ConfirmFirst(err) {
			return err
		}
		status, wrong := s.explain(v, err)
		return s.render(v, status, "newaccount", newAccountPage{wrong, f})
	}
	where, err := area.Parse(strings.TrimSpace(f.Get("area")))
	if err != nil {
		return again(err)
	}
	n := access.NewAccount{Login: strings.ToLower(strings.TrimSpace(f.Get("login"))), Name: f.Get("name"), Staff: f.Get("staff") == "yes", Area: where,
		Phone: sealed.NewSecret(sealed.Phone, strings.TrimSpace(f.Get("phone")))}
	id, first, err := s.Access.Create(v.R.Context(), v.Session.Actor(), n)
	if err != nil {
		return again(err)
	}
	return s.render(v, http.StatusOK, "first", firstPage{id, n.Login, first})
}

// otherAccountPage is an account that somebody manages.
type otherAccountPage struct {
	Wrong    string
	Form     url.Values
	Account  access.Account
	Postings []heldPosting
	Roles    []access.Role
	Self     bool // it is one's own, of which one manages nothing
	Today    calendar.Date
}

// heldPosting is a posting, and whether it is in force or still to come.
type heldPosting struct {
	access.Posting
	Lasts bool
}

// accountID is the account that the path names.
func accountID(v *Visit) (int64, error) {
	id, err := strconv.ParseInt(v.R.PathValue("id"), 10, 64)
	if err != nil {
		return 0, fault.New(fault.NotFound, noSuchPage, nil)
	}
	return id, nil
}

func (s *Site) otherAccount(v *Visit) error { return s.otherAgain(v, nil) }

// otherAgain shows an account, with what was wrong.
func (s *Site) otherAgain(v *Visit, wrong error) error {
	id, err := accountID(v)
	if err != nil {
		return err
	}
	if access.ConfirmFirst(wrong) {
		return wrong
	}
	p := otherAccountPage{Form: v.R.PostForm, Roles: access.Roles(), Self: id == v.Session.Account, Today: v.Today()}
	err = s.DB.As(v.R.Context(), v.Session.Principal(""), func(tx pgx.Tx) (err error) {
		if p.Account, err = access.AccountOf(v.R.Context(), tx, id); err != nil {
			return err
		}
		all, err := access.Postings(v.R.Context(), tx, id)
		for _, held := range all {
			p.Postings = append(p.Postings, heldPosting{held, held.Span.To > p.Today})
		}
		return err
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status, p.Wrong = s.explain(v, wrong)
	}
	return s.render(v, status, "otheraccount", p)
}

// manage does something to the account that the path names, and shows it again.
func (s *Site) manage(v *Visit, do func(by access.Actor, id int64) error) error {
	id, err := accountID(v)
	if err != nil {
		return err
	}
	if err := do(v.Session.Actor(), id); err != nil {
		return s.otherAgain(v, err)
	}
	return v.Redirect("/accounts/" + strconv.FormatInt(id, 10))
}

func (s *Site) post(v *Visit) error {
	return s.manage(v, func(by access.Actor, id int64) error {
		p, err := postingOf(v.R.PostForm, v.Today())
		if err != nil {
			return err
		}
		_, err = s.Access.Post(v.R.Context(), by, id, p)
		return err
	})
}

// postingOf reads a posting; without a first day it begins today, without a last one it lasts.
func postingOf(f url.Values, on calendar.Date) (p access.Posting, err error) {
	p = access.Posting{Role: access.Role(f.Get("role")), Department: strings.TrimSpace(f.Get("department")), Span: calendar.Since(on)}
	if p.Area, err = area.Parse(strings.TrimSpace(f.Get("area"))); err != nil {
		return p, err
	}
	for _, day := range []struct {
		name string
		into *calendar.Date
	}{{"from", &p.Span.From}, {"to", &p.Span.To}} {
		if text := strings.TrimSpace(f.Get(day.name)); text != "" {
			if *day.into, err = calendar.Parse(text); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

func (s *Site) endPosting(v *Visit) error {
	return s.manage(v, func(by access.Actor, _ int64) error {
		posting, err := strconv.ParseInt(v.R.PostFormValue("posting"), 10, 64)
		if err != nil {
			return fault.New(fault.NotFound, noSuchPage, nil)
		}
		return s.Access.EndPosting(v.R.Context(), by, posting)
	})
}

func (s *Site) resetSecond(v *Visit) error {
	return s.manage(v, func(by access.Actor, id int64) error { return s.Access.ResetSecond(v.R.Context(), by, id) })
}

func (s *Site) disable(v *Visit) error {
	return s.manage(v, func(by access.Actor, id int64) error { return s.Access.Disable(v.R.Context(), by, id, true) })
}

func (s *Site) enable(v *Visit) error {
	return s.manage(v, func(by access.Actor, id int64) error { return s.Access.Disable(v.R.Context(), by, id, false) })
}

// resetPassword gives the account another first password, and shows it.
func (s *Site) resetPassword(v *Visit) error {
	id, err := accountID(v)
	if err != nil {
		return err
	}
	first, err := s.Access.ResetPassword(v.R.Context(), v.Session.Actor(), id)
	if err != nil {
		return s.otherAgain(v, err)
	}
	return s.render(v, http.StatusOK, "first", firstPage{ID: id, Password: first})
}
