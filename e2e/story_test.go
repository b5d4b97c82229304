package e2e

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// numberOf is the identity number of somebody of the sample county, from the register as it was delivered.
func (p *platform) numberOf(t testing.TB, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.path("county"), "population", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the county has no register: %v", err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		id, called := column(rows[0], "id_no", "身份证号", "公民身份号码"), column(rows[0], "name", "姓名")
		for _, row := range rows[1:] {
			if id >= 0 && called >= 0 && row[called] == name {
				return row[id]
			}
		}
	}
	t.Fatalf("nobody in the county is called %s", name)
	return ""
}

func column(heads []string, names ...string) int {
	for i, head := range heads {
		for _, name := range names {
			if strings.TrimPrefix(head, "\ufeff") == name {
				return i
			}
		}
	}
	return -1
}

// drop puts a file into the folder that the program watches, as a department does.
func (p *platform) drop(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.path("watched"), name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// reload opens a page again until it shows something.
func (v *person) reload(path, text string) {
	v.Helper()
	for late := time.Now().Add(2 * time.Minute); ; time.Sleep(300 * time.Millisecond) {
		v.open(path)
		if strings.Contains(v.text(), text) {
			return
		}
		if time.Now().After(late) {
			v.Fatalf("%s at %s does not come to show %q:\n%s", v.login, path, text, v.text())
		}
	}
}

// pickByText chooses the option of a list that has some words.
func (v *person) pickByText(selector, words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(e => { const o = [...e.options].find(o => o.text.includes(%q)); if (o) e.value = o.value; return !!o })(document.querySelector(%q))`, words, selector)) {
		v.Fatalf("%s at %s: %s has no option %q\n%s", v.login, v.at(), selector, words, v.text())
	}
}

// follow presses the first link that leads to a kind of page and stands beside some words.
func (v *person) follow(path, words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(a => { if (a) a.id = "followed"; return !!a })([...document.querySelectorAll('main a[href^="%s"]')].find(a => (a.closest("tr, li, article, .card") || a).innerText.includes(%q)))`,
		path, words)) {
		v.Fatalf("%s at %s: no link to %s stands beside %q\n%s", v.login, v.at(), path, words, v.text())
	}
	v.press("#followed")
}

// found is what the assistant finds out at the family's home, by what is asked and, where it matters, of whom.
var found = map[string]string{
	"国志强 person.farm_income_12m": "3000", "李春燕 person.farm_income_12m": "0", "person.work_able": "是", "person.employment": "未就业", "person.wage_month": "0",
	"household.only_home": "是", "household.house_grade": "A级", "household.rent_12m": "0", "household.education_cost_12m": "1200", "household.rehabilitation_cost_12m": "0",
	"household.accident_loss_12m": "0", "household.support_received_12m": "0", "household.income_other_12m": "0",
	"lives-here": "是", "danger-now": "否", "wishes": "愿意", "remark": "孩子在省城住院，家里借了十几万",
}

// The story that must always work: a child's settlements arrive, the platform warns, the township sends the village assistant, who visits where
// there is no signal and files for the family; township, county and department do their parts, each item is confirmed, and the family knows.
func TestStory(t *testing.T) {
	s := &story{T: t, p: served(t)}
	for _, c := range s.chapters() {
		if !t.Run(c.name, func(t *testing.T) { s.T = t; c.tell() }) {
			return
		}
	}
}

// chapter is a part of the story, which goes on where the one before it ended.
type chapter struct {
	name string
	tell func()
}

func (s *story) chapters() []chapter {
	return []chapter{{"warned", s.warned}, {"visited", s.visited}, {"filed", s.filed}, {"accepted", s.accepted}, {"checked", s.checked}, {"surveyed", s.surveyed},
		{"department", s.department}, {"recognised", s.recognised}, {"noticed", s.noticed}, {"supervised", s.supervised}, {"conferred", s.conferred}, {"granted", s.granted},
		{"ended", s.ended}}
}

// story is how far it has come.
type story struct {
	*testing.T
	p       *platform
	warning string // the page of one of the child's warnings
	file    string // of the household
	// the pages of the three cases
	aid, school, status string
}

