package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/synth"
)

type synthCommand struct {
	Out         string   `help:"Folder to write into; it is made if need be." type:"path" xor:"do" required:""`
	Verify      string   `help:"Folder that was written with --city: hold it against the calibration instead of writing." type:"path" xor:"do" required:""`
	City        bool     `help:"The whole city, each county in a folder of its own, and not the sample county."`
	County      []string `help:"With --city, these counties alone, by code." sep:","`
	People      int      `help:"How many people; of the sample county 20,000 if not given, of the city as many as it has."`
	Seed        uint64   `help:"Another seed is other people; the same seed is the same bytes." default:"1"`
	On          string   `help:"Day before which everything is delivered." default:"2026-11-01"`
	Labels      string   `help:"Folder for what is so in truth, which no department knows; the folder to write into with -labels if not given." type:"path"`
	Calibration string   `help:"A YAML file with another city's figures; the built-in ones if not given." type:"path"`
	Workers     int      `help:"How many counties are made at once; the bytes do not depend on it." default:"2"`
	Pack        string   `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run writes invented people, or looks whether those that were written are as the calibration has them.
func (c *synthCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	o, err := c.options(s.in)
	if err != nil {
		return err
	}
	b := newBar(s.errout, "synth ")
	o.Progress = b.progress
	if c.Verify != "" {
		checks, err := synth.Verify(s.ctx, policy.Pack(), c.Verify, o)
		b.done()
		if err != nil {
			return err
		}
		return printChecks(s, checks)
	}
	summary, err := synth.Write(s.ctx, policy.Pack(), c.Out, o)
	b.done()
	if err != nil {
		return err
	}
	c.print(s, summary)
	return nil
}

func (c *synthCommand) options(in io.Reader) (o synth.Options, err error) {
	o = synth.Options{City: c.City, People: c.People, Seed: c.Seed, Workers: c.Workers, Labels: c.labels()}
	if o.On, err = day(c.On); err != nil {
		return o, err
	}
	for _, code := range c.County {
		county, err := area.Parse(code)
		if err != nil {
			return o, err
		}
		o.Counties = append(o.Counties, county)
	}
	if c.Calibration == "" {
		return o, nil
	}
	content, err := readInput(in, c.Calibration)
	if err != nil {
		return o, err
	}
	if o.Calibration, err = synth.ReadCalibration(bytes.NewReader(content)); err != nil {
		return o, fmt.Errorf("%s: %w", c.Calibration, err)
	}
	return o, nil
}

func (c *synthCommand) labels() string {
	if c.Labels != "" {
		return c.Labels
	}
	return strings.TrimRight(c.Out+c.Verify, "/") + "-labels"
}

func (c *synthCommand) print(s *streams, summary synth.Summary) {
	rows, bad, copies := 0, 0, 0
	for _, f := range summary.Files {
		rows, bad, copies = rows+f.Rows, bad+f.Bad, copies+f.Copies
	}
	fmt.Fprintf(s.out, "模拟数据 simulated data: %d people in %d households of %d villages, %d files in %s\n",
		summary.People, summary.Households, summary.Villages, len(summary.Files), c.Out)
	fmt.Fprintf(s.out, "rows: %d, of which %d are bad on purpose and %d are copies\n", rows, bad, copies)
	fmt.Fprintf(s.out, "not clean: %s\n", counts(summary.Dirt))
	fmt.Fprintf(s.out, "benefits held: %s\n", counts(summary.Benefits))
	fmt.Fprintf(s.out, "labels in %s: %s\n", c.labels(), counts(summary.Labels))
	if summary.Booklet != "" {
		fmt.Fprintf(s.out, "the family of the story: household %s in Guozhai village\n", summary.Booklet)
	}
	for _, story := range summary.Stories {
		fmt.Fprintf(s.out, "placed: household %s, %s\n", story.Booklet, strings.ReplaceAll(story.Name, "-", " "))
	}
}

func counts(all []synth.Count) string {
	var told []string
	for _, c := range all {
		told = append(told, fmt.Sprintf("%s %d", c.Of, c.N))
	}
	return strings.Join(told, ", ")
}

// printChecks prints what was expected and what was found; it is the fault of the check if one of them is not within its tolerance.
func printChecks(s *streams, checks []synth.Check) error {
	failed := 0
	fmt.Fprintf(s.out, "%-4s %14s %14s %12s  %s\n", "", "expected", "got", "tolerance", "check")
	for _, c := range checks {
		state := "ok"
		if !c.OK {
			state = "FAIL"
			failed++
		}
		fmt.Fprintf(s.out, "%-4s %14s %14s %12s  %s %s\n", state, figure(c.Expected), figure(c.Got), figure(c.Tolerance), c.Zh, c.En)
	}
	fmt.Fprintf(s.out, "%d checks, %d failed\n", len(checks), failed)
	if failed > 0 {
		return errFaults
	}
	return nil
}

// figure is a number with at most two decimals.
func figure(n float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.2f", n), ".00")
}
