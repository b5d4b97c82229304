package rules

import (
	"math/bits"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// Bits is a bitmap, one bit a lane. Bits past the last lane are zero.
type Bits []uint64

// NewBits returns an empty bitmap for n lanes.
func NewBits(n int) Bits { return make(Bits, (n+63)/64) }

// Has reports whether lane i is set.
func (b Bits) Has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// Set sets lane i.
func (b Bits) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Clear clears lane i.
func (b Bits) Clear(i int) { b[i>>6] &^= 1 << (i & 63) }

// Count is the number of lanes set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Any reports whether a lane is set.
func (b Bits) Any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// Column is one fact of every lane of a table. A lane that is not Known is unknown, whatever Num holds.
// A bool is 0 or 1; an int itself; a date its days since 1970-01-01; a decimal its millionths; a code its index in
// the list; a set of codes has bit k for code k.
//
// Where Same is set, every lane is as lane 0 is, and only lane 0 needs to be there: most registers say the same of nearly
// everybody, and what is the same for all is evaluated once.
type Column struct {
	Num   []int64
	Known Bits
	Same  bool
}

// At is the value of lane i, false if it is unknown.
func (c *Column) At(i int) (int64, bool) {
	if c.Same {
		i = 0
	}
	return c.Num[i], c.Known.Has(i)
}

// Set makes lane i known with value v. The column is not Same.
func (c *Column) Set(i int, v int64) {
	c.Num[i] = v
	c.Known.Set(i)
}

// Each calls f for every lane that is set, in order.
func (b Bits) Each(f func(lane int)) { each(b, f) }

// Table is the rows of one relation in a batch, column by column.
type Table struct {
	N        int
	Facts    []Column // by the layout's slot
	Held     []Column // by programme, in the pack's order: receives it now
	Complete []Bits   // by event kind: all events of the kind are known
}

// Events is the dated rows of a table's lanes: those of lane i are rows Start[i] to Start[i+1].
type Events struct {
	Table         // Facts: kind, from, to, then the fields
	Start []int32 // one more than the parent's lanes
	of    []int32 // the parent of each row
}

// The slots of an event's columns before its fields.
const (
	EventKind = iota
	EventFrom
	EventTo
	eventFields
)

// Batch is whole households with their persons: the unit of evaluation. The members of household h are the persons
// MemberStart[h] to MemberStart[h+1]; the first Counted[h] of them count as members, the others are registered there but
// do not count. A batch is evaluated by one worker at a time.
type Batch struct {
	Household, Person, Supporter Table
	HouseholdEvent, PersonEvent  Events

	MemberStart    []int32
	Counted        []int32
	SupporterStart []int32
	Area           []area.Code // of each household; 0 is unknown
	Doubtful       Bits        // households whose composition is doubtful
	Collective     Bits        // dormitories and institutions: not assessed as families
	AllSupporters  Bits        // households of which every supporter is here; a register knows only those who live in its area

	householdOf, supporterOf []int32 // of each person and each supporter; filled by link
	uncounted                Bits    // persons who do not count as members; filled by link
}

// Layout is where each fact of a pack stands in a batch.
type Layout struct {
	pack       *pack.Pack
	slots      map[string]int // "person.birth" → slot in its unit's table
	facts      map[pack.Unit][]*pack.Fact
	programmes map[string]int
	kinds      map[pack.Unit]*pack.CodeList
	fields     map[pack.Unit]map[string]int
}

// NewLayout lays out the facts of a pack.
func NewLayout(p *pack.Pack) *Layout {
	l := &Layout{
		pack:       p,
		slots:      map[string]int{},
		facts:      map[pack.Unit][]*pack.Fact{},
		programmes: map[string]int{},
		kinds:      map[pack.Unit]*pack.CodeList{},
		fields:     map[pack.Unit]map[string]int{},
	}
	for _, f := range p.Facts {
		l.slots[f.Path()] = len(l.facts[f.Unit])
		l.facts[f.Unit] = append(l.facts[f.Unit], f)
	}
	for i, programme := range p.Programmes {
		l.programmes[programme.ID] = i
	}
	for _, e := range p.Events {
		l.kinds[e.Unit] = p.Codes[e.Kinds]
		fields := map[string]int{"kind": EventKind, "from": EventFrom, "to": EventTo}
		for i, f := range e.Fields {
			fields[f.Name] = eventFields + i
		}
		l.fields[e.Unit] = fields
	}
	return l
}

// Slot is where a fact stands in its unit's table; the path is "person.birth".
func (l *Layout) Slot(path string) (int, bool) {
	s, ok := l.slots[path]
	return s, ok
}

// Facts are a unit's facts by slot.
func (l *Layout) Facts(u pack.Unit) []*pack.Fact { return l.facts[u] }

// Programme is a programme's place in the pack and in Table.Held.
func (l *Layout) Programme(id string) (int, bool) {
	i, ok := l.programmes[id]
	return i, ok
}

// EventKinds is the closed list of a unit's kinds of events, nil if the pack has none.
func (l *Layout) EventKinds(u pack.Unit) *pack.CodeList { return l.kinds[u] }

// EventField is where a field of a unit's events stands.
func (l *Layout) EventField(u pack.Unit, name string) (int, bool) {
	s, ok := l.fields[u][name]
	return s, ok
}

// NewBatch allocates a batch in which everything is unknown. Counts are of rows.
func (l *Layout) NewBatch(households, persons, supporters, householdEvents, personEvents int) *Batch {
	return &Batch{
		Household:      l.table(pack.Household, households),
		Person:         l.table(pack.Person, persons),
		Supporter:      l.table(pack.Person, supporters),
		HouseholdEvent: l.events(pack.Household, households, householdEvents),
		PersonEvent:    l.events(pack.Person, persons, personEvents),
		MemberStart:    make([]int32, households+1),
		Counted:        make([]int32, households),
		SupporterStart: make([]int32, households+1),
		Area:           make([]area.Code, households),
		Doubtful:       NewBits(households),
		Collective:     NewBits(households),
		AllSupporters:  NewBits(households),
	}
}

func (l *Layout) table(u pack.Unit, n int) Table {
	t := Table{N: n, Facts: newColumns(len(l.facts[u]), n), Held: newColumns(len(l.programmes), n)}
	if kinds := l.kinds[u]; kinds != nil {
		t.Complete = make([]Bits, len(kinds.Codes))
		for i := range t.Complete {
			t.Complete[i] = NewBits(n)
		}
	}
	return t
}

func (l *Layout) events(u pack.Unit, parents, n int) Events {
	return Events{Table: Table{N: n, Facts: newColumns(eventFields+len(l.fields[u]), n)}, Start: make([]int32, parents+1)}
}

func newColumns(count, n int) []Column {
	columns := make([]Column, count)
	for i := range columns {
		columns[i] = Column{Num: make([]int64, n), Known: NewBits(n)}
	}
	return columns
}

// HouseholdOf is the household of each person.
func (b *Batch) HouseholdOf() []int32 {
	b.link()
	return b.householdOf
}

// link fills the way up from each row, once the segments are complete.
func (b *Batch) link() {
	if b.householdOf != nil {
		return
	}
	b.householdOf = owners(b.MemberStart, b.Person.N)
	b.supporterOf = owners(b.SupporterStart, b.Supporter.N)
	b.uncounted = NewBits(b.Person.N)
	for h, counted := range b.Counted {
		for lane := b.MemberStart[h] + counted; lane < b.MemberStart[h+1]; lane++ {
			b.uncounted.Set(int(lane))
		}
	}
	b.HouseholdEvent.of = owners(b.HouseholdEvent.Start, b.HouseholdEvent.N)
	b.PersonEvent.of = owners(b.PersonEvent.Start, b.PersonEvent.N)
}

func owners(start []int32, n int) []int32 {
	of := make([]int32, n)
	for owner := range len(start) - 1 {
		for row := start[owner]; row < start[owner+1]; row++ {
			of[row] = int32(owner)
		}
	}
	return of
}
