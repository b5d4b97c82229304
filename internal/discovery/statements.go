package discovery

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/registry"
)

var strangeFact = fault.Text{Key: "discovery.strange-fact",
	Zh: "陈述{statement}说的是政策包里没有的事实“{fact}”。请在政策包里保留这项事实", En: `statement {statement} is of the fact "{fact}", which the pack does not have: keep it in the pack`}

// statements turns what counts on a date into what derives facts. What is said of a household is said of it by its head; what is said of one that
// has ended is history.
func (d *Discovery) statements(ctx context.Context, tx pgx.Tx, on calendar.Date, said []registry.Statement) ([]population.Statement, error) {
	var households []int64
	for _, s := range said {
		if s.Unit == pack.Household {
			households = append(households, s.Of)
		}
	}
	heads, err := d.registry.Heads(ctx, tx, households)
	if err != nil {
		return nil, err
	}
	facts := map[string]*pack.Fact{}
	for _, f := range d.policy.Pack().Facts {
		facts[f.Path()] = f
	}
	var all []population.Statement
	for i := range said {
		s := &said[i]
		person := s.Of
		if s.Unit == pack.Household {
			person = heads[s.Of]
		}
		if s.Withdrawn != "" || !s.Holds.Contains(on) || person == 0 {
			continue
		}
		f := facts[s.Fact]
		if f == nil {
			return nil, fault.New(fault.Conflict, strangeFact, fault.Args{"statement": s.ID, "fact": s.Fact})
		}
		value, wrong := population.ReadFact(d.policy.Pack(), f, s.Value)
		if wrong != nil {
			return nil, fmt.Errorf("reading statement %d: %w", s.ID, wrong)
		}
		number, ok := d.identities.Number(person)
		if !ok {
			return nil, fmt.Errorf("reading statement %d: person %d has no identity number", s.ID, person)
		}
		all = append(all, population.Statement{Person: number, Fact: f, Value: value, Source: s.Source.Trust(), On: s.SaidOn})
	}
	return all, nil
}

// register is the identity numbers that the register of persons has in a set, each once in use.
func register(set *feed.Set) iter.Seq[idno.Number] {
	return func(yield func(idno.Number) bool) {
		t := set.Role(feed.RolePersons)
		if t == nil {
			return
		}
		id, ok := t.Column(t.Feed.IDNo)
		for row := 0; ok && row < t.Len(); row++ {
			if t.Used(row) && !yield(t.ID(id, row)) {
				return
			}
		}
	}
}

// registers reports whether anybody in a set is registered.
func registers(set *feed.Set) bool {
	for range register(set) {
		return true
	}
	return false
}

// heard is the statements about those who are registered in a set. What is said of others, who live in another county or are in no register,
// stays what it is and concerns no household of the set.
func heard(set *feed.Set, all []population.Statement) []population.Statement {
	if len(all) == 0 {
		return nil
	}
	there := make(map[idno.Number]bool, len(all))
	for i := range all {
		there[all[i].Person] = false
	}
	for number := range register(set) {
		if _, said := there[number]; said {
			there[number] = true
		}
	}
	var here []population.Statement
	for i := range all {
		if there[all[i].Person] {
			here = append(here, all[i])
		}
	}
	return here
}

// registrations is what the register of persons tells of a population.
func registrations(p *population.Population) func(yield func(registry.Registration, error) bool) {
	return func(yield func(registry.Registration, error) bool) {
		for e := range p.Register() {
			r := registry.Registration{Number: e.ID, Name: e.Name, Sex: e.Sex, Birth: calendar.Forever, Area: e.Village, Address: e.Address, Died: calendar.Forever}
			if e.BirthTold {
				r.Birth = e.Birth
			}
			if e.DiedTold {
				r.Died = e.Died
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// compose is who belongs together, for the registry: the member of reference first.
func (d *Discovery) compositions(all func(yield func(population.Composition) bool)) func(yield func(registry.Composition) bool) {
	return func(yield func(registry.Composition) bool) {
		for c := range all {
			h := registry.Composition{Key: c.Key, Area: c.Village}
			for _, m := range c.Members {
				h.Members = append(h.Members, registry.Member{Person: d.person(m), Counted: m.Counts})
			}
			h.Members[0], h.Members[c.Reference] = h.Members[c.Reference], h.Members[0]
			if !yield(h) {
				return
			}
		}
	}
}

// person is a member's id. Everybody in the record has one: rows were matched when they were taken in.
func (d *Discovery) person(m population.Member) int64 {
	person, _ := d.identities.Find(m.ID)
	return person
}

// persons are a household's, by lane.
func (d *Discovery) persons(c *population.Composition) []int64 {
	return d.ids(c.Members)
}
