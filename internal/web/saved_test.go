package web_test

import (
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/web"
)

//go:embed testdata/pages/*.html
var listPages embed.FS

// listing is a page with a list.
type listing struct{ t *web.Templates }

func (l listing) Routes() []web.Route {
	show := func(v *web.Visit) error { return v.Render(http.StatusOK, l.t, "list", nil) }
	return []web.Route{{Pattern: "GET /list", Who: web.Ready, Do: show, List: true}, {Pattern: "GET /other", Who: web.Ready, Do: show}}
}

// between is the first text between two others.
func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

// A view of a list is kept for whoever keeps it, replaced by one of the same name, and dropped; nobody else sees it, and of other pages none is kept.
func TestViews(t *testing.T) {
	pages, err := fs.Sub(listPages, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := web.ParseTemplates(pages)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, []web.Pages{listing{templates}})
	w.signedIn("wang.fang", access.Officer, "371424100")
	save := func(key, path, query, name string) page {
		return w.post("/views", url.Values{"once": {key}, "path": {path}, "query": {query}, "name": {name}})
	}
	save("a", "/list", "level=red&after=12.3&rule=", "红色的").want(t, "/list", 200, `href="/list?level=red" aria-current="page">红色的`)
	save("b", "/list", "level=orange", "红色的").want(t, "/list", 200, `href="/list?level=orange"`)
	if p := w.get("/list"); strings.Contains(p.text, "level=red") {
		t.Errorf("a view of the same name is there beside:\n%s", p.text)
	}
	save("c", "/other", "q=x", "别的").want(t, "/views", 422, "不能保存")
	save("d", "/list", "level=red", strings.Repeat("长", 31)).want(t, "/views", 422, "名字")
	save("e", "/list", "level="+strings.Repeat("x", 600), "长").want(t, "/views", 422, "太长")
	other := w.another()
	other.signedIn("li.na", access.Officer, "371424100")
	if p := other.get("/list"); strings.Contains(p.text, "红色的") {
		t.Error("somebody else sees the view")
	}
	drop := "/views/" + between(w.get("/list").raw, `action="/views/`, `/drop"`) + "/drop"
	other.post(drop, url.Values{"once": {"f"}}).want(t, drop, 404)
	w.post(drop, url.Values{"once": {"g"}}).want(t, "/list", 200)
	if p := w.get("/list"); strings.Contains(p.text, "红色的") {
		t.Error("a dropped view is there")
	}
}
