package screening

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestColumns: what is packed is read again, whatever the numbers, and few distinct ones take few bits.
func TestColumns(t *testing.T) {
	var p packer // one for all, as a worker has it
	var c column
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(
			rapid.SampledFrom([]int64{0, 1}), rapid.Int64Range(0, 3), rapid.Int64Range(-5, 300), rapid.Int64(),
			rapid.Map(rapid.Int64Range(0, 70_000), func(n int64) int64 { return n * 10_000 }),
		)
		kind := rapid.SliceOfN(number, 0, 700).Draw(t, "numbers")
		var b []byte
		for range rapid.IntRange(1, 2).Draw(t, "times") {
			b = p.append(b, kind)
		}
		r := &reader{rest: b}
		for len(r.rest) > 0 && r.err == nil {
			r.column(&c, len(kind))
			for lane, want := range kind {
				if got := c.at(lane); got != want {
					t.Fatalf("lane %d is %d, want %d", lane, got, want)
				}
			}
			counted, want := map[int64]int{}, map[int64]int{}
			c.tally(func(number int64, lanes int) { counted[number] += lanes })
			for _, number := range kind {
				want[number]++
			}
			if !maps.Equal(counted, want) {
				t.Fatalf("counted %v, want %v", counted, want)
			}
		}
		if r.err != nil {
			t.Fatal(r.err)
		}
	})
	same := p.append(nil, slices.Repeat([]int64{42}, 10_000))
	two := p.append(nil, slices.Repeat([]int64{42, 7}, 5_000))
	if len(same) > 8 || len(two) > 10_000/8+10 {
		t.Errorf("10,000 lanes of one number take %d bytes, of two %d", len(same), len(two))
	}
}

// FuzzChunk: whatever the bytes, a chunk is read or refused, and what is read can be looked at.
func FuzzChunk(f *testing.F) {
	l := &legend{
		Programmes: []legendProgramme{{ID: "one", Unit: "person", Components: []legendComponent{{ID: "sum", Per: "month"}}}, {ID: "two", Unit: "household"}},
		Dimensions: []string{"income"}, Warnings: []legendWarning{{ID: "warning", Unit: "person"}}, Leaves: []string{"person.birth"},
	}
	var p packer
	b := []byte{1, 2, 0}
	for _, of := range [][]int64{{2}, {1}, {371424100281}, {0}, {3}} {
		b = p.append(b, of)
	}
	b = append(b, "key"...)
	b = append(b, make([]byte, 16)...)
	for _, of := range [][]int64{{5_000_000}, {5_000_000}, {1_000_000}, {1}, {7}, {4, 1}, {1, 0}, {800_000_000}, {6}} {
		b = p.append(b, of)
	}
	b = append(b, 1, 0, 1, 1)
	sets := append(p.append([]byte{1, 1, 0}, []int64{1}), 0) // one set of one leaf, and none
	b = append(append(b, byte(len(sets))), sets...)
	var c chunk
	if err := c.read(b, l); err != nil {
		f.Fatalf("the seed cannot be read: %v", err)
	}
	if err := c.readWaiting(l); err != nil {
		f.Fatalf("what the seed's open outcomes wait for cannot be read: %v", err)
	}
	if leaves := c.waitingOf(0).next(); len(leaves) != 1 || leaves[0] != 0 {
		f.Fatalf("the seed's open outcome waits for %v", leaves)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c chunk
		if c.read(b, l) != nil {
			return
		}
		for h := range c.households {
			c.key(h)
			c.score.at(h)
		}
		for lane := range c.persons {
			c.digest(lane)
			c.verdicts[0].at(lane)
			c.amounts[0][0].at(lane)
		}
		if c.readWaiting(l) != nil {
			return
		}
		for p := range l.Programmes {
			waiting := c.waitingOf(p)
			for range c.openLanes(p) {
				for _, leaf := range waiting.next() {
					_ = l.Leaves[leaf]
				}
			}
		}
	})
}
