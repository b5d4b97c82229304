package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed static
var static embed.FS

// Check is how a part of the platform stands.
type Check struct {
	Name   string // "database", stable, for programs
	Zh, En string // for people
	OK     bool
	Value  string // a number or a form; never about a person
}

// Record is how large the record is, and what was found in it as far as somebody may see.
type Record struct {
	Persons    int64  // registered, when everybody was determined last
	Simulated  bool   // some of it is invented
	Screened   string // the day for which everybody was determined last, "" for never
	Households int64  // that were
	Levels     []Level
}

// Level is how many warnings of a level are open in somebody's area.
type Level struct {
	ID       string // red, orange, yellow, blue
	Warnings int64
}

// Config is what the pages need.
type Config struct {
	DB      *postgres.DB
	Access  *access.Access
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Secure  bool                          // people come by https: cookies are sent by nothing else
	Proxies Proxies                       // before the platform
	Checks  func(context.Context) []Check // how the platform stands; each answers in time
	Record  func(context.Context, postgres.Principal) (Record, error)
	Places  Places                       // their names; nil shows codes
	Offices func(calendar.Date) []Office // the departments there are on a day; nil shows codes
	Queue   *jobs.Queue                  // makes files of lists; nil offers none
	Keys    *sealed.Keys                 // seal those files
	// Exported tells whoever asked for a file what became of it, once, in the transaction in which it ends; nil tells nobody.
	Exported func(context.Context, pgx.Tx, Exported) error
	Clock    func() time.Time // nil is the machine's
}

// Office is a department.
type Office struct{ ID, Zh, En string }

// Places names places.
type Places interface {
	Path(area.Code) string                                // from the county down, "" of one that it does not know
	Children(area.Code) []area.Code                       // directly below it
	Find(text string, in area.Code, most int) []area.Code // within one and itself, by words of their path or by code
}

// Site is the pages.
type Site struct {
	Config
	templates *Templates
	routes    []Route
	nav       []Link
	versions  map[string]string // of static files, by name
	beyond    chan struct{}     // forms that are acted for beyond their transactions
	lists     map[string]bool   // paths of which views are kept
	packed    func(http.Handler) http.HandlerFunc
	session   func(ctx context.Context, token string) (access.Session, error)
	count     *prometheus.CounterVec
	took      *prometheus.HistogramVec
}

// New returns the site of its own pages, which sign people in, and of others.
func New(c Config, others ...Pages) (*Site, error) {
	s := &Site{Config: c, beyond: make(chan struct{}, mostBeyond)}
	if s.Clock == nil {
		s.Clock = time.Now
	}
	if c.Access != nil {
		s.session = c.Access.Session
	}
	var err error
	if s.templates, err = ParseTemplates(pages); err != nil {
		return nil, err
	}
	s.routes = s.own()
	for i := range s.routes {
		s.routes[i].own = true
	}
	for _, p := range others {
		s.routes = append(s.routes, p.Routes()...)
		if offers, ok := p.(interface{ Nav() []Link }); ok {
			s.nav = append(s.nav, offers.Nav()...)
		}
	}
	if !slices.ContainsFunc(s.routes, func(r Route) bool { return r.Pattern == deskPattern }) {
		s.routes = append(s.routes, Route{Pattern: deskPattern, Who: Ready, Do: s.status})
	}
	s.nav = append(s.nav, accountsNav, exportsNav, statusNav) // last: it is not what most people come for
	s.lists = map[string]bool{}
	for _, r := range s.routes {
		if path, ok := strings.CutPrefix(r.Pattern, "GET "); ok && r.List {
			s.lists[path] = true
		}
	}
	if s.packed, err = packing(); err != nil {
		return nil, fmt.Errorf("setting up the packing of answers: %w", err)
	}
	if s.versions, err = versionsOf(static); err != nil {
		return nil, err
	}
	s.count = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dajiuzhu_http_requests_total", Help: "Requests by route and status."},
		[]string{"route", "status"})
	s.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "dajiuzhu_http_request_seconds", Help: "How long requests took, by route.",
		Buckets: []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route"})
	for _, m := range []prometheus.Collector{s.count, s.took} {
		if err := c.Metrics.Register(m); err != nil {
			return nil, fmt.Errorf("registering a metric: %w", err)
		}
	}
	return s, nil
}

