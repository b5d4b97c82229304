package ingest

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// ties is how many ties away from those who live in an area others may bear on who belongs to their households.
const ties = 3

// SetIn is what was delivered about everybody who lives in an area, and about those with whom they may belong together, beside all deliveries:
// what a delivery says by its silence of somebody in the area is the same as in the whole. It takes the memory of the area's rows, and it
// may tell of others too.
func (r *Record) SetIn(ctx context.Context, tx pgx.Tx, in area.Code) (*feed.Set, error) {
	persons := r.roleOf(feed.RolePersons)
	if persons == nil {
		return r.Set(ctx, tx)
	}
	if err := r.unlock(ctx); err != nil {
		return nil, err
	}
	g, err := r.newGiver(ctx, tx)
	if err != nil {
		return nil, err
	}
	w := &within{giver: g, persons: persons, in: in, counted: map[*feed.Delivery]int{}}
	if err := w.read(ctx); err != nil {
		return nil, fmt.Errorf("reading what concerns %s: %w", in, err)
	}
	if err := g.rejects(ctx, ""); err != nil {
		return nil, err
	}
	for _, d := range g.set.Deliveries {
		d.Unplaced = g.unplaced[d] - w.counted[d]
	}
	g.set.Sort()
	return g.set, nil
}

// within reads what concerns an area.
type within struct {
	*giver
	persons   *pack.Feed
	in        area.Code
	strangers map[int64]*int64 // traces of rows about nobody registered, by place
	counted   map[*feed.Delivery]int
}

func (w *within) read(ctx context.Context) error {
	steps := []func(context.Context) error{w.findInside, w.findOutside, w.readStrangers, w.readRegister, w.findNamesakes, w.readOthers}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	_, err := w.tx.Exec(ctx, "drop table inside, outside, extra")
	return err
}

// run runs statements without arguments.
func (w *within) run(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := w.tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// findInside makes the temporary table of everybody who is registered in the area.
func (w *within) findInside(ctx context.Context) error {
	lo, hi := w.in.Range()
	if err := w.run(ctx, "create temporary table inside (person bigint primary key) on commit drop",
		"create temporary table outside (person bigint primary key) on commit drop",
		"create temporary table extra (place bigint primary key) on commit drop"); err != nil {
		return err
	}
	_, err := w.tx.Exec(ctx, "insert into inside "+fmt.Sprintf(registered, "distinct r."+quoted(w.persons.IDNo), tableOf(w.persons).quoted())+
		" and r._area >= $2 and r._area < $3", w.persons.ID, int64(lo), int64(hi))
	if err != nil {
		return err
	}
	return w.run(ctx, "analyze inside")
}

// findOutside adds those who live elsewhere and are some ties away.
func (w *within) findOutside(ctx context.Context) error {
	var queries []string
	for _, q := range w.kinQueries() {
		queries = append(queries, strings.ReplaceAll(q, "= any($1)", "in (select person from frontier)"))
	}
	next := `create temporary table next on commit drop as select distinct person from (` + strings.Join(queries, " union all ") + `) kin (person)
		where person is not null and not exists (select from inside i where i.person = kin.person) and not exists (select from outside o where o.person = kin.person)`
	if err := w.run(ctx, "create temporary table frontier on commit drop as select person from inside"); err != nil {
		return err
	}
	for range ties {
		err := w.run(ctx, "analyze frontier", next, "insert into outside select person from next", "drop table frontier", "alter table next rename to frontier", "analyze outside")
		if err != nil {
			return err
		}
	}
	return w.run(ctx, "drop table frontier")
}

func (w *within) readStrangers(ctx context.Context) error {
	rows, err := w.tx.Query(ctx, "select place, trace from stranger")
	if err != nil {
		return err
	}
	w.strangers = map[int64]*int64{}
	var place int64
	var trace *int64
	_, err = pgx.ForEachRow(rows, []any{&place, &trace}, func() error {
		w.strangers[place] = trace
		trace = nil
		return nil
	})
	return err
}

func (w *within) readRegister(ctx context.Context) error {
	return w.rowsOf(ctx, w.set.Table(w.persons.ID))
}

func (w *within) readOthers(ctx context.Context) error {
	for _, t := range w.set.Tables {
		if t.Feed == w.persons {
			continue
		}
		if err := w.rowsOf(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// findNamesakes notes rows about strangers elsewhere that may mean one of the area: of the same name, born on the same day.
func (w *within) findNamesakes(ctx context.Context) error {
	t := w.set.Table(w.persons.ID)
	id, hasID := t.Column(w.persons.IDNo)
	name, hasName := t.Column(feed.ColumnName)
	if !hasID || !hasName {
		return nil
	}
	traces := make(map[int64]bool, t.Len())
	for row := range t.Len() {
		if person, ok := w.people.Find(t.ID(id, row)); ok {
			if trace := w.strangerTrace(person, t.Text(name, row)); trace != nil {
				traces[*trace] = true
			}
		}
	}
	var places [][]any
	for place, trace := range w.strangers {
		if trace != nil && traces[*trace] {
			places = append(places, []any{place})
		}
	}
	_, err := w.tx.CopyFrom(ctx, pgx.Identifier{"extra"}, []string{"place"}, pgx.CopyFromRows(places))
	return err
}

// rowsOf gives back the rows of a feed that count in the area, are about somebody of those outside, or were noted.
func (w *within) rowsOf(ctx context.Context, t *feed.Table) error {
	if len(t.About()) == 0 {
		return w.table(ctx, t)
	}
	asides, err := w.asides(ctx, t.Feed)
	if err != nil {
		return err
	}
	d, places := newDecoder(w.Record, t), map[int64]int{}
	err = d.copyOut(ctx, w.tx, w.query(t), func(place int64) {
		file := w.files[fileOf(place)]
		row := t.AddLine(file, rowOf(place), d.line)
		if _, aside := asides[place]; aside {
			places[place] = row
		} else if _, strange := w.strangers[place]; strange && file.Delivery != nil {
			w.counted[file.Delivery]++ // it will be counted again when people are matched
		}
	})
	if err != nil {
		return err
	}
	w.setAside(t, asides, places)
	return nil
}

func (w *within) query(t *feed.Table) string {
	lo, hi := w.in.Range()
	table := tableOf(t.Feed).quoted()
	places := fmt.Sprintf("select _place from %s where _area >= %d and _area < %d union select place from extra", table, lo, hi)
	for _, i := range t.About() {
		places += fmt.Sprintf(" union select r._place from outside o join %s r on r.%s = o.person", table, quoted(t.Feed.Columns[i].Name))
	}
	columns := strings.Split(columnsOut(t.Feed), ", ")
	return strings.ReplaceAll("with"+liveFiles, "$1", literal(t.Feed.ID)) + fmt.Sprintf(` select r.%s from (%s) p join %s r using (_place) join live on live.id = r._place >> 32
		order by live.rank, r._place`, strings.Join(columns, ", r."), places, table)
}
