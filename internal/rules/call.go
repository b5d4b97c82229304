package rules

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// call builds an operator or a function.
func (b *builder) call(e ast.Expr, names map[string]binding) *term {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd:
		return b.connective(opAnd, args, names)
	case operators.LogicalOr:
		return b.connective(opOr, args, names)
	case operators.Equals:
		return b.equality(e, args, names)
	case operators.NotEquals:
		return combine(opNot, pack.Bool, b.equality(e, args, names))
	case operators.In:
		return b.in(e, args, names)
	case operators.Index:
		return b.table(e, args, names)
	case operators.Conditional:
		return b.conditional(e, args, names)
	case decimalLiteral:
		return b.decimalLiteral(args[0])
	case "date":
		return b.dateLiteral(args[0])
	case "band":
		return b.band(e, call, names)
	case "or":
		return b.orDefault(e, call, names)
	case "holds", "eligible", "amount", "outcome":
		return b.programmeCall(e, call, names)
	case foldSum, foldCount, foldMax, foldMin:
		return b.aggregate(e, name, args[0], names)
	case "round":
		return b.round(e, args, names)
	default:
		return b.plain(e, name, args, names)
	}
}

// plainOps is the functions that only combine their arguments; the type is the checker's.
var plainOps = map[string]op{
	operators.LogicalNot: opNot, operators.Less: opLess, operators.LessEquals: opLessEqual,
	operators.Greater: opLess, operators.GreaterEquals: opLessEqual, // with the operands exchanged
	operators.Add: opAdd, operators.Subtract: opSubtract, operators.Multiply: opMultiply, operators.Divide: opDivide,
	operators.Negate: opNegate, toDecimal: opDecimal,
	"years": opYears, "months": opMonths, "days": opDays, "floor": opFloor, "ceil": opCeil,
	"least": opLeast, "greatest": opGreatest, "known": opKnown,
}

func (b *builder) plain(e ast.Expr, name string, args []ast.Expr, names map[string]binding) *term {
	o, ok := plainOps[name]
	if !ok {
		return b.fail(e, notInLanguage, fault.Args{"found": name})
	}
	terms := b.buildAll(args, names)
	typ, _ := packType(b.types.GetType(e.ID()))
	reversed := name == operators.Greater || name == operators.GreaterEquals
	if reversed {
		slices.Reverse(terms)
	}
	if o == opMultiply && typ == pack.Int {
		o = opMultiplyInt
	}
	t := combine(o, typ, terms...)
	if t != nil && reversed {
		t.num = writtenReversed
	}
	return t
}

// writtenReversed marks a < b that stands as b > a in the pack, for explanations.
const writtenReversed = 1

func (b *builder) buildAll(args []ast.Expr, names map[string]binding) []*term {
	terms := make([]*term, len(args))
	for i, a := range args {
		terms[i] = b.build(a, names)
	}
	return terms
}

// connective flattens a && b && c into one term.
func (b *builder) connective(o op, args []ast.Expr, names map[string]binding) *term {
	var flat []*term
	for _, t := range b.buildAll(args, names) {
		if t == nil {
			return nil
		}
		if t.op == o {
			flat = append(flat, t.args...)
			continue
		}
		flat = append(flat, t)
	}
	return combine(o, pack.Bool, flat...)
}

// coded builds two expressions of which one may be the literal text of a code of the other's list.
func (b *builder) coded(e ast.Expr, left, right ast.Expr, names map[string]binding) (l, r *term) {
	_, leftText := b.constantText(left)
	_, rightText := b.constantText(right)
	switch {
	case leftText && rightText && b.want != nil:
		l, r = b.code(left, b.want), b.code(right, b.want)
	case leftText && rightText:
		return b.fail(e, bareText, fault.Args{"found": b.source.Source}), nil
	case leftText:
		if r = b.build(right, names); r != nil {
			l = b.code(left, r.list)
		}
	case rightText:
		if l = b.build(left, names); l != nil {
			r = b.code(right, l.list)
		}
	default:
		l, r = b.build(left, names), b.build(right, names)
		if l != nil && r != nil && l.list != r.list {
			return b.fail(e, differentLists, fault.Args{"found": listID(l.list) + ", " + listID(r.list)}), nil
		}
	}
	return l, r
}

