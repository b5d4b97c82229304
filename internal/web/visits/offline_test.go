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
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
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
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.WindowSize(390, 844), chromedp.Flag("lang", "zh-CN"),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
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

// pin opens what a phone keeps in the tests.
const pin = "国寨2026走访"

// setPin chooses the PIN of whoever is signed in, and waits until today's pages are kept.
func (p *phone) setPin() {
	p.Helper()
	p.open("/visits")
	p.until("a PIN is asked for", `document.querySelector("#pin")?.hidden === false`)
	p.fill("#pin-new", "19880512")
	p.fill("#pin-again", "19880512")
	p.click("#pin button")
	p.shows("太容易猜")
	p.fill("#pin-new", pin)
	p.fill("#pin-again", pin)
	p.click("#pin button")
	p.until("today's pages are kept", `document.documentElement.dataset.kept === "yes"`)
}

// unlock gives the PIN where the phone asks for it.
func (p *phone) unlock(word string) {
	p.Helper()
	p.until("the PIN is asked for", `document.querySelector("#unlock")?.hidden === false`)
	p.fill("#unlock-pin", word)
	p.click("#unlock button")
}

// opens gives the right PIN, and waits for the page that was kept.
func (p *phone) opens() {
	p.Helper()
	p.unlock(pin)
	p.until("the kept page is there", `document.documentElement.dataset.started === location.pathname`)
}

// goes follows a link of the page, as somebody does who has no signal.
func (p *phone) goes(path string) {
	p.Helper()
	bare, _, _ := strings.Cut(path, "#")
	p.click(fmt.Sprintf(`main a[href=%q]`, path))
	p.until("the page "+path+" is shown", fmt.Sprintf(`document.documentElement.dataset.started === %q`, bare))
}

// lies is all that the phone has on its disk, as whoever takes it apart reads it: the database, the caches, and what scripts keep.
func (p *phone) lies() string {
	p.Helper()
	return ask[string](p, `(async () => {
		const wait = r => new Promise((done, fail) => { r.onsuccess = () => done(r.result); r.onerror = () => fail(r.error); });
		const plain = value => value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new TextDecoder().decode(value) + new TextDecoder("utf-16le").decode(value)
			: value instanceof CryptoKey ? "key " + value.extractable : value && typeof value === "object" ? Object.entries(value).map(([k, v]) => k + "=" + plain(v)).join(" ") : String(value);
		let all = "";
		for (const { name } of await indexedDB.databases()) {
			const db = await wait(indexedDB.open(name));
			for (const s of db.objectStoreNames) for (const row of await wait(db.transaction(s).objectStore(s).getAll())) all += s + ": " + plain(row) + "\n";
			db.close();
		}
		for (const name of await caches.keys()) for (const r of await (await caches.open(name)).keys()) all += r.url + ": " + await (await (await caches.open(name)).match(r)).text() + "\n";
		return all + plain({ ...localStorage }) + plain({ ...sessionStorage });
	})()`)
}

// hides fails where the phone has something about anybody lying in clear.
func (p *phone) hides() {
	p.Helper()
	lying := p.lies()
	for _, word := range []string{"国志强", "国*强", "李春燕", "国雨桐", "国寨村12号", "王芳", "person.married", "household.rent_12m", "现在有没有配偶", "孩子住院", pin, "1357"} {
		if strings.Contains(lying, word) {
			p.Errorf("%q lies on the phone in clear", word)
		}
	}
	if strings.Contains(lying, "key true") {
		p.Error("a key on the phone can be taken out of the browser")
	}
}

