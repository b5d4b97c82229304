package check

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

var (
	unsuppliedFact = fault.Text{Key: "check.unsupplied-fact",
		Zh: "规则用到“{found}”，却没有部门数据、走访或申报能提供它", En: `rules read "{found}", and no feed, visit or declaration can supply it`}
	unreadFact = fault.Text{Key: "check.unread-fact",
		Zh: "没有规则用到事实“{found}”", En: `no rule reads the fact "{found}"`}
	unreadVariable = fault.Text{Key: "check.unread-variable",
		Zh: "没有规则或案例用到变量“{found}”", En: `no rule and no case reads the variable "{found}"`}
	otherDecider = fault.Text{Key: "check.other-decider",
		Zh: "“{found}”写的是 decided_by: {decider}，办理程序“{procedure}”现在却由另一级（{rank}）决定", En: `"{found}" says decided_by: {decider}, and its procedure "{procedure}" is now decided by another: {rank}`}
	sameAsBefore = fault.Text{Key: "check.same-as-before",
		Zh: "“{found}”从 {on} 起的这一版与前一版相同", En: `the version of "{found}" that begins on {on} is the same as the one before`}
)

// advise finds what is odd about a pack that is good all the same. Advice is what a rule cannot do or need not say; unread is
// what nobody reads, which may be there for a programme yet to come.
func advise(policy *rules.Policy) (advice, unread fault.List) {
	l := &linter{pack: policy.Pack(), reads: policy.ReadAnywhere()}
	l.advice = append(policy.Quotients(), policy.Unreachable()...)
	l.facts()
	l.variables()
	l.changes()
	l.deciders()
	l.advice.Sort()
	l.unread.Sort()
	return l.advice, l.unread
}

type linter struct {
	pack           *pack.Pack
	reads          map[string]bool
	advice, unread fault.List
}

func told(at pack.Pos, text fault.Text, args fault.Args) *fault.Error {
	return fault.New(fault.Invalid, text, args).In(at.At())
}

// facts finds facts on one side only. What only a means check can tell is supplied by the household's authorisation.
func (l *linter) facts() {
	supplied := map[string]bool{}
	for _, feed := range l.pack.Feeds {
		for _, f := range feed.Facts {
			supplied[f.Fact] = true
		}
	}
	shown := l.evidence()
	shown[l.pack.Residence] = true
	for _, f := range l.pack.Facts {
		path := f.Path()
		answered := f.Consent || slices.Contains(f.Trust, "visit") || slices.Contains(f.Trust, "declared")
		switch read := l.reads[path] || shown[path]; {
		case read && !answered && !supplied[path]:
			l.advice = append(l.advice, told(f.Pos, unsuppliedFact, fault.Args{"found": path}))
		case !read:
			l.unread = append(l.unread, told(f.Pos, unreadFact, fault.Args{"found": path}))
		}
	}
}

// evidence is what warnings show to whoever looks.
func (l *linter) evidence() map[string]bool {
	shown := map[string]bool{}
	for _, m := range l.pack.Mechanisms {
		for _, w := range m.Rules {
			for _, path := range w.Evidence {
				shown[path] = true
			}
		}
	}
	return shown
}

func (l *linter) variables() {
	shown := l.evidence()
	for _, c := range l.pack.Cases {
		for _, v := range c.Expect.Values {
			shown[v.Path] = true
		}
	}
	for _, v := range l.pack.Variables {
		if !l.reads[v.Path()] && !shown[v.Path()] {
			l.unread = append(l.unread, told(v.Pos, unreadVariable, fault.Args{"found": v.Path()}))
		}
	}
}

// changes finds versions that begin where another ends and say the same. A rule that a new document takes over word for word
// is a version of its own. A figure is what one forgets to enter: only one that was found in a new document is taken for read.
func (l *linter) changes() {
	for _, q := range l.pack.Parameters {
		l.parameter(q)
	}
	for _, v := range l.pack.Variables {
		for before, version := range successions(v.Versions, func(v *pack.VariableVersion) calendar.Span { return v.Span }) {
			if sameLaw(before.Source, version.Source) && sameFormula(before.Value, version.Value) {
				l.same(version.Pos, v.Path(), version.Span.From)
			}
		}
	}
	for _, q := range l.pack.Programmes {
		for before, version := range successions(q.Versions, func(v *pack.ProgrammeVersion) calendar.Span { return v.Span }) {
			if sameLaw(before.Source, version.Source) && sameProgramme(before, version) {
				l.same(version.Pos, q.ID, version.Span.From)
			}
		}
	}
}

func (l *linter) parameter(q *pack.Parameter) {
	for before, v := range successions(q.Values, func(v *pack.ParameterValue) calendar.Span { return v.Span }) {
		samePlace := before.Area == v.Area && before.Residence == v.Residence
		read := v.Source.Status == pack.Found && !sameLaw(before.Source, v.Source)
		if samePlace && !read && before.SameFigures(v) {
			l.same(v.Pos, "param."+q.Name+place(v), v.Span.From)
		}
	}
}

func (l *linter) same(at pack.Pos, name string, on calendar.Date) {
	l.advice = append(l.advice, told(at, sameAsBefore, fault.Args{"found": name, "on": on}))
}

// successions are the pairs of versions of which one begins on the day on which the other ends: that one, and then it.
func successions[V any](versions []V, span func(V) calendar.Span) iter.Seq2[V, V] {
	return func(yield func(before, version V) bool) {
		for _, version := range versions {
			for _, before := range versions {
				if span(before).To == span(version).From && !yield(before, version) {
					return
				}
			}
		}
	}
}

// sameLaw reports whether two sources cite the same documents.
func sameLaw(a, b pack.Source) bool {
	documents := func(s pack.Source) map[string]bool {
		cited := map[string]bool{}
		for _, c := range s.Cites {
			cited[c.Document] = true
		}
		return cited
	}
	return maps.Equal(documents(a), documents(b))
}

// sameFormula compares what is written, line breaks aside.
func sameFormula(a, b pack.Expr) bool {
	return slices.Equal(strings.Fields(a.Source), strings.Fields(b.Source))
}

func sameProgramme(a, b *pack.ProgrammeVersion) bool {
	conditions := slices.EqualFunc(a.Conditions, b.Conditions, func(a, b *pack.Condition) bool {
		return a.ID == b.ID && a.Say == b.Say && a.About == b.About && a.OnConsent == b.OnConsent && sameFormula(a.When, b.When)
	})
	return conditions && slices.EqualFunc(a.Components, b.Components, func(a, b *pack.Component) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Per == b.Per && a.Rounding == b.Rounding && slices.Equal(a.Excludes, b.Excludes) &&
			sameFormula(a.When, b.When) && sameFormula(a.Amount, b.Amount)
	})
}

// deciders finds programmes whose own word on who decides is not that of their procedure as it stands last.
func (l *linter) deciders() {
	if l.pack.Workflow == nil {
		return
	}
	for _, q := range l.pack.Programmes {
		procedure := l.pack.Workflow.ProcedureOf(q.ID)
		if procedure == nil {
			continue
		}
		versions := l.pack.Workflow.Authority(procedure.Authority).Versions
		rank := versions[len(versions)-1].Rank
		ofCounty := strings.HasPrefix(q.DecidedBy, "county:") && (rank == "county" || rank == "department")
		if q.DecidedBy != rank && !ofCounty {
			l.advice = append(l.advice, told(q.Pos, otherDecider, fault.Args{"found": q.ID, "decider": q.DecidedBy, "procedure": procedure.ID, "rank": rank}))
		}
	}
}