// code is the literal text of a code as its index in the list.
func (b *builder) code(e ast.Expr, list *pack.CodeList) *term {
	text, ok := b.constantText(e)
	if !ok || list == nil {
		return b.fail(e, bareText, fault.Args{"found": text})
	}
	i := list.Index(text)
	if i < 0 {
		return b.unknownCode(e, list, text)
	}
	return &term{op: opConst, typ: pack.CodeOf, list: list, num: int64(i), pos: b.place(e)}
}

func (b *builder) unknownCode(e ast.Expr, list *pack.CodeList, text string) *term {
	args := fault.Args{"list": list.ID, "found": text, "nearest": fault.Nearest(text, list.IDs()), "expected": strings.Join(list.IDs(), ", ")}
	if args["nearest"] == "" {
		return b.fail(e, unknownCodeAlone, args)
	}
	return b.fail(e, unknownCode, args)
}

func (b *builder) equality(e ast.Expr, args []ast.Expr, names map[string]binding) *term {
	want := b.want
	b.want = nil
	defer func() { b.want = want }()
	l, r := b.coded(e, args[0], args[1], names)
	if l != nil && r != nil && l.op == opConst {
		l, r = r, l
	}
	return combine(opEqual, pack.Bool, l, r)
}

// in builds code in ['a', 'b'] and 'a' in codes.
func (b *builder) in(e ast.Expr, args []ast.Expr, names map[string]binding) *term {
	if args[1].Kind() == ast.ListKind {
		return b.inList(args[0], args[1].AsList().Elements(), names)
	}
	l, r := b.coded(e, args[0], args[1], names)
	return combine(opHasCode, pack.Bool, l, r)
}

func (b *builder) inList(element ast.Expr, literals []ast.Expr, names map[string]binding) *term {
	of := b.build(element, names)
	if of == nil {
		return nil
	}
	t := combine(opInSet, pack.Bool, of)
	if of.list == nil {
		return b.fail(element, bareText, fault.Args{"found": b.source.Source})
	}
	t.set = NewBits(len(of.list.Codes))
	for _, literal := range literals {
		c := b.code(literal, of.list)
		if c == nil {
			return nil
		}
		Bits(t.set).Set(int(c.num))
	}
	return t
}

// table builds param.x[key].
func (b *builder) table(e ast.Expr, args []ast.Expr, names map[string]binding) *term {
	if args[0].Kind() != ast.SelectKind || args[0].AsSelect().Operand().AsIdent() != "param" {
		return b.fail(e, notInLanguage, fault.Args{"found": b.source.Source})
	}
	name := args[0].AsSelect().FieldName()
	p := b.world.parameters[name]
	b.world.used[name] = true
	list := b.world.pack.Codes[p.Codes]
	var key *term
	if _, isText := b.constantText(args[1]); isText {
		key = b.code(args[1], list)
	} else {
		key = b.build(args[1], names)
		if key != nil && key.list != list {
			return b.fail(args[1], otherList, fault.Args{"found": listID(key.list), "expected": list.ID})
		}
	}
	t := combine(opParamTable, p.Type, key)
	if t == nil {
		return nil
	}
	t.param = p
	if t.rel == scalar {
		t.rel = households
	}
	return t
}

func (b *builder) band(e ast.Expr, call ast.CallExpr, names map[string]binding) *term {
	target := call.Target()
	if target.Kind() != ast.SelectKind {
		return b.fail(e, notInLanguage, fault.Args{"found": b.source.Source})
	}
	name := target.AsSelect().FieldName()
	b.world.used[name] = true
	t := combine(opParamBand, pack.Decimal, b.build(call.Args()[0], names))
	if t == nil {
		return nil
	}
	t.param = b.world.parameters[name]
	if t.rel == scalar {
		t.rel = households
	}
	return t
}

func (b *builder) conditional(e ast.Expr, args []ast.Expr, names map[string]binding) *term {
	want := b.want
	b.want = nil
	test := b.build(args[0], names)
	b.want = want
	l, r := b.arms(e, args[1], args[2], names)
	t := combine(opCond, "", test, l, r)
	if t == nil {
		return nil
	}
	t.typ, t.list = l.typ, l.list
	return t
}

