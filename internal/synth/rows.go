package synth

import (
	"strconv"

	"dajiuzhu/internal/calendar"
)

// rowsOf is what each department writes. The rows come in the order of places, households and people.
var rowsOf = []struct {
	feed string
	rows func(*maker, *table)
}{
	{"population", (*maker).population}, {"marriages", (*maker).marriages}, {"deaths", (*maker).deaths},
	{"medical-enrolment", (*maker).enrolments}, {"medical-settlement", (*maker).settlements}, {"disability", (*maker).certificates},
	{"social-insurance", (*maker).pensions}, {"employment", (*maker).employment}, {"unemployment", (*maker).unemployment},
	{"vehicles", (*maker).vehicles},
	{"property", (*maker).property}, {"business", (*maker).businesses}, {"schools", (*maker).schools},
	{"holdings", (*maker).holdings}, {"prison", (*maker).prisoners}, {"monitored", (*maker).monitored}, {"orphans", (*maker).orphans},
	{"red-cross-grants", (*maker).grants}, {"hotline", (*maker).tickets}, {"leads", (*maker).leads}, {"disasters", (*maker).disasters}, {"accidents", (*maker).accidents},
	{"awards", (*maker).ledger}, {"recognitions", (*maker).recognitions}, {"temporary-aid", (*maker).temporaryAid}, {"refusals", (*maker).refusals},
	{"charity-grants", (*maker).charityGrants}, {"admissions", (*maker).admissions}, {"student-aid", (*maker).hardPupils}, {"hope-grants", (*maker).hopeGrants},
	{"employment-difficulty", (*maker).hardToEmploy}, {"public-posts", (*maker).posts}, {"union-members", (*maker).members},
	{"provident-fund", (*maker).savers}, {"work-injury", (*maker).nursed}, {"rehabilitation", (*maker).assessments}, {"two-cancers", (*maker).cancers},
	{"birth-planning", (*maker).bereaved}, {"housing-grades", (*maker).houseGrades}, {"public-rental", (*maker).tenants}, {"rural-loans", (*maker).loans},
	{"border", (*maker).longAbroad}, {"credit", (*maker).debtors}, {"judicial-aid", (*maker).victims}, {"legal-aid", (*maker).lawsuits},
	{"party-members", (*maker).partyMembers}, {"veterans", (*maker).veterans},
}

func flag(b bool) string { return strconv.FormatBool(b) }

func day(d calendar.Date) string { return d.String() }

// dayIf is a day that may be none: the zero date, which none of these ever is.
func dayIf(d calendar.Date) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func sex(p *person) string {
	if p.female {
		return "female"
	}
	return "male"
}

func status(cancelled bool) string {
	if cancelled {
		return "cancelled"
	}
	return "current"
}

func idOf(p *person) string {
	if p == nil {
		return ""
	}
	return p.id
}

func (m *maker) population(t *table) {
	m.each(func(p *person) {
		if p.moved != 0 { // the register delivers nobody who left
			return
		}
		h := p.household
		registered, kind, cancelled := p.birth.AddDays(p.die.between("registered", 5, 50)), "hukou", ""
		registered = min(max(registered, calendar.Must(1958, 1, 9)), m.ago(1))
		if h.permit {
			kind = "permit"
			registered = max(registered, m.ago(h.die.between("permit-since", 40, 1500)))
		}
		if p.reported {
			cancelled = day(p.died.AddDays(p.die.between("cancelled", 8, 40)))
		}
		residence := "rural"
		if h.urban {
			residence = "urban"
		}
		t.add("id_no", p.id, "name", p.name(), "sex", sex(p), "birth", day(p.birth), "register", kind, "hukou_no", h.booklet,
			"collective", flag(h.collective()), "relation", p.relation, "hukou_kind", residence, "village", h.place.code.String(),
			"address", h.address(), "father_id", idOf(p.father), "mother_id", idOf(p.mother), "missing", flag(p.die.chance("missing", 0.0002)),
			"registered_on", day(registered), "cancelled_on", cancelled)
	})
}

func (m *maker) marriages(t *table) {
	m.each(func(p *person) {
		if p.female || p.spouse == nil {
			return
		}
		state := "married"
		if !p.present() || !p.spouse.present() {
			state = "widowed"
		}
		t.add("certificate_no", t.number("J"), "husband_id", p.id, "wife_id", p.spouse.id, "status", state, "registered_on", day(p.married))
	})
}

func (m *maker) deaths(t *table) {
	m.each(func(p *person) {
		if p.died != 0 {
			t.add("certificate_no", t.number("S"), "id_no", p.id, "name", p.name(), "died_on", day(p.died),
				"cremated_on", day(p.died.AddDays(p.die.between("cremated", 1, 3))))
		}
	})
}
