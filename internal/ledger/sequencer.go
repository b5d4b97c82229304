package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/postgres"
)

const (
	poll  = 100 * time.Millisecond // how often new leaves are looked for
	rest  = time.Second            // how long after a failure, and for another sequencer to end
	batch = 20_000                 // the most leaves of one head
)

// everything is a snapshot that saw nothing: all leaves may be new.
const everything = "1:1:"

// Sequencer gives leaves their order and signs the heads. Any number of them may run, in any number of processes: one works, the others wait.
//
// It looks for what it has not seen by the transactions' own numbers, so that it comes upon each leaf as soon as its transaction has
// committed, be that long after transactions that began later, and never looks twice at old ones.
type Sequencer struct {
	db    *postgres.DB
	key   *Key
	log   *slog.Logger
	batch int
}

// NewSequencer returns a sequencer that signs with the key.
func NewSequencer(db *postgres.DB, key *Key, log *slog.Logger) *Sequencer {
	return &Sequencer{db, key, log, batch}
}

// Run integrates leaves within a second of their commit until ctx ends. It outlives a database that is away for a while.
func (s *Sequencer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.session(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the ledger's sequencer begins anew", "err", err)
		}
		pause(ctx, rest)
	}
}

// session is the work of one connection, for as long as it holds the sequencer's lock.
func (s *Sequencer) session(ctx context.Context) error {
	w, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	for {
		held, err := w.lock(ctx)
		if err != nil {
			return err
		}
		if held {
			break
		}
		if err := pause(ctx, rest); err != nil {
			return err
		}
	}
	for {
		more, err := w.pass(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if err := pause(ctx, poll); err != nil {
			return err
		}
	}
}

// Integrate gives every leaf that is committed now its place, and returns. It waits for a sequencer that runs.
func (s *Sequencer) Integrate(ctx context.Context) error {
	w, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	if _, err := w.conn.Exec(ctx, "select pg_advisory_lock("+lockKey+")"); err != nil {
		return fmt.Errorf("waiting for the ledger's sequencer: %w", err)
	}
	for {
		more, err := w.pass(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// lockKey is the advisory lock of the one sequencer.
const lockKey = "hashtext('dajiuzhu ledger sequencer')"

// writer is a sequencer's connection and what was seen over it. The lock lives and dies with the connection, and so does every batch.
type writer struct {
	*Sequencer
	conn *pgx.Conn
	seen string // the snapshot up to which all leaves have a place; empty before the first pass
}

func (s *Sequencer) open(ctx context.Context) (*writer, error) {
	conn, err := pgx.ConnectConfig(ctx, s.db.Worker().Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("connecting the ledger's sequencer: %w", err)
	}
	return &writer{Sequencer: s, conn: conn}, nil
}

func (w *writer) close() {
	ctx, cancel := context.WithTimeout(context.Background(), rest)
	defer cancel()
	w.conn.Close(ctx)
}

func (w *writer) lock(ctx context.Context) (held bool, err error) {
	if err := w.conn.QueryRow(ctx, "select pg_try_advisory_lock("+lockKey+")").Scan(&held); err != nil {
		return false, fmt.Errorf("asking for the lock of the ledger's sequencer: %w", err)
	}
	return held, nil
}

// pass integrates one batch, in one transaction and from one snapshot; more says that there may be further leaves at once.
func (w *writer) pass(ctx context.Context) (more bool, err error) {
	var seen string
	err = pgx.BeginTxFunc(ctx, w.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		var server int64
		if err := tx.QueryRow(ctx, "select pg_current_snapshot()::text, server_identity()").Scan(&seen, &server); err != nil {
			return fmt.Errorf("looking at the running transactions: %w", err)
		}
		if w.seen == "" {
			if w.seen, err = lastSeen(ctx, tx, server); err != nil {
				return err
			}
		}
		fresh, err := w.fresh(ctx, tx)
		if err != nil || len(fresh) == 0 {
			return err
		}
		if more = len(fresh) == w.batch; more {
			return w.integrate(ctx, tx, fresh, nil, server)
		}
		return w.integrate(ctx, tx, fresh, &seen, server)
	})
	if err == nil && !more {
		w.seen = seen
	}
	return more, err
}

// lastSeen is up to where an earlier sequencer has come. Transactions' numbers begin anew on another server, as after a restore: then all
// leaves are looked at once.
func lastSeen(ctx context.Context, tx pgx.Tx, server int64) (string, error) {
	var seen string
	err := tx.QueryRow(ctx, `select coalesce((
		select case when server = $1 then seen::text end from tree_head order by size desc limit 1), $2)`, server, everything).Scan(&seen)
	if err != nil {
		return "", fmt.Errorf("looking where the ledger's sequencer ended: %w", err)
	}
	return seen, nil
}

// entry is a leaf without a place.
type entry struct {
	act  int64
	leaf Leaf
}

// fresh are leaves that have no place, at most a batch.
func (w *writer) fresh(ctx context.Context, tx pgx.Tx) ([]entry, error) {
	rows, err := tx.Query(ctx, `
		select act, kind, digest from leaf
		where (xid >= pg_snapshot_xmax($1::text::pg_snapshot) or xid = any(array(select pg_snapshot_xip($1::text::pg_snapshot))))
		  and not exists (select from leaf_index where leaf_index.act = leaf.act)
		order by xid, act limit $2`, w.seen, w.batch)
	if err != nil {
		return nil, fmt.Errorf("looking for new leaves: %w", err)
	}
	fresh, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e entry, err error) {
		var digest []byte
		err = row.Scan(&e.act, &e.leaf.Kind, &digest)
		copy(e.leaf.Digest[:], digest)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for new leaves: %w", err)
	}
	return fresh, nil
}

// integrate gives the leaves their places behind the newest head, and signs the next.
func (w *writer) integrate(ctx context.Context, tx pgx.Tx, fresh []entry, seen *string, server int64) error {
	head, err := NewestHead(ctx, tx)
	if err != nil {
		return err
	}
	if head.Checkpoint != nil && !strings.HasPrefix(string(head.Checkpoint), w.key.Origin()+"\n") {
		return errors.New("the ledger has another origin than the signing key: nothing is added to it")
	}
	tree, err := frontierAt(head.Tree.N, Hashes(ctx, tx))
	if err != nil {
		return err
	}
	if tree.root() != head.Tree.Hash {
		return errors.New("the ledger's stored hashes do not make its newest head: nothing is added to it; run verify")
	}
	hashes := make([]byte, 0, 2*tlog.HashSize*len(fresh))
	for _, e := range fresh {
		tree.append(tlog.RecordHash(e.leaf.Entry()), func(h tlog.Hash) { hashes = append(hashes, h[:]...) })
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"leaf_index"}, []string{"index", "act"}, pgx.CopyFromSlice(len(fresh), func(i int) ([]any, error) {
		return []any{head.Tree.N + int64(i), fresh[i].act}, nil
	}))
	if err != nil {
		return fmt.Errorf("writing the order of leaves: %w", withoutRow(err))
	}
	root := tree.root()
	checkpoint, err := w.key.sign(tlog.Tree{N: tree.size, Hash: root})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into tree_head (size, previous, first_hash, hashes, root, checkpoint, seen, server)
		values ($1, $2, $3, $4, $5, $6, $7::text::pg_snapshot, $8)`,
		tree.size, head.Tree.N, tlog.StoredHashCount(head.Tree.N), hashes, root[:], string(checkpoint), seen, server)
	if err != nil {
		return fmt.Errorf("writing the ledger's head: %w", withoutRow(err))
	}
	return nil
}
