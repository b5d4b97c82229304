package check

import (
	"fmt"

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
	failed := map[*pack.Programme]map[*pack.Condition]int{}
	for _, o := range result.Outcomes {
		if o.Witness == nil {
			continue
		}
		if failed[o.Programme] == nil {
			failed[o.Programme] = map[*pack.Condition]int{}
		}
		failed[o.Programme][o.Witness]++
	}
	for _, tally := range result.Programmes {
		if text, args := unattainable(tally, failed[tally.Programme]); args != nil {
			list = append(list, told(tally.Programme.Pos, text, args))
		}
	}
	fired := map[*pack.Warning]bool{}
	for _, w := range result.Warnings {
		fired[w.Rule] = true
	}
	for _, rule := range result.Policy.Warnings() {
		if !fired[rule] {
			list = append(list, told(rule.Pos, silentThere, fault.Args{"found": rule.ID}))
		}
	}
	list.Sort()
	return list
}

// unattainable says why nobody may get a programme; the arguments are nil where somebody may.
func unattainable(tally screening.Tally, failed map[*pack.Condition]int) (fault.Text, fault.Args) {
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
	// the conditions in their order, so that equal counts always tell the same
	most := 0
	for _, version := range tally.Programme.Versions {
		for _, c := range version.Conditions {
			if failed[c] > most {
				most = failed[c]
				args["most"], args["fail"] = c.ID, fmt.Sprint(most)
			}
		}
	}
	if most == 0 {
		return nobodyOpen, args
	}
	return nobody, args
}
