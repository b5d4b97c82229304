package population

import (
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// lay puts one household into a batch of its own.
func (b *builder) lay(h *household) *rules.Batch {
	householdEvents, personEvents := b.eventsOf(pack.Household, h.members...), 0
	for _, person := range h.members {
		personEvents += b.countOf(pack.Person, int(person))
	}
	batch := b.layout.NewBatch(1, len(h.members), len(h.supporters), len(householdEvents), personEvents)
	b.layHousehold(batch, h)
	batch.HouseholdEvent.Start[1] = int32(putEvents(&batch.HouseholdEvent, 0, householdEvents))
	for lane, person := range h.members {
		b.layPerson(&batch.Person, lane, int(person))
		for kind, whole := range b.complete[pack.Person] {
			if whole != nil && whole.Has(int(person)) {
				batch.Person.Complete[kind].Set(lane)
			}
		}
		row := int(batch.PersonEvent.Start[lane])
		batch.PersonEvent.Start[lane+1] = int32(putEvents(&batch.PersonEvent, row, b.eventsOf(pack.Person, person)))
	}
	for lane, person := range h.supporters {
		b.layPerson(&batch.Supporter, lane, int(person))
	}
	batch.MemberStart[1], batch.SupporterStart[1] = int32(len(h.members)), int32(len(h.supporters))
	return batch
}

// putEvents writes events into rows from one on and returns the row behind them.
func putEvents(t *rules.Events, row int, events []event) int {
	for i := range events {
		events[i].put(t, row)
		row++
	}
	return row
}

func (b *builder) layPerson(t *rules.Table, lane, person int) {
	for _, s := range b.slots[pack.Person] {
		if v, known := s.fact.at(person); known {
			t.Facts[s.slot].Set(lane, v)
		}
	}
	for programme := range b.held {
		if v, known := b.held[programme].at(person); known {
			t.Held[programme].Set(lane, v)
		}
	}
}

// layHousehold writes what is known of a household as one: a fact that registers tell is that of the member of reference;
// a benefit is held if some member has it, and not held if it is known of every member.
func (b *builder) layHousehold(batch *rules.Batch, h *household) {
	batch.Area[0], batch.Counted[0] = h.place, int32(h.counted)
	if len(h.doubts) > 0 {
		batch.Doubtful.Set(0)
	}
	if h.apart() {
		batch.Collective.Set(0)
	}
	for _, s := range b.slots[pack.Household] {
		if v, known := s.fact.at(int(h.reference)); known {
			batch.Household.Facts[s.slot].Set(0, v)
		}
	}
	for programme := range b.held {
		if v, known := heldBy(&b.held[programme], h); known {
			batch.Household.Held[programme].Set(0, v)
		}
	}
	for kind, whole := range b.complete[pack.Household] {
		if ofAll(whole, h) {
			batch.Household.Complete[kind].Set(0)
		}
	}
}

func heldBy(held *kept, h *household) (int64, bool) {
	all := held.told()
	for _, person := range h.members {
		v, known := held.at(int(person))
		if known && v == 1 {
			return 1, true
		}
		all = all && known
	}
	return 0, all
}

// ofAll reports whether every member is in a set.
func ofAll(set rules.Bits, h *household) bool {
	if set == nil {
		return false
	}
	for _, person := range h.members {
		if !set.Has(int(person)) {
			return false
		}
	}
	return len(h.members) > 0
}

// members is a household's persons by lane.
func (b *builder) members(h *household) []Member {
	members := make([]Member, len(h.members))
	for i, person := range h.members {
		members[i] = b.member(person)
		members[i].Counts = i < h.counted
	}
	return members
}

func (b *builder) member(person int32) Member {
	return Member{Name: b.register.text(b.register.name, int(person)), ID: b.register.number(int(person))}
}
