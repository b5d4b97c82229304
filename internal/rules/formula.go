package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

var (
	syntaxError = fault.Text{Key: "rules.syntax",
		Zh: "公式写法有误：{detailZh}", En: "the formula cannot be read: {detail}"}
	unknownName = fault.Text{Key: "rules.unknown-name",
		Zh: "“{found}”不存在，这里可用的有：{expected}", En: `"{found}" does not exist; at hand here: {expected}`}
	unknownField = fault.Text{Key: "rules.unknown-field",
		Zh: "{owner} 没有“{found}”；最接近的是“{nearest}”", En: `{owner} has no "{found}"; the nearest is "{nearest}"`}
	unknownFieldAlone = fault.Text{Key: "rules.unknown-field-alone",
		Zh: "{owner} 没有“{found}”", En: `{owner} has no "{found}"`}
	unknownFunction = fault.Text{Key: "rules.unknown-function",
		Zh: "政策语言里没有函数“{found}”；最接近的是“{nearest}”", En: `the policy language has no function "{found}"; the nearest is "{nearest}"`}
	unknownFunctionAlone = fault.Text{Key: "rules.unknown-function-alone",
		Zh: "政策语言里没有函数“{found}”，可用的有：{expected}", En: `the policy language has no function "{found}"; it has: {expected}`}
	foldForm = fault.Text{Key: "rules.fold-form",
		Zh: "“{operator}”要写成 {operator}(变量, 公式)，例如 household.members.{operator}(m, …)", En: `"{operator}" is written {operator}(variable, formula), such as household.members.{operator}(m, …)`}
	nameTaken = fault.Text{Key: "rules.name-taken",
		Zh: "“{found}”在这里已有所指，请给变量另取一个名字", En: `"{found}" already means something here: give the variable another name`}
	notInLanguage = fault.Text{Key: "rules.not-in-language",
		Zh: "政策语言里不允许“{found}”", En: `"{found}" is not part of the policy language`}
	wrongOperands = fault.Text{Key: "rules.wrong-operands",
		Zh: "“{operator}”不能用于（{found}）", En: `"{operator}" cannot take ({found})`}
	integerQuotient = fault.Text{Key: "rules.integer-quotient",
		Zh: "不允许两个整数相除，请把一个写成小数，例如 2.0", En: "int / int is refused: make one a decimal, such as 2.0"}
	unequalTypes = fault.Text{Key: "rules.unequal-types",
		Zh: "“{operator}”两边的类型要相同，现在是（{found}）", En: `"{operator}" needs equal types; found ({found})`}
	unequalNumbers = fault.Text{Key: "rules.unequal-numbers",
		Zh: "“{operator}”两边的类型要相同，现在是（{found}）：小数请写成 1.0", En: `"{operator}" needs equal types; found ({found}): write a decimal as 1.0`}
	wrongPart = fault.Text{Key: "rules.wrong-part",
		Zh: "这里应为 {expected} 型，写的是 {found} 型", En: "this must be {expected}; found {found}"}
	wrongResult = fault.Text{Key: "rules.wrong-result",
		Zh: "公式的结果是 {found} 型，应为 {expected} 型", En: "the formula gives {found}; {expected} is needed"}
	badNumber = fault.Text{Key: "rules.bad-number",
		Zh: "数字“{found}”不能精确表示：最多 6 位小数、共 15 位", En: `the number "{found}" is not exact: at most 6 fraction digits and 15 digits in all`}
)

// formula is one expression of the pack after elaboration.
type formula struct {
	source  pack.Expr
	checked *cel.Ast // elaborated and checked
	env     *cel.Env
}

// scope is the objects that an expression may name: variable to object type.
type scope map[string]string

// language checks expressions over one set of variables.
type language struct {
	env     *cel.Env
	objects objectTypes
	scope   scope    // variables that are objects
	names   []string // every variable
}

func newLanguage(objects objectTypes, variables map[string]*cel.Type, bind binder) (*language, error) {
	env, err := newEnv(objects, variables, bind)
	if err != nil {
		return nil, err
	}
	l := &language{env: env, objects: objects, scope: scope{}, names: sortedKeys(variables)}
	for name, t := range variables {
		if t.Kind() == types.StructKind {
			l.scope[name] = t.TypeName()
		}
		if t.Kind() == types.ListKind && t.Parameters()[0].Kind() == types.StructKind {
			l.scope[name] = "list:" + t.Parameters()[0].TypeName()
		}
	}
	return l, nil
}

// formula parses, checks and elaborates an expression.
func (l *language) formula(e pack.Expr) (*formula, fault.List) {
	parsed, issues := l.env.Parse(e.Source)
	if issues.Err() != nil {
		return nil, syntaxFaults(e, issues)
	}
	w := &nameWalker{language: l, source: e, info: parsed.NativeRep().SourceInfo(), runes: []rune(e.Source), nextID: ast.MaxID(parsed.NativeRep()) + 1}
	w.walk(parsed.NativeRep().Expr(), l.scope)
	if len(w.faults) > 0 {
		return nil, w.faults
	}
	checked, issues := l.env.Check(parsed)
	if issues.Err() != nil {
		return nil, typeFaults(e, issues)
	}
	c := &coercer{checked: checked.NativeRep(), nextID: w.nextID}
	c.coerce(parsed.NativeRep().Expr())
	if c.changed {
		checked, issues = l.env.Check(parsed)
		if issues.Err() != nil {
			return nil, typeFaults(e, issues)
		}
	}
	return &formula{source: e, checked: checked, env: l.env}, nil
}

