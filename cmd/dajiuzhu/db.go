package main

import (
	"fmt"

	"dajiuzhu/internal/postgres"
)

type dbCommand struct {
	Migrate   dbMigrateCommand   `cmd:"" help:"Bring the database to the newest form."`
	Status    dbStatusCommand    `cmd:"" help:"Say which form the database has, and how large it is."`
	ApplyPack dbApplyPackCommand `cmd:"" help:"Make the tables and columns that the pack's feeds need."`
	URL       dbURLCommand       `cmd:"" name:"url" help:"Print where the owner finds the database, with its password: for psql, while the platform runs."`
}

type dbMigrateCommand struct{ platformFlags }

// Run migrates, as every start does, and says to which form.
func (c *dbMigrateCommand) Run(s *streams) error {
	return c.with(s.ctx, func(db *postgres.DB) error {
		has, _, err := db.Form(s.ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "form %d\n", has)
		return nil
	})
}

type dbStatusCommand struct{ platformFlags }

// Run prints the form, the version and the size.
func (c *dbStatusCommand) Run(s *streams) error {
	return c.with(s.ctx, func(db *postgres.DB) error {
		has, known, err := db.Form(s.ctx)
		if err != nil {
			return err
		}
		var version, size string
		err = db.Own().QueryRow(s.ctx, "select current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))").Scan(&version, &size)
		if err != nil {
			return fmt.Errorf("asking the database for its size: %w", err)
		}
		fmt.Fprintf(s.out, "form %d of %d\nPostgreSQL %s\nsize %s\n", has, known, version, size)
		return nil
	})
}

type dbApplyPackCommand struct {
	platformFlags
	Pack string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run applies the pack.
func (c *dbApplyPackCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	return c.with(s.ctx, func(db *postgres.DB) error {
		if err := applyPack(s.ctx, db, policy.Pack()); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "pack %s %s\n", policy.Pack().ID, policy.Pack().Hash)
		return nil
	})
}

type dbURLCommand struct{ platformFlags }

// Run prints the address.
func (c *dbURLCommand) Run(s *streams) error {
	return c.with(s.ctx, func(db *postgres.DB) error {
		fmt.Fprintln(s.out, db.URL())
		return nil
	})
}
