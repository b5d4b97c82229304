package rules

import "math/bits"

// Missing is what has to be known to settle a programme's open outcomes and amounts, of every lane of a batch: for each lane the
// leaves that [Plan.Explain] reports as missing, whoever of the household's persons they are of. Most lanes share few sets.
type Missing struct {
	Lanes Bits      // the lanes in which something is missing
	Sets  [][]int32 // the distinct sets in the order of their first lanes: places in Plan.Leaves, ascending
	Of    []int32   // by lane, of those in Lanes: its set's place in Sets
}

// Missing is what the open lanes of a programme wait for in the batch that [Evaluator.Evaluate] computed last. It belongs to the
// evaluator and holds until the next batch.
func (e *Evaluator) Missing(programme int) *Missing {
	if e.waiting == nil {
		e.waiting = newWaiting(e.m)
	}
	x := e.waiting
	if x.batch != e.m.number {
		x.find()
	}
	return x.tell(e.m.plan.programmes[programme])
}

// waiting finds what the unknown lanes of nodes rest on, for all programmes at once. Down the graph it passes the lanes that
// somebody waits for, each node once: its unknown ones go on to those of its arguments that known values do not absorb. Up again
// it unites their sets. A node's set in a lane is the same for whoever asks. A node that only passes on one argument's sets takes
// no time for its lanes.
type waiting struct {
	m       *machine
	leaves  *leaves
	sets    *leafSets
	batch   uint64     // that all this is about
	nodes   []openNode // by node
	pending Bits       // nodes that somebody waits for and that were not looked at
	open    []int32    // nodes that are open, from the last to the first
	results []Missing  // by programme
	parts   []openPart // of the node at hand
	known   openNode   // stands for a node that is known everywhere
	local   []int32    // by set: its place in the result at hand, or -1
	lanes   []setCode  // of the programme at hand
}

// openNode is the lanes in which a node is unknown and somebody waits for it.
type openNode struct {
	batch uint64
	open  Bits
	same  bool      // one set for all open lanes
	set   setCode   // that one
	sets  []setCode // else by lane; of an argument, where only that is unknown
	own   []setCode // room
}

func newWaiting(m *machine) *waiting {
	p := m.plan
	l := p.leaving()
	return &waiting{m: m, leaves: l, sets: newLeafSets(len(l.list)), nodes: make([]openNode, len(p.nodes)),
		pending: NewBits(len(p.nodes)), results: make([]Missing, len(p.programmes))}
}

// find finds what everything open in the batch rests on.
func (x *waiting) find() {
	x.batch = x.m.number
	x.sets.bound()
	x.open = x.open[:0]
	for i, q := range x.m.plan.programmes {
		lanes := resized(x.results[i].Lanes, len(x.m.results[i].done))
		x.results[i].Lanes = lanes
		lanes.add(x.m.results[i].of[Possible])
		x.each(q, func(id int32, open Bits) {
			lanes.add(open)
			x.wait(id, open)
		})
	}
	for w := len(x.pending) - 1; w >= 0; w-- {
		for x.pending[w] != 0 {
			bit := 63 - bits.LeadingZeros64(x.pending[w])
			x.pending[w] &^= 1 << bit
			x.look(int32(w<<6 + bit))
		}
	}
	for i := len(x.open) - 1; i >= 0; i-- {
		x.settle(x.open[i])
	}
}

// each calls f with each node that a programme's open outcomes and amounts rest on, and the lanes in which they do.
func (x *waiting) each(q *programmePlan, f func(id int32, lanes Bits)) {
	if q.version == nil {
		return
	}
	r := &x.m.results[q.index]
	lanes := x.m.selection(q.rel)
	defer x.m.release(q.rel, lanes)
	for w := range lanes {
		lanes[w] = r.of[Possible][w] | r.of[Likely][w]
	}
	if lanes.Any() {
		for _, id := range q.conditions {
			f(id, lanes)
		}
	}
	for i, id := range q.amounts {
		if id < 0 {
			continue
		}
		a := &r.amounts[i]
		for w := range lanes {
			lanes[w] = (r.of[Possible][w] | r.of[Likely][w] | r.of[Eligible][w]) &^ (a.none[w] | a.lapsed[w] | a.known[w])
		}
		if !lanes.Any() {
			continue
		}
		if q.whens[i] >= 0 {
			f(q.whens[i], lanes)
		}
		f(id, lanes)
	}
}

