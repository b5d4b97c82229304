package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// memory is stored hashes in memory.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	for _, i := range indexes {
		if i >= int64(len(m)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		hashes = append(hashes, m[i])
	}
	return hashes, nil
}

// TestTheFrontierIsTlogs holds the frontier against tlog at all sizes up to 600, begun anew at each, and all proofs at some.
func TestTheFrontierIsTlogs(t *testing.T) {
	var f frontier
	var stored, wanted memory
	for n := int64(0); n <= 600; n++ {
		root, err := tlog.TreeHash(n, wanted)
		if err != nil {
			t.Fatal(err)
		}
		again, err := frontierAt(n, stored)
		if err != nil || again.root() != root || f.root() != root || f.size != n {
			t.Fatalf("size %d: %v and %v, want %v; %v", n, f.root(), again.root(), root, err)
		}
		if n < 40 || n%97 == 0 {
			proveAll(t, n, root, stored)
		}
		entry := Leaf{"person.open", sha256.Sum256(fmt.Append(nil, n))}.Entry()
		added, err := tlog.StoredHashes(n, entry, wanted)
		if err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, added...)
		f.append(tlog.RecordHash(entry), func(h tlog.Hash) { stored = append(stored, h) })
		if fmt.Sprint(stored[len(stored)-len(added):]) != fmt.Sprint([]tlog.Hash(added)) || len(stored) != len(wanted) {
			t.Fatalf("leaf %d stores other hashes than tlog", n)
		}
	}
}

func proveAll(t *testing.T, n int64, root tlog.Hash, stored memory) {
	t.Helper()
	for i := range n {
		proof, err := tlog.ProveRecord(n, i, stored)
		if err == nil {
			err = tlog.CheckRecord(proof, n, root, i, stored[tlog.StoredHashIndex(0, i)])
		}
		if err != nil {
			t.Fatalf("leaf %d of %d: %v", i, n, err)
		}
		older, _ := tlog.TreeHash(i+1, stored)
		growth, err := tlog.ProveTree(n, i+1, stored)
		if err == nil {
			err = tlog.CheckTree(growth, n, root, i+1, older)
		}
		if err != nil {
			t.Fatalf("from %d to %d: %v", i+1, n, err)
		}
	}
}

func FuzzBundle(f *testing.F) {
	whole := bundle([]Leaf{{Kind: "person.open"}, {Kind: "batch.promote"}})
	f.Add(whole, 2)
	f.Add(whole[:20], 1)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		width &= 255
		leaves, err := parseBundle(data, width)
		if err == nil && !bytes.Equal(bundle(leaves), data) {
			t.Errorf("%q comes back otherwise", data)
		}
		if len(leaves) > width {
			t.Errorf("%d leaves of %d", len(leaves), width)
		}
	})
}

func FuzzActs(f *testing.F) {
	line, _ := json.Marshal(exportedAct{3, Row{ID: 7, At: time.Unix(1, 0).UTC(), Kind: "person.open", Salt: []byte{1}}})
	f.Add(append(line, '\n'))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"index":1,"kind":"secretsecret"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		acts, last := readActs(bytes.NewReader(data)), int64(-1)
		for {
			err := acts.advance()
			if err != nil && strings.Contains(err.Error(), "secretsecret") {
				t.Errorf("the error quotes the line: %v", err)
			}
			if err != nil || !acts.more {
				return
			}
			if acts.next.Index <= last {
				t.Errorf("index %d after %d", acts.next.Index, last)
			}
			last = acts.next.Index
			acts.next.Leaf()
		}
	})
}

func FuzzTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/entries/x001/234.p/7", "tile/1/000.p/255", "tile/data/000"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if tile, ok := parseTile(path); ok && (tilePath(tile) != path || within(tile, 0)) {
			t.Errorf("%s is read as %+v", path, tile)
		}
	})
}
