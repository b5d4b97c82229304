package visits_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/visits"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	village  area.Code = 371424100281
	township area.Code = 371424100000
)

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		panic(err)
	}
	return p
})

// missing finds two questions that can still decide.
type missing struct{}

func (missing) Open(_ context.Context, household int64, _ calendar.Date) ([]visit.Open, error) {
	return []visit.Open{
		{Unit: pack.Person, Of: 2, Who: "李春燕", Fact: "person.married", Name: pack.Text{Zh: "已婚", En: "Married"}, Ask: pack.Text{Zh: "现在有没有配偶？", En: "Is this person married now?"},
			Programmes: []pack.Text{{Zh: "最低生活保障", En: "Minimum living allowance"}, {Zh: "医疗救助", En: "Medical aid"}}},
		{Unit: pack.Household, Of: household, Fact: "household.rent_12m", Name: pack.Text{Zh: "房租", En: "Rent"},
			Ask: pack.Text{Zh: "没有自己的房子、必须租房的，近12个月付了多少房租？不租房填0。", En: "If a home must be rented, what rent was paid in the last 12 months? 0 if none."}},
	}, nil
}

// world is a site with the visits' pages, two households of a village, an assistant and two officers.
type world struct {
	*testing.T
	db     *postgres.DB
	visits *visit.Visits
	access *access.Access
	server *httptest.Server
	ids    map[string]int64
	words  map[string]string // passwords
	line   line
	log    bytes.Buffer
}

// line is the way between a phone and the platform. It can be cut, at once or in the midst of a file.
type line struct {
	next  http.Handler
	cut   atomic.Bool
	after atomic.Int64 // cut at so many pieces that do not begin a file; 0 is never

	mutex  sync.Mutex
	pieces []string // of files, that came through: which file and from where
}

// sent is which pieces of files came through.
func (l *line) sent() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.pieces)
}

func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == "PUT" && r.URL.Query().Get("at") != "0" && l.after.Load() > 0 && l.after.Add(-1) == 0 {
		l.cut.Store(true)
	}
	if l.cut.Load() {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
		return
	}
	if r.Method == "PUT" {
		l.mutex.Lock()
		l.pieces = append(l.pieces, r.URL.RequestURI())
		l.mutex.Unlock()
	}
	l.next.ServeHTTP(w, r)
}

const password = "a long enough passphrase 1"

func newWorld(t *testing.T) *world {
	t.Helper()
	keys := sealed.NewKeys()
	w := &world{T: t, db: postgrestest.New(t), ids: map[string]int64{}, words: map[string]string{}}
	people := registry.New(keys)
	w.visits = visit.New(dezhou(), people, keys, missing{})
	var err error
	w.access, err = access.New(access.Config{DB: w.db, Keys: keys, Clock: time.Now, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1},
		Site: access.Site{Name: "大救助", URL: "http://localhost:8080"}})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := visits.New(visits.Deps{DB: w.db, Visits: w.visits, Registry: people, Areas: dezhou().Areas})
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Config{DB: w.db, Access: w.access, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Metrics: prometheus.NewRegistry(), Places: dezhou().Areas,
		Checks: func(context.Context) []web.Check { return nil }, Record: func(context.Context, postgres.Principal) (web.Record, error) { return web.Record{}, nil }}, pages)
	if err != nil {
		t.Fatal(err)
	}
	w.line.next = site.Handler()
	w.server = httptest.NewServer(&w.line)
	t.Cleanup(w.server.Close)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	w.own(fmt.Sprintf(`
		insert into person (name, area, address) values ('国志强', %[1]d, '国寨村12号'), ('李春燕', %[1]d, '国寨村12号'), ('国雨桐', %[1]d, '国寨村12号'), ('王老五', %[1]d, '国寨村3号');
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01'), ('w', %[1]d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date)
			values (1, 1, true, '', true, 'composed', '2026-01-01'), (1, 2, false, '', true, 'composed', '2026-01-01'), (1, 3, false, '', true, 'composed', '2026-01-01'),
				(2, 4, true, '', true, 'composed', '2026-01-01');
		insert into warning (rule, mechanism, level, route, household, area, evidence, raised_on, cause)
			select r, 'declaration', 'orange', 'village-assistant', 1, %[1]d, '[]', '2026-11-01', 'run:1' from (values ('%[2]s')) v(r)`, village, dezhou().Mechanisms[0].Rules[0].ID))
	w.account("fang", "王芳", access.Assistant, village)
	w.account("jing", "李静", access.Officer, township)
	w.account("qiang", "赵强", access.Officer, township)
	return w
}

