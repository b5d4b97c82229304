package rules

import (
	"fmt"
	"strings"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// variable is a formula that always holds.
func always(u pack.Unit, name string, typ pack.Type, source string) *pack.Variable {
	return &pack.Variable{Unit: u, Name: name, Type: typ,
		Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: source}}}}
}

// rule is a programme with one version and its conditions.
func rule(id string, u pack.Unit, components []*pack.Component, conditions ...string) *pack.Programme {
	v := &pack.ProgrammeVersion{Span: calendar.Always(), Components: components}
	for i, when := range conditions {
		v.Conditions = append(v.Conditions, &pack.Condition{ID: string(rune('a' + i)), When: pack.Expr{Source: when}})
	}
	return &pack.Programme{ID: id, Unit: u, Entitlement: true, Versions: []*pack.ProgrammeVersion{v}}
}

func mustCompile(t testing.TB, p *pack.Pack) *Policy {
	t.Helper()
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return policy
}

// refused compiles a pack that must not compile, and gives what is said of it.
func refused(t *testing.T, p *pack.Pack) string {
	t.Helper()
	_, faults := Compile(p)
	if len(faults) == 0 {
		t.Fatal("the pack was not refused")
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.Message("en"))
	}
	return strings.Join(all, "\n")
}

// placePack adds parameters by code and by bands that are in force here and not there.
func placePack() *pack.Pack {
	p := tinyPack()
	bands := []pack.Band{{UpTo: mustMoney("10"), Value: mustMoney("1")}, {Last: true, Value: mustMoney("2")}}
	table := func(red, green, blue string) map[string]money.Decimal {
		return map[string]money.Decimal{"red": mustMoney(red), "green": mustMoney(green), "blue": mustMoney(blue)}
	}
	late := calendar.Since(mustDate("2027-01-01"))
	in := mustArea("3714")
	p.Parameters = append(p.Parameters,
		&pack.Parameter{Name: "late_bands", Type: pack.Decimal, Bands: true, Values: []*pack.ParameterValue{{Area: in, Span: late, Bands: bands}}},
		&pack.Parameter{Name: "late_table", Type: pack.Decimal, Codes: "colour", Values: []*pack.ParameterValue{{Area: in, Span: late, Table: table("1", "2", "3")}}},
		&pack.Parameter{Name: "bands", Type: pack.Decimal, Bands: true, Residence: true, Values: []*pack.ParameterValue{
			{Area: in, Residence: "urban", Span: calendar.Always(), Bands: bands}, {Area: in, Residence: "rural", Span: calendar.Always(), Bands: bands[1:]}}},
		&pack.Parameter{Name: "table", Type: pack.Decimal, Codes: "colour", Residence: true, Values: []*pack.ParameterValue{
			{Area: in, Residence: "urban", Span: calendar.Always(), Table: table("1", "2", "3")}, {Area: in, Residence: "rural", Span: calendar.Always(), Table: table("4", "5", "6")}}})
	return p
}

