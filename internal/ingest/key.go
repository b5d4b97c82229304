package ingest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// rowKey is the key of digests of rows. It is the record's own and never changes, unlike the keys by which it is sealed: a new one would let
// no row be known again.
type rowKey struct {
	mu  sync.Mutex
	key []byte
}

const rowKeyField = "row_key"

// unlock reads the key, and makes it where there is none, in a transaction of its own. Whatever takes digests of rows does this first.
func (r *Record) unlock(ctx context.Context) error {
	r.digest.mu.Lock()
	defer r.digest.mu.Unlock()
	if r.digest.key != nil {
		return nil
	}
	var sealed []byte
	err := r.db.Work(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "select sealed from row_key").Scan(&sealed)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		fresh := make([]byte, 32)
		rand.Read(fresh)
		return tx.QueryRow(ctx, "insert into row_key (sealed) values ($1) on conflict (one) do update set one = true returning sealed",
			r.keys.Seal(rowKeyField, hex.EncodeToString(fresh))).Scan(&sealed) // of two at once the first one's
	})
	if err != nil {
		return fmt.Errorf("reading the key of rows: %w", err)
	}
	plain, err := r.keys.Open(rowKeyField, sealed)
	if err != nil {
		return fmt.Errorf("opening the key of rows: %w", err)
	}
	if r.digest.key, err = hex.DecodeString(plain); err != nil {
		return fmt.Errorf("reading the key of rows: %w", err)
	}
	return nil
}

// subkey is a key of its own for a use of the key.
func (r *Record) subkey(use string) []byte {
	mac := hmac.New(sha256.New, r.digest.key)
	mac.Write([]byte(use))
	return mac.Sum(nil)
}

// trace is a keyed digest of a text.
func (r *Record) trace(of, text string) int64 {
	mac := hmac.New(sha256.New, r.digest.key)
	mac.Write([]byte(of + "\x00" + text))
	return int64(binary.BigEndian.Uint64(mac.Sum(nil)))
}
