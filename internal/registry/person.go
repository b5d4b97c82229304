package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/sealed"
)

const uniqueViolation = "23505" // SQLSTATE

var numberTaken = fault.Text{Key: "registry.number-taken",
	Zh: "这个公民身份号码已经有人使用。请按号码查找；不在您辖区的，请联系上级", En: "somebody has this identity number; search by it, and ask the county if it is nobody in your area"}

// AddPerson writes down somebody whom no register tells, as a visitor met them, and returns the id. The zero number is none. A number that
// somebody has is a conflict, and ends the transaction.
func (r *Registry) AddPerson(ctx context.Context, tx pgx.Tx, p Registration) (person int64, err error) {
	cells := r.registrationCells(p)
	if p.Number.IsZero() {
		cells[0], cells[1] = nil, nil
	}
	err = tx.QueryRow(ctx, `insert into person (number_digest, number_sealed, name, pinyin, initials, sex, birth, area, address, phone_digest, phone_sealed, died_on)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id`, cells...).Scan(&person)
	var refusal *pgconn.PgError
	if errors.As(err, &refusal) && refusal.Code == uniqueViolation {
		return 0, fault.New(fault.Conflict, numberTaken, nil)
	}
	if err != nil {
		return 0, failed("adding a person", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "person.add", Subject: fmt.Sprintf("person:%d", person)})
	return person, err
}

// PhoneOf is the telephone that is known of a person, or of who they were merged into; none if none is. It takes a job's transaction: no page
// reads it.
func (r *Registry) PhoneOf(ctx context.Context, tx pgx.Tx, person int64) (sealed.Secret, error) {
	var phone []byte
	err := tx.QueryRow(ctx, `with recursive line as (select p.* from person p where id = $1 union select p.* from line l join person p on p.id = l.merged_into)
		select phone_sealed from line where merged_into is null`, person).Scan(&phone)
	if errors.Is(err, pgx.ErrNoRows) {
		return sealed.Secret{}, nil
	}
	if err != nil {
		return sealed.Secret{}, failed("reading a person's telephone", err)
	}
	return r.keys.Secret(sealed.Phone, phoneField, phone)
}
