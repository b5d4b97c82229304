package rules

import (
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// line is a term in a line, whatever its length.
func (s *teller) line(t *term) string {
	switch t.op {
	case opConst:
		return s.constant(t, "")
	case opFact, opVariable, opParam, opParamTable, opParamBand, opHolds, opEligible, opAmount, opOutcome:
		return s.leafName(t)
	case opAnd:
		return s.joined(t, s.say("，并且", ", and "))
	case opOr:
		return s.joined(t, s.say("，或者", ", or "))
	case opNot:
		return s.negated(t.args[0])
	case opCond:
		return s.choiceLine(t)
	case opEqual, opLess, opLessEqual, opInSet, opHasCode:
		return s.compared(t, false)
	case opAdd, opSubtract, opMultiply, opMultiplyInt, opDivide:
		return s.operand(t, t.args[0], false) + " " + signOf[t.op] + " " + s.operand(t, t.args[1], true)
	case opNegate:
		return "−" + s.operand(t, t.args[0], true)
	case opDecimal:
		return s.line(t.args[0])
	case opYears, opMonths, opDays:
		return s.between(t)
	case opRound, opFloor, opCeil:
		return s.rounded(t)
	case opLeast, opGreatest:
		return s.bounded(t)
	case opKnown:
		return s.known(t.args[0])
	case opDefault:
		return s.line(t.args[0]) + s.say("（不知道时按 "+s.line(t.args[1])+" 计）", " ("+s.line(t.args[1])+" if not known)")
	case opExists, opAll, opCount, opSum, opMax, opMin:
		return s.foldLine(t)
	}
	return ""
}

var signOf = map[op]string{opAdd: "+", opSubtract: "−", opMultiply: "×", opMultiplyInt: "×", opDivide: "÷"}

func (s *teller) choiceLine(t *term) string {
	if s.isKnownOrZero(t) {
		return s.line(t.args[1]) + s.say("（未查明的按 0 计）", " (0 where not known)")
	}
	test, then, other := s.statement(t.args[0]), s.line(t.args[1]), s.line(t.args[2])
	return s.say("如果"+test+"，为"+spaced(then)+"；否则为"+spaced(other), then+" if "+test+", otherwise "+other)
}

// spaced sets a number off from the Chinese words before it.
func spaced(text string) string {
	if isFigure(text) {
		return " " + text
	}
	return text
}

// joined is two statements in a line; one that itself has parts stands in brackets.
func (s *teller) joined(t *term, by string) string {
	if s.oneOfCodes(t) {
		var codes []string
		for _, a := range t.args {
			codes = append(codes, s.line(a.args[0]))
		}
		return s.line(t.args[0].args[1]) + s.say("包括"+oneOf(codes, "、", "或"), " includes "+oneOf(codes, ", ", " or "))
	}
	parts := make([]string, len(t.args))
	for i, a := range t.args {
		parts[i] = s.statement(a)
		if a.op == opAnd || a.op == opOr {
			parts[i] = s.say("（"+parts[i]+"）", "("+parts[i]+")")
		}
	}
	return strings.Join(parts, by)
}

// statement is a term among other statements in a line. A name that itself sounds like several is set in quotation marks.
func (s *teller) statement(t *term) string {
	if t.op != opFact && t.op != opVariable {
		return s.line(t)
	}
	name := short(s.plain().line(t))
	for _, sign := range []string{s.say("，", ","), s.say("或", " or "), s.say("并且", " and ")} {
		if strings.Contains(name, sign) {
			return s.quoted(t)
		}
	}
	return s.line(t)
}

// operand is a part of a calculation, in brackets where it needs them.
func (s *teller) operand(outer, t *term, right bool) string {
	for t.op == opDecimal {
		t = t.args[0]
	}
	text := s.line(t)
	loose := false
	switch t.op {
	case opAdd, opSubtract:
		loose = outer.op != opAdd && (outer.op != opSubtract || right)
	case opMultiply, opMultiplyInt, opDivide:
		loose = outer.op == opDivide && right
	case opCond:
		loose = !s.isKnownOrZero(t)
	case opLeast, opGreatest:
		loose = true
	}
	if loose {
		return s.say("（"+text+"）", "("+text+")")
	}
	return text
}

// leafName is a name with what selects a figure by it.
func (s *teller) leafName(t *term) string {
	switch t.op {
	case opFact:
		return s.name(Named{"fact", t.fact.path, t.fact.name})
	case opVariable:
		return s.name(Named{"variable", t.vari.name, t.vari.decl.Label})
	case opParam:
		return s.figure(t)
	case opParamTable:
		key := s.line(t.args[0])
		if t.args[0].op == opConst {
			return s.say(s.codeName(t.args[0])+"的"+s.figure(t), s.figure(t)+" ("+s.codeName(t.args[0])+")")
		}
		return s.figure(t) + s.say("（按“"+key+"”查表）", " (by "+key+")")
	case opParamBand:
		key := s.line(t.args[0])
		return s.figure(t) + s.say("（按“"+key+"”所在的档）", " (in the band of "+key+")")
	}
	programme := s.name(Named{"programme", t.prog.name, t.prog.decl.Name})
	switch t.op {
	case opHolds:
		if t.rel == households {
			return s.say("家庭正在享受“"+programme+"”", "the household has "+programme)
		}
		return s.say("正在享受“"+programme+"”", "has "+programme)
	case opEligible:
		return s.say("符合"+s.quote(programme)+"的条件", "is eligible for "+programme)
	case opAmount:
		return s.say("“"+programme+"”的金额", "the amount of "+programme)
	}
	return s.say("“"+programme+"”的结论", "the outcome of "+programme)
}

func (s *teller) figure(t *term) string {
	return s.name(Named{"parameter", "param." + t.param.Name, t.param.Label})
}

func (s *teller) codeName(t *term) string { return t.list.Codes[t.num].Name.In(s.lang) }

// constant is what is written out in the formula.
func (s *teller) constant(t *term, measure string) string {
	switch t.typ {
	case pack.Bool:
		return s.yes(t.num != 0)
	case pack.Date:
		if t.num == onDate {
			return s.say("当日", "the day")
		}
		return s.date(calendar.Date(t.num).String())
	case pack.CodeOf:
		return s.say("“"+s.codeName(t)+"”", `"`+s.codeName(t)+`"`)
	case pack.Int:
		if n, ok := money.FromInt(t.num); ok {
			return s.number(n, measure)
		}
	}
	return s.number(money.Decimal(t.num), measure)
}

func (s *teller) number(n money.Decimal, measure string) string {
	switch {
	case measure == "":
		return n.String()
	case isMoney(measure) && n != 0:
		text := strings.TrimSuffix(n.Text(), ".00")
		return text + s.unitOf(measure)
	case n == 0 && isMoney(measure):
		return "0" + s.unitOf(measure)
	}
	return s.measured(n, measure)
}

// quoted is a term as something that is spoken of.
func (s *teller) quoted(t *term) string { return s.quote(s.line(t)) }

// quote sets a text in quotation marks; those inside it become single ones.
func (s *teller) quote(text string) string {
	if s.lang == fault.Zh {
		return "“" + strings.NewReplacer("“", "‘", "”", "’").Replace(text) + "”"
	}
	return `"` + strings.ReplaceAll(text, `"`, "'") + `"`
}

// negated is what does not hold.
func (s *teller) negated(t *term) string {
	switch t.op {
	case opEqual, opInSet, opHasCode, opLess, opLessEqual:
		return s.compared(t, true)
	case opNot:
		return s.line(t.args[0])
	case opKnown:
		if isCell(t.args[0]) {
			return s.quoted(t.args[0]) + s.say("空着", " is empty")
		}
		return s.quoted(t.args[0]) + s.say("尚未查明", " is not known")
	case opHolds:
		programme := s.name(Named{"programme", t.prog.name, t.prog.decl.Name})
		if t.rel == households {
			return s.say("家庭没有在享受“"+programme+"”", "the household does not have "+programme)
		}
		return s.say("没有在享受“"+programme+"”", "does not have "+programme)
	case opExists:
		if !s.isLong(t) {
			one, _ := s.whose(t)
			return s.say("没有"+one+"符合"+s.quoted(t.args[0]), "no "+one+" meets: "+s.line(t.args[0]))
		}
	}
	return s.say("并非", "not ") + s.quoted(t)
}

// known tells that something is known; of a cell, that it is filled in.
func (s *teller) known(t *term) string {
	if isCell(t) {
		return s.quoted(t) + s.say("填了", " is filled in")
	}
	return s.quoted(t) + s.say("已经查明", " is known")
}

// isCell reports whether a term is a cell of a feed's row.
func isCell(t *term) bool { return t.op == opFact && t.rel == feedRows }

// compared is a comparison in words.
func (s *teller) compared(t *term, not bool) string {
	switch t.op {
	case opInSet:
		return s.inSet(t, not)
	case opHasCode:
		return s.line(t.args[1]) + s.either(not, "不包括", "包括", " does not include ", " includes ") + s.line(t.args[0])
	}
	left, right, operator := t.args[0], t.args[1], map[op]string{opEqual: "=", opLess: "<", opLessEqual: "<="}[t.op]
	if t.num == writtenReversed && t.op != opEqual {
		left, right, operator = right, left, mirrored[operator]
	}
	if left.op == opConst && right.op != opConst {
		left, right, operator = right, left, mirrored[operator]
	}
	if not {
		operator = inverse[operator]
	}
	return s.relation(left, right, operator)
}

func (s *teller) either(not bool, zhNot, zh, enNot, en string) string {
	if not {
		return s.say(zhNot, enNot)
	}
	return s.say(zh, en)
}

func (s *teller) inSet(t *term, not bool) string {
	var names []string
	for _, k := range setMembers(t.set) {
		name := t.args[0].list.Codes[k].Name.In(s.lang)
		names = append(names, s.say("“"+name+"”", `"`+name+`"`))
	}
	among := s.say(oneOf(names, "、", "或"), oneOf(names, ", ", " or "))
	return s.line(t.args[0]) + s.either(not, "不是", "是", " is not ", " is ") + among
}

// oneOf is "a, b or c".
func oneOf(items []string, between, last string) string {
	head, tail := items[:len(items)-1], items[len(items)-1]
	if len(head) == 0 {
		return tail
	}
	return strings.Join(head, between) + last + tail
}

// relation is one value held against another.
func (s *teller) relation(left, right *term, operator string) string {
	if left.typ == pack.Date {
		return s.line(left) + s.dated(operator) + s.line(right)
	}
	if left.typ == pack.CodeOf || left.typ == pack.Bool {
		return s.line(left) + s.either(operator != "=", "不是", "是", " is not ", " is ") + s.line(right)
	}
	if zeroConst(right) && len(left.args) == 2 && isOn(left.args[1]) && (left.op == opDays || left.op == opMonths) && operator == ">=" {
		return s.line(left.args[0]) + s.say("不晚于当日", " is not after the day")
	}
	measure := termMeasure(left)
	if measure == "" {
		measure = termMeasure(right)
	}
	value := s.line(right)
	if right.op == opConst {
		value = s.constant(right, measure)
	}
	against := s.against(operator, measure)
	if s.lang == fault.Zh {
		if right.op == opConst && operator == "=" {
			against = "为"
		}
		if strings.HasPrefix(value, "“") || right.op != opConst {
			return s.line(left) + against + value
		}
		return s.line(left) + against + " " + strings.TrimSpace(value)
	}
	if operator == "=" {
		against = ""
	}
	return s.line(left) + " is " + against + value
}

func (s *teller) dated(operator string) string {
	switch operator {
	case "<":
		return s.say("早于", " is before ")
	case "<=":
		return s.say("不晚于", " is not after ")
	case ">":
		return s.say("晚于", " is after ")
	case ">=":
		return s.say("不早于", " is not before ")
	case "=":
		return s.say("是", " is ")
	}
	return s.say("不是", " is not ")
}

func zeroConst(t *term) bool {
	for t.op == opDecimal {
		t = t.args[0]
	}
	return t.op == opConst && t.num == 0 && (t.typ == pack.Int || t.typ == pack.Decimal)
}

func isOn(t *term) bool { return t.op == opConst && t.typ == pack.Date && t.num == onDate }

// termMeasure is what a term's number counts, "" where that is not plain.
func termMeasure(t *term) string {
	if m := ownMeasure(t.op, t, t.over); m != "" {
		return m
	}
	switch t.op {
	case opAdd, opSubtract, opLeast, opGreatest, opDecimal, opDefault, opRound, opSum, opMax, opMin:
		for _, a := range t.args {
			if m := termMeasure(a); m != "" {
				return m
			}
		}
	case opCond:
		if m := termMeasure(t.args[1]); m != "" {
			return m
		}
		return termMeasure(t.args[2])
	}
	return ""
}

// between is the time from one day to another.
func (s *teller) between(t *term) string {
	from, to := s.line(t.args[0]), s.line(t.args[1])
	unit := map[op]string{opYears: s.say("周年数", "full years"), opMonths: s.say("整月数", "full months"), opDays: s.say("天数", "days")}[t.op]
	return s.say(from+"到"+to+"的"+unit, "the "+unit+" from "+from+" to "+to)
}

func (s *teller) rounded(t *term) string { return s.operand(t, t.args[0], true) + s.digits(t) }

// digits tells how a number is rounded.
func (s *teller) digits(t *term) string {
	switch {
	case t.op == opFloor:
		return s.say("（舍去小数）", " (rounded down)")
	case t.op == opCeil:
		return s.say("（小数进一）", " (rounded up)")
	case t.num == 0:
		return s.say("（四舍五入到整数）", " (rounded)")
	}
	digits := strconv.FormatInt(t.num, 10)
	return s.say("（四舍五入到小数点后 "+digits+" 位）", " (rounded to "+digits+" digits)")
}

// limited is a calculation and the constant that bounds it; nil where neither side is a constant.
func (s *teller) limited(t *term) (inner, limit *term) {
	for i, a := range t.args {
		for a.op == opDecimal {
			a = a.args[0]
		}
		if a.op == opConst && len(t.args) == 2 {
			return t.args[1-i], a
		}
	}
	return nil, nil
}

func (s *teller) limit(t, limit *term) string {
	value := s.constant(limit, "")
	switch {
	case t.op == opLeast:
		return s.say("最多为 "+value, "but not above "+value)
	case limit.num == 0:
		return s.say("不足 0 的按 0 计", "but not below 0")
	}
	return s.say("最少为 "+value, "but not below "+value)
}

func (s *teller) bounded(t *term) string {
	inner, limit := s.limited(t)
	if inner == nil {
		which := s.say("中较小的", "the lesser of ")
		if t.op == opGreatest {
			which = s.say("中较大的", "the greater of ")
		}
		parts := make([]string, len(t.args))
		for i, a := range t.args {
			parts[i] = s.operand(t, a, true)
		}
		if s.lang == fault.Zh {
			return strings.Join(parts, " 与 ") + " 两者" + which
		}
		return which + strings.Join(parts, " and ")
	}
	return s.line(inner) + s.say("，", ", ") + s.limit(t, limit)
}

// foldLine is a fold in a line.
func (s *teller) foldLine(t *term) string {
	one, every := s.whose(t)
	body := t.args[0]
	inner := s.line(body)
	switch t.op {
	case opExists:
		if body.op == opConst {
			return s.say("有"+one, "there is a "+one)
		}
		return s.say("有"+one+"符合"+s.quote(inner), "some "+one+" meets: "+inner)
	case opAll:
		return s.say("每"+s.counter(t)+one+"都符合"+s.quote(inner), "every "+one+" meets: "+inner)
	case opCount:
		if body.op == opConst {
			return s.say(one+"数", "how many "+every+" there are")
		}
		return s.say("符合"+s.quote(inner)+"的"+one+"数", "how many "+every+" meet: "+inner)
	}
	if body.op != opFact && body.op != opVariable && body.op != opDefault {
		inner = s.say("（"+inner+"）", "("+inner+")")
	}
	of := s.say("各"+one+"的"+inner, inner+" of the "+every)
	if body.op == opCond {
		of = s.foldChoice(t, body)
	}
	switch t.op {
	case opSum:
		return s.say(of+"之和", "the sum of "+of)
	case opMax:
		return s.say(of+"中最大的", "the greatest "+of)
	}
	return s.say(of+"中最小的", "the least "+of)
}

// inner is a value with an owner before or behind it, in brackets if it is computed.
func (s *teller) inner(t *term) string {
	text := s.line(t)
	if len(t.args) == 0 || t.op == opParamTable || t.op == opParamBand {
		return text
	}
	return s.say("（"+text+"）", "("+text+")")
}

// foldChoice is a value of those rows that a test picks, the others counting nothing.
func (s *teller) foldChoice(t, body *term) string {
	one, every := s.whose(t)
	test, then, other := body.args[0], body.args[1], body.args[2]
	switch {
	case s.isKnownOrZero(body):
		return s.say("各"+one+"的"+s.line(body), s.line(body)+" of the "+every)
	case zeroConst(other):
		return s.say("符合"+s.quoted(test)+"的"+one+"的"+s.inner(then), s.inner(then)+" of the "+every+" where "+s.line(test))
	case zeroConst(then):
		return s.say("各"+one+"的"+s.line(other)+"（"+s.line(test)+"的按 0 计）", s.line(other)+" of the "+every+" (0 where "+s.line(test)+")")
	}
	return s.say("各"+one+"的（"+s.line(body)+"）", "("+s.line(body)+") of the "+every)
}
