package synth

import "fmt"

func (m *maker) vehicles(t *table) {
	m.each(func(p *person) {
		for _, v := range p.vehicles {
			t.add("registration_no", t.number("CL"), "plate", fmt.Sprintf("鲁N·M%04d（模拟）", t.made%10_000), "id_no", p.id, "kind", v.kind,
				"value", v.value.String(), "registered_on", day(v.on), "status", status(v.cancelled))
		}
	})
}

func (m *maker) property(t *table) {
	m.each(func(p *person) {
		for _, h := range p.homes {
			t.add("certificate_no", t.number("BDC"), "id_no", p.id, "use", h.use, "area", h.area.String(),
				"location", p.household.address(), "registered_on", day(h.on), "status", "current")
		}
	})
}

func (m *maker) businesses(t *table) {
	m.each(func(p *person) {
		for _, b := range p.businesses {
			t.add("record_no", t.number("SC"), "credit_code", fmt.Sprintf("MNTY%s%08d", t.county, t.made+1),
				"name", p.household.place.name+p.surname+"记经营部（模拟）", "id_no", p.id, "role", b.role, "kind", b.kind,
				"capital", b.capital.String(), "registered_on", day(b.on), "status", status(b.cancelled))
		}
	})
}

func (m *maker) houseGrades(t *table) {
	m.each(func(p *person) {
		if p.house.grade == "" {
			return
		}
		t.add("record_no", t.number("FW"), "id_no", p.id, "grade", p.house.grade, "graded_on", day(m.ago(p.die.between("graded-on", 35, 2000))),
			"helped", flag(p.house.mended))
	})
}

func (m *maker) tenants(t *table) {
	m.each(func(p *person) {
		if p.right != "" {
			t.add("record_no", t.number("GZ"), "id_no", p.id, "right", p.right, "since", day(m.ago(p.die.between("right-since", 60, 2000))))
		}
	})
}

func (m *maker) loans(t *table) {
	m.each(func(p *person) {
		if p.loan != nil {
			t.add("loan_no", t.number("FM"), "id_no", p.id, "name", p.name(), "amount", p.loan.amount.String(),
				"lent_on", day(p.loan.on), "settled_on", dayIf(p.loan.settled))
		}
	})
}