// wait lets somebody wait for a node in some lanes.
func (x *waiting) wait(id int32, lanes Bits) {
	id = x.m.plan.bodies[id]
	if v := &x.m.vectors[id]; v.same && v.batch == x.batch && v.state(0) != stateUnknown {
		return
	}
	o := &x.nodes[id]
	if o.batch != x.batch {
		o.batch = x.batch
		o.open = append(o.open[:0], lanes...)
		x.pending.Set(int(id))
		return
	}
	for w, word := range lanes {
		o.open[w] |= word
	}
}

// look keeps the lanes in which a node is unknown, and waits in them for what they rest on.
func (x *waiting) look(id int32) {
	n, o := &x.m.plan.nodes[id], &x.nodes[id]
	v := x.m.need(id, o.open)
	some := uint64(0)
	for w := range o.open {
		o.open[w] &= v.states(w).unknown()
		some |= o.open[w]
	}
	if some == 0 {
		return
	}
	x.open = append(x.open, id)
	switch n.op {
	case opFact, opHolds, opParam:
	case opParamTable, opParamBand:
		x.wait(n.args[0], o.open)
	case opLift:
		x.lookAbove(n, o)
	case opCond:
		x.wait(n.args[0], o.open)
		for arm, id := range n.args[1:] {
			lanes := x.choosing(n, o, arm == 0)
			x.wait(id, lanes)
			x.m.release(n.rel, lanes)
		}
	case opExists, opAll, opCount, opSum, opMax, opMin:
		rows, borrowed := x.m.rowsBelow(n.over, n.rel, o.open)
		x.wait(n.args[0], rows)
		if borrowed {
			x.m.release(n.over, rows)
		}
	case opEligible, opAmount, opOutcome:
		for _, ids := range [...][]int32{n.prog.conditions, n.prog.whens, n.prog.amounts} {
			x.waitAll(ids, o.open)
		}
	default:
		x.waitAll(n.args, o.open)
	}
}

// waitAll waits for several nodes; -1 is none.
func (x *waiting) waitAll(ids []int32, lanes Bits) {
	for _, id := range ids {
		if id >= 0 {
			x.wait(id, lanes)
		}
	}
}

func (x *waiting) lookAbove(n *node, o *openNode) {
	from := x.m.plan.nodes[n.args[0]].rel
	if from == scalar {
		x.wait(n.args[0], x.m.all[scalar])
		return
	}
	above, of := x.m.selection(from), x.m.owners(n.rel)
	for w, lanes := range o.open {
		mark(above, of, w, lanes)
	}
	x.wait(n.args[0], above)
	x.m.release(from, above)
}

// choosing borrows the open lanes in which a choice may take an arm: an unknown test leaves both.
func (x *waiting) choosing(n *node, o *openNode, truth bool) Bits {
	test, lanes := x.m.need(n.args[0], o.open), x.m.selection(n.rel)
	flip := uint64(0)
	if truth {
		flip = ^uint64(0)
	}
	for w, open := range o.open {
		lanes[w] = open &^ (test.known[w] & (test.isTrue[w] ^ flip))
	}
	return lanes
}

// settle unites the sets of what a node's open lanes rest on.
func (x *waiting) settle(id int32) {
	n, o := &x.m.plan.nodes[id], &x.nodes[id]
	o.same = false
	switch n.op {
	case opFact, opHolds:
		o.same, o.set = true, leafAlone(x.leaves.of[id])
	case opParam, opParamTable, opParamBand:
		x.parameter(n, o)
	case opLift:
		x.lift(n, o)
	case opCond:
		x.choice(n, o)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		x.fold(id, n, o)
	case opEligible, opAmount, opOutcome:
		x.programme(n.prog, n, o)
	default:
		x.operands(n, o)
	}
}

// argument is a node as it was looked at.
func (x *waiting) argument(id int32) *openNode {
	if o := &x.nodes[x.m.plan.bodies[id]]; o.batch == x.batch {
		return o
	}
	return &x.known
}

func (o *openNode) at(lane int) setCode {
	if o.same {
		return o.set
	}
	return o.sets[lane]
}

// empty gives a node room of its own with an empty set in every open lane.
func (x *waiting) empty(o *openNode) {
	o.own = emptySets(o.own, o.open)
	o.sets = o.own
}

// emptySets makes room in which some lanes have the empty set; the others have whatever was there.
func emptySets(s []setCode, lanes Bits) []setCode {
	if len(s) < len(lanes)<<6 {
		return make([]setCode, len(lanes)<<6)
	}
	for w, word := range lanes {
		if word != 0 {
			clear(s[w<<6 : w<<6+64])
		}
	}
	return s
}

