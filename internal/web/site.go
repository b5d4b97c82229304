package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
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
	Zh, En   string
	Warnings int64
}

// Config is what the pages need.
type Config struct {
	DB      *postgres.DB
	Access  *access.Access
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Secure  bool                          // people come by https: cookies are sent by nothing else
	Checks  func(context.Context) []Check // how the platform stands; each answers in time
	Record  func(context.Context, postgres.Principal) (Record, error)
}

// Site is the pages.
type Site struct {
	Config
	templates map[string]*template.Template
	session   func(ctx context.Context, token string) (access.Session, error)
	count     *prometheus.CounterVec
	took      *prometheus.HistogramVec
}

// New reads the templates and returns the pages.
func New(c Config) (*Site, error) {
	s := &Site{Config: c, templates: map[string]*template.Template{}}
	if c.Access != nil {
		s.session = c.Access.Session
	}
	for _, name := range []string{"status", "signin", "password", "second", "enrol", "recovery", "posting", "fault"} {
		t, err := template.New("frame.html").Funcs(template.FuncMap{"qr": qrImage}).ParseFS(pages, "pages/frame.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
		s.templates[name] = t
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

// who says who may call a route. The zero value is nobody.
type who struct {
	anybody  bool
	signedIn bool              // whoever has a session, even one that still lacks a step
	ready    bool              // whoever has a session that may act
	may      access.Permission // whose posting allows this
}

var (
	anybody  = who{anybody: true}
	signedIn = who{signedIn: true}
	ready    = who{ready: true}
)

// admits reports whether a session, the zero one being nobody's, may call.
func (w who) admits(s access.Session) bool {
	switch {
	case w.anybody:
		return true
	case s.Account == 0:
		return false
	case w.signedIn:
		return true
	case w.may != "":
		return s.May(w.may)
	}
	return w.ready && s.Due == access.Ready
}

// route is a page.
type route struct {
	pattern string
	who     who
	do      func(*Site, *visit) error
}

// routes is all there is, and who may call it.
var routes = []route{
	{"GET /healthz", anybody, (*Site).healthz},
	{"GET /readyz", anybody, (*Site).readyz},
	{"GET /static/", anybody, (*Site).file},
	{"GET /ledger/", anybody, (*Site).ledger},
	{"GET /signin", anybody, (*Site).signInPage},
	{"POST /signin", anybody, (*Site).signIn},
	{"POST /language", anybody, (*Site).language},
	{"POST /signout", signedIn, (*Site).signOut},
	{"GET /password", signedIn, (*Site).passwordPage},
	{"POST /password", signedIn, (*Site).changePassword},
	{"GET /second", signedIn, (*Site).secondPage},
	{"POST /second", signedIn, (*Site).giveSecond},
	{"GET /enrol", signedIn, (*Site).enrolPage},
	{"POST /enrol", signedIn, (*Site).enrol},
	{"GET /posting", signedIn, (*Site).postingPage},
	{"POST /posting", signedIn, (*Site).choosePosting},
	{"GET /{$}", ready, (*Site).status},
}

// visit is one request on its way.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	lang    fault.Lang
	token   string
	session access.Session
}

func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

const (
	sessionCookie  = "dajiuzhu_session"
	languageCookie = "dajiuzhu_lang"
	largestBody    = 64 << 10 // bytes of a form
)

// Handler is all pages behind what every request passes.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.pattern, s.page(r))
	}
	mux.HandleFunc("/", s.page(route{"/", anybody, func(*Site, *visit) error { return fault.New(fault.NotFound, noSuchPage, nil) }}))
	return s.watch(mux, http.NewCrossOriginProtection().Handler(mux))
}

var (
	noSuchPage = fault.Text{Key: "web.no-such-page", Zh: "没有这个页面", En: "there is no such page"}
	badForm    = fault.Text{Key: "web.bad-form", Zh: "提交的内容读不了，可能过大", En: "what was sent cannot be read; it may be too large"}
	notYours   = fault.Text{Key: "web.not-yours", Zh: "您的岗位不能看这个页面", En: "your posting does not allow this page"}
	ourFault   = fault.Text{Key: "web.our-fault",
		Zh: "系统出错，已记录。请稍后再试；仍不行请把编号{id}告诉管理员", En: "something failed here and was logged; try again later, and tell the administrator the number {id} if it does again"}
)

