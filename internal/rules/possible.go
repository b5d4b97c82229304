package rules

import (
	"math"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// possible is what a node can be, where it is known at all, whatever the facts of a family are. It never leaves out a
// value that can occur; it may hold some that cannot. What is unknown, in error or not in force is no value.
type possible struct {
	never  bool   // has no value on this date
	odd    bool   // may come to an error, or not be in force, though every fact is known
	truths uint8  // of a bool: canBeFalse, canBeTrue
	codes  []bool // of a code: which
	lo, hi int64  // of a number or a date; unbounded at the ends of int64
}

const (
	canBeFalse uint8 = 1 << iota
	canBeTrue
)

const (
	lowest  = math.MinInt64
	highest = math.MaxInt64
)

// assumptions is what nodes are taken to be: that the conditions before this one hold.
type assumptions map[int32]possible

// decider finds what the nodes of a plan can be.
type decider struct {
	plan         *Plan
	taken        assumptions
	known        map[int32]possible
	contradicted bool // what was taken cannot all be
}

func newDecider(p *Plan) *decider {
	return &decider{plan: p, taken: assumptions{}, known: map[int32]possible{}}
}

// anything is every value of a node's type.
func (d *decider) anything(n *node) possible {
	p := possible{truths: canBeFalse | canBeTrue, lo: lowest, hi: highest}
	if n.typ == pack.CodeOf && n.list != nil {
		p.codes = make([]bool, len(n.list.Codes))
		for i := range p.codes {
			p.codes[i] = true
		}
	}
	return p
}

func only(v bool) possible {
	if v {
		return possible{truths: canBeTrue}
	}
	return possible{truths: canBeFalse}
}

// of is what a node can be, given what is taken.
func (d *decider) of(id int32) possible {
	if p, ok := d.known[id]; ok {
		return p
	}
	n := &d.plan.nodes[id]
	p := d.compute(n)
	p.odd = p.odd || p.never || d.odd(n)
	if taken, ok := d.taken[id]; ok {
		p = meet(p, taken)
		p.odd = false // it has a value
	}
	d.known[id] = p
	return p
}

// odd reports whether a node can fail by itself or through what it is made of. A side that decides an and or an or hides the
// failure of the other, which is not looked into.
func (d *decider) odd(n *node) bool {
	switch n.op {
	case opDivide, opEligible, opAmount, opOutcome:
		return true
	case opExists, opAll, opCount, opSum, opMax, opMin:
		return false // told by fold
	}
	for _, a := range n.args {
		if d.of(a).odd {
			return true
		}
	}
	return false
}

func (d *decider) compute(n *node) possible {
	switch n.op {
	case opConst:
		return d.constant(n)
	case opVariable, opLift:
		return d.of(n.args[0])
	case opParam, opParamTable, opParamBand:
		return d.parameter(n)
	case opNotInForce:
		return possible{never: true}
	case opAnd, opOr, opNot, opEqual, opLess, opLessEqual, opInSet, opKnown:
		return d.logic(n)
	case opCond:
		return d.choice(n)
	case opDefault:
		return union(d.of(n.args[0]), d.of(n.args[1]))
	case opExists, opAll, opCount, opSum, opMax, opMin:
		return d.fold(n)
	case opDecimal, opAdd, opSubtract, opMultiply, opMultiplyInt, opNegate, opLeast, opGreatest:
		return d.arithmetic(n)
	}
	return d.anything(n)
}

func (d *decider) constant(n *node) possible {
	p := d.anything(n)
	switch {
	case n.typ == pack.Bool:
		return only(n.num != 0)
	case n.typ == pack.CodeOf && n.list != nil:
		for i := range p.codes {
			p.codes[i] = int64(i) == n.num
		}
	default:
		p.lo, p.hi = n.num, n.num
	}
	return p
}

// parameter is the span of a parameter's figures over all places, and over all codes or bands. A figure that only stands in
// for one that was not found settles nothing: the right one may be any.
func (d *decider) parameter(n *node) possible {
	p := possible{never: true, lo: highest, hi: lowest}
	add := func(state cellState, num int64, value *pack.ParameterValue) {
		p.odd = p.odd || state == cellNotInForce
		switch {
		case state != cellKnown:
		case value != nil && standsIn(value.Source.Status):
			p.never, p.lo, p.hi = false, lowest, highest
		default:
			p.never, p.lo, p.hi = false, min(p.lo, num), max(p.hi, num)
		}
	}
	for _, c := range n.cells {
		add(c.state, c.num, c.value)
	}
	for _, row := range n.rows {
		for _, c := range row {
			add(c.state, c.num, c.value)
		}
	}
	for _, s := range n.scales {
		for _, b := range s.bands {
			add(s.state, numeric(n.term.param, b.Value), s.value)
		}
	}
	return p
}

func standsIn(s pack.Status) bool { return s == pack.Proxy || s == pack.Interpolated || s == pack.Assumed }

func (d *decider) logic(n *node) possible {
	if n.op == opKnown {
		return possible{truths: canBeFalse | canBeTrue}
	}
	args := make([]possible, len(n.args))
	for i, a := range n.args {
		args[i] = d.of(a)
	}
	switch n.op {
	case opAnd, opOr:
		return junction(n.op, args)
	case opNot:
		return possible{never: args[0].never, truths: swapped(args[0].truths)}
	case opInSet:
		return inSet(args[0], n.set)
	}
	if args[0].never || args[1].never {
		return possible{never: true}
	}
	if n.args[0] == n.args[1] { // the same value on both sides, whatever it is
		return only(n.op != opLess)
	}
	return compared(n.op, args[0], args[1], d.plan.nodes[n.args[0]].typ)
}

// junction: one false side decides an and, one true side an or, whatever is not known on the other.
func junction(o op, args []possible) possible {
	decides, other := canBeFalse, canBeTrue
	if o == opOr {
		decides, other = canBeTrue, canBeFalse
	}
	p := possible{truths: other}
	for _, a := range args {
		if a.never || a.truths&other == 0 {
			p.truths &^= other
		}
		if !a.never {
			p.truths |= a.truths & decides
		}
	}
	p.never = p.truths == 0
	return p
}

func swapped(truths uint8) uint8 {
	var out uint8
	if truths&canBeFalse != 0 {
		out |= canBeTrue
	}
	if truths&canBeTrue != 0 {
		out |= canBeFalse
	}
	return out
}

func inSet(p possible, set Bits) possible {
	if p.never || p.codes == nil {
		return possible{never: p.never, truths: canBeFalse | canBeTrue}
	}
	out := possible{}
	for code, can := range p.codes {
		switch {
		case can && set.Has(code):
			out.truths |= canBeTrue
		case can:
			out.truths |= canBeFalse
		}
	}
	out.never = out.truths == 0
	return out
}

// compared is what an equality or an order can be.
func compared(o op, a, b possible, typ pack.Type) possible {
	either := possible{truths: canBeFalse | canBeTrue}
	switch {
	case typ == pack.Bool:
		return equalTruths(a, b)
	case typ == pack.CodesOf:
		return either
	case typ == pack.CodeOf:
		return equalCodes(a, b)
	}
	switch o {
	case opLess:
		return ordered(a.hi < b.lo, a.lo >= b.hi)
	case opLessEqual:
		return ordered(a.hi <= b.lo, a.lo > b.hi)
	}
	return ordered(a.lo == a.hi && b.lo == b.hi && a.lo == b.lo, a.hi < b.lo || b.hi < a.lo)
}

func ordered(always, never bool) possible {
	switch {
	case always:
		return only(true)
	case never:
		return only(false)
	}
	return possible{truths: canBeFalse | canBeTrue}
}

func equalTruths(a, b possible) possible {
	single := func(t uint8) bool { return t == canBeFalse || t == canBeTrue }
	return ordered(single(a.truths) && a.truths == b.truths, a.truths&b.truths == 0)
}

func equalCodes(a, b possible) possible {
	if len(a.codes) != len(b.codes) {
		return possible{truths: canBeFalse | canBeTrue}
	}
	common, ofA, ofB := 0, 0, 0
	for i := range a.codes {
		if a.codes[i] {
			ofA++
		}
		if b.codes[i] {
			ofB++
		}
		if a.codes[i] && b.codes[i] {
			common++
		}
	}
	return ordered(ofA == 1 && ofB == 1 && common == 1, common == 0)
}

func (d *decider) choice(n *node) possible {
	test := d.of(n.args[0])
	out := possible{never: true}
	if test.never {
		return out
	}
	if test.truths&canBeTrue != 0 {
		out = union(out, d.of(n.args[1]))
	}
	if test.truths&canBeFalse != 0 {
		out = union(out, d.of(n.args[2]))
	}
	return out
}

// fold: there may be no member and no event at all. What is taken of one person says nothing of the others.
func (d *decider) fold(n *node) possible {
	inside := &decider{plan: d.plan, taken: assumptions{}, known: map[int32]possible{}}
	body := inside.of(n.args[0])
	all := d.anything(n)
	all.odd = body.odd || body.never || n.op != opExists && n.op != opAll && n.op != opCount // a sum may not fit; of none there is no greatest
	switch n.op {
	case opExists:
		return possible{truths: canBeFalse | body.truths&canBeTrue, odd: all.odd}
	case opAll:
		return possible{truths: canBeTrue | body.truths&canBeFalse, odd: all.odd}
	case opCount:
		all.lo = 0
	case opMax, opMin:
		body.odd = true
		return body
	}
	return all
}

// arithmetic bounds what is computed. Where a bound is not at hand, or would not fit, there is none.
func (d *decider) arithmetic(n *node) possible {
	args := make([]possible, len(n.args))
	for i, a := range n.args {
		args[i] = d.of(a)
		if args[i].never {
			return possible{never: true}
		}
	}
	out := d.anything(n)
	switch n.op {
	case opDecimal:
		out.lo, out.hi = scaled(args[0].lo), scaled(args[0].hi)
	case opAdd:
		out.lo, out.hi = sum(args[0].lo, args[1].lo, lowest), sum(args[0].hi, args[1].hi, highest)
	case opSubtract:
		out.lo, out.hi = sum(args[0].lo, opposite(args[1].hi), lowest), sum(args[0].hi, opposite(args[1].lo), highest)
	case opNegate:
		out.lo, out.hi = opposite(args[0].hi), opposite(args[0].lo)
	case opMultiply, opMultiplyInt:
		out.lo, out.hi = product(args[0], args[1])
	case opLeast:
		out.lo, out.hi = min(args[0].lo, args[1].lo), min(args[0].hi, args[1].hi)
	case opGreatest:
		out.lo, out.hi = max(args[0].lo, args[1].lo), max(args[0].hi, args[1].hi)
	}
	return out
}

func unbounded(v int64) bool { return v == lowest || v == highest }

func scaled(v int64) int64 {
	if v > highest/money.Scale || v < lowest/money.Scale {
		if v > 0 {
			return highest
		}
		return lowest
	}
	return v * money.Scale
}

func opposite(v int64) int64 {
	switch v {
	case lowest:
		return highest
	case highest:
		return lowest
	}
	return -v
}

// sum adds bounds; what has none, or does not fit, is the end given.
func sum(a, b, end int64) int64 {
	if unbounded(a) || unbounded(b) {
		return end
	}
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		return end
	}
	return c
}

