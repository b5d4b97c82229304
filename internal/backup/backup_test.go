package backup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/backup"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// filled is a database with acts, whose row text needs every escape of COPY.
func filled(t *testing.T) *postgres.DB {
	t.Helper()
	db := postgrestest.New(t)
	err := db.Work(t.Context(), func(tx pgx.Tx) error {
		for i := range 300 {
			act := ledger.Act{Kind: "person.open", Subject: "person:" + strconv.Itoa(i), Detail: map[string]string{"why": "tab\t, line\n, \\N, 为什么"}}
			if _, err := ledger.Record(t.Context(), tx, act); err != nil {
				return err
			}
		}
		_, err := tx.Exec(t.Context(), `insert into river_job (kind, args, max_attempts) values ('a.job', '{"id": 5}', 3)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func write(t *testing.T, db *postgres.DB) (string, backup.Summary) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.zip")
	sum, err := backup.Write(t.Context(), db, path, "pack", time.Now(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return path, sum
}

func restore(t *testing.T, path string, db *postgres.DB) (backup.Summary, error) {
	t.Helper()
	f, err := backup.Open(path)
	if err != nil {
		return backup.Summary{}, err
	}
	defer f.Close()
	return f.Restore(t.Context(), db, func(int, int) {})
}

// content is every act with its digest and leaf.
func content(t *testing.T, db *postgres.DB) string {
	t.Helper()
	var all string
	err := db.Own().QueryRow(t.Context(), `select coalesce(string_agg(a::text || encode(l.digest, 'hex') || (act_digest(a) = l.digest)::text, E'\n' order by a.id), '')
		from act a join leaf l on l.act = a.id`).Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestThereAndBack(t *testing.T) {
	from, to := filled(t), postgrestest.New(t)
	path, sum := write(t, from)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	got, err := restore(t, path, to)
	if err != nil || got != sum || sum.Rows < 601 {
		t.Fatalf("restored %+v of %+v: %v", got, sum, err)
	}
	if a, b := content(t, from), content(t, to); a != b || strings.Contains(b, "false") {
		t.Error("the acts are not the same")
	}
	next := func(db *postgres.DB) (id int64) {
		err := db.Work(t.Context(), func(tx pgx.Tx) (err error) {
			id, err = ledger.Record(t.Context(), tx, ledger.Act{Kind: "person.open", Subject: "person:1"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if a, b := next(from), next(to); a != b {
		t.Errorf("the next act is %d, and %d in the restored database", a, b)
	}
	if _, err := to.Own().Exec(t.Context(), "delete from act"); err == nil {
		t.Error("the restored ledger can be changed")
	}
	if _, err := backup.Write(t.Context(), from, path, "pack", time.Now(), func(int, int) {}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("writing over a backup: %v", err)
	}
}

// A database that holds something is left as it is.
func TestNotOverContent(t *testing.T) {
	path, _ := write(t, postgrestest.New(t))
	full := filled(t)
	before := content(t, full)
	if _, err := restore(t, path, full); fault.KindOf(err) != fault.Conflict {
		t.Errorf("restored over content: %v", err)
	}
	if content(t, full) != before {
		t.Error("the content changed")
	}
}

// Whatever byte is damaged and wherever it is cut off, nothing is restored.
func TestDamaged(t *testing.T) {
	path, _ := write(t, filled(t))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := postgrestest.New(t)
	for name, bad := range map[string][]byte{
		"cut off":                whole[:len(whole)/2],
		"empty":                  nil,
		"without its last bytes": whole[:len(whole)-10],
		"a byte of the acts":     flip(whole, 600),
		"a byte of the leaves":   flip(whole, len(whole)/2),
		"a name":                 bytes.ReplaceAll(whole, []byte("tables/leaf"), []byte("tables/loaf")),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bad.zip")
			if err := os.WriteFile(file, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := restore(t, file, to); fault.KindOf(err) != fault.Invalid {
				t.Errorf("restored, or not told clearly: %v", err)
			}
			if content(t, to) != "" {
				t.Error("something was restored")
			}
		})
	}
	if _, err := restore(t, path, to); err != nil {
		t.Errorf("after all that, the whole one: %v", err)
	}
}

func flip(whole []byte, at int) []byte {
	bad := bytes.Clone(whole)
	bad[at] ^= 0x40
	return bad
}

// What is written while a backup is under way is in it wholly or not at all.
func TestSnapshot(t *testing.T) {
	from, to := filled(t), postgrestest.New(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		for {
			err := from.Work(ctx, func(tx pgx.Tx) error {
				_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "person.open", Subject: "person:7"})
				return err
			})
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	path, _ := write(t, from)
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Log(err)
	}
	if _, err := restore(t, path, to); err != nil {
		t.Fatal(err)
	}
	var alone int
	err := to.Own().QueryRow(t.Context(), "select count(*) from act full join leaf on leaf.act = act.id where act.id is null or leaf.act is null").Scan(&alone)
	if err != nil || alone != 0 {
		t.Errorf("%d acts or leaves are alone: %v", alone, err)
	}
}
