package site_test

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"dajiuzhu/internal/access"
)

var onceField = regexp.MustCompile(`name="once" value="([^"]+)"`)

// Whoever manages accounts finds the place of one by its name, in the own area only, without scripts, and what was written stays.
func TestPlaceOfAnAccount(t *testing.T) {
	w := newWorld(t)
	_, token := w.signedUp(access.Administrator, 371424000000, "")
	at := func(path string, fields url.Values) string {
		t.Helper()
		if m := onceField.FindStringSubmatch(w.ask(token, "GET", strings.TrimSuffix(path, "/posting"), nil).text); m != nil {
			fields.Set("once", m[1])
		}
		a := w.ask(token, "POST", path, fields)
		if a.status != 200 {
			t.Errorf("%s: %d\n%s", path, a.status, a.text)
		}
		return a.text
	}
	if form := w.ask(token, "GET", "/accounts/new", nil).text; !strings.Contains(form, `value="371424" checked`) || !strings.Contains(form, "临邑县临邑镇</label>") {
		t.Error("a new account is not offered the own area and what lies below")
	}
	looking := url.Values{"do": {"find-place"}, "place": {"临邑 国寨"}, "login": {"zhang.wei"}, "name": {"张伟"}, "staff": {"yes"}, "area": {"371424"}}
	new := at("/accounts", looking)
	for _, want := range []string{`value="371424100281" required> 临邑县临邑镇国寨村`, `value="371424" checked`, `value="zhang.wei"`, `value="张伟"`} {
		if !strings.Contains(new, want) {
			t.Errorf("after a search for a place the form has no %s", want)
		}
	}
	looking.Set("place", "陵城")
	if none := at("/accounts", looking); !strings.Contains(none, "没有找到这个地方") {
		t.Error("a place of another county is found")
	}
	other, _ := w.signedUp(access.Assistant, village, "")
	path := "/accounts/" + strconv.FormatInt(other, 10) + "/posting"
	if posting := at(path, url.Values{"do": {"find-place"}, "place": {"临邑镇"}, "role": {"officer"}, "department": {""}}); !strings.Contains(posting, `value="officer" selected`) ||
		!strings.Contains(posting, `value="371424100000"`) && !strings.Contains(posting, `value="371424100"`) || !strings.Contains(posting, "还有更多") {
		t.Errorf("a posting's place is not found")
	}
}
