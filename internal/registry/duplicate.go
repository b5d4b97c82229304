package registry

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Likeness is two persons who may be one, with the reasons of the score.
type Likeness struct {
	Low, High int64
	Score     int      // of a thousand
	Reasons   []string // as "same-name 350"
}

// findLike compares each person who has no identity number only with those that an index gives: of one birthday with the same spelling, of
// one phone, of one name in one township. Two who both have numbers have different ones, and are two.
const findLike = `
	with one as (
		select * from person p where p.merged_into is null and p.number_digest is null and p.name <> ''
			and ($1::bigint[] is null or p.id = any($1))),
	near as (
		select o.id as a, p.id as b from one o join person p on p.birth = o.birth and p.pinyin = o.pinyin and p.merged_into is null
		union select o.id, p.id from one o join person p on p.phone_digest = o.phone_digest and p.merged_into is null
		union select o.id, p.id from one o join person p on p.name = o.name and p.merged_into is null
			and p.area >= o.area / 1000 * 1000 and p.area < o.area / 1000 * 1000 + 1000 and o.area <> 0),
	pair as (
		select distinct least(a, b) as low, greatest(a, b) as high from near where a <> b),
	reason as (
		select low, high, r.text, r.score from pair join person l on l.id = low join person h on h.id = high,
		lateral (values
			('same-name', case when l.name = h.name then 350 end),
			('same-spelling', case when l.name <> h.name and l.pinyin = h.pinyin and l.pinyin <> '' then 200 end),
			('same-birth', case when l.birth = h.birth then 350 end),
			('other-birth', case when l.birth <> h.birth then -200 end),
			('same-phone', case when l.phone_digest = h.phone_digest then 200 end),
			('same-village', case when l.area = h.area and l.area <> 0 then 150 end),
			('same-township', case when l.area <> h.area and l.area / 1000 = h.area / 1000 and l.area <> 0 then 100 end),
			('other-sex', case when l.sex <> h.sex and l.sex <> '' and h.sex <> '' then -400 end),
			('other-death', case when l.died_on <> h.died_on then -200 end)) r (text, score)
		where r.score is not null),
	scored as (
		select low, high, least(1000, sum(score))::int as score, array_agg(text || ' ' || score order by score desc, text) as reasons
		from reason group by low, high having sum(score) >= 500)
	insert into likeness (low, high, score, reasons) select low, high, score, reasons from scored order by low, high
	on conflict (low, high) do update set score = excluded.score, reasons = excluded.reasons
		where likeness.state = 'open' and (likeness.score, likeness.reasons) <> (excluded.score, excluded.reasons)`

// FindLike looks for persons who may be one, as a job: for some, or for all if persons is nil. It returns how many pairs are new or scored
// otherwise. What was decided of a pair stays.
func (r *Registry) FindLike(ctx context.Context, tx pgx.Tx, persons []int64) (int64, error) {
	return exec(ctx, tx, "looking for persons who may be one", findLike, persons)
}

// Likenesses are the open pairs, the likeliest first.
func (r *Registry) Likenesses(ctx context.Context, tx pgx.Tx, most int) ([]Likeness, error) {
	rows, err := tx.Query(ctx, `select low, high, score, reasons from likeness k where state = 'open'
		and not exists (select from person p where p.id in (k.low, k.high) and p.merged_into is not null) order by score desc, low, high limit $1`, most)
	if err != nil {
		return nil, failed("reading who may be one", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Likeness])
	if err != nil {
		return nil, failed("reading who may be one", err)
	}
	return all, nil
}
