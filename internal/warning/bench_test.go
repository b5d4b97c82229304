package warning_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/warning"
)

// BenchmarkInbox reads inboxes among the warnings of a whole city: half a million in some thousand villages, a twentieth of them answered.
func BenchmarkInbox(b *testing.B) {
	db := postgrestest.New(b)
	w := warning.New(dezhou(), sealed.NewKeys(), nil)
	if err := pgx.BeginFunc(b.Context(), db.Own(), func(tx pgx.Tx) error { return warning.ApplyPack(b.Context(), tx, dezhou()) }); err != nil {
		b.Fatal(err)
	}
	fillCity(b, db)
	const city area.Code = 371400000000
	for _, p := range []postgres.Principal{
		{Account: 1, Role: "administrator", Area: city}, {Account: 1, Role: "supervisor", Area: county}, {Account: 1, Role: "officer", Area: township},
		{Account: 1, Role: "assistant", Area: village}, {Account: 1, Role: "department", Area: city, Department: "medical-insurance"},
	} {
		for name, f := range map[string]warning.Filter{
			"all": {}, "overdue": {Overdue: true}, "mechanism": {Mechanisms: []string{"linkage"}}, "rule": {Rules: []string{"fire"}}, "blue": {Levels: []string{"blue"}},
			"claimed": {States: []warning.State{warning.Claimed}}, "county": {Route: "county"}, "mine": {Account: 1}, "dismissed": {States: []warning.State{warning.Dismissed}},
			"later": {After: warning.After{Rank: 3, Due: calendar.Must(2026, 11, 10), ID: 1}},
		} {
			f.Today = today
			b.Run(p.Role+"/"+name, func(b *testing.B) {
				for b.Loop() {
					err := db.As(b.Context(), p, func(tx pgx.Tx) error { _, err := w.Inbox(b.Context(), tx, f); return err })
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(p.Role+"/count", func(b *testing.B) {
			for b.Loop() {
				if err := db.As(b.Context(), p, func(tx pgx.Tx) error {
					_, err := w.Count(b.Context(), tx, warning.Filter{Today: today}, 10_000)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(p.Role+"/figures", func(b *testing.B) {
			for b.Loop() {
				if err := db.As(b.Context(), p, func(tx pgx.Tx) error {
					_, err := w.Figures(b.Context(), tx, warning.ByRule, calendar.Always(), today)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillCity(b *testing.B, db *postgres.DB) {
	var villages []int64
	for _, v := range dezhou().Areas.Villages(371400000000) {
		villages = append(villages, int64(v))
	}
	var rules, levels, routes, mechanisms []string
	for _, m := range dezhou().Mechanisms {
		for _, r := range m.Rules {
			rules, levels, routes, mechanisms = append(rules, r.ID), append(levels, r.Level), append(routes, r.Route), append(mechanisms, m.ID)
		}
	}
	ctx := context.Background()
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{`insert into household (key, area, from_date) select 'h' || n, ($1::bigint[])[1 + n % cardinality($1::bigint[])], '2026-01-01' from generate_series(1, 200000) n`, []any{villages}},
		{`insert into person (name, area) select '国' || h.id, h.area from household h order by h.id`, nil},
		{`insert into membership (household, person, head, role, counted, source, from_date) select id, id, true, '', true, 'composed', '2026-01-01' from household`, nil},
		{`insert into finding (household, area, on_date, pack, kept, score) select id, area, '2026-11-02', '', '', id % 100 from household`, nil},
		{`insert into warning (rule, mechanism, level, route, household, area, evidence, raised_on, due_on, cause)
			select r.rule, r.mechanism, r.level, r.route, h.id, h.area, '[{"path": "household.size", "value": "4"}, {"path": "household.medical_own_12m", "value": "50000"}]',
				'2026-11-02', date '2026-10-25' + (h.id % 40)::int, 'run:1'
			from household h cross join lateral (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) r(rule, mechanism, level, route)
				offset (h.id * 7) % (cardinality($1::text[]) - 3) limit 2 + (h.id % 2)) r`, []any{rules, mechanisms, levels, routes}},
		{`update warning_handling set state = 'dismissed', reason = 'not-in-need', answered_at = now(), quiet_until = '2027-01-01' where id % 20 = 0`, nil},
		{`update warning_handling set state = 'claimed', account = 1 + id % 997 where id % 20 = 1`, nil},
		{"analyze", nil},
	} {
		if _, err := db.Own().Exec(ctx, step.sql, step.args...); err != nil {
			b.Fatal(err)
		}
	}
}
