package web

import (
	"cmp"
	"context"
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

// accountsExport gives the accounts as a file.
func accountsExport() *Export {
	return &Export{Zh: "账号", En: "Accounts",
		Head: func(v *Visit) []string {
			return []string{v.Say("登录名", "Login"), v.Say("姓名", "Name"), v.Say("类别", "Kind"), v.Say("所属地区", "Area"), v.Say("状态", "State")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *Visit) (rows [][]string, next string, err error) {
			q := v.R.URL.Query()
			all, err := access.Accounts(ctx, tx, q.Get("find"), q.Get("after"), ExportPage)
			for _, a := range all {
				kind, state := v.Say("居民或社会组织", "a resident or an organisation"), v.Say("正常", "in use")
				if a.Staff {
					kind = v.Say("工作人员", "of the administration")
				}
				if a.Disabled {
					state = v.Say("停用", "shut out")
				}
				rows = append(rows, []string{a.Login, a.Name, kind, v.Place(a.Area), state})
			}
			if len(all) == ExportPage {
				next = all[len(all)-1].Login
			}
			return rows, next, err
		}}
}

// newAccountPage is the form of a new account.
type newAccountPage struct {
	Wrong string
	Form  url.Values
	Pick  placePick
}

func (s *Site) newAccountPage(v *Visit) error {
	f := url.Values{"area": {v.Session.Posting.Area.String()}, "staff": {"yes"}}
	return s.render(v, http.StatusOK, "newaccount", newAccountPage{Form: f, Pick: s.pickPlace(v, f, f.Get("area"))})
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
		return s.render(v, status, "newaccount", newAccountPage{wrong, f, s.pickPlace(v, f, f.Get("area"))})
	}
	if f.Get("do") == findPlace {
		return s.render(v, http.StatusOK, "newaccount", newAccountPage{Form: f, Pick: s.pickPlace(v, f, f.Get("area"))})
	}
	where, err := area.Parse(strings.TrimSpace(f.Get("area")))
	if err != nil {
		return again(err)
	}
	n := access.NewAccount{Login: strings.ToLower(strings.TrimSpace(f.Get("login"))), Name: f.Get("name"), Staff: f.Get("staff") == "yes", Area: where,
		Phone: sealed.NewSecret(sealed.Phone, strings.TrimSpace(f.Get("phone")))}
	var shown firstPage
	to, made, err := v.Beyond(func() (string, error) {
		id, first, err := s.Access.Create(v.R.Context(), v.Session.Actor(), n)
		shown = firstPage{id, n.Login, first}
		return accountPath(id), err
	})
	if err != nil {
		return again(err)
	}
	if !made {
		return v.Redirect(to)
	}
	return s.render(v, http.StatusOK, "first", shown)
}

// otherAccountPage is an account that somebody manages.
type otherAccountPage struct {
	Wrong    string
	Form     url.Values
	Pick     placePick
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

func accountPath(id int64) string { return "/accounts/" + strconv.FormatInt(id, 10) }

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
	p.Pick = s.pickPlace(v, p.Form, cmp.Or(p.Form.Get("area"), p.Account.Area.String()))
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
	to, _, err := v.Beyond(func() (string, error) { return accountPath(id), do(v.Session.Actor(), id) })
	if err != nil {
		return s.otherAgain(v, err)
	}
	return v.Redirect(to)
}

func (s *Site) post(v *Visit) error {
	if v.R.PostFormValue("do") == findPlace {
		return s.otherAgain(v, nil)
	}
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
	shown := firstPage{ID: id}
	to, made, err := v.Beyond(func() (to string, err error) {
		shown.Password, err = s.Access.ResetPassword(v.R.Context(), v.Session.Actor(), id)
		return accountPath(id), err
	})
	if err != nil {
		return s.otherAgain(v, err)
	}
	if !made {
		return v.Redirect(to)
	}
	return s.render(v, http.StatusOK, "first", shown)
}
