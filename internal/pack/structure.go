package pack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

var (
	badYAML = fault.Text{Key: "pack.yaml",
		Zh: "YAML 写法有误：{detail}", En: "this is not well-formed YAML: {detail}"}
	unknownKey = fault.Text{Key: "pack.unknown-key",
		Zh: "{in} 不认识“{found}”；最接近的是“{nearest}”", En: `{in} knows no "{found}"; the nearest is "{nearest}"`}
	unknownKeyAlone = fault.Text{Key: "pack.unknown-key-alone",
		Zh: "{in} 不认识“{found}”；可用的有：{expected}", En: `{in} knows no "{found}"; it has: {expected}`}
	doubleKey = fault.Text{Key: "pack.double-key",
		Zh: "“{found}”写了两次", En: `"{found}" stands here twice`}
	missingKey = fault.Text{Key: "pack.missing-key",
		Zh: "{in} 缺少“{expected}”", En: `{in} lacks "{expected}"`}
	wrongKind = fault.Text{Key: "pack.wrong-kind",
		Zh: "“{key}”应为{expectedZh}，写的是{foundZh}", En: `"{key}" is {expected}, found {found}`}
	notOneOf = fault.Text{Key: "pack.not-one-of",
		Zh: "“{key}”不能是“{found}”；可用的有：{expected}", En: `"{key}" cannot be "{found}"; it is one of: {expected}`}
	emptyText = fault.Text{Key: "pack.empty-text",
		Zh: "“{key}”是空的", En: `"{key}" is empty`}
)

// kind is what a key holds.
type kind uint8

const (
	kindString kind = iota // any scalar, read as its text
	kindID                 // a name in code: letters, digits, -, _, .
	kindText               // {zh: …, en: …}
	kindBool
	kindInt
	kindNumber // an exact decimal
	kindDate
	kindArea
	kindExpr
	kindEnum
	kindObject
	kindList   // of the field's item
	kindMap    // of ids to the field's item
	kindAny    // left as it is
	kindScalar // a text, a number, a list or nothing, which is unknown: its text is kept
)

var kindNames = map[kind]Text{
	kindString: {"文字", "a text"}, kindID: {"代号", "a name of letters, digits, - and _"}, kindText: {"{zh: …, en: …}", "{zh: …, en: …}"},
	kindBool: {"true 或 false", "true or false"}, kindInt: {"整数", "a whole number"}, kindNumber: {"最多 6 位小数的数字", "a number of at most 6 fraction digits"},
	kindDate: {"日期（2026-11-01）", "a date (2026-11-01)"}, kindArea: {"区划代码", "an area code"}, kindExpr: {"表达式", "an expression"},
	kindEnum: {"固定词", "one of a few words"}, kindObject: {"一组键值", "keys and values"}, kindList: {"列表", "a list"}, kindMap: {"一组键值", "keys and values"},
	kindScalar: {"文字或数字", "a text or a number"},
}

// shape is the keys that an object may have.
type shape struct {
	name   string
	fields []field
}

// field is one key of a shape.
type field struct {
	key      string
	kind     kind
	required bool
	enum     []string
	of       *shape // of an object, of a list's or a map's items
	item     kind   // of a list's or a map's items
}

func (s *shape) field(key string) *field {
	for i := range s.fields {
		if s.fields[i].key == key {
			return &s.fields[i]
		}
	}
	return nil
}

func (s *shape) keys() []string {
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return keys
}

// file is one YAML file being read.
type file struct {
	name   string
	lines  []string
	faults *fault.List
}

func (f *file) pos(n *yaml.Node) Pos { return Pos{f.name, n.Line, n.Column} }

func (f *file) fail(n *yaml.Node, text fault.Text, args fault.Args) {
	*f.faults = append(*f.faults, fault.New(fault.Invalid, text, args).In(f.pos(n).At()))
}

