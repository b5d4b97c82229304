package rules

import (
	"dajiuzhu/internal/fault"
)

var quotientCompared = fault.Text{Key: "rules.quotient-compared",
	Zh: "比较了除法的结果，末位舍入可能改变结论；请两边同乘，例如写成 收入 < 标准 * 人数",
	En: "a quotient is compared: its rounding can tip the test. Multiply out, as in income < standard * size"}

var quotientMultiplied = fault.Text{Key: "rules.quotient-multiplied",
	Zh: "除法的结果又被乘，舍入误差会放大；请先乘后除",
	En: "a quotient is multiplied, and its rounding with it: multiply first and divide last"}

// Quotients warns where the result of a division is compared, or multiplied again, also by way of variables. Division
// rounds at the sixth digit; a threshold must not depend on that.
func (p *Policy) Quotients() fault.List {
	q := &quotients{seen: map[*variable]bool{}, told: map[fault.At]bool{}}
	for _, f := range p.world.formulas {
		q.look(f.term)
	}
	q.list.Sort()
	return q.list
}

type quotients struct {
	seen map[*variable]bool // variables that are quotients, once asked
	told map[fault.At]bool
	list fault.List
}

func (q *quotients) look(t *term) {
	for _, a := range t.args {
		q.look(a)
		switch {
		case t.op == opLess || t.op == opLessEqual || t.op == opEqual:
			q.warn(t, a, quotientCompared)
		case t.op == opMultiply:
			q.warn(t, a, quotientMultiplied)
		}
	}
}

func (q *quotients) warn(t, operand *term, text fault.Text) {
	if !q.quotient(operand) || q.told[t.pos] {
		return
	}
	q.told[t.pos] = true
	q.list = append(q.list, fault.New(fault.Invalid, text, nil).In(t.pos))
}

// quotient reports whether a term's value comes from a division. Rounding to a digit or to whole numbers is a decision of
// the rule's and ends it.
func (q *quotients) quotient(t *term) bool {
	switch t.op {
	case opDivide:
		return true
	case opAdd, opSubtract, opNegate, opMultiply, opLeast, opGreatest, opCond, opDefault, opSum, opMax, opMin:
		for _, a := range t.args {
			if q.quotient(a) {
				return true
			}
		}
	case opVariable:
		return q.ofVariable(t.vari)
	}
	return false
}

func (q *quotients) ofVariable(v *variable) bool {
	is, asked := q.seen[v]
	if asked {
		return is
	}
	for _, version := range v.versions {
		is = is || q.quotient(version.term)
	}
	q.seen[v] = is
	return is
}
