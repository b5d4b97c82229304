package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	maxProof   = 63       // hashes
	maxRequest = 96 << 10 // bytes: the longest checkpoint that a ledger makes, and a proof
)

var errForm = errors.New("the request has another form than C2SP tlog-witness has it")

// request is what a ledger submits.
type request struct {
	old        int64
	proof      tlog.TreeProof
	checkpoint []byte
}

// parseRequest reads the size from which it goes on, the proof, an empty line, and the checkpoint.
func parseRequest(body []byte) (r request, err error) {
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return request{}, errForm
	}
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	if r.old, err = strconv.ParseInt(size, 10, 64); !ok || err != nil || r.old < 0 || strconv.FormatInt(r.old, 10) != size || len(lines)-1 > maxProof {
		return request{}, errForm
	}
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return request{}, errForm
		}
		r.proof = append(r.proof, tlog.Hash(hash))
	}
	r.checkpoint = checkpoint
	return r, nil
}
