package rules

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// TestRedetermineFindsEveryChange draws packs and households, changes some facts or who belongs to the household, and holds
// what is found to a comparison of two full results, unit by unit.
func TestRedetermineFindsEveryChange(t *testing.T) {
	t.Parallel()
	for seed := range uint64(packsDrawn) {
		r := rand.New(rand.NewPCG(seed, 11))
		p := drawnPack(r)
		p.Mechanisms = append(p.Mechanisms, &pack.Mechanism{ID: "found", Rules: []*pack.Warning{
			{ID: "of-persons", Unit: pack.Person, When: pack.Expr{Source: "person.a || person.b"}},
			{ID: "of-households", Unit: pack.Household, When: pack.Expr{Source: "household.a && household.x > 1.0"}}}})
		holdsLater(p, r)
		policy := mustCompile(t, p)
		plans := []*Plan{policy.On(mustDate("2026-11-01"), nil), policy.On(mustDate("2027-02-01"), nil)}
		batch := drawnBatch(policy.world, plans[0].on, r, 12)
		evaluators := []*Evaluator{plans[0].NewEvaluator(), plans[1].NewEvaluator()}
		var changes Changes
		before, nobody := &Kept{}, results{}
		for step := range 30 {
			household := r.IntN(batch.Household.N)
			one := policy.world.alone(batch, household)
			e := evaluators[r.IntN(2)]
			now := &Kept{Persons: somebody(r, one.Person.N)}
			e.Redetermine(one, before, now, &changes)
			among := &Kept{Persons: now.Persons}
			if e.Keep(batch, e.Evaluate(batch), household, among); !reflect.DeepEqual(among, now) {
				t.Fatalf("seed %d, step %d: among others the household comes to\n%+v\nand alone to\n%+v\n%s", seed, step, among, now, formulas(p))
			}
			e.Evaluate(one)
			is := resultsOf(e, one, now.Persons)
			if got, want := is.told(before, now, &changes, e), is.against(nobody); got != want {
				t.Fatalf("seed %d, step %d: found\n%s\nthere is\n%s\n%s", seed, step, got, want, formulas(p))
			}
			before, nobody = stored(t, plans[0], now), is
		}
	}
}

// stored is what was kept after it was written and read.
func stored(t *testing.T, p *Plan, k *Kept) *Kept {
	t.Helper()
	written, err := k.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	read := &Kept{}
	if err := read.UnmarshalBinary(written); err != nil {
		t.Fatal(err)
	}
	if !p.Fits(read) {
		t.Fatalf("what was written does not fit: %+v", read)
	}
	again, err := read.AppendBinary(nil)
	if err != nil || !slices.Equal(written, again) {
		t.Fatalf("written %x, and after reading %x, %v", written, again, err)
	}
	return read
}

// FuzzKept reads damaged bytes: an error, or something that is written as it was read.
func FuzzKept(f *testing.F) {
	whole := &Kept{Determined: true, Lanes: 2, Persons: []uint64{7, 1 << 40}, Results: []KeptResult{{Outcome(2), 255, true}, {Outcome(1), 3, false}},
		Amounts: []KeptAmount{{}, {12_500_000, true}, {}}, Warnings: Bits{5}, Index: KeptIndex{true, 40, 50, 60}, Parts: []money.Decimal{1, -1}}
	for _, k := range []*Kept{{}, whole} {
		b, err := k.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k := &Kept{}
		if k.UnmarshalBinary(b) != nil {
			return
		}
		first, err := k.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		again := &Kept{}
		if err := again.UnmarshalBinary(first); err != nil {
			t.Fatal(err)
		}
		if second, _ := again.AppendBinary(nil); !slices.Equal(first, second) {
			t.Fatalf("%x became %x", first, second)
		}
	})
}

// holdsLater gives a programme another version later, with other components.
func holdsLater(p *pack.Pack, r *rand.Rand) {
	q := p.Programmes[r.IntN(len(p.Programmes))]
	first := q.Versions[0]
	if first.Span != calendar.Always() {
		return
	}
	second := *first
	first.Span, second.Span = calendar.Span{From: calendar.Beginning, To: mustDate("2027-01-01")}, calendar.Since(mustDate("2027-01-01"))
	other := *first.Components[0]
	other.ID = "later"
	second.Components = []*pack.Component{&other, first.Components[2]}
	q.Versions = append(q.Versions, &second)
}

// somebody is who the persons of some lanes are.
func somebody(r *rand.Rand, n int) []uint64 {
	all := []uint64{}
	for _, k := range r.Perm(7)[:n] {
		all = append(all, uint64(k)+1)
	}
	return all
}

// results is what everybody came to, by what it is of and who: the household is 0.
type results map[string]string

