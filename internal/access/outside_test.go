package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/access/accesstest"
	"dajiuzhu/internal/sealed"
)

// newOutsideHouse is a house with an outside provider.
func newOutsideHouse(t testing.TB) (*house, *accesstest.Issuer) {
	var h *house
	i := accesstest.NewIssuer(t, func() time.Time { return h.clock() }, siteOrigin+"/outside")
	h = newHouse(t, func(c *access.Config) {
		c.Outside = &access.Provider{Issuer: i.URL, ClientID: "dajiuzhu", Secret: sealed.NewSecret(sealed.Other, "client-secret"), Redirect: siteOrigin + "/outside"}
	})
	return h, i
}

// comeBack goes to the provider and signs in with what it says.
func (h *house) comeBack(i *accesstest.Issuer) (string, access.Session, error) {
	h.t.Helper()
	address, key, err := h.EnterOutside(h.t.Context(), h.from)
	h.must(err)
	state, code := i.Authorise(h.t, address)
	return h.FinishOutside(h.t.Context(), key, state, code, h.from)
}

// link links a session's account with whom the provider says.
func (h *house) link(i *accesstest.Issuer, token, subject string) error {
	h.t.Helper()
	i.Subject = subject
	address, key, err := h.BeginOutside(h.t.Context(), token)
	h.must(err)
	state, code := i.Authorise(h.t, address)
	return h.LinkOutside(h.t.Context(), token, key, state, code)
}

func TestOutside(t *testing.T) {
	h, i := newOutsideHouse(t)
	id := h.account("wang", officer)
	i.Subject = "u-1"
	_, _, err := h.comeBack(i)
	h.wants("an identity that is not linked", err, "access.outside-unknown")
	token, _ := h.signIn("wang")
	h.must(h.link(i, token, "u-1"))
	_, s, err := h.comeBack(i)
	h.must(err)
	if s.Account != id || s.Due != access.Ready {
		t.Errorf("signed in from outside the session is %+v", s)
	}
	h.account("zhao", officer)
	other, _ := h.signIn("zhao")
	h.wants("linking another's identity", h.link(i, other, "u-1"), "access.outside-taken")
	h.must(h.Disable(t.Context(), access.Machine(), id, true))
	i.Subject = "u-1"
	_, _, err = h.comeBack(i)
	h.wants("of an account that is shut out", err, "access.outside-unknown")
}

// TestOutsideIsOneFactor: a decider gives the second one here.
func TestOutsideIsOneFactor(t *testing.T) {
	h, i := newOutsideHouse(t)
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	_, _, token = h.enrol(token)
	h.must(h.link(i, token, "u-2"))
	_, s, err := h.comeBack(i)
	h.must(err)
	if s.Due != access.GiveSecond || s.May(access.Decide) {
		t.Errorf("signed in from outside the session is %+v", s)
	}
}

func TestOutsideRefused(t *testing.T) {
	h, i := newOutsideHouse(t)
	h.account("wang", officer)
	token, _ := h.signIn("wang")
	h.must(h.link(i, token, "u-1"))
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	h.must(err)
	for name, change := range map[string]func(map[string]any){
		"another nonce":    func(c map[string]any) { c["nonce"] = "x" },
		"no nonce":         func(c map[string]any) { delete(c, "nonce") },
		"another audience": func(c map[string]any) { c["aud"] = "else" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://example.com" },
		"expired":          func(c map[string]any) { c["exp"] = h.clock().Add(-time.Minute).Unix() },
		"another key":      func(map[string]any) { i.SignWith = other },
	} {
		i.Change, i.SignWith = change, i.Key
		_, _, err := h.comeBack(i)
		h.wants(name, err, "access.outside-refused")
	}
	i.Change, i.SignWith = func(map[string]any) {}, i.Key
	address, key, err := h.EnterOutside(t.Context(), h.from)
	h.must(err)
	state, code := i.Authorise(t, address)
	_, _, err = h.FinishOutside(t.Context(), key, state+"x", code, h.from)
	h.wants("another state", err, "access.outside-refused")
	_, key2, err := h.EnterOutside(t.Context(), h.from)
	h.must(err)
	_, _, err = h.FinishOutside(t.Context(), key2, state, code, h.from)
	h.wants("another browser's answer", err, "access.outside-refused")
	address, key, err = h.EnterOutside(t.Context(), h.from)
	h.must(err)
	state, code = i.Authorise(t, address)
	_, _, err = h.FinishOutside(t.Context(), key, state, code+"x", h.from)
	h.wants("another code", err, "access.outside-refused")
	_, _, err = h.comeBack(i)
	h.must(err)
	_, _, err = h.FinishOutside(t.Context(), key, state, code, h.from)
	h.wants("a second time", err, "access.ceremony-over")
}

func TestOutsideAway(t *testing.T) {
	h, i := newOutsideHouse(t)
	i.Close()
	_, _, err := h.EnterOutside(t.Context(), h.from)
	h.wants("a provider that does not answer", err, "access.outside-down")
	plain := newHouse(t)
	_, _, err = plain.EnterOutside(t.Context(), plain.from)
	plain.wants("no provider", err, "access.no-outside")
}

// TestOwn: the holder sees by what and where somebody is signed in, and ends a link.
func TestOwn(t *testing.T) {
	h, i := newOutsideHouse(t)
	h.account("wang", officer)
	h.signIn("wang")
	h.wait(5 * time.Minute)
	h.from.Agent = "another browser"
	token, _ := h.signIn("wang")
	_, recovery, token := h.enrol(token)
	h.must(h.link(i, token, "u-1"))
	own, err := h.Own(t.Context(), token)
	h.must(err)
	if own.Codes != len(recovery) || !own.Linked || len(own.Places) != 2 || !own.Places[0].Here || own.Places[0].Agent != "another browser" || own.Places[1].Here {
		t.Errorf("one's own account is %+v", own)
	}
	h.must(h.UnlinkOutside(t.Context(), token))
	_, _, err = h.comeBack(i)
	h.wants("an identity that is linked no more", err, "access.outside-unknown")
	h.wait(26 * time.Minute)
	own, err = h.Own(t.Context(), token)
	h.must(err)
	if len(own.Places) != 1 || own.Linked {
		t.Errorf("after half an hour one's own account is %+v", own)
	}
}
