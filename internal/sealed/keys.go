package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"dajiuzhu/internal/fault"
)

// A sealed value is the form, the key's id, the nonce, and what GCM makes of the plain text with its tag.
const (
	form       = 1
	headSize   = 1 + 4
	nonceSize  = 12
	tagSize    = 16
	leastSize  = headSize + nonceSize + 1 + tagSize // an empty text is not sealed
	keySize    = 32
	DigestSize = 16 // bytes of a digest
)

var (
	damaged = fault.Text{
		Key: "sealed.damaged",
		Zh:  "字段“{field}”的密文打不开：已损坏、被改动，或属于别的字段。请从备份恢复该值，并查明是谁改动的",
		En:  `the sealed value of "{field}" does not open: it is damaged, was altered, or belongs to another field; restore it from a backup and find out who altered it`,
	}
	unknownForm = fault.Text{
		Key: "sealed.form",
		Zh:  "字段“{field}”的值不是本程序的密文。请查看是哪个程序写入的",
		En:  `the value of "{field}" is not one that this program sealed; see what wrote it`,
	}
	noSuchKey = fault.Text{
		Key: "sealed.no-such-key",
		Zh:  "字段“{field}”用{id}号密钥加密，密钥文件中没有它（有：{have}）。请从备份取回该密钥",
		En:  `"{field}" is sealed with key {id}, which the key file does not hold (it holds {have}); bring that key back from a backup`,
	}
)

// Keys seals, opens and digests. It is safe for concurrent use, and prints only the ids of its keys.
//
// A nonce is drawn at random for each value: a key should seal no more than some thousand million values before a new one is added.
type Keys struct {
	sealing []sealingKey // newest last: it seals
	digests []digestKey  // newest last
	random  io.Reader
	later   later // keys that were added since these were loaded: they open, and do not seal
}

// In is the field of a value that is bound to its row as well: moved to another, it does not open. The row is a number that never changes,
// mostly its id.
func In(field string, row int64) string { return field + "#" + strconv.FormatInt(row, 10) }

// Newest is the id of the key that seals. It stays the same for as long as the program runs.
func (k *Keys) Newest() uint32 { return k.sealing[len(k.sealing)-1].id }

type sealingKey struct {
	id   uint32
	aead cipher.AEAD
}

type digestKey struct {
	id   uint32
	macs *sync.Pool // of hash.Hash, keyed: keying one costs more than using it
}

func newSealingKey(id uint32, key []byte) sealingKey {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the size of a key is checked where it is read
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return sealingKey{id, aead}
}

func newDigestKey(id uint32, key []byte) digestKey {
	key = slices.Clone(key)
	return digestKey{id, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Seal seals the plain text of a field, such as "person.phone", with the newest key. An empty text gives nil.
func (k *Keys) Seal(field, plain string) []byte {
	if plain == "" {
		return nil
	}
	key := k.sealing[len(k.sealing)-1]
	out := make([]byte, headSize+nonceSize, headSize+nonceSize+len(plain)+tagSize)
	out[0] = form
	binary.BigEndian.PutUint32(out[1:], key.id)
	if _, err := io.ReadFull(k.random, out[headSize:]); err != nil {
		panic(fmt.Sprintf("sealing: no randomness: %v", err)) // crypto/rand never fails
	}
	return key.aead.Seal(out, out[headSize:], []byte(plain), bound(field, out[:headSize]))
}

// bound is what a sealed value is bound to: its head and its field.
func bound(field string, head []byte) []byte {
	return append(slices.Clone(head), field...)
}

// Open opens a value that was sealed for the same field; nil opens to "". The faults say whether it is damaged (or another field's),
// is no sealed value, or lacks its key, and show nothing of it.
func (k *Keys) Open(field string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	if len(sealed) < leastSize || sealed[0] != form {
		return "", fault.New(fault.Internal, unknownForm, fault.Args{"field": field})
	}
	head, nonce, rest := sealed[:headSize], sealed[headSize:headSize+nonceSize], sealed[headSize+nonceSize:]
	key, ok := k.sealingKey(keyID(sealed))
	if !ok {
		return "", fault.New(fault.Unready, noSuchKey, fault.Args{"field": field, "id": keyID(sealed), "have": k.ids()})
	}
	plain, err := key.aead.Open(nil, nonce, rest, bound(field, head))
	if err != nil {
		return "", fault.New(fault.Internal, damaged, fault.Args{"field": field}).Because(err)
	}
	return string(plain), nil
}

// keyID is the id of the key of a value that is long enough.
func keyID(sealed []byte) uint32 { return binary.BigEndian.Uint32(sealed[1:headSize]) }

func (k *Keys) sealingKey(id uint32) (sealingKey, bool) {
	for _, key := range k.sealing {
		if key.id == id {
			return key, true
		}
	}
	return k.later.key(id)
}

// Current reports whether a value is sealed with the newest key; nil is.
func (k *Keys) Current(sealed []byte) bool {
	if len(sealed) == 0 {
		return true
	}
	return len(sealed) >= leastSize && sealed[0] == form && keyID(sealed) == k.Newest()
}

// Digest is 16 bytes that are the same for the same text of the same field, and tell nothing of it to who lacks the key. An empty text
// gives nil. Texts are compared as they are: whoever digests writes a number in one way.
func (k *Keys) Digest(field, plain string) []byte {
	return k.digests[len(k.digests)-1].digest(field, plain)
}

// Digests are the digests under each key, newest first: what a search compares with while the digest key is being changed, and only
// [Keys.Digest] otherwise.
func (k *Keys) Digests(field, plain string) [][]byte {
	if plain == "" {
		return nil
	}
	all := make([][]byte, 0, len(k.digests))
	for _, key := range slices.Backward(k.digests) {
		all = append(all, key.digest(field, plain))
	}
	return all
}

func (d digestKey) digest(field, plain string) []byte {
	if plain == "" {
		return nil
	}
	mac := d.macs.Get().(hash.Hash)
	defer d.macs.Put(mac)
	mac.Reset()
	_, _ = io.WriteString(mac, field)
	_, _ = mac.Write([]byte{0}) // no field's name holds one: nothing can move between field and text
	_, _ = io.WriteString(mac, plain)
	return mac.Sum(make([]byte, 0, sha256.Size))[:DigestSize:DigestSize]
}

// ids names the keys that seal and open, oldest first.
func (k *Keys) ids() string { return join(k.sealing, func(key sealingKey) uint32 { return key.id }) }

func join[T any](keys []T, id func(T) uint32) string {
	var out []byte
	for i, key := range keys {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = fmt.Append(out, id(key))
	}
	return string(out)
}

// String is the ids of the keys.
func (k *Keys) String() string {
	if k == nil {
		return "no keys"
	}
	return fmt.Sprintf("keys %s; digest keys %s", k.ids(), join(k.digests, func(d digestKey) uint32 { return d.id }))
}

// Format prints the ids of the keys, whatever the verb.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue is the ids of the keys.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText writes the ids of the keys.
func (k *Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// NewKeys makes one key of each kind, for tests and for programs whose sealed values need not outlive them.
func NewKeys() *Keys {
	seal, digest := make([]byte, keySize), make([]byte, keySize)
	rand.Read(seal)
	rand.Read(digest)
	return &Keys{sealing: []sealingKey{newSealingKey(1, seal)}, digests: []digestKey{newDigestKey(1, digest)}, random: rand.Reader}
}
