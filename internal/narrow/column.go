package narrow

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Column is values and what is known of them, by chunks of lanes. The zero value has no chunks. It may be read by many at
// a time while nobody appends.
type Column struct {
	blocks   []block
	bytes    []byte // of all blocks, one behind the other
	expected int    // chunks that there will be
}

// block is a chunk. Its part of the bytes is the bitmap of what is known, where that is neither all nor nothing, and then
// the values by their form.
type block struct {
	base   int64  // the value of all, or what is added to each
	at     uint32 // where its bytes begin
	lanes  uint32
	differ uint32 // of the form sparse: how many lanes differ
	form   form
	width  uint8 // bytes of a value
	unit   uint8 // into units
	known  knowing
}

type form uint8

const (
	same   form = iota // base is the value of every known lane
	bit                // base, or base and one unit
	dense              // a multiple of the unit above base for every lane
	sparse             // base, but for some lanes
)

type knowing uint8

const (
	none knowing = iota
	all
	some
)

// Fen and yuan in millionths.
const (
	fen  = 10_000
	yuan = 1_000_000
)

// units are of what values are multiples.
var units = [...]int64{1, fen, yuan}

// Expect makes room for so many chunks in all, so that what is there is seldom moved while they are appended.
func (c *Column) Expect(chunks int) {
	c.expected = chunks
	c.blocks = slices.Grow(c.blocks, max(0, chunks-len(c.blocks)))
}

// Chunks is the number of chunks.
func (c *Column) Chunks() int { return len(c.blocks) }

// Lanes is the number of lanes of a chunk.
func (c *Column) Lanes(chunk int) int { return int(c.blocks[chunk].lanes) }

// Bytes is how many bytes the chunks take beside a fixed few for each.
func (c *Column) Bytes() int { return len(c.bytes) }

// Same reports whether all lanes of a chunk have the same state and value.
func (c *Column) Same(chunk int) bool {
	b := &c.blocks[chunk]
	return b.known == none || b.known == all && b.form == same
}

// Read writes out a chunk: num has at least its lanes and known a bit for each. True says that all lanes are the same; then
// only lane 0 was written.
func (c *Column) Read(chunk int, num []int64, known []uint64) bool {
	b := &c.blocks[chunk]
	if b.lanes == 0 {
		return false
	}
	if c.Same(chunk) {
		num[0], known[0] = b.base, known[0]&^1
		if b.known == all {
			known[0] |= 1
		}
		return true
	}
	num = num[:b.lanes]
	values := c.readKnown(b, known)
	switch b.form {
	case same:
		fill(num, b.base)
	case bit:
		readBits(num, values, b)
	case dense:
		readDense(num, values, b)
	case sparse:
		readSparse(num, values, b)
	}
	return false
}

// readKnown writes out what is known and returns the bytes of the values.
func (c *Column) readKnown(b *block, known []uint64) []byte {
	values := c.bytes[b.at:]
	words := int(b.lanes+63) / 64
	switch b.known {
	case none:
		clear(known[:words])
	case all:
		setAll(known[:words], int(b.lanes))
	case some:
		for i := range known[:words] {
			known[i] = binary.LittleEndian.Uint64(values[8*i:])
		}
		values = values[8*words:]
	}
	return values
}

func setAll(words []uint64, lanes int) {
	for i := range words {
		words[i] = ^uint64(0)
	}
	if rest := lanes & 63; rest != 0 {
		words[len(words)-1] = 1<<rest - 1
	}
}

func fill(num []int64, v int64) {
	if v == 0 {
		clear(num)
		return
	}
	for i := range num {
		num[i] = v
	}
}

func readBits(num []int64, from []byte, b *block) {
	unit := units[b.unit]
	for i := 0; i < len(num); i += 64 {
		word := binary.LittleEndian.Uint64(from[i/8:])
		lanes := num[i:min(i+64, len(num))]
		for j := range lanes {
			lanes[j] = b.base + int64(word&1)*unit
			word >>= 1
		}
	}
}

