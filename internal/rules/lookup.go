package rules

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
)

// placeMemory keeps the place of the household before: neighbours mostly have one.
type placeMemory struct {
	filled bool
	area   area.Code
	within int
}

// place is each household's row in the tables of parameters. All are computed at once.
func (m *machine) place(v *vector, want Bits) {
	p := m.plan.places
	n := m.lanes[households]
	alike := true
	for h := range n {
		residence := len(p.residences) - 1
		if p.fact >= 0 {
			if code, known := m.batch.Household.Facts[p.fact].At(h); known {
				residence = int(code)
			}
		}
		v.num[h] = int64(m.within(m.batch.Area[h])*len(p.residences) + residence)
		alike = alike && v.num[h] == v.num[0]
	}
	fillAll(v.known, true)
	v.full, v.same = true, alike
}

func (m *machine) within(at area.Code) int {
	if !m.places.filled || m.places.area != at {
		m.places = placeMemory{true, at, m.plan.places.within(at)}
	}
	return m.places.within
}

func (v *vector) setCell(lane int, c cell) {
	switch c.state {
	case cellKnown:
		v.num[lane] = c.num
		v.known.Set(lane)
	case cellNotInForce:
		v.lapse(lane)
	}
}

// fillCell makes every lane a cell's value.
func (v *vector) fillCell(c cell) {
	v.fill([...]laneState{cellNotInForce: stateLapsed, cellUnknown: stateUnknown, cellKnown: stateKnown}[c.state], c.num)
}

func (m *machine) param(n *node, v *vector, want Bits) {
	if n.rel == scalar {
		v.fillCell(n.cells[0])
		return
	}
	at := m.need(n.args[0], want)
	if at.same {
		v.fillCell(n.cells[at.num[0]])
		return
	}
	v.forget(want)
	each(want, func(lane int) { v.setCell(lane, n.cells[at.num[lane]]) })
}

func (m *machine) paramTable(n *node, v *vector, want Bits) {
	m.lookUp(n, v, want, func(place, key int64) cell { return n.rows[place][key] }, func(place int64) cellState { return n.rows[place][0].state })
}

func (m *machine) paramBand(n *node, v *vector, want Bits) {
	value := func(place, amount int64) cell {
		s := n.scales[place]
		if s.state != cellKnown {
			return cell{state: s.state}
		}
		return cell{num: int64(s.band(money.Decimal(amount))), state: cellKnown}
	}
	m.lookUp(n, v, want, value, func(place int64) cellState { return n.scales[place].state })
}

// lookUp needs the key and the place: unknown before error before not in force.
func (m *machine) lookUp(n *node, v *vector, want Bits, value func(place, key int64) cell, at func(place int64) cellState) {
	key, place := m.need(n.args[0], want), m.need(n.args[1], want)
	if key.same && place.same && key.state(0) == stateKnown {
		v.fillCell(value(place.num[0], key.num[0]))
		v.inheritTaints(m.all[n.rel], key)
		return
	}
	v.forget(want)
	each(want, func(lane int) {
		switch state := key.state(lane); {
		case state == stateKnown:
			v.setCell(lane, value(place.number(lane), key.number(lane)))
		case state == stateUnknown || at(place.number(lane)) == cellUnknown:
		case state == stateError:
			v.fail(lane)
		default:
			v.lapse(lane)
		}
	})
	v.inheritTaints(want, key)
}
