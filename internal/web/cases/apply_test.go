package cases_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/pack"
)

// family gives the household's two adults and a neighbour each an account of their own, tied at the window by the pages.
func (w *world) family() {
	w.Helper()
	w.own(fmt.Sprintf(`insert into person (name, area, birth) values ('邻居王五', %[1]d, '1970-05-05');
		insert into household (key, area, from_date) values ('n', %[1]d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date) values (2, 4, true, '', true, 'composed', '2026-01-01')`, village))
	for login, person := range map[string]int{"zhiqiang": 1, "chunyan": 2, "neighbour": 4} {
		w.resident(login, person)
	}
}

var slip = regexp.MustCompile(`<code>([^<]*)</code></dd>\s*<dt>[^<]*</dt><dd><code>([^<]*)</code>`)

// resident ties an account to a person at the window and signs in to it.
func (w *world) resident(login string, person int) {
	w.Helper()
	path := fmt.Sprint("/residents/", person)
	p := w.send("officer", path, path+"/tie", "proof", "居民身份证原件")
	m := slip.FindStringSubmatch(p.text)
	if m == nil {
		w.Fatalf("no slip for %s: %d at %s: %s %s", login, p.status, p.path, problem(p), w.log.String())
	}
	w.logins[login] = m[1]
	w.signInAs(login, m[1], m[2])
}

func TestTheWindowTiesAResident(t *testing.T) {
	w := newWorld(t)
	w.wants("without having looked at a paper", w.send("officer", "/residents/1", "/residents/1/tie"), 422, "请写明当面核对了什么证件")
	w.resident("zhiqiang", 1)
	w.wants("again", w.get("officer", "/residents/1"), 200, "已开通", w.logins["zhiqiang"])
	w.wants("a child", w.send("officer", "/residents/3", "/residents/3/tie", "proof", "户口簿"), 409, "未满18周岁")
	w.wants("elsewhere", w.get("stranger", "/residents/1"), 404)
	w.wants("sent by hand from elsewhere", w.request("stranger", "POST", "/residents/2/tie", map[string][]string{"proof": {"x"}, "once": {"k1"}}), 404)
	w.wants("by a decider", w.request("decider", "POST", "/residents/2/tie", map[string][]string{"proof": {"x"}, "once": {"k2"}}), 403)
	p := w.send("assistant", "/residents/1", "/residents/1/password", "proof", "户口簿")
	w.wants("another first password", p, 200, "初始密码")
	w.wants("the session before it", w.get("zhiqiang", "/my"), 200, "登录")
	for _, told := range []string{"account-tied", "account-password"} {
		if n := w.count("notification where template = $1 and person = 1 and account = $2 and sms_zh like '%12345%'", told, w.accountOf("zhiqiang")); n != 1 {
			t.Errorf("%s: the person is told %d times", told, n)
		}
	}
	w.wants("ended", w.send("officer", "/residents/1", "/residents/1/end", "why", "本人要求"), 200, "开通居民账号")
}

func factOf(t *testing.T, path string) *pack.Fact {
	t.Helper()
	for _, f := range dezhou().Facts {
		if f.Path() == path {
			return f
		}
	}
	t.Fatalf("the pack has no fact %s", path)
	return nil
}

// apply applies by the two pages, and returns the page to which it leads.
func (w *world) apply(login string, pairs ...string) page {
	w.Helper()
	checked := w.request(login, "POST", "/my/apply", w.formOf(login, "/my/apply", "/my/apply", append([]string{"go", "check"}, pairs...)...))
	w.wants("the application to be checked", checked, 200, "申请这些")
	fields := hidden(checked, "/my/apply")
	for i := 0; i < len(pairs); i += 2 {
		if strings.HasPrefix(pairs[i], "said-") || pairs[i] == "ward" {
			fields.Set(pairs[i], pairs[i+1])
		}
	}
	fields.Set("go", "file")
	fields.Set("authorise", "yes")
	fields.Set("pledge", "yes")
	return w.request(login, "POST", "/my/apply", fields)
}

