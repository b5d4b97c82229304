package screening

import (
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Ranks is a household's place within each area; equal scores rank equally.
type Ranks struct{ Village, Township, County, City int }

// rankLevels are the areas within which households are ranked, in the order of Ranks.
var rankLevels = [...]area.Level{area.Village, area.Township, area.County, area.City}

// rankCounty is the county's place among them.
const rankCounty = 2

// field is the households that are ranked: those that are assessed, in the order of villages and keys. Decimals are whole
// millionths: none is above 100.
type field struct {
	households []int32 // number in the population
	members    []int32 // who count
	doubtful   rules.Bits
	score      []int32
	before     []int32
	coverage   []int32
	parts      [][]int32
	zonings    []*zoning // by level
}

// zoning numbers the areas of a level as they come.
type zoning struct {
	level area.Level
	last  area.Code // the village that was added last
	of    []int32   // of each household of the field
	found map[area.Code]int32
	codes []area.Code
}

func (z *zoning) add(village area.Code) {
	if n := len(z.of); n > 0 && z.last == village {
		z.of = append(z.of, z.of[n-1])
		return
	}
	z.last = village
	code := village.At(z.level)
	number, ok := z.found[code]
	if !ok {
		number = int32(len(z.codes))
		z.found[code] = number
		z.codes = append(z.codes, code)
	}
	z.of = append(z.of, number)
}

// newField is room for the households of what was kept. Beside the levels of ranks it tells the areas of another apart.
func newField(k *Kept, beside area.Level) *field {
	n := k.Households()
	room := func() []int32 { return make([]int32, 0, n) }
	f := &field{
		households: room(), members: room(), doubtful: rules.NewBits(n), score: room(), before: room(), coverage: room(),
		parts: make([][]int32, len(k.legend.Dimensions)),
	}
	for d := range f.parts {
		f.parts[d] = room()
	}
	for _, level := range append([]area.Level{beside}, rankLevels[:]...) {
		if f.areas(level) == nil {
			f.zonings = append(f.zonings, &zoning{level: level, found: map[area.Code]int32{}, of: room()})
		}
	}
	return f
}

// place takes what ranks rest on.
func (f *field) place(k *Kept) {
	var c chunk
	for i := range k.chunks {
		k.open(i, &c)
		for lane := range c.households {
			if !c.collective(lane) {
				f.add(&c, lane, k.starts[i]+int32(lane))
			}
		}
	}
}

func (f *field) add(c *chunk, lane int, household int32) {
	if c.marks.at(lane)&markDoubtful != 0 {
		f.doubtful.Set(len(f.households))
	}
	f.households = append(f.households, household)
	f.members = append(f.members, int32(c.counted.at(lane)))
	f.score = append(f.score, int32(c.score.at(lane)))
	village := c.area(lane)
	for _, z := range f.zonings {
		z.add(village)
	}
}

// figures takes of a chunk what ranks do not rest on.
func (f *field) figures(c *chunk) {
	for lane := range c.households {
		if c.collective(lane) {
			continue
		}
		f.before = append(f.before, int32(c.before.at(lane)))
		f.coverage = append(f.coverage, int32(c.coverage.at(lane)))
		for d := range f.parts {
			f.parts[d] = append(f.parts[d], int32(c.parts[d].at(lane)))
		}
	}
}

// areas is the areas of a level, nil of one that is not told apart.
func (f *field) areas(level area.Level) *zoning {
	for _, z := range f.zonings {
		if z.level == level {
			return z
		}
	}
	return nil
}

// ranking is the order of a field, hardest first, and the place of each household, by its number in the field.
type ranking struct {
	order   []int32
	places  [len(rankLevels)][]int32
	hardest rules.Bits
}

// rank orders the households of a field by a score of each. Equal scores rank equally; their order is that of villages and
// keys, so that it is the same on every run.
func (f *field) rank(score []int32, x *pack.Index) *ranking {
	keys := make([]uint64, len(score))
	for i, s := range score {
		keys[i] = uint64(^uint32(s))<<32 | uint64(i)
	}
	slices.Sort(keys)
	r := &ranking{order: make([]int32, len(keys)), hardest: rules.NewBits(len(keys))}
	for i, key := range keys {
		r.order[i] = int32(uint32(key))
	}
	for i, level := range rankLevels {
		r.places[i] = f.within(r.order, score, f.areas(level))
	}
	if x != nil {
		r.markHardest(f, score, x.Hardest)
	}
	return r
}

// within is the place of each household in its area.
func (f *field) within(order, score []int32, z *zoning) []int32 {
	type standing struct{ seen, place, score int32 }
	areas := make([]standing, len(z.codes))
	places := make([]int32, len(order))
	for _, h := range order {
		at := &areas[z.of[h]]
		at.seen++
		if at.seen == 1 || score[h] != at.score {
			at.place, at.score = at.seen, score[h]
		}
		places[h] = at.place
	}
	return places
}

// markHardest marks, within each area of the pack's level, the households from the top whose people make up the pack's
// share of all people; those with the score of the last one belong to them.
func (r *ranking) markHardest(f *field, score []int32, hardest pack.Hardest) {
	z := f.areas(hardest.Level)
	people, taken, last := make([]int64, len(z.codes)), make([]int64, len(z.codes)), make([]int32, len(z.codes))
	for h := range score {
		people[z.of[h]] += int64(f.members[h])
	}
	for _, h := range r.order {
		in := z.of[h]
		limit := people[in] * int64(hardest.Share)
		if taken[in]*money.Scale < limit || taken[in] > 0 && last[in] == score[h] {
			r.hardest.Set(int(h))
			taken[in] += int64(f.members[h])
			last[in] = score[h]
		}
	}
}

func (r *ranking) ranks(h int32) Ranks {
	return Ranks{int(r.places[0][h]), int(r.places[1][h]), int(r.places[2][h]), int(r.places[3][h])}
}
