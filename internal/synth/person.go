package synth

import (
	"fmt"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// fen is money in hundredths of a yuan.
type fen int64

func yuan(n float64) fen { return fen(n*100 + 0.5) }

func (f fen) String() string { return fmt.Sprintf("%d.%02d", f/100, f%100) }

// Relations to the head, as the pack's list has them.
const (
	head        = "head"
	spouse      = "spouse"
	child       = "child"
	parent      = "parent"
	grandchild  = "grandchild"
	otherMember = "other"
)

// household is one booklet of the register, and in most cases one family.
type household struct {
	die        die
	place      *place
	booklet    string
	urban      bool // by registration
	permit     bool // registered elsewhere
	collective bool
	careHome   bool
	story      bool
	persons    []*person

	hardship float64 // how likely the family is to be poor, against others
	poor     bool    // below the line in truth
	near     bool    // not far above it
	car      bool
	helped   bool // the family as a whole holds dibao

	disaster *disaster // of the last thirteen months
	title    string    // of a story, "" for the family in Guozhai and for all others
	fate     func()    // what a story says of its family
}

func (h *household) living() []*person {
	var all []*person
	for _, p := range h.persons {
		if p.alive() {
			all = append(all, p)
		}
	}
	return all
}

// person is somebody of the county, and all that departments will say of them.
type person struct {
	die       die
	id        string
	surname   string
	given     string
	female    bool
	birth     calendar.Date
	age       int
	relation  string
	household *household
	father    *person
	mother    *person
	spouse    *person
	married   calendar.Date
	died      calendar.Date // zero for the living
	reported  bool          // the death has reached the register

	school     string
	boarder    bool
	enrolled   calendar.Date
	disability string
	grade      int
	illness    string // a grave one
	work       work
	insured    string
	settled    []*settlement
	vehicles   []*vehicle
	homes      []*property
	businesses []*business
	benefits   []*benefit
	orphan     string // orphan, unsupported or key
	custody    string
	listed     string // kind on the rural list
	removed    bool   // from it
	children   int    // grown children known to the register

	departments
}

func (p *person) name() string { return p.surname + p.given }

func (p *person) alive() bool { return p.died == 0 }

func (p *person) student() bool { return p.school != "" && p.school != "kindergarten" }

func (p *person) severe() bool {
	return p.grade == 1 || p.grade == 2 || p.grade == 3 && (p.disability == "intellectual" || p.disability == "mental")
}

// work is a person's standing in social insurance and the employment register.
type work struct {
	kind     string // employee, flexible, retired, resident, resident_pension, "" for none
	status   string // in the employment register; "" if not registered
	budget   bool
	wage     fen
	pension  fen
	employer string
	since    calendar.Date
	lost     calendar.Date
}

type vehicle struct {
	kind      string
	value     fen
	on        calendar.Date
	cancelled bool
}

type property struct {
	use  string
	area fen // hundredths of a square metre
	on   calendar.Date
}

type business struct {
	kind, role string
	capital    fen
	on         calendar.Date
	cancelled  bool
}

type benefit struct {
	programme   string
	institution bool
	amount      fen
	from, to    calendar.Date // to is zero while it is held
}

type settlement struct {
	kind, diagnosis, hospital      string
	admitted, on                   calendar.Date
	total, basic, major, own, paid fen // own is within policy, paid is all that the person paid
	reversed                       bool
}

// maker makes one county.
type maker struct {
	pack   *pack.Pack
	root   die
	on     calendar.Date
	places []*place
	all    []*household

	taken map[string]bool // identity numbers
}

// unassigned is six digits that were never given to any area.
const unassigned = "371499"

// number gives a person an identity number of its own.
func (m *maker) number(p *person) error {
	sequence := p.die.below("sequence", 500) * 2
	if !p.female {
		sequence++
	}
	for range 500 {
		n, ok := idno.Make(unassigned, p.birth, sequence)
		if !ok {
			return fmt.Errorf("synth: no identity number for a birth on %s", p.birth)
		}
		if id := n.Plain(); !m.taken[id] {
			m.taken[id] = true
			p.id = id
			return nil
		}
		sequence = (sequence + 2) % 1000
	}
	return fmt.Errorf("synth: more than 500 people of one sex were born on %s", p.birth)
}

// each calls f for everybody, in order.
func (m *maker) each(f func(*person)) {
	for _, h := range m.all {
		for _, p := range h.persons {
			f(p)
		}
	}
}

// ago is a day some days before the date.
func (m *maker) ago(days int) calendar.Date { return m.on.AddDays(-days) }
