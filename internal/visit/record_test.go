package visit_test

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/synth"
	"dajiuzhu/internal/visit"
)

// In a record with an invented county in it, what the engine misses of a family is asked at the visit, and once it is answered the family is
// determined anew by itself and the engine asks for it no more.
func TestAnswersDetermine(t *testing.T) {
	ctx, db, keys, on := t.Context(), postgrestest.New(t), sealed.NewKeys(), calendar.Must(2026, 11, 1)
	policy, faults := rules.Compile(dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := synth.Write(ctx, dezhou(), dir, synth.Options{People: 600, Seed: 5, On: on}); err != nil {
		t.Fatal(err)
	}
	if err := ingest.ApplyPack(ctx, db.Own(), dezhou()); err != nil {
		t.Fatal(err)
	}
	var identities *registry.Identities
	if err := db.Work(ctx, func(tx pgx.Tx) (err error) { identities, err = registry.LoadIdentities(ctx, tx, keys); return err }); err != nil {
		t.Fatal(err)
	}
	record, people := ingest.New(db, dezhou(), identities, keys), registry.New(keys)
	if _, err := record.Import(ctx, os.DirFS(dir), ingest.Options{}); err != nil {
		t.Fatal(err)
	}
	d := discovery.New(db, record, people, identities, policy)
	if _, err := d.Run(ctx, on, nil); err != nil {
		t.Fatal(err)
	}
	explain := visit.Explaining(d, dezhou())
	household, where, asked := open(t, db, explain, on)
	who := postgres.Principal{Account: 1, Role: "officer", Area: area.Code(int64(where) / 1000 * 1000)}
	if _, err := db.Own().Exec(ctx, "insert into account (login, name, staff, area, created_at) values ('wang', '王芳', true, 0, now())"); err != nil {
		t.Fatal(err)
	}
	visits := visit.New(dezhou(), people, keys, explain)
	as := func(do func(tx pgx.Tx) error) {
		t.Helper()
		if err := db.As(ctx, who, do); err != nil {
			t.Fatal(err)
		}
	}
	var id int64
	var sheet visit.Sheet
	as(func(tx pgx.Tx) (err error) {
		id, err = visit.Plan(ctx, tx, visit.Task{Household: household, Purpose: visit.Warning, Visitors: []int64{1}, Due: on})
		return err
	})
	as(func(tx pgx.Tx) (err error) { sheet, err = visits.Sheet(ctx, tx, id, on); return err })
	is := func(q visit.Question) bool {
		return q.Unit == string(asked.Unit) && q.Of == asked.Of && q.Fact == asked.Fact
	}
	at := slices.IndexFunc(sheet.Questions, is)
	if at < 0 || len(sheet.Questions[at].Settles) == 0 || sheet.Questions[at].Ask.Zh == "" {
		t.Fatalf("the sheet does not ask for %+v: %+v", asked, sheet.Questions)
	}
	b, err := visit.Bundle{ID: uid(3, 1), Device: uid(1, 1), Visit: id, Answers: []visit.Answer{{ID: uid(2, 1), Seq: 1, Unit: string(asked.Unit), Of: asked.Of, Fact: asked.Fact,
		Kind: visit.Value, Value: false, Base: sheet.Questions[at].Base, At: now}}}.Sealed()
	if err != nil {
		t.Fatal(err)
	}
	var r visit.Received
	as(func(tx pgx.Tx) (err error) { r, err = visits.Sync(ctx, tx, b, on); return err })
	if len(r.Answers) != 1 || r.Answers[0].State != "taken" {
		t.Fatalf("%+v", r)
	}
	updated, err := d.Update(ctx, on)
	if err != nil || updated.Persons == 0 {
		t.Errorf("nobody is determined anew: %+v, %v", updated, err)
	}
	still, err := explain.Open(ctx, household, on)
	if err != nil || slices.ContainsFunc(still, func(o visit.Open) bool { return o.Unit == asked.Unit && o.Of == asked.Of && o.Fact == asked.Fact }) {
		t.Errorf("the engine still asks for %s (%v)", asked.Fact, err)
	}
	as(func(tx pgx.Tx) (err error) { sheet, err = visits.Sheet(ctx, tx, id, on); return err })
	if at := slices.IndexFunc(sheet.Questions, is); at < 0 || sheet.Questions[at].Said == nil || sheet.Questions[at].Said.Value != false {
		t.Error("the answer is not on the sheet any more")
	}
}

// open is a household of which the engine misses the answer to a question of yes or no about a member, and where it is.
func open(t *testing.T, db *postgres.DB, explain visit.Explainer, on calendar.Date) (household int64, where area.Code, asked visit.Open) {
	t.Helper()
	rows, err := db.Own().Query(context.Background(), "select household, area from finding order by score desc nulls last, household limit 60")
	if err != nil {
		t.Fatal(err)
	}
	type home struct {
		Household int64
		Area      area.Code
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[home])
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		missing, err := explain.Open(t.Context(), h.Household, on)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range missing {
			for _, f := range dezhou().Facts {
				if f.Path() == o.Fact && f.Type == pack.Bool && o.Unit == pack.Person && o.Who != "" {
					return h.Household, h.Area, o
				}
			}
		}
	}
	t.Fatal("the engine misses nothing of anybody")
	return 0, 0, visit.Open{}
}
