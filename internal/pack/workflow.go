package pack

import (
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
)

// Workflow is how the pack's programmes are handled: data that casework carries out. What may change is held in versions,
// each with its own span and source.
type Workflow struct {
	Routes      []Code
	Categories  string  // the list of codes of which procedures and reviews name some
	Baseline    *Period // how long help took before, from the need to the decision; nil: not known
	Procedures  []*Procedure
	Authorities []*Authority
	Publicity   []*Publicity
	Sampling    []*Sampling
	Reviews     []*Review
	Objections  []*Objection
	Retention   []*Retention
	Checklists  []*Checklist
	Pos         Pos
}

// Dated is what each version of an entry has.
type Dated struct {
	Span   calendar.Span
	Source Source
	Pos    Pos
}

func (d *Dated) dated() *Dated { return d }

// Period is a length of time. Working days are those of the pack's calendar.
type Period struct {
	Count int
	Unit  string // hours | days | working-days | months | years
}

// Procedure is the way that filings of some programmes, or recognitions of some categories, take.
type Procedure struct {
	ID         string
	Name       Text
	Programmes []string // each programme of the pack follows exactly one procedure
	Recognises []string // codes of Workflow.Categories
	Authority  string
	Publicity  string
	Versions   []*ProcedureVersion
	Pos        Pos
}

// ProcedureVersion is a procedure's steps over a span, in their order.
type ProcedureVersion struct {
	Dated
	Steps []*Step
	Total *Total // nil: only the steps have limits
}

// Step is one thing to be done.
type Step struct {
	ID       string
	Name     Text
	By       string   // who does it, one of a closed list
	People   int      // how many do it together; 0 is one
	BothSign bool     // those who do it and the family sign
	NotBy    []string // earlier steps: who did one of them does not do this one
	Within   *Limit   // nil: no limit of its own
	OnlyIf   string   // the occasion without which the step is left out; "" is always done
	Gives    string   // what comes out of it
	Note     Text
	Source   Source
	Pos      Pos
}

// Limit is a period that counts from an earlier step; the day of that step is not counted.
type Limit struct {
	Period
	From string
}

// Total is the limit from one step to another. AtMost is the count in special circumstances, 0 if there is no longer one.
type Total struct {
	Period
	From, To string
	AtMost   int
}

// Authority is who decides.
type Authority struct {
	ID       string
	Name     Text
	Versions []*AuthorityVersion
	Pos      Pos
}

// AuthorityVersion is who decides over a span, on what basis, and what can be done against it. An authority that was
// entrusted decides in the name of who entrusted it; one to which the power was devolved, in its own; a fund by its charter.
type AuthorityVersion struct {
	Dated
	Rank     string // township | county | department | fund
	Basis    string // law | entrusted | devolved | charter
	Letter   Text   // the name of a letter that grants
	Refusal  Text   // and of one that refuses
	Seal     Text   // whose seal it bears
	UpTo     *money.Decimal
	Above    string // the authority for more than UpTo
	Remedies []*Remedy
}

// Remedy is what can be done against a decision.
type Remedy struct {
	Kind   string // reconsideration | suit | complaint
	Within Period // from when the decision is known
	To     Text
	Source Source
}

// Publicity is what is made public of a filing, and when.
type Publicity struct {
	ID       string
	Name     Text
	Versions []*PublicityVersion
	Pos      Pos
}

// PublicityVersion is a publicity regime over a span.
type PublicityVersion struct {
	Dated
	Notice      *Posting // before the decision
	Publication *Posting // after help was given
	Photograph  bool     // each posting is photographed, with its date
	Minors      bool     // a minor may be the applicant shown
	Never       bool     // nothing of such a filing may ever be posted, on lists of other occasions neither
}

// Posting is what a posting shows and for how long.
type Posting struct {
	For   *Period // nil: not fixed
	Shows []string
}

// Sampling is the county's check of what townships decided.
type Sampling struct {
	ID         string
	Name       Text
	Procedures []string
	Versions   []*SamplingVersion
	Pos        Pos
}

// SamplingVersion is a sampling over a span.
type SamplingVersion struct {
	Dated
	Share  money.Decimal // of the cases
	Every  string        // month | quarter | year
	Always []string      // cases that are always visited
	Note   Text
}

