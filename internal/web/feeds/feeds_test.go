package feeds_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/ingest"
)

func (w *world) inUse() int {
	w.Helper()
	var set *feed.Set
	w.must(w.db.Work(w.Context(), func(tx pgx.Tx) (err error) {
		set, err = w.record.Set(w.Context(), tx)
		return err
	}))
	n := 0
	t := set.Table("two-cancers")
	for i := range t.Len() {
		if t.Used(i) {
			n++
		}
	}
	return n
}

// A department sends, an administrator looks at the difference and promotes, the department mends what came back, and the administrator undoes it.
func TestTheLifeOfABatch(t *testing.T) {
	w := newWorld(t)
	first := []string{"file:a.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 4}),
		"file:a.csv", header + row("A", 1, "是") + row("B", 2, "是") + row("C", 3, "是") + "D,37149919800101000,李秀,是,否,2026-05-01\n"}
	p := w.upload("cancers", first...)
	w.wants("sending", p, 200, "正在处理")
	again := w.upload("cancers", first...)
	if again.path != p.path {
		t.Errorf("the same again is %s, and was %s", again.path, p.path)
	}
	w.takeIn()
	w.wants("what it became", w.get("cancers", p.path), 200, "已接收", "第1批", "待启用")
	w.wants("the department does not promote", w.post("cancers", "/feeds/batches/1/promote"), 403)
	w.wants("the batch", w.get("admin", "/feeds/batches/1"), 200, "待启用", "样本", "新增", "371499********0069", "!"+number(1), "启用…")
	w.wants("what promoting does", w.get("admin", "/feeds/batches/1?ask=promote"), 200, "新增 3 项")
	w.wants("promoting", w.post("admin", "/feeds/batches/1/promote"), 200, "已启用")
	w.wants("promoting twice", w.post("admin", "/feeds/batches/1/promote"), 409, "不能这样处理")

	second := []string{"promote", "", "file:b.zip", zipOf(t, map[string]string{"二/b.manifest.json": manifest("2026-10-02", []string{"371424"}, map[string]int{"b.csv": 3}),
		"二/b.csv": header + row("A", 1, "是") + row("B", 2, "否") + row("E", 4, "是")})}
	w.wants("sending a second", w.upload("admin", second...), 200)
	w.takeIn()
	w.wants("its difference", w.get("admin", "/feeds/batches/2"), 200, "<del>******</del>", "<ins>******</ins>", "不再有")
	w.wants("what promoting does", w.get("admin", "/feeds/batches/2?ask=promote"), 200, "新增 1 项，改变 1 项，不再有 1 项，相同 1 项", "取代批次")
	w.wants("giving it up", w.post("admin", "/feeds/batches/2/discard"), 200, "已放弃")

	w.wants("what came back", w.get("cancers", "/feeds/batches/1/quarantine"), 200, "1 行待更正", "身份号码")
	open := w.post("cancers", "/feeds/rows/1/open")
	w.wants("a row", open, 200, "37149919800101000", "李秀")
	cells := func(id string) []string {
		return []string{"cell0", "D", "cell1", id, "cell2", "李秀", "cell3", "是", "cell4", "否", "cell5", "2026-05-01"}
	}
	w.wants("still wrong", w.post("cancers", "/feeds/rows/1", cells("371499")...), 422, "仍然有误")
	w.wants("mended", w.post("cancers", "/feeds/rows/1", cells(number(5))...), 200, "1 行已更正并使用")
	if n := w.inUse(); n != 4 {
		t.Errorf("%d rows are in use", n)
	}
	w.wants("what undoing does", w.get("admin", "/feeds/batches/1?ask=undo"), 200, "仍可更正")
	w.wants("undoing", w.post("admin", "/feeds/batches/1/undo"), 200, "已撤销")
	if n := w.inUse(); n != 0 {
		t.Errorf("%d rows are in use", n)
	}
	download := w.post("cancers", "/feeds/batches/1/download", "format", "csv")
	w.wants("the quarantine of what was undone", download, 200, number(5), "后来那一批撤销了")
	kind, body := sent("file:mended.csv", download.text)
	w.wants("sending it again", w.do("cancers", "POST", "/feeds/batches/1/mended", kind, body), 200, "1 行已更正并使用")
	if n := w.inUse(); n != 1 {
		t.Errorf("%d rows are in use", n)
	}
	for _, act := range []string{"upload.receive", "batch.promote", "batch.discard", "batch.undo", "batch.resubmit", "quarantine.open", "quarantine.download"} {
		if w.count("act where kind = $1 and account > 0", act) == 0 {
			t.Errorf("no act %s of anybody is recorded", act)
		}
	}
	if n := w.count("act where detail::text like '%' || $1 || '%' or subject like '%' || $1 || '%'", number(5)); n > 0 || strings.Contains(w.log.String(), number(5)) {
		t.Error("a number stands in the ledger or the log")
	}
}

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Of a delivery with a file that is not what the pack says the others can be promoted, and what depends on it is named.
func TestADriftedFile(t *testing.T) {
	w := newWorld(t)
	w.upload("admin", "promote", "1", "file:x.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 1, "b.csv": 1}),
		"file:a.csv", header+row("A", 1, "是"), "file:b.csv", strings.Replace(header, "invasive", "malignant", 1)+row("B", 2, "是"))
	w.takeIn()
	w.wants("the batch", w.get("admin", "/feeds/batches/1"), 200, "部分文件已启用", "malignant", "不作为“没有”的依据")
	if n := w.inUse(); n != 1 {
		t.Errorf("%d rows are in use", n)
	}
}

