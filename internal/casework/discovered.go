package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Discovered explains households of the record as discovery determines them.
type Discovered struct {
	*discovery.Discovery
	Pack *pack.Pack // nil: nothing is said of categories, nor what an answer would be
}

// report is what is kept of an outcome beside a decision.
type report struct {
	On        string                 `json:"on"`
	Pack      rules.PackReference    `json:"pack"`
	Engine    string                 `json:"engine"`
	Household rules.HouseholdSummary `json:"household"`
	Outcome   *rules.OutcomeReport   `json:"outcome,omitempty"`
	Category  string                 `json:"category,omitempty"` // of a recognition: of which the household is; unknown, error or not-in-force
}

// Explain determines a household and keeps what a decision rests on.
func (d Discovered) Explain(ctx context.Context, household int64, on calendar.Date) (*Explained, error) {
	e, err := d.Discovery.Explain(ctx, household, on)
	if err != nil {
		return nil, err
	}
	facts, err := factsOf(e.Family.Subject())
	if err != nil {
		return nil, err
	}
	x := &Explained{On: on, Pack: e.Pack.Hash, Engine: e.Engine, Inputs: facts}
	why := report{On: e.On, Pack: e.Pack, Engine: e.Engine, Household: e.Determination.Household}
	for n := range e.Outcomes {
		o := &e.Outcomes[n]
		if o.Unit.Supporter {
			continue
		}
		why.Outcome = o
		out := Outcome{Programme: o.Programme, Name: o.Name, Person: e.Person(o.Unit), Called: o.Unit.Name, Outcome: o.Outcome,
			Held: o.Held != nil && *o.Held, Open: o.Outcome == rules.Possible.String() || o.Outcome == rules.Likely.String(), Grants: grantsOf(*o), Report: why}
		if out.Open {
			out.Missing = missingOf(d.Pack, e, o)
		}
		x.Outcomes = append(x.Outcomes, out)
	}
	why.Outcome = nil
	x.Outcomes = append(x.Outcomes, categoriesOf(d.Pack, e.Value, why)...)
	return x, nil
}

// categoriesOf is what the categories come to in which households are recognised: by the household's own variable of the workflow's list, of which
// value tells what it is.
func categoriesOf(p *pack.Pack, value func(path string) string, why report) []Outcome {
	variable := categoryVariable(p)
	if variable == nil {
		return nil
	}
	is := value(variable.Path())
	why.Category = is
	known := p.Codes[p.Workflow.Categories].Index(is) >= 0
	var all []Outcome
	for _, q := range p.Workflow.Procedures {
		for _, category := range q.Recognises {
			o := Outcome{Programme: category, Recognises: true, Name: categoryName(p, category), Outcome: rules.Ineligible.String(), Report: why}
			switch {
			case !known:
				o.Open, o.Outcome = true, rules.Possible.String()
			case is == category:
				o.Outcome = rules.Eligible.String()
			}
			all = append(all, o)
		}
	}
	return all
}

// StatusOf is what the engine comes to for recognising a household in a category, and the category that the household is of, where value tells its
// variables. Both are "" where the workflow recognises in none, and the second where the household is of none or that is not known.
func StatusOf(p *pack.Pack, value func(path string) string, category string) (outcome, is string) {
	for _, o := range categoriesOf(p, value, report{}) {
		if o.Programme == category {
			outcome = o.Outcome
		}
		if o.Outcome == rules.Eligible.String() {
			is = o.Programme
		}
	}
	return outcome, is
}

// categoryVariable is the household's variable whose codes are the categories in which the workflow recognises, nil if there is none.
func categoryVariable(p *pack.Pack) *pack.Variable {
	if p == nil || p.Workflow == nil || p.Workflow.Categories == "" {
		return nil
	}
	for _, v := range p.Variables {
		if v.Codes == p.Workflow.Categories && v.Unit == pack.Household {
			return v
		}
	}
	return nil
}

// missingOf are the questions of an outcome that can be put to people.
func missingOf(p *pack.Pack, e *discovery.Explanation, o *rules.OutcomeReport) []Missing {
	var all []Missing
	for _, m := range o.Missing.Tell() {
		if m.Ask != nil {
			all = append(all, Missing{Of: m.Unit.Name, Ask: *m.Ask, Person: e.Person(m.Unit), Fact: factOf(p, m.Fact)})
		}
	}
	return all
}

// factOf is a fact of the pack by its path, nil of what is none.
func factOf(p *pack.Pack, path string) *pack.Fact {
	if p == nil {
		return nil
	}
	return p.Fact(path)
}

// grantsOf are the components of an outcome that give something.
func grantsOf(o rules.OutcomeReport) []Grant {
	var all []Grant
	for _, c := range o.Components {
		if c.State == "none" || c.State == "not-in-force" {
			continue
		}
		g := Grant{Component: c.ID, Amount: c.Amount}
		if c.ComponentNote != nil {
			g.Per = c.Per
		}
		all = append(all, g)
	}
	return all
}

// inputs is a household's facts as the engine read them.
type inputs struct {
	Batch      *rules.Batch `json:"batch"`
	Key        string       `json:"key"`
	Persons    []string     `json:"persons"`
	Supporters []string     `json:"supporters"`
	Doubts     []pack.Text  `json:"doubts"`
	Simulated  bool         `json:"simulated"`
}

func factsOf(s rules.Subject) ([]byte, error) {
	text, err := json.Marshal(inputs{s.Batch, s.Key, s.Persons, s.Supporters, s.Doubts, s.Simulated})
	if err != nil {
		return nil, fmt.Errorf("writing the facts of a household: %w", err)
	}
	return text, nil
}

// FactsDigest is the digest of a decision's facts.
func FactsDigest(facts []byte) [32]byte { return sha256.Sum256(facts) }

var otherPack = fault.Text{Key: "casework.other-pack",
	Zh: "决定时的政策包是{kept}，现在的是{loaded}，要用当时的政策包重算", En: "the decision was made under pack {kept}, and {loaded} is loaded: it is made again under its own"}

// Replay determines anew what a decision rests on, by its facts, the pack of that day and the engine. What it comes to is to be the decision's
// outcome; it says nothing of where the facts came from.
func Replay(policy *rules.Policy, d *Decision) (*rules.Determination, error) {
	if policy.Pack().Hash != d.Pack {
		return nil, fault.New(fault.Conflict, otherPack, fault.Args{"kept": d.Pack, "loaded": policy.Pack().Hash})
	}
	var in inputs
	if err := json.Unmarshal([]byte(d.Inputs), &in); err != nil {
		return nil, fmt.Errorf("reading the facts of a decision: %w", err)
	}
	return policy.On(d.On, nil).Explain(rules.Subject{Batch: in.Batch, Key: in.Key, Persons: in.Persons, Supporters: in.Supporters, Doubts: in.Doubts, Simulated: in.Simulated}), nil
}
