package synth

import (
	"strconv"

	"dajiuzhu/internal/calendar"
)

// calls reports where somebody's hardship was told by word of mouth during the last year, "" for nowhere.
func (m *maker) calls(p *person) string {
	h, rate := p.household, 0.0016
	switch {
	case h.poor && !h.helped:
		rate = 0.04
	case h.poor || h.near || p.illness != "":
		rate = 0.016
	}
	if h.story || h.collective() || !p.present() || p.age < 18 || !p.die.chance("calls", rate) {
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
			t.add("ticket_no", t.number("R"), "id_no", p.id, "received_on", m.called(p), "summary", pick(p.die, "request", requests))
		}
	})
}

func (m *maker) leads(t *table) {
	summaries := []string{"住院费用欠费，疑似困难", "走访发现独居老人无人照料", "案件被害人家庭生活困难", "网格巡查发现生活困难", "群众扫码反映邻居困难"}
	m.each(func(p *person) {
		if kind := m.calls(p); kind != "" && kind != "hotline_request" {
			t.add("lead_no", t.number("XS"), "id_no", p.id, "kind", kind, "received_on", m.called(p), "summary", pick(p.die, "lead", summaries))
		}
		if p.tip != nil {
			t.add("lead_no", t.number("XS"), "id_no", p.id, "kind", p.tip.kind, "received_on", day(p.tip.on), "summary", p.tip.summary)
		}
	})
}

// strike lets a fire, a flood or a storm befall a household.
func (m *maker) strike(h *household) {
	d, first := h.die, h.persons[0]
	if h.story || h.collective() || !first.present() || !d.chance("disaster", m.struck()) {
		return
	}
	kinds := m.cal.Shocks.DisasterKinds.Value
	x := &disaster{kind: [...]string{"fire", "hail", "flood"}[d.chooseBy("disaster-kind", kinds.Fire, kinds.Hail, kinds.Flood)],
		on: m.ago(d.between("disaster-day", 2, 380)), loss: yuan(d.logNormal("loss", 9000, 1))}
	x.damage = [...]string{"none", "light", "severe", "collapsed"}[d.choose("damage", 30, 50, 15, 5)]
	if x.damage == "severe" || x.damage == "collapsed" {
		x.moved = len(h.living())
	}
	h.disaster = x
}

// monthsOfShocks is how far back the registers of disasters and accidents go.
const monthsOfShocks = 13

// struck is the chance of a household that a disaster befell it within those months.
func (m *maker) struck() float64 {
	return float64(m.cal.Shocks.Disasters.Value) / float64(m.cal.People.FamilyHouseholds.Value) * monthsOfShocks / 12
}

// disasters are told of the head of the household.
func (m *maker) disasters(t *table) {
	for _, h := range m.all {
		x := h.disaster
		if x == nil {
			continue
		}
		t.add("report_no", t.number("ZQ"), "id_no", h.persons[0].id, "kind", x.kind, "happened_on", day(x.on), "damage", x.damage,
			"moved", strconv.Itoa(x.moved), "deaths", strconv.Itoa(x.dead), "loss", x.loss.String())
	}
}

// accident is the day of a person's accident on the road, zero for none.
func (m *maker) accident(p *person) calendar.Date {
	d := p.die
	if p.household.story || !p.present() || p.age < 4 || !d.chance("accident", m.cal.Shocks.Traffic.Value/1000*monthsOfShocks/12) {
		return 0
	}
	return m.ago(d.between("accident-day", 2, 380))
}

func (m *maker) accidents(t *table) {
	m.each(func(p *person) {
		if on := m.accident(p); on != 0 {
			t.add("accident_no", t.number("SG"), "id_no", p.id, "happened_on", day(on), "loss", yuan(p.die.logNormal("accident-loss", 6000, 0.9)).String())
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
		t.add("record_no", t.number("SF"), "id_no", p.id, "status", p.custody, "since", day(since), "until", day(until))
	})
}

// longAbroad are those who left the country ninety days ago or earlier.
func (m *maker) longAbroad(t *table) {
	m.each(func(p *person) {
		if p.abroad != 0 {
			t.add("record_no", t.number("CJ"), "id_no", p.id, "left_on", day(p.abroad))
		}
	})
}

func (m *maker) victims(t *table) {
	m.each(func(p *person) {
		if p.victim != "" {
			t.add("case_no", t.number("SFJZ"), "id_no", p.id, "name", p.name(), "ground", p.victim, "given", flag(p.redressed),
				"passed_on", day(m.ago(p.die.between("passed-on", 20, 500))))
		}
	})
}

func (m *maker) lawsuits(t *table) {
	m.each(func(p *person) {
		if p.lawsuit != "" && p.present() {
			t.add("case_no", t.number("FLYZ"), "id_no", p.id, "name", p.name(), "matter", p.lawsuit,
				"applied_on", day(m.ago(p.die.between("lawsuit-since", 8, 200))))
		}
	})
}

func (m *maker) debtors(t *table) {
	m.each(func(p *person) {
		if p.dishonest {
			t.add("record_no", t.number("XY"), "id_no", p.id, "listed_on", day(m.ago(p.die.between("dishonest-since", 30, 1400))))
		}
	})
}

func (m *maker) partyMembers(t *table) {
	m.each(func(p *person) {
		if p.party {
			t.add("record_no", t.number("DY"), "id_no", p.id, "registered_on", day(m.since(p, "party-since", 19)))
		}
	})
}

func (m *maker) veterans(t *table) {
	m.each(func(p *person) {
		if p.veteran {
			t.add("record_no", t.number("TY"), "id_no", p.id, "name", p.name(), "relief", flag(p.relief),
				"registered_on", day(m.since(p, "veteran-since", 21)))
		}
	})
}

// since is a day in a person's life after an age, and in the last ten years if that is later.
func (m *maker) since(p *person, attribute string, age int) calendar.Date {
	from := max(p.birth.AddMonths(12*age), m.on.AddMonths(-120))
	return min(from.AddDays(p.die.below(attribute, 3300)), m.ago(40))
}
