package ingest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/ingest"
)

// An import whose database has no room, or goes away, says so; what was there stays, and begun again it comes through.
func TestBrokenImports(t *testing.T) {
	p := twoFeeds()
	before := delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01")
	after := delivery(t, "two-cancers-2", "2026-10-02", "A,"+number(1)+",王芳,否,否,2026-05-01", "B,"+number(2)+",李秀,是,否,2026-05-01")
	tests := []struct {
		name, raise, want string
	}{
		{"the disk is full", "raise exception using errcode = '53100', message = 'could not extend file'", "ingest.disk-full"},
		{"the database is gone", "perform pg_terminate_backend(pg_backend_pid())", "ingest.database-gone"},
	}
	for _, on := range []string{"feed_two_cancers", "batch", "record_version"} {
		for _, test := range tests {
			t.Run(test.name+" at "+on, func(t *testing.T) {
				r, db := newRecord(t, p)
				imported(t, r, before)
				want := whole(t, r, db)
				broken := fmt.Sprintf(`create function broken() returns trigger language plpgsql as $$ begin %s; return new; end $$;
					alter function broken() security definer;
					create trigger broken before insert or update on %s for each row execute function broken()`, test.raise, on)
				if _, err := db.Own().Exec(t.Context(), broken); err != nil {
					t.Fatal(err)
				}
				_, err := r.Import(t.Context(), after, ingest.Options{})
				if key(err) != test.want {
					t.Errorf("%v", err)
				}
				if _, err := db.Own().Exec(t.Context(), "drop function broken cascade"); err != nil {
					t.Fatal(err)
				}
				compare(t, whole(t, r, db), want)
				imported(t, r, after)
				compare(t, whole(t, r, db), readBy(t, p, together([]drawn{{files: before}, {files: after}})))
			})
		}
	}
}

// A delivery that is not what it says stops, says why, and leaves nothing but that; what has nothing to do with it goes in.
func TestStoppedDeliveries(t *testing.T) {
	manifest := func(change func(map[string]any)) fstest.MapFS {
		files := delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01")
		var m map[string]any
		if err := json.Unmarshal(files["two-cancers-1.manifest.json"].Data, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		content, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		files["two-cancers-1.manifest.json"] = &fstest.MapFile{Data: content}
		return files
	}
	data := func(old, new string) fstest.MapFS {
		files := manifest(func(map[string]any) {})
		files["two-cancers-1.csv"] = &fstest.MapFile{Data: []byte(strings.Replace(string(files["two-cancers-1.csv"].Data), old, new, 1))}
		return files
	}
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string // what the batch or its file says
	}{
		{"a row too few", manifest(func(m map[string]any) { m["files"].([]any)[0].(map[string]any)["rows"] = 2 }), "feed.rows-unbalanced"},
		{"a key that manifests do not have", manifest(func(m map[string]any) { m["colour"] = "red" }), "feed.manifest-key"},
		{"a feed that the pack does not have", manifest(func(m map[string]any) { m["feed"] = "three-cancers" }), "feed.unknown-feed"},
		{"a column that the feed does not have", data("registered_on", "registered_on,colour"), "feed.unknown-column"},
		{"a column is called otherwise", data("invasive", "malignant"), "feed.unknown-column"},
		{"a manifest cut off", fstest.MapFS{"two-cancers-1.manifest.json": {Data: []byte(`{"feed": "two-`)}}, "feed.bad-manifest"},
	}
	beside := delivery(t, "two-cancers-9", "2026-10-01", "Z,"+number(1)+",王芳,是,否,2026-05-01")
	r, db := newRecord(t, twoFeeds())
	for _, test := range tests {
		empty(t, db)
		imported(t, r, together([]drawn{{files: test.files}, {files: beside}}))
		var said string
		err := db.Own().QueryRow(t.Context(), `select coalesce((select jsonb_agg(refused)::text from batch_file f where f.batch = b.id), '') || faults::text
			from batch b where state = 'stopped' and name like 'two-cancers-1%'`).Scan(&said)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if !strings.Contains(said, test.want) {
			t.Errorf("%s: it says %s", test.name, said)
		}
		if set := whole(t, r, db); set.Table("two-cancers").Len() != 1 {
			t.Errorf("%s: %d rows are in use", test.name, set.Table("two-cancers").Len())
		}
	}
}

// Of a delivery of which one file cannot be used the others go in, as in a folder; it is told which is not, and silence means nothing then.
func TestPartOfADelivery(t *testing.T) {
	p := twoFeeds()
	r, db := newRecord(t, p)
	header := "record_no,id_no,name,invasive,helped,registered_on\n"
	files := fstest.MapFS{
		"two-cancers-1.manifest.json": {Data: []byte(`{"feed": "two-cancers", "delivered": "2026-10-01", "from": "2026-01-01", "to": "2026-10-01", "areas": ["371424"],
			"files": [{"name": "a.csv", "rows": 1}, {"name": "b.csv", "rows": 1}, {"name": "c.csv", "rows": 5}]}`)},
		"a.csv": {Data: []byte(header + "A," + number(1) + ",王芳,是,否,2026-05-01\n")},
		"b.csv": {Data: []byte(strings.Replace(header, "invasive", "malignant", 1) + "B," + number(2) + ",王芳,是,否,2026-05-01\n")},
		"c.csv": {Data: []byte(header + "C," + number(3) + ",王芳,是,否,2026-05-01\n")},
	}
	o := imported(t, r, files)[0]
	if o.State != ingest.Promoted || o.Refused != 2 {
		t.Errorf("it is %s, with %d files refused", o.State, o.Refused)
	}
	set := whole(t, r, db)
	compare(t, set, readBy(t, p, files))
	if set.Deliveries[0].Whole || set.Table("two-cancers").Len() != 1 {
		t.Errorf("whole %t, %d rows", set.Deliveries[0].Whole, set.Table("two-cancers").Len())
	}
	var b *ingest.Batch
	err := db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		b, err = r.Batch(t.Context(), tx, o.Batch)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, f := range b.Faults {
		told += f.At.File + " " + f.Text.Key + ", "
	}
	if want := "b.csv feed.column-missing, b.csv feed.unknown-column, c.csv feed.rows-unbalanced, "; told != want {
		t.Errorf("it tells of %s, not of %s", told, want)
	}
	if err := r.Undo(t.Context(), 1, o.Batch); err != nil {
		t.Error(err)
	}
	if n := whole(t, r, db).Table("two-cancers").Len(); n != 0 {
		t.Errorf("%d rows stay", n)
	}
}

// Two imports of one delivery at once bring it in once.
func TestTwoImportsAtOnce(t *testing.T) {
	r, db := newRecord(t, twoFeeds())
	var rows []string
	for i := range 2000 {
		rows = append(rows, fmt.Sprintf("K%d,%s,王芳,是,否,2026-05-01", i, number(1+i%400)))
	}
	files := delivery(t, "two-cancers-1", "2026-10-01", rows...)
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := r.Import(t.Context(), files, ingest.Options{})
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Import(t.Context(), files, ingest.Options{}); err != nil { // whoever saw it half done left it
		t.Error(err)
	}
	compare(t, whole(t, r, db), readBy(t, twoFeeds(), files))
	var batches int
	err := db.Work(t.Context(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), "select count(*) from batch where state = 'promoted'").Scan(&batches)
	})
	if err != nil || batches != 1 {
		t.Errorf("%d batches are promoted, %v", batches, err)
	}
}
