package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// roles are who walks the pages, who sees most first.
var roles = []string{"demo-officer", "demo-assistant", "demo-decider", "demo-supervisor", "demo-medical", "demo-inspector", "demo-admin", "demo-hotline", "demo-resident"}

// page is a page that somebody found, one of its kind.
type page struct {
	kind  string // the path with every id left out
	path  string
	title string
	login string
}

// number is an id in a path.
var number = regexp.MustCompile(`/(\d+|[0-9a-f]{8,}[0-9a-f-]*)(/|$)`)

// kindOf is a path without ids and query. The first page is another for each role.
func kindOf(path, login string) string {
	bare, _, _ := strings.Cut(path, "?")
	kind := number.ReplaceAllString(bare, "/{}$2")
	if kind == "/" {
		return kind + " " + login
	}
	return named.ReplaceAllStringFunc(kind, func(path string) string {
		if own[path] {
			return path
		}
		return path[:strings.LastIndex(path, "/")] + "/{}"
	})
}

// named are paths that end in the name of something of the pack, but for those of feeds that are pages of their own.
var (
	named = regexp.MustCompile(`/(programmes|feeds)/[^/]+$`)
	own   = map[string]bool{"/feeds/batches": true, "/feeds/tokens": true, "/feeds/uploads": true}
)

// walk follows the links of everybody's pages, and calls do at one page of each kind while the browser shows it. A page leads further where it
// may have rows: the search is begun by hand.
func walk(t *testing.T, do func(v *person, p page)) {
	defer arrangeVisit(t)()
	seen := map[string]bool{}
	out := visitor(t, desk)
	out.login = "nobody"
	out.open("/signin")
	follow(out, []string{"/signin", "/report", "/visits/offline"}, seen, do)
	for _, login := range roles {
		v := signedIn(t, login, desk)
		follow(v, []string{"/", "/my", "/people?q=国志强", "/account"}, seen, do)
	}
}

func follow(v *person, paths []string, seen map[string]bool, do func(v *person, p page)) {
	v.Helper()
	asked := map[string]bool{}
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		kind := kindOf(path, v.login)
		if asked[kind] {
			continue
		}
		asked[kind] = true
		answer := js2[struct {
			Status int
			Type   string
		}](v, fmt.Sprintf(`fetch(%q, {redirect: "manual"}).then(r => ({Status: r.status, Type: r.headers.get("content-type") || ""}))`, path))
		if answer.Status >= 500 {
			v.Errorf("%s at %s is answered %d", v.login, path, answer.Status)
		}
		if answer.Status != 200 || !strings.HasPrefix(answer.Type, "text/html") {
			continue
		}
		v.open(path)
		if !seen[kind] {
			seen[kind] = true
			do(v, page{kind: kind, path: path, title: js[string](v, "document.title"), login: v.login})
		}
		paths = append(paths, js[[]string](v, `[...document.querySelectorAll('a[href^="/"]')].filter(a => !a.hasAttribute("download")).map(a => a.getAttribute("href").split("#")[0])`)...)
	}
}

