package narrow_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/narrow"
)

// chunk is lanes as they were given.
type chunk struct {
	num   []int64
	known []uint64
}

func (c chunk) has(i int) bool { return c.known[i/64]>>(i&63)&1 != 0 }

// draw makes chunks of every kind that registers have: all alike, few that differ, bits, bytes, fen, anything.
func draw(t *rapid.T) chunk {
	n := rapid.IntRange(0, 300).Draw(t, "lanes")
	c := chunk{make([]int64, n), make([]uint64, (n+63)/64)}
	base := rapid.SampledFrom([]int64{0, 1, -5, 20_000, 1_234_560_000, math.MinInt64, math.MaxInt64 - 1<<32}).Draw(t, "base")
	unit := rapid.SampledFrom([]int64{1, 10_000, 1_000_000}).Draw(t, "unit")
	steps := rapid.SampledFrom([]int64{0, 1, 2, 255, 256, 65_535, 65_536, 1<<32 - 1, 1 << 32}).Draw(t, "steps")
	rare := rapid.SampledFrom([]int{1, 2, 50}).Draw(t, "one in how many differs")
	holes := rapid.SampledFrom([]int{0, 1, 2, 10}).Draw(t, "one in how many is unknown")
	for i := range n {
		c.num[i] = base
		if rapid.IntRange(1, rare).Draw(t, "differs") == 1 {
			c.num[i] += unit * rapid.Int64Range(0, steps).Draw(t, "value")
		}
		if holes == 0 || holes > 1 && rapid.IntRange(1, holes).Draw(t, "hole") > 1 {
			c.known[i/64] |= 1 << (i & 63)
		}
	}
	return c
}

// What was appended is read, whole and lane by lane, whatever stood in the lanes before.
func TestReadGivesWhatWasAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var column narrow.Column
		chunks := rapid.SliceOfN(rapid.Custom(draw), 1, 4).Draw(t, "chunks")
		if expected := rapid.IntRange(0, 6).Draw(t, "chunks that are expected"); expected > 0 {
			column.Expect(expected)
		}
		for _, c := range chunks {
			column.Append(c.num, c.known)
		}
		if column.Chunks() != len(chunks) {
			t.Fatalf("%d chunks of %d", column.Chunks(), len(chunks))
		}
		for i, c := range chunks {
			check(t, &column, i, c)
		}
	})
}

func check(t *rapid.T, column *narrow.Column, i int, want chunk) {
	num, known := make([]int64, len(want.num)), make([]uint64, len(want.known))
	for j := range num {
		num[j] = 77
	}
	for j := range known {
		known[j] = 0xaaaa
	}
	same := column.Read(i, num, known)
	for lane := range want.num {
		from := lane
		if same {
			from = 0
		}
		got := chunk{num, known}
		if got.has(from) != want.has(lane) || want.has(lane) && num[from] != want.num[lane] {
			t.Fatalf("chunk %d lane %d: %d %v, want %d %v (same %v)", i, lane, num[from], got.has(from), want.num[lane], want.has(lane), same)
		}
		v, ok := column.At(i, lane)
		if ok != want.has(lane) || ok && v != want.num[lane] {
			t.Fatalf("chunk %d lane %d alone: %d %v, want %d %v", i, lane, v, ok, want.num[lane], want.has(lane))
		}
	}
	if n := len(want.num); !same && n&63 != 0 && known[n/64]>>(n&63) != 0 {
		t.Fatalf("chunk %d: bits past the last lane", i)
	}
}

// The forms are narrow: what a thousand lanes take beside the block.
func TestForms(t *testing.T) {
	const lanes = 1024
	for _, test := range []struct {
		name  string
		value func(i int) int64
		same  bool
		bytes int
	}{
		{"all the same", func(int) int64 { return 1 << 40 }, true, 0},
		{"bools", func(i int) int64 { return int64(i % 2) }, false, lanes / 8},
		{"codes", func(i int) int64 { return int64(i % 7) }, false, lanes},
		{"days of birth", func(i int) int64 { return int64(i * 37 % 30_000) }, false, 2 * lanes},
		{"fen", func(i int) int64 { return int64(i*977) * 10_000 }, false, 4 * lanes},
		{"fen above what all have", func(i int) int64 { return 3_333_333 + int64(i%250)*10_000 }, false, lanes},
		{"one in a hundred differs", func(i int) int64 { return truth(i%100 == 3) * int64(i) * 1_000_000 }, false, 8 + 11*4},
		{"anything", func(i int) int64 { return int64(i) * 0x123456789abcd }, false, 8 * lanes},
		{"from end to end", func(i int) int64 { return math.MinInt64 + truth(i%2 == 0)*math.MaxInt64 - int64(i)*10_000 }, false, 8 * lanes},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := chunk{make([]int64, lanes), slices.Repeat([]uint64{math.MaxUint64}, lanes/64)}
			for i := range c.num {
				c.num[i] = test.value(i)
			}
			var column narrow.Column
			column.Append(c.num, c.known)
			if column.Same(0) != test.same {
				t.Errorf("same: %v", column.Same(0))
			}
			if got := column.Bytes(); got != test.bytes {
				t.Errorf("%d bytes, want %d", got, test.bytes)
			}
		})
	}
}

// What stands in lanes that are not known costs nothing and is not kept: the same chunk is always the same bytes.
func TestUnknownLanesCostNothing(t *testing.T) {
	var column narrow.Column
	for _, noise := range []int64{0, math.MinInt64, 12_345} {
		c := chunk{make([]int64, 100), []uint64{^uint64(1 << 7), 1<<36 - 1}}
		for i := range c.num {
			c.num[i] = 20_000 + int64(i%9)
		}
		c.num[7] = noise
		column.Append(c.num, c.known)
	}
	if got := column.Bytes(); got != 3*(16+100) {
		t.Errorf("%d bytes", got)
	}
	first, again := make([]int64, 100), make([]int64, 100)
	column.Read(0, first, make([]uint64, 2))
	for i := range 3 {
		column.Read(i, again, make([]uint64, 2))
		if !slices.Equal(first, again) {
			t.Errorf("chunk %d is read otherwise", i)
		}
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t)
		var column narrow.Column
		column.AppendBits(nil, 0)
		column.AppendBits(c.known, len(c.num))
		got := slices.Repeat([]uint64{0x5555}, len(c.known))
		column.ReadBits(1, got)
		if !slices.Equal(got, c.known) {
			t.Fatalf("%x, want %x", got, c.known)
		}
	})
}

// Reading allocates nothing: a worker reads millions of chunks.
func TestReadingAllocatesNothing(t *testing.T) {
	var column narrow.Column
	num, known := make([]int64, 1000), make([]uint64, 16)
	for i := range num {
		num[i] = int64(i)
		known[i/64] |= 1 << (i & 63)
	}
	column.Append(num, known)
	column.AppendSame(1000, 5, true)
	if n := testing.AllocsPerRun(10, func() { column.Read(0, num, known); column.Read(1, num, known) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
