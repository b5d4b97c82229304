package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"dajiuzhu/internal/fault"
)

// cosignature is the kind of key that C2SP tlog-cosignature gives Ed25519.
const cosignature = 4

var (
	noWitnessKey = fault.Text{
		Key: "ledger.no-witness-key",
		Zh:  "找不到见证密钥{file}，或它不是见证密钥。请用 dajiuzhu witness generate 生成，或从备份恢复",
		En:  "there is no key of a witness at {file}, or it is none: make one with dajiuzhu witness generate, or restore it from its backup",
	}
	witnessKeyExists = fault.Text{
		Key: "ledger.witness-key-exists",
		Zh:  "{file}已存在，不会覆盖：换掉见证密钥，先前的见证就无法再验证",
		En:  "{file} exists and is not replaced: what was cosigned with it could no longer be verified",
	}
)

// WitnessKey cosigns checkpoints, in the form of C2SP tlog-cosignature. It prints as its public part.
type WitnessKey struct {
	witness
	private ed25519.PrivateKey
}

// witness is the public part of a witness's key. It is a [note.Verifier].
type witness struct {
	name   string
	public ed25519.PublicKey
}

func (w witness) Name() string { return w.name }

func (w witness) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(w.name+"\n"), w.encoded()...))
	return binary.BigEndian.Uint32(sum[:])
}

func (w witness) encoded() []byte { return append([]byte{cosignature}, w.public...) }

// Verify reports whether a cosignature, its time and the signature proper, is of a checkpoint's text.
func (w witness) Verify(text, signed []byte) bool {
	if len(signed) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signed)
	return at <= math.MaxInt64 && ed25519.Verify(w.public, cosigned(text, at), signed[8:])
}

func (w witness) String() string {
	return fmt.Sprintf("%s+%08x+%s", w.name, w.KeyHash(), base64.StdEncoding.EncodeToString(w.encoded()))
}

// cosigned is what a witness signs.
func cosigned(text []byte, at uint64) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

// Public is the public key, one line as [ParseWitness] reads it.
func (k *WitnessKey) Public() string { return k.witness.String() }

// Cosign is the line that a witness adds to a checkpoint of that text: as of that time it has seen nothing larger, and this goes on from all
// that it saw. Whoever calls it has made sure of that.
func (k *WitnessKey) Cosign(text string, at time.Time) string {
	signed := binary.BigEndian.AppendUint32(nil, k.KeyHash())
	signed = binary.BigEndian.AppendUint64(signed, uint64(at.Unix()))
	signed = append(signed, ed25519.Sign(k.private, cosigned([]byte(text), uint64(at.Unix())))...)
	return "— " + k.name + " " + base64.StdEncoding.EncodeToString(signed) + "\n"
}

// GenerateWitnessKey makes a witness's key of a name, writes it to a file that only its owner can read, and returns it. An existing file is left alone.
func GenerateWitnessKey(file, name string) (*WitnessKey, error) {
	if !originForm.MatchString(name) || len(name) > 200 {
		return nil, fault.New(fault.Invalid, badOrigin, fault.Args{"found": fault.Excerpt(name)})
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a witness's key: %w", err)
	}
	k := &WitnessKey{witness{name, public}, private}
	text := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s\n", name, k.KeyHash(), base64.StdEncoding.EncodeToString(append([]byte{cosignature}, private.Seed()...)))
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fault.New(fault.Conflict, witnessKeyExists, fault.Args{"file": file})
	}
	if err != nil {
		return nil, fmt.Errorf("writing the witness's key: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("writing the witness's key: %w", err)
	}
	return k, nil
}

// LoadWitnessKey reads a key that [GenerateWitnessKey] wrote.
func LoadWitnessKey(file string) (*WitnessKey, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the witness's key: %w", err)
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "PRIVATE+KEY+")
	name, hash, seed, read := keyParts(rest)
	if !ok || !read || len(seed) != ed25519.SeedSize {
		return nil, fault.New(fault.Invalid, noWitnessKey, fault.Args{"file": file}) // the cause could quote the key
	}
	private := ed25519.NewKeyFromSeed(seed)
	k := &WitnessKey{witness{name, private.Public().(ed25519.PublicKey)}, private}
	if k.KeyHash() != hash {
		return nil, fault.New(fault.Invalid, noWitnessKey, fault.Args{"file": file})
	}
	return k, nil
}

// keyParts takes a key apart: its name, the hash of both, and what is in it after the kind, which must be a witness's.
func keyParts(line string) (name string, hash uint32, key []byte, ok bool) {
	parts := strings.SplitN(line, "+", 3) // Base64 may hold a + too
	if len(parts) != 3 || !originForm.MatchString(parts[0]) || len(parts[1]) != 8 {
		return "", 0, nil, false
	}
	n, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return "", 0, nil, false
	}
	key, err = base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) < 1 || key[0] != cosignature {
		return "", 0, nil, false
	}
	return parts[0], uint32(n), key[1:], true
}

// ParseWitness reads a witness's public key.
func ParseWitness(line string) (note.Verifier, error) {
	name, hash, public, ok := keyParts(strings.TrimSpace(line))
	if ok && len(public) == ed25519.PublicKeySize {
		if w := (witness{name, public}); w.KeyHash() == hash {
			return w, nil
		}
	}
	return nil, fault.New(fault.Invalid, badVerifier, nil)
}

// cosignedBy reports whether a checkpoint bears a witness's cosignature.
func cosignedBy(checkpoint []byte, w note.Verifier) bool {
	if len(checkpoint) > maxCheckpoint {
		return false
	}
	_, err := note.Open(checkpoint, note.VerifierList(w))
	return err == nil
}
