package main

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rekey"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// platformFlags say where a platform keeps what it knows.
type platformFlags struct {
	Data     string `help:"Folder of what this machine keeps: the built-in database, the keys." default:"data" type:"path" env:"DAJIUZHU_DATA"`
	Database string `help:"URL of the database, its owner's; a built-in server if not given." env:"DATABASE_URL"`
	Site     string `help:"Where people find the platform, for passkeys and codes." default:"http://localhost:8080" env:"DAJIUZHU_SITE"`
}

// with opens the database for as long as something is done that seals nothing.
func (f *platformFlags) with(ctx context.Context, do func(*postgres.DB) error) error {
	return within(ctx, postgres.Config{URL: f.Database, Dir: f.Data}, do)
}

// withKeys is with for what seals.
func (f *platformFlags) withKeys(ctx context.Context, do func(*postgres.DB, *sealed.Keys) error) error {
	return f.sealing(ctx, false, do)
}

// withOwn is withKeys for what runs longer than other commands: the built-in server is its own.
func (f *platformFlags) withOwn(ctx context.Context, do func(*postgres.DB, *sealed.Keys) error) error {
	return f.sealing(ctx, true, do)
}

func (f *platformFlags) sealing(ctx context.Context, own bool, do func(*postgres.DB, *sealed.Keys) error) error {
	keys, err := f.keys()
	if err != nil {
		return err
	}
	return within(ctx, postgres.Config{URL: f.Database, Dir: f.Data, Own: own, Key: keys.Newest()}, func(db *postgres.DB) error {
		if err := rekey.Use(ctx, db, keys); err != nil {
			return err
		}
		return do(db, keys)
	})
}

func within(ctx context.Context, c postgres.Config, do func(*postgres.DB) error) error {
	db, err := postgres.Open(ctx, c)
	if err != nil {
		return err
	}
	err = do(db)
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

func (f *platformFlags) keyFile() string    { return filepath.Join(f.Data, "keys") }
func (f *platformFlags) ledgerFile() string { return filepath.Join(f.Data, "ledger.key") }

func (f *platformFlags) keys() (*sealed.Keys, error)     { return sealed.LoadKeys(f.keyFile()) }
func (f *platformFlags) ledgerKey() (*ledger.Key, error) { return ledger.LoadKey(f.ledgerFile()) }

// accessFlags are those of what manages accounts.
type accessFlags struct {
	platformFlags
	FirstPassword time.Duration `help:"How long a first password may be used." default:"168h" env:"DAJIUZHU_FIRST_PASSWORD"`
}

// access is who may come in; outside is an identity provider, nil for none.
func (f *accessFlags) access(db *postgres.DB, keys *sealed.Keys, outside *access.Provider, clock func() time.Time) (*access.Access, error) {
	return access.New(access.Config{DB: db, Keys: keys, Clock: clock, Site: access.Site{Name: "大救助", URL: f.Site}, First: f.FirstPassword, Outside: outside})
}

// sealedColumns are where anything is sealed.
func sealedColumns(p *pack.Pack) []sealed.Column {
	return slices.Concat(access.SealedColumns(), web.SealedColumns(), registry.SealedColumns(), means.SealedColumns(), warning.SealedColumns(),
		visit.SealedColumns(), casework.SealedColumns(), notification.SealedColumns(), ingest.SealedColumns(p))
}

// applyPack makes the database what a pack needs: tables of feeds, which facts only an authorised check may bring, how warnings
// and programmes are handled.
func applyPack(ctx context.Context, db *postgres.DB, p *pack.Pack) error {
	if err := ingest.ApplyPack(ctx, db.Own(), p); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db.Own(), func(tx pgx.Tx) error {
		if err := means.ApplyPack(ctx, tx, p); err != nil {
			return err
		}
		if err := warning.ApplyPack(ctx, tx, p); err != nil {
			return err
		}
		return casework.ApplyPack(ctx, tx, p)
	})
}

// openRecord applies the pack and reads who is known.
func openRecord(ctx context.Context, db *postgres.DB, keys *sealed.Keys, policy *rules.Policy) (*ingest.Record, *registry.Identities, error) {
	if err := applyPack(ctx, db, policy.Pack()); err != nil {
		return nil, nil, err
	}
	var people *registry.Identities
	err := db.Work(ctx, func(tx pgx.Tx) (err error) {
		people, err = registry.LoadIdentities(ctx, tx, keys)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return ingest.New(db, policy.Pack(), people, keys), people, nil
}
