package registry

import (
	"context"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// Home is what finds a household: its village, the head's name, address and phone, and how many belong to it.
type Home struct {
	Household int64
	Area      area.Code
	Head      int64 // the person, 0 if nobody of it may be seen
	Name      string
	Address   string
	Phone     sealed.Secret
	Members   int
}

// Homes are the homes of some households that may be seen, by household.
func (r *Registry) Homes(ctx context.Context, tx pgx.Tx, households []int64) (map[int64]Home, error) {
	rows, err := tx.Query(ctx, `select h.id, h.area, coalesce(p.id, 0), coalesce(p.name, ''), coalesce(p.address, ''), p.phone_sealed,
			(select count(*) from membership c where c.household = h.id and c.to_date is null)
		from household h left join membership m on m.household = h.id and m.head and m.to_date is null left join person p on p.id = m.person
		where h.id = any($1)`, households)
	if err != nil {
		return nil, failed("reading homes", err)
	}
	defer rows.Close()
	homes := make(map[int64]Home, len(households))
	for rows.Next() {
		var h Home
		var phone []byte
		if err := rows.Scan(&h.Household, &h.Area, &h.Head, &h.Name, &h.Address, &phone, &h.Members); err != nil {
			return nil, failed("reading homes", err)
		}
		if h.Phone, err = r.keys.Secret(sealed.Phone, phoneField, phone); err != nil {
			return nil, err
		}
		homes[h.Household] = h
	}
	if err := rows.Err(); err != nil {
		return nil, failed("reading homes", err)
	}
	return homes, nil
}

// Said is what was said of a fact of a unit, withdrawn statements too, in the order in which they were written down.
func (r *Registry) Said(ctx context.Context, tx pgx.Tx, unit pack.Unit, of int64, fact string) ([]Statement, error) {
	return statements(ctx, tx, "unit = $1 and unit_id = $2 and fact = $3", string(unit), of, fact)
}

// Names are the names of some persons who may be seen, by person.
func (r *Registry) Names(ctx context.Context, tx pgx.Tx, persons []int64) (map[int64]string, error) {
	rows, err := tx.Query(ctx, "select id, name from person where id = any($1)", persons)
	if err != nil {
		return nil, failed("reading names", err)
	}
	names := map[int64]string{}
	var person int64
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&person, &name}, func() error { names[person] = name; return nil }); err != nil {
		return nil, failed("reading names", err)
	}
	return names, nil
}