func readDense(num []int64, from []byte, b *block) {
	unit, base := units[b.unit], b.base
	from = from[:len(num)*int(b.width)]
	switch b.width {
	case 1:
		for i := range num {
			num[i] = base + int64(from[i])*unit
		}
	case 2:
		for i := range num {
			num[i] = base + int64(binary.LittleEndian.Uint16(from[2*i:]))*unit
		}
	case 4:
		for i := range num {
			num[i] = base + int64(binary.LittleEndian.Uint32(from[4*i:]))*unit
		}
	default:
		for i := range num {
			num[i] = base + int64(binary.LittleEndian.Uint64(from[8*i:]))
		}
	}
}

// readSparse reads the least of the differing values, their lanes, and what each is above it.
func readSparse(num []int64, from []byte, b *block) {
	fill(num, b.base)
	least, lanes, values := differing(from, b)
	for i := range int(b.differ) {
		lane := binary.LittleEndian.Uint16(lanes[2*i:])
		num[lane] = least + multiple(values, i, b.width)*units[b.unit]
	}
}

func differing(from []byte, b *block) (least int64, lanes, values []byte) {
	return int64(binary.LittleEndian.Uint64(from)), from[8:], from[8+2*b.differ:]
}

// multiple is the number in place i of numbers of a width.
func multiple(from []byte, i int, width uint8) int64 {
	switch width {
	case 1:
		return int64(from[i])
	case 2:
		return int64(binary.LittleEndian.Uint16(from[2*i:]))
	case 4:
		return int64(binary.LittleEndian.Uint32(from[4*i:]))
	}
	return int64(binary.LittleEndian.Uint64(from[8*i:]))
}

// At is the value of one lane, false if it is not known.
func (c *Column) At(chunk, lane int) (int64, bool) {
	b := &c.blocks[chunk]
	values := c.bytes[b.at:]
	switch b.known {
	case none:
		return 0, false
	case some:
		if values[lane/8]>>(lane&7)&1 == 0 {
			return 0, false
		}
		values = values[8*((b.lanes+63)/64):]
	}
	switch b.form {
	case bit:
		return b.base + int64(values[lane/8]>>(lane&7)&1)*units[b.unit], true
	case dense:
		return b.base + multiple(values, lane, b.width)*units[b.unit], true
	case sparse:
		return b.sparseAt(values, lane), true
	}
	return b.base, true
}

func (b *block) sparseAt(from []byte, lane int) int64 {
	least, lanes, values := differing(from, b)
	low, high := 0, int(b.differ)
	for low < high {
		middle := (low + high) / 2
		if int(binary.LittleEndian.Uint16(lanes[2*middle:])) < lane {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < int(b.differ) && int(binary.LittleEndian.Uint16(lanes[2*low:])) == lane {
		return least + multiple(values, low, b.width)*units[b.unit]
	}
	return b.base
}

// AppendBits appends a chunk of a bitmap.
func (c *Column) AppendBits(set []uint64, lanes int) {
	b := block{at: uint32(len(c.bytes)), lanes: uint32(lanes)}
	c.appendKnown(&b, set)
	c.blocks = append(c.blocks, b)
}

// ReadBits writes out a chunk of a bitmap.
func (c *Column) ReadBits(chunk int, set []uint64) { c.readKnown(&c.blocks[chunk], set) }

// appendKnown notes what is known of a block's lanes.
func (c *Column) appendKnown(b *block, known []uint64) {
	words := known[:(b.lanes+63)/64]
	count := 0
	for _, w := range words {
		count += bits.OnesCount64(w)
	}
	switch count {
	case 0:
		b.known = none
	case int(b.lanes):
		b.known = all
	default:
		b.known = some
		c.reserve(8 * len(words))
		for _, w := range words {
			c.bytes = binary.LittleEndian.AppendUint64(c.bytes, w)
		}
	}
}
