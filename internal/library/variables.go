package library

import (
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// topic is a group of formulas on their page.
type topic struct {
	title pack.Text
	holds func(*pack.Variable) bool
}

func isStatement(v *pack.Variable) bool { return v.Type == pack.Bool || v.Type == pack.CodeOf }

func isMoney(v *pack.Variable) bool { return strings.HasPrefix(v.Measure, "yuan") }

// topics sorts formulas by whom they are of and what they come to.
var topics = []topic{
	{pack.Text{Zh: "家庭的身份和条件", En: "Statuses and conditions of the household"}, func(v *pack.Variable) bool { return v.Unit == pack.Household && isStatement(v) }},
	{pack.Text{Zh: "个人的身份和条件", En: "Statuses and conditions of the person"}, func(v *pack.Variable) bool { return v.Unit == pack.Person && isStatement(v) }},
	{pack.Text{Zh: "家庭的收入、财产和支出", En: "Income, property and expenditure of the household"}, func(v *pack.Variable) bool { return v.Unit == pack.Household && !isStatement(v) && isMoney(v) }},
	{pack.Text{Zh: "个人的收入、财产和支出", En: "Income, property and expenditure of the person"}, func(v *pack.Variable) bool { return v.Unit == pack.Person && !isStatement(v) && isMoney(v) }},
	{pack.Text{Zh: "家庭的人数和其他数", En: "Other numbers of the household"}, func(v *pack.Variable) bool { return v.Unit == pack.Household && !isStatement(v) && !isMoney(v) }},
	{pack.Text{Zh: "个人的年龄和其他数", En: "Other numbers of the person"}, func(v *pack.Variable) bool { return v.Unit == pack.Person && !isStatement(v) && !isMoney(v) }},
}

// variables writes the page of named formulas.
func (w *writer) variables() {
	w.head(w.say("身份和计算", "Statuses and calculations"))
	w.paragraph("%s", w.say("各项目共用的判断和算法，每一个都有名字，在项目的规定里用名字引用。下面按家庭和个人分类，写出每一个怎样判断、怎样计算，依据什么。",
		"Judgements and calculations that programmes share. Each has a name, by which the programmes' rules call it. Here each is told in words, with its source."))
	same := w.labels("variables", w.lang)
	for _, t := range topics {
		w.topic(t, same)
	}
}

func (w *writer) topic(t topic, same map[string]int) {
	var all []*pack.Variable
	for _, v := range w.pack.Variables {
		if t.holds(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return
	}
	w.heading(2, w.in(t.title))
	for _, v := range all {
		w.heading(3, w.title(v.Label, v.Path(), w.lang, same))
		w.variable(v)
	}
}

func (w *writer) variable(v *pack.Variable) {
	for _, version := range slices.Backward(v.Versions) {
		title := w.say("算法：", "Calculated: ")
		if isStatement(v) {
			title = w.say("怎样判断：", "Judged by: ")
		}
		if len(v.Versions) > 1 || version.Span != calendar.Always() {
			title = "**" + w.span(version.Span) + "** " + title
		}
		w.formula(title, version.Value, 0)
		w.sourceLines(version.Source, 2)
	}
	w.line("- %s %s", w.say("用在：", "Used by:"), w.users(func(r *reach) bool { return slices.Contains(r.variables, v) }))
	w.line("- %s `%s`%s `%s`", w.say("名称", "Name"), v.Path(), w.say("，所在文件", ", file"), v.Pos.File)
	w.line("")
}
