package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
)

// delivery is a folder with one delivery of women with cancers.
func delivery(t *testing.T, name, delivered string, rows ...string) fstest.MapFS {
	t.Helper()
	manifest, err := json.Marshal(map[string]any{
		"feed": "two-cancers", "delivered": delivered, "from": "2026-01-01", "to": delivered, "areas": []string{"371424"},
		"files": []any{map[string]any{"name": name + ".csv", "rows": len(rows)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	csv := "record_no,id_no,name,invasive,helped,registered_on\n" + strings.Join(rows, "\n") + "\n"
	return fstest.MapFS{name + ".csv": {Data: []byte(csv)}, name + ".manifest.json": {Data: manifest}}
}

func TestMendedRows(t *testing.T) {
	p := twoFeeds()
	r, db := newRecord(t, p)
	good, other := "A,"+number(1)+",王芳,是,否,2026-05-01", "B,"+number(2)+",=1+1,是,否,2026-05-02"
	bad := []string{"B,37149919800101000,=1+1,是,否,2026-05-02", "C,," + "李秀,是,否,2026-05-03", "A," + number(1) + ",王芳,是,maybe,2026-05-01"}
	outcomes := imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", good, bad[0], bad[1], bad[2]))
	batch := outcomes[0].Batch

	mended := strings.NewReplacer("37149919800101000,", number(2)+",", "maybe", "否").Replace(downloaded(t, r, db, batch))
	if !strings.Contains(mended, "'=1+1") {
		t.Errorf("a formula goes out as one:\n%s", mended)
	}
	m, err := resubmit(t, r, batch, mended)
	if err != nil {
		t.Fatal(err)
	}
	if m.Used != 2 || m.Bad != 1 {
		t.Errorf("%d used, %d bad", m.Used, m.Bad)
	}
	want := readBy(t, p, delivery(t, "two-cancers-1", "2026-10-01", good, other, bad[1], good))
	want.Files[0].Formulas = 0 // they are counted in what was delivered, and there it was in a bad row
	compare(t, whole(t, r, db), want)

	_, err = resubmit(t, r, batch, mended)
	if key(err) != "ingest.not-in-quarantine" {
		t.Errorf("mended twice: %v", err)
	}
	if err := r.Undo(t.Context(), 1, m.Batch); key(err) != "ingest.mends-another" {
		t.Errorf("undoing what mends: %v", err)
	}
	if err := r.Undo(t.Context(), 1, batch); err != nil {
		t.Fatal(err)
	}
	if n := whole(t, r, db).Table("two-cancers").Len(); n != 0 {
		t.Errorf("%d rows stay", n)
	}
}

// key is the key of a fault, "" of another error.
func key(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Text.Key
	}
	return ""
}

// downloaded is the open quarantine of a batch, as it is sent to who mends it.
func downloaded(t *testing.T, r *ingest.Record, db *postgres.DB, batch int64) string {
	t.Helper()
	var file bytes.Buffer
	if err := db.Work(t.Context(), func(tx pgx.Tx) error { return r.Download(t.Context(), tx, batch, fault.Zh, ingest.CSV, &file) }); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func resubmit(t *testing.T, r *ingest.Record, batch int64, text string) (ingest.Mended, error) {
	t.Helper()
	c, err := ingest.ReadCorrection(strings.NewReader(text), ingest.CSV)
	if err != nil {
		t.Fatal(err)
	}
	return r.Resubmit(t.Context(), admin, batch, c)
}

// Rows go to a workbook and back as they went to CSV; who does not see a row does not mend it.
func TestMendingInAWorkbook(t *testing.T) {
	r, db := newRecord(t, twoFeeds())
	batch := imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", "007,,=1+1,是,否,2026-05-01"))[0].Batch
	var file bytes.Buffer
	if err := db.As(t.Context(), admin, func(tx pgx.Tx) error { return r.Download(t.Context(), tx, batch, fault.Zh, ingest.XLSX, &file) }); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	sheet := book.GetSheetName(0)
	if got, _ := book.GetCellValue(sheet, "E2"); got != "'=1+1" {
		t.Errorf("a formula goes out as %q", got)
	}
	if err := book.SetCellStr(sheet, "D2", number(1)); err != nil {
		t.Fatal(err)
	}
	var back bytes.Buffer
	if err := book.Write(&back); err != nil {
		t.Fatal(err)
	}
	c, err := ingest.ReadCorrection(&back, ingest.XLSX)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := postgres.Principal{Account: 9, Role: "administrator", Area: 371402_000000}
	if _, err := r.Resubmit(t.Context(), elsewhere, batch, c); key(err) != "ingest.not-in-quarantine" {
		t.Errorf("mended from elsewhere: %v", err)
	}
	if m, err := r.Resubmit(t.Context(), admin, batch, c); err != nil || m.Used != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	if got := whole(t, r, db).Table("two-cancers").Cells(0); got[0] != "007" || got[2] != "=1+1" {
		t.Errorf("it is %q", got)
	}
	if _, err := ingest.ReadCorrection(strings.NewReader("no workbook"), ingest.XLSX); key(err) != "feed.bad-xlsx" {
		t.Errorf("what is no workbook: %v", err)
	}
}

// Undoing loses no row that waits to be mended, nor what somebody has mended: both stay with their batch, come in as a file of their own, and that
// can be undone again.
func TestUndoKeepsTheQuarantine(t *testing.T) {
	p := twoFeeds()
	r, db := newRecord(t, p)
	good, other, third := "A,"+number(1)+",王芳,是,否,2026-05-01", "B,"+number(2)+",李秀,是,否,2026-05-02", "C,"+number(3)+",李秀,是,否,2026-05-03"
	bad := strings.NewReplacer(number(2), "37149919800101000", number(3), "")
	batch := imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", good, bad.Replace(other), bad.Replace(third)))[0].Batch
	first := strings.NewReplacer("37149919800101000,", number(2)+",").Replace(downloaded(t, r, db, batch))
	if m, err := resubmit(t, r, batch, first); err != nil || m.Used != 1 || m.Bad != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := r.Undo(t.Context(), 1, batch); err != nil {
		t.Fatal(err)
	}
	again := downloaded(t, r, db, batch)
	for _, want := range []string{number(2), "C,,李秀", "后来那一批撤销了"} {
		if !strings.Contains(again, want) {
			t.Errorf("after undoing there is no %q in\n%s", want, again)
		}
	}
	m, err := resubmit(t, r, batch, strings.Replace(again, "C,,", "C,"+number(3)+",", 1))
	if err != nil || m.Used != 2 || m.Bad != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	stray := fstest.MapFS{fmt.Sprintf("two-cancers-mended-%d.csv", batch): {Data: []byte("record_no,id_no,name,invasive,helped,registered_on\n" + other + "\n" + third + "\n")}}
	compare(t, whole(t, r, db), readBy(t, p, stray))
	if err := r.Undo(t.Context(), 1, m.Batch); err != nil {
		t.Fatal(err)
	}
	if n := whole(t, r, db).Table("two-cancers").Len(); n != 0 {
		t.Errorf("%d rows stay", n)
	}
	if last := downloaded(t, r, db, batch); !strings.Contains(last, number(2)) || !strings.Contains(last, number(3)) {
		t.Errorf("what was mended is lost:\n%s", last)
	}
}

func TestUndoIsRefused(t *testing.T) {
	r, _ := newRecord(t, twoFeeds())
	first := imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01"))[0].Batch
	apart := imported(t, r, delivery(t, "two-cancers-2", "2026-10-01", "Z,"+number(1)+",王芳,是,否,2026-05-01"))[0]
	if apart.State != ingest.Promoted {
		t.Fatal(apart.State)
	}
	second := imported(t, r, delivery(t, "two-cancers-3", "2026-10-02", "A,"+number(1)+",王芳,否,否,2026-05-01"))[0].Batch
	if err := r.Undo(t.Context(), 1, first); key(err) != "ingest.stood-on" {
		t.Errorf("undoing what a later batch stands on: %v", err)
	}
	for _, batch := range []int64{second, first} {
		if err := r.Undo(t.Context(), 1, batch); err != nil {
			t.Error(err)
		}
	}
	if err := r.Undo(t.Context(), 1, first); key(err) != "ingest.wrong-state" {
		t.Errorf("undoing twice: %v", err)
	}
}

func TestPrune(t *testing.T) {
	r, db := newRecord(t, twoFeeds())
	first := imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01"))[0].Batch
	second := imported(t, r, delivery(t, "two-cancers-2", "2026-10-02", "B,"+number(1)+",王芳,是,否,2026-05-01"))[0].Batch
	want := whole(t, r, db)
	for _, step := range []struct {
		before time.Time
		n      int
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 1}, {time.Now().Add(time.Hour), 0}} {
		if n, err := r.Prune(t.Context(), 1, step.before); err != nil || n != step.n {
			t.Errorf("%d batches before %v, %v", n, step.before, err)
		}
	}
	compare(t, whole(t, r, db), want)
	var rows int
	if err := db.Own().QueryRow(t.Context(), "select count(*) from feed_two_cancers").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows stay, %v", rows, err)
	}
	for _, batch := range []int64{first, second} {
		if err := r.Undo(t.Context(), 1, batch); key(err) != "ingest.stood-on" && key(err) != "ingest.rows-removed" {
			t.Errorf("undoing batch %d: %v", batch, err)
		}
	}
	compare(t, whole(t, r, db), want)
}

// A delivery of which nearly nothing can be read stops; it does not fill the quarantine.
func TestTooManyRejects(t *testing.T) {
	defer ingest.SetMostRejects(ingest.SetMostRejects(2))
	r, db := newRecord(t, twoFeeds())
	outcomes := imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", "A,,王芳,是,否,2026-05-01", "B,,王芳,是,否,2026-05-01", "C,,王芳,是,否,2026-05-01"))
	if outcomes[0].State != ingest.Stopped {
		t.Errorf("it is %s", outcomes[0].State)
	}
	set := whole(t, r, db)
	if f := set.Files[0]; f.Refused == nil || f.Refused.Text.Key != "ingest.too-many-rejects" || f.Rows != 3 || len(set.Rejects) != 0 {
		t.Errorf("%v, %d rows, %d rejects", f.Refused, f.Rows, len(set.Rejects))
	}
}

func FuzzReadMended(f *testing.F) {
	f.Add("退回编号,退回原因,id\n1,必填项为空,'=1+1\n")
	f.Add("\ufeff退回编号,退回原因,a,b\n7,x,1,2\n退回编号,退回原因,a,b\n8,x,\"3\n\",4\n")
	f.Fuzz(func(t *testing.T, text string) {
		ids, rows, err := ingest.ReadMended(strings.NewReader(text))
		if err != nil {
			if key(err) != "ingest.not-mendable" {
				t.Errorf("%v", err)
			}
			return
		}
		if len(ids) == 0 {
			t.Error("no rows")
		}
		for i := range ids {
			if len(ids[i]) == 0 || len(ids[i]) != len(rows[i]) {
				t.Errorf("%d numbers of %d rows", len(ids[i]), len(rows[i]))
			}
		}
	})
}
