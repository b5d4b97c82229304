package access_test

import (
	"net/netip"
	"testing"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/access/accesstest"
)

const siteOrigin, siteName = "https://jiuzhu.example.cn", "jiuzhu.example.cn"

// registered gives a session's account a passkey on a new device and returns it with the new token.
func (h *house) registered(token string) (*accesstest.Device, string) {
	h.t.Helper()
	d := accesstest.NewDevice(h.t, siteOrigin, siteName)
	c, err := h.BeginPasskeyRegistration(h.t.Context(), token)
	h.must(err)
	token, err = h.FinishPasskeyRegistration(h.t.Context(), token, c.Key, "我的手机", d.Register(c.Options))
	h.must(err)
	return d, token
}

func TestPasskey(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.account("lili", decider)
	token, _ := h.signIn("lili")
	d, token := h.registered(token)
	if s := h.session(token); s.Due != access.Ready || s.Passkeys != 1 || !s.May(access.Decide) {
		t.Fatalf("after registering a passkey the session is %+v", s)
	}
	c, err := h.AskPasskey(ctx, h.from)
	h.must(err)
	answer := d.Assert(c.Options)
	token, s, err := h.FinishPasskey(ctx, c.Key, answer, h.from)
	h.must(err)
	if s.Account != id || !s.May(access.Decide) {
		t.Errorf("signed in with a passkey the session is %+v", s)
	}
	_, _, err = h.FinishPasskey(ctx, c.Key, answer, h.from)
	h.wants("the same answer again", err, "access.ceremony-over")
	c, err = h.AskPasskey(ctx, h.from)
	h.must(err)
	_, _, err = h.FinishPasskey(ctx, c.Key, answer, h.from)
	h.wants("an old answer to a new challenge", err, "access.passkey-refused")

	own, err := h.Own(ctx, token)
	h.must(err)
	all := own.Passkeys
	if len(all) != 1 || all[0].Name != "我的手机" {
		t.Errorf("the account's passkeys are %+v", all)
	}
	h.wants("removing the only second factor", h.RemovePasskey(ctx, token, all[0].ID), "access.last-second")
}

func TestPasskeyAsSecondFactor(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	d, _ := h.registered(token)
	token, s := h.signIn("lili")
	if s.Due != access.GiveSecond {
		t.Fatalf("with a password alone the session is %+v", s)
	}
	c, err := h.BeginPasskey(ctx, token)
	h.must(err)
	token, s, err = h.ConfirmPasskey(ctx, token, c.Key, d.Assert(c.Options))
	h.must(err)
	if !s.May(access.Decide) {
		t.Errorf("after the passkey the session is %+v", s)
	}
	h.wait(11 * time.Minute)
	c, err = h.BeginPasskey(ctx, token)
	h.must(err)
	_, s, err = h.ConfirmPasskey(ctx, token, c.Key, d.Assert(c.Options))
	h.must(err)
	if !s.Fresh {
		t.Error("a passkey does not prove again who one is")
	}
	// Another's passkey does not do, though it names its owner.
	h.account("wang", officer)
	theirs, _ := h.signIn("wang")
	other, _ := h.registered(theirs)
	token, _ = h.signIn("lili")
	c, err = h.BeginPasskey(ctx, token)
	h.must(err)
	_, _, err = h.ConfirmPasskey(ctx, token, c.Key, other.Assert(c.Options))
	h.wants("another's passkey", err, "access.passkey-refused")
	theirs, _ = h.signIn("wang")
	c, err = h.BeginPasskey(ctx, theirs)
	h.must(err)
	_, _, err = h.ConfirmPasskey(ctx, token, c.Key, d.Assert(c.Options))
	h.wants("what another began", err, "access.ceremony-over")
}

