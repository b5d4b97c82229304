package screening

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"

	"dajiuzhu/internal/fault"
)

var damaged = fault.Text{Key: "screening.damaged",
	Zh: "结果文件“{file}”已损坏（{why}）；请删除它再运算一次", En: `the file of results "{file}" is damaged ({why}); delete it and screen again`}

// storeMagic begins a file of what was kept.
const storeMagic = "dajiuzhu kept results 1\n"

// Save writes what was kept to a file, for its owner alone: it tells who is who to anybody who can guess an identity number.
// The file is put in its place whole; a failure leaves the former one.
func (k *Kept) Save(path string) error {
	return replace(path, 0o600, k.write)
}

// write writes the magic, the legend, the chunks, each behind its length, and a checksum of all of it.
func (k *Kept) write(w io.Writer) error {
	sum := sha256.New()
	to := io.MultiWriter(w, sum)
	legend, err := json.Marshal(k.legend)
	if err != nil {
		return err
	}
	head := append([]byte(storeMagic), sized32(len(legend))...)
	head = append(append(head, legend...), sized32(len(k.chunks))...)
	if _, err := to.Write(head); err != nil {
		return err
	}
	for _, c := range k.chunks {
		if _, err := to.Write(sized32(len(c))); err != nil {
			return err
		}
		if _, err := to.Write(c); err != nil {
			return err
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

func sized32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

// Load reads what Save wrote. The error names the file if it is damaged.
func Load(path string) (*Kept, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.NotFound, unreadable, fault.Args{"file": path}).Because(err)
	}
	k, why := parseKept(content)
	if why != nil {
		return nil, fault.New(fault.Invalid, damaged, fault.Args{"file": path, "why": why.Error()}).Because(why)
	}
	return k, nil
}

var unreadable = fault.Text{Key: "screening.unreadable",
	Zh: "读不了结果文件“{file}”", En: `the file of results "{file}" cannot be read`}

func parseKept(content []byte) (*Kept, error) {
	body := len(content) - sha256.Size
	if !bytes.HasPrefix(content, []byte(storeMagic)) || body < len(storeMagic) {
		return nil, errTruncated
	}
	if sum := sha256.Sum256(content[:body]); !bytes.Equal(sum[:], content[body:]) {
		return nil, errChecksum
	}
	r := &reader{rest: content[len(storeMagic):body]}
	k := &Kept{}
	if err := json.Unmarshal(r.take(r.size32()), &k.legend); err != nil {
		return nil, err
	}
	if k.legend.Format != keptFormat {
		return nil, errFormat
	}
	for range r.size32() {
		k.chunks = append(k.chunks, r.take(r.size32()))
		if r.err != nil {
			return nil, r.err
		}
	}
	k.count()
	return k, k.check()
}

func (r *reader) size32() int {
	b := r.take(4)
	if b == nil {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b))
}
