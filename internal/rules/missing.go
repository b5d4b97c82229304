package rules

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// missing collects what has to be known before an open outcome can be decided: the unknown leaves that are left after
// dropping what known values already absorb.
type missing struct {
	*reasoner
	seen Bits // by place
	list []MissingReport
}

// missingOf is what has to be known to settle a unit's outcome and the amounts of what it may get.
func (t *reasoner) missingOf(programme int32, lane int) []MissingReport {
	q, u := t.plan.programmes[programme], t.unitResult(programme, lane)
	if q.version == nil || u.outcome < Possible {
		return []MissingReport{}
	}
	m := &missing{reasoner: t, seen: t.cleared()}
	m.any(q.conditions, lane)
	for i, part := range t.partsOf(programme, lane) {
		if part == partOpen {
			m.any([]int32{q.whens[i], q.amounts[i]}, lane)
		}
	}
	if u.outcome == Possible && t.rests(q, u) {
		m.composition()
	}
	return m.reports()
}

// rests reports whether an outcome rests on a composition that is doubtful.
func (a *account) rests(q *programmePlan, u *unitResult) bool {
	return u.doubted || q.rel == households && a.doubtful
}

// reports are the missing facts: what can be asked first, then what is awaited, each in the order of the rules.
func (m *missing) reports() []MissingReport {
	reports := append([]MissingReport{}, m.list...)
	slices.SortStableFunc(reports, func(a, b MissingReport) int { return a.rank() - b.rank() })
	return reports
}

func (r MissingReport) rank() int {
	switch {
	case r.OnConsent:
		return 2
	case r.Ask == nil:
		return 1
	}
	return 0
}

// any adds what some nodes' unknown lanes rest on; -1 is no node.
func (m *missing) any(ids []int32, lane int) {
	for _, id := range ids {
		if id >= 0 {
			m.of(id, lane)
		}
	}
}

// of adds what a node's unknown lane rests on.
func (m *missing) of(id int32, lane int) {
	n := &m.plan.nodes[id]
	if n.op == opLift {
		m.of(n.args[0], m.aboveOf(n, lane))
		return
	}
	at := m.place(id, lane)
	if m.states[at] != stateUnknown || m.seen.Has(at) {
		return
	}
	m.seen.Set(at)
	switch n.op {
	case opFact:
		m.fact(n, lane)
	case opHolds:
		m.holds(n, lane)
	case opCond:
		m.choice(n, lane)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		m.fold(n, lane)
	case opEligible, opAmount, opOutcome:
		m.programme(n.prog, lane)
	case opParam, opParamTable, opParamBand:
		m.parameter(n, lane)
	default:
		for _, a := range n.args {
			m.of(a, lane)
		}
	}
}

// choice: an unknown test needs itself and both arms.
func (m *missing) choice(n *node, lane int) {
	if m.state(n.args[0], lane) == stateUnknown {
		for _, a := range n.args {
			m.of(a, lane)
		}
		return
	}
	if m.is(n.args[0], lane, true) {
		m.of(n.args[1], lane)
		return
	}
	m.of(n.args[2], lane)
}

func (m *missing) fold(n *node, lane int) {
	from, to := m.segment(n.over, lane)
	for row := from; row < to; row++ {
		m.of(n.args[0], row)
	}
	if n.over == supporters {
		if !m.everySupporter {
			m.supporters()
		}
		return
	}
	rel := n.over.parent()
	kinds := m.plan.policy.world.layout.EventKinds(unitOf(rel))
	for _, k := range n.kinds {
		if m.hasAll(rel, k, lane) {
			continue
		}
		code := kinds.Codes[k]
		m.add(MissingReport{Unit: m.unit(rel, lane), Fact: eventsPath(unitOf(rel), code.ID), Name: code.Name,
			Awaits: m.plan.policy.feedsOfEvent(unitOf(rel), code.ID)})
	}
}

// programme needs what its own open conditions and amounts need.
func (m *missing) programme(q *programmePlan, lane int) {
	if q.version == nil {
		return
	}
	if m.rests(q, m.unitResult(int32(q.index), lane)) {
		m.composition()
	}
	for _, ids := range [][]int32{q.conditions, q.whens, q.amounts} {
		m.any(ids, lane)
	}
}

