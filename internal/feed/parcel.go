package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// pieceRows is the most rows of a file that are handed over at once.
const pieceRows = 8192

// Parcel is what is handed over together: a manifest and the files that it names, or one file without a manifest. It is read by itself,
// in pieces, by whoever keeps rows elsewhere; [Read] reads all parcels of a folder into memory.
type Parcel struct {
	Name     string     // the path of the manifest, or of the file without one
	Delivery *Delivery  // nil without a manifest, and with one that cannot be used
	Files    []*File    // in the order of their names; those that are Refused already cannot be read
	Faults   fault.List // of the manifest, and of files that are refused

	content []byte // the manifest's
	jobs    []*job
	reader  *reader
}

// Parcels lists what a folder holds, in the order of names, without reading the data. The error is about the folder itself.
func Parcels(ctx context.Context, p *pack.Pack, fsys fs.FS, o Options) (parcels []*Parcel, ignored []string, err error) {
	o.Row = cmp.Or(o.Row, defaultRow)
	o.Unzipped = cmp.Or(o.Unzipped, defaultUnzipped)
	folder := &reader{ctx: ctx, pack: p, fsys: fsys, options: o, set: &Set{}}
	manifests, data, err := folder.list()
	if err != nil {
		return nil, nil, err
	}
	claimed := map[string]string{}
	for _, name := range manifests {
		part := folder.apart()
		jobs, err := part.manifest(name, data, claimed)
		if err != nil {
			return nil, nil, err
		}
		content, err := part.small(name)
		if err != nil {
			return nil, nil, err
		}
		parcels = append(parcels, part.parcel(name, content, jobs))
	}
	for _, name := range data {
		if claimed[name] == "" {
			part := folder.apart()
			parcels = append(parcels, part.parcel(name, nil, part.stray(name)))
		}
	}
	slices.SortFunc(parcels, func(a, b *Parcel) int { return cmp.Compare(a.Name, b.Name) })
	return parcels, folder.set.Ignored, nil
}

// apart is a reader of the same folder with a set of its own.
func (r *reader) apart() *reader {
	return &reader{ctx: r.ctx, pack: r.pack, fsys: r.fsys, options: r.options, set: &Set{}}
}

func (r *reader) parcel(name string, content []byte, jobs []*job) *Parcel {
	p := &Parcel{Name: name, Faults: r.set.Faults, content: content, jobs: jobs, reader: r}
	if len(r.set.Deliveries) == 1 {
		p.Delivery = r.set.Deliveries[0]
	}
	p.Files = r.set.Files // refused
	for _, j := range jobs {
		p.Files = append(p.Files, j.file)
	}
	slices.SortFunc(p.Files, func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

// Feed is the feed of which the parcel is, nil if that cannot be told.
func (p *Parcel) Feed() *pack.Feed {
	for _, f := range p.Files {
		if f.Feed != nil {
			return f.Feed
		}
	}
	return nil
}

// Manifest is the manifest's content, nil of a file without one.
func (p *Parcel) Manifest() []byte { return p.content }

// Read reads one of the parcel's files. What it holds is handed over in pieces: rows as a table that the taker keeps, and rejects. If the file
// comes to be refused, which [File.Refused] then tells, what was handed over does not count and must be given up. The error is one of the
// taker, or says that reading was broken off.
func (p *Parcel) Read(ctx context.Context, f *File, take func(*Table, []*Reject) error) error {
	i := slices.IndexFunc(p.jobs, func(j *job) bool { return j.file == f })
	if i < 0 {
		return nil // refused before it was read
	}
	r := p.reader.apart()
	r.ctx, r.hand = ctx, take
	defer func() { p.Faults = append(p.Faults, r.set.Faults...) }()
	src, closer, defect := r.open(p.jobs[i])
	if defect != nil {
		r.refuse(f, defect)
		return nil
	}
	defect, err := r.rows(p.jobs[i], src, newTable(r.pack, f.Feed))
	if err := errors.Join(err, closer()); err != nil {
		return fmt.Errorf("reading %s: %w", f.Name, err)
	}
	if defect != nil {
		r.refuse(f, defect)
	}
	return nil
}

// handOver gives away what was read since it was last called, and ends where the reading was called off.
func (r *reader) handOver(t *Table) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.hand == nil || t.Len()+len(r.set.Rejects) == 0 {
		return nil
	}
	piece, rejects := *t, r.set.Rejects
	*t, r.set.Rejects = *newTable(r.pack, t.Feed), nil
	return r.hand(&piece, rejects)
}

// ReadText reads rows of a feed from comma-separated values that no manifest describes, as [Parcel.Read] does.
func ReadText(ctx context.Context, p *pack.Pack, f *pack.Feed, name string, in io.Reader, take func(*Table, []*Reject) error) (*File, error) {
	r := &reader{ctx: ctx, pack: p, set: &Set{}, hand: take}
	file := &File{Name: name, Feed: f}
	src, defect := newCSV(in, utf8Encoding, defaultRow)
	if defect == nil {
		var err error
		if defect, err = r.rows(&job{file: file, format: formatCSV}, src, newTable(p, f)); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	if defect != nil {
		r.refuse(file, defect)
	}
	return file, nil
}
