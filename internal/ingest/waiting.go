package ingest

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
)

// Quarantined is a row that could not be used, without its cells.
type Quarantined struct {
	ID      int64
	File    string
	Row     int
	Reasons fault.List
	Open    bool // nobody has mended it yet
}

// Quarantine is the rows of a batch that could not be used, in the order in which they were read, after one of them (0: from the first), at most so many.
// Under a principal's transaction it shows what that principal may see.
func (r *Record) Quarantine(ctx context.Context, tx pgx.Tx, batch, after int64, most int) ([]Quarantined, error) {
	rows, err := tx.Query(ctx, `select q.id, f.name, q.row, q.faults, q.closed_by is null
		from batch_file f join quarantine q on q.file = f.id where f.batch = $1 and q.id > $2 order by q.id limit $3`, batch, after, most)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	var all []Quarantined
	var q Quarantined
	var reasons []byte
	_, err = pgx.ForEachRow(rows, []any{&q.ID, &q.File, &q.Row, &reasons, &q.Open}, func() (err error) {
		if q.Reasons, err = faultsOf(reasons, fault.At{File: q.File, Row: q.Row}); err != nil {
			return err
		}
		all = append(all, q)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	return all, nil
}

// Open is how many rows of a batch's quarantine nobody has mended yet, of those that the transaction's principal may see.
func (r *Record) Open(ctx context.Context, tx pgx.Tx, batch int64) (n int64, err error) {
	err = tx.QueryRow(ctx, "select count(*) from batch_file f join quarantine q on q.file = f.id where f.batch = $1 and q.closed_by is null", batch).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting the quarantine: %w", err)
	}
	return n, nil
}

// Entry is a row that could not be used, with its cells.
type Entry struct {
	Quarantined
	Batch  int64
	Header []string
	Cells  []string // as they were delivered, or sent again
}

var noEntry = fault.Text{
	Key: "ingest.no-entry",
	Zh:  "没有这条退回行，或不在您的辖区", En: "there is no such row in quarantine, or it is not in your area",
}

// OpenEntry opens a row in quarantine, in the transaction of the principal who may see it, and records that.
func (r *Record) OpenEntry(ctx context.Context, tx pgx.Tx, id int64) (*Entry, error) {
	e := &Entry{Quarantined: Quarantined{ID: id}}
	var place int64
	var reasons, sealed []byte
	err := tx.QueryRow(ctx, `select f.batch, (q.file::bigint << 32) | q.row, f.name, f.header, q.row, q.faults, q.closed_by is null, q.cells
		from quarantine q join batch_file f on f.id = q.file where q.id = $1`, id).Scan(&e.Batch, &place, &e.File, &e.Header, &e.Row, &reasons, &e.Open, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, noEntry, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("reading row %d of the quarantine: %w", id, err)
	}
	if e.Reasons, err = faultsOf(reasons, fault.At{File: e.File, Row: e.Row}); err != nil {
		return nil, err
	}
	if e.Cells, err = r.openCells(place, sealed); err != nil {
		return nil, err
	}
	for len(e.Cells) < len(e.Header) {
		e.Cells = append(e.Cells, "")
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "quarantine.open", Subject: "batch:" + strconv.FormatInt(e.Batch, 10), Detail: map[string]any{"row": id}})
	return e, err
}

// Format is as what mended rows are sent to and fro.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Download writes the open rows of a batch's quarantine, to be mended and sent to [Record.Resubmit]: a number, the reasons, and the cells as
// they were delivered. A cell that a spreadsheet would take for a formula gets an apostrophe before it. It opens what is sealed, and is
// recorded; the transaction is that of the principal who may see the rows.
func (r *Record) Download(ctx context.Context, tx pgx.Tx, batch int64, lang fault.Lang, format Format, to io.Writer) error {
	rows, err := tx.Query(ctx, `select q.id, (q.file::bigint << 32) | q.row, f.header, q.faults, q.cells from batch_file f join quarantine q on q.file = f.id
		where f.batch = $1 and q.closed_by is null order by f.name collate "C", q.row`, batch)
	if err != nil {
		return fmt.Errorf("reading the quarantine: %w", err)
	}
	put, end := linesOf(format, to)
	var id, place int64
	var header, before []string
	var reasons, sealed []byte
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&id, &place, &header, &reasons, &sealed}, func() error {
		if n == 0 || !slices.Equal(header, before) {
			if err := put(append([]string{numberHeader, reasonHeader}, header...)); err != nil {
				return err
			}
		}
		before, n = slices.Clone(header), n+1
		line, err := r.quarantinedLine(id, place, lang, reasons, sealed)
		if err != nil {
			return err
		}
		return put(line)
	})
	if err := errors.Join(err, end()); err != nil {
		return fmt.Errorf("writing the quarantine: %w", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "quarantine.download", Subject: "batch:" + strconv.FormatInt(batch, 10), Detail: map[string]any{"rows": n}})
	return err
}

// linesOf writes lines of cells in a format. A CSV begins with a byte order mark, by which spreadsheets read it as UTF-8. The cells of a workbook are texts, so
// that no number loses its digits.
func linesOf(format Format, to io.Writer) (put func([]string) error, end func() error) {
	if format == CSV {
		w := csv.NewWriter(to)
		_, marked := io.WriteString(to, "\ufeff")
		return w.Write, func() error { w.Flush(); return errors.Join(marked, w.Error()) }
	}
	book := excelize.NewFile()
	sheet, failed := book.NewStreamWriter(book.GetSheetName(0))
	row := 0
	put = func(cells []string) error {
		if failed != nil {
			return failed
		}
		row++
		values := make([]any, len(cells))
		for i, c := range cells {
			values[i] = c
		}
		return sheet.SetRow("A"+strconv.Itoa(row), values)
	}
	return put, func() error {
		if failed != nil {
			return failed
		}
		return errors.Join(sheet.Flush(), book.Write(to), book.Close())
	}
}

// quarantinedLine is a row of the quarantine as it is downloaded.
func (r *Record) quarantinedLine(id, place int64, lang fault.Lang, reasons, sealed []byte) ([]string, error) {
	faults, err := faultsOf(reasons, fault.At{})
	if err != nil {
		return nil, err
	}
	cells, err := r.openCells(place, sealed)
	if err != nil {
		return nil, err
	}
	words := make([]string, len(faults))
	for i, f := range faults {
		words[i] = f.Message(lang)
	}
	line := []string{strconv.FormatInt(id, 10), strings.Join(words, "; ")}
	for _, c := range cells {
		line = append(line, disarmed(c))
	}
	return line, nil
}

// disarmed is a cell that no spreadsheet takes for a formula; armed is its inverse.
func disarmed(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func armed(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && rest != "" && strings.ContainsRune("=+-@\t\r'", rune(rest[0])) {
		return rest
	}
	return cell
}
