package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/sealed"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// The areas of the tests, in the county of Linyi and beside it.
var (
	city      = code("3714")
	county    = code("371424")
	township  = code("371424100")
	village   = code("371424100281")
	elsewhere = code("371422100")
)

func code(s string) area.Code {
	c, err := area.Parse(s)
	if err != nil {
		panic(err)
	}
	return c
}

// start is when each test begins.
var start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.FixedZone("", 8*3600))

// house is an Access with what a test moves.
type house struct {
	*access.Access
	t    testing.TB
	db   *postgres.DB
	keys *sealed.Keys
	mu   sync.Mutex
	now  time.Time
	from access.Visitor
}

// quick are hashes that take no time.
var quick = access.Hashing{Memory: 64, Passes: 1, Threads: 1}

func newHouse(t testing.TB, edit ...func(*access.Config)) *house {
	t.Helper()
	h := &house{t: t, db: postgrestest.New(t), keys: sealed.NewKeys(), now: start}
	h.from = access.Visitor{Address: netip.MustParseAddr("192.0.2.1"), Agent: "a browser"}
	h.Access = h.open(edit...)
	return h
}

// open is another Access on the same database.
func (h *house) open(edit ...func(*access.Config)) *access.Access {
	h.t.Helper()
	c := access.Config{DB: h.db, Keys: h.keys, Clock: h.clock, Hashing: quick, Site: access.Site{Name: "大救助", URL: "https://jiuzhu.example.cn"}}
	for _, e := range edit {
		e(&c)
	}
	a, err := access.New(c)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

const password = "correct horse battery"

// must ends the test at an error.
func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// wants checks an error's text by its key, "" being none.
func (h *house) wants(what string, err error, key string) {
	h.t.Helper()
	if got := faultKey(err); got != key || err != nil && got == "" {
		h.t.Errorf("%s: %v, want the fault %q", what, err, key)
	}
}

func faultKey(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Text.Key
}

// account makes an account with its own password and postings, and returns its id.
func (h *house) account(login string, postings ...access.Posting) int64 {
	h.t.Helper()
	id, first, err := h.Create(h.t.Context(), access.Machine(), access.NewAccount{Login: login, Name: "张" + login, Staff: true, Area: county})
	h.must(err)
	for _, p := range postings {
		if p.Span == (calendar.Span{}) {
			p.Span = calendar.Since(calendar.Must(2026, 1, 1))
		}
		_, err := h.Post(h.t.Context(), access.Machine(), id, p)
		h.must(err)
	}
	token, s, err := h.SignIn(h.t.Context(), login, first.Plain(), h.from)
	h.must(err)
	if s.Due != access.ChangePassword {
		h.t.Fatalf("with a first password %q is due", s.Due)
	}
	token, _, err = h.ChangePassword(h.t.Context(), token, first.Plain(), password)
	h.must(err)
	h.must(h.SignOut(h.t.Context(), token))
	return id
}

// signIn signs in by password.
func (h *house) signIn(login string) (string, access.Session) {
	h.t.Helper()
	token, s, err := h.SignIn(h.t.Context(), login, password, h.from)
	h.must(err)
	return token, s
}

// enrol gives the session an authenticator and returns its secret, the recovery codes and the new token.
func (h *house) enrol(token string) (secret string, recovery []sealed.Secret, newToken string) {
	h.t.Helper()
	n, err := h.BeginTOTP(h.t.Context(), token)
	h.must(err)
	recovery, newToken, err = h.FinishTOTP(h.t.Context(), token, n.Key, h.code(n.Secret.Plain()))
	h.must(err)
	return n.Secret.Plain(), recovery, newToken
}

// code is what an authenticator shows now.
func (h *house) code(secret string) string {
	h.t.Helper()
	c, err := totp.GenerateCode(secret, h.clock())
	h.must(err)
	return c
}

// session is the session of a token.
func (h *house) session(token string) access.Session {
	h.t.Helper()
	s, err := h.Session(h.t.Context(), token)
	h.must(err)
	return s
}

// count counts rows as the owner.
func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	h.must(h.db.Own().QueryRow(h.t.Context(), "select count(*) from "+query, args...).Scan(&n))
	return n
}

var (
	officer       = access.Posting{Role: access.Officer, Area: township}
	decider       = access.Posting{Role: access.Decider, Area: township}
	assistant     = access.Posting{Role: access.Assistant, Area: village}
	administrator = access.Posting{Role: access.Administrator, Area: county}
)

