package feeds_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
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
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/feeds"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		panic(err)
	}
	// Two feeds are enough, and their tables are made in a moment.
	p.Feeds = slices.DeleteFunc(p.Feeds, func(f *pack.Feed) bool { return f.ID != "two-cancers" && f.ID != "vehicles" })
	return p
})

const (
	city   area.Code = 371400000000
	county area.Code = 371424000000
	far    area.Code = 371402000000
)

// world is the pages, served over an empty record.
type world struct {
	*testing.T
	db      *postgres.DB
	access  *access.Access
	record  *ingest.Record
	uploads *ingest.Uploads
	queue   *jobs.Queue
	server  *httptest.Server
	tokens  map[string]string
	ids     map[string]int64
	mu      sync.Mutex
	log     bytes.Buffer
	dir     string
}

var people = []struct {
	login string
	role  access.Role
	area  area.Code
	dept  string
}{
	{"admin", access.Administrator, city, ""}, {"county-admin", access.Administrator, county, ""}, {"cancers", access.Department, county, feedOf("two-cancers").Department},
	{"far", access.Department, far, feedOf("two-cancers").Department}, {"vehicles", access.Department, county, feedOf("vehicles").Department},
	{"supervisor", access.Supervisor, county, ""}, {"officer", access.Officer, 371424100000, ""}, {"inspector", access.Inspector, county, ""},
}

func feedOf(id string) *pack.Feed {
	for _, f := range dezhou().Feeds {
		if f.ID == id {
			return f
		}
	}
	panic(id)
}

// clock is in the days after the deliveries.
func clock() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.FixedZone("", 8*3600)) }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: postgrestest.New(t), tokens: map[string]string{}, ids: map[string]int64{}, dir: filepath.Join(t.TempDir(), "uploads")}
	keys := sealed.NewKeys()
	var err error
	w.access, err = access.New(access.Config{DB: w.db, Keys: keys, Clock: clock, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1}, Site: access.Site{Name: "大救助", URL: "http://localhost"}})
	w.must(err)
	w.must(ingest.ApplyPack(t.Context(), w.db.Own(), dezhou()))
	var everybody *registry.Identities
	w.must(w.db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		everybody, err = registry.LoadIdentities(t.Context(), tx, keys)
		return err
	}))
	w.record = ingest.New(w.db, dezhou(), everybody, keys)
	w.uploads, err = ingest.NewUploads(w.record, w.dir)
	w.must(err)
	w.queue, err = jobs.New(jobs.Config{DB: w.db, Log: slog.New(slog.DiscardHandler), Clock: clock})
	w.must(err)
	pages, err := feeds.New(feeds.Deps{DB: w.db, Pack: dezhou(), Record: w.record, Uploads: w.uploads, Access: w.access, Queue: w.queue})
	w.must(err)
	site, err := web.New(web.Config{DB: w.db, Access: w.access, Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelError})),
		Metrics: prometheus.NewRegistry(), Clock: clock, Places: dezhou().Areas,
		Checks: func(context.Context) []web.Check { return nil },
		Record: func(context.Context, postgres.Principal) (web.Record, error) { return web.Record{}, nil }}, pages)
	w.must(err)
	w.server = httptest.NewServer(site.Handler())
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

const password = "correct horse battery"

// account makes an account that is signed in, with a second factor where its role needs one.
func (w *world) account(login string, p access.Posting) {
	w.Helper()
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: "某" + login, Staff: true, Area: city})
	w.must(err)
	_, err = w.access.Post(w.Context(), access.Machine(), id, p)
	w.must(err)
	token, _, err := w.access.SignIn(w.Context(), login, first.Plain(), access.Visitor{Address: netip.MustParseAddr("192.0.2.1"), Agent: "a browser"})
	w.must(err)
	token, s, err := w.access.ChangePassword(w.Context(), token, first.Plain(), password)
	w.must(err)
	if s.Due == access.EnrolSecond {
		n, err := w.access.BeginTOTP(w.Context(), token)
		w.must(err)
		code, err := totp.GenerateCode(n.Secret.Plain(), clock())
		w.must(err)
		_, token, err = w.access.FinishTOTP(w.Context(), token, n.Key, code)
		w.must(err)
	}
	w.tokens[login], w.ids[login] = token, id
}

