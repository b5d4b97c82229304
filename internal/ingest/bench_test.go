package ingest_test

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// deliveries is the folder that the environment names, or a sample county.
func deliveries(b *testing.B) fs.FS {
	if dir := os.Getenv("DAJIUZHU_DELIVERIES"); dir != "" {
		return os.DirFS(dir)
	}
	return county(b, 20_000)
}

// BenchmarkImport takes a folder into an empty record, beside the bare copying of the same rows into a table without keys.
func BenchmarkImport(b *testing.B) {
	folder := deliveries(b)
	for b.Loop() {
		r, db := benchRecord(b)
		start := time.Now()
		_, err := r.Import(b.Context(), folder, ingest.Options{Workers: 2})
		if err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		b.ReportMetric(peakMiB(), "peak-MiB")
		b.ReportMetric(sizeMiB(b, db), "database-MiB")
		rows, plain := bareCopy(b, db)
		b.ReportMetric(float64(rows)/took.Seconds(), "rows/s")
		b.ReportMetric(float64(rows)/plain.Seconds(), "bare-rows/s")
		b.ReportMetric(took.Seconds()/plain.Seconds(), "times-bare")
	}
}

// benchRecord is an empty record: on a server that waits for its disk where the deliveries are the environment's.
func benchRecord(b *testing.B) (*ingest.Record, *postgres.DB) {
	if os.Getenv("DAJIUZHU_DELIVERIES") == "" {
		return newRecord(b, dezhou())
	}
	dir, err := os.MkdirTemp("", "dajiuzhu-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	db, err := postgres.Open(b.Context(), postgres.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := ingest.ApplyPack(b.Context(), db.Own(), dezhou()); err != nil {
		b.Fatal(err)
	}
	keys := sealed.NewKeys()
	return ingest.New(db, dezhou(), identities(b, db, keys), keys), db
}

// peakMiB is the most memory that this process had.
func peakMiB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0 // not on Linux
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}

func sizeMiB(b *testing.B, db *postgres.DB) (mib float64) {
	if err := db.Own().QueryRow(b.Context(), "select pg_database_size(current_database()) / 1048576.0").Scan(&mib); err != nil {
		b.Fatal(err)
	}
	return mib
}

// bareCopy copies what was imported out and in again, table by table, and tells how long the copying in took.
func bareCopy(b *testing.B, db *postgres.DB) (rows int64, took time.Duration) {
	ctx := b.Context()
	tables, err := db.Own().Query(ctx, "select 'feed_' || replace(id, '-', '_') from feed order by 1")
	if err != nil {
		b.Fatal(err)
	}
	names, err := pgx.CollectRows(tables, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		spool, err := os.CreateTemp(b.TempDir(), "")
		if err != nil {
			b.Fatal(err)
		}
		conn, err := db.Own().Acquire(ctx)
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriterSize(spool, 1<<20)
		if _, err := conn.Conn().PgConn().CopyTo(ctx, w, fmt.Sprintf("copy %s to stdout (format binary)", name)); err != nil {
			b.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if _, err := spool.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf("create table bare (like %s)", name)); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		tag, err := conn.Conn().PgConn().CopyFrom(ctx, spool, "copy bare from stdin (format binary)")
		if err != nil {
			b.Fatal(err)
		}
		took += time.Since(start)
		rows += tag.RowsAffected()
		if _, err := conn.Exec(ctx, "drop table bare"); err != nil {
			b.Fatal(err)
		}
		conn.Release()
		_, _ = spool.Close(), os.Remove(spool.Name())
	}
	return rows, took
}
