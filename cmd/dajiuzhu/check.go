package main

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

type checkCommand struct {
	Pack    string `arg:"" optional:"" help:"Folder of the pack; the built-in one if not given." type:"path"`
	On      string `help:"Date for what lapses soon (2026-11-01); today if not given."`
	Lang    string `help:"Language of messages." enum:"zh,en" default:"en"`
	Strict  bool   `help:"Take advice for faults: what cannot be otherwise, changes nothing, or is read by nothing ends the check with exit code 1."`
	Sample  string `help:"Folder of deliveries to screen: list the programmes that nobody there may get and the warnings that never fire." type:"path"`
	Assumed bool   `help:"List every figure and rule that is not found: proxies, interpolations, assumptions."`
}

// Run checks the pack and prints what it found. Faults in the pack or its cases end it with exit code 1.
func (c *checkCommand) Run(s *streams) error {
	on, err := day(c.On)
	if err != nil {
		return err
	}
	policy, err := compile(c.Pack)
	if faults, ok := err.(fault.List); ok {
		printFaults(s, faults, fault.Lang(c.Lang))
		return errFaults
	}
	if err != nil {
		return err
	}
	r := check.Run(policy, on)
	p := policy.Pack()
	fmt.Fprintf(s.out, "pack %s (%s)\n", p.ID, p.Hash[:12])
	fmt.Fprintf(s.out, "cases: %d run, %d faults\n", r.Cases, len(r.Failures))
	programmes, paths := 0, 0
	for _, q := range p.Programmes {
		if q.PathOf == "" {
			programmes++
		} else {
			paths++
		}
	}
	fmt.Fprintf(s.out, "programmes: %d and %d further paths\n", programmes, paths)
	for _, q := range r.Programmes {
		lacks := "eligible, ineligible, threshold and missing cases"
		if len(q.Lacks) > 0 {
			lacks = "LACKS " + strings.Join(q.Lacks, ", ")
		}
		fmt.Fprintf(s.out, "  %-16s %3d cases: %s\n", q.Programme.ID, q.Cases, lacks)
	}
	printThinWarnings(s, r.Thin, fault.Lang(c.Lang))
	fmt.Fprintln(s.out, "sources:")
	for _, st := range r.Statuses {
		fmt.Fprintf(s.out, "  %-13s %4d values, %4d rules\n", st.Status, st.Values, st.Rules)
	}
	if c.Assumed {
		for _, a := range r.Assumed {
			fmt.Fprintf(s.out, "  %-12s %s, %s: %s\n", a.Source.Status, a.Name, a.Span, a.Source.Why.En)
		}
	}
	fmt.Fprintf(s.out, "lapsing within %d days of %s: %d\n", check.LapseDays, on, len(r.Lapses))
	for _, l := range r.Lapses {
		fmt.Fprintf(s.out, "  %s: last day %s, %d days\n", l.Name, l.Last, l.Days)
	}
	if len(r.Unused) > 0 {
		fmt.Fprintf(s.out, "parameters that nothing reads: %s\n", strings.Join(r.Unused, ", "))
	}
	c.list(s, "read by nothing", r.Unread)
	c.list(s, "warnings", r.Warnings)
	if c.Sample != "" {
		if err := c.sample(s, policy, on); err != nil {
			return err
		}
	}
	if len(r.Failures) > 0 {
		printFaults(s, r.Failures, fault.Lang(c.Lang))
		return errFaults
	}
	if c.Strict && r.Advice() > 0 {
		fmt.Fprintf(s.errout, "strict: %d pieces of advice\n", r.Advice())
		return errFaults
	}
	return nil
}

func (c *checkCommand) list(s *streams, title string, all fault.List) {
	fmt.Fprintf(s.out, "%s: %d\n", title, len(all))
	for _, f := range all {
		fmt.Fprintf(s.out, "  %s\n", f.Message(fault.Lang(c.Lang)))
	}
}

// sample screens a county and tells what never comes about there.
func (c *checkCommand) sample(s *streams, policy *rules.Policy, on calendar.Date) error {
	people, _, err := readDeliveries(s.ctx, policy, c.Sample, on)
	if err != nil {
		return err
	}
	result, err := screening.Run(s.ctx, policy.On(on, nil), people, nil)
	if err != nil {
		return err
	}
	all := check.Sample(result)
	fmt.Fprintf(s.out, "sample: %d households, %d people\n", len(result.Households), result.People)
	c.list(s, "never in the sample", all)
	return nil
}

// printThinWarnings lists the warning rules that lack a case, as far as there are any.
func printThinWarnings(s *streams, thin []check.WarningCoverage, lang fault.Lang) {
	if len(thin) == 0 {
		return
	}
	fmt.Fprintf(s.out, "warning rules that lack a case: %d\n", len(thin))
	for _, w := range thin {
		fmt.Fprintf(s.out, "  %s\n", w.Message(lang))
	}
}

func printFaults(s *streams, faults fault.List, lang fault.Lang) {
	for _, f := range faults {
		fmt.Fprintln(s.errout, f.Message(lang))
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
