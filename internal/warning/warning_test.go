package warning_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	county   area.Code = 371424000000
	township area.Code = 371424100000
	village  area.Code = 371424100281
	near     area.Code = 371424100282 // in the same township
	far      area.Code = 371424101201 // in another
)

var (
	today  = calendar.Must(2026, time.November, 2) // a Monday
	dezhou = sync.OnceValue(func() *pack.Pack {
		p, faults := pack.Load(packs.Dezhou())
		if len(faults) > 0 {
			panic(faults)
		}
		return p
	})
	assistant  = postgres.Principal{Account: 1, Role: "assistant", Area: village}
	neighbour  = postgres.Principal{Account: 2, Role: "assistant", Area: near}
	officer    = postgres.Principal{Account: 3, Role: "officer", Area: township}
	stranger   = postgres.Principal{Account: 4, Role: "officer", Area: 371424101000}
	supervisor = postgres.Principal{Account: 5, Role: "supervisor", Area: county}
	decider    = postgres.Principal{Account: 6, Role: "decider", Area: township}
	insurer    = postgres.Principal{Account: 7, Role: "department", Area: county, Department: "medical-insurance"}
	teacher    = postgres.Principal{Account: 8, Role: "department", Area: county, Department: "education"}
	inspector  = postgres.Principal{Account: 9, Role: "inspector", Area: county}
	hotline    = postgres.Principal{Account: 10, Role: "hotline", Area: county}
	public     = postgres.Principal{}
)

// visits plans visits, and remembers what it was asked for.
type visits struct{ planned []warning.Visit }

func (v *visits) Plan(ctx context.Context, tx pgx.Tx, w warning.Visit) (int64, error) {
	v.planned = append(v.planned, w)
	return visit.Plan(ctx, tx, visit.Task{Household: w.Household, Purpose: visit.Warning, Warnings: w.Warnings, Visitors: w.Visitors, Due: w.Due, Note: w.Note})
}

// world is a database with households 1 to 3 in the village, 4 next to it and 5 in another township, each of two persons.
type world struct {
	*testing.T
	*warning.Warnings
	db     *postgres.DB
	visits *visits
}

