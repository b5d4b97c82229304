package web_test

import (
	"net/url"
	"testing"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/web"
)

// What somebody sends after the session has ended is there for the same person after signing in again, once, and for nobody else.
func TestWhatWasWrittenIsKept(t *testing.T) {
	const said = "老人独居，腿脚不便"
	c := &counting{}
	w := newWorldOf(t, []web.Pages{c})
	chosen := w.signedIn("wang.fang", access.Officer, "371424100")
	sent := func() page { return w.post("/count", url.Values{"once": {"one"}, "text": {said}}) }
	w.ahead(31 * time.Minute)
	sent().want(t, "/signin", 200)
	back := w.post("/signin", url.Values{"login": {"wang.fang"}, "password": {chosen}})
	back.want(t, "/kept", 200, said, "继续提交")
	fields := url.Values{"kept-form": {hiddenValue(t, back, "kept-form")}, "once": {"one"}, "text": {said}}
	w.post("/count", fields).want(t, "/count/1", 200)
	w.get("/kept").want(t, "/", 200)
	sent().want(t, "/count/1", 200) // the page gone back to

	w.ahead(31 * time.Minute)
	w.post("/count", url.Values{"once": {"two"}, "text": {said}}).want(t, "/signin", 200)
	first := w.account("li.na", access.Officer, "371424101")
	w.post("/signin", url.Values{"login": {"li.na"}, "password": {first}})
	w.post("/password", url.Values{"old": {first}, "new": {chosen}, "again": {chosen}}).want(t, "/", 200)
	if p := w.get("/kept"); p.path != "/" {
		t.Errorf("somebody else comes to %s", p.path)
	}
	if c.done != 1 {
		t.Errorf("%d acts, want 1", c.done)
	}

	w.post("/signout", nil)
	w.post("/password", url.Values{"old": {"x"}, "new": {"a secret of mine"}, "again": {"a secret of mine"}}).want(t, "/signin", 200)
	w.post("/signin", url.Values{"login": {"li.na"}, "password": {chosen}}).want(t, "/", 200)
}

func hiddenValue(t *testing.T, p page, name string) string {
	t.Helper()
	for _, f := range hiddenOf.FindAllStringSubmatch(p.raw, -1) {
		if f[1] == name {
			return f[2]
		}
	}
	t.Fatalf("%s has no field %q", p.path, name)
	return ""
}
