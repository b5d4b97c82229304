package screening

import (
	"bytes"
	"iter"
	"slices"
	"sort"
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Change is something that a household or a person comes to otherwise than in a former screening. From and To tell it in
// words; one of them is empty where the unit is new or is no longer there.
type Change struct {
	What      ChangeOf
	Of        string // the programme or the warning; empty for the index
	Unit      pack.Unit
	Household string // key; of the present screening if the unit is there
	From, To  Told
	Gone      bool // the unit is no longer there; Chunk and Lane are then of the former screening
	Chunk     int
	Lane      int // of the unit
}

// Who is the person of a change, zero of a household and of somebody who is no longer there.
func (r *Result) Who(c Change) Person {
	if c.Unit == pack.Household || c.Gone {
		return Person{}
	}
	var open chunk
	r.Kept.open(c.Chunk, &open)
	household := open.of[c.Lane]
	m := r.people.At(c.Chunk, int(household)).Members[c.Lane-int(open.start[household])]
	return Person{m.Name, m.ID.Masked()}
}

// ChangeOf says what changed.
type ChangeOf string

// What changes.
const (
	ProgrammeChange ChangeOf = "programme"
	IndexChange     ChangeOf = "index"
	WarningChange   ChangeOf = "warning"
)

// Told is what a screening says of a unit: of a programme the outcome and what is beside it, of the index its figures, of a
// warning that it fires. The zero value says nothing: there was nothing.
type Told struct {
	State   string // the outcome; the score; "fires"
	Held    bool
	Assumed bool
	Failed  string // the first false condition of a refusal
	Open    string // the open conditions of a possible or likely outcome
	Amounts string // "component=amount/period", the amount ? where it is not known; of the index "before=…; coverage=…; dimension=…"
}

const fires = "fires"

// Diff is what is otherwise than in a former screening: nothing for the same, and otherwise everything. Households are found
// again by their keys and persons by their numbers, wherever they went. Chunks of which nothing changed are not looked at.
func (k *Kept) Diff(former *Kept) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		d := &differ{former: former, present: k, yield: yield, same: former.legend.means(&k.legend)}
		d.run()
	}
}

// means reports whether chunks of two screenings say the same in the same bytes.
func (l *legend) means(other *legend) bool {
	return slices.EqualFunc(l.Programmes, other.Programmes, func(a, b legendProgramme) bool {
		return a.ID == b.ID && a.Unit == b.Unit && slices.Equal(a.Conditions, b.Conditions) && slices.Equal(a.Components, b.Components)
	}) && slices.Equal(l.Dimensions, other.Dimensions) && slices.Equal(l.Warnings, other.Warnings)
}

// place is where a unit is.
type place struct{ chunk, lane int }

// differ compares two screenings. It matches units chunk by chunk, and those that are elsewhere at the end.
type differ struct {
	former, present *Kept
	same            bool // both legends mean the same
	yield           func(Change) bool
	stopped         bool

	was, is         chunk
	wasAt, isAt     int // the chunks that are open
	lostHouseholds  map[string]place
	lostPersons     map[uint64][]place
	foundHouseholds []place
	foundPersons    []place
}

func (d *differ) run() {
	d.wasAt, d.isAt = -1, -1
	d.lostHouseholds, d.lostPersons = map[string]place{}, map[uint64][]place{}
	for i := range max(len(d.former.chunks), len(d.present.chunks)) {
		if d.stopped {
			return
		}
		if d.same && i < len(d.former.chunks) && i < len(d.present.chunks) && bytes.Equal(d.former.chunks[i], d.present.chunks[i]) {
			continue
		}
		d.chunk(i)
	}
	d.elsewhere()
	d.gone()
}

// chunk compares the units that are in the same chunk in both, and remembers the others.
func (d *differ) chunk(i int) {
	households, persons := map[string]int{}, map[uint64][]int{}
	if i < len(d.former.chunks) {
		d.openFormer(i)
		for lane := range d.was.households {
			households[d.was.key(lane)] = lane
		}
		for lane := range d.was.persons {
			persons[d.was.digest(lane)] = append(persons[d.was.digest(lane)], lane)
		}
	}
	if i < len(d.present.chunks) {
		d.openPresent(i)
		d.matchHouseholds(i, households)
		d.matchPersons(i, persons)
	}
	for key, lane := range households {
		d.lostHouseholds[key] = place{i, lane}
	}
	for digest, lanes := range persons {
		for _, lane := range lanes {
			d.lostPersons[digest] = append(d.lostPersons[digest], place{i, lane})
		}
	}
}