func TestAFamilyAppliesByItself(t *testing.T) {
	w := newWorld(t)
	w.engine.outcomes[2].Open, w.engine.outcomes[2].Missing = true, []casework.Missing{{Ask: pack.Text{Zh: "孩子是否已去世？", En: "has a child died?"}},
		{Ask: pack.Text{Zh: "近12个月付了多少房租？", En: "rent"}, Fact: factOf(t, "household.rent_12m")}, {Of: "李春燕", Ask: pack.Text{Zh: "现在有没有配偶？", En: "married"}, Person: 2, Fact: factOf(t, "person.married")}}
	w.engine.outcomes = append(w.engine.outcomes, casework.Outcome{Programme: "med-aid", Name: pack.Text{Zh: "医疗救助", En: "medical aid"}, Outcome: "eligible"},
		casework.Outcome{Programme: "legal-aid", Name: pack.Text{Zh: "法律援助", En: "legal aid"}, Outcome: "ineligible"})
	w.family()
	w.wants("a page of one's own", w.get("zhiqiang", "/my"), 200, "申请救助", "没有正在办的申请")
	w.wants("the first page", w.get("zhiqiang", "/"), 200)
	help := w.get("zhiqiang", "/my/help")
	w.wants("what they may get", help, 200, "您家可以得到", "低保", "还要问清几件事", "孩子是否已去世？", "不用申请，会自动给", "医疗救助", "还够不上", "法律援助", "不清楚的事，不等于不行")

	w.wants("nothing chosen", w.request("zhiqiang", "POST", "/my/apply", w.formOf("zhiqiang", "/my/apply", "/my/apply", "go", "check")), 422, "请填写：要申请的项目")
	wrong := w.apply("zhiqiang", "want", "special-family/0", "said-household.rent_12m-0", "不少")
	w.wants("an answer that is no amount", wrong, 422, "付了多少房租", "不少", "申请这些")
	first := w.apply("zhiqiang", "want", "dibao/0", "want", "special-family/0", "said-孩子是否已去世？", "没有", "said-household.rent_12m-0", "3600", "said-person.married-2", "yes",
		"said-household.area-0", "99")
	w.wants("applied", first, 200, "等您家", "最低生活保障")
	if first.path != "/my" {
		t.Errorf("two items lead to %s", first.path)
	}
	if n := w.count("filing where resident = $1 and applicant = 1 and channel = 'web' and role = 'resident'", w.accountOf("zhiqiang")); n != 1 {
		t.Errorf("%d filings", n)
	}
	if n := w.count("authorisation where person = 1 and signed_by = '国志强' and pledge <> ''"); n != 1 {
		t.Errorf("%d authorisations by who applied", n)
	}
	if n := w.count("item_step where step = 'authorise'"); n != 0 {
		t.Error("it was authorised before all had signed")
	}
	w.wants("the officer reads what was answered", w.get("officer", "/cases/1"), 200, "孩子是否已去世？ 没有")
	for _, said := range []string{"unit = 'household' and unit_id = 1 and fact = 'household.rent_12m' and value = '\"3600\"'", "unit = 'person' and unit_id = 2 and fact = 'person.married' and value = 'true'"} {
		if n := w.count("statement where source = 'declared' and said_by = '国志强' and " + said); n != 1 {
			t.Errorf("%d declarations where %s", n, said)
		}
	}
	if n := w.count("statement"); n != 2 {
		t.Errorf("%d declarations, one that nobody asked for among them", n)
	}
	w.wants("applied again", w.apply("zhiqiang", "want", "dibao/0"), 409, "不能重复申请")

	w.wants("the other adult is asked", w.get("chunyan", "/my"), 200, "签授权书和承诺书")
	w.wants("without a tick", w.send("chunyan", "/my/sign", "/my/sign", "authorise", "yes"), 422, "两处都打勾")
	w.wants("signed", w.send("chunyan", "/my/sign", "/my/sign", "authorise", "yes", "pledge", "yes"), 200, "下一步由镇街救助窗口办：受理")
	if n := w.count("item_step where step = 'authorise' and gives = 'authorisation'"); n != 1 {
		t.Errorf("%d items were authorised once all had signed", n)
	}
	w.wants("what the officer does next", w.get("officer", "/cases/1"), 200, "现在要办：受理")
}

