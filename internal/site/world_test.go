package site_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
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
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/site"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	village   area.Code = 371424100281
	elsewhere area.Code = 371422100201 // in another county
)

var dezhou = sync.OnceValue(func() *rules.Policy {
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		panic(err)
	}
	policy, faults := rules.Compile(p)
	if err := faults.Err(); err != nil {
		panic(err)
	}
	return policy
})

// people of the household that is seeded.
var people = []struct{ name, number, birth string }{
	{"闻砚秋", "371424198001010010", "1980-01-01"}, {"郜映雪", "371424198203040023", "1982-03-04"}, {"闻小禾", "371424201506070013", "2015-06-07"},
}

const (
	home      = "国寨村槐树下第十二户"
	overheard = "邻居家连着几天没有开火"
)

// traces are what shows that something of the household came to somebody.
var traces = []string{people[0].name, people[1].name, people[2].name, home, overheard}

// world is the whole site, served, with somebody in every role.
type world struct {
	testing.TB
	db     *postgres.DB
	keys   *sealed.Keys
	access *access.Access
	deps   site.Deps
	site   *web.Site
	server *httptest.Server
	log    bytes.Buffer
	made   int
	shown  bool // the household's own resident saw it
}

type planner struct{}

func (planner) Plan(ctx context.Context, tx pgx.Tx, v warning.Visit) (int64, error) {
	return visit.Plan(ctx, tx, visit.Task{Household: v.Household, Purpose: visit.Warning, Warnings: v.Warnings, Visitors: v.Visitors, Due: v.Due, Note: v.Note})
}

// newWorld serves the site over one household with a warning, a report, a filing and a visit.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{TB: t, db: postgrestest.New(t), keys: sealed.NewKeys()}
	w.prepare()
	w.seed(w.keys)
	w.serve()
	w.work(w.deps)
	return w
}

// prepare applies the pack.
func (w *world) prepare() {
	w.Helper()
	policy, ctx := dezhou(), w.Context()
	w.must(ingest.ApplyPack(ctx, w.db.Own(), policy.Pack()))
	w.must(pgx.BeginFunc(ctx, w.db.Own(), func(tx pgx.Tx) error {
		for _, apply := range []func(context.Context, pgx.Tx, *pack.Pack) error{means.ApplyPack, warning.ApplyPack, casework.ApplyPack} {
			if err := apply(ctx, tx, policy.Pack()); err != nil {
				return err
			}
		}
		return nil
	}))
}

// serve serves the site over what is in the database.
func (w *world) serve() {
	w.Helper()
	policy, ctx := dezhou(), w.Context()
	var err error
	w.access, err = access.New(access.Config{DB: w.db, Keys: w.keys, Clock: time.Now, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1},
		Site: access.Site{Name: "大救助", URL: "http://localhost:8080"}})
	w.must(err)
	var known *registry.Identities
	w.must(w.db.Work(ctx, func(tx pgx.Tx) (err error) { known, err = registry.LoadIdentities(ctx, tx, w.keys); return err }))
	log := slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelError}))
	d := site.Deps{Policy: policy, Registry: registry.New(w.keys), Record: ingest.New(w.db, policy.Pack(), known, w.keys), Home: "https://dajiuzhu.example", Contact: "12345"}
	d.Discovery = discovery.New(w.db, d.Record, d.Registry, known, policy)
	d.Means = means.New(w.keys, d.Registry)
	d.Visits = visit.New(policy.Pack(), d.Registry, w.keys, visit.Explaining(d.Discovery, policy.Pack()))
	d.Warnings = warning.New(policy.Pack(), w.keys, planner{})
	d.Casework = casework.New(policy.Pack(), casework.Discovered{Discovery: d.Discovery}).Telling(d.Warnings).Sealing(w.keys)
	d.Notes = notification.New(notification.Config{DB: w.db, Keys: w.keys, Messages: policy.Pack().Messages, Clock: time.Now, People: d.Registry, Staff: w.access})
	d.Telling, err = telling.New(d.Notes, policy.Pack(), d.Contact)
	w.must(err)
	d.Uploads, err = ingest.NewUploads(d.Record, w.TempDir())
	w.must(err)
	d.Queue, err = jobs.New(jobs.Config{DB: w.db, Log: log, Clock: time.Now, Handlers: append(d.Notes.Handlers(),
		jobs.Handle(func(context.Context, ingest.TakeUpload) error { return nil }), jobs.Handle(func(context.Context, web.ExportJob) error { return nil }))})
	w.must(err)
	w.deps = d
	w.site, err = site.New(web.Config{DB: w.db, Access: w.access, Log: log, Metrics: prometheus.NewRegistry(),
		Checks: func(context.Context) []web.Check { return nil },
		Record: func(context.Context, postgres.Principal) (web.Record, error) { return web.Record{}, nil }, Queue: d.Queue, Keys: w.keys}, d)
	w.must(err)
	w.server = httptest.NewServer(counted(w.site.Handler()))
	w.Cleanup(w.server.Close)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) own(statement string, args ...any) {
	w.Helper()
	if _, err := w.db.Own().Exec(w.Context(), statement, args...); err != nil {
		w.Fatalf("%s: %v", statement, err)
	}
}

