package screening

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

var otherScreening = fault.Text{Key: "screening.other-screening",
	Zh: "这里的结果按政策包 {pack}（{hash}）、{on} 运算，和其余的不是同一次；请用同一政策包、同一日期重新运算",
	En: "the results here are by the pack {pack} ({hash}) on {on}, and not of the same screening as the others: screen again by the same pack on the same day"}

// Part is what was kept of a part of the people, and where it comes from.
type Part struct {
	Name string // as faults name it
	Kept *Kept
}

// Merge puts together what was kept of the counties of a city under a plan. All that a county cannot know by itself are the places of
// its households in the city; [NewResult] finds them. Who the households are is not known beyond their keys.
func Merge(plan *rules.Plan, parts []Part) (*Kept, People, error) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(a.Kept.first(), b.Kept.first()) })
	populations := sha256.New()
	whole := &Kept{}
	for _, part := range parts {
		l := part.Kept.legend
		want := newLegend(plan, l.Population)
		if l.sum() != want.sum() {
			return nil, nil, fault.New(fault.Conflict, otherScreening, fault.Args{"pack": l.Pack, "hash": l.Hash[:min(12, len(l.Hash))], "on": l.On}).In(fault.At{File: part.Name})
		}
		fmt.Fprintln(populations, l.Population)
		whole.chunks = append(whole.chunks, part.Kept.chunks...)
	}
	whole.legend = newLegend(plan, hex.EncodeToString(populations.Sum(nil)))
	whole.count()
	return whole, unnamed{whole}, nil
}

// first is the area of the first household, 0 if there is none.
func (k *Kept) first() area.Code {
	var c chunk
	for i := range k.chunks {
		if k.open(i, &c); c.households > 0 {
			return c.area(0)
		}
	}
	return 0
}

// unnamed is people of whom only the results are at hand: their keys, and nobody's name or facts.
type unnamed struct{ kept *Kept }

func (u unnamed) Chunks() int { return u.kept.Chunks() }

func (u unnamed) Batch(int, *rules.Batch) *rules.Batch {
	panic("screening: the facts of people of whom only results are at hand")
}

func (u unnamed) At(i, lane int) population.Household {
	var c chunk
	u.kept.open(i, &c)
	return population.Household{Key: c.key(lane), Village: c.area(lane), Members: make([]population.Member, max(1, c.members.at(lane)))}
}

func (u unnamed) Subject(int, int) rules.Subject {
	panic("screening: the facts of people of whom only results are at hand")
}

// Who is not needed of what was kept already.
func (u unnamed) Who(chunk int, into *Who) {}

func (u unnamed) Checksum() string { return u.kept.legend.Population }
