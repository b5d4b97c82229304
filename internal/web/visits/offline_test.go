package visits_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dajiuzhu/internal/visit"
)

// waits is how long a page may take to show what is waited for; far more than it does, so that a slow machine fails nothing.
const waits = 60 * time.Second

// phone is somebody's browser of the size of a phone.
type phone struct {
	*world
	ctx context.Context
}

func (w *world) phone() *phone {
	w.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		w.Fatal("no Chromium is installed. As root: apt-get install chromium fonts-noto-cjk")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.WindowSize(390, 844), chromedp.Flag("lang", "zh-CN"))
	allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
	w.Cleanup(free)
	ctx, end := chromedp.NewContext(allocated)
	w.Cleanup(end)
	p := &phone{w, ctx}
	p.do(chromedp.EmulateViewport(390, 844))
	return p
}

func (p *phone) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatalf("at %s: %v\n%s", p.at(), err, p.shown())
	}
}

// ask evaluates in the page.
func ask[T any](p *phone, expression string) T {
	p.Helper()
	given, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("at %s: %s: %v\n%s", p.at(), expression, err, p.shown())
	}
	return given
}

func (p *phone) at() string {
	at, _ := chromedp.Run(p.ctx, chromedp.Location())
	return strings.TrimPrefix(at, p.server.URL)
}

func (p *phone) shown() string {
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return text
}

func (p *phone) open(path string) { p.Helper(); p.do(chromedp.Navigate(p.server.URL + path)) }

// until waits for something to be so in the page.
func (p *phone) until(what, condition string) {
	p.Helper()
	for late := time.Now().Add(waits); time.Now().Before(late); time.Sleep(30 * time.Millisecond) {
		if so, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](condition)); err == nil && so { // while a page goes there is nothing to ask
			return
		}
	}
	p.Fatalf("at %s, not so: %s\n%s", p.at(), what, p.shown())
}

func (p *phone) click(selector string) {
	p.Helper()
	ask[bool](p, fmt.Sprintf(`(e => { e.click(); return true })(document.querySelector(%q))`, selector))
}

// shows waits until the page shows a text.
func (p *phone) shows(text string) {
	p.Helper()
	p.until("it shows "+text, fmt.Sprintf("document.readyState === 'complete' && document.body.innerText.includes(%q)", text))
}