func TestPasskeyRefused(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.account("lili", decider)
	token, _ := h.signIn("lili")
	d, _ := h.registered(token)
	try := func(edit func(*accesstest.Device)) error {
		t.Helper()
		c, err := h.AskPasskey(ctx, h.from)
		h.must(err)
		changed := *d
		edit(&changed)
		_, _, err = h.FinishPasskey(ctx, c.Key, changed.Assert(c.Options), h.from)
		return err
	}
	h.must(try(func(*accesstest.Device) {}))
	d.Count++
	for name, edit := range map[string]func(*accesstest.Device){
		"another site's page":        func(d *accesstest.Device) { d.Origin = "https://jiuzhu.example.com" },
		"another key":                func(d *accesstest.Device) { d.Key = accesstest.NewDevice(t, siteOrigin, siteName).Key },
		"nobody unlocked it":         func(d *accesstest.Device) { d.Unseen = true },
		"another account's handle":   func(d *accesstest.Device) { d.Handle = make([]byte, 32) },
		"no handle":                  func(d *accesstest.Device) { d.Handle = nil },
		"a passkey never seen":       func(d *accesstest.Device) { d.ID = make([]byte, 16) },
		"a counter that went back":   func(d *accesstest.Device) { d.Count = 0 },
		"a counter that stood still": func(d *accesstest.Device) { d.Count-- },
	} {
		h.wants(name, try(edit), "access.passkey-refused")
	}
	c, err := h.AskPasskey(ctx, h.from)
	h.must(err)
	for _, rubbish := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
		_, _, err := h.FinishPasskey(ctx, c.Key, []byte(rubbish), h.from)
		h.wants(rubbish, err, "access.passkey-refused")
	}
	h.wait(11 * time.Minute)
	_, _, err = h.FinishPasskey(ctx, c.Key, d.Assert(c.Options), h.from)
	h.wants("after its time", err, "access.ceremony-over")
	h.must(try(func(d *accesstest.Device) { d.Count += 10 }))
	d.Count += 20
	h.must(h.Disable(ctx, access.Machine(), id, true))
	h.wants("of an account that is shut out", try(func(*accesstest.Device) {}), "access.passkey-refused")
}

func TestPasskeyIsRegisteredByItsAccount(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.account("wang", officer)
	h.account("zhao", officer)
	a, _ := h.signIn("wang")
	b, _ := h.signIn("zhao")
	c, err := h.BeginPasskeyRegistration(ctx, a)
	h.must(err)
	d := accesstest.NewDevice(t, siteOrigin, siteName)
	_, err = h.FinishPasskeyRegistration(ctx, b, c.Key, "x", d.Register(c.Options))
	h.wants("what another began", err, "access.ceremony-over")
	d.Unseen = true
	_, err = h.FinishPasskeyRegistration(ctx, a, c.Key, "x", d.Register(c.Options))
	h.wants("a device that nobody unlocked", err, "access.passkey-refused")
	d.Unseen = false
	_, err = h.FinishPasskeyRegistration(ctx, a, c.Key, "x", d.Register(c.Options))
	h.must(err)
	c, err = h.BeginPasskeyRegistration(ctx, b)
	h.must(err)
	_, err = h.FinishPasskeyRegistration(ctx, b, c.Key, "x", d.Register(c.Options))
	h.wants("a passkey of another account", err, "access.passkey-twice")
}

func TestSiteWithoutAName(t *testing.T) {
	h := newHouse(t, func(c *access.Config) { c.Site.URL = "http://127.0.0.1:8080" })
	_, err := h.AskPasskey(t.Context(), h.from)
	h.wants("an IP address", err, "access.no-passkeys")
	for _, url := range []string{"", "jiuzhu.example.cn", "ftp://jiuzhu.example.cn", "https://jiuzhu.example.cn/path", "https://"} {
		_, err := access.New(access.Config{DB: h.db, Keys: h.keys, Clock: h.clock, Hashing: quick, Site: access.Site{URL: url}})
		h.wants(url, err, "access.bad-site")
	}
}

// TestAsking: who keeps asking for the first half of a sign-in has to wait, and nobody else; who signs in has not asked in vain.
func TestAsking(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	token, _ := h.signIn("wang")
	d, _ := h.registered(token)
	sign := func() error {
		c, err := h.AskPasskey(t.Context(), h.from)
		if err == nil {
			_, _, err = h.FinishPasskey(t.Context(), c.Key, d.Assert(c.Options), h.from)
		}
		return err
	}
	asks := 0
	for ; asks < 1000; asks++ {
		if asks < 50 {
			h.must(sign())
		}
		if _, err := h.AskPasskey(t.Context(), h.from); err != nil {
			h.wants("asking on and on", err, "access.too-many")
			break
		}
	}
	if asks < 200 || asks > 210 {
		t.Errorf("asked %d times", asks)
	}
	h.signIn("wang") // by the password
	h.from.Address = netip.MustParseAddr("192.0.2.2")
	h.must(sign())
	h.from.Address = netip.MustParseAddr("192.0.2.1")
	h.wait(time.Minute)
	h.must(sign())
}
