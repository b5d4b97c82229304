package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

// Options say how deliveries are taken in.
type Options struct {
	Source  Source // by which door; "" is from a folder
	Account int64  // who brings them; 0 is the platform itself
	Workers int    // deliveries that are taken in at a time; 0 is one
	Hold    bool   // stage them and leave it to somebody to promote them
	Door    Door   // what may come in by it; the zero value is everything
	Feed    feed.Options

	Progress func(done, of int) // is told of each delivery that is done, one at a time

	upload int64 // of which it came, 0 for none
	again  bool  // what stopped, was undone or given up stays known too: nobody asked for it anew
}

// Outcome is what became of one delivery.
type Outcome struct {
	Folder  int // in which of the folders it lay
	Name    string
	Batch   int64
	State   State
	Known   bool // its content was there already: nothing was done
	Refused int  // how many of its files cannot be used; if others can, it is promoted without them and is not whole
}

// Import takes in what a folder holds, delivery by delivery: each is staged and, if it balances, promoted. What was taken in before is
// known by its content and left alone, so that an import which was broken off is simply begun again. The error is about the folder or the
// database; what is wrong with a delivery is in its batch.
func (r *Record) Import(ctx context.Context, fsys fs.FS, o Options) ([]Outcome, error) {
	return r.ImportAll(ctx, []fs.FS{fsys}, o)
}

// ImportAll takes in what several folders hold, such as those of the counties of a city, as [Record.Import] does: a feed of all of them at a time,
// since a table is filled fastest at once. What was taken in of a folder alone is known again.
func (r *Record) ImportAll(ctx context.Context, folders []fs.FS, o Options) ([]Outcome, error) {
	var all []*arrival
	for i, fsys := range folders {
		parcels, _, err := feed.Parcels(ctx, r.pack, fsys, o.Feed)
		if err != nil {
			return nil, err
		}
		if err := o.Door.admit(parcels); err != nil {
			return nil, err
		}
		for _, p := range parcels {
			all = append(all, &arrival{p, fsys, i})
		}
	}
	return r.takeIn(ctx, all, o)
}

// arrival is a delivery in its folder.
type arrival struct {
	*feed.Parcel
	fsys   fs.FS
	folder int
}

// takeIn takes in deliveries.
func (r *Record) takeIn(ctx context.Context, all []*arrival, o Options) ([]Outcome, error) {
	o.Source, o.Progress = cmp.Or(o.Source, FromFolder), counting(o.Progress, len(all))
	if err := r.Recover(ctx); err != nil {
		return nil, err
	}
	r.sortArrivals(all)
	register := 0 // the register of persons comes first: it says where everybody lives
	for register < len(all) && all[register].Feed() != nil && all[register].Feed().Role == feed.RolePersons {
		register++
	}
	outcomes, err := r.takeAll(ctx, all[:register], o)
	if err != nil {
		return outcomes, told(err)
	}
	others, err := r.takeAll(ctx, all[register:], o)
	return append(outcomes, others...), told(err)
}

// counting tells how many of so many were done, one at a time; what it is told is not looked at.
func counting(tell func(done, of int), of int) func(int, int) {
	var mutex sync.Mutex
	done := 0
	return func(int, int) {
		mutex.Lock()
		defer mutex.Unlock()
		if done++; tell != nil {
			tell(done, of)
		}
	}
}

var (
	diskFull = fault.Text{
		Key: "ingest.disk-full",
		Zh:  "数据库的磁盘已满，导入停在这里，已有的数据没有变化。请腾出空间后重新导入，已完成的批次不会重复",
		En:  "the database's disk is full: the import stopped here, and what was there is as it was. Make room and import again; what is done is not done twice",
	}
	databaseGone = fault.Text{
		Key: "ingest.database-gone",
		Zh:  "与数据库的连接断了，导入停在这里，已有的数据没有变化。请待数据库恢复后重新导入，已完成的批次不会重复",
		En:  "the database is gone: the import stopped here, and what was there is as it was. Import again when it is back; what is done is not done twice",
	}
)

// told names an error of the database that somebody can do something about.
func told(err error) error {
	var refused *pgconn.PgError
	var text fault.Text
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Code == "53100": // disk_full
		text = diskFull
	case errors.As(err, &refused) && (strings.HasPrefix(refused.Code, "57P") || strings.HasPrefix(refused.Code, "08")),
		refused == nil && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || pgconn.SafeToRetry(err)):
		text = databaseGone
	default:
		return err
	}
	return fault.New(fault.Unready, text, nil).Because(err)
}

