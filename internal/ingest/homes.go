package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

// homes is where everybody lives whom the register of persons names, by person.
type homes struct {
	mu      sync.RWMutex
	known   []area.Code // 0 of who is not registered
	version string      // of the register when they were read
}

func (h *homes) of(person int64) (area.Code, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if person < 0 || person >= int64(len(h.known)) || h.known[person] == 0 {
		return 0, false
	}
	return h.known[person], true
}

// roleOf is the pack's feed with a role, nil if there is none.
func (r *Record) roleOf(role string) *pack.Feed {
	for _, f := range r.pack.Feeds {
		if f.Role == role {
			return f
		}
	}
	return nil
}

// settleHomes reads where everybody lives, unless nothing was promoted since.
func (r *Record) settleHomes(ctx context.Context, tx pgx.Tx) error {
	f := r.roleOf(feed.RolePersons)
	if f == nil {
		return nil
	}
	var version string
	err := tx.QueryRow(ctx, `select coalesce(string_agg(id || state || coalesce(replaced_by, 0), ',' order by id), '') from batch
		where feed = $1 and state in ('promoted', 'undone')`, f.ID).Scan(&version)
	if err != nil {
		return fmt.Errorf("asking for the register's version: %w", err)
	}
	r.homes.mu.Lock()
	defer r.homes.mu.Unlock()
	if r.homes.version == version {
		return nil
	}
	query := fmt.Sprintf("with"+liveFiles+` select r.%s, r._area from %s r join live on live.id = r._place >> 32
		where not exists (select from row_aside a where a.place = r._place)`, quoted(f.IDNo), tableOf(f).quoted())
	rows, err := tx.Query(ctx, query, f.ID)
	if err != nil {
		return fmt.Errorf("reading where people live: %w", err)
	}
	clear(r.homes.known)
	var person, home int64
	_, err = pgx.ForEachRow(rows, []any{&person, &home}, func() error {
		for int64(len(r.homes.known)) <= person {
			r.homes.known = append(r.homes.known, 0)
		}
		r.homes.known[person] = area.Code(home)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading where people live: %w", err)
	}
	r.homes.version = version
	return nil
}

// versionOf counts what changed the record: promotions, undoings and stops.
func versionOf(ctx context.Context, tx pgx.Tx) (version int64, err error) {
	if err := tx.QueryRow(ctx, "select version from record_version").Scan(&version); err != nil {
		return 0, fmt.Errorf("asking for the record's version: %w", err)
	}
	return version, nil
}

// nextVersion counts a change of the record. It comes last in a transaction: whoever else changes the record waits for its end.
func nextVersion(ctx context.Context, tx pgx.Tx) (version int64, err error) {
	if err := tx.QueryRow(ctx, "update record_version set version = version + 1 returning version").Scan(&version); err != nil {
		return 0, fmt.Errorf("counting the record's version: %w", err)
	}
	return version, nil
}

// findFlipped finds who comes to be registered, or ceases to be, or lives elsewhere, by a batch of the register that is about to come into use
// or has just gone out of it.
func (r *Record) findFlipped(ctx context.Context, tx pgx.Tx, b *Batch) error {
	f := r.feedOf(b.Feed)
	if f.Role != feed.RolePersons {
		return nil
	}
	replaced, err := r.wouldReplace(ctx, tx, b)
	if err != nil {
		return err
	}
	return flip(ctx, tx, compared(f, b.Rows, `select distinct person from compared, unnest(these || those) person
		where kind in ('new', 'changed', 'gone') and person is not null`), b.Feed, b.ID, replaced)
}

// flip makes the temporary table of those whom a change of the register concerns.
func flip(ctx context.Context, tx pgx.Tx, persons string, args ...any) error {
	if _, err := tx.Exec(ctx, "create temporary table flipped (person bigint primary key) on commit drop"); err != nil {
		return fmt.Errorf("finding who is registered anew: %w", err)
	}
	if _, err := tx.Exec(ctx, "insert into flipped "+persons, args...); err != nil {
		return fmt.Errorf("finding who is registered anew: %w", err)
	}
	if _, err := tx.Exec(ctx, "analyze flipped"); err != nil {
		return fmt.Errorf("finding who is registered anew: %w", err)
	}
	return nil
}

// followRegister lets the rows of other feeds follow the register: they count where the person lives now, and are strangers' if nobody whom
// they are about is registered.
func (r *Record) followRegister(ctx context.Context, tx pgx.Tx, b *Batch) error {
	persons := r.feedOf(b.Feed)
	if persons.Role != feed.RolePersons {
		return nil
	}
	if err := r.unlock(ctx); err != nil {
		return err
	}
	registered := fmt.Sprintf("create temporary table registered on commit drop as with"+liveFiles+`
		select r.%[1]s as person, min(r._area) as area from flipped f join %[2]s r on r.%[1]s = f.person join live on live.id = r._place >> 32
		where not exists (select from row_aside a where a.place = r._place) group by 1`, quoted(persons.IDNo), tableOf(persons).quoted())
	statements := []string{
		strings.ReplaceAll(registered, "$1", literal(persons.ID)), // which cannot be a parameter where a table is made
		"create unique index on registered (person)",
		"analyze registered",
		"delete from stranger s using stranger t, flipped where t.person = flipped.person and s.place = t.place",
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("following the register: %w", err)
		}
	}
	for _, f := range r.pack.Feeds {
		if f == persons || len(feed.About(f)) == 0 {
			continue
		}
		if err := r.follow(ctx, tx, persons, f); err != nil {
			return fmt.Errorf("letting feed %s follow the register: %w", f.ID, err)
		}
	}
	if _, err := tx.Exec(ctx, "drop table flipped, registered"); err != nil {
		return fmt.Errorf("following the register: %w", err)
	}
	return nil
}

