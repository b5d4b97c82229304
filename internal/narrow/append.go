package narrow

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// Append appends a chunk of len(num) lanes of which those are known whose bit is set. Bits past the last lane are zero. What
// num held in the other lanes is lost: they are given a value that costs nothing. A column holds up to 4 GiB.
func (c *Column) Append(num []int64, known []uint64) {
	b := block{at: uint32(len(c.bytes)), lanes: uint32(len(num))}
	c.appendKnown(&b, known)
	if b.known != none {
		c.appendValues(&b, num, known)
	}
	if uint64(len(c.bytes)) > math.MaxUint32 {
		panic("narrow: a column of more than 4 GiB")
	}
	c.blocks = append(c.blocks, b)
}

// AppendSame appends a chunk of lanes that are all the same.
func (c *Column) AppendSame(lanes int, v int64, known bool) {
	b := block{at: uint32(len(c.bytes)), lanes: uint32(lanes)}
	if known && lanes > 0 {
		b.base, b.known = v, all
	}
	c.blocks = append(c.blocks, b)
}

func (c *Column) appendValues(b *block, num []int64, known []uint64) {
	s := spread{common: common(num, known)}
	if b.known == some {
		settle(num, known, s.common)
	}
	s.survey(num)
	if s.least == s.most {
		b.base = s.least
		return
	}
	s.plan(b, len(num))
	switch b.form {
	case bit:
		c.appendBits(b, num)
	case dense:
		c.appendDense(b, num)
	case sparse:
		c.appendSparse(b, num, &s)
	}
}

// common is the value of most known lanes, if one value is that of many: it is sought among a part of them.
func common(num []int64, known []uint64) int64 {
	candidate, votes := int64(0), 0
	for w, word := range known {
		for step := 0; word != 0 && step < 8; step++ {
			v := num[w*64+bits.TrailingZeros64(word)]
			word &= word - 1
			switch {
			case votes == 0:
				candidate, votes = v, 1
			case v == candidate:
				votes++
			default:
				votes--
			}
		}
	}
	return candidate
}

// settle gives the lanes that are not known a value.
func settle(num []int64, known []uint64, v int64) {
	for i := range num {
		if known[i>>6]>>(i&63)&1 == 0 {
			num[i] = v
		}
	}
}

// spread is how the values of a chunk lie.
type spread struct {
	least, most int64
	common      int64
	differ      int   // lanes that have another than the common value
	unit        uint8 // of which everything above the least is a multiple
}

func (s *spread) survey(num []int64) {
	least, most, differ := s.common, s.common, 0
	for _, v := range num { // without a jump: which lanes differ cannot be foreseen
		least, most = min(least, v), max(most, v)
		if v != s.common {
			differ++
		}
	}
	s.least, s.most, s.differ = least, most, differ
	if s.differ > 0 {
		s.unit = s.unitOf(num)
	}
}

// unitOf is the largest unit of which everything above the least value is a multiple. Where values lie so close that the
// unit would save nothing, or so far apart that what is above the least is no int64, it is one.
func (s *spread) unitOf(num []int64) uint8 {
	if width(s.above()) == 1 || s.above() > math.MaxInt64 {
		return 0
	}
	for unit := uint8(len(units) - 1); unit > 0; unit-- {
		if s.multiples(num, unit) {
			return unit
		}
	}
	return 0
}

func (s *spread) multiples(num []int64, unit uint8) bool {
	last := s.least
	for _, v := range num {
		if v == last {
			continue
		}
		above := uint64(v - s.least)
		if steps(above, unit)*uint64(units[unit]) != above {
			return false
		}
		last = v
	}
	return true
}

// steps is how many units a number is. The divisors are constants since dividing by them is then multiplying.
func steps(n uint64, unit uint8) uint64 {
	switch unit {
	case 1:
		return n / fen
	case 2:
		return n / yuan
	}
	return n
}

// above is how far the most lies above the least.
func (s *spread) above() uint64 { return uint64(s.most) - uint64(s.least) }

// width is the bytes that hold a number.
func width(n uint64) uint8 {
	switch {
	case n <= math.MaxUint8:
		return 1
	case n <= math.MaxUint16:
		return 2
	case n <= math.MaxUint32:
		return 4
	}
	return 8
}

// plan chooses the form of fewest bytes.
func (s *spread) plan(b *block, lanes int) {
	b.unit, b.base, b.form = s.unit, s.least, dense
	most := steps(s.above(), s.unit)
	b.width = width(most)
	if b.width == 8 {
		b.unit = 0
	}
	size := lanes * int(b.width)
	if most == 1 {
		b.form, size = bit, (lanes+63)/64*8
	}
	if lanes <= math.MaxUint16+1 && 8+s.differ*(2+int(b.width)) < size {
		b.form, b.base, b.differ = sparse, s.common, uint32(s.differ)
	}
}

func (c *Column) appendBits(b *block, num []int64) {
	c.reserve(8 * ((len(num) + 63) / 64))
	for from := 0; from < len(num); from += 64 {
		set := uint64(0)
		for i, v := range num[from:min(from+64, len(num))] {
			if v != b.base {
				set |= 1 << i
			}
		}
		c.bytes = binary.LittleEndian.AppendUint64(c.bytes, set)
	}
}

func (c *Column) appendDense(b *block, num []int64) {
	put, base := c.grow(len(num)*int(b.width)), uint64(b.base)
	switch b.width {
	case 1:
		for i, v := range num {
			put[i] = byte(steps(uint64(v)-base, b.unit))
		}
	case 2:
		for i, v := range num {
			binary.LittleEndian.PutUint16(put[2*i:], uint16(steps(uint64(v)-base, b.unit)))
		}
	case 4:
		for i, v := range num {
			binary.LittleEndian.PutUint32(put[4*i:], uint32(steps(uint64(v)-base, b.unit)))
		}
	default:
		for i, v := range num {
			binary.LittleEndian.PutUint64(put[8*i:], uint64(v)-base)
		}
	}
}

// grow appends n bytes and returns them.
func (c *Column) grow(n int) []byte {
	c.reserve(n)
	from := len(c.bytes)
	c.bytes = c.bytes[:from+n]
	return c.bytes[from:]
}

// reserve makes room for n more bytes. Where there is none, room is made for all chunks that are expected, if they go on like
// those before, but never for more than three times what is there.
func (c *Column) reserve(n int) {
	need := len(c.bytes) + n
	if need <= cap(c.bytes) {
		return
	}
	room := need * c.expected / (len(c.blocks) + 1)
	room = min(max(room, need+need/4), 3*need)
	c.bytes = slices.Grow(c.bytes, room-len(c.bytes))
}

func putMultiple(to []byte, i int, width uint8, n uint64) {
	switch width {
	case 1:
		to[i] = byte(n)
	case 2:
		binary.LittleEndian.PutUint16(to[2*i:], uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(to[4*i:], uint32(n))
	default:
		binary.LittleEndian.PutUint64(to[8*i:], n)
	}
}

func (c *Column) appendSparse(b *block, num []int64, s *spread) {
	put := c.grow(8 + s.differ*(2+int(b.width)))
	binary.LittleEndian.PutUint64(put, uint64(s.least))
	lanes, values, n := put[8:], put[8+2*s.differ:], 0
	for i, v := range num {
		if v == s.common {
			continue
		}
		binary.LittleEndian.PutUint16(lanes[2*n:], uint16(i))
		putMultiple(values, n, b.width, steps(uint64(v)-uint64(s.least), b.unit))
		n++
	}
}
