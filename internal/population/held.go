package population

import (
	"maps"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
)

// findHeld reads what everybody receives now from the feeds of holdings. A feed is complete for the programmes of its own
// list of codes and tells nothing of others. Who receives a programme by one feed does; nobody does not unless every
// feed with the programme would say so.
func (b *builder) findHeld() {
	b.held = make([]kept, len(b.pack.Programmes))
	held := make([]column, len(b.pack.Programmes))
	for i, f := range b.pack.Feeds {
		if f.Role != feed.RoleHoldings {
			continue
		}
		t := b.feeds[i].table
		at := columnOf(t, feed.ColumnProgramme)
		if at < 0 || b.pack.Codes[f.Columns[at].Codes] == nil {
			continue
		}
		told := b.readHeld(i, t, at)
		for index := range told {
			held[index].join(&told[index])
		}
	}
	for index := range held {
		b.held[index] = held[index].keep()
	}
}

// join takes in what another feed says of a programme.
func (c *column) join(o *column) {
	switch {
	case o.num == nil:
		return
	case c.num == nil:
		*c = *o
		return
	}
	for person := range c.num {
		switch {
		case o.known.Has(person) && o.num[person] == 1:
			c.set(person, 1)
		case !o.known.Has(person) && c.num[person] == 0:
			c.known.Clear(person)
		}
	}
}

// readHeld is what one feed says, by programme. A row that names no programme may be of any.
func (b *builder) readHeld(i int, t *feed.Table, at int) []column {
	held := make([]column, len(b.pack.Programmes))
	codes := b.pack.Codes[t.Feed.Columns[at].Codes].Codes
	programme := make([]int, len(codes)) // by code, absent for one that is no programme of the pack
	for code, c := range codes {
		programme[code] = absent
		if index, ok := b.layout.Programme(c.ID); ok {
			programme[code] = index
			held[index] = newColumn(b.register.len())
		}
	}
	granted, ended := columnOf(t, feed.ColumnGranted), columnOf(t, feed.ColumnEnded)
	for person := range b.register.len() {
		if b.silenceMeansNone(i, person, 0) && b.feeds[i].tell(person, at) {
			for _, index := range programme {
				if index >= 0 {
					held[index].set(person, 0)
				}
			}
		}
		for _, row := range b.feeds[i].of(person) {
			code, ok := t.Num(at, int(row))
			if ok && programme[code] >= 0 && b.holdsNow(t, int(row), granted, ended) {
				held[programme[code]].set(person, 1)
			}
		}
	}
	return held
}

// tell reports whether all rows of a person have a value in a column.
func (m *matched) tell(person, column int) bool {
	for _, row := range m.of(person) {
		if _, ok := m.table.Num(column, int(row)); !ok {
			return false
		}
	}
	return true
}

// holdsNow reports whether a row's benefit was granted by the date and has not ended by it.
func (b *builder) holdsNow(t *feed.Table, row, granted, ended int) bool {
	if granted >= 0 {
		if day, ok := t.Num(granted, row); ok && calendar.Date(day) > b.on {
			return false
		}
	}
	if ended >= 0 {
		if day, ok := t.Num(ended, row); ok && calendar.Date(day) <= b.on {
			return false
		}
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
