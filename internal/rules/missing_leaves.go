package rules

import (
	"slices"

	"dajiuzhu/internal/pack"
)

// Leaf is something that has to be known before an open outcome can be decided, as a [MissingReport] names it: a fact, whether
// a programme is received, all events of a kind or a field of one, who lives in the household or supports it, where it lives.
// Whose it is among several persons it does not tell.
type Leaf struct {
	Fact      string    // "person.birth", "holds.dibao", "household.events.fire", "household.composition"
	Unit      pack.Unit // whose it is
	Supporter bool      // the person is one who lives elsewhere and owes support
	Name      Label
}

// String is the leaf in one word: the fact, behind "supporter:" where it is one of a supporter.
func (l Leaf) String() string {
	if l.Supporter {
		return "supporter:" + l.Fact
	}
	return l.Fact
}

// Leaves is everything that some programme's outcome or amount can wait for, in the order of the rules. Equal plans have equal
// leaves.
func (p *Plan) Leaves() []Leaf { return p.leaving().list }

// leaves finds the leaf of a node.
type leaves struct {
	list        []Leaf
	of          []int32   // by node: of a fact or a holding its leaf; of a fold over supporters that these are not all known
	kinds       [][]int32 // by node: of a fold over events that those of each kind are not all known
	residence   int32
	area        int32
	composition int32
}

func newLeaves(p *Plan) *leaves {
	l := &leaves{of: make([]int32, len(p.nodes)), kinds: make([][]int32, len(p.nodes))}
	read := p.readByProgrammes()
	for id := range p.nodes {
		if read[id] {
			l.node(p, int32(id))
		}
	}
	if f := p.places.fact; f >= 0 {
		l.residence = l.fact(p.policy.world.layout.Facts(pack.Household)[f], households)
	}
	l.area = l.place(Leaf{Fact: areaPath, Unit: pack.Household, Name: areaName})
	l.composition = l.place(Leaf{Fact: compositionPath, Unit: pack.Household, Name: compositionName})
	return l
}

// readByProgrammes is the nodes that some programme rests on.
func (p *Plan) readByProgrammes() []bool {
	read := make([]bool, len(p.nodes))
	for _, q := range p.programmes {
		for _, id := range slices.Concat(q.conditions, q.whens, q.amounts) {
			if id >= 0 {
				read[id] = true
			}
		}
	}
	for id := len(p.nodes) - 1; id >= 0; id-- {
		if read[id] {
			for _, a := range p.nodes[id].args {
				read[a] = true
			}
		}
	}
	return read
}

func (l *leaves) node(p *Plan, id int32) {
	n := &p.nodes[id]
	switch n.op {
	case opFact:
		if f := n.term.fact; f.fact == nil {
			l.of[id] = l.place(Leaf{Fact: f.path, Unit: unitOf(n.rel.parent()), Name: f.name})
		} else {
			l.of[id] = l.fact(f.fact, n.rel)
		}
	case opHolds:
		path, name := n.term.prog.holding()
		l.of[id] = l.place(Leaf{Fact: path, Unit: unitOf(n.rel), Supporter: n.rel == supporters, Name: name})
	case opExists, opAll, opCount, opSum, opMax, opMin:
		l.fold(p, id, n)
	}
}

func (l *leaves) fold(p *Plan, id int32, n *node) {
	if n.over == supporters {
		l.of[id] = l.place(Leaf{Fact: supportersPath, Unit: pack.Household, Name: supportersName})
		return
	}
	unit := unitOf(n.over.parent())
	for _, k := range n.kinds {
		code := p.policy.world.layout.EventKinds(unit).Codes[k]
		l.kinds[id] = append(l.kinds[id], l.place(Leaf{Fact: eventsPath(unit, code.ID), Unit: unit, Name: code.Name}))
	}
}

func (l *leaves) fact(f *pack.Fact, rel relation) int32 {
	return l.place(Leaf{Fact: f.Path(), Unit: unitOf(rel), Supporter: rel == supporters, Name: f.Label})
}

// place is where a leaf stands in the list.
func (l *leaves) place(leaf Leaf) int32 {
	at := slices.IndexFunc(l.list, func(o Leaf) bool {
		return o.Fact == leaf.Fact && o.Unit == leaf.Unit && o.Supporter == leaf.Supporter
	})
	if at < 0 {
		at = len(l.list)
		l.list = append(l.list, leaf)
	}
	return int32(at)
}
