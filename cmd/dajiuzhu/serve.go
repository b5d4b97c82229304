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
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/web"
)

type serveCommand struct {
	platformFlags
	Listen  string `help:"Address of the pages; port 0 is any free one." default:"127.0.0.1:8080" env:"DAJIUZHU_LISTEN"`
	Metrics string `help:"Address of the metrics; none if empty." default:"127.0.0.1:9464" env:"DAJIUZHU_METRICS"`
	Watch   string `help:"Folder in which departments put their files: what is whole is taken in." type:"path" env:"DAJIUZHU_WATCH"`
	Demo    string `help:"Folder of an invented county: take it in, and make an account for each role, unless that was done." type:"path"`
	Pack    string `help:"Folder of a policy pack; the built-in one if not given." type:"path"`
}

var cannotListen = fault.Text{Key: "cmd.cannot-listen",
	Zh: "不能在{address}上提供服务，可能已被占用。请用 --listen 或 --metrics 换一个，端口0表示任选",
	En: "cannot listen on {address}, which may be taken: choose another with --listen or --metrics; port 0 is any free one"}

// Run serves until the program is told to stop, and then ends what it began.
func (c *serveCommand) Run(s *streams) error {
	policy, err := compile(c.Pack)
	if err != nil {
		return err
	}
	keys, err := c.keys()
	if err != nil {
		return err
	}
	signing, err := c.ledgerKey()
	if err != nil {
		return err
	}
	return c.withOwn(s.ctx, func(db *postgres.DB) error {
		p := &platform{columns: filepath.Join(c.Data, "columns"), db: db, log: slog.New(slog.NewJSONHandler(s.errout, nil)), metrics: prometheus.NewRegistry()}
		p.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		if p.access, err = c.access(db, keys); err != nil {
			return err
		}
		record, people, err := openRecord(s.ctx, db, keys, policy)
		if err != nil {
			return err
		}
		p.record, p.discovery = record, discovery.New(db, record, registry.New(keys), people, policy)
		p.sequencer = ledger.NewSequencer(db, signing, p.log)
		if p.queue, err = p.newQueue(); err != nil {
			return err
		}
		p.measure(s.ctx)
		if c.Demo != "" {
			if err := c.demo(s, p); err != nil {
				return err
			}
		}
		return c.serve(s, p)
	})
}

// platform is what runs.
type platform struct {
	db        *postgres.DB
	log       *slog.Logger
	metrics   *prometheus.Registry
	access    *access.Access
	record    *ingest.Record
	discovery *discovery.Discovery
	sequencer *ledger.Sequencer
	queue     *jobs.Queue
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
	site, err := web.New(web.Config{DB: p.db, Access: p.access, Log: p.log, Metrics: p.metrics, Secure: home.Scheme == "https",
		Checks: p.checks, Record: p.overview})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(s.ctx)
	if err := serveHTTP(ctx, group, s, c.Listen, "pages", site.Handler()); err != nil {
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
	group.Go(func() error { return p.queue.Run(ctx) })
	group.Go(func() error { p.discovery.Follow(ctx, today, p.followed(ctx)); return nil })
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
var levels = []struct{ id, zh, en string }{{"red", "红色", "red"}, {"orange", "橙色", "orange"}, {"yellow", "黄色", "yellow"}, {"blue", "蓝色", "blue"}}

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
			if n := o.Warnings[l.id]; n > 0 {
				r.Levels = append(r.Levels, web.Level{Zh: l.zh, En: l.en, Warnings: n})
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
	return []web.Check{database, form, behind, dead}
}

// behind is for how many seconds an act has waited for its place in the ledger.
func (p *platform) behind(ctx context.Context) (seconds float64, err error) {
	err = p.db.Work(ctx, func(tx pgx.Tx) error {
		seconds, err = ledger.Behind(ctx, tx)
		return err
	})
	return seconds, err
}

// measure adds what an alarm is set on: how far behind the ledger is, and how many jobs are dead. What cannot be told is no number.
func (p *platform) measure(ctx context.Context) {
	gauge := func(name, help string, value func(context.Context) (float64, error)) {
		p.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			v, err := value(ctx)
			if err != nil {
				return math.NaN()
			}
			return v
		}))
	}
	gauge("dajiuzhu_ledger_behind_seconds", "How long an act has waited for its place in the ledger.", p.behind)
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
	sweepJob struct {
		Hour string `json:"hour"`
	}
)

func (screenJob) Kind() string  { return "screening.nightly" }
func (columnsJob) Kind() string { return "screening.columns" }
func (lateJob) Kind() string    { return "feeds.late" }
func (sweepJob) Kind() string   { return "sessions.sweep" }

// newQueue is the one place where jobs are declared.
func (p *platform) newQueue() (*jobs.Queue, error) {
	return jobs.New(jobs.Config{DB: p.db, Log: p.log, Clock: time.Now,
		Handlers: []jobs.Handler{
			jobs.Handle(p.screen),
			jobs.Handle(p.makeColumns),
			jobs.Handle(p.findLate),
			jobs.Handle(func(ctx context.Context, _ sweepJob) error { return p.access.Sweep(ctx) }),
		},
		Periodic: []jobs.Periodic{
			{Name: "nightly screening", When: jobs.Daily(2, 0), Make: func(due time.Time) jobs.Args { return screenJob{Day: due.Format(time.DateOnly)} }},
			{Name: "columns of the counties", When: jobs.Daily(4, 0), Make: func(due time.Time) jobs.Args { return columnsJob{due.Format(time.DateOnly)} }},
			{Name: "late feeds", When: jobs.Daily(6, 0), Make: func(due time.Time) jobs.Args { return lateJob{due.Format(time.DateOnly)} }},
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
	if j.Touch > 0 {
		if waits, err := p.discovery.Waits(ctx, j.Touch); err != nil || !waits {
			return err // a run that came before has done it
		}
	}
	_, err = p.discovery.Run(ctx, on, func(int, int) {})
	return err
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
		_, _, err := p.record.Late(ctx, tx, on)
		return err
	})
}

// today is the day in the city.
func today() calendar.Date {
	year, month, day := time.Now().In(jobs.Zone).Date()
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
				_, err := p.queue.Enqueue(ctx, tx, screenJob{Day: today().String(), Touch: u.Waiting})
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
