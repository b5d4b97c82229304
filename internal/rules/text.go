package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Text is the determination as one officer writes it for another: what the family gets and what to do, what to ask, and
// then why, with the values that decided and no more.
func (d *Determination) Text(p *pack.Pack, lang fault.Lang) string { return d.write(p, lang, false) }

// FullText is Text with every reason opened: each condition as a tree, each value with its source and date, each figure
// with its span, its document and how sure it is.
func (d *Determination) FullText(p *pack.Pack, lang fault.Lang) string { return d.write(p, lang, true) }

func newWriter(d *Determination, p *pack.Pack, lang fault.Lang, full bool) *writer {
	w := &writer{pack: p, lang: lang, d: d, full: full, b: &strings.Builder{}, programmes: map[string]*pack.Programme{}, opened: map[opening]*Reason{},
		reasoner: newReasoner(d.account)}
	for _, q := range p.Programmes {
		w.programmes[q.ID] = q
	}
	for _, v := range d.Values.by(w.reasoner) {
		w.opened[opening{v.Path, v.Of}] = v
	}
	return w
}

func (d *Determination) write(p *pack.Pack, lang fault.Lang, full bool) string {
	w := newWriter(d, p, lang, full)
	w.heading()
	if d.Household.Collective {
		w.line("%s", w.say("集体户不按家庭评估，以下只有个人项目。", "A collective household is not assessed as a family; what follows is of persons."))
	}
	w.plan()
	w.questions()
	w.reasons()
	w.index()
	w.warnings()
	w.standards()
	return w.b.String()
}

// writer writes a determination in one language.
type writer struct {
	pack       *pack.Pack
	lang       fault.Lang
	d          *Determination
	full       bool
	b          *strings.Builder
	reasoner   *reasoner // makes each reason once
	programmes map[string]*pack.Programme
	opened     map[opening]*Reason // variables
	told       map[opening]bool    // variables that a tree has opened
	figures    []*Reason           // parameters that the reasons rest on, in order of appearance
	far        []Distance          // of the condition at hand
	sections   int
	decisive   map[clausesAt][]clause // of the condition at hand, whose distances they may tell
	hide       func(path string) bool // facts whose values are not told; nil: all are
}

// opening names a variable of a unit.
type opening struct{ path, of string }

// open is what a variable was made of, nil if it is not told.
func (w *writer) open(r *Reason) *Reason {
	if v := w.opened[opening{r.Path, r.Of}]; r.Kind == "variable" && v != nil && len(v.Parts) > 0 {
		return v.Parts[0]
	}
	return nil
}

// say chooses between the two languages.
func (w *writer) say(zh, en string) string { return w.lang.Say(zh, en) }

func (w *writer) line(format string, args ...any) {
	w.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	w.b.WriteByte('\n')
}

func (w *writer) in(l Label) string { return l.In(w.lang) }

// list joins the members of a list, and clauses several statements.
func (w *writer) list(items []string) string { return strings.Join(items, w.say("、", ", ")) }

func (w *writer) statements(items []string) string { return strings.Join(items, w.say("；", "; ")) }

// brackets sets something aside.
func (w *writer) brackets(s string) string {
	if s == "" {
		return ""
	}
	return w.say("（"+s+"）", " ("+s+")")
}

var numerals = []rune("一二三四五六七八九")

// section begins a section; only those that have something to say are numbered.
func (w *writer) section(zh, en string) {
	w.sections++
	w.line("")
	w.line("%s", w.say(string(numerals[w.sections-1])+"、"+zh, fmt.Sprintf("%d. %s", w.sections, en)))
}

func (w *writer) date(s string) string {
	day, err := calendar.Parse(s)
	if err != nil || w.lang != fault.Zh {
		return s
	}
	return day.Zh()
}

// span is a span as Span.String shows it, in the reader's language.
func (w *writer) span(s string) string {
	if w.lang != fault.Zh {
		return s
	}
	from, to, both := strings.Cut(s, " –")
	switch from, to = w.date(strings.TrimPrefix(from, "– ")), w.date(strings.TrimSpace(to)); {
	case s == "always":
		return "长期"
	case strings.HasPrefix(s, "– "):
		return "至" + from
	case both && to == "":
		return from + "起"
	case both:
		return from + "至" + to
	}
	return from
}

