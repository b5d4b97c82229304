package rules

import (
	"math/bits"

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
func (m *machine) place(v *vector) {
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

// figure is the figure at a place for a key.
func (n *node) figure(place, key int64) cell {
	if n.op == opParamTable {
		return n.rows[place][key]
	}
	s := &n.scales[place]
	if s.state != cellKnown {
		return cell{state: s.state}
	}
	return cell{num: int64(s.band(money.Decimal(key))), state: cellKnown}
}

// differs reports whether the figures at a place are not known, whatever the key.
func (n *node) differs(place int64) bool {
	if n.op == opParamTable {
		return n.rows[place][0].state == cellUnknown
	}
	return n.scales[place].state == cellUnknown
}

// lookUp looks up a figure by a code or by an amount. It needs the key and the place: unknown before error before not in force.
func (m *machine) lookUp(n *node, v *vector, want Bits) {
	key, place := m.need(n.args[0], want), m.need(n.args[1], want)
	if key.same && place.same && key.state(0) == stateKnown {
		v.fillCell(n.figure(place.num[0], key.num[0]))
		v.inheritTaints(m.all[n.rel], key)
		return
	}
	v.forget(want)
	if place.same && n.op == opParamTable {
		v.lookUpRow(n.rows[place.num[0]], key, want)
	} else {
		v.lookUpEach(n, key, place, want)
	}
	for w, lanes := range want {
		for rest := lanes &^ key.known[w]; key.odd && rest != 0; rest &= rest - 1 {
			n.lookUpNothing(v, key, place, w<<6+bits.TrailingZeros64(rest))
		}
	}
	v.inheritTaints(want, key)
}

// lookUpRow looks codes up where all lanes have one place.
func (v *vector) lookUpRow(row []cell, key *vector, want Bits) {
	for w, lanes := range want {
		for rest := lanes & key.known[w]; rest != 0; rest &= rest - 1 {
			lane := w<<6 + bits.TrailingZeros64(rest)
			v.setCell(lane, row[key.number(lane)])
		}
	}
}

func (v *vector) lookUpEach(n *node, key, place *vector, want Bits) {
	for w, lanes := range want {
		for rest := lanes & key.known[w]; rest != 0; rest &= rest - 1 {
			lane := w<<6 + bits.TrailingZeros64(rest)
			v.setCell(lane, n.figure(place.number(lane), key.number(lane)))
		}
	}
}

// lookUpNothing is a lane whose key is in error or not in force.
func (n *node) lookUpNothing(v, key, place *vector, lane int) {
	state := key.state(lane)
	switch {
	case state == stateUnknown || n.differs(place.number(lane)):
	case state == stateError:
		v.fail(lane)
	default:
		v.lapse(lane)
	}
}
