package population

import (
	"iter"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
)

// More columns of the register of persons, for those who read it as people do.
const (
	columnSex       = "sex"
	columnBirth     = "birth"
	columnAddress   = "address"
	columnCancelled = "cancelled_on"
)

// Entry is what the register of persons has of somebody.
type Entry struct {
	ID        idno.Number
	Name      string
	Sex       string // a code of the pack, "" if it is not told
	Birth     calendar.Date
	Village   area.Code
	Address   string
	Died      calendar.Date // the day of being cancelled
	BirthTold bool
	DiedTold  bool
}

// Register is everybody who is registered, in the order of the register's rows.
func (p *Population) Register() iter.Seq[Entry] {
	r := p.builder.register
	sex, birth, address, cancelled := columnOf(r.table, columnSex), columnOf(r.table, columnBirth), columnOf(r.table, columnAddress), columnOf(r.table, columnCancelled)
	return func(yield func(Entry) bool) {
		for person := range r.len() {
			e := Entry{ID: r.number(person), Name: r.text(r.name, person), Village: r.place(person), Address: r.text(address, person)}
			if n, ok := r.num(sex, person); ok {
				e.Sex = p.builder.pack.Codes[r.table.Feed.Columns[sex].Codes].Codes[n].ID
			}
			n, ok := r.num(birth, person)
			e.Birth, e.BirthTold = calendar.Date(n), ok
			n, ok = r.num(cancelled, person)
			e.Died, e.DiedTold = calendar.Date(n), ok
			if !yield(e) {
				return
			}
		}
	}
}

// Composition is a household as the policy composes it.
type Composition struct {
	Key        string
	Village    area.Code
	Members    []Member // by lane: those who count first
	Supporters []Member // by lane: who owe the household support and live elsewhere
	Reference  int      // among the members: whose booklet and village are the household's
	Doubtful   bool
	Assessed   bool // as a family
}

// Compositions is every household, in the order of villages and keys.
func (p *Population) Compositions() iter.Seq[Composition] {
	return func(yield func(Composition) bool) {
		for i := range p.households {
			h := &p.households[i]
			c := Composition{Key: h.key, Village: h.place, Members: p.builder.members(h), Doubtful: len(h.doubts) > 0, Assessed: !h.apart()}
			for _, person := range h.supporters {
				c.Supporters = append(c.Supporters, p.builder.member(person))
			}
			for lane, person := range h.members {
				if person == h.reference {
					c.Reference = lane
				}
			}
			if !yield(c) {
				return
			}
		}
	}
}
