package ingest

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// Freshness is how a feed stands in a county: its newest whole delivery that covers the county, and what that came to.
type Freshness struct {
	Feed      string
	County    area.Code
	Batch     int64         // 0: nothing was ever delivered; then what follows means nothing
	Delivered calendar.Date // when
	Due       calendar.Date // by when the next one must come
	Rows      int64
	Rejected  int64 // set aside when they were read, and not mended
	Matched   int64 // about somebody registered, when they came
	Late      bool  // the day on which the next was due is over, or nothing ever came
}

// Freshness is how all feeds stand on a day, by the pack's order and the counties' codes.
func (r *Record) Freshness(ctx context.Context, tx pgx.Tx, on calendar.Date) ([]Freshness, error) {
	counties := []area.Code{r.pack.Area}
	if r.pack.Areas != nil && r.pack.Area.Level() == area.City {
		counties = r.pack.Areas.Children(r.pack.Area)
	}
	batches, err := r.newest(ctx, tx)
	if err != nil {
		return nil, err
	}
	rejected, err := rejectedOf(ctx, tx, batches)
	if err != nil {
		return nil, err
	}
	var all []Freshness
	for _, f := range r.pack.Feeds {
		for _, county := range counties {
			all = append(all, freshness(f, county, batches, rejected, on))
		}
	}
	return all, nil
}

// freshness finds the newest delivery of a feed that covers a county; batches are in the order of their deliveries, the latest first.
func freshness(f *pack.Feed, county area.Code, batches []*Batch, rejected map[int64]int64, on calendar.Date) Freshness {
	s := Freshness{Feed: f.ID, County: county, Late: true}
	for _, b := range batches {
		d := b.Delivery
		if d == nil || d.Feed != f || !d.Covers(county) {
			continue
		}
		s.Batch, s.Delivered, s.Due = b.ID, d.Delivered, d.Delivered.AddDays(f.MaxAge)
		s.Rows, s.Rejected, s.Matched = b.Rows, rejected[b.ID], b.Matched
		s.Late = on > s.Due
		return s
	}
	return s
}

// newest is of each feed and each areas that were ever delivered together the whole delivery in use that came last, the latest first: one of
// these is the newest for any county, however many there were before.
func (r *Record) newest(ctx context.Context, tx pgx.Tx) ([]*Batch, error) {
	rows, err := tx.Query(ctx, "select "+batchColumns+` from (select distinct on (b.feed, b.areas) * from batch b
			where b.state = 'promoted' and b.whole and b.replaced_by is null and b.content is not null
			order by b.feed, b.areas, b.delivered desc nulls last, b.name collate "C", b.id) batch
		order by delivered desc nulls last, name collate "C", id`)
	if err != nil {
		return nil, fmt.Errorf("reading the newest batches: %w", err)
	}
	batches, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Batch, error) { return r.scanBatch(row) })
	if err != nil {
		return nil, fmt.Errorf("reading the newest batches: %w", err)
	}
	return batches, nil
}

// rejectedOf is how many rows of each of some batches are in quarantine.
func rejectedOf(ctx context.Context, tx pgx.Tx, of []*Batch) (map[int64]int64, error) {
	ids := make([]int64, len(of))
	for i, b := range of {
		ids[i] = b.ID
	}
	rows, err := tx.Query(ctx, "select batch, sum(rejected)::bigint from batch_file where batch = any($1) group by batch", ids)
	if err != nil {
		return nil, fmt.Errorf("counting the quarantine: %w", err)
	}
	rejected := map[int64]int64{}
	var batch, n int64
	if _, err := pgx.ForEachRow(rows, []any{&batch, &n}, func() error { rejected[batch] = n; return nil }); err != nil {
		return nil, fmt.Errorf("counting the quarantine: %w", err)
	}
	return rejected, nil
}

// Late brings the list of late feeds up to a day: it opens an entry for each feed that has come to be late in a county, and closes those of
// feeds that came. It returns those for which it opened one, and how many it closed; done twice it does nothing more.
func (r *Record) Late(ctx context.Context, tx pgx.Tx, on calendar.Date) (opened []Freshness, closed int64, err error) {
	all, err := r.Freshness(ctx, tx, on)
	if err != nil {
		return nil, 0, err
	}
	var feeds []string
	var counties []int64
	var since []any
	for _, f := range all {
		if !f.Late {
			continue
		}
		feeds, counties = append(feeds, f.Feed), append(counties, int64(f.County))
		if f.Batch == 0 {
			since = append(since, nil)
		} else {
			since = append(since, f.Due.AddDays(1).String())
		}
	}
	tag, err := tx.Exec(ctx, `update feed_late l set closed_at = now() where closed_at is null
		and not exists (select from unnest($1::text[], $2::bigint[]) as late (feed, county) where late.feed = l.feed and late.county = l.county)`, feeds, counties)
	if err != nil {
		return nil, 0, fmt.Errorf("closing what is no longer late: %w", err)
	}
	type place struct {
		feed   string
		county area.Code
	}
	rows, err := tx.Query(ctx, `insert into feed_late (feed, county, since) select feed, county, since::date from unnest($1::text[], $2::bigint[], $3::text[]) as late (feed, county, since)
		on conflict (feed, county) where closed_at is null do nothing returning feed, county`, feeds, counties, since)
	if err != nil {
		return nil, 0, fmt.Errorf("noting what is late: %w", err)
	}
	anew := map[place]bool{}
	var p place
	if _, err := pgx.ForEachRow(rows, []any{&p.feed, (*int64)(&p.county)}, func() error { anew[p] = true; return nil }); err != nil {
		return nil, 0, fmt.Errorf("noting what is late: %w", err)
	}
	for _, f := range all {
		if anew[place{f.Feed, f.County}] {
			opened = append(opened, f)
		}
	}
	return opened, tag.RowsAffected(), nil
}
