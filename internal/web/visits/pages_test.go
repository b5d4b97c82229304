package visits_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/visit"
)

var input = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// form is the hidden fields of a page's forms.
func (p page) form() url.Values {
	all := url.Values{}
	for _, m := range input.FindAllStringSubmatch(p.text(), -1) {
		if !all.Has(m[1]) {
			all.Set(m[1], m[2])
		}
	}
	return all
}

// picture is a JPEG as a camera makes it, with a place in it.
func picture(t *testing.T) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08"), []byte("GPS 37.43 N 116.86 E SECRET")...)
	segment := append([]byte{0xFF, 0xE1, 0, byte(len(exif) + 2)}, exif...)
	return slices.Concat(b.Bytes()[:2], segment, b.Bytes()[2:])
}

// Without scripts a visit is a form: read, answered, mended, with a photograph, ended.
func TestPlainForms(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"]}, Warnings: []int64{1}, Note: "孩子住院"})
	b := w.signedIn("fang")
	list := b.get("/visits")
	for _, want := range []string{"国*强", "国寨村12号", "橙色", "今天到期", "孩子住院", fmt.Sprintf("/visits/%d", id)} {
		if !strings.Contains(list.text(), want) {
			t.Errorf("today's visits do not show %q", want)
		}
	}
	if strings.Contains(list.text(), "国志强") {
		t.Error("the list shows a name whole")
	}
	path := fmt.Sprintf("/visits/%d", id)
	sheet := b.get(path)
	f := sheet.form()
	f.Set("a.person:2:person.married", "true")
	f.Set("a.household:1:household.rent_12m", "一千二")
	f.Set("a.visit:1:dwelling", "?unknown")
	f["a.visit:1:basics"] = []string{"heating", "food"}
	f.Set("said_by", "国志强")
	wrong := b.post(path, f)
	if wrong.status != 422 || !strings.Contains(wrong.text(), "一千二") || !strings.Contains(wrong.text(), "先改正") || len(w.stands()) != 0 {
		t.Errorf("an amount in words: %d, %v", wrong.status, w.stands())
	}
	f.Set("a.household:1:household.rent_12m", "1200.50")
	for range 2 { // sent twice, it is one sending
		if p := b.post(path, f); p.status != 200 || p.path != path+"/check" || !strings.Contains(p.text(), "1200.5") || !strings.Contains(p.text(), "不知道") {
			t.Fatalf("answered: %d %s", p.status, p.path)
		}
	}
	if got, want := w.stands(), []string{`household.rent_12m 1 = "1200.5"`, "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	var n int
	if err := w.db.Own().QueryRow(t.Context(), "select count(*) from visit_answer").Scan(&n); err != nil || n != 4 {
		t.Errorf("%d answers are there, want 4 (%v)", n, err)
	}
	// The form is filled in when it is opened again, and says nothing new unless something changed.
	again := b.get(path)
	f = again.form()
	f.Set("a.person:2:person.married", "false")
	f.Set("a.household:1:household.rent_12m", "1200.5")
	b.post(path, f)
	if got := w.stands(); !slices.Contains(got, "person.married 2 = false") || len(got) != 3 {
		t.Errorf("after a change %v stand", got)
	}
	check := b.get(path + "/check")
	photo := picture(t)
	if p := b.upload(path, check.form().Get("token"), "photo", "image/jpeg", photo); p.path != path+"/check" || !strings.Contains(p.text(), "查看") {
		t.Errorf("a photograph: %d %s", p.status, p.text())
	}
	link := regexp.MustCompile(`/visit-files/[0-9a-f-]+`).FindString(b.get(path + "/check").text())
	kept := b.get(link)
	if kept.header.Get("Content-Type") != "image/jpeg" || strings.Contains(kept.raw, "SECRET") || len(kept.raw) < 100 {
		t.Errorf("the photograph is kept as %d bytes of %s", len(kept.raw), kept.header.Get("Content-Type"))
	}
	if p := b.upload(path, check.form().Get("token")+"x", "photo", "image/jpeg", []byte("<script>alert(1)</script>")); p.status != 422 {
		t.Errorf("a script that calls itself a photograph: %d", p.status)
	}
	end := check.form()
	end.Set("result", "met")
	if p := b.post(path+"/end", end); p.path != "/visits" || !strings.Contains(p.text(), "没有要走访") {
		t.Errorf("the end: %d %s", p.status, p.path)
	}
	if p := b.post(path+"/end", end); p.path != "/visits" {
		t.Errorf("the end once more: %d %s", p.status, p.path)
	}
}

func (b *browser) upload(path, token, kind, media string, content []byte) page {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("token", token)
	_ = m.WriteField("kind", kind)
	part, _ := m.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="x.jpg"`}, "Content-Type": {media}})
	_, _ = part.Write(content)
	_ = m.Close()
	return b.do("POST", path+"/files", m.FormDataContentType(), &body)
}

// Two who filled the form at the same time and differ are put before an officer.
func TestTwoForms(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"], w.ids["qiang"]}, People: 2, BothSign: true, Purpose: visit.Survey})
	path := fmt.Sprintf("/visits/%d", id)
	fang, qiang, jing := w.signedIn("fang"), w.signedIn("qiang"), w.signedIn("jing")
	one, other := fang.get(path).form(), qiang.get(path).form()
	one.Set("a.person:2:person.married", "true")
	other.Set("a.person:2:person.married", "false")
	fang.post(path, one)
	if p := qiang.post(path, other); !strings.Contains(p.text(), "待裁定") {
		t.Error("the second is not told that there is another answer")
	}
	if got := w.stands(); len(got) != 0 {
		t.Errorf("%v stand", got)
	}
	end := fang.get(path + "/check").form()
	end.Set("result", "met")
	if p := fang.post(path+"/end", end); p.status != 409 || !strings.Contains(p.text(), "要2名走访人签字") || !strings.Contains(p.text(), "家庭成员签字") {
		t.Errorf("an end without signatures: %d", p.status)
	}
	open := jing.get("/visit-conflicts")
	for _, want := range []string{"现在有没有配偶", "王芳", "赵强", "是", "否"} {
		if !strings.Contains(open.text(), want) {
			t.Errorf("what waits does not show %q", want)
		}
	}
	action := regexp.MustCompile(`/visit-conflicts/\d+`).FindString(open.raw)
	answer := regexp.MustCompile(`name="answer" value="(\d+)"`).FindStringSubmatch(open.raw)[1]
	f := open.form()
	f.Set("answer", answer)
	if p := fang.post(action, f); p.status != 403 {
		t.Errorf("an assistant decides: %d", p.status)
	}
	f.Set("answer", "999")
	f.Set("reason", "看了结婚证")
	if !strings.Contains(open.text(), "村级协理员") || strings.Contains(open.text(), "assistant") {
		t.Error("who answered is not named with the role")
	}
	if p := jing.post(action, f); p.status != 409 || !strings.Contains(p.raw, `value="看了结婚证"`) {
		t.Errorf("an answer that is none: %d", p.status)
	}
	f.Set("answer", answer)
	if p := jing.post(action, f); p.path != "/visit-conflicts" || !strings.Contains(p.text(), "没有要裁定的") {
		t.Errorf("decided: %d %s", p.status, p.path)
	}
	if p := jing.post(action, f); p.path != "/visit-conflicts" || p.status != 200 {
		t.Errorf("the same form again: %d %s", p.status, p.path)
	}
	if got := w.stands(); !slices.Equal(got, []string{"person.married 2 = true"}) {
		t.Errorf("%v stand", got)
	}
}

// An officer sees which visits are planned, gives one to others and calls one off.
func TestPlans(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"]}})
	jing, fang := w.signedIn("jing"), w.signedIn("fang")
	if p := fang.get("/visit-plans"); p.status != 403 {
		t.Errorf("an assistant sees the plans: %d", p.status)
	}
	list := jing.get("/visit-plans")
	for _, want := range []string{"国*强", "王芳", "赵强", "今天到期"} {
		if !strings.Contains(list.text(), want) {
			t.Errorf("the plans do not show %q", want)
		}
	}
	path := fmt.Sprintf("/visit-plans/%d", id)
	f := jing.get(path).form()
	to := func(of url.Values, more url.Values) url.Values {
		all := url.Values{"once": of["once"], "seen": of["seen"]}
		maps.Copy(all, more)
		return all
	}
	if p := jing.post(path, to(f, url.Values{"do": {"reassign"}, "due": {today().String()}})); p.status != 422 || !strings.Contains(p.text(), "要1人同去") {
		t.Errorf("given to nobody: %d", p.status)
	}
	if p := jing.post(path, to(f, url.Values{"do": {"reassign"}, "due": {today().AddDays(-1).String()}, "to": {fmt.Sprint(w.ids["qiang"])}})); p.status != 422 || !strings.Contains(p.text(), "已经过去") {
		t.Errorf("due on a day that has gone by: %d", p.status)
	}
	if p := jing.post(path, to(f, url.Values{"do": {"reassign"}, "due": {today().AddDays(3).String()}, "to": {fmt.Sprint(w.ids["qiang"])}})); p.path != "/visit-plans" || strings.Contains(p.text(), "今天到期") {
		t.Errorf("given to another: %d %s", p.status, p.path)
	}
	if p := fang.get("/visits"); strings.Contains(p.raw, fmt.Sprintf("/visits/%d", id)) {
		t.Error("who does not go any more still has the visit")
	}
	if p := fang.get(fmt.Sprintf("/visits/%d", id)); p.path != fmt.Sprintf("/visits/%d/check", id) || strings.Contains(p.raw, `id="end"`) {
		t.Errorf("who does not go any more may still end it: %s", p.path)
	}
	off := url.Values{"do": {"cancel"}, "reason": {"已在医院见到"}}
	if p := jing.post(path, to(url.Values{"once": {"old"}, "seen": f["seen"]}, off)); p.status != 409 || !strings.Contains(p.text(), "已经改过") {
		t.Errorf("called off as it stood before: %d", p.status)
	}
	f = jing.get(path).form()
	if p := jing.post(path, to(f, url.Values{"do": {"cancel"}, "reason": {"  "}})); p.status != 422 || !strings.Contains(p.text(), "请写明理由") {
		t.Errorf("called off without a reason: %d", p.status)
	}
	if p := jing.post(path, to(f, off)); p.path != "/visit-plans" || !strings.Contains(p.text(), "没有安排的走访") {
		t.Errorf("called off: %d %s", p.status, p.path)
	}
	if p := jing.get(path); !strings.Contains(p.text(), "不能再改") || strings.Contains(p.raw, "<fieldset") {
		t.Errorf("what was called off: %d", p.status)
	}
}

// A visit is planned from nothing: the household is searched in the own area, and what lacks is told with what was written kept.
func TestPlanByHand(t *testing.T) {
	w := newWorld(t)
	jing, fang := w.signedIn("jing"), w.signedIn("fang")
	if p := fang.get("/visit-plans/new"); p.status != 403 {
		t.Errorf("an assistant plans: %d", p.status)
	}
	if p := jing.get("/visit-plans/new?q=" + url.QueryEscape("国志强")); !strings.Contains(p.text(), "国寨村12号") || !strings.Contains(p.raw, "/visit-plans/new/1") {
		t.Errorf("the search: %d", p.status)
	}
	if p := jing.get("/visit-plans/new/999"); p.status != 404 {
		t.Errorf("a household that is not: %d", p.status)
	}
	form := jing.get("/visit-plans/new/1")
	for _, want := range []string{"国志强", "王芳", "村级协理员", "定期核查", "核实反映"} {
		if !strings.Contains(form.text(), want) {
			t.Errorf("the form does not show %q", want)
		}
	}
	if strings.Contains(form.raw, `value="sample"`) {
		t.Error("a township is offered the county's samples")
	}
	f := form.form()
	f.Set("note", "屋顶漏雨 <script>alert(1)</script>")
	fangs, jings := fmt.Sprint(w.ids["fang"]), fmt.Sprint(w.ids["jing"])
	for _, try := range []struct {
		purpose, due string
		to           []string
		says         string
	}{
		{"review", today().String(), []string{fangs}, "要2人同去"},
		{"review", today().AddDays(-1).String(), []string{fangs, jings}, "已经过去"},
		{"review", "", []string{fangs, jings}, "请写明最迟哪天"},
		{"review", "someday", []string{fangs, jings}, "someday"},
		{"", today().String(), []string{fangs}, "不是走访的目的"},
		{"survey", today().String(), []string{fangs, jings}, "入户调查在事项里安排"},
		{"report", today().String(), []string{"4711"}, "不是"},
	} {
		f.Set("purpose", try.purpose)
		f.Set("due", try.due)
		f["to"] = try.to
		p := jing.post("/visit-plans", f)
		if p.status != 422 || !strings.Contains(p.text(), try.says) || !strings.Contains(p.raw, "屋顶漏雨 &lt;script&gt;") {
			t.Errorf("%v: %d, want %q", try, p.status, try.says)
		}
	}
	f.Set("purpose", "sample")
	f.Set("due", today().String())
	f["to"] = []string{fangs, jings}
	if p := jing.post("/visit-plans", f); p.status != 403 || !strings.Contains(p.text(), "县级监管") {
		t.Errorf("a township plans a sample: %d", p.status)
	}
	f.Set("purpose", "review")
	for range 2 { // sent twice, it is one visit
		if p := jing.post("/visit-plans", f); p.path != "/visit-plans" || !strings.Contains(p.text(), "定期核查") {
			t.Fatalf("planned: %d %s", p.status, p.path)
		}
	}
	var got string
	if err := w.db.Own().QueryRow(t.Context(), "select string_agg(purpose || ' ' || people || ' ' || both_sign || ' ' || note, '|') from visit").Scan(&got); err != nil || got != "review 2 true 屋顶漏雨 <script>alert(1)</script>" {
		t.Errorf("planned is %q (%v)", got, err)
	}
	if p := jing.get("/visit-plans/new/1"); !strings.Contains(p.text(), "已经安排了走访") {
		t.Error("who plans another is not told of the first")
	}
	for query, there := range map[string]bool{"purpose=review": true, "purpose=report": false, "visitor=" + fangs: true, "visitor=" + fmt.Sprint(w.ids["qiang"]): false,
		"due=today": true, "due=over": false, "area=371424100281": true, "area=371424100282": false, "after=" + today().String() + ".9": false, "area=nowhere": true} {
		if p := jing.get("/visit-plans?" + query); p.status != 200 || strings.Contains(p.raw, `id="visit-1"`) != there {
			t.Errorf("%s: %d, the visit is there: %v", query, p.status, !there)
		}
	}
}

// What waits for a decision comes page by page, by who answered and where, and the list is where it was after a decision.
func TestOpenList(t *testing.T) {
	w := newWorld(t)
	one := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"], w.ids["qiang"]}})
	w.own(fmt.Sprintf(`insert into visit_conflict (household, area, visit, unit, unit_id, fact) select 1, 0, %d, 'household', n, 'household.rent_12m' from generate_series(1, 25) n`, one))
	jing := w.signedIn("jing")
	first := jing.get("/visit-conflicts")
	if n := strings.Count(first.raw, `action="/visit-conflicts/`); n != 20 {
		t.Errorf("the first page has %d", n)
	}
	next := regexp.MustCompile(`/visit-conflicts\?after=\d+`).FindString(first.raw)
	second := jing.get(next)
	if n := strings.Count(second.raw, `action="/visit-conflicts/`); n != 5 || !strings.Contains(second.text(), "回到第一页") {
		t.Errorf("the second page, %s, has %d", next, n)
	}
	f := second.form()
	f.Set("answer", "0")
	f.Set("reason", "再问")
	if p := jing.post("/visit-conflicts/25", f); p.path != "/visit-conflicts" || strings.Count(p.raw, `action="/visit-conflicts/`) != 4 {
		t.Errorf("after a decision on the second page: %d %s", p.status, p.path)
	}
	for query, n := range map[string]int{"visitor=" + fmt.Sprint(w.ids["fang"]): 0, "area=371424100281": 20, "area=371424100282": 0, "kind=aside": 0} {
		if p := jing.get("/visit-conflicts?" + query); p.status != 200 || strings.Count(p.raw, `action="/visit-conflicts/`) != n {
			t.Errorf("%s: %d of %d", query, strings.Count(p.raw, `action="/visit-conflicts/`), n)
		}
	}
}

