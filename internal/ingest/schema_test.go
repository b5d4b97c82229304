package ingest_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/sealed"
)

// changed is the pack of two feeds with one column of a feed changed.
func changed(of, column string, change func(*pack.Column)) *pack.Pack {
	p := twoFeeds()
	for i, f := range p.Feeds {
		if f.ID != of {
			continue
		}
		c := *f
		c.Columns = slices.Clone(f.Columns)
		for k := range c.Columns {
			if c.Columns[k].Name == column {
				one := *c.Columns[k]
				change(&one)
				c.Columns[k] = &one
			}
		}
		p.Feeds[i] = &c
	}
	return p
}

// with is the pack of two feeds with one column more.
func with(of string, column *pack.Column) *pack.Pack {
	p := twoFeeds()
	for i, f := range p.Feeds {
		if f.ID == of {
			c := *f
			c.Columns = append(slices.Clone(f.Columns), column)
			p.Feeds[i] = &c
		}
	}
	return p
}

func TestApplyPack(t *testing.T) {
	fewer := *twoFeeds()
	fewer.Codes = map[string]*pack.CodeList{}
	for id, l := range dezhou().Codes {
		fewer.Codes[id] = l
	}
	shorter := *fewer.Codes["marriage_status"]
	shorter.Codes = shorter.Codes[1:]
	fewer.Codes["marriage_status"] = &shorter
	tests := []struct {
		name string
		pack *pack.Pack
		want string // the fault's key, "" for none
	}{
		{"the same pack again", twoFeeds(), ""},
		{"a new column", with("two-cancers", &pack.Column{Name: "stage", Type: "text", Label: pack.Text{Zh: "分期", En: "Stage"}}), ""},
		{"a column that is no longer there stays", twoFeeds(), ""},
		{"a date becomes a text", changed("two-cancers", "registered_on", func(c *pack.Column) { c.Type = "text" }), "ingest.column-changed"},
		{"another code list", changed("marriages", "status", func(c *pack.Column) { c.Codes = "sex" }), "ingest.column-changed"},
		{"no longer sealed", changed("two-cancers", "invasive", func(c *pack.Column) { c.Sealed = false }), "ingest.column-changed"},
		{"another key", changed("two-cancers", "registered_on", func(c *pack.Column) { c.Key = true }), "ingest.column-as-key"},
		{"a code is no longer there", &fewer, "ingest.code-gone"},
	}
	db := postgrestest.New(t)
	if err := ingest.ApplyPack(t.Context(), db.Own(), twoFeeds()); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		err := ingest.ApplyPack(t.Context(), db.Own(), test.pack)
		got := ""
		var faults fault.List
		if errors.As(err, &faults) {
			got = faults[0].Text.Key
		} else if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got != test.want {
			t.Errorf("%s: %q, not %q", test.name, got, test.want)
		}
	}
}

// A row that came before a column did is the same row as one that came after it and leaves the cell empty.
func TestAColumnMoreChangesNoRow(t *testing.T) {
	row := "A," + number(1) + ",王芳,是,否,2026-05-01"
	db, keys := postgrestest.New(t), sealed.NewKeys()
	wider := with("two-cancers", &pack.Column{Name: "stage", Type: "text", Label: pack.Text{Zh: "分期", En: "Stage"}})
	for i, p := range []*pack.Pack{twoFeeds(), wider} {
		if err := ingest.ApplyPack(t.Context(), db.Own(), p); err != nil {
			t.Fatal(err)
		}
		r := ingest.New(db, p, identities(t, db, keys), keys)
		imported(t, r, delivery(t, fmt.Sprintf("two-cancers-%d", i), "2026-10-01", row))
		if rejects := whole(t, r, db).Rejects; i == 1 && (len(rejects) != 1 || !rejects[0].Again) {
			t.Errorf("the row is not known again: %v", rejects)
		}
	}
}

