package evaluation

import (
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

var notMeasurable = fault.Text{Key: "evaluation.pack",
	Zh: "政策包里没有 evaluation.yaml，不知道每条预警规则应当找到什么；请补上再运行",
	En: "the pack has no evaluation.yaml, so that nobody knows what each warning rule is meant to find; add one and run again"}

var notStated = pack.Text{Zh: "evaluation.yaml 里没有写这条规则应当找到什么", En: "evaluation.yaml does not say what the rule is meant to find"}

// Evaluation gathers the screenings of counties and their labels. It is used by one caller at a time.
type Evaluation struct {
	plan       *rules.Plan
	rules      []*ruleMeasure // in the order of Policy.Warnings
	mechanisms []*measured    // in the order of the pack's
	needs      []*needMeasure // in the order of the pack's
	counties   map[area.Code][]standing
	labels     map[Kind]*LabelCount
	groups     map[group]*GroupReport
	unneeded   map[string]int // labels of needs that evaluation.yaml does not name

	evaluator *rules.Evaluator
	batch     *rules.Batch
}

// measured is how often warnings are right and what they find.
type measured struct {
	raised, right int
	pool          Ratio // households with a label that they are meant to find
}

// ruleMeasure is a warning rule with what it is meant to find.
type ruleMeasure struct {
	rule      *pack.Warning
	mechanism int
	finds     []pack.Aim
	why       pack.Text // it cannot be measured
	measured
}

// aims reports whether a label is what a rule is meant to find.
func (m *ruleMeasure) aims(l *Label, on calendar.Date) bool {
	for i := range m.finds {
		if aims(&m.finds[i], l, on) {
			return true
		}
	}
	return false
}

func aims(a *pack.Aim, l *Label, on calendar.Date) bool {
	return a.Label == string(l.Kind) && among(a.Programmes, l.Programme) && among(a.Causes, l.Cause) &&
		(a.Within == 0 || l.Since != 0 && calendar.Days(l.Since, on) <= a.Within)
}

// among reports whether a list names something; an empty one names all.
func among(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }

// New begins an evaluation under a plan. The fault says that the pack does not tell how it is evaluated.
func New(plan *rules.Plan) (*Evaluation, error) {
	p := plan.Policy().Pack()
	if p.Evaluation == nil {
		return nil, fault.New(fault.Invalid, notMeasurable, nil)
	}
	e := &Evaluation{plan: plan, counties: map[area.Code][]standing{}, labels: map[Kind]*LabelCount{}, groups: map[group]*GroupReport{}, unneeded: map[string]int{}}
	for _, k := range Kinds {
		e.labels[k] = &LabelCount{Kind: k}
	}
	for range p.Mechanisms {
		e.mechanisms = append(e.mechanisms, &measured{})
	}
	for _, rule := range plan.Policy().Warnings() {
		e.rules = append(e.rules, newRuleMeasure(plan.Policy(), rule))
	}
	for _, n := range p.Evaluation.Needs {
		e.needs = append(e.needs, newNeedMeasure(plan, n))
	}
	return e, nil
}

func newRuleMeasure(policy *rules.Policy, rule *pack.Warning) *ruleMeasure {
	m := &ruleMeasure{rule: rule, why: notStated}
	for i, mechanism := range policy.Pack().Mechanisms {
		if policy.Mechanism(rule) == mechanism {
			m.mechanism = i
		}
	}
	for _, of := range policy.Pack().Evaluation.Rules {
		if of.Warning == rule.ID {
			m.finds, m.why = of.Finds, of.Unmeasured
		}
	}
	return m
}

// Add takes the screening of a county, or of several, with the labels of the same people. The people are those that were
// screened.
func (e *Evaluation) Add(result *screening.Result, people screening.People, labels []Label) {
	m := newMatcher(labels)
	for f := range result.Found() {
		c := m.match(f, e.plan.Date())
		e.rank(c)
		e.warn(c)
		e.need(c, people)
		e.group(c)
	}
	m.account(e.labels)
}

// rank keeps what the ranking needs of a chunk's households.
func (e *Evaluation) rank(c *matched) {
	level := area.County
	if x := e.plan.Policy().Pack().Index; x != nil {
		level = x.Hardest.Level
	}
	for h := range c.found.Households {
		if !c.found.Ranked(h) {
			continue
		}
		s := standing{score: c.found.Score(h), members: c.found.Members(h), severity: unlabelled, labelled: len(c.told[h]) > 0}
		missed := map[int]bool{}
		for _, t := range c.told[h] {
			s.severity = max(s.severity, t.label.Severity)
			s.needs = s.needs || t.label.Kind == Need || t.label.Kind == MissedNeed
			if t.label.Kind == MissedNeed && t.counts {
				missed[t.lane] = true
			}
		}
		s.missed = len(missed)
		in := c.found.Households[h].Village.At(level)
		e.counties[in] = append(e.counties[in], s)
	}
}

// warn holds the warnings of a chunk against its labels.
func (e *Evaluation) warn(c *matched) {
	right := make([]map[int]bool, len(e.rules)) // by rule: the households with a right warning
	for rule, lanes := range c.found.Fired() {
		m := e.rules[rule]
		right[rule] = map[int]bool{}
		m.raised += len(lanes)
		for _, lane := range lanes {
			h := c.found.Household(m.rule.Unit, int(lane))
			c.warned[h] = true
			if c.right(m, int(lane), h) {
				m.right++
				right[rule][h] = true
			}
		}
	}
	for h, told := range c.told {
		if len(told) > 0 {
			e.pools(c, right, h)
		}
	}
}

// pools counts a household for each rule, and once for each mechanism, that is meant to find it.
func (e *Evaluation) pools(c *matched, right []map[int]bool, h int) {
	meant, found := make([]bool, len(e.mechanisms)), make([]bool, len(e.mechanisms))
	for rule, m := range e.rules {
		if !c.meant(m, h) {
			continue
		}
		m.pool.add(right[rule][h])
		meant[m.mechanism] = true
		found[m.mechanism] = found[m.mechanism] || right[rule][h]
	}
	for i, mechanism := range e.mechanisms {
		if meant[i] {
			mechanism.pool.add(found[i])
		}
	}
}
