package synth

import "math"

// monthsOfSettlements is how far back the settlements go.
const monthsOfSettlements = 14

var hospitals = []string{"县第一医院（模拟）", "县第二医院（模拟）", "市第一医院（模拟）", "省立医院（模拟）"}

// spend draws the settlements of an insured person: small ones of the outpatient rooms, stays, and the yearly cost of a
// grave illness in pieces that add up to it.
func (m *maker) spend(p *person) {
	if p.insured == "" || p.household.story {
		return
	}
	d := p.die
	days := int(m.on - m.on.AddMonths(-monthsOfSettlements))
	if d.chance("outpatient", 0.82) {
		visits := 1 + d.choose("visits", 50, 30, 20)
		year := d.logNormal("outpatient-cost", 560, 1.15) * monthsOfSettlements / 12
		for i := range visits {
			v := d.of("visit", i)
			m.pay(p, v, "outpatient", "other", v.between("day", 1, days), year/float64(visits))
		}
	}
	rate := 0.34
	switch {
	case p.age < 15:
		rate = 0.085
	case p.age < 45:
		rate = 0.075
	case p.age < 60:
		rate = 0.14
	case p.age < 75:
		rate = 0.245
	}
	for i, going := 0, d.chance("stay", rate*monthsOfSettlements/12); going; i++ {
		v := d.of("stay", i)
		m.pay(p, v, "inpatient", "other", v.between("day", 1, days), v.logNormal("cost", 4300, 0.8))
		going = i < 5 && v.chance("again", 0.27)
	}
	if p.illness != "" {
		m.treat(p)
	}
}

// treat is the course of a grave illness.
func (m *maker) treat(p *person) {
	d := p.die.of("illness", 0)
	year := math.Min(d.logNormal("year", 38_000, 0.75)*math.Pow(1-d.unit("tail"), -1/3.5), 1_500_000)
	kind, pieces := "inpatient", d.between("pieces", 2, 6)
	switch p.illness {
	case "severe_mental":
		year /= 4
		kind, pieces = "chronic", 6
	case "uraemia":
		kind, pieces = "chronic", 10
	}
	since := d.between("since", 40, 400)
	for i := range pieces {
		v := d.of("piece", i)
		m.pay(p, v, kind, p.illness, max(since-since*i/pieces-v.below("day", 9), 1), year/float64(pieces)*(0.6+0.8*v.unit("part")))
	}
}

// pay is one settlement some days ago. The shares that insurance pays are those of the model and no rule of the pack:
// 500 of a stay to begin with, two thirds from basic insurance, three fifths of what is left above 16,000 from the other.
func (m *maker) pay(p *person, d die, kind, diagnosis string, daysAgo int, cost float64) {
	scope := math.Min(math.Max(d.normal("scope", 0.86, 0.07), 0.5), 1)
	if diagnosis != "other" {
		scope = math.Min(math.Max(d.normal("scope", 0.76, 0.08), 0.4), 0.97)
	}
	s := &settlement{kind: kind, diagnosis: diagnosis, on: m.ago(daysAgo), hospital: pick(d, "hospital", hospitals)}
	s.total = yuan(math.Max(cost, 12))
	within := fen(float64(s.total) * scope)
	start, share := fen(0), 0.40
	if kind != "outpatient" {
		start, share = 500_00, 0.66
	}
	if p.insured == "employee" {
		share += 0.16
	}
	s.basic = min(fen(float64(max(within-start, 0))*share), 200_000_00)
	s.major = fen(float64(max(within-s.basic-16_000_00, 0)) * 0.6)
	s.own = within - s.basic - s.major
	s.paid = s.total - s.basic - s.major
	if kind == "inpatient" {
		s.admitted = s.on.AddDays(-d.between("stay", 3, 21))
	}
	p.settled = append(p.settled, s)
	// One in a thousand is reversed and settled again at another amount.
	if d.chance("reversed", 0.0015) && s.own > 100_00 {
		again := *s
		again.total -= 50_00
		again.own -= 50_00
		again.paid -= 50_00
		s.reversed = true
		p.settled = append(p.settled, &again)
	}
}
