package visits

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html
var templates embed.FS

//go:embed static
var static embed.FS

// Deps is what the pages need.
type Deps struct {
	DB       *postgres.DB
	Visits   *visit.Visits
	Registry *registry.Registry
	Areas    *pack.AreaTree
	Telling  *telling.Telling // nil: nobody is told
}

// Pages are the pages.
type Pages struct {
	Deps
	templates *web.Templates
	version   string // of the static files, as the service worker keeps them
}

// New reads the templates and returns the pages.
func New(d Deps) (*Pages, error) {
	p := &Pages{Deps: d}
	var err error
	if p.version, err = versionOf(static); err != nil {
		return nil, err
	}
	p.templates, err = web.ParseTemplates(templates, template.FuncMap{"version": func() string { return p.version },
		"unit": func(lang fault.Lang, measure string) string { return rules.Unit(measure, lang) }, "many": many})
	return p, err
}

// many is a number with what it counts: 3口人, 1 person, 3 persons.
func many(lang fault.Lang, n int, zh, one, more string) string {
	if lang != fault.Zh && n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return lang.Say(fmt.Sprintf("%d%s", n, zh), fmt.Sprintf("%d %s", n, more))
}

// visitors are whoever goes to homes: the county's supervisors do so for samples.
var visitors = web.May(access.Visit, access.Supervise)

// readers are whoever may see what was found at homes of their area.
var readers = web.May(access.SeeVisits)

// deciders are whoever decides what visitors left open.
var deciders = web.May(access.ConfirmWarning)

// ownKey is why what devices send, and the plain forms that stand in for one, bring no key of the frame.
const ownKey = "a bundle or a file has an id of its own, made where it was written: the same twice is one"

// Routes are all pages of the package.
func (p *Pages) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /visits", Who: visitors, Do: p.today},
		{Pattern: "GET /visits/outbox", Who: visitors, Do: p.outbox},
		{Pattern: "GET /visits/{visit}", Who: readers, Do: p.sheet},
		{Pattern: "POST /visits/{visit}", Who: visitors, Do: p.answer, Keyless: ownKey},
		{Pattern: "GET /visits/{visit}/check", Who: readers, Do: p.check},
		{Pattern: "POST /visits/{visit}/files", Who: visitors, Do: p.upload, Largest: largestUpload, Keyless: ownKey},
		{Pattern: "POST /visits/{visit}/end", Who: visitors, Do: p.end, Keyless: ownKey},
		{Pattern: "GET /visit-files/{file}", Who: readers, Do: p.look},
		{Pattern: "GET /visit-plans", Who: deciders, Do: p.plans, List: true, Export: p.exportedPlans()},
		{Pattern: "GET /visit-plans/new", Who: deciders, Do: p.newPlan},
		{Pattern: "GET /visit-plans/new/{household}", Who: deciders, Do: p.newPlanFor},
		{Pattern: "POST /visit-plans", Who: deciders, Do: p.makePlan},
		{Pattern: "GET /visit-plans/{visit}", Who: deciders, Do: p.onePlan},
		{Pattern: "POST /visit-plans/{visit}", Who: deciders, Do: p.replan},
		{Pattern: "GET /visit-conflicts", Who: deciders, Do: p.open, List: true},
		{Pattern: "POST /visit-conflicts/{conflict}", Who: deciders, Do: p.decide},
		{Pattern: "POST /visit-bundles/{bundle}", Who: deciders, Do: p.settle},

		// What devices send is taken of whoever is signed in, also when the posting has ended: nothing is refused at the door.
		{Pattern: "POST /visits/key", Who: web.SignedIn, Do: device(p.key), Largest: 4 << 10, Keyless: ownKey},
		{Pattern: "POST /visits/sync", Who: web.SignedIn, Do: device(p.sync), Largest: 1 << 20, Keyless: ownKey},
		{Pattern: "POST /visit-files", Who: web.SignedIn, Do: device(p.begin), Largest: 64 << 10, Keyless: ownKey},
		{Pattern: "PUT /visit-files/{file}", Who: web.SignedIn, Do: device(p.piece), Largest: 1 << 20},

		{Pattern: "GET /visits/offline", Who: web.Anybody, Do: p.offline},
		{Pattern: "GET /visits/sw.js", Who: web.Anybody, Do: p.worker},
		{Pattern: "GET /visits/app.webmanifest", Who: web.Anybody, Do: p.manifest},
		{Pattern: "GET /static/visits/{name}", Who: web.Anybody, Do: p.file},
	}
}

// Nav offers the pages in the bar.
func (p *Pages) Nav() []web.Link {
	return []web.Link{{Path: "/visits", Zh: "走访", En: "Visits", Who: visitors}, {Path: "/visit-plans", Zh: "走访安排", En: "Visit plans", Who: deciders},
		{Path: "/visit-conflicts", Zh: "走访待裁定", En: "Visits to decide", Aside: true, Who: deciders}}
}

var noPage = fault.Text{Key: "visits.no-such-page", Zh: "没有这个页面", En: "there is no such page"}

// id is a whole number in the path.
func id(v *web.Visit, name string) (int64, error) {
	n, err := strconv.ParseInt(v.R.PathValue(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.NotFound, noPage, nil)
	}
	return n, nil
}

// as runs a transaction in the visitor's name.
func (p *Pages) as(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	ctx := v.R.Context()
	return p.DB.As(ctx, v.Principal(access.ForVisit), func(tx pgx.Tx) error { return do(ctx, tx) })
}

