package cases_test

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/web/cases"
)

// file files for the household by the assistant, and returns the first case's page.
func (w *world) file(wants ...string) string {
	w.Helper()
	pairs := []string{"go", "check", "applicant", "1", "proxy", "委托书1号"}
	for _, x := range wants {
		pairs = append(pairs, "want", x)
	}
	checked := w.formOf("assistant", "/cases/new?household=1", "/cases/new", pairs...)
	p := w.request("assistant", "POST", "/cases/new", checked)
	w.wants("the answers to be checked", p, 200, "提交申报")
	checked.Set("go", "file")
	p = w.request("assistant", "POST", "/cases/new", checked)
	w.wants("the filing", p, 200, "现在要办")
	return p.path
}

// step does a step of a case.
func (w *world) step(login, path, step string, pairs ...string) page {
	w.Helper()
	return w.send(login, path, path+"/do/"+step, pairs...)
}

var authorised = []string{"signed-by", "1", "signed-by", "2", "signature", "档案柜3-12"}

// TestDibao goes the whole way of an allowance by the pages: every step's form, by those whose step it is, until its papers are in the archive.
func TestDibao(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	colleague := fmt.Sprint(w.ids["colleague"])
	for _, s := range []struct {
		day, hour int
		login     string
		step      string
		with      []string
		shows     string
	}{
		{2, 10, "assistant", "apply", []string{"signer", "国志强", "signature", "申请书1", "kept", "柜1", "paper-kind", "application", "pages", "3"}, "申请书"},
		{2, 10, "assistant", "authorise", authorised, "受理"},
		{2, 11, "officer", "accept", nil, "家庭经济状况核对"},
		{4, 9, "supervisor", "check", []string{"result", "无异常"}, "入户调查"},
		{5, 9, "officer", "survey", []string{"with", colleague, "result", "与申报一致", "signer", "国志强", "signature", "调查表1"}, "初审意见"},
		{6, 9, "colleague", "opinion", []string{"component", "difference", "amount", "812.40", "per", "month", "reason", "拟同意"}, "公示"},
		{6, 10, "officer", "notice", []string{"place", "国寨村公开栏", "contact", "0534-1234567"}, "审核确认"},
		{16, 9, "decider", "confirm", []string{"result", "granted", "component", "difference", "amount", "812.40", "per", "month", "outcome", "eligible"}, "确认通知书"},
		{16, 10, "officer", "letter", []string{"delivered", "本人签收"}, "公布"},
		{16, 11, "officer", "publish", []string{"place", "国寨村公开栏"}, "发放"},
		{17, 9, "supervisor", "pay", nil, "办结"},
	} {
		w.at(s.day, s.hour)
		w.renew()
		w.wants(s.login+" "+s.step, w.step(s.login, path, s.step, s.with...), 200, s.shows)
	}
	if n := w.count("authorisation where paper = '档案柜3-12'"); n != 2 {
		t.Errorf("%d consents are kept for checks, want 2", n)
	}
	w.renew()
	for what, text := range map[string]string{"application": "国雨桐", "authorisation": "李春燕", "survey": "与申报一致", "notice": "812.40", "publication": "812.40", "letter": "行政复议"} {
		p := w.get("assistant", path+"/print/"+what)
		w.wants("printed "+what, p, 200, text)
		if what == "notice" && strings.Contains(p.text, "国雨桐") {
			t.Error("a child stands on a notice")
		}
	}
	w.renew()
	w.wants("archiving", w.send("officer", path, path+"/archive"), 200, "归档目录", "申请书")
	w.wants("a register", w.get("officer", "/registers?programme=dibao&on=2026-12-02"), 200, "国志强", "812.40")
	w.wants("the month", w.get("officer", "/registers/month?month=2026-11"), 200, "812.40")
	w.renew()
	w.wants("the times", w.get("supervisor", "/supervision/times"), 200, "14.0", "改革前 37 天")
	w.wants("closed", w.get("officer", "/cases?view=ended"), 200, "国志强")
	if n := w.count("notification where template in ('filing-received', 'accepted', 'survey-planned', 'notice-posted', 'granted') and person = 1"); n != 5 {
		t.Errorf("the applicant was told %d things, want 5", n)
	}
	w.wants("the desk's notifications", w.get("decider", "/notifications"), 200, "审核确认")
	w.wants("who filed for the family", w.get("assistant", "/notifications"), 200, "您代办的申请已确认：最低生活保障", "每月812.40元")
}

// renew lets the sessions go on that ended as the clock did.
func (w *world) renew() {
	w.Helper()
	now := w.clock().Format("2006-01-02 15:04:05-07")
	w.own("update session set ends_at = '2030-01-01', seen_at = '" + now + "', confirmed_at = '" + now + "'")
}

