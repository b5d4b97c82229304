package screening

import (
	"context"
	"runtime"
	"sync"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// Household says which household a line is about.
type Household struct {
	Key  string // of the register
	Area area.Code
	Head string // name of the first member
}

// Person says who a line is about. The identity number is masked.
type Person struct {
	Name   string
	Masked string
}

// Result is what a screening came to.
type Result struct {
	On         calendar.Date
	Policy     *rules.Policy
	Households []Ranked  // hardest first
	Collective int       // households that are not assessed as families
	People     int       // persons in all, those who do not count included
	Outcomes   []Outcome // in the population's order
	Warnings   []Warning
	Programmes []Tally
	Mechanisms []MechanismTally
	Errors     int // dimensions of the index that came to an error
}

// Ranked is a household with its difficulty.
type Ranked struct {
	Household
	Members  int
	Doubtful bool
	Doubts   []pack.Text // why the composition is doubtful
	Score    money.Decimal
	Before   money.Decimal
	Coverage money.Decimal
	Parts    []money.Decimal
	Ranks    Ranks
	Hardest  bool // among the hardest share of the people of its county
}

// Ranks is a household's place within each area; equal scores rank equally.
type Ranks struct{ Village, Township, County, City int }

// Outcome is a programme's outcome for a unit.
type Outcome struct {
	Programme *pack.Programme
	Household Household
	Person    Person // zero for a household
	Outcome   rules.Outcome
	Held      bool // is recorded as receiving the programme now
	Assumed   bool
	Amounts   []ComponentAmount
	Witness   *pack.Condition // the first false condition of a refusal
}

// ComponentAmount is the amount of a component.
type ComponentAmount struct {
	Component *pack.Component
	Amount    money.Decimal
}

// Warning is a rule that fired.
type Warning struct {
	Rule      *pack.Warning
	Mechanism *pack.Mechanism
	Household Household
	Person    Person
	Due       calendar.Date
	DueKnown  bool // false: the days run into a year without holiday data
	Evidence  []Evidence
}

// Evidence is a value that a warning shows.
type Evidence struct{ Path, Value string }

// Tally counts a programme's outcomes.
type Tally struct {
	Programme *pack.Programme
	Outcomes  [rules.OutcomeCount]int
	Held      int           // units that are recorded as receiving it now
	Reached   int           // units that receive it, are eligible or are likely
	Monthly   money.Decimal // of the eligible, what is paid by the month
	Once      money.Decimal // of the eligible, what is paid by the year or once
}

// MechanismTally counts a mechanism's warnings by level.
type MechanismTally struct {
	Mechanism *pack.Mechanism
	Levels    map[string]int
	Total     int
}

// part is what one batch came to.
type part struct {
	households []Ranked
	outcomes   []Outcome
	warnings   []Warning
	collective int
	people     int
	errors     int
}

// Progress is told how many batches are done; it may be nil.
type Progress func(done, total int)

var broken = fault.Text{Key: "screening.broken",
	Zh: "运算中断", En: "the screening was interrupted"}

// Run screens a population on the date of the plan.
func Run(ctx context.Context, plan *rules.Plan, people *population.Population, progress Progress) (*Result, error) {
	chunks := people.Chunks()
	parts := make([]part, chunks)
	due := dueDates(plan)
	next := make(chan int)
	var workers sync.WaitGroup
	var mutex sync.Mutex
	done := 0
	for range min(runtime.GOMAXPROCS(0), max(1, chunks)) {
		workers.Go(func() {
			s := &screener{plan: plan, people: people, evaluator: plan.NewEvaluator(), due: due}
			b := &rules.Batch{}
			for i := range next {
				parts[i] = s.batch(i, people.Batch(i, b))
				mutex.Lock()
				done++
				if progress != nil {
					progress(done, chunks)
				}
				mutex.Unlock()
			}
		})
	}
	err := feedBatches(ctx, next, chunks)
	workers.Wait()
	if err != nil {
		return nil, err
	}
	return merge(plan, parts), nil
}

func feedBatches(ctx context.Context, next chan<- int, n int) error {
	defer close(next)
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			return fault.New(fault.Unready, broken, nil).Because(ctx.Err())
		}
	}
	return nil
}

// dueDates is the last day for each rule's number of working days.
func dueDates(plan *rules.Plan) map[int]calendar.Date {
	due := map[int]calendar.Date{}
	for _, rule := range plan.Policy().Warnings() {
		if plan.Policy().Pack().Calendar == nil {
			continue
		}
		if last, err := plan.Policy().Pack().Calendar.Add(plan.Date(), rule.Due); err == nil {
			due[rule.Due] = last
		}
	}
	return due
}

// screener evaluates batches, one at a time.
type screener struct {
	plan      *rules.Plan
	people    *population.Population
	evaluator *rules.Evaluator
	due       map[int]calendar.Date

	households []Household // of the present batch, by lane
	doubts     [][]pack.Text
	persons    []Person
}

