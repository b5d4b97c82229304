package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Text is the determination as an officer reads it: what to do first, then why.
func (d *Determination) Text(p *pack.Pack, lang fault.Lang) string {
	w := &writer{pack: p, lang: lang, d: d}
	w.heading()
	w.plan()
	w.questions()
	w.reasons()
	w.index()
	w.warnings()
	return w.b.String()
}

// writer writes a determination in one language.
type writer struct {
	pack *pack.Pack
	lang fault.Lang
	d    *Determination
	b    strings.Builder
}

// say chooses between the two languages.
func (w *writer) say(zh, en string) string {
	if w.lang == fault.Zh {
		return zh
	}
	return en
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.b, format+"\n", args...)
}

func (w *writer) in(l Label) string { return w.say(l.Zh, l.En) }

func (w *writer) date(s string) string {
	day, err := calendar.Parse(s)
	if err != nil || w.lang != fault.Zh {
		return s
	}
	return day.Zh()
}

func (w *writer) heading() {
	w.line("%s", w.say("政策预判书", "Policy pre-assessment")+w.say("（", " (")+w.date(w.d.On)+w.say("）", ")"))
	if w.d.Simulated {
		w.line("%s", w.say("※ 模拟数据，人物均为虚构。", "※ Simulated data; every person is invented."))
	}
	h := w.d.Household
	members := strings.Join(h.Members, w.say("、", ", "))
	w.line(w.say("家庭：%s（共同生活%d人）", "Household: %s (%d living together)"), members, len(h.Members))
	if len(h.Registered) > 0 {
		w.line(w.say("户籍在册但不计入：%s", "Registered but not counted: %s"), strings.Join(h.Registered, w.say("、", ", ")))
	}
	if h.Area != "" {
		w.line(w.say("所在：%s", "Place: %s"), h.Area)
	}
	if h.Doubtful {
		w.line("%s", w.say("家庭成员尚待核实：家庭类项目最多判为“可能符合”。", "Who belongs to the household is still to be settled: household programmes are at most possible."))
	}
}

// items are the plan's items of one programme and unit, one line.
func (w *writer) plan() {
	w.line("\n%s", w.say("一、救助方案", "1. Aid plan"))
	p := w.d.Plan
	w.items(w.say("按规定应当享受：", "Due by right:"), p.Cash)
	if len(p.Cash) > 0 {
		w.line(w.say("  现金合计：每年 %s 元（按月的按12个月、一次性的按一次计）", "  Cash in all: %s yuan a year (monthly sums twelve times, one-off sums once)"), p.YearlyCash.Text())
	}
	w.items(w.say("同时享受（服务、减免、资助等）：", "Beside it (services, waivers, paid premiums):"), p.Other)
	for _, c := range p.Choices {
		w.items(w.say("由本人选择其一：", "The beneficiary chooses one of:"), c.Items)
	}
	w.items(w.say("可以申请，由主办单位审定（不计入合计）：", "May be applied for; the fund decides (outside the total):"), p.Discretionary)
	for _, g := range p.GivenUp {
		w.line(w.say("  不与“%s”同时享受：%s", "  Not together with %s: %s"), w.componentName(g.For), w.itemLine(g.Item))
	}
	if len(p.Open) > 0 {
		w.line("  %s", w.say("核实后才能确定：", "To be settled by verification:"))
		for _, o := range p.Open {
			w.line("    · %s%s %s", w.programmeName(o.Programme), w.unitSuffix(o.Unit), w.outcomeName(o.Outcome))
		}
	}
	if len(p.Cash)+len(p.Other)+len(p.Choices)+len(p.Discretionary)+len(p.Open) == 0 {
		w.line("  %s", w.say("按现有信息没有可享受的项目。", "Nothing is due on what is known."))
	}
}

func (w *writer) items(title string, items []PlanItem) {
	if len(items) == 0 {
		return
	}
	w.line("  %s", title)
	for _, i := range items {
		w.line("    · %s", w.itemLine(i))
	}
}

