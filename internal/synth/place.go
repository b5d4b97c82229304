package synth

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// The county of the sample, and the village of the family whose story is told in it.
const (
	county  area.Code = 371424_000_000
	guozhai area.Code = 371424_100_281
)

// peopleAVillage is about how many people a village of the sample has. Real ones have some thousand; with fewer, more
// villages and every township are in the sample.
const peopleAVillage = 200

// urbanShare is the share of the county's people that live in town.
const urbanShare = 0.50

// place is a village or neighbourhood with the number of its people.
type place struct {
	code   area.Code
	town   string
	name   string
	urban  bool
	people int
}

// choosePlaces takes villages from every township in turn, and shares out the people by weights.
func choosePlaces(p *pack.Pack, d die, people int) []*place {
	var byTown [][]*place
	for _, town := range p.Areas.Children(county) {
		var villages []*place
		for _, code := range p.Areas.Children(town) {
			if name := p.Areas.Name(code); !strings.Contains(name, "类似") { // a placeholder of the statistics: nobody lives there
				villages = append(villages, &place{code: code, town: p.Areas.Name(town), name: p.Areas.Short(code)})
			}
		}
		slices.SortFunc(villages, func(a, b *place) int {
			return cmp.Or(cmp.Compare(rank(p, d, a), rank(p, d, b)), cmp.Compare(a.code, b.code))
		})
		byTown = append(byTown, villages)
	}
	chosen := inTurn(byTown, max(people/peopleAVillage, 1))
	slices.SortFunc(chosen, func(a, b *place) int { return cmp.Compare(a.code, b.code) })
	share(p, d, chosen, people)
	return chosen
}

// rank is the order in which a township's villages are taken: the story's village and then the rest by a draw.
func rank(p *pack.Pack, d die, v *place) uint64 {
	if v.code == guozhai {
		return 0
	}
	return d.of("place", int(v.code)).bits("taken")
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

// share divides the people by weights, by largest remainder, and says which places are in town.
func share(p *pack.Pack, d die, places []*place, people int) {
	weights := make([]float64, len(places))
	total := 0.0
	for i, v := range places {
		weights[i] = weight(p, d, v)
		total += weights[i]
	}
	type rest struct {
		place    int
		fraction float64
	}
	var rests []rest
	left := people
	for i, v := range places {
		exact := float64(people) * weights[i] / total
		v.people = int(exact)
		left -= v.people
		rests = append(rests, rest{i, exact - float64(v.people)})
	}
	slices.SortStableFunc(rests, func(a, b rest) int { return cmp.Compare(b.fraction, a.fraction) })
	for _, r := range rests[:left] {
		places[r.place].people++
	}
	townsfolk := 0
	for _, v := range places {
		if v.code != guozhai && inTown(p, v) && float64(townsfolk+v.people) <= urbanShare*float64(people) {
			v.urban = true
			townsfolk += v.people
		}
	}
}

func weight(p *pack.Pack, d die, v *place) float64 {
	w := d.of("place", int(v.code)).logNormal("weight", 1, 0.5)
	switch {
	case strings.HasSuffix(v.town, "街道"):
		w *= 3
	case strings.HasSuffix(v.town, "乡"):
		w *= 0.7
	}
	if neighbourhood(p, v) {
		w *= 3
	}
	return w
}

func inTown(p *pack.Pack, v *place) bool {
	return neighbourhood(p, v) || strings.HasSuffix(v.town, "街道")
}

func neighbourhood(p *pack.Pack, v *place) bool {
	name := p.Areas.Name(v.code)
	return strings.Contains(name, "居委会") || strings.Contains(name, "居民委员会")
}
