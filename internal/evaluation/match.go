package evaluation

import (
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/screening"
)

// LabelCount is what became of the labels of a kind: In is Matched and what was set aside.
type LabelCount struct {
	Kind    Kind `json:"kind"`
	In      int  `json:"in"`
	Matched int  `json:"matched"`
	// Set aside.
	UnknownPerson    int `json:"unknown_person"`    // the household is on record and the person is not: a row that was rejected, a number that changed
	UnknownHousehold int `json:"unknown_household"` // neither is on record
	// Of those matched.
	Elsewhere  int `json:"elsewhere"`   // the person is composed into a household of another number
	NotCounted int `json:"not_counted"` // the person does not count in the household: dead, moved, away
	NotRanked  int `json:"not_ranked"`  // the household is not assessed as a family
}

// matcher finds the persons and households of labels. Persons are found by their identity numbers, households of labels without a
// person by the number of the booklet.
type matcher struct {
	labels     []Label
	persons    map[idno.Number][]int
	households map[string][]int // labels without a person
	outcome    []matchState
	seen       map[string]bool // booklets on record
}

type matchState struct{ matched, elsewhere, notCounted, notRanked bool }

func newMatcher(labels []Label) *matcher {
	m := &matcher{labels: labels, persons: map[idno.Number][]int{}, households: map[string][]int{}, outcome: make([]matchState, len(labels)), seen: map[string]bool{}}
	for i, l := range labels {
		if l.Person.IsZero() {
			m.households[l.Household] = append(m.households[l.Household], i)
			continue
		}
		m.persons[l.Person] = append(m.persons[l.Person], i)
	}
	return m
}

// told is a label of a household, and of which of its members.
type told struct {
	label  *Label
	lane   int // of the person; of the household's first person where the label is of the household as a whole
	whole  bool
	counts bool
	found  bool // a rule that is meant to find it fired for it
}

// matched is a chunk with its labels.
type matched struct {
	found  *screening.Found
	on     calendar.Date
	told   [][]*told // by household
	warned []bool    // by household: some rule fires
}

// booklet is the number of the booklet in a household's key. A family that is composed of part of a booklet has the booklet's
// number with a number behind it.
func booklet(key string) string {
	number, _, _ := strings.Cut(key, "-")
	return number
}

func (m *matcher) match(f *screening.Found, on calendar.Date) *matched {
	c := &matched{found: f, on: on, told: make([][]*told, len(f.Households)), warned: make([]bool, len(f.Households))}
	for h, household := range f.Households {
		m.seen[booklet(household.Key)] = true
		for _, i := range m.households[household.Key] {
			c.told[h] = append(c.told[h], &told{label: &m.labels[i], lane: f.Lane(h), whole: true, counts: true})
			m.outcome[i] = matchState{matched: true, notRanked: !f.Ranked(h)}
		}
		for place, member := range household.Members {
			for _, i := range m.persons[member.ID] {
				c.told[h] = append(c.told[h], &told{label: &m.labels[i], lane: f.Lane(h) + place, counts: member.Counts})
				m.outcome[i] = matchState{matched: true, elsewhere: booklet(household.Key) != m.labels[i].Household, notCounted: !member.Counts, notRanked: !f.Ranked(h)}
			}
		}
	}
	return c
}

// right reports whether a warning has a label behind it that its rule is meant to find, and marks it as found. A warning of a person
// needs a label of that person or of the household as a whole.
func (c *matched) right(m *ruleMeasure, lane, household int) bool {
	right := false
	for _, t := range c.told[household] {
		if m.aims(t.label, c.on) && (m.rule.Unit == pack.Household || t.whole || t.lane == lane) {
			t.found, right = true, true
		}
	}
	return right
}

// meant reports whether a household has a label that a rule is meant to find.
func (c *matched) meant(m *ruleMeasure, household int) bool {
	for _, t := range c.told[household] {
		if m.aims(t.label, c.on) {
			return true
		}
	}
	return false
}

// account counts what became of every label.
func (m *matcher) account(counts map[Kind]*LabelCount) {
	for i, l := range m.labels {
		count, state := counts[l.Kind], m.outcome[i]
		count.In++
		switch {
		case state.matched:
			count.Matched++
		case m.seen[l.Household]:
			count.UnknownPerson++
		default:
			count.UnknownHousehold++
		}
		count.Elsewhere += one(state.elsewhere)
		count.NotCounted += one(state.notCounted)
		count.NotRanked += one(state.notRanked)
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}
