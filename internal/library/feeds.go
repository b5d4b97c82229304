package library

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// feed writes the page of a feed, for the department that delivers it.
func (w *writer) feed(f *pack.Feed) {
	w.head(w.in(f.Name))
	w.feedCard(f)
	w.feedColumns(f)
	w.feedCodes(f)
	w.gives(f)
	w.silence(f)
	w.delivery(f)
}

func (w *writer) feedCard(f *pack.Feed) {
	rows := [][]string{
		{w.say("由谁报送", "Delivered by"), w.departmentNow(f.Department)},
		{w.say("表的代号", "Name of the feed"), "`" + f.ID + "`"},
	}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{name, text})
		}
	}
	add(w.say("在平台里的作用", "Its part in the platform"), w.role(f))
	add(w.say("多久报一次", "How fresh"), fmt.Sprintf(w.say("送达后 %d 天内有效；过期以后，表里没有的人不再当作“没有”", "holds for %d days after delivery; once stale, who is not in it is no longer taken to have nothing"), f.MaxAge))
	add(w.say("可以容许的退回行", "Rows rejected at most"), w.say("看不清是谁的退回行不超过 "+w.measured(f.MaxRejects, "share")+"；超过以后，表里没有的人不再当作“没有”",
		w.measured(f.MaxRejects, "share")+" of rows whose person cannot be read; above that, who is not in it is no longer taken to have nothing"))
	add(w.say("示例文件", "Example file"), fmt.Sprintf(w.say("[%s.csv](examples/%s.csv)，三行虚构的数据", "[%s.csv](examples/%s.csv), three invented rows"), f.ID, f.ID))
	add(w.say("用在哪些项目", "Programmes that use it"), w.programmeList(func(q *pack.Programme) bool { return w.usesFeed(q, f) }))
	w.table([]string{w.say("事项", "Point"), w.say("内容", "What it is")}, rows)
	if told := w.policy.Tell(f.Covers, w.lang, w.link); told != nil {
		w.paragraph("%s", w.say("这张表只说明符合下面这一条的人；其他人不在表里，不说明什么：", "It covers only persons of whom the following holds; of anybody else its silence tells nothing:"))
		w.bullets([]rules.Told{*told}, 0)
		w.line("")
		return
	}
	w.paragraph("%s", w.say("这张表说明所报地区的每一个人。", "It covers everybody in the areas delivered."))
}

func (w *writer) role(f *pack.Feed) string {
	switch f.Role {
	case "persons":
		return w.say("全部人员的底册：其他各表的人都要先在这里找到", "the register of persons: whoever is in another feed has to be found here first")
	case "marriages":
		return w.say("婚姻关系：一行对夫妻双方都成立", "marriages: a row holds for both")
	case "holdings":
		return w.say("在享救助：谁正在享受哪一项", "what is held: who has which programme now")
	}
	return ""
}

func (w *writer) usesFeed(q *pack.Programme, f *pack.Feed) bool {
	for _, given := range f.Facts {
		if slices.Contains(w.reached[q.ID].facts, w.facts[given.Fact]) {
			return true
		}
	}
	return slices.ContainsFunc(q.Documents, func(d pack.Document) bool { return d.Held == f.ID })
}

func (w *writer) feedColumns(f *pack.Feed) {
	w.heading(2, w.say("列", "Columns"))
	w.paragraph("%s", w.say("第一行写中文列名（或英文代号）。空着的格就是不知道。", "The first row holds the Chinese headers, or the names in code. An empty cell is not known."))
	var rows [][]string
	for _, c := range f.Columns {
		rows = append(rows, []string{escape(c.Label.Zh), "`" + c.Name + "`", w.columnType(c), w.yesOrEmpty(c.Required), w.yesOrEmpty(c.Key), w.columnNote(f, c)})
	}
	w.table([]string{w.say("中文列名", "Header in Chinese"), w.say("代号", "Name in code"), w.say("填什么", "Holds"), w.say("必填", "Required"), w.say("主键", "Key"), w.say("说明", "Notes")}, rows)
}

func (w *writer) yesOrEmpty(is bool) string {
	if is {
		return w.say("是", "yes")
	}
	return ""
}

