package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
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

	var file bytes.Buffer
	err := db.Work(t.Context(), func(tx pgx.Tx) error { return r.Download(t.Context(), tx, batch, fault.Zh, &file) })
	if err != nil {
		t.Fatal(err)
	}
	mended := strings.NewReplacer("37149919800101000,", number(2)+",", "maybe", "否").Replace(file.String())
	if !strings.Contains(mended, "'=1+1") {
		t.Errorf("a formula goes out as one:\n%s", mended)
	}
	m, err := r.Resubmit(t.Context(), 1, batch, strings.NewReader(mended))
	if err != nil {
		t.Fatal(err)
	}
	if m.Used != 2 || m.Bad != 1 {
		t.Errorf("%d used, %d bad", m.Used, m.Bad)
	}
	want := readBy(t, p, delivery(t, "two-cancers-1", "2026-10-01", good, other, bad[1], good))
	want.Files[0].Formulas = 0 // they are counted in what was delivered, and there it was in a bad row
	compare(t, whole(t, r, db), want)

	_, err = r.Resubmit(t.Context(), 1, batch, strings.NewReader(mended))
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
		if len(ids) == 0 || len(rows) != len(ids)+1 {
			t.Errorf("%d numbers of %d rows", len(ids), len(rows))
		}
	})
}
