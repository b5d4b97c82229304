package rules

import (
	"errors"
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// The oracle evaluates the elaborated expressions of a pack with cel-go's interpreter, one household at a time. It shares
// with the engine the elaborated trees and nothing else.

type decimalValue money.Decimal

func (decimalValue) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("decimal stays")
}
func (decimalValue) ConvertToType(ref.Type) ref.Val { return types.NewErr("decimal stays") }
func (d decimalValue) Equal(o ref.Val) ref.Val      { return types.Bool(d == o) }
func (decimalValue) Type() ref.Type                 { return decimalType }
func (d decimalValue) Value() any                   { return d }

type dateValue calendar.Date

func (dateValue) ConvertToNative(reflect.Type) (any, error) { return nil, errors.New("date stays") }
func (dateValue) ConvertToType(ref.Type) ref.Val            { return types.NewErr("date stays") }
func (d dateValue) Equal(o ref.Val) ref.Val                 { return types.Bool(d == o) }
func (dateValue) Type() ref.Type                            { return dateType }
func (d dateValue) Value() any                              { return d }

type bandsValue struct{ bands []pack.Band }

func (*bandsValue) ConvertToNative(reflect.Type) (any, error) { return nil, errors.New("bands stay") }
func (*bandsValue) ConvertToType(ref.Type) ref.Val            { return types.NewErr("bands stay") }
func (b *bandsValue) Equal(o ref.Val) ref.Val                 { return types.Bool(b == o) }
func (*bandsValue) Type() ref.Type                            { return bandsType }
func (b *bandsValue) Value() any                              { return b }

// object is a person, a household, an event or the parameters.
type object struct {
	kind   *cel.Type
	read   func(name string) (ref.Val, error)
	memo   map[string]ref.Val
	failed map[string]error
	call   func(function, programme string) ref.Val
}

func (*object) ConvertToNative(reflect.Type) (any, error) { return nil, errors.New("an object stays") }
func (*object) ConvertToType(ref.Type) ref.Val            { return types.NewErr("an object stays") }
func (o *object) Equal(p ref.Val) ref.Val                 { return types.Bool(o == p) }
func (o *object) Type() ref.Type                          { return o.kind }
func (o *object) Value() any                              { return o }

// Field is a fact or a variable, computed once.
func (o *object) Field(name string) (any, error) {
	if v, ok := o.memo[name]; ok {
		return v, o.failed[name]
	}
	v, err := o.read(name)
	o.memo[name], o.failed[name] = v, err
	return v, err
}

func newObject(kind string, read func(string) (ref.Val, error)) *object {
	return &object{kind: cel.ObjectType(kind), read: read, memo: map[string]ref.Val{}, failed: map[string]error{}}
}

func truth(b bool) ref.Val { return types.Bool(b) }

// bindings is the meaning of each overload, written without the engine's kernels.
func bindings(id string) []cel.OverloadOpt {
	if f, ok := binaryBindings[id]; ok {
		return []cel.OverloadOpt{cel.BinaryBinding(f)}
	}
	if f, ok := unaryBindings[id]; ok {
		return []cel.OverloadOpt{cel.UnaryBinding(f)}
	}
	if id == "known" {
		return []cel.OverloadOpt{cel.OverloadIsNonStrict(), cel.UnaryBinding(func(v ref.Val) ref.Val {
			if types.IsError(v) {
				return v
			}
			return truth(!types.IsUnknown(v))
		})}
	}
	if id == "or_default" {
		return []cel.OverloadOpt{cel.OverloadIsNonStrict(), cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			if types.IsUnknown(a) {
				return b
			}
			return a
		})}
	}
	if id == "not_strictly_false" {
		return []cel.OverloadOpt{cel.OverloadIsNonStrict(), cel.UnaryBinding(func(v ref.Val) ref.Val {
			if b, ok := v.(types.Bool); ok {
				return b
			}
			return types.True
		})}
	}
	return nil
}

func decimalResult(d money.Decimal, ok bool) ref.Val {
	if !ok {
		return types.NewErr("overflow or division by zero")
	}
	return decimalValue(d)
}

func onDecimals(f func(a, b money.Decimal) (money.Decimal, bool)) functions.BinaryOp {
	return func(a, b ref.Val) ref.Val {
		return decimalResult(f(money.Decimal(a.(decimalValue)), money.Decimal(b.(decimalValue))))
	}
}