// TestTheStatusThatAHouseholdIsOfIsProposed: a filing proposes it as it does programmes, and its decision, which gives no money, asks for no amount.
func TestTheStatusThatAHouseholdIsOfIsProposed(t *testing.T) {
	w := newWorld(t)
	w.wants("not known", w.get("assistant", "/cases/new?household=1"), 200, `name="category" value="edge">`)
	w.engine.outcomes = append(w.engine.outcomes, casework.Outcome{Programme: "edge", Recognises: true, Name: pack.Text{Zh: "低保边缘", En: "edge"}, Outcome: "eligible"})
	w.wants("it is of it", w.get("assistant", "/cases/new?household=1"), 200, `name="category" value="edge" checked><span><strong>低保边缘</strong> <span class="outcome eligible">`,
		`name="category" value="rigid"><span>`)
	checked := w.formOf("assistant", "/cases/new?household=1", "/cases/new", "go", "check", "applicant", "1", "proxy", "委托书1号", "category", "edge")
	w.wants("the answers to be checked", w.request("assistant", "POST", "/cases/new", checked), 200, "低保边缘")
	checked.Set("go", "file")
	path := w.request("assistant", "POST", "/cases/new", checked).path
	for _, s := range [][]string{{"assistant", "apply", "signer", "国志强", "signature", "申请书1"}, append([]string{"assistant", "authorise"}, authorised...), {"officer", "accept"},
		{"supervisor", "check", "result", "无异常"}, {"officer", "survey", "with", fmt.Sprint(w.ids["colleague"]), "result", "属实", "signer", "国志强", "signature", "调查表1"}} {
		w.wants(s[1], w.step(s[0], path, s[1], s[2:]...), 200)
	}
	if p := w.get("officer", path); strings.Contains(p.raw, `name="amount"`) {
		t.Errorf("an opinion on a status asks for an amount:\n%s", p.raw)
	}
	w.wants("opinion", w.step("officer", path, "opinion", "reason", "建议认定"), 200)
	w.wants("decided", w.step("decider", path, "confirm", "result", "granted"), 200, "办结 · 予以确认")
}

// TestACheckCoversChildren: what lies in a child's name counts for the household, so that nothing is sure before it was looked for. A guardian signs
// for the child, and without that the check leaves the child out.
func TestACheckCoversChildren(t *testing.T) {
	for _, c := range []struct {
		guardian string
		covered  int
	}{{"李春燕", 3}, {"", 2}} {
		w := newWorld(t)
		path := w.file("dibao/0")
		w.wants("applied", w.step("assistant", path, "apply", "signer", "国志强", "signature", "申请书1"), 200, "国雨桐由谁代签")
		w.wants("authorised", w.step("assistant", path, "authorise", append([]string{"for-3", c.guardian}, authorised...)...), 200)
		w.wants("accepted", w.step("officer", path, "accept"), 200)
		w.wants("the check", w.send("officer", path, path+"/check"), 200)
		if n := w.count("means_scope"); n != c.covered {
			t.Errorf("signed for by %q, the check covers %d, want %d", c.guardian, n, c.covered)
		}
		if n := w.count("authorisation where person = 3 and signed_by = $1", c.guardian); n != c.covered-2 {
			t.Errorf("signed for by %q, %d authorisations of the child", c.guardian, n)
		}
	}
}

// TestWhatIsRefusedComesBack: a form that lacks something comes back with all that was written, and the page says where it lacks.
func TestWhatIsRefusedComesBack(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	w.wants("applied", w.step("assistant", path, "apply", "signer", "国志强", "signature", "申请书1"), 200)
	p := w.step("assistant", path, "authorise", "signed-by", "1", "signature", "柜<3>")
	w.wants("without an adult's signature", p, 422, "李春燕", `value="柜<3>"`, `href="#f-signed-by">还有成年成员没有签`)
	w.wants("without a paper", w.step("assistant", path, "authorise", "signed-by", "1", "signed-by", "2"), 422, "授权书存放处")
	w.wants("authorised", w.step("assistant", path, "authorise", authorised...), 200)
	w.wants("too long", w.step("officer", path, "lacking", "papers", strings.Repeat("长", 5000)), 422, "文字太长")
	p = w.step("officer", path, "lacking")
	w.wants("nothing lacks", p, 422, "缺的材料")
	if strings.Contains(p.text, "字段") {
		t.Error("the page speaks of a field's name in the form")
	}
	w.wants("what lacks", w.step("officer", path, "lacking", "papers", "诊断证明", "due", "2026-11-20"), 200, "诊断证明")
	w.wants("returned without a reason", w.send("officer", path, path+"/happen/return", "to", "apply"), 422, "原因")
	if n := w.count("item_event") + w.count("item_step where step = 'accept'"); n != 0 {
		t.Errorf("%d things were done", n)
	}
	w.wants("a household that is not there", w.get("officer", "/cases/new?household=77"), 404)
	w.wants("no case", w.get("officer", "/cases/77"), 404)
	w.wants("no number", w.get("officer", "/cases/x"), 404)
	w.wants("nothing to print", w.get("officer", path+"/print/letter"), 409)
	w.wants("no such paper", w.get("officer", path+"/print/x"), 404)
	w.wants("a bad place", w.get("officer", "/cases?after=zzz"), 422)
	w.wants("a bad month", w.get("officer", "/registers/month?month=zzz"), 422)
}

