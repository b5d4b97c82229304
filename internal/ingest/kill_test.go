package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/sealed"
)

// importingChild is the environment's word for the test binary that it is to import and be killed.
const importingChild = "DAJIUZHU_IMPORTING"

func TestMain(m *testing.M) {
	postgrestest.AsChild(importingChild, importAsChild)
	postgrestest.Main(m)
}

// importAsChild imports as another process does, telling when it begins.
func importAsChild() error {
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
	all, err := loadIdentities(ctx, db, keys)
	if err != nil {
		return err
	}
	fmt.Println("begins")
	_, err = ingest.New(db, dezhou(), all, keys).Import(ctx, os.DirFS(os.Getenv("DAJIUZHU_TEST_FOLDER")), ingest.Options{Workers: 2})
	return err
}

// Killed at any moment and begun again, an import comes to what the folder is: no row is lost, doubled or half there.
func TestKilledImports(t *testing.T) {
	folder := t.TempDir()
	writeCounty(t, folder, 1500)
	url, keyFile := postgrestest.NewURL(t), t.TempDir()+"/keys"
	if err := sealed.GenerateKeys(keyFile); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, Dir: postgrestest.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := ingest.ApplyPack(t.Context(), db.Own(), dezhou()); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for range 10 {
		if postgrestest.Kill(t, importingChild, time.Duration(random.IntN(350))*time.Millisecond,
			"DAJIUZHU_TEST_URL="+url, "DAJIUZHU_TEST_DIR="+postgrestest.Dir(), "DAJIUZHU_TEST_KEYS="+keyFile, "DAJIUZHU_TEST_FOLDER="+folder) {
			killed++
		}
	}
	if killed == 0 {
		t.Error("every import was through before it was killed")
	}
	keys, err := sealed.LoadKeys(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	r := ingest.New(db, dezhou(), identities(t, db, keys), keys)
	for _, o := range imported(t, r, os.DirFS(folder)) {
		if o.State != ingest.Promoted {
			t.Errorf("%s: %s", o.Name, o.State)
		}
	}
	set := whole(t, r, db)
	compare(t, set, read(t, os.DirFS(folder)))
	countsRows(t, db, set)
	var promoted, recorded int
	err = db.Own().QueryRow(t.Context(), "select (select count(*) from batch where state = 'promoted'), (select count(*) from act where kind = 'batch.promote')").Scan(&promoted, &recorded)
	if err != nil || promoted != recorded {
		t.Errorf("%d batches are promoted, %d promotions recorded, %v", promoted, recorded, err)
	}
}

// countsRows holds the tables to what the set has: nothing lies there that no batch in use has.
func countsRows(t *testing.T, db *postgres.DB, set *feed.Set) {
	t.Helper()
	for _, table := range set.Tables {
		var n int
		if err := db.Own().QueryRow(t.Context(), "select count(*) from "+tableName(table.Feed)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != table.Len() {
			t.Errorf("%s has %d rows, of which %d are in use", table.Feed.ID, n, table.Len())
		}
	}
}