// The programmes that are filed for.
const (
	aid    = "支出型临时救助"
	school = "义务教育家庭经济困难学生生活补助"
	status = "低保边缘"
)

func (s *story) warned() {
	day := s.p.now().AddDate(0, 0, -3).Format(time.DateOnly)
	s.p.drop(s, "medical-settlement-late.csv", "settlement_no,id_no,kind,settled_on,diagnosis,total,own_in_policy,own_total,status\n"+
		fmt.Sprintf("E2E-1,%s,inpatient,%s,leukaemia,260000.00,98000.00,130000.00,valid\n", s.p.numberOf(s, "国雨泽"), day))
	o := officer(s)
	o.reload("/warnings", "国*泽")
	o.follow("/warnings/", "国*泽")
	s.warning = o.at()
	o.shows("国*泽", "安排走访", "为什么提醒")
	o.pickByText(`select[name="to"]`, "演示协理员")
	o.press(`button[name="act"][value="visit"]`)
	o.shows("走访中")
}

// visited goes to the family's home, where there is no signal; what was found is kept on the phone until there is one.
func (s *story) visited() {
	a := assistant(s)
	a.reload("/visits", "国*强")
	a.shows("核实预警")
	a.keepsVisits()
	a.stands(37.19, 116.87)
	a.offline(true)
	defer a.hurries()()
	a.unlocks()
	a.until("there is no signal", `document.body.innerText.includes("没有信号")`)
	a.goes(a.markWithin("#visits li", "国*强", "a.visit"))
	a.answers("国志强", found)
	a.photographs()
	a.signs(`[data-sign="consent"]`)
	a.click("[data-place]")
	a.until("the place is noted", `document.querySelector("#place").innerText.includes("已记下")`)
	a.click("#end button.main")
	a.until("the end is noted", `document.body.innerText.includes("有信号时自动送出")`)
	a.goes(`main a[href="/visits"]`)
	a.goes(`main a[href="/visits/outbox"]`)
	a.until("it is kept for later", `document.body.innerText.includes("没有送到平台")`)
	a.shows("照片", "同意签字 · 国志强", "位置", "结束走访")

	o := officer(s)
	o.open("/people?q=国雨泽")
	o.press("tbody a")
	s.file = o.at()
	o.shows("国志强家的档案", "可能符合 支出型临时救助", "走访中")
	a.offline(false)
	a.until("all is sent", `document.body.innerText.includes("都已送到平台")`)
	o.reload(s.file, "很可能符合 支出型临时救助")
	o.shows("见到家里人", "待镇街确认")
}

// filed has the township confirm the hardship, and the assistant file for the family.
func (s *story) filed() {
	o := officer(s)
	o.open("/warnings?view=verified")
	js[int](o, `[...document.querySelectorAll('tbody tr')].filter(r => r.innerText.includes("国*强")).map(r => r.querySelector("input").click()).length`)
	o.press(`#do button[value="confirm"]`)
	o.sees(s.warning, "已确认")
	a := assistant(s)
	a.open(s.file)
	a.shows("国志强家的档案", "预警")
	a.press(`a[href^="/cases/new"]`)
	a.shows("医疗救助", "国雨泽")
	cases := a.files("村委会档案柜 2026-11", aid, school+" 国雨泽", status)
	s.aid, s.school, s.status = cases[aid], cases[school], cases[status]
	for _, item := range []string{s.aid, s.school, s.status} {
		a.does(item, "apply", "signer", "国志强", "signature", "村委会档案柜 2026-11")
	}
	for _, item := range []string{s.aid, s.status} {
		a.open(item)
		a.allSign()
		a.step("authorise", "signature", "村委会档案柜 2026-11")
		a.done("国志强、李春燕、国志强（代国雨")
	}
	a.sees(s.file, "申请事项", "办理中")
}

func (s *story) accepted() {
	o := officer(s)
	o.open("/cases")
	o.shows(aid, status, "国寨村")
	o.follow("/cases/", aid)
	o.shows("现在要办：受理")
	for _, item := range []string{s.aid, s.status} {
		o.does(item, "accept")
	}
}

