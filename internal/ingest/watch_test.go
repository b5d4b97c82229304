package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/ingest"
)

// put writes files of a folder into another.
func put(t *testing.T, dir string, files fstest.MapFS, suffix string) {
	t.Helper()
	for name, f := range files {
		if strings.HasSuffix(name, suffix) {
			if err := os.WriteFile(filepath.Join(dir, name), f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestWatch(t *testing.T) {
	r, _ := newRecord(t, twoFeeds())
	dir := t.TempDir()
	w := ingest.NewWatch(r, dir, ingest.Options{})
	look := func(want string) {
		t.Helper()
		outcomes, err := w.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, o := range outcomes {
			got += string(o.State)
			if o.Known {
				got += " known"
			}
		}
		if got != want {
			t.Errorf("a look finds %q, not %q", got, want)
		}
	}
	first := delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01")
	look("")
	put(t, dir, first, ".manifest.json")
	look("") // the data is not there
	look("")
	put(t, dir, first, ".csv")
	look("") // it may still grow
	look("promoted")
	look("")
	w = ingest.NewWatch(r, dir, ingest.Options{}) // the program is started again
	look("")
	look("promoted known")
	look("")
	if err := r.Undo(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	w = ingest.NewWatch(r, dir, ingest.Options{})
	look("")
	look("undone known") // nobody asked for it again
	outcomes := imported(t, r, os.DirFS(dir))
	if o := outcomes[0]; o.Known || o.State != ingest.Promoted {
		t.Errorf("asked for again: %s, known %t", o.State, o.Known)
	}
}

func TestFreshness(t *testing.T) {
	r, db := newRecord(t, twoFeeds())
	imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01", "B,,王芳,是,否,2026-05-01"))
	tell := func(on calendar.Date) (late map[string]int, opened, closed int64) {
		t.Helper()
		late = map[string]int{}
		err := db.Work(t.Context(), func(tx pgx.Tx) error {
			all, err := r.Freshness(t.Context(), tx, on)
			if err != nil {
				return err
			}
			for _, f := range all {
				if f.Late {
					late[f.Feed]++
				}
				if f.Batch == 1 && (f.Rows != 2 || f.Rejected != 1 || f.County.String() != "371424") {
					t.Errorf("%s: %d rows, %d rejected in %s", f.Feed, f.Rows, f.Rejected, f.County)
				}
			}
			anew, n, err := r.Late(t.Context(), tx, on)
			opened, closed = int64(len(anew)), n
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return late, opened, closed
	}
	counties := len(dezhou().Areas.Children(dezhou().Area))
	late, opened, closed := tell(calendar.Must(2026, 11, 1))
	if late["two-cancers"] != counties-1 || late["marriages"] != counties || opened != int64(2*counties-1) || closed != 0 {
		t.Errorf("late: %v, opened %d, closed %d", late, opened, closed)
	}
	if _, opened, closed = tell(calendar.Must(2026, 11, 1)); opened != 0 || closed != 0 {
		t.Errorf("the same day again: opened %d, closed %d", opened, closed)
	}
	if late, opened, _ = tell(calendar.Must(2027, 10, 1)); late["two-cancers"] != counties || opened != 1 {
		t.Errorf("a year later: %v, opened %d", late, opened)
	}
	imported(t, r, delivery(t, "two-cancers-2", "2027-09-01", "A,"+number(1)+",王芳,是,否,2026-05-01"))
	if _, opened, closed = tell(calendar.Must(2027, 10, 1)); opened != 0 || closed != 1 {
		t.Errorf("after it came: opened %d, closed %d", opened, closed)
	}
}
