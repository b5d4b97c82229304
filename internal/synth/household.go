package synth

import (
	"fmt"
	"slices"

	"dajiuzhu/internal/calendar"
)

// The sizes of family households in tenths of a percent, from one person to seven.
var sizes = []int{224, 282, 215, 145, 74, 39, 21}

// One place in a care home, and one bed in a workers' dormitory, for so many people of the county.
const (
	careHomePeople  = 1500
	dormitoryPeople = 120
)

// settle fills a place with households. What comes out depends on the seed, the place and its number of people alone.
func (m *maker) settle(v *place) []*household {
	root := m.root.of("place", int(v.code))
	var made []*household
	people := 0
	for i := 0; people < v.people; i++ {
		h := &household{die: root.of("household", i), place: v}
		h.booklet = fmt.Sprintf("%s%05d", v.code, i*10+1)
		h.urban = v.urban && h.die.chance("town-hukou", 0.55) || !v.urban && h.die.chance("town-hukou", 0.04)
		size := min(h.die.choose("size", sizes...)+1, v.people-people)
		people += size
		made = append(made, m.found(h, size)...)
	}
	m.join(made)
	return made
}

// found draws a family of a size. Old parents may have a booklet of their own.
func (m *maker) found(h *household, size int) []*household {
	d := h.die
	switch size {
	case 1:
		return m.alone(h)
	case 2:
		return m.two(h)
	case 3:
		switch d.choose("type", 70, 16, 5, 9) {
		case 0:
			m.family(h, 1, false)
		case 1:
			m.family(h, 1, true)
		case 2:
			m.single(h, 2)
		default:
			return m.generations(h, size)
		}
	case 4:
		if d.choose("type", 62, 38) == 1 {
			return m.generations(h, size)
		}
		m.family(h, 2, false)
	default:
		if d.chance("type", 0.85) {
			return m.generations(h, size)
		}
		m.family(h, size-2, false)
	}
	return []*household{h}
}

func (m *maker) alone(h *household) []*household {
	d := h.die
	if d.chance("old", 0.45) {
		m.person(h, head, d.chance("woman", 0.62), d.whole("age", 74, 9, 60, 99))
		h.hardship = 2
	} else {
		m.person(h, head, d.chance("woman", 0.38), d.whole("age", 41, 12, 19, 59))
		h.hardship = 0.9
		h.permit = d.chance("permit", 0.06)
	}
	return []*household{h}
}

func (m *maker) two(h *household) []*household {
	d := h.die
	switch d.choose("type", 40, 33, 17, 4, 6) {
	case 0:
		m.couple(h, d.whole("age", 69, 7, 60, 93))
		h.hardship = 1.2
	case 1:
		age := d.whole("age", 53, 5, 42, 64)
		if d.chance("young", 0.3) {
			age = d.whole("age-young", 29, 4, 23, 40)
		}
		m.couple(h, age)
		h.hardship = 0.6
		h.permit = d.chance("permit", 0.04)
	case 2:
		m.single(h, 1)
	case 3:
		old := m.person(h, head, d.chance("woman", 0.6), d.whole("age", 66, 6, 55, 82))
		young := m.person(h, grandchild, d.chance("girl", 0.47), d.between("child", 3, 16))
		young.surname = old.surname
		h.hardship = 5
	default:
		a := m.person(h, head, d.chance("woman", 0.3), d.whole("age", 45, 14, 20, 75))
		b := m.person(h, "sibling", d.chance("sister", 0.4), min(max(a.age+d.between("gap", -6, 6), 18), 80))
		b.surname = a.surname
		h.hardship = 1.2
	}
	return []*household{h}
}

// couple is a husband of an age and his wife.
func (m *maker) couple(h *household, age int) (husband, wife *person) {
	husband = m.person(h, head, false, age)
	wife = m.person(h, spouse, true, min(max(age-h.die.whole("wife", 1.8, 2.6, -6, 12), 20), 100))
	m.marry(husband, wife)
	return husband, wife
}

func (m *maker) marry(husband, wife *person) {
	husband.spouse, wife.spouse = wife, husband
	on := max(husband.birth, wife.birth).AddMonths(12*22 + wife.die.below("married", 48))
	husband.married = min(on, m.on.AddMonths(-1))
	wife.married = husband.married
}

// family is a couple with children, one of them grown if so wanted.
func (m *maker) family(h *household, children int, grown bool) {
	d := h.die
	eldest := d.between("eldest", 0, 20)
	if grown {
		eldest = d.between("eldest-grown", 23, 33)
	}
	mother := eldest + d.whole("mother", 26.5, 4.2, 20, 42)
	husband, wife := m.couple(h, mother+d.whole("father", 1.8, 2.6, -4, 10))
	m.rebirth(wife, mother)
	m.children(h, husband, wife, eldest, children)
	h.hardship = 0.5 + 0.25*float64(children)
	h.permit = !grown && d.chance("permit", 0.02)
}

// single is a parent alone with children.
func (m *maker) single(h *household, children int) {
	d := h.die
	eldest := d.between("eldest", 2, 27)
	woman := d.chance("woman", 0.6)
	one := m.person(h, head, woman, eldest+d.whole("parent", 27, 4.5, 20, 45))
	father, mother := one, (*person)(nil)
	if woman {
		father, mother = nil, one
	}
	m.children(h, father, mother, eldest, children)
	h.hardship = 2.2
}

