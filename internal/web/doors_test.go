package web_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/access/accesstest"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
)

const origin = "http://localhost:8080"

// signedIn signs somebody in who has a password of their own, and returns it.
func (w *world) signedIn(login string, role access.Role, where string) (chosen string) {
	w.Helper()
	first := w.account(login, role, where)
	chosen = "a-good-long-sentence-77"
	w.post("/signin", url.Values{"login": {login}, "password": {first}})
	w.post("/password", url.Values{"old": {first}, "new": {chosen}, "again": {chosen}})
	return chosen
}

var optionsOf = regexp.MustCompile(`(?s)data-passkey="(\w+)" data-answer="([\w-]+)" data-options="(.*?)" hidden>(.*?)</form>`)
var hiddenOf = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// asked is the form on which a page asks for a passkey: the options, the fields as they are, and the field of the answer.
func (p page) asked(t *testing.T, kind string) (options json.RawMessage, fields url.Values, answer string) {
	t.Helper()
	found := optionsOf.FindStringSubmatch(p.raw)
	if found == nil || found[1] != kind {
		t.Fatalf("%s asks for no passkey:\n%s", p.path, p.raw)
	}
	fields = url.Values{}
	for _, f := range hiddenOf.FindAllStringSubmatch(found[4], -1) {
		fields.Add(f[1], html.UnescapeString(f[2]))
	}
	return json.RawMessage(html.UnescapeString(found[3])), fields, found[2]
}

// answered is the form with the device's answer.
func (p page) answered(t *testing.T, d *accesstest.Device) url.Values {
	t.Helper()
	options, fields, answer := p.asked(t, "get")
	fields.Set(answer, string(d.Assert(options)))
	return fields
}

// kept are the hidden fields of the last form of a page.
func (p page) kept() url.Values {
	fields := url.Values{}
	last := p.raw[strings.LastIndex(p.raw, `<form method="post" action`):]
	for _, f := range hiddenOf.FindAllStringSubmatch(last, -1) {
		fields.Add(f[1], html.UnescapeString(f[2]))
	}
	return fields
}

// TestPasskeyPages: a passkey is added, is the second factor, signs in alone, and is removed where another way is left.
func TestPasskeyPages(t *testing.T) {
	w := newWorld(t)
	w.signedIn("wang.fang", access.Decider, "371424100")
	d := accesstest.NewDevice(t, origin, "localhost")
	asking := w.post("/account/passkey/new", nil)
	options, fields, answer := asking.asked(t, "create")
	made := string(d.Register(options))
	fields.Set(answer, made)
	fields.Set("name", "  ")
	again := w.post("/account/passkey", fields)
	again.want(t, "/account/passkey", 422, "起个名字")
	options, fields, answer = again.asked(t, "create")
	fields.Set(answer, string(d.Register(options)))
	fields.Set("name", "办公室<电脑>")
	w.post("/account/passkey", fields).want(t, "/account", 200, "办公室<电脑>", "本次登录")
	w.get("/").want(t, "/", 200, "20000")
	w.post("/account/passkey/remove", url.Values{"id": {idOf(w.get("/account"))}}).want(t, "/account/passkey/remove", 409, "必须有第二种")
	w.post("/signout", nil)

	second := w.post("/signin", url.Values{"login": {"wang.fang"}, "password": {"a-good-long-sentence-77"}})
	second.want(t, "/second", 200)
	w.get("/account").want(t, "/second", 200)
	other := accesstest.NewDevice(t, origin, "localhost")
	w.post("/second/passkey", second.answered(t, other)).want(t, "/second/passkey", 403, "没有通过")
	w.post("/second/passkey", w.get("/second").answered(t, d)).want(t, "/", 200, "20000")
	w.post("/signout", nil)

	w.get("/signin").want(t, "/signin", 200, "用通行密钥登录")
	alone := w.post("/passkey", nil)
	alone.want(t, "/passkey", 200, "/static/passkey.js")
	w.post("/passkey/signin", url.Values{"key": {"x"}, "answer": {"rubbish"}}).want(t, "/passkey/signin", 422, "没有通过")
	w.post("/passkey/signin", alone.answered(t, d)).want(t, "/", 200, "20000")
	if strings.Contains(w.log.String(), "wang.fang") || strings.Contains(w.log.String(), made[:40]) {
		t.Error("the log holds who came, or by what")
	}
}

