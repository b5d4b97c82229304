package evaluation

import (
	"cmp"
	"slices"

	"dajiuzhu/internal/money"
)

// Shares of people at whose cut-off recall is told, in hundredths.
var shares = []int{1, 2, 3, 5, 10}

// standing is a ranked household, as far as its place among the others is concerned.
type standing struct {
	score    money.Decimal
	members  int // who count
	missed   int // of them: who miss a programme that they need
	severity int // latent hardship; -1 where no label tells
	needs    bool
	labelled bool
}

// unlabelled is the severity of a household of which no label tells.
const unlabelled = -1

// Ratio is a count within another.
type Ratio struct {
	Found int `json:"found"`
	Of    int `json:"of"`
}

// Percent is the ratio in percent, rounded to a tenth; false of nothing.
func (r Ratio) Percent() (money.Decimal, bool) {
	if r.Of == 0 {
		return 0, false
	}
	tenths := (int64(r.Found)*2000 + int64(r.Of)) / (2 * int64(r.Of))
	return money.Decimal(tenths * money.Scale / 10), true
}

func (r *Ratio) add(found bool) {
	r.Of++
	if found {
		r.Found++
	}
}

// Reach is how much of the missed-need pool is among the hardest of an area: the households from the top of the ranking whose
// people make up a share of all people, and those with the score of the last of them.
type Reach struct {
	Share      int   `json:"share"` // of the people, in hundredths
	Households Ratio `json:"households"`
	Persons    Ratio `json:"persons"`
}

// Filling is who the hardest are.
type Filling struct {
	Households int `json:"households"`
	Missed     int `json:"missed"`     // miss a programme that they need
	Answered   int `json:"answered"`   // need one and hold it or asked
	Other      int `json:"other"`      // something else is known of them
	Unlabelled int `json:"unlabelled"` // no label tells of them
}

// byDifficulty orders households by the index, hardest first.
func byDifficulty(all []standing) []standing {
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b standing) int { return cmp.Compare(b.score, a.score) })
	return ordered
}

// bySeverity orders households by their latent hardship, hardest first.
func bySeverity(all []standing) []standing {
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b standing) int { return cmp.Compare(b.severity, a.severity) })
	return ordered
}

// top is the households from the beginning of an order whose people make up a share of all, and those that are level with
// the last of them.
func top(ordered []standing, hundredths int, level func(a, b standing) bool) []standing {
	people := 0
	for _, s := range ordered {
		people += s.members
	}
	taken, n := 0, 0
	for n < len(ordered) && (taken*100 < people*hundredths || n > 0 && taken > 0 && level(ordered[n-1], ordered[n])) {
		taken += ordered[n].members
		n++
	}
	return ordered[:n]
}

func equallyHard(a, b standing) bool { return a.score == b.score }

func equallySevere(a, b standing) bool { return a.severity == b.severity }

// pool is the households and persons of the missed-need pool.
func pool(all []standing) (households, persons int) {
	for _, s := range all {
		if s.missed > 0 {
			households++
			persons += s.missed
		}
	}
	return households, persons
}

func reaches(ordered []standing) (all []Reach) {
	households, persons := pool(ordered)
	for _, share := range shares {
		h, p := pool(top(ordered, share, equallyHard))
		all = append(all, Reach{share, Ratio{h, households}, Ratio{p, persons}})
	}
	return all
}

func fill(hardest []standing) (f Filling) {
	f.Households = len(hardest)
	for _, s := range hardest {
		switch {
		case s.missed > 0:
			f.Missed++
		case s.needs:
			f.Answered++
		case s.labelled:
			f.Other++
		default:
			f.Unlabelled++
		}
	}
	return f
}
