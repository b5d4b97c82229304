package warnings_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
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
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/warnings"
	"dajiuzhu/internal/web/webtest"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	village  area.Code = 371424100281
	near     area.Code = 371424100282
	township area.Code = 371424100000
	county   area.Code = 371424000000
)

// now is a morning of November.
var now = time.Date(2026, time.November, 2, 9, 0, 0, 0, time.FixedZone("UTC+8", 8*60*60))

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		panic(faults)
	}
	return p
})

// planner plans visits by counting them.
type planner struct{ n int64 }

func (p *planner) Plan(context.Context, pgx.Tx, warning.Visit) (int64, error) { p.n++; return p.n, nil }

// world is the pages, served over a database with three households: 1 and 2 in the village, 3 in another.
type world struct {
	*testing.T
	db     *postgres.DB
	access *access.Access
	server *httptest.Server
	log    bytes.Buffer
	made   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: postgrestest.New(t)}
	keys := sealed.NewKeys()
	var err error
	w.access, err = access.New(access.Config{DB: w.db, Keys: keys, Clock: func() time.Time { return now }, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1},
		Site: access.Site{Name: "大救助", URL: "http://localhost:8080"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return warning.ApplyPack(t.Context(), tx, dezhou()) }); err != nil {
		t.Fatal(err)
	}
	pages, err := warnings.New(warnings.Config{DB: w.db, Warnings: warning.New(dezhou(), keys, &planner{}), Registry: registry.New(keys), Pack: dezhou(), Site: "https://dajiuzhu.example"})
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Config{DB: w.db, Access: w.access, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Metrics: prometheus.NewRegistry(), Places: dezhou().Areas,
		Clock:  func() time.Time { return now },
		Checks: func(context.Context) []web.Check { return nil },
		Record: func(context.Context, postgres.Principal) (web.Record, error) { return web.Record{}, nil }}, pages)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(site.Handler())
	t.Cleanup(w.server.Close)
	t.Cleanup(func() {
		if text := w.log.String(); t.Failed() && strings.Contains(text, "level=ERROR") {
			t.Log(text)
		}
	})
	w.own(fmt.Sprintf(`
		insert into household (key, area, from_date) values ('a', %[1]d, '2026-01-01'), ('b', %[1]d, '2026-01-01'), ('c', %[2]d, '2026-01-01');
		insert into person (name, pinyin, initials, area) values ('国志强', 'guozhiqiang', 'gzq', %[1]d), ('国雨桐', 'guoyutong', 'gyt', %[1]d), ('李春燕', 'lichunyan', 'lcy', %[2]d);
		insert into membership (household, person, head, role, counted, source, from_date) select n, n, true, '', true, 'composed', '2026-01-01' from generate_series(1, 3) n`,
		village, near))
	return w
}

func (w *world) own(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Own().Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// raise has the engine warn of a household.
func (w *world) raise(rule, level, route string, household int, evidence string) {
	w.Helper()
	w.own(`insert into warning (rule, mechanism, level, route, household, area, evidence, raised_on, due_on, cause)
		select $1, case when $1 = 'fire' then 'linkage' else 'discovery' end, $2, $3, h.id, h.area, $4::jsonb, '2026-11-02', '2026-11-09', 'run:1' from household h where h.id = $5`, rule, level, route, evidence, household)
}

// visitor is a browser, perhaps of somebody signed in.
type visitor struct {
	*world
	client *http.Client
}

func (w *world) anybody() *visitor {
	client := w.server.Client()
	copied := *client
	copied.Jar, _ = cookiejar.New(nil)
	return &visitor{w, &copied}
}

var secretOf = regexp.MustCompile(`<code>([A-Z2-7]+)</code>`)

// signedIn is somebody in a role at a place.
func (w *world) signedIn(role access.Role, at area.Code, department string) *visitor {
	w.Helper()
	w.made++
	login := fmt.Sprintf("user%d", w.made)
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: "王芳" + string(rune('甲'+w.made)), Staff: role != access.Organisation && role != access.Resident, Area: at})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.access.Post(w.Context(), access.Machine(), id, access.Posting{Role: role, Area: at, Department: department, Span: calendar.Since(calendar.Must(2026, 1, 1))}); err != nil {
		w.Fatal(err)
	}
	v := w.anybody()
	v.post("/signin", url.Values{"login": {login}, "password": {first.Plain()}})
	v.post("/password", url.Values{"old": {first.Plain()}, "new": {"lotus-and-plum-42"}, "again": {"lotus-and-plum-42"}})
	if role.NeedsSecondFactor() {
		key := html.UnescapeString(v.get("/enrol").text)
		secret := secretOf.FindStringSubmatch(key)
		if secret == nil {
			w.Fatalf("no secret to enrol with: %s", key)
		}
		sent := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(key)
		code, _ := totp.GenerateCode(secret[1], now)
		v.post("/enrol", url.Values{"code": {code}, "key": {sent[1]}})
	}
	return v
}