// TestLookUpsAreStrict: a look-up by a key needs its key and its place: unknown before error before not in force.
func TestLookUpsAreStrict(t *testing.T) {
	failing := "(1.0 / 0.0 > 1.0 ? household.k : household.k)"
	for _, c := range []struct{ why, expression, facts, want string }{
		{"bands by an unknown amount, not in force", "param.late_bands.band(household.x)", "", "unknown"},
		{"bands by a failed amount, not in force", "param.late_bands.band(1.0 / 0.0)", "", "error"},
		{"bands by a known amount, not in force", "param.late_bands.band(1.0)", "", "lapsed"},
		{"bands by a failed amount, place unknown", "param.bands.band(1.0 / 0.0)", "", "unknown"},
		{"bands by a lapsed amount, place known", "param.bands.band(param.late)", "residence=urban", "lapsed"},
		{"bands at their upper end", "param.bands.band(household.x)", "residence=urban x=10", "1"},
		{"bands above it", "param.bands.band(household.x)", "residence=urban x=10.000001", "2"},
		{"bands by an int", "param.bands.band(household.i)", "residence=urban i=10", "1"},
		{"a table by an unknown code, not in force", "param.late_table[household.k]", "", "unknown"},
		{"a table by a failed code, not in force", "param.late_table[" + failing + "]", "k=red", "error"},
		{"a table by a known code, not in force", "param.late_table[household.k]", "k=red", "lapsed"},
		{"a table by a failed code, place unknown", "param.table[" + failing + "]", "k=red", "unknown"},
		{"a table by a literal", "param.table['blue']", "residence=rural", "6"},
		{"a table by a literal, place unknown", "param.table['blue']", "", "unknown"},
	} {
		if got := evaluateIn(t, placePack(), pack.Decimal, c.expression, "2026-11-01", c.facts); got != c.want {
			t.Errorf("%s: %s = %s, want %s", c.why, c.expression, got, c.want)
		}
	}
}

// TestParametersByPlace: the nearest area that has a value, in it the residence's own before the general one; and where
// not enough is known to tell which, the value is unknown unless all agree.
func TestParametersByPlace(t *testing.T) {
	p := tinyPack()
	add := func(name string, values ...*pack.ParameterValue) {
		p.Parameters = append(p.Parameters, &pack.Parameter{Name: name, Type: pack.Decimal, Residence: true, Values: values})
	}
	const from = "2026-01-01"
	add("nearest", value("", "", from, "", "1"), value("371402", "", from, "", "2"), value("371424100", "", from, "", "3"))
	add("one_county", value("371402", "", from, "", "2"))
	add("own", value("", "", from, "", "1"), value("", "urban", from, "", "2"), value("371402", "", from, "", "3"))
	add("agreed", value("", "", from, "", "1"), value("371402", "", from, "", "1"))
	policy := mustCompile(t, withResults(p, "param.nearest", "param.one_county", "param.own", "param.agreed"))
	e := policy.On(mustDate("2026-11-01"), nil).NewEvaluator()
	for _, c := range []struct{ why, in, facts, want string }{
		{"a village of a township with its own value", "371424100281", "residence=rural", "3 not-in-force 1 1"},
		{"a village of a township without", "371424101281", "residence=rural", "1 not-in-force 1 1"},
		{"a county with its own value", "371402", "residence=urban", "2 2 3 1"},
		{"a county with its own value, by its village", "371402001001", "residence=urban", "2 2 3 1"},
		{"another county", "371403001001", "residence=urban", "1 not-in-force 2 1"},
		{"a county in which a township differs, and no more is known", "371424", "residence=rural", "unknown not-in-force 1 1"},
		{"only the city is known", "3714", "residence=rural", "unknown unknown unknown 1"},
		{"the area is not known", "", "residence=rural", "unknown unknown unknown 1"},
		{"the residence is not known", "371403001001", "", "1 not-in-force unknown 1"},
		{"the residence does not matter there", "371402", "", "2 2 3 1"},
		{"neither is known", "", "", "unknown unknown unknown 1"},
		{"a household outside the pack's area", "370102", "residence=rural", "unknown unknown unknown 1"},
	} {
		b := tinyBatch(t, policy.world, c.facts, nil)
		b.Area[0] = 0
		if c.in != "" {
			b.Area[0] = mustArea(c.in)
		}
		e.Evaluate(b)
		var got []string
		for i := range 4 {
			got = append(got, e.Value(fmt.Sprintf("household.r%d", i), 0))
		}
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s: %s, want %s", c.why, all, c.want)
		}
	}
}

// withResults adds decimal variables r0, r1, … of a household.
func withResults(p *pack.Pack, sources ...string) *pack.Pack {
	for i, source := range sources {
		p.Variables = append(p.Variables, always(pack.Household, fmt.Sprintf("r%d", i), pack.Decimal, source))
	}
	return p
}

