package discovery

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
)

var (
	miscounted = fault.Text{Key: "discovery.miscounted",
		Zh: "本次预判数目对不上：应有{want}户、{persons}人，算出{found}户、{told}人。结果未采用，原有结果不变",
		En: "this run does not balance: {want} households of {persons} persons, and {found} of {told} were determined; it was not taken, and what was found before stands"}
	nobodyThere = fault.Text{Key: "discovery.nobody",
		Zh: "人口登记还没有导入，无法预判", En: "no register of persons has been imported: there is nobody to determine"}
)

// Progress is told how many of how many households were determined.
type Progress func(done, of int)

// Run is what a run over the whole record came to.
type Run struct {
	Merged
	ID      int64
	Persons int64
}

// Run determines everybody in the record for a date: beside what is current, which stays until the counts of the new are right. Whoever was
// touched in the meantime waits for the next [Discovery.Update], whose findings are newer than the run's.
func (d *Discovery) Run(ctx context.Context, on calendar.Date, progress Progress) (*Run, error) {
	maker, err := d.maker(on)
	if err != nil {
		return nil, err
	}
	end, err := d.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	r := &runner{Discovery: d, maker: maker, progress: progress}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	if err := r.run(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("determining everybody: %w", err), r.fail(context.WithoutCancel(ctx), err))
	}
	return &r.Run, nil
}

// alone waits until no other run is on its way, in this program or another, and keeps others waiting until the end. The lock is the
// connection's: it ends with the program, however that ends.
func (d *Discovery) alone(ctx context.Context) (end func(), err error) {
	conn, err := d.db.Worker().Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("waiting for another run: %w", err)
	}
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext('dajiuzhu run'))"); err != nil {
		conn.Release()
		return nil, fmt.Errorf("waiting for another run: %w", err)
	}
	return func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock(hashtext('dajiuzhu run'))"); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // then the lock ends with it
		}
		conn.Release()
	}, nil
}

// runner is one run on its way.
type runner struct {
	*Discovery
	Run
	maker    *population.Maker
	progress Progress

	snapshot string                 // of the record as it was read: ids are given before they are seen, so they do not tell what it holds
	said     []population.Statement // of everybody
	stager   *stager
	counted  counted
	gone     []int64 // households
	hard     hardness
	done     int // households
	of       int // households that there are in all, as far as is known before they are composed
}

// counted is what was composed of all counties.
type counted struct{ households, persons int }

// county is one county on its way.
type county struct {
	*runner
	code       area.Code
	people     *population.Population
	households []household // in the order of the population's
}

// begin notes the run, and clears what runs that were cut off left behind: what they staged is of no use to anybody. An update stages and
// clears in one transaction, so nothing of it is seen here.
func (r *runner) begin(ctx context.Context) error {
	return r.db.Work(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "update screening_run set state = 'failed', failure = 'cut off', finished_at = now() where state = 'running'"); err != nil {
			return fmt.Errorf("ending a run that was cut off: %w", err)
		}
		for _, table := range stagedTables {
			if _, err := tx.Exec(ctx, "delete from "+table); err != nil {
				return fmt.Errorf("clearing %s: %w", table, err)
			}
		}
		err := tx.QueryRow(ctx, "insert into screening_run (on_date, pack) values ($1, $2) returning id", r.maker.On().String(), r.policy.Pack().Hash).Scan(&r.ID)
		if err != nil {
			return fmt.Errorf("noting a run: %w", err)
		}
		return nil
	})
}

