package rules

import (
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var (
	alwaysTrue = fault.Text{Key: "rules.always-true",
		Zh: "“{found}”在这一版有效期内总是成立，不起作用", En: `"{found}" is true on every day of its version whatever the facts are: it decides nothing`}
	neverTrue = fault.Text{Key: "rules.never-true",
		Zh: "“{found}”在这一版有效期内不可能成立", En: `"{found}" cannot be true on any day of its version`}
	saidBefore = fault.Text{Key: "rules.said-before",
		Zh: "前面的条件成立时“{found}”总是成立，不起作用", En: `"{found}" is true wherever the conditions before it are: it decides nothing`}
	deniedBefore = fault.Text{Key: "rules.denied-before",
		Zh: "前面的条件成立时“{found}”不可能成立", En: `"{found}" cannot be true where the conditions before it are`}
	neverFires = fault.Text{Key: "rules.never-fires",
		Zh: "预警“{found}”的公式不可能成立", En: `the formula of the warning "{found}" cannot be true`}
)

// Unreachable finds conditions, and tests of components and warnings, that are settled whatever the facts of a family are:
// on each day of their version, alone or given the conditions before them. It tells what follows for certain from codes,
// constants, figures and equal parts, and leaves alone what it cannot decide.
func (p *Policy) Unreachable() fault.List {
	u := &unreachable{policy: p, versions: map[*programmeTerms]*versionSeen{}, warnings: make([]seen, len(p.warnings))}
	for _, day := range p.turns() {
		u.look(p.graph(day, nil).plan)
	}
	u.tell()
	u.list.Sort()
	return u.list
}

// turns are the days on which a formula can begin to mean something else: figures and formulas begin and end, and the day
// itself passes a date that a formula names. Between two of them everything but the facts stays as it is.
func (p *Policy) turns() []calendar.Date {
	days := []calendar.Date{calendar.Beginning}
	add := func(s calendar.Span) { days = append(days, s.From, s.To) }
	for _, q := range p.world.pack.Parameters {
		for _, v := range q.Values {
			add(v.Span)
		}
	}
	for _, v := range p.world.pack.Variables {
		for _, version := range v.Versions {
			add(version.Span)
		}
	}
	for _, q := range p.world.pack.Programmes {
		for _, version := range q.Versions {
			add(version.Span)
		}
	}
	for _, f := range p.world.formulas {
		eachTerm(f.term, func(t *term) {
			if t.op == opConst && t.typ == pack.Date && t.num != onDate {
				add(calendar.Span{From: calendar.Date(t.num), To: calendar.Date(t.num).AddDays(1)})
			}
		})
	}
	slices.Sort(days)
	return slices.DeleteFunc(slices.Compact(days), func(d calendar.Date) bool { return d == calendar.Forever })
}

func eachTerm(t *term, visit func(*term)) {
	if t == nil {
		return
	}
	visit(t)
	for _, a := range t.args {
		eachTerm(a, visit)
	}
}

type unreachable struct {
	policy   *Policy
	versions map[*programmeTerms]*versionSeen
	warnings []seen
	list     fault.List
}

// versionSeen is what the tests of a programme's version can be.
type versionSeen struct{ conditions, whens []seen }

// seen is what a test can be over the days looked at so far: alone, and given what stands before it. A test that may come to
// nothing on some day decides, even if it is never false: the programme is not in force then.
type seen struct{ alone, given view }

type view struct {
	truths uint8
	odd    bool
}

func (v *view) add(p possible) {
	v.odd = v.odd || p.odd
	if !p.never {
		v.truths |= p.truths
	}
}

// settled is the only value that a test can have.
func (v *view) settled(is uint8) bool { return v.truths == is && (is == canBeFalse || !v.odd) }

func (s *seen) add(id int32, alone, given *decider) {
	s.alone.add(alone.of(id))
	if !given.contradicted { // else a day on which the programme is closed by what stands before
		s.given.add(given.of(id))
	}
}

// look adds what tests can be on the day of a plan.
func (u *unreachable) look(plan *Plan) {
	for _, q := range plan.programmes {
		if q.version != nil {
			u.programme(plan, q)
		}
	}
	alone := newDecider(plan)
	for i, w := range plan.warnings {
		u.warnings[i].add(w.when, alone, alone)
	}
}

func (u *unreachable) programme(plan *Plan, q *programmePlan) {
	s := u.versions[q.version]
	if s == nil {
		s = &versionSeen{make([]seen, len(q.conditions)), make([]seen, len(q.whens))}
		u.versions[q.version] = s
	}
	alone, given := newDecider(plan), newDecider(plan)
	for i, id := range q.conditions {
		s.conditions[i].add(id, alone, given)
		given.take(id, true)
	}
	for i, id := range q.whens {
		if id >= 0 {
			s.whens[i].add(id, alone, given)
		}
	}
}

// tell tells what turned out to be settled on all days.
func (u *unreachable) tell() {
	for _, decl := range u.policy.world.pack.Programmes {
		for _, version := range u.policy.world.programmes[decl.ID].versions {
			s := u.versions[version]
			if s == nil { // never in force
				continue
			}
			for i, c := range version.decl.Conditions {
				u.tellTest(s.conditions[i], decl.ID+"."+c.ID, c.When)
			}
			for i, c := range version.decl.Components {
				u.tellTest(s.whens[i], decl.ID+"."+c.ID, c.When)
			}
		}
	}
	for i, w := range u.policy.warnings {
		if u.warnings[i].alone.settled(canBeFalse) {
			u.add(neverFires, w.decl.ID, w.decl.When)
		}
	}
}

func (u *unreachable) tellTest(s seen, name string, e pack.Expr) {
	switch {
	case s.alone.settled(canBeTrue):
		u.add(alwaysTrue, name, e)
	case s.alone.settled(canBeFalse):
		u.add(neverTrue, name, e)
	case s.given.settled(canBeTrue):
		u.add(saidBefore, name, e)
	case s.given.settled(canBeFalse):
		u.add(deniedBefore, name, e)
	}
}

func (u *unreachable) add(text fault.Text, name string, e pack.Expr) {
	u.list = append(u.list, fault.New(fault.Invalid, text, fault.Args{"found": name}).In(e.Pos.At()))
}

// ReadAnywhere are the facts and variables that the pack's formulas read, by path: those of variables, programmes, the index,
// warnings, feeds and the composition of households.
func (p *Policy) ReadAnywhere() map[string]bool {
	reads := map[string]bool{}
	visit := func(t *term) {
		switch {
		case t.op == opFact && t.fact.fact != nil:
			reads[t.fact.path] = true
		case t.op == opVariable:
			reads[t.vari.name] = true
		}
	}
	for _, f := range p.world.formulas {
		eachTerm(f.term, visit)
	}
	for _, t := range p.persons {
		eachTerm(t, visit)
	}
	return reads
}
