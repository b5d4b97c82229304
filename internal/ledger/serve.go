package ledger

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/postgres"
)

// tileHeight is how many levels of the tree a tile spans, as C2SP tlog-tiles has it: 256 hashes a tile.
const tileHeight = 8

// Handler serves the ledger to anybody: the checkpoint and the tiles of C2SP tlog-tiles, and beside them proofs as JSON. The caller strips
// the prefix.
//
//	GET /checkpoint            the newest, with what witnesses have said of it so far
//	GET /checkpoint/witnessed  the newest of which a witness has said something
//	GET /tile/{level}/{index}[.p/{width}]
//	GET /tile/entries/{index}[.p/{width}]
//	GET /proof/inclusion?index=5[&size=10]
//	GET /proof/consistency?from=5[&size=10]
//
// What it serves is digests and kinds of acts; it reads as nobody, who sees no act.
func Handler(db *postgres.DB, log *slog.Logger) http.Handler {
	s := &server{db, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkpoint", s.answer(checkpointPage))
	mux.HandleFunc("GET /checkpoint/witnessed", s.answer(witnessedPage))
	mux.HandleFunc("GET /tile/", s.answer(tilePage))
	mux.HandleFunc("GET /proof/inclusion", s.answer(inclusionPage))
	mux.HandleFunc("GET /proof/consistency", s.answer(consistencyPage))
	return mux
}

type server struct {
	db  *postgres.DB
	log *slog.Logger
}

// errAbsent and errAsked end in 404 and 400.
var (
	errAbsent = errors.New("the ledger has no such thing")
	errAsked  = errors.New("what was asked cannot be read")
)

// reply is what a page answers.
type reply struct {
	kind    string // of content
	forever bool   // it never changes
	body    []byte
}

// answer turns a page, which reads in one transaction as nobody, into a handler. An error's text goes to the log only.
func (s *server) answer(page func(ctx context.Context, tx pgx.Tx, r *http.Request) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var found reply
		err := s.db.As(r.Context(), postgres.Principal{}, func(tx pgx.Tx) (err error) {
			found, err = page(r.Context(), tx, r)
			return err
		})
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case errors.Is(err, errAbsent):
			http.Error(w, errAbsent.Error(), http.StatusNotFound)
		case errors.Is(err, errAsked):
			http.Error(w, errAsked.Error(), http.StatusBadRequest)
		case err != nil:
			s.log.Error("the ledger could not be served", "err", err)
			http.Error(w, "the ledger cannot be read now", http.StatusServiceUnavailable)
		default:
			found.write(w, r)
		}
	}
}

func (f reply) write(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "public, max-age=1")
	if f.forever {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Write(f.body)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	zip := gzip.NewWriter(w)
	zip.Write(f.body)
	zip.Close()
}

func checkpointPage(ctx context.Context, tx pgx.Tx, _ *http.Request) (reply, error) {
	head, err := NewestHead(ctx, tx)
	if err == nil && head.Tree.N > 0 {
		head, err = headOf(ctx, tx, head.Tree.N)
	}
	return checkpointOf(head, err)
}

func witnessedPage(ctx context.Context, tx pgx.Tx, _ *http.Request) (reply, error) {
	head, err := Witnessed(ctx, tx, "")
	return checkpointOf(head, err)
}

func checkpointOf(head Head, err error) (reply, error) {
	if err == nil && head.Checkpoint == nil {
		err = errAbsent
	}
	return reply{kind: "text/plain; charset=utf-8", body: head.Checkpoint}, err
}

func tilePage(ctx context.Context, tx pgx.Tx, r *http.Request) (reply, error) {
	tile, ok := parseTile(strings.TrimPrefix(r.URL.Path, "/"))
	if !ok {
		return reply{}, errAbsent
	}
	head, err := NewestHead(ctx, tx)
	if err != nil {
		return reply{}, err
	}
	if !within(tile, head.Tree.N) {
		return reply{}, errAbsent
	}
	body, err := tileData(ctx, tx, tile)
	return reply{kind: "application/octet-stream", forever: true, body: body}, err
}

// parseTile reads a tile's path as C2SP tlog-tiles has it. Level -1 is entries.
func parseTile(path string) (tlog.Tile, bool) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || strings.HasPrefix(rest, "data/") {
		return tlog.Tile{}, false
	}
	if number, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + number
	}
	tile, err := tlog.ParseTilePath("tile/8/" + rest)
	return tile, err == nil && tile.L < 7 && tile.N < 1<<46
}

