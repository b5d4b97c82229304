package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/prometheus/client_golang/prometheus"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/webtest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a site that is served, with its accounts and its log.
type world struct {
	*testing.T
	site     *web.Site
	access   *access.Access
	server   *httptest.Server
	client   *http.Client
	db       *postgres.DB
	queue    *jobs.Queue
	exported []string // of which files somebody was told what became of them
	log      bytes.Buffer
	later    atomic.Int64 // by how much the clock is ahead
}

// ahead lets time pass.
func (w *world) ahead(d time.Duration) { w.later.Add(int64(d)) }

// another is the same site in another browser.
func (w *world) another() *world {
	w.Helper()
	client := *w.client
	client.Jar, _ = cookiejar.New(nil)
	return &world{T: w.T, site: w.site, access: w.access, server: w.server, client: &client}
}

// cookie gives the browser a token that nobody looks at, for [web.Site.ActAs].
func (w *world) cookie() {
	base, _ := url.Parse(w.server.URL)
	w.client.Jar.SetCookies(base, []*http.Cookie{{Name: "dajiuzhu_session", Value: "any"}})
}

func newWorld(t *testing.T, edit ...func(*access.Config)) *world { return newWorldOf(t, nil, edit...) }

// newWorldOf is a world with pages beside the site's own.
func newWorldOf(t *testing.T, pages []web.Pages, edit ...func(*access.Config)) *world {
	t.Helper()
	db := postgrestest.New(t)
	w := &world{T: t}
	var err error
	c := access.Config{DB: db, Keys: sealed.NewKeys(), Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1},
		Clock: func() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }, Site: access.Site{Name: "大救助", URL: "http://localhost:8080"}}
	for _, e := range edit {
		e(&c)
	}
	w.access, err = access.New(c)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := jobs.New(jobs.Config{DB: db, Log: slog.New(slog.DiscardHandler), Clock: c.Clock})
	if err != nil {
		t.Fatal(err)
	}
	w.db, w.queue = db, queue
	w.site, err = web.New(web.Config{DB: db, Queue: queue, Keys: c.Keys, Clock: c.Clock, Access: w.access, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Metrics: prometheus.NewRegistry(),
		Checks: func(context.Context) []web.Check {
			return []web.Check{{Name: "database", Zh: "数据库", En: "database", OK: true}, {Name: "jobs", Zh: "任务", En: "jobs", OK: false, Value: "3"}}
		},
		Record: func(_ context.Context, p postgres.Principal) (web.Record, error) {
			if p.Account == 0 || p.Role == "" {
				return web.Record{}, errors.New("somebody is told of the record without a name")
			}
			return web.Record{Persons: 20000, Simulated: true, Screened: "2026-11-01", Households: 7000, Levels: []web.Level{{ID: "red", Warnings: 12}}}, nil
		},
		Exported: func(_ context.Context, tx pgx.Tx, e web.Exported) error {
			w.exported = append(w.exported, fmt.Sprintf("%d of %s in %s: %s", e.ID, e.Zh, e.Area, e.Why.Zh))
			return nil
		},
	}, pages...)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.site.Handler())
	t.Cleanup(w.server.Close)
	w.client = w.server.Client()
	if w.client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// account makes an account with a posting and returns its first password.
func (w *world) account(login string, role access.Role, where string) string {
	w.Helper()
	code, err := area.Parse(where)
	if err != nil {
		w.Fatal(err)
	}
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: "王芳", Staff: true, Area: code})
	if err != nil {
		w.Fatal(err)
	}
	y, m, d := time.Now().AddDate(0, 0, -1).Date()
	p := access.Posting{Role: role, Area: code, Span: calendar.Since(calendar.Must(y, m, d))}
	if _, err := w.access.Post(w.Context(), access.Machine(), id, p); err != nil {
		w.Fatal(err)
	}
	return first.Plain()
}

// page is an answer: where it came from in the end, its status, and its text.
type page struct {
	path   string
	status int
	text   string // unescaped
	raw    string
}

