package main

import (
	"fmt"
	"io"
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/rules"
)

// screenReport prints what a screening found.
type screenReport struct {
	w    io.Writer
	lang fault.Lang
	*screened
}

func (r *screenReport) say(zh, en string) string { return r.lang.Say(zh, en) }

func (r *screenReport) line(format string, args ...any) { fmt.Fprintf(r.w, format+"\n", args...) }

func (r *screenReport) print(hardest int) {
	r.feeds()
	r.counts()
	r.programmes()
	r.magnitudes()
	r.hardest(hardest)
	r.mechanisms()
}

func (r *screenReport) feeds() {
	if r.simulated {
		r.line("%s", r.say("※ 模拟数据：人物、数字均为虚构。", "※ Simulated data: people and figures are invented."))
	}
	r.line("%s", r.say("一、部门数据", "1. Departments' data"))
	if r.set == nil {
		r.line("%s", r.say("  已整理成人口数据，各部门数据的情况见生成时的报告", "  made into columns before; what departments delivered was told then"))
		return
	}
	for _, f := range r.set.Faults {
		r.line("  ! %s", f.Message(r.lang))
	}
	for _, f := range r.built.Feeds {
		state := r.say("未送达", "not delivered")
		if f.DeliveredKnown {
			state = r.say("送达 ", "delivered ") + f.Delivered.String()
		}
		if f.Stale {
			state += r.say("，已过期", ", stale")
		}
		r.line("  %s%s %7d %s %7d %s %6d  %s", f.Feed.Name.In(r.lang), padding(f.Feed.Name.In(r.lang), 26), f.Rows, r.say("行，用", "rows, used"), f.Used, r.say("退", "rejected"), f.Rejected, state)
	}
	formulas := 0
	for _, f := range r.set.Files {
		formulas += f.Formulas
	}
	if formulas > 0 {
		r.line(r.say("  %d 个单元格以公式开头，按文字处理，不执行", "  %d cells begin as a formula would: taken as text, never executed"), formulas)
	}
	for _, name := range r.set.Ignored {
		r.line("  · %s %s", name, r.say("不是数据文件，未读", "is no data file and was not read"))
	}
	c := r.set.Counts()
	r.line(r.say("  合计 %d 行 = 采用 %d + 退回 %d（原因见 rejects.csv）", "  in all %d rows = %d used + %d rejected (reasons in rejects.csv)"), c.Rows, c.Used, c.Rejected)
}

// padding fills a text up to a width; a Chinese character is two wide.
func padding(s string, width int) string {
	for _, c := range s {
		width--
		if c > 0x2e80 {
			width--
		}
	}
	return strings.Repeat(" ", max(0, width))
}

func (r *screenReport) counts() {
	s := r.result.Summary()
	r.line("\n%s", r.say("二、人口与家庭", "2. People and households"))
	r.line(r.say("  在册 %d 人（含近年死亡），按家庭评估 %d 户，其中成员待核实 %d 户；集体户等 %d 户不按家庭评估", "  %d people on record (the dead of late years too), %d households assessed, %d of them of doubtful composition; %d collective and the like not assessed as families"),
		s.People, s.Households, s.Doubtful, s.Collective)
	if r.built == nil {
		return
	}
	if n := len(r.built.Disagreements); n > 0 {
		r.line(r.say("  部门数据互相矛盾 %d 处（按可信次序采用，待核实）", "  %d values on which departments disagree (the more trusted is used; to be verified)"), n)
	}
}

func (r *screenReport) programmes() {
	r.line("\n%s", r.say("三、政策预判（符合／很可能／可能／不符合／当日无规定／无法计算）", "3. Determination (eligible / likely / possible / ineligible / not in force / error)"))
	for _, t := range r.result.Programmes {
		name := t.Programme.Name.In(r.lang)
		money := ""
		if t.Monthly > 0 {
			money = r.say("  每月 ", "  monthly ") + t.Monthly.Text() + r.say(" 元", " yuan")
		}
		if t.Once > 0 {
			money += r.say("  另 ", "  beside ") + t.Once.Text() + r.say(" 元", " yuan")
		}
		r.line("  %s%s %6d %6d %6d %6d %6d %4d%s", name, padding(name, 40), t.Outcomes[rules.Eligible], t.Outcomes[rules.Likely], t.Outcomes[rules.Possible],
			t.Outcomes[rules.Ineligible], t.Outcomes[rules.NotInForce], t.Outcomes[rules.Failed], money)
	}
}

// magnitudes holds what programmes reach against what the pack expects, and says why where they differ by more than twice.
func (r *screenReport) magnitudes() {
	if r.result.Policy.Pack().Magnitudes == nil {
		return
	}
	r.line("\n%s", r.say("  规模对照：在享、符合或很可能 ／ 按人口折算的预计数（预计数是估计，不是统计数字）", "  Order of magnitude: held, eligible or likely / expected of so many people (an estimate, no statistic)"))
	for _, t := range r.result.Programmes {
		m, ok := r.result.Magnitude(t)
		if !ok {
			continue
		}
		name := t.Programme.Name.In(r.lang)
		note := ""
		if m.Differs() {
			note = "  ※ " + m.Note.In(r.lang)
		}
		r.line("  %s%s %6d / %d%s", name, padding(name, 40), m.Reached, m.Expected, note)
	}
}

func (r *screenReport) hardest(n int) {
	r.line("\n%s", r.say("四、最困难的家庭", "4. The hardest households"))
	areas := r.result.Policy.Pack().Areas
	for place := range min(n, r.result.Households()) {
		h := r.result.At(place)
		r.line(r.say("  县内第%d  指数 %s（信息完整度 %s） %s%s %d人  %s", "  county %d  index %s (coverage %s) %s%s %d people  %s"),
			h.Ranks.County, h.Score.String(), h.Coverage.String(), h.Key, padding(h.Key, 18), h.Members, areas.Path(h.Area))
	}
	s := r.result.Summary()
	r.line(r.say("  最困难3%%：%d 户", "  the hardest 3%%: %d households"), s.Hardest)
}

func (r *screenReport) mechanisms() {
	r.line("\n%s", r.say("五、预警（红／橙／黄／蓝）", "5. Warnings (red / orange / yellow / blue)"))
	for _, m := range r.result.Mechanisms {
		name := m.Mechanism.Name.In(r.lang)
		r.line("  %s%s %6d  (%d / %d / %d / %d)", name, padding(name, 26), m.Total, m.Levels["red"], m.Levels["orange"], m.Levels["yellow"], m.Levels["blue"])
	}
}
