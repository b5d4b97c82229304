package population

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/rules"
)

// pageValues is a page's values as numbers: n lanes, of which those are known that have a value.
type pageValues struct {
	form savedForm

	n      int
	levels []byte // 1 of a known lane; nil: all are
	// Of the known lanes alone, one of these:
	indexes []int32 // of the dictionary
	wide    []int64
	slim    []int32
	bits    []byte

	dictionary []int64
	of         parquet.Dictionary
}

var errForm = errors.New("the values are not written as this program writes them")

func (v *pageValues) read(page parquet.Page) error {
	v.n = int(page.NumValues())
	v.levels, v.indexes, v.wide, v.slim, v.bits = nil, nil, nil, nil, nil
	known := v.n
	if v.form.node.Optional() {
		v.levels = page.DefinitionLevels()
		if len(v.levels) != v.n {
			return errForm
		}
		known = bytes.Count(v.levels, []byte{1})
		if bytes.Count(v.levels, []byte{0}) != v.n-known {
			return errForm
		}
	}
	data := page.Data()
	if d := page.Dictionary(); d != nil {
		if err := v.learn(d); err != nil {
			return err
		}
		v.indexes = data.Int32()
		return v.check(len(v.indexes), known)
	}
	if v.form.parse != nil {
		if known == 0 {
			v.levels = bytes.Repeat([]byte{0}, v.n)
			return nil
		}
		return errForm
	}
	switch v.form.node.Type().Kind() {
	case parquet.Boolean:
		v.bits = data.Boolean()
		return v.check(min(8*len(v.bits), known), known)
	case parquet.Int32:
		v.slim = data.Int32()
		return v.check(len(v.slim), known)
	case parquet.Int64:
		v.wide = data.Int64()
		return v.check(len(v.wide), known)
	}
	return errForm
}

// check holds the values to the levels, and the indexes to the dictionary.
func (v *pageValues) check(values, known int) error {
	if values != known {
		return errForm
	}
	for _, i := range v.indexes {
		if uint(i) >= uint(len(v.dictionary)) {
			return errForm
		}
	}
	return nil
}

// learn turns a dictionary into numbers, once.
func (v *pageValues) learn(d parquet.Dictionary) error {
	if v.of == d {
		return nil
	}
	v.of, v.dictionary = d, make([]int64, d.Len())
	for i := range v.dictionary {
		value := d.Index(int32(i))
		switch {
		case v.form.parse != nil:
			n, err := v.form.parse(string(value.ByteArray()))
			if err != nil {
				return fmt.Errorf("a text of the dictionary: %w", err)
			}
			v.dictionary[i] = n
		case value.Kind() == parquet.Int32:
			v.dictionary[i] = int64(value.Int32())
		case value.Kind() == parquet.Int64:
			v.dictionary[i] = value.Int64()
		default:
			return errForm
		}
	}
	return nil
}

// skip is how many of some lanes are known.
func (v *pageValues) skip(from, to int) int {
	if v.levels == nil {
		return to - from
	}
	return bytes.Count(v.levels[from:to], []byte{1})
}

// value is the known value in place i.
func (v *pageValues) value(i int) int64 {
	switch {
	case v.indexes != nil:
		return v.dictionary[v.indexes[i]]
	case v.wide != nil:
		return v.wide[i]
	case v.slim != nil:
		return int64(v.slim[i])
	}
	return int64(v.bits[i/8] >> (i & 7) & 1)
}

// same reports whether all lanes are the same, with their state and value; values is how many known values lie before.
func (v *pageValues) same(from, to, values int) (value int64, known, same bool) {
	count := v.skip(from, to)
	switch {
	case count == 0:
		return 0, false, true
	case count < to-from:
		return 0, false, false
	case v.indexes != nil:
		same = alike(v.indexes[values : values+count])
	case v.wide != nil:
		same = alike(v.wide[values : values+count])
	case v.slim != nil:
		same = alike(v.slim[values : values+count])
	default:
		same = alikeBits(v.bits, values, values+count)
	}
	if !same {
		return 0, false, false
	}
	return v.value(values), true, true
}

func alike[T comparable](all []T) bool {
	first := all[0]
	for _, v := range all {
		if v != first {
			return false
		}
	}
	return true
}

func alikeBits(set []byte, from, to int) bool {
	first := set[from/8] >> (from & 7) & 1
	whole := -first // all bits
	for i := from; i < to; {
		if i&7 == 0 && i+8 <= to {
			if set[i/8] != whole {
				return false
			}
			i += 8
			continue
		}
		if set[i/8]>>(i&7)&1 != first {
			return false
		}
		i++
	}
	return true
}

// copy writes lanes into a column from a lane on.
func (v *pageValues) copy(from, to int, num []int64, known rules.Bits, lane int) {
	v.copyAfter(from, to, v.skip(0, from), num, known, lane)
}