// A visit without a signal: answered, photographed, signed and ended on the phone, while the session runs out and somebody else uses the phone;
// what lies there is sealed, and is sent in the end, over a line that breaks in the midst.
func TestOffline(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"], w.ids["qiang"]}, People: 2, BothSign: true, Purpose: visit.Survey, Note: "孩子住院"})
	sheet, check := fmt.Sprintf("/visits/%d", id), fmt.Sprintf("/visits/%d/check", id)
	p := w.phone()
	p.signIn("fang")
	p.setPin()

	w.line.cut.Store(true)
	p.open(sheet)
	p.unlock("not the word at all")
	p.shows("还可以试9次")
	if strings.Contains(p.shown(), "国") {
		t.Errorf("before the PIN is given the phone shows\n%s", p.shown())
	}
	p.opens()
	p.shows("没有信号")
	p.click(`input[name="said_by"][value="国志强"]`)
	p.next()
	p.shows("李春燕")
	p.click(`input[name="a.person:2:person.married"][value="true"]`)
	p.next()
	p.fill(`input[name="a.household:1:household.rent_12m"]`, "一千")
	p.click("[data-next]")
	p.shows("请填数字")
	p.fill(`input[name="a.household:1:household.rent_12m"]`, "1357")
	p.next()
	p.click(fmt.Sprintf(`input[name="a.visit:%d:lives-here"][value="?unknown"]`, id))
	p.next()
	p.open("/visits") // the page was left, and the phone is locked again
	p.opens()
	p.shows("已答3项")
	p.goes(sheet)
	p.until("what was answered is filled in", `document.querySelector('input[name="a.household:1:household.rent_12m"]')?.value === "1357"`)
	p.goes(check)
	p.until("the answers are shown", `[...document.querySelectorAll("[data-answered]")].length === 3`)
	p.do(chromedp.SetUploadFiles(chromedp.CSS("[data-photo]"), []string{noise(t)}))
	p.until("the photograph is kept", `document.querySelectorAll("#files li img").length === 1`)
	p.sign(`[data-sign="visitor"]:not([data-id])`)
	p.sign(`[data-sign="visitor"][data-id]`)
	p.sign(`[data-sign="family"]`)
	p.click(`#end button.main`)
	p.shows("已记下")
	p.goes("/visits")
	p.goes("/visits/outbox")
	p.shows("8项没有送到平台")
	p.hides()
	if got := w.stands(); len(got) != 0 {
		t.Fatalf("without a signal %v stand", got)
	}

	w.own("delete from session") // it expires meanwhile
	w.line.cut.Store(false)
	p.click("#send")
	p.shows("需要重新登录")
	p.signIn("qiang")
	p.open("/visits")
	p.until("somebody else's pages begin", `document.documentElement.dataset.started === "/visits"`)
	p.shows("另有8项是别人的")
	p.open("/visits/outbox")
	p.shows("另有8项是别的账号填的")
	if lying := p.lies(); strings.Contains(lying, fmt.Sprintf("pages: id=%d:", w.ids["fang"])) || strings.Contains(lying, fmt.Sprintf("lock:%d", w.ids["fang"])) {
		t.Error("pages of who had the phone before, or the key to them, are still there")
	}
	if got := w.stands(); len(got) != 0 {
		t.Fatalf("as somebody else %v stand", got)
	}

	// The PIN is gone with the other's use of the phone, as if it were forgotten: signing in opens what waits.
	w.line.after.Store(2)
	p.signIn("fang")
	p.open("/visits/outbox")
	p.until("the line broke in the midst of the photograph", `/没有信号/.test(document.querySelector("#signal")?.innerText) && /已传\d+%/.test(document.body.innerText)`)
	begun := len(w.line.sent())
	w.line.cut.Store(false)
	p.until("the rest is sent", `(b => { if (!b.hidden && !b.disabled) b.click(); return document.body.innerText.includes("都已送到平台") })(document.querySelector("#send"))`)
	sent := w.line.sent()
	if again := slices.Compact(slices.Sorted(slices.Values(sent))); begun == 0 || len(sent) <= begun || len(again) != len(sent) {
		t.Errorf("before the line broke %d pieces of files had come, and in the end %v", begun, sent)
	}

	if got, want := w.stands(), []string{`household.rent_12m 1 = "1357"`, "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	for query, want := range map[string]string{
		"select count(*) || ' ' || count(distinct id) from visit_file":                                                             "4 4",
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
	p.until("all is done that the page does by itself", `document.documentElement.dataset.started === "/visits"`)
	p.click(`form[action="/signout"] button`)
	p.until("nobody is signed in", `location.pathname === "/signin" && document.readyState === "complete"`)
	if lying := p.lies(); regexp.MustCompile(`(?m)^(answers|files|extras|bundles|pages|settings): `).MatchString(lying) {
		t.Errorf("nothing waits, and after signing out the phone still has\n%.2000s", lying)
	}
}

// standsAt puts the phone at a place, which its pages may ask for.
func (p *phone) standsAt(latitude, longitude float64) {
	p.Helper()
	p.call(cdpbrowser.CommandSetPermission, cdpbrowser.SetPermissionParams{Permission: &cdpbrowser.PermissionDescriptor{Name: "geolocation"}, Setting: "granted"})
	accuracy := 8.0
	p.call(emulation.CommandSetGeolocationOverride, emulation.SetGeolocationOverrideParams{Latitude: &latitude, Longitude: &longitude, Accuracy: &accuracy})
}

// call has the browser itself do something.
func (p *phone) call(command string, with any) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return t.Call(ctx, command, with, nil) }))
}

