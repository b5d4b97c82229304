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
	d := p.die
	stage, since := "", age
	switch {
	case age >= 3 && age <= 5 && d.chance("kindergarten", 0.9):
		stage, since = "kindergarten", 3
	case age >= 6 && age <= 11:
		stage, since = "primary", 6
	case age >= 12 && age <= 14:
		stage, since = "junior", 12
	case age >= 15 && age <= 17:
		stage, since = [...]string{"high", "vocational", ""}[d.choose("upper", 60, 33, 7)], 15
	case age >= 18 && age <= 21 && d.chance("college", 0.46) && p.relation != spouse && p.spouse == nil && !p.household.permit:
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
	p.boarder = since >= 18 ||
		d.chance("boards", map[string]float64{"primary": 0.06, "junior": 0.35, "high": 0.6, "vocational": 0.7}[stage])
}

// disable gives some a certificate: more with age, intellectual and mental kinds early in life.
func (m *maker) disable(p *person) {
	rate := 0.065
	switch {
	case p.age < 15:
		rate = 0.006
	case p.age < 30:
		rate = 0.010
	case p.age < 45:
		rate = 0.016
	case p.age < 60:
		rate = 0.030
	case p.age < 75:
		rate = 0.052
	}
	if p.relation == "sibling" || p.relation == otherMember && p.age < 60 && !p.household.collective {
		rate *= 6 // who lives with kin at that age often cannot live alone
	}
	if !p.die.chance("disabled", rate) {
		return
	}
	kinds := []string{"physical", "sight", "hearing", "speech", "intellectual", "mental", "multiple"}
	weights := []int{535, 115, 90, 17, 92, 108, 43}
	if p.age < 30 {
		weights = []int{250, 60, 120, 60, 340, 100, 70}
	}
	p.disability = kinds[p.die.choose("kind", weights...)]
	p.grade = 1 + p.die.choose("grade", 15, 26, 29, 30)
}

// sicken gives some a grave illness of the last year.
func (m *maker) sicken(p *person) {
	rate := 0.028
	switch {
	case p.age < 15:
		rate = 0.0006
	case p.age < 45:
		rate = 0.0025
	case p.age < 60:
		rate = 0.009
	case p.age < 75:
		rate = 0.022
	}
	d := p.die
	switch {
	case p.disability == "mental" && p.grade <= 3 && d.chance("treated", 0.6):
		p.illness = "severe_mental"
	case !d.chance("ill", rate):
	case p.age < 15:
		p.illness = [...]string{"congenital_heart", "malignant_tumour", "leukaemia", "haemophilia"}[d.choose("illness", 60, 25, 10, 5)]
	case p.female:
		p.illness = [...]string{"malignant_tumour", "uraemia", "stroke", "heart_attack", "breast_cancer", "cervical_cancer"}[d.choose("illness", 30, 8, 28, 12, 15, 7)]
	default:
		p.illness = [...]string{"malignant_tumour", "uraemia", "stroke", "heart_attack", "leukaemia"}[d.choose("illness", 45, 10, 28, 15, 2)]
	}
}

// The shares of families that are poor before what makes hardship likelier is counted.
const (
	ruralPoor = 0.038
	urbanPoor = 0.004
)

// fortune says which families are poor in truth, and which are not far above.
func (m *maker) fortune(h *household) {
	if h.story || h.collective {
		return
	}
	odds := ruralPoor
	if h.place.urban {
		odds = urbanPoor
	}
	odds *= h.hardship
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
	if able >= 2 {
		odds *= 0.6
	}
	odds = math.Min(odds, 0.6)
	draw := h.die.unit("poor")
	h.poor = draw < odds
	h.near = !h.poor && draw < 2.2*odds
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
	if p.age >= 60 || h.careHome {
		return
	}
	if h.story {
		return
	}
	formal, flexible := 0.25, 0.08
	if h.place.urban {
		formal, flexible = 0.50, 0.14
	}
	if p.age < 20 || p.age >= 55 {
		formal, flexible = formal/2, flexible/2
	}
	if p.female {
		formal *= 0.85
	}
	if h.collective {
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
		if p.age < 55 && d.chance("unemployed", 0.022) && !p.severe() {
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
	wage := d.logNormal("wage", median, 0.32)
	if p.household.near {
		wage = d.logNormal("wage", 2350, 0.08)
	}
	if d.chance("budget", 0.11) && !p.household.near && p.age >= 23 {
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

func (m *maker) retire(p *person) {
	d, h := p.die, p.household
	share := 0.08
	if h.place.urban {
		share = 0.42
	}
	if h.poor || h.careHome {
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
	case p.household.poor || p.household.careHome || p.die.chance("insured", 0.965):
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
	return fmt.Sprintf("临邑县%s%s%d号", h.place.town, h.place.name, h.die.between("number", 1, 399))
}
