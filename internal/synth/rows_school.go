package synth

var schoolNames = map[string]string{"kindergarten": "中心幼儿园", "primary": "中心小学", "junior": "初级中学", "high": "第一中学",
	"vocational": "职业中等专业学校", "junior_college": "职业技术学院", "college": "高等院校", "graduate": "高等院校"}

func (m *maker) schools(t *table) {
	m.each(func(p *person) {
		if p.school == "" || !p.present() {
			return
		}
		t.add("student_no", "M"+p.id, "id_no", p.id, "name", p.name(), "school", p.household.place.town+schoolNames[p.school]+"（模拟）",
			"stage", p.school, "fulltime", flag(true), "boarder", flag(p.boarder), "enrolled_on", day(p.enrolled))
	})
}

func (m *maker) admissions(t *table) {
	m.each(func(p *person) {
		if p.admitted == "" {
			return
		}
		on := m.dayOfSchool(-p.die.between("admitted", 15, 50))
		t.add("admission_no", t.number("LQ"), "id_no", p.id, "name", p.name(), "level", p.admitted, "school", schoolNames[p.school]+"（模拟）",
			"admitted_on", day(on))
	})
}

// hardPupils are recognised once a school year.
func (m *maker) hardPupils(t *table) {
	m.each(func(p *person) {
		if !p.hardPupil {
			return
		}
		ended := ""
		if p.die.chance("hard-pupil-ended", 0.02) {
			ended = day(m.ago(27))
		}
		t.add("record_no", t.number("XZ"), "id_no", p.id, "name", p.name(),
			"recognised_on", day(m.dayOfSchool(p.die.between("hard-pupil-day", 12, 50))), "ended_on", ended)
	})
}

func (m *maker) hopeGrants(t *table) {
	m.each(func(p *person) {
		for _, g := range p.hope {
			t.add("grant_no", t.number("XW"), "id_no", p.id, "name", p.name(), "amount", g.amount.String(), "granted_on", day(g.on))
		}
	})
}
