package pack_test

import (
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// mostFuzzed bounds what is tried: a loader that is given megabytes of brackets is slow and not at fault.
const mostFuzzed = 1 << 14

// One file of the good pack is replaced by anything. It is read or refused, with both languages to say so, and never
// stops the program.
func FuzzLoad(f *testing.F) {
	base := goodPack(f)
	names := slices.Sorted(maps.Keys(base))
	for i, name := range names {
		f.Add(uint8(i), base[name].Data)
	}
	for _, g := range archives(f, "testdata/bad/*.txtar") {
		for _, changed := range g.inputs() {
			for i, name := range names { // in the place of each file beside which it lies
				if path.Dir(name) == path.Dir(changed.Name) && (path.Dir(name) != "." || name == changed.Name) {
					f.Add(uint8(i), changed.Data)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, index uint8, content []byte) {
		if len(content) > mostFuzzed {
			t.Skip()
		}
		files := maps.Clone(base)
		files[names[int(index)%len(names)]] = &fstest.MapFile{Data: content}
		p, faults := pack.Load(files)
		if (p == nil) == (len(faults) == 0) {
			t.Fatalf("a pack: %v, faults: %v", p != nil, faults)
		}
		for _, e := range faults {
			if e.Message(fault.En) == "" || e.Message(fault.Zh) == "" || e.At.File == "" {
				t.Fatalf("a fault without words or place: %v", e)
			}
		}
		if p != nil {
			traced(t, files, p)
			compiled(t, p)
		}
	})
}

// archives are the golden files as seeds.
func archives(f *testing.F, pattern string) []golden {
	f.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		f.Fatalf("no golden files %s: %v", pattern, err)
	}
	var all []golden
	for _, p := range paths {
		archive, err := txtar.ParseFile(p)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, golden{path: p, archive: archive})
	}
	return all
}

// compiled compiles what was read: formulas too are only refused, and never stop the program.
func compiled(t *testing.T, p *pack.Pack) {
	policy, faults := rules.Compile(p)
	if (policy == nil) == (len(faults) == 0) {
		t.Fatalf("a policy: %v, faults: %v", policy != nil, faults)
	}
}

// traced looks up the ends of every formula: their places are in the file.
func traced(t *testing.T, files fs.FS, p *pack.Pack) {
	for _, v := range p.Variables {
		for _, version := range v.Versions {
			at := version.Value.PosAt(1, len(version.Value.Source)+1)
			if _, err := fs.Stat(files, at.File); err != nil || at.Line < 1 || at.Column < 1 {
				t.Fatalf("%q ends at %v", version.Value.Source, at)
			}
		}
	}
}

func FuzzReadDossier(f *testing.F) {
	f.Add(goodPack(f)["cases/minimum.yaml"].Data)
	f.Add([]byte("{\n\t\"on\": \"2026-11-01\",\n\t\"facts\": {\"household\": {\"residence\": \"rural\"}, \"members\": [{\"name\": \"张三\", \"birth\": null}]}\n}"))
	for _, g := range archives(f, "testdata/dossier/*.txtar") {
		f.Add(g.archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > mostFuzzed {
			t.Skip()
		}
		if d, faults := pack.ReadDossier("household.yaml", content); (d == nil) == (len(faults) == 0) {
			t.Fatalf("a dossier: %v, faults: %v", d != nil, faults)
		}
	})
}
