package files_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
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
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/synth"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/files"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var (
	on     = calendar.Must(2026, 11, 1)
	dezhou = sync.OnceValue(func() *rules.Policy {
		p, faults := pack.Load(packs.Dezhou())
		if len(faults) > 0 {
			panic(faults)
		}
		policy, faults := rules.Compile(p)
		if len(faults) > 0 {
			panic(faults)
		}
		return policy
	})
)

// world is a site over an invented county.
type world struct {
	testing.TB
	db     *postgres.DB
	access *access.Access
	server *httptest.Server
	child  string // the number of the child of the Guozhai family who is ill
	family int64  // its household

	casework *casework.Casework
}

func clock() time.Time { return time.Now().AddDate(0, 0, int(on)-int(time.Now().Unix()/86400)) }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, db: postgrestest.New(t)}
	keys, p, dir := sealed.NewKeys(), dezhou().Pack(), t.TempDir()
	_, err := synth.Write(t.Context(), p, dir, synth.Options{People: 1200, Seed: 5, On: on})
	w.must(err)
	w.must(ingest.ApplyPack(t.Context(), w.db.Own(), p))
	w.must(pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error {
		if err := warning.ApplyPack(t.Context(), tx, p); err != nil {
			return err
		}
		return casework.ApplyPack(t.Context(), tx, p)
	}))
	var people *registry.Identities
	w.must(w.db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		people, err = registry.LoadIdentities(t.Context(), tx, keys)
		return err
	}))
	record := ingest.New(w.db, p, people, keys)
	_, err = record.Import(t.Context(), os.DirFS(dir), ingest.Options{})
	w.must(err)
	r := registry.New(keys)
	d := discovery.New(w.db, record, r, people, dezhou())
	_, err = d.Run(t.Context(), on, nil)
	w.must(err)
	w.must(w.db.Own().QueryRow(t.Context(), `select m.household from membership m join person p on p.id = m.person where p.name = '国雨桐' and m.to_date is null`).Scan(&w.family))
	w.access, err = access.New(access.Config{DB: w.db, Keys: keys, Clock: clock, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1},
		Site: access.Site{Name: "大救助", URL: "http://localhost"}})
	w.must(err)
	w.casework = casework.New(p, casework.Discovered{Discovery: d})
	pages, err := files.New(files.Deps{DB: w.db, Registry: r, Discovery: d, Policy: dezhou(), Warnings: warning.New(p, keys, nil),
		Visits: visit.New(p, r, keys, visit.Explaining(d, p)), Casework: w.casework})
	w.must(err)
	site, err := web.New(web.Config{DB: w.db, Access: w.access, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(), Clock: clock, Places: p.Areas,
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

// browser is somebody signed in.
type browser struct {
	*world
	*http.Client
}

// as signs somebody in who works in a role somewhere, by hand where a second factor is due.
func (w *world) as(role access.Role, where string, department string) *browser {
	w.Helper()
	code, err := area.Parse(where)
	w.must(err)
	login := fmt.Sprintf("%s-%s%s", role, where, department)
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: login, Staff: true, Area: code})
	w.must(err)
	_, err = w.access.Post(w.Context(), access.Machine(), id, access.Posting{Role: role, Area: code, Department: department, Span: calendar.Since(on - 30)})
	w.must(err)
	jar, err := cookiejar.New(nil)
	w.must(err)
	b := &browser{w, &http.Client{Jar: jar}}
	b.post("/signin", url.Values{"login": {login}, "password": {first.Plain()}})
	const word = "十里长亭外 古道边 2026"
	_, page := b.post("/password", url.Values{"old": {first.Plain()}, "new": {word}, "again": {word}})
	if secret := regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(page); secret != nil {
		key := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(page)
		code, err := totp.GenerateCode(strings.ReplaceAll(secret[1], " ", ""), clock())
		w.must(err)
		b.post("/enrol", url.Values{"key": {key[1]}, "code": {code}})
	}
	return b
}

func (b *browser) get(path string) (int, string) {
	b.Helper()
	return b.answer(b.Get(b.server.URL + path))
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.Helper()
	return b.answer(b.PostForm(b.server.URL+path, form))
}

func (b *browser) answer(r *http.Response, err error) (int, string) {
	b.Helper()
	b.must(err)
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	b.must(err)
	return r.StatusCode, string(body)
}

func (b *browser) shows(page string, texts ...string) {
	b.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.Errorf("the page does not show %q:\n%.3000s", text, page)
		}
	}
}

