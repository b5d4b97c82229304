package site_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>"'`

// What somebody may write into fields, by what is wrong with it: into all that there are, into those that take long texts, or into one, which is then
// more than a form may be.
var written = []struct {
	what, text string
	into       *regexp.Regexp
}{
	{"a script", hostile, fieldName}, {"no text", "\xff\xfe\x80", fieldName}, {"a NUL", "a\x00b", fieldName}, {"letters for a number", "12a", fieldName},
	{"a huge number", "99999999999999999999", fieldName}, {"a negative number", "-1", fieldName}, {"a day that is none", "2026-13-45", fieldName},
	{"a quote", `'; drop table person; --`, fieldName}, {"nothing", "", fieldName}, {"another direction", "a\u202eb\ufeff", fieldName},
	{"more than anybody writes", strings.Repeat("x", 4001), longField}, {"much", strings.Repeat("很长", 5000), regexp.MustCompile(`\bname="(reason)"`)},
}

var (
	fieldName = regexp.MustCompile(`\bname="([A-Za-z0-9_.-]+)"`)
	longField = regexp.MustCompile(`<textarea\b[^>]*\bname="([A-Za-z0-9_.-]+)"`)
)

// fieldNames are the names of all fields of a kind, in all forms that there are in templates.
func (w *world) fieldNames(kind *regexp.Regexp) []string {
	w.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS("../web"), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		text, err := os.ReadFile("../web/" + name)
		for _, m := range kind.FindAllStringSubmatch(string(text), -1) {
			all = append(all, m[1])
		}
		return err
	})
	w.must(err)
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(n string) bool { return n == "once" || strings.HasPrefix(n, "confirm-") })
	return all
}

// badInput: whatever is written into the fields of every form there is, whoever may send it gets an answer that says what is wrong, or it is taken; nothing breaks,
// and nothing of it is ever part of a page.
func (w *world) badInput(visitors []visitor) {
	w.Helper()
	answered, kept := map[int]int{}, map[string]bool{} // whether what was written is in the form that comes back
	for _, bad := range written {
		form := url.Values{}
		for _, n := range w.fieldNames(bad.into) {
			form.Set(n, bad.text)
		}
		fields := form.Encode()
		for _, route := range w.site.Routes() {
			method, path := call(route.Pattern)
			if method != "POST" || route.Largest > 0 || ends(route.Pattern) || strings.Contains(route.Pattern, "password") || strings.Contains(route.Pattern, "passkey") {
				continue
			}
			for _, v := range visitors {
				if !route.Who.Admits(v.session) {
					continue
				}
				for _, at := range paths(path) {
					a := w.send(v.token, method, at, "application/x-www-form-urlencoded", []byte("once="+rand.Text()+"&"+fields))
					answered[a.status]++
					w.looksAt(bad.what+" sent to "+at+" by a "+string(v.role), a)
					if bad.text == hostile && a.status == 422 {
						kept[at] = kept[at] || strings.Contains(a.text, "&lt;script&gt;alert(1)")
					}
				}
				if bad.what != "a script" {
					break
				}
			}
		}
	}
	if answered[422] < 200 {
		w.Errorf("forms are answered with %v: too few say what is wrong", answered)
	}
	for at, is := range kept {
		if !is && !slices.Contains(withoutTexts, at) {
			w.Errorf("the form to %s comes back without what was written", at)
		}
	}
	for _, route := range w.site.Routes() {
		method, path := call(route.Pattern)
		for i, v := range visitors {
			if method != "GET" || strings.HasPrefix(path, "/outside") || !route.Who.Admits(v.session) {
				continue
			}
			w.looksAt("afterwards "+path+" of a "+string(v.role), w.ask(v.token, method, path+"?q="+url.QueryEscape(hostile)+"&find="+url.QueryEscape(hostile), nil))
			if i%4 > 0 {
				continue
			}
			w.looksAt("asked illegibly "+path, w.ask(v.token, method, path+"?q=%ff%00&after=%00&area=x&on=y&month=z&n=a&view=%ff", nil))
		}
	}
}

