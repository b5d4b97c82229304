package visit

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Made is a visit at which the family was met, with what was brought back from it.
type Made struct {
	ID, Household int64
	Purpose       Purpose
	Ended         time.Time
	Visitors      []Visitor
	Files         []File // that were kept, in the order in which they came
}

// Family is who of the family signed, "" of nobody.
func (m *Made) Family() string {
	for _, f := range slices.Backward(m.Files) {
		if f.Kind == Family {
			return f.Signer
		}
	}
	return ""
}

// Signed reports whether a visitor signed.
func (m *Made) Signed(account int64) bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Kind == Sign && f.SignerID == account })
}

// Count is how many files of a kind there are.
func (m *Made) Count(kind FileKind) (n int) {
	for _, f := range m.Files {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// mostMade bounds how many visits are offered to be written down.
const mostMade = 20

// MadeTo are the visits to a household since a moment at which the family was met by so many people at least, the latest first.
func MadeTo(ctx context.Context, tx pgx.Tx, household int64, since time.Time, people int) ([]Made, error) {
	return made(ctx, tx, "household = $1 and ended_at >= $2 and cardinality(visitors) >= $3 order by id desc limit $4", household, since, people, mostMade)
}

// MadeOf are visits by their numbers, as far as the family was met.
func MadeOf(ctx context.Context, tx pgx.Tx, ids ...int64) ([]Made, error) {
	return made(ctx, tx, "id = any($1) order by id", ids)
}

// made reads visits that were made, in as many queries however many they are.
func made(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Made, error) {
	rows, err := tx.Query(ctx, "select id, household, purpose, ended_at, visitors from visit where state = 'done' and result = 'met' and "+which, args...)
	if err != nil {
		return nil, failed("reading visits that were made", err)
	}
	var ids, accounts []int64
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Made, err error) {
		var visitors []int64
		err = row.Scan(&m.ID, &m.Household, &m.Purpose, &m.Ended, &visitors)
		for _, a := range visitors {
			m.Visitors = append(m.Visitors, Visitor{Account: a})
		}
		ids, accounts = append(ids, m.ID), append(accounts, visitors...)
		return m, err
	})
	if err != nil || len(all) == 0 {
		return nil, failed("reading visits that were made", err)
	}
	names, err := access.StaffNames(ctx, tx, accounts)
	if err != nil {
		return nil, err
	}
	kept, err := files(ctx, tx, "where visit = any($1) and state = 'kept' order by visit, begun_at, id", ids)
	if err != nil {
		return nil, err
	}
	for i := range all {
		for j := range all[i].Visitors {
			all[i].Visitors[j].Name = names[all[i].Visitors[j].Account]
		}
		for _, f := range kept {
			if f.Visit == all[i].ID {
				all[i].Files = append(all[i].Files, f)
			}
		}
	}
	return all, nil
}

// Found is an answer of a visit that counts.
type Found struct {
	Name      pack.Text // of the fact or the question
	Of        int64     // the person whom it is about, 0 of the household or the visit
	Shown     pack.Text
	SaidBy    string
	On        calendar.Date
	Contested bool // two devices said it differently, or it waits for a person's look
}

// Found are the answers of a visit that count, in the order in which they came. What its pack does not ask any longer goes by its name.
func (v *Visits) Found(ctx context.Context, tx pgx.Tx, visit int64) ([]Found, error) {
	answers, err := readKept(ctx, tx, "where visit = $1 and state not in ('superseded', 'declined') order by n", visit)
	if err != nil {
		return nil, err
	}
	var all []Found
	for _, k := range answers {
		s, wrong := v.shapeOf(k.unit, k.fact)
		if wrong != nil && wrong.Kind == fault.Forbidden {
			continue // what needs consent is no visit's to tell
		}
		one := Found{Name: s.label, Shown: s.show(k.kind, k.value), SaidBy: k.saidBy, On: k.on, Contested: k.state == conflict || k.state == aside}
		if one.Name == (pack.Text{}) {
			one.Name = pack.Text{Zh: k.fact, En: k.fact}
		}
		if k.unit == string(pack.Person) {
			one.Of = k.of
		}
		all = append(all, one)
	}
	return all, nil
}
