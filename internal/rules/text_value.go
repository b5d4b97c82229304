package rules

import (
	"slices"
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// hidden stands for a value that is not told.
const hidden = "***"

// value is a value as people read it.
func (w *writer) value(r *Reason) string { return w.valueIn(r, r.Measure) }

// valueIn is a value in a measure, that of what it is compared with where it has none of its own.
func (w *writer) valueIn(r *Reason, measure string) string {
	switch {
	case r.State == "unknown":
		return w.say("未知", "not known")
	case r.State == "error":
		return w.say("无法计算", "cannot be computed")
	case r.State == "not-in-force":
		return w.say("当日无规定", "no rule on that day")
	case w.hides(r):
		return hidden
	case r.Means != nil && r.Value == "":
		return w.say("无", "none")
	case r.Means != nil:
		return w.in(*r.Means)
	}
	switch pack.Type(r.Type) {
	case pack.Bool:
		return w.yes(r.Value == "true")
	case pack.Date:
		return w.date(r.Value)
	case pack.Decimal, pack.Int:
		if a, err := money.Parse(r.Value); err == nil {
			return w.measured(a, measure)
		}
	}
	return r.Value
}

// hides reports whether a value is not told: one that is named, or that is made of one; whether something holds is told.
func (w *writer) hides(r *Reason) bool {
	switch {
	case w.hide == nil:
		return false
	case r.Kind == "fact":
		return w.hide(r.Path)
	case r.Type == string(pack.Bool):
		return false
	case r.Kind == "variable":
		return w.hide(r.Path)
	}
	return slices.ContainsFunc(r.Parts, w.hides)
}

func (w *writer) yes(is bool) string {
	if is {
		return w.say("是", "yes")
	}
	return w.say("否", "no")
}

// measured is a number with its unit: money with its fen, a share in percent, anything else with at most two digits.
func (w *writer) measured(a money.Decimal, measure string) string {
	switch {
	case isMoney(measure):
		if short, ok := a.Round(2); ok {
			a = short
		}
		return a.Text() + w.unitOf(measure)
	case measure == "share" || measure == "share-of-standard":
		return percent(a)
	}
	return twoDigits(a) + w.unitOf(measure)
}

// money is an amount with how often it is paid.
func (w *writer) money(a money.Decimal, per string) string {
	return w.say(w.period(per)+" "+a.Text()+" 元", a.Text()+" yuan "+w.period(per))
}

func (w *writer) period(per string) string {
	switch per {
	case "month":
		return w.say("每月", "a month")
	case "year":
		return w.say("每年", "a year")
	}
	return w.say("一次性", "once")
}

var measureNames = map[string]Label{
	"yuan": {Zh: " 元", En: " yuan"}, "yuan-per-month": {Zh: " 元/月", En: " yuan a month"}, "yuan-per-year": {Zh: " 元/年", En: " yuan a year"},
	"yuan-per-day": {Zh: " 元/天", En: " yuan a day"}, "yuan-per-hour": {Zh: " 元/小时", En: " yuan an hour"}, "yuan-per-square-metre": {Zh: " 元/平方米", En: " yuan a m²"},
	"hours-per-month": {Zh: " 小时/月", En: " hours a month"}, "times-standard": {Zh: " 倍标准", En: " times the standard"}, "thirds": {Zh: "/3", En: "/3"},
	"persons": {Zh: " 人", En: " persons"}, "years": {Zh: " 岁", En: " years"}, "months": {Zh: " 个月", En: " months"}, "days": {Zh: " 天", En: " days"},
	"square-metres": {Zh: " 平方米", En: " m²"}, "items": {Zh: " 项"}, "vehicles": {Zh: " 辆"}, "dwellings": {Zh: " 套"},
	"times": {Zh: " 次", En: " times"}, "multiple": {Zh: " 倍", En: " times"}, "points": {Zh: " 分", En: " points"},
}

func (w *writer) unitOf(measure string) string { return w.in(measureNames[measure]) }

// twoDigits is a number with at most two digits after the point.
func twoDigits(a money.Decimal) string {
	if short, ok := a.Round(2); ok {
		return short.String()
	}
	return a.String()
}

// fixed is a number with two digits after the point.
func fixed(a money.Decimal) string {
	if short, ok := a.Round(2); ok {
		return short.Text()
	}
	return a.Text()
}

func percent(share money.Decimal) string {
	p, ok := share.Mul(hundred)
	if !ok {
		return share.String()
	}
	return twoDigits(p) + "%"
}

// statusName is how sure a figure or a rule is, "" for one that was found.
func (w *writer) statusName(status string) string {
	switch pack.Status(status) {
	case pack.Proxy:
		return w.say("代用", "proxy")
	case pack.Interpolated:
		return w.say("推算", "interpolated")
	case pack.Assumed:
		return w.say("假定", "assumed")
	}
	return ""
}

// origin is where a fact comes from and of what day it is, in brackets.
func (w *writer) origin(r *Reason) string { return w.inBrackets(w.originText(r)) }

// inBrackets sets aside a source or a note.
func (w *writer) inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return w.say("〔"+text+"〕", " ["+text+"]")
}

func (w *writer) originText(r *Reason) string {
	if r.Source == "" {
		return ""
	}
	source := w.sourceName(r.Source)
	if r.Date != "" {
		source += w.say("，", ", ") + w.date(r.Date)
	}
	return source
}

// sourceName is what a source of facts is called.
func (w *writer) sourceName(source string) string {
	if feed, ok := strings.CutPrefix(source, "feed:"); ok {
		return w.feedNames([]string{feed})
	}
	switch source {
	case "visit":
		return w.say("走访", "visit")
	case "declared":
		return w.say("申报", "declared")
	case "check":
		return w.say("授权核对", "means check")
	}
	return source
}

// citations is the documents with their articles: "民发〔2021〕57号（第十三条、第十四条）".
func (w *writer) citations(cites []Citation) string {
	var documents []string
	articles := map[string][]string{}
	for _, c := range cites {
		if _, ok := articles[c.Document]; !ok {
			documents = append(documents, c.Document)
			articles[c.Document] = nil
		}
		for _, known := range articles[c.Document] {
			if known == c.Article {
				c.Article = ""
			}
		}
		if c.Article != "" {
			articles[c.Document] = append(articles[c.Document], c.Article)
		}
	}
	for i, d := range documents {
		documents[i] = d + w.brackets(w.list(articles[d]))
	}
	return w.statements(documents)
}
