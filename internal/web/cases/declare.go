package cases

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/web"
)

// question is something that is not known and can still decide, as a form asks it.
type question struct {
	Field   string // of the form
	Ask     string
	Kind    string   // choice, number, date, text
	Options []choice // of a choice
	Said    string
	asked   casework.Missing
}

// questionOf is a question as the fact that it is about wants it answered.
func (p *Pages) questionOf(lang fault.Lang, m casework.Missing) question {
	q := question{Ask: ofPerson(lang, m.Of, m.Ask.In(lang)), Kind: "text", asked: m}
	if m.Fact == nil {
		q.Field = "said-" + q.Ask
		return q
	}
	q.Field = fmt.Sprintf("said-%s-%d", m.Fact.Path(), m.Person)
	switch m.Fact.Type {
	case pack.Bool:
		q.Kind, q.Options = "choice", []choice{{Value: "yes", Name: lang.Say("是（有）", "yes")}, {Value: "no", Name: lang.Say("否（没有）", "no")}}
	case pack.CodeOf:
		q.Kind = "choice"
		for _, c := range p.Pack.Codes[m.Fact.Codes].Codes {
			q.Options = append(q.Options, choice{Value: c.ID, Name: c.Name.In(lang)})
		}
	case pack.Int, pack.Decimal:
		q.Kind = "number"
	case pack.Date:
		q.Kind = "date"
	}
	return q
}

// askOnce adds a question that is not among those asked.
func askOnce(all []question, q question) []question {
	if slices.ContainsFunc(all, func(other question) bool { return other.Field == q.Field }) {
		return all
	}
	return append(all, q)
}

// value is what was said as the registry takes it; false where the answer is words alone.
func (q *question) value(said string) (any, bool) {
	if q.asked.Fact == nil {
		return nil, false
	}
	switch q.asked.Fact.Type {
	case pack.Bool:
		return said == "yes", true
	case pack.CodeOf, pack.Decimal, pack.Date:
		return said, true
	case pack.Int:
		n, err := strconv.ParseInt(said, 10, 64)
		return n, err == nil
	}
	return nil, false
}

// told is what was said, as people read it.
func (q *question) told(said string) string {
	for _, o := range q.Options {
		if o.Value == said {
			return o.Name
		}
	}
	return said
}

var notAnAnswer = fault.Text{Key: "cases.not-an-answer", Zh: "“{ask}”这一问写的“{said}”看不懂。{why}。不知道就空着", En: `the answer "{said}" to "{ask}" cannot be read: {why}; leave out what you do not know`}

// declare keeps what the family answered as declared by it, unseen, and returns the answers, a line each. What a fact does not take is told at its
// question; what only a check of means may tell stays words.
func (p *Pages) declare(ctx context.Context, tx pgx.Tx, v *web.Visit, asked []question) (string, error) {
	var lines []string
	for i := range asked {
		q := &asked[i]
		said := text(v, q.Field)
		if said == "" {
			continue
		}
		lines = append(lines, q.Ask+" "+q.told(said))
		value, ok := q.value(said)
		if f := q.asked.Fact; !ok || f.Consent || !slices.Contains(f.Trust, registry.Declared.Trust()) {
			continue
		}
		if err := p.declareOne(ctx, tx, v, q, value); err != nil {
			_, why := v.Explain(err)
			if fault.KindOf(err) != fault.Invalid {
				return "", err
			}
			return "", fault.New(fault.Invalid, notAnAnswer, fault.Args{"ask": q.Ask, "said": fault.Excerpt(said), "why": strings.TrimRight(why, "。.")}).In(fault.At{Field: q.Field})
		}
	}
	return strings.Join(lines, "\n"), nil
}

func (p *Pages) declareOne(ctx context.Context, tx pgx.Tx, v *web.Visit, q *question, value any) error {
	s := registry.Statement{Unit: q.asked.Fact.Unit, Of: q.asked.Person, Fact: q.asked.Fact.Path(), Value: value, Source: registry.Declared,
		Holds: calendar.Since(v.Today()), SaidBy: v.Session.Name, SaidOn: v.Today()}
	if s.Unit == pack.Household {
		family, err := p.readFamily(ctx, tx, v)
		if err != nil {
			return err
		}
		s.Of = family.Family.Household
	}
	_, err := p.Registry.State(ctx, tx, p.Pack, s)
	return err
}
