package rules

import (
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

func TestQuotients(t *testing.T) {
	for _, c := range []struct {
		why, expression string
		typ             pack.Type
		want            int
	}{
		{"compared", "household.x / household.y < 1.0", pack.Bool, 1},
		{"compared through a variable", "household.mean < 1.0", pack.Bool, 1},
		{"multiplied back", "household.x / household.y * 2.0", pack.Decimal, 1},
		{"a sum with a quotient compared", "household.x + household.x / household.y >= 1.0", pack.Bool, 1},
		{"multiplied out", "household.x < household.y * 1.0", pack.Bool, 0},
		{"divided last", "household.x * 2.0 / household.y", pack.Decimal, 0},
		{"rounded on purpose, then compared", "round(household.x / household.y, 2) < 1.0", pack.Bool, 0},
	} {
		p := tinyPack()
		p.Variables = []*pack.Variable{
			{Unit: pack.Household, Name: "mean", Type: pack.Decimal, Versions: []*pack.VariableVersion{{
				Span: calendar.Always(), Value: pack.Expr{Source: "household.x / household.y", Pos: pack.Pos{File: "mean"}}}}},
			{Unit: pack.Household, Name: "result", Type: c.typ, Versions: []*pack.VariableVersion{{
				Span: calendar.Always(), Value: pack.Expr{Source: c.expression, Pos: pack.Pos{File: "result"}}}}},
		}
		policy, faults := Compile(p)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if got := policy.Quotients(); len(got) != c.want {
			t.Errorf("%s: %s has %d warnings, want %d: %v", c.why, c.expression, len(got), c.want, got)
		}
	}
}