// TestTwiceIsOnce: a form that is sent twice does one thing, and one of a page that is out of date does nothing and keeps its text.
func TestTwiceIsOnce(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	apply := w.formOf("assistant", path, path+"/do/apply", "signer", "国志强", "signature", "申请书1")
	again := w.formOf("assistant", path, path+"/do/apply", "signer", "李春燕", "signature", "申请书2")
	for range 2 {
		w.wants("the same form", w.request("assistant", "POST", path+"/do/apply", apply), 200, "授权")
	}
	p := w.request("assistant", "POST", path+"/do/apply", again)
	w.wants("a page that is out of date", p, 409, "已被别人办理过", "您写的内容", "申请书2") // though the step's form is there no more
	if n := w.count("item_step"); n != 1 {
		t.Errorf("%d steps were done, want 1", n)
	}
	filing := w.formOf("officer", "/cases/new?household=1", "/cases/new", "go", "file", "applicant", "1", "want", "temp-expenditure/0")
	for range 2 {
		w.wants("the same filing", w.request("officer", "POST", "/cases/new", filing), 200)
	}
	if n := w.count("filing"); n != 2 {
		t.Errorf("%d filings, want 2", n)
	}
	back := w.formOf("officer", path, path+"/happen/return", "to", "apply", "reason", "缺签名")
	for range 2 {
		w.wants("the same return", w.request("officer", "POST", path+"/happen/return", back), 200, "缺签名")
	}
	if n := w.count("item_event"); n != 1 {
		t.Errorf("%d returns, want 1", n)
	}
}

// TestWho: nobody sees a case that is not theirs, and nobody does another's step.
func TestWho(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	for _, p := range people {
		status, shows := 200, true
		if p.login == "stranger" || p.login == "health" {
			status, shows = 404, false
		}
		page := w.get(p.login, path)
		w.wants(p.login, page, status)
		if strings.Contains(page.text, "国志强") != shows {
			t.Errorf("%s sees the name: %v", p.login, !shows)
		}
		if queue := w.get(p.login, "/cases?view=under"); strings.Contains(queue.text, "国志强") != shows {
			t.Errorf("%s sees the name in the queue: %v", p.login, !shows)
		}
		for _, what := range []string{"application", "authorisation", "survey"} {
			w.wants(p.login+" prints", w.get(p.login, path+"/print/"+what), status)
		}
	}
	form := w.forged(path, "signer", "国志强", "signature", "x")
	for login, status := range map[string]int{"stranger": 404, "health": 404, "decider": 403, "supervisor": 403, "inspector": 403} {
		w.wants(login+" applies", w.request(login, "POST", path+"/do/apply", form), status)
	}
	w.wants("an officer looks", w.request("officer", "POST", path+"/look", form), 403)
	w.wants("an officer sees supervision", w.get("officer", "/supervision"), 403)
	w.wants("nobody", w.get("nobody", path), 200)
	if p := w.get("nobody", path); p.path != "/signin" || strings.Contains(p.text, "国志强") {
		t.Errorf("nobody is at %s", p.path)
	}
	if n := w.count("item_step"); n != 0 {
		t.Errorf("%d steps were done", n)
	}
}

const script = `<script>alert("x")</script>'"><img src=x onerror=alert(1)>`

// TestScripts: what somebody writes is shown as it is, everywhere, and is never a part of the page.
func TestScripts(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	w.wants("apply", w.step("assistant", path, "apply", "signer", script, "signature", script, "kept", script, "paper-name", script), 200)
	w.wants("authorise", w.step("assistant", path, "authorise", "signed-by", "1", "signed-by", "2", "for-1", script, "signature", script), 200)
	w.wants("lacking", w.step("officer", path, "lacking", "papers", script), 200)
	w.wants("near kin", w.request("officer", "POST", path+"/happen/near-kin", w.formOf("officer", path, path+"/happen/died", "reason", script)), 200)
	w.wants("look", w.send("supervisor", path, path+"/look", "said", script), 200)
	w.wants("refused with a script", w.send("officer", path, path+"/happen/return", "to", script, "reason", script), 409)
	w.wants("a script in a filter", w.get("officer", "/cases?programme="+url.QueryEscape(script)), 200)
	for _, login := range []string{"officer", "supervisor", "assistant"} {
		for _, at := range []string{path, "/notifications", path + "/print/application", path + "/print/survey"} {
			p := w.get(login, at)
			if strings.Contains(p.raw, "<script>alert") || strings.Contains(p.raw, "<img src=x") {
				t.Errorf("%s: a script is part of %s", login, at)
			}
		}
	}
}

