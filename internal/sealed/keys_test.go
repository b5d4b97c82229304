package sealed_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

// faultKey is the key of an error's text, "" of what is no fault.
func faultKey(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Text.Key
}

// keyFile makes a key file and returns its path.
func keyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := sealed.GenerateKeys(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t testing.TB, path string) *sealed.Keys {
	t.Helper()
	k, err := sealed.LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var (
	fields = rapid.SampledFrom([]string{"person.number", "person.phone", "account.phone", "benefit.account"})
	texts  = rapid.StringN(1, 40, 200)
)

func TestSealAndOpen(t *testing.T) {
	keys := sealed.NewKeys()
	rapid.Check(t, func(t *rapid.T) {
		field, plain := fields.Draw(t, "field"), texts.Draw(t, "plain")
		a, b := keys.Seal(field, plain), keys.Seal(field, plain)
		if bytes.Equal(a, b) {
			t.Fatal("the same text sealed twice is the same: it can be told that two people share a phone")
		}
		if len(plain) > 3 && bytes.Contains(a, []byte(plain)) {
			t.Fatal("the sealed value holds the text")
		}
		if got, err := keys.Open(field, a); err != nil || got != plain {
			t.Fatalf("Open = %q, %v", got, err)
		}
	})
}

// TestDamage: no changed, cut or lengthened value opens, nor one moved to another field, and no fault shows what it was.
func TestDamage(t *testing.T) {
	keys := sealed.NewKeys()
	rapid.Check(t, func(t *rapid.T) {
		plain := "secret " + texts.Draw(t, "plain")
		whole := keys.Seal("person.phone", plain)
		field, broken := "person.phone", slices.Clone(whole)
		switch rapid.IntRange(0, 3).Draw(t, "damage") {
		case 0:
			at := rapid.IntRange(0, len(broken)-1).Draw(t, "at")
			broken[at] ^= byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1:
			broken = broken[:rapid.IntRange(1, len(broken)-1).Draw(t, "length")]
		case 2:
			broken = append(broken, 0)
		case 3:
			field = "person.account"
		}
		got, err := keys.Open(field, broken)
		if err == nil || got != "" {
			t.Fatalf("Open = %q, %v", got, err)
		}
		if key := faultKey(err); !slices.Contains([]string{"sealed.damaged", "sealed.form", "sealed.no-such-key"}, key) {
			t.Fatalf("the fault is %q: %v", key, err)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Fatalf("the fault shows the text: %v", err)
		}
	})
}

// TestRows: a value that is bound to its row opens in no other, nor as one that is bound to none.
func TestRows(t *testing.T) {
	keys := sealed.NewKeys()
	rapid.Check(t, func(t *rapid.T) {
		row, other := rapid.Int64().Draw(t, "row"), rapid.Int64().Draw(t, "other")
		value := keys.Seal(sealed.In("f", row), "x")
		if got, err := keys.Open(sealed.In("f", other), value); (err == nil) != (row == other) || (got == "x") != (row == other) {
			t.Fatalf("row %d opens what is %d's: %q, %v", other, row, got, err)
		}
		if _, err := keys.Open("f", value); faultKey(err) != "sealed.damaged" {
			t.Fatalf("no row opens what is a row's: %v", err)
		}
	})
}

func TestNothingStaysNothing(t *testing.T) {
	keys := sealed.NewKeys()
	if keys.Seal("f", "") != nil || keys.Digest("f", "") != nil || keys.Digests("f", "") != nil || !keys.Current(nil) {
		t.Error("nothing became something")
	}
	if got, err := keys.Open("f", nil); got != "" || err != nil {
		t.Errorf("Open(nil) = %q, %v", got, err)
	}
}

func TestDigest(t *testing.T) {
	keys, others := sealed.NewKeys(), sealed.NewKeys()
	rapid.Check(t, func(t *rapid.T) {
		f, g := fields.Draw(t, "field"), fields.Draw(t, "other field")
		a, b := texts.Draw(t, "a"), rapid.OneOf(texts, rapid.Just("x")).Draw(t, "b")
		d := keys.Digest(f, a)
		if len(d) != sealed.DigestSize {
			t.Fatalf("a digest of %d bytes", len(d))
		}
		if same := bytes.Equal(d, keys.Digest(g, b)); same != (f == g && a == b) {
			t.Fatalf("digests of %s %q and %s %q: same is %v", f, a, g, b, same)
		}
		if bytes.Equal(d, others.Digest(f, a)) {
			t.Fatal("two keys make the same digest")
		}
	})
	if bytes.Equal(keys.Digest("ab", "c"), keys.Digest("a", "bc")) {
		t.Error("a letter moved from the field to the text")
	}
}

// TestRotation walks the whole road of a new key of each use.
func TestRotation(t *testing.T) {
	path := keyFile(t)
	before := load(t, path)
	old, oldDigest := before.Seal("person.phone", "13800001234"), before.Digest("person.phone", "13800001234")
	for _, use := range []sealed.Use{sealed.Sealing, sealed.Digesting} {
		if id, err := sealed.AddKey(path, use); id != 2 || err != nil {
			t.Fatalf("AddKey(%s) = %d, %v", use, id, err)
		}
	}
	during := load(t, path)
	if got, err := during.Open("person.phone", old); err != nil || got != "13800001234" {
		t.Fatalf("the old value opens to %q, %v", got, err)
	}
	if !before.Current(old) || during.Current(old) {
		t.Error("what was sealed with the old key is current for who does not know the new one, and for nobody else")
	}
	renewed := during.Seal("person.phone", "13800001234")
	if !during.Current(renewed) || before.Current(renewed) {
		t.Error("what the new key sealed is not current for who knows it, or is for who does not")
	}
	if got, err := before.Open("person.phone", renewed); err != nil || got != "13800001234" {
		t.Errorf("who began before the new key reads %q, %v of what it sealed", got, err)
	}
	if got := before.Seal("person.phone", "1"); !before.Current(got) || during.Current(got) {
		t.Error("who began before the new key seals with it")
	}
	newDigest := during.Digest("person.phone", "13800001234")
	if all := during.Digests("person.phone", "13800001234"); len(all) != 2 || !bytes.Equal(all[0], newDigest) || !bytes.Equal(all[1], oldDigest) {
		t.Errorf("Digests = %x, want the new %x and the old %x", all, newDigest, oldDigest)
	}
	for _, use := range []sealed.Use{sealed.Sealing, sealed.Digesting} {
		if err := sealed.DropKey(path, use, 1); err != nil {
			t.Fatalf("DropKey(%s): %v", use, err)
		}
	}
	after := load(t, path)
	if _, err := after.Open("person.phone", old); faultKey(err) != "sealed.no-such-key" {
		t.Errorf("opening with a key that was dropped: %v", err)
	}
	if got, err := after.Open("person.phone", renewed); err != nil || got != "13800001234" {
		t.Errorf("the renewed value opens to %q, %v", got, err)
	}
	if all := after.Digests("person.phone", "13800001234"); len(all) != 1 || !bytes.Equal(all[0], newDigest) {
		t.Errorf("Digests = %x, want the new one", all)
	}
	if id, err := sealed.AddKey(path, sealed.Sealing); id != 3 || err != nil {
		t.Errorf("AddKey = %d, %v: an id was used again", id, err)
	}
}

func TestKeyFileIsGuarded(t *testing.T) {
	path := keyFile(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file's mode is %v, %v", info.Mode(), err)
	}
	if err := sealed.GenerateKeys(path); faultKey(err) != "sealed.file-exists" {
		t.Errorf("generating over a key file: %v", err)
	}
	if err := sealed.DropKey(path, sealed.Sealing, 1); faultKey(err) != "sealed.newest" {
		t.Errorf("dropping the only key: %v", err)
	}
	if err := sealed.DropKey(path, sealed.Sealing, 9); faultKey(err) != "sealed.not-there" {
		t.Errorf("dropping a key that is not there: %v", err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := sealed.LoadKeys(path); faultKey(err) != "sealed.readable" {
			t.Errorf("a key file of mode %o: %v", mode, err)
		}
		if _, err := sealed.AddKey(path, sealed.Sealing); faultKey(err) != "sealed.readable" {
			t.Errorf("adding to a key file of mode %o: %v", mode, err)
		}
	}
	if _, err := sealed.LoadKeys(path + "x"); faultKey(err) != "sealed.no-file" {
		t.Errorf("no key file: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys*")); len(files) > 0 {
		t.Errorf("files were left beside: %v", files)
	}
}

func TestBadKeyFiles(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xab}, 32))
	short := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xab}, 31))
	for _, c := range []struct{ name, text, key string }{
		{"nothing", "", "sealed.lacking"},
		{"no digest key", "seal 1 " + key, "sealed.lacking"},
		{"no sealing key", "digest 1 " + key, "sealed.lacking"},
		{"a short key", "seal 1 " + short + "\ndigest 1 " + key, "sealed.bad-line"},
		{"another use", "seal 1 " + key + "\nsign 1 " + key, "sealed.bad-line"},
		{"no id", "seal " + key, "sealed.bad-line"},
		{"id 0", "seal 0 " + key, "sealed.bad-line"},
		{"an id too high", "seal 4294967296 " + key, "sealed.bad-line"},
		{"a word too many", "seal 1 " + key + " x", "sealed.bad-line"},
		{"one key twice", "seal 1 " + key + "\nseal 1 " + key + "\ndigest 1 " + key, "sealed.twice"},
	} {
		path := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sealed.LoadKeys(path)
		if faultKey(err) != c.key {
			t.Errorf("%s: %v, want the fault %s", c.name, err, c.key)
		}
		if err != nil && strings.Contains(err.Error(), "q6ur") {
			t.Errorf("%s: the fault shows a key: %v", c.name, err)
		}
	}
}

