package population

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Load reads the columns that were saved in a folder, on all processors; the names stay on disk until they are asked for.
// The pack must have the facts, codes, programmes and events of the one with which they were made. A file that is not as it
// was written refuses the whole: there is never a part of a county.
func Load(policy *rules.Policy, dir string) (*Columns, error) {
	list, err := readList(policy.Pack(), dir)
	if err != nil {
		return nil, err
	}
	on, err := list.on()
	if err != nil {
		return nil, damaged(filepath.Join(dir, savedList), err)
	}
	c := &Columns{On: on, Simulated: list.Simulated, Checksum: list.Checksum, pack: policy.Pack(), layout: policy.Layout()}
	c.names = sync.OnceValues(func() (*Names, error) { return loadNames(c, list, dir) })
	l := &loader{list: list, dir: dir}
	if err := l.load(c); err != nil {
		return nil, err
	}
	return c, nil
}

// loader reads the files of one county.
type loader struct {
	list *saved
	dir  string
}

func (l *loader) load(c *Columns) error {
	var households, persons, supporters, householdEvents, personEvents *savedRows
	if err := together(
		l.opening(savedHouseholds, &households), l.opening(savedPersons, &persons), l.opening(savedSupporters, &supporters),
		l.opening(savedHouseholdEvents, &householdEvents), l.opening(savedPersonEvents, &personEvents)); err != nil {
		return err
	}
	var counts column
	if err := together(
		starting(persons, fieldHousehold, households.rows, &c.memberStart),
		starting(supporters, fieldHousehold, households.rows, &c.supporterStart),
		starting(householdEvents, fieldHousehold, households.rows, &c.householdEventStart),
		starting(personEvents, fieldPerson, persons.rows, &c.personEventStart),
		supporters.placing(persons.rows, &c.supporterPerson),
		func() error { return persons.all(field{name: fieldCounts, form: flag()}, &counts) },
		func() error { return households.areas(&c.area) },
	); err != nil {
		return err
	}
	if err := c.count(&counts); err != nil {
		return damaged(persons.path, err)
	}
	c.chunks = chunked(c.memberStart, c.supporterStart, c.householdEventStart, c.personEventStart)
	return l.loadTables(c, households, persons, supporters, householdEvents, personEvents)
}

func (l *loader) loadTables(c *Columns, households, persons, supporters, householdEvents, personEvents *savedRows) error {
	c.household, c.person, c.supporter = c.emptyTable(pack.Household), c.emptyTable(pack.Person), c.emptyTable(pack.Person)
	batch := c.layout.NewBatch(0, 0, 0, 0, 0)
	c.householdEvent = make([]narrow.Column, len(batch.HouseholdEvent.Facts))
	c.personEvent = make([]narrow.Column, len(batch.PersonEvent.Facts))
	var tasks []func() error
	read := func(rows *savedRows, first func(extent) int32, fields []field) {
		starts := make([]int32, len(c.chunks))
		for i, at := range c.chunks {
			starts[i] = first(at)
		}
		for _, f := range fields {
			tasks = append(tasks, func() error { return rows.chunks(f, starts) })
		}
	}
	read(households, func(at extent) int32 { return at.household }, append(c.states(), c.fields(pack.Household, &c.household, true)...))
	read(persons, func(at extent) int32 { return at.person }, c.fields(pack.Person, &c.person, true))
	read(supporters, func(at extent) int32 { return at.supporter }, c.fields(pack.Person, &c.supporter, false))
	read(householdEvents, func(at extent) int32 { return at.householdEvent }, c.eventFields(pack.Household, c.householdEvent))
	read(personEvents, func(at extent) int32 { return at.personEvent }, c.eventFields(pack.Person, c.personEvent))
	if err := together(tasks...); err != nil {
		return err
	}
	c.silent()
	return nil
}

// silent fills the columns that no file holds: nothing is known in them.
func (c *Columns) silent() {
	for i := range c.supporter.complete {
		for chunk := range c.Chunks() {
			c.supporter.complete[i].AppendSame(int(c.chunks[chunk+1].supporter-c.chunks[chunk].supporter), 0, false)
		}
	}
	for _, events := range [][]narrow.Column{c.householdEvent, c.personEvent} {
		for i := range events {
			for events[i].Chunks() < c.Chunks() {
				events[i].AppendSame(0, 0, false)
			}
		}
	}
}

