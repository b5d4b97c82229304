package visit_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/visit"
)

func TestPlan(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		what string
		task visit.Task
		key  string
	}{
		{"one visitor", visit.Task{Household: 1, Purpose: visit.Warning, Visitors: []int64{1}, Due: today}, "done"},
		{"two where two are required", visit.Task{Household: 1, Purpose: visit.Survey, Visitors: []int64{3, 2}, People: 2, BothSign: true, Item: 7, Due: today}, "done"},
		{"one where two are required", visit.Task{Household: 1, Purpose: visit.Survey, Visitors: []int64{2, 2}, People: 2, Due: today}, "visit.few-visitors"},
		{"nobody", visit.Task{Household: 1, Purpose: visit.Warning, Due: today}, "visit.few-visitors"},
		{"who is not of the staff", visit.Task{Household: 1, Purpose: visit.Warning, Visitors: []int64{99}, Due: today}, "visit.no-staff"},
		{"another township's household", visit.Task{Household: 2, Purpose: visit.Warning, Visitors: []int64{1}, Due: today}, "visit.no-household"},
		{"no purpose", visit.Task{Household: 1, Purpose: "tea", Visitors: []int64{1}, Due: today}, "visit.no-purpose"},
		{"no day", visit.Task{Household: 1, Purpose: visit.Warning, Visitors: []int64{1}}, "visit.no-due"},
		{"a novel", visit.Task{Household: 1, Purpose: visit.Warning, Visitors: []int64{1}, Due: today, Note: strings.Repeat("长", 501)}, "visit.long-note"},
	} {
		err := w.as(officer, func(ctx context.Context, tx pgx.Tx) error { _, err := visit.Plan(ctx, tx, c.task); return err })
		w.want(c.what, err, c.key)
	}
	err := w.as(decider, func(ctx context.Context, tx pgx.Tx) error {
		_, err := visit.Plan(ctx, tx, visit.Task{Household: 1, Purpose: visit.Warning, Visitors: []int64{1}, Due: today})
		return err
	})
	w.want("who decides sends nobody", err, "visit.no-right")
}

// Today's list has what is due first, then the hardest households.
func TestToday(t *testing.T) {
	w := newWorld(t)
	w.own(`insert into household (key, area, from_date) select 'k' || n, 371424100281, '2026-01-01' from generate_series(3, 5) n;
		insert into finding (household, area, on_date, pack, kept, score) values (1, 371424100281, '2026-11-01', 'p', '', 30), (3, 371424100281, '2026-11-01', 'p', '', 90),
			(4, 371424100281, '2026-11-01', 'p', '', 60);
		insert into warning (rule, mechanism, level, route, household, area, evidence, raised_on, cause)
			values ('no-such-rule', 'declaration', 'orange', 'village-assistant', 1, 371424100281, '[]', '2026-11-01', 'run:1')`)
	later := today.AddDays(5)
	mild := w.plan(visit.Task{Household: 1, Visitors: []int64{1}, Due: today.AddDays(-3), Warnings: []int64{1}})
	hard := w.plan(visit.Task{Household: 3, Visitors: []int64{1}, Due: later})
	middle := w.plan(visit.Task{Household: 4, Visitors: []int64{1}, Due: later})
	unscored := w.plan(visit.Task{Household: 5, Visitors: []int64{1}, Due: today.AddDays(1)})
	others := w.plan(visit.Task{Household: 3, Visitors: []int64{2}, Due: today})
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
		list, err := w.Today(ctx, tx, assistant.Account, today)
		var got []int64
		for _, one := range list {
			got = append(got, one.ID)
		}
		if want := []int64{mild, hard, middle, unscored}; !slices.Equal(got, want) {
			t.Errorf("today's visits are %v, want %v (and not %d)", got, want, others)
		}
		if len(list) == 4 && (list[0].Home.Name != "国志强" || !list[0].Overdue(today) || list[0].Level() != "orange" || list[0].Visitors[0].Name != "某1") {
			t.Errorf("the first is %+v", list[0])
		}
		return err
	})
	w.must(elsewhere, func(ctx context.Context, tx pgx.Tx) error {
		list, err := w.Today(ctx, tx, assistant.Account, today)
		if len(list) != 0 {
			t.Errorf("an assistant of another township sees %d visits", len(list))
		}
		return err
	})
}