// copyAfter is copy where it is known how many known values lie before.
func (v *pageValues) copyAfter(from, to, values int, num []int64, known rules.Bits, lane int) {
	if v.levels == nil {
		setRange(known, lane, lane+to-from)
		v.write(num[lane:lane+to-from], values)
		return
	}
	lanes, levels := num[lane:lane+to-from], v.levels[from:to]
	next := v.skip(from, to)
	v.write(lanes[:next], values)
	for at := (len(levels) - 1) &^ 63; next > 0; at -= 64 { // from behind, so that nothing is overwritten before it has moved
		set := levelBits(levels[at:min(at+64, len(levels))])
		putWord(known, lane+at, set)
		for set != 0 {
			i := 63 - bits.LeadingZeros64(set)
			set &^= 1 << i
			next--
			lanes[at+i] = lanes[next]
		}
	}
}

// levelBits is up to 64 levels, each 0 or 1, as bits.
func levelBits(levels []byte) uint64 {
	const gather = 0x0102_0408_1020_4080 // brings the lowest bits of eight bytes together in the highest
	set, at := uint64(0), 0
	for ; at+8 <= len(levels); at += 8 {
		set |= binary.LittleEndian.Uint64(levels[at:]) * gather >> 56 << at
	}
	for ; at < len(levels); at++ {
		set |= uint64(levels[at]) << at
	}
	return set
}

// putWord sets up to 64 lanes from a lane on.
func putWord(b rules.Bits, lane int, set uint64) {
	w, shift := lane>>6, lane&63
	b[w] |= set << shift
	if over := set >> 1 >> (63 - shift); over != 0 {
		b[w+1] |= over
	}
}

func (v *pageValues) write(num []int64, values int) {
	switch {
	case v.indexes != nil:
		for i, at := range v.indexes[values : values+len(num)] {
			num[i] = v.dictionary[at]
		}
	case v.wide != nil:
		copy(num, v.wide[values:])
	case v.slim != nil:
		for i, n := range v.slim[values : values+len(num)] {
			num[i] = int64(n)
		}
	default:
		for i := range num {
			num[i] = int64(v.bits[(values+i)/8] >> ((values + i) & 7) & 1)
		}
	}
}

// setRange sets lanes, a word at a time.
func setRange(b rules.Bits, from, to int) {
	for from < to {
		next := min(to, from|63+1)
		b[from>>6] |= ^uint64(0) << (from & 63) & (^uint64(0) >> (63 - (next-1)&63))
		from = next
	}
}

// cutter cuts a column of pages into chunks.
type cutter struct {
	to     *narrow.Column
	bitmap bool
	starts []int32 // of the chunks, and where the last one ends
	chunk  int
	lane   int // of the present chunk: those before it are in num and known
	num    []int64
	known  rules.Bits
}

// lanes is the number of lanes of the present chunk.
func (c *cutter) lanes() int { return int(c.starts[c.chunk+1] - c.starts[c.chunk]) }

func (c *cutter) add(v *pageValues) error {
	values := 0
	for from := 0; from < v.n; {
		if !c.skipEmpty() {
			return errTooMany
		}
		to := min(v.n, from+c.lanes()-c.lane)
		c.take(v, from, to, values)
		values += v.skip(from, to)
		from = to
	}
	return nil
}

// skipEmpty passes chunks without lanes; false if there are no more chunks.
func (c *cutter) skipEmpty() bool {
	for c.chunk < len(c.starts)-1 && c.lanes() == 0 {
		c.append(0, 0, false)
	}
	return c.chunk < len(c.starts)-1
}

// take gives lanes of a page to the present chunk.
func (c *cutter) take(v *pageValues, from, to, values int) {
	n := c.lanes()
	if to-from == n {
		if value, known, same := v.same(from, to, values); same {
			c.append(n, value, known)
			return
		}
	}
	if c.lane == 0 {
		c.num, c.known = slices.Grow(c.num[:0], n)[:n], sized(c.known, n)
		clear(c.known)
	}
	v.copyAfter(from, to, values, c.num, c.known, c.lane)
	if c.lane += to - from; c.lane == n {
		c.close()
	}
}

func (c *cutter) close() {
	if c.bitmap {
		c.to.AppendBits(c.truths(), len(c.num))
	} else {
		c.to.Append(c.num, c.known)
	}
	c.chunk++
	c.lane = 0
}

// append appends a chunk whose lanes are all the same.
func (c *cutter) append(n int, value int64, known bool) {
	if c.bitmap {
		c.to.AppendSame(n, 0, value != 0)
	} else {
		c.to.AppendSame(n, value, known)
	}
	c.chunk++
}

// truths is the lanes that are true: what is known of a bitmap.
func (c *cutter) truths() rules.Bits {
	for i, n := range c.num {
		if n == 0 {
			c.known.Clear(i)
		}
	}
	return c.known
}

// end holds the lanes to the chunks: all must be there.
func (c *cutter) end() error {
	if c.skipEmpty() {
		return errTooFew
	}
	return nil
}