// answer is what came back: from where in the end, its status, and its text.
type answer struct {
	path   string
	query  url.Values
	status int
	text   string
}

func (v *visitor) do(r *http.Request, err error) answer {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
	got, err := v.client.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer got.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(got.Body); err != nil {
		v.Fatal(err)
	}
	return answer{got.Request.URL.Path, got.Request.URL.Query(), got.StatusCode, html.UnescapeString(b.String())}
}

func (v *visitor) get(path string) answer {
	v.Helper()
	return v.do(http.NewRequestWithContext(v.Context(), "GET", v.server.URL+path, nil))
}

func (v *visitor) post(path string, fields url.Values) answer {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), "POST", v.server.URL+path, strings.NewReader(webtest.Keyed(fields).Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return v.do(r, err)
}

// words are those of a page, without its marks.
func (a answer) words() string {
	_, main, _ := strings.Cut(a.text, "<main")
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(main, " ")), " ")
}

func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d\n%s", a.path, a.status, status, a.words())
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			t.Errorf("%s lacks %q:\n%s", a.path, text, a.words())
		}
	}
	return a
}

func (a answer) lacks(t *testing.T, texts ...string) answer {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			t.Errorf("%s shows %q:\n%s", a.path, text, a.words())
		}
	}
	return a
}

const ill = `[{"path": "household.medical_own_12m", "value": "50000"}, {"path": "person.diagnoses", "value": "leukaemia"}, {"path": "household.size", "value": "unknown"}]`