// What a device sends is taken of whoever is signed in; nobody else gets in, and nothing of a visit is shown to who may not see it.
func TestDevices(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Household: 1, Visitors: []int64{w.ids["fang"]}})
	bundle := fmt.Sprintf(`{"bundle":"00000000-0000-4000-8000-000000000001","device":"00000000-0000-4000-8000-000000000002","visit":%d,"answers":[
		{"id":"00000000-0000-4000-8000-000000000003","seq":1,"unit":"person","of":2,"fact":"person.married","kind":"value","value":true,"base":"0.0","at":"2026-11-02T10:00:00Z"}],
		"place":{"latitude":37.4301234,"longitude":116.86,"accuracy":12.5,"at":"2026-11-02T10:00:00Z"}}`, id)
	if p := w.browser().send("POST", "/visits/sync", bundle); p.path != "/signin" {
		t.Errorf("nobody sends: %s", p.path)
	}
	b := w.signedIn("fang")
	device := `{"device":"00000000-0000-4000-8000-000000000002"}`
	key := b.send("POST", "/visits/key", device)
	if !regexp.MustCompile(fmt.Sprintf(`"account":%d,"key":"[\w+/]{43}="`, w.ids["fang"])).MatchString(key.raw) {
		t.Errorf("key: %d %s", key.status, key.raw)
	}
	if again := b.send("POST", "/visits/key", device); again.raw != key.raw {
		t.Errorf("the key of the same phone is another the second time: %s, %s", again.raw, key.raw)
	}
	other := w.signedIn("qiang").send("POST", "/visits/key", device)
	if _, mine, _ := strings.Cut(key.raw, "key"); other.status != 200 || strings.HasSuffix(other.raw, mine) {
		t.Errorf("another account is given %d %s on the same phone", other.status, other.raw)
	}
	if p := w.browser().send("POST", "/visits/key", device); p.path != "/signin" {
		t.Errorf("nobody asks for a key: %s", p.path)
	}
	for _, bad := range []string{"", "{}", `{"device":"x"}`} {
		if p := b.send("POST", "/visits/key", bad); p.status != 422 || !strings.Contains(p.raw, `"wrong"`) {
			t.Errorf("a key for %q: %d %s", bad, p.status, p.raw)
		}
	}
	first := b.send("POST", "/visits/sync", bundle)
	if first.status != 200 || !strings.Contains(first.raw, `"state":"taken"`) {
		t.Fatalf("sync: %d %s", first.status, first.raw)
	}
	if again := b.send("POST", "/visits/sync", bundle); again.raw != first.raw {
		t.Errorf("again: %s, first: %s", again.raw, first.raw)
	}
	for _, bad := range []string{"", "{", "[]", `{"bundle":"x"}`, bundle + bundle, strings.Repeat(" ", 2<<20)} {
		if p := b.send("POST", "/visits/sync", bad); p.status != 422 || !strings.Contains(p.raw, `"wrong"`) {
			t.Errorf("%.20q: %d %s", bad, p.status, p.raw)
		}
	}
	for _, path := range []string{"/visits/999", "/visits/x", "/visit-files/x", "/visit-files/00000000-0000-4000-8000-000000000009", "/static/visits/../app.js", "/static/visits/nothing.js"} {
		if p := b.get(path); p.status != 404 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	// Whose posting has ended still sends what was answered before: it is kept and put before the township.
	w.own(fmt.Sprintf("update posting set to_date = from_date + 1 where account = %d", w.ids["fang"]))
	late := w.signedIn("fang")
	if p := late.get("/visits"); p.status == 200 && p.path == "/visits" {
		t.Error("who has no posting any more sees visits")
	}
	if p := late.send("POST", "/visits/key", device); p.raw != key.raw {
		t.Errorf("the key after the posting has ended: %d %s", p.status, p.raw)
	}
	if p := late.send("POST", "/visits/sync", strings.NewReplacer("000000000001", "000000000011", "000000000003", "000000000013").Replace(bundle)); !strings.Contains(p.raw, `"state":"aside"`) {
		t.Errorf("after the posting has ended: %d %s", p.status, p.raw)
	}
	for path, kind := range map[string]string{"/visits/sw.js": "text/javascript; charset=utf-8", "/visits/app.webmanifest": "application/manifest+json", "/static/visits/icon-192.png": "image/png"} {
		if p := w.browser().get(path); p.status != 200 || p.header.Get("Content-Type") != kind || strings.Contains(p.raw, "VERSION") {
			t.Errorf("%s: %d %s", path, p.status, p.header.Get("Content-Type"))
		}
	}
}