// follow brings one feed's rows about those in the table flipped up to the register.
func (r *Record) follow(ctx context.Context, tx pgx.Tx, persons, f *pack.Feed) error {
	table, about := tableOf(f).quoted(), feed.About(f)
	first := quoted(f.Columns[about[0]].Name)
	if _, err := tx.Exec(ctx, fmt.Sprintf("update %s r set _area = m.area from registered m where r.%s = m.person and r._area <> m.area", table, first)); err != nil {
		return err
	}
	columns := []string{"r._place"}
	var concerned, unknown []string
	for _, i := range about {
		c := quoted(f.Columns[i].Name)
		columns = append(columns, "r."+c)
		concerned = append(concerned, fmt.Sprintf("r.%s in (select person from flipped)", c))
		unknown = append(unknown, fmt.Sprintf(`not exists (select from %s p join live on live.id = p._place >> 32 where p.%s = r.%s
			and not exists (select from row_aside a where a.place = p._place))`, tableOf(persons).quoted(), quoted(persons.IDNo), c))
	}
	name := "''"
	if i := r.nameColumn(f); i >= 0 {
		name = "coalesce(r." + quoted(f.Columns[i].Name) + ", '')"
	}
	query := fmt.Sprintf("with"+liveFiles+" select array[%s], %s from %s r where (%s) and %s",
		strings.Join(columns, ", "), name, table, strings.Join(concerned, " or "), strings.Join(unknown, " and "))
	rows, err := tx.Query(ctx, query, persons.ID)
	if err != nil {
		return err
	}
	var strangers [][]any
	var row []*int64
	var called string
	_, err = pgx.ForEachRow(rows, []any{&row, &called}, func() error {
		for k, person := range row[1:] {
			if person != nil && (k == 0 || row[1] == nil || *row[1] != *person) {
				strangers = append(strangers, []any{*person, *row[0], r.strangerTrace(*person, called)})
			}
		}
		row = nil
		return nil
	})
	if err != nil {
		return err
	}
	return putStrangers(ctx, tx, strangers)
}

// nameColumn is the column of a feed that holds the person's name as the register does, -1 for none.
func (r *Record) nameColumn(f *pack.Feed) int {
	register := r.roleOf(feed.RolePersons)
	if register == nil || len(feed.About(f)) != 1 {
		return -1
	}
	called := func(f *pack.Feed) int {
		return slices.IndexFunc(f.Columns, func(c *pack.Column) bool { return c.Name == feed.ColumnName && !c.Sealed })
	}
	i, own := called(f), called(register)
	if i < 0 || own < 0 || f.Columns[i].Label.Zh != register.Columns[own].Label.Zh {
		return -1
	}
	return i
}

// strangerTrace is by what a registered person is found whom a row about a stranger may mean: name and day of birth. Nil without a name.
func (r *Record) strangerTrace(person int64, name string) *int64 {
	number, ok := r.people.Number(person)
	if name = feed.PlainName(name); !ok || name == "" {
		return nil
	}
	trace := r.trace("stranger", name+number.Birth().String())
	return &trace
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
