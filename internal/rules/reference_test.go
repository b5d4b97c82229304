package rules

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// reference is the meaning of the language written down a second time, for one lane at a time and without a graph: what is
// not known, what fails and what is not in force, folds over rows that are not all known, parameters by place, outcomes,
// and what each value rests on. It shares with the engine the terms and the arithmetic on known numbers.
type reference struct {
	w  *world
	on calendar.Date
	b  *Batch
}

// answer is a lane's value.
type answer struct {
	state  laneState
	num    int64
	taints [taints]bool
}

func (a answer) text() string {
	if a.state != stateKnown {
		return a.state.String()
	}
	return money.Decimal(a.num).String()
}

// spot is a lane of a relation.
type spot struct {
	rel  relation
	lane int
}

// climb is the lane of a relation in which a spot lies.
func (x *reference) climb(s spot, rel relation) spot {
	if rel == persons && s.rel == supporters {
		return s // a supporter's own
	}
	for s.rel != rel && rel != scalar {
		switch s.rel {
		case persons:
			s = spot{households, int(x.b.HouseholdOf()[s.lane])}
		case supporters:
			s = spot{households, owner(x.b.SupporterStart, s.lane)}
		case householdEvents:
			s = spot{households, owner(x.b.HouseholdEvent.Start, s.lane)}
		case personEvents:
			s = spot{persons, owner(x.b.PersonEvent.Start, s.lane)}
		default:
			panic("nothing above")
		}
	}
	return s
}

func owner(start []int32, row int) int {
	for i := range len(start) - 1 {
		if int(start[i]) <= row && row < int(start[i+1]) {
			return i
		}
	}
	panic("a row of nobody")
}

func (x *reference) table(rel relation) *Table {
	return map[relation]*Table{households: &x.b.Household, persons: &x.b.Person, supporters: &x.b.Supporter,
		householdEvents: &x.b.HouseholdEvent.Table, personEvents: &x.b.PersonEvent.Table}[rel]
}

func (x *reference) column(c *Column, lane int) answer {
	if !c.Known.Has(lane) {
		return answer{}
	}
	return answer{state: stateKnown, num: c.Num[lane]}
}

func (x *reference) of(t *term, s spot) answer {
	switch t.op {
	case opConst:
		if t.num == onDate {
			return answer{state: stateKnown, num: int64(x.on)}
		}
		return answer{state: stateKnown, num: t.num}
	case opFact:
		s = x.climb(s, t.rel)
		return x.column(&x.table(s.rel).Facts[t.num], s.lane)
	case opHolds:
		s = x.climb(s, t.rel)
		return x.column(&x.table(s.rel).Held[t.prog.index], s.lane)
	case opVariable:
		for _, v := range t.vari.versions {
			if v.span.Contains(x.on) {
				return x.of(v.term, x.climb(s, t.rel))
			}
		}
		return answer{state: stateLapsed}
	case opParam:
		v, a := x.parameter(t.param, s)
		if a.state == stateKnown {
			a.num = numeric(t.param, v.Value)
		}
		return a
	case opParamTable, opParamBand:
		return x.lookUp(t, s)
	case opEligible, opAmount, opOutcome:
		return x.programme(t, x.climb(s, t.rel))
	case opAnd:
		return x.connective(t, s, 0)
	case opOr:
		return x.connective(t, s, 1)
	case opCond:
		return x.choice(t, s)
	case opKnown:
		a := x.of(t.args[0], s)
		if a.state == stateKnown || a.state == stateUnknown {
			a.num, a.state = boolNum(a.state == stateKnown), stateKnown
		}
		return a
	case opDefault:
		return x.orDefault(t, s)
	case opExists, opAll, opCount, opSum, opMax, opMin:
		return x.fold(t, x.climb(s, t.over.parent()))
	}
	return x.strict(t, s)
}

