package pack

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

// Pack is a city's whole policy, read and validated but not yet compiled: expressions are still text.
// Slices are in the order of the files' names and of the places in them; programmes in that of the catalogue.
type Pack struct {
	Hash        string // SHA-256 over every file of the pack, hex
	ID          string // "dezhou"
	Name        Text
	Area        area.Code
	Engine      string // engine version needed
	Residence   string // fact of the household that chooses a parameter's residence: "household.residence"
	Calendar    *calendar.Work
	Areas       *AreaTree // nil if the pack has none
	Departments []*Department
	Codes       map[string]*CodeList
	Facts       []*Fact
	Events      []*EventType
	Parameters  []*Parameter
	Variables   []*Variable
	Programmes  []*Programme
	Index       *Index
	Mechanisms  []*Mechanism
	Feeds       []*Feed
	Household   *Composition
	Workflow    *Workflow
	Messages    *Messages   // nil if the pack has none
	Handling    *Handling   // nil: nobody works on warnings
	Magnitudes  *Magnitudes // nil if the pack has none
	Evaluation  *Evaluation // nil if the pack has none
	Cases       []*Case

	EnginePos Pos // of Engine
}

// Parameter is a parameter by name, nil if there is none.
func (p *Pack) Parameter(name string) *Parameter {
	for _, q := range p.Parameters {
		if q.Name == name {
			return q
		}
	}
	return nil
}

// Fact is a fact by its path, nil if there is none.
func (p *Pack) Fact(path string) *Fact {
	for _, f := range p.Facts {
		if f.Path() == path {
			return f
		}
	}
	return nil
}

// inCatalogueOrder puts programmes in the order of their numbers, each with the further paths into it behind it, and those
// without a number last.
func (p *Pack) inCatalogueOrder() {
	number := map[string]int{}
	for _, q := range p.Programmes {
		number[q.ID] = q.Number
	}
	place := func(q *Programme) int {
		n := cmp.Or(q.Number, number[q.PathOf])
		if n == 0 {
			return math.MaxInt
		}
		return n
	}
	slices.SortStableFunc(p.Programmes, func(a, b *Programme) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a.PathOf, b.PathOf), strings.Compare(a.ID, b.ID))
	})
}

// Pos is a place in a pack's file.
type Pos struct {
	File         string // relative to the pack, with slashes
	Line, Column int    // from 1
}

// At is the place as a fault has it.
func (p Pos) At() fault.At { return fault.At{File: p.File, Line: p.Line, Column: p.Column} }

// Text is something people read, in both languages.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// In returns the text in a language.
func (t Text) In(lang fault.Lang) string { return lang.Say(t.Zh, t.En) }

