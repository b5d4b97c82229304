package docs_test

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

var formats = []string{"formats.md", "formats.zh.md"}

// rows are the rows of the first table below a heading, a cell each, without the table's own head.
func rows(t *testing.T, name, heading string) [][]string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(content), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", name, heading)
	}
	var all [][]string
	for _, line := range strings.Split(below, "\n") {
		if strings.HasPrefix(line, "#") {
			break
		}
		if !strings.HasPrefix(line, "|") {
			continue
		}
		var cells []string
		for _, cell := range strings.Split(strings.Trim(line, "| "), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		all = append(all, cells)
	}
	if len(all) < 3 {
		t.Fatalf("%s has no table below %q", name, heading)
	}
	return all[2:]
}

// run runs the program in a folder.
func run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Dir = dir
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

// TestFormats holds the tables of columns to files of a small county.
func TestFormats(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "synth", "--out", "in", "--people", "1000")
	run(t, dir, "screen", "--in", "in", "--out", "out", "--on", "2026-11-01")
	run(t, dir, "screen", "--in", "in", "--out", "out", "--on", "2026-11-01") // the second tells what changed
	for _, page := range formats {
		for _, table := range []string{"ranking", "outcomes", "warnings", "changes"} {
			var names, headers []string
			for _, row := range rows(t, page, "### "+table) {
				names, headers = append(names, strings.Trim(row[0], "`")), append(headers, row[1])
			}
			if diff := cmp.Diff(headers, csvHeader(t, filepath.Join(dir, "out", table+".csv"))); diff != "" {
				t.Errorf("%s: headers of %s, page − file +:\n%s", page, table, diff)
			}
			if diff := cmp.Diff(names, parquetColumns(t, filepath.Join(dir, "out", table+".parquet"))); diff != "" {
				t.Errorf("%s: columns of %s, page − file +:\n%s", page, table, diff)
			}
		}
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "in", "*", "medical-settlement-*.manifest.json"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("no manifest of settlements: %v", err)
	}
	written, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range formats {
		shown := keys(t, []byte(manifestOf(t, page)), 2)
		for key := range keys(t, written, 2) {
			if !shown[key] && !strings.Contains(key, ".sums.") {
				t.Errorf("%s: the manifest shown lacks %s", page, key)
			}
		}
	}
}

// TestTablesOfColumns holds the tables of a county's columns to the files of a small one: every table and every column.
func TestTablesOfColumns(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "synth", "--out", "in", "--people", "600")
	run(t, dir, "population", "--in", "in", "--out", "out", "--on", "2026-11-01")
	files, err := filepath.Glob(filepath.Join(dir, "out", "in", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string][]string{}
	for _, file := range files {
		written[filepath.Base(file)] = kindsOfColumns(parquetColumns(t, file))
	}
	for page, heading := range map[string]string{"formats.md": "## Columns of a county", "formats.zh.md": "## 一个县的列"} {
		described := map[string][]string{}
		for _, row := range rows(t, page, heading) {
			var names []string
			for _, match := range code.FindAllStringSubmatch(row[2], -1) {
				names = append(names, match[1])
			}
			slices.Sort(names)
			described[strings.Trim(row[0], "`")] = names
		}
		if diff := cmp.Diff(described, written); diff != "" {
			t.Errorf("%s: page − files +:\n%s", page, diff)
		}
	}
}

// kindsOfColumns writes the columns whose names come from the pack as their prefix, once.
func kindsOfColumns(names []string) []string {
	var kinds []string
	for _, name := range names {
		for _, prefix := range []string{"fact_", "held_", "complete_"} {
			if strings.HasPrefix(name, prefix) {
				name = prefix + "…"
			}
		}
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func manifestOf(t *testing.T, page string) string {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	all := fences(string(content))
	return all[slices.IndexFunc(all, func(f fence) bool { return f.lang == "json" })].body
}

func csvHeader(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	header, err := csv.NewReader(f).Read()
	if err != nil {
		t.Fatal(err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	return header
}

func parquetColumns(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, field := range file.Schema().Fields() {
		names = append(names, field.Name())
	}
	return names
}

// keys are the keys of a JSON text down to a depth, as "outcomes[].unit".
func keys(t *testing.T, text []byte, depth int) map[string]bool {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	var walk func(v any, at string, depth int)
	walk = func(v any, at string, depth int) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item, at+"[]", depth)
			}
		case map[string]any:
			for key, inner := range v {
				name := strings.TrimPrefix(at+"."+key, ".")
				all[name] = true
				if depth > 1 {
					walk(inner, name, depth-1)
				}
			}
		}
	}
	walk(value, "", depth)
	return all
}

var quoted = regexp.MustCompile("`([^`]+)`")

// TestDeterminationKeys: every key of a determination, and of its outcomes, stands in the table.
func TestDeterminationKeys(t *testing.T) {
	found := map[string]bool{}
	for _, on := range []string{"2020-03-01", "2026-11-01"} {
		out := run(t, root, "determine", "--format", "json", "--on", on, "examples/guozhai.yaml")
		maps.Copy(found, keys(t, out, 2))
	}
	for page, heading := range map[string]string{"formats.md": "## A determination", "formats.zh.md": "## 预判结果"} {
		told := map[string]bool{}
		for _, row := range rows(t, page, heading) {
			prefix := ""
			for i, match := range quoted.FindAllStringSubmatch(row[0], -1) {
				name := strings.TrimSuffix(match[1], "[]")
				if i == 0 && strings.HasPrefix(name, "outcomes[].") {
					prefix = "outcomes[]."
				}
				told[prefix+strings.TrimPrefix(name, prefix)] = true
			}
		}
		for key := range found {
			if !told[key] && (!strings.Contains(key, ".") || strings.HasPrefix(key, "outcomes[].")) {
				t.Errorf("%s does not tell of %s", page, key)
			}
		}
	}
}
