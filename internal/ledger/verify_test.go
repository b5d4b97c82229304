package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

// trusting are options that trust a key.
func trusting(t testing.TB, keys ...*ledger.Key) (o ledger.Options) {
	t.Helper()
	for _, key := range keys {
		verifier, err := ledger.ParsePublic(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		o.Keys = append(o.Keys, verifier)
	}
	return o
}

func verify(t testing.TB, db *postgres.DB, o ledger.Options) ledger.Report {
	t.Helper()
	report, err := ledger.VerifyDatabase(context.Background(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// tamper runs SQL as a superuser who lifts what stands in the way.
func tamper(t testing.TB, db *postgres.DB, statement string, args ...any) {
	t.Helper()
	ctx := context.Background()
	err := pgx.BeginFunc(ctx, db.Own(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestAWholeLedgerVerifies(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	if report := verify(t, db, trusting(t, key)); !report.OK() || report.Tree.N != 0 {
		t.Errorf("an empty ledger: %+v", report)
	}
	fill(t, db, key, 30)
	record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:1"}) // waits
	report := verify(t, db, trusting(t, key))
	if !report.OK() || report.Tree.N != 30 || report.Acts != 30 || report.Waiting != 1 || report.First != -1 {
		t.Errorf("%+v: %v", report, report.Faults)
	}
	if tree := serve(t, db).open(key); tree != report.Tree {
		t.Errorf("the checkpoint is %v, and the leaves make %v", tree, report.Tree)
	}
	if report := verify(t, db, trusting(t, newKey(t))); report.OK() || report.First != 0 {
		t.Errorf("signed by another key: %+v", report)
	}
}

func TestTamperingIsNamed(t *testing.T) {
	key := newKey(t)
	const again = ` update leaf set digest = act_digest(a), kind = a.kind from act a where id = leaf.act` // the leaf is made to fit
	db := postgrestest.New(t)
	fillAtOnce(t, db, key, 7, 7, 7, 7, 2)
	// 30 leaves, of acts 1 to 30, with heads of 7, 14, 21, 28 and 30 leaves.
	for name, c := range map[string]struct {
		sql   string
		first int64
		fault string // the first fault's key, without "ledger."
	}{
		"who did it":                       {"update act set account = 8 where id = 13", 12, "act-changed"},
		"under which role":                 {"update act set role = 'decider' where id = 13", 12, "act-changed"},
		"when":                             {"update act set at = at - interval '1 microsecond' where id = 13", 12, "act-changed"},
		"when, to never":                   {"update act set at = 'infinity' where id = 13", 12, "act-changed"},
		"where":                            {"update act set area = 0 where id = 13", 12, "act-changed"},
		"of which department":              {"update act set department = '' where id = 13", 12, "act-changed"},
		"what":                             {"update act set kind = 'person.close' where id = 13", 12, "act-changed"},
		"to whom":                          {"update act set subject = 'person:2' where id = 13", 12, "act-changed"},
		"why, by a space":                  {"update act set detail = detail || ' ' where id = 13", 12, "act-changed"},
		"the salt":                         {"update act set salt = sha256(salt) where id = 13", 12, "act-changed"},
		"two acts":                         {"update act set subject = 'person:x' where id in (25, 13)", 12, "act-changed"},
		"an act is removed":                {"delete from act where id = 9", 8, "act-gone"},
		"the first act is removed":         {"delete from act where id = 1", 0, "act-gone"},
		"an act gets another's id":         {"delete from act where id = 9; alter table act alter id drop identity; update act set id = 9 where id = 20", 8, "act-changed"},
		"an act is put in":                 {"insert into act overriding system value select 99, at, account, role, area, department, kind, subject, detail, salt from act where id = 3", -1, "act-without-leaf"},
		"a leaf is changed":                {"update leaf set digest = sha256(digest) where act = 5", 4, "act-changed"},
		"a leaf's kind":                    {"update leaf set kind = 'person.close' where act = 5", 4, "act-changed"},
		"a leaf is removed":                {"delete from leaf where act = 5", 4, "leaf-gone"},
		"an act and its leaf are changed":  {"do $$ begin update act set subject = 'person:2' where id = 13; " + again + "; end $$", 12, "leaf-changed"},
		"an act and its leaf are removed":  {"do $$ begin delete from act where id = 13; delete from leaf where act = 13; end $$", 12, "act-gone"},
		"an act is removed with all of it": {"do $$ begin delete from act where id = 13; delete from leaf where act = 13; delete from leaf_index where act = 13; end $$", 12, "leaf-gone"},
		"it is closed up":                  {"do $$ begin delete from act where id = 13; delete from leaf where act = 13; delete from leaf_index where act = 13; update leaf_index set index = -index where index > 12; update leaf_index set index = -index - 1 where index < 0; end $$", 12, "leaf-changed"},
		"a place is removed":               {"delete from leaf_index where index = 17", 17, "leaf-gone"},
		"two leaves change places":         {"do $$ begin delete from leaf_index where index in (4, 19); insert into leaf_index values (4, 20), (19, 5); end $$", 4, "leaf-changed"},
		"a leaf is put in":                 {"do $$ begin insert into act overriding system value select 99, at, account, role, area, department, kind, subject, detail, salt from act where id = 3; insert into leaf select 99, kind, act_digest(a), '3' from act a where id = 99; update leaf_index set index = -index - 1 where index >= 10; update leaf_index set index = -index where index < 0; insert into leaf_index values (10, 99); end $$", 10, "leaf-changed"},
		"a leaf is appended":               {"do $$ begin insert into act overriding system value select 99, at, account, role, area, department, kind, subject, detail, salt from act where id = 3; insert into leaf select 99, kind, act_digest(a), '3' from act a where id = 99; insert into leaf_index values (30, 99); end $$", 30, "head-gone"},
		"a leaf never gets its place":      {"do $$ begin insert into act overriding system value select 99, at, account, role, area, department, kind, subject, detail, salt from act where id = 3; insert into leaf select 99, kind, act_digest(a), '3' from act a where id = 99; end $$", -1, "leaf-without-place"},
		"a leaf's hash":                    {"update tree_head set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where size = 14", 7, "leaf-changed"},
		"the hash of leaves 0 to 7":        {"update tree_head set hashes = set_byte(hashes, 127, get_byte(hashes, 127) # 1) where size = 14", 0, "hash-changed"},
		"hashes are cut":                   {"update tree_head set hashes = substring(hashes for 64) where size = 14", 7, "head-changed"},
		"hashes are moved":                 {"update tree_head set first_hash = first_hash + 1 where size = 14", 7, "head-changed"},
		"a root":                           {"update tree_head set root = sha256(root) where size = 21", 14, "head-changed"},
		"a head's size":                    {"update tree_head set size = 20 where size = 21", 14, "head-changed"},
		"a head is said to come earlier":   {"update tree_head set previous = 8 where size = 14", 7, "head-gone"},
		"a checkpoint":                     {"update tree_head set checkpoint = replace(checkpoint, E'\\n21\\n', E'\\n22\\n') where size = 21", 14, "head-unsigned"},
		"a checkpoint is another's":        {"update tree_head set checkpoint = (select checkpoint from tree_head where size = 14) where size = 21", 14, "head-unsigned"},
		"a head is removed":                {"delete from tree_head where size = 14", 7, "head-gone"},
		"the first head is removed":        {"delete from tree_head where size = 7", 0, "head-gone"},
		"the last head is removed":         {"delete from tree_head where size = 30", 28, "head-gone"},
		"the tail without its heads":       {"delete from leaf_index where index >= 20", 20, "leaf-gone"},
		"everything but the heads":         {"truncate act, leaf, leaf_index", 0, "leaf-gone"},
	} {
		t.Run(name, func(t *testing.T) {
			report := tampered(t, db, c.sql, trusting(t, key))
			if report.OK() {
				t.Fatal("nothing was found")
			}
			if report.First != c.first || report.Faults[0].Text.Key != "ledger."+c.fault {
				t.Errorf("the first wrong leaf is %d, want %d:\n%v", report.First, c.first, report.Faults)
			}
			if len(report.Faults) > 4 && !strings.Contains(name, "tail") && name != "it is closed up" && name != "a leaf is put in" && !strings.HasPrefix(name, "everything") {
				t.Errorf("one deed, %d faults:\n%v", len(report.Faults), report.Faults)
			}
		})
	}
}

// tampered is what is found after tampering, which is then undone.
func tampered(t testing.TB, db *postgres.DB, statement string, o ledger.Options) (report ledger.Report) {
	t.Helper()
	ctx := context.Background()
	err := pgx.BeginFunc(ctx, db.Own(), func(tx pgx.Tx) (err error) {
		lift := "set local session_replication_role = replica; alter table leaf_index drop constraint leaf_index_index_check; "
		if _, err := tx.Exec(ctx, lift+statement); err != nil {
			return err
		}
		report, err = ledger.VerifyIn(ctx, tx, o)
		return errors.Join(err, errRollback)
	})
	if !errors.Is(err, errRollback) || strings.Contains(err.Error(), "\n") {
		t.Fatal(err)
	}
	return report
}

// fillAtOnce records acts and integrates them in heads of the given numbers of leaves.
func fillAtOnce(t testing.TB, db *postgres.DB, key *ledger.Key, heads ...int) {
	t.Helper()
	ctx := context.Background()
	for _, n := range heads {
		err := db.As(ctx, officer, func(tx pgx.Tx) error {
			for i := range n {
				if _, err := ledger.Record(ctx, tx, ledger.Act{Kind: "person.open", Subject: fmt.Sprint("person:", i), Detail: n}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		integrate(t, db, key)
	}
}

// rewrite makes leaves, hashes, heads and signatures fit the acts as they are, as one could who has the database and the key.
func rewrite(t testing.TB, db *postgres.DB, key *ledger.Key) {
	t.Helper()
	tamper(t, db, "update leaf set digest = act_digest(a), kind = a.kind from act a where id = leaf.act")
	tamper(t, db, "truncate leaf_index, tree_head")
	integrate(t, db, key)
}

func TestWhoHasTheKeyIsFoundByWhatWasKept(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	o := trusting(t, key)
	fillAtOnce(t, db, key, 10)
	first := checkpoint(t, db)
	fillAtOnce(t, db, key, 10)
	second := checkpoint(t, db)
	kept := filepath.Join(t.TempDir(), "kept")
	export(t, db, key, kept)
	fillAtOnce(t, db, key, 5)
	expect := func(name string, o ledger.Options, first int64, key string) {
		t.Helper()
		report := verify(t, db, o)
		if report.OK() != (key == "") || report.First != first || key != "" && report.Faults[0].Text.Key != "ledger."+key {
			t.Errorf("%s: %d, want %d %s: %v", name, report.First, first, key, report.Faults)
		}
	}
	both := o
	both.Earlier = [][]byte{second, first}
	before := o
	before.Before = kept
	expect("it goes on from both", both, -1, "")
	expect("and from the export", before, -1, "")

	tamper(t, db, "update act set subject = 'person:x' where id = 14")
	rewrite(t, db, key)
	expect("by itself it is whole", o, -1, "")
	expect("the second checkpoint has another root, the first the same", both, 10, "forked")
	expect("the export tells the leaf", before, 13, "leaf-other")

	tamper(t, db, "do $$ begin delete from act where id > 18; delete from leaf where act > 18; end $$")
	rewrite(t, db, key)
	both.Earlier = [][]byte{first, second}
	expect("cut, and whole by itself", o, -1, "")
	expect("cut below the second checkpoint", both, 18, "shorter")
	expect("and changed", before, 13, "leaf-other")

	stranger := o
	forged, err := ledger.GenerateKey(filepath.Join(t.TempDir(), "k"), origin)
	if err != nil {
		t.Fatal(err)
	}
	other := postgrestest.New(t)
	fillAtOnce(t, other, forged, 3)
	stranger.Earlier = [][]byte{checkpoint(t, other)}
	if _, err := ledger.VerifyDatabase(t.Context(), db, stranger); err == nil {
		t.Error("a checkpoint of another key counts")
	}
}

func checkpoint(t testing.TB, db *postgres.DB) []byte {
	t.Helper()
	body, _ := serve(t, db).get("/checkpoint")
	return body
}

func export(t testing.TB, db *postgres.DB, key *ledger.Key, dir string) ledger.Exported {
	t.Helper()
	var done ledger.Exported
	err := pgx.BeginFunc(t.Context(), db.Own(), func(tx pgx.Tx) (err error) {
		done, err = ledger.Export(t.Context(), tx, dir, key.Public(), false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestAnExportVerifies(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	fillAtOnce(t, db, key, 200, 100)
	dir := filepath.Join(t.TempDir(), "export")
	if done := export(t, db, key, dir); done.Leaves != 300 || done.Acts != 300 {
		t.Errorf("%+v", done)
	}
	for _, o := range []ledger.Options{{}, trusting(t, key)} {
		report, err := ledger.Verify(dir, o)
		if err != nil || !report.OK() || report.Tree.N != 300 || report.Acts != 300 {
			t.Errorf("%+v, %v", report, err)
		}
	}
	if _, err := ledger.Verify(dir, trusting(t, newKey(t))); err == nil {
		t.Error("it verifies with another key")
	}
	inspector := postgres.Principal{Account: 9, Role: "inspector", Area: code("371422")}
	record(t, db, postgres.Principal{Account: 8, Role: "officer", Area: code("371422100")}, ledger.Act{Kind: "person.open", Subject: "person:77"})
	integrate(t, db, key)
	part := filepath.Join(t.TempDir(), "part")
	err := db.As(t.Context(), inspector, func(tx pgx.Tx) error {
		done, err := ledger.Export(t.Context(), tx, part, key.Public(), false)
		if done.Leaves != 301 || done.Acts != 1 {
			t.Errorf("an inspector of another county exports %+v", done)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o := trusting(t, key)
	o.Before = dir
	report, err := ledger.Verify(part, o)
	if err != nil || !report.OK() || report.Tree.N != 301 || report.Acts != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	o.Before = part
	if report, err := ledger.Verify(dir, o); err != nil || report.First != 300 {
		t.Errorf("an older export after a newer: %+v, %v", report, err)
	}
	err = db.As(t.Context(), inspector, func(tx pgx.Tx) error { _, err := ledger.Export(t.Context(), tx, part, key.Public(), false); return err })
	if err == nil {
		t.Error("an export was replaced")
	}
}

func TestTamperingWithAnExportIsNamed(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	fillAtOnce(t, db, key, 300)
	whole := filepath.Join(t.TempDir(), "whole")
	export(t, db, key, whole)
	swap := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(strings.Replace(string(b), old, new, 1)) }
	}
	flip := func(at int) func([]byte) []byte { return func(b []byte) []byte { b[at] ^= 1; return b } }
	digit := func(at int) func([]byte) []byte { // another one, so that it is an entry still
		return func(b []byte) []byte { b[at] = '0' + ('1'-b[at])&1; return b }
	}
	for name, c := range map[string]struct {
		file   string
		change func([]byte) []byte // nil removes the file
		first  int64
		fault  string // "" where nothing can be read
	}{
		"an act":                     {"acts.jsonl", swap(`"subject":"person:260"`, `"subject":"person:261"`), 260, "act-changed"},
		"an act is removed":          {"acts.jsonl", func(b []byte) []byte { return b[strings.IndexByte(string(b), '\n')+1:] }, -1, "none"},
		"an act is out of order":     {"acts.jsonl", swap(`{"index":5`, `{"index":500`), -1, ""},
		"an act has another place":   {"acts.jsonl", swap(`{"index":299`, `{"index":999`), -1, "stray-act"},
		"an act that is none":        {"acts.jsonl", swap(`{"index":5`, `{"indx":5`), -1, ""},
		"no acts":                    {"acts.jsonl", nil, -1, ""},
		"an entry":                   {"tile/entries/001.p/44", digit(20), 256, "act-changed"},
		"an entry that is none":      {"tile/entries/001.p/44", flip(2), 256, "leaf-gone"},
		"a bundle is cut":            {"tile/entries/000", func(b []byte) []byte { return b[:len(b)-7] }, 255, "leaf-gone"},
		"a bundle goes on":           {"tile/entries/000", func(b []byte) []byte { return append(b, 0, 1, 'x') }, -1, "bad-file"},
		"a bundle is removed":        {"tile/entries/000", nil, 0, "leaf-gone"},
		"a tile of leaves":           {"tile/0/000", flip(32 * 77), 77, "leaf-changed"},
		"a tile above":               {"tile/1/000.p/1", flip(3), 0, "hash-changed"},
		"a tile is removed":          {"tile/0/001.p/44", nil, 256, "hash-gone"},
		"a tile is cut":              {"tile/0/001.p/44", func(b []byte) []byte { return b[:40] }, 256, "hash-gone"},
		"the checkpoint":             {"checkpoint", swap("300", "299"), -1, ""},
		"the checkpoint's signature": {"checkpoint", func(b []byte) []byte { return b[:len(b)-9] }, -1, ""},
		"no checkpoint":              {"checkpoint", nil, -1, ""},
		"no key":                     {"key", nil, -1, ""},
		"another's key":              {"key", func([]byte) []byte { return []byte(newKey(t).Public()) }, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, filepath.FromSlash(c.file))
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if c.change == nil {
				err = os.Remove(file)
			} else {
				err = os.WriteFile(file, c.change(content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			report, err := ledger.Verify(dir, ledger.Options{})
			switch {
			case c.fault == "":
				if err == nil {
					t.Errorf("it was read: %+v", report)
				}
			case err != nil:
				t.Error(err)
			case c.fault == "none":
				if !report.OK() || report.Acts != 299 {
					t.Errorf("%+v", report)
				}
			case report.OK() || report.First != c.first || report.Faults[0].Text.Key != "ledger."+c.fault:
				t.Errorf("the first wrong leaf is %d, want %d %s:\n%v", report.First, c.first, c.fault, report.Faults)
			}
		})
	}
}

// TestNothingOfAnActLeaksOut greps what is public for what is not.
func TestNothingOfAnActLeaksOut(t *testing.T) {
	db, key := postgrestest.New(t), newKey(t)
	secrets := []string{"国雨桐", "371499196001010012", "person:4711", "371424100000", "civil", "officer"}
	id := record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:4711", Detail: secrets})
	integrate(t, db, key)
	c := serve(t, db)
	public := ""
	for _, path := range []string{"/checkpoint", "/tile/0/000.p/1", "/tile/entries/000.p/1", "/proof/inclusion?index=0", "/proof/consistency?from=1"} {
		body, status := c.get(path)
		if status != 200 {
			t.Fatalf("%s: %d", path, status)
		}
		public += string(body)
	}
	tamper(t, db, "update act set department = 'other' where id = $1", id)
	for _, f := range verify(t, db, trusting(t, key)).Faults {
		public += f.Error() + f.Message("zh")
	}
	for _, secret := range secrets {
		if strings.Contains(public, secret) || strings.Contains(public, fmt.Sprintf("%x", sha256.Sum256([]byte(secret)))) {
			t.Errorf("%s is public", secret)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	private, public, err := note.GenerateKey(nil2rand{}, origin)
	if err != nil {
		f.Fatal(err)
	}
	signer, _ := note.NewSigner(private)
	verifier, _ := note.NewVerifier(public)
	for _, text := range []string{
		origin + "\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", origin + "\n-3\nAAAA\n", "other\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		origin + "\n99999999999999999999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", origin + "\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ledger.OpenCheckpoint(text, verifier)
		signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
		if err != nil {
			return
		}
		tree, err := ledger.OpenCheckpoint(signed, verifier)
		if err == nil && !strings.HasPrefix(string(text), fmt.Sprintf("%s\n%d\n%v\n", origin, tree.N, tree.Hash)) {
			t.Errorf("%q was read as %v", text, tree)
		}
	})
}

// nil2rand is no randomness, for a key that is the same on every run.
type nil2rand struct{}

func (nil2rand) Read(p []byte) (int, error) { clear(p); return len(p), nil }
