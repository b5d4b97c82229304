package rules

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"dajiuzhu/internal/pack"
)

// The operators that work on whole words of lanes come to what they come to lane by lane.

// drawnLanes is lanes of a word: none, few, many or all.
func drawnLanes(r *rand.Rand) uint64 {
	return [...]uint64{0, r.Uint64() & r.Uint64() & r.Uint64(), r.Uint64(), r.Uint64() | r.Uint64(), ^uint64(0)}[r.IntN(5)]
}

// drawnOwners is the lane above each of n rows: they ascend, some have no rows, and now and then many have none.
func drawnOwners(r *rand.Rand, n int) (of []int32, lanes int) {
	gap := [...]int{1, 2, 3, 90}[r.IntN(4)]
	above := 0
	for range n {
		above += r.IntN(gap + 1)
		of = append(of, int32(above))
	}
	return of, above + 1 + r.IntN(3)
}

func TestRowsAndTheLanesAboveThem(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 24))
	for range 20_000 {
		n := 1 + r.IntN(200)
		of, lanes := drawnOwners(r, n)
		w := r.IntN((n + 63) / 64)
		rows := drawnLanes(r)
		if rest := n - w<<6; rest < 64 {
			rows &= 1<<rest - 1
		}
		above, marked, wantMarked := NewBits(lanes), NewBits(lanes), NewBits(lanes)
		for i := range above {
			above[i], marked[i] = drawnLanes(r), r.Uint64()&r.Uint64()
			wantMarked[i] = marked[i]
		}
		want := uint64(0)
		each(Bits{rows}, func(i int) {
			owner := int(of[w<<6+i])
			want |= bit(above.Has(owner)) << i
			wantMarked.Set(owner)
		})
		if got := expand(above, of, w, rows); got != want {
			t.Fatalf("of %d rows those of word %d have %#x above them, want %#x of %#x; owners %v", n, w, got, want, rows, of)
		}
		if mark(marked, of, w, rows); !slices.Equal(marked, wantMarked) {
			t.Fatalf("rows %#x of word %d marked %#x, want %#x; owners %v", rows, w, marked, wantMarked, of)
		}
	}
}

func TestWordsAreCompared(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 24))
	some := [...]int64{0, 1, -1, 2, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	var a, b [64]int64
	for range 5_000 {
		for i := range a {
			a[i], b[i] = some[r.IntN(len(some))], some[r.IntN(len(some))]
		}
		lanes := drawnLanes(r)
		for _, o := range [...]op{opEqual, opLess, opLessEqual} {
			want := uint64(0)
			each(Bits{lanes}, func(i int) { want |= bit(compare(o, a[i], b[i])) << i })
			if got := compareWord(o, a[:], b[:], lanes); got != want {
				t.Fatalf("operator %d: %#x, want %#x", o, got, want)
			}
		}
	}
}

// TestChosenNumbers: each lane has the number of the vector that it is taken from, and where not all lanes of the word are wanted,
// the others keep theirs.
func TestChosenNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 24))
	number := func(from int64) *vector {
		v := (&room{}).vector(&node{typ: pack.Decimal, particulars: &particulars{}}, 128)
		for i := range v.num {
			v.num[i] = from + int64(i)
		}
		v.same = r.IntN(3) == 0
		return &v
	}
	for range 5_000 {
		v, a, b := number(0), number(1000), number(2000)
		want := drawnLanes(r)
		fromA := drawnLanes(r) & want
		fromB := drawnLanes(r) & want &^ fromA
		v.choose(a, b, 1, fromA, fromB, want == ^uint64(0))
		for i := range 64 {
			lane, got := 64+i, v.num[64+i]
			switch {
			case fromA>>i&1 != 0 && got != a.number(lane), fromB>>i&1 != 0 && got != b.number(lane), want>>i&1 == 0 && got != int64(lane):
				t.Fatalf("lane %d of %#x is %d; from the first %#x, from the second %#x", i, want, got, fromA, fromB)
			}
		}
	}
}