func TestADay(t *testing.T) {
	w := newWorld(t)
	w.raise("old-living-alone", "orange", "village-assistant", 1, ill)
	w.raise("fire", "red", "township", 2, "[]")
	w.raise("old-living-alone", "orange", "village-assistant", 3, "[]")
	assistant, officer := w.signedIn(access.Assistant, village, ""), w.signedIn(access.Officer, township, "")

	list := assistant.get("/warnings").want(t, 200, "国*强", "国*桐", "▲", "◆", "共2条", "剩5个工作日")
	list.lacks(t, "国志强", "李*燕")
	if strings.Index(list.text, "国*桐") > strings.Index(list.text, "国*强") {
		t.Error("the graver one does not stand first")
	}
	one := assistant.get("/warnings/1").want(t, 200, "50,000", "已隐藏", "未知", "国*强", "多数理由要镇街确认", "不停发、不拒绝")
	one.lacks(t, "国志强", "leukaemia", "白血病")

	once := url.Values{"act": {"claim"}, "once": {strings.Repeat("a", 32)}}
	assistant.post("/warnings/1", once).want(t, 200, "已认领", "认领")
	assistant.post("/warnings/1", once).want(t, 200, "已认领") // pressed twice
	assistant.post("/warnings/1", url.Values{"act": {"confirm"}, "note": {"我看可以"}}).want(t, 403, "不由您的岗位办理", "我看可以")
	assistant.post("/warnings/1", url.Values{"act": {"visit"}}).want(t, 200, "走访中", "安排走访")
	assistant.post("/warnings/1?act=dismiss", url.Values{"reason": {"declined"}}).want(t, 422, "要写一句说明")
	assistant.post("/warnings/1?act=dismiss", url.Values{"reason": {"not-in-need"}}).want(t, 200, "待镇街确认", "建议不予处理")

	officer.get("/warnings?view=verified").want(t, 200, "国*强", "建议不予处理", "走访核实").lacks(t, "国*桐")
	officer.post("/warnings/1", url.Values{"act": {"confirm"}}).want(t, 200, "已确认", "去申报")
	officer.post("/warnings/1", url.Values{"act": {"helped"}}).want(t, 200, "已帮扶", "静默到 2027-01-31", "重新办理")
	officer.get("/warnings?view=answered").want(t, 200, "国*强")
	officer.post("/warnings/1", url.Values{"act": {"reopen"}}).want(t, 200, "待认领", "以前的答复")
	officer.get("/warning-figures?by=rule").want(t, 200, "独居老人", "1/1（100.0%）", "—")
}

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	for h := 1; h <= 3; h++ {
		w.raise("old-living-alone", "orange", "village-assistant", h, "[]")
	}
	assistant, officer := w.signedIn(access.Assistant, village, ""), w.signedIn(access.Officer, township, "")
	officer.post("/warnings", url.Values{"act": {"dismiss"}, "id": {"1", "2"}, "query": {"view=open"}}).want(t, 422, "选一个理由", `value="1" aria-label="选中 独居`)
	officer.post("/warnings", url.Values{"act": {"claim"}, "query": {"view=open"}}).want(t, 422, "先选中")
	officer.post("/warnings", url.Values{"act": {"assign"}, "id": {"1"}, "query": {"view=open"}}).want(t, 422, "选一位")
	to := regexp.MustCompile(`<option value="(\d+)">王芳[^<]*国寨村`).FindStringSubmatch(officer.get("/warnings").text)
	if to == nil {
		t.Fatal("nobody can be given work")
	}
	officer.post("/warnings", url.Values{"act": {"assign"}, "id": {"1", "2"}, "to": {to[1]}, "query": {"view=open&level=orange"}}).want(t, 200, "办好2条", "已指派")
	assistant.get("/warnings?view=mine").want(t, 200, "国*强", "国*桐")
	got := officer.post("/warnings", url.Values{"act": {"dismiss"}, "id": {"1", "2", "3", "99"}, "reason": {"solved"}, "query": {"view=open&level=orange"}}).want(t, 200, "办好3条；另有1条没有办成")
	if got.query.Get("level") != "orange" {
		t.Errorf("the filters are lost: %v", got.query)
	}
	officer.get("/warnings").want(t, 200, "没有未办的预警")
}

// TestWhoSeesWhat: each page as each role, in the area and outside.
func TestWhoSeesWhat(t *testing.T) {
	w := newWorld(t)
	w.raise("old-living-alone", "orange", "village-assistant", 1, ill)
	w.raise("premium-not-held", "blue", "department", 2, "[]")
	for _, c := range []struct {
		role       access.Role
		at         area.Code
		department string
		inbox      int // status
		one        int
		own        int // the insurance's
		figures    int
		take       int
	}{
		{access.Assistant, village, "", 200, 200, 200, 403, 200},
		{access.Assistant, near, "", 200, 404, 404, 403, 200},
		{access.Officer, township, "", 200, 200, 200, 200, 200},
		{access.Officer, 371424101000, "", 200, 404, 404, 200, 200},
		{access.Decider, township, "", 200, 200, 200, 403, 403},
		{access.Supervisor, county, "", 200, 200, 200, 200, 403},
		{access.Supervisor, 371422000000, "", 200, 404, 404, 200, 403},
		{access.Department, county, "medical-insurance", 200, 404, 200, 403, 403},
		{access.Department, county, "education", 200, 404, 404, 403, 403},
		{access.Administrator, county, "", 200, 200, 200, 200, 403},
		{access.Inspector, county, "", 200, 200, 200, 200, 403},
		{access.Hotline, county, "", 403, 403, 403, 403, 200},
		{access.Organisation, county, "", 403, 403, 403, 403, 200},
		{access.Resident, village, "", 403, 403, 403, 403, 403},
	} {
		v := w.signedIn(c.role, c.at, c.department)
		for path, status := range map[string]int{"/warnings": c.inbox, "/warnings/1": c.one, "/warnings/2": c.own, "/warning-figures": c.figures, "/reports/new": c.take, "/warning-of/1": c.one} {
			got := v.get(path)
			if got.status != status {
				t.Errorf("%s at %s%s: %s has status %d, want %d", c.role, c.at, c.department, path, got.status, status)
			}
			if status != 200 || path == "/warnings" && c.one != 200 {
				got.lacks(t, "国*强", "国志强")
			}
		}
		if c.one != 200 {
			v.post("/warnings/1", url.Values{"act": {"dismiss"}, "reason": {"gone"}, "note": {"x"}}).lacks(t, "国*强")
		}
	}
	var state string
	if err := w.db.Own().QueryRow(t.Context(), "select state from warning_handling where id = 1").Scan(&state); err != nil || state != "new" {
		t.Errorf("somebody changed what is not theirs: %s, %v", state, err)
	}
	for _, path := range []string{"/warnings", "/warnings/1", "/reports/new", "/warning-figures", "/reports/code"} {
		if got := w.anybody().get(path); got.path != "/signin" {
			t.Errorf("nobody's %s leads to %s", path, got.path)
		}
	}
}