func (w *writer) itemLine(i PlanItem) string {
	name := w.componentName(i.Programme + "." + i.Component)
	if i.Amount == nil {
		if i.Per == "" {
			return name + w.unitSuffix(i.Unit)
		}
		return name + w.unitSuffix(i.Unit) + w.say("：金额待核实", ": amount to be settled")
	}
	return name + w.unitSuffix(i.Unit) + w.say("：", ": ") + w.money(*i.Amount, i.Per)
}

func (w *writer) money(a money.Decimal, per string) string {
	switch per {
	case "month":
		return w.say("每月 "+a.Text()+" 元", a.Text()+" yuan a month")
	case "year":
		return w.say("每年 "+a.Text()+" 元", a.Text()+" yuan a year")
	}
	return w.say("一次性 "+a.Text()+" 元", a.Text()+" yuan once")
}

func (w *writer) unitSuffix(u UnitReference) string {
	if u.Name == "" {
		return ""
	}
	return w.say("（"+u.Name+"）", " ("+u.Name+")")
}

func (w *writer) programmeName(id string) string {
	for i := range w.d.Outcomes {
		if w.d.Outcomes[i].Programme == id {
			return w.in(w.d.Outcomes[i].Name)
		}
	}
	return id
}

// componentName is "programme · component", or the programme where it has one component of the same name.
func (w *writer) componentName(path string) string {
	programme, component, _ := strings.Cut(path, ".")
	for i := range w.d.Outcomes {
		o := &w.d.Outcomes[i]
		if o.Programme != programme {
			continue
		}
		for _, c := range o.Components {
			if c.ID == component && w.in(c.Name) != w.in(o.Name) {
				return w.in(o.Name) + " · " + w.in(c.Name)
			}
		}
	}
	return w.programmeName(programme)
}

func (w *writer) outcomeName(id string) string {
	for _, c := range outcomeList.Codes {
		if c.ID == id {
			return c.Name.In(w.lang)
		}
	}
	return id
}

// questions lists every missing fact of the open programmes once: what to ask, then what is awaited.
func (w *writer) questions() {
	var asks, awaits []string
	seen := map[string]bool{}
	for _, o := range w.d.Outcomes {
		for _, m := range o.Missing {
			key := string(m.Unit.Kind) + m.Unit.Name + m.Fact
			if seen[key] {
				continue
			}
			seen[key] = true
			if m.Ask != nil {
				asks = append(asks, w.in(*m.Ask)+w.unitSuffix(m.Unit))
				continue
			}
			awaits = append(awaits, w.in(m.Name)+w.unitSuffix(m.Unit)+w.awaited(m))
		}
	}
	if len(asks)+len(awaits) == 0 {
		return
	}
	w.line("\n%s", w.say("二、需要核实", "2. To be verified"))
	w.list(w.say("入户时请问：", "Ask at the visit:"), asks)
	w.list(w.say("等待部门数据或授权核对：", "Awaited from departments or a consented check:"), awaits)
}

func (w *writer) awaited(m MissingReport) string {
	if m.OnConsent {
		return w.say("（经授权核对）", " (by a consented means check)")
	}
	var names []string
	for _, id := range m.Awaits {
		names = append(names, w.feedName(id))
	}
	if len(names) == 0 {
		return ""
	}
	return w.say("（"+strings.Join(names, "、")+"）", " ("+strings.Join(names, ", ")+")")
}

func (w *writer) feedName(id string) string {
	for _, f := range w.pack.Feeds {
		if f.ID == id {
			return f.Name.In(w.lang)
		}
	}
	return id
}

func (w *writer) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	w.line("  %s", title)
	for i, item := range items {
		w.line("    %d. %s", i+1, item)
	}
}

// reasons gives every programme its sentence and its conditions: first what is due, then what is open, then what is not.
func (w *writer) reasons() {
	w.line("\n%s", w.say("三、理由", "3. Reasons"))
	order := []Outcome{Eligible, Likely, Possible, Failed, Ineligible, NotInForce, NotAssessed}
	for _, outcome := range order {
		for i := range w.d.Outcomes {
			if o := &w.d.Outcomes[i]; o.Outcome == outcome.String() && w.worthTelling(o) {
				w.outcome(o)
			}
		}
	}
}

