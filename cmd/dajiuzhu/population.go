package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"dajiuzhu/internal/fault"
)

type populationCommand struct {
	In     string `required:"" help:"Folder of deliveries, or of counties: then each folder named with a county's six digits is one." type:"path"`
	Out    string `required:"" help:"Folder into which a folder of columns is written for each county." type:"path"`
	On     string `help:"Date for which the columns are made (2026-11-01); today if not given."`
	Pack   string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
	Memory int    `help:"GiB of memory that counties made at the same time may take together." default:"6"`
	Lang   string `help:"Language of the report." enum:"zh,en" default:"zh"`
}

// Run makes the columns of every county.
func (c *populationCommand) Run(s *streams) error {
	on, err := day(c.On)
	if err != nil {
		return err
	}
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	counties, others, err := countiesIn(policy.Pack(), c.In)
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(int64(c.Memory) << 30)
	b := newBar(s.errout, "population")
	m := &maker{ctx: s.ctx, policy: policy, on: on, out: c.Out, progress: b.progress, room: newRoom(int64(c.Memory) << 30)}
	m.make(counties)
	b.done()
	return c.report(s, counties, others)
}

// report prints what came in and what became of it, county by county. Its error is that of the counties that failed.
func (c *populationCommand) report(s *streams, counties []*madeCounty, others []string) error {
	lang := fault.Lang(c.Lang)
	var errs []error
	all := &madeCounty{name: lang.Say("合计", "in all")}
	for _, county := range counties {
		if county.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", county.name, county.err))
			continue
		}
		fmt.Fprintln(s.out, county.line(lang))
		for _, n := range county.notes {
			fmt.Fprintln(s.out, "  "+lang.Say(n.zh, n.en))
		}
		all.add(county)
	}
	for _, name := range others {
		fmt.Fprintf(s.out, lang.Say("· %s 不是县的文件夹，未读\n", "· %s is no county's folder and was not read\n"), name)
	}
	if len(counties) > 1 {
		fmt.Fprintln(s.out, all.line(lang))
	}
	if all.simulated {
		fmt.Fprintln(s.out, lang.Say("※ 模拟数据：人物、数字均为虚构。", "※ Simulated data: people and figures are invented."))
	}
	return errors.Join(errs...)
}

func (c *madeCounty) add(o *madeCounty) {
	c.counts.Rows += o.counts.Rows
	c.counts.Used += o.counts.Used
	c.counts.Rejected += o.counts.Rejected
	c.persons += o.persons
	c.households += o.households
	c.simulated = c.simulated || o.simulated
}

func (c *madeCounty) line(lang fault.Lang) string {
	return fmt.Sprintf(lang.Say("%s  %d 人 %d 户；%d 行 = 采用 %d + 退回 %d（原因见 rejects.csv）",
		"%s  %d people in %d households; %d rows = %d used + %d rejected (reasons in rejects.csv)"),
		c.name, c.persons, c.households, c.counts.Rows, c.counts.Used, c.counts.Rejected)
}