func onDates(f func(a, b calendar.Date) int) functions.BinaryOp {
	return func(a, b ref.Val) ref.Val {
		return types.Int(f(calendar.Date(a.(dateValue)), calendar.Date(b.(dateValue))))
	}
}

func onInts(f func(a, b types.Int) ref.Val) functions.BinaryOp {
	return func(a, b ref.Val) ref.Val { return f(a.(types.Int), b.(types.Int)) }
}

var binaryBindings = map[string]functions.BinaryOp{
	"add_decimal":      onDecimals(money.Decimal.Add),
	"subtract_decimal": onDecimals(money.Decimal.Sub),
	"multiply_decimal": onDecimals(money.Decimal.Mul),
	"divide_decimal":   onDecimals(money.Decimal.Quo),
	"add_list":         func(a, b ref.Val) ref.Val { return a.(traits.Adder).Add(b) },
	"add_int":          func(a, b ref.Val) ref.Val { return a.(types.Int).Add(b) },
	"subtract_int":     func(a, b ref.Val) ref.Val { return a.(types.Int).Subtract(b) },
	"multiply_int":     func(a, b ref.Val) ref.Val { return a.(types.Int).Multiply(b) },
	"least_int":        onInts(func(a, b types.Int) ref.Val { return min(a, b) }),
	"greatest_int":     onInts(func(a, b types.Int) ref.Val { return max(a, b) }),
	"least_decimal":    onDecimals(func(a, b money.Decimal) (money.Decimal, bool) { return min(a, b), true }),
	"greatest_decimal": onDecimals(func(a, b money.Decimal) (money.Decimal, bool) { return max(a, b), true }),
	"less_int":         func(a, b ref.Val) ref.Val { return truth(a.(types.Int) < b.(types.Int)) },
	"less_equals_int":  func(a, b ref.Val) ref.Val { return truth(a.(types.Int) <= b.(types.Int)) },
	"greater_int":      func(a, b ref.Val) ref.Val { return truth(a.(types.Int) > b.(types.Int)) },
	"greater_equals_int": func(a, b ref.Val) ref.Val {
		return truth(a.(types.Int) >= b.(types.Int))
	},
	"less_decimal":           func(a, b ref.Val) ref.Val { return truth(a.(decimalValue) < b.(decimalValue)) },
	"less_equals_decimal":    func(a, b ref.Val) ref.Val { return truth(a.(decimalValue) <= b.(decimalValue)) },
	"greater_decimal":        func(a, b ref.Val) ref.Val { return truth(a.(decimalValue) > b.(decimalValue)) },
	"greater_equals_decimal": func(a, b ref.Val) ref.Val { return truth(a.(decimalValue) >= b.(decimalValue)) },
	"less_date":              func(a, b ref.Val) ref.Val { return truth(a.(dateValue) < b.(dateValue)) },
	"less_equals_date":       func(a, b ref.Val) ref.Val { return truth(a.(dateValue) <= b.(dateValue)) },
	"greater_date":           func(a, b ref.Val) ref.Val { return truth(a.(dateValue) > b.(dateValue)) },
	"greater_equals_date":    func(a, b ref.Val) ref.Val { return truth(a.(dateValue) >= b.(dateValue)) },
	"years":                  onDates(calendar.Years),
	"months":                 onDates(calendar.Months),
	"days":                   onDates(calendar.Days),
	"round": func(a, b ref.Val) ref.Val {
		return decimalResult(money.Decimal(a.(decimalValue)).Round(int(b.(types.Int))))
	},
	"in_codes": containsCode,
	"band": func(scale, amount ref.Val) ref.Val {
		for _, b := range scale.(*bandsValue).bands {
			if b.Last || decimalValue(b.UpTo) >= amount.(decimalValue) {
				return decimalValue(b.Value)
			}
		}
		return types.NewErr("no band")
	},
	"holds_person":       programmeBinding("holds"),
	"holds_household":    programmeBinding("holds"),
	"eligible_person":    programmeBinding("eligible"),
	"eligible_household": programmeBinding("eligible"),
	"amount_person":      programmeBinding("amount"),
	"amount_household":   programmeBinding("amount"),
	"outcome_person":     programmeBinding("outcome"),
	"outcome_household":  programmeBinding("outcome"),
}

func programmeBinding(function string) functions.BinaryOp {
	return func(unit, id ref.Val) ref.Val { return unit.(*object).call(function, string(id.(types.String))) }
}

