package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// The sizes of the two faces.
var (
	desk  = [2]int64{1280, 900}
	phone = [2]int64{390, 844}
)

// waits is how long a page may take to show what is waited for; far more than it does, so that a slow machine fails nothing.
const waits = 60 * time.Second

// chromium is where the browser is.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Fatal("no Chromium is installed. As root: apt-get install chromium fonts-noto-cjk; or run make browser")
	return ""
}

// person is somebody at a browser of his own.
type person struct {
	testing.TB
	p     *platform
	login string
	ctx   context.Context
	word  string // the password
	codes string // the secret of one-time codes, "" without
}

// visitor is a browser that nobody has signed in with, for as long as a test lasts.
func visitor(t testing.TB, size [2]int64) *person {
	t.Helper()
	v, end := launch(t, size)
	t.Cleanup(end)
	return v
}

// launch starts a browser, and gives what ends it. One that dies while it starts, as happens on a machine with much else to do, is started anew.
func launch(t testing.TB, size [2]int64) (v *person, end func()) {
	t.Helper()
	p := served(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.WSURLReadTimeout(waits),
		chromedp.WindowSize(int(size[0]), int(size[1])), chromedp.Flag("lang", "zh-CN"))
	var err error
	for range 3 {
		allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, leave := chromedp.NewContext(allocated)
		end = func() { leave(); free() }
		if err = chromedp.Do(ctx, chromedp.EmulateViewport(size[0], size[1])); err == nil { // the browser lives as long as the context of its first step
			return &person{TB: t, p: p, ctx: ctx}, end
		}
		end()
	}
	t.Fatalf("starting the browser: %v", err)
	return nil, nil
}

// do runs steps in the browser.
func (v *person) do(steps ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	ask(v, chromedp.Steps(steps...))
}

// ask runs a step that gives something.
func ask[T any](v *person, step chromedp.Action[T]) T {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, waits)
	defer cancel()
	given, err := chromedp.Run(ctx, step)
	if err != nil {
		v.Fatalf("%s at %s: %v\n%s", v.login, v.at(), err, v.text())
	}
	return given
}

// js evaluates in the page.
func js[T any](v *person, expression string) T {
	v.Helper()
	return ask(v, chromedp.Evaluate[T](expression))
}

// at is where the browser is, and text what it shows.
func (v *person) at() string {
	path, _ := chromedp.Run(v.ctx, chromedp.Location())
	return strings.TrimPrefix(path, v.p.url)
}

func (v *person) text() string {
	shown, _ := chromedp.Run(v.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return shown
}

func (v *person) open(path string) {
	v.Helper()
	v.do(chromedp.Navigate(v.p.url + path))
}

// press clicks what leads to another page, and waits for it.
func (v *person) press(selector string) {
	v.Helper()
	v.do(chromedp.WaitVisible(chromedp.CSS(selector)))
	js[bool](v, "window.before = true")
	v.do(chromedp.Click(chromedp.CSS(selector)))
	for late := time.Now().Add(waits); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		there, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](`!window.before && document.readyState === "complete"`))
		if err == nil && there { // while the page goes there is nothing to ask
			return
		}
	}
	v.Fatalf("%s at %s: %s led nowhere\n%s", v.login, v.at(), selector, v.text())
}

// click clicks what stays on the page.
func (v *person) click(selector string) {
	v.Helper()
	v.do(chromedp.Click(chromedp.CSS(selector)))
}