// takeAll takes in deliveries, some at a time.
func (r *Record) takeAll(ctx context.Context, all []*arrival, o Options) ([]Outcome, error) {
	outcomes := make([]Outcome, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(o.Workers, 1))
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].Feed() == all[from].Feed() {
			to++
		}
		some, into := all[from:to], outcomes[from:to]
		group.Go(func() error { return r.takeFeed(ctx, some, o, into) })
		from = to
	}
	err := group.Wait()
	return slices.DeleteFunc(outcomes, func(o Outcome) bool { return o.Name == "" }), err
}

// takeFeed takes in deliveries of one feed, one after the other.
func (r *Record) takeFeed(ctx context.Context, all []*arrival, o Options, outcomes []Outcome) error {
	var load *load
	if f := all[0].Feed(); f != nil && !o.Hold && sizeOf(all) >= largeLoad {
		var err error
		if load, err = r.beginLoad(ctx, f); err != nil {
			return err
		}
	}
	for i, a := range all {
		outcome, err := r.take(ctx, a, o, load)
		if err != nil {
			return fmt.Errorf("taking in %s: %w", a.Name, err)
		}
		outcome.Folder = a.folder
		outcomes[i] = outcome
		o.Progress(0, 0)
	}
	if load == nil {
		return nil
	}
	return r.endLoad(ctx, load, o.Account, outcomes)
}

// sortArrivals puts the register of persons first, then the feeds in the pack's order, the earliest delivered first.
func (r *Record) sortArrivals(all []*arrival) {
	place := map[string]int{}
	for i, f := range r.pack.Feeds {
		place[f.ID] = i
		if f.Role == feed.RolePersons {
			place[f.ID] = -1
		}
	}
	of := func(p *arrival) (int, calendar.Date) {
		feed, day := len(place), calendar.Beginning
		if f := p.Feed(); f != nil {
			feed = place[f.ID]
		}
		if p.Delivery != nil {
			day = p.Delivery.Delivered
		}
		return feed, day
	}
	slices.SortStableFunc(all, func(a, b *arrival) int {
		feedA, dayA := of(a)
		feedB, dayB := of(b)
		return cmp.Or(cmp.Compare(feedA, feedB), cmp.Compare(dayA, dayB))
	})
}

// take takes in one delivery.
func (r *Record) take(ctx context.Context, a *arrival, o Options, load *load) (Outcome, error) {
	p := a.Parcel
	sum, err := digest(a.fsys, p)
	if err != nil {
		return Outcome{}, err
	}
	outcome, err := r.known(ctx, p, sum, o.again)
	if err != nil || outcome.Known && outcome.State != Staged {
		return outcome, err
	}
	if !outcome.Known {
		if err := r.stageNew(ctx, p, sum, o, load, &outcome); err != nil || outcome.Known {
			return outcome, err
		}
	}
	if outcome.State == Staged && !o.Hold && load == nil {
		err := r.Promote(ctx, o.Account, outcome.Batch)
		var not *fault.Error
		if outcome.Known && errors.As(err, &not) && not.Text.Key == wrongState.Key {
			return r.known(ctx, p, sum, o.again) // another import has just promoted it
		}
		if err != nil {
			return Outcome{}, err
		}
		outcome.State, outcome.Known = Promoted, false
	}
	return outcome, nil
}

