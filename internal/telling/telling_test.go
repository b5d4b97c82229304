package telling_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/telling"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func dezhou(t testing.TB) *pack.Pack {
	t.Helper()
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// The pack has a text for each event, and none that no event sends.
func TestEveryTemplateHasItsEvent(t *testing.T) {
	events := slices.Sorted(slices.Values(telling.Templates()))
	if n := len(slices.Compact(slices.Clone(events))); n != len(events) {
		t.Errorf("of %d templates %d are different", len(events), n)
	}
	for _, m := range dezhou(t).Messages.Templates {
		if !slices.Contains(events, m.ID) {
			t.Errorf("%v: nothing sends the message %q", m.Pos, m.ID)
		}
	}
	if _, err := telling.New(nil, dezhou(t), "12345"); err != nil {
		t.Error(err)
	}
}

// A pack that lacks a text is refused at once, and told which.
func TestAPackThatLacksATextIsRefused(t *testing.T) {
	p := dezhou(t)
	p.Messages.Templates = slices.DeleteFunc(p.Messages.Templates, func(m *pack.Message) bool { return m.ID == telling.Refused })
	for _, p := range []*pack.Pack{p, {}} {
		_, err := telling.New(nil, p, "12345")
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), telling.Refused) {
			t.Errorf("the fault is %v", err)
		}
	}
}

// Each event is told by some act: its name stands in the code beside the list of all, and no template is named by its text.
func TestEveryEventIsTold(t *testing.T) {
	names := map[string]bool{}
	own, err := parser.ParseFile(token.NewFileSet(), "telling.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var listed ast.Node
	ast.Inspect(own, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				for _, s := range n.Specs {
					names[s.(*ast.ValueSpec).Names[0].Name] = false
				}
			}
		case *ast.FuncDecl:
			if n.Name.Name == "Templates" {
				listed = n
			}
		}
		return true
	})
	for path, file := range sources(t) {
		inside := strings.HasPrefix(path, "../telling/")
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				return !(inside && n.Name.Name == listed.(*ast.FuncDecl).Name.Name)
			case *ast.ValueSpec:
				return !inside || len(n.Names) == 0 || !isOf(names, n.Names[0].Name)
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "telling" && isOf(names, n.Sel.Name) {
					names[n.Sel.Name] = true
				}
			case *ast.Ident:
				if inside && isOf(names, n.Name) {
					names[n.Name] = true
				}
			case *ast.CallExpr:
				for _, text := range literalTemplates(n) {
					t.Errorf("%s: the template %s is named by its text", path, text)
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Template" {
					if text, ok := n.Value.(*ast.BasicLit); ok {
						t.Errorf("%s: the template %s is named by its text", path, text.Value)
					}
				}
			}
			return true
		})
	}
	for name, told := range names {
		if !told {
			t.Errorf("no act tells of %s", name)
		}
	}
}

// literalTemplates are the templates that a call of some method tell names by their texts.
func literalTemplates(call *ast.CallExpr) (all []string) {
	called, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !strings.EqualFold(called.Sel.Name, "tell") {
		return nil
	}
	for _, arg := range call.Args {
		if text, ok := arg.(*ast.BasicLit); ok && slices.Contains(telling.Templates(), strings.Trim(text.Value, "`\"")) {
			all = append(all, text.Value)
		}
	}
	return all
}

func isOf(names map[string]bool, name string) bool { _, ok := names[name]; return ok }

// sources are the files of the program, without tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	all := map[string]*ast.File{}
	for _, root := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if !strings.Contains(strings.ToLower(string(content)), "tell") && !strings.Contains(string(content), "Template:") {
				return nil
			}
			all[path], err = parser.ParseFile(token.NewFileSet(), path, content, 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