func elements(list ref.Val) []ref.Val {
	l := list.(interface {
		Size() ref.Val
		Get(ref.Val) ref.Val
	})
	all := make([]ref.Val, int(l.Size().(types.Int)))
	for i := range all {
		all[i] = l.Get(types.Int(i))
	}
	return all
}

func containsCode(code, list ref.Val) ref.Val {
	for _, e := range elements(list) {
		if e.Equal(code) == types.True {
			return types.True
		}
	}
	return types.False
}

var unaryBindings = map[string]functions.UnaryOp{
	"not":            func(a ref.Val) ref.Val { return !a.(types.Bool) },
	"negate_int":     func(a ref.Val) ref.Val { return a.(types.Int).Negate() },
	"negate_decimal": func(a ref.Val) ref.Val { return decimalResult(money.Decimal(0).Sub(money.Decimal(a.(decimalValue)))) },
	"dec": func(a ref.Val) ref.Val {
		d, err := money.Parse(string(a.(types.String)))
		return decimalResult(d, err == nil)
	},
	"decimal_int": func(a ref.Val) ref.Val { return decimalResult(money.FromInt(int64(a.(types.Int)))) },
	"date_string": func(a ref.Val) ref.Val {
		d, err := calendar.Parse(string(a.(types.String)))
		if err != nil {
			return types.NewErr("no date")
		}
		return dateValue(d)
	},
	"floor": func(a ref.Val) ref.Val { return decimalResult(money.Decimal(a.(decimalValue)).Floor()) },
	"ceil":  func(a ref.Val) ref.Val { return decimalResult(money.Decimal(a.(decimalValue)).Ceil()) },
	"count": func(list ref.Val) ref.Val {
		n := types.Int(0)
		for _, e := range elements(list) {
			if e == types.True {
				n++
			}
		}
		return n
	},
	"sum_int": func(list ref.Val) ref.Val {
		var sum ref.Val = types.Int(0)
		for _, e := range elements(list) {
			if sum = sum.(types.Int).Add(e); types.IsError(sum) {
				return sum
			}
		}
		return sum
	},
	"sum_decimal": func(list ref.Val) ref.Val {
		sum := money.Decimal(0)
		for _, e := range elements(list) {
			var ok bool
			if sum, ok = sum.Add(money.Decimal(e.(decimalValue))); !ok {
				return types.NewErr("overflow")
			}
		}
		return decimalValue(sum)
	},
	"max_int": func(l ref.Val) ref.Val {
		return best(l, func(a, b ref.Val) bool { return a.(types.Int) > b.(types.Int) })
	},
	"min_int": func(l ref.Val) ref.Val {
		return best(l, func(a, b ref.Val) bool { return a.(types.Int) < b.(types.Int) })
	},
	"max_decimal": func(l ref.Val) ref.Val {
		return best(l, func(a, b ref.Val) bool { return a.(decimalValue) > b.(decimalValue) })
	},
	"min_decimal": func(l ref.Val) ref.Val {
		return best(l, func(a, b ref.Val) bool { return a.(decimalValue) < b.(decimalValue) })
	},
	"max_date": func(l ref.Val) ref.Val {
		return best(l, func(a, b ref.Val) bool { return a.(dateValue) > b.(dateValue) })
	},
	"min_date": func(l ref.Val) ref.Val {
		return best(l, func(a, b ref.Val) bool { return a.(dateValue) < b.(dateValue) })
	},
}

func best(list ref.Val, better func(a, b ref.Val) bool) ref.Val {
	all := elements(list)
	if len(all) == 0 {
		return types.NewErr("empty")
	}
	top := all[0]
	for _, e := range all[1:] {
		if better(e, top) {
			top = e
		}
	}
	return top
}

// oracle holds the programs of a pack's expressions on a date.
type oracle struct {
	policy   *Policy // compiled with bindings
	plan     *Plan
	on       calendar.Date
	programs map[string]cel.Program // by the expression's name
}

func newOracle(p *pack.Pack, on calendar.Date) (*oracle, error) {
	policy, faults := compile(p, bindings)
	if len(faults) > 0 {
		return nil, faults
	}
	o := &oracle{policy: policy, plan: policy.On(on, nil), on: on, programs: map[string]cel.Program{}}
	for _, f := range policy.world.formulas {
		if !f.span.Contains(on) {
			continue
		}
		program, err := f.env.Program(f.ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return nil, fmt.Errorf("planning %s: %w", f.name, err)
		}
		o.programs[f.name] = program
	}
	return o, nil
}