// A sheet asks what the engine misses and what the pack's checklist has, with what is known of each field.
func TestSheet(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Purpose: visit.Survey, Visitors: []int64{1, 2}, People: 2})
	var sheet visit.Sheet
	look := func() {
		t.Helper()
		w.must(assistant, func(ctx context.Context, tx pgx.Tx) (err error) { sheet, err = w.Sheet(ctx, tx, id, today); return err })
	}
	look()
	asked := map[string]visit.Question{}
	for _, q := range sheet.Questions {
		asked[q.Fact] = q
		if q.Ask.Zh == "" || q.Ask.En == "" || q.Type == "" {
			t.Errorf("%s has no question or no type", q.Fact)
		}
	}
	if first := sheet.Questions[0]; first.Fact != "household.composition" {
		t.Errorf("the first question is %+v", first)
	}
	if first := sheet.Questions[1]; first.Fact != "person.married" || first.Who != "李春燕" || first.Type != "bool" || len(first.Settles) != 1 {
		t.Errorf("the first question is %+v", first)
	}
	if asked["household.rent_12m"].Measure != "yuan" || asked["household.composition"].Type != "text" || len(asked["dwelling"].Options) != 4 {
		t.Errorf("questions are %+v", asked)
	}
	if _, ok := asked["valuables"]; !ok {
		t.Error("a survey does not ask what the pack wants at surveys")
	}
	if asked["household.house_grade"].Of != 1 {
		t.Error("a checklist's fact is not asked of the household")
	}
	d := w.device(assistant, 1, id)
	d.send(d.bundle(1, d.says("person", 2, "person.married", true), d.says("visit", id, "lives-here", visit.NotKnown)))
	look()
	for _, q := range sheet.Questions {
		switch q.Fact {
		case "person.married":
			if q.Base.Statement == 0 || q.Base.Answer == 0 || q.Said == nil || q.Said.Value != true || q.Said.By != "某1" {
				t.Errorf("after it was answered, %+v", q)
			}
		case "lives-here":
			if q.Said == nil || q.Said.Kind != visit.NotKnown {
				t.Errorf("what is not known shows as %+v", q.Said)
			}
		}
	}
	var order []string
	for _, q := range sheet.Questions {
		order = append(order, q.Fact)
	}
	w.missing.open = slices.DeleteFunc(w.missing.open, func(o visit.Open) bool { return o.Fact == "person.married" }) // it is known now
	look()
	for i, q := range sheet.Questions {
		if q.Fact != order[i] || q.Fact == "person.married" && (q.Said == nil || q.Who != "李春燕") {
			t.Errorf("what was answered has moved or gone: %s in place of %s", q.Fact, order[i])
		}
	}
	warned := w.plan(visit.Task{Visitors: []int64{1}})
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) (err error) {
		sheet, err = w.Sheet(ctx, tx, warned, today)
		return err
	})
	if slices.ContainsFunc(sheet.Questions, func(q visit.Question) bool { return q.Fact == "valuables" }) {
		t.Error("a visit for a warning asks what only surveys ask")
	}
}

// What a device brings is taken once, however often it is sent, and each answer by itself.
func TestSync(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1}})
	d := w.device(assistant, 1, id)
	b := d.bundle(1,
		d.says("person", 2, "person.married", true),
		d.says("household", 1, "household.rent_12m", "1200.50"),
		d.says("household", 1, "household.composition", "一家三口，老人住县城"),
		d.says("person", 3, "person.married", visit.WouldNot),
		d.says("household", 1, "household.house_grade", "Z"),       // no such grade
		d.says("household", 1, "household.no_such_fact", true),     // the policy changed
		d.says("person", 4, "person.married", true),                // of another family
		d.says("person", 5, "person.civil_incapacity", false),      // who supports it, in another township
		d.says("visit", id, "basics", []string{"heating", "food"}), // of the checklist
		d.says("visit", id+1, "basics", []string{}),                // of another visit
	)
	first := d.send(b)
	var states []string
	for _, a := range first.Answers {
		states = append(states, a.State)
	}
	want := []string{"taken", "taken", "taken", "taken", "aside", "aside", "aside", "aside", "taken", "aside"}
	if !slices.Equal(states, want) {
		t.Errorf("the answers are %v, want %v", states, want)
	}
	stands := []string{`household.rent_12m 1 = "1200.5"`, `person.married 2 = true`}
	if got := w.stands(); !slices.Equal(got, stands) {
		t.Errorf("%v stand, want %v", got, stands)
	}
	again := d.send(b)
	if !again.Again || len(again.Answers) != len(first.Answers) {
		t.Errorf("the same bundle again: %+v", again)
	}
	b.ID = uid(3, 2) // the same answers in another bundle
	d.send(b)
	if got := w.stands(); !slices.Equal(got, stands) {
		t.Errorf("after the same again %v stand, want %v", got, stands)
	}
	other := b
	other.ID = uid(3, 1) // another content under an id that was used
	other.Answers = []visit.Answer{d.says("person", 1, "person.married", false)}
	if r := d.send(other); r.Bundle == other.ID || r.Answers[0].State != "taken" {
		t.Errorf("another content under the same id: %+v", r)
	}
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		conflicts, err := w.Conflicts(ctx, tx, visit.Wanted{}, 0, 50)
		if len(conflicts) != 5 {
			t.Errorf("%d answers wait for somebody, want 5", len(conflicts))
		}
		return err
	})
}