// checked asks for the check of means that the family authorised, and writes down what it found: then the outcome is sure.
func (s *story) checked() {
	o := officer(s)
	o.open(s.aid)
	o.shows("很可能符合")
	o.press(`.aside form[action$="/check"] button`)
	o.done()
	o.open("/checks")
	o.press(`main tbody a[href^="/checks/"]`)
	o.shows("已发起，等报告", "国志强", "李春燕", "已授权")
	report := `form[action$="/report"]`
	o.write(report, "paper", "核对报告 2026-1101", "from", "临邑县核对中心", "on", s.p.now().Format(time.DateOnly), "expires", s.p.now().AddDate(0, 6, 0).Format(time.DateOnly))
	for _, of := range []struct{ who, yuan string }{{"国志强", "21000"}, {"李春燕", "0"}, {"国雨桐", "0"}, {"国雨泽", "0"}} {
		o.fill(fmt.Sprintf(`[name=%q]`, js[string](o, fmt.Sprintf(`[...document.querySelectorAll('%s label')].find(l => l.innerText.includes("%s：存款")).querySelector("input").name`, report, of.who))), of.yuan)
	}
	o.press(report + " button.main")
	o.shows("已有报告")
	o.does(s.aid, "check", "result", "必要支出属实，存款2.1万元")
	o.reload(s.file, "\n符合 支出型临时救助　全家")

	c := supervisor(s)
	c.open("/notifications")
	c.shows("新到事项："+status, "家庭经济状况核对")
	c.does(s.status, "check", "result", "核对报告：存款2.1万元，车辆一辆")
}

// surveyed has two call at the home. One of them also decides elsewhere in the township, and is kept from deciding here.
func (s *story) surveyed() {
	s.p.account(s, "e2e-second", "李双岗", "officer", township, "")
	s.p.posting(s, "e2e-second", "decider", township, "")
	o := officer(s)
	for _, item := range []string{s.aid, s.status} {
		o.does(item, "survey", "with", "李双岗", "result", "一家四口住自建房，两个孩子患白血病", "signer", "国志强", "signature", "调查表 2026-31")
	}
	o.does(s.status, "opinion", "reason", "人均收入在低保标准1.5倍以内，建议认定")
	o.does(s.aid, "opinion", "reason", "建议按预判金额给予")
	second := signedIn(s, "e2e-second", desk)
	second.actsAs("镇街审批")
	second.refusedTo(s.status, "审核确认", "您调查过或提过意见，这一步要由别人办")
	o.refusedTo(s.status, "审核确认", "审批人")
}

// department has the item of another department decided there, by another than who looked into it, and told at the window that took it in.
func (s *story) department() {
	s.p.account(s, "e2e-school", "王资助", "department", county, "education")
	s.p.account(s, "e2e-school-head", "孙资助", "department", county, "education")
	one, head := signedIn(s, "e2e-school", desk), signedIn(s, "e2e-school-head", desk)
	one.open("/cases")
	if listed := one.read("tbody"); !strings.Contains(listed, school) || strings.Contains(listed, aid) || strings.Contains(listed, status) {
		s.Errorf("the education office has before it\n%s", listed)
	}
	one.does(s.school, "accept")
	one.does(s.school, "check", "result", "学籍属实，家庭困难", "signer", "国志强", "signature", "核实表1")
	one.refusedTo(s.school, "决定", "您调查过或提过意见，这一步要由别人办")
	head.does(s.school, "confirm", "result", "予以确认")
	head.refusedTo(s.school, "结果回到受理窗口并告知本人", "受理窗口")

	o := officer(s)
	o.sees("/notifications", "部门已有结果："+school)
	o.does(s.school, "answer", "delivered", "协理员送达，国志强签收")
	head.does(s.school, "pay")
	head.shows("办结 · 予以确认")
}

func (s *story) recognised() {
	d := decider(s)
	d.open("/cases")
	d.follow("/cases/", status)
	d.does(s.status, "confirm", "result", "予以确认")
	d.shows("办结 · 予以确认")
}

