package screening

import (
	"slices"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Move is how the ranking moves when the weight of one dimension of the index is changed and all others stay.
type Move struct {
	Dimension *pack.Dimension
	Weight    money.Decimal // the changed one
	Hardest   int           // households marked as hardest before
	Stay      int           // of them, those that still are
	Mean      money.Decimal // places that a household moves within its county, on average, to a tenth
	Most      int           // places that the household moves that moves most
}

// Sensitivity moves the weight of each dimension down and up by a share, such as 0.2 for a fifth, one at a time, and ranks
// anew. Scores of dimensions stay as they are.
func (r *Result) Sensitivity(share money.Decimal) []Move {
	x := r.Policy.Pack().Index
	if x == nil {
		return nil
	}
	weights := make([]money.Decimal, len(x.Dimensions))
	for i, d := range x.Dimensions {
		weights[i] = d.Weight
	}
	var moves []Move
	for i, d := range x.Dimensions {
		step, _ := d.Weight.Mul(share)
		for _, weight := range []money.Decimal{d.Weight - step, d.Weight + step} {
			changed := slices.Clone(weights)
			changed[i] = weight
			m := r.compare(r.reweighted(changed))
			m.Dimension, m.Weight = d, weight
			moves = append(moves, m)
		}
	}
	return moves
}

// reweighted is the ranking under other weights.
func (r *Result) reweighted(weights []money.Decimal) *Result {
	other := &Result{On: r.On, Policy: r.Policy, Households: slices.Clone(r.Households)}
	total := money.Decimal(0)
	for _, w := range weights {
		total += w
	}
	for i := range other.Households {
		h := &other.Households[i]
		h.Hardest, h.Score = false, 0
		for k, part := range h.Parts {
			points, _ := part.Mul(weights[k])
			h.Score += points
		}
		h.Score, _ = h.Score.Quo(total)
		h.Score, _ = h.Score.Round(2)
	}
	other.rank()
	return other
}

// compare holds another ranking of the same households against this one.
func (r *Result) compare(other *Result) Move {
	then := make(map[string]*Ranked, len(other.Households))
	for i := range other.Households {
		then[other.Households[i].Key] = &other.Households[i]
	}
	var m Move
	moved := 0
	for i := range r.Households {
		before, after := &r.Households[i], then[r.Households[i].Key]
		if before.Hardest {
			m.Hardest++
			if after.Hardest {
				m.Stay++
			}
		}
		places := after.Ranks.County - before.Ranks.County
		places = max(places, -places)
		moved += places
		m.Most = max(m.Most, places)
	}
	if len(r.Households) > 0 {
		m.Mean, _ = (money.Decimal(moved) * money.Scale).Quo(money.Decimal(len(r.Households)) * money.Scale)
		m.Mean, _ = m.Mean.Round(1)
	}
	return m
}
