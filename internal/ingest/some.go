package ingest

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// some gives back what concerns some persons.
func (g *giver) some(ctx context.Context, persons []int64) error {
	if err := g.unlock(ctx); err != nil {
		return err
	}
	s := &selection{giver: g, persons: persons, registered: map[int64]bool{}}
	if err := s.rows(ctx); err != nil {
		return err
	}
	if err := s.strangers(ctx); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	traces := s.traces()
	for _, d := range g.set.Deliveries {
		d.Unplaced = g.unplaced[d] - s.counted[d]
	}
	before := map[*feed.Delivery]int{}
	for _, d := range g.set.Deliveries {
		before[d] = d.Unplaced
	}
	if err := g.rejects(ctx, " and (q.persons && $1 or q.unplaced and q.traces && $2)", persons, traces); err != nil {
		return err
	}
	for d, n := range before {
		d.Unplaced = n // those given back are among those counted
	}
	return nil
}

// selection is the rows that concern some persons.
type selection struct {
	*giver
	persons    []int64
	registered map[int64]bool // of the persons, those whom the register names
	names      []string       // of the registered persons
	found      [][]found      // by table
	counted    map[*feed.Delivery]int
}

// found is a row of a table, as the database gave it.
type found struct {
	place int64
	cells [][]byte
}

// rows reads the rows about the persons, of all feeds at once.
func (s *selection) rows(ctx context.Context) error {
	queries := &pgx.Batch{}
	s.found = make([][]found, len(s.set.Tables))
	for i, t := range s.set.Tables {
		about := t.About()
		if len(about) == 0 {
			continue
		}
		conditions := make([]string, len(about))
		for k, column := range about {
			conditions[k] = quoted(t.Feed.Columns[column].Name) + " = any($1)"
		}
		queries.Queue(fmt.Sprintf("select %s from %s where %s", columnsOut(t.Feed), tableOf(t.Feed).quoted(), strings.Join(conditions, " or ")), s.persons).
			Query(func(rows pgx.Rows) error { return s.take(i, rows) })
	}
	if err := s.tx.SendBatch(ctx, queries).Close(); err != nil {
		return fmt.Errorf("reading rows about persons: %w", err)
	}
	s.readRegister()
	return nil
}

// take keeps the rows of files that count.
func (s *selection) take(table int, rows pgx.Rows) error {
	for rows.Next() {
		raw := rows.RawValues()
		f := found{place: int64(binary.BigEndian.Uint64(raw[0])), cells: make([][]byte, len(raw)-1)}
		if s.files[fileOf(f.place)] == nil {
			continue
		}
		for k, cell := range raw[1:] {
			f.cells[k] = bytesOf(cell)
		}
		s.found[table] = append(s.found[table], f)
	}
	return rows.Err()
}

// bytesOf is a copy of a cell, nil for null.
func bytesOf(cell []byte) []byte {
	if cell == nil {
		return nil
	}
	return append(make([]byte, 0, len(cell)), cell...)
}

// readRegister takes from the register's rows who of the persons is registered, and under which names.
func (s *selection) readRegister() {
	for i, t := range s.set.Tables {
		if t.Feed.Role != feed.RolePersons {
			continue
		}
		id, hasID := t.Column(t.Feed.IDNo)
		name, hasName := t.Column(feed.ColumnName)
		for _, f := range s.found[i] {
			if hasID && f.cells[id] != nil {
				s.registered[int64(binary.BigEndian.Uint64(f.cells[id]))] = true
			}
			if hasName && !t.Feed.Columns[name].Sealed && f.cells[name] != nil {
				s.names = append(s.names, string(f.cells[name]))
			}
		}
	}
}

