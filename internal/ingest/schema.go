package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
)

var (
	columnChanged = fault.Text{
		Key: "ingest.column-changed",
		Zh:  "数据来源“{feed}”的列“{column}”已按“{had}”存有数据，政策包现在写成“{has}”。请恢复原来的写法，或给新的写法另起列名",
		En:  `the column "{column}" of feed "{feed}" is kept as "{had}" and the pack now has "{has}": write it as before, or give the new form another name`,
	}
	columnAsKey = fault.Text{
		Key: "ingest.column-as-key",
		Zh:  "数据来源“{feed}”的主键列变了：原为“{had}”，现为“{has}”。已存的行是按原来的主键认的，请恢复",
		En:  `the key of feed "{feed}" was "{had}" and is now "{has}": rows that are kept are told apart by the former; write it as before`,
	}
	codeGone = fault.Text{
		Key: "ingest.code-gone",
		Zh:  "代码表“{list}”里没有了“{code}”，而数据来源“{feed}”的列“{column}”用过这张表。请保留这个代码",
		En:  `the code list "{list}" no longer has "{code}", and the column "{column}" of feed "{feed}" may hold it: keep the code`,
	}
)

// keptColumn is a column of a feed as the record keeps it.
type keptColumn struct {
	Type   string   `json:"type"`
	List   string   `json:"list,omitempty"`
	Codes  []string `json:"codes,omitempty"`
	Key    bool     `json:"key,omitempty"`
	Sealed bool     `json:"sealed,omitempty"`
}

func (c keptColumn) form() string {
	form := c.Type
	if c.List != "" {
		form += " " + c.List
	}
	if c.Sealed {
		form += ", sealed"
	}
	return form
}

// ApplyPack brings the tables of feeds to what a pack has: a table for a new feed, a column for a new column. Nothing is ever dropped. What
// would change the meaning of rows that are kept, such as another type of a column, is a fault, and then nothing is done.
func ApplyPack(ctx context.Context, owner *pgxpool.Pool, p *pack.Pack) error {
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dajiuzhu feeds'))"); err != nil {
			return fmt.Errorf("waiting to apply the pack: %w", err)
		}
		kept, err := keptFeeds(ctx, tx)
		if err != nil {
			return err
		}
		if faults := compareFeeds(p, kept); len(faults) > 0 {
			return faults
		}
		for _, f := range p.Feeds {
			if err := applyFeed(ctx, tx, p, f, kept[f.ID]); err != nil {
				return fmt.Errorf("applying feed %s: %w", f.ID, err)
			}
		}
		return nil
	})
}

// keptFeeds is the columns of each feed that has a table, by name.
func keptFeeds(ctx context.Context, tx pgx.Tx) (map[string]map[string]keptColumn, error) {
	rows, err := tx.Query(ctx, "select id, columns from feed")
	if err != nil {
		return nil, fmt.Errorf("reading the feeds of the record: %w", err)
	}
	feeds := map[string]map[string]keptColumn{}
	var id string
	var columns []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &columns}, func() error {
		var kept map[string]keptColumn
		if err := json.Unmarshal(columns, &kept); err != nil {
			return err
		}
		feeds[id] = kept
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the feeds of the record: %w", err)
	}
	return feeds, nil
}

// columnsOf is a feed's columns as the record is to keep them.
func columnsOf(p *pack.Pack, f *pack.Feed) map[string]keptColumn {
	columns := map[string]keptColumn{}
	for _, c := range f.Columns {
		k := keptColumn{Type: c.Type, List: c.Codes, Key: c.Key, Sealed: c.Sealed}
		if l := p.Codes[c.Codes]; l != nil {
			k.Codes = l.IDs()
		}
		columns[c.Name] = k
	}
	return columns
}

func compareFeeds(p *pack.Pack, kept map[string]map[string]keptColumn) fault.List {
	var faults fault.List
	for _, f := range p.Feeds {
		if had, ok := kept[f.ID]; ok {
			faults = append(faults, compareFeed(f, had, columnsOf(p, f))...)
		}
	}
	return faults
}

func compareFeed(f *pack.Feed, had, has map[string]keptColumn) fault.List {
	var faults fault.List
	for _, name := range sortedKeys(has) {
		was, kept := had[name]
		is := has[name]
		if !kept {
			continue
		}
		if was.form() != is.form() {
			faults = append(faults, fault.New(fault.Conflict, columnChanged,
				fault.Args{"feed": f.ID, "column": name, "had": was.form(), "has": is.form()}))
			continue
		}
		for _, code := range was.Codes {
			if !slices.Contains(is.Codes, code) {
				faults = append(faults, fault.New(fault.Conflict, codeGone,
					fault.Args{"feed": f.ID, "column": name, "list": is.List, "code": code}))
			}
		}
	}
	if was, is := keyOf(had), keyOf(has); was != is {
		faults = append(faults, fault.New(fault.Conflict, columnAsKey, fault.Args{"feed": f.ID, "had": was, "has": is}))
	}
	return faults
}

