package narrow

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Append appends a chunk of len(num) lanes of which those are known whose bit is set. Bits past the last lane are zero. A
// column holds up to 4 GiB.
func (c *Column) Append(num []int64, known []uint64) {
	b := block{at: uint32(len(c.bytes)), lanes: uint32(len(num))}
	c.appendKnown(&b, known)
	if b.known == none {
		known = nil
	}
	c.appendValues(&b, num, known)
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
	if b.known == none {
		return
	}
	s := survey(num, known, b.known == all)
	if s.least == s.most {
		b.base = s.least
		return
	}
	plan(b, s, len(num))
	switch b.form {
	case bit:
		c.appendBits(b, num, known)
	case dense:
		c.appendDense(b, num, known)
	case sparse:
		c.appendSparse(b, num, known, s)
	}
}

// spread is how the known values of a chunk lie.
type spread struct {
	least, most int64
	common      int64 // the value of more than half of the lanes, if there is one
	differ      int   // lanes that have another than the common one
	unit        uint8 // of which everything above the least is a multiple
}

func survey(num []int64, known []uint64, whole bool) spread {
	s := spread{}
	votes, first := 0, true
	look := func(v int64) {
		switch {
		case votes == 0:
			s.common, votes = v, 1
		case v == s.common:
			votes++
		default:
			votes--
		}
		s.least, s.most = min(s.least, v), max(s.most, v)
	}
	if whole {
		s.least, s.most = num[0], num[0]
		for _, v := range num {
			look(v)
		}
	} else {
		each(known, func(i int) {
			if first {
				s.least, s.most, first = num[i], num[i], false
			}
			look(num[i])
		})
	}
	if s.least == s.most {
		return s
	}
	each(known, func(i int) { s.differ += truth(num[i] != s.common) })
	s.unit = unitOf(num, known, &s)
	return s
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func each(set []uint64, f func(i int)) {
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			f(w*64 + bits.TrailingZeros64(word))
		}
	}
}

// unitOf is the largest unit of which everything above the least value is a multiple. Where values lie so close that the
// unit would save nothing, or so far apart that what is above the least is no int64, it is one.
func unitOf(num []int64, known []uint64, s *spread) uint8 {
	if width(s.above()) == 1 || s.above() > math.MaxInt64 {
		return 0
	}
	for unit := len(units) - 1; unit > 0; unit-- {
		if multiples(num, known, s.least, unit) {
			return uint8(unit)
		}
	}
	return 0
}

func multiples(num []int64, known []uint64, least int64, unit int) bool {
	divisor := uint64(units[unit])
	for w, word := range known {
		for ; word != 0; word &= word - 1 {
			if uint64(num[w*64+bits.TrailingZeros64(word)]-least)%divisor != 0 {
				return false
			}
		}
	}
	return true
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
func plan(b *block, s spread, lanes int) {
	b.unit, b.base = s.unit, s.least
	steps := s.above() / uint64(units[s.unit])
	b.width = width(steps)
	if b.width == 8 {
		b.unit = 0
	}
	b.form = dense
	size := lanes * int(b.width)
	if steps == 1 {
		b.form, size = bit, (lanes+63)/64*8
	}
	if lanes <= math.MaxUint16+1 && 8+s.differ*(2+int(b.width)) < size {
		b.form, b.base, b.differ = sparse, s.common, uint32(s.differ)
	}
}

func (c *Column) appendBits(b *block, num []int64, known []uint64) {
	for w, word := range known[:(len(num)+63)/64] {
		set := uint64(0)
		for ; word != 0; word &= word - 1 {
			i := bits.TrailingZeros64(word)
			if num[w*64+i] != b.base {
				set |= 1 << i
			}
		}
		c.bytes = binary.LittleEndian.AppendUint64(c.bytes, set)
	}
}

func (c *Column) appendDense(b *block, num []int64, known []uint64) {
	from := len(c.bytes)
	c.bytes = append(c.bytes, make([]byte, len(num)*int(b.width))...)
	put := c.bytes[from:]
	unit := uint64(units[b.unit])
	each(known, func(i int) { putMultiple(put, i, b.width, (uint64(num[i])-uint64(b.base))/unit) })
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

func (c *Column) appendSparse(b *block, num []int64, known []uint64, s spread) {
	c.bytes = binary.LittleEndian.AppendUint64(c.bytes, uint64(s.least))
	each(known, func(i int) {
		if num[i] != s.common {
			c.bytes = binary.LittleEndian.AppendUint16(c.bytes, uint16(i))
		}
	})
	from, n := len(c.bytes), 0
	c.bytes = append(c.bytes, make([]byte, s.differ*int(b.width))...)
	put := c.bytes[from:]
	unit := uint64(units[b.unit])
	each(known, func(i int) {
		if num[i] != s.common {
			putMultiple(put, n, b.width, (uint64(num[i])-uint64(s.least))/unit)
			n++
		}
	})
}