func (w *world) do(r *http.Request) page {
	w.Helper()
	answer, err := w.client.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(answer.Body); err != nil {
		w.Fatal(err)
	}
	return page{answer.Request.URL.Path, answer.StatusCode, html.UnescapeString(b.String()), b.String()}
}

func (w *world) get(path string) page {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), "GET", w.server.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	return w.do(r)
}

func (w *world) post(path string, fields url.Values, header ...string) page {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), "POST", w.server.URL+path, strings.NewReader(webtest.Keyed(fields).Encode()))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

// leave sends a form and gives it up once its context ends.
func (w *world) leave(gone context.Context, path string, fields url.Values) error {
	w.Helper()
	r, err := http.NewRequestWithContext(gone, "POST", w.server.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := w.client.Do(r)
	if err == nil {
		_ = answer.Body.Close()
	}
	return err
}

func (p page) want(t *testing.T, path string, status int, texts ...string) {
	t.Helper()
	if p.path != path || p.status != status {
		t.Errorf("at %s with %d, want %s with %d\n%s", p.path, p.status, path, status, p.text)
	}
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			t.Errorf("%s lacks %q:\n%s", p.path, text, p.text)
		}
	}
}

var secretOf, keyOf = regexp.MustCompile(`<code>([A-Z2-7]+)</code>`), regexp.MustCompile(`name="key" value="([^"]+)"`)