// product knows of a product only its sign, which no rounding changes.
func product(a, b possible) (lo, hi int64) {
	switch {
	case a.lo == 0 && a.hi == 0, b.lo == 0 && b.hi == 0:
		return 0, 0
	case a.lo >= 0 && b.lo >= 0:
		return 0, highest
	}
	return lowest, highest
}

// union is what either of two can be.
func union(a, b possible) possible {
	switch {
	case a.never:
		return b
	case b.never:
		return a
	}
	out := possible{truths: a.truths | b.truths, lo: min(a.lo, b.lo), hi: max(a.hi, b.hi)}
	for i := range a.codes {
		out.codes = append(out.codes, a.codes[i] || i < len(b.codes) && b.codes[i])
	}
	return out
}

// meet is what both of two can be.
func meet(a, b possible) possible {
	out := possible{never: a.never || b.never, truths: a.truths & b.truths, lo: max(a.lo, b.lo), hi: min(a.hi, b.hi)}
	for i := range a.codes {
		out.codes = append(out.codes, a.codes[i] && (i >= len(b.codes) || b.codes[i]))
	}
	return out
}

// take holds a bool node to be true or false from here on, and with it what must then be so.
func (d *decider) take(id int32, is bool) {
	before := d.of(id)
	clear(d.known) // computed without this
	narrow := d.anything(&d.plan.nodes[id])
	narrow.truths = only(is).truths
	if old, ok := d.taken[id]; ok {
		narrow = meet(narrow, old)
	}
	if before.never || before.truths&narrow.truths == 0 {
		d.contradicted = true
		return
	}
	d.taken[id] = narrow
	n := &d.plan.nodes[id]
	switch {
	case n.op == opVariable || n.op == opLift:
		d.take(n.args[0], is)
	case n.op == opNot:
		d.take(n.args[0], !is)
	case n.op == opAnd && is, n.op == opOr && !is:
		for _, a := range n.args {
			d.take(a, is)
		}
	case n.op == opInSet:
		d.takeCodes(n.args[0], func(code int) bool { return n.set.Has(code) == is })
	case n.op == opEqual, n.op == opLess, n.op == opLessEqual:
		d.takeComparison(n, is)
	}
}

