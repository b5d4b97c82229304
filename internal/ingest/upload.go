package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
)

var (
	noUpload = fault.Text{
		Key: "ingest.no-upload",
		Zh:  "没有第{upload}次上传，或不是您上传的", En: "there is no upload {upload}, or it is not yours",
	}
	uploadGone = fault.Text{
		Key: "ingest.upload-gone",
		Zh:  "上传的文件已不在磁盘上，请重新上传", En: "the files that were sent are no longer on the disk: send them again",
	}
)

// Uploads keeps what is sent by a page or the API on the disk until a job takes it in. It is safe for concurrent use.
type Uploads struct {
	record *Record
	dir    string
}

// NewUploads keeps uploads in a folder, which it makes.
func NewUploads(r *Record, dir string) (*Uploads, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of uploads: %w", err)
	}
	return &Uploads{r, dir}, nil
}

// UploadState is how far an upload has come.
type UploadState string

// The states of an upload.
const (
	Waiting UploadState = "waiting" // for its job, or its job is at it
	Done    UploadState = "done"    // its deliveries are batches, as each of them stands
	Refused UploadState = "refused" // nothing of it was taken in
)

// Upload is what somebody sent.
type Upload struct {
	ID      int64
	Source  Source
	Door    Door
	Files   []string
	Bytes   int64
	Hold    bool
	Account int64
	SentAt  time.Time
	State   UploadState
	Faults  fault.List
	Batches []int64 // what it became; while it waits, those that are there already
	Rows    int64   // read of them so far

	folder string
}

const uploadColumns = `u.id, u.source, u.feed, u.department, u.area, u.files, u.bytes, u.hold, u.account, u.sent_at, u.state, u.faults,
	case when u.state = 'waiting' then array(select b.id from batch b where b.upload = u.id order by b.id) else u.batches end,
	(select coalesce(sum(b.rows), 0)::bigint from batch b where b.upload = u.id), u.folder`

func scanUpload(row pgx.Row) (*Upload, error) {
	u := &Upload{}
	var area64 int64
	var faults []byte
	err := row.Scan(&u.ID, &u.Source, &u.Door.Feed, &u.Door.Department, &area64, &u.Files, &u.Bytes, &u.Hold, &u.Account, &u.SentAt, &u.State, &faults,
		&u.Batches, &u.Rows, &u.folder)
	if err != nil {
		return nil, err
	}
	u.Door.Area = area.Code(area64)
	u.Faults, err = faultsOf(faults, fault.At{})
	return u, err
}

