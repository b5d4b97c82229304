package site_test

import (
	"crypto/rand"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/notice"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/warning"
)

// A desk of each role, over HTTP: it shows what the role begins the day with, each of its counts is as many as the list shows to which it leads, and
// nothing on it leads nowhere.
func TestDesks(t *testing.T) {
	w := newWorld(t)
	w.busy()
	for _, desk := range []struct {
		role       access.Role
		where      area.Code
		department string
		figures    string   // the names of the counts, in order
		parts      []string // what stands on the desk
		never      []string
	}{
		{access.Assistant, village, "", "预警超期 待处理预警 未读通知", []string{"待处理预警", "闻*", "超期2天"}, nil},
		{access.Officer, 371424100000, "", "预警超期 核查超期 待我办的事项 定期核查待办 未读通知", []string{"待我办的事项", "核实 2", "急难 1", "最低生活保障", "三件待看的事"}, nil},
		{access.Decider, 371424100000, "", "未读通知", []string{"待我办的事项", "核实 2", "急难 1"}, nil},
		{access.Supervisor, 371424000000, "", "与预判不一致 抽中待看", []string{"要看的事项", "最低生活保障"}, nil},
		{access.Department, 371424000000, "medical-insurance", "迟报的数据", []string{"从未送来"}, []string{"交通事故"}},
		{access.Administrator, 371400000000, "", "", []string{"最困难的家庭", "临邑县临邑镇国寨村", "指数61.25", "十一月到期的标准", "个县从未送来"}, nil},
		{access.Inspector, 371424000000, "", "", []string{"要看的事项", "七天内谁查看敏感信息最多", "2次，涉及1人", "一天内做了什么", "account.create", "存证日志"}, nil},
		{access.Hotline, 371424000000, "", "", []string{"来电人的姓名", "您还没有登记过求助", "我登记的急难（1件在办）", "来电：老人昏倒", "已收到", "镇街在办"}, nil},
		{access.Organisation, 371424000000, "", "", []string{"我登记的求助（1件在办）", "国寨村", "已收到，等人上门"}, []string{"闻", "急难型"}},
	} {
		id, token := w.signedUp(desk.role, desk.where, desk.department)
		if desk.role == access.Organisation {
			w.reports(id, desk.where)
		}
		if desk.role == access.Hotline {
			called := url.Values{"once": {rand.Text()}, "go": {"file"}, "about": {"来电：老人昏倒"}, "area": {village.String()}, "want": {"temp-emergency/0"}}
			if a := w.ask(token, "POST", "/cases/new", called); a.to != "/" {
				t.Errorf("an emergency of a call leads to %q with %d", a.to, a.status)
			}
		}
		a := w.ask(token, "GET", "/", nil)
		if a.status != 200 {
			t.Errorf("%s: %d", desk.role, a.status)
			continue
		}
		text := html.UnescapeString(a.text)
		for _, part := range desk.parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is not on the desk", desk.role, part)
			}
		}
		for _, part := range desk.never {
			if strings.Contains(text[strings.Index(text, "<main"):], part) {
				t.Errorf("%s: %q is on the desk", desk.role, part)
			}
		}
		var names []string
		for _, m := range figures.FindAllStringSubmatch(text, -1) {
			names = append(names, m[3])
			w.leadsTo(token, desk.role, m[3], m[1], m[2])
		}
		if got := strings.Join(names, " "); !inOrder(got, desk.figures) {
			t.Errorf("%s: the counts are %s, want %s among them", desk.role, got, desk.figures)
		}
		for _, m := range links.FindAllStringSubmatch(text[strings.Index(text, "<main"):], -1) {
			if a := w.ask(token, "GET", m[1], nil); a.status != 200 {
				t.Errorf("%s: %s on the desk leads to %d", desk.role, m[1], a.status)
			}
		}
	}
}

var (
	figures = regexp.MustCompile(`<a href="([^"]*)"><strong>([^<]*)</strong>([^<]*)</a>`)
	links   = regexp.MustCompile(`<a (?:class="button[^"]*" )?href="([^"#]*)"`)
	bodies  = regexp.MustCompile(`(?s)<tbody>(.*?)</tbody>`)
)

