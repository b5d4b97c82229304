package library

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// writer writes one page in one language.
type writer struct {
	*book
	lang fault.Lang
	name string // of the page, without its ending: "programmes/dibao"
	b    strings.Builder
}

// page is one page written.
func (b *book) page(lang fault.Lang, name string, write func(*writer)) Page {
	w := &writer{book: b, lang: lang, name: name}
	write(w)
	return Page{w.file(name), []byte(strings.TrimRight(w.b.String(), "\n") + "\n")}
}

// file is the name of a page's file in the writer's language.
func (w *writer) file(name string) string {
	if w.lang == fault.Zh {
		return name + ".zh.md"
	}
	return name + ".md"
}

// to is the way from the writer's page to another.
func (w *writer) to(name string) string {
	if strings.Contains(w.name, "/") {
		if path.Dir(w.name) == path.Dir(name) {
			return w.file(path.Base(name))
		}
		return "../" + w.file(name)
	}
	return w.file(name)
}

// say chooses between the two languages.
func (w *writer) say(zh, en string) string { return w.lang.Say(zh, en) }

func (w *writer) in(t pack.Text) string { return escape(t.In(w.lang)) }

func (w *writer) line(format string, args ...any) {
	w.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	w.b.WriteByte('\n')
}

func (w *writer) paragraph(format string, args ...any) {
	w.line(format, args...)
	w.line("")
}

func (w *writer) heading(level int, title string) {
	w.line("%s %s", strings.Repeat("#", level), title)
	w.line("")
}

// head begins a page: its title and the ways out of it.
func (w *writer) head(title string) {
	w.heading(1, title)
	other := &writer{book: w.book, lang: fault.En, name: w.name}
	if w.lang == fault.En {
		other.lang = fault.Zh
	}
	links := []string{fmt.Sprintf("[%s](%s)", w.say("English", "中文"), other.to(w.name))}
	if w.name != "README" {
		links = append([]string{fmt.Sprintf("[%s](%s)", w.say("政策库目录", "Contents of the library"), w.to("README"))}, links...)
	}
	w.paragraph("%s", strings.Join(links, " · "))
}

var special = regexp.MustCompile("[\\\\`*_\\[\\]<>|]")

// escape takes from a text what Markdown would take for a sign.
func escape(s string) string {
	return special.ReplaceAllString(strings.ReplaceAll(s, "\n", " "), `\$0`)
}

func (w *writer) list(items []string) string { return strings.Join(items, w.say("、", ", ")) }

func (w *writer) statements(items []string) string { return strings.Join(items, w.say("；", "; ")) }

// brackets sets something aside, nothing for nothing.
func (w *writer) brackets(s string) string {
	if s == "" {
		return ""
	}
	return w.say("（"+s+"）", " ("+s+")")
}

// table writes a table; one without rows is nothing.
func (w *writer) table(header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	w.line("| %s |", strings.Join(header, " | "))
	w.line("|%s", strings.Repeat(" --- |", len(header)))
	for _, row := range rows {
		w.line("| %s |", strings.Join(row, " | "))
	}
	w.line("")
}

// bullets writes a formula in words below an item of a list, indented by so many spaces.
func (w *writer) bullets(told []rules.Told, indent int) {
	for _, t := range told {
		w.line("%s- %s", strings.Repeat(" ", indent), t.Text)
		w.bullets(t.Below, indent+2)
	}
}

// formula writes an expression in words: what is simple on the line of its title, the rest below.
func (w *writer) formula(title string, e pack.Expr, indent int) {
	told := w.policy.Tell(e, w.lang, w.link)
	if told == nil {
		return
	}
	w.line("%s- %s%s", strings.Repeat(" ", indent), title, told.Text)
	w.bullets(told.Below, indent+2)
}

// link is a name in a formula, as a link to where it is explained.
func (w *writer) link(n rules.Named) string {
	label := escape(n.Label.In(w.lang))
	switch n.Kind {
	case "variable":
		return w.linkTo("variables", label, n.Path)
	case "parameter":
		return w.linkTo("figures", label, n.Path)
	case "programme":
		return fmt.Sprintf("[%s](%s)", label, w.to("programmes/"+n.Path))
	}
	if w.facts[n.Path] != nil {
		return w.linkTo("facts", label, n.Path)
	}
	return label
}

// linkTo links a variable, a figure, a fact or a rule of the workflow to its heading on a page.
func (w *writer) linkTo(page, label, name string) string {
	target := w.to(page)
	if w.name == page {
		target = ""
	}
	return fmt.Sprintf("[%s](%s#%s)", label, target, w.anchors[w.lang][name])
}

func (w *writer) programmeLink(q *pack.Programme) string {
	return fmt.Sprintf("[%s](%s)", w.in(q.Name), w.to("programmes/"+q.ID))
}

func (w *writer) feedLink(f *pack.Feed) string {
	return fmt.Sprintf("[%s](%s)", w.in(f.Name), w.to("feeds/"+f.ID))
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)

