package pack

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
)

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
			return o.n.Content[i+1], true
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
	if v, ok := o.get(key); ok && v.Kind == yaml.ScalarNode && !isNull(v) {
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

func (o node) count(key string) int { return atoi(o.string(key)) }

func (o node) number(key string) money.Decimal { return decimal(o.string(key)) }

func (o node) optionalNumber(key string) *money.Decimal {
	if !o.has(key) {
		return nil
	}
	d := o.number(key)
	return &d
}

func (o node) date(key string) calendar.Date { return dateOf(o.string(key)) }

func (o node) area(key string) area.Code {
	code, _ := area.Parse(o.string(key))
	return code
}

func (o node) list(key string) []node {
	v, ok := o.get(key)
	if !ok || v.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]node, len(v.Content))
	for i, item := range v.Content {
		items[i] = node{o.f, item}
	}
	return items
}

// objects are the items of a list that are objects; the others have been reported.
func (o node) objects(key string) []node {
	return slices.DeleteFunc(o.list(key), func(item node) bool { return item.n.Kind != yaml.MappingNode })
}

func (o node) strings(key string) []string {
	var all []string
	for _, item := range o.list(key) {
		all = append(all, item.n.Value)
	}
	return all
}

// entries are the keys and values of the mapping under a key, in the order written.
func (o node) entries(key string) []entry { return o.object(key).all() }

// all are the object's own keys and values in the order written.
func (o node) all() []entry {
	if o.n == nil || o.n.Kind != yaml.MappingNode {
		return nil
	}
	var all []entry
	for i := 0; i+1 < len(o.n.Content); i += 2 {
		all = append(all, entry{o.n.Content[i].Value, node{o.f, o.n.Content[i]}, node{o.f, o.n.Content[i+1]}})
	}
	return all
}

// entry is a key with its value.
type entry struct {
	key   string
	at    node
	value node
}

// fits reports whether a key is absent or holds a value of a kind.
func (o node) fits(key string, k kind) bool { return !o.has(key) || scalarFits[k](o.string(key)) }

// pair is an object that holds one of the written values under a key of our own.
func (o node) pair(key string, value node) node {
	content := []*yaml.Node{{Kind: yaml.ScalarNode, Value: key}, value.n}
	return node{o.f, &yaml.Node{Kind: yaml.MappingNode, Line: o.n.Line, Column: o.n.Column, Content: content}}
}

// literal is a value as it is written, the items of a list with commas; nothing written is unknown.
func (o node) literal() string {
	if isNull(o.n) {
		return "unknown"
	}
	if o.n.Kind != yaml.SequenceNode {
		return o.n.Value
	}
	var items []string
	for _, item := range o.n.Content {
		items = append(items, item.Value)
	}
	return strings.Join(items, ",")
}

// What has been checked to be a number, a date or a whole number; the zero value of what was not.

func decimal(s string) money.Decimal { d, _ := money.Parse(s); return d }

func dateOf(s string) calendar.Date { d, _ := calendar.Parse(s); return d }

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }
