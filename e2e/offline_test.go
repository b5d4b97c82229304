package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// offline takes the browser's signal away, or gives it back: of the page, and of the service worker, which has a net of its own.
func (v *person) offline(off bool) {
	v.Helper()
	targets, err := chromedp.Targets(v.ctx)
	if err != nil {
		v.Fatal(err)
	}
	for _, t := range targets {
		if t.Type == "service_worker" && strings.HasPrefix(t.URL, v.p.url) {
			ctx, end := chromedp.NewContext(v.ctx, chromedp.WithTargetID(t.TargetID), chromedp.WithDetachOnCancel())
			v.Cleanup(end)
			v.net(ctx, off)
		}
	}
	v.net(v.ctx, off)
}

func (v *person) net(ctx context.Context, off bool) {
	v.Helper()
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { // the one command that every Chromium has for it
		return t.Call(ctx, "Network.emulateNetworkConditions", map[string]any{"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}, nil)
	}))
	if err != nil {
		v.Fatalf("taking the signal: %v", err)
	}
}

// hurries lets what a page does again and again come twenty times as fast on all pages that are opened from now on; what it returns ends that. What waits
// on a phone is sent within twenty seconds even where the phone says nothing of its signal, as Chromium does of a page that was opened without one.
func (v *person) hurries() (end func()) {
	v.Helper()
	call := func(method string, params, result any) {
		v.Helper()
		v.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return t.Call(ctx, method, params, result) }))
	}
	var script struct {
		Identifier string `json:"identifier"`
	}
	call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `{ const every = setInterval; self.setInterval = (act, ms, ...rest) => every(act, ms / 20, ...rest) }`}, &script)
	return func() {
		call("Page.removeScriptToEvaluateOnNewDocument", map[string]any{"identifier": script.Identifier}, nil)
	}
}

// until waits for something to be so in the page.
func (v *person) until(what, condition string) {
	v.Helper()
	for late := time.Now().Add(waits); time.Now().Before(late); time.Sleep(30 * time.Millisecond) {
		if so, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](condition)); err == nil && so { // while a page goes there is nothing to ask
			return
		}
	}
	v.Fatalf("%s at %s: it did not come about that %s\n%s", v.login, v.at(), what, v.text())
}

// stands puts the phone at a place, which its pages may ask for.
func (v *person) stands(latitude, longitude float64) {
	v.Helper()
	accuracy := 12.0
	v.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		may := browser.SetPermissionParams{Permission: &browser.PermissionDescriptor{Name: "geolocation"}, Setting: "granted"}
		if err := t.Call(ctx, browser.CommandSetPermission, may, nil); err != nil {
			return err
		}
		return t.Call(ctx, emulation.CommandSetGeolocationOverride, emulation.SetGeolocationOverrideParams{Latitude: &latitude, Longitude: &longitude, Accuracy: &accuracy}, nil)
	}))
}

// pin opens what a phone keeps of visits.
const pin = "国寨2026走访"

// keepsVisits chooses the PIN of the phone, and waits until today's visits are kept on it.
func (v *person) keepsVisits() {
	v.Helper()
	v.open("/visits")
	v.until("a PIN can be chosen", `document.querySelector("#pin")?.hidden === false`)
	v.fill("#pin-new", pin)
	v.fill("#pin-again", pin)
	v.click("#pin button")
	v.until("today's visits are kept", `document.documentElement.dataset.kept === "yes"`)
}

// unlocks opens today's visits where there is no signal.
func (v *person) unlocks() {
	v.Helper()
	v.open("/visits")
	v.until("the PIN is asked for", `document.querySelector("#unlock")?.hidden === false`)
	v.fill("#unlock-pin", pin)
	v.click("#unlock button")
	v.until("today's visits are there", `document.documentElement.dataset.started === "/visits"`)
}

// goes follows a link from a page of the visits to another, whether there is a signal or not.
func (v *person) goes(link string) {
	v.Helper()
	to, _, _ := strings.Cut(js[string](v, fmt.Sprintf(`document.querySelector(%q)?.getAttribute("href") ?? ""`, link)), "#")
	if to == "" {
		v.Fatalf("%s at %s: there is no link %s\n%s", v.login, v.at(), link, v.text())
	}
	v.click(link)
	v.until("the page "+to+" is there", fmt.Sprintf(`document.documentElement.dataset.started === %q && location.pathname === %[1]q`, to))
}

