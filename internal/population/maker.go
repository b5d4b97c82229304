package population

import (
	"sync"

	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/rules"
)

// Maker makes populations of one policy for one date. What it takes from the policy is compiled once, so that a few persons
// are made in little time. It is safe for concurrent use.
type Maker struct {
	policy      *rules.Policy
	plan        *rules.Plan
	on          calendar.Date
	derivations []*derivation
	order       []int
	evaluators  sync.Pool // which have judged before, so that they have their room already
}

// NewMaker prepares a policy for a date. The error is a fault of the pack.
func NewMaker(policy *rules.Policy, on calendar.Date) (*Maker, error) {
	derivations, faults := compileFeeds(policy.Pack())
	if len(faults) > 0 {
		return nil, faults
	}
	m := &Maker{policy: policy, plan: policy.On(on, nil), on: on, derivations: derivations, order: policy.FeedOrder()}
	m.evaluators.New = func() any { return m.plan.NewEvaluator() }
	return m, nil
}

// Plan is the policy as it stands on the date.
func (m *Maker) Plan() *rules.Plan { return m.plan }

// On is the date.
func (m *Maker) On() calendar.Date { return m.on }

// Build makes a population of what was delivered and of what people said. Rows that match nobody are set aside in the set. The error says
// that nobody is registered, or that something is said of somebody who is not.
func (m *Maker) Build(set *feed.Set, statements []Statement) (*Population, error) {
	return m.BuildIn(set, statements, 0)
}

// BuildIn makes a population of the households alone whose village lies in an area. The set must tell also of those outside who may belong
// together with somebody there; they are composed and then left out.
func (m *Maker) BuildIn(set *feed.Set, statements []Statement, in area.Code) (*Population, error) {
	p := m.policy.Pack()
	register, fault := newRegister(set, p)
	if fault != nil {
		return nil, fault
	}
	b := m.builder(set, register)
	if fault := b.hear(statements); fault != nil {
		return nil, fault
	}
	for _, f := range p.Feeds {
		b.feeds = append(b.feeds, register.match(set, set.Table(f.ID)))
	}
	register.taint(set, b.feeds)
	for _, f := range p.Feeds {
		b.coverage = append(b.coverage, newCoverage(f, set, m.on))
	}
	b.derive(m.derivations, m.order)
	b.findHeld()
	b.findEvents()
	b.findComplete()
	households := b.compose()
	b.hearHouseholds(households)
	b.place()
	if in != 0 {
		households = slices.DeleteFunc(households, func(h household) bool { return !in.Contains(h.place) })
	}
	return b.population(households), nil
}
