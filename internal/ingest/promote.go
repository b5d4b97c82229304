package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
)

var stoodOn = fault.Text{
	Key: "ingest.stood-on",
	Zh:  "第{batch}批不能撤销：后来的第{later}批（{name}）用到了同样的行。请先撤销第{later}批",
	En:  "batch {batch} cannot be undone: the later batch {later} ({name}) stands on its rows; undo {later} first",
}

var rowsRemoved = fault.Text{
	Key: "ingest.rows-removed",
	Zh:  "第{batch}批不能撤销：它取代的第{former}批的行已按保存期限删除",
	En:  "batch {batch} cannot be undone: the rows of batch {former}, which it replaced, were removed after their time",
}

var mendsAnother = fault.Text{
	Key: "ingest.mends-another",
	Zh:  "第{batch}批是对第{mended}批退回行的更正，随第{mended}批一起撤销",
	En:  "batch {batch} mends rows of batch {mended}: it is undone with that",
}

// act runs a transaction for an account, 0 being the platform itself.
func (r *Record) act(ctx context.Context, account int64, do func(pgx.Tx) error) error {
	return r.db.WorkAs(ctx, postgres.Principal{Account: account}, do)
}

// Promote brings a staged batch into use for an account, in one transaction: whom it touches is written down, and the act is recorded.
func (r *Record) Promote(ctx context.Context, account, batch int64) error {
	return r.act(ctx, account, func(tx pgx.Tx) error {
		b, err := r.lock(ctx, tx, batch, Staged)
		if err != nil {
			return err
		}
		if err := r.touch(ctx, tx, b); err != nil {
			return err
		}
		if err := r.findFlipped(ctx, tx, b); err != nil {
			return err
		}
		if err := r.bringIntoUse(ctx, tx, b); err != nil {
			return err
		}
		if err := r.settleWith(ctx, tx, b); err != nil {
			return err
		}
		if err := r.followRegister(ctx, tx, b); err != nil {
			return err
		}
		return r.countPromotion(ctx, tx, b)
	})
}

func (r *Record) bringIntoUse(ctx context.Context, tx pgx.Tx, b *Batch) error {
	if _, err := tx.Exec(ctx, "update batch set state = 'promoted', promoted_at = now() where id = $1", b.ID); err != nil {
		return fmt.Errorf("promoting batch %d: %w", b.ID, err)
	}
	return nil
}

// countPromotion ends a promotion.
func (r *Record) countPromotion(ctx context.Context, tx pgx.Tx, b *Batch) error {
	if err := r.recordAct(ctx, tx, "batch.promote", b); err != nil {
		return err
	}
	version, err := nextVersion(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "update batch set promoted_as = $2 where id = $1", b.ID, version); err != nil {
		return fmt.Errorf("promoting batch %d: %w", b.ID, err)
	}
	return nil
}

// Undo takes a promoted batch out of use again for an account: what is in use is as it would be had it never come. Its quarantine stays, mended rows
// as they were mended, and can be mended and sent again. It is refused while a later batch stands on its rows.
func (r *Record) Undo(ctx context.Context, account, batch int64) error {
	return r.act(ctx, account, func(tx pgx.Tx) error {
		b, err := r.lock(ctx, tx, batch, Promoted)
		if err != nil {
			return err
		}
		if err := r.standing(ctx, tx, b); err != nil {
			return err
		}
		if err := r.reopen(ctx, tx, b); err != nil {
			return err
		}
		// What was mended of it goes with it.
		if _, err := tx.Exec(ctx, "update batch set state = 'undone', ended_at = now() where fixes = $1 and state = 'promoted'", batch); err != nil {
			return fmt.Errorf("undoing what was mended of batch %d: %w", batch, err)
		}
		if _, err := tx.Exec(ctx, "update batch set state = 'undone', ended_at = now(), replaced_by = null where id = $1", batch); err != nil {
			return fmt.Errorf("undoing batch %d: %w", batch, err)
		}
		if err := r.settleWith(ctx, tx, b); err != nil {
			return err
		}
		if err := r.missing(ctx, tx, b); err != nil {
			return err
		}
		if err := r.touch(ctx, tx, b); err != nil {
			return err
		}
		if err := r.findFlipped(ctx, tx, b); err != nil {
			return err
		}
		if err := r.followRegister(ctx, tx, b); err != nil {
			return err
		}
		if err := r.deleteRows(ctx, tx, b); err != nil {
			return err
		}
		if err := r.recordAct(ctx, tx, "batch.undo", b); err != nil {
			return err
		}
		_, err = nextVersion(ctx, tx)
		return err
	})
}

