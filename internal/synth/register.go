package synth

import "dajiuzhu/internal/calendar"

// departments is what the smaller registers of departments say of a person. Of most people they say nothing.
type departments struct {
	recognised *recognition // as of low income, beside dibao and tekun
	aids       []gift       // temporary aid
	charity    []gift
	hope       []gift // of Project Hope
	refused    *refusal
	awards     []*benefit // that other departments give
	tip        *tip

	admitted  string // to which stage, this school year
	hardPupil bool   // recognised by the school as of a family in hardship

	hard    *difficulty // recognised as hard to employ
	post    *post       // in the public service
	fund    fen         // paid into the housing provident fund a month
	nursing fen         // pay of work-injury insurance a month
	paid    fen         // for pension insurance within the year, by the person
	member  bool        // of a trade union
	file    string      // the union's, of workers in hardship: deep, relative, accident

	onlyChild  string // died, disabled
	otherChild bool
	cancer     *cancer
	redCross   string // the fund that helped a child
	rehab      *assessment

	house house
	right string // to public rental housing: dwelling, subsidy
	loan  *loan

	party, veteran, relief bool
	dishonest              bool
	abroad                 calendar.Date // since when, zero for most
	victim                 string        // ground for judicial aid
	redressed              bool          // judicial aid was given
	lawsuit                string        // matter for which legal aid was asked
}

// house is the head's: a rural one that was looked at.
type house struct {
	grade  string // "" if nobody graded it
	mended bool   // with public help
}

type recognition struct {
	kind               string // edge, rigid, illness_poor
	from, until, ended calendar.Date
	stands             bool
}

// gift is money that was given once.
type gift struct {
	amount fen
	on     calendar.Date
}

type refusal struct {
	programme, reason string
	on                calendar.Date
}

// tip is hardship that a partner reported.
type tip struct {
	kind, summary string
	on            calendar.Date
}

type difficulty struct {
	kind   string
	months int // of subsidy
}

type post struct {
	kind         string // urban, rural
	months       int
	since, ended calendar.Date
}

type cancer struct{ invasive, helped bool }

type assessment struct {
	need          bool
	mode, surgery string
	own           fen
}

type loan struct {
	amount      fen
	on, settled calendar.Date
}

// disaster is what befell a household.
type disaster struct {
	kind, damage string
	on           calendar.Date
	loss         fen
	moved, dead  int
}

// register lets the departments' registers speak of a household. It comes last: they go by what befell the family and by who
// is helped. Of the families of the stories the stories tell.
func (m *maker) register(h *household) {
	if h.story {
		return
	}
	m.relieve(h)
	m.surveyHouse(h)
	m.bereave(h)
	for _, p := range h.living() {
		if p.custody == "serving" || p.custody == "detox" {
			continue
		}
		m.study(p)
		m.labour(p)
		m.belong(p)
		m.examine(p)
		m.wrong(p)
		m.overhear(p)
	}
	for _, p := range h.living() {
		m.bestow(p)
	}
}

// holds reports a benefit of the civil affairs bureau that is held now.
func (p *person) holds(programmes ...string) bool {
	for _, b := range p.benefits {
		for _, programme := range programmes {
			if b.programme == programme && b.to == 0 {
				return true
			}
		}
	}
	return false
}

// low reports a family that is recognised as of low income: what other departments go by.
func (h *household) low() bool {
	for _, p := range h.living() {
		if p.holds("dibao", "dibao-alone", "tekun") || p.recognised != nil && p.recognised.stands || p.watched() {
			return true
		}
	}
	return false
}

// low reports a person of a family that is recognised as of low income, or in a collective household one who is.
func (p *person) low() bool {
	if p.household.collective() {
		return p.supported()
	}
	return p.household.low()
}

// watched reports a place on the rural bureau's list that stands.
func (p *person) watched() bool { return p.listed != "" && p.listed != "expoor" && !p.removed }

// ownCost is what treatment cost a person within the policy in the last twelve months.
func (m *maker) ownCost(p *person) fen {
	total := fen(0)
	for _, s := range p.settled {
		if !s.reversed && s.on >= m.on.AddMonths(-12) {
			total += s.own
		}
	}
	return total
}