// worst is the state of what needs all of some values.
func worst(all ...answer) answer {
	rank := map[laneState]int{stateKnown: 0, stateLapsed: 1, stateError: 2, stateUnknown: 3}
	w := answer{state: stateKnown}
	for _, a := range all {
		if rank[a.state] > rank[w.state] {
			w.state = a.state
		}
		w.rest(a)
	}
	return w
}

func (a *answer) rest(on answer) {
	for t := range taints {
		a.taints[t] = a.taints[t] || on.taints[t]
	}
}

func (a answer) firm() bool { return a.taints == [taints]bool{} }

func (x *reference) all(t *term, s spot) []answer {
	all := make([]answer, len(t.args))
	for i, a := range t.args {
		all[i] = x.of(a, s)
	}
	return all
}

func (x *reference) strict(t *term, s spot) answer {
	all := x.all(t, s)
	w := worst(all...)
	if w.state != stateKnown {
		return w
	}
	switch t.op {
	case opNot:
		w.num = 1 - all[0].num
	case opEqual:
		w.num = boolNum(all[0].num == all[1].num)
	case opLess:
		w.num = boolNum(all[0].num < all[1].num)
	case opLessEqual:
		w.num = boolNum(all[0].num <= all[1].num)
	case opInSet:
		w.num = boolNum(Bits(t.set).Has(int(all[0].num)))
	case opHasCode:
		w.num = boolNum(all[1].num>>all[0].num&1 != 0)
	default:
		second := all[len(all)-1].num
		n, ok := calculate(&node{op: t.op, typ: t.typ, num: t.num}, all[0].num, second)
		if w.num = n; !ok {
			w.state = stateError
		}
	}
	return w
}

func (x *reference) connective(t *term, s spot, absorbing int64) answer {
	all := x.all(t, s)
	w := worst(all...)
	if w.state == stateKnown {
		w.num = 1 - absorbing
	}
	for _, a := range all {
		if a.state == stateKnown && a.num == absorbing {
			w.state, w.num = stateKnown, absorbing
			if a.firm() {
				return a
			}
		}
	}
	return w
}

func (x *reference) choice(t *term, s spot) answer {
	test := x.of(t.args[0], s)
	if test.state != stateKnown {
		return test
	}
	a := x.of(t.args[2-test.num], s)
	a.rest(test)
	return a
}

func (x *reference) orDefault(t *term, s spot) answer {
	a := x.of(t.args[0], s)
	if a.state != stateUnknown {
		return a
	}
	d := x.of(t.args[1], s)
	d.rest(a)
	d.taints[assumed] = d.taints[assumed] || d.state != stateUnknown
	return d
}

func (x *reference) lookUp(t *term, s spot) answer {
	v, place := x.parameter(t.param, s)
	key := x.of(t.args[0], s)
	w := worst(key, place)
	switch {
	case w.state != stateKnown:
	case t.op == opParamTable:
		w.num = numeric(t.param, v.Table[x.w.pack.Codes[t.param.Codes].Codes[key.num].ID])
	default:
		for _, band := range v.Bands {
			if band.Last || money.Decimal(key.num) <= band.UpTo {
				w.num = int64(band.Value)
				break
			}
		}
	}
	return w
}

// parameter is the value that every place has where the household may be.
func (x *reference) parameter(p *pack.Parameter, s spot) (*pack.ParameterValue, answer) {
	h := x.climb(s, households).lane
	slot, _ := x.w.layout.Slot(x.w.pack.Residence)
	list := x.w.pack.Codes[x.w.layout.Facts(pack.Household)[slot].Codes]
	residences := list.IDs()
	if r := x.column(&x.b.Household.Facts[slot], h); r.state == stateKnown {
		residences = []string{list.Codes[r.num].ID}
	}
	at := x.b.Area[h]
	areas := []area.Code{at}
	if !x.w.pack.Area.Contains(at) {
		areas = []area.Code{x.w.pack.Area}
	}
	for _, v := range p.Values {
		if areas[0].Contains(v.Area) {
			areas = append(areas, v.Area)
		}
	}
	var found *pack.ParameterValue
	for i, in := range areas {
		for j, residence := range residences {
			v := x.nearest(p, in, residence)
			if i+j > 0 && !sameValue(v, found) {
				return nil, answer{}
			}
			found = v
		}
	}
	if found == nil {
		return nil, answer{state: stateLapsed}
	}
	return found, answer{state: stateKnown}
}

