package synth

import "math"

// help gives benefits: to those in need, with the take-up of the place; to a few without need; and leaves out the rest.
// What was really so is counted, and written nowhere.
func (m *maker) help(h *household, truth *Truth) {
	if h.story {
		return
	}
	if h.careHome {
		for _, p := range h.persons {
			m.grant(p, "tekun", 1_360_00).institution = true
		}
		return
	}
	if h.collective {
		return
	}
	m.enlist(h)
	needy := h.poor && !h.car && !h.propertied()
	switch {
	case needy && m.takeUp(h):
		m.award(h)
		truth.Helped++
	case needy:
		truth.Missed++
	case h.poor && h.die.chance("contradiction", 0.4), h.die.chance("wrong", 0.0006):
		m.award(h)
		truth.Wrong++
	case h.near:
		m.awardAlone(h)
	}
	m.elderly(h)
	m.shelter(h)
	m.provide(h)
}

// propertied reports what bars from dibao, as the registers show it.
func (h *household) propertied() bool {
	homes := 0
	for _, p := range h.living() {
		homes += len(p.homes)
		for _, b := range p.businesses {
			if !b.cancelled && b.capital > 20_000_00 {
				return true
			}
		}
	}
	return homes > 1
}

func (m *maker) takeUp(h *household) bool {
	if h.place.urban {
		return h.die.chance("take-up", 0.35)
	}
	return h.die.chance("take-up", 0.65)
}

// award is tekun for those who have nobody and cannot work, dibao for the family else.
func (m *maker) award(h *household) {
	living := h.living()
	nobody := len(living) <= 2
	for _, p := range living {
		if p.children > 0 || p.age < 60 && !p.severe() {
			nobody = false
		}
	}
	if nobody && h.poor && h.die.chance("tekun", 0.8) {
		for _, p := range living {
			m.grant(p, "tekun", yuan(1180+float64(p.die.below("care", 3))*160))
		}
		return
	}
	h.helped = true
	amount := yuan(math.Round(h.die.logNormal("dibao", 330, 0.35)/5) * 5)
	for _, p := range h.persons {
		if p.alive() || !p.reported && p.die.chance("still-paid", 0.6) {
			m.grant(p, "dibao", amount)
		}
	}
}

// awardAlone is dibao for one severely disabled or gravely ill person of a family a little above the line.
func (m *maker) awardAlone(h *household) {
	for _, p := range h.living() {
		if (p.severe() || p.illness != "" && p.illness != "stroke" && p.illness != "heart_attack") && p.die.chance("alone", 0.3) {
			m.grant(p, "dibao-alone", 555_00)
			return
		}
	}
}

func (m *maker) elderly(h *household) {
	for _, p := range h.persons {
		switch {
		case p.age < 60:
			continue
		case p.alive() && p.age >= 100, h.helped && p.alive() && p.die.chance("elder", 0.85):
		case !p.alive() && !p.reported && p.die.chance("elder-late", 0.25):
		default:
			continue
		}
		amount := fen(80_00)
		switch {
		case p.age >= 100:
			amount = 300_00
		case p.age >= 90:
			amount = 200_00
		case p.age >= 80:
			amount = 100_00
		}
		m.grant(p, "elder-hardship", amount)
	}
}

// shelter recognises children whom nobody supports.
func (m *maker) shelter(h *household) {
	for _, p := range h.living() {
		if p.age >= 18 || p.relation != grandchild {
			continue
		}
		switch draw := p.die.unit("sheltered"); {
		case draw < 0.08:
			p.orphan = "orphan"
		case draw < 0.30:
			p.orphan = "unsupported"
		case draw < 0.34:
			p.orphan = "key"
		}
	}
}

// provide gives children in care and disabled people what they may have, with the take-up of the place. Care is for the
// two gravest grades, but for those under extreme-poverty support, of whom a few have it all the same.
func (m *maker) provide(h *household) {
	for _, p := range h.living() {
		switch p.orphan {
		case "orphan", "unsupported":
			m.grantIf(p, "orphan-basic", 0.85, 1_510_00)
		case "key":
			m.grantIf(p, "key-child", 0.75, 1_130_00)
		}
		if p.disability == "" {
			continue
		}
		tekun := p.holds("tekun")
		switch {
		case p.holds("dibao", "dibao-alone") && p.orphan == "":
			m.grantIf(p, "disabled-living", 0.88, 165_00)
		case h.near:
			m.grantIf(p, "disabled-living", 0.04, 165_00)
		}
		switch {
		case p.grade <= 2 && !tekun:
			m.grantIf(p, "disabled-care", 0.86, 165_00)
		case p.grade <= 2:
			m.grantIf(p, "disabled-care", 0.08, 165_00)
		}
	}
}

func (m *maker) grantIf(p *person, programme string, takeUp float64, amount fen) {
	if p.die.chance(programme+" taken up", takeUp) {
		m.grant(p, programme, amount)
	}
}

// enlist puts families of the villages on the rural bureau's list.
func (m *maker) enlist(h *household) {
	if h.place.urban || h.permit {
		return
	}
	d := h.die
	kind := ""
	switch {
	case (h.poor || h.near) && d.chance("watched", 0.02):
		kind = [...]string{"unstable", "edge", "sudden"}[d.choose("watched-kind", 3, 4, 3)]
	case d.chance("ex-poor", 0.028*(1+h.hardship)/2), h.poor && d.chance("ex-poor-now", 0.35):
		kind = "expoor"
	}
	if kind == "" {
		return
	}
	for _, p := range h.living() {
		p.listed = kind
		p.removed = kind == "expoor" || d.chance("removed", 0.25)
	}
}

// grant gives a benefit that is held, or for a few one that ended within the year.
func (m *maker) grant(p *person, programme string, amount fen) *benefit {
	d := p.die.of(programme, 0)
	b := &benefit{programme: programme, amount: amount, from: m.ago(d.between("from", 40, 2400))}
	b.from = max(b.from, p.birth)
	if !p.alive() {
		b.from = min(b.from, p.died.AddMonths(-2))
	}
	p.benefits = append(p.benefits, b)
	return b
}

// confine puts a few into custody.
func (m *maker) confine(h *household) {
	if h.story || h.collective {
		return
	}
	for _, p := range h.living() {
		rate := 0.003
		if p.female {
			rate = 0.0003
		}
		if p.age < 18 || p.age >= 65 || p.work.budget || !p.die.chance("custody", rate) {
			continue
		}
		p.custody = [...]string{"serving", "detox", "outside", "released"}[p.die.choose("custody-kind", 5, 2, 2, 3)]
		if p.custody == "serving" || p.custody == "detox" {
			p.work = work{}
		}
	}
}

// lapse ends some benefits of last year: the family earns more now.
func (m *maker) lapse(h *household) {
	if h.story || !h.near || !h.die.chance("lapsed", 0.08) {
		return
	}
	to := m.ago(h.die.between("lapsed-on", 5, 330))
	for _, p := range h.living() {
		b := m.grant(p, "dibao", 240_00)
		b.to = to
		b.from = min(b.from, to.AddMonths(-12))
	}
}
