package synth

import "math"

// labour is a person's standing with the labour office, the union and the funds.
func (m *maker) labour(p *person) {
	m.contribute(p)
	if p.age < 16 || p.age >= 66 || p.school != "" {
		return
	}
	m.unionise(p)
	m.save(p)
	m.employHard(p)
	m.employPublicly(p)
	if d := p.die; (p.work.kind == "employee" || p.work.kind == "retired") && p.severe() && p.disability == "physical" && d.chance("nursing", 0.6) {
		p.nursing = fen(d.between("nursing-pay", 14, 32)) * 100_00
	}
}

// contribute is what a person paid for pension insurance within the year: eight percent of a wage, twenty of what a flexible
// worker declares, one of the tiers of the residents.
func (m *maker) contribute(p *person) {
	switch p.work.kind {
	case "employee":
		p.paid = p.work.wage * 12 * 8 / 100
	case "flexible":
		p.paid = fen(p.die.between("flexible-base", 42, 60)) * 100_00 * 12 * 20 / 100
	case "resident":
		p.paid = [...]fen{100_00, 300_00, 500_00, 1000_00}[p.die.choose("tier", 20, 55, 15, 10)]
	}
}

func (m *maker) unionise(p *person) {
	d := p.die
	if p.work.kind != "employee" {
		return
	}
	joined := 0.7
	if p.work.budget {
		joined = 0.95
	}
	p.member = d.chance("union", joined)
	if !p.member || p.work.budget {
		return
	}
	hard := 0.0015
	switch {
	case p.household.near:
		hard = 0.06
	case p.illness != "":
		hard = 0.1
	}
	if d.chance("union-file", hard) {
		p.file = [...]string{"deep", "relative", "accident"}[d.choose("union-file-kind", 3, 5, 2)]
	}
}

// save is the housing provident fund: of formal workers, and more of those in town and in public employ.
func (m *maker) save(p *person) {
	if p.work.kind != "employee" {
		return
	}
	share := 0.15
	switch {
	case p.work.budget:
		share = 0.97
	case p.household.place.urban:
		share = 0.5
	}
	if p.die.chance("provident", share) {
		p.fund = fen(math.Round(float64(p.work.wage)*0.16/1000)) * 1000
	}
}

func (m *maker) employHard(p *person) {
	d := p.die
	over := p.age >= 50 || p.female && p.age >= 40
	switch {
	case p.work.status == "unemployed" && p.work.lost < m.ago(120) && d.chance("hard", 0.7):
		kind := m.difficultyOf(p, over)
		if kind != "" {
			p.hard = &difficulty{kind: kind}
		}
	case p.work.kind == "flexible" && over && d.chance("hard-flexible", 0.18):
		p.hard = &difficulty{"over_age", d.between("subsidy-months", 1, 34)}
	}
}

func (m *maker) difficultyOf(p *person, over bool) string {
	switch {
	case p.disability != "":
		return "disabled"
	case p.low():
		return "low_income"
	case over:
		return "over_age"
	case p.work.lost < m.on.AddMonths(-12):
		return "long_unemployed"
	case len(p.household.living()) == 1:
		return "zero_employment"
	}
	return ""
}

// employPublicly gives posts of the public service: most of them in villages, to those who are poor or grow old.
func (m *maker) employPublicly(p *person) {
	d := p.die
	if p.age < 18 || p.severe() || p.work.kind == "employee" || p.work.kind == "retired" || p.household.collective() {
		return
	}
	rate := 0.0
	switch {
	case p.low() || p.household.poor:
		rate = 0.10
	case p.age >= 45:
		rate = 0.012
	}
	if !d.chance("post", rate) {
		return
	}
	months := d.between("post-months", 1, 35)
	p.post = &post{kind: "rural", months: months, since: m.on.AddMonths(-months).AddDays(d.below("post-day", 25) - 30)}
	if p.household.urban {
		p.post.kind = "urban"
	}
	if d.chance("post-left", 0.2) {
		p.post.ended = p.post.since.AddDays(d.between("post-days", 20, 30*months))
	}
}

// belong says who is a party member and who a veteran.
func (m *maker) belong(p *person) {
	d := p.die
	if p.age < 20 || p.household.quarters == care {
		return
	}
	party := 0.11
	switch {
	case p.work.budget:
		party = 0.5
	case p.age < 35:
		party = 0.05
	case p.age >= 60:
		party = 0.145
	}
	if p.female {
		party /= 2
	}
	p.party = d.chance("party", party)
	served := 0.004
	if !p.female {
		served = 0.10
	}
	p.veteran = p.age >= 22 && d.chance("veteran", served)
	relief := 0.06
	if p.age >= 60 {
		relief = 0.45
	}
	p.relief = p.veteran && d.chance("relief", relief)
}
