package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

type task struct {
	Batch int64 `json:"batch"`
}

func (task) Kind() string { return "test.task" }

func newQueue(t *testing.T, db *postgres.DB, do func(context.Context, task) error, periodic ...jobs.Periodic) *jobs.Queue {
	t.Helper()
	c := jobs.Config{DB: db, Log: slog.New(slog.DiscardHandler), Clock: time.Now, Periodic: periodic}
	if do != nil {
		c.Handlers = []jobs.Handler{jobs.Handle(do)}
	}
	q, err := jobs.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// during runs the queue while something is done.
func during(t *testing.T, q *jobs.Queue, do func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- q.Run(ctx) }()
	do()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// The same work is enqueued once, under either role, and only if the transaction commits; it is done, and not done again.
func TestOnce(t *testing.T) {
	db := postgrestest.New(t)
	var done atomic.Int64
	q := newQueue(t, db, func(context.Context, task) error { done.Add(1); return nil })
	add := func(batch int64, want bool) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			added, err := q.Enqueue(t.Context(), tx, task{batch})
			if err == nil && added != want {
				t.Errorf("batch %d: added is %v", batch, added)
			}
			return err
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	undone := errors.New("undone")
	if err := db.Work(t.Context(), func(tx pgx.Tx) error { return errors.Join(add(9, true)(tx), undone) }); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	must(db.Work(t.Context(), add(1, true)))
	must(db.As(t.Context(), postgres.Principal{Account: 1, Role: "officer"}, add(1, false)))
	must(db.As(t.Context(), postgres.Principal{Account: 1, Role: "officer"}, add(2, true)))
	during(t, q, func() { await(t, "both jobs", func() bool { return done.Load() == 2 }) })
	must(db.Work(t.Context(), add(1, false)))
	counts, err := q.Count(t.Context())
	must(err)
	if diff := cmp.Diff(map[string]int{"completed": 2}, counts); diff != "" {
		t.Error(diff)
	}
}

// A page may enqueue, and neither change nor remove a job.
func TestPagesOnlyEnqueue(t *testing.T) {
	db := postgrestest.New(t)
	for _, statement := range []string{"update river_job set state = 'completed'", "delete from river_job", "update river_job set args = '{}'"} {
		err := db.As(t.Context(), postgres.Principal{Account: 1, Role: "administrator"}, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), statement)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// What is hopeless is dead, shows no number, and is retried or dropped by somebody, which is recorded.
func TestDead(t *testing.T) {
	db := postgrestest.New(t)
	var mended atomic.Bool
	q := newQueue(t, db, func(_ context.Context, k task) error {
		if mended.Load() && k.Batch == 1 {
			return nil
		}
		return jobs.Hopeless(errors.New("row of 371499198001010010 is wrong"))
	})
	err := db.Work(t.Context(), func(tx pgx.Tx) error {
		_, err1 := q.Enqueue(t.Context(), tx, task{1})
		_, err2 := q.Enqueue(t.Context(), tx, task{2})
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	dead := func() []jobs.Job {
		list, err := q.List(t.Context(), true, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	during(t, q, func() {
		await(t, "two dead jobs", func() bool { return len(dead()) == 2 })
		first := dead()[1]
		if !first.Dead() || first.Attempt != 1 || !strings.Contains(first.Error, "371499") || strings.Contains(first.Error, "371499198001010010") {
			t.Errorf("the dead job is %+v", first)
		}
		mended.Store(true)
		if err := q.Retry(t.Context(), 0, first.ID); err != nil {
			t.Fatal(err)
		}
		await(t, "the retried job", func() bool { counts, _ := q.Count(t.Context()); return counts["completed"] == 1 })
		if err := q.Retry(t.Context(), 0, first.ID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("retrying what is done: %v", err)
		}
	})
	if err := q.Drop(t.Context(), 0, dead()[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := q.Drop(t.Context(), 0, 12345); fault.KindOf(err) != fault.NotFound {
		t.Errorf("dropping what is not there: %v", err)
	}
	var acts int
	if err := db.Own().QueryRow(t.Context(), "select count(*) from act where kind in ('job.retry', 'job.drop')").Scan(&acts); err != nil || acts != 2 || len(dead()) != 0 {
		t.Errorf("%d acts, %v; dead: %v", acts, err, dead())
	}
}

// What is due once a day is done once, however often the program starts.
func TestPeriodic(t *testing.T) {
	db := postgrestest.New(t)
	var done atomic.Int64
	for range 2 {
		q := newQueue(t, db, func(context.Context, task) error { done.Add(1); return nil }, jobs.Periodic{
			Name: "daily", When: jobs.Daily(2, 0), Make: func(due time.Time) jobs.Args { return task{int64(due.YearDay())} }})
		during(t, q, func() {
			await(t, "the daily job", func() bool { counts, _ := q.Count(t.Context()); return counts["completed"] == 1 })
		})
	}
	if done.Load() != 1 {
		t.Errorf("done %d times", done.Load())
	}
}

func TestSchedules(t *testing.T) {
	zone := time.FixedZone("UTC+8", 8*60*60)
	at := func(s string) time.Time {
		u, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, c := range []struct {
		name            string
		when            jobs.Schedule
		at, last, after string
	}{
		{"before the hour", jobs.Daily(2, 0), "2026-11-01 01:59", "2026-10-31 02:00", "2026-11-01 02:00"},
		{"at the hour", jobs.Daily(2, 0), "2026-11-01 02:00", "2026-11-01 02:00", "2026-11-02 02:00"},
		{"past a month's end", jobs.Daily(23, 30), "2026-10-31 23:31", "2026-10-31 23:30", "2026-11-01 23:30"},
		{"every quarter of an hour", jobs.Every(15 * time.Minute), "2026-11-01 02:14", "2026-11-01 02:00", "2026-11-01 02:15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.when.Last(at(c.at).UTC()); !got.Equal(at(c.last)) {
				t.Errorf("last at %v", got)
			}
			if got := c.when.Next(at(c.at).UTC()); !got.Equal(at(c.after)) {
				t.Errorf("next at %v", got)
			}
		})
	}
}

// The queue's tables are what River itself makes.
func TestTablesAreRivers(t *testing.T) {
	db := postgrestest.New(t)
	ours := describe(t, db)
	_, err := db.Own().Exec(t.Context(), `drop table river_job, river_leader, river_queue, river_notification;
		drop function river_job_state_in_bitmask; drop type river_job_state`)
	if err != nil {
		t.Fatal(err)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(db.Own()), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(describe(t, db), ours); diff != "" {
		t.Errorf("River makes (-), the migration makes (+):\n%s", diff)
	}
}

// describe is the columns, constraints, indexes and states of River's tables, a line each; but for River's own table of its migrations.
func describe(t *testing.T, db *postgres.DB) []string {
	t.Helper()
	rows, err := db.Own().Query(t.Context(), `
		select concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) from information_schema.columns
			where table_name like 'river\_%' and table_name <> 'river_migration'
		union all select concat_ws(' ', conrelid::regclass::text, conname, pg_get_constraintdef(oid)) from pg_constraint
			where conrelid::regclass::text like 'river\_%' and conrelid::regclass::text <> 'river_migration' and contype <> 'n'
		union all select indexdef from pg_indexes where tablename like 'river\_%' and tablename <> 'river_migration'
		union all select concat_ws(' ', enumlabel, rank() over (order by enumsortorder)) from pg_enum where enumtypid = (select oid from pg_type where typname = 'river_job_state')
		union all select concat_ws(' ', relname, relpersistence) from pg_class where relname like 'river\_%' and relkind = 'r' and relname <> 'river_migration'
		order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
