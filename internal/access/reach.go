package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/sealed"
)

// PhoneOf is the telephone of an account that is not disabled, none if it has none. It takes a job's transaction: no page reads it.
func (a *Access) PhoneOf(ctx context.Context, tx pgx.Tx, account int64) (sealed.Secret, error) {
	var phone []byte
	err := tx.QueryRow(ctx, "select phone_sealed from account where id = $1 and disabled_at is null", account).Scan(&phone)
	if errors.Is(err, pgx.ErrNoRows) {
		return sealed.Secret{}, nil
	}
	if err != nil {
		return sealed.Secret{}, fmt.Errorf("reading an account's telephone: %w", err)
	}
	return a.keys.Secret(sealed.Phone, sealed.In(phoneField, account), phone)
}

// Posted are the accounts that hold a posting at an office on a day, in the order of their ids. It takes a job's transaction.
func (a *Access) Posted(ctx context.Context, tx pgx.Tx, role Role, at area.Code, department string, on calendar.Date) ([]int64, error) {
	rows, err := tx.Query(ctx, `select distinct p.account from posting p join account a on a.id = p.account
		where p.role = $1 and p.area = $2 and p.department = $3 and p.from_date <= $4::date and $4::date < p.to_date and a.disabled_at is null order by 1`,
		string(role), int64(at), department, on.String())
	if err != nil {
		return nil, fmt.Errorf("reading who is posted at an office: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("reading who is posted at an office: %w", err)
	}
	return all, nil
}

// Colleague is a member of staff whom another can name as having done something together.
type Colleague struct {
	Account int64
	Name    string
	Role    Role
	Area    area.Code
}

// Colleagues are the staff posted on a day within the area in which the transaction's account acts, itself among them.
func Colleagues(ctx context.Context, tx pgx.Tx, on calendar.Date) ([]Colleague, error) {
	rows, err := tx.Query(ctx, "select account, name, role, area from colleagues($1::date)", on.String())
	if err != nil {
		return nil, fmt.Errorf("listing colleagues: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Colleague])
	if err != nil {
		return nil, fmt.Errorf("listing colleagues: %w", err)
	}
	return all, nil
}

// StaffNames are the names of members of staff by their accounts, without those of anybody else.
func StaffNames(ctx context.Context, tx pgx.Tx, accounts []int64) (map[int64]string, error) {
	rows, err := tx.Query(ctx, "select id, n.name from unnest($1::bigint[]) id, lateral staff_name(id) n(name) where n.name is not null", accounts)
	if err != nil {
		return nil, fmt.Errorf("naming members of staff: %w", err)
	}
	names := map[int64]string{}
	var id int64
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { names[id] = name; return nil }); err != nil {
		return nil, fmt.Errorf("naming members of staff: %w", err)
	}
	return names, nil
}