func (b *browser) hides(page string, texts ...string) {
	b.Helper()
	for _, text := range texts {
		if at := strings.Index(page, text); at >= 0 {
			b.Errorf("the page shows %q: …%s", text, page[max(at-200, 0):min(at+100, len(page))])
		}
	}
}

// plain is an identity number that stands open on a page.
var plain = regexp.MustCompile(`\b3714\d{13}[\dX]\b`)

// Every role × area sees of the family what it may, and nothing of it where it may not.
func TestWhoSeesWhat(t *testing.T) {
	w := newWorld(t)
	const village, township, county, city = "371424100281", "371424100", "371424", "371400"
	file := fmt.Sprintf("/files/%d", w.family)
	tests := []struct {
		role              access.Role
		area, department  string
		file              bool
		facts, rows, acts bool
	}{
		{access.Assistant, village, "", true, true, false, false},
		{access.Assistant, "371424100202", "", false, false, false, false},
		{access.Officer, township, "", true, true, true, false},
		{access.Officer, "371424101", "", false, false, false, false},
		{access.Decider, township, "", true, true, true, false},
		{access.Supervisor, county, "", true, true, true, true},
		{access.Supervisor, "371425", "", false, false, false, false},
		{access.Department, county, "medical-insurance", false, false, false, false},
		{access.Administrator, city, "", true, true, false, true},
		{access.Inspector, city, "", true, true, true, true},
		{access.Hotline, city, "", true, false, false, false},
	}
	for _, test := range tests {
		b := w.as(test.role, test.area, test.department)
		for _, path := range []string{file, file + "/programmes/med-aid", file + "/happiness"} {
			status, page := b.get(path)
			want := http.StatusOK
			switch {
			case !test.file:
				want = http.StatusNotFound
			case !test.facts && strings.Contains(path, "programmes"):
				want = http.StatusForbidden
			}
			if status != want {
				t.Fatalf("%s of %s: %s answers %d, want %d:\n%.500s", test.role, test.area, path, status, want, page)
			}
			if n := plain.FindString(page); n != "" {
				t.Errorf("%s of %s: %s shows the number %s", test.role, test.area, path, n)
			}
			if want != http.StatusOK {
				b.hides(page, "国雨桐", "国志强", "国寨村的")
			}
		}
		if !test.file {
			continue
		}
		_, page := b.get(file)
		b.shows(page, "国志强家的档案", "国雨桐", "救助方案")
		b.hides(page, "结算记录中的病种：白血病", ">白血病<")
		for text, shown := range map[string]bool{"事实和来源": test.facts, "结算单号": test.rows, "谁查看过敏感信息": test.acts} {
			if strings.Contains(page, text) != shown {
				t.Errorf("%s of %s: that %q is shown is %v, want %v", test.role, test.area, text, !shown, shown)
			}
		}
	}
}

// filed has the village file for the family, and gives the items.
func (w *world) filed(wants ...casework.Want) []int64 {
	w.Helper()
	code, err := area.Parse("371424100281")
	w.must(err)
	var filed casework.Filed
	w.must(w.db.As(w.Context(), postgres.Principal{Account: 99, Role: "assistant", Area: code}, func(tx pgx.Tx) (err error) {
		filed, err = w.casework.File(w.Context(), tx, casework.Filing{Household: w.family, Occasion: casework.Application, Channel: "village", Proxy: "委托书", Items: wants}, clock())
		return err
	}))
	return filed.Items
}

