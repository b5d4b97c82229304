package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
)

// granted goes with an allowance by the pages until it is paid, and gives its page.
func (w *world) granted() string {
	w.Helper()
	path := w.file("dibao/0")
	colleague := fmt.Sprint(w.ids["colleague"])
	for _, s := range []struct {
		day         int
		login, step string
		with        []string
	}{
		{2, "assistant", "apply", []string{"signer", "国志强", "signature", "申请书"}}, {2, "assistant", "authorise", authorised}, {2, "officer", "accept", nil},
		{4, "supervisor", "check", []string{"result", "无异常"}}, {5, "officer", "survey", []string{"with", colleague, "result", "一致", "signer", "国志强", "signature", "表"}},
		{6, "colleague", "opinion", []string{"component", "difference", "amount", "812.40", "per", "month", "reason", "拟同意"}}, {6, "officer", "notice", []string{"place", "村"}},
		{16, "decider", "confirm", []string{"result", "granted", "component", "difference", "amount", "812.40", "per", "month", "outcome", "eligible"}},
		{16, "officer", "letter", []string{"delivered", "本人"}}, {16, "officer", "publish", []string{"place", "村"}}, {17, "supervisor", "pay", nil},
	} {
		w.at(s.day, 10)
		w.renew()
		w.wants(s.step, w.step(s.login, path, s.step, s.with...), 200)
	}
	return path
}

// TestGradualExit: a review that comes due is done on the page, and what it says ends the help, by somebody who did not review, on the day of the exit.
func TestGradualExit(t *testing.T) {
	w := newWorld(t)
	path := w.granted()
	review := func(year, month int, result, found string, shows string) {
		t.Helper()
		w.mu.Lock()
		w.now = time.Date(year, time.Month(month), 3, 9, 0, 0, 0, time.FixedZone("", 8*3600))
		w.mu.Unlock()
		w.renew()
		w.own("update session set ends_at = '2040-01-01'")
		w.must(w.db.Work(t.Context(), func(tx pgx.Tx) error {
			_, err := w.deps.Casework.ReviewsDue(t.Context(), tx, calendar.Must(year, time.Month(month), 3))
			return err
		}))
		w.wants("in the list", w.get("officer", "/reviews"), 200, "国志强", "#review")
		n := w.count("review")
		to := fmt.Sprintf("%s/reviewed/%d", path, n)
		w.wants("nothing was found", w.send("officer", path, to, "result", result), 422, "核查情况", fmt.Sprintf(`href="#b-reviewed-%d-found"`, n), `value="`+result+`" selected`)
		again := w.formOf("officer", path, to, "result", result, "found", "另一个人写的")
		w.wants("reviewed", w.send("officer", path, to, "result", result, "found", found), 200, found, shows)
		w.wants("reviewed twice", w.request("colleague", "POST", to, again), 409, "已经登记过")
	}
	w.wants("an end before any review", w.send("decider", path, path+"/end", "why", "exit", "reason", "渐退期满"), 409, "先登记核查", `value="渐退期满"`)
	review(2027, 6, "continue", "情况没有变化", "继续享受")
	w.wants("an exit that no review says", w.send("decider", path, path+"/end", "why", "exit", "reason", "渐退期满"), 422, "核查结果不是这样", `value="exit" selected`)
	review(2027, 12, "exit", "就业后收入超过标准", "渐退到")
	w.wants("ended on another day", w.send("decider", path, path+"/end", "why", "exit", "reason", "渐退期满", "on", "2027-12-15"), 422, "渐退期满那天", `value="2027-12-15"`)
	stale := w.formOf("decider", path, path+"/end", "why", "own-wish", "reason", "本人放弃")
	w.wants("ended", w.send("decider", path, path+"/end", "why", "exit", "reason", "渐退期满"), 200)
	if n := w.count("award_end where why = 'exit' and on_date = '2028-06-03'"); n != 1 {
		t.Errorf("%d ends of the help on the day of the exit, want 1", n)
	}
	w.wants("ended twice", w.request("decider", "POST", path+"/end", stale), 409, "没有还在进行", `value="本人放弃"`)
}

// TestHelpEndsForADeath: whatever the last review said.
func TestHelpEndsForADeath(t *testing.T) {
	w := newWorld(t)
	path := w.granted()
	w.own(`insert into review (item, due_on) values (1, '2026-11-17'); alter table review_done disable trigger user;
		insert into review_done (review, result, found, at, account, role) values (1, 'continue', '照旧', '2026-11-17', 9, 'officer')`)
	w.wants("ended", w.send("decider", path, path+"/end", "why", "died", "reason", "户主去世"), 200)
	if n := w.count("award_end where why = 'died' and on_date = '2026-12-01'"); n != 1 {
		t.Errorf("%d ends", n)
	}
}

