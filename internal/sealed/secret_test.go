package sealed_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"
	texttemplate "text/template"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"dajiuzhu/internal/sealed"
)

func TestMask(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  sealed.Kind
		plain string
		want  string
	}{
		{"an identity number", sealed.Identity, "371499196001010012", "371499********0012"},
		{"an identity number of the old form, which is the same person's", sealed.Identity, "110105491231002", "110105********002X"},
		{"a mistyped identity number", sealed.Identity, "371499196001010013", "****************13"},
		{"a passport", sealed.Identity, "E12345678", "*******78"},
		{"a short document", sealed.Identity, "A123", "***"},
		{"a mobile phone", sealed.Phone, "13800001234", "138****1234"},
		{"a telephone with its area", sealed.Phone, "0534-1234567", "053*****4567"},
		{"a short telephone, of which four digits are half", sealed.Phone, "1234567", "***"},
		{"a bank account", sealed.Account, "6222020200112233445", "***************3445"},
		{"a short account", sealed.Account, "12345678", "***"},
		{"a diagnosis", sealed.Diagnosis, "急性淋巴细胞白血病", "***"},
		{"a short diagnosis looks the same", sealed.Diagnosis, "艾滋", "***"},
		{"anything else", sealed.Other, "13800001234", "***"},
		{"nothing", sealed.Phone, "", ""},
	} {
		if got := sealed.NewSecret(c.kind, c.plain).Masked(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestSecretDoesNotSlip shows a secret in every way that a slip might, in a field and bare, exported and not.
func TestSecretDoesNotSlip(t *testing.T) {
	const middle = "0000" // of the phone
	secret := sealed.NewSecret(sealed.Phone, "13800001234")
	type exported struct{ Phone sealed.Secret }
	type unexported struct{ phone sealed.Secret }
	in, hidden := exported{secret}, unexported{secret}
	all := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%p", "%20s", "%-30v", "% x"} {
		all["fmt "+verb] = fmt.Sprintf(verb, secret)
		all["fmt pointer "+verb] = fmt.Sprintf(verb, &secret)
		all["fmt field "+verb] = fmt.Sprintf(verb, in)
		all["fmt slice "+verb] = fmt.Sprintf(verb, []sealed.Secret{secret})
		all["fmt map "+verb] = fmt.Sprintf(verb, map[string]sealed.Secret{"a": secret})
		all["fmt unexported "+verb] = fmt.Sprintf(verb, hidden)
		all["fmt unexported pointer "+verb] = fmt.Sprintf(verb, &hidden)
	}
	all["string"] = secret.String()
	all["go string"] = secret.GoString()
	all["error"] = fmt.Errorf("calling %v: %w", secret, errors.New("busy")).Error()
	for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal, "yaml": yaml.Marshal} {
		out, err := marshal(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		all[name] = string(out)
		out, _ = marshal(hidden) // yaml and xml may refuse
		all[name+" unexported"] = string(out)
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		logger := slog.New(handler)
		logger.Info("visited", "phone", secret, "in", in, "hidden", hidden, slog.Group("g", "phone", &secret))
		logger.With("phone", secret).Error("failed")
	}
	all["log"] = log.String()
	var page bytes.Buffer
	const text = `<a href="tel:{{.Phone}}" onclick="call({{.Phone}})" title='{{printf "%v %q" .Phone .Phone}}'>{{.Phone}}</a><script>var p = {{.}}</script>`
	if err := template.Must(template.New("").Parse(text)).Execute(&page, in); err != nil {
		t.Errorf("html/template: %v", err)
	}
	if err := texttemplate.Must(texttemplate.New("").Parse("{{.Phone}} {{.}}")).Execute(&page, in); err != nil {
		t.Errorf("text/template: %v", err)
	}
	all["pages"] = page.String()
	var binary bytes.Buffer
	_ = gob.NewEncoder(&binary).Encode(in) // refuses
	all["gob"] = binary.String()
	for name, got := range all {
		if strings.Contains(got, middle) || strings.Contains(got, fmt.Sprintf("%x", middle)) || strings.Contains(got, fmt.Sprintf("%X", middle)) {
			t.Errorf("%s shows it: %s", name, got)
		}
	}
	for _, name := range []string{"fmt %v", "fmt %x", "fmt field %+v", "json", "xml", "yaml", "log"} {
		if !strings.Contains(all[name], "138****1234") {
			t.Errorf("%s does not show the mask: %s", name, all[name])
		}
	}
	if _, err := secret.Value(); err == nil {
		t.Error("a secret goes into a column")
	}
	if secret.Plain() != "13800001234" {
		t.Errorf("Plain = %q", secret.Plain())
	}
}

// TestMaskHides: whatever is kept, of a mask's characters at most seven are those of the value, and never most of a phone or an account.
func TestMaskHides(t *testing.T) {
	kinds := []sealed.Kind{sealed.Other, sealed.Phone, sealed.Account, sealed.Diagnosis}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		plain := rapid.StringMatching(`[0-9]{1,25}`).Draw(t, "plain")
		shown := strings.ReplaceAll(sealed.NewSecret(kind, plain).Masked(), "*", "")
		if len(shown) > 7 || len(shown)*3 > len(plain)*2 {
			t.Fatalf("%d of %d characters are shown", len(shown), len(plain))
		}
	})
}

func TestSecretOfSealed(t *testing.T) {
	keys := sealed.NewKeys()
	value := keys.Seal("person.phone", "13800001234")
	s, err := keys.Secret(sealed.Phone, "person.phone", value)
	if err != nil || s.Plain() != "13800001234" || s.Kind() != sealed.Phone || s.IsZero() {
		t.Errorf("Secret = %v, %v", s, err)
	}
	if !s.Equal(sealed.NewSecret(sealed.Phone, "13800001234")) || s.Equal(sealed.NewSecret(sealed.Phone, "13800001235")) {
		t.Error("Equal does not tell phones apart")
	}
	if _, err := keys.Secret(sealed.Phone, "person.account", value); faultKey(err) != "sealed.damaged" {
		t.Errorf("another field's: %v", err)
	}
	if none, err := keys.Secret(sealed.Phone, "person.phone", nil); err != nil || !none.IsZero() || none.String() != "" {
		t.Errorf("none = %v, %v", none, err)
	}
}
