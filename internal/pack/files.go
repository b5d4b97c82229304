package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"dajiuzhu/internal/fault"
)

var (
	unreadable = fault.Text{Key: "pack.unreadable",
		Zh: "读不了这个文件：{detailZh}", En: "the file cannot be read: {detail}"}
	tooLarge = fault.Text{Key: "pack.too-large",
		Zh: "文件超过 {limit} 兆字节", En: "the file is larger than {limit} MiB"}
)

// maxFile bounds a file of a pack; the largest real one is the list of areas.
const maxFile = 16 << 20

// readFiles reads every file of the pack but notes (README, .md) and hidden files.
func (l *loader) readFiles(fsys fs.FS) map[string][]byte {
	contents := map[string][]byte{}
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.unreadable(name, err)
			return nil
		case name == ".":
			return nil
		case strings.HasPrefix(path.Base(name), "."):
			return skip(d)
		case d.IsDir() || path.Ext(name) == ".md":
			return nil
		}
		if content, ok := l.readFile(fsys, name); ok {
			contents[name] = content
		}
		return nil
	}) // every fault has been reported where it arose
	return contents
}

// skip leaves out a file, or a folder with all below it.
func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (l *loader) readFile(fsys fs.FS, name string) ([]byte, bool) {
	content, err := readBounded(fsys, name)
	switch {
	case errors.Is(err, errTooLarge):
		l.lose(name)
		l.failAt(fault.At{File: name}, tooLarge, fault.Args{"limit": maxFile >> 20})
	case err != nil:
		l.unreadable(name, err)
	}
	return content, err == nil
}

// unreadable reports why a file or a folder could not be read, without its path, which the place already says.
func (l *loader) unreadable(name string, err error) {
	told := Text{err.Error(), err.Error()}
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		told = Text{"没有读取权限", "permission denied"}
	case errors.As(err, &pathError):
		told = Text{pathError.Err.Error(), pathError.Err.Error()}
	}
	l.lose(name)
	l.failAt(fault.At{File: name}, unreadable, fault.Args{"detail": told.En, "detailZh": told.Zh})
}

var errTooLarge = errors.New("too large")

func readBounded(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		return nil, errTooLarge
	}
	return content, err
}

// hash names the pack by its content.
func hash(names []string, contents map[string][]byte) string {
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s\x00%d\x00", name, len(contents[name]))
		h.Write(contents[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
