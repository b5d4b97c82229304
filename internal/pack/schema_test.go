package pack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// validators are the schemas as an editor has them. Making them also holds them to the rules for schemas.
func validators(t testing.TB) map[string]*jsonschema.Schema {
	t.Helper()
	all := map[string]*jsonschema.Schema{}
	for name, schema := range pack.Schemas() {
		content, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		address := "https://example.org/" + name
		if err := c.AddResource(address, document); err != nil {
			t.Fatal(err)
		}
		if all[name], err = c.Compile(address); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// refusal is what a file's schema has against the file, nil if nothing. A file that is no YAML is refused, since no
// editor reads it; one without a schema is not.
func refusal(schemas map[string]*jsonschema.Schema, name string, content []byte) error {
	schema := schemas[pack.SchemaOf(name)]
	if schema == nil {
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var n yaml.Node
		err := d.Decode(&n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := schema.Validate(asEditors(n.Content[0])); err != nil {
			return err
		}
	}
}

// asEditors is a node as an editor hands it to its validator: numbers and truths as such, dates as texts.
func asEditors(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = asEditors(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = asEditors(item)
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true"
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
	}
	return n.Value
}

func TestSchemasAcceptWhatLoads(t *testing.T) {
	schemas := validators(t)
	for _, dir := range []string{"testdata/good", "../../packs/dezhou"} {
		all := os.DirFS(dir)
		if _, faults := pack.Load(all); len(faults) > 0 {
			t.Fatalf("%s:\n%v", dir, faults)
		}
		err := fs.WalkDir(all, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := fs.ReadFile(all, name)
			if err != nil {
				return err
			}
			if err := refusal(schemas, name, content); err != nil {
				t.Errorf("%s/%s: %v", dir, name, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// ofStructure are the faults that lie in the structure of one file: an editor shows them while they are being made.
var ofStructure = []string{
	"pack.unknown-key", "pack.unknown-key-alone", "pack.missing-key", "pack.wrong-kind", "pack.wrong-item", "pack.not-one-of",
	"pack.empty-list", "pack.not-a-list-file", "pack.value-or-versions", "pack.amount-keys", "pack.no-source", "pack.no-why",
	"pack.found-without-cite", "pack.needs-codes", "pack.needless-codes", "pack.no-ask", "pack.needless-ask", "pack.window-by",
	"pack.needless-by", "pack.one-kind", "pack.kinds",
}

// unseen are faults among them that the schemas let pass.
func unseen(g golden, f *fault.Error) bool {
	found, _ := strconv.Unquote(f.Args["found"].(string))
	switch {
	case f.Text.Key != "pack.wrong-kind" && f.Text.Key != "pack.wrong-item":
		return false
	case g.name == "case-parameters": // a case's own values have the form that their parameter has
		return true
	}
	return json.Valid([]byte(found)) // to an editor a number is a number, however many digits it has
}

func TestSchemasRefuseFaultsOfStructure(t *testing.T) {
	schemas := validators(t)
	seen := map[string]bool{}
	for _, g := range goldens(t, "testdata/bad/*.txtar") {
		files := g.broken(t)
		_, faults := pack.Load(files)
		for _, f := range faults {
			if _, told := f.Args["found"].(string); !slices.Contains(ofStructure, f.Text.Key) || told && unseen(g, f) {
				continue
			}
			content, err := fs.ReadFile(files, f.At.File)
			if err != nil {
				t.Fatal(err)
			}
			if refusal(schemas, f.At.File, content) == nil {
				t.Errorf("%s: the schema accepts %s: %v", g.name, f.At.File, f)
			}
			seen[f.Text.Key] = true
		}
	}
	for _, key := range ofStructure {
		if !seen[key] {
			t.Errorf("no broken pack shows %s", key)
		}
	}
}

// What a schema refuses, the loader refuses: each part of the good pack is taken away or given another value, and where
// the schema minds, so must the loader.
func TestLoaderRefusesWhatSchemasRefuse(t *testing.T) {
	schemas := validators(t)
	base := goodPack(t)
	minded := 0
	for _, name := range slices.Sorted(maps.Keys(base)) {
		if schemas[pack.SchemaOf(name)] == nil {
			continue
		}
		for _, content := range mutations(t, base[name].Data) {
			because := refusal(schemas, name, content)
			if because == nil {
				continue
			}
			minded++
			if !refused(base, name, content) {
				t.Errorf("the loader accepts what the schema refuses: %v\n%s", because, content)
			}
		}
	}
	if minded < 500 {
		t.Errorf("only %d mutations were refused", minded)
	}
}

// refused reports whether the loader has something against a file in the place of the good pack's.
func refused(base fstest.MapFS, name string, content []byte) bool {
	if len(pack.CheckShape(name, content)) > 0 {
		return true // most are, and the whole pack need not be read for it
	}
	mutated := maps.Clone(base)
	mutated[name] = &fstest.MapFile{Data: content}
	_, faults := pack.Load(mutated)
	return slices.ContainsFunc(faults, func(f *fault.Error) bool { return f.At.File == name })
}

// mutations are a file's first document with one thing changed, for each value in it and each change.
func mutations(t testing.TB, content []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for at := range nodes(parsed(t, content)) {
		for _, change := range changes {
			root := parsed(t, content)
			if !change(nodes(root)[at]) {
				continue
			}
			changed, err := yaml.Marshal(root)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, changed)
		}
	}
	return all
}

func parsed(t testing.TB, content []byte) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal(content, &n); err != nil {
		t.Fatal(err)
	}
	for _, v := range nodes(n.Content[0]) {
		if v.Tag == "!!null" { // written as nothing it would come back as an empty text
			v.Value = "null"
		}
	}
	return n.Content[0]
}

// nodes are all values in a document, itself first.
func nodes(n *yaml.Node) []*yaml.Node {
	all := []*yaml.Node{n}
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			all = append(all, nodes(c)...)
		}
	}
	return all
}

// changes report whether there was anything to change.
var changes = []func(*yaml.Node) bool{
	func(n *yaml.Node) bool { return cut(n, 0) },
	func(n *yaml.Node) bool { return cut(n, len(n.Content)/4*2) },
	func(n *yaml.Node) bool { return cut(n, len(n.Content)-2) },
	func(n *yaml.Node) bool { // a key that nothing knows
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "zzz"}, &yaml.Node{Kind: yaml.ScalarNode, Value: "1"})
		return n.Kind == yaml.MappingNode
	},
	func(n *yaml.Node) bool { return become(n, yaml.Node{Kind: yaml.SequenceNode}) },
	func(n *yaml.Node) bool { return become(n, yaml.Node{Kind: yaml.MappingNode}) },
	func(n *yaml.Node) bool {
		return become(n, yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"})
	},
	func(n *yaml.Node) bool { return become(n, yaml.Node{Kind: yaml.ScalarNode, Value: "some words"}) },
	func(n *yaml.Node) bool { return become(n, yaml.Node{Kind: yaml.ScalarNode, Value: "-1"}) },
	func(n *yaml.Node) bool {
		return become(n, yaml.Node{Kind: yaml.ScalarNode, Value: " ", Style: yaml.DoubleQuotedStyle})
	},
}

// cut takes away the key at an index with its value.
func cut(n *yaml.Node, at int) bool {
	if n.Kind != yaml.MappingNode || at < 0 || at >= len(n.Content) {
		return false
	}
	n.Content = slices.Delete(n.Content, at, at+2)
	return true
}

func become(n *yaml.Node, other yaml.Node) bool {
	*n = other
	return true
}
