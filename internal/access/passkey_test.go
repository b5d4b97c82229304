package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"dajiuzhu/internal/access"
)

// device is an authenticator in software: it holds one passkey and answers as a browser passes its answers on.
type device struct {
	t      testing.TB
	origin string
	id     []byte
	handle []byte
	key    *ecdsa.PrivateKey
	count  uint32
	unseen bool // nobody unlocks it
}

const siteOrigin, siteName = "https://jiuzhu.example.cn", "jiuzhu.example.cn"

func newDevice(t testing.TB) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	rand.Read(id)
	return &device{t: t, origin: siteOrigin, id: id, key: key}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// asked is what the device reads of the options.
type asked struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		RPID             string `json:"rpId"`
		UserVerification string `json:"userVerification"`
	} `json:"publicKey"`
}

func (d *device) read(c access.Ceremony) (a asked) {
	d.t.Helper()
	if err := json.Unmarshal(c.Options, &a); err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *device) client(kind, challenge string) []byte {
	out, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	return out
}

// data is the authenticator's: the site, what its holder did, and how often it was used.
func (d *device) data(attested []byte) []byte {
	site := sha256.Sum256([]byte(siteName))
	flags := byte(0x01)
	if !d.unseen {
		flags |= 0x04
	}
	if attested != nil {
		flags |= 0x40
	}
	out := append(site[:], flags)
	out = binary.BigEndian.AppendUint32(out, d.count)
	return append(out, attested...)
}

func (d *device) encode(v any) []byte {
	d.t.Helper()
	out, err := cbor.Marshal(v)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// register answers a registration.
func (d *device) register(c access.Ceremony) []byte {
	d.t.Helper()
	a := d.read(c)
	d.handle, _ = base64.RawURLEncoding.DecodeString(a.PublicKey.User.ID)
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	key := d.encode(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	attested := make([]byte, 16)
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(d.id)))
	attested = append(append(attested, d.id...), key...)
	object := d.encode(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.data(attested)})
	return d.answer(map[string]any{"clientDataJSON": b64(d.client("webauthn.create", a.PublicKey.Challenge)), "attestationObject": b64(object)})
}

