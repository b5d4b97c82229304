package pack_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

func loaded(t *testing.T, files fstest.MapFS) *pack.Pack {
	t.Helper()
	p, faults := pack.Load(files)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

// The hash is what a stored decision names: any byte and any name changes it, a note beside the files does not.
func TestHash(t *testing.T) {
	plain := loaded(t, goodPack(t)).Hash
	if again := loaded(t, goodPack(t)).Hash; plain != again || len(plain) != 64 {
		t.Errorf("the same files have the hashes %s and %s", plain, again)
	}
	longer := goodPack(t)
	longer["workflow.yaml"] = &fstest.MapFile{Data: append(bytes.Clone(longer["workflow.yaml"].Data), '\n')}
	if loaded(t, longer).Hash == plain {
		t.Error("a line more leaves the hash as it is")
	}
	moved := goodPack(t)
	moved["variables/moved.yaml"] = moved["variables/person.yaml"]
	delete(moved, "variables/person.yaml")
	if loaded(t, moved).Hash == plain {
		t.Error("another name leaves the hash as it is")
	}
	noted := goodPack(t)
	noted["NOTES.md"] = &fstest.MapFile{Data: []byte("# notes\n")}
	noted[".editor/settings.json"] = &fstest.MapFile{Data: []byte("{}")}
	if loaded(t, noted).Hash != plain {
		t.Error("notes and hidden files change the hash")
	}
}

// A pack begins small: everything but its head may be absent.
func TestOptionalParts(t *testing.T) {
	for _, files := range []fstest.MapFS{
		{"pack.yaml": {Data: []byte("pack: p\nname: {zh: 包, en: pack}\narea: \"3714\"\nengine: \"1\"\n")}},
		without(goodPack(t), "index.yaml"),
		without(goodPack(t), "cases/minimum.yaml"),
		without(goodPack(t), "household.yaml"),
		without(goodPack(t), "areas.csv"),
	} {
		if _, faults := pack.Load(files); len(faults) > 0 {
			t.Errorf("%d files:\n%v", len(files), faults)
		}
	}
}

func without(files fstest.MapFS, name string) fstest.MapFS {
	delete(files, name)
	return files
}

// What a person is told does not change between two runs, however maps are ordered.
func TestFaultsAreTheSameOnEveryRun(t *testing.T) {
	for _, g := range goldens(t, "testdata/bad/*.txtar") {
		_, first := pack.Load(g.broken(t))
		for range 3 {
			if _, again := pack.Load(g.broken(t)); messages(again, fault.En) != messages(first, fault.En) {
				t.Errorf("%s: two runs differ", g.name)
			}
		}
	}
}
