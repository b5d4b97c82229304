package backup

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

var (
	damaged = fault.Text{Key: "backup.damaged",
		Zh: "备份文件{path}不完整或已损坏，没有恢复任何内容。请换一份备份", En: "the backup {path} is cut off or damaged, and nothing was restored: take another one"}
	newer = fault.Text{Key: "backup.newer",
		Zh: "备份文件{path}由更新的程序写成，没有恢复任何内容。请使用写入它的那一版或更新的程序",
		En: "the backup {path} was written by a newer program, and nothing was restored: use that program, or a newer one"}
	notEmpty = fault.Text{Key: "backup.not-empty",
		Zh: "数据库里已有内容（表{table}），只能恢复到空数据库", En: "the database is not empty (table {table}): a backup is restored to an empty one only"}
	unlikePack = fault.Text{Key: "backup.unlike-pack",
		Zh: "备份里的表{table}在数据库里没有或列不同。请用 --pack 指定写备份时的政策包（{pack}）",
		En: "the backup's table {table} is not in the database, or has other columns: name with --pack the pack of when it was written ({pack})"}
)

// File is a backup, open to be restored.
type File struct {
	zip  *zip.ReadCloser
	path string
	manifest
}

// Open opens a backup and reads its manifest. The caller closes it.
func Open(path string) (*File, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, damaged, fault.Args{"path": path}).Because(err)
	}
	f := &File{zip: z, path: path}
	if err := f.readManifest(); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	return f, nil
}

func (f *File) readManifest() error {
	r, err := f.zip.Open(manifestName)
	if err != nil {
		return f.damaged(err)
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(&f.manifest); err != nil {
		return f.damaged(err)
	}
	if f.Version > version {
		return fault.New(fault.Conflict, newer, fault.Args{"path": f.path})
	}
	return nil
}

func (f *File) damaged(err error) error {
	return fault.New(fault.Invalid, damaged, fault.Args{"path": f.path}).Because(err)
}

// Form is the form that a database must have for the backup to be restored to it.
func (f *File) Form() int64 { return f.manifest.Form }

// Close closes the file.
func (f *File) Close() error { return f.zip.Close() }

// Restore puts the backup into a database of its form that has the tables of the backup's pack and nothing in them. It takes all or nothing.
// When the database is opened the next time it is brought to the newest form.
func (f *File) Restore(ctx context.Context, db *postgres.DB, progress Progress) (Summary, error) {
	err := pgx.BeginFunc(ctx, db.Own(), func(tx pgx.Tx) error {
		return f.restore(ctx, tx, progress)
	})
	if err != nil {
		return Summary{}, err
	}
	return f.summary(), nil
}

func (f *File) restore(ctx context.Context, tx pgx.Tx, progress Progress) error {
	has, err := tablesOf(ctx, tx)
	if err != nil {
		return err
	}
	if err := f.fits(has); err != nil {
		return err
	}
	if err := refuseContent(ctx, tx, has); err != nil {
		return err
	}
	back, err := liftConstraints(ctx, tx)
	if err != nil {
		return err
	}
	for i := range f.Tables {
		if err := f.copyIn(ctx, tx, &f.Tables[i]); err != nil {
			return err
		}
		progress(i+1, len(f.Tables))
	}
	for name, last := range f.Sequences {
		if _, err := tx.Exec(ctx, "select setval($1::text::regclass, $2)", quoted(name), last); err != nil {
			return fmt.Errorf("setting the sequence %s: %w", name, err)
		}
	}
	if err := forgetTransactions(ctx, tx); err != nil {
		return err
	}
	for _, statement := range back {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return f.damaged(fmt.Errorf("holding the rows against each other: %w", err))
		}
	}
	return nil
}

// forgetTransactions replaces the numbers of the transactions of the server that was backed up, which mean nothing on this one: there they may lie
// ahead, so that what is done would count as not done yet, and what waits as not there yet. What the backup holds was there before whatever comes,
// so it was all done by this transaction. Columns of counties lie in files that are in no backup. The ledger tells servers apart by itself.
func forgetTransactions(ctx context.Context, tx pgx.Tx) error {
	for _, step := range []struct{ what, sql string }{
		{"touches", "update touched set xid = pg_current_xact_id(), done_xid = case when done_xid is not null then pg_current_xact_id() end"},
		{"changes of findings", "update finding_change set xid = pg_current_xact_id()"},
		{"columns of counties", "delete from county_columns"},
	} {
		if _, err := tx.Exec(ctx, step.sql); err != nil {
			return fmt.Errorf("making %s this server's: %w", step.what, err)
		}
	}
	return nil
}

