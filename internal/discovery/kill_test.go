package discovery_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// runningChild is the environment's word for the test binary that it is to determine everybody and be killed.
const runningChild = "DAJIUZHU_DETERMINING"

func TestMain(m *testing.M) {
	postgrestest.AsChild(runningChild, runAsChild)
	postgrestest.Main(m)
}

// runAsChild determines everybody as another process does, telling when it begins.
func runAsChild() error {
	ctx := context.Background()
	keys, err := sealed.LoadKeys(os.Getenv("DAJIUZHU_TEST_KEYS"))
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: os.Getenv("DAJIUZHU_TEST_URL"), Dir: os.Getenv("DAJIUZHU_TEST_DIR")})
	if err != nil {
		return err
	}
	defer db.Close()
	var identities *registry.Identities
	err = db.Work(ctx, func(tx pgx.Tx) (err error) {
		identities, err = registry.LoadIdentities(ctx, tx, keys)
		return err
	})
	if err != nil {
		return err
	}
	policy := dezhou()
	fmt.Println("begins")
	_, err = discovery.New(db, ingest.New(db, policy.Pack(), identities, keys), registry.New(keys), identities, policy).Run(ctx, on, nil)
	return err
}

// Killed at any moment and begun again, a run comes to what the files are: nobody is lost or doubled, no finding is half there.
func TestKilledRuns(t *testing.T) {
	keyFile := t.TempDir() + "/keys"
	if err := sealed.GenerateKeys(keyFile); err != nil {
		t.Fatal(err)
	}
	keys, err := sealed.LoadKeys(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	url := postgrestest.NewURL(t)
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Dir: postgrestest.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := cityIn(t, db, keys, 1500)
	c.bring(c.deliveries)
	random, killed := rand.New(rand.NewPCG(3, 4)), 0
	for range 10 {
		if postgrestest.Kill(t, runningChild, time.Duration(random.IntN(700))*time.Millisecond,
			"DAJIUZHU_TEST_URL="+url, "DAJIUZHU_TEST_DIR="+postgrestest.Dir(), "DAJIUZHU_TEST_KEYS="+keyFile) {
			killed++
		}
	}
	if killed == 0 {
		t.Error("every run was through before it was killed")
	}
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	if want, got := screened(t, c.deliveries), c.warnings(); !slices.Equal(got, want) {
		t.Errorf("the record warns otherwise than the files:\n%s", difference(want, got))
	}
	for what, query := range map[string]string{
		"persons in no household":         "select count(*) from person p where registered and not exists (select from membership m where m.person = p.id and m.to_date is null)",
		"households without a finding":    "select count(*) from household h where to_date is null and not exists (select from finding f where f.household = h.id)",
		"findings without a household":    "select count(*) from finding f where not exists (select from household h where h.id = f.household and h.to_date is null)",
		"warnings without a household":    "select count(*) from warning w where state <> 'closed' and not exists (select from household h where h.id = w.household and h.to_date is null)",
		"current runs but one":            "select abs(count(*) - 1) from screening_run where state = 'current'",
		"runs that are said to be on yet": "select count(*) from screening_run where state = 'running'",
		"staged rows":                     "select (select count(*) from staged_finding) + (select count(*) from staged_warning) + (select count(*) from staged_outcome)",
	} {
		var n int
		if err := db.Own().QueryRow(t.Context(), query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s, %v", n, what, err)
		}
	}
}
