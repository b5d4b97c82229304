package ingest

import (
	"archive/zip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

var (
	badUploadName = fault.Text{
		Key: "ingest.upload-name",
		Zh:  "文件名“{found}”不能用：只能是不带路径的文件名，不能重复", En: `the file name "{found}" cannot be taken: it must be a name without a path, and each only once`,
	}
	badUploadType = fault.Text{
		Key: "ingest.upload-type",
		Zh:  "“{found}”不是数据文件：可以上传清单（*.manifest.json）、csv、xlsx、jsonl、parquet，或装有这些文件的zip",
		En:  `"{found}" is no data file: manifests (*.manifest.json), csv, xlsx, jsonl and parquet are taken, and a zip of such files`,
	}
	uploadTooLarge = fault.Text{
		Key: "ingest.upload-too-large",
		Zh:  "上传的文件合计超过{limit}字节（压缩文件按解开后计）。请分开上传，或放入接收文件夹", En: "the files are more than {limit} bytes together, unpacked: send them apart, or put them into the folder",
	}
	uploadTooMany = fault.Text{
		Key: "ingest.upload-too-many",
		Zh:  "一次最多上传{limit}个文件", En: "at most {limit} files are taken at once",
	}
	nothingSent = fault.Text{
		Key: "ingest.nothing-sent",
		Zh:  "没有收到文件，或文件是空的", En: "no file was sent, or what was sent is empty",
	}
	badArchive = fault.Text{
		Key: "ingest.bad-archive",
		Zh:  "压缩文件“{found}”不完整或已损坏，请重新打包上传", En: `the archive "{found}" is cut off or damaged: pack and send it again`,
	}
)

// limits of what is taken at once from a page or the API.
type limits struct {
	bytes int64 // together, unpacked
	files int
	name  int // of bytes
}

var uploadLimits = limits{bytes: 2 << 30, files: 200, name: 200}

// Sent is files that somebody sent together and that lie on the disk, readable by the program alone.
type Sent struct {
	Folder string // its name among the uploads
	Files  []string
	Bytes  int64
	Digest []byte // of the names and contents
}

// receiver writes what is sent to a folder.
type receiver struct {
	root *os.Root
	sent *Sent
	left int64
}

// Receive writes files to the disk as they come, until next says io.EOF. A zip is unpacked. Whatever is wrong, nothing stays.
func (u *Uploads) Receive(ctx context.Context, next func() (name string, content io.Reader, err error)) (sent *Sent, err error) {
	folder := rand.Text()
	if err := os.Mkdir(filepath.Join(u.dir, folder), 0o700); err != nil {
		return nil, fmt.Errorf("making room for an upload: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(u.dir, folder)))
		}
	}()
	root, err := os.OpenRoot(filepath.Join(u.dir, folder))
	if err != nil {
		return nil, fmt.Errorf("making room for an upload: %w", err)
	}
	defer root.Close()
	r := &receiver{root: root, sent: &Sent{Folder: folder}, left: uploadLimits.bytes}
	for {
		name, content, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.file(name, content); err != nil {
			return nil, err
		}
	}
	if len(r.sent.Files) == 0 || r.sent.Bytes == 0 {
		return nil, fault.New(fault.Invalid, nothingSent, nil)
	}
	return r.sent, r.digest()
}

// file takes one file.
func (r *receiver) file(name string, content io.Reader) error {
	if path.Base(name) != name || strings.ContainsAny(name, `\:`) {
		return fault.New(fault.Invalid, badUploadName, fault.Args{"found": fault.Excerpt(name)})
	}
	if strings.EqualFold(path.Ext(name), ".zip") {
		return r.archive(name, content)
	}
	return r.put(name, content)
}

// put writes a file of a local path.
func (r *receiver) put(name string, content io.Reader) error {
	switch {
	case name == "" || len(name) > uploadLimits.name || !filepath.IsLocal(name) || !utf8.ValidString(name) || strings.ContainsAny(name, `\:`):
		return fault.New(fault.Invalid, badUploadName, fault.Args{"found": fault.Excerpt(name)})
	case !feed.Reads(name):
		return fault.New(fault.Invalid, badUploadType, fault.Args{"found": fault.Excerpt(name)})
	case len(r.sent.Files) >= uploadLimits.files:
		return fault.New(fault.Invalid, uploadTooMany, fault.Args{"limit": uploadLimits.files})
	}
	if dir := path.Dir(name); dir != "." {
		if err := r.root.MkdirAll(dir, 0o700); err != nil {
			return fault.New(fault.Invalid, badUploadName, fault.Args{"found": fault.Excerpt(name)}).Because(err)
		}
	}
	to, err := r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Invalid, badUploadName, fault.Args{"found": fault.Excerpt(name)})
	}
	if err != nil {
		return fmt.Errorf("receiving an upload: %w", err)
	}
	n, err := io.Copy(to, io.LimitReader(content, r.left+1))
	if err := errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("receiving an upload: %w", err)
	}
	if r.left -= n; r.left < 0 {
		return fault.New(fault.Invalid, uploadTooLarge, fault.Args{"limit": uploadLimits.bytes})
	}
	r.sent.Files, r.sent.Bytes = append(r.sent.Files, name), r.sent.Bytes+n
	return nil
}

