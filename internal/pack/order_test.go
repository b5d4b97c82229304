package pack_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/pack"
)

// TestProgrammesStandInCatalogueOrder: by number whatever the files are called, with further paths behind their programme.
func TestProgrammesStandInCatalogueOrder(t *testing.T) {
	files := goodPack(t)
	move := func(from, to string) {
		files[to] = &fstest.MapFile{Data: files[from].Data}
		delete(files, from)
	}
	move("programmes/civil/minimum.yaml", "programmes/z.yaml")
	move("programmes/civil/minimum-alone.yaml", "programmes/a.yaml")
	p, faults := pack.Load(files)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var ids []string
	for _, q := range p.Programmes {
		ids = append(ids, q.ID)
	}
	if diff := cmp.Diff([]string{"minimum", "minimum-alone", "medical"}, ids); diff != "" {
		t.Error(diff)
	}
}