// A phone that kept things in the form before, in which they lay open, drops nothing of what was not sent: it waits until whoever made it signs in,
// and is sealed and sent then; nobody else sends it.
func TestWhatAnEarlierPhoneKept(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"], w.ids["qiang"]}, Purpose: visit.Warning})
	p := w.phone()
	p.open("/signin")
	ask[bool](p, fmt.Sprintf(`(async () => {
		const wait = r => new Promise((done, fail) => { r.onsuccess = () => done(r.result); r.onerror = () => fail(r.error); });
		const request = indexedDB.open("dajiuzhu-visits", 1);
		request.onupgradeneeded = () => {
			for (const name of ["answers", "files", "extras", "bundles"]) request.result.createObjectStore(name, { keyPath: "id" });
			request.result.createObjectStore("settings", { keyPath: "name" });
		};
		const db = await wait(request), at = new Date().toISOString();
		const photo = await new Promise(done => document.createElement("canvas").toBlob(done, "image/jpeg")), bytes = await photo.arrayBuffer();
		const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map(b => b.toString(16).padStart(2, "0")).join("");
		const account = %[1]d, visit = %[2]d, device = crypto.randomUUID(), sending = crypto.randomUUID(), bundle = crypto.randomUUID();
		const tx = db.transaction([...db.objectStoreNames], "readwrite"), put = (s, r) => tx.objectStore(s).put(r);
		const a = (id, unit, of, fact, value, state, seq) => ({ id, account, visit, key: [unit, of, fact].join(":"), unit, of, fact, kind: "value", value, ask: fact, at, state, seq });
		const married = a(sending, "person", 2, "person.married", true, "sending", 1), gone = a(crypto.randomUUID(), "person", 1, "person.married", false, "sent", 2);
		put("answers", married);
		put("answers", gone);
		put("answers", a(crypto.randomUUID(), "household", 1, "household.rent_12m", "1357", "waiting", 3));
		const { unit, of, fact, kind, value, seq } = married;
		put("bundles", { id: bundle, account, visit, answers: [sending], extras: [], body: JSON.stringify({ bundle, device, visit, said_by: "国志强", answers: [{ id: sending, seq, unit, of, fact, kind, value, at }] }) });
		put("extras", { id: "place:" + account + ":" + visit, account, visit, what: "place", body: { latitude: 37.2, longitude: 116.87, accuracy: 10 }, at, state: "waiting" });
		put("files", { id: crypto.randomUUID(), account, visit, kind: "photo", media: "image/jpeg", size: bytes.byteLength, digest, at, bytes, received: 0, state: "waiting" });
		put("settings", { name: "device", value: device });
		put("settings", { name: "seq", value: 3 });
		put("settings", { name: "said:" + visit, value: "国志强" });
		await new Promise(done => tx.oncomplete = done);
		db.close();
		return true;
	})()`, w.ids["fang"], id))
	p.signIn("qiang")
	p.open("/visits")
	p.until("the pages begin", `document.documentElement.dataset.started === "/visits"`)
	p.shows("另有4项是别人的")
	if got := w.stands(); len(got) != 0 {
		t.Fatalf("as somebody else %v stand", got)
	}
	p.signIn("fang")
	p.open("/visits/outbox")
	p.shows("都已送到平台")
	p.hides()
	if got, want := w.stands(), []string{`household.rent_12m 1 = "1357"`, "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	for query, want := range map[string]string{
		"select count(*) || ' ' || count(*) filter (where said_by = '国志强') || ' ' || count(distinct device) from visit_answer": "2 2 1",
		"select latitude::text from visit_place":      "37.200000",
		"select kind || ' ' || state from visit_file": "photo kept",
	} {
		var got string
		if err := w.db.Own().QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", query, got, want, err)
		}
	}
}

