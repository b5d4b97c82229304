package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// LapseDays is how far ahead lapses are reported.
const LapseDays = 90

// Report is what a check found.
type Report struct {
	Cases      int
	Failures   fault.List // what a case expected and what it got
	Programmes []Coverage
	Thin       []WarningCoverage // warning rules that lack a case
	Statuses   []StatusCount
	Assumed    []AssumedValue
	Lapses     []Lapse
	Unused     []string   // parameters that nothing reads
	Unread     fault.List // facts and variables that nothing reads
	Warnings   fault.List // advice: what the pack can do without, or cannot do
}

// Advice counts what a strict check does not let pass: it is no fault, and there should be none.
func (r *Report) Advice() int { return len(r.Unused) + len(r.Unread) + len(r.Warnings) }

// Coverage is which sorts of cases a programme has.
type Coverage struct {
	Programme *pack.Programme
	Lacks     []string // of eligible, ineligible, threshold, missing
	Cases     int
}

// StatusCount counts the pack's figures and rules by how sure they are.
type StatusCount struct {
	Status pack.Status
	Values int // of parameters
	Rules  int // formulas, programme versions, warnings, the index, the workflow's
}

// AssumedValue is a figure or rule that is not found.
type AssumedValue struct {
	Name   string
	Span   calendar.Span
	Source pack.Source
}

// Lapse is a parameter, formula or programme that ends within LapseDays.
type Lapse struct {
	Name  string
	Label pack.Text // what it is called
	Last  calendar.Date
	Days  int
}

var (
	wrongOutcome = fault.Text{Key: "check.outcome",
		Zh: "案例{case}：{programme}{unit} 应为“{expected}”，得到“{found}”{detail}", En: `case {case}: {programme}{unit} should be "{expected}", came to "{found}"{detail}`}
	wrongAmount = fault.Text{Key: "check.amount",
		Zh: "案例{case}：{programme}{unit} 的{component}应为 {expected}，得到 {found}", En: "case {case}: {component} of {programme}{unit} should be {expected}, came to {found}"}
	wrongList = fault.Text{Key: "check.list",
		Zh: "案例{case}：{programme}{unit} 的 {what} 应含 {expected}，得到 {found}", En: "case {case}: {what} of {programme}{unit} should hold {expected}, found {found}"}
	wrongValue = fault.Text{Key: "check.value",
		Zh: "案例{case}：{path} 应为 {expected}，得到 {found}", En: "case {case}: {path} should be {expected}, came to {found}"}
	wrongWarning = fault.Text{Key: "check.warning",
		Zh: "案例{case}：预警 {warning} 应{expectedZh}触发", En: "case {case}: warning {warning} should {expected}fire"}
	twoAnswers = fault.Text{Key: "check.two-answers",
		Zh: "案例{case}：{programme}{unit} 整批运算得“{batch}”，解释得“{found}”", En: `case {case}: {programme}{unit} is "{batch}" in a batch and "{found}" explained`}
)

// Tags are the sorts of cases that every programme needs, in the order in which they teach.
var Tags = []string{"eligible", "ineligible", "threshold", "missing"}

// Run checks a compiled pack as it stands on a date.
func Run(policy *rules.Policy, on calendar.Date) *Report {
	p := policy.Pack()
	r := &Report{Cases: len(p.Cases)}
	plans := plans{policy: policy, byDate: map[calendar.Date]*evaluated{}}
	for _, c := range p.Cases {
		r.Failures = append(r.Failures, runCase(plans, c)...)
	}
	r.Failures.Sort()
	r.survey(p)
	r.Lapses = Lapses(p, on)
	r.Warnings, r.Unread = advise(policy)
	for _, q := range policy.UnusedParameters() {
		r.Unused = append(r.Unused, q.Name)
	}
	return r
}

// Survey is what can be said of a pack without running its cases: which cases there are, and how sure its figures and
// rules are.
func Survey(p *pack.Pack) *Report {
	r := &Report{Cases: len(p.Cases)}
	r.survey(p)
	return r
}

func (r *Report) survey(p *pack.Pack) {
	r.coverage(p)
	r.Thin = thinWarnings(p)
	r.statuses(p)
}

// plans keeps the plan of each date: most cases share one.
type plans struct {
	policy *rules.Policy
	byDate map[calendar.Date]*evaluated
}

