package screening_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/reform"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// changed is the county's plan after some changes.
func (c *county) changed(t *testing.T, scope reform.Scope, changes ...string) *rules.Plan {
	t.Helper()
	parsed, err := reform.Parse(changes)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := reform.Overlay(c.policy.Pack(), parsed, scope)
	if err != nil {
		t.Fatal(err)
	}
	return c.policy.On(on, overlay)
}

// unit names a unit across two screenings of the same people.
type unit struct{ programme, household, person, id string }

// paid is what a unit comes to.
type paid struct {
	outcome rules.Outcome
	granted bool
	amounts map[string]money.Decimal // of a year by component, of who gets it; -1 is not known
}

// less is what one comes to more than the other in a year, without what is not known.
func (p paid) less(o paid) money.Decimal {
	sum := money.Decimal(0)
	for id, amount := range p.amounts {
		if amount >= 0 && o.amounts[id] >= 0 {
			sum += amount - o.amounts[id]
		}
	}
	for id, amount := range o.amounts {
		if _, has := p.amounts[id]; !has && amount >= 0 {
			sum -= amount
		}
	}
	return sum
}

func everyUnit(r *screening.Result) map[unit]paid {
	all := map[unit]paid{}
	twice := map[unit]int{}
	for o := range r.Outcomes() {
		u := unit{o.Programme.ID, o.Household.Key, o.Person.Name, o.Person.Masked}
		if twice[u]++; twice[u] > 1 {
			u.id += fmt.Sprint(" ", twice[u])
		}
		p := paid{outcome: o.Outcome}
		if p.granted = o.Outcome == rules.Eligible || o.Held && open(o.Outcome); p.granted {
			p.amounts = map[string]money.Decimal{}
			for _, a := range o.Amounts {
				if a.Component.Per == "month" {
					a.Amount *= 12
				}
				p.amounts[a.Component.ID] = a.Amount
			}
			for _, c := range o.Undetermined {
				p.amounts[c.ID] = -1
			}
		}
		all[u] = p
	}
	return all
}

// TestSimulationIsTheDifferenceOfTwoScreenings holds a simulation against two whole screenings, compared unit by unit.
func TestSimulationIsTheDifferenceOfTwoScreenings(t *testing.T) {
	c := newCounty(t, 3000)
	base := c.screen(t)
	before := everyUnit(base)
	everywhere := reform.Scope{From: calendar.Beginning}
	for _, change := range []struct {
		scope   reform.Scope
		changes []string
	}{
		{everywhere, []string{"dibao_standard=+10%"}},
		{everywhere, []string{"dibao_standard=-30%"}},
		{everywhere, []string{"dibao_standard[rural]=700"}},
		{reform.Scope{From: calendar.Beginning, Area: 371424100000}, []string{"dibao_standard=+40%", "elder_hardship=-10%"}},
		{everywhere, []string{"elder_hardship=+20%", "resident_premium=-50", "orphan_basic[home]=1500"}},
	} {
		t.Run(fmt.Sprint(change.changes, change.scope.Area), func(t *testing.T) {
			if touched := c.differsAsTwoScreenings(t, base, before, c.changed(t, change.scope, change.changes...), change.scope.Area); touched == 0 {
				t.Fatal("nothing changes, so the test tells nothing")
			}
		})
	}
}

// TestAnyChangeIsTheDifferenceOfTwoScreenings draws changes of any figures.
func TestAnyChangeIsTheDifferenceOfTwoScreenings(t *testing.T) {
	c := newCounty(t, 1200)
	base := c.screen(t)
	before := everyUnit(base)
	draw := rand.New(rand.NewPCG(7, 1))
	touched := 0
	for range 24 {
		scope := reform.Scope{From: calendar.Beginning}
		if draw.IntN(4) == 0 {
			scope.Area = 371424100000
		}
		overlay, changes := c.drawn(draw, scope)
		t.Run(fmt.Sprint(changes, scope.Area), func(t *testing.T) {
			touched += c.differsAsTwoScreenings(t, base, before, c.policy.On(on, overlay), scope.Area)
		})
	}
	if touched < 500 {
		t.Errorf("only %d units change in all, so the test tells little", touched)
	}
}

// broad are figures that many formulas read; most of the others concern few.
var broad = []string{"dibao_standard", "minimum_wage", "edge_multiple", "disposable_income_all", "work_cost_share", "elder_hardship", "resident_premium"}

// drawn is an overlay of one to three figures, changed by a share that may be great.
func (c *county) drawn(draw *rand.Rand, scope reform.Scope) (rules.Overlay, []string) {
	all := c.policy.Pack().Parameters
	for {
		var changes []string
		for range 1 + draw.IntN(3) {
			name := all[draw.IntN(len(all))].Name
			if draw.IntN(2) == 0 {
				name = broad[draw.IntN(len(broad))]
			}
			changes = append(changes, fmt.Sprintf("%s=%+d%%", name, draw.IntN(190)-95))
		}
		parsed, err := reform.Parse(changes)
		if err != nil { // twice the same figure
			continue
		}
		if overlay, err := reform.Overlay(c.policy.Pack(), parsed, scope); err == nil { // some figures cannot be changed by a share
			return overlay, changes
		}
	}
}

