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
			m := r.compare(r.field.rank(r.reweighted(changed), x))
			m.Dimension, m.Weight = d, weight
			moves = append(moves, m)
		}
	}
	return moves
}

// reweighted is the scores under other weights.
func (r *Result) reweighted(weights []money.Decimal) []int32 {
	total := money.Decimal(0)
	for _, w := range weights {
		total += w
	}
	scores := make([]int32, len(r.field.score))
	for h := range scores {
		score := money.Decimal(0)
		for k, part := range r.field.parts {
			points, _ := money.Decimal(part[h]).Mul(weights[k])
			score += points
		}
		score, _ = score.Quo(total)
		score, _ = score.Round(2)
		scores[h] = int32(score)
	}
	return scores
}

// compare holds another ranking of the same households against this one.
func (r *Result) compare(other *ranking) Move {
	var m Move
	moved := 0
	before, after := r.ranking.places[rankCounty], other.places[rankCounty]
	for h := range before {
		if r.ranking.hardest.Has(h) {
			m.Hardest++
			if other.hardest.Has(h) {
				m.Stay++
			}
		}
		places := int(after[h]) - int(before[h])
		places = max(places, -places)
		moved += places
		m.Most = max(m.Most, places)
	}
	if n := len(before); n > 0 {
		m.Mean, _ = (money.Decimal(moved) * money.Scale).Quo(money.Decimal(n) * money.Scale)
		m.Mean, _ = m.Mean.Round(1)
	}
	return m
}
