package rules

import (
	"encoding/binary"
	"math/bits"
)

// setCode is a set of leaves by its number among those met so far; 0 is the empty one, and leaf i alone is i + 1. Sets that are
// equal have the same number.
type setCode int32

// leafSets are the sets of leaves met so far. Few are met in a county, so that most unions were made before.
type leafSets struct {
	leaves  int
	words   int                // of a set
	content []uint64           // of each set its bits
	members [][]int32          // of each set its leaves, ascending
	numbers map[string]setCode // by content
	pairs   []leafUnion        // unions made before, by a hash of both
	bits    []uint64           // of the union under way
	key     []byte             // of it
}

// leafUnion is a union made before; the zero value is of two empty sets.
type leafUnion struct{ a, b, both setCode }

const (
	pairBits = 12
	setsMost = 1 << 15 // after so many sets, they are met anew
)

func newLeafSets(leaves int) *leafSets {
	words := (leaves + 63) / 64
	s := &leafSets{leaves: leaves, words: words, pairs: make([]leafUnion, 1<<pairBits), bits: make([]uint64, words)}
	s.forget()
	return s
}

// forget leaves nothing but the empty set and those of one leaf.
func (s *leafSets) forget() {
	s.content, s.members, s.numbers = s.content[:0], s.members[:0], map[string]setCode{}
	clear(s.pairs)
	clear(s.bits)
	s.number()
	for leaf := range s.leaves {
		clear(s.bits)
		s.bits[leaf>>6] = 1 << (leaf & 63)
		s.number()
	}
}

// bound keeps the sets from growing without end.
func (s *leafSets) bound() {
	if len(s.members) > setsMost {
		s.forget()
	}
}

func leafAlone(leaf int32) setCode { return setCode(leaf) + 1 }

// add makes a set the union of itself and another.
func (s *leafSets) add(to *setCode, set setCode) { *to = s.union(*to, set) }

func (s *leafSets) union(a, b setCode) setCode {
	switch {
	case a == 0:
		return b
	case b == 0 || a == b:
		return a
	}
	p := &s.pairs[(uint32(a)*0x9e3779b1^uint32(b)*0x85ebca77)>>(32-pairBits)]
	if p.a != a || p.b != b {
		*p = leafUnion{a, b, s.make(a, b)}
	}
	return p.both
}

func (s *leafSets) make(a, b setCode) setCode {
	of, with := s.content[int(a)*s.words:], s.content[int(b)*s.words:]
	for w := range s.bits {
		s.bits[w] = of[w] | with[w]
	}
	return s.number()
}

// number is the number of the union under way.
func (s *leafSets) number() setCode {
	s.key = s.key[:0]
	for _, w := range s.bits {
		s.key = binary.LittleEndian.AppendUint64(s.key, w)
	}
	if known, ok := s.numbers[string(s.key)]; ok {
		return known
	}
	number := setCode(len(s.members))
	s.numbers[string(s.key)] = number
	s.content = append(s.content, s.bits...)
	var members []int32
	for w, word := range s.bits {
		for ; word != 0; word &= word - 1 {
			members = append(members, int32(w<<6+bits.TrailingZeros64(word)))
		}
	}
	s.members = append(s.members, members)
	return number
}
