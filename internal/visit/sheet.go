package visit

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Sheet is what is asked at a visit.
type Sheet struct {
	Visit     Visit
	Questions []Question
	Members   []string   // names of who belongs to the household
	Undecided *pack.Text // why no questions could be found that decide, nil if they could
}

// Question is one question, one to a screen.
type Question struct {
	Unit, Fact string
	Of         int64
	Who        string // the person's name, "" of the household
	Name, Ask  pack.Text
	Type       pack.Type // bool, int, decimal, date, code, codes, or text
	Measure    string    // what a number counts: yuan, years, …
	Options    []pack.Code
	Min, Max   *money.Decimal
	Settles    []pack.Text // programmes; none of the checklist's
	Base       Base        // of the field now
	Said       *Said       // what was answered at this visit already
}

// Said is an answer that was given.
type Said struct {
	Kind      Kind
	Value     any
	Shown     pack.Text
	By        string
	On        calendar.Date
	Contested bool
}

// Sheet makes the sheet of a visit as things stand: first what can still decide and what was answered at the visit already, in the order of a
// visit, then the pack's checklist for its purpose.
func (v *Visits) Sheet(ctx context.Context, tx pgx.Tx, visit int64, on calendar.Date) (Sheet, error) {
	one, err := v.One(ctx, tx, visit)
	if err != nil {
		return Sheet{}, err
	}
	s := Sheet{Visit: one}
	open, err := v.explain.Open(ctx, one.Household, on)
	var why *fault.Error
	switch {
	case errors.As(err, &why) && why.Kind != fault.Internal: // the checklist is asked all the same
		s.Undecided = whyOf(why)
	case err != nil:
		return Sheet{}, err
	}
	for _, o := range open {
		s.add(v.question(Question{Unit: string(o.Unit), Of: o.Of, Who: o.Who, Fact: o.Fact, Name: o.Name, Ask: o.Ask, Settles: o.Programmes}))
	}
	if err := v.alreadyAnswered(ctx, tx, &s); err != nil {
		return Sheet{}, err
	}
	if err := v.inOrder(ctx, tx, &s); err != nil {
		return Sheet{}, err
	}
	for _, q := range v.checklist(one.Purpose, on) {
		asked := Question{Unit: ofVisit, Of: one.ID, Fact: q.ID, Ask: q.Ask}
		if q.Fact != "" {
			asked.Unit, asked.Of, asked.Fact = string(pack.Household), one.Household, q.Fact
		}
		s.add(v.question(asked))
	}
	return s, v.answered(ctx, tx, &s)
}

// alreadyAnswered adds what was answered at the visit and is known since, so that it is not asked by the engine any more.
func (v *Visits) alreadyAnswered(ctx context.Context, tx pgx.Tx, s *Sheet) error {
	kept, err := readKept(ctx, tx, "where visit = $1 and unit <> 'visit' order by n", s.Visit.ID)
	if err != nil {
		return err
	}
	var persons []int64
	for _, k := range kept {
		if k.unit == string(pack.Person) {
			persons = append(persons, k.of)
		}
	}
	names, err := v.registry.Names(ctx, tx, persons)
	if err != nil {
		return err
	}
	for _, k := range kept {
		q := Question{Unit: k.unit, Of: k.of, Fact: k.fact}
		if k.unit == string(pack.Person) {
			q.Who = names[k.of]
		}
		s.add(v.question(q))
	}
	return nil
}

