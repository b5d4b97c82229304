package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// The fields that this package seals; a relative's number has the digest of a person's, with which it is compared.
const (
	phoneField    = "account.phone"
	totpField     = "account.totp"
	ceremonyField = "ceremony.data"
)

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{
		{Table: "account", Key: "id", Sealed: "phone_sealed", Field: phoneField, Row: "id"},
		{Table: "credential", Key: "account", Sealed: "totp_sealed", Field: totpField, Row: "account"},
		{Table: "relative", Key: "id", Sealed: "number_sealed", Digest: "number_digest", Field: sealed.PersonNumber, Row: "id"},
		{Table: "ceremony", Sealed: "data", Field: ceremonyField, Fleeting: true},
	}
}

// Config is what an Access needs.
type Config struct {
	DB      *postgres.DB
	Keys    *sealed.Keys
	Clock   func() time.Time
	Random  io.Reader // of tokens, salts and codes; nil is the system's
	Hashing Hashing   // of new passwords; zero is [DefaultHashing]
	Site    Site
	Outside *Provider     // an outside identity provider; nil is none
	First   time.Duration // how long a first password may be used; 0 is [DefaultFirst]
}

// DefaultFirst is how long a first password may be used: until it is changed whoever came by the slip of paper could use it.
const DefaultFirst = 7 * 24 * time.Hour

// Site is where people find the platform: one-time codes and passkeys belong to it.
type Site struct {
	Name string // as an authenticator shows it
	URL  string // "https://jiuzhu.example.cn", without a path
}

// Access signs people in and manages their accounts. It is safe for concurrent use.
type Access struct {
	db       *postgres.DB
	keys     *sealed.Keys
	clock    func() time.Time
	random   io.Reader
	hashing  Hashing
	hashers  chan struct{} // a place for each password that is hashed at a time, since each takes much memory
	decoy    string        // the hash of nobody's password, so that an unknown login takes as long
	site     Site
	passkeys *webauthn.WebAuthn
	outside  *Provider
	first    time.Duration
	hears    Hears
}

// New checks the configuration and returns an Access.
func New(c Config) (*Access, error) {
	a := &Access{db: c.DB, keys: c.Keys, clock: c.Clock, random: c.Random, hashing: c.Hashing, site: c.Site, outside: c.Outside, first: c.First}
	if a.random == nil {
		a.random = rand.Reader
	}
	if a.hashing == (Hashing{}) {
		a.hashing = DefaultHashing
	}
	if a.first == 0 {
		a.first = DefaultFirst
	}
	a.hashers = make(chan struct{}, hashersAtOnce)
	var err error
	if a.decoy, err = a.hash("nobody's password"); err != nil {
		return nil, err
	}
	if a.passkeys, err = newPasskeys(c.Site); err != nil {
		return nil, err
	}
	return a, nil
}

// zone is where the platform's days begin.
var zone = time.FixedZone("UTC+8", 8*60*60)

// today is the day of the platform's city.
func (a *Access) today() calendar.Date { return dayOf(a.clock()) }

func dayOf(t time.Time) calendar.Date {
	t = t.In(zone)
	return calendar.Must(t.Year(), t.Month(), t.Day())
}

// draw returns random bytes.
func (a *Access) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(a.random, b); err != nil {
		return nil, fmt.Errorf("drawing random bytes: %w", err)
	}
	return b, nil
}

// ticket draws what only its holder has: a session's token, a ceremony's key.
func (a *Access) ticket() (string, error) {
	b, err := a.draw(32)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// digestOf is what is kept of a ticket.
func digestOf(ticket string) []byte {
	sum := sha256.Sum256([]byte(ticket))
	return sum[:]
}

// Sweep removes sessions and ceremonies that have ended and attempts that are forgotten. A job calls it now and then.
func (a *Access) Sweep(ctx context.Context) error {
	now := a.clock()
	return a.db.Work(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue("delete from session where ends_at <= $1 or seen_at <= $2", now.Add(-knownTime), now.Add(-idleTime-knownTime))
		batch.Queue("delete from ceremony where ends_at <= $1", now)
		batch.Queue("delete from attempt where last_at <= $1 and locked_until <= $2", now.Add(-memory), now)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("removing what has ended: %w", err)
		}
		return nil
	})
}

// is reports whether an error is the fault of a text.
func is(err error, text fault.Text) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Text.Key == text.Key
}