func idOf(p page) string {
	return regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(p.raw)[1]
}

// TestConfirming: what is sensitive asks again who it is, and goes on with what was written; a wrong proof loses nothing.
func TestConfirming(t *testing.T) {
	w := newWorld(t)
	chosen := w.signedIn("wang.fang", access.Administrator, "371424")
	d := accesstest.NewDevice(t, origin, "localhost")
	options, fields, answer := w.post("/account/passkey/new", nil).asked(t, "create")
	fields.Set(answer, string(d.Register(options)))
	fields.Set("name", "x")
	w.post("/account/passkey", fields).want(t, "/account", 200)
	w.ahead(11 * time.Minute)

	wanted := url.Values{"login": {"li.ming"}, "name": {"李<明>"}, "area": {"371424"}, "staff": {"yes"}, "phone": {"13800001234"}, "once": {"one"}}
	asked := w.post("/accounts", wanted)
	asked.want(t, "/accounts", 403, "请再次确认身份", "十分钟内不再询问")
	if got := asked.kept(); got.Encode() != wanted.Encode() {
		t.Errorf("kept is %v", got)
	}
	wrong := asked.kept()
	wrong.Set("confirm-proof", "wrong")
	asked = w.post("/accounts", wrong)
	asked.want(t, "/accounts", 403, "不正确")
	right := asked.kept()
	if right.Encode() != wanted.Encode() {
		t.Errorf("after a wrong proof kept is %v", right)
	}
	right.Set("confirm-proof", chosen)
	w.post("/accounts", right).want(t, "/accounts", 200, "初始密码", "li.ming")
	w.post("/accounts", right).want(t, "/accounts/2", 200, "li.ming") // sent twice: the password is not shown again
	wanted.Set("once", "two")
	w.post("/accounts", wanted).want(t, "/accounts", 409, "已有人使用", `value="李<明>"`)

	w.ahead(11 * time.Minute)
	byKey := w.post("/accounts", url.Values{"login": {"zhao.liu"}, "name": {"赵六"}, "area": {"371424"}, "staff": {"yes"}})
	byKey = w.post("/accounts", byKey.answered(t, accesstest.NewDevice(t, origin, "localhost")))
	byKey.want(t, "/accounts", 403, "没有通过验证", "请再次确认身份")
	w.post("/accounts", byKey.answered(t, d)).want(t, "/accounts", 200, "zhao.liu")
	w.get("/").want(t, "/", 200, "20000") // the token is another one now

	w.ahead(11 * time.Minute)
	shown := w.get("/enrol")
	shown.want(t, "/enrol", 403, "请再次确认身份")
	to := shown.kept()
	to.Set("confirm-proof", chosen)
	w.post("/confirm", to).want(t, "/enrol", 200, "data:image/png;base64,")
	for _, elsewhere := range []string{"//evil.example/x", "https://evil.example", "\\evil", "", "javascript:alert(1)", "/\\evil.example"} {
		w.post("/confirm", url.Values{"to": {elsewhere}}).want(t, "/", 200, "20000")
	}
}

// TestOwnAccount: codes anew, near relatives, and out of everywhere.
func TestOwnAccount(t *testing.T) {
	w := newWorld(t)
	w.signedIn("wang.fang", access.Officer, "371424100")
	w.get("/account").want(t, "/account", 200, "王芳", "wang.fang", "镇街经办", "未绑定")
	w.post("/account/relative", url.Values{"relation": {"child"}, "number": {"37149919600101001"}}).want(t, "/account/relative", 422, `value="37149919600101001"`)
	w.post("/account/relative", url.Values{"relation": {"child"}, "number": {"371499196001010012"}}).want(t, "/account", 200, "子女", "371499********0012")
	w.post("/account/relative", url.Values{"relation": {"child"}, "number": {"371499196001010012"}}).want(t, "/account/relative", 409, "已申报过")
	declared := w.get("/account")
	if strings.Contains(declared.text, "371499196001010012") {
		t.Error("a relative's number lies open")
	}
	w.post("/account/relative/end", url.Values{"id": {idOf(declared)}}).want(t, "/account", 200)
	if strings.Contains(w.get("/account").text, "今天起不再是") {
		t.Error("a declaration that has ended can be ended")
	}
	other := w.another()
	other.post("/signin", url.Values{"login": {"wang.fang"}, "password": {"a-good-long-sentence-77"}}).want(t, "/", 200)
	w.post("/account/everywhere", nil).want(t, "/signin", 200)
	other.get("/").want(t, "/signin", 200)
}

