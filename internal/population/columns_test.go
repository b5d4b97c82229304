package population_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/synth"
	"dajiuzhu/packs"
)

// sample is an invented county under the built-in pack.
type sample struct {
	policy *rules.Policy
	people *population.Population
}

// sampleCounty makes the county once for all tests that only read it.
func sampleCounty(t *testing.T) *sample {
	t.Helper()
	sampleOnce.Do(func() {
		dir := t.TempDir()
		p, faults := pack.Load(packs.Dezhou())
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		policy, faults := rules.Compile(p)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if _, err := synth.Write(t.Context(), p, dir, synth.Options{People: 6000, Seed: 3, On: on}); err != nil {
			t.Fatal(err)
		}
		set, err := feed.Open(t.Context(), p, dir, feed.Options{})
		if err != nil {
			t.Fatal(err)
		}
		people, err := population.Build(policy, set, on)
		if err != nil {
			t.Fatal(err)
		}
		theSample = &sample{policy, people}
	})
	if theSample == nil {
		t.Fatal("the county was not made")
	}
	return theSample
}

var (
	sampleOnce sync.Once
	theSample  *sample
)

// lanesOf is everything of a household in a batch, as texts to be compared.
func lanesOf(b *rules.Batch, h int) []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	say("area %v counted %d doubtful %v collective %v supporters %v", b.Area[h], b.Counted[h], b.Doubtful.Has(h), b.Collective.Has(h), b.AllSupporters.Has(h))
	columns := func(what string, columns []rules.Column, lane int) {
		for i := range columns {
			if v, known := columns[i].At(lane); known {
				say("%s %d = %d", what, i, v)
			}
		}
	}
	row := func(what string, t *rules.Table, lane int) {
		columns(what+" fact", t.Facts, lane)
		columns(what+" held", t.Held, lane)
		for kind := range t.Complete {
			if t.Complete[kind].Has(lane) {
				say("%s complete %d", what, kind)
			}
		}
	}
	events := func(what string, e *rules.Events, lane int) {
		for at := e.Start[lane]; at < e.Start[lane+1]; at++ {
			columns(fmt.Sprint(what, " event ", at-e.Start[lane]), e.Facts, int(at))
		}
	}
	row("household", &b.Household, h)
	events("household", &b.HouseholdEvent, h)
	for p := b.MemberStart[h]; p < b.MemberStart[h+1]; p++ {
		what := fmt.Sprint("person ", p-b.MemberStart[h])
		row(what, &b.Person, int(p))
		events(what, &b.PersonEvent, int(p))
	}
	for s := b.SupporterStart[h]; s < b.SupporterStart[h+1]; s++ {
		row(fmt.Sprint("supporter ", s-b.SupporterStart[h]), &b.Supporter, int(s))
	}
	return all
}

// A chunk holds of every household exactly what the household laid out alone has.
func TestChunksAreTheHouseholds(t *testing.T) {
	people := sampleCounty(t).people
	b := &rules.Batch{}
	households, persons := 0, 0
	names, err := people.Columns.Names()
	if err != nil {
		t.Fatal(err)
	}
	for chunk := range people.Chunks() {
		people.Batch(chunk, b)
		first, firstPerson := people.Columns.First(chunk)
		if first != households || firstPerson != persons {
			t.Fatalf("chunk %d begins at household %d and person %d, not %d and %d", chunk, first, firstPerson, households, persons)
		}
		for lane := range b.Household.N {
			h := people.At(chunk, lane)
			f, _ := people.Household(h.Key)
			if diff := cmp.Diff(lanesOf(f.Batch, 0), lanesOf(b, lane)); diff != "" {
				t.Fatalf("household %s, alone − and in its chunk +:\n%s", h.Key, diff)
			}
			numbers := cmp.Comparer(func(x, y idno.Number) bool { return x == y })
			if diff := cmp.Diff(h, names.Household(first+lane), numbers); diff != "" {
				t.Fatalf("by name:\n%s", diff)
			}
			if diff := cmp.Diff(f.Supporters, names.Supporters(first+lane), numbers); diff != "" {
				t.Fatalf("supporters of %s:\n%s", h.Key, diff)
			}
		}
		households, persons = households+b.Household.N, persons+b.Person.N
	}
	if households != people.Households() || persons != people.Persons() {
		t.Errorf("%d households and %d persons in chunks, %d and %d in all", households, persons, people.Households(), people.Persons())
	}
}

