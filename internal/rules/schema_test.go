package rules

import (
	"testing"
)

// TestFieldNotes: every field of a determination says what it means, and nothing is said of fields that are gone.
func TestFieldNotes(t *testing.T) {
	schema := DeterminationSchema()
	objects := map[string]any{"Determination": schema}
	for name, def := range schema["$defs"].(map[string]any) {
		objects[name] = def
	}
	said := map[string]bool{}
	for object, def := range objects {
		for field := range def.(map[string]any)["properties"].(map[string]any) {
			name := object + "." + field
			said[name] = true
			if fieldNotes[name].says == "" {
				t.Errorf("nothing is said of %s", name)
			}
		}
	}
	for name := range fieldNotes {
		if !said[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
