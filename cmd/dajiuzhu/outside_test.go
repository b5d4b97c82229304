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
	named := func(issuer, client, file string) outsideFlags {
		return outsideFlags{OIDCIssuer: issuer, OIDCClient: client, OIDCSecretFile: file, OIDCNumber: "id_card", OIDCScopes: []string{"realname"}}
	}
	for _, c := range []struct {
		name, variable string
		flags          outsideFlags
		secret, fault  string
	}{
		{"none", "left over", outsideFlags{}, "", ""},
		{"by the environment", "from the environment", named(issuer, client, ""), "from the environment", ""},
		{"by a file, which counts first", "from the environment", named(issuer, client, file), "from a file", ""},
		{"without a secret", "", named(issuer, client, ""), "", "cmd.outside-part"},
		{"without a client", "x", named(issuer, "", ""), "", "cmd.outside-part"},
		{"without an issuer", "x", named("", client, ""), "", "cmd.outside-part"},
		{"with an empty file", "x", named(issuer, client, empty), "", "cmd.outside-file"},
		{"with no such file", "x", named(issuer, client, file+"x"), "", "cmd.outside-file"},
	} {
		t.Setenv(outsideSecret, c.variable)
		p, err := c.flags.outside("https://jiuzhu.example.cn/")
		if faultKey(err) != c.fault {
			t.Errorf("%s: %v", c.name, err)
		}
		if (p != nil) != (c.secret != "") || p != nil && (p.Secret.Plain() != c.secret || p.Redirect != "https://jiuzhu.example.cn/outside" || p.Number != "id_card" || len(p.Scopes) != 1) {
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