// strangers adds rows about nobody registered that may mean one of the persons: of the same name, born on the same day.
func (s *selection) strangers(ctx context.Context) error {
	var traces []int64
	for _, person := range s.persons {
		for _, name := range s.names {
			if trace := s.strangerTrace(person, name); trace != nil {
				traces = append(traces, *trace)
			}
		}
	}
	rows, err := s.tx.Query(ctx, "select distinct place from stranger where trace = any($1) and not person = any($2)", traces, s.persons)
	if err != nil {
		return fmt.Errorf("reading rows about strangers: %w", err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("reading rows about strangers: %w", err)
	}
	for i, t := range s.set.Tables {
		var here []int64
		for _, place := range places {
			if f := s.files[fileOf(place)]; f != nil && f.Feed == t.Feed {
				here = append(here, place)
			}
		}
		if len(here) == 0 {
			continue
		}
		query := fmt.Sprintf("select %s from %s where _place = any($1)", columnsOut(t.Feed), tableOf(t.Feed).quoted())
		rows, err := s.tx.Query(ctx, query, here)
		if err != nil {
			return fmt.Errorf("reading rows about strangers: %w", err)
		}
		if err := s.take(i, rows); err != nil {
			return fmt.Errorf("reading rows about strangers: %w", err)
		}
	}
	return nil
}

// settle puts the rows into their tables, in the order read, and sets aside those that are not used.
func (s *selection) settle(ctx context.Context) error {
	var places []int64
	for i := range s.found {
		slices.SortFunc(s.found[i], func(a, b found) int {
			return cmp.Or(cmp.Compare(s.place[fileOf(a.place)], s.place[fileOf(b.place)]), cmp.Compare(a.place, b.place))
		})
		s.found[i] = slices.CompactFunc(s.found[i], func(a, b found) bool { return a.place == b.place })
		for _, f := range s.found[i] {
			places = append(places, f.place)
		}
	}
	asides, err := s.asidesAt(ctx, places)
	if err != nil {
		return err
	}
	if err := s.dropOthers(ctx); err != nil {
		return err
	}
	s.counted = map[*feed.Delivery]int{}
	for i, t := range s.set.Tables {
		if err := s.put(t, s.found[i], asides); err != nil {
			return fmt.Errorf("reading rows about persons: %w", err)
		}
	}
	return nil
}

func (s *selection) put(t *feed.Table, rows []found, asides map[int64]aside) error {
	d := newDecoder(s.Record, t)
	at := map[int64]int{}
	for _, f := range rows {
		d.line.Clear()
		for k, cell := range f.cells {
			if cell == nil {
				continue
			}
			if err := d.put(f.place, k, cell); err != nil {
				return err
			}
		}
		file := s.files[fileOf(f.place)]
		row := t.AddLine(file, rowOf(f.place), d.line)
		if _, aside := asides[f.place]; aside {
			at[f.place] = row
		} else if s.strange(t.Feed, f) && file.Delivery != nil {
			s.counted[file.Delivery]++ // it will be counted again when people are matched
		}
	}
	s.setAside(t, asides, at)
	return nil
}

// strange reports whether nobody whom a row is about is registered.
func (s *selection) strange(f *pack.Feed, row found) bool {
	about := feed.About(f)
	return len(about) > 0 && !slices.ContainsFunc(about, func(i int) bool {
		return row.cells[i] != nil && s.registered[int64(binary.BigEndian.Uint64(row.cells[i]))]
	})
}

// dropOthers drops rows that are about a registered person who is not asked for, beside one who is and is not registered.
func (s *selection) dropOthers(ctx context.Context) error {
	var places []int64
	for i, t := range s.set.Tables {
		if len(t.About()) < 2 {
			continue
		}
		for _, f := range s.found[i] {
			if s.strange(t.Feed, f) {
				places = append(places, f.place)
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	rows, err := s.tx.Query(ctx, "select distinct place from stranger where place = any($1)", places)
	if err != nil {
		return fmt.Errorf("reading rows about strangers: %w", err)
	}
	strangers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("reading rows about strangers: %w", err)
	}
	for i := range s.found {
		s.found[i] = slices.DeleteFunc(s.found[i], func(f found) bool {
			return slices.Contains(places, f.place) && !slices.Contains(strangers, f.place)
		})
	}
	return nil
}

func (s *selection) asidesAt(ctx context.Context, places []int64) (map[int64]aside, error) {
	rows, err := s.tx.Query(ctx, "select place, overlap, beside from row_aside where place = any($1)", places)
	if err != nil {
		return nil, fmt.Errorf("reading which rows are not used: %w", err)
	}
	return collectAsides(rows)
}

// traces are those under which rows of which nobody can tell whose they are may mean one of the persons.
func (s *selection) traces() []int64 {
	traces := []int64{}
	for _, name := range s.names {
		traces = append(traces, s.nameTrace(name))
	}
	for _, person := range s.persons {
		if number, ok := s.people.Number(person); ok && s.registered[person] {
			traces = append(traces, s.numberTraces(number.Plain())...)
		}
	}
	return traces
}

// Kin is some persons with those who are one tie of the registers away from them: husbands and wives, parents and children, and who is in
// the same booklet, unless that is a collective one.
func (r *Record) Kin(ctx context.Context, tx pgx.Tx, persons []int64) ([]int64, error) {
	queries := append(r.kinQueries(), "select unnest($1::bigint[])")
	rows, err := tx.Query(ctx, "select distinct person from ("+strings.Join(queries, " union all ")+") all_kin (person) where person is not null order by 1", persons)
	if err != nil {
		return nil, fmt.Errorf("finding who is tied to persons: %w", err)
	}
	kin, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("finding who is tied to persons: %w", err)
	}
	return kin, nil
}

// kinQueries are the queries for who is one tie away from persons.
func (r *Record) kinQueries() []string {
	var queries []string
	for _, f := range r.pack.Feeds {
		if len(feed.About(f)) == 2 {
			queries = append(queries, coupled(f))
		}
		if f.Role == feed.RolePersons {
			queries = append(queries, related(f)...)
		}
	}
	return queries
}

// inUse holds of rows of files that count.
const inUse = `exists (select from batch_file f join batch b on b.id = f.batch
	where f.id = r._place >> 32 and b.state = 'promoted' and b.replaced_by is null)`

// coupled is the queries for both persons of rows about two.
func coupled(f *pack.Feed) string {
	about := feed.About(f)
	a, b := quoted(f.Columns[about[0]].Name), quoted(f.Columns[about[1]].Name)
	table := tableOf(f).quoted()
	return fmt.Sprintf("select r.%[1]s from %[3]s r where r.%[2]s = any($1) and %[4]s union all select r.%[2]s from %[3]s r where r.%[1]s = any($1) and %[4]s",
		a, b, table, inUse)
}

// related is the queries for parents, children and booklets of a register.
func related(f *pack.Feed) []string {
	has := func(name string) bool {
		return slices.ContainsFunc(f.Columns, func(c *pack.Column) bool { return c.Name == name && !c.Sealed })
	}
	table, id := tableOf(f).quoted(), quoted(f.IDNo)
	var queries []string
	for _, parent := range []string{feed.ColumnFather, feed.ColumnMother} {
		if has(parent) {
			queries = append(queries,
				fmt.Sprintf("select r.%s from %s r where r.%s = any($1) and %s", parent, table, id, inUse),
				fmt.Sprintf("select r.%s from %s r where r.%s = any($1) and %s", id, table, parent, inUse))
		}
	}
	if has(feed.ColumnBooklet) {
		alone := "true"
		if has(feed.ColumnCollective) {
			alone = "r." + feed.ColumnCollective + " is not true"
		}
		queries = append(queries, fmt.Sprintf(`select r.%[1]s from %[2]s r where %[3]s and %[4]s and r.%[5]s in
			(select r.%[5]s from %[2]s r where r.%[1]s = any($1) and %[3]s and %[4]s)`, id, table, alone, inUse, feed.ColumnBooklet))
	}
	return queries
}
