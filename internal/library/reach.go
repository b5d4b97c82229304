package library

import (
	"slices"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// reach is what the rules of a programme rest on, in the order in which it is first met.
type reach struct {
	facts      []*pack.Fact
	variables  []*pack.Variable // also through other variables and programmes
	parameters []*pack.Parameter
	near       []figure // parameters that the programme, or a formula which it names, looks up
}

// figure is a parameter with the codes of its table that are looked up; nil where the code is computed.
type figure struct {
	parameter *pack.Parameter
	codes     []string
	direct    bool // the programme's own formulas look it up
}

// reachOfAll is what some formulas rest on that are no programme's.
func reachOfAll(policy *rules.Policy, all []pack.Expr) *reach {
	r := &reacher{policy: policy, reach: &reach{}}
	for _, e := range all {
		r.expression(e, true, 0)
	}
	return r.reach
}

// reacher follows what expressions read.
type reacher struct {
	policy     *rules.Policy
	reach      *reach
	programmes []*pack.Programme // opened already
}

func reachOf(policy *rules.Policy, q *pack.Programme) *reach {
	r := &reacher{policy: policy, reach: &reach{}}
	r.programme(q, false)
	return r.reach
}

// programme follows a programme's formulas; a foreign one is another programme on which the first one rests.
func (r *reacher) programme(q *pack.Programme, foreign bool) {
	if slices.Contains(r.programmes, q) {
		return
	}
	r.programmes = append(r.programmes, q)
	for _, e := range expressionsOf(q) {
		r.expression(e, foreign, 0)
	}
}

// expressionsOf are a programme's formulas, over all its versions.
func expressionsOf(q *pack.Programme) []pack.Expr {
	var all []pack.Expr
	for _, v := range q.Versions {
		for _, c := range v.Conditions {
			all = append(all, c.When)
		}
		for _, c := range v.Components {
			all = append(all, c.When, c.Amount)
		}
	}
	return all
}

// nearest is through how many formulas a figure still stands on a programme's own page.
const nearest = 1

func (r *reacher) expression(e pack.Expr, foreign bool, depth int) {
	reading := r.policy.Reads(e)
	for _, f := range reading.Facts {
		if !slices.Contains(r.reach.facts, f) {
			r.reach.facts = append(r.reach.facts, f)
		}
	}
	for _, p := range reading.Parameters {
		if !slices.Contains(r.reach.parameters, p.Parameter) {
			r.reach.parameters = append(r.reach.parameters, p.Parameter)
		}
		if !foreign && depth <= nearest {
			r.near(figure{p.Parameter, p.Codes, depth == 0})
		}
	}
	for _, v := range reading.Variables {
		known := slices.Contains(r.reach.variables, v)
		if known && depth > 0 {
			continue
		}
		if !known {
			r.reach.variables = append(r.reach.variables, v)
		}
		for _, version := range v.Versions {
			r.expression(version.Value, foreign, depth+1)
		}
	}
	for _, q := range reading.Determined {
		r.programme(q, true)
	}
}

func (r *reacher) near(f figure) {
	for i := range r.reach.near {
		known := &r.reach.near[i]
		if known.parameter != f.parameter {
			continue
		}
		known.direct = known.direct || f.direct
		if known.codes == nil || f.codes == nil {
			known.codes = nil
			return
		}
		for _, c := range f.codes {
			if !slices.Contains(known.codes, c) {
				known.codes = append(known.codes, c)
			}
		}
		return
	}
	r.reach.near = append(r.reach.near, f)
}