// TestAccountPages: an administrator makes an account, gives and ends postings, resets and shuts out; others see none of it, nor does the
// administrator anything of elsewhere.
func TestAccountPages(t *testing.T) {
	w := newWorld(t)
	w.account("elsewhere", access.Officer, "371482100")
	for _, login := range []string{"li.ming", "li.na", "zhao.liu"} {
		w.account(login, access.Officer, "371424100")
	}
	w.signedIn("wang.fang", access.Administrator, "371424")
	d := accesstest.NewDevice(t, origin, "localhost")
	options, fields, answer := w.post("/account/passkey/new", nil).asked(t, "create")
	fields.Set(answer, string(d.Register(options)))
	fields.Set("name", "x")
	w.post("/account/passkey", fields)
	list := w.get("/accounts")
	list.want(t, "/accounts", 200, "li.ming", "li.na", "zhao.liu", "wang.fang")
	if strings.Contains(list.text, "elsewhere") {
		t.Error("accounts of elsewhere are listed")
	}
	found := w.get("/accounts?find=LI.")
	found.want(t, "/accounts", 200, "li.ming", "li.na")
	if strings.Contains(found.text, "zhao.liu") {
		t.Error("what was not looked for is found")
	}
	at := regexp.MustCompile(`href="(/accounts/\d+)">li\.ming<`).FindStringSubmatch(list.raw)[1]
	w.get(at).want(t, at, 200, "li.ming", "镇街经办")
	w.post(at+"/posting", url.Values{"role": {"decider"}, "area": {"371424"}, "from": {"2026-11-01"}}).want(t, at+"/posting", 422, "岗位不成立", `value="2026-11-01"`)
	w.post(at+"/posting", url.Values{"role": {"decider"}, "area": {"371424100"}}).want(t, at, 200, "镇街审批")
	w.post(at+"/posting", url.Values{"role": {"decider"}, "area": {"371424100"}}).want(t, at+"/posting", 409, "已有这个岗位")
	posting := regexp.MustCompile(`name="posting" value="(\d+)"`).FindStringSubmatch(w.get(at).raw)[1]
	w.post(at+"/posting/end", url.Values{"posting": {posting}}).want(t, at, 200)
	shown := w.post(at+"/password", nil)
	shown.want(t, at+"/password", 200, "只显示这一次")
	password := regexp.MustCompile(`<code>([a-z2-7]{16})</code>`).FindStringSubmatch(shown.raw)[1]
	other := w.another()
	other.post("/signin", url.Values{"login": {"li.ming"}, "password": {password}}).want(t, "/password", 200)
	w.post(at+"/second", nil).want(t, at, 200)
	other.get("/password").want(t, "/signin", 200)
	w.post(at+"/disable", nil).want(t, at, 200, "恢复使用")
	other.post("/signin", url.Values{"login": {"li.ming"}, "password": {password}}).want(t, "/signin", 403)
	w.post(at+"/enable", nil).want(t, at, 200, "停用：")
	own := regexp.MustCompile(`href="(/accounts/\d+)">wang\.fang<`).FindStringSubmatch(list.raw)[1]
	w.get(own).want(t, own, 200, "另一位管理员")
	w.post(own+"/posting", url.Values{"role": {"officer"}, "area": {"371424100"}}).want(t, own+"/posting", 403, "不能给自己")
	w.get("/accounts/999999").want(t, "/accounts/999999", 404, "没有这个账号")
	w.get("/accounts/x").want(t, "/accounts/x", 404)
	w.post("/signout", nil)
	w.signedIn("officer", access.Officer, "371424100")
	w.get("/accounts").want(t, "/accounts", 403, "不能看这个页面")
	w.post(at+"/disable", nil).want(t, at+"/disable", 403)
}

