package rules

import (
	"fmt"
	"strings"
	"testing"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// tinyPack is a pack with one fact of each type for both units, events, a coded list, and parameters in each state.
func tinyPack() *pack.Pack {
	text := pack.Text{Zh: "测试", En: "test"}
	p := &pack.Pack{
		ID: "tiny", Area: mustArea("3714"), Residence: "household.residence",
		Codes: map[string]*pack.CodeList{
			"colour":    {ID: "colour", Codes: []pack.Code{{ID: "red"}, {ID: "green"}, {ID: "blue"}}},
			"residence": {ID: "residence", Codes: []pack.Code{{ID: "urban"}, {ID: "rural"}}},
			"event":     {ID: "event", Codes: []pack.Code{{ID: "fire"}, {ID: "flood"}}},
		},
		Facts: []*pack.Fact{{Unit: pack.Household, Name: "residence", Type: pack.CodeOf, Codes: "residence"}},
	}
	for _, u := range []pack.Unit{pack.Household, pack.Person} {
		for name, typ := range map[string]pack.Type{"a": pack.Bool, "b": pack.Bool, "c": pack.Bool, "i": pack.Int, "j": pack.Int, "x": pack.Decimal, "y": pack.Decimal, "d": pack.Date, "e": pack.Date} {
			p.Facts = append(p.Facts, &pack.Fact{Unit: u, Name: name, Type: typ, Label: text})
		}
		p.Facts = append(p.Facts,
			&pack.Fact{Unit: u, Name: "k", Type: pack.CodeOf, Codes: "colour", Label: text},
			&pack.Fact{Unit: u, Name: "s", Type: pack.CodesOf, Codes: "colour", Label: text})
		p.Events = append(p.Events, &pack.EventType{Unit: u, Kinds: "event", Fields: []*pack.EventField{{Name: "amount", Type: pack.Decimal}}})
	}
	p.Parameters = []*pack.Parameter{
		{Name: "standard", Type: pack.Decimal, Residence: true, Values: []*pack.ParameterValue{
			value("", "urban", "2026-01-01", "", "1000"), value("", "rural", "2026-01-01", "", "800"), value("371402", "rural", "2026-01-01", "", "900")}},
		{Name: "late", Type: pack.Decimal, Values: []*pack.ParameterValue{value("", "", "2027-01-01", "", "1")}},
		{Name: "step", Type: pack.Decimal, Values: []*pack.ParameterValue{value("", "", "2026-01-01", "2026-03-15", "100"), value("", "", "2026-03-15", "", "110")}},
	}
	return p
}

func value(in, residence, from, to, amount string) *pack.ParameterValue {
	span := calendar.Since(mustDate(from))
	if to != "" {
		span.To = mustDate(to)
	}
	code := mustArea("3714")
	if in != "" {
		code = mustArea(in)
	}
	return &pack.ParameterValue{Area: code, Residence: residence, Span: span, Value: mustMoney(amount)}
}

func mustArea(s string) area.Code {
	c, err := area.Parse(s)
	if err != nil {
		panic(err)
	}
	return c
}

func mustDate(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func mustMoney(s string) money.Decimal {
	d, err := money.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// evaluate gives the value of a household's expression as text: a canonical value, "unknown", "error" or "lapsed".
// The facts are written "x=1.5 a=true k=red"; members and their facts as further arguments.
func evaluate(t *testing.T, typ pack.Type, expression string, on string, household string, members ...string) string {
	t.Helper()
	return evaluateIn(t, tinyPack(), typ, expression, on, household, members...)
}

// evaluateIn does the same in another pack that has the facts of the tiny one.
func evaluateIn(t *testing.T, p *pack.Pack, typ pack.Type, expression string, on string, household string, members ...string) string {
	t.Helper()
	v := &pack.Variable{Unit: pack.Household, Name: "result", Type: typ}
	if typ == pack.CodeOf {
		v.Codes = "colour"
	}
	v.Versions = []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: expression}}}
	p.Variables = append(p.Variables, v)
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatalf("compiling %s: %v", expression, faults)
	}
	b := tinyBatch(t, policy.world, household, members)
	var answers []string
	for _, narrow := range []bool{true, false} {
		plan := policy.On(mustDate(on), nil)
		m := newMachine(plan, narrow)
		m.load(b)
		id := plan.variables["household.result"]
		all := m.everything(households)
		answers = append(answers, show(m.need(id, all), typ, p.Codes[v.Codes]))
	}
	if answers[0] != answers[1] {
		t.Errorf("%s with narrowing gives %s, without %s", expression, answers[0], answers[1])
	}
	return answers[0]
}

