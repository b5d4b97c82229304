package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"net"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/pquerna/otp"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

// form is a page with a form on it, and what was wrong with the last answer.
type form struct {
	Wrong    string
	Login    string
	Key      string
	Enrol    access.Authenticator
	Postings []choice
	Codes    []sealed.Secret
	To       string
}

// choice is a posting to choose.
type choice struct {
	ID   int64
	Name string
}

func postingName(p access.Posting, lang fault.Lang) string {
	if p.ID == 0 {
		return ""
	}
	return fmt.Sprintf("%s · %s", p.Role.Name(lang), p.Area)
}

func (s *Site) signInPage(v *visit) error {
	if v.session.Account != 0 {
		return v.redirect(stepPage(v.session.Due))
	}
	return s.render(v, http.StatusOK, "signin", form{})
}

func visitor(r *http.Request) access.Visitor {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, _ := netip.ParseAddr(host) // of none, all such visitors count as one
	return access.Visitor{Address: address, Agent: r.UserAgent()}
}

func (s *Site) signIn(v *visit) error {
	login := v.r.PostFormValue("login")
	token, session, err := s.Access.SignIn(v.r.Context(), login, v.r.PostFormValue("password"), visitor(v.r))
	if err != nil {
		return s.again(v, "signin", form{Login: login}, err)
	}
	return s.enter(v, token, session)
}

// again shows a form with what was wrong.
func (s *Site) again(v *visit, page string, f form, err error) error {
	var status int
	status, f.Wrong = s.explain(v, err)
	return s.render(v, status, page, f)
}

// enter gives the browser its token and goes to what the session needs next.
func (s *Site) enter(v *visit, token string, session access.Session) error {
	s.setCookie(v, sessionCookie, token, 0)
	return v.redirect(stepPage(session.Due))
}

func (s *Site) signOut(v *visit) error {
	if err := s.Access.SignOut(v.r.Context(), v.token); err != nil {
		return err
	}
	s.setCookie(v, sessionCookie, "", -1e9)
	return v.redirect("/signin")
}

func (s *Site) passwordPage(v *visit) error { return s.render(v, http.StatusOK, "password", form{}) }

var unequal = fault.Text{Key: "web.unequal", Zh: "两次输入的新密码不一样", En: "the two new passwords are not the same"}

func (s *Site) changePassword(v *visit) error {
	chosen := v.r.PostFormValue("new")
	if chosen != v.r.PostFormValue("again") {
		return s.again(v, "password", form{}, fault.New(fault.Invalid, unequal, nil))
	}
	token, session, err := s.Access.ChangePassword(v.r.Context(), v.token, v.r.PostFormValue("old"), chosen)
	if err != nil {
		return s.again(v, "password", form{}, err)
	}
	return s.enter(v, token, session)
}

func (s *Site) secondPage(v *visit) error { return s.render(v, http.StatusOK, "second", form{}) }

func (s *Site) giveSecond(v *visit) error {
	token, session, err := s.Access.SecondFactor(v.r.Context(), v.token, v.r.PostFormValue("code"))
	if err != nil {
		return s.again(v, "second", form{}, err)
	}
	return s.enter(v, token, session)
}

func (s *Site) enrolPage(v *visit) error {
	enrol, err := s.Access.BeginTOTP(v.r.Context(), v.token)
	if err != nil {
		return err
	}
	return s.render(v, http.StatusOK, "enrol", form{Enrol: enrol, Key: enrol.Key})
}

// enrol takes the first code; the codes for whoever loses the authenticator are shown this once.
func (s *Site) enrol(v *visit) error {
	codes, token, err := s.Access.FinishTOTP(v.r.Context(), v.token, v.r.PostFormValue("key"), v.r.PostFormValue("code"))
	if err != nil {
		status, wrong := s.explain(v, err)
		enrol, err := s.Access.BeginTOTP(v.r.Context(), v.token)
		if err != nil {
			return err
		}
		return s.render(v, status, "enrol", form{Enrol: enrol, Key: enrol.Key, Wrong: wrong})
	}
	s.setCookie(v, sessionCookie, token, 0)
	return s.render(v, http.StatusOK, "recovery", form{Codes: codes, To: "/"})
}

func (s *Site) postingPage(v *visit) error {
	var f form
	for _, p := range v.session.Postings {
		f.Postings = append(f.Postings, choice{p.ID, postingName(p, v.lang)})
	}
	return s.render(v, http.StatusOK, "posting", f)
}

func (s *Site) choosePosting(v *visit) error {
	id, err := strconv.ParseInt(v.r.PostFormValue("posting"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, noSuchPage, nil)
	}
	session, err := s.Access.Choose(v.r.Context(), v.token, id)
	if err != nil {
		return err
	}
	return v.redirect(stepPage(session.Due))
}

// qrImage is the picture that an authenticator scans.
func qrImage(address sealed.Secret) (template.URL, error) {
	key, err := otp.NewKeyFromURL(address.Plain())
	if err != nil {
		return "", fmt.Errorf("reading an authenticator's address: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return "", fmt.Errorf("drawing an authenticator's code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return "", fmt.Errorf("drawing an authenticator's code: %w", err)
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
