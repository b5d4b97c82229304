package site_test

import (
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/web"
)

// Every form that changes something brings the frame's key, and bears whatever somebody writes into it.
func TestForms(t *testing.T) {
	w := newWorld(t)
	w.routesSayWhy()
	w.templatesGiveTheKey()
	visitors := slices.DeleteFunc(w.visitors(), func(v visitor) bool { return v.outside || v.session.Account == 0 })
	w.routesNeedTheKey(visitors)
	w.lists(visitors)
	w.badUploads(visitors)
	w.badInput(visitors)
}

// routesNeedTheKey: whoever may send a form gets it refused without the key, unless its route says why it needs none; and is told what to do.
func (w *world) routesNeedTheKey(visitors []visitor) {
	w.Helper()
	asked := 0
	for _, route := range w.site.Routes() {
		method, path := call(route.Pattern)
		if method != "POST" || route.Keyless != "" || route.Largest > 0 {
			continue
		}
		for _, v := range visitors {
			if !route.Who.Admits(v.session) {
				continue
			}
			a := w.ask(v.token, method, path, url.Values{"x": {"y"}})
			if a.status != 422 || !strings.Contains(a.text, "表单不完整") {
				w.Errorf("%s takes a form without its key from a %s: %d", route.Pattern, v.role, a.status)
			}
			asked++
			break
		}
	}
	if asked < 20 {
		w.Errorf("only %d forms were asked", asked)
	}
}

var (
	formOf = regexp.MustCompile(`(?s)<form\b[^>]*method="post"[^>]*>.*?</form>`)
	action = regexp.MustCompile(`action="([^"]*)"`)
	value  = regexp.MustCompile(`\{\{[^}]*\}\}`)
)

// givesKey are how a template gives a form its key: the frame's own, or a part that holds it.
var givesKey = regexp.MustCompile(`\{\{\$?\w*\.Once\}\}|\{\{template "case-(?:guard|onceon)"|name="\{\{\.Name\}\}"`) // the last is a form that is given back as it was sent

// templatesGiveTheKey: every form in every template that is sent to a route that needs the key gives it.
func (w *world) templatesGiveTheKey() {
	w.Helper()
	keyless := func(path string) bool {
		best, found := "", web.Route{}
		for _, route := range w.site.Routes() {
			method, pattern := call(route.Pattern)
			if method == "POST" && fits(pattern, path) && (best == "" || strings.Count(pattern, "/1") < strings.Count(best, "/1")) {
				best, found = pattern, route
			}
		}
		if best == "" {
			w.Errorf("a form is sent to %s, where there is no route", path)
		}
		return found.Keyless != ""
	}
	seen := 0
	err := fs.WalkDir(os.DirFS("../web"), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") || strings.Contains(name, "testdata") {
			return err
		}
		text, err := os.ReadFile("../web/" + name)
		if err != nil {
			return err
		}
		for _, form := range formOf.FindAllString(string(text), -1) {
			to := action.FindStringSubmatch(form)
			if to == nil {
				w.Errorf("%s has a form that does not say where it is sent", name)
				continue
			}
			seen++
			path := value.ReplaceAllString(strings.Replace(to[1], "{{$at}}", "/accounts/1", 1), "1")
			if !strings.HasPrefix(path, "/") { // of the frame's parts, and of forms that are given back
				continue
			}
			if !givesKey.MatchString(form) && !keyless(path) {
				w.Errorf("%s: the form to %s lacks {{.Once}}", name, to[1])
			}
		}
		return nil
	})
	w.must(err)
	if seen < 50 {
		w.Errorf("only %d forms were seen", seen)
	}
}

// fits reports whether a path may be one of a pattern, whose wildcards are written as 1.
func fits(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != "1" && p[i] != q[i] {
			return false
		}
	}
	return true
}

// routesSayWhy: a route that anybody calls has no account of which the key would be, and says why it needs none.
func (w *world) routesSayWhy() {
	w.Helper()
	for _, route := range w.site.Routes() {
		if !strings.HasPrefix(route.Pattern, "POST ") {
			continue
		}
		if route.Keyless == "" && route.Who.Admits(access.Session{}) {
			w.Errorf("%s needs a key that nobody looks at", route.Pattern)
		}
		if n := len(strings.Fields(route.Keyless)); route.Keyless != "" && n < 3 {
			w.Errorf("%s does not say why it needs no key", route.Pattern)
		}
	}
}