// seed writes down a household, and what the engine warned of.
func (w *world) seed(keys *sealed.Keys) {
	w.Helper()
	w.own("insert into household (key, area, from_date) values ('k', $1, '2026-01-01')", int64(village))
	for i, p := range people {
		w.own(`insert into person (number_digest, number_sealed, name, birth, sex, area, address, registered) values ($1, $2, $3, $4::text::date, '1', $5, $6, true)`,
			keys.Digest("person.number", p.number), keys.Seal("person.number", p.number), p.name, p.birth, int64(village), home)
		w.own(`insert into membership (household, person, head, role, counted, source, from_date) values (1, $1, $2, '', true, 'composed', '2026-01-01')`, i+1, i == 0)
	}
	w.own("insert into household (key, area, from_date) values ('n', $1, '2026-01-01')", int64(village))
	w.own("insert into person (name, birth, area) values ('邻居', '1970-01-01', $1)", int64(village))
	w.own("insert into membership (household, person, head, role, counted, source, from_date) values (2, $1, true, '', true, 'composed', '2026-01-01')", len(people)+1)
	rule := dezhou().Pack().Mechanisms[0].Rules[0].ID
	w.own(`insert into warning (rule, mechanism, level, route, household, area, evidence, raised_on, due_on, cause)
		values ($1, 'declaration', 'orange', 'village-assistant', 1, $2, '[]', current_date - 9, current_date - 2, 'run:1')`, rule, int64(village))
}

// work has an officer of the place begin to work on the household.
func (w *world) work(d site.Deps) {
	w.Helper()
	id := w.account(access.Officer, 371424100000, "")
	officer := postgres.Principal{Account: id, Role: "officer", Area: 371424100000}
	y, m, day := time.Now().Date()
	today := calendar.Must(y, m, day)
	w.must(w.db.As(w.Context(), officer, func(tx pgx.Tx) error {
		if _, err := visit.Plan(w.Context(), tx, visit.Task{Household: 1, Purpose: visit.Warning, Visitors: []int64{id}, Due: today}); err != nil {
			return err
		}
		if _, err := d.Warnings.Receive(w.Context(), tx, warning.Report{Source: warning.ByVillage, Area: village, Household: 1, What: overheard, On: today, Once: "r"}); err != nil {
			return err
		}
		_, err := d.Casework.File(w.Context(), tx, casework.Filing{Household: 1, Occasion: casework.Application, Channel: "window",
			Items: []casework.Want{{Programme: "dibao", Outcome: "possible"}}}, time.Now())
		return err
	}))
}

const password = "correct horse battery"

// account makes an account with a posting.
func (w *world) account(role access.Role, where area.Code, department string) int64 {
	w.Helper()
	id, _ := w.signedUp(role, where, department)
	return id
}

// signedUp makes an account with a posting and returns the token of its session.
func (w *world) signedUp(role access.Role, where area.Code, department string) (id int64, token string) {
	w.Helper()
	ctx, login := w.Context(), fmt.Sprintf("user-%dx", w.made)
	w.made++
	id, first, err := w.access.Create(ctx, access.Machine(), access.NewAccount{Login: login, Name: "某人", Staff: role != access.Resident && role != access.Organisation, Area: where})
	w.must(err)
	y, m, d := time.Now().AddDate(0, 0, -1).Date()
	_, err = w.access.Post(ctx, access.Machine(), id, access.Posting{Role: role, Area: where, Department: department, Span: calendar.Since(calendar.Must(y, m, d))})
	w.must(err)
	return id, w.enter(login, first.Plain())
}

// enter signs somebody in for the first time, with all that is asked for then, and returns the token of the session.
func (w *world) enter(login, first string) (token string) {
	w.Helper()
	ctx, from := w.Context(), access.Visitor{Address: netip.MustParseAddr("192.0.2.1"), Agent: "a browser"}
	token, _, err := w.access.SignIn(ctx, login, first, from)
	w.must(err)
	token, s, err := w.access.ChangePassword(ctx, token, first, password)
	w.must(err)
	if s.Due == access.EnrolSecond {
		n, err := w.access.BeginTOTP(ctx, token)
		w.must(err)
		code, err := totp.GenerateCode(n.Secret.Plain(), time.Now())
		w.must(err)
		_, token, err = w.access.FinishTOTP(ctx, token, n.Key, code)
		w.must(err)
	}
	return token
}

// answer is what a request came to, without following where it leads.
type answer struct {
	status int
	to     string
	text   string
}

func (w *world) ask(token, method, path string, fields url.Values) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+path, strings.NewReader(fields.Encode()))
	w.must(err)
	if method != "GET" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: token})
	}
	client := *w.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := client.Do(r)
	w.must(err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	w.must(err)
	return answer{a.StatusCode, a.Header.Get("Location"), string(text)}
}
