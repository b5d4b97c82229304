package rules

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// due is an item of a plan: "dibao.difference", of a person or, for "", of the household.
func due(p *pack.Programme, component, person string, yearly int64) candidate {
	u := UnitReference{Kind: pack.Household}
	if person != "" {
		u = UnitReference{Kind: pack.Person, Name: person}
	}
	c := &pack.Component{ID: component}
	for _, known := range p.Versions {
		for _, k := range known.Components {
			if k.ID == component {
				c = k
			}
		}
	}
	amount := money.Decimal(yearly * money.Scale)
	return candidate{item: PlanItem{Programme: p.ID, Component: component, Unit: u, Amount: &amount, Per: "year"}, yearly: amount, programme: p, component: c}
}

func programmeThat(id string, excludes ...string) *pack.Programme {
	return &pack.Programme{ID: id, Excludes: excludes}
}

// withComponent gives a programme a component that excludes something by itself.
func withComponent(p *pack.Programme, id string, excludes ...string) *pack.Programme {
	p.Versions = append(p.Versions, &pack.ProgrammeVersion{Components: []*pack.Component{{ID: id, Excludes: excludes}}})
	return p
}

func planOf(all []candidate) AidPlan {
	var p AidPlan
	p.takeBest(p.takeChoices(all))
	return p
}

func shown(items []PlanItem) string {
	var ids []string
	for _, i := range items {
		ids = append(ids, strings.TrimSuffix(i.Programme+"."+i.Component+"@"+i.Unit.Name, "@"))
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func TestExclusions(t *testing.T) {
	dibao, tekun := programmeThat("dibao"), programmeThat("tekun", "dibao")
	care := withComponent(programmeThat("care"), "money", "elder.unable")
	elder := programmeThat("elder")
	for _, test := range []struct {
		name  string
		items []candidate
		want  string
		given string
		total int64
	}{
		{"the greater of two that exclude each other", []candidate{due(dibao, "a", "", 100), due(tekun, "a", "", 120)}, "tekun.a", "dibao.a", 120},
		{"a household's programme stands against that of any person", []candidate{due(dibao, "a", "", 100), due(tekun, "a", "张三", 60), due(tekun, "a", "李四", 60)}, "tekun.a@张三 tekun.a@李四", "dibao.a", 120},
		{"two persons do not stand in each other's way", []candidate{due(tekun, "a", "张三", 60), due(programmeThat("orphan", "tekun"), "a", "李四", 50)}, "orphan.a@李四 tekun.a@张三", "", 110},
		{"all components of a programme go together", []candidate{due(dibao, "a", "", 70), due(dibao, "b", "", 70), due(tekun, "a", "", 120)}, "dibao.a dibao.b", "tekun.a", 140},
		{"only the component that is named is given up", []candidate{due(care, "money", "张三", 90), due(elder, "age", "张三", 80), due(elder, "unable", "张三", 80)}, "care.money@张三 elder.age@张三", "elder.unable@张三", 170},
		{"the named component is of the same person only", []candidate{due(care, "money", "张三", 90), due(elder, "unable", "李四", 80)}, "care.money@张三 elder.unable@李四", "", 170},
		{"of equals the first by id", []candidate{due(programmeThat("b", "a"), "x", "", 50), due(programmeThat("a"), "x", "", 50)}, "a.x", "b.x", 50},
		{"two small ones against one great one", []candidate{due(programmeThat("great", "one", "two"), "x", "", 100), due(programmeThat("one"), "x", "", 60), due(programmeThat("two"), "x", "", 60)}, "one.x two.x", "great.x", 120},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 2 {
				p := planOf(slices.Clone(test.items))
				var given []PlanItem
				for _, g := range p.GivenUp {
					given = append(given, g.Item)
				}
				if got := shown(p.Cash); got != test.want {
					t.Errorf("takes %q, want %q", got, test.want)
				}
				if got := shown(given); got != test.given {
					t.Errorf("gives up %q, want %q", got, test.given)
				}
				if want := money.Decimal(test.total * money.Scale); p.YearlyCash != want {
					t.Errorf("comes to %s, want %s", p.YearlyCash, want)
				}
				slices.Reverse(test.items)
			}
		})
	}
}

func TestChoices(t *testing.T) {
	tekun := &pack.Programme{ID: "tekun", Choice: []string{"orphan"}}
	orphan, dibao := programmeThat("orphan"), programmeThat("dibao")
	for _, test := range []struct {
		name    string
		items   []candidate
		choices []string
		cash    string
	}{
		{"both are shown and neither taken", []candidate{due(tekun, "a", "张三", 100), due(orphan, "a", "张三", 50)}, []string{"orphan.a@张三 tekun.a@张三"}, ""},
		{"every component of either side", []candidate{due(tekun, "a", "张三", 100), due(tekun, "b", "张三", 10), due(orphan, "a", "张三", 50)}, []string{"orphan.a@张三 tekun.a@张三 tekun.b@张三"}, ""},
		{"one side alone is no choice", []candidate{due(tekun, "a", "张三", 100), due(tekun, "b", "张三", 10)}, nil, "tekun.a@张三 tekun.b@张三"},
		{"each person chooses alone", []candidate{due(tekun, "a", "张三", 100), due(orphan, "a", "李四", 50)}, nil, "orphan.a@李四 tekun.a@张三"},
		{"two persons, two choices", []candidate{due(tekun, "a", "张三", 1), due(orphan, "a", "张三", 2), due(tekun, "a", "李四", 3), due(orphan, "a", "李四", 4)},
			[]string{"orphan.a@张三 tekun.a@张三", "orphan.a@李四 tekun.a@李四"}, ""},
		{"what has no part in it is taken", []candidate{due(tekun, "a", "张三", 100), due(orphan, "a", "张三", 50), due(dibao, "a", "", 30)}, []string{"orphan.a@张三 tekun.a@张三"}, "dibao.a"},
		{"a choice of the household connects its persons once", []candidate{
			due(programmeThat("family"), "a", "", 5), due(&pack.Programme{ID: "own", Choice: []string{"family"}}, "a", "张三", 1), due(&pack.Programme{ID: "own", Choice: []string{"family"}}, "a", "李四", 1)},
			[]string{"family.a own.a@张三 own.a@李四"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := planOf(test.items)
			var choices []string
			for _, c := range p.Choices {
				choices = append(choices, shown(c.Items))
			}
			if diff := cmp.Diff(test.choices, choices); diff != "" {
				t.Errorf("choices, want − got +:\n%s", diff)
			}
			if got := shown(p.Cash); got != test.cash {
				t.Errorf("takes %q, want %q", got, test.cash)
			}
		})
	}
}

