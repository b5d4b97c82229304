package evaluation

import (
	"cmp"
	"maps"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Report is what an evaluation came to. Counts are of households or persons as their names say.
type Report struct {
	On         string            `json:"on"`
	Labels     []LabelCount      `json:"labels"`
	City       AreaReport        `json:"city"`
	Counties   []AreaReport      `json:"counties"` // by code
	Mechanisms []MechanismReport `json:"mechanisms"`
	Rules      []RuleReport      `json:"rules"`  // in the pack's order
	Groups     []GroupReport     `json:"groups"` // by kind, programme and cause
	Needs      []NeedReport      `json:"needs"`
	Unneeded   []UnneededReport  `json:"unneeded,omitempty"`
}

// AreaReport is how the ranking of an area stands to the truth.
type AreaReport struct {
	Code       area.Code     `json:"code"`
	Name       string        `json:"name"`
	Share      money.Decimal `json:"hardest_share"` // of the people, by the pack
	Households int           `json:"households"`    // ranked
	People     int           `json:"people"`        // who count in them
	Reach      []Reach       `json:"reach"`
	Hardest    Filling       `json:"hardest"`
	Rank       Rank          `json:"rank"`
}

// MechanismReport is how right the warnings of a mechanism are, of the rules that can be measured, and what part of the households
// that they are meant to find they find.
type MechanismReport struct {
	ID         string    `json:"mechanism"`
	Name       pack.Text `json:"name"`
	Raised     int       `json:"raised"`
	Right      int       `json:"right"`
	Pool       Ratio     `json:"pool"`
	Unmeasured int       `json:"unmeasured"` // warnings of rules that cannot be measured
}

// RuleReport is the same of a rule; Why says why it cannot be measured.
type RuleReport struct {
	ID        string     `json:"rule"`
	Name      pack.Text  `json:"name"`
	Mechanism string     `json:"mechanism"`
	Unit      pack.Unit  `json:"unit"`
	Raised    int        `json:"raised"`
	Right     int        `json:"right"`
	Pool      Ratio      `json:"pool"` // households
	Why       *pack.Text `json:"not_measurable,omitempty"`
}

// GroupReport is what is found of the households with a kind of label.
type GroupReport struct {
	Kind      Kind   `json:"kind"`
	Programme string `json:"programme,omitempty"`
	Cause     string `json:"cause,omitempty"`
	Found     Ratio  `json:"found"`  // by a warning that is meant to find it
	Warned    int    `json:"warned"` // of anything: somebody will call
}

// UnneededReport is labels of a need that the pack's evaluation does not name.
type UnneededReport struct {
	Need   string `json:"need"`
	Labels int    `json:"labels"`
}

// group is which labels are counted together.
type group struct {
	kind             Kind
	programme, cause string
}

// group counts the labelled households of a chunk whose labels can be found by somebody who calls, once for each kind of label.
func (e *Evaluation) group(c *matched) {
	for h, labels := range c.told {
		found := map[group]bool{}
		for _, t := range labels {
			g := group{t.label.Kind, t.label.Programme, t.label.Cause}
			found[g] = found[g] || t.found
		}
		for g, by := range found {
			r := e.groups[g]
			if r == nil {
				r = &GroupReport{Kind: g.kind, Programme: g.programme, Cause: g.cause}
				e.groups[g] = r
			}
			r.Found.add(by)
			r.Warned += one(c.warned[h])
		}
	}
}

// Report tells what was added so far.
func (e *Evaluation) Report() *Report {
	p := e.plan.Policy().Pack()
	r := &Report{On: e.plan.Date().String(), City: e.area(p.Area, slices.Concat(e.standings()...))}
	for _, k := range Kinds {
		r.Labels = append(r.Labels, *e.labels[k])
	}
	for _, code := range slices.Sorted(maps.Keys(e.counties)) {
		r.Counties = append(r.Counties, e.area(code, e.counties[code]))
	}
	e.reportRules(r)
	for _, g := range e.groups {
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b GroupReport) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), cmp.Compare(a.Programme, b.Programme), cmp.Compare(a.Cause, b.Cause))
	})
	for _, n := range e.needs {
		r.Needs = append(r.Needs, n.told())
	}
	for _, need := range slices.Sorted(maps.Keys(e.unneeded)) {
		r.Unneeded = append(r.Unneeded, UnneededReport{need, e.unneeded[need]})
	}
	return r
}

// standings are the counties' households, in the order of codes.
func (e *Evaluation) standings() (all [][]standing) {
	for _, code := range slices.Sorted(maps.Keys(e.counties)) {
		all = append(all, e.counties[code])
	}
	return all
}

func (e *Evaluation) area(code area.Code, all []standing) AreaReport {
	p := e.plan.Policy().Pack()
	r := AreaReport{Code: code, Households: len(all)}
	if p.Areas != nil {
		r.Name = p.Areas.Name(code)
	}
	for _, s := range all {
		r.People += s.members
	}
	ordered := byDifficulty(all)
	r.Reach = reaches(ordered)
	if p.Index != nil {
		r.Share = p.Index.Hardest.Share
		hundredths := hundredthsOf(r.Share)
		r.Hardest, r.Rank = fill(top(ordered, hundredths, equallyHard)), rankOf(ordered, hundredths)
	}
	return r
}

func (e *Evaluation) reportRules(r *Report) {
	for i, m := range e.plan.Policy().Pack().Mechanisms {
		r.Mechanisms = append(r.Mechanisms, MechanismReport{ID: m.ID, Name: m.Name, Pool: e.mechanisms[i].pool})
	}
	for _, m := range e.rules {
		of := &r.Mechanisms[m.mechanism]
		told := RuleReport{ID: m.rule.ID, Name: m.rule.Name, Mechanism: of.ID, Unit: m.rule.Unit, Raised: m.raised, Right: m.right, Pool: m.pool}
		if len(m.finds) == 0 {
			told.Why = &m.why
			of.Unmeasured += m.raised
		} else {
			of.Raised += m.raised
			of.Right += m.right
		}
		r.Rules = append(r.Rules, told)
	}
}

// told is the need's report, conditions that decide most first.
func (n *needMeasure) told() NeedReport {
	r := n.report
	for _, a := range []*Answers{&r.All, &r.Missed} {
		a.Refusals, a.Open = mostFirst(a.Refusals), mostFirst(a.Open)
	}
	return r
}

func mostFirst(all []Refusal) []Refusal {
	ordered := slices.Clone(all)
	slices.SortFunc(ordered, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Condition, b.Condition))
	})
	return ordered
}