// nameWalker finds names that do not exist and makes number literals with a point exact.
type nameWalker struct {
	language *language
	source   pack.Expr
	info     *ast.SourceInfo
	runes    []rune
	nextID   int64
	faults   fault.List
}

func (w *nameWalker) fault(id int64, text fault.Text, args fault.Args) {
	w.faults = append(w.faults, fault.New(fault.Invalid, text, args).In(placeOfName(w.source, w.info.GetStartLocation(id))))
}

// walk visits an expression and returns its object type, "list:" before that of a list, or "".
func (w *nameWalker) walk(e ast.Expr, names scope) string {
	switch e.Kind() {
	case ast.IdentKind:
		return w.ident(e, names)
	case ast.SelectKind:
		return w.selection(e, names)
	case ast.CallKind:
		w.call(e, names)
	case ast.ComprehensionKind:
		w.comprehension(e, names)
	case ast.LiteralKind:
		w.literal(e)
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			w.walk(element, names)
		}
	default:
		w.fault(e.ID(), notInLanguage, fault.Args{"found": w.text(e.ID())})
	}
	return ""
}

// written is an expression as the author wrote it: names with points between them, else its text.
func (w *nameWalker) written(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		return w.written(e.AsSelect().Operand()) + "." + e.AsSelect().FieldName()
	}
	return w.text(e.ID())
}

func (w *nameWalker) text(id int64) string {
	r, ok := w.info.GetOffsetRange(id)
	if !ok || int(r.Stop) > len(w.runes) || r.Start >= r.Stop {
		return w.source.Source
	}
	return string(w.runes[r.Start:r.Stop])
}

func (w *nameWalker) ident(e ast.Expr, names scope) string {
	name := e.AsIdent()
	if object, ok := names[name]; ok {
		return object
	}
	if slices.Contains(w.language.names, name) || strings.HasPrefix(name, "@") {
		return ""
	}
	known := append(sortedKeys(names), w.language.names...)
	slices.Sort(known)
	w.fault(e.ID(), unknownName, fault.Args{"found": name, "expected": strings.Join(slices.Compact(known), ", ")})
	return ""
}

func (w *nameWalker) selection(e ast.Expr, names scope) string {
	sel := e.AsSelect()
	before := len(w.faults)
	owner := w.walk(sel.Operand(), names)
	if len(w.faults) > before {
		return ""
	}
	fields, ok := w.language.objects[owner]
	if at := notField(e); !ok || sel.IsTestOnly() {
		w.fault(at.ID(), notInLanguage, fault.Args{"found": w.written(at)})
		return ""
	}
	field, ok := fields[sel.FieldName()]
	if !ok {
		w.unknownField(e.ID(), owner, sel.FieldName(), fields)
		return ""
	}
	switch field.Kind() {
	case types.StructKind:
		return field.TypeName()
	case types.ListKind:
		if element := field.Parameters()[0]; element.Kind() == types.StructKind {
			return "list:" + element.TypeName()
		}
	}
	return ""
}

// notField is what of a selection is not in the language: what is not a name, or the selection itself.
func notField(e ast.Expr) ast.Expr {
	operand := e.AsSelect().Operand()
	if operand.Kind() == ast.IdentKind || operand.Kind() == ast.SelectKind {
		return e
	}
	return operand
}

func (w *nameWalker) unknownField(id int64, owner, name string, fields map[string]*cel.Type) {
	args := fault.Args{"owner": strings.Replace(owner, "_event", ".events", 1), "found": name, "nearest": fault.Nearest(name, sortedKeys(fields))}
	if args["nearest"] == "" {
		w.fault(id, unknownFieldAlone, args)
		return
	}
	w.fault(id, unknownField, args)
}

func (w *nameWalker) call(e ast.Expr, names scope) {
	call := e.AsCall()
	name := call.FunctionName()
	_, isOperator := operators.FindReverse(name)
	if !isOperator && !strings.HasPrefix(name, "@") && !slices.Contains(functionNames, name) {
		w.unknownFunction(e.ID(), name)
		return
	}
	if slices.Contains(foldMacros, name) {
		w.fault(e.ID(), foldForm, fault.Args{"operator": name})
		return
	}
	if name == operators.Modulo || strings.HasPrefix(name, "_[?") || strings.HasPrefix(name, "_?.") {
		w.fault(e.ID(), notInLanguage, fault.Args{"found": w.text(e.ID())})
		return
	}
	if call.IsMemberFunction() {
		w.walk(call.Target(), names)
	}
	for _, arg := range call.Args() {
		w.walk(arg, names)
	}
}

