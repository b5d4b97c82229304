package discovery_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// settled is how many settlements the benchmark of a city brings in, one delivery each.
const settled = 200

// BenchmarkCity measures a whole city in the record: a run over everybody, a settlement from the arrival of its file to the warnings, and what an
// officer waits for. DAJIUZHU_CITY names the folder of the platform's data into which the city was imported, as "make bench-city" does.
func BenchmarkCity(b *testing.B) {
	dir := os.Getenv("DAJIUZHU_CITY")
	if dir == "" {
		b.Skip("DAJIUZHU_CITY names no platform's data")
	}
	c := storedCity(b, dir)
	date := c.screenedOn()
	b.Run("run", func(b *testing.B) {
		for b.Loop() {
			run, err := c.discovery.Run(b.Context(), date, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(run.Persons), "persons")
			b.ReportMetric(float64(run.Households), "households")
		}
	})
	b.Run("settlement", func(b *testing.B) { c.settlements(b, date) })
	registry := registry.New(c.keys)
	b.Run("search", func(b *testing.B) { c.searches(b, registry) })
	b.Run("file", func(b *testing.B) { c.files(b, registry) })
}

// storedCity opens the platform's data in a folder.
func storedCity(b *testing.B, dir string) *city {
	b.Helper()
	keys, err := sealed.LoadKeys(filepath.Join(dir, "keys"))
	if err != nil {
		b.Fatal(err)
	}
	db, err := postgres.Open(b.Context(), postgres.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	c := &city{t: b, db: db, keys: keys}
	c.work(func(tx pgx.Tx) (err error) {
		c.identities, err = registry.LoadIdentities(b.Context(), tx, keys)
		return err
	})
	c.record = ingest.New(db, dezhou().Pack(), c.identities, keys)
	c.discovery = discovery.New(db, c.record, registry.New(keys), c.identities, dezhou())
	return c
}

// screenedOn is the day for which everybody was determined last; who never was, is today, as of the deliveries.
func (c *city) screenedOn() (on calendar.Date) {
	c.work(func(tx pgx.Tx) error {
		return tx.QueryRow(c.t.Context(), "select coalesce((select on_date from screening_run where state = 'current'), current_date) - date '1970-01-01'").Scan(&on)
	})
	return on
}

// drawn is one column of some rows of a table, the same for the same table.
func (c *city) drawn(query string, n int) []int64 {
	c.t.Helper()
	var all []int64
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(c.t.Context(), query, n)
		if err == nil {
			all, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		}
		return err
	})
	if len(all) < n {
		c.t.Fatalf("%d of %d were found", len(all), n)
	}
	return all
}

// settlements brings in files of one settlement each: from the arrival of each to the warnings that it raises.
func (c *city) settlements(b *testing.B, on calendar.Date) {
	for b.Loop() {
		patients := c.drawn(`select e.id_no from feed_medical_enrolment e tablesample system (0.2) repeatable (7)
			where not exists (select from feed_medical_settlement s where s.id_no = e.id_no) limit $1`, settled)
		var took []time.Duration
		var raised int64
		for i, patient := range patients {
			number, _ := c.identities.Number(patient)
			dir := b.TempDir()
			row := fmt.Sprintf("settlement_no,id_no,kind,settled_on,diagnosis,total,own_in_policy,own_total,status\nB%d-%d,%s,inpatient,%s,leukaemia,300000.00,120000.00,150000.00,valid\n",
				time.Now().UnixNano(), i, number.Plain(), on.AddDays(-20))
			if err := os.WriteFile(dir+"/medical-settlement-more.csv", []byte(row), 0o600); err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			c.bring(dir)
			updated, err := c.discovery.Update(b.Context(), on)
			if err != nil {
				b.Fatal(err)
			}
			took, raised = append(took, time.Since(start)), raised+updated.Raised
		}
		report(b, took)
		b.ReportMetric(float64(raised)/settled, "raised/settlement")
	}
}

// report gives the median and the slow end of what was measured.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(percent int) float64 { return float64(took[len(took)*percent/100].Microseconds()) / 1000 }
	b.ReportMetric(at(50), "median-ms")
	b.ReportMetric(at(95), "p95-ms")
	b.ReportMetric(at(99), "p99-ms")
}

// An officer of the city and one of a township, who search and read.
var officers = []area.Code{371400000000, 371424102000}

// searches finds people by what is known of somebody drawn at random, in the name of an officer.
func (c *city) searches(b *testing.B, r *registry.Registry) {
	people := c.drawn("select id from person tablesample system (0.2) repeatable (7) where registered and merged_into is null limit $1", 50)
	for _, place := range officers {
		for _, by := range []registry.By{"name", "pinyin", "initials", "number", "address"} {
			b.Run(fmt.Sprintf("%s/%d", by, place), func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					for _, person := range people {
						wanted := c.known(person, by)
						start := time.Now()
						c.as(b, place, func(ctx context.Context, tx pgx.Tx) error {
							_, err := r.Search(ctx, tx, by, wanted, registry.After{}, 20)
							return err
						})
						took = append(took, time.Since(start))
					}
				}
				report(b, took)
			})
		}
	}
}

// known is what somebody who searches for a person knows: the first two letters of the name or address in full.
func (c *city) known(person int64, by registry.By) (wanted string) {
	if by == "number" {
		number, _ := c.identities.Number(person)
		return number.Plain()
	}
	column := map[registry.By]string{"name": "name", "pinyin": "pinyin", "initials": "initials", "address": "address"}[by]
	c.work(func(tx pgx.Tx) error {
		return tx.QueryRow(c.t.Context(), fmt.Sprintf("select %s from person where id = $1", column), person).Scan(&wanted)
	})
	return wanted
}

func (c *city) as(b *testing.B, place area.Code, do func(context.Context, pgx.Tx) error) {
	b.Helper()
	by := postgres.Principal{Account: 7, Role: "officer", Area: place}
	if err := c.db.As(b.Context(), by, func(tx pgx.Tx) error { return do(b.Context(), tx) }); err != nil {
		b.Fatal(err)
	}
}

// files reads the files of households drawn at random.
func (c *city) files(b *testing.B, r *registry.Registry) {
	households := c.drawn("select id from household tablesample system (0.2) repeatable (7) where to_date is null limit $1", 300)
	var took []time.Duration
	for b.Loop() {
		for _, household := range households {
			start := time.Now()
			c.as(b, officers[0], func(ctx context.Context, tx pgx.Tx) error { _, err := r.File(ctx, tx, household); return err })
			took = append(took, time.Since(start))
		}
	}
	report(b, took)
}
