package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
)

// Source is what kind of saying a statement is.
type Source string

// The sources of statements.
const (
	Visit      Source = "visit"      // seen or heard at home
	Declared   Source = "declared"   // by the family, unseen
	Correction Source = "correction" // of an error, by an officer with a paper: trusted as a visit is
	Check      Source = "check"      // by the report of a means check, through package means only
)

// Trust is the source as the orders of trust of the pack's facts name it.
func (s Source) Trust() string {
	if s == Correction {
		return string(Visit)
	}
	return string(s)
}

var (
	noSuchFact = fault.Text{Key: "registry.no-such-fact", Zh: "没有“{fact}”这项事实", En: `there is no fact "{fact}"`}
	needsCheck = fault.Text{Key: "registry.needs-check",
		Zh: "“{fact}”只能来自经家庭授权的核对报告，不能由走访、申报或更正填写", En: `"{fact}" comes only from the report of a means check that the household authorised, never from a visit, a declaration or a correction`}
	unknownSource = fault.Text{Key: "registry.unknown-source", Zh: "“{source}”不是陈述的来源", En: `"{source}" is no source of a statement`}
	noEvidence    = fault.Text{Key: "registry.no-evidence", Zh: "更正须写明依据的材料", En: "a correction needs the paper that it rests on"}
	noStatement   = fault.Text{Key: "registry.no-statement", Zh: "没有这条陈述，或不在您的辖区，或已撤回", En: "there is no such statement, or not in your area, or it was withdrawn"}
)

// Statement is a value of a fact that somebody gave.
type Statement struct {
	ID       int64 // given when it is made
	Unit     pack.Unit
	Of       int64  // the person or the household
	Fact     string // its path, "person.married"
	Value    any    // a bool, int64, string (codes, dates, decimals) or []string (sets of codes)
	Holds    calendar.Span
	Source   Source
	SaidBy   string
	SaidOn   calendar.Date
	Evidence string
	Report   int64     // the means report that says it, 0 of none
	Account  int64     // who wrote it down; given when it is made
	Recorded time.Time // given when it is made
	// Withdrawn is why it was taken back, "" if it counts.
	Withdrawn string
}

// State writes a statement down, typed by the pack's fact, and returns its id. A fact that needs consent is refused but from a report.
func (r *Registry) State(ctx context.Context, tx pgx.Tx, p *pack.Pack, s Statement) (int64, error) {
	f, ok := factOf(p, s.Fact)
	if !ok || f.Unit != s.Unit {
		return 0, fault.New(fault.Invalid, noSuchFact, fault.Args{"fact": fault.Excerpt(s.Fact)})
	}
	if !slices.Contains([]Source{Visit, Declared, Correction, Check}, s.Source) {
		return 0, fault.New(fault.Invalid, unknownSource, fault.Args{"source": fault.Excerpt(string(s.Source))})
	}
	if f.Consent && s.Source != Check {
		return 0, fault.New(fault.Forbidden, needsCheck, fault.Args{"fact": f.Label.Zh})
	}
	if s.Source == Correction && s.Evidence == "" {
		return 0, fault.New(fault.Invalid, noEvidence, nil)
	}
	if _, err := population.ReadFact(p, f, s.Value); err != nil {
		return 0, err
	}
	value, err := json.Marshal(s.Value)
	if err != nil {
		return 0, fmt.Errorf("writing a value of %s: %w", s.Fact, err)
	}
	var id int64
	err = tx.QueryRow(ctx, `insert into statement (unit, unit_id, fact, value, from_date, to_date, source, said_by, said_on, evidence, report)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nullif($11, 0)) returning id`, string(s.Unit), s.Of, s.Fact, value, day(s.Holds.From), day(s.Holds.To),
		string(s.Source), s.SaidBy, day(s.SaidOn), s.Evidence, s.Report).Scan(&id)
	if err != nil {
		return 0, failed("writing down a statement", err)
	}
	// The value stays out of the act: who may read acts may not for that read facts.
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "statement.make", Subject: fmt.Sprintf("%s:%d", s.Unit, s.Of),
		Detail: map[string]any{"statement": id, "fact": s.Fact, "source": string(s.Source)}})
	return id, err
}

