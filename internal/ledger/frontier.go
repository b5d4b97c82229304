package ledger

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is a tree to which leaves are appended: the roots of its complete subtrees, from the lowest level, present where size has a bit.
type frontier struct {
	size  int64
	roots [63]tlog.Hash
}

// frontierAt reads the frontier of a tree of the given size.
func frontierAt(size int64, stored tlog.HashReader) (*frontier, error) {
	f := &frontier{size: size}
	var levels []int
	var indexes []int64
	for rest := size; rest != 0; rest &= rest - 1 {
		level := bits.TrailingZeros64(uint64(rest))
		levels = append(levels, level)
		indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
	}
	hashes, err := stored.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for i, level := range levels {
		f.roots[level] = hashes[i]
	}
	return f, nil
}

// append adds a leaf and gives the hashes that it completes to store, in the order in which tlog stores them.
func (f *frontier) append(leaf tlog.Hash, store func(tlog.Hash)) {
	level := 0
	store(leaf)
	for ; f.size>>level&1 == 1; level++ {
		leaf = tlog.NodeHash(f.roots[level], leaf)
		store(leaf)
	}
	f.roots[level] = leaf
	f.size++
}

// root is the hash of the whole tree.
func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // reads nothing
		return empty
	}
	level := bits.TrailingZeros64(uint64(f.size))
	root := f.roots[level]
	for level++; f.size>>level != 0; level++ {
		if f.size>>level&1 == 1 {
			root = tlog.NodeHash(f.roots[level], root)
		}
	}
	return root
}
