package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// Own is what an account's holder sees of how one may sign in to it, and where somebody is.
type Own struct {
	Passkeys []Passkey
	Codes    int  // recovery codes that are left
	Linked   bool // with an identity at the outside provider
	Places   []Place
}

// Place is where somebody is signed in to an account.
type Place struct {
	Since time.Time
	Seen  time.Time // the last request, to the minute
	Agent string    // what the browser says of itself
	Here  bool      // it is the session that asks
}

// Own is what the session's account's holder sees of it.
func (a *Access) Own(ctx context.Context, token string) (own Own, err error) {
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if now.Due == GiveSecond || now.Due == ChangePassword {
			return fault.New(fault.Forbidden, notReady, nil)
		}
		var failed error
		own.Passkeys, err = passkeysOf(ctx, tx, now.Account)
		own.Places, failed = a.placesOf(ctx, tx, now.Account, digestOf(token))
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `select (select count(*) from recovery_code where account = $1),
			exists (select from outside_identity where account = $1)`, now.Account).Scan(&own.Codes, &own.Linked)
		if err != nil {
			return fmt.Errorf("reading how an account is signed in to: %w", err)
		}
		return nil
	})
	return own, err
}

func passkeysOf(ctx context.Context, tx pgx.Tx, account int64) ([]Passkey, error) {
	rows, err := tx.Query(ctx, "select id, name from passkey where account = $1 order by created_at, id", account)
	if err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Passkey])
	if err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	return all, nil
}

func (a *Access) placesOf(ctx context.Context, tx pgx.Tx, account int64, here []byte) ([]Place, error) {
	now := a.clock()
	rows, err := tx.Query(ctx, "select created_at, seen_at, agent, digest from session where account = $1 and ends_at > $2 and seen_at > $3 order by seen_at desc, digest",
		account, now, now.Add(-idleTime))
	if err != nil {
		return nil, fmt.Errorf("reading an account's sessions: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Place, err error) {
		var digest []byte
		err = row.Scan(&p.Since, &p.Seen, &p.Agent, &digest)
		p.Here = bytes.Equal(digest, here)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading an account's sessions: %w", err)
	}
	return all, nil
}

// HasPasskeys reports whether passkeys work at the site's address.
func (a *Access) HasPasskeys() bool { return a.passkeys != nil }

// HasOutside reports whether an outside identity provider is set up.
func (a *Access) HasOutside() bool { return a.outside != nil }
