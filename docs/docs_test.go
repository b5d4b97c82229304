// Package docs_test holds the documentation to the program: every snippet of a pack loads and compiles, every command and
// every link that a page names exists, and what a page shows as output is what the program prints.
package docs_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/telling"
	"dajiuzhu/packs"
)

var update = flag.Bool("update", false, "write messages, and outputs without an omission, anew")

// page is a document of the project.
type page struct {
	name   string // relative to the project
	text   string
	fences []fence
}

// fence is a block of code in a page.
type fence struct {
	lang string
	line int // of its first line, from 1
	body string
}

// lang is the language that a page is written in.
func (p page) lang() fault.Lang {
	if strings.HasSuffix(p.name, ".zh.md") {
		return fault.Zh
	}
	return fault.En
}

const root = ".."

// binary is the program, built for the tests of this package.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "docs")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "dajiuzhu")
	code := 1
	if out, err := exec.Command("go", "build", "-o", binary, "dajiuzhu/cmd/dajiuzhu").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// pages are README and everything under docs.
func pages(t *testing.T) []page {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []page
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{name: filepath.ToSlash(name), text: string(content), fences: fences(string(content))})
	}
	return all
}

func fences(text string) []fence {
	var all []fence
	open := false
	for i, line := range strings.SplitAfter(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```") && !open:
			all = append(all, fence{lang: strings.TrimSpace(line[3:]), line: i + 2})
			open = true
		case strings.HasPrefix(line, "```"):
			open = false
		case open:
			all[len(all)-1].body += line
		}
	}
	return all
}

// directive is the value of a comment such as "# pack: index.yaml" in a block's first line, "" if it has none.
func (f fence) directive(key string) string {
	first, _, _ := strings.Cut(f.body, "\n")
	value, ok := strings.CutPrefix(first, "# "+key+": ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(value)
}

// TestPackSnippets reads each page as its reader does: every snippet goes into a copy of Dezhou's pack, one after the
// other, and the pack must load, compile and do what all its cases say. A snippet marked as a fault must give exactly the
// messages of the block that follows it, and is not kept.
func TestPackSnippets(t *testing.T) {
	for _, p := range pages(t) {
		if !slices.ContainsFunc(p.fences, func(f fence) bool { return f.directive("pack")+f.directive("fault") != "" }) {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			city := files(t)
			for i, f := range p.fences {
				if where := f.directive("pack"); where != "" {
					city = with(t, city, where, f)
					if i+1 < len(p.fences) && strings.HasPrefix(p.fences[i+1].directive("pack"), "workflow.yaml >") {
						continue // a programme and the procedure that it follows come together
					}
					if _, faults := compile(city); len(faults) > 0 {
						t.Fatalf("%s:%d: %v", p.name, f.line, faults)
					}
				}
				if where := f.directive("fault"); where != "" {
					var got []string
					_, faults := compile(with(t, city, where, f))
					for _, e := range faults {
						got = append(got, e.Message(p.lang()))
					}
					shown := p.fences[i+1].body
					if *update {
						p.rewrite(t, shown, strings.Join(got, "\n")+"\n")
						continue
					}
					want := strings.Split(strings.TrimSpace(shown), "\n")
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s:%d: messages, page − program +:\n%s", p.name, f.line, diff)
					}
				}
			}
			policy, faults := compile(city)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			for _, e := range check.Run(policy, calendar.Must(2026, 11, 1)).Failures {
				t.Error(e.Message(p.lang()))
			}
		})
	}
}

// TestSnippetsInBothLanguages: the guides teach the same in either language.
func TestSnippetsInBothLanguages(t *testing.T) {
	snippets := func(name string) (all []string) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fences(string(content)) {
			if f.directive("pack") != "" || f.directive("fault") != "" || f.directive("file") != "" {
				all = append(all, f.body)
			}
		}
		return all
	}
	for _, name := range []string{"policy-guide", "language"} {
		if diff := cmp.Diff(snippets(name+".md"), snippets(name+".zh.md")); diff != "" {
			t.Errorf("%s: English −, Chinese +:\n%s", name, diff)
		}
	}
}

