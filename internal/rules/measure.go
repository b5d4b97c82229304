package rules

import (
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// measures is what each node's number counts. Facts, parameters and variables say so; what is computed from them follows:
// a product of money is money, people times a monthly standard a monthly sum, months times it a sum.
func measures(p *Plan) []string {
	all := make([]string, len(p.nodes))
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.typ == pack.Int || n.typ == pack.Decimal {
			all[i] = p.measureOf(n, all)
		}
	}
	return all
}

// ownMeasure is what a value counts by itself, whatever it is computed from: a fact, a variable or a figure that says so, a
// stretch of time, a number of people. It is "" of everything else. The term is that of the value, over what a fold goes.
func ownMeasure(o op, t *term, over relation) string {
	switch o {
	case opFact:
		if t.fact.fact != nil {
			return t.fact.fact.Measure
		}
	case opVariable, opNotInForce:
		return t.vari.decl.Measure
	case opParam, opParamTable, opParamBand:
		return t.param.Measure
	case opYears:
		return "years"
	case opMonths:
		return "months"
	case opDays:
		return "days"
	case opCount:
		if over == persons || over == supporters {
			return headcount
		}
	}
	return ""
}

func (p *Plan) measureOf(n *node, all []string) string {
	if m := ownMeasure(n.op, n.term, n.over); m != "" {
		return m
	}
	switch n.op {
	case opVariable:
		return all[n.args[0]]
	case opAmount:
		return yuan
	case opCond:
		return firstMeasure(all, n.args[1:])
	case opAdd, opSubtract, opLeast, opGreatest, opLift, opDecimal, opNegate, opRound, opFloor, opCeil, opDefault, opSum, opMax, opMin:
		return firstMeasure(all, n.args)
	case opMultiply, opMultiplyInt:
		return p.product(n.args[0], n.args[1], all)
	case opDivide:
		return p.quotient(n.args[0], n.args[1], all)
	}
	return ""
}

// The measures that computing changes.
const (
	yuan      = "yuan"
	monthly   = "yuan-per-month"
	headcount = "persons"
)

func isMoney(measure string) bool { return strings.HasPrefix(measure, yuan) }

func firstMeasure(all []string, ids []int32) string {
	for _, id := range ids {
		if all[id] != "" {
			return all[id]
		}
	}
	return ""
}

func (p *Plan) product(a, b int32, all []string) string {
	if isMoney(all[b]) {
		a, b = b, a
	}
	m, by := all[a], all[b]
	switch {
	case isMoney(m) && isMoney(by):
		return ""
	case m == monthly && (by == "months" || p.isTwelve(b)):
		return yuan
	case isMoney(m) || by == "":
		return m
	case m == "" || m == headcount || m == "share" || m == "multiple":
		return by
	}
	return m
}

func (p *Plan) quotient(a, b int32, all []string) string {
	switch {
	case isMoney(all[a]) && isMoney(all[b]):
		return ""
	case isMoney(all[a]) && p.isTwelve(b):
		return monthly
	case all[b] == "" || isMoney(all[a]):
		return all[a]
	}
	return ""
}

// isTwelve reports whether a node is the number of months in a year.
func (p *Plan) isTwelve(id int32) bool {
	n := &p.nodes[id]
	switch n.op {
	case opLift:
		return p.isTwelve(n.args[0])
	case opDecimal:
		return p.isTwelve(n.args[0])
	case opConst:
		return n.typ == pack.Int && n.num == 12 || n.typ == pack.Decimal && n.num == 12*money.Scale
	}
	return false
}

// heads is by how many persons, and whether by the months of a year, a threshold multiplies a standard for one person in
// one month: 924 yuan times 4 persons times 12.
type heads struct {
	persons int64
	monthly bool
}

func (t *reasoner) headsOf(id int32, lane int) heads {
	n := &t.plan.nodes[id]
	switch n.op {
	case opLift:
		return t.headsOf(n.args[0], t.aboveOf(n, lane))
	case opVariable, opDecimal:
		return t.headsOf(n.args[0], lane)
	case opMultiply, opMultiplyInt:
		var h heads
		for i, a := range n.args {
			other := n.args[1-i]
			h = h.with(t.headsOf(a, lane))
			if t.plan.measures[a] == headcount {
				h.persons = t.integer(a, lane)
			}
			if t.plan.isTwelve(a) && t.plan.measures[other] == monthly {
				h.monthly = true
			}
		}
		return h
	}
	return heads{}
}

func (h heads) with(o heads) heads {
	if h.persons == 0 {
		h.persons = o.persons
	}
	h.monthly = h.monthly || o.monthly
	return h
}

// integer is a known whole number, 0 if it is not known.
func (t *reasoner) integer(id int32, lane int) int64 {
	at := t.place(id, lane)
	switch {
	case t.states[at] != stateKnown:
		return 0
	case t.plan.nodes[id].typ == pack.Decimal:
		return t.nums[at] / money.Scale
	}
	return t.nums[at]
}
