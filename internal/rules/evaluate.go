package rules

import (
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Evaluator evaluates a plan over batches with narrowing. It keeps its memory from batch to batch and is not safe for
// concurrent use; make one for each worker.
type Evaluator struct {
	m       *machine
	results Results
	waiting *waiting // what open outcomes wait for; made when it is first asked
}

// Results is what a batch came to. It belongs to the evaluator and holds until the next batch.
type Results struct {
	Programmes []ProgrammeResult // in the pack's order
	Index      IndexResult
	Warnings   []Bits // in the order of Policy.Warnings: the lanes of the rule's unit for which it fires
}

// ProgrammeResult is a programme's outcome in every lane of its unit.
type ProgrammeResult struct {
	Of      [OutcomeCount]Bits // the lanes that come to each outcome
	Refused []Bits             // by condition: the ineligible lanes of which it is the first false condition; in the order of conditions
	Open    []Bits             // by condition: the lanes that are not refused and in which it is unknown
	Assumed Bits               // a default stood in for something unknown
	Doubted Bits               // rests on a composition that is not settled
	Amounts []Amounts
}

// Outcome is the outcome of a lane.
func (r *ProgrammeResult) Outcome(lane int) Outcome {
	for o := range r.Of {
		if r.Of[o].Has(lane) {
			return Outcome(o)
		}
	}
	return NotAssessed
}

// Witness is the first false condition of an ineligible lane; false of any other lane.
func (r *ProgrammeResult) Witness(lane int) (int, bool) {
	for i, refused := range r.Refused {
		if refused.Has(lane) {
			return i, true
		}
	}
	return 0, false
}

// Amounts is a component's amount in every lane, where the lane has one.
type Amounts struct {
	Num   []int64
	Known Bits
}

// At is the amount of a lane; false where it has none.
func (a Amounts) At(lane int) (money.Decimal, bool) {
	return money.Decimal(a.Num[lane]), a.Known.Has(lane)
}

// IndexResult is the difficulty index of every household, 0 to 100 with two decimals. Collective households have none.
type IndexResult struct {
	Score    []money.Decimal // after aid now held
	Before   []money.Decimal // before it
	Coverage []money.Decimal // share of the weights whose dimension was known, 0 to 1
	Parts    [][]money.Decimal
	Known    []Bits // by dimension; an unknown part took the neutral score
	Errors   int    // dimensions that came to an error or left 0 to 100, and took the neutral score
}

// NewEvaluator returns an evaluator of the plan.
func (p *Plan) NewEvaluator() *Evaluator {
	return &Evaluator{m: newMachine(p, true)}
}

// Warnings are the pack's warning rules in the order of Results.Warnings.
func (p *Policy) Warnings() []*pack.Warning {
	rules := make([]*pack.Warning, len(p.warnings))
	for i, w := range p.warnings {
		rules[i] = w.decl
	}
	return rules
}

// Mechanism is the mechanism of a warning rule.
func (p *Policy) Mechanism(rule *pack.Warning) *pack.Mechanism {
	for _, w := range p.warnings {
		if w.decl == rule {
			return w.mechanism
		}
	}
	return nil
}

// Version is a programme's rule in force on the plan's date, nil if there is none.
func (p *Plan) Version(programme *pack.Programme) *pack.ProgrammeVersion {
	q := p.programmes[p.policy.world.programmes[programme.ID].index]
	if q.version == nil {
		return nil
	}
	return q.version.decl
}

// Evaluate computes everything for a batch.
func (e *Evaluator) Evaluate(b *Batch) *Results {
	m := e.m
	m.load(b)
	r := &e.results
	for i, p := range m.plan.programmes {
		m.decide(p, m.all[p.rel])
		if len(r.Programmes) <= i {
			r.Programmes = append(r.Programmes, ProgrammeResult{})
		}
		m.results[i].show(&r.Programmes[i], m.lanes[p.rel])
	}
	m.index(&r.Index)
	r.Warnings = r.Warnings[:0]
	for i := range m.plan.warnings {
		r.Warnings = append(r.Warnings, m.fires(i))
	}
	return r
}

func (p *programmeLanes) show(r *ProgrammeResult, lanes int) {
	r.Of, r.Refused, r.Open, r.Assumed, r.Doubted = p.of, p.refused, p.open, p.taints[assumed], p.taints[doubted]
	r.Amounts = r.Amounts[:0]
	for _, a := range p.amounts {
		r.Amounts = append(r.Amounts, Amounts{a.num[:lanes], a.known})
	}
}

// fires is the lanes for which a warning's rule is true.
func (m *machine) fires(i int) Bits {
	w := m.plan.warnings[i]
	all := m.all[w.rel]
	v := m.need(w.when, all)
	if m.fired == nil {
		m.fired = make([]Bits, len(m.plan.warnings))
	}
	m.fired[i] = sizedBits(m.fired[i], m.lanes[w.rel])
	for k := range m.fired[i] {
		m.fired[i][k] = v.known[k] & v.isTrue[k] & all[k]
	}
	return m.fired[i]
}

var hundred = money.Decimal(100 * money.Scale)

// index computes the difficulty index.
func (m *machine) index(r *IndexResult) {
	n := m.lanes[households]
	dimensions := len(m.plan.dimensions)
	if len(r.Parts) != dimensions {
		r.Parts, r.Known = make([][]money.Decimal, dimensions), make([]Bits, dimensions)
	}
	r.Score, r.Before, r.Coverage = sized(r.Score, n), sized(r.Before, n), sized(r.Coverage, n)
	r.Errors = 0
	weights := money.Decimal(0)
	for i, d := range m.plan.dimensions {
		r.Parts[i] = sized(r.Parts[i], n)
		r.Known[i] = resized(r.Known[i], (n+63)/64)
		m.dimension(r, i, d)
		weights += d.decl.Weight
	}
	if weights == 0 {
		return
	}
	for h := range n {
		r.Score[h] = mean(r.Score[h], weights, 2)
		r.Before[h] = mean(r.Before[h], weights, 2)
		r.Coverage[h] = mean(r.Coverage[h], weights, 4)
	}
}

// dimension adds one dimension's weighted scores.
func (m *machine) dimension(r *IndexResult, i int, d dimensionPlan) {
	score, before := m.need(d.score, m.all[households]), m.need(d.before, m.all[households])
	weight := d.decl.Weight
	for h := range m.lanes[households] {
		after, ok := m.score(score, d, h, &r.Errors)
		if ok {
			r.Known[i].Set(h)
			r.Coverage[h] += weight
		}
		worth := weighted(after, weight)
		r.Parts[i][h] = after
		r.Score[h] += worth
		if d.before != d.score {
			prior, _ := m.score(before, d, h, &r.Errors)
			worth = weighted(prior, weight)
		}
		r.Before[h] += worth
	}
}

// score is a dimension's score of a household, the neutral one with false where it cannot be known.
func (m *machine) score(v *vector, d dimensionPlan, h int, errors *int) (money.Decimal, bool) {
	if v.known.Has(h) {
		if s := money.Decimal(v.number(h)); s >= 0 && s <= hundred {
			return s, true
		}
		*errors++
		return d.decl.Neutral, false
	}
	if v.odd && v.err.Has(h) {
		*errors++
	}
	return d.decl.Neutral, false
}

// weighted is a score times its weight. Scores end at 100 and weights are small: this cannot overflow.
func weighted(score, weight money.Decimal) money.Decimal {
	w, _ := score.Mul(weight)
	return w
}

func mean(sum, weights money.Decimal, digits int) money.Decimal {
	q, _ := sum.Quo(weights)
	q, _ = q.Round(digits)
	return q
}

func sized(s []money.Decimal, n int) []money.Decimal {
	if cap(s) < n {
		return make([]money.Decimal, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Column is a fact's or variable's value in every lane of its unit: what evidence and reports show. The path is
// "person.age".
func (e *Evaluator) Column(path string) (Column, bool) {
	return e.m.columnOf(path)
}

func (m *machine) columnOf(path string) (Column, bool) {
	if id, ok := m.plan.variables[path]; ok {
		rel := relationOf(m.plan.policy.world.variables[path].decl.Unit)
		return m.values(id, rel), true
	}
	slot, ok := m.plan.policy.world.layout.Slot(path)
	if !ok {
		return Column{}, false
	}
	if path[:6] == "person" {
		return m.batch.Person.Facts[slot], true
	}
	return m.batch.Household.Facts[slot], true
}

// values is a node's vector as a column.
func (m *machine) values(id int32, rel relation) Column {
	v := m.need(id, m.all[rel])
	n := m.lanes[rel]
	c := Column{Num: make([]int64, n), Known: NewBits(n)}
	for i := range n {
		if v.known.Has(i) {
			c.Set(i, v.number(i))
		}
	}
	return c
}

// Persons evaluates one of the pack's person expressions (whom a feed covers, who counts, who is linked) over the persons
// of a batch, each of whom may stand alone in a household. An expression that is absent is true of everybody.
func (e *Evaluator) Persons(x pack.Expr, b *Batch) Column {
	e.m.load(b)
	if x.Source == "" {
		c := Column{Num: make([]int64, b.Person.N), Known: NewBits(b.Person.N)}
		for i := range b.Person.N {
			c.Set(i, 1)
		}
		return c
	}
	return e.m.values(e.m.plan.roots[x.Source], persons)
}

// Value is a fact or variable of one lane of its unit as [Canonical] writes it, or "unknown", "error" or "not-in-force".
// It belongs to the batch evaluated last. A path that does not exist is "unknown".
func (e *Evaluator) Value(path string, lane int) string {
	m := e.m
	if id, ok := m.plan.variables[path]; ok {
		decl := m.plan.policy.world.variables[path].decl
		rel := relationOf(decl.Unit)
		v := m.need(id, m.all[rel])
		if s := v.state(lane); s != stateKnown {
			return s.String()
		}
		if decl.Type == pack.Bool {
			return v.truth(lane)
		}
		text, _ := Canonical(decl.Type, m.plan.policy.world.pack.Codes[decl.Codes], v.number(lane))
		return text
	}
	c, ok := m.columnOf(path)
	if !ok {
		return stateUnknown.String()
	}
	num, known := c.At(lane)
	if !known {
		return stateUnknown.String()
	}
	unit, _, _ := strings.Cut(path, ".")
	f := m.plan.policy.world.layout.Facts(pack.Unit(unit))[m.plan.policy.world.layout.slots[path]]
	text, _ := Canonical(f.Type, m.plan.policy.world.pack.Codes[f.Codes], num)
	return text
}