// differsAsTwoScreenings holds the simulation of a plan against its own screening and returns how many units change.
func (c *county) differsAsTwoScreenings(t *testing.T, base *screening.Result, before map[unit]paid, plan *rules.Plan, in area.Code) int {
	t.Helper()
	s, err := base.Simulate(t.Context(), plan, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := screening.Run(t.Context(), plan, screening.Built{Population: c.people}, nil)
	if err != nil {
		t.Fatal(err)
	}
	after := everyUnit(whole)
	want, touched := map[string]screening.Effect{}, 0
	net := map[string]money.Decimal{}
	for u, a := range before {
		b := after[u]
		if cmp.Equal(a, b, cmp.AllowUnexported(paid{})) {
			continue
		}
		touched++
		e := want[u.programme]
		e.Yearly += b.less(a)
		net[u.household] += b.less(a)
		e.Granted += one(b.granted) - one(a.granted)
		e.Open += one(open(b.outcome)) - one(open(a.outcome))
		want[u.programme] = e
	}
	total := money.Decimal(0)
	for _, p := range s.Programmes {
		got := p.Total
		got.Gain, got.Loss, got.Unknown = screening.Reach{}, screening.Reach{}, 0
		if diff := cmp.Diff(want[p.Programme.ID], got); diff != "" {
			t.Errorf("%s by hand −, simulated +:\n%s", p.Programme.ID, diff)
		}
		total += p.Total.Yearly
		delete(want, p.Programme.ID)
	}
	if len(want) > 0 {
		t.Errorf("these change and were not computed anew: %v", want)
	}
	gains, losses := 0, 0
	for _, n := range net {
		gains += one(n > 0)
		losses += one(n < 0)
	}
	if s.Total.Yearly != total || s.Total.Gain.Households < gains || s.Total.Loss.Households < losses {
		t.Errorf("in all %+v, want %s, at least %d gaining and %d losing", s.Total, total, gains, losses)
	}
	decided := s.Unranked
	for _, d := range s.Deciles {
		decided.Yearly += d.Yearly
		decided.Gain.Households += d.Gain.Households
		decided.Loss.Households += d.Loss.Households
	}
	if decided.Yearly != total || decided.Gain.Households != s.Total.Gain.Households || decided.Loss.Households != s.Total.Loss.Households {
		t.Errorf("the tenths come to %+v, all to %+v", decided, s.Total)
	}
	for i, l := range s.Losers {
		if net[l.Household.Key] != l.Yearly || i > 0 && s.Losers[i-1].Yearly > l.Yearly {
			t.Errorf("household %s loses %s, by hand %s", l.Household.Key, l.Yearly, net[l.Household.Key])
		}
		if len(l.Changes) == 0 {
			t.Errorf("nothing says why household %s loses", l.Household.Key)
		}
		for _, change := range l.Changes {
			if len(change.After.Decided(c.policy.Pack(), fault.Zh, change.Programme.ID, change.Unit)) == 0 {
				t.Errorf("nothing says what decides %s of household %s", change.Programme.ID, l.Household.Key)
			}
		}
	}
	if len(s.Losers) != min(losses, 10) {
		t.Errorf("%d losers are told of %d", len(s.Losers), losses)
	}
	t.Logf("%d units computed of %d, %d change, %s a year", s.Evaluated, len(before), touched, total)
	return touched
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func open(o rules.Outcome) bool { return o == rules.Possible || o == rules.Likely }

// TestNothingChangesBeforeItsDay: until a change is in force, both plans compute the same everywhere.
func TestNothingChangesBeforeItsDay(t *testing.T) {
	policy, err := dezhou()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := reform.Parse([]string{"dibao_standard=+10%"})
	if err != nil {
		t.Fatal(err)
	}
	from := calendar.Must(2026, 7, 1)
	overlay, err := reform.Overlay(policy.Pack(), parsed, reform.Scope{From: from})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[calendar.Date]bool{from.AddDays(-400): false, from.AddDays(-1): false, from: true, from.AddDays(30): true} {
		d := policy.On(day, nil).Differs(policy.On(day, overlay))
		if got := d.Parts.Any(); got != want {
			t.Errorf("on %s the plans differ: %v, want %v", day, got, want)
		}
	}
}

// TestDownstreamIsComplete: what a change leaves out is read by nothing that it changes. Every parameter that some formula reads
// reaches something, and nothing else than what names it, directly or not, is reached.
func TestDownstreamIsComplete(t *testing.T) {
	policy, err := dezhou()
	if err != nil {
		t.Fatal(err)
	}
	plan := policy.On(on, nil)
	if plan.Differs(policy.On(on, nil)).Parts.Any() {
		t.Fatal("a plan differs from itself")
	}
	d := plan.Differs(policy.On(on, rules.Overlay{"dibao_standard": doubled(policy.Pack().Parameter("dibao_standard"))}))
	reached := map[string]bool{}
	for i, p := range policy.Pack().Programmes {
		reached[p.ID] = d.Parts.Programmes[i]
	}
	if !reached["dibao"] || reached["funeral"] {
		t.Errorf("the standard of dibao reaches %v", reached)
	}
}

func doubled(p *pack.Parameter) *pack.Parameter {
	q := *p
	q.Values = nil
	for _, v := range p.Values {
		w := *v
		w.Value *= 2
		q.Values = append(q.Values, &w)
	}
	return &q
}