// files are those of the built-in pack.
func files(t *testing.T) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	dezhou := packs.Dezhou()
	err := fs.WalkDir(dezhou, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dezhou, name)
		all[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// with is the pack with a snippet in its place: a file of its own, or, after ">", items added to a list in a file.
func with(t *testing.T, city fstest.MapFS, where string, f fence) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for name, file := range city {
		all[name] = file
	}
	steps := strings.Split(where, " > ")
	_, body, _ := strings.Cut(f.body, "\n")
	if len(steps) == 1 {
		all[where] = &fstest.MapFile{Data: []byte(f.body)}
		return all
	}
	file, ok := city[steps[0]]
	if !ok {
		t.Fatalf("line %d: there is no file %q to add to", f.line, steps[0])
	}
	var doc, items yaml.Node
	if err := yaml.Unmarshal(file.Data, &doc); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(body), &items); err != nil {
		t.Fatalf("line %d: %v", f.line, err)
	}
	at := doc.Content[0]
	for _, step := range steps[1:] {
		if at = find(at, step); at == nil {
			t.Fatalf("line %d: %q has no %q", f.line, steps[0], step)
		}
	}
	at.Content = append(at.Content, items.Content[0].Content...)
	content, err := yaml.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	all[steps[0]] = &fstest.MapFile{Data: content}
	return all
}

// find is the value of a mapping's key, or the item of a list that has step as the value of its first key.
func find(n *yaml.Node, step string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
		return nil
	}
	for _, item := range n.Content {
		if len(item.Content) > 1 && item.Content[1].Value == step {
			return item
		}
	}
	return nil
}

// compile reads and compiles a pack.
func compile(city fs.FS) (*rules.Policy, fault.List) {
	p, faults := pack.Load(city)
	if len(faults) > 0 {
		return nil, faults
	}
	return rules.Compile(p)
}

var link = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)

// TestLinks follows every link inside the project, headings included.
func TestLinks(t *testing.T) {
	for _, p := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(withoutFences(p.text), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			name := p.name
			if target != "" {
				name = path.Join(path.Dir(p.name), target)
			}
			info, err := os.Stat(name)
			if err != nil {
				t.Errorf("%s: the link %s leads nowhere", p.name, match[1])
				continue
			}
			if anchor == "" || info.IsDir() {
				continue
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(anchors(string(content)), anchor) {
				t.Errorf("%s: the link %s names a heading that is not there", p.name, match[1])
			}
		}
	}
}

func withoutFences(text string) string {
	for _, f := range fences(text) {
		text = strings.Replace(text, f.body, "", 1)
	}
	return text
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)