func resultsOf(e *Evaluator, b *Batch, who []uint64) results {
	all, r, p := results{}, e.Evaluate(b), e.m.plan.policy
	key := func(unit pack.Unit, lane int, what string) string {
		if unit == pack.Household {
			return fmt.Sprint(0, " ", what)
		}
		return fmt.Sprint(who[lane], " ", what)
	}
	for i, decl := range p.world.pack.Programmes {
		n := b.Household.N
		if decl.Unit == pack.Person {
			n = b.Person.N
		}
		for lane := range n {
			outcome := r.Programmes[i].Outcome(lane)
			if text := fmt.Sprint(outcome, r.Programmes[i].Assumed.Has(lane)); text != fmt.Sprint(NotAssessed, false) {
				all[key(decl.Unit, lane, decl.ID)] = text
			}
			for k, a := range r.Programmes[i].Amounts {
				if num, ok := a.At(lane); ok {
					all[key(decl.Unit, lane, decl.ID+"."+e.m.plan.Version(decl).Components[k].ID)] = num.String()
				}
			}
		}
	}
	for i, rule := range p.Warnings() {
		r.Warnings[i].Each(func(lane int) { all[key(rule.Unit, lane, "warning "+rule.ID)] = "raised" })
	}
	return all
}

// against is what is different from what was before.
func (is results) against(was results) string {
	text := ""
	both := maps.Clone(is)
	maps.Copy(both, was)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		if is[key] != was[key] {
			text += fmt.Sprintf("%s: %q → %q\n", key, was[key], is[key])
		}
	}
	return text
}

// told is the changes found, in the same words.
func (results) told(before, now *Kept, c *Changes, e *Evaluator) string {
	was, is := results{}, results{}
	who := func(unit pack.Unit, u ChangedUnit) uint64 {
		switch {
		case unit == pack.Household:
			return 0
		case u.Is >= 0:
			return now.Persons[u.Is]
		}
		return before.Persons[u.Was]
	}
	set := func(of results, key, text, nothing string) {
		if text != nothing {
			of[key] = text
		}
	}
	programmes := e.m.plan.policy.world.pack.Programmes
	for _, x := range c.Outcomes {
		q := programmes[x.Programme]
		key, nothing := fmt.Sprint(who(q.Unit, x.Unit), " ", q.ID), fmt.Sprint(NotAssessed, false)
		set(was, key, fmt.Sprint(x.From.Outcome, x.From.Assumed), nothing)
		set(is, key, fmt.Sprint(x.To.Outcome, x.To.Assumed), nothing)
	}
	for _, x := range c.Amounts {
		q := programmes[x.Programme]
		key := fmt.Sprint(who(q.Unit, x.Unit), " ", q.ID, ".", x.Component)
		amount := func(a KeptAmount) string {
			if a.Known {
				return a.Num.String()
			}
			return ""
		}
		set(was, key, amount(x.From), "")
		set(is, key, amount(x.To), "")
	}
	for _, x := range c.Warnings {
		rule := e.m.plan.policy.Warnings()[x.Rule]
		of := was
		if x.Raised {
			of = is
		}
		of[fmt.Sprint(who(rule.Unit, x.Unit), " warning ", rule.ID)] = "raised"
	}
	return is.against(was)
}

// TestRedetermineSaysNothingOfNothing: the same household again has no changes, and comparing costs no memory.
func TestRedetermineSaysNothingOfNothing(t *testing.T) {
	policy := mustCompile(t, dezhou(t))
	plan := policy.On(mustDate("2026-11-01"), nil)
	b := benchBatch(policy.world, plan.on, rand.New(rand.NewPCG(3, 4)), 1)
	e := plan.NewEvaluator()
	before, into := &Kept{}, &Kept{}
	var c Changes
	e.Redetermine(b, into, before, &c)
	if c.None() || len(c.Outcomes) == 0 || len(c.Warnings) == 0 || c.From.Assessed || !c.To.Assessed {
		t.Errorf("of a household that is new there is to tell %d outcomes and %d warnings", len(c.Outcomes), len(c.Warnings))
	}
	e.Redetermine(b, before, into, &c)
	if !c.None() {
		t.Errorf("nothing changed, and yet %+v", c)
	}
	l, results := plan.keeping(), e.Evaluate(b)
	if n := testing.AllocsPerRun(10, func() {
		into.keep(l, results, b, 0)
		c.find(l, before, into)
	}); n > 0 {
		t.Errorf("finding no change allocates %v times", n)
	}
}

// TestRedetermineTellsTheIndex: another score alone is a change.
func TestRedetermineTellsTheIndex(t *testing.T) {
	c := Changes{From: KeptIndex{Assessed: true, Score: money.Decimal(1)}, To: KeptIndex{Assessed: true, Score: money.Decimal(2)}}
	if c.None() {
		t.Error("another score is no change")
	}
}
