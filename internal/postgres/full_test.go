package postgres_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// disk is a small disk of its own, which only root can mount.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root mounts a small disk")
	}
	dir, err := os.MkdirTemp("", "dajiuzhu-disk-")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=755", megabytes)); err != nil {
		os.Remove(dir)
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(syscall.Unmount(dir, 0), os.Remove(dir)); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes what room there is.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filling")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for piece := make([]byte, 1<<20); len(piece) > 0; piece = piece[:len(piece)/2] {
		for err = nil; err == nil; {
			_, err = f.Write(piece)
		}
	}
	return func() { os.Remove(name) }
}

// TestDiskFull: wherever the start comes to a full disk, the fault says so, and what to do; with room again everything is there.
func TestDiskFull(t *testing.T) {
	start := func(dir string) (*postgres.DB, error) {
		return postgres.Open(t.Context(), postgres.Config{Dir: dir, Own: true, Fast: true})
	}
	fails := func(what, dir string) {
		t.Helper()
		db, err := start(dir)
		if err == nil {
			db.Close()
			t.Fatalf("%s: it starts", what)
		}
		var f *fault.Error
		if !errors.As(err, &f) || f.Text.Key != "postgres.disk-full" || fault.KindOf(err) != fault.Unready {
			t.Errorf("%s: %v", what, err)
			return
		}
		if said := f.Message(fault.Zh); !strings.Contains(said, dir) || !strings.Contains(said, "腾出空间") {
			t.Errorf("%s: %s", what, said)
		}
	}
	t.Run("before anything is there", func(t *testing.T) {
		dir := disk(t, 1)
		fill(t, dir)
		fails("the first start on a full disk", dir)
	})
	t.Run("while it is made", func(t *testing.T) { fails("a disk that is too small", disk(t, 12)) })
	t.Run("later", func(t *testing.T) {
		dir := disk(t, 220)
		db, err := start(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Own().Exec(t.Context(), "create table kept as select generate_series(1, 1000) n"); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		free := fill(t, dir)
		fails("a later start", dir)
		free()
		if db, err = start(dir); err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var n int
		if err := db.Own().QueryRow(t.Context(), "select count(*) from kept").Scan(&n); err != nil || n != 1000 {
			t.Errorf("%d rows are there, %v", n, err)
		}
	})
}
