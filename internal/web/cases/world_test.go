package cases_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/prometheus/client_golang/prometheus"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/cases"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		panic(err)
	}
	return p
})

const (
	village  area.Code = 371424100281
	township area.Code = 371424100000
	county   area.Code = 371424000000
	far      area.Code = 371422100000
)

// engine says what a test has it say.
type engine struct{ outcomes []casework.Outcome }

func (e *engine) Explain(_ context.Context, household int64, on calendar.Date) (*casework.Explained, error) {
	return &casework.Explained{On: on, Pack: dezhou().Hash, Engine: "1", Inputs: []byte(`{}`), Outcomes: e.outcomes}, nil
}

// world is the pages, served over a database with a household of three: two adults and a child.
type world struct {
	*testing.T
	db     *postgres.DB
	access *access.Access
	server *httptest.Server
	engine *engine
	keys   *sealed.Keys
	deps   cases.Deps
	mu     sync.Mutex
	now    time.Time
	tokens map[string]string
	ids    map[string]int64
	logins map[string]string // of residents, whose logins are drawn
	log    bytes.Buffer
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// at moves the clock to a moment of November 2026.
func (w *world) at(day, hour int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = time.Date(2026, 11, day, hour, 0, 0, 0, time.FixedZone("", 8*3600))
}

func yuan(s string) *money.Decimal {
	d := money.Must(s)
	return &d
}

var people = []struct {
	login string
	role  access.Role
	area  area.Code
	dept  string
}{
	{"assistant", access.Assistant, village, ""}, {"officer", access.Officer, township, ""}, {"colleague", access.Officer, township, ""},
	{"decider", access.Decider, township, ""}, {"supervisor", access.Supervisor, county, ""}, {"health", access.Department, county, "health"},
	{"stranger", access.Officer, far, ""}, {"inspector", access.Inspector, county, ""},
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: postgrestest.New(t), tokens: map[string]string{}, ids: map[string]int64{}, logins: map[string]string{}, engine: &engine{[]casework.Outcome{
		{Programme: "dibao", Name: pack.Text{Zh: "低保", En: "dibao"}, Outcome: "eligible", Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.40"), Per: "month"}}},
		{Programme: "temp-expenditure", Name: pack.Text{Zh: "支出型临时救助", En: "temporary aid"}, Outcome: "likely", Grants: []casework.Grant{{Component: "aid", Amount: yuan("4400"), Per: "once"}}},
		{Programme: "special-family", Name: pack.Text{Zh: "失独", En: "special family"}, Outcome: "possible"},
	}}}
	w.at(2, 9)
	w.db.KeepTime(w.clock)
	keys := sealed.NewKeys()
	w.keys = keys
	var err error
	w.access, err = access.New(access.Config{DB: w.db, Keys: keys, Clock: w.clock, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1}, Site: access.Site{Name: "大救助", URL: "http://localhost"}})
	w.must(err)
	w.own(fmt.Sprintf(`insert into person (name, area, birth) values ('国志强', %[1]d, '1980-01-01'), ('李春燕', %[1]d, '1982-02-02'), ('国雨桐', %[1]d, '2015-03-03');
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date)
			values (1, 1, true, '', true, 'composed', '2026-01-01'), (1, 2, false, '', true, 'composed', '2026-01-01'), (1, 3, false, '', true, 'composed', '2026-01-01')`, village))
	w.must(pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return casework.ApplyPack(t.Context(), tx, dezhou()) }))
	r := registry.New(keys)
	notes := notification.New(notification.Config{DB: w.db, Keys: keys, Messages: dezhou().Messages, Clock: w.clock, People: r, Staff: w.access})
	tell, err := telling.New(notes, dezhou(), "12345")
	w.must(err)
	w.access.Telling(tell)
	w.deps = cases.Deps{DB: w.db, Pack: dezhou(), Casework: casework.New(dezhou(), w.engine).Sealing(keys), Visits: visit.New(dezhou(), r, keys, nil), Registry: r,
		Means: means.New(keys, r), Notes: notes, Contact: "12345", Access: w.access}
	pages, err := cases.New(w.deps)
	w.must(err)
	site, err := web.New(web.Config{DB: w.db, Access: w.access, Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelError})), Metrics: prometheus.NewRegistry(), Clock: w.clock, Places: dezhou().Areas,
		Checks: func(context.Context) []web.Check { return nil },
		Record: func(context.Context, postgres.Principal) (web.Record, error) { return web.Record{}, nil }}, pages)
	w.must(err)
	w.server = httptest.NewServer(site.Handler())
	t.Cleanup(w.server.Close)
	for _, p := range people {
		w.account(p.login, access.Posting{Role: p.role, Area: p.area, Department: p.dept, Span: calendar.Since(calendar.Must(2026, 1, 1))})
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) own(statements string) {
	w.Helper()
	if _, err := w.db.Own().Exec(w.Context(), statements); err != nil {
		w.Fatalf("%s: %v", statements, err)
	}
}

// account makes an account that is signed in, with a second factor where its role needs one.
func (w *world) account(login string, p access.Posting) {
	w.Helper()
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: "某" + login, Staff: true, Area: 371400000000})
	w.must(err)
	_, err = w.access.Post(w.Context(), access.Machine(), id, p)
	w.must(err)
	w.ids[login] = id
	w.signIn(login, first.Plain())
}

const password = "correct horse battery"