// evaluated is a plan with an evaluator, which one case after another uses.
type evaluated struct {
	*rules.Plan
	evaluator *rules.Evaluator
}

func (p plans) on(date calendar.Date, overlay rules.Overlay) *evaluated {
	plan := p.policy.On(date, overlay)
	return &evaluated{plan, plan.NewEvaluator()}
}

func (p plans) of(c *pack.Case) *evaluated {
	if len(c.Parameters) > 0 {
		overlay := rules.Overlay{}
		for _, q := range c.Parameters {
			overlay[q.Name] = q
		}
		return p.on(c.Facts.On, overlay)
	}
	if p.byDate[c.Facts.On] == nil {
		p.byDate[c.Facts.On] = p.on(c.Facts.On, nil)
	}
	return p.byDate[c.Facts.On]
}

// run is one case being compared.
type run struct {
	c       *pack.Case
	family  *population.Family
	plan    *evaluated
	told    *rules.Determination
	results *rules.Results
	faults  fault.List
}

func runCase(plans plans, c *pack.Case) fault.List {
	family, faults := population.FromDossier(plans.policy.Pack(), plans.policy.Layout(), c.Facts)
	if len(faults) > 0 {
		return faults
	}
	r := &run{c: c, family: family, plan: plans.of(c)}
	r.results = r.plan.evaluator.Evaluate(family.Batch)
	r.told = r.plan.Explain(family.Subject())
	r.agree()
	for _, o := range c.Expect.Outcomes {
		r.outcome(o)
	}
	for _, v := range c.Expect.Values {
		r.value(v)
	}
	for _, w := range c.Expect.Warnings {
		r.warning(w)
	}
	return r.faults
}

func (r *run) fail(at pack.Pos, text fault.Text, args fault.Args) {
	args["case"] = r.c.ID
	r.faults = append(r.faults, fault.New(fault.Invalid, text, args).In(at.At()))
}

// agree holds the batch and the explanation together: the same outcomes and amounts, and the witness of a refusal among
// the failures.
func (r *run) agree() {
	for i, programme := range r.plan.Policy().Pack().Programmes {
		lane := 0
		for _, o := range r.told.Outcomes {
			if o.Programme != programme.ID {
				continue
			}
			if !r.sameOutcome(&r.results.Programmes[i], lane, o) {
				r.fail(r.c.Pos, twoAnswers, fault.Args{"programme": o.Programme, "unit": unitName(o.Unit.Name),
					"batch": r.results.Programmes[i].Outcome(lane), "found": o.Outcome})
			}
			lane++
		}
	}
}

func (r *run) sameOutcome(batch *rules.ProgrammeResult, lane int, o rules.OutcomeReport) bool {
	if batch.Outcome(lane).String() != o.Outcome || batch.Assumed.Has(lane) != o.Assumed {
		return false
	}
	for k, c := range o.Components {
		amount, ok := batch.Amounts[k].At(lane)
		if ok != (c.Amount != nil) || ok && amount != *c.Amount {
			return false
		}
	}
	if batch.Outcome(lane) != rules.Ineligible {
		return true
	}
	first, _ := batch.Witness(lane)
	witness := o.Reasons.Tell()[first].Condition
	return slices.ContainsFunc(o.Failed.Tell(), func(f rules.FailureReport) bool { return f.Condition == witness })
}

func unitName(name string) string {
	if name == "" {
		return ""
	}
	return "(" + name + ")"
}

// find is the report of an expected outcome; without a unit it is the household's, or the only member's.
func (r *run) find(o pack.ExpectedOutcome) *rules.OutcomeReport {
	for i := range r.told.Outcomes {
		if t := &r.told.Outcomes[i]; t.Programme == o.Programme && (o.Unit == "" || t.Unit.Name == o.Unit) {
			return t
		}
	}
	return nil
}

