package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Row is an act as it stands in the record, with all that its leaf's digest is made of.
type Row struct {
	ID         int64     `json:"id"`
	At         time.Time `json:"at"` // microseconds
	Account    int64     `json:"account"`
	Role       string    `json:"role"`
	Area       int64     `json:"area"`
	Department string    `json:"department"`
	Kind       string    `json:"kind"`
	Subject    string    `json:"subject"`
	Detail     string    `json:"detail"` // JSON, as a text since its very bytes count
	Salt       []byte    `json:"salt"`
}

// Leaf is what the tree holds of an act: what kind of act it was, and a digest that tells nothing else.
type Leaf struct {
	Kind   string
	Digest [sha256.Size]byte
}

// Leaf is the act's leaf, computed from the row.
func (r Row) Leaf() Leaf {
	encoding := []byte("dajiuzhu act 1\n")
	for _, part := range []string{
		hex.EncodeToString(r.Salt), strconv.FormatInt(r.ID, 10), strconv.FormatInt(r.At.UnixMicro(), 10), strconv.FormatInt(r.Account, 10), r.Role,
		strconv.FormatInt(r.Area, 10), r.Department, r.Kind, r.Subject, r.Detail,
	} {
		encoding = fmt.Appendf(encoding, "%d:%s\n", len(part), part)
	}
	return Leaf{r.Kind, sha256.Sum256(encoding)}
}

// Entry is the leaf as it is hashed into the tree and served: "1 kind digest", the digest in hexadecimal.
func (l Leaf) Entry() []byte {
	return fmt.Appendf(nil, "1 %s %x", l.Kind, l.Digest)
}

var entryForm = regexp.MustCompile(`^1 ([a-z]+(?:[.-][a-z]+)*) ([0-9a-f]{64})$`)

// ParseEntry reads an entry. The error does not quote it.
func ParseEntry(entry []byte) (Leaf, error) {
	parts := entryForm.FindSubmatch(entry)
	if parts == nil || len(parts[1]) > maxKind {
		return Leaf{}, fmt.Errorf("an entry of %d bytes is not of the form 1 kind digest", len(entry))
	}
	l := Leaf{Kind: string(parts[1])}
	_, err := hex.Decode(l.Digest[:], parts[2])
	return l, err
}

// maxKind is the most characters of a kind.
const maxKind = 64

// maxEntry is the most bytes of an entry: "1 ", the kind, a space, the digest.
const maxEntry = 2 + maxKind + 1 + 2*sha256.Size
