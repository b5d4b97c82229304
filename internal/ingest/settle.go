package ingest

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/pack"
)

// liveFiles is the files of a feed that count, in the order in which [feed.Read] has them.
const liveFiles = `
	live as (
		select f.id, f.name, coalesce(b.delivered, date '-infinity') as delivered,
			row_number() over (order by b.delivered desc nulls last, f.name collate "C", f.id) as rank
		from batch b join batch_file f on f.batch = b.id
		where b.feed = $1 and b.state = 'promoted' and b.replaced_by is null and f.refused is null
	)`

// settle decides anew which of the rows with one key is used, for the keys in a temporary table: what was decided of them is forgotten first.
// Of rows with one key those delivered last count: of equal ones the first, of different ones none.
func settle(ctx context.Context, tx pgx.Tx, f *pack.Feed) error {
	statement := strings.ReplaceAll(`
		with`+liveFiles+`,
		rows as (
			select r._key as key, r._place as place, r._content as content, live.delivered, live.rank,
				count(*) over (partition by r._key) as n, max(live.delivered) over (partition by r._key) as newest
			from TABLE r join settling s on s.key = r._key join live on live.id = r._place >> 32
		),
		many as (
			select *, row_number() over (partition by key order by rank, place) as nth from rows where n > 1
		),
		kept as (
			select key, count(distinct content) > 1 as contradicted,
				(array_agg(place order by nth))[1] as place, (array_agg(content order by nth))[1] as content
			from many where delivered = newest group by key
		),
		firsts as (
			select key, (array_agg(place order by nth))[1] as first, (array_agg(place order by nth))[2] as second from many where nth <= 2 group by key
		)
		insert into row_aside (place, overlap, beside)
		select m.place,
			case when k.contradicted then 3 when m.content = k.content then 1 else 2 end,
			case when not k.contradicted then k.place when m.nth = 1 then f.second else f.first end
		from many m join kept k using (key) join firsts f using (key)
		where k.contradicted or m.place <> k.place`, "TABLE", tableOf(f).quoted())
	if _, err := tx.Exec(ctx, statement, f.ID); err != nil {
		return fmt.Errorf("settling rows with one key of feed %s: %w", f.ID, err)
	}
	return nil
}

// unsettle forgets what was decided of the keys in the temporary table.
func unsettle(ctx context.Context, tx pgx.Tx, f *pack.Feed) error {
	statement := strings.ReplaceAll(`delete from row_aside a using TABLE r, settling s where s.key = r._key and a.place = r._place`,
		"TABLE", tableOf(f).quoted())
	if _, err := tx.Exec(ctx, statement); err != nil {
		return fmt.Errorf("unsettling rows of feed %s: %w", f.ID, err)
	}
	return nil
}

// arriving puts the rows of batches that count now into the temporary table of that name, so that the planner knows how few or many they are:
// those of a small batch are looked up one by one in what a city has, those of a large one are held against all of it.
const arriving = `
	with` + liveFiles + `
	insert into arriving select n._key, n._place from batch_file f join live using (id)
		join TABLE n on n._place >= f.id::bigint << 32 and n._place < (f.id::bigint + 1) << 32
		where f.batch = any($2)`

// keysAround is the keys of rows that batches of a feed take part in with others: of those that count now, keys that another row has which
// counts; of the others, keys of which something was decided because of them.
const keysAround = `
	with` + liveFiles + `,
	coming as (
		select a.key from arriving a
		where exists (select from TABLE o join live l on l.id = o._place >> 32 where o._key = a.key and o._place <> a.place)
	),
	going as (
		select n._key from batch_file f
		join row_aside a on a.place >= f.id::bigint << 32 and a.place < (f.id::bigint + 1) << 32
			or a.beside >= f.id::bigint << 32 and a.beside < (f.id::bigint + 1) << 32
		join TABLE n on n._place = a.place
		where f.batch = any($2) and not exists (select from live where live.id = f.id)
	)
	insert into settling select key from coming union select * from going`

// settleAround settles what the rows of some batches take part in, which came to count or ceased to.
func settleAround(ctx context.Context, tx pgx.Tx, f *pack.Feed, batches []int64) error {
	if _, err := tx.Exec(ctx, "create temporary table arriving (key uuid, place bigint) on commit drop"); err != nil {
		return fmt.Errorf("preparing to settle rows of feed %s: %w", f.ID, err)
	}
	if _, err := tx.Exec(ctx, strings.ReplaceAll(arriving, "TABLE", tableOf(f).quoted()), f.ID, batches); err != nil {
		return fmt.Errorf("reading the keys that come to feed %s: %w", f.ID, err)
	}
	if _, err := tx.Exec(ctx, "analyze arriving"); err != nil {
		return fmt.Errorf("preparing to settle rows of feed %s: %w", f.ID, err)
	}
	if err := settleKeys(ctx, tx, f, strings.ReplaceAll(keysAround, "TABLE", tableOf(f).quoted()), f.ID, batches); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "drop table arriving"); err != nil {
		return fmt.Errorf("ending the settling of feed %s: %w", f.ID, err)
	}
	return nil
}

// settleKeys settles the keys that a statement puts into the temporary table "settling".
func settleKeys(ctx context.Context, tx pgx.Tx, f *pack.Feed, fill string, args ...any) error {
	if _, err := tx.Exec(ctx, "create temporary table settling (key uuid primary key) on commit drop"); err != nil {
		return fmt.Errorf("preparing to settle rows of feed %s: %w", f.ID, err)
	}
	if _, err := tx.Exec(ctx, fill, args...); err != nil {
		return fmt.Errorf("finding the keys that feed %s has more than once: %w", f.ID, err)
	}
	if _, err := tx.Exec(ctx, "analyze settling"); err != nil {
		return fmt.Errorf("preparing to settle rows of feed %s: %w", f.ID, err)
	}
	if err := unsettle(ctx, tx, f); err != nil {
		return err
	}
	if err := settle(ctx, tx, f); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "drop table settling"); err != nil {
		return fmt.Errorf("ending the settling of feed %s: %w", f.ID, err)
	}
	return nil
}
