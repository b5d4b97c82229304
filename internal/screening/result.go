package screening

import (
	"iter"
	"slices"
	"sync"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// Result is what a screening came to: what was kept, ranked and counted. Who somebody is and what a warning rests on is
// looked up when it is read.
type Result struct {
	On         calendar.Date
	Policy     *rules.Policy
	Kept       *Kept
	Collective int // households that are not assessed as families
	People     int // persons in all, those who do not count included
	Programmes []Tally
	Mechanisms []MechanismTally
	Warned     []int // by rule, in the order of Policy.Warnings: how often it fires
	Errors     int   // dimensions of the index that came to an error

	plan    *rules.Plan
	people  People
	field   *field
	ranking *ranking
}

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

// Outcome is a programme's outcome for a unit.
type Outcome struct {
	Programme *pack.Programme
	Household Household
	Person    Person // zero for a household
	Outcome   rules.Outcome
	Held      bool // is recorded as receiving the programme now
	Assumed   bool
	Amounts   []ComponentAmount

	Undetermined []*pack.Component // that may be due and whose amount is not known
	Witness      *pack.Condition   // the first false condition of a refusal
	Open         []*pack.Condition // of a possible or likely outcome: what is not known; none where only the composition is doubtful
	Missing      []rules.Leaf      // of a possible or likely outcome: what has to be known, in the order of the rules
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

// NewResult ranks and counts what was kept of people under a plan.
func NewResult(plan *rules.Plan, people People, kept *Kept) *Result {
	x := plan.Policy().Pack().Index
	level := area.County
	if x != nil {
		level = x.Hardest.Level
	}
	r := &Result{
		On: plan.Date(), Policy: plan.Policy(), Kept: kept, People: kept.People(), plan: plan, people: people, field: newField(kept, level),
	}
	var counting sync.WaitGroup
	counting.Go(r.tally)
	r.field.place(kept)
	r.ranking = r.field.rank(r.field.score, x)
	r.Collective = kept.Households() - len(r.field.households)
	counting.Wait()
	return r
}

// Households is how many households are ranked.
func (r *Result) Households() int { return len(r.ranking.order) }

// At is the household at a place of the ranking, 0 for the hardest.
func (r *Result) At(place int) Ranked {
	h := r.ranking.order[place]
	chunk, lane := r.Kept.find(r.field.households[h])
	who := r.people.At(chunk, lane)
	ranked := Ranked{
		Household: nameHousehold(who), Members: int(r.field.members[h]), Doubtful: r.field.doubtful.Has(int(h)), Doubts: who.Doubts,
		Score: money.Decimal(r.field.score[h]), Before: money.Decimal(r.field.before[h]), Coverage: money.Decimal(r.field.coverage[h]),
		Ranks: r.ranking.ranks(h), Hardest: r.ranking.hardest.Has(int(h)),
	}
	for _, part := range r.field.parts {
		ranked.Parts = append(ranked.Parts, money.Decimal(part[h]))
	}
	return ranked
}

// Find is where a household is by its key: its chunk and its lane there.
func (k *Kept) Find(key string) (chunkOf, lane int, ok bool) {
	var c chunk
	for i := range k.chunks {
		k.open(i, &c)
		for lane := range c.households {
			if string(c.keys[c.keyEnds[lane]:c.keyEnds[lane+1]]) == key {
				return i, lane, true
			}
		}
	}
	return 0, 0, false
}

// find is the chunk and the lane of a household.
func (k *Kept) find(household int32) (chunk, lane int) {
	i, exact := slices.BinarySearch(k.starts, household)
	if !exact {
		i--
	}
	for k.starts[i+1] == household { // a chunk of nobody
		i++
	}
	return i, int(household - k.starts[i])
}

// Ranking is every household that is ranked, hardest first.
func (r *Result) Ranking() iter.Seq[Ranked] {
	return func(yield func(Ranked) bool) {
		for place := range r.ranking.order {
			if !yield(r.At(place)) {
				return
			}
		}
	}
}

func nameHousehold(h population.Household) Household {
	return Household{h.Key, h.Village, h.Members[0].Name}
}

// names are who the units of a chunk are.
type names struct {
	households []Household
	persons    []Person
}

// read learns who the units of a chunk are.
func (n *names) read(people People, i int, c *chunk) {
	n.households, n.persons = n.households[:0], n.persons[:0]
	for lane := range c.households {
		h := people.At(i, lane)
		n.households = append(n.households, nameHousehold(h))
		for _, m := range h.Members {
			n.persons = append(n.persons, Person{m.Name, m.ID.Masked()})
		}
	}
}

// who is the household and, for a person's lane, the person.
func (n *names) who(c *chunk, unit pack.Unit, lane int) (Household, Person) {
	if unit == pack.Household {
		return n.households[lane], Person{}
	}
	return n.households[c.of[lane]], n.persons[lane]
}

// Outcomes is every programme's outcome for every unit, chunk by chunk, in the order of programmes and then of units.
func (r *Result) Outcomes() iter.Seq[Outcome] {
	return func(yield func(Outcome) bool) {
		var c chunk
		var who names
		for i := range r.Kept.chunks {
			r.Kept.open(i, &c)
			c.mustReadWaiting(&r.Kept.legend)
			who.read(r.people, i, &c)
			for p := range r.Kept.legend.Programmes {
				if !r.programmeOutcomes(&c, &who, p, yield) {
					return
				}
			}
		}
	}
}

func (r *Result) programmeOutcomes(c *chunk, who *names, p int, yield func(Outcome) bool) bool {
	programme := r.Policy.Pack().Programmes[p]
	version, leaves, waiting := r.plan.Version(programme), r.plan.Leaves(), c.waitingOf(p)
	for lane := range c.lanes(programme.Unit) {
		v := Verdict(c.verdicts[p].at(lane))
		o := Outcome{Programme: programme, Outcome: v.Outcome(), Held: v.Held(), Assumed: v.Assumed()}
		o.Household, o.Person = who.who(c, programme.Unit, lane)
		if version != nil {
			o.decide(v, version)
		}
		if isOpen(o.Outcome) {
			for _, leaf := range waiting.next() {
				o.Missing = append(o.Missing, leaves[leaf])
			}
		}
		for k := range c.amounts[p] {
			switch amount := c.amounts[p][k].at(lane); amount {
			case none:
			case open:
				o.Undetermined = append(o.Undetermined, version.Components[k])
			default:
				o.Amounts = append(o.Amounts, ComponentAmount{version.Components[k], amount})
			}
		}
		if !yield(o) {
			return false
		}
	}
	return true
}

// decide names what decided.
func (o *Outcome) decide(v Verdict, version *pack.ProgrammeVersion) {
	if condition, ok := v.Witness(); ok {
		o.Witness = version.Conditions[condition]
	}
	unknown := v.Open()
	for i, c := range version.Conditions {
		if unknown>>min(i, openMost)&1 != 0 {
			o.Open = append(o.Open, c)
		}
	}
}

// Warnings is every warning that fires, chunk by chunk, in the order of rules and then of units, with the values of the
// evidence, which are computed anew.
func (r *Result) Warnings() iter.Seq[Warning] {
	return func(yield func(Warning) bool) {
		w := &warner{result: r, batch: &rules.Batch{}, due: dueDates(r.plan), rules: r.Policy.Warnings()}
		for i := range r.Kept.chunks {
			if !w.chunk(i, yield) {
				return
			}
		}
	}
}

// warner tells the warnings of one chunk after the other.
type warner struct {
	result    *Result
	due       map[int]calendar.Date
	rules     []*pack.Warning
	evaluator *rules.Evaluator
	batch     *rules.Batch
	c         chunk
	who       names
}

func (w *warner) chunk(i int, yield func(Warning) bool) bool {
	r := w.result
	if r.Kept.open(i, &w.c); len(w.c.fired) == 0 {
		return true
	}
	if w.evaluator == nil {
		w.evaluator = r.plan.NewEvaluator()
	}
	w.who.read(r.people, i, &w.c)
	w.batch = r.people.Batch(i, w.batch)
	w.evaluator.EvaluateParts(w.batch, rules.Parts{}, nil)
	for _, f := range w.c.fired {
		for _, lane := range f.lanes {
			if !yield(w.warning(w.rules[f.rule], int(lane))) {
				return false
			}
		}
	}
	return true
}

func (w *warner) warning(rule *pack.Warning, lane int) Warning {
	told := Warning{Rule: rule, Mechanism: w.result.Policy.Mechanism(rule)}
	told.Household, told.Person = w.who.who(&w.c, rule.Unit, lane)
	told.Due, told.DueKnown = w.due[rule.Due]
	for _, path := range rule.Evidence {
		if e, ok := w.evidence(path, rule.Unit, lane); ok {
			told.Evidence = append(told.Evidence, e)
		}
	}
	return told
}

// evidence is the value of the unit itself or of its household; what a household's members have is left to the explanation.
func (w *warner) evidence(path string, unit pack.Unit, lane int) (Evidence, bool) {
	ofPerson := path[:len(pack.Person)] == string(pack.Person)
	switch {
	case ofPerson && unit == pack.Household:
		return Evidence{}, false
	case !ofPerson && unit == pack.Person:
		lane = int(w.c.of[lane])
	}
	return Evidence{path, w.evaluator.Value(path, lane)}, true
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