// Sent twice, an application is one.
func TestAnApplicationSentTwiceIsOne(t *testing.T) {
	w := newWorld(t)
	w.family()
	checked := w.request("zhiqiang", "POST", "/my/apply", w.formOf("zhiqiang", "/my/apply", "/my/apply", "go", "check", "want", "dibao/0"))
	fields := hidden(checked, "/my/apply")
	fields.Set("go", "file")
	w.wants("without a signature", w.request("zhiqiang", "POST", "/my/apply", fields), 422, "两处都打勾", "签字并提交")
	fields.Set("authorise", "yes")
	fields.Set("pledge", "yes")
	for range 2 {
		p := w.request("zhiqiang", "POST", "/my/apply", fields)
		w.wants("sent", p, 200, "等您家")
		if p.path != "/my/matters/1" {
			t.Errorf("it leads to %s", p.path)
		}
	}
	if n := w.count("item"); n != 1 {
		t.Errorf("%d items", n)
	}
	fields.Set("want", "temp-expenditure/0")
	w.wants("sent with another wish", w.request("zhiqiang", "POST", "/my/apply", fields), 409, "这次改动的内容没有保存")
}

// Whatever somebody of another household asks for, nothing of the family comes to them.
func TestAnotherResidentSeesNoTrace(t *testing.T) {
	w := newWorld(t)
	w.family()
	w.apply("zhiqiang", "want", "dibao/0")
	w.file("temp-expenditure/0")
	traces := []string{"国志强", "李春燕", "国雨桐", "最低生活保障", "支出型"}
	w.engine.outcomes = nil
	for _, path := range []string{"/my", "/my/help", "/my/apply", "/my/sign", "/my/matters/1", "/my/matters/2", "/cases/1", "/cases/2", "/cases", "/files/1", "/notifications", "/residents/1"} {
		p := w.get("neighbour", path)
		for _, trace := range traces {
			if strings.Contains(p.text, trace) {
				t.Errorf("%s shows %s to a neighbour (%d)", path, trace, p.status)
			}
		}
	}
	for _, act := range []string{"withdraw", "answer", "object", "appeal", "received"} {
		fields := w.formOf("neighbour", "/my/sign", "/my/sign", "reason", "x", "said", "x", "against", "survey", "kind", "complaint")
		w.wants(act+" by a neighbour", w.request("neighbour", "POST", "/my/matters/1/"+act, fields), 404)
	}
	for _, login := range []string{"zhiqiang", "chunyan"} {
		for _, path := range []string{"/my/matters/1", "/my/matters/2"} { // the one filed by the assistant too
			w.wants(login+" of the family", w.get(login, path), 200, "国志强")
		}
	}
	if n := w.count("item_event"); n != 0 {
		t.Errorf("%d things happened", n)
	}
}

