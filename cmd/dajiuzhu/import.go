package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

type importCommand struct {
	platformFlags
	In      string `arg:"" help:"Folder of deliveries of a county, or of such folders of counties." type:"path"`
	Hold    bool   `help:"Stage and check them, and leave it to an administrator to take them into the record."`
	Workers int    `help:"How many deliveries at a time." default:"2"`
	Pack    string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

// Run takes in the deliveries and prints what became of each. One that does not balance ends it with exit code 1, after all others.
func (c *importCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	counties, others, err := countiesIn(policy.Pack(), c.In)
	if err != nil {
		return err
	}
	for _, name := range others {
		fmt.Fprintf(s.out, "· %s 不是县的文件夹，未读 is no county's folder and was not read\n", name)
	}
	return c.withKeys(s.ctx, func(db *postgres.DB, keys *sealed.Keys) error {
		record, _, err := openRecord(s.ctx, db, keys, policy)
		if err != nil {
			return err
		}
		var folders []fs.FS
		for _, county := range counties {
			folders = append(folders, os.DirFS(county.dir))
		}
		b := newBar(s.errout, "import ")
		outcomes, err := record.ImportAll(s.ctx, folders, ingest.Options{Workers: c.Workers, Hold: c.Hold, Progress: b.progress})
		b.done()
		if err != nil {
			return err
		}
		return printCounties(s, counties, outcomes)
	})
}

// printCounties prints what became of the deliveries, county by county where there are several, and in all.
func printCounties(s *streams, counties []*madeCounty, outcomes []ingest.Outcome) error {
	if len(counties) == 1 {
		return printOutcomes(s, outcomes)
	}
	for i, county := range counties {
		of := slices.DeleteFunc(slices.Clone(outcomes), func(o ingest.Outcome) bool { return o.Folder != i })
		fmt.Fprintf(s.out, "%s\n", county.name)
		if err := printOutcomes(s, of); err != nil && !errors.Is(err, errFaults) {
			return err
		}
	}
	fmt.Fprintf(s.out, "%d 个县 %d counties\n", len(counties), len(counties))
	return tallied(outcomes).print(s)
}

func printOutcomes(s *streams, outcomes []ingest.Outcome) error {
	for _, o := range outcomes {
		switch {
		case o.Known:
		case o.Refused > 0 && o.State != ingest.Stopped:
			fmt.Fprintf(s.out, "%d\t%s\t%s\t%d 个文件未用 files are not used\n", o.Batch, o.State, o.Name, o.Refused)
		default:
			fmt.Fprintf(s.out, "%d\t%s\t%s\n", o.Batch, o.State, o.Name)
		}
	}
	return tallied(outcomes).print(s)
}

// tally counts what became of deliveries.
type tally struct{ all, known, partly, stopped int }

func tallied(outcomes []ingest.Outcome) (t tally) {
	t.all = len(outcomes)
	for _, o := range outcomes {
		switch {
		case o.Known:
			t.known++
		case o.State == ingest.Stopped:
			t.stopped++
		case o.Refused > 0:
			t.partly++
		}
	}
	return t
}

// print prints the counts; it is an error if something was not used.
func (t tally) print(s *streams) error {
	fmt.Fprintf(s.out, "批次 %d 个：新 %d（其中 %d 个只用了部分文件），已有 %d，停下 %d  %d deliveries: %d new (%d in part), %d known, %d stopped\n",
		t.all, t.all-t.known, t.partly, t.known, t.stopped, t.all, t.all-t.known, t.partly, t.known, t.stopped)
	if t.known == t.all {
		fmt.Fprintln(s.out, "没有新内容 nothing new")
	}
	if t.stopped+t.partly > 0 {
		return errFaults
	}
	return nil
}
