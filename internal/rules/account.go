package rules

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// account is what everything came to for one household, kept for whoever asks why. It holds the values of every node that
// an explanation can show, so that reasons are made only where somebody reads them. Nothing changes it: it is safe for
// concurrent use, and outlives the batch and the explainer that it comes from.
type account struct {
	plan    *Plan
	told    *telling
	subject Subject // its batch is not kept
	counted int
	lanes   [relations]int
	base    [relations]int // where the values of a relation's nodes begin
	nums    []int64        // by node and lane; of a bool 0 or 1
	states  []laneState    // likewise

	units []unitResult // by programme and lane
	first []int32      // of each programme's units
	parts []partState  // of the components of the units that are not refused
	fired []firing

	eventStart, eventOf  []int32 // of persons' events
	complete             []Bits  // by kind of the household's events, then by kind of the persons'
	personKinds          int     // where the persons' kinds begin
	everySupporter       bool
	doubtful, collective bool
	area                 area.Code
	residence            string // "" if it is not known
}

// unitResult is what a programme came to for a unit.
type unitResult struct {
	outcome Outcome
	doubted bool
	parts   int32 // where its components begin
}

// firing is a warning that fires for a unit.
type firing struct{ rule, lane int32 }

// partState is what a component of a programme came to.
type partState uint8

const (
	partKnown partState = iota
	partOpen
	partNone
	partLapsed
	partNotMoney
)

func (s partState) String() string {
	return [...]string{"known", "open", "none", "not-in-force", "not-money"}[s]
}

// newAccount keeps what a machine without narrowing has computed, and computes what no result needed but a reason shows.
func (m *machine) newAccount(t *telling, s Subject) *account {
	b := m.batch
	a := &account{plan: m.plan, told: t, subject: s, counted: int(b.Counted[0]), lanes: m.lanes, everySupporter: b.AllSupporters.Has(0), doubtful: m.doubtful(0), collective: b.Collective.Has(0)}
	a.subject.Batch = nil
	a.area, a.residence = m.whereabouts()
	total := 0
	for rel := range relations {
		a.base[rel] = total
		total += len(t.kept[rel]) * m.lanes[rel]
	}
	a.nums, a.states = make([]int64, total), make([]laneState, total)
	open := m.notRefused()
	for rel := range relations {
		a.keepValues(m, rel, t.kept[rel], open)
	}
	a.keepEvents(b)
	return a
}

// notRefused is the mask of the programmes that are not refused to everybody.
func (m *machine) notRefused() uint64 {
	mask := uint64(0)
	for i := range m.results {
		if m.results[i].of[Ineligible].Count() < m.lanes[m.plan.programmes[i].rel] {
			mask |= maskOf(i)
		}
	}
	return mask
}

func (a *account) keepValues(m *machine, rel relation, nodes []keptNode, open uint64) {
	n, at := m.lanes[rel], a.base[rel]
	if n == 0 {
		return
	}
	for _, k := range nodes {
		if k.mask == keptAlways || k.mask&open != 0 {
			m.need(k.id, m.all[rel]).copyTo(a.states[at:at+n], a.nums[at:at+n])
		}
		at += n
	}
}

// keepEvents keeps whose the events are, and of which kinds all are known.
func (a *account) keepEvents(b *Batch) {
	rows := make([]int32, len(b.PersonEvent.Start)+len(b.PersonEvent.of))
	a.eventStart, a.eventOf = rows[:len(b.PersonEvent.Start)], rows[len(b.PersonEvent.Start):]
	copy(a.eventStart, b.PersonEvent.Start)
	copy(a.eventOf, b.PersonEvent.of)
	a.personKinds = len(b.Household.Complete)
	words := 0
	for _, t := range []*Table{&b.Household, &b.Person} {
		words += len(t.Complete) * ((t.N + 63) / 64)
	}
	bits := make(Bits, 0, words)
	a.complete = make([]Bits, 0, len(b.Household.Complete)+len(b.Person.Complete))
	for _, t := range []*Table{&b.Household, &b.Person} {
		for _, kind := range t.Complete {
			from := len(bits)
			bits = append(bits, kind...)
			a.complete = append(a.complete, bits[from:])
		}
	}
}

// whereabouts is the household's area and residence, 0 and "" where they are not known.
func (m *machine) whereabouts() (area.Code, string) {
	p := m.plan.places
	if p.fact < 0 {
		return m.batch.Area[0], ""
	}
	residence, known := m.batch.Household.Facts[p.fact].At(0)
	if !known {
		return m.batch.Area[0], ""
	}
	return m.batch.Area[0], p.residences[residence]
}

// place is where a node's value in a lane stands. What is lifted stands with the lane above.
func (a *account) place(id int32, lane int) int {
	n := &a.plan.nodes[id]
	for n.op == opLift {
		lane = a.aboveOf(n, lane)
		id = n.args[0]
		n = &a.plan.nodes[id]
	}
	return a.base[n.rel] + int(a.told.place[id])*a.lanes[n.rel] + lane
}

func (a *account) state(id int32, lane int) laneState { return a.states[a.place(id, lane)] }

func (a *account) num(id int32, lane int) int64 { return a.nums[a.place(id, lane)] }

// is reports whether a bool is known to be true, or to be false.
func (a *account) is(id int32, lane int, truth bool) bool {
	at := a.place(id, lane)
	return a.states[at] == stateKnown && a.nums[at] != 0 == truth
}

// above is the lane above a lane.
func (a *account) above(rel relation, lane int) int {
	if rel == personEvents {
		return int(a.eventOf[lane])
	}
	return 0
}

// aboveOf is the lane from which a lane of a lifted node comes.
func (a *account) aboveOf(n *node, lane int) int {
	if a.plan.nodes[n.args[0]].rel == scalar {
		return 0
	}
	return a.above(n.rel, lane)
}

// segment is the rows below a lane.
func (a *account) segment(over relation, lane int) (from, to int) {
	switch over {
	case persons:
		return 0, a.counted
	case personEvents:
		return int(a.eventStart[lane]), int(a.eventStart[lane+1])
	}
	return 0, a.lanes[over]
}

// hasAll reports whether all of a lane's events of a kind are known.
func (a *account) hasAll(of relation, kind, lane int) bool {
	if of == persons {
		kind += a.personKinds
	}
	return a.complete[kind].Has(lane)
}

func (a *account) unitResult(programme int32, lane int) *unitResult {
	return &a.units[int(a.first[programme])+lane]
}

// partsOf is what the components of a unit's programme came to, nothing where it is refused.
func (a *account) partsOf(programme int32, lane int) []partState {
	at := int(a.first[programme]) + lane
	to := len(a.parts)
	if at+1 < len(a.units) {
		to = int(a.units[at+1].parts)
	}
	return a.parts[a.units[at].parts:to]
}

func (a *account) unit(rel relation, lane int) UnitReference {
	switch rel {
	case persons:
		return UnitReference{Kind: pack.Person, Name: a.subject.Persons[lane], Lane: lane}
	case supporters:
		return UnitReference{Kind: pack.Person, Name: a.subject.Supporters[lane], Supporter: true, Lane: lane}
	}
	return UnitReference{Kind: pack.Household}
}

// of names the person of a lane; the household itself needs no name.
func (a *account) of(rel relation, lane int) string {
	switch rel {
	case persons:
		return a.subject.Persons[lane]
	case supporters:
		return a.subject.Supporters[lane]
	case personEvents:
		return a.subject.Persons[a.above(personEvents, lane)]
	}
	return ""
}