// Why forms of the ways in and out bring no key.
const (
	entersSession  = "a step of signing in, after which the session is another one"
	endsSession    = "ends the session"
	beginsCeremony = "asks for a proof, and changes nothing"
)

// deskPattern is where everybody begins: the desk, the status where no package gives one.
const deskPattern = "GET /{$}"

// own are the site's own pages.
func (s *Site) own() []Route {
	return slices.Concat(s.doorRoutes(), s.accountRoutes(), s.exportRoutes(), []Route{
		{Pattern: "GET /healthz", Who: Anybody, Do: s.healthz},
		{Pattern: "GET /readyz", Who: Anybody, Do: s.readyz},
		{Pattern: "GET /static/", Who: Anybody, Do: s.file},
		{Pattern: "GET /ledger/", Who: Anybody, Do: s.ledger},
		{Pattern: "GET /signin", Who: Anybody, Do: s.signInPage},
		{Pattern: "POST /signin", Who: Anybody, Do: s.signIn, Keyless: entersSession},
		{Pattern: "POST /language", Who: Anybody, Do: s.language, Keyless: "a choice of words, the same however often it is made"},
		{Pattern: "POST /signout", Who: SignedIn, Do: s.signOut, Keyless: endsSession},
		{Pattern: "GET /password", Who: SignedIn, Do: s.passwordPage},
		{Pattern: "POST /password", Who: SignedIn, Do: s.changePassword, Keyless: entersSession},
		{Pattern: "GET /second", Who: SignedIn, Do: s.secondPage},
		{Pattern: "POST /second", Who: SignedIn, Do: s.giveSecond, Keyless: entersSession},
		{Pattern: "GET /enrol", Who: SignedIn, Do: s.enrolPage},
		{Pattern: "POST /enrol", Who: SignedIn, Do: s.enrol, Keyless: entersSession},
		{Pattern: "GET /posting", Who: SignedIn, Do: s.postingPage},
		{Pattern: "POST /posting", Who: SignedIn, Do: s.choosePosting, Keyless: entersSession},
		{Pattern: "POST /views", Who: Ready, Do: s.saveView},
		{Pattern: "POST /views/{id}/drop", Who: Ready, Do: s.dropView},
		{Pattern: "GET /kept", Who: Ready, Do: s.kept},
		{Pattern: "POST /kept", Who: Ready, Do: s.dropKept, Keyless: "forgets what is kept, which once forgotten is not there"},
		{Pattern: "GET /status", Who: May(access.Operate), Do: s.status},
	})
}

const (
	sessionCookie  = "dajiuzhu_session"
	languageCookie = "dajiuzhu_lang"
	largestBody    = 64 << 10 // bytes of a form
)

// Routes are all routes there are.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

// Handler is all pages behind what every request passes.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes {
		mux.HandleFunc(r.Pattern, s.page(r))
	}
	mux.HandleFunc("/", s.page(Route{Pattern: "/", Who: Anybody, Do: func(*Visit) error { return fault.New(fault.NotFound, noSuchPage, nil) }}))
	return s.Proxies.behind(s.watch(mux, s.packed(http.NewCrossOriginProtection().Handler(mux))))
}

// leastPacked is bytes of an answer from which on it is worth packing; most are sent in one packet below it.
const leastPacked = 1400

