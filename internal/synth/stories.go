package synth

// stories are told in the order of the departments. Names, amounts and all else are invented.
var stories = []story{
	{title: "orphan", roles: []role{woman(head, 66), man(grandchild, 10)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.enrol(h.persons[1], "primary", 4)
			h.persons[1].orphan = "orphan"
		}},
	{title: "child-in-grave-hardship", roles: []role{woman(head, 37), man(child, 9)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.recognisedAs(h, "edge")
			sick := h.persons[1]
			m.enrol(sick, "primary", 3)
			disabled(sick, "physical", 2)
			m.treated(sick, "haemophilia", 70, 12_300_00)
			sick.orphan = "key"
		}},
	{title: "disabled-worker-at-home", roles: []role{man(head, 68), man(child, 44)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.onDibao(h)
			disabled(h.persons[1], "physical", 1)
		}},
	{title: "burnt-out-lodger", permit: true, roles: []role{man(head, 36), woman(spouse, 34), woman(child, 8)},
		fate: func(m *maker, h *household) {
			m.enrol(h.persons[2], "primary", 2)
			h.disaster = &disaster{kind: "fire", damage: "collapsed", on: m.ago(12), loss: 31_000_00, moved: 3}
		}},
	{title: "recently-dead", roles: []role{woman(head, 77), man(spouse, 80).dead(16)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			h.persons[1].work, h.persons[1].insured = work{}, ""
		}},

	{title: "pupils-of-an-edge-family", roles: []role{man(head, 45), woman(spouse, 43), man(child, 17), woman(child, 13), man(child, 5)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.recognisedAs(h, "edge")
			m.enrol(h.persons[2], "high", 1)
			m.enrol(h.persons[3], "junior", 0)
			m.enrol(h.persons[4], "kindergarten", 1)
		}},
	{title: "poor-entrant-to-college", roles: []role{woman(head, 46), woman(child, 18)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.onDibao(h)
			m.enrol(h.persons[1], "college", 0)
			h.persons[1].hardPupil = true
		}},
	{title: "ex-poor-vocational-pupil", roles: []role{man(head, 43), woman(spouse, 42), man(child, 16)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			listedAs(h, "expoor")
			m.enrol(h.persons[2], "vocational", 0)
		}},

	{title: "anti-relapse-family", roles: []role{man(head, 48), woman(spouse, 47), woman(child, 19)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			listedAs(h, "sudden")
			m.treated(h.persons[1], "uraemia", 45, 26_400_00)
			m.enrol(h.persons[2], "junior_college", 1)
		}},
	{title: "unsafe-house", roles: []role{man(head, 64), woman(spouse, 62)},
		fate: func(m *maker, h *household) {
			m.homestead(h).house.grade = "d"
			m.recognisedAs(h, "edge")
		}},

	{title: "patient-impoverished-by-illness", roles: []role{man(head, 71), woman(spouse, 69)},
		fate: func(m *maker, h *household) {
			ill := m.homestead(h)
			m.treated(ill, "malignant_tumour", 60, 58_700_00)
			ill.recognised = &recognition{kind: "illness_poor", from: m.ago(25), until: m.ago(25).AddMonths(12), stands: true}
			ill.party = true
		}},
	{title: "bereaved-mother", roles: []role{woman(head, 55)},
		fate: func(m *maker, h *household) {
			m.homestead(h).onlyChild = "died"
		}},
	{title: "small-flat", urban: true, roles: []role{man(head, 41), woman(spouse, 40), man(child, 12)},
		fate: func(m *maker, h *household) {
			m.recognisedAs(h, "edge")
			h.persons[0].homes = []*property{{use: "home", area: 38_50, on: m.ago(5200)}}
			m.enrol(h.persons[2], "primary", 5)
		}},
	{title: "nobody-in-work", urban: true, roles: []role{man(head, 54), woman(spouse, 51)},
		fate: func(m *maker, h *household) {
			for _, p := range h.persons {
				p.work = work{kind: "flexible", status: "unemployed", lost: m.ago(210), since: m.ago(196)}
				p.hard = &difficulty{kind: "zero_employment"}
				m.contribute(p)
			}
			m.recognisedAs(h, "rigid")
		}},

	{title: "injured-at-work", roles: []role{man(head, 52), woman(spouse, 50)},
		fate: func(m *maker, h *household) {
			injured := m.homestead(h)
			disabled(injured, "physical", 1)
			injured.insured = "employee"
			injured.work = work{kind: "retired", status: "retired", pension: 3_180_00, since: m.ago(900)}
			injured.nursing = 2_600_00
		}},

	{title: "child-in-rehabilitation", roles: []role{man(head, 33), woman(spouse, 31), man(child, 5)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.onDibao(h)
			patient := h.persons[2]
			disabled(patient, "mental", 2)
			m.treated(patient, "autism", 35, 6_800_00)
			patient.rehab = &assessment{need: true, mode: "institution", surgery: "none"}
			m.enrol(patient, "kindergarten", 2)
		}},
	{title: "flooded-house", roles: []role{man(head, 59), woman(spouse, 57), man(child, 28).dead(75)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.recognisedAs(h, "edge")
			h.disaster = &disaster{kind: "flood", damage: "severe", on: m.ago(75), loss: 27_500_00, moved: 2, dead: 1}
		}},
	{title: "worker-in-hardship", urban: true, roles: []role{man(head, 46), woman(spouse, 44), woman(child, 16)},
		fate: func(m *maker, h *household) {
			worker := m.homestead(h)
			worker.homes[0].use = "home"
			m.employed(worker, 2_650_00)
			m.treated(h.persons[1], "stroke", 120, 19_300_00)
			m.enrol(h.persons[2], "high", 0)
			worker.member, worker.file = true, "deep"
			worker.tip = &tip{"union_lead", "工会走访发现职工家庭困难", m.ago(21)}
		}},
	{title: "woman-with-breast-cancer", roles: []role{man(head, 50), woman(spouse, 47)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.recognisedAs(h, "edge")
			m.treated(h.persons[1], "breast_cancer", 50, 44_600_00)
			h.persons[1].cancer = &cancer{invasive: true}
		}},
	{title: "child-with-a-heart-defect", roles: []role{man(head, 34), woman(spouse, 33), woman(child, 6)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.treated(h.persons[2], "congenital_heart", 40, 26_900_00)
			h.persons[2].tip = &tip{"hospital_lead", "患儿手术费用高，家属求助", m.ago(38)}
		}},
	{title: "child-helped-by-the-red-cross", roles: []role{man(head, 37), woman(spouse, 35), man(child, 7)},
		fate: func(m *maker, h *household) {
			m.homestead(h)
			m.treated(h.persons[2], "congenital_heart", 190, 24_100_00)
			m.enrol(h.persons[2], "primary", 0)
			h.persons[2].redCross = "angel-sunshine"
		}},
	{title: "crime-victim", roles: []role{woman(head, 39), woman(child, 14)},
		fate: func(m *maker, h *household) {
			victim := m.homestead(h)
			m.recognisedAs(h, "edge")
			victim.victim, victim.lawsuit = "crime_harm", "injury"
			victim.tip = &tip{"court_lead", "刑事被害人，赔偿无法执行", m.ago(33)}
			m.enrol(h.persons[1], "junior", 2)
		}},
	{title: "veteran-in-hardship", roles: []role{man(head, 63), woman(spouse, 61)},
		fate: func(m *maker, h *household) {
			veteran := m.homestead(h)
			m.treated(veteran, "heart_attack", 88, 24_200_00)
			m.recognisedAs(h, "rigid")
			veteran.veteran, veteran.relief = true, true
		}},
	{title: "party-member-gravely-ill", roles: []role{man(head, 67), woman(spouse, 66)},
		fate: func(m *maker, h *household) {
			member := m.homestead(h)
			m.treated(member, "malignant_tumour", 30, 36_100_00)
			member.party = true
		}},
}
