package screening

import (
	"encoding/binary"
	"slices"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// keeper evaluates chunks and keeps what they come to. Each worker has its own.
type keeper struct {
	plan      *rules.Plan
	legend    *legend
	people    People
	evaluator *rules.Evaluator
	batch     *rules.Batch
	packer    packer
	content   []byte // of the present chunk
	room      []byte // of many chunks
	numbers   []int64
	sorted    sorted
	holding   rules.Bits
	given     rules.Bits
	lacking   rules.Bits
	section   []byte // what open outcomes wait for
	who       Who
}

func newKeeper(plan *rules.Plan, l *legend, people People) *keeper {
	return &keeper{plan: plan, legend: l, people: people, evaluator: plan.NewEvaluator(), batch: &rules.Batch{}}
}

// chunk evaluates a chunk of the people and keeps it.
func (k *keeper) chunk(i int) []byte {
	b := k.people.Batch(i, k.batch)
	k.who.clear()
	k.people.Who(i, &k.who)
	return k.keep(b, &k.who)
}

// keep evaluates a batch and keeps it.
func (k *keeper) keep(b *rules.Batch, who *Who) []byte {
	k.batch = b
	r := k.evaluator.Evaluate(b)
	k.content = k.content[:0]
	k.keepWho(r, who)
	k.keepIndex(&r.Index)
	for p := range k.legend.Programmes {
		k.keepProgramme(p, &r.Programmes[p])
	}
	k.keepFired(r.Warnings)
	k.keepWaiting(r)
	return k.settle()
}

// roomBytes is how much is taken from the system at once for what is kept.
const roomBytes = 1 << 20

// settle puts the present chunk where it stays.
func (k *keeper) settle() []byte {
	if cap(k.room)-len(k.room) < len(k.content) {
		k.room = make([]byte, 0, max(roomBytes, len(k.content)))
	}
	from := len(k.room)
	k.room = append(k.room, k.content...)
	return k.room[from:len(k.room):len(k.room)]
}

func (k *keeper) keepWho(r *rules.Results, who *Who) {
	b := k.batch
	k.content = binary.AppendUvarint(k.content, uint64(b.Household.N))
	k.content = binary.AppendUvarint(k.content, uint64(b.Person.N))
	k.content = binary.AppendUvarint(k.content, uint64(r.Index.Errors))
	k.column(b.Household.N, func(h int) int64 { return int64(b.MemberStart[h+1] - b.MemberStart[h]) })
	k.column(b.Household.N, func(h int) int64 { return int64(b.Counted[h]) })
	k.column(b.Household.N, func(h int) int64 { return int64(b.Area[h]) })
	k.column(b.Household.N, func(h int) int64 {
		return mark(b.Collective, h, markCollective) | mark(b.Doubtful, h, markDoubtful)
	})
	k.column(b.Household.N, func(h int) int64 { return int64(len(who.Keys[h])) })
	for _, key := range who.Keys {
		k.content = append(k.content, key...)
	}
	for _, person := range who.Persons {
		k.content = binary.LittleEndian.AppendUint64(k.content, person)
	}
}

func mark(b rules.Bits, lane int, as int64) int64 {
	if b.Has(lane) {
		return as
	}
	return 0
}

// column keeps a number of each lane.
func (k *keeper) column(lanes int, number func(lane int) int64) {
	k.numbers = slices.Grow(k.numbers[:0], lanes)[:lanes]
	for lane := range lanes {
		k.numbers[lane] = number(lane)
	}
	k.content = k.packer.append(k.content, k.numbers)
}

func (k *keeper) keepIndex(r *rules.IndexResult) {
	n := k.batch.Household.N
	k.column(n, func(h int) int64 { return int64(r.Score[h]) })
	k.column(n, func(h int) int64 { return int64(r.Before[h]) })
	k.column(n, func(h int) int64 { return int64(r.Coverage[h]) })
	k.column(n, func(h int) int64 {
		known := int64(0)
		for d := range r.Known {
			known |= mark(r.Known[d], h, 1<<d)
		}
		return known
	})
	for _, part := range r.Parts {
		k.column(n, func(h int) int64 { return int64(part[h]) })
	}
}

// openMost is the last condition that has a bit of its own among the open ones; those behind it share it.
const openMost = 54

func (k *keeper) keepProgramme(p int, r *rules.ProgrammeResult) {
	t := &k.batch.Person
	if k.legend.Programmes[p].Unit == pack.Household {
		t = &k.batch.Household
	}
	k.verdicts(r, &t.Held[p], t.N)
	k.content = k.sorted.append(k.content)
	for i := range k.legend.Programmes[p].Components {
		k.keepAmounts(p, i, r, t.N)
	}
}

// verdicts sorts the lanes by their verdict.
func (k *keeper) verdicts(r *rules.ProgrammeResult, held *rules.Column, lanes int) {
	s := &k.sorted
	s.begin(lanes)
	for o := range r.Of {
		s.add(r.Of[o], int64(o))
	}
	for condition, refused := range r.Refused {
		s.add(refused, int64(condition)<<verdictDetail)
	}
	for condition, unknown := range r.Open {
		s.addWhere(unknown, r.Of[rules.Possible], r.Of[rules.Likely], int64(1)<<(verdictDetail+min(condition, openMost)))
	}
	s.add(r.Assumed, verdictAssumed)
	if now, known := held.At(0); held.Same && (!known || now == 0) {
		return
	}
	k.holding = clearBits(k.holding, lanes)
	for lane := range lanes {
		if now, known := held.At(lane); known && now != 0 {
			k.holding.Set(lane)
		}
	}
	s.add(k.holding, verdictHeld)
}

func clearBits(b rules.Bits, lanes int) rules.Bits {
	words := (lanes + 63) / 64
	if cap(b) < words {
		return make(rules.Bits, words, 2*words)
	}
	b = b[:words]
	clear(b)
	return b
}

func isOpen(o rules.Outcome) bool { return o == rules.Possible || o == rules.Likely }

// keepAmounts keeps the amounts of whoever may get the programme, and where there may be one that is not known.
func (k *keeper) keepAmounts(p, component int, r *rules.ProgrammeResult, lanes int) {
	a := &r.Amounts[component]
	k.given, k.lacking = clearBits(k.given, lanes), clearBits(k.lacking, lanes)
	for w := range k.given {
		may := r.Of[rules.Possible][w] | r.Of[rules.Likely][w] | r.Of[rules.Eligible][w]
		k.given[w] = may & a.Known[w]
		k.lacking[w] = may &^ a.Known[w]
	}
	k.lacking.Each(func(lane int) {
		if !k.evaluator.AmountOpen(p, component, lane) {
			k.lacking.Clear(lane)
		}
	})
	s := &k.sorted
	s.begin(lanes)
	s.add(k.given, amountGiven)
	s.add(k.lacking, amountOpen)
	k.content = s.append(k.content)
	k.numbers = k.numbers[:0]
	k.given.Each(func(lane int) { k.numbers = append(k.numbers, a.Num[lane]) })
	k.content = k.packer.append(k.content, k.numbers)
}

func (k *keeper) keepFired(warnings []rules.Bits) {
	fired := 0
	for _, lanes := range warnings {
		if lanes.Any() {
			fired++
		}
	}
	k.content = binary.AppendUvarint(k.content, uint64(fired))
	for rule, lanes := range warnings {
		if !lanes.Any() {
			continue
		}
		k.content = binary.AppendUvarint(k.content, uint64(rule))
		k.content = binary.AppendUvarint(k.content, uint64(lanes.Count()))
		last := 0
		lanes.Each(func(lane int) {
			k.content = binary.AppendUvarint(k.content, uint64(lane-last))
			last = lane
		})
	}
}
