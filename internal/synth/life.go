package synth

import (
	"fmt"
	"math"

	"dajiuzhu/internal/calendar"
)

// live gives everybody school, disability, illness and what the rural list says, and then says who is poor.
func (m *maker) live(h *household) {
	for _, p := range h.living() {
		m.schooling(p)
		m.disable(p)
		m.sicken(p)
	}
	m.fortune(h)
	for _, p := range h.living() {
		m.employ(p)
		m.insure(p)
	}
}

// schooling goes by the age on the first of September of the school year.
func (m *maker) schooling(p *person) {
	start := m.schoolYear()
	age := calendar.Years(p.birth, start)
	d, upper := p.die, m.cal.School.Upper.Value
	stage, since := "", age
	switch {
	case p.household.quarters == students:
		stage, since = m.away(p)
	case age >= 3 && age <= 5 && d.chance("kindergarten", m.cal.School.KindergartenShare.Value):
		stage, since = "kindergarten", 3
	case age >= 6 && age <= 11:
		stage, since = "primary", 6
	case age >= 12 && age <= 14:
		stage, since = "junior", 12
	case age >= 15 && age <= 17:
		stage, since = [...]string{"high", "vocational", ""}[d.chooseBy("upper", upper.High, upper.Vocational, upper.None)], 15
	case age >= 18 && age <= 21 && d.chance("college", m.cal.School.CollegeShare.Value) && p.relation != spouse && p.spouse == nil && !p.household.permit:
		stage, since = "college", 18
		if d.chance("junior-college", 0.5) && age <= 20 {
			stage = "junior_college"
		}
	case age >= 22 && age <= 24 && d.chance("graduate", 0.03) && p.spouse == nil:
		stage, since = "graduate", 22
	}
	if stage == "" {
		return
	}
	p.school = stage
	p.enrolled = start.AddMonths(-12 * (age - since))
	p.boarder = since >= 18 || p.household.quarters == students ||
		d.chance("boards", map[string]float64{"primary": 0.06, "junior": 0.35, "high": 0.6, "vocational": 0.7}[stage])
}

// away is the stage of those who board at a school, and the age at which it began.
func (m *maker) away(p *person) (stage string, since int) {
	d, upper := p.die, m.cal.School.Upper.Value
	switch {
	case p.age <= 17:
		return [...]string{"high", "vocational"}[d.chooseBy("upper", upper.High, upper.Vocational)], 15
	case p.age <= 20 && d.chance("junior-college", 0.5):
		return "junior_college", 18
	}
	return "college", 18
}

// band is which of the parts that begin at some ages an age is in.
func band(age int, begins ...int) int {
	for i, from := range begins {
		if age < from {
			return i
		}
	}
	return len(begins)
}

var disabilityKinds = []string{"physical", "sight", "hearing", "speech", "intellectual", "mental", "multiple"}

// disable gives some a certificate: more with age, intellectual and mental kinds early in life.
func (m *maker) disable(p *person) {
	rates := m.cal.Health
	rate := rates.Disability.Value[band(p.age, 15, 30, 45, 60, 75)]
	if p.relation == "sibling" || p.relation == otherMember && p.age < 60 && !p.household.collective() {
		rate *= 6 // who lives with kin at that age often cannot live alone
	}
	if !p.die.chance("disabled", rate) {
		return
	}
	kinds := rates.Kinds.Value
	if p.age < 30 {
		kinds = rates.KindsYoung.Value
	}
	p.disability = disabilityKinds[p.die.chooseBy("kind", kinds.weights()...)]
	p.grade = 1 + p.die.chooseBy("grade", rates.Grades.Value...)
}

// sicken gives some a grave illness of the last year.
func (m *maker) sicken(p *person) {
	rate := m.cal.Health.Serious.Value[band(p.age, 15, 45, 60, 75)]
	d := p.die
	switch {
	case p.disability == "mental" && p.grade <= 3 && d.chance("treated", 0.6):
		p.illness = "severe_mental"
	case !d.chance("ill", rate):
	case p.age < 15:
		p.illness = m.childIllness(d)
	case p.female:
		p.illness = [...]string{"malignant_tumour", "uraemia", "stroke", "heart_attack", "breast_cancer", "cervical_cancer"}[d.choose("illness", 30, 8, 28, 12, 15, 7)]
	default:
		p.illness = [...]string{"malignant_tumour", "uraemia", "stroke", "heart_attack", "leukaemia"}[d.choose("illness", 45, 10, 28, 15, 2)]
	}
}