// TestWhatEndsACase: what happens in mid-case is written down by whoever may, each from its button on the page.
func TestWhatEndsACase(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0", "temp-expenditure/0", "special-family/0")
	at := func(n int) string { return fmt.Sprintf("/cases/%d", n) }
	form := func(login, path, action string, pairs ...string) page {
		return w.request(login, "POST", path+action, w.formOf(login, path, path+"/happen/"+map[bool]string{true: "withdraw", false: "died"}[strings.Contains(action, "not-wished")], pairs...))
	}
	w.wants("extended without a reason", form("officer", path, "/happen/extend"), 422, "原因", `href="#b-died-reason"`)
	w.wants("extended", form("officer", path, "/happen/extend", "reason", "需要异地核查"), 200, "延长期限", "需要异地核查")
	w.wants("extended twice", w.request("officer", "POST", path+"/happen/extend", w.forged(path, "reason", "再延")), 409, `value="再延"`)
	w.wants("registered apart", form("officer", path, "/happen/near-kin", "reason", "村主任的弟弟"), 200, "近亲属")
	w.wants("in the queue of near relatives", w.get("officer", "/cases?kin=1"), 200, "国志强")
	w.wants("the county visits", w.get("supervisor", "/supervision?kind=near-kin"), 200, "国志强")
	w.wants("not wished, unsigned", form("assistant", path, "/happen/not-wished", "reason", "不想申请了"), 422, `value="不想申请了"`)
	w.wants("not wished", form("assistant", path, "/happen/not-wished", "reason", "不想申请了", "signer", "国志强", "signature", "说明1"), 200, "本人不愿申请")
	w.wants("moved", form("officer", at(2), "/happen/moved", "reason", "迁到禹城"), 200, "迁出", "迁到禹城")
	w.wants("died", form("assistant", at(3), "/happen/died", "reason", "医院证明"), 200, "申请人去世")
	if p := w.get("assistant", at(2)); strings.Contains(p.raw, "/happen/moved") {
		t.Error("an assistant is offered what they may not do")
	}
	w.wants("closed", w.get("officer", "/cases?view=ended"), 200, "迁出", "申请人去世", "本人不愿申请")
	w.wants("filed anew", w.get("officer", "/cases/new?household=1"), 200, "可以申请的项目")
	w.wants("archived", w.send("officer", path, path+"/archive"), 200, "归档目录")
	w.wants("archived twice", w.request("officer", "POST", path+"/archive", w.forged(path)), 409)
}

// TestStaleForms: each form of a case that somebody acted on meanwhile is refused, with what was written in it, and does nothing.
func TestStaleForms(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	for _, s := range []struct {
		login, step string
		with        []string
	}{{"assistant", "apply", []string{"signer", "国志强", "signature", "申请书"}}, {"assistant", "authorise", authorised}, {"officer", "accept", nil}, {"supervisor", "check", []string{"result", "无异常"}}} {
		w.wants(s.step, w.step(s.login, path, s.step, s.with...), 200)
	}
	type sent struct {
		login, to string
		fields    []string
		kept      string
	}
	forms := []sent{
		{"officer", path + "/do/survey", []string{"result", "旧的调查", "signer", "国志强", "signature", "表"}, ">旧的调查</textarea>"},
		{"officer", path + "/happen/return", []string{"to", "apply", "reason", "旧的退回"}, ">旧的退回</textarea>"},
		{"officer", path + "/object", []string{"against", "means-check", "who", "邻居", "said", "旧的异议"}, ">旧的异议</textarea>"},
		{"assistant", path + "/happen/withdraw", []string{"reason", "旧的撤回", "signer", "国志强", "signature", "书"}, `value="旧的撤回"`},
		{"officer", path + "/happen/died", []string{"reason", "旧的去世"}, `value="旧的去世"`},
		{"officer", path + "/survey", []string{"note", "旧的提醒"}, `value="旧的提醒"`},
		{"supervisor", path + "/look", []string{"said", "旧的询问", "complaint", "1"}, ">旧的询问</textarea>"},
	}
	var all []func() page
	for _, f := range forms {
		fields := w.formOf(f.login, path, f.to, f.fields...)
		all = append(all, func() page { return w.request(f.login, "POST", f.to, fields) })
	}
	w.wants("somebody acts", w.request("officer", "POST", path+"/happen/near-kin", w.formOf("officer", path, path+"/happen/died", "reason", "村主任的弟弟")), 200)
	before := w.count("item_event") + w.count("item_step") + w.count("objection") + w.count("visit") + w.count("supervision_act")
	for i, f := range forms {
		w.wants(f.to, all[i](), 409, "已被别人办理过", f.kept)
	}
	if after := w.count("item_event") + w.count("item_step") + w.count("objection") + w.count("visit") + w.count("supervision_act"); after != before {
		t.Errorf("%d things were done by forms that are out of date", after-before)
	}
	w.wants("asked", w.send("supervisor", path, path+"/look", "said", "为什么"), 200, "为什么")
	id := w.count("supervision")
	answer := w.formOf("officer", path, fmt.Sprintf("/supervision/%d/answer", id), "said", "旧的答复")
	w.wants("closed meanwhile", w.request("supervisor", "POST", fmt.Sprintf("/supervision/%d/close", id), w.formOf("supervisor", path, fmt.Sprintf("/supervision/%d/ask", id), "said", "已清楚")), 200)
	w.wants("an answer to what is closed", w.request("officer", "POST", fmt.Sprintf("/supervision/%d/answer", id), answer), 409, "已被别人办理过")
}
