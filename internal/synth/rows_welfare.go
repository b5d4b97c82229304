package synth

import "dajiuzhu/internal/calendar"

func (m *maker) holdings(t *table) {
	m.each(func(p *person) {
		for _, b := range p.benefits {
			mode := "home"
			if b.institution {
				mode = "institution"
			}
			t.add("record_no", t.number("MZ"), "id_no", p.id, "name", p.name(), "programme", b.programme, "support_mode", mode,
				"amount", b.amount.String(), "granted_on", day(b.from),
				"review_due", m.review(p, b), "ended_on", dayIf(b.to))
		}
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
		t.add("record_no", t.number("FP"), "id_no", p.id, "name", p.name(), "kind", p.listed, "removed", flag(p.removed),
			"identified_on", day(max(on, p.birth)))
	})
}

func (m *maker) orphans(t *table) {
	m.each(func(p *person) {
		if p.orphan != "" {
			t.add("record_no", t.number("ET"), "id_no", p.id, "name", p.name(), "kind", p.orphan,
				"recognised_on", day(max(m.ago(p.die.between("recognised", 30, 1500)), p.birth.AddDays(60))), "ended_on", "")
		}
	})
}

// review is the day on which a benefit that goes by income is to be looked at again: one day for all that a family holds,
// and for a few it has passed. The other benefits of somebody who holds such a one are looked at with it.
func (m *maker) review(p *person, b *benefit) string {
	if b.to != 0 || !p.holds("dibao", "dibao-alone", "tekun") {
		return ""
	}
	return day(m.on.AddDays(p.household.die.between("review", -12, 350)))
}

func (m *maker) ledger(t *table) {
	m.each(func(p *person) {
		for _, b := range p.awards {
			t.add("record_no", t.number("TZ"), "id_no", p.id, "name", p.name(), "programme", b.programme, "amount", b.amount.String(),
				"granted_on", day(b.from), "ended_on", dayIf(b.to))
		}
	})
}

func (m *maker) recognitions(t *table) {
	m.each(func(p *person) {
		if r := p.recognised; r != nil {
			t.add("record_no", t.number("RD"), "id_no", p.id, "name", p.name(), "kind", r.kind, "recognised_on", day(r.from),
				"until", dayIf(r.until), "ended_on", dayIf(r.ended))
		}
	})
}

func (m *maker) temporaryAid(t *table) {
	m.each(func(p *person) {
		for _, g := range p.aids {
			t.add("grant_no", t.number("LS"), "id_no", p.id, "name", p.name(), "amount", g.amount.String(), "granted_on", day(g.on))
		}
	})
}

func (m *maker) refusals(t *table) {
	m.each(func(p *person) {
		if r := p.refused; r != nil {
			t.add("application_no", t.number("SQ"), "id_no", p.id, "name", p.name(), "programme", r.programme, "decided_on", day(r.on), "reason", r.reason)
		}
	})
}

func (m *maker) charityGrants(t *table) {
	projects := []string{"情暖万家", "康复助医", "朝阳助学"}
	m.each(func(p *person) {
		for _, g := range p.charity {
			t.add("grant_no", t.number("CS"), "id_no", p.id, "name", p.name(), "project", pick(p.die, "charity-project", projects),
				"amount", g.amount.String(), "granted_on", day(g.on))
		}
	})
}
