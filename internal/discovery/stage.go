package discovery

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/rules"
)

// stage writes what households come to under a batch, to be merged.
func (s *stager) stage(ctx context.Context, tx pgx.Tx, all []*determined) error {
	var findings, warnings, outcomes [][]any
	for _, d := range all {
		findings = append(findings, []any{s.batch, d.household, int64(d.area), d.kept, scoreOf(d), d.anew})
		for i := range d.warnings {
			w := &d.warnings[i]
			warnings = append(warnings, []any{s.batch, d.household, personOrNull(w.person), int64(d.area), w.rule.ID,
				s.policy.Mechanism(w.rule).ID, w.rule.Level, w.rule.Route, s.dueOn(w.rule.Due), w.json()})
		}
		for _, c := range d.changes {
			outcomes = append(outcomes, []any{s.batch, d.household, personOrNull(c.person), int64(d.area), c.programme.ID, c.was.String(), c.became.String()})
		}
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"staged_finding", []string{"batch", "household", "area", "kept", "score", "anew"}, findings},
		{"staged_warning", []string{"batch", "household", "person", "area", "rule", "mechanism", "level", "route", "due_on", "evidence"}, warnings},
		{"staged_outcome", []string{"batch", "household", "person", "area", "programme", "was", "became"}, outcomes},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.table}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return fmt.Errorf("writing %s: %w", t.table, err)
		}
	}
	return nil
}

var stagedTables = []string{"staged_finding", "staged_warning", "staged_outcome"}

// stager stages and merges one batch.
type stager struct {
	batch  int64
	cause  string // as finding_change has it
	policy *rules.Policy
	on     calendar.Date
	due    map[int]calendar.Date
}

// newStager begins a batch.
func newStager(ctx context.Context, tx pgx.Tx, plan *rules.Plan, due map[int]calendar.Date) (*stager, error) {
	s := &stager{policy: plan.Policy(), on: plan.Date(), due: due}
	if err := tx.QueryRow(ctx, "select nextval('discovery_batch')").Scan(&s.batch); err != nil {
		return nil, fmt.Errorf("beginning a batch of findings: %w", err)
	}
	return s, nil
}

func (s *stager) dueOn(days int) any {
	day, ok := s.due[days]
	if !ok {
		return nil
	}
	return day.String()
}

func scoreOf(d *determined) any {
	if d.score == nil {
		return nil
	}
	return d.score.String()
}

func personOrNull(person int64) any {
	if person == 0 {
		return nil
	}
	return person
}

// Merged counts what a merge changed.
type Merged struct {
	Households int64 // that were determined
	Changed    int64 // of them, those that come to something else than before
	Raised     int64 // warnings
	Closed     int64
	Updated    int64 // warnings that stay, resting on something else
	Outcomes   int64 // that became others
}

// mergeSteps hold what is staged against what is stored, and write the difference. Households that
// were determined by something newer while the batch was built are left out before: see [Discovery.Run].
var mergeSteps = []struct {
	what  string
	sql   string
	count func(*Merged) *int64
}{
	{"counting what is staged", `select from staged_finding where batch = @batch`, func(m *Merged) *int64 { return &m.Households }},
	{"writing findings", `
		insert into finding (household, area, on_date, pack, kept, score)
		select household, area, @on, @pack, kept, score from staged_finding where batch = @batch and anew
		on conflict (household) do update set area = excluded.area, on_date = excluded.on_date, pack = excluded.pack,
			kept = excluded.kept, score = excluded.score, determined_at = now()`, func(m *Merged) *int64 { return &m.Changed }},
	{"moving findings", `
		update finding f set area = s.area from staged_finding s
		where s.batch = @batch and not s.anew and f.household = s.household and f.area <> s.area`, nil},
	{"noting what changed", `
		insert into finding_change (household, area, cause)
		select household, area, @cause from staged_finding where batch = @batch and anew`, nil},
	{"noting outcomes that changed", `
		insert into outcome_change (household, person, area, programme, was, became, on_date, cause)
		select household, person, area, programme, was, became, @on, @cause from staged_outcome where batch = @batch`,
		func(m *Merged) *int64 { return &m.Outcomes }},
	{"closing warnings", `
		update warning w set state = 'closed', closed_at = now(), closed_why = 'no-longer', updated_at = now()
		from staged_finding f
		where f.batch = @batch and w.household = f.household and w.state <> 'closed' and not exists (
			select from staged_warning s
			where s.batch = @batch and s.household = w.household and s.rule = w.rule and s.person is not distinct from w.person)`,
		func(m *Merged) *int64 { return &m.Closed }},
	{"updating warnings", `
		update warning w set evidence = s.evidence, level = s.level, route = s.route, area = s.area, updated_at = now()
		from staged_warning s
		where s.batch = @batch and w.household = s.household and w.rule = s.rule and w.person is not distinct from s.person and w.state <> 'closed'
			and (w.evidence, w.level, w.route, w.area) is distinct from (s.evidence, s.level, s.route, s.area)`,
		func(m *Merged) *int64 { return &m.Updated }},
	{"raising warnings", `
		insert into warning (rule, mechanism, level, route, household, person, area, evidence, raised_on, due_on, cause)
		select rule, mechanism, level, route, household, person, area, evidence, @on, due_on, @cause
		from staged_warning where batch = @batch
		on conflict (rule, household, coalesce(person, 0)) where state <> 'closed' do nothing`,
		func(m *Merged) *int64 { return &m.Raised }},
}

// merge makes what is staged what is found, and clears the batch.
func (s *stager) merge(ctx context.Context, tx pgx.Tx) (Merged, error) {
	var m Merged
	arguments := pgx.NamedArgs{"batch": s.batch, "on": s.on.String(), "pack": s.policy.Pack().Hash, "cause": s.cause}
	for _, step := range mergeSteps {
		tag, err := tx.Exec(ctx, step.sql, arguments)
		if err != nil {
			return m, fmt.Errorf("%s: %w", step.what, err)
		}
		if step.count != nil {
			*step.count(&m) = tag.RowsAffected()
		}
	}
	return m, s.clear(ctx, tx)
}

func (s *stager) clear(ctx context.Context, tx pgx.Tx) error {
	for _, table := range stagedTables {
		if _, err := tx.Exec(ctx, "delete from "+table+" where batch = $1", s.batch); err != nil {
			return fmt.Errorf("clearing %s: %w", table, err)
		}
	}
	return nil
}
