package library

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// programme writes the page of a programme.
func (w *writer) programme(q *pack.Programme) {
	w.head(w.in(q.Name))
	w.card(q)
	for i, v := range slices.Backward(q.Versions) {
		var later *pack.ProgrammeVersion
		if i+1 < len(q.Versions) {
			later = q.Versions[i+1]
		}
		w.version(v, later)
	}
	w.together(q)
	w.documents(q)
	w.figuresOf(q)
	w.cases(q)
	w.openPoints(q)
}

// card is a programme at a glance.
func (w *writer) card(q *pack.Programme) {
	rows := [][]string{{w.say("目录编号", "Number in the catalogue"), w.number(q)}}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{name, text})
		}
	}
	add(w.say("主管部门", "Department"), w.department(q.Department, wholeSpan(q)))
	add(w.say("救助方式", "Kind of aid"), w.aid(q.Aid))
	add(w.say("性质", "Nature"), w.nature(q))
	add(w.say("对象", "Who receives it"), w.receiver(q))
	add(w.say("由谁决定", "Who decides"), w.decider(q))
	add(w.say("怎样办", "How it is done"), w.doneBy(q))
	add(w.say("另外的申请途径", "Further paths into it"), w.paths(q))
	w.table([]string{w.say("事项", "Point"), w.say("内容", "What it is")}, rows)
}

// number is where a programme stands in the catalogue.
func (w *writer) number(q *pack.Programme) string {
	if q.PathOf != "" {
		of := w.programmes[q.PathOf]
		return fmt.Sprintf(w.say("第%d项 %s的另一种申请途径", "%d, a further path into %s"), of.Number, w.programmeLink(of))
	}
	return strconv.Itoa(q.Number)
}

// wholeSpan is from the first day of a programme's first version to the last of its last.
func wholeSpan(q *pack.Programme) calendar.Span {
	span := calendar.Span{From: calendar.Forever, To: calendar.Beginning}
	for _, v := range q.Versions {
		span.From, span.To = min(span.From, v.Span.From), max(span.To, v.Span.To)
	}
	return span
}

func (w *writer) aid(kind string) string {
	switch kind {
	case "cash":
		return w.say("发钱", "money")
	case "in-kind":
		return w.say("给实物", "in kind")
	case "service":
		return w.say("提供服务", "a service")
	case "fee-waiver":
		return w.say("减免费用", "a fee is waived or reduced")
	case "insurance":
		return w.say("资助参保", "insurance is paid for")
	case "loan":
		return w.say("贷款", "a loan")
	}
	return kind
}

func (w *writer) nature(q *pack.Programme) string {
	if q.Entitlement {
		return w.say("应享：符合条件就应当给", "by right: whoever meets the conditions is to have it")
	}
	return w.say("可以申请：符合条件可以申请，给不给由承办方决定，不计入应得总额", "may be applied for: whoever runs it decides, and it is outside the total of what is due")
}

func (w *writer) receiver(q *pack.Programme) string {
	switch {
	case q.Unit == pack.Household:
		return w.say("家庭：整户评估，整户享受", "the household, assessed and helped as a whole")
	case q.Uncounted:
		return w.say("个人：逐人评估，户籍在册而不计入家庭人口的人也评估", "each person, also those registered with a household who do not count in it")
	}
	return w.say("个人：家庭成员逐人评估", "each person of the household")
}

func (w *writer) decider(q *pack.Programme) string {
	place, department, _ := strings.Cut(q.DecidedBy, ":")
	switch place {
	case "township":
		return w.say("乡镇（街道）", "the township or subdistrict")
	case "county":
		return w.say("县级", "the county's ") + w.departmentNow(department)
	case "fund":
		return w.say("基金（项目）承办方", "whoever runs the fund")
	}
	return escape(q.DecidedBy)
}

func (w *writer) paths(q *pack.Programme) string {
	var links []string
	for _, other := range w.pack.Programmes {
		if other.PathOf == q.ID {
			links = append(links, w.programmeLink(other))
		}
	}
	return w.list(links)
}

