package rules

import (
	"dajiuzhu/internal/money"
)

// Explain determines one household with narrowing off and tells why. What the determination shows only to whoever asks for
// it, such as the trees of reasons, is kept as values and made when it is asked for; see [Asked].
func (p *Plan) Explain(s Subject) *Determination {
	x := p.explainers.Get().(*explainer)
	defer p.explainers.Put(x)
	x.m.load(s.Batch)
	for _, q := range p.programmes {
		x.m.decide(q, x.m.all[q.rel])
	}
	x.account = x.m.newAccount(x.told, s)
	defer func() { x.account = nil }()
	d := &Determination{
		On: x.on, Pack: PackReference{p.policy.world.pack.ID, p.policy.hash}, Engine: EngineVersion,
		Simulated: s.Simulated, Household: x.household(s), Outcomes: x.outcomes(), account: x.account,
	}
	d.Plan = planAid(p, d.Outcomes)
	d.Index = x.index()
	d.Warnings = x.warnings()
	d.Values = Asked[[]*Reason]{account: x.account, tell: (*reasoner).everyValue}
	return d
}

// explainer makes determinations one after the other. It is not safe for concurrent use.
type explainer struct {
	plan    *Plan
	on      string
	told    *telling
	m       *machine
	account *account // of the household at hand
	scores  IndexResult
}

func newExplainer(p *Plan) *explainer {
	return &explainer{plan: p, on: p.on.String(), told: p.tellings(), m: newMachine(p, false)}
}

func (x *explainer) household(s Subject) HouseholdSummary {
	b := s.Batch
	counted := int(b.Counted[0])
	h := HouseholdSummary{Key: s.Key, Members: s.Persons[:counted], Registered: s.Persons[counted:],
		Doubtful: b.Doubtful.Has(0), Doubts: s.Doubts, Collective: b.Collective.Has(0)}
	if b.Area[0] != 0 {
		h.Area = b.Area[0].String()
		if path := x.plan.policy.world.pack.Areas.Path(b.Area[0]); path != "" {
			h.Place = &Label{Zh: path, En: path}
		}
	}
	return h
}

// outcomes are the reports of every programme for every unit.
func (x *explainer) outcomes() []OutcomeReport {
	units := 0
	for _, q := range x.plan.programmes {
		units += x.m.lanes[q.rel]
	}
	a := x.account
	a.units, a.first = make([]unitResult, 0, units), make([]int32, len(x.plan.programmes))
	reports := make([]OutcomeReport, units)
	for i, q := range x.plan.programmes {
		a.first[i] = int32(len(a.units))
		for lane := range x.m.lanes[q.rel] {
			x.outcome(&reports[len(a.units)], q, lane)
		}
	}
	return reports
}

// yes and no are whether a unit holds a programme, once for all reports.
var yes, no = true, false

func (x *explainer) outcome(report *OutcomeReport, q *programmePlan, lane int) {
	told, results, a := &x.told.programmes[q.index], &x.m.results[q.index], x.account
	outcome := results.at(lane)
	a.units = append(a.units, unitResult{outcome: outcome, doubted: results.taints[doubted].Has(lane), parts: int32(len(a.parts))})
	report.ProgrammeHead, report.Sourced, report.InForce = &told.ProgrammeHead, &told.Sourced, told.inForce
	report.Unit, report.Outcome, report.Assumed = a.unit(q.rel, lane), outcome.String(), results.taints[assumed].Has(lane)
	report.Reasons = asked(a, (*reasoner).conditionsOf, q.index, lane)
	report.Failed = asked(a, (*reasoner).failuresOf, q.index, lane)
	report.NotInForce = asked(a, (*reasoner).lapsesOf, q.index, lane)
	report.Missing = asked(a, (*reasoner).missingOf, q.index, lane)
	if holds, known := x.m.table(q.rel).holds(q.index, lane); known {
		report.Held = &no
		if holds {
			report.Held = &yes
		}
	}
	report.Components = noComponents
	if q.version != nil && outcome > Ineligible && len(told.components) > 0 {
		report.Components = x.components(q, told, lane)
	}
}

var noComponents = []ComponentReport{}

func (x *explainer) components(q *programmePlan, told *programmeTelling, lane int) []ComponentReport {
	parts := make([]ComponentReport, len(told.components))
	for i := range parts {
		c, amounts, part := &told.components[i], &x.m.results[q.index].amounts[i], &parts[i]
		part.ComponentHead, part.ComponentNote = &c.ComponentHead, &c.ComponentNote
		state := amounts.part(lane)
		if state == partKnown {
			amount := money.Decimal(amounts.num[lane])
			part.Amount = &amount
		}
		if q.amounts[i] >= 0 && (state == partKnown || state == partOpen) {
			part.Reason = asked(x.account, (*reasoner).reason, int(q.amounts[i]), lane)
		}
		part.State = state.String()
		x.account.parts = append(x.account.parts, state)
	}
	return parts
}

// part is what a component came to for a unit that is not refused.
func (a *amountLanes) part(lane int) partState {
	switch {
	case a.none.Has(lane):
		return partNone
	case a.lapsed.Has(lane):
		return partLapsed
	case !a.money:
		return partNotMoney
	case a.known.Has(lane):
		return partKnown
	}
	return partOpen
}

func truthText(truth int64) string {
	if truth != 0 {
		return "true"
	}
	return "false"
}

func (x *explainer) index() *IndexReport {
	if len(x.plan.dimensions) == 0 || x.m.batch.Collective.Has(0) {
		return nil
	}
	r := &x.scores
	x.m.index(r)
	report := &IndexReport{Score: r.Score[0], Before: r.Before[0], Coverage: r.Coverage[0], Parts: make([]IndexPart, 0, len(x.plan.dimensions))}
	for i, d := range x.plan.dimensions {
		report.Parts = append(report.Parts, IndexPart{
			ID: d.decl.ID, Name: d.decl.Name, Weight: d.decl.Weight, Score: r.Parts[i][0], Known: r.Known[i].Has(0),
			Why: d.decl.Why, Tree: asked(x.account, (*reasoner).reason, int(d.score), 0)})
	}
	return report
}

func (x *explainer) warnings() []WarningReport {
	reports := []WarningReport{}
	for i, w := range x.plan.warnings {
		each(x.m.fires(i), func(lane int) {
			rule := w.warning.decl
			x.account.fired = append(x.account.fired, firing{int32(i), int32(lane)})
			reports = append(reports, WarningReport{ID: rule.ID, Mechanism: w.warning.mechanism.ID, Name: rule.Name, Unit: x.account.unit(w.rel, lane),
				Level: rule.Level, Route: rule.Route, Due: rule.Due, Evidence: asked(x.account, (*reasoner).evidence, i, lane)})
		})
	}
	return reports
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
	return truthText(v.number(lane))
}
