package library

import (
	"slices"
	"strconv"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// assumed writes the page of everything that is not found: what a city has to confirm before it decides by this pack.
func (w *writer) assumed() {
	w.head(w.say("尚未查实、须由市里确认的", "What is not found and has to be confirmed"))
	w.paragraph("%s", w.say("这一页列出政策包里每一条没有读到本地或上级公开规定的规则和数字，以及暂时这样定的理由。没有确认以前，任何人不得凭这些发钱，也不得凭这些拒绝。确认一条，就在所在文件里换成查到的文件，重新跑一遍案例。",
		"Every rule and figure of the pack for which no published rule was read, with the reason why it stands as it does for now. Until it is confirmed, nobody may be paid or refused on it. To confirm one is to put the document in its place in the file and to run the cases again."))
	w.sureness()
	w.assumedProgrammes()
	w.assumedFigures()
	w.assumedFormulas()
	w.assumedWorkflow()
	w.assumedRest()
}

// sureness counts the pack's figures and rules by how sure they are.
func (w *writer) sureness() {
	var rows [][]string
	for _, s := range w.report.Statuses {
		rows = append(rows, []string{w.status(s.Status), strconv.Itoa(s.Values), strconv.Itoa(s.Rules)})
	}
	w.table([]string{w.say("可靠程度", "Standing"), w.say("数字", "Figures"), w.say("规则和公式", "Rules and formulas")}, rows)
}

func (w *writer) assumedProgrammes() {
	first := true
	for _, q := range w.pack.Programmes {
		rows := w.unfound(q)
		if len(rows) == 0 {
			continue
		}
		if first {
			w.heading(2, w.say("项目的规定", "Rules of programmes"))
			first = false
		}
		w.heading(3, w.in(q.Name))
		w.paragraph("[%s](%s) · `%s`", w.say("项目全文", "The programme"), w.to("programmes/"+q.ID), q.Pos.File)
		w.unfoundTable(rows)
	}
}

func (w *writer) assumedFigures() {
	w.heading(2, w.say("标准和数字", "Figures"))
	w.byFile(func(file string) [][]string {
		var rows [][]string
		for _, p := range w.pack.Parameters {
			if p.Pos.File == file {
				rows = append(rows, w.assumedValues(p)...)
			}
		}
		return rows
	}, parameterFiles(w.pack))
}

func parameterFiles(p *pack.Pack) []string {
	var files []string
	for _, q := range p.Parameters {
		files = append(files, q.Pos.File)
	}
	return files
}

// byFile writes a table for each file that has rows.
func (w *writer) byFile(rowsOf func(file string) [][]string, files []string) {
	slices.Sort(files)
	for _, file := range slices.Compact(files) {
		rows := rowsOf(file)
		if len(rows) == 0 {
			continue
		}
		w.heading(3, "`"+file+"`")
		w.assumedTable(rows)
	}
}

func (w *writer) assumedTable(rows [][]string) {
	w.table([]string{w.say("名称", "Name"), w.say("期间", "Over"), w.say("可靠程度", "Standing"), w.say("为什么这样定", "Why so"), w.say("现用的来源", "Source used")}, rows)
}

// assumedValues is a parameter's values that are not found; those of one standing and reason in a row.
func (w *writer) assumedValues(p *pack.Parameter) [][]string {
	var rows [][]string
	for _, v := range w.newestFirst(p.Values) {
		where := ""
		if v.Area != w.pack.Area {
			where = w.areaName(v)
		}
		if v.Residence != "" {
			where += w.residence(v)
		}
		rows = w.addUnfound(rows, w.linkTo("figures", w.in(p.Label), "param."+p.Name), v.Span, where, v.Source)
	}
	return rows
}

// addUnfound adds a row of a source that is not found, joining it to the last row if only the span differs.
func (w *writer) addUnfound(rows [][]string, name string, span calendar.Span, where string, s pack.Source) [][]string {
	if isFound(s) {
		return rows
	}
	over := w.span(span) + w.brackets(where)
	row := []string{name, over, w.status(s.Status), w.in(s.Why), orDash(w.cites(s.Cites))}
	if last := len(rows) - 1; last >= 0 && rows[last][0] == name && slices.Equal(rows[last][2:], row[2:]) {
		rows[last][1] += "<br>" + over
		return rows
	}
	return append(rows, row)
}

func (w *writer) assumedFormulas() {
	w.heading(2, w.say("身份和计算", "Statuses and calculations"))
	var files []string
	for _, v := range w.pack.Variables {
		files = append(files, v.Pos.File)
	}
	w.byFile(func(file string) [][]string {
		var rows [][]string
		for _, v := range w.pack.Variables {
			if v.Pos.File != file {
				continue
			}
			for _, version := range slices.Backward(v.Versions) {
				rows = w.addUnfound(rows, w.linkTo("variables", w.in(v.Label), v.Path()), version.Span, "", version.Source)
			}
		}
		return rows
	}, files)
}

// assumedWorkflow is the procedures and what goes with them.
func (w *writer) assumedWorkflow() {
	var rows [][]string
	for _, r := range w.rulesOfWorkflow() {
		link := w.ruleLink(r.Name, r.Label())
		for _, v := range slices.Backward(r.Versions) {
			rows = w.addUnfound(rows, link, v.Span, "", v.Source)
		}
		for _, p := range w.partsOf(r.Name) {
			rows = w.addUnfound(rows, link+w.say("：", ": ")+p.name, p.span, "", p.source)
		}
	}
	if len(rows) == 0 {
		return
	}
	w.heading(2, w.say("办理程序", "Procedures"))
	w.table([]string{w.say("名称", "Name"), w.say("期间", "Over"), w.say("可靠程度", "Standing"), w.say("为什么这样定", "Why so"), w.say("现用的来源", "Source used")}, rows)
}

// rulePart is a step or a remedy that has a source of its own.
type rulePart struct {
	name   string
	span   calendar.Span
	source pack.Source
}

// partsOf are a rule's steps or remedies whose standing is not merely their version's.
func (w *writer) partsOf(rule string) []rulePart {
	var parts []rulePart
	add := func(name string, of pack.Dated, own pack.Source) {
		if !sameStanding(own, of.Source) {
			parts = append(parts, rulePart{name, of.Span, own})
		}
	}
	for _, p := range w.pack.Workflow.Procedures {
		for _, v := range slices.Backward(p.Versions) {
			for _, s := range v.Steps {
				if rule == "procedure "+p.ID {
					add(w.in(s.Name), v.Dated, s.Source)
				}
			}
		}
	}
	for _, a := range w.pack.Workflow.Authorities {
		for _, v := range slices.Backward(a.Versions) {
			for _, r := range v.Remedies {
				if rule == "authority "+a.ID {
					add(w.word("remedy", r.Kind), v.Dated, r.Source)
				}
			}
		}
	}
	return parts
}

// assumedRest is the index and the warnings.
func (w *writer) assumedRest() {
	var rows [][]string
	if x := w.pack.Index; x != nil {
		rows = w.addUnfound(rows, "["+w.in(x.Name)+"]("+w.to("index")+")", calendar.Always(), "", x.Source)
	}
	for _, m := range w.pack.Mechanisms {
		for _, r := range m.Rules {
			rows = w.addUnfound(rows, "["+w.in(m.Name)+w.say("：", ": ")+w.in(r.Name)+"]("+w.to("warnings")+")", calendar.Always(), "", r.Source)
		}
	}
	if h := w.pack.Handling; h != nil {
		rows = w.addUnfound(rows, "["+w.say("预警怎样办", "How warnings are worked on")+"]("+w.to("warnings")+")", calendar.Always(), "", h.Source)
	}
	if len(rows) == 0 {
		return
	}
	w.heading(2, w.say("困难指数和预警", "The index and the warnings"))
	w.assumedTable(rows)
}
