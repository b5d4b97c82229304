package casework

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// Processing is how long the decisions in a place took: days from when the need was discovered, or else filed, to the decision.
type Processing struct {
	Place     area.Code
	Decisions int
	Days      int // of all decisions together
	Median    int
	Longest   int
	Within    int // decisions that took no longer than the whole may
}

// Processing are the processing times of the decisions of a span, of one procedure or with "" of all, in some places, which may lie in each other,
// as far as whoever asks sees the items: one for each place, in their order.
func (c *Casework) Processing(ctx context.Context, tx pgx.Tx, span calendar.Span, procedure string, places []area.Code) ([]Processing, error) {
	lo, hi := make([]int64, len(places)), make([]int64, len(places))
	for n, place := range places {
		from, to := place.Range()
		lo[n], hi[n] = int64(from), int64(to)
	}
	rows, err := tx.Query(ctx, `
		with took as materialized (
			select i.area, d.on_date - coalesce(f.discovered_on, casework_day(f.filed_at)) as days, i.limit_at is null or s.at < i.limit_at as within
			from decision d join item i on i.id = d.item join filing f on f.id = i.filing join workflow_procedure p on p.id = i.version join item_step s on s.id = d.step
			where d.on_date >= $1::date and d.on_date < $2::date and ($3 = '' or p.procedure = $3))
		select count(t), coalesce(sum(t.days), 0), coalesce(percentile_disc(0.5) within group (order by t.days), 0), coalesce(max(t.days), 0), count(*) filter (where t.within)
		from unnest($4::bigint[], $5::bigint[]) with ordinality place(lo, hi, n) left join took t on t.area >= place.lo and t.area < place.hi group by n order by n`,
		writeDate(span.From), writeDate(span.To), procedure, lo, hi)
	if err != nil {
		return nil, fmt.Errorf("reading how long decisions took: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Processing, err error) {
		err = row.Scan(&p.Decisions, &p.Days, &p.Median, &p.Longest, &p.Within)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading how long decisions took: %w", err)
	}
	for n := range all {
		all[n].Place = places[n]
	}
	return all, nil
}

// Registered is a line of a register (台账): help or a status that goes on.
type Registered struct {
	Award
	Area    area.Code
	Called  string // the applicant, or the person
	Members int    // of the household as it is now
	Decided calendar.Date
}

// Register is a page of those who receive something of a programme, or have a status, on a day, in the order of their awards after an id.
func (c *Casework) Register(ctx context.Context, tx pgx.Tx, w Want, in area.Code, on calendar.Date, after int64, most int) ([]Registered, error) {
	lo, hi := in.Range()
	rows, err := tx.Query(ctx, `select a.id, a.item, coalesce(a.household, 0), coalesce(a.person, 0), a.programme, a.recognises, a.component, a.amount::text, a.per,
			a.from_date::text, a.to_date::text, a.area, i.called, (select count(*) from membership m where m.household = a.household and m.to_date is null and m.counted), d.on_date::text
		from award a join item i on i.id = a.item join decision d on d.id = a.decision left join award_end e on e.award = a.id
		where a.programme = $1 and a.recognises = $2 and a.id > $3 and a.from_date <= $4::date and (a.to_date is null or a.to_date > $4::date)
			and (e.award is null or e.on_date > $4::date) and ($5::bigint = 0 or a.area >= $5 and a.area < $6)
		order by a.id limit $7`, w.Programme, w.Recognises, after, on.String(), int64(lo), int64(hi), most)
	if err != nil {
		return nil, fmt.Errorf("reading a register: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Registered, err error) {
		var amount, from, to, decided *string
		err = row.Scan(&r.ID, &r.Item, &r.Household, &r.Person, &r.Programme, &r.Recognises, &r.Component, &amount, &r.Per, &from, &to, (*int64)(&r.Area), &r.Called, &r.Members, &decided)
		if err != nil {
			return r, err
		}
		r.From, r.To, r.Decided = dateOf(from), dateOf(to), dateOf(decided)
		r.Amount, err = readAmount(amount)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading a register: %w", err)
	}
	return all, nil
}

// Month is a line of a monthly report: what came of a programme's items.
type Month struct {
	Programme  string
	Recognises bool
	Name       pack.Text
	Filed      int
	Granted    int
	Refused    int
	Withdrawn  int            // and not wished
	OtherEnds  int            // died, moved
	Open       int            // under way at the end
	Against    int            // decided otherwise than the engine
	Granting   *money.Decimal // yuan of all that was granted, as decided (a monthly sum once); nil of what is no money
}

// Monthly is the report of a month, by programme, as far as whoever asks sees the items. In is the area, 0 for all of theirs.
func (c *Casework) Monthly(ctx context.Context, tx pgx.Tx, month calendar.Date, in area.Code) ([]Month, error) {
	y, m, _ := month.YMD()
	first := calendar.Must(y, m, 1)
	lo, hi := in.Range()
	const within = "($3::bigint = 0 or i.area >= $3 and i.area < $4)"
	rows, err := tx.Query(ctx, `
		with lines as (
			select i.programme, i.recognises, count(*) filter (where i.opened_at >= $1) as filed, 0 as granted, 0 as refused, 0 as withdrawn, 0 as other, count(*) as open, 0 as against, null::numeric as sum
				from item i where i.state <> 'ended' and i.opened_at < $2 and `+within+` group by 1, 2
			union all
			select i.programme, i.recognises, count(*) filter (where i.opened_at >= $1), 0, 0, count(*) filter (where i.ended_at < $2 and i.ended_why in ('withdrawn', 'not-wished')),
				count(*) filter (where i.ended_at < $2 and i.ended_why in ('died', 'moved')), count(*) filter (where i.ended_at >= $2), 0, null
				from item i where i.state = 'ended' and i.ended_at >= $1 and i.opened_at < $2 and `+within+` group by 1, 2
			union all
			select i.programme, i.recognises, 0, count(*) filter (where d.result = 'granted'), count(*) filter (where d.result = 'refused'), 0, 0, 0, count(*) filter (where d.against),
				sum((select sum((g ->> 'amount')::numeric) from jsonb_array_elements(d.grants) g))
				from decision d join item i on i.id = d.item where d.on_date >= $5::date and d.on_date < $6::date and `+within+` group by 1, 2)
		select programme, recognises, sum(filed)::bigint, sum(granted)::bigint, sum(refused)::bigint, sum(withdrawn)::bigint, sum(other)::bigint, sum(open)::bigint, sum(against)::bigint, sum(sum)::text
		from lines group by recognises, programme order by recognises, programme`,
		beginOf(first), beginOf(first.AddMonths(1)), int64(lo), int64(hi), first.String(), first.AddMonths(1).String())
	if err != nil {
		return nil, fmt.Errorf("reading a monthly report: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Month, err error) {
		var granting *string
		err = row.Scan(&m.Programme, &m.Recognises, &m.Filed, &m.Granted, &m.Refused, &m.Withdrawn, &m.OtherEnds, &m.Open, &m.Against, &granting)
		if err != nil {
			return m, err
		}
		m.Name = c.nameOf(m.Programme, m.Recognises)
		m.Granting, err = readAmount(granting)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading a monthly report: %w", err)
	}
	return all, nil
}
