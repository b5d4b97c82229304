package visit_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/visit"
)

// told is what a world has come to: what stands, and what became of each answer.
func (w *world) told() (stands, states []string) {
	w.Helper()
	rows, err := w.db.Own().Query(w.Context(), "select id::text || ' ' || state || ' ' || (stands is not null) from visit_answer order by id")
	if err != nil {
		w.Fatal(err)
	}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.Fatal(err)
		}
		states = append(states, s)
	}
	return w.stands(), states
}

// clear forgets all answers.
func (w *world) clear() {
	w.Helper()
	w.own(`set session_replication_role = replica; delete from visit_conflict; delete from visit_answer; delete from visit_bundle; delete from withdrawal; delete from statement;
		set session_replication_role = origin`)
}

// Two devices answer the same few questions without signal, again and again. However their bundles are cut, in whichever order they arrive and
// however often, the same statements stand in the end, and each answer is there once.
func TestAnyOrderEndsTheSame(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1, 2}})
	rapid.Check(t, func(r *rapid.T) {
		var bundles []visit.Bundle
		answers := 0
		for n, who := range []*device{w.device(assistant, 1, id), w.device(officer, 2, id)} {
			for range rapid.IntRange(1, 3).Draw(r, "bundles") {
				var some []visit.Answer
				for range rapid.IntRange(1, 3).Draw(r, "answers") {
					some = append(some, draw(r, who, id))
				}
				answers += len(some)
				bundles = append(bundles, who.bundle(len(bundles)+1, some...))
				_ = n
			}
		}
		deliver := func(order []int) (stands, states []string) {
			w.clear()
			for _, i := range order {
				who := assistant
				if bundles[i].Device == uid(1, 2) {
					who = officer
				}
				w.sync(who, bundles[i])
			}
			return w.told()
		}
		plain := make([]int, len(bundles))
		for i := range plain {
			plain[i] = i
		}
		stands, states := deliver(plain)
		if len(states) != answers {
			r.Fatalf("of %d answers %d are there", answers, len(states))
		}
		order := append(rapid.Permutation(plain).Draw(r, "order"), rapid.SliceOfN(rapid.SampledFrom(plain), 0, 3).Draw(r, "again")...)
		otherStands, otherStates := deliver(order)
		if !slices.Equal(stands, otherStands) || !slices.Equal(states, otherStates) {
			r.Fatalf("in order: %v %v\nas %v: %v %v", stands, states, order, otherStands, otherStates)
		}
	})
}

// draw is an answer of a device to one of a few questions, with few values, so that devices agree as well as not.
func draw(r *rapid.T, d *device, id int64) visit.Answer {
	switch rapid.IntRange(0, 2).Draw(r, "question") {
	case 0:
		return d.says("person", 2, "person.married", rapid.SampledFrom([]any{true, false, visit.NotKnown}).Draw(r, "married"))
	case 1:
		return d.says("household", 1, "household.rent_12m", rapid.SampledFrom([]any{"0", "0.00", "100", "not a number", visit.WouldNot}).Draw(r, "rent"))
	}
	return d.says("visit", id, "dwelling", rapid.SampledFrom([]any{"good", "poor"}).Draw(r, "dwelling"))
}

// A device that knew of the other's answer and gives another has the last word; one that did not leaves it to a person.
func TestWhoKnewDecides(t *testing.T) {
	w := newWorld(t)
	id := w.plan(visit.Task{Visitors: []int64{1, 2}})
	a, b := w.device(assistant, 1, id), w.device(officer, 2, id)
	first := a.send(a.bundle(1, a.says("person", 2, "person.married", true)))
	knowing := b.says("person", 2, "person.married", false)
	knowing.Base = first.Answers[0].Base
	if r := b.send(b.bundle(2, knowing)); r.Answers[0].State != "taken" {
		t.Errorf("who knew: %+v", r)
	}
	if got, want := w.stands(), []string{"person.married 2 = false", "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v: the later statement counts", got, want)
	}
	blind := a.says("person", 2, "person.married", true)
	if r := a.send(a.bundle(3, blind)); r.Answers[0].State != "conflict" {
		t.Errorf("who did not know: %+v", r)
	}
	if got := w.stands(); len(got) != 0 {
		t.Errorf("while it is open %v stand", got)
	}
	mended := b.says("person", 2, "person.married", true)
	if r := b.send(b.bundle(4, mended)); r.Answers[0].State != "taken" {
		t.Errorf("now they agree: %+v", r)
	}
	if got, want := w.stands(), []string{"person.married 2 = true", "person.married 2 = true"}; !slices.Equal(got, want) {
		t.Errorf("%v stand, want %v", got, want)
	}
	if n := fmt.Sprint(w.open()); n != "0" {
		t.Errorf("%s conflicts are open", n)
	}
}

func (w *world) open() (n int) {
	w.Helper()
	if err := w.db.Own().QueryRow(w.Context(), "select count(*) from visit_conflict where closed_at is null").Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}
