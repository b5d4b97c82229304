package synth

import (
	"fmt"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// Village tells everything of a village of so many people but identity numbers, when it alone is made.
func Village(p *pack.Pack, o Options, code area.Code, people int) string {
	m := newMaker(p, o.filled())
	v := &place{code: code, town: p.Areas.Name(code.Parent()), name: p.Areas.Short(code), people: people}
	var truth Truth
	var all strings.Builder
	for _, h := range m.settle(v) {
		m.grow(h, &truth)
		tell(&all, h)
	}
	return all.String()
}

// VillageAmong tells the same of a village of the whole county, and how many people it has.
func VillageAmong(p *pack.Pack, o Options, code area.Code) (told string, people int) {
	o = o.filled()
	m := newMaker(p, o)
	var all strings.Builder
	var truth Truth
	for _, v := range choosePlaces(p, m.root, o.People) {
		for _, h := range m.settle(v) {
			m.grow(h, &truth)
			if v.code == code {
				people = v.people
				tell(&all, h)
			}
		}
	}
	return all.String(), people
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
