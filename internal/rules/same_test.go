package rules

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestColumnsThatAreTheSame: a column that says of all lanes what it says of the first comes to what it came to lane by lane,
// whatever stands in the lanes that nobody is to read.
func TestColumnsThatAreTheSame(t *testing.T) {
	policy := mustCompile(t, dezhou(t))
	on := mustDate("2026-11-01")
	plan := policy.On(on, nil)
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 7))
		b := benchBatch(policy.world, on, random, 150)
		tables := []*Table{&b.Household, &b.Person, &b.Supporter, &b.HouseholdEvent.Table, &b.PersonEvent.Table}
		var alike []*Column
		for _, table := range tables {
			for _, columns := range [][]Column{table.Facts, table.Held} {
				for i := range columns {
					if table.N > 0 && random.IntN(3) > 0 {
						makeAlike(&columns[i], table.N, random.IntN(4) > 0)
						alike = append(alike, &columns[i])
					}
				}
			}
		}
		want := plan.NewEvaluator().told(b)
		for _, c := range alike {
			c.Same = true
			for lane := 1; lane < len(c.Num); lane++ {
				c.Num[lane] = -1
				c.Known.Clear(lane)
			}
		}
		for _, narrow := range []bool{true, false} {
			if diff := cmp.Diff(want, (&Evaluator{m: newMachine(plan, narrow)}).told(b), cmp.AllowUnexported(told{})); diff != "" {
				t.Fatalf("seed %d, narrowing %v:\n%s", seed, narrow, diff)
			}
		}
	}
}

func makeAlike(c *Column, n int, known bool) {
	for lane := range n {
		if known {
			c.Set(lane, c.Num[0])
		} else {
			c.Known.Clear(lane)
		}
	}
}
