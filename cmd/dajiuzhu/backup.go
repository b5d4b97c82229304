package main

import (
	"fmt"
	"time"

	"dajiuzhu/internal/backup"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
)

type backupCommand struct {
	platformFlags
	Out  string `arg:"" help:"The file to write." type:"path"`
	Pack string `help:"Folder of the policy pack in use; the built-in one if not given." type:"path"`
}

// Run writes the backup, while the platform runs or not.
func (c *backupCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	return c.with(s.ctx, func(db *postgres.DB) error {
		b := newBar(s.errout, "backup ")
		sum, err := backup.Write(s.ctx, db, c.Out, policy.Pack().Hash, time.Now(), b.progress)
		b.done()
		if err != nil {
			return err
		}
		printSummary(s, sum, c.Out)
		return nil
	})
}

func printSummary(s *streams, sum backup.Summary, path string) {
	fmt.Fprintf(s.out, "form %d: %d tables, %d rows: %s\n", sum.Form, sum.Tables, sum.Rows, path)
}

type restoreCommand struct {
	platformFlags
	In   string `arg:"" help:"The backup." type:"path"`
	Pack string `help:"Folder of the policy pack of when it was written; the built-in one if not given." type:"path"`
}

// Run restores the backup to an empty database, and brings that to the newest form.
func (c *restoreCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	f, err := backup.Open(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	db, err := postgres.Open(s.ctx, postgres.Config{URL: c.Database, Dir: c.Data, Form: f.Form()})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := ingest.ApplyPack(s.ctx, db.Own(), policy.Pack()); err != nil {
		return err
	}
	b := newBar(s.errout, "restore ")
	sum, err := f.Restore(s.ctx, db, b.progress)
	b.done()
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	printSummary(s, sum, c.In)
	return c.with(s.ctx, func(*postgres.DB) error { return nil })
}
