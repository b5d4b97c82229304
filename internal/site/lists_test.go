package site_test

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/web"
)

// lists: every list that can be taken out is, by everybody who sees it, and the file says no more of the household than the list does.
func (w *world) lists(visitors []visitor) {
	w.Helper()
	made, held := 0, 0
	for _, route := range w.site.Routes() {
		if route.Export == nil {
			continue
		}
		path := strings.TrimPrefix(route.Pattern, "GET ")
		for _, v := range visitors {
			if !route.Who.Admits(v.session) {
				continue
			}
			purpose := ""
			if route.Export.Personal {
				all := access.PurposesOf(v.role)
				if len(all) == 0 {
					continue
				}
				purpose = string(all[0])
			}
			query := "programme=dibao&view=under"
			list := w.ask(v.token, "GET", path+"?"+query, nil)
			if !strings.Contains(list.text, `action="/exports"`) {
				w.Errorf("%s offers no file to a %s", path, v.role)
			}
			if a := w.ask(v.token, "POST", "/exports", url.Values{"once": {rand.Text()}, "path": {path}, "query": {query}, "purpose": {purpose}}); a.to != "/exports" {
				w.Errorf("a %s asks for %s and gets %d", v.role, path, a.status)
				continue
			}
			var id int64
			w.must(w.db.Own().QueryRow(w.Context(), "select max(id) from page_export").Scan(&id))
			w.must(w.site.MakeExport(w.Context(), web.ExportJob{Export: id}))
			a := w.ask(v.token, "POST", fmt.Sprintf("/exports/%d/file", id), nil)
			if a.status != 200 {
				w.Errorf("the file of %s comes to a %s with %d: %s", path, v.role, a.status, a.text)
				continue
			}
			made++
			for _, trace := range append([]string{people[0].number}, traces...) {
				if strings.Contains(a.text, trace) && !strings.Contains(list.text, trace) {
					w.Errorf("the file of %s shows %s to a %s, of which the list does not", path, trace, v.role)
				}
			}
			held += strings.Count(a.text, "\n") - 1
		}
	}
	var told int
	w.must(w.db.Own().QueryRow(w.Context(), "select count(*) from notification n join page_export e on n.about = 'export:' || e.id and n.account = e.account where n.template = 'export-ready'").Scan(&told))
	if told != made {
		w.Errorf("of %d files %d are told of", made, told)
	}
	if made < 15 || held < 10 {
		w.Errorf("%d files were made with %d rows", made, held)
	}
}
