package registry_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/registry"
)

func TestTheRegisterIsBroughtUp(t *testing.T) {
	w := newWorld(t)
	a, b, c := registration(1, "王一", village), registration(2, "王二", village), registration(3, "王三", hamlet)
	if got, _ := w.register(today, a, b, c); got.New != 3 || got.Persons != nil {
		t.Fatalf("the first time: %+v", got)
	}
	if got, _ := w.register(today, a, b, c); got.Same != 3 || got.New+got.Changed+got.Gone != 0 || len(got.Persons) > 0 {
		t.Fatalf("the same again: %+v", got)
	}
	b.Area, c.Died = hamlet, today.AddDays(-3)
	d := registration(4, "王四", village)
	d.Birth = today.AddDays(-20)
	got, _ := w.register(today, b, c, d) // a is gone
	if got.New != 1 || got.Changed != 2 || got.Gone != 1 || got.Same != 0 || len(got.Persons) != 4 {
		t.Errorf("what changed: %+v", got)
	}
	want := []string{"王一 deregistered 2026-11-01", "王二 move 2026-11-01", "王三 death 2026-10-29", "王四 birth 2026-10-12"}
	changes := w.strings("select p.name || ' ' || c.kind || ' ' || c.on_date from change c join person p on p.id = c.unit_id order by p.name, c.id")
	slices.Sort(want)
	slices.Sort(changes)
	if !slices.Equal(changes, want) {
		t.Errorf("changes %q, want %q", changes, want)
	}
	known := w.identities()
	for n, home := range map[idno.Number]area.Code{a.Number: 0, b.Number: hamlet, d.Number: village} {
		person, _ := known.Find(n)
		if got, _ := known.Home(person); got != home {
			t.Errorf("home of person %d is %d, want %d", person, got, home)
		}
	}
}

func TestANumberTwiceIsRefused(t *testing.T) {
	w := newWorld(t)
	err := w.db.Work(t.Context(), func(tx pgx.Tx) error {
		_, err := w.Register(t.Context(), tx, registry.Update{Rows: rows(registration(1, "甲", village), registration(1, "乙", village)), On: today, Cause: "batch:1"})
		return err
	})
	if err == nil {
		t.Error("a register with a number twice was taken")
	}
}

func TestIdentitiesFindWhomTheyAdd(t *testing.T) {
	w := newWorld(t)
	first, second := w.identities(), w.identities() // as two processes have them
	var numbers []idno.Number
	for n := range 3000 {
		numbers = append(numbers, number(n))
	}
	add := func(known *registry.Identities, numbers []idno.Number) {
		w.work(func(ctx context.Context, tx pgx.Tx) error { return known.Add(ctx, w.db, numbers) })
	}
	add(first, numbers[:2000])
	add(second, numbers[1000:])
	add(second, numbers[:1000])
	loaded := w.identities()
	if loaded.Len() != second.Len() {
		t.Fatalf("%d persons are stored, %d known", loaded.Len(), second.Len())
	}
	w.work(first.Refresh)
	for _, n := range numbers {
		x, ok := first.Find(n)
		y, _ := second.Find(n)
		z, _ := loaded.Find(n)
		back, _ := loaded.Number(z)
		if !ok || x != y || y != z || back != n {
			t.Fatalf("%v is %d, %d and %d, who is %v", n, x, y, z, back)
		}
	}
	if _, ok := loaded.Find(number(3001)); ok {
		t.Error("found somebody who is not there")
	}
	if got := w.strings("select count(*)::text from person"); got[0] != "3000" {
		t.Errorf("%s persons", got)
	}
}

