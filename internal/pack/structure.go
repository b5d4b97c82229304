package pack

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	unknownKey = fault.Text{Key: "pack.unknown-key",
		Zh: "{inZh}里没有“{found}”这一项，最接近的是“{nearest}”", En: `{in} has no "{found}"; the nearest is "{nearest}"`}
	unknownKeyAlone = fault.Text{Key: "pack.unknown-key-alone",
		Zh: "{inZh}里没有“{found}”这一项，可以写的有：{expected}", En: `{in} has no "{found}"; it may have: {expected}`}
	doubleKey = fault.Text{Key: "pack.double-key",
		Zh: "“{found}”写了两次，前一次在第 {line} 行", En: `"{found}" stands twice; the first is on line {line}`}
	missingKey = fault.Text{Key: "pack.missing-key",
		Zh: "{inZh}缺少“{expected}”", En: `{in} needs "{expected}"`}
	wrongKind = fault.Text{Key: "pack.wrong-kind",
		Zh: "“{key}”应为：{expectedZh}；现在写的是{foundZh}", En: `"{key}" must be {expected}; found {found}`}
	wrongItem = fault.Text{Key: "pack.wrong-item",
		Zh: "“{key}”的每一项应为：{expectedZh}；现在写的是{foundZh}", En: `each item of "{key}" must be {expected}; found {found}`}
	notOneOf = fault.Text{Key: "pack.not-one-of",
		Zh: "“{key}”不能写“{found}”，可以写的有：{expected}", En: `"{key}" cannot be "{found}"; it is one of: {expected}`}
	emptyList = fault.Text{Key: "pack.empty-list",
		Zh: "“{key}”是空的，至少要写一项", En: `"{key}" is empty; it needs at least one entry`}
)

// shape is the keys that an object may have. Its name stands in messages, in English with the article.
type shape struct {
	name   Text
	fields []field
}

// field is one key of a shape.
type field struct {
	key      string
	kind     kind
	required bool
	filled   bool // a list that cannot be empty
	enum     []string
	of       *shape // of an object, of a list's or a map's items
	item     kind   // of a list's or a map's items
	each     bool   // is itself each item of a list
}

// items is the field that each item of a list must fit.
func (f *field) items() *field {
	return &field{key: f.key, kind: f.item, of: f.of, enum: f.enum, each: true}
}

// entry is the field that the entry of a map under a key must fit.
func (f *field) entry(key string) *field {
	return &field{key: key, kind: f.item, of: f.of, enum: f.enum}
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

// check holds a node to a field and reports whether it fits. Faults inside objects and lists are reported, but the node
// itself then still counts as fitting: its other keys can be read.
func (f *file) check(n *yaml.Node, fld *field) bool {
	switch fld.kind {
	case kindObject:
		return f.checkObject(n, fld.of, fld)
	case kindList:
		return f.checkList(n, fld)
	case kindMap:
		return f.checkMap(n, fld)
	case kindText:
		return f.checkObject(n, textOf(fld.key), fld)
	case kindFacts:
		return f.checkFacts(n, fld)
	case kindDays:
		if n.Kind == yaml.MappingNode {
			return f.checkObject(n, daysOffShape, fld)
		}
	case kindAny:
		f.checkAny(n)
		return true
	case kindScalar:
		return f.checkValue(n, fld)
	}
	return f.checkScalar(n, fld)
}

func (f *file) checkScalar(n *yaml.Node, fld *field) bool {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		return f.wrong(n, fld)
	}
	if fld.kind == kindEnum && !slices.Contains(fld.enum, n.Value) {
		f.fail(n, notOneOf, fault.Args{"key": fld.key, "found": fault.Excerpt(n.Value), "expected": strings.Join(fld.enum, ", ")})
		return false
	}
	if fits := scalarFits[fld.kind]; fits != nil && !fits(n.Value) {
		return f.wrong(n, fld)
	}
	return true
}

// wrong reports a node that is not what its key must be; it is always false, for the checks to return.
func (f *file) wrong(n *yaml.Node, fld *field) bool { return f.wrongFor(n, fld, kindNames[fld.kind]) }

func (f *file) wrongFor(n *yaml.Node, fld *field, expected Text) bool {
	text := wrongKind
	if fld.each {
		text = wrongItem
	}
	found := describe(n)
	f.fail(n, text, fault.Args{"key": fld.key, "expected": expected.En, "expectedZh": expected.Zh, "found": found.En, "foundZh": found.Zh})
	return false
}

// describe is what a node holds, for a message.
func describe(n *yaml.Node) Text {
	switch {
	case n.Kind == yaml.MappingNode:
		return kindNames[kindMap]
	case n.Kind == yaml.SequenceNode:
		return kindNames[kindList]
	case isNull(n) || strings.TrimSpace(n.Value) == "":
		return Text{"空白", "nothing"}
	}
	return Text{"“" + fault.Excerpt(n.Value) + "”", strconv.Quote(fault.Excerpt(n.Value))}
}

func isNull(n *yaml.Node) bool { return n.Tag == "!!null" }