func newWorld(t *testing.T) *world {
	v := &visits{}
	w := &world{t, warning.New(dezhou(), sealed.NewKeys(), v), postgrestest.New(t), v}
	w.own(fmt.Sprintf(`
		insert into household (key, area, from_date) values ('a', %[1]d, '2026-01-01'), ('b', %[1]d, '2026-01-01'), ('c', %[1]d, '2026-01-01'),
			('d', %[2]d, '2026-01-01'), ('e', %[3]d, '2026-01-01');
		insert into person (name, area) select format('国%%s', n), case when n <= 6 then %[1]d when n <= 8 then %[2]d else %[3]d end from generate_series(1, 10) n;
		insert into membership (household, person, head, role, counted, source, from_date)
			select (n + 1) / 2, n, n %% 2 = 1, '', true, 'composed', '2026-01-01' from generate_series(1, 10) n;
		insert into account (login, name, staff, area, created_at) values ('asst-one', '张协理', true, %[1]d, now()), ('asst-two', '李协理', true, %[2]d, now()),
			('officer-one', '王经办', true, %[4]d, now()), ('officer-two', '赵经办', true, 371424101000, now()), ('super', '孙监管', true, 371424000000, now());
		insert into posting (account, role, area, department, from_date, to_date) values (1, 'assistant', %[1]d, '', '2026-01-01', 'infinity'),
			(2, 'assistant', %[2]d, '', '2026-01-01', '2026-10-01'), (3, 'officer', %[4]d, '', '2026-01-01', 'infinity'),
			(4, 'officer', 371424101000, '', '2026-01-01', 'infinity'), (5, 'supervisor', 371424000000, '', '2026-01-01', 'infinity')`,
		village, near, far, township))
	if err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return warning.ApplyPack(t.Context(), tx, dezhou()) }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) own(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Own().Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// raised is a warning that the engine raises.
type raised struct {
	rule      string
	household int64
	person    any
	evidence  string
	level     string // the rule's if empty
	due       any
}

// raise has the engine raise a warning, and returns its id.
func (w *world) raise(r raised) (id int64) {
	w.Helper()
	rule := w.Rule(r.rule)
	if r.level == "" {
		r.level = rule.Level
	}
	if r.evidence == "" {
		r.evidence = `[{"path": "household.medical_own_12m", "value": "50000"}]`
	}
	if r.due == nil {
		r.due = "2026-11-09"
	}
	err := w.db.Own().QueryRow(w.Context(), `insert into warning (rule, mechanism, level, route, household, person, area, evidence, raised_on, due_on, cause)
		select $1, 'm', $2, $3, h.id, $4::bigint, h.area, $5::jsonb, $6::date, $7::date, 'run:1' from household h where h.id = $8 returning id`,
		r.rule, r.level, rule.Route, r.person, r.evidence, today.String(), r.due, r.household).Scan(&id)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// close has the engine close a warning.
func (w *world) close(id int64) {
	w.own("update warning set state = 'closed', closed_at = now(), closed_why = 'no-longer', updated_at = now() where id = $1", id)
}

// shows has the engine show something else for a warning.
func (w *world) shows(id int64, level, evidence string) {
	w.own("update warning set level = $2, evidence = $3::jsonb, updated_at = now() where id = $1", id, level, evidence)
}

func (w *world) as(p postgres.Principal, do func(context.Context, pgx.Tx) error) error {
	return w.db.As(w.Context(), p, func(tx pgx.Tx) error { return do(w.Context(), tx) })
}

func (w *world) inbox(p postgres.Principal, f warning.Filter) []warning.Item {
	w.Helper()
	f.Today = today
	var l warning.List
	if err := w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) { l, err = w.Inbox(ctx, tx, f); return err }); err != nil {
		w.Fatal(err)
	}
	return l.Items
}

func ids(items []warning.Item) []int64 {
	all := []int64{}
	for _, i := range items {
		all = append(all, i.ID)
	}
	return all
}

func (w *world) round(p postgres.Principal, id int64) *warning.Round {
	w.Helper()
	var r *warning.Round
	if err := w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) { r, err = w.Round(ctx, tx, id, today); return err }); err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) state(id int64) (s warning.State) {
	w.Helper()
	if err := w.db.Own().QueryRow(w.Context(), "select state from warning_handling where id = $1", id).Scan(&s); err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *world) count(sql string, args ...any) (n int) {
	w.Helper()
	if err := w.db.Own().QueryRow(w.Context(), sql, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// what are the acts, each on one round.
var what = map[string]func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error{
	"claim": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Claim(ctx, tx, []int64{id}, d)
		return err
	},
	"release": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Release(ctx, tx, []int64{id}, d)
		return err
	},
	"assign": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Assign(ctx, tx, []int64{id}, 1, d)
		return err
	},
	"visit": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.SendVisit(ctx, tx, []int64{id}, []int64{1}, today.AddDays(3), d)
		return err
	},
	"verify": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Verify(ctx, tx, []int64{id}, warning.NoNeed, d)
		return err
	},
	"confirm": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Confirm(ctx, tx, []int64{id}, d)
		return err
	},
	"helped": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Helped(ctx, tx, []int64{id}, "item:1", d)
		return err
	},
	"no": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Dismiss(ctx, tx, []int64{id}, "not-in-need", d)
		return err
	},
	"known": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Dismiss(ctx, tx, []int64{id}, "helped-already", d)
		return err
	},
	"reopen": func(w *world, ctx context.Context, tx pgx.Tx, id int64, d warning.Doing) error {
		_, err := w.Reopen(ctx, tx, id, d)
		return err
	},
}

func (w *world) act(p postgres.Principal, act string, id int64) error {
	w.Helper()
	return w.as(p, func(ctx context.Context, tx pgx.Tx) error { return what[act](w, ctx, tx, id, warning.Doing{On: today}) })
}