// candidates draws items of a few programmes of which some exclude each other or a component.
func candidates(t *rapid.T) []candidate {
	ids := []string{"a", "b", "c", "d", "e"}
	targets := append(slices.Clone(ids), "a.x", "b.y", "c.x")
	var programmes []*pack.Programme
	for _, id := range ids {
		p := programmeThat(id, rapid.SliceOfN(rapid.SampledFrom(targets), 0, 2).Draw(t, "excludes of "+id)...)
		withComponent(p, "y", rapid.SliceOfN(rapid.SampledFrom(targets), 0, 1).Draw(t, "excludes of "+id+".y")...)
		programmes = append(programmes, p)
	}
	var all []candidate
	seen := map[string]bool{}
	for range rapid.IntRange(0, 11).Draw(t, "items") {
		p := rapid.SampledFrom(programmes).Draw(t, "programme")
		component := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "component")
		person := rapid.SampledFrom([]string{"", "张三", "李四"}).Draw(t, "person")
		if key := p.ID + component + person; seen[key] {
			continue
		} else {
			seen[key] = true
		}
		all = append(all, due(p, component, person, rapid.Int64Range(0, 4).Draw(t, "yearly")))
	}
	return all
}

// bruteForce is the best subset by trying all: the greatest sum, and of equals the one that has the earlier items.
func bruteForce(all []candidate) []candidate {
	slices.SortFunc(all, func(a, b candidate) int {
		return strings.Compare(a.id()+"\x00"+a.item.Unit.Name, b.id()+"\x00"+b.item.Unit.Name)
	})
	var best []candidate
	bestSum, bestKey := money.Decimal(-1), ""
	for set := range 1 << len(all) {
		var chosen []candidate
		sum, key, ok := money.Decimal(0), "", true
		for i, c := range all {
			if set>>i&1 == 0 {
				key += "1"
				continue
			}
			ok = ok && !slices.ContainsFunc(chosen, func(o candidate) bool { return excludes(o, c) })
			chosen, sum, key = append(chosen, c), sum+c.yearly, key+"0"
		}
		if ok && (sum > bestSum || sum == bestSum && key < bestKey) {
			best, bestSum, bestKey = chosen, sum, key
		}
	}
	return best
}

// TestPlanIsBest holds the search to trying every subset, in whatever order the items come.
func TestPlanIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := candidates(t)
		var want []PlanItem
		sum := money.Decimal(0)
		for _, c := range bruteForce(slices.Clone(all)) {
			want, sum = append(want, c.item), sum+c.yearly
		}
		for range 3 {
			p := planOf(slices.Clone(all))
			if shown(p.Cash) != shown(want) || p.YearlyCash != sum {
				t.Fatalf("takes %q for %s, the best is %q for %s", shown(p.Cash), p.YearlyCash, shown(want), sum)
			}
			if len(p.Cash)+len(p.GivenUp) != len(all) {
				t.Fatalf("of %d items %d are taken and %d given up", len(all), len(p.Cash), len(p.GivenUp))
			}
			all = rapid.Permutation(all).Draw(t, "order")
		}
	})
}

// TestSearchOfManyEqualsEnds: a long list of persons who stand against one programme of the household, all alike.
func TestSearchOfManyEqualsEnds(t *testing.T) {
	family := programmeThat("family", "own", "other")
	own, other := programmeThat("own", "other"), programmeThat("other")
	all := []candidate{due(family, "a", "", 10)}
	for i := range 40 {
		name := strconv.Itoa(i)
		all = append(all, due(own, "a", name, 1), due(other, "a", name, 1))
	}
	if p := planOf(all); p.YearlyCash != money.Decimal(40*money.Scale) {
		t.Errorf("comes to %s, want 40", p.YearlyCash)
	}
}

// TestYearly: monthly sums count twelve times, everything else once, and what is not known nothing.
func TestYearly(t *testing.T) {
	amount := mustMoney("100.01")
	for _, test := range []struct {
		per    string
		amount *money.Decimal
		want   string
	}{{"month", &amount, "1200.12"}, {"year", &amount, "100.01"}, {"once", &amount, "100.01"}, {"month", nil, "0"}} {
		if got := yearly(ComponentReport{ComponentNote: &ComponentNote{Per: test.per}, Amount: test.amount}); got != mustMoney(test.want) {
			t.Errorf("%v a %s comes to %s, want %s", test.amount, test.per, got, test.want)
		}
	}
}
