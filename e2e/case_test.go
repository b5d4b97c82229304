package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// member is somebody who stays signed in at a browser from one journey to the next, until the platform's clock is moved.
type member struct {
	*person
	leave func()
	days  int // by which the clock was ahead when they signed in
}

var cast = map[string]*member{}

// of is somebody of the cast, signed in.
func of(t testing.TB, login string, size [2]int64) *person {
	t.Helper()
	m := cast[login]
	if m == nil {
		v, leave := launch(t, size)
		v.login = login
		m = &member{v, leave, -1}
		cast[login] = m
	}
	m.TB = t
	if m.days != m.p.days {
		m.signIn()
		m.days = m.p.days
	}
	return m.person
}

// The cast of the journeys, in Guozhai village, its township and its county.
func officer(t testing.TB) *person    { return of(t, "demo-officer", desk) }
func decider(t testing.TB) *person    { return of(t, "demo-decider", desk) }
func supervisor(t testing.TB) *person { return of(t, "demo-supervisor", desk) }
func assistant(t testing.TB) *person  { return of(t, "demo-assistant", phone) }

const (
	county   = "371424"
	township = "371424100"
)

// write fills in a form by its fields' names: texts are typed, boxes ticked by what stands beside them, choices made by their words.
func (v *person) write(form string, fields ...string) {
	v.Helper()
	for n := 0; n < len(fields); n += 2 {
		name, value := fields[n], fields[n+1]
		field := fmt.Sprintf("%s [name=%q]", form, name)
		switch kind := js[string](v, fmt.Sprintf(`(e => e ? e.type : "")(document.querySelector(%q))`, field)); kind {
		case "":
			v.Fatalf("%s at %s: there is no field %s\n%s", v.login, v.at(), field, v.text())
		case "checkbox", "radio":
			v.mark(field, value)
		case "select-one":
			v.pickByText(field, value)
		case "date", "time": // how a browser has them typed is its own affair
			v.set(field, value)
		default:
			v.fill(field, value)
		}
	}
}

// mark ticks the first box of a name that stands beside some words.
func (v *person) mark(field, words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(b => { if (b && !b.checked) b.click(); return !!b && b.checked })([...document.querySelectorAll(%q)].find(b => b.closest("label").innerText.includes(%q)))`, field, words)) {
		v.Fatalf("%s at %s: %s has no %q\n%s", v.login, v.at(), field, words, v.text())
	}
}

func (v *person) set(field, value string) {
	v.Helper()
	if js[string](v, fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return e.value })(document.querySelector(%q))`, value, field)) != value {
		v.Fatalf("%s at %s: %s does not take %q", v.login, v.at(), field, value)
	}
}

// unfold opens what is folded together around a form, as a click on its heading does.
func (v *person) unfold(form string) {
	v.Helper()
	js[bool](v, fmt.Sprintf(`(e => { for (let d = e?.closest("details:not([open])"); d; d = d.parentElement.closest("details:not([open])")) d.querySelector("summary").click(); return true })(document.querySelector(%q))`, form))
}

// step does a step of the case that the page shows.
func (v *person) step(id string, fields ...string) {
	v.Helper()
	form := fmt.Sprintf(`form[action$="/do/%s"]`, id)
	v.unfold(form)
	v.write(form, fields...)
	v.press(form + " .act button")
}

// act does one of the other acts on the case that the page shows.
func (v *person) act(path string, fields ...string) {
	v.Helper()
	form := fmt.Sprintf(`form[action*=%q]`, path)
	v.unfold(form)
	v.write(form, fields...)
	v.press(form + " button")
}

// sees opens a page that is to show some texts.
func (v *person) sees(path string, texts ...string) {
	v.Helper()
	v.open(path)
	v.shows(texts...)
}

// done fails where the page says that something was not done, or does not show some texts.
func (v *person) done(texts ...string) {
	v.Helper()
	v.hides("没有提交成功", "没有办成")
	v.shows(texts...)
}

// does opens a case, does the step that is to be done there now, and fails unless that was done.
func (v *person) does(on, id string, fields ...string) {
	v.Helper()
	v.open(on)
	v.step(id, fields...)
	v.done()
}

// allSign marks that everybody signed who is grown up in the family of the case that the page shows.
func (v *person) allSign() {
	v.Helper()
	js[int](v, `[...document.querySelectorAll('[name="signed-by"]')].filter(b => !b.checked).map(b => b.click()).length`)
}

// refusedTo fails unless a case says that its next step is for somebody else, and offers no form for it.
func (v *person) refusedTo(on, step, why string) {
	v.Helper()
	v.sees(on, "下一步："+step, why)
	if forms := js[int](v, `document.querySelectorAll('form[action*="/do/"]').length`); forms != 0 {
		v.Errorf("%s at %s may do %d steps that are not theirs", v.login, v.at(), forms)
	}
}

// files files for some programmes and no others, by their names and, where that is needed, of whom, from the form of a new filing that the browser
// shows, and gives the pages of the cases that it came to by the programmes' names.
func (v *person) files(proxy string, wants ...string) map[string]string {
	v.Helper()
	missed := js[[]string](v, fmt.Sprintf(`(wants => {
		for (const box of document.querySelectorAll('#f-want input[type="checkbox"]')) {
			const said = box.closest("label").innerText.replace(/\s+/g, " ").trim(), want = wants.findIndex(w => said === w || said.startsWith(w + " "));
			if (box.checked !== (want >= 0)) box.click();
			if (want >= 0) wants.splice(want, 1);
		}
		return wants;
	})(["%s"])`, strings.Join(wants, `", "`)))
	if len(missed) > 0 {
		v.Fatalf("%s at %s: there is no %v to file for\n%s", v.login, v.at(), missed, v.text())
	}
	v.fill("#f-proxy", proxy)
	v.press(`button[name="go"][value="check"]`)
	v.shows("申请项目", "提交申报")
	v.press(`button[name="go"][value="file"]`)
	all := js[map[string]string](v, `Object.fromEntries([...document.querySelectorAll('dd > a[href^="/cases/"]')].map(a => [a.innerText.trim(), a.getAttribute("href")]))`)
	title, _, _ := strings.Cut(js[string](v, `document.querySelector("h1").innerText`), " · ")
	all[title] = v.at()
	return all
}
