package screening

import (
	"encoding/binary"
	"math"
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Kept is what a screening came to, of every unit and programme: the outcome, what decided it, the amounts; of every
// household the index; and which warnings fire for whom. It takes about a bit for a unit and programme, so that a city fits
// into memory, and is enough to tell any result again without evaluating. It is not changed after it was made.
type Kept struct {
	legend legend
	chunks [][]byte
	starts []int32 // of each chunk: its first household; one more than chunks
	people int
}

// legend says what the numbers in the chunks mean.
type legend struct {
	Format     int               `json:"format"`
	Pack       string            `json:"pack"`
	Hash       string            `json:"hash"`
	Engine     string            `json:"engine"`
	On         string            `json:"on"`
	Population string            `json:"population"` // checksum of the facts
	Programmes []legendProgramme `json:"programmes"`
	Dimensions []string          `json:"dimensions"`
	Warnings   []legendWarning   `json:"warnings"`
	Leaves     []string          `json:"leaves"` // what open outcomes can wait for
}

type legendProgramme struct {
	ID         string            `json:"id"`
	Unit       pack.Unit         `json:"unit"`
	Conditions []string          `json:"conditions"`
	Components []legendComponent `json:"components"`
}

type legendComponent struct {
	ID  string `json:"id"`
	Per string `json:"per,omitempty"`
}

type legendWarning struct {
	ID   string    `json:"id"`
	Unit pack.Unit `json:"unit"`
}

// keptFormat is raised when chunks are laid out otherwise.
const keptFormat = 2

func newLegend(plan *rules.Plan, population string) legend {
	p := plan.Policy().Pack()
	l := legend{Format: keptFormat, Pack: p.ID, Hash: p.Hash, Engine: rules.EngineVersion, On: plan.Date().String(), Population: population}
	for _, programme := range p.Programmes {
		of := legendProgramme{ID: programme.ID, Unit: programme.Unit}
		if version := plan.Version(programme); version != nil {
			for _, c := range version.Conditions {
				of.Conditions = append(of.Conditions, c.ID)
			}
			for _, c := range version.Components {
				of.Components = append(of.Components, legendComponent{c.ID, c.Per})
			}
		}
		l.Programmes = append(l.Programmes, of)
	}
	if p.Index != nil {
		for _, d := range p.Index.Dimensions {
			l.Dimensions = append(l.Dimensions, d.ID)
		}
	}
	for _, rule := range plan.Policy().Warnings() {
		l.Warnings = append(l.Warnings, legendWarning{rule.ID, rule.Unit})
	}
	for _, leaf := range plan.Leaves() {
		l.Leaves = append(l.Leaves, leaf.String())
	}
	return l
}

// Verdict is what a programme came to for a unit, in one number: the outcome in the three lowest bits, then assumed and
// held, and from bit 8 the first false condition of a refusal, or a bit for each open condition of a possible or likely one.
type Verdict int64

const (
	verdictOutcome = 1<<3 - 1
	verdictAssumed = 1 << 3
	verdictHeld    = 1 << 4
	verdictDetail  = 8 // shift
)

// Outcome is the outcome.
func (v Verdict) Outcome() rules.Outcome { return rules.Outcome(v & verdictOutcome) }

// Assumed reports whether a default stood in for something unknown.
func (v Verdict) Assumed() bool { return v&verdictAssumed != 0 }

// Held reports whether the unit is recorded as receiving the programme now.
func (v Verdict) Held() bool { return v&verdictHeld != 0 }

// Witness is the first false condition of a refusal.
func (v Verdict) Witness() (condition int, ok bool) {
	return int(v >> verdictDetail), v.Outcome() == rules.Ineligible
}

// Open has a bit for each condition that is open in a possible or likely outcome; none is set where only the household's
// composition is doubtful.
func (v Verdict) Open() uint64 {
	if v.Outcome() != rules.Possible && v.Outcome() != rules.Likely {
		return 0
	}
	return uint64(v) >> verdictDetail
}

// Marks of a household.
const (
	markCollective = 1 << iota
	markDoubtful
)

// chunk is a chunk of what was kept, opened for reading. It keeps its room from one chunk to the next and belongs to one
// worker.
type chunk struct {
	households, persons int

	members  column // of each household, those who do not count included
	counted  column
	village  column
	marks    column
	score    column
	before   column
	coverage column
	known    column // a bit for each dimension that was known
	parts    []column
	verdicts []column    // by programme
	amounts  [][]amounts // by programme and component
	fired    []firing
	errors   int
	waiting  waiting

	start   []int32 // of each household: its first person; one more than households
	keyEnds []int32 // of each household: where its key ends
	keys    []byte
	digests []byte
	lengths column
	of      []int32 // of each person: the household
}

// amounts are a component's amounts: how it stands with each lane, and the amounts of those that have one.
type amounts struct {
	given, amount column
	lanes         []money.Decimal // of each lane; only after they were asked for
	asked         bool
}

// How it stands with a lane's amount.
const (
	amountNone = iota
	amountGiven
	amountOpen
)

// none stands where a lane has no amount, open where it may have one that is not known.
const (
	none = money.Decimal(math.MinInt64)
	open = none + 1
)

// at is the amount of a lane, none or open.
func (a *amounts) at(lane int) money.Decimal {
	if a.given.width == 0 && a.given.n > 0 && a.given.at(0) == amountNone {
		return none
	}
	return a.all()[lane]
}

// all is the amount of each lane.
func (a *amounts) all() []money.Decimal {
	if a.asked {
		return a.lanes
	}
	a.asked, a.lanes = true, slices.Grow(a.lanes[:0], a.given.n)[:a.given.n]
	for lane := range a.lanes {
		a.lanes[lane] = none
	}
	a.each(func(lane int, amount money.Decimal) { a.lanes[lane] = amount })
	return a.lanes
}

// each calls f for the lanes that have an amount or may have one that is not known.
func (a *amounts) each(f func(lane int, amount money.Decimal)) {
	next := 0
	a.given.eachBut(amountNone, func(lane int, given int64) {
		switch {
		case given == amountOpen:
			f(lane, open)
		case given == amountGiven && next < a.amount.n:
			f(lane, money.Decimal(a.amount.at(next)))
			next++
		}
	})
}

// firing is the lanes for which a rule fires.
type firing struct {
	rule  int
	lanes []int32
}

// Chunks is how many chunks there are, Households how many households, People how many persons.
func (k *Kept) Chunks() int { return len(k.chunks) }

// Households is the number of households, those that are not assessed as families included.
func (k *Kept) Households() int { return int(k.starts[len(k.chunks)]) }

// People is the number of persons.
func (k *Kept) People() int { return k.people }

// Size is the bytes that are kept.
func (k *Kept) Size() int64 {
	size := int64(0)
	for _, c := range k.chunks {
		size += int64(len(c))
	}
	return size
}

// open reads a chunk. Chunks were checked when they were made or read from a file.
func (k *Kept) open(i int, c *chunk) *chunk {
	if err := c.read(k.chunks[i], &k.legend); err != nil {
		panic("screening: a chunk that was checked cannot be read")
	}
	return c
}

func (c *chunk) read(content []byte, l *legend) error {
	r := &reader{rest: content}
	c.households, c.persons = r.count(lanesMost), r.count(lanesMost)
	c.errors = r.count(math.MaxInt32)
	for _, of := range []*column{&c.members, &c.counted, &c.village, &c.marks, &c.lengths} {
		r.column(of, c.households)
	}
	c.start = ends(c.start, &c.members)
	c.keyEnds = ends(c.keyEnds, &c.lengths)
	if r.err != nil || c.start == nil || c.keyEnds == nil || int(c.start[c.households]) != c.persons {
		return errTruncated
	}
	c.of = owners(c.of, c.start)
	c.keys = r.take(int(c.keyEnds[c.households]))
	c.digests = r.take(8 * c.persons)
	c.readIndex(r, len(l.Dimensions))
	c.readProgrammes(r, l)
	c.readFired(r, l)
	c.waiting.content = r.take(r.count(len(r.rest)))
	if r.err == nil && len(r.rest) > 0 {
		return errTruncated
	}
	return r.err
}

// ends sums lengths up: one more than there are, nil if they have no sense.
func ends(into []int32, lengths *column) []int32 {
	into = append(into[:0], 0)
	sum := int64(0)
	for lane := range lengths.n {
		n := lengths.at(lane)
		sum += n
		if n < 0 || sum > math.MaxInt32/16 {
			return nil
		}
		into = append(into, int32(sum))
	}
	return into
}

func owners(into []int32, start []int32) []int32 {
	into = into[:0]
	for h := range len(start) - 1 {
		for range start[h+1] - start[h] {
			into = append(into, int32(h))
		}
	}
	return into
}

func (c *chunk) readIndex(r *reader, dimensions int) {
	for _, of := range []*column{&c.score, &c.before, &c.coverage, &c.known} {
		r.column(of, c.households)
	}
	if len(c.parts) != dimensions {
		c.parts = make([]column, dimensions)
	}
	for i := range c.parts {
		r.column(&c.parts[i], c.households)
	}
}

func (c *chunk) readProgrammes(r *reader, l *legend) {
	if len(c.verdicts) != len(l.Programmes) {
		c.verdicts, c.amounts = make([]column, len(l.Programmes)), make([][]amounts, len(l.Programmes))
	}
	for i, p := range l.Programmes {
		lanes := c.lanes(p.Unit)
		r.column(&c.verdicts[i], lanes)
		if len(c.amounts[i]) != len(p.Components) {
			c.amounts[i] = make([]amounts, len(p.Components))
		}
		for k := range c.amounts[i] {
			a := &c.amounts[i][k]
			a.asked = false
			r.column(&a.given, lanes)
			r.column(&a.amount, anyLanes)
		}
	}
}

func (c *chunk) readFired(r *reader, l *legend) {
	c.fired = c.fired[:0]
	for range r.count(len(l.Warnings)) {
		f := firing{rule: r.count(len(l.Warnings) - 1)}
		lane := 0
		for range r.count(lanesMost) {
			lane += r.count(lanesMost)
			if r.err != nil || lane >= c.lanes(l.Warnings[f.rule].Unit) {
				r.fail()
				return
			}
			f.lanes = append(f.lanes, int32(lane))
		}
		c.fired = append(c.fired, f)
	}
}

// lanes is how many units of a kind the chunk has.
func (c *chunk) lanes(unit pack.Unit) int {
	if unit == pack.Household {
		return c.households
	}
	return c.persons
}

// household is the lane of a unit's household.
func (c *chunk) household(unit pack.Unit, lane int) int {
	if unit == pack.Household {
		return lane
	}
	return int(c.of[lane])
}

// key is a household's key.
func (c *chunk) key(household int) string {
	return string(c.keys[c.keyEnds[household]:c.keyEnds[household+1]])
}

// digest finds a person again.
func (c *chunk) digest(person int) uint64 { return binary.LittleEndian.Uint64(c.digests[8*person:]) }

func (c *chunk) area(household int) area.Code { return area.Code(c.village.at(household)) }

func (c *chunk) collective(household int) bool { return c.marks.at(household)&markCollective != 0 }