// Review is how often help and statuses are looked at again.
type Review struct {
	ID         string
	Name       Text
	Programmes []string
	Categories []string
	Versions   []*ReviewVersion
	Pos        Pos
}

// ReviewVersion is a review over a span. A period that is not set is nil.
type ReviewVersion struct {
	Dated
	Every         *Period
	Valid         *Period // how long a status lasts
	Authorisation *Period // how long an authorisation of a means check may be used for checks again
	Exit          *Period // how long help goes on for who rises above the line by work
}

// Objection is what answers an objection. None of the answers is ever a step by default.
type Objection struct {
	ID       string
	Name     Text
	Against  string // notice | survey | means-check
	Versions []*ObjectionVersion
	Pos      Pos
}

// ObjectionVersion is the answers to an objection over a span.
type ObjectionVersion struct {
	Dated
	Answers []string
	Within  *Period
}

// Retention is how long files are kept.
type Retention struct {
	ID         string
	Name       Text
	Procedures []string
	Versions   []*RetentionVersion
	Pos        Pos
}

// RetentionVersion is a retention over a span.
type RetentionVersion struct {
	Dated
	Keep Period
}

// ProcedureOf is the procedure that a programme follows, nil if none is written down.
func (w *Workflow) ProcedureOf(programme string) *Procedure {
	for _, p := range w.Procedures {
		if slices.Contains(p.Programmes, programme) {
			return p
		}
	}
	return nil
}

// Authority is an authority by its id, nil if there is none.
func (w *Workflow) Authority(id string) *Authority {
	for _, a := range w.Authorities {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// PublicityOf is a publicity regime by its id, nil if there is none.
func (w *Workflow) PublicityOf(id string) *Publicity {
	for _, p := range w.Publicity {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Step is a step by its id, nil if there is none.
func (v *ProcedureVersion) Step(id string) *Step {
	for _, s := range v.Steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// VersionedRule names versions of something for reports.
type VersionedRule struct {
	Name     string // kind and id: "procedure dibao"
	Kind     Text   // what it is a rule of: a procedure, a sampling
	Title    Text   // the entry's own name
	Versions []Dated
	Pos      Pos
}

// Label is the rule as a reader knows it.
func (r VersionedRule) Label() Text {
	return Text{r.Kind.Zh + "：" + r.Title.Zh, r.Kind.En + ": " + r.Title.En}
}

// Rules are all that the workflow holds by date, in the order of the file.
func (w *Workflow) Rules() []VersionedRule {
	var all []VersionedRule
	for _, e := range w.Procedures {
		all = append(all, VersionedRule{"procedure " + e.ID, Text{"办理程序", "Procedure"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	for _, e := range w.Authorities {
		all = append(all, VersionedRule{"authority " + e.ID, Text{"由谁决定", "Who decides"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	for _, e := range w.Publicity {
		all = append(all, VersionedRule{"publicity " + e.ID, Text{"公示方式", "What is posted"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	for _, e := range w.Sampling {
		all = append(all, VersionedRule{"sampling " + e.ID, Text{"抽查", "Sampling"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	for _, e := range w.Reviews {
		all = append(all, VersionedRule{"review " + e.ID, Text{"定期核查", "Review"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	for _, e := range w.Objections {
		all = append(all, VersionedRule{"objection " + e.ID, Text{"异议", "Objection"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	for _, e := range w.Retention {
		all = append(all, VersionedRule{"retention " + e.ID, Text{"档案保存", "Keeping of files"}, e.Name, datedOf(e.Versions), e.Pos})
	}
	return all
}

func datedOf[V interface{ dated() *Dated }](versions []V) []Dated {
	all := make([]Dated, len(versions))
	for i, v := range versions {
		all[i] = *v.dated()
	}
	return all
}

// Checklist is what is asked at every visit of some purposes, whatever the engine finds missing.
type Checklist struct {
	ID       string
	Name     Text
	Purposes []string // all if none is named
	Versions []*ChecklistVersion
	Pos      Pos
}

// ChecklistVersion is a checklist over a span.
type ChecklistVersion struct {
	Dated
	Questions []ChecklistQuestion
}

// ChecklistQuestion is one of its questions: either a fact of the household, asked as the fact asks, or a question of its own about the visit.
type ChecklistQuestion struct {
	ID    string
	Fact  string // path; "" of a question of its own
	Ask   Text
	Type  Type // beside the types of facts "text", words
	Codes string
	Pos   Pos
}
