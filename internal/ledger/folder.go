package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
)

// maxAct is the most bytes of an exported act.
const maxAct = 16 << 20

// folder is an exported ledger, whose size its checkpoint gives. Entries and tiles are read as they are asked for, in rising order.
type folder struct {
	dir        string
	checkpoint []byte
	size       int64
	read       map[int]window // by level, -1 of entries
}

// window is the tile of a level that was read last.
type window struct {
	n      int64
	hashes []tlog.Hash
	leaves []Leaf
	err    error
}

// openFolder reads the checkpoint of an exported ledger, and does not check it.
func openFolder(dir string) (*folder, error) {
	signed, err := readBounded(filepath.Join(dir, checkpointFile), maxCheckpoint)
	var c log.Checkpoint
	if err == nil {
		_, err = c.Unmarshal(signed)
	}
	if err == nil && c.Size > 1<<54 {
		err = errors.New("its size cannot be")
	}
	if err != nil {
		return nil, unreadable(checkpointFile, nil)
	}
	return &folder{dir, signed, int64(c.Size), map[int]window{}}, nil
}

// unreadable is the fault of a file. A cause is given only where it cannot quote the file's content.
func unreadable(file string, cause error) error {
	return fault.New(fault.Invalid, badFile, fault.Args{"file": file}).Because(cause)
}

// readBounded reads a file that must not be longer than most.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it is longer than %d bytes", most)
	}
	return data, err
}

// tileOf is the tile, or bundle, that holds place n of a level; false where the tree has no such place.
func (f *folder) tileOf(level int, n int64) (tlog.Tile, bool) {
	width := f.size>>(tileHeight*max(level, 0)) - n>>tileHeight<<tileHeight
	return tlog.Tile{H: tileHeight, L: level, N: n >> tileHeight, W: int(min(width, 1<<tileHeight))}, n>>tileHeight<<tileHeight+width > n
}

// window reads the tile that holds place n of a level.
func (f *folder) window(level int, n int64) window {
	if w, ok := f.read[level]; ok && w.n == n>>tileHeight {
		return w
	}
	w := window{n: n >> tileHeight}
	tile, ok := f.tileOf(level, n)
	if !ok {
		return window{n: -1, err: errors.New("the tree has no such tile")}
	}
	name := filepath.Join(f.dir, filepath.FromSlash(tilePath(tile)))
	var data []byte
	if level < 0 {
		if data, w.err = readBounded(name, int64(tile.W)*(2+maxEntry)); w.err == nil {
			w.leaves, w.err = parseBundle(data, tile.W)
		}
	} else {
		if data, w.err = readBounded(name, int64(tile.W)*tlog.HashSize); w.err == nil && len(data) != tile.W*tlog.HashSize {
			w.err = errors.New("the tile is not whole")
		}
		for ; len(data) >= tlog.HashSize; data = data[tlog.HashSize:] {
			w.hashes = append(w.hashes, tlog.Hash(data))
		}
	}
	f.read[level] = w
	return w
}

// leaf is the leaf at an index, from the bundles.
func (f *folder) leaf(i int64) (Leaf, bool) {
	w := f.window(-1, i)
	if at := i & (1<<tileHeight - 1); at < int64(len(w.leaves)) {
		return w.leaves[at], true
	}
	return Leaf{}, false
}

// Verify reads an exported folder and nothing else, computes everything anew, and tells which leaf is wrong first. Where no keys are given, the
// folder's own counts: then it is shown that the folder agrees with itself, not whose it is. The error is of the reading; what is wrong with
// the ledger stands in the report.
func Verify(dir string, o Options) (Report, error) {
	f, err := openFolder(dir)
	if err != nil {
		return Report{}, err
	}
	if len(o.Keys) == 0 {
		line, err := readBounded(filepath.Join(dir, keyFile), maxCheckpoint)
		if err != nil {
			return Report{}, unreadable(keyFile, nil)
		}
		key, err := ParsePublic(string(line))
		if err != nil {
			return Report{}, err
		}
		o.Keys = append(o.Keys, key)
	}
	signed, err := OpenCheckpoint(f.checkpoint, o.Keys...)
	if err != nil {
		return Report{}, err
	}
	a, err := newAudit(o)
	if err != nil {
		return Report{}, err
	}
	report, err := (&folderAudit{audit: a, folder: f}).run(signed)
	for _, w := range o.Witnesses {
		if err == nil && !cosignedBy(f.checkpoint, w) {
			report.wrong(-1, unwitnessed, fault.Args{"witness": w.Name()})
		}
	}
	return report, err
}