func (m *maker) childIllness(d die) string {
	leukaemia := m.cal.Health.ChildLeukaemia.Value
	left := 1 - leukaemia
	return [...]string{"leukaemia", "congenital_heart", "malignant_tumour", "haemophilia"}[d.chooseBy("illness", leukaemia, 0.66*left, 0.28*left, 0.06*left)]
}

// fortune draws a family's income in truth, and says which families are poor and which are not far above. Most families are of
// the main component; a few are of the low one, without work or a pension above the residents'. Of those of the main one whose
// income is low nearly all have what no register shows: kin, a field, odd jobs.
func (m *maker) fortune(h *household) {
	if h.story || h.collective() {
		return
	}
	d, income := h.die, m.cal.Income
	mean, sigma, line := income.Mean.Value.of(h.place), income.Sigma.Value.of(h.place), income.Line.Value.of(h.place)
	low := d.chance("poor", m.lowOdds(h))
	if low {
		s := income.LowSigma.Value
		h.income = mean * income.LowMean.Value * math.Exp(d.normal("low-income", -s*s/2, s))
	} else {
		h.income = mean * math.Exp(m.effects(h)+d.normal("income", -sigma*sigma/2, sigma))
	}
	h.rank = math.Min(math.Max((math.Log(h.income/mean)+sigma*sigma/2)/sigma, -2), 2)
	switch {
	case h.income < line:
		h.poor = low || !d.chance("kept", income.KeptBelow.Value)
	case h.income < 1.5*line:
		h.near = low || !d.chance("kept", income.KeptNear.Value)
	}
}

// lowOdds is how likely a family is of the low component.
func (m *maker) lowOdds(h *household) float64 {
	odds := m.cal.Income.Low.Value.of(h.place) * h.hardship
	able := 0
	for _, p := range h.living() {
		switch {
		case p.severe():
			odds *= 3
		case p.illness != "" && p.illness != "heart_attack":
			odds *= 2
		case p.age >= 18 && p.age < 60:
			able++
		}
	}
	switch {
	case able >= 2:
		odds *= 0.6
	case able == 0 && h.nobody():
		odds *= m.cal.Targets.Kinless.Value
	}
	return math.Min(odds, 0.6)
}

// effects is what the make-up of a family does to the log of its income a head.
func (m *maker) effects(h *household) float64 {
	e := m.cal.Income.Effects.Value
	living := h.living()
	effect := e.Centre
	for _, p := range living {
		switch {
		case p.severe():
			effect += e.Severe
		case p.age < 16:
			effect += e.Child
		case p.age >= 60 || p.school != "":
			effect += e.Idle
		}
	}
	if len(living) == 1 && living[0].age >= 60 {
		effect += e.OldAlone
	}
	if h.college = m.schooled(h.persons[0]); h.college {
		effect += e.College
	}
	return effect
}

// schooled reports whether a person has been to college, by year of birth.
func (m *maker) schooled(p *person) bool {
	share, latest := 0.0, math.MaxInt
	for before, of := range m.cal.School.CollegeByBirth.Value {
		if p.birth.Year() < before && before < latest {
			share, latest = of, before
		}
	}
	return p.age >= 22 && p.die.chance("schooled", share)
}

// tilted is a share that grows with a family's income and stays the same in the mean.
func (m *maker) tilted(share float64, h *household) float64 {
	return math.Min(math.Max(share+share*(1-share)*m.cal.Assets.Rank.Value*h.rank, 0), 1)
}

