package ingest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

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
	var ready []*arrival
	looks := map[string]string{}
	for _, p := range parcels {
		look, whole := lookOf(fsys, p)
		looks[p.Name] = look
		if whole && look == w.seen[p.Name] && look != w.done[p.Name] {
			ready = append(ready, &arrival{p, fsys, 0})
		}
	}
	w.seen = looks
	if len(ready) == 0 {
		return nil, nil
	}
	outcomes, err := w.record.takeIn(ctx, ready, w.options)
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