var mendedBefore = fault.Text{
	Key: "ingest.mended-before",
	Zh:  "本行已更正并用过，后来那一批撤销了；需要时重新提交", En: "this row was mended and used, and then the batch was undone: send it again if it is needed",
}

// reopen puts the rows back into quarantine that were mended of a batch, or that it brought mended.
func (r *Record) reopen(ctx context.Context, tx pgx.Tx, b *Batch) error {
	_, err := tx.Exec(ctx, `with opened as (
			update quarantine q set closed_by = null, faults = $2 from batch_file f
			where f.id = q.file and q.closed_by is not null and (f.batch = $1 or q.closed_by = $1) returning q.file
		)
		update batch_file f set used = used - n, rejected = rejected + n from (select file, count(*) as n from opened group by 1) o
		where f.id = o.file and f.batch = $1`, b.ID, wordsOf(fault.List{fault.New(fault.Conflict, mendedBefore, nil)}))
	if err != nil {
		return fmt.Errorf("putting mended rows of batch %d back: %w", b.ID, err)
	}
	return nil
}

// missing is a fault if a batch would come into use again whose rows were removed.
func (r *Record) missing(ctx context.Context, tx pgx.Tx, b *Batch) error {
	var former int64
	err := tx.QueryRow(ctx, "select id from batch where feed = $1 and state = 'promoted' and replaced_by is null and pruned_at is not null limit 1", b.Feed).Scan(&former)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking what batch %d replaced: %w", b.ID, err)
	}
	return fault.New(fault.Conflict, rowsRemoved, fault.Args{"batch": b.ID, "former": former})
}

// Prune removes the rows of batches that were replaced before a time, which then cannot come into use again, and returns how many batches that
// were.
func (r *Record) Prune(ctx context.Context, account int64, before time.Time) (batches int, err error) {
	rows, err := r.db.Worker().Query(ctx, `select b.id from batch b join batch later on later.id = b.replaced_by
		where b.state = 'promoted' and b.pruned_at is null and later.promoted_at < $1 order by b.id`, before)
	if err != nil {
		return 0, fmt.Errorf("finding what was replaced: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("finding what was replaced: %w", err)
	}
	for _, id := range ids {
		err := r.act(ctx, account, func(tx pgx.Tx) error {
			b, err := r.lock(ctx, tx, id, Promoted)
			if err != nil || b.ReplacedBy == 0 {
				return err
			}
			if err := errors.Join(r.deleteRows(ctx, tx, b), r.deleteQuarantine(ctx, tx, b)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "update batch set pruned_at = now() where id = $1", id); err != nil {
				return fmt.Errorf("removing the rows of batch %d: %w", id, err)
			}
			batches++
			return r.recordAct(ctx, tx, "batch.prune", b)
		})
		if err != nil {
			return batches, err
		}
	}
	return batches, nil
}

// Discard gives up a batch that was staged and not promoted.
func (r *Record) Discard(ctx context.Context, account, batch int64) error {
	return r.act(ctx, account, func(tx pgx.Tx) error {
		b, err := r.lock(ctx, tx, batch, Staged)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update batch set state = 'discarded', ended_at = now() where id = $1", batch); err != nil {
			return fmt.Errorf("discarding batch %d: %w", batch, err)
		}
		if err := errors.Join(r.deleteRows(ctx, tx, b), r.deleteQuarantine(ctx, tx, b)); err != nil {
			return err
		}
		return r.recordAct(ctx, tx, "batch.discard", b)
	})
}

// recordAct records what was done with a batch in the ledger.
func (r *Record) recordAct(ctx context.Context, tx pgx.Tx, kind string, b *Batch) error {
	detail := map[string]any{"feed": b.Feed, "name": b.Name, "rows": b.Rows}
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: "batch:" + strconv.FormatInt(b.ID, 10), Detail: detail})
	return err
}

