package discovery_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/backup"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// onAnotherServer backs the city up, as a server would whose transactions have far higher numbers, and restores it to a new database.
func (c *city) onAnotherServer(keys *sealed.Keys) *city {
	c.t.Helper()
	for _, statement := range []string{
		"update touched set xid = '900000000', done_xid = case when done_xid is not null then '900000001'::xid8 end",
		"update finding_change set xid = '900000000'",
		"insert into county_columns (county, on_date, pack, snapshot) values (371424000000, '2026-11-01', 'x', '900000000:900000000:')",
	} {
		if _, err := c.db.Own().Exec(c.t.Context(), statement); err != nil {
			c.t.Fatal(err)
		}
	}
	path := filepath.Join(c.t.TempDir(), "backup")
	none := func(int, int) {}
	if _, err := backup.Write(c.t.Context(), c.db, path, "pack", time.Now(), none); err != nil {
		c.t.Fatal(err)
	}
	to := postgrestest.New(c.t)
	if err := ingest.ApplyPack(c.t.Context(), to.Own(), dezhou().Pack()); err != nil {
		c.t.Fatal(err)
	}
	f, err := backup.Open(path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Restore(c.t.Context(), to, none); err != nil {
		c.t.Fatal(err)
	}
	return c.in(to, keys)
}

// in is the same city in a database that holds it.
func (c *city) in(db *postgres.DB, keys *sealed.Keys) *city {
	c.t.Helper()
	other := &city{t: c.t, db: db, deliveries: c.deliveries}
	other.work(func(tx pgx.Tx) (err error) {
		other.identities, err = registry.LoadIdentities(c.t.Context(), tx, keys)
		return err
	})
	other.record = ingest.New(db, dezhou().Pack(), other.identities, keys)
	other.discovery = discovery.New(db, other.record, registry.New(keys), other.identities, dezhou())
	return other
}

// After a backup was restored on another server nobody is determined twice, and nobody never: neither who was touched before, nor who is touched now.
func TestRestoredOnAnotherServer(t *testing.T) {
	keys := sealed.NewKeys()
	c := cityIn(t, postgrestest.New(t), keys, 400)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	if u, err := c.discovery.Update(t.Context(), on); err != nil || u.Waiting != 0 {
		t.Fatalf("%+v, %v", u, err)
	}
	c.work(func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "insert into touched (area) values (371424000000)") // waits when the backup is written
		return err
	})
	there := c.onAnotherServer(keys)
	u, err := there.discovery.Update(t.Context(), on)
	if err != nil || u.Persons != 0 || u.Waiting == 0 {
		t.Errorf("after restoring: %+v, %v; want nobody determined again, and the area waiting", u, err)
	}
	if _, err := there.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	if waits, err := there.discovery.Waits(t.Context(), u.Waiting); err != nil || waits {
		t.Errorf("the area still waits after a run (%v)", err)
	}
	if u, err := there.discovery.Update(t.Context(), on); err != nil || u.Persons != 0 {
		t.Errorf("after the run: %+v, %v; want nobody determined again", u, err)
	}
	there.touch(there.insured(1)...)
	if u, err := there.discovery.Update(t.Context(), on); err != nil || u.Persons != 1 || u.Households == 0 {
		t.Errorf("who is touched now: %+v, %v", u, err)
	}
	if made, err := there.discovery.Columns(t.Context(), on, t.TempDir()); err != nil || len(made) != 1 {
		t.Errorf("%d counties' columns are made, %v", len(made), err)
	}
}
