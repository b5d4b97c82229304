package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// arrangeVisit has a visit planned to somebody's home, at which two who go there answer a question differently, so that the pages of visits have
// something to show; what it returns decides that and calls the visit off.
func arrangeVisit(t *testing.T) (undo func()) {
	o, a := signedIn(t, "demo-officer", desk), signedIn(t, "demo-assistant", phone)
	o.open("/visit-plans/new?q=王")
	o.press(o.markWithin("tbody tr", "国寨村", "a.button"))
	js[int](o, `(document.querySelector('input[value="review"]').checked = true, [...document.querySelectorAll("#to label")].filter(l => /演示协理员|演示经办/.test(l.innerText)).map(l => l.querySelector("input").checked = true).length)`)
	o.fill("#note", "看看取暖和口粮")
	o.press(`form[action="/visit-plans"] button.main`)
	o.shows("定期核查", "演示协理员")
	a.open("/visits")
	sheet := js[string](a, `[...document.querySelectorAll("#visits li")].find(li => li.innerText.includes("看看取暖和口粮")).querySelector("a.visit").getAttribute("href")`)
	said := o.filled(sheet, 0)
	a.posts(sheet, a.filled(sheet, 1))
	o.posts(sheet, said)
	return func() {
		o.open("/visit-conflicts")
		js[bool](o, `document.querySelector(".conflict input[type=radio]").checked = true`)
		o.fill(".conflict input[name=reason]", "当面看过")
		o.press(".conflict button.main")
		o.shows("没有要裁定的")
		o.open(strings.Replace(sheet, "/visits/", "/visit-plans/", 1))
		o.fill("#reason", "只是看看页面")
		o.press(`button[value="cancel"]`)
	}
}

// markWithin finds, among some elements, the first with a text in it that has a part, marks the part, and is the selector of the mark.
func (v *person) markWithin(among, text, part string) string {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(e => { if (e) e.dataset.marked = ""; return !!e })([...document.querySelectorAll(%q)].filter(e => e.innerText.includes(%q)).map(e => e.querySelector(%q)).find(Boolean))`, among, text, part)) {
		v.Fatalf("%s at %s: no %s with %q has %s\n%s", v.login, v.at(), among, text, part, v.text())
	}
	return "[data-marked]"
}

// filled is a visit's form as it stands, with a choice made at the first question of the checklist that has one.
func (v *person) filled(sheet string, choice int) string {
	v.Helper()
	return js2[string](v, fmt.Sprintf(`fetch(%q).then(r => r.text()).then(text => {
		const form = new DOMParser().parseFromString(text, "text/html").querySelector("#sheet");
		[...form.querySelectorAll('[data-key^="visit:"]')].map(s => s.querySelectorAll("input[type=radio]")).find(all => all.length > 2)[%d].checked = true;
		return new URLSearchParams(new FormData(form)).toString() })`, sheet, choice))
}

// posts sends a visit's form.
func (v *person) posts(sheet, form string) {
	v.Helper()
	if status := js2[int](v, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams(%q)}).then(r => r.status)`, sheet, form)); status != 200 {
		v.Fatalf("%s sends %s and is answered %d", v.login, sheet, status)
	}
}