func TestSignInAndAct(t *testing.T) {
	h := newHouse(t)
	id := h.account("wang", officer)
	token, s := h.signIn(" WANG ")
	if s.Due != access.Ready || s.Account != id || s.Posting.Role != access.Officer || !s.Fresh {
		t.Fatalf("the session is %+v", s)
	}
	want := postgres.Principal{Account: id, Role: "officer", Area: township, Purpose: "visit"}
	if got := s.Principal(access.ForVisit); got != want {
		t.Errorf("acts as %+v, want %+v", got, want)
	}
	if !s.May(access.ConfirmWarning) || s.May(access.Decide) {
		t.Error("an officer may what a decider may, or not what an officer may")
	}
	h.must(h.SignOut(t.Context(), token))
	_, err := h.Session(t.Context(), token)
	h.wants("a session that was signed out", err, "access.signed-out")
	if !access.SignedOut(err) {
		t.Error("it is not told that the person is signed out")
	}
	h.must(h.SignOut(t.Context(), token)) // twice is once
	if n := h.count("act where kind = 'account.sign-in' and account = $1", id); n != 2 {
		t.Errorf("%d sign-ins are in the ledger in the account's name, want 2", n)
	}
}

// TestWrongIsTheSame: no fault tells an account that exists from one that does not.
func TestWrongIsTheSame(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	gone := h.account("gone", officer)
	h.must(h.Disable(t.Context(), access.Machine(), gone, true))
	var told []string
	for _, login := range []string{"wang", "gone", "nobody", "", "x' or true --"} {
		for range 5 {
			_, _, err := h.SignIn(t.Context(), login, "wrong", h.from)
			h.wants(login, err, "access.refused")
		}
		right := "wrong"
		if login != "wang" {
			right = password
		}
		_, _, err := h.SignIn(t.Context(), login, right, h.from)
		h.wants(login, err, "access.too-many")
		told = append(told, err.Error())
	}
	for _, text := range told {
		if text != told[0] {
			t.Errorf("the faults differ: %q and %q", told[0], text)
		}
	}
}

func TestLockOutGrows(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	wrong := func() error { _, _, err := h.SignIn(t.Context(), "wang", "wrong", h.from); return err }
	for range 5 {
		h.wants("a free attempt", wrong(), "access.refused")
	}
	for i, lock := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
		h.wait(lock - time.Second)
		_, _, err := h.SignIn(t.Context(), "wang", password, h.from)
		h.wants(fmt.Sprint("the right password too early, ", i), err, "access.too-many")
		h.wait(time.Second)
		h.wants(fmt.Sprint("a wrong one after the wait, ", i), wrong(), "access.refused")
	}
	h.wait(15 * time.Minute)
	h.signIn("wang")
	h.wants("after the right one all is forgotten", wrong(), "access.refused")
	h.signIn("wang")
}

func TestOneAddressCannotTryAllLogins(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	other := h.from
	var err error
	tries := 0
	for ; tries < 200 && faultKey(err) != "access.too-many"; tries++ {
		_, _, err = h.SignIn(t.Context(), fmt.Sprint("login", tries), "wrong", h.from)
		if tries%10 == 9 && faultKey(err) == "access.refused" {
			h.signIn("wang") // one's own account does not make the others' failures forgotten
		}
	}
	if tries != 52 {
		t.Errorf("an address was locked at attempt %d, want 52", tries)
	}
	other.Address = netip.MustParseAddr("192.0.2.2")
	if _, _, err := h.SignIn(t.Context(), "wang", password, other); err != nil {
		t.Errorf("another address is locked as well: %v", err)
	}
}

// TestManyAtOnceAreNoMore: attempts side by side are counted as well as those one after another.
func TestManyAtOnceAreNoMore(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	var wg sync.WaitGroup
	results := make(chan string, 40)
	for range 40 {
		wg.Go(func() {
			_, _, err := h.SignIn(context.Background(), "wang", "wrong", h.from)
			results <- faultKey(err)
		})
	}
	wg.Wait()
	close(results)
	found := map[string]int{}
	for key := range results {
		found[key]++
	}
	if found["access.refused"] != 5 || found["access.too-many"] != 35 {
		t.Errorf("of 40 attempts at once: %v", found)
	}
}

