package discovery_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// BenchmarkUpdate brings settlements one after the other into a record, and measures the time from a promotion's end to the warnings of the
// household: the median and the slowest of a hundred, beside a run over everybody. DAJIUZHU_PEOPLE says how many people there are.
func BenchmarkUpdate(b *testing.B) {
	people := 20_000
	if s := os.Getenv("DAJIUZHU_PEOPLE"); s != "" {
		fmt.Sscan(s, &people)
	}
	c := newCity(b, people)
	start := time.Now()
	c.bring(c.deliveries)
	imported := time.Since(start)
	start = time.Now()
	if _, err := c.discovery.Run(b.Context(), on, nil); err != nil {
		b.Fatal(err)
	}
	first := time.Since(start)
	start = time.Now()
	if _, err := c.discovery.Run(b.Context(), on, nil); err != nil {
		b.Fatal(err)
	}
	run := time.Since(start)
	if _, err := c.db.Own().Exec(b.Context(), "analyze"); err != nil { // as autovacuum does in earnest
		b.Fatal(err)
	}
	persons := c.insured(100)
	var rows int64
	c.work(func(tx pgx.Tx) error { return tx.QueryRow(b.Context(), "select sum(rows) from batch").Scan(&rows) })
	var took []time.Duration
	for b.Loop() {
		for _, number := range persons {
			c.touch(number)
			start := time.Now()
			if _, err := c.discovery.Update(b.Context(), on); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(rows)/imported.Seconds(), "rows/s-imported")
	b.ReportMetric(first.Seconds(), "s/first-run")
	b.ReportMetric(run.Seconds(), "s/run")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/update-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/update-p99")
	b.ReportMetric(run.Seconds()/took[len(took)/2].Seconds(), "times-faster-than-a-run")
}

// BenchmarkExplain explains the households of a hundred persons, one after the other.
func BenchmarkExplain(b *testing.B) {
	people := 20_000
	if s := os.Getenv("DAJIUZHU_PEOPLE"); s != "" {
		fmt.Sscan(s, &people)
	}
	c := newCity(b, people)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(b.Context(), on, nil); err != nil {
		b.Fatal(err)
	}
	if _, err := c.db.Own().Exec(b.Context(), "analyze"); err != nil { // as autovacuum does in earnest
		b.Fatal(err)
	}
	var households []int64
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(b.Context(), "select id from household where to_date is null order by id limit 100")
		if err != nil {
			return err
		}
		households, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	var took []time.Duration
	for b.Loop() {
		for _, h := range households {
			start := time.Now()
			if _, err := c.discovery.Explain(b.Context(), h, on); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/explain-median")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms/explain-p95")
}
