package pack

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Expr is an expression as written. An Expr without Source is absent.
type Expr struct {
	Source string
	Pos    Pos // of its first character

	runs []run
}

// run is a stretch of the source that stands on one line of the file.
type run struct {
	offset int // of its first rune in the source
	pos    Pos
}

// PosAt is the place in the file of a line and column of the source, both from 1.
func (e Expr) PosAt(line, column int) Pos {
	offset := column - 1
	for _, l := range strings.SplitAfter(e.Source, "\n")[:max(0, min(line-1, strings.Count(e.Source, "\n")))] {
		offset += utf8.RuneCountInString(l)
	}
	pos := e.Pos
	for _, r := range e.runs {
		if r.offset <= offset {
			pos = r.pos
			pos.Column += offset - r.offset
		}
	}
	return pos
}

func (o node) expr(key string) Expr {
	v, ok := o.get(key)
	if !ok || v.Kind != yaml.ScalarNode || isNull(v) {
		return Expr{}
	}
	return o.f.expr(v)
}

// expr finds where each part of a scalar's text stands in the file.
func (f *file) expr(n *yaml.Node) Expr {
	e := Expr{Source: strings.TrimRight(n.Value, "\n"), Pos: f.pos(n)}
	t := f.tracerOf(n)
	for offset, r := range []rune(e.Source) {
		at, ok := t.next(r)
		if !ok {
			break
		}
		if last := len(e.runs) - 1; last >= 0 && e.runs[last].reaches(offset, at) {
			continue
		}
		e.runs = append(e.runs, run{offset, at})
	}
	if len(e.runs) > 0 {
		e.Pos = e.runs[0].pos
	}
	return e
}

// reaches reports whether a rune of the source stands where the run, going on, has it.
func (r run) reaches(offset int, at Pos) bool {
	return r.pos.Line == at.Line && at.Column-r.pos.Column == offset-r.offset
}

// tracer follows a scalar's text through the file. Line breaks, indentation and quotes come between its runes; the runes
// that are not blank come in the same order in both.
type tracer struct {
	f     *file
	line  int    // from 1
	runes []rune // of the line
	at    int    // the next rune of the line
	quote rune   // in which the text stands, 0 for none
}

// tracerOf begins at a scalar's first rune: after its quote, or below the indicator of a block.
func (f *file) tracerOf(n *yaml.Node) *tracer {
	t := &tracer{f: f, line: n.Line - 1}
	t.nextLine()
	t.at = min(n.Column-1, len(t.runes))
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		t.nextLine()
	case n.Style&yaml.SingleQuotedStyle != 0:
		t.quote, t.at = '\'', t.at+1
	case n.Style&yaml.DoubleQuotedStyle != 0:
		t.quote, t.at = '"', t.at+1
	}
	return t
}

func (t *tracer) nextLine() bool {
	if t.line >= len(t.f.lines) {
		return false
	}
	t.runes, t.at = []rune(strings.TrimRight(t.f.lines[t.line], " \r")), 0
	t.line++
	return true
}

// next is the place of the text's next rune; false once the file does not have it.
func (t *tracer) next(r rune) (Pos, bool) {
	if r == ' ' || r == '\n' {
		return t.blank(r), true
	}
	for t.at >= len(t.runes) || t.runes[t.at] == ' ' || t.runes[t.at] == '\t' && r != '\t' {
		if t.at++; t.at >= len(t.runes) && !t.nextLine() {
			return Pos{}, false
		}
	}
	at := t.pos()
	found, width := t.read()
	t.at += width
	return at, found == r
}

// blank is the place of a space or a line break, which the file may write in another way.
func (t *tracer) blank(r rune) Pos {
	at := t.pos()
	if t.at < len(t.runes) && t.runes[t.at] == r {
		t.at++
	}
	return at
}

func (t *tracer) pos() Pos { return Pos{t.f.name, t.line, t.at + 1} }

// read is the rune at hand, and how many runes of the file it takes: quotes are doubled in single quotes and escaped in
// double ones.
func (t *tracer) read() (rune, int) {
	r := t.runes[t.at]
	last := t.at+1 >= len(t.runes)
	switch {
	case last:
		return r, 1
	case t.quote == '\'' && r == '\'':
		return r, 2
	case t.quote == '"' && r == '\\':
		return t.runes[t.at+1], 2
	}
	return r, 1
}
