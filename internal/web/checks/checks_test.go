package checks_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/prometheus/client_golang/prometheus"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/checks"
	"dajiuzhu/internal/web/webtest"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	village  area.Code = 371424100281
	township area.Code = 371424100000
)

func clock() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.FixedZone("", 8*3600)) }

// world is the pages, served over a household of three.
type world struct {
	*testing.T
	db     *postgres.DB
	access *access.Access
	server *httptest.Server
	tokens map[string]string
	log    bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: postgrestest.New(t), tokens: map[string]string{}}
	keys := sealed.NewKeys()
	p, faults := pack.Load(packs.Dezhou())
	w.must(faults.Err())
	var err error
	w.access, err = access.New(access.Config{DB: w.db, Keys: keys, Clock: clock, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1}, Site: access.Site{Name: "大救助", URL: "http://localhost"}})
	w.must(err)
	w.must(pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return means.ApplyPack(t.Context(), tx, p) }))
	_, err = w.db.Own().Exec(t.Context(), fmt.Sprintf(`insert into person (name, area, birth) values ('国志强', %[1]d, '1980-01-01'), ('李春燕', %[1]d, '1982-02-02'), ('国雨桐', %[1]d, '2015-03-03');
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date)
			values (1, 1, true, '', true, 'composed', '2026-01-01'), (1, 2, false, '', true, 'composed', '2026-01-01'), (1, 3, false, '', true, 'composed', '2026-01-01')`, village))
	w.must(err)
	r := registry.New(keys)
	pages, err := checks.New(checks.Deps{DB: w.db, Pack: p, Means: means.New(keys, r), Registry: r})
	w.must(err)
	site, err := web.New(web.Config{DB: w.db, Access: w.access, Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelError})),
		Metrics: prometheus.NewRegistry(), Clock: clock, Places: p.Areas, Checks: func(context.Context) []web.Check { return nil },
		Record: func(context.Context, postgres.Principal) (web.Record, error) { return web.Record{}, nil }}, pages)
	w.must(err)
	w.server = httptest.NewServer(site.Handler())
	t.Cleanup(w.server.Close)
	w.account("officer", access.Posting{Role: access.Officer, Area: township})
	w.account("stranger", access.Posting{Role: access.Officer, Area: 371422100000})
	w.account("decider", access.Posting{Role: access.Decider, Area: township})
	w.account("health", access.Posting{Role: access.Department, Area: 371424000000, Department: "health"})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// account makes an account that is signed in, with a second factor where its role needs one.
func (w *world) account(login string, p access.Posting) {
	w.Helper()
	p.Span = calendar.Since(calendar.Must(2026, 1, 1))
	id, first, err := w.access.Create(w.Context(), access.Machine(), access.NewAccount{Login: login, Name: "某" + login, Staff: true, Area: 371400000000})
	w.must(err)
	_, err = w.access.Post(w.Context(), access.Machine(), id, p)
	w.must(err)
	token, _, err := w.access.SignIn(w.Context(), login, first.Plain(), access.Visitor{Address: netip.MustParseAddr("192.0.2.1"), Agent: "a browser"})
	w.must(err)
	token, s, err := w.access.ChangePassword(w.Context(), token, first.Plain(), "correct horse battery")
	w.must(err)
	if s.Due == access.EnrolSecond {
		n, err := w.access.BeginTOTP(w.Context(), token)
		w.must(err)
		code, err := totp.GenerateCode(n.Secret.Plain(), clock())
		w.must(err)
		_, token, err = w.access.FinishTOTP(w.Context(), token, n.Key, code)
		w.must(err)
	}
	w.tokens[login] = token
}

// does asks for a page, or with fields sends a form, and checks the answer's status and what stands in it, or with a "!" before it does not.
func (w *world) does(login, path string, fields url.Values, status int, texts ...string) {
	w.Helper()
	method, body := "GET", io.Reader(nil)
	if fields != nil {
		method, body = "POST", strings.NewReader(webtest.Keyed(fields).Encode())
	}
	r, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+path, body)
	w.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: w.tokens[login]})
	client := *w.server.Client()
	client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		next.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: w.tokens[login]})
		return nil
	}
	answer, err := client.Do(r)
	w.must(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	w.must(err)
	page := html.UnescapeString(string(content))
	if answer.StatusCode != status {
		w.Errorf("%s %s %v: %d, want %d\n%s\n%.2500s", login, path, fields, answer.StatusCode, status, w.log.String(), page)
	}
	for _, t := range texts {
		if without := strings.HasPrefix(t, "!"); strings.Contains(page, strings.TrimPrefix(t, "!")) == without {
			w.Errorf("%s %s %v: %q\n%.4000s", login, path, fields, t, page)
		}
	}
}

