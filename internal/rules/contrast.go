package rules

import (
	"math/bits"
	"slices"

	"dajiuzhu/internal/pack"
)

// Contrast is two plans of the same facts side by side: where, for a household, none of its seams comes to something else, both
// plans come to the same, and nothing needs to be computed but amounts that a changed figure enters.
//
// A seam is a pair of truth values, one of each plan, as low in the graph as there are any above a changed figure: mostly a
// comparison with a changed threshold. Whatever stands between the seams and the outcomes is built alike in both plans and reads
// the changed figures through the seams alone.
type Contrast struct {
	former, present *Plan
	shared          []int32 // of each node of present: the one of former that computes the same; -1 for none
	links           []link  // each behind those that it is above
	programmes      []contrasted
}

// link is a seam, or a pair above seams that is made alike of them.
type link struct {
	seam
	rel   relation
	below []int // the links of which it is made; none of a seam
	above []int // the programmes that it can decide
}

// seam is a node of each plan.
type seam struct{ former, present int32 }

// contrasted is how a programme stands in the two plans.
type contrasted struct {
	apart   bool   // it is built otherwise: the seams do not tell of it
	links   []int  // of its conditions and amounts
	seams   []int  // the links at the bottom of these
	amounts []seam // that changed figures enter other than through seams
}

// Contrast puts another plan beside this one.
func (p *Plan) Contrast(other *Plan) *Contrast {
	c := &Contrast{former: p, present: other, shared: make([]int32, len(other.nodes))}
	a, b := newSigner(p), newSigner(other)
	c.share(a, b)
	s := &seamster{contrast: c, former: a, present: b, cuts: map[seam]cut{}, places: map[seam]int{}}
	for i := range p.programmes {
		c.programmes = append(c.programmes, contrasted{})
		if a.programme(p.programmes[i]) != b.programme(other.programmes[i]) {
			s.programme(p.programmes[i], other.programmes[i])
		}
	}
	return c
}

// share finds what both plans compute. Where they number places differently, what reads the numbers is not shared.
func (c *Contrast) share(a, b *signer) {
	computed := map[signature]int32{}
	for id := range c.former.nodes {
		if c.former.bodies[id] == int32(id) {
			computed[a.node(int32(id))] = int32(id)
		}
	}
	samePlaces := c.former.places.equal(c.present.places)
	for id := range c.present.nodes {
		c.shared[id] = -1
		if of, ok := computed[b.node(int32(id))]; ok && (samePlaces || !c.present.readsPlaces(int32(id))) {
			c.shared[id] = of
		}
	}
}

// equal reports whether places are numbered alike.
func (p *places) equal(o *places) bool {
	return slices.Equal(p.areas, o.areas) && slices.Equal(p.open, o.open) && slices.Equal(p.residences, o.residences) && p.fact == o.fact
}

// readsPlaces reports whether a node is the number of a place, brought down to persons or not, or looks one up.
func (p *Plan) readsPlaces(id int32) bool {
	n := &p.nodes[id]
	return n.op == opPlace || readsFigures(n.op) || n.op == opLift && p.nodes[n.args[0]].op != opVariable && p.readsPlaces(n.args[0])
}

// Apart reports whether a programme is built otherwise in the two plans, so that seams do not tell of it: it has other
// conditions, components or a rule on one side only.
func (c *Contrast) Apart(programme int) bool { return c.programmes[programme].apart }

// Enters reports whether a changed figure enters an amount of the programme: such an amount differs for whoever gets it.
func (c *Contrast) Enters(programme int) bool { return len(c.programmes[programme].amounts) > 0 }

// cut is what separates a pair of nodes from the changed figures; not ok if nothing does. A pair that comes to the same has none
// below, and so has a seam.
type cut struct {
	ok    bool
	seam  bool
	below []seam // pairs that differ
}

// seamster looks for seams.
type seamster struct {
	contrast        *Contrast
	former, present *signer
	cuts            map[seam]cut
	places          map[seam]int // of each link
}

func (s *seamster) same(former, present int32) bool {
	return s.former.node(former) == s.present.node(present)
}

// programme takes the seams of a programme that differs.
func (s *seamster) programme(former, present *programmePlan) {
	of := &s.contrast.programmes[former.index]
	if of.apart = !alikeBuilt(former, present); of.apart {
		return
	}
	all, amounts := s.ofProgramme(former, present)
	if of.apart = !all.ok; of.apart {
		return
	}
	of.amounts = amounts
	for _, pair := range all.below {
		place := s.link(pair)
		of.links = append(of.links, place)
		s.decides(place, former.index)
	}
}

