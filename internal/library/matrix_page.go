package library

import (
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// matrixPage writes what having one thing means for the others.
func (w *writer) matrixPage() {
	w.head(w.say("有了一项，对别的项目算不算数", "What having one counts for in the others"))
	w.paragraph("%s", w.say("这一页不是人写的，是引擎逐项算出来的（"+w.date(w.on)+"的规定）：先设一个什么都不知道的人，再设他只有一件事是知道的——正在享受某一项救助，或在某个部门的名单上——看哪个项目的哪一条因此就符合，哪一条因此就不符合，哪一条要用到它、还要和别的情况（比如自付了多少医疗费）合起来定。说的都是那一条条件，不是整个项目：其余条件照样要看。",
		"This page is computed, not written, by the rules of "+w.date(w.on)+": of a person about whom nothing is known, one thing is taken to be known – that the person has a programme, or stands on a department's list – and the engine tells which condition of which programme is met by that alone, which is failed, and which asks for it together with something else, such as a cost. It is about that condition, not the whole programme: the others still have to be met."))
	w.overview()
	w.heading(2, w.say("正在享受一项救助的", "Who has a programme"))
	w.hadTables(w.matrix.programmes)
	if len(w.matrix.standings) > 0 {
		w.heading(2, w.say("在部门名单上的", "Who stands on a department's list"))
		w.hadTables(w.matrix.standings)
	}
	w.cannotHaveBoth()
}

// hadNames are the names of what somebody has; several codes of one fact stand behind its name.
func (w *writer) hadNames(all []*had) string {
	var names []string
	for i, h := range all {
		switch {
		case h.programme != nil:
			names = append(names, w.in(h.programme.Name))
		case h.code == nil:
			names = append(names, w.in(h.fact.Label))
		case !slices.ContainsFunc(all[:i], func(o *had) bool { return o.fact == h.fact }):
			var codes []string
			for _, o := range all[i:] {
				if o.fact == h.fact {
					codes = append(codes, w.in(o.code.Name))
				}
			}
			names = append(names, w.in(h.fact.Label)+w.brackets(w.list(codes)))
		}
	}
	return w.list(names)
}

// overview is a line for each programme: what counts for it, and what bars it.
func (w *writer) overview() {
	var rows [][]string
	for _, q := range w.pack.Programmes {
		met, helped, failed := w.hadBy(q, meets), w.hadBy(q, helps), w.hadBy(q, fails)
		if met+helped+failed != "" {
			rows = append(rows, []string{w.programmeLink(q), orDash(met), orDash(helped), orDash(failed)})
		}
	}
	w.heading(2, w.say("一览", "Overview"))
	w.table([]string{w.say("项目", "Programme"), w.say("有其中一项，某一条就符合", "One condition is met by having"), w.say("有其中一项，某一条还要看别的情况", "One condition asks, beside other things, for"), w.say("有其中一项，某一条就不符合", "One condition is failed by having")}, rows)
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (w *writer) hadBy(q *pack.Programme, what does) string {
	var all []*had
	for _, h := range slices.Concat(w.matrix.programmes, w.matrix.standings) {
		if slices.ContainsFunc(h.effects, func(e effect) bool { return e.programme == q && e.does == what }) {
			all = append(all, h)
		}
	}
	return w.hadNames(all)
}

// hadTables tells what having each thing decides; things that decide the same stand together.
func (w *writer) hadTables(all []*had) {
	for i, h := range all {
		alike := func(o *had) bool { return slices.Equal(o.effects, h.effects) }
		if len(h.effects) == 0 || slices.ContainsFunc(all[:i], alike) {
			continue
		}
		same := slices.DeleteFunc(slices.Clone(all), func(o *had) bool { return !alike(o) })
		w.heading(3, w.hadNames(same))
		w.effects(h)
	}
}

func (w *writer) effects(h *had) {
	var rows [][]string
	for _, e := range h.effects {
		means := map[does]string{meets: w.say("就符合", "met"), fails: w.say("就不符合", "failed"), helps: w.say("用到它，还要看别的", "open: it asks for this and more")}[e.does]
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
	for _, q := range w.pack.Programmes {
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
