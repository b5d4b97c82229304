package web_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/web"
)

// rolls is a list of accounts, as far as row-level security shows them, and of numbers that a filter chooses.
type rolls struct {
	t     *web.Templates
	pages int
	dies  int // on the page with this number, as a machine does
	most  int
}

func (l *rolls) Routes() []web.Route {
	export := &web.Export{Zh: "名册", En: "Roll", Personal: true,
		Head: func(v *web.Visit) []string { return []string{v.Say("编号", "No."), v.Say("内容", "What")} },
		Page: l.page}
	show := func(v *web.Visit) error { return v.Render(http.StatusOK, l.t, "list", nil) }
	return []web.Route{{Pattern: "GET /list", Who: web.May(access.SeeWarnings), Do: show, List: true, Export: export}}
}

var tooMuch = fault.Text{Key: "test.too-much", Zh: "这个筛选不行", En: "not with these filters"}

func (l *rolls) page(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
	if l.pages++; l.pages == l.dies {
		panic("the machine stops here")
	}
	q := v.R.URL.Query()
	after, _ := strconv.Atoi(q.Get("after"))
	switch q.Get("of") {
	case "bad":
		return nil, "", fault.New(fault.Invalid, tooMuch, nil)
	case "accounts":
		all, err := access.Accounts(ctx, tx, "", "", web.ExportPage)
		for _, a := range all {
			rows = append(rows, []string{strconv.FormatInt(a.ID, 10), a.Login})
		}
		return rows, "", err
	case "formulas":
		return [][]string{{"1", `=HYPERLINK("http://evil.example","x")`}, {"2", "+86 10"}, {"3", "-5.20"}, {"4", "@x"}, {"5", "＝1+1"}, {"6", "多\n行,\"引\""}}, "", nil
	}
	for n := after + 1; n <= min(after+web.ExportPage, l.most); n++ {
		rows = append(rows, []string{strconv.Itoa(n), q.Get("of")})
	}
	if after+web.ExportPage < l.most {
		next = strconv.Itoa(after + web.ExportPage)
	}
	return rows, next, nil
}