// Cite is where a rule or a figure comes from.
type Cite struct {
	Document string `json:"document"` // 文号 or title; never invented
	Article  string `json:"article,omitempty"`
	URL      string `json:"url,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Status says how sure a figure or a rule is.
type Status string

// The statuses. The empty status is read as Found where a citation stands, and refused where none does.
const (
	Found        Status = "found"
	Proxy        Status = "proxy"        // another place's figure
	Interpolated Status = "interpolated" // computed between known figures
	Assumed      Status = "assumed"      // ours
)

// Source is what stands behind a rule or a figure.
type Source struct {
	Status Status
	Why    Text // needed unless found
	Cites  []Cite
}

// Unit is whom a fact or a result belongs to.
type Unit string

// The units.
const (
	Person    Unit = "person"
	Household Unit = "household"
)

// Type is a value's type.
type Type string

// The types of values.
const (
	Bool    Type = "bool"
	Int     Type = "int"
	Date    Type = "date"
	Decimal Type = "decimal"
	CodeOf  Type = "code"  // one of a closed list
	CodesOf Type = "codes" // a set of them; at most 63 in the list
)

// CodeList is a closed list.
type CodeList struct {
	ID    string
	Name  Text
	Codes []Code // in the order written; a code's value is its index
	Pos   Pos
}

// Index is a code's value: its place in the list, -1 for a code that is not in it.
func (l *CodeList) Index(id string) int {
	return slices.IndexFunc(l.Codes, func(c Code) bool { return c.ID == id })
}

// IDs are the codes in the order written.
func (l *CodeList) IDs() []string {
	ids := make([]string, len(l.Codes))
	for i, c := range l.Codes {
		ids[i] = c.ID
	}
	return ids
}

// Code is one entry of a closed list.
type Code struct {
	ID   string
	Name Text
	Pos  Pos
}

// Department owns programmes and delivers feeds. Its name holds over spans.
type Department struct {
	ID       string
	Names    []DatedText
	Supplier bool // delivers feeds but owns no programme
	Pos      Pos
}

// Name is the department's name on a day.
func (d *Department) Name(on calendar.Date) Text {
	for _, n := range d.Names {
		if n.Span.Contains(on) {
			return n.Name
		}
	}
	return Text{}
}

// DatedText is a text that holds over a span.
type DatedText struct {
	Span calendar.Span
	Name Text
}

// Fact is something that can be known of a person or a household.
type Fact struct {
	Unit      Unit
	Name      string // without the unit: "birth"
	Label     Text
	Type      Type
	Codes     string   // the code list of a code or codes
	Measure   string   // what a number counts: yuan, yuan-per-month, years, …
	Trust     []string // sources, the most trusted first: "feed:<id>", "visit", "declared"
	Sensitive string   // "", health, identity, finance
	Consent   bool     // comes only through a means check that the household has authorised
	Ask       Text     // the question that a visit or a declaration asks; empty if neither can answer
	Min, Max  *money.Decimal
	Pos       Pos
}

// Path is the fact's full name: "person.birth".
func (f *Fact) Path() string { return string(f.Unit) + "." + f.Name }

// EventType is the shape of a unit's dated rows. Each has kind, from and to beside its fields.
type EventType struct {
	Unit   Unit
	Kinds  string // the code list of the kinds
	Fields []*EventField
	Pos    Pos
}

// EventField is a field of an event.
type EventField struct {
	Name  string
	Label Text
	Type  Type
	Codes string
	Pos   Pos
}

// Parameter is a standard or a rate: by date, and by area, residence or a code list where it says so.
type Parameter struct {
	Name      string
	Label     Text
	Type      Type // decimal or int
	Measure   string
	Residence bool   // differs by residence
	Codes     string // the code list over which each value is a table; "" for none
	Bands     bool   // each value is a table of bands; exclusive with Codes
	Values    []*ParameterValue
	Pos       Pos
}

// ParameterValue is one value over one span, for an area and a residence.
type ParameterValue struct {
	Area      area.Code
	Residence string // a code of the residence list; "" holds for all
	Span      calendar.Span
	Published calendar.Date // zero if not stated
	Value     money.Decimal
	Table     map[string]money.Decimal // by code, total
	Bands     []Band
	Source    Source
	Pos       Pos
}

// SameFigures reports whether two values hold the same number, table or bands.
func (v *ParameterValue) SameFigures(other *ParameterValue) bool {
	return v.Value == other.Value && slices.Equal(v.Bands, other.Bands) && maps.Equal(v.Table, other.Table)
}

// Band is the part of a scale up to and including UpTo. The last band has no upper end.
type Band struct {
	UpTo  money.Decimal
	Last  bool
	Value money.Decimal
}

// Variable is a named formula.
type Variable struct {
	Unit     Unit
	Name     string
	Label    Text
	Type     Type
	Codes    string
	Measure  string
	Versions []*VariableVersion // by span, without overlap
	Pos      Pos
}

// Path is the variable's full name.
func (v *Variable) Path() string { return string(v.Unit) + "." + v.Name }

// VariableVersion is a formula over a span.
type VariableVersion struct {
	Span   calendar.Span
	Value  Expr
	Source Source
	Pos    Pos
}

// Programme is one of the city's programmes, or a further path into one.
type Programme struct {
	ID          string
	Number      int    // in the catalogue; 0 for a path
	PathOf      string // the programme into which this is a further path; "" if none
	Name        Text
	Department  string
	Unit        Unit
	Uncounted   bool   // of a person's programme: also judges who is registered with a household and does not count in it
	Aid         string // cash | in-kind | service | fee-waiver | insurance | loan
	Entitlement bool   // false: discretionary, outside the plan's totals
	Versions    []*ProgrammeVersion
	Excludes    []string // programme or programme.component that cannot be had together with this
	Choice      []string // programmes between which the law leaves the choice to the beneficiary
	DecidedBy   string   // township | county:<department> | fund
	Documents   []Document
	Pos         Pos
}

// Document is a paper that a filing needs.
type Document struct {
	Name Text
	Held string // the feed that already holds it; "" if the family brings it
	Pos  Pos
}

// ProgrammeVersion is a programme's rule over a span.
type ProgrammeVersion struct {
	Span       calendar.Span
	Source     Source
	Conditions []*Condition
	Components []*Component
	Pos        Pos
}

// Condition is one test of a programme.
type Condition struct {
	ID        string
	Say       Text
	When      Expr
	About     bool // says whom the programme is about: where it is false, the programme plainly does not concern the unit
	OnConsent bool // can be checked only after the household authorised a means check
	Source    Source
	Pos       Pos
}

// Component is one part of what a programme gives.
type Component struct {
	ID       string
	Name     Text
	When     Expr   // absent: always
	Amount   Expr   // absent: not money
	Per      string // month | year | once; "" if not money
	Rounding string // fen-half-up | yuan-half-up | fen-up | yuan-up
	Excludes []string
	Source   Source
	Pos      Pos
}

// Index is the difficulty index.
type Index struct {
	Name       Text
	Dimensions []*Dimension
	Hardest    Hardest
	Source     Source
	Pos        Pos
}

// Dimension is one part of the index. Score is of a household, from 0 to 100.
type Dimension struct {
	ID      string
	Name    Text
	Weight  money.Decimal
	Score   Expr
	Before  Expr // before aid now held; absent: the same
	Neutral money.Decimal
	Why     Text
	Pos     Pos
}

// Hardest says how the hardest households are cut off.
type Hardest struct {
	Share money.Decimal // of people
	Level area.Level    // within which area
}

// Mechanism is one of the five kinds of warning with its rules.
type Mechanism struct {
	ID    string
	Name  Text
	Rules []*Warning
	Pos   Pos
}

// Warning is a rule that points at a person or a household.
type Warning struct {
	ID         string
	Name       Text
	Unit       Unit
	When       Expr
	Level      string   // red | orange | yellow | blue
	Route      string   // a code of the list "route"
	Department string   // which department works on it, where one does
	Lacks      string   // the programme that is not had, where it says that of one: once that is granted, the warning is answered
	Due        int      // working days
	Quiet      int      // days of silence after an answer
	Evidence   []string // paths of facts and variables
	Source     Source
	Pos        Pos
}

// Feed is a department's data: its shape, whom it covers, how facts come out of it.
type Feed struct {
	ID         string
	Name       Text
	Department string
	Role       string // "" | persons | marriages | holdings
	Covers     Expr   // over a person; absent: everybody in the areas delivered
	Columns    []*Column
	IDNo       string // the column that holds the person's identity number
	Facts      []*FeedFact
	Events     []*FeedEvent
	MaxAge     int           // days after which a delivery is stale
	MaxRejects money.Decimal // share of rejected rows whose person cannot be read above which "none" is no longer known
	Pos        Pos
}

// Column is one column of a feed.
type Column struct {
	Name     string
	Label    Text   // the header that officers write in Chinese; accepted as well as Name
	Type     string // text | id_no | date | decimal | int | bool | code | area
	Codes    string
	Key      bool
	Required bool
	Sealed   bool // kept encrypted: a diagnosis, or a number that shows whose it is
	Min, Max *money.Decimal
	Pos      Pos
}

// FeedFact derives a person's fact from the feed's rows about that person.
type FeedFact struct {
	Fact   string // "person.medical_own_in_policy_12m"
	Value  Expr   // over rows (a list) or, with Latest, over row
	Latest string // the date column by which the latest row is taken; "" to fold over rows
	Window int    // months before the date; 0 for all rows
	By     string // the date column of the window
	Absent string // the value when the feed covers the person and has no row; "" = unknown
	Pos    Pos
}

// FeedEvent makes an event of each row.
type FeedEvent struct {
	Unit   Unit
	Kind   string            // a code
	KindOf string            // or the column that holds it
	Kinds  []string          // with KindOf: the kinds that this feed is complete for
	From   string            // column
	To     string            // column, "" for none
	Fields map[string]string // field to column
	Pos    Pos
}

// Composition says how candidate households are made and who counts in them.
type Composition struct {
	Joins      []*Link // who belongs together
	Counts     Expr    // over a person: counts as a member
	Supporters []*Link // who outside owes support to a member
	Pos        Pos
}

// Link relates persons by the register: spouse, child (the person is the child), parent (the person is the parent), booklet.
type Link struct {
	ID    string
	Say   Text
	Via   string // spouse | child | parent | booklet
	When  Expr   // over the person from whom the link starts; absent: always
	Doubt bool   // the link does not join but makes composition doubtful where it holds
	Pos   Pos
}

// Magnitudes are how many people live in the pack's area, and how many persons or households each programme is expected to
// reach there at one time. They judge nobody: a screening is held against them.
type Magnitudes struct {
	People     int
	Source     Source
	Programmes []*Magnitude
	Pos        Pos
}

// Of is a programme's magnitude, nil if it has none.
func (m *Magnitudes) Of(programme string) *Magnitude {
	if m == nil {
		return nil
	}
	for _, x := range m.Programmes {
		if x.Programme == programme {
			return x
		}
	}
	return nil
}

// Magnitude is how many units a programme is expected to reach.
type Magnitude struct {
	Programme string
	Units     int
	Note      Text // why a screening of registers alone comes to another order; empty if it does not
	Source    Source
	Pos       Pos
}

// Case is a worked example with what is expected of it.
type Case struct {
	ID         string
	Name       Text
	Tags       []string // eligible | ineligible | threshold | missing, beside others
	Programmes []string // that it is a case of
	Source     Source
	Parameters []*Parameter // own values, which replace the pack's
	Facts      *Dossier
	Expect     *Expectation
	Pos        Pos
}

// Dossier is a household as a case or an officer writes it down: what is not mentioned is unknown. Values are as written:
// a text, nil, a []any or a map[string]any; package population gives them their types.
type Dossier struct {
	On         calendar.Date
	Area       area.Code
	Household  map[string]any   // fact name to value; "events" to rows, "holds" to a list of programmes
	Members    []map[string]any // "name", fact names, "events", "holds", "counts"
	Supporters []map[string]any // the whole list; nil where nobody said who they are
	Doubtful   bool             // composition is doubtful
	Pos        Pos
	Places     map[string]Pos // "members[0].birth" and the like to its place in the file
}

// Expectation is what a case must give.
type Expectation struct {
	Outcomes []ExpectedOutcome
	Values   []ExpectedValue // variables
	Warnings []string        // ids that must fire, "-id" for those that must not
	Pos      Pos
}

// ExpectedOutcome is the outcome of a programme for a unit.
type ExpectedOutcome struct {
	Programme  string
	Unit       string // member's name, or "" for the household (or the only member)
	Outcome    string
	Components []ExpectedComponent
	Amount     *money.Decimal // of all components together
	Failed     []string       // conditions
	Missing    []string       // fact paths
	Pos        Pos
}

// ExpectedComponent is the amount of a component.
type ExpectedComponent struct {
	ID     string
	Amount money.Decimal
}

// ExpectedValue is the value of a variable or fact of a unit.
type ExpectedValue struct {
	Path  string
	Unit  string
	Value string // as rules.Canonical writes it; "unknown", "error" or "not-in-force"
	Pos   Pos
}
