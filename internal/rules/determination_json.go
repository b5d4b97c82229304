package rules

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"dajiuzhu/internal/money"
)

// AppendJSON appends the determination's JSON, without white space: what json.Marshal gives with nothing escaped for HTML,
// in a fraction of its time. What several reasons have in common is made and written once and copied after that.
func (d *Determination) AppendJSON(to []byte) []byte {
	w := &jsonWriter{b: to, reasoner: newReasoner(d.account)}
	w.reasoner.everyValue(0, 0) // in the determination's order, not in that of writing
	determinationWriter()(w, reflect.ValueOf(d).Elem())
	return w.b
}

// MarshalJSON is AppendJSON for package json, which checks and copies what it gets: AppendJSON is faster.
func (d Determination) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// MarshalJSON tells what is asked, for whoever writes a part of a determination by itself.
func (a Asked[T]) MarshalJSON() ([]byte, error) { return unescaped(a.Tell()) }

// unescaped is the JSON of package json with nothing escaped for HTML.
func unescaped(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// jsonWriter writes a determination by the tags of its types, as package json does.
type jsonWriter struct {
	b        []byte
	reasoner *reasoner
}

// writeJSON appends a value of one type.
type writeJSON func(w *jsonWriter, v reflect.Value)

var determinationWriter = sync.OnceValue(func() writeJSON {
	return jsonTypes{}.writer(reflect.TypeFor[Determination]())
})

// jsonTypes are the writers of the types met so far; a reason is made of reasons.
type jsonTypes map[reflect.Type]*writeJSON

func (types jsonTypes) writer(t reflect.Type) writeJSON {
	if known := types[t]; known != nil {
		return func(w *jsonWriter, v reflect.Value) { (*known)(w, v) }
	}
	made := new(writeJSON)
	types[t] = made
	*made = types.make(t)
	return *made
}

func (types jsonTypes) make(t reflect.Type) writeJSON {
	if told, ok := toldType(t); ok {
		return types.asked(told)
	}
	switch t {
	case reflect.TypeFor[money.Decimal]():
		return func(w *jsonWriter, v reflect.Value) { w.text(money.Decimal(v.Int()).String()) }
	case reflect.TypeFor[*Reason]():
		return types.reason()
	}
	switch t.Kind() {
	case reflect.String:
		return func(w *jsonWriter, v reflect.Value) { w.text(v.String()) }
	case reflect.Bool:
		return func(w *jsonWriter, v reflect.Value) { w.b = strconv.AppendBool(w.b, v.Bool()) }
	case reflect.Int, reflect.Int64:
		return func(w *jsonWriter, v reflect.Value) { w.b = strconv.AppendInt(w.b, v.Int(), 10) }
	case reflect.Pointer:
		return types.pointer(t.Elem())
	case reflect.Slice:
		return types.list(t.Elem())
	case reflect.Struct:
		return types.object(t)
	}
	panic("rules: a determination has a field of a type that its JSON does not know: " + t.String())
}

// reason writes a reason that stands in the buffer already by copying it.
func (types jsonTypes) reason() writeJSON {
	write := types.pointer(reflect.TypeFor[Reason]())
	return func(w *jsonWriter, v reflect.Value) {
		r, _ := reflect.TypeAssert[*Reason](v)
		if r != nil && r.written.to > 0 {
			w.b = append(w.b, w.b[r.written.from:r.written.to]...)
			return
		}
		from := len(w.b)
		write(w, v)
		if r != nil {
			r.written = stretch{from, len(w.b)}
		}
	}
}

func (types jsonTypes) pointer(t reflect.Type) writeJSON {
	write := types.writer(t)
	return func(w *jsonWriter, v reflect.Value) {
		if v.IsNil() {
			w.b = append(w.b, "null"...)
			return
		}
		write(w, v.Elem())
	}
}

func (types jsonTypes) list(t reflect.Type) writeJSON {
	write := types.writer(t)
	return func(w *jsonWriter, v reflect.Value) {
		if v.IsNil() {
			w.b = append(w.b, "null"...)
			return
		}
		w.b = append(w.b, '[')
		for i := range v.Len() {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			write(w, v.Index(i))
		}
		w.b = append(w.b, ']')
	}
}

// jsonField is a field of an object.
type jsonField struct {
	key       string // with the comma before it
	index     int
	omitEmpty bool
	write     writeJSON
	inside    []jsonField // of an embedded struct, or a pointer to one: its fields stand among the others
	asked     bool
}

func (types jsonTypes) object(t reflect.Type) writeJSON {
	fields := types.fields(t)
	return func(w *jsonWriter, v reflect.Value) {
		from := len(w.b)
		w.fields(fields, v)
		if len(w.b) == from {
			w.b = append(w.b, '{')
		}
		w.b[from] = '{' // for the first comma
		w.b = append(w.b, '}')
	}
}

func (types jsonTypes) fields(t reflect.Type) []jsonField {
	var all []jsonField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous:
			inside := f.Type
			if inside.Kind() == reflect.Pointer {
				inside = inside.Elem()
			}
			all = append(all, jsonField{index: i, inside: types.fields(inside)})
		case f.IsExported():
			_, isAsked := toldType(f.Type)
			all = append(all, jsonField{key: `,"` + name + `":`, index: i, omitEmpty: options == "omitempty", write: types.writer(f.Type), asked: isAsked})
		}
	}
	return all
}

func (w *jsonWriter) fields(all []jsonField, v reflect.Value) {
	for i := range all {
		f := &all[i]
		value := v.Field(f.index)
		if f.inside != nil {
			w.fields(f.inside, reflect.Indirect(value))
			continue
		}
		from := len(w.b)
		if f.omitEmpty && !f.asked && isEmpty(value) {
			continue
		}
		w.b = append(w.b, f.key...)
		start := len(w.b)
		f.write(w, value)
		if f.asked && f.omitEmpty && (bytes.Equal(w.b[start:], []byte("null")) || bytes.Equal(w.b[start:], []byte("[]"))) {
			w.b = w.b[:from]
		}
	}
}

// isEmpty is what omitempty leaves out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.String:
		return v.Len() == 0
	}
	return v.IsZero()
}

// tells is something [Asked].
type tells interface {
	tellBy(r *reasoner) any
	told() reflect.Type
}

func (a Asked[T]) tellBy(r *reasoner) any { return a.by(r) }

func (Asked[T]) told() reflect.Type { return reflect.TypeFor[T]() }

// toldType is the type of what is asked, false of a type of which nothing is.
func toldType(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct || !t.Implements(reflect.TypeFor[tells]()) {
		return nil, false
	}
	return reflect.Zero(t).Interface().(tells).told(), true
}

func (types jsonTypes) asked(told reflect.Type) writeJSON {
	write := types.writer(told)
	return func(w *jsonWriter, v reflect.Value) {
		write(w, reflect.ValueOf(v.Addr().Interface().(tells).tellBy(w.reasoner)))
	}
}

// text appends a string. What JSON escapes is rare, and left to package json.
func (w *jsonWriter) text(s string) {
	if !isPlain(s) {
		escaped, _ := unescaped(s) // a string can always be written
		w.b = append(w.b, escaped...)
		return
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"')
}

// isPlain reports whether a string stands in JSON as it is: U+2028 and U+2029, which end a line in scripts, do not.
func isPlain(s string) bool {
	wide := false
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\':
			return false
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]|1 == 0xa9:
			return false
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	return !wide || utf8.ValidString(s)
}

// stretch is a part of a buffer.
type stretch struct{ from, to int }
