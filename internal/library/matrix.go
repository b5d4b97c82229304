package library

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// matrix is what having one thing means for the others, as the engine computes it.
type matrix struct {
	programmes []*had // by having a programme
	standings  []*had // by standing on a department's list
}

// had is something that a person or a family can have: a programme, or a standing on a department's list.
type had struct {
	programme *pack.Programme
	fact      *pack.Fact // nil of a programme
	code      *pack.Code // of a fact with codes
	effects   []effect
}

// effect is what having something does to a condition of a programme.
type effect struct {
	programme *pack.Programme
	condition *pack.Condition
	does      does
}

// does is how far a thing decides a condition.
type does string

const (
	meets does = "meets" // it is met by that alone
	fails does = "fails" // it is failed by that alone
	helps does = "helps" // the condition asks for it, among other things
)

// countMatrix asks the engine about a person of whom nothing is known, and then about the same person with one thing known.
// A condition that is met only then is met by that thing alone. Where a condition stays open, but something that it names
// has become true, that thing decides it together with others.
func (b *book) countMatrix() (*matrix, error) {
	c, err := b.newCounter()
	if err != nil {
		return nil, err
	}
	m := &matrix{}
	for i, q := range b.pack.Programmes {
		h := &had{programme: q}
		if err := c.count(h, heldColumn(q, i), 1); err != nil {
			return nil, err
		}
		m.programmes = append(m.programmes, h)
	}
	for _, f := range b.standings() {
		for _, h := range b.had(f) {
			value := int64(1)
			if h.code != nil {
				value = int64(b.pack.Codes[f.Codes].Index(h.code.ID))
			}
			if err := c.count(h, c.factColumn(f), value); err != nil {
				return nil, err
			}
			if len(h.effects) > 0 {
				m.standings = append(m.standings, h)
			}
		}
	}
	return m, nil
}

