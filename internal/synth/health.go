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
	d, year := p.die, m.cal.Medical
	days := int(m.on - m.on.AddMonths(-monthsOfSettlements))
	if d.chance("outpatient", year.Outpatient.Value) {
		visits := 1 + d.choose("visits", 50, 30, 20)
		cost := d.logNormal("outpatient-cost", year.OutpatientMedian.Value, year.OutpatientSigma.Value) * monthsOfSettlements / 12
		for i := range visits {
			v := d.of("visit", i)
			m.pay(p, v, "outpatient", "other", v.between("day", 1, days), cost/float64(visits))
		}
	}
	rate := year.Inpatient.Value[band(p.age, 15, 45, 60, 75)]
	for i, going := 0, d.chance("stay", rate*monthsOfSettlements/12); going; i++ {
		v := d.of("stay", i)
		m.pay(p, v, "inpatient", "other", v.between("day", 1, days), v.logNormal("cost", year.StayMedian.Value, year.StaySigma.Value))
		going = i < 5 && v.chance("again", year.Again.Value)
	}
	if p.illness != "" {
		m.treat(p)
	}
}

// treat is the course of a grave illness.
func (m *maker) treat(p *person) {
	d, c := p.die.of("illness", 0), m.cal.Medical
	year := math.Min(d.logNormal("year", c.SeriousMedian.Value, c.SeriousSigma.Value)*math.Pow(1-d.unit("tail"), -1/c.SeriousTail.Value), c.SeriousMost.Value)
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

// pay is one settlement some days ago. The shares that insurance pays are those of the calibration and no rule of the pack.
func (m *maker) pay(p *person, d die, kind, diagnosis string, daysAgo int, cost float64) {
	c := m.cal.Medical
	policy := c.Scope.Value
	scope := math.Min(math.Max(d.normal("scope", policy.Mean, policy.Sigma), 0.5), 1)
	if diagnosis != "other" {
		scope = math.Min(math.Max(d.normal("scope", policy.Serious, policy.Sigma), 0.4), 0.97)
	}
	s := &settlement{kind: kind, diagnosis: diagnosis, on: m.ago(daysAgo), hospital: pick(d, "hospital", hospitals)}
	s.total = yuan(math.Max(cost, 12))
	within := fen(float64(s.total) * scope)
	start, share := 0.0, 1-c.OutpatientOwn.Value
	if kind != "outpatient" {
		start, share = c.Basic.Value.From, c.Basic.Value.Share
	}
	if p.insured == "employee" {
		share += c.Basic.Value.Employee
	}
	s.basic = min(fen(float64(max(within-yuan(start), 0))*share), yuan(c.Basic.Value.Most))
	s.major = fen(float64(max(within-s.basic-yuan(c.Major.Value.From), 0)) * c.Major.Value.Share)
	s.own = within - s.basic - s.major
	s.paid = s.total - s.basic - s.major
	if kind == "inpatient" {
		s.admitted = s.on.AddDays(-d.between("stay", 3, 21))
	}
	p.settled = append(p.settled, s)
	// A few are reversed and settled again at another amount.
	if d.chance("reversed", m.cal.Dirt.Reversed.Value) && s.own > 100_00 {
		again := *s
		again.total -= 50_00
		again.own -= 50_00
		again.paid -= 50_00
		s.reversed = true
		p.settled = append(p.settled, &again)
	}
}