// packing says what is packed: texts, each longer than it needs to be by some bytes, as many as its contents draw, so that the length of a page tells
// nobody who listens and has parts of it changed what else stands in it.
func packing() (func(http.Handler) http.HandlerFunc, error) {
	return gzhttp.NewWrapper(gzhttp.MinSize(leastPacked), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.RandomJitter(64, 0, false),
		gzhttp.ContentTypes([]string{"text/html", "text/css", "text/javascript", "text/plain", "text/csv", "application/json", "image/svg+xml", "application/manifest+json"}))
}

var (
	noSuchPage = fault.Text{Key: "web.no-such-page", Zh: "没有这个页面", En: "there is no such page"}
	badForm    = fault.Text{Key: "web.bad-form", Zh: "提交的内容读不了，可能过大", En: "what was sent cannot be read; it may be too large"}
	illegible  = fault.Text{Key: "web.illegible", Zh: "提交的内容里有无法识别的字符。请返回，删掉后重新填写", En: "what was sent has characters that are no text: go back, take them out and send it again"}
	notYours   = fault.Text{Key: "web.not-yours", Zh: "您的岗位不能看这个页面", En: "your posting does not allow this page"}
	ourFault   = fault.Text{Key: "web.our-fault",
		Zh: "系统出错，已记录。请稍后再试；仍不行请把编号{id}告诉管理员", En: "something failed here and was logged; try again later, and tell the administrator the number {id} if it does again"}
)

// page admits whoever may call a route, and answers with its fault otherwise.
func (s *Site) page(r Route) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		request.Body = http.MaxBytesReader(w, request.Body, max(largestBody, r.Largest))
		v := &Visit{W: w, R: request, Lang: language(request), site: s, route: r}
		err := readForm(r, request)
		if err == nil {
			err = s.recognise(v)
		}
		if err == nil {
			err = s.answer(r, v)
		}
		if err != nil {
			s.fail(v, err)
		}
	}
}

// readForm reads a form here, so that no page takes one that is cut off for an empty one. A route that takes larger bodies reads its own.
func readForm(route Route, r *http.Request) error {
	if !legible(r.URL.Path) {
		return fault.New(fault.NotFound, noSuchPage, nil)
	}
	if route.Largest > 0 {
		return nil
	}
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, badForm, nil).Because(err)
	}
	for name, values := range r.Form {
		if !legible(name) || slices.ContainsFunc(values, func(text string) bool { return !legible(text) }) {
			return fault.New(fault.Invalid, illegible, nil)
		}
	}
	return nil
}

// legible reports whether something is text: no browser sends anything else, and the database takes nothing else.
func legible(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// recognise tells who visits.
func (s *Site) recognise(v *Visit) error {
	cookie, err := v.R.Cookie(sessionCookie)
	if err != nil || s.session == nil {
		return nil
	}
	session, err := s.session(v.R.Context(), cookie.Value)
	if access.SignedOut(err) {
		return nil
	}
	if err != nil {
		return err
	}
	v.token, v.Session = cookie.Value, session
	return nil
}

// answer takes a proof of who somebody is, if one comes with the form, and then does what the route does.
func (s *Site) answer(r Route, v *Visit) error {
	if r.Largest == 0 { // a proof is in a form that was read; a larger body is the route's own to read
		if err := s.prove(v); err != nil {
			return s.confirmPage(v, err)
		}
	}
	err := s.admit(r, v)
	if access.ConfirmFirst(err) {
		return s.confirmPage(v, nil)
	}
	return err
}

func (s *Site) admit(r Route, v *Visit) error {
	switch {
	case r.Who.Admits(v.Session):
		if err := s.taken(v); err != nil {
			return err
		}
		if r.takesKey() && r.Largest == 0 { // a larger body is the route's to read, and then its key
			if err := v.hasKey(); err != nil {
				return err
			}
		}
		return r.Do(v)
	case v.Session.Account == 0:
		if err := s.keep(r, v); err != nil {
			return err
		}
		return v.goTo("/signin")
	case v.Session.Due != access.Ready:
		return v.goTo(stepPage(v.Session.Due))
	}
	return fault.New(fault.Forbidden, notYours, nil)
}

// stepPage is where a session goes that lacks a step.
func stepPage(step access.Step) string {
	return map[access.Step]string{access.GiveSecond: "/second", access.ChangePassword: "/password", access.ChoosePosting: "/posting",
		access.EnrolSecond: "/enrol", access.Ready: "/"}[step]
}

// statuses are the answers to kinds of faults.
var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Forbidden: http.StatusForbidden,
	fault.Conflict: http.StatusConflict, fault.Unready: http.StatusServiceUnavailable,
}