// worthTelling leaves out that a programme does not concern a person: of those refused to several persons for the same
// first reason the first one stands for all.
func (w *writer) worthTelling(o *OutcomeReport) bool {
	if o.Outcome != Ineligible.String() && o.Outcome != NotInForce.String() {
		return true
	}
	for i := range w.d.Outcomes {
		other := &w.d.Outcomes[i]
		if other.Programme != o.Programme || other.Outcome != o.Outcome {
			continue
		}
		return other == o || !sameFailures(other, o)
	}
	return true
}

func sameFailures(a, b *OutcomeReport) bool {
	return slices.EqualFunc(a.Failed, b.Failed, func(x, y FailureReport) bool { return x.Condition == y.Condition })
}

func (w *writer) outcome(o *OutcomeReport) {
	units := o.Unit.Name
	if o.Outcome == Ineligible.String() || o.Outcome == NotInForce.String() {
		units = strings.Join(w.alike(o), w.say("、", ", "))
	}
	title := w.in(o.Name)
	if units != "" {
		title += w.say("（"+units+"）", " ("+units+")")
	}
	w.line("\n  【%s】%s", title, w.outcomeName(o.Outcome))
	if o.Assumed {
		w.line("    %s", w.say("※ 部分情况按默认值推定，需核实。", "※ Partly rests on defaults; to be verified."))
	}
	for _, c := range o.Reasons {
		if o.Outcome == Ineligible.String() && c.State != "false" {
			continue
		}
		w.condition(o, c)
	}
	for _, c := range o.Components {
		if c.Reason != nil && c.Amount != nil {
			w.line("    %s %s = %s", w.say("计算：", "Amount:"), w.side(c.Reason, 0), w.money(*c.Amount, c.Per))
		}
	}
	w.cites(o)
}

func (w *writer) alike(o *OutcomeReport) []string {
	var names []string
	for i := range w.d.Outcomes {
		other := &w.d.Outcomes[i]
		if other.Programme == o.Programme && other.Outcome == o.Outcome && sameFailures(other, o) && other.Unit.Name != "" {
			names = append(names, other.Unit.Name)
		}
	}
	return names
}

var marks = map[string]string{"true": "✓", "false": "✗", "unknown": "?", "error": "!", "not-in-force": "–"}

func (w *writer) condition(o *OutcomeReport, c ConditionReport) {
	detail := w.sentence(c.Tree, 0)
	text := "    " + marks[c.State] + " " + w.in(c.Say)
	if detail != "" {
		text += w.say("：", ": ") + detail
	}
	if c.OnConsent && c.State == "unknown" {
		text += w.say("（授权核对后确定）", " (settled by a consented check)")
	}
	w.line("%s", text)
	for _, f := range o.Failed {
		if f.Condition != c.Condition {
			continue
		}
		for _, d := range f.Distances {
			w.line("      → %s", w.distance(d))
		}
	}
}

func (w *writer) distance(d Distance) string {
	verb := w.say("超出 ", "over by ")
	if !d.Over {
		verb = w.say("还差 ", "short by ")
	}
	text := verb + w.measured(d.By, d.Measure)
	if d.PerHead != nil {
		text += w.say("（平均每人 ", " (") + w.measured(*d.PerHead, d.Measure) + w.say("）", " a head)")
	}
	return text
}

func (w *writer) cites(o *OutcomeReport) {
	var texts []string
	for _, c := range o.Cites {
		texts = append(texts, strings.TrimSpace(c.Document+" "+c.Article))
	}
	if len(texts) > 0 {
		w.line("    %s%s", w.say("依据：", "Source: "), strings.Join(texts, w.say("；", "; ")))
	}
	if o.Why != nil {
		w.line("    %s%s", w.say("说明：", "Note: "), w.in(*o.Why))
	}
}

