package screening

import (
	"iter"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
)

// Found is what was kept of a chunk of households, for who holds it against something else. Lanes are those of the chunk's
// batch. It is read by one reader and is good until the next is asked for.
type Found struct {
	Chunk      int
	Households []population.Household // by lane, their members in the order of lanes

	c chunk
}

// Found is everything that was kept, chunk by chunk.
func (r *Result) Found() iter.Seq[*Found] {
	return func(yield func(*Found) bool) {
		f := &Found{}
		for i := range r.Kept.chunks {
			r.Kept.open(i, &f.c)
			f.Chunk, f.Households = i, f.Households[:0]
			for lane := range f.c.households {
				f.Households = append(f.Households, r.people.At(i, lane))
			}
			if !yield(f) {
				return
			}
		}
	}
}

// Ranked reports whether a household is assessed as a family and has a place in the ranking.
func (f *Found) Ranked(household int) bool { return !f.c.collective(household) }

// Members is how many members of a household count, who stand first among them.
func (f *Found) Members(household int) int { return int(f.c.counted.at(household)) }

// Score is a household's difficulty.
func (f *Found) Score(household int) money.Decimal { return money.Decimal(f.c.score.at(household)) }

// Lane is the lane of a household's first member.
func (f *Found) Lane(household int) int { return int(f.c.start[household]) }

// Verdict is what a programme, by its place in the pack, came to in a lane of its unit.
func (f *Found) Verdict(programme, lane int) Verdict {
	return Verdict(f.c.verdicts[programme].at(lane))
}

// Fired tells each rule that fires, by its place among the policy's warnings, with the lanes of its unit.
func (f *Found) Fired() iter.Seq2[int, []int32] {
	return func(yield func(int, []int32) bool) {
		for _, fired := range f.c.fired {
			if !yield(fired.rule, fired.lanes) {
				return
			}
		}
	}
}

// Household is the lane of the household in which a unit's lane is.
func (f *Found) Household(unit pack.Unit, lane int) int { return f.c.household(unit, lane) }
