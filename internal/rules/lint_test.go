package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// unreachableOf are the conditions found, as "grant.b never-true".
func unreachableOf(t *testing.T, p *pack.Pack) []string {
	t.Helper()
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var all []string
	for _, f := range policy.Unreachable() {
		all = append(all, fmt.Sprint(f.Args["found"], " ", strings.TrimPrefix(f.Text.Key, "rules.")))
	}
	return all
}

func TestUnreachableConditions(t *testing.T) {
	for _, c := range []struct {
		why        string
		conditions []string
		want       string
	}{
		{"nothing is settled", []string{"household.a", "household.x < param.standard"}, ""},
		{"a constant", []string{"1 < 2"}, "grant.a always-true"},
		{"a figure that is always above", []string{"param.standard > 500.0"}, "grant.a always-true"},
		{"a figure that is so in one area only", []string{"param.standard > 850.0"}, ""},
		{"a figure that becomes so", []string{"param.step > 105.0"}, ""},
		{"a figure that is never so", []string{"param.step < 50.0"}, "grant.a never-true"},
		{"a figure that begins later keeps the programme from being in force", []string{"param.late > 0.0"}, ""},
		{"also where it is asked of some only", []string{"household.a || param.late > 0.0"}, ""},
		{"a figure that town families do not have", []string{"param.rural_only > 0.0"}, ""},
		{"and never lets it be", []string{"param.late < 0.0"}, "grant.a never-true"},
		{"every code", []string{"household.k in ['red', 'green', 'blue']"}, "grant.a always-true"},
		{"all codes but one", []string{"household.k in ['red', 'green']"}, ""},
		{"a code left out before", []string{"household.k != 'red'", "household.k in ['green', 'blue']"}, "grant.b said-before"},
		{"a code denied before", []string{"household.k == 'red'", "household.k == 'green'"}, "grant.b denied-before"},
		{"twice the same", []string{"household.x < household.y", "household.a", "household.x < household.y"}, "grant.c said-before"},
		{"the same on both sides", []string{"household.x <= household.x"}, "grant.a always-true"},
		{"part of what stands before", []string{"household.a && household.b", "household.b || household.c"}, "grant.b said-before"},
		{"the contrary", []string{"household.a", "!household.a"}, "grant.b denied-before"},
		{"a wider limit after a narrower", []string{"household.x < 10.0", "household.x <= 20.0"}, "grant.b said-before"},
		{"a narrower limit after a wider", []string{"household.x <= 20.0", "household.x < 10.0"}, ""},
		{"a limit beside the other", []string{"household.i <= 5", "household.i > 5"}, "grant.b denied-before"},
		{"below five is four at most", []string{"household.i < 5", "household.i <= 4"}, "grant.b said-before"},
		{"and may be more than three", []string{"household.i < 5", "household.i <= 3"}, ""},
		{"above five is six at least", []string{"!(household.i <= 5)", "household.i >= 6"}, "grant.b said-before"},
		{"and may be less than seven", []string{"!(household.i <= 5)", "household.i >= 7"}, ""},
		{"one of them possible", []string{"household.i <= 5", "household.i >= 5"}, ""},
		{"no choice between two arms", []string{"(household.a ? 1.0 : 2.0) > 0.5"}, "grant.a always-true"},
		{"members are not the household's other members", []string{"household.members.exists(m, m.a)", "household.members.all(m, m.a)"}, ""},
		{"not both says nothing of either", []string{"!(household.a && household.b)", "household.a"}, ""},
		{"not either says it of both", []string{"!(household.a || household.b)", "household.a"}, "grant.b denied-before"},
		{"a count is never negative", []string{"household.members.count(m, m.a) >= 0"}, "grant.a always-true"},
		{"none may be there", []string{"household.members.exists(m, 1 < 2)"}, ""},
		{"on a day", []string{"on >= date('2026-05-01')"}, ""},
		{"a day before and a day after", []string{"on >= date('2026-05-01') || on < date('2026-06-01')"}, "grant.a always-true"},
		{"a day twice", []string{"on < date('2026-05-01')", "on > date('2026-07-01')"}, "grant.b denied-before"},
		{"what is known is not what is true", []string{"known(household.a)", "household.a"}, ""},
		{"a quotient is left alone", []string{"1.0 / 3.0 > 0.0"}, ""},
		{"a product of what is not negative", []string{"param.step * param.standard >= 0.0"}, "grant.a always-true"},
		{"a figure that only stands in for one not found", []string{"param.guess > 0.0"}, ""},
		{"a sum of figures", []string{"param.step + 1.0 > 200.0"}, "grant.a never-true"},
	} {
		p := tinyPack()
		p.Parameters = append(p.Parameters, &pack.Parameter{Name: "rural_only", Type: pack.Decimal, Residence: true,
			Values: []*pack.ParameterValue{value("", "rural", "2026-01-01", "", "5")}})
		guess := value("", "", "2026-01-01", "", "0")
		guess.Source.Status = pack.Assumed
		p.Parameters = append(p.Parameters, &pack.Parameter{Name: "guess", Type: pack.Decimal, Values: []*pack.ParameterValue{guess}})
		q := tinyProgramme(c.conditions...)
		q.Versions[0].Span = calendar.Since(mustDate("2026-01-01")) // when the figures begin
		p.Programmes = []*pack.Programme{q}
		if got := strings.Join(unreachableOf(t, p), ", "); got != c.want {
			t.Errorf("%s: %q: found %q, want %q", c.why, c.conditions, got, c.want)
		}
	}
}

