package population

import (
	"slices"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Told is a fact that is known of a family, with where it comes from and what less trusted sources say otherwise.
type Told struct {
	Fact   *pack.Fact
	Lane   int   // of a member; 0 of the household
	Value  int64 // as columns hold it
	Source Source
	Others []Disagreement // in the fact's order of trust
}

// Told is everything that is known of the household and of its members: first of the household, then member by member, each in the pack's order.
func (f *Family) Told(layout *rules.Layout) []Told {
	all := f.toldOf(layout, pack.Household, 0, f.Batch.Household.Facts)
	for lane := range f.Members {
		all = append(all, f.toldOf(layout, pack.Person, lane, f.Batch.Person.Facts)...)
	}
	return all
}

func (f *Family) toldOf(layout *rules.Layout, unit pack.Unit, lane int, facts []rules.Column) []Told {
	number := f.reference
	if unit == pack.Person {
		number = f.Members[lane].ID
	}
	var all []Told
	for slot, fact := range layout.Facts(unit) {
		column := &facts[slot]
		source, told := f.Source(unit, false, lane, slot)
		if !told || !column.Known.Has(lane) {
			continue // what follows from age and place alone nobody told
		}
		t := Told{Fact: fact, Lane: lane, Value: column.Num[lane], Source: source}
		for _, d := range f.disagreements {
			if d.Fact == fact && d.Person == number {
				t.Others = append(t.Others, d)
			}
		}
		all = append(all, t)
	}
	return all
}

// disagreementsOf are those about some persons.
func (b *builder) disagreementsOf(about map[idno.Number]bool) []Disagreement {
	var all []Disagreement
	for _, d := range b.disagreements {
		if about[d.Person] {
			all = append(all, d)
		}
	}
	return all
}

// Row is a row of a feed about a member, as it was delivered.
type Row struct {
	Lane     int // of the member
	Feed     *pack.Feed
	Delivery *feed.Delivery // nil of a file without one
	File     string
	Line     int      // the row's number in the file
	Cells    []string // by the feed's columns, as [feed.Table.Cells] has them; they hold sealed ones in the open
}

// Rows is the rows in use about the members, member by member and each in the pack's order of feeds.
func (f *Family) Rows() []Row {
	if f.rows == nil {
		return nil
	}
	var all []Row
	for lane := range f.Members {
		all = append(all, f.rows(lane)...)
	}
	return all
}

// rowsOf is the rows about a person.
func (b *builder) rowsOf(person, lane int) []Row {
	var all []Row
	for i, m := range b.feeds {
		for _, row := range slices.Sorted(slices.Values(m.of(person))) {
			file, line := m.table.File(int(row))
			all = append(all, Row{Lane: lane, Feed: b.pack.Feeds[i], Delivery: file.Delivery, File: file.Name, Line: line, Cells: m.table.Cells(int(row))})
		}
	}
	return all
}