// unite adds, in some lanes, what an argument waits for.
func (x *waiting) unite(into []setCode, lanes Bits, a *openNode) {
	var last leafUnion // neighbours mostly wait for the same
	for w, open := range a.open {
		for word := open & lanes[w]; word != 0; word &= word - 1 {
			lane := w<<6 + bits.TrailingZeros64(word)
			before, set := into[lane], a.set
			if !a.same {
				set = a.sets[lane]
			}
			if before != last.a || set != last.b {
				last = leafUnion{before, set, x.sets.union(before, set)}
			}
			into[lane] = last.both
		}
	}
}

// add adds one leaf in some lanes of a word.
func (x *waiting) add(into []setCode, w int, word uint64, leaf int32) {
	for ; word != 0; word &= word - 1 {
		lane := w<<6 + bits.TrailingZeros64(word)
		x.sets.add(&into[lane], leafAlone(leaf))
	}
}

// operands are the open lanes of what a node needs.
func (x *waiting) operands(n *node, o *openNode) {
	x.parts = x.parts[:0]
	for _, id := range n.args {
		x.part(id, o.open)
	}
	x.join(o)
}

// choice: an unknown test and both arms, or the arm that a known one takes.
func (x *waiting) choice(n *node, o *openNode) {
	yes, no := x.choosing(n, o, true), x.choosing(n, o, false)
	x.parts = x.parts[:0]
	x.part(n.args[0], o.open)
	x.part(n.args[1], yes)
	x.part(n.args[2], no)
	x.join(o)
	x.m.release(n.rel, yes)
	x.m.release(n.rel, no)
}

// openPart is what a node waits for in some of its lanes.
type openPart struct {
	of    *openNode
	lanes Bits
}

func (x *waiting) part(id int32, lanes Bits) {
	if a := x.argument(id); inCommon(a.open, lanes) {
		x.parts = append(x.parts, openPart{a, lanes})
	}
}

// join makes a node's sets of those of its parts: what is unknown alone is the whole, and sets that are the same in all lanes
// are united once.
func (x *waiting) join(o *openNode) {
	switch {
	case len(x.parts) == 0:
		o.same, o.set = true, 0
		return
	case len(x.parts) == 1:
		a := x.parts[0].of
		o.same, o.set, o.sets = a.same, a.set, a.sets
		return
	}
	o.same, o.set = true, 0
	for _, p := range x.parts {
		if o.same = o.same && p.of.same && covers(p, o.open); !o.same {
			break
		}
		x.sets.add(&o.set, p.of.set)
	}
	if o.same {
		return
	}
	x.empty(o)
	for _, p := range x.parts {
		x.unite(o.sets, p.lanes, p.of)
	}
}

// covers reports whether a part is open in all the lanes.
func covers(p openPart, lanes Bits) bool {
	for w, word := range lanes {
		if word&^(p.of.open[w]&p.lanes[w]) != 0 {
			return false
		}
	}
	return true
}

func inCommon(a, b Bits) bool {
	for w := range a {
		if a[w]&b[w] != 0 {
			return true
		}
	}
	return false
}

func (x *waiting) lift(n *node, o *openNode) {
	a := x.argument(n.args[0])
	if a.same || x.m.plan.nodes[n.args[0]].rel == scalar {
		o.same, o.set = true, a.at(0)
		return
	}
	x.empty(o)
	of := x.m.owners(n.rel)
	for w, word := range o.open {
		for ; word != 0; word &= word - 1 {
			lane := w<<6 + bits.TrailingZeros64(word)
			o.sets[lane] = a.sets[of[lane]]
		}
	}
}

// fold: the unknown rows, and that there may be more.
func (x *waiting) fold(id int32, n *node, o *openNode) {
	x.empty(o)
	a, of := x.argument(n.args[0]), x.m.owners(n.over)
	rows := x.m.all[n.over]
	if n.over == persons {
		rows = x.m.counted
	}
	for w, word := range a.open {
		for word &= rows[w]; word != 0; word &= word - 1 {
			row := w<<6 + bits.TrailingZeros64(word)
			if lane := of[row]; o.open.Has(int(lane)) {
				x.sets.add(&o.sets[lane], a.at(row))
			}
		}
	}
	if n.over == supporters {
		x.unless(x.m.batch.AllSupporters, o, x.leaves.of[id])
	}
	for i, kind := range n.kinds {
		x.unless(x.m.table(n.over.parent()).Complete[kind], o, x.leaves.kinds[id][i])
	}
}

