package rules

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"dajiuzhu/internal/pack"
)

// The types of the pack language as the checker knows them. A code is a string to the checker; elaboration
// holds it to its list.
var (
	decimalType = cel.OpaqueType("decimal")
	dateType    = cel.OpaqueType("date")
	bandsType   = cel.OpaqueType("bands")
	codesType   = cel.ListType(cel.StringType)
	noneType    = types.NewTypeParamType("A")
)

// The object types that have fields.
const (
	personObject         = "person"
	householdObject      = "household"
	paramObject          = "param"
	personEventObject    = "person_event"
	householdEventObject = "household_event"
	rowObject            = "row"
)

// The functions that only the pipeline writes.
const (
	decimalLiteral = "@dec"
	toDecimal      = "@decimal"
	foldSum        = "@sum"
	foldCount      = "@count"
	foldMax        = "@max"
	foldMin        = "@min"
)

// overload is one typed form of a function or operator. The arguments at the places in coerce are ints that
// elaboration turns into decimals.
type overload struct {
	function string
	id       string
	args     []*cel.Type
	result   *cel.Type
	member   bool
	coerce   []int
}

// overloads is the whole language: what is not here cannot be written.
func overloads() []overload {
	b, i, d, day, s := cel.BoolType, cel.IntType, decimalType, dateType, cel.StringType
	person, household := cel.ObjectType(personObject), cel.ObjectType(householdObject)
	all := []overload{
		{function: operators.LogicalAnd, id: "and", args: []*cel.Type{b, b}, result: b},
		{function: operators.LogicalOr, id: "or", args: []*cel.Type{b, b}, result: b},
		{function: operators.LogicalNot, id: "not", args: []*cel.Type{b}, result: b},
		{function: operators.NotStrictlyFalse, id: "not_strictly_false", args: []*cel.Type{b}, result: b},
		{function: operators.Conditional, id: "conditional", args: []*cel.Type{b, noneType, noneType}, result: noneType},
		{function: operators.Negate, id: "negate_int", args: []*cel.Type{i}, result: i},
		{function: operators.Negate, id: "negate_decimal", args: []*cel.Type{d}, result: d},
		{function: operators.In, id: "in_codes", args: []*cel.Type{s, codesType}, result: b},
		{function: operators.Index, id: "index_decimal", args: []*cel.Type{cel.MapType(s, d), s}, result: d},
		{function: operators.Index, id: "index_int", args: []*cel.Type{cel.MapType(s, i), s}, result: i},
		{function: operators.Add, id: "add_list", args: []*cel.Type{cel.ListType(noneType), cel.ListType(noneType)}, result: cel.ListType(noneType)},
		{function: operators.Divide, id: "divide_decimal", args: []*cel.Type{d, d}, result: d},
		{function: operators.Divide, id: "divide_int_decimal", args: []*cel.Type{i, d}, result: d, coerce: []int{0}},
		{function: operators.Divide, id: "divide_decimal_int", args: []*cel.Type{d, i}, result: d, coerce: []int{1}},
		{function: decimalLiteral, id: "dec", args: []*cel.Type{s}, result: d},
		{function: toDecimal, id: "decimal_int", args: []*cel.Type{i}, result: d},
		{function: "date", id: "date_string", args: []*cel.Type{s}, result: day},
		{function: "years", id: "years", args: []*cel.Type{day, day}, result: i},
		{function: "months", id: "months", args: []*cel.Type{day, day}, result: i},
		{function: "days", id: "days", args: []*cel.Type{day, day}, result: i},
		{function: "round", id: "round", args: []*cel.Type{d, i}, result: d},
		{function: "floor", id: "floor", args: []*cel.Type{d}, result: d},
		{function: "ceil", id: "ceil", args: []*cel.Type{d}, result: d},
		{function: "known", id: "known", args: []*cel.Type{noneType}, result: b},
		{function: "or", id: "or_default", args: []*cel.Type{noneType, noneType}, result: noneType, member: true},
		{function: "band", id: "band", args: []*cel.Type{bandsType, d}, result: d, member: true},
		{function: "band", id: "band_int", args: []*cel.Type{bandsType, i}, result: d, member: true, coerce: []int{1}},
		{function: foldCount, id: "count", args: []*cel.Type{cel.ListType(b)}, result: i},
	}
	for _, t := range []*cel.Type{i, d} {
		all = append(all,
			overload{function: foldSum, id: "sum_" + t.String(), args: []*cel.Type{cel.ListType(t)}, result: t})
	}
	for _, t := range []*cel.Type{i, d, day} {
		all = append(all,
			overload{function: foldMax, id: "max_" + t.String(), args: []*cel.Type{cel.ListType(t)}, result: t},
			overload{function: foldMin, id: "min_" + t.String(), args: []*cel.Type{cel.ListType(t)}, result: t})
	}
	for _, unit := range []*cel.Type{person, household} {
		name := unit.TypeName()
		all = append(all,
			overload{function: "holds", id: "holds_" + name, args: []*cel.Type{unit, s}, result: b, member: true},
			overload{function: "eligible", id: "eligible_" + name, args: []*cel.Type{unit, s}, result: b, member: true},
			overload{function: "amount", id: "amount_" + name, args: []*cel.Type{unit, s}, result: d, member: true},
			overload{function: "outcome", id: "outcome_" + name, args: []*cel.Type{unit, s}, result: s, member: true})
	}
	for _, f := range []struct{ operator, name string }{
		{operators.Add, "add"}, {operators.Subtract, "subtract"}, {operators.Multiply, "multiply"}, {"least", "least"}, {"greatest", "greatest"},
	} {
		all = append(all,
			overload{function: f.operator, id: f.name + "_int", args: []*cel.Type{i, i}, result: i},
			overload{function: f.operator, id: f.name + "_decimal", args: []*cel.Type{d, d}, result: d},
			overload{function: f.operator, id: f.name + "_int_decimal", args: []*cel.Type{i, d}, result: d, coerce: []int{0}},
			overload{function: f.operator, id: f.name + "_decimal_int", args: []*cel.Type{d, i}, result: d, coerce: []int{1}})
	}
	for _, f := range []struct {
		operator, name string
		equality       bool
	}{
		{operators.Equals, "equals", true}, {operators.NotEquals, "not_equals", true},
		{operators.Less, "less", false}, {operators.LessEquals, "less_equals", false},
		{operators.Greater, "greater", false}, {operators.GreaterEquals, "greater_equals", false},
	} {
		for _, t := range []*cel.Type{i, d, day} {
			all = append(all, overload{function: f.operator, id: f.name + "_" + t.String(), args: []*cel.Type{t, t}, result: b})
		}
		all = append(all,
			overload{function: f.operator, id: f.name + "_int_decimal", args: []*cel.Type{i, d}, result: b, coerce: []int{0}},
			overload{function: f.operator, id: f.name + "_decimal_int", args: []*cel.Type{d, i}, result: b, coerce: []int{1}})
		if f.equality {
			for _, t := range []*cel.Type{b, s} {
				all = append(all, overload{function: f.operator, id: f.name + "_" + t.String(), args: []*cel.Type{t, t}, result: b})
			}
		}
	}
	return all
}