// folderAudit is an audit of an exported folder.
type folderAudit struct {
	*audit
	folder *folder
	acts   *actReader
}

func (v *folderAudit) run(signed tlog.Tree) (Report, error) {
	acts, err := openActs(filepath.Join(v.folder.dir, actsFile))
	if err != nil {
		return Report{}, err
	}
	defer acts.close()
	v.acts, v.stored = acts, v.hash
	for v.tree.size < signed.N {
		if v.folder.window(-1, v.tree.size).err != nil && len(v.Faults) == mostFaults {
			return v.end(), nil // a size that is not so, or a folder of which hardly anything is left
		}
		if err := v.step(); err != nil {
			return Report{}, err
		}
	}
	if v.tree.root() != signed.Hash {
		v.wrongAmong(v.agreed, signed.N-1, rootOther)
	}
	for ; v.acts.more; err = v.acts.advance() {
		if err != nil {
			return Report{}, err
		}
		v.wrong(-1, strayAct, fault.Args{"act": v.acts.next.ID, "leaf": v.acts.next.Index})
	}
	return v.end(), err
}

// step adds the next leaf, and holds its act against it where it was exported.
func (v *folderAudit) step() error {
	i := v.tree.size
	leaf, ok := v.folder.leaf(i)
	if bundle, _ := v.folder.tileOf(-1, i); i == bundle.N<<tileHeight { // leaves that are not there are told below
		if w := v.folder.window(-1, i); w.err != nil && len(w.leaves) == bundle.W {
			v.wrong(-1, badFile, fault.Args{"file": tilePath(bundle)})
		}
	}
	for v.acts.more && v.acts.next.Index <= i {
		act := v.acts.next
		switch {
		case act.Index < i:
			v.wrong(-1, strayAct, fault.Args{"act": act.ID, "leaf": act.Index})
		case ok && act.Leaf() != leaf:
			v.wrong(i, actChanged, fault.Args{"act": act.ID})
		default:
			v.Acts++
		}
		if err := v.acts.advance(); err != nil {
			return err
		}
	}
	if !ok {
		bundle, _ := v.folder.tileOf(-1, i)
		last := bundle.N<<tileHeight + int64(bundle.W) - 1
		v.wrong(i, leafGone, fault.Args{"last": last})
		for v.tree.size <= last {
			v.leaf(nil)
		}
		return nil
	}
	hash := tlog.RecordHash(leaf.Entry())
	v.leaf(&hash)
	return nil
}

// hash is a stored hash: tiles keep every eighth level.
func (v *folderAudit) hash(level int, n int64) (tlog.Hash, bool) {
	if level%tileHeight != 0 {
		return tlog.Hash{}, false
	}
	w := v.folder.window(level/tileHeight, n)
	at := n & (1<<tileHeight - 1)
	if w.err == nil {
		return w.hashes[at], true
	}
	if at == 0 {
		tile, _ := v.folder.tileOf(level/tileHeight, n)
		v.wrong(n<<level, hashGone, fault.Args{"file": tilePath(tile)})
	}
	return tlog.Hash{}, false
}

// actReader reads the file of acts a line at a time.
type actReader struct {
	file io.Closer
	in   *bufio.Scanner
	line int
	next exportedAct
	more bool
}

func openActs(name string) (*actReader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(actsFile, nil)
	}
	r := readActs(f)
	r.file = f
	if err := r.advance(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// readActs reads acts from a file; advance comes to the first.
func readActs(in io.Reader) *actReader {
	r := &actReader{in: bufio.NewScanner(in), next: exportedAct{Index: -1}}
	r.in.Buffer(nil, maxAct)
	return r
}

func (r *actReader) close() { r.file.Close() }

// advance comes to the next act. The fault does not quote the line.
func (r *actReader) advance() error {
	r.line++
	if r.more = r.in.Scan(); !r.more {
		if r.in.Err() != nil {
			return r.fault()
		}
		return nil
	}
	var a exportedAct
	fields := json.NewDecoder(bytes.NewReader(r.in.Bytes()))
	fields.DisallowUnknownFields()
	if fields.Decode(&a) != nil || fields.More() || a.Index <= r.next.Index || strings.TrimSpace(a.Kind) == "" {
		r.more = false
		return r.fault()
	}
	r.next = a
	return nil
}

func (r *actReader) fault() error {
	return fault.New(fault.Invalid, badFile, fault.Args{"file": actsFile}).In(fault.At{File: actsFile, Line: r.line})
}
