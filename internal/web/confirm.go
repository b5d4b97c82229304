package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
)

// The fields of a proof of who somebody is, which may come with any form.
const (
	proofField       = "confirm-proof"  // the password or a code
	proofKeyField    = "confirm-key"    // of a passkey's ceremony
	proofAnswerField = "confirm-answer" // of the browser to it
)

// field is a field of a form that is kept while something else is asked for.
type field struct{ Name, Value string }

// passkey is what a page asks the browser for; without options there is nothing to ask.
type passkey struct {
	Key     string
	Options json.RawMessage
}

// JSON is the options as an attribute holds them.
func (p passkey) JSON() string { return string(p.Options) }

// confirmation asks again who somebody is.
type confirmation struct {
	Wrong   string
	Action  string // where the form goes: on with what was being done
	Fields  []field
	Passkey passkey
}

// confirmPage asks again who somebody is, and keeps what they were doing: the form goes where they wanted to go, with all that they wrote and the
// proof beside it ([Site.prove]). What was only to be shown is shown after it.
func (s *Site) confirmPage(v *Visit, wrong error) error {
	c := confirmation{Action: "/confirm", Fields: []field{{"to", v.R.URL.RequestURI()}}}
	switch {
	case v.R.Method == http.MethodGet:
	case v.R.PostForm == nil: // an upload, which is too large to be kept
		c.Fields = []field{{"to", "/"}}
	default:
		c.Action, c.Fields = v.R.URL.RequestURI(), keptFields(v.R.PostForm)
	}
	status := http.StatusForbidden
	if wrong != nil {
		status, c.Wrong = s.explain(v, wrong)
	}
	if v.Session.Passkeys > 0 && s.Access.HasPasskeys() {
		asked, err := s.Access.BeginPasskey(v.R.Context(), v.token)
		if err != nil {
			return err
		}
		c.Passkey = passkey{asked.Key, asked.Options}
	}
	return s.render(v, status, "confirm", c)
}

// isProof reports whether a field is part of the proof of who somebody is.
func isProof(name string) bool {
	return name == proofField || name == proofKeyField || name == proofAnswerField
}

// keptFields are the fields of a form but for the proof, in the order of their names.
func keptFields(form url.Values) (all []field) {
	for name, values := range form {
		if isProof(name) {
			continue
		}
		for _, value := range values {
			all = append(all, field{name, value})
		}
	}
	slices.SortStableFunc(all, func(a, b field) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// prove takes the proof that came with a form, if one did. It reads no body: that of an upload is the route's to read.
func (s *Site) prove(v *Visit) (err error) {
	if v.Session.Account == 0 {
		return nil
	}
	if answer := v.R.PostForm.Get(proofAnswerField); answer != "" {
		token, session, err := s.Access.ConfirmPasskey(v.R.Context(), v.token, v.R.PostForm.Get(proofKeyField), []byte(answer))
		if err != nil {
			return err
		}
		v.token, v.Session = token, session
		s.setCookie(v, sessionCookie, v.token, 0)
		return nil
	}
	proof := v.R.PostForm.Get(proofField)
	if proof == "" {
		return nil
	}
	if err := s.Access.Confirm(v.R.Context(), v.token, proof); err != nil {
		return err
	}
	v.Session, err = s.session(v.R.Context(), v.token)
	return err
}

// doorRoutes are the ways in beside the password, and the proof again of who somebody is.
func (s *Site) doorRoutes() []Route {
	return []Route{
		{Pattern: "GET /second/passkey", Who: SignedIn, Do: s.secondPage},
		{Pattern: "POST /second/passkey", Who: SignedIn, Do: s.secondByPasskey, Keyless: entersSession},
		{Pattern: "POST /passkey", Who: Anybody, Do: s.askPasskey, Keyless: beginsCeremony},
		{Pattern: "POST /passkey/signin", Who: Anybody, Do: s.signInByPasskey, Keyless: entersSession},
		{Pattern: "POST /outside", Who: Anybody, Do: s.toOutside, Keyless: beginsCeremony},
		{Pattern: "GET /outside", Who: Anybody, Do: s.fromOutside},
		{Pattern: "POST /confirm", Who: SignedIn, Do: s.confirmed, Keyless: "shows what was asked for"},
	}
}

// confirmed goes on to what was to be shown, once the proof was taken.
func (s *Site) confirmed(v *Visit) error {
	if !v.Session.Fresh {
		return s.confirmPage(v, nil)
	}
	return v.Redirect(localPath(v.R.PostFormValue("to")))
}

// localPath is a page of ours that a form names, the first page of anything else.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || u.Path[0] != '/' || len(u.Path) > 1 && (u.Path[1] == '/' || u.Path[1] == '\\') {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).RequestURI()
}