// version writes a programme's rule over a span; of one that says the same as the later one only that it does.
func (w *writer) version(v, later *pack.ProgrammeVersion) {
	title := w.say("以前的规定（"+w.span(v.Span)+"）", "The former rule ("+w.span(v.Span)+")")
	switch {
	case v.Span.Contains(w.on):
		title = w.say("现行规定（"+w.span(v.Span)+"）", "The rule in force ("+w.span(v.Span)+")")
	case v.Span.From > w.on:
		title = w.say("将要施行的规定（"+w.span(v.Span)+"）", "The rule to come ("+w.span(v.Span)+")")
	}
	w.heading(2, title)
	w.paragraph("%s%s", w.say("依据：", "Source: "), w.versionSource(v.Source))
	if later != nil && sameRule(v, later) {
		w.paragraph("%s", w.say("条件和算法的写法与上面一版相同；所用的标准按当时的数，可靠程度见本页末尾。",
			"Its conditions and amounts are worded as those above; the figures are those of the time, and how sure it is stands at the end of this page."))
		return
	}
	w.heading(3, w.say("谁可以得", "Who can have it"))
	w.paragraph("%s", w.say("以下条件须全部符合。", "All of these have to hold."))
	for i, c := range v.Conditions {
		w.condition(i+1, c, v)
	}
	w.line("")
	w.heading(3, w.say("给多少", "How much"))
	if len(v.Components) == 0 {
		w.line("%s", w.say("没有写明给什么。", "Nothing is said of what it gives."))
	}
	for i, c := range v.Components {
		w.component(i+1, c, v)
	}
	w.line("")
}

// versionSource is the source of a whole rule; one without a document says so.
func (w *writer) versionSource(s pack.Source) string {
	if len(s.Cites) == 0 {
		return w.say("没有查到文件。", "no document was found. ") + w.doubt(s)
	}
	return w.source(s)
}

// sameRule reports whether two versions are worded alike, and nothing in them has a document of its own that the other
// lacks.
func sameRule(a, b *pack.ProgrammeVersion) bool {
	cited := func(x, y pack.Source) bool {
		inherited := slices.Equal(x.Cites, a.Source.Cites) && slices.Equal(y.Cites, b.Source.Cites)
		return inherited || slices.Equal(x.Cites, y.Cites)
	}
	conditions := slices.EqualFunc(a.Conditions, b.Conditions, func(x, y *pack.Condition) bool {
		return x.Say == y.Say && x.When.Source == y.When.Source && x.OnConsent == y.OnConsent && cited(x.Source, y.Source)
	})
	return conditions && slices.EqualFunc(a.Components, b.Components, func(x, y *pack.Component) bool {
		return x.Name == y.Name && x.When.Source == y.When.Source && x.Amount.Source == y.Amount.Source && x.Per == y.Per && x.Rounding == y.Rounding &&
			cited(x.Source, y.Source)
	})
}

// step is how far the parts of a numbered item are indented.
const step = 3

func (w *writer) condition(n int, c *pack.Condition, v *pack.ProgrammeVersion) {
	w.line("%d. **%s**", n, w.in(c.Say))
	if c.OnConsent {
		w.line("%s- %s", strings.Repeat(" ", step), w.say("须经家庭授权，由信息核对查实；查实之前最多是“很可能符合”", "Checked only after the household authorised it; until then the outcome is at most likely"))
	}
	w.opened(w.say("怎样判断：", "Judged by: "), c.When, v.Span)
	w.ownSource(c.Source, v.Source)
}

// opened writes a formula; where it is nothing but a name, what that name stands for follows.
func (w *writer) opened(title string, e pack.Expr, over calendar.Span) {
	w.formula(title, e, step)
	v := w.named(e)
	if v == nil {
		return
	}
	for _, version := range slices.Backward(v.Versions) {
		if !version.Span.Overlaps(over) {
			continue
		}
		title := w.say("就是：", "which is: ")
		if !within(over, version.Span) {
			title = w.say(w.span(version.Span)+"就是：", w.span(version.Span)+" that is: ")
		}
		w.formula(title, version.Value, step+2)
	}
}

// within reports whether a span lies in another.
func within(inner, outer calendar.Span) bool { return outer.From <= inner.From && inner.To <= outer.To }

// named is the variable that an expression is, nil if it is more than a name.
func (w *writer) named(e pack.Expr) *pack.Variable {
	for _, v := range w.pack.Variables {
		if v.Path() == strings.TrimSpace(e.Source) {
			return v
		}
	}
	return nil
}

