package check

import (
	"fmt"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

var (
	nobody = fault.Text{Key: "check.nobody",
		Zh: "样本里没有人可能得到“{found}”；{count} 个对象里，最多的是不符合“{most}”（{fail}）", En: `nobody in the sample may get "{found}"; of {count} units most fail "{most}" ({fail})`}
	nobodyOpen = fault.Text{Key: "check.nobody-assessed",
		Zh: "样本里没有人可能得到“{found}”：{count} 个对象都没有结论", En: `nobody in the sample may get "{found}": none of its {count} units came to a result`}
	lapsedThere = fault.Text{Key: "check.sample-not-in-force",
		Zh: "“{found}”当日没有生效的规定", En: `"{found}" is not in force on that day`}
	silentThere = fault.Text{Key: "check.silent",
		Zh: "样本里没有触发预警“{found}”", En: `the warning "{found}" fires for nobody in the sample`}
)

// Sample finds the programmes that nobody in a screened county may get, and the warnings that never fire there. A rule may
// be rare and the sample small: it is for somebody to look at, and no fault.
func Sample(result *screening.Result) fault.List {
	var list fault.List
	for _, tally := range result.Programmes {
		if text, args := unattainable(tally, result.On); args != nil {
			list = append(list, told(tally.Programme.Pos, text, args))
		}
	}
	for i, rule := range result.Policy.Warnings() {
		if result.Warned[i] == 0 {
			list = append(list, told(rule.Pos, silentThere, fault.Args{"found": rule.ID}))
		}
	}
	list.Sort()
	return list
}

// unattainable says why nobody may get a programme; the arguments are nil where somebody may.
func unattainable(tally screening.Tally, on calendar.Date) (fault.Text, fault.Args) {
	if tally.Outcomes[rules.Eligible]+tally.Outcomes[rules.Likely]+tally.Outcomes[rules.Possible] > 0 {
		return fault.Text{}, nil
	}
	count := 0
	for _, n := range tally.Outcomes {
		count += n
	}
	args := fault.Args{"found": tally.Programme.ID, "count": fmt.Sprint(count)}
	if count > 0 && tally.Outcomes[rules.NotInForce]+tally.Outcomes[rules.NotAssessed] == count {
		return lapsedThere, args
	}
	most := 0
	for i, n := range tally.Refused {
		if n > most { // of equal counts the first, so that they always tell the same
			most = n
			args["most"], args["fail"] = inForce(tally.Programme, on).Conditions[i].ID, fmt.Sprint(most)
		}
	}
	if most == 0 {
		return nobodyOpen, args
	}
	return nobody, args
}

// inForce is a programme's rule on a day, which it must have.
func inForce(p *pack.Programme, on calendar.Date) *pack.ProgrammeVersion {
	return p.Versions[slices.IndexFunc(p.Versions, func(v *pack.ProgrammeVersion) bool { return v.Span.Contains(on) })]
}
