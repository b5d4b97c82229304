package screening

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// People is a population as a screening reads it: chunks of whole households in the order of villages and keys. Its methods
// are called by several workers at once.
type People interface {
	// Chunks is how many chunks there are.
	Chunks() int
	// Batch is a chunk's facts. It may take the room of a batch that is no longer needed; the zero batch will do.
	Batch(chunk int, into *rules.Batch) *rules.Batch
	// Who adds the households and persons of a chunk, as they are found again in a later run.
	Who(chunk int, into *Who)
	// At is who the household in a lane of a chunk is, its members by lane.
	At(chunk, lane int) population.Household
	// Subject is a household as it is explained.
	Subject(chunk, lane int) rules.Subject
	// Checksum names the facts: other facts have another. Empty where nobody can tell, which keeps results from being reused.
	Checksum() string
}

// Built is a population that was built in memory, with the checksum of what it was built from.
type Built struct {
	*population.Population
	Sum string
}

// Subject is a household with its sources.
func (p Built) Subject(chunk, lane int) rules.Subject {
	family, _ := p.Household(p.At(chunk, lane).Key)
	return family.Subject()
}

// Checksum is Sum.
func (p Built) Checksum() string { return p.Sum }

// Saved is people as they were saved, of one or more counties.
type Saved struct {
	layout   *rules.Layout
	counties []county
	starts   []int // of each county: its first chunk; one more than there are
}

type county struct {
	*population.Columns
	names *population.Names
}

// OpenSaved loads the columns of counties, each from its folder, for a day. Where counties lie in the order of their codes, so do
// the households.
func OpenSaved(policy *rules.Policy, on calendar.Date, dirs ...string) (*Saved, error) {
	s := &Saved{layout: policy.Layout(), counties: make([]county, len(dirs)), starts: []int{0}}
	failed := make([]error, len(dirs))
	err := inParallel(context.Background(), len(dirs), nil, func() func(int) {
		return func(i int) { s.counties[i], failed[i] = openCounty(policy, on, dirs[i]) }
	})
	if err != nil {
		return nil, err
	}
	for i, c := range s.counties {
		if failed[i] != nil {
			return nil, failed[i]
		}
		s.starts = append(s.starts, s.starts[i]+c.Columns.Chunks())
	}
	return s, nil
}

func openCounty(policy *rules.Policy, on calendar.Date, dir string) (county, error) {
	columns, err := population.Load(policy, dir)
	if err != nil {
		return county{}, err
	}
	if columns.On != on {
		return county{}, fault.New(fault.Conflict, otherDay, fault.Args{"found": columns.On, "expected": on}).In(fault.At{File: dir})
	}
	names, err := columns.Names()
	return county{columns, names}, err
}

var otherDay = fault.Text{Key: "screening.other-day",
	Zh: "这里的人口数据是 {found} 的，不是 {expected} 的；请用 --on {found}，或用 dajiuzhu population 重新生成",
	En: "the columns here are of {found}, not of {expected}: use --on {found}, or make them again with dajiuzhu population"}

// Simulated reports whether some county is invented data.
func (s *Saved) Simulated() bool {
	return slices.ContainsFunc(s.counties, func(c county) bool { return c.Simulated })
}

// of is the county of a chunk, and the chunk's number there.
func (s *Saved) of(chunk int) (county, int) {
	i, found := slices.BinarySearch(s.starts, chunk)
	if !found {
		i--
	}
	for s.starts[i+1] == chunk { // a county of nobody
		i++
	}
	return s.counties[i], chunk - s.starts[i]
}

// Chunks is that of all counties together.
func (s *Saved) Chunks() int { return s.starts[len(s.counties)] }

// Batch fills a batch with a chunk.
func (s *Saved) Batch(chunk int, into *rules.Batch) *rules.Batch {
	c, i := s.of(chunk)
	c.Fill(i, into)
	return into
}

// At is who a household is.
func (s *Saved) At(chunk, lane int) population.Household {
	c, i := s.of(chunk)
	first, _ := c.First(i)
	return c.names.Household(first + lane)
}

// Subject is a household without its sources, which columns do not keep.
func (s *Saved) Subject(chunk, lane int) rules.Subject {
	h := s.At(chunk, lane)
	subject := rules.Subject{Batch: s.layout.Alone(s.Batch(chunk, &rules.Batch{}), lane), Key: h.Key, Doubts: h.Doubts, Simulated: s.Simulated()}
	for _, m := range h.Members {
		subject.Persons = append(subject.Persons, m.Name)
	}
	c, i := s.of(chunk)
	first, _ := c.First(i)
	for _, m := range c.names.Supporters(first + lane) {
		subject.Supporters = append(subject.Supporters, m.Name)
	}
	return subject
}

// Checksum is that of the counties' files.
func (s *Saved) Checksum() string {
	sum := sha256.New()
	for _, c := range s.counties {
		fmt.Fprintln(sum, c.Columns.Checksum)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Who adds a chunk's households and persons.
func (s *Saved) Who(chunk int, into *Who) {
	c, i := s.of(chunk)
	household, person := c.First(i)
	to, toPerson := c.Households(), c.Persons()
	if i+1 < c.Columns.Chunks() {
		to, toPerson = c.First(i + 1)
	}
	for ; household < to; household++ {
		into.Keys = append(into.Keys, c.names.Key(household))
	}
	for ; person < toPerson; person++ {
		name, number := c.names.Person(person)
		into.Persons = append(into.Persons, digest(name, number))
	}
}

// Who adds a chunk's households and persons.
func (p Built) Who(chunk int, into *Who) {
	for lane := range p.Batch(chunk, &rules.Batch{}).Household.N {
		into.Add(p.At(chunk, lane))
	}
}

// Who is who the households and the persons of a chunk are, by lane: keys, and digests of identity numbers.
type Who struct {
	Keys    []string
	Persons []uint64
}

func (w *Who) clear() { w.Keys, w.Persons = w.Keys[:0], w.Persons[:0] }

// Add adds a household and its members.
func (w *Who) Add(h population.Household) {
	w.Keys = append(w.Keys, h.Key)
	for _, m := range h.Members {
		w.Persons = append(w.Persons, digest(m.Name, m.ID))
	}
}

// digest finds a person again in a later run, by the identity number or, without one, by the name.
func digest(name string, id idno.Number) uint64 {
	if !id.IsZero() {
		return id.Digest()
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}
