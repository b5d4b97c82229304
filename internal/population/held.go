package population

import (
	"maps"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
)

// findHeld reads what everybody receives now from the feed of holdings. The feed is complete for the programmes of its own
// list of codes and tells nothing of others.
func (b *builder) findHeld() {
	b.held = make([]column, len(b.pack.Programmes))
	for i, f := range b.pack.Feeds {
		if f.Role != feed.RoleHoldings {
			continue
		}
		t := b.feeds[i].table
		at := columnOf(t, columnProgramme)
		if at < 0 || b.pack.Codes[f.Columns[at].Codes] == nil {
			continue
		}
		b.readHeld(i, t, at)
	}
}

func (b *builder) readHeld(i int, t *feed.Table, at int) {
	codes := b.pack.Codes[t.Feed.Columns[at].Codes].Codes
	programme := make([]int, len(codes)) // by code, absent for one that is no programme of the pack
	for code, c := range codes {
		programme[code] = absent
		if index, ok := b.layout.Programme(c.ID); ok {
			programme[code] = index
			b.held[index] = newColumn(b.register.len())
		}
	}
	granted, ended := columnOf(t, columnGranted), columnOf(t, columnEnded)
	for person := range b.register.len() {
		if b.silenceMeansNone(i, person, 0) {
			for _, index := range programme {
				if index >= 0 {
					b.held[index].set(person, 0)
				}
			}
		}
		for _, row := range b.feeds[i].of(person) {
			code, ok := t.Num(at, int(row))
			if ok && programme[code] >= 0 && b.holdsNow(t, int(row), granted, ended) {
				b.held[programme[code]].set(person, 1)
			}
		}
	}
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
