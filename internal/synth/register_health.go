package synth

// examine is what the women's federation, the disabled persons' federation and the Red Cross know of somebody's health.
func (m *maker) examine(p *person) {
	d := p.die
	if (p.illness == "breast_cancer" || p.illness == "cervical_cancer") && d.chance("two-cancers", 0.7) {
		p.cancer = &cancer{invasive: d.chance("invasive", 0.75)}
		p.cancer.helped = p.cancer.invasive && d.chance("cancer-helped", 0.3)
	}
	if p.age < 18 && p.disability != "" && d.chance("assessed", 0.7) {
		p.rehab = m.assess(p)
	}
	if p.age > 18 || !d.chance("granted", 0.5) {
		return
	}
	switch p.illness {
	case "leukaemia":
		p.redCross = "little-angel"
	case "congenital_heart":
		p.redCross = "angel-sunshine"
	}
}

func (m *maker) assess(p *person) *assessment {
	d := p.die
	a := &assessment{need: d.chance("rehabilitation", 0.85), mode: "none", surgery: "none"}
	if !a.need {
		return a
	}
	a.mode = [...]string{"institution", "mixed", "none"}[d.choose("rehabilitation-mode", 6, 3, 1)]
	if !d.chance("rehabilitation-surgery", 0.12) {
		return a
	}
	switch p.disability {
	case "hearing":
		a.surgery = "cochlear"
	case "physical":
		a.surgery = "limb"
	case "speech":
		a.surgery = "cleft"
	default:
		return a
	}
	a.own = roundly(d.logNormal("surgery-own", 12_000, 0.5))
	return a
}

// bereave makes couples that lost their only child, or whose only child is severely disabled.
func (m *maker) bereave(h *household) {
	d, first := h.die, h.persons[0]
	couple := []*person{first}
	if first.spouse != nil {
		couple = append(couple, first.spouse)
	}
	mother := couple[len(couple)-1]
	if first.female {
		mother = first
	}
	if h.collective() || !mother.female || mother.age < 49 || mother.age > 85 || !first.present() {
		return
	}
	state := onlyChildOf(h, first, mother)
	if state == "" || state == "died" && !d.chance("only-child-died", 0.013) {
		return
	}
	adopted := d.chance("adopted", 0.06)
	for _, p := range couple {
		if p.present() {
			p.onlyChild, p.otherChild = state, adopted
		}
	}
}

// onlyChildOf says what an only child can have come to: nothing if there are others, or a healthy one.
func onlyChildOf(h *household, first, mother *person) string {
	if first.children+mother.children > 0 {
		return ""
	}
	var children []*person
	for _, p := range h.living() {
		if p.relation == child {
			children = append(children, p)
		}
	}
	switch {
	case len(children) == 0:
		return "died"
	case len(children) == 1 && children[0].grade >= 1 && children[0].grade <= 3:
		return "disabled"
	}
	return ""
}
