package screening

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// staging is files that are written beside their places and put there together. Several may be written at a time.
type staging struct {
	dir, temp string
	mutex     sync.Mutex
	names     []string
	obsolete  []string // files that go when the others are in their places
}

// stagingName begins the folder of files that are not in their places yet.
const stagingName = ".writing-"

// stage makes a folder and, in it, one for what is being written. What a run left that was killed goes.
func stage(dir string) (*staging, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of results: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, stagingName+"*"))
	if err != nil {
		return nil, fmt.Errorf("looking for unfinished results: %w", err)
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return nil, fmt.Errorf("removing unfinished results: %w", err)
		}
	}
	temp, err := os.MkdirTemp(dir, stagingName+"*")
	if err != nil {
		return nil, fmt.Errorf("making room for results: %w", err)
	}
	return &staging{dir: dir, temp: temp}, nil
}

// supersede lets the tables of a former run go when the others are in their places.
func (s *staging) supersede(tables ...string) {
	for _, name := range tables {
		s.obsolete = append(s.obsolete, name+".csv", name+".parquet")
	}
}

// file writes a file until it is on disk.
func (s *staging) file(name string, mode os.FileMode, write func(io.Writer) error) error {
	if err := writeFile(filepath.Join(s.temp, name), mode, write); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Join(s.dir, name), err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.names = append(s.names, name)
	return nil
}

func writeFile(path string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// commit puts the files in their places. Whether they can be is looked at before the first is.
func (s *staging) commit() error {
	slices.Sort(s.names) // in the same order however long each took
	for _, name := range s.names {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err == nil && info.IsDir() {
			return fmt.Errorf("replacing %s: a folder is in the way", filepath.Join(s.dir, name))
		}
	}
	for _, name := range s.names {
		if err := os.Rename(filepath.Join(s.temp, name), filepath.Join(s.dir, name)); err != nil {
			return fmt.Errorf("replacing %s: %w", filepath.Join(s.dir, name), err)
		}
	}
	for _, name := range s.obsolete {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing %s: %w", filepath.Join(s.dir, name), err)
		}
	}
	return nil
}

// drop removes what was not put in its place.
func (s *staging) drop() { _ = os.RemoveAll(s.temp) }

// replace writes one file beside its place and puts it there.
func replace(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	temp, err := os.MkdirTemp(filepath.Dir(path), stagingName+"*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	whole := filepath.Join(temp, strings.TrimPrefix(filepath.Base(path), "."))
	if err := writeFile(whole, mode, write); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(whole, path)
}