// archiveName is where an archive lies while it is unpacked; no file that is taken is called so.
const archiveName = ".archive"

// archive unpacks a zip. What it unpacks to is counted as it comes, whatever the archive says of itself.
func (r *receiver) archive(name string, content io.Reader) error {
	spool, err := r.root.OpenFile(archiveName, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("receiving an archive: %w", err)
	}
	defer func() { _ = spool.Close(); _ = r.root.Remove(archiveName) }() // the folder goes with it at the latest
	size, err := io.Copy(spool, io.LimitReader(content, r.left+1))
	if err != nil {
		return fmt.Errorf("receiving an archive: %w", err)
	}
	if size > r.left {
		return fault.New(fault.Invalid, uploadTooLarge, fault.Args{"limit": uploadLimits.bytes})
	}
	broken := fault.New(fault.Invalid, badArchive, fault.Args{"found": fault.Excerpt(name)})
	z, err := zip.NewReader(spool, size)
	if err != nil {
		return broken.Because(err)
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if !f.Mode().IsRegular() {
			return fault.New(fault.Invalid, badUploadType, fault.Args{"found": fault.Excerpt(nameIn(f))})
		}
		if err := r.unpack(f, broken); err != nil {
			return err
		}
	}
	return nil
}

func (r *receiver) unpack(f *zip.File, broken *fault.Error) error {
	content, err := f.Open()
	if err != nil {
		return broken.Because(err)
	}
	defer content.Close()
	watched := &watchedReader{Reader: content}
	err = r.put(nameIn(f), watched)
	if watched.failed != nil {
		return broken.Because(watched.failed)
	}
	return err
}

// watchedReader remembers that reading failed, which is the archive's fault and not the disk's.
type watchedReader struct {
	io.Reader
	failed error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed = err
	}
	return n, err
}

// nameIn is a file's name in an archive: archives made by Windows in Chinese write it in GB18030.
func nameIn(f *zip.File) string {
	if !f.NonUTF8 || utf8.ValidString(f.Name) {
		return f.Name
	}
	name, err := simplifiedchinese.GB18030.NewDecoder().String(f.Name)
	if err != nil {
		return f.Name
	}
	return name
}

// digest takes the digest of what was received, in the order of names.
func (r *receiver) digest() error {
	h := sha256.New()
	err := fs.WalkDir(r.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := r.root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		one := sha256.New()
		if _, err := io.Copy(one, f); err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00%x\x00", name, one.Sum(nil))
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading an upload: %w", err)
	}
	r.sent.Digest = h.Sum(nil)
	return nil
}