// TestAmountOfWhatIsNotMoney: a component that is not money adds nothing to the amount that another formula reads.
func TestAmountOfWhatIsNotMoney(t *testing.T) {
	money := &pack.Component{ID: "cash", Amount: pack.Expr{Source: "household.x"}, Per: "month"}
	care := &pack.Component{ID: "care"}
	never := &pack.Component{ID: "care", When: pack.Expr{Source: "household.b"}}
	for _, c := range []struct {
		why        string
		components []*pack.Component
		want       string
	}{
		{"money alone", []*pack.Component{money}, "5"},
		{"money and care", []*pack.Component{money, care}, "5"},
		{"care alone", []*pack.Component{care}, "0"},
		{"care that is not given", []*pack.Component{never, money}, "5"},
		{"nothing at all", nil, "0"},
	} {
		p := withResults(tinyPack(), "household.amount('p')")
		p.Programmes = []*pack.Programme{rule("p", pack.Household, c.components, "household.a")}
		policy := mustCompile(t, p)
		e := policy.On(mustDate("2026-11-01"), nil).NewEvaluator()
		e.Evaluate(tinyBatch(t, policy.world, "a=true b=false x=5", nil))
		if got := e.Value("household.r0", 0); got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

// TestTaintsOfDefaults: what a default rests on, the value that it stands in for rests on.
func TestTaintsOfDefaults(t *testing.T) {
	p := tinyPack()
	p.Programmes = []*pack.Programme{
		rule("stand-in", pack.Person, nil, "person.x.or(household.members.sum(m, m.y)) > 0.0"),
		rule("two-grounds", pack.Person, nil, "person.a.or(false) && household.members.count(m, true) > 5"),
		rule("unknown-test", pack.Person, nil, "person.c ? person.x.or(1.0) > 0.0 : true"),
	}
	policy := mustCompile(t, p)
	plan := policy.On(mustDate("2026-11-01"), nil)
	b := tinyBatch(t, policy.world, "", []string{"y=1 b=false"})
	b.Doubtful.Set(0)
	results := plan.NewEvaluator().Evaluate(b)
	told := plan.Explain(Subject{Batch: b, Persons: []string{"a"}}).Outcomes
	for i, c := range []struct {
		why     string
		outcome Outcome
		assumed bool
	}{
		{"the default rests on a doubtful household", Possible, true},
		{"false rests on a default or on a doubtful household, whichever", Ineligible, true},
		{"an unknown test rests on no default of its arms", Possible, false},
	} {
		r := results.Programmes[i]
		if r.Outcome(0) != c.outcome || r.Assumed.Has(0) != c.assumed {
			t.Errorf("%s: %s, assumed %v", c.why, r.Outcome(0), r.Assumed.Has(0))
		}
		if told[i].Outcome != c.outcome.String() || told[i].Assumed != c.assumed {
			t.Errorf("%s, explained: %s, assumed %v", c.why, told[i].Outcome, told[i].Assumed)
		}
	}
}

// TestKindsThatAFoldNeeds: a fold over events is decided once all of the kinds that can change it are known, and those
// are every kind where a row of another kind is not passed over.
func TestKindsThatAFoldNeeds(t *testing.T) {
	for _, c := range []struct{ why, typ, expression, complete, want string }{
		{"the other kind is passed over", "bool", "household.events.exists(e, e.kind == 'fire' && e.amount > 5.0)", "fire", "false"},
		{"another kind makes it true", "bool", "household.events.exists(e, e.kind == 'fire' ? false : true)", "fire", "unknown"},
		{"another kind makes it true, and all are known", "bool", "household.events.exists(e, e.kind == 'fire' ? false : true)", "fire flood", "false"},
		{"all: another kind makes it false", "bool", "household.events.all(e, e.kind == 'fire' && e.amount < 5.0)", "fire", "unknown"},
		{"all: another kind is passed over", "bool", "household.events.all(e, e.kind == 'fire' ? e.amount < 5.0 : true)", "fire", "true"},
		{"count: another kind counts", "int", "household.events.count(e, e.kind == 'fire' ? false : e.amount > 0.0)", "fire", "unknown"},
		{"sum: another kind adds nothing", "decimal", "household.events.sum(e, e.kind == 'fire' ? e.amount : 0.0)", "fire", "1"},
		{"sum: another kind adds one", "decimal", "household.events.sum(e, e.kind == 'fire' ? e.amount : 1.0)", "fire", "unknown"},
		{"sum: another kind adds its own", "decimal", "household.events.sum(e, e.kind == 'fire' ? 0.0 : e.amount)", "fire", "unknown"},
		{"sum: two kinds, one of them known", "decimal", "household.events.sum(e, e.kind == 'fire' ? e.amount : e.kind == 'flood' ? 2.0 : 0.0)", "fire", "unknown"},
		{"sum: two kinds, both known", "decimal", "household.events.sum(e, e.kind == 'fire' ? e.amount : e.kind == 'flood' ? 2.0 : 0.0)", "fire flood", "1"},
		{"max: another kind may be the greatest", "decimal", "household.events.max(e, e.kind == 'fire' ? e.amount : 5.0)", "fire", "unknown"},
		{"max: every kind is known", "decimal", "household.events.max(e, e.kind == 'fire' ? e.amount : 5.0)", "fire flood", "1"},
	} {
		p := tinyPack()
		p.Variables = append(p.Variables, always(pack.Household, "result", pack.Type(c.typ), c.expression))
		policy := mustCompile(t, p)
		b := tinyBatch(t, policy.world, "fire=1", nil)
		for _, kind := range strings.Fields(c.complete) {
			b.Household.Complete[p.Codes["event"].Index(kind)].Set(0)
		}
		e := policy.On(mustDate("2026-11-01"), nil).NewEvaluator()
		e.Evaluate(b)
		if got := e.Value("household.result", 0); got != c.want {
			t.Errorf("%s: %s = %s, want %s", c.why, c.expression, got, c.want)
		}
	}
}

// TestWhatCompilationMustRefuse: each of these passed, or ended the program.
func TestWhatCompilationMustRefuse(t *testing.T) {
	otherSet := &pack.Fact{Unit: pack.Household, Name: "t", Type: pack.CodesOf, Codes: "residence"}
	mixed := rule("mixed", pack.Household, []*pack.Component{
		{ID: "monthly", Amount: pack.Expr{Source: "1.0"}, Per: "month"}, {ID: "once", Amount: pack.Expr{Source: "1.0"}, Per: "once"}}, "household.a")
	for _, c := range []struct {
		why, want string
		pack      func(p *pack.Pack)
	}{
		{"a fold's variable that hides the household", `"household" already means something here`, func(p *pack.Pack) {
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.members.exists(household, household.a)"))
		}},
		{"a fold's variable that hides the parameters", `"param" already means something here`, func(p *pack.Pack) {
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.members.exists(param, param.a)"))
		}},
		{"a fold's variable that hides the date", `"on" already means something here`, func(p *pack.Pack) {
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.members.exists(on, on.a)"))
		}},
		{"a fold's variable that hides that of the fold around it", `"m" already means something here`, func(p *pack.Pack) {
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.members.exists(m, m.events.exists(m, m.kind == 'fire'))"))
		}},
		{"events of a unit that has none", "only members, supporters, events or rows", func(p *pack.Pack) {
			p.Events = p.Events[:1]
			unit := p.Events[0].Unit
			other := map[pack.Unit]pack.Unit{pack.Person: pack.Household, pack.Household: pack.Person}[unit]
			p.Variables = append(p.Variables, always(other, "r", pack.Int, string(other)+".events.count(e, true)"))
		}},
		{"sets of codes of two lists", "codes of different lists: colour, residence", func(p *pack.Pack) {
			p.Facts = append(p.Facts, otherSet)
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "'red' in (household.a ? household.s : household.t)"))
		}},
		{"a default of another list", "codes of different lists: colour, residence", func(p *pack.Pack) {
			p.Facts = append(p.Facts, otherSet)
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "'red' in household.s.or(household.t)"))
		}},
		{"a warning that reads an amount by the month and once", "paid over different periods", func(p *pack.Pack) {
			p.Programmes = append(p.Programmes, mixed)
			p.Mechanisms = []*pack.Mechanism{{ID: "declaration", Rules: []*pack.Warning{{ID: "w", Unit: pack.Household, When: pack.Expr{Source: "household.amount('mixed') > 1.0"}}}}}
		}},
		{"an index that reads one", "paid over different periods", func(p *pack.Pack) {
			p.Programmes = append(p.Programmes, mixed)
			p.Index = &pack.Index{Dimensions: []*pack.Dimension{{ID: "d", Weight: mustMoney("1"), Score: pack.Expr{Source: "household.amount('mixed')"}}}}
		}},
	} {
		p := tinyPack()
		c.pack(p)
		if got := refused(t, p); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.why, got)
		}
	}
}

