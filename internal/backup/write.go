package backup

import (
	"archive/zip"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// version is of the file's own form.
const version = 1

const manifestName = "manifest.json"

// manifest says what a backup holds.
type manifest struct {
	Version   int              `json:"version"`
	Form      int64            `json:"form"` // of the database
	Pack      string           `json:"pack"` // the hash of the pack whose tables of feeds it has
	At        time.Time        `json:"at"`
	Tables    []table          `json:"tables"`
	Sequences map[string]int64 `json:"sequences"` // their last values
}

// table is a table of a backup; its rows are the file tables/NAME.
type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"`
}

func (t table) file() string { return "tables/" + t.Name }

// Progress is told how many of how many tables are done.
type Progress func(done, of int)

// Summary is what a backup holds.
type Summary struct {
	Form   int64
	Tables int
	Rows   int64
}

func (m *manifest) summary() Summary {
	s := Summary{Form: m.Form, Tables: len(m.Tables)}
	for _, t := range m.Tables {
		s.Rows += t.Rows
	}
	return s
}

var exists = fault.Text{Key: "backup.exists",
	Zh: "备份文件{path}已存在，不会覆盖。请换一个名字", En: "the backup {path} exists and is not written over: choose another name"}

// Write writes a backup. The file appears under its name when it is whole, and only its owner may read it.
func Write(ctx context.Context, db *postgres.DB, path, pack string, at time.Time, progress Progress) (Summary, error) {
	if _, err := os.Lstat(path); err == nil {
		return Summary{}, fault.New(fault.Conflict, exists, fault.Args{"path": path})
	}
	form, _, err := db.Form(ctx)
	if err != nil {
		return Summary{}, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".backup")
	if err != nil {
		return Summary{}, fmt.Errorf("making the backup's file: %w", err)
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	m := &manifest{Version: version, Form: form, Pack: pack, At: at.UTC()}
	if err := writeAll(ctx, db, temp, m, progress); err != nil {
		return Summary{}, fmt.Errorf("writing the backup: %w", err)
	}
	if err := temp.Sync(); err != nil {
		return Summary{}, fmt.Errorf("writing the backup: %w", err)
	}
	if err := os.Link(temp.Name(), path); err != nil {
		return Summary{}, fmt.Errorf("putting the backup in its place: %w", err)
	}
	return m.summary(), nil
}

// writeAll writes all tables of one snapshot, and the manifest last.
func writeAll(ctx context.Context, db *postgres.DB, to io.Writer, m *manifest, progress Progress) error {
	z := zip.NewWriter(to)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, db.Own(), snapshot, func(tx pgx.Tx) (err error) {
		if m.Tables, err = tablesOf(ctx, tx); err != nil {
			return err
		}
		for i := range m.Tables {
			if err := copyOut(ctx, tx, z, &m.Tables[i]); err != nil {
				return err
			}
			progress(i+1, len(m.Tables))
		}
		m.Sequences, err = sequencesOf(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	w, err := z.Create(manifestName)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(m); err != nil {
		return err
	}
	return z.Close()
}

// tablesOf is all tables that last, with the columns that are stored and not computed. The migrations' own table is not of
// them, nor the key of who acts, which is the machine's.
func tablesOf(ctx context.Context, tx pgx.Tx) ([]table, error) {
	rows, err := tx.Query(ctx, `select c.relname, array_agg(a.attname::text order by a.attnum)
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p' and c.relname not in ('goose_db_version', 'acting_key')
		group by c.relname order by c.relname`)
	if err != nil {
		return nil, fmt.Errorf("listing the tables: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) {
		return t, row.Scan(&t.Name, &t.Columns)
	})
	if err != nil {
		return nil, fmt.Errorf("listing the tables: %w", err)
	}
	return all, nil
}

// copyOut writes the rows of a table.
func copyOut(ctx context.Context, tx pgx.Tx, z *zip.Writer, t *table) error {
	w, err := z.Create(t.file())
	if err != nil {
		return err
	}
	sum := sha256.New()
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.MultiWriter(w, sum), "copy "+t.target()+" to stdout")
	if err != nil {
		return fmt.Errorf("copying table %s: %w", t.Name, err)
	}
	t.Rows, t.SHA256 = tag.RowsAffected(), hex.EncodeToString(sum.Sum(nil))
	return nil
}

// target is the table with its columns, as COPY takes them.
func (t *table) target() string {
	columns := ""
	for i, c := range t.Columns {
		if i > 0 {
			columns += ", "
		}
		columns += quoted(c)
	}
	return quoted(t.Name) + " (" + columns + ")"
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// sequencesOf is the last values of the sequences that were used.
func sequencesOf(ctx context.Context, tx pgx.Tx) (map[string]int64, error) {
	rows, err := tx.Query(ctx, "select sequencename::text, last_value from pg_sequences where schemaname = 'public' and last_value is not null and sequencename not like 'goose%'")
	if err != nil {
		return nil, fmt.Errorf("reading the sequences: %w", err)
	}
	all, name, last := map[string]int64{}, "", int64(0)
	if _, err := pgx.ForEachRow(rows, []any{&name, &last}, func() error { all[name] = last; return nil }); err != nil {
		return nil, fmt.Errorf("reading the sequences: %w", err)
	}
	return all, nil
}
