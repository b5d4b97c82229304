package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"dajiuzhu/internal/fault"
)

// TestOutside: an identity provider is named whole or not at all, and its secret comes from a file or the environment.
func TestOutside(t *testing.T) {
	dir := t.TempDir()
	file, empty := filepath.Join(dir, "secret"), filepath.Join(dir, "empty")
	for name, text := range map[string]string{file: "from a file\n", empty: "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const issuer, client = "https://sso.example.cn", "dajiuzhu"
	for _, c := range []struct {
		name, variable string
		flags          outsideFlags
		secret, fault  string
	}{
		{"none", "left over", outsideFlags{}, "", ""},
		{"by the environment", "from the environment", outsideFlags{issuer, client, ""}, "from the environment", ""},
		{"by a file, which counts first", "from the environment", outsideFlags{issuer, client, file}, "from a file", ""},
		{"without a secret", "", outsideFlags{issuer, client, ""}, "", "cmd.outside-part"},
		{"without a client", "x", outsideFlags{issuer, "", ""}, "", "cmd.outside-part"},
		{"without an issuer", "x", outsideFlags{"", client, ""}, "", "cmd.outside-part"},
		{"with an empty file", "x", outsideFlags{issuer, client, empty}, "", "cmd.outside-file"},
		{"with no such file", "x", outsideFlags{issuer, client, file + "x"}, "", "cmd.outside-file"},
	} {
		t.Setenv(outsideSecret, c.variable)
		p, err := c.flags.outside("https://jiuzhu.example.cn/")
		if faultKey(err) != c.fault {
			t.Errorf("%s: %v", c.name, err)
		}
		if (p != nil) != (c.secret != "") || p != nil && (p.Secret.Plain() != c.secret || p.Redirect != "https://jiuzhu.example.cn/outside") {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

// faultKey is the key of an error's text, "" of what is no fault.
func faultKey(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Text.Key
}
