package main

import (
	"fmt"
	"log/slog"
	"time"

	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/postgres"
)

type jobsCommand struct {
	List  jobsListCommand  `cmd:"" help:"List jobs, the newest first."`
	Retry jobsRetryCommand `cmd:"" help:"Have a dead job tried again at once."`
	Drop  jobsDropCommand  `cmd:"" help:"Remove a dead job that need not be done."`
}

// withQueue opens the queue, which here only shows and settles.
func (f *platformFlags) withQueue(s *streams, do func(*jobs.Queue) error) error {
	return f.with(s.ctx, func(db *postgres.DB) error {
		queue, err := jobs.New(jobs.Config{DB: db, Log: slog.New(slog.NewTextHandler(s.errout, nil)), Clock: time.Now})
		if err != nil {
			return err
		}
		return do(queue)
	})
}

type jobsListCommand struct {
	platformFlags
	Dead bool `help:"Only those that failed as often as they are tried."`
	Most int  `help:"How many." default:"50"`
}

// Run lists the jobs.
func (c *jobsListCommand) Run(s *streams) error {
	return c.withQueue(s, func(queue *jobs.Queue) error {
		list, err := queue.List(s.ctx, c.Dead, c.Most)
		if err != nil {
			return err
		}
		for _, j := range list {
			fmt.Fprintf(s.out, "%d\t%s\t%s\t%s\t%d\t%s\t%s\n", j.ID, j.State, j.Kind, j.Args, j.Attempt, j.DueAt.Format(time.RFC3339), j.Error)
		}
		return nil
	})
}

type jobsRetryCommand struct {
	platformFlags
	ID int64 `arg:"" help:"The job's number."`
}

// Run retries a job.
func (c *jobsRetryCommand) Run(s *streams) error {
	return c.withQueue(s, func(queue *jobs.Queue) error { return queue.Retry(s.ctx, 0, c.ID) })
}

type jobsDropCommand struct {
	platformFlags
	ID int64 `arg:"" help:"The job's number."`
}

// Run drops a job.
func (c *jobsDropCommand) Run(s *streams) error {
	return c.withQueue(s, func(queue *jobs.Queue) error { return queue.Drop(s.ctx, 0, c.ID) })
}
