package rules

import (
	"slices"
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Words tells a determination piece by piece, as [Determination.Text] has it, for whoever shows it on a page. It is not safe for
// concurrent use.
type Words struct{ w *writer }

// Words begins to tell. The values of the facts and variables that hide names by their paths are told as "***"; nil hides none.
func (d *Determination) Words(p *pack.Pack, lang fault.Lang, hide func(path string) bool) *Words {
	w := newWriter(d, p, lang, false)
	w.hide = hide
	return &Words{w}
}

// Step is a step of an explanation in words, with what it was made of.
type Step struct {
	Mark   string // of a condition: ✓ met, ✗ not met, ？ open, ！ an error, – not in force
	Text   string
	Origin string     // of a fact: where it comes from, and of what day
	Notes  []string   // since when a figure holds, how sure it is
	Cites  []Citation // the articles it rests on
	Above  bool       // what it was made of stands above already
	Parts  []Step

	since bool // the first note is since when a figure holds
}

// PlanRow is what one programme gives one unit in one rhythm.
type PlanRow struct {
	Programme string // its id
	Name      string
	Who       string
	Amount    string // with its unit; "" of what is not money
	Per       string // how often
	Note      string // what it is made of, and that the unit has it already
}

// Outcome is what an outcome is called.
func (t *Words) Outcome(id string) string { return t.w.outcomeName(id) }

// Department is what a department is called on the day of the determination.
func (t *Words) Department(id string) string { return t.w.departmentName(id) }

// Decided is the lines that say what decided an outcome, see [Determination.Decided].
func (t *Words) Decided(o *OutcomeReport) []string {
	return t.lines(func() { t.w.decided(&block{outcomes: []*OutcomeReport{o}}) })
}

// Plain reports whether an outcome is a refusal because the programme plainly does not concern the unit.
func (t *Words) Plain(o *OutcomeReport) bool {
	return o.Outcome == Ineligible.String() && t.w.plainly(o) != nil
}

// Lapses says since when a programme that is not in force will be, or until when it was.
func (t *Words) Lapses(o *OutcomeReport) string {
	return strings.TrimPrefix(strings.TrimPrefix(t.w.lapseText(o, false), "："), ": ")
}

// Opened is the conditions of an outcome and then its amounts, each opened to the values that it rests on.
func (t *Words) Opened(o *OutcomeReport) []Step {
	t.w.told = nil
	return t.w.stepsOf(o)
}

// Score is a part of the difficulty index, opened likewise.
func (t *Words) Score(p *IndexPart) Step {
	t.w.told = nil
	return t.w.step(p.Tree.by(t.w.reasoner))
}

// Evidence is the values that a warning rests on.
func (t *Words) Evidence(r *WarningReport) []Step {
	var all []Step
	for _, reason := range r.Evidence.by(t.w.reasoner) {
		t.w.told = nil
		all = append(all, t.w.step(reason))
	}
	return all
}

// Plan is the rows of some items of the aid plan.
func (t *Words) Plan(items []PlanItem) []PlanRow { return t.w.planRows(items) }

// GivenUp and Undecided are what the plan leaves out for something better, and what is still open.
func (t *Words) GivenUp() []string   { return t.lines(t.w.givenUp) }
func (t *Words) Undecided() []string { return t.lines(t.w.undecided) }

// ToDo is where to file what, and which papers the family brings: the first line is a heading.
func (t *Words) ToDo() []string { return t.lines(t.w.steps) }

// Questions is what has to be known, as [Determination.Text] has it.
func (t *Words) Questions() []string { return t.lines(t.w.questions) }

// Value is a value of a fact as people read it.
func (t *Words) Value(f *pack.Fact, num int64) string {
	r := Reason{Kind: "fact", Path: f.Path(), State: stateKnown.String(), Type: string(f.Type), Measure: f.Measure}
	r.Value, r.Means = Canonical(f.Type, t.w.pack.Codes[f.Codes], num)
	return t.w.value(&r)
}

// Source is what a source of facts is called: "feed:tax", "visit", "check".
func (t *Words) Source(source string) string { return t.w.sourceName(source) }

// lines is what a function writes, line by line.
func (t *Words) lines(write func()) []string {
	var lines []string
	for line := range strings.Lines(t.w.aside(write)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}