// Withdraw takes a statement back by a further row.
func (r *Registry) Withdraw(ctx context.Context, tx pgx.Tx, statement int64, reason string) error {
	var unit string
	var of int64
	err := tx.QueryRow(ctx, `with taken as (insert into withdrawal (statement, reason) select id, $2 from statement where id = $1
			on conflict do nothing returning statement)
		select unit, unit_id from statement join taken on taken.statement = id`, statement, reason).Scan(&unit, &of)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, noStatement, nil)
	}
	if err != nil {
		return failed("withdrawing a statement", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "statement.withdraw", Subject: fmt.Sprintf("%s:%d", unit, of),
		Detail: map[string]any{"statement": statement, "reason": reason}})
	return err
}

// Statements are what was said of households and of persons, withdrawn ones too, in the order in which they were written down.
func (r *Registry) Statements(ctx context.Context, tx pgx.Tx, households, persons []int64) ([]Statement, error) {
	return statements(ctx, tx, `(unit = 'household' and unit_id = any($1) or unit = 'person' and unit_id = any($2))`, households, persons)
}

// Standing are all statements that count, of everybody: what the derivation of facts for the whole record hears.
func (r *Registry) Standing(ctx context.Context, tx pgx.Tx) ([]Statement, error) {
	return statements(ctx, tx, "w.statement is null")
}

func statements(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Statement, error) {
	rows, err := tx.Query(ctx, `select s.id, unit, unit_id, fact, value, from_date, to_date, source, said_by, said_on, evidence, coalesce(report, 0), s.account,
		s.recorded_at, coalesce(w.reason, '') from statement s left join withdrawal w on w.statement = s.id where `+which+` order by s.id`, args...)
	if err != nil {
		return nil, failed("reading statements", err)
	}
	all, err := pgx.CollectRows(rows, scanStatement)
	if err != nil {
		return nil, failed("reading statements", err)
	}
	return all, nil
}

func scanStatement(row pgx.CollectableRow) (s Statement, err error) {
	var value []byte
	var from, to, said pgtype.Date
	err = row.Scan(&s.ID, &s.Unit, &s.Of, &s.Fact, &value, &from, &to, &s.Source, &s.SaidBy, &said, &s.Evidence, &s.Report, &s.Account, &s.Recorded, &s.Withdrawn)
	if err != nil {
		return s, err
	}
	s.Holds = calendar.Span{From: dayOr(from, calendar.Beginning), To: dayOr(to, calendar.Forever)}
	s.SaidOn = dayOr(said, calendar.Beginning)
	s.Value, err = valueOf(value)
	return s, err
}

// valueOf reads a value as it was stated: whole numbers stay whole.
func valueOf(content []byte) (any, error) {
	for _, as := range []any{new(bool), new(int64), new(string), new([]string)} {
		if json.Unmarshal(content, as) != nil {
			continue
		}
		switch v := as.(type) {
		case *bool:
			return *v, nil
		case *int64:
			return *v, nil
		case *string:
			return *v, nil
		case *[]string:
			return *v, nil
		}
	}
	return nil, fmt.Errorf("a stated value of no type that a fact has")
}

func factOf(p *pack.Pack, path string) (*pack.Fact, bool) {
	for _, f := range p.Facts {
		if f.Path() == path {
			return f, true
		}
	}
	return nil, false
}

// ReportedBy are the statements of a means report that were not withdrawn.
func (r *Registry) ReportedBy(ctx context.Context, tx pgx.Tx, report int64) ([]int64, error) {
	return ids(ctx, tx, `select s.id from statement s where report = $1 and not exists (select from withdrawal w where w.statement = s.id) order by s.id`, report)
}
