package registry_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/packs"
)

var dezhou = sync.OnceValue(func() *pack.Pack {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		panic(faults)
	}
	return p
})

func said(person int64, fact string, value any, source registry.Source) registry.Statement {
	return registry.Statement{Unit: pack.Person, Of: person, Fact: fact, Value: value, Source: source, SaidBy: "本人", SaidOn: today,
		Holds: calendar.Since(today), Evidence: "照片12"}
}

func (w *world) state(p postgres.Principal, s registry.Statement) (id int64, err error) {
	err = w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) { id, err = w.State(ctx, tx, dezhou(), s); return err })
	return id, err
}

func TestStatementsAreTyped(t *testing.T) {
	w := newWorld(t)
	_, p := w.register(today, registration(1, "甲", village), registration(2, "乙", abroad))
	strange := said(p[0], "person.married", true, registry.Declared)
	strange.Unit = pack.Household
	tests := []struct {
		name string
		who  postgres.Principal
		s    registry.Statement
		want string
	}{
		{"a truth", officer(village), said(p[0], "person.married", true, registry.Declared), "done"},
		{"a code", officer(village), said(p[0], "person.father_state", "dead", registry.Visit), "registry"},
		{"an amount", officer(village), said(p[0], "person.device_price", "1200.50", registry.Visit), "done"},
		{"a wrong truth", officer(village), said(p[0], "person.married", "yes", registry.Declared), "population.not-a-bool"},
		{"below the least", officer(village), said(p[0], "person.device_price", "-1", registry.Visit), "population.too-small"},
		{"no such fact", officer(village), said(p[0], "person.rich", true, registry.Visit), "registry.no-such-fact"},
		{"another unit's fact", officer(village), strange, "registry.no-such-fact"},
		{"no source", officer(village), said(p[0], "person.married", true, "rumour"), "registry.unknown-source"},
		{"by an inspector", postgres.Principal{Account: 3, Role: "inspector", Area: village}, said(p[0], "person.married", true, registry.Visit), "42501"},
		{"of somebody elsewhere", officer(village), said(p[1], "person.married", true, registry.Visit), "42501"},
		{"by nobody", postgres.Principal{Role: "officer", Area: village}, said(p[0], "person.married", true, registry.Visit), "42501"},
	}
	for _, test := range tests {
		if test.want == "registry" { // which codes there are is the pack's
			test.s.Value, test.want = dezhou().Codes["parent_state"].Codes[0].ID, "done"
		}
		_, err := w.state(test.who, test.s)
		if got := key(err); got != test.want && !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	for _, statement := range []string{"update statement set value = 'false'", "delete from statement", "truncate statement", "delete from withdrawal", "delete from change"} {
		if _, err := w.db.Own().Exec(t.Context(), statement); err == nil {
			t.Errorf("even the owner may not %q", statement)
		}
	}
}

func TestAFileHasAllOfAHousehold(t *testing.T) {
	w := newWorld(t)
	first := registration(1, "甲", village)
	first.Phone = "13800001234"
	_, p := w.register(today, first, registration(2, "乙", abroad), registration(3, "丙", village))
	household := w.compose(today, []int64{p[0], p[1], p[2]}).Households[0]
	w.compose(today.AddDays(3), []int64{p[0], p[1]}, []int64{p[2]})
	guest := w.met("乙", today)
	if err := w.merge(guest, p[1], ""); err != nil {
		t.Fatal(err)
	}
	for _, s := range []registry.Statement{said(p[0], "person.married", true, registry.Declared), said(p[0], "person.married", false, registry.Visit),
		said(guest, "person.device_price", "5", registry.Visit)} {
		if _, err := w.state(officer(village), s); err != nil {
			t.Fatal(err)
		}
	}
	wrong, err := w.state(officer(village), said(p[0], "person.device_price", "7", registry.Visit))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.as(officer(village), func(ctx context.Context, tx pgx.Tx) error { return w.Withdraw(ctx, tx, wrong, "记错人了") }); err != nil {
		t.Fatal(err)
	}
	err = w.as(officer(village), func(ctx context.Context, tx pgx.Tx) error {
		f, err := w.File(ctx, tx, household)
		if err != nil {
			return err
		}
		var people []string
		for _, p := range f.Persons {
			people = append(people, fmt.Sprint(p.Name, len(p.Belongs), len(p.Same), p.Belongs[0].Lasts.To != calendar.Forever, p.Phone, p.Number))
		}
		masked := func(n int) string { return number(n).Masked() }
		want := []string{"甲1 0 false 138****1234 " + masked(1), "乙1 1 false  " + masked(2), "丙1 0 true  " + masked(3)}
		if fmt.Sprint(people) != fmt.Sprint(want) {
			t.Errorf("people %q, want %q", people, want)
		}
		if len(f.Statements) != 4 || len(f.Changes) != 3 { // founded, one out, merged
			t.Errorf("%d statements and %d changes", len(f.Statements), len(f.Changes))
		}
		weighed := registry.Weigh(dezhou(), f.Statements)
		if len(weighed) != 2 || !weighed[0].Disagree || weighed[0].Said[0].Source != registry.Visit || weighed[1].Of != guest {
			t.Errorf("weighed %+v", weighed)
		}
		if printed := fmt.Sprintf("%+v %#v", f, f); strings.Contains(printed, number(1).Plain()) || strings.Contains(printed, "13800001234") {
			t.Error("a file prints a number")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.as(officer(hamlet), func(ctx context.Context, tx pgx.Tx) error { _, err := w.File(ctx, tx, household); return err })
	if key(err) != "registry.no-such-household" {
		t.Errorf("elsewhere: %v", err)
	}
	err = w.as(officer(village), func(ctx context.Context, tx pgx.Tx) error { return w.Withdraw(ctx, tx, wrong, "再来一次") })
	if key(err) != "registry.no-statement" {
		t.Errorf("withdrawn twice: %v", err)
	}
}
