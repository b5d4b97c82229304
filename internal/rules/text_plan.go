package rules

import (
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

// planLine is what one programme gives one unit in one rhythm: its components together.
type planLine struct {
	programme string
	unit      UnitReference
	per       string
	sum       money.Decimal
	open      bool // an amount is not known yet
	parts     []PlanItem
}

func planLines(items []PlanItem) []planLine {
	var lines []planLine
	for _, i := range items {
		at := slices.IndexFunc(lines, func(l planLine) bool { return l.programme == i.Programme && l.unit == i.Unit && l.per == i.Per })
		if at < 0 {
			at = len(lines)
			lines = append(lines, planLine{programme: i.Programme, unit: i.Unit, per: i.Per})
		}
		l := &lines[at]
		l.parts = append(l.parts, i)
		switch {
		case i.Amount != nil:
			l.sum, _ = l.sum.Add(*i.Amount)
		case i.Per != "":
			l.open = true
		}
	}
	return lines
}

// plan is what the family gets, and then what to do for it.
func (w *writer) plan() {
	w.section("救助方案", "Aid plan")
	p := w.d.Plan
	if len(p.Cash) > 0 {
		least := ""
		if slices.ContainsFunc(p.Cash, func(i PlanItem) bool { return i.Amount == nil && i.Per != "" }) {
			least = w.say("至少", "at least ")
		}
		w.line(w.say("  应当享受，现金合计每年%s %s 元（按月的计12个月，一次性的计一次）：",
			"  Due by right, %s%s yuan a year in cash (monthly sums twelve times, what is paid once counted once):"), least, p.YearlyCash.Text())
		w.items(p.Cash)
	}
	if len(p.Other) > 0 {
		w.line("  %s", w.say("同时享受（服务、减免、资助等）：", "Due beside it (services, waivers, premiums and the like):"))
		w.items(p.Other)
	}
	for _, c := range p.Choices {
		w.line("  %s", w.say("由本人选择其一（不计入合计）：", "The beneficiary chooses one of (outside the total):"))
		w.items(c.Items)
	}
	if len(p.Discretionary) > 0 {
		w.line("  %s", w.say("可以申请，由主办单位审定（不计入合计）：", "May be applied for; whoever runs it decides (outside the total):"))
		w.items(p.Discretionary)
	}
	w.givenUp()
	w.undecided()
	if len(p.Cash)+len(p.Other)+len(p.Choices)+len(p.Discretionary)+len(p.Open) == 0 {
		w.line("  %s", w.say("按现有信息，没有可以享受的项目。", "On what is known, nothing is due."))
	}
	w.steps()
}

func (w *writer) items(items []PlanItem) {
	var rows [][]string
	for _, r := range w.planRows(items) {
		row := []string{r.Name, r.Who}
		if w.lang == fault.Zh && r.Per != "" {
			row = append(row, r.Per, r.Amount)
		} else {
			row = append(row, r.Amount, r.Per)
		}
		rows = append(rows, append(row, r.Note))
	}
	w.table("    ", rows)
}

func (w *writer) planRows(items []PlanItem) []PlanRow {
	var rows []PlanRow
	for _, l := range planLines(items) {
		r := PlanRow{Programme: l.programme, Name: w.programmeName(l.programme), Who: w.say("全家", "household"), Note: w.planNote(l)}
		if l.unit.Name != "" {
			r.Who = l.unit.Name
		}
		switch {
		case l.open && l.sum == 0:
			r.Amount = w.say("金额待核实", "amount open")
		case l.per != "":
			r.Amount, r.Per = l.sum.Text()+w.say(" 元", " yuan"), w.period(l.per)
		}
		rows = append(rows, r)
	}
	return rows
}

// planNote is what a line is made of, and that the unit has it already.
func (w *writer) planNote(l planLine) string {
	var notes []string
	if len(l.parts) > 1 || l.per == "" {
		for _, i := range l.parts {
			text := w.componentName(i)
			switch {
			case i.Amount != nil && len(l.parts) > 1:
				text += " " + i.Amount.Text()
			case i.Amount == nil && i.Per != "" && l.sum != 0:
				text += w.say("待核实", " open")
			}
			notes = append(notes, text)
		}
		notes = []string{strings.Join(notes, w.say("，", ", "))}
	}
	if w.held(l.programme, l.unit) {
		notes = append(notes, w.say("已在享受", "had already"))
	}
	return w.statements(notes)
}

func (w *writer) componentName(i PlanItem) string {
	if o := w.outcomeOf(i.Programme, i.Unit); o != nil {
		for _, c := range o.Components {
			if c.ID == i.Component {
				return w.in(c.Name)
			}
		}
	}
	return i.Component
}

func (w *writer) outcomeOf(programme string, u UnitReference) *OutcomeReport {
	for i := range w.d.Outcomes {
		if o := &w.d.Outcomes[i]; o.Programme == programme && o.Unit == u {
			return o
		}
	}
	return nil
}

func (w *writer) held(programme string, u UnitReference) bool {
	o := w.outcomeOf(programme, u)
	return o != nil && o.Held != nil && *o.Held
}

// givenUp tells what the plan leaves out for something better.
func (w *writer) givenUp() {
	var told []string
	for _, g := range w.d.Plan.GivenUp {
		programme, _, _ := strings.Cut(g.For, ".")
		text := w.ofUnits(g.Item.Programme, personNames(g.Item.Unit)) + w.say("与", " and ") + w.programmeName(programme)
		if programme == g.Item.Programme || slices.Contains(told, text) {
			continue
		}
		told = append(told, text)
	}
	if len(told) > 0 {
		w.line(w.say("  不能同时享受，已按金额高的安排：%s", "  Not to be had together, the greater is taken: %s"), w.statements(told))
	}
}

// undecided tells what is still open, and what settles it.
func (w *writer) undecided() {
	for _, o := range []struct {
		outcome Outcome
		text    string
	}{
		{Likely, w.say("很可能符合，签了核对授权书、查完就能定：", "Likely; the consented means check settles it: ")},
		{Possible, w.say("可能符合，先把下面的情况问清：", "Possible; what follows has to be known first: ")},
	} {
		var open []string
		for _, q := range w.pack.Programmes {
			var units []UnitReference
			found := false
			for _, item := range w.d.Plan.Open {
				if item.Programme == q.ID && item.Outcome == o.outcome.String() {
					units, found = append(units, item.Unit), true
				}
			}
			if found {
				open = append(open, w.ofUnits(q.ID, personNames(units...)))
			}
		}
		if len(open) > 0 {
			w.line("  %s%s", o.text, w.statements(open))
		}
	}
}

// step is one errand: programmes that the same office takes.
type step struct {
	office     string
	programmes []string
	units      map[string][]UnitReference
}

// steps tells where to file what, and which papers the family brings.
func (w *writer) steps() {
	var steps []*step
	p := w.d.Plan
	items := slices.Concat(p.Cash, p.Other, p.Discretionary)
	for _, c := range p.Choices {
		items = append(items, c.Items...)
	}
	for _, i := range items {
		if w.held(i.Programme, i.Unit) {
			continue
		}
		office := w.office(i.Programme)
		at := slices.IndexFunc(steps, func(s *step) bool { return s.office == office })
		if at < 0 {
			at = len(steps)
			steps = append(steps, &step{office: office, units: map[string][]UnitReference{}})
		}
		s := steps[at]
		if !slices.Contains(s.programmes, i.Programme) {
			s.programmes = append(s.programmes, i.Programme)
		}
		s.units[i.Programme] = append(s.units[i.Programme], i.Unit)
	}
	if len(steps) == 0 {
		return
	}
	w.line("  %s", w.say("怎么办：", "What to do:"))
	for i, s := range steps {
		var what []string
		for _, programme := range s.programmes {
			what = append(what, w.ofUnits(programme, personNames(s.units[programme]...)))
		}
		w.line("    %d. %s%s%s", i+1, s.office, w.list(what), w.say("。", "."))
		if papers := w.papers(s.programmes); papers != "" {
			w.line("       %s", papers)
		}
	}
}

// office is who takes a programme's filing.
func (w *writer) office(programme string) string {
	q := w.programmes[programme]
	if q == nil {
		return ""
	}
	department, isCounty := strings.CutPrefix(q.DecidedBy, "county:")
	switch {
	case q.DecidedBy == "township":
		return w.say("向镇街申请，由镇街审核确认：", "File with the township, which decides: ")
	case isCounty:
		name := w.departmentName(department)
		return w.say("由县级"+name+"办理：", "At the county's "+name+": ")
	}
	name := w.departmentName(q.Department)
	return w.say("向"+name+"申请，由对方审定：", "Apply to "+name+", which decides: ")
}

func (w *writer) departmentName(id string) string {
	on, err := calendar.Parse(w.d.On)
	for _, d := range w.pack.Departments {
		if d.ID == id && err == nil {
			return d.Name(on).In(w.lang)
		}
	}
	return id
}

// papers are what the family brings, and what the departments hold already.
func (w *writer) papers(programmes []string) string {
	var bring, have []string
	for _, id := range programmes {
		for _, d := range w.programmes[id].Documents {
			list := &bring
			if d.Held != "" {
				list = &have
			}
			if name := d.Name.In(w.lang); !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
	}
	var texts []string
	if len(bring) > 0 {
		texts = append(texts, w.say("要交：", "to bring: ")+w.list(bring))
	}
	if len(have) > 0 {
		texts = append(texts, w.say("部门已有、不用交：", "held already: ")+w.list(have))
	}
	return w.statements(texts)
}
