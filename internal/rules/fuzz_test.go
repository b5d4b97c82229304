package rules

import (
	"math/rand/v2"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// expressions are where fuzzing begins: every operator, and what has gone wrong before.
var expressions = []string{
	"household.a", "person.a && !(person.b || household.c)", "household.x * 0.5 + household.i / 2.0 - -1.5 >= 0.0", "household.x / 0.0",
	"household.k == 'red'", "'red' in household.s", "household.k in ['red', 'blue']", "household.k in []", "household.a == household.b", "household.k == household.k",
	"household.members.exists(m, m.a)", "household.members.all(m, m.events.exists(e, e.kind == 'fire' && e.amount > m.x))", "household.members.sum(m, m.i)",
	"household.members.exists(household, household.a)", "household.members.exists(param, param.a)", "household.members.exists(m, m.events.exists(m, true))",
	"household.supporters.count(s, s.x > param.standard)", "household.supporters.exists(s, s.events.exists(e, e.kind == 'fire'))",
	"household.events.sum(e, e.kind == 'fire' ? e.amount : 0.0)", "household.events.max(e, e.kind in ['fire', 'flood'] ? e.amount : 1.0)", "person.events.count(e, true)",
	"param.table['red']", "param.table[household.k]", "param.bands.band(household.x)", "param.late_bands.band(1)", "param.table", "param.bands", "param.nothing",
	"years(household.d, on) >= 18", "months(on, date('2026-02-30')) > 1", "date('2021-07-01') < on", "days(on, on + 1)",
	"round(household.x, 2)", "round(household.x, 7)", "round(household.x, household.i)", "floor(household.x)", "least(household.i, 2.5)", "greatest(1, 2)",
	"known(household.x)", "known(household)", "household.x.or(0.0)", "household.k.or('red')", "household.s.or(household.s)", "household.a ? 1 : 2.0", "household.a ? 'red' : household.k",
	"household.holds('p')", "household.eligible('p')", "household.amount('p') > 1.0", "household.outcome('p') == 'eligible'", "person.outcome('q') in ['likely']", "person.holds(household.k)",
	"person.x > household.members.max(m, m.x)", "household.members.exists(m, person.a)", "0.1234567", "1e400", "99999999999999999999", "-9223372036854775808", "'", "\"\\u0000\"", "b'x'", "1u",
	"[1, 2] + [3]", "{'a': 1}", "person{a: true}", "has(household.a)", "household.?a", "household[?'a']", "household['a']", "@dec('1')", "__result__", "household.members.map(m, m.a)",
	"household.members.exists(@result, true)", "household.members[0].a", "on.a", "param.standard.or(param.late)", "(household.a ? household : household).a", "household.members.sum(m, 1) > 2",
	"((((((((((household.a))))))))))", "!!!!household.a", "a.b.c.d", "", " ", "//", "true // comment", "\xff", "户.甲",
}

// fuzzPack is a pack with one formula in every place that takes one.
func fuzzPack(unit pack.Unit, typ pack.Type, source string) *pack.Pack {
	p := placePack()
	p.Programmes = []*pack.Programme{rule("p", pack.Household, []*pack.Component{{ID: "cash", Amount: pack.Expr{Source: "household.x"}, Per: "month"}}, "household.a"),
		rule("q", pack.Person, nil, "person.a")}
	v := always(unit, "written", typ, source)
	if typ == pack.CodeOf || typ == pack.CodesOf {
		v.Codes = "colour"
	}
	p.Variables = append(p.Variables, v)
	return p
}

// FuzzCompile: whatever is written as a formula, compiling refuses it or accepts it, and what it accepts can be evaluated
// and explained, with one result. Nothing ends the program.
func FuzzCompile(f *testing.F) {
	for _, source := range expressions {
		for typ := range uint8(len(formulaTypes)) {
			f.Add(source, typ, typ%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, source string, typ uint8, ofPerson bool) {
		if source == "" {
			return // a formula that is absent: the loader refuses it where one is needed
		}
		unit := pack.Household
		if ofPerson {
			unit = pack.Person
		}
		policy, faults := Compile(fuzzPack(unit, formulaTypes[int(typ)%len(formulaTypes)], source))
		if len(faults) > 0 {
			for _, f := range faults {
				f.Message(fault.En)
				f.Message(fault.Zh)
			}
			return
		}
		on := mustDate("2026-11-01")
		plan := policy.On(on, nil)
		b := drawnBatch(policy.world, on, rand.New(rand.NewPCG(1, uint64(len(source)))), 3)
		narrow, full := plan.NewEvaluator().told(b), (&Evaluator{m: newMachine(plan, false)}).told(b)
		for h := range b.Household.N {
			for i, line := range narrow.of(b, h) {
				if line != full.of(b, h)[i] {
					t.Errorf("%q: %s with narrowing, %s without", source, line, full.of(b, h)[i])
				}
			}
			one := policy.world.alone(b, h)
			told := plan.Explain(Subject{Batch: one, Persons: numbered(one.Person.N), Supporters: numbered(one.Supporter.N)})
			told.FullText(policy.world.pack, fault.Zh)
		}
	})
}

var formulaTypes = []pack.Type{pack.Bool, pack.Int, pack.Decimal, pack.Date, pack.CodeOf, pack.CodesOf}

// FuzzCompileRows does the same with the formulas of feeds.
func FuzzCompileRows(f *testing.F) {
	for i, source := range []string{
		"rows.sum(r, r.paid)", "rows.count(r, r.valid)", "rows.exists(r, r.kind == 'red' && r.settled_on <= on)", "rows.all(r, known(r.paid))", "rows.max(r, r.days)", "rows.min(r, r.settled_on)",
		"row.paid", "row.kind", "row.valid ? row.kind : 'red'", "row.settled_on", "known(row.days)", "years(row.settled_on, on)", "rows.exists(rows, rows.a)", "rows.exists(r, rows.exists(r, r.valid))",
		"rows.exists(r, rows.exists(q, q.paid > r.paid))", "rows", "row", "row.note", "row.place", "row.id_no", "household.a", "param.standard", "person.x", "1.0 / 0.0", "on", "rows.max(r, r.paid) / 0.0", "row.kind in ['red']", "row.kind.or('blue')", "",
	} {
		f.Add(source, uint8(i), i%2 == 0)
		f.Add(source, uint8(i/3), i%2 == 1)
	}
	p, feed := tinyPack(), settlementFeed()
	f.Fuzz(func(t *testing.T, source string, typ uint8, latest bool) {
		want := formulaTypes[int(typ)%len(formulaTypes)]
		codes := ""
		if want == pack.CodeOf || want == pack.CodesOf {
			codes = "colour"
		}
		formula, faults := CompileRows(p, feed, pack.Expr{Source: source}, want, codes, latest)
		if (formula == nil) == (len(faults) == 0) {
			t.Fatalf("%q: a formula %v with faults %v", source, formula, faults)
		}
		if formula == nil {
			return
		}
		for _, n := range []int{0, 1, 64, 65} {
			rows, start := settlements(n)
			c, failed := formula.Evaluate(calendar.Must(2026, 11, 1), rows, start)
			if len(c.Num) != n || c.Known.Count()+failed > n {
				t.Errorf("%q: %d values and %d failures of %d persons", source, c.Known.Count(), failed, n)
			}
		}
	})
}
