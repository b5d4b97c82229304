package rules

// Alone is one household of a batch as a batch of its own, as an explanation needs it.
func (l *Layout) Alone(b *Batch, household int) *Batch {
	person, supporter := b.MemberStart[household], b.SupporterStart[household]
	persons, supporters := b.MemberStart[household+1]-person, b.SupporterStart[household+1]-supporter
	ownEvent, personEvent := b.HouseholdEvent.Start[household], b.PersonEvent.Start[person]
	ownEvents := b.HouseholdEvent.Start[household+1] - ownEvent
	personEvents := b.PersonEvent.Start[person+persons] - personEvent
	one := l.NewBatch(1, int(persons), int(supporters), int(ownEvents), int(personEvents))
	takeRows(&one.Household, &b.Household, int32(household))
	takeRows(&one.Person, &b.Person, person)
	takeRows(&one.Supporter, &b.Supporter, supporter)
	takeRows(&one.HouseholdEvent.Table, &b.HouseholdEvent.Table, ownEvent)
	takeRows(&one.PersonEvent.Table, &b.PersonEvent.Table, personEvent)
	one.MemberStart[1], one.SupporterStart[1], one.HouseholdEvent.Start[1] = persons, supporters, ownEvents
	for i := range persons {
		one.PersonEvent.Start[i+1] = b.PersonEvent.Start[person+i+1] - personEvent
	}
	one.Counted[0], one.Area[0] = b.Counted[household], b.Area[household]
	for _, bits := range [][2]Bits{{one.Doubtful, b.Doubtful}, {one.Collective, b.Collective}, {one.AllSupporters, b.AllSupporters}} {
		if bits[1].Has(household) {
			bits[0].Set(0)
		}
	}
	return one
}

// takeRows fills a table with the rows of another from one on.
func takeRows(to, from *Table, first int32) {
	for _, columns := range [][2][]Column{{to.Facts, from.Facts}, {to.Held, from.Held}} {
		for i := range columns[0] {
			for row := range to.N {
				if num, known := columns[1][i].At(int(first) + row); known {
					columns[0][i].Set(row, num)
				}
			}
		}
	}
	for kind := range to.Complete {
		for row := range to.N {
			if kind < len(from.Complete) && from.Complete[kind].Has(int(first)+row) {
				to.Complete[kind].Set(row)
			}
		}
	}
}
