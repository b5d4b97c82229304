package pack_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// A case's own figures take the place of the pack's, always and everywhere, in each form that a parameter has.
func TestOwnFigures(t *testing.T) {
	files := goodPack(t)
	files["cases/more.yaml"] = &fstest.MapFile{Data: []byte(`case: more
name: {zh: 更多, en: More}
on: 2020-01-01
parameters:
  standard: 600.5
  care: {urban: {able: 1, half: 2, unable: 3}, rural: {able: 4, half: 5, unable: 6}}
facts: {members: [{name: 张三}]}
expect: {}
status: assumed
why: {zh: 示例, en: An example}
`)}
	p := loaded(t, files)
	type figure struct {
		Residence string
		Value     money.Decimal
		Table     map[string]money.Decimal
		Bands     []pack.Band
	}
	want := map[string]map[string][]figure{
		"own-figures": {
			"standard": {{Residence: "urban", Value: money.Must("1000")}, {Residence: "rural", Value: money.Must("500")}},
			"care":     {{Table: map[string]money.Decimal{"able": money.Must("10"), "half": money.Must("20"), "unable": money.Must("40")}}},
			"repaid":   {{Bands: []pack.Band{{UpTo: money.Must("100")}, {Last: true, Value: money.Must("1")}}}},
			"months":   {{Value: money.Must("12")}},
		},
		"more": {
			"standard": {{Value: money.Must("600.5")}},
			"care": {
				{Residence: "urban", Table: map[string]money.Decimal{"able": money.Must("1"), "half": money.Must("2"), "unable": money.Must("3")}},
				{Residence: "rural", Table: map[string]money.Decimal{"able": money.Must("4"), "half": money.Must("5"), "unable": money.Must("6")}},
			},
		},
		"minimum-family": {}, "wage-unknown": {},
	}
	got := map[string]map[string][]figure{}
	for _, c := range p.Cases {
		got[c.ID] = map[string][]figure{}
		for _, own := range c.Parameters {
			for _, v := range own.Values {
				got[c.ID][own.Name] = append(got[c.ID][own.Name], figure{v.Residence, v.Value, v.Table, v.Bands})
				if v.Span != calendar.Always() || v.Area != p.Area || v.Source.Status != pack.Assumed || v.Pos.File == "" {
					t.Errorf("%s of %s holds %s in %s, %s at %v", own.Name, c.ID, v.Span, v.Area, v.Source.Status, v.Pos)
				}
			}
			if original := p.Parameter(own.Name); own == original || own.Type != original.Type || own.Label != original.Label {
				t.Errorf("%s of %s is not otherwise the pack's", own.Name, c.ID)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("own figures (-want +got):\n%s", diff)
	}
	if n := len(p.Parameter("standard").Values); n != 4 {
		t.Errorf("the pack's own standard has %d values now, want 4", n)
	}
}

// What a household does not say is kept as not said; what it says is kept as written, with its place.
func TestReadDossier(t *testing.T) {
	d, faults := pack.ReadDossier("household.yaml", []byte(`on: 2026-11-01
area: "379901100200"
facts:
  doubtful: yes
  household: {residence: rural, deposits: unknown, income: , events: [{kind: fire, from: 2026-10-01}]}
  members:
    - {name: 张三, wage_month: 1000.50}
`))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := &pack.Dossier{
		On: calendar.Must(2026, 11, 1), Area: 379901100200, Doubtful: true,
		Household: map[string]any{"residence": "rural", "deposits": nil, "income": nil, "events": []any{map[string]any{"kind": "fire", "from": "2026-10-01"}}},
		Members:   []map[string]any{{"name": "张三", "wage_month": "1000.50"}},
		Pos:       pack.Pos{File: "household.yaml", Line: 1, Column: 1},
	}
	places := d.Places
	d.Places = nil
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("dossier (-want +got):\n%s", diff)
	}
	for path, at := range map[string][2]int{
		"area": {2, 7}, "household.deposits": {5, 33}, "household.events[0].from": {5, 84}, "members[0]": {7, 7}, "members[0].wage_month": {7, 18},
	} {
		if got := places[path]; got != (pack.Pos{File: "household.yaml", Line: at[0], Column: at[1]}) {
			t.Errorf("%s is at %v, want %v", path, got, at)
		}
	}
}
