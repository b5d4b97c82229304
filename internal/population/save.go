package population

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var notOurs = fault.Text{Key: "population.not-our-folder",
	Zh: "文件夹里有“{found}”，不是 dajiuzhu population 写的，没有动它：请另选写出的位置",
	En: `the folder holds "{found}", which dajiuzhu population did not write, and was left alone: choose another place to write to`}

// ours is what a folder of columns may hold: the tables, their list, and the rows that were rejected, which whoever read the
// deliveries puts beside them.
var ours = []string{savedList, savedHouseholds, savedPersons, savedSupporters, savedHouseholdEvents, savedPersonEvents, savedHouseholdNames,
	savedPersonNames, "rejects.csv"}

// MayReplace reports, as an error, why a folder must not be replaced by columns: it holds something else. It is asked before
// long work, and again by Save.
func MayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking into %s: %w", dir, err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !slices.Contains(ours, e.Name()) {
			return fault.New(fault.Conflict, notOurs, fault.Args{"found": fault.Excerpt(e.Name())}).In(fault.At{File: dir})
		}
	}
	return nil
}

// Save writes the columns and the names into a folder, as Parquet tables and a list of them. The folder is written beside
// its place and put there when everything is on disk, so that a failure leaves the former one as it was; it is its owner's
// alone, since it says everything of everybody. A folder that holds anything else is left alone.
func (c *Columns) Save(dir string) error {
	return c.save(dir, func(path string) (io.WriteCloser, error) {
		return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	})
}

type creator func(path string) (io.WriteCloser, error)

func (c *Columns) save(dir string, create creator) error {
	if err := MayReplace(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("making the folder of columns: %w", err)
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fmt.Errorf("making the folder of columns: %w", err)
	}
	if err := c.saveTables(beside, create); err != nil {
		return errors.Join(fmt.Errorf("saving the columns of %s: %w", dir, err), os.RemoveAll(beside))
	}
	return exchange(beside, dir)
}

// exchange puts a folder in the place of another one, which it removes.
func exchange(beside, dir string) error {
	former := beside + ".former"
	err := os.Rename(dir, former)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return os.Rename(beside, dir)
	case err != nil:
		return errors.Join(fmt.Errorf("putting the former %s aside: %w", dir, err), os.RemoveAll(beside))
	}
	if err := os.Rename(beside, dir); err != nil {
		return errors.Join(fmt.Errorf("putting %s in place: %w", dir, err), os.Rename(former, dir), os.RemoveAll(beside))
	}
	return os.RemoveAll(former)
}

func (c *Columns) saveTables(dir string, create creator) error {
	names, err := c.Names()
	if err != nil {
		return err
	}
	list := saved{Format: savedFormat, Pack: c.pack.ID, Hash: c.pack.Hash, Layout: layoutSum(c.pack), On: c.On.String(), Simulated: c.Simulated}
	for _, t := range c.tables(names) {
		file, err := c.saveTable(filepath.Join(dir, t.name), t, create)
		if err != nil {
			return fmt.Errorf("writing %s: %w", t.name, err)
		}
		list.Files = append(list.Files, file)
	}
	list.Checksum = list.sum()
	return writeFile(filepath.Join(dir, savedList), create, func(w io.Writer) error {
		_, err := w.Write(list.content())
		return err
	})
}

// writeFile writes a file through to the disk.
func writeFile(path string, create creator, write func(io.Writer) error) error {
	f, err := create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if s, ok := f.(interface{ Sync() error }); ok && err == nil {
		err = s.Sync()
	}
	return errors.Join(err, f.Close())
}

// savedTable is one file to be written.
type savedTable struct {
	name    string
	rows    int
	columns []savedColumn
}

func (c *Columns) tables(names *Names) []savedTable {
	last := c.chunks[len(c.chunks)-1]
	persons := append([]savedColumn{numbered(fieldPerson, int(last.person)), owners(fieldHousehold, c.memberStart), c.countsColumn()}, c.savedColumns(c.fields(pack.Person, &c.person, true))...)
	households := append([]savedColumn{numbered(fieldHousehold, int(last.household)), c.areaColumn()}, c.savedColumns(append(c.states(), c.fields(pack.Household, &c.household, true)...))...)
	supporters := append([]savedColumn{owners(fieldHousehold, c.supporterStart), c.supportersColumn()}, c.savedColumns(c.fields(pack.Person, &c.supporter, false))...)
	householdEvents := append([]savedColumn{owners(fieldHousehold, c.householdEventStart)}, c.savedColumns(c.eventFields(pack.Household, c.householdEvent))...)
	personEvents := append([]savedColumn{owners(fieldPerson, c.personEventStart)}, c.savedColumns(c.eventFields(pack.Person, c.personEvent))...)
	return []savedTable{
		{savedHouseholds, int(last.household), households},
		{savedPersons, int(last.person), persons},
		{savedSupporters, int(last.supporter), supporters},
		{savedHouseholdEvents, int(last.householdEvent), householdEvents},
		{savedPersonEvents, int(last.personEvent), personEvents},
		{savedHouseholdNames, int(last.household), names.householdColumns()},
		{savedPersonNames, int(last.person), names.personColumns()},
	}
}

func (c *Columns) saveTable(path string, t savedTable, create creator) (savedFile, error) {
	group := parquet.Group{}
	for _, column := range t.columns {
		group[column.name] = column.node
	}
	schema := parquet.NewSchema(strings.TrimSuffix(t.name, ".parquet"), group)
	counted := &summed{sum: sha256.New()}
	err := writeFile(path, create, func(w io.Writer) error {
		counted.to = w
		p := parquet.NewGenericWriter[any](counted, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("dajiuzhu", fmt.Sprint(savedFormat), ""),
			parquet.KeyValueMetadata("dajiuzhu.on", c.On.String()), parquet.KeyValueMetadata("dajiuzhu.pack", c.pack.ID),
			parquet.KeyValueMetadata("dajiuzhu.simulated", fmt.Sprint(c.Simulated)))
		writers := p.ColumnWriters()
		for _, column := range t.columns {
			leaf, _ := schema.Lookup(column.name)
			if err := column.save(writers[leaf.ColumnIndex], leaf.ColumnIndex); err != nil {
				return err
			}
		}
		return p.Close()
	})
	return savedFile{Name: t.name, Rows: t.rows, Bytes: counted.bytes, SHA256: hex.EncodeToString(counted.sum.Sum(nil))}, err
}

// save writes a column's values; those that are null are known by their level.
func (s *savedColumn) save(to *parquet.ColumnWriter, index int) error {
	defined := 0
	if s.node.Optional() {
		defined = 1
	}
	return s.each(func(values []parquet.Value) error {
		for i, v := range values {
			level := defined
			if v.IsNull() {
				level = 0
			}
			values[i] = v.Level(0, level, index)
		}
		_, err := to.WriteRowValues(values)
		return err
	})
}

// summed counts and sums what is written.
type summed struct {
	to    io.Writer
	sum   hash.Hash
	bytes int64
}

func (s *summed) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.sum.Write(p[:n])
	s.bytes += int64(n)
	return n, err
}
