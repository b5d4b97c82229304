package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

// BenchmarkRecord is acts a second of eight writers: with the ledger, sequenced to the last before the clock stops, and the same rows without it.
func BenchmarkRecord(b *testing.B) {
	const writers = 8
	plain := `insert into plain_act (at, account, role, area, department, kind, subject, detail, salt) values
		(clock_timestamp(), acting_account(), acting_role(), acting_area_from(), acting_department(), $1, $2, $3, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
		returning id`
	for _, each := range []int{1, 50} { // acts a transaction
		var base time.Duration
		run := func(b *testing.B, db *postgres.DB, one func(context.Context, pgx.Tx) error) {
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					for i := w * each; i < b.N; i += writers * each {
						err := db.As(context.Background(), officer, func(tx pgx.Tx) error {
							for range min(each, b.N-i) {
								if err := one(context.Background(), tx); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
		}
		b.Run(fmt.Sprintf("without/%d-a-transaction", each), func(b *testing.B) {
			db := postgrestest.New(b)
			_, err := db.Own().Exec(b.Context(), `create table plain_act (like act including all); create index on plain_act (subject, id);
				grant select, insert on plain_act to dajiuzhu_app`)
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			run(b, db, func(ctx context.Context, tx pgx.Tx) error {
				var id int64
				return tx.QueryRow(ctx, plain, "person.open", "person:12", `{"purpose":"verify"}`).Scan(&id)
			})
			base = b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
		})
		b.Run(fmt.Sprintf("with/%d-a-transaction", each), func(b *testing.B) {
			db, key := postgrestest.New(b), newKey(b)
			ctx, stop := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() { defer close(done); ledger.NewSequencer(db, key, quiet).Run(ctx) }()
			b.ResetTimer()
			run(b, db, func(ctx context.Context, tx pgx.Tx) error {
				_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "person.open", Subject: "person:12", Detail: map[string]string{"purpose": "verify"}})
				return err
			})
			writing := b.Elapsed()
			stop() // its lock goes with it
			integrate(b, db, key)
			b.StopTimer()
			<-done
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
			b.ReportMetric(float64((b.Elapsed() - writing).Milliseconds()), "ms-behind")
			b.ReportMetric(float64(b.Elapsed()/time.Duration(b.N))/float64(base), "times-the-plain-insert")
			if report := verify(b, db, trusting(b, key)); !report.OK() || report.Tree.N != int64(b.N) {
				b.Fatalf("%+v", report)
			}
		})
	}
}
