package main

import (
	"fmt"
	"io"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/chart"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/reform"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// simulationReport prints what a simulation found.
type simulationReport struct {
	w          io.Writer
	lang       fault.Lang
	policy     *rules.Policy
	on         calendar.Date
	simulated  bool
	figures    []reform.Figure
	base       *screening.Result
	simulation *screening.Simulation
}

func (r *simulationReport) say(zh, en string) string { return r.lang.Say(zh, en) }

func (r *simulationReport) line(format string, args ...any) { fmt.Fprintf(r.w, format+"\n", args...) }

func (r *simulationReport) print() {
	r.head()
	r.changed()
	r.reached()
	r.programmes()
	r.areas()
	r.deciles()
	r.losers()
}

func (r *simulationReport) head() {
	if r.simulated {
		r.line("%s", r.say("※ 模拟数据：人物、数字均为虚构。", "※ Simulated data: people and figures are invented."))
	}
	r.line(r.say("政策模拟（%s，%d 人，%d 户）", "Simulation of policy (%s, %d people, %d households)"), r.on, r.base.People, r.base.Kept.Households())
	r.line("%s", r.say("※ 只算在册数据上的预判，不作任何决定；费用按一年计（按月的乘十二，按年、一次性的各算一次），逐个项目相加，不扣除互斥。",
		"※ Pre-assessment of registered data; it decides nothing. Costs are of a year (monthly sums twelve times, yearly and one-off once), programme by programme, exclusions not set off."))
}

// figureText is a figure that was changed, on one line.
func (r *simulationReport) figureText(f reform.Figure) string {
	text := f.Parameter.Label.In(r.lang)
	if f.Area != 0 && f.Area != r.policy.Pack().Area {
		text += " " + r.place(f.Area)
	}
	for _, code := range []string{f.Residence, f.Code} {
		if code != "" {
			text += " [" + r.codeName(f.Parameter, code) + "]"
		}
	}
	before := f.Before.Text()
	if f.Added {
		before = r.say("无", "none")
	}
	return fmt.Sprintf("%s: %s → %s", text, before, f.After.Text())
}

// codeName is a code of the parameter's list or a residence as people read it.
func (r *simulationReport) codeName(p *pack.Parameter, code string) string {
	for _, list := range []*pack.CodeList{r.policy.Pack().Codes[p.Codes], r.residences()} {
		if list != nil && list.Index(code) >= 0 {
			return list.Codes[list.Index(code)].Name.In(r.lang)
		}
	}
	return code
}

func (r *simulationReport) residences() *pack.CodeList {
	for _, f := range r.policy.Pack().Facts {
		if f.Path() == r.policy.Pack().Residence {
			return r.policy.Pack().Codes[f.Codes]
		}
	}
	return nil
}

func (r *simulationReport) changed() {
	r.line("\n%s", r.say("一、改了什么", "1. What is changed"))
	for _, f := range r.figures {
		r.line("  %s", r.figureText(f))
	}
	if p := r.simulation.Plan.Policy().Pack(); p.Hash != r.policy.Pack().Hash {
		r.line(r.say("  政策包：%s → %s", "  pack: %s → %s"), r.policy.Pack().Hash[:12], p.Hash[:12])
	}
}

func (r *simulationReport) reached() {
	s := r.simulation
	r.line("\n%s", r.say("二、波及", "2. What it reaches"))
	r.line(r.say("  重算 %d 个项目（共 %d 个）、%d 个对象", "  %d programmes of %d computed anew, for %d units"), len(s.Programmes), len(r.policy.Pack().Programmes), s.Evaluated)
	if s.Index {
		r.line("%s", r.say("  困难指数的算法也随之改变；下面的十等分按现在的指数", "  the difficulty index is computed otherwise too; the tenths below are of the present one"))
	}
	if n := len(s.Warnings); n > 0 {
		r.line(r.say("  另有 %d 条预警规则的算法随之改变，不在这里计数", "  %d warning rules are computed otherwise too; they are not counted here"), n)
	}
	r.line(r.say("  合计：%s", "  in all: %s"), r.effectText(s.Total))
}

// effectText is an effect in words.
func (r *simulationReport) effectText(e screening.Effect) string {
	text := fmt.Sprintf(r.say("受益 %d 户 %d 人，受损 %d 户 %d 人，每年 %s 元", "%d households (%d people) gain, %d (%d people) lose, %s yuan a year"),
		e.Gain.Households, e.Gain.People, e.Loss.Households, e.Loss.People, signed(e.Yearly))
	if e.Unknown > 0 {
		text += fmt.Sprintf(r.say("；另有 %d 个对象的金额会变、但变多少还不知道，没有计入", "; of %d units an amount changes that is not known, and counts nothing"), e.Unknown)
	}
	return text
}

// signed is an amount with its sign.
func signed(d money.Decimal) string {
	if d > 0 {
		return "+" + d.Text()
	}
	return d.Text()
}

// names is the width of a column of names.
func (r *simulationReport) names() int {
	if r.lang == fault.En {
		return 66
	}
	return 42
}

func (r *simulationReport) columns() string {
	return r.say("  受益人数   户数  受损人数   户数  新享±  可能±          每年（元）", " gaining  homes    losing  homes  got ±  open ±   yuan a year")
}

func (r *simulationReport) row(name string, e screening.Effect) {
	unknown := ""
	if e.Unknown > 0 {
		unknown = fmt.Sprintf(r.say("  （%d 个金额未知）", "  (%d amounts unknown)"), e.Unknown)
	}
	r.line("  %s%s%8d %6d  %8d %6d  %+5d  %+5d  %18s%s", name, padding(name, r.names()), e.Gain.People, e.Gain.Households, e.Loss.People, e.Loss.Households, e.Granted, e.Open, signed(e.Yearly), unknown)
}

func (r *simulationReport) programmes() {
	r.line("\n%s", r.say("三、各项目", "3. By programme"))
	r.line("  %s%s", padding("", r.names()), r.columns())
	same := 0
	for _, p := range r.simulation.Programmes {
		if p.Total == (screening.Effect{}) {
			same++
			continue
		}
		r.row(p.Programme.Name.In(r.lang), p.Total)
	}
	if same > 0 {
		r.line(r.say("  其余 %d 个重算的项目没有变化", "  nothing changes in %d other programmes that were computed anew"), same)
	}
}

// place is an area's name, its code where the pack has none.
func (r *simulationReport) place(a area.Code) string {
	switch {
	case a == 0:
		return r.say("不明", "unknown")
	case r.policy.Pack().Areas.Name(a) != "":
		return r.policy.Pack().Areas.Name(a)
	}
	return a.String()
}

func (r *simulationReport) areas() {
	r.line("\n%s", r.say("四、各县（市、区），所有项目合计", "4. By county, all programmes together"))
	r.line("  %s%s", padding("", r.names()), r.columns())
	for _, a := range r.simulation.Counties {
		r.row(r.place(a.Area), a.Effect)
		for _, p := range r.simulation.Programmes {
			for _, in := range p.Counties {
				if len(r.simulation.Counties) > 1 && in.Area == a.Area && in.Effect != (screening.Effect{}) {
					r.row("  · "+p.Programme.Name.In(r.lang), in.Effect)
				}
			}
		}
	}
}

func (r *simulationReport) deciles() {
	r.line("\n%s", r.say("五、按困难指数分十等份（第1份最困难）", "5. By tenths of the difficulty index (the first is the hardest)"))
	r.line("  %s%s", padding("", r.names()), r.columns())
	for i, e := range r.simulation.Deciles {
		r.row(r.decile(i), e)
	}
	if r.simulation.Unranked != (screening.Effect{}) {
		r.row(r.say("不按家庭评估的", "not assessed as families"), r.simulation.Unranked)
	}
}

func (r *simulationReport) decile(i int) string {
	return fmt.Sprintf(r.say("第%d份", "tenth %d"), i+1)
}

func (r *simulationReport) losers() {
	r.line("\n%s", r.say("六、损失最大的家庭", "6. The households that lose most"))
	if len(r.simulation.Losers) == 0 {
		r.line("  %s", r.say("没有家庭一年所得减少", "no household gets less in a year"))
	}
	for i, l := range r.simulation.Losers {
		r.line(r.say("  %d. %s（%d人，%s）每年 %s 元", "  %d. %s (%d people, %s) %s yuan a year"), i+1, l.Household.Key, l.Members, r.policy.Pack().Areas.Path(l.Household.Area), signed(l.Yearly))
		for _, c := range l.Changes {
			r.loserChange(&c)
		}
	}
}

// loserChange tells what decided before and what decides after.
func (r *simulationReport) loserChange(c *screening.LoserChange) {
	who := ""
	if c.Unit.Kind == pack.Person {
		who = r.say("（"+c.Unit.Name+"）", " ("+c.Unit.Name+")")
	}
	r.line("     %s%s: %s → %s", c.Programme.Name.In(r.lang), who, outcomeName(c.From, r.lang), outcomeName(c.To, r.lang))
	before, after := c.Told(r.policy.Pack(), r.simulation.Plan.Policy().Pack(), r.lang)
	for _, line := range before {
		r.line("       %s%s", r.say("原来 ", "before  "), line)
	}
	for _, line := range after {
		r.line("       %s%s", r.say("改后 ", "after   "), line)
	}
}

func outcomeName(code string, lang fault.Lang) string {
	list := rules.Outcomes()
	if i := list.Index(code); i >= 0 {
		return list.Codes[i].Name.In(lang)
	}
	return code
}

// summary is the report for programs.
func (r *simulationReport) summary() screening.SimulationSummary {
	s := r.base.SimulationSummary(r.simulation)
	for _, f := range r.figures {
		one := screening.FigureSummary{Parameter: f.Parameter.Name, Area: f.Area.String(), Residence: f.Residence, Code: f.Code, After: f.After.String()}
		if !f.Added {
			one.Before = f.Before.String()
		}
		s.Figures = append(s.Figures, one)
	}
	return s
}

// mostTold is how many figures a picture names.
const mostTold = 4

// page is the picture of the result.
func (r *simulationReport) page() *chart.Page {
	s := r.simulation
	p := &chart.Page{
		Title:    r.say("政策模拟：谁受益，谁受损，每年花多少", "Simulation of policy: who gains, who loses, what it costs a year"),
		Subtitle: fmt.Sprintf(r.say("%s · %d 人 %d 户 · %s", "%s · %d people in %d households · %s"), r.on, r.base.People, r.base.Kept.Households(), r.effectText(s.Total)),
	}
	p.Panels = append(p.Panels, r.costPanel(), r.decilePanel(), r.countyPanel())
	for i, f := range r.figures {
		if i == mostTold {
			p.Notes = append(p.Notes, fmt.Sprintf(r.say("另改 %d 个数", "and %d more figures"), len(r.figures)-mostTold))
			break
		}
		p.Notes = append(p.Notes, r.figureText(f))
	}
	note := r.say("预判，不作任何决定；费用按一年计，逐个项目相加。", "Pre-assessment: it decides nothing. Costs are of a year, programme by programme.")
	if r.simulated {
		note = r.say("模拟数据：人物、数字均为虚构。", "Simulated data: people and figures are invented. ") + note
	}
	p.Notes = append(p.Notes, note)
	return p
}

// costPanel is what each programme costs more or less.
func (r *simulationReport) costPanel() chart.Panel {
	panel := chart.Panel{Title: r.say("各项目每年费用变化（元）", "Cost by programme, yuan a year"), Less: r.say("减少", "less"), More: r.say("增加", "more")}
	for _, e := range r.simulation.Programmes {
		if e.Total.Yearly == 0 {
			continue
		}
		row := chart.Row{Label: e.Programme.Name.In(r.lang)}
		switch {
		case e.Total.Yearly < 0:
			row.Less, row.LessText = -e.Total.Yearly, e.Total.Yearly.Text()
		default:
			row.More, row.MoreText = e.Total.Yearly, signed(e.Total.Yearly)
		}
		panel.Rows = append(panel.Rows, row)
	}
	return panel
}

// decilePanel is the households that lose and gain in each tenth of the index.
func (r *simulationReport) decilePanel() chart.Panel {
	panel := r.reachPanel(r.say("困难指数十等份（第1份最困难）：户数", "Households by tenth of the index, the first the hardest"))
	for i, e := range r.simulation.Deciles {
		panel.Rows = append(panel.Rows, reachRow(r.decile(i), e))
	}
	return panel
}

func (r *simulationReport) countyPanel() chart.Panel {
	panel := r.reachPanel(r.say("各县（市、区）：户数", "Households by county"))
	for _, a := range r.simulation.Counties {
		panel.Rows = append(panel.Rows, reachRow(r.place(a.Area), a.Effect))
	}
	return panel
}

func (r *simulationReport) reachPanel(title string) chart.Panel {
	return chart.Panel{Title: title, Less: r.say("受损", "lose"), More: r.say("受益", "gain")}
}

func reachRow(label string, e screening.Effect) chart.Row {
	row := chart.Row{Label: label, Less: money.Decimal(e.Loss.Households), More: money.Decimal(e.Gain.Households)}
	if e.Loss.Households > 0 {
		row.LessText = fmt.Sprint(e.Loss.Households)
	}
	if e.Gain.Households > 0 {
		row.MoreText = fmt.Sprint(e.Gain.Households)
	}
	return row
}
