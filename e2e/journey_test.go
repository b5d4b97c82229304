package e2e

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// colleagues are two officers more of the township: homes are surveyed by two, and anew by others.
func colleagues(t testing.TB) (li, zhao string) {
	t.Helper()
	p := served(t)
	p.account(t, "trial-li", "李经办", "officer", township, "")
	p.account(t, "trial-zhao", "赵经办", "officer", township, "")
	return "李经办", "赵经办"
}

// guozhai is the village.
const guozhai = "371424100281"

// family is the head of a household of the village.
type family string

// familyOf is the n-th family of the village that is not the story's, and whose head has a name of their own.
func familyOf(t testing.TB, n int) family {
	t.Helper()
	rows, is := register(t)
	named := map[string]int{}
	for _, row := range rows {
		named[row[is["姓名"]]]++
	}
	for _, row := range rows {
		head := row[is["姓名"]]
		if row[is["村居代码"]] != guozhai || row[is["与户主关系"]] != "户主" || head == "国志强" || named[head] > 1 || row[is["死亡注销日期"]] != "" {
			continue
		}
		if n--; n < 0 {
			return family(head)
		}
	}
	t.Fatal("the village has no such family")
	return ""
}

// register is the delivered register and where its columns are.
func register(t testing.TB) (rows [][]string, is map[string]int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(served(t).path("county"), "population", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the county has no register: %v", err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if rows, err = csv.NewReader(f).ReadAll(); err != nil {
		t.Fatal(err)
	}
	is = map[string]int{}
	for n, head := range rows[0] {
		is[strings.TrimPrefix(head, "\ufeff")] = n
	}
	return rows[1:], is
}

// applies files for one programme or status, by its name on the form, for the first family from the n-th on to which that is offered.
func (v *person) applies(n int, wanted string) (f family, item string) {
	v.Helper()
	for ; ; n++ {
		f = familyOf(v, n)
		v.open("/people?q=" + string(f))
		v.press("tbody a")
		v.shows(string(f) + "家的档案")
		v.press(`main a[href^="/cases/new"]`)
		if v.want(wanted) {
			break
		}
	}
	v.press(`button[name="go"][value="check"]`)
	v.shows("提交申报")
	v.press(`button[name="go"][value="file"]`)
	v.shows(string(f))
	return f, js[string](v, "location.pathname")
}

// want ticks one thing of what can be applied for and nothing else, and reports whether it is offered.
func (v *person) want(wanted string) bool {
	v.Helper()
	return js[bool](v, fmt.Sprintf(`(() => {
		const boxes = [...document.querySelectorAll('[name="want"], [name="category"]')], one = boxes.find(b => b.closest("label").innerText.trim().startsWith(%q));
		for (const b of boxes) if (b.checked !== (b === one)) b.click();
		return !!one
	})()`, wanted))
}

// authorises has everybody who is grown up in the family of the case sign.
func (v *person) authorises() {
	v.Helper()
	v.allSign()
	v.step("authorise", "signature", "授权书 档案柜3-12")
}

// back presses the browser's own button.
func (v *person) back() {
	v.Helper()
	js[bool](v, `window.before = "left", setTimeout(() => history.back()), true`)
	v.until("the page before is there", `window.before !== "left" && document.readyState === "complete"`)
}