// explain is a fault as the visitor reads it, with its status; what is our own is logged and not shown.
func (s *Site) explain(v *Visit, err error) (int, string) {
	if status, ok := statuses[fault.KindOf(err)]; ok {
		var e *fault.Error
		if asFault(err, &e) {
			return status, e.Message(v.Lang)
		}
	}
	id := requestID(v.R.Context())
	s.Log.Error("a page failed", "request", id, "error", fault.HideNumbers(err.Error()))
	return http.StatusInternalServerError, fault.New(fault.Internal, ourFault, fault.Args{"id": id}).Message(v.Lang)
}

// faultPage is what a request came to that was not done.
type faultPage struct {
	Status  int
	Message string
}

func (s *Site) fail(v *Visit, err error) {
	status, message := s.explain(v, err)
	if failed := s.render(v, status, "fault", faultPage{status, message}); failed != nil {
		s.Log.Error("a page of a fault failed", "request", requestID(v.R.Context()), "error", failed)
	}
}

// render answers with one of the site's own pages.
func (s *Site) render(v *Visit, status int, name string, page any) error {
	return v.Render(status, s.templates, name, page)
}

// language is what the visitor chose, Chinese otherwise.
func language(r *http.Request) fault.Lang {
	if c, err := r.Cookie(languageCookie); err == nil && c.Value == string(fault.En) {
		return fault.En
	}
	return fault.Zh
}

func (s *Site) setCookie(v *Visit, name, value string, age time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: s.Secure || cameBy(v.R).secure, SameSite: http.SameSiteLaxMode}
	if age != 0 {
		c.MaxAge = int(age.Seconds())
	}
	http.SetCookie(v.W, c)
}

// language changes the language and goes back to the page from which it was asked for.
func (s *Site) language(v *Visit) error {
	lang := fault.Zh
	if v.R.PostFormValue("lang") == string(fault.En) {
		lang = fault.En
	}
	s.setCookie(v, languageCookie, string(lang), 365*24*time.Hour)
	back, err := url.Parse(v.R.PostFormValue("back"))
	if err != nil || back.Path == "" || back.Path[0] != '/' {
		return v.Redirect("/")
	}
	return v.Redirect((&url.URL{Path: back.Path, RawQuery: back.RawQuery}).RequestURI())
}

// versionsOf are short digests of the files under static, by name.
func versionsOf(files fs.FS) (map[string]string, error) {
	versions := map[string]string{}
	err := fs.WalkDir(files, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		digest := sha256.Sum256(content)
		versions[strings.TrimPrefix(name, "static/")] = hex.EncodeToString(digest[:6])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the pages' own files: %w", err)
	}
	return versions, nil
}

// file serves the frame's own files: one that is asked for by its version never changes.
func (s *Site) file(v *Visit) error {
	if version := v.R.URL.RawQuery; version != "" && version == s.versions[strings.TrimPrefix(v.R.URL.Path, "/static/")] {
		v.W.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.FileServerFS(static).ServeHTTP(v.W, v.R)
	return nil
}

func (s *Site) ledger(v *Visit) error {
	http.StripPrefix("/ledger", ledger.Handler(s.DB, s.Log)).ServeHTTP(v.W, v.R)
	return nil
}
