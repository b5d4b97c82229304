package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// The kinds of ceremonies.
const (
	ceremonyTOTP     = "totp"
	ceremonyRegister = "passkey-register"
	ceremonyPasskey  = "passkey"
	ceremonyOutside  = "outside"
)

const ceremonyTime = 10 * time.Minute

var ceremonyOver = fault.Text{
	Key: "access.ceremony-over",
	Zh:  "这一步已过期或已完成，请重新开始",
	En:  "this step has expired or is done: begin it again",
}

// startCeremony keeps what is needed to finish something, and returns the key by which whoever began it finishes it. Account 0 is
// nobody signed in.
func (a *Access) startCeremony(ctx context.Context, tx pgx.Tx, kind string, account int64, data any, lasts time.Duration) (key string, err error) {
	if key, err = a.ticket(); err != nil {
		return "", err
	}
	plain, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("writing what finishes a sign-in: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into ceremony (digest, kind, account, data, ends_at) values ($1, $2, nullif($3::bigint, 0), $4, $5)",
		digestOf(key), kind, account, a.keys.Seal(ceremonyField, string(plain)), a.clock().Add(lasts))
	if err != nil {
		return "", fmt.Errorf("keeping what finishes a sign-in: %w", err)
	}
	return key, nil
}

// endCeremony reads what was kept by [Access.startCeremony], once: unless its transaction fails, nobody can finish it again.
func (a *Access) endCeremony(ctx context.Context, tx pgx.Tx, kind string, account int64, key string, into any) error {
	var held []byte
	err := tx.QueryRow(ctx, `delete from ceremony where digest = $1 and kind = $2 and coalesce(account, 0) = $3 and ends_at > $4 returning data`,
		digestOf(key), kind, account, a.clock()).Scan(&held)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, ceremonyOver, nil)
	}
	if err != nil {
		return fmt.Errorf("finishing a sign-in: %w", err)
	}
	plain, err := a.keys.Open(ceremonyField, held)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(plain), into); err != nil {
		return fmt.Errorf("reading what finishes a sign-in: %w", err)
	}
	return nil
}
