package rules

import (
	"iter"
	"slices"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Kept is what a household came to when it was last determined: nothing but codes, so that it can be kept for everybody and
// compared with what the household comes to after something of it has changed. It is laid out by the policy, not by the
// date: what was kept under one plan of a policy is compared under another. The zero value is a household that was never
// determined.
type Kept struct {
	// Persons is who the persons are, by lane, in whatever numbers the caller knows them by, each once. Where the caller
	// says nothing, the persons of a lane before and after are one. It is set before the household is determined.
	Persons []uint64

	Determined bool
	Lanes      int             // of persons
	Results    []KeptResult    // by programme and unit
	Amounts    []KeptAmount    // by programme, component and unit
	Warnings   Bits            // by rule and unit, those that fire
	Index      KeptIndex       // zero where it is not assessed
	Parts      []money.Decimal // the index by dimension
}

// KeptResult is what a programme came to for a unit.
type KeptResult struct {
	Outcome Outcome
	Witness uint8 // of a refusal, the condition that decided; else 255
	Assumed bool
}

// KeptAmount is what a component came to for a unit; nothing where it has no amount.
type KeptAmount struct {
	Num   money.Decimal
	Known bool
}

// KeptIndex is the difficulty index.
type KeptIndex struct {
	Assessed                bool
	Score, Before, Coverage money.Decimal
}

// Changes are what a household comes to now and did not before. A person who was not there before was not assessed, and one
// who is there no more is not assessed now. Its memory is used again when it is filled again.
type Changes struct {
	Outcomes []OutcomeChange
	Amounts  []AmountChange
	Warnings []WarningChange
	From, To KeptIndex // the index

	matched []ChangedUnit // the household and everybody
}

// None reports whether nothing changed.
func (c *Changes) None() bool {
	return len(c.Outcomes)+len(c.Amounts)+len(c.Warnings) == 0 && c.From == c.To
}

// ChangedUnit is the lanes of a unit before and now, -1 where a person is not there; those of the household are 0.
type ChangedUnit struct{ Was, Is int }

// OutcomeChange is an outcome that is another, or rests on a default and did not, or the other way round.
type OutcomeChange struct {
	Programme int // in the pack's order
	Unit      ChangedUnit
	From, To  KeptResult
}

// AmountChange is another amount of a component, or one where there was none.
type AmountChange struct {
	Programme int
	Component string
	Unit      ChangedUnit
	From, To  KeptAmount
}

// WarningChange is a warning that is raised, or closed.
type WarningChange struct {
	Rule   int // in the order of Policy.Warnings
	Unit   ChangedUnit
	Raised bool // else closed
}

// Redetermine determines a household with narrowing on and no reasons, keeps what it came to, and finds what is different
// from what was kept before. The batch is of one household. Before is not changed, and into is another.
func (e *Evaluator) Redetermine(b *Batch, before, into *Kept, changes *Changes) {
	e.Keep(b, e.Evaluate(b), 0, into)
	e.m.plan.Changed(before, into, changes)
}

// Keep lays out what a household of a batch came to when the batch was evaluated.
func (e *Evaluator) Keep(b *Batch, r *Results, household int, into *Kept) {
	into.keep(e.m.plan.keeping(), r, b, household)
}

// Changed finds what a household comes to now and did not before.
func (p *Plan) Changed(before, now *Kept, changes *Changes) { changes.find(p.keeping(), before, now) }

// Fired tells the warnings that fire for a household of which something was kept: each rule, by its place among the policy's, and the lane
// of its unit.
func (p *Plan) Fired(k *Kept) iter.Seq2[int, int] {
	return func(yield func(rule, lane int) bool) {
		at := 0
		for rule, ofPerson := range p.keeping().warnings {
			n := k.units(ofPerson)
			for lane := range n {
				if k.Warnings.Has(at+lane) && !yield(rule, lane) {
					return
				}
			}
			at += n
		}
	}
}

// Outcome is what a programme of households came to for a household of which something was kept.
func (p *Plan) Outcome(k *Kept, programme string) Outcome {
	at := 0
	for i, l := range p.keeping().programmes {
		if p.programmes[i].programme.decl.ID == programme && !l.ofPerson && k.Determined {
			return k.Results[at].Outcome
		}
		at += k.units(l.ofPerson)
	}
	return NotAssessed
}

// noWitness stands where no condition refuses.
const noWitness = 255

// keeping is how results are laid out in what is kept.
type keeping struct {
	programmes []keptProgramme
	warnings   []bool // by rule: it is of persons
}

// keptProgramme is a programme's components over all its versions; a component is the same where its id is.
type keptProgramme struct {
	ofPerson   bool
	components []string
	slots      []int // of the components of the version in force
}

func newKeeping(p *Plan) *keeping {
	l := &keeping{}
	for _, q := range p.programmes {
		k := keptProgramme{ofPerson: q.rel == persons}
		for _, version := range q.programme.decl.Versions {
			for _, c := range version.Components {
				if !slices.Contains(k.components, c.ID) {
					k.components = append(k.components, c.ID)
				}
			}
		}
		if q.version != nil {
			for _, c := range q.version.decl.Components {
				k.slots = append(k.slots, slices.Index(k.components, c.ID))
			}
		}
		l.programmes = append(l.programmes, k)
	}
	for _, w := range p.warnings {
		l.warnings = append(l.warnings, w.warning.decl.Unit == pack.Person)
	}
	return l
}

// keep lays out what a household of a batch came to.
func (k *Kept) keep(l *keeping, r *Results, b *Batch, household int) {
	first := int(b.MemberStart[household])
	k.Determined, k.Lanes = true, int(b.MemberStart[household+1])-first
	k.Results, k.Amounts = k.Results[:0], k.Amounts[:0]
	from := func(ofPerson bool) int {
		if ofPerson {
			return first
		}
		return household
	}
	for i := range l.programmes {
		k.keepProgramme(&l.programmes[i], &r.Programmes[i], from(l.programmes[i].ofPerson))
	}
	k.keepWarnings(l, r.Warnings, from)
	k.Index, k.Parts = KeptIndex{}, k.Parts[:0]
	if x := &r.Index; len(x.Parts) > 0 && !b.Collective.Has(household) {
		k.Index = KeptIndex{true, x.Score[household], x.Before[household], x.Coverage[household]}
		for _, part := range x.Parts {
			k.Parts = append(k.Parts, part[household])
		}
	}
}

// keepProgramme lays out a programme of the units that stand in a batch from a lane on.
func (k *Kept) keepProgramme(p *keptProgramme, r *ProgrammeResult, from int) {
	n := k.units(p.ofPerson)
	for lane := from; lane < from+n; lane++ {
		kept := KeptResult{r.Outcome(lane), noWitness, r.Assumed.Has(lane)}
		if kept.Outcome == Ineligible {
			if i, ok := r.Witness(lane); ok {
				kept.Witness = uint8(i)
			}
		}
		k.Results = append(k.Results, kept)
	}
	first, to := len(k.Amounts), len(k.Amounts)+n*len(p.components)
	k.Amounts = slices.Grow(k.Amounts, to-first)[:to]
	clear(k.Amounts[first:])
	for i, slot := range p.slots {
		for unit := range n {
			if amount, ok := r.Amounts[i].At(from + unit); ok {
				k.Amounts[first+slot*n+unit] = KeptAmount{amount, true}
			}
		}
	}
}

func (k *Kept) keepWarnings(l *keeping, fired []Bits, from func(ofPerson bool) int) {
	total := 0
	for _, ofPerson := range l.warnings {
		total += k.units(ofPerson)
	}
	k.Warnings = resized(k.Warnings, (total+63)/64)
	at := 0
	for i, ofPerson := range l.warnings {
		first := from(ofPerson)
		for unit := range k.units(ofPerson) {
			if fired[i].Has(first + unit) {
				k.Warnings.Set(at + unit)
			}
		}
		at += k.units(ofPerson)
	}
}

// find fills in what is different.
func (c *Changes) find(l *keeping, before, now *Kept) {
	c.Outcomes, c.Amounts, c.Warnings = c.Outcomes[:0], c.Amounts[:0], c.Warnings[:0]
	c.From, c.To = before.Index, now.Index
	if before.Lanes == now.Lanes && slices.Equal(before.Persons, now.Persons) && slices.Equal(before.Results, now.Results) &&
		slices.Equal(before.Amounts, now.Amounts) && slices.Equal(before.Warnings, now.Warnings) {
		return
	}
	d := difference{Changes: c, before: before, now: now}
	d.match()
	for i := range l.programmes {
		d.programme(i, &l.programmes[i])
	}
	d.wasAt, d.isAt = 0, 0
	for rule, ofPerson := range l.warnings {
		for _, u := range d.units(ofPerson) {
			was, is := u.Was >= 0 && before.Warnings.Has(d.wasAt+u.Was), u.Is >= 0 && now.Warnings.Has(d.isAt+u.Is)
			if was != is {
				c.Warnings = append(c.Warnings, WarningChange{rule, u, is})
			}
		}
		d.wasAt, d.isAt = d.wasAt+before.units(ofPerson), d.isAt+now.units(ofPerson)
	}
}

// difference goes through two households at once.
type difference struct {
	*Changes
	before, now         *Kept
	wasAt, isAt         int // where the units at hand begin
	wasAmount, isAmount int // where their amounts begin
}

// match finds who was where: first the household, then each person of now, then those who are there no more.
func (d *difference) match() {
	household := ChangedUnit{}
	if !d.before.Determined {
		household.Was = -1
	}
	d.matched = append(d.matched[:0], household)
	for lane := range d.now.Lanes {
		d.matched = append(d.matched, ChangedUnit{d.before.laneOf(d.now, lane), lane})
	}
	for lane := range d.before.Lanes {
		if d.now.laneOf(d.before, lane) < 0 {
			d.matched = append(d.matched, ChangedUnit{lane, -1})
		}
	}
}

// laneOf is the lane in which the person of another's lane is here, -1 where it is not.
func (k *Kept) laneOf(other *Kept, lane int) int {
	if other.Persons != nil {
		return slices.Index(k.Persons[:min(k.Lanes, len(k.Persons))], other.Persons[lane])
	}
	if lane < k.Lanes {
		return lane
	}
	return -1
}

// units are those of a programme or a rule.
func (d *difference) units(ofPerson bool) []ChangedUnit {
	if ofPerson {
		return d.matched[1:]
	}
	return d.matched[:1]
}

// units is how many units something is of.
func (k *Kept) units(ofPerson bool) int {
	switch {
	case !k.Determined:
		return 0
	case ofPerson:
		return k.Lanes
	}
	return 1
}

func (d *difference) programme(programme int, p *keptProgramme) {
	was, is := d.before.units(p.ofPerson), d.now.units(p.ofPerson)
	for _, u := range d.units(p.ofPerson) {
		from, to := d.before.result(d.wasAt, u.Was), d.now.result(d.isAt, u.Is)
		if from.Outcome != to.Outcome || from.Assumed != to.Assumed {
			d.Outcomes = append(d.Outcomes, OutcomeChange{programme, u, from, to})
		}
	}
	d.wasAt, d.isAt = d.wasAt+was, d.isAt+is
	for _, id := range p.components {
		for _, u := range d.units(p.ofPerson) {
			from, to := d.before.amount(d.wasAmount, u.Was), d.now.amount(d.isAmount, u.Is)
			if from != to {
				d.Amounts = append(d.Amounts, AmountChange{programme, id, u, from, to})
			}
		}
		d.wasAmount, d.isAmount = d.wasAmount+was, d.isAmount+is
	}
}

// result is that of a unit, of one who is not there that he is not assessed.
func (k *Kept) result(at, unit int) KeptResult {
	if unit < 0 {
		return KeptResult{NotAssessed, noWitness, false}
	}
	return k.Results[at+unit]
}

func (k *Kept) amount(at, unit int) KeptAmount {
	if unit < 0 {
		return KeptAmount{}
	}
	return k.Amounts[at+unit]
}
