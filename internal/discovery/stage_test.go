package discovery

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/rules"
	"dajiuzhu/packs"
)

func dezhou(t testing.TB) *rules.Policy {
	t.Helper()
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	policy, faults := rules.Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return policy
}

// What is staged is held against what is stored: only what is different is written, and the same twice changes nothing.
func TestMerge(t *testing.T) {
	db := postgrestest.New(t)
	plan := dezhou(t).On(mustDate(t, "2026-11-01"), nil)
	rule, other := plan.Policy().Warnings()[0], plan.Policy().Warnings()[1]
	score := money.Must("41.5")
	one := func(kept string, warnings ...fired) *determined {
		return &determined{household: 7, area: 371424100281, kept: []byte(kept), score: &score, warnings: warnings}
	}
	at := func(r *pack.Warning, person int64, value string) fired {
		return fired{r, person, []evidence{{"person.age", value}}}
	}
	change := one("b")
	change.changes = []outcomeChange{{plan.Policy().Pack().Programmes[0], 0, rules.Possible, rules.Eligible}}
	steps := []struct {
		name string
		now  *determined
		anew bool
		want Merged
		open string
	}{
		{"the first time", one("a", at(rule, 3, "20")), true, Merged{Households: 1, Changed: 1, Raised: 1}, rule.ID + " 3 20"},
		{"the same again", one("a", at(rule, 3, "20")), false, Merged{Households: 1}, rule.ID + " 3 20"},
		{"another outcome", change, true, Merged{Households: 1, Changed: 1, Closed: 1, Outcomes: 1}, ""},
		{"two persons under one rule", one("c", at(rule, 3, "20"), at(rule, 4, "21")), true, Merged{Households: 1, Changed: 1, Raised: 2},
			rule.ID + " 3 20; " + rule.ID + " 4 21"},
		{"another evidence", one("d", at(rule, 3, "22"), at(rule, 4, "21")), true, Merged{Households: 1, Changed: 1, Updated: 1},
			rule.ID + " 3 22; " + rule.ID + " 4 21"},
		{"of the household as a whole", one("e", at(rule, 3, "22"), at(other, 0, "1")), true, Merged{Households: 1, Changed: 1, Raised: 1, Closed: 1},
			other.ID + " 0 1; " + rule.ID + " 3 22"},
	}
	for _, step := range steps {
		step.now.anew = step.anew
		got := mergeOne(t, db, plan, step.now)
		if got != step.want {
			t.Errorf("%s: merged %+v, want %+v", step.name, got, step.want)
		}
		if open := openWarnings(t, db); open != step.open {
			t.Errorf("%s: open %q, want %q", step.name, open, step.open)
		}
	}
	if n := count(t, db, "select count(*) from staged_finding"); n != 0 {
		t.Errorf("%d rows are still staged", n)
	}
	if n := count(t, db, "select count(*) from finding_change"); n != 5 {
		t.Errorf("%d changes noted, want 5", n)
	}
	if n := count(t, db, "select count(*) from outcome_change where was = 'possible' and became = 'eligible' and household = 7"); n != 1 {
		t.Errorf("%d outcomes noted", n)
	}
}

func mergeOne(t *testing.T, db *postgres.DB, plan *rules.Plan, d *determined) (m Merged) {
	t.Helper()
	err := db.Work(t.Context(), func(tx pgx.Tx) error {
		s, err := newStager(t.Context(), tx, plan, dueDates(plan))
		if err != nil {
			return err
		}
		s.cause = "test"
		if err := s.stage(t.Context(), tx, []*determined{d}); err != nil {
			return err
		}
		m, err = s.merge(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func openWarnings(t *testing.T, db *postgres.DB) (all string) {
	t.Helper()
	err := db.Work(t.Context(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select coalesce(string_agg(rule || ' ' || coalesce(person, 0) || ' ' || (evidence->0->>'value'), '; ' order by
			rule <> $1, person), '') from warning where state <> 'closed'`, dezhou(t).Warnings()[1].ID).Scan(&all)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func count(t *testing.T, db *postgres.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.Own().QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	return n
}

func mustDate(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