// Keep writes down what was received, in the transaction of the account that sent it, and records that; what the same account has sent already and
// is still waiting is the same upload. The caller enqueues the job in the same transaction. What is not written down is to be dropped.
func (u *Uploads) Keep(ctx context.Context, tx pgx.Tx, s *Sent, source Source, d Door, hold bool) (id int64, known bool, err error) {
	err = tx.QueryRow(ctx, "select id from upload where account = acting_account() and digest = $1 and feed = $2 and hold = $3 and state = 'waiting'",
		s.Digest, d.Feed, hold).Scan(&id)
	if err == nil {
		return id, true, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, false, fmt.Errorf("looking for an upload: %w", err)
	}
	err = tx.QueryRow(ctx, `insert into upload (source, feed, department, area, files, bytes, digest, folder, hold) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
		source, d.Feed, d.Department, int64(d.Area), s.Files, s.Bytes, s.Digest, s.Folder, hold).Scan(&id)
	if err != nil {
		return 0, false, fmt.Errorf("writing down an upload: %w", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "upload.receive", Subject: "upload:" + strconv.FormatInt(id, 10),
		Detail: map[string]any{"files": len(s.Files), "bytes": s.Bytes}})
	return id, false, err
}

// Drop removes what was received.
func (u *Uploads) Drop(s *Sent) error {
	if err := os.RemoveAll(filepath.Join(u.dir, s.Folder)); err != nil {
		return fmt.Errorf("removing an upload: %w", err)
	}
	return nil
}

// Get is one upload, as the transaction's principal may see it.
func (u *Uploads) Get(ctx context.Context, tx pgx.Tx, id int64) (*Upload, error) {
	up, err := scanUpload(tx.QueryRow(ctx, "select "+uploadColumns+" from upload u where u.id = $1", id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, noUpload, fault.Args{"upload": id})
	}
	if err != nil {
		return nil, fmt.Errorf("reading upload %d: %w", id, err)
	}
	return up, nil
}

// List is the newest uploads that the transaction's principal may see.
func (u *Uploads) List(ctx context.Context, tx pgx.Tx, most int) ([]*Upload, error) {
	rows, err := tx.Query(ctx, "select "+uploadColumns+" from upload u order by u.id desc limit $1", most)
	if err != nil {
		return nil, fmt.Errorf("reading the uploads: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Upload, error) { return scanUpload(row) })
	if err != nil {
		return nil, fmt.Errorf("reading the uploads: %w", err)
	}
	return all, nil
}

// Take takes an upload in, as a job: done twice it comes to the same as once, since what was taken in is known by its content. The error is the
// database's or the disk's; what is wrong with the upload is kept with it.
func (u *Uploads) Take(ctx context.Context, id int64) error {
	var up *Upload
	err := u.record.db.Work(ctx, func(tx pgx.Tx) (err error) {
		up, err = u.Get(ctx, tx, id)
		return err
	})
	if err != nil || up.State != Waiting {
		return err
	}
	outcomes, err := u.importOf(ctx, up)
	var wrong *fault.Error
	if errors.As(err, &wrong) && wrong.Kind != fault.Unready && wrong.Kind != fault.Internal {
		return u.end(ctx, up, Refused, fault.List{wrong}, nil)
	}
	if err != nil {
		return err
	}
	batches := []int64{}
	for _, o := range outcomes {
		batches = append(batches, o.Batch)
	}
	return u.end(ctx, up, Done, nil, batches)
}

func (u *Uploads) importOf(ctx context.Context, up *Upload) ([]Outcome, error) {
	root, err := os.OpenRoot(filepath.Join(u.dir, up.folder))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, uploadGone, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("opening an upload: %w", err)
	}
	defer root.Close()
	return u.record.Import(ctx, root.FS(), Options{Source: up.Source, Account: up.Account, Hold: up.Hold, Door: up.Door, upload: up.ID})
}

func (u *Uploads) end(ctx context.Context, up *Upload, state UploadState, faults fault.List, batches []int64) error {
	if batches == nil {
		batches = []int64{}
	}
	err := u.record.db.Work(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update upload set state = $2, faults = $3, batches = $4, ended_at = now() where id = $1 and state = 'waiting'",
			up.ID, state, wordsOf(faults), batches)
		return err
	})
	if err != nil {
		return fmt.Errorf("ending upload %d: %w", up.ID, err)
	}
	return u.Drop(&Sent{Folder: up.folder})
}

// forgottenAfter is how long what was received may lie without being written down: its sender left, or the machine failed.
const forgottenAfter = 24 * time.Hour

// Sweep removes what lies in the folder and waits for nobody, as a job.
func (u *Uploads) Sweep(ctx context.Context, now time.Time) error {
	waiting := map[string]bool{}
	err := u.record.db.Work(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select folder from upload where state = 'waiting'")
		if err != nil {
			return err
		}
		var folder string
		_, err = pgx.ForEachRow(rows, []any{&folder}, func() error { waiting[folder] = true; return nil })
		return err
	})
	if err != nil {
		return fmt.Errorf("looking for uploads that wait: %w", err)
	}
	entries, err := os.ReadDir(u.dir)
	if err != nil {
		return fmt.Errorf("looking into the folder of uploads: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || waiting[e.Name()] || now.Sub(info.ModTime()) < forgottenAfter {
			continue // gone meanwhile, or not forgotten
		}
		if err := u.Drop(&Sent{Folder: e.Name()}); err != nil {
			return err
		}
	}
	return nil
}

// TakeUpload is the job that takes an upload in.
type TakeUpload struct {
	Upload int64 `json:"upload"`
}

// Kind names the job.
func (TakeUpload) Kind() string { return "feeds.upload" }
