package synth

import (
	"time"

	"dajiuzhu/internal/calendar"
)

// schoolYear is the first day of the school year.
func (m *maker) schoolYear() calendar.Date {
	year, month, _ := m.on.YMD()
	if month < time.September {
		year--
	}
	return calendar.Must(year, time.September, 1)
}

// study says who was admitted this year, and whom the school recognised as of a family in hardship.
func (m *maker) study(p *person) {
	if p.school == "" {
		return
	}
	p.admitted = m.admission(p)
	d, low := p.die, p.low()
	recognised := 0.004
	switch {
	case low || p.orphan != "":
		recognised = 0.85
	case p.household.poor || p.household.near:
		recognised = 0.3
	case p.disability != "":
		recognised = 0.5
	}
	p.hardPupil = d.chance("hard-pupil", recognised)
	if p.admitted != "" && p.hardPupil && d.chance("hope", 0.25) {
		p.hope = append(p.hope, gift{fen(d.between("hope-amount", 3, 5)) * 1000_00, m.dayOfSchool(d.between("hope-day", -12, 40))})
	}
}

// admission is the stage above compulsory school that a person was admitted to this school year.
func (m *maker) admission(p *person) string {
	if p.enrolled != m.schoolYear() {
		return ""
	}
	switch p.school {
	case "high", "vocational":
		return "high"
	case "junior_college", "college":
		return p.school
	}
	return ""
}

// dayOfSchool is a day so long after the school year's first, but no day of the future.
func (m *maker) dayOfSchool(days int) calendar.Date {
	return min(m.schoolYear().AddDays(days), m.ago(30))
}