// withoutTexts are forms that come back without what was written, each for its reason.
var withoutTexts = []string{
	"/warnings", "/visits/1/end", "/visit-conflicts/1", "/files/1/open/1", "/posting", "/exports", // nobody writes in them: they hold choices and buttons
	"/report", "/visits/1", // of no place, or of no token, as no page sends them
	"/views",                      // a name of thirty letters
	"/cases/1/open/1", "/my/sign", // a purpose is chosen; a box is ticked
	"/window/call", // the number of a card is not shown again
}

// acts are what stands at the end of paths that name what is done, beside 1.
var acts = map[string][]string{
	"/cases/1/happen/1": {"return", "withdraw", "died", "moved"}, "/cases/1/do/1": {"accept", "opinion", "confirm"}, "/supervision/1/1": {"ask", "answer", "close"},
	"/checks/1/1": {"authorise", "revoke", "request", "cancel", "report", "object", "uphold", "recheck"}, "/feeds/batches/1/1": {"promote", "discard", "undo"},
	"/my/matters/1/1": {"answer", "appeal", "object", "withdraw", "received"}, "/residents/1/1": {"tie", "password", "end"}, "/operations/jobs/1/1": {"retry", "drop"},
}

func paths(path string) []string {
	all := []string{path}
	for _, act := range acts[path] {
		all = append(all, strings.TrimSuffix(path, "1")+act)
	}
	return all
}

// looksAt holds an answer against what no input may lead to.
func (w *world) looksAt(what string, a answer) {
	w.Helper()
	if a.status == 500 {
		w.Errorf("%s fails with %d: %s", what, a.status, w.log.String())
		w.log.Reset()
	}
	if strings.Contains(a.text, "<script>alert") || strings.Contains(a.text, "<img src=x") {
		w.Errorf("%s becomes part of the page", what)
	}
	if a.status == 422 && strings.Contains(a.text, "<html") && !strings.Contains(a.text, `role="alert"`) {
		w.Errorf("%s is refused without a word", what)
	}
}

// badUploads: files that are none, or too large, are refused with a word wherever files are taken.
func (w *world) badUploads(visitors []visitor) {
	w.Helper()
	tried := 0
	for _, route := range w.site.Routes() {
		method, path := call(route.Pattern)
		if route.Largest == 0 || method == "GET" {
			continue
		}
		for _, v := range visitors {
			if !route.Who.Admits(v.session) {
				continue
			}
			for what, body := range map[string][]byte{"nothing": nil, "rubbish": []byte(hostile), "half a form": []byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nhalf"),
				"a lying type": w.mixed("photo.jpg", "image/jpeg", "<html><script>alert(1)</script>"), "an odd name": w.mixed("../../"+hostile+".csv", "text/csv", "a,b\n1"),
				"a bomb": w.mixed("a.xlsx", "application/zip", "PK\x03\x04"+strings.Repeat("\x00", 1000)), "much": w.mixed("a.csv", "text/csv", strings.Repeat("x", int(min(route.Largest, 4<<20))+1))} {
				for _, kind := range []string{"multipart/form-data; boundary=b", "application/json"} {
					w.looksAt(what+" as "+kind+" sent to "+path+" by a "+string(v.role), w.send(v.token, method, path, kind, body))
					tried++
				}
			}
			break
		}
	}
	if tried < 50 {
		w.Errorf("only %s uploads were tried", strconv.Itoa(tried))
	}
}

// mixed is a form with a file.
func (w *world) mixed(name, media, content string) []byte {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	w.must(m.SetBoundary("b"))
	_ = m.WriteField("once", rand.Text())
	for _, field := range []string{"file", "files"} {
		p, err := m.CreatePart(map[string][]string{"Content-Disposition": {`form-data; name="` + field + `"; filename="` + strings.ReplaceAll(name, `"`, `\"`) + `"`}, "Content-Type": {media}})
		w.must(err)
		_, _ = io.WriteString(p, content)
	}
	_ = m.Close()
	return b.Bytes()
}

// send sends a body of any kind. A server that hangs up on one that is too large has answered by that.
func (w *world) send(token, method, path, kind string, body []byte) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(w.Context()), method, w.server.URL+path, bytes.NewReader(body))
	w.must(err)
	r.Header.Set("Content-Type", kind)
	r.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: token})
	client := *w.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := client.Do(r)
	if err != nil {
		return answer{}
	}
	defer a.Body.Close()
	text, _ := io.ReadAll(a.Body)
	return answer{a.StatusCode, a.Header.Get("Location"), string(text)}
}
