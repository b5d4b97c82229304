package reform_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/reform"
	"dajiuzhu/internal/rules"
)

const (
	city     area.Code = 371400000000
	county   area.Code = 371424000000
	other    area.Code = 371402000000
	township area.Code = 371424100000
)

func day(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// small is a pack of parameters alone.
func small(values ...*pack.ParameterValue) *pack.Pack {
	return &pack.Pack{
		Area: city, Residence: "household.residence",
		Facts: []*pack.Fact{{Unit: pack.Household, Name: "residence", Type: pack.CodeOf, Codes: "residence"}},
		Codes: map[string]*pack.CodeList{
			"residence": {ID: "residence", Codes: []pack.Code{{ID: "urban"}, {ID: "rural"}}},
			"grade":     {ID: "grade", Codes: []pack.Code{{ID: "one"}, {ID: "two"}}},
		},
		Parameters: []*pack.Parameter{
			{Name: "standard", Type: pack.Decimal, Residence: true, Values: values},
			{Name: "persons", Type: pack.Int, Values: []*pack.ParameterValue{{Area: city, Span: calendar.Always(), Value: money.Must("3")}}},
			{Name: "grades", Type: pack.Decimal, Codes: "grade", Values: []*pack.ParameterValue{
				{Area: city, Span: calendar.Always(), Table: map[string]money.Decimal{"one": money.Must("100"), "two": money.Must("50")}}}},
			{Name: "scale", Type: pack.Decimal, Bands: true, Values: []*pack.ParameterValue{
				{Area: city, Span: calendar.Always(), Bands: []pack.Band{{UpTo: money.Must("10"), Value: money.Must("0.5")}, {Last: true, Value: money.Must("0.8")}}}}},
		},
	}
}

func value(in area.Code, residence, from, to, figure string) *pack.ParameterValue {
	span := calendar.Always()
	if from != "" {
		span.From = day(from)
	}
	if to != "" {
		span.To = day(to)
	}
	return &pack.ParameterValue{Area: in, Residence: residence, Span: span, Value: money.Must(figure)}
}

func overlay(t *testing.T, p *pack.Pack, scope reform.Scope, changes ...string) rules.Overlay {
	t.Helper()
	parsed, err := reform.Parse(changes)
	if err != nil {
		t.Fatal(err)
	}
	o, err := reform.Overlay(p, parsed, scope)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// inForce is the figure in force at a place by the precedence of the pack language: the narrowest area, then the residence.
func inForce(p *pack.Parameter, on calendar.Date, in area.Code, residence string) (money.Decimal, bool) {
	var best *pack.ParameterValue
	for _, v := range p.Values {
		if !v.Span.Contains(on) || !v.Area.Contains(in) || v.Residence != "" && v.Residence != residence {
			continue
		}
		if best == nil || v.Area.Level() > best.Area.Level() || v.Area == best.Area && best.Residence == "" {
			best = v
		}
	}
	if best == nil {
		return 0, false
	}
	return best.Value, true
}

func TestFigures(t *testing.T) {
	p := small(value(city, "urban", "", "", "1000"), value(city, "rural", "", "", "800"))
	always := reform.Scope{From: calendar.Beginning}
	for _, c := range []struct{ change, urban, rural string }{
		{"standard=1060", "1060", "1060"},
		{"standard=+5%", "1050", "840"},
		{"standard=-12.5%", "875", "700"},
		{"standard=+60.5", "1060.5", "860.5"},
		{"standard=-10", "990", "790"},
		{"standard[urban]=1100", "1100", "800"},
		{"standard[urban,rural]=+1%", "1010", "808"},
	} {
		changed := overlay(t, p, always, c.change)["standard"]
		for residence, want := range map[string]string{"urban": c.urban, "rural": c.rural} {
			if got, ok := inForce(changed, day("2026-11-01"), county, residence); !ok || got != money.Must(want) {
				t.Errorf("%s: %s is %s, want %s", c.change, residence, got, want)
			}
		}
	}
	two := overlay(t, p, always, "standard[urban]=+10%", "standard[rural]=900")["standard"]
	urban, _ := inForce(two, day("2026-11-01"), county, "urban")
	rural, _ := inForce(two, day("2026-11-01"), county, "rural")
	if urban != money.Must("1100") || rural != money.Must("900") {
		t.Errorf("two changes of one parameter come to %s and %s", urban, rural)
	}
	table := overlay(t, p, always, "grades[two]=60")["grades"].Values
	if got := table[len(table)-1].Table; got["one"] != money.Must("100") || got["two"] != money.Must("60") {
		t.Errorf("the table is %v", got)
	}
	if p.Parameters[2].Values[0].Table["two"] != money.Must("50") {
		t.Error("the pack itself was changed")
	}
	if got := overlay(t, p, always, "scale=+10%")["scale"].Values[0].Bands; got[0].Value != money.Must("0.55") || got[1].Value != money.Must("0.88") || got[0].UpTo != money.Must("10") {
		t.Errorf("the bands are %v", got)
	}
}

func TestRefused(t *testing.T) {
	p := small(value(city, "", "", "", "1000"))
	for _, c := range []struct{ change, want string }{
		{"standard", `"standard" cannot be read`},
		{"standard=", "cannot be read"},
		{"=5", "cannot be read"},
		{"standard=5%", "cannot be read"},
		{"standard=1,060", "cannot be read"},
		{"standard=+0.00001%", "cannot be read"},
		{"standard[=5", "cannot be read"},
		{"standard[]=5", "cannot be read"},
		{"standart=5", `the nearest is "standard"`},
		{"wholly-other=5", "nor any like it"},
		{"standard[suburban]=5", `no figure for "suburban"; there are: urban, rural`},
		{"grades[three]=5", "there are: one, two"},
		{"grades=5", "grades[code]="},
		{"scale=0.5", "a share or a difference"},
		{"standard=-1000.01", "below zero"},
		{"standard=-101%", "below zero"},
		{"persons=+50%", "whole number and cannot become 4.5"},
	} {
		changes, err := reform.Parse([]string{c.change})
		if err == nil {
			_, err = reform.Overlay(p, changes, reform.Scope{From: calendar.Beginning})
		}
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Errorf("%s is taken: %v", c.change, err)
			continue
		}
		if got := f.Message(fault.En); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q does not say %q", c.change, got, c.want)
		}
		for _, lang := range []fault.Lang{fault.Zh, fault.En} {
			if strings.ContainsAny(f.Message(lang), "{}") {
				t.Errorf("%s: the message has a gap: %s", c.change, f.Message(lang))
			}
		}
	}
	if _, err := reform.Parse([]string{"standard=5", "standard=6"}); err == nil {
		t.Error("one figure is set twice")
	}
	changes, _ := reform.Parse([]string{"standard=5"})
	p = small(value(city, "", "", "2020-01-01", "1000"))
	if _, err := reform.Overlay(p, changes, reform.Scope{From: day("2026-01-01")}); err == nil {
		t.Error("a parameter without a value from the day on is changed")
	}
}

