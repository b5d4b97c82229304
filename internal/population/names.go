package population

import (
	"slices"

	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// Names is who the households and the persons of Columns are, apart from what is known of them: whoever only counts needs
// nobody's name.
type Names struct {
	columns *Columns
	keys    []string      // by household
	doubts  [][]pack.Text // by doubted
	doubted []int32       // by household, of doubts
	text    []string      // the names that there are
	name    []int32       // by person, of text
	number  []idno.Number // by person
}

// Key is a household's key; households are counted from 0 over all chunks, see [Columns.First].
func (n *Names) Key(household int) string { return n.keys[household] }

// Doubts is why a household's composition is doubtful.
func (n *Names) Doubts(household int) []pack.Text { return n.doubts[n.doubted[household]] }

// Person is a person's name and number; persons are counted from 0 over all chunks.
func (n *Names) Person(person int) (string, idno.Number) {
	return n.text[n.name[person]], n.number[person]
}

// Household is a household with its members.
func (n *Names) Household(household int) Household {
	from, to := n.columns.memberStart[household], n.columns.memberStart[household+1]
	h := Household{Key: n.keys[household], Village: n.columns.area[household], Doubts: n.Doubts(household), Members: make([]Member, to-from)}
	for i := range h.Members {
		name, number := n.Person(int(from) + i)
		h.Members[i] = Member{Name: name, ID: number, Counts: i < int(n.columns.counted[household])}
	}
	return h
}

// Supporters is the persons outside a household who owe it support, by lane. Whoever lives in another area than the columns are of is there
// without a name.
func (n *Names) Supporters(household int) []Member {
	var all []Member
	for _, person := range n.columns.supporterPerson[n.columns.supporterStart[household]:n.columns.supporterStart[household+1]] {
		if person == elsewhere {
			all = append(all, Member{})
			continue
		}
		name, number := n.Person(int(person))
		all = append(all, Member{Name: name, ID: number})
	}
	return all
}

// namer collects names.
type namer struct {
	*Names
	texts map[string]int32
}

func newNamer(c *Columns) *namer {
	return &namer{&Names{columns: c, doubts: [][]pack.Text{nil}}, map[string]int32{}}
}

func (n *namer) addHousehold(key string, doubts []pack.Text) {
	n.keys = append(n.keys, key)
	at := slices.IndexFunc(n.doubts, func(other []pack.Text) bool { return slices.Equal(other, doubts) })
	if at < 0 {
		at = len(n.doubts)
		n.doubts = append(n.doubts, doubts)
	}
	n.doubted = append(n.doubted, int32(at))
}

func (n *namer) addPerson(name string, number idno.Number) {
	at, ok := n.texts[name]
	if !ok {
		at = int32(len(n.text))
		n.text = append(n.text, name)
		n.texts[name] = at
	}
	n.name = append(n.name, at)
	n.number = append(n.number, number)
}
