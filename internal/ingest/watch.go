package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
)

// Watch takes in what comes to lie in a folder. It is for one goroutine.
type Watch struct {
	record  *Record
	dir     string
	options Options
	seen    map[string]string // of each delivery: its files as they were at the last look
	done    map[string]string // the same, of those that were taken in or are known
}

// NewWatch watches a folder.
func NewWatch(r *Record, dir string, o Options) *Watch {
	o.Source, o.again = FromFolder, true
	return &Watch{record: r, dir: dir, options: o, seen: map[string]string{}, done: map[string]string{}}
}

// Look takes in the deliveries that are whole: their manifest and all its files are there, and none has changed since the last look. Files
// stay where they are; what was taken in is known by its content, whatever became of it then.
func (w *Watch) Look(ctx context.Context) ([]Outcome, error) {
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder that is watched: %w", err)
	}
	defer root.Close()
	fsys := root.FS()
	parcels, _, err := feed.Parcels(ctx, w.record.pack, fsys, w.options.Feed)
	if err != nil {
		return nil, err
	}
	var ready []*feed.Parcel
	looks := map[string]string{}
	for _, p := range parcels {
		look, whole := lookOf(fsys, p)
		looks[p.Name] = look
		if whole && look == w.seen[p.Name] && look != w.done[p.Name] {
			ready = append(ready, p)
		}
	}
	w.seen = looks
	if len(ready) == 0 {
		return nil, nil
	}
	outcomes, err := w.record.importParcels(ctx, fsys, ready, w.options)
	for _, o := range outcomes {
		w.done[o.Name] = looks[o.Name]
	}
	return outcomes, err
}

// lookOf is the sizes and times of a delivery's files; false if one is not there yet.
func lookOf(fsys fs.FS, p *feed.Parcel) (look string, whole bool) {
	var b strings.Builder
	names := []string{p.Name}
	for _, f := range p.Files {
		names = append(names, f.Name)
	}
	for _, name := range names {
		info, err := fs.Stat(fsys, name)
		if err != nil {
			return "", false
		}
		fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
	}
	return b.String(), true
}

// Run looks into the folder again and again, until the context ends. What comes of a look that found something, or went wrong, is told.
func (w *Watch) Run(ctx context.Context, every time.Duration, tell func([]Outcome, error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if outcomes, err := w.Look(ctx); (len(outcomes) > 0 || err != nil) && ctx.Err() == nil {
			tell(outcomes, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

var (
	badUploadName = fault.Text{
		Key: "ingest.upload-name",
		Zh:  "文件名“{found}”不能用：只能是不带路径的文件名，不能重复", En: `the file name "{found}" cannot be taken: it must be a name without a path, and each only once`,
	}
	uploadTooLarge = fault.Text{
		Key: "ingest.upload-too-large",
		Zh:  "上传的文件合计超过{limit}字节。请分开上传，或放入接收文件夹", En: "the files are more than {limit} bytes together: send them apart, or put them into the folder",
	}
)

// Limits of what is taken at once from a page or the API.
const (
	mostUploaded  = 2 << 30
	mostUploads   = 100
	longestUpload = 200
)

// Upload is one file that somebody sends: a manifest or data.
type Upload struct {
	Name    string // without a path
	Content io.Reader
}

// Receive takes in files that somebody sends together, as if they lay in a folder. They are kept on the disk, readable by the program alone, while
// they are read.
func (r *Record) Receive(ctx context.Context, files []Upload, o Options) (outcomes []Outcome, err error) {
	dir, err := os.MkdirTemp("", "dajiuzhu-upload-")
	if err != nil {
		return nil, fmt.Errorf("making room for an upload: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	left := int64(mostUploaded)
	for i, f := range files {
		if i >= mostUploads || f.Name == "" || len(f.Name) > longestUpload || !filepath.IsLocal(f.Name) || filepath.Base(f.Name) != f.Name ||
			strings.ContainsAny(f.Name, `/\:`) {
			return nil, fault.New(fault.Invalid, badUploadName, fault.Args{"found": fault.Excerpt(f.Name)})
		}
		n, err := spool(filepath.Join(dir, f.Name), io.LimitReader(f.Content, left+1))
		if errors.Is(err, fs.ErrExist) {
			return nil, fault.New(fault.Invalid, badUploadName, fault.Args{"found": fault.Excerpt(f.Name)})
		}
		if err != nil {
			return nil, fmt.Errorf("receiving an upload: %w", err)
		}
		if left -= n; left < 0 {
			return nil, fault.New(fault.Invalid, uploadTooLarge, fault.Args{"limit": mostUploaded})
		}
	}
	return r.Import(ctx, os.DirFS(dir), o)
}

func spool(name string, from io.Reader) (n int64, err error) {
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(to, from)
	return n, errors.Join(err, to.Close())
}