// allow lets our own page use the place and the microphone, which the frame denies to all.
func allow(v *web.Visit) {
	v.W.Header().Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(self)")
}

// device is what a device asks, of whoever is signed in: somebody whose posting has ended still sends what was answered before. Who is not wholly
// signed in yet is led to where that is done, which the device takes for being signed out.
func device(do func(*web.Visit) error) func(*web.Visit) error {
	return func(v *web.Visit) error {
		if v.Session.Due != access.Ready && v.Session.Due != access.ChoosePosting {
			return v.Redirect("/")
		}
		return do(v)
	}
}

// asDevice runs a transaction in the name of whose device sends, without a posting if there is none.
func (p *Pages) asDevice(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	who := v.Principal(access.ForVisit)
	if v.Session.Due == access.ChoosePosting {
		who = postgres.Principal{Account: v.Session.Account}
	}
	ctx := v.R.Context()
	return p.DB.As(ctx, who, func(tx pgx.Tx) error { return do(ctx, tx) })
}

// key tells a device whose session it has, and the key under which that account keeps things on it.
func (p *Pages) key(v *web.Visit) error {
	var asked struct{ Device string }
	if err := json.NewDecoder(v.R.Body).Decode(&asked); err != nil {
		return told(v, fault.New(fault.Invalid, badBody, nil).Because(err))
	}
	var key string
	err := p.asDevice(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		key, err = p.Visits.DeviceKey(ctx, tx, asked.Device)
		return err
	})
	if err != nil {
		return told(v, err)
	}
	return reply(v, http.StatusOK, map[string]any{"account": v.Session.Account, "key": key})
}

// offline is the page that a phone keeps for when there is no signal. It says nothing about anybody: the phone fills it.
func (p *Pages) offline(v *web.Visit) error {
	if lang := fault.Lang(v.R.URL.Query().Get("lang")); lang == fault.Zh || lang == fault.En {
		v.Lang = lang
	}
	v.Session = access.Session{}
	return v.Render(http.StatusOK, p.templates, "offline", nil)
}

func reply(v *web.Visit, status int, what any) error {
	content, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.WriteHeader(status)
	_, _ = v.W.Write(content) // the device may have lost its signal: it asks again
	return nil
}

// told answers a device with a fault in both languages: the device may be read in another language later.
func told(v *web.Visit, err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.Internal {
		status, _ := v.Explain(err)
		return reply(v, status, map[string]any{"wrong": map[string]string{"zh": f.Message(fault.Zh), "en": f.Message(fault.En)}})
	}
	return err
}

func (p *Pages) sync(v *web.Visit) error {
	b, err := visit.ReadBundle(v.R.Body)
	if err != nil {
		return told(v, err)
	}
	var r visit.Received
	if err := p.asDevice(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if r, err = p.Visits.Sync(ctx, tx, b, v.Today()); err != nil {
			return err
		}
		return p.Telling.Answered(ctx, tx, b.Visit, r, v.Session.Posting.Area)
	}); err != nil {
		return told(v, err)
	}
	return reply(v, http.StatusOK, r)
}

// versionOf is a short digest of all static files.
func versionOf(files fs.FS) (string, error) {
	all := sha256.New()
	err := fs.WalkDir(files, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		fmt.Fprintf(all, "%s\x00%d\x00", name, len(content))
		all.Write(content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading the visits' own files: %w", err)
	}
	return hex.EncodeToString(all.Sum(nil)[:6]), nil
}

// file serves one of our own files; one that is asked for by its version never changes.
func (p *Pages) file(v *web.Visit) error {
	if v.R.URL.RawQuery == p.version {
		v.W.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return p.serve(v, v.R.PathValue("name"))
}

func (p *Pages) serve(v *web.Visit, name string) error {
	content, err := fs.ReadFile(static, "static/"+name)
	if err != nil || name == "sw.js" && !strings.HasPrefix(v.R.URL.Path, "/visits/") {
		return fault.New(fault.NotFound, noPage, nil)
	}
	v.W.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	_, _ = v.W.Write(content)
	return nil
}

// worker serves the service worker with the version of what it keeps, so that a new version of any file is a new worker.
func (p *Pages) worker(v *web.Visit) error {
	content, err := fs.ReadFile(static, "static/sw.js")
	if err != nil {
		return fmt.Errorf("reading the service worker: %w", err)
	}
	v.W.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	v.W.Header().Set("Service-Worker-Allowed", "/visits") // today's list too, which has no slash behind it
	_, _ = v.W.Write([]byte(strings.ReplaceAll(string(content), "VERSION", p.version)))
	return nil
}

func (p *Pages) manifest(v *web.Visit) error {
	v.W.Header().Set("Content-Type", "application/manifest+json")
	icon := func(size int) map[string]string {
		return map[string]string{"src": fmt.Sprintf("/static/visits/icon-%d.png", size), "sizes": fmt.Sprintf("%[1]dx%[1]d", size), "type": "image/png", "purpose": "any maskable"}
	}
	content, err := json.Marshal(map[string]any{"id": "/visits", "name": v.Say("大救助走访", "dajiuzhu visits"), "short_name": v.Say("走访", "Visits"), "lang": string(v.Lang),
		"start_url": "/visits", "scope": "/visits", "display": "standalone", "background_color": "#f3f6f6", "theme_color": "#0b5a63",
		"icons": []any{icon(192), icon(512)}})
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	_, _ = v.W.Write(content)
	return nil
}

// kinds are the files that a form takes, in their order.
var kinds = []visit.FileKind{visit.Photo, visit.Voice, visit.Family, visit.Sign, visit.Consent}
