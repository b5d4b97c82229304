package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/sealed"
)

// accountRoutes are one's own account, and those that somebody manages.
func (s *Site) accountRoutes() []Route {
	managers := May(access.ManageAccounts)
	return []Route{
		{Pattern: "GET /account", Who: SignedIn, Do: s.account},
		{Pattern: "POST /account/passkey/new", Who: SignedIn, Do: s.newPasskeyPage, Keyless: beginsCeremony},
		{Pattern: "POST /account/passkey", Who: SignedIn, Do: s.newPasskey},
		{Pattern: "POST /account/passkey/remove", Who: SignedIn, Do: s.removePasskey},
		{Pattern: "POST /account/totp/stop", Who: SignedIn, Do: s.stopTOTP},
		{Pattern: "POST /account/codes", Who: SignedIn, Do: s.newCodes},
		{Pattern: "POST /account/outside", Who: SignedIn, Do: s.linkOutside, Keyless: beginsCeremony},
		{Pattern: "POST /account/outside/unlink", Who: SignedIn, Do: s.unlinkOutside},
		{Pattern: "POST /account/everywhere", Who: SignedIn, Do: s.signOutEverywhere, Keyless: endsSession},
		{Pattern: "POST /account/relative", Who: Ready, Do: s.declareRelative},
		{Pattern: "POST /account/relative/end", Who: Ready, Do: s.endRelative},
		{Pattern: "GET /accounts", Who: managers, Do: s.accounts, List: true, Export: accountsExport()},
		{Pattern: "GET /accounts/new", Who: managers, Do: s.newAccountPage},
		{Pattern: "POST /accounts", Who: managers, Do: s.newAccount},
		{Pattern: "GET /accounts/{id}", Who: managers, Do: s.otherAccount},
		{Pattern: "POST /accounts/{id}/posting", Who: managers, Do: s.post},
		{Pattern: "POST /accounts/{id}/posting/end", Who: managers, Do: s.endPosting},
		{Pattern: "POST /accounts/{id}/password", Who: managers, Do: s.resetPassword},
		{Pattern: "POST /accounts/{id}/second", Who: managers, Do: s.resetSecond},
		{Pattern: "POST /accounts/{id}/disable", Who: managers, Do: s.disable},
		{Pattern: "POST /accounts/{id}/enable", Who: managers, Do: s.enable},
	}
}

// accountPage is one's own account.
type accountPage struct {
	Wrong     string
	Form      url.Values // as it was sent, where it was wrong
	Own       access.Own
	Outside   bool // an identity provider is set up
	Passkeys  bool // they work here
	Relations []access.Relation
	Relatives []access.Relative
	Today     calendar.Date
}

// PasskeyID is a passkey's id as a form holds it.
func (accountPage) PasskeyID(p access.Passkey) string {
	return base64.RawURLEncoding.EncodeToString(p.ID)
}

// Lasts reports whether a declaration has not ended.
func (p accountPage) Lasts(r access.Relative) bool { return r.Span.To > p.Today }

func (s *Site) account(v *Visit) error {
	if v.Session.Due == access.GiveSecond || v.Session.Due == access.ChangePassword {
		return v.Redirect(v.onward(v.Session.Due))
	}
	return s.accountAgain(v, nil)
}

// accountAgain shows one's own account, with what was wrong.
func (s *Site) accountAgain(v *Visit, wrong error) (err error) {
	p := accountPage{Form: v.R.PostForm, Outside: s.Access.HasOutside(), Passkeys: s.Access.HasPasskeys(), Today: v.Today()}
	status := http.StatusOK
	if wrong != nil {
		if access.ConfirmFirst(wrong) {
			return wrong
		}
		status, p.Wrong = s.explain(v, wrong)
	}
	if p.Own, err = s.Access.Own(v.R.Context(), v.token); err != nil {
		return err
	}
	if v.Session.May(access.DeclareRelatives) {
		p.Relations = access.Relations()
		if p.Relatives, err = s.Access.OwnRelatives(v.R.Context(), v.token); err != nil {
			return err
		}
	}
	return s.render(v, status, "account", p)
}

// change does something to one's own account and goes back to it, or shows there what was wrong.
func (s *Site) change(v *Visit, do func() error) error {
	to, _, err := v.Beyond(func() (string, error) { return "/account", do() })
	if err != nil {
		return s.accountAgain(v, err)
	}
	return v.Redirect(to)
}

func (s *Site) removePasskey(v *Visit) error {
	id, err := base64.RawURLEncoding.DecodeString(v.R.PostFormValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, noSuchPage, nil)
	}
	return s.change(v, func() error { return s.Access.RemovePasskey(v.R.Context(), v.token, id) })
}

func (s *Site) stopTOTP(v *Visit) error {
	return s.change(v, func() error { return s.Access.StopTOTP(v.R.Context(), v.token) })
}

// newCodes shows other recovery codes, this once.
func (s *Site) newCodes(v *Visit) error {
	var codes []sealed.Secret
	to, made, err := v.Beyond(func() (to string, err error) {
		codes, err = s.Access.RecoveryCodes(v.R.Context(), v.token)
		return "/account", err
	})
	if err != nil {
		return s.accountAgain(v, err)
	}
	if !made {
		return v.Redirect(to)
	}
	return s.render(v, http.StatusOK, "recovery", form{Codes: codes, To: "/account"})
}

func (s *Site) signOutEverywhere(v *Visit) error {
	if err := s.Access.SignOutEverywhere(v.R.Context(), v.token); err != nil {
		return err
	}
	s.setCookie(v, sessionCookie, "", -1e9)
	return v.Redirect("/signin")
}

func (s *Site) declareRelative(v *Visit) error {
	number, err := idno.Parse(v.R.PostFormValue("number"))
	if err != nil {
		return s.accountAgain(v, err)
	}
	return s.change(v, func() error {
		_, err := s.Access.DeclareRelative(v.R.Context(), v.token, number, access.Relation(v.R.PostFormValue("relation")), calendar.Since(v.Today()))
		return err
	})
}

func (s *Site) endRelative(v *Visit) error {
	id, err := strconv.ParseInt(v.R.PostFormValue("id"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, noSuchPage, nil)
	}
	return s.change(v, func() error { return s.Access.EndRelative(v.R.Context(), v.token, id, v.Today()) })
}
