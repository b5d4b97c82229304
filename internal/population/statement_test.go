package population_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
)

// said is a statement about anna, unless another number is given.
func said(t *testing.T, number, path, value, source, on string) population.Statement {
	t.Helper()
	id, err := idno.Parse(number)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range cityPolicy.Pack().Facts {
		if f.Path() != path {
			continue
		}
		n, wrong := population.ReadFact(cityPolicy.Pack(), f, value)
		if wrong != nil {
			t.Fatal(wrong)
		}
		return population.Statement{Person: id, Fact: f, Value: n, Source: source, On: day(on)}
	}
	t.Fatal(path)
	return population.Statement{}
}

func TestStatements(t *testing.T) {
	maker, err := population.NewMaker(cityPolicy, on)
	if err != nil {
		t.Fatal(err)
	}
	build := func(w *world, statements ...population.Statement) *population.Population {
		t.Helper()
		for _, f := range cityPack().Feeds {
			if !w.told[f.ID] {
				w.deliver(f.ID, delivery{})
			}
		}
		p, err := maker.Build(readSet(t, w), statements)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	jobs := func() *world {
		return neighbours(newWorld(t)).deliver("jobs", delivery{}, "no=1 id_no="+anna+" wage=1000")
	}
	tests := []struct {
		name, path, want string
		world            *world
		said             []population.Statement
		disagree         int
	}{
		{"a visit is trusted more than the register of jobs", "person.wage", "1200", jobs(),
			[]population.Statement{said(t, anna, "person.wage", "1200", "visit", "2026-10-20")}, 1},
		{"and less than the tax office", "person.wage", "1500", jobs().deliver("tax", delivery{}, "no=1 id_no="+anna+" wage=1500"),
			[]population.Statement{said(t, anna, "person.wage", "1200", "visit", "2026-10-20")}, 2},
		{"a source that the fact does not name comes last", "person.wage", "1000", jobs(),
			[]population.Statement{said(t, anna, "person.wage", "1200", "declared", "2026-10-20")}, 1},
		{"of one source the latest counts", "person.wage", "1300", jobs(), []population.Statement{
			said(t, anna, "person.wage", "1300", "visit", "2026-10-21"), said(t, anna, "person.wage", "1200", "visit", "2026-10-20")}, 1},
		{"of one day the last said", "person.wage", "1300", jobs(), []population.Statement{
			said(t, anna, "person.wage", "1200", "visit", "2026-10-20"), said(t, anna, "person.wage", "1300", "visit", "2026-10-20")}, 1},
		{"what no register tells", "person.student", "true", neighbours(newWorld(t)).without("schools"),
			[]population.Statement{said(t, anna, "person.student", "true", "visit", "2026-10-20")}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := build(test.world, test.said...)
			if got := value(t, p, anna, test.path); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if len(p.Disagreements) != test.disagree {
				t.Errorf("%d disagreements, want %d: %v", len(p.Disagreements), test.disagree, p.Disagreements)
			}
		})
	}

	t.Run("where it comes from", func(t *testing.T) {
		p := build(jobs(), said(t, anna, "person.wage", "1200", "visit", "2026-10-20"))
		slot, _ := cityPolicy.Layout().Slot("person.wage")
		f, lane := person(t, p, anna)
		if o := f.Subject().Origin(pack.Person, false, lane, slot); o.Source != "visit" || o.Date != day("2026-10-20") || !o.Dated {
			t.Errorf("%+v", o)
		}
		if d := p.Disagreements[0]; d.From != "visit" || d.Beside != "feed:jobs" {
			t.Errorf("%+v", d)
		}
	})

	t.Run("what a member says of the household holds for it, whoever is its head", func(t *testing.T) {
		w := newWorld(t).deliver("population", delivery{},
			"id_no="+anna+" birth=1960-05-01 hukou_no=H1 relation=head village="+village+" on=2020-01-01",
			"id_no="+bert+" birth=1962-05-01 hukou_no=H1 relation=spouse village="+village+" on=2020-01-01").
			deliver("marriages", delivery{}, "no=1 husband_id="+bert+" wife_id="+anna+" status=married")
		p := build(w, said(t, bert, "household.residence", "urban", "visit", "2026-10-20"))
		if got := value(t, p, anna, "household.residence"); got != "urban" {
			t.Errorf("got %s", got)
		}
		f, _ := person(t, p, anna)
		slot, _ := cityPolicy.Layout().Slot("household.residence")
		if s, ok := f.Source(pack.Household, false, 0, slot); !ok || s.Said == nil || s.Said.Person.Plain() != bert {
			t.Errorf("%+v %v", s, ok)
		}
	})

	t.Run("nothing said is lost", func(t *testing.T) {
		stranger := id("1999-01-01", 77)
		_, err := maker.Build(readSet(t, neighbours(newWorld(t))), []population.Statement{said(t, stranger, "person.wage", "1", "visit", "2026-10-20")})
		if err == nil || !strings.Contains(err.Error(), "person.wage of a person who is not registered") {
			t.Errorf("got %v", err)
		}
	})
}
