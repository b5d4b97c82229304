package population

import (
	"encoding/json"
	"fmt"
	"strconv"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

var (
	unknownCode = fault.Text{Key: "population.unknown-code",
		Zh: "“{found}”不在代码表“{list}”中；最接近的是“{nearest}”", En: `"{found}" is not in the code list "{list}"; the nearest is "{nearest}"`}
	tooSmall = fault.Text{Key: "population.too-small",
		Zh: "“{found}”小于最小值{limit}", En: `"{found}" is below the least value, {limit}`}
	tooLarge = fault.Text{Key: "population.too-large",
		Zh: "“{found}”大于最大值{limit}", En: `"{found}" is above the greatest value, {limit}`}
)

// wrongType is what messages say of a value that is not of its type.
var wrongType = map[pack.Type]fault.Text{
	pack.Bool: {Key: "population.not-a-bool",
		Zh: "“{found}”应为 true 或 false", En: `"{found}" is neither true nor false`},
	pack.Int: {Key: "population.not-an-int",
		Zh: "“{found}”应为整数", En: `"{found}" is not a whole number`},
	pack.Date: {Key: "population.not-a-date",
		Zh: "“{found}”应为日期（写作 2026-11-01）", En: `"{found}" is not a date (write 2026-11-01)`},
	pack.Decimal: {Key: "population.not-a-decimal",
		Zh: "“{found}”应为数字（最多6位小数，不加千分位逗号）", En: `"{found}" is not a number (at most 6 fraction digits, no thousands commas)`},
	pack.CodeOf: {Key: "population.not-a-code",
		Zh: "“{found}”应为一个代码", En: `"{found}" is not a code`},
	pack.CodesOf: {Key: "population.not-codes",
		Zh: "“{found}”应为代码列表", En: `"{found}" is not a list of codes`},
}

// shape is what a value must be: a fact's or an event field's declaration.
type shape struct {
	typ      pack.Type
	codes    *pack.CodeList
	min, max *money.Decimal
}

func factShape(p *pack.Pack, f *pack.Fact) shape {
	return shape{typ: f.Type, codes: p.Codes[f.Codes], min: f.Min, max: f.Max}
}

// read turns a value as written into a column's number.
func (s shape) read(v any) (int64, *fault.Error) {
	n, err := s.convert(v)
	if err != nil {
		return 0, err
	}
	return n, s.within(n, v)
}

func (s shape) convert(v any) (int64, *fault.Error) {
	switch s.typ {
	case pack.Bool:
		return s.bool(v)
	case pack.Int:
		return s.int(v)
	case pack.Date:
		return s.date(v)
	case pack.Decimal:
		return s.decimal(v)
	case pack.CodeOf:
		return s.code(v)
	}
	return s.set(v)
}

func (s shape) refuse(v any) *fault.Error {
	return fault.New(fault.Invalid, wrongType[s.typ], fault.Args{"found": shown(v)})
}

func shown(v any) string { return fault.Excerpt(fmt.Sprint(v)) }

func (s shape) bool(v any) (int64, *fault.Error) {
	switch v {
	case true, "true":
		return 1, nil
	case false, "false":
		return 0, nil
	}
	return 0, s.refuse(v)
}

func (s shape) int(v any) (int64, *fault.Error) {
	switch n := v.(type) {
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	case money.Decimal:
		if whole, ok := n.Floor(); ok && whole == n {
			return int64(n) / money.Scale, nil
		}
	case string:
		if i, err := strconv.ParseInt(n, 10, 64); err == nil {
			return i, nil
		}
	case json.Number:
		return s.int(n.String())
	}
	return 0, s.refuse(v)
}

func (s shape) date(v any) (int64, *fault.Error) {
	switch d := v.(type) {
	case calendar.Date:
		return int64(d), nil
	case string:
		if parsed, err := calendar.Parse(d); err == nil {
			return int64(parsed), nil
		}
	}
	return 0, s.refuse(v)
}

func (s shape) decimal(v any) (int64, *fault.Error) {
	switch d := v.(type) {
	case money.Decimal:
		return int64(d), nil
	case int:
		return s.decimal(int64(d))
	case int64:
		if whole, ok := money.FromInt(d); ok {
			return int64(whole), nil
		}
	case string:
		if parsed, err := money.Parse(d); err == nil {
			return int64(parsed), nil
		}
	case json.Number:
		return s.decimal(d.String())
	}
	return 0, s.refuse(v)
}

func (s shape) code(v any) (int64, *fault.Error) {
	id, ok := v.(string)
	if !ok || s.codes == nil {
		return 0, s.refuse(v)
	}
	if i := codeIndex(s.codes, id); i >= 0 {
		return int64(i), nil
	}
	return 0, fault.New(fault.Invalid, unknownCode, fault.Args{
		"found": fault.Excerpt(id), "list": s.codes.ID, "nearest": nearestCode(s.codes, id)})
}

// codeIndex is a code's value by its id or its Chinese name, -1 if it is not in the list.
func codeIndex(l *pack.CodeList, found string) int {
	for i, c := range l.Codes {
		if c.ID == found || c.Name.Zh == found {
			return i
		}
	}
	return -1
}

func nearestCode(l *pack.CodeList, found string) string {
	ids := make([]string, len(l.Codes))
	for i, c := range l.Codes {
		ids[i] = c.ID
	}
	return fault.Nearest(found, ids)
}

func (s shape) set(v any) (int64, *fault.Error) {
	var members []any
	switch list := v.(type) {
	case []any:
		members = list
	case []string:
		for _, id := range list {
			members = append(members, id)
		}
	default:
		return 0, s.refuse(v)
	}
	set := int64(0)
	for _, member := range members {
		code, err := s.code(member)
		if err != nil {
			return 0, err
		}
		set |= 1 << code
	}
	return set, nil
}

// within holds a number to the least and the greatest value of its declaration.
func (s shape) within(n int64, v any) *fault.Error {
	if s.typ != pack.Int && s.typ != pack.Decimal || s.min == nil && s.max == nil {
		return nil
	}
	d := money.Decimal(n)
	if s.typ == pack.Int {
		whole, ok := money.FromInt(n)
		if !ok {
			return s.refuse(v)
		}
		d = whole
	}
	if s.min != nil && d < *s.min {
		return fault.New(fault.Invalid, tooSmall, fault.Args{"found": shown(v), "limit": s.min.String()})
	}
	if s.max != nil && d > *s.max {
		return fault.New(fault.Invalid, tooLarge, fault.Args{"found": shown(v), "limit": s.max.String()})
	}
	return nil
}
