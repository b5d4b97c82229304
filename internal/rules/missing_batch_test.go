package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/pack"
)

// whatIsMissing is a leaf without its name.
func whatIsMissing(fact string, unit pack.Unit, supporter bool) string {
	return fmt.Sprint(fact, " ", unit, " ", supporter)
}

// told is the leaves of a lane, sorted.
func (s *Missing) told(leaves []Leaf, lane int) []string {
	var all []string
	if s.Lanes.Has(lane) {
		for _, i := range s.Sets[s.Of[lane]] {
			all = append(all, whatIsMissing(leaves[i].Fact, leaves[i].Unit, leaves[i].Supporter))
		}
	}
	slices.Sort(all)
	return all
}

// explainedMissing is the same of an explained outcome, whoever the persons are.
func explainedMissing(o OutcomeReport) []string {
	var all []string
	for _, m := range o.Missing.Tell() {
		all = append(all, whatIsMissing(m.Fact, m.Unit.Kind, m.Unit.Supporter))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// compareMissing holds what a batch misses against each of its households explained alone.
func compareMissing(t *testing.T, plan *Plan, e *Evaluator, b *Batch) (lanes int) {
	t.Helper()
	e.Evaluate(b)
	world, leaves := plan.policy.world, plan.Leaves()
	for h := range b.Household.N {
		one := world.alone(b, h)
		who := numbered(one.Person.N + one.Supporter.N) // nobody bears another's name
		outcomes := plan.Explain(Subject{Batch: one, Persons: who[:one.Person.N], Supporters: who[one.Person.N:]}).Outcomes
		for i, q := range plan.programmes {
			missing, first, n := e.Missing(i), h, 1
			if q.rel == persons {
				first, n = int(b.MemberStart[h]), one.Person.N
			}
			for lane := first; lane < first+n; lane++ {
				want := explainedMissing(outcomes[0])
				if len(want) > 0 {
					lanes++
				}
				if diff := cmp.Diff(want, missing.told(leaves, lane)); diff != "" {
					t.Errorf("%s of %d (household %d, %s): explained − in a batch +:\n%s", q.programme.name, lane, h, outcomes[0].Outcome, diff)
				}
				outcomes = outcomes[1:]
			}
		}
	}
	return lanes
}

// TestMissingOfBatchesIsExplained: whatever an explanation says is missing, the batch says, of every lane, whoever is beside
// whom and whatever was evaluated before. Half of the batches are of formulas that somebody might write, half of the city's.
func TestMissingOfBatchesIsExplained(t *testing.T) {
	t.Parallel()
	on := mustDate("2026-11-01")
	for seed := range uint64(packsDrawn) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := drawnPack(r)
		for i, q := range p.Programmes {
			q.Uncounted = q.Unit == pack.Person && i%2 == 0 // what they wait for is no member's
		}
		policy := mustCompile(t, p)
		plan := policy.On(on, nil)
		e, lanes := plan.NewEvaluator(), 0
		for _, n := range []int{2, 65, 1, 20} {
			lanes += compareMissing(t, plan, e, drawnBatch(policy.world, on, r, n))
		}
		if t.Failed() || lanes == 0 {
			t.Fatalf("seed %d: %d lanes miss something\n%s", seed, lanes, formulas(p))
		}
	}
}

func TestMissingOfTheCity(t *testing.T) {
	t.Parallel()
	policy := mustCompile(t, dezhou(t))
	on := mustDate("2026-11-01")
	plan := policy.On(on, nil)
	e, r := plan.NewEvaluator(), rand.New(rand.NewPCG(8, 15))
	for _, n := range batchSizes {
		b := drawnBatch(policy.world, on, r, n)
		if lanes := compareMissing(t, plan, e, b); n > 0 && lanes == 0 {
			t.Errorf("%d households miss nothing", n)
		}
		everythingKnown(b, r)
		e.waiting.sets.forget() // as if very many sets had been met
		compareMissing(t, plan, e, b)
	}
}

// everythingKnown lets a batch lack only a few facts, so that lanes are open for want of one or two.
func everythingKnown(b *Batch, r *rand.Rand) {
	for _, table := range []*Table{&b.Household, &b.Person, &b.Supporter, &b.HouseholdEvent.Table, &b.PersonEvent.Table} {
		for _, columns := range [][]Column{table.Facts, table.Held} {
			for i := range columns {
				for lane := range table.N {
					if r.IntN(40) > 0 {
						columns[i].Known.Set(lane)
					}
				}
			}
		}
		for _, complete := range table.Complete {
			for lane := range table.N {
				if r.IntN(20) > 0 {
					complete.Set(lane)
				}
			}
		}
	}
	clear(b.Doubtful)
}

// TestMissingTakesNoRoom: what the batch before needed is enough for the next like it.
func TestMissingTakesNoRoom(t *testing.T) {
	policy := mustCompile(t, dezhou(t))
	on := mustDate("2026-11-01")
	e := policy.On(on, nil).NewEvaluator()
	b := drawnBatch(policy.world, on, rand.New(rand.NewPCG(4, 4)), 100)
	evaluate := func() { e.Evaluate(b) }
	both := func() {
		e.Evaluate(b)
		for i := range e.m.plan.programmes {
			e.Missing(i)
		}
	}
	both()
	if alone, more := testing.AllocsPerRun(3, evaluate), testing.AllocsPerRun(3, both); more > alone {
		t.Errorf("%v allocations to evaluate, %v with what is missing", alone, more)
	}
}