var errNotInForce = errors.New("not in force")

// home is one household of a batch as the oracle sees it.
type home struct {
	o         *oracle
	b         *Batch
	h         int
	household *object
	param     *object
	persons   map[int]*object
	outcomes  map[string]ref.Val
}

func (o *oracle) home(b *Batch, h int) *home {
	x := &home{o: o, b: b, h: h, persons: map[int]*object{}, outcomes: map[string]ref.Val{}}
	x.household = newObject(householdObject, x.householdField)
	x.household.call = func(function, id string) ref.Val { return x.programme(function, id, x.household, &b.Household, h) }
	x.param = newObject(paramObject, x.parameter)
	return x
}

func (x *home) person(i int) *object {
	if p, ok := x.persons[i]; ok {
		return p
	}
	var p *object
	p = newObject(personObject, func(name string) (ref.Val, error) {
		if name == "events" {
			return x.events(&x.b.PersonEvent, pack.Person, i), nil
		}
		return x.field(pack.Person, name, &x.b.Person, i, p)
	})
	p.call = func(function, id string) ref.Val { return x.programme(function, id, p, &x.b.Person, i) }
	x.persons[i] = p
	return p
}

func (x *home) supporter(i int) *object {
	var p *object
	p = newObject(personObject, func(name string) (ref.Val, error) { return x.field(pack.Person, name, &x.b.Supporter, i, p) })
	p.call = func(function, id string) ref.Val { return x.programme(function, id, p, &x.b.Supporter, i) }
	return p
}

func (x *home) householdField(name string) (ref.Val, error) {
	switch name {
	case "members":
		var all []ref.Val
		for i := range int(x.b.Counted[x.h]) {
			all = append(all, x.person(int(x.b.MemberStart[x.h])+i))
		}
		return refList(all), nil
	case "supporters":
		var all []ref.Val
		for i := x.b.SupporterStart[x.h]; i < x.b.SupporterStart[x.h+1]; i++ {
			all = append(all, x.supporter(int(i)))
		}
		return refList(all), nil
	case "events":
		return x.events(&x.b.HouseholdEvent, pack.Household, x.h), nil
	}
	return x.field(pack.Household, name, &x.b.Household, x.h, x.household)
}

func refList(all []ref.Val) ref.Val { return types.NewRefValList(types.DefaultTypeAdapter, all) }

func (x *home) events(e *Events, u pack.Unit, lane int) ref.Val {
	layout := x.o.policy.world.layout
	var all []ref.Val
	for row := int(e.Start[lane]); row < int(e.Start[lane+1]); row++ {
		all = append(all, newObject(string(u)+"_event", func(name string) (ref.Val, error) {
			slot, _ := layout.EventField(u, name)
			relation := personEvents
			if u == pack.Household {
				relation = householdEvents
			}
			t := (&builder{world: x.o.policy.world}).eventField(relation, name)
			return nativeValue(t.typ, t.list, e.Facts[slot].Num[row]), nil
		}))
	}
	return refList(all)
}

// field is a fact of the batch or a variable of the oracle's own.
func (x *home) field(u pack.Unit, name string, t *Table, lane int, self *object) (ref.Val, error) {
	w := x.o.policy.world
	path := string(u) + "." + name
	if slot, ok := w.layout.Slot(path); ok {
		f := w.layout.Facts(u)[slot]
		return nativeValue(f.Type, w.pack.Codes[f.Codes], t.Facts[slot].Num[lane]), nil
	}
	program, ok := x.o.programs[path]
	if !ok {
		return nil, errNotInForce
	}
	return x.eval(program, u, self)
}

func (x *home) eval(program cel.Program, u pack.Unit, self *object) (ref.Val, error) {
	vars := map[string]any{"household": x.household, "param": x.param, "on": dateValue(x.o.on)}
	if u == pack.Person {
		vars["person"] = self
	}
	v, _, err := program.Eval(vars)
	return v, err
}