func (w *nameWalker) unknownFunction(id int64, name string) {
	args := fault.Args{"found": name, "nearest": fault.Nearest(name, functionNames), "expected": strings.Join(functionNames, ", ")}
	if args["nearest"] == "" {
		w.fault(id, unknownFunctionAlone, args)
		return
	}
	w.fault(id, unknownFunction, args)
}

func (w *nameWalker) comprehension(e ast.Expr, names scope) {
	fold := e.AsComprehension()
	over := w.walk(fold.IterRange(), names)
	element, ok := strings.CutPrefix(over, "list:")
	if !ok {
		if len(w.faults) == 0 {
			w.fault(e.ID(), foldElsewhere, nil)
		}
		return
	}
	if _, taken := names[fold.IterVar()]; taken || slices.Contains(w.language.names, fold.IterVar()) {
		w.fault(e.ID(), nameTaken, fault.Args{"found": fold.IterVar()})
		return
	}
	inner := scope{}
	for name, object := range names {
		inner[name] = object
	}
	inner[fold.IterVar()] = element
	w.walk(fold.LoopStep(), inner)
}

// literal turns a floating-point literal, which the parser has already rounded, into @dec("text").
func (w *nameWalker) literal(e ast.Expr) {
	switch e.AsLiteral().(type) {
	case types.Bool, types.Int, types.String:
		return
	case types.Double:
	default:
		w.fault(e.ID(), notInLanguage, fault.Args{"found": w.text(e.ID())})
		return
	}
	text := w.number(e.ID())
	value, err := money.Parse(text)
	if err != nil || asFloat(value) != e.AsLiteral() {
		w.fault(e.ID(), badNumber, fault.Args{"found": text})
		return
	}
	factory := ast.NewExprFactory()
	argument := factory.NewLiteral(w.id(), types.String(value.String()))
	e.SetKindCase(factory.NewCall(e.ID(), decimalLiteral, argument))
}

// number is the text of a number with a point. The parser takes a sign before it as part of it, blanks between them or not,
// and then has the right beginning but a wrong end.
func (w *nameWalker) number(id int64) string {
	r, ok := w.info.GetOffsetRange(id)
	if !ok || int(r.Start) >= len(w.runes) {
		return ""
	}
	rest, sign := string(w.runes[r.Start:]), ""
	if after, ok := strings.CutPrefix(rest, "-"); ok {
		rest, sign = strings.TrimLeftFunc(after, unicode.IsSpace), "-"
	}
	return sign + numeral.FindString(rest)
}

var numeral = regexp.MustCompile(`^[0-9]*\.?[0-9]*([eE][+-]?[0-9]+)?`)

// asFloat is what the parser makes of a number.
func asFloat(d money.Decimal) types.Double {
	f, _ := strconv.ParseFloat(d.String(), 64)
	return types.Double(f)
}

func (w *nameWalker) id() int64 {
	w.nextID++
	return w.nextID
}

// coercer wraps the int operands of mixed arithmetic in @decimal(…).
type coercer struct {
	checked *ast.AST
	nextID  int64
	changed bool
}

func (c *coercer) coerce(e ast.Expr) {
	switch e.Kind() {
	case ast.SelectKind:
		c.coerce(e.AsSelect().Operand())
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			c.coerce(element)
		}
	case ast.ComprehensionKind:
		c.coerce(e.AsComprehension().LoopStep())
	case ast.CallKind:
		c.call(e)
	}
}

func (c *coercer) call(e ast.Expr) {
	call := e.AsCall()
	if call.IsMemberFunction() {
		c.coerce(call.Target())
	}
	for _, arg := range call.Args() {
		c.coerce(arg)
	}
	overloads := c.checked.GetOverloadIDs(e.ID())
	if len(overloads) != 1 {
		return
	}
	for _, i := range coercions[overloads[0]] {
		operands := call.Args()
		if call.IsMemberFunction() {
			i-- // the receiver is the overload's first argument
		}
		wrap(operands[i], c.id(), c.id())
		c.changed = true
	}
}

func (c *coercer) id() int64 {
	c.nextID++
	return c.nextID
}

// wrap replaces e in place by @decimal(e); e's former self gets a new id. A literal becomes a decimal literal.
func wrap(e ast.Expr, innerID, literalID int64) {
	factory := ast.NewExprFactory()
	if e.Kind() == ast.LiteralKind {
		if whole, ok := e.AsLiteral().(types.Int); ok {
			if value, ok := money.FromInt(int64(whole)); ok {
				e.SetKindCase(factory.NewCall(e.ID(), decimalLiteral, factory.NewLiteral(literalID, types.String(value.String()))))
				return
			}
		}
	}
	inner := factory.NewUnspecifiedExpr(innerID)
	inner.SetKindCase(e)
	e.SetKindCase(factory.NewCall(e.ID(), toDecimal, inner))
}

// decimalResult makes an int formula a decimal one.
func (f *formula) decimalResult() fault.List {
	root := f.checked.NativeRep().Expr()
	id := ast.MaxID(f.checked.NativeRep())
	wrap(root, id+1, id+2)
	checked, issues := f.env.Check(f.checked)
	if issues.Err() != nil {
		return typeFaults(f.source, issues)
	}
	f.checked = checked
	return nil
}