// decides notes that a link and what is below it can decide a programme.
func (s *seamster) decides(place, programme int) {
	l := &s.contrast.links[place]
	if slices.Contains(l.above, programme) {
		return
	}
	l.above = append(l.above, programme)
	if len(l.below) == 0 {
		of := &s.contrast.programmes[programme]
		of.seams = append(of.seams, place)
	}
	for _, below := range l.below {
		s.decides(below, programme)
	}
}

// link takes a pair and what is below it, and returns its place.
func (s *seamster) link(pair seam) int {
	if place, ok := s.places[pair]; ok {
		return place
	}
	c := s.contrast
	taken := link{seam: pair, rel: c.former.nodes[pair.former].rel}
	for _, below := range s.cuts[pair].below {
		taken.below = append(taken.below, s.link(below))
	}
	c.links = append(c.links, taken)
	s.places[pair] = len(c.links) - 1
	return s.places[pair]
}

// alikeBuilt reports whether a programme has the same conditions and components, by what is said of them, in both plans.
func alikeBuilt(a, b *programmePlan) bool {
	if a.rel != b.rel || a.programme.decl.Uncounted != b.programme.decl.Uncounted || a.version == nil || b.version == nil ||
		len(a.conditions) != len(b.conditions) || len(a.amounts) != len(b.amounts) {
		return false
	}
	for i := range a.conditions {
		if a.version.decl.Conditions[i].OnConsent != b.version.decl.Conditions[i].OnConsent {
			return false
		}
	}
	for i, c := range a.version.decl.Components {
		d := b.version.decl.Components[i]
		if c.ID != d.ID || c.Per != d.Per || c.Rounding != d.Rounding || (a.whens[i] < 0) != (b.whens[i] < 0) || (a.amounts[i] < 0) != (b.amounts[i] < 0) {
			return false
		}
	}
	return true
}

// ofProgramme separates the outcomes of a programme, and tells which amounts cannot be.
func (s *seamster) ofProgramme(a, b *programmePlan) (all cut, amounts []seam) {
	all.ok = true
	for i := range a.conditions {
		s.join(&all, a.conditions[i], b.conditions[i])
	}
	for i := range a.amounts {
		if a.whens[i] >= 0 {
			s.join(&all, a.whens[i], b.whens[i])
		}
		if a.amounts[i] < 0 {
			continue
		}
		if _, amount := s.of(a.amounts[i], b.amounts[i]); amount.ok {
			s.join(&all, a.amounts[i], b.amounts[i])
		} else {
			amounts = append(amounts, seam{a.amounts[i], b.amounts[i]})
		}
	}
	return all, amounts
}

// join puts a pair of operands below.
func (s *seamster) join(c *cut, former, present int32) {
	pair, of := s.of(former, present)
	c.ok = c.ok && of.ok
	if of.ok && (of.seam || len(of.below) > 0) && !slices.Contains(c.below, pair) {
		c.below = append(c.below, pair)
	}
}

// of separates a pair of nodes. Where nothing below does, a truth value is a seam itself.
func (s *seamster) of(former, present int32) (seam, cut) {
	pair := seam{s.contrast.former.bodies[former], s.contrast.present.bodies[present]}
	done, ok := s.cuts[pair]
	if !ok {
		done = s.separate(pair)
		s.cuts[pair] = done
	}
	return pair, done
}

func (s *seamster) separate(pair seam) cut {
	if s.same(pair.former, pair.present) {
		return cut{ok: true}
	}
	a, b := &s.contrast.former.nodes[pair.former], &s.contrast.present.nodes[pair.present]
	below := s.below(a, b)
	if !below.ok && a.typ == pack.Bool && b.typ == pack.Bool && a.rel == b.rel {
		return cut{ok: true, seam: true}
	}
	return below
}

// below separates a pair of nodes by what they are made of, if they are made alike.
func (s *seamster) below(a, b *node) cut {
	if !s.madeAlike(a, b) {
		return cut{}
	}
	all := cut{ok: true}
	if a.prog != nil {
		if a.prog.index != b.prog.index || !alikeBuilt(a.prog, b.prog) {
			return cut{}
		}
		var amounts []seam
		all, amounts = s.ofProgramme(a.prog, b.prog)
		if all.ok = all.ok && len(amounts) == 0; !all.ok {
			return cut{}
		}
	}
	for i := range a.args {
		if s.join(&all, a.args[i], b.args[i]); !all.ok {
			return cut{}
		}
	}
	return all
}

