package docs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/rules"
)

var determinations = []string{"determination.md", "determination.zh.md"}

// TestDeterminationFields: the pages name every field of every object, and the English one says of it what the schema says.
func TestDeterminationFields(t *testing.T) {
	schema := rules.DeterminationSchema()
	objects := map[string]map[string]any{"Determination": schema}
	for name, def := range schema["$defs"].(map[string]any) {
		objects[name] = def.(map[string]any)
	}
	for _, page := range determinations {
		for object, def := range objects {
			want := map[string]string{}
			for field, value := range def["properties"].(map[string]any) {
				want[field] = value.(map[string]any)["description"].(string)
			}
			got := map[string]string{}
			for _, row := range rows(t, page, "### "+object) {
				field := strings.Trim(row[0], "`")
				got[field] = row[1]
				if page != "determination.md" && want[field] != "" {
					want[field] = row[1]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: schema − page +:\n%s", page, object, diff)
			}
		}
	}
}

// example is a part of a determination that a page shows: a comment such as "<!-- json couple.yaml plan.cash -->" and the
// block below it.
var example = regexp.MustCompile("(?s)<!-- json (\\S+) (\\S+) -->\n```json\n(.*?)```")

// TestDeterminationExamples holds the parts that the pages show to what the program writes of the households they show.
func TestDeterminationExamples(t *testing.T) {
	for _, name := range determinations {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, f := range fences(string(content)) {
			if file := f.directive("file"); file != "" {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(f.body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		found := example.FindAllStringSubmatch(string(content), -1)
		if len(found) == 0 {
			t.Errorf("%s shows nothing", name)
		}
		for _, m := range found {
			got := at(t, run(t, dir, "determine", m[1], "--format", "json"), m[2])
			if *update {
				head, _, _ := strings.Cut(m[0], "\n")
				content = bytes.Replace(content, []byte(m[0]), []byte(head+"\n```json\n"+got+"```"), 1)
				continue
			}
			if diff := cmp.Diff(m[3], got); diff != "" {
				t.Errorf("%s, %s of %s: page − program +:\n%s", name, m[2], m[1], diff)
			}
		}
		if *update {
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDeterminationExamplesInBothLanguages: the pages show the same household and the same parts of it.
func TestDeterminationExamplesInBothLanguages(t *testing.T) {
	shown := func(name string) (all []string) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fences(string(content)) {
			if f.directive("file") != "" || f.lang == "json" {
				all = append(all, f.body)
			}
		}
		return all
	}
	if diff := cmp.Diff(shown(determinations[0]), shown(determinations[1])); diff != "" {
		t.Errorf("English −, Chinese +:\n%s", diff)
	}
}

var step = regexp.MustCompile(`^(\w+)(?:\[([^\]]+)\])?$`)

// at is a part of a document, indented: "outcomes[programme=dibao].failed".
func at(t *testing.T, document []byte, path string) string {
	t.Helper()
	for _, s := range strings.Split(path, ".") {
		m := step.FindStringSubmatch(s)
		if m == nil {
			t.Fatalf("%q is no step", s)
		}
		document = fieldOf(t, document, m[1])
		if m[2] == "" {
			continue
		}
		var list []json.RawMessage
		if err := json.Unmarshal(document, &list); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(item json.RawMessage) bool { return fits(t, item, m[2]) })
		if i < 0 {
			t.Fatalf("%s: there is none in %s", path, s)
		}
		document = list[i]
	}
	var b bytes.Buffer
	if err := json.Indent(&b, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

// fits reports whether an item of a list has the texts that are asked for, as in "programme=med-aid,outcome=likely".
func fits(t *testing.T, item json.RawMessage, wanted string) bool {
	t.Helper()
	for _, w := range strings.Split(wanted, ",") {
		key, value, _ := strings.Cut(w, "=")
		if string(fieldOf(t, item, key)) != `"`+value+`"` {
			return false
		}
	}
	return true
}

func fieldOf(t *testing.T, document []byte, name string) json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(document, &fields); err != nil {
		t.Fatal(err)
	}
	return fields[name]
}