// TestObjection: while one is open nothing is decided; who answers it by having it surveyed anew takes the case back.
func TestObjection(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	colleague := fmt.Sprint(w.ids["colleague"])
	for _, s := range []struct {
		login, step string
		with        []string
	}{
		{"assistant", "apply", []string{"signer", "国志强", "signature", "申请书"}}, {"assistant", "authorise", authorised}, {"officer", "accept", nil}, {"supervisor", "check", []string{"result", "无异常"}},
		{"officer", "survey", []string{"with", colleague, "result", "一致", "signer", "国志强", "signature", "表"}},
		{"officer", "opinion", []string{"component", "difference", "amount", "812.40", "per", "month", "reason", "拟同意"}}, {"officer", "notice", []string{"place", "村"}},
	} {
		w.wants(s.step, w.step(s.login, path, s.step, s.with...), 200)
	}
	w.wants("an empty one", w.send("officer", path, path+"/object", "against", "notice"), 422, "异议内容")
	w.wants("objected", w.send("officer", path, path+"/object", "against", "notice", "who", script, "said", "他家有车"), 200, "他家有车", "有异议", "答复期限")
	w.wants("not answered", w.send("officer", path, path+"/answer/1", "answer", "community-review"), 422, "处理结果")
	w.wants("a review without anybody", w.send("officer", path, path+"/answer/1", "answer", "community-review", "found", "不成立", "upheld", "no"), 422)
	w.wants("answered", w.send("officer", path, path+"/answer/1", "answer", "community-review", "found", "评议认为不成立", "upheld", "no", "present", "王一、李二,赵三"), 200, "评议认为不成立", "王一、李二、赵三")
	w.wants("a photograph", w.send("officer", path, path+"/photograph/1", "kept", "照片1"), 200, "照片1")
}

// TestAppeal: a status that is refused has no amounts to fill in; what an appeal undid is filed anew, once, with the same thing ticked.
func TestAppeal(t *testing.T) {
	w := newWorld(t)
	checked := w.formOf("officer", "/cases/new?household=1", "/cases/new", "go", "file", "applicant", "1", "category", "edge")
	path := w.request("officer", "POST", "/cases/new", checked).path
	colleague := fmt.Sprint(w.ids["colleague"])
	for _, s := range []struct {
		login, step string
		with        []string
	}{
		{"officer", "apply", []string{"signer", "国志强", "signature", "申请书"}}, {"officer", "authorise", authorised}, {"officer", "accept", nil}, {"supervisor", "check", []string{"result", "有车"}},
		{"officer", "survey", []string{"with", colleague, "result", "属实", "signer", "国志强", "signature", "表"}}, {"officer", "opinion", []string{"reason", "车辆超标"}},
		{"decider", "confirm", []string{"result", "refused", "reason", "车辆超标"}}, {"officer", "refuse", []string{"delivered", "本人签收"}},
	} {
		if p := w.get(s.login, path); strings.Contains(p.raw, `name="amount"`) {
			t.Errorf("%s: a status has an amount", s.step)
		}
		w.wants(s.step, w.step(s.login, path, s.step, s.with...), 200)
	}
	for _, login := range []string{"assistant", "decider"} { // the store takes none of theirs
		if p := w.get(login, path); strings.Contains(p.raw, path+"/appeal") {
			t.Errorf("%s is offered to write down an appeal", login)
		}
	}
	p := w.send("officer", path, path+"/appeal", "kind", "reconsideration", "who", "国志强", "said", "车是借的")
	w.wants("appealed", p, 200, "车是借的")
	if strings.Contains(p.text, "重新办理") {
		t.Error("a decision that stands is done anew")
	}
	w.wants("not yet anew", w.get("officer", "/cases/new?household=1&appeal=1"), 409)
	if p := w.get("officer", path); strings.Contains(p.raw, path+"/appealed") {
		t.Error("the township is offered to write down what came of it")
	}
	w.wants("revoked", w.send("supervisor", path, path+"/appealed/1", "result", "revoked", "found", "车辆系借用"), 200, "撤销", "重新办理")
	p = w.get("officer", "/cases/new?household=1&appeal=1")
	w.wants("anew", p, 200, "重新办理")
	if !strings.Contains(p.raw, `value="edge" checked`) {
		t.Error("what was refused is not ticked")
	}
	again := w.formOf("officer", "/cases/new?household=1&appeal=1", "/cases/new", "go", "file", "applicant", "1", "category", "edge")
	w.wants("filed anew", w.request("officer", "POST", "/cases/new", again), 200, "复议、诉讼后重办")
	if n := w.count("filing where occasion = 'appeal' and cause = 'appeal:1'"); n != 1 {
		t.Errorf("%d filings on the appeal, want 1", n)
	}
	other := w.formOf("officer", "/cases/new?household=1&appeal=1", "/cases/new", "go", "file", "applicant", "1", "category", "edge")
	w.wants("a second time", w.request("officer", "POST", "/cases/new", other), 409)
}

