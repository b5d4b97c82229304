package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

const (
	attempts  = 12                 // with River's pauses of attempt⁴ seconds: some fifteen hours
	remembers = 7 * 24 * time.Hour // how long what was done is not done again
	timeout   = 6 * time.Hour      // of one attempt
	atOnce    = 4                  // jobs of one process at a time
)

// Args name a piece of work wholly. They are kept as JSON, and hold ids and days only.
type Args interface{ Kind() string }

// Handler does the jobs of one kind.
type Handler struct {
	register func(*river.Workers, *slog.Logger)
}

// Handle makes a handler. What do does it may be asked to do again: twice must come to the same as once. An error makes the job be tried
// again later; [Hopeless] marks one after which there is no use in that.
func Handle[A Args](do func(context.Context, A) error) Handler {
	return Handler{func(workers *river.Workers, log *slog.Logger) {
		river.AddWorker(workers, &worker[A]{do: do, log: log})
	}}
}

// Hopeless is an error after which a job is not tried again; it is dead at once.
func Hopeless(err error) error { return &hopeless{err} }

type hopeless struct{ err error }

func (h *hopeless) Error() string { return h.err.Error() }
func (h *hopeless) Unwrap() error { return h.err }

type worker[A Args] struct {
	river.WorkerDefaults[A]
	do  func(context.Context, A) error
	log *slog.Logger
}

// Work does a job. River keeps the text of its error, so that must show nobody's number.
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	start := time.Now()
	err := w.do(ctx, job.Args)
	log := w.log.With("job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "took", time.Since(start).Round(time.Millisecond))
	if err == nil {
		log.Info("job done")
		return nil
	}
	shown := fault.HideNumbers(err.Error())
	log.Error("job failed", "error", shown)
	failed := errors.New(shown)
	var no *hopeless
	if errors.As(err, &no) {
		return river.JobCancel(failed)
	}
	return failed
}

// Config is what a queue needs.
type Config struct {
	DB       *postgres.DB
	Log      *slog.Logger
	Clock    func() time.Time
	Handlers []Handler
	Periodic []Periodic
}

// Queue is the queue of jobs. It is safe for concurrent use.
type Queue struct {
	db     *postgres.DB
	client *river.Client[pgx.Tx]
}

// New makes a queue that does the handlers' kinds of jobs once it runs. Without handlers it only enqueues and shows.
func New(c Config) (*Queue, error) {
	config := &river.Config{
		Logger:                      slog.New(quiet{c.Log.Handler()}),
		MaxAttempts:                 attempts,
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        timeout + time.Hour,
		CompletedJobRetentionPeriod: remembers,
		DiscardedJobRetentionPeriod: -1, // the dead stay until somebody has dealt with them
		CancelledJobRetentionPeriod: -1,
		ReindexerSchedule:           river.NeverSchedule(), // it takes the owner's right
	}
	if len(c.Handlers) > 0 {
		config.Workers = river.NewWorkers()
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: atOnce}}
	}
	for _, h := range c.Handlers {
		h.register(config.Workers, c.Log)
	}
	for _, p := range c.Periodic {
		config.PeriodicJobs = append(config.PeriodicJobs, p.job(c.Clock))
	}
	client, err := river.NewClient(riverpgxv5.New(c.DB.Worker()), config)
	if err != nil {
		return nil, fmt.Errorf("preparing the queue of jobs: %w", err)
	}
	return &Queue{db: c.DB, client: client}, nil
}

// patience is how long jobs that run may take to end when the program stops; then they are broken off, and done again at the next start.
const patience = 20 * time.Second

// Run does jobs until the context ends, and then lets those that run end.
func (q *Queue) Run(ctx context.Context) error {
	// The client's own context is not the caller's: that would break off what runs at once.
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("starting the queue of jobs: %w", err)
	}
	<-ctx.Done()
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if q.client.Stop(soft) == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := q.client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("stopping the queue of jobs: %w", err)
	}
	return nil
}

// Enqueue adds a job in the transaction, under whichever role that is. It reports false if the same work waits, runs, or was done within a week.
func (q *Queue) Enqueue(ctx context.Context, tx pgx.Tx, args Args) (added bool, err error) {
	result, err := q.client.InsertTx(ctx, tx, args, onceOnly())
	if err != nil {
		return false, fmt.Errorf("enqueuing a job %q: %w", args.Kind(), err)
	}
	return !result.UniqueSkippedAsDuplicate, nil
}

func onceOnly() *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: attempts, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}