// noticed posts the village's notice, which shows nothing of the children.
func (s *story) noticed() {
	o := officer(s)
	o.does(s.aid, "notice", "place", "国寨村公示栏", "contact", "0534-12345")
	o.shows("公示最后一天")
	o.open(s.aid + "/print/notice")
	o.shows("国志强", "国寨村")
	o.hides("国雨泽", "国雨桐", "白血病", "371499")
}

// supervised has the county look at a case while the notice hangs.
func (s *story) supervised() {
	c := supervisor(s)
	c.open("/cases?view=all")
	c.shows(aid, "超限额")
	c.open(s.aid)
	c.act("/look", "said", "金额怎样算的？")
	c.done("县级监管", "金额怎样算的？")
	o := officer(s)
	o.sees("/notifications", "县级询问："+aid, "金额怎样算的？")
	o.open(s.aid)
	o.act("/answer", "said", "按患病子女每人21个月低保标准，预判一致")
	o.done("按患病子女每人21个月低保标准")
	c.open("/supervision")
	c.follow("/cases/", aid)
	c.write(`.asked form`, "said", "清楚了")
	c.press(`.asked form button[formaction$="/close"]`)
	c.done("清楚了")
}

// conferred waits until the notice ends, and holds the conference that an amount above the limit takes.
func (s *story) conferred() {
	c := supervisor(s)
	c.sees(s.aid, "一事一议", "还没有议过这件事的会议")
	s.p.ahead(s, 8)
	c = supervisor(s)
	c.open(s.aid)
	c.press(`.todo a[href="/meetings/new"]`)
	today := s.p.now().Format(time.DateOnly)
	c.write("main form", "item", aid, "department", "医疗保障局", "department", "卫生健康委员会", "day", today, "hour", "09:00", "quorum", "1", "place", "县政务中心三楼", "agenda", "国志强家临时救助")
	c.press("main form .act button")
	c.done("国志强家临时救助", "医疗保障局", "卫生健康委员会")
	for _, name := range js[[]string](c, `[...document.querySelectorAll('[name^="name-"]')].map(e => e.name)`) {
		c.fill(fmt.Sprintf(`[name=%q]`, name), "张科长")
	}
	c.write("main form", "day", today, "hour", "09:30", "minutes", "两个孩子患白血病，自付医疗费属实，同意按预判金额给予", "kept", "县民政局档案 2026-7")
	c.press("main form .act button")
	c.done("两个孩子患白血病", "张科长", "同意")
	c.does(s.aid, "joint", "result", "同意给予")
}

// granted has the county, who alone may for that amount, confirm the aid; then it is published and paid.
func (s *story) granted() {
	decider(s).refusedTo(s.aid, "审核确认", "审批人")
	c := supervisor(s)
	c.does(s.aid, "confirm", "result", "予以确认")
	c.shows("决定：予以确认", "23,373.00")
	o := officer(s)
	o.does(s.aid, "publish", "place", "国寨村公示栏")
	c.does(s.aid, "pay")
	c.shows("办结 · 予以确认")
}

// ended: every case of the filing is confirmed, the household's file shows it, the warnings are closed as helped, and the family knows.
func (s *story) ended() {
	o := officer(s)
	o.open(s.file)
	for _, called := range []string{aid + "（国志强）", school + "（国雨泽）", status + "（国志强）"} {
		if state := js[string](o, fmt.Sprintf(`[...document.querySelectorAll("#work tr")].find(r => r.innerText.includes(%q))?.cells[1].innerText ?? ""`, called)); state != "予以确认" {
			s.Errorf("on the household's file %s is %q", called, state)
		}
	}
	if money := o.read("#money"); !strings.Contains(money, "23,373.00 一次") || !strings.Contains(money, status) || !strings.Contains(money, school) {
		s.Errorf("the household's file says that it was granted\n%s", money)
	}
	o.sees(s.warning, "已帮扶", "静默到")
	family := signedIn(s, "demo-resident", phone)
	family.open("/notifications")
	family.shows("您的申请已确认", aid, school, status, "一次23,373.00元")
	family.open("/my")
	family.shows(aid, school, status)
	assistant(s).sees("/notifications", "您代办的申请已确认："+aid, "您代办的申请已确认："+school, "您代办的申请已确认："+status)
}