func (v *person) fill(selector, text string) {
	v.Helper()
	js[bool](v, fmt.Sprintf(`(e => { if (e) e.value = ""; return !!e })(document.querySelector(%q))`, selector))
	v.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (v *person) choose(selector, value string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(e => { e.value = %[2]q; e.dispatchEvent(new Event("change", {bubbles: true})); return e.value === %[2]q })(document.querySelector(%[1]q))`, selector, value)) {
		v.Fatalf("%s at %s: there is no choice %q in %s\n%s", v.login, v.at(), value, selector, v.text())
	}
}

// read is the text of an element.
func (v *person) read(selector string) string {
	v.Helper()
	return ask(v, chromedp.Text(chromedp.CSS(selector)))
}

// shows fails unless the page shows every one of some texts.
func (v *person) shows(texts ...string) {
	v.Helper()
	shown := v.text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			v.Fatalf("%s at %s does not show %q:\n%s", v.login, v.at(), text, shown)
		}
	}
}

func (v *person) hides(texts ...string) {
	v.Helper()
	shown := v.text()
	for _, text := range texts {
		if strings.Contains(shown, text) {
			v.Fatalf("%s at %s shows %q:\n%s", v.login, v.at(), text, shown)
		}
	}
}

// known are the accounts that have been through their first sign-in.
var known = map[string]*person{}

// signedIn is somebody signed in at a browser of his own, through the first sign-in where that was not done yet: the first password is changed,
// and who needs a second factor sets it up.
func signedIn(t testing.TB, login string, size [2]int64) *person {
	t.Helper()
	v := visitor(t, size)
	v.login = login
	v.signIn()
	return v
}

// signIn signs in, once more where the session is over.
func (v *person) signIn() {
	v.Helper()
	v.open("/signin")
	v.signInHere()
}

// signInHere signs in where the browser was led to do so.
func (v *person) signInHere() {
	v.Helper()
	if before := known[v.login]; before != nil {
		v.word, v.codes = before.word, before.codes
	} else {
		v.word = v.p.first[v.login]
	}
	v.fill(`input[name="login"]`, v.login)
	v.fill(`input[name="password"]`, v.word)
	v.press("main button.main")
	for range 5 {
		switch v.at() {
		case "/posting": // of several, the first until another is chosen
			v.press(`form[action="/posting"] button`)
		case "/password":
			v.changePassword()
		case "/enrol":
			v.enrol()
		case "/second":
			v.fill(`input[name="code"]`, v.code())
			v.press("main button.main")
		default:
			v.shows("退出")
			known[v.login] = v
			return
		}
	}
	v.Fatalf("%s is still at %s:\n%s", v.login, v.at(), v.text())
}

// actsAs chooses one of several postings by its words.
func (v *person) actsAs(words string) {
	v.Helper()
	v.open("/posting")
	v.press(fmt.Sprintf(`form[action="/posting"] button[value="%s"]`,
		js[string](v, fmt.Sprintf(`[...document.querySelectorAll('form[action="/posting"] button')].find(b => b.innerText.includes(%q))?.value ?? "none"`, words))))
	if v.at() == "/enrol" {
		v.enrol()
	}
	v.shows(words)
}

func (v *person) changePassword() {
	v.Helper()
	const word = "十里长亭外 古道边 2026"
	v.fill(`input[name="old"]`, v.word)
	v.fill(`input[name="new"]`, word)
	v.fill(`input[name="again"]`, word)
	v.press("main button.main")
	v.word = word
}

func (v *person) enrol() {
	v.Helper()
	v.codes = v.read("main code")
	v.fill(`input[name="code"]`, v.code())
	v.press("main button.main")
	v.do(chromedp.WaitVisible(chromedp.CSS(".codes")))
	v.press(`main p a`)
}

// used is of when the one-time code is that somebody gave last.
var used = map[string]time.Time{}

// code is the one-time code of now. One that was used already is used no second time: then it is the next, as one is taken that comes a little early.
func (v *person) code() string {
	v.Helper()
	const holds = 30 * time.Second
	at := v.p.now().Truncate(holds)
	if last := used[v.login]; !at.After(last) {
		at = last.Add(holds)
	}
	time.Sleep(at.Add(-holds).Sub(v.p.now()))
	used[v.login] = at
	code, err := totp.GenerateCode(strings.ReplaceAll(strings.TrimSpace(v.codes), " ", ""), at)
	if err != nil {
		v.Fatal(err)
	}
	return code
}
