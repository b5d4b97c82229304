package synth

import "math"

// own gives a household vehicles, dwellings and businesses. A few poor ones have what poor families should not.
func (m *maker) own(h *household) {
	if h.collective() || h.story {
		return
	}
	m.drive(h)
	m.house(h)
	for _, p := range h.living() {
		m.trade(p)
	}
}

func (m *maker) drive(h *household) {
	d := h.die
	share := m.tilted(m.cal.Assets.Car.Value.of(h.place), h)
	switch {
	case h.poor:
		share = m.cal.Assets.Contradictions.Value
	case h.near:
		share = 0.15
	}
	var driver *person
	for _, p := range h.living() {
		if p.age >= 18 && p.age < 70 && (driver == nil || driver.female && !p.female) && p.relation != parent {
			driver = p
		}
	}
	if driver == nil {
		return
	}
	if d.chance("car", share) {
		kind := [...]string{"car", "van", "truck"}[d.choose("car-kind", 84, 9, 7)]
		value := yuan(math.Round(d.logNormal("car-value", 52_000, 0.75)/100) * 100)
		if h.poor {
			value = yuan(math.Round(d.logNormal("car-value", 12_000, 0.4)/100) * 100)
		}
		driver.vehicles = append(driver.vehicles, &vehicle{kind, value, m.ago(d.between("car-since", 100, 4000)), d.chance("car-gone", 0.02)})
		h.car = true
	}
	switch {
	case driver.disability == "physical" && d.chance("disabled-car", 0.03):
		driver.vehicles = append(driver.vehicles, &vehicle{"disabled", 18_000_00, m.ago(d.between("other-since", 100, 3000)), false})
	case !h.place.urban && d.chance("tricycle", 0.14):
		driver.vehicles = append(driver.vehicles, &vehicle{"tricycle", 6_500_00, m.ago(d.between("other-since", 100, 3000)), false})
	case d.chance("motorcycle", 0.08):
		driver.vehicles = append(driver.vehicles, &vehicle{"motorcycle", 2_800_00, m.ago(d.between("other-since", 100, 3000)), false})
	}
}

func (m *maker) house(h *household) {
	d := h.die
	share, use := m.cal.Assets.Home.Value.of(h.place), "homestead"
	if h.place.urban {
		use = "home"
	}
	if h.permit {
		share = 0.1
	}
	owner := h.persons[0]
	if !owner.present() || owner.age < 18 {
		return
	}
	second := m.tilted(m.cal.Assets.SecondHome.Value, h)
	switch {
	case h.poor:
		second = m.cal.Assets.Contradictions.Value / 2
	case h.near:
		second = 0.05
	}
	if d.chance("home", share) {
		owner.homes = append(owner.homes, m.dwelling(d.of("home", 0), use))
	}
	if d.chance("second-home", second) {
		owner.homes = append(owner.homes, m.dwelling(d.of("home", 1), "home"))
	}
	if !h.poor && d.chance("shop", 0.015) {
		shop := m.dwelling(d.of("home", 2), "shop")
		owner.homes = append(owner.homes, shop)
	}
}

func (m *maker) dwelling(d die, use string) *property {
	area := math.Min(math.Max(d.logNormal("area", 104, 0.32), 28), 320)
	return &property{use: use, area: yuan(math.Round(area*10) / 10), on: m.ago(d.between("since", 200, 9000))}
}

func (m *maker) trade(p *person) {
	if p.age < 22 || p.age >= 66 || p.school != "" {
		return
	}
	d := p.die
	share := m.tilted(m.cal.Work.Business.Value, p.household)
	if p.work.kind == "employee" {
		share /= 2
	}
	switch {
	case p.household.poor:
		share = 0.012
	case p.household.near:
		share = 0.06
	}
	if !d.chance("business", share) {
		return
	}
	b := &business{kind: "sole_trader", role: "owner", on: m.ago(d.between("business-since", 20, 5000)), cancelled: d.chance("closed", 0.15)}
	b.capital = yuan(math.Round(d.logNormal("capital", 30_000, 0.9)/1000) * 1000)
	switch d.choose("business-kind", 75, 22, 3) {
	case 1:
		b.kind = "company"
		b.capital = yuan(math.Round(d.logNormal("capital", 600_000, 1.0)/10_000) * 10_000)
		if d.chance("shareholder", 0.3) {
			b.role = "shareholder"
		}
	case 2:
		b.kind = "cooperative"
	}
	if p.household.poor {
		b.kind, b.role, b.capital = "sole_trader", "owner", 3_000_00
	}
	p.businesses = append(p.businesses, b)
}