// TestCheckAndVisit: the check of means that everybody authorised is asked for on the case's page, and the survey's visit is sent to phones, each once.
func TestCheckAndVisit(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	w.wants("apply", w.step("assistant", path, "apply", "signer", "国志强", "signature", "申请书"), 200)
	w.wants("authorise", w.step("assistant", path, "authorise", authorised...), 200)
	w.wants("accept", w.step("officer", path, "accept"), 200)
	ask := w.formOf("officer", path, path+"/check")
	for range 2 {
		w.wants("a check", w.request("officer", "POST", path+"/check", ask), 200)
	}
	if n := w.count("means_check c join means_scope s on s.check_id = c.id where c.state = 'requested'"); n != 2 {
		t.Errorf("checks cover %d persons, want the two adults", n)
	}
	w.wants("while it is under way", w.step("supervisor", path, "check", "result", "无异常"), 409, "等报告", "无异常")
	w.own("update means_check set state = 'cancelled'")
	w.wants("checked elsewhere", w.step("supervisor", path, "check", "result", "无异常"), 200)
	plan := w.formOf("officer", path, path+"/survey", "with", fmt.Sprint(w.ids["colleague"]), "note", "带血压计")
	for range 2 {
		w.wants("a visit", w.request("officer", "POST", path+"/survey", plan), 200)
	}
	if n := w.count("visit where item = 1 and cardinality(visitors) = 2"); n != 1 {
		t.Errorf("%d visits, want 1", n)
	}
	w.wants("the colleague is told", w.get("colleague", "/notifications"), 200, "入户调查")
	w.wants("an assistant does not", w.request("assistant", "POST", path+"/survey", plan), 403)
}

// TestOverride: a decision otherwise than the engine asks for its reasons, and is with the county by itself; the county asks and is answered.
func TestOverride(t *testing.T) {
	w := newWorld(t)
	path := w.file("special-family/0")
	health := []string{"signer", "国志强", "signature", "表"}
	w.wants("apply", w.step("health", path, "apply", health...), 200)
	w.wants("accept", w.step("health", path, "accept"), 200)
	w.engine.outcomes[2].Outcome = "ineligible"
	w.account2("health2", "health")
	w.wants("check", w.step("health2", path, "check", "result", "已核实"), 200)
	w.wants("without reasons", w.step("health", path, "confirm", "result", "refused"), 422, "理由")
	w.wants("no choice", w.step("health", path, "confirm", "reason", "x"), 422, "请选择")
	w.wants("otherwise", w.step("health", path, "confirm", "result", "granted", "outcome", "ineligible"), 422, "不一致")
	w.wants("decided", w.step("health", path, "confirm", "result", "granted", "outcome", "ineligible", "reason", "特殊情况", "component", "aid", "amount", "600", "per", "year"), 200, "与预判不一致")
	w.wants("in the county's queue", w.get("supervisor", "/supervision?kind=overridden"), 200, "国志强", "与预判不一致")
	w.wants("asked", w.send("supervisor", path, "/supervision/1/ask", "said", "为什么"), 200, "为什么")
	w.wants("answered with nothing", w.send("officer", path, "/supervision/1/answer"), 422, "内容")
	w.wants("answered", w.send("officer", path, "/supervision/1/answer", "said", "见附件"), 200, "见附件")
	closing := w.formOf("supervisor", path, "/supervision/1/ask", "said", "同意")
	w.wants("closed", w.request("supervisor", "POST", "/supervision/1/close", closing), 200, "已了结")
	w.wants("an appeal", w.send("officer", path, path+"/appeal", "kind", "reconsideration", "who", "邻居", "said", "不应给"), 200, "行政复议")
	w.wants("its result", w.send("supervisor", path, path+"/appealed/1", "result", "upheld", "found", "维持"), 200, "维持")
	if n := w.count("notification where template in ('decided-otherwise', 'item-question', 'result-back')"); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}

