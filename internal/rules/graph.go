package rules

import (
	"encoding/binary"
	"fmt"
	"sync"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// Plan is a policy as it stands on a date: one graph of everything that is in force.
type Plan struct {
	policy     *Policy
	on         calendar.Date
	places     *places
	nodes      []node
	bodies     []int32          // of each node the one that computes it: of a variable the body of the formula in force
	programmes []*programmePlan // by the pack's order
	dimensions []dimensionPlan
	warnings   []warningPlan
	roots      map[string]int32      // person expressions of feeds and composition by source text
	variables  map[string]int32      // node of each variable, by path
	measures   []string              // what each node counts
	shown      map[string]shownValue // what warnings show, by path
	explainers sync.Pool             // of *explainer
	tellings   func() *telling       // made when something is first explained
	keeping    func() *keeping       // made when something is first kept
	leaving    func() *leaves        // made when somebody first asks what is missing
	ages       ages
}

// node is one value of the graph. Its arguments stand before it.
type node struct {
	op       op
	rel      relation
	over     relation // folds
	constant bool     // the same in all batches
	typ      pack.Type
	args     []int32
	num      int64
	*particulars
}

// particulars is what only some nodes have, or what is not looked at in every batch. They lie apart, so that the nodes of a
// plan stay in the processor's memory while it is evaluated.
type particulars struct {
	set     Bits
	kinds   []int
	cells   []cell   // opParam: by place
	rows    [][]cell // opParamTable: by place and code
	scales  []scale  // opParamBand: by place
	prog    *programmePlan
	taints  [taints]bool // what it can rest on
	term    *term
	list    *pack.CodeList
	version *datedTerm // opVariable: the formula in force
}

// programmePlan is a programme as it stands on a date.
type programmePlan struct {
	programme  *programme
	index      int
	rel        relation
	version    *programmeTerms // nil: not in force
	conditions []int32
	whens      []int32 // -1: always
	amounts    []int32 // -1: not money
	taints     [taints]bool
}

type dimensionPlan struct {
	decl          *pack.Dimension
	score, before int32
}

type warningPlan struct {
	warning *warning
	rel     relation
	when    int32
}

// Overlay replaces parameters of the pack by name: a case's own values, or a reform under simulation.
type Overlay map[string]*pack.Parameter

// On is the policy as it stands on a date, with some parameters replaced. The plan of a date is worth keeping.
func (p *Policy) On(on calendar.Date, overlay Overlay) *Plan {
	plan := p.graph(on, overlay).plan
	plan.measures = measures(plan)
	plan.tellings = sync.OnceValue(func() *telling { return newTelling(plan) })
	plan.keeping = sync.OnceValue(func() *keeping { return newKeeping(plan) })
	plan.leaving = sync.OnceValue(func() *leaves { return newLeaves(plan) })
	plan.explainers.New = func() any { return newExplainer(plan) }
	return plan
}

func (p *Policy) graph(on calendar.Date, overlay Overlay) *grapher {
	g := &grapher{
		plan:  &Plan{policy: p, on: on, roots: map[string]int32{}, variables: map[string]int32{}},
		world: p.world, overlay: overlay,
		cons: map[string]int32{}, built: map[builtKey]int32{},
	}
	g.plan.places = newPlaces(p.world, overlay)
	g.plan.programmes = make([]*programmePlan, len(p.world.pack.Programmes))
	for _, decl := range p.world.pack.Programmes {
		g.programme(p.world.programmes[decl.ID])
	}
	for _, d := range p.dimensions {
		g.plan.dimensions = append(g.plan.dimensions, dimensionPlan{
			d.decl, g.root(d.score, households), g.root(d.before, households)})
	}
	for _, w := range p.warnings {
		rel := relationOf(w.decl.Unit)
		g.plan.warnings = append(g.plan.warnings, warningPlan{w, rel, g.root(w.when, rel)})
	}
	for _, source := range sortedKeys(p.persons) {
		g.plan.roots[source] = g.root(p.persons[source], persons)
	}
	for _, decl := range p.world.pack.Variables {
		v := p.world.variables[decl.Path()]
		rel := relationOf(decl.Unit)
		reference := &term{op: opVariable, typ: decl.Type, list: p.world.pack.Codes[decl.Codes], rel: rel, vari: v}
		g.plan.variables[decl.Path()] = g.root(reference, rel)
	}
	g.evidence()
	return g
}

// Date is the date of the plan.
func (p *Plan) Date() calendar.Date { return p.on }

// Policy is the policy of the plan.
func (p *Plan) Policy() *Policy { return p.policy }

// grapher builds the graph of a date.
type grapher struct {
	plan    *Plan
	world   *world
	overlay Overlay
	cons    map[string]int32
	built   map[builtKey]int32
}

type builtKey struct {
	term        *term
	ofSupporter bool
}

// root builds a term and brings it to a relation.
func (g *grapher) root(t *term, rel relation) int32 {
	return g.lift(g.build(t, false), rel)
}

func (g *grapher) programme(p *programme) *programmePlan {
	if done := g.plan.programmes[p.index]; done != nil {
		return done
	}
	q := &programmePlan{programme: p, index: p.index, rel: p.rel()}
	g.plan.programmes[p.index] = q
	for _, version := range p.versions {
		if version.decl.Span.Contains(g.plan.on) {
			q.version = version
		}
	}
	if q.version == nil {
		return q
	}
	for _, t := range q.version.conditions {
		q.conditions = append(q.conditions, g.root(t, q.rel))
	}
	for i := range q.version.decl.Components {
		q.whens = append(q.whens, g.optional(q.version.whens[i], q.rel))
		q.amounts = append(q.amounts, g.optional(q.version.amounts[i], q.rel))
	}
	for _, ids := range [][]int32{q.conditions, q.whens, q.amounts} {
		for _, id := range ids {
			if id >= 0 {
				q.taints = either(q.taints, g.plan.nodes[id].taints)
			}
		}
	}
	return q
}

func (g *grapher) optional(t *term, rel relation) int32 {
	if t == nil {
		return -1
	}
	return g.root(t, rel)
}

func (g *grapher) build(t *term, ofSupporter bool) int32 {
	key := builtKey{t, ofSupporter}
	if id, ok := g.built[key]; ok {
		return id
	}
	id := g.make(t, ofSupporter)
	g.built[key] = id
	return id
}

func (g *grapher) make(t *term, ofSupporter bool) int32 {
	n := node{op: t.op, typ: t.typ, num: t.num, rel: t.rel, particulars: &particulars{list: t.list, set: t.set, kinds: t.kinds, term: t}}
	if ofSupporter && n.rel == persons {
		n.rel = supporters
	}
	switch t.op {
	case opConst:
		if t.num == onDate {
			n.num = int64(g.plan.on)
		}
	case opFact, opHolds:
	case opVariable:
		return g.variable(t, n, ofSupporter)
	case opParam, opParamTable, opParamBand:
		return g.parameter(t, n, ofSupporter)
	case opEligible, opAmount, opOutcome:
		n.prog = g.programme(t.prog)
		n.taints = n.prog.taints
	case opExists, opAll, opCount, opSum, opMax, opMin:
		body := g.build(t.args[0], t.over == supporters)
		n.over = t.over
		n.rel = t.over.parent()
		n.args = []int32{g.lift(body, t.over)}
	default:
		g.combine(&n, t.args, ofSupporter)
	}
	return g.add(n)
}

// combine builds the arguments in the deepest of their relations.
func (g *grapher) combine(n *node, args []*term, ofSupporter bool) {
	n.rel = scalar
	ids := make([]int32, len(args))
	for i, a := range args {
		ids[i] = g.build(a, ofSupporter)
		if rel := g.plan.nodes[ids[i]].rel; rel.below(n.rel) {
			n.rel = rel
		}
	}
	for i, id := range ids {
		ids[i] = g.lift(id, n.rel)
	}
	n.args = ids
}

// variable is an alias of the formula in force, kept for explanations.
func (g *grapher) variable(t *term, n node, ofSupporter bool) int32 {
	for i, version := range t.vari.versions {
		if version.span.Contains(g.plan.on) {
			body := g.build(version.term, ofSupporter)
			n.rel = g.plan.nodes[body].rel
			n.args = []int32{body}
			n.version = &t.vari.versions[i]
			return g.add(n)
		}
	}
	n.op, n.rel = opNotInForce, scalar
	return g.add(n)
}

// parameter is a constant where all places have the same value, else a look-up by the household's place.
func (g *grapher) parameter(t *term, n node, ofSupporter bool) int32 {
	p := t.param
	if replaced := g.overlay[p.Name]; replaced != nil {
		p = replaced
	}
	if t.op == opParam {
		n.cells = g.plan.places.cells(p, g.plan.on)
		if uniform(n.cells) {
			n.rel = scalar
			n.cells = n.cells[:1]
			return g.add(n)
		}
		n.args = []int32{g.place()}
		n.rel = households
		return g.add(n)
	}
	if t.op == opParamTable {
		n.rows = g.plan.places.rows(p, g.plan.on, g.world.pack.Codes[p.Codes])
	} else {
		n.scales = g.plan.places.scales(p, g.plan.on)
	}
	key := g.build(t.args[0], ofSupporter)
	rel := g.plan.nodes[key].rel
	if rel == scalar {
		rel = households
	}
	n.rel = rel
	n.args = []int32{g.lift(key, rel), g.lift(g.place(), rel)}
	return g.add(n)
}

func (g *grapher) place() int32 {
	return g.add(node{op: opPlace, typ: pack.Int, rel: households, particulars: &particulars{}})
}

// lift brings a value of a relation above down to the lanes of rel.
func (g *grapher) lift(id int32, rel relation) int32 {
	from := g.plan.nodes[id]
	if from.rel == rel {
		return id
	}
	if parent := rel.parent(); parent != scalar && from.rel != scalar && from.rel != parent {
		id = g.lift(id, parent)
	}
	return g.add(node{op: opLift, typ: from.typ, rel: rel, args: []int32{id}, particulars: &particulars{list: from.list}})
}

// add returns the node that is equal to n, adding it if there is none.
func (g *grapher) add(n node) int32 {
	key := consKey(n)
	if id, ok := g.cons[key]; ok {
		return id
	}
	for _, a := range n.args {
		n.taints = either(n.taints, g.plan.nodes[a].taints)
	}
	switch {
	case n.op == opDefault:
		n.taints[assumed] = true
	case n.over == persons || n.over == supporters:
		n.taints[doubted] = true
	}
	n.constant = n.rel == scalar || n.op == opLift && g.plan.nodes[n.args[0]].rel == scalar
	id := int32(len(g.plan.nodes))
	body := id
	if n.op == opVariable {
		body = g.plan.bodies[n.args[0]]
	}
	g.plan.nodes, g.plan.bodies = append(g.plan.nodes, n), append(g.plan.bodies, body)
	g.cons[key] = id
	return id
}

func either(a, b [taints]bool) [taints]bool {
	for t := range a {
		a[t] = a[t] || b[t]
	}
	return a
}

// consKey is equal for nodes that compute the same.
func consKey(n node) string {
	b := []byte{byte(n.op), byte(n.rel), byte(n.over)}
	b = append(b, n.typ...)
	b = binary.BigEndian.AppendUint64(b, uint64(n.num))
	for _, a := range n.args {
		b = binary.BigEndian.AppendUint32(b, uint32(a))
	}
	for _, w := range n.set {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	switch {
	case n.op == opVariable || n.op == opNotInForce:
		b = append(b, n.term.vari.name...)
	case n.term != nil && n.term.param != nil:
		b = append(b, n.term.param.Name...)
	case n.op == opHolds:
		b = fmt.Append(b, n.term.prog.index)
	case n.prog != nil:
		b = fmt.Append(b, n.prog.index)
	case n.op == opConst && n.list != nil:
		b = append(b, n.list.ID...) // the same number means another code in another list
	}
	for _, k := range n.kinds {
		b = fmt.Append(b, ",", k)
	}
	return string(b)
}
