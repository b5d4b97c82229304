package population_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// family is people by a short name. Numbers tell births: the first letter of a name is how tests call a person.
type people struct {
	w       *world
	rows    []string
	couples []string
	dead    []string
	schools []string
	ids     map[string]string
}

func newPeople(t *testing.T) *people { return &people{w: newWorld(t), ids: map[string]string{}} }

// add registers a person: name, birth, booklet, relation, and further columns.
func (p *people) add(name, birth, booklet, relation string, more ...string) *people {
	n := len(p.ids)
	p.ids[name] = id(day(birth).AddDays(n/800).String(), 100+n%800)
	row := fmt.Sprintf("id_no=%s name=%s birth=%s hukou_no=%s relation=%s kind=rural on=2020-01-01", p.ids[name], name, birth, booklet, relation)
	if !strings.Contains(strings.Join(more, " "), "village=") {
		row += " village=" + village
	}
	for _, m := range more {
		key, value, _ := strings.Cut(m, "=")
		if number, ok := p.ids[value]; ok {
			m = key + "=" + number
		}
		row += " " + m
	}
	p.rows = append(p.rows, row)
	return p
}

func (p *people) couple(husband, wife, status string) *people {
	for _, name := range []string{husband, wife} {
		if p.ids[name] == "" {
			p.ids[name] = id("1980-01-01", 500+len(p.ids))
		}
	}
	p.couples = append(p.couples, fmt.Sprintf("no=%d husband_id=%s wife_id=%s status=%s", len(p.couples), p.ids[husband], p.ids[wife], status))
	return p
}

func (p *people) died(name string) *people {
	p.dead = append(p.dead, fmt.Sprintf("no=%s id_no=%s", name, p.ids[name]))
	return p
}

func (p *people) studies(name string) *people {
	p.schools = append(p.schools, fmt.Sprintf("id_no=%s day=2026-09-01", p.ids[name]))
	return p
}

func (p *people) build() *population.Population {
	p.w.deliver("population", delivery{}, p.rows...)
	if !p.w.told["marriages"] {
		p.w.deliver("marriages", delivery{}, p.couples...)
	}
	p.w.deliver("deaths", delivery{}, p.dead...)
	if !p.w.told["schools"] {
		p.w.deliver("schools", delivery{}, p.schools...)
	}
	built, _ := p.w.build()
	return built
}

// describe is the households of a population: "key: counted (registered) < supporters ? doubts".
func describe(p *population.Population) []string {
	var all []string
	for i := range p.Chunks() {
		b := p.Batch(i, &rules.Batch{})
		for lane := range b.Household.N {
			h := p.At(i, lane)
			var counted, registered, supporters []string
			for _, m := range h.Members {
				if m.Counts {
					counted = append(counted, m.Name)
				} else {
					registered = append(registered, m.Name)
				}
			}
			f, _ := p.Household(h.Key)
			for _, s := range f.Supporters {
				supporters = append(supporters, s.Name)
			}
			line := h.Key + ": " + strings.Join(counted, " ")
			if registered != nil {
				line += " (" + strings.Join(registered, " ") + ")"
			}
			if supporters != nil {
				line += " < " + strings.Join(supporters, " ")
			}
			var doubts []string
			for _, d := range h.Doubts {
				doubts = append(doubts, d.En)
			}
			if doubts != nil {
				line += " ? " + strings.Join(doubts, "; ")
			}
			if b.Collective.Has(lane) {
				line += " collective"
			}
			if b.Doubtful.Has(lane) != (len(doubts) > 0) || int(b.Counted[lane]) != len(counted) {
				line += " BATCH DIFFERS"
			}
			all = append(all, line)
		}
	}
	return all
}

