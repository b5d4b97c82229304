package means_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const village area.Code = 371499100201

var (
	today  = calendar.Must(2026, time.November, 1)
	dezhou = sync.OnceValue(func() *pack.Pack {
		p, faults := pack.Load(packs.Dezhou())
		if len(faults) > 0 {
			panic(faults)
		}
		return p
	})
	officer = postgres.Principal{Account: 7, Role: "officer", Area: village}
)

// world is a database with one household: persons 1 and 2 live in it, 3 is a son who lives elsewhere.
type world struct {
	*testing.T
	db *postgres.DB
	*means.Checks
	registry *registry.Registry
}

func newWorld(t *testing.T) *world {
	keys := sealed.NewKeys()
	r := registry.New(keys)
	w := &world{t, postgrestest.New(t), means.New(keys, r), r}
	_, err := w.db.Own().Exec(t.Context(), fmt.Sprintf(`
		insert into person (name, area) values ('甲', %[1]d), ('乙', %[1]d), ('丙', %[1]d);
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date)
			values (1, 1, true, '', true, 'composed', '2026-01-01'), (1, 2, false, '', true, 'composed', '2026-01-01')`, village))
	if err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return means.ApplyPack(t.Context(), tx, dezhou()) }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) as(p postgres.Principal, do func(context.Context, pgx.Tx) error) error {
	return w.db.As(w.Context(), p, func(tx pgx.Tx) error { return do(w.Context(), tx) })
}

// must does something as the officer that has to succeed.
func (w *world) must(do func(context.Context, pgx.Tx) error) {
	w.Helper()
	if err := w.as(officer, do); err != nil {
		w.Fatal(err)
	}
}

func (w *world) draft(recheckOf int64, persons ...int64) (check int64) {
	w.Helper()
	d := means.Draft{Household: 1, Reason: "低保申请", RecheckOf: recheckOf}
	for _, p := range persons {
		role := means.Member
		if p == 3 {
			role = means.Supporter
		}
		d.Scope = append(d.Scope, means.Covered{Person: p, Role: role})
	}
	w.must(func(ctx context.Context, tx pgx.Tx) (err error) { check, err = w.Draft(ctx, tx, d); return err })
	return check
}

func (w *world) authorise(person int64, from, to calendar.Date) (id int64) {
	w.Helper()
	w.must(func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = w.Authorise(ctx, tx, means.Authorisation{Person: person, SignedBy: "本人", Paper: "授权书1", Holds: calendar.Span{From: from, To: to}})
		return err
	})
	return id
}

func (w *world) request(check int64, on calendar.Date) error {
	return w.as(officer, func(ctx context.Context, tx pgx.Tx) error { return w.Request(ctx, tx, check, on) })
}

func (w *world) report(check int64, on calendar.Date, deposits string, of int64) error {
	amount, _ := money.Parse(deposits)
	return w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Report(ctx, tx, dezhou(), check, means.Report{Paper: "核对报告8", From: "核对中心", On: on, Expires: on.AddDays(180),
			Items: []means.Item{{Person: of, Kind: "bank", Institution: "农商行", Account: sealed.NewSecret(sealed.Account, "6222020200001234567"), Amount: amount, On: on}},
			Facts: []means.Fact{{Unit: pack.Person, Of: of, Path: "person.deposits", Value: deposits}}})
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
		w.Errorf("%s: %s, want %s", what, got, key)
	}
}

func TestACheckNeedsEverybodysAuthorisation(t *testing.T) {
	w := newWorld(t)
	check := w.draft(0, 1, 2, 3)
	w.authorise(1, today, today.AddDays(365))
	w.authorise(2, today, today.AddDays(365))
	w.want("without the supporter's", w.request(check, today), "means.unsigned")
	supporter := w.authorise(3, today.AddDays(2), today.AddDays(20))
	w.want("before it begins", w.request(check, today), "means.unsigned")
	w.want("with all", w.request(check, today.AddDays(2)), "done")
	w.want("twice", w.request(check, today.AddDays(2)), "means.wrong-way")
	w.want("the report after it ended", w.report(check, today.AddDays(20), "100", 1), "means.unsigned")
	w.want("of who is not covered", w.report(check, today.AddDays(5), "100", 4), "means.not-covered")
	w.must(func(ctx context.Context, tx pgx.Tx) error {
		return w.Revoke(ctx, tx, supporter, today.AddDays(5), "不同意了")
	})
	w.want("after it was revoked", w.report(check, today.AddDays(5), "100", 1), "means.unsigned")
	w.want("before it was revoked", w.report(check, today.AddDays(4), "52000.50", 1), "done")
	w.must(func(ctx context.Context, tx pgx.Tx) error {
		all, err := w.OfHousehold(ctx, tx, 1)
		if err != nil {
			return err
		}
		if len(all) != 1 || all[0].State != means.Reported || len(all[0].Scope) != 3 || len(all[0].Items) != 1 {
			t.Fatalf("checks %+v", all)
		}
		if got := fmt.Sprint(all[0].Items[0].Account, all[0].Items[0].Amount); got != "***************4567 52000.5" {
			t.Errorf("the item is %s", got)
		}
		said, err := w.registry.Statements(ctx, tx, nil, []int64{1})
		if len(said) != 1 || said[0].Value != "52000.50" || said[0].Holds.To != today.AddDays(184) {
			t.Errorf("stated %+v", said)
		}
		return err
	})
}

