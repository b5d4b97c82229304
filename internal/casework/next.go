package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/postgres"
)

// Possible is a step that may be done next of an item.
type Possible struct {
	*Step
	Rank     string // of the authority that decides, where the step is a decider's
	Optional bool   // it is not waited for: what lacks is told only if something does
	May      bool   // whoever asks may do it
	Did      bool   // whoever asks did a step that keeps from it
	Awaits   string // what a decision waits for, so that nobody may make it yet: objection, while one is open; notice, while one runs; "" nothing
}

// Next are the steps that may be done next of an item, in their order, and whether a principal, who runs the transaction, may do them. It is
// empty where the item is closed or suspended.
func (c *Casework) Next(ctx context.Context, tx pgx.Tx, item int64, who postgres.Principal, now time.Time) ([]Possible, error) {
	var version int64
	err := tx.QueryRow(ctx, "select version from item where id = $1", item).Scan(&version)
	if err != nil {
		return nil, refused("looking up an item", noItem, err)
	}
	p, err := c.procedureOf(ctx, tx, version)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
		with it as (select i.*, exists (select from objection o where o.item = i.id and not exists (select from objection_answer a where a.objection = o.id)) as objected,
				casework_authority(i.authority, $4::date, i.amount) as decides
			from item i where i.id = $1 and i.state in ('open', 'returned')),
		steps as (select w.*, (it.decides).rank as rank, w.ord = it.next_ord as needed,
				case when w.gives <> 'confirmation' then '' when it.objected then 'objection' when it.notice_until > $6 then 'notice' else '' end as awaits,
				casework_may(w.by_whom, w.gives, (it.decides).rank, casework_reserve(it.decides), $2, it.department = $5)
					and (w.by_whom <> 'window' or casework_taker(it.filing) = $2) as may,
				exists (select from item_step d where d.item = it.id and $3 = any(d.people) and (d.step = any(w.not_by)
					or w.gives = 'confirmation' and (it.decides).rank <> 'fund' and d.gives in ('survey', 'opinion'))) as did
			from it join workflow_step w on w.version = it.version and w.ord > it.position and (it.next_ord is null or w.ord <= it.next_ord)
			where w.ord = it.next_ord or w.only_if = 'papers-lacking' and not exists (select from item_step d where d.item = it.id and d.step = w.id))
		select id, rank, not needed, may and not did and awaits = '', did, awaits from steps order by ord`, item, who.Role, who.Account, dayOf(now).String(), who.Department, now)
	if err != nil {
		return nil, refused("asking what may be done next", noItem, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Possible, err error) {
		var id string
		if err := row.Scan(&id, &n.Rank, &n.Optional, &n.May, &n.Did, &n.Awaits); err != nil {
			return n, err
		}
		n.Step = p.Step(id)
		if n.By != "decider" {
			n.Rank = ""
		}
		return n, nil
	})
}

// readDate reads a day that the database wrote as text.
func readDate(s *string) (calendar.Date, error) {
	if s == nil {
		return 0, nil
	}
	d, err := calendar.Parse(*s)
	if err != nil {
		return 0, fmt.Errorf("reading a date: %w", err)
	}
	return d, nil
}
