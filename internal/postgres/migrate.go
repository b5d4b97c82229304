package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"dajiuzhu/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

var newerForm = fault.Text{
	Key: "postgres.newer-form",
	Zh:  "数据库的结构版本是{found}，本程序只认到{known}。请使用写入它的那一版或更新的程序",
	En:  "the database has form {found}, and this program knows forms up to {known}: use the program that wrote it, or a newer one",
}

// migrate applies the migrations that the database does not have, each in its own transaction; one process at a time. It ends at a form, 0
// being the newest.
func (d *DB) migrate(ctx context.Context, form int64) error {
	provider, end, err := d.provider()
	if err != nil {
		return err
	}
	defer end()
	has, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("asking the database for its form: %w", err)
	}
	if max(has, form) > known {
		return fault.New(fault.Conflict, newerForm, fault.Args{"found": max(has, form), "known": known})
	}
	if form == 0 {
		form = known
	}
	if _, err := provider.UpTo(ctx, form); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

// Form is the form that the database has, and the newest that the program knows.
func (d *DB) Form(ctx context.Context) (has, known int64, err error) {
	provider, end, err := d.provider()
	if err != nil {
		return 0, 0, err
	}
	defer end()
	if has, known, err = provider.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("asking the database for its form: %w", err)
	}
	return has, known, nil
}

// provider reads the migrations, for the owner's pool. The caller ends it.
func (d *DB) provider() (*goose.Provider, func() error, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, nil, fmt.Errorf("opening the migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the lock of migrations: %w", err)
	}
	sql := stdlib.OpenDBFromPool(d.owner)
	p, err := goose.NewProvider(goose.DialectPostgres, sql, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("reading the migrations: %w", err), sql.Close())
	}
	return p, sql.Close, nil
}

// withoutStatement is an error of the database without what could quote the statement, which held a password.
func withoutStatement(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	return err
}