// unless adds a leaf in the open lanes in which not all rows are known.
func (x *waiting) unless(complete Bits, o *openNode, leaf int32) {
	for w, word := range o.open {
		x.add(o.sets, w, word&^complete[w], leaf)
	}
}

// programme needs what its own open conditions and amounts need, and who belongs together where that is in doubt.
func (x *waiting) programme(q *programmePlan, n *node, o *openNode) {
	x.empty(o)
	if q.version == nil {
		return
	}
	for w, word := range o.open {
		x.add(o.sets, w, word&x.rests(q, w), x.leaves.composition)
	}
	for _, ids := range [...][]int32{q.conditions, q.whens, q.amounts} {
		for _, id := range ids {
			if id >= 0 {
				x.unite(o.sets, o.open, x.argument(id))
			}
		}
	}
}

// rests is the lanes of a word in which a programme's outcome rests on a composition that is doubtful.
func (x *waiting) rests(q *programmePlan, w int) uint64 {
	doubtful := x.m.results[q.index].taints[doubted][w]
	if q.rel == households {
		doubtful |= x.m.unsure[w]
	}
	return doubtful
}

// parameter is unknown for want of its key, or of the household's area or residence.
func (x *waiting) parameter(n *node, o *openNode) {
	x.empty(o)
	if n.op != opParam {
		x.unite(o.sets, o.open, x.argument(n.args[0]))
	}
	if len(n.args) == 0 {
		return
	}
	place := x.m.need(n.args[len(n.args)-1], o.open)
	for w, word := range o.open {
		for ; word != 0; word &= word - 1 {
			if lane := w<<6 + bits.TrailingZeros64(word); n.openAt(place.number(lane)) {
				x.whereabouts(&o.sets[lane], x.householdOf(n.rel, lane))
			}
		}
	}
}

// openAt reports whether a parameter differs by an area or a residence that a place does not tell.
func (n *node) openAt(place int64) bool {
	if n.op == opParam {
		return n.cells[place].state == cellUnknown
	}
	return n.differs(place)
}

// whereabouts adds what is not known of where a household lives.
func (x *waiting) whereabouts(set *setCode, household int) {
	p, b := x.m.plan.places, x.m.batch
	if p.fact >= 0 {
		if _, known := b.Household.Facts[p.fact].At(household); !known {
			x.sets.add(set, leafAlone(x.leaves.residence))
		}
	}
	if x.m.within(b.Area[household]) >= len(p.areas) {
		x.sets.add(set, leafAlone(x.leaves.area))
	}
}

// householdOf is the household of a lane.
func (x *waiting) householdOf(rel relation, lane int) int {
	for ; rel != households; rel = rel.parent() {
		lane = x.m.above(rel, lane)
	}
	return lane
}

// tell gathers what a programme's lanes wait for.
func (x *waiting) tell(q *programmePlan) *Missing {
	told, r := &x.results[q.index], &x.m.results[q.index]
	told.Sets = told.Sets[:0]
	x.lanes = emptySets(x.lanes, told.Lanes)
	x.each(q, func(id int32, lanes Bits) { x.unite(x.lanes, lanes, x.argument(id)) })
	for w, possible := range r.of[Possible] {
		x.add(x.lanes, w, possible&x.rests(q, w), x.leaves.composition)
	}
	if room := len(told.Lanes) << 6; len(told.Of) < room {
		told.Of = make([]int32, room)
	}
	x.number(told)
	return told
}

// add adds lanes to a bitmap.
func (b Bits) add(lanes Bits) {
	for w, word := range lanes {
		b[w] |= word
	}
}

// number tells the distinct sets of the lanes from each other; a lane that waits for nothing is left out.
func (x *waiting) number(told *Missing) {
	for len(x.local) < len(x.sets.members) {
		x.local = append(x.local, -1)
	}
	each(told.Lanes, func(lane int) {
		set := x.lanes[lane]
		if set == 0 {
			told.Lanes.Clear(lane)
			return
		}
		if x.local[set] < 0 {
			x.local[set] = int32(len(told.Sets))
			told.Sets = append(told.Sets, x.sets.members[set])
		}
		told.Of[lane] = x.local[set]
	})
	each(told.Lanes, func(lane int) { x.local[x.lanes[lane]] = -1 })
}