// nearest goes up from an area until one has a value: its residence's own, or a general one.
func (x *reference) nearest(p *pack.Parameter, in area.Code, residence string) *pack.ParameterValue {
	for ; in != 0; in = in.Parent() {
		for _, wanted := range []string{residence, ""} {
			for _, v := range p.Values {
				if v.Area == in && v.Residence == wanted && v.Span.Contains(x.on) {
					return v
				}
			}
		}
	}
	return nil
}

func (x *reference) rows(over relation, lane int) (from, to int, complete bool) {
	b := x.b
	switch over {
	case persons:
		return int(b.MemberStart[lane]), int(b.MemberStart[lane] + b.Counted[lane]), true
	case supporters:
		return int(b.SupporterStart[lane]), int(b.SupporterStart[lane+1]), b.AllSupporters.Has(lane)
	case householdEvents:
		return int(b.HouseholdEvent.Start[lane]), int(b.HouseholdEvent.Start[lane+1]), true
	}
	return int(b.PersonEvent.Start[lane]), int(b.PersonEvent.Start[lane+1]), true
}

func (x *reference) fold(t *term, s spot) answer {
	from, to, complete := x.rows(t.over, s.lane)
	for _, k := range t.kinds {
		complete = complete && x.table(s.rel).Complete[k].Has(s.lane)
	}
	var all []answer
	for row := from; row < to; row++ {
		all = append(all, x.of(t.args[0], spot{t.over, row}))
	}
	a := folded(t, all, complete)
	if a.state != stateKnown {
		a.taints = [taints]bool{}
	}
	if (t.over == persons || t.over == supporters) && (x.b.Doubtful.Has(s.lane) || x.b.Collective.Has(s.lane)) {
		a.taints[doubted] = true
	}
	return a
}

func folded(t *term, all []answer, complete bool) answer {
	w := worst(all...)
	if !complete {
		w.state = stateUnknown
	}
	if t.op == opExists || t.op == opAll {
		deciding := boolNum(t.op == opExists)
		for _, a := range all {
			if a.state == stateKnown && a.num == deciding {
				w.state, w.num = stateKnown, deciding
				return w
			}
		}
		w.num = 1 - deciding
		return w
	}
	if w.state != stateKnown {
		return w
	}
	for i, a := range all {
		ok := true
		switch {
		case t.op == opCount:
			w.num += a.num
		case t.op == opSum && t.typ == pack.Decimal:
			var sum money.Decimal
			sum, ok = money.Decimal(w.num).Add(money.Decimal(a.num))
			w.num = int64(sum)
		case t.op == opSum:
			w.num, ok = add(pack.Int, w.num, a.num)
		case i == 0 || t.op == opMax && a.num > w.num || t.op == opMin && a.num < w.num:
			w.num = a.num
		}
		if !ok {
			w.state = stateError
			return w
		}
	}
	if len(all) == 0 && (t.op == opMax || t.op == opMin) {
		w.state = stateError
	}
	return w
}

// verdict is a programme's result for a unit.
type verdict struct {
	outcome Outcome
	witness int
	taints  [taints]bool
	amounts []answer // by component; no answer for what is not money or not given
	given   []bool   // and whether the component adds to the amount
}

