package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"dajiuzhu/internal/fault"
)

// The files of an export, beside the tiles.
const (
	actsFile       = "acts.jsonl"
	checkpointFile = "checkpoint"
	keyFile        = "key"
)

var (
	notEmpty = fault.Text{
		Key: "ledger.export-not-empty",
		Zh:  "文件夹{dir}已存在。请指定一个新文件夹",
		En:  "the folder {dir} exists: name a new one",
	}
	nothingYet = fault.Text{
		Key: "ledger.nothing-yet",
		Zh:  "日志还没有存证记录，没有可导出的",
		En:  "the ledger has no leaves yet: there is nothing to export",
	}
)

// exportedAct is a line of the file of acts.
type exportedAct struct {
	Index int64 `json:"index"` // of its leaf
	Row
}

// Exported says what an export holds.
type Exported struct {
	Leaves, Acts int64
}

// Export writes the ledger to a new folder: all entries and tiles and the checkpoint, as [Handler] serves them and [Verify] reads them, the
// public key, and those acts, with their contents and salts, that the transaction's principal may see. Witnessed, it goes as far as a witness
// has cosigned. The folder appears whole or not at all.
func Export(ctx context.Context, tx pgx.Tx, dir, public string, witnessed bool) (Exported, error) {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return Exported{}, fault.New(fault.Conflict, notEmpty, fault.Args{"dir": dir})
	}
	head, err := exportedHead(ctx, tx, witnessed)
	if err != nil {
		return Exported{}, err
	}
	if head.Tree.N == 0 {
		return Exported{}, fault.New(fault.Conflict, nothingYet, nil)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".ledger-")
	if err != nil {
		return Exported{}, fmt.Errorf("exporting the ledger: %w", err)
	}
	defer os.RemoveAll(temp)
	x := &export{ctx, tx, temp, head}
	acts, err := x.write(public)
	if err == nil {
		err = os.Rename(temp, dir)
	}
	if err != nil {
		return Exported{}, fmt.Errorf("exporting the ledger: %w", err)
	}
	return Exported{head.Tree.N, acts}, nil
}

// exportedHead is up to where is exported.
func exportedHead(ctx context.Context, tx pgx.Tx, witnessed bool) (Head, error) {
	if witnessed {
		return Witnessed(ctx, tx, "")
	}
	head, err := NewestHead(ctx, tx)
	if err != nil || head.Tree.N == 0 {
		return head, err
	}
	return headOf(ctx, tx, head.Tree.N)
}

type export struct {
	ctx  context.Context
	tx   pgx.Tx
	dir  string
	head Head
}

func (x *export) write(public string) (acts int64, err error) {
	for _, tile := range tlog.NewTiles(tileHeight, 0, x.head.Tree.N) {
		if err := x.tile(tile); err != nil {
			return 0, err
		}
		if tile.L > 0 {
			continue
		}
		tile.L = -1
		if err := x.tile(tile); err != nil {
			return 0, err
		}
	}
	if err := os.WriteFile(filepath.Join(x.dir, checkpointFile), x.head.Checkpoint, 0o644); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(x.dir, keyFile), []byte(public+"\n"), 0o644); err != nil {
		return 0, err
	}
	return x.acts()
}

func (x *export) tile(tile tlog.Tile) error {
	data, err := tileData(x.ctx, x.tx, tile)
	if err != nil {
		return err
	}
	name := filepath.Join(x.dir, filepath.FromSlash(tilePath(tile)))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// acts writes the acts that may be seen, a line of JSON each, in the order of their leaves.
func (x *export) acts() (n int64, err error) {
	f, err := os.OpenFile(filepath.Join(x.dir, actsFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	rows, err := x.tx.Query(x.ctx, `
		select index, id, at, account, role, area, department, kind, subject, detail, salt
		from leaf_index join act on id = act where index < $1 order by index`, x.head.Tree.N)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var a exportedAct
		if err := rows.Scan(&a.Index, &a.ID, &a.At, &a.Account, &a.Role, &a.Area, &a.Department, &a.Kind, &a.Subject, &a.Detail, &a.Salt); err != nil {
			return 0, err
		}
		a.At = a.At.UTC()
		if err := lines.Encode(a); err != nil {
			return 0, err
		}
		n++
	}
	return n, errors.Join(rows.Err(), out.Flush(), f.Close())
}
