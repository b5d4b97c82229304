package witness_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/witness"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

const name = "jiwei.example/witness"

// world is a ledger and a witness of it.
type world struct {
	*testing.T
	db     *postgres.DB
	key    *ledger.Key
	dir    string
	public string
	asker  *ledger.Asker
	at     ledger.WitnessAt
	now    time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: postgrestest.New(t), dir: filepath.Join(t.TempDir(), "w"), now: time.Unix(1_800_000_000, 0)}
	var err error
	w.key, err = ledger.GenerateKey(filepath.Join(t.TempDir(), "k"), "ledger.example/dezhou")
	w.must(err)
	w.public, err = witness.Generate(w.dir, name)
	w.must(err)
	w.asker = ledger.NewAsker(w.db, quiet)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) verifier() note.Verifier {
	v, err := ledger.ParsePublic(w.key.Public())
	w.must(err)
	return v
}

// start starts the witness; the returned function stops it.
func (w *world) start() (stop func()) {
	w.Helper()
	running, err := witness.Open(w.dir, []note.Verifier{w.verifier()}, func() time.Time { return w.now })
	w.must(err)
	server := httptest.NewServer(running.Handler())
	w.at, err = ledger.ParseWitnessAt(server.URL + "/#" + w.public)
	w.must(err)
	return func() {
		server.Close()
		w.must(running.Close())
	}
}

