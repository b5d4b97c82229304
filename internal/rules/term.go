package rules

import (
	"fmt"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

var (
	unknownCode = fault.Text{Key: "rules.unknown-code",
		Zh: "代码表“{list}”里没有“{found}”；最接近的是“{nearest}”", En: `the list "{list}" has no code "{found}"; the nearest is "{nearest}"`}
	unknownCodeAlone = fault.Text{Key: "rules.unknown-code-alone",
		Zh: "代码表“{list}”里没有“{found}”，现有的是：{expected}", En: `the list "{list}" has no code "{found}"; it has: {expected}`}
	differentLists = fault.Text{Key: "rules.different-lists",
		Zh: "两边是不同代码表的代码：{found}", En: "the two sides are codes of different lists: {found}"}
	otherList = fault.Text{Key: "rules.other-list",
		Zh: "这里要用代码表“{expected}”的代码，写的是“{found}”的", En: `codes of the list "{expected}" are needed here; found those of "{found}"`}
	bareText = fault.Text{Key: "rules.bare-text",
		Zh: "这里的文字“{found}”不属于任何代码表", En: `the text "{found}" belongs to no list of codes here`}
	unknownProgramme = fault.Text{Key: "rules.unknown-programme",
		Zh: "没有项目“{found}”；最接近的是“{nearest}”", En: `there is no programme "{found}"; the nearest is "{nearest}"`}
	unknownProgrammeAlone = fault.Text{Key: "rules.unknown-programme-alone",
		Zh: "没有项目“{found}”，也没有相近的", En: `there is no programme "{found}", nor any like it`}
	ofHousehold = fault.Text{Key: "rules.programme-of-household",
		Zh: "项目“{found}”是家庭的，要写 household.{operator}('{found}')", En: `the programme "{found}" is the household's: write household.{operator}('{found}')`}
	ofPerson = fault.Text{Key: "rules.programme-of-person",
		Zh: "项目“{found}”是个人的，要对成员写，例如 household.members.exists(m, m.{operator}('{found}') …)", En: `the programme "{found}" is a person's: ask it of members, as in household.members.exists(m, m.{operator}('{found}') …)`}
	notConstant = fault.Text{Key: "rules.not-constant",
		Zh: "“{operator}”的这一项要直接写出来，不能由计算得到", En: `"{operator}" needs this written out; it cannot be computed`}
	bareParameter = fault.Text{Key: "rules.bare-parameter",
		Zh: "参数“{found}”分多个数，要写成 {write}", En: `the parameter "{found}" has several figures: write {write}`}
	badDigits = fault.Text{Key: "rules.digits",
		Zh: "保留的小数位数应在 0 到 6 之间，写的是 {found}", En: "numbers are rounded to 0 to 6 fraction digits; found {found}"}
	badDate = fault.Text{Key: "rules.bad-date",
		Zh: "“{found}”不是日期，应写成 2021-07-01", En: `"{found}" is no date; write 2021-07-01`}
	foldElsewhere = fault.Text{Key: "rules.fold-elsewhere",
		Zh: "只能对 members、supporters、events 或 rows 逐项判断、计数、求和", En: "only members, supporters, events or rows can be folded over"}
	foldKinds = fault.Text{Key: "rules.fold-kinds",
		Zh: "对事件的判断必须先写明种类，例如 {variable}.kind == '{example}' && …", En: "a fold over events begins with the kinds it reads: {variable}.kind == '{example}' && …"}
	otherMember = fault.Text{Key: "rules.other-member",
		Zh: "这里不能读取“{found}”：只能读取本成员和家庭", En: `"{found}" cannot be read here: a fold reads its own member and the household`}
	noHousehold = fault.Text{Key: "rules.no-household",
		Zh: "这里还没有家庭和结论，不能读取“{found}”", En: `there are no households and no outcomes here yet: "{found}" cannot be read`}
	supporterReach = fault.Text{Key: "rules.supporter-reach",
		Zh: "赡养人的“{found}”要读取其家庭或事件，这里没有", En: `a supporter's "{found}" reads its household or its events, which are not at hand`}
)

// relation is the rows that a term's lanes are.
type relation uint8

const (
	scalar relation = iota // one value for all
	households
	persons
	supporters
	householdEvents
	personEvents
	feedRows // rows of a feed, each of a person
	relations
)

// parent is the relation above.
func (r relation) parent() relation {
	switch r {
	case persons, supporters, householdEvents:
		return households
	case personEvents, feedRows:
		return persons
	}
	return scalar
}

// below reports whether r is o or lies below it.
func (r relation) below(o relation) bool {
	for ; r != scalar; r = r.parent() {
		if r == o {
			return true
		}
	}
	return o == scalar
}

// op is what a term or a node does.
type op uint8

const (
	opConst op = iota
	opFact
	opVariable // the named formula; its graph node is an alias
	opParam
	opParamTable // args: key
	opParamBand  // args: amount
	opHolds
	opEligible
	opAmount
	opOutcome
	opAnd
	opOr
	opNot
	opCond
	opEqual
	opLess
	opLessEqual
	opInSet   // code in a literal list
	opHasCode // literal or computed code in a set of codes
	opAdd
	opSubtract
	opMultiply
	opMultiplyInt
	opDivide
	opNegate
	opDecimal // int to decimal
	opYears
	opMonths
	opDays
	opRound
	opFloor
	opCeil
	opLeast
	opGreatest
	opKnown
	opDefault
	opExists
	opAll
	opCount
	opSum
	opMax
	opMin
	opLift       // a value of a relation above, for each lane below
	opNotInForce // a parameter or formula without a value on the date
	opPlace      // a household's row in the tables of parameters
)

// term is an elaborated expression with its types and codes resolved.
type term struct {
	op    op
	typ   pack.Type
	list  *pack.CodeList // of a code or codes
	rel   relation
	args  []*term
	num   int64    // opConst: the value; opFact: the slot; opRound: the digits
	set   []uint64 // opInSet: bit k for code k
	kinds []int    // folds over events: the kinds that must be complete
	fact  *factRef
	vari  *variable
	param *pack.Parameter
	prog  *programme
	over  relation // folds: the relation folded over
	pos   fault.At
}

// factRef is a fact or an event's field as explanations name it.
type factRef struct {
	path string
	name pack.Text
	fact *pack.Fact // nil for a field of an event
}

// binding is what a name stands for while a term is built.
type binding struct {
	rel relation
}

// builder turns an elaborated expression into a term.
type builder struct {
	world  *world
	source pack.Expr
	info   *ast.SourceInfo
	types  *ast.AST
	feed   *pack.Feed     // of row expressions
	want   *pack.CodeList // the list of a literal that is the result
	faults fault.List
}

func (b *builder) fail(e ast.Expr, text fault.Text, args fault.Args) *term {
	b.faults = append(b.faults, fault.New(fault.Invalid, text, args).In(b.place(e)))
	return nil
}

func (b *builder) place(e ast.Expr) fault.At {
	return placeOfName(b.source, b.info.GetStartLocation(e.ID()))
}

// build returns nil after a fault.
func (b *builder) build(e ast.Expr, names map[string]binding) *term {
	t := b.dispatch(e, names)
	if t != nil && t.pos == (fault.At{}) {
		t.pos = b.place(e)
	}
	return t
}

func (b *builder) dispatch(e ast.Expr, names map[string]binding) *term {
	switch e.Kind() {
	case ast.LiteralKind:
		return b.literal(e)
	case ast.IdentKind:
		if e.AsIdent() == "on" {
			return &term{op: opConst, typ: pack.Date, num: onDate}
		}
		return b.fail(e, notInLanguage, fault.Args{"found": e.AsIdent()})
	case ast.SelectKind:
		return b.selection(e, names)
	case ast.ComprehensionKind:
		return b.quantifier(e, names)
	case ast.CallKind:
		return b.call(e, names)
	}
	return b.fail(e, notInLanguage, fault.Args{"found": b.source.Source})
}

// onDate marks the constant that is the evaluation date until the graph of a date is built.
const onDate = int64(-1) << 62

func (b *builder) literal(e ast.Expr) *term {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return &term{op: opConst, typ: pack.Bool, num: boolNum(bool(v))}
	case types.Int:
		return &term{op: opConst, typ: pack.Int, num: int64(v)}
	case types.String:
		if b.want != nil {
			return b.code(e, b.want)
		}
	}
	return b.fail(e, bareText, fault.Args{"found": fmt.Sprint(e.AsLiteral().Value())})
}

