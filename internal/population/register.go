package population

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// The columns of the feeds with a role. A pack's feed names its columns so; what it lacks is not known of anybody.
const (
	columnName       = feed.ColumnName
	columnBooklet    = feed.ColumnBooklet
	columnCollective = feed.ColumnCollective
	columnRelation   = "relation"
	columnVillage    = feed.ColumnVillage
	columnFather     = feed.ColumnFather
	columnMother     = feed.ColumnMother

	columnStatus  = "status"
	statusMarried = "married"
	relationHead  = "head"
)

var (
	noRegister = fault.Text{Key: "population.no-register",
		Zh: "没有可用的人口登记数据，无法确定有哪些人", En: "no usable rows of the register of persons were delivered: nobody is known"}
	noRole = fault.Text{Key: "population.no-role",
		Zh: "政策包没有作为人口底册的数据来源（role: persons）", En: "the pack has no feed with role: persons"}
	notRegistered = fault.Text{Key: "population.not-registered",
		Zh: "人口登记中没有这个身份证号", En: "nobody with this identity number is registered"}
	otherName = fault.Text{Key: "population.other-name",
		Zh: "身份证号在人口登记中是另一个姓名，不能确定是谁", En: "the register has another name for this identity number: it cannot be told whose row this is"}
)

// nobody is a person who is named and not registered; absent is one who is not named.
const (
	absent = -1
	nobody = -2
)

// register is the persons, in the order of the register's rows.
type register struct {
	table *feed.Table
	rows  []int32               // of each person
	ids   map[idno.Number]int32 // to the person

	id, name, booklet, collective, relation, village, father, mother int // columns, absent for none
	head                                                             int64
}

// newRegister takes everybody who is registered.
func newRegister(set *feed.Set, p *pack.Pack) (*register, *fault.Error) {
	t := set.Role(feed.RolePersons)
	if t == nil {
		return nil, fault.New(fault.Invalid, noRole, nil)
	}
	r := &register{table: t, ids: map[idno.Number]int32{}, head: absent}
	r.id = columnOf(t, t.Feed.IDNo)
	r.name, r.booklet, r.collective = columnOf(t, columnName), columnOf(t, columnBooklet), columnOf(t, columnCollective)
	r.relation, r.village = columnOf(t, columnRelation), columnOf(t, columnVillage)
	r.father, r.mother = columnOf(t, columnFather), columnOf(t, columnMother)
	if r.relation >= 0 {
		if l := p.Codes[t.Feed.Columns[r.relation].Codes]; l != nil {
			r.head = int64(codeIndex(l, relationHead))
		}
	}
	for row := range t.Len() {
		if r.id < 0 || !t.Used(row) {
			continue
		}
		id := t.ID(r.id, row)
		if _, twice := r.ids[id]; twice {
			continue // the number is the register's key: this cannot be
		}
		r.ids[id] = int32(len(r.rows))
		r.rows = append(r.rows, int32(row))
	}
	if len(r.rows) == 0 {
		return nil, fault.New(fault.Invalid, noRegister, nil)
	}
	return r, nil
}

func columnOf(t *feed.Table, name string) int {
	if i, ok := t.Column(name); ok {
		return i
	}
	return absent
}

func (r *register) len() int { return len(r.rows) }

func (r *register) number(person int) idno.Number { return r.table.ID(r.id, int(r.rows[person])) }

func (r *register) text(column, person int) string {
	if column < 0 {
		return ""
	}
	return r.table.Text(column, int(r.rows[person]))
}

func (r *register) num(column, person int) (int64, bool) {
	if column < 0 {
		return 0, false
	}
	return r.table.Num(column, int(r.rows[person]))
}

func (r *register) place(person int) area.Code {
	n, _ := r.num(r.village, person)
	return area.Code(n)
}

func (r *register) isHead(person int) bool {
	n, ok := r.num(r.relation, person)
	return ok && n == r.head
}

func (r *register) isCollective(person int) bool {
	n, ok := r.num(r.collective, person)
	return ok && n == 1
}

// parent is a person's father or mother: absent if the register names none, nobody if it names one that it does not have.
func (r *register) parent(column, person int) int32 {
	if column < 0 {
		return absent
	}
	id := r.table.ID(column, int(r.rows[person]))
	if id.IsZero() {
		return absent
	}
	if at, ok := r.ids[id]; ok {
		return at
	}
	return nobody
}

