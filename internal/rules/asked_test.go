package rules

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// TestDeterminationsOutliveTheirBatch: what a determination shows does not change when its batch does, when the plan goes on
// to other households, or when several read it at once. The race detector watches.
func TestDeterminationsOutliveTheirBatch(t *testing.T) {
	t.Parallel()
	policy := mustCompile(t, dezhou(t))
	plan := policy.On(mustDate("2026-11-01"), nil)
	batch := drawnBatch(policy.world, plan.on, rand.New(rand.NewPCG(5, 5)), 8)
	for h := range batch.Household.N {
		one := policy.world.alone(batch, h)
		s := Subject{Batch: one, Persons: numbered(one.Person.N), Supporters: numbered(one.Supporter.N), Origin: slotAsOrigin}
		told := plan.Explain(s)
		want := told.AppendJSON(nil)
		for _, table := range []*Table{&one.Household, &one.Person, &one.Supporter, &one.HouseholdEvent.Table, &one.PersonEvent.Table} {
			for i := range table.Facts {
				clear(table.Facts[i].Num)
				clear(table.Facts[i].Known)
			}
			for _, kind := range table.Complete {
				clear(kind)
			}
		}
		clear(one.PersonEvent.Start)
		clear(one.PersonEvent.of)
		one.Area[0] = 0
		other := policy.world.alone(batch, (h+1)%batch.Household.N)
		plan.Explain(Subject{Batch: other, Persons: numbered(other.Person.N), Supporters: numbered(other.Supporter.N)})
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				if !bytes.Equal(told.AppendJSON(nil), want) {
					t.Errorf("household %d: the JSON is another once its batch is", h)
				}
				told.Text(policy.Pack(), fault.En)
			})
		}
		readers.Wait()
	}
}

func slotAsOrigin(unit pack.Unit, supporter bool, lane, slot int) Origin {
	return Origin{Source: "feed:" + string(unit), Date: calendar.Date(20000 + slot), Dated: slot%2 == 0}
}

// TestPartsSayTheSameByThemselves: what is asked of a determination piece by piece is what its JSON has in that place.
func TestPartsSayTheSameByThemselves(t *testing.T) {
	t.Parallel()
	policy := mustCompile(t, dezhou(t))
	plan := policy.On(mustDate("2026-11-01"), nil)
	batch := drawnBatch(policy.world, plan.on, rand.New(rand.NewPCG(6, 5)), 4)
	for h := range batch.Household.N {
		one := policy.world.alone(batch, h)
		told := plan.Explain(Subject{Batch: one, Persons: numbered(one.Person.N), Supporters: numbered(one.Supporter.N)})
		whole := told.AppendJSON(nil)
		has := func(what string, part any) {
			t.Helper()
			text, err := unescaped(part)
			if err != nil {
				t.Fatal(err)
			}
			if text = append([]byte(what), text...); !bytes.Contains(whole, text) {
				t.Errorf("household %d: the JSON has no %.300s", h, text)
			}
		}
		has(`"values":`, told.Values)
		for i, o := range told.Outcomes {
			if i%7 != h {
				continue // all of them take long
			}
			has(`"missing":`, o.Missing)
			if l := o.NotInForce.Tell(); len(l) > 0 {
				has(`"not_in_force":`, l)
			}
			for _, c := range o.Reasons.Tell() {
				has(`"tree":`, c.Tree)
			}
			for _, f := range o.Failed.Tell() {
				if d := f.Distances.Tell(); len(d) > 0 {
					has(`"distances":`, d)
				}
			}
		}
		for _, w := range told.Warnings {
			has(`"evidence":`, w.Evidence)
		}
	}
}

// TestJSONOfText holds strings to package json, the awkward ones too: they come from files.
func TestJSONOfText(t *testing.T) {
	texts := []string{"", "国志强", "a<b>&c", `"quoted"`, `back\slash`, "tab\tline\n", "\x00\x1f\x7f", "\u2028\u2029", "“quotes”—…", "broken \xff\xe2\x80", "\xe2", "😀", "\xe2\x80\xa8"}
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		b := make([]byte, r.IntN(6))
		for i := range b {
			b[i] = []byte{0xe2, 0x80, 0xa8, 0xa9, 'a', '"', 0xc3, 0x1f, 0x7f, '<'}[r.IntN(10)]
		}
		texts = append(texts, string(b))
	}
	for _, text := range slices.Compact(texts) {
		want, err := unescaped(text)
		if err != nil {
			t.Fatal(err)
		}
		w := &jsonWriter{}
		w.text(text)
		if !bytes.Equal(w.b, want) {
			t.Errorf("%q is written %s, want %s", text, w.b, want)
		}
	}
}
