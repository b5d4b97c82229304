package population

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var (
	notSaved = fault.Text{Key: "population.not-saved",
		Zh: "文件夹里没有保存的人口数据（缺 columns.json）：请用 dajiuzhu population 生成",
		En: "no saved columns are here (columns.json is missing): make them with dajiuzhu population"}
	savedDamaged = fault.Text{Key: "population.saved-damaged",
		Zh: "文件已损坏或不完整，整个县的数据未使用：请用 dajiuzhu population 重新生成",
		En: "the file is damaged or cut off, and nothing of the county is used: make it again with dajiuzhu population"}
	savedFileMissing = fault.Text{Key: "population.saved-file-missing",
		Zh: "columns.json 列出的文件不存在：请用 dajiuzhu population 重新生成",
		En: "columns.json names this file and it is not there: make it again with dajiuzhu population"}
	savedOtherFormat = fault.Text{Key: "population.saved-other-format",
		Zh: "文件是第{found}版格式，本程序读第{expected}版：请用 dajiuzhu population 重新生成",
		En: "the file has version {found} of the format, and this program reads version {expected}: make it again with dajiuzhu population"}
	savedOtherPack = fault.Text{Key: "population.saved-other-pack",
		Zh: "文件出自另一个政策包版本（{found}，{hash}），事实或代码表已经不同：请用 dajiuzhu population 重新生成",
		En: "the file comes of another version of the pack ({found}, {hash}), whose facts or codes differ: make it again with dajiuzhu population"}
)

// savedFormat is the version of the files' shape.
const savedFormat = 1

// savedList is the name of the list of a county's files. It is written last: what it does not name is not there.
const savedList = "columns.json"

// saved is the list of a county's files.
type saved struct {
	Format    int         `json:"format"`
	Pack      string      `json:"pack"`
	Hash      string      `json:"hash"`   // of the pack
	Layout    string      `json:"layout"` // SHA-256 of the facts, codes, programmes and events of the pack, in their order
	On        string      `json:"on"`
	Simulated bool        `json:"simulated"`
	Files     []savedFile `json:"files"`
	Checksum  string      `json:"checksum"` // SHA-256 of the list without it
}

type savedFile struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// sum is the checksum of the list.
func (s saved) sum() string {
	s.Checksum = ""
	return digest(s.content())
}

func (s saved) content() []byte {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("population: a list of texts and numbers can be written: " + err.Error())
	}
	return append(content, '\n')
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// layoutSum tells packs apart whose columns differ: by facts, codes, programmes or events, or by their order.
func layoutSum(p *pack.Pack) string {
	var b bytes.Buffer
	list := func(codes string) {
		if l := p.Codes[codes]; l != nil {
			fmt.Fprintf(&b, " %q", l.IDs())
		}
	}
	for _, f := range p.Facts {
		fmt.Fprintf(&b, "fact %q %q", f.Path(), f.Type)
		list(f.Codes)
		b.WriteByte('\n')
	}
	for _, q := range p.Programmes {
		fmt.Fprintf(&b, "programme %q\n", q.ID)
	}
	for _, e := range p.Events {
		fmt.Fprintf(&b, "event %q", e.Unit)
		list(e.Kinds)
		for _, f := range e.Fields {
			fmt.Fprintf(&b, " %q %q", f.Name, f.Type)
			list(f.Codes)
		}
		b.WriteByte('\n')
	}
	return digest(b.Bytes())
}

// readList reads the list of a county's files and holds it to the pack.
func readList(p *pack.Pack, dir string) (*saved, error) {
	path := filepath.Join(dir, savedList)
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, notSaved, nil).In(fault.At{File: dir}).Because(err)
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var s saved
	if err := json.Unmarshal(content, &s); err != nil {
		return nil, damaged(path, err)
	}
	at := fault.At{File: path}
	switch {
	case s.Checksum != s.sum() || !bytes.Equal(content, s.content()):
		return nil, damaged(path, errors.New("the list is not as it was written"))
	case s.Format != savedFormat:
		return nil, fault.New(fault.Conflict, savedOtherFormat, fault.Args{"found": s.Format, "expected": savedFormat}).In(at)
	case s.Layout != layoutSum(p):
		return nil, fault.New(fault.Conflict, savedOtherPack, fault.Args{"found": fault.Excerpt(s.Pack), "hash": fault.Excerpt(s.Hash)}).In(at)
	}
	return &s, nil
}

func (s *saved) on() (calendar.Date, error) { return calendar.Parse(s.On) }

// read reads one of the files whole, and only as it was written.
func (s *saved) read(dir, name string) ([]byte, int, error) {
	path := filepath.Join(dir, name)
	for _, f := range s.Files {
		if f.Name != name {
			continue
		}
		content, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, 0, fault.New(fault.NotFound, savedFileMissing, nil).In(fault.At{File: path}).Because(err)
		case err != nil:
			return nil, 0, fmt.Errorf("reading %s: %w", path, err)
		case int64(len(content)) != f.Bytes || digest(content) != f.SHA256:
			return nil, 0, damaged(path, errors.New("the size or the checksum differs"))
		}
		return content, f.Rows, nil
	}
	return nil, 0, damaged(filepath.Join(dir, savedList), fmt.Errorf("%s is not listed", name))
}

func damaged(path string, because error) error {
	return fault.New(fault.Invalid, savedDamaged, nil).In(fault.At{File: path}).Because(because)
}
