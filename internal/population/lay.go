package population

import (
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// lay puts whole households into a batch.
func (b *builder) lay(households []household) *rules.Batch {
	persons, supporters := 0, 0
	personEvents, householdEvents := map[int32][]event{}, make([][]event, len(households))
	personRows, householdRows := 0, 0
	for i, h := range households {
		persons += len(h.members)
		supporters += len(h.supporters)
		for _, person := range h.members {
			if events := b.eventsOf(pack.Person, int(person)); len(events) > 0 {
				sortEvents(events)
				personEvents[person] = events
				personRows += len(events)
			}
			householdEvents[i] = append(householdEvents[i], b.eventsOf(pack.Household, int(person))...)
		}
		sortEvents(householdEvents[i])
		householdRows += len(householdEvents[i])
	}
	batch := b.layout.NewBatch(len(households), persons, supporters, householdRows, personRows)
	member, supporter := 0, 0
	for i := range households {
		h := &households[i]
		b.layHousehold(batch, i, h)
		putEvents(&batch.HouseholdEvent, i, householdEvents[i])
		for _, person := range h.members {
			b.layPerson(&batch.Person, member, int(person))
			b.layComplete(&batch.Person, member, int(person))
			putEvents(&batch.PersonEvent, member, personEvents[person])
			member++
		}
		for _, person := range h.supporters {
			b.layPerson(&batch.Supporter, supporter, int(person))
			supporter++
		}
		batch.MemberStart[i+1], batch.SupporterStart[i+1] = int32(member), int32(supporter)
	}
	return batch
}

// putEvents writes a lane's events behind those of the lane before it.
func putEvents(t *rules.Events, lane int, events []event) {
	row := int(t.Start[lane])
	for i := range events {
		events[i].put(t, row)
		row++
	}
	t.Start[lane+1] = int32(row)
}

func (b *builder) layPerson(t *rules.Table, lane, person int) {
	for _, s := range b.slots[pack.Person] {
		if s.fact.known.Has(person) {
			t.Facts[s.slot].Set(lane, s.fact.num[person])
		}
	}
	for programme := range b.held {
		if held := &b.held[programme]; held.num != nil && held.known.Has(person) {
			t.Held[programme].Set(lane, held.num[person])
		}
	}
}

func (b *builder) layComplete(t *rules.Table, lane, person int) {
	for kind, all := range b.complete(pack.Person, person) {
		if all {
			t.Complete[kind].Set(lane)
		}
	}
}

// layHousehold writes what is known of a household as one: a fact that registers tell is that of the member of reference;
// a benefit is held if some member has it, and not held if it is known of every member.
func (b *builder) layHousehold(batch *rules.Batch, lane int, h *household) {
	batch.Area[lane] = h.place
	batch.Counted[lane] = int32(h.counted)
	if len(h.doubts) > 0 {
		batch.Doubtful.Set(lane)
	}
	if h.collective || h.counted == 0 {
		batch.Collective.Set(lane)
	}
	for _, s := range b.slots[pack.Household] {
		if s.fact.known.Has(int(h.reference)) {
			batch.Household.Facts[s.slot].Set(lane, s.fact.num[h.reference])
		}
	}
	for programme := range b.held {
		if v, ok := b.heldBy(h, programme); ok {
			batch.Household.Held[programme].Set(lane, v)
		}
	}
	b.completeHousehold(batch, lane, h)
}

func (b *builder) heldBy(h *household, programme int) (int64, bool) {
	held := &b.held[programme]
	if held.num == nil {
		return 0, false
	}
	all := true
	for _, person := range h.members {
		if held.known.Has(int(person)) && held.num[person] == 1 {
			return 1, true
		}
		all = all && held.known.Has(int(person))
	}
	return 0, all
}

// completeHousehold: all events of a kind are known of the household if they are of every member.
func (b *builder) completeHousehold(batch *rules.Batch, lane int, h *household) {
	var all []bool
	for i, person := range h.members {
		complete := b.complete(pack.Household, int(person))
		if i == 0 {
			all = complete
			continue
		}
		for kind := range all {
			all[kind] = all[kind] && complete[kind]
		}
	}
	for kind, complete := range all {
		if complete {
			batch.Household.Complete[kind].Set(lane)
		}
	}
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
