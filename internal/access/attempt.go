package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// memory is how long failures are remembered after the last.
const memory = 24 * time.Hour

// patience is how many failures in a row are free, and the wait after each further one, which doubles from the first to the longest.
type patience struct {
	free           int
	first, longest time.Duration
}

var (
	ofLogin   = patience{4, 30 * time.Second, 15 * time.Minute}
	ofAddress = patience{50, 30 * time.Second, 15 * time.Minute} // a whole office may share one
	ofAsking  = patience{200, time.Second, time.Minute}          // each leaves something to be kept for a while
	ofSecond  = patience{4, 30 * time.Second, time.Hour}         // a code has six digits only
)

// delay is the wait after so many failures.
func (p patience) delay(failures int) time.Duration {
	if failures <= p.free {
		return 0
	}
	d := p.first
	for range failures - p.free - 1 {
		if d *= 2; d >= p.longest {
			return p.longest
		}
	}
	return d
}

var tooMany = fault.Text{
	Key: "access.too-many",
	Zh:  "尝试次数过多，请在{minutes}分钟后再试",
	En:  "too many attempts: try again in {minutes} minutes",
}

// attempt is something that may be tried only so often.
type attempt struct {
	subject []byte
	patience
}

func (a *Access) loginAttempt(login string) attempt {
	return attempt{a.keys.Digest("attempt", "login "+login), ofLogin}
}

func (a *Access) addressAttempt(address netip.Addr) attempt {
	return attempt{a.keys.Digest("attempt", "address "+customer(address)), ofAddress}
}

// askAttempt is of an address that asks for the first half of a sign-in.
func (a *Access) askAttempt(address netip.Addr) attempt {
	return attempt{a.keys.Digest("attempt", "asking "+customer(address)), ofAsking}
}

// customer is an address; of the many that one customer has in IPv6 it is the same for all.
func customer(address netip.Addr) string {
	address = address.Unmap()
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			address = prefix.Addr()
		}
	}
	return address.String()
}

// proofAttempt is of an account's holder, who gives a code or the password again.
func (a *Access) proofAttempt(account int64) attempt {
	return attempt{a.keys.Digest("attempt", fmt.Sprint("proof ", account)), ofSecond}
}

// admit counts an attempt as failed before it is made, so that many at once are no more than one after another; [Access.passed] takes
// it back. If one of the attempts must wait, none is counted.
func (a *Access) admit(ctx context.Context, attempts ...attempt) error {
	slices.SortFunc(attempts, func(x, y attempt) int { return slices.Compare(x.subject, y.subject) }) // in one order, or two might wait for each other
	return a.db.Work(ctx, func(tx pgx.Tx) error {
		for _, t := range attempts {
			if err := t.count(ctx, tx, a.clock()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t attempt) count(ctx context.Context, tx pgx.Tx, now time.Time) error {
	var failures int
	err := tx.QueryRow(ctx, `insert into attempt as a values ($1, 1, $2, $2)
		on conflict (subject) do update set failures = case when a.last_at <= $3 then 1 else a.failures + 1 end, last_at = $2
		where a.locked_until <= $2 returning failures`, t.subject, now, now.Add(-memory)).Scan(&failures)
	if errors.Is(err, pgx.ErrNoRows) {
		return t.wait(ctx, tx, now)
	}
	if err != nil {
		return fmt.Errorf("counting an attempt: %w", err)
	}
	if _, err := tx.Exec(ctx, "update attempt set locked_until = $2 where subject = $1", t.subject, now.Add(t.delay(failures))); err != nil {
		return fmt.Errorf("counting an attempt: %w", err)
	}
	return nil
}

// wait is the fault of an attempt that comes too early.
func (t attempt) wait(ctx context.Context, tx pgx.Tx, now time.Time) error {
	var until time.Time
	if err := tx.QueryRow(ctx, "select locked_until from attempt where subject = $1", t.subject).Scan(&until); err != nil {
		return fmt.Errorf("looking how long attempts must wait: %w", err)
	}
	minutes := int((until.Sub(now) + time.Minute - 1) / time.Minute)
	return fault.New(fault.Unready, tooMany, fault.Args{"minutes": max(minutes, 1)})
}

// forget ends the failures of what has been proved.
func (t attempt) forget(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "delete from attempt where subject = $1", t.subject); err != nil {
		return fmt.Errorf("forgetting failed attempts: %w", err)
	}
	return nil
}

// passed takes back one counted attempt and leaves the others' failures: whoever has one account may not thereby try all others.
func (t attempt) passed(ctx context.Context, tx pgx.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, "update attempt set failures = greatest(failures - 1, 0), locked_until = least(locked_until, $2) where subject = $1", t.subject, now)
	if err != nil {
		return fmt.Errorf("taking back an attempt: %w", err)
	}
	return nil
}
