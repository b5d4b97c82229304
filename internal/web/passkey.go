package web

import (
	"net/http"
	"strings"

	"dajiuzhu/internal/fault"
)

// passkeyPage is a page on which the browser is asked for a passkey.
type passkeyPage struct {
	Wrong   string
	Name    string
	Passkey passkey
}

// askPasskey asks whoever it is for a passkey to sign in with.
func (s *Site) askPasskey(v *Visit) error { return s.passkeyAgain(v, nil) }

func (s *Site) passkeyAgain(v *Visit, wrong error) error {
	asked, err := s.Access.AskPasskey(v.R.Context(), visitor(v.R))
	if err != nil {
		return s.again(v, "signin", form{}, err)
	}
	status, p := http.StatusOK, passkeyPage{Passkey: passkey{asked.Key, asked.Options}}
	if wrong != nil {
		status, p.Wrong = s.explain(v, wrong)
	}
	return s.render(v, status, "passkey", p)
}

// signInByPasskey takes the browser's answer.
func (s *Site) signInByPasskey(v *Visit) error {
	token, session, err := s.Access.FinishPasskey(v.R.Context(), v.R.PostFormValue("key"), []byte(v.R.PostFormValue("answer")), visitor(v.R))
	if err != nil {
		return s.passkeyAgain(v, err)
	}
	return s.enter(v, token, session)
}

// secondByPasskey takes a passkey as the second factor.
func (s *Site) secondByPasskey(v *Visit) error {
	token, session, err := s.Access.ConfirmPasskey(v.R.Context(), v.token, v.R.PostFormValue("key"), []byte(v.R.PostFormValue("answer")))
	if err != nil {
		return s.secondAgain(v, err)
	}
	return s.enter(v, token, session)
}

// secondAgain asks for the second factor, by what the account has.
func (s *Site) secondAgain(v *Visit, wrong error) error {
	status, f := http.StatusOK, form{}
	if wrong != nil {
		status, f.Wrong = s.explain(v, wrong)
	}
	if v.Session.Passkeys > 0 && s.Access.HasPasskeys() {
		asked, err := s.Access.BeginPasskey(v.R.Context(), v.token)
		if err != nil {
			return err
		}
		f.Passkey = passkey{asked.Key, asked.Options}
	}
	return s.render(v, status, "second", f)
}

// newPasskeyPage asks the browser to make a passkey.
func (s *Site) newPasskeyPage(v *Visit) error { return s.newPasskeyAgain(v, nil) }

func (s *Site) newPasskeyAgain(v *Visit, wrong error) error {
	asked, err := s.Access.BeginPasskeyRegistration(v.R.Context(), v.token)
	if err != nil {
		return err
	}
	status, p := http.StatusOK, passkeyPage{Name: v.R.PostFormValue("name"), Passkey: passkey{asked.Key, asked.Options}}
	if wrong != nil {
		status, p.Wrong = s.explain(v, wrong)
	}
	return s.render(v, status, "newpasskey", p)
}

const longestName = 60 // characters of the name of a passkey

var noPasskeyName = fault.Text{Key: "web.no-passkey-name", Zh: "请给这个通行密钥起个名字，最多{most}个字，如“办公室电脑”", En: "name the passkey, in at most {most} characters, as “office computer”"}

// newPasskey registers what the browser made.
func (s *Site) newPasskey(v *Visit) error {
	name := strings.TrimSpace(v.R.PostFormValue("name"))
	if n := len([]rune(name)); n == 0 || n > longestName {
		return s.newPasskeyAgain(v, fault.New(fault.Invalid, noPasskeyName, fault.Args{"most": longestName}))
	}
	to, _, err := v.Beyond(func() (string, error) {
		token, err := s.Access.FinishPasskeyRegistration(v.R.Context(), v.token, v.R.PostFormValue("key"), name, []byte(v.R.PostFormValue("answer")))
		if err == nil {
			s.setCookie(v, sessionCookie, token, 0)
		}
		return "/account", err
	})
	if err != nil {
		return s.newPasskeyAgain(v, err)
	}
	return v.Redirect(to)
}
