package screening

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// column is whole numbers, one a lane, held as narrowly as they allow: a few distinct ones as places in a palette, others as
// steps from the least. A column of equal numbers takes no room however many lanes it has.
type column struct {
	n       int
	palette []int64 // nil: a number is base + step × code
	base    int64
	step    int64
	width   int // bits of a code: 0, 1, 2, 4, 8, 16, 32 or 64
	codes   []byte
}

// at is the number in a lane.
func (c *column) at(lane int) int64 { return c.number(c.code(lane)) }

// number is what a code stands for.
func (c *column) number(code uint64) int64 {
	if c.palette != nil {
		return c.palette[code]
	}
	return c.base + c.step*int64(code)
}

func (c *column) code(lane int) uint64 {
	switch c.width {
	case 0:
		return 0
	case 8:
		return uint64(c.codes[lane])
	case 16:
		return uint64(binary.LittleEndian.Uint16(c.codes[2*lane:]))
	case 32:
		return uint64(binary.LittleEndian.Uint32(c.codes[4*lane:]))
	case 64:
		return binary.LittleEndian.Uint64(c.codes[8*lane:])
	}
	bit := lane * c.width
	return uint64(c.codes[bit>>3]>>(bit&7)) & (1<<c.width - 1)
}

// tally calls f for the numbers with how many lanes have each: of a palette once a number, else once a lane.
func (c *column) tally(f func(number int64, lanes int)) {
	if c.palette == nil {
		for lane := range c.n {
			f(c.at(lane), 1)
		}
		return
	}
	var counts [paletteMost]int
	c.countCodes(&counts)
	for code, number := range c.palette {
		if counts[code] > 0 {
			f(number, counts[code])
		}
	}
}

// eachBut calls f for the lanes that have another number than the given one, which is best that of most lanes: bytes in which
// all codes stand for it are passed over.
func (c *column) eachBut(number int64, f func(lane int, number int64)) {
	skip := 0 // lanes in a byte of zeroes that says nothing
	if c.width > 0 && c.width < 8 && c.number(0) == number {
		skip = 8 / c.width
	}
	for lane := 0; lane < c.n; lane++ {
		if skip > 0 && lane%skip == 0 && c.codes[lane/skip] == 0 {
			lane += skip - 1
			continue
		}
		if other := c.at(lane); other != number {
			f(lane, other)
		}
	}
}

// countCodes counts the lanes of each code of a palette.
func (c *column) countCodes(counts *[paletteMost]int) {
	switch c.width {
	case 0:
		counts[0] = c.n
	case 1:
		counts[1] = ones(c.codes, c.n)
		counts[0] = c.n - counts[1]
	case 8:
		for _, code := range c.codes[:c.n] {
			counts[code]++
		}
	default:
		c.countNarrow(counts)
	}
}

// ones is how many of the first n bits are set.
func ones(set []byte, n int) int {
	count := 0
	for ; n >= 64; n -= 64 {
		count += bits.OnesCount64(binary.LittleEndian.Uint64(set))
		set = set[8:]
	}
	for ; n > 0; n -= 8 {
		count += bits.OnesCount8(set[0] & byte(1<<min(n, 8)-1))
		set = set[1:]
	}
	return count
}

// countNarrow counts codes of which several lie in a byte. Neighbours mostly have the same.
func (c *column) countNarrow(counts *[paletteMost]int) {
	each, mask := 8/c.width, byte(1<<c.width-1)
	last, times := byte(0), 0
	count := func(lanes int) {
		for i := range lanes {
			counts[last>>(i*c.width)&mask] += times
		}
	}
	for _, packed := range c.codes[:c.n/each] {
		if packed == last {
			times++
			continue
		}
		count(each)
		last, times = packed, 1
	}
	count(each)
	if rest := c.n % each; rest > 0 {
		last, times = c.codes[c.n/each], 1
		count(rest)
	}
}

const (
	paletteMost = 256 // distinct numbers in a palette
	widthBits   = 7   // of a column's first byte; the bit above says that a palette follows
	withPalette = 1 << widthBits
)

// packer encodes columns; it keeps its room from one to the next.
type packer struct {
	palette []int64
	codes   []uint8
}

// append encodes numbers behind b.
func (p *packer) append(b []byte, numbers []int64) []byte {
	if !p.few(numbers) {
		return appendSteps(b, numbers)
	}
	width := paletteWidth(len(p.palette))
	b = appendPalette(b, width, len(numbers), p.palette)
	return packCodes(b, width, p.codes)
}

// linear is how many distinct numbers are worth telling from each other one by one.
const linear = 16