// TestOddPacks: what a pack may lack or have much of, it is evaluated and explained without.
func TestOddPacks(t *testing.T) {
	var many []pack.Code
	for i := range 130 {
		many = append(many, pack.Code{ID: fmt.Sprintf("c%d", i)})
	}
	for _, c := range []struct {
		why    string
		change func(p *pack.Pack)
	}{
		{"nothing but facts", func(p *pack.Pack) { p.Parameters, p.Events, p.Residence = nil, nil, "" }},
		{"nothing at all", func(p *pack.Pack) {
			*p = pack.Pack{Codes: map[string]*pack.CodeList{}}
		}},
		{"a programme without conditions and components", func(p *pack.Pack) {
			p.Programmes = append(p.Programmes, rule("empty", pack.Household, nil), rule("own", pack.Person, nil))
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.eligible('empty') && household.amount('empty') == 0.0"))
		}},
		{"a programme without a version on the date", func(p *pack.Pack) {
			q := rule("late", pack.Person, []*pack.Component{{ID: "cash", Amount: pack.Expr{Source: "1.0"}, Per: "month"}}, "person.a")
			q.Versions[0].Span = calendar.Since(mustDate("2027-01-01"))
			p.Programmes = append(p.Programmes, q)
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.members.exists(m, m.amount('late') > 0.0 || m.outcome('late') == 'not-in-force')"))
		}},
		{"an index without a formula for before, and of no weight", func(p *pack.Pack) {
			p.Index = &pack.Index{Dimensions: []*pack.Dimension{{ID: "d", Score: pack.Expr{Source: "household.x"}, Neutral: mustMoney("50")}}}
		}},
		{"an index that fails, and leaves 0 to 100", func(p *pack.Pack) {
			p.Index = &pack.Index{Dimensions: []*pack.Dimension{
				{ID: "d", Weight: mustMoney("0.5"), Score: pack.Expr{Source: "1.0 / 0.0"}, Neutral: mustMoney("50")},
				{ID: "e", Weight: mustMoney("0.5"), Score: pack.Expr{Source: "-1.0"}, Before: pack.Expr{Source: "param.late"}, Neutral: mustMoney("50")}}}
		}},
		{"a warning on a constant", func(p *pack.Pack) {
			p.Mechanisms = []*pack.Mechanism{{ID: "discovery", Rules: []*pack.Warning{
				{ID: "all", Unit: pack.Person, When: pack.Expr{Source: "true"}, Evidence: []string{"person.x", "household.k"}},
				{ID: "none", Unit: pack.Household, When: pack.Expr{Source: "param.late > 0.0"}}}}}
		}},
		{"a parameter of one county only", func(p *pack.Pack) {
			p.Parameters = []*pack.Parameter{{Name: "one", Type: pack.Int, Values: []*pack.ParameterValue{value("371402", "", "2026-01-01", "", "3")}}}
			p.Variables = append(p.Variables, always(pack.Person, "r", pack.Int, "param.one + household.supporters.count(s, s.i > param.one)"))
		}},
		{"a list of more codes than a word has bits", func(p *pack.Pack) {
			p.Codes["many"] = &pack.CodeList{ID: "many", Codes: many}
			p.Facts = append(p.Facts, &pack.Fact{Unit: pack.Household, Name: "m", Type: pack.CodeOf, Codes: "many"})
			p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.m in ['c0', 'c63', 'c64', 'c129']"))
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := tinyPack()
			c.change(p)
			policy := mustCompile(t, p)
			plan := policy.On(mustDate("2026-11-01"), nil)
			e := plan.NewEvaluator()
			for _, n := range []int{0, 1, 65, 3} {
				b := policy.world.layout.NewBatch(n, 2*n, n, 0, 0)
				for h := range n {
					b.MemberStart[h+1], b.Counted[h], b.SupporterStart[h+1] = int32(2*h+2), 1, int32(h+1)
				}
				e.told(b)
				if n != 1 {
					continue
				}
				told := plan.Explain(Subject{Batch: b, Persons: []string{"a", "b"}, Supporters: []string{"c"}})
				for _, lang := range []fault.Lang{fault.Zh, fault.En} {
					told.FullText(p, lang)
				}
			}
		})
	}
}