// inOrder reports whether the words of some stand among others in their order.
func inOrder(got, want string) bool {
	for _, word := range strings.Fields(want) {
		_, after, ok := strings.Cut(got, word)
		if !ok {
			return false
		}
		got = after
	}
	return true
}

// leadsTo holds a count to the rows of the list to which it leads.
func (w *world) leadsTo(token string, role access.Role, name, to, count string) {
	w.Helper()
	a := w.ask(token, "GET", to, nil)
	if a.status != 200 {
		w.Errorf("%s: %s leads to %s: %d", role, name, to, a.status)
		return
	}
	rows := 0
	for _, b := range bodies.FindAllStringSubmatch(a.text, -1) {
		rows += strings.Count(b[1], "<tr")
	}
	switch path, _, _ := strings.Cut(to, "?"); path {
	case "/notifications":
		rows = strings.Count(a.text, `<li class="unread"`)
	case "/cases", "/warnings", "/supervision", "/reviews", "/feeds":
		if strings.Contains(name, "核查超期") { // the late ones stand first among all
			return
		}
	default: // what is no list of such things: a picture, the platform's state, the trail with its pages
		return
	}
	if count != strconv.Itoa(rows) {
		w.Errorf("%s: %s is %s, and %s shows %d", role, name, count, to, rows)
	}
}

// busy makes that everybody has something to do.
func (w *world) busy() {
	w.Helper()
	ctx, now := w.Context(), time.Now()
	y, m, day := now.Date()
	today := calendar.Must(y, m, day)
	w.own("insert into finding (household, area, on_date, pack, kept, score) values (1, $1, current_date, 'x', '', 61.25)", int64(village))
	officer := postgres.Principal{Account: w.account(access.Officer, 371424100000, ""), Role: "officer", Area: 371424100000}
	w.must(w.db.As(ctx, officer, func(tx pgx.Tx) error {
		_, err := w.deps.Casework.File(ctx, tx, casework.Filing{Household: 1, Occasion: casework.Emergency, Channel: "window",
			Items: []casework.Want{{Programme: "temp-emergency", Outcome: "possible"}}}, now.AddDate(0, 0, -3))
		return err
	}))
	w.own("insert into supervision (item, area, department, kind, at) values (1, $1, '', 'overridden', now()), (1, $1, '', 'drawn', now())", int64(village))
	w.own("insert into review (item, area, department, due_on) values (1, $1, '', current_date - 3)", int64(village))
	w.own("insert into opening (account, role, purpose, area, field, subject) select $2, 'officer', 'filing', $1, 'person.phone', 'person:1' from generate_series(1, 2)", int64(village), officer.Account)
	w.must(w.db.Work(ctx, func(tx pgx.Tx) error {
		_, _, err := notice.Keep(ctx, tx, "policy.lapse", []notice.Notice{{Subject: "x", Step: 7, Due: today.AddDays(5), Zh: "十一月到期的标准", En: "a figure that lapses"}})
		return err
	}))
	for _, office := range []notification.Office{{Role: access.Assistant, Area: village}, {Role: access.Officer, Area: 371424100000}, {Role: access.Decider, Area: 371424100000}} {
		w.must(w.db.As(ctx, officer, func(tx pgx.Tx) error {
			return w.deps.Notes.Tell(ctx, tx, notification.Message{To: notification.To{Office: office}, Template: "meeting-called", About: "x", Area: village,
				Args: notification.Args{"due": notification.Same("2026-12-01"), "office": notification.Same("三件待看的事"), "count": notification.Same("3")}})
		}))
	}
}

// reports has an organisation tell of the household's village.
func (w *world) reports(account int64, where area.Code) {
	w.Helper()
	y, m, day := time.Now().Date()
	w.must(w.db.As(w.Context(), postgres.Principal{Account: account, Role: "organisation", Area: where}, func(tx pgx.Tx) error {
		_, err := w.deps.Warnings.Receive(w.Context(), tx, warning.Report{Source: warning.ByOrganisation, Area: village, What: overheard, On: calendar.Must(y, m, day), Once: "o"})
		return err
	}))
}
