package casework_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	village  area.Code = 371424100281
	township area.Code = 371424100000
	county   area.Code = 371424000000
	far      area.Code = 371422000000
)

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		panic(err)
	}
	return p
})

// Who works on cases. Their accounts are in the database.
var (
	assistant  = postgres.Principal{Account: 1, Role: "assistant", Area: village}
	officer    = postgres.Principal{Account: 2, Role: "officer", Area: township}
	colleague  = postgres.Principal{Account: 3, Role: "officer", Area: township}
	decider    = postgres.Principal{Account: 4, Role: "decider", Area: township}
	supervisor = postgres.Principal{Account: 5, Role: "supervisor", Area: county}
	health     = postgres.Principal{Account: 6, Role: "department", Area: county, Department: "health"}
	health2    = postgres.Principal{Account: 7, Role: "department", Area: county, Department: "health"}
	resident   = postgres.Principal{Account: 8, Role: "resident", Area: village}
	third      = postgres.Principal{Account: 9, Role: "officer", Area: township}
	another    = postgres.Principal{Account: 10, Role: "decider", Area: township}
	second     = postgres.Principal{Account: 11, Role: "supervisor", Area: county}

	// Somebody may have postings in two roles.
	officerDecides    = postgres.Principal{Account: 2, Role: "decider", Area: township}
	deciderProcesses  = postgres.Principal{Account: 4, Role: "officer", Area: township}
	officerSupervises = postgres.Principal{Account: 3, Role: "supervisor", Area: county}
)

// at is a moment of the platform's clock.
func at(month time.Month, day, hour int) time.Time {
	return time.Date(2026, month, day, hour, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*60*60))
}

func yuan(s string) *money.Decimal {
	d := money.Must(s)
	return &d
}

// engine is an explainer that says what a test has it say.
type engine struct{ outcomes []casework.Outcome }

func (e *engine) Explain(_ context.Context, household int64, on calendar.Date) (*casework.Explained, error) {
	outcomes := slices.Clone(e.outcomes)
	for n := range outcomes {
		outcomes[n].Report = map[string]any{"household": household, "on": on}
	}
	return &casework.Explained{On: on, Pack: dezhou().Hash, Engine: "1", Inputs: []byte(`{"facts":1}`), Outcomes: outcomes}, nil
}

// world is a database with one household of three: persons 1, 2 and the child 3.
type world struct {
	testing.TB
	db *postgres.DB
	*casework.Casework
	engine *engine
}

func newWorld(t testing.TB) *world {
	e := &engine{[]casework.Outcome{
		{Programme: "dibao", Outcome: "eligible", Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.40"), Per: "month"}}},
		{Programme: "temp-expenditure", Outcome: "likely", Grants: []casework.Grant{{Component: "aid", Amount: yuan("2400"), Per: "once"}}},
		{Programme: "temp-emergency", Outcome: "possible"},
		{Programme: "special-family", Outcome: "ineligible"},
	}}
	w := &world{t, postgrestest.New(t), casework.New(dezhou(), e), e}
	w.own(fmt.Sprintf(`
		insert into person (name, area) values ('国志强', %[1]d), ('李春燕', %[1]d), ('国雨桐', %[1]d);
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01'), ('far', 371422100201, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date)
			values (1, 1, true, '', true, 'composed', '2026-01-01'), (1, 2, false, '', true, 'composed', '2026-01-01'), (1, 3, false, '', true, 'composed', '2026-01-01')`, village))
	for _, p := range []postgres.Principal{assistant, officer, colleague, decider, supervisor, health, health2, resident, third, another, second} {
		w.own(fmt.Sprintf(`insert into account (id, login, name, staff, area, created_at) overriding system value values (%[1]d, 'user-%[1]dx', '某%[1]d', %[5]v, %[2]d, now());
			insert into posting (account, role, area, department, from_date, to_date) values (%[1]d, '%[3]s', %[2]d, '%[4]s', '2020-01-01', 'infinity')`,
			p.Account, p.Area, p.Role, p.Department, p.Role != "resident"))
	}
	w.own(`insert into account_person (account, person, how, proof, tied_at) values (8, 1, 'outside', 'x', '2026-01-01')`)
	for _, p := range []postgres.Principal{officerDecides, deciderProcesses, officerSupervises} {
		w.own(fmt.Sprintf(`insert into posting (account, role, area, department, from_date, to_date) values (%d, '%s', %d, '', '2020-01-01', 'infinity')`, p.Account, p.Role, p.Area))
	}
	w.own(`update person set birth = '1980-01-01' where id in (1, 2); update person set birth = '2015-01-01' where id = 3;
		insert into authorisation (person, signed_by, paper, from_date, to_date, account) values (1, '国志强', '授权书1', '2020-01-01', '2030-01-01', 1),
			(2, '李春燕', '授权书1', '2020-01-01', '2030-01-01', 1)`)
	if err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return casework.ApplyPack(t.Context(), tx, dezhou()) }); err != nil {
		t.Fatal(err)
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

// must does something that has to succeed.
func (w *world) must(p postgres.Principal, do func(context.Context, pgx.Tx) error) {
	w.Helper()
	if err := w.as(p, do); err != nil {
		w.Fatal(err)
	}
}

// file files some programmes for household 1 by the assistant with a proxy paper, and gives the items.
func (w *world) file(now time.Time, wants ...casework.Want) []int64 {
	w.Helper()
	var filed casework.Filed
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) (err error) {
		filed, err = w.File(ctx, tx, casework.Filing{Household: 1, Applicant: 1, Occasion: casework.Application, Channel: "village", Proxy: "委托书1", Resident: resident.Account, Items: wants}, now)
		return err
	})
	return filed.Items
}

// do does a step of an item in somebody's name.
func (w *world) do(p postgres.Principal, item int64, step string, d casework.Doing, now time.Time) error {
	return w.as(p, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.Do(ctx, tx, item, step, d, now)
		return err
	})
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

var (
	signed  = casework.Doing{Signer: "国志强", Signature: "签字1"}
	survey  = casework.Doing{With: []int64{colleague.Account}, Signer: "国志强", Signature: "调查表1", Result: "与申报一致"}
	checked = casework.Doing{Result: "无异常"}
	granted = casework.Doing{Result: "granted"}
)

// day is the platform's day of a moment.
func day(t time.Time) calendar.Date {
	y, m, d := t.In(time.FixedZone("Asia/Shanghai", 8*60*60)).Date()
	return calendar.Must(y, m, d)
}
