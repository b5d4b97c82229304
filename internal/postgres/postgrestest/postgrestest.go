// Package postgrestest gives each test a database of its own on a real server.
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		db := postgrestest.New(t)
//		…
//	}
//
// The server is started by the first test that asks, without waiting for disks, and stopped by [Main]. Each database is a copy of one
// that was migrated, which takes some tens of milliseconds.
package postgrestest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/postgres"
)

const template = "dajiuzhu_template"

var (
	running struct {
		sync.Once
		dir    string
		server *postgres.Server
		err    error
	}
	copies atomic.Int64
)

// Main runs a package's tests and stops the server after them.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is [Main] for a package whose TestMain has more to do: it returns the exit code.
func Run(m *testing.M) (code int) {
	code = m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the test database:", err)
		code = max(code, 1)
	}
	return code
}

func stop() error {
	if running.dir == "" {
		return nil
	}
	if err := running.server.Stop(); err != nil {
		return err
	}
	return os.RemoveAll(running.dir)
}

// New returns an empty database in the newest form, which is closed and dropped after the test.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), postgres.Config{URL: NewURL(t), Dir: running.dir})
	if err != nil {
		t.Fatalf("opening the test database: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// NewURL makes an empty database in the newest form and returns where its owner finds it, for a test that opens it itself or more than
// once, as another process would. It is dropped after the test.
func NewURL(t testing.TB) string {
	t.Helper()
	running.Do(start)
	if running.err != nil {
		t.Fatalf("starting the test database: %v", running.err)
	}
	name := fmt.Sprintf("test_%d", copies.Add(1))
	admin(t, "create database "+name+" template "+template)
	t.Cleanup(func() { admin(t, "drop database "+name+" with (force)") })
	return running.server.URL(name)
}

// Dir is the folder of the test server's secret, with which a database of [NewURL] is opened.
func Dir() string { return running.dir }

// admin runs a statement about whole databases.
func admin(t testing.TB, statement string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, running.server.URL("postgres"))
	if err != nil {
		t.Fatalf("connecting to the test server: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", strings.Fields(statement)[0], err)
	}
}

// start starts the server and makes the migrated template.
func start() {
	running.dir, running.err = os.MkdirTemp("", "dajiuzhu-test-")
	if running.err != nil {
		return
	}
	if running.err = os.Chmod(running.dir, 0o755); running.err != nil {
		return
	}
	ctx := context.Background()
	running.server, running.err = postgres.StartServer(ctx, running.dir, "test", true, true)
	if running.err != nil {
		return
	}
	running.err = makeTemplate(ctx)
}

func makeTemplate(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, running.server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "create database "+template); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: running.server.URL(template), Dir: running.dir})
	if err != nil {
		return err
	}
	return db.Close()
}
