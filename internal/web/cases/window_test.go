package cases_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/sealed"
)

const cardNumber = "371424198001010010"

// A department's window takes its own programmes of whoever shows a card, sees nobody else, and what it took comes back through it and no other.
func TestADepartmentsWindow(t *testing.T) {
	w := newWorld(t)
	_, err := w.db.Own().Exec(t.Context(), "update person set number_digest = $1, number_sealed = $2 where id = 1", w.keys.Digest(sealed.PersonNumber, cardNumber),
		w.keys.Seal(sealed.PersonNumber, cardNumber))
	w.must(err)
	w.account2("health2", "health")
	w.account2("housing", "housing")
	w.account("far-health", access.Posting{Role: access.Department, Area: 371422000000, Department: "health", Span: calendar.Since(calendar.Must(2026, 1, 1))})

	w.wants("nobody is called yet", w.get("health", "/window/1"), 404)
	w.wants("no number", w.send("health", "/window", "/window/call", "number", "12345"), 422, "没有提交成功")
	unknown := w.send("health", "/window", "/window/call", "number", "371424199001010015")
	w.wants("of nobody", unknown, 404, "没有查到这个人")
	if strings.Contains(unknown.text, "371424199001010015") {
		t.Error("a number stands on the page")
	}
	w.wants("at the window of another county", w.send("far-health", "/window", "/window/call", "number", cardNumber), 404, "没有查到这个人")
	w.wants("a township's officer has no such window", w.get("officer", "/window"), 403)
	p := w.send("health", "/window", "/window/call", "number", cardNumber)
	w.wants("called", p, 200, "国志强", "失独")
	if p.path != "/window/1" || strings.Contains(p.text, "低保") || strings.Contains(p.text, "李春燕") {
		t.Errorf("the window at %s shows more than its own programmes", p.path)
	}
	w.wants("of another department's call", w.get("housing", "/window/1"), 404)
	w.wants("a colleague's call", w.get("health2", "/window/1"), 404)
	if n := w.count("act where kind = 'window.call' and account = $1", w.ids["health"]); n != 1 {
		t.Errorf("%d acts tell of it", n)
	}

	w.wants("without the signed paper", w.send("health", "/window/1", "/window/1", "want", "special-family/0"), 422, "申请书存放处")
	w.wants("another department's programme", w.send("health", "/window/1", "/window/1", "want", "dibao/0", "signature", "柜9"), 403, "您没有办理的权限")
	fields := w.formOf("health", "/window/1", "/window/1", "want", "special-family/0", "signature", "柜9")
	path := ""
	for range 2 { // sent twice it is taken once
		p := w.request("health", "POST", "/window/1", fields)
		w.wants("taken", p, 200, "现在要办")
		path = p.path
	}
	if n := w.count("item where programme = 'special-family' and department = 'health'"); n != 1 || w.count("item") != 1 {
		t.Errorf("%d items were taken", n)
	}
	w.wants("what the window took", w.get("health", "/window"), 200, "国志强", "受理")
	w.wants("not by a colleague", w.get("health2", "/window"), 200, "没有。收下的申请")
	w.wants("accepted", w.step("health", path, "accept"), 200)
	w.wants("checked", w.step("health", path, "check", "result", "属实"), 200)
	w.wants("decided", w.step("health2", path, "confirm", "result", "granted", "component", "aid", "amount", "100", "per", "once"), 200)
	w.wants("it waits at the window that took it", w.get("health", "/window"), 200, "受理窗口", "结果回到受理窗口")
	w.wants("and tells it", w.get("health", "/notifications"), 200, "结果")
	w.wants("the township sees it and has nothing to do", w.get("officer", path), 200, "受理窗口")
	if p := w.get("officer", path); strings.Contains(p.text, "现在要办") {
		t.Error("the township is asked to give back what a department's window took")
	}
	forced := w.formOf("health", path, path+"/do/answer", "delivered", "x")
	w.wants("by the township", w.request("officer", "POST", path+"/do/answer", forced), 403, "不由您的岗位办理")
	w.wants("given back", w.step("health", path, "answer", "delivered", "已告知本人"), 200)

	w.at(2, 20) // by the program's clock, whatever the database's says
	w.renew()
	w.wants("eleven hours later", w.get("health", "/window/1"), 200, "国志强")
	w.at(2, 22)
	w.renew()
	w.wants("after half a day", w.get("health", "/window/1"), 404)
}
