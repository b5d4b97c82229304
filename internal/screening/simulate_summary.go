package screening

import (
	"slices"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// SimulationSummary is a simulation for programs. Amounts are texts, exact.
type SimulationSummary struct {
	On         string            `json:"on"`
	Pack       string            `json:"pack"`
	Hash       string            `json:"hash"`       // of the present policy
	Other      string            `json:"other_hash"` // of the policy that is held against it; the same where only figures change
	Engine     string            `json:"engine"`
	People     int               `json:"people"`
	Households int               `json:"households"`
	Figures    []FigureSummary   `json:"figures"`
	Total      EffectSummary     `json:"total"`
	Programmes []ProgrammeSummed `json:"programmes"`
	Counties   []AreaSummed      `json:"counties"`
	Deciles    []EffectSummary   `json:"deciles"` // of the difficulty index, the hardest tenth first
	Unranked   EffectSummary     `json:"unranked"`
	Losers     []LoserSummary    `json:"losers"`
	Index      bool              `json:"index"`    // the index is computed otherwise
	Warnings   []string          `json:"warnings"` // that are computed otherwise
	Evaluated  int               `json:"evaluated"`
}

// FigureSummary is a figure that was changed.
type FigureSummary struct {
	Parameter string `json:"parameter"`
	Area      string `json:"area,omitempty"`
	Residence string `json:"residence,omitempty"`
	Code      string `json:"code,omitempty"`
	Before    string `json:"before,omitempty"` // absent: nothing was in force
	After     string `json:"after"`
}

// EffectSummary is an effect.
type EffectSummary struct {
	PeopleGaining     int    `json:"people_gaining"`
	HouseholdsGaining int    `json:"households_gaining"`
	PeopleLosing      int    `json:"people_losing"`
	HouseholdsLosing  int    `json:"households_losing"`
	Granted           int    `json:"granted"`
	Open              int    `json:"open"`
	Unknown           int    `json:"amounts_unknown"`
	Yearly            string `json:"yearly_yuan"`
}

// ProgrammeSummed is a programme's effect.
type ProgrammeSummed struct {
	Programme string `json:"programme"`
	EffectSummary
	Counties []AreaSummed `json:"counties"`
}

// AreaSummed is the effect in a county.
type AreaSummed struct {
	Area string `json:"area"`
	EffectSummary
}

// LoserSummary is a household that loses.
type LoserSummary struct {
	Household string          `json:"household"`
	Area      string          `json:"area"`
	Members   int             `json:"members"`
	Yearly    string          `json:"yearly_yuan"`
	Changes   []ChangeSummary `json:"changes"`
}

// ChangeSummary is a programme that comes to something else, with what decides before and after, without what is the same.
type ChangeSummary struct {
	Programme string              `json:"programme"`
	Unit      rules.UnitReference `json:"unit"`
	From      string              `json:"from"`
	To        string              `json:"to"`
	Before    LinesSummary        `json:"before"`
	After     LinesSummary        `json:"after"`
}

// LinesSummary is lines in both languages.
type LinesSummary struct {
	Zh []string `json:"zh"`
	En []string `json:"en"`
}

// Summary is the simulation of this result for programs, without the figures that were changed.
func (r *Result) SimulationSummary(s *Simulation) SimulationSummary {
	p := r.Policy.Pack()
	sum := SimulationSummary{
		On: r.On.String(), Pack: p.ID, Hash: p.Hash, Other: s.Plan.Policy().Pack().Hash, Engine: rules.EngineVersion, People: r.People,
		Households: r.Kept.Households(), Figures: []FigureSummary{}, Total: s.Total.summary(), Programmes: []ProgrammeSummed{},
		Counties: areasSummed(s.Counties), Unranked: s.Unranked.summary(), Losers: []LoserSummary{}, Index: s.Index, Warnings: []string{}, Evaluated: s.Evaluated,
	}
	for _, e := range s.Programmes {
		sum.Programmes = append(sum.Programmes, ProgrammeSummed{e.Programme.ID, e.Total.summary(), areasSummed(e.Counties)})
	}
	for _, e := range s.Deciles {
		sum.Deciles = append(sum.Deciles, e.summary())
	}
	for _, w := range s.Warnings {
		sum.Warnings = append(sum.Warnings, w.ID)
	}
	for _, l := range s.Losers {
		sum.Losers = append(sum.Losers, l.summary(p, s.Plan.Policy().Pack()))
	}
	return sum
}

func (e Effect) summary() EffectSummary {
	return EffectSummary{e.Gain.People, e.Gain.Households, e.Loss.People, e.Loss.Households, e.Granted, e.Open, e.Unknown, e.Yearly.String()}
}

func areasSummed(all []AreaEffect) []AreaSummed {
	summed := make([]AreaSummed, len(all))
	for i, a := range all {
		summed[i] = AreaSummed{a.Area.String(), a.Effect.summary()}
	}
	return summed
}

func (l *Loser) summary(before, after *pack.Pack) LoserSummary {
	s := LoserSummary{Household: l.Household.Key, Area: l.Household.Area.String(), Members: l.Members, Yearly: l.Yearly.String(), Changes: []ChangeSummary{}}
	for _, c := range l.Changes {
		zhBefore, zhAfter := c.Told(before, after, fault.Zh)
		enBefore, enAfter := c.Told(before, after, fault.En)
		s.Changes = append(s.Changes, ChangeSummary{c.Programme.ID, c.Unit, c.From, c.To,
			LinesSummary{zhBefore, enBefore}, LinesSummary{zhAfter, enAfter}})
	}
	return s
}

// Told is what decided before and what decides after, line by line, without what is the same in both.
func (c *LoserChange) Told(former, present *pack.Pack, lang fault.Lang) (before, after []string) {
	was, is := c.Before.Decided(former, lang, c.Programme.ID, c.Unit), c.After.Decided(present, lang, c.Programme.ID, c.Unit)
	return without(was, is), without(is, was)
}

func without(lines, other []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(other, line) })
}
