package library

import (
	"slices"
	"testing"

	"dajiuzhu/internal/pack"
)

// TestEveryWordIsTold: whatever closed word workflow.yaml or handling.yaml allows is told in both languages, so that no page shows a code.
func TestEveryWordIsTold(t *testing.T) {
	seen := map[string][]string{}
	closedWords(pack.Schemas()["workflow.schema.json"], "", seen)
	closedWords(pack.Schemas()["handling.schema.json"], "", seen)
	for key, table := range words {
		if key == "from" { // a few results again, as ends of a limit
			key = "gives"
		}
		for code, text := range table {
			if !slices.Contains(seen[key], code) {
				t.Errorf("%q is no %q of workflow.yaml or handling.yaml", code, key)
			}
			if text.Zh == "" || text.En == "" {
				t.Errorf("%q of %q lacks a language", code, key)
			}
		}
	}
	// Units and statuses have tables of their own; of a question the page tells the words and not the type.
	for key, codes := range seen {
		if slices.Contains([]string{"unit", "status", "type"}, key) || slices.Contains(codes, "yes") {
			continue
		}
		for _, code := range codes {
			if _, told := words[key][code]; !told && !(key == "by" && code == "decider") {
				t.Errorf("%q of %q is told nowhere", code, key)
			}
		}
	}
	for _, unit := range seen["unit"] {
		if units[unit].Zh == "" || units[unit].En == "" {
			t.Errorf("the unit %q is told nowhere", unit)
		}
	}
}

// closedWords gathers the enumerations of a schema by the key that takes them.
func closedWords(schema any, key string, seen map[string][]string) {
	switch s := schema.(type) {
	case map[string]any:
		for name, below := range s {
			switch name {
			case "properties":
				for property, of := range below.(map[string]any) {
					closedWords(of, property, seen)
				}
			case "enum":
				seen[key] = append(seen[key], texts(below)...)
			default:
				closedWords(below, key, seen)
			}
		}
	case []any:
		for _, below := range s {
			closedWords(below, key, seen)
		}
	case []map[string]any:
		for _, below := range s {
			closedWords(below, key, seen)
		}
	}
}

func texts(list any) []string {
	var all []string
	switch l := list.(type) {
	case []string:
		return l
	case []any:
		for _, e := range l {
			if s, is := e.(string); is {
				all = append(all, s)
			}
		}
	}
	return all
}