// name learns who the lanes of a batch are.
func (s *screener) name(i int, b *rules.Batch) {
	s.households, s.doubts, s.persons = s.households[:0], s.doubts[:0], s.persons[:0]
	for lane := range b.Household.N {
		h := s.people.At(i, lane)
		s.households = append(s.households, Household{h.Key, h.Village, h.Members[0].Name})
		s.doubts = append(s.doubts, h.Doubts)
		for _, m := range h.Members {
			s.persons = append(s.persons, Person{m.Name, m.ID.Masked()})
		}
	}
}

func (s *screener) batch(i int, b *rules.Batch) part {
	s.name(i, b)
	r := s.evaluator.Evaluate(b)
	p := part{people: b.Person.N, errors: r.Index.Errors}
	of := b.HouseholdOf()
	for h := range b.Household.N {
		if b.Collective.Has(h) {
			p.collective++
			continue
		}
		p.households = append(p.households, s.ranked(h, b, &r.Index))
	}
	for k, programme := range s.plan.Policy().Pack().Programmes {
		for lane := range lanes(b, programme.Unit) {
			o := s.outcome(lane, of, programme, &r.Programmes[k])
			o.Held = holds(b, programme.Unit, k, lane)
			p.outcomes = append(p.outcomes, o)
		}
	}
	for k, rule := range s.plan.Policy().Warnings() {
		p.warnings = append(p.warnings, s.fired(of, rule, s.plan.Policy().Mechanism(rule), r.Warnings[k])...)
	}
	return p
}

func lanes(b *rules.Batch, unit pack.Unit) int {
	if unit == pack.Household {
		return b.Household.N
	}
	return b.Person.N
}

// holds reports whether a unit is recorded as receiving a programme now.
func holds(b *rules.Batch, unit pack.Unit, programme, lane int) bool {
	t := &b.Person
	if unit == pack.Household {
		t = &b.Household
	}
	held, known := t.Held[programme].At(lane)
	return known && held != 0
}

func (s *screener) ranked(h int, b *rules.Batch, r *rules.IndexResult) Ranked {
	ranked := Ranked{Household: s.households[h], Members: int(b.Counted[h]), Doubtful: b.Doubtful.Has(h), Doubts: s.doubts[h],
		Score: r.Score[h], Before: r.Before[h], Coverage: r.Coverage[h]}
	for _, part := range r.Parts {
		ranked.Parts = append(ranked.Parts, part[h])
	}
	return ranked
}

// who is the household and, for a person's lane, the person.
func (s *screener) who(lane int, of []int32, unit pack.Unit) (Household, Person) {
	if unit == pack.Household {
		return s.households[lane], Person{}
	}
	return s.households[of[lane]], s.persons[lane]
}

func (s *screener) outcome(lane int, of []int32, programme *pack.Programme, r *rules.ProgrammeResult) Outcome {
	o := Outcome{Programme: programme, Outcome: r.Outcome(lane), Assumed: r.Assumed.Has(lane)}
	o.Household, o.Person = s.who(lane, of, programme.Unit)
	version := s.plan.Version(programme)
	if version == nil {
		return o
	}
	if o.Outcome == rules.Ineligible {
		first, _ := r.Witness(lane)
		o.Witness = version.Conditions[first]
		return o
	}
	for k, c := range version.Components {
		if amount, ok := r.Amounts[k].At(lane); ok {
			o.Amounts = append(o.Amounts, ComponentAmount{c, amount})
		}
	}
	return o
}

func (s *screener) fired(of []int32, rule *pack.Warning, mechanism *pack.Mechanism, lanes rules.Bits) []Warning {
	var all []Warning
	lanes.Each(func(lane int) {
		w := Warning{Rule: rule, Mechanism: mechanism}
		w.Household, w.Person = s.who(lane, of, rule.Unit)
		w.Due, w.DueKnown = s.due[rule.Due]
		for _, path := range rule.Evidence {
			if e, ok := s.evidence(path, rule.Unit, lane, of); ok {
				w.Evidence = append(w.Evidence, e)
			}
		}
		all = append(all, w)
	})
	return all
}

// evidence is the value of the unit itself or of its household; what a household's members have is left to the explanation.
func (s *screener) evidence(path string, unit pack.Unit, lane int, of []int32) (Evidence, bool) {
	ofPerson := path[:len(pack.Person)] == string(pack.Person)
	switch {
	case ofPerson && unit == pack.Household:
		return Evidence{}, false
	case !ofPerson && unit == pack.Person:
		lane = int(of[lane])
	}
	return Evidence{path, s.evaluator.Value(path, lane)}, true
}

func merge(plan *rules.Plan, parts []part) *Result {
	r := &Result{On: plan.Date(), Policy: plan.Policy()}
	for _, p := range parts {
		r.Households = append(r.Households, p.households...)
		r.Outcomes = append(r.Outcomes, p.outcomes...)
		r.Warnings = append(r.Warnings, p.warnings...)
		r.Collective += p.collective
		r.People += p.people
		r.Errors += p.errors
	}
	r.rank()
	r.tally()
	return r
}