// tokenOf is the token of who visits: an account is made when it first does.
func (w *world) tokenOf(login string) string {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range people {
		if p.login == login && w.tokens[login] == "" {
			w.account(login, access.Posting{Role: p.role, Area: p.area, Department: p.dept, Span: calendar.Since(calendar.Must(2026, 1, 1))})
		}
	}
	return w.tokens[login]
}

// page is an answer.
type page struct {
	path, query string
	status      int
	text        string // with the entities of HTML read
	header      http.Header
}

func (w *world) do(login, method, path, kind string, body io.Reader) page {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+path, body)
	w.must(err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if token := w.tokenOf(login); strings.HasPrefix(token, "djz_") {
		r.Header.Set("Authorization", "Bearer "+token)
	} else if token != "" {
		r.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: token})
	}
	client := *w.server.Client()
	client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		next.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: w.tokenOf(login)})
		return nil
	}
	answer, err := client.Do(r)
	w.must(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	w.must(err)
	return page{answer.Request.URL.Path, answer.Request.URL.RawQuery, answer.StatusCode, html.UnescapeString(string(content)), answer.Header}
}

func (w *world) get(login, path string) page {
	w.Helper()
	return w.do(login, "GET", path, "", nil)
}

func (w *world) post(login, path string, pairs ...string) page {
	w.Helper()
	fields := url.Values{"once": {rand.Text()}}
	for i := 0; i < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	return w.do(login, "POST", path, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()))
}

// sent is a form with fields and files: names beginning with "file:" are files.
func sent(pairs ...string) (kind string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for i := 0; i < len(pairs); i += 2 {
		var part io.Writer
		var err error
		if name, ok := strings.CutPrefix(pairs[i], "file:"); ok {
			part, err = m.CreateFormFile("files", name)
		} else {
			part, err = m.CreateFormField(pairs[i])
		}
		if err == nil {
			_, err = io.WriteString(part, pairs[i+1])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := m.Close(); err != nil {
		panic(err)
	}
	return m.FormDataContentType(), body
}

func (w *world) upload(login string, pairs ...string) page {
	w.Helper()
	kind, body := sent(pairs...)
	return w.do(login, "POST", "/feeds/uploads", kind, body)
}

// wants checks an answer's status and what stands in it, or with a "!" before it does not.
func (w *world) wants(what string, p page, status int, texts ...string) {
	w.Helper()
	if p.status != status {
		w.Errorf("%s: %d at %s, want %d\n%s\n%.1500s", what, p.status, p.path, status, w.log.String(), p.text)
	}
	for _, t := range texts {
		without := strings.HasPrefix(t, "!")
		if strings.Contains(p.text, strings.TrimPrefix(t, "!")) == without {
			w.Errorf("%s: %q on the page %s\n%.6000s", what, t, p.path, p.text)
		}
	}
}

// takeIn does the jobs of uploads, each twice, as a job may be begun.
func (w *world) takeIn() {
	w.Helper()
	rows, err := w.db.Own().Query(w.Context(), "select (args->>'upload')::bigint from river_job where kind = 'feeds.upload' order by id")
	w.must(err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	w.must(err)
	for _, id := range append(ids, ids...) {
		w.must(w.uploads.Take(w.Context(), id))
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	w.must(w.db.Own().QueryRow(w.Context(), "select count(*) from "+query, args...).Scan(&n))
	return n
}

// number is the identity number of one of a few invented people.
func number(i int) string {
	n, ok := idno.Make("371499", calendar.Must(1980, 1, 1).AddDays(i), 2*i)
	if !ok {
		panic("no number")
	}
	return n.Plain()
}

const header = "record_no,id_no,name,invasive,helped,registered_on\n"

// manifest is that of a delivery of women with cancers of files of so many rows each.
func manifest(delivered string, areas []string, files map[string]int) string {
	var listed []any
	for _, name := range []string{"a.csv", "b.csv", "c.csv"} {
		if rows, ok := files[name]; ok {
			listed = append(listed, map[string]any{"name": name, "rows": rows})
		}
	}
	content, err := json.Marshal(map[string]any{"feed": "two-cancers", "delivered": delivered, "from": "2026-01-01", "to": delivered, "areas": areas, "files": listed})
	if err != nil {
		panic(err)
	}
	return string(content)
}

func row(key string, person int, invasive string) string {
	return fmt.Sprintf("%s,%s,王芳,%s,否,2026-05-01\n", key, number(person), invasive)
}