// generations is a couple with its children and old parents; most of the old have a booklet of their own.
func (m *maker) generations(h *household, size int) []*household {
	d := h.die
	old := 1
	if size >= 5 || size == 4 && d.chance("both", 0.3) {
		old = 2
	}
	children := min(max(size-2-old, 0), 3)
	further := size - 2 - old - children
	eldest := d.between("eldest", 1, 18)
	age := eldest + d.whole("mother", 26.5, 4.2, 20, 40)
	if children == 0 {
		age = d.whole("age", 45, 8, 28, 60)
	}
	husband, wife := m.couple(h, age+2)
	m.children(h, husband, wife, eldest, children)
	h.hardship = 0.8

	own := h
	made := []*household{h}
	if d.chance("own-booklet", 0.72) {
		own = &household{die: d.of("parents", 0), place: h.place, urban: h.urban, hardship: 1.2}
		own.booklet = h.booklet[:len(h.booklet)-1] + "2"
		made = append(made, own)
	}
	m.grandparents(own, husband, old, own != h)
	if further > 0 {
		m.ancestors(own, husband, further)
	}
	return made
}

// grandparents are the husband's parents, one or both.
func (m *maker) grandparents(h *household, son *person, count int, heads bool) {
	d := h.die
	age := min(son.age+d.whole("grandfather", 25.5, 4, 19, 40), 97)
	first, second := parent, parent
	if heads {
		first, second = head, spouse
	}
	if count == 1 {
		p := m.person(h, first, d.chance("grandmother", 0.65), age)
		if p.female {
			son.mother = p
			return
		}
		p.surname = son.surname
		son.father = p
		return
	}
	father := m.person(h, first, false, age)
	mother := m.person(h, second, true, max(age-d.whole("younger", 1.5, 2.5, -4, 8), son.age+17))
	father.surname = son.surname
	m.marry(father, mother)
	son.father, son.mother = father, mother
}

// ancestors are others of the house: a very old mother, an unmarried brother.
func (m *maker) ancestors(h *household, husband *person, count int) {
	for i := range count {
		d := h.die.of("ancestor", i)
		if i == 0 && husband.father != nil && husband.father.age < 75 {
			p := m.person(h, otherMember, true, min(husband.father.age+d.whole("age", 23, 3, 18, 30), 101))
			p.surname = pick(d, "surname", surnames)
			continue
		}
		p := m.person(h, otherMember, false, min(max(husband.age+d.between("age", -12, 8), 18), 70))
		p.surname = husband.surname
	}
}

// children adds children of a couple or of one parent, the eldest first.
func (m *maker) children(h *household, father, mother *person, eldest, count int) {
	age := eldest
	for i := range count {
		d := h.die.of("child", i)
		if i > 0 {
			age -= d.whole("gap", 3.6, 1.8, 1, 9)
		}
		if age < 0 {
			age = d.below("late", 3)
		}
		p := m.person(h, child, d.chance("girl", 100.0/212), age)
		p.father, p.mother = father, mother
		if father != nil {
			p.surname = father.surname
		} else if mother != nil && d.chance("her-name", 0.3) {
			p.surname = mother.surname
		}
		for again := 0; h.hasNamesake(p); again++ {
			p.given = givenName(p.die.of("again", again), p.female, p.birth)
		}
	}
}

// hasNamesake reports whether somebody else of the household has a person's name: no parents give two children one.
func (h *household) hasNamesake(p *person) bool {
	return slices.ContainsFunc(h.persons, func(o *person) bool { return o != p && o.name() == p.name() })
}

// person adds somebody of an age to a household.
func (m *maker) person(h *household, relation string, female bool, age int) *person {
	p := &person{die: h.die.of("person", len(h.persons)), female: female, relation: relation, household: h}
	m.rebirth(p, age)
	p.surname = h.place.surname(m.root, p.die)
	p.given = givenName(p.die, female, p.birth)
	h.persons = append(h.persons, p)
	return p
}

// rebirth gives a person an age, and a birthday within its year.
func (m *maker) rebirth(p *person, age int) {
	age = min(max(age, 0), 103)
	p.birth = m.on.AddMonths(-12 * age).AddDays(-p.die.below("birthday", 364))
	p.age = calendar.Years(p.birth, m.on)
}

// dwell makes the county's collective booklets: a care home and a dormitory of workers from elsewhere.
func (m *maker) dwell(v *place, people int) []*household {
	root := m.root.of("place", int(v.code))
	home := &household{die: root.of("care-home", 0), place: v, collective: true, careHome: true, hardship: 0}
	home.booklet = fmt.Sprintf("%s90001", v.code)
	for i := range people / careHomePeople {
		d := home.die.of("resident", i)
		m.person(home, otherMember, d.chance("woman", 0.3), d.whole("age", 74, 8, 60, 95))
	}
	dormitory := &household{die: root.of("dormitory", 0), place: v, collective: true, urban: true, permit: true}
	dormitory.booklet = fmt.Sprintf("%s90011", v.code)
	for i := range people / dormitoryPeople {
		d := dormitory.die.of("resident", i)
		m.person(dormitory, otherMember, d.chance("woman", 0.4), d.whole("age", 29, 7, 18, 55))
	}
	return slices.DeleteFunc([]*household{home, dormitory}, func(h *household) bool { return len(h.persons) == 0 })
}
