package population

import (
	"sync"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Population is everybody who is registered, as households in batches.
type Population struct {
	On            calendar.Date
	Columns       *Columns       // whole households in the order of villages and keys
	Feeds         []FeedState    // in the pack's order
	Disagreements []Disagreement // where a less trusted source says otherwise, by person and fact
	Failed        int            // values of feeds' formulas that came to an error and are therefore unknown
	Simulated     bool           // some delivery is invented data

	builder    *builder
	households []household
	persons    int
	keys       map[string]int // to the household
	of         []int32        // of each person: the household, elsewhere for none
}

// FeedState is how a feed stands on the date.
type FeedState struct {
	Feed           *pack.Feed
	Rows, Used     int
	Rejected       int // of Rows, with those that match nobody
	Unmatched      int // of Rejected: about nobody registered, or under another name
	Delivered      calendar.Date
	DeliveredKnown bool // Delivered is known: there is a whole delivery
	Stale          bool // the newest delivery is older than the feed allows
}

// Disagreement is a value of a fact that a less trusted source gives differently.
type Disagreement struct {
	Person       idno.Number
	Fact         *pack.Fact
	Taken, Other int64  // as columns hold them
	From, Beside string // as orders of trust name them: "feed:tax", "visit"
}

// builder builds one population.
type builder struct {
	pack   *pack.Pack
	layout *rules.Layout
	judges *sync.Pool // of evaluators
	set    *feed.Set
	on     calendar.Date

	register *register
	feeds    []*matched // in the pack's order
	coverage []*coverage
	covered  []rules.Bits // persons whom each feed covers
	facts    map[string]*merged

	statements   map[string]map[string][]*Statement // by fact and source
	ofHouseholds map[string][]*candidate            // what feeds say of facts of households, until these are composed

	slots    map[pack.Unit][]slotted // facts that some feed tells, by unit and slot
	held     []kept                  // by programme; nothing where no register tells
	events   []*eventSource
	complete map[pack.Unit][]rules.Bits // by kind: the persons of whom all events are known; nil is nobody

	disagreements []Disagreement
	failed        int
}

// Build makes a population of what was delivered, for a date, see [Maker.Build].
func Build(policy *rules.Policy, set *feed.Set, on calendar.Date) (*Population, error) {
	m, err := NewMaker(policy, on)
	if err != nil {
		return nil, err
	}
	return m.Build(set, nil)
}

func (m *Maker) builder(set *feed.Set, register *register) *builder {
	p := m.policy.Pack()
	return &builder{
		pack: p, layout: m.policy.Layout(), judges: &m.evaluators, set: set, on: m.on,
		register: register, facts: map[string]*merged{}, covered: make([]rules.Bits, len(p.Feeds)), ofHouseholds: map[string][]*candidate{},
	}
}

func (b *builder) population(households []household) *Population {
	p := &Population{On: b.on, Disagreements: b.disagreements, Failed: b.failed, builder: b, households: households,
		keys: make(map[string]int, len(households)), of: make([]int32, b.register.len())}
	for person := range p.of {
		p.of[person] = elsewhere
	}
	for i, h := range households {
		p.keys[h.key] = i
		p.persons += len(h.members)
		for _, person := range h.members {
			p.of[person] = int32(i)
		}
	}
	for i, f := range b.pack.Feeds {
		p.Feeds = append(p.Feeds, b.state(i, f))
	}
	p.Columns = b.columns(households)
	p.Simulated = p.Columns.Simulated
	return p
}

func (b *builder) state(i int, f *pack.Feed) FeedState {
	s := FeedState{Feed: f, Unmatched: b.feeds[i].unmatched, Stale: b.coverage[i].stale()}
	s.Delivered, s.DeliveredKnown = b.coverage[i].latest()
	for _, file := range b.set.Files {
		if file.Feed == f {
			s.Rows += file.Rows
			s.Used += file.Used
			s.Rejected += file.Rejected
		}
	}
	return s
}

// Persons is how many persons the households have.
func (p *Population) Persons() int { return p.persons }

// Households is the number of households.
func (p *Population) Households() int { return len(p.households) }

// Chunks is how many chunks of whole households there are.
func (p *Population) Chunks() int { return p.Columns.Chunks() }

// Batch fills a batch with a chunk, see [Columns.Fill], and returns it.
func (p *Population) Batch(chunk int, into *rules.Batch) *rules.Batch {
	p.Columns.Fill(chunk, into)
	return into
}

// At is the household in a lane of a chunk.
func (p *Population) At(chunk, lane int) Household {
	first, _ := p.Columns.First(chunk)
	h := &p.households[first+lane]
	return Household{Key: h.key, Village: h.place, Members: p.builder.members(h), Doubts: h.doubts}
}

// Lane is where a household is: its chunk and its lane there.
func (p *Population) Lane(key string) (chunk, lane int, ok bool) {
	i, ok := p.keys[key]
	if !ok {
		return 0, 0, false
	}
	chunk, lane = p.Columns.Lane(i)
	return chunk, lane, true
}

// Find is the key of the household of a person.
func (p *Population) Find(id idno.Number) (string, bool) {
	person, ok := p.builder.register.ids[id]
	if !ok || p.of[person] == elsewhere {
		return "", false
	}
	return p.households[p.of[person]].key, true
}

// Household is one household with everything that explains it: a batch of its own, and where each value comes from.
func (p *Population) Household(key string) (*Family, bool) {
	i, ok := p.keys[key]
	if !ok {
		return nil, false
	}
	return p.builder.family(&p.households[i], p.Simulated), true
}