var receiptOf = regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}`)

func TestAnybodyReports(t *testing.T) {
	w := newWorld(t)
	v := w.anybody()
	v.get("/report").want(t, 200, "在哪里", "临邑县", "110")
	v.get("/report?at=371424100281").want(t, 200, "国寨村", "遇到了什么困难")
	v.get("/report?at=banana").want(t, 200, "在哪里")
	form := url.Values{"at": {"371424100281"}, "what": {""}, "name": {"国志强"}, "contact": {"13800001234"}, "once": {strings.Repeat("b", 32)}}
	v.post("/report", form).want(t, 422, "请写下遇到了什么困难", `value="国志强"`, `value="13800001234"`)
	form.Set("what", "孩子得了白血病<script>alert(1)</script>")
	first := v.post("/report", form).want(t, 200, "收到了", "已收到").lacks(t, "国志强", "国*强")
	receipt := receiptOf.FindString(first.text)
	if again := v.post("/report", form); receipt == "" || receiptOf.FindString(again.text) != receipt {
		t.Errorf("sent twice: %q and %q", receipt, receiptOf.FindString(again.text))
	}
	v.get("/report/receipt?number="+strings.ToLower(receipt)).want(t, 200, "已收到").lacks(t, "国志强", "白血病")
	v.get("/report/receipt?number=2222-2222-2222").want(t, 404, "没有这个回执号")

	assistant := w.signedIn(access.Assistant, village, "")
	page := assistant.get("/warnings/1").want(t, 200, "白血病", "扫码", "国*强")
	if strings.Contains(page.text, "<script>alert") && !strings.Contains(page.text, "&lt;script") {
		// want unescapes the page: look at what really came
		r, _ := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+"/warnings/1", nil)
		got, err := assistant.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(got.Body)
		if strings.Contains(b.String(), "<script>alert") {
			t.Error("a reporter's script is in the page")
		}
	}
	page.lacks(t, "13800001234")
	assistant.post("/warnings/1/open", url.Values{"field": {"1"}, "purpose": {""}}).want(t, 403).lacks(t, "13800001234")
	assistant.post("/warnings/1/open", url.Values{"field": {"1"}, "purpose": {"visit"}}).want(t, 200, "13800001234")
	var openings int
	if err := w.db.Own().QueryRow(t.Context(), "select count(*) from opening where subject = 'report:1'").Scan(&openings); err != nil || openings != 1 {
		t.Errorf("%d openings on record, %v", openings, err)
	}
	assistant.post("/warnings/1", url.Values{"act": {"claim"}})
	v.get("/report/receipt?number="+receipt).want(t, 200, "正在办理").lacks(t, "王芳")
	long := url.Values{"at": {"371424100281"}, "what": {strings.Repeat("火", 501)}}
	v.post("/report", long).want(t, 422, "最多500个字")
	for n := 0; n < 25; n++ {
		form.Del("once")
		if got := v.post("/report", form); got.status != 200 {
			if n < 15 || got.status != 503 && got.status != 429 {
				t.Errorf("after %d: %d", n, got.status)
			}
			got.want(t, got.status, "太多了", "国志强")
			return
		}
	}
	t.Error("one sender reports without end")
}

func TestTakingReportsAndMatching(t *testing.T) {
	w := newWorld(t)
	operator, assistant := w.signedIn(access.Hotline, county, ""), w.signedIn(access.Assistant, village, "")
	operator.get("/reports/new?q=国志强").want(t, 200, "国*强", "安全吗").lacks(t, "国志强家")
	operator.get("/reports/new?household=1").want(t, 200, "已找到", "国*强")
	operator.post("/reports/new", url.Values{"household": {"1"}, "what": {"没饭吃"}}).want(t, 200, "收到了")
	wide := w.signedIn(access.Hotline, 371400000000, "")
	wide.post("/reports/new", url.Values{"what": {"没饭吃"}}).want(t, 422, "请选一个地方", "没饭吃") // of the whole city nobody would look
	w.anybody().post("/report", url.Values{"at": {"371424100281"}, "what": {"老人没人管"}, "name": {"老国"}}).want(t, 200)
	assistant.get("/warnings?view=nobody").want(t, 200, "还没找到是哪一户")
	assistant.get("/warnings/2").want(t, 200, "查找是哪一户", "老人没人管")
	assistant.get("/warnings/2/match").want(t, 200, "没有查到", "老国")
	assistant.get("/warnings/2/match?q=guoyutong").want(t, 200, "国*桐", "就是这一户")
	assistant.post("/warnings/2/match", url.Values{"household": {"3"}}).want(t, 422, "没有这一户")
	assistant.post("/warnings/2/match", url.Values{"household": {"2"}}).want(t, 200, "国*桐", "找到是哪一户")
	organisation := w.signedIn(access.Organisation, county, "")
	organisation.get("/reports/new?q=国志强").want(t, 200).lacks(t, "国*强")
	organisation.post("/reports/new", url.Values{"at": {"371424100281"}, "what": {"孩子辍学"}, "name": {"国志强"}, "organisation": {"爱心协会"}}).want(t, 200, "收到了").lacks(t, "国志强")
	assistant.get("/warnings/1").want(t, 200, "爱心协会", "12345热线", "没饭吃", "孩子辍学")
	w.signedIn(access.Supervisor, county, "").get("/reports/code?at=371424100281").want(t, 200, "国寨村", "https://dajiuzhu.example/report?at=371424100281")
}

func TestFilters(t *testing.T) {
	w := newWorld(t)
	w.raise("old-living-alone", "orange", "village-assistant", 1, "[]")
	w.raise("fire", "red", "township", 2, "[]")
	w.raise("minors-alone", "yellow", "village-assistant", 3, "[]")
	officer := w.signedIn(access.Officer, township, "")
	for query, want := range map[string][3]bool{
		"level=red": {false, true, false}, "rule=old-living-alone": {true, false, false}, "mechanism=discovery": {true, false, true}, "place=371424100282": {false, false, true},
		"place=37": {true, true, true}, "level=pink&rule=x&place=zz&after=1_2": {true, true, true}, "view=desk": {false, true, false}, "view=overdue": {false, false, false},
		"view=nonsense": {true, true, true},
	} {
		got := officer.get("/warnings?"+query).want(t, 200)
		for i, name := range []string{"国*强", "国*桐", "李*燕"} {
			if strings.Contains(got.text, name) != want[i] {
				t.Errorf("%s shows %s: %v", query, name, !want[i])
			}
		}
	}
	english := officer.post("/language", url.Values{"lang": {"en"}, "back": {"/warnings"}}).want(t, 200, "Warnings", "Claim", "Fire")
	english.lacks(t, "认领")
}
