package pack_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/pack"
)

// TestSchemasAreWritten holds the schemas for editors, which lie among the documents, to the shapes that the loader reads.
func TestSchemasAreWritten(t *testing.T) {
	schemas := pack.Schemas()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		want, err := json.MarshalIndent(schemas[name], "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := filepath.Join("../../docs/schemas", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what -update writes (-want +got):\n%s", name, diff)
		}
	}
}