// tilePath is the path of a tile as C2SP tlog-tiles has it.
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	if number, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + number
	}
	return "tile/" + path
}

// within reports whether a tile is of a tree of the given size.
func within(tile tlog.Tile, size int64) bool {
	return tile.N<<tileHeight+int64(tile.W) <= size>>(tileHeight*max(tile.L, 0))
}

// tileData is the content of a tile or, of level -1, an entry bundle.
func tileData(ctx context.Context, tx pgx.Tx, tile tlog.Tile) ([]byte, error) {
	if tile.L >= 0 {
		return tlog.ReadTileData(tile, Hashes(ctx, tx))
	}
	from := tile.N << tileHeight
	found, err := leaves(ctx, tx, from, from+int64(tile.W))
	return bundle(found), err
}

// Inclusion is the proof that a leaf is in the tree of a size, as golang.org/x/mod/sumdb/tlog.CheckRecord takes it.
type Inclusion struct {
	Index int64            `json:"index"`
	Size  int64            `json:"size"`
	Entry string           `json:"entry"`
	Leaf  tlog.Hash        `json:"leaf"`
	Root  tlog.Hash        `json:"root"`
	Proof tlog.RecordProof `json:"proof"`
}

// ProveInclusion proves that a leaf is in the tree of a size, which is at most the newest.
func ProveInclusion(ctx context.Context, tx pgx.Tx, index, size int64) (Inclusion, error) {
	hashes := Hashes(ctx, tx)
	proof, err := tlog.ProveRecord(size, index, hashes)
	if err != nil {
		return Inclusion{}, err
	}
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return Inclusion{}, err
	}
	found, err := leaves(ctx, tx, index, index+1)
	if err != nil {
		return Inclusion{}, err
	}
	entry := found[0].Entry()
	return Inclusion{index, size, string(entry), tlog.RecordHash(entry), root, proof}, nil
}

// Consistency is the proof that a tree is the beginning of a later one, as golang.org/x/mod/sumdb/tlog.CheckTree takes it.
type Consistency struct {
	From     int64          `json:"from"`
	Size     int64          `json:"size"`
	FromRoot tlog.Hash      `json:"fromRoot"`
	Root     tlog.Hash      `json:"root"`
	Proof    tlog.TreeProof `json:"proof"`
}

// ProveConsistency proves that the tree of a size, from, is the beginning of that of another, which is at most the newest.
func ProveConsistency(ctx context.Context, tx pgx.Tx, from, size int64) (Consistency, error) {
	hashes := Hashes(ctx, tx)
	proof, err := tlog.ProveTree(size, from, hashes)
	if err != nil {
		return Consistency{}, err
	}
	before, err := tlog.TreeHash(from, hashes)
	if err != nil {
		return Consistency{}, err
	}
	root, err := tlog.TreeHash(size, hashes)
	return Consistency{from, size, before, root, proof}, err
}

func inclusionPage(ctx context.Context, tx pgx.Tx, r *http.Request) (reply, error) {
	index, size, err := asked(ctx, tx, r, "index")
	if err != nil {
		return reply{}, err
	}
	if index >= size {
		return reply{}, errAbsent
	}
	proof, err := ProveInclusion(ctx, tx, index, size)
	return asJSON(proof, err)
}

func consistencyPage(ctx context.Context, tx pgx.Tx, r *http.Request) (reply, error) {
	from, size, err := asked(ctx, tx, r, "from")
	if err != nil {
		return reply{}, err
	}
	if from > size || from == 0 {
		return reply{}, errAbsent
	}
	proof, err := ProveConsistency(ctx, tx, from, size)
	return asJSON(proof, err)
}

// asked reads a named number and the size, which is the newest head's where it is not given.
func asked(ctx context.Context, tx pgx.Tx, r *http.Request, name string) (number, size int64, err error) {
	head, err := NewestHead(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	number, err = strconv.ParseInt(r.FormValue(name), 10, 64)
	size = head.Tree.N
	if given := r.FormValue("size"); err == nil && given != "" {
		size, err = strconv.ParseInt(given, 10, 64)
	}
	if err != nil || number < 0 || size < 0 {
		return 0, 0, errAsked
	}
	if size > head.Tree.N {
		return 0, 0, errAbsent
	}
	return number, size, nil
}

func asJSON(v any, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	body, err := json.Marshal(v)
	return reply{kind: "application/json", body: append(body, '\n')}, err
}
