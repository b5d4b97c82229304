package discovery

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

var (
	noHousehold  = fault.Text{Key: "discovery.no-household", Zh: "没有这一户，或已经并入他户", En: "there is no such household, or it has become part of another"}
	unregistered = fault.Text{Key: "discovery.unregistered",
		Zh: "这一户的人都不在人口登记里，无法预判。请先核对人口登记", En: "nobody of this household is in the register of persons, so it cannot be determined: look at the register first"}
)

// Explanation is what a policy comes to for a household of the record, with reasons, and who is who in it.
type Explanation struct {
	*rules.Determination
	Household  int64
	Area       area.Code // the village
	Persons    []int64   // by lane: those who count as members first, as many as Determination.Household.Members, then who is registered with them
	Supporters []int64   // by lane: who live elsewhere and owe the household support
	Family     *population.Family
	Layout     *rules.Layout // the places of facts in Family.Batch

	plan *rules.Plan
}

// Value is a fact or a variable of the household itself, as the pack's language writes it, or "unknown", "error" or "not-in-force".
func (e *Explanation) Value(path string) string {
	evaluator := e.plan.NewEvaluator()
	evaluator.Evaluate(e.Family.Batch)
	return evaluator.Value(path, 0)
}

// Person is who a unit of the determination is, 0 of the household itself.
func (e *Explanation) Person(u rules.UnitReference) int64 {
	switch {
	case u.Kind != pack.Person:
		return 0
	case u.Supporter:
		return e.Supporters[u.Lane]
	}
	return e.Persons[u.Lane]
}

// Explain determines a household as the record stands, and tells why. It reads as a worker, because those whom a household lives with or is
// supported by may be outside the area of who asks: that the caller may see the household has to be certain before. A household is
// composed on the date around its head, whom it may have with other members than the registry has had since yesterday.
func (d *Discovery) Explain(ctx context.Context, household int64, on calendar.Date) (*Explanation, error) {
	maker, err := d.maker(on)
	if err != nil {
		return nil, err
	}
	var e *Explanation
	err = d.db.Read(ctx, func(tx pgx.Tx) error {
		e, err = d.explain(ctx, tx, maker, household)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("explaining household %d: %w", household, err)
	}
	return e, nil
}

func (d *Discovery) explain(ctx context.Context, tx pgx.Tx, maker *population.Maker, household int64) (*Explanation, error) {
	if err := d.identities.Refresh(ctx, tx); err != nil { // another process may have taken them in
		return nil, err
	}
	key, head, members, err := d.registry.Composed(ctx, tx, household)
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, fault.New(fault.NotFound, noHousehold, nil)
	}
	around, err := d.around(ctx, tx, members)
	if err != nil {
		return nil, err
	}
	people, err := d.build(ctx, tx, maker, around)
	if err != nil {
		return nil, err
	}
	family := d.familyOf(people, append([]int64{head}, members...))
	if family == nil {
		return nil, fault.New(fault.Unready, unregistered, nil)
	}
	family.Key = key // lodgers are numbered among all whom a population has, and here are a few
	return &Explanation{
		Determination: maker.Plan().Explain(family.Subject()), Household: household, Area: family.Village,
		Persons: d.ids(family.Members), Supporters: d.ids(family.Supporters), Family: family, Layout: d.policy.Layout(), plan: maker.Plan(),
	}, nil
}

// familyOf is the household of the first of some persons who is in one; nil for none.
func (d *Discovery) familyOf(people *population.Population, persons []int64) *population.Family {
	if people == nil {
		return nil
	}
	for _, person := range persons {
		number, ok := d.identities.Number(person)
		if !ok {
			continue
		}
		if key, ok := people.Find(number); ok {
			family, _ := people.Household(key)
			return family
		}
	}
	return nil
}

func (d *Discovery) ids(members []population.Member) []int64 {
	all := make([]int64, len(members))
	for i, m := range members {
		all[i] = d.person(m)
	}
	return all
}
