package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/sealed"
)

// The names of sealed fields, which are bound into what is sealed.
const (
	numberField = "person.number"
	phoneField  = "person.phone"
)

// Registry has the functions on people and households. It is safe for concurrent use.
type Registry struct {
	keys *sealed.Keys
}

// New is the registry whose sensitive fields are sealed under the keys.
func New(keys *sealed.Keys) *Registry { return &Registry{keys} }

// day is a date as the driver takes it.
func day(d calendar.Date) pgtype.Date {
	switch d {
	case calendar.Forever, calendar.Beginning:
		return pgtype.Date{}
	}
	year, month, n := d.YMD()
	return pgtype.Date{Time: time.Date(year, month, n, 0, 0, 0, 0, time.UTC), Valid: true}
}

// dayOr is a date as the driver gave it, or another where it gave none.
func dayOr(d pgtype.Date, none calendar.Date) calendar.Date {
	if !d.Valid {
		return none
	}
	return calendar.Must(d.Time.Year(), d.Time.Month(), d.Time.Day())
}

// exec runs a statement and names what it was doing. Whatever the database says of a row stays out: it may hold a number.
func exec(ctx context.Context, tx pgx.Tx, doing, statement string, args ...any) (int64, error) {
	tag, err := tx.Exec(ctx, statement, args...)
	if err != nil {
		return 0, failed(doing, err)
	}
	return tag.RowsAffected(), nil
}

func failed(doing string, err error) error {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		bare := *p
		bare.Detail, bare.Where = "", ""
		err = &bare
	}
	return fmt.Errorf("%s: %w", doing, err)
}