// checkObject checks the keys and values of an object that stands under a field.
func (f *file) checkObject(n *yaml.Node, s *shape, under *field) bool {
	if n.Kind != yaml.MappingNode {
		return f.wrongFor(n, under, Text{"一组键值（" + strings.Join(s.keys(), "、") + "）", "keys and values (" + strings.Join(s.keys(), ", ") + ")"})
	}
	seen := f.eachKey(n, func(key, value *yaml.Node) {
		fld := s.field(key.Value)
		if fld == nil {
			f.unknownKey(key, s)
			return
		}
		f.check(value, fld)
	})
	for _, fld := range s.fields {
		if fld.required && !seen[fld.key] {
			f.fail(n, missingKey, fault.Args{"in": s.name.En, "inZh": s.name.Zh, "expected": fld.key})
		}
	}
	return true
}

// checkWhole checks an object that stands under no key: a document, or an item of a file that is a list.
func (f *file) checkWhole(n *yaml.Node, s *shape) bool {
	return f.checkObject(n, s, &field{key: nounOf(s.name.En), kind: kindObject, of: s})
}

// nounOf is a shape's name without its article.
func nounOf(name string) string {
	for _, article := range []string{"a ", "an ", "the "} {
		if noun, ok := strings.CutPrefix(name, article); ok {
			return noun
		}
	}
	return name
}

// eachKey visits the keys and values of a mapping, refuses what stands twice, and returns the keys that are there.
func (f *file) eachKey(n *yaml.Node, visit func(key, value *yaml.Node)) map[string]bool {
	seen, lines := map[string]bool{}, map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			f.wrong(key, &field{key: "key", kind: kindString})
		case seen[key.Value]:
			f.fail(key, doubleKey, fault.Args{"found": fault.Excerpt(key.Value), "line": lines[key.Value]})
		default:
			seen[key.Value], lines[key.Value] = true, key.Line
			visit(key, value)
		}
	}
	return seen
}

func (f *file) unknownKey(key *yaml.Node, s *shape) {
	args := fault.Args{"in": s.name.En, "inZh": s.name.Zh, "found": fault.Excerpt(key.Value),
		"nearest": nearest(key.Value, s.keys()), "expected": strings.Join(s.keys(), ", ")}
	if args["nearest"] == "" {
		f.fail(key, unknownKeyAlone, args)
		return
	}
	f.fail(key, unknownKey, args)
}

func (f *file) checkList(n *yaml.Node, fld *field) bool {
	if n.Kind != yaml.SequenceNode {
		return f.wrong(n, fld)
	}
	if fld.filled && len(n.Content) == 0 {
		f.fail(n, emptyList, fault.Args{"key": fld.key})
	}
	for _, item := range n.Content {
		f.check(item, fld.items())
	}
	return true
}

func (f *file) checkMap(n *yaml.Node, fld *field) bool {
	if n.Kind != yaml.MappingNode {
		return f.wrong(n, fld)
	}
	if fld.filled && len(n.Content) == 0 {
		f.fail(n, emptyList, fault.Args{"key": fld.key})
	}
	f.eachKey(n, func(key, value *yaml.Node) { f.check(value, fld.entry(key.Value)) })
	return true
}

// checkFacts checks a mapping of which the pack itself, and not this package, says what may stand in it.
func (f *file) checkFacts(n *yaml.Node, fld *field) bool {
	if n.Kind != yaml.MappingNode {
		return f.wrong(n, fld)
	}
	f.checkAny(n)
	return true
}

// checkAny refuses what could not be right anywhere: a key that stands twice.
func (f *file) checkAny(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		f.eachKey(n, func(_, value *yaml.Node) { f.checkAny(value) })
	case yaml.SequenceNode:
		for _, item := range n.Content {
			f.checkAny(item)
		}
	}
}

// checkValue checks a value of a fact: a scalar, a list of scalars, or nothing.
func (f *file) checkValue(n *yaml.Node, fld *field) bool {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		blank := item.Kind == yaml.ScalarNode && strings.TrimSpace(item.Value) == ""
		if item.Kind != yaml.ScalarNode || isNull(item) && item != n || blank && !isNull(item) {
			return f.wrong(item, fld)
		}
	}
	return true
}

// nearest is the name closest to what was found. What is far longer than any name was not meant as one.
func nearest(found string, names []string) string {
	const longest = 100
	if len(found) > longest {
		return ""
	}
	return fault.Nearest(found, names)
}

// nearestPath compares names of persons and households without the unit, which would make any two of them look alike: of
// the same unit first, then of the other.
func nearestPath(found string, paths []string) string {
	unit, name, ok := strings.Cut(found, ".")
	if !ok {
		unit, name = "", found
	}
	var same, other []string
	of := map[string]string{}
	for _, path := range paths {
		itsUnit, itsName, _ := strings.Cut(path, ".")
		if itsUnit == unit {
			same = append(same, itsName)
			continue
		}
		other, of[itsName] = append(other, itsName), path
	}
	if near := nearest(name, same); near != "" {
		return unit + "." + near
	}
	return of[nearest(name, other)]
}
