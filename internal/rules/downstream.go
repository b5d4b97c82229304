package rules

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// Difference is where two plans can come to different results for the same facts.
type Difference struct {
	Parts      Parts    // of the other plan
	Conditions [][]bool // by programme and condition of this plan: the other asks the same, and refuses whom it refuses here
	Components [][]int  // by programme and component of the other plan: the same component of this plan that is computed alike; -1 for none
}

// Differs tells what of another plan is not computed from the same formulas and figures as in this one. What it leaves out is
// the same for every household. Of parameters it compares what is in force on the plans' dates; names that people read, texts
// and sources change nothing. The two policies must lay facts out alike.
func (p *Plan) Differs(other *Plan) Difference {
	a, b := newSigner(p), newSigner(other)
	var d Difference
	for i := range p.programmes {
		d.Parts.Programmes = append(d.Parts.Programmes, a.programme(p.programmes[i]) != b.programme(other.programmes[i]))
		d.Conditions = append(d.Conditions, a.stay(p.programmes[i], b, other.programmes[i]))
		d.Components = append(d.Components, a.alike(p.programmes[i], b, other.programmes[i]))
	}
	d.Parts.Index = a.index() != b.index()
	former := map[string]signature{}
	for _, w := range p.warnings {
		former[w.warning.decl.ID] = a.node(w.when)
	}
	for _, w := range other.warnings {
		d.Parts.Warnings = append(d.Parts.Warnings, former[w.warning.decl.ID] != b.node(w.when))
	}
	return d
}

// signature is the same for what computes the same.
type signature [sha256.Size]byte

// signer signs the nodes of a plan by what they compute.
type signer struct {
	plan       *Plan
	nodes      []signature // zero: not yet
	programmes []signature
}

func newSigner(p *Plan) *signer {
	return &signer{plan: p, nodes: make([]signature, len(p.nodes)), programmes: make([]signature, len(p.programmes))}
}

// stay tells which conditions of a programme the other plan has too.
func (s *signer) stay(p *programmePlan, other *signer, theirs *programmePlan) []bool {
	stay := make([]bool, len(p.conditions))
	for i, id := range p.conditions {
		for _, asked := range theirs.conditions {
			stay[i] = stay[i] || s.node(id) == other.node(asked)
		}
	}
	return stay
}

// alike tells which component of this plan each of the other is.
func (s *signer) alike(p *programmePlan, other *signer, theirs *programmePlan) []int {
	alike := make([]int, len(theirs.amounts))
	for i := range alike {
		alike[i] = -1
		for k := range p.amounts {
			if s.component(p, k) == other.component(theirs, i) {
				alike[i] = k
			}
		}
	}
	return alike
}

func (s *signer) component(p *programmePlan, i int) signature {
	h := sha256.New()
	c := p.version.decl.Components[i]
	fmt.Fprint(h, "component", c.ID, c.Per, c.Rounding)
	s.write(h, p.whens[i])
	s.write(h, p.amounts[i])
	return signature(h.Sum(nil))
}

func (s *signer) programme(p *programmePlan) signature {
	if done := s.programmes[p.index]; done != (signature{}) {
		return done
	}
	h := sha256.New()
	fmt.Fprint(h, p.programme.decl.ID, p.rel, p.programme.decl.Uncounted, p.version != nil)
	for i, id := range p.conditions {
		fmt.Fprint(h, "condition", p.version.decl.Conditions[i].OnConsent)
		s.write(h, id)
	}
	for i := range p.amounts {
		of := s.component(p, i)
		h.Write(of[:])
	}
	s.programmes[p.index] = signature(h.Sum(nil))
	return s.programmes[p.index]
}

// write adds a node's signature; -1 is no node.
func (s *signer) write(h hash.Hash, id int32) {
	if id < 0 {
		h.Write([]byte{0})
		return
	}
	of := s.node(id)
	h.Write(of[:])
}

func (s *signer) index() signature {
	h := sha256.New()
	for _, d := range s.plan.dimensions {
		fmt.Fprint(h, d.decl.ID, int64(d.decl.Weight), int64(d.decl.Neutral))
		s.write(h, d.score)
		s.write(h, d.before)
	}
	return signature(h.Sum(nil))
}