// madeAlike reports whether two nodes compute the same from the same operands.
func (s *seamster) madeAlike(a, b *node) bool {
	return a.op == b.op && a.rel == b.rel && a.over == b.over && a.typ == b.typ && a.num == b.num &&
		slices.Equal(a.set, b.set) && slices.Equal(a.kinds, b.kinds) && len(a.args) == len(b.args) && (len(a.args) > 0 || a.prog != nil) &&
		(!readsFigures(a.op) || s.former.figuresOf(a) == s.present.figuresOf(b))
}

// Contraster evaluates both plans over the same batches, what they have in common once. It keeps its memory from batch to
// batch and is not safe for concurrent use.
type Contraster struct {
	contrast *Contrast
	former   *machine
	present  *Evaluator
	wanted   Bits            // households
	lanes    [relations]Bits // of the wanted households
	ready    [relations]bool
	differ   []Bits // by link: the households in which it differs
	entered  []Bits // by programme: the households in which an amount that a changed figure enters differs in its state
	some     []bool // by link
	reached  []Bits // by programme: the households whose outcome a seam that differs may change; nil: none
	rooms    []Bits // by programme: room of these
	room     [relations]Bits
	above    Bits // room
	open     Bits // room
}

// NewEvaluator returns an evaluator of both plans.
func (c *Contrast) NewEvaluator() *Contraster {
	e := &Contraster{contrast: c, former: newMachine(c.former, true), present: c.present.NewEvaluator(),
		differ: make([]Bits, len(c.links)), some: make([]bool, len(c.links)), entered: make([]Bits, len(c.programmes)),
		reached: make([]Bits, len(c.programmes)), rooms: make([]Bits, len(c.programmes))}
	e.present.m.shared, e.present.m.former = c.shared, e.former
	return e
}

// Load makes the evaluator ready for a batch.
func (e *Contraster) Load(b *Batch) {
	e.former.load(b)
	e.present.m.load(b)
}

// EvaluateParts computes some parts of the other plan for the batch that was loaded, as that of [Evaluator].
func (e *Contraster) EvaluateParts(parts Parts, lanes func(programme int) Bits) *Results {
	return e.present.parts(parts, lanes)
}

// AmountOpen is that of the other plan's [Evaluator].
func (e *Contraster) AmountOpen(programme, component, lane int) bool {
	return e.present.AmountOpen(programme, component, lane)
}

// Verdicts is what is known of a batch's outcomes under the former plan.
type Verdicts interface {
	// AnyOpen reports whether some unit of a programme is not refused by a condition that stays.
	AnyOpen(programme int) bool
	// KeepOpen leaves, of some households, those of which a unit is not.
	KeepOpen(programme int, households Bits)
	// Undecided is the lanes of a programme that are not refused.
	Undecided(programme int) Bits
}

// Differ finds for which of the wanted households the plans may come to something else: first at the seams, and from there upwards
// only where something below differs and an outcome above is open.
func (e *Contraster) Differ(wanted Bits, verdicts Verdicts) {
	e.wanted, e.ready = wanted, [relations]bool{}
	for i := range e.contrast.links {
		e.some[i] = false
		if l := &e.contrast.links[i]; len(l.below) == 0 && slices.ContainsFunc(l.above, verdicts.AnyOpen) {
			e.seam(i)
		}
	}
	for i := range e.contrast.programmes {
		e.reach(i, verdicts)
	}
	for i := range e.contrast.links {
		if len(e.contrast.links[i].below) > 0 {
			e.link(i)
		}
	}
	for i := range e.contrast.programmes {
		for k, s := range e.contrast.programmes[i].amounts {
			if k == 0 {
				e.entered[i] = resized(e.entered[i], len(wanted))
			}
			e.compare(s, e.contrast.former.programmes[i].rel, verdicts.Undecided(i), e.entered[i], false)
		}
	}
}

// Differing adds the households, among those wanted last, for which a programme that is not apart may come to something else.
func (e *Contraster) Differing(programme int, households Bits) {
	of := &e.contrast.programmes[programme]
	for _, i := range of.links {
		if e.some[i] {
			households.add(e.differ[i])
		}
	}
	if len(of.amounts) > 0 {
		households.add(e.entered[programme])
	}
}

// seam finds where a seam differs.
func (e *Contraster) seam(i int) {
	l := &e.contrast.links[i]
	if !e.ready[l.rel] {
		e.ready[l.rel] = true
		e.lanes[l.rel] = e.spread(l.rel, e.wanted, e.lanes[l.rel])
	}
	e.differs(i, e.lanes[l.rel])
}

// differs finds where a link differs among lanes.
func (e *Contraster) differs(i int, lanes Bits) {
	l := &e.contrast.links[i]
	e.differ[i] = resized(e.differ[i], len(e.wanted))
	e.compare(l.seam, l.rel, lanes, e.differ[i], true)
	e.some[i] = e.differ[i].Any()
}