func TestAHouseholdKeepsItsIdentity(t *testing.T) {
	tests := []struct {
		name           string
		before, after  [][]int // persons by number, heads first
		kept           []int   // of each composed afterwards, which of before it is; -1 a new one
		founded, ended int64
	}{
		{"nothing changed", [][]int{{1, 2}, {3}}, [][]int{{3}, {1, 2}}, []int{1, 0}, 0, 0},
		{"a birth", [][]int{{1, 2}}, [][]int{{1, 2, 3}}, []int{0}, 0, 0},
		{"a split: the greater part goes on", [][]int{{1, 2, 3, 4, 5}}, [][]int{{1, 2}, {3, 4, 5}}, []int{-1, 0}, 1, 0},
		{"a split in halves: the head's goes on", [][]int{{3, 1, 2, 4}}, [][]int{{1, 2}, {3, 4}}, []int{-1, 0}, 1, 0},
		{"a marriage: the greater goes on", [][]int{{1}, {2, 3}}, [][]int{{1, 2, 3}}, []int{1}, 0, 1},
		{"a marriage of equals: the new head's goes on", [][]int{{1}, {2}}, [][]int{{2, 1}}, []int{1}, 0, 1},
		{"the head dies", [][]int{{1, 2, 3}}, [][]int{{2, 3}}, []int{0}, 0, 0},
		{"all go", [][]int{{1, 2}, {3}}, [][]int{{3}}, []int{1}, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			var all []registry.Registration
			for n := range 6 {
				all = append(all, registration(n, "某", village))
			}
			_, persons := w.register(today, all...)
			of := func(households [][]int) (out [][]int64) {
				for _, h := range households {
					var members []int64
					for _, n := range h {
						members = append(members, persons[n])
					}
					out = append(out, members)
				}
				return out
			}
			before := w.compose(today, of(test.before)...)
			after := w.compose(today.AddDays(10), of(test.after)...)
			for i, kept := range test.kept {
				is := slices.Index(before.Households, after.Households[i])
				if is != kept {
					t.Errorf("household %d is the former %d, want %d", i, is, kept)
				}
			}
			if after.Founded != test.founded || after.Ended != test.ended {
				t.Errorf("%d founded and %d ended, want %d and %d", after.Founded, after.Ended, test.founded, test.ended)
			}
			again := w.compose(today.AddDays(20), of(test.after)...)
			if !slices.Equal(again.Households, after.Households) || len(again.Changed) > 0 {
				t.Errorf("composed the same again: %+v after %+v", again, after)
			}
			if got := w.strings(`select (count(*) - count(distinct person))::text from membership where to_date is null`); got[0] != "0" {
				t.Errorf("%s persons are in two households", got[0])
			}
		})
	}
}

func TestMembershipsAreDated(t *testing.T) {
	w := newWorld(t)
	_, p := w.register(today, registration(1, "甲", village), registration(2, "乙", village), registration(3, "丙", village))
	w.compose(today, []int64{p[0], p[1], p[2]})
	w.compose(today.AddDays(5), []int64{p[0], p[1]}, []int64{p[2]})
	w.compose(today.AddDays(5), []int64{p[0], p[2]}, []int64{p[1]}) // corrected on the same day
	got := w.strings(`select p.name || ' ' || dense_rank() over (order by household) || ' ' || m.from_date || ' ' || coalesce(m.to_date::text, '')
		from membership m join person p on p.id = m.person order by 1`)
	want := []string{"丙 1 2026-11-01 2026-11-06", "丙 1 2026-11-06 ", "乙 1 2026-11-01 2026-11-06", "乙 2 2026-11-06 ", "甲 1 2026-11-01 "}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("memberships %q, want %q", got, want)
	}
	early := calendar.Date(today.AddDays(4))
	err := w.db.Work(t.Context(), func(tx pgx.Tx) error {
		_, err := w.Compose(t.Context(), tx, registry.Composing{Households: slices.Values([]registry.Composition{{Key: "k", Area: village,
			Members: []registry.Member{{Person: p[0]}}}}), On: early, Source: "composed", Cause: "run:1"})
		return err
	})
	if err == nil {
		t.Error("households were composed as of a day before the last")
	}
}
