package warnings

import (
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// cityZone is the zone of the times that people read.
var cityZone = jobs.Zone

// contactKind is what a reporter's telephone is, by which it is opened.
const contactKind = sealed.Phone

func dayText(d calendar.Date) string {
	if d == calendar.Forever {
		return ""
	}
	return d.String()
}

// valueText is a canonical value of the pack as people read it.
func valueText(lang fault.Lang, p *pack.Pack, value, measure string, typ pack.Type, codes string) string {
	switch {
	case value == "unknown":
		return lang.Say("未知", "not known")
	case value == "error":
		return lang.Say("无法计算", "cannot be computed")
	case value == "not-in-force":
		return lang.Say("当日无规定", "no rule on that day")
	case typ == pack.Bool && value == "true":
		return lang.Say("是", "yes")
	case typ == pack.Bool:
		return lang.Say("否", "no")
	case typ == pack.Decimal || typ == pack.Int:
		if a, err := money.Parse(value); err == nil {
			return strings.TrimSpace(rules.Measured(a, measure, lang))
		}
	case typ == pack.CodeOf || typ == pack.CodesOf:
		return codeNames(lang, p.Codes[codes], value)
	}
	return value
}

func codeNames(lang fault.Lang, list *pack.CodeList, value string) string {
	if value == "" {
		return lang.Say("无", "none")
	}
	var names []string
	for _, id := range strings.Split(value, ",") {
		name := id
		if list != nil {
			for _, c := range list.Codes {
				if c.ID == id {
					name = c.Name.In(lang)
				}
			}
		}
		names = append(names, name)
	}
	return strings.Join(names, lang.Say("、", ", "))
}

var findings = map[warning.Finding][2]string{
	warning.Need: {"确有困难", "in hardship"}, warning.NoNeed: {"没有困难", "not in hardship"}, warning.Unclear: {"说不准，请镇街看", "unclear: for the township to see"},
}

// findingName is what was found, in words.
func findingName(lang fault.Lang, f warning.Finding) string {
	return lang.Say(findings[f][0], findings[f][1])
}

var sources = map[string][2]string{
	warning.ByCode: {"扫码", "by the code"}, warning.ByHotline: {"12345热线", "the hotline 12345"}, warning.ByOrganisation: {"社会组织", "a social organisation"},
	warning.ByVillage: {"村里登记", "taken in the village"},
}

func sourceName(v *web.Visit, source string) string {
	return v.Say(sources[source][0], sources[source][1])
}

// event is a step of the history in words.
func (p *Pages) event(v *web.Visit, s warning.Step) event {
	e := event{Who: s.Who, Note: s.Note, At: s.At.In(cityZone).Format("2006-01-02 15:04")}
	switch s.Kind {
	case "claim":
		e.Text = v.Say("认领", "Claimed")
	case "release":
		e.Text = v.Say("退回待认领", "Given back")
	case "assign":
		e.Text = v.Say("指派给"+s.To, "Given to "+s.To)
	case "visit":
		e.Text = v.Say("安排走访", "A visit was planned")
	case "visited":
		how := visit.Result(s.Word).Name(v.Lang)
		if s.Word == "cancelled" {
			how = v.Say("没有走访，已取消", "cancelled")
		}
		e.Text = v.Say("走访："+how, "Visited: "+how)
	case "verify":
		e.Text = v.Say("核实："+findingName(v.Lang, warning.Finding(s.Word)), "Verified: "+findingName(v.Lang, warning.Finding(s.Word)))
	case "confirm":
		e.Text = v.Say("确认有困难", "Confirmed: there is hardship")
	case "propose":
		e.Text = v.Say("建议不予处理："+p.reasonName(s.Word, v.Lang), "Proposed a no: "+p.reasonName(s.Word, v.Lang))
	case "dismiss":
		e.Text = v.Say("不予处理："+p.reasonName(s.Word, v.Lang), "Answered with a no: "+p.reasonName(s.Word, v.Lang))
	case "help":
		e.Text = v.Say("已帮扶", "Helped")
	case "reopen":
		e.Text = v.Say("重新办理", "Taken up again")
	case "escalate":
		e.Text = v.Say("超期，转"+p.routeName(s.Word, v.Lang), "Overdue: passed on to "+p.routeName(s.Word, v.Lang))
	case "wake":
		e.Text = v.Say("静默期满，重新提醒", "Its quiet days are over: it is back")
	case "report":
		e.Text = v.Say("收到报告："+sourceName(v, s.Word), "A report came: "+sourceName(v, s.Word))
	case "match":
		e.Text = v.Say("找到是哪一户", "Its household was found")
	case "join":
		e.Text = v.Say("同一户的报告合并办理", "Reports of one household were joined")
	default:
		e.Text = s.Kind
	}
	if e.Who == "" {
		switch s.Role {
		case "":
			e.Who = v.Say("平台或群众", "the platform, or the public")
		default:
			e.Who = s.Role
		}
	}
	return e
}