func (d *differ) matchHouseholds(i int, households map[string]int) {
	for lane := range d.is.households {
		key := d.is.key(lane)
		if was, ok := households[key]; ok {
			delete(households, key)
			d.compare(pack.Household, place{i, was}, place{i, lane})
			continue
		}
		d.foundHouseholds = append(d.foundHouseholds, place{i, lane})
	}
}

func (d *differ) matchPersons(i int, persons map[uint64][]int) {
	for lane := range d.is.persons {
		digest := d.is.digest(lane)
		if was := persons[digest]; len(was) > 0 {
			if persons[digest] = was[1:]; len(was) == 1 {
				delete(persons, digest)
			}
			d.compare(pack.Person, place{i, was[0]}, place{i, lane})
			continue
		}
		d.foundPersons = append(d.foundPersons, place{i, lane})
	}
}

// elsewhere compares the units that are now in another chunk, and tells of new ones.
func (d *differ) elsewhere() {
	for _, at := range d.foundHouseholds {
		d.openPresent(at.chunk)
		key := d.is.key(at.lane)
		was, ok := d.lostHouseholds[key]
		if !ok {
			was = nowhere
		}
		delete(d.lostHouseholds, key)
		d.compare(pack.Household, was, at)
	}
	for _, at := range d.foundPersons {
		d.openPresent(at.chunk)
		digest, was := d.is.digest(at.lane), nowhere
		if lost := d.lostPersons[digest]; len(lost) > 0 {
			was, d.lostPersons[digest] = lost[0], lost[1:]
		}
		d.compare(pack.Person, was, at)
	}
}

// gone tells of the units that are no longer there, in the order in which they were.
func (d *differ) gone() {
	var households, persons []place
	for _, at := range d.lostHouseholds {
		households = append(households, at)
	}
	for _, lost := range d.lostPersons {
		persons = append(persons, lost...)
	}
	for _, of := range []struct {
		unit   pack.Unit
		places []place
	}{{pack.Household, households}, {pack.Person, persons}} {
		slices.SortFunc(of.places, place.compare)
		for _, at := range of.places {
			d.compare(of.unit, at, nowhere)
		}
	}
}

func (a place) compare(b place) int {
	if a.chunk != b.chunk {
		return a.chunk - b.chunk
	}
	return a.lane - b.lane
}

// nowhere is where a unit is that is new or gone.
var nowhere = place{-1, -1}

func (d *differ) openFormer(i int) {
	if d.wasAt != i {
		d.former.open(i, &d.was)
		d.wasAt = i
	}
}

func (d *differ) openPresent(i int) {
	if d.isAt != i {
		d.present.open(i, &d.is)
		d.isAt = i
	}
}

// compare tells what a unit comes to otherwise. Where it is nowhere in one of the two, it comes to nothing there.
func (d *differ) compare(unit pack.Unit, was, is place) {
	c := Change{Unit: unit, Chunk: is.chunk, Lane: is.lane}
	if was != nowhere {
		d.openFormer(was.chunk)
		c.Household = d.was.key(d.was.household(unit, was.lane))
	}
	if is != nowhere {
		d.openPresent(is.chunk)
		c.Household = d.is.key(d.is.household(unit, is.lane))
	} else {
		c.Gone, c.Chunk, c.Lane = true, was.chunk, was.lane
	}
	if unit == pack.Household {
		d.change(c, IndexChange, "", d.index(&d.was, d.former, was), d.index(&d.is, d.present, is))
	}
	d.compareProgrammes(c, was, is)
	d.compareWarnings(c, was, is)
}

func (d *differ) change(c Change, what ChangeOf, of string, from, to Told) {
	if from == to || d.stopped {
		return
	}
	c.What, c.Of, c.From, c.To = what, of, from, to
	d.stopped = !d.yield(c)
}

func (d *differ) compareProgrammes(c Change, was, is place) {
	if !d.same {
		d.compareByName(c, was, is)
		return
	}
	for p, l := range d.present.legend.Programmes {
		if l.Unit != c.Unit || was != nowhere && is != nowhere && sameLane(&d.was, &d.is, p, was.lane, is.lane) {
			continue
		}
		d.change(c, ProgrammeChange, l.ID, d.was.told(&l, p, was.lane), d.is.told(&l, p, is.lane))
	}
}

