package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	controlCharacter = fault.Text{Key: "pack.control-character",
		Zh: "这里有一个看不见的控制字符（{found}），请删去", En: "an invisible control character ({found}) stands here; delete it"}
	notUTF8 = fault.Text{Key: "pack.encoding",
		Zh: "这里不是 UTF-8 编码的文字，请把文件另存为 UTF-8", En: "the text here is not UTF-8; save the file as UTF-8"}
	badYAML = fault.Text{Key: "pack.yaml",
		Zh: "写法有误：{detailZh}", En: "not well formed: {detail}"}
	aliasFault = fault.Text{Key: "pack.alias",
		Zh: "政策包不使用 YAML 的锚点和引用（& 和 *）；以 & 或 * 开头的文字要加引号",
		En: "a pack uses no YAML anchors and aliases (& and *); quote a text that begins with & or *"}
	tagFault = fault.Text{Key: "pack.tag",
		Zh: "以 ! 开头的内容要加引号：\"{found}\"", En: `what begins with ! must be in quotes: "{found}"`}
)

// parserDetails puts what the YAML parser says of a structure into the words of its reader. The parser counts these
// lines from 0: mostly where the structure begins, so that the defect lies on the line or below.
var parserDetails = map[string]Text{
	"did not find expected ',' or ']'": {
		"这一行起，有一个方括号列表不完整：各项之间要有逗号，最后要有 ]",
		"from this line on, a list in brackets is not complete: commas between its items, ] at its end"},
	"did not find expected ',' or '}'": {
		"这一行起，有一对花括号不完整：各项之间要有逗号，最后要有 }；含有逗号、问号或冒号加空格的文字要加引号",
		"from this line on, braces are not complete: commas between the entries, } at the end, and quotes around a text that holds a comma, a question mark or a colon with a space"},
	"did not find expected key": {
		"这一行起，有一行与同组各行缩进不齐，或者引号里面又有引号",
		"from this line on, a line is not indented like those it belongs to, or quotes stand within quotes"},
	"did not find expected '-' indicator": {
		"这一行起，列表里有一行没有以“- ”开头，或者缩进不齐",
		`from this line on, an item of the list does not begin with "- " or is not indented like the others`},
	"did not find expected node content": {
		"这一行起，有一处缺少内容，例如多写了逗号",
		"from this line on, something is missing, such as an entry between two commas"},
	"did not find expected <document start>": {
		"这一行起，内容与上文缩进不齐；另一份内容要以单独一行 --- 开头",
		"from this line on, the text is not indented like what precedes; another document begins with a line ---"},
}

// scannerDetails does the same for what the parser says of single characters, at lines counted from 1.
var scannerDetails = map[string]Text{
	"mapping values are not allowed in this context": {
		"这里不该有冒号：含有冒号加空格的文字要加引号，或者这一行与相邻各行缩进不齐",
		"a colon is out of place: put a text that holds a colon and a space in quotes, or indent the line like its neighbours"},
	"could not find expected ':'": {
		"这一行或上一行缺少冒号",
		"a colon is missing, on this line or the one before"},
	"found character that cannot start any token": {
		"内容不能以这个字符开头：以 @、`、% 开头的文字要加引号，缩进要用空格而不是制表符（Tab）",
		"nothing can begin with this character: quote a text that begins with @, ` or %, and indent with spaces, not tabs"},
	"found a tab character that violates indentation": {
		"缩进要用空格，不能用制表符（Tab）",
		"indent with spaces, not tabs"},
	"found unexpected end of stream": {
		"有一个引号没有配对",
		"a quotation mark is never closed"},
	"found unknown escape character": {
		"双引号里的反斜杠写法不对，可以改用单引号",
		"the backslash within double quotes means nothing; single quotes take it as it is"},
	"did not find expected comment or line break": {
		"| 或 > 后面不能接着写，内容要另起一行",
		"the text after | or > begins on the next line"},
	"block sequence entries are not allowed in this context": {
		"以“- ”开头的列表要另起一行",
		`a list of items with "- " begins on a line of its own`},
	"did not find expected alphabetic or numeric character": {
		"以 & 或 * 开头的文字要加引号",
		"quote a text that begins with & or *"},
}

