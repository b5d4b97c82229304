package ledger

import (
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
)

// Options are what a ledger is verified against.
type Options struct {
	Keys    []note.Verifier // whose signatures count
	Earlier [][]byte        // checkpoints kept from earlier, in any order: the ledger must go on from each
	Before  string          // a folder exported earlier: no leaf of it may be another now; empty for none

	// Witnesses must each have cosigned: the checkpoint of a folder; of a database its newest head, or one that was within the hour before.
	Witnesses []note.Verifier
}

// Report is what verifying found.
type Report struct {
	Tree    tlog.Tree  // of the leaves that were read; of a ledger without faults that of its newest head
	Acts    int64      // acts held against their leaves
	Waiting int64      // leaves that are recorded and have no place yet, as those of the last second
	First   int64      // the first wrong leaf; -1 where none is, or where what is wrong has no leaf
	Faults  fault.List // the first of them, in the order in which they were found: that of the leaves, then of the rest
	More    int64      // faults beyond those
}

// mostFaults is how many faults a report tells one by one.
const mostFaults = 20

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Faults) == 0 }

// wrong adds a fault; leaf is -1 where it has none.
func (r *Report) wrong(leaf int64, text fault.Text, args fault.Args) {
	if leaf >= 0 && (r.First < 0 || leaf < r.First) {
		r.First = leaf
	}
	if len(r.Faults) == mostFaults {
		r.More++
		return
	}
	if args == nil {
		args = fault.Args{}
	}
	if leaf >= 0 {
		args["leaf"] = leaf
	}
	r.Faults = append(r.Faults, fault.New(fault.Conflict, text, args))
}

// wrongAmong adds a fault of the leaves from one to another. Where a wrong one among them is known, that stays the first.
func (r *Report) wrongAmong(leaf, last int64, text fault.Text) {
	known := r.First
	r.wrong(leaf, text, fault.Args{"last": last})
	if leaf <= known && known <= last {
		r.First = known
	}
}

// audit replays a ledger leaf by leaf beside the hashes that are stored. Each stored hash is held against those right below it, so that one
// that was changed is told once, and what lies above it is judged for itself.
type audit struct {
	Report
	tree    frontier
	stored  func(level int, n int64) (tlog.Hash, bool) // asked in the order in which tlog stores hashes; false where it is missing or not kept
	earlier []tlog.Tree                                // those still ahead, by size
	agreed  int64                                      // the size of the last earlier checkpoint that was the same
	before  *folder                                    // nil: none
}

func newAudit(o Options) (*audit, error) {
	a := &audit{Report: Report{First: -1}}
	if o.Before != "" {
		before, err := openFolder(o.Before)
		if err != nil {
			return nil, err
		}
		a.before, o.Earlier = before, append(slices.Clone(o.Earlier), before.checkpoint)
	}
	for _, signed := range o.Earlier {
		tree, err := OpenCheckpoint(signed, o.Keys...)
		if err != nil {
			return nil, err
		}
		a.earlier = append(a.earlier, tree)
	}
	slices.SortFunc(a.earlier, func(x, y tlog.Tree) int { return int(min(1, max(-1, x.N-y.N))) })
	a.pass()
	return a, nil
}

// leaf adds the next leaf: its hash as it was computed, nil where the leaf is missing.
func (a *audit) leaf(computed *tlog.Hash) {
	i := a.tree.size
	hash, have := a.stored(0, i)
	switch {
	case !have && computed != nil:
		hash = *computed
	case have && computed != nil && hash != *computed:
		a.wrong(i, leafChanged, nil)
	}
	if a.before != nil && computed != nil && i < a.before.size {
		switch was, ok := a.before.leaf(i); {
		case !ok:
			bundle, _ := a.before.tileOf(-1, i)
			a.wrong(-1, badFile, fault.Args{"file": tilePath(bundle)})
			a.before = nil
		case tlog.RecordHash(was.Entry()) != *computed:
			a.wrong(i, leafOther, nil)
		}
	}
	level := 0
	for ; i>>level&1 == 1; level++ {
		hash = tlog.NodeHash(a.tree.roots[level], hash)
		if kept, have := a.stored(level+1, i>>(level+1)); have && kept != hash {
			a.wrongAmong(i>>(level+1)<<(level+1), i, hashChanged)
			hash = kept
		}
	}
	a.tree.roots[level] = hash
	a.tree.size++
	a.pass()
}

// pass holds the tree against the earlier checkpoints of its size.
func (a *audit) pass() {
	for len(a.earlier) > 0 && a.earlier[0].N == a.tree.size {
		if a.earlier[0].Hash == a.tree.root() {
			a.agreed = a.tree.size
		} else {
			a.wrongAmong(a.agreed, a.tree.size-1, forked)
		}
		a.earlier = a.earlier[1:]
	}
}

// end completes the report when all leaves were added.
func (a *audit) end() Report {
	a.Tree = tlog.Tree{N: a.tree.size, Hash: a.tree.root()}
	for _, tree := range a.earlier {
		a.wrong(a.tree.size, shorter, fault.Args{"earlier": tree.N, "size": a.tree.size})
	}
	return a.Report
}