// grow records acts and gives them their places.
func (w *world) grow(acts int) {
	w.Helper()
	w.must(w.db.Work(w.Context(), func(tx pgx.Tx) error {
		for range acts {
			if _, err := ledger.Record(w.Context(), tx, ledger.Act{Kind: "batch.promote", Subject: "batch:1"}); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(ledger.NewSequencer(w.db, w.key, quiet).Integrate(w.Context()))
}

// ask has the head cosigned, to a size or with an error that says something.
func (w *world) ask(size int64, says string) {
	w.Helper()
	got, err := w.asker.Ask(w.Context(), w.at)
	if says == "" && (err != nil || got != size) || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
		w.Errorf("cosigned to %d, %v; want %d %s", got, err, size, says)
	}
}

func (w *world) verify(o ledger.Options) ledger.Report {
	w.Helper()
	o.Keys = []note.Verifier{w.verifier()}
	v, err := ledger.ParseWitness(w.public)
	w.must(err)
	o.Witnesses = append(o.Witnesses, v)
	r, err := ledger.VerifyDatabase(w.Context(), w.db, o)
	w.must(err)
	return r
}

func (w *world) tamper(statement string) {
	w.Helper()
	w.must(pgx.BeginFunc(w.Context(), w.db.Own(), func(tx pgx.Tx) error {
		_, err := tx.Exec(w.Context(), "set local session_replication_role = replica; "+statement)
		return err
	}))
}

func (w *world) get(path string) string {
	w.Helper()
	out := httptest.NewRecorder()
	ledger.Handler(w.db, quiet).ServeHTTP(out, httptest.NewRequest("GET", path, nil))
	if out.Code != http.StatusOK {
		return fmt.Sprint(out.Code)
	}
	return out.Body.String()
}

// keys are the faults of a report.
func keys(r ledger.Report) (all []string) {
	for _, f := range r.Faults {
		all = append(all, f.Text.Key)
	}
	return all
}

// TestCosigning: heads are cosigned as they come, over a restart of the witness, served with what it says, and demanded when that is asked for; the
// cosignature holds for another's program that reads C2SP tlog-cosignature.
func TestCosigning(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	w.ask(0, "")
	w.grow(3)
	if r := w.verify(ledger.Options{}); len(keys(r)) != 1 || keys(r)[0] != "ledger.unwitnessed-since" {
		t.Errorf("without any cosignature: %v", r.Faults)
	}
	w.ask(3, "")
	w.ask(3, "")
	w.grow(300)
	if got := w.get("/checkpoint"); strings.Contains(got, name) || !strings.Contains(w.get("/checkpoint/witnessed"), name) {
		t.Errorf("the newest checkpoint is not cosigned yet, the one before is: %s", got)
	}
	stop()
	stop = w.start()
	defer func() { stop() }()
	w.ask(303, "")
	served := w.get("/checkpoint")
	theirs, err := formats.NewVerifierForCosignatureV1(w.public)
	w.must(err)
	opened, err := note.Open([]byte(served), note.VerifierList(w.verifier(), theirs))
	w.must(err)
	if len(opened.Sigs) != 2 {
		t.Errorf("signed by %v", opened.Sigs)
	}
	if at, err := formats.CoSigV1Timestamp(opened.Sigs[1]); err != nil || !at.Equal(w.now) {
		t.Errorf("cosigned at %v, %v", at, err)
	}
	if r := w.verify(ledger.Options{}); !r.OK() {
		t.Error(r.Faults)
	}
	kept, err := http.Get(w.at.Address + "/checkpoint/ledger.example/dezhou")
	w.must(err)
	text, err := io.ReadAll(kept.Body)
	w.must(errors.Join(err, kept.Body.Close()))
	if string(text) != served {
		t.Errorf("the witness keeps\n%s and served is\n%s", text, served)
	}
	w.grow(1)
	w.export("part", 304, false)
	w.export("whole", 303, true)
}

// export exports, and verifies what was exported as whoever demands the witness.
func (w *world) export(name string, leaves int64, witnessed bool) {
	w.Helper()
	dir := filepath.Join(w.TempDir(), name)
	w.must(pgx.BeginFunc(w.Context(), w.db.Own(), func(tx pgx.Tx) error {
		_, err := ledger.Export(w.Context(), tx, dir, w.key.Public(), witnessed)
		return err
	}))
	v, err := ledger.ParseWitness(w.public)
	w.must(err)
	r, err := ledger.Verify(dir, ledger.Options{Witnesses: []note.Verifier{v}})
	w.must(err)
	if r.Tree.N != leaves || r.OK() != witnessed {
		w.Errorf("%s: %d leaves, %v", name, r.Tree.N, r.Faults)
	}
}

// TestRewriting: whoever rewrites the ledger with its own key, or cuts it, gets no cosignature any more, and is found out by what there was.
func TestRewriting(t *testing.T) {
	w := newWorld(t)
	defer w.start()()
	w.grow(20)
	w.ask(20, "")
	rewrite := func(statement string) {
		w.tamper(statement + "; update leaf set digest = act_digest(a) from act a where id = leaf.act; delete from leaf_index; delete from tree_head")
		w.must(ledger.NewSequencer(w.db, w.key, quiet).Integrate(t.Context()))
	}
	rewrite("update act set subject = 'batch:2' where id = 5")
	w.ask(20, "")
	if r := w.verify(ledger.Options{}); !strings.Contains(fmt.Sprint(keys(r)), "ledger.unwitnessed") {
		t.Errorf("the old cosignature counts for a rewritten head: %v", r.Faults)
	}
	w.tamper("delete from cosignature")
	w.ask(0, "rewritten")
	w.grow(4)
	w.ask(0, "rewritten")
	if r := w.verify(ledger.Options{}); !strings.Contains(fmt.Sprint(keys(r)), "ledger.unwitnessed-since") {
		t.Errorf("without the cosignatures: %v", r.Faults)
	}
	rewrite("delete from act where id > 10; delete from leaf where act > 10")
	w.ask(0, "was cut")
}

// TestAnswers goes through what a witness answers to what may come.
func TestAnswers(t *testing.T) {
	w := newWorld(t)
	defer w.start()()
	w.grow(5)
	five := w.get("/checkpoint")
	w.ask(5, "")
	w.grow(5)
	ten := w.get("/checkpoint")
	var proof tlog.TreeProof
	w.must(w.db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		proof, err = tlog.ProveTree(10, 5, ledger.Hashes(t.Context(), tx))
		return err
	}))
	var good, other strings.Builder
	for i, h := range proof {
		fmt.Fprintf(&good, "%v\n", h)
		h[0] ^= byte(i + 1)
		fmt.Fprintf(&other, "%v\n", h)
	}
	post := func(body string) (int, string, string) {
		answer, err := http.Post(w.at.Address+"/add-checkpoint", "text/plain", strings.NewReader(body))
		w.must(err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		w.must(err)
		return answer.StatusCode, string(text), answer.Header.Get("Content-Type")
	}
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"nothing", "", 400},
		{"no old size", good.String() + "\n" + ten, 400},
		{"a size with a zero before it", "old 05\n" + good.String() + "\n" + ten, 400},
		{"a negative size", "old -5\n" + good.String() + "\n" + ten, 400},
		{"a line that is no hash", "old 5\nabc\n\n" + ten, 400},
		{"too long a proof", "old 5\n" + strings.Repeat(good.String(), 64) + "\n" + ten, 400},
		{"too large", "old 5\n\n" + ten + strings.Repeat("x", 1<<20), 400},
		{"a ledger that is not watched", "old 5\n" + good.String() + "\n" + strings.Replace(ten, "dezhou", "jinan", 1), 404},
		{"a changed checkpoint", "old 5\n" + good.String() + "\n" + strings.Replace(ten, "\n10\n", "\n11\n", 1), 403},
		{"an old size above the new", "old 11\n" + good.String() + "\n" + ten, 400},
		{"another old size", "old 4\n" + good.String() + "\n" + ten, 409},
		{"no proof", "old 5\n\n" + ten, 422},
		{"a wrong proof", "old 5\n" + other.String() + "\n" + ten, 422},
		{"as it should be", "old 5\n" + good.String() + "\n" + ten, 200},
		{"the same again", "old 5\n" + good.String() + "\n" + ten, 409},
		{"the same, as it is now", "old 10\n\n" + ten, 200},
		{"what was before", "old 5\n\n" + five, 409},
	} {
		status, text, kind := post(c.body)
		if status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, status, text, c.status)
		}
		if status == 409 && (kind != "text/x.tlog.size" || text != "5\n" && text != "10\n") {
			t.Errorf("%s: the size is told as %q of %s", c.name, text, kind)
		}
		if status == 200 && !strings.HasPrefix(text, "— "+name+" ") {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

func faultKey(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Text.Key
}

// TestTheFolder: one program at a time, never made anew, and nothing goes on that has lost or changed what it saw.
func TestTheFolder(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	w.grow(5)
	w.ask(5, "")
	logs := []note.Verifier{w.verifier()}
	wants := func(what, key string, err error) {
		t.Helper()
		if faultKey(err) != key {
			t.Errorf("%s: %v, want %s", what, err, key)
		}
	}
	_, err := witness.Open(w.dir, logs, time.Now)
	wants("a second program", "witness.in-use", err)
	stop()
	_, err = witness.Generate(w.dir, name)
	wants("a second witness", "witness.exists", err)
	files, err := filepath.Glob(filepath.Join(w.dir, "seen", "*"))
	w.must(err)
	if len(files) != 1 {
		t.Fatalf("kept is %v", files)
	}
	kept, err := os.ReadFile(files[0])
	w.must(err)
	w.must(os.WriteFile(files[0], bytes.Replace(kept, []byte("\n5\n"), []byte("\n4\n"), 1), 0o600))
	_, err = witness.Open(w.dir, logs, time.Now)
	wants("what was changed", "witness.damaged", err)
	w.must(os.RemoveAll(filepath.Join(w.dir, "seen")))
	_, err = witness.Open(w.dir, logs, time.Now)
	wants("what was lost", "witness.lost", err)
	_, err = witness.Open(t.TempDir(), logs, time.Now)
	wants("no witness", "ledger.no-witness-key", err)
}

// TestKeys: a key is read as it was written, and nothing else is one.
func TestKeys(t *testing.T) {
	w := newWorld(t)
	key, err := ledger.LoadWitnessKey(filepath.Join(w.dir, "key"))
	w.must(err)
	if key.Public() != w.public || strings.Contains(fmt.Sprintf("%v %+v %#v %s", key, key, key, key), "PRIVATE") {
		t.Errorf("%v, want %s", key, w.public)
	}
	for _, bad := range []string{"", w.key.Public(), w.public[1:], strings.Replace(w.public, "+", "+0", 1), w.public + "A", "https://x#" + w.public} {
		if _, err := ledger.ParseWitness(bad); faultKey(err) != "ledger.bad-verifier" {
			t.Errorf("%q is a witness's key: %v", bad, err)
		}
	}
	for _, bad := range []string{"", w.public, "witness.example#" + w.public, "ftp://witness.example#" + w.public, "https://witness.example/#x"} {
		if _, err := ledger.ParseWitnessAt(bad); faultKey(err) != "ledger.bad-witness" {
			t.Errorf("%q is a witness: %v", bad, err)
		}
	}
}