func (x *reference) decide(p *programme, s spot) verdict {
	var version *programmeTerms
	for _, v := range p.versions {
		if v.decl.Span.Contains(x.on) {
			version = v
		}
	}
	d := verdict{outcome: Eligible, witness: -1}
	if version == nil {
		d.outcome = NotInForce
		return x.skipped(p, s, d)
	}
	seen := map[string]bool{}
	firm := false
	var on answer
	for i, c := range version.conditions {
		a := x.of(c, s)
		on.rest(a)
		switch {
		case a.state == stateKnown && a.num == 0:
			if seen["refused"] = true; d.witness == -1 {
				d.witness = i
			}
			firm = firm || a.firm()
		case a.state == stateUnknown && version.decl.Conditions[i].OnConsent:
			seen["consent"] = true
		default:
			seen[a.state.String()] = true
		}
	}
	for _, step := range []struct {
		what string
		so   Outcome
	}{{"consent", Likely}, {"unknown", Possible}, {"not-in-force", NotInForce}, {"error", Failed}, {"refused", Ineligible}} {
		if seen[step.what] {
			d.outcome = step.so
		}
	}
	if !firm {
		d.taints = on.taints
	}
	if d.outcome > Possible && (d.taints[doubted] || s.rel == households && (x.b.Doubtful.Has(s.lane) || x.b.Collective.Has(s.lane))) {
		d.outcome = Possible
	}
	if d.outcome != Ineligible {
		x.components(version, s, &d)
	}
	return x.skipped(p, s, d)
}

func (x *reference) skipped(p *programme, s spot, d verdict) verdict {
	if p.rel() == households && x.b.Collective.Has(s.lane) || p.rel() == persons && !p.decl.Uncounted && !x.counts(s.lane) {
		d.outcome = NotAssessed
	}
	return d
}

// counts reports whether a person counts as a member.
func (x *reference) counts(lane int) bool {
	for h, counted := range x.b.Counted {
		if lane < int(x.b.MemberStart[h+1]) {
			return lane < int(x.b.MemberStart[h]+counted)
		}
	}
	return false
}

func (x *reference) components(version *programmeTerms, s spot, d *verdict) {
	for i, c := range version.decl.Components {
		a, given := answer{}, version.amounts[i] != nil
		when := answer{state: stateKnown, num: 1}
		if version.whens[i] != nil {
			when = x.of(version.whens[i], s)
		}
		amount := answer{}
		switch {
		case when.state == stateKnown && when.num == 0:
			given = false
		case when.state != stateKnown:
			amount.state = when.state
		case version.amounts[i] != nil:
			amount = x.of(version.amounts[i], s)
		}
		a.rest(when)
		a.rest(amount)
		for t := range taints {
			d.taints[t] = d.taints[t] || a.taints[t]
		}
		if amount.state == stateKnown {
			rounded, ok := rounded(c.Rounding, money.Decimal(amount.num))
			amount.num = int64(rounded)
			if !ok {
				amount.state = stateError
			}
		}
		if amount.state == stateError {
			d.outcome = Failed
		}
		given = given && amount.state != stateLapsed
		d.amounts, d.given = append(d.amounts, amount), append(d.given, given)
	}
}

// programme is what another formula reads of a programme.
func (x *reference) programme(t *term, s spot) answer {
	d := x.decide(t.prog, s)
	a := answer{taints: d.taints}
	if t.op == opOutcome {
		a.state, a.num = stateKnown, int64(d.outcome)
		return a
	}
	switch d.outcome {
	case Failed:
		a.state = stateError
	case NotInForce:
		a.state = stateLapsed
	case Ineligible:
		a.state = stateKnown
	case Eligible:
		a.state, a.num = stateKnown, 1
	}
	if t.op == opEligible || d.outcome != Eligible {
		return a
	}
	a.num = 0
	for i, amount := range d.amounts {
		if !d.given[i] {
			continue
		}
		if amount.state != stateKnown {
			return answer{taints: d.taints}
		}
		sum, ok := money.Decimal(a.num).Add(money.Decimal(amount.num))
		if !ok {
			return answer{state: stateError, taints: d.taints}
		}
		a.num = int64(sum)
	}
	return a
}
