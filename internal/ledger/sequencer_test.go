package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

const origin = "ledger.example/dezhou"

var quiet = slog.New(slog.DiscardHandler)

// newKey makes a signing key.
func newKey(t testing.TB) *ledger.Key {
	t.Helper()
	key, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "ledger.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fill records n acts and integrates them in several heads.
func fill(t testing.TB, db *postgres.DB, key *ledger.Key, n int) {
	t.Helper()
	for i := range n {
		record(t, db, officer, ledger.Act{Kind: "person.open", Subject: fmt.Sprintf("person:%d", i), Detail: map[string]int{"n": i}})
		if i%7 == 6 || i == n-1 {
			integrate(t, db, key)
		}
	}
}

func integrate(t testing.TB, db *postgres.DB, key *ledger.Key) {
	t.Helper()
	if err := ledger.NewSequencer(db, key, quiet).Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// client reads a ledger over HTTP as tlog's own client does.
type client struct {
	t    testing.TB
	base string
}

func (c client) Height() int { return 8 }

func (c client) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		body, status := c.get("/" + path)
		if status != http.StatusOK {
			return nil, fmt.Errorf("%s: %d", path, status)
		}
		data = append(data, body)
	}
	return data, nil
}

func (c client) SaveTiles([]tlog.Tile, [][]byte) {}

func (c client) get(path string) ([]byte, int) {
	c.t.Helper()
	response, err := http.Get(c.base + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return body, response.StatusCode
}

// ask reads JSON.
func ask[T any](c client, path string) (v T) {
	c.t.Helper()
	body, status := c.get(path)
	if status != http.StatusOK {
		c.t.Fatalf("%s: %d %s", path, status, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		c.t.Fatal(err)
	}
	return v
}

// open reads and checks the checkpoint.
func (c client) open(key *ledger.Key) tlog.Tree {
	c.t.Helper()
	signed, _ := c.get("/checkpoint")
	verifier, err := ledger.ParsePublic(key.Public())
	if err != nil {
		c.t.Fatal(err)
	}
	tree, err := ledger.OpenCheckpoint(signed, verifier)
	if err != nil {
		c.t.Fatal(err)
	}
	return tree
}

func serve(t testing.TB, db *postgres.DB) client {
	server := httptest.NewServer(ledger.Handler(db, quiet))
	t.Cleanup(server.Close)
	return client{t, server.URL}
}

func TestTheStandardClientVerifies(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	c := serve(t, db)
	if _, status := c.get("/checkpoint"); status != http.StatusNotFound {
		t.Errorf("an empty ledger's checkpoint: %d", status)
	}
	fill(t, db, key, 300)
	older := c.open(key)
	fill(t, db, key, 40)
	tree := c.open(key)
	if older.N != 300 || tree.N != 340 {
		t.Fatalf("the trees have %d and %d leaves", older.N, tree.N)
	}
	tiles := tlog.TileHashReader(tree, c)
	entries := bundles(c, tree.N)
	for i, entry := range entries {
		hashes, err := tiles.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))}) // checks the tiles against the tree
		if err != nil {
			t.Fatal(err)
		}
		if hashes[0] != tlog.RecordHash(entry) {
			t.Fatalf("leaf %d is not its entry's", i)
		}
		if i%37 != 0 {
			continue
		}
		p := ask[ledger.Inclusion](c, fmt.Sprintf("/proof/inclusion?index=%d", i))
		if err := tlog.CheckRecord(p.Proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(entry)); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
	}
	p := ask[ledger.Consistency](c, fmt.Sprintf("/proof/consistency?from=%d", older.N))
	if err := tlog.CheckTree(p.Proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		t.Error(err)
	}
	proof, err := tlog.ProveTree(tree.N, older.N, tiles)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		t.Error(err)
	}
}

// bundles reads all entries of a tree.
func bundles(c client, size int64) (entries [][]byte) {
	c.t.Helper()
	for _, tile := range tlog.NewTiles(8, 0, size) {
		if tile.L != 0 {
			continue
		}
		body, status := c.get(strings.Replace("/"+tile.Path(), "/tile/8/0/", "/tile/entries/", 1))
		if status != http.StatusOK {
			c.t.Fatalf("entries %d: %d", tile.N, status)
		}
		for len(body) > 0 {
			n := 2 + int(body[0])<<8 + int(body[1])
			entries, body = append(entries, body[2:n]), body[n:]
		}
	}
	return entries
}