func (c *Columns) emptyTable(unit pack.Unit) table {
	t := table{facts: make([]narrow.Column, len(c.layout.Facts(unit))), held: make([]narrow.Column, len(c.pack.Programmes))}
	if kinds := c.layout.EventKinds(unit); kinds != nil {
		t.complete = make([]narrow.Column, len(kinds.Codes))
	}
	return t
}

// count takes from each person's mark how many of a household count: those who do come first.
func (c *Columns) count(counts *column) error {
	c.counted = make([]int32, len(c.memberStart)-1)
	for h := range c.counted {
		from, to := c.memberStart[h], c.memberStart[h+1]
		for person := from; person < to && counts.num[person] != 0; person++ {
			c.counted[h]++
		}
		for person := from + c.counted[h]; person < to; person++ {
			if counts.num[person] != 0 {
				return fmt.Errorf("household %d: who counts does not come first", h)
			}
		}
	}
	return nil
}

// together runs tasks on all processors and returns the error of the first task in their order that has one.
func together(tasks ...func() error) error {
	errs := make([]error, len(tasks))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = tasks[i]()
			}
		})
	}
	for i := range tasks {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// savedRows is one file, opened.
type savedRows struct {
	path string
	rows int
	file *parquet.File
}

func (l *loader) opening(name string, to **savedRows) func() error {
	return func() (err error) {
		*to, err = l.open(name)
		return err
	}
}

func (l *loader) open(name string) (*savedRows, error) {
	content, rows, err := l.list.read(l.dir, name)
	if err != nil {
		return nil, err
	}
	r := &savedRows{path: filepath.Join(l.dir, name), rows: rows}
	return r, r.guarded(func() (err error) {
		r.file, err = parquet.OpenFile(bytes.NewReader(content), int64(len(content)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err == nil && r.file.NumRows() != int64(rows) {
			err = fmt.Errorf("%d rows, %d are listed", r.file.NumRows(), rows)
		}
		return err
	})
}

// guarded turns whatever goes wrong inside a file, a panic of the reading library too, into a fault that names it.
func (r *savedRows) guarded(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged(r.path, fmt.Errorf("%v", p))
		}
	}()
	if err := read(); err != nil {
		return damaged(r.path, err)
	}
	return nil
}

// pages calls f for every page of a column, in order.
func (r *savedRows) pages(name string, node parquet.Node, f func(parquet.Page) error) error {
	leaf, ok := r.file.Schema().Lookup(name)
	if !ok || leaf.Node.Type().Kind() != node.Type().Kind() || leaf.Node.Optional() != node.Optional() || leaf.Node.Repeated() {
		return fmt.Errorf("the column %q is missing or of another type", name)
	}
	for _, group := range r.file.RowGroups() {
		if err := eachPage(group.ColumnChunks()[leaf.ColumnIndex], f); err != nil {
			return fmt.Errorf("the column %q: %w", name, err)
		}
	}
	return nil
}

func eachPage(chunk parquet.ColumnChunk, f func(parquet.Page) error) error {
	pages := chunk.Pages()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return pages.Close()
		}
		if err == nil {
			err = f(page)
			parquet.Release(page)
		}
		if err != nil {
			return errors.Join(err, pages.Close())
		}
	}
}

// chunks reads a column into its narrow one, cut where chunks begin.
func (r *savedRows) chunks(f field, starts []int32) error {
	return r.guarded(func() error {
		cut := &cutter{to: f.column, bitmap: f.bitmap, starts: starts}
		v := &pageValues{form: f.form}
		err := r.pages(f.name, f.form.node, func(page parquet.Page) error {
			if err := v.read(page); err != nil {
				return err
			}
			return cut.add(v)
		})
		if err != nil {
			return err
		}
		return cut.end()
	})
}

// all reads a column whole.
func (r *savedRows) all(f field, to *column) error {
	return r.guarded(func() error {
		*to = newColumn(r.rows)
		v, row := &pageValues{form: f.form}, 0
		err := r.pages(f.name, f.form.node, func(page parquet.Page) error {
			if err := v.read(page); err != nil {
				return err
			}
			if row+v.n > r.rows {
				return errTooMany
			}
			v.copy(0, v.n, to.num, to.known, row)
			row += v.n
			return nil
		})
		if err == nil && row < r.rows {
			err = errTooFew
		}
		return err
	})
}