// A department's officer sees of a household with an item of theirs what the item needs, and of every other, and once the item is through, nothing.
func TestDepartmentsFile(t *testing.T) {
	w := newWorld(t)
	const county = "371424"
	file := fmt.Sprintf("/files/%d", w.family)
	insurance, elsewhere, education := w.as(access.Department, county, "medical-insurance"), w.as(access.Department, "371425", "medical-insurance"), w.as(access.Department, county, "education")
	refused := func(what string, b *browser, path string) {
		t.Helper()
		status, page := b.get(path)
		if status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", what, status)
		}
		b.hides(page, "国雨桐", "国志强", "国*强", "国**", "国寨村的")
	}
	refused("before there is an item", insurance, file)
	item := w.filed(casework.Want{Programme: "med-aid"}, casework.Want{Programme: "dibao"})[0]
	status, page := insurance.get(file)
	if status != http.StatusOK {
		t.Fatalf("with an item of theirs: %d: %.600s", status, page)
	}
	insurance.shows(page, "国*强家的档案", "国*桐", "医疗救助", "本部门的事项", fmt.Sprintf("/cases/%d", item), "结算记录中的病种", "医保", "正在享受的救助")
	insurance.hides(page, "国雨桐", "国志强", "白血病", "义务教育", "困难指数", "/programmes/", "本平台审核确认", "银行", "结算单号", "陈述（走访", "国寨村1")
	if plain.MatchString(page) {
		t.Error("a number stands open")
	}
	for _, other := range []string{"/programmes/med-aid", "/programmes/dibao", "/happiness"} {
		if status, page := insurance.get(file + other); status != http.StatusForbidden || strings.Contains(page, "国雨桐") {
			t.Errorf("%s answers %d", other, status)
		}
	}
	refused("of another county", elsewhere, file)
	refused("another department", education, file)
	var neighbour, child int64
	w.must(w.db.Own().QueryRow(t.Context(), "select id from household where area = 371424100281 and to_date is null and id <> $1 limit 1", w.family).Scan(&neighbour))
	w.must(w.db.Own().QueryRow(t.Context(), "select id from person where name = '国雨桐'").Scan(&child))
	refused("a neighbour", insurance, fmt.Sprintf("/files/%d", neighbour))
	open := fmt.Sprintf("%s/open/%d", file, child)
	if status, page := insurance.post(open, url.Values{"field": {"number"}, "purpose": {"item"}}); status != http.StatusOK || len(plain.FindAllString(page, -1)) != 1 {
		t.Errorf("the number for the item: %d", status)
	}
	for field, purpose := range map[string]string{"person.diagnoses": "item", "number": "decision"} {
		if status, page := insurance.post(open, url.Values{"field": {field}, "purpose": {purpose}}); status < 400 || plain.MatchString(page) || strings.Contains(page, "白血病") {
			t.Errorf("%s for %s: %d", field, purpose, status)
		}
	}
	if status, page := education.post(open, url.Values{"field": {"number"}, "purpose": {"item"}}); status != http.StatusNotFound || plain.MatchString(page) {
		t.Errorf("another department opens it: %d", status)
	}
	// Help of others is named, without how much. Once their own item is through without help that goes on, the file is closed.
	own := func(statement string) {
		t.Helper()
		_, err := w.db.Own().Exec(t.Context(), statement)
		w.must(err)
	}
	own(fmt.Sprintf(`alter table award disable trigger user; alter table award drop constraint award_decision_fkey; alter table item disable trigger user;
		insert into award (decision, item, household, area, department, programme, recognises, component, amount, per, from_date)
			select n, item, %[1]d, 371424100281, '', 'dibao', false, 'difference', 4321.98, 'month', '2026-10-01' from (values (1, %[2]d), (2, %[2]d + 1)) a(n, item)`, w.family, item))
	_, page = insurance.get(file)
	insurance.shows(page, "本平台审核确认", "2026-10-01")
	insurance.hides(page, "4,321.98", "4321.98")
	officer := w.as(access.Officer, "371424100", "")
	_, page = officer.get(file) // the township sees how much
	officer.shows(page, "本平台审核确认的", "4,321.98 每月", "2026-10-01", fmt.Sprintf(`href="/cases/%d"`, item))
	own(fmt.Sprintf("update item set state = 'ended', ended_why = 'done', decision = 'granted', ended_at = now() where id = %d", item))
	if status, _ := insurance.get(file); status != http.StatusOK {
		t.Errorf("while the help goes on: %d", status)
	}
	own(fmt.Sprintf(`alter table award_end disable trigger user; insert into award_end (award, on_date, why, reason) select id, '2026-11-01', 'own-wish', 'x' from award where item = %d`, item))
	refused("once it has ended", insurance, file)
}

