package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// KeptForm is what somebody sent after their session had ended.
type KeptForm struct {
	Path   string
	Fields url.Values
}

const (
	ceremonyForm = "form"
	// keptTime is for how long a form is kept for whoever signs in again.
	keptTime = 30 * time.Minute
	// mostKept is how many forms of an account are kept at a time; the oldest make room.
	mostKept = 5
	// knownTime is for how long it is known whose a session was that has ended by itself, so that what is sent later can be kept for them.
	knownTime = 10 * 24 * time.Hour // over the longest holiday
)

// KeepForm keeps a form, sealed, for the account whose session has ended by itself, and returns the key by which its browser gets it back ("" where
// nobody knows whose the session was). The caller bounds its size.
func (a *Access) KeepForm(ctx context.Context, token string, f KeptForm) (key string, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		var account int64
		err := tx.QueryRow(ctx, "select account from session where digest = $1", digestOf(token)).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking whose a session was: %w", err)
		}
		_, err = tx.Exec(ctx, `delete from ceremony where digest in (select digest from ceremony where kind = $1 and account = $2 order by ends_at desc offset $3)`,
			ceremonyForm, account, mostKept-1)
		if err != nil {
			return fmt.Errorf("making room for a form: %w", err)
		}
		key, err = a.startCeremony(ctx, tx, ceremonyForm, account, f, keptTime)
		return err
	})
	return key, err
}

// Form is what was kept for the account of a session under a key; a fault of kind NotFound for anybody else, and once it is over.
func (a *Access) Form(ctx context.Context, s Session, key string) (f KeptForm, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		var held []byte
		err := tx.QueryRow(ctx, "select data from ceremony where digest = $1 and kind = $2 and account = $3 and ends_at > $4", digestOf(key), ceremonyForm, s.Account, a.clock()).Scan(&held)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, ceremonyOver, nil)
		}
		if err != nil {
			return fmt.Errorf("looking for a form: %w", err)
		}
		plain, err := a.keys.Open(ceremonyField, held)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(plain), &f)
	})
	return f, err
}

// DropForm forgets a form that was kept.
func (a *Access) DropForm(ctx context.Context, key string) error {
	return a.db.Work(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "delete from ceremony where digest = $1 and kind = $2", digestOf(key), ceremonyForm); err != nil {
			return fmt.Errorf("forgetting a form: %w", err)
		}
		return nil
	})
}