func (b *builder) selection(e ast.Expr, names map[string]binding) *term {
	sel := e.AsSelect()
	owner := sel.Operand().AsIdent()
	if owner == "param" {
		return b.parameter(e, sel.FieldName())
	}
	bound, ok := names[owner]
	if !ok {
		return b.fail(e, otherMember, fault.Args{"found": owner + "." + sel.FieldName()})
	}
	return b.field(e, bound.rel, sel.FieldName())
}

func (b *builder) field(e ast.Expr, rel relation, name string) *term {
	switch rel {
	case feedRows:
		return b.column(name)
	case householdEvents, personEvents:
		return b.eventField(rel, name)
	}
	path := string(unitOf(rel)) + "." + name
	if v, ok := b.world.variables[path]; ok {
		t := &term{op: opVariable, typ: v.decl.Type, list: b.world.pack.Codes[v.decl.Codes], rel: rel, vari: v}
		b.world.uses(v, b.place(e), rel == supporters)
		return t
	}
	slot, ok := b.world.layout.Slot(path)
	if !ok {
		return b.fail(e, unknownFieldAlone, fault.Args{"owner": string(unitOf(rel)), "found": name})
	}
	f := b.world.layout.Facts(unitOf(rel))[slot]
	return &term{op: opFact, typ: f.Type, list: b.world.pack.Codes[f.Codes], rel: rel, num: int64(slot),
		fact: &factRef{path: path, name: f.Label, fact: f}}
}

