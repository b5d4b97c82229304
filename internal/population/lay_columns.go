package population

import (
	"sync"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// lanes is persons of the register in the order in which a relation has them, and where its chunks begin.
type lanes struct {
	persons []int32
	starts  []int32
}

// columns lays households out, column after column.
func (b *builder) columns(households []household) *Columns {
	n := len(households)
	c := &Columns{On: b.on, pack: b.pack, layout: b.layout, counted: make([]int32, n), area: make([]area.Code, n),
		memberStart: make([]int32, n+1), supporterStart: make([]int32, n+1), householdEventStart: make([]int32, n+1)}
	var members, references, supporters lanes
	for i := range households {
		h := &households[i]
		c.counted[i], c.area[i] = int32(h.counted), h.place
		members.persons = append(members.persons, h.members...)
		supporters.persons = append(supporters.persons, h.supporters...)
		references.persons = append(references.persons, h.reference)
		c.memberStart[i+1], c.supporterStart[i+1] = int32(len(members.persons)), int32(len(supporters.persons))
	}
	c.supporterPerson = b.places(supporters.persons, members.persons)
	b.countEvents(c, households, members.persons)
	c.chunks = chunked(c.memberStart, c.supporterStart, c.householdEventStart, c.personEventStart)
	for _, at := range c.chunks {
		members.starts = append(members.starts, at.person)
		references.starts = append(references.starts, at.household)
		supporters.starts = append(supporters.starts, at.supporter)
	}
	b.layStates(c, households)
	b.layEvents(c, households)
	b.layTables(c, households, members, references, supporters)
	for _, d := range b.set.Deliveries {
		c.Simulated = c.Simulated || d.Simulated
	}
	c.names = sync.OnceValues(func() (*Names, error) { return b.names(c, households), nil })
	return c
}

// elsewhere stands for a person who is in none of the households, but in one of another area.
const elsewhere = -1

// places is where persons stand among the members of all households.
func (b *builder) places(persons, members []int32) []int32 {
	place := make([]int32, b.register.len())
	for person := range place {
		place[person] = elsewhere
	}
	for lane, person := range members {
		place[person] = int32(lane)
	}
	places := make([]int32, len(persons))
	for i, person := range persons {
		places[i] = place[person]
	}
	return places
}

func (b *builder) names(c *Columns, households []household) *Names {
	n := newNamer(c)
	for i := range households {
		h := &households[i]
		n.addHousehold(h.key, h.doubts)
		for _, person := range h.members {
			n.addPerson(b.register.text(b.register.name, int(person)), b.register.number(int(person)))
		}
	}
	return n.Names
}

// countEvents finds out how many events each person and each household has.
func (b *builder) countEvents(c *Columns, households []household, members []int32) {
	c.personEventStart = make([]int32, len(members)+1)
	for lane, person := range members {
		c.personEventStart[lane+1] = c.personEventStart[lane] + int32(b.countOf(pack.Person, int(person)))
	}
	for i := range households {
		n := 0
		for _, person := range households[i].members {
			n += b.countOf(pack.Household, int(person))
		}
		c.householdEventStart[i+1] = c.householdEventStart[i] + int32(n)
	}
}

// layStates lays out what is said of households as a whole.
func (b *builder) layStates(c *Columns, households []household) {
	for chunk := range c.Chunks() {
		some := households[c.chunks[chunk].household:c.chunks[chunk+1].household]
		doubtful, collective, supporters := rules.NewBits(len(some)), rules.NewBits(len(some)), rules.NewBits(len(some))
		for i := range some {
			if len(some[i].doubts) > 0 {
				doubtful.Set(i)
			}
			if some[i].apart() {
				collective.Set(i)
			}
		}
		c.doubtful.AppendBits(doubtful, len(some))
		c.collective.AppendBits(collective, len(some))
		c.allSupporters.AppendBits(supporters, len(some))
	}
}

// layEvents lays out the events of chunk after chunk.
func (b *builder) layEvents(c *Columns, households []household) {
	for chunk := range c.Chunks() {
		from, to := c.chunks[chunk], c.chunks[chunk+1]
		batch := b.layout.NewBatch(0, 0, 0, int(to.householdEvent-from.householdEvent), int(to.personEvent-from.personEvent))
		ofHouseholds, ofPersons := 0, 0
		for i := range households[from.household:to.household] {
			h := &households[int(from.household)+i]
			ofHouseholds = putEvents(&batch.HouseholdEvent, ofHouseholds, b.eventsOf(pack.Household, h.members...))
			for _, person := range h.members {
				ofPersons = putEvents(&batch.PersonEvent, ofPersons, b.eventsOf(pack.Person, person))
			}
		}
		c.householdEvent = appendColumns(c.householdEvent, batch.HouseholdEvent.Facts)
		c.personEvent = appendColumns(c.personEvent, batch.PersonEvent.Facts)
	}
}

func appendColumns(to []narrow.Column, from []rules.Column) []narrow.Column {
	if to == nil {
		to = make([]narrow.Column, len(from))
	}
	for i := range from {
		to[i].Append(from[i].Num, from[i].Known)
	}
	return to
}

// layTables lays out the facts, what is held and where all events are known. Columns are independent of each other: each
// is one task for one processor.
func (b *builder) layTables(c *Columns, households []household, members, references, supporters lanes) {
	c.household, c.person, c.supporter = c.emptyTable(pack.Household), c.emptyTable(pack.Person), c.emptyTable(pack.Person)
	var tasks []func(*gatherer)
	gather := func(to *narrow.Column, from *kept, l *lanes) {
		tasks = append(tasks, func(g *gatherer) { g.gather(to, from, l) })
	}
	nothing := &kept{}
	facts := func(unit pack.Unit, t *table, l *lanes) {
		told := map[int]*kept{}
		for _, s := range b.slots[unit] {
			told[s.slot] = &s.fact.kept
		}
		for slot := range t.facts {
			if from := told[slot]; from != nil {
				gather(&t.facts[slot], from, l)
			} else {
				gather(&t.facts[slot], nothing, l)
			}
		}
	}
	facts(pack.Person, &c.person, &members)
	facts(pack.Person, &c.supporter, &supporters)
	facts(pack.Household, &c.household, &references)
	for programme := range b.held {
		gather(&c.person.held[programme], &b.held[programme], &members)
		gather(&c.supporter.held[programme], &b.held[programme], &supporters)
		tasks = append(tasks, func(g *gatherer) { g.heldBy(&c.household.held[programme], &b.held[programme], households, &references) })
	}
	for kind, whole := range b.complete[pack.Person] {
		tasks = append(tasks, func(g *gatherer) { g.bits(&c.person.complete[kind], whole, &members) })
		tasks = append(tasks, func(g *gatherer) { g.bits(&c.supporter.complete[kind], nil, &supporters) })
	}
	for kind, whole := range b.complete[pack.Household] {
		tasks = append(tasks, func(g *gatherer) { g.allBits(&c.household.complete[kind], whole, households, &references) })
	}
	gatherers := sync.Pool{New: func() any { return &gatherer{all: newColumn(b.register.len())} }}
	together(len(tasks), func(i int) {
		g := gatherers.Get().(*gatherer)
		tasks[i](g)
		gatherers.Put(g)
	})
}

// gatherer brings columns from the register's order into that of lanes.
type gatherer struct {
	all   column // of everybody, in the register's order
	num   []int64
	known rules.Bits
}

// each calls f for every chunk with its lanes, all unknown and 0.
func (g *gatherer) each(l *lanes, f func(from, to int32)) {
	for i := range len(l.starts) - 1 {
		from, to := l.starts[i], l.starts[i+1]
		n := int(to - from)
		if cap(g.num) < n {
			g.num, g.known = make([]int64, n), rules.NewBits(n)
		}
		g.num, g.known = g.num[:n], sized(g.known, n)
		clear(g.num)
		clear(g.known)
		f(from, to)
	}
}

func (g *gatherer) gather(to *narrow.Column, from *kept, l *lanes) {
	if v, known, same := from.same(); same {
		for i := range len(l.starts) - 1 {
			to.AppendSame(int(l.starts[i+1]-l.starts[i]), v, known)
		}
		return
	}
	from.spread(&g.all)
	g.each(l, func(first, last int32) {
		for i, person := range l.persons[first:last] {
			if g.all.known.Has(int(person)) {
				g.num[i] = g.all.num[person]
				g.known.Set(i)
			}
		}
		to.Append(g.num, g.known)
	})
}

// heldBy: a benefit is held by a household if some member has it, and not held if it is known of every member.
func (g *gatherer) heldBy(to *narrow.Column, from *kept, households []household, l *lanes) {
	g.each(l, func(first, last int32) {
		for i := range last - first {
			if v, known := heldBy(from, &households[first+i]); known {
				g.num[i] = v
				g.known.Set(int(i))
			}
		}
		to.Append(g.num, g.known)
	})
}

func (g *gatherer) bits(to *narrow.Column, from rules.Bits, l *lanes) {
	g.each(l, func(first, last int32) {
		for i, person := range l.persons[first:last] {
			if from != nil && from.Has(int(person)) {
				g.known.Set(i)
			}
		}
		to.AppendBits(g.known, int(last-first))
	})
}

// allBits: all events of a kind are known of a household if they are of every member.
func (g *gatherer) allBits(to *narrow.Column, from rules.Bits, households []household, l *lanes) {
	g.each(l, func(first, last int32) {
		for i := range last - first {
			if ofAll(from, &households[first+i]) {
				g.known.Set(int(i))
			}
		}
		to.AppendBits(g.known, int(last-first))
	})
}