// sentence tells a condition's deciding values in one line.
func (w *writer) sentence(r *Reason, depth int) string {
	switch r.Kind {
	case "and", "or":
		return w.joined(r.Parts, depth)
	case "not":
		return w.joined(r.Parts, depth)
	case "fold":
		if len(r.Parts) > 0 && r.Type == string(pack.Bool) {
			return w.joined(r.Parts, depth)
		}
	case "variable":
		if inner := w.d.Open(r); inner != nil && r.Type == string(pack.Bool) && depth < 2 {
			if text := w.sentence(inner, depth+1); text != "" {
				return text
			}
		}
	case "choice":
		if len(r.Parts) > 0 {
			return w.sentence(r.Parts[len(r.Parts)-1], depth)
		}
	case "compare":
		if len(r.Parts) == 2 {
			return w.comparison(r, depth)
		}
	}
	return w.side(r, depth)
}

func (w *writer) joined(parts []*Reason, depth int) string {
	var texts []string
	for _, p := range parts {
		if text := w.sentence(p, depth); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, w.say("；", "; "))
}

// comparison tells what was compared; of a code only its value, since the test stands in the condition's own words.
func (w *writer) comparison(r *Reason, depth int) string {
	left, right := r.Parts[0], r.Parts[1]
	if right.Kind == "constant" && (right.Type == "code" || right.Type == "codes" || right.Type == "bool") {
		return w.side(left, depth)
	}
	if left.Kind == "constant" && left.Type == "code" {
		return w.side(right, depth)
	}
	operator := map[string]string{"<=": "≤", ">=": "≥", "in": w.say("属于", "in")}[r.Operator]
	if operator == "" {
		operator = r.Operator
	}
	if r.Value == "false" {
		operator = map[string]string{"<": "≥", "<=": ">", ">": "≤", ">=": "<", "=": "≠", "in": w.say("不属于", "not in")}[r.Operator]
	}
	if r.State == "unknown" {
		operator = w.say(" 与 ", " and ")
	}
	return w.side(left, depth) + " " + strings.TrimSpace(operator) + " " + w.side(right, depth)
}

// side is a value with its name, or the calculation it came from.
func (w *writer) side(r *Reason, depth int) string {
	switch {
	case r.Kind == "constant":
		return w.value(r)
	case r.Kind == "arithmetic" && len(r.Parts) == 2 && strings.Contains("+-*/", r.Operator) && depth < 3:
		return w.calculation(r, depth)
	case r.Kind == "arithmetic" && r.Operator == "least" || r.Operator == "greatest":
		return w.bounded(r, depth)
	case r.Kind == "choice" && len(r.Parts) > 1:
		return w.side(r.Parts[len(r.Parts)-1], depth)
	case r.Label == nil:
		return w.value(r)
	}
	text := w.in(*r.Label)
	if r.Of != "" {
		text = r.Of + w.say("的", "'s ") + text
	}
	return text + " " + w.value(r) + w.origin(r)
}

func (w *writer) calculation(r *Reason, depth int) string {
	operator := map[string]string{"+": "+", "-": "−", "*": "×", "/": "÷"}[r.Operator]
	left, right := w.side(r.Parts[0], depth+1), w.side(r.Parts[1], depth+1)
	if r.Operator == "*" || r.Operator == "/" {
		left, right = bracketed(r.Parts[0], left), bracketed(r.Parts[1], right)
	}
	text := left + " " + operator + " " + right
	if depth == 0 && r.Value != "" {
		text += " = " + w.value(&Reason{State: r.State, Type: r.Type, Value: r.Value, Measure: r.Measure})
	}
	return text
}

func bracketed(r *Reason, text string) string {
	if r.Kind == "arithmetic" && (r.Operator == "+" || r.Operator == "-") {
		return "(" + text + ")"
	}
	return text
}

func (w *writer) bounded(r *Reason, depth int) string {
	name := w.say("取较小值", "the lesser of ")
	if r.Operator == "greatest" {
		name = w.say("取较大值", "the greater of ")
	}
	return name + w.say("（", "(") + w.side(r.Parts[0], depth+1) + w.say("，", ", ") + w.side(r.Parts[1], depth+1) + w.say("）", ")")
}

func (w *writer) origin(r *Reason) string {
	if r.Source == "" {
		return ""
	}
	source := map[string]string{"visit": w.say("走访", "visit"), "declared": w.say("申报", "declared")}[r.Source]
	if feed, ok := strings.CutPrefix(r.Source, "feed:"); ok {
		source = w.feedName(feed)
	}
	if source == "" {
		source = r.Source
	}
	if r.Date != "" {
		source += w.say("，", ", ") + w.date(r.Date)
	}
	return w.say("〔"+source+"〕", " ["+source+"]")
}