// fits holds the backup's tables against the database's. A table that only the database has stays as it is, empty.
func (f *File) fits(has []table) error {
	for _, t := range f.Tables {
		i := slices.IndexFunc(has, func(h table) bool { return h.Name == t.Name })
		if i < 0 || !sameNames(has[i].Columns, t.Columns) {
			return fault.New(fault.Conflict, unlikePack, fault.Args{"table": t.Name, "pack": f.Pack})
		}
	}
	return nil
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// founded are the tables in which migrations and packs put rows of their own; those are replaced by the backup's.
var founded = []string{"consent_fact", "feed", "record_version"}

// refuseContent faults if there is a row in any table that is not founded, and clears those that are.
func refuseContent(ctx context.Context, tx pgx.Tx, has []table) error {
	for _, t := range has {
		if slices.Contains(founded, t.Name) {
			if _, err := tx.Exec(ctx, "delete from "+quoted(t.Name)); err != nil {
				return fmt.Errorf("clearing table %s: %w", t.Name, err)
			}
			continue
		}
		var any bool
		if err := tx.QueryRow(ctx, "select exists(select from "+quoted(t.Name)+")").Scan(&any); err != nil {
			return fmt.Errorf("looking into table %s: %w", t.Name, err)
		}
		if any {
			return fault.New(fault.Conflict, notEmpty, fault.Args{"table": t.Name})
		}
	}
	return nil
}

// liftConstraints drops the foreign keys, so that tables may come in any order, and the triggers' work; it returns what puts them back,
// which holds every row against them.
func liftConstraints(ctx context.Context, tx pgx.Tx) (back []string, err error) {
	rows, err := tx.Query(ctx, `select c.relname, k.conname, pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid
		where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and k.conparentid = 0 order by 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("listing the foreign keys: %w", err)
	}
	type key struct{ table, name, definition string }
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k key, err error) {
		return k, row.Scan(&k.table, &k.name, &k.definition)
	})
	if err != nil {
		return nil, fmt.Errorf("listing the foreign keys: %w", err)
	}
	for _, k := range keys {
		if _, err := tx.Exec(ctx, "alter table "+quoted(k.table)+" drop constraint "+quoted(k.name)); err != nil {
			return nil, fmt.Errorf("lifting a foreign key of table %s: %w", k.table, err)
		}
		back = append(back, "alter table "+quoted(k.table)+" add constraint "+quoted(k.name)+" "+k.definition)
	}
	return back, nil
}

// copyIn puts in the rows of a table, without its triggers, and holds them against the manifest.
func (f *File) copyIn(ctx context.Context, tx pgx.Tx, t *table) error {
	r, err := f.zip.Open(t.file())
	if err != nil {
		return f.damaged(err)
	}
	defer r.Close()
	if _, err := tx.Exec(ctx, "alter table "+quoted(t.Name)+" disable trigger user"); err != nil {
		return fmt.Errorf("silencing the triggers of table %s: %w", t.Name, err)
	}
	sum := sha256.New()
	from := &reading{r: io.TeeReader(r, sum)}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, from, "copy "+t.target()+" from stdin")
	if from.err != nil {
		return f.damaged(fmt.Errorf("table %s: %w", t.Name, from.err))
	}
	if err != nil {
		return f.damaged(fmt.Errorf("table %s: %w", t.Name, err))
	}
	if tag.RowsAffected() != t.Rows || hex.EncodeToString(sum.Sum(nil)) != t.SHA256 {
		return f.damaged(fmt.Errorf("table %s is not what its sum says", t.Name))
	}
	if _, err := tx.Exec(ctx, "alter table "+quoted(t.Name)+" enable trigger user"); err != nil {
		return fmt.Errorf("waking the triggers of table %s: %w", t.Name, err)
	}
	return nil
}

// reading remembers how reading failed, since what the database says of it is about the database.
type reading struct {
	r   io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