// TestMeeting: what is above the township's limit is spoken of at a conference before it is decided.
func TestMeeting(t *testing.T) {
	w := newWorld(t)
	path := w.file("temp-expenditure/0")
	colleague := fmt.Sprint(w.ids["colleague"])
	for _, s := range []struct {
		login, step string
		with        []string
	}{
		{"assistant", "apply", []string{"signer", "国志强", "signature", "申请书"}}, {"assistant", "authorise", authorised}, {"officer", "accept", nil}, {"officer", "check", []string{"result", "属实"}},
		{"officer", "survey", []string{"with", colleague, "result", "属实", "signer", "国志强", "signature", "表"}},
		{"officer", "opinion", []string{"component", "aid", "amount", "4400", "per", "once", "reason", "拟同意"}}, {"officer", "notice", []string{"place", "村"}},
	} {
		w.wants(s.step, w.step(s.login, path, s.step, s.with...), 200)
	}
	w.at(12, 9)
	w.renew()
	w.wants("before there is one", w.get("supervisor", path), 200, "还没有议过这件事的会议")
	id := strings.TrimPrefix(path, "/cases/")
	w.wants("too many to sit", w.send("supervisor", "/meetings/new", "/meetings", "item", id, "department", "health", "quorum", "5", "day", "2026-11-12", "hour", "10:00", "agenda", "一户"), 422, "到会")
	p := w.send("supervisor", "/meetings/new", "/meetings", "item", id, "department", "health", "department", "education", "quorum", "2", "day", "2026-11-12", "hour", "10:00", "agenda", "一户超限额", "place", "三楼")
	w.wants("convened", p, 200, "一户超限额")
	w.wants("a department is told", w.get("health", "/notifications"), 200, "一事一议")
	w.wants("too few came", w.send("supervisor", p.path, p.path, "name-"+id+"-health", "王一", "minutes", "医保没有来人", "kept", "纪要1", "day", "2026-11-12", "hour", "09:00"), 422,
		"到会的部门不够", `value="王一"`, "医保没有来人")
	w.wants("held", w.send("supervisor", p.path, p.path, "name-"+id+"-health", "王一", "agreed-"+id+"-health", "yes", "said-"+id+"-health", "同意", "name-"+id+"-education", "李二", "agreed-"+id+"-education", "no",
		"minutes", "议定给予4400元", "kept", "纪要1", "day", "2026-11-12", "hour", "09:00"), 200, "议定给予4400元", "不同意")
	w.wants("the step", w.step("supervisor", path, "joint", "meeting", "1", "result", "同意"), 200)
	w.wants("listed", w.get("supervisor", "/meetings"), 200, "一户超限额", "已召开")
}

// What a hotline writes down of a call is an emergency like any other; the hotline sees how far it is, and nothing else of it or of anybody's.
func TestAHotlineRecordsAnEmergency(t *testing.T) {
	w := newWorld(t)
	w.account("hotline", access.Posting{Role: access.Hotline, Area: county, Span: calendar.Since(calendar.Must(2026, 1, 1))})
	hotline := postgres.Principal{Account: w.ids["hotline"], Role: "hotline", Area: county}
	stands := func() (all string) {
		t.Helper()
		w.must(w.db.As(t.Context(), hotline, func(tx pgx.Tx) error {
			own, err := w.deps.Casework.OwnEmergencies(t.Context(), tx, 10)
			for _, r := range own {
				all += fmt.Sprintln(r.Item, r.About, r.Area, r.State, r.By, r.Rank)
			}
			return err
		}))
		return all
	}
	if s := stands(); s != "" {
		t.Errorf("before anything is recorded there is %s", s)
	}
	w.wants("for a household", w.get("hotline", "/cases/new?household=1"), 404)
	p := w.send("hotline", "/cases/new", "/cases/new", "go", "file", "about", "来电：老人昏倒在路边", "area", village.String(), "want", "temp-emergency/0")
	w.wants("recorded", p, 200)
	if p.path != "/" {
		t.Errorf("it leads to %s", p.path)
	}
	w.wants("the township is told", w.get("officer", "/notifications"), 200, "急难报告")
	w.wants("and works on it", w.get("officer", "/cases?view=emergencies"), 200, "老人昏倒在路边", "到场查看")
	w.wants("another programme", w.send("hotline", "/cases/new", "/cases/new", "go", "file", "about", "x", "area", village.String(), "want", "dibao/0"), 403)
	w.wants("elsewhere", w.send("hotline", "/cases/new", "/cases/new", "go", "file", "about", "x", "area", far.String(), "want", "temp-emergency/0"), 403)
	own := w.file("dibao/0")
	for _, s := range []struct {
		login, step string
		with        []string
		want        string
	}{
		{"", "", nil, "1 来电：老人昏倒在路边 371424100281 received township-officer"},
		{"officer", "survey", []string{"with", fmt.Sprint(w.ids["colleague"]), "result", "属实，姓名王保密", "signer", "老人", "signature", "记录"}, "1 来电：老人昏倒在路边 371424100281 received decider township"},
		{"decider", "confirm", []string{"result", "granted", "component", "aid", "amount", "800", "per", "once", "reason", "先行救助"}, "1 来电：老人昏倒在路边 371424100281 decided finance reserve"},
		{"officer", "pay", nil, "1 来电：老人昏倒在路边 371424100281 paid township-officer"},
		{"officer", "papers", []string{"paper-kind", "application", "paper-name", "补办申请书", "kept", "柜4"}, "1 来电：老人昏倒在路边 371424100281 paid township-officer"},
		{"officer", "publish", []string{"place", "公开栏"}, "1 来电：老人昏倒在路边 371424100281 closed"},
	} {
		if s.step != "" {
			w.wants(s.step, w.step(s.login, "/cases/1", s.step, s.with...), 200)
		}
		if got := strings.TrimSpace(stands()); got != s.want {
			t.Errorf("after %q it stands at %q, want %q", s.step, got, s.want)
		}
	}
	for _, path := range []string{"/cases/1", own, "/cases/1/print/application"} {
		w.wants("the case itself", w.get("hotline", path), 404)
	}
	for _, of := range []string{"item", "item_step", "decision", "award", "paper", "filing where household is not null"} {
		w.must(w.db.As(t.Context(), hotline, func(tx pgx.Tx) error {
			var n int
			err := tx.QueryRow(t.Context(), "select count(*) from "+of).Scan(&n)
			if n != 0 {
				t.Errorf("the hotline reads %d rows of %s", n, of)
			}
			return err
		}))
	}
	w.account("other-hotline", access.Posting{Role: access.Hotline, Area: county, Span: calendar.Since(calendar.Must(2026, 1, 1))})
	hotline.Account = w.ids["other-hotline"]
	if s := stands(); s != "" {
		t.Errorf("another operator sees %s", s)
	}
}