func (w *world) own(statements string) {
	w.Helper()
	if _, err := w.db.Own().Exec(w.Context(), statements); err != nil {
		w.Fatalf("%s: %v", statements, err)
	}
}

// account makes an account that signs in with [password].
func (w *world) account(login, name string, role access.Role, where area.Code) {
	w.Helper()
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: name, Staff: true, Area: where})
	if err != nil {
		w.Fatal(err)
	}
	y, m, d := time.Now().AddDate(0, 0, -1).Date()
	if _, err := w.access.Post(w.Context(), access.Machine(), id, access.Posting{Role: role, Area: where, Span: calendar.Since(calendar.Must(y, m, d))}); err != nil {
		w.Fatal(err)
	}
	w.ids[login], w.words[login] = id, first.Plain()
	b := w.browser()
	b.post("/signin", url.Values{"login": {login}, "password": {first.Plain()}})
	if p := b.post("/password", url.Values{"old": {first.Plain()}, "new": {password}, "again": {password}}); p.status != 200 {
		w.Fatalf("%s gets no password: %+v", login, p)
	}
}

// today is the day of the pages' clock.
func today() calendar.Date {
	y, m, d := time.Now().Date()
	return calendar.Must(y, m, d)
}

// plan plans a visit by an officer.
func (w *world) plan(t visit.Task) (id int64) {
	w.Helper()
	if t.Due == 0 {
		t.Due = today()
	}
	if t.Purpose == "" {
		t.Purpose = visit.Warning
	}
	who := postgres.Principal{Account: w.ids["jing"], Role: "officer", Area: township}
	if err := w.db.As(w.Context(), who, func(tx pgx.Tx) (err error) { id, err = visit.Plan(w.Context(), tx, t); return err }); err != nil {
		w.Fatal(err)
	}
	return id
}

// browser is somebody's, without scripts.
type browser struct {
	*world
	client *http.Client
}

func (w *world) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{w, &http.Client{Jar: jar}}
}

func (w *world) signedIn(login string) *browser {
	w.Helper()
	b := w.browser()
	if p := b.post("/signin", url.Values{"login": {login}, "password": {password}}); p.path == "/signin" {
		w.Fatalf("%s cannot sign in: %+v", login, p)
	}
	return b
}

// page is an answer: where it came from in the end, its status, and its text.
type page struct {
	path   string
	status int
	raw    string
	header http.Header
}

func (p page) text() string { return html.UnescapeString(p.raw) }

func (b *browser) do(method, path, kind string, body io.Reader) page {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.server.URL+path, body)
	if err != nil {
		b.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	return page{answer.Request.URL.Path, answer.StatusCode, string(content), answer.Header}
}

func (b *browser) get(path string) page { b.Helper(); return b.do("GET", path, "", nil) }

func (b *browser) post(path string, form url.Values) page {
	b.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (b *browser) send(method, path, body string) page {
	b.Helper()
	return b.do(method, path, "application/json", strings.NewReader(body))
}

// stands is the statements that count, as "fact of = value", in order.
func (w *world) stands() []string {
	w.Helper()
	rows, err := w.db.Own().Query(w.Context(), `select fact || ' ' || unit_id || ' = ' || value::text from statement s
		where not exists (select from withdrawal x where x.statement = s.id) order by 1`)
	if err != nil {
		w.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	return all
}
