package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		os.Exit(writer(dir))
	}
	postgrestest.Main(m)
}

func TestWhoActsEndsWithTheTransaction(t *testing.T) {
	db := postgrestest.New(t)
	ask := func(p postgres.Principal) (account, from, to int64, role string) {
		t.Helper()
		err := db.As(t.Context(), p, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), "select acting_account(), acting_area_from(), acting_area_to(), acting_role()").Scan(&account, &from, &to, &role)
		})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	linyi, err := area.Parse("371424")
	if err != nil {
		t.Fatal(err)
	}
	account, from, to, role := ask(postgres.Principal{Account: 7, Role: "supervisor", Area: linyi})
	if account != 7 || from != 371424000000 || to != 371425000000 || role != "supervisor" {
		t.Errorf("acting as account %d in [%d, %d) as %q", account, from, to, role)
	}
	if account, from, to, role = ask(postgres.Principal{}); account != 0 || from != 0 || to != 0 || role != "" {
		t.Errorf("nobody acts as account %d in [%d, %d) as %q", account, from, to, role)
	}
}

func TestOwnServer(t *testing.T) {
	dir, err := os.MkdirTemp("", "dajiuzhu-own-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // made, and started again
		db, err := postgres.Open(t.Context(), postgres.Config{Dir: dir, Fast: true})
		if err != nil {
			t.Fatal(err)
		}
		beside, err := postgres.Open(t.Context(), postgres.Config{Dir: dir, Fast: true})
		if err != nil {
			t.Fatalf("beside the first: %v", err)
		}
		if err := beside.Work(t.Context(), func(tx pgx.Tx) error { return tx.Conn().Ping(context.Background()) }); err != nil {
			t.Error(err)
		}
		if err := beside.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Whoever slips a query under the pages' role cannot make himself another: settings of who acts count only where the program made them.
func TestWhoActsCannotBeForged(t *testing.T) {
	db := postgrestest.New(t)
	linyi, err := area.Parse("371424")
	if err != nil {
		t.Fatal(err)
	}
	officer := postgres.Principal{Account: 7, Role: "officer", Area: linyi}
	var said, proof string
	if err := db.As(t.Context(), officer, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), "select current_setting('acting.said'), current_setting('acting.proof')").Scan(&said, &proof)
	}); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, forgery string }{
		{"another role", "select set_config('acting.said', replace(current_setting('acting.said'), 'officer', 'administrator'), true)"},
		{"another area", "select set_config('acting.said', replace(current_setting('acting.said'), '371425', '999999'), true)"},
		{"no proof", "select set_config('acting.proof', '', true)"},
		{"the proof of another transaction", "select set_config('acting.said', '" + said + "', true), set_config('acting.proof', '" + proof + "', true)"},
		{"for the whole session", "select set_config('acting.said', '" + said + "', false), set_config('acting.proof', '" + proof + "', false)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := db.As(t.Context(), officer, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), test.forgery); err != nil {
					return err
				}
				var account, to int64
				var role string
				err := tx.QueryRow(t.Context(), "select acting_account(), acting_area_to(), acting_role()").Scan(&account, &to, &role)
				if account != 0 || to != 0 || role != "" {
					t.Errorf("acting as account %d up to %d as %q", account, to, role)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	for name, query := range map[string]string{
		"reading the key":     "select key from acting_key",
		"making a proof":      "select acting_proof('7')",
		"saying it oneself":   "select begin_acting('00000000000000000000000000000000', 1, 'administrator', 0, 999999999999, '', '', now())",
		"making a key":        "insert into acting_key values ('00000000000000000000000000000000')",
		"another function":    "create function acting_role() returns text language sql return 'administrator'",
		"a table in its way":  "create table acting_key (key text)",
		"becoming the worker": "set role dajiuzhu_worker",
	} {
		if err := db.As(t.Context(), officer, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), query); return err }); err == nil {
			t.Errorf("%s: %s is allowed", name, query)
		}
	}
}
