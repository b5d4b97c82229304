package synth

import (
	"fmt"

	"dajiuzhu/internal/calendar"
)

// storyPeople is how many people the family of the story has.
const storyPeople = 4

// guozhaiFamily is the family that nobody would look for: the father has a steady wage and the family a van, nobody ever
// applied for anything. Half a year ago the elder child fell ill with leukaemia. The settlements of the last months say
// what it cost. Names and all else are invented.
func (m *maker) guozhaiFamily(v *place) *household {
	h := &household{die: m.root.of("guozhai", 0), place: v, story: true, booklet: fmt.Sprintf("%s00007", v.code)}
	father, mother := m.couple(h, 38)
	ill := m.person(h, child, true, 9)
	young := m.person(h, child, false, 7)

	for _, p := range []struct {
		who     *person
		surname string
		given   string
		months  int // of age
	}{
		{father, "国", "志强", 12*38 + 7}, {mother, "李", "春燕", 12*37 + 2}, {ill, "国", "雨桐", 12*9 + 4}, {young, "国", "雨泽", 12*7 + 2},
	} {
		p.who.surname, p.who.given = p.surname, p.given
		p.who.birth = m.on.AddMonths(-p.months).AddDays(-9)
		p.who.age = calendar.Years(p.who.birth, m.on)
	}
	for _, c := range []*person{ill, young} {
		c.father, c.mother = father, mother
	}
	father.married = m.on.AddMonths(-12 * 11)
	mother.married = father.married
	h.fate = func() { m.befall(h) }
	return h
}

// befall gives the family its work, its means and the illness.
func (m *maker) befall(h *household) {
	father, mother, ill, young := h.persons[0], h.persons[1], h.persons[2], h.persons[3]
	h.income = 6_200 * 12 / storyPeople
	for _, p := range h.persons {
		p.disability, p.grade, p.illness = "", 0, ""
		p.insured = "resident"
	}
	father.insured = "employee"
	father.work = work{kind: "employee", status: "employed", wage: 6_200_00, employer: employers[1], since: m.on.AddMonths(-74)}
	mother.work = work{kind: "resident"}
	father.vehicles = []*vehicle{{"van", 26_800_00, m.on.AddMonths(-63), false}}
	father.homes = []*property{{use: "homestead", area: 118_00, on: m.on.AddMonths(-140)}}
	m.schooling(ill)
	m.schooling(young)
	ill.boarder, young.boarder = false, false

	ill.illness = "leukaemia"
	for _, s := range []struct {
		daysAgo, stay int
		kind          string
		total         fen
		basic         fen
		major         fen
		own           fen
	}{
		{157, 31, "inpatient", 96_418_20, 38_206_15, 11_044_92, 31_872_63},
		{118, 28, "inpatient", 81_530_75, 31_467_40, 9_816_08, 26_930_17},
		{82, 24, "inpatient", 74_206_30, 28_355_82, 8_641_55, 24_718_93},
		{47, 30, "inpatient", 138_925_60, 44_182_06, 21_307_48, 54_216_06},
		{20, 0, "chronic", 9_862_40, 4_127_30, 0, 4_190_10},
		{6, 0, "chronic", 8_714_90, 3_692_08, 0, 3_806_82},
	} {
		on := m.ago(s.daysAgo)
		settled := &settlement{kind: s.kind, diagnosis: "leukaemia", hospital: hospitals[3], on: on,
			total: s.total, basic: s.basic, major: s.major, own: s.own, paid: s.total - s.basic - s.major}
		if s.stay > 0 {
			settled.admitted = on.AddDays(-s.stay)
		}
		ill.settled = append(ill.settled, settled)
	}
}
