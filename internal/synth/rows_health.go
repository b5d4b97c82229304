package synth

import (
	"fmt"
	"strconv"

	"dajiuzhu/internal/calendar"
)

func (m *maker) enrolments(t *table) {
	year := m.on.Year()
	m.each(func(p *person) {
		if p.insured == "" || !p.present() {
			return
		}
		on := max(calendar.Must(year-1, 9, 1).AddDays(p.die.below("enrolled", 110)), p.birth.AddDays(20))
		t.add("enrolment_no", t.number("Y"), "id_no", p.id, "name", p.name(), "kind", p.insured, "year", strconv.Itoa(year),
			"enrolled_on", day(min(on, m.ago(2))))
	})
}

func (m *maker) settlements(t *table) {
	m.each(func(p *person) {
		for _, s := range p.settled {
			state := "valid"
			if s.reversed {
				state = "reversed"
			}
			t.add("settlement_no", t.number("JS"), "id_no", p.id, "name", p.name(), "kind", s.kind, "hospital", s.hospital,
				"admitted_on", dayIf(s.admitted), "settled_on", day(s.on), "diagnosis", s.diagnosis, "transplant", flag(false),
				"total", s.total.String(), "basic_paid", s.basic.String(), "major_paid", s.major.String(),
				"own_in_policy", s.own.String(), "own_total", s.paid.String(), "status", state)
		}
	})
}

func (m *maker) certificates(t *table) {
	m.each(func(p *person) {
		if p.disability == "" || !p.present() {
			return
		}
		issued := max(m.ago(p.die.between("issued", 30, 4200)), p.birth.AddMonths(10))
		expires := issued.AddMonths(120)
		state := "valid"
		switch {
		case expires < m.on:
			state = "expired"
		case !p.household.story && p.die.chance("certificate-cancelled", 0.01):
			state = "cancelled"
		}
		t.add("certificate_no", fmt.Sprintf("%s%d%d", p.id, 1+p.die.below("kind-digit", 7), p.grade), "id_no", p.id, "name", p.name(),
			"kind", p.disability, "grade", fmt.Sprintf("g%d", p.grade), "issued_on", day(issued), "expires_on", day(expires), "status", state)
	})
}

// redCrossAmounts is what the Red Cross's funds gave.
var redCrossAmounts = map[string]fen{"little-angel": 30_000_00, "angel-sunshine": 20_000_00}

func (m *maker) grants(t *table) {
	m.each(func(p *person) {
		if p.redCross != "" {
			t.add("grant_no", t.number("HS"), "id_no", p.id, "name", p.name(), "fund", p.redCross, "amount", redCrossAmounts[p.redCross].String(),
				"granted_on", day(m.ago(p.die.between("granted-on", 20, 300))))
		}
	})
}

func (m *maker) assessments(t *table) {
	m.each(func(p *person) {
		a := p.rehab
		if a == nil {
			return
		}
		t.add("record_no", t.number("KF"), "id_no", p.id, "name", p.name(), "need", flag(a.need), "mode", a.mode, "surgery", a.surgery,
			"surgery_own", a.own.String(), "assessed_on", day(max(m.ago(p.die.between("assessed-on", 30, 500)), p.birth.AddDays(40))))
	})
}

func (m *maker) cancers(t *table) {
	m.each(func(p *person) {
		if p.cancer != nil {
			t.add("record_no", t.number("LA"), "id_no", p.id, "name", p.name(), "invasive", flag(p.cancer.invasive),
				"helped", flag(p.cancer.helped), "registered_on", day(m.ago(p.die.between("cancer-registered", 30, 600))))
		}
	})
}

// bereaved has a row for each of husband and wife.
func (m *maker) bereaved(t *table) {
	m.each(func(p *person) {
		if p.onlyChild != "" {
			t.add("record_no", t.number("JH"), "id_no", p.id, "name", p.name(), "state", p.onlyChild, "living_child", flag(p.otherChild),
				"confirmed_on", day(m.ago(p.household.die.between("only-child-confirmed", 60, 2500))))
		}
	})
}