// matched is the rows of one feed by person.
type matched struct {
	table *feed.Table
	start []int32 // by person, one more than there are persons
	rows  []int32 // of the table; those of person i are rows[start[i]:start[i+1]], in the table's order

	aside     rules.Bits // persons one of whose rows was set aside
	unmatched int        // rows about nobody registered
}

func (m *matched) of(person int) []int32 { return m.rows[m.start[person]:m.start[person+1]] }

// match gives a feed's rows to the persons whom they are about. A row about nobody registered, and one that has another
// name than the register for the number, is set aside.
func (r *register) match(set *feed.Set, t *feed.Table) *matched {
	m := &matched{table: t, start: make([]int32, r.len()+1), aside: rules.NewBits(r.len())}
	strangers, namesakes := map[int]*fault.Error{}, map[int]*fault.Error{}
	name := r.sharedName(t)
	persons := make([][2]int32, t.Len()) // whom each row is about, plus one
	for row := range t.Len() {
		if !t.Used(row) {
			continue
		}
		about := r.about(t, row)
		switch {
		case len(t.About()) == 0:
			continue
		case about == [2]int32{}:
			strangers[row] = fault.New(fault.NotFound, notRegistered, nil).In(fault.At{Field: t.Feed.IDNo})
			continue
		case name >= 0 && !sameName(t.Text(name, row), r.text(r.name, int(about[0]-1))):
			namesakes[row] = fault.New(fault.Conflict, otherName, nil).In(fault.At{Field: columnName})
			continue
		}
		persons[row] = about
		for _, p := range about {
			if p > 0 {
				m.start[p]++
			}
		}
	}
	m.unmatched = len(strangers) + len(namesakes)
	set.SetAside(t, strangers, true)
	set.SetAside(t, namesakes, false)
	m.fill(persons)
	return m
}

// about is the registered persons whom a row is about, each plus one, 0 for none. A person named twice counts once.
func (r *register) about(t *feed.Table, row int) [2]int32 {
	var about [2]int32
	n := 0
	for _, column := range t.About() {
		p, ok := r.ids[t.ID(column, row)]
		if !ok || n == len(about) || n == 1 && about[0] == p+1 {
			continue
		}
		about[n] = p + 1
		n++
	}
	return about
}

func (m *matched) fill(persons [][2]int32) {
	for i := 1; i < len(m.start); i++ {
		m.start[i] += m.start[i-1]
	}
	m.rows = make([]int32, m.start[len(m.start)-1])
	next := append([]int32{}, m.start[:len(m.start)-1]...)
	for row, about := range persons {
		for _, p := range about {
			if p > 0 {
				m.rows[next[p-1]] = int32(row)
				next[p-1]++
			}
		}
	}
}

// sharedName is the column of a feed that holds the person's name as the register does: the same column by id and by
// its Chinese name. Absent if there is none; a business has a name too.
func (r *register) sharedName(t *feed.Table) int {
	i := columnOf(t, columnName)
	if i < 0 || r.name < 0 || len(t.About()) != 1 || t == r.table ||
		t.Feed.Columns[i].Label.Zh != r.table.Feed.Columns[r.name].Label.Zh {
		return absent
	}
	return i
}

// sameName compares names as officers write them: without spaces, and with any of the dots of minority names. An
// empty name contradicts none.
func sameName(a, b string) bool {
	a, b = feed.PlainName(a), feed.PlainName(b)
	return a == "" || b == "" || a == b
}

// taint marks whose rows were set aside. What a department says of them is then not all that it has.
func (r *register) taint(set *feed.Set, feeds []*matched) {
	of := map[*pack.Feed]*matched{}
	for _, m := range feeds {
		of[m.table.Feed] = m
	}
	s := &suspicion{register: r}
	for _, reject := range set.Rejects {
		m := of[reject.File.Feed]
		if m == nil || reject.Again {
			continue
		}
		for _, id := range reject.Persons {
			if p, ok := r.ids[id]; ok {
				m.aside.Set(int(p))
			}
		}
		if reject.Unplaced {
			for _, p := range s.of(m.table, reject) {
				m.aside.Set(int(p))
			}
		}
	}
}