// fail notes why a run failed.
func (r *runner) fail(ctx context.Context, why error) error {
	return r.db.Work(ctx, func(tx pgx.Tx) error {
		if r.stager != nil {
			if err := r.stager.clear(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "update screening_run set state = 'failed', failure = $2, finished_at = now() where id = $1", r.ID, why.Error())
		return err
	})
}

// run determines county after county, as the record stands at one moment, and takes the findings of all of them together.
func (r *runner) run(ctx context.Context) error {
	err := r.db.Work(ctx, func(record pgx.Tx) error {
		counties, err := r.open(ctx, record)
		if err != nil {
			return err
		}
		return r.counties(ctx, record, counties)
	})
	if err != nil {
		return err
	}
	return r.db.Work(ctx, func(tx pgx.Tx) error { return r.take(ctx, tx) })
}

// open begins to read the record.
func (r *runner) open(ctx context.Context, record pgx.Tx) ([]area.Code, error) {
	if _, err := record.Exec(ctx, "set transaction isolation level repeatable read"); err != nil {
		return nil, fmt.Errorf("beginning to read the record: %w", err)
	}
	err := record.QueryRow(ctx, "select pg_current_snapshot()::text, (select count(*) from finding)").Scan(&r.snapshot, &r.of)
	if err != nil {
		return nil, fmt.Errorf("beginning to read the record: %w", err)
	}
	if err := r.identities.Refresh(ctx, record); err != nil {
		return nil, err
	}
	if r.Persons, err = r.record.Registered(ctx, record); err != nil {
		return nil, err
	}
	if r.Persons == 0 {
		return nil, fault.New(fault.Unready, nobodyThere, nil)
	}
	err = r.db.Work(ctx, func(tx pgx.Tx) error {
		r.stager, err = newStager(ctx, tx, r.maker.Plan(), dueDates(r.maker.Plan()))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.stager.cause = fmt.Sprintf("run:%d", r.ID)
	r.hard = newHardness(r.policy.Pack().Index)
	if r.said, err = r.standing(ctx, record, r.maker.On()); err != nil {
		return nil, err
	}
	return r.record.Counties(ctx, record)
}

// counties determines county after county. The next is made of the record while one is determined: the one waits for the database where
// the other computes.
func (r *runner) counties(ctx context.Context, record pgx.Tx, all []area.Code) error {
	made := make(chan *county)
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		defer close(made)
		for _, of := range all {
			people, err := r.buildCounty(ctx, record, r.maker, of, r.said)
			if err != nil {
				return fmt.Errorf("reading county %s: %w", of, err)
			}
			select {
			case made <- &county{runner: r, code: of, people: people}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	both.Go(func() error {
		for c := range made {
			if err := c.compose(ctx); err != nil {
				return fmt.Errorf("composing county %s: %w", c.code, err)
			}
			if err := c.determine(ctx); err != nil {
				return fmt.Errorf("determining county %s: %w", c.code, err)
			}
		}
		return nil
	})
	return both.Wait()
}

// compose writes who there is and who belongs together. Households that an update composed since the record was opened are composed
// again by the next update, since whoever was touched since then waits for it.
func (c *county) compose(ctx context.Context) error {
	return c.db.Work(ctx, func(tx pgx.Tx) error {
		if err := lock(ctx, tx); err != nil {
			return err
		}
		register := registry.Update{Rows: registrations(c.people), Whole: []area.Code{c.code}, On: c.maker.On(), Cause: c.stager.cause}
		if _, err := c.registry.Register(ctx, tx, register); err != nil {
			return err
		}
		composed, err := c.registry.Compose(ctx, tx, registry.Composing{Households: c.compositions(c.people.Compositions()), Persons: []int64{},
			On: c.maker.On(), Source: "composed", Cause: c.stager.cause})
		if err != nil {
			return err
		}
		c.gone = append(c.gone, composed.Gone...)
		for composition := range c.people.Compositions() {
			h := household{id: composed.Households[len(c.households)], area: composition.Village, persons: c.Discovery.persons(&composition)}
			c.households = append(c.households, h)
			c.counted.persons += len(h.persons)
		}
		c.counted.households += len(c.households)
		return nil
	})
}

// determine determines the county's households, chunk by chunk on all processors, and stages them.
func (r *county) determine(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next, results := make(chan int), make(chan []*determined)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			determiner, batch := newDeterminer(r.maker.Plan()), &rules.Batch{}
			for chunk := range next {
				determiner.load(r.people.Batch(chunk, batch))
				some, err := r.chunk(ctx, determiner, chunk)
				if err != nil {
					stop(err)
					return
				}
				select {
				case results <- some:
				case <-ctx.Done():
				}
			}
		})
	}
	go func() {
		defer func() { close(next); workers.Wait(); close(results) }()
		for chunk := range r.people.Chunks() {
			select {
			case next <- chunk:
			case <-ctx.Done():
				return
			}
		}
	}()
	for some := range results {
		if err := r.db.Work(ctx, func(tx pgx.Tx) error { return r.stager.stage(ctx, tx, some) }); err != nil {
			stop(err)
			continue
		}
		r.hard.add(some)
		if r.done += len(some); r.progress != nil {
			r.progress(r.done, max(r.of, r.counted.households))
		}
	}
	return context.Cause(ctx)
}

// chunk determines the county's households of a chunk.
func (r *county) chunk(ctx context.Context, d *determiner, chunk int) (all []*determined, err error) {
	first, _ := r.people.Columns.First(chunk)
	households := r.households[first:][:d.batch.Household.N]
	ids := make([]int64, len(households))
	for lane := range households {
		ids[lane] = households[lane].id
	}
	var before map[int64][]byte
	err = r.db.Work(ctx, func(tx pgx.Tx) error {
		before, err = keptBefore(ctx, tx, r.policy.Pack().Hash, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	for lane := range households {
		one, err := d.determine(&households[lane], lane, before[ids[lane]])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// take puts the run in the place of the former one, if its counts are right.
func (r *runner) take(ctx context.Context, tx pgx.Tx) error {
	if err := lock(ctx, tx); err != nil {
		return err
	}
	if err := r.check(ctx, tx); err != nil {
		return err
	}
	if err := r.endVanished(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update touched set done_at = null, done_xid = null
		where done_at > now() - interval '1 day' and not pg_visible_in_snapshot(done_xid, $1::pg_snapshot)`, r.snapshot); err != nil {
		return fmt.Errorf("leaving newer touches to the next update: %w", err)
	}
	if err := r.yieldToUpdates(ctx, tx); err != nil {
		return err
	}
	var err error
	if r.Merged, err = r.stager.merge(ctx, tx); err != nil {
		return err
	}
	closed, err := leave(ctx, tx, r.gone)
	if err != nil {
		return err
	}
	r.Closed += closed
	if err := r.hard.write(ctx, tx); err != nil {
		return err
	}
	for _, step := range []struct {
		what, sql string
		args      []any
	}{
		{"retiring the former run", "update screening_run set state = 'former' where state = 'current'", nil},
		{"making the run current", `update screening_run set state = 'current', finished_at = now(), households = $2, persons = $3, changed = $4, raised = $5,
			closed = $6 where id = $1`, []any{r.ID, r.counted.households, r.Persons, r.Changed, r.Raised, r.Closed}},
		{"ending touches", `update touched set done_at = clock_timestamp(), done_xid = pg_current_xact_id()
			where done_at is null and pg_visible_in_snapshot(xid, $1::pg_snapshot)`, []any{r.snapshot}},
	} {
		if _, err := tx.Exec(ctx, step.sql, step.args...); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// check counts what was staged: every household once, and everybody who is registered in one.
func (r *runner) check(ctx context.Context, tx pgx.Tx) error {
	var found int
	if err := tx.QueryRow(ctx, "select count(*) from staged_finding where batch = $1", r.stager.batch).Scan(&found); err != nil {
		return fmt.Errorf("counting the run: %w", err)
	}
	if int64(r.counted.persons) != r.Persons || found != r.counted.households {
		return fault.New(fault.Internal, miscounted,
			fault.Args{"want": r.counted.households, "persons": r.Persons, "found": found, "told": r.counted.persons})
	}
	return nil
}

// endVanished ends the households of which nobody is registered any more: the run came by none of their members. Those that an update composed
// since are not among them.
func (r *runner) endVanished(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select id from household h where to_date is null
		and not exists (select from staged_finding s where s.batch = $1 and s.household = h.id)
		and not exists (select from finding_change c where c.household = h.id and c.at > now() - interval '1 day'
			and not pg_visible_in_snapshot(c.xid, $2::pg_snapshot))`, r.stager.batch, r.snapshot)
	if err != nil {
		return fmt.Errorf("finding households that are no more: %w", err)
	}
	vanished, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("finding households that are no more: %w", err)
	}
	members, err := r.registry.Members(ctx, tx, vanished)
	if err != nil {
		return err
	}
	ended, err := r.registry.Compose(ctx, tx, registry.Composing{Households: func(func(registry.Composition) bool) {}, Persons: append([]int64{}, members...),
		On: r.maker.On(), Source: "composed", Cause: r.stager.cause})
	r.gone = append(r.gone, ended.Gone...)
	return err
}

// yieldToUpdates leaves out the households of which an update found something after the record was read: it knew more.
func (r *runner) yieldToUpdates(ctx context.Context, tx pgx.Tx) error {
	for _, table := range stagedTables {
		if _, err := tx.Exec(ctx, "delete from "+table+" where batch = $1 and household in (select household from finding_change\n"+
			"where at > now() - interval '1 day' and not pg_visible_in_snapshot(xid, $2::pg_snapshot))", r.stager.batch, r.snapshot); err != nil {
			return fmt.Errorf("leaving out what updates found: %w", err)
		}
	}
	return nil
}