func rollsWorld(t *testing.T) (*world, *rolls) {
	t.Helper()
	pages, err := fs.Sub(listPages, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	l := &rolls{}
	if l.t, err = web.ParseTemplates(pages); err != nil {
		t.Fatal(err)
	}
	return newWorldOf(t, []web.Pages{l}), l
}

// ask has a list made a file and returns its number.
func (w *world) ask(key, query, purpose string) int64 {
	w.Helper()
	w.post("/exports", url.Values{"once": {key}, "path": {"/list"}, "query": {query}, "purpose": {purpose}}).want(w.T, "/exports", 200)
	return w.number("select max(id) from page_export")
}

func (w *world) number(query string, args ...any) (n int64) {
	w.Helper()
	if err := w.db.Own().QueryRow(w.Context(), query, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// make does the job of a file.
func (w *world) make(id int64, turn int) {
	w.Helper()
	if err := w.site.MakeExport(w.Context(), web.ExportJob{Export: id, Turn: turn}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) file(id int64, format string) page {
	w.Helper()
	return w.post(fmt.Sprintf("/exports/%d/file", id), url.Values{"format": {format}})
}

func (w *world) rows(id int64) [][]string {
	w.Helper()
	p := w.file(id, "csv")
	if p.status != 200 {
		w.Fatalf("a file comes with %d: %s", p.status, p.text)
	}
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.raw, "\ufeff"))).ReadAll()
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// A list comes out whole, once however often it is asked for, with exactly what its filters leave, to whoever asked for it and to nobody else.
func TestExports(t *testing.T) {
	w, l := rollsWorld(t)
	l.most = 2*web.ExportPage + 3
	w.signedIn("wang.fang", access.Officer, "371424100")
	w.get("/list?of=a&after=7").want(t, "/list", 200, "导出筛选出的全部行", `value="of=a"`, "请选择")
	refused := func(key, path, purpose string, status int, text string) {
		t.Helper()
		w.post("/exports", url.Values{"once": {key}, "path": {path}, "query": {"of=a"}, "purpose": {purpose}}).want(t, "/exports", status, text)
	}
	refused("x", "/list", "", 422, "用途")
	refused("y", "/list", "payment", 422, "用途") // not a purpose of the role
	refused("z", "/accounts", "", 403, "不能看")
	refused("zz", "/status", "", 422, "不能导出")

	id := w.ask("a", "of=a&after=9", "decision")
	if again := w.ask("a", "of=a&after=9", "decision"); again != id {
		t.Errorf("sent twice, it is made twice: %d, %d", id, again)
	}
	if n := w.number("select count(*) from river_job where kind = 'pages.export'"); n != 1 {
		t.Errorf("%d jobs wait", n)
	}
	w.get("/exports").want(t, "/exports", 200, "名册", "等待", `data-refresh="/exports"`, `href="/list?of=a"`)
	w.file(id, "csv").want(t, fmt.Sprintf("/exports/%d/file", id), 409, "还没有生成好")
	w.make(id, 0)
	w.make(id, 0) // the job comes again
	w.get("/exports").want(t, "/exports", 200, "已生成", ">403<")
	rows := w.rows(id)
	if len(rows) != 404 || !slices.Equal(rows[0], []string{"编号", "内容"}) || !slices.Equal(rows[403], []string{"403", "a"}) {
		t.Errorf("%d rows: %v … %v", len(rows), rows[0], rows[len(rows)-1])
	}
	for i, row := range rows[1:] {
		if row[0] != strconv.Itoa(i+1) {
			t.Fatalf("row %d is %v", i+1, row)
		}
	}
	book, err := excelize.OpenReader(strings.NewReader(w.file(id, "xlsx").raw))
	if err != nil {
		t.Fatal(err)
	}
	if sheet, err := book.GetRows("1"); err != nil || len(sheet) != 404 || sheet[403][1] != "a" {
		t.Errorf("the workbook has %d rows, %v", len(sheet), err)
	}
	for kind, want := range map[string]int64{"list.export": 1, "list.export-ready": 1, "list.export-open": 2} {
		if n := w.number("select count(*) from act where kind = $1", kind); n != want {
			t.Errorf("%d acts %s, want %d", n, kind, want)
		}
	}
	if n := w.number("select count(*) from page_export_part where convert_from(substr(content, 1, 1), 'LATIN1') <> chr(1) or position('内容'::bytea in content) > 0"); n != 0 {
		t.Errorf("%d parts are not sealed", n)
	}
	other := w.another()
	other.signedIn("li.na", access.Officer, "371424100")
	other.file(id, "csv").want(t, fmt.Sprintf("/exports/%d/file", id), 404)
	other.post(fmt.Sprintf("/exports/%d/drop", id), nil).want(t, fmt.Sprintf("/exports/%d/drop", id), 404)
	w.post(fmt.Sprintf("/exports/%d/drop", id), nil).want(t, "/exports", 200, "还没有导出过")
	if n := w.number("select count(*) from page_export_part"); n != 0 {
		t.Errorf("%d parts of a dropped file are left", n)
	}
}

// A file holds what whoever asked for it may see when it is made, and nobody's text is a formula in it.
func TestExportsOfWhoMaySee(t *testing.T) {
	w, _ := rollsWorld(t)
	w.account("elsewhere", access.Officer, "371422100")
	w.signedIn("wang.fang", access.Officer, "371424100")
	mine := w.ask("a", "of=accounts", "decision")
	w.make(mine, 0)
	if rows := w.rows(mine); len(rows) != 2 || rows[1][1] != "wang.fang" {
		t.Errorf("an officer takes out %v", rows)
	}
	id := w.ask("b", "of=formulas", "decision")
	w.make(id, 0)
	want := [][]string{{"编号", "内容"}, {"1", `'=HYPERLINK("http://evil.example","x")`}, {"2", "'+86 10"}, {"3", "-5.20"}, {"4", "'@x"}, {"5", "'＝1+1"}, {"6", "多\n行,\"引\""}}
	if rows := w.rows(id); !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("%q", rows)
	}
	id = w.ask("c", "of=bad", "decision")
	w.make(id, 0)
	w.get("/exports").want(t, "/exports", 200, "没有生成", "这个筛选不行", fmt.Sprintf(`id="export-%d"`, id))

	id = w.ask("d", "of=a", "decision")
	if _, err := w.db.Own().Exec(t.Context(), "update posting set to_date = from_date + 1 where account = (select account from page_export where id = $1)", id); err != nil {
		t.Fatal(err)
	}
	w.ahead(48 * time.Hour)
	w.make(id, 0)
	if n := w.number("select count(*) from page_export where id = $1 and state = 'failed' and why like '%没有这个岗位%'", id); n != 1 {
		t.Error("who has left the posting takes out a list all the same")
	}
	w.make(id, 0)
	if len(w.exported) != 4 || w.exported[0] != fmt.Sprintf("%d of 名册 in 371424100: ", mine) || !strings.Contains(w.exported[2], "这个筛选不行") || !strings.Contains(w.exported[3], "没有这个岗位") {
		t.Errorf("told of the files: %q", w.exported)
	}
}

// A job that dies in the middle is done again, and nothing comes twice; the one that died does nothing more. What is over is forgotten.
func TestExportsAreMadeAgain(t *testing.T) {
	w, l := rollsWorld(t)
	l.most, l.dies = 3*web.ExportPage, 3
	w.signedIn("wang.fang", access.Officer, "371424100")
	id := w.ask("a", "of=a", "decision")
	func() {
		defer func() { _ = recover() }()
		w.make(id, 0)
	}()
	w.get("/exports").want(t, "/exports", 200, "正在生成", ">400<")
	sweep := func() {
		t.Helper()
		if err := w.site.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep() // it may yet go on
	if n := w.number("select count(*) from river_job where kind = 'pages.export'"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	w.ahead(6 * time.Minute)
	sweep()
	if n := w.number("select count(*) from river_job where kind = 'pages.export' and args ->> 'turn' = '1'"); n != 1 {
		t.Errorf("%d jobs of another turn", n)
	}
	w.make(id, 0) // the one that died comes again
	w.make(id, 1)
	if rows := w.rows(id); len(rows) != 601 || rows[600][0] != "600" {
		t.Errorf("%d rows", len(rows))
	}
	waits := w.ask("b", "of=a", "decision") // and no job ever comes for it
	for range 5 {
		w.ahead(16 * time.Minute)
		sweep()
	}
	if len(w.exported) != 2 || !strings.HasPrefix(w.exported[1], fmt.Sprintf("%d of 名册", waits)) || !strings.Contains(w.exported[1], "系统出错") {
		t.Errorf("told of the files: %q", w.exported)
	}
	w.ahead(8 * 24 * time.Hour)
	sweep()
	if n := w.number("select count(*) from page_export_part"); n != 0 {
		t.Errorf("%d parts are kept after a week", n)
	}
	if err := w.site.MakeExport(t.Context(), web.ExportJob{Export: id, Turn: 1}); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