func TestTheApplicantWithdraws(t *testing.T) {
	w := newWorld(t)
	w.family()
	w.apply("zhiqiang", "want", "dibao/0")
	if p := w.get("chunyan", "/my/matters/1"); strings.Contains(p.text, "撤回这项申请") {
		t.Error("who did not apply is offered to withdraw")
	}
	fields := w.formOf("chunyan", "/my/sign", "/my/sign", "reason", "不要了")
	w.wants("by the other adult", w.request("chunyan", "POST", "/my/matters/1/withdraw", fields), 403, "您没有办理的权限")
	w.wants("without a reason", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/withdraw"), 422, "请填写：撤回的原因")
	w.wants("by the applicant", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/withdraw", "reason", "找到工作了"), 200, "本人撤回")
	w.wants("the officer sees it", w.get("officer", "/cases/1"), 200, "本人撤回", "找到工作了")
	w.wants("applied anew", w.apply("zhiqiang", "want", "dibao/0"), 200)
}

// What lacks is told once, and answered; a refusal has its reasons and what can be done against it, which the family does here.
func TestTheFamilyAnswersAndContests(t *testing.T) {
	w := newWorld(t)
	w.family()
	w.apply("zhiqiang", "want", "dibao/0")
	w.wants("signed", w.send("chunyan", "/my/sign", "/my/sign", "authorise", "yes", "pledge", "yes"), 200)
	w.wants("what lacks", w.step("officer", "/cases/1", "lacking", "papers", "残疾证", "due", "2026-11-10"), 200)
	w.wants("the family is told", w.get("zhiqiang", "/my"), 200, "补材料", "残疾证")
	w.wants("answered", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/answer", "said", "残疾证已交到窗口"), 200, "残疾证已交到窗口", "您的答复")
	w.wants("the officer reads it", w.get("officer", "/cases/1"), 200, "申请人答复缺件告知", "残疾证已交到窗口")
	if p := w.get("chunyan", "/my/matters/1"); strings.Contains(p.text, "发送答复") {
		t.Error("who did not apply is asked to answer")
	}
	colleague := fmt.Sprint(w.ids["colleague"])
	for _, s := range []struct {
		day   int
		login string
		step  string
		with  []string
	}{
		{2, "officer", "accept", nil},
		{4, "supervisor", "check", []string{"result", "无异常"}},
		{5, "officer", "survey", []string{"with", colleague, "result", "有出入", "signer", "国志强", "signature", "调查表1"}},
	} {
		w.at(s.day, 9)
		w.renew()
		w.wants(s.step, w.step(s.login, "/cases/1", s.step, s.with...), 200)
	}
	w.wants("an objection", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/object", "against", "survey", "said", "没有问到我妻子"), 200)
	w.wants("the officer sees the objection", w.get("officer", "/cases/1"), 200, "没有问到我妻子")
	w.wants("it is answered", w.send("officer", "/cases/1", "/cases/1/answer/1", "answer", "not-taken", "found", "已经问过"), 200)
	for _, s := range []struct {
		day   int
		login string
		step  string
		with  []string
	}{
		{6, "colleague", "opinion", []string{"reason", "收入超标"}},
		{6, "officer", "notice", []string{"place", "国寨村公开栏"}},
		{16, "decider", "confirm", []string{"result", "refused", "reason", "核对发现收入高于标准", "outcome", "eligible"}},
		{16, "officer", "refuse", nil},
	} {
		w.at(s.day, 10)
		w.renew()
		w.wants(s.step, w.step(s.login, "/cases/1", s.step, s.with...), 200)
	}
	p := w.get("zhiqiang", "/my/matters/1")
	w.wants("the refusal", p, 200, "没有通过", "核对发现收入高于标准", "行政复议", "60日内", "最晚2027年1月15日", "随时再申请")
	w.wants("a suit", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/appeal", "kind", "suit", "said", "不服"), 403)
	w.wants("reconsideration", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/appeal", "kind", "reconsideration", "said", "请重新核对"), 200, "请重新核对", "正在处理")
	w.wants("asked for twice", w.send("zhiqiang", "/my/matters/1", "/my/matters/1/appeal", "kind", "reconsideration", "said", "再请"), 409, "正在处理")
	w.wants("the county sees it", w.get("supervisor", "/cases/1"), 200, "请重新核对")
	w.wants("in its queue", w.get("supervisor", "/supervision?kind=reconsideration"), 200, "国志强")
	if p := w.get("supervisor", "/supervision?kind=complaint"); strings.Contains(p.raw, "国志强") {
		t.Error("the county is shown a complaint where reconsideration is asked for")
	}
	for _, told := range []string{fmt.Sprint("template = 'appeal-received' and account = ", w.accountOf("zhiqiang")), "template = 'appeal-filed' and role = 'decider'", "template = 'appeal-filed' and role = 'supervisor'"} {
		if n := w.count("notification where about = 'item:1' and " + told); n != 1 {
			t.Errorf("%s: told %d times, want once", told, n)
		}
	}
}

// A guardian who signs online signs for the children too, if they say so, and the check then covers them; nobody signs for a neighbour's child.
func TestAGuardianSignsOnlineForAChild(t *testing.T) {
	for _, c := range []struct {
		name    string
		pairs   []string
		covered int
	}{
		{"for the child", []string{"ward", "3"}, 3},
		{"not for the child", nil, 2},
		{"for somebody who is grown up, and for a neighbour", []string{"ward", "1", "ward", "4"}, 2},
	} {
		w := newWorld(t)
		w.family()
		w.wants("applied", w.apply("zhiqiang", "want", "dibao/0"), 200)
		w.wants("who has signed is reminded of the child", w.get("zhiqiang", "/my"), 200, "替孩子签授权书")
		w.wants("who is asked", w.get("chunyan", "/my/sign"), 200, "国雨桐", "的监护人，代孩子签")
		w.wants("signed "+c.name, w.send("chunyan", "/my/sign", "/my/sign", append([]string{"authorise", "yes", "pledge", "yes"}, c.pairs...)...), 200, "下一步由镇街救助窗口办：受理")
		signed := 0
		if c.covered == 3 {
			signed = 1
		}
		if n := w.count("authorisation where person = 3 and signed_by = '李春燕' and pledge <> '' and paper like '网上签署%'"); n != signed {
			t.Errorf("%s: %d authorisations of the child", c.name, n)
		}
		if n := w.count("item_step where step = 'authorise' and detail ->> 'signed' like '%李春燕（代国雨桐）'"); n != signed {
			t.Errorf("%s: %d steps name the child", c.name, n)
		}
		if n := w.count("authorisation where person = 4"); n != 0 {
			t.Errorf("%s: %d authorisations of a neighbour", c.name, n)
		}
		w.wants("accepted", w.step("officer", "/cases/1", "accept"), 200)
		w.wants("the check", w.send("officer", "/cases/1", "/cases/1/check"), 200)
		if n := w.count("means_scope"); n != c.covered {
			t.Errorf("%s: the check covers %d, want %d", c.name, n, c.covered)
		}
	}
}

// Whoever has signed online need not sign on paper again; the other adult still does.
func TestThePaperCountsWhoSignedOnline(t *testing.T) {
	w := newWorld(t)
	w.family()
	w.wants("applied", w.apply("zhiqiang", "want", "dibao/0", "ward", "3"), 200)
	w.wants("the form says who has signed", w.get("officer", "/cases/1"), 200, "已签，到", "网上签署", "已经代签，不用再签")
	w.wants("without the other adult", w.step("officer", "/cases/1", "authorise", "signature", "柜1"), 422, "李春燕")
	w.wants("without the paper", w.step("officer", "/cases/1", "authorise", "signed-by", "2"), 422, "授权书存放处")
	w.wants("the other adult", w.step("officer", "/cases/1", "authorise", "signed-by", "2", "signature", "柜1"), 200, "受理")
	if n := w.count("authorisation where person = 1"); n != 1 {
		t.Errorf("who signed online has %d authorisations", n)
	}
	if n := w.count("item_step where step = 'authorise' and detail ->> 'signed' = '国志强、李春燕、国志强（代国雨桐）' and signature = '柜1'"); n != 1 {
		t.Error("the step does not say who signed")
	}
}

// What a village's assistant would first have offered is taken by who asks for it: it goes to whoever comes after the application.
func TestWhoAppliesHasTakenTheOffer(t *testing.T) {
	w := newWorld(t)
	w.engine.outcomes = append(w.engine.outcomes, casework.Outcome{Programme: "little-angel", Person: 3, Name: pack.Text{Zh: "小天使基金", En: "Little Angel"}, Outcome: "eligible"})
	w.family()
	w.wants("applied", w.apply("zhiqiang", "want", "little-angel/3"), 200, "县级受理推荐")
	if n := w.count("item_step where step in ('offer', 'apply') and signer = '国志强'"); n != 2 {
		t.Errorf("%d steps were done by who applied", n)
	}
	if n := w.count("item where next_by = 'department-officer'"); n != 1 {
		t.Error("it does not wait for the department")
	}
}