func TestKeysFromTheEnvironment(t *testing.T) {
	path := keyFile(t)
	value := load(t, path).Seal("f", "x")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^(seal|digest) .*$`).FindAllString(string(text), -1)
	t.Setenv(sealed.Environment, strings.Join(lines, ";"))
	if got, err := load(t, "/nowhere").Open("f", value); got != "x" || err != nil {
		t.Errorf("Open = %q, %v", got, err)
	}
	if _, err := sealed.AddKey(path, sealed.Sealing); faultKey(err) != "sealed.in-environment" {
		t.Errorf("a key is added to a file that does not count: %v", err)
	}
	t.Setenv(sealed.Environment, "rubbish")
	if _, err := sealed.LoadKeys(path); faultKey(err) != "sealed.bad-line" || !strings.Contains(err.Error(), sealed.Environment) {
		t.Errorf("rubbish in the environment: %v", err)
	}
}

// TestKeysDoNotPrint prints keys in every way that a slip might.
func TestKeysDoNotPrint(t *testing.T) {
	keys := sealed.NewKeys()
	holder := struct {
		Name string
		keys *sealed.Keys
	}{"x", keys}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("loaded", "keys", keys)
	for _, got := range []string{fmt.Sprint(keys), fmt.Sprintf("%+v %#v %x %d", keys, keys, keys, keys), log.String()} {
		if !strings.Contains(got, "keys 1; digest keys 1") || len(got) > 200 {
			t.Errorf("keys print as %s", got)
		}
	}
	if got := fmt.Sprintf("%+v", holder); len(got) > 60 {
		t.Errorf("keys in an unexported field print as %s", got)
	}
}

func FuzzOpen(f *testing.F) {
	keys := sealed.NewKeys()
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 1})
	f.Add(bytes.Repeat([]byte{1}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := keys.Open("f", b)
		if got != "" || (err == nil) != (len(b) == 0) {
			t.Errorf("Open = %q, %v", got, err)
		}
	})
}

func FuzzLoadKeys(f *testing.F) {
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	f.Add("seal 1 " + key + ";digest 1 " + key)
	f.Add("# nothing\nseal 1 AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || strings.Contains(text, "\x00") {
			t.Skip()
		}
		t.Setenv(sealed.Environment, text)
		keys, err := sealed.LoadKeys("/nowhere")
		if err != nil {
			if faultKey(err) == "" {
				t.Errorf("no fault: %v", err)
			}
			return
		}
		if got, err := keys.Open("f", keys.Seal("f", "x")); got != "x" || err != nil {
			t.Errorf("keys that were read do not work: %q, %v", got, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	keys := sealed.NewKeys()
	for b.Loop() {
		keys.Seal("person.number", "371499196001010012")
	}
}

func BenchmarkOpen(b *testing.B) {
	keys := sealed.NewKeys()
	value := keys.Seal("person.number", "371499196001010012")
	for b.Loop() {
		if _, err := keys.Open("person.number", value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	keys := sealed.NewKeys()
	for b.Loop() {
		keys.Digest("person.number", "371499196001010012")
	}
}
