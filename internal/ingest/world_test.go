package ingest_test

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/synth"
	"dajiuzhu/packs"
)

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		panic(faults)
	}
	return p
})

// test is a test, or one case of a property.
type test interface {
	Helper()
	Errorf(format string, args ...any)
	Error(args ...any)
	Fatal(args ...any)
}

// newRecord is an empty record of the pack.
func newRecord(t testing.TB, p *pack.Pack) (*ingest.Record, *postgres.DB) {
	t.Helper()
	r, db, _ := newRecordOf(t, p)
	return r, db
}

// newRecordOf is the same, with who there is.
func newRecordOf(t testing.TB, p *pack.Pack) (*ingest.Record, *postgres.DB, *registry.Identities) {
	t.Helper()
	db := postgrestest.New(t)
	if err := ingest.ApplyPack(t.Context(), db.Own(), p); err != nil {
		t.Fatal(err)
	}
	keys := sealed.NewKeys()
	everybody := identities(t, db, keys)
	return ingest.New(db, p, everybody, keys), db, everybody
}

func identities(t testing.TB, db *postgres.DB, keys *sealed.Keys) *registry.Identities {
	t.Helper()
	all, err := loadIdentities(t.Context(), db, keys)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func loadIdentities(ctx context.Context, db *postgres.DB, keys *sealed.Keys) (all *registry.Identities, err error) {
	err = db.Work(ctx, func(tx pgx.Tx) (err error) {
		all, err = registry.LoadIdentities(ctx, tx, keys)
		return err
	})
	return all, err
}

// dezhouFeed is a feed of the pack.
func dezhouFeed(id string) *pack.Feed {
	for _, f := range dezhou().Feeds {
		if f.ID == id {
			return f
		}
	}
	return nil
}

func tableName(f *pack.Feed) string { return "feed_" + strings.ReplaceAll(f.ID, "-", "_") }

// county is the folder of a sample county of some persons.
func county(t testing.TB, persons int) fs.FS {
	t.Helper()
	dir := t.TempDir()
	writeCounty(t, dir, persons)
	return os.DirFS(dir)
}

func writeCounty(t testing.TB, dir string, persons int) {
	t.Helper()
	_, err := synth.Write(t.Context(), dezhou(), dir, synth.Options{People: persons, On: calendar.Must(2026, 11, 1)})
	if err != nil {
		t.Fatal(err)
	}
}

func imported(t testing.TB, r *ingest.Record, fsys fs.FS) []ingest.Outcome {
	t.Helper()
	outcomes, err := r.Import(t.Context(), fsys, ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// whole is the record as a set.
func whole(t test, r *ingest.Record, db *postgres.DB) *feed.Set {
	t.Helper()
	var set *feed.Set
	ctx := context.Background()
	err := db.Work(ctx, func(tx pgx.Tx) (err error) {
		set, err = r.Set(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Error(err)
	}
	return set
}

// shown is what of a set bears on anybody, as plain values.
type shown struct {
	Deliveries []string
	Files      []feed.File
	Rows       map[string][][]string
	Rejects    []string
}

func show(set *feed.Set) shown {
	s := shown{Rows: map[string][][]string{}}
	for _, d := range set.Deliveries {
		line := d.Manifest + " " + d.Feed.ID + " " + d.Delivered.String() + " " + d.Period.From.String() + " " + d.Period.To.String()
		for _, a := range d.Areas {
			line += " " + a.String()
		}
		switch {
		case d.Replaced != nil: // a folder's is then not read, and nobody knows whether it would have been whole
			line += " replaced" // of several that cover it any may be named
		case d.Whole:
			line += " whole"
		}
		s.Deliveries = append(s.Deliveries, line)
	}
	slices.Sort(s.Deliveries)
	for _, f := range set.Files {
		s.Files = append(s.Files, feed.File{Name: f.Name, Rows: f.Rows, Used: f.Used, Rejected: f.Rejected, Formulas: f.Formulas, Missing: f.Missing})
	}
	for _, t := range set.Tables {
		for row := range t.Len() {
			file, _ := t.File(row)
			cells := append(t.Cells(row), file.Name)
			if !t.Used(row) {
				cells = append(cells, "aside")
			}
			s.Rows[t.Feed.ID] = append(s.Rows[t.Feed.ID], cells)
		}
	}
	for _, r := range set.Rejects {
		line := r.Message(fault.Zh)
		for _, p := range r.Persons {
			line += " " + p.Plain()
		}
		if r.Unplaced {
			line += " unplaced"
		}
		if r.Again {
			line += " again"
		}
		for _, c := range r.Cells() {
			line += "|" + c
		}
		s.Rejects = append(s.Rejects, line)
	}
	return s
}

func read(t test, fsys fs.FS) *feed.Set { return readBy(t, dezhou(), fsys) }

func readBy(t test, p *pack.Pack, fsys fs.FS) *feed.Set {
	t.Helper()
	set, err := feed.Read(context.Background(), p, fsys, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func compare(t test, got, want *feed.Set) {
	t.Helper()
	if diff := cmp.Diff(show(want), show(got), cmp.AllowUnexported(feed.File{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the record gives back another set than the folder (-folder +record):\n%.4000s", diff)
	}
}
