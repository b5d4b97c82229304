package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
)

var (
	noSuchJob = fault.Text{
		Key: "jobs.no-such-job",
		Zh:  "没有编号为{id}的任务",
		En:  "there is no job {id}",
	}
	notDead = fault.Text{
		Key: "jobs.not-dead",
		Zh:  "任务{id}没有失败（状态{state}），不能重做或放弃",
		En:  "job {id} is not dead ({state}): there is nothing to retry or drop",
	}
)

// Job is a job as an administrator sees it.
type Job struct {
	ID        int64
	Kind      string
	State     string // River's: available, scheduled, running, retryable, completed; discarded and cancelled are dead
	Args      string // JSON
	Attempt   int    // how often it was begun
	CreatedAt time.Time
	DueAt     time.Time
	EndedAt   time.Time // zero if it has not
	Error     string    // the last
}

// Dead reports whether the job failed as often as it is tried, or is hopeless.
func (j Job) Dead() bool { return slices.Contains(deadStates, rivertype.JobState(j.State)) }

// deadStates are those of a job that failed as often as it is tried, and of one that was hopeless.
var deadStates = []rivertype.JobState{rivertype.JobStateDiscarded, rivertype.JobStateCancelled}

// List is the newest jobs, at most so many, of all states or only the dead.
func (q *Queue) List(ctx context.Context, dead bool, most int) ([]Job, error) {
	params := river.NewJobListParams().OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(most)
	if dead {
		params = params.States(deadStates...)
	}
	found, err := q.client.JobList(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("listing the jobs: %w", err)
	}
	all := make([]Job, 0, len(found.Jobs))
	for _, row := range found.Jobs {
		all = append(all, jobOf(row))
	}
	return all, nil
}

func jobOf(row *rivertype.JobRow) Job {
	j := Job{ID: row.ID, Kind: row.Kind, State: string(row.State), Args: string(row.EncodedArgs), Attempt: row.Attempt,
		CreatedAt: row.CreatedAt, DueAt: row.ScheduledAt}
	if row.FinalizedAt != nil {
		j.EndedAt = *row.FinalizedAt
	}
	if n := len(row.Errors); n > 0 {
		j.Error = row.Errors[n-1].Error
	}
	return j
}

// Count is how many jobs there are of a state.
func (q *Queue) Count(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	err := q.db.Work(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select state::text, count(*) from river_job group by state")
		if err != nil {
			return err
		}
		var state string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error {
			counts[state] = n
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting the jobs: %w", err)
	}
	return counts, nil
}

// Retry has a dead job tried again at once, for an account, 0 being who runs the program.
func (q *Queue) Retry(ctx context.Context, account, id int64) error {
	return q.settle(ctx, account, id, "job.retry", q.client.JobRetryTx)
}

// Drop removes a dead job: somebody has found that it need not be done, or did it otherwise.
func (q *Queue) Drop(ctx context.Context, account, id int64) error {
	return q.settle(ctx, account, id, "job.drop", q.client.JobDeleteTx)
}

// settle deals with a dead job and records that.
func (q *Queue) settle(ctx context.Context, account, id int64, act string, do func(context.Context, pgx.Tx, int64) (*rivertype.JobRow, error)) error {
	return q.db.WorkAs(ctx, postgres.Principal{Account: account}, func(tx pgx.Tx) error {
		var state, kind string
		err := tx.QueryRow(ctx, "select state::text, kind from river_job where id = $1 for update", id).Scan(&state, &kind)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, noSuchJob, fault.Args{"id": id})
		}
		if err != nil {
			return fmt.Errorf("looking for job %d: %w", id, err)
		}
		if !(Job{State: state}).Dead() {
			return fault.New(fault.Conflict, notDead, fault.Args{"id": id, "state": state})
		}
		if _, err := do(ctx, tx, id); err != nil {
			return fmt.Errorf("settling job %d: %w", id, err)
		}
		_, err = ledger.Record(ctx, tx, ledger.Act{Kind: act, Subject: "job:" + strconv.FormatInt(id, 10), Detail: map[string]string{"kind": kind}})
		return err
	})
}