// value is a value as people read it.
func (w *writer) value(r *Reason) string {
	switch {
	case r.State == "unknown":
		return w.say("未知", "unknown")
	case r.State == "error":
		return w.say("无法计算", "cannot be computed")
	case r.State == "not-in-force":
		return w.say("当日无规定", "no rule on that day")
	case r.Means != nil:
		if r.Value == "" {
			return w.say("无", "none")
		}
		return w.in(*r.Means)
	}
	switch pack.Type(r.Type) {
	case pack.Bool:
		return map[string]string{"true": w.say("是", "yes"), "false": w.say("否", "no")}[r.Value]
	case pack.Date:
		return w.date(r.Value)
	case pack.Decimal:
		if a, err := money.Parse(r.Value); err == nil {
			return w.measured(a, r.Measure)
		}
	case pack.Int:
		return r.Value + w.unitOf(r.Measure)
	}
	return r.Value
}

// measured is a decimal with its unit; a rate stands as it is written.
func (w *writer) measured(a money.Decimal, measure string) string {
	switch measure {
	case "yuan", "yuan-per-month", "yuan-per-year":
		return a.Text() + w.unitOf(measure)
	case "":
		return a.String()
	}
	return a.String() + w.unitOf(measure)
}

var measureNames = map[string]Label{
	"yuan": {Zh: " 元", En: " yuan"}, "yuan-per-month": {Zh: " 元/月", En: " yuan a month"}, "yuan-per-year": {Zh: " 元/年", En: " yuan a year"},
	"persons": {Zh: " 人", En: ""}, "years": {Zh: " 岁", En: " years"}, "months": {Zh: " 个月", En: " months"}, "days": {Zh: " 天", En: " days"},
	"m2": {Zh: " 平方米", En: " m²"}, "items": {Zh: " 项", En: ""}, "vehicles": {Zh: " 辆", En: ""}, "dwellings": {Zh: " 套", En: ""}, "times": {Zh: " 次", En: " times"},
}

func (w *writer) unitOf(measure string) string {
	if l, ok := measureNames[measure]; ok {
		return w.in(l)
	}
	return ""
}

func (w *writer) index() {
	if w.d.Index == nil {
		return
	}
	i := w.d.Index
	w.line("\n%s", w.say("四、困难指数", "4. Difficulty index"))
	w.line(w.say("  现在 %s（帮扶前 %s），信息完整度 %s", "  now %s (before aid %s), coverage %s"), i.Score.String(), i.Before.String(), percent(i.Coverage))
	for _, p := range i.Parts {
		note := ""
		if !p.Known {
			note = w.say("（信息不足，按中间值）", " (not known: neutral score)")
		}
		w.line("    · %s %s × %s%s", w.in(p.Name), p.Score.String(), percent(p.Weight), note)
	}
}

func percent(share money.Decimal) string {
	p, _ := share.Mul(hundred)
	return p.String() + "%"
}

func (w *writer) warnings() {
	if len(w.d.Warnings) == 0 {
		return
	}
	w.line("\n%s", w.say("五、预警", "5. Warnings"))
	for _, x := range w.d.Warnings {
		level := map[string]string{"red": w.say("红色", "red"), "orange": w.say("橙色", "orange"), "yellow": w.say("黄色", "yellow"), "blue": w.say("蓝色", "blue")}[x.Level]
		w.line(w.say("  · 〔%s〕%s%s，%s内核实", "  · [%s] %s%s, verify within %s"), level, w.in(x.Name), w.unitSuffix(x.Unit), w.workingDays(x.Due))
		var shown []string
		for _, e := range x.Evidence {
			if e.Value != "" {
				shown = append(shown, w.side(e, 0))
			}
		}
		if len(shown) > 0 {
			w.line("      %s", strings.Join(shown, w.say("；", "; ")))
		}
	}
}

func (w *writer) workingDays(n int) string {
	return w.say(strconv.Itoa(n)+"个工作日", strconv.Itoa(n)+" working days")
}
