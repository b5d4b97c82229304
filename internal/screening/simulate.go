package screening

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Simulation is what another plan, for the same people and day, comes to beside the present one. Costs are of a year: what is
// paid by the month twelve times, by the year and once each once, for whoever is eligible and for whoever is recorded as
// receiving the programme and is not refused. Programmes are counted one by one: what excludes each other in a household's plan is
// not set off.
type Simulation struct {
	Plan       *rules.Plan
	Programmes []ProgrammeEffect // those that the change reaches, in the pack's order
	Counties   []AreaEffect      // of all programmes together, by area
	Total      Effect
	Deciles    [deciles]Effect // of the ranking, the hardest tenth first
	Unranked   Effect          // households that are not assessed as families
	Losers     []Loser         // the households that lose most in a year, at most mostLosers
	Index      bool            // the index is computed otherwise
	Warnings   []*pack.Warning // rules that are computed otherwise
	Evaluated  int             // units and programmes that were computed anew
}

// deciles is into how many parts the ranking is cut.
const deciles = 10

// mostLosers is how many of the households that lose most are told.
const mostLosers = 10

// ProgrammeEffect is what changes of one programme.
type ProgrammeEffect struct {
	Programme *pack.Programme
	Counties  []AreaEffect
	Total     Effect
}

// AreaEffect is what changes in a county; 0 is an unknown one.
type AreaEffect struct {
	Area area.Code
	Effect
}

// Effect is what changes for whom. A unit gains that begins to get something or gets more in a year, and loses that no longer
// gets it or gets less. Over all programmes a household gains or loses what they come to together, and where the money is even,
// programmes.
type Effect struct {
	Gain, Loss Reach
	Granted    int           // units that begin to get a programme, less those that no longer do
	Open       int           // units that become likely or possible, less those that no longer are
	Unknown    int           // units of which an amount that changes is not known: it counts nothing in Yearly
	Yearly     money.Decimal // cost, more or less
}

// Reach is how many people and households something concerns: of a person's programme the persons and their households, of a
// household's the households and the persons who count in them.
type Reach struct{ People, Households int }

// Loser is a household that loses.
type Loser struct {
	Household Household
	Members   int
	Yearly    money.Decimal // below zero
	Changes   []LoserChange
}

// LoserChange is a programme that comes to something else for a household or one of its members.
type LoserChange struct {
	Programme     *pack.Programme
	Unit          rules.UnitReference
	From, To      string // outcomes
	Before, After *rules.Determination
}

// Simulate holds another plan of the same day against this result. Only what the plans compute differently is computed anew,
// and of it only units whom no condition that stays refuses anyway, where some truth that rests on the change became another or a
// changed figure enters what they get. The other plan's policy must lay facts out as this one's does. In is the area outside of
// which nothing can change; 0 is none.
func (r *Result) Simulate(ctx context.Context, other *rules.Plan, in area.Code, progress Progress) (*Simulation, error) {
	s := &simulation{result: r, other: other, in: in, difference: r.plan.Differs(other), contrast: r.plan.Contrast(other), deciles: r.decilesOf()}
	s.pairs = s.pairsOf()
	err := inParallel(ctx, r.Kept.Chunks(), progress, func() func(int) {
		w := s.newWorker()
		return w.chunk
	})
	if err != nil {
		return nil, err
	}
	return s.sum(), nil
}

// decilesOf is each household's tenth of the ranking from 1, 0 of one that is not ranked.
func (r *Result) decilesOf() []uint8 {
	of := make([]uint8, r.Kept.Households())
	for place, h := range r.ranking.order {
		of[r.field.households[h]] = uint8(place*deciles/len(r.ranking.order) + 1)
	}
	return of
}

// simulation is one at work.
type simulation struct {
	result     *Result
	other      *rules.Plan
	in         area.Code
	difference rules.Difference
	contrast   *rules.Contrast
	deciles    []uint8
	pairs      [][]pair // by programme

	mutex   sync.Mutex
	workers []*simulator
}

