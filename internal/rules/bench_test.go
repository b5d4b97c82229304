package rules

import (
	"math/rand/v2"
	"testing"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// The households of the benchmarks: fully known, so that cel-go can evaluate them too, and of ordinary means, so that most
// programmes are refused at the first or second condition, as in a city.
const benchHouseholds = 2000

func benchBatches(w *world, on calendar.Date) []*Batch {
	random := rand.New(rand.NewPCG(1, 2))
	var batches []*Batch
	for made := 0; made < benchHouseholds; {
		n := min(350, benchHouseholds-made)
		batches = append(batches, benchBatch(w, on, random, n))
		made += n
	}
	return batches
}

func benchBatch(w *world, on calendar.Date, random *rand.Rand, n int) *Batch {
	sizes := make([]int, n)
	total := 0
	for i := range sizes {
		sizes[i] = 1 + random.IntN(5)
		total += sizes[i]
	}
	b := w.layout.NewBatch(n, total, n/2, n/20, total/20)
	for i, size := range sizes {
		b.MemberStart[i+1] = b.MemberStart[i] + int32(size)
		b.Counted[i] = int32(size)
		b.AllSupporters.Set(i)
		b.SupporterStart[i+1] = int32(min(n/2, i/2))
		b.HouseholdEvent.Start[i+1] = int32(min(n/20, i/20))
		b.Area[i] = area.Code(371424100281)
	}
	b.SupporterStart[n], b.HouseholdEvent.Start[n] = int32(n/2), int32(n/20)
	for i := range total {
		b.PersonEvent.Start[i+1] = int32(min(total/20, i/20))
	}
	b.PersonEvent.Start[total] = int32(total / 20)
	benchTable(w, on, random, pack.Household, &b.Household)
	benchTable(w, on, random, pack.Person, &b.Person)
	benchTable(w, on, random, pack.Person, &b.Supporter)
	for u, e := range map[pack.Unit]*Events{pack.Household: &b.HouseholdEvent, pack.Person: &b.PersonEvent} {
		for row := range e.N {
			e.Facts[EventKind].Set(row, int64(random.IntN(len(w.layout.EventKinds(u).Codes))))
			e.Facts[EventFrom].Set(row, int64(on)-random.Int64N(365))
			e.Facts[EventTo].Set(row, int64(on))
			for i := range w.eventType(u).Fields {
				e.Facts[eventFields+i].Set(row, 0)
			}
		}
	}
	return b
}

func benchTable(w *world, on calendar.Date, random *rand.Rand, u pack.Unit, t *Table) {
	for lane := range t.N {
		for slot, f := range w.layout.Facts(u) {
			t.Facts[slot].Set(lane, benchValue(on, random, f, w.pack.Codes[f.Codes]))
		}
		for i := range t.Held {
			t.Held[i].Set(lane, boolNum(random.IntN(30) == 0))
		}
		for _, complete := range t.Complete {
			complete.Set(lane)
		}
	}
}

func benchValue(on calendar.Date, random *rand.Rand, f *pack.Fact, list *pack.CodeList) int64 {
	switch f.Type {
	case pack.Bool:
		return boolNum(random.IntN(12) == 0)
	case pack.Int:
		return random.Int64N(2)
	case pack.Date:
		return int64(on) - random.Int64N(30000)
	case pack.CodeOf:
		if random.IntN(5) > 0 {
			return 0
		}
		return random.Int64N(int64(len(list.Codes)))
	case pack.CodesOf:
		if random.IntN(30) > 0 {
			return 0
		}
		return 1 << random.Int64N(int64(min(len(list.Codes), 60)))
	}
	if random.IntN(2) == 0 {
		return 0
	}
	return random.Int64N(6_000_00) * 10_000
}

var nsPerHousehold = map[string]float64{}

// BenchmarkWholePack evaluates every programme, the index and the warnings for the same households with the engine and
// with cel-go's interpreter (optimised programs, variables memoised a household), and gives the ratio.
func BenchmarkWholePack(b *testing.B) {
	p := dezhou(b)
	policy, faults := Compile(p)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	on := mustDate("2026-11-01")
	plan := policy.On(on, nil)
	o, err := newOracle(p, on)
	if err != nil {
		b.Fatal(err)
	}
	batches := benchBatches(policy.world, on)
	b.Run("engine", func(b *testing.B) {
		e := plan.NewEvaluator()
		for b.Loop() {
			for _, batch := range batches {
				e.Evaluate(batch)
			}
		}
		record(b, "engine")
	})
	b.Run("cel-go", func(b *testing.B) {
		for b.Loop() {
			for _, batch := range batches {
				for h := range batch.Household.N {
					o.home(batch, h).everything()
				}
			}
		}
		record(b, "cel-go")
	})
	b.Run("ratio", func(b *testing.B) {
		for b.Loop() {
		}
		if e := nsPerHousehold["engine"]; e > 0 {
			b.ReportMetric(nsPerHousehold["cel-go"]/e, "times-faster")
		}
	})
}

func record(b *testing.B, name string) {
	ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / benchHouseholds
	nsPerHousehold[name] = ns
	b.ReportMetric(ns, "ns/household")
}

// everything is what Evaluate computes, by the oracle.
func (x *home) everything() {
	w := x.o.policy.world
	for i := range int(x.b.MemberStart[x.h+1] - x.b.MemberStart[x.h]) {
		x.person(int(x.b.MemberStart[x.h]) + i)
	}
	for _, decl := range w.pack.Programmes {
		p := w.programmes[decl.ID]
		if decl.Unit == pack.Household {
			x.decide(p, x.household)
			continue
		}
		for i := x.b.MemberStart[x.h]; i < x.b.MemberStart[x.h+1]; i++ {
			x.decide(p, x.person(int(i)))
		}
	}
	for _, d := range w.pack.Index.Dimensions {
		x.eval(x.o.programs["index."+d.ID], pack.Household, x.household)
		if d.Before.Source != "" {
			x.eval(x.o.programs["index."+d.ID+".before"], pack.Household, x.household)
		}
	}
	for _, rule := range x.o.policy.warnings {
		program := x.o.programs["warning."+rule.decl.ID]
		if rule.decl.Unit == pack.Household {
			x.eval(program, pack.Household, x.household)
			continue
		}
		for i := x.b.MemberStart[x.h]; i < x.b.MemberStart[x.h+1]; i++ {
			x.eval(program, pack.Person, x.person(int(i)))
		}
	}
}

// benchSubject is one household of the benchmarks.
func benchSubject(b *testing.B) (*Plan, Subject) {
	policy := mustCompile(b, dezhou(b))
	plan := policy.On(mustDate("2026-11-01"), nil)
	batch := benchBatch(policy.world, plan.on, rand.New(rand.NewPCG(3, 4)), 1)
	return plan, Subject{Batch: batch, Persons: numbered(batch.Person.N), Supporters: numbered(batch.Supporter.N)}
}

// BenchmarkExplain determines one household with everything that its explanation rests on.
func BenchmarkExplain(b *testing.B) {
	plan, s := benchSubject(b)
	for b.Loop() {
		plan.Explain(s)
	}
}

// BenchmarkExplainJSON explains one household and writes every reason as JSON.
func BenchmarkExplainJSON(b *testing.B) {
	plan, s := benchSubject(b)
	var room []byte
	for b.Loop() {
		room = plan.Explain(s).AppendJSON(room[:0])
	}
	b.SetBytes(int64(len(room)))
}

// BenchmarkRedetermine determines one household again of which one fact changed, and finds the changes; beside it the same
// without comparing, and the comparison alone.
func BenchmarkRedetermine(b *testing.B) {
	plan, s := benchSubject(b)
	slot, _ := plan.policy.Layout().Slot("person.key_child")
	e, kept, at := plan.NewEvaluator(), [2]Kept{}, 0
	var c Changes
	e.Redetermine(s.Batch, &kept[1], &kept[0], &c)
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			s.Batch.Person.Facts[slot].Set(0, int64(at))
			e.Redetermine(s.Batch, &kept[at], &kept[1-at], &c)
			at = 1 - at
		}
	})
	b.Run("evaluate", func(b *testing.B) {
		for b.Loop() {
			e.Evaluate(s.Batch)
		}
	})
	b.Run("compare", func(b *testing.B) {
		l, results := plan.keeping(), e.Evaluate(s.Batch)
		kept[0].keep(l, results, s.Batch, 0)
		for b.Loop() {
			kept[1].keep(l, results, s.Batch, 0)
			c.find(l, &kept[0], &kept[1])
		}
	})
}

// BenchmarkOneHousehold explains a household, and determines it again after a change, beside what cel-go's interpreter takes
// to evaluate it once without reasons.
func BenchmarkOneHousehold(b *testing.B) {
	plan, s := benchSubject(b)
	o, err := newOracle(plan.policy.Pack(), plan.on)
	if err != nil {
		b.Fatal(err)
	}
	slot, _ := plan.policy.Layout().Slot("person.key_child")
	ns := map[string]float64{}
	measure := func(name string, work func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				work()
			}
			ns[name] = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			if baseline := ns["cel-go"]; baseline > 0 {
				b.ReportMetric(baseline/ns[name], "times-faster")
			}
		})
	}
	measure("cel-go", func() { o.home(s.Batch, 0).everything() })
	measure("explain", func() { plan.Explain(s) })
	e, kept, at := plan.NewEvaluator(), [2]Kept{}, 0
	var c Changes
	e.Redetermine(s.Batch, &kept[1], &kept[0], &c)
	measure("redetermine", func() {
		s.Batch.Person.Facts[slot].Set(0, int64(at))
		e.Redetermine(s.Batch, &kept[at], &kept[1-at], &c)
		at = 1 - at
	})
}