// few tells the distinct numbers from each other, in the order of their first lanes; false if they are not few.
func (p *packer) few(numbers []int64) bool {
	p.palette, p.codes = p.palette[:0], slices.Grow(p.codes[:0], len(numbers))[:len(numbers)]
	for i, n := range numbers {
		if i > 0 && n == numbers[i-1] {
			p.codes[i] = p.codes[i-1]
			continue
		}
		place := slices.Index(p.palette, n)
		if place < 0 {
			if len(p.palette) == linear {
				return false
			}
			place = len(p.palette)
			p.palette = append(p.palette, n)
		}
		p.codes[i] = uint8(place)
	}
	return true
}

// appendPalette encodes the head of a column of n codes of so many bits, and what they stand for.
func appendPalette(b []byte, width, n int, palette []int64) []byte {
	b = append(b, withPalette|byte(width))
	b = binary.AppendUvarint(b, uint64(n))
	b = binary.AppendUvarint(b, uint64(len(palette)))
	for _, number := range palette {
		b = binary.AppendVarint(b, number)
	}
	return b
}

// packCodes encodes codes of so many bits each.
func packCodes(b []byte, width int, codes []uint8) []byte {
	switch width {
	case 0:
		return b
	case 8:
		return append(b, codes...)
	}
	each := 8 / width
	for from := 0; from < len(codes); from += each {
		packed := byte(0)
		for i, code := range codes[from:min(len(codes), from+each)] {
			packed |= code << (i * width)
		}
		b = append(b, packed)
	}
	return b
}

func paletteWidth(distinct int) int {
	switch {
	case distinct <= 1:
		return 0
	case distinct <= 2:
		return 1
	case distinct <= 4:
		return 2
	case distinct <= 16:
		return 4
	}
	return 8
}

// appendSteps encodes numbers as steps from the least.
func appendSteps(b []byte, numbers []int64) []byte {
	base, step := slices.Min(numbers), uint64(0)
	for _, n := range numbers {
		step = divisor(step, uint64(n)-uint64(base))
	}
	span := uint64(slices.Max(numbers)) - uint64(base)
	width := stepWidth(span / max(step, 1))
	b = append(b, byte(width))
	b = binary.AppendUvarint(b, uint64(len(numbers)))
	b = binary.AppendVarint(b, base)
	b = binary.AppendUvarint(b, step)
	for _, n := range numbers {
		code := (uint64(n) - uint64(base)) / max(step, 1)
		switch width {
		case 8:
			b = append(b, byte(code))
		case 16:
			b = binary.LittleEndian.AppendUint16(b, uint16(code))
		case 32:
			b = binary.LittleEndian.AppendUint32(b, uint32(code))
		case 64:
			b = binary.LittleEndian.AppendUint64(b, code)
		}
	}
	return b
}

// divisor is the greatest common one.
func divisor(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func stepWidth(most uint64) int {
	switch {
	case most == 0:
		return 0
	case most < 1<<8:
		return 8
	case most < 1<<16:
		return 16
	case most < 1<<32:
		return 32
	}
	return 64
}

var (
	errTruncated = errors.New("it ends too early or makes no sense")
	errChecksum  = errors.New("its checksum is another")
	errFormat    = errors.New("another version of the program wrote it")
	errOther     = errors.New("it is of another screening")
)

// reader reads what a chunk holds, one after the other. After a failure everything is empty and the failure stays.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail() { r.rest, r.err = nil, errTruncated }

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.fail()
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count is a number of lanes or of things, of which there cannot be more than most.
func (r *reader) count(most int) int {
	v := r.uvarint()
	if v > uint64(most) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// lanesMost bounds the lanes of a chunk, far above what one has.
const lanesMost = 1 << 24

// anyLanes takes a column however long it is.
const anyLanes = -1

// column reads a column into c, reusing its palette's room. It must have as many lanes as are wanted.
func (r *reader) column(c *column, lanes int) {
	head := r.take(1)
	if head == nil {
		return
	}
	c.width, c.n = int(head[0]&^withPalette), r.count(lanesMost)
	if head[0]&withPalette != 0 {
		r.palette(c)
	} else {
		c.palette, c.base, c.step = nil, r.varint(), int64(r.uvarint())
	}
	switch c.width {
	case 0, 1, 2, 4, 8, 16, 32, 64:
	default:
		r.fail()
	}
	c.codes = r.take((c.n*c.width + 7) / 8)
	if lanes != anyLanes && c.n != lanes || c.palette != nil && c.width > 8 {
		r.fail()
	}
}

// palette reads a palette and fills it up, so that every code that its width allows names something.
func (r *reader) palette(c *column) {
	c.palette = c.palette[:0]
	for range r.count(paletteMost) {
		c.palette = append(c.palette, r.varint())
	}
	for len(c.palette) < 1<<min(c.width, 8) {
		c.palette = append(c.palette, 0)
	}
}
