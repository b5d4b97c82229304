package discovery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// household is one household of the record as it is composed now.
type household struct {
	id      int64
	area    area.Code
	persons []int64 // by lane
}

// determined is what a household comes to.
type determined struct {
	household int64
	area      area.Code
	kept      []byte
	score     *money.Decimal // nil where it is not assessed as a family
	members   int32          // who count as its members
	warnings  []fired
	changes   []outcomeChange
	anew      bool // it comes to something else than before
}

// fired is a warning that fires.
type fired struct {
	rule     *pack.Warning
	person   int64 // 0: the household as a whole
	evidence []evidence
}

// evidence is a value that a warning rests on, as the pack's language writes it.
type evidence struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// outcomeChange is a programme that comes to something else for a unit.
type outcomeChange struct {
	programme   *pack.Programme
	person      int64
	was, became rules.Outcome
}

// determiner determines the households of one batch after the other. It is not safe for concurrent use.
type determiner struct {
	plan      *rules.Plan
	evaluator *rules.Evaluator
	rules     []*pack.Warning
	batch     *rules.Batch
	results   *rules.Results
	changes   rules.Changes
}

func newDeterminer(plan *rules.Plan) *determiner {
	return &determiner{plan: plan, evaluator: plan.NewEvaluator(), rules: plan.Policy().Warnings()}
}

// load evaluates a batch, whose households are then determined.
func (d *determiner) load(b *rules.Batch) { d.batch, d.results = b, d.evaluator.Evaluate(b) }

// determine tells what the household in a lane of the batch comes to, and holds it against the bytes that were kept of it under the same pack,
// nil for none.
func (d *determiner) determine(h *household, lane int, before []byte) (*determined, error) {
	var was, is rules.Kept
	if before != nil {
		if err := was.UnmarshalBinary(before); err != nil {
			return nil, fmt.Errorf("reading what was kept of household %d: %w", h.id, err)
		}
	}
	if !d.plan.Fits(&was) {
		was = rules.Kept{}
	}
	for _, p := range h.persons {
		is.Persons = append(is.Persons, uint64(p))
	}
	d.evaluator.Keep(d.batch, d.results, lane, &is)
	kept, err := is.AppendBinary(nil)
	if err != nil {
		return nil, fmt.Errorf("keeping what household %d came to: %w", h.id, err)
	}
	r := &determined{household: h.id, area: h.area, kept: kept, members: d.batch.Counted[lane], anew: !bytes.Equal(kept, before)}
	if is.Index.Assessed {
		score := is.Index.Score
		r.score = &score
	}
	for rule, unit := range d.plan.Fired(&is) {
		r.warnings = append(r.warnings, d.fired(h, d.rules[rule], lane, unit))
	}
	if was.Determined && r.anew {
		d.plan.Changed(&was, &is, &d.changes)
		r.changes = d.outcomeChanges(&was, &is)
	}
	return r, nil
}

// fired is a rule that fires for a unit of the household in a lane.
func (d *determiner) fired(h *household, rule *pack.Warning, lane, unit int) fired {
	f := fired{rule: rule, evidence: []evidence{}}
	person := int(d.batch.MemberStart[lane]) + unit
	if rule.Unit == pack.Person {
		f.person = h.persons[unit]
	}
	for _, path := range rule.Evidence {
		ofPerson := strings.HasPrefix(path, string(pack.Person)+".")
		switch {
		case ofPerson && rule.Unit == pack.Household:
			continue // which of the members is told by the explanation
		case ofPerson:
			f.evidence = append(f.evidence, evidence{path, d.evaluator.Value(path, person)})
		default:
			f.evidence = append(f.evidence, evidence{path, d.evaluator.Value(path, lane)})
		}
	}
	return f
}

func (d *determiner) outcomeChanges(was, is *rules.Kept) []outcomeChange {
	var all []outcomeChange
	for _, c := range d.changes.Outcomes {
		if c.From.Outcome == c.To.Outcome {
			continue
		}
		change := outcomeChange{programme: d.plan.Policy().Pack().Programmes[c.Programme], was: c.From.Outcome, became: c.To.Outcome}
		if change.programme.Unit == pack.Person {
			change.person = personOf(c.Unit, was, is)
		}
		all = append(all, change)
	}
	return all
}

func personOf(u rules.ChangedUnit, was, is *rules.Kept) int64 {
	if u.Is >= 0 {
		return int64(is.Persons[u.Is])
	}
	return int64(was.Persons[u.Was])
}

// dueDates is the last day for each number of working days that a rule gives; a day that the pack's calendar does not reach is missing.
func dueDates(plan *rules.Plan) map[int]calendar.Date {
	due := map[int]calendar.Date{}
	c := plan.Policy().Pack().Calendar
	if c == nil {
		return due
	}
	for _, rule := range plan.Policy().Warnings() {
		if last, err := c.Add(plan.Date(), rule.Due); err == nil {
			due[rule.Due] = last
		}
	}
	return due
}

func (f *fired) json() []byte {
	b, err := json.Marshal(f.evidence)
	if err != nil {
		panic(err) // texts alone
	}
	return b
}
