package pack_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"dajiuzhu/internal/pack"
)

// variableFile is a file with one variable whose value is written as given, after "  value:".
func variableFile(value string) string {
	return "- variable: person.x\n  name: {zh: 甲, en: x}\n  type: bool\n  status: assumed\n  why: {zh: 试, en: test}\n  value:" + value + "\n"
}

// loadExpr is a file's one expression after loading.
func loadExpr(t interface {
	Helper()
	Fatal(...any)
}, content string) pack.Expr {
	t.Helper()
	p, faults := pack.Load(fstest.MapFS{
		"pack.yaml":        {Data: []byte("pack: p\nname: {zh: 包, en: pack}\narea: \"3714\"\nengine: \"1\"\n")},
		"variables/x.yaml": {Data: []byte(content)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p.Variables[0].Versions[0].Value
}

// charAt is the character of a text at a line and column, both from 1; the end of a line is a space.
func charAt(text string, line, column int) rune {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return -1
	}
	chars := []rune(lines[line-1])
	if column < 1 || column > len(chars) {
		return ' '
	}
	return chars[column-1]
}

// place is the line and column of the source's character at an index.
func place(source []rune, index int) (line, column int) {
	line, column = 1, 1
	for _, r := range source[:index] {
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

func TestExprPlaces(t *testing.T) {
	for _, c := range []struct{ name, value, source string }{
		{"plain", " person.a && person.b", "person.a && person.b"},
		{"plain with a comment behind", " person.a   # why", "person.a"},
		{"plain over lines", " person.a\n    && person.b\n\n    || person.c", "person.a && person.b\n|| person.c"},
		{"on the next line", "\n    person.a", "person.a"},
		{"single quotes", " 'person.a'", "person.a"},
		{"single quotes with quotes in them", " 'person.a == ''x'' && person.b'", "person.a == 'x' && person.b"},
		{"double quotes", ` "person.a == 'x'"`, "person.a == 'x'"},
		{"double quotes with escapes", ` "person.a == \"x\" && \u0070erson.b"`, `person.a == "x" && person.b`},
		{"double quotes over lines", " \"person.a\n    && person.b\"", "person.a && person.b"},
		{"double quotes with an escaped line break", " \"person.a \\\n    && person.b\"", "person.a && person.b"},
		{"folded", " >-\n    person.a\n    && person.b", "person.a && person.b"},
		{"folded with a comment at the indicator", " >-   # why\n    person.a", "person.a"},
		{"folded with a deeper line", " >-\n    person.a\n      && person.b\n    || person.c", "person.a\n  && person.b\n|| person.c"},
		{"literal", " |\n    person.a\n      && person.b", "person.a\n  && person.b"},
		{"literal with an empty line", " |\n    person.a\n\n    && person.b", "person.a\n\n&& person.b"},
		{"literal with the indentation given", " |1-\n    person.a", " person.a"},
		{"a tag before it", " !!str person.a", "person.a"},
		{"after Chinese on the same line", "\n    person.a == '低保' && person.b", "person.a == '低保' && person.b"},
		{"Windows line ends", " >-\r\n    person.a\r\n    && person.b\r", "person.a && person.b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := variableFile(c.value)
			e := loadExpr(t, content)
			if e.Source != c.source {
				t.Fatalf("the source is %q, want %q", e.Source, c.source)
			}
			source := []rune(e.Source)
			for i, r := range source {
				line, column := place(source, i)
				at := e.PosAt(line, column)
				if i == 0 && at != e.Pos && !unicode.IsSpace(r) {
					t.Errorf("it begins at %v, its first character is at %v", e.Pos, at)
				}
				got := charAt(content, at.Line, at.Column)
				if got != r && !unicode.IsSpace(r) && got != '\\' {
					t.Errorf("%q at %d:%d is said to be at %d:%d, where %q stands", r, line, column, at.Line, at.Column, got)
				}
			}
		})
	}
}

// Behind the end is where a parser reports what is missing.
func TestExprPlaceBehindItsEnd(t *testing.T) {
	e := loadExpr(t, variableFile(" 'a ==''b'''"))
	if got, want := e.PosAt(1, 8), (pack.Pos{File: "variables/x.yaml", Line: 6, Column: 19}); got != want {
		t.Errorf("behind the end is %v, want %v", got, want)
	}
	for _, at := range [][2]int{{0, 0}, {-1, -5}, {1, 0}} {
		if got := e.PosAt(at[0], at[1]); got != e.Pos {
			t.Errorf("before the beginning, at %v, is %v, want %v", at, got, e.Pos)
		}
	}
}

// However an encoder writes a text, every character is found where it stands.
func TestExprPlacesOfAnyScalar(t *testing.T) {
	styles := []yaml.Style{0, yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9.(]([a-z0-9.()&|<>=!'"\\低保: #]|\n[a-z]){0,120}[a-z)]`).Draw(t, "text")
		style := rapid.SampledFrom(styles).Draw(t, "style")
		written, err := yaml.Marshal(map[string]any{"v": &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: style, Value: text}})
		if err != nil {
			t.Skip(err)
		}
		value := strings.TrimSuffix(strings.TrimPrefix(string(written), "v:"), "\n")
		content := variableFile(value)
		e := loadExpr(t, content)
		source := []rune(e.Source)
		for i, r := range source {
			line, column := place(source, i)
			at := e.PosAt(line, column)
			if got := charAt(content, at.Line, at.Column); got != r && !unicode.IsSpace(r) && got != '\\' {
				t.Fatalf("%q at %d:%d of %q is said to be at %d:%d, where %q stands in\n%s", r, line, column, e.Source, at.Line, at.Column, got, content)
			}
		}
	})
}
