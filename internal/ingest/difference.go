package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// Difference is what a batch would change, county by county: keys, not rows.
type Difference struct {
	County  area.Code // 0 where nothing tells it
	New     int64     // keys that nothing in use has
	Same    int64     // keys in use with the same content
	Changed int64     // keys in use with other content
	Older   int64     // keys in use by a later delivery, which stays
	Gone    int64     // keys in use by a delivery that would be replaced, and not in this one
}

// Difference compares a batch with what is in use without it.
func (r *Record) Difference(ctx context.Context, tx pgx.Tx, batch int64) ([]Difference, error) {
	b, err := r.Batch(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	f := r.feedOf(b.Feed)
	if f == nil {
		return nil, nil
	}
	replaced, err := r.wouldReplace(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, compared(f, b.Rows, `
		select area / 1000000 * 1000000,
			count(*) filter (where kind = 'new'), count(*) filter (where kind = 'same'), count(*) filter (where kind = 'changed'),
			count(*) filter (where kind = 'older'), count(*) filter (where kind = 'gone')
		from compared group by 1 order by 1`), b.Feed, batch, replaced)
	if err != nil {
		return nil, fmt.Errorf("comparing batch %d with what is in use: %w", batch, err)
	}
	differences, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Difference])
	if err != nil {
		return nil, fmt.Errorf("comparing batch %d with what is in use: %w", batch, err)
	}
	return differences, nil
}

// fewRows is up to which number of rows of a batch their keys are looked up one by one in what is in use; above it all of that is read.
const fewRows = 50_000

// lookedUp is what is in use of the keys of a batch of few rows, and of the batches that it replaces.
const lookedUp = `
			select OF_USED
			from TABLE o join live on live.id = o._place >> 32 join batch_file f on f.id = live.id
			where o._key = any(array(select key from mine)) and f.batch <> $2 and not exists (select from row_aside a where a.place = o._place)
			union all
			select OF_USED
			from live join batch_file f on f.id = live.id join TABLE o on o._place >= f.id::bigint << 32 and o._place < (f.id::bigint + 1) << 32
			where f.batch = any($3) and f.batch <> $2 and not o._key = any(array(select key from mine)) and not exists (select from row_aside a where a.place = o._place)`

// readThrough is the same of a batch of many rows: all that is in use.
const readThrough = `
			select OF_USED
			from TABLE o join live on live.id = o._place >> 32 join batch_file f on f.id = live.id
			where f.batch <> $2 and not exists (select from row_aside a where a.place = o._place)`

// compared is a statement over the table "compared": the keys of a batch ($2) of so many rows beside those that are in use without it, and those in use by batches that it
// replaces ($3). Of a key that one side has more than once the first counts.
func compared(f *pack.Feed, rows int64, then string) string {
	persons := "array[]::bigint[]"
	if about := feed.About(f); len(about) > 0 {
		var columns []string
		for _, i := range about {
			columns = append(columns, quoted(f.Columns[i].Name))
		}
		persons = "array[" + strings.Join(columns, ", ") + "]"
	}
	used := readThrough
	if rows <= fewRows {
		used = lookedUp
	}
	used = strings.ReplaceAll(used, "OF_USED", "o._key as key, o._content as content, o._area as area, live.delivered, f.batch = any($3) as goes, PERSONS as persons, o._place as place")
	return strings.NewReplacer("TABLE", tableOf(f).quoted(), "PERSONS", persons).Replace(`
		with`+liveFiles+`,
		mine as (
			select distinct on (n._key) n._key as key, n._content as content, n._area as area, coalesce(b.delivered, date '-infinity') as delivered,
				PERSONS as persons, n._place as place
			from batch b join batch_file f on f.batch = b.id
			join TABLE n on n._place >= f.id::bigint << 32 and n._place < (f.id::bigint + 1) << 32
			where b.id = $2 order by n._key, n._place
		),
		used as (`+used+`
		),
		compared as (
			select coalesce(mine.area, used.area) as area, mine.persons as these, used.persons as those, mine.place as this, used.place as that,
				case when used.key is null then 'new' when mine.key is null then 'gone' when mine.content = used.content then 'same'
					when not used.goes and used.delivered > mine.delivered then 'older' else 'changed' end as kind
			from mine full join used using (key)
			where mine.key is not null or used.goes
		) `) + then
}