// parameter is unknown for want of its key, or of the household's area or residence.
func (m *missing) parameter(n *node, lane int) {
	if n.op != opParam {
		m.of(n.args[0], lane)
	}
	if !m.placeOpen(n, lane) {
		return
	}
	p := m.plan
	if m.residence == "" && p.places.fact >= 0 {
		f := p.policy.world.layout.Facts(pack.Household)[p.places.fact]
		m.addFact(f, UnitReference{Kind: pack.Household})
	}
	if p.places.isOpen(m.area) {
		m.add(MissingReport{Unit: UnitReference{Kind: pack.Household}, Fact: areaPath, Name: areaName, Ask: &areaQuestion})
	}
}

// placeOpen reports whether a parameter differs by an area or a residence that is not known.
func (a *account) placeOpen(n *node, lane int) bool {
	at := a.num(n.args[len(n.args)-1], lane)
	switch n.op {
	case opParam:
		return n.cells[at].state == cellUnknown
	case opParamTable:
		return n.rows[at][0].state == cellUnknown
	}
	return n.scales[at].state == cellUnknown
}

// What is not a fact of the pack and yet may have to be known.
const (
	areaPath        = "household.area"
	compositionPath = "household.composition"
	supportersPath  = "household.supporters"
)

var (
	areaName     = Label{Zh: "家庭所在的村居", En: "village of the household"}
	areaQuestion = Label{Zh: "家住哪个县、哪个镇街、哪个村（社区）？", En: "In which county, township and village does the household live?"}
)

func (m *missing) fact(n *node, lane int) {
	f := n.term.fact
	if f.fact == nil {
		m.add(MissingReport{Unit: m.eventUnit(n.rel, lane), Fact: f.path, Name: f.name})
		return
	}
	m.addFact(f.fact, m.unit(n.rel, lane))
}

// eventUnit is whose event a row is.
func (a *account) eventUnit(rel relation, row int) UnitReference {
	return a.unit(rel.parent(), a.above(rel, row))
}

func (m *missing) addFact(f *pack.Fact, unit UnitReference) {
	report := MissingReport{Unit: unit, Fact: f.Path(), Name: f.Label, OnConsent: f.Consent}
	for _, source := range f.Trust {
		if feed, ok := strings.CutPrefix(source, "feed:"); ok {
			report.Awaits = append(report.Awaits, feed)
			continue
		}
		report.Ask = &f.Ask
	}
	m.add(report)
}

func (m *missing) holds(n *node, lane int) {
	path, name := n.term.prog.holding()
	m.add(MissingReport{Unit: m.unit(n.rel, lane), Fact: path, Name: name, Awaits: m.plan.policy.feedsHolding(n.term.prog.name)})
}

// holding is how it is called whether somebody receives a programme now.
func (p *programme) holding() (path string, name Label) {
	return "holds." + p.name, Label{Zh: "是否正在享受" + p.decl.Name.Zh, En: "receives " + p.decl.Name.En + " now"}
}

// eventsPath is how a unit's events of a kind are called.
func eventsPath(unit pack.Unit, kind string) string { return string(unit) + ".events." + kind }

var compositionName = Label{Zh: "共同生活家庭成员", En: "who lives together as one household"}

func (m *missing) composition() {
	m.add(MissingReport{Unit: UnitReference{Kind: pack.Household}, Fact: compositionPath, Name: compositionName,
		Ask: &Label{Zh: "现在哪些人一起吃住、共同生活？户口在一起但不共同生活的有谁？", En: "Who eats and lives together now? Who is registered here but lives elsewhere?"}})
}

var supportersName = Label{Zh: "不在一起生活的赡养、抚养、扶养人", En: "supporters who live elsewhere"}

func (m *missing) supporters() {
	m.add(MissingReport{Unit: UnitReference{Kind: pack.Household}, Fact: supportersPath, Name: supportersName,
		Ask: &Label{Zh: "不在一起生活的父母、子女、配偶还有谁？各自住在哪里、做什么、收入多少？", En: "Which parents, children or spouse live elsewhere? Where, doing what, earning how much?"}})
}

func (m *missing) add(r MissingReport) {
	told := func(o MissingReport) bool {
		return o.Fact == r.Fact && o.Unit.Name == r.Unit.Name && o.Unit.Kind == r.Unit.Kind
	}
	if !slices.ContainsFunc(m.list, told) {
		m.list = append(m.list, r)
	}
}

