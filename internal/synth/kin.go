package synth

import "slices"

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

// recentDays is how long the register keeps the rows of the dead.
const recentDays = 365

// mourn adds those who died within the last year: beside the living, not of their number.
func (m *maker) mourn(h *household) {
	if h.collective || h.story {
		return
	}
	d := h.die
	first := h.persons[0]
	switch {
	case len(h.persons) == 1 && first.age >= 60 && d.chance("widowed", 0.045):
		p := m.person(h, spouse, !first.female, min(max(first.age+d.between("age-gap", -4, 5), 60), 99))
		husband, wife := first, p
		if first.female {
			husband, wife = p, first
		}
		m.marry(husband, wife)
		m.bury(p)
	case first.spouse != nil && first.age >= 38 && first.age <= 74 && d.chance("bereaved", 0.022):
		p := m.person(h, parent, d.chance("mother-died", 0.45), min(first.age+d.whole("age-gap", 25, 4, 18, 35), 99))
		if !p.female {
			p.surname = first.surname
		}
		m.bury(p)
	case first.spouse == nil && first.age < 60 && len(h.persons) > 1 && h.persons[1].relation == child && d.chance("bereaved", 0.06):
		p := m.person(h, spouse, !first.female, min(max(first.age+d.between("age-gap", -3, 4), 24), 70))
		husband, wife := first, p
		if first.female {
			husband, wife = p, first
		}
		m.marry(husband, wife)
		for _, c := range h.persons {
			if c.relation == child {
				c.father, c.mother = husband, wife
			}
		}
		m.bury(p)
	}
}

func (m *maker) bury(p *person) {
	days := p.die.between("died", 3, recentDays-5)
	p.died = m.ago(days)
	p.reported = days > 45 && p.die.chance("reported", 0.97)
}