// fill writes into a field as somebody does.
func (p *phone) fill(selector, value string) {
	p.Helper()
	ask[bool](p, fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change", { bubbles: true })); return true })(document.querySelector(%q))`, value, selector))
}

func (p *phone) signIn(login string) {
	p.Helper()
	p.open("/signin")
	if p.at() != "/signin" { // somebody is signed in
		p.click(`form[action="/signout"] button`)
		p.until("nobody is signed in", `location.pathname === "/signin" && document.readyState === "complete"`)
	}
	p.fill(`input[name="login"]`, login)
	p.fill(`input[name="password"]`, password)
	p.click("main button.main")
	p.until(login+" is signed in", `location.pathname !== "/signin" && document.readyState === "complete"`)
}

// next goes on from one question to another and waits until it is there.
func (p *phone) next() {
	p.Helper()
	before := ask[string](p, "location.hash")
	p.click("[data-next]")
	p.until("the next question", fmt.Sprintf("location.hash !== %q", before))
}

// sign draws a line in the box for signatures.
func (p *phone) sign(selector string) {
	p.Helper()
	n := ask[int](p, `document.querySelectorAll("#files li").length`)
	p.click(selector)
	ask[bool](p, `(c => { const box = c.getBoundingClientRect(); c.setPointerCapture = () => {};
		const at = (type, x) => c.dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + 30 + x / 3, buttons: 1, pointerId: 1, bubbles: true }));
		at("pointerdown", 20); for (let x = 20; x < 200; x += 10) at("pointermove", x); return true })(document.querySelector("#pad canvas"))`)
	p.click(`#pad button[value="keep"]`)
	p.until("the signature is kept", fmt.Sprintf(`document.querySelectorAll("#files li").length === %d`, n+1))
}

// noise is a photograph that is large whatever is done to it.
func noise(t *testing.T) string {
	random := rand.New(rand.NewPCG(1, 2))
	im := image.NewRGBA(image.Rect(0, 0, 2400, 1800))
	for i := range im.Pix {
		im.Pix[i] = byte(random.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The whole visit without signal: the pages are on the phone, it is answered, photographed, signed and ended; the session ends and somebody else
// signs in on the same phone; then the same person does, the line breaks in the midst of the photograph, and in the end all of it is there once.
func TestOffline(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"], w.ids["qiang"]}, People: 2, BothSign: true, Purpose: visit.Survey})
	p := w.phone()
	p.signIn("fang")
	p.open("/visits")
	p.until("today's pages are kept", `document.documentElement.dataset.kept === "yes"`)

	w.line.cut.Store(true)
	p.open(fmt.Sprintf("/visits/%d", id))
	p.shows("没有信号")
	p.click(`input[name="said_by"][value="国志强"]`)
	p.next()
	p.shows("李春燕")
	p.click(`input[name="a.person:2:person.married"][value="true"]`)
	p.next()
	p.fill(`input[name="a.household:1:household.rent_12m"]`, "一千")
	p.click("[data-next]")
	p.shows("请填数字")
	p.fill(`input[name="a.household:1:household.rent_12m"]`, "1000")
	p.next()
	p.click(fmt.Sprintf(`input[name="a.visit:%d:lives-here"][value="?unknown"]`, id))
	p.next()
	p.open("/visits")
	p.shows("已答3项") // also after the page was left
	p.open(fmt.Sprintf("/visits/%d#q2", id))
	p.until("what was answered is filled in", `document.querySelector('input[name="a.household:1:household.rent_12m"]')?.value === "1000"`)
	p.open(fmt.Sprintf("/visits/%d/check", id))
	p.until("the answers are shown", `[...document.querySelectorAll("[data-answered]")].length === 3`)
	p.do(chromedp.SetUploadFiles(chromedp.CSS("[data-photo]"), []string{noise(t)}))
	p.until("the photograph is kept", `document.querySelectorAll("#files li img").length === 1`)
	p.sign(`[data-sign="visitor"]:not([data-id])`)
	p.sign(`[data-sign="visitor"][data-id]`)
	p.sign(`[data-sign="family"]`)
	p.click(`#end button.main`)
	p.shows("已记下")
	p.open("/visits/outbox")
	p.shows("8项没有送到平台")
	if got := w.stands(); len(got) != 0 {
		t.Fatalf("without a signal %v stand", got)
	}

	w.own("delete from session") // it expires meanwhile
	w.line.cut.Store(false)
	p.click("#send")
	p.shows("需要重新登录")
	p.signIn("qiang")
	p.open("/visits")
	p.until("the pages of who had the phone are gone", `document.documentElement.dataset.kept === "yes"`)
	if kept := ask[string](p, `caches.open("visits-pages").then(c => c.match("/visits")).then(r => r.text())`); !strings.Contains(kept, "赵强") || strings.Contains(kept, "王芳") {
		t.Error("pages of somebody else are on the phone")
	}
	p.open("/visits/outbox")
	p.shows("另有8项是别的账号填的")
	if got := w.stands(); len(got) != 0 {
		t.Fatalf("as somebody else %v stand", got)
	}

	w.line.after.Store(2)
	p.signIn("fang")
	p.open("/visits/outbox")
	p.until("the line broke in the midst of the photograph", `/没有信号/.test(document.body.innerText) && /已传\d+%/.test(document.body.innerText)`)
	w.line.cut.Store(false)
	p.until("the rest is sent", `(document.querySelector("#send").hidden || document.querySelector("#send").click(), document.body.innerText.includes("都已送到平台"))`)

	if got, want := w.stands(), []string{`household.rent_12m 1 = "1000"`, "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	for query, want := range map[string]string{
		"select state || ' ' || result from visit":                                                                                 "done met",
		"select string_agg(kind || ' ' || state, ', ' order by kind, id) from visit_file":                                          "family kept, photo kept, visitor kept, visitor kept",
		"select string_agg(signer, ' ' order by signer) from visit_file where kind = 'visitor'":                                    "王芳 赵强",
		"select count(*)::text || ' ' || count(*) filter (where said_by = '国志强') from visit_answer":                                "3 3",
		"select case when size between 300000 and 3000000 then 'smaller' else size::text end from visit_file where kind = 'photo'": "smaller",
	} {
		var got string
		if err := w.db.Own().QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", query, got, want, err)
		}
	}
	p.open("/visits")
	p.shows("没有要走访的人家")
}
