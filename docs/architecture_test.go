package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "dajiuzhu"

// rule is a line of the table of packages.
type rule struct {
	may  []string
	pure bool
}

var code = regexp.MustCompile("`([^`]+)`")

// table is the packages of architecture.md, by their path in the project.
func table(t *testing.T) map[string]rule {
	t.Helper()
	content, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]rule{}
	for _, line := range strings.Split(string(content), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		r := rule{pure: strings.TrimSpace(cells[4]) == "yes"}
		for _, match := range code.FindAllStringSubmatch(cells[3], -1) {
			r.may = append(r.may, match[1])
		}
		rules[code.FindStringSubmatch(cells[1])[1]] = r
	}
	if len(rules) < 10 {
		t.Fatalf("the table of packages was not found: %d lines", len(rules))
	}
	return rules
}

// allows reports whether a package may import another, both by their path in the project.
func (r rule) allows(other string) bool {
	for _, may := range r.may {
		if may == other || "internal/"+may == other || may == "internal/*" && strings.HasPrefix(other, "internal/") {
			return true
		}
	}
	return false
}

// listed is a package as the go command describes it.
type listed struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
}

// packages are those of the project that hold more than tests.
func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
}

// inProject is a package's path within the project, false for another's.
func inProject(importPath string) (string, bool) { return strings.CutPrefix(importPath, module+"/") }

// TestArrows holds the imports of every package to the table.
func TestArrows(t *testing.T) {
	rules := table(t)
	found := map[string]bool{}
	for _, p := range packages(t) {
		name, _ := inProject(p.ImportPath)
		found[name] = true
		r, ok := rules[name]
		if !ok {
			t.Errorf("architecture.md has no line for %s", name)
			continue
		}
		for _, i := range p.Imports {
			if other, ours := inProject(i); ours && !r.allows(other) {
				t.Errorf("%s imports %s, which the table does not allow", name, other)
			}
		}
	}
	for name := range rules {
		if !found[name] {
			t.Errorf("architecture.md has a line for %s, which is not there", name)
		}
	}
}

// TestLeaves: the values at the bottom know of nothing but how to complain, and an identity number of its birthday.
func TestLeaves(t *testing.T) {
	rules := table(t)
	for _, leaf := range []string{"money", "area", "calendar", "idno"} {
		want := []string{"fault"}
		if leaf == "idno" {
			want = append(want, "calendar")
		}
		if got := rules["internal/"+leaf].may; !slices.Equal(got, want) {
			t.Errorf("the table lets %s import %v: a leaf imports %v", leaf, got, want)
		}
	}
}

// TestNoCircle: following the table never leads back.
func TestNoCircle(t *testing.T) {
	rules := table(t)
	state := map[string]int{}
	var visit func(name string)
	visit = func(name string) {
		if state[name] == 1 {
			t.Fatalf("the table leads in a circle through %s", name)
		}
		if state[name] == 2 {
			return
		}
		state[name] = 1
		for other := range rules {
			if rules[name].allows(other) {
				visit(other)
			}
		}
		state[name] = 2
	}
	for name := range rules {
		visit(name)
	}
}

// unpure is what a pure package does not touch: import path to the names in it, none for all of it.
var unpure = map[string][]string{
	"time":         {"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker", "Tick"},
	"math/rand":    nil,
	"math/rand/v2": nil,
	"crypto/rand":  nil,
	"net":          nil,
	"net/http":     nil,
	"database/sql": nil,
}

// TestPure reads the sources of the pure packages for clocks, dice and networks.
func TestPure(t *testing.T) {
	rules := table(t)
	for _, p := range packages(t) {
		name, _ := inProject(p.ImportPath)
		if !rules[name].pure {
			continue
		}
		for _, file := range p.GoFiles {
			for _, touched := range touches(t, filepath.Join(p.Dir, file)) {
				t.Errorf("%s/%s uses %s: the package is pure", name, file, touched)
			}
		}
	}
}

// touches is what a file uses of the impure.
func touches(t *testing.T, file string) []string {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	watched := map[string][]string{} // name in the file to names of the package
	for _, i := range source.Imports {
		importPath := strings.Trim(i.Path.Value, `"`)
		names, ok := unpure[importPath]
		if !ok {
			continue
		}
		if names == nil {
			all = append(all, importPath)
			continue
		}
		local := path.Base(importPath)
		if i.Name != nil {
			local = i.Name.Name
		}
		watched[local] = names
	}
	ast.Inspect(source, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if of, ok := selector.X.(*ast.Ident); ok && slices.Contains(watched[of.Name], selector.Sel.Name) {
			all = append(all, of.Name+"."+selector.Sel.Name)
		}
		return true
	})
	return all
}
