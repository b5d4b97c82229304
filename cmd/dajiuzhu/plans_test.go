package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the plans of the examples anew")

// version is the pack's hash in a plan, which every change of the pack changes.
var version = regexp.MustCompile(`版本 [0-9a-f]+`)

// TestExamplePlans holds the plan of every example family, as an officer reads it, to its golden file.
func TestExamplePlans(t *testing.T) {
	examples, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(examples) < 8 {
		t.Fatalf("%d examples: %v", len(examples), err)
	}
	for _, example := range examples {
		name := strings.TrimSuffix(filepath.Base(example), ".yaml")
		t.Run(name, func(t *testing.T) {
			var out, errout bytes.Buffer
			if code := run(t.Context(), []string{"determine", example}, nil, &out, &errout); code != exitOK {
				t.Fatalf("exit code %d: %s", code, errout.String())
			}
			got := version.ReplaceAllString(out.String(), "版本 …")
			golden := filepath.Join("testdata", "plans", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("file − program + (go test ./cmd/dajiuzhu -update writes it anew):\n%s", diff)
			}
		})
	}
}