// A person signs in for the first time: another password, an authenticator, and then the status; and leaves.
func TestSigningIn(t *testing.T) {
	w := newWorld(t)
	first := w.account("wang.fang", access.Administrator, "371400")
	const chosen = "a-good-long-sentence-77"
	w.get("/").want(t, "/signin", 200, "登录名")
	w.post("/signin", url.Values{"login": {"wang.fang"}, "password": {"wrong"}}).want(t, "/signin", 403, "登录名或密码不正确")
	w.post("/signin", url.Values{"login": {"wang.fang"}, "password": {first}}).want(t, "/password", 200, "更换密码")
	w.get("/").want(t, "/password", 200)
	w.post("/password", url.Values{"old": {first}, "new": {chosen}, "again": {"other"}}).want(t, "/password", 422, "不一样")
	enrol := w.post("/password", url.Values{"old": {first}, "new": {chosen}, "again": {chosen}})
	enrol.want(t, "/enrol", 200, "data:image/png;base64,")
	wrong := w.post("/enrol", url.Values{"key": {keyOf.FindStringSubmatch(enrol.text)[1]}, "code": {"000000"}})
	wrong.want(t, "/enrol", 422, "不正确")
	secret := secretOf.FindStringSubmatch(wrong.text)[1]
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.post("/enrol", url.Values{"key": {keyOf.FindStringSubmatch(wrong.text)[1]}, "code": {code}}).want(t, "/enrol", 200, "恢复码")
	w.get("/").want(t, "/", 200, "平台状态", "20000", "不正常", "王芳")
	w.post("/language", url.Values{"lang": {"en"}, "back": {"/"}}).want(t, "/", 200, "Status of the platform", "not well")
	w.post("/signout", nil).want(t, "/signin", 200, "Sign in")
	w.get("/").want(t, "/signin", 200)
	w.post("/signin", url.Values{"login": {"wang.fang"}, "password": {chosen}}).want(t, "/second", 200)
	for _, s := range []string{first, chosen, secret, "wang.fang", "王芳", "127.0.0.1"} {
		if strings.Contains(w.log.String(), s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

// Every route, and every role, and nobody: whoever the route does not name is sent away, and gets nothing of the page.
func TestWhoMayCall(t *testing.T) {
	open := []string{"GET /healthz", "GET /readyz", "GET /static/", "GET /ledger/", "GET /signin", "POST /signin", "POST /language",
		"POST /passkey", "POST /passkey/signin", "POST /outside", "GET /outside"}
	acting := []string{"GET /{$}", "/account/relative", "/kept", "/views", "/exports"} // who lacks a step does not get there
	steps := []access.Step{access.Ready, access.GiveSecond, access.ChangePassword, access.ChoosePosting, access.EnrolSecond}
	for _, r := range newWorld(t).site.Routes() {
		public := strings.Contains(strings.Join(open, "\n")+"\n", r.Pattern+"\n")
		if got := r.Who.Admits(access.Session{}); got != public {
			t.Errorf("%s admits nobody's session: %v", r.Pattern, got)
		}
		for _, role := range access.Roles() {
			for _, step := range steps {
				s := access.Session{Account: 1, Due: step, Posting: access.Posting{ID: 1, Role: role}}
				want := public || step == access.Ready || !slices.ContainsFunc(acting, func(a string) bool { return strings.Contains(r.Pattern, a) })
				if strings.Contains(r.Pattern, "/accounts") || r.Pattern == "GET /status" {
					want = step == access.Ready && role == access.Administrator
				}
				if got := r.Who.Admits(s); got != want {
					t.Errorf("%s admits a %s of step %q: %v", r.Pattern, role, step, got)
				}
			}
		}
	}
}

// A role that does not operate the platform sees no checks.
func TestWhoSeesChecks(t *testing.T) {
	w := newWorld(t)
	w.cookie()
	for _, role := range access.Roles() {
		w.site.ActAs(access.Session{Account: 1, Posting: access.Posting{ID: 1, Role: role}})
		p := w.get("/")
		p.want(t, "/", 200, "20000")
		if sees := strings.Contains(p.text, "不正常"); sees != role.May(access.Operate) {
			t.Errorf("a %s sees the checks: %v", role, sees)
		}
	}
}

// Forms of other sites are refused, large bodies too, unknown pages are not found, and every answer has the headers of security.
func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t)
	w.post("/language", url.Values{"lang": {"en"}}, "Sec-Fetch-Site", "cross-site").want(t, "/language", 403)
	w.post("/signin", url.Values{"login": {"wang.fang"}, "password": {"x"}}, "Origin", "https://evil.example").want(t, "/signin", 403)
	w.post("/signin", url.Values{"login": {strings.Repeat("a", 1<<20)}}).want(t, "/signin", 422)
	w.get("/nowhere").want(t, "/nowhere", 404, "没有这个页面")
	w.post("/language", url.Values{"lang": {"zh"}, "back": {"//evil.example/x"}}).want(t, "/x", 404)
	w.get("/readyz").want(t, "/readyz", 503, `"jobs":{"ok":false,"value":"3"}`)
	w.get("/healthz").want(t, "/healthz", 200, "ok")
	w.get("/static/style.css").want(t, "/static/style.css", 200, "--brand")
	answer, err := w.client.Get(w.server.URL + "/signin")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for name, part := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Request-Id": ""} {
		if got := answer.Header.Get(name); got == "" || !strings.Contains(got, part) {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// Texts are packed for browsers that can unpack them; what is small, or a picture, is not.
func TestPacking(t *testing.T) {
	w := newWorld(t)
	ask := func(path string) (encoding string, length int, text string) {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+path, nil)
		r.Header.Set("Accept-Encoding", "gzip") // said here, the client leaves it packed
		a, err := w.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(a.Body)
		length = b.Len()
		if encoding = a.Header.Get("Content-Encoding"); encoding == "gzip" {
			unpacked, err := gzip.NewReader(&b)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(unpacked)
			if err != nil {
				t.Fatal(err)
			}
			text = string(all)
		}
		return encoding, length, text
	}
	encoding, length, text := ask("/static/style.css")
	if encoding != "gzip" || !strings.Contains(text, "--brand") || length > len(text)/2 {
		t.Fatalf("%q, %d bytes of %d", encoding, length, len(text))
	}
	if encoding, _, _ := ask("/healthz"); encoding != "" {
		t.Errorf("two bytes are packed by %s", encoding)
	}
}