// coercions is the arguments to coerce by overload.
var coercions = func() map[string][]int {
	m := map[string][]int{}
	for _, o := range overloads() {
		if len(o.coerce) > 0 {
			m[o.id] = o.coerce
		}
	}
	return m
}()

// functionNames is what an author may call by name.
var functionNames = []string{
	"amount", "all", "band", "ceil", "count", "date", "days", "eligible", "exists", "floor", "greatest", "holds",
	"known", "least", "max", "min", "months", "or", "outcome", "round", "sum", "years",
}

// foldMacros are those of them that the parser expands where they are well formed.
var foldMacros = []string{"all", "count", "exists", "max", "min", "sum"}

// binder gives an overload its implementation. Compilation needs none; the oracle of the tests does.
type binder func(id string) []cel.OverloadOpt

// newEnv makes the checker's environment: the language, and the given variables and objects.
func newEnv(objects objectTypes, variables map[string]*cel.Type, bind binder) (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("making the type registry: %w", err)
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(&typeProvider{Provider: registry, objects: objects}),
		cel.Macros(
			cel.ExistsMacro, cel.AllMacro,
			foldMacro("sum", foldSum), foldMacro("count", foldCount), foldMacro("max", foldMax), foldMacro("min", foldMin)),
	}
	for name, t := range variables {
		options = append(options, cel.Variable(name, t))
	}
	for _, o := range overloads() {
		var implementation []cel.OverloadOpt
		if bind != nil {
			implementation = bind(o.id)
		}
		declare := cel.Overload
		if o.member {
			declare = cel.MemberOverload
		}
		options = append(options, cel.Function(o.function, declare(o.id, o.args, o.result, implementation...)))
	}
	env, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("making the language: %w", err)
	}
	return env, nil
}

// foldMacro turns list.name(v, e) into function(list.map(v, e)).
func foldMacro(name, function string) cel.Macro {
	return cel.ReceiverMacro(name, 2, func(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		mapped, err := parser.MakeMap(eh, target, args)
		if err != nil {
			return nil, err
		}
		return eh.NewCall(function, mapped), nil
	})
}

// objectTypes is the fields of each object type.
type objectTypes map[string]map[string]*cel.Type

// typeProvider tells the checker the fields of persons, households, parameters, events and rows.
type typeProvider struct {
	types.Provider
	objects objectTypes
}

func (p *typeProvider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

func (p *typeProvider) FindStructFieldNames(name string) ([]string, bool) {
	fields, ok := p.objects[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	return sortedKeys(fields), true
}

func (p *typeProvider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	fields, ok := p.objects[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	t, ok := fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:    t,
		IsSet:   func(any) bool { return true },
		GetFrom: func(target any) (any, error) { return target.(fieldReader).Field(field) },
	}, true
}

// fieldReader is an object of an interpreter that evaluates elaborated expressions.
type fieldReader interface {
	Field(name string) (any, error)
}

var _ types.Provider = (*typeProvider)(nil)
var _ ref.Type = (*types.Type)(nil)

// celType is a pack type as the checker knows it.
func celType(t pack.Type) *cel.Type {
	switch t {
	case pack.Bool:
		return cel.BoolType
	case pack.Int:
		return cel.IntType
	case pack.Date:
		return dateType
	case pack.Decimal:
		return decimalType
	case pack.CodeOf:
		return cel.StringType
	case pack.CodesOf:
		return codesType
	}
	panic("rules: type without a counterpart: " + string(t))
}

// packType is the reverse of celType; a code's list is not in it.
func packType(t *cel.Type) (pack.Type, bool) {
	for _, p := range []pack.Type{pack.Bool, pack.Int, pack.Date, pack.Decimal, pack.CodeOf, pack.CodesOf} {
		if celType(p).IsExactType(t) {
			return p, true
		}
	}
	return "", false
}
