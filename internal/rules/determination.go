package rules

import (
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// EngineVersion is the version of what outcomes mean. It rises when the same pack, facts and date can come to another
// outcome; stored decisions are checked against it.
const EngineVersion = "1"

// Determination is everything that a policy comes to for one household on one date, with reasons. Its JSON is the same
// bytes for the same facts, pack, date and engine version.
//
// It keeps the values of the household and belongs to nobody else: it may be read by several at once and outlives the batch
// that it comes from. What is [Asked] is made from those values when somebody asks, so that writing the JSON or a text costs
// more than the determination itself.
type Determination struct {
	On        string           `json:"on"`
	Pack      PackReference    `json:"pack"`
	Engine    string           `json:"engine"`
	Simulated bool             `json:"simulated,omitempty"` // the facts are invented
	Household HouseholdSummary `json:"household"`
	Outcomes  []OutcomeReport  `json:"outcomes"`
	Plan      AidPlan          `json:"plan"`
	Index     *IndexReport     `json:"index"` // nil: not assessed as a family, or the pack has none
	Warnings  []WarningReport  `json:"warnings"`
	Values    Asked[[]*Reason] `json:"values"` // every variable that a reason names, opened once

	account *account
}

// PackReference names a version of a pack.
type PackReference struct {
	ID   string `json:"id"`
	Hash string `json:"hash"`
}

// HouseholdSummary says whose determination it is.
type HouseholdSummary struct {
	Key        string   `json:"key,omitempty"`
	Area       string   `json:"area,omitempty"`
	Place      *Label   `json:"place,omitempty"` // the area from its county down
	Members    []string `json:"members"`
	Registered []string `json:"registered,omitempty"` // registered with them, not counting as members
	Doubtful   bool     `json:"doubtful,omitempty"`
	Doubts     []Label  `json:"doubts,omitempty"` // why
	Collective bool     `json:"collective,omitempty"`
}

// UnitReference is a household or one of its persons.
type UnitReference struct {
	Kind pack.Unit `json:"kind"`
	Name string    `json:"name,omitempty"` // of a person
	// Supporter is set of a person outside the household who owes it support.
	Supporter bool `json:"supporter,omitempty"`
	// Lane is a person's place among the subject's, or among its supporters: two may have one name.
	Lane int `json:"-"`
}

// Label is a text in both languages.
type Label = pack.Text

// OutcomeReport is a programme's outcome for a unit. What it has in common with others is not to be changed.
type OutcomeReport struct {
	*ProgrammeHead
	Unit       UnitReference            `json:"unit"`
	Outcome    string                   `json:"outcome"`
	Held       *bool                    `json:"held,omitempty"`    // the unit receives it now; absent: not known
	Assumed    bool                     `json:"assumed,omitempty"` // a default stood in for something unknown
	InForce    string                   `json:"in_force,omitempty"`
	NotInForce Asked[[]LapseReport]     `json:"not_in_force,omitempty"`
	*Sourced                            // of the rule
	Components []ComponentReport        `json:"components"`
	Reasons    Asked[[]ConditionReport] `json:"reasons"`
	Missing    Asked[[]MissingReport]   `json:"missing"`
	Failed     Asked[[]FailureReport]   `json:"failed"`
}

// ProgrammeHead is which programme an outcome is of.
type ProgrammeHead struct {
	Programme   string `json:"programme"`
	Number      int    `json:"number,omitempty"`
	PathOf      string `json:"path_of,omitempty"`
	Name        Label  `json:"name"`
	Department  string `json:"department"`
	Aid         string `json:"aid"`
	Entitlement bool   `json:"entitlement"`
}

// Sourced is what a rule rests on.
type Sourced struct {
	Status string     `json:"status,omitempty"` // found, proxy, interpolated, assumed
	Why    *Label     `json:"why,omitempty"`
	Cites  []Citation `json:"cites,omitempty"`
}

// Citation is where a rule or a figure comes from.
type Citation = pack.Cite

// ComponentReport is one part of what a programme gives.
type ComponentReport struct {
	*ComponentHead
	State  string         `json:"state"` // known, open, none, not-in-force, not-money
	Amount *money.Decimal `json:"amount,omitempty"`
	*ComponentNote
	Reason Asked[*Reason] `json:"reason,omitempty"`
}

// ComponentHead is which component a report is of.
type ComponentHead struct {
	ID   string `json:"id"`
	Name Label  `json:"name"`
}

// ComponentNote is what a component says of every unit.
type ComponentNote struct {
	Per string `json:"per,omitempty"`
	Sourced
}

// ConditionReport is a condition with what it came to.
type ConditionReport struct {
	*ConditionHead
	State string `json:"state"` // true, false, unknown, error, not-in-force
	*ConditionNote
	Tree Asked[*Reason] `json:"tree"`
}

// ConditionHead is which condition a report is of.
type ConditionHead struct {
	Condition string `json:"condition"`
	Say       Label  `json:"say"`
}

// ConditionNote is what a condition says of every unit.
type ConditionNote struct {
	OnConsent bool `json:"on_consent,omitempty"`
	About     bool `json:"about,omitempty"` // says whom the programme is about
	Sourced
}

// MissingReport is something that has to be known. What a visit or a declaration can answer has a question; the rest
// names the feeds that are awaited.
type MissingReport struct {
	Unit      UnitReference `json:"unit"`
	Fact      string        `json:"fact"`
	Name      Label         `json:"name"`
	Ask       *Label        `json:"ask,omitempty"`
	Awaits    []string      `json:"awaits,omitempty"`
	OnConsent bool          `json:"on_consent,omitempty"`
}

// FailureReport is a false condition and how far it is from its threshold.
type FailureReport struct {
	*ConditionHead
	Distances Asked[[]Distance] `json:"distances,omitempty"`
}

// Distance is by how much a comparison is missed. Where the threshold is a standard for one person, multiplied by the
// members and perhaps by the months of a year, PerHead is the distance from that standard.
type Distance struct {
	Left           string         `json:"left"`
	Right          string         `json:"right"`
	By             money.Decimal  `json:"by"`
	Measure        string         `json:"measure,omitempty"`
	PerHead        *money.Decimal `json:"per_head,omitempty"`
	PerHeadMeasure string         `json:"per_head_measure,omitempty"`
	Persons        int64          `json:"persons,omitempty"`
	Over           bool           `json:"over"` // too much; else too little
}

// Reason is a step of an explanation: a value, and what it was made of, cut to what decided. A variable stands closed in
// it; Determination.Values opens each variable once.
type Reason struct {
	Kind     string     `json:"kind"` // fact, variable, parameter, holds, programme, constant, and, or, not, compare, arithmetic, choice, fold, known, default
	Operator string     `json:"operator,omitempty"`
	Path     string     `json:"path,omitempty"`
	Label    *Label     `json:"label,omitempty"`
	Of       string     `json:"of,omitempty"` // the person, where it is not the unit itself
	State    string     `json:"state"`        // known, unknown, error, not-in-force
	Value    string     `json:"value,omitempty"`
	Means    *Label     `json:"means,omitempty"` // of a code
	Type     string     `json:"type,omitempty"`
	Measure  string     `json:"measure,omitempty"`
	Source   string     `json:"source,omitempty"`
	Date     string     `json:"date,omitempty"`
	InForce  string     `json:"in_force,omitempty"`
	Status   string     `json:"status,omitempty"`
	Why      *Label     `json:"why,omitempty"` // of a figure or formula that was not found
	Cites    []Citation `json:"cites,omitempty"`
	Parts    []*Reason  `json:"parts,omitempty"`

	written stretch // in the buffer of whoever writes it as JSON
}

// IndexReport is the difficulty index opened into its parts.
type IndexReport struct {
	Score    money.Decimal `json:"score"`
	Before   money.Decimal `json:"before"`
	Coverage money.Decimal `json:"coverage"`
	Parts    []IndexPart   `json:"parts"`
}

// IndexPart is one dimension.
type IndexPart struct {
	ID     string         `json:"id"`
	Name   Label          `json:"name"`
	Weight money.Decimal  `json:"weight"`
	Score  money.Decimal  `json:"score"`
	Known  bool           `json:"known"` // false: the neutral score stands in
	Why    Label          `json:"why"`
	Tree   Asked[*Reason] `json:"tree"`
}

// WarningReport is a warning that fires.
type WarningReport struct {
	ID        string           `json:"id"`
	Mechanism string           `json:"mechanism"`
	Name      Label            `json:"name"`
	Unit      UnitReference    `json:"unit"`
	Level     string           `json:"level"`
	Route     string           `json:"route"`
	Due       int              `json:"due"`
	Evidence  Asked[[]*Reason] `json:"evidence"`
}

// Origin is where a fact's value comes from.
type Origin struct {
	Source string        // "feed:medical-settlement", "visit", "declared"
	Date   calendar.Date // of the latest thing it rests on
	Dated  bool
}

// Subject is one household to be explained.
type Subject struct {
	Batch      *Batch // of one household
	Key        string
	Persons    []string // names, by lane
	Supporters []string
	Doubts     []pack.Text // why the composition is doubtful
	Simulated  bool
	// Origin is where a fact comes from; nil: nothing is said of sources. A determination asks it when its reasons are made:
	// it must go on saying the same, and may be asked by several at once.
	Origin func(unit pack.Unit, supporter bool, lane, slot int) Origin
}
