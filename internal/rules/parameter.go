package rules

import (
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// cell is a parameter's value at one place on one date.
type cell struct {
	num   int64
	state cellState
	value *pack.ParameterValue // where it comes from; nil if not known
}

type cellState uint8

const (
	cellNotInForce cellState = iota
	cellUnknown              // differs by an area or a residence that is not known
	cellKnown
)

// scale is a parameter's bands at one place.
type scale struct {
	bands []pack.Band
	state cellState
	value *pack.ParameterValue
}

// places numbers the combinations of area and residence that parameters distinguish. Only areas that some value names
// matter, so a household's place is its deepest such area and its residence. Where less is known than parameters
// distinguish, as for a household of which only the city is, the place is open.
type places struct {
	areas      []area.Code // those named, and that of the pack
	open       []area.Code // those around some of them, and last 0 for an unknown area
	residences []string    // the list's codes, and last "" for an unknown residence
	fact       int         // the slot of the residence; -1 if the pack has none
}

func newPlaces(w *world, overlay Overlay) *places {
	p := &places{fact: -1}
	if w.pack.Area != 0 {
		p.areas = append(p.areas, w.pack.Area)
	}
	for _, parameter := range w.pack.Parameters {
		p.name(parameter)
	}
	for _, parameter := range overlay {
		p.name(parameter)
	}
	slices.Sort(p.areas)
	p.areas = slices.Compact(p.areas)
	for _, a := range p.areas {
		for around := a.Parent(); w.pack.Area.Contains(around); around = around.Parent() {
			p.open = append(p.open, around)
		}
	}
	slices.Sort(p.open)
	p.open = append(slices.Compact(p.open), 0)
	if slot, ok := w.layout.Slot(w.pack.Residence); ok {
		p.fact = slot
		list := w.pack.Codes[w.layout.Facts(pack.Household)[slot].Codes]
		p.residences = append(p.residences, list.IDs()...)
	}
	p.residences = append(p.residences, "")
	return p
}

func (p *places) name(parameter *pack.Parameter) {
	for _, v := range parameter.Values {
		p.areas = append(p.areas, v.Area)
	}
}

func (p *places) count() int { return (len(p.areas) + len(p.open)) * len(p.residences) }

// isOpen reports whether parameters distinguish more than is known of an area.
func (p *places) isOpen(at area.Code) bool { return p.within(at) >= len(p.areas) }

func (p *places) within(at area.Code) int {
	if i := slices.Index(p.open, at); i >= 0 {
		return len(p.areas) + i
	}
	best := -1
	for i, a := range p.areas {
		if a.Contains(at) && (best < 0 || a.Level() > p.areas[best].Level()) {
			best = i
		}
	}
	if best < 0 {
		return len(p.areas) + len(p.open) - 1
	}
	return best
}

// at is the value in force at a known area and residence, nil if there is none.
func (p *places) at(parameter *pack.Parameter, on calendar.Date, in area.Code, residence string) *pack.ParameterValue {
	var best *pack.ParameterValue
	for _, v := range parameter.Values {
		if !v.Span.Contains(on) || !v.Area.Contains(in) || v.Residence != "" && v.Residence != residence {
			continue
		}
		if best == nil || v.Area.Level() > best.Area.Level() || v.Area == best.Area && best.Residence == "" {
			best = v
		}
	}
	return best
}

// resolve is the value at each place; a place that is not fully known has a value only if all that it can be agree.
func (p *places) resolve(parameter *pack.Parameter, on calendar.Date) []resolved {
	all := make([]resolved, 0, p.count())
	for _, a := range p.areas {
		for _, residence := range p.residences {
			all = append(all, p.agreed(parameter, on, []area.Code{a}, residence))
		}
	}
	for _, around := range p.open {
		in := p.areas
		if around != 0 {
			in = []area.Code{around}
			for _, a := range p.areas {
				if around.Contains(a) {
					in = append(in, a)
				}
			}
		}
		for _, residence := range p.residences {
			all = append(all, p.agreed(parameter, on, in, residence))
		}
	}
	return all
}

// agreed is the value that some areas have in common, for a residence or, where it is not known, for all of them.
func (p *places) agreed(parameter *pack.Parameter, on calendar.Date, in []area.Code, residence string) resolved {
	residences := []string{residence}
	if residence == "" && len(p.residences) > 1 {
		residences = p.residences[:len(p.residences)-1]
	}
	common, first := resolved{}, true
	for _, a := range in {
		for _, residence := range residences {
			value := p.at(parameter, on, a, residence)
			if !first && !sameValue(common.value, value) {
				return resolved{differs: true}
			}
			if first {
				common.value, first = value, false
			}
		}
	}
	return common
}

// resolved is a value or the knowledge that it differs.
type resolved struct {
	value   *pack.ParameterValue
	differs bool
}

func sameValue(a, b *pack.ParameterValue) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.SameFigures(b)
}

func (r resolved) state() cellState {
	switch {
	case r.differs:
		return cellUnknown
	case r.value == nil:
		return cellNotInForce
	}
	return cellKnown
}

func (p *places) cells(parameter *pack.Parameter, on calendar.Date) []cell {
	var cells []cell
	for _, r := range p.resolve(parameter, on) {
		c := cell{state: r.state(), value: r.value}
		if c.state == cellKnown {
			c.num = numeric(parameter, r.value.Value)
		}
		cells = append(cells, c)
	}
	return cells
}

func (p *places) rows(parameter *pack.Parameter, on calendar.Date, list *pack.CodeList) [][]cell {
	var rows [][]cell
	for _, r := range p.resolve(parameter, on) {
		row := make([]cell, len(list.Codes))
		for i, code := range list.Codes {
			row[i] = cell{state: r.state(), value: r.value}
			if r.state() == cellKnown {
				row[i].num = numeric(parameter, r.value.Table[code.ID])
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *places) scales(parameter *pack.Parameter, on calendar.Date) []scale {
	var scales []scale
	for _, r := range p.resolve(parameter, on) {
		s := scale{state: r.state(), value: r.value}
		if r.value != nil {
			s.bands = r.value.Bands
		}
		scales = append(scales, s)
	}
	return scales
}

// numeric is a parameter's value as a lane holds it.
func numeric(parameter *pack.Parameter, v money.Decimal) int64 {
	if parameter.Type == pack.Int {
		return int64(v) / money.Scale
	}
	return int64(v)
}

// uniform reports whether every place has the same value.
func uniform(cells []cell) bool {
	for _, c := range cells {
		if c.state != cells[0].state || c.num != cells[0].num {
			return false
		}
	}
	return true
}

// band is the value for an amount: bands hold up to and including their upper end.
func (s scale) band(amount money.Decimal) money.Decimal {
	for _, b := range s.bands {
		if b.Last || amount <= b.UpTo {
			return b.Value
		}
	}
	panic("rules: bands without a last one passed validation")
}
