package synth

import "slices"

// awards is what other departments give, to whom and with what take-up. Who should have it and does not, and the few who
// have it and should not, are for the platform to find.
var awards = []struct {
	programme string
	takeUp    float64
	astray    float64 // given to somebody of the standing without the need
	amount    fen
	stages    []string           // of school; nil if it is not for pupils
	of        func(*person) bool // the standing that it goes by; nil for none
	due       func(*person) bool
}{
	{"special-family", 0.85, 0, 590_00, nil, nil, func(p *person) bool { return p.onlyChild != "" && !p.otherChild }},
	{"public-rental", 1, 0, 260_00, nil, nil, func(p *person) bool { return p.right != "" }},
	{"public-post", 1, 0, 900_00, nil, nil, func(p *person) bool { return p.post != nil && p.post.ended == 0 }},
	{"hard-job-insurance", 0.95, 0, 620_00, nil, nil, func(p *person) bool { return p.hard != nil && p.hard.months > 0 }},
	{"pension-paid", 0.8, 0.0003, 100_00, nil, paysAsResident, func(p *person) bool { return p.severe() || p.holds("dibao", "dibao-alone", "tekun") }},
	{"med-premium", 0.93, 0.0002, 400_00, nil, insuredAsResident, func(p *person) bool { return p.orphan != "" || p.low() }},
	{"union-hardship", 0.75, 0, 3_000_00, nil, nil, func(p *person) bool { return p.file != "" }},
	{"edu-kindergarten", 0.75, 0.002, 1_200_00, []string{"kindergarten"}, nil, inHardship},
	{"edu-compulsory", 0.8, 0.001, 625_00, []string{"primary", "junior"}, nil, inHardship},
	{"edu-high", 0.85, 0.002, 2_300_00, []string{"high"}, nil, inHardship},
	{"edu-vocational", 0.85, 0.01, 2_300_00, []string{"vocational"}, nil, inHardship},
	{"edu-loan", 0.7, 0.002, 3_700_00, []string{"junior_college", "college", "graduate"}, nil, inHardship},
	{"rain-dew", 0.6, 0, 1_500_00, []string{"vocational", "junior_college"}, nil, func(p *person) bool { return p.listed != "" }},
	{"rich-loan", 1, 0, 50_000_00, nil, nil, func(p *person) bool { return p.loan != nil && p.loan.settled == 0 }},
	{"child-rehab", 0.7, 0, 15_000_00, nil, nil, func(p *person) bool { return p.rehab != nil && p.rehab.need && p.rehab.mode != "none" }},
}

func inHardship(p *person) bool { return p.hardPupil }

func paysAsResident(p *person) bool { return p.work.kind == "resident" && p.age < 60 }

func insuredAsResident(p *person) bool { return p.insured == "resident" }

// bestow gives what other departments give.
func (m *maker) bestow(p *person) {
	for _, a := range awards {
		if a.stages != nil && !slices.Contains(a.stages, p.school) || a.of != nil && !a.of(p) {
			continue
		}
		chance := a.astray
		if a.due(p) {
			chance = a.takeUp
		}
		d := p.die.of("award "+a.programme, 0)
		if !d.chance("given", chance) {
			continue
		}
		b := &benefit{programme: a.programme, amount: a.amount, from: max(m.ago(d.between("from", 12, 420)), p.birth)}
		if a.stages != nil {
			b.from = max(b.from, p.enrolled)
		}
		if a.takeUp < 1 && d.chance("ended", 0.04) {
			b.to = max(m.ago(d.between("to", 2, 300)), b.from)
		}
		p.awards = append(p.awards, b)
	}
}