// feedsHolding are the feeds that tell who receives a programme: those of holdings whose list of programmes has it.
func (p *Policy) feedsHolding(programme string) []string {
	var feeds []string
	for _, f := range p.world.pack.Feeds {
		if f.Role == "holdings" && slices.ContainsFunc(f.Columns, func(c *pack.Column) bool {
			list := p.world.pack.Codes[c.Codes]
			return list != nil && list.Index(programme) >= 0
		}) {
			feeds = append(feeds, f.ID)
		}
	}
	return feeds
}

func (p *Policy) feedsOfEvent(unit pack.Unit, kind string) []string {
	var feeds []string
	for _, f := range p.world.pack.Feeds {
		for _, e := range f.Events {
			if e.Unit == unit && (e.Kind == kind || slices.Contains(e.Kinds, kind)) {
				feeds = append(feeds, f.ID)
			}
		}
	}
	return slices.Compact(feeds)
}

// distances is by how much the comparisons that made a node false are missed.
func (t *reasoner) distances(id int32, lane int) []Distance {
	n := &t.plan.nodes[id]
	switch n.op {
	case opLift:
		return t.distances(n.args[0], t.aboveOf(n, lane))
	case opVariable:
		return t.distances(n.args[0], lane)
	case opAnd, opOr:
		at := t.place(id, lane)
		if all, ok := t.missed[at]; ok {
			return all
		}
		t.missed[at] = t.missedOperands(n, lane)
		return t.missed[at]
	case opLess, opLessEqual:
		return t.distance(n, lane)
	}
	return nil
}

// missedOperands are the distances of the false operands, each once: a floor and the value itself are often both compared
// with the same threshold, and the value comes later. What one operand told is not copied while nothing is added to it.
func (t *reasoner) missedOperands(n *node, lane int) []Distance {
	var all []Distance
	for _, a := range n.args {
		if !t.is(a, lane, false) {
			continue
		}
		told := t.distances(a, lane)
		if len(all) == 0 {
			all = slices.Clip(told)
			continue
		}
		for _, d := range told {
			if i := slices.IndexFunc(all, d.same); i >= 0 {
				all = slices.Clone(all)
				all[i] = d
				continue
			}
			all = append(all, d)
		}
	}
	return all
}

// same reports whether two distances tell a reader the same.
func (d Distance) same(o Distance) bool {
	return d.By == o.By && d.Right == o.Right && d.Over == o.Over
}

// distance of a false a < b is a − b: what has to fall, or the other to rise.
func (t *reasoner) distance(n *node, lane int) []Distance {
	a, b := t.reason(n.args[0], lane), t.reason(n.args[1], lane)
	if a.Value == "" || b.Value == "" || a.Type == string(pack.Date) {
		return nil
	}
	left, errLeft := money.Parse(a.Value)
	right, errRight := money.Parse(b.Value)
	by, ok := left.Sub(right)
	if errLeft != nil || errRight != nil || !ok {
		return nil
	}
	d := Distance{Left: name(a), Right: name(b), By: by, Measure: cmp.Or(a.Measure, b.Measure), Over: true}
	value, threshold := n.args[0], n.args[1]
	if n.num == writtenReversed {
		d.Left, d.Right, d.Over = d.Right, d.Left, false
		value, threshold = threshold, value
	}
	d.perHead(t.headsOf(threshold, lane).with(t.headsOf(value, lane)))
	return []Distance{d}
}

// name is how a distance names a side: the path of a value, or the paths it was computed from.
func name(r *Reason) string {
	if r.Path != "" {
		return r.Path
	}
	if r.Kind == "constant" {
		return r.Value
	}
	var parts []string
	for _, p := range r.Parts {
		parts = append(parts, name(p))
	}
	return strings.Join(parts, " "+r.Operator+" ")
}

// perHead tells how far the distance is from the standard for one person.
func (d *Distance) perHead(h heads) {
	if h.persons == 0 || !isMoney(d.Measure) {
		return
	}
	by, measure := h.persons, d.Measure
	if h.monthly {
		by, measure = by*12, monthly
	}
	each, ok := d.By.Quo(money.Decimal(by * money.Scale))
	if !ok || by == 1 {
		return
	}
	each, _ = each.Round(2)
	d.PerHead, d.PerHeadMeasure, d.Persons = &each, measure, h.persons
}