// TestEmergency: who is not in the record is helped where they are.
func TestEmergency(t *testing.T) {
	w := newWorld(t)
	w.wants("nobody", w.send("assistant", "/cases/new", "/cases/new", "go", "file", "want", "temp-emergency/0"), 422, "谁")
	p := w.send("assistant", "/cases/new", "/cases/new", "go", "file", "about", "路过的老人，昏倒", "area", village.String(), "want", "temp-emergency/0")
	w.wants("recorded", p, 200, "路过的老人", "急难")
	w.wants("first of the queue", w.get("officer", "/cases?view=emergencies"), 200, "路过的老人")
	w.wants("the officer is told", w.get("officer", "/notifications"), 200, "急难报告")
	w.wants("to who is elsewhere", w.send("assistant", "/cases/new", "/cases/new", "go", "file", "about", "某人", "area", far.String(), "want", "temp-emergency/0"), 403)
	path := p.path
	w.wants("looked at", w.step("officer", path, "survey", "with", fmt.Sprint(w.ids["colleague"]), "result", "属实", "signer", "老人", "signature", "记录"), 200)
	w.wants("decided", w.step("decider", path, "confirm", "result", "granted", "component", "aid", "amount", "800", "per", "once", "reason", "先行救助"), 200, "800")
	w.wants("a sentence", w.get("officer", path+"/print/letter"), 200, "先行救助。")
	w.wants("helped", w.step("supervisor", path, "pay"), 200, "补齐手续")
	w.wants("without a paper", w.step("officer", path, "papers", "note", "已补齐"), 422, "补齐的材料", "已补齐")
	p = w.step("officer", path, "papers", "paper-kind", "application", "paper-name", "补办申请书", "kept", "柜4")
	w.wants("with one", p, 200, "补办申请书", "救助后公布")
	w.wants("published", w.step("officer", path, "publish", "place", "公开栏"), 200, "办结")
	if p = w.get("officer", path); strings.Count(p.text, "办结 · 予以确认") != 1 {
		t.Error("that it is closed is said twice")
	}
}

// TestGoingBack: whoever goes back to what was checked and files again files nothing twice, also where nobody knows by a household that it is the same;
// filed otherwise it is refused, and what comes back can be filed.
func TestGoingBack(t *testing.T) {
	w := newWorld(t)
	first := w.formOf("assistant", "/cases/new", "/cases/new", "about", "路过的老人，昏倒", "area", village.String(), "want", "temp-emergency/0")
	check := func(about string) url.Values {
		t.Helper()
		sent := maps.Clone(first)
		sent.Set("go", "check")
		sent.Set("about", about)
		checked := hidden(w.request("assistant", "POST", "/cases/new", sent), "/cases/new")
		checked.Set("go", "file")
		return checked
	}
	path := w.request("assistant", "POST", "/cases/new", check("路过的老人，昏倒")).path
	if again := w.request("assistant", "POST", "/cases/new", check("路过的老人，昏倒")).path; again != path || w.count("filing") != 1 {
		t.Errorf("filed again it leads to %s instead of %s, and there are %d filings", again, path, w.count("filing"))
	}
	other := w.request("assistant", "POST", "/cases/new", check("路边的孩子，走失"))
	w.wants("filed otherwise", other, 409, "已提交并办理过", "路边的孩子")
	anew := hidden(other, "/cases/new")
	anew.Set("go", "file")
	anew.Set("about", "路边的孩子，走失")
	anew.Set("area", village.String())
	anew.Set("want", "temp-emergency/0")
	w.wants("and anew", w.request("assistant", "POST", "/cases/new", anew), 200, "路边的孩子", "急难")
	if n := w.count("filing"); n != 2 {
		t.Errorf("there are %d filings, want 2", n)
	}
}

