package library

import (
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// matrixPage writes what having one thing means for the others.
func (w *writer) matrixPage() {
	w.head(w.say("有了一项，对别的项目算不算数", "What having one counts for in the others"))
	w.paragraph("%s", w.say("这一页不是人写的，是引擎逐项算出来的（"+w.date(w.on)+"的规定）：先设一个什么都不知道的人，再设他只有一件事是知道的——正在享受某一项救助，或在某个部门的名单上——看哪个项目的哪一条因此就符合了，哪一条因此就不符合了。“算数”说的是这一条条件，不是整个项目：其余条件还要照样看。",
		"This page is computed, not written, by the rules of "+w.date(w.on)+": of a person about whom nothing is known, one thing is taken to be known – that the person has a programme, or stands on a department's list – and the engine tells which condition of which programme is met by that alone, and which is failed. It is about that condition, not the whole programme: the others still have to be met."))
	w.overview()
	w.heading(2, w.say("正在享受一项救助的", "Who has a programme"))
	for _, h := range w.matrix.programmes {
		w.hadTable(h)
	}
	if len(w.matrix.standings) > 0 {
		w.heading(2, w.say("在部门名单上的", "Who stands on a department's list"))
		for _, h := range w.matrix.standings {
			w.hadTable(h)
		}
	}
	w.cannotHaveBoth()
}

// hadName is what somebody has.
func (w *writer) hadName(h *had) string {
	switch {
	case h.programme != nil:
		return w.in(h.programme.Name)
	case h.code != nil:
		return w.in(h.fact.Label) + w.say("：", ": ") + w.in(h.code.Name)
	}
	return w.in(h.fact.Label)
}

// overview is a line for each programme: what counts for it, and what bars it.
func (w *writer) overview() {
	var rows [][]string
	for _, q := range w.catalogue {
		counts, bars := w.hadBy(q, true), w.hadBy(q, false)
		if counts+bars != "" {
			rows = append(rows, []string{w.programmeLink(q), orDash(counts), orDash(bars)})
		}
	}
	w.heading(2, w.say("一览", "Overview"))
	w.table([]string{w.say("项目", "Programme"), w.say("有这些的，某一条直接算符合", "A condition is met by having"), w.say("有这些的，某一条直接算不符合", "A condition is failed by having")}, rows)
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (w *writer) hadBy(q *pack.Programme, counts bool) string {
	var names []string
	for _, h := range slices.Concat(w.matrix.programmes, w.matrix.standings) {
		if slices.ContainsFunc(h.effects, func(e effect) bool { return e.programme == q && e.counts == counts }) {
			names = append(names, w.hadName(h))
		}
	}
	return w.list(names)
}

// hadTable tells what having one thing decides.
func (w *writer) hadTable(h *had) {
	if len(h.effects) == 0 {
		return
	}
	w.heading(3, w.hadName(h))
	var rows [][]string
	for _, e := range h.effects {
		means := w.say("算符合", "met")
		if !e.counts {
			means = w.say("算不符合", "failed")
		}
		rows = append(rows, []string{w.programmeLink(e.programme), means, w.in(e.condition.Say), w.source(e.condition.Source)})
	}
	w.table([]string{w.say("对这个项目", "For"), w.say("这一条", "This condition is"), w.say("条件", "Condition"), w.say("依据", "Source")}, rows)
}

// cannotHaveBoth is the exclusions and choices of all programmes.
func (w *writer) cannotHaveBoth() {
	var rows [][]string
	for _, e := range w.exclusions() {
		rows = append(rows, []string{w.partName(e.by, e.byPart), w.partName(e.of, e.ofPart), w.say("不能同时享受，方案取全年金额高的", "not together; the plan takes what gives the most in a year")})
	}
	for _, q := range w.catalogue {
		for _, id := range q.Choice {
			rows = append(rows, []string{w.programmeLink(q), w.programmeLink(w.programmes[id]), w.say("由本人（家庭）选择其一", "the beneficiary chooses")})
		}
	}
	if len(rows) == 0 {
		return
	}
	w.heading(2, w.say("不能同时享受的", "What cannot be had together"))
	w.table([]string{w.say("项目", "Programme"), w.say("与", "With"), w.say("怎样处理", "What then")}, rows)
}

func (w *writer) partName(q *pack.Programme, part *pack.Component) string {
	if part == nil {
		return w.programmeLink(q)
	}
	return strings.TrimSpace(w.programmeLink(q) + w.say("的“"+w.in(part.Name)+"”", ": "+w.in(part.Name)))
}
