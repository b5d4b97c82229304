package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dajiuzhu/internal/ledger"
)

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	for i := range 50 { // the forms of Base64 differ from key to key
		file := filepath.Join(dir, fmt.Sprint(i))
		key, err := ledger.GenerateKey(file, origin)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ledger.LoadKey(file)
		if err != nil || again.Public() != key.Public() || again.Origin() != origin {
			t.Fatalf("%v, %v", again, err)
		}
		if _, err := ledger.ParsePublic(key.Public()); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.key")
	if _, err := ledger.LoadKey(file); err == nil || !strings.Contains(err.Error(), "ledger key") {
		t.Errorf("no file: %v", err)
	}
	for _, name := range []string{"", "a b", "a+b", "https://a/b", "a/", "姓名", strings.Repeat("a", 201)} {
		if _, err := ledger.GenerateKey(file, name); err == nil {
			t.Errorf("a ledger is called %q", name)
		}
	}
	if _, err := ledger.GenerateKey(file, origin); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.GenerateKey(file, origin); err == nil {
		t.Error("a key was replaced")
	}
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "PRIVATE+KEY+a+b", string(private[:len(private)-5]), strings.Replace(string(private), origin, "other", 1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ledger.LoadKey(file)
		if err == nil {
			t.Errorf("%q is a key", text)
		} else if len(text) > 20 && strings.Contains(err.Error(), text[len(text)-20:]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	if _, err := ledger.ParsePublic("x"); err == nil {
		t.Error("x is a public key")
	}
}