// TestAccountsByPages: the list goes on after its last one, and finds the same with what was looked for.
func TestAccountsByPages(t *testing.T) {
	w := newWorld(t)
	for i := range 52 {
		w.account("user."+string(rune('a'+i/26))+string(rune('a'+i%26)), access.Officer, "371424100")
	}
	w.site.ActAs(access.Session{Account: 1, Posting: access.Posting{ID: 1, Role: access.Administrator, Area: 371424000000}})
	w.cookie()
	first := w.get("/accounts?find=user.")
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(first.text)
	if next == nil || strings.Count(first.raw, `<td><a href="/accounts/`) != 50 {
		t.Fatalf("the first page:\n%s", first.text)
	}
	second := w.get(next[1])
	if strings.Count(second.raw, `<td><a href="/accounts/`) != 2 || strings.Contains(second.raw, `rel="next"`) || !strings.Contains(second.text, "user.bz") {
		t.Errorf("the second page:\n%s", second.text)
	}
}

// TestOutsidePages: an account is linked with an outside identity and signed in to by it; what another browser began is not finished.
func TestOutsidePages(t *testing.T) {
	i := accesstest.NewIssuer(t, time.Now, origin+"/outside")
	w := newWorld(t, func(c *access.Config) {
		c.Outside = &access.Provider{Issuer: i.URL, ClientID: "dajiuzhu", Secret: sealed.NewSecret(sealed.Other, "client-secret"), Redirect: origin + "/outside"}
	})
	i.Subject = "u-1"
	address := regexp.MustCompile(`href="(http[^"]+/authorize[^"]+)"`)
	leave := func(path string) string {
		t.Helper()
		p := w.post(path, nil)
		p.want(t, path, 200, "前往统一身份认证")
		state, code := i.Authorise(t, address.FindStringSubmatch(p.text)[1])
		return "/outside?" + url.Values{"state": {state}, "code": {code}}.Encode()
	}
	back := leave("/outside")
	w.another().get(back).want(t, "/outside", 422, "不是从本浏览器开始的")
	w.get(back).want(t, "/outside", 403, "还没有与本平台的账号关联")
	w.signedIn("wang.fang", access.Officer, "371424100")
	w.get(leave("/account/outside")).want(t, "/account", 200, "已关联")
	w.post("/signout", nil)
	w.get("/signin").want(t, "/signin", 200, "用统一身份认证登录")
	w.get(leave("/outside")).want(t, "/", 200, "20000")
	w.post("/account/outside/unlink", nil).want(t, "/account", 200, "未关联")
	w.post("/signout", nil)
	w.get(leave("/outside")).want(t, "/outside", 403)
}

// uploads is a package of pages with one that reads its own body.
type uploads struct{ got []string }

func (u *uploads) Routes() []web.Route {
	return []web.Route{{Pattern: "POST /upload", Who: web.Ready, Largest: 1 << 20, Keyless: "a test", Do: func(v *web.Visit) error {
		parts, err := v.R.MultipartReader()
		if err != nil {
			return err
		}
		part, err := parts.NextPart()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(part)
		u.got = append(u.got, string(content))
		return err
	}}}
}

// TestUploadsAreTheirs: who takes larger bodies gets them whole, though every form may bring a proof.
func TestUploadsAreTheirs(t *testing.T) {
	u := &uploads{}
	w := newWorldOf(t, []web.Pages{u})
	w.site.ActAs(access.Session{Account: 1, Posting: access.Posting{ID: 1, Role: access.Officer}})
	w.cookie()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	part, _ := parts.CreateFormFile("file", "a.csv")
	io.WriteString(part, "a,b\n1,2\n")
	parts.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/upload", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", parts.FormDataContentType())
	w.do(r).want(t, "/upload", 200)
	if len(u.got) != 1 || u.got[0] != "a,b\n1,2\n" {
		t.Errorf("the upload is %q", u.got)
	}
}
