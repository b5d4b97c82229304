package main

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
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
	w := &checkReport{streams: s, lang: fault.Lang(c.Lang), report: r}
	w.heading(policy.Pack())
	w.sources(c.Assumed)
	w.lapses(on)
	w.advice()
	if c.Sample != "" {
		if err := c.sample(w, policy, on); err != nil {
			return err
		}
	}
	if len(r.Failures) > 0 {
		printFaults(s, r.Failures, fault.Lang(c.Lang))
		return errFaults
	}
	if c.Strict && r.Advice() > 0 {
		fmt.Fprintf(s.errout, w.say("严格检查：%d 条提醒\n", "strict: %d pieces of advice\n"), r.Advice())
		return errFaults
	}
	return nil
}

// checkReport prints what a check found.
type checkReport struct {
	*streams
	lang   fault.Lang
	report *check.Report
}

func (w *checkReport) say(zh, en string) string { return w.lang.Say(zh, en) }

func (w *checkReport) line(zh, en string, args ...any) {
	fmt.Fprintf(w.out, w.say(zh, en)+"\n", args...)
}

// heading names the pack, and counts its cases, departments and programmes.
func (w *checkReport) heading(p *pack.Pack) {
	w.line("政策包 %s（%s）", "pack %s (%s)", p.ID, p.Hash[:12])
	w.line("案例：跑了 %d 个，%d 处不符", "cases: %d run, %d faults", w.report.Cases, len(w.report.Failures))
	owners, suppliers, programmes, paths := 0, 0, 0, 0
	for _, d := range p.Departments {
		if d.Supplier {
			suppliers++
		} else {
			owners++
		}
	}
	for _, q := range p.Programmes {
		if q.PathOf == "" {
			programmes++
		} else {
			paths++
		}
	}
	w.line("部门：%d 个，另有 %d 个只报送数据", "departments: %d, and %d that only deliver data", owners, suppliers)
	w.line("项目：%d 个，另有 %d 条申请途径", "programmes: %d and %d further paths", programmes, paths)
	for _, q := range w.report.Programmes {
		w.line("  %-18s %3d 个案例：%s", "  %-18s %3d cases: %s", q.Programme.ID, q.Cases, w.sorts(q.Lacks))
	}
	if thin := w.report.Thin; len(thin) > 0 {
		w.line("缺案例的预警规则：%d 条", "warning rules that lack a case: %d", len(thin))
		for _, t := range thin {
			fmt.Fprintf(w.out, "  %s\n", t.Message(w.lang))
		}
	}
}

// sorts tells which sorts of cases a programme has, or lacks.
func (w *checkReport) sorts(lacks []string) string {
	if len(lacks) == 0 {
		return w.say("符合、不符合、临界、缺事实都有", "eligible, ineligible, threshold and missing cases")
	}
	return w.say("缺少 ", "LACKS ") + strings.Join(lacks, ", ")
}

// sources counts how sure figures and rules are, and lists those that are not found if that is wanted.
func (w *checkReport) sources(assumed bool) {
	w.line("来源：", "sources:")
	for _, st := range w.report.Statuses {
		w.line("  %-13s %4d 个数，%4d 条规则", "  %-13s %4d values, %4d rules", st.Status, st.Values, st.Rules)
	}
	if !assumed {
		return
	}
	for _, a := range w.report.Assumed {
		fmt.Fprintf(w.out, "  %-12s %s, %s: %s\n", a.Source.Status, a.Name, a.Span, a.Source.Why.In(w.lang))
	}
}

func (w *checkReport) lapses(on calendar.Date) {
	w.line("%[2]s 起 %[1]d 天内到期：%[3]d 项", "lapsing within %d days of %s: %d", check.LapseDays, on, len(w.report.Lapses))
	for _, l := range w.report.Lapses {
		w.line("  %s：最后一天 %s，还有 %d 天", "  %s: last day %s, %d days", l.Name, l.Last, l.Days)
	}
}

// advice tells what decides nothing, though it is no fault.
func (w *checkReport) advice() {
	if unused := w.report.Unused; len(unused) > 0 {
		w.line("没有用到的参数：%s", "parameters that nothing reads: %s", strings.Join(unused, ", "))
	}
	w.list(w.say("没有规则读取的", "read by nothing"), w.report.Unread)
	w.list(w.say("提醒", "warnings"), w.report.Warnings)
}

func (w *checkReport) list(title string, all fault.List) {
	w.line("%s：%d", "%s: %d", title, len(all))
	for _, f := range all {
		fmt.Fprintf(w.out, "  %s\n", f.Message(w.lang))
	}
}

// sample screens a county and tells what never comes about there.
func (c *checkCommand) sample(w *checkReport, policy *rules.Policy, on calendar.Date) error {
	people, err := openDeliveries(w.streams, policy.On(on, nil), c.Sample)
	if err != nil {
		return err
	}
	county, err := people.screen(w.streams)
	if err != nil {
		return err
	}
	w.line("样本：%d 户，%d 人", "sample: %d households, %d people", county.result.Households(), county.result.People)
	w.list(w.say("样本里从不出现的", "never in the sample"), check.Sample(county.result))
	return nil
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