// check holds a node to a kind and reports whether it fits. Faults inside objects and lists are reported, but the node
// itself then still counts as fitting: its other keys can be read.
func (f *file) check(n *yaml.Node, key string, k kind, fld *field) bool {
	n = deref(n)
	switch k {
	case kindObject:
		return f.checkObject(n, fld.of)
	case kindList:
		return f.checkList(n, key, fld)
	case kindMap:
		return f.checkMap(n, key, fld)
	case kindText:
		return f.checkText(n, key)
	case kindAny:
		return true
	case kindScalar:
		if n.Kind != yaml.MappingNode {
			return true
		}
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		f.wrong(n, key, k)
		return false
	}
	if k == kindEnum {
		if !slices.Contains(fld.enum, n.Value) {
			f.fail(n, notOneOf, fault.Args{"key": key, "found": fault.Excerpt(n.Value), "expected": strings.Join(fld.enum, ", ")})
			return false
		}
		return true
	}
	if !scalarFits(k, n.Value) {
		f.wrong(n, key, k)
		return false
	}
	return true
}

func scalarFits(k kind, value string) bool {
	switch k {
	case kindID:
		return isID(value)
	case kindBool:
		_, ok := boolean(value)
		return ok
	case kindInt:
		_, err := strconv.Atoi(value)
		return err == nil
	case kindNumber:
		_, err := money.Parse(value)
		return err == nil
	case kindDate:
		_, err := calendar.Parse(value)
		return err == nil
	case kindArea:
		_, err := area.Parse(value)
		return err == nil
	case kindExpr, kindString:
		return strings.TrimSpace(value) != ""
	}
	return true
}

func boolean(value string) (truth, ok bool) {
	switch value {
	case "true", "yes":
		return true, true
	case "false", "no":
		return false, true
	}
	return false, false
}

func isID(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return s != ""
}

func (f *file) wrong(n *yaml.Node, key string, k kind) {
	zh, en := foundText(n)
	f.fail(n, wrongKind, fault.Args{"key": key, "expected": kindNames[k].En, "expectedZh": kindNames[k].Zh, "found": en, "foundZh": zh})
}

func foundText(n *yaml.Node) (zh, en string) {
	switch {
	case n.Kind == yaml.MappingNode:
		return "一组键值", "keys and values"
	case n.Kind == yaml.SequenceNode:
		return "列表", "a list"
	case n.Tag == "!!null":
		return "空", "nothing"
	}
	quoted := fmt.Sprintf("%q", fault.Excerpt(n.Value))
	return quoted, quoted
}

func (f *file) checkObject(n *yaml.Node, s *shape) bool {
	if n.Kind != yaml.MappingNode {
		f.wrong(n, s.name, kindObject)
		return false
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		fld := s.field(key.Value)
		switch {
		case seen[key.Value]:
			f.fail(key, doubleKey, fault.Args{"found": key.Value})
			continue
		case fld == nil:
			f.unknownKey(key, s)
			continue
		}
		seen[key.Value] = true
		f.check(value, key.Value, fld.kind, fld)
	}
	for _, fld := range s.fields {
		if fld.required && !seen[fld.key] {
			f.fail(n, missingKey, fault.Args{"in": s.name, "expected": fld.key})
		}
	}
	return true
}

func (f *file) unknownKey(key *yaml.Node, s *shape) {
	args := fault.Args{"in": s.name, "found": fault.Excerpt(key.Value), "nearest": fault.Nearest(key.Value, s.keys()), "expected": strings.Join(s.keys(), ", ")}
	if args["nearest"] == "" {
		f.fail(key, unknownKeyAlone, args)
		return
	}
	f.fail(key, unknownKey, args)
}

func (f *file) checkList(n *yaml.Node, key string, fld *field) bool {
	if n.Kind != yaml.SequenceNode {
		f.wrong(n, key, kindList)
		return false
	}
	inner := &field{key: key, kind: fld.item, of: fld.of, enum: fld.enum}
	for _, item := range n.Content {
		f.check(item, key, fld.item, inner)
	}
	return true
}