func (b *builder) eventField(rel relation, name string) *term {
	u := unitOf(rel.parent())
	slot, _ := b.world.layout.EventField(u, name)
	t := &term{op: opFact, rel: rel, num: int64(slot), fact: &factRef{path: string(u) + ".events." + name, name: eventFieldName(name)}}
	switch slot {
	case EventKind:
		t.typ, t.list = pack.CodeOf, b.world.layout.EventKinds(u)
	case EventFrom, EventTo:
		t.typ = pack.Date
	default:
		f := b.world.eventType(u).Fields[slot-eventFields]
		t.typ, t.list, t.fact.name = f.Type, b.world.pack.Codes[f.Codes], f.Label
	}
	return t
}

func eventFieldName(name string) pack.Text {
	switch name {
	case "kind":
		return pack.Text{Zh: "事件种类", En: "kind of event"}
	case "from":
		return pack.Text{Zh: "发生日期", En: "from"}
	}
	return pack.Text{Zh: "结束日期", En: "to"}
}

func (b *builder) column(name string) *term {
	for i, c := range b.feed.Columns {
		if c.Name != name {
			continue
		}
		return &term{op: opFact, typ: pack.Type(c.Type), list: b.world.pack.Codes[c.Codes], rel: feedRows, num: int64(i),
			fact: &factRef{path: b.feed.ID + "." + name, name: c.Label}}
	}
	panic("rules: column passed the checker but is not in the feed: " + name)
}

func (b *builder) parameter(e ast.Expr, name string) *term {
	p := b.world.parameters[name]
	b.world.used[name] = true
	switch {
	case p.Codes != "":
		return b.fail(e, bareParameter, fault.Args{"found": name, "write": "param." + name + "[…]"})
	case p.Bands:
		return b.fail(e, bareParameter, fault.Args{"found": name, "write": "param." + name + ".band(…)"})
	}
	return &term{op: opParam, typ: p.Type, rel: households, param: p}
}

// quantifier builds exists and all, which the parser expands to a comprehension.
func (b *builder) quantifier(e ast.Expr, names map[string]binding) *term {
	fold := e.AsComprehension()
	step := fold.LoopStep().AsCall()
	kind := opAll
	if step.FunctionName() == operators.LogicalOr {
		kind = opExists
	}
	return b.fold(e, kind, fold, step.Args()[1], names)
}

// fold builds a fold over members, supporters, events or rows.
func (b *builder) fold(e ast.Expr, kind op, comprehension ast.ComprehensionExpr, body ast.Expr, names map[string]binding) *term {
	over, ok := b.overRelation(comprehension.IterRange(), names)
	if !ok {
		return b.fail(e, foldElsewhere, nil)
	}
	inner := map[string]binding{comprehension.IterVar(): {rel: over}}
	for name, bound := range names {
		if over.parent().below(bound.rel) {
			inner[name] = bound
		}
	}
	inside := b.build(body, inner)
	if inside == nil {
		return nil
	}
	t := &term{op: kind, typ: inside.typ, list: inside.list, rel: over.parent(), over: over, args: []*term{inside}}
	if kind == opCount {
		t.typ = pack.Int
	}
	if over == householdEvents || over == personEvents {
		if t.kinds = b.kinds(t); t.kinds == nil {
			return b.fail(e, foldKinds, fault.Args{"variable": comprehension.IterVar(), "example": b.world.layout.EventKinds(unitOf(over.parent())).Codes[0].ID})
		}
	}
	return t
}

