package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"dajiuzhu/internal/fault"
)

var (
	noKey = fault.Text{
		Key: "ledger.no-key",
		Zh:  "找不到存证日志的签名密钥{file}。请用 dajiuzhu ledger key 生成",
		En:  "there is no signing key of the ledger at {file}: make one with dajiuzhu ledger key",
	}
	badKey = fault.Text{
		Key: "ledger.bad-key",
		Zh:  "{file}不是存证日志的签名密钥。请从备份恢复",
		En:  "{file} is not a signing key of the ledger: restore it from its backup",
	}
	keyExists = fault.Text{
		Key: "ledger.key-exists",
		Zh:  "{file}已存在，不会覆盖：换掉密钥，已签的检查点就无法再用它验证",
		En:  "{file} exists and is not replaced: checkpoints signed with it could no longer be verified",
	}
	badOrigin = fault.Text{
		Key: "ledger.bad-origin",
		Zh:  "日志名称“{found}”不可用。请用网址的形式，不带 https://，如 shehui.dezhou.gov.cn/ledger",
		En:  `the ledger cannot be called "{found}": use the form of a web address without https://, as example.org/ledger`,
	}
	badVerifier = fault.Text{
		Key: "ledger.bad-verifier",
		Zh:  "公钥无法读取。公钥是一行，形如 名称+8位十六进制+Base64",
		En:  "the public key cannot be read: it is one line of the form name+8 hexadecimal digits+Base64",
	}
)

// Key signs the heads of a ledger. It prints as its public part.
type Key struct {
	signer   note.Signer
	verifier string
}

// Origin is the ledger's name in its checkpoints.
func (k *Key) Origin() string { return k.signer.Name() }

// Public is the public key, one line as the Go module golang.org/x/mod/sumdb/note reads it.
func (k *Key) Public() string { return k.verifier }

func (k *Key) String() string { return k.verifier }

// originForm is a name that is fit for checkpoints, addresses and files alike.
var originForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*(/[a-zA-Z0-9._-]+)*$`)

// GenerateKey makes an Ed25519 key for a ledger of the given origin, writes it to a file that only its owner can read, and returns it.
// An existing file is left alone.
func GenerateKey(file, origin string) (*Key, error) {
	if !originForm.MatchString(origin) || len(origin) > 200 {
		return nil, fault.New(fault.Invalid, badOrigin, fault.Args{"found": fault.Excerpt(origin)})
	}
	private, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fault.New(fault.Conflict, keyExists, fault.Args{"file": file})
	}
	if err != nil {
		return nil, fmt.Errorf("writing the signing key: %w", err)
	}
	_, err = f.WriteString(private + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("writing the signing key: %w", err)
	}
	return parseKey(private)
}

// LoadKey reads a key that [GenerateKey] wrote.
func LoadKey(file string) (*Key, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, noKey, fault.Args{"file": file})
	}
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	key, err := parseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fault.New(fault.Invalid, badKey, fault.Args{"file": file}) // the cause could quote the key
	}
	return key, nil
}

// parseKey reads a key as note writes it: PRIVATE+KEY+name+hash+base64 of the algorithm and the seed.
func parseKey(private string) (*Key, error) {
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, err
	}
	parts := strings.SplitN(private, "+", 5) // Base64 may hold a + too
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, errors.New("not an Ed25519 key")
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	return &Key{signer, verifier}, nil
}

// ParsePublic reads a public key.
func ParsePublic(line string) (note.Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSpace(line))
	if err != nil {
		return nil, fault.New(fault.Invalid, badVerifier, nil).Because(err)
	}
	return v, nil
}