// compareByName compares under two packs, or two days of one: programmes that only one of them has come to nothing in the other.
func (d *differ) compareByName(c Change, was, is place) {
	former := d.former.legend.Programmes
	seen := map[string]bool{}
	for p, l := range d.present.legend.Programmes {
		if seen[l.ID] = true; l.Unit != c.Unit {
			continue
		}
		from := Told{}
		if q := slices.IndexFunc(former, func(f legendProgramme) bool { return f.ID == l.ID && f.Unit == l.Unit }); q >= 0 {
			from = d.was.told(&former[q], q, was.lane)
		}
		d.change(c, ProgrammeChange, l.ID, from, d.is.told(&l, p, is.lane))
	}
	for q, l := range former {
		if !seen[l.ID] && l.Unit == c.Unit {
			d.change(c, ProgrammeChange, l.ID, d.was.told(&l, q, was.lane), Told{})
		}
	}
}

// sameLane reports whether two lanes of a programme are alike, in screenings that mean the same.
func sameLane(a, b *chunk, p, laneA, laneB int) bool {
	if a.verdicts[p].at(laneA) != b.verdicts[p].at(laneB) {
		return false
	}
	for k := range a.amounts[p] {
		if a.amounts[p][k].at(laneA) != b.amounts[p][k].at(laneB) {
			return false
		}
	}
	return true
}

// told is what a programme came to for a lane; nothing for a lane that is nowhere.
func (c *chunk) told(l *legendProgramme, p, lane int) Told {
	if lane < 0 {
		return Told{}
	}
	v := Verdict(c.verdicts[p].at(lane))
	t := Told{State: v.Outcome().String(), Held: v.Held(), Assumed: v.Assumed()}
	if condition, ok := v.Witness(); ok {
		t.Failed = l.Conditions[condition]
	}
	var unknown, given []string
	for i, condition := range l.Conditions {
		if v.Open()>>min(i, openMost)&1 != 0 {
			unknown = append(unknown, condition)
		}
	}
	for k, component := range l.Components {
		switch amount := c.amounts[p][k].at(lane); amount {
		case none:
		case open:
			given = append(given, component.ID+"=?/"+component.Per)
		default:
			given = append(given, amountText(component.ID, amount, component.Per))
		}
	}
	t.Open, t.Amounts = strings.Join(unknown, "; "), strings.Join(given, "; ")
	return t
}

// index is the figures of a household's index; nothing for one that is nowhere or not assessed as a family.
func (d *differ) index(c *chunk, k *Kept, at place) Told {
	if at == nowhere || c.collective(at.lane) {
		return Told{}
	}
	figure := func(name string, of *column) string { return name + "=" + money.Decimal(of.at(at.lane)).String() }
	figures := []string{figure("before", &c.before), figure("coverage", &c.coverage)}
	for i, dimension := range k.legend.Dimensions {
		figures = append(figures, figure(dimension, &c.parts[i]))
	}
	return Told{State: money.Decimal(c.score.at(at.lane)).String(), Amounts: strings.Join(figures, "; ")}
}

func (d *differ) compareWarnings(c Change, was, is place) {
	before, now := d.was.firing(d.former, c.Unit, was.lane), d.is.firing(d.present, c.Unit, is.lane)
	for _, rule := range before {
		if !slices.Contains(now, rule) {
			d.change(c, WarningChange, rule, Told{State: fires}, Told{})
		}
	}
	for _, rule := range now {
		if !slices.Contains(before, rule) {
			d.change(c, WarningChange, rule, Told{}, Told{State: fires})
		}
	}
}

// firing is the rules that fire for a unit.
func (c *chunk) firing(k *Kept, unit pack.Unit, lane int) []string {
	if lane < 0 {
		return nil
	}
	var fired []string
	for _, f := range c.fired {
		if k.legend.Warnings[f.rule].Unit != unit {
			continue
		}
		at := sort.Search(len(f.lanes), func(i int) bool { return int(f.lanes[i]) >= lane })
		if at < len(f.lanes) && int(f.lanes[at]) == lane {
			fired = append(fired, k.legend.Warnings[f.rule].ID)
		}
	}
	return fired
}

// Outcome is the outcome told, false if none is.
func (t Told) Outcome() (rules.Outcome, bool) {
	i := rules.Outcomes().Index(t.State)
	return rules.Outcome(max(i, 0)), i >= 0
}
