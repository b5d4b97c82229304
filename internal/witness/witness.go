package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
)

var (
	exists = fault.Text{
		Key: "witness.exists",
		Zh:  "文件夹{dir}里已有见证人。见证人不能重做：请换一个文件夹",
		En:  "there is a witness in {dir} already, which is not made anew: name another folder",
	}
	lost = fault.Text{
		Key: "witness.lost",
		Zh:  "文件夹{dir}里没有见证人见过的记录（seen）。丢了记录的见证人不能再用：请从备份恢复，或用新密钥另立见证人",
		En:  "{dir} holds nothing of what the witness has seen (the folder seen): such a witness must not go on; restore it from a backup, or make another with a key of its own",
	}
	damaged = fault.Text{
		Key: "witness.damaged",
		Zh:  "见证人对日志{origin}的记录已损坏或不是用给出的公钥签名的。请从备份恢复，或核对 --ledger",
		En:  "what the witness has kept of the ledger {origin} is damaged, or not signed by the key that was given: restore it from a backup, or check --ledger",
	}
	inUse = fault.Text{
		Key: "witness.in-use",
		Zh:  "另一个程序正在使用文件夹{dir}里的见证人",
		En:  "another program is running the witness in {dir}",
	}
)

const (
	keyFile    = "key"
	seenFolder = "seen"
	lockFile   = "lock"
)

// Generate makes a witness of a name in a folder: its key, and a place for what it will see. It returns the public key.
func Generate(dir, name string) (public string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of a witness: %w", err)
	}
	if err := os.Mkdir(filepath.Join(dir, seenFolder), 0o700); errors.Is(err, fs.ErrExist) {
		return "", fault.New(fault.Conflict, exists, fault.Args{"dir": dir})
	} else if err != nil {
		return "", fmt.Errorf("making the folder of a witness: %w", err)
	}
	key, err := ledger.GenerateWitnessKey(filepath.Join(dir, keyFile), name)
	if err != nil {
		return "", err
	}
	return key.Public(), nil
}

// Witness cosigns. It is safe for concurrent use, and the only one that uses its folder.
type Witness struct {
	key   *ledger.WitnessKey
	clock func() time.Time
	logs  map[string]*watched // by origin
	lock  *os.File
}

// watched is a ledger that is watched.
type watched struct {
	mu   sync.Mutex
	keys []note.Verifier
	file string
	seen tlog.Tree // that was cosigned last
	kept []byte    // its checkpoint, with the cosignature; nil before the first
}

// Open reads a witness of a folder, which watches the ledgers of some public keys. The caller closes it.
func Open(dir string, ledgers []note.Verifier, clock func() time.Time) (*Witness, error) {
	key, err := ledger.LoadWitnessKey(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	seen := filepath.Join(dir, seenFolder)
	if info, err := os.Stat(seen); err != nil || !info.IsDir() {
		return nil, fault.New(fault.NotFound, lost, fault.Args{"dir": dir})
	}
	w := &Witness{key: key, clock: clock, logs: map[string]*watched{}}
	for _, v := range ledgers {
		l := w.logs[v.Name()]
		if l == nil {
			sum := sha256.Sum256([]byte(v.Name()))
			l = &watched{file: filepath.Join(seen, hex.EncodeToString(sum[:]))}
			w.logs[v.Name()] = l
		}
		l.keys = append(l.keys, v)
	}
	if w.lock, err = lockFolder(dir); err != nil {
		return nil, err
	}
	for origin, l := range w.logs {
		if err := l.read(); err != nil {
			return nil, errors.Join(fault.New(fault.Invalid, damaged, fault.Args{"origin": origin}), w.Close())
		}
	}
	return w, nil
}

// Close lets another program use the folder.
func (w *Witness) Close() error { return w.lock.Close() }

// Public is the witness's public key.
func (w *Witness) Public() string { return w.key.Public() }

// read reads what was kept of a ledger, if anything was.
func (l *watched) read() error {
	kept, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if l.seen, err = ledger.OpenCheckpoint(kept, l.keys...); err != nil {
		return err
	}
	l.kept = kept
	return nil
}

// keep writes a checkpoint down, for good before it returns.
func (l *watched) keep(checkpoint []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(l.file), ".seen-")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(checkpoint)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), l.file); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(l.file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Handler serves the witness.
//
//	POST /add-checkpoint             C2SP tlog-witness
//	GET  /checkpoint/{origin}        the newest checkpoint of a ledger that it has cosigned
//	GET  /key                        its public key
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.add)
	mux.HandleFunc("GET /checkpoint/{origin...}", w.kept)
	mux.HandleFunc("GET /key", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, w.Public()) })
	return mux
}

