package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

// TestLedgerCommands walks from a key to an export that verifies, and to a database and a folder that do not.
func TestLedgerCommands(t *testing.T) {
	url, dir := postgrestest.NewURL(t), t.TempDir()
	t.Setenv("DATABASE_URL", url)
	call := func(want int, args ...string) string {
		t.Helper()
		var out, errout strings.Builder
		if code := run(t.Context(), args, nil, &out, &errout); code != want {
			t.Fatalf("%v ends with %d, want %d\n%s%s", args, code, want, &out, &errout)
		}
		return out.String() + errout.String()
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	data := "--data=" + postgrestest.Dir()
	public := strings.TrimSpace(call(exitOK, "ledger", "key", "--file", file("key"), "--origin", "example.org/ledger"))
	call(exitInput, "ledger", "key", "--file", file("key"), "--origin", "example.org/ledger")
	call(exitInput, "ledger", "export", "--out", file("export"), "--key", file("key"), data) // nothing yet
	db := fillLedger(t, url, file("key"))

	if said := call(exitOK, "ledger", "export", "--out", file("export"), "--key", file("key"), data); !strings.HasPrefix(said, "5 leaves and 5 acts in ") {
		t.Error(said)
	}
	for _, args := range [][]string{
		{"verify", file("export"), "--key", public},
		{"verify", file("export"), "--key", filepath.Join(file("export"), "key")},
		{"verify", "--key", public, "--earlier", filepath.Join(file("export"), "checkpoint"), "--before", file("export"), data},
	} {
		if said := call(exitOK, args...); !strings.Contains(said, "存证记录 5 条，核对行为 5 条，待排序 0 条") || !strings.Contains(said, "完整") || strings.Contains(said, "※") {
			t.Errorf("%v: %s", args, said)
		}
	}
	if said := call(exitOK, "verify", file("export"), "--lang", "en"); !strings.Contains(said, "※ no key was given") || !strings.Contains(said, "whole") {
		t.Error(said)
	}
	call(exitInput, "verify", data) // no key
	call(exitInput, "verify", file("nosuch"))
	call(exitInput, "verify", file("export"), "--earlier", file("nosuch"))

	if _, err := db.Own().Exec(t.Context(), "set session_replication_role = replica; update act set subject = 'person:9' where id = 3"); err != nil {
		t.Fatal(err)
	}
	if said := call(exitFaults, "verify", "--key", public, data); !strings.Contains(said, "第一条有误的存证记录：2\n") {
		t.Error(said)
	}
	call(exitOK, "ledger", "export", "--out", file("changed"), "--key", file("key"), data)
	if said := call(exitFaults, "verify", file("changed"), "--lang", "en"); !strings.Contains(said, "first wrong leaf: 2\n") {
		t.Error(said)
	}
}

// fillLedger records five acts and integrates them.
func fillLedger(t *testing.T, url, keyFile string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Dir: postgrestest.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	key, err := ledger.LoadKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Work(t.Context(), func(tx pgx.Tx) error {
		for range 5 {
			if _, err := ledger.Record(t.Context(), tx, ledger.Act{Kind: "batch.promote", Subject: "batch:1"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.NewSequencer(db, key, slog.New(slog.DiscardHandler)).Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
