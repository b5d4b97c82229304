package access

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"dajiuzhu/internal/fault"
)

// Hashing is the cost of a password's hash, argon2id of RFC 9106.
type Hashing struct {
	Memory  uint32 // in KiB
	Passes  uint32
	Threads uint8
}

// DefaultHashing is the second choice that RFC 9106 recommends, on one thread: 64 MiB and three passes.
var DefaultHashing = Hashing{Memory: 64 * 1024, Passes: 3, Threads: 1}

const (
	hashersAtOnce = 4
	saltSize      = 16
	hashSize      = 32

	// What a stored hash may ask for at most, so that an altered one cannot exhaust the machine.
	mostMemory, mostPasses = 1 << 20, 64
)

const (
	leastPassword    = 10  // characters
	longestPassword  = 128 // characters
	leastDifferent   = 5   // characters
	leastOfLoginInIt = 4   // characters of a login that may not be part of a password
)

var (
	passwordLength = fault.Text{
		Key: "access.password-length",
		Zh:  "密码应有{least}到{most}个字符，此处有{count}个",
		En:  "a password has {least} to {most} characters, this has {count}",
	}
	passwordCommon = fault.Text{
		Key: "access.password-common",
		Zh:  "这个密码太常见，容易被猜中。请换一个，例如几个互不相干的词",
		En:  "this password is common and easily guessed; take another, for example some words that have nothing to do with each other",
	}
	passwordSimple = fault.Text{
		Key: "access.password-simple",
		Zh:  "密码里不同的字符太少，至少要有{least}个不同的字符",
		En:  "the password has too few different characters: it needs {least}",
	}
	passwordLogin = fault.Text{
		Key: "access.password-login",
		Zh:  "密码里不能包含登录名",
		En:  "the password must not contain the login",
	}
	passwordSame = fault.Text{
		Key: "access.password-same",
		Zh:  "新密码与旧密码相同，请换一个",
		En:  "the new password is the old one; take another",
	}
)

//go:embed common.txt
var commonText string

// common is the passwords that many use, in small letters, without those that are refused for their length anyway.
var common = func() map[string]bool {
	all := map[string]bool{}
	for _, s := range strings.Fields(commonText) {
		all[s] = true
	}
	return all
}()

// plainPassword is one form of a password, however the keyboard wrote it.
func plainPassword(s string) string { return norm.NFKC.String(s) }

// checkPassword refuses what is easily guessed.
func checkPassword(login, password string) error {
	password = plainPassword(password)
	count := utf8.RuneCountInString(password)
	if count < leastPassword || count > longestPassword {
		return fault.New(fault.Invalid, passwordLength, fault.Args{"least": leastPassword, "most": longestPassword, "count": count})
	}
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	if len(different) < leastDifferent {
		return fault.New(fault.Invalid, passwordSimple, fault.Args{"least": leastDifferent})
	}
	lower := strings.ToLower(password)
	if len(login) >= leastOfLoginInIt && strings.Contains(lower, login) {
		return fault.New(fault.Invalid, passwordLogin, nil)
	}
	if common[lower] || common[strings.TrimRight(lower, "0123456789!@#$.~*")] {
		return fault.New(fault.Invalid, passwordCommon, nil)
	}
	return nil
}

// hash is a password's hash with its parameters and a salt of its own.
func (a *Access) hash(password string) (string, error) {
	salt, err := a.draw(saltSize)
	if err != nil {
		return "", err
	}
	a.hashers <- struct{}{}
	defer func() { <-a.hashers }()
	return a.hashing.encode(salt, a.hashing.key(password, salt)), nil
}

func (h Hashing) key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(plainPassword(password)), salt, h.Passes, h.Memory, h.Threads, hashSize)
}

// encode writes a hash in the form that other programs read as well.
func (h Hashing) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Passes, h.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decodeHash is the inverse of encode.
func decodeHash(s string) (h Hashing, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return Hashing{}, nil, nil, fmt.Errorf("a stored password is no hash of argon2id")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.Memory, &h.Passes, &h.Threads); err != nil {
		return Hashing{}, nil, nil, fmt.Errorf("reading the parameters of a stored password: %w", err)
	}
	if h.Memory > mostMemory || h.Passes < 1 || h.Passes > mostPasses || h.Threads < 1 {
		return Hashing{}, nil, nil, fmt.Errorf("a stored password has impossible parameters")
	}
	if salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err == nil {
		key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	}
	if err != nil || len(salt) < 8 || len(key) != hashSize {
		return Hashing{}, nil, nil, fmt.Errorf("a stored password is damaged")
	}
	return h, salt, key, nil
}

// verify reports whether a password is the one of a stored hash, and whether that has other parameters than new ones get.
func (a *Access) verify(ctx context.Context, stored, password string) (right, outdated bool, err error) {
	h, salt, key, err := decodeHash(stored)
	if err != nil {
		return false, false, err
	}
	select {
	case a.hashers <- struct{}{}:
	case <-ctx.Done():
		return false, false, ctx.Err()
	}
	defer func() { <-a.hashers }()
	return subtle.ConstantTimeCompare(h.key(password, salt), key) == 1, h != a.hashing, nil
}