func (w *writer) columnType(c *pack.Column) string {
	switch c.Type {
	case "id_no":
		return w.say("公民身份号码（18位，按文本填）", "identity number, 18 digits, as text")
	case "date":
		return w.say("日期，如 2026-11-01", "a date, such as 2026-11-01")
	case "decimal":
		return w.say("数，可带小数", "a number, with decimals if need be")
	case "int":
		return w.say("整数", "a whole number")
	case "bool":
		return w.say("是 或 否", "是 (yes) or 否 (no)")
	case "area":
		return w.say("区划代码（12位村居代码）", "an area code, 12 digits of a village")
	case "code":
		return w.say("“"+w.in(w.pack.Codes[c.Codes].Name)+"”表中的一项", "one of the list “"+w.in(w.pack.Codes[c.Codes].Name)+"”")
	}
	return w.say("文字", "text")
}

// columnNote is a column's limits and what it is there for.
func (w *writer) columnNote(f *pack.Feed, c *pack.Column) string {
	var notes []string
	if w.lang != fault.Zh {
		notes = append(notes, escape(c.Label.En))
	}
	if c.Name == f.IDNo {
		notes = append(notes, w.say("这一行说的是谁", "whose row it is"))
	}
	switch {
	case c.Min != nil && c.Max != nil:
		notes = append(notes, fmt.Sprintf(w.say("在 %s 到 %s 之间", "from %s to %s"), c.Min, c.Max))
	case c.Min != nil:
		notes = append(notes, fmt.Sprintf(w.say("不小于 %s", "%s at least"), c.Min))
	case c.Max != nil:
		notes = append(notes, fmt.Sprintf(w.say("不大于 %s", "%s at most"), c.Max))
	}
	return w.statements(notes)
}

// feedCodes lists the closed lists that the columns use.
func (w *writer) feedCodes(f *pack.Feed) {
	var lists []*pack.CodeList
	for _, c := range f.Columns {
		if l := w.pack.Codes[c.Codes]; l != nil && !slices.Contains(lists, l) {
			lists = append(lists, l)
		}
	}
	if len(lists) == 0 {
		return
	}
	w.heading(2, w.say("代码表", "Lists"))
	w.paragraph("%s", w.say("写中文名称或代码都可以；表里没有的会退回。", "Write the Chinese name or the code; what is not on the list is rejected."))
	var rows [][]string
	for _, l := range lists {
		for i, c := range l.Codes {
			name := ""
			if i == 0 {
				name = w.in(l.Name)
			}
			row := []string{name, "`" + c.ID + "`", escape(c.Name.Zh)}
			if w.lang != fault.Zh {
				row = append(row, escape(c.Name.En))
			}
			rows = append(rows, row)
		}
	}
	header := []string{w.say("代码表", "List"), w.say("代码", "Code"), w.say("中文名称", "In Chinese")}
	if w.lang != fault.Zh {
		header = append(header, "In English")
	}
	w.table(header, rows)
}

// gives tells which facts and events come out of a feed.
func (w *writer) gives(f *pack.Feed) {
	if len(f.Facts)+len(f.Events) == 0 {
		return
	}
	w.heading(2, w.say("平台从中得出什么", "What the platform makes of it"))
	for _, given := range f.Facts {
		fact := w.facts[given.Fact]
		w.line("- **%s**", w.linkTo("facts", w.in(fact.Label), fact.Path()))
		w.formula(w.rowsOf(f, given), given.Value, 2)
		w.line("  - %s%s", w.say("表里没有这个人时：", "If the person has no row: "), w.absent(fact, given))
	}
	for _, e := range f.Events {
		w.line("- %s%s", w.say("每一行记一起事件：", "Each row is an event: "), w.event(f, e))
	}
	w.line("")
}

