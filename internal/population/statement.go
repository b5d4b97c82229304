package population

import (
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

var strangeStatement = fault.Text{Key: "population.strange-statement",
	Zh: "有人陈述了没有登记的人的“{fact}”", En: "somebody stated {fact} of a person who is not registered"}

// Statement is a value of a fact that a person gave, outside of any feed: at a visit, in a declaration, by a means check.
type Statement struct {
	Person idno.Number // of whom; of a household one of its members
	Fact   *pack.Fact
	Value  int64         // as columns hold it
	Source string        // as orders of trust name it: "visit", "declared"; a means check is "check"
	On     calendar.Date // when it was said: of one source the latest counts, and of one day the last in the list
}

// ReadFact turns a value as written into a column's number; the error is a fault about the value.
func ReadFact(p *pack.Pack, f *pack.Fact, written any) (int64, *fault.Error) {
	return factShape(p, f).read(written)
}

// voice is who tells a fact: a feed by a derivation, or people.
type voice struct {
	source string      // as orders of trust name it
	of     *derivation // nil of people
	said   stated      // of people
}

// stated is what counts of the statements of one source about one fact, by person.
type stated map[int32]*Statement

// hear takes the statements, by fact and source, in the order in which they were said. A statement about whoever is not registered is an
// error: it must not be lost.
func (b *builder) hear(statements []Statement) *fault.Error {
	b.statements = map[string]map[string][]*Statement{}
	for i := range statements {
		s := &statements[i]
		path := s.Fact.Path()
		if _, ok := b.register.ids[s.Person]; !ok {
			return fault.New(fault.NotFound, strangeStatement, fault.Args{"fact": path})
		}
		if b.statements[path] == nil {
			b.statements[path] = map[string][]*Statement{}
		}
		b.statements[path][s.Source] = append(b.statements[path][s.Source], s)
	}
	return nil
}

// voices is what people say of a fact, each source a candidate. At gives the person of the register who has the value.
func (b *builder) voices(f *pack.Fact, at func(person int32) int32) []*candidate {
	var all []*candidate
	n := b.register.len()
	of := b.statements[f.Path()]
	for _, source := range sortedKeys(of) {
		c := &candidate{column: newColumn(n), voice: voice{source: source, said: stated{}}, none: rules.NewBits(n), open: rules.NewBits(n)}
		for _, s := range of[source] {
			person := at(b.register.ids[s.Person])
			if former := c.said[person]; former == nil || former.On <= s.On {
				c.said[person] = s
				c.set(int(person), s.Value)
			}
		}
		all = append(all, c)
	}
	return all
}

func oneself(person int32) int32 { return person }

// hearPersons takes what is said of persons' facts that no feed tells.
func (b *builder) hearPersons(told map[string]int) {
	for _, f := range b.layout.Facts(pack.Person) {
		if told[f.Path()] == 0 && b.statements[f.Path()] != nil {
			b.facts[f.Path()] = b.merge(f, b.voices(f, oneself))
		}
	}
}

// hearHouseholds merges the facts of households, whose value is that of the member of reference: what is said of any member's household
// is said of it.
func (b *builder) hearHouseholds(households []household) {
	reference := make([]int32, b.register.len())
	for i := range households {
		for _, person := range households[i].members {
			reference[person] = households[i].reference
		}
	}
	for _, f := range b.layout.Facts(pack.Household) {
		candidates := append(b.ofHouseholds[f.Path()], b.voices(f, func(person int32) int32 { return reference[person] })...)
		if len(candidates) > 0 {
			b.facts[f.Path()] = b.merge(f, candidates)
		}
	}
	b.ofHouseholds = nil
}