// wouldReplace is the batches in use that a batch replaces or would replace.
func (r *Record) wouldReplace(ctx context.Context, tx pgx.Tx, b *Batch) ([]int64, error) {
	ids := []int64{}
	if b.Delivery == nil {
		return ids, nil
	}
	live, err := r.live(ctx, tx, b.Feed)
	if err != nil {
		return nil, err
	}
	for _, l := range live {
		if l.ID == b.ID || l.Delivery == nil || l.ReplacedBy != 0 {
			continue
		}
		if feed.Replacement([]*feed.Delivery{b.Delivery}, l.Delivery) != nil {
			ids = append(ids, l.ID)
		}
	}
	return ids, nil
}

// manyTouched is how many persons a change touches one by one; above it everybody in its areas counts as touched.
const manyTouched = 20_000

// touch writes down whom a batch touches that is about to come into use or has just gone out of it: the persons of the keys that are not the
// same in what is in use without it. Where silence comes to mean something it touches everybody in its areas.
func (r *Record) touch(ctx context.Context, tx pgx.Tx, b *Batch) error {
	everybody, err := r.closesAnew(ctx, tx, b)
	if err != nil {
		return err
	}
	if !everybody {
		if everybody, err = r.touchPersons(ctx, tx, b); err != nil || !everybody {
			return err
		}
	}
	return r.touchAreas(ctx, tx, b)
}

// touchAreas writes down that a batch touches everybody in its areas.
func (r *Record) touchAreas(ctx context.Context, tx pgx.Tx, b *Batch) error {
	if _, err := tx.Exec(ctx, "insert into touched (batch, area) select $1, unnest($2::bigint[])", b.ID, codesOf(b.Areas)); err != nil {
		return fmt.Errorf("writing down whom batch %d touches: %w", b.ID, err)
	}
	return nil
}

// touchPersons writes down the persons, unless there are too many.
func (r *Record) touchPersons(ctx context.Context, tx pgx.Tx, b *Batch) (tooMany bool, err error) {
	f := r.feedOf(b.Feed)
	replaced, err := r.wouldReplace(ctx, tx, b)
	if err != nil {
		return false, err
	}
	rows, err := tx.Query(ctx, compared(f, b.Rows, `
		select distinct person from compared, unnest(these || those) person where kind in ('new', 'changed', 'gone') and person is not null
		order by 1 limit $4`), b.Feed, b.ID, replaced, manyTouched+1)
	if err != nil {
		return false, fmt.Errorf("finding whom batch %d touches: %w", b.ID, err)
	}
	persons, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return false, fmt.Errorf("finding whom batch %d touches: %w", b.ID, err)
	}
	if len(persons) > manyTouched {
		return true, nil
	}
	set, err := r.setAsidePersons(ctx, tx, b)
	if err != nil {
		return false, err
	}
	persons = append(persons, set...)
	slices.Sort(persons)
	if _, err := tx.Exec(ctx, "insert into touched (batch, person) select $1, unnest($2::bigint[])", b.ID, slices.Compact(persons)); err != nil {
		return false, fmt.Errorf("writing down whom batch %d touches: %w", b.ID, err)
	}
	return false, nil
}

// setAsidePersons is the persons of rows that were set aside: what is known of them by the feed is no longer all, or is again.
func (r *Record) setAsidePersons(ctx context.Context, tx pgx.Tx, b *Batch) ([]int64, error) {
	rows, err := tx.Query(ctx, "select distinct unnest(q.persons) from batch_file f join quarantine q on q.file = f.id where f.batch = $1 and q.closed_by is null", b.ID)
	if err != nil {
		return nil, fmt.Errorf("finding whom batch %d touches: %w", b.ID, err)
	}
	persons, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("finding whom batch %d touches: %w", b.ID, err)
	}
	return persons, nil
}

// closesAnew reports whether silence comes to mean something, or ceases to, in some area: no delivery in use without this one is fresh on
// the day of this one there, or this one reaches back further than they do.
func (r *Record) closesAnew(ctx context.Context, tx pgx.Tx, b *Batch) (bool, error) {
	if b.Delivery == nil || !b.Delivery.Whole {
		return false, nil
	}
	live, err := r.live(ctx, tx, b.Feed)
	if err != nil {
		return false, err
	}
	oldest := b.Delivery.Delivered.AddDays(-b.Delivery.Feed.MaxAge)
	for _, a := range b.Delivery.Areas {
		fresh, reaches := false, false
		for _, l := range live {
			d := l.Delivery
			if l.ID == b.ID || d == nil || !d.Whole || l.ReplacedBy != 0 && l.ReplacedBy != b.ID || !d.Covers(a) {
				continue
			}
			fresh = fresh || d.Delivered >= oldest && d.Period.To >= oldest
			reaches = reaches || d.Period.From <= b.Delivery.Period.From
		}
		if !fresh || !reaches {
			return true, nil
		}
	}
	return false, nil
}
