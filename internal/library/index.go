package library

import (
	"fmt"
	"strconv"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// index writes the page of the difficulty index.
func (w *writer) index() {
	x := w.pack.Index
	w.head(w.in(x.Name))
	w.paragraph("%s", w.say("指数只排先后：先走访谁、先办谁。它不拒绝任何人，也不决定任何一项救助。0 分最轻，100 分最重；各维度得分乘权重后相加。不知道的维度用中性分，并另外标出信息完整度。",
		"The index orders work: whom to visit first. It refuses nobody and decides nothing. 0 is the least and 100 the most; each dimension's score counts by its weight. What is not known has a neutral score, and how much is known is told beside it."))
	w.paragraph(w.say("最困难的一批：每个%s按人口取前 %s。", "The hardest: in each %s, the first %s of people."), w.level(), w.measured(x.Hardest.Share, "share"))
	w.paragraph("%s%s", w.say("依据：", "Source: "), w.source(x.Source))
	var rows [][]string
	for _, d := range x.Dimensions {
		rows = append(rows, []string{w.in(d.Name), w.measured(d.Weight, "share"), d.Neutral.String(), w.in(d.Why)})
	}
	w.table([]string{w.say("维度", "Dimension"), w.say("权重", "Weight"), w.say("不知道时", "If not known"), w.say("为什么", "Why")}, rows)
	for _, d := range x.Dimensions {
		w.dimension(d)
	}
}

func (w *writer) level() string {
	if w.lang == fault.Zh {
		return w.pack.Index.Hardest.Level.Zh()
	}
	return w.pack.Index.Hardest.Level.String()
}

func (w *writer) dimension(d *pack.Dimension) {
	w.heading(2, fmt.Sprintf("%s (%s)", w.in(d.Name), w.measured(d.Weight, "share")))
	w.paragraph("%s", w.in(d.Why))
	w.formula(w.say("得分（现有帮扶之后）：", "Score, after the aid now held: "), d.Score, 0)
	if d.Before.Source != "" {
		w.formula(w.say("帮扶之前的得分：", "Score before aid: "), d.Before, 0)
	}
	w.line("- %s%s", w.say("不知道时按 ", "If not known: "), d.Neutral)
	w.line("")
}

// warnings writes the page of the warnings.
func (w *writer) warnings() {
	w.head(w.say("预警", "Warnings"))
	w.paragraph("%s", w.say("预警只提示去核实，不停发、不拒绝任何一项救助。每条写明什么情形触发、急不急、派给谁、几个工作日内核实、答复以后多少天内不再重复。",
		"A warning asks somebody to look. It stops and refuses nothing. Each tells when it fires, how urgent it is, to whom it goes, within how many working days, and for how many days after an answer it keeps quiet."))
	w.handling()
	for _, m := range w.pack.Mechanisms {
		w.heading(2, w.in(m.Name))
		var rows [][]string
		for _, r := range m.Rules {
			rows = append(rows, []string{w.in(r.Name), w.urgency(r.Level), w.goesTo(r), strconv.Itoa(r.Due), strconv.Itoa(r.Quiet)})
		}
		w.table([]string{w.say("预警", "Warning"), w.say("级别", "Level"), w.say("派给", "Goes to"), w.say("几个工作日内", "Working days"), w.say("静默天数", "Quiet days")}, rows)
		for _, r := range m.Rules {
			w.warning(r)
		}
	}
}

func (w *writer) warning(r *pack.Warning) {
	w.heading(3, w.in(r.Name))
	of := w.say("（逐人）", " (of each person)")
	if r.Unit == pack.Household {
		of = w.say("（按户）", " (of the household)")
	}
	w.formula(w.say("什么情形触发"+of+"：", "Fires"+of+" where: "), r.When, 0)
	var evidence []string
	for _, path := range r.Evidence {
		evidence = append(evidence, w.nameOf(path))
	}
	if len(evidence) > 0 {
		w.line("- %s%s", w.say("同时显示：", "Shows: "), w.list(evidence))
	}
	w.sourceLines(r.Source, 0)
	w.line("")
}

// nameOf is a fact or a variable by its label.
func (w *writer) nameOf(path string) string {
	if f := w.facts[path]; f != nil {
		return w.linkTo("facts", w.in(f.Label), path)
	}
	for _, v := range w.pack.Variables {
		if v.Path() == path {
			return w.link(rules.Named{Kind: "variable", Path: path, Label: v.Label})
		}
	}
	return escape(path)
}

func (w *writer) urgency(level string) string {
	switch level {
	case "red":
		return w.say("红（最急）", "red (most urgent)")
	case "orange":
		return w.say("橙", "orange")
	case "yellow":
		return w.say("黄", "yellow")
	case "blue":
		return w.say("蓝", "blue")
	}
	return escape(level)
}

// goesTo is to whom a warning is sent, with the department where one works on it.
func (w *writer) goesTo(r *pack.Warning) string {
	if r.Department == "" {
		return w.route(r.Route)
	}
	return w.departmentNow(r.Department)
}

// route is to whom a warning goes.
func (w *writer) route(id string) string {
	if w.pack.Workflow != nil {
		for _, r := range w.pack.Workflow.Routes {
			if r.ID == id {
				return w.in(r.Name)
			}
		}
	}
	return escape(id)
}
