package registry_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/registry"
)

// met writes down somebody without a number.
func (w *world) met(name string, birth calendar.Date) (person int64) {
	w.Helper()
	w.work(func(ctx context.Context, tx pgx.Tx) (err error) {
		person, err = w.AddPerson(ctx, tx, registry.Registration{Number: idno.Number{}, Name: name, Birth: birth, Area: village, Died: calendar.Forever})
		return err
	})
	return person
}

func (w *world) merge(person, survivor int64, paper string) error {
	return w.db.Work(w.Context(), func(tx pgx.Tx) error { return w.Merge(w.Context(), tx, person, survivor, paper, "同一人") })
}

func (w *world) split(person int64) error {
	return w.db.Work(w.Context(), func(tx pgx.Tx) error { return w.Split(w.Context(), tx, person, "认错了") })
}

func key(err error) string {
	var f *fault.Error
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &f):
		return f.Text.Key
	}
	return err.Error()
}

// What was merged in any order and is split in the reverse is what it was, and who goes on stays with who was split from others.
func TestSplittingRestores(t *testing.T) {
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	var people []int64
	for i := range 6 {
		people = append(people, w.met(fmt.Sprint("某", i), today))
	}
	w.compose(today, people[:3], people[3:])
	picture := func() []string {
		return w.strings(`select to_jsonb(p)::text from person p union all select to_jsonb(m)::text from membership m
			union all select to_jsonb(s)::text from statement s order by 1`)
	}
	for round := range 15 {
		w.work(func(ctx context.Context, tx pgx.Tx) error { // what was decided in the last round is forgotten
			_, err := tx.Exec(ctx, "update likeness set state = 'open', decided_at = null")
			return err
		})
		before := picture()
		var merged []int64
		for range 10 {
			a, b := people[random.IntN(len(people))], people[random.IntN(len(people))]
			if err := w.merge(a, b, ""); err == nil {
				merged = append(merged, a)
			}
		}
		if len(merged) == 0 || slices.Equal(picture(), before) {
			t.Fatalf("round %d merged nobody", round)
		}
		slices.Reverse(merged)
		for _, person := range merged {
			if err := w.split(person); err != nil {
				t.Fatal(err)
			}
		}
		if after := picture(); !slices.Equal(after, before) {
			t.Fatalf("round %d: after merging and splitting\n%q\nbefore\n%q", round, after, before)
		}
	}
}

func TestMergingIsRefused(t *testing.T) {
	w := newWorld(t)
	_, p := w.register(today, registration(1, "甲", village), registration(2, "甲", village), registration(3, "乙", abroad))
	a, b := w.met("甲", today), w.met("甲", today)
	known := w.identities()
	if err := known.Add(t.Context(), w.db, []idno.Number{number(9)}); err != nil {
		t.Fatal(err)
	}
	former, _ := known.Find(number(9))
	tests := []struct {
		name string
		do   func() error
		want string
	}{
		{"two registered numbers", func() error { return w.merge(p[0], p[1], "证明") }, "registry.numbers-differ"},
		{"a former number without a paper", func() error { return w.merge(former, p[1], "") }, "registry.numbers-differ"},
		{"a former number with a paper", func() error { return w.merge(former, p[1], "变更证明") }, "done"},
		{"nobody", func() error { return w.merge(a, 999999, "") }, "registry.no-such-person"},
		{"oneself", func() error { return w.merge(a, a, "") }, "registry.merged-already"},
		{"without a number", func() error { return w.merge(a, p[0], "") }, "done"},
		{"into who was merged", func() error { return w.merge(b, a, "") }, "registry.merged-already"},
		{"in a circle", func() error { return w.merge(p[0], a, "") }, "registry.merged-already"},
		{"a split", func() error { return w.split(a) }, "done"},
		{"a split again", func() error { return w.split(a) }, "registry.no-such-person"},
		{"what was split", func() error { return w.merge(a, p[0], "") }, "registry.said-different"},
		{"what was split, turned round", func() error { return w.merge(p[0], a, "") }, "registry.said-different"},
		{"somebody elsewhere", func() error {
			return w.as(officer(village), func(ctx context.Context, tx pgx.Tx) error { return w.Merge(ctx, tx, b, p[2], "", "同一人") })
		}, "registry.no-such-person"},
		{"by the officer", func() error {
			return w.as(officer(village), func(ctx context.Context, tx pgx.Tx) error { return w.Merge(ctx, tx, b, p[0], "", "同一人") })
		}, "done"},
	}
	for _, test := range tests {
		if got := key(test.do()); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	w.work(func(ctx context.Context, tx pgx.Tx) error { return known.Reread(ctx, tx, []int64{former, p[1]}) })
	if n, _ := known.Number(former); n != number(2) {
		t.Errorf("who was merged has the number %v", n)
	}
	if got, _ := known.Find(number(9)); got != former {
		t.Errorf("the former number is of %d, not of %d", got, former)
	}
	if got := w.strings("select string_agg(kind, ' ' order by id) from act where kind like 'person.merge%' or kind like 'person.split%'"); got[0] != "person.merge person.merge person.split person.merge" {
		t.Errorf("acts %q", got)
	}
}

func TestWhoMayBeOneIsProposed(t *testing.T) {
	w := newWorld(t)
	birth := number(1).Birth()
	_, p := w.register(today, registration(1, "王小明", village), registration(2, "王小明", abroad), registration(3, "李四", village))
	same, spelt, other := w.met("王小明", birth), w.met("王晓明", birth), w.met("赵六", today)
	propose := func() (all []registry.Likeness) {
		w.work(func(ctx context.Context, tx pgx.Tx) (err error) {
			if _, err = w.FindLike(ctx, tx, nil); err == nil {
				all, err = w.Likenesses(ctx, tx, 100)
			}
			return err
		})
		return all
	}
	var got []string
	for _, l := range propose() {
		got = append(got, fmt.Sprint(l.Low, l.High, l.Score, l.Reasons))
	}
	want := []string{
		fmt.Sprint(p[0], same, 850, []string{"same-birth 350", "same-name 350", "same-village 150"}),
		fmt.Sprint(p[0], spelt, 700, []string{"same-birth 350", "same-spelling 200", "same-village 150"}),
		fmt.Sprint(same, spelt, 700, []string{"same-birth 350", "same-spelling 200", "same-village 150"}),
	}
	if !slices.Equal(got, want) {
		t.Errorf("proposed %q, want %q; %d is nobody's like", got, want, other)
	}
	w.work(func(ctx context.Context, tx pgx.Tx) error { return w.SetApart(ctx, tx, p[0], spelt, "两个人") })
	if err := w.merge(same, p[0], ""); err != nil {
		t.Fatal(err)
	}
	if left := propose(); len(left) != 0 {
		t.Errorf("proposed what was decided: %+v", left)
	}
}
