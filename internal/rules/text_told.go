package rules

import (
	"strings"

	"slices"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Told is a formula in words: a line, and below it what the line announces.
type Told struct {
	Text  string
	Below []Told
}

// Named is something that a formula names.
type Named struct {
	Kind  string // fact, variable, parameter, programme
	Path  string // "person.birth", "param.dibao_standard", a programme's id
	Label Label
}

// Tell puts an expression of the policy's pack into words, with the names that people know in the place of those that
// the pack uses. Name writes a name, so that a page can make it a link; nil writes the label. An absent expression is nil.
func (p *Policy) Tell(e pack.Expr, lang fault.Lang, name func(Named) string) *Told {
	t := p.world.terms[keyOf(e)]
	if t == nil {
		return nil
	}
	if name == nil {
		name = func(n Named) string { return n.Label.In(lang) }
	}
	s := &teller{writer: &writer{pack: p.world.pack, lang: lang}, name: name}
	told := s.tell(t)
	return &told
}

// Measured is a number with its unit in a language, as determinations write it.
func Measured(a money.Decimal, measure string, lang fault.Lang) string {
	w := &writer{lang: lang}
	return w.measured(a, measure)
}

// Unit is what a number of a measure is followed by, as "元/月"; "" where it is a mere number.
func Unit(measure string, lang fault.Lang) string {
	return strings.TrimSpace(measureNames[measure].In(lang))
}

// StatusName is how sure a figure or a rule is in a word, "" for one that was found.
func StatusName(s pack.Status, lang fault.Lang) string {
	w := &writer{lang: lang}
	return w.statusName(string(s))
}

// teller puts terms into words.
type teller struct {
	*writer
	name func(Named) string
}

// tell gives a term the room that it needs: what is simple stands in a line, what has parts is a list.
func (s *teller) tell(t *term) Told {
	switch t.op {
	case opAnd, opOr:
		return s.tellConnective(t)
	case opNot:
		if inner := t.args[0]; inner.op == opAnd || inner.op == opOr {
			return Told{s.say("下面的情形除外：", "not where:"), []Told{s.tell(inner)}}
		}
	case opCond:
		return s.tellChoice(t)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		return s.tellFold(t)
	case opAdd, opSubtract:
		if summands := s.summands(t, false); s.hasParts(summands) {
			return s.tellSum(summands)
		}
	case opDecimal:
		return s.tell(t.args[0])
	case opRound, opFloor, opCeil:
		if s.isLong(t.args[0]) {
			return Told{s.say("下面算出的数", "the following") + s.digits(t) + s.say("：", ":"), []Told{s.tell(t.args[0])}}
		}
	case opLeast, opGreatest:
		if inner, limit := s.limited(t); inner != nil && s.isLong(inner) {
			told := s.tell(inner)
			return Told{s.say("下面算出的数，", "the following, ") + s.limit(t, limit) + s.say("：", ":"), []Told{told}}
		}
	}
	return Told{Text: s.line(t)}
}

// isLong reports whether a term needs more than a line.
func (s *teller) isLong(t *term) bool {
	switch t.op {
	case opCond:
		return !s.isKnownOrZero(t)
	case opAnd, opOr:
		return len(t.args) > 2 || s.containsLong(t.args) || slices.ContainsFunc(t.args, isConnective) || s.length(t) > longest
	case opDecimal, opNot, opAdd, opSubtract, opLeast, opGreatest, opMultiply, opDivide, opRound, opFloor, opCeil:
		return s.containsLong(t.args)
	case opExists, opAll, opCount:
		return isConnective(t.args[0]) || s.isLong(t.args[0])
	case opSum, opMax, opMin:
		return s.isLong(t.args[0]) && !s.picks(t.args[0])
	}
	return false
}

// picks reports whether a fold's body is a plain value of the rows that a plain test picks, and nothing of the others.
func (s *teller) picks(body *term) bool {
	return body.op == opCond && (zeroConst(body.args[1]) || zeroConst(body.args[2])) && !s.containsLong(body.args)
}

func isConnective(t *term) bool { return t.op == opAnd || t.op == opOr }

// isKnownOrZero reports whether a choice is of a value where it is known, and of nothing where it is not.
func (s *teller) isKnownOrZero(t *term) bool {
	return t.op == opCond && t.args[0].op == opKnown && zeroConst(t.args[2]) && s.line(t.args[0].args[0]) == s.line(t.args[1])
}

// longest is how many columns two statements may take together in a line.
const longest = 110

// length is how many columns a term takes, without what makes its names links.
func (s *teller) length(t *term) int {
	return columns(s.plain().line(t))
}

// plain tells the same without links.
func (s *teller) plain() *teller {
	return &teller{writer: s.writer, name: func(n Named) string { return n.Label.In(s.lang) }}
}

func (s *teller) containsLong(terms []*term) bool {
	for _, t := range terms {
		if s.isLong(t) {
			return true
		}
	}
	return false
}

func (s *teller) tellAll(terms []*term) []Told {
	all := make([]Told, len(terms))
	for i, t := range terms {
		all[i] = s.tell(t)
	}
	return all
}

func (s *teller) tellConnective(t *term) Told {
	if !s.isLong(t) || s.oneOfCodes(t) {
		return Told{Text: s.line(t)}
	}
	head := s.say("以下各项都符合：", "all of these:")
	if t.op == opOr {
		head = s.say("以下任何一项符合即可：", "any one of these:")
	}
	return Told{head, s.tellAll(t.args)}
}

// oneOfCodes reports whether a disjunction asks of one set for one of several codes.
func (s *teller) oneOfCodes(t *term) bool {
	if t.op != opOr {
		return false
	}
	for _, a := range t.args {
		if a.op != opHasCode || a.args[0].op != opConst || s.line(a.args[1]) != s.line(t.args[0].args[1]) {
			return false
		}
	}
	return true
}

// tellChoice tells the arms of nested choices one below the other.
func (s *teller) tellChoice(t *term) Told {
	if s.isKnownOrZero(t) {
		return Told{Text: s.line(t)}
	}
	if t.typ == pack.Bool {
		return s.tellChoiceOfTruth(t)
	}
	told := Told{Text: s.say("按情形定：", "by the case:")}
	for ; t.op == opCond; t = t.args[2] {
		told.Below = append(told.Below, s.arm(s.say("", "where ")+s.statement(t.args[0])+s.say("的：", ": "), t.args[0], t.args[1]))
	}
	told.Below = append(told.Below, s.arm(s.say("其他情形：", "otherwise: "), nil, t))
	return told
}

// arm is one case of a choice: the test in a line where it fits, and what is taken then.
func (s *teller) arm(head string, test, value *term) Told {
	told := s.tell(value)
	if test == nil || !s.isLong(test) {
		if len(told.Below) == 0 {
			return Told{Text: head + told.Text}
		}
		return Told{head + told.Text, told.Below}
	}
	return Told{s.say("符合下面条件的：", "where the following holds: ") + told.Text, append([]Told{s.tell(test)}, told.Below...)}
}

func (s *teller) tellChoiceOfTruth(t *term) Told {
	return Told{s.say("按情形判断：", "by the case:"), []Told{
		{s.say("如果符合：", "if this holds:"), []Told{s.tell(t.args[0])}},
		{s.say("就要符合：", "then this has to hold:"), []Told{s.tell(t.args[1])}},
		{s.say("否则要符合：", "and otherwise this:"), []Told{s.tell(t.args[2])}},
	}}
}

// summand is a part of a sum.
type summand struct {
	term     *term
	negative bool
}

func (s *teller) summands(t *term, negative bool) []summand {
	switch t.op {
	case opAdd:
		return append(s.summands(t.args[0], negative), s.summands(t.args[1], negative)...)
	case opSubtract:
		return append(s.summands(t.args[0], negative), s.summands(t.args[1], !negative)...)
	case opDecimal:
		return s.summands(t.args[0], negative)
	}
	return []summand{{t, negative}}
}

// hasParts reports whether a sum reads better as a list.
func (s *teller) hasParts(all []summand) bool {
	for _, a := range all {
		if s.isLong(a.term) {
			return true
		}
	}
	return len(all) > 3
}

func (s *teller) tellSum(all []summand) Told {
	told := Told{Text: s.say("以下各项相加减：", "the sum of:")}
	for _, a := range all {
		sign := s.say("加：", "plus ")
		if a.negative {
			sign = s.say("减：", "less ")
		}
		told.Below = append(told.Below, s.tellSummand(sign, a.term))
	}
	return told
}

// tellSummand tells a part of a sum; one that a plain test picks, and that is nothing otherwise, in a line.
func (s *teller) tellSummand(sign string, t *term) Told {
	if t.op == opCond && zeroConst(t.args[2]) && !s.isKnownOrZero(t) && !s.isLong(t.args[0]) {
		part := s.tell(t.args[1])
		return Told{s.say(s.statement(t.args[0])+"的，", "where "+s.statement(t.args[0])+", ") + sign + part.Text, part.Below}
	}
	part := s.tell(t)
	return Told{sign + part.Text, part.Below}
}

// whose is the rows of a fold: one of them, and all of them.
func (s *teller) whose(t *term) (one, every string) {
	switch t.over {
	case supporters:
		return s.say("赡养（抚养、扶养）人", "supporter"), s.say("赡养（抚养、扶养）人", "supporters")
	case householdEvents, personEvents:
		return s.say("事件", "event"), s.say("事件", "events")
	case feedRows:
		return s.say("记录", "row"), s.say("记录", "rows")
	}
	return s.say("家庭成员", "member of the household"), s.say("家庭成员", "members of the household")
}

// tellFold tells what is asked of the rows of a fold, or made of them.
func (s *teller) tellFold(t *term) Told {
	if !s.isLong(t) {
		return Told{Text: s.line(t)}
	}
	body := t.args[0]
	one, every := s.whose(t)
	if t.op == opSum || t.op == opMax || t.op == opMin {
		head := map[op]string{
			opSum: s.say("对每"+s.counter(t)+one+"算出下面的数，再相加：", "the sum over the "+every+" of:"),
			opMax: s.say("对每"+s.counter(t)+one+"算出下面的数，取最大的：", "the greatest over the "+every+" of:"),
			opMin: s.say("对每"+s.counter(t)+one+"算出下面的数，取最小的：", "the least over the "+every+" of:"),
		}[t.op]
		return Told{head, []Told{s.tell(body)}}
	}
	parts, what := []Told{s.tell(body)}, s.say("符合", "this")
	switch body.op {
	case opAnd:
		parts, what = s.tellAll(body.args), s.say("同时符合", "all of this")
	case opOr:
		parts, what = s.tellAll(body.args), s.say("至少符合一项", "any of this")
	}
	head := map[op]string{
		opExists: s.say("有"+one+what+"：", "some "+one+" meets "+what+":"),
		opAll:    s.say("每"+s.counter(t)+one+"都"+what+"：", "every "+one+" meets "+what+":"),
		opCount:  s.say(what+"的"+one+"数：", "how many "+every+" meet "+what+":"),
	}[t.op]
	return Told{head, parts}
}

// counter is the Chinese measure word of a fold's rows.
func (s *teller) counter(t *term) string {
	switch t.over {
	case householdEvents, personEvents:
		return "起"
	case feedRows:
		return "条"
	}
	return "名"
}
