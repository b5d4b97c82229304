package screening

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// rank orders the households, hardest first, and gives each its place. Equal scores rank equally; their order is that of
// area and key, so that it is the same on every run.
func (r *Result) rank() {
	slices.SortStableFunc(r.Households, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Area, b.Area), strings.Compare(a.Key, b.Key))
	})
	for _, level := range []area.Level{area.Village, area.Township, area.County, area.City} {
		r.rankWithin(level)
	}
	r.markHardest()
}

// standing is how far the ranking within one area has come.
type standing struct {
	seen, rank int
	score      money.Decimal
}

func (r *Result) rankWithin(level area.Level) {
	areas := map[area.Code]*standing{}
	for i := range r.Households {
		h := &r.Households[i]
		at := areas[h.Area.At(level)]
		if at == nil {
			at = &standing{}
			areas[h.Area.At(level)] = at
		}
		at.seen++
		if at.seen == 1 || h.Score != at.score {
			at.rank, at.score = at.seen, h.Score
		}
		*h.Ranks.at(level) = at.rank
	}
}

func (r *Ranks) at(level area.Level) *int {
	switch level {
	case area.Village:
		return &r.Village
	case area.Township:
		return &r.Township
	case area.County:
		return &r.County
	}
	return &r.City
}

// markHardest marks, within each area of the pack's level, the households from the top whose people make up the pack's
// share of all people; those with the score of the last one belong to them.
func (r *Result) markHardest() {
	x := r.Policy.Pack().Index
	if x == nil {
		return
	}
	people := map[area.Code]int{}
	for _, h := range r.Households {
		people[h.Area.At(x.Hardest.Level)] += h.Members
	}
	taken := map[area.Code]int{}
	last := map[area.Code]money.Decimal{}
	for i := range r.Households {
		h := &r.Households[i]
		in := h.Area.At(x.Hardest.Level)
		limit := int64(people[in]) * int64(x.Hardest.Share)
		if int64(taken[in])*money.Scale < limit || taken[in] > 0 && last[in] == h.Score {
			h.Hardest = true
			taken[in] += h.Members
			last[in] = h.Score
		}
	}
}

// tally counts outcomes by programme and warnings by mechanism.
func (r *Result) tally() {
	place := map[*pack.Programme]int{}
	for i, p := range r.Policy.Pack().Programmes {
		place[p] = i
		r.Programmes = append(r.Programmes, Tally{Programme: p})
	}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		t := &r.Programmes[place[o.Programme]]
		t.Outcomes[o.Outcome]++
		if o.Held {
			t.Held++
		}
		if o.Held || o.Outcome == rules.Eligible || o.Outcome == rules.Likely {
			t.Reached++
		}
		if o.Outcome != rules.Eligible {
			continue
		}
		for _, a := range o.Amounts {
			sum := &t.Once
			if a.Component.Per == "month" {
				sum = &t.Monthly
			}
			*sum, _ = sum.Add(a.Amount)
		}
	}
	for _, m := range r.Policy.Pack().Mechanisms {
		t := MechanismTally{Mechanism: m, Levels: map[string]int{}}
		for _, w := range r.Warnings {
			if w.Mechanism == m {
				t.Levels[w.Rule.Level]++
				t.Total++
			}
		}
		r.Mechanisms = append(r.Mechanisms, t)
	}
}
