package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// countyFlags say which county is screened, when, and by which policy.
type countyFlags struct {
	In   string `required:"" help:"Folder of deliveries: manifests and data files." type:"path"`
	On   string `help:"Date of the screening (2026-11-01); today if not given."`
	Pack string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

type screenCommand struct {
	County  countyFlags `embed:""`
	Out     string      `required:"" help:"Folder for ranking, outcomes, warnings, rejects and summary." type:"path"`
	Lang    string      `help:"Language of the report." enum:"zh,en" default:"zh"`
	Hardest int         `help:"How many of the hardest households to print." default:"10"`
	Explain []string    `help:"Households to explain in full, by key." placeholder:"KEY"`
}

var unknownHousehold = fault.Text{Key: "cmd.unknown-household",
	Zh: "没有编号为“{found}”的户", En: `there is no household "{found}"`}

// screened is a county that was screened, with what it was made of.
type screened struct {
	plan   *rules.Plan
	people *population.Population
	set    *feed.Set
	result *screening.Result
}

// screen reads a county's deliveries and screens it.
func (c *countyFlags) screen(s *streams) (*screened, error) {
	on, err := day(c.On)
	if err != nil {
		return nil, err
	}
	policy, err := compile(c.Pack)
	if err != nil {
		return nil, err
	}
	return screenDeliveries(s, policy, c.In, on)
}

// screenDeliveries reads a folder of deliveries and screens it, with a bar while it works.
func screenDeliveries(s *streams, policy *rules.Policy, dir string, on calendar.Date) (*screened, error) {
	r := &screened{plan: policy.On(on, nil)}
	var err error
	if r.people, r.set, err = readDeliveries(s.ctx, policy, dir, on); err != nil {
		return nil, err
	}
	b := newBar(s.errout, "screen")
	r.result, err = screening.Run(s.ctx, r.plan, r.people, b.progress)
	b.done()
	return r, err
}

// readDeliveries reads a folder of deliveries and makes the population.
func readDeliveries(ctx context.Context, policy *rules.Policy, dir string, on calendar.Date) (*population.Population, *feed.Set, error) {
	set, err := feed.Open(ctx, policy.Pack(), dir, feed.Options{})
	if err != nil {
		return nil, nil, err
	}
	people, err := population.Build(policy, set, on)
	if err != nil {
		return nil, nil, err
	}
	return people, set, set.Check()
}

// Run screens a folder of deliveries.
func (c *screenCommand) Run(s *streams) error {
	county, err := c.County.screen(s)
	if err != nil {
		return err
	}
	if err := county.result.Write(c.Out); err != nil {
		return err
	}
	if err := writeRejects(filepath.Join(c.Out, "rejects.csv"), county.set); err != nil {
		return err
	}
	r := &screenReport{w: s.out, lang: fault.Lang(c.Lang), result: county.result, people: county.people, set: county.set}
	r.print(c.Hardest)
	return c.explain(s.out, county.plan, county.people)
}

func (c *screenCommand) explain(w io.Writer, plan *rules.Plan, people *population.Population) error {
	for _, key := range c.Explain {
		family, ok := people.Household(key)
		if !ok {
			return fault.New(fault.NotFound, unknownHousehold, fault.Args{"found": key})
		}
		fmt.Fprintf(w, "\n%s\n", plan.Explain(family.Subject()).Text(plan.Policy().Pack(), fault.Lang(c.Lang)))
	}
	return nil
}

// writeRejects writes the rows that were set aside, with the reason, to be mended and sent again; a file that was refused
// whole is one line. Identity numbers stand in
// full: who mends a row needs them, so the file is for its owner alone.
func writeRejects(path string, set *feed.Set) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the rejected rows: %w", err)
	}
	w := csv.NewWriter(f)
	rows := [][]string{{"\ufeff数据", "文件", "行", "字段", "原因", "reason", "原行"}}
	for _, file := range set.Files {
		if file.Refused != nil {
			rows = append(rows, []string{file.Feed.ID, file.Name, fmt.Sprintf("1-%d", file.Rows), "",
				textOnly(file.Refused, fault.Zh), textOnly(file.Refused, fault.En), ""})
		}
	}
	for _, r := range set.Rejects {
		for _, reason := range r.Faults {
			rows = append(rows, []string{r.File.Feed.ID, r.File.Name, strconv.Itoa(r.Row), reason.At.Field,
				textOnly(reason, fault.Zh), textOnly(reason, fault.En), screening.SafeText(strings.Join(r.Cells(), "|"))})
		}
	}
	err = w.WriteAll(rows)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("writing the rejected rows: %w", err)
	}
	return nil
}

// textOnly is a reason without its place, which stands in columns of its own.
func textOnly(e *fault.Error, lang fault.Lang) string { return e.In(fault.At{}).Message(lang) }
