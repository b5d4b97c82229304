package synth

import (
	"math"
	"strconv"
)

func (m *maker) pensions(t *table) {
	month := m.on.AddMonths(-1)
	m.each(func(p *person) {
		if p.work.kind == "" || !p.present() {
			return
		}
		wage, pension, employer := "", "", "none"
		switch p.work.kind {
		case "employee":
			wage, employer = p.work.wage.String(), "enterprise"
			if p.work.budget {
				employer = "budget"
			}
		case "retired", "resident_pension":
			pension = p.work.pension.String()
		}
		paid := ""
		if p.paid > 0 {
			paid = p.paid.String()
		}
		t.add("account_no", t.number("SB"), "id_no", p.id, "name", p.name(), "kind", p.work.kind, "employer", p.work.employer,
			"employer_kind", employer, "wage", wage, "pension", pension, "paid_12m", paid, "month", day(month))
	})
}

func (m *maker) employment(t *table) {
	m.each(func(p *person) {
		if p.work.status == "" || !p.present() {
			return
		}
		wage := ""
		if p.work.status == "unemployed" {
			wage = "0.00"
		}
		t.add("registration_no", t.number("JY"), "id_no", p.id, "name", p.name(), "status", p.work.status,
			"registered_on", day(p.work.since), "lost_on", dayIf(p.work.lost), "wage", wage)
	})
}

// unemployment is every loss of work that was registered, also of those who have work again.
func (m *maker) unemployment(t *table) {
	m.each(func(p *person) {
		lost, registered := p.work.lost, p.work.since
		if p.work.kind == "employee" && p.age >= 20 && p.die.chance("once-unemployed", 0.03) {
			lost = p.work.since.AddDays(-p.die.between("without-work", 30, 300))
			registered = lost.AddDays(9)
		}
		if lost == 0 || !p.present() {
			return
		}
		t.add("registration_no", t.number("SY"), "id_no", p.id, "name", p.name(), "lost_on", day(lost), "registered_on", day(registered),
			"last_wage", yuan(math.Round(p.die.logNormal("last-wage", 3500, 0.3)/10)*10).String())
	})
}

func (m *maker) hardToEmploy(t *table) {
	m.each(func(p *person) {
		if p.hard == nil {
			return
		}
		since := m.ago(30*p.hard.months + p.die.between("hard-since", 32, 60))
		t.add("record_no", t.number("KN"), "id_no", p.id, "name", p.name(), "kind", p.hard.kind,
			"subsidy_months", strconv.Itoa(p.hard.months), "recognised_on", day(since))
	})
}

func (m *maker) posts(t *table) {
	m.each(func(p *person) {
		if p.post != nil {
			t.add("record_no", t.number("GY"), "id_no", p.id, "name", p.name(), "kind", p.post.kind, "months", strconv.Itoa(p.post.months),
				"since", day(p.post.since), "ended_on", dayIf(p.post.ended))
		}
	})
}

func (m *maker) members(t *table) {
	m.each(func(p *person) {
		if !p.member {
			return
		}
		file := p.file
		if file == "" {
			file = "none"
		}
		t.add("member_no", t.number("GH"), "id_no", p.id, "name", p.name(), "employer", p.work.employer, "file", file,
			"joined_on", day(p.work.since.AddDays(20)))
	})
}

func (m *maker) savers(t *table) {
	m.each(func(p *person) {
		if p.fund > 0 {
			t.add("account_no", t.number("GJJ"), "id_no", p.id, "name", p.name(), "employer", p.work.employer,
				"monthly", p.fund.String(), "month", day(m.on.AddMonths(-1)))
		}
	})
}

func (m *maker) nursed(t *table) {
	m.each(func(p *person) {
		if p.nursing > 0 {
			t.add("record_no", t.number("GS"), "id_no", p.id, "name", p.name(), "amount", p.nursing.String(),
				"since", day(m.ago(p.die.between("nursing-since", 100, 2500))), "ended_on", "")
		}
	})
}