// types writes into a field without leaving it.
func (v *person) types(selector, text string) {
	v.Helper()
	v.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// surveyed takes a case of the temporary aid from its filing to the home survey by the officer and others.
func (v *person) surveyed(n int, with string) (f family, item string) {
	v.Helper()
	f, item = v.applies(n, "支出型临时救助")
	v.step("apply", "signer", string(f), "signature", "申请书")
	v.authorises()
	v.step("accept")
	v.step("check", "result", "住院和上学支出属实")
	v.step("survey", "with", with, "result", "住两间旧房，欠债", "signer", string(f), "signature", "调查表")
	v.done("初审意见")
	return f, item
}

// Who is refused reads why and what can be done, appeals, and is decided on anew once the decision is revoked.
func TestRefusalAndAppeal(t *testing.T) {
	li, _ := colleagues(t)
	o, s, d := officer(t), supervisor(t), decider(t)
	f, item := o.applies(0, "低保边缘")
	o.step("apply", "signer", string(f), "signature", "申请书1")
	o.authorises()
	o.step("accept")
	s.open(item)
	s.step("check", "result", "名下一辆轿车，评估价9万元")
	o.open(item)
	o.step("survey", "with", li, "result", "住自建房，车辆自用", "signer", string(f), "signature", "调查表1")
	o.step("opinion", "reason", "车辆价值超过规定")
	o.hides("金额")

	d.open(item)
	d.step("confirm", "result", "不予确认")
	d.shows("没有提交成功", "请填写：不予确认的理由", "您写的内容还在下面")
	d.step("confirm", "reason", "轿车评估价9万元，超过低保边缘家庭财产规定")
	d.done("不予确认告知")

	o.open(item)
	o.press(`a[href$="/print/letter"]`)
	o.shows("不予确认通知书", "轿车评估价9万元", "60日内向县级人民政府申请行政复议", "6个月内向人民法院提起行政诉讼")
	o.press(`main a[href="` + item + `"]`)
	o.step("refuse", "delivered", "送到家里，本人签收")
	a := assistant(t)
	a.sees(item, "不予确认", "轿车评估价9万元", "行政复议")

	o.act("/appeal", "kind", "行政复议", "who", string(f), "said", "轿车是亲戚放在我家的，不是我们的")
	o.done("行政复议", "轿车是亲戚放在我家的")
	o.hides("重新办理")
	s.open(item)
	s.act("/appealed/", "result", "撤销", "found", "车辆登记在他人名下，原决定认定事实不清")
	s.done("撤销", "认定事实不清")
	o.open(item)
	o.press(`a[href*="appeal="]`)
	o.shows("重新办理")
	o.press(`button[value="check"]`)
	o.shows("低保边缘")
	o.press(`button[value="file"]`)
	o.done("复议、诉讼后重办", "现在要办：申请")
	a.sees(item, "撤销", "办结")
}

// Somebody who is registered elsewhere is in trouble at night: it is written down where they are, decided before there are papers, paid at once, and
// the papers come within five days.
func TestEmergency(t *testing.T) {
	const who = "外地来务工的王某，租住的房子失火"
	li, _ := colleagues(t)
	a, o, s, d := assistant(t), officer(t), supervisor(t), decider(t)
	item := a.emergency(who)
	a.shows("急难", "剩23小时")
	o.sees("/cases?view=emergencies", who)
	o.open(item)
	o.step("survey", "with", li, "result", "房屋烧毁，一家三口在村委会", "signer", "王某", "signature", "现场记录")
	o.done()
	d.sees("/cases", who)
	d.open(item)
	d.step("confirm", "result", "予以确认", "amount", "1500", "reason", "失火无处住，先行救助")
	d.done("予以确认")
	s.open(item)
	s.step("pay")
	s.done("5日内补齐手续")
	o.open(item)
	o.shows("剩")
	o.step("papers", "note", "已补齐")
	o.shows("没有提交成功", "补齐的材料")
	o.step("papers", "paper-kind", "申请书", "paper-name", "补办申请书", "pages", "2", "kept", "柜4")
	o.step("publish", "place", "村务公开栏")
	o.done("办结", "1,500")
	a.sees(item, "办结", "予以确认")
}

// emergency writes down an emergency of somebody who is not in the record.
func (v *person) emergency(who string) (item string) {
	v.Helper()
	v.open("/cases")
	v.press(`a[href="/cases/new"]`)
	v.write("main form", "about", who, "want", "急难型临时救助")
	v.press(`button[value="check"]`)
	v.shows(who, "急难型临时救助")
	v.press(`button[value="file"]`)
	v.done(who)
	return js[string](v, "location.pathname")
}

// Two visitors answer the same question differently on two phones without a signal: both come in, the township sees both and chooses, and neither is
// lost.
func TestOfflineConflict(t *testing.T) {
	li, _ := colleagues(t)
	o, a, other := officer(t), signedIn(t, "demo-assistant", phone), signedIn(t, "trial-li", phone)
	visit := o.sendsTwo("演示协理员", li)
	for _, phone := range []*person{a, other} {
		phone.keepsVisits()
		phone.offline(true)
		phone.unlocks()
	}
	question := a.says(visit, "是")
	if q := other.says(visit, "否"); q != question {
		t.Fatalf("the phones ask %q and %q", question, q)
	}
	for _, phone := range []*person{a, other} {
		phone.goes(`main a[href="/visits/outbox"]`)
		phone.shows(question, "等信号")
	}
	for _, phone := range []*person{a, other} {
		phone.offline(false)
		js[bool](phone, `dispatchEvent(new Event("online"))`) // as a phone does; Chromium tells a page nothing that was opened without a signal
		phone.until("all is sent", `document.body.innerText.includes("都已送到平台")`)
	}
	other.open(visit + "/check")
	other.until("it is told", `document.body.innerText.includes("有不同回答，待裁定")`)

	o.sees("/visit-conflicts", question, "演示协理员", li)
	form := fmt.Sprintf(`form:has(a[href=%q])`, visit)
	o.mark(form+` [name="answer"]`, li)
	o.fill(form+` [name="reason"]`, "李经办当面问过户主，看过房产证")
	o.press(form + " button.main")
	o.hides(question)
	o.sees(visit+"/check", question)
	if said := o.answerTo(question); !strings.Contains(said, "否") || strings.Contains(said, "待裁定") {
		t.Errorf("what counts is %q", said)
	}
}

// sendsTwo sends two people to a family that is warned of, and returns the visit's page.
func (v *person) sendsTwo(first, second string) (visit string) {
	v.Helper()
	v.open("/warnings")
	if !js[bool](v, `(r => { if (r) r.querySelector("th a").id = "followed"; return !!r })([...document.querySelectorAll("tbody tr")].find(r => r.innerText.includes("国寨村") && /家（\d+人）/.test(r.innerText) && !r.innerText.includes("国*") && r.innerText.includes("待认领")))`) {
		v.Fatalf("nobody in the village is warned of\n%s", v.text())
	}
	v.press("#followed")
	v.pickByText(`select[name="to"]`, first)
	v.press(`button[name="act"][value="visit"]`)
	v.done("走访中")
	household := js[string](v, `document.querySelector('main a[href^="/files/"]').getAttribute("href")`)
	v.open(household)
	visit = js[string](v, `document.querySelector('a[href^="/visits/"]').getAttribute("href")`)
	v.open("/visit-plans")
	v.press(fmt.Sprintf(`a[href=%q]`, strings.Replace(visit, "/visits/", "/visit-plans/", 1)))
	v.mark(`[name="to"]`, second)
	v.press(`button[value="reassign"]`)
	v.shows(first, second)
	return visit
}

// says answers the first question of a visit that is answered with yes or no, without a signal, and returns it.
func (v *person) says(visit, words string) (question string) {
	v.Helper()
	v.goes(fmt.Sprintf(`#visits a[href=%q]`, visit))
	v.pick("我们自己看到")
	for v.next() && js[string](v, `document.querySelector(".question:not([hidden])").dataset.type`) != "bool" {
	}
	v.pick(words)
	question = js[string](v, `document.querySelector(".question:not([hidden]) h2").innerText`)
	v.next() // which keeps it
	v.goes(`main a[href$="/check"]`)
	v.goes(`main a[href="/visits"]`)
	return question
}

// answerTo is what the page of a visit's answers has for a question.
func (v *person) answerTo(question string) string {
	v.Helper()
	return js[string](v, fmt.Sprintf(`[...document.querySelectorAll("dl.check div")].find(d => d.innerText.includes(%q))?.querySelector("dd").innerText ?? ""`, question))
}

// left is days for which everything is left lying: more than ten working days, after which what no township dealt with is the county's.
const left = 16

// What needs days to pass: the clock is moved once for all of it.
func TestDaysPass(t *testing.T) {
	li, zhao := colleagues(t)
	var meeting, objection, late, unsent string
	t.Run("a meeting is convened", func(t *testing.T) { meeting = convenes(t, li) })
	t.Run("somebody objects to a notice", func(t *testing.T) { objection = objects(t, li, zhao) })
	t.Run("an emergency and a report are left lying", func(t *testing.T) { late = isLeft(t) })
	t.Run("a form is left half written", func(t *testing.T) { unsent = isHalfWritten(t) })
	if t.Failed() {
		return
	}
	served(t).ahead(t, left)
	t.Run("what was half written is sent on", func(t *testing.T) { isSentOn(t, unsent) })
	t.Run("the meeting is held and the county decides", func(t *testing.T) { decides(t, meeting) })
	t.Run("the objection is answered and the township decides", func(t *testing.T) { decidesObjected(t, objection) })
	t.Run("what is overdue goes up, and the county asks, stops and lets go on", func(t *testing.T) { supervises(t, late) })
}

// convened is in how many days the meeting is held.
const convened = 5

// convenes takes aid above the township's limit to its notice and has the county call departments to a meeting.
func convenes(t *testing.T, li string) string {
	o, s := officer(t), supervisor(t)
	f, item := o.surveyed(1, li)
	o.step("opinion", "amount", "4500", "reason", "负债较多，拟救助4500元")
	o.step("notice", "place", "国寨村公开栏", "contact", "0534-1234567")
	o.done("超限额", "一事一议")
	s.sees("/meetings/new", string(f))
	const form = `form[action="/meetings"]`
	s.write(form, "item", string(f), "department", "医疗保障", "place", "县民政局三楼", "agenda", "大额临时救助一事一议", "hour", "09:30")
	s.set(form+` [name="day"]`, s.p.now().AddDate(0, 0, convened).Format(time.DateOnly))
	s.press(form + " button.main")
	s.shows("没有提交成功", "1")
	for _, d := range []string{"教育", "住房"} {
		s.mark(form+` [name="department"]`, d)
	}
	s.press(form + " button.main")
	s.done("大额临时救助一事一议", "至少到会")
	m := of(t, "demo-medical", desk)
	m.sees("/notifications", "会议")
	return item
}

// decides holds the meeting, at first without a quorum, and decides by it.
func decides(t *testing.T, item string) {
	s := supervisor(t)
	s.open("/meetings")
	s.press(`tbody a`)
	const form = `form[action^="/meetings/"]`
	who := js[[]string](s, `[...document.querySelectorAll('main [name^="name-"]')].map(e => e.name)`)
	for n, name := range who[:2] {
		s.fill(fmt.Sprintf(`[name=%q]`, name), fmt.Sprintf("参会人%d", n+1))
	}
	s.write(form, "minutes", "三部门同意按4500元救助，医保部门核对报销后余额", "kept", "会议记录 2026-11", "hour", "09:30")
	s.set(form+` [name="day"]`, s.p.now().AddDate(0, 0, convened-left).Format(time.DateOnly))
	s.press(form + " button.main")
	s.shows("没有提交成功", "到会的部门不够")
	if kept := js[[]string](s, `[...document.querySelectorAll('main [name^="name-"], main [name="minutes"]')].map(e => e.value)`); strings.Join(kept, " ") != "参会人1 参会人2  三部门同意按4500元救助，医保部门核对报销后余额" {
		t.Errorf("of what was written is kept %q", kept)
	}
	s.fill(fmt.Sprintf(`[name=%q]`, who[2]), "参会人3")
	s.press(form + " button.main")
	s.done("会议记录", "参会人3")
	s.open(item)
	s.step("joint", "result", "同意救助4500元，分两次发放")
	s.done("审核确认")
	s.step("confirm", "result", "予以确认", "reason", "一事一议同意")
	s.done("予以确认", "4,500")
	d := decider(t)
	d.sees(item, "予以确认", "一事一议同意")
}

// objects has somebody object in the notice: others survey anew, and to the second notice somebody objects whom a community review hears.
func objects(t *testing.T, li, zhao string) string {
	o, l := officer(t), of(t, "trial-li", phone)
	f, item := o.surveyed(8, "演示协理员")
	o.step("opinion", "amount", "1800", "reason", "拟救助1800元")
	o.step("notice", "place", "国寨村公开栏", "contact", "0534-1234567")
	o.act("/object", "who", "邻居", "said", "他家春天刚买了农机")
	o.done("有异议", "他家春天刚买了农机", "答复期限")
	o.act("/answer/", "answer", "重新调查", "found", "由没有参加过调查的人重新入户")
	o.done("入户调查")
	l.open(item)
	l.step("survey", "with", zhao, "result", "农机是合作社的，放在他家院里", "signer", string(f), "signature", "调查表2")
	l.done("初审意见")
	o.open(item)
	o.step("opinion", "amount", "1800", "reason", "重新调查后维持")
	o.step("notice", "place", "国寨村公开栏", "contact", "0534-1234567")
	o.act("/object", "said", "他家不算最困难的")
	o.done("不愿署名")
	d := decider(t)
	d.sees(item, "有异议还没有答复")
	d.hides("作出决定")
	d.open("/cases?view=mine")
	d.hides(string(f))
	o.sees("/cases?view=mine", string(f), "答复异议")
	return item
}

// decidesObjected answers the objection that is open by a community review, and decides.
func decidesObjected(t *testing.T, item string) {
	o, d := officer(t), decider(t)
	o.open(item)
	o.act("/answer/", "answer", "民主评议", "found", "评议认为家庭确有困难，异议不成立", "present", "王一、李二、赵三", "upheld", "不成立")
	o.done("民主评议", "王一、李二、赵三")
	d.open(item)
	d.step("confirm", "result", "予以确认", "reason", "公示期满，异议经民主评议不成立")
	d.done("予以确认", "1,800")
}

const (
	lost     = "独居老人，屋里断电，没有饭吃"
	stranded = "过路货车司机李某，途中发病"
)

// isLeft has the village's assistant write down an emergency, and somebody report a neighbour, of whom nobody takes care.
func isLeft(t *testing.T) (item string) {
	item = assistant(t).emergency(stranded)
	passer := visitor(t, phone)
	passer.open("/report?at=" + guozhai)
	passer.types(`textarea[name="what"]`, lost)
	passer.press("main form button.main")
	passer.shows("收到了")
	return item
}

// supervises has both go up by themselves; the county asks, is answered, stops the case and lets it go on.
func supervises(t *testing.T, item string) {
	o, s := officer(t), supervisor(t)
	o.reload("/warnings?rule=people-report", "超期升级")
	s.reload("/warnings?view=desk", "超期升级")
	s.follow("/warnings/", "超期升级")
	warning := js[string](s, "location.pathname")
	s.shows("县级监管")
	s.press(`button[name="reason"][value="solved"]`)
	s.done("不予处理", "困难已经解除")
	s.open("/warnings?view=desk")
	if js[bool](s, fmt.Sprintf(`!!document.querySelector('main a[href=%q]')`, warning)) {
		s.Errorf("%s is closed and still lies at the desk", warning)
	}
	s.reload("/supervision?kind=overdue", stranded)
	s.follow("/cases/", stranded)
	s.shows("超期")
	s.act("/ask", "said", "为什么24小时内没有到场")
	s.done("为什么24小时内没有到场")
	o.sees("/notifications", "为什么24小时内没有到场")
	o.sees("/cases?view=overdue", stranded)
	o.open(item)
	o.act("/answer", "said", "当天道路积水，已改由邻村先送医")
	o.done("当天道路积水")
	s.open(item)
	s.happens("suspend", "先核实当天值班情况")
	s.done("已叫停")
	o.sees(item, "已叫停")
	o.hides("现在要办")
	s.happens("resume", "情况属实，继续办理")
	s.done("办理中")
	o.sees(item, "现在要办：到场查看")
	s.write(".asked form", "said", "已整改")
	s.press(`.asked form button[formaction$="/close"]`)
	s.done("已整改", "已了结")
	s.open("/supervision?kind=overdue")
	s.hides(stranded)
}

// happens writes down on the case that the page shows that something of a kind happened.
func (v *person) happens(kind, reason string) {
	v.Helper()
	button := fmt.Sprintf(`button[formaction$="/happen/%s"]`, kind)
	form := "form:has(" + button + ")"
	v.unfold(form)
	v.write(form, "reason", reason)
	v.press(form + " " + button)
}

// isHalfWritten begins an application's first step.
func isHalfWritten(t *testing.T) string {
	o := officer(t)
	f, item := o.applies(3, "低保边缘")
	o.write(`form[action$="/do/apply"]`, "signer", string(f), "signature", "写到一半的存放处")
	return item
}

// isSentOn presses the button days later: whoever is signed in again sends on what was written.
func isSentOn(t *testing.T, item string) {
	o := cast["demo-officer"]
	o.TB = t
	o.press(`form[action$="/do/apply"] .act button`)
	o.shows("登录")
	o.signInHere()
	o.days = o.p.days
	o.shows("接着办理", "写到一半的存放处")
	o.press("main button.main")
	o.done("全体成年成员签授权书", "写到一半的存放处")
	if at := js[string](o.person, "location.pathname"); at != item {
		t.Errorf("it is sent on to %s instead of %s", at, item)
	}
}

// Whoever presses twice, repeats a request, goes back and sends again, or acts in a tab that is out of date does nothing twice, loses nothing, and is
// told.
func TestBadMoments(t *testing.T) {
	f := familyOf(t, 4)
	o := officer(t)
	o.open("/people?q=" + string(f))
	o.press("tbody a")
	o.press(`main a[href^="/cases/new"]`)
	o.want("低保边缘")
	o.press(`button[value="check"]`)
	o.twice(`button[value="file"]`)
	item := js[string](o, "location.pathname")
	o.done("现在要办：申请")

	o.write(`form[action$="/do/apply"]`, "signer", string(f), "signature", "申请书 第一次")
	sent := js[string](o, `new URLSearchParams(new FormData(document.querySelector('form[action$="/do/apply"]'))).toString()`)
	o.twice(`form[action$="/do/apply"] .act button`)
	o.done("现在要办：全体成年成员签授权书")
	if to := js2[string](o, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams(%q)}).then(r => r.status + " " + new URL(r.url).pathname)`, item+"/do/apply", sent)); to != "200 "+item {
		t.Errorf("repeated it is answered %s", to)
	}
	o.open(item)
	if n := strings.Count(o.text(), "申请书 第一次"); n != 1 {
		t.Errorf("pressed twice and repeated it is done %d times:\n%s", n, o.text())
	}

	o.back() // to the case, which is shown as it stands now
	o.shows("现在要办：全体成年成员签授权书")
	o.back() // to what was checked, which the browser sends again once it is told to
	o.do(chromedp.Reload())
	o.press(`button[value="file"]`)
	o.shows("现在要办：全体成年成员签授权书")
	if at := js[string](o, "location.pathname"); at != item {
		t.Errorf("gone back to and sent again it leads to %s instead of %s", at, item)
	}

	other := o.tab(item)
	other.authorises()
	other.step("accept")
	js[int](o, `[...document.querySelectorAll('[name="signed-by"]')].filter(b => !b.checked).map(b => b.click()).length`)
	o.step("authorise", "signature", "另一个窗口里写的存放处")
	o.shows("没有提交成功", "已被别人办理过", "另一个窗口里写的存放处")
	o.sees(item, "家庭经济状况核对")
	o.hides("另一个窗口里写的存放处")
	o.sees("/people?q="+string(f), string(f))
	o.press("tbody a")
	if n := js[int](o, `[...document.querySelectorAll('main a[href^="/cases/"]')].filter(a => a.innerText.includes("低保边缘")).length`); n != 1 {
		t.Errorf("the family has %d cases, want 1\n%s", n, o.text())
	}
}

// twice clicks twice, as fast as a hand does.
func (v *person) twice(selector string) {
	v.Helper()
	js[bool](v, "window.before = true")
	v.do(chromedp.DoubleClick(chromedp.CSS(selector)))
	v.until("it led somewhere", `!window.before && document.readyState === "complete"`)
}

// tab opens a page in another tab of the same browser.
func (v *person) tab(path string) *person {
	v.Helper()
	ctx, end := chromedp.NewContext(v.ctx)
	v.Cleanup(end)
	other := *v
	other.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(desk[0], desk[1])); err != nil {
		v.Fatalf("opening a tab: %v", err)
	}
	other.open(path)
	return &other
}
