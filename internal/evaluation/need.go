package evaluation

import (
	"slices"
	"strings"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// NeedReport is what becomes of those who need a programme or a status.
type NeedReport struct {
	Need   string    `json:"need"`
	Name   pack.Text `json:"name"`
	Unit   pack.Unit `json:"unit"`
	All    Answers   `json:"all"`    // who needs it
	Missed Answers   `json:"missed"` // and neither has it nor asked
}

// Answers are what the screening says to those who need something. Of a status, which is no programme, eligible is yes, possible
// is not known, and ineligible is no.
type Answers struct {
	Units       int       `json:"units"`
	Eligible    int       `json:"eligible"`
	Likely      int       `json:"likely"`
	Possible    int       `json:"possible"`
	Ineligible  int       `json:"ineligible"` // a wrong "no"
	NotAssessed int       `json:"not_assessed"`
	Undecided   int       `json:"undecided"` // an error, or no rule in force
	Refusals    []Refusal `json:"refusals,omitempty"`
	Open        []Refusal `json:"open,omitempty"`
}

// Refusal is how many were refused by a condition, or have it open.
type Refusal struct {
	Condition string    `json:"condition"`
	Say       pack.Text `json:"say"`
	Units     int       `json:"units"`
}

// needMeasure is by what a need is measured.
type needMeasure struct {
	decl      *pack.NeedMeasure
	programme int // place in the pack; -1: by a variable
	version   *pack.ProgrammeVersion
	says      map[string]pack.Text // of the parts of a variable
	report    NeedReport
}

func newNeedMeasure(plan *rules.Plan, decl *pack.NeedMeasure) *needMeasure {
	p := plan.Policy().Pack()
	n := &needMeasure{decl: decl, programme: slices.IndexFunc(p.Programmes, func(q *pack.Programme) bool { return q.ID == decl.Programme }), says: map[string]pack.Text{}}
	n.report.Need = decl.Need
	if n.programme >= 0 {
		q := p.Programmes[n.programme]
		n.version, n.report.Name, n.report.Unit = plan.Version(q), q.Name, q.Unit
		return n
	}
	unit, _, _ := strings.Cut(decl.Variable, ".")
	n.report.Name, n.report.Unit = valueName(p, decl.Variable), pack.Unit(unit)
	for _, part := range decl.Parts {
		n.says[part] = valueName(p, part)
	}
	return n
}

// valueName is the name of a fact or variable.
func valueName(p *pack.Pack, path string) pack.Text {
	if f := p.Fact(path); f != nil {
		return f.Label
	}
	for _, v := range p.Variables {
		if v.Path() == path {
			return v.Label
		}
	}
	return pack.Text{}
}

// question is whether a unit in need of something is told that it may have it.
type question struct {
	need, lane int
	kind       Kind
}

// need counts the answers to the needs of a chunk. A household counts once for a programme of households, however many of its
// members have a label.
func (e *Evaluation) need(c *matched, people screening.People) {
	opened := false
	for h, labels := range c.told {
		asked := map[question]bool{}
		for _, t := range labels {
			q, ok := e.question(t, h)
			if !ok || asked[q] {
				continue
			}
			asked[q] = true
			if e.needs[q.need].programme < 0 && !opened {
				e.open(c.found, people)
				opened = true
			}
			e.needs[q.need].answer(c.found, q, h, e.evaluator)
		}
	}
}

// question is what a label of a household asks, if it is of a need that the pack's evaluation names; others are counted.
func (e *Evaluation) question(t *told, household int) (question, bool) {
	if t.label.Kind != Need && t.label.Kind != MissedNeed {
		return question{}, false
	}
	i := slices.IndexFunc(e.needs, func(n *needMeasure) bool { return n.decl.Need == t.label.Programme })
	if i < 0 {
		e.unneeded[t.label.Programme]++
		return question{}, false
	}
	if e.needs[i].report.Unit == pack.Household {
		return question{i, household, t.label.Kind}, true
	}
	return question{i, t.lane, t.label.Kind}, true
}

// open makes the chunk ready to be asked for values.
func (e *Evaluation) open(f *screening.Found, people screening.People) {
	if e.evaluator == nil {
		e.evaluator, e.batch = e.plan.NewEvaluator(), &rules.Batch{}
	}
	e.batch = people.Batch(f.Chunk, e.batch)
	e.evaluator.EvaluateParts(e.batch, rules.Parts{}, nil)
}

func (n *needMeasure) answer(f *screening.Found, q question, household int, values *rules.Evaluator) {
	to := &n.report.All
	if q.kind == MissedNeed {
		to = &n.report.Missed
	}
	to.Units++
	if n.programme < 0 {
		n.answerByVariable(to, values, q.lane, household, f.Ranked(household))
		return
	}
	n.answerByProgramme(to, f.Verdict(n.programme, q.lane))
}

func (n *needMeasure) answerByProgramme(to *Answers, v screening.Verdict) {
	to.count(v.Outcome())
	if condition, ok := v.Witness(); ok {
		to.Refusals = counted(to.Refusals, n.version.Conditions[condition].ID, n.version.Conditions[condition].Say)
	}
	if n.version == nil {
		return
	}
	for i, condition := range n.version.Conditions {
		if v.Open()>>i&1 != 0 {
			to.Open = counted(to.Open, condition.ID, condition.Say)
		}
	}
}

func (n *needMeasure) answerByVariable(to *Answers, values *rules.Evaluator, lane, household int, assessed bool) {
	if !assessed {
		to.count(rules.NotAssessed)
		return
	}
	value := values.Value(n.decl.Variable, lane)
	to.count(outcomeOf(value))
	for _, part := range n.decl.Parts {
		said := values.Value(part, household)
		switch {
		case value == "false" && said == "false":
			to.Refusals = counted(to.Refusals, part, n.says[part])
			return
		case value == "unknown" && said == "unknown":
			to.Open = counted(to.Open, part, n.says[part])
		}
	}
}

// outcomeOf is a yes or no as the outcome of a status.
func outcomeOf(value string) rules.Outcome {
	switch value {
	case "true":
		return rules.Eligible
	case "false":
		return rules.Ineligible
	case "unknown":
		return rules.Possible
	}
	return rules.NotInForce
}

func (a *Answers) count(o rules.Outcome) {
	switch o {
	case rules.Eligible:
		a.Eligible++
	case rules.Likely:
		a.Likely++
	case rules.Possible:
		a.Possible++
	case rules.Ineligible:
		a.Ineligible++
	case rules.NotAssessed:
		a.NotAssessed++
	default:
		a.Undecided++
	}
}

// counted adds one to a condition's count.
func counted(all []Refusal, condition string, say pack.Text) []Refusal {
	for i := range all {
		if all[i].Condition == condition {
			all[i].Units++
			return all
		}
	}
	return append(all, Refusal{condition, say, 1})
}
