package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Head is the newest head of the tree.
type Head struct {
	Tree       tlog.Tree
	Checkpoint []byte // signed; nil while the ledger is empty
}

// NewestHead reads the newest head. The tree of a ledger without heads has no leaves.
func NewestHead(ctx context.Context, tx pgx.Tx) (Head, error) {
	var size int64
	var root, checkpoint []byte
	err := tx.QueryRow(ctx, "select size, root, checkpoint from tree_head order by size desc limit 1").Scan(&size, &root, &checkpoint)
	if errors.Is(err, pgx.ErrNoRows) {
		return Head{Tree: tlog.Tree{Hash: (&frontier{}).root()}}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("reading the ledger's head: %w", err)
	}
	return Head{tlog.Tree{N: size, Hash: tlog.Hash(root)}, checkpoint}, nil
}

// Hashes reads the stored hashes within a transaction, for the proofs of tlog.
func Hashes(ctx context.Context, tx pgx.Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		if len(indexes) == 0 {
			return nil, nil
		}
		rows, err := tx.Query(ctx, `
			select coalesce(substring(h.hashes from ((i - h.first_hash) * 32 + 1)::int for 32), '')
			from unnest($1::bigint[]) with ordinality as u(i, place)
			left join lateral (select first_hash, hashes from tree_head where first_hash <= i order by first_hash desc limit 1) h on true
			order by place`, indexes)
		if err != nil {
			return nil, fmt.Errorf("reading the ledger's hashes: %w", err)
		}
		hashes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h tlog.Hash, err error) {
			var stored []byte
			if err := row.Scan(&stored); err != nil {
				return h, err
			}
			if len(stored) != tlog.HashSize {
				return h, errors.New("a hash is not there")
			}
			return tlog.Hash(stored), nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading the ledger's hashes: %w", err)
		}
		return hashes, nil
	})
}

// LeafOf is the index of an act's leaf; ok is false while the sequencer has not come to it, or there is no such act.
func LeafOf(ctx context.Context, tx pgx.Tx, act int64) (index int64, ok bool, err error) {
	err = tx.QueryRow(ctx, "select index from leaf_index where act = $1", act).Scan(&index)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("looking for the leaf of an act: %w", err)
	}
	return index, true, nil
}

// leaves reads the leaves of [from, to), in order.
func leaves(ctx context.Context, tx pgx.Tx, from, to int64) ([]Leaf, error) {
	rows, err := tx.Query(ctx, "select kind, digest from leaf_index join leaf using (act) where index >= $1 and index < $2 order by index", from, to)
	if err != nil {
		return nil, fmt.Errorf("reading leaves: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Leaf, err error) {
		var digest []byte
		err = row.Scan(&l.Kind, &digest)
		copy(l.Digest[:], digest)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading leaves: %w", err)
	}
	if int64(len(found)) != to-from {
		return nil, fmt.Errorf("of the leaves from %d to %d only %d are there", from, to, len(found))
	}
	return found, nil
}

// bundle is the leaves in the form of a C2SP entry bundle: each entry behind its length in two bytes.
func bundle(leaves []Leaf) []byte {
	var out []byte
	for _, l := range leaves {
		entry := l.Entry()
		out = binary.BigEndian.AppendUint16(out, uint16(len(entry)))
		out = append(out, entry...)
	}
	return out
}

// parseBundle reads an entry bundle of a given number of leaves.
func parseBundle(data []byte, width int) ([]Leaf, error) {
	found := make([]Leaf, 0, width)
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) || len(found) == width {
			return found, errors.New("the bundle's entries do not fill it")
		}
		n := 2 + int(binary.BigEndian.Uint16(data))
		l, err := ParseEntry(data[2:n])
		if err != nil {
			return found, err
		}
		found, data = append(found, l), data[n:]
	}
	if len(found) != width {
		return found, fmt.Errorf("the bundle has %d entries and should have %d", len(found), width)
	}
	return found, nil
}

// Behind is for how many seconds the oldest leaf without an index has waited for one, 0 if there is none: an ordering that works is never
// more than some seconds behind.
func Behind(ctx context.Context, tx pgx.Tx) (seconds float64, err error) {
	err = tx.QueryRow(ctx, `select coalesce(extract(epoch from clock_timestamp() - min(a.at)), 0)::float8 from act a
		where a.id > (select coalesce(max(act), 0) - 100000 from leaf_index) and not exists (select from leaf_index l where l.act = a.id)`).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("looking how far behind the ledger is: %w", err)
	}
	return seconds, nil
}