func TestSessionsEnd(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	token, _ := h.signIn("wang")
	for range 23 { // eleven and a half hours at work
		h.wait(29*time.Minute + 59*time.Second)
		h.session(token)
	}
	h.wait(29 * time.Minute)
	h.session(token)
	h.wait(5 * time.Minute)
	_, err := h.Session(t.Context(), token)
	h.wants("after twelve hours", err, "access.signed-out")
	token, _ = h.signIn("wang")
	h.wait(30 * time.Minute)
	_, err = h.Session(t.Context(), token)
	h.wants("half an hour idle", err, "access.signed-out")
	h.wait(10 * 24 * time.Hour) // until then it is known whose they were
	h.must(h.Sweep(t.Context()))
	if n := h.count("session"); n != 0 {
		t.Errorf("%d sessions are left after sweeping", n)
	}
}

func TestTokensAreNotKept(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	token, _ := h.signIn("wang")
	if n := h.count("session where encode(digest, 'escape') like '%' || $1 || '%' or session::text like '%' || $1 || '%'", token); n != 0 || h.count("session") != 1 {
		t.Error("the token is in the table")
	}
	if n := h.count("credential where credential::text like '%' || $1 || '%'", password); n != 0 {
		t.Error("the password is in the table")
	}
}

func TestSignOutEverywhere(t *testing.T) {
	h := newHouse(t)
	h.account("wang", officer)
	h.account("zhao", officer)
	a, _ := h.signIn("wang")
	b, _ := h.signIn("wang")
	c, _ := h.signIn("zhao")
	h.must(h.SignOutEverywhere(t.Context(), a))
	for _, token := range []string{a, b} {
		_, err := h.Session(t.Context(), token)
		h.wants("a session of the account", err, "access.signed-out")
	}
	h.session(c)
}

func TestPostingsAreChosenAndEnd(t *testing.T) {
	h := newHouse(t)
	until := calendar.Until(calendar.Must(2026, 11, 26))
	until.From = calendar.Must(2026, 1, 1)
	h.account("wang", officer, access.Posting{Role: access.Assistant, Area: village, Span: until},
		access.Posting{Role: access.Officer, Area: elsewhere, Span: calendar.Since(calendar.Must(2026, 12, 1))})
	token, s := h.signIn("wang")
	if s.Due != access.ChoosePosting || len(s.Postings) != 2 || s.May(access.Visit) || s.Principal("") != (postgres.Principal{}) {
		t.Fatalf("before a choice the session is %+v", s)
	}
	s, err := h.Choose(t.Context(), token, s.Postings[1].ID)
	h.must(err)
	if s.Due != access.Ready || s.Posting.Role != access.Assistant || s.Principal("").Area != village {
		t.Fatalf("after the choice it is %+v", s)
	}
	_, err = h.Choose(t.Context(), token, s.Postings[1].ID+1)
	h.wants("a posting that begins later", err, "access.no-such-posting")
	var theirs int64
	h.asOwner("select id from posting where account = $1", &theirs, h.account("zhao", officer))
	_, err = h.Choose(t.Context(), token, theirs)
	h.wants("another's posting", err, "access.no-such-posting")
	token, s = h.signInAt(calendar.Must(2026, 11, 26), "wang")
	if s.Posting.Role != access.Officer || len(s.Postings) != 1 {
		t.Errorf("on the day on which the posting has ended it is %+v", s)
	}
	h.must(h.EndPosting(t.Context(), access.Machine(), s.Posting.ID))
	if s = h.session(token); s.Due != access.ChoosePosting || s.May(access.Visit) {
		t.Errorf("after the last posting was ended it is %+v", s)
	}
}

// signInAt signs in at noon of a day.
func (h *house) signInAt(day calendar.Date, login string) (string, access.Session) {
	h.t.Helper()
	year, month, d := day.YMD()
	h.mu.Lock()
	h.now = time.Date(year, month, d, 12, 0, 0, 0, start.Location())
	h.mu.Unlock()
	return h.signIn(login)
}

// asOwner reads as the owner of the tables.
func (h *house) asOwner(query string, into any, args ...any) {
	h.t.Helper()
	h.must(h.db.Own().QueryRow(h.t.Context(), query, args...).Scan(into))
}

// as runs a transaction in a session's name.
func (h *house) as(s access.Session, purpose access.Purpose, do func(pgx.Tx) error) error {
	return h.db.As(h.t.Context(), s.Principal(purpose), do)
}
