package population

import (
	"cmp"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Columns is people and households as narrow columns, in chunks of whole households. It holds what evaluation reads and
// nobody's name: those are [Names]. Many may read it at a time.
type Columns struct {
	On        calendar.Date
	Simulated bool   // the facts are invented
	Checksum  string // SHA-256, hex, of the files that it was read from; "" if it was built

	pack                                             *pack.Pack
	layout                                           *rules.Layout
	chunks                                           []extent // one more than there are chunks: where each begins
	memberStart, supporterStart, householdEventStart []int32  // by household, one more than there are
	personEventStart                                 []int32  // by person, one more than there are
	counted                                          []int32  // by household
	supporterPerson                                  []int32  // of each supporter: the person
	area                                             []area.Code
	doubtful, collective, allSupporters              narrow.Column

	household, person, supporter table
	householdEvent, personEvent  []narrow.Column // by slot

	names func() (*Names, error)
}

// extent is where a chunk begins: its first row of each relation.
type extent struct{ household, person, supporter, householdEvent, personEvent int32 }

// table is a relation's columns as those of rules.Table.
type table struct{ facts, held, complete []narrow.Column }

// personsAtOnce is about how many persons a chunk has.
const personsAtOnce = 1000

// chunked is where chunks begin: whole households together, as long as there are no more than so many persons.
func chunked(memberStart, supporterStart, householdEventStart, personEventStart []int32) []extent {
	households := int32(len(memberStart) - 1)
	at := func(h int32) extent {
		person := memberStart[h]
		return extent{h, person, supporterStart[h], householdEventStart[h], personEventStart[person]}
	}
	starts := []extent{{}}
	for from := int32(0); from < households; {
		to := from + 1
		for to < households && memberStart[to+1]-memberStart[from] <= personsAtOnce {
			to++
		}
		starts = append(starts, at(to))
		from = to
	}
	return starts
}

// Chunks is the number of chunks.
func (c *Columns) Chunks() int { return len(c.chunks) - 1 }

// Households is the number of households.
func (c *Columns) Households() int { return len(c.counted) }

// Persons is the number of persons.
func (c *Columns) Persons() int { return len(c.personEventStart) - 1 }

// First is the first household and the first person of a chunk, counted from 0 over all of them: the household in lane i of
// the chunk is number household+i.
func (c *Columns) First(chunk int) (household, person int) {
	return int(c.chunks[chunk].household), int(c.chunks[chunk].person)
}

// Lane is where a household is, counted from 0 over all chunks: its chunk and its lane there.
func (c *Columns) Lane(household int) (chunk, lane int) {
	chunk, found := slices.BinarySearchFunc(c.chunks, int32(household), func(at extent, h int32) int { return cmp.Compare(at.household, h) })
	if !found {
		chunk--
	}
	return chunk, household - int(c.chunks[chunk].household)
}

// Names is who they are. The error says that they were not saved or that their file is damaged.
func (c *Columns) Names() (*Names, error) { return c.names() }

// Fill makes a batch a chunk: what it held is overwritten and its memory used again, so that a worker has one batch for all
// its chunks. The zero batch will do.
func (c *Columns) Fill(chunk int, into *rules.Batch) {
	from, to := c.chunks[chunk], c.chunks[chunk+1]
	n := extent{to.household - from.household, to.person - from.person, to.supporter - from.supporter,
		to.householdEvent - from.householdEvent, to.personEvent - from.personEvent}
	b := rules.Batch{
		Household: into.Household, Person: into.Person, Supporter: into.Supporter,
		MemberStart:    starts(into.MemberStart, c.memberStart[from.household:to.household+1]),
		SupporterStart: starts(into.SupporterStart, c.supporterStart[from.household:to.household+1]),
		Counted:        append(into.Counted[:0], c.counted[from.household:to.household]...),
		Area:           append(into.Area[:0], c.area[from.household:to.household]...),
		Doubtful:       readBits(&c.doubtful, chunk, into.Doubtful, int(n.household)),
		Collective:     readBits(&c.collective, chunk, into.Collective, int(n.household)),
		AllSupporters:  readBits(&c.allSupporters, chunk, into.AllSupporters, int(n.household)),
	}
	b.HouseholdEvent.Facts, b.PersonEvent.Facts = into.HouseholdEvent.Facts, into.PersonEvent.Facts
	c.household.fill(chunk, &b.Household, int(n.household))
	c.person.fill(chunk, &b.Person, int(n.person))
	c.supporter.fill(chunk, &b.Supporter, int(n.supporter))
	b.HouseholdEvent.Facts = fillColumns(c.householdEvent, chunk, b.HouseholdEvent.Facts, int(n.householdEvent))
	b.PersonEvent.Facts = fillColumns(c.personEvent, chunk, b.PersonEvent.Facts, int(n.personEvent))
	b.HouseholdEvent.N, b.PersonEvent.N = int(n.householdEvent), int(n.personEvent)
	b.HouseholdEvent.Start = starts(into.HouseholdEvent.Start, c.householdEventStart[from.household:to.household+1])
	b.PersonEvent.Start = starts(into.PersonEvent.Start, c.personEventStart[from.person:to.person+1])
	*into = b
}

// starts is where rows begin, counted from the chunk's first.
func starts(into, all []int32) []int32 {
	into = into[:0]
	for _, at := range all {
		into = append(into, at-all[0])
	}
	return into
}

func (t *table) fill(chunk int, into *rules.Table, n int) {
	into.N = n
	into.Facts = fillColumns(t.facts, chunk, into.Facts, n)
	into.Held = fillColumns(t.held, chunk, into.Held, n)
	if len(into.Complete) != len(t.complete) {
		into.Complete = make([]rules.Bits, len(t.complete))
	}
	for i := range t.complete {
		into.Complete[i] = readBits(&t.complete[i], chunk, into.Complete[i], n)
	}
}

func fillColumns(columns []narrow.Column, chunk int, into []rules.Column, n int) []rules.Column {
	if len(into) != len(columns) {
		into = make([]rules.Column, len(columns))
	}
	for i := range columns {
		fillColumn(&columns[i], chunk, &into[i], n)
	}
	return into
}

func fillColumn(column *narrow.Column, chunk int, into *rules.Column, n int) {
	into.Num = slices.Grow(into.Num[:0], n)[:n]
	into.Known = sized(into.Known, n)
	into.Same = column.Read(chunk, into.Num, into.Known)
}

func readBits(column *narrow.Column, chunk int, into rules.Bits, n int) rules.Bits {
	into = sized(into, n)
	column.ReadBits(chunk, into)
	return into
}

// sized is a bitmap for n lanes, whatever it holds.
func sized(b rules.Bits, n int) rules.Bits {
	words := (n + 63) / 64
	return slices.Grow(b[:0], words)[:words]
}

// Household is a household as reports name it.
type Household struct {
	Key     string
	Village area.Code
	Members []Member // by lane: those who count first
	Doubts  []pack.Text
}
