package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

var (
	noBatch = fault.Text{
		Key: "ingest.no-batch",
		Zh:  "没有第{batch}批", En: "there is no batch {batch}",
	}
	wrongState = fault.Text{
		Key: "ingest.wrong-state",
		Zh:  "第{batch}批现在是“{state}”，不能这样处理", En: "batch {batch} is {state}: this cannot be done with it",
	}
)

// Batch is one delivery as the record has it.
type Batch struct {
	ID         int64
	Feed       string // "" where nothing tells it
	Name       string
	State      State
	Delivery   *feed.Delivery // nil without a manifest; without its files; not whole if one of them is refused
	Areas      []area.Code    // for which it was delivered; without a manifest those of who brought it
	ReplacedBy int64          // the later delivery that stands in its place, 0 for none
	Rows       int64          // read
	Matched    int64          // about somebody registered
	Faults     fault.List     // of its manifest and of files that are refused
	BeganAt    time.Time
	Promoted   int64 // its number among promotions, 0 for none
}

const batchColumns = `id, coalesce(feed, ''), name, state, content is not null, coalesce(delivered - date '1970-01-01', 0), coalesce(from_date - date '1970-01-01', 0),
	coalesce(to_date - date '1970-01-01', 0), areas, simulated, whole, coalesce(replaced_by, 0), rows, matched, faults, began_at, coalesce(promoted_as, 0)`

func (r *Record) scanBatch(row pgx.Row) (*Batch, error) {
	b, d := &Batch{}, &feed.Delivery{}
	var declared, whole bool
	var areas []int64
	var faults []byte
	err := row.Scan(&b.ID, &b.Feed, &b.Name, &b.State, &declared, &d.Delivered, &d.Period.From, &d.Period.To, &areas, &d.Simulated, &whole,
		&b.ReplacedBy, &b.Rows, &b.Matched, &faults, &b.BeganAt, &b.Promoted)
	if err != nil {
		return nil, err
	}
	if b.Faults, err = faultsOf(faults, fault.At{File: b.Name}); err != nil {
		return nil, err
	}
	for _, a := range areas {
		b.Areas = append(b.Areas, area.Code(a))
	}
	if d.Feed = r.feedOf(b.Feed); declared && d.Feed != nil {
		d.Areas, d.Manifest, d.Whole = b.Areas, b.Name, whole && b.State != Stopped
		b.Delivery = d
	}
	return b, nil
}

// Batch is one batch.
func (r *Record) Batch(ctx context.Context, tx pgx.Tx, id int64) (*Batch, error) {
	b, err := r.scanBatch(tx.QueryRow(ctx, "select "+batchColumns+" from batch where id = $1", id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, noBatch, fault.Args{"batch": id})
	}
	if err != nil {
		return nil, fmt.Errorf("reading batch %d: %w", id, err)
	}
	return b, nil
}

// live is the batches that count, of one feed or of all, the latest delivered first: those promoted, and those that stopped, which are known
// to be lacking.
func (r *Record) live(ctx context.Context, tx pgx.Tx, of string) ([]*Batch, error) {
	rows, err := tx.Query(ctx, "select "+batchColumns+` from batch where state in ('promoted', 'stopped') and ($1 = '' or feed = $1)
		order by delivered desc nulls last, name collate "C", id`, of)
	if err != nil {
		return nil, fmt.Errorf("reading the batches: %w", err)
	}
	batches, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Batch, error) { return r.scanBatch(row) })
	if err != nil {
		return nil, fmt.Errorf("reading the batches: %w", err)
	}
	return batches, nil
}

// replace finds anew which batches of a feed are replaced, and returns those for which that changed.
func (r *Record) replace(ctx context.Context, tx pgx.Tx, of string) (changed []*Batch, err error) {
	batches, err := r.live(ctx, tx, of)
	if err != nil {
		return nil, err
	}
	var deliveries []*feed.Delivery
	ids := map[*feed.Delivery]int64{nil: 0}
	for _, b := range batches {
		if b.Delivery != nil {
			deliveries = append(deliveries, b.Delivery)
			ids[b.Delivery] = b.ID
		}
	}
	for _, b := range batches {
		if b.Delivery == nil {
			continue
		}
		b.Delivery.Replaced = feed.Replacement(deliveries, b.Delivery)
		by := ids[b.Delivery.Replaced]
		if by == b.ReplacedBy {
			continue
		}
		if _, err := tx.Exec(ctx, "update batch set replaced_by = nullif($2, 0) where id = $1", b.ID, by); err != nil {
			return nil, fmt.Errorf("marking batch %d as replaced: %w", b.ID, err)
		}
		b.ReplacedBy = by
		changed = append(changed, b)
	}
	return changed, nil
}

// sqlDate is a day as the database has it, null for one that no manifest tells.
func sqlDate(d calendar.Date) any {
	if d == calendar.Beginning {
		return nil
	}
	year, month, day := d.YMD()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func codesOf(areas []area.Code) []int64 {
	codes := []int64{}
	for _, a := range areas {
		codes = append(codes, int64(a))
	}
	return codes
}

// homeOf is where rows count whose persons are not registered: the narrowest area that holds all areas of their delivery; without any the pack's.
func (r *Record) homeOf(areas []area.Code) area.Code {
	if len(areas) == 0 {
		return r.pack.Area
	}
	for level := areas[0].Level(); level > area.None; level-- {
		home := areas[0].At(level)
		if !slices.ContainsFunc(areas, func(a area.Code) bool { return !home.Contains(a) }) {
			return home
		}
	}
	return r.pack.Area
}
