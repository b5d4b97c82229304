package synth

import (
	"math"

	"dajiuzhu/internal/calendar"
)

// recognise makes families edge or rigid-expenditure families, and patients impoverished by illness.
func (m *maker) recognise(h *household) {
	if h.collective() || h.helped {
		return
	}
	switch {
	case h.need == "edge" && m.chosen(quotaEdge, h.die.unit("edge"), h.certifiable()):
		m.certify(h, "edge")
	case h.need == "rigid" && m.chosen(quotaRigid, h.die.unit("rigid"), h.certifiable()):
		m.certify(h, "rigid")
	case !m.counting && !h.permit:
		m.certifyPatient(h)
	}
}

func (m *maker) certifyPatient(h *household) {
	for _, p := range h.living() {
		if m.ownCost(p) > 34_000_00 && !p.low() && p.die.chance("illness-poor", 0.15) {
			p.recognised = m.recognition(p.die, "illness_poor")
		}
	}
}

// certify recognises every member whom nothing better supports.
func (m *maker) certify(h *household, kind string) {
	r := m.recognition(h.die, kind)
	for _, p := range h.living() {
		if !p.supported() {
			p.recognised = r
		}
	}
}

// certifiable is how many members nothing better supports.
func (h *household) certifiable() int {
	n := 0
	for _, p := range h.living() {
		if !p.supported() {
			n++
		}
	}
	return n
}

// supported reports what is better than recognition.
func (p *person) supported() bool { return p.holds("dibao", "dibao-alone", "tekun") }

// recognition is for twelve months. Of some the end is near, a few have lapsed, and a few were ended.
func (m *maker) recognition(d die, kind string) *recognition {
	r := &recognition{kind: kind, from: m.ago(d.between("recognised-for", 5, 330))}
	switch d.choose("recognition-state", 78, 14, 5, 3) {
	case 1:
		r.from = m.on.AddMonths(-12).AddDays(d.between("recognition-left", 3, 28))
	case 2:
		r.from = m.on.AddMonths(-12).AddDays(-d.between("recognition-lapsed", 1, 120))
	case 3:
		r.ended = m.ago(d.between("recognition-ended", 1, 4))
	}
	r.until = r.from.AddMonths(12)
	r.stands = r.until > m.on && r.ended == 0
	return r
}

// monthsOfAid is how far back the register of temporary aid goes.
const monthsOfAid = 24

// aid gives a household temporary aid.
func (m *maker) aid(h *household) {
	d, first, odds := h.die, h.persons[0], 0.002
	switch {
	case h.collective() || !first.present():
		return
	case h.poor || h.near:
		odds = 0.035
	case h.disaster != nil && h.disaster.moved > 0:
		odds = 0.4
	case m.ownCost(first) > 20_000_00:
		odds = 0.02
	}
	if m.chosen(quotaTemporaryAid, d.rarely("temporary-aid", odds), 1) {
		const sigma = 0.6
		amount := d.logNormal("temporary-aid-amount", m.cal.Targets.TemporaryAidMean.Value*math.Exp(-sigma*sigma/2), sigma)
		first.aids = append(first.aids, gift{roundly(amount), m.ago(d.between("temporary-aid-day", 3, 720))})
	}
}

// relieve gives a household a charity's grant, or a refusal.
func (m *maker) relieve(h *household) {
	first := h.persons[0]
	if h.collective() || !first.present() {
		return
	}
	d := h.die
	given, refused := 0.0003, 0.0003
	switch {
	case h.need != "":
		given, refused = 0.012, m.cal.Targets.Refused.Value
	case h.poor || h.near:
		given, refused = 0.012, 0.014
	case m.ownCost(first) > 20_000_00:
		given, refused = 0.03, 0.01
	}
	if d.chance("charity", given) {
		first.charity = append(first.charity, gift{fen(d.between("charity-amount", 2, 10)) * 500_00, m.ago(d.between("charity-day", 20, 600))})
	}
	if d.chance("refused", refused) && !h.low() {
		first.refused = m.refusal(d)
	}
}

// roundly is an amount in hundreds of yuan.
func roundly(n float64) fen { return fen(math.Max(math.Round(n/100), 3)) * 100_00 }

func (m *maker) refusal(d die) *refusal {
	r := &refusal{programme: "dibao", reason: "家庭人均收入高于低保标准", on: m.ago(d.between("refused-on", 10, 700))}
	switch d.choose("refused-why", 6, 3, 2, 1) {
	case 1:
		r.reason = "名下有机动车，超过规定"
	case 2:
		r.programme, r.reason = "dibao-alone", "家庭收入高于低保边缘标准"
	case 3:
		r.reason = "申请人撤回"
	}
	return r
}

// wrong is what went wrong with a grown person: a crime or an accident that nobody pays for, debts not paid, a long stay abroad.
func (m *maker) wrong(p *person) {
	d := p.die
	if p.age < 18 || p.household.quarters == care {
		return
	}
	if d.chance("victim", 0.00022) {
		p.victim = [...]string{"crime_harm", "tort", "support", "witness"}[d.choose("victim-kind", 5, 6, 2, 0)]
		p.redressed = d.chance("redressed", 0.5)
	}
	if d.chance("lawsuit", 0.001) {
		p.lawsuit = [...]string{"wages", "injury", "support", "violence", "benefits"}[d.choose("lawsuit-kind", 5, 4, 3, 2, 1)]
	}
	p.dishonest = p.age < 70 && d.chance("dishonest", 0.006)
	abroad := 0.0005
	if p.household.helped {
		abroad = 0.02 // one or two whose dibao has to be looked at
	}
	if p.age < 60 && p.work.status != "employed" && d.chance("abroad", abroad) {
		p.abroad = m.ago(d.between("abroad-since", 95, 900))
	}
}

// overhear lets schools, unions, charities and hospitals report whom they found in hardship. A hospital reports in the week
// that the illness began.
func (m *maker) overhear(p *person) {
	d, hard := p.die, p.household.poor || p.household.near
	kind, summary, rate, on := "", "", 0.0, m.ago(d.between("tip-day", 2, 380))
	switch {
	case p.student() && p.age < 18 && hard:
		kind, summary, rate = "school_lead", "学校家访发现学生家庭困难", 0.03
	case p.file != "":
		kind, summary, rate = "union_lead", "工会走访发现职工家庭困难", 0.3
	case p.illness != "" && p.illness != "severe_mental" && p.insured != "":
		kind, summary, rate = "sudden_illness", "医院报告突发重病，费用较高", 0.08
		on = min(m.fellIll(p).AddDays(d.between("tip-after", 1, 6)), m.ago(2))
	case hard && p.age >= 18:
		kind, summary, rate = "charity_lead", "社会组织走访发现生活困难", 0.006
	}
	if kind != "" && on > m.ago(380) && d.chance("tip", rate) {
		p.tip = &tip{kind, summary, on}
	}
}

// fellIll is the first day that a grave illness was treated.
func (m *maker) fellIll(p *person) calendar.Date {
	first := m.on
	for _, s := range p.settled {
		if s.diagnosis == p.illness {
			first = min(first, s.on)
		}
	}
	return first
}