func (w *world) must(p postgres.Principal, act string, id int64) {
	w.Helper()
	if err := w.act(p, act, id); err != nil {
		w.Fatalf("%s by %s: %v", act, p.Role, err)
	}
}

func kindOf(err error) string {
	if err == nil {
		return "done"
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	return map[fault.Kind]string{fault.Invalid: "invalid", fault.NotFound: "not found", fault.Forbidden: "forbidden", fault.Conflict: "conflict", fault.Unready: "unready"}[f.Kind]
}

func TestTheLoop(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1})
	items := w.inbox(assistant, warning.Filter{})
	if len(items) != 1 || items[0].Head != "国1" || items[0].Members != 2 || items[0].State != warning.Waiting || items[0].Level != "orange" || items[0].Route != "village-assistant" {
		t.Fatalf("the village's inbox shows %+v", items)
	}
	id := items[0].ID
	for _, s := range []struct {
		by   postgres.Principal
		act  string
		then warning.State
	}{
		{assistant, "claim", warning.Claimed}, {assistant, "visit", warning.Visiting}, {assistant, "absent", warning.Claimed},
		{assistant, "visit", warning.Visiting}, {assistant, "met", warning.Verified},
		{officer, "confirm", warning.Confirmed}, {decider, "helped", warning.Helped},
	} {
		switch s.act {
		case "met", "absent":
			w.own("update visit set state = 'done', result = $1, ended_at = now() where state = 'planned'", s.act)
		default:
			w.must(s.by, s.act, id)
		}
		if got := w.state(id); got != s.then {
			t.Fatalf("after %s by %s it is %s", s.act, s.by.Role, got)
		}
	}
	if v := w.visits.planned; len(v) != 2 || v[0].Household != 1 || len(v[0].Warnings) != 1 {
		t.Errorf("planned: %+v", v)
	}
	r := w.round(officer, id)
	var kinds []string
	for _, s := range r.Steps {
		kinds = append(kinds, s.Kind+" "+s.Who)
	}
	if got := strings.Join(kinds, ", "); got != "claim 张协理, visit 张协理, visited , visit 张协理, visited , confirm 王经办, help " {
		t.Errorf("its history: %s", got)
	}
	if n := w.count("select count(*) from act where subject = $1", fmt.Sprintf("warning-round:%d", id)); n != 7 {
		t.Errorf("%d acts are in the ledger", n)
	}
	if len(w.inbox(officer, warning.Filter{})) != 0 {
		t.Error("what was helped still waits for somebody")
	}
}

// TestWhoMayDoWhat walks every act as everybody on a round of each desk.
func TestWhoMayDoWhat(t *testing.T) {
	everybody := []postgres.Principal{assistant, neighbour, officer, stranger, supervisor, decider, insurer, teacher, inspector, hotline, public}
	cases := []struct {
		act  string
		done []postgres.Principal // others are refused
	}{
		{"claim", []postgres.Principal{assistant, officer, supervisor, insurer}},
		{"assign", []postgres.Principal{officer, supervisor}},
		{"visit", []postgres.Principal{assistant, officer, supervisor}},
		{"verify", []postgres.Principal{assistant, officer, supervisor, insurer}},
		{"confirm", []postgres.Principal{officer, supervisor, insurer}},
		{"helped", []postgres.Principal{officer, supervisor, decider, insurer}},
		{"no", []postgres.Principal{officer, supervisor, assistant, insurer}}, // the last two propose it
		{"known", []postgres.Principal{officer, supervisor, assistant, insurer}},
	}
	w := newWorld(t)
	cost := "1"
	for _, c := range cases {
		for _, p := range everybody {
			rule := "old-living-alone"
			if p.Role == "department" {
				rule = "premium-not-held" // the insurance's
			}
			cost += "0" // news, whatever was answered before
			warningID := w.raise(raised{rule: rule, household: 1, evidence: `[{"path": "household.medical_own_12m", "value": "` + cost + `"}]`})
			id := int64(w.count("select id from warning_handling where warning = $1", warningID))
			err := w.act(p, c.act, id)
			may := slices.Contains(c.done, p)
			if (err == nil) != may || err != nil && kindOf(err) != "forbidden" && kindOf(err) != "not found" && kindOf(err) != "invalid" {
				t.Errorf("%s by %s of %s%s: %v", c.act, p.Role, p.Area, p.Department, err)
			}
			if err != nil && w.state(id) != warning.Waiting {
				t.Errorf("%s by %s was refused and left it %s", c.act, p.Role, w.state(id))
			}
			w.close(warningID)
		}
	}
}

