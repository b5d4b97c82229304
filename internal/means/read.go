package means

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/sealed"
)

// Check is a check as it stands. Dates that it has not come to yet are [calendar.Forever].
type Check struct {
	ID, Household, RecheckOf     int64
	Area                         area.Code // of the household
	State                        State
	Reason, Objection            string
	Requested, Reported, Expires calendar.Date
	Scope                        []Covered
	Items                        []Item
}

// OfHousehold is the checks of a household, the newest first.
func (c *Checks) OfHousehold(ctx context.Context, tx pgx.Tx, household int64) ([]Check, error) {
	return c.read(ctx, tx, "c.household = $1 order by c.id desc", household)
}

// Get is one check, as the transaction's principal may see it.
func (c *Checks) Get(ctx context.Context, tx pgx.Tx, check int64) (*Check, error) {
	all, err := c.read(ctx, tx, "c.id = $1", check)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, noCheck, nil)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// List is the checks in a state, or with "" of all, that the transaction's principal may see, the newest first, before one of them (0: from the
// newest), at most so many.
func (c *Checks) List(ctx context.Context, tx pgx.Tx, state State, before int64, most int) ([]Check, error) {
	return c.read(ctx, tx, "($1 = '' or c.state = $1) and ($2 = 0 or c.id < $2) order by c.id desc limit $3", string(state), before, most)
}

func (c *Checks) read(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Check, error) {
	rows, err := tx.Query(ctx, `select c.id, c.household, h.area, coalesce(c.recheck_of, 0), c.state, c.reason, c.objection, coalesce(c.requested_on::text, ''),
		coalesce(c.reported_on::text, ''), coalesce(c.expires_on::text, '') from means_check c join household h on h.id = c.household where `+which, args...)
	if err != nil {
		return nil, refused("reading checks", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Check, err error) {
		var requested, reported, expires string
		err = row.Scan(&k.ID, &k.Household, &k.Area, &k.RecheckOf, &k.State, &k.Reason, &k.Objection, &requested, &reported, &expires)
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

// Signed is an authorisation as it stands.
type Signed struct {
	ID int64
	Authorisation
	Revoked    calendar.Date // [calendar.Forever] if it was not
	Revocation string        // why
}

// Valid reports whether it authorises something on a day.
func (s *Signed) Valid(on calendar.Date) bool { return s.Holds.Contains(on) && on < s.Revoked }

// Authorisations are those of some persons that the transaction's principal may see, the newest first.
func (c *Checks) Authorisations(ctx context.Context, tx pgx.Tx, persons []int64) ([]Signed, error) {
	return authorisations(ctx, tx, "person = any($1) order by id desc", persons)
}

// Valid are the newest of those of some persons that authorise something on a day, by person.
func (c *Checks) Valid(ctx context.Context, tx pgx.Tx, persons []int64, on calendar.Date) (map[int64]Signed, error) {
	all, err := c.Authorisations(ctx, tx, persons)
	if err != nil {
		return nil, err
	}
	valid := map[int64]Signed{}
	for _, s := range all {
		if _, newer := valid[s.Person]; !newer && s.Valid(on) {
			valid[s.Person] = s
		}
	}
	return valid, nil
}

// Expiring are the authorisations that the transaction's principal may see and that end within some days, what ends first first, at most so many.
func (c *Checks) Expiring(ctx context.Context, tx pgx.Tx, on calendar.Date, days, most int) ([]Signed, error) {
	return authorisations(ctx, tx, "revoked_on is null and to_date > $1::date and to_date <= $2::date order by to_date, id limit $3", on.String(), on.AddDays(days).String(), most)
}

func authorisations(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Signed, error) {
	rows, err := tx.Query(ctx, "select id, person, signed_by, paper, from_date::text, to_date::text, coalesce(revoked_on::text, ''), revocation from authorisation where "+which, args...)
	if err != nil {
		return nil, refused("reading authorisations", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Signed, err error) {
		var from, to, revoked string
		err = row.Scan(&s.ID, &s.Person, &s.SignedBy, &s.Paper, &from, &to, &revoked, &s.Revocation)
		s.Holds, s.Revoked = calendar.Span{From: dateOf(from), To: dateOf(to)}, dateOf(revoked)
		return s, err
	})
	if err != nil {
		return nil, refused("reading authorisations", err)
	}
	return all, nil
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
	rows, err := tx.Query(ctx, `select r.check_id, i.id, i.person, i.kind, i.institution, i.account_sealed, i.amount::text, i.on_date::text
		from means_item i join means_report r on r.id = i.report where r.check_id = any($1) order by i.id`, wanted)
	if err != nil {
		return refused("reading reports", err)
	}
	defer rows.Close()
	for rows.Next() {
		var check, id int64
		var i Item
		var account []byte
		var amount, on string
		if err := rows.Scan(&check, &id, &i.Person, &i.Kind, &i.Institution, &account, &amount, &on); err != nil {
			return refused("reading reports", err)
		}
		if i.Amount, err = money.Parse(amount); err != nil {
			return fmt.Errorf("reading an amount of check %d: %w", check, err)
		}
		i.On = dateOf(on)
		if i.Account, err = c.keys.Secret(sealed.Account, sealed.In(accountField, id), account); err != nil {
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