// Who may see which rows, whatever a query asks for.
func TestWhoSeesDeliveries(t *testing.T) {
	r, db := newRecord(t, dezhou())
	imported(t, r, county(t, 500))
	code := func(s string) area.Code {
		c, err := area.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	department := func(of string) string {
		for _, f := range dezhou().Feeds {
			if f.ID == of {
				return f.Department
			}
		}
		return ""
	}
	count := func(p postgres.Principal, table string) (n int) {
		t.Helper()
		err := db.As(t.Context(), p, func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	tests := []struct {
		name  string
		who   postgres.Principal
		table string
		sees  bool
	}{
		{"nobody", postgres.Principal{}, "feed_population", false},
		{"a resident", postgres.Principal{Role: "resident", Area: code("371424")}, "feed_population", false},
		{"the county's supervisor", postgres.Principal{Role: "supervisor", Area: code("371424")}, "feed_population", true},
		{"another county's", postgres.Principal{Role: "supervisor", Area: code("371482")}, "feed_population", false},
		{"the department's officer", postgres.Principal{Role: "department", Area: code("371424"), Department: department("population")}, "feed_population", true},
		{"another department's", postgres.Principal{Role: "department", Area: code("371424"), Department: department("deaths")}, "feed_population", false},
		{"the department's in the batches", postgres.Principal{Role: "department", Area: code("371424"), Department: department("population")}, "batch", true},
		{"another county's in the batches", postgres.Principal{Role: "supervisor", Area: code("371482")}, "batch", false},
		{"the county's in the quarantine", postgres.Principal{Role: "supervisor", Area: code("371424")}, "quarantine", true},
		{"another county's in the quarantine", postgres.Principal{Role: "supervisor", Area: code("371482")}, "quarantine", false},
	}
	for _, test := range tests {
		if n := count(test.who, test.table); (n > 0) != test.sees {
			t.Errorf("%s sees %d rows of %s", test.name, n, test.table)
		}
	}
	all := count(postgres.Principal{Role: "supervisor", Area: code("371424")}, "feed_population")
	village := count(postgres.Principal{Role: "officer", Area: code("371424100")}, "feed_population")
	if village == 0 || village >= all {
		t.Errorf("a township's officer sees %d of %d persons", village, all)
	}
	err := db.As(t.Context(), postgres.Principal{Role: "administrator", Area: code("3714")}, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "delete from feed_population")
		return err
	})
	if err == nil {
		t.Error("an administrator deletes rows under the application's role")
	}
}

// After a new key, everything is sealed under it and reads as before.
func TestReseal(t *testing.T) {
	file := t.TempDir() + "/keys"
	if err := sealed.GenerateKeys(file); err != nil {
		t.Fatal(err)
	}
	load := func() *sealed.Keys {
		keys, err := sealed.LoadKeys(file)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	db, p, keys := postgrestest.New(t), twoFeeds(), load()
	if err := ingest.ApplyPack(t.Context(), db.Own(), p); err != nil {
		t.Fatal(err)
	}
	files := delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01", "B,,王芳,是,否,2026-05-01")
	everybody := identities(t, db, keys)
	imported(t, ingest.New(db, p, everybody, keys), files)
	id, err := sealed.AddKey(file, sealed.Sealing)
	if err != nil {
		t.Fatal(err)
	}
	keys = load()
	for _, want := range []int64{3, 0} { // a finding, the cells of a row, the key of digests
		n := int64(0)
		for _, c := range ingest.SealedColumns(p) {
			if _, err := keys.Renew(t.Context(), db.Work, c, func(rows int64) { n += rows }); err != nil {
				t.Fatal(err)
			}
		}
		if n != want {
			t.Errorf("after key %d %d values were sealed anew", id, n)
		}
	}
	r := ingest.New(db, p, everybody, keys)
	compare(t, whole(t, r, db), readBy(t, p, files))
}

// No table holds an identity number, or what is sealed, in the clear.
func TestNothingLiesOpen(t *testing.T) {
	r, db := newRecord(t, dezhou())
	imported(t, r, county(t, 500))
	rows, err := db.Own().Query(t.Context(), "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	written := regexp.MustCompile(`[0-9]{17}[0-9Xx]`)
	for _, table := range tables {
		var out strings.Builder
		conn, err := db.Own().Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Conn().PgConn().CopyTo(t.Context(), &out, "copy "+pgx.Identifier{table}.Sanitize()+" to stdout")
		conn.Release()
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range written.FindAllString(out.String(), -1) {
			if n, err := idno.Parse(found); err == nil && n.Area() == "371499" {
				t.Errorf("%s holds an identity number: %s", table, n)
				break
			}
		}
	}
}