func TestPages(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	fill(t, db, key, 260)
	c := serve(t, db)
	const long, short = "public, max-age=31536000, immutable", "public, max-age=1"
	for path, want := range map[string]struct {
		status        int
		kind, caching string
	}{
		"/checkpoint":           {200, "text/plain; charset=utf-8", short},
		"/tile/0/000":           {200, "application/octet-stream", long},
		"/tile/0/001.p/4":       {200, "application/octet-stream", long},
		"/tile/0/001.p/2":       {200, "application/octet-stream", long},
		"/tile/1/000.p/1":       {200, "application/octet-stream", long},
		"/tile/entries/000":     {200, "application/octet-stream", long},
		"/tile/entries/001.p/4": {200, "application/octet-stream", long},
		"/tile/entries/001.p/5": {404, "", "no-store"},
		"/tile/0/001":           {404, "", "no-store"},
		"/tile/2/000.p/1":       {404, "", "no-store"},
		"/tile/63/000.p/1":      {404, "", "no-store"},
		"/tile/data/000":        {404, "", "no-store"},
		"/tile/8/0/000":         {404, "", "no-store"},
		"/tile/0/0":             {404, "", "no-store"},
		"/tile/0/000.p/256":     {404, "", "no-store"},
		"/tile/0/x999/x999/x999/x999/x999/x999/x999/999": {404, "", "no-store"},
		"/proof/inclusion?index=259":                     {200, "application/json", short},
		"/proof/inclusion?index=3&size=4":                {200, "application/json", short},
		"/proof/inclusion?index=260":                     {404, "", "no-store"},
		"/proof/inclusion?index=4&size=4":                {404, "", "no-store"},
		"/proof/inclusion?index=4&size=261":              {404, "", "no-store"},
		"/proof/inclusion?index=x":                       {400, "", "no-store"},
		"/proof/inclusion?index=-1":                      {400, "", "no-store"},
		"/proof/inclusion":                               {400, "", "no-store"},
		"/proof/consistency?from=4&size=9":               {200, "application/json", short},
		"/proof/consistency?from=9&size=4":               {404, "", "no-store"},
		"/proof/consistency?from=0":                      {404, "", "no-store"},
		"/acts":                                          {404, "", ""},
	} {
		response, err := http.Get(c.base + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want.status || response.Header.Get("Cache-Control") != want.caching ||
			want.kind != "" && response.Header.Get("Content-Type") != want.kind {
			t.Errorf("%s: %d %v", path, response.StatusCode, response.Header)
		}
	}
}

func TestWhatDoesNotFitIsNotAddedTo(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	fillAtOnce(t, db, key, 3)
	record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:1"})
	other, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "other"), "other.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.NewSequencer(db, other, quiet).Integrate(t.Context()); err == nil {
		t.Error("a key of another origin signed")
	}
	newer := newKey(t) // of the same origin
	integrate(t, db, newer)
	if report := verify(t, db, trusting(t, key, newer)); !report.OK() || report.Tree.N != 4 {
		t.Errorf("with both keys: %+v: %v", report, report.Faults)
	}
	record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:1"})
	tamper(t, db, "update tree_head set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where size = 4")
	tamper(t, db, "update tree_head set root = sha256(root) where size = 4")
	if err := ledger.NewSequencer(db, newer, quiet).Integrate(t.Context()); err == nil {
		t.Error("leaves were added to a tree that does not fit its head")
	}
}

// leafless counts acts and those among them that have no place.
func leafless(t testing.TB, db *postgres.DB) (acts, without int) {
	t.Helper()
	err := db.Own().QueryRow(context.Background(), "select count(*), count(*) - count(index) from act left join leaf_index on act = id").Scan(&acts, &without)
	if err != nil {
		t.Fatal(err)
	}
	return acts, without
}

func TestALateTransactionIsNotSkipped(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	ctx := t.Context()
	late, err := db.Own().Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback(context.Background())
	old, err := ledger.Record(ctx, late, ledger.Act{Kind: "batch.promote", Subject: "batch:1"})
	if err != nil {
		t.Fatal(err)
	}
	nested, err := late.Begin(ctx) // a part of a transaction has a number of its own
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Record(ctx, nested, ledger.Act{Kind: "batch.note", Subject: "batch:1"}); err != nil {
		t.Fatal(err)
	}
	if err := nested.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); ledger.NewSequencer(db, key, quiet).Run(running) }()
	defer func() { stop(); <-done }()
	var newer int64
	for range 30 {
		newer = record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:1"})
	}
	await(t, db, newer)
	if err := late.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	await(t, db, old)
	if acts, without := leafless(t, db); acts != 32 || without != 0 {
		t.Errorf("of %d acts %d have no place", acts, without)
	}
}

// await waits until an act's leaf has its place.
func await(t testing.TB, db *postgres.DB, act int64) {
	t.Helper()
	for range 1000 {
		var placed bool
		err := db.Work(context.Background(), func(tx pgx.Tx) (err error) {
			_, placed, err = ledger.LeafOf(context.Background(), tx, act)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if placed {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("act %d has no place after 20 seconds", act)
}

func TestManyWritersAndSequencers(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	ctx, stop := context.WithCancel(t.Context())
	var sequencers, writers sync.WaitGroup
	for range 3 {
		sequencers.Go(func() { ledger.NewSequencer(db, key, quiet).Run(ctx) })
	}
	var kept, last [8]int64
	for w := range kept {
		writers.Go(func() {
			draw := rand.New(rand.NewPCG(1, uint64(w)))
			for range 60 {
				rollback := draw.IntN(4) == 0
				err := db.As(ctx, officer, func(tx pgx.Tx) (err error) {
					n := 1 + draw.IntN(3)
					for range n {
						if last[w], err = ledger.Record(ctx, tx, ledger.Act{Kind: "person.open", Subject: "person:1"}); err != nil {
							return err
						}
					}
					if rollback {
						return errRollback
					}
					kept[w] += int64(n)
					return nil
				})
				if err != nil && !errors.Is(err, errRollback) {
					t.Error(err)
				}
			}
			last[w] = record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:1"})
			kept[w]++
		})
	}
	writers.Wait()
	total := int64(0)
	for w := range kept {
		await(t, db, last[w])
		total += kept[w]
	}
	stop()
	sequencers.Wait()
	if acts, without := leafless(t, db); int64(acts) != total || without != 0 {
		t.Errorf("of %d acts, %d recorded, %d have no place", acts, total, without)
	}
	if tree := serve(t, db).open(key); tree.N != total {
		t.Errorf("the tree has %d leaves of %d acts", tree.N, total)
	}
}

var errRollback = errors.New("thought better of it")