func TestAReportThatIsObjectedToIsCheckedAgain(t *testing.T) {
	w := newWorld(t)
	w.authorise(1, today, today.AddDays(365))
	first := w.draft(0, 1)
	w.want("request", w.request(first, today), "done")
	w.want("report", w.report(first, today, "90000", 1), "done")
	w.must(func(ctx context.Context, tx pgx.Tx) error {
		return w.Object(ctx, tx, first, "存款是代人保管的")
	})
	again := w.draft(first, 1)
	w.want("request", w.request(again, today.AddDays(3)), "done")
	w.want("report", w.report(again, today.AddDays(9), "1000", 1), "done")
	w.must(func(ctx context.Context, tx pgx.Tx) error {
		said, err := w.registry.Statements(ctx, tx, nil, []int64{1})
		if err != nil {
			return err
		}
		if len(said) != 2 || said[0].Withdrawn == "" || said[1].Withdrawn != "" || said[1].Value != "1000" {
			t.Errorf("stated %+v", said)
		}
		all, err := w.OfHousehold(ctx, tx, 1)
		if err == nil && (all[0].State != means.Reported || all[1].State != means.Superseded) {
			t.Errorf("the checks are %s and %s", all[0].State, all[1].State)
		}
		return err
	})
	if err := w.db.Work(t.Context(), func(tx pgx.Tx) error {
		for _, want := range []int{1, 0} { // a job may be begun twice
			ended, err := w.Expire(t.Context(), tx, today.AddDays(400))
			if len(ended) != want || err != nil {
				t.Errorf("%d reports ended, %v", ended, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The database itself refuses what the program would not do, under the application's role and under the jobs'.
func TestAnObjectionThatComesToNothingAndACheckThatIsGivenUp(t *testing.T) {
	w := newWorld(t)
	w.authorise(1, today, today.AddDays(365))
	first := w.draft(0, 1)
	w.want("request", w.request(first, today), "done")
	w.want("report", w.report(first, today, "90000", 1), "done")
	w.must(func(ctx context.Context, tx pgx.Tx) error {
		return w.Object(ctx, tx, first, "存款是代人保管的")
	})
	w.must(func(ctx context.Context, tx pgx.Tx) error { return w.Uphold(ctx, tx, first, "没有证明") })
	second := w.draft(0, 1)
	w.must(func(ctx context.Context, tx pgx.Tx) error { return w.Cancel(ctx, tx, second, "家庭撤回申请") })
	w.must(func(ctx context.Context, tx pgx.Tx) error {
		said, err := w.registry.Statements(ctx, tx, nil, []int64{1})
		if err != nil {
			return err
		}
		if len(said) != 1 || said[0].Withdrawn != "" {
			t.Errorf("the report that stands states %+v", said)
		}
		states := map[int64]means.State{}
		all, err := w.OfHousehold(ctx, tx, 1)
		for _, c := range all {
			states[c.ID] = c.State
		}
		if states[first] != means.Reported || states[second] != means.Cancelled {
			t.Errorf("the checks are %v", states)
		}
		return err
	})
	w.want("a check that was given up", w.request(second, today), "means.wrong-way")
}

func TestFactsThatNeedConsentComeNoOtherWay(t *testing.T) {
	w := newWorld(t)
	w.authorise(1, today, today.AddDays(365))
	check := w.draft(0, 1)
	w.want("request", w.request(check, today), "done")
	for _, source := range []registry.Source{registry.Visit, registry.Declared, registry.Correction} {
		w.want(string(source), w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			_, err := w.registry.State(ctx, tx, dezhou(), registry.Statement{Unit: pack.Person, Of: 1, Fact: "person.deposits", Value: "100", Source: source,
				SaidBy: "甲", SaidOn: today, Holds: calendar.Since(today), Evidence: "存折"})
			return err
		}), "registry.needs-check")
	}
	const insert = `insert into statement (unit, unit_id, fact, value, from_date, to_date, source, said_by, said_on, report, account) values `
	for _, statement := range []string{
		insert + `('person', 1, 'person.deposits', '"100"', '2026-11-01', null, 'visit', '甲', '2026-11-01', null, 7)`,
		insert + `('person', 1, 'person.deposits', '"100"', '2026-11-01', null, 'check', '甲', '2026-11-01', null, 7)`,
		insert + `('person', 1, 'person.deposits', '"100"', '2026-11-01', null, 'check', '甲', '2026-11-01', 1, 7)`,
		insert + `('person', 1, 'person.married', 'true', '2026-11-01', null, 'check', '甲', '2026-11-01', 1, 7)`,
		"update means_check set state = 'expired'", "update means_check set state = 'drafted'", "update means_check set requested_on = '2026-01-01'",
		"update means_check set state = 'superseded', reported_on = '2026-11-01', expires_on = '2026-11-02'",
		"insert into means_report (check_id, paper, received_on, account) values (1, 'x', '2026-11-01', 7)",
		"insert into means_scope values (1, 2, 'member')", "update means_scope set check_id = 1", "delete from authorisation",
		"update authorisation set to_date = '2030-01-01'", "delete from consent_fact", "update means_check set household = 1",
	} {
		if err := w.as(officer, func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
			t.Errorf("the application ran %q", statement)
		}
		if err := w.db.Work(t.Context(), func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), statement); return err }); err == nil {
			t.Errorf("a job ran %q", statement)
		}
	}
}

// Each move from each state is tried by SQL as the owner: what the database lets pass is what the program knows.
func TestStatesMoveAsTheProgramSays(t *testing.T) {
	w := newWorld(t)
	states := []means.State{means.Drafted, means.Requested, means.Reported, means.Objected, means.Superseded, means.Expired, means.Cancelled}
	fill := `requested_on = case when %[1]s then '2026-11-01'::date end, reported_on = case when %[2]s then '2026-11-02'::date end,
		expires_on = case when %[2]s then '2027-11-02'::date end`
	w.authorise(1, today, today.AddDays(365))
	check := w.draft(0, 1)
	for _, from := range states {
		for _, to := range states {
			if from == to {
				continue
			}
			requested := fmt.Sprintf("'%s' in ('requested', 'reported', 'objected', 'superseded', 'expired') or requested_on is not null", to)
			reported := fmt.Sprintf("'%s' in ('reported', 'objected', 'superseded', 'expired')", to)
			err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error {
				place := fmt.Sprintf(fill, fmt.Sprintf("'%s' in ('requested', 'reported', 'objected', 'superseded', 'expired')", from),
					fmt.Sprintf("'%s' in ('reported', 'objected', 'superseded', 'expired')", from))
				if _, err := tx.Exec(t.Context(), fmt.Sprintf("alter table means_check disable trigger moves; update means_check set state = '%s', %s where id = %d; alter table means_check enable trigger moves", from, place, check)); err != nil {
					return fmt.Errorf("placing: %w", err)
				}
				if _, err := tx.Exec(t.Context(), fmt.Sprintf("update means_check set state = '%s', %s where id = %d", to, fmt.Sprintf(fill, requested, reported), check)); err != nil {
					return err
				}
				return errPassed
			})
			if got, want := errors.Is(err, errPassed), means.Leads(from, to); got != want {
				t.Errorf("from %s to %s: the database lets it pass: %v, the program: %v (%v)", from, to, got, want, err)
			}
		}
	}
}