// standing is a fault if a later batch stands on a batch: it replaced it, was replaced by it when it came, or has a row with a key of it.
func (r *Record) standing(ctx context.Context, tx pgx.Tx, b *Batch) error {
	query := `select l.id, l.name from batch l
		where l.feed = $1 and l.state = 'promoted' and l.promoted_as > $3 and (
			l.id = (select replaced_by from batch where id = $2) or l.replaced_by = $2
			or l.id in ( -- found once for all later ones
				select theirs.batch from batch_file mine join TABLE n on n._place >= mine.id::bigint << 32 and n._place < (mine.id::bigint + 1) << 32
				join TABLE o on o._key = n._key
				join batch_file theirs on theirs.id = o._place >> 32
				where mine.batch = $2))
		order by l.promoted_as desc limit 1`
	var id int64
	var name string
	var mends *int64
	if err := tx.QueryRow(ctx, "select (select of.id from batch of where of.id = b.fixes and of.state = 'promoted') from batch b where b.id = $1", b.ID).Scan(&mends); err != nil {
		return fmt.Errorf("asking what stands on batch %d: %w", b.ID, err)
	}
	if mends != nil {
		return fault.New(fault.Conflict, mendsAnother, fault.Args{"batch": b.ID, "mended": *mends})
	}
	err := tx.QueryRow(ctx, strings.ReplaceAll(query, "TABLE", tableOf(r.feedOf(b.Feed)).quoted()), b.Feed, b.ID, b.Promoted).Scan(&id, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking what stands on batch %d: %w", b.ID, err)
	}
	return fault.New(fault.Conflict, stoodOn, fault.Args{"batch": b.ID, "later": id, "name": name})
}

// lock takes a batch, which must be in one of some states, and its feed for this transaction alone.
func (r *Record) lock(ctx context.Context, tx pgx.Tx, batch int64, want ...State) (*Batch, error) {
	b, err := r.Batch(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dajiuzhu feed ' || $1))", b.Feed); err != nil {
		return nil, fmt.Errorf("waiting for feed %s: %w", b.Feed, err)
	}
	if b, err = r.Batch(ctx, tx, batch); err != nil { // as it is now
		return nil, err
	}
	if !slices.Contains(want, b.State) {
		return nil, fault.New(fault.Conflict, wrongState, fault.Args{"batch": batch, "state": b.State})
	}
	return b, nil
}

// settleWith settles a feed after one of its batches came to count or ceased to.
func (r *Record) settleWith(ctx context.Context, tx pgx.Tx, b *Batch) error {
	changed, err := r.replace(ctx, tx, b.Feed)
	if err != nil {
		return err
	}
	batches := []int64{b.ID}
	for _, c := range changed {
		if c.ID != b.ID {
			batches = append(batches, c.ID)
		}
	}
	return settleAround(ctx, tx, r.feedOf(b.Feed), batches)
}

// deleteRows takes the rows of a batch that is not in use out of the record.
func (r *Record) deleteRows(ctx context.Context, tx pgx.Tx, b *Batch) error {
	if f := r.feedOf(b.Feed); f != nil {
		_, err := tx.Exec(ctx, fmt.Sprintf(`delete from %s r using batch_file f
			where f.batch = $1 and r._place >= f.id::bigint << 32 and r._place < (f.id::bigint + 1) << 32`, tableOf(f).quoted()), b.ID)
		if err != nil {
			return fmt.Errorf("taking out the rows of batch %d: %w", b.ID, err)
		}
	}
	if _, err := tx.Exec(ctx, `delete from stranger s using batch_file f
		where f.batch = $1 and s.place >= f.id::bigint << 32 and s.place < (f.id::bigint + 1) << 32`, b.ID); err != nil {
		return fmt.Errorf("taking out the rows of batch %d: %w", b.ID, err)
	}
	return nil
}

// deleteQuarantine takes out the rows of a batch that were set aside, which nobody will mend.
func (r *Record) deleteQuarantine(ctx context.Context, tx pgx.Tx, b *Batch) error {
	if _, err := tx.Exec(ctx, "delete from quarantine q using batch_file f where f.batch = $1 and q.file = f.id", b.ID); err != nil {
		return fmt.Errorf("taking out the rows of batch %d: %w", b.ID, err)
	}
	return nil
}