// arms builds two expressions of equal type.
func (b *builder) arms(e ast.Expr, left, right ast.Expr, names map[string]binding) (l, r *term) {
	if b.types.GetType(left.ID()).Kind() == types.StringKind {
		return b.coded(e, left, right, names)
	}
	l, r = b.build(left, names), b.build(right, names)
	if l != nil && r != nil && l.list != r.list {
		return b.fail(e, differentLists, fault.Args{"found": listID(l.list) + ", " + listID(r.list)}), nil
	}
	return l, r
}

func (b *builder) orDefault(e ast.Expr, call ast.CallExpr, names map[string]binding) *term {
	l, r := b.arms(e, call.Target(), call.Args()[0], names)
	t := combine(opDefault, "", l, r)
	if t == nil {
		return nil
	}
	t.typ, t.list = l.typ, l.list
	return t
}

var programmeOps = map[string]struct {
	op  op
	typ pack.Type
}{
	"holds": {opHolds, pack.Bool}, "eligible": {opEligible, pack.Bool}, "amount": {opAmount, pack.Decimal}, "outcome": {opOutcome, pack.CodeOf},
}

// programmeCall builds u.holds('id') and its like.
func (b *builder) programmeCall(e ast.Expr, call ast.CallExpr, names map[string]binding) *term {
	name := call.FunctionName()
	if call.Target().Kind() != ast.IdentKind {
		return b.fail(e, notInLanguage, fault.Args{"found": b.source.Source})
	}
	owner := call.Target().AsIdent()
	bound, ok := names[owner]
	if !ok {
		return b.fail(e, otherMember, fault.Args{"found": owner + "." + name})
	}
	id, ok := b.constantText(call.Args()[0])
	if !ok {
		return b.fail(call.Args()[0], notConstant, fault.Args{"operator": name})
	}
	p, ok := b.world.programmes[id]
	if !ok {
		return b.unknownProgramme(call.Args()[0], id)
	}
	if p.rel() != bound.rel && !(name == "holds" && p.rel() == households) {
		return b.otherUnit(e, p, name) // only of a household's programme are the members recipients too
	}
	if name != "holds" {
		b.world.usesProgramme(p, b.place(e))
	}
	t := &term{op: programmeOps[name].op, typ: programmeOps[name].typ, rel: bound.rel, prog: p}
	if t.op == opOutcome {
		t.list = outcomeList
	}
	return t
}

func (b *builder) unknownProgramme(e ast.Expr, id string) *term {
	near := fault.Nearest(id, b.world.programmeIDs())
	if near == "" {
		return b.fail(e, unknownProgrammeAlone, fault.Args{"found": id})
	}
	return b.fail(e, unknownProgramme, fault.Args{"found": id, "nearest": near})
}

// otherUnit refuses to ask a unit for the result of a programme of the other.
func (b *builder) otherUnit(e ast.Expr, p *programme, name string) *term {
	text := ofPerson
	if p.rel() == households {
		text = ofHousehold
	}
	return b.fail(e, text, fault.Args{"found": p.decl.ID, "operator": name})
}

// aggregate builds sum, count, max and min.
func (b *builder) aggregate(e ast.Expr, name string, arg ast.Expr, names map[string]binding) *term {
	kind := map[string]op{foldSum: opSum, foldCount: opCount, foldMax: opMax, foldMin: opMin}[name]
	comprehension := arg.AsComprehension()
	body := comprehension.LoopStep().AsCall().Args()[1].AsList().Elements()[0]
	return b.fold(e, kind, comprehension, body, names)
}

func (b *builder) round(e ast.Expr, args []ast.Expr, names map[string]binding) *term {
	t := combine(opRound, pack.Decimal, b.build(args[0], names))
	if args[1].Kind() != ast.LiteralKind {
		return b.fail(args[1], notConstant, fault.Args{"operator": "round"})
	}
	digits := int64(args[1].AsLiteral().(types.Int))
	if digits < 0 || digits > 6 {
		return b.fail(args[1], badDigits, fault.Args{"found": digits})
	}
	if t != nil {
		t.num = digits
	}
	return t
}
