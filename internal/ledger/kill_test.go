package ledger_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

// TestSequencerOfAChild is the process that TestKillingSequencers kills: it runs a sequencer until then.
func TestSequencerOfAChild(t *testing.T) {
	url := os.Getenv("LEDGER_CHILD_URL")
	if url == "" {
		t.Skip("it runs only as a child")
	}
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Dir: os.Getenv("LEDGER_CHILD_DIR")})
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.LoadKey(os.Getenv("LEDGER_CHILD_KEY"))
	if err != nil {
		t.Fatal(err)
	}
	ledger.NewSequencer(db, key, quiet).Run(t.Context())
}

// TestKillingSequencers kills sequencers with SIGKILL at ten moments while acts are recorded: no leaf is lost, doubled or half applied.
func TestKillingSequencers(t *testing.T) {
	url := postgrestest.NewURL(t)
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Dir: postgrestest.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	file := filepath.Join(t.TempDir(), "key")
	key, err := ledger.GenerateKey(file, origin)
	if err != nil {
		t.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(1, 2))
	ctx, stop := context.WithCancel(t.Context())
	recorded := make(chan int)
	go func() { recorded <- recordUntil(ctx, t, db) }()
	for range 10 {
		child := exec.Command(os.Args[0], "-test.run=^TestSequencerOfAChild$")
		child.Env = append(os.Environ(), "LEDGER_CHILD_URL="+url, "LEDGER_CHILD_DIR="+postgrestest.Dir(), "LEDGER_CHILD_KEY="+file)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		before := headSize(t, db)
		for tries := 0; headSize(t, db) == before && tries < 500; tries++ { // it works
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Duration(draw.IntN(150)) * time.Millisecond)
		child.Process.Kill()
		child.Wait()
		if report := verify(t, db, trusting(t, key)); !report.OK() {
			t.Fatal(report.Faults)
		}
	}
	stop()
	total := <-recorded
	integrate(t, db, key)
	report := verify(t, db, trusting(t, key))
	if !report.OK() || report.Tree.N != int64(total) || report.Waiting != 0 {
		t.Errorf("%d recorded, %+v: %v", total, report, report.Faults)
	}
}

// recordUntil records acts, fifty a transaction, and counts them.
func recordUntil(ctx context.Context, t *testing.T, db *postgres.DB) (n int) {
	for ctx.Err() == nil {
		err := db.As(context.Background(), officer, func(tx pgx.Tx) error {
			for range 50 {
				if _, err := ledger.Record(context.Background(), tx, ledger.Act{Kind: "person.open", Subject: "person:1"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
			return n
		}
		n += 50
	}
	return n
}

func headSize(t *testing.T, db *postgres.DB) (size int64) {
	t.Helper()
	if err := db.Own().QueryRow(context.Background(), "select coalesce(max(size), 0) from tree_head").Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}
