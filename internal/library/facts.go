package library

import (
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
)

// factsPage writes the page of everything that the rules ask for: where each thing is known from, and what a visit asks.
func (w *writer) factsPage() {
	w.head(w.say("要知道的情况", "What has to be known"))
	w.paragraph("%s", w.say("规则里用到的每一种情况：从哪里知道（排在前面的为准，后面的不同只提示有出入），走访和申报时怎么问，用在哪些项目。没有一处知道的，就是“不知道”，不会当作没有。",
		"Everything that the rules ask for: where it is known from, the first source being trusted and a later one that differs only pointed out; what a visit or a declaration asks; which programmes use it. What nobody knows is not known, and never taken for none."))
	same := w.labels("facts", w.lang)
	for _, unit := range []pack.Unit{pack.Household, pack.Person} {
		w.heading(2, map[pack.Unit]string{pack.Household: w.say("家庭", "Of the household"), pack.Person: w.say("个人", "Of the person")}[unit])
		for _, f := range w.pack.Facts {
			if f.Unit == unit {
				w.heading(3, w.title(f.Label, f.Path(), w.lang, same))
				w.fact(f)
			}
		}
	}
}

func (w *writer) fact(f *pack.Fact) {
	w.line("- %s%s", w.say("从哪里知道：", "Known from: "), w.sourcesOf(f))
	if ask := f.Ask.In(w.lang); ask != "" {
		w.line("- %s%s", w.say("怎么问：", "Asked: "), escape(ask))
	}
	if f.Consent {
		w.line("- %s", w.say("须经家庭授权才能查", "Looked up only after the household authorised it"))
	}
	if l := w.pack.Codes[f.Codes]; l != nil {
		var names []string
		for _, c := range l.Codes {
			names = append(names, w.in(c.Name))
		}
		w.line("- %s%s", w.say("可以是：", "One of: "), w.list(names))
	}
	if f.Path() == w.pack.Residence {
		w.line("- %s", w.say("用来选用分城乡的标准", "Chooses among figures that differ by residence"))
	}
	w.line("- %s%s", w.say("用在：", "Used by: "), w.users(func(r *reach) bool { return slices.Contains(r.facts, f) }))
	w.line("- %s `%s`%s `%s`", w.say("名称", "Name"), f.Path(), w.say("，所在文件", ", file"), f.Pos.File)
	w.line("")
}

// sourcesOf are a fact's sources in its order of trust.
func (w *writer) sourcesOf(f *pack.Fact) string {
	var all []string
	for _, s := range f.Trust {
		id, isFeed := strings.CutPrefix(s, "feed:")
		switch {
		case isFeed:
			all = append(all, w.feedLink(w.feeds[id]))
		case s == "visit":
			all = append(all, w.say("走访", "a visit"))
		default:
			all = append(all, w.say("申报", "a declaration"))
		}
	}
	return strings.Join(all, " → ")
}

// household writes the page of who belongs together.
func (w *writer) household() {
	h := w.pack.Household
	w.head(w.say("谁算一家人", "Who is a family"))
	w.paragraph("%s", w.say("平台先按登记把人合成家庭，再由走访核实谁和谁长期共同生活。有疑问的，家庭类项目最多判为“可能符合”，先去核实。",
		"Families are put together from registers, and a visit sees who lives with whom. Where there is doubt, programmes of the household are at most possible until somebody looked."))
	w.heading(2, w.say("合为一户", "Who belongs together"))
	w.links(slices.DeleteFunc(slices.Clone(h.Joins), func(l *pack.Link) bool { return l.Doubt }), true)
	if doubts := slices.DeleteFunc(slices.Clone(h.Joins), func(l *pack.Link) bool { return !l.Doubt }); len(doubts) > 0 {
		w.heading(2, w.say("有疑问、须核实的", "What is doubtful and has to be seen"))
		w.links(doubts, true)
	}
	if told := w.policy.Tell(h.Counts, w.lang, w.link); told != nil {
		w.heading(2, w.say("谁计入家庭人口", "Who counts"))
		w.formula(w.say("计入的要符合：", "Who counts meets this: "), h.Counts, 0)
		w.line("")
	}
	if len(h.Supporters) > 0 {
		w.heading(2, w.say("家庭以外谁有赡养（抚养、扶养）义务", "Who outside the household owes support"))
		w.links(h.Supporters, false)
	}
}

// links writes what the register relates.
func (w *writer) links(all []*pack.Link, join bool) {
	for i, l := range all {
		w.line("%d. **%s**", i+1, w.in(l.Say))
		w.line("%s- %s%s", strings.Repeat(" ", step), w.say("按：", "By: "), w.via(l.Via, join))
		w.formula(w.say("本人要符合：", "The person meets this: "), l.When, step)
	}
	w.line("")
}

// via is the relation of the register that a link follows. The person of a link that joins is the one from whom it starts.
func (w *writer) via(id string, join bool) string {
	switch id {
	case "spouse":
		return w.say("婚姻登记，夫妻", "the marriage register: husband and wife")
	case "child":
		return w.say("父母登记，本人是子女", "registered parents; the person is the child")
	case "parent":
		if !join {
			return w.say("父母登记，家庭成员是本人的父母", "registered parents; a member is the person's parent")
		}
		return w.say("父母登记，本人是父母", "registered parents; the person is the parent")
	case "booklet":
		return w.say("同一户口簿，本人与户主", "the same booklet; the person and its head")
	}
	return escape(id)
}
