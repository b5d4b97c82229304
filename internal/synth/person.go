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
	die      die
	place    *place
	booklet  string
	urban    bool   // by registration
	permit   bool   // registered elsewhere
	quarters string // kind of a collective household, "" for a family
	story    bool
	persons  []*person

	hardship float64 // how likely the family is to be poor, against others
	income   float64 // yuan a head and year, in truth
	rank     float64 // of the income among others', in standard deviations
	college  bool    // the head's schooling
	poor     bool    // below the line in truth, and nobody keeps it
	near     bool    // up to half above it
	car      bool
	need     string // the programme that it needs in truth, "" for none
	since    calendar.Date
	helped   bool   // the family as a whole holds dibao
	wrongly  string // why it should not be helped

	disaster *disaster // of the last thirteen months
	title    string    // of a story, "" for the family in Guozhai and for all others
	fate     func()    // what a story says of its family
}

func (h *household) collective() bool { return h.quarters != "" }

// living are those who live here now.
func (h *household) living() []*person {
	var all []*person
	for _, p := range h.persons {
		if p.present() {
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
	moved     calendar.Date // away; zero for those who are here
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
	forlorn    string // a child whom nobody supports, in truth: orphan, unsupported or key
	orphan     string // the same as the bureau has recognised it
	applied    bool   // for help
	custody    string
	listed     string // kind on the rural list
	removed    bool   // from it
	children   int    // grown children known to the register
	kin        bool   // of the old: there are children in truth, here or elsewhere

	departments
}

func (p *person) name() string { return p.surname + p.given }

// present reports that a person neither died nor moved away.
func (p *person) present() bool { return p.died == 0 && p.moved == 0 }

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

// maker makes one county: first it counts who may be chosen for what, then it makes everybody again and writes.
type maker struct {
	pack     *pack.Pack
	cal      *Calibration
	plan     plan
	root     die
	on       calendar.Date
	places   []*place
	here     *place       // the place in hand
	all      []*household // of it
	counting bool
	quotas   [quotas]quota
	numbers  map[birthday]int // identity numbers given
	labels   []label          // of the place in hand
}

// birthday is those who differ by the sequence of their identity numbers alone.
type birthday struct {
	on     calendar.Date
	female bool
}

// number gives a person an identity number: within the county's own invented area the next of the birthday and sex, from a start
// that is drawn. Two people never come to the same one.
func (m *maker) number(p *person) error {
	b := birthday{p.birth, p.female}
	given := m.numbers[b]
	if given == 500 {
		return fmt.Errorf("synth: more than 500 people of one sex were born on %s in %s", p.birth, m.plan.code)
	}
	m.numbers[b]++
	sequence := (m.root.of("sequence", int(p.birth)).below("start", 500) + given) % 500 * 2
	if !p.female {
		sequence++
	}
	n, ok := idno.Make(m.plan.invented, p.birth, sequence)
	if !ok {
		return fmt.Errorf("synth: no identity number for a birth on %s", p.birth)
	}
	p.id = n.Plain()
	return nil
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
