package registry

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

// Served is as much of a household's file as a department's officer sees who has an item there: who belongs to it now, without their addresses, what was
// said of them and what became of them. Of any other household it fails with a fault of kind NotFound.
func (r *Registry) Served(ctx context.Context, tx pgx.Tx, household int64) (*File, error) {
	var where *int64
	if err := tx.QueryRow(ctx, "select served_area($1)", household).Scan(&where); err != nil {
		return nil, failed("looking for a household that is served", err)
	}
	if where == nil {
		return nil, fault.New(fault.NotFound, noHousehold, nil)
	}
	f := &File{ID: household, Area: area.Code(*where), Lasts: calendar.Span{From: calendar.Beginning, To: calendar.Forever}}
	rows, err := tx.Query(ctx, "select person, name, sex, birth, died_on, number_sealed, phone_sealed, registered, head, counted, from_date from served_family($1)", household)
	if err != nil {
		return nil, failed("reading a household that is served", err)
	}
	if f.Persons, err = pgx.CollectRows(rows, r.scanServed); err != nil {
		return nil, failed("reading a household that is served", err)
	}
	return f, nil
}

func (r *Registry) scanServed(row pgx.CollectableRow) (p Person, err error) {
	var b Belonging
	var birth, died, from pgtype.Date
	var number, phone []byte
	if err := row.Scan(&p.ID, &p.Name, &p.Sex, &birth, &died, &number, &phone, &p.Registered, &b.Head, &b.Counted, &from); err != nil {
		return p, err
	}
	p.Birth, p.Died = dayOr(birth, calendar.Forever), dayOr(died, calendar.Forever)
	b.Lasts = span(from, pgtype.Date{})
	p.Belongs = []Belonging{b}
	if p.Number, err = r.keys.Secret(sealed.Identity, numberField, number); err != nil {
		return p, err
	}
	p.Phone, err = r.keys.Secret(sealed.Phone, phoneField, phone)
	return p, err
}