// An answer that did not know of an officer's correction stands against it until somebody decides.
func TestConflictWithCorrection(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1}})
	d := w.device(assistant, 1, id)
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.registry.State(ctx, tx, dezhou(), registry.Statement{Unit: "person", Of: 2, Fact: "person.married", Value: false, Source: registry.Correction,
			SaidBy: "民政所", SaidOn: today, Evidence: "离婚证", Holds: calendar.Span{From: today, To: calendar.Forever}})
		return err
	})
	r := d.send(d.bundle(1, d.says("person", 2, "person.married", true), d.says("household", 1, "household.rent_12m", "0")))
	if r.Answers[0].State != "conflict" || r.Answers[1].State != "taken" {
		t.Fatalf("%+v", r)
	}
	if got, want := w.stands(), []string{`household.rent_12m 1 = "0"`, "person.married 2 = false"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	var c visit.Contested
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		all, err := w.Conflicts(ctx, tx, visit.Wanted{Household: 1}, 0, 50)
		if len(all) != 1 || len(all[0].Candidates) != 1 || all[0].Standing == nil || all[0].Standing.Shown.Zh != "否" || all[0].Candidates[0].Shown.Zh != "是" {
			t.Fatalf("the conflict shows %+v", all)
		}
		c = all[0]
		return err
	})
	decide := func(answer int64, reason string) func(context.Context, pgx.Tx) error {
		return func(ctx context.Context, tx pgx.Tx) error { return w.Decide(ctx, tx, c.ID, answer, reason) }
	}
	w.want("an assistant decides", w.as(assistant, decide(c.Candidates[0].Answer, "当面核实")), "visit.may-not-decide")
	w.want("without a reason", w.as(officer, decide(c.Candidates[0].Answer, "")), "visit.no-reason")
	w.want("another answer", w.as(officer, decide(12345, "当面核实")), "visit.not-a-candidate")
	w.want("the visit is right", w.as(officer, decide(c.Candidates[0].Answer, "已复婚，看了结婚证")), "done")
	w.want("once more", w.as(officer, decide(0, "改主意")), "visit.no-such-conflict")
	if got, want := w.stands(), []string{`household.rent_12m 1 = "0"`, "person.married 2 = false", "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
}

// Nothing that was not sent yet is lost to a reassignment or a posting that ended: it waits for the township, as its sender's.
func TestSetAside(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1}})
	d := w.device(assistant, 1, id)
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return visit.Reassign(ctx, tx, id, []int64{2}, today, today)
	})
	gone := d.bundle(1, d.says("person", 2, "person.married", true))
	if r := d.send(gone); r.State != "aside" || r.Why == nil {
		t.Fatalf("of a visit that went to others: %+v", r)
	}
	d.who = nobody
	lost := d.bundle(2, d.says("household", 1, "household.rent_12m", "300"))
	if r := d.send(lost); r.State != "aside" {
		t.Fatalf("of an account without a posting: %+v", r)
	}
	if r := d.send(lost); !r.Again || r.State != "aside" {
		t.Errorf("the same again: %+v", r)
	}
	d.who = elsewhere
	if r := d.send(d.bundle(3, d.says("person", 1, "person.married", true))); r.State != "aside" {
		t.Errorf("of an assistant of elsewhere: %+v", r)
	}
	if got := w.stands(); len(got) != 0 {
		t.Errorf("%v stand", got)
	}
	var sets []visit.Set
	w.must(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
		sets, err = w.Aside(ctx, tx, visit.Wanted{}, 0, 10)
		return err
	})
	if len(sets) != 3 || sets[0].By != "某1" || len(sets[0].Said) != 1 || sets[0].Said[0].Shown.Zh != "是" {
		t.Fatalf("%+v are aside", sets)
	}
	settle := func(id string, take bool) func(context.Context, pgx.Tx) error {
		return func(ctx context.Context, tx pgx.Tx) error {
			_, err := w.Settle(ctx, tx, id, take, "电话核实", today)
			return err
		}
	}
	w.want("the assistant settles", w.as(assistant, settle(uid(3, 1), true)), "visit.may-not-decide")
	w.want("it is taken", w.as(officer, settle(uid(3, 1), true)), "done")
	w.want("the other too", w.as(officer, settle(uid(3, 2), true)), "done")
	w.want("the third is not", w.as(officer, settle(uid(3, 3), false)), "done")
	w.want("twice", w.as(officer, settle(uid(3, 1), true)), "visit.no-such-bundle")
	if got, want := w.stands(), []string{`household.rent_12m 1 = "300"`, "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	var account int64
	if err := w.db.Own().QueryRow(t.Context(), "select account from visit_answer where fact = 'person.married'").Scan(&account); err != nil || account != assistant.Account {
		t.Errorf("the answer is account %d's, %v", account, err)
	}
}
