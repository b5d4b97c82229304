package synth

import (
	"fmt"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// Village tells everything of a village of the sample but identity numbers and what depends on how many are chosen, when it alone
// is made.
func Village(p *pack.Pack, o Options, code area.Code) string {
	m := counted(p, o)
	for _, v := range m.places {
		if v.code == code {
			return m.told(v)
		}
	}
	return ""
}

// VillageAmong tells the same of a village of the whole county, made after those before it, and how many people it has.
func VillageAmong(p *pack.Pack, o Options, code area.Code) (told string, people int) {
	m := counted(p, o)
	for _, v := range m.places {
		if all := m.told(v); v.code == code {
			told, people = all, v.people()
		}
	}
	return told, people
}

func counted(p *pack.Pack, o Options) *maker {
	o = o.filled()
	county, _ := planCounty(o.Calibration, sampleCounty, o.People)
	m := newMaker(p, county, o)
	m.places, m.counting = m.choosePlaces(), true
	return m
}

func (m *maker) told(v *place) string {
	var all strings.Builder
	_ = m.people(v, nil)
	for _, h := range m.all {
		tell(&all, h)
	}
	return all.String()
}

func tell(out *strings.Builder, h *household) {
	fmt.Fprintln(out, h.booklet, h.urban, h.permit, h.poor, h.near, h.car, h.helped, h.address())
	for _, p := range h.persons {
		fmt.Fprintln(out, p.name(), p.female, p.birth, p.relation, p.died, p.school, p.disability, p.grade, p.illness, p.insured, p.work, p.children, p.custody, p.listed)
		for _, s := range p.settled {
			fmt.Fprintln(out, *s)
		}
		for _, b := range p.benefits {
			fmt.Fprintln(out, *b)
		}
	}
}

// Share is a measured share and the bounds within which it must lie.
type Share struct {
	Name           string
	Got, Low, High float64
}

// Draws measures the draws of n entities.
func Draws(seed uint64, n int) []Share {
	root := die(mix(seed))
	var mean, square, half, third, weighted, apart float64
	for i := range n {
		d := root.of("thing", i)
		x := d.normal("normal", 10, 2)
		mean += x
		square += (x - 10) * (x - 10)
		if d.chance("half", 0.5) {
			half++
		}
		if d.between("three", 4, 6) == 5 {
			third++
		}
		if d.choose("weights", 1, 3) == 1 {
			weighted++
		}
		if d.chance("one", 0.5) == d.chance("other", 0.5) {
			apart++
		}
	}
	all := float64(n)
	return []Share{
		{"mean of a normal", mean / all, 9.9, 10.1}, {"its variance", square / all, 3.8, 4.2},
		{"chance of a half", half / all, 0.48, 0.52}, {"one of three", third / all, 0.32, 0.35},
		{"three quarters by weight", weighted / all, 0.73, 0.77}, {"two attributes agree by chance only", apart / all, 0.48, 0.52},
	}
}

var (
	Allot            = allot
	SettleHouseholds = settleHouseholds
)

// Chosen is how much the candidates weigh that a quota chooses for a target.
func Chosen(target int, keys []float64, weights []int) (sum int) {
	m := &maker{counting: true}
	m.quotas[quotaEdge].target = target
	for i, key := range keys {
		m.chosen(quotaEdge, key, weights[i])
	}
	m.quotas[quotaEdge].solve()
	m.counting = false
	for i, key := range keys {
		if m.chosen(quotaEdge, key, weights[i]) {
			sum += weights[i]
		}
	}
	return sum
}