// page admits whoever may call a route, and answers with its fault otherwise.
func (s *Site) page(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		request.Body = http.MaxBytesReader(w, request.Body, largestBody)
		v := &visit{w: w, r: request, lang: language(request)}
		err := readForm(request)
		if err == nil {
			err = s.recognise(v)
		}
		if err == nil {
			err = s.admit(r, v)
		}
		if err != nil {
			s.fail(v, err)
		}
	}
}

// readForm reads a form here, so that no page takes one that is cut off for an empty one.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, badForm, nil).Because(err)
	}
	return nil
}

// recognise tells who visits.
func (s *Site) recognise(v *visit) error {
	cookie, err := v.r.Cookie(sessionCookie)
	if err != nil || s.session == nil {
		return nil
	}
	session, err := s.session(v.r.Context(), cookie.Value)
	if access.SignedOut(err) {
		return nil
	}
	if err != nil {
		return err
	}
	v.token, v.session = cookie.Value, session
	return nil
}

func (s *Site) admit(r route, v *visit) error {
	switch {
	case r.who.admits(v.session):
		return r.do(s, v)
	case v.session.Account == 0:
		return v.redirect("/signin")
	case v.session.Due != access.Ready:
		return v.redirect(stepPage(v.session.Due))
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
func (s *Site) explain(v *visit, err error) (int, string) {
	if status, ok := statuses[fault.KindOf(err)]; ok {
		var e *fault.Error
		if asFault(err, &e) {
			return status, e.Message(v.lang)
		}
	}
	id := requestID(v.r.Context())
	s.Log.Error("a page failed", "request", id, "error", fault.HideNumbers(err.Error()))
	return http.StatusInternalServerError, fault.New(fault.Internal, ourFault, fault.Args{"id": id}).Message(v.lang)
}

func (s *Site) fail(v *visit, err error) {
	status, message := s.explain(v, err)
	if failed := s.render(v, status, "fault", message); failed != nil {
		s.Log.Error("a page of a fault failed", "request", requestID(v.r.Context()), "error", failed)
	}
}

// view is what templates see.
type view struct {
	Lang    fault.Lang
	Path    string
	Session access.Session
	Page    any
}

// Say chooses between Chinese and English.
func (v view) Say(zh, en string) string { return v.Lang.Say(zh, en) }

// Posting names the posting in which the session acts.
func (v view) Posting() string { return postingName(v.Session.Posting, v.Lang) }

func (s *Site) render(v *visit, status int, name string, page any) error {
	var b bytes.Buffer
	if err := s.templates[name].Execute(&b, view{v.lang, v.r.URL.Path, v.session, page}); err != nil {
		return fmt.Errorf("making the page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // the visitor may have left
	return nil
}

// language is what the visitor chose, Chinese otherwise.
func language(r *http.Request) fault.Lang {
	if c, err := r.Cookie(languageCookie); err == nil && c.Value == string(fault.En) {
		return fault.En
	}
	return fault.Zh
}

func (s *Site) setCookie(v *visit, name, value string, age time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	if age != 0 {
		c.MaxAge = int(age.Seconds())
	}
	http.SetCookie(v.w, c)
}

// language changes the language and goes back to the page from which it was asked for.
func (s *Site) language(v *visit) error {
	s.setCookie(v, languageCookie, v.r.PostFormValue("lang"), 365*24*time.Hour)
	back, err := url.Parse(v.r.PostFormValue("back"))
	if err != nil || back.Path == "" || back.Path[0] != '/' {
		return v.redirect("/")
	}
	return v.redirect((&url.URL{Path: back.Path}).EscapedPath())
}

func (s *Site) file(v *visit) error {
	http.FileServerFS(static).ServeHTTP(v.w, v.r)
	return nil
}

func (s *Site) ledger(v *visit) error {
	http.StripPrefix("/ledger", ledger.Handler(s.DB, s.Log)).ServeHTTP(v.w, v.r)
	return nil
}
