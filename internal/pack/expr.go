package pack

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Expr is an expression as written. An Expr without Source is absent.
type Expr struct {
	Source string
	Pos    Pos // of its first character

	runs []run
}

// run is a stretch of the source that stands in one piece on a line of the file.
type run struct {
	offset int // of its first character in the source
	pos    Pos
}

// PosAt is the place in the file of a line and column of the source, both from 1. What lies before the source is at its
// beginning, what lies after it as far behind its end.
func (e Expr) PosAt(line, column int) Pos {
	offset := e.offset(line, column)
	pos := e.Pos
	for _, r := range e.runs {
		if r.offset > offset {
			break
		}
		pos = r.pos
		pos.Column += offset - r.offset
	}
	return pos
}

// offset is how many characters of the source stand before a line and column.
func (e Expr) offset(line, column int) int {
	offset, at := max(column-1, 0), 1
	for _, r := range e.Source {
		if at >= line {
			break
		}
		offset++
		if r == '\n' {
			at++
		}
	}
	return offset
}

func (o node) expr(key string) Expr {
	v, ok := o.get(key)
	if !ok || v.Kind != yaml.ScalarNode || isNull(v) {
		return Expr{}
	}
	return o.f.expr(v)
}

// expr is a scalar's text with the place of each of its characters.
func (f *file) expr(n *yaml.Node) Expr {
	e := Expr{Source: strings.TrimRight(n.Value, "\n"), Pos: f.pos(n)}
	a := aligner{file: f, style: n.Style, line: n.Line, column: n.Column}
	if runs, ok := a.align([]rune(e.Source)); ok && len(runs) > 0 {
		e.Pos, e.runs = runs[0].pos, runs
	}
	return e
}

// aligner walks a scalar as the file has it beside its text as YAML gives it. The two differ by blanks, of which YAML
// drops and folds some, and by what quotes escape; anything else between them would be a scalar that it does not
// understand, and then only the scalar's beginning is known.
type aligner struct {
	file         *file
	style        yaml.Style
	line, column int    // of the next character of the file, from 1
	text         []rune // of that line
	read         int    // the line that text is
}

func (a *aligner) align(source []rune) ([]run, bool) {
	a.open()
	var runs []run
	for i := 0; i < len(source); {
		r, ok := a.peek()
		switch {
		case !ok:
			return nil, false
		case a.continues(r):
			a.next(2)
		case r == source[i] || a.escapes(r):
			runs = a.put(runs, i)
			a.skip(r)
			i++
		case unicode.IsSpace(source[i]):
			runs = a.put(runs, i)
			i++
		case unicode.IsSpace(r):
			a.next(1)
		default:
			return nil, false
		}
	}
	return runs, true
}

// open goes to the first character of the text: past a tag, past the quote, past the line of a block's indicator.
func (a *aligner) open() {
	if r, _ := a.peek(); a.style&yaml.TaggedStyle != 0 && r == '!' {
		for r, ok := a.peek(); ok && !unicode.IsSpace(r); r, ok = a.peek() {
			a.next(1)
		}
		for r, ok := a.peek(); ok && unicode.IsSpace(r); r, ok = a.peek() {
			a.next(1)
		}
	}
	switch {
	case a.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		a.line, a.column = a.line+1, 1
	case a.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		a.next(1)
	}
}

// peek is the file's next character; the end of a line is one.
func (a *aligner) peek() (rune, bool) {
	if a.line < 1 || a.line > len(a.file.lines) {
		return 0, false
	}
	if a.read != a.line {
		a.text, a.read = []rune(a.file.lines[a.line-1]), a.line
	}
	if a.column > len(a.text) {
		return '\n', true
	}
	return a.text[a.column-1], true
}

func (a *aligner) next(n int) {
	for range n {
		if a.column > len(a.text) {
			a.line, a.column = a.line+1, 1
			a.peek()
			continue
		}
		a.column++
	}
}

// continues reports a line break that a double-quoted text escapes, so that nothing of it is left.
func (a *aligner) continues(r rune) bool {
	return r == '\\' && a.style&yaml.DoubleQuotedStyle != 0 && strings.TrimRight(string(a.text[a.column:]), "\r") == ""
}

// escapes reports that a character of the text is written otherwise than it is.
func (a *aligner) escapes(r rune) bool { return r == '\\' && a.style&yaml.DoubleQuotedStyle != 0 }

// skip goes past a character of the text as the file has it.
func (a *aligner) skip(r rune) {
	switch {
	case a.escapes(r) && a.column < len(a.text):
		a.next(2 + escapeDigits[a.text[a.column]])
	case r == '\'' && a.style&yaml.SingleQuotedStyle != 0:
		a.next(2)
	default:
		a.next(1)
	}
}

// escapeDigits are how many hexadecimal digits follow an escape.
var escapeDigits = map[rune]int{'x': 2, 'u': 4, 'U': 8}

// put notes where a character stands, unless it follows the one before.
func (a *aligner) put(runs []run, offset int) []run {
	if len(runs) > 0 {
		last := runs[len(runs)-1]
		if last.pos.Line == a.line && a.column-last.pos.Column == offset-last.offset {
			return runs
		}
	}
	return append(runs, run{offset, Pos{a.file.name, a.line, a.column}})
}
