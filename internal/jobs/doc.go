// Package jobs does what nobody waits for: nightly work, work that an act left to be done, and work that is tried again until it succeeds.
//
// A job is told by its [Args], which name the work wholly by ids and days, and never hold a name or a number of anybody:
//
//	type nightly struct{ Day string `json:"day"` }
//	func (nightly) Kind() string { return "screening.nightly" }
//
//	queue, err := jobs.New(jobs.Config{DB: db, Log: log, Handlers: []jobs.Handler{
//		jobs.Handle(func(ctx context.Context, n nightly) error { … }),
//	}, Periodic: []jobs.Periodic{
//		{Name: "nightly screening", When: jobs.Daily(2, 0), Make: func(due time.Time) jobs.Args { return nightly{due.Format(time.DateOnly)} }},
//	}})
//	err = queue.Run(ctx)
//
// [Queue.Enqueue] adds a job in the transaction of the act that leaves it: both commit, or neither. The same args are the same work: they are not
// enqueued again while the first waits or runs, nor within a week after it was done. So a periodic job that is due once a day is done once,
// however often the program starts and however many of it run, and whatever changed gets args of its own, such as the id of the change.
//
// A job may be begun more than once, since a machine can fail between its work and its end: what it does twice must come to the same as once.
// What fails is tried again after a growing pause, and after [attempts] times it is dead: [Queue.Dead] lists those, [Queue.Retry] and
// [Queue.Drop] are what an administrator does about them.
package jobs
