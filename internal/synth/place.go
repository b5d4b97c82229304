package synth

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
)

// The county of the sample, and the village of the family whose story is told in it.
const (
	sampleCounty area.Code = 371424_000_000
	guozhai      area.Code = 371424_100_281
)

// peopleAVillage is about how many people a village of a sample has. Real ones have some thousand; with fewer, more villages and
// every township are in the sample.
const peopleAVillage = 200

// place is a village or neighbourhood with the numbers of its people.
type place struct {
	code                 area.Code
	county, town, name   string
	urban                bool
	family, households   int
	collective, quarters int
}

func (v *place) people() int { return v.family + v.collective }

// choosePlaces takes villages from every township in turn, and shares out the people by weights: all villages of a county at full
// size, fewer in a sample.
func (m *maker) choosePlaces() []*place {
	var byTown [][]*place
	for _, town := range m.pack.Areas.Children(m.plan.code) {
		var villages []*place
		for _, code := range m.pack.Areas.Children(town) {
			if !strings.Contains(m.pack.Areas.Name(code), "类似") { // a placeholder of the statistics: nobody lives there
				villages = append(villages, &place{code: code, county: m.pack.Areas.Name(m.plan.code), town: m.pack.Areas.Name(town), name: m.pack.Areas.Short(code)})
			}
		}
		slices.SortFunc(villages, func(a, b *place) int {
			return cmp.Or(cmp.Compare(m.rank(a), m.rank(b)), cmp.Compare(a.code, b.code))
		})
		byTown = append(byTown, villages)
	}
	chosen := inTurn(byTown, max(m.plan.people/peopleAVillage, 1))
	slices.SortFunc(chosen, func(a, b *place) int { return cmp.Compare(a.code, b.code) })
	if len(chosen) > 0 {
		m.share(chosen)
	}
	return chosen
}

// rank is the order in which a township's villages are taken: the story's village and then the rest by a draw.
func (m *maker) rank(v *place) uint64 {
	if v.code == guozhai {
		return 0
	}
	return m.root.of("place", int(v.code)).bits("taken")
}

func inTurn(byTown [][]*place, count int) []*place {
	var chosen []*place
	slices.SortStableFunc(byTown, func(a, b []*place) int { return cmp.Compare(notStory(a), notStory(b)) })
	for round := 0; ; round++ {
		more := false
		for _, town := range byTown {
			if round >= len(town) {
				continue
			}
			more = true
			if len(chosen) == count {
				return chosen
			}
			chosen = append(chosen, town[round])
		}
		if !more {
			return chosen
		}
	}
}

func notStory(town []*place) int {
	if len(town) > 0 && town[0].code == guozhai {
		return 0
	}
	return 1
}

// share divides the county's people and households by weights, and says which places are in town. Collective households are there.
func (m *maker) share(places []*place) {
	var weights []float64
	for _, v := range places {
		weights = append(weights, m.weight(v))
	}
	all := allot(m.plan.people, weights)
	m.urbanise(places, all)
	dwellers := make([]float64, len(places))
	for i, v := range places {
		if v.urban {
			dwellers[i] = float64(all[i])
		}
	}
	if slices.Max(dwellers) == 0 {
		dwellers = weights
	}
	collective := allot(m.plan.collective, dwellers)
	for i := range collective { // of a place no more than it has people
		collective[i] = min(collective[i], all[i])
	}
	for i, left := 0, m.plan.collective-sum(collective); left > 0; i++ {
		more := min(left, all[i]-collective[i])
		collective[i] += more
		left -= more
	}
	family := make([]int, len(places))
	for i := range places {
		family[i] = all[i] - collective[i]
	}
	households, quarters := settleHouseholds(m.plan.households, family), settleHouseholds(m.plan.quarters, collective)
	for i, v := range places {
		v.family, v.households, v.collective, v.quarters = family[i], households[i], collective[i], quarters[i]
	}
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}

// urbanise puts places in town until the county's share lives there: neighbourhoods and subdistricts first, then villages of the
// seat, then others. It is a proxy: the statistics' own class of villages was not to be had.
func (m *maker) urbanise(places []*place, people []int) {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	class := func(v *place) int {
		switch {
		case m.neighbourhood(v) || strings.HasSuffix(v.town, "街道"):
			return 0
		case m.seat(v):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(class(places[a]), class(places[b])), cmp.Compare(m.rank(places[a]), m.rank(places[b])))
	})
	left := m.plan.urban * float64(m.plan.people)
	for _, i := range order {
		if v := places[i]; v.code != guozhai && float64(people[i]) <= left {
			v.urban = true
			left -= float64(people[i])
		}
	}
}

// weight is a place's share of its county's people, against others'.
func (m *maker) weight(v *place) float64 {
	p := m.cal.Places
	w := m.root.of("place", int(v.code)).logNormal("weight", 1, p.WeightSigma.Value)
	switch {
	case strings.HasSuffix(v.town, "街道"):
		w *= p.WeightSubdistrict.Value
	case m.seat(v):
		w *= p.WeightSeat.Value
	case strings.HasSuffix(v.town, "乡"):
		w *= p.WeightTownship.Value
	}
	if m.neighbourhood(v) {
		w *= p.WeightNeighbourhood.Value
	}
	return w
}

// seat reports a place in the town that bears the county's name: the county's seat.
func (m *maker) seat(v *place) bool {
	stem := []rune(v.county)
	return len(stem) >= 2 && strings.HasPrefix(v.town, string(stem[:2]))
}

func (m *maker) neighbourhood(v *place) bool {
	name := m.pack.Areas.Name(v.code)
	return strings.Contains(name, "居委会") || strings.Contains(name, "居民委员会") || strings.Contains(name, "社区")
}
