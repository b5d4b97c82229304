package library

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/check"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// mostCases is how many examples a page shows; of each sort at least one, so far as there is one.
const mostCases = 8

// casesOf picks a programme's examples: first one of each sort.
func (w *writer) casesOf(q *pack.Programme) []*pack.Case {
	var own, picked []*pack.Case
	for _, c := range w.pack.Cases {
		if slices.Contains(c.Programmes, q.ID) && slices.ContainsFunc(c.Expect.Outcomes, func(o pack.ExpectedOutcome) bool { return o.Programme == q.ID }) {
			own = append(own, c)
		}
	}
	take := func(c *pack.Case) {
		if !slices.Contains(picked, c) && len(picked) < mostCases {
			picked = append(picked, c)
		}
	}
	for _, tag := range check.Tags {
		if i := slices.IndexFunc(own, func(c *pack.Case) bool { return slices.Contains(c.Tags, tag) }); i >= 0 {
			take(own[i])
		}
	}
	for _, c := range own {
		take(c)
	}
	slices.SortStableFunc(picked, func(a, b *pack.Case) int { return cmp.Compare(slices.Index(own, a), slices.Index(own, b)) })
	return picked
}

func (w *writer) sort(tag string) string {
	switch tag {
	case "eligible":
		return w.say("符合", "eligible")
	case "ineligible":
		return w.say("不符合", "ineligible")
	case "threshold":
		return w.say("临界", "at the limit")
	case "missing":
		return w.say("情况不明", "something unknown")
	}
	return escape(tag)
}

func (w *writer) cases(q *pack.Programme) {
	var rows [][]string
	for _, c := range w.casesOf(q) {
		var tags []string
		for _, tag := range check.Tags {
			if slices.Contains(c.Tags, tag) {
				tags = append(tags, w.sort(tag))
			}
		}
		rows = append(rows, []string{w.in(c.Name), orDash(w.list(tags)), w.date(c.Facts.On), w.results(q, c)})
	}
	if len(rows) == 0 {
		return
	}
	w.heading(2, w.say("案例", "Examples"))
	w.table([]string{w.say("案例", "Case"), w.say("种类", "Sort"), w.say("评估日期", "On"), w.say("结果", "What comes out")}, rows)
}

// results is what a case expects of a programme.
func (w *writer) results(q *pack.Programme, c *pack.Case) string {
	var all []string
	for _, o := range c.Expect.Outcomes {
		if o.Programme != q.ID {
			continue
		}
		text := w.outcome(o.Outcome)
		if o.Unit != "" {
			text = escape(o.Unit) + w.say("：", ": ") + text
		}
		text += w.amounts(q, c, o)
		if len(o.Failed) > 0 {
			text += w.say("，不成立的是：", ", what fails: ") + w.statements(w.sayings(q, c, o.Failed))
		}
		if len(o.Missing) > 0 {
			text += w.say("，还要知道：", ", still to be known: ") + w.list(w.factNames(o.Missing))
		}
		all = append(all, text)
	}
	return strings.Join(all, "<br>")
}

func (w *writer) outcome(id string) string {
	for _, c := range rules.Outcomes().Codes {
		if c.ID == id {
			return w.in(c.Name)
		}
	}
	return escape(id)
}

// amounts is a case's amounts, part by part where the case says so.
func (w *writer) amounts(q *pack.Programme, c *pack.Case, o pack.ExpectedOutcome) string {
	version := versionOn(q, c.Facts.On)
	if version == nil {
		return ""
	}
	var parts []string
	per := ""
	for _, part := range version.Components {
		if part.Per != "" && per == "" {
			per = part.Per
		}
		for _, e := range o.Components {
			if e.ID == part.ID {
				parts = append(parts, w.in(part.Name)+w.say(w.per(part.Per)+" "+e.Amount.Text()+" 元", " "+e.Amount.Text()+" yuan "+w.per(part.Per)))
			}
		}
	}
	switch {
	case len(parts) > 0:
		return w.say("，", ", ") + w.list(parts)
	case o.Amount != nil && per != "":
		return w.say("，"+w.per(per)+" "+o.Amount.Text()+" 元", ", "+o.Amount.Text()+" yuan "+w.per(per))
	}
	return ""
}

// sayings are conditions in a family's words.
func (w *writer) sayings(q *pack.Programme, c *pack.Case, ids []string) []string {
	var all []string
	version := versionOn(q, c.Facts.On)
	for _, id := range ids {
		said := escape(id)
		if version != nil {
			for _, condition := range version.Conditions {
				if condition.ID == id {
					said = w.in(condition.Say)
				}
			}
		}
		all = append(all, said)
	}
	return all
}

// factNames are facts by their labels, "person.birth@name" with the person.
func (w *writer) factNames(paths []string) []string {
	var all []string
	for _, p := range paths {
		name, of, _ := strings.Cut(p, "@")
		label := escape(name)
		if f := w.facts[name]; f != nil {
			label = w.in(f.Label)
		}
		if of != "" {
			label = w.say(escape(of)+"的"+label, escape(of)+": "+label)
		}
		all = append(all, label)
	}
	return all
}
