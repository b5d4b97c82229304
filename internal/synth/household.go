package synth

import (
	"fmt"
	"math"
	"slices"

	"dajiuzhu/internal/calendar"
)

// largest is how many people a family may have at most.
const largest = 9

// settle fills a place with families and collective households. What comes out depends on the seed, the place and its numbers
// alone.
func (m *maker) settle(v *place) []*household {
	root := m.root.of("place", int(v.code))
	var made []*household
	for i, size := range m.drawSizes(root, v) {
		h := &household{die: root.of("household", i), place: v}
		h.booklet = fmt.Sprintf("%s%05d", v.code, i*10+1)
		town := m.cal.Places.TownHukouRural.Value
		if v.urban {
			town = m.cal.Places.TownHukouUrban.Value
		}
		h.urban = h.die.chance("town-hukou", town)
		m.found(h, size)
		made = append(made, h)
	}
	m.join(made)
	return append(made, m.quarter(root, v)...)
}

// drawSizes draws the sizes of a place's families, and mends a few so that they add up to its people.
func (m *maker) drawSizes(root die, v *place) []int {
	shares := m.cal.sizes(m.plan.tilt)
	sizes, people := make([]int, v.households), 0
	for i := range sizes {
		d := root.of("household", i)
		sizes[i] = 1 + d.chooseBy("size", shares...)
		if sizes[i] == len(shares) { // seven and more
			sizes[i] += d.chooseBy("size-more", 0.75, 0.20, 0.05)
		}
		people += sizes[i]
	}
	for n := 0; people != v.family; n++ {
		i := root.of("mended", n).below("household", len(sizes))
		switch {
		case people < v.family && sizes[i] < largest:
			sizes[i]++
			people++
		case people > v.family && sizes[i] > 1:
			sizes[i]--
			people--
		}
	}
	return sizes
}

// found draws a family of a size.
func (m *maker) found(h *household, size int) {
	d, types := h.die, m.cal.Households
	switch size {
	case 1:
		m.alone(h)
	case 2:
		m.two(h)
	case 3:
		t := types.Three.Value
		switch d.chooseBy("type", t.Child, t.GrownChild, t.Parent, t.Generations) {
		case 0:
			m.family(h, 1, false)
		case 1:
			m.family(h, 1, true)
		case 2:
			m.single(h, 2)
		default:
			m.generations(h, size)
		}
	default:
		t := types.More.Value
		if size == 4 {
			t = types.Four.Value
		}
		if d.chooseBy("type", t.Generations, t.Children) == 0 {
			m.generations(h, size)
			return
		}
		m.family(h, min(size-2, 4), false)
		m.kinOf(h, size-len(h.persons))
	}
}

func (m *maker) alone(h *household) {
	d, women, one := h.die, m.cal.Households.Women.Value, m.cal.Households.One.Value
	if d.chooseBy("old", one.Old, one.Grown) == 0 {
		m.person(h, head, d.chance("woman", women.Old), d.whole("age", 74, 9, 60, 99))
		h.hardship = 2
	} else {
		m.person(h, head, d.chance("woman", women.Grown), d.whole("age", 41, 12, 19, 59))
		h.hardship = 0.9
		h.permit = d.chance("permit", 0.06)
	}
}

