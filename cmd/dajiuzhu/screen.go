package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/exchange"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// countyFlags say which people are screened, when, and by which policy.
type countyFlags struct {
	In      string   `help:"Folder of deliveries: manifests and data files." type:"path" xor:"people"`
	Columns string   `help:"Folder of the columns of counties, or of one, as population writes them." type:"path" xor:"people"`
	County  []string `help:"With --columns: only these counties, by code." placeholder:"371424"`
	On      string   `help:"Date of the screening (2026-11-01); today if not given."`
	Pack    string   `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

type screenCommand struct {
	People  countyFlags `embed:""`
	Merge   []string    `help:"Instead of people: folders of results of counties, to be ranked together." type:"path" placeholder:"DIR"`
	Arrow   bool        `help:"Instead of files: read people as a stream of Apache Arrow from standard input and write what they come to as another to standard output."`
	Out     string      `help:"Folder for ranking, outcomes, warnings, rejects and summary." type:"path"`
	Changes bool        `help:"Write no table but that of what is otherwise than in the screening that the folder holds; its other tables go."`
	Lang    string      `help:"Language of the report." enum:"zh,en" default:"zh"`
	Hardest int         `help:"How many of the hardest households to print." default:"10"`
	Explain []string    `help:"Households to explain in full, by key." placeholder:"KEY"`
}

var (
	unknownHousehold = fault.Text{Key: "cmd.unknown-household",
		Zh: "没有编号为“{found}”的户", En: `there is no household "{found}"`}
	whichPeople = fault.Text{Key: "cmd.which-people",
		Zh: "请用 --in 给出部门数据的文件夹，或用 --columns 给出人口数据的文件夹", En: "name the folder of deliveries with --in, or that of columns with --columns"}
	noCounty = fault.Text{Key: "cmd.no-county",
		Zh: "文件夹里没有“{found}”的人口数据；有的是：{expected}", En: `there are no columns of "{found}" in the folder; there are those of: {expected}`}
	noOut = fault.Text{Key: "cmd.no-out",
		Zh: "请用 --out 给出放结果的文件夹", En: "name the folder for the results with --out"}
	countyAlone = fault.Text{Key: "cmd.county-alone",
		Zh: "--county 要和 --columns 一起用", En: "--county goes with --columns"}
)

// crowd is people that are to be screened, with what they were made of.
type crowd struct {
	plan      *rules.Plan
	people    screening.People
	built     *population.Population // nil if they were saved as columns
	set       *feed.Set              // likewise
	simulated bool
}

// screened is people who were screened.
type screened struct {
	*crowd
	result *screening.Result
}

// plan is the policy as it stands on the day.
func (c *countyFlags) plan() (*rules.Plan, error) {
	on, err := day(c.On)
	if err != nil {
		return nil, err
	}
	policy, err := compile(c.Pack)
	if err != nil {
		return nil, err
	}
	return policy.On(on, nil), nil
}

// open reads the people.
func (c *countyFlags) open(s *streams) (*crowd, error) {
	plan, err := c.plan()
	if err != nil {
		return nil, err
	}
	return c.openUnder(s, plan)
}

func (c *countyFlags) openUnder(s *streams, plan *rules.Plan) (*crowd, error) {
	switch {
	case c.Columns == "" && len(c.County) > 0:
		return nil, fault.New(fault.Invalid, countyAlone, nil)
	case c.Columns != "":
		return c.openColumns(plan)
	case c.In == "":
		return nil, fault.New(fault.Invalid, whichPeople, nil)
	}
	return openDeliveries(s, plan, c.In)
}

// openDeliveries reads a folder of deliveries.
func openDeliveries(s *streams, plan *rules.Plan, dir string) (*crowd, error) {
	people, set, err := readDeliveries(s.ctx, plan.Policy(), dir, plan.Date())
	if err != nil {
		return nil, err
	}
	return &crowd{plan: plan, people: screening.Built{Population: people}, built: people, set: set, simulated: people.Simulated}, nil
}

// openColumns loads the columns of counties.
func (c *countyFlags) openColumns(plan *rules.Plan) (*crowd, error) {
	counties, _, err := countiesIn(plan.Policy().Pack(), c.Columns)
	if err != nil {
		return nil, err
	}
	var dirs, names []string
	for _, county := range counties {
		names = append(names, county.name)
		if len(c.County) == 0 || slices.Contains(c.County, county.name) {
			dirs = append(dirs, county.dir)
		}
	}
	for _, wanted := range c.County {
		if !slices.Contains(names, wanted) {
			return nil, fault.New(fault.NotFound, noCounty, fault.Args{"found": wanted, "expected": strings.Join(names, ", ")})
		}
	}
	people, err := screening.OpenSaved(plan.Policy(), plan.Date(), dirs...)
	if err != nil {
		return nil, err
	}
	return &crowd{plan: plan, people: people, simulated: people.Simulated()}, nil
}

// screen reads the people and screens them.
func (c *countyFlags) screen(s *streams) (*screened, error) {
	people, err := c.open(s)
	if err != nil {
		return nil, err
	}
	return people.screen(s)
}

// screen screens the people, with a bar while it works.
func (c *crowd) screen(s *streams) (*screened, error) {
	b := newBar(s.errout, "screen")
	result, err := screening.Run(s.ctx, c.plan, c.people, b.progress)
	b.done()
	return &screened{c, result}, err
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

// Run screens people, or ranks together those who were screened county by county.
func (c *screenCommand) Run(s *streams) error {
	switch {
	case c.Arrow:
		return c.arrow(s)
	case c.Out == "":
		return fault.New(fault.Invalid, noOut, nil)
	case len(c.Merge) > 0:
		return c.merge(s)
	}
	county, err := c.People.screen(s)
	if err != nil {
		return err
	}
	scope, more := screening.Reached, []screening.File{}
	if county.set != nil {
		scope = screening.Everybody
		more = append(more, screening.File{Name: "rejects.csv", Mode: 0o600, Write: func(w io.Writer) error { return writeRejects(w, county.set) }})
	}
	if c.Changes {
		scope = screening.ChangesOnly
	}
	if err := c.write(s, county.result, scope, more...); err != nil {
		return err
	}
	r := &screenReport{w: s.out, lang: fault.Lang(c.Lang), screened: county}
	r.print(c.Hardest)
	return c.explain(s.out, county)
}

func (c *screenCommand) write(s *streams, result *screening.Result, scope screening.Scope, more ...screening.File) error {
	notice, err := result.Write(c.Out, scope, more...)
	if err != nil {
		return err
	}
	if notice != nil {
		fmt.Fprintln(s.errout, message(notice))
	}
	return nil
}

// arrow screens the people of a stream.
func (c *screenCommand) arrow(s *streams) error {
	plan, err := c.People.plan()
	if err != nil {
		return err
	}
	people, err := exchange.NewReader(plan.Policy(), s.in)
	if err != nil {
		return err
	}
	kept, unnamed, err := screening.KeepStream(s.ctx, plan, people)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(s.out, 1<<20)
	if err := screening.NewResult(plan, unnamed, kept).WriteArrow(w); err != nil {
		return err
	}
	return w.Flush()
}

// streamCommand hands people to other programs.
type streamCommand struct {
	People countyFlags `embed:""`
	Out    string      `required:"" help:"File for the stream; it holds identity numbers and is for its owner alone." type:"path"`
}

// Run writes people as a stream of Arrow.
func (c *streamCommand) Run(s *streams) error {
	people, err := c.People.open(s)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the stream: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = exchange.WritePeople(w, people.plan.Policy(), people.people)
	if err == nil {
		err = w.Flush()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// merge ranks the counties together.
func (c *screenCommand) merge(s *streams) error {
	plan, err := c.People.plan()
	if err != nil {
		return err
	}
	var parts []screening.Part
	for _, dir := range c.Merge {
		kept, err := screening.Load(filepath.Join(dir, screening.KeptFile))
		if err != nil {
			return err
		}
		parts = append(parts, screening.Part{Name: dir, Kept: kept})
	}
	kept, people, err := screening.Merge(plan, parts)
	if err != nil {
		return err
	}
	result := screening.NewResult(plan, people, kept)
	if err := c.write(s, result, screening.RankingOnly); err != nil {
		return err
	}
	r := &screenReport{w: s.out, lang: fault.Lang(c.Lang), screened: &screened{&crowd{plan: plan, people: people}, result}}
	r.print(c.Hardest)
	return nil
}

func (c *screenCommand) explain(w io.Writer, s *screened) error {
	for _, key := range c.Explain {
		chunk, lane, ok := s.result.Kept.Find(key)
		if !ok {
			return fault.New(fault.NotFound, unknownHousehold, fault.Args{"found": key})
		}
		told := s.plan.Explain(s.people.Subject(chunk, lane))
		fmt.Fprintf(w, "\n%s\n", told.Text(s.plan.Policy().Pack(), fault.Lang(c.Lang)))
	}
	return nil
}

// writeRejects writes the rows that were set aside, with the reason, to be mended and sent again; a file that was refused
// whole is one line. Identity numbers stand in
// full: who mends a row needs them, so the file is for its owner alone.
func writeRejects(to io.Writer, set *feed.Set) error {
	w := csv.NewWriter(to)
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
	return w.WriteAll(rows)
}

// saveRejects writes them to a file of its own.
func saveRejects(path string, set *feed.Set) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the rejected rows: %w", err)
	}
	err = writeRejects(f, set)
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