// A version is judged by the days on which it is in force, and a component by the conditions of its own version.
func TestUnreachableVersionsAndComponents(t *testing.T) {
	p := tinyPack()
	q := tinyProgramme("household.a", "param.step > 105.0")
	q.Versions[0].Span = calendar.Since(mustDate("2026-04-01"))
	q.Versions[0].Components = []*pack.Component{
		{ID: "more", When: pack.Expr{Source: "household.a"}},
		{ID: "other", When: pack.Expr{Source: "household.b"}},
		{ID: "none", When: pack.Expr{Source: "household.b && param.step < 0.0"}},
		{ID: "plain"}}
	p.Programmes = []*pack.Programme{q}
	p.Mechanisms = []*pack.Mechanism{{ID: "declaration", Rules: []*pack.Warning{
		{ID: "silent", Unit: pack.Household, When: pack.Expr{Source: "household.a && param.step > 1000.0"}},
		{ID: "loud", Unit: pack.Household, When: pack.Expr{Source: "household.a"}}}}}
	want := []string{"grant.b always-true", "grant.more said-before", "grant.none never-true", "silent never-fires"}
	got := unreachableOf(t, p)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// What holds of the applicant need not hold of the other members, although both are read by the same name.
func TestOneMemberIsNotTheOthers(t *testing.T) {
	p := tinyPack()
	q := tinyProgramme("person.a", "household.members.all(m, m.a)", "household.members.exists(m, !m.a)")
	q.Unit = pack.Person
	p.Programmes = []*pack.Programme{q}
	if got := unreachableOf(t, p); len(got) > 0 {
		t.Errorf("found %q", got)
	}
}

func TestUnreachableSpeaksBothLanguages(t *testing.T) {
	p := tinyPack()
	q := tinyProgramme("1 < 2")
	q.Versions[0].Conditions[0].When.Pos = pack.Pos{File: "programmes/grant.yaml", Line: 7, Column: 15}
	p.Programmes = []*pack.Programme{q}
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	f := policy.Unreachable()[0]
	for lang, want := range map[fault.Lang]string{
		fault.En: `programmes/grant.yaml:7:15: "grant.a" is true on every day of its version whatever the facts are: it decides nothing`,
		fault.Zh: "programmes/grant.yaml:7:15: “grant.a”在这一版有效期内总是成立，不起作用",
	} {
		if got := f.Message(lang); got != want {
			t.Errorf("%s", got)
		}
	}
}

// TestNothingPossibleIsLeftOut evaluates random formulas over random batches: each value that is known is among those that
// were found possible, and so is that of a condition where those before it hold.
func TestNothingPossibleIsLeftOut(t *testing.T) {
	t.Parallel()
	on := mustDate("2026-11-01")
	settled := 0
	for seed := range uint64(2 * packsDrawn) {
		r := rand.New(rand.NewPCG(seed, 7))
		p := drawnPack(r)
		policy, faults := Compile(p)
		if len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults)
		}
		plan := policy.On(on, nil)
		m := newMachine(plan, false)
		b := drawnBatch(policy.world, on, r, 80)
		m.load(b)
		for _, q := range plan.programmes {
			alone, given := newDecider(plan), newDecider(plan)
			held := func(int) bool { return true }
			for k, id := range slices.Concat(q.conditions, q.whens) {
				if id < 0 {
					continue
				}
				selected := m.everything(q.rel)
				v := m.need(id, selected)
				m.release(q.rel, selected)
				before := held
				truths := make([]bool, m.lanes[q.rel])
				for lane := range truths {
					if v.state(lane) == stateLapsed && !alone.of(id).odd {
						t.Fatalf("seed %d: condition %d of %s is not in force, which was not possible\n%s", seed, k, q.programme.name, formulas(p))
					}
					if v.state(lane) != stateKnown {
						continue
					}
					truths[lane] = v.isTrue.Has(lane)
					for name, d := range map[string]*decider{"alone": alone, "given": given} {
						if name == "given" && !before(lane) {
							continue
						}
						if can := d.of(id); d.contradicted || can.never || can.truths&only(truths[lane]).truths == 0 {
							t.Fatalf("seed %d: condition %d of %s is %v, which was not possible %s\n%s", seed, k, q.programme.name, truths[lane], name, formulas(p))
						}
					}
				}
				if can := given.of(id).truths; can == canBeTrue || can == canBeFalse {
					settled++
				}
				if k < len(q.conditions) {
					given.take(id, true)
					held = func(lane int) bool { return before(lane) && truths[lane] }
				}
			}
		}
	}
	if settled < 20 {
		t.Errorf("only %d conditions were settled: the test shows little", settled)
	}
}
