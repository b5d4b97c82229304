package access_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dajiuzhu/internal/access"
)

func TestDeciderNeedsSecondFactor(t *testing.T) {
	h := newHouse(t)
	h.account("lili", decider)
	token, s := h.signIn("lili")
	if s.Due != access.EnrolSecond || s.May(access.Decide) || s.Principal("").Role != "" {
		t.Fatalf("without a second factor the session is %+v", s)
	}
	secret, _, enrolled := h.enrol(token)
	if _, err := h.Session(t.Context(), token); !access.SignedOut(err) {
		t.Error("the token from before the second factor still works")
	}
	if s = h.session(enrolled); s.Due != access.Ready || !s.May(access.Decide) {
		t.Fatalf("after enrolling the session is %+v", s)
	}
	h.wait(time.Minute)
	token, s = h.signIn("lili")
	if s.Due != access.GiveSecond || s.May(access.Decide) {
		t.Fatalf("with a password alone the session is %+v", s)
	}
	for what, try := range map[string]func() error{
		"a new authenticator":   func() error { _, err := h.BeginTOTP(t.Context(), token); return err },
		"no authenticator":      func() error { return h.StopTOTP(t.Context(), token) },
		"new recovery codes":    func() error { _, err := h.RecoveryCodes(t.Context(), token); return err },
		"a passkey":             func() error { _, err := h.BeginPasskeyRegistration(t.Context(), token); return err },
		"another password":      func() error { _, _, err := h.ChangePassword(t.Context(), token, password, password+"!"); return err },
		"proof by the password": func() error { return h.Confirm(t.Context(), token, password) },
		"a posting":             func() error { _, err := h.Choose(t.Context(), token, s.Postings[0].ID); return err },
	} {
		h.wants(what+" before the second factor", try(), "access.not-ready")
	}
	token, s, err := h.SecondFactor(t.Context(), token, " "+h.code(secret)[:3]+" "+h.code(secret)[3:])
	h.must(err)
	if s.Due != access.Ready || !s.May(access.Decide) {
		t.Errorf("after the code the session is %+v", s)
	}
	h.wants("turning the only second factor off", h.StopTOTP(t.Context(), token), "access.last-second")
}

// TestCodeIsTakenOnce: neither one after another nor at once, nor an earlier step after a later one.
func TestCodeIsTakenOnce(t *testing.T) {
	h := newHouse(t)
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	secret, _, _ := h.enrol(token)
	used := h.code(secret)
	token, _ = h.signIn("lili")
	_, _, err := h.SecondFactor(t.Context(), token, used)
	h.wants("the code of the enrolment", err, "access.wrong-proof")
	h.wait(30 * time.Second)
	earlier := h.code(secret)
	h.wait(30 * time.Second)
	_, _, err = h.SecondFactor(t.Context(), token, h.code(secret))
	h.must(err)
	token, _ = h.signIn("lili")
	_, _, err = h.SecondFactor(t.Context(), token, earlier)
	h.wants("the step before one that was used", err, "access.wrong-proof")
	h.wait(2 * time.Minute)
	code := h.code(secret)
	held, err := h.db.Own().Begin(t.Context())
	h.must(err)
	_, err = held.Exec(t.Context(), "select from credential for update") // all have read the secret before one goes on
	h.must(err)
	var wg sync.WaitGroup
	var passed atomic.Int32
	for range 3 {
		token, _ := h.signIn("lili")
		wg.Go(func() {
			if _, _, err := h.SecondFactor(context.Background(), token, code); err == nil {
				passed.Add(1)
			}
		})
	}
	for h.count("pg_locks where not granted") < 3 {
		runtime.Gosched()
	}
	h.must(held.Rollback(t.Context()))
	wg.Wait()
	if n := passed.Load(); n != 1 {
		t.Errorf("one code was taken %d times at once", n)
	}
}