func (s *signer) node(id int32) signature {
	if done := s.nodes[id]; done != (signature{}) {
		return done
	}
	n := &s.plan.nodes[id]
	if n.op == opVariable { // an alias of its formula
		s.nodes[id] = s.node(n.args[0])
		return s.nodes[id]
	}
	h := sha256.New()
	fmt.Fprint(h, n.op, n.rel, n.over, n.typ, n.num, n.set, n.kinds)
	switch n.op {
	case opConst:
		if n.list != nil {
			fmt.Fprint(h, n.list.ID)
		}
	case opHolds:
		fmt.Fprint(h, n.term.prog.index)
	case opEligible, opAmount, opOutcome:
		of := s.programme(n.prog)
		h.Write(of[:])
	}
	if readsFigures(n.op) {
		s.figures(h, n)
	}
	for _, arg := range n.args {
		s.write(h, arg)
	}
	s.nodes[id] = signature(h.Sum(nil))
	return s.nodes[id]
}

func readsFigures(o op) bool { return o == opParam || o == opParamTable || o == opParamBand }

// figuresOf is a signature of a parameter's figures alone.
func (s *signer) figuresOf(n *node) signature {
	h := sha256.New()
	s.figures(h, n)
	return signature(h.Sum(nil))
}

// figures signs what a parameter comes to at each area and residence. Plans need not number places alike, so an area that has
// what the area around it has is left out.
func (s *signer) figures(h hash.Hash, n *node) {
	p := s.plan.places
	told := make([]string, len(p.areas))
	for i, a := range p.areas {
		told[i] = s.figuresAt(n, i)
		if around := enclosing(p.areas, i); around >= 0 && told[around] == told[i] {
			continue
		}
		fmt.Fprint(h, int64(a), told[i])
	}
}

// enclosing is the narrowest other area that holds one, -1 if none does.
func enclosing(areas []area.Code, i int) int {
	best := -1
	for k, a := range areas {
		if k != i && a.Contains(areas[i]) && (best < 0 || a.Level() > areas[best].Level()) {
			best = k
		}
	}
	return best
}

// figuresAt is what a parameter comes to in an area: once if all residences have the same.
func (s *signer) figuresAt(n *node, area int) string {
	p := s.plan.places
	first, all := figuresText(n, area*len(p.residences)), ""
	same := true
	for r := range p.residences {
		text := figuresText(n, area*len(p.residences)+r)
		same = same && text == first
		all += text + ";"
	}
	if same {
		return first
	}
	return all
}

func figuresText(n *node, place int) string {
	if n.rel == scalar {
		place = 0
	}
	switch n.op {
	case opParamTable:
		text := ""
		for _, c := range n.rows[place] {
			text += c.text() + ","
		}
		return text
	case opParamBand:
		of := n.scales[place]
		return fmt.Sprint(of.state, of.bands)
	}
	return n.cells[place].text()
}

func (c cell) text() string { return fmt.Sprint(c.state, " ", c.num) }

// SameLayout reports whether batches that are laid out for one policy can be read by the other: the same facts, lists of codes,
// kinds of events and programmes in the same places.
func (p *Policy) SameLayout(other *Policy) bool {
	return p.world.layoutText() == other.world.layoutText()
}

func (w *world) layoutText() string {
	var b strings.Builder
	codes := func(list string) {
		if l := w.pack.Codes[list]; l != nil {
			fmt.Fprint(&b, l.ID, l.IDs())
		}
	}
	for _, unit := range []pack.Unit{pack.Household, pack.Person} {
		for _, f := range w.layout.Facts(unit) {
			fmt.Fprint(&b, f.Path(), f.Type)
			codes(f.Codes)
		}
	}
	for _, e := range w.pack.Events {
		fmt.Fprint(&b, e.Unit)
		codes(e.Kinds)
		for _, f := range e.Fields {
			fmt.Fprint(&b, f.Name, f.Type)
			codes(f.Codes)
		}
	}
	for _, q := range w.pack.Programmes {
		fmt.Fprint(&b, q.ID, q.Unit)
	}
	fmt.Fprint(&b, w.pack.Residence)
	return b.String()
}