// TestLongLists: a code is found in a literal list wherever in its own list it stands.
func TestLongLists(t *testing.T) {
	p := tinyPack()
	list := &pack.CodeList{ID: "many"}
	for i := range 130 {
		list.Codes = append(list.Codes, pack.Code{ID: fmt.Sprintf("c%d", i)})
	}
	p.Codes["many"] = list
	p.Facts = append(p.Facts, &pack.Fact{Unit: pack.Household, Name: "m", Type: pack.CodeOf, Codes: "many"})
	p.Variables = append(p.Variables, always(pack.Household, "r", pack.Bool, "household.m in ['c0', 'c63', 'c64', 'c129']"))
	policy := mustCompile(t, p)
	b := policy.world.layout.NewBatch(130, 0, 0, 0, 0)
	slot, _ := policy.world.layout.Slot("household.m")
	for h := range 130 {
		b.Household.Facts[slot].Set(h, int64(h))
	}
	e := policy.On(mustDate("2026-11-01"), nil).NewEvaluator()
	e.Evaluate(b)
	c, _ := e.Column("household.r")
	for h := range 130 {
		if want := h == 0 || h == 63 || h == 64 || h == 129; !c.Known.Has(h) || c.Num[h] != boolNum(want) {
			t.Errorf("c%d in the list: %v, want %v", h, c.Num[h] == 1, want)
		}
	}
}

// TestFailuresOfRowsAreCountedByPerson: each person whose value came to an error counts once, whoever else there is.
func TestFailuresOfRowsAreCountedByPerson(t *testing.T) {
	for _, c := range []struct {
		why, source string
		latest      bool
		want        int
	}{
		{"everybody", "1.0 / 0.0", false, 5},
		{"everybody who has a row", "1.0 / 0.0", true, 3},
		{"whose first row is the one without days", "1.0 / row.days", true, 1},
		{"nobody", "rows.sum(r, r.paid)", false, 0},
	} {
		f, faults := CompileRows(tinyPack(), settlementFeed(), pack.Expr{Source: c.source}, pack.Decimal, "", c.latest)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		rows, start := settlements(5) // none, one, two, three and none; the first row is of nought days
		if _, failed := f.Evaluate(mustDate("2026-11-01"), rows, start); failed != c.want {
			t.Errorf("%s: %d failures, want %d", c.why, failed, c.want)
		}
	}
}
