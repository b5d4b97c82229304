package rules

import (
	"strings"
	"testing"

	"dajiuzhu/internal/calendar"
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
