package synth

import (
	"fmt"
	"math"
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
	{"social-insurance", (*maker).pensions}, {"employment", (*maker).employment}, {"unemployment", (*maker).unemployment}, {"vehicles", (*maker).vehicles},
	{"property", (*maker).property}, {"business", (*maker).businesses}, {"schools", (*maker).schools},
	{"holdings", (*maker).holdings}, {"prison", (*maker).prisoners}, {"monitored", (*maker).monitored}, {"orphans", (*maker).orphans},
	{"red-cross-grants", (*maker).grants}, {"hotline", (*maker).tickets}, {"leads", (*maker).leads}, {"disasters", (*maker).disasters}, {"accidents", (*maker).accidents},
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

// numbered writes a department's own numbers.
func numbered(prefix string, t *table) string { return fmt.Sprintf("%s%07d", prefix, len(t.rows)+1) }

func (m *maker) population(t *table) {
	m.each(func(p *person) {
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
			"collective", flag(h.collective), "relation", p.relation, "hukou_kind", residence, "village", h.place.code.String(),
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
		if !p.alive() || !p.spouse.alive() {
			state = "widowed"
		}
		t.add("certificate_no", numbered("J371424", t), "husband_id", p.id, "wife_id", p.spouse.id, "status", state, "registered_on", day(p.married))
	})
}

func (m *maker) deaths(t *table) {
	m.each(func(p *person) {
		if !p.alive() {
			t.add("certificate_no", numbered("S371424", t), "id_no", p.id, "name", p.name(), "died_on", day(p.died),
				"cremated_on", day(p.died.AddDays(p.die.between("cremated", 1, 3))))
		}
	})
}

func (m *maker) enrolments(t *table) {
	year := m.on.Year()
	m.each(func(p *person) {
		if p.insured == "" || !p.alive() {
			return
		}
		on := max(calendar.Must(year-1, 9, 1).AddDays(p.die.below("enrolled", 110)), p.birth.AddDays(20))
		t.add("enrolment_no", numbered("Y371424", t), "id_no", p.id, "name", p.name(), "kind", p.insured, "year", strconv.Itoa(year),
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
			t.add("settlement_no", numbered("JS371424", t), "id_no", p.id, "name", p.name(), "kind", s.kind, "hospital", s.hospital,
				"admitted_on", dayIf(s.admitted), "settled_on", day(s.on), "diagnosis", s.diagnosis, "transplant", flag(false),
				"total", s.total.String(), "basic_paid", s.basic.String(), "major_paid", s.major.String(),
				"own_in_policy", s.own.String(), "own_total", s.paid.String(), "status", state)
		}
	})
}

func (m *maker) certificates(t *table) {
	m.each(func(p *person) {
		if p.disability == "" || !p.alive() {
			return
		}
		issued := max(m.ago(p.die.between("issued", 30, 4200)), p.birth.AddMonths(10))
		expires := issued.AddMonths(120)
		state := "valid"
		switch {
		case expires < m.on:
			state = "expired"
		case p.die.chance("certificate-cancelled", 0.01):
			state = "cancelled"
		}
		t.add("certificate_no", fmt.Sprintf("%s%d%d", p.id, 1+p.die.below("kind-digit", 7), p.grade), "id_no", p.id, "name", p.name(),
			"kind", p.disability, "grade", fmt.Sprintf("g%d", p.grade), "issued_on", day(issued), "expires_on", day(expires), "status", state)
	})
}

func (m *maker) pensions(t *table) {
	month := m.on.AddMonths(-1)
	m.each(func(p *person) {
		if p.work.kind == "" || !p.alive() {
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
		t.add("account_no", numbered("SB371424", t), "id_no", p.id, "name", p.name(), "kind", p.work.kind, "employer", p.work.employer,
			"employer_kind", employer, "wage", wage, "pension", pension, "month", day(month))
	})
}

func (m *maker) employment(t *table) {
	m.each(func(p *person) {
		if p.work.status == "" || !p.alive() {
			return
		}
		wage := ""
		if p.work.status == "unemployed" {
			wage = "0.00"
		}
		t.add("registration_no", numbered("JY371424", t), "id_no", p.id, "name", p.name(), "status", p.work.status,
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
		if lost == 0 || !p.alive() {
			return
		}
		t.add("registration_no", numbered("SY371424", t), "id_no", p.id, "name", p.name(), "lost_on", day(lost), "registered_on", day(registered),
			"last_wage", yuan(math.Round(p.die.logNormal("last-wage", 3500, 0.3)/10)*10).String())
	})
}

func (m *maker) vehicles(t *table) {
	m.each(func(p *person) {
		for _, v := range p.vehicles {
			t.add("registration_no", numbered("CL371424", t), "plate", fmt.Sprintf("鲁N·M%04d（模拟）", len(t.rows)%10_000), "id_no", p.id, "kind", v.kind,
				"value", v.value.String(), "registered_on", day(v.on), "status", status(v.cancelled))
		}
	})
}

func (m *maker) property(t *table) {
	m.each(func(p *person) {
		for _, h := range p.homes {
			t.add("certificate_no", numbered("BDC371424", t), "id_no", p.id, "use", h.use, "area", h.area.String(),
				"location", p.household.address(), "registered_on", day(h.on), "status", "current")
		}
	})
}

func (m *maker) businesses(t *table) {
	m.each(func(p *person) {
		for _, b := range p.businesses {
			t.add("record_no", numbered("SC371424", t), "credit_code", fmt.Sprintf("MNTY371424%08d", len(t.rows)+1),
				"name", p.household.place.name+p.surname+"记经营部（模拟）", "id_no", p.id, "role", b.role, "kind", b.kind,
				"capital", b.capital.String(), "registered_on", day(b.on), "status", status(b.cancelled))
		}
	})
}

func (m *maker) schools(t *table) {
	names := map[string]string{"kindergarten": "中心幼儿园", "primary": "中心小学", "junior": "初级中学", "high": "第一中学",
		"vocational": "职业中等专业学校", "college": "高等院校", "graduate": "高等院校"}
	m.each(func(p *person) {
		if p.school == "" || !p.alive() {
			return
		}
		t.add("student_no", "M"+p.id, "id_no", p.id, "name", p.name(), "school", p.household.place.town+names[p.school]+"（模拟）",
			"stage", p.school, "fulltime", flag(true), "boarder", flag(p.boarder), "enrolled_on", day(p.enrolled))
	})
}

func (m *maker) holdings(t *table) {
	m.each(func(p *person) {
		for _, b := range p.benefits {
			mode := "home"
			if b.institution {
				mode = "institution"
			}
			t.add("record_no", numbered("MZ371424", t), "id_no", p.id, "name", p.name(), "programme", b.programme, "support_mode", mode,
				"amount", b.amount.String(), "granted_on", day(b.from), "ended_on", dayIf(b.to))
		}
	})
}

func (m *maker) prisoners(t *table) {
	m.each(func(p *person) {
		if p.custody == "" {
			return
		}
		since := m.ago(p.die.between("custody-since", 30, 1800))
		until := m.on.AddDays(p.die.between("custody-until", 20, 2400))
		if p.custody == "released" {
			until = m.ago(p.die.between("released", 1, 29))
		}
		t.add("record_no", numbered("SF371424", t), "id_no", p.id, "status", p.custody, "since", day(since), "until", day(until))
	})
}

func (m *maker) monitored(t *table) {
	m.each(func(p *person) {
		if p.listed == "" {
			return
		}
		on := m.ago(p.household.die.between("listed", 60, 1500))
		if p.listed == "expoor" {
			on = calendar.Must(2014, 6, 1).AddDays(p.household.die.below("listed-day", 900))
		}
		t.add("record_no", numbered("FP371424", t), "id_no", p.id, "name", p.name(), "kind", p.listed, "removed", flag(p.removed),
			"identified_on", day(max(on, p.birth)))
	})
}

func (m *maker) orphans(t *table) {
	m.each(func(p *person) {
		if p.orphan != "" {
			t.add("record_no", numbered("ET371424", t), "id_no", p.id, "name", p.name(), "kind", p.orphan,
				"recognised_on", day(max(m.ago(p.die.between("recognised", 30, 1500)), p.birth.AddDays(60))), "ended_on", "")
		}
	})
}

func (m *maker) grants(t *table) {
	m.each(func(p *person) {
		fund, amount := "", ""
		switch {
		case p.household.story || p.age > 18 || !p.alive():
		case p.illness == "leukaemia" && p.die.chance("granted", 0.5):
			fund, amount = "little-angel", "30000.00"
		case p.illness == "congenital_heart" && p.die.chance("granted", 0.5):
			fund, amount = "angel-sunshine", "20000.00"
		}
		if fund != "" {
			t.add("grant_no", numbered("HS371424", t), "id_no", p.id, "name", p.name(), "fund", fund, "amount", amount,
				"granted_on", day(m.ago(p.die.between("granted-on", 20, 300))))
		}
	})
}

// calls reports where somebody's hardship was told by word of mouth during the last year, "" for nowhere.
func (m *maker) calls(p *person) string {
	h, rate := p.household, 0.0016
	switch {
	case h.poor && !h.helped:
		rate = 0.04
	case h.poor || h.near || p.illness != "":
		rate = 0.016
	}
	if h.story || h.collective || !p.alive() || p.age < 18 || !p.die.chance("calls", rate) {
		return ""
	}
	kinds := []string{"hotline_request", "hospital_lead", "police_lead", "court_lead", "grid_report", "qr_report", "village_report"}
	return kinds[p.die.choose("call-kind", 52, 12, 4, 4, 12, 8, 8)]
}

// called is the day of the call.
func (m *maker) called(p *person) string { return day(m.ago(p.die.between("called", 2, 380))) }

func (m *maker) tickets(t *table) {
	requests := []string{"家中有人重病，医药费负担重，咨询救助", "反映老人独居生活困难", "咨询低保办理条件", "房屋漏雨，请求帮助", "失业后生活困难，请求临时救助"}
	m.each(func(p *person) {
		if m.calls(p) == "hotline_request" {
			t.add("ticket_no", numbered("R371424", t), "id_no", p.id, "received_on", m.called(p), "summary", pick(p.die, "request", requests))
		}
	})
}

func (m *maker) leads(t *table) {
	summaries := []string{"住院费用欠费，疑似困难", "走访发现独居老人无人照料", "案件被害人家庭生活困难", "网格巡查发现生活困难", "群众扫码反映邻居困难"}
	m.each(func(p *person) {
		if kind := m.calls(p); kind != "" && kind != "hotline_request" {
			t.add("lead_no", numbered("XS371424", t), "id_no", p.id, "kind", kind, "received_on", m.called(p), "summary", pick(p.die, "lead", summaries))
		}
	})
}

// disasters are fires, floods and storms of the last thirteen months, told of the head of the household.
func (m *maker) disasters(t *table) {
	for _, h := range m.all {
		d, first := h.die, h.persons[0]
		if h.story || h.collective || !first.alive() || !d.chance("disaster", 0.0022) {
			continue
		}
		t.add("report_no", numbered("ZQ371424", t), "id_no", first.id, "kind", [...]string{"fire", "hail", "flood"}[d.choose("disaster-kind", 4, 5, 3)],
			"happened_on", day(m.ago(d.between("disaster-day", 2, 380))), "loss", yuan(d.logNormal("loss", 9000, 1)).String())
	}
}

func (m *maker) accidents(t *table) {
	m.each(func(p *person) {
		d := p.die
		if p.household.story || !p.alive() || p.age < 4 || !d.chance("accident", 0.0019) {
			return
		}
		t.add("accident_no", numbered("SG371424", t), "id_no", p.id, "happened_on", day(m.ago(d.between("accident-day", 2, 380))),
			"loss", yuan(d.logNormal("accident-loss", 6000, 0.9)).String())
	})
}