// A day with two homes: the nearer one comes first once the phone says where it is, the map has both, what is spoken is kept and sent, and what was
// answered without a signal goes by itself when it is back, while no page is open.
func TestDayOut(t *testing.T) {
	w := newWorld(t)
	fang := []int64{w.ids["fang"]}
	w.own(fmt.Sprintf(`
		insert into visit (household, purpose, people, both_sign, visitors, due, state, result, ended_by, ended_at)
			select h, 'warning', 1, false, '{%[1]d}', '2026-10-01', 'done', 'met', %[1]d, '2026-10-01' from (values (1), (2)) v(h);
		insert into visit_place (visit, device, latitude, longitude, accuracy, refused, at, account)
			select v.id, '00000000-0000-4000-8000-000000000001', 37.19 + v.household * 0.01, 116.87, 10, false, '2026-10-01', %[1]d from visit v`, fang[0]))
	near, far := w.plan(visit.Task{Household: 2, Visitors: fang, Due: today().AddDays(2)}), w.plan(visit.Task{Household: 1, Visitors: fang})
	p := w.phone()
	p.standsAt(37.2118, 116.87)
	p.signIn("fang")
	p.setPin()

	order := `[...document.querySelectorAll("#visits [data-visit]")].map(li => li.dataset.visit + li.querySelector(".far").textContent).join()`
	if got, want := ask[string](p, order), fmt.Sprintf("%d,%d", far, near); got != want {
		t.Errorf("before the phone says where it is the homes are in the order %s, want %s", got, want)
	}
	p.click("[data-near]")
	p.until("the nearer home comes first", fmt.Sprintf(`%s === "%d· 200 m,%d· 1.3 km"`, order, near, far))
	here := `(t => { const [x, y] = t.match(/[\d.]+/g).map(Number); return document.querySelector(".here").hasAttribute("hidden") ? "hidden" : x + " " + Math.round(y) })(document.querySelector(".here").getAttribute("transform"))`
	if got, want := ask[string](p, here), "26 8"; got != want { // 200 m north of the northern home, which is at the upper edge
		t.Errorf("on the map the phone is at %s, want %s", got, want)
	}
	p.click("[data-due]")
	p.until("they are in the first order again", fmt.Sprintf(`document.querySelector("#visits [data-visit]").dataset.visit === "%d"`, far))
	if n := ask[int](p, `document.querySelectorAll("svg.village a circle").length`); n != 2 {
		t.Errorf("the map shows %d homes", n)
	}

	p.goes(fmt.Sprintf("/visits/%d", near))
	p.goes(fmt.Sprintf("/visits/%d/check", near))
	p.click("[data-voice]")
	p.until("it records", `document.querySelector("[data-voice]").textContent === "停止录音"`)
	time.Sleep(300 * time.Millisecond) // something has to be spoken
	p.click("[data-voice]")
	p.until("what was spoken is sent", `/录音.*已送达/.test(document.querySelector("#files").innerText)`)
	p.click("[data-place]")
	p.until("the place is noted", `document.querySelector("#place").innerText === "已记下"`)

	p.open("/visits")
	p.until("today's pages are kept", `document.documentElement.dataset.kept === "yes"`)
	w.line.cut.Store(true)
	p.goes(fmt.Sprintf("/visits/%d", far))
	p.next()
	p.click(`input[name="a.person:2:person.married"][value="true"]`)
	p.next()
	p.until("the browser is asked to send later", `navigator.serviceWorker.ready.then(r => r.sync.getTags()).then(t => document.body.dataset.tags = t.join()), document.body.dataset.tags === "visits"`)
	p.do(chromedp.Navigate("about:blank"))
	w.line.cut.Store(false)
	p.call("ServiceWorker.enable", nil)
	for n := range 4 { // the number that the browser gave to the worker is among the first
		p.call("ServiceWorker.dispatchSyncEvent", map[string]any{"origin": p.server.URL, "registrationId": fmt.Sprint(n), "tag": "visits", "lastChance": false})
	}
	for late := time.Now().Add(waits); len(w.stands()) == 0 && time.Now().Before(late); time.Sleep(30 * time.Millisecond) {
	}
	if got, want := w.stands(), []string{"person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("with no page open %v stand, want %v", got, want)
	}
	for query, want := range map[string]string{
		"select kind || ' ' || state || ' ' || media from visit_file":                                                 "voice kept audio/webm",
		"select latitude || ' ' || longitude from visit_place where device <> '00000000-0000-4000-8000-000000000001'": "37.211800 116.870000",
	} {
		var got string
		if err := w.db.Own().QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", query, got, want, err)
		}
	}
}
