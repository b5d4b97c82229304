package casework_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/postgres"
)

// BenchmarkQueue reads pages of every queue as everybody, of a city with many items (DAJIUZHU_ITEMS, a tenth of them under way).
func BenchmarkQueue(b *testing.B) {
	items := 200_000
	if s := os.Getenv("DAJIUZHU_ITEMS"); s != "" {
		fmt.Sscan(s, &items)
	}
	w := newWorld(b)
	w.own(fmt.Sprintf(`alter table item drop constraint item_household_fkey; alter table item disable trigger user; alter table filing disable trigger user; alter table item_step disable trigger user;
		insert into filing (household, area, called, occasion, channel, filed_at, account, role)
			select 1, 371400000000 + (21 + n %% 13) * 1000000 + (100 + n %% 10) * 1000 + 201 + n %% 60, '某户' || n, case when n %% 50 = 0 then 'emergency' else 'application' end, 'village',
				timestamptz '2026-01-01' + n * interval '2 minutes', 1, 'assistant' from generate_series(1, %[1]d) n;
		insert into item (filing, household, area, department, programme, recognises, called, occasion, version, authority, outcome, next_ord, next_by, next_rank, state, ended_why, ended_at,
				due_at, due_step, opened_at, last_at, position)
			select f.id, f.id, f.area, 'civil-affairs', 'dibao', false, f.called, f.occasion, p.id, 'civil-affairs', 'eligible',
				case when f.id %% 10 = 0 then 3 + f.id %% 11 end, case when f.id %% 10 = 0 then s.by_whom else '' end, case when s.by_whom = 'decider' then 'township' else '' end,
				case when f.id %% 10 = 0 then 'open' else 'ended' end, case when f.id %% 10 <> 0 then 'done' end, case when f.id %% 10 <> 0 then f.filed_at end,
				case when f.id %% 10 = 0 then f.filed_at + interval '30 days' end, s.id, f.filed_at, f.filed_at, 2
			from filing f join workflow_procedure p on p.procedure = 'dibao' and p.to_date = 'infinity' left join workflow_step s on s.version = p.id and s.ord = 3 + f.id %% 11
			where f.id > 0;
		alter table item enable trigger user; alter table filing enable trigger user; alter table item_step enable trigger user;
		analyze item, filing`, items))
	now := at(time.November, 2, 9)
	who := map[string]postgres.Principal{
		"assistant": {Account: 1, Role: "assistant", Area: 371424100201}, "officer": {Account: 2, Role: "officer", Area: 371424100000},
		"supervisor": {Account: 5, Role: "supervisor", Area: 371424000000}, "administrator": {Account: 20, Role: "administrator", Area: area.Code(371400000000)},
		"department": {Account: 21, Role: "department", Area: 371424000000, Department: "civil-affairs"},
	}
	for _, role := range []string{"assistant", "officer", "supervisor", "administrator", "department"} {
		for _, view := range []casework.View{casework.Mine, casework.Due, casework.OverdueView, casework.Returned, casework.Emergencies, casework.Under, casework.Ended} {
			b.Run(role+"/"+string(view), func(b *testing.B) {
				var took []time.Duration
				var found int
				for b.Loop() {
					begin := time.Now()
					err := w.db.As(b.Context(), who[role], func(tx pgx.Tx) error {
						all, err := w.Queue(context.Background(), tx, casework.Filter{View: view, Now: now})
						found = len(all)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(begin))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms/p95")
				b.ReportMetric(float64(found), "rows")
			})
		}
	}
}