func (w *writer) heading() {
	h := w.d.Household
	w.line("%s", w.say("政策预判书", "Policy pre-assessment"))
	rows := [][2]string{
		{w.say("日期", "On"), w.date(w.d.On)},
		{w.say("家庭", "Household"), w.list(h.Members) + w.brackets(fmt.Sprintf(w.say("共同生活%d人", "%d living together"), len(h.Members)))},
	}
	if len(h.Registered) > 0 {
		rows = append(rows, [2]string{w.say("不计入", "Not counted"), w.list(h.Registered) + w.brackets(w.say("户籍在一起，不算共同生活", "registered with them, no members"))})
	}
	if h.Place != nil {
		rows = append(rows, [2]string{w.say("地址", "Place"), w.in(*h.Place)})
	} else if h.Area != "" {
		rows = append(rows, [2]string{w.say("地址", "Place"), h.Area})
	}
	rows = append(rows, [2]string{w.say("依据", "By"), fmt.Sprintf(w.say("%s，版本 %s，引擎 %s", "%s, version %s, engine %s"),
		w.pack.Name.In(w.lang), w.d.Pack.Hash[:min(12, len(w.d.Pack.Hash))], w.d.Engine)})
	for _, r := range rows {
		w.line("%s%s", r[0], w.say("：", ": ")+r[1])
	}
	if w.d.Simulated {
		w.line("%s", w.say("※ 模拟数据，人物均为虚构。", "※ Simulated data; every person is invented."))
	}
	if h.Doubtful {
		w.line("%s", w.say("※ 谁和谁一起生活还没有核实：家庭类项目最多判为“可能符合”。", "※ Who lives together is still to be seen: programmes of the household are at most possible."))
		for _, doubt := range h.Doubts {
			w.line("  · %s", w.in(doubt))
		}
	}
	w.line("%s", w.say("※ 预判供核实和办理参考，不是救助决定。", "※ A pre-assessment helps to verify and to file; it decides nothing."))
}

// programmeName is a programme's name.
func (w *writer) programmeName(id string) string {
	if p := w.programmes[id]; p != nil {
		return p.Name.In(w.lang)
	}
	return id
}

func (w *writer) outcomeName(id string) string {
	for _, c := range outcomeList.Codes {
		if c.ID == id {
			return c.Name.In(w.lang)
		}
	}
	return id
}

func (w *writer) feedNames(ids []string) string {
	var names []string
	for _, id := range ids {
		name := id
		for _, f := range w.pack.Feeds {
			if f.ID == id {
				name = f.Name.In(w.lang)
			}
		}
		names = append(names, name)
	}
	return w.list(names)
}

// ofUnits is a programme's name with those whom it is of: "医疗救助（国庆华、国小雨）"; the household needs no name.
func (w *writer) ofUnits(programme string, units []string) string {
	return w.programmeName(programme) + w.brackets(w.list(units))
}

// personNames are the persons among some units, each once.
func personNames(units ...UnitReference) []string {
	var all []string
	for _, u := range units {
		if u.Name != "" && !slices.Contains(all, u.Name) {
			all = append(all, u.Name)
		}
	}
	return all
}

// table writes rows with their columns aligned; the numbers of the last column stand to the right.
func (w *writer) table(indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-columns(cell))
			if i > 0 && isFigure(cell) {
				cell, gap = gap+cell, ""
			}
			b.WriteString(cell + gap + "  ")
		}
		w.line("%s%s", indent, b.String())
	}
}

// isFigure reports whether a cell is a number, perhaps with its unit: it stands to the right.
func isFigure(cell string) bool { return cell != "" && cell[0] >= '0' && cell[0] <= '9' }

// columns is how many columns of a terminal a text takes: a Chinese character takes two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.Is(unicode.Mn, r):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