// anchors are the names of a page's headings as the usual viewers make them.
func anchors(text string) []string {
	var all []string
	for _, line := range strings.Split(withoutFences(text), "\n") {
		title := strings.TrimLeft(line, "#")
		if title == line || !strings.HasPrefix(title, " ") {
			continue
		}
		all = append(all, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-"))
	}
	return all
}

// commands are the lines of a shell block that name our own program or make, without what comes of them.
func (f fence) commands() [][]string {
	var all [][]string
	for _, line := range strings.Split(f.body, "\n") {
		line, _, _ = strings.Cut(line, " # ")
		words := strings.Fields(strings.TrimPrefix(line, "$ "))
		if f.lang == "sh" && len(words) > 0 {
			all = append(all, words)
		}
	}
	return all
}

// TestCommands: whatever a page tells its reader to type is there to be typed.
func TestCommands(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	help := map[string]string{}
	for _, p := range pages(t) {
		for _, f := range p.fences {
			for _, words := range f.commands() {
				switch path.Base(words[0]) {
				case "make":
					for _, target := range words[1:] {
						if name, _, given := strings.Cut(target, "="); given {
							if !strings.Contains(string(makefile), "\n"+name+" ") {
								t.Errorf("%s:%d: the Makefile has no variable %q", p.name, f.line, name)
							}
							continue
						}
						if !strings.Contains(string(makefile), "\n"+target+":") {
							t.Errorf("%s:%d: the Makefile has no target %q", p.name, f.line, target)
						}
					}
				case "dajiuzhu":
					known(t, help, p, f, words)
				}
			}
		}
	}
}

var subcommand = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// known complains of a command or an option that the program's help does not name.
func known(t *testing.T, help map[string]string, p page, f fence, words []string) {
	t.Helper()
	if len(words) < 2 || words[1] == "--help" {
		return
	}
	command := words[1:2]
	if len(words) > 2 && subcommand.MatchString(words[2]) {
		command = words[1:3] // what is an argument and no command changes nothing of the help
	}
	text, ok := help[strings.Join(command, " ")]
	if !ok {
		out, err := exec.CommandContext(t.Context(), binary, append(slices.Clone(command), "--help")...).Output()
		if err != nil {
			t.Errorf("%s:%d: there is no command %q", p.name, f.line, command)
			return
		}
		text = string(out)
		help[strings.Join(command, " ")] = text
	}
	for _, word := range words[2:] {
		option, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(option, "--") && !strings.Contains(text, option) {
			t.Errorf("%s:%d: %q has no option %q", p.name, f.line, words[1], option)
		}
	}
}

// TestOutputs runs each single command that a text block follows, in a folder with the examples, the files that the page
// has shown before and what its commands with --out have written, and compares. A page may leave out parts: "…" stands for any text in a line, and alone for any lines.
func TestOutputs(t *testing.T) {
	for _, p := range pages(t) {
		dir := t.TempDir()
		if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
			t.Fatal(err)
		}
		for i, f := range p.fences {
			if name := f.directive("file"); name != "" {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(f.body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			words := f.commands()
			if len(words) != 1 || path.Base(words[0][0]) != "dajiuzhu" {
				continue
			}
			shown := i+1 < len(p.fences) && p.fences[i+1].lang == "text"
			if !shown && !slices.Contains(words[0], "--out") {
				continue
			}
			command := exec.CommandContext(t.Context(), binary, words[0][1:]...)
			command.Dir = dir
			out, err := command.Output()
			if err != nil {
				t.Errorf("%s:%d: %v", p.name, f.line, err)
				continue
			}
			if shown {
				p.compare(t, p.fences[i+1], string(out))
			}
		}
	}
}

func (p page) compare(t *testing.T, shown fence, out string) {
	t.Helper()
	if pattern(shown.body).MatchString(out) {
		return
	}
	if *update && !strings.Contains(shown.body, "…") {
		p.rewrite(t, shown.body, out)
		return
	}
	t.Errorf("%s:%d: the program prints something else:\n%s", p.name, shown.line, cmp.Diff(strings.Split(shown.body, "\n"), strings.Split(out, "\n")))
}

// rewrite puts what the program says in the place of what the page says.
func (p page) rewrite(t *testing.T, was, is string) {
	t.Helper()
	content, err := os.ReadFile(p.name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.name, bytes.Replace(content, []byte(was), []byte(is), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// pattern matches an output that a page shows with omissions.
func pattern(shown string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for _, line := range strings.SplitAfter(shown, "\n") {
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

// TestEvents: the page on running the platform names every event of which somebody is told, in both languages, and none that there is not.
func TestEvents(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| [^|]+ \\| [^|]+ \\|$")
	for _, name := range []string{"operations.md", "operations.zh.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var named []string
		for _, m := range row.FindAllSubmatch(text, -1) {
			named = append(named, string(m[1]))
		}
		if diff := cmp.Diff(telling.Templates(), named); diff != "" {
			t.Errorf("%s does not tell of the events there are (-are +told):\n%s", name, diff)
		}
	}
}