// assert answers a request for a passkey.
func (d *device) assert(c access.Ceremony) []byte {
	d.t.Helper()
	a := d.read(c)
	d.count++
	data, client := d.data(nil), d.client("webauthn.get", a.PublicKey.Challenge)
	hashed := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hashed[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, signed[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return d.answer(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(d.handle),
	})
}

func (d *device) answer(response map[string]any) []byte {
	out, _ := json.Marshal(map[string]any{"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	return out
}

// registered gives a session's account a passkey on a new device and returns it with the new token.
func (h *house) registered(token string) (*device, string) {
	h.t.Helper()
	d := newDevice(h.t)
	c, err := h.BeginPasskeyRegistration(h.t.Context(), token)
	h.must(err)
	token, err = h.FinishPasskeyRegistration(h.t.Context(), token, c.Key, "我的手机", d.register(c))
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
	c, err := h.BeginPasskey(ctx, "")
	h.must(err)
	answer := d.assert(c)
	token, s, err := h.FinishPasskey(ctx, c.Key, answer, h.from)
	h.must(err)
	if s.Account != id || !s.May(access.Decide) {
		t.Errorf("signed in with a passkey the session is %+v", s)
	}
	_, _, err = h.FinishPasskey(ctx, c.Key, answer, h.from)
	h.wants("the same answer again", err, "access.ceremony-over")
	c, err = h.BeginPasskey(ctx, "")
	h.must(err)
	_, _, err = h.FinishPasskey(ctx, c.Key, answer, h.from)
	h.wants("an old answer to a new challenge", err, "access.passkey-refused")

	all, err := h.PasskeysOf(ctx, token)
	h.must(err)
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
	token, s, err = h.ConfirmPasskey(ctx, token, c.Key, d.assert(c))
	h.must(err)
	if !s.May(access.Decide) {
		t.Errorf("after the passkey the session is %+v", s)
	}
	h.wait(11 * time.Minute)
	c, err = h.BeginPasskey(ctx, token)
	h.must(err)
	_, s, err = h.ConfirmPasskey(ctx, token, c.Key, d.assert(c))
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
	_, _, err = h.ConfirmPasskey(ctx, token, c.Key, other.assert(c))
	h.wants("another's passkey", err, "access.passkey-refused")
	theirs, _ = h.signIn("wang")
	c, err = h.BeginPasskey(ctx, theirs)
	h.must(err)
	_, _, err = h.ConfirmPasskey(ctx, token, c.Key, d.assert(c))
	h.wants("what another began", err, "access.ceremony-over")
}

func TestPasskeyRefused(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.account("lili", decider)
	token, _ := h.signIn("lili")
	d, _ := h.registered(token)
	try := func(edit func(*device)) error {
		t.Helper()
		c, err := h.BeginPasskey(ctx, "")
		h.must(err)
		changed := *d
		edit(&changed)
		_, _, err = h.FinishPasskey(ctx, c.Key, changed.assert(c), h.from)
		return err
	}
	h.must(try(func(*device) {}))
	d.count++
	for name, edit := range map[string]func(*device){
		"another site's page":        func(d *device) { d.origin = "https://jiuzhu.example.com" },
		"another key":                func(d *device) { d.key = newDevice(t).key },
		"nobody unlocked it":         func(d *device) { d.unseen = true },
		"another account's handle":   func(d *device) { d.handle = make([]byte, 32) },
		"no handle":                  func(d *device) { d.handle = nil },
		"a passkey never seen":       func(d *device) { d.id = make([]byte, 16) },
		"a counter that went back":   func(d *device) { d.count = 0 },
		"a counter that stood still": func(d *device) { d.count-- },
	} {
		h.wants(name, try(edit), "access.passkey-refused")
	}
	c, err := h.BeginPasskey(ctx, "")
	h.must(err)
	for _, rubbish := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
		_, _, err := h.FinishPasskey(ctx, c.Key, []byte(rubbish), h.from)
		h.wants(rubbish, err, "access.passkey-refused")
	}
	h.wait(11 * time.Minute)
	_, _, err = h.FinishPasskey(ctx, c.Key, d.assert(c), h.from)
	h.wants("after its time", err, "access.ceremony-over")
	h.must(try(func(d *device) { d.count += 10 }))
	d.count += 20
	h.must(h.Disable(ctx, access.Machine(), id, true))
	h.wants("of an account that is shut out", try(func(*device) {}), "access.passkey-refused")
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
	d := newDevice(t)
	_, err = h.FinishPasskeyRegistration(ctx, b, c.Key, "x", d.register(c))
	h.wants("what another began", err, "access.ceremony-over")
	d.unseen = true
	_, err = h.FinishPasskeyRegistration(ctx, a, c.Key, "x", d.register(c))
	h.wants("a device that nobody unlocked", err, "access.passkey-refused")
	d.unseen = false
	_, err = h.FinishPasskeyRegistration(ctx, a, c.Key, "x", d.register(c))
	h.must(err)
	c, err = h.BeginPasskeyRegistration(ctx, b)
	h.must(err)
	_, err = h.FinishPasskeyRegistration(ctx, b, c.Key, "x", d.register(c))
	h.wants("a passkey of another account", err, "access.passkey-twice")
}

func TestSiteWithoutAName(t *testing.T) {
	h := newHouse(t, func(c *access.Config) { c.Site.URL = "http://127.0.0.1:8080" })
	_, err := h.BeginPasskey(t.Context(), "")
	h.wants("an IP address", err, "access.no-passkeys")
	for _, url := range []string{"", "jiuzhu.example.cn", "ftp://jiuzhu.example.cn", "https://jiuzhu.example.cn/path", "https://"} {
		_, err := access.New(access.Config{DB: h.db, Keys: h.keys, Clock: h.clock, Hashing: quick, Site: access.Site{URL: url}})
		h.wants(url, err, "access.bad-site")
	}
}