// known finds a batch with the content. One that stopped or was taken back is known only to who does not try it again.
func (r *Record) known(ctx context.Context, p *feed.Parcel, sum []byte, again bool) (Outcome, error) {
	o := Outcome{Name: p.Name}
	err := r.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select id, state from batch where digest = $1 and (state in ('staging', 'staged', 'promoted') or $2 and (state <> 'discarded' or staged_at is not null))
			order by id desc limit 1`, sum, again).Scan(&o.Batch, &o.State)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("asking whether it was taken in: %w", err)
	}
	o.Known = true
	return o, nil
}

// stageNew stages a delivery. While it does, it holds a lock of the batch's number, by which others see that somebody is at it.
func (r *Record) stageNew(ctx context.Context, p *feed.Parcel, sum []byte, o Options, load *load, outcome *Outcome) error {
	conn, err := r.db.Worker().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to the database: %w", err)
	}
	defer conn.Release()
	outcome.Batch, err = r.begin(ctx, conn.Conn(), p, sum, o)
	var twice *pgconn.PgError
	if errors.As(err, &twice) && twice.ConstraintName == "batch_digest" {
		*outcome, err = r.known(ctx, p, sum, false) // another import was first
		return err
	}
	if err != nil {
		return err
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1, $2)", stagingLock, int32(outcome.Batch)) // it ends with the connection at the latest
	}()
	if outcome.State, err = r.stage(ctx, p, outcome.Batch, load); err != nil {
		return err
	}
	for _, f := range p.Files {
		if f.Refused != nil {
			outcome.Refused++
		}
	}
	return nil
}

// stagingLock is the class of the locks of batches that are being staged.
const stagingLock = 0x6a7a

// begin writes down a batch that is about to be staged, and takes its lock. An earlier one with the same content that stopped is given up.
func (r *Record) begin(ctx context.Context, conn *pgx.Conn, p *feed.Parcel, sum []byte, o Options) (id int64, err error) {
	var of, delivered, from, to any
	areas := []int64{int64(cmp.Or(o.Door.Area, r.pack.Area))}
	simulated := false
	if f := p.Feed(); f != nil {
		of = f.ID
	}
	if d := p.Delivery; d != nil {
		delivered, from, to, areas, simulated = sqlDate(d.Delivered), sqlDate(d.Period.From), sqlDate(d.Period.To), codesOf(d.Areas), d.Simulated
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "update batch set state = 'discarded', ended_at = now() where digest = $1 and state = 'stopped'", sum); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `insert into batch (feed, name, source, digest, content, delivered, from_date, to_date, areas, simulated, state, account, upload)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'staging', $11, nullif($12, 0::bigint)) returning id`,
			of, p.Name, o.Source, sum, p.Manifest(), delivered, from, to, areas, simulated, o.Account, o.upload).Scan(&id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "select pg_advisory_lock($1, $2)", stagingLock, int32(id))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("writing down the delivery: %w", err)
	}
	return id, nil
}

// Recover gives up batches whose staging was broken off: what of their rows is there already is taken out. Those that somebody is at are left
// alone. Importing does this first.
func (r *Record) Recover(ctx context.Context) error {
	if err := r.remakeIndexes(ctx); err != nil {
		return err
	}
	return r.db.Work(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select id from batch where state = 'staging' and pg_try_advisory_xact_lock($1, id::int) order by id", stagingLock)
		if err != nil {
			return fmt.Errorf("looking for imports that were broken off: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return fmt.Errorf("looking for imports that were broken off: %w", err)
		}
		for _, id := range ids {
			b, err := r.Batch(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := errors.Join(r.deleteRows(ctx, tx, b), r.deleteQuarantine(ctx, tx, b)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "update batch set state = 'discarded', ended_at = now() where id = $1", id); err != nil {
				return fmt.Errorf("giving up batch %d: %w", id, err)
			}
		}
		return nil
	})
}

// stage reads a delivery's files into the record. Those that balance go in; if none does, or the manifest is wrong, the batch stops.
func (r *Record) stage(ctx context.Context, p *feed.Parcel, batch int64, load *load) (State, error) {
	if err := r.unlock(ctx); err != nil {
		return "", err
	}
	s := &stager{Record: r, batch: batch, parcel: p, load: load}
	err := r.db.Work(ctx, func(tx pgx.Tx) error {
		b, err := r.Batch(ctx, tx, batch)
		if err != nil {
			return err
		}
		s.home = r.homeOf(b.Areas)
		return r.settleHomes(ctx, tx)
	})
	if err != nil {
		return "", err
	}
	for _, f := range p.Files {
		if err := s.stageFile(ctx, f); err != nil {
			return "", err
		}
	}
	state, refused := Staged, func(f *feed.File) bool { return f.Refused != nil }
	if p.Delivery == nil && p.Manifest() != nil || !slices.ContainsFunc(p.Files, func(f *feed.File) bool { return !refused(f) }) {
		state = Stopped
	}
	whole := len(p.Faults) == 0 && !slices.ContainsFunc(p.Files, refused)
	err = r.db.Work(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update batch set state = $2, faults = $3, staged_at = now(), matched = $4, whole = $5,
			rows = (select coalesce(sum(rows), 0) from batch_file where batch = $1) where id = $1`, batch, state, wordsOf(p.Faults), s.matched, whole)
		if err != nil || state == Staged {
			return err
		}
		return r.stop(ctx, tx, batch)
	})
	if err != nil {
		return "", fmt.Errorf("ending the staging: %w", err)
	}
	return state, nil
}

// stop lets a feed stand without a batch that stopped, which may be replaced already.
func (r *Record) stop(ctx context.Context, tx pgx.Tx, batch int64) error {
	b, err := r.lock(ctx, tx, batch, Stopped)
	if err != nil {
		return err
	}
	if _, err = r.replace(ctx, tx, b.Feed); err != nil {
		return err
	}
	_, err = nextVersion(ctx, tx)
	return err
}
