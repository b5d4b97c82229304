package synth

import (
	"cmp"
	"math"
	"slices"
)

// allot divides a whole number by weights, by largest remainder; of equal remainders the earlier gets more. Weights that add up
// to nothing get nothing.
func allot(total int, weights []float64) []int {
	parts, sum := make([]int, len(weights)), 0.0
	for _, w := range weights {
		sum += w
	}
	if sum <= 0 {
		return parts
	}
	rests, order := make([]float64, len(weights)), make([]int, len(weights))
	left := total
	for i, w := range weights {
		exact := float64(total) * w / sum
		parts[i] = int(math.Floor(exact))
		rests[i], order[i] = exact-math.Floor(exact), i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for i := 0; i < left; i++ {
		parts[order[i%len(order)]]++
	}
	return parts
}

// settleHouseholds divides households among places so that everybody has one and none is larger than the largest.
func settleHouseholds(households int, people []int) []int {
	weights := make([]float64, len(people))
	for i, n := range people {
		weights[i] = float64(n)
	}
	parts, left := allot(households, weights), households
	for i, n := range people {
		parts[i] = min(max(parts[i], fewestHouseholds(n)), n)
		left -= parts[i]
	}
	for i := 0; left > 0 && i < len(parts); {
		if i = roomiest(parts, func(i int) int { return people[i] - parts[i] }); people[i] == parts[i] {
			break
		}
		parts[i]++
		left--
	}
	for i := 0; left < 0 && i < len(parts); {
		if i = roomiest(parts, func(i int) int { return parts[i] - fewestHouseholds(people[i]) }); parts[i] == fewestHouseholds(people[i]) {
			break
		}
		parts[i]--
		left++
	}
	return parts
}

func fewestHouseholds(people int) int { return (people + largest - 1) / largest }

// roomiest is the place with the most room.
func roomiest(parts []int, room func(int) int) int {
	best := 0
	for i := range parts {
		if room(i) > room(best) {
			best = i
		}
	}
	return best
}