// TestTheDatabaseHoldsTheMoves writes past the program, as the role of pages.
func TestTheDatabaseHoldsTheMoves(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1})
	for _, c := range []struct {
		by  postgres.Principal
		set string
	}{
		{assistant, "state = 'confirmed'"}, {assistant, "state = 'dismissed', reason = 'not-in-need', answered_at = now()"}, {assistant, "state = 'helped', answered_at = now()"},
		{assistant, "state = 'dismissed', reason = 'no such reason', answered_at = now()"}, {decider, "state = 'confirmed'"}, {officer, "state = 'lapsed'"},
		{officer, "level = 'blue'"}, {officer, "route = 'county'"}, {officer, "household = 2"}, {officer, "state = 'quiet', quiet_until = '2030-01-01'"},
	} {
		err := w.as(c.by, func(ctx context.Context, tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, "update warning_handling set "+c.set)
			if err == nil && tag.RowsAffected() > 0 {
				return nil
			}
			return errors.Join(errors.New("refused"), err)
		})
		if err == nil {
			t.Errorf("%s did: set %s", c.by.Role, c.set)
		}
	}
	if s := w.state(1); s != warning.Waiting {
		t.Errorf("it is %s", s)
	}
	w.must(officer, "no", 1)
	for _, set := range []string{"state = 'new', answered_at = null", "reason = 'gone'", "quiet_until = '2026-01-01'", "account = 3"} {
		if err := w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "update warning_handling set "+set)
			return err
		}); err == nil {
			t.Errorf("what was answered was changed: set %s", set)
		}
	}
	if err := w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update warning_step set note = ''")
		return err
	}); err == nil {
		t.Error("the history was rewritten")
	}
}

func TestTwiceIsOnce(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1})
	w.raise(raised{rule: "old-living-alone", household: 2})
	once := func(key string, rounds ...int64) (d warning.Done) {
		t.Helper()
		err := w.as(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
			d, err = w.Dismiss(ctx, tx, rounds, "not-in-need", warning.Doing{Once: key, On: today})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := once("k", 1, 2); len(d.Done) != 2 {
		t.Fatalf("%+v", d)
	}
	if d := once("k", 1, 2); len(d.Already) != 2 || len(d.Done)+len(d.Refused) != 0 {
		t.Errorf("the same key again: %+v", d)
	}
	if d := once("other", 1, 2); len(d.Refused) != 2 {
		t.Errorf("another key on what was answered: %+v", d)
	}
	if n := w.count("select count(*) from warning_step"); n != 2 {
		t.Errorf("%d steps", n)
	}
}

// TestManyAtOnce: what is not possible for one keeps the others from nothing.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	for h := int64(1); h <= 5; h++ {
		w.raise(raised{rule: "old-living-alone", household: h})
	}
	w.must(officer, "no", 2)
	var d warning.Done
	err := w.as(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
		d, err = w.Assign(ctx, tx, []int64{5, 4, 3, 2, 1, 1, 99}, 1, warning.Doing{On: today})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Done, []int64{1, 3, 4}) || len(d.Refused) != 3 || d.Refused[0].ID != 2 || d.Refused[0].Err.Kind != fault.Conflict || d.Refused[1].Err.Kind != fault.NotFound {
		t.Errorf("%+v", d)
	}
	err = w.as(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
		_, err = w.Assign(ctx, tx, []int64{1}, 2, warning.Doing{On: today})
		return err
	})
	if kindOf(err) != "invalid" {
		t.Errorf("given to somebody whose posting is over: %v", err)
	}
	if mine := w.inbox(assistant, warning.Filter{Account: 1}); len(mine) != 2 || mine[0].Worker != "张协理" {
		t.Errorf("the assistant has %+v", mine) // 4 lies in another village
	}
}

