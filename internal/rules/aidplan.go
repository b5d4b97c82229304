package rules

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// AidPlan is what a household should get: of programmes that exclude each other those that give the most cash in a year,
// beside them what is not cash, what may be granted, and what is still open.
type AidPlan struct {
	Cash          []PlanItem     `json:"cash"`          // taken
	YearlyCash    money.Decimal  `json:"yearly_cash"`   // of what is taken: monthly twelve times, yearly and one-off once
	Other         []PlanItem     `json:"other"`         // services, waivers, insurance, loans, goods
	Discretionary []PlanItem     `json:"discretionary"` // may be applied for; outside the totals
	Choices       []PlanChoice   `json:"choices"`       // between which the law lets the beneficiary choose; none is taken
	GivenUp       []PlanGivenUp  `json:"given_up"`      // excluded by something better
	Open          []PlanOpenItem `json:"open"`          // likely or possible
}

// PlanItem is one component of one programme for one unit.
type PlanItem struct {
	Programme string         `json:"programme"`
	Component string         `json:"component"`
	Unit      UnitReference  `json:"unit"`
	Amount    *money.Decimal `json:"amount,omitempty"` // nil: not money, or not known yet
	Per       string         `json:"per,omitempty"`
}

// PlanChoice is a set of programmes of which the beneficiary chooses one.
type PlanChoice struct {
	Items []PlanItem `json:"items"`
}

// PlanGivenUp is an item that something taken excludes.
type PlanGivenUp struct {
	Item PlanItem `json:"item"`
	For  string   `json:"for"` // programme.component
}

// PlanOpenItem is a programme that may still turn out to be due.
type PlanOpenItem struct {
	Programme string        `json:"programme"`
	Unit      UnitReference `json:"unit"`
	Outcome   string        `json:"outcome"`
}

// candidate is an item of the search.
type candidate struct {
	item      PlanItem
	yearly    money.Decimal
	programme *pack.Programme
	component *pack.Component
}

func (c candidate) id() string { return c.item.Programme + "." + c.item.Component }

// planAid makes the plan of a household's outcomes.
func planAid(p *Plan, outcomes []OutcomeReport) AidPlan {
	plan := AidPlan{Cash: []PlanItem{}, Other: []PlanItem{}, Discretionary: []PlanItem{}, Choices: []PlanChoice{}, GivenUp: []PlanGivenUp{}, Open: []PlanOpenItem{}}
	var cash []candidate
	for i := range outcomes {
		o := &outcomes[i]
		switch o.Outcome {
		case Eligible.String():
		case Likely.String(), Possible.String():
			plan.Open = append(plan.Open, PlanOpenItem{o.Programme, o.Unit, o.Outcome})
			continue
		default:
			continue
		}
		programme := p.policy.world.programmes[o.Programme]
		version := p.programmes[programme.index].version
		for k, c := range o.Components {
			if c.State == "none" || c.State == "not-in-force" || c.Amount != nil && *c.Amount == 0 {
				continue
			}
			item := candidate{item: PlanItem{o.Programme, c.ID, o.Unit, c.Amount, c.Per}, programme: programme.decl, component: version.decl.Components[k]}
			switch {
			case !o.Entitlement:
				plan.Discretionary = append(plan.Discretionary, item.item)
			case o.Aid != "cash":
				plan.Other = append(plan.Other, item.item)
			default:
				item.yearly = yearly(c)
				cash = append(cash, item)
			}
		}
	}
	cash = plan.takeChoices(cash)
	plan.takeBest(cash)
	return plan
}

// yearly is what a component comes to in a year; an amount that is not known counts nothing but stays in the plan.
func yearly(c ComponentReport) money.Decimal {
	if c.Amount == nil {
		return 0
	}
	if c.Per != "month" {
		return *c.Amount
	}
	year, _ := c.Amount.Mul(12 * money.Scale)
	return year
}

// takeChoices takes out what the law leaves to the beneficiary's choice: items that such a choice connects, if they are of
// more than one programme.
func (p *AidPlan) takeChoices(all []candidate) []candidate {
	var rest []candidate
	for _, group := range connected(all, chosenTogether) {
		choice := PlanChoice{}
		for _, c := range group {
			choice.Items = append(choice.Items, c.item)
		}
		if len(programmesOf(choice.Items)) < 2 {
			rest = append(rest, group...)
			continue
		}
		p.Choices = append(p.Choices, choice)
	}
	return rest
}

