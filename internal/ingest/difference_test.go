package ingest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
)

// touchedSince is whom batches touched after an entry: persons by their place among [number], areas as they are; and the newest entry.
func touchedSince(t *testing.T, db *postgres.DB, everybody *registry.Identities, since int64) (all []string, newest int64) {
	t.Helper()
	rows, err := db.Own().Query(t.Context(), "select id, person, area from touched where id > $1 order by id", since)
	if err != nil {
		t.Fatal(err)
	}
	var person, area *int64
	_, err = pgx.ForEachRow(rows, []any{&newest, &person, &area}, func() error {
		if area != nil {
			all = append(all, fmt.Sprint("area ", *area))
		}
		for i := range 9 {
			if n, err := idno.Parse(number(i)); err == nil && person != nil {
				if p, ok := everybody.Find(n); ok && p == *person {
					all = append(all, fmt.Sprint("person ", i))
				}
			}
		}
		person, area = nil, nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all, newest
}

func TestDifference(t *testing.T) {
	r, db, everybody := newRecordOf(t, twoFeeds())
	row := func(key string, person int, invasive string) string {
		return fmt.Sprintf("%s,%s,王芳,%s,否,2026-05-01", key, number(person), invasive)
	}
	imported(t, r, delivery(t, "two-cancers-1", "2026-10-01", row("A", 1, "是"), row("B", 2, "是"), row("C", 3, "是")))
	got, newest := touchedSince(t, db, everybody, 0)
	if diff := cmp.Diff([]string{"area 371424000000"}, got); diff != "" {
		t.Errorf("the first delivery of a feed touches (-want +got):\n%s", diff)
	}
	outcomes, err := r.Import(t.Context(), delivery(t, "two-cancers-2", "2026-10-02", row("A", 1, "是"), row("B", 2, "否"), row("D", 4, "是"), "E,,,是,否,2026-05-01"),
		ingest.Options{Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	batch := outcomes[0].Batch
	if outcomes[0].State != ingest.Staged {
		t.Fatalf("held back, it is %s", outcomes[0].State)
	}
	before := whole(t, r, db)
	var differences []ingest.Difference
	err = db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		differences, err = r.Difference(t.Context(), tx, batch)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ingest.Difference{{County: 371424_000000, New: 1, Same: 1, Changed: 1, Gone: 1}}, differences); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var sample []string
	err = db.Work(t.Context(), func(tx pgx.Tx) error {
		rows, err := r.Sample(t.Context(), tx, batch, 371424_000000, 5)
		for _, s := range rows {
			sample = append(sample, fmt.Sprint(s.Change, s.Before, s.After, s.Differ))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	hidden := func(person int, key string) string {
		n, _ := idno.Parse(number(person))
		return fmt.Sprintf("[%s** %s 王** ****** false 2026-05-01]", key, n.Masked())
	}
	wantSample := []string{"changed" + hidden(2, "B") + " " + hidden(2, "B") + " [false false false true false false]", "gone" + hidden(3, "C") + " [] []",
		"new[] " + hidden(4, "D") + " []"}
	if diff := cmp.Diff(wantSample, sample); diff != "" {
		t.Errorf("the sample (-want +got):\n%s", diff)
	}
	if err := r.Promote(t.Context(), 1, batch); err != nil {
		t.Fatal(err)
	}
	want := []string{"person 2", "person 3", "person 4"}
	if got, newest = touchedSince(t, db, everybody, newest); !slices.Equal(got, want) {
		t.Errorf("promoting touches %v", got)
	}
	if err := r.Undo(t.Context(), 1, batch); err != nil {
		t.Fatal(err)
	}
	if got, _ = touchedSince(t, db, everybody, newest); !slices.Equal(got, want) {
		t.Errorf("undoing touches %v", got)
	}
	compare(t, whole(t, r, db), before)
	var acts []string
	rows, err := db.Own().Query(t.Context(), "select kind from act order by id")
	if err != nil {
		t.Fatal(err)
	}
	if acts, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || !slices.Equal(acts, []string{"batch.promote", "batch.promote", "batch.undo"}) {
		t.Errorf("recorded: %v, %v", acts, err)
	}
}
