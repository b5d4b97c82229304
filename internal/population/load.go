package population

import (
	"fmt"
	"path/filepath"
	"sync"

	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Load reads the columns that were saved in a folder, on all processors; the names stay on disk until they are asked for.
// The pack must have the facts, codes, programmes and events of the one with which they were made. A file that is not as it
// was written refuses the whole: there is never a part of a county.
func Load(policy *rules.Policy, dir string) (*Columns, error) {
	list, err := readList(policy.Pack(), dir)
	if err != nil {
		return nil, err
	}
	on, err := list.on()
	if err != nil {
		return nil, damaged(filepath.Join(dir, savedList), err)
	}
	c := &Columns{On: on, Simulated: list.Simulated, Checksum: list.Checksum, pack: policy.Pack(), layout: policy.Layout()}
	c.names = sync.OnceValues(func() (*Names, error) { return loadNames(c, list, dir) })
	l := &loader{list: list, dir: dir}
	if err := l.load(c); err != nil {
		return nil, err
	}
	return c, nil
}

// loader reads the files of one county.
type loader struct {
	list *saved
	dir  string
}

func (l *loader) load(c *Columns) error {
	var households, persons, supporters, householdEvents, personEvents *savedRows
	if err := attempt(
		l.opening(savedHouseholds, &households), l.opening(savedPersons, &persons), l.opening(savedSupporters, &supporters),
		l.opening(savedHouseholdEvents, &householdEvents), l.opening(savedPersonEvents, &personEvents)); err != nil {
		return err
	}
	var counts column
	if err := attempt(
		starting(persons, fieldHousehold, households.rows, &c.memberStart),
		starting(supporters, fieldHousehold, households.rows, &c.supporterStart),
		starting(householdEvents, fieldHousehold, households.rows, &c.householdEventStart),
		starting(personEvents, fieldPerson, persons.rows, &c.personEventStart),
		supporters.placing(persons.rows, &c.supporterPerson),
		func() error { return persons.whole(field{name: fieldCounts, form: flag()}, &counts) },
		func() error { return households.areas(&c.area) },
	); err != nil {
		return err
	}
	if err := c.count(&counts); err != nil {
		return damaged(persons.path, err)
	}
	c.chunks = chunked(c.memberStart, c.supporterStart, c.householdEventStart, c.personEventStart)
	return l.loadTables(c, households, persons, supporters, householdEvents, personEvents)
}

func (l *loader) loadTables(c *Columns, households, persons, supporters, householdEvents, personEvents *savedRows) error {
	c.household, c.person, c.supporter = c.emptyTable(pack.Household), c.emptyTable(pack.Person), c.emptyTable(pack.Person)
	batch := c.layout.NewBatch(0, 0, 0, 0, 0)
	c.householdEvent = make([]narrow.Column, len(batch.HouseholdEvent.Facts))
	c.personEvent = make([]narrow.Column, len(batch.PersonEvent.Facts))
	var tasks []func() error
	read := func(rows *savedRows, first func(extent) int32, fields []field) {
		starts := make([]int32, len(c.chunks))
		for i, at := range c.chunks {
			starts[i] = first(at)
		}
		for _, f := range fields {
			tasks = append(tasks, func() error { return rows.chunks(f, starts) })
		}
	}
	read(households, func(at extent) int32 { return at.household }, append(c.states(), c.fields(pack.Household, &c.household, true)...))
	read(persons, func(at extent) int32 { return at.person }, c.fields(pack.Person, &c.person, true))
	read(supporters, func(at extent) int32 { return at.supporter }, c.fields(pack.Person, &c.supporter, false))
	read(householdEvents, func(at extent) int32 { return at.householdEvent }, c.eventFields(pack.Household, c.householdEvent))
	read(personEvents, func(at extent) int32 { return at.personEvent }, c.eventFields(pack.Person, c.personEvent))
	if err := attempt(tasks...); err != nil {
		return err
	}
	c.silent()
	return nil
}

// silent fills the columns that no file holds: nothing is known in them.
func (c *Columns) silent() {
	for i := range c.supporter.complete {
		for chunk := range c.Chunks() {
			c.supporter.complete[i].AppendSame(int(c.chunks[chunk+1].supporter-c.chunks[chunk].supporter), 0, false)
		}
	}
	for _, events := range [][]narrow.Column{c.householdEvent, c.personEvent} {
		for i := range events {
			for events[i].Chunks() < c.Chunks() {
				events[i].AppendSame(0, 0, false)
			}
		}
	}
}

func (c *Columns) emptyTable(unit pack.Unit) table {
	t := table{facts: make([]narrow.Column, len(c.layout.Facts(unit))), held: make([]narrow.Column, len(c.pack.Programmes))}
	if kinds := c.layout.EventKinds(unit); kinds != nil {
		t.complete = make([]narrow.Column, len(kinds.Codes))
	}
	return t
}

// count takes from each person's mark how many of a household count: those who do come first.
func (c *Columns) count(counts *column) error {
	c.counted = make([]int32, len(c.memberStart)-1)
	for h := range c.counted {
		from, to := c.memberStart[h], c.memberStart[h+1]
		for person := from; person < to && counts.num[person] != 0; person++ {
			c.counted[h]++
		}
		for person := from + c.counted[h]; person < to; person++ {
			if counts.num[person] != 0 {
				return fmt.Errorf("household %d: who counts does not come first", h)
			}
		}
	}
	return nil
}

// attempt runs tasks on all processors and returns the error of the first task in their order that has one.
func attempt(tasks ...func() error) error {
	errs := make([]error, len(tasks))
	together(len(tasks), func(i int) { errs[i] = tasks[i]() })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