// The cases of 民发〔2021〕57号 and their borders.
func TestComposition(t *testing.T) {
	const apart = "the parents are not one family: with whom the child lives has to be seen"
	for _, test := range []struct {
		name   string
		people func(p *people)
		want   []string
	}{
		{"a couple and their minor child", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "1", "spouse").couple("Hans", "Wilma", "married").
				add("Kid", "2015-01-01", "1", "child", "father_id=Hans", "mother_id=Wilma")
		}, []string{"1: Hans Wilma Kid"}},
		{"spouses in two booklets are one family, under the booklet of most of them", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "2", "head").couple("Hans", "Wilma", "married").
				add("Kid", "2015-01-01", "2", "child", "father_id=Hans", "mother_id=Wilma")
		}, []string{"2: Wilma Hans Kid"}},
		{"divorced, the child is with the parent of its booklet", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "2", "head").couple("Hans", "Wilma", "divorced").
				add("Kid", "2015-01-01", "2", "child", "father_id=Hans", "mother_id=Wilma")
		}, []string{"1: Hans", "2: Wilma Kid"}},
		{"divorced, the child is with grandparents", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "2", "head").couple("Hans", "Wilma", "divorced").
				add("Opa", "1950-01-01", "3", "head").add("Kid", "2015-01-01", "3", "child", "father_id=Hans", "mother_id=Wilma")
		}, []string{"1: Hans ? " + apart, "2: Wilma ? " + apart, "3: Opa", "3-2: Kid ? " + apart}},
		{"unmarried parents in the child's booklet live together, which has to be seen", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "1", "other").
				add("Kid", "2015-01-01", "1", "child", "father_id=Hans", "mother_id=Wilma")
		}, []string{"1: Hans Wilma Kid ? " + apart}},
		{"a grown child in full-time schooling belongs with the parents", func(p *people) {
			p.add("Hans", "1970-01-01", "1", "head").add("Stud", "2005-01-01", "9", "other", "collective=true", "father_id=Hans").studies("Stud")
		}, []string{"1: Hans Stud"}},
		{"whether it is in school is not known", func(p *people) {
			p.w.without("schools")
			p.add("Hans", "1970-01-01", "1", "head").add("Stud", "2005-01-01", "9", "head", "father_id=Hans")
		}, []string{"1: Hans < Stud ? student", "9: Stud ? student"}},
		{"a grown unmarried child in the booklet of the head", func(p *people) {
			p.add("Hans", "1950-01-01", "1", "head").add("Sonny", "1980-01-01", "1", "child", "father_id=Hans")
		}, []string{"1: Hans Sonny"}},
		{"a grown child who has gone owes support", func(p *people) {
			p.add("Hans", "1950-01-01", "1", "head").add("Oma", "1952-01-01", "1", "spouse").couple("Hans", "Oma", "married").
				add("Sonny", "1980-01-01", "2", "head", "father_id=Hans", "mother_id=Oma")
		}, []string{"1: Hans Oma < Sonny", "2: Sonny"}},
		{"a parent in the booklet of a grown child: whether they live together has to be seen", func(p *people) {
			p.add("Oma", "1950-01-01", "1", "parent").add("Hans", "1980-01-01", "1", "head", "mother_id=Oma")
		}, []string{"1: Hans ? others in the booklet", "1-2: Oma < Hans ? others in the booklet"}},
		{"a doubt about two who belong together anyway is none", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "1", "other").couple("Hans", "Wilma", "married")
		}, []string{"1: Hans Wilma"}},
		{"who has died does not count", func(p *people) {
			p.add("Hans", "1940-01-01", "1", "head").add("Wilma", "1942-01-01", "1", "spouse").couple("Hans", "Wilma", "married").died("Hans")
		}, []string{"1: Wilma (Hans)"}},
		{"nobody counts", func(p *people) {
			p.add("Hans", "1940-01-01", "1", "head").died("Hans")
		}, []string{"1:  (Hans) collective"}},
		{"whether somebody lives is not known", func(p *people) {
			p.add("Hans", "1940-01-01", "1", "head")
			p.dead = append(p.dead, "no=1 id_no="+p.ids["Hans"], "no=1 id_no="+id("1950-01-01", 700))
		}, []string{"1: Hans ? whether a member counts is not known"}},
		{"a spouse who is not registered", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").couple("Hans", "Ghost", "married")
		}, []string{"1: Hans ? a spouse by the marriage register is not in the register of persons"}},
		{"a marriage that ended leaves no doubt", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").couple("Hans", "Ghost", "divorced")
		}, []string{"1: Hans"}},
		{"a minor whose parents are not registered", func(p *people) {
			p.add("Opa", "1950-01-01", "1", "head").add("Kid", "2015-01-01", "1", "child", "father_id="+id("1980-01-01", 701))
		}, []string{"1: Opa", "1-2: Kid ? the parents are not in the register of persons"}},
		{"single people of a dormitory are no families", func(p *people) {
			p.add("Ann", "1995-01-01", "9", "other", "collective=true").add("Ben", "1996-01-01", "9", "other", "collective=true")
		}, []string{"9: Ann collective", "9-2: Ben collective"}},
		{"a couple in a collective booklet is a family", func(p *people) {
			p.add("Hans", "1980-01-01", "9", "other", "collective=true").add("Wilma", "1982-01-01", "9", "other", "collective=true").couple("Hans", "Wilma", "married")
		}, []string{"9: Hans Wilma"}},
		{"a row of the booklet was set aside: somebody is missing", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Other", "1980-01-01", "2", "head")
			p.rows = append(p.rows, "id_no="+id("1982-01-01", 702)+" birth=soon hukou_no=1 village="+village)
		}, []string{"1: Hans ? a row of the same booklet was set aside", "2: Other"}},
		{"two marriages", func(p *people) {
			p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "2", "head").add("Berta", "1984-01-01", "3", "head").
				couple("Hans", "Wilma", "married").couple("Hans", "Berta", "married")
		}, []string{"1: Hans Wilma Berta ? more than one marriage is registered"}},
		{"villages in the order of their codes, then keys", func(p *people) {
			p.add("Zoe", "1980-01-01", "5", "head", "village="+other).add("Yan", "1980-01-01", "7", "head").add("Xi", "1980-01-01", "6", "head")
		}, []string{"6: Xi", "7: Yan", "5: Zoe"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPeople(t)
			test.people(p)
			if got := describe(p.build()); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestMarriagesUnknown(t *testing.T) {
	p := newPeople(t)
	p.w.without("marriages")
	p.add("Hans", "1950-01-01", "1", "head").add("Sonny", "1980-01-01", "1", "child", "father_id=Hans")
	got := describe(p.build())
	want := []string{"1: Hans < Sonny ? at home", "1-2: Sonny ? at home"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestResidenceAndArea(t *testing.T) {
	p := newPeople(t)
	p.add("Hans", "1980-01-01", "1", "head", "kind=urban", "village="+other)
	p.add("Wilma", "1982-01-01", "2", "head").couple("Hans", "Wilma", "married")
	built := p.build()
	if got := value(t, built, p.ids["Wilma"], "household.residence"); got != "urban" {
		t.Errorf("residence %s is not that of the elder head", got)
	}
	f, _ := person(t, built, p.ids["Wilma"])
	want, _ := area.Parse(other)
	if f.Village != want || f.Batch.Area[0] != want {
		t.Errorf("the household is in %s", f.Village)
	}
}

func TestSupportersBringTheirFacts(t *testing.T) {
	p := newPeople(t)
	p.add("Hans", "1950-01-01", "1", "head").add("Sonny", "1980-01-01", "2", "head", "father_id=Hans")
	p.w.deliver("tax", delivery{}, "no=1 id_no="+p.ids["Sonny"]+" wage=5000")
	f, _ := person(t, p.build(), p.ids["Hans"])
	slot, _ := cityPolicy.Layout().Slot("person.wage")
	if c := f.Batch.Supporter.Facts[slot]; f.Batch.Supporter.N != 1 || c.Num[0] != 5_000_000_000 {
		t.Errorf("%d supporters, wage %v", f.Batch.Supporter.N, c)
	}
	if s, ok := f.Source(pack.Person, true, 0, slot); !ok || s.Feed.ID != "tax" {
		t.Errorf("%+v", s)
	}
}

func TestHouseholdHolds(t *testing.T) {
	p := newPeople(t)
	p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "1", "spouse").couple("Hans", "Wilma", "married")
	p.w.deliver("holdings", delivery{}, "no=1 id_no="+p.ids["Wilma"]+" programme=dibao")
	f, _ := person(t, p.build(), p.ids["Hans"])
	held := f.Batch.Household.Held
	if held[0].Num[0] != 1 || !held[0].Known.Has(0) || held[2].Num[0] != 0 || !held[2].Known.Has(0) || held[1].Known.Has(0) {
		t.Errorf("%v", held)
	}
}

// What a household does not hold is known only if it is known of everybody in it.
func TestHouseholdHoldsNothing(t *testing.T) {
	p := newPeople(t)
	p.add("Hans", "1980-01-01", "1", "head").add("Wilma", "1982-01-01", "2", "head", "village="+other).couple("Hans", "Wilma", "married")
	p.w.deliver("holdings", delivery{areas: []string{village}})
	f, _ := person(t, p.build(), p.ids["Hans"])
	if f.Batch.Household.Held[0].Known.Has(0) || !f.Batch.Person.Held[0].Known.Has(0) {
		t.Error("of the wife's village nothing was delivered")
	}
}

// Batches are whole households; one household alone is the same as in its batch.
func TestBatches(t *testing.T) {
	p := newPeople(t)
	for i := range 900 {
		name := fmt.Sprintf("Hans%d", i)
		p.add(name, "1950-01-01", fmt.Sprintf("H%04d", i), "head")
		p.add(fmt.Sprintf("Sonny%d", i), "1980-01-01", fmt.Sprintf("H%04d", i), "child", "father_id="+name)
		p.add(fmt.Sprintf("Gone%d", i), "1978-01-01", fmt.Sprintf("G%04d", i), "head", "father_id="+name)
	}
	p.w.deliver("disasters", delivery{}, "no=1 id_no="+p.ids["Hans7"]+" kind=fire day=2026-10-01 loss=500")
	built := p.build()
	if built.Persons() != 2700 || built.Households() != 1800 || built.Chunks() != 3 {
		t.Fatalf("%d persons, %d households, %d chunks", built.Persons(), built.Households(), built.Chunks())
	}
	seen := 0
	b := &rules.Batch{}
	for i := range built.Chunks() {
		built.Batch(i, b)
		seen += b.Household.N
		if int(b.MemberStart[b.Household.N]) != b.Person.N || int(b.SupporterStart[b.Household.N]) != b.Supporter.N {
			t.Errorf("batch %d is not whole", i)
		}
		for lane := range b.Household.N {
			key := built.At(i, lane).Key
			if batch, at, ok := built.Lane(key); !ok || batch != i || at != lane {
				t.Fatalf("%s is in lane %d of batch %d, not %d of %d", key, lane, i, at, batch)
			}
			f, _ := built.Household(key)
			sameLane(t, b, lane, f.Batch)
		}
	}
	if seen != 1800 {
		t.Errorf("%d households in batches", seen)
	}
}

// sameLane compares a household of a batch with one that stands alone.
func sameLane(t *testing.T, b *rules.Batch, lane int, alone *rules.Batch) {
	t.Helper()
	same := func(what string, x, y []rules.Column, from, at int) {
		for slot := range x {
			v, known := x[slot].At(from)
			if w, also := y[slot].At(at); known != also || known && v != w {
				t.Errorf("%s %d of lane %d differs", what, slot, lane)
			}
		}
	}
	same("household fact", b.Household.Facts, alone.Household.Facts, lane, 0)
	same("household holding", b.Household.Held, alone.Household.Held, lane, 0)
	for i := range alone.Person.N {
		same("person fact", b.Person.Facts, alone.Person.Facts, int(b.MemberStart[lane])+i, i)
	}
	for i := range alone.Supporter.N {
		same("supporter fact", b.Supporter.Facts, alone.Supporter.Facts, int(b.SupporterStart[lane])+i, i)
	}
	if got := int(b.HouseholdEvent.Start[lane+1] - b.HouseholdEvent.Start[lane]); got != alone.HouseholdEvent.N {
		t.Errorf("%d events, alone %d", got, alone.HouseholdEvent.N)
	}
}

func TestBuildingTwiceGivesTheSame(t *testing.T) {
	describeOnce := func() string {
		p := newPeople(t)
		for i := range 50 {
			p.add(fmt.Sprintf("A%d", i), "1950-01-01", fmt.Sprintf("H%d", i%20), "head")
			p.add(fmt.Sprintf("B%d", i), "2015-01-01", fmt.Sprintf("H%d", i%20), "child", fmt.Sprintf("father_id=A%d", i), fmt.Sprintf("mother_id=A%d", i/2))
		}
		return strings.Join(describe(p.build()), "\n")
	}
	first := describeOnce()
	for range 3 {
		if again := describeOnce(); again != first {
			t.Fatalf("%s\nand then\n%s", first, again)
		}
	}
}

func TestNobodyRegistered(t *testing.T) {
	p := newPeople(t)
	p.w.deliver("population", delivery{})
	for _, f := range cityPack().Feeds {
		if !p.w.told[f.ID] {
			p.w.deliver(f.ID, delivery{})
		}
	}
	set := readSet(t, p.w)
	if _, err := population.Build(cityPolicy, set, on); err == nil || !strings.Contains(err.Error(), "nobody is known") {
		t.Error(err)
	}
}

// A pack whose feeds are wrong is refused before anything delivered is looked at.
func TestRegisterRowsAgreeWithThePack(t *testing.T) {
	for _, c := range []struct {
		fault  string
		change func(*pack.Pack)
	}{
		{"cover by each other", func(p *pack.Pack) { p.Feeds[4].Covers = expr("person.spent > 0.0") }},
		{"does not suit", func(p *pack.Pack) { p.Feeds[3].Facts[0].Absent = "nothing" }},
		{"wages", func(p *pack.Pack) { p.Feeds[5].Facts[0].Value = expr("rows.sum(r, r.wages)") }},
	} {
		p := cityPack()
		c.change(p)
		policy, faults := rules.Compile(p)
		err := faults.Err()
		if err == nil {
			_, err = population.Build(policy, nil, on)
		}
		if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want one fault with %q, got: %v", c.fault, err)
		}
	}
}