func (r *run) outcome(want pack.ExpectedOutcome) {
	got := r.find(want)
	args := func() fault.Args { return fault.Args{"programme": want.Programme, "unit": unitName(want.Unit)} }
	if got.Outcome != want.Outcome {
		a := args()
		a["expected"], a["found"], a["detail"] = want.Outcome, got.Outcome, detail(got)
		r.fail(want.Pos, wrongOutcome, a)
		return
	}
	for _, c := range want.Components {
		if found := componentAmount(got, c.ID); found != c.Amount.String() {
			a := args()
			a["component"], a["expected"], a["found"] = c.ID, c.Amount, found
			r.fail(want.Pos, wrongAmount, a)
		}
	}
	if want.Amount != nil {
		if found := totalAmount(got); found != want.Amount.String() {
			a := args()
			a["component"], a["expected"], a["found"] = "amount", want.Amount, found
			r.fail(want.Pos, wrongAmount, a)
		}
	}
	r.holds(want, "failed", want.Failed, failedIDs(got), args())
	r.holds(want, "missing", want.Missing, missingFacts(got), args())
}

func (r *run) holds(o pack.ExpectedOutcome, what string, want, got []string, args fault.Args) {
	for _, w := range want {
		if !slices.Contains(got, w) {
			args["what"], args["expected"], args["found"] = what, strings.Join(want, ", "), strings.Join(got, ", ")
			r.fail(o.Pos, wrongList, args)
			return
		}
	}
}