// anchor is the name that viewers give a heading.
func anchor(title string) string {
	return strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

// title is the heading of a variable, a figure or a rule of the workflow: its label, with its path where another has the same.
func (b *book) title(label pack.Text, path string, lang fault.Lang, same map[string]int) string {
	title := escape(label.In(lang))
	if same[anchor(label.In(lang))] > 1 {
		title += " (" + escape(path) + ")"
	}
	return title
}

// labels counts the headings of a page that would have the same name.
func (b *book) labels(page string, lang fault.Lang) map[string]int {
	same := map[string]int{}
	switch page {
	case "figures":
		for _, q := range b.pack.Parameters {
			same[anchor(q.Label.In(lang))]++
		}
	case "facts":
		for _, f := range b.pack.Facts {
			same[anchor(f.Label.In(lang))]++
		}
	case "procedures":
		for _, r := range b.rulesOfWorkflow() {
			same[anchor(r.Title.In(lang))]++
		}
	default:
		for _, v := range b.pack.Variables {
			same[anchor(v.Label.In(lang))]++
		}
	}
	return same
}

func (b *book) nameAnchors(lang fault.Lang) map[string]string {
	all := map[string]string{}
	same := b.labels("figures", lang)
	for _, q := range b.pack.Parameters {
		all["param."+q.Name] = anchor(b.title(q.Label, "param."+q.Name, lang, same))
	}
	same = b.labels("facts", lang)
	for _, f := range b.pack.Facts {
		all[f.Path()] = anchor(b.title(f.Label, f.Path(), lang, same))
	}
	same = b.labels("procedures", lang)
	for _, r := range b.rulesOfWorkflow() {
		all[r.Name] = anchor(b.title(r.Title, r.Name, lang, same))
	}
	same = b.labels("variables", lang)
	for _, v := range b.pack.Variables {
		all[v.Path()] = anchor(b.title(v.Label, v.Path(), lang, same))
	}
	return all
}

// span is a span by its first and last day.
func (w *writer) span(s calendar.Span) string {
	first, last := w.date(s.From), w.date(s.Last())
	switch {
	case s == calendar.Always():
		return w.say("一直", "always")
	case s.From == calendar.Beginning:
		return w.say("至"+last, "until "+last)
	case s.To == calendar.Forever:
		return w.say(first+"起", "from "+first)
	case s.From == s.Last():
		return w.say(first+"当天", "on "+first)
	}
	return w.say(first+"至"+last, first+" to "+last)
}

func (w *writer) date(d calendar.Date) string {
	if d == calendar.Beginning || d == calendar.Forever {
		return ""
	}
	if w.lang == fault.Zh {
		return d.Zh()
	}
	return d.String()
}

func (w *writer) measured(a money.Decimal, measure string) string {
	return strings.TrimSpace(rules.Measured(a, measure, w.lang))
}

// status is how sure something is, in a word.
func (w *writer) status(s pack.Status) string {
	if name := rules.StatusName(s, w.lang); name != "" {
		return name
	}
	return w.say("已查实", "found")
}

func isFound(s pack.Source) bool { return s.Status == pack.Found || s.Status == "" }

// doubt tells that something is not found, and why it stands as it does.
func (w *writer) doubt(s pack.Source) string {
	if isFound(s) {
		return ""
	}
	return fmt.Sprintf("**%s**%s%s", w.status(s.Status), w.say("：", ": "), w.in(s.Why))
}

// cites are documents with their articles.
func (w *writer) cites(all []pack.Cite) string {
	var texts []string
	for _, c := range all {
		text := escape(c.Document)
		if c.URL != "" {
			text = fmt.Sprintf("[%s](%s)", text, address(c.URL))
		}
		text += escape(c.Article)
		if c.Note != "" {
			text += w.brackets(escape(c.Note))
		}
		texts = append(texts, text)
	}
	return w.statements(texts)
}

// address keeps a URL from ending a link or a cell of a table early.
func address(url string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "|", "%7C", "<", "%3C", ">", "%3E").Replace(url)
}

// source is documents and doubt together, as a cell of a table has them.
func (w *writer) source(s pack.Source) string {
	parts := []string{w.cites(s.Cites), w.doubt(s)}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	if len(parts) == 0 {
		return "—"
	}
	return strings.Join(parts, w.say("。", ". "))
}

// sourceLines writes documents and doubt as items of a list.
func (w *writer) sourceLines(s pack.Source, indent int) {
	pad := strings.Repeat(" ", indent)
	if text := w.cites(s.Cites); text != "" {
		w.line("%s- %s%s", pad, w.say("依据：", "Source: "), text)
	}
	if text := w.doubt(s); text != "" {
		w.line("%s- %s", pad, text)
	}
}

// departmentOf is a department by its id; the pack names none that it does not have.
func (b *book) departmentOf(id string) *pack.Department {
	return b.pack.Departments[slices.IndexFunc(b.pack.Departments, func(d *pack.Department) bool { return d.ID == id })]
}

// department is a department's names over a span.
func (w *writer) department(id string, over calendar.Span) string {
	return w.departmentNames(w.departmentOf(id), over)
}

func (w *writer) departmentNames(d *pack.Department, over calendar.Span) string {
	if len(d.Names) == 1 {
		return w.in(d.Names[0].Name)
	}
	var names []string
	for i := len(d.Names) - 1; i >= 0; i-- {
		if n := d.Names[i]; n.Span.Overlaps(over) {
			names = append(names, w.in(n.Name)+w.brackets(w.span(n.Span)))
		}
	}
	return w.statements(names)
}

// departmentNow is a department's name on the day.
func (w *writer) departmentNow(id string) string {
	return w.in(w.departmentOf(id).Name(w.on))
}

func (w *writer) yes(is bool) string {
	if is {
		return w.say("是", "yes")
	}
	return w.say("否", "no")
}
