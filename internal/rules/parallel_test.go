package rules

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// TestOnePlanServesMany evaluates and explains on one plan from several goroutines, while others make plans of the same
// policy and read rows by one formula: each comes to what one alone comes to. The race detector watches.
func TestOnePlanServesMany(t *testing.T) {
	t.Parallel()
	p := dezhou(t)
	policy := mustCompile(t, p)
	on := mustDate("2026-11-01")
	plan := policy.On(on, nil)
	const many = 12
	r := rand.New(rand.NewPCG(3, 1))
	var batches []*Batch
	for range many {
		batches = append(batches, drawnBatch(policy.world, on, r, 1+r.IntN(3)))
	}
	formula := settledRows(t)
	tell := func(e *Evaluator, b *Batch) []string {
		var all []string
		s := e.told(b)
		for h := range b.Household.N {
			all = append(all, s.of(b, h)...)
			one := policy.world.alone(b, h)
			text, err := json.Marshal(plan.Explain(Subject{Batch: one, Persons: numbered(one.Person.N), Supporters: numbered(one.Supporter.N)}))
			if err != nil {
				t.Error(err)
			}
			all = append(all, string(text))
		}
		rows, start := settlements(b.Person.N)
		c, failed := formula.Evaluate(on, rows, start)
		return append(all, fmt.Sprint(c, failed))
	}
	var want [many][]string
	alone := plan.NewEvaluator()
	for i, b := range batches {
		want[i] = tell(alone, b)
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			e := plan.NewEvaluator()
			for i := range batches {
				at := (i*5 + worker*3) % many // each in another order; a batch belongs to one worker at a time
				b := policy.world.copied(batches[at])
				if got := tell(e, b); !slices.Equal(got, want[at]) {
					t.Errorf("batch %d told otherwise beside others", at)
				}
			}
		})
	}
	group.Go(func() {
		for _, date := range []string{"2019-01-01", "2022-12-01"} {
			other := policy.On(mustDate(date), nil)
			other.NewEvaluator().Evaluate(policy.world.copied(batches[0]))
		}
	})
	group.Wait()
}

// copied is a batch with columns of its own.
func (w *world) copied(b *Batch) *Batch {
	c := w.layout.NewBatch(b.Household.N, b.Person.N, b.Supporter.N, b.HouseholdEvent.N, b.PersonEvent.N)
	for _, t := range [][2]*Table{{&c.Household, &b.Household}, {&c.Person, &b.Person}, {&c.Supporter, &b.Supporter},
		{&c.HouseholdEvent.Table, &b.HouseholdEvent.Table}, {&c.PersonEvent.Table, &b.PersonEvent.Table}} {
		copyRows(t[0], t[1], 0)
	}
	c.HouseholdEvent.Start, c.PersonEvent.Start = slices.Clone(b.HouseholdEvent.Start), slices.Clone(b.PersonEvent.Start)
	c.MemberStart, c.Counted, c.SupporterStart, c.Area = slices.Clone(b.MemberStart), slices.Clone(b.Counted), slices.Clone(b.SupporterStart), slices.Clone(b.Area)
	c.Doubtful, c.Collective, c.AllSupporters = slices.Clone(b.Doubtful), slices.Clone(b.Collective), slices.Clone(b.AllSupporters)
	return c
}

// settlementFeed is a feed with a column of each type.
func settlementFeed() *pack.Feed {
	column := func(name, typ, codes string) *pack.Column { return &pack.Column{Name: name, Type: typ, Codes: codes} }
	return &pack.Feed{ID: "settlements", Columns: []*pack.Column{
		column("id_no", "id_no", ""), column("note", "text", ""), column("place", "area", ""), column("paid", "decimal", ""), column("days", "int", ""),
		column("settled_on", "date", ""), column("valid", "bool", ""), column("kind", "code", "colour")}}
}

func settledRows(t testing.TB) *RowFormula {
	t.Helper()
	f, faults := CompileRows(tinyPack(), settlementFeed(),
		pack.Expr{Source: "rows.sum(r, r.valid && r.settled_on <= on && r.kind in ['red', 'green'] ? r.paid : 0.0)"}, pack.Decimal, "", false)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return f
}

// settlements is rows of n persons: as many as a person's place in the order, modulo four.
func settlements(n int) (Table, []int32) {
	start := make([]int32, n+1)
	for i := range n {
		start[i+1] = start[i] + int32(i%4)
	}
	rows := Table{N: int(start[n]), Facts: newColumns(len(settlementFeed().Columns), int(start[n]))}
	for row := range rows.N {
		for column, v := range map[int]int64{3: int64(row) * 1_000_000, 4: int64(row), 5: int64(mustDate("2026-01-01")), 6: int64(row % 2), 7: int64(row % 3)} {
			if row%7 != column { // now and then one is not known
				rows.Facts[column].Set(row, v)
			}
		}
	}
	return rows, start
}

// A formula that was computed for other dates, for more persons and for fewer, by many at once, comes to what a fresh one comes to.
func TestAFormulaOfRowsIsUsedAgain(t *testing.T) {
	kept := settledRows(t)
	dates := []calendar.Date{mustDate("2026-11-01"), mustDate("2025-01-31"), mustDate("2020-06-15")}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i, n := range []int{1, 700, 3, 64, 65, 0, 129, 1} {
				on := dates[(worker+i/2)%len(dates)]
				rows, start := settlements(n)
				want, wantFailed := settledRows(t).Evaluate(on, rows, start)
				got, failed := kept.Evaluate(on, rows, start)
				if !reflect.DeepEqual(got, want) || failed != wantFailed {
					t.Errorf("%d persons on %s: %v and %d failures, want %v and %d", n, on, got, failed, want, wantFailed)
				}
			}
		})
	}
	all.Wait()
}
