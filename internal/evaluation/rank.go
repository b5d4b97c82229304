package evaluation

import (
	"math/big"

	"dajiuzhu/internal/money"
)

// Rank is how well the index orders households by their latent hardship.
type Rank struct {
	Households int `json:"households"` // of which a label tells the severity
	// Hardest is, of the households that are hardest by severity, how many are hardest by the index. Both are cut off at the
	// pack's share of the people. Of whom no label tells the severity is taken to be among the lesser.
	Hardest Ratio `json:"hardest"`
	// Pairs of households of which both the index and the severity say that one is harder: the same one, or not.
	Concordant int64         `json:"concordant"`
	Discordant int64         `json:"discordant"`
	TauB       money.Decimal `json:"tau_b"` // Kendall's tau-b, cut off after three decimals; 0 where it has no meaning
}

// rankOf measures the order of an area's households.
func rankOf(ordered []standing, hundredths int) Rank {
	var known []standing
	for _, s := range ordered {
		if s.severity != unlabelled {
			known = append(known, s)
		}
	}
	r := Rank{Households: len(known), Hardest: overlap(ordered, hundredths)}
	r.Concordant, r.Discordant, r.TauB = kendall(known)
	return r
}

// overlap is how many of the hardest by severity are among the hardest by the index.
func overlap(ordered []standing, hundredths int) Ratio {
	hardest := top(ordered, hundredths, equallyHard)
	if len(hardest) == 0 {
		return Ratio{}
	}
	least := hardest[len(hardest)-1].score
	var r Ratio
	for _, s := range top(bySeverity(ordered), hundredths, equallySevere) {
		if s.severity != unlabelled {
			r.add(s.score >= least)
		}
	}
	return r
}

// severities is how many there are.
const severities = 101

// kendall counts the pairs that agree and that do not. It walks from the hardest down and keeps how many of each severity it has
// passed; households of one score are compared with those before them only.
func kendall(ordered []standing) (concordant, discordant int64, tau money.Decimal) {
	var passed, within, all [severities]int64
	n, tiedScore := int64(len(ordered)), int64(0)
	for from := 0; from < len(ordered); {
		to := from
		clear(within[:])
		for to < len(ordered) && equallyHard(ordered[from], ordered[to]) {
			within[ordered[to].severity]++
			to++
		}
		for severity, count := range within {
			if count > 0 {
				concordant += count * sum(passed[severity+1:])
				discordant += count * sum(passed[:severity])
			}
		}
		for severity, count := range within {
			passed[severity] += count
			all[severity] += count
		}
		tiedScore += pairs(int64(to - from))
		from = to
	}
	tiedSeverity := int64(0)
	for _, count := range all {
		tiedSeverity += pairs(count)
	}
	return concordant, discordant, tauB(concordant-discordant, pairs(n)-tiedScore, pairs(n)-tiedSeverity)
}

func pairs(n int64) int64 { return n * (n - 1) / 2 }

func sum(counts []int64) (s int64) {
	for _, n := range counts {
		s += n
	}
	return s
}

// tauB is difference / √(a·b) in thousandths, by whole numbers: the root of the square, cut off.
func tauB(difference, a, b int64) money.Decimal {
	product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	if product.Sign() == 0 {
		return 0
	}
	square := new(big.Int).Mul(big.NewInt(difference), big.NewInt(difference))
	square.Mul(square, big.NewInt(1_000_000))
	thousandths := new(big.Int).Sqrt(square.Quo(square, product)).Int64()
	if difference < 0 {
		thousandths = -thousandths
	}
	return money.Decimal(thousandths * money.Scale / 1000)
}

// hundredthsOf is a share of people in whole hundredths, at least one.
func hundredthsOf(share money.Decimal) int { return max(1, int(share*100/money.Scale)) }
