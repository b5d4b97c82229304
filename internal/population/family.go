package population

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Family is one household, ready to be evaluated and explained.
type Family struct {
	Batch      *rules.Batch // of this household alone
	Key        string       // the household's key in its population, "" of a dossier
	Village    area.Code
	Members    []Member    // by lane: those who count come first
	Supporters []Member    // by lane
	Doubts     []pack.Text // why the composition is doubtful
	Simulated  bool        // the facts are invented

	source        func(unit pack.Unit, supporter bool, lane, slot int) (Source, bool)
	reference     idno.Number    // of the member whose facts of the household are its own
	disagreements []Disagreement // about the members
	rows          func(lane int) []Row
}

// Member is a person of a family.
type Member struct {
	Name   string
	ID     idno.Number // none if not known
	Counts bool        // counts as a member of the household; supporters do not
}

// Source is what a value of a fact rests on.
type Source struct {
	Feed      *pack.Feed    // nil where people said it
	Said      *Statement    // what they said; nil where a feed tells
	None      bool          // the feed says nothing of the person, and that means none
	Rows      int           // of the person in the feed
	Delivered calendar.Date // the newest delivery that the value rests on
	Known     bool          // Delivered is known
	Latest    calendar.Date // the date of the newest of the rows, where the fact has a column of dates
	Dated     bool          // Latest is known
}

// Source is where a member's, a supporter's or the household's value of the fact in a slot comes from; false if it is
// unknown, or if nobody said.
func (f *Family) Source(unit pack.Unit, supporter bool, lane, slot int) (Source, bool) {
	if f.source == nil {
		return Source{}, false
	}
	return f.source(unit, supporter, lane, slot)
}

// Member finds a member's lane by name.
func (f *Family) Member(name string) (int, bool) {
	for i, m := range f.Members {
		if m.Name == name {
			return i, true
		}
	}
	return 0, false
}

// Subject is the family as package rules explains it.
func (f *Family) Subject() rules.Subject {
	s := rules.Subject{Batch: f.Batch, Key: f.Key, Persons: names(f.Members), Supporters: names(f.Supporters), Doubts: f.Doubts, Simulated: f.Simulated}
	if f.source != nil {
		s.Origin = f.origin
	}
	return s
}

// origin dates a value by the newest row that it rests on, or by the delivery that had none.
func (f *Family) origin(unit pack.Unit, supporter bool, lane, slot int) rules.Origin {
	s, ok := f.source(unit, supporter, lane, slot)
	if !ok {
		return rules.Origin{}
	}
	if s.Said != nil {
		return rules.Origin{Source: s.Said.Source, Date: s.Said.On, Dated: true}
	}
	o := rules.Origin{Source: "feed:" + s.Feed.ID, Date: s.Delivered, Dated: s.Known}
	if s.Dated {
		o.Date, o.Dated = s.Latest, true
	}
	return o
}

func names(members []Member) []string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	return names
}

// family lays out one household with its sources.
func (b *builder) family(h *household, simulated bool) *Family {
	f := &Family{Batch: b.lay(h), Key: h.key, Village: h.place, Members: b.members(h), Doubts: h.doubts, Simulated: simulated}
	for _, person := range h.supporters {
		f.Supporters = append(f.Supporters, b.member(person))
	}
	f.reference = b.register.number(int(h.reference))
	f.rows = func(lane int) []Row { return b.rowsOf(int(h.members[lane]), lane) }
	about := map[idno.Number]bool{}
	for _, m := range f.Members {
		about[m.ID] = true
	}
	f.disagreements = b.disagreementsOf(about)
	f.source = func(unit pack.Unit, supporter bool, lane, slot int) (Source, bool) {
		person := h.reference
		switch {
		case unit == pack.Household:
		case supporter:
			person = h.supporters[lane]
		default:
			person = h.members[lane]
		}
		return b.source(b.layout.Facts(unit)[slot].Path(), int(person))
	}
	return f
}

// source finds what a person's value rests on.
func (b *builder) source(path string, person int) (Source, bool) {
	m := b.facts[path]
	if m == nil {
		return Source{}, false
	}
	from, known := m.from.at(person)
	if !known {
		return Source{}, false
	}
	d := m.candidates[from].of
	if d == nil {
		return Source{Said: m.candidates[from].said[int32(person)]}, true
	}
	s := Source{Feed: b.pack.Feeds[d.feed], None: m.none.Has(person)}
	if s.None {
		s.Delivered, s.Known = b.coverage[d.feed].latest()
		return s, true
	}
	table := b.feeds[d.feed].table
	rows, _ := b.choose(d, table, b.feeds[d.feed].of(person))
	s.Rows = len(rows)
	for _, row := range rows {
		if file, _ := table.File(int(row)); file.Delivery != nil {
			s.note(file.Delivery)
		}
		if d.by >= 0 {
			if n, ok := table.Num(d.by, int(row)); ok && (!s.Dated || calendar.Date(n) > s.Latest) {
				s.Latest, s.Dated = calendar.Date(n), true
			}
		}
	}
	return s, true
}

func (s *Source) note(d *feed.Delivery) {
	if !s.Known || d.Delivered > s.Delivered {
		s.Delivered, s.Known = d.Delivered, true
	}
}
