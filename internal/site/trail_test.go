package site_test

import (
	"crypto/rand"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"

	"github.com/jackc/pgx/v5"
)

const (
	town   area.Code = 371424100000
	county area.Code = 371424000000
)

// pages are a list and those that follow it, as one text, and how many there are.
func (w *world) pages(token, path string) (text string, n int) {
	w.Helper()
	next := regexp.MustCompile(`<a [^>]*href="([^"]*)" rel="next"`)
	for path != "" && n < 20 {
		a := w.ask(token, "GET", path, nil)
		if a.status != 200 {
			w.Fatalf("%s: %d", path, a.status)
		}
		text, path, n = text+html.UnescapeString(a.text), "", n+1
		if m := next.FindStringSubmatch(a.text); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	return text, n
}

// shows fails unless a text shows some parts, and none of those that come after "but not".
func (w *world) showsOf(what, text string, parts ...string) {
	w.Helper()
	never := false
	for _, part := range parts {
		if part == "but not" {
			never = true
		} else if strings.Contains(text, part) == never {
			w.Errorf("%s: %q is there: %v", what, part, never)
		}
	}
}

// refuses fails if one of some roles gets a page, or any trace with its refusal.
func (w *world) refuses(path string, roles ...access.Role) {
	w.Helper()
	for _, role := range roles {
		where, department := town, ""
		switch {
		case role == access.Assistant || role == access.Resident:
			where = village
		case role.NeedsDepartment():
			where, department = county, "medical-insurance"
		case !role.WorksAt(area.Township):
			where = county
		}
		_, token := w.signedUp(role, where, department)
		if a := w.ask(token, "GET", path, nil); a.status != 403 && a.status != 404 || containsAny(a.text, traces) {
			w.Errorf("%s of a %s: %d", path, role, a.status)
		}
	}
}

// sendings writes down SMS to staff of a place, each in its state with a receipt.
func (w *world) sendings(account int64, where area.Code, title string, states ...string) (first int64) {
	w.Helper()
	for n, state := range states {
		var id int64
		w.must(w.db.Own().QueryRow(w.Context(), `insert into notification (once, account, area, template, about, urgent, title_zh, title_en, text_zh, text_en, sms_zh, sms_en, teller, told_at)
			values ($1, $2, $3, 'meeting-called', 'item:1', false, $4, $4, 't', 't', 's', 's', 0, now()) returning id`, fmt.Sprint(title, n), account, int64(where), title).Scan(&id))
		w.own(`insert into notification_sending (notification, channel, account, area, address_sealed, address_digest, shown, title, body, urgent, state, next_at)
			values ($1, 'sms', $2, $3, $4, $5, $6, 't', 'b', false, $7, now())`, id, account, int64(where), w.keys.Seal("notification.address", "13800001234"), w.keys.Digest("notification.address", fmt.Sprint(title, n)),
			"138****"+fmt.Sprintf("%04d", n), state)
		w.own(`insert into notification_receipt (sending, state, reason, at) select id, 'queued', '', now() from notification_sending where notification = $1`, id)
		w.own(`insert into notification_receipt (sending, state, reason, at) select id, state, case state when 'failed' then '空号' else '' end, now() from notification_sending where notification = $1`, id)
		if n == 0 {
			first = id
		}
	}
	return first
}

// What went out by SMS and e-mail, over HTTP: whoever handles filings sees that of their area, a state by itself, page by page, with every receipt,
// and sends again what failed and nothing else.
func TestMessagesPages(t *testing.T) {
	w := newWorld(t)
	officer, token := w.signedUp(access.Officer, town, "")
	stranger, far := w.signedUp(access.Officer, elsewhere/1000*1000, "")
	states := slices.Concat([]string{"failed", "delivered"}, slices.Repeat([]string{"sent"}, 50))
	failed := w.sendings(officer, village, "村里的会", states...)
	other := w.sendings(stranger, elsewhere, "外县的会", "failed")

	text, n := w.pages(token, "/messages")
	if rows := strings.Count(text, `<a href="/messages/`); rows != len(states) || n != 2 {
		t.Errorf("%d messages stand on %d pages, %d were sent", rows, n, len(states))
	}
	for n := range states {
		if shown := fmt.Sprintf("138****%04d", n); strings.Count(text, shown) != 1 {
			t.Errorf("the message to %s stands %d times in the list", shown, strings.Count(text, shown))
		}
	}
	w.showsOf("the list", text, "国寨村", "空号", "工作人员", "but not", "13800001234", "外县的会", "夏津")
	text, _ = w.pages(token, "/messages?state=failed")
	if rows := strings.Count(text, `<a href="/messages/`); rows != 1 || !strings.Contains(text, "138****0000") {
		t.Errorf("%d messages failed", rows)
	}
	text, _ = w.pages(token, "/messages?state=queued")
	w.showsOf("none waits", text, "没有这样的短信和邮件", "but not", "138****")

	one := fmt.Sprintf("/messages/%d", failed)
	a := w.ask(token, "GET", one, nil)
	w.showsOf("one that failed", a.text, "村里的会", "待发", "失败", "空号", "重发", `href="/cases/1"`, "but not", "13800001234")
	a = w.ask(token, "GET", fmt.Sprintf("/messages/%d", failed+1), nil)
	w.showsOf("one that came", a.text, "已送达", "but not", "重发")
	sending := regexp.MustCompile(`name="sending" value="(\d+)"`).FindStringSubmatch(w.ask(token, "GET", one, nil).text)
	if sending == nil {
		t.Fatal("what failed cannot be sent again")
	}
	again := func(token string) answer {
		return w.ask(token, "POST", one, url.Values{"once": {rand.Text()}, "sending": sending[1:]})
	}
	if a := again(far); a.status < 400 || containsAny(a.text, []string{"村里的会", "138****"}) {
		t.Errorf("somebody elsewhere sends it again: %d", a.status)
	}
	if a := again(token); a.status != 303 || a.to != one {
		t.Errorf("sending again: %d to %s", a.status, a.to)
	}
	text = w.ask(token, "GET", one, nil).text
	w.showsOf("sent again", text, "空号", "待发", "but not", `name="sending"`)
	if a := again(token); a.status != 409 {
		t.Errorf("what waits is sent again: %d", a.status)
	}
	for _, path := range []string{fmt.Sprintf("/messages/%d", other), "/messages/0", "/messages/999999"} {
		if a := w.ask(token, "GET", path, nil); a.status != 404 || strings.Contains(a.text, "外县的会") {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	w.refuses("/messages", access.Assistant, access.Department, access.Hotline, access.Organisation, access.Resident, access.Inspector)
	w.refuses(one, access.Assistant, access.Department, access.Resident)
}

// What was done, over HTTP: whoever oversees an area sees the acts of it and the platform's own, by kind, in words, page by page.
func TestActsPage(t *testing.T) {
	w := newWorld(t)
	record := func(who postgres.Principal, kind, subject string, times int) {
		w.must(w.db.As(w.Context(), who, func(tx pgx.Tx) error {
			for range times {
				if _, err := ledger.Record(w.Context(), tx, ledger.Act{Kind: kind, Subject: subject}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	officer := postgres.Principal{Account: w.account(access.Officer, town, ""), Role: "officer", Area: town}
	stranger := postgres.Principal{Account: w.account(access.Officer, elsewhere/1000*1000, ""), Role: "officer", Area: elsewhere / 1000 * 1000}
	record(officer, "casework.look", "item:4711", 60)
	record(stranger, "casework.look", "item:8888", 1)
	_, token := w.signedUp(access.Inspector, county, "")

	text, n := w.pages(token, "/acts?kind=casework.look")
	if rows := strings.Count(text, "<code class=\"quiet\">casework.look</code>"); rows != 60 || n != 2 {
		t.Errorf("%d acts of sixty stand on %d pages", rows, n)
	}
	w.showsOf("acts of a kind", text, `<a href="/cases/4711">事项4711</a>`, "打开事项", "某人", "镇街经办", "but not", "8888", "<code class=\"quiet\">casework.file")
	text, _ = w.pages(token, "/acts")
	w.showsOf("all acts", text, "申报", "打开事项 (60)", "改不了、删不掉", "but not", "8888", "item:")
	w.showsOf("no act", w.ask(token, "GET", "/acts?kind=no.such", nil).text, "没有这样的操作")
	w.showsOf("a place in the list that is none", w.ask(token, "GET", "/acts?before=x&kind=casework.look", nil).text, "事项4711")
	w.refuses("/acts", access.Assistant, access.Officer, access.Decider, access.Supervisor, access.Department, access.Hotline, access.Organisation, access.Resident)
}

// Who opened sensitive values, over HTTP: of people of the visitor's area, by account, with the value and the purpose in words.
func TestOpeningsPage(t *testing.T) {
	w := newWorld(t)
	officer, stranger := w.account(access.Officer, town, ""), w.account(access.Officer, elsewhere/1000*1000, "")
	decider := w.account(access.Decider, town, "")
	opens := func(account int64, role, field, subject string, of area.Code) {
		w.own("insert into opening (account, role, purpose, area, field, subject) values ($1, $2, 'filing', $3, $4, $5)", account, role, int64(of), field, subject)
	}
	opens(officer, "officer", "person.phone", "person:1", village)
	opens(officer, "officer", "person.number", "person:2", village)
	opens(decider, "decider", "person.diagnoses", "person:3", village)
	opens(stranger, "officer", "person.phone", "person:77", elsewhere)
	w.own("insert into opening (at, account, role, purpose, area, field, subject) values (now() - interval '8 days', $1, 'officer', 'filing', $2, 'person.phone', 'person:66')", officer, int64(village))
	_, token := w.signedUp(access.Supervisor, county, "")

	text, _ := w.pages(token, "/openings")
	w.showsOf("openings", text, "手机号", "身份证号", "人员1", "人员2", "人员3", "镇街经办", "镇街审批", "2次，2人", "最近的3次", "but not", "人员77", "人员66", "person.phone", "person:")
	text, _ = w.pages(token, fmt.Sprintf("/openings?account=%d", officer))
	w.showsOf("an officer's", text, "人员1", "人员2", "最近的2次", "看全部", "but not", "人员3")
	text, _ = w.pages(token, fmt.Sprintf("/openings?account=%d", stranger))
	w.showsOf("somebody's elsewhere", text, "but not", "人员77", "人员1")
	w.refuses("/openings", access.Assistant, access.Officer, access.Decider, access.Department, access.Hotline, access.Organisation, access.Resident)
}

// The hardest households, over HTTP: by their index as a number, page by page and each once, with a mark on those who are always on the table and
// where they end; of the visitor's area and of a place in it, names masked.
func TestHardestPage(t *testing.T) {
	w := newWorld(t)
	w.own(`insert into household (id, key, area, from_date) overriding system value select 1000 + n, 'h' || n, case when n % 2 = 0 then $1::bigint else $2::bigint end, '2026-01-01' from generate_series(1, 60) n`,
		int64(village), int64(village)+1000)
	w.own(`insert into person (id, name, birth, area) overriding system value select 1000 + n, '洪' || n || '安', '1970-01-01', $1 from generate_series(1, 60) n`, int64(village))
	w.own(`insert into membership (household, person, head, role, counted, source, from_date) select 1000 + n, 1000 + n, true, '', true, 'composed', '2026-01-01' from generate_series(1, 60) n`)
	w.own(`insert into finding (household, area, on_date, pack, kept, score) select h.id, h.area, current_date, 'x', '', h.id - 1000 + 0.5 from household h where h.id > 1000`)
	w.own("insert into household (id, key, area, from_date) overriding system value values (2000, 'far', $1, '2026-01-01')", int64(elsewhere))
	w.own("insert into person (id, name, birth, area) overriding system value values (2000, '远方客', '1970-01-01', $1)", int64(elsewhere))
	w.own("insert into membership (household, person, head, role, counted, source, from_date) values (2000, 2000, true, '', true, 'composed', '2026-01-01')")
	w.own("insert into finding (household, area, on_date, pack, kept, score) values (2000, $1, current_date, 'x', '', 99)", int64(elsewhere))
	w.own("insert into hardest_end (area, score) values ($1, 58.5), ($2, 99)", int64(county), int64(elsewhere)/1000000*1000000)
	_, token := w.signedUp(access.Supervisor, county, "")

	text, n := w.pages(token, "/hardest")
	got := regexp.MustCompile(`href="/files/(\d+)"`).FindAllStringSubmatch(text, -1)
	if len(got) != 60 || n != 2 {
		t.Fatalf("%d households stand on %d pages", len(got), n)
	}
	for i, m := range got {
		if want := fmt.Sprint(1060 - i); m[1] != want {
			t.Fatalf("household %s is at place %d, where %s is as a number", m[1], i+1, want)
		}
	}
	if marked, ends := strings.Count(text, "最困难3%</span>"), strings.Count(text, "最困难的3%到这里为止"); marked != 3 || ends != 1 {
		t.Errorf("%d are marked, and the end %d times", marked, ends)
	}
	if end, after := strings.Index(text, "到这里为止"), strings.Index(text, "/files/1057"); end < strings.Index(text, "/files/1058") || end > after {
		t.Error("the hardest end elsewhere than behind the third")
	}
	w.showsOf("the list", text, "60.50", "1.50", "洪*安家", ">60</td>", "but not", "洪60安", "远*客", "/files/2000", "99.00")
	text, _ = w.pages(token, fmt.Sprintf("/hardest?area=%s", town))
	if rows := strings.Count(text, `href="/files/`); rows != 30 {
		t.Errorf("%d households of thirty are in the township", rows)
	}
	text, _ = w.pages(token, fmt.Sprintf("/hardest?area=%s", elsewhere/1000000*1000000))
	w.showsOf("another county is not the visitor's", text, "/files/1060", "but not", "/files/2000")
	w.showsOf("a place that is none", w.ask(token, "GET", "/hardest?after=x_y_z", nil).text, "/files/1060")
	_, high := w.signedUp(access.Administrator, 371400000000, "")
	text, _ = w.pages(high, "/hardest")
	w.showsOf("the city", text, "/files/2000", "/files/1060", "but not", "到这里为止")
	w.refuses("/hardest", access.Department, access.Hotline, access.Organisation, access.Resident)
}