func (f *file) checkMap(n *yaml.Node, key string, fld *field) bool {
	if n.Kind != yaml.MappingNode {
		f.wrong(n, key, kindMap)
		return false
	}
	inner := &field{key: key, kind: fld.item, of: fld.of, enum: fld.enum}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		if seen[name.Value] {
			f.fail(name, doubleKey, fault.Args{"found": name.Value})
		}
		seen[name.Value] = true
		f.check(n.Content[i+1], name.Value, fld.item, inner)
	}
	return true
}

// textShape is the shape of everything that people read.
var textShape = &shape{name: "text", fields: []field{{key: "zh", kind: kindString, required: true}, {key: "en", kind: kindString, required: true}}}

func (f *file) checkText(n *yaml.Node, key string) bool {
	if n.Kind != yaml.MappingNode {
		f.wrong(n, key, kindText)
		return false
	}
	return f.checkObject(n, &shape{name: key, fields: textShape.fields})
}

// deref follows an alias; documents that could grow by aliases have been refused before.
func deref(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// node reads the values of an object whose shape has been checked. What did not fit reads as its zero value.
type node struct {
	f *file
	n *yaml.Node
}

func (o node) get(key string) (*yaml.Node, bool) {
	if o.n == nil || o.n.Kind != yaml.MappingNode {
		return nil, false
	}
	for i := 0; i+1 < len(o.n.Content); i += 2 {
		if o.n.Content[i].Value == key {
			return deref(o.n.Content[i+1]), true
		}
	}
	return nil, false
}

func (o node) has(key string) bool {
	_, ok := o.get(key)
	return ok
}

func (o node) pos() Pos { return o.f.pos(o.n) }

// posOf is the place of a key's value, or of the object if the key is absent.
func (o node) posOf(key string) Pos {
	if v, ok := o.get(key); ok {
		return o.f.pos(v)
	}
	return o.pos()
}

func (o node) string(key string) string {
	if v, ok := o.get(key); ok && v.Kind == yaml.ScalarNode && v.Tag != "!!null" {
		return v.Value
	}
	return ""
}

func (o node) object(key string) node {
	v, _ := o.get(key)
	return node{o.f, v}
}

func (o node) text(key string) Text {
	t := o.object(key)
	return Text{t.string("zh"), t.string("en")}
}

func (o node) bool(key string) bool {
	truth, _ := boolean(o.string(key))
	return truth
}

func (o node) int(key string) int {
	i, _ := strconv.Atoi(o.string(key))
	return i
}

func (o node) number(key string) money.Decimal {
	d, _ := money.Parse(o.string(key))
	return d
}

func (o node) optionalNumber(key string) *money.Decimal {
	if !o.has(key) {
		return nil
	}
	d := o.number(key)
	return &d
}

func (o node) date(key string) calendar.Date {
	d, _ := calendar.Parse(o.string(key))
	return d
}

func (o node) list(key string) []node {
	v, ok := o.get(key)
	if !ok || v.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]node, len(v.Content))
	for i, item := range v.Content {
		items[i] = node{o.f, deref(item)}
	}
	return items
}

func (o node) strings(key string) []string {
	var all []string
	for _, item := range o.list(key) {
		all = append(all, item.n.Value)
	}
	return all
}

// entries are a mapping's keys and values in the order written.
func (o node) entries(key string) []entry {
	v, ok := o.get(key)
	if !ok || v.Kind != yaml.MappingNode {
		return nil
	}
	var all []entry
	for i := 0; i+1 < len(v.Content); i += 2 {
		all = append(all, entry{v.Content[i].Value, node{o.f, v.Content[i]}, node{o.f, deref(v.Content[i+1])}})
	}
	return all
}

// entry is a key with its value.
type entry struct {
	key   string
	at    node
	value node
}