var (
	errTooMany = errors.New("there are more values than rows")
	errTooFew  = errors.New("there are fewer values than rows")
)

// starting reads whose each row is into where the rows of each owner begin.
func starting(r *savedRows, name string, owners int, to *[]int32) func() error {
	return func() error {
		var of column
		if err := r.all(field{name: name, form: savedForm{node: ordinal()}}, &of); err != nil {
			return err
		}
		start := make([]int32, owners+1)
		row := 0
		for owner := range owners {
			for row < len(of.num) && of.num[row] == int64(owner) {
				row++
			}
			start[owner+1] = int32(row)
		}
		if row < len(of.num) {
			return damaged(r.path, fmt.Errorf("row %d belongs to nobody, or rows are out of order", row))
		}
		*to = start
		return nil
	}
}

// placing reads which person each supporter is.
func (r *savedRows) placing(persons int, to *[]int32) func() error {
	return func() error {
		var of column
		if err := r.all(field{name: fieldPerson, form: savedForm{node: ordinal()}}, &of); err != nil {
			return err
		}
		*to = make([]int32, r.rows)
		for i, person := range of.num {
			if person < 0 || person >= int64(persons) {
				return damaged(r.path, fmt.Errorf("row %d is no person", i))
			}
			(*to)[i] = int32(person)
		}
		return nil
	}
}

func (r *savedRows) areas(to *[]area.Code) error {
	var of column
	if err := r.all(field{name: fieldArea, form: areaForm()}, &of); err != nil {
		return err
	}
	*to = make([]area.Code, r.rows)
	for i := range *to {
		if of.known.Has(i) {
			(*to)[i] = area.Code(of.num[i])
		}
	}
	return nil
}

// loadNames reads who the households and persons of columns are.
func loadNames(c *Columns, list *saved, dir string) (*Names, error) {
	l := &loader{list: list, dir: dir}
	var households, persons *savedRows
	if err := together(l.opening(savedHouseholdNames, &households), l.opening(savedPersonNames, &persons)); err != nil {
		return nil, err
	}
	if households.rows != c.Households() || persons.rows != c.Persons() {
		return nil, damaged(filepath.Join(dir, savedList), errors.New("the tables of names have other rows than those of facts"))
	}
	var keys, zh, en, names, numbers []string
	if err := together(households.texting(fieldKey, parquet.String(), &keys), households.texting(fieldDoubtsZh, textForm().node, &zh),
		households.texting(fieldDoubtsEn, textForm().node, &en), persons.texting(fieldName, textForm().node, &names),
		persons.texting(fieldNumber, parquet.String(), &numbers)); err != nil {
		return nil, err
	}
	n := newNamer(c)
	for i, key := range keys {
		n.addHousehold(key, splitDoubts(zh[i], en[i]))
	}
	for i, name := range names {
		number, err := parseNumber(numbers[i])
		if err != nil {
			return nil, damaged(persons.path, err)
		}
		n.addPerson(name, number)
	}
	return n.Names, nil
}

func parseNumber(plain string) (idno.Number, error) {
	if plain == "" {
		return idno.Number{}, nil
	}
	return idno.Parse(plain)
}

func splitDoubts(zh, en string) []pack.Text {
	if zh == "" {
		return nil
	}
	var doubts []pack.Text
	others := strings.Split(en, "\n")
	for i, text := range strings.Split(zh, "\n") {
		d := pack.Text{Zh: text}
		if i < len(others) {
			d.En = others[i]
		}
		doubts = append(doubts, d)
	}
	return doubts
}

func (r *savedRows) texting(name string, node parquet.Node, to *[]string) func() error {
	return func() error {
		return r.guarded(func() error {
			*to = make([]string, 0, r.rows)
			err := r.pages(name, node, func(page parquet.Page) error {
				some := make([]parquet.Value, page.NumValues())
				n, err := page.Values().ReadValues(some)
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				for _, v := range some[:n] {
					*to = append(*to, string(v.ByteArray()))
				}
				return nil
			})
			if err == nil && len(*to) != r.rows {
				err = errTooFew
			}
			return err
		})
	}
}
