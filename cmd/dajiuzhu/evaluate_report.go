package main

import (
	"fmt"
	"io"

	"dajiuzhu/internal/evaluation"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/rules"
)

// evaluationReport prints how a screening stands to the truth.
type evaluationReport struct {
	w      io.Writer
	lang   fault.Lang
	report *evaluation.Report
	policy *rules.Policy
}

func (r *evaluationReport) say(zh, en string) string { return r.lang.Say(zh, en) }

func (r *evaluationReport) line(format string, args ...any) { fmt.Fprintf(r.w, format+"\n", args...) }

func (r *evaluationReport) print() {
	r.labels()
	r.reach()
	r.hardest()
	r.rank()
	r.mechanisms()
	r.rules()
	r.unmeasured()
	r.needs()
	r.groups()
}

// kindNames are the kinds of labels as people read them.
var kindNames = map[evaluation.Kind][2]string{
	evaluation.Need:          {"需要帮助", "need"},
	evaluation.MissedNeed:    {"需要而没有得到", "missed need"},
	evaluation.WrongReceipt:  {"不该领而在领", "wrong receipt"},
	evaluation.Contradiction: {"与困难不符", "contradiction"},
	evaluation.Shock:         {"突发变故", "shock"},
}

func (r *evaluationReport) kind(k evaluation.Kind) string {
	return r.say(kindNames[k][0], kindNames[k][1])
}

// cell is a text at the left of a column.
func cell(s string, width int) string { return s + padding(s, width) }

// ratio is a count within another and the percentage.
func ratio(of evaluation.Ratio) string {
	percent, ok := of.Percent()
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%s%% (%d/%d)", percent, of.Found, of.Of)
}

func (r *evaluationReport) labels() {
	r.line(r.say("一、标签（%s）：送来的 = 对上的 + 搁置的", "1. Labels (%s): in = matched + set aside"), r.report.On)
	r.line("%s", r.say("                      送来    对上  无此人  无此户  其中：在别的户  不计入成员  不按家庭评估", "                        in  matched  no person  no household   of them: elsewhere  not counted  not ranked"))
	for _, l := range r.report.Labels {
		r.line(r.say("  %s %7d %7d %7d %7d %15d %11d %13d", "  %s %9d %8d %10d %13d %20d %12d %11d"),
			cell(r.kind(l.Kind), 16), l.In, l.Matched, l.UnknownPerson, l.UnknownHousehold, l.Elsewhere, l.NotCounted, l.NotRanked)
	}
}

// areas are the city and its counties, by name.
func (r *evaluationReport) areas() []evaluation.AreaReport {
	if len(r.report.Counties) == 1 {
		return r.report.Counties
	}
	return append([]evaluation.AreaReport{r.report.City}, r.report.Counties...)
}

func (r *evaluationReport) reach() {
	r.line("\n%s", r.say("二、需要而没有得到帮助的，有多少在最困难的百分之几以内（户；人）", "2. How many of the missed needs are within the hardest per cent (households; persons)"))
	for _, a := range r.areas() {
		r.line(r.say("  %s %d 户 %d 人", "  %s %d households, %d people"), cell(a.Name, 10), a.Households, a.People)
		for _, reach := range a.Reach {
			r.line("    %3d%%  %s  %s", reach.Share, cell(ratio(reach.Households), 22), ratio(reach.Persons))
		}
	}
}

func (r *evaluationReport) hardest() {
	r.line("\n%s", r.say("三、最困难的家庭是谁：需要而没有得到、已经得到或申请过、另有标签、没有标签", "3. Who the hardest are: missed need, need answered, another label, no label"))
	for _, a := range r.areas() {
		f := a.Hardest
		r.line(r.say("  %s 最困难%s%%：%d 户 = %d + %d + %d + %d", "  %s hardest %s%%: %d households = %d + %d + %d + %d"),
			cell(a.Name, 10), percentOf(a.Share), f.Households, f.Missed, f.Answered, f.Other, f.Unlabelled)
	}
}

