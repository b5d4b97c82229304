package rules

import (
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Explain determines one household with narrowing off and tells why.
func (p *Plan) Explain(s Subject) *Determination {
	x := p.explainers.Get().(*explainer)
	defer p.explainers.Put(x)
	x.begin(s)
	d := &Determination{
		On: p.on.String(), Pack: PackReference{p.policy.world.pack.ID, p.policy.hash}, Engine: EngineVersion,
		Simulated: s.Simulated, Household: x.household(),
		Outcomes: []OutcomeReport{}, Warnings: []WarningReport{},
	}
	for _, q := range p.programmes {
		all := x.m.everything(q.rel)
		x.m.decide(q, all)
		x.m.release(q.rel, all)
		for lane := range x.m.lanes[q.rel] {
			d.Outcomes = append(d.Outcomes, x.outcome(q, lane))
		}
	}
	d.Plan = planAid(p, d.Outcomes)
	d.Index = x.index()
	for i := range p.warnings {
		d.Warnings = append(d.Warnings, x.warnings(i)...)
	}
	d.Values = x.values
	return d
}

// explainer walks the graph of one household after everything has been computed.
type explainer struct {
	plan    *Plan
	m       *machine
	subject Subject
	opened  map[laneOf]bool // variables that stand in values
	values  []*Reason
	told    map[laneOf]*Reason // reasons already made; they share their parts
	missed  map[laneOf][]Distance
	fresh   []Reason // room for reasons, made a block at a time
}

func newExplainer(p *Plan) *explainer {
	return &explainer{plan: p, m: newMachine(p, false), opened: map[laneOf]bool{}, told: map[laneOf]*Reason{}, missed: map[laneOf][]Distance{}}
}

// begin forgets the household before. Its reasons have gone with its determination and are not used again.
func (x *explainer) begin(s Subject) {
	clear(x.opened)
	clear(x.told)
	clear(x.missed)
	x.values, x.fresh = []*Reason{}, nil
	x.subject = s
	x.m.load(s.Batch)
}

// reasonsAtOnce is how many reasons are allocated together.
const reasonsAtOnce = 128

func (x *explainer) newReason() *Reason {
	if len(x.fresh) == 0 {
		x.fresh = make([]Reason, reasonsAtOnce)
	}
	r := &x.fresh[0]
	x.fresh = x.fresh[1:]
	return r
}

type laneOf struct {
	id   int32
	lane int
}

func (x *explainer) household() HouseholdSummary {
	b := x.subject.Batch
	counted := int(b.Counted[0])
	h := HouseholdSummary{Key: x.subject.Key, Members: x.subject.Persons[:counted], Registered: x.subject.Persons[counted:],
		Doubtful: b.Doubtful.Has(0), Doubts: x.subject.Doubts, Collective: b.Collective.Has(0)}
	if b.Area[0] != 0 {
		h.Area = b.Area[0].String()
		if path := x.plan.policy.world.pack.Areas.Path(b.Area[0]); path != "" {
			h.Place = &Label{Zh: path, En: path}
		}
	}
	return h
}

func (x *explainer) unit(rel relation, lane int) UnitReference {
	switch rel {
	case persons:
		return UnitReference{Kind: pack.Person, Name: x.subject.Persons[lane]}
	case supporters:
		return UnitReference{Kind: pack.Person, Name: x.subject.Supporters[lane], Supporter: true}
	}
	return UnitReference{Kind: pack.Household}
}

func (x *explainer) outcome(q *programmePlan, lane int) OutcomeReport {
	decl := q.programme.decl
	r := &x.m.results[q.index]
	report := OutcomeReport{
		Programme: decl.ID, Number: decl.Number, PathOf: decl.PathOf, Name: decl.Name, Department: decl.Department,
		Aid: decl.Aid, Entitlement: decl.Entitlement, Unit: x.unit(q.rel, lane), Outcome: r.at(lane).String(),
		Assumed:    r.taints[assumed].Has(lane),
		Components: []ComponentReport{}, Reasons: []ConditionReport{}, Missing: []MissingReport{}, Failed: []FailureReport{},
	}
	if held, known := x.m.table(q.rel).Held[q.index].At(lane); known {
		now := held != 0
		report.Held = &now
	}
	lapses := newLapses(x)
	if q.version == nil {
		lapses.programme(q, lane)
		report.NotInForce = lapses.list
		return report
	}
	version := q.version.decl
	report.InForce = version.Span.String()
	report.Status, report.Why = sourceStatus(&version.Source)
	report.Cites = version.Source.Cites
	missing := newMissing(x)
	for i, condition := range version.Conditions {
		v := x.all(q.conditions[i])
		report.Reasons = append(report.Reasons, x.condition(condition, q.conditions[i], lane))
		switch v.state(lane) {
		case stateUnknown:
			if r.at(lane) >= Possible {
				missing.of(q.conditions[i], lane)
			}
		case stateLapsed:
			if r.at(lane) == NotInForce {
				lapses.of(q.conditions[i], lane)
			}
		case stateKnown:
			if !v.isTrue.Has(lane) {
				report.Failed = append(report.Failed, FailureReport{condition.ID, condition.Say, x.distances(q.conditions[i], lane)})
			}
		}
	}
	if r.at(lane) > Ineligible {
		x.components(&report, q, r, lane, missing, lapses)
	}
	if r.at(lane) == Possible && (r.taints[doubted].Has(lane) || q.rel == households && x.m.doubtful(0)) {
		missing.composition()
	}
	report.Missing = missing.reports()
	report.NotInForce = lapses.list
	return report
}

func sourceStatus(s *pack.Source) (string, *Label) {
	if s.Status == pack.Found || s.Status == "" {
		return string(s.Status), nil
	}
	return string(s.Status), &s.Why
}

func (x *explainer) condition(c *pack.Condition, id int32, lane int) ConditionReport {
	v := x.all(id)
	status, why := sourceStatus(&c.Source)
	return ConditionReport{Condition: c.ID, Say: c.Say, State: v.truth(lane), OnConsent: c.OnConsent, About: c.About,
		Status: status, Why: why, Cites: c.Source.Cites, Tree: x.reason(id, lane)}
}

func (x *explainer) components(report *OutcomeReport, q *programmePlan, r *programmeLanes, lane int, missing *missing, lapses *lapses) {
	for i, c := range q.version.decl.Components {
		a := &r.amounts[i]
		part := ComponentReport{ID: c.ID, Name: c.Name, Per: c.Per, Cites: c.Source.Cites}
		part.Status, part.Why = sourceStatus(&c.Source)
		rule := []int32{q.whens[i], q.amounts[i]}
		switch {
		case a.none.Has(lane):
			part.State = "none"
		case a.lapsed.Has(lane):
			part.State = "not-in-force"
			lapses.any(rule, lane)
		case q.amounts[i] < 0:
			part.State = "not-money"
		case a.known.Has(lane):
			part.State = "known"
			amount := money.Decimal(a.num[lane])
			part.Amount = &amount
		default:
			part.State = "open"
		}
		if part.State == "open" && r.at(lane) >= Possible {
			missing.any(rule, lane)
		}
		if q.amounts[i] >= 0 && (part.State == "known" || part.State == "open") {
			reason := x.reason(q.amounts[i], lane)
			part.Reason = reason
		}
		report.Components = append(report.Components, part)
	}
}

// all computes a node in every lane.
func (x *explainer) all(id int32) *vector {
	rel := x.plan.nodes[id].rel
	all := x.m.everything(rel)
	defer x.m.release(rel, all)
	return x.m.need(id, all)
}

type laneState uint8

const (
	stateUnknown laneState = iota
	stateKnown
	stateError
	stateLapsed
)

func (v *vector) state(lane int) laneState {
	switch {
	case v.known.Has(lane):
		return stateKnown
	case v.odd && v.err.Has(lane):
		return stateError
	case v.odd && v.lapsed.Has(lane):
		return stateLapsed
	}
	return stateUnknown
}

func (s laneState) String() string {
	return [...]string{"unknown", "known", "error", "not-in-force"}[s]
}

// truth is a bool's state with its value.
func (v *vector) truth(lane int) string {
	if s := v.state(lane); s != stateKnown {
		return s.String()
	}
	return strconv.FormatBool(v.isTrue.Has(lane))
}

// reason explains a node's value in a lane.
func (x *explainer) reason(id int32, lane int) *Reason {
	n := &x.plan.nodes[id]
	switch n.op {
	case opLift:
		return x.reason(n.args[0], x.aboveOf(n, lane))
	case opDecimal:
		return x.reason(n.args[0], lane)
	}
	at := laneOf{id, lane}
	if r := x.told[at]; r != nil {
		return r
	}
	v := x.all(id)
	r := x.newReason()
	r.State, r.Type, r.Measure = v.state(lane).String(), string(n.typ), x.plan.measures[id]
	if v.known.Has(lane) {
		r.Value, r.Means = x.value(n, v, lane)
	}
	x.describe(r, id, n, lane)
	x.told[at] = r
	return r
}

func (x *explainer) aboveOf(n *node, lane int) int {
	if x.plan.nodes[n.args[0]].rel == scalar {
		return 0
	}
	return x.m.above(n.rel, lane)
}

func (x *explainer) describe(r *Reason, id int32, n *node, lane int) {
	switch n.op {
	case opConst:
		r.Kind = "constant"
	case opFact:
		x.describeFact(r, n, lane)
	case opHolds:
		r.Kind, r.Path, r.Of = "holds", n.term.prog.name, x.of(n.rel, lane)
		r.Label = &n.term.prog.decl.Name
	case opVariable, opNotInForce:
		x.describeVariable(r, id, n, lane)
	case opParam, opParamTable, opParamBand:
		x.describeParameter(r, n, lane)
	case opEligible, opAmount, opOutcome:
		r.Kind, r.Operator, r.Path, r.Of = "programme", programmeOperator[n.op], n.prog.programme.name, x.of(n.rel, lane)
		r.Label = &n.prog.programme.decl.Name
	case opAnd, opOr:
		r.Kind = map[op]string{opAnd: "and", opOr: "or"}[n.op]
		r.Parts = x.deciding(id, n, lane)
	case opCond:
		r.Kind = "choice"
		r.Parts = x.chosen(n, lane)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		r.Kind, r.Operator = "fold", foldOperator[n.op]
		r.Parts = x.folded(id, n, lane)
	case opNot:
		r.Kind, r.Parts = "not", x.parts(n, lane)
	case opEqual, opLess, opLessEqual, opInSet, opHasCode:
		x.describeComparison(r, n, lane)
	case opKnown:
		r.Kind, r.Parts = "known", x.parts(n, lane)
	case opDefault:
		r.Kind, r.Parts = "default", x.parts(n, lane)
	default:
		r.Kind, r.Operator = "arithmetic", arithmeticOperator[n.op]
		r.Parts = x.parts(n, lane)
	}
}

var programmeOperator = map[op]string{opEligible: "eligible", opAmount: "amount", opOutcome: "outcome"}

var foldOperator = map[op]string{opExists: "exists", opAll: "all", opCount: "count", opSum: "sum", opMax: "max", opMin: "min"}

var arithmeticOperator = map[op]string{
	opAdd: "+", opSubtract: "-", opMultiply: "*", opMultiplyInt: "*", opDivide: "/", opNegate: "negate", opYears: "years", opMonths: "months",
	opDays: "days", opRound: "round", opFloor: "floor", opCeil: "ceil", opLeast: "least", opGreatest: "greatest",
}

// of names the person of a lane; the household itself needs no name.
func (x *explainer) of(rel relation, lane int) string {
	switch rel {
	case persons, supporters:
		return x.unit(rel, lane).Name
	case personEvents:
		return x.of(persons, x.m.above(personEvents, lane))
	}
	return ""
}

func (x *explainer) describeFact(r *Reason, n *node, lane int) {
	f := n.term.fact
	r.Kind, r.Path, r.Label, r.Of = "fact", f.path, &f.name, x.of(n.rel, lane)
	if f.fact == nil {
		return
	}
	if x.subject.Origin == nil || r.Value == "" {
		return
	}
	origin := x.subject.Origin(f.fact.Unit, n.rel == supporters, lane, int(n.num))
	r.Source = origin.Source
	if origin.Dated {
		r.Date = origin.Date.String()
	}
}

func (x *explainer) describeVariable(r *Reason, id int32, n *node, lane int) {
	decl := n.term.vari.decl
	r.Kind, r.Path, r.Label = "variable", n.term.vari.name, &decl.Label
	r.Of = x.of(n.rel, lane)
	if n.version == nil {
		return
	}
	r.Cites = n.version.decl.Source.Cites
	if s := n.version.decl.Source.Status; s != pack.Found {
		r.Status, r.Why = string(s), &n.version.decl.Source.Why
	}
	x.openVariable(r, laneOf{id, lane}, n.args[0])
}

// openVariable keeps what a variable was made of, once.
func (x *explainer) openVariable(r *Reason, at laneOf, body int32) {
	if x.opened[at] {
		return
	}
	x.opened[at] = true
	if inner := x.reason(body, at.lane); inner.Kind != "constant" {
		open := *r
		open.Parts = []*Reason{inner}
		x.values = append(x.values, &open)
	}
}

func (x *explainer) describeParameter(r *Reason, n *node, lane int) {
	p := n.term.param
	r.Kind, r.Path, r.Label = "parameter", "param."+p.Name, &p.Label
	value := x.parameterValue(n, lane)
	if n.op != opParam {
		r.Parts = []*Reason{x.reason(n.args[0], lane)}
	}
	if value == nil {
		return
	}
	r.InForce = value.Span.String()
	r.Status, r.Why = sourceStatus(&value.Source)
	r.Cites = value.Source.Cites
}

// parameterValue is the entry of the pack that a look-up found.
func (x *explainer) parameterValue(n *node, lane int) *pack.ParameterValue {
	if n.rel == scalar {
		return n.cells[0].value
	}
	at := x.all(n.args[len(n.args)-1]).number(lane)
	switch n.op {
	case opParam:
		return n.cells[at].value
	case opParamTable:
		return n.rows[at][0].value
	}
	return n.scales[at].value
}

func (x *explainer) parts(n *node, lane int) []*Reason {
	parts := make([]*Reason, len(n.args), len(n.args)+1)
	for i, id := range n.args {
		parts[i] = x.reason(id, lane)
	}
	return parts
}

// deciding is the operands of && or || that decided: of a true || one cause, of a false && all failures, else all; of an
// open one those that leave it open.
func (x *explainer) deciding(id int32, n *node, lane int) []*Reason {
	v := x.all(id)
	state, truth := v.state(lane), v.known.Has(lane) && v.isTrue.Has(lane)
	var parts []*Reason
	for _, id := range n.args {
		a := x.all(id)
		same := a.state(lane) == state && (state != stateKnown || a.isTrue.Has(lane) == truth)
		if !same {
			continue
		}
		parts = append(parts, x.reason(id, lane))
		if n.op == opOr && state == stateKnown && truth {
			break
		}
	}
	return parts
}

func (x *explainer) chosen(n *node, lane int) []*Reason {
	test := x.all(n.args[0])
	parts := []*Reason{x.reason(n.args[0], lane)}
	switch {
	case test.state(lane) == stateUnknown:
		return append(parts, x.reason(n.args[1], lane), x.reason(n.args[2], lane))
	case test.state(lane) != stateKnown:
		return parts
	case test.isTrue.Has(lane):
		return append(parts, x.reason(n.args[1], lane))
	}
	return append(parts, x.reason(n.args[2], lane))
}

// folded is the rows that decided a fold: of a true exists one, of a false all the failures, of a sum those that add.
func (x *explainer) folded(id int32, n *node, lane int) []*Reason {
	v := x.all(id)
	body := x.all(n.args[0])
	from, to := x.m.segment(n.over, lane)
	var parts []*Reason
	for row := from; row < to; row++ {
		if !foldCauses(n.op, v, lane, body, row) {
			continue
		}
		part := x.reason(n.args[0], row)
		if name := x.of(n.over, row); part.Of == "" && name != "" {
			named := *part
			named.Of = name
			part = &named
		}
		parts = append(parts, part)
		if n.op == opExists && v.known.Has(lane) && v.isTrue.Has(lane) {
			break
		}
	}
	return parts
}

// foldCauses reports whether a row belongs to the reasons of a fold's value.
func foldCauses(o op, v *vector, lane int, body *vector, row int) bool {
	if !v.known.Has(lane) {
		return body.state(row) == v.state(lane)
	}
	switch o {
	case opExists, opAll:
		return body.known.Has(row) && body.isTrue.Has(row) == v.isTrue.Has(lane)
	case opCount:
		return body.isTrue.Has(row)
	case opSum:
		return body.number(row) != 0
	}
	return body.number(row) == v.number(lane)
}

func (x *explainer) describeComparison(r *Reason, n *node, lane int) {
	r.Kind = "compare"
	r.Parts = x.parts(n, lane)
	switch {
	case n.op == opEqual:
		r.Operator = "="
	case n.op == opInSet:
		r.Operator = "in"
		r.Parts = append(r.Parts, x.listOf(n))
	case n.op == opHasCode:
		r.Operator = "in"
	case n.op == opLess && n.num == writtenReversed:
		r.Operator = ">"
	case n.op == opLess:
		r.Operator = "<"
	case n.num == writtenReversed:
		r.Operator = ">="
	default:
		r.Operator = "<="
	}
	if n.num == writtenReversed {
		slices.Reverse(r.Parts)
	}
}

func (x *explainer) listOf(n *node) *Reason {
	list := x.plan.nodes[n.args[0]].list
	var ids, zh, en []string
	for _, k := range setMembers(n.set) {
		ids, zh, en = append(ids, list.Codes[k].ID), append(zh, list.Codes[k].Name.Zh), append(en, list.Codes[k].Name.En)
	}
	return &Reason{Kind: "constant", State: "known", Type: "codes", Value: strings.Join(ids, ","),
		Means: &Label{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}}
}

// value is a known lane as the canonical text, with the meaning of a code.
func (x *explainer) value(n *node, v *vector, lane int) (string, *Label) {
	if n.typ == pack.Bool {
		return strconv.FormatBool(v.isTrue.Has(lane)), nil
	}
	return Canonical(n.typ, n.list, v.number(lane))
}

// Canonical is a value as text that is the same everywhere: "1166.67", "2026-11-01", "true", a code's id, codes joined by
// commas; and what a code means.
func Canonical(typ pack.Type, list *pack.CodeList, num int64) (string, *Label) {
	switch typ {
	case pack.Bool:
		return strconv.FormatBool(num != 0), nil
	case pack.Int:
		return strconv.FormatInt(num, 10), nil
	case pack.Date:
		return calendar.Date(num).String(), nil
	case pack.Decimal:
		return money.Decimal(num).String(), nil
	case pack.CodeOf:
		return list.Codes[num].ID, &list.Codes[num].Name
	}
	var ids, zh, en []string
	for k, c := range list.Codes {
		if num>>k&1 != 0 {
			ids, zh, en = append(ids, c.ID), append(zh, c.Name.Zh), append(en, c.Name.En)
		}
	}
	return strings.Join(ids, ","), &Label{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

func (x *explainer) index() *IndexReport {
	if len(x.plan.dimensions) == 0 || x.subject.Batch.Collective.Has(0) {
		return nil
	}
	var r IndexResult
	x.m.index(&r)
	report := &IndexReport{Score: r.Score[0], Before: r.Before[0], Coverage: r.Coverage[0]}
	for i, d := range x.plan.dimensions {
		report.Parts = append(report.Parts, IndexPart{
			ID: d.decl.ID, Name: d.decl.Name, Weight: d.decl.Weight, Score: r.Parts[i][0], Known: r.Known[i].Has(0),
			Why: d.decl.Why, Tree: x.reason(d.score, 0)})
	}
	return report
}

func (x *explainer) warnings(index int) []WarningReport {
	var reports []WarningReport
	w, fired := x.plan.warnings[index], x.m.fires(index)
	each(fired, func(lane int) {
		rule := w.warning.decl
		report := WarningReport{ID: rule.ID, Mechanism: w.warning.mechanism.ID, Name: rule.Name, Unit: x.unit(w.rel, lane),
			Level: rule.Level, Route: rule.Route, Due: rule.Due, Evidence: []*Reason{}}
		for _, path := range rule.Evidence {
			report.Evidence = append(report.Evidence, x.evidence(path, w.rel, lane)...)
		}
		reports = append(reports, report)
	})
	return reports
}

// evidence is the values that a warning shows: the unit's own, the household's, or those of each member.
func (x *explainer) evidence(path string, rel relation, lane int) []*Reason {
	ofPerson := strings.HasPrefix(path, "person.")
	switch {
	case ofPerson && rel == households:
		var all []*Reason
		for row := range int(x.subject.Batch.Counted[0]) {
			all = append(all, x.valueOf(path, row))
		}
		return all
	case ofPerson:
		return []*Reason{x.valueOf(path, lane)}
	}
	return []*Reason{x.valueOf(path, 0)}
}

func (x *explainer) valueOf(path string, lane int) *Reason {
	w := x.plan.policy.world
	if id, ok := x.plan.variables[path]; ok {
		r := *x.reason(id, lane)
		decl := w.variables[path].decl
		r.Kind, r.Path, r.Label, r.Parts = "variable", path, &decl.Label, nil
		if decl.Unit == pack.Person {
			r.Of = x.of(persons, lane)
		}
		return &r
	}
	slot, _ := w.layout.Slot(path)
	u := pack.Unit(path[:strings.Index(path, ".")])
	f := w.layout.Facts(u)[slot]
	rel := relationOf(u)
	num, known := x.m.table(rel).Facts[slot].At(lane)
	r := &Reason{Kind: "fact", Path: path, Label: &f.Label, Measure: f.Measure, Type: string(f.Type), State: "unknown", Of: x.of(rel, lane)}
	if !known {
		return r
	}
	r.State = "known"
	r.Value, r.Means = Canonical(f.Type, w.pack.Codes[f.Codes], num)
	if x.subject.Origin != nil {
		origin := x.subject.Origin(u, false, lane, slot)
		r.Source = origin.Source
		if origin.Dated {
			r.Date = origin.Date.String()
		}
	}
	return r
}
