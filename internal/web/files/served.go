package files

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/web"
)

// servedView is a household's file as a department's officer reads it who has an item there: what the item needs and no more.
type servedView struct {
	view
	Department string
	Items      worked
	Outcomes   []reasons // of the department's programmes
	Aid        []aid     // of every department, so that no help is given twice
}

// aid is help that the family gets, without how much.
type aid struct{ Name, Department, Who, Since, Until, From string }

// served answers with a file as a department's officer reads it.
func (f *Files) served(v *web.Visit, s *sheet) error {
	page := servedView{view: s.summary(), Department: s.departmentName(s.department)}
	hide := s.hideNames()
	page.Head = web.MaskedName(page.Head)
	for i := range page.Members {
		m := &page.Members[i]
		m.Name, m.Told, m.Feeds = web.MaskedName(m.Name), s.ownFacts(m.ID), nil
	}
	if s.why != nil {
		page.Told = s.ownFacts(0)
		for i := range s.why.Outcomes {
			if o := &s.why.Outcomes[i]; o.Department == s.department && o.Outcome != rules.NotAssessed.String() {
				page.Outcomes = append(page.Outcomes, s.ownOutcome(o, hide))
			}
		}
	}
	err := f.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) (err error) {
		if page.Items, err = s.filed(v.R.Context(), tx, v); err != nil {
			return err
		}
		page.Aid, err = s.aid(v.R.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	for i := range page.Items.Items {
		page.Items.Items[i].Title = hide.Replace(page.Items.Items[i].Title)
	}
	v.W.Header().Set("Cache-Control", "no-store")
	return v.Render(http.StatusOK, f.templates, "served", page)
}

func (s *sheet) ownOutcome(o *rules.OutcomeReport, hide *strings.Replacer) reasons {
	r := reasons{s.outcome(o), hidden(s.words.Opened(o), hide)}
	r.Who = hide.Replace(r.Who)
	for i := range r.Lines {
		r.Lines[i] = hide.Replace(r.Lines[i])
	}
	return r
}

// hidden is reasons with nobody's whole name in them.
func hidden(all []rules.Step, hide *strings.Replacer) []rules.Step {
	out := slices.Clone(all)
	for i := range out {
		out[i].Text, out[i].Origin, out[i].Parts = hide.Replace(out[i].Text), hide.Replace(out[i].Origin), hidden(out[i].Parts, hide)
		out[i].Notes = slices.Clone(out[i].Notes)
		for j := range out[i].Notes {
			out[i].Notes[j] = hide.Replace(out[i].Notes[j])
		}
	}
	return out
}

// hideNames masks the names of all whom the file and its reasons name, the longer first: one may begin as another does.
func (s *sheet) hideNames() *strings.Replacer {
	var names []string
	for _, p := range s.file.Persons {
		names = append(names, p.Name)
	}
	if s.why != nil {
		for _, m := range slices.Concat(s.why.Family.Members, s.why.Family.Supporters) {
			names = append(names, m.Name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, name := range slices.Compact(names) {
		if name != "" {
			pairs = append(pairs, name, web.MaskedName(name))
		}
	}
	return strings.NewReplacer(pairs...)
}

// ownFacts is the facts of a person, or of the household for 0, that the department's programmes read.
func (s *sheet) ownFacts(person int64) []told {
	if s.why == nil || person != 0 && s.laneOf(person) < 0 {
		return nil
	}
	reads := s.reads(s.department)
	return s.toldWhere(person, func(f *pack.Fact) bool { return reads[f.Path()] })
}

// reads is the facts that the programmes of a department read, by themselves or through variables. What another programme on which one of them rests
// reads is not theirs to see: that it holds, or not, is enough.
func (f *Files) reads(department string) map[string]bool {
	facts, variables := map[string]bool{}, map[string]bool{}
	var follow func(pack.Expr)
	follow = func(e pack.Expr) {
		reading := f.Policy.Reads(e)
		for _, fact := range reading.Facts {
			facts[fact.Path()] = true
		}
		for _, v := range reading.Variables {
			if variables[v.Path()] {
				continue
			}
			variables[v.Path()] = true
			for _, version := range v.Versions {
				follow(version.Value)
			}
		}
	}
	for _, q := range f.pack.Programmes {
		if q.Department != department {
			continue
		}
		for _, v := range q.Versions {
			for _, c := range v.Conditions {
				follow(c.When)
			}
			for _, c := range v.Components {
				follow(c.When)
				follow(c.Amount)
			}
		}
	}
	return facts
}

// aid is what the family gets from anybody: by decisions here, and by the departments' registers.
func (s *sheet) aid(ctx context.Context, tx pgx.Tx) ([]aid, error) {
	awards, err := s.Casework.ServedAid(ctx, tx, s.file.ID, s.on)
	if err != nil {
		return nil, err
	}
	var all []aid
	for _, a := range awards {
		one := aid{Name: a.Name.In(s.lang), Department: s.departmentName(a.Department), Who: s.say("全家", "household"), Since: s.date(a.From),
			From: s.say("本平台审核确认", "granted here")}
		if a.To != 0 {
			one.Until = s.date(a.To)
		}
		if a.Person != 0 {
			one.Who = web.MaskedName(s.nameOf(pack.Person, a.Person))
		}
		all = append(all, one)
	}
	return append(all, s.registered(awards)...), nil
}

// registered is what the departments' registers say that the family gets, but for what was granted here.
func (s *sheet) registered(awards []casework.ServedAid) []aid {
	if s.why == nil {
		return nil
	}
	rows := s.why.Family.Rows()
	var all []aid
	for i := range s.why.Outcomes {
		o := &s.why.Outcomes[i]
		if o.Held == nil || !*o.Held || slices.ContainsFunc(awards, func(a casework.ServedAid) bool {
			return !a.Recognises && a.Programme == o.Programme && a.Person == s.why.Person(o.Unit)
		}) {
			continue
		}
		one := aid{Name: o.Name.In(s.lang), Department: s.departmentName(o.Department), Who: s.say("全家", "household")}
		if o.Unit.Kind == pack.Person {
			one.Who = web.MaskedName(o.Unit.Name)
		}
		if r := heldBy(rows, o); r != nil {
			one.From, one.Since = r.Feed.Name.In(s.lang), cellOf(r, feed.ColumnGranted)
		}
		all = append(all, one)
	}
	return all
}

// departmentName is what a department is called.
func (s *sheet) departmentName(id string) string {
	for _, d := range s.pack.Departments {
		if d.ID == id {
			return d.Name(s.on).In(s.lang)
		}
	}
	return s.say("民政", "civil affairs")
}