// TestScope: whatever the values, after a change the figure is the changed one in the area from the day on, and the former one
// everywhere else and before.
func TestScope(t *testing.T) {
	areas := []area.Code{city, county, other, township}
	days := []string{"2020-01-01", "2022-01-01", "2024-01-01", "2026-01-01"}
	rapid.Check(t, func(t *rapid.T) {
		var values []*pack.ParameterValue
		taken := map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "values") {
			in := rapid.SampledFrom(areas).Draw(t, "area")
			residence := rapid.SampledFrom([]string{"", "urban", "rural"}).Draw(t, "residence")
			from := rapid.IntRange(0, 2).Draw(t, "from")
			key := in.String() + residence + days[from]
			if taken[key] {
				continue
			}
			taken[key] = true
			values = append(values, value(in, residence, days[from], days[from+1], rapid.SampledFrom([]string{"100", "200", "300", "400"}).Draw(t, "figure")))
		}
		p := small(values...)
		scope := reform.Scope{From: day(rapid.SampledFrom([]string{"2019-01-01", "2021-05-05", "2022-01-01", "2025-07-01"}).Draw(t, "since"))}
		scope.Area = rapid.SampledFrom(append(areas, 0)).Draw(t, "in")
		only := rapid.SampledFrom([]string{"", "urban"}).Draw(t, "only")
		text := "standard=+10%"
		if only != "" {
			text = "standard[" + only + "]=+10%"
		}
		changes, err := reform.Parse([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		changed, err := reform.Overlay(p, changes, scope)
		if err != nil {
			return // nothing there to change
		}
		for _, in := range areas {
			for _, residence := range []string{"urban", "rural"} {
				for _, on := range []string{"2020-06-01", "2021-06-01", "2022-01-01", "2023-06-01", "2025-06-30", "2025-07-01"} {
					was, had := inForce(p.Parameters[0], day(on), in, residence)
					is, has := inForce(changed["standard"], day(on), in, residence)
					want := was
					inside := scope.Area == 0 || scope.Area.Contains(in)
					if inside && day(on) >= scope.From && (only == "" || only == residence) {
						want = was + was/10
					}
					if had != has || is != want {
						t.Fatalf("%s %s on %s: was %s, is %s (%v), want %s", in, residence, on, was, is, has, want)
					}
				}
			}
		}
	})
}
