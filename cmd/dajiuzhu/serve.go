package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notice"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rekey"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/site"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/cases"
)

type serveCommand struct {
	accessFlags
	outsideFlags
	messageFlags
	Listen  string   `help:"Address of the pages; port 0 is any free one." default:"127.0.0.1:8080" env:"DAJIUZHU_LISTEN"`
	Metrics string   `help:"Address of the metrics; none if empty." default:"127.0.0.1:9464" env:"DAJIUZHU_METRICS"`
	Proxies []string `help:"Addresses or networks of the proxies before the platform, whose word on the visitor's address and on https is taken." env:"DAJIUZHU_PROXIES"`
	Witness []string `help:"Witness that is asked to cosign the ledger, as ADDRESS#KEY. May be repeated." env:"DAJIUZHU_WITNESSES" placeholder:"ADDRESS#KEY"`
	Watch   string   `help:"Folder in which departments put their files: what is whole is taken in." type:"path" env:"DAJIUZHU_WATCH"`
	Demo    string   `help:"Folder of an invented county: take it in, and make an account for each role, unless that was done." type:"path"`
	Pack    string   `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
	Ahead   int      `help:"Days by which the clock is put forward, for training; over invented people only." placeholder:"DAYS"`
}

var aheadOfPeople = fault.Text{Key: "cmd.ahead-of-people", Zh: "库里有真实数据，不能拨快时钟（--ahead只用于模拟数据）",
	En: "there are real people in the record: the clock is put forward (--ahead) over invented ones only"}

var cannotListen = fault.Text{Key: "cmd.cannot-listen",
	Zh: "不能在{address}上提供服务，可能已被占用。请用 --listen 或 --metrics 换一个，端口0表示任选",
	En: "cannot listen on {address}, which may be taken: choose another with --listen or --metrics; port 0 is any free one"}

// Run serves until the program is told to stop, and then ends what it began.
func (c *serveCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	var witnesses []ledger.WitnessAt
	for _, text := range c.Witness {
		w, err := ledger.ParseWitnessAt(text)
		if err != nil {
			return err
		}
		witnesses = append(witnesses, w)
	}
	outside, err := c.outside(c.Site)
	if err != nil {
		return err
	}
	signing, err := c.ledgerKey()
	if err != nil {
		return err
	}
	return c.withOwn(s.ctx, func(db *postgres.DB, keys *sealed.Keys) error {
		p := &platform{policy: policy, keys: keys, columns: filepath.Join(c.Data, "columns"), db: db, log: slog.New(slog.NewJSONHandler(s.errout, nil)), metrics: prometheus.NewRegistry(),
			witnesses: witnesses, clock: clockAhead(c.Ahead)}
		db.KeepTime(p.clock)
		p.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		if p.access, err = c.accessFlags.access(db, keys, outside, p.clock); err != nil {
			return err
		}
		record, people, err := openRecord(s.ctx, db, keys, policy)
		if err != nil {
			return err
		}
		p.record, p.discovery = record, discovery.New(db, record, registry.New(keys), people, policy)
		p.rekey = rekey.New(db, keys, sealedColumns(policy.Pack()))
		p.people = registry.New(keys)
		p.means = means.New(keys, p.people)
		if p.uploads, err = ingest.NewUploads(record, filepath.Join(c.Data, "uploads")); err != nil {
			return err
		}
		p.sequencer = ledger.NewSequencer(db, signing, p.log)
		if err := p.work(&c.messageFlags, keys, policy.Pack()); err != nil {
			return err
		}
		if p.queue, err = p.newQueue(); err != nil {
			return err
		}
		p.measure(s.ctx)
		if c.Demo != "" {
			if err := c.demo(s, p); err != nil {
				return err
			}
		}
		if err := p.mayBeAhead(s.ctx, c.Ahead); err != nil {
			return err
		}
		return c.serve(s, p)
	})
}

// clockAhead is the time in the city, some days ahead.
func clockAhead(days int) func() time.Time {
	return func() time.Time { return time.Now().In(jobs.Zone).AddDate(0, 0, days) }
}

// mayBeAhead refuses a clock that is not the world's over a record of real people.
func (p *platform) mayBeAhead(ctx context.Context, days int) error {
	if days == 0 {
		return nil
	}
	var simulated bool
	err := p.db.Work(ctx, func(tx pgx.Tx) (err error) {
		simulated, err = p.record.Simulated(ctx, tx)
		return err
	})
	if err == nil && !simulated {
		err = fault.New(fault.Invalid, aheadOfPeople, nil)
	}
	return err
}

// platform is what runs.
type platform struct {
	clock     func() time.Time // the time in the city
	db        *postgres.DB
	log       *slog.Logger
	metrics   *prometheus.Registry
	access    *access.Access
	record    *ingest.Record
	discovery *discovery.Discovery
	warnings  *warning.Warnings
	casework  *casework.Casework
	visits    *visit.Visits
	notes     *notification.Notifications
	telling   *telling.Telling
	means     *means.Checks
	uploads   *ingest.Uploads
	people    *registry.Registry
	policy    *rules.Policy
	contact   string // whom residents call
	sequencer *ledger.Sequencer
	queue     *jobs.Queue
	keys      *sealed.Keys
	site      *web.Site
	rekey     *rekey.Rekey
	witnesses []ledger.WitnessAt
	columns   string // folder of the counties' columns
}

// listen opens an address, and says in both languages if it is taken.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.New(fault.Unready, cannotListen, fault.Args{"address": address}).Because(err)
	}
	return l, nil
}

// stopTime is how long requests on their way have to end.
const stopTime = 10 * time.Second

func (c *serveCommand) serve(s *streams, p *platform) error {
	home, err := url.Parse(c.Site)
	if err != nil {
		return fault.New(fault.Invalid, badSite, fault.Args{"found": c.Site})
	}
	proxies, err := web.ParseProxies(c.Proxies)
	if err != nil {
		return err
	}
	p.site, err = site.New(web.Config{DB: p.db, Access: p.access, Log: p.log, Metrics: p.metrics, Secure: home.Scheme == "https", Proxies: proxies,
		Clock: p.clock, Checks: p.checks, Record: p.overview, Queue: p.queue, Keys: p.keys},
		site.Deps{Policy: p.policy, Registry: p.people, Discovery: p.discovery, Record: p.record, Uploads: p.uploads, Queue: p.queue, Means: p.means,
			Warnings: p.warnings, Visits: p.visits, Casework: p.casework, Notes: p.notes, Telling: p.telling, Contact: c.Contact, Home: c.Site})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(s.ctx)
	if err := serveHTTP(ctx, group, s, c.Listen, "pages", p.site.Handler()); err != nil {
		return err
	}
	if c.Metrics != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{}))
		if err := serveHTTP(ctx, group, s, c.Metrics, "metrics", mux); err != nil {
			return err
		}
	}
	group.Go(func() error { p.sequencer.Run(ctx); return nil })
	for _, w := range p.witnesses {
		group.Go(func() error { ledger.NewAsker(p.db, p.log).Run(ctx, w); return nil })
	}
	group.Go(func() error { return p.queue.Run(ctx) })
	group.Go(func() error { p.discovery.Follow(ctx, p.today, p.followed(ctx)); return nil })
	if c.Watch != "" {
		watch := ingest.NewWatch(p.record, c.Watch, ingest.Options{Workers: 2})
		group.Go(func() error { watch.Run(ctx, watchPause, p.watched); return nil })
	}
	fmt.Fprintln(s.out, "ready")
	err = group.Wait()
	fmt.Fprintln(s.out, "stopped")
	return err
}

// serveHTTP serves on an address, which it prints, until the context ends.
func serveHTTP(ctx context.Context, group *errgroup.Group, s *streams, address, what string, handler http.Handler) error {
	l, err := listen(address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	fmt.Fprintf(s.out, "%s http://%s\n", what, l.Addr())
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving %s: %w", what, err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			return server.Close()
		}
		return nil
	})
	return nil
}

// levels are those of warnings, the most pressing first.
var levels = []string{"red", "orange", "yellow", "blue"}

// overview is the record, and what was found in it as far as somebody may see.
func (p *platform) overview(ctx context.Context, who postgres.Principal) (web.Record, error) {
	var r web.Record
	err := p.db.Work(ctx, func(tx pgx.Tx) (err error) {
		r.Simulated, err = p.record.Simulated(ctx, tx)
		return err
	})
	if err != nil {
		return r, err
	}
	err = p.db.As(ctx, who, func(tx pgx.Tx) error {
		o, err := p.discovery.Overview(ctx, tx)
		if err != nil {
			return err
		}
		if r.Persons, r.Households = o.Persons, o.Households; o.Screened {
			r.Screened = o.On.String()
		}
		for _, l := range levels {
			if n := o.Warnings[l]; n > 0 {
				r.Levels = append(r.Levels, web.Level{ID: l, Warnings: n})
			}
		}
		return nil
	})
	return r, err
}

// mostBehind is how many seconds an act may wait for its place before the ledger is not well.
const mostBehind = 60

// checks are how the parts of the platform stand.
func (p *platform) checks(ctx context.Context) []web.Check {
	database := web.Check{Name: "database", Zh: "数据库", En: "database"}
	form := web.Check{Name: "form", Zh: "数据库结构", En: "form of the database"}
	behind := web.Check{Name: "ledger", Zh: "存证日志排序等待", En: "wait of acts for their place in the ledger"}
	dead := web.Check{Name: "jobs", Zh: "失败的后台任务", En: "dead jobs"}
	if has, known, err := p.db.Form(ctx); err == nil {
		database.OK, form.OK, form.Value = true, has == known, strconv.FormatInt(has, 10)
	}
	if n, err := p.behind(ctx); err == nil {
		behind.OK, behind.Value = n <= mostBehind, strconv.FormatFloat(n, 'f', 1, 64)+" s"
	}
	if counts, err := p.queue.Count(ctx); err == nil {
		n := counts["discarded"] + counts["cancelled"]
		dead.OK, dead.Value = true, strconv.Itoa(n) // somebody has to look at them, but pages can be served
	}
	notices := web.Check{Name: "notices", Zh: "政策到期等提醒", En: "notices, such as of lapses"}
	if n, err := p.noticed(ctx); err == nil {
		notices.OK, notices.Value = true, strconv.Itoa(n) // the same
	}
	all := []web.Check{database, form, behind, dead, notices}
	for _, w := range p.witnesses {
		c := web.Check{Name: "witness " + w.Name(), Zh: "见证人" + w.Name() + "等待", En: "wait for the witness " + w.Name()}
		if n, err := p.unwitnessed(ctx, w); err == nil {
			c.OK, c.Value = true, strconv.FormatFloat(n, 'f', 1, 64)+" s" // somebody has to look at it, but pages can be served
		}
		all = append(all, c)
	}
	return all
}

// noticed is how many notices are open.
func (p *platform) noticed(ctx context.Context) (n int, err error) {
	err = p.db.Work(ctx, func(tx pgx.Tx) error {
		n, err = notice.Count(ctx, tx)
		return err
	})
	return n, err
}

// behind is for how many seconds an act has waited for its place in the ledger.
func (p *platform) behind(ctx context.Context) (seconds float64, err error) {
	err = p.db.Work(ctx, func(tx pgx.Tx) error {
		seconds, err = ledger.Behind(ctx, tx)
		return err
	})
	return seconds, err
}

// unwitnessed is for how many seconds a head of the ledger has waited for a witness.
func (p *platform) unwitnessed(ctx context.Context, w ledger.WitnessAt) (seconds float64, err error) {
	err = p.db.Work(ctx, func(tx pgx.Tx) error {
		seconds, err = ledger.Unwitnessed(ctx, tx, w.Name())
		return err
	})
	return seconds, err
}

// measure adds what an alarm is set on: how far behind the ledger is, and how many jobs are dead. What cannot be told is no number.
func (p *platform) measure(ctx context.Context) {
	labelled := func(name, help string, labels prometheus.Labels, value func(context.Context) (float64, error)) {
		p.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			v, err := value(ctx)
			if err != nil {
				return math.NaN()
			}
			return v
		}))
	}
	gauge := func(name, help string, value func(context.Context) (float64, error)) {
		labelled(name, help, nil, value)
	}
	gauge("dajiuzhu_ledger_behind_seconds", "How long an act has waited for its place in the ledger.", p.behind)
	for _, w := range p.witnesses {
		labelled("dajiuzhu_ledger_unwitnessed_seconds", "How long a head of the ledger has waited for a witness.", prometheus.Labels{"witness": w.Name()},
			func(ctx context.Context) (float64, error) { return p.unwitnessed(ctx, w) })
	}
	gauge("dajiuzhu_jobs_dead", "Jobs that failed as often as they are tried.", func(ctx context.Context) (float64, error) {
		counts, err := p.queue.Count(ctx)
		return float64(counts["discarded"] + counts["cancelled"]), err
	})
}

// The kinds of jobs.
type (
	screenJob struct {
		Day   string `json:"day"`
		Touch int64  `json:"touch,omitempty"` // what touched a whole area and is waited for by day; 0 is the nightly one
	}
	columnsJob struct {
		Day string `json:"day"`
	}
	lateJob struct {
		Day string `json:"day"`
	}
	warningsJob struct {
		Day string `json:"day"`
	}
	overdueJob struct {
		Hour string `json:"hour"`
	}
	reviewsJob struct {
		Day string `json:"day"`
	}
	sweepJob struct {
		Hour string `json:"hour"`
	}
	pagesJob struct {
		Minute string `json:"minute"`
	}
	renewJob struct {
		Hour string `json:"hour"`
	}
)

func (screenJob) Kind() string   { return "screening.nightly" }
func (columnsJob) Kind() string  { return "screening.columns" }
func (lateJob) Kind() string     { return "feeds.late" }
func (warningsJob) Kind() string { return "warnings.sweep" }
func (overdueJob) Kind() string  { return "casework.overdue" }
func (reviewsJob) Kind() string  { return "casework.reviews" }
func (sweepJob) Kind() string    { return "sessions.sweep" }
func (pagesJob) Kind() string    { return "pages.sweep" }
func (renewJob) Kind() string    { return "keys.renew" }

// newQueue is the one place where jobs are declared.
func (p *platform) newQueue() (*jobs.Queue, error) {
	return jobs.New(jobs.Config{DB: p.db, Log: p.log, Clock: p.clock,
		Handlers: append(p.notes.Handlers(),
			jobs.Handle(p.findOverdue),
			jobs.Handle(p.openReviews),
			jobs.Handle(p.screen),
			jobs.Handle(p.makeColumns),
			jobs.Handle(p.findLate),
			jobs.Handle(p.renewKeys),
			jobs.Handle(p.sweepWarnings),
			jobs.Handle(func(ctx context.Context, j ingest.TakeUpload) error { return p.uploads.Take(ctx, j.Upload) }),
			jobs.Handle(p.endReports),
			jobs.Handle(p.noteLapses),
			jobs.Handle(p.sweepUploads),
			jobs.Handle(p.tellDead),
			jobs.Handle(func(ctx context.Context, j web.ExportJob) error { return p.site.MakeExport(ctx, j) }), // the site is there before the queue runs
			jobs.Handle(func(ctx context.Context, _ sweepJob) error { return p.access.Sweep(ctx) }),
			jobs.Handle(func(ctx context.Context, _ pagesJob) error { return p.site.Sweep(ctx) }),
		),
		Periodic: []jobs.Periodic{
			{Name: "nightly screening", When: jobs.Daily(2, 0), Make: func(due time.Time) jobs.Args { return screenJob{Day: due.Format(time.DateOnly)} }},
			{Name: "columns of the counties", When: jobs.Daily(4, 0), Make: func(due time.Time) jobs.Args { return columnsJob{due.Format(time.DateOnly)} }},
			{Name: "late feeds", When: jobs.Daily(6, 0), Make: func(due time.Time) jobs.Args { return lateJob{due.Format(time.DateOnly)} }},
			{Name: "sealing anew", When: jobs.Every(time.Hour), Make: func(due time.Time) jobs.Args { return renewJob{due.Format(time.RFC3339)} }},
			{Name: "warnings that lie too long or were quiet long enough", When: jobs.Daily(5, 0), Make: func(due time.Time) jobs.Args { return warningsJob{due.Format(time.DateOnly)} }},
			p.notes.Periodic(),
			{Name: "items that are late", When: jobs.Every(15 * time.Minute), Make: func(due time.Time) jobs.Args { return overdueJob{due.Format(time.RFC3339)} }},
			{Name: "reviews that come due", When: jobs.Daily(5, 30), Make: func(due time.Time) jobs.Args { return reviewsJob{due.Format(time.DateOnly)} }},
			{Name: "reports of checks of means that end", When: jobs.Daily(0, 10), Make: func(due time.Time) jobs.Args { return meansJob{due.Format(time.DateOnly)} }},
			{Name: "figures and rules that lapse", When: jobs.Daily(6, 10), Make: func(due time.Time) jobs.Args { return lapsesJob{due.Format(time.DateOnly)} }},
			{Name: "jobs that are dead", When: jobs.Every(time.Hour), Make: func(due time.Time) jobs.Args { return deadJob{due.Format(time.RFC3339)} }},
			{Name: "clean-up of uploads", When: jobs.Daily(3, 30), Make: func(due time.Time) jobs.Args { return uploadsJob{due.Format(time.DateOnly)} }},
			{Name: "files of lists whose job died", When: jobs.Every(5 * time.Minute), Make: func(due time.Time) jobs.Args { return pagesJob{due.Format(time.RFC3339)} }},
			{Name: "clean-up of sessions", When: jobs.Every(time.Hour), Make: func(due time.Time) jobs.Args { return sweepJob{due.Format(time.RFC3339)} }},
		},
	})
}

// registered is how many persons are, counted row by row: for a job and never for a page.
func (p *platform) registered(ctx context.Context) (n int64, err error) {
	err = p.db.Work(ctx, func(tx pgx.Tx) error {
		n, err = p.record.Registered(ctx, tx)
		return err
	})
	return n, err
}

// screen determines everybody for a day; of an empty record there is nobody to.
func (p *platform) screen(ctx context.Context, j screenJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	persons, err := p.registered(ctx)
	if err != nil || persons == 0 {
		return err
	}
	if done, err := p.screened(ctx, j, on); err != nil || done {
		return err
	}
	_, err = p.discovery.Run(ctx, on, func(int, int) {})
	return err
}

// screened reports whether a run that came before did what a job asks for.
func (p *platform) screened(ctx context.Context, j screenJob, on calendar.Date) (bool, error) {
	if j.Touch > 0 {
		waits, err := p.discovery.Waits(ctx, j.Touch)
		return !waits, err
	}
	return p.discovery.Ran(ctx, on)
}

// makeColumns brings the counties' columns up to the record of a day, for whole-city computations.
func (p *platform) makeColumns(ctx context.Context, j columnsJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	_, err = p.discovery.Columns(ctx, on, p.columns)
	return err
}

// findLate opens and closes the notes of feeds that are late.
func (p *platform) findLate(ctx context.Context, j lateJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error {
		opened, _, err := p.record.Late(ctx, tx, on)
		if err != nil {
			return err
		}
		return p.telling.FeedsLate(ctx, tx, opened, on)
	})
}

// renewKeys seals anew what an older key sealed, if there may be any.
func (p *platform) renewKeys(ctx context.Context, _ renewJob) error {
	due, err := p.rekey.Due(ctx)
	if err != nil || !due {
		return err
	}
	n, err := p.rekey.Renew(ctx, func(d rekey.Progress) { p.log.Info("sealing anew", "column", d.Column, "done", d.Done, "of", d.Left) })
	if err == nil {
		p.log.Info("everything is sealed with the newest key", "values", n)
	}
	return err
}

// recently is for how many days after it was due something is told of as late by a job that looks every day: a job that failed for a while tells it
// still, and what is long known is told no more.
const recently = 7

// sweepWarnings passes on what lies too long, wakes what was quiet long enough, and tells of homes that nobody went to in time.
func (p *platform) sweepWarnings(ctx context.Context, j warningsJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error {
		s, passed, err := p.warnings.Sweep(ctx, tx, on)
		if err != nil {
			return err
		}
		if s != (warning.Swept{}) {
			p.log.Info("warnings were passed on or woken", "passed", s.Escalated, "woken", s.Woken)
		}
		if err := p.telling.WarningsPassed(ctx, tx, passed, on); err != nil {
			return err
		}
		missed, err := visit.Missed(ctx, tx, on, recently)
		if err != nil {
			return err
		}
		return p.telling.VisitsMissed(ctx, tx, missed)
	})
}

// findOverdue puts before the county what is late.
func (p *platform) findOverdue(ctx context.Context, j overdueJob) error {
	now, err := time.Parse(time.RFC3339, j.Hour)
	if err != nil {
		return jobs.Hopeless(err)
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error {
		n, err := p.casework.Overdue(ctx, tx, now)
		if err == nil && n > 0 {
			p.log.Info("items are late", "items", n)
		}
		if err != nil {
			return err
		}
		return cases.TellOverdue(ctx, tx, p.toldBy(), now)
	})
}

// toldBy is what the pages of casework tell by, for a job.
func (p *platform) toldBy() cases.Deps {
	return cases.Deps{Pack: p.policy.Pack(), Casework: p.casework, Notes: p.notes, Contact: p.contact}
}

// reviewAhead is how many days before its day a review is opened: the home is visited and means are checked meanwhile.
const reviewAhead = 30

// openReviews opens the reviews of help and statuses that come due, and tells the families and the townships.
func (p *platform) openReviews(ctx context.Context, j reviewsJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error {
		opened, err := p.casework.ReviewsDue(ctx, tx, on.AddDays(reviewAhead))
		if err != nil {
			return err
		}
		return cases.TellReviews(ctx, tx, p.toldBy(), opened, on, recently)
	})
}

// today is the day in the city.
func (p *platform) today() calendar.Date {
	year, month, day := p.clock().Date()
	return calendar.Must(year, month, day)
}

// watchPause is between two looks into the folder of deliveries: what did not change in between is whole.
const watchPause = 5 * time.Second

// watched notes what was found in the folder of deliveries.
func (p *platform) watched(outcomes []ingest.Outcome, err error) {
	for _, o := range outcomes {
		p.log.Info("a delivery came", "batch", o.Batch, "state", string(o.State), "known", o.Known)
	}
	if err != nil {
		p.log.Error("watching the folder of deliveries", "error", fault.HideNumbers(err.Error()))
	}
}

// followed notes what the following of touches came to, and has everybody determined where whole areas were touched.
func (p *platform) followed(ctx context.Context) func(discovery.Updated, error) {
	asked := int64(0)
	return func(u discovery.Updated, err error) {
		if err == nil && u.Waiting > asked {
			err = p.db.Work(ctx, func(tx pgx.Tx) error {
				_, err := p.queue.Enqueue(ctx, tx, screenJob{Day: p.today().String(), Touch: u.Waiting})
				return err
			})
			asked = u.Waiting
		}
		switch {
		case err != nil:
			p.log.Error("following what touched people", "error", err)
		case u.Persons > 0:
			p.log.Info("people were touched", "persons", u.Persons, "households", u.Households, "changed", u.Changed, "raised", u.Raised, "closed", u.Closed)
		}
	}
}
