package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/sealed"
)

// issuer is a small identity provider. Whoever comes is the subject.
type issuer struct {
	*httptest.Server
	h        *house
	key      *ecdsa.PrivateKey
	subject  string
	codes    map[string]url.Values // what was asked for under each code
	change   func(claims map[string]any)
	signWith *ecdsa.PrivateKey
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key, signWith: key, codes: map[string]url.Values{}, change: func(map[string]any) {}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", i.token)
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// authorise is what happens in the browser at the provider: it returns what the browser comes back with.
func (i *issuer) authorise(t testing.TB, address string) (state, code string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("scope") != "openid" || q.Get("redirect_uri") != siteOrigin+"/outside" {
		t.Errorf("the provider is asked with %v", q)
	}
	code = rand.Text()
	i.codes[code] = q
	return q.Get("state"), code
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	asked, ok := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	_, secret, _ := r.BasicAuth()
	if !ok || asked.Get("code_challenge") != b64(verifier[:]) || secret != "client-secret" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	now := i.h.clock()
	claims := map[string]any{"iss": i.URL, "aud": "dajiuzhu", "sub": i.subject, "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	i.change(claims)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.signWith}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		panic(err)
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	reply(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
}

// newOutsideHouse is a house with an outside provider.
func newOutsideHouse(t testing.TB) (*house, *issuer) {
	i := newIssuer(t)
	h := newHouse(t, func(c *access.Config) {
		c.Outside = &access.Provider{Issuer: i.URL, ClientID: "dajiuzhu", Secret: sealed.NewSecret(sealed.Other, "client-secret"), Redirect: siteOrigin + "/outside"}
	})
	i.h = h
	return h, i
}

// comeBack goes to the provider and signs in with what it says.
func (h *house) comeBack(i *issuer) (string, access.Session, error) {
	h.t.Helper()
	address, key, err := h.BeginOutside(h.t.Context(), "")
	h.must(err)
	state, code := i.authorise(h.t, address)
	return h.FinishOutside(h.t.Context(), key, state, code, h.from)
}

// link links a session's account with whom the provider says.
func (h *house) link(i *issuer, token, subject string) error {
	h.t.Helper()
	i.subject = subject
	address, key, err := h.BeginOutside(h.t.Context(), token)
	h.must(err)
	state, code := i.authorise(h.t, address)
	return h.LinkOutside(h.t.Context(), token, key, state, code)
}

func TestOutside(t *testing.T) {
	h, i := newOutsideHouse(t)
	id := h.account("wang", officer)
	i.subject = "u-1"
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
	i.subject = "u-1"
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
		"another key":      func(map[string]any) { i.signWith = other },
	} {
		i.change, i.signWith = change, i.key
		_, _, err := h.comeBack(i)
		h.wants(name, err, "access.outside-refused")
	}
	i.change, i.signWith = func(map[string]any) {}, i.key
	address, key, err := h.BeginOutside(t.Context(), "")
	h.must(err)
	state, code := i.authorise(t, address)
	_, _, err = h.FinishOutside(t.Context(), key, state+"x", code, h.from)
	h.wants("another state", err, "access.outside-refused")
	_, key2, err := h.BeginOutside(t.Context(), "")
	h.must(err)
	_, _, err = h.FinishOutside(t.Context(), key2, state, code, h.from)
	h.wants("another browser's answer", err, "access.outside-refused")
	address, key, err = h.BeginOutside(t.Context(), "")
	h.must(err)
	state, code = i.authorise(t, address)
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
	_, _, err := h.BeginOutside(t.Context(), "")
	h.wants("a provider that does not answer", err, "access.outside-down")
	plain := newHouse(t)
	_, _, err = plain.BeginOutside(t.Context(), "")
	plain.wants("no provider", err, "access.no-outside")
}
