package main

import (
	"fmt"
	"strings"

	"dajiuzhu/internal/synth"
)

type synthCommand struct {
	Out    string `required:"" help:"Folder to write into; it is made if need be." type:"path"`
	People int    `help:"How many people live in the county." default:"20000"`
	Seed   uint64 `help:"Another seed is another county; the same seed is the same bytes." default:"1"`
	On     string `help:"Day before which everything is delivered." default:"2026-11-01"`
	Pack   string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run writes an invented county.
func (c *synthCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	on, err := day(c.On)
	if err != nil {
		return err
	}
	b := newBar(s.errout, "synth ")
	summary, err := synth.Write(s.ctx, policy.Pack(), c.Out, synth.Options{People: c.People, Seed: c.Seed, On: on, Progress: b.progress})
	b.done()
	if err != nil {
		return err
	}
	rows, bad, copies := 0, 0, 0
	for _, f := range summary.Files {
		rows, bad, copies = rows+f.Rows, bad+f.Bad, copies+f.Copies
	}
	fmt.Fprintf(s.out, "模拟数据 simulated data: %d people in %d households of %d villages, %d files in %s\n",
		summary.People, summary.Households, summary.Villages, len(summary.Files), c.Out)
	fmt.Fprintf(s.out, "rows: %d, of which %d are bad on purpose and %d are copies\n", rows, bad, copies)
	fmt.Fprintf(s.out, "the family of the story: household %s in Guozhai village\n", summary.Booklet)
	for _, story := range summary.Stories {
		fmt.Fprintf(s.out, "placed: household %s, %s\n", story.Booklet, strings.ReplaceAll(story.Name, "-", " "))
	}
	return nil
}