// inOrder puts a sheet's questions in the order of a visit, which stays the same while some are answered: who lives there, its members one by one
// with the head first, who else is asked about, and last the household; of each in the order of the pack.
func (v *Visits) inOrder(ctx context.Context, tx pgx.Tx, s *Sheet) error {
	file, err := v.registry.File(ctx, tx, s.Visit.Household)
	if fault.KindOf(err) == fault.NotFound {
		return nil // it has become part of another
	}
	if err != nil {
		return err
	}
	place := map[int64]int{}
	for i, p := range file.Persons {
		place[p.ID] = i + 1
		if p.Belongs[len(p.Belongs)-1].Lasts.To == calendar.Forever {
			s.Members = append(s.Members, p.Name)
		}
	}
	turn := func(q Question) int {
		fact := v.pack.Fact(q.Fact) != nil
		switch at, member := place[q.Of]; {
		case q.Unit == string(pack.Household) && !fact:
			return 0
		case q.Unit == string(pack.Household):
			return len(place) + 2
		case member:
			return at
		}
		return len(place) + 1
	}
	fact := func(q Question) int {
		return slices.IndexFunc(v.pack.Facts, func(f *pack.Fact) bool { return f.Path() == q.Fact })
	}
	slices.SortStableFunc(s.Questions, func(a, b Question) int {
		return cmp.Or(cmp.Compare(turn(a), turn(b)), cmp.Compare(a.Of, b.Of), cmp.Compare(fact(a), fact(b)))
	})
	return nil
}

// add adds a question that is asked, unless the sheet has it.
func (s *Sheet) add(q Question, asked bool) {
	if asked && !slices.ContainsFunc(s.Questions, func(o Question) bool { return o.field() == q.field() }) {
		s.Questions = append(s.Questions, q)
	}
}

func (q Question) field() field { return field{q.Unit, q.Of, q.Fact} }

// question adds to a question how it is answered; false of one that the pack has not.
func (v *Visits) question(q Question) (Question, bool) {
	s, wrong := v.shapeOf(q.Unit, q.Fact)
	if wrong != nil {
		return q, false
	}
	q.Type, q.Measure, q.Min, q.Max = s.typ, s.measure, s.min, s.max
	q.Name, q.Ask = cmp.Or(q.Name, s.label), cmp.Or(q.Ask, s.ask)
	if s.codes != nil {
		q.Options = s.codes.Codes
	}
	return q, true
}

// checklist is the questions of the pack's checklists for a purpose on a day.
func (v *Visits) checklist(purpose Purpose, on calendar.Date) []pack.ChecklistQuestion {
	if v.pack.Workflow == nil {
		return nil
	}
	var all []pack.ChecklistQuestion
	for _, c := range v.pack.Workflow.Checklists {
		if len(c.Purposes) > 0 && !slices.Contains(c.Purposes, string(purpose)) {
			continue
		}
		for _, version := range c.Versions {
			if version.Span.Contains(on) {
				all = append(all, version.Questions...)
			}
		}
	}
	return all
}

// answered adds to a sheet's questions what is known of their fields, and what was answered at the visit.
func (v *Visits) answered(ctx context.Context, tx pgx.Tx, s *Sheet) error {
	persons := []int64{}
	for _, q := range s.Questions {
		if q.Unit == string(pack.Person) {
			persons = append(persons, q.Of)
		}
	}
	said, err := v.registry.Statements(ctx, tx, []int64{s.Visit.Household}, persons)
	if err != nil {
		return err
	}
	kept, err := readKept(ctx, tx, `where unit = 'visit' and unit_id = $1 or unit = 'household' and unit_id = $2 or unit = 'person' and unit_id = any($3) order by n`,
		s.Visit.ID, s.Visit.Household, persons)
	if err != nil {
		return err
	}
	for i := range s.Questions {
		q := &s.Questions[i]
		for _, statement := range said {
			if q.field() == (field{string(statement.Unit), statement.Of, statement.Fact}) {
				q.Base.Statement = max(q.Base.Statement, statement.ID)
			}
		}
		for _, k := range kept {
			if k.field == q.field() {
				q.Base.Answer = max(q.Base.Answer, k.n)
				v.before(q, k, &s.Visit)
			}
		}
	}
	return nil
}

// before adds to a question an answer that was given at the visit before, unless a later one replaced it.
func (v *Visits) before(q *Question, k kept, one *Visit) {
	if k.visit != one.ID || k.state == superseded || k.state == declined {
		return
	}
	shape, _ := v.shapeOf(k.unit, k.fact)
	said := &Said{Kind: k.kind, Shown: shape.show(k.kind, k.value), On: k.on, Contested: k.state == conflict || k.state == aside}
	if k.kind == Value {
		said.Value, _ = decode(k.value)
	}
	for _, who := range one.Visitors {
		if who.Account == k.account {
			said.By = who.Name
		}
	}
	q.Said = said
}
