package synth

import (
	"fmt"
	"slices"
)

// A county that is smaller has no stories, the family in Guozhai aside: they would be too large a part of it.
const fewestForStories = 5000

// storyVillage is how many people a village must have to take a story in.
const storyVillage = 40

// story is a family that is placed and not drawn. There is one for every programme that a sample of twenty thousand people
// may well give nobody to: in the city such a family exists, in the sample it is expected a few hundredths of a time.
type story struct {
	title  string
	urban  bool
	permit bool // registered elsewhere
	roles  []role
	fate   func(m *maker, h *household) // told over people who have neither work, nor illness, nor help
}

// role is a person of a story.
type role struct {
	relation string
	female   bool
	age      int
	died     int // days ago; 0 for the living
}

func (r role) dead(daysAgo int) role {
	r.died = daysAgo
	return r
}

func man(relation string, age int) role   { return role{relation: relation, age: age} }
func woman(relation string, age int) role { return role{relation: relation, female: true, age: age} }

// storyAt is the place of a story among all.
func storyAt(title string) int {
	return slices.IndexFunc(stories, func(s story) bool { return s.title == title })
}

// castStories finds every story of the sample's county a village: those of town in town, one village after another.
func (m *maker) castStories() map[*place][]*household {
	told := map[*place][]*household{}
	if m.plan.code != sampleCounty || m.plan.people < fewestForStories {
		return told
	}
	places := map[bool][]*place{}
	for _, v := range m.places {
		if v.code != guozhai && v.family >= storyVillage {
			places[v.urban] = append(places[v.urban], v)
		}
	}
	for i, s := range stories {
		fit := places[s.urban]
		if len(fit) == 0 {
			fit = places[!s.urban]
		}
		if len(fit) == 0 {
			continue
		}
		v := fit[i%len(fit)]
		told[v] = append(told[v], m.cast(s, v, i))
	}
	return told
}

// cast makes a story's people.
func (m *maker) cast(s story, v *place, i int) *household {
	h := &household{die: m.root.of("story "+s.title, 0), place: v, story: true, title: s.title, urban: s.urban, permit: s.permit}
	h.booklet = fmt.Sprintf("%s%05d", v.code, 10*i+8)
	for _, r := range s.roles {
		p := m.person(h, r.relation, r.female, r.age)
		if r.died > 0 {
			p.died = m.ago(r.died)
		}
	}
	m.relate(h)
	h.fate = func() {
		for _, p := range h.persons {
			m.plain(p)
		}
		s.fate(m, h)
	}
	return h
}

// relate marries the head to the spouse, and gives the children their parents.
func (m *maker) relate(h *household) {
	father, mother := h.persons[0], (*person)(nil)
	if father.female {
		father, mother = nil, father
	}
	for _, p := range h.persons {
		switch {
		case p.relation == spouse && p.female:
			mother = p
			m.marry(father, mother)
		case p.relation == spouse:
			father = p
			m.marry(father, mother)
		case p.relation == child:
			p.father, p.mother = father, mother
		}
	}
	for _, p := range h.persons {
		if p.relation == child && father != nil || p.relation == grandchild {
			p.surname = h.persons[0].surname
			if p.father != nil {
				p.surname = p.father.surname
			}
		}
	}
}

// plain is a person of whom nothing is told yet: insured as a resident, and at school or paying or drawing the residents'
// pension by age.
func (m *maker) plain(p *person) {
	p.disability, p.grade, p.illness, p.custody = "", 0, "", ""
	p.insured, p.work = "resident", work{}
	switch {
	case p.age >= 60:
		p.work = work{kind: "resident_pension", pension: 232_40, since: p.birth.AddMonths(12 * 60)}
	case p.age >= 16 && p.school == "":
		p.work = work{kind: "resident"}
	}
	m.contribute(p)
}

// homestead gives the head a house in the village.
func (m *maker) homestead(h *household) *person {
	first := h.persons[0]
	first.homes = []*property{{use: "homestead", area: 96_00, on: m.ago(4100)}}
	return first
}

// onDibao is a family that holds dibao.
func (m *maker) onDibao(h *household) {
	h.helped = true
	for _, p := range h.living() {
		m.grant(p, "dibao", 410_00)
	}
}

// recognisedAs is a family recognised as an edge or a rigid-expenditure family.
func (m *maker) recognisedAs(h *household, kind string) {
	r := &recognition{kind: kind, from: m.ago(150), stands: true}
	r.until = r.from.AddMonths(12)
	for _, p := range h.living() {
		p.recognised = r
	}
}

// listedAs puts a family on the rural bureau's list.
func listedAs(h *household, kind string) {
	for _, p := range h.living() {
		p.listed, p.removed = kind, kind == "expoor"
	}
}

// treated is a stay for a grave illness some days ago, with its own cost within the policy.
func (m *maker) treated(p *person, illness string, daysAgo int, own fen) {
	p.illness = illness
	s := &settlement{kind: "inpatient", diagnosis: illness, hospital: hospitals[2], on: m.ago(daysAgo), own: own,
		total: own * 22 / 10, basic: own, paid: own * 12 / 10}
	s.admitted = s.on.AddDays(-16)
	p.settled = append(p.settled, s)
}

func (m *maker) employed(p *person, wage fen) {
	p.insured = "employee"
	p.work = work{kind: "employee", status: "employed", wage: wage, employer: pick(p.die, "employer", employers), since: m.ago(1300)}
	m.contribute(p)
}

// enrol sends a person to a stage of school that began so many years ago.
func (m *maker) enrol(p *person, stage string, yearsAgo int) {
	p.school, p.enrolled, p.work, p.paid = stage, m.schoolYear().AddMonths(-12*yearsAgo), work{}, 0
	p.boarder = stage != "kindergarten" && stage != "primary"
	p.admitted = m.admission(p)
}

func disabled(p *person, kind string, grade int) { p.disability, p.grade = kind, grade }
