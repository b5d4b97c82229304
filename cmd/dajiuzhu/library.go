package main

import (
	"fmt"

	"dajiuzhu/internal/library"
)

type libraryCommand struct {
	Out  string `required:"" help:"Folder to write into; it is made if need be." type:"path"`
	On   string `help:"Day as of which rules are called in force." default:"2026-11-01"`
	Pack string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run writes the policy library.
func (c *libraryCommand) Run(s *streams) error {
	on, err := day(c.On)
	if err != nil {
		return err
	}
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	pages, err := library.Pages(policy, on)
	if err != nil {
		return err
	}
	if err := library.Write(c.Out, pages); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d pages in %s\n", len(pages), c.Out)
	return nil
}