func (w *Witness) kept(out http.ResponseWriter, r *http.Request) {
	l := w.logs[r.PathValue("origin")]
	if l == nil {
		http.NotFound(out, r)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil {
		http.NotFound(out, r)
		return
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.Write(l.kept)
}

func (w *Witness) add(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, maxRequest))
	if err != nil {
		http.Error(out, errForm.Error(), http.StatusBadRequest)
		return
	}
	a := w.answer(body)
	if a.conflict {
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(http.StatusConflict)
		fmt.Fprintln(out, a.knows)
		return
	}
	if a.status != http.StatusOK {
		http.Error(out, a.text, a.status)
		return
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(out, a.text)
}

// answer is what the witness says to a request.
type answer struct {
	status   int
	text     string
	conflict bool // it has cosigned another size, or at that size another tree
	knows    int64
}

func refuse(status int, text string) answer { return answer{status: status, text: text} }

// answer goes through the checks in the order of the specification.
func (w *Witness) answer(body []byte) answer {
	r, err := parseRequest(body)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	origin, _, _ := strings.Cut(string(r.checkpoint), "\n")
	l := w.logs[origin]
	if l == nil {
		return refuse(http.StatusNotFound, "this ledger is not watched here")
	}
	tree, err := ledger.OpenCheckpoint(r.checkpoint, l.keys...)
	if err != nil {
		return refuse(http.StatusForbidden, "the checkpoint is not signed by a key of this ledger")
	}
	if r.old > tree.N {
		return refuse(http.StatusBadRequest, "the old size is larger than the checkpoint's")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.old != l.seen.N || r.old == tree.N && l.kept != nil && tree.Hash != l.seen.Hash {
		return answer{conflict: true, knows: l.seen.N}
	}
	if !goesOn(l.seen, tree, r.proof) {
		return refuse(http.StatusUnprocessableEntity, "the proof does not show that the checkpoint goes on from the one before")
	}
	return w.cosign(l, tree, r.checkpoint)
}

// goesOn reports whether a tree contains one that was seen.
func goesOn(seen, tree tlog.Tree, proof tlog.TreeProof) bool {
	if seen.N > 0 {
		return tlog.CheckTree(proof, tree.N, tree.Hash, seen.N, seen.Hash) == nil
	}
	empty, _ := tlog.TreeHash(0, nil) // reads nothing
	return len(proof) == 0 && (tree.N > 0 || tree.Hash == empty)
}

// cosign keeps a checkpoint that was checked, and only then cosigns it for others.
func (w *Witness) cosign(l *watched, tree tlog.Tree, checkpoint []byte) answer {
	text, signatures, _ := strings.Cut(string(checkpoint), "\n\n")
	text += "\n"
	line := w.key.Cosign(text, w.clock())
	kept := []byte(text + "\n" + ours(signatures, l.keys) + line)
	if err := l.keep(kept); err != nil {
		return refuse(http.StatusInternalServerError, "what was seen could not be kept")
	}
	l.seen, l.kept = tree, kept
	return answer{status: http.StatusOK, text: line}
}

// ours are the lines of signatures that bear the name of the ledger itself: those of others are not kept for them.
func ours(signatures string, keys []note.Verifier) string {
	var kept string
	for line := range strings.Lines(signatures) {
		if slices.ContainsFunc(keys, func(k note.Verifier) bool { return strings.HasPrefix(line, "— "+k.Name()+" ") }) {
			kept += line
		}
	}
	return kept
}