// documents parses a YAML file into its documents. One that is not well formed ends the file; one with anchors and
// aliases is left out.
func (l *loader) documents(name string, content []byte) (*file, []*yaml.Node) {
	content = trimMark(content)
	f := &file{name: name, lines: strings.Split(string(content), "\n"), faults: &l.faults}
	if !l.legible(name, content) {
		l.lose(name)
		return f, nil
	}
	d := yaml.NewDecoder(bytes.NewReader(content))
	var all []*yaml.Node
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return f, all
		}
		if err != nil {
			l.malformed(f, err)
			l.lose(name)
			return f, all
		}
		switch {
		case len(doc.Content) == 0:
		case f.plain(doc.Content[0]):
			all = append(all, doc.Content[0])
		default:
			l.lose(name)
		}
	}
}

// legible refuses a file that is not UTF-8 or holds control characters, at the first such character.
func (l *loader) legible(name string, content []byte) bool {
	line, column := 1, 1
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			l.failAt(fault.At{File: name, Line: line, Column: column}, notUTF8, nil)
			return false
		case unicode.IsControl(r) && !strings.ContainsRune("\t\n\r", r):
			l.failAt(fault.At{File: name, Line: line, Column: column}, controlCharacter, fault.Args{"found": fmt.Sprintf("U+%04X", r)})
			return false
		case r == '\n':
			line, column = line+1, 0
		}
		column++
		i += size
	}
	return true
}

// malformed reports what the YAML parser found, in words of our own where we have them.
func (l *loader) malformed(f *file, err error) {
	at := fault.At{File: f.name, Line: 1}
	detail := strings.TrimPrefix(err.Error(), "yaml: ")
	if anchor := ""; scanned(detail, "unknown anchor '%s", &anchor) {
		at.Line = f.lineWith("*" + strings.TrimSuffix(anchor, "'"))
		l.failAt(at, aliasFault, nil)
		return
	}
	placed := scanned(detail, "line %d:", &at.Line)
	if placed {
		_, detail, _ = strings.Cut(detail, ": ")
	}
	told, ok := scannerDetails[detail]
	if of, structural := parserDetails[detail]; structural {
		told, ok = of, true
		if placed {
			at.Line++
		}
	}
	if !ok {
		told = Text{detail, detail}
	}
	l.failAt(at, badYAML, fault.Args{"detail": told.En, "detailZh": told.Zh})
}

func scanned(s, format string, into any) bool {
	n, err := fmt.Sscanf(s, format, into)
	return n == 1 && err == nil
}

// lineWith is the first line that holds a text.
func (f *file) lineWith(text string) int {
	return 1 + max(0, slices.IndexFunc(f.lines, func(line string) bool { return strings.Contains(line, text) }))
}

// plainTags are what YAML makes of values without being told.
var plainTags = []string{"", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!map", "!!seq", "!!merge"}

// plain reports whether a document has neither anchors nor aliases: a few of them could make a small file enormous, and a
// reader would have to look elsewhere. A formula that begins with an exclamation mark, which YAML takes for a tag, is
// refused and read as what was meant.
func (f *file) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		f.fail(n, aliasFault, nil)
		return false
	}
	if !slices.Contains(plainTags, n.Tag) {
		meant := strings.TrimSpace(n.Tag + " " + n.Value)
		f.fail(n, tagFault, fault.Args{"found": fault.Excerpt(meant)})
		if n.Kind == yaml.ScalarNode {
			n.Tag, n.Value = "!!str", meant
		}
	}
	for _, c := range n.Content {
		if !f.plain(c) {
			return false
		}
	}
	return true
}

// trimMark leaves out the mark that some editors put before UTF-8.
func trimMark(content []byte) []byte { return bytes.TrimPrefix(content, []byte("\ufeff")) }
