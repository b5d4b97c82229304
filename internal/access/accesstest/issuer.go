package accesstest

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
)

// Issuer is a small identity provider. Whoever comes is the subject; its client is "dajiuzhu" with the secret "client-secret".
type Issuer struct {
	*httptest.Server
	Clock    func() time.Time
	Redirect string // where it sends people back
	Key      *ecdsa.PrivateKey
	Subject  string
	Change   func(claims map[string]any)
	SignWith *ecdsa.PrivateKey
	codes    map[string]url.Values // what was asked for under each code
}

// NewIssuer starts a provider.
func NewIssuer(t testing.TB, clock func() time.Time, redirect string) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{Clock: clock, Redirect: redirect, Key: key, SignWith: key, codes: map[string]url.Values{}, Change: func(map[string]any) {}}
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

// Authorise is what happens in the browser at the provider: it returns what the browser comes back with.
func (i *Issuer) Authorise(t testing.TB, address string) (state, code string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("scope") != "openid" || q.Get("redirect_uri") != i.Redirect {
		t.Errorf("the provider is asked with %v", q)
	}
	code = rand.Text()
	i.codes[code] = q
	return q.Get("state"), code
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	asked, ok := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	_, secret, _ := r.BasicAuth()
	if !ok || asked.Get("code_challenge") != b64(verifier[:]) || secret != "client-secret" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	now := i.Clock()
	claims := map[string]any{"iss": i.URL, "aud": "dajiuzhu", "sub": i.Subject, "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	i.Change(claims)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.SignWith}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		panic(err)
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	reply(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
}
