package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// VerifyDatabase reads the whole ledger in one snapshot, computes everything anew and tells what was changed, removed, put in or moved in
// acts, leaves, their order, hashes and heads. Whoever rewrites all of them and holds the signing key is found out only by an earlier
// checkpoint or export. The error is of the reading; what is wrong with the ledger stands in the report.
func VerifyDatabase(ctx context.Context, db *postgres.DB, o Options) (Report, error) {
	var report Report
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, db.Own(), options, func(tx pgx.Tx) (err error) {
		report, err = verifyIn(ctx, tx, o)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("verifying the ledger: %w", withoutRow(err))
	}
	return report, nil
}

// verifyIn verifies the ledger as a transaction sees it.
func verifyIn(ctx context.Context, tx pgx.Tx, o Options) (Report, error) {
	a, err := newAudit(o)
	if err != nil {
		return Report{}, err
	}
	v := &databaseAudit{audit: a, tx: tx, o: o}
	a.stored = v.hash
	if err := v.ordered(ctx); err != nil {
		return Report{}, err
	}
	report := a.end()
	for _, w := range o.Witnesses {
		if err := v.witnessed(ctx, &report, w); err != nil {
			return Report{}, err
		}
	}
	return report, v.unordered(ctx, &report)
}

// mostUnwitnessed is for how many seconds a head may go without a cosignature, so that a witness may start anew.
const mostUnwitnessed = 3600

// witnessed holds the newest head that a witness is said to have cosigned against its key.
func (v *databaseAudit) witnessed(ctx context.Context, r *Report, w note.Verifier) error {
	head, err := Witnessed(ctx, v.tx, w.Name())
	if err != nil {
		return err
	}
	if head.Tree.N > 0 && !cosignedBy(head.Checkpoint, w) {
		r.wrong(head.Tree.N-1, unwitnessed, fault.Args{"witness": w.Name()})
		return nil
	}
	seconds, err := Unwitnessed(ctx, v.tx, w.Name())
	if err == nil && (seconds > mostUnwitnessed || head.Tree.N == 0 && r.Tree.N > 0) {
		r.wrong(head.Tree.N, unwitnessedSince, fault.Args{"witness": w.Name()})
	}
	return err
}

// databaseAudit is an audit of the tables.
type databaseAudit struct {
	*audit
	tx    pgx.Tx
	o     Options
	heads []headRow // read ahead; the first covers the next leaf, if any does
	last  int64     // the size of the newest head read
	none  bool      // there are no more heads
}

// headRow is a head as it is stored.
type headRow struct {
	size, previous, firstHash int64
	hashes, root              []byte
	checkpoint                string
	sound                     bool // its hashes are those of its leaves, by their number
}

// placed is an index with its leaf and act, as far as they are there.
type placed struct {
	index, act int64
	kind       *string
	digest     []byte
	row        *Row
}

// How many rows are read at once. A head may have 20,000 leaves and 1.3 MB of hashes.
const (
	leafPage = 5000
	headPage = 20
)

// ordered goes over all leaves that have a place.
func (v *databaseAudit) ordered(ctx context.Context) error {
	for {
		page, err := v.page(ctx, v.tree.size)
		if err != nil {
			return err
		}
		for _, p := range page {
			if p.index > v.tree.size {
				if err := v.missing(ctx, p.index); err != nil {
					return err
				}
			}
			if err := v.placedLeaf(ctx, p); err != nil {
				return err
			}
		}
		if len(page) < leafPage {
			break
		}
	}
	for {
		if err := v.cover(ctx); err != nil {
			return err
		}
		if len(v.heads) == 0 {
			return nil
		}
		if err := v.missing(ctx, v.heads[0].size); err != nil {
			return err
		}
	}
}

// page reads places from an index on.
func (v *databaseAudit) page(ctx context.Context, from int64) ([]placed, error) {
	rows, err := v.tx.Query(ctx, `
		select i.index, i.act, l.kind, l.digest, a.id, case when isfinite(a.at) then a.at end,
		  coalesce(a.account, 0), coalesce(a.role, ''), coalesce(a.area, 0), coalesce(a.department, ''), coalesce(a.kind, ''),
		  coalesce(a.subject, ''), coalesce(a.detail, ''), a.salt
		from leaf_index i left join leaf l on l.act = i.act left join act a on a.id = i.act
		where i.index >= $1 order by i.index limit $2`, from, leafPage)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanPlaced)
}

// scanPlaced reads a row of places, or of leaves without one.
func scanPlaced(row pgx.CollectableRow) (p placed, err error) {
	var r Row
	var id *int64
	var at *time.Time
	err = row.Scan(&p.index, &p.act, &p.kind, &p.digest, &id, &at,
		&r.Account, &r.Role, &r.Area, &r.Department, &r.Kind, &r.Subject, &r.Detail, &r.Salt)
	if id != nil {
		r.ID = *id
		p.row = &r
	}
	if at != nil {
		r.At = *at
	}
	return p, err
}

// leaf is the leaf of a place, nil where it is missing or can be none.
func (p placed) leaf() *Leaf {
	if p.kind == nil || len(p.digest) != len(Leaf{}.Digest) {
		return nil
	}
	return &Leaf{*p.kind, [32]byte(p.digest)}
}