// TestQuiet: what was answered stays quiet for its days, unless it is news.
func TestQuiet(t *testing.T) {
	const before = `[{"path": "household.medical_own_12m", "value": "50000"}, {"path": "person.age", "value": "60"}, {"path": "person.insured", "value": "unknown"}]`
	cases := []struct {
		name, level, evidence string
		again                 bool
	}{
		{"the same", "orange", before, false},
		{"a little more", "orange", strings.Replace(before, "50000", "59999", 1), false},
		{"a fifth more", "orange", strings.Replace(before, "50000", "60000", 1), true},
		{"a fifth less", "orange", strings.Replace(before, "50000", "40000", 1), true},
		{"no longer known", "orange", strings.Replace(before, "50000", "unknown", 1), false},
		{"known now", "orange", strings.Replace(before, "unknown", "resident", 1), true},
		{"a birthday", "orange", strings.Replace(before, `"60"`, `"90"`, 1), false},
		{"graver", "red", before, true},
		{"less grave", "blue", before, false},
	}
	w := newWorld(t)
	w.own("insert into household (key, area, from_date) select 'x' || n, $1, '2026-01-01' from generate_series(1, 30) n", int64(village))
	household := int64(5)
	of := func(f warning.Filter) (of []warning.Item) {
		for _, i := range w.inbox(officer, f) {
			if i.Household == household {
				of = append(of, i)
			}
		}
		return of
	}
	answered := func() (id int64) {
		household++
		id = w.raise(raised{rule: "old-living-alone", household: household, evidence: before})
		w.must(officer, "no", of(warning.Filter{})[0].ID)
		return id
	}
	for _, c := range cases {
		w.shows(answered(), c.level, c.evidence)
		if got := len(of(warning.Filter{})) == 1; got != c.again {
			t.Errorf("it stands, %s: it is shown again: %v", c.name, got)
		}
		w.close(answered())
		w.raise(raised{rule: "old-living-alone", household: household, evidence: c.evidence, level: c.level})
		items := of(warning.Filter{})
		if got := len(items) == 1; got != c.again {
			t.Errorf("raised anew, %s: it is shown again: %v", c.name, got)
			continue
		}
		if c.again && (!items[0].Again || len(w.round(officer, items[0].ID).Before) != 1) {
			t.Errorf("%s: nothing tells of the answer before", c.name)
		}
		if quiet := of(warning.Filter{States: []warning.State{warning.Quiet}}); !c.again && (len(quiet) != 1 || quiet[0].Quiet != today.AddDays(90)) {
			t.Errorf("%s: what is quiet is lost: %+v", c.name, quiet)
		}
	}
}

// TestQuietByPerson: an answer about a person goes with the person into another household.
func TestQuietByPerson(t *testing.T) {
	w := newWorld(t)
	id := w.raise(raised{rule: "hospital-lead", household: 1, person: 2})
	w.must(officer, "no", 1)
	w.close(id)
	w.raise(raised{rule: "hospital-lead", household: 2, person: 2})
	if got := len(w.inbox(officer, warning.Filter{})); got != 0 {
		t.Errorf("%d are shown", got)
	}
	w.raise(raised{rule: "hospital-lead", household: 2, person: 3})
	if got := len(w.inbox(officer, warning.Filter{})); got != 1 {
		t.Errorf("another person's: %d are shown", got)
	}
}

func (w *world) sweep(on calendar.Date) (s warning.Swept) {
	w.Helper()
	if err := w.db.Work(w.Context(), func(tx pgx.Tx) (err error) { s, _, err = w.Sweep(w.Context(), tx, on); return err }); err != nil {
		w.Fatal(err)
	}
	return s
}

