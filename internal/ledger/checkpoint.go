package ledger

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
)

// maxCheckpoint is the most bytes of a checkpoint, with the signatures of its witnesses.
const maxCheckpoint = 64 << 10

var badCheckpoint = fault.Text{
	Key: "ledger.bad-checkpoint",
	Zh:  "检查点不可信：不是用这把公钥对应的密钥签名的，或已被改动",
	En:  "the checkpoint cannot be trusted: it was not signed by the key of this public key, or was changed since",
}

// sign makes the signed checkpoint of a tree, in the form of C2SP tlog-checkpoint.
func (k *Key) sign(tree tlog.Tree) ([]byte, error) {
	text := log.Checkpoint{Origin: k.Origin(), Size: uint64(tree.N), Hash: tree.Hash[:]}.Marshal()
	signed, err := note.Sign(&note.Note{Text: string(text)}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return signed, nil
}

// OpenCheckpoint reads a checkpoint and checks its signature and origin. The fault does not quote it.
// Of several public keys, one must have signed it: keys are changed for newer ones.
func OpenCheckpoint(signed []byte, by ...note.Verifier) (tlog.Tree, error) {
	tree, err := openCheckpoint(signed, by)
	if err != nil {
		return tlog.Tree{}, fault.New(fault.Invalid, badCheckpoint, nil).Because(err)
	}
	return tree, nil
}

func openCheckpoint(signed []byte, by []note.Verifier) (tlog.Tree, error) {
	if len(signed) > maxCheckpoint {
		return tlog.Tree{}, fmt.Errorf("%d bytes are too many", len(signed))
	}
	opened, err := note.Open(signed, note.VerifierList(by...))
	if err != nil {
		return tlog.Tree{}, errors.New("its signature does not hold") // note's own error may quote the text
	}
	var c log.Checkpoint
	rest, err := c.Unmarshal([]byte(opened.Text))
	switch {
	case err != nil || len(rest) > 0:
		return tlog.Tree{}, errors.New("it has another form")
	case c.Origin != opened.Sigs[0].Name:
		return tlog.Tree{}, errors.New("it is of another ledger")
	case c.Size > 1<<62 || len(c.Hash) != tlog.HashSize:
		return tlog.Tree{}, errors.New("its size or its root cannot be")
	}
	return tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Hash)}, nil
}
