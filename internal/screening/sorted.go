package screening

import (
	"encoding/binary"
	"math/bits"

	"dajiuzhu/internal/rules"
)

// sorted is the lanes of a chunk sorted by a number that is put together from bitmaps: most lanes have the same few, and
// are never looked at one by one.
type sorted struct {
	lanes   int
	numbers []int64
	of      []rules.Bits // the lanes of each number; they share none, and together are all
	codes   []uint8
}

// begin gives every lane 0.
func (s *sorted) begin(lanes int) {
	s.lanes = lanes
	s.numbers = s.numbers[:0]
	all := s.more(0)
	for w := range all {
		all[w] = ^uint64(0)
	}
	if rest := lanes & 63; rest != 0 {
		all[len(all)-1] = 1<<rest - 1
	}
}

// more begins another number that no lane has yet.
func (s *sorted) more(number int64) rules.Bits {
	at := len(s.numbers)
	s.numbers = append(s.numbers, number)
	if at == len(s.of) {
		s.of = append(s.of, nil)
	}
	s.of[at] = clearBits(s.of[at], s.lanes)
	return s.of[at]
}

// add adds a number, which shares no bit with what they have, to the lanes of a bitmap.
func (s *sorted) add(to rules.Bits, number int64) {
	if number == 0 || !to.Any() {
		return
	}
	s.addWhere(to, to, to, number)
}

// addWhere adds to the lanes of a bitmap that are also in one of two others.
func (s *sorted) addWhere(to, either, other rules.Bits, number int64) {
	for at := range len(s.numbers) {
		of := s.of[at]
		in, out := uint64(0), uint64(0)
		for w := range of {
			chosen := of[w] & to[w] & (either[w] | other[w])
			in |= chosen
			out |= of[w] &^ chosen
		}
		switch {
		case in == 0:
		case out == 0:
			s.numbers[at] |= number
		default:
			split := s.more(s.numbers[at] | number)
			of = s.of[at]
			for w := range of {
				split[w] = of[w] & to[w] & (either[w] | other[w])
				of[w] &^= split[w]
			}
		}
	}
}

// append encodes the numbers of all lanes behind b, as a [column].
func (s *sorted) append(b []byte) []byte {
	if s.lanes == 0 {
		s.numbers = s.numbers[:0]
	}
	if len(s.numbers) > paletteMost {
		return s.appendEach(b)
	}
	width := paletteWidth(len(s.numbers))
	b = appendPalette(b, width, s.lanes, s.numbers)
	switch width {
	case 0:
		return b
	case 1:
		return s.appendBitmap(b)
	}
	s.code()
	return packCodes(b, width, s.codes)
}

// appendBitmap encodes two numbers: the bitmap of the second says which lanes have it.
func (s *sorted) appendBitmap(b []byte) []byte {
	from := len(b)
	for _, word := range s.of[1] {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return b[:from+(s.lanes+7)/8]
}

// code numbers the lanes; those of the first number have 0.
func (s *sorted) code() {
	if cap(s.codes) < s.lanes {
		s.codes = make([]uint8, s.lanes)
	}
	s.codes = s.codes[:s.lanes]
	clear(s.codes)
	for code := 1; code < len(s.numbers); code++ {
		for w, lanes := range s.of[code] {
			for ; lanes != 0; lanes &= lanes - 1 {
				s.codes[w<<6+bits.TrailingZeros64(lanes)] = uint8(code)
			}
		}
	}
}

// appendEach encodes more numbers than a palette holds.
func (s *sorted) appendEach(b []byte) []byte {
	each := make([]int64, s.lanes)
	for at, number := range s.numbers {
		s.of[at].Each(func(lane int) { each[lane] = number })
	}
	return appendSteps(b, each)
}