func TestWaking(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1, due: "2027-06-30"}) // stands all the time
	closed := w.raise(raised{rule: "old-living-alone", household: 2, due: "2027-06-30"})
	again := w.raise(raised{rule: "old-living-alone", household: 3, due: "2027-06-30"})
	for id := int64(1); id <= 3; id++ {
		w.must(officer, "no", id)
	}
	w.close(closed)
	w.close(again)
	w.raise(raised{rule: "old-living-alone", household: 3, due: "2027-06-30"})
	if s := w.sweep(today.AddDays(40)); s.Woken != 0 {
		t.Errorf("woken within the quiet days: %+v", s)
	}
	// The calendar of the pack ends with the year, and so do the days of quiet here.
	w.own("alter table warning_handling disable trigger moves; update warning_handling set quiet_until = '2026-12-20' where quiet_until is not null; alter table warning_handling enable trigger moves")
	if s := w.sweep(calendar.Must(2026, time.December, 16)); s.Woken != 0 {
		t.Errorf("woken before its day: %+v", s)
	}
	if s := w.sweep(calendar.Must(2026, time.December, 20)); s.Woken != 2 {
		t.Errorf("woken: %+v", s)
	}
	if s := w.sweep(calendar.Must(2026, time.December, 20)); s.Woken != 0 {
		t.Errorf("woken twice: %+v", s)
	}
	items := w.inbox(officer, warning.Filter{})
	if len(items) != 2 || items[0].Household != 1 && items[0].Household != 3 || items[0].Due != calendar.Must(2026, time.December, 25) {
		t.Errorf("shown again: %+v", items)
	}
}

func TestEngineCloses(t *testing.T) {
	w := newWorld(t)
	untouched := w.raise(raised{rule: "old-living-alone", household: 1})
	worked := w.raise(raised{rule: "old-living-alone", household: 2})
	w.must(assistant, "claim", 2)
	w.close(untouched)
	w.close(worked)
	if s := w.state(1); s != warning.Lapsed {
		t.Errorf("nobody had looked at it, and it is %s", s)
	}
	items := w.inbox(assistant, warning.Filter{})
	if len(items) != 1 || !items[0].Ended || items[0].State != warning.Claimed {
		t.Fatalf("what is worked on is lost: %+v", items)
	}
	if r := w.round(assistant, 2); r.EndedWhy != "no-longer" || r.EndedAt.IsZero() {
		t.Errorf("it does not say why: %+v", r)
	}
	w.must(officer, "confirm", 2)
	w.must(officer, "helped", 2)
	w.raise(raised{rule: "old-living-alone", household: 2})
	if got := len(w.inbox(officer, warning.Filter{})); got != 0 {
		t.Errorf("what was helped is raised again within its quiet days, and %d are shown", got)
	}
	if s := w.sweep(today); s != (warning.Swept{}) {
		t.Errorf("%+v", s)
	}
}

func TestEscalation(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1, due: "2026-11-06"}) // a Friday
	w.raise(raised{rule: "premium-not-held", household: 1, person: 1, due: "2026-11-06"})
	w.raise(raised{rule: "fire", household: 5, due: "2026-11-06"})
	w.raise(raised{rule: "minors-alone", household: 2, due: "2026-11-06"})
	w.must(officer, "confirm", 4) // is helped, and no longer waits for a look
	at := func(id int64) (route string) {
		t.Helper()
		if err := w.db.Own().QueryRow(t.Context(), "select route from warning_handling where id = $1", id).Scan(&route); err != nil {
			t.Fatal(err)
		}
		return route
	}
	for _, s := range []struct {
		on                   calendar.Date
		passed               int64
		first, second, third string
	}{
		{calendar.Must(2026, time.November, 10), 0, "village-assistant", "department", "township"}, // two working days late
		{calendar.Must(2026, time.November, 11), 1, "township", "department", "township"},
		{calendar.Must(2026, time.November, 11), 0, "township", "department", "township"},
		{calendar.Must(2026, time.November, 12), 1, "township", "department", "county"},
		{calendar.Must(2026, time.November, 16), 1, "township", "county", "county"},
		{calendar.Must(2026, time.November, 20), 1, "county", "county", "county"},
		{calendar.Must(2026, time.December, 28), 0, "county", "county", "county"},
	} {
		if got := w.sweep(s.on); got.Escalated != s.passed || at(1) != s.first || at(2) != s.second || at(3) != s.third {
			t.Errorf("on %s %d were passed on, and they lie at %s, %s, %s", s.on, got.Escalated, at(1), at(2), at(3))
		}
	}
	if at(4) != "village-assistant" {
		t.Error("what is confirmed was passed on")
	}
	if items := w.inbox(supervisor, warning.Filter{Route: "county"}); len(items) != 3 || !items[0].Escalated {
		t.Errorf("the county has %+v", items)
	}
	if items := w.inbox(insurer, warning.Filter{}); len(items) != 1 {
		t.Errorf("the department does not see what became of its own: %+v", items)
	}
}

