package site_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/web"
)

// open are the routes that anybody may call, each for its reason.
var open = []string{
	"GET /healthz", "GET /readyz", "GET /static/", "GET /ledger/", // for machines and browsers, about nobody
	"GET /signin", "POST /signin", "POST /language", "POST /passkey", "POST /passkey/signin", "POST /outside", "GET /outside", // the ways in
	"GET /report", "POST /report", "GET /report/receipt", // a report of need, by whoever sees it
	"POST /api/deliveries/{feed}", "GET /api/uploads/{id}", // of programs, which show their token
	"POST /notifications/arrivals",                                                  // of an SMS operator, by its secret
	"GET /static/warnings/page.css",                                                 // a style
	"GET /visits/offline",                                                           // what a phone opens without a signal: a page about nobody, which opens what the phone keeps by its PIN
	"GET /visits/sw.js", "GET /visits/app.webmanifest", "GET /static/visits/{name}", // of the page that works without signal
}

// levels are how far down a code of an area is looked at.
var levels = map[area.Level]area.Code{area.Village: 1, area.Township: 1000, area.County: 1000000, area.City: 100000000}

// at is the area of a level around a village.
func at(v area.Code, level area.Level) area.Code { return v / levels[level] * levels[level] }

// visitor is somebody who asks.
type visitor struct {
	role    access.Role
	token   string
	outside bool // the household is not in the visitor's area
	session access.Session
}

func (w *world) visitors() []visitor {
	w.Helper()
	all := []visitor{{}}
	for _, role := range access.Roles() {
		department := ""
		if role.NeedsDepartment() {
			department = "medical-insurance"
		}
		for _, around := range []area.Code{village, elsewhere} {
			level := area.County
			for _, l := range []area.Level{area.Village, area.Township} {
				if role.WorksAt(l) {
					level = l
					break
				}
			}
			id, token := w.signedUp(role, at(around, level), department)
			if role == access.Resident { // one of the household, and a neighbour, whose account is of another place
				person := 1
				if around != village {
					person = len(people) + 1
				}
				w.own("insert into account_person (account, person, how, proof, tied_at) values ($1, $2, 'outside', 'x', now())", id, person)
			}
			all = append(all, visitor{role, token, around != village, access.Session{Account: id, Due: access.Ready,
				Posting: access.Posting{ID: 1, Role: role, Area: at(around, level), Department: department}}})
		}
	}
	return all
}

var placeholder = regexp.MustCompile(`\{[^}$]*\}`)

// call is a route as it is asked for.
func call(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, placeholder.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "1")
}

// Every route over HTTP, as somebody in every role in the household's area and outside of it, and as nobody: whoever the route does not name is sent
// away, nothing of the household comes to who may not see it, nothing breaks, and no page holds an identity number.
func TestEveryRoute(t *testing.T) {
	w := newWorld(t)
	visitors := w.visitors()
	seen := 0 // pages on which somebody saw the household
	for _, route := range w.site.Routes() {
		method, path := call(route.Pattern)
		public := slices.Contains(open, route.Pattern)
		if route.Who.Admits(access.Session{}) != public {
			t.Errorf("%s admits anybody: %v; say in open why it should", route.Pattern, !public)
		}
		if !slices.ContainsFunc(visitors, func(v visitor) bool { return route.Who.Admits(v.session) }) {
			t.Errorf("nobody may call %s: it says not who", route.Pattern)
		}
		if ends(route.Pattern) {
			continue
		}
		for _, v := range visitors {
			a := w.ask(v.token, method, path, nil)
			w.holds(route, v, a)
			if containsAny(a.text, traces) {
				seen++
				w.shown = w.shown || v.role == access.Resident
			}
		}
	}
	if !w.shown {
		t.Error("the resident of the household sees nothing of it: the walk looks at none of their pages")
	}
	if seen < 10 {
		t.Errorf("only %d pages show the household to who may see it: the walk looks at nothing", seen)
	}
}

// ends are routes after which a session is another one.
func ends(pattern string) bool {
	return pattern == "POST /signout" || strings.HasPrefix(pattern, "POST /account") || strings.HasPrefix(pattern, "GET /outside")
}

func containsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

// holds checks an answer to somebody.
func (w *world) holds(route web.Route, v visitor, a answer) {
	w.Helper()
	who := string(v.role)
	if v.role == "" {
		who = "nobody"
	}
	if v.outside {
		who += " of elsewhere"
	}
	if a.status == 500 {
		w.Errorf("%s fails for %s with %d: %s", route.Pattern, who, a.status, w.log.String())
		w.log.Reset()
	}
	if !route.Who.Admits(v.session) {
		refused := a.status == 403 || a.status == 404 || a.status == 303 && a.to == "/signin"
		if !refused {
			w.Errorf("%s answers %s with %d (%s)", route.Pattern, who, a.status, a.to)
		}
	}
	if (v.role == "" || v.outside || !route.Who.Admits(v.session)) && containsAny(a.text, traces) {
		w.Errorf("%s shows the household to %s", route.Pattern, who)
	}
	for _, link := range regexp.MustCompile(`(?i)(?:href|action)="[^"]*%(?:3d|26)[^"]*"`).FindAllString(a.text, -1) {
		w.Errorf("%s leads %s to %s, of which a whole query was taken for one value", route.Pattern, who, link)
	}
	for _, n := range regexp.MustCompile(`\d{17}[\dXx]`).FindAllString(a.text, -1) {
		if _, err := idno.Parse(n); err == nil {
			w.Errorf("%s shows an identity number to %s", route.Pattern, who)
		}
	}
}
