package pack_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A broken pack is an archive: its comment says what is wrong, its files overlay the good pack, and its last sections
// hold the messages wanted, in both languages. A section "delete" names files that the pack lacks.
const (
	sectionDelete = "delete"
	sectionEn     = "want.en"
	sectionZh     = "want.zh"
)

// golden is one archive.
type golden struct {
	name    string
	path    string
	archive *txtar.Archive
}

func goldens(t *testing.T, pattern string) []golden {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files %s: %v", pattern, err)
	}
	var all []golden
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, golden{strings.TrimSuffix(filepath.Base(path), ".txtar"), path, archive})
	}
	return all
}

// inputs are the archive's files without the messages wanted.
func (g *golden) inputs() []txtar.File {
	return slices.DeleteFunc(slices.Clone(g.archive.Files), func(f txtar.File) bool {
		return f.Name == sectionEn || f.Name == sectionZh
	})
}

func (g *golden) section(name string) string {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// compare holds faults to the messages wanted, or writes them.
func (g *golden) compare(t *testing.T, faults fault.List) {
	t.Helper()
	got := map[string]string{sectionEn: messages(faults, fault.En), sectionZh: messages(faults, fault.Zh)}
	if *update {
		g.archive.Files = append(g.inputs(), txtar.File{Name: sectionEn, Data: []byte(got[sectionEn])}, txtar.File{Name: sectionZh, Data: []byte(got[sectionZh])})
		if err := os.WriteFile(g.path, txtar.Format(g.archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if len(strings.TrimSpace(string(g.archive.Comment))) == 0 {
		t.Error("the archive does not say what is wrong")
	}
	if len(faults) == 0 {
		t.Error("no fault was found")
	}
	for _, section := range []string{sectionEn, sectionZh} {
		if diff := cmp.Diff(g.section(section), got[section]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", section, diff)
		}
	}
}

func messages(faults fault.List, lang fault.Lang) string {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString(f.Message(lang) + "\n")
	}
	return b.String()
}

// goodPack is the good pack's files.
func goodPack(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata/good"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join("testdata/good", name))
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// broken is the good pack overlaid by an archive.
func (g *golden) broken(t *testing.T) fs.FS {
	files := goodPack(t)
	for _, f := range g.inputs() {
		if f.Name == sectionDelete {
			for _, name := range strings.Fields(string(f.Data)) {
				delete(files, name)
			}
			continue
		}
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	if breakBy, ok := brokenByHand[g.name]; ok {
		return breakBy(files)
	}
	return files
}

// brokenByHand breaks what an archive of texts cannot hold.
var brokenByHand = map[string]func(fstest.MapFS) fs.FS{
	"too-large": func(files fstest.MapFS) fs.FS {
		files["facts/huge.yaml"] = &fstest.MapFile{Data: make([]byte, 16<<20+1)}
		return files
	},
	"unreadable": func(files fstest.MapFS) fs.FS { return locked{files, "workflow.yaml"} },
	"not-utf-8": func(files fstest.MapFS) fs.FS {
		gb18030 := "routes:\n  - {code: assistant, name: {zh: \xd0\xad\xc0\xed\xd4\xb1, en: Assistant}}\n"
		files["workflow.yaml"] = &fstest.MapFile{Data: []byte(gb18030)}
		return files
	},
	"control-character": func(files fstest.MapFS) fs.FS {
		files["workflow.yaml"] = &fstest.MapFile{Data: []byte("routes:\n- {code: assistant, name: {zh: 协理\x07员, en: Assistant}}\n")}
		return files
	},
	"byte-order-mark": func(files fstest.MapFS) fs.FS {
		files["pack.yaml"].Data = append([]byte("\ufeffnme: 示例\r\n"), files["pack.yaml"].Data...)
		files["areas.csv"].Data = append([]byte("\ufeff"), files["areas.csv"].Data...)
		return files
	},
}

// locked is a file system of which one file may not be opened.
type locked struct {
	fs.FS
	name string
}

func (l locked) Open(name string) (fs.File, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

// examine reads a pack as the program does: the files, then the formulas, then the households of its cases.
func examine(fsys fs.FS) fault.List {
	p, faults := pack.Load(fsys)
	if len(faults) > 0 {
		return faults
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		return faults
	}
	for _, c := range p.Cases {
		_, wrong := population.FromDossier(p, policy.Layout(), c.Facts)
		faults = append(faults, wrong...)
	}
	return faults
}

func TestBadPacks(t *testing.T) {
	for _, g := range goldens(t, "testdata/bad/*.txtar") {
		t.Run(g.name, func(t *testing.T) { g.compare(t, examine(g.broken(t))) })
	}
}

func TestBadDossiers(t *testing.T) {
	for _, g := range goldens(t, "testdata/dossier/*.txtar") {
		t.Run(g.name, func(t *testing.T) { g.compare(t, g.dossierFaults()) })
	}
}

// dossierFaults reads the archive's first file as a household.
func (g *golden) dossierFaults() fault.List {
	content := g.archive.Files[0].Data
	if g.name == "too-large" {
		content = make([]byte, 16<<20+1)
	}
	_, faults := pack.ReadDossier(g.archive.Files[0].Name, content)
	return faults
}

// advice is messages of package rules about packs that are good all the same; its own tests hold them.
var advice = map[string]bool{"rules.quotient-compared": true, "rules.quotient-multiplied": true, "rules.always-true": true, "rules.never-true": true,
	"rules.said-before": true, "rules.denied-before": true, "rules.never-fires": true}

// TestEveryMessageIsWanted fails where a message exists that no golden file shows: nobody has then read it as its reader
// will.
func TestEveryMessageIsWanted(t *testing.T) {
	produced := map[string]bool{}
	note := func(faults fault.List) {
		for _, f := range faults {
			produced[f.Text.Key] = true
		}
	}
	for _, g := range goldens(t, "testdata/bad/*.txtar") {
		note(examine(g.broken(t)))
	}
	for _, g := range goldens(t, "testdata/dossier/*.txtar") {
		note(g.dossierFaults())
	}
	for _, key := range append(declaredKeys(t, "."), declaredKeys(t, "../rules")...) {
		if !produced[key] && !advice[key] {
			t.Errorf("no golden file shows the message %s", key)
		}
	}
}

// declaredKeys are the keys of the messages that a package declares.
func declaredKeys(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	keys := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(n ast.Node) bool {
			if key, ok := messageKey(n); ok {
				keys[key] = true
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(keys))
}

// messageKey is the key of a literal fault.Text{Key: "…"}.
func messageKey(n ast.Node) (string, bool) {
	literal, ok := n.(*ast.CompositeLit)
	if !ok {
		return "", false
	}
	if name, ok := literal.Type.(*ast.SelectorExpr); !ok || name.Sel.Name != "Text" {
		return "", false
	}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Key" {
			key, err := strconv.Unquote(pair.Value.(*ast.BasicLit).Value)
			return key, err == nil
		}
	}
	return "", false
}

// TestPlacesAreExact looks up where faults in formulas lie: there, in the file, stands what is wrong.
func TestPlacesAreExact(t *testing.T) {
	for _, g := range goldens(t, "testdata/bad/formula-places.txtar") {
		lines := strings.Split(g.section("variables/wrong.yaml"), "\n")
		faults := examine(g.broken(t))
		if len(faults) != strings.Count(g.section("variables/wrong.yaml"), "loacl")+strings.Count(g.section("variables/wrong.yaml"), "residnt") {
			t.Errorf("%d faults are not one for each misspelt name", len(faults))
		}
		for _, f := range faults {
			rest := string([]rune(lines[f.At.Line-1])[f.At.Column-1:])
			if !strings.HasPrefix(rest, "loacl") && !strings.HasPrefix(rest, "'residnt'") {
				t.Errorf("%s lies at %q", f.Message(fault.En), rest)
			}
		}
	}
}

// opening is a place in a message's text that the arguments fill.
var opening = regexp.MustCompile(`\{([A-Za-z]+)\}`)

// TestMessagesAreWhole fails where a message leaves one of its places open in a language.
func TestMessagesAreWhole(t *testing.T) {
	for _, g := range goldens(t, "testdata/bad/*.txtar") {
		for _, f := range examine(g.broken(t)) {
			for _, open := range opening.FindAllStringSubmatch(f.Text.Zh+f.Text.En, -1) {
				if _, ok := f.Args[open[1]]; !ok {
					t.Errorf("%s: nothing fills {%s} of %s", g.name, open[1], f.Text.Key)
				}
			}
		}
	}
}