func keyOf(columns map[string]keptColumn) string {
	var keys []string
	for _, name := range sortedKeys(columns) {
		if columns[name].Key {
			keys = append(keys, name)
		}
	}
	return strings.Join(keys, ", ")
}

// applyFeed makes or widens one table. Names come from the pack, whose loader holds them to letters, digits and signs; they are quoted all
// the same.
func applyFeed(ctx context.Context, tx pgx.Tx, p *pack.Pack, f *pack.Feed, kept map[string]keptColumn) error {
	table := tableOf(f).quoted()
	if kept == nil {
		if err := makeTable(ctx, tx, f); err != nil {
			return err
		}
	}
	for _, c := range f.Columns {
		if _, has := kept[c.Name]; has {
			continue // to alter a table, even to what it is, waits for everybody who reads it
		}
		add := fmt.Sprintf("alter table %s add column if not exists %s %s", table, quoted(c.Name), sqlType(c))
		if _, err := tx.Exec(ctx, add); err != nil {
			return fmt.Errorf("adding column %s: %w", c.Name, err)
		}
	}
	if kept == nil {
		if err := makeIndexes(ctx, tx, f); err != nil {
			return err
		}
	}
	columns := columnsOf(p, f)
	for name, was := range kept {
		if _, has := columns[name]; !has {
			columns[name] = was // the table still has it
		}
	}
	content, err := json.Marshal(columns)
	if err != nil {
		return fmt.Errorf("writing down its columns: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into feed (id, department, columns) values ($1, $2, $3)
		on conflict (id) do update set department = excluded.department, columns = excluded.columns`, f.ID, f.Department, content)
	if err != nil {
		return fmt.Errorf("writing down its columns: %w", err)
	}
	return nil
}

// makeTable makes a feed's table with what every one has, and says who may see which rows.
func makeTable(ctx context.Context, tx pgx.Tx, f *pack.Feed) error {
	statements := []string{
		`create table %[1]s (
			_place bigint not null,  -- the file in the upper 32 bits, the row's number there in the lower
			_key uuid not null,      -- a keyed digest of the key columns
			_content uuid not null,  -- a keyed digest of all columns
			_area bigint not null    -- where the person lives, or what the delivery was for
		)`,
		"alter table %[1]s enable row level security",
		"create policy worker on %[1]s to dajiuzhu_worker using (true)",
		`create policy app on %[1]s for select to dajiuzhu_app using (
			_area >= (select acting_area_from()) and _area < (select acting_area_to()) and exists (select from feed f where f.id = %[2]s))`,
		"grant select, insert, delete, update on %[1]s to dajiuzhu_worker",
		"grant select on %[1]s to dajiuzhu_app",
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, fmt.Sprintf(s, tableOf(f).quoted(), literal(f.ID))); err != nil {
			return fmt.Errorf("making its table: %w", err)
		}
	}
	return nil
}

// index is one of a feed's indexes.
type index struct {
	name, create string
}

// indexesOf is the indexes of a feed's table: by place, by key and by each person whom a row is about.
func indexesOf(f *pack.Feed) []index {
	table := tableOf(f)
	make := func(suffix, unique, column string) index {
		name := quoted(string(table) + "_" + suffix)
		return index{name, fmt.Sprintf("create %s index if not exists %s on %s (%s)", unique, name, table.quoted(), quoted(column))}
	}
	byArea := quoted(string(table) + "_area")
	indexes := []index{make("place", "unique", "_place"), make("key", "", "_key"),
		{byArea, fmt.Sprintf("create index if not exists %s on %s using brin (_area)", byArea, table.quoted())}}
	for i, c := range f.Columns {
		ties := f.Role == feed.RolePersons && (c.Type == "id_no" || c.Name == feed.ColumnBooklet)
		if ties || slices.Contains(feed.About(f), i) {
			indexes = append(indexes, make("by_"+c.Name, "", c.Name))
		}
	}
	return indexes
}

func makeIndexes(ctx context.Context, tx pgx.Tx, f *pack.Feed) error {
	for _, i := range indexesOf(f) {
		if _, err := tx.Exec(ctx, i.create); err != nil {
			return fmt.Errorf("making index %s: %w", i.name, err)
		}
	}
	return nil
}

// tableName is the name of a feed's table.
type tableName string

func tableOf(f *pack.Feed) tableName {
	return tableName("feed_" + strings.ReplaceAll(f.ID, "-", "_"))
}

func (t tableName) quoted() string { return quoted(string(t)) }

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// sqlType is the type in which a column is kept. Numbers of persons stand for their identity numbers.
func sqlType(c *pack.Column) string {
	if c.Sealed {
		return "bytea"
	}
	switch c.Type {
	case "id_no", "area", string(pack.Int):
		return "bigint"
	case string(pack.Date):
		return "date"
	case string(pack.Decimal):
		return "numeric(19,6)"
	case string(pack.Bool):
		return "boolean"
	}
	return "text"
}
