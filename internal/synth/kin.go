package synth

import (
	"slices"

	"dajiuzhu/internal/calendar"
)

// join matches grown people who head a household with old ones of the same village and surname: who owes support to
// whom. What it finds depends on the village alone.
func (m *maker) join(households []*household) {
	grown := map[string][]*person{}
	for _, h := range households {
		for _, p := range h.persons {
			if p.father == nil && p.mother == nil && p.age >= 22 && p.age <= 70 && (p.relation == head || p.relation == spouse) {
				grown[p.surname] = append(grown[p.surname], p)
			}
		}
	}
	for _, h := range households {
		if old := h.persons[0]; old.age >= 58 && old.relation == head {
			m.endow(old, grown)
		}
	}
}

// endow finds an old person's children among the grown.
func (m *maker) endow(old *person, grown map[string][]*person) {
	father, mother := old, old.spouse
	if old.female {
		father, mother = old.spouse, old
	}
	younger := old.age
	if old.spouse != nil {
		younger = min(younger, old.spouse.age)
	}
	wanted := old.die.choose("children", 8, 30, 38, 18, 6)
	if !old.female && old.spouse == nil && old.die.chance("never-married", 0.35) {
		wanted = 0
	}
	old.kin = wanted > 0
	if old.spouse != nil {
		old.spouse.kin = old.kin
	}
	surname := old.surname
	if father == nil { // her children bear her husband's name
		surname = pick(old.die, "husband", surnames)
	}
	candidates := grown[surname]
	for i := 0; i < len(candidates) && wanted > 0; i++ {
		p := candidates[i]
		if gap := younger - p.age; p.household == old.household || gap < 19 || gap > 42 {
			continue
		}
		p.father, p.mother = father, mother
		old.children++
		wanted--
		candidates = slices.Delete(candidates, i, i+1)
		i--
	}
	grown[surname] = candidates
}

// mourn adds those who died in the years that the registers keep: beside the living, not of their number. Of every household one
// may have died: the husband or wife of somebody old and alone, an old parent of a couple, the other parent of children.
func (m *maker) mourn(h *household) {
	if h.collective() || h.story {
		return
	}
	d := h.die
	first := h.persons[0]
	switch {
	case len(h.persons) == 1 && first.age >= 60 && m.chosen(quotaDeaths, d.rarely("died", 0.045), 1):
		p := m.person(h, spouse, !first.female, min(max(first.age+d.between("age-gap", -4, 5), 60), 99))
		m.wed(first, p)
		m.bury(p, 0)
	case first.spouse != nil && first.age >= 38 && first.age <= 74 && m.chosen(quotaDeaths, d.rarely("died", 0.022), 1):
		p := m.person(h, parent, d.chance("mother-died", 0.45), min(first.age+d.whole("age-gap", 25, 4, 18, 35), 99))
		if !p.female {
			p.surname = first.surname
		}
		m.bury(p, 0)
	case first.spouse == nil && first.age < 60 && len(h.persons) > 1 && h.persons[1].relation == child && m.chosen(quotaDeaths, d.rarely("died", 0.06), 1):
		p := m.person(h, spouse, !first.female, min(max(first.age+d.between("age-gap", -3, 4), 24), 70))
		m.wed(first, p)
		youngest := calendar.Date(0)
		for _, c := range h.persons {
			if c.relation != child {
				continue
			}
			youngest = max(youngest, c.birth)
			c.father, c.mother = p, first
			if p.female {
				c.father, c.mother = first, p
			}
		}
		m.bury(p, youngest.AddDays(-250))
	}
}

// wed marries two people, whoever is the husband.
func (m *maker) wed(a, b *person) {
	if a.female {
		a, b = b, a
	}
	m.marry(a, b)
}

// bury lets a person have died within the years that the registers keep, and not before a day. A few deaths have not reached the
// register of persons.
func (m *maker) bury(p *person, notBefore calendar.Date) {
	p.died = min(max(m.ago(p.die.between("died", 3, 365*m.cal.People.DeathYears.Value-1)), notBefore), m.ago(3))
	days := int(m.on - p.died)
	p.birth = min(p.birth, p.died.AddMonths(-12*18))
	p.reported = days > 45 && !p.die.chance("unreported", m.cal.People.Unreported.Value)
}

// depart adds a grown child who moved away and whose benefit, if the family has one, may go on.
func (m *maker) depart(h *household) {
	d, first := h.die, h.persons[0]
	if h.need != "dibao" || first.age < 40 || !m.chosen(quotaMoved, d.unit("moved"), 1) {
		return
	}
	p := m.person(h, child, d.chance("daughter", 0.6), min(max(first.age-d.between("moved-gap", 20, 30), 18), 40))
	p.surname = first.surname
	p.moved = m.ago(d.between("moved-on", 40, 900))
}
