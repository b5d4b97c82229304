package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
)

// platformFlags say where a platform keeps what it knows.
type platformFlags struct {
	Data     string `help:"Folder of what this machine keeps: the built-in database, the keys." default:"data" type:"path" env:"DAJIUZHU_DATA"`
	Database string `help:"URL of the database, its owner's; a built-in server if not given." env:"DATABASE_URL"`
	Site     string `help:"Where people find the platform, for passkeys and codes." default:"http://localhost:8080" env:"DAJIUZHU_SITE"`
}

// with opens the database for as long as something is done.
func (f *platformFlags) with(ctx context.Context, do func(*postgres.DB) error) error {
	return within(ctx, postgres.Config{URL: f.Database, Dir: f.Data}, do)
}

// withOwn is with for what runs longer than other commands: the built-in server is its own.
func (f *platformFlags) withOwn(ctx context.Context, do func(*postgres.DB) error) error {
	return within(ctx, postgres.Config{URL: f.Database, Dir: f.Data, Own: true}, do)
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

func (f *platformFlags) access(db *postgres.DB, keys *sealed.Keys) (*access.Access, error) {
	return access.New(access.Config{DB: db, Keys: keys, Clock: time.Now, Site: access.Site{Name: "大救助", URL: f.Site}})
}

// applyPack makes the database what a pack needs: tables of feeds, and which facts only an authorised check may bring.
func applyPack(ctx context.Context, db *postgres.DB, p *pack.Pack) error {
	if err := ingest.ApplyPack(ctx, db.Own(), p); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db.Own(), func(tx pgx.Tx) error { return means.ApplyPack(ctx, tx, p) })
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