// spreadOut is a batch in which no column says that its lanes are the same.
func spreadOut(l *rules.Layout, b *rules.Batch) *rules.Batch {
	all := l.NewBatch(b.Household.N, b.Person.N, b.Supporter.N, b.HouseholdEvent.N, b.PersonEvent.N)
	spread := func(to, from []rules.Column, n int) {
		for i := range from {
			for lane := range n {
				if v, known := from[i].At(lane); known {
					to[i].Set(lane, v)
				}
			}
		}
	}
	for _, t := range [][2]*rules.Table{{&all.Household, &b.Household}, {&all.Person, &b.Person}, {&all.Supporter, &b.Supporter},
		{&all.HouseholdEvent.Table, &b.HouseholdEvent.Table}, {&all.PersonEvent.Table, &b.PersonEvent.Table}} {
		spread(t[0].Facts, t[1].Facts, t[1].N)
		spread(t[0].Held, t[1].Held, t[1].N)
		t[0].Complete = t[1].Complete
	}
	all.MemberStart, all.Counted, all.SupporterStart, all.Area = b.MemberStart, b.Counted, b.SupporterStart, b.Area
	all.Doubtful, all.Collective, all.AllSupporters = b.Doubtful, b.Collective, b.AllSupporters
	all.HouseholdEvent.Start, all.PersonEvent.Start = b.HouseholdEvent.Start, b.PersonEvent.Start
	return all
}

// sameAmounts compares what lanes have, and not what stands where they have none.
func sameAmounts(x, y rules.Amounts) bool {
	if len(x.Num) != len(y.Num) {
		return false
	}
	for lane := range x.Num {
		a, has := x.At(lane)
		b, also := y.At(lane)
		if has != also || has && a != b {
			return false
		}
	}
	return true
}

// A chunk is evaluated as the same batch with every lane written out, in memory that held another chunk before.
func TestEvaluatingChunks(t *testing.T) {
	s := sampleCounty(t)
	plan := s.policy.On(on, nil)
	one, other := plan.NewEvaluator(), plan.NewEvaluator()
	b := &rules.Batch{}
	for chunk := range s.people.Chunks() {
		s.people.Batch(chunk, b)
		same := 0
		for i := range b.Person.Facts {
			if b.Person.Facts[i].Same {
				same++
			}
		}
		if same == 0 {
			t.Errorf("chunk %d: no column is the same in all lanes", chunk)
		}
		got, want := one.Evaluate(b), other.Evaluate(spreadOut(s.policy.Layout(), b))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(sameAmounts)); diff != "" {
			t.Fatalf("chunk %d, written out − and narrow +:\n%.2000s", chunk, diff)
		}
	}
}

// A worker's batch is used again: filling it takes no memory once it has held the largest chunks.
func TestFillingAllocatesNothing(t *testing.T) {
	people := sampleCounty(t).people
	b := &rules.Batch{}
	fill := func() {
		for chunk := range people.Chunks() {
			people.Columns.Fill(chunk, b)
		}
	}
	fill()
	if n := testing.AllocsPerRun(3, fill); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLane(t *testing.T) {
	people := sampleCounty(t).people
	seen := []int{}
	for i := range people.Households() {
		chunk, lane := people.Columns.Lane(i)
		first, _ := people.Columns.First(chunk)
		seen = append(seen, first+lane)
	}
	if !slices.IsSorted(seen) || seen[len(seen)-1] != people.Households()-1 {
		t.Error("households are not where they are found")
	}
}