// kinds is the kinds of events that must all be known for a fold over them to be decided: those with which its body
// begins, where a row of any other kind changes nothing, and else every kind. It is nil if the body begins with none.
func (b *builder) kinds(fold *term) []int {
	kinds, rest, settled := leadingKinds(fold.args[0])
	if kinds == nil || settled && changesNothing(fold.op, rest) {
		return kinds
	}
	all := make([]int, len(b.world.layout.EventKinds(unitOf(fold.rel)).Codes))
	for i := range all {
		all[i] = i
	}
	return all
}

// changesNothing reports whether a fold is the same with one more row of a value. A row more can always be the greatest
// or the only one.
func changesNothing(o op, value int64) bool {
	switch o {
	case opAll:
		return value == 1
	case opExists, opCount, opSum:
		return value == 0
	}
	return false
}

func (b *builder) overRelation(e ast.Expr, names map[string]binding) (relation, bool) {
	if e.Kind() == ast.IdentKind && e.AsIdent() == "rows" {
		return feedRows, true
	}
	if e.Kind() != ast.SelectKind || e.AsSelect().Operand().Kind() != ast.IdentKind {
		return scalar, false
	}
	bound, ok := names[e.AsSelect().Operand().AsIdent()]
	if !ok {
		return scalar, false
	}
	switch field := e.AsSelect().FieldName(); {
	case field == "members" && bound.rel == households:
		return persons, true
	case field == "supporters" && bound.rel == households:
		return supporters, true
	case field == "events" && bound.rel == households:
		return householdEvents, b.world.layout.EventKinds(pack.Household) != nil
	case field == "events" && bound.rel == persons:
		return personEvents, b.world.layout.EventKinds(pack.Person) != nil
	}
	return scalar, false
}

// leadingKinds is the kinds of events with which a fold's body begins, nil if it does not begin with kinds; and its value
// for a row of any other kind, where that is settled.
func leadingKinds(t *term) (kinds []int, rest int64, settled bool) {
	switch t.op {
	case opAnd:
		kinds, rest, settled = leadingKinds(t.args[0])
		return kinds, 0, settled && rest == 0
	case opCond:
		return leadingChoice(t)
	case opEqual:
		if isKind(t.args[0]) && t.args[1].op == opConst {
			return []int{int(t.args[1].num)}, 0, true
		}
	case opInSet:
		if isKind(t.args[0]) {
			return setMembers(t.set), 0, true
		}
	}
	return nil, 0, false
}

// leadingChoice: a row of another kind goes on to the second arm, which may choose by further kinds.
func leadingChoice(t *term) (kinds []int, rest int64, settled bool) {
	kinds, rest, settled = leadingKinds(t.args[0])
	second := t.args[2]
	if kinds == nil || !settled || rest != 0 {
		return kinds, 0, false
	}
	if second.op == opConst {
		return kinds, second.num, true
	}
	more, rest, settled := leadingKinds(second)
	return append(kinds, more...), rest, settled
}

func isKind(t *term) bool {
	return t.op == opFact && t.num == EventKind && (t.rel == householdEvents || t.rel == personEvents)
}

func setMembers(set []uint64) []int {
	var members []int
	for i := range len(set) * 64 {
		if Bits(set).Has(i) {
			members = append(members, i)
		}
	}
	return members
}

// unitOf is the unit whose facts a relation's lanes have.
func unitOf(r relation) pack.Unit {
	if r == households {
		return pack.Household
	}
	return pack.Person
}

func boolNum(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// deepest is the relation in which terms are combined.
func deepest(terms ...*term) relation {
	deep := scalar
	for _, t := range terms {
		if t.rel.below(deep) {
			deep = t.rel
		}
	}
	return deep
}

// combine makes a term of its arguments' deepest relation; nil if an argument is.
func combine(o op, typ pack.Type, args ...*term) *term {
	for _, a := range args {
		if a == nil {
			return nil
		}
	}
	return &term{op: o, typ: typ, rel: deepest(args...), args: args}
}

func (b *builder) constantText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func (b *builder) decimalLiteral(e ast.Expr) *term {
	text, _ := b.constantText(e)
	value, err := money.Parse(text)
	if err != nil {
		return b.fail(e, badNumber, fault.Args{"found": text})
	}
	return &term{op: opConst, typ: pack.Decimal, num: int64(value)}
}

func (b *builder) dateLiteral(e ast.Expr) *term {
	text, ok := b.constantText(e)
	if !ok {
		return b.fail(e, notConstant, fault.Args{"operator": "date"})
	}
	day, err := calendar.Parse(text)
	if err != nil {
		return b.fail(e, badDate, fault.Args{"found": text})
	}
	return &term{op: opConst, typ: pack.Date, num: int64(day)}
}