// standings are the facts that a department's list gives: who is not on a complete list is known not to be what it lists.
// The registers of persons and of marriages and the list of who holds what are no such lists.
func (b *book) standings() []*pack.Fact {
	var all []*pack.Fact
	for _, feed := range b.pack.Feeds {
		if feed.Role != "" {
			continue
		}
		for _, given := range feed.Facts {
			f := b.facts[given.Fact]
			if given.Absent != "" && (f.Type == pack.Bool || f.Type == pack.CodeOf) && !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

// had is what a fact can say of somebody who is on its list.
func (b *book) had(f *pack.Fact) []*had {
	absent := map[string]bool{}
	for _, feed := range b.pack.Feeds {
		for _, given := range feed.Facts {
			if given.Fact == f.Path() {
				absent[given.Absent] = true
			}
		}
	}
	if f.Type == pack.Bool {
		if absent["true"] {
			return nil
		}
		return []*had{{fact: f}}
	}
	var all []*had
	list := b.pack.Codes[f.Codes]
	for i := range list.Codes {
		if !absent[list.Codes[i].ID] {
			all = append(all, &had{fact: f, code: &list.Codes[i]})
		}
	}
	return all
}

// counter asks the engine about one person.
type counter struct {
	book    *book
	plan    *rules.Plan
	asks    *rules.Evaluator
	nothing map[string]string // state of each condition and value of each variable where nothing is known
}

// somebody is the name of the person asked about. It appears nowhere.
const somebody = "—"

func (b *book) newCounter() (*counter, error) {
	plan := b.policy.On(b.on, nil)
	c := &counter{book: b, plan: plan, asks: plan.NewEvaluator()}
	family, err := c.family()
	if err != nil {
		return nil, err
	}
	c.nothing = map[string]string{}
	for _, o := range c.plan.Explain(family.Subject()).Outcomes {
		for _, r := range o.Reasons.Tell() {
			c.nothing[o.Programme+"."+r.Condition] = r.State
		}
	}
	c.asks.Evaluate(family.Batch)
	for _, v := range b.pack.Variables {
		c.nothing[v.Path()] = c.asks.Value(v.Path(), 0)
	}
	return c, nil
}

func (c *counter) family() (*population.Family, error) {
	dossier := &pack.Dossier{On: c.book.on, Area: c.book.pack.Area, Members: []map[string]any{{"name": somebody}}}
	family, faults := population.FromDossier(c.book.pack, c.book.policy.Layout(), dossier)
	if len(faults) > 0 {
		return nil, fmt.Errorf("asking what counts for what: %w", faults)
	}
	return family, nil
}

// column finds a column of a household's batch.
type column func(*rules.Batch) *rules.Column

func heldColumn(q *pack.Programme, index int) column {
	return func(b *rules.Batch) *rules.Column {
		if q.Unit == pack.Household {
			return &b.Household.Held[index]
		}
		return &b.Person.Held[index]
	}
}

func (c *counter) factColumn(f *pack.Fact) column {
	slot, _ := c.book.policy.Layout().Slot(f.Path())
	return func(b *rules.Batch) *rules.Column {
		if f.Unit == pack.Household {
			return &b.Household.Facts[slot]
		}
		return &b.Person.Facts[slot]
	}
}

// count finds what one value decides by itself.
func (c *counter) count(h *had, at column, value int64) error {
	family, err := c.family()
	if err != nil {
		return err
	}
	at(family.Batch).Set(0, value)
	c.asks.Evaluate(family.Batch)
	for _, o := range c.plan.Explain(family.Subject()).Outcomes {
		if h.programme != nil && o.Programme == h.programme.ID {
			continue
		}
		q := c.book.programmes[o.Programme]
		for i, r := range o.Reasons.Tell() {
			condition := c.book.versionNow(q).Conditions[i]
			if what := c.does(h, condition, c.nothing[o.Programme+"."+r.Condition], r.State); what != "" {
				h.effects = append(h.effects, effect{q, condition, what})
			}
		}
	}
	return nil
}

// does tells what a thing does to a condition whose state it found and left; nothing is "".
func (c *counter) does(h *had, condition *pack.Condition, before, after string) does {
	switch {
	case after == "true" && before != after:
		return meets
	case after == "false" && before != after:
		return fails
	case after != before || after != "unknown":
		return ""
	}
	reading := c.book.policy.Reads(condition.When)
	turned := func(v *pack.Variable) bool {
		return v.Type == pack.Bool && c.nothing[v.Path()] != "true" && c.asks.Value(v.Path(), 0) == "true"
	}
	named := h.programme != nil && slices.Contains(reading.Held, h.programme) ||
		h.fact != nil && h.code == nil && slices.Contains(reading.Facts, h.fact)
	if named || slices.ContainsFunc(reading.Variables, turned) {
		return helps
	}
	return ""
}

// versionNow is a programme's version in force on the day, nil if there is none.
func (b *book) versionNow(q *pack.Programme) *pack.ProgrammeVersion { return versionOn(q, b.on) }

// versionOn is a programme's version in force on a day, nil if there is none.
func versionOn(q *pack.Programme, on calendar.Date) *pack.ProgrammeVersion {
	for _, v := range q.Versions {
		if v.Span.Contains(on) {
			return v
		}
	}
	return nil
}

// exclusion is two programmes, or parts of them, that cannot be had together.
type exclusion struct {
	by, of         *pack.Programme
	byPart, ofPart *pack.Component // nil: the whole programme
}

// exclusions are what the pack's programmes say of each other, in the pack's order.
func (b *book) exclusions() []exclusion {
	var all []exclusion
	for _, q := range b.pack.Programmes {
		for _, id := range q.Excludes {
			all = append(all, b.exclusion(q, nil, id))
		}
		for _, c := range b.componentsOf(q) {
			for _, id := range c.Excludes {
				all = append(all, b.exclusion(q, c, id))
			}
		}
	}
	return all
}

// exclusion reads "programme" or "programme.component".
func (b *book) exclusion(by *pack.Programme, part *pack.Component, id string) exclusion {
	name, component, _ := strings.Cut(id, ".")
	e := exclusion{by: by, byPart: part, of: b.programmes[name]}
	for _, c := range b.componentsOf(e.of) {
		if c.ID == component {
			e.ofPart = c
		}
	}
	return e
}

// componentsOf are a programme's components over all versions, each once, the newest wording first.
func (b *book) componentsOf(q *pack.Programme) []*pack.Component {
	var all []*pack.Component
	for _, v := range slices.Backward(q.Versions) {
		for _, c := range v.Components {
			if !slices.ContainsFunc(all, func(o *pack.Component) bool { return o.ID == c.ID }) {
				all = append(all, c)
			}
		}
	}
	return all
}

// choices are the programmes between which one leaves the choice, whichever of the two says so.
func (b *book) choices(q *pack.Programme) []*pack.Programme {
	var all []*pack.Programme
	for _, other := range b.pack.Programmes {
		if other != q && (slices.Contains(q.Choice, other.ID) || slices.Contains(other.Choice, q.ID)) {
			all = append(all, other)
		}
	}
	return all
}