func TestInboxOrderAndPages(t *testing.T) {
	w := newWorld(t)
	for _, r := range []raised{
		{rule: "minors-alone", household: 1, level: "blue", due: "2026-11-01"}, {rule: "fire", household: 1, level: "red", due: "2026-11-20"},
		{rule: "fire", household: 2, level: "red", due: "2026-11-03"}, {rule: "fire", household: 3, level: "red", due: "2026-11-03"},
		{rule: "flood", household: 3, level: "yellow", due: "infinity"}, {rule: "old-living-alone", household: 3, level: "yellow", due: "2026-11-01"},
	} {
		if w.Rule(r.rule) == nil {
			r.rule = "disaster"
		}
		w.raise(r)
	}
	want := []int64{3, 4, 2, 6, 5, 1}
	if got := ids(w.inbox(officer, warning.Filter{})); !slices.Equal(got, want) {
		t.Fatalf("in order: %v", got)
	}
	for most := 1; most <= 6; most++ {
		var got []int64
		f := warning.Filter{Most: most, Today: today}
		for {
			var l warning.List
			if err := w.as(officer, func(ctx context.Context, tx pgx.Tx) (err error) { l, err = w.Inbox(ctx, tx, f); return err }); err != nil {
				t.Fatal(err)
			}
			got = append(got, ids(l.Items)...)
			if !l.More {
				break
			}
			f.After = l.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d a page: %v", most, got)
		}
	}
	w.must(assistant, "claim", 3)
	for _, c := range []struct {
		name string
		f    warning.Filter
		want []int64
	}{
		{"level", warning.Filter{Levels: []string{"yellow", "blue"}}, []int64{6, 5, 1}}, {"rule", warning.Filter{Rules: []string{"fire"}}, []int64{3, 4, 2}},
		{"overdue", warning.Filter{Overdue: true}, []int64{6, 1}}, {"unclaimed", warning.Filter{Unclaimed: true, Rules: []string{"fire", "disaster"}}, []int64{4, 2, 5}},
		{"mine", warning.Filter{Account: 1}, []int64{3}}, {"state", warning.Filter{States: []warning.State{warning.Claimed}}, []int64{3}},
		{"village", warning.Filter{Within: near}, []int64{}}, {"wider than one's own", warning.Filter{Within: county}, want},
	} {
		if got := ids(w.inbox(officer, c.f)); !slices.Equal(got, c.want) {
			t.Errorf("by %s: %v", c.name, got)
		}
	}
}