func show(v *vector, typ pack.Type, list *pack.CodeList) string {
	switch v.state(0) {
	case stateUnknown:
		return "unknown"
	case stateError:
		return "error"
	case stateLapsed:
		return "lapsed"
	}
	num := int64(0)
	if typ == pack.Bool {
		num = boolNum(v.isTrue.Has(0))
	} else {
		num = v.number(0)
	}
	text, _ := Canonical(typ, list, num)
	return text
}

func tinyBatch(t *testing.T, w *world, household string, members []string) *Batch {
	t.Helper()
	var rows []string
	for _, word := range strings.Fields(household) {
		if strings.HasPrefix(word, "fire=") {
			rows = append(rows, strings.TrimPrefix(word, "fire="))
		}
	}
	b := w.layout.NewBatch(1, len(members), 0, len(rows), 0)
	b.MemberStart[1], b.Counted[0] = int32(len(members)), int32(len(members))
	b.Area[0] = mustArea("371424100281")
	fill(t, w, pack.Household, &b.Household, 0, household)
	for i, m := range members {
		fill(t, w, pack.Person, &b.Person, i, m)
	}
	b.HouseholdEvent.Start[1] = int32(len(rows))
	amount, _ := w.layout.EventField(pack.Household, "amount")
	for i, row := range rows {
		b.HouseholdEvent.Facts[EventKind].Set(i, 0)
		if row != "?" {
			b.HouseholdEvent.Facts[amount].Set(i, int64(mustMoney(row)))
		}
	}
	if strings.Contains(household, "fires-complete") {
		b.Household.Complete[0].Set(0)
	}
	return b
}

func fill(t *testing.T, w *world, u pack.Unit, table *Table, lane int, facts string) {
	t.Helper()
	for _, word := range strings.Fields(facts) {
		name, text, ok := strings.Cut(word, "=")
		if !ok || name == "fire" {
			continue
		}
		slot, ok := w.layout.Slot(string(u) + "." + name)
		if !ok {
			t.Fatalf("no fact %s.%s", u, name)
		}
		f := w.layout.Facts(u)[slot]
		table.Facts[slot].Set(lane, parseNum(t, f.Type, w.pack.Codes[f.Codes], text))
	}
}

