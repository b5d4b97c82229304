package synth

import "math"

// judge says what a family needs in truth, by the facts that it was given and no rule of the pack: one programme a family.
func (m *maker) judge(h *household) {
	if h.collective() || h.story && h.income == 0 {
		return
	}
	needy := h.poor && !h.car && !h.propertied()
	switch {
	case needy && h.nobody():
		h.need = "tekun"
	case needy:
		h.need = "dibao"
	case h.near && !h.car && !h.propertied() && h.burdened():
		h.need = "edge"
	case !h.poor && m.ruined(h):
		h.need = "rigid"
	default:
		return
	}
	h.since = m.ago(h.die.between("need-since", 60, 2000))
	for _, p := range h.living() {
		if h.need == "rigid" && p.illness != "" {
			h.since = m.fellIll(p)
		}
	}
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

// nobody reports one or two people who cannot work and whom no child supports, here or elsewhere.
func (h *household) nobody() bool {
	living := h.living()
	for _, p := range living {
		if p.kin || p.age < 60 && !p.severe() {
			return false
		}
	}
	return len(living) <= 2
}

// burdened reports who cannot be expected to earn more: the severely disabled or gravely ill, a lone parent, old people alone.
func (h *household) burdened() bool {
	living := h.living()
	able, minors := 0, 0
	for _, p := range living {
		switch {
		case p.severe() || p.illness != "":
			return true
		case p.age < 18:
			minors++
		case p.age < 60:
			able++
		}
	}
	return able == 0 || able == 1 && minors > 0
}

// ruined reports a family that the year's cost of illness brings below the line.
func (m *maker) ruined(h *household) bool {
	cost, n := fen(0), float64(len(h.living()))
	for _, p := range h.living() {
		cost += m.ownCost(p)
	}
	return cost >= yuan(m.cal.Targets.Ruin.Value) && h.income*n-float64(cost)/100 < m.cal.Income.Line.Value.of(h.place)*n
}

// help gives benefits: to those in need, to as many as the registers know of; to a few without need; and leaves out the rest.
func (m *maker) help(h *household) {
	if h.story {
		return
	}
	if h.collective() {
		m.support(h)
		return
	}
	m.enlist(h)
	n := len(h.living())
	switch {
	case h.need == "tekun" && m.chosen(quotaTekun, h.die.unit("take-up"), n):
		for _, p := range h.living() {
			m.grant(p, "tekun", yuan(1180+float64(p.die.below("care", 3))*160))
		}
	case h.need == "dibao" && m.chosen(m.dibaoOf(h), h.die.unit("take-up"), n):
		m.award(h)
	case (h.need == "" || h.need == "edge") && !h.permit && m.chosen(quotaWrong, h.die.rarely("wrong", h.undeserving()), n):
		h.wrongly = h.why()
		m.award(h)
	case h.near:
		m.awardAlone(h)
	}
	m.elderly(h)
	m.shelter(h)
}

func (m *maker) dibaoOf(h *household) quotaID {
	if h.place.urban {
		return quotaDibaoUrban
	}
	return quotaDibaoRural
}

// undeserving is the odds of help without need: poor families that own too much come first.
func (h *household) undeserving() float64 {
	switch {
	case h.poor:
		return 0.4
	case h.near:
		return 0.005
	}
	return 0.0005
}

// why is what should bar a family from help that it has.
func (h *household) why() string {
	if h.car || h.propertied() {
		return "assets"
	}
	return "income"
}

// support is tekun in a home, for some of those who live there.
func (m *maker) support(h *household) {
	for _, p := range h.persons {
		if h.quarters == care && m.chosen(quotaTekunInstitution, p.die.unit("supported"), 1) {
			m.grant(p, "tekun", 1_360_00).institution = true
		}
	}
}

// award is dibao for a family, and for those who died or left and of whom nobody told.
func (m *maker) award(h *household) {
	h.helped = true
	amount := yuan(math.Round(h.die.logNormal("dibao", 330, 0.35)/5) * 5)
	for _, p := range h.persons {
		if p.present() || p.moved != 0 || !p.reported && p.die.chance("still-paid", 0.6) {
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
		case p.present() && p.age >= 100, h.helped && p.present() && p.die.chance("elder", 0.85):
		case p.died != 0 && !p.reported && p.die.chance("elder-late", 0.25):
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

// shelter says which children nobody supports in truth, and whom of them the civil affairs bureau has recognised.
func (m *maker) shelter(h *household) {
	shares := m.cal.Targets.NoParents.Value
	for _, p := range h.living() {
		if p.age >= 18 || p.relation != grandchild {
			continue
		}
		key := p.die.unit("recognised-child")
		switch draw := p.die.unit("sheltered"); {
		case draw < shares.Orphan:
			p.forlorn = "orphan"
			p.recogniseIf(m.chosen(quotaOrphans, key, 1))
		case draw < shares.Orphan+shares.Unsupported:
			p.forlorn = "unsupported"
			p.recogniseIf(m.chosen(quotaUnsupported, key, 1))
		case draw < shares.Orphan+shares.Unsupported+shares.Key:
			p.forlorn = "key"
			p.recogniseIf(key < 0.8)
		}
	}
}

func (p *person) recogniseIf(recognised bool) {
	if recognised {
		p.orphan = p.forlorn
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
	kind, removed, weight := "", d.chance("removed", 0.25), len(h.living())
	if removed {
		weight = 0
	}
	switch {
	case (h.poor || h.near) && m.chosen(quotaMonitored, d.unit("watched"), weight):
		kind = [...]string{"unstable", "edge", "sudden"}[d.choose("watched-kind", 3, 4, 3)]
	case d.chance("ex-poor", 0.028*(1+h.hardship)/2), h.poor && d.chance("ex-poor-now", 0.35):
		kind = "expoor"
	}
	if kind == "" {
		return
	}
	for _, p := range h.living() {
		p.listed = kind
		p.removed = kind == "expoor" || removed
	}
}

// grant gives a benefit that is held, or for a few one that ended within the year.
func (m *maker) grant(p *person, programme string, amount fen) *benefit {
	d := p.die.of(programme, 0)
	b := &benefit{programme: programme, amount: amount, from: m.ago(d.between("from", 40, 2400))}
	b.from = max(b.from, p.birth)
	if gone := max(p.died, p.moved); gone != 0 {
		b.from = min(b.from, gone.AddMonths(-2))
	}
	p.benefits = append(p.benefits, b)
	return b
}

// confine puts a few into custody.
func (m *maker) confine(h *household) {
	if h.story || h.collective() {
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