func TestClockOfAnAuthenticator(t *testing.T) {
	h := newHouse(t)
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	secret, _, _ := h.enrol(token)
	for _, c := range []struct {
		name  string
		shift time.Duration
		taken bool
	}{
		{"half a minute slow", -30 * time.Second, true}, {"half a minute fast", 30 * time.Second, true},
		{"a minute slow", -time.Minute, false}, {"a minute fast", time.Minute, false},
	} {
		h.wait(5 * time.Minute)
		token, _ := h.signIn("lili")
		h.wait(c.shift)
		code := h.code(secret)
		h.wait(-c.shift)
		_, _, err := h.SecondFactor(t.Context(), token, code)
		if taken := err == nil; taken != c.taken {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	h := newHouse(t)
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	_, recovery, _ := h.enrol(token)
	if len(recovery) != 10 || strings.Contains(recovery[0].String(), recovery[0].Plain()[:4]) {
		t.Fatalf("recovery codes: %v", recovery)
	}
	first := recovery[0].Plain()
	if n := h.count("recovery_code where encode(digest, 'escape') like '%' || $1 || '%'", first[:4]); n != 0 {
		t.Error("a recovery code is in the table")
	}
	h.wait(time.Minute)
	token, _ = h.signIn("lili")
	token, s, err := h.SecondFactor(t.Context(), token, strings.ToUpper(strings.ReplaceAll(first, "-", " ")))
	h.must(err)
	if !s.May(access.Decide) {
		t.Errorf("after a recovery code: %+v", s)
	}
	renewed, err := h.RecoveryCodes(t.Context(), token)
	h.must(err)
	for what, code := range map[string]string{"one that was used": first, "one that was replaced": recovery[1].Plain(), "none": ""} {
		token, _ := h.signIn("lili")
		_, _, err := h.SecondFactor(t.Context(), token, code)
		h.wants(what, err, "access.wrong-proof")
	}
	token, _ = h.signIn("lili")
	_, _, err = h.SecondFactor(t.Context(), token, renewed[9].Plain())
	h.must(err)
}

func TestSecondFactorLocks(t *testing.T) {
	h := newHouse(t)
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	secret, _, _ := h.enrol(token)
	h.wait(time.Minute)
	token, _ = h.signIn("lili")
	for range 5 {
		_, _, err := h.SecondFactor(t.Context(), token, "000000")
		h.wants("a wrong code", err, "access.wrong-proof")
	}
	again, _ := h.signIn("lili")
	_, _, err := h.SecondFactor(t.Context(), again, h.code(secret))
	h.wants("the right code in another session, too early", err, "access.too-many")
	h.wait(30 * time.Second)
	_, _, err = h.SecondFactor(t.Context(), again, h.code(secret))
	h.must(err)
}

func TestFreshness(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	token, _ := h.signIn("wang")
	h.wait(10 * time.Minute)
	if h.session(token).Fresh {
		t.Fatal("after ten minutes the proof is still fresh")
	}
	_, err := h.BeginTOTP(t.Context(), token)
	h.wants("a sensitive act", err, "access.confirm-first")
	if !access.ConfirmFirst(err) {
		t.Error("it is not told that the person has to confirm")
	}
	h.wants("a wrong password", h.Confirm(t.Context(), token, "wrong"), "access.wrong-proof")
	h.must(h.Confirm(t.Context(), token, password))
	secret, _, token := h.enrol(token)
	h.wait(11 * time.Minute)
	h.session(token)
	h.must(h.Confirm(t.Context(), token, h.code(secret)))
	h.must(h.StopTOTP(t.Context(), token))
	if s := h.session(token); s.TOTP || s.Due != access.Ready {
		t.Errorf("after turning the authenticator off: %+v", s)
	}
}

func TestAuthenticatorIsShownOnce(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	token, _ := h.signIn("wang")
	n, err := h.BeginTOTP(t.Context(), token)
	h.must(err)
	if url := n.URL.Plain(); !strings.HasPrefix(url, "otpauth://totp/") || !strings.Contains(url, "secret="+n.Secret.Plain()) {
		t.Errorf("the address is %q", url)
	}
	_, _, err = h.FinishTOTP(t.Context(), token, n.Key, "000000")
	h.wants("a wrong first code", err, "access.wrong-proof")
	if s := h.session(token); s.TOTP {
		t.Error("it is in use without a right code")
	}
	h.wait(11 * time.Minute)
	h.must(h.Confirm(t.Context(), token, password))
	_, _, err = h.FinishTOTP(t.Context(), token, n.Key, h.code(n.Secret.Plain()))
	h.wants("after its time", err, "access.ceremony-over")
	if n := h.count("ceremony where encode(data, 'escape') like '%' || $1 || '%'", n.Secret.Plain()); n != 0 {
		t.Error("the secret lies open")
	}
}