func parseNum(t *testing.T, typ pack.Type, list *pack.CodeList, text string) int64 {
	t.Helper()
	switch typ {
	case pack.Bool:
		return boolNum(text == "true")
	case pack.Decimal:
		return int64(mustMoney(text))
	case pack.Date:
		return int64(mustDate(text))
	case pack.CodeOf:
		return int64(list.Index(text))
	case pack.CodesOf:
		set := int64(0)
		for _, id := range strings.Split(text, ",") {
			set |= 1 << list.Index(id)
		}
		return set
	}
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// The four states, as operands: a known value, the unknown fact c, an error, and a parameter that is not in force.
const (
	unknownOperand = "household.c"
	errorOperand   = "household.x / 0.0 > 1.0"
	lapsedOperand  = "param.late > 0.0"
)

func TestConnectivesAbsorb(t *testing.T) {
	operands := []struct{ name, source string }{
		{"true", "household.a"}, {"false", "household.b"}, {"unknown", unknownOperand}, {"error", errorOperand}, {"lapsed", lapsedOperand},
	}
	rank := map[string]int{"unknown": 3, "error": 2, "lapsed": 1}
	for _, l := range operands {
		for _, r := range operands {
			for _, c := range []struct{ operator, absorbing, neutral string }{{"&&", "false", "true"}, {"||", "true", "false"}} {
				want := c.neutral
				switch {
				case l.name == c.absorbing || r.name == c.absorbing:
					want = c.absorbing
				case rank[l.name] > 0 || rank[r.name] > 0:
					want = l.name
					if rank[r.name] > rank[l.name] {
						want = r.name
					}
				}
				expression := l.source + " " + c.operator + " " + r.source
				if got := evaluate(t, pack.Bool, expression, "2026-11-01", "a=true b=false x=1"); got != want {
					t.Errorf("%s %s %s = %s, want %s", l.name, c.operator, r.name, got, want)
				}
			}
		}
	}
}

func TestStrictOperators(t *testing.T) {
	operands := map[string]string{"known": "household.y", "unknown": "household.x", "error": "1.0 / 0.0", "lapsed": "param.late"}
	rank := map[string]int{"known": 0, "lapsed": 1, "error": 2, "unknown": 3}
	for left, l := range operands {
		for right, r := range operands {
			want := left
			if rank[right] > rank[left] {
				want = right
			}
			got := evaluate(t, pack.Decimal, l+" + "+r, "2026-11-01", "y=2")
			if got == "4" {
				got = "known"
			}
			if got != want {
				t.Errorf("%s + %s = %s, want %s", left, right, got, want)
			}
		}
	}
}

func TestMeaning(t *testing.T) {
	const today = "2026-11-01"
	for _, c := range []struct {
		why        string
		typ        pack.Type
		expression string
		on         string
		household  string
		members    []string
		want       string
	}{
		{"an unknown test of a choice is unknown even when the arms agree", pack.Int, "household.a ? 1 : 1", today, "", nil, "unknown"},
		{"a choice takes the arm of its test only", pack.Decimal, "household.a ? 1.0 : 1.0 / 0.0", today, "a=true", nil, "1"},
		{"an error in the test is an error", pack.Int, "1.0 / 0.0 > 1.0 ? 1 : 2", today, "", nil, "error"},
		{"or replaces what is unknown", pack.Decimal, "household.x.or(5.0)", today, "", nil, "5"},
		{"or leaves what is known", pack.Decimal, "household.x.or(5.0)", today, "x=1.5", nil, "1.5"},
		{"or does not hide an error", pack.Decimal, "(1.0 / 0.0).or(5.0)", today, "", nil, "error"},
		{"or does not hide what is not in force", pack.Decimal, "param.late.or(5.0)", today, "", nil, "lapsed"},
		{"known of a known fact", pack.Bool, "known(household.x)", today, "x=0", nil, "true"},
		{"known of an unknown fact", pack.Bool, "known(household.x)", today, "", nil, "false"},
		{"an int and a decimal meet as decimals", pack.Decimal, "household.i * 0.5", today, "i=3", nil, "1.5"},
		{"an int serves as a decimal result", pack.Decimal, "household.i + 1", today, "i=3", nil, "4"},
		{"a number with its sign", pack.Decimal, "household.x - -2.55", today, "x=1", nil, "3.55"},
		{"a sign that stands apart from its number", pack.Decimal, "- 2.55", today, "", nil, "-2.55"},
		{"a sign on the line before", pack.Decimal, "-\n  12.345678", today, "", nil, "-12.345678"},
		{"a negative nought", pack.Decimal, "-0.0", today, "", nil, "0"},
		{"division rounds half to even at the sixth digit", pack.Decimal, "2.0 / 3.0", today, "", nil, "0.666667"},
		{"division by zero is an error", pack.Decimal, "household.x / household.y", today, "x=1 y=0", nil, "error"},
		{"overflow is an error", pack.Decimal, "household.x * household.x", today, "x=9000000000000", nil, "error"},
		{"integer overflow is an error", pack.Int, "household.i * household.i", today, "i=9000000000000000000", nil, "error"},
		{"four in ten rounds half up", pack.Decimal, "round(household.x, 2)", today, "x=2.345", nil, "2.35"},
		{"codes compare", pack.Bool, "household.k == 'green'", today, "k=green", nil, "true"},
		{"a code in a list", pack.Bool, "household.k in ['red', 'blue']", today, "k=green", nil, "false"},
		{"a code in a set", pack.Bool, "'blue' in household.s", today, "s=red,blue", nil, "true"},
		{"a choice of codes", pack.CodeOf, "household.a ? 'red' : 'blue'", today, "a=false", nil, "blue"},
		{"born on 29 February, a year is full on 1 March", pack.Int, "years(household.d, on)", "2025-02-28", "d=2004-02-29", nil, "20"},
		{"born on 29 February, on 1 March", pack.Int, "years(household.d, on)", "2025-03-01", "d=2004-02-29", nil, "21"},
		{"born on 29 February, in a leap year", pack.Int, "years(household.d, on)", "2028-02-29", "d=2004-02-29", nil, "24"},
		{"a month after 31 January is full on 1 March", pack.Int, "months(household.d, on)", "2026-02-28", "d=2026-01-31", nil, "0"},
		{"the last day of the former standard", pack.Decimal, "param.step", "2026-03-14", "", nil, "100"},
		{"a standard that changes in mid-month, on its first day", pack.Decimal, "param.step", "2026-03-15", "", nil, "110"},
		{"before any value: not in force", pack.Decimal, "param.step", "2025-12-31", "", nil, "lapsed"},
		{"a parameter by residence", pack.Decimal, "param.standard", today, "residence=rural", nil, "800"},
		{"a parameter by residence that is not known", pack.Decimal, "param.standard", today, "", nil, "unknown"},
		{"exists of nobody", pack.Bool, "household.members.exists(m, m.a)", today, "", nil, "false"},
		{"all of nobody", pack.Bool, "household.members.all(m, m.a)", today, "", nil, "true"},
		{"sum of nobody", pack.Decimal, "household.members.sum(m, m.x)", today, "", nil, "0"},
		{"max of nobody is an error", pack.Decimal, "household.members.max(m, m.x)", today, "", nil, "error"},
		{"exists is decided by one", pack.Bool, "household.members.exists(m, m.a)", today, "", []string{"", "a=true"}, "true"},
		{"exists with an unknown member", pack.Bool, "household.members.exists(m, m.a)", today, "", []string{"", "a=false"}, "unknown"},
		{"all is decided by one", pack.Bool, "household.members.all(m, m.a)", today, "", []string{"", "a=false"}, "false"},
		{"count with an unknown member", pack.Int, "household.members.count(m, m.a)", today, "", []string{"", "a=true"}, "unknown"},
		{"sum with an unknown member", pack.Decimal, "household.members.sum(m, m.x)", today, "", []string{"x=1", ""}, "unknown"},
		{"sum", pack.Decimal, "household.members.sum(m, m.x)", today, "", []string{"x=1", "x=2.5"}, "3.5"},
		{"unknown before error in a fold", pack.Decimal, "household.members.sum(m, m.x / m.y)", today, "", []string{"x=1 y=0", "x=1"}, "unknown"},
		{"max", pack.Decimal, "household.members.max(m, m.x)", today, "", []string{"x=1", "x=2.5", "x=-3"}, "2.5"},
		{"a member compared with its household", pack.Int, "household.members.count(m, m.x > household.x)", today, "x=2", []string{"x=1", "x=2.5", "x=3"}, "2"},
		{"events that are not all known leave exists open", pack.Bool, "household.events.exists(e, e.kind == 'fire' && e.amount > 5.0)", today, "fire=1", nil, "unknown"},
		{"an event decides exists all the same", pack.Bool, "household.events.exists(e, e.kind == 'fire' && e.amount > 5.0)", today, "fire=6", nil, "true"},
		{"events that are all known", pack.Bool, "household.events.exists(e, e.kind == 'fire' && e.amount > 5.0)", today, "fire=1 fires-complete", nil, "false"},
		{"a sum over events", pack.Decimal, "household.events.sum(e, e.kind == 'fire' ? e.amount : 0.0)", today, "fire=1 fire=2 fires-complete", nil, "3"},
	} {
		if got := evaluate(t, c.typ, c.expression, c.on, c.household, c.members...); got != c.want {
			t.Errorf("%s: %s = %s, want %s", c.why, c.expression, got, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ why, expression, want string }{
		{"a misspelt fact", "household.residance == 'urban'", `household has no "residance"; the nearest is "residence"`},
		{"a misspelt function", "yeers(household.d, on) > 3", `the policy language has no function "yeers"; the nearest is "years"`},
		{"int by int", "household.i / household.j > 2.0", "int / int is refused: make one a decimal, such as 2.0"},
		{"a code outside its list", "household.k == 'grean'", `the list "colour" has no code "grean"; the nearest is "green"`},
		{"codes of two lists", "household.k == household.residence", "the two sides are codes of different lists: colour, residence"},
		{"unequal arms", "(household.a ? 1 : 0.5) > 0.0", `"?:" needs equal types; found (int, decimal): write a decimal as 1.0`},
		{"a bool compared in size", "household.a < household.b", `"<" cannot take (bool, bool)`},
		{"a number that is not exact", "household.x > 0.1234567", `the number "0.1234567" is not exact: at most 6 fraction digits and 15 digits in all`},
		{"the person in a household's formula", "person.a", `"person" does not exist; at hand here: household, on, param`},
		{"the remainder", "household.i % 2 == 0", `"%" is not part of the policy language`},
		{"events without kinds", "household.events.exists(e, e.amount > 1.0)", "a fold over events begins with the kinds it reads: e.kind == 'fire' && …"},
		{"not a bool", "household.x + 1.0", "the formula gives decimal; bool is needed"},
		{"a programme that does not exist", "household.holds('dibao')", `there is no programme "dibao", nor any like it`},
	} {
		p := tinyPack()
		p.Variables = []*pack.Variable{{Unit: pack.Household, Name: "result", Type: pack.Bool,
			Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: c.expression}}}}}
		_, faults := Compile(p)
		if len(faults) != 1 {
			t.Errorf("%s: %d faults, want one: %v", c.why, len(faults), faults)
			continue
		}
		if got := faults[0].Error(); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.why, got, c.want)
		}
	}
}

func TestCircle(t *testing.T) {
	p := tinyPack()
	for _, v := range [][2]string{{"one", "household.two"}, {"two", "household.three"}, {"three", "household.one"}} {
		p.Variables = append(p.Variables, &pack.Variable{Unit: pack.Household, Name: v[0], Type: pack.Bool,
			Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: pack.Expr{Source: v[1]}}}})
	}
	_, faults := Compile(p)
	want := "formulas go in a circle: household.one → household.two → household.three → household.one"
	if len(faults) != 1 || faults[0].Message("en") != want {
		t.Errorf("got %v, want %s", faults, want)
	}
}
