package visit_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "25"); err != nil { // each of them fills tables, twice
		panic(err)
	}
	postgrestest.Main(m)
}

const (
	village  area.Code = 371424100281
	township area.Code = 371424100000
	county   area.Code = 371424000000
	far      area.Code = 371422100201
)

var (
	today  = calendar.Must(2026, 11, 2)
	now    = time.Date(2026, 11, 2, 10, 0, 0, 0, time.FixedZone("UTC+8", 8*60*60))
	dezhou = sync.OnceValue(func() *pack.Pack {
		p, faults := pack.Load(packs.Dezhou())
		if err := faults.Err(); err != nil {
			panic(err)
		}
		return p
	})
)

// Who visits. Their accounts are in the database.
var (
	assistant  = postgres.Principal{Account: 1, Role: "assistant", Area: village}
	officer    = postgres.Principal{Account: 2, Role: "officer", Area: township}
	colleague  = postgres.Principal{Account: 3, Role: "officer", Area: township}
	supervisor = postgres.Principal{Account: 4, Role: "supervisor", Area: county}
	decider    = postgres.Principal{Account: 5, Role: "decider", Area: township}
	elsewhere  = postgres.Principal{Account: 6, Role: "assistant", Area: far}
	nobody     = postgres.Principal{Account: 1} // the assistant after the posting has ended
)

// missing is an explainer that finds what a test has it find.
type missing struct {
	open []visit.Open
	err  error
}

func (m *missing) Open(context.Context, int64, calendar.Date) ([]visit.Open, error) {
	return m.open, m.err
}

// world is a database with one household of three, persons 1, 2 and the child 3, one far away of person 4, and person 5, who owes it support.
type world struct {
	testing.TB
	db *postgres.DB
	*visit.Visits
	registry *registry.Registry
	missing  *missing
}

func newWorld(t testing.TB) *world {
	t.Helper()
	keys := sealed.NewKeys()
	people := registry.New(keys)
	m := &missing{open: []visit.Open{
		{Unit: pack.Person, Of: 2, Who: "李春燕", Fact: "person.married", Name: pack.Text{Zh: "已婚", En: "Married"}, Ask: pack.Text{Zh: "现在有没有配偶？", En: "Married now?"},
			Programmes: []pack.Text{{Zh: "低保", En: "Dibao"}}},
		{Unit: pack.Household, Of: 1, Fact: "household.rent_12m", Name: pack.Text{Zh: "房租", En: "Rent"}, Ask: pack.Text{Zh: "付了多少房租？", En: "What rent?"}},
		{Unit: pack.Person, Of: 5, Who: "国大力", Fact: "person.civil_incapacity", Name: pack.Text{Zh: "无民事行为能力", En: "Incapacity"}, Ask: pack.Text{Zh: "？", En: "?"}},
		{Unit: pack.Household, Of: 1, Fact: "household.composition", Name: pack.Text{Zh: "一起生活的人", En: "Who lives together"}, Ask: pack.Text{Zh: "谁在一起生活？", En: "Who?"}},
	}}
	w := &world{t, postgrestest.New(t), visit.New(dezhou(), people, keys, m), people, m}
	w.own(fmt.Sprintf(`
		insert into person (name, area) values ('国志强', %[1]d), ('李春燕', %[1]d), ('国雨桐', %[1]d), ('远方人', %[2]d), ('国大力', %[2]d);
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01'), ('far', %[2]d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date)
			values (1, 1, true, '', true, 'composed', '2026-01-01'), (1, 2, false, '', true, 'composed', '2026-01-01'), (1, 3, false, '', true, 'composed', '2026-01-01'),
				(2, 4, true, '', true, 'composed', '2026-01-01')`, village, far))
	for _, p := range []postgres.Principal{assistant, officer, colleague, supervisor, decider, elsewhere} {
		w.own(fmt.Sprintf(`insert into account (id, login, name, staff, area, created_at) overriding system value values (%[1]d, 'user-%[1]dx', '某%[1]d', true, %[2]d, now());
			insert into posting (account, role, area, department, from_date, to_date) values (%[1]d, '%[3]s', %[2]d, '', '2020-01-01', 'infinity')`, p.Account, p.Area, p.Role))
	}
	return w
}

// own runs statements as the owner.
func (w *world) own(statements string) {
	w.Helper()
	if _, err := w.db.Own().Exec(w.Context(), statements); err != nil {
		w.Fatalf("%s: %v", statements, err)
	}
}

func (w *world) as(p postgres.Principal, do func(context.Context, pgx.Tx) error) error {
	return w.db.As(w.Context(), p, func(tx pgx.Tx) error { return do(w.Context(), tx) })
}

func (w *world) must(p postgres.Principal, do func(context.Context, pgx.Tx) error) {
	w.Helper()
	if err := w.as(p, do); err != nil {
		w.Fatal(err)
	}
}

// plan plans a visit to household 1.
func (w *world) plan(t visit.Task) (id int64) {
	w.Helper()
	if t.Household == 0 {
		t.Household = 1
	}
	if t.Purpose == "" {
		t.Purpose = visit.Warning
	}
	if t.Due == 0 {
		t.Due = today
	}
	w.must(officer, func(ctx context.Context, tx pgx.Tx) (err error) { id, err = visit.Plan(ctx, tx, t); return err })
	return id
}

// device answers in somebody's name.
type device struct {
	*world
	who   postgres.Principal
	id    string
	visit int64
	seq   int64
}

func (w *world) device(who postgres.Principal, n int, id int64) *device {
	return &device{w, who, uid(1, n), id, 0}
}

// uid is a UUID for a test: of a kind and a number.
func uid(kind, n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", kind, n) }

// says is an answer, the device's next.
func (d *device) says(unit string, of int64, fact string, value any) visit.Answer {
	d.seq++
	var device int
	fmt.Sscanf(d.id[24:], "%d", &device)
	a := visit.Answer{ID: uid(2, device*100000+int(d.seq)), Seq: d.seq, Unit: unit, Of: of, Fact: fact, Kind: visit.Value, Value: value, At: now}
	if kind, ok := value.(visit.Kind); ok {
		a.Kind, a.Value = kind, nil
	}
	return a
}

func (d *device) bundle(n int, answers ...visit.Answer) visit.Bundle {
	return visit.Bundle{ID: uid(3, n), Device: d.id, Visit: d.visit, SaidBy: "国志强", Answers: answers}
}

// send sends a bundle and gives what became of it.
func (d *device) send(b visit.Bundle) visit.Received {
	d.Helper()
	return d.sync(d.who, b)
}

func (w *world) sync(p postgres.Principal, b visit.Bundle) (r visit.Received) {
	w.Helper()
	b, err := b.Sealed()
	if err != nil {
		w.Fatal(err)
	}
	w.must(p, func(ctx context.Context, tx pgx.Tx) (err error) { r, err = w.Sync(ctx, tx, b, today); return err })
	return r
}

// stands is the statements about household 1 and its persons that count, as "fact of = value", in order.
func (w *world) stands() []string {
	w.Helper()
	rows, err := w.db.Own().Query(w.Context(), `select fact || ' ' || unit_id || ' = ' || value::text from statement s
		where not exists (select from withdrawal x where x.statement = s.id) order by 1`)
	if err != nil {
		w.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func kindOf(err error) string {
	var f *fault.Error
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &f):
		return f.Text.Key
	}
	return err.Error()
}

func (w *world) want(what string, err error, key string) {
	w.Helper()
	if got := kindOf(err); got != key {
		w.Errorf("%s: %s (%v), want %s", what, got, err, key)
	}
}
