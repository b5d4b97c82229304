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

// keysAround is the keys of rows that batches of a feed take part in with others: of those that count now, keys that another row has which
// counts; of the others, keys of which something was decided because of them.
const keysAround = `
	with` + liveFiles + `,
	files as (
		select f.id, live.id is not null as lives from batch_file f left join live using (id) where f.batch = any($2)
	),
	coming as (
		select n._key as key from files f
		join TABLE n on n._place >= f.id::bigint << 32 and n._place < (f.id::bigint + 1) << 32
		where f.lives and exists (select from TABLE o join live l on l.id = o._place >> 32 where o._key = n._key and o._place <> n._place)
	),
	going as (
		select n._key from files f
		join row_aside a on a.place >= f.id::bigint << 32 and a.place < (f.id::bigint + 1) << 32
			or a.beside >= f.id::bigint << 32 and a.beside < (f.id::bigint + 1) << 32
		join TABLE n on n._place = a.place
		where not f.lives
	)
	insert into settling select key from coming union select * from going`

// settleAround settles what the rows of some batches take part in, which came to count or ceased to.
func settleAround(ctx context.Context, tx pgx.Tx, f *pack.Feed, batches []int64) error {
	return settleKeys(ctx, tx, f, strings.ReplaceAll(keysAround, "TABLE", tableOf(f).quoted()), f.ID, batches)
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