func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// A check goes its way: drafted, authorised on paper, requested, reported, objected to and made again.
func TestACheckGoesItsWay(t *testing.T) {
	w := newWorld(t)
	w.does("officer", "/checks", nil, 200, "没有。")
	w.does("officer", "/checks/new?household=1", nil, 200, "国志强", "李春燕")
	w.does("officer", "/checks/new", form("household", "1", "reason", "低保申请"), 422, "请选择核对谁", "低保申请")
	w.does("officer", "/checks/new", form("household", "1", "covers", "1", "supporter", "王芳", "reason", "低保申请"), 422, "不是人员编号")
	w.does("officer", "/checks/new", form("household", "1", "covers", "1", "covers", "2", "reason", "低保申请"), 200, "待发起", "没有有效授权", "2 人没有有效授权")
	w.does("officer", "/checks/new", form("household", "1", "covers", "1", "reason", "又一次"), 409, "正在进行")
	w.does("officer", "/checks/1/request", form(), 409, "没有签署授权")
	w.does("officer", "/checks/1/authorise", form("person", "1", "signed_by", "国志强", "paper", "", "from", "2026-11-01", "to", "2027-11-01"), 422, "授权书存放处")
	w.does("officer", "/checks/1/authorise", form("person", "1", "signed_by", "国志强", "paper", "授权书1号", "from", "昨天", "to", "2027-11-01"), 422, "不是日期")
	for _, person := range []string{"1", "2", "2"} { // the last one twice: the same paper is the same consent
		w.does("officer", "/checks/1/authorise", form("person", person, "signed_by", "国志强", "paper", "授权书"+person+"号", "from", "2026-11-01", "to", "2026-11-20"), 200, "已授权")
	}
	w.does("officer", "/checks", nil, 200, "三十天内到期的授权", "授权书1号")
	w.does("officer", "/checks/1/request", form(), 200, "已发起")
	w.does("officer", "/checks/1/request", form(), 409)
	report := func(items, deposits string) url.Values {
		return form("paper", "核对报告8号", "from", "县核对中心", "on", "2026-11-02", "expires", "2027-05-02", "items", items, "fact-1-person.deposits", deposits)
	}
	w.does("officer", "/checks/1/report", report("国雨桐,bank,农商行,6222020200001234567,1.00,2026-11-01", "1"), 422, "第1行", "核对报告8号")
	w.does("officer", "/checks/1/report", report("国志强,银行,农商行,6222020200001234567,一万,2026-11-01", "1"), 422, "第1行")
	w.does("officer", "/checks/1/report", report("国志强，银行，农商行，6222020200001234567，12000.50，2026-11-01\n李春燕,insurance,人寿,,800,2026-11-01", "12000.50"), 200,
		"已有报告", "***************4567", "12000.5", "保险", "!6222020200001234567")
	var value string
	w.must(w.db.Own().QueryRow(t.Context(), "select string_agg(unit_id || ' ' || value::text, ',') from statement").Scan(&value))
	if value != `1 "12000.50"` {
		t.Errorf("stated is %s", value)
	}
	w.does("officer", "/checks/1/object", form("objection", ""), 422)
	w.does("officer", "/checks/1/object", form("objection", "存款是代人保管的"), 200, "有异议", "代人保管")
	w.does("officer", "/checks/1/uphold", form("reason", ""), 422)
	w.does("officer", "/checks/1/recheck", form(), 200, "复核", "待发起", "已授权")
	// The second check was refused after its number was drawn.
	w.does("officer", "/checks/3/revoke", form("authorisation", "2", "reason", "不同意了"), 200, "已撤销", "不同意了")
	w.does("officer", "/checks/3/request", form(), 409, "没有签署授权")
	w.does("officer", "/checks/3/cancel", form("reason", "改为维持"), 200, "已取消")
	w.does("officer", "/checks/1/uphold", form("reason", "没有证明"), 200, "已有报告")
	w.does("officer", "/checks?state=reported", nil, 200, "低保申请", "!复核")
	for _, kind := range []string{"means.draft", "means.authorise", "means.request", "means.report", "means.object", "means.revoke", "means.cancel", "means.uphold"} {
		var n int
		w.must(w.db.Own().QueryRow(t.Context(), "select count(*) from act where kind = $1 and account > 0", kind).Scan(&n))
		if n == 0 {
			t.Errorf("no act %s of anybody is recorded", kind)
		}
	}
}

func TestWhoSeesAndDoesChecks(t *testing.T) {
	w := newWorld(t)
	w.does("officer", "/checks/new", form("household", "1", "covers", "1", "reason", "低保申请"), 200)
	w.does("decider", "/checks/1", nil, 200, "低保申请", "!取消核对")
	w.does("stranger", "/checks/1", nil, 404)
	w.does("stranger", "/checks", nil, 200, "!低保申请")
	w.does("stranger", "/checks/new?household=1", nil, 404, "!国志强")
	w.does("stranger", "/checks/new", form("household", "1", "covers", "1", "reason", "好奇"), 403)
	w.does("health", "/checks", nil, 403)
	w.does("decider", "/checks/1/request", form(), 403)
	for _, act := range []string{"authorise", "request", "cancel", "report", "object", "uphold", "recheck", "revoke"} {
		w.does("stranger", "/checks/1/"+act, form("person", "1", "authorisation", "1", "reason", "x", "objection", "x", "paper", "x", "from", "2026-11-01", "to", "2027-01-01", "signed_by", "x", "on", "2026-11-02", "expires", "2027-01-01"), 404)
	}
	w.does("officer", "/checks/1/burn", form(), 404)
	w.does("officer", "/checks/x", nil, 404)
	var state string
	w.must(w.db.Own().QueryRow(t.Context(), "select string_agg(state, ',') from means_check").Scan(&state))
	if state != "drafted" {
		t.Errorf("the check is %s", state)
	}
}
