package population

import (
	"cmp"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// eventSource makes events of a feed's rows.
type eventSource struct {
	feed     int // in the pack
	unit     pack.Unit
	kind     int64       // of every row, absent where kindAt holds it
	kindAt   coded       // column
	complete []int       // the kinds that the feed has every event of
	from, to int         // columns, to is absent if there is none
	fields   []coded     // slot and column
	table    *feed.Table // of the feed
}

// coded is a column of a feed that fills a slot of events. Its codes are the slot's by their ids: the lists may differ.
type coded struct {
	slot, column int
	codes        []int64 // by the column's code, absent for one that the slot's list does not have; nil for no codes
}

func (b *builder) coded(slot, column int, from *pack.Feed, list *pack.CodeList) coded {
	c := coded{slot: slot, column: column}
	if column < 0 {
		return c
	}
	own := b.pack.Codes[from.Columns[column].Codes]
	if own == nil || list == nil || own == list {
		return c
	}
	for _, code := range own.Codes {
		c.codes = append(c.codes, int64(list.Index(code.ID)))
	}
	return c
}

// read is a row's value as the slot has it.
func (c *coded) read(t *feed.Table, row int) (n int64, known bool) {
	n, known = t.Num(c.column, row)
	if known && c.codes != nil {
		n = c.codes[n]
	}
	return n, known
}

// event is one event, as slots of the batch's table.
type event struct {
	kind, from, to int64
	toKnown        bool
	values         [][2]int64 // slot and value
}

func (b *builder) findEvents() {
	for i, f := range b.pack.Feeds {
		t := b.feeds[i].table
		for _, e := range f.Events {
			kinds := b.layout.EventKinds(e.Unit)
			if kinds == nil {
				continue
			}
			s := &eventSource{feed: i, unit: e.Unit, kind: absent, kindAt: coded{column: absent}, to: absent, table: t}
			s.from = columnOf(t, e.From)
			if e.To != "" {
				s.to = columnOf(t, e.To)
			}
			if e.Kind != "" {
				s.kind = int64(codeIndex(kinds, e.Kind))
				s.complete = []int{int(s.kind)}
			} else {
				s.kindAt = b.coded(rules.EventKind, columnOf(t, e.KindOf), f, kinds)
				for _, id := range e.Kinds {
					s.complete = append(s.complete, codeIndex(kinds, id))
				}
			}
			for _, field := range sortedKeys(e.Fields) {
				slot, ok := b.layout.EventField(e.Unit, field)
				if at := columnOf(t, e.Fields[field]); ok && at >= 0 {
					s.fields = append(s.fields, b.coded(slot, at, f, b.fieldCodes(e.Unit, field)))
				}
			}
			b.events = append(b.events, s)
		}
	}
}

// fieldCodes is the list of a field's codes, nil for a field without.
func (b *builder) fieldCodes(u pack.Unit, name string) *pack.CodeList {
	for _, e := range b.pack.Events {
		for _, f := range e.Fields {
			if e.Unit == u && f.Name == name {
				return b.pack.Codes[f.Codes]
			}
		}
	}
	return nil
}

// eventsOf is the events of a unit that the rows of persons make together, up to the date, in the order of their days.
func (b *builder) eventsOf(unit pack.Unit, persons ...int32) []event {
	var events []event
	for _, person := range persons {
		for _, s := range b.events {
			if s.unit != unit {
				continue
			}
			for _, row := range b.feeds[s.feed].of(int(person)) {
				if e, ok := s.event(int(row), b.on); ok {
					s.values(&e, int(row))
					events = append(events, e)
				}
			}
		}
	}
	sortEvents(events)
	return events
}

// countOf is how many events of a unit a person's rows make.
func (b *builder) countOf(unit pack.Unit, person int) int {
	n := 0
	for _, s := range b.events {
		if s.unit != unit {
			continue
		}
		for _, row := range b.feeds[s.feed].of(person) {
			if _, ok := s.event(int(row), b.on); ok {
				n++
			}
		}
	}
	return n
}

// event is the event of a row. A row without a date, or with a later one than the date of evaluation, makes none: it has
// not happened. So does one of a kind that events do not have.
func (s *eventSource) event(row int, on calendar.Date) (event, bool) {
	e := event{kind: s.kind}
	if s.kindAt.column >= 0 {
		kind, ok := s.kindAt.read(s.table, row)
		if !ok || kind == absent {
			return e, false
		}
		e.kind = kind
	}
	from, ok := int64(0), false
	if s.from >= 0 {
		from, ok = s.table.Num(s.from, row)
	}
	if !ok || calendar.Date(from) > on {
		return e, false
	}
	e.from = from
	if s.to >= 0 {
		e.to, e.toKnown = s.table.Num(s.to, row)
	}
	return e, true
}

// values reads the fields of a row's event.
func (s *eventSource) values(e *event, row int) {
	for _, f := range s.fields {
		if n, ok := f.read(s.table, row); ok && (f.codes == nil || n != absent) {
			e.values = append(e.values, [2]int64{int64(f.slot), n})
		}
	}
}

func sortEvents(events []event) {
	slices.SortStableFunc(events, func(x, y event) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.kind, y.kind)) })
}

// put writes an event into a row.
func (e *event) put(t *rules.Events, row int) {
	t.Facts[rules.EventKind].Set(row, e.kind)
	t.Facts[rules.EventFrom].Set(row, e.from)
	if e.toKnown {
		t.Facts[rules.EventTo].Set(row, e.to)
	}
	for _, v := range e.values {
		t.Facts[v[0]].Set(row, v[1])
	}
}

// findComplete finds, by kind of events of each unit, the persons of whom all are known: every feed that is complete for
// the kind was delivered, covers the person, and none of the person's rows was set aside or lacks its kind.
func (b *builder) findComplete() {
	b.complete = map[pack.Unit][]rules.Bits{}
	for _, unit := range []pack.Unit{pack.Person, pack.Household} {
		if kinds := b.layout.EventKinds(unit); kinds != nil {
			b.complete[unit] = make([]rules.Bits, len(kinds.Codes))
		}
	}
	for _, s := range b.events {
		all := rules.NewBits(b.register.len())
		for person := range b.register.len() {
			if b.silenceMeansNone(s.feed, person, eventMonths) && (s.kindAt.column < 0 || b.feeds[s.feed].tell(person, s.kindAt.column)) {
				all.Set(person)
			}
		}
		for _, kind := range s.complete {
			b.complete[s.unit][kind] = both(b.complete[s.unit][kind], all)
		}
	}
}

// both is the persons of two sets, of which the first may not have been made yet.
func both(set, other rules.Bits) rules.Bits {
	if set == nil {
		return slices.Clone(other)
	}
	for w := range set {
		set[w] &= other[w]
	}
	return set
}

// silenceMeansNone reports whether what a feed does not say of a person is not there.
func (b *builder) silenceMeansNone(i, person, months int) bool {
	return b.covered[i].Has(person) && !b.feeds[i].aside.Has(person) && b.coverage[i].closed(b.register.place(person), months)
}
