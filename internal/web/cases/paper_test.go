package cases_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dajiuzhu/internal/casework"
)

// upload sends a form with files, as a browser does: its texts first.
func (w *world) upload(login, to string, fields url.Values, files ...[]byte) page {
	w.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, all := range fields {
		for _, value := range all {
			w.must(form.WriteField(name, value))
		}
	}
	for i, content := range files {
		part, err := form.CreateFormFile("file", fmt.Sprintf("委托书%d.pdf", i))
		w.must(err)
		_, err = part.Write(content)
		w.must(err)
	}
	w.must(form.Close())
	r, err := http.NewRequestWithContext(w.Context(), "POST", w.server.URL+to, &body)
	w.must(err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return w.answer(login, r)
}

func drawing(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPapers: papers are uploaded on the case's page, once, whatever they are called; what is none, or too large, loses nothing of what was written; and
// only who sees the case opens them, each time on record.
func TestPapers(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0", "special-family/0")
	document := []byte("%PDF-1.7\n" + strings.Repeat("x", 600<<10) + "\n%%EOF\n")
	form := func(pairs ...string) url.Values {
		return w.formOf("assistant", path, path+"/paper", append([]string{"paper-kind", "proxy", "paper-name", "村里的委托书", "pages", "2"}, pairs...)...)
	}
	written := []string{`value="村里的委托书"`, `value="2"`, `value="proxy" selected`, `href="#b-paper-file"`}
	w.wants("a page that is called a document", w.upload("assistant", path+"/paper", form(), []byte("<html><script>")), 422, append(written, "不是照片")...)
	w.wants("one that is too large", w.upload("assistant", path+"/paper", form(), document, make([]byte, casework.LargestPaper+1)), 422, append(written, "文件太大", "13兆")...)
	w.wants("too many", w.upload("assistant", path+"/paper", form(), bytes.Split(bytes.Repeat(append(drawing(t), "|"...), 11), []byte("|"))[:11]...), 422, append(written, "最多选10个")...)
	w.wants("none", w.upload("assistant", path+"/paper", form()), 422, `value="村里的委托书"`, "请填写：文件")
	if n := w.count("paper"); n != 0 {
		t.Fatalf("%d papers are kept", n)
	}
	sent := form("whole", "1")
	for range 2 {
		w.wants("a document and a picture", w.upload("assistant", path+"/paper", sent, document, drawing(t)), 200, "村里的委托书（1）", "村里的委托书（2）", "某assistant", "平台内，加密保存", "整份申报")
	}
	w.wants("another file by the same form", w.upload("assistant", path+"/paper", sent, drawing(t)), 409, "没有保存")
	if n := w.count("paper"); n != 2 {
		t.Errorf("%d papers are kept, want 2", n)
	}
	w.wants("of this case alone", w.upload("assistant", path+"/paper", form(), drawing(t)), 200)
	other := "/cases/2"
	for _, test := range []struct {
		login, at string
		status    int
	}{
		{"assistant", path + "/papers/1", 200}, {"decider", path + "/papers/1", 200}, {"inspector", path + "/papers/2", 200}, {"supervisor", path + "/papers/3", 200},
		{"health", other + "/papers/1", 200}, // of the whole filing
		{"health", other + "/papers/3", 404}, // of another department's case
		{"health", path + "/papers/3", 404}, {"stranger", path + "/papers/1", 404}, {"officer", path + "/papers/99", 404},
	} {
		p := w.get(test.login, test.at)
		if p.status != test.status {
			t.Errorf("%s opens %s: %d, want %d", test.login, test.at, p.status, test.status)
		}
		if test.status == 200 && test.at[len(test.at)-1] == '1' && p.raw != string(document) {
			t.Errorf("%s reads %d bytes", test.login, len(p.raw))
		}
	}
	if n := w.count("act where kind = 'casework.paper-look'"); n != 5 {
		t.Errorf("%d openings are on record, want 5", n)
	}
	w.wants("a stale form", w.upload("assistant", path+"/paper", url.Values{"once": {"x"}, "seen": {"0"}, "paper-name": {"旧"}}, drawing(t)), 409, `value="旧"`)
}

// TestAVisitIsTheSurvey: a visit that two made with their phones is chosen on the case's page by one of them, and is then the survey with all that was
// brought back; who went, or answered there, does not decide.
func TestAVisitIsTheSurvey(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	for _, s := range []struct {
		login, step string
		with        []string
	}{
		{"assistant", "apply", []string{"signer", "国志强", "signature", "申请书"}}, {"assistant", "authorise", authorised}, {"officer", "accept", nil}, {"supervisor", "check", []string{"result", "无异常"}},
	} {
		w.wants(s.step, w.step(s.login, path, s.step, s.with...), 200)
	}
	w.wants("nothing to choose", w.get("officer", path), 200, "调查结果")
	w.account("answered", postingOf("decider"))
	w.own(fmt.Sprintf(`insert into visit (household, purpose, people, both_sign, visitors, due, state, result, ended_at, account, area)
			values (1, 'warning', 2, true, '{%[1]d,%[2]d}', '2026-11-05', 'done', 'met', '2026-11-05 10:00+08', %[1]d, 0);
		insert into visit_file (id, visit, area, account, kind, signer, signer_id, media, size, digest, received, taken_at, state, kept_size, kept_digest)
			select gen_random_uuid(), 1, 0, %[1]d, k.kind, k.signer, nullif(k.id, 0), 'image/png', 9, sha256('x'), 9, now(), 'kept', 9, sha256('x')
			from (values ('photo', '', 0), ('family', '国志强', 0), ('visitor', '某officer', %[1]d), ('visitor', '某colleague', %[2]d)) k(kind, signer, id);
		insert into visit_answer (id, visit, area, device, seq, account, unit, unit_id, fact, kind, value, base_statement, base_answer, said_by, answered_on, state)
			values (gen_random_uuid(), 1, 0, gen_random_uuid(), 1, %[3]d, 'person', 1, 'person.married', 'value', 'true', 0, 0, '国志强', '2026-11-05', 'taken')`,
		w.ids["officer"], w.ids["colleague"], w.ids["answered"]))
	w.at(6, 9)
	w.renew()
	p := w.get("officer", path)
	w.wants("the visit is offered", p, 200, "2026-11-05 10:00", "核实预警", "某colleague", "家庭签字：国志强", "照片1")
	if strings.Contains(p.raw, `value="1" disabled`) || !strings.Contains(w.get("colleague", path).raw, `name="visit" value="1"`) {
		t.Error("who went cannot choose it")
	}
	w.account("third", postingOf("officer"))
	if p := w.get("third", path); !strings.Contains(p.raw, `name="visit" value="1" disabled`) {
		t.Error("who did not go can choose it")
	}
	w.wants("by who did not go", w.step("third", path, "survey", "visit", "1", "result", "属实"), 409, `>属实</textarea>`)
	w.wants("another visit", w.step("officer", path, "survey", "visit", "7", "result", "属实"), 422, "没有这次走访", `>属实</textarea>`)
	w.wants("surveyed", w.step("officer", path, "survey", "visit", "1", "result", "属实"), 200, "入户带回的", "国志强：", "走访1号，手机上", "走访人签字 某officer", "某officer、某colleague")
	w.wants("printed", w.get("officer", path+"/print/survey"), 200, "属实", "国志强：")
	w.wants("opinion", w.step("third", path, "opinion", "component", "difference", "amount", "812.40", "per", "month", "reason", "拟同意"), 200)
	w.wants("notice", w.step("officer", path, "notice", "place", "村"), 200)
	w.at(16, 9)
	w.renew()
	w.wants("who answered there decides", w.step("answered", path, "confirm", "result", "granted", "component", "difference", "amount", "812.40", "per", "month"), 403, "请换人办理")
	w.wants("decided", w.step("decider", path, "confirm", "result", "granted", "component", "difference", "amount", "812.40", "per", "month"), 200)
}

// TestMaskedValues: a member's number is opened on the case's page for a purpose that allows it, on record, on one answer alone.
func TestMaskedValues(t *testing.T) {
	w := newWorld(t)
	path := w.file("dibao/0")
	const number = "371424198001010017"
	w.own(fmt.Sprintf(`update person set number_digest = substr(sha256('n'), 1, 16), number_sealed = decode('%s', 'hex') where id = 1`, hex.EncodeToString(w.keys.Seal("person.number", number))))
	w.wants("masked", w.get("officer", path), 200, "查看并记录", "调查、审核")
	form := func(field, purpose string) url.Values { return url.Values{"field": {field}, "purpose": {purpose}} }
	for _, test := range []struct {
		what, login, at string
		form            url.Values
		status          int
	}{
		{"without a purpose", "officer", path + "/open/1", form("number", ""), 403},
		{"for a purpose of others", "officer", path + "/open/1", form("number", "payment"), 403},
		{"a name", "officer", path + "/open/1", form("name", "decision"), 422},
		{"who has none", "officer", path + "/open/2", form("number", "decision"), 422},
		{"nobody of the household", "officer", path + "/open/9", form("number", "decision"), 422},
		{"by another township", "stranger", path + "/open/1", form("number", "decision"), 404},
		{"by another department", "health", path + "/open/1", form("number", "item"), 404},
	} {
		if p := w.request(test.login, "POST", test.at, test.form); p.status != test.status || strings.Contains(p.text, number) {
			t.Errorf("%s: %d, want %d", test.what, p.status, test.status)
		}
	}
	if n := w.count("opening"); n != 0 {
		t.Errorf("%d openings are on record", n)
	}
	w.wants("opened", w.request("officer", "POST", path+"/open/1", form("number", "decision")), 200, number)
	if strings.Contains(w.get("officer", path).text, number) || w.count("opening where field = 'person.number' and purpose = 'decision'") != 1 {
		t.Error("it stays open, or is not on record")
	}
}
