package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"net/http"
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
	Passkey  passkey
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

func (s *Site) signInPage(v *Visit) error {
	if v.Session.Account != 0 {
		return v.Redirect(v.onward(v.Session.Due))
	}
	return s.render(v, http.StatusOK, "signin", form{})
}

func visitor(r *http.Request) access.Visitor {
	return access.Visitor{Address: cameBy(r).from, Agent: r.UserAgent()} // of no address, all such visitors count as one
}

func (s *Site) signIn(v *Visit) error {
	login := v.R.PostFormValue("login")
	token, session, err := s.Access.SignIn(v.R.Context(), login, v.R.PostFormValue("password"), visitor(v.R))
	if err != nil {
		return s.again(v, "signin", form{Login: login}, err)
	}
	return s.enter(v, token, session)
}

// again shows a form with what was wrong.
func (s *Site) again(v *Visit, page string, f form, err error) error {
	var status int
	status, f.Wrong = s.explain(v, err)
	return s.render(v, status, page, f)
}

// enter gives the browser its token and goes to what the session needs next.
func (s *Site) enter(v *Visit, token string, session access.Session) error {
	s.setCookie(v, sessionCookie, token, 0)
	return v.Redirect(v.onward(session.Due))
}

func (s *Site) signOut(v *Visit) error {
	if err := s.Access.SignOut(v.R.Context(), v.token); err != nil {
		return err
	}
	s.setCookie(v, sessionCookie, "", -1e9)
	return v.Redirect("/signin")
}

func (s *Site) passwordPage(v *Visit) error { return s.render(v, http.StatusOK, "password", form{}) }

var unequal = fault.Text{Key: "web.unequal", Zh: "两次输入的新密码不一样", En: "the two new passwords are not the same"}

func (s *Site) changePassword(v *Visit) error {
	chosen := v.R.PostFormValue("new")
	if chosen != v.R.PostFormValue("again") {
		return s.again(v, "password", form{}, fault.New(fault.Invalid, unequal, nil))
	}
	token, session, err := s.Access.ChangePassword(v.R.Context(), v.token, v.R.PostFormValue("old"), chosen)
	if err != nil {
		return s.again(v, "password", form{}, err)
	}
	return s.enter(v, token, session)
}

func (s *Site) secondPage(v *Visit) error { return s.secondAgain(v, nil) }

func (s *Site) giveSecond(v *Visit) error {
	token, session, err := s.Access.SecondFactor(v.R.Context(), v.token, v.R.PostFormValue("code"))
	if err != nil {
		return s.secondAgain(v, err)
	}
	return s.enter(v, token, session)
}

func (s *Site) enrolPage(v *Visit) error {
	enrol, err := s.Access.BeginTOTP(v.R.Context(), v.token)
	if err != nil {
		return err
	}
	return s.render(v, http.StatusOK, "enrol", form{Enrol: enrol, Key: enrol.Key})
}

// enrol takes the first code; the codes for whoever loses the authenticator are shown this once.
func (s *Site) enrol(v *Visit) error {
	codes, token, err := s.Access.FinishTOTP(v.R.Context(), v.token, v.R.PostFormValue("key"), v.R.PostFormValue("code"))
	if err != nil {
		status, wrong := s.explain(v, err)
		enrol, err := s.Access.BeginTOTP(v.R.Context(), v.token)
		if err != nil {
			return err
		}
		return s.render(v, status, "enrol", form{Enrol: enrol, Key: enrol.Key, Wrong: wrong})
	}
	s.setCookie(v, sessionCookie, token, 0)
	return s.render(v, http.StatusOK, "recovery", form{Codes: codes, To: "/"})
}

func (s *Site) postingPage(v *Visit) error {
	var f form
	for _, p := range v.Session.Postings {
		f.Postings = append(f.Postings, choice{p.ID, s.postingName(p, v.Lang)})
	}
	return s.render(v, http.StatusOK, "posting", f)
}

func (s *Site) choosePosting(v *Visit) error {
	id, err := strconv.ParseInt(v.R.PostFormValue("posting"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, noSuchPage, nil)
	}
	session, err := s.Access.Choose(v.R.Context(), v.token, id)
	if err != nil {
		return err
	}
	return v.Redirect(v.onward(session.Due))
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