func (r *evaluationReport) rank() {
	r.line("\n%s", r.say("四、指数的次序与实际困难程度", "4. The order of the index and the severity in truth"))
	for _, a := range r.areas() {
		r.line(r.say("  %s 实际最困难的在指数最困难之内 %s；有标签的 %d 户：一致 %d 对，相反 %d 对，tau-b %s", "  %s hardest by severity within the hardest by index %s; of %d households with a label: %d pairs agree, %d do not, tau-b %s"),
			cell(a.Name, 10), ratio(a.Rank.Hardest), a.Rank.Households, a.Rank.Concordant, a.Rank.Discordant, a.Rank.TauB)
	}
}

func (r *evaluationReport) mechanisms() {
	r.line("\n%s", r.say("五、预警：发出的里有多少是对的；应当找到的户里找到多少", "5. Warnings: how many of those raised are right; how many of the households meant are found"))
	for _, m := range r.report.Mechanisms {
		r.line(r.say("  %s 发出 %6d  对 %s  找到 %s  另有无法衡量的 %d 条", "  %s raised %6d  right %s  found %s  and %d that cannot be measured"),
			cell(m.Name.In(r.lang), 26), m.Raised, cell(ratio(evaluation.Ratio{Found: m.Right, Of: m.Raised}), 20), cell(ratio(m.Pool), 20), m.Unmeasured)
	}
}

func (r *evaluationReport) rules() {
	r.line("\n%s", r.say("  规则                              发出  对的                  应找到的户中找到", "  rule                            raised  right                 found of the households meant"))
	for _, rule := range r.report.Rules {
		if rule.Why == nil {
			r.line("  %s %6d  %s  %s", cell(rule.ID, 31), rule.Raised, cell(ratio(evaluation.Ratio{Found: rule.Right, Of: rule.Raised}), 20), ratio(rule.Pool))
		}
	}
}

func (r *evaluationReport) unmeasured() {
	r.line("\n%s", r.say("  无法衡量的规则和原因", "  Rules that cannot be measured, and why"))
	for _, rule := range r.report.Rules {
		if rule.Why != nil {
			r.line("  %s %6d  %s", cell(rule.ID, 31), rule.Raised, rule.Why.In(r.lang))
		}
	}
}

func (r *evaluationReport) needs() {
	r.line("\n%s", r.say("六、需要的人得到什么结论（符合／很可能／可能／不符合／不评估／无结论）", "6. What those in need are told (eligible / likely / possible / ineligible / not assessed / undecided)"))
	for _, n := range r.report.Needs {
		r.line("  %s", n.Name.In(r.lang))
		r.answers(r.say("全部需要的", "all in need"), n.All)
		r.answers(r.say("需要而没有得到的", "missed needs"), n.Missed)
	}
	for _, n := range r.report.Unneeded {
		r.line(r.say("  “%s”的 %d 个标签：evaluation.yaml 没有写怎样衡量", "  %[2]d labels of %[1]q: evaluation.yaml does not say how they are measured"), n.Need, n.Labels)
	}
}

func (r *evaluationReport) answers(who string, a evaluation.Answers) {
	r.line("    %s %6d = %d / %d / %d / %d / %d / %d", cell(who, 18), a.Units, a.Eligible, a.Likely, a.Possible, a.Ineligible, a.NotAssessed, a.Undecided)
	for _, x := range a.Refusals {
		r.line(r.say("      ✗ 因 %s 不符合 %d", "      ✗ refused by %s: %d"), r.condition(x), x.Units)
	}
	for _, x := range a.Open {
		r.line(r.say("      ? %s 未查明 %d", "      ? open: %s: %d"), r.condition(x), x.Units)
	}
}

func (r *evaluationReport) condition(x evaluation.Refusal) string {
	if x.Say.Zh == "" {
		return x.Condition
	}
	return fmt.Sprintf("%s（%s）", x.Say.In(r.lang), x.Condition)
}

func (r *evaluationReport) groups() {
	r.line("\n%s", r.say("七、有标签的家庭：对口的预警找到多少；有任何预警、会有人上门的多少", "7. Labelled households: found by a warning meant for them; warned of anything, so that somebody calls"))
	for _, g := range r.report.Groups {
		name := fmt.Sprintf("%s %s %s", r.kind(g.Kind), g.Programme, g.Cause)
		r.line("  %s %s %s", cell(name, 46), cell(ratio(g.Found), 20), ratio(evaluation.Ratio{Found: g.Warned, Of: g.Found.Of}))
	}
}