// employ gives grown people work, a pension or neither.
func (m *maker) employ(p *person) {
	if p.age < 16 || p.school != "" && p.school != "kindergarten" {
		return
	}
	d, h := p.die, p.household
	pensionAge := 60
	if p.female {
		pensionAge = 55
	}
	if p.age >= pensionAge {
		m.retire(p)
		if p.work.kind != "" {
			return
		}
	}
	if p.age >= 60 || h.quarters == care || h.quarters == students {
		return
	}
	if h.story {
		return
	}
	formal, flexible := m.cal.Work.Formal.Value.of(h.place), m.cal.Work.Flexible.Value.of(h.place)
	formal = m.tilted(formal, h)
	if p.age < 20 || p.age >= 55 {
		formal, flexible = formal/2, flexible/2
	}
	if p.female {
		formal *= 0.85
	}
	if h.collective() {
		formal, flexible = 0.9, 0
	}
	switch {
	case h.poor:
		formal, flexible = 0, 0.02
	case h.near:
		formal *= 0.4
	}
	if p.severe() {
		formal, flexible = 0.02, 0.01
	}
	draw := d.unit("work")
	switch {
	case draw < formal:
		m.hire(p)
	case draw < formal+flexible:
		p.work.kind, p.work.status = "flexible", "self"
		p.work.since = m.ago(d.between("since", 60, 3000))
	default:
		if d.chance("pays", 0.85) {
			p.work.kind = "resident"
		}
		if p.age < 55 && d.chance("unemployed", m.cal.Work.Unemployed.Value) && !p.severe() {
			p.work.status = "unemployed"
			p.work.lost = m.ago(d.between("lost", 5, 500))
			p.work.since = min(p.work.lost.AddDays(d.between("registers", 1, 25)), m.ago(1))
		}
	}
}

func (m *maker) hire(p *person) {
	d := p.die
	w := &p.work
	w.kind, w.status = "employee", "employed"
	median := 3900.0
	if p.household.place.urban {
		median = 4600
	}
	wage := d.logNormal("wage", median, 0.28) * math.Exp(0.15*p.household.rank)
	if p.household.near {
		wage = d.logNormal("wage", 2350, 0.08)
	}
	if d.chance("budget", m.budgeted(p)) && !p.household.near && p.age >= 23 {
		w.budget = true
		wage = d.logNormal("wage", 6100, 0.22)
	}
	w.wage = yuan(math.Round(math.Max(wage, 2020)/10) * 10)
	w.employer = pick(d, "employer", employers)
	if w.budget {
		w.employer = pick(d, "employer", publicEmployers)
	}
	w.since = m.ago(d.between("since", 60, min(5000, (p.age-15)*365)))
}

// budgeted is how likely an employee is to be in public employ.
func (m *maker) budgeted(p *person) float64 {
	if p.household.college {
		return 0.22
	}
	return 0.09
}

func (m *maker) retire(p *person) {
	d, h := p.die, p.household
	share := m.tilted(m.cal.Work.Retired.Value.of(h.place), h)
	if h.poor || h.quarters == care {
		share = 0
	}
	switch {
	case d.chance("retired", share):
		p.work.kind, p.work.status = "retired", "retired"
		p.work.pension = yuan(d.logNormal("pension", 3100, 0.25))
		p.work.since = m.ago(d.between("since", 30, 365*max(p.age-54, 1)))
	case p.age >= 60 && d.chance("resident-pension", 0.97):
		p.work.kind = "resident_pension"
		p.work.pension = yuan(204 + d.logNormal("pension", 28, 0.6))
		p.work.since = p.birth.AddMonths(12 * 60)
	}
}

// insure enrols people: those in formal work and its pensioners as employees, nearly all others as residents.
func (m *maker) insure(p *person) {
	switch {
	case p.work.kind == "employee" || p.work.kind == "retired":
		p.insured = "employee"
	case p.household.poor || p.household.quarters == care || p.die.chance("insured", m.cal.Health.Insured.Value):
		p.insured = "resident"
	}
}

var (
	employers = []string{"鲁北纺织有限公司（模拟）", "恒兴机械有限公司（模拟）", "晨光食品有限公司（模拟）", "德临化工有限公司（模拟）",
		"新源建材有限公司（模拟）", "惠民超市有限公司（模拟）", "顺达物流有限公司（模拟）", "明珠服装厂（模拟）"}
	publicEmployers = []string{"县属事业单位（模拟）", "镇街机关（模拟）", "县属学校（模拟）", "县属医院（模拟）"}
)

// address is where a household lives.
func (h *household) address() string {
	return fmt.Sprintf("%s%s%s%d号", h.place.county, h.place.town, h.place.name, h.die.between("number", 1, 399))
}
