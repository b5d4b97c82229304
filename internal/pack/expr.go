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
	if !ok || v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
		return Expr{}
	}
	return o.f.expr(v)
}

// expr finds where each part of a scalar's text stands in the file: a plain or quoted scalar may go on over lines, a
// folded one always begins below its indicator.
func (f *file) expr(n *yaml.Node) Expr {
	e := Expr{Source: strings.TrimRight(n.Value, "\n"), Pos: f.pos(n)}
	rest, offset := e.Source, 0
	for line := n.Line; line <= len(f.lines) && rest != ""; line++ {
		text := f.lines[line-1]
		from := 0
		if line == n.Line {
			if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				continue
			}
			from = byteOffset(text, n.Column-1)
		}
		matched, start := commonStart(text[from:], rest)
		if matched == "" {
			continue
		}
		at := Pos{f.name, line, utf8.RuneCountInString(text[:from+start]) + 1}
		if len(e.runs) == 0 {
			e.Pos = at
		}
		e.runs = append(e.runs, run{offset, at})
		offset += utf8.RuneCountInString(matched)
		rest = rest[len(matched):]
		trimmed := strings.TrimLeft(rest, " \n")
		offset += utf8.RuneCountInString(rest[:len(rest)-len(trimmed)])
		rest = trimmed
	}
	return e
}

func byteOffset(s string, runes int) int {
	for i := range s {
		if runes == 0 {
			return i
		}
		runes--
	}
	return len(s)
}

// commonStart is the longest start of the source that stands at the beginning of a line of the file, after its
// indentation and an opening quote, and where on the line it begins.
func commonStart(line, source string) (string, int) {
	start := len(line) - len(strings.TrimLeft(line, " "))
	if start < len(line) && (line[start] == '"' || line[start] == '\'') && !strings.HasPrefix(source, line[start:start+1]) {
		start++
	}
	n := 0
	for n < len(source) && start+n < len(line) && source[n] == line[start+n] {
		n++
	}
	for n > 0 && n < len(source) && !utf8.RuneStart(source[n]) {
		n--
	}
	return strings.TrimRight(source[:n], " "), start
}
