package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/idno"
)

// canonical is a value as JSON that is the same bytes for the same value: keys sorted, no spaces, numbers as they were written.
// Identity numbers, bank accounts and phones in it are masked.
func canonical(v any) (string, error) {
	written, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing it as JSON: %w", err)
	}
	read := json.NewDecoder(bytes.NewReader(written))
	read.UseNumber()
	var tree any
	if err := read.Decode(&tree); err != nil {
		return "", fmt.Errorf("reading it as JSON: %w", err)
	}
	if _, err := read.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("more than one JSON value")
	}
	var out bytes.Buffer
	write := json.NewEncoder(&out)
	write.SetEscapeHTML(false)
	if err := write.Encode(maskTree(tree)); err != nil {
		return "", fmt.Errorf("writing it as JSON: %w", err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// maskTree masks the numbers of people in all strings and keys of a JSON value.
func maskTree(v any) any {
	switch v := v.(type) {
	case string:
		return masked(v)
	case json.Number:
		if isNumber(v) {
			return masked(v.String())
		}
	case []any:
		for i := range v {
			v[i] = maskTree(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[masked(key)] = maskTree(value)
		}
		return out
	}
	return v
}

// numbers are runs of digits that may be somebody's identity number, bank account or phone. Digests in hexadecimal are none.
var numbers = regexp.MustCompile(`\b(?:[0-9]{14,}[0-9Xx]|1[3-9][0-9]{9})\b`)

// masked hides the middle of identity numbers, bank accounts and phones in a text: people write them into reasons and purposes.
func masked(text string) string {
	return numbers.ReplaceAllStringFunc(text, func(found string) string {
		head := 6
		if len(found) == 11 {
			head = 3
		}
		return found[:head] + strings.Repeat("*", len(found)-head-4) + found[len(found)-4:]
	})
}

// isNumber reports whether a JSON number is an identity number. Other long ones, as a time in microseconds, are not hidden.
func isNumber(n json.Number) bool {
	_, err := idno.Parse(n.String())
	return len(n) == 18 && err == nil
}

// withoutRow is an error of the database without its detail, which quotes the row that was refused.
func withoutRow(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	return err
}