var errPassed = errors.New("it passed")

func TestMeansAreSeenByWhoWorksOnThem(t *testing.T) {
	w := newWorld(t)
	w.authorise(1, today, today.AddDays(365))
	check := w.draft(0, 1)
	w.want("request", w.request(check, today), "done")
	w.want("report", w.report(check, today, "5", 1), "done")
	for _, test := range []struct {
		p    postgres.Principal
		want string
	}{
		{officer, "1 1 1 1 1"},
		{postgres.Principal{Account: 2, Role: "officer", Area: village + 1}, "0 0 0 0 0"},
		{postgres.Principal{Account: 2, Role: "assistant", Area: village}, "0 0 1 0 0"},
		{postgres.Principal{Account: 2, Role: "hotline", Area: village}, "0 0 0 0 0"},
		{postgres.Principal{Account: 2, Role: "department", Department: "health", Area: village}, "0 0 0 0 0"},
		{postgres.Principal{Account: 2, Role: "inspector", Area: 371400000000}, "1 1 1 1 1"},
		{postgres.Principal{}, "0 0 0 0 0"},
	} {
		err := w.as(test.p, func(ctx context.Context, tx pgx.Tx) error {
			var got string
			err := tx.QueryRow(ctx, `select (select count(*) from means_check) || ' ' || (select count(*) from means_scope) || ' ' || (select count(*) from authorisation)
				|| ' ' || (select count(*) from means_report) || ' ' || (select count(*) from means_item)`).Scan(&got)
			if got != test.want {
				t.Errorf("a %s of %d sees %s, want %s", test.p.Role, test.p.Area, got, test.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.want("an inspector's draft", w.as(postgres.Principal{Account: 2, Role: "inspector", Area: village}, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.Draft(ctx, tx, means.Draft{Household: 1, Reason: "x"})
		return err
	}), "means.no-right")
}
