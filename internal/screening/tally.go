package screening

import (
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Tally counts a programme's outcomes.
type Tally struct {
	Programme *pack.Programme
	Outcomes  [rules.OutcomeCount]int
	Refused   []int         // by condition of the rule in force: how many it refuses as the first false one
	Held      int           // units that are recorded as receiving it now
	Reached   int           // units that receive it, are eligible or are likely
	Monthly   money.Decimal // of the eligible, what is paid by the month
	Once      money.Decimal // of the eligible, what is paid by the year or once
}

// MechanismTally counts a mechanism's warnings by level.
type MechanismTally struct {
	Mechanism *pack.Mechanism
	Levels    map[string]int
	Total     int
}

// tally counts outcomes by programme and warnings by rule and mechanism, and takes the field's figures on the way.
func (r *Result) tally() {
	for i, p := range r.Policy.Pack().Programmes {
		r.Programmes = append(r.Programmes, Tally{Programme: p, Refused: make([]int, len(r.Kept.legend.Programmes[i].Conditions))})
	}
	r.Warned = make([]int, len(r.Kept.legend.Warnings))
	var c chunk
	for i := range r.Kept.chunks {
		r.Kept.open(i, &c)
		r.field.figures(&c)
		r.Errors += c.errors
		for p := range r.Programmes {
			r.Programmes[p].add(&c, p, r.Kept.legend.Programmes[p].Components)
		}
		for _, f := range c.fired {
			r.Warned[f.rule] += len(f.lanes)
		}
	}
	r.tallyMechanisms()
}

// add counts a chunk.
func (t *Tally) add(c *chunk, p int, components []legendComponent) {
	c.verdicts[p].tally(func(v int64, lanes int) { t.count(Verdict(v), lanes) })
	for k, component := range components {
		t.sum(c, p, k, component.Per)
	}
}

func (t *Tally) count(v Verdict, n int) {
	t.Outcomes[v.Outcome()] += n
	if v.Held() {
		t.Held += n
	}
	if v.Held() || v.Outcome() == rules.Eligible || v.Outcome() == rules.Likely {
		t.Reached += n
	}
	if condition, ok := v.Witness(); ok {
		t.Refused[condition] += n
	}
}

// sum adds the amounts of the eligible.
func (t *Tally) sum(c *chunk, p, component int, per string) {
	a := &c.amounts[p][component]
	if a.amount.n == 0 {
		return
	}
	sum := &t.Once
	if per == "month" {
		sum = &t.Monthly
	}
	a.each(func(lane int, amount money.Decimal) {
		if amount > open && Verdict(c.verdicts[p].at(lane)).Outcome() == rules.Eligible {
			*sum, _ = sum.Add(amount)
		}
	})
}

func (r *Result) tallyMechanisms() {
	for _, m := range r.Policy.Pack().Mechanisms {
		t := MechanismTally{Mechanism: m, Levels: map[string]int{}}
		for i, rule := range r.Policy.Warnings() {
			if n := r.Warned[i]; n > 0 && r.Policy.Mechanism(rule) == m {
				t.Levels[rule.Level] += n
				t.Total += n
			}
		}
		r.Mechanisms = append(r.Mechanisms, t)
	}
}
