package library

import (
	"fmt"
	"strconv"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// contents writes the first page.
func (w *writer) contents() {
	w.head(w.in(w.pack.Name) + w.say("：政策库", ": the library"))
	w.paragraph("%s", w.say("这里是政策包的全文，用平常话写出来：每个项目给谁、给多少、凭什么，每个部门要送什么数据，哪些地方还没有查实。所有页面都由政策包自动写成，改政策只改政策包，不改这里。“现行”以"+w.date(w.on)+"为准。",
		"This is the whole policy pack in words: to whom each programme gives, how much and by which rule; what each department delivers; what is not found yet. Every page is made from the pack; whoever changes the policy changes the pack and never these pages. What is “in force” is so on "+w.date(w.on)+"."))
	w.pointers()
	w.counts()
	w.reading()
	w.departments()
	w.suppliers()
}

func (w *writer) pointers() {
	link := func(page, zh, en string) { w.line("- [%s](%s)", w.say(zh, en), w.to(page)) }
	link("matrix", "有了一项，对别的项目算不算数", "What having one counts for in the others")
	link("variables", "身份和计算：各类身份、收入、财产怎样认定", "Statuses and calculations: how statuses, income and property are judged")
	link("figures", "标准和数字：历年的标准、比例、限额", "Figures: the standards, shares and limits over the years")
	link("facts", "要知道的情况：从哪里知道，怎么问", "What has to be known: where from, and what is asked")
	if w.pack.Household != nil {
		link("household", "谁算一家人", "Who is a family")
	}
	if w.pack.Index != nil {
		link("index", "困难指数：先帮谁", "The difficulty index: whom to help first")
	}
	if len(w.rulesOfWorkflow()) > 0 {
		link("procedures", "怎样办：环节、时限、谁决定、公示什么", "How it is done: steps, limits, who decides, what is posted")
	}
	link("warnings", "预警：什么情形提醒谁去核实", "Warnings: what asks whom to look")
	link("assumed", "尚未查实、须由市里确认的", "What is not found and has to be confirmed")
	w.line("")
}

func (w *writer) counts() {
	programmes, paths, suppliers := 0, 0, 0
	for _, d := range w.pack.Departments {
		if d.Supplier {
			suppliers++
		}
	}
	for _, q := range w.pack.Programmes {
		if q.PathOf == "" {
			programmes++
		} else {
			paths++
		}
	}
	w.heading(2, w.say("有多少", "How much there is"))
	rows := [][]string{
		{w.say("项目", "Programmes"), fmt.Sprintf(w.say("%d 个，另有 %d 条申请途径", "%d, and %d further paths"), programmes, paths)},
		{w.say("部门", "Departments"), fmt.Sprintf(w.say("%d 个，另有 %d 个只报送数据", "%d, and %d that only deliver data"), len(w.pack.Departments)-suppliers, suppliers)},
		{w.say("部门数据", "Feeds"), strconv.Itoa(len(w.pack.Feeds))},
		{w.say("身份和计算", "Statuses and calculations"), strconv.Itoa(len(w.pack.Variables))},
		{w.say("标准和数字", "Figures"), strconv.Itoa(len(w.pack.Parameters))},
		{w.say("办理程序", "Procedures"), strconv.Itoa(w.proceduresInAll())},
		{w.say("核对规则的案例", "Cases that test the rules"), strconv.Itoa(len(w.pack.Cases))},
	}
	w.table([]string{w.say("内容", "What"), w.say("数目", "How many")}, rows)
	w.heading(2, w.say("有多可靠", "How sure it is"))
	w.sureness()
	for _, l := range []string{
		w.say("**已查实**：读到了本地或上级的公开规定。", "**found**: a published rule of the place itself, or of a level above it, was read."),
		w.say("**代用**：本地的没有查到，用外地的数。", "**proxy**: the local one was not found; another place's stands in."),
		w.say("**推算**：由前后两个已知的数算出来。", "**interpolated**: computed between known figures."),
		w.say("**假定**：凭一般知识或从有利于群众的读法定的，等市里确认。", "**assumed**: from common knowledge, or the reading in the citizen's favour; to be confirmed."),
	} {
		w.line("- %s", l)
	}
	w.line("")
	w.paragraph(w.say("没有查实的，任何人不得凭它发钱或者拒绝。全部列在[这一页](%s)。", "Nobody may be paid or refused on what is not found. All of it stands on [one page](%s)."), w.to("assumed"))
}

func (w *writer) proceduresInAll() int {
	if w.pack.Workflow == nil {
		return 0
	}
	return len(w.pack.Workflow.Procedures)
}

func (w *writer) reading() {
	w.heading(2, w.say("怎样读", "How to read"))
	for _, l := range []string{
		w.say("每个项目先写现行规定，再写以前的。起止日期写的是第一天和最后一天。", "Each programme tells the rule in force first and the former ones after it. Spans are told by their first and last day."),
		w.say("条件须全部符合。粗体是给群众看的话；“怎样判断”是平台按登记和走访结果判断的办法，带链接的名字点开就是它的算法。某一条没有另写依据的，依据同整个规定。", "All conditions have to hold. What is bold is how a family would understand it; “judged by” is how it is told from registers and visits, and a name that is a link leads to how it is worked out. A condition without a source of its own has that of the rule."),
		w.say("不知道不等于没有。缺一项情况时，结论是“可能符合”，并写明去问什么，不会当作“不符合”。", "Not known is not none. Where something is missing the outcome is possible, with what to ask, and never a refusal."),
		w.say("金额都精确到分，算式里的标准按评估那天、那个地方的数。", "Money is exact to the fen; a figure in a formula is that of the day and the place."),
		w.say("这里写的是预判，供核实和办理参考；决定由有权的机关作出。", "What is told here helps to verify and to file. The authority decides."),
	} {
		w.line("- %s", l)
	}
	w.line("")
}

// departments lists the departments with their programmes.
func (w *writer) departments() {
	w.heading(2, w.say("部门和项目", "Departments and programmes"))
	for _, d := range w.pack.Departments {
		if d.Supplier {
			continue
		}
		w.heading(3, w.in(d.Name(w.on)))
		if len(d.Names) > 1 {
			w.paragraph("%s%s", w.say("名称沿革：", "Names: "), w.departmentNames(d, calendar.Always()))
		}
		var rows [][]string
		for _, q := range w.pack.Programmes {
			if q.Department == d.ID {
				rows = append(rows, w.contentsRow(q))
			}
		}
		if len(rows) == 0 {
			w.paragraph("%s", w.say("还没有录入项目。", "No programme is entered yet."))
		}
		w.table([]string{w.say("编号", "Number"), w.say("项目", "Programme"), w.say("方式", "Aid"), w.say("对象", "Of"), w.say("性质", "Nature"), w.say("现行规定", "In force")}, rows)
		w.feedsOf(d)
	}
}

func (w *writer) contentsRow(q *pack.Programme) []string {
	number := strconv.Itoa(q.Number)
	if q.PathOf != "" {
		number = strconv.Itoa(w.programmes[q.PathOf].Number) + w.say("（途径）", " (path)")
	}
	of := w.say("个人", "person")
	if q.Unit == pack.Household {
		of = w.say("家庭", "household")
	}
	nature := w.say("应享", "by right")
	if !q.Entitlement {
		nature = w.say("可以申请", "may be applied for")
	}
	span := w.say("当日没有", "none")
	if v := w.versionNow(q); v != nil {
		span = w.span(v.Span)
	}
	return []string{number, w.programmeLink(q), w.aid(q.Aid), of, nature, span}
}

func (w *writer) feedsOf(d *pack.Department) {
	var links []string
	for _, f := range w.pack.Feeds {
		if f.Department == d.ID {
			links = append(links, w.feedLink(f))
		}
	}
	if len(links) > 0 {
		w.paragraph("%s%s", w.say("报送的数据：", "Delivers: "), w.list(links))
	}
}

// suppliers lists the departments that only deliver.
func (w *writer) suppliers() {
	w.heading(2, w.say("只报送数据的部门", "Departments that only deliver"))
	for _, d := range w.pack.Departments {
		if !d.Supplier {
			continue
		}
		w.heading(3, w.in(d.Name(w.on)))
		w.feedsOf(d)
	}
}