// A value is opened for a purpose that allows it, once, and on record; nothing else opens one.
func TestOpening(t *testing.T) {
	w := newWorld(t)
	officer, inspector := w.as(access.Officer, "371424100", ""), w.as(access.Inspector, "371400", "")
	assistant := w.as(access.Assistant, "371424100281", "")
	file := fmt.Sprintf("/files/%d", w.family)
	var child int64
	w.must(w.db.Own().QueryRow(t.Context(), "select id from person where name = '国雨桐'").Scan(&child))
	open := fmt.Sprintf("%s/open/%d", file, child)
	for _, wrong := range []struct {
		name    string
		by      *browser
		path    string
		field   string
		purpose string
		status  int
	}{
		{"without a purpose", officer, open, "number", "", http.StatusForbidden},
		{"for a purpose of others", officer, open, "number", "payment", http.StatusForbidden},
		{"a purpose that opens other fields", officer, open, "number", "visit", http.StatusForbidden},
		{"a field that is none", officer, open, "person.name", "decision", http.StatusUnprocessableEntity},
		{"somebody of another household", officer, file + "/open/1", "number", "decision", http.StatusUnprocessableEntity},
		{"nobody", officer, file + "/open/x", "number", "decision", http.StatusNotFound},
		{"a diagnosis by an assistant", assistant, open, "person.diagnoses", "filing", http.StatusForbidden},
	} {
		status, page := wrong.by.post(wrong.path, url.Values{"field": {wrong.field}, "purpose": {wrong.purpose}})
		if status != wrong.status || plain.MatchString(page) {
			t.Errorf("%s answers %d, want %d:\n%.300s", wrong.name, status, wrong.status, page)
		}
	}
	_, page := inspector.get(file)
	inspector.shows(page, "没有人查看过")
	status, page := officer.post(open, url.Values{"field": {"number"}, "purpose": {"decision"}})
	if found := plain.FindAllString(page, -1); status != http.StatusOK || len(found) != 1 {
		t.Errorf("opening answers %d with %d numbers", status, len(found))
	}
	_, page = officer.post(open, url.Values{"field": {"person.diagnoses"}, "purpose": {"decision"}})
	officer.shows(page, `<strong class="opened">白血病</strong>`)
	if plain.MatchString(page) {
		t.Error("what was opened before is still open")
	}
	_, page = inspector.get(file)
	inspector.shows(page, "officer-371424100", "调查、审核", "结算记录中的病种", "公民身份号码")
}

// What is typed tells what a search goes by; each search is an act, and never says for whom.
func TestSearchPage(t *testing.T) {
	w := newWorld(t)
	officer, elsewhere := w.as(access.Officer, "371424100", ""), w.as(access.Officer, "371424101", "")
	hit := fmt.Sprintf(`<a href="/files/%d">国雨桐</a>`, w.family)
	for _, typed := range []string{"国雨桐", "guoyutong", "gyt", "Guo Yu Tong"} {
		_, page := officer.get("/people?q=" + url.QueryEscape(typed))
		officer.shows(page, hit)
		if plain.MatchString(page) {
			t.Errorf("%s: a number stands open", typed)
		}
		_, page = elsewhere.get("/people?q=" + url.QueryEscape(typed))
		elsewhere.hides(page, "国雨桐</a>")
	}
	_, page := officer.get("/people?by=address&q=" + url.QueryEscape("国"))
	officer.shows(page, "至少要输入3个字", `value="国"`)
	_, page = officer.get("/people?q=" + url.QueryEscape("<script>alert(1)</script>"))
	officer.hides(page, "<script>alert")
	_, page = officer.get("/people?by=address&q=" + url.QueryEscape("国寨村"))
	next := regexp.MustCompile(`href="(/people\?[^"]+)" rel="next"`).FindStringSubmatch(page)
	if next == nil {
		t.Fatalf("there is no next page of a village:\n%.2000s", page)
	}
	first := regexp.MustCompile(`/files/\d+`).FindAllString(page, -1)
	_, page = officer.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	if second := regexp.MustCompile(`/files/\d+`).FindAllString(page, -1); len(second) == 0 || strings.Join(first, " ") == strings.Join(second, " ") {
		t.Error("the next page shows nothing else")
	}
	var acts, told int
	w.must(w.db.Own().QueryRow(t.Context(), "select count(*), count(*) filter (where detail::text like '%国%') from act where kind = 'people.search'").Scan(&acts, &told))
	if acts < 9 || told != 0 {
		t.Errorf("%d searches are on record, %d say for whom", acts, told)
	}
}

// BenchmarkFilePage asks for files of many households, several at a time, and tells how long the slowest of twenty takes and how large a page is.
func BenchmarkFilePage(b *testing.B) {
	w := newWorld(b)
	officer := w.as(access.Officer, "371424100", "")
	var households []int64
	rows, err := w.db.Own().Query(b.Context(), "select id from household where to_date is null and area >= 371424100000 and area < 371424101000 order by id limit 100")
	w.must(err)
	households, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	w.must(err)
	const atOnce = 4
	var mu sync.Mutex
	var took []time.Duration
	largest := 0
	for b.Loop() {
		var all sync.WaitGroup
		for worker := range atOnce {
			all.Go(func() {
				for i := worker; i < len(households); i += atOnce {
					start := time.Now()
					_, page := officer.get(fmt.Sprintf("/files/%d", households[i]))
					mu.Lock()
					took, largest = append(took, time.Since(start)), max(largest, len(page))
					mu.Unlock()
				}
			})
		}
		all.Wait()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms/p95")
	b.ReportMetric(float64(largest)/1024, "KB/largest")
}