// js2 evaluates what is only promised.
func js2[T any](v *person, expression string) T {
	v.Helper()
	return ask(v, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// axe is the checker of accessibility, as npm brings it.
func axe(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, os.ErrNotExist) {
		t.Fatal("axe-core is not there: run make browser, which brings it from npm")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// violation is a rule of accessibility that a page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// graveViolations are those that axe-core calls serious or critical on the page that the browser shows.
func (v *person) graveViolations(axe string) []violation {
	v.Helper()
	js[any](v, "if (!window.axe) {"+axe+"}; null")
	said := js2[string](v, `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help,
		Nodes: v.nodes.slice(0, 3).map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))}))))`)
	var all []violation
	if err := json.Unmarshal([]byte(said), &all); err != nil {
		v.Fatal(err)
	}
	return slices.DeleteFunc(all, func(v violation) bool { return v.Impact != "serious" && v.Impact != "critical" })
}

// look is one way in which a page is looked at.
type look struct {
	language string
	size     [2]int64
}

// looks are every width in every language; of these a test that everybody runs takes the two that have each width and each language once.
func looks() []look {
	all := []look{{"zh", desk}, {"en", phone}, {"zh", phone}, {"en", desk}}
	if os.Getenv("DAJIUZHU_LOOKS") == "all" {
		return all
	}
	return all[:2]
}

// oneLine is how tall the bar is at most while it is one line, in pixels: at a desk a row of places, on a phone a row or the head of a menu.
const oneLine = 64

// Every page that anybody can come to by its links has no serious violation of accessibility, is no wider than the phone on which it is read, has its
// places of work on one line, and reads with scripts off.
func TestEveryPage(t *testing.T) {
	checker := axe(t)
	pages := 0
	walk(t, func(v *person, p page) {
		pages++
		language := "zh"
		for _, l := range looks() {
			if l.language != language {
				language = l.language
				v.speak(language)
			}
			v.do(chromedp.EmulateViewport(l.size[0], l.size[1]))
			v.open(p.path)
			for _, found := range v.graveViolations(checker) {
				t.Errorf("%s (%s, %s, %d px): %s – %s\n%s\n%s", p.path, p.login, l.language, l.size[0], found.ID, found.Help, found.Nodes[0].HTML, found.Nodes[0].FailureSummary)
			}
			if wide := js[int](v, "document.documentElement.scrollWidth"); int64(wide) > l.size[0] {
				t.Errorf("%s (%s, %s) is %d px wide where there are %d", p.path, p.login, l.language, wide, l.size[0])
			}
			if tall := js[int](v, `Math.round(document.querySelector(".places")?.getBoundingClientRect().height ?? 0)`); tall > oneLine {
				t.Errorf("%s (%s, %s, %d px): the bar is %d px tall", p.path, p.login, l.language, l.size[0], tall)
			}
		}
		v.speak("zh")
		v.do(chromedp.EmulateViewport(desk[0], desk[1]))
		v.openWithoutScripts(p.path)
		for _, lack := range js[[]string](v, lacksWithoutScripts) {
			t.Errorf("%s (%s) without scripts: %s\n%s", p.path, p.login, lack, v.text())
		}
	})
	if pages < 20 {
		t.Errorf("only %d pages were found", pages)
	}
}

// lacksWithoutScripts tells what a page that was opened without scripts lacks: a heading, a text, an end of what it waits for, a button of a form.
const lacksWithoutScripts = `(() => {
	const lacks = [], shown = e => e.checkVisibility({visibilityProperty: true}) || e.closest("details:not([open])");
	const headings = document.querySelectorAll("h1").length, main = document.querySelector("main");
	if (headings !== 1) lacks.push(headings + " headings");
	if (!main || main.innerText.trim().length < 20) lacks.push("nothing to read");
	for (const e of document.querySelectorAll("[aria-busy=true], progress:not([value])")) if (shown(e)) lacks.push("waits for ever: " + e.outerHTML.slice(0, 200));
	if (/正在加载|载入中|加载中|loading/i.test(main?.innerText ?? "")) lacks.push("says that it loads");
	for (const f of document.querySelectorAll("form")) {
		if (!shown(f) || f.hasAttribute("data-passkey")) continue;
		if (![...f.elements, ...document.querySelectorAll("button[form]")].some(b => b.type === "submit" && shown(b) && !b.disabled)) lacks.push("a form without a button: " + f.outerHTML.slice(0, 200));
	}
	return lacks;
})()`

// openWithoutScripts opens a page with its scripts off; what is asked of it afterwards does not run them.
func (v *person) openWithoutScripts(path string) {
	v.Helper()
	v.scripts(false)
	v.open(path)
	v.scripts(true)
}

// Forms are sent without scripts: a report by anybody, and by an officer a view of a list and the list as a file. The menu of a phone opens, and leads on.
func TestFormsWithoutScripts(t *testing.T) {
	out := visitor(t, phone)
	out.openWithoutScripts("/report?at=371424100281")
	out.fill("[name=what]", "邻居家里的老人几天没有出门")
	out.press("main form[method=post] button.main")
	if !strings.Contains(out.text(), "收到") {
		t.Errorf("a report leads to %s: %s", out.at(), out.text())
	}
	v := signedIn(t, "demo-officer", desk)
	v.openWithoutScripts("/warnings?level=red")
	js[any](v, `document.querySelectorAll(".views details").forEach(d => d.open = true)`)
	v.fill(".views [name=name]", "红色的")
	v.press(".views form[action='/views'] button")
	if at := v.at(); !strings.Contains(at, "level=red") || !strings.Contains(v.text(), "红色的") {
		t.Errorf("keeping a view leads to %s", at)
	}
	v.openWithoutScripts("/warnings?level=red")
	js[any](v, `document.querySelectorAll(".views details").forEach(d => d.open = true)`)
	v.choose(".views [name=purpose]", "decision")
	v.press(".views form[action='/exports'] button")
	if at := v.at(); at != "/exports" || !strings.Contains(v.text(), "预警") {
		t.Errorf("taking a list out leads to %s: %s", at, v.text())
	}
	v.do(chromedp.EmulateViewport(phone[0], phone[1]))
	v.openWithoutScripts("/account")
	v.click(".places .menu summary")
	v.do(chromedp.WaitVisible(chromedp.CSS(`.places .menu a[href="/hardest"]`)))
	v.press(`.places .menu a[href="/hardest"]`)
	if at, here := v.at(), v.read(".places .menu summary strong"); at != "/hardest" || here != "困难排序" {
		t.Errorf("the menu leads to %s and says %q", at, here)
	}
}

// speak changes the language, as the button on top does.
func (v *person) speak(language string) {
	v.Helper()
	js2[int](v, fmt.Sprintf(`fetch("/language", {method: "POST", body: new URLSearchParams({lang: %q, back: "/"}), redirect: "manual"}).then(r => r.status)`, language))
}

// scripts turns the page's own scripts on or off.
func (v *person) scripts(on bool) {
	v.Helper()
	v.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}