func (m *maker) two(h *household) {
	d, t := h.die, m.cal.Households.Two.Value
	switch d.chooseBy("type", t.OldCouple, t.Couple, t.Parent, t.Grandparent, t.Other) {
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
	ages := m.childAges(d, children)
	if grown {
		ages[0] = d.between("eldest-grown", 23, 33)
	}
	mother := ages[0] + d.whole("mother", 26.5, 4.2, 20, 42)
	husband, wife := m.couple(h, mother+d.whole("father", 1.8, 2.6, -4, 10))
	m.rebirth(wife, mother)
	m.children(h, husband, wife, ages)
	h.hardship = 0.5 + 0.25*float64(children)
	h.permit = !grown && d.chance("permit", 0.02)
}

// single is a parent alone with children.
func (m *maker) single(h *household, children int) {
	d := h.die
	ages := m.childAges(d, children)
	if d.chance("grown", 0.3) {
		ages[0] = d.between("eldest", 22, 30)
	}
	woman := d.chance("woman", 0.6)
	one := m.person(h, head, woman, ages[0]+d.whole("parent", 27, 4.5, 20, 45))
	father, mother := one, (*person)(nil)
	if woman {
		father, mother = nil, one
	}
	m.children(h, father, mother, ages)
	h.hardship = 2.2
}

// generations is a couple with its children and old parents.
func (m *maker) generations(h *household, size int) {
	d := h.die
	old := 1
	if size >= 5 || size == 4 && d.chance("both", 0.3) {
		old = 2
	}
	ages := m.childAges(d, min(max(size-2-old, 0), 3))
	age := d.whole("age", 45, 8, 28, 60)
	if len(ages) > 0 {
		age = ages[0] + d.whole("mother", 26.5, 4.2, 20, 40)
	}
	husband, wife := m.couple(h, age+2)
	if len(ages) > 0 {
		m.rebirth(wife, age)
	}
	m.children(h, husband, wife, ages)
	h.hardship = 0.8
	m.grandparents(h, husband, old)
	m.kinOf(h, size-len(h.persons))
}

// childAges draws the ages of one couple's children, the eldest first: each alone follows the ages of all the city's children, and
// brothers and sisters are a few years apart.
func (m *maker) childAges(d die, count int) []int {
	ages, at := make([]int, count), d.unit("first-child")
	for i := range ages {
		if i > 0 {
			at = reflected(at + d.of("child", i).normal("apart", 0, 0.22))
		}
		ages[i] = m.childAge(at)
	}
	slices.SortFunc(ages, func(a, b int) int { return b - a })
	return ages
}

// reflected keeps a place between 0 and 1, so that what was spread evenly stays so.
func reflected(x float64) float64 {
	x = math.Abs(x)
	if x = math.Mod(x, 2); x > 1 {
		return 2 - x
	}
	return x
}

// childAge is the age at a place, from 0 to 1, among all children in order of age.
func (m *maker) childAge(at float64) int {
	total := 0.0
	for _, w := range m.cal.Households.ChildAges.Value {
		total += w
	}
	at *= total
	for age, w := range m.cal.Households.ChildAges.Value {
		if at < w {
			return age
		}
		at -= w
	}
	return len(m.cal.Households.ChildAges.Value) - 1
}

// grandparents are the husband's parents, one or both.
func (m *maker) grandparents(h *household, son *person, count int) {
	d := h.die
	age := min(son.age+d.whole("grandfather", 25.5, 4, 19, 40), 97)
	if count == 1 {
		p := m.person(h, parent, d.chance("grandmother", 0.65), age)
		if p.female {
			son.mother = p
			return
		}
		p.surname = son.surname
		son.father = p
		return
	}
	father := m.person(h, parent, false, age)
	mother := m.person(h, parent, true, max(age-d.whole("younger", 1.5, 2.5, -4, 8), son.age+17))
	father.surname = son.surname
	m.marry(father, mother)
	son.father, son.mother = father, mother
}

// kinOf are others of the house: a very old mother, an unmarried brother.
func (m *maker) kinOf(h *household, count int) {
	husband := h.persons[0]
	for i := range count {
		d := h.die.of("kin", i)
		if i == 0 && husband.father != nil && husband.father.age < 75 {
			p := m.person(h, otherMember, true, min(husband.father.age+d.whole("age", 23, 3, 18, 30), 101))
			p.surname = pick(d, "surname", surnames)
			continue
		}
		p := m.person(h, otherMember, false, min(max(husband.age+d.between("age", -12, 8), 18), 70))
		p.surname = husband.surname
	}
}

// children adds the children of a couple or of one parent, the eldest first.
func (m *maker) children(h *household, father, mother *person, ages []int) {
	girls := 100 / (100 + m.cal.People.SexRatioAtBirth.Value)
	for i, age := range ages {
		d := h.die.of("child", i)
		p := m.person(h, child, d.chance("girl", girls), age)
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

// Kinds of collective households.
const (
	students = "students"
	workers  = "workers"
	care     = "care"
	others   = "others"
)

// quarter makes a place's collective households: rooms of students, of workers from elsewhere, of homes for those who need care.
func (m *maker) quarter(root die, v *place) []*household {
	var made []*household
	shares := m.cal.Households.Collective.Value
	for i, size := range m.drawQuarters(root, v) {
		h := &household{die: root.of("quarters", i), place: v, hardship: 0}
		h.booklet = fmt.Sprintf("%sJ%05d", v.code, i+1)
		h.quarters = [...]string{students, workers, care, others}[h.die.chooseBy("kind", shares.Students, shares.Workers, shares.Care, shares.Other)]
		h.urban, h.permit = h.quarters != care, h.quarters == workers
		for n := range size {
			m.inmate(h, h.die.of("inmate", n))
		}
		made = append(made, h)
	}
	return made
}

func (m *maker) drawQuarters(root die, v *place) []int {
	sizes := make([]int, v.quarters)
	for i := range sizes {
		sizes[i] = 1
	}
	for n := range v.collective - v.quarters {
		at := root.of("bed", n).below("quarters", len(sizes))
		for sizes[at] >= largest {
			at = (at + 1) % len(sizes)
		}
		sizes[at]++
	}
	return sizes
}

func (m *maker) inmate(h *household, d die) {
	women := m.cal.Households.Women.Value
	switch h.quarters {
	case students:
		age := d.between("age", 18, 21)
		if d.chance("upper-school", 0.45) {
			age = d.between("age", 15, 17)
		}
		m.person(h, otherMember, d.chance("woman", women.Students), age)
	case care:
		m.person(h, otherMember, d.chance("woman", women.Care), d.whole("age", 74, 8, 60, 95))
	default:
		m.person(h, otherMember, d.chance("woman", women.Workers), d.whole("age", 31, 9, 18, 59))
	}
}