// rowsOf tells which rows a fact is made of.
func (w *writer) rowsOf(f *pack.Feed, given *pack.FeedFact) string {
	window := ""
	if given.Window > 0 {
		window = fmt.Sprintf(w.say("“%s”在最近 %d 个月以内的", "of the last %[2]d months by “%[1]s”"), w.headerOf(f, given.By), given.Window)
	}
	if given.Latest != "" {
		return w.say("取"+window+"“"+w.headerOf(f, given.Latest)+"”最近的一行：", "from the row with the latest “"+w.headerOf(f, given.Latest)+"”"+spaced(window)+": ")
	}
	return w.say("看此人"+window+"全部记录：", "from all rows of the person"+spaced(window)+": ")
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// absent tells what silence means.
func (w *writer) absent(fact *pack.Fact, given *pack.FeedFact) string {
	value := given.Absent
	switch {
	case value == "":
		return w.say("不知道，要靠走访或其他部门", "not known; a visit or another department has to tell")
	case value == "[]":
		return w.say("一项也没有", "none")
	case value == "true" || value == "false":
		return w.yes(value == "true")
	}
	if l := w.pack.Codes[fact.Codes]; l != nil {
		var names []string
		for _, id := range strings.Split(value, ",") {
			if i := l.Index(id); i >= 0 {
				names = append(names, w.in(l.Codes[i].Name))
			}
		}
		return w.list(names)
	}
	if n, err := money.Parse(value); err == nil {
		return w.measured(n, fact.Measure)
	}
	return escape(value)
}

// event tells which events a feed's rows are.
func (w *writer) event(f *pack.Feed, e *pack.FeedEvent) string {
	kinds := e.Kinds
	if e.Kind != "" {
		kinds = []string{e.Kind}
	}
	var names []string
	for _, t := range w.pack.Events {
		if t.Unit != e.Unit {
			continue
		}
		l := w.pack.Codes[t.Kinds]
		for _, id := range kinds {
			if i := l.Index(id); i >= 0 {
				names = append(names, w.in(l.Codes[i].Name))
			}
		}
	}
	whose := w.say("（记在本人名下）", " (the person's)")
	if e.Unit == pack.Household {
		whose = w.say("（记在家庭名下）", " (the household's)")
	}
	dates := w.headerOf(f, e.From)
	if e.To != "" {
		dates += w.say("至", " to ") + w.headerOf(f, e.To)
	}
	return w.list(names) + whose + w.say("，日期取“"+dates+"”", ", dated by “"+dates+"”")
}

// headerOf is a column's header.
func (w *writer) headerOf(f *pack.Feed, name string) string {
	for _, c := range f.Columns {
		if c.Name == name {
			return w.in(c.Label)
		}
	}
	return escape(name)
}

// silence tells when silence means something.
func (w *writer) silence(f *pack.Feed) {
	if !slices.ContainsFunc(f.Facts, func(g *pack.FeedFact) bool { return g.Absent != "" }) {
		return
	}
	w.heading(2, w.say("“表里没有”什么时候算数", "When silence counts"))
	w.paragraph("%s", w.say("没有一行说到某人，不等于他没有。只有这个地区整批送到、没有过期、退回的行不多、此人在这张表的说明范围以内、也没有一行因为看不清被退回时，才按上面写的值；否则就是“不知道”，要去问。",
		"No row about somebody is not yet a no. The values above hold only where the feed came whole and fresh for the place, few rows were rejected, the person is among those whom it covers, and no row of the person was set aside. Otherwise it is not known, and has to be asked."))
}

// delivery reminds of the manifest.
func (w *writer) delivery(f *pack.Feed) {
	w.heading(2, w.say("怎样报送", "How to deliver"))
	w.paragraph("%s", w.say("文件可以是 CSV（UTF-8 或 GB18030）、XLSX、JSON Lines 或 Parquet。旁边放一份清单（文件名以 `.manifest.json` 结尾），写明是哪张表、哪天送、覆盖哪些日子和地区、每个文件几行；对不上的文件整个不用。没有清单的文件也读，但“表里没有”就不说明什么。",
		"A file may be CSV (UTF-8 or GB18030), XLSX, JSON lines or Parquet. Beside it lies a manifest, whose name ends in `.manifest.json`: which feed, delivered when, for which days and areas, and how many rows each file has. A file that does not balance is not used at all. A file without a manifest is read, but then silence means nothing."))
	w.line("```json")
	w.line("{")
	w.line("  \"feed\": %q,", f.ID)
	w.line("  \"delivered\": %q,", w.on.AddDays(4))
	w.line("  \"from\": %q,", w.on.AddMonths(-12))
	w.line("  \"to\": %q,", w.on)
	w.line("  \"areas\": [%q],", w.pack.Area)
	w.line("  \"files\": [{\"name\": %q, \"rows\": %d}]", f.ID+".csv", exampleRows)
	w.line("}")
	w.line("```")
	w.line("")
}