// Each role sees and does what is its own.
func TestWhoSeesWhichFeeds(t *testing.T) {
	w := newWorld(t)
	cancers, vehicles := feedOf("two-cancers"), feedOf("vehicles")
	w.upload("cancers", "file:a.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 2}), "file:a.csv", header+row("A", 1, "是")+"B,,李秀,是,否,2026-05-01\n")
	w.takeIn()
	w.wants("the department", w.get("cancers", "/feeds"), 200, cancers.Name.Zh, "!"+vehicles.Name.Zh, "待启用")
	w.wants("another", w.get("vehicles", "/feeds"), 200, vehicles.Name.Zh, "!"+cancers.Name.Zh)
	w.wants("the supervisor", w.get("supervisor", "/feeds"), 200, vehicles.Name.Zh, cancers.Name.Zh)
	w.wants("late ones", w.get("supervisor", "/feeds?late=1"), 200, "从未报送")
	w.wants("an officer", w.get("officer", "/feeds"), 403)
	for login, want := range map[string]int{"cancers": 200, "county-admin": 200, "supervisor": 200, "inspector": 200, "far": 404, "vehicles": 404, "officer": 403} {
		w.wants(login+" looks at the batch", w.get(login, "/feeds/batches/1"), want)
		w.wants(login+" looks at the quarantine", w.get(login, "/feeds/batches/1/quarantine"), want)
	}
	for login, want := range map[string]int{"far": 404, "vehicles": 404, "supervisor": 403, "inspector": 403, "officer": 403} {
		w.wants(login+" opens a row", w.post(login, "/feeds/rows/1/open"), want)
		w.wants(login+" mends a row", w.post(login, "/feeds/rows/1"), want)
		w.wants(login+" downloads", w.post(login, "/feeds/batches/1/download", "format", "csv"), want)
		kind, body := sent("file:m.csv", "退回编号,退回原因,record_no\n1,x,B\n")
		if got := w.do(login, "POST", "/feeds/batches/1/mended", kind, body); got.status != want && got.status != 409 && got.status != 404 {
			t.Errorf("%s sends mended rows: %d", login, got.status)
		}
	}
	for _, login := range []string{"cancers", "far", "vehicles", "supervisor", "inspector", "officer"} {
		for _, act := range []string{"promote", "discard", "undo"} {
			w.wants(login+" does "+act, w.post(login, "/feeds/batches/1/"+act), 403)
		}
		w.wants(login+" looks at jobs", w.get(login, "/operations"), 403)
	}
	w.wants("a feed of another department", w.get("vehicles", "/feeds/two-cancers"), 404)
	w.wants("a feed", w.get("cancers", "/feeds/two-cancers"), 200, "从未报送", "第1批")
	if n := w.count("batch where state <> 'staged'"); n != 0 {
		t.Error("somebody moved the batch")
	}
	w.upload("admin", "file:a.manifest.json", manifest("2026-10-03", []string{"3714"}, map[string]int{"a.csv": 1}), "file:a.csv", header+row("Z", 1, "是"))
	w.takeIn()
	w.wants("a county's administrator looks at the city's batch", w.get("county-admin", "/feeds/batches/2"), 200, "!启用…")
	w.wants("and does not promote it", w.post("county-admin", "/feeds/batches/2/promote"), 403, "上级管理员")
	w.wants("the city's does", w.post("admin", "/feeds/batches/2/promote"), 200)
	w.wants("it counts for the county", w.get("supervisor", "/feeds/two-cancers"), 200, "2026-10-03")
}

// What cannot be taken is told on the page, with what was written, and leaves nothing; the platform stays up.
func TestUploadsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	whole := zipOf(t, map[string]string{"a.csv": header + row("A", 1, "是")})
	for _, test := range []struct {
		name, want string
		pairs      []string
	}{
		{"nothing", "没有收到文件", nil},
		{"a program", "不是数据文件", []string{"file:a.exe", "x"}},
		{"an archive cut off", "不完整或已损坏", []string{"file:a.zip", whole[:len(whole)-20]}},
		{"a way out", "不能用", []string{"file:a.zip", zipOf(t, map[string]string{"../a.csv": "x"})}},
		{"half a manifest", "都要填写", []string{"feed", "two-cancers", "from", "2026-01-01", "file:a.csv", header + row("A", 1, "是")}},
	} {
		p := w.upload("cancers", test.pairs...)
		w.wants(test.name, p, 422, test.want)
	}
	w.wants("no form", w.do("cancers", "POST", "/feeds/uploads", "text/plain", strings.NewReader("x")), 422)
	kind, body := sent("file:a.csv", header+row("A", 1, "是"))
	cut := strings.NewReader(body.String()[:body.Len()-30])
	w.wants("a form cut off", w.do("cancers", "POST", "/feeds/uploads", kind, cut), 422, "没有收到完整的文件")
	left, err := os.ReadDir(w.dir)
	if err != nil || len(left) != 0 || w.count("upload") != 0 {
		t.Errorf("%d folders and %d uploads stay, %v", len(left), w.count("upload"), err)
	}
	for _, test := range []struct {
		name, want string
		pairs      []string
	}{
		{"another department's", "不是本部门的数据", []string{"file:vehicles.csv", "x\n"}},
		{"elsewhere", "超出了您的辖区", []string{"file:x.manifest.json", manifest("2026-10-01", []string{"371402"}, map[string]int{"a.csv": 1}), "file:a.csv", header + row("A", 1, "是")}},
		{"a manifest alone", "", []string{"file:x.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 1})}},
		{"a wrong manifest", "", []string{"file:two-cancers-1.manifest.json", `{"feed": "two-`}},
		{"wrong encoding", "", []string{"file:two-cancers-2.csv", header + "A," + number(1) + ",\xff\xfe\x80,是,否,2026-05-01\n"}},
	} {
		p := w.upload("cancers", test.pairs...)
		w.takeIn()
		w.wants(test.name, w.get("cancers", p.path), 200, test.want, "!正在处理")
	}
	if n := w.count("batch where state in ('staged', 'promoted')"); n > 1 { // a row of strange bytes may wait in quarantine
		t.Errorf("%d batches are there", n)
	}
	w.wants("the platform", w.get("cancers", "/feeds/uploads"), 200)
}

// A file without a manifest gets one from what its sender writes, and is held to it.
func TestAFileWithoutAManifest(t *testing.T) {
	w := newWorld(t)
	send := func(rows string) page {
		p := w.upload("cancers", "feed", "two-cancers", "from", "2026-01-01", "to", "2026-10-31", "rows", rows, "file:十月.csv", header+row("A", 1, "是")+row("B", 2, "否"))
		w.takeIn()
		return w.get("cancers", p.path)
	}
	w.wants("two rows", send("2"), 200, "待启用", "2026-11-02")
	w.wants("three rows", send("3"), 200, "停下")
}

func TestDeliveryByPrograms(t *testing.T) {
	w := newWorld(t)
	made := w.post("cancers", "/feeds/tokens", "name", "卫生平台", "days", "30")
	w.wants("a token", made, 200, "卫生平台")
	w.tokens["program"] = regexp.MustCompile(`djz_[A-Za-z0-9_-]{20,}`).FindString(made.text)
	w.wants("a name is needed", w.post("cancers", "/feeds/tokens", "name", "", "days", "30"), 422)
	body := zipOf(t, map[string]string{"m.manifest.json": manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 2}), "a.csv": header + row("A", 1, "是") + "B,,李秀,是,否,2026-05-01\n"})
	deliver := func(who, path string) (page, map[string]any) {
		t.Helper()
		p := w.do(who, "POST", path, "application/zip", strings.NewReader(body))
		var said map[string]any
		if err := json.Unmarshal([]byte(p.text), &said); err != nil {
			t.Errorf("%s: %v: %s", path, err, p.text)
		}
		return p, said
	}
	p, said := deliver("program", "/api/deliveries/two-cancers?name=10.zip")
	w.wants("delivering", p, 202, `"state":"waiting"`, `"hold":true`)
	if _, again := deliver("program", "/api/deliveries/two-cancers?name=10.zip"); again["upload"] != said["upload"] {
		t.Errorf("the same again is %v, and was %v", again, said)
	}
	w.takeIn()
	w.wants("what it became", w.get("program", p.header.Get("Location")), 200, `"state":"done"`, `"state":"staged"`, `"rows":2`, `"rejected":1`)
	third, _ := deliver("program", "/api/deliveries/two-cancers?name=10.zip")
	w.takeIn()
	w.wants("later again", w.get("program", third.header.Get("Location")), 200, `"batch":1,`, `"state":"done"`)
	if n := w.count("batch"); n != 1 {
		t.Errorf("%d batches", n)
	}
	for path, want := range map[string]int{"/api/deliveries/vehicles?name=a.zip": 404, "/api/deliveries/nosuch?name=a.zip": 404, "/api/deliveries/two-cancers": 422,
		"/api/deliveries/two-cancers?name=a.exe": 422, "/api/deliveries/two-cancers?name=../a.zip": 422} {
		p, said := deliver("program", path)
		w.wants(path, p, want, `"error"`)
		if told, _ := said["error"].(map[string]any); told["zh"] == "" || told["en"] == "" || told["key"] == "" {
			t.Errorf("%s says %v", path, said)
		}
	}
	p, _ = deliver("officer", "/api/deliveries/two-cancers?name=a.zip")
	w.wants("an officer's session", p, 403)
	p, _ = deliver("nobody", "/api/deliveries/two-cancers?name=a.zip")
	w.wants("nobody", p, 403)
	p, _ = deliver("cancers", "/api/deliveries/two-cancers?name=b.zip")
	w.wants("a session", p, 202)
	w.wants("a token is no session", w.get("program", "/feeds"), 200, "!"+feedOf("two-cancers").Name.Zh)
	w.wants("another's upload", w.get("vehicles", "/api/uploads/1"), 404)
	w.wants("revoking another's", w.post("vehicles", "/feeds/tokens/1/revoke"), 404)
	w.wants("revoking", w.post("cancers", "/feeds/tokens/1/revoke"), 200)
	p, _ = deliver("program", "/api/deliveries/two-cancers?name=10.zip")
	w.wants("after it was revoked", p, 403)
}

