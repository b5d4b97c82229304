package means

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/sealed"
)

// Check is a check as it stands. Dates that it has not come to yet are [calendar.Forever].
type Check struct {
	ID, Household, RecheckOf     int64
	State                        State
	Reason, Objection            string
	Requested, Reported, Expires calendar.Date
	Scope                        []Covered
	Items                        []Item
}

// OfHousehold is the checks of a household, the newest first.
func (c *Checks) OfHousehold(ctx context.Context, tx pgx.Tx, household int64) ([]Check, error) {
	rows, err := tx.Query(ctx, `select id, household, coalesce(recheck_of, 0), state, reason, objection, coalesce(requested_on::text, ''),
		coalesce(reported_on::text, ''), coalesce(expires_on::text, '') from means_check where household = $1 order by id desc`, household)
	if err != nil {
		return nil, refused("reading checks", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Check, err error) {
		var requested, reported, expires string
		err = row.Scan(&k.ID, &k.Household, &k.RecheckOf, &k.State, &k.Reason, &k.Objection, &requested, &reported, &expires)
		k.Requested, k.Reported, k.Expires = dateOf(requested), dateOf(reported), dateOf(expires)
		return k, err
	})
	if err != nil {
		return nil, refused("reading checks", err)
	}
	of := map[int64]*Check{}
	wanted := make([]int64, len(all))
	for i := range all {
		of[all[i].ID], wanted[i] = &all[i], all[i].ID
	}
	if err := readScopes(ctx, tx, wanted, of); err != nil {
		return nil, err
	}
	return all, c.readItems(ctx, tx, wanted, of)
}

func readScopes(ctx context.Context, tx pgx.Tx, wanted []int64, of map[int64]*Check) error {
	rows, err := tx.Query(ctx, "select check_id, person, role from means_scope where check_id = any($1) order by check_id, role, person", wanted)
	if err != nil {
		return refused("reading the scopes of checks", err)
	}
	var check int64
	var s Covered
	_, err = pgx.ForEachRow(rows, []any{&check, &s.Person, &s.Role}, func() error {
		of[check].Scope = append(of[check].Scope, s)
		return nil
	})
	if err != nil {
		return refused("reading the scopes of checks", err)
	}
	return nil
}

func (c *Checks) readItems(ctx context.Context, tx pgx.Tx, wanted []int64, of map[int64]*Check) error {
	rows, err := tx.Query(ctx, `select r.check_id, i.person, i.kind, i.institution, i.account_sealed, i.amount::text, i.on_date::text
		from means_item i join means_report r on r.id = i.report where r.check_id = any($1) order by i.id`, wanted)
	if err != nil {
		return refused("reading reports", err)
	}
	defer rows.Close()
	for rows.Next() {
		var check int64
		var i Item
		var account []byte
		var amount, on string
		if err := rows.Scan(&check, &i.Person, &i.Kind, &i.Institution, &account, &amount, &on); err != nil {
			return refused("reading reports", err)
		}
		if i.Amount, err = money.Parse(amount); err != nil {
			return fmt.Errorf("reading an amount of check %d: %w", check, err)
		}
		i.On = dateOf(on)
		if i.Account, err = c.keys.Secret(sealed.Account, accountField, account); err != nil {
			return err
		}
		of[check].Items = append(of[check].Items, i)
	}
	if err := rows.Err(); err != nil {
		return refused("reading reports", err)
	}
	return nil
}

func dateOf(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		return calendar.Forever
	}
	return d
}