// ownSource writes a part's source, unless it is its version's.
func (w *writer) ownSource(own, of pack.Source) {
	if !sameSource(own, of) {
		w.sourceLines(own, step)
	}
}

func (w *writer) component(n int, c *pack.Component, v *pack.ProgrammeVersion) {
	w.line("%d. **%s**%s", n, w.in(c.Name), w.brackets(w.payment(c)))
	w.formula(w.say("什么情形下有：", "Given where: "), c.When, step)
	w.opened(w.say("算法：", "Amount: "), c.Amount, v.Span)
	w.ownSource(c.Source, v.Source)
}

// payment is how often a component is paid and how it is rounded.
func (w *writer) payment(c *pack.Component) string {
	if c.Amount.Source == "" {
		return w.say("不以金额计", "no amount of money")
	}
	parts := []string{w.per(c.Per)}
	switch c.Rounding {
	case "fen-half-up":
		parts = append(parts, w.say("四舍五入到分", "rounded to the fen"))
	case "yuan-half-up":
		parts = append(parts, w.say("四舍五入到元", "rounded to the yuan"))
	case "fen-up":
		parts = append(parts, w.say("不足一分进为一分", "rounded up to the fen"))
	case "yuan-up":
		parts = append(parts, w.say("不足一元进为一元", "rounded up to the yuan"))
	}
	return strings.Join(parts, w.say("，", ", "))
}

func (w *writer) per(period string) string {
	switch period {
	case "month":
		return w.say("每月", "a month")
	case "year":
		return w.say("每年", "a year")
	}
	return w.say("一次性", "once")
}

// together tells what cannot be had beside a programme, and what may be chosen in its stead.
func (w *writer) together(q *pack.Programme) {
	var lines []string
	for _, e := range w.exclusions() {
		if e.by == q {
			lines = append(lines, w.exclusionLine(e.byPart, e.of, e.ofPart, nil))
		} else if e.of == q {
			lines = append(lines, w.exclusionLine(e.ofPart, e.by, e.byPart, e.by))
		}
	}
	if choices := w.choices(q); len(choices) > 0 {
		var links []string
		for _, other := range choices {
			links = append(links, w.programmeLink(other))
		}
		lines = append(lines, w.say("可以与"+w.list(links)+"任选其一，由本人（家庭）选择", "The beneficiary may choose between this and "+w.list(links)))
	}
	if len(lines) == 0 {
		return
	}
	w.heading(2, w.say("能不能同时享受", "Beside other programmes"))
	for _, l := range lines {
		w.line("- %s", l)
	}
	w.line("")
	w.paragraph("%s", w.say("同时符合、又不能同时享受的，救助方案取全年金额合计最高的安排，并写明放弃了哪一项。", "Where both are met and cannot be had together, the plan takes what gives the most in a year, and says what it gave up."))
}

// exclusionLine tells one exclusion from the side of the page's programme.
func (w *writer) exclusionLine(own *pack.Component, other *pack.Programme, part *pack.Component, saidBy *pack.Programme) string {
	mine, theirs := w.say("", "Not"), w.programmeLink(other)
	if own != nil {
		mine = w.say("其中“"+w.in(own.Name)+"”", "Its part “"+w.in(own.Name)+"” not")
	}
	if part != nil {
		theirs += w.say("的“"+w.in(part.Name)+"”", " (its part “"+w.in(part.Name)+"”)")
	}
	line := w.say(mine+"不能与"+theirs+"同时享受", mine+" together with "+theirs)
	if saidBy != nil {
		line += w.brackets(w.say("写在对方的规定里", "said by the other's rule"))
	}
	return line
}

// documents lists the papers of a filing: those that the platform holds and those that the family brings.
func (w *writer) documents(q *pack.Programme) {
	if len(q.Documents) == 0 {
		return
	}
	w.heading(2, w.say("材料", "Papers"))
	var rows [][]string
	for _, d := range q.Documents {
		from := w.say("家庭提供", "the family brings it")
		if d.Held != "" {
			from = w.say("平台已有："+w.feedLink(w.feeds[d.Held])+"，不再要", "held already, not to be asked for: "+w.feedLink(w.feeds[d.Held]))
		}
		rows = append(rows, []string{w.in(d.Name), from})
	}
	w.table([]string{w.say("材料", "Paper"), w.say("从哪里来", "Where from")}, rows)
}