func TestFigures(t *testing.T) {
	w := newWorld(t)
	for h := int64(1); h <= 5; h++ {
		w.raise(raised{rule: "old-living-alone", household: h})
	}
	lapsed := w.raise(raised{rule: "fire", household: 1})
	w.close(lapsed)
	w.must(officer, "no", 1)
	w.must(officer, "known", 2)
	w.must(officer, "confirm", 3)
	w.must(officer, "confirm", 4)
	w.must(officer, "helped", 4)
	figures := func(by warning.By) map[string]warning.Figure {
		t.Helper()
		of := map[string]warning.Figure{}
		err := w.as(supervisor, func(ctx context.Context, tx pgx.Tx) error {
			all, err := w.Figures(ctx, tx, by, calendar.Always(), today)
			for _, f := range all {
				of[f.Of] = f
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return of
	}
	old := figures(warning.ByRule)["old-living-alone"]
	if old.Raised != 5 || old.Waiting != 1 || old.Confirmed != 1 || old.Helped != 1 || old.Dismissed["not-in-need"] != 1 || old.Dismissed["helped-already"] != 1 {
		t.Errorf("%+v", old)
	}
	if right, known := w.Answered(old); right != 3 || known != 4 {
		t.Errorf("right: %d of %d", right, known)
	}
	if right, known := w.Answered(figures(warning.ByRule)["fire"]); right != 0 || known != 0 {
		t.Errorf("of what nobody answered: %d of %d", right, known)
	}
	if by := figures(warning.ByTownship); by["371424100000"].Raised != 5 || by["371424101000"].Raised != 1 {
		t.Errorf("by township: %+v", by)
	}
	for _, by := range []warning.By{warning.ByMechanism, warning.ByLevel} {
		var n int64
		for _, f := range figures(by) {
			n += f.Raised
		}
		if n != 6 {
			t.Errorf("by %s: %d in all", by, n)
		}
	}
}

func TestReopen(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1})
	if err := w.act(officer, "reopen", 1); kindOf(err) != "conflict" {
		t.Errorf("what is open was taken up again: %v", err)
	}
	w.must(officer, "no", 1)
	if err := w.act(assistant, "reopen", 1); kindOf(err) != "forbidden" {
		t.Errorf("by an assistant: %v", err)
	}
	if err := w.act(stranger, "reopen", 1); kindOf(err) != "not found" {
		t.Errorf("from elsewhere: %v", err)
	}
	w.must(officer, "reopen", 1)
	if items := w.inbox(officer, warning.Filter{}); len(items) != 1 || !items[0].Again {
		t.Errorf("%+v", items)
	}
	if err := w.act(officer, "reopen", 1); kindOf(err) != "conflict" {
		t.Errorf("twice: %v", err)
	}
}

// TestProgramAndDatabaseAgree tries every act from every state as every role: what the program allows the database takes, and whatever it refuses
// is a fault that somebody can read.
func TestProgramAndDatabaseAgree(t *testing.T) {
	w := newWorld(t)
	w.raise(raised{rule: "old-living-alone", household: 1})
	set := func(s warning.State) {
		w.own(fmt.Sprintf(`set session_replication_role = replica; delete from warning_step where handling > 1; delete from warning_handling where id > 1;
			update warning_handling set state = '%[1]s', visit = null, finding = '', watched = false, account = case when '%[1]s' in ('claimed', 'assigned') then 1 end,
			reason = case when '%[1]s' = 'dismissed' then 'gone' else '' end, answered_at = case when '%[1]s' in ('helped', 'dismissed') then now() end,
			quiet_until = case when '%[1]s' in ('quiet', 'helped', 'dismissed') then date '2027-01-01' end, joined_to = case when '%[1]s' = 'joined' then id end;
			set session_replication_role = default`, s))
	}
	done := map[string]int{}
	for _, s := range []warning.State{warning.Waiting, warning.Quiet, warning.Claimed, warning.Assigned, warning.Visiting, warning.Verified, warning.Confirmed, warning.Helped,
		warning.Dismissed, warning.Lapsed, warning.Joined} {
		for act := range what {
			for _, p := range []postgres.Principal{assistant, officer, decider} {
				set(s)
				err := w.act(p, act, 1)
				switch kind := kindOf(err); kind {
				case "done":
					done[act]++
					if w.state(1) == s && act != "verify" && act != "no" && act != "assign" && act != "visit" && act != "reopen" {
						t.Errorf("%s from %s by %s did nothing", act, s, p.Role)
					}
				case "conflict", "forbidden":
				default:
					t.Errorf("%s from %s by %s: %v", act, s, p.Role, err)
				}
			}
		}
	}
	for act := range what {
		if done[act] == 0 {
			t.Errorf("%s was never possible", act)
		}
	}
}