// answers goes through the questions of a visit's sheet, that the browser shows, and answers each by the fact or the point it asks for, before
// which stands of whom where it is asked of a person: by the words of a choice, or by what is written. What the answers lack is not known. It ends
// at the page where the answers are checked.
func (v *person) answers(saidBy string, all map[string]string) {
	v.Helper()
	v.pick(saidBy)
	for v.next() {
		asked := js[struct{ Key, Of string }](v, `(s => ({Key: s.dataset.key, Of: s.querySelector(".whom").innerText}))(document.querySelector(".question:not([hidden])"))`)
		name := asked.Key[strings.LastIndex(asked.Key, ":")+1:]
		said, ok := all[strings.TrimPrefix(asked.Of, "问")+" "+name]
		if !ok {
			said, ok = all[name]
		}
		const written = `.question:not([hidden]) :is(textarea, .amount input)`
		switch {
		case !ok:
			v.pick("不知道")
		case js[bool](v, fmt.Sprintf(`!!document.querySelector(%q)`, written)):
			v.fill(written, said)
		default:
			v.pick(said)
		}
	}
}

// pick chooses among the answers of a question by the words of one.
func (v *person) pick(words string) {
	v.Helper()
	if !js[bool](v, fmt.Sprintf(`(i => { document.querySelectorAll("[data-picked]").forEach(e => delete e.dataset.picked); if (i) i.dataset.picked = ""; return !!i })(
		[...document.querySelectorAll(".question:not([hidden]) label.choice")].find(l => l.innerText.trim() === %q)?.querySelector("input"))`, words)) {
		v.Fatalf("%s at %s: there is no answer %q\n%s", v.login, v.at(), words, v.text())
	}
	v.click("[data-picked]")
}

// next goes on to the next question of a visit; it is false once there is none, at the page where the answers are checked.
func (v *person) next() bool {
	v.Helper()
	before := js[string](v, "location.pathname + location.hash")
	v.click("[data-next]")
	v.until("there is a next question", fmt.Sprintf(`location.pathname + location.hash !== %q && document.readyState === "complete"`, before))
	return !strings.HasSuffix(js[string](v, "location.pathname"), "/check")
}

// photographs takes a photograph for a visit.
func (v *person) photographs() {
	v.Helper()
	im := image.NewRGBA(image.Rect(0, 0, 2000, 1500))
	for i := range im.Pix {
		im.Pix[i] = byte(i * i >> 9)
	}
	im.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		v.Fatal(err)
	}
	path := filepath.Join(v.TempDir(), "house.jpg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		v.Fatal(err)
	}
	v.keepsOne(func() { v.do(chromedp.SetUploadFiles(chromedp.CSS("[data-photo]"), []string{path})) })
}

// signs draws a signature, after pressing what asks for it.
func (v *person) signs(button string) {
	v.Helper()
	v.keepsOne(func() {
		v.click(button)
		v.until("there is a box to sign in", `document.querySelector("#pad").open`)
		box := js[[]float64](v, `(b => [b.left, b.top, b.width, b.height])(document.querySelector("#pad canvas").getBoundingClientRect())`)
		at := func(n float64) (x, y float64) {
			return box[0] + box[2]*(.2+.1*n), box[1] + box[3]*(.3+.2*float64(int(n)%2))
		}
		x, y := at(0)
		v.do(chromedp.MouseEvent("mousePressed", x, y, chromedp.ButtonLeft))
		for n := 1.0; n < 6; n++ {
			x, y = at(n)
			v.do(chromedp.MouseEvent("mouseMoved", x, y, chromedp.ButtonLeft, func(p *input.DispatchMouseEventParams) { p.Buttons = 1 }))
		}
		v.do(chromedp.MouseEvent("mouseReleased", x, y, chromedp.ButtonLeft))
		v.click(`#pad button[value="keep"]`)
	})
}

// keepsOne does what puts one file more among those of a visit.
func (v *person) keepsOne(do func()) {
	v.Helper()
	n := js[int](v, `document.querySelectorAll("#files li").length`)
	do()
	v.until("it is kept", fmt.Sprintf(`document.querySelectorAll("#files li").length === %d`, n+1))
}