// detail tells why an outcome came out as it did.
func detail(o *rules.OutcomeReport) string {
	switch {
	case len(failedIDs(o)) > 0:
		return " (" + strings.Join(failedIDs(o), ", ") + ")"
	case len(missingFacts(o)) > 0:
		return " (" + strings.Join(missingFacts(o), ", ") + ")"
	}
	var open []string
	for _, c := range o.Reasons.Tell() {
		if c.State != "true" {
			open = append(open, c.Condition+" "+c.State)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return " (" + strings.Join(open, ", ") + ")"
}

func failedIDs(o *rules.OutcomeReport) []string {
	var ids []string
	for _, f := range o.Failed.Tell() {
		ids = append(ids, f.Condition)
	}
	return ids
}

// missingFacts names facts as "person.birth" and, of a person who is not the unit, "person.birth@name".
func missingFacts(o *rules.OutcomeReport) []string {
	var facts []string
	for _, m := range o.Missing.Tell() {
		facts = append(facts, m.Fact)
		if m.Unit.Name != "" {
			facts = append(facts, m.Fact+"@"+m.Unit.Name)
		}
	}
	return facts
}

func componentAmount(o *rules.OutcomeReport, id string) string {
	for _, c := range o.Components {
		if c.ID != id {
			continue
		}
		if c.Amount == nil {
			if c.State == "none" {
				return "0"
			}
			return c.State
		}
		return c.Amount.String()
	}
	return "none"
}

func totalAmount(o *rules.OutcomeReport) string {
	sum := money.Decimal(0)
	for _, c := range o.Components {
		switch c.State {
		case "known":
			sum, _ = sum.Add(*c.Amount)
		case "open":
			return "open"
		}
	}
	return sum.String()
}

func (r *run) value(want pack.ExpectedValue) {
	lane := 0
	if want.Unit != "" {
		lane, _ = r.family.Member(want.Unit)
	}
	found := r.plan.evaluator.Value(want.Path, lane)
	if found != normal(want.Value) && found != want.Value {
		r.fail(want.Pos, wrongValue, fault.Args{"path": want.Path + unitName(want.Unit), "expected": want.Value, "found": found})
	}
}

// normal is a number as rules writes it, "1166.7" for "1166.70"; anything else is left.
func normal(s string) string {
	if d, err := money.Parse(s); err == nil {
		return d.String()
	}
	return s
}

func (r *run) warning(w string) {
	id, silent := strings.CutPrefix(w, "-")
	fires := slices.ContainsFunc(r.told.Warnings, func(x rules.WarningReport) bool { return x.ID == id })
	switch {
	case fires && silent:
		r.fail(r.c.Expect.Pos, wrongWarning, fault.Args{"warning": id, "expected": "not ", "expectedZh": "不"})
	case !fires && !silent:
		r.fail(r.c.Expect.Pos, wrongWarning, fault.Args{"warning": id, "expected": "", "expectedZh": ""})
	}
}

func (r *Report) coverage(p *pack.Pack) {
	for _, programme := range p.Programmes {
		c := Coverage{Programme: programme}
		has := map[string]bool{}
		for _, k := range p.Cases {
			if !slices.Contains(k.Programmes, programme.ID) {
				continue
			}
			c.Cases++
			for _, tag := range k.Tags {
				has[tag] = true
			}
		}
		for _, tag := range Tags {
			if !has[tag] {
				c.Lacks = append(c.Lacks, tag)
			}
		}
		r.Programmes = append(r.Programmes, c)
	}
}

func (r *Report) statuses(p *pack.Pack) {
	for _, s := range []pack.Status{pack.Found, pack.Proxy, pack.Interpolated, pack.Assumed} {
		r.Statuses = append(r.Statuses, StatusCount{Status: s})
	}
	count := func(name string, span calendar.Span, source pack.Source, value bool) {
		i := slices.IndexFunc(r.Statuses, func(s StatusCount) bool { return s.Status == source.Status })
		if value {
			r.Statuses[i].Values++
		} else {
			r.Statuses[i].Rules++
		}
		if source.Status != pack.Found {
			r.Assumed = append(r.Assumed, AssumedValue{name, span, source})
		}
	}
	for _, q := range p.Parameters {
		for _, v := range q.Values {
			count("param."+q.Name+place(v), v.Span, v.Source, true)
		}
	}
	for _, v := range p.Variables {
		for _, version := range v.Versions {
			count(v.Path(), version.Span, version.Source, false)
		}
	}
	for _, q := range p.Programmes {
		for _, v := range q.Versions {
			count(q.ID, v.Span, v.Source, false)
		}
	}
	for _, m := range p.Mechanisms {
		for _, w := range m.Rules {
			count("warning "+w.ID, calendar.Always(), w.Source, false)
		}
	}
	if p.Workflow != nil {
		for _, rule := range p.Workflow.Rules() {
			for _, v := range rule.Versions {
				count(rule.Name, v.Span, v.Source, false)
			}
		}
	}
	if p.Handling != nil {
		count("handling", calendar.Always(), p.Handling.Source, false)
	}
	if p.Index != nil {
		count("index", calendar.Always(), p.Index.Source, false)
	}
}

// place tells a value's area and residence where they matter.
func place(v *pack.ParameterValue) string {
	s := ""
	if v.Residence != "" {
		s = "[" + v.Residence + "]"
	}
	return fmt.Sprintf("%s@%s", s, v.Area)
}

// Lapses is what is in force on the date and ends within LapseDays with nothing after it, what ends first first.
func Lapses(p *pack.Pack, on calendar.Date) (all []Lapse) {
	look := func(name string, label pack.Text, span calendar.Span, spans []calendar.Span) {
		if !span.Contains(on) || calendar.Days(on, span.To) > LapseDays {
			return
		}
		if slices.ContainsFunc(spans, func(s calendar.Span) bool { return s.Contains(span.To) }) {
			return
		}
		all = append(all, Lapse{name, label, span.Last(), calendar.Days(on, span.To)})
	}
	for _, q := range p.Parameters {
		for _, v := range q.Values {
			var later []calendar.Span
			for _, other := range q.Values {
				if other.Area.Contains(v.Area) && (other.Residence == "" || other.Residence == v.Residence) {
					later = append(later, other.Span)
				}
			}
			look("param."+q.Name+place(v), q.Label, v.Span, later)
		}
	}
	each := func(name string, label pack.Text, spans []calendar.Span) {
		for _, span := range spans {
			look(name, label, span, spans)
		}
	}
	for _, v := range p.Variables {
		each(v.Path(), v.Label, spansOf(v.Versions, func(version *pack.VariableVersion) calendar.Span { return version.Span }))
	}
	for _, q := range p.Programmes {
		each(q.ID, q.Name, spansOf(q.Versions, func(version *pack.ProgrammeVersion) calendar.Span { return version.Span }))
	}
	if p.Workflow != nil {
		for _, rule := range p.Workflow.Rules() {
			each(rule.Name, rule.Label(), spansOf(rule.Versions, func(version pack.Dated) calendar.Span { return version.Span }))
		}
	}
	slices.SortStableFunc(all, func(a, b Lapse) int { return cmp.Or(cmp.Compare(a.Last, b.Last), cmp.Compare(a.Name, b.Name)) })
	return all
}

func spansOf[V any](versions []V, span func(V) calendar.Span) []calendar.Span {
	spans := make([]calendar.Span, len(versions))
	for i, v := range versions {
		spans[i] = span(v)
	}
	return spans
}