// chosenTogether reports whether two items stand on one side of a choice, or on two sides of one.
func chosenTogether(a, b candidate) bool {
	if a.item.Programme == b.item.Programme {
		return a.item.Unit == b.item.Unit
	}
	between := slices.Contains(a.programme.Choice, b.item.Programme) || slices.Contains(b.programme.Choice, a.item.Programme)
	return between && overlap(a.item.Unit, b.item.Unit)
}

func programmesOf(items []PlanItem) []string {
	var ids []string
	for _, i := range items {
		ids = append(ids, i.Programme)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// overlap reports whether two units share a person: the household shares every one.
func overlap(a, b UnitReference) bool {
	return a.Kind == pack.Household || b.Kind == pack.Household || a.Name == b.Name
}

// excludes reports whether two items cannot be had together.
func excludes(a, b candidate) bool {
	if !overlap(a.item.Unit, b.item.Unit) || a.item.Programme == b.item.Programme && a.item.Component == b.item.Component {
		return false
	}
	return names(a, b) || names(b, a)
}

// names reports whether a's programme or component excludes b.
func names(a, b candidate) bool {
	for _, id := range slices.Concat(a.programme.Excludes, a.component.Excludes) {
		if id == b.item.Programme || id == b.id() {
			return true
		}
	}
	return false
}

// takeBest takes the items that give the most in a year, by exact search within each group that excludes each other.
func (p *AidPlan) takeBest(all []candidate) {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(strings.Compare(a.id(), b.id()), strings.Compare(a.item.Unit.Name, b.item.Unit.Name))
	})
	var taken []candidate
	for _, group := range connected(all, excludes) {
		taken = append(taken, bestOf(group)...)
	}
	slices.SortStableFunc(taken, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.yearly, a.yearly), strings.Compare(a.id(), b.id()), strings.Compare(a.item.Unit.Name, b.item.Unit.Name))
	})
	for _, c := range taken {
		p.Cash = append(p.Cash, c.item)
		p.YearlyCash, _ = p.YearlyCash.Add(c.yearly)
	}
	for _, c := range all {
		for _, t := range taken {
			if excludes(c, t) {
				p.GivenUp = append(p.GivenUp, PlanGivenUp{c.item, t.id()})
				break
			}
		}
	}
}

// connected are the groups of items that a relation connects, each and all in the order given.
func connected(all []candidate, related func(a, b candidate) bool) [][]candidate {
	var out [][]candidate
	seen := make([]bool, len(all))
	for i := range all {
		if seen[i] {
			continue
		}
		group := []int{i}
		seen[i] = true
		for k := 0; k < len(group); k++ {
			for j := range all {
				if !seen[j] && related(all[group[k]], all[j]) {
					seen[j] = true
					group = append(group, j)
				}
			}
		}
		slices.Sort(group)
		var members []candidate
		for _, j := range group {
			members = append(members, all[j])
		}
		out = append(out, members)
	}
	return out
}

// bestOf is the subset without exclusions that gives the most; of equals the one that has the earlier items. It decides
// about the item that stands in the way of most others, once with it and once without, and searches what falls apart then
// piece by piece.
func bestOf(group []candidate) []candidate {
	if len(group) < 2 {
		return group
	}
	pivot, degree := 0, 0
	for i, c := range group {
		if d := len(group) - 1 - len(without(group, c)); d > degree {
			pivot, degree = i, d
		}
	}
	if degree == 0 {
		return group
	}
	var best []candidate
	for _, take := range []bool{true, false} {
		rest := slices.Delete(slices.Clone(group), pivot, pivot+1)
		var found []candidate
		if take {
			rest = without(group, group[pivot])
			found = append(found, group[pivot])
		}
		for _, piece := range connected(rest, excludes) {
			found = append(found, bestOf(piece)...)
		}
		if best == nil || better(group, found, best) {
			best = found
		}
	}
	return best
}

// without is the other items that one does not exclude.
func without(group []candidate, one candidate) []candidate {
	var rest []candidate
	for _, c := range group {
		if !excludes(one, c) && !c.same(one) {
			rest = append(rest, c)
		}
	}
	return rest
}

func (c candidate) same(o candidate) bool { return c.id() == o.id() && c.item.Unit == o.item.Unit }

// better reports whether one subset of a group gives more than another, or as much and has the first item that only one
// of them has.
func better(group, a, b []candidate) bool {
	sum := func(items []candidate) (total money.Decimal) {
		for _, c := range items {
			total, _ = total.Add(c.yearly)
		}
		return total
	}
	if sumA, sumB := sum(a), sum(b); sumA != sumB {
		return sumA > sumB
	}
	for _, c := range group {
		inA, inB := slices.ContainsFunc(a, c.same), slices.ContainsFunc(b, c.same)
		if inA != inB {
			return inA
		}
	}
	return false
}
