package library

import (
	"fmt"
	"strconv"

	"dajiuzhu/internal/pack"
)

// handling writes how warnings are worked on: by whom, for which reasons they are answered with "no", and what wakes them.
func (w *writer) handling() {
	h := w.pack.Handling
	if h == nil {
		return
	}
	w.heading(2, w.say("预警怎样办", "How warnings are worked on"))
	var rows [][]string
	for _, d := range h.Desks {
		rows = append(rows, []string{w.route(d.Route), w.word("by", d.By), w.passedOn(d)})
	}
	w.table([]string{w.say("派给", "Goes to"), w.say("谁来办", "Who does it"), w.say("超期以后", "When it waits too long")}, rows)
	rows = nil
	for _, r := range h.Reasons {
		rows = append(rows, []string{w.in(r.Name), w.word("tells", r.Tells), w.quiet(r), w.alone(r), w.yes(r.Note)})
	}
	w.table([]string{w.say("不予处理的理由", "Reason for a no"), w.say("说明预警", "Tells of the warning"), w.say("静默天数", "Quiet days"),
		w.say("谁可以直接答复", "Who gives it alone"), w.say("要写说明", "Needs a note")}, rows)
	rows = nil
	for _, r := range h.Reports {
		rows = append(rows, []string{w.word("source", r.Source), w.ruleName(r.Warning)})
	}
	w.table([]string{w.say("报告从哪里来", "A report by"), w.say("按哪条预警办", "is worked on as")}, rows)
	w.paragraph("%s", w.wakes(&h.Material))
	w.sourceLines(h.Source, 0)
	w.line("")
}

func (w *writer) passedOn(d *pack.Desk) string {
	if d.Then == "" {
		return w.say("留在原处", "it stays")
	}
	return fmt.Sprintf(w.say("过期%d个工作日转%s，再给%d个工作日", "%d working days past its day it goes to %s, with %d more"), d.After, w.route(d.Then), d.Due)
}

// ruleName is what a warning rule is called.
func (w *writer) ruleName(id string) string {
	for _, m := range w.pack.Mechanisms {
		for _, r := range m.Rules {
			if r.ID == id {
				return w.in(r.Name)
			}
		}
	}
	return escape(id)
}

func (w *writer) quiet(r *pack.Reason) string {
	if r.Quiet == nil {
		return w.say("按各条预警", "as the warning has")
	}
	return strconv.Itoa(*r.Quiet)
}

func (w *writer) alone(r *pack.Reason) string {
	var routes []string
	for _, route := range r.Alone {
		routes = append(routes, w.route(route))
	}
	return orDash(w.list(routes))
}

func (w *writer) wakes(m *pack.Material) string {
	var never []string
	for _, path := range m.Never {
		never = append(never, w.nameOf(path))
	}
	text := fmt.Sprintf(w.say("静默期内，级别升高或者所依据的情况有变就重新提醒：数字变了%s以上，其他内容变了", "Within its quiet days a warning comes back where its level rises or what it shows changes: a number by %s or more, anything else at all"),
		w.measured(m.Share, "share"))
	if len(never) > 0 {
		text += w.say("；以下变化不算：", "; no news is a change of: ") + w.list(never)
	}
	return text + w.say("。", ".")
}