// placedLeaf adds the leaf of a place to the audit, and holds its act against it.
func (v *databaseAudit) placedLeaf(ctx context.Context, p placed) error {
	if err := v.cover(ctx); err != nil {
		return err
	}
	if len(v.heads) == 0 || v.heads[0].previous > p.index {
		v.headless(p.index)
	}
	leaf := p.leaf()
	switch {
	case p.row == nil:
		v.wrong(p.index, actGone, fault.Args{"act": p.act})
	case leaf != nil && p.row.Leaf() != *leaf:
		v.wrong(p.index, actChanged, fault.Args{"act": p.act})
	case leaf != nil:
		v.Acts++
	}
	if leaf == nil {
		v.wrong(p.index, leafGone, fault.Args{"last": p.index})
		v.leaf(nil)
	} else {
		hash := tlog.RecordHash(leaf.Entry())
		v.leaf(&hash)
	}
	v.passHead()
	return nil
}

// headless tells that leaves from an index on have no head, once for a run of them.
func (v *databaseAudit) headless(index int64) {
	if index == v.last {
		v.wrong(index, headGone, nil)
	}
}

// missing goes over leaves up to an index that have no place.
func (v *databaseAudit) missing(ctx context.Context, to int64) error {
	v.wrong(v.tree.size, leafGone, fault.Args{"last": to - 1})
	for v.tree.size < to {
		if err := v.cover(ctx); err != nil {
			return err
		}
		v.leaf(nil)
		v.passHead()
	}
	return nil
}

// cover reads heads until one covers the next leaf or lies behind it, or there are no more.
func (v *databaseAudit) cover(ctx context.Context) error {
	for len(v.heads) > 0 && v.heads[0].size <= v.tree.size {
		v.heads = v.heads[1:]
	}
	if len(v.heads) > 0 || v.none {
		return nil
	}
	rows, err := v.tx.Query(ctx, `select size, previous, first_hash, hashes, root, checkpoint from tree_head where size > $1 order by size limit $2`,
		v.tree.size, headPage)
	if err != nil {
		return err
	}
	v.heads, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h headRow, err error) {
		err = row.Scan(&h.size, &h.previous, &h.firstHash, &h.hashes, &h.root, &h.checkpoint)
		return h, err
	})
	v.none = len(v.heads) == 0
	for i := range v.heads {
		h := &v.heads[i]
		h.sound = h.previous >= 0 && h.previous < h.size && h.firstHash == tlog.StoredHashCount(h.previous) &&
			int64(len(h.hashes)) == tlog.HashSize*(tlog.StoredHashCount(h.size)-h.firstHash)
	}
	return err
}

// hash is a stored hash of the head that covers the present leaf.
func (v *databaseAudit) hash(level int, n int64) (tlog.Hash, bool) {
	if len(v.heads) == 0 || !v.heads[0].sound {
		return tlog.Hash{}, false
	}
	h := v.heads[0]
	at := (tlog.StoredHashIndex(level, n) - h.firstHash) * tlog.HashSize
	if at < 0 || at >= int64(len(h.hashes)) {
		return tlog.Hash{}, false
	}
	return tlog.Hash(h.hashes[at:]), true
}

// passHead holds the tree against the head of its size.
func (v *databaseAudit) passHead() {
	if len(v.heads) == 0 || v.heads[0].size != v.tree.size {
		return
	}
	h := v.heads[0]
	from := min(v.last, h.size-1)
	root := v.tree.root()
	if !h.sound || h.previous != v.last && h.previous < v.last || string(h.root) != string(root[:]) {
		v.wrongAmong(from, h.size-1, headChanged)
	}
	signed, err := OpenCheckpoint([]byte(h.checkpoint), v.o.Keys...)
	if err != nil || signed != (tlog.Tree{N: h.size, Hash: root}) {
		v.wrongAmong(from, h.size-1, headUnsigned)
	}
	v.last = h.size
}

// unordered looks at what has no place: acts without a leaf, leaves that wait, and leaves that should not wait any more.
func (v *databaseAudit) unordered(ctx context.Context, report *Report) error {
	rows, err := v.tx.Query(ctx, "select id from act where not exists (select from leaf where leaf.act = act.id) order by id")
	if err != nil {
		return err
	}
	acts, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, act := range acts {
		if _, placed, err := LeafOf(ctx, v.tx, act); err != nil {
			return err
		} else if !placed { // else its leaf was told already
			report.wrong(-1, leafless, fault.Args{"act": act})
		}
	}
	return v.waiting(ctx, report)
}

// waiting looks at the leaves that have no place.
func (v *databaseAudit) waiting(ctx context.Context, report *Report) error {
	rows, err := v.tx.Query(ctx, `
		select case when pg_visible_in_snapshot(l.xid, h.seen) then 1 else 0 end, l.act, l.kind, l.digest, a.id, case when isfinite(a.at) then a.at end,
		  coalesce(a.account, 0), coalesce(a.role, ''), coalesce(a.area, 0), coalesce(a.department, ''), coalesce(a.kind, ''),
		  coalesce(a.subject, ''), coalesce(a.detail, ''), a.salt
		from leaf l left join act a on a.id = l.act
		left join lateral (select seen from tree_head where server = server_identity() order by size desc limit 1) h on true
		where not exists (select from leaf_index i where i.act = l.act) order by l.act`)
	if err != nil {
		return err
	}
	var p placed
	for rows.Next() {
		if p, err = scanPlaced(rows); err != nil {
			return err
		}
		leaf := p.leaf()
		switch {
		case p.index == 1:
			report.wrong(-1, skipped, fault.Args{"act": p.act})
		case leaf == nil || p.row == nil || p.row.Leaf() != *leaf:
			report.wrong(-1, waitingChanged, fault.Args{"act": p.act})
		default:
			report.Waiting++
		}
	}
	return rows.Err()
}