func (w *world) signIn(login, first string) { w.Helper(); w.signInAs(login, login, first) }

// signInAs signs in to a login, under a name of the test's.
func (w *world) signInAs(name, login, first string) {
	w.Helper()
	from := access.Visitor{Address: netip.MustParseAddr("192.0.2.1"), Agent: "a browser"}
	token, _, err := w.access.SignIn(w.Context(), login, first, from)
	w.must(err)
	token, s, err := w.access.ChangePassword(w.Context(), token, first, password)
	w.must(err)
	if s.Due == access.EnrolSecond {
		n, err := w.access.BeginTOTP(w.Context(), token)
		w.must(err)
		code, err := totp.GenerateCode(n.Secret.Plain(), w.clock())
		w.must(err)
		_, token, err = w.access.FinishTOTP(w.Context(), token, n.Key, code)
		w.must(err)
	}
	w.tokens[name] = token
}

// accountOf is the account of a resident.
func (w *world) accountOf(name string) (id int64) {
	w.Helper()
	w.must(w.db.Own().QueryRow(w.Context(), "select id from account where login = $1", w.logins[name]).Scan(&id))
	return id
}

// page is an answer.
type page struct {
	path   string
	status int
	text   string // with the entities of HTML read
	raw    string
}

func (w *world) request(login, method, path string, fields url.Values) page {
	w.Helper()
	if method == "POST" && !fields.Has("once") { // as each showing of a form has a key
		fields = maps.Clone(fields)
		if fields == nil {
			fields = url.Values{}
		}
		fields.Set("once", rand.Text())
	}
	r, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+path, strings.NewReader(fields.Encode()))
	w.must(err)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if fields.Get("_lang") != "" {
		r.AddCookie(&http.Cookie{Name: "dajiuzhu_lang", Value: fields.Get("_lang")})
	}
	return w.answer(login, r)
}

// answer sends a request in somebody's session.
func (w *world) answer(login string, r *http.Request) page {
	w.Helper()
	r.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: w.tokens[login]})
	client := *w.server.Client()
	client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		next.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: w.tokens[login]})
		return nil
	}
	answer, err := client.Do(r)
	w.must(err)
	defer answer.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(answer.Body)
	w.must(err)
	return page{answer.Request.URL.Path, answer.StatusCode, html.UnescapeString(b.String()), b.String()}
}

func (w *world) get(login, path string) page { w.Helper(); return w.request(login, "GET", path, nil) }

// wants checks an answer's status and what stands in it.
func (w *world) wants(what string, p page, status int, texts ...string) {
	w.Helper()
	if p.status != status {
		w.Errorf("%s: %d at %s, want %d: %s\n%s", what, p.status, p.path, status, problem(p), w.log.String())
	}
	for _, t := range texts {
		if !strings.Contains(p.text, t) {
			w.Errorf("%s: %q is not on the page %s", what, t, p.path)
		}
	}
}

// problem is what a page says went wrong.
func problem(p page) string {
	if m := regexp.MustCompile(`(?s)role="alert"[^>]*>(.*?)</div>|class="wrong"[^>]*>(.*?)</`).FindStringSubmatch(p.text); m != nil {
		return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[0], " ")), " ")
	}
	return ""
}

// send sends a form of a page to an address, with the hidden fields that the page gives it.
func (w *world) send(login, from, to string, pairs ...string) page {
	w.Helper()
	return w.request(login, "POST", to, w.formOf(login, from, to, pairs...))
}

func (w *world) formOf(login, from, to string, pairs ...string) url.Values {
	w.Helper()
	p := w.get(login, from)
	fields := hidden(p, to)
	if fields == nil {
		w.Fatalf("%s: the page %s (%d) has no form that goes to %s", login, from, p.status, to)
	}
	for i := 0; i < len(pairs); i += 2 {
		fields.Add(pairs[i], pairs[i+1])
	}
	return fields
}

// hidden are the hidden fields of the form of a page that goes to an address, nil if it has none.
func hidden(p page, to string) url.Values {
	i := strings.Index(p.raw, `action="`+to+`"`)
	if i < 0 {
		return nil
	}
	rest := p.raw[i:]
	rest = rest[:strings.Index(rest, "</form>")]
	fields := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(rest, -1) {
		fields.Add(m[1], html.UnescapeString(m[2]))
	}
	return fields
}

// forged is a form that no page gave, as of the case as it stands.
func (w *world) forged(path string, pairs ...string) url.Values {
	w.Helper()
	seen := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(w.get("supervisor", path).raw)
	fields := url.Values{"once": {rand.Text()}, "seen": seen[1:]}
	for i := 0; i < len(pairs); i += 2 {
		fields.Add(pairs[i], pairs[i+1])
	}
	return fields
}

// count counts rows as the owner.
func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	w.must(w.db.Own().QueryRow(w.Context(), "select count(*) from "+query, args...).Scan(&n))
	return n
}

// postingOf is the posting of one of the people.
func postingOf(login string) access.Posting {
	for _, p := range people {
		if p.login == login {
			return access.Posting{Role: p.role, Area: p.area, Department: p.dept, Span: calendar.Since(calendar.Must(2026, 1, 1))}
		}
	}
	panic(login)
}

// account2 is another account of a department.
func (w *world) account2(login, department string) {
	w.Helper()
	w.account(login, access.Posting{Role: access.Department, Area: county, Department: department, Span: calendar.Since(calendar.Must(2026, 1, 1))})
}