// reach finds the households of which a programme's seam differs and an outcome is open.
func (e *Contraster) reach(programme int, verdicts Verdicts) {
	e.reached[programme] = nil
	if !verdicts.AnyOpen(programme) {
		return
	}
	households := resized(e.rooms[programme], len(e.wanted))
	e.rooms[programme] = households
	for _, i := range e.contrast.programmes[programme].seams {
		if e.some[i] {
			households.add(e.differ[i])
		}
	}
	if !households.Any() {
		return
	}
	if verdicts.KeepOpen(programme, households); households.Any() {
		e.reached[programme] = households
	}
}

// link finds where what is made of links differs: nowhere but where one of them does and an outcome above may change.
func (e *Contraster) link(i int) {
	l := &e.contrast.links[i]
	e.above, e.open = resized(e.above, len(e.wanted)), resized(e.open, len(e.wanted))
	for _, below := range l.below {
		if e.some[below] {
			e.above.add(e.differ[below])
		}
	}
	for _, programme := range l.above {
		if e.reached[programme] != nil {
			e.open.add(e.reached[programme])
		}
	}
	for w := range e.above {
		e.above[w] &= e.open[w]
	}
	if !e.above.Any() {
		return
	}
	e.room[l.rel] = e.spread(l.rel, e.above, e.room[l.rel])
	e.differs(i, e.room[l.rel])
}

// spread is the lanes of a relation that belong to households.
func (e *Contraster) spread(rel relation, of Bits, into Bits) Bits {
	into = resized(into, (e.former.lanes[rel]+63)/64)
	if rel == scalar {
		into.Set(0)
		return into
	}
	each(of, func(h int) {
		for lane := e.former.batch.start(rel, h); lane < e.former.batch.start(rel, h+1); lane++ {
			into.Set(int(lane))
		}
	})
	return into
}

// start is where a household's lanes of a relation begin.
func (b *Batch) start(rel relation, household int) int32 {
	switch rel {
	case persons:
		return b.MemberStart[household]
	case supporters:
		return b.SupporterStart[household]
	case householdEvents:
		return b.HouseholdEvent.Start[household]
	case personEvents, feedRows:
		return b.PersonEvent.Start[b.MemberStart[household]]
	}
	return int32(household)
}

// compare adds the households in which a pair differs: in its state, in what it rests on, and, if values count, in its value. If they do
// not, an amount so great that rounding it may fail differs too.
func (e *Contraster) compare(s seam, rel relation, want, differ Bits, values bool) {
	a := e.former.need(s.former, want)
	b := e.present.m.need(s.present, want)
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		x, y := a.states(w), b.states(w)
		other := x.known ^ y.known | x.err ^ y.err | x.lapsed ^ y.lapsed
		for t := range taints {
			other |= a.tainted(t, w) ^ b.tainted(t, w)
		}
		if values {
			other |= a.unequal(b, w, x.known&y.known&lanes)
		} else {
			other |= a.vast(w, x.known&lanes) | b.vast(w, y.known&lanes)
		}
		other &= lanes
		if other != 0 {
			e.climb(rel, w, other, differ)
		}
	}
}

// unequal is those of a word's known lanes whose values are not equal.
func (v *vector) unequal(o *vector, w int, lanes uint64) uint64 {
	if v.isTrue != nil {
		return (v.isTrue[w] ^ o.isTrue[w]) & lanes
	}
	unequal := uint64(0)
	for ; lanes != 0; lanes &= lanes - 1 {
		if lane := w<<6 + bits.TrailingZeros64(lanes); v.number(lane) != o.number(lane) {
			unequal |= lanes & -lanes
		}
	}
	return unequal
}

// vastFrom is above what anybody gets, and no rounding of less can fail.
const vastFrom = int64(1) << 56

// vast is the lanes of a word whose number is so great that rounding it may fail.
func (v *vector) vast(w int, lanes uint64) uint64 {
	vast := uint64(0)
	for ; lanes != 0; lanes &= lanes - 1 {
		if num := v.number(w<<6 + bits.TrailingZeros64(lanes)); num >= vastFrom || num <= -vastFrom {
			vast |= lanes & -lanes
		}
	}
	return vast
}

// climb adds the households of a word's lanes.
func (e *Contraster) climb(rel relation, w int, lanes uint64, differ Bits) {
	switch rel {
	case households:
		differ[w] |= lanes
	case scalar:
		copy(differ, e.wanted)
	default:
		each(Bits{lanes}, func(lane int) {
			at := lane + w<<6
			for of := rel; of != households; of = of.parent() {
				at = e.present.m.above(of, at)
			}
			differ.Set(at)
		})
	}
}
