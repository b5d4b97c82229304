package sealed

import (
	"crypto/subtle"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"dajiuzhu/internal/idno"
)

// Kind is what a secret is, by which it is masked.
type Kind uint8

// The kinds of secrets.
const (
	Other     Kind = iota // nothing is shown
	Identity              // an identity number, or another document's: as [idno.Number] shows it
	Phone                 // the first three and the last four digits
	Account               // a bank account: the last four digits
	Diagnosis             // nothing is shown
)

// hidden is the mask of what shows nothing, not even its length.
const hidden = "***"

// Secret is a value that shows its mask wherever it is printed, logged, marshalled or put on a page. The zero value is none, and shows "".
// It cannot be compared with ==, kept in a column, or read back from its mask.
type Secret struct {
	kind Kind
	// open is a function because nothing that reads memory by reflection, as a printer of unexported fields does, can look into one.
	open func() string
}

// NewSecret keeps a plain value as a secret; "" is none.
func NewSecret(kind Kind, plain string) Secret {
	if plain == "" {
		return Secret{}
	}
	return Secret{kind, func() string { return plain }}
}

// Secret opens a sealed value of a field to what shows only its mask.
func (k *Keys) Secret(kind Kind, field string, sealed []byte) (Secret, error) {
	plain, err := k.Open(field, sealed)
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(kind, plain), nil
}

// Plain is the whole value. Whoever shows it to a person has recorded the opening first.
func (s Secret) Plain() string {
	if s.open == nil {
		return ""
	}
	return s.open()
}

// IsZero reports whether s is none.
func (s Secret) IsZero() bool { return s.open == nil }

// Kind is what the secret is.
func (s Secret) Kind() Kind { return s.kind }

// Equal reports whether two secrets are the same value of the same kind.
func (s Secret) Equal(o Secret) bool {
	return s.kind == o.kind && subtle.ConstantTimeCompare([]byte(s.Plain()), []byte(o.Plain())) == 1
}

// Masked is what may be shown: "138****1234" of a phone.
func (s Secret) Masked() string {
	if s.open == nil {
		return ""
	}
	plain := s.open()
	switch s.kind {
	case Identity:
		return maskIdentity(plain)
	case Phone:
		return mask([]rune(plain), 11, 3, 4)
	case Account:
		return mask([]rune(plain), 12, 0, 4)
	}
	return hidden
}

// maskIdentity masks a citizen's number as idno does; of another document, or of what was mistyped, only the last two characters.
func maskIdentity(plain string) string {
	if n, err := idno.Parse(plain); err == nil {
		return n.Masked()
	}
	return mask([]rune(plain), 6, 0, 2)
}

// mask stars all but the head and the tail of what has at least as many characters, and all of what is shorter.
func mask(plain []rune, least, head, tail int) string {
	if len(plain) < least {
		return hidden
	}
	return string(plain[:head]) + strings.Repeat("*", len(plain)-head-tail) + string(plain[len(plain)-tail:])
}

// String is Masked.
func (s Secret) String() string { return s.Masked() }

// GoString is Masked.
func (s Secret) GoString() string { return s.Masked() }

// Format prints the mask, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.Masked()) }

// LogValue is the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.Masked()) }

// MarshalText writes the mask: what must carry the whole value seals it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.Masked()), nil }

// Value refuses: neither the value nor its mask belongs in a column.
func (s Secret) Value() (driver.Value, error) {
	return nil, errors.New("a secret is stored sealed: store what Keys.Seal makes of it")
}
