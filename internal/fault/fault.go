// Package fault holds the one error type of dajiuzhu.
//
// A fault says what went wrong to two readers. The officer reads Text, in Chinese or English, with the
// place (a file, a line, a row, a field) and what to do; the log reads Err, the cause. Kind is coarse: pages,
// the API and exit codes are chosen by it and by nothing else.
//
// Messages are declared beside the code that raises them:
//
//	var unknownFact = fault.Text{
//		Key: "pack.unknown-fact",
//		Zh:  "未知事实“{found}”，最接近的是“{nearest}”",
//		En:  `unknown fact "{found}"; the nearest is "{nearest}"`,
//	}
//	return fault.New(fault.Invalid, unknownFact, fault.Args{"found": name, "nearest": near})
//
// A missing fact is no fault: it is the value "unknown".
package fault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Kind is the coarse class of a fault.
type Kind uint8

// The kinds of faults.
const (
	Internal  Kind = iota // a defect or a failing machine; its text never reaches a person outside
	Invalid               // the input is wrong
	NotFound              // what was named does not exist
	Forbidden             // the caller may not
	Conflict              // the state forbids it
	Unready               // not now: try again later
)

// Lang is a language in which people read: "zh" or "en".
type Lang string

// The languages that every message has.
const (
	Zh Lang = "zh"
	En Lang = "en"
)

// Say chooses between a text in Chinese and the same in English.
func (l Lang) Say(zh, en string) string {
	if l == Zh {
		return zh
	}
	return en
}

// Text is a message in both languages. Places in braces, {name}, are filled from Args.
type Text struct {
	Key    string
	Zh, En string
}

// Args fills the places of a Text.
type Args map[string]any

// At is where the fault lies. Parts that are zero are left out. Line and Column count from 1 and belong to
// text files; Row counts a table's data rows from 1 (the header is not a row); Field names a column or a key.
type At struct {
	File         string
	Line, Column int
	Row          int
	Field        string
}

// Error is a fault.
type Error struct {
	Kind Kind
	Text Text
	Args Args
	At   At
	Err  error // the cause, for the log
}

// New returns a fault without a place.
func New(kind Kind, text Text, args Args) *Error {
	return &Error{Kind: kind, Text: text, Args: args}
}

// In returns a copy of e that lies at the given place.
func (e *Error) In(at At) *Error {
	c := *e
	c.At = at
	return &c
}

// Because returns a copy of e that is caused by err.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Error is the English message with its place and cause.
func (e *Error) Error() string {
	s := e.Message(En)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Message is the text for a person, with its place and without its cause.
func (e *Error) Message(lang Lang) string {
	template := e.Text.En
	if lang == Zh {
		template = e.Text.Zh
	}
	message := fill(template, e.Args)
	if place := e.At.describe(lang); place != "" {
		return place + ": " + message
	}
	return message
}

// String is the place in English: "file:line:column row 3 field x".
func (a At) String() string { return a.describe(En) }

func (a At) describe(lang Lang) string {
	var b strings.Builder
	b.WriteString(a.File)
	if a.Line > 0 {
		fmt.Fprintf(&b, ":%d", a.Line)
		if a.Column > 0 {
			fmt.Fprintf(&b, ":%d", a.Column)
		}
	}
	row, field := " row %d", " field %s"
	if lang == Zh {
		row, field = " 第%d行", " 字段%s"
	}
	if a.Row > 0 {
		fmt.Fprintf(&b, row, a.Row)
	}
	if a.Field != "" {
		fmt.Fprintf(&b, field, a.Field)
	}
	return strings.TrimSpace(b.String())
}

func fill(template string, args Args) string {
	if len(args) == 0 {
		return template
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

// Excerpt is foreign text made fit for a message: at most 40 characters, none of them invisible, and the middle of a
// long run of digits hidden, since it may be an identity number or an account in the wrong place.
func Excerpt(s string) string {
	const longest = 40
	shown := make([]rune, 0, longest+1)
	for _, r := range s {
		if len(shown) == longest {
			shown = append(shown, '…')
			break
		}
		if !unicode.IsGraphic(r) {
			r = unicode.ReplacementChar
		}
		shown = append(shown, r)
	}
	hideNumbers(shown)
	return string(shown)
}

// HideNumbers is a text, of any length, with the middle of each long run of digits hidden: what is kept or logged of an error of foreign origin.
func HideNumbers(s string) string {
	text := []rune(s)
	hideNumbers(text)
	return string(text)
}

// hideNumbers stars the middle of each run of digits that is as long as an identity number of the old form.
func hideNumbers(text []rune) {
	const long, head, tail = 15, 6, 4
	run := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && unicode.IsDigit(text[i]) {
			run++
			continue
		}
		if run >= long {
			for j := i - run + head; j < i-tail; j++ {
				text[j] = '*'
			}
		}
		run = 0
	}
}

// KindOf returns the kind of the outermost fault in err's chain, Internal where there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// List is several faults, reported together.
type List []*Error

// Err returns the list as an error, nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Error is one fault a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults one by one.
func (l List) Unwrap() []error {
	all := make([]error, len(l))
	for i, e := range l {
		all[i] = e
	}
	return all
}

// Sort orders the list by place, so that a report is the same on every run.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.At.Row, b.At.Row),
			cmp.Compare(a.At.Field, b.At.Field), cmp.Compare(a.Message(En), b.Message(En)))
	})
}

// Nearest returns the name closest to found by edit distance, "" when none is near enough to be meant.
func Nearest(found string, names []string) string {
	best, bestDistance := "", len([]rune(found))/2+1
	for _, name := range names {
		if d := distance([]rune(found), []rune(name)); d < bestDistance || d == bestDistance && best != "" && name < best {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ca := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, cb := range b {
			cost := 1
			if ca == cb {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