// simulator is a worker of a simulation.
type simulator struct {
	chooser
	batch *rules.Batch
	c     chunk

	programmes []map[area.Code]*Effect
	counties   map[area.Code]*Effect
	deciled    [deciles + 1]Effect
	losers     []lost

	net     []Effect   // of each household of the chunk, of all programmes together
	touched rules.Bits // households of which something changes
}

// lost is a household that loses.
type lost struct {
	household int32
	yearly    money.Decimal
}

func (s *simulation) newWorker() *simulator {
	n := len(s.difference.Parts.Programmes)
	w := &simulator{batch: &rules.Batch{}, counties: map[area.Code]*Effect{}, programmes: make([]map[area.Code]*Effect, n)}
	w.chooser = newChooser(s, &w.c)
	for p := range w.programmes {
		w.programmes[p] = map[area.Code]*Effect{}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.workers = append(s.workers, w)
	return w
}

// chunk computes anew what may change in a chunk and counts what does.
func (w *simulator) chunk(i int) {
	w.result.Kept.open(i, &w.c)
	if !w.mayChange() {
		return
	}
	w.batch = w.result.people.Batch(i, w.batch)
	w.evaluator.Load(w.batch)
	w.evaluator.Differ(w.within, &w.chooser)
	if !w.choose() {
		return
	}
	results := w.evaluator.EvaluateParts(w.parts, func(p int) rules.Bits { return w.lanes[p] })
	w.net = slices.Grow(w.net[:0], w.c.households)[:w.c.households]
	clear(w.net)
	w.touched = emptied(w.touched, w.c.households)
	for p, computed := range w.parts.Programmes {
		if computed {
			w.programme(p, &results.Programmes[p])
		}
	}
	w.households(w.result.Kept.starts[i])
}

// programme counts what changes of a programme.
func (w *simulator) programme(p int, r *rules.ProgrammeResult) {
	unit := w.result.Policy.Pack().Programmes[p].Unit
	lastGain, lastLoss := -1, -1 // households that were counted
	w.lanes[p].Each(func(lane int) {
		one := w.lane(p, r, lane)
		if one == (Effect{}) {
			return
		}
		h, people := w.c.household(unit, lane), 1
		if unit == pack.Household {
			people = int(w.c.counted.at(h))
		}
		switch {
		case one.gains():
			one.Gain = Reach{people, oneIf(h != lastGain)}
			lastGain = h
		case one.loses():
			one.Loss = Reach{people, oneIf(h != lastLoss)}
			lastLoss = h
		}
		effectAt(w.programmes[p], w.c.area(h).At(area.County)).add(one)
		w.net[h].add(Effect{Granted: one.Granted, Open: one.Open, Unknown: one.Unknown, Yearly: one.Yearly})
		w.touched.Set(h)
	})
}

// lane is what changes for one unit, without whom it reaches.
func (w *simulator) lane(p int, r *rules.ProgrammeResult, lane int) Effect {
	v, after := Verdict(w.c.verdicts[p].at(lane)), r.Outcome(lane)
	had, has := granted(v.Outcome(), v.Held()), granted(after, v.Held())
	e := Effect{Granted: oneIf(has) - oneIf(had), Open: oneIf(isOpen(after)) - oneIf(isOpen(v.Outcome()))}
	if had || has {
		var known bool
		e.Yearly, known = w.costs(p, r, lane, had, has)
		e.Unknown = oneIf(!known)
	}
	return e
}

// granted reports whether a unit gets a programme: it is eligible, or receives it now and is not refused.
func granted(o rules.Outcome, held bool) bool { return o == rules.Eligible || held && isOpen(o) }

// costs is the difference of what a unit gets in a year, component by component; known is false if an amount that counts is not
// known, which leaves that component out. What is computed alike stays the same for who has it before and after.
func (w *simulator) costs(p int, r *rules.ProgrammeResult, lane int, had, has bool) (difference money.Decimal, known bool) {
	known = true
	for _, c := range w.pairs[p] {
		if c.alike && had && has {
			continue
		}
		from, to := none, none
		if had && c.former >= 0 {
			from = w.c.amounts[p][c.former].at(lane)
		}
		if has && c.present >= 0 {
			to = w.amountAfter(p, c.present, r, lane)
		}
		if from == open || to == open {
			known = false
			continue
		}
		difference += yearly(to, c.presentPer) - yearly(from, c.formerPer)
	}
	return difference, known
}

func (w *simulator) amountAfter(p, component int, r *rules.ProgrammeResult, lane int) money.Decimal {
	if amount, ok := r.Amounts[component].At(lane); ok {
		return amount
	}
	if w.evaluator.AmountOpen(p, component, lane) {
		return open
	}
	return none
}

// yearly is what an amount comes to in a year; none comes to nothing.
func yearly(amount money.Decimal, per string) money.Decimal {
	switch {
	case amount == none:
		return 0
	case per == "month":
		return 12 * amount
	}
	return amount
}

// pair is a component of a programme in both plans; -1 where one of them does not have it.
type pair struct {
	former, present       int
	formerPer, presentPer string
	alike                 bool // computed alike
}

// pairsOf are the pairs of each programme.
func (s *simulation) pairsOf() [][]pair {
	all := make([][]pair, len(s.difference.Components))
	for p, alike := range s.difference.Components {
		former := s.result.Kept.legend.Programmes[p].Components
		taken := map[int]bool{}
		if version := s.other.Version(s.other.Policy().Pack().Programmes[p]); version != nil {
			for k, c := range version.Components {
				one := pair{former: slices.IndexFunc(former, func(f legendComponent) bool { return f.ID == c.ID }), present: k, presentPer: c.Per, alike: alike[k] >= 0}
				if one.former >= 0 {
					one.formerPer = former[one.former].Per
					taken[one.former] = true
				}
				all[p] = append(all[p], one)
			}
		}
		for k, c := range former {
			if !taken[k] {
				all[p] = append(all[p], pair{former: k, present: -1, formerPer: c.Per})
			}
		}
	}
	return all
}

func (e *Effect) gains() bool { return e.Yearly > 0 || e.Yearly == 0 && e.Granted > 0 }

func (e *Effect) loses() bool { return e.Yearly < 0 || e.Yearly == 0 && e.Granted < 0 }

func (r *Reach) add(people, households int) {
	r.People += people
	r.Households += households
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func effectAt(in map[area.Code]*Effect, at area.Code) *Effect {
	e := in[at]
	if e == nil {
		e = &Effect{}
		in[at] = e
	}
	return e
}

// households counts what the programmes together change for each household.
func (w *simulator) households(first int32) {
	w.touched.Each(func(h int) {
		one := w.net[h]
		reached := Reach{int(w.c.counted.at(h)), 1}
		switch {
		case one.gains():
			one.Gain = reached
		case one.loses():
			one.Loss = reached
		}
		effectAt(w.counties, w.c.area(h).At(area.County)).add(one)
		w.deciled[w.simulation.deciles[first+int32(h)]].add(one)
		if one.Yearly < 0 {
			w.losers = keepLosers(append(w.losers, lost{first + int32(h), one.Yearly}), 4*mostLosers)
		}
	})
}

// keepLosers keeps the households that lose most once there are too many.
func keepLosers(all []lost, atMost int) []lost {
	if len(all) <= atMost {
		return all
	}
	slices.SortFunc(all, lost.compare)
	return all[:mostLosers]
}

// compare puts who loses more first, and of equals who comes first.
func (a lost) compare(b lost) int {
	return cmp.Or(cmp.Compare(a.yearly, b.yearly), cmp.Compare(a.household, b.household))
}

func (e *Effect) add(o Effect) {
	e.Gain.add(o.Gain.People, o.Gain.Households)
	e.Loss.add(o.Loss.People, o.Loss.Households)
	e.Granted += o.Granted
	e.Open += o.Open
	e.Unknown += o.Unknown
	e.Yearly += o.Yearly
}

// sum puts together what the workers counted.
func (s *simulation) sum() *Simulation {
	r := &Simulation{Plan: s.other, Index: s.difference.Parts.Index}
	programmes, counties := make([]map[area.Code]*Effect, len(s.difference.Parts.Programmes)), map[area.Code]*Effect{}
	var losers []lost
	for _, w := range s.workers {
		for p, of := range w.programmes {
			if programmes[p] == nil {
				programmes[p] = map[area.Code]*Effect{}
			}
			merge(programmes[p], of)
		}
		merge(counties, w.counties)
		r.Unranked.add(w.deciled[0])
		for d := range r.Deciles {
			r.Deciles[d].add(w.deciled[d+1])
		}
		losers = append(losers, w.losers...)
		r.Evaluated += w.evaluated
	}
	for p, reached := range s.difference.Parts.Programmes {
		if reached {
			of, total := byArea(programmes[p])
			r.Programmes = append(r.Programmes, ProgrammeEffect{s.result.Policy.Pack().Programmes[p], of, total})
		}
	}
	r.Counties, r.Total = byArea(counties)
	for i, rule := range s.other.Policy().Warnings() {
		if s.difference.Parts.Warnings[i] {
			r.Warnings = append(r.Warnings, rule)
		}
	}
	slices.SortFunc(losers, lost.compare)
	for _, l := range losers[:min(mostLosers, len(losers))] {
		r.Losers = append(r.Losers, s.explain(l))
	}
	return r
}

func merge(into, from map[area.Code]*Effect) {
	for at, e := range from {
		effectAt(into, at).add(*e)
	}
}

func byArea(of map[area.Code]*Effect) (all []AreaEffect, total Effect) {
	for _, at := range slices.Sorted(maps.Keys(of)) {
		all = append(all, AreaEffect{at, *of[at]})
		total.add(*of[at])
	}
	return all, total
}

// explain tells why a household loses: both determinations of every programme that comes to something else.
func (s *simulation) explain(l lost) Loser {
	chunk, lane := s.result.Kept.find(l.household)
	who := s.result.people.At(chunk, lane)
	told := Loser{Household: nameHousehold(who), Members: len(who.Members), Yearly: l.yearly}
	subject := s.result.people.Subject(chunk, lane)
	before, after := s.result.plan.Explain(subject), s.other.Explain(subject)
	for i := range before.Outcomes {
		a := &before.Outcomes[i]
		b := sameOutcome(after, i, a)
		if b == nil || a.Outcome == b.Outcome && (!grantedIn(a) || sameComponents(a.Components, b.Components)) {
			continue
		}
		at := slices.IndexFunc(s.result.Policy.Pack().Programmes, func(p *pack.Programme) bool { return p.ID == a.Programme })
		told.Changes = append(told.Changes, LoserChange{s.result.Policy.Pack().Programmes[at], a.Unit, a.Outcome, b.Outcome, before, after})
	}
	return told
}

// sameOutcome is the other determination's outcome of the same programme and unit: in the same place, unless the other policy
// assesses others too.
func sameOutcome(d *rules.Determination, i int, of *rules.OutcomeReport) *rules.OutcomeReport {
	like := func(o rules.OutcomeReport) bool { return o.Programme == of.Programme && o.Unit == of.Unit }
	if i >= len(d.Outcomes) || !like(d.Outcomes[i]) {
		i = slices.IndexFunc(d.Outcomes, like)
	}
	if i < 0 {
		return nil
	}
	return &d.Outcomes[i]
}

// grantedIn reports whether an outcome's unit gets the programme.
func grantedIn(o *rules.OutcomeReport) bool {
	return granted(rules.Outcome(rules.Outcomes().Index(o.Outcome)), o.Held != nil && *o.Held)
}

func sameComponents(a, b []rules.ComponentReport) bool {
	text := func(all []rules.ComponentReport) string {
		s := ""
		for _, c := range all {
			s += fmt.Sprint(c.ID, c.State)
			if c.Amount != nil {
				s += c.Amount.String()
			}
		}
		return s
	}
	return text(a) == text(b)
}