// TestOverdue: what becomes late is told once to those whose step it is and to the county, and stands in the county's queue.
func TestOverdue(t *testing.T) {
	w := newWorld(t)
	path := w.file("temp-expenditure/0")
	w.wants("apply", w.step("assistant", path, "apply", "signer", "国志强", "signature", "申请书"), 200)
	w.wants("authorise", w.step("assistant", path, "authorise", authorised...), 200)
	w.at(4, 0)
	w.renew()
	for range 2 {
		w.must(w.db.Work(t.Context(), func(tx pgx.Tx) error {
			if _, err := w.deps.Casework.Overdue(t.Context(), tx, w.clock()); err != nil {
				return err
			}
			return cases.TellOverdue(t.Context(), tx, w.deps, w.clock())
		}))
	}
	if n := w.count("notification where template = 'item-overdue'"); n != 2 {
		t.Errorf("%d were told that it is late, want the desk and the county", n)
	}
	w.wants("the desk", w.get("officer", "/notifications"), 200, "已超期", "2026-11-03")
	w.wants("overdue", w.get("officer", "/cases?view=overdue"), 200, "国志强", "超期")
	w.wants("the county", w.get("supervisor", "/supervision?kind=overdue"), 200, "国志强")
}

// TestOtherActs: return, near relatives, suspension, withdrawal, what is not wished for, in both languages.
func TestOtherActs(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	w.wants("apply", w.step("assistant", path, "apply", "signer", "国志强", "signature", "申请书"), 200)
	w.wants("returned", w.send("officer", path, path+"/happen/return", "to", "apply", "reason", "缺签名"), 200, "退回更正", "缺签名")
	w.wants("in the queue of the returned", w.get("officer", "/cases?view=returned"), 200, "国志强")
	w.wants("with the county", w.get("supervisor", "/supervision?kind=returned"), 200, "国志强")
	w.wants("kin", w.request("officer", "POST", path+"/happen/near-kin", w.formOf("officer", path, path+"/happen/died", "reason", "村主任的弟弟")), 200, "近亲属")
	w.wants("suspended", w.request("supervisor", "POST", path+"/happen/suspend", w.formOf("supervisor", path, path+"/happen/died", "reason", "举报待查")), 200, "已叫停")
	w.wants("nothing while suspended", w.request("officer", "POST", path+"/do/apply", w.forged(path, "signer", "a", "signature", "b")), 409, "叫停")
	w.wants("resumed", w.request("supervisor", "POST", path+"/happen/resume", w.formOf("supervisor", path, path+"/happen/died", "reason", "查清")), 200, "恢复办理")
	w.wants("unsigned", w.send("assistant", path, path+"/happen/withdraw", "reason", "不要了"), 422)
	w.wants("withdrawn", w.send("assistant", path, path+"/happen/withdraw", "reason", "不要了", "signer", "国志强", "signature", "撤回书"), 200, "本人撤回")
	unwished := w.formOf("officer", "/cases/new?household=1", "/cases/new", "go", "check", "want", "dibao/0", "unwished", "special-family/0")
	w.wants("not signed", w.request("officer", "POST", "/cases/new", unwished), 422, "签字")
	unwished.Set("signer", "国志强")
	unwished.Set("signature", "说明1")
	unwished.Set("go", "file")
	w.wants("filed beside it", w.request("officer", "POST", "/cases/new", unwished), 200)
	w.wants("remembered", w.get("officer", "/cases/new?household=1"), 200, "一年内签字表示不愿申请", "已在办理")
	w.wants("in English", w.request("officer", "GET", path, url.Values{"_lang": {"en"}}), 200)
	for _, at := range []string{"/cases", "/cases/new?household=1", path, "/meetings", "/reviews", "/registers?programme=dibao", "/registers/month", "/notifications"} {
		p := w.request("officer", "GET", at, url.Values{"_lang": {"en"}})
		w.wants("English "+at, p, 200, `lang="en"`)
	}
}