// takeEqual takes a code to be one of some others, or not to be the only one that there is.
func (d *decider) takeEqual(id int32, other []bool, is bool) {
	count := 0
	for _, can := range other {
		if can {
			count++
		}
	}
	if is || count == 1 {
		d.takeCodes(id, func(code int) bool { return code >= len(other) || other[code] == is })
	}
}

func (d *decider) takeCodes(id int32, in func(int) bool) {
	n := &d.plan.nodes[id]
	if n.typ != pack.CodeOf || n.list == nil {
		return
	}
	p := d.anything(n)
	for i := range p.codes {
		p.codes[i] = in(i)
	}
	d.narrow(id, p)
}

// takeComparison narrows one side where the other is settled.
func (d *decider) takeComparison(n *node, is bool) {
	left, right := d.of(n.args[0]), d.of(n.args[1])
	switch d.plan.nodes[n.args[0]].typ {
	case pack.Bool, pack.CodesOf:
		return
	case pack.CodeOf:
		d.takeEqual(n.args[0], right.codes, is)
		d.takeEqual(n.args[1], left.codes, is)
		return
	}
	a, b := d.anything(&d.plan.nodes[n.args[0]]), d.anything(&d.plan.nodes[n.args[1]])
	switch {
	case n.op == opEqual && is:
		a.lo, a.hi, b.lo, b.hi = right.lo, right.hi, left.lo, left.hi
	case n.op == opEqual:
		return
	case n.op == opLess && is:
		a.hi, b.lo = sum(right.hi, -1, highest), sum(left.lo, 1, lowest)
	case n.op == opLessEqual && is:
		a.hi, b.lo = right.hi, left.lo
	case n.op == opLess:
		a.lo, b.hi = right.lo, left.hi
	case n.op == opLessEqual:
		a.lo, b.hi = sum(right.lo, 1, lowest), sum(left.hi, -1, highest)
	}
	d.narrow(n.args[0], a)
	d.narrow(n.args[1], b)
}

// narrow takes a value to lie within something; through aliases also what stands behind them.
func (d *decider) narrow(id int32, to possible) {
	clear(d.known)
	if old, ok := d.taken[id]; ok {
		to = meet(to, old)
	}
	d.taken[id] = to
	if n := &d.plan.nodes[id]; n.op == opVariable || n.op == opLift {
		d.narrow(n.args[0], to)
	}
}
