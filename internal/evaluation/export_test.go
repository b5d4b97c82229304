package evaluation

import "dajiuzhu/internal/money"

// RankOf ranks households of the given scores and severities.
func RankOf(scores, severities []int) Rank {
	var all []standing
	for i, score := range scores {
		all = append(all, standing{score: money.Decimal(score), severity: severities[i], members: 1})
	}
	return rankOf(byDifficulty(all), 3)
}
