package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// Batches is the batches of a feed, or with "" of all, that the transaction's principal may see, the newest first, before one of them (0: from the
// newest), at most so many. Of those that only mend rows of another there are none.
func (r *Record) Batches(ctx context.Context, tx pgx.Tx, of string, before int64, most int) ([]*Batch, error) {
	rows, err := tx.Query(ctx, "select "+batchColumns+` from batch where ($1 = '' or feed = $1) and ($2 = 0 or id < $2) and state <> 'discarded'
		order by id desc limit $3`, of, before, most)
	if err != nil {
		return nil, fmt.Errorf("reading the batches: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Batch, error) { return r.scanBatch(row) })
	if err != nil {
		return nil, fmt.Errorf("reading the batches: %w", err)
	}
	return all, nil
}

// Staged is the batches that wait for somebody to promote or discard them, of those that the transaction's principal may see, the oldest first.
func (r *Record) Staged(ctx context.Context, tx pgx.Tx, most int) ([]*Batch, error) {
	rows, err := tx.Query(ctx, "select "+batchColumns+" from batch where state in ('staged', 'staging') order by id limit $1", most)
	if err != nil {
		return nil, fmt.Errorf("reading the batches that wait: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Batch, error) { return r.scanBatch(row) })
	if err != nil {
		return nil, fmt.Errorf("reading the batches that wait: %w", err)
	}
	return all, nil
}

// BatchFile is a file of a batch and what it came to.
type BatchFile struct {
	Name     string
	Rows     int
	Used     int // before rows are set aside beside others
	Rejected int // and not mended
	Formulas int // cells that a spreadsheet would take for a formula, kept as texts
	Missing  []string
	Refused  *fault.Error // why nothing of it is used
}

// Files is the files of a batch, in the order of their names.
func (r *Record) Files(ctx context.Context, tx pgx.Tx, batch int64) ([]BatchFile, error) {
	rows, err := tx.Query(ctx, `select name, rows, used, rejected, formulas, missing, coalesce(refused, '[]') from batch_file where batch = $1 order by name collate "C", id`, batch)
	if err != nil {
		return nil, fmt.Errorf("reading the files of batch %d: %w", batch, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f BatchFile, err error) {
		var refused []byte
		if err := row.Scan(&f.Name, &f.Rows, &f.Used, &f.Rejected, &f.Formulas, &f.Missing, &refused); err != nil {
			return f, err
		}
		faults, err := faultsOf(refused, fault.At{File: f.Name})
		if len(faults) > 0 {
			f.Refused = faults[0]
		}
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the files of batch %d: %w", batch, err)
	}
	return all, nil
}

// Later is the batch that has to be undone before a promoted one can be, nil if none stands on it.
func (r *Record) Later(ctx context.Context, tx pgx.Tx, batch int64) (*fault.Error, error) {
	b, err := r.Batch(ctx, tx, batch)
	if err != nil || b.State != Promoted {
		return nil, err
	}
	var standing *fault.Error
	if err := r.standing(ctx, tx, b); err != nil && !errors.As(err, &standing) {
		return nil, err
	}
	return standing, nil
}

// Replaces is the batches in use that a batch would replace if it were promoted.
func (r *Record) Replaces(ctx context.Context, tx pgx.Tx, batch int64) ([]int64, error) {
	b, err := r.Batch(ctx, tx, batch)
	if err != nil || b.Feed == "" {
		return nil, err
	}
	return r.wouldReplace(ctx, tx, b)
}
