package rekey

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

var (
	stillUsed = fault.Text{
		Key: "rekey.still-used",
		Zh:  "还有正在运行的程序用{id}号密钥加密。请先重新启动它们，再退役",
		En:  "programs that run still seal with key {id}: start them anew first, and then retire it",
	}
	stillSealed = fault.Text{
		Key: "rekey.still-sealed",
		Zh:  "{column}还有{count}个值是用{id}号密钥加密的。请先执行 key renew；登录步骤的临时数据十分钟内会自行清除",
		En:  "{count} values of {column} are still sealed with key {id}: run key renew first; what a sign-in keeps for its next step ends by itself within ten minutes",
	}
	notOld = fault.Text{
		Key: "rekey.not-old",
		Zh:  "{id}号密钥是最新的，正在使用，不能退役。请先用 key rotate 添加新密钥",
		En:  "key {id} is the newest and in use: add a new one with key rotate first",
	}
)

// Rekey knows what is sealed where. It is safe for concurrent use.
type Rekey struct {
	db      *postgres.DB
	keys    *sealed.Keys
	columns []sealed.Column
}

// New is for the keys and the columns of a database.
func New(db *postgres.DB, keys *sealed.Keys, columns []sealed.Column) *Rekey {
	return &Rekey{db, keys, columns}
}

// Use tells the database that the newest key seals from now on. Each time but the first it changes nothing.
func Use(ctx context.Context, db *postgres.DB, keys *sealed.Keys) error {
	return db.Work(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "insert into sealing_key (id) values ($1) on conflict do nothing", int64(keys.Newest()))
		if err != nil {
			return fmt.Errorf("telling the database of a key: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		return record(ctx, tx, "key.use", keys.Newest(), nil)
	})
}

func record(ctx context.Context, tx pgx.Tx, kind string, key uint32, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("key:%d", key), Detail: detail})
	return err
}

// Due reports whether something may be left that an older key than the newest sealed.
func (r *Rekey) Due(ctx context.Context) (due bool, err error) {
	err = r.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from sealing_key where id < $1 and retired_at is null)
			and not exists (select from sealing_key where id = $1 and renewed_at is not null)`, int64(r.keys.Newest())).Scan(&due)
	})
	if err != nil {
		return false, fmt.Errorf("looking whether keys have changed: %w", err)
	}
	return due, nil
}

// Progress is how far a renewal has come.
type Progress struct {
	Column string // that is being walked
	Done   int64  // values of it sealed anew so far
	Left   int64  // when its walk began, of how many
}

// Renew seals anew what is not under the newest key, some rows at a time beside all other work, and returns how many values that were. Broken off,
// it goes on where it was when it is called again. While others still seal with an older key it has to be called again after them: [Rekey.Retire] tells.
func (r *Rekey) Renew(ctx context.Context, progress func(Progress)) (changed int64, err error) {
	for _, c := range r.columns {
		p := Progress{Column: c.Name()}
		if p.Left, err = r.left(ctx, c, 0); err != nil {
			return changed, err
		}
		_, err = r.keys.Renew(ctx, r.db.Work, c, func(rows int64) {
			changed += rows
			p.Done += rows
			if rows > 0 {
				progress(p)
			}
		})
		if err != nil {
			return changed, err
		}
	}
	return changed, r.renewed(ctx, changed)
}

func (r *Rekey) left(ctx context.Context, c sealed.Column, key uint32) (rows int64, err error) {
	err = r.db.Work(ctx, func(tx pgx.Tx) error {
		rows, err = r.keys.Left(ctx, tx, c, key)
		return err
	})
	return rows, err
}

// renewed notes that a renewal has gone through.
func (r *Rekey) renewed(ctx context.Context, changed int64) error {
	return r.db.Work(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update sealing_key set renewed_at = now() where id = $1", int64(r.keys.Newest()))
		if err != nil {
			return fmt.Errorf("noting that everything was sealed anew: %w", err)
		}
		if changed == 0 {
			return nil
		}
		return record(ctx, tx, "key.renew", r.keys.Newest(), map[string]any{"values": changed})
	})
}

// Sealed is how many values of a column a key sealed.
type Sealed struct {
	Column string
	Values int64
}

// SealedWith is what a key sealed, by column, without those where it sealed nothing.
func (r *Rekey) SealedWith(ctx context.Context, key uint32) (all []Sealed, err error) {
	for _, c := range r.columns {
		n, err := r.left(ctx, c, key)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			all = append(all, Sealed{c.Name(), n})
		}
	}
	return all, nil
}

// Retire lets an old key go: it makes sure that nobody seals with it and nothing is sealed with it, notes that it is retired, so that nobody begins
// again, and calls drop, which removes it from where it is kept. Broken off, it may be called again. Backups made before need the key still.
func (r *Rekey) Retire(ctx context.Context, key uint32, drop func() error) error {
	if key >= r.keys.Newest() {
		return fault.New(fault.Conflict, notOld, fault.Args{"id": key})
	}
	conn, err := r.db.Worker().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("retiring a key: %w", err)
	}
	defer conn.Release()
	const lock = "(hashtext('dajiuzhu sealing key'), $1)"
	var alone bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock"+lock, int32(key)).Scan(&alone); err != nil {
		return fmt.Errorf("looking who seals with a key: %w", err)
	}
	if !alone {
		return fault.New(fault.Conflict, stillUsed, fault.Args{"id": key})
	}
	defer conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock"+lock, int32(key))
	left, err := r.SealedWith(ctx, key)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fault.New(fault.Conflict, stillSealed, fault.Args{"id": key, "column": left[0].Column, "count": left[0].Values})
	}
	if err := r.db.Work(ctx, func(tx pgx.Tx) error { return retired(ctx, tx, key) }); err != nil {
		return err
	}
	return drop()
}

func retired(ctx context.Context, tx pgx.Tx, key uint32) error {
	tag, err := tx.Exec(ctx, `insert into sealing_key as k (id, retired_at) values ($1, now())
		on conflict (id) do update set retired_at = now() where k.retired_at is null`, int64(key))
	if err != nil {
		return fmt.Errorf("retiring a key: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil // an earlier call was broken off after this
	}
	return record(ctx, tx, "key.retire", key, nil)
}
