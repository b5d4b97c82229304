package main

import (
	"fmt"
	"os"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
)

type importCommand struct {
	platformFlags
	In      string `arg:"" help:"Folder of deliveries of a county." type:"path"`
	Hold    bool   `help:"Stage and check them, and leave it to an administrator to take them into the record."`
	Workers int    `help:"How many deliveries at a time." default:"2"`
	Pack    string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run takes in the deliveries and prints what became of each. One that does not balance ends it with exit code 1, after all others.
func (c *importCommand) Run(s *streams) error {
	if _, err := os.ReadDir(c.In); err != nil {
		return fault.New(fault.NotFound, noDeliveries, fault.Args{"found": c.In}).Because(err)
	}
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	keys, err := c.keys()
	if err != nil {
		return err
	}
	return c.with(s.ctx, func(db *postgres.DB) error {
		record, _, err := openRecord(s.ctx, db, keys, policy)
		if err != nil {
			return err
		}
		outcomes, err := record.Import(s.ctx, os.DirFS(c.In), ingest.Options{Workers: c.Workers, Hold: c.Hold})
		if err != nil {
			return err
		}
		return printOutcomes(s, outcomes)
	})
}

func printOutcomes(s *streams, outcomes []ingest.Outcome) error {
	known, stopped := 0, 0
	for _, o := range outcomes {
		switch {
		case o.Known:
			known++
		case o.State == ingest.Stopped:
			stopped++
			fallthrough
		default:
			fmt.Fprintf(s.out, "%d\t%s\t%s\n", o.Batch, o.State, o.Name)
		}
	}
	fmt.Fprintf(s.out, "批次 %d 个：新 %d，已有 %d，停下 %d  %d deliveries: %d new, %d known, %d stopped\n",
		len(outcomes), len(outcomes)-known, known, stopped, len(outcomes), len(outcomes)-known, known, stopped)
	if known == len(outcomes) {
		fmt.Fprintln(s.out, "没有新内容 nothing new")
	}
	if stopped > 0 {
		return errFaults
	}
	return nil
}