// Two send the same at once: it comes in once.
func TestTwoUploadsAtOnce(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			w.upload("admin", "promote", "1", "file:a.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 1}), "file:a.csv", header+row("A", 1, "是"))
		})
	}
	group.Wait()
	w.takeIn()
	if n := w.count("batch where state = 'promoted'"); n != 1 || w.inUse() != 1 {
		t.Errorf("%d batches, %d rows", n, w.inUse())
	}
	if n := w.count("upload where state = 'waiting'"); n != 0 {
		t.Errorf("%d uploads wait", n)
	}
}

// The database goes away while an upload is taken in: the job fails and is tried again, and nothing is lost or doubled.
func TestTheDatabaseGoesAway(t *testing.T) {
	w := newWorld(t)
	p := w.upload("admin", "promote", "1", "file:a.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 1}), "file:a.csv", header+row("A", 1, "是"))
	for _, table := range []string{"batch", "feed_two_cancers", "record_version", "upload"} {
		_, err := w.db.Own().Exec(t.Context(), fmt.Sprintf(`create function broken() returns trigger language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
			create trigger broken before insert or update on %s for each row execute function broken()`, table))
		w.must(err)
		if err := w.uploads.Take(t.Context(), 1); err == nil {
			t.Errorf("with %s gone it is taken in", table)
		}
		_, err = w.db.Own().Exec(t.Context(), "drop function broken cascade")
		w.must(err)
	}
	w.wants("it waits", w.get("admin", p.path), 200, "正在处理")
	w.takeIn()
	w.wants("and comes in", w.get("admin", p.path), 200, "已接收", "已启用")
	if n := w.inUse(); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// Cells that a spreadsheet would take for formulas go out as texts and come back as they were.
func TestFormulasInCells(t *testing.T) {
	w := newWorld(t)
	w.upload("admin", "promote", "1", "file:a.manifest.json", manifest("2026-10-01", []string{"371424"}, map[string]int{"a.csv": 1}), "file:a.csv", header+"=1+1,,@SUM(A1),是,否,2026-05-01\n")
	w.takeIn()
	file := w.post("admin", "/feeds/batches/1/download", "format", "csv")
	w.wants("the download", file, 200, "'=1+1", "'@SUM(A1)")
	if kind := file.header.Get("Content-Disposition"); !strings.Contains(kind, "attachment") {
		t.Errorf("it is shown as %q", kind)
	}
	kind, body := sent("file:m.csv", strings.Replace(file.text, "'=1+1,,", "'=1+1,"+number(1)+",", 1))
	w.wants("sent again", w.do("admin", "POST", "/feeds/batches/1/mended", kind, body), 200, "1 行已更正")
	if n := w.count(`feed_two_cancers where record_no = '=1+1' and name = '@SUM(A1)'`); n != 1 {
		t.Error("the cells did not come back as they were")
	}
	kind, body = sent("file:m.csv", file.text)
	w.wants("twice", w.do("admin", "POST", "/feeds/batches/1/mended", kind, body), 409, "可能已经改过")
	kind, body = sent("file:m.xlsx", "no workbook")
	w.wants("no workbook", w.do("admin", "POST", "/feeds/batches/1/mended", kind, body), 422)
}

type failing struct{}

func (failing) Kind() string { return "test.failing" }

func TestDeadJobs(t *testing.T) {
	w := newWorld(t)
	w.must(w.db.Work(t.Context(), func(tx pgx.Tx) error {
		_, err1 := w.queue.Enqueue(t.Context(), tx, ingest.TakeUpload{Upload: 77})
		_, err2 := w.queue.Enqueue(t.Context(), tx, failing{})
		_, err3 := tx.Exec(t.Context(), "update river_job set state = 'discarded', finalized_at = now(), errors = array[jsonb_build_object('error', '数据库断了', 'at', now(), 'attempt', 1)]")
		if err1 != nil {
			return err1
		}
		if err2 != nil {
			return err2
		}
		return err3
	}))
	w.wants("jobs", w.get("admin", "/operations"), 200, "接收上传的数据", "数据库断了", "重做")
	w.wants("retrying", w.post("admin", "/operations/jobs/1/retry"), 200)
	w.wants("retrying twice", w.post("admin", "/operations/jobs/1/retry"), 409)
	w.wants("dropping", w.post("admin", "/operations/jobs/2/drop"), 200)
	w.wants("another", w.post("admin", "/operations/jobs/99/retry"), 404)
	w.wants("something else", w.post("admin", "/operations/jobs/1/burn"), 404)
	if n := w.count("act where kind in ('job.retry', 'job.drop') and account = $1", w.ids["admin"]); n != 2 {
		t.Errorf("%d acts are recorded", n)
	}
	var state string
	w.must(w.db.Own().QueryRow(t.Context(), "select string_agg(id || ' ' || state, ',' order by id) from river_job").Scan(&state))
	if state != "1 available" {
		t.Errorf("the jobs are %s", state)
	}
}