func (x *home) parameter(name string) (ref.Val, error) {
	w := x.o.policy.world
	p := w.parameters[name]
	places := x.o.plan.places
	residence := ""
	if places.fact >= 0 {
		residence = places.residences[x.b.Household.Facts[places.fact].Num[x.h]]
	}
	value := places.at(p, x.o.on, x.b.Area[x.h], residence)
	if value == nil {
		return nil, errNotInForce
	}
	switch {
	case p.Bands:
		return &bandsValue{value.Bands}, nil
	case p.Codes != "":
		table := map[ref.Val]ref.Val{}
		for code, v := range value.Table {
			table[types.String(code)] = nativeValue(p.Type, nil, numeric(p, v))
		}
		return types.NewRefValMap(types.DefaultTypeAdapter, table), nil
	}
	return nativeValue(p.Type, nil, numeric(p, value.Value)), nil
}

func nativeValue(t pack.Type, list *pack.CodeList, num int64) ref.Val {
	switch t {
	case pack.Bool:
		return types.Bool(num != 0)
	case pack.Int:
		return types.Int(num)
	case pack.Date:
		return dateValue(num)
	case pack.Decimal:
		return decimalValue(num)
	case pack.CodeOf:
		return types.String(list.Codes[num].ID)
	}
	var codes []ref.Val
	for k, c := range list.Codes {
		if num>>k&1 != 0 {
			codes = append(codes, types.String(c.ID))
		}
	}
	return refList(codes)
}

// programme is the oracle's own reading of conditions and components.
func (x *home) programme(function, id string, self *object, t *Table, lane int) ref.Val {
	p := x.o.policy.world.programmes[id]
	if function == "holds" {
		return types.Bool(t.Held[p.index].Num[lane] != 0)
	}
	if !p.decl.Uncounted && t == &x.b.Person && lane >= int(x.b.MemberStart[x.h]+x.b.Counted[x.h]) {
		return notAssessed(function)
	}
	outcome, amount := x.decide(p, self)
	switch {
	case function == "outcome":
		return types.String(outcome)
	case outcome == Failed.String(), outcome == NotInForce.String():
		return amount
	case function == "eligible":
		return types.Bool(outcome == Eligible.String())
	}
	return amount
}

// notAssessed is what is read of a programme that does not judge somebody: the outcome says so, and nothing else is known.
func notAssessed(function string) ref.Val {
	if function == "outcome" {
		return types.String(NotAssessed.String())
	}
	return types.NewUnknown(1, nil)
}

// decide is eligible or ineligible with the amount, or else failed or lapsed with what a reader of it gets.
func (x *home) decide(p *programme, self *object) (string, ref.Val) {
	var version *pack.ProgrammeVersion
	for _, v := range p.decl.Versions {
		if v.Span.Contains(x.o.on) {
			version = v
		}
	}
	if version == nil {
		return NotInForce.String(), types.WrapErr(errNotInForce)
	}
	failed, lapsed := false, false
	for _, c := range version.Conditions {
		v, err := x.eval(x.o.programs[p.decl.ID+"."+c.ID], p.decl.Unit, self)
		if err != nil {
			lapsed = lapsed || errors.Is(err, errNotInForce)
			failed = failed || !errors.Is(err, errNotInForce)
			continue
		}
		if v == types.False {
			return Ineligible.String(), decimalValue(0)
		}
	}
	switch {
	case failed:
		return Failed.String(), types.NewErr("an error in a condition")
	case lapsed:
		return NotInForce.String(), types.WrapErr(errNotInForce)
	}
	sum := money.Decimal(0)
	for _, c := range version.Components {
		amount, ok := x.component(p, c, self)
		if !ok {
			return Failed.String(), types.NewErr("an error in an amount")
		}
		sum, _ = sum.Add(amount)
	}
	return Eligible.String(), decimalValue(sum)
}

func (x *home) component(p *programme, c *pack.Component, self *object) (money.Decimal, bool) {
	if when, ok := x.o.programs[p.decl.ID+"."+c.ID+".when"]; ok {
		v, err := x.eval(when, p.decl.Unit, self)
		if err != nil {
			return 0, errors.Is(err, errNotInForce)
		}
		if v == types.False {
			return 0, true
		}
	}
	program, ok := x.o.programs[p.decl.ID+"."+c.ID+".amount"]
	if !ok {
		return 0, true
	}
	v, err := x.eval(program, p.decl.Unit, self)
	if err != nil {
		return 0, errors.Is(err, errNotInForce)
	}
	return rounded(c.Rounding, money.Decimal(v.(decimalValue)))
}
